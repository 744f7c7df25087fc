"""Show formulas that a model wrote in LaTeX as MathML, or as their source where that fails."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape, unescape
from typing import Any, Final
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

MAX_SOURCE: Final = 2000  # characters; a page of algebra has fewer in one formula
MAX_DEPTH: Final = 40  # braces in braces; the converter recurses
# Definitions grow without bound when they are used, and nobody needs them in one formula.
_REFUSED: Final = re.compile(
    r"\\(?:[gex]?def|let|(?:re)?newcommand|(?:re)?newenvironment|DeclareMathOperator|href|unicode)"
)
_NUMBERED: Final = re.compile(r"\\(begin|end)\{(align|alignat|gather|equation|multline)\}")

# $…$ as pandoc has it (https://pandoc.org/MANUAL.html#math): no space inside its ends, and no digit
# after; nor a letter before or after, so that names of variables and of currencies stay words.
_DOLLAR: Final = re.compile(r"\$(?![\s$])((?:\\.|[^\\$\n]){1,500}?)(?<!\s)\$(?![\w$])")
_DOLLARS: Final = re.compile(rf"\$\$(?!\$)((?:\\.|[^\\$]){{1,{MAX_SOURCE}}}?)\$\$", re.DOTALL)
_ROUND: Final = re.compile(rf"\\\((.{{1,{MAX_SOURCE}}}?)\\\)", re.DOTALL)
_SQUARE: Final = re.compile(rf"\\\[(.{{1,{MAX_SOURCE}}}?)\\\](?!\()", re.DOTALL)
_IN_COMMANDS: Final = re.compile(r"\\[A-Za-z]+(?:\{[^{}]*\})?")
_AMOUNT: Final = re.compile(r"\s*[\d.,]+[^=<>^_\\]*[^\W\d_]{2,}")  # 5, she paid 6
_CLOSERS: Final = {"$$": "$$", "\\[": "\\]"}
_AFTER_BLOCK: Final = re.compile(r"\s*[.,;:]?\s*")

MATHML: Final = frozenset(
    {
        "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msup", "msub", "msubsup", "mfrac",
        "msqrt", "mroot", "mover", "munder", "munderover", "mmultiscripts", "mprescripts", "none",
        "mtable", "mtr", "mtd", "mstyle", "menclose", "mpadded", "mphantom",
    }
)  # fmt: skip
# How many parts these have; with fewer, which a cut formula leaves, a browser shows an error.
_PARTS: Final = {
    "mfrac": 2, "msup": 2, "msub": 2, "mover": 2, "munder": 2, "mroot": 2,
    "msubsup": 3, "munderover": 3,
}  # fmt: skip
_BOOLEAN: Final = {"true", "false"}
_LENGTH: Final = re.compile(r"-?[0-9.]{1,8}(?:em|ex|px|pt|mu)?")
MATHML_VALUES: Final[dict[str, dict[str, set[str]]]] = {
    "math": {"display": {"inline", "block"}},
    "mo": {
        "stretchy": _BOOLEAN, "fence": _BOOLEAN, "form": {"prefix", "infix", "postfix"},
        "largeop": _BOOLEAN, "movablelimits": _BOOLEAN,
    },
    "mi": {"mathvariant": {"normal"}},
    "mover": {"accent": _BOOLEAN},
    "munder": {"accentunder": _BOOLEAN},
    "mtable": {"displaystyle": _BOOLEAN},
    "mtd": {"columnalign": {"left", "center", "right"}},
    "mstyle": {"displaystyle": _BOOLEAN, "scriptlevel": {"0", "1", "2"}},
    "menclose": {"notation": {"box", "horizontalstrike", "updiagonalstrike"}},
}  # fmt: skip
MATHML_LENGTHS: Final[dict[str, set[str]]] = {
    "mspace": {"width"},
    "mfrac": {"linethickness"},
    "mo": {"minsize", "maxsize", "lspace", "rspace"},
}


def add_maths(parser: MarkdownIt) -> None:
    r"""Teach a parser `$…$`, `$$…$$`, `\(…\)` and `\[…\]`.

    A formula on lines of its own ends at its closing mark. Without one before the next empty line
    it is a paragraph, so that no line ever depends on more than the lines around it.
    """
    parser.block.ruler.before(
        "fence", "math_block", _block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    parser.inline.ruler.before("escape", "math_inline", _inline)
    parser.add_render_rule("math_block", _render)
    parser.add_render_rule("math_inline", _render)


def match_formula(text: str, at: int) -> re.Match[str] | None:
    """Return the formula that begins at a position of running text; its source is group 1."""
    if text.startswith("\\(", at):
        return _ROUND.match(text, at)
    if text.startswith("\\[", at):
        return _SQUARE.match(text, at)
    if not text.startswith("$", at) or (at and (text[at - 1].isalnum() or text[at - 1] == "$")):
        return None
    if text.startswith("$$", at):
        return _DOLLARS.match(text, at)
    found = _DOLLAR.match(text, at)
    if found and _AMOUNT.match(_IN_COMMANDS.sub("", found[1])):
        return None
    return found


@lru_cache(maxsize=2048)
def mathml(source: str, *, is_block: bool) -> str | None:
    """Return presentation MathML of a LaTeX formula, or None when it cannot be shown whole.

    Only the elements and attributes of `MATHML` come out, and every text is escaped.
    """
    if len(source) > MAX_SOURCE or _depth(source) > MAX_DEPTH or _REFUSED.search(source):
        return None
    try:
        element = convert_to_element(
            _NUMBERED.sub(r"\\\1{\2*}", source.strip()),
            display="block" if is_block else "inline",
        )
        shown = "".join(_written(element))
    except Exception:  # noqa: BLE001  the converter raises whatever it stumbles over
        return None
    # An unknown command comes out as its own name; half a formula would be a wrong formula.
    return None if "\\" in shown else shown


def _written(element: Element) -> list[str]:
    tag = element.tag if element.tag in MATHML else "mrow"
    if len(element) != _PARTS.get(tag, len(element)):
        raise ValueError(f"{tag} has {len(element)} parts")
    values, lengths = MATHML_VALUES.get(tag, {}), MATHML_LENGTHS.get(tag, ())
    attributes = "".join(
        f' {name}="{value}"'
        for name, value in element.attrib.items()
        if value in values.get(name, ()) or (name in lengths and _LENGTH.fullmatch(value))
    )
    # The converter writes symbols as references, and leaves the model's own signs as they are.
    parts = [f"<{tag}{attributes}>", escape(unescape(element.text or ""), quote=False)]
    for child in element:
        parts += _written(child)
    parts.append(f"</{tag}>")
    return parts


def _depth(source: str) -> int:
    depth = deepest = 0
    for character in source:
        depth += (character == "{") - (character == "}")
        deepest = max(deepest, depth)
    return deepest + source.count("\\left") + source.count("\\begin")


def _inline(state: StateInline, silent: bool) -> bool:
    found = match_formula(state.src[: state.posMax], state.pos) if _may_begin(state) else None
    if found is None or not found[1].strip():
        return False
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.content, token.markup = found[1], found[0][:2] if found[0][1] in "$([" else "$"
        token.meta = {"source": found[0]}
    state.pos = found.end()
    return True


def _may_begin(state: StateInline) -> bool:
    character = state.src[state.pos]
    return character == "$" or (
        character == "\\" and state.src[state.pos + 1 : state.pos + 2] in ("(", "[")
    )


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    first = _line(state, start)
    closer = _CLOSERS.get(first[:2])
    if closer is None or state.is_code_block(start):
        return False
    content, found, after = first[2:].partition(closer)
    if found and (not content.strip() or not _AFTER_BLOCK.fullmatch(after)):
        return False  # within a sentence: the inline rule has it
    if silent:
        return True
    lines, next_line = [content], start + 1
    while not found and next_line < end:
        if state.isEmpty(next_line) or state.sCount[next_line] < state.blkIndent:
            break
        content, found, after = _line(state, next_line).partition(closer)
        if found and not _AFTER_BLOCK.fullmatch(after):
            content, found = content + found + after, ""
        lines.append(content)
        next_line += 1
    source = "\n".join(lines)
    state.line = next_line
    if found:
        token = state.push("math_block", "math", 0)
        token.block, token.content, token.markup = True, source, first[:2]
        token.meta = {"source": first[:2] + source + closer, "after": after.strip()}
        token.map = [start, next_line]
    else:
        _push_paragraph(state, first[:2] + source, start, next_line)
    return True


def _push_paragraph(state: StateBlock, content: str, start: int, end: int) -> None:
    state.push("paragraph_open", "p", 1).map = [start, end]
    token = state.push("inline", "", 0)
    token.content, token.map, token.children = content.strip(), [start, end], []
    state.push("paragraph_close", "p", -1)


def _render(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any
) -> str:
    token = tokens[index]
    is_own_line = token.type == "math_block"
    shown = mathml(token.content, is_block=token.markup in _CLOSERS)
    if shown is None:
        shown = escape(token.meta["source"], quote=False)
    if is_own_line:
        return f'<div class="math" dir="ltr">{shown}{token.meta["after"]}</div>\n'
    return f'<span class="math" dir="ltr">{shown}</span>'
