"""Show a model's Markdown as HTML that can neither run, load, nor pretend to be the page."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from arena.generation.profiles.maths import MATHML, MATHML_LENGTHS, MATHML_VALUES, add_maths

# The page's own headings are h1 and h2; an answer's begin below them (WCAG 2.2, 1.3.1).
_PAGE_LEVELS: Final = 2
# Lines of text find their own direction in the browser. Boxes, which have no text of their own,
# get that of their first letter here; items and cells then lie as their list or table does.
_LINES: Final = frozenset({"p", "h3", "h4", "h5", "h6"})
_BOXES: Final = frozenset({"ul", "ol", "blockquote", "table"})
_CELLS: Final = frozenset({"th", "td"})
_TAGS: Final = {
    *_LINES, *_BOXES, *_CELLS, *MATHML, "a", "br", "code", "div", "em", "hr", "li", "pre", "s",
    "span", "strong", "tbody", "thead", "tr",
}  # fmt: skip
_ATTRIBUTES: Final[dict[str, set[str]]] = {
    "*": set(),  # nh3's own default keeps title and lang everywhere
    "a": {"href"},
    "ol": {"start"},
    **MATHML_LENGTHS,
}
_LANGUAGES: Final = {"ja", "ko", "zh"}
_VALUES: Final[dict[str, dict[str, set[str]]]] = {
    **{tag: {"dir": {"auto"}, "lang": _LANGUAGES} for tag in _LINES},
    **{tag: {"dir": {"ltr", "rtl"}} for tag in _BOXES - {"table"}},
    **{tag: {"align": {"left", "center", "right"}, "lang": _LANGUAGES} for tag in _CELLS},
    "li": {"lang": _LANGUAGES},
    "code": {"dir": {"ltr"}},
    "div": {"class": {"code", "code-head", "table", "math"}, "dir": {"ltr", "rtl"}},
    "span": {"class": {"math"}, "dir": {"ltr"}},
    **MATHML_VALUES,
}
LINK_REL: Final = "nofollow noopener noreferrer"
_NAMED_LANGUAGE: Final = re.compile(r"[A-Za-z0-9+#._-]{1,24}")
_KANA: Final = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_HANGUL: Final = re.compile("[\u1100-\u11ff\uac00-\ud7a3]")
_HAN: Final = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]")


def render_markdown(text: str) -> str:
    """Return HTML for CommonMark with tables, strikethrough, code fences and formulas.

    HTML in the text is shown as text. Nothing is fetched: an image becomes its alternative text.
    Links keep only absolute http, https and mailto addresses. Headings begin with h3, whatever
    level the text begins with, and skip none. Every top-level block is one element. The result is
    safe to put into a page as it is.
    """
    return render_blocks(parse_blocks(text, {}), {})


def parse_blocks(text: str, env: dict[str, Any]) -> list[Token]:
    """Return the tokens of a text, ready to be rendered; `env` is what rules tell each other."""
    return PARSER.parse(text, env)


def render_blocks(tokens: Sequence[Token], env: dict[str, Any]) -> str:
    """Return the sanitised HTML of tokens."""
    html: str = PARSER.renderer.render(tokens, PARSER.options, env)
    return _CLEANER.clean(html)


def _for_the_page(state: StateCore) -> None:
    """Put headings below the page's, and give blocks direction, alignment and language."""
    _place_headings(state)
    undirected: list[Token] = []  # open boxes in which no letter came yet
    owners: list[Token] = []
    for token in state.tokens:
        if token.nesting == 1:
            owners.append(token)
            if token.tag in _BOXES:
                undirected.append(token)
            elif token.tag in _LINES:
                token.attrs["dir"] = "auto"
            elif token.tag in _CELLS:
                style = str(token.attrs.pop("style", ""))
                if style.startswith("text-align:"):
                    token.attrs["align"] = style.removeprefix("text-align:")
        elif token.nesting == -1:
            owner = owners.pop()
            undirected = [box for box in undirected if box is not owner]
        elif token.type == "inline":
            words = " ".join(_words(token))
            if undirected and (direction := first_direction(words)):
                for box in undirected:
                    box.attrs["dir"] = direction
                undirected = []
            if language := _language(words):
                # The paragraph of a tight item is not shown; its item is.
                owners[-2 if owners[-1].hidden else -1].attrs["lang"] = language


def _place_headings(state: StateCore) -> None:
    outline: tuple[int, ...] = state.env.get("outline", ())
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            outline = outline_at(outline, token)
            token.tag = f"h{min(_PAGE_LEVELS + len(outline), 6)}"


def outline_at(outline: tuple[int, ...], heading: Token) -> tuple[int, ...]:
    """Return the levels of a heading and of those above it, as the text counts them."""
    # `#` marks are as many as the level; a line of = or - below is level 1 or 2.
    level = {"=": 1, "-": 2}.get(heading.markup, len(heading.markup))
    return (*(above for above in outline if above < level), level)


def _words(token: Token) -> list[str]:
    return [child.content for child in token.children or () if child.type == "text"]


def first_direction(text: str) -> str | None:
    """Return "ltr" or "rtl" by the first strong letter (Unicode UAX 9, rule P2), None without."""
    if text.isascii() and not any(character.isalpha() for character in text):
        return None
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind == "L":
            return "ltr"
        if kind in ("R", "AL"):
            return "rtl"
    return None


def _language(text: str) -> str | None:
    """Tell which of the languages that share characters, but not their shapes, this is."""
    if text.isascii():
        return None
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    return "zh" if _HAN.search(text) else None


def _render_code(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any
) -> str:
    token = tokens[index]
    name = (token.info.split() or [""])[0] if token.type == "fence" else ""
    label = f"<span>{escapeHtml(name)}</span>" if _NAMED_LANGUAGE.fullmatch(name) else ""
    return (
        f'<div class="code" dir="ltr"><div class="code-head">{label}</div>'
        f"<pre><code>{escapeHtml(token.content)}</code></pre></div>\n"
    )


def _render_inline_code(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any
) -> str:
    return f'<code dir="ltr">{escapeHtml(tokens[index].content)}</code>'


def _render_image(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any
) -> str:
    alternative = renderer.renderInlineAsText(tokens[index].children, options, env)
    return escapeHtml(alternative)


def _open_table(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any
) -> str:
    # Around the table, so that a narrow one lies where its direction begins.
    return f'<div class="table" dir="{tokens[index].attrs.get("dir", "ltr")}"><table>\n'


def _close_table(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any
) -> str:
    return "</table></div>\n"


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    parser.enable(["table", "strikethrough"])
    add_maths(parser)
    parser.core.ruler.push("for_the_page", _for_the_page)
    parser.add_render_rule("fence", _render_code)
    parser.add_render_rule("code_block", _render_code)
    parser.add_render_rule("code_inline", _render_inline_code)
    parser.add_render_rule("image", _render_image)
    parser.add_render_rule("table_open", _open_table)
    parser.add_render_rule("table_close", _close_table)
    return parser


PARSER: Final = _parser()
_CLEANER: Final = nh3.Cleaner(
    tags=set(_TAGS),
    attributes=_ATTRIBUTES,
    tag_attribute_values=_VALUES,
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel=LINK_REL,
)
