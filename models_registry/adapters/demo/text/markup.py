"""Turn the two markups of Python's own documentation into tidy Markdown blocks.

`topic` is the plain text that Sphinx's text builder writes (``pydoc_data.topics``): code stands
between straight double quotes, headings are underlined, examples are indented. `docstring` is
what authors type: double backticks, `::` before an example, and straight quotes that are quotes.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["heading", "signature", "prose", "item", "code", "table"]
Style = Literal["topic", "docstring"]

_UNDERLINE = re.compile(r"([*=\-~^\"'#+])\1{2,}$")
_ITEM = re.compile(r"(?:[*-]|\d{1,2}[.)])\s+")
_HISTORY = re.compile(r"(?:Changed in|New in|Added in|Deprecated since|Removed in) version")
_LABEL = re.compile(r"(Note|Warning|Important|Tip|Hint|See also):$")
_SIMPLE_TABLE_RULE = re.compile(r"={3,}(?:\s+={3,})+$")
# Links that lost their target when the documentation was made plain text.
_CROSS_REFERENCE = re.compile(
    r"\s*\((?:see|as described in|described in)\b[^()]*\)"
    r"|(?:(?<=\. )|^)(?:See|For more information on [^.]*?, see) (?:also )?(?:the )?"
    r"(?:sections?\b|[A-Z`])(?:[^.`]|`[^`]*`|\.(?=\w))*\.(?=\s|$)",
)
# A name that is code though its author typed no quotes: f(x), os.path, __init__, max_size.
_NAME_IN_PROSE = re.compile(
    r"(?<![\w.*/'\"-])(?:(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*\([^()\s]*\)"
    r"|(?:[a-z_]\w*\.)+[A-Za-z_]\w+|_*[A-Za-z]\w*_\w*|__\w+)(?![\w*/'\"(-])"
)
_COMPOUND_STATEMENT = re.compile(
    r"@\w|(?:async )?(?:def|class|with|for|while|if|try|match)\b[^\n]*(?::|\()$", re.MULTILINE
)
_CODE_MARKS = (">>>", "$ ", "::=", "...   ", "-->")


@dataclass(frozen=True)
class Block:
    """One block of Markdown; `text` is ready to be shown, fences and list markers included."""

    kind: Kind
    text: str


def markdown_blocks(source: str, style: Style) -> list[Block]:
    """Return the blocks of one topic or docstring in reading order, without its footnotes."""
    return list(_parse(textwrap.dedent(source).expandtabs().splitlines(), style))


def inline_markdown(text: str, style: Style) -> str:
    """Return one paragraph (its line breaks already joined) with inline markup as Markdown."""
    text = re.sub(r"\(?\*[Nn]ote [^*.()]*[*.]\)?", "", text)
    text = re.sub(r":[a-z]+(?::[a-z]+)?:`~?([^`<]+?)(?:\s*<[^`]*>)?`", r"`\1`", text)
    if style == "topic":
        text = re.sub(r'(?<!")"""(?!")', '`"`', text)
        text = re.sub(r'""([^"]+)""', r'`"\1"`', text)
        text = re.sub(r'(?<!`)"([^"`]+)"(?!`)', r"`\1`", text)
    else:
        text = re.sub(r"``([^`]+)``", r"`\1`", text)
        text = re.sub(r"::(?=\s|$)", ":", text)
        text = "".join(
            part if part[:1] == "`" else _NAME_IN_PROSE.sub(r"`\g<0>`", part)
            for part in re.split(r"(`[^`]*`)", text)
        )
    text = re.sub(r"\s*\[\d+\](?=[\s.,;:)]|$)", "", text)
    text = _CROSS_REFERENCE.sub("", text)
    return re.sub(r"\s+", " ", text).strip()


def joined(lines: Sequence[str]) -> str:
    """Join wrapped lines; a word broken after its hyphen is put together again."""
    text = " ".join(line.strip() for line in lines)
    return re.sub(r"(?<=[a-z]-) (?=[a-z])(?!(?:and|or|to)\b)", "", text)


def _parse(lines: Sequence[str], style: Style) -> Iterator[Block]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif line.startswith("-[ Footnotes ]-"):
            return
        elif line[0] == " ":
            chunk, at = _indented(lines, at)
            yield from _aside(chunk, style)
        elif line.startswith("+-") or _SIMPLE_TABLE_RULE.match(line):
            table, at = _table(lines, at)
            yield from table
        elif at + 1 < len(lines) and _UNDERLINE.match(lines[at + 1].rstrip()):
            yield Block("heading", inline_markdown(line, style))
            at += 2
        elif _ITEM.match(line):
            item, at = _item(lines, at, style)
            yield from item
        else:
            block, at = _paragraph(lines, at, style)
            yield from block


def _paragraph(lines: Sequence[str], at: int, style: Style) -> tuple[list[Block], int]:
    """Read a paragraph; where an indented description follows, it is a signature or a label."""
    start = at
    while at < len(lines) and lines[at].strip() and lines[at][0] != " ":
        at += 1
    own = lines[start:at]
    if own[0].startswith(">>>"):
        return [_example(own)], at
    text = joined(own)
    if _HISTORY.match(text) or text.startswith("New in version"):
        _, at = _indented(lines, at) if at < len(lines) and lines[at][:1] == " " else ([], at)
        return [], at
    chunk, after = _indented(lines, at)
    if label := _LABEL.match(text):
        if label[1] == "See also" or not chunk:
            return [], after
        inner = list(_parse(chunk, style))
        if inner and inner[0].kind == "prose":
            inner[0] = Block("prose", f"**{label[1]}:** {inner[0].text}")
        return inner, after
    if chunk and text[-1] not in ".:" and reads_as_prose(chunk):
        inner = list(_parse(chunk, style))
        name = " / ".join(f"`{line.strip()}`" for line in own) if len(own) < 4 else f"`{own[0]}`"
        if " " in text and style == "topic" and '"' in text:
            name = inline_markdown(text, style)
        if style == "docstring" and len(own) == 1 and inner and inner[0].kind == "prose":
            return [Block("item", f"- {name}: {inner[0].text}"), *inner[1:]], after
        return [Block("signature", name), *inner], after
    return [Block("prose", inline_markdown(text, style))], at


def _item(lines: Sequence[str], at: int, style: Style) -> tuple[list[Block], int]:
    """Read one list entry with all that is indented under it."""
    marker = _ITEM.match(lines[at])
    assert marker is not None
    chunk, after = _indented(lines, at + 1)
    first = lines[at][marker.end() :]
    shown = "- " if marker[0][0] in "*-" else marker[0].strip().replace(")", ".") + " "
    inner = list(_parse([first, *chunk], style)) if chunk else list(_parse([first], style))
    pad = " " * len(shown)
    blocks = []
    for number, block in enumerate(inner):
        text = textwrap.indent(block.text, pad)
        if number == 0:
            text = shown + text[len(pad) :]
        blocks.append(Block("item" if block.kind in ("prose", "signature") else block.kind, text))
    return blocks, after


def _indented(lines: Sequence[str], at: int) -> tuple[list[str], int]:
    """Return the indented lines from `at` on, dedented, and the first line after them."""
    end = at
    while end < len(lines) and (not lines[end].strip() or lines[end][0] == " "):
        end += 1
    chunk = textwrap.dedent("\n".join(lines[at:end])).strip("\n")
    return (chunk.splitlines(), end) if chunk.strip() else ([], at)


def _aside(chunk: Sequence[str], style: Style) -> Iterator[Block]:
    """An indented chunk on its own: an example, or prose that was only set off."""
    if reads_as_prose(chunk):
        yield from _parse(chunk, style)
    else:
        yield _example(chunk)


def _example(lines: Sequence[str]) -> Block:
    language = "text" if any("::=" in line for line in lines) else "python"
    code = "\n".join(line.rstrip() for line in lines).strip("\n")
    return Block("code", f"```{language}\n{code}\n```")


def reads_as_prose(chunk: Sequence[str]) -> bool:
    """Whether an indented chunk is running text rather than an example."""
    text = "\n".join(chunk)
    first = joined(text.split("\n\n")[0].splitlines())
    if _COMPOUND_STATEMENT.match(text):
        return False
    if any(mark in first for mark in _CODE_MARKS) or text.startswith(("+-", "|")):
        return False
    if _ITEM.match(first) and not first.startswith("*)"):
        return True
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        words = first.split()
        plain = sum(bool(re.fullmatch(r"[\"“(*]*[A-Za-z’'-]+[\"”).,;:*]*", w)) for w in words)
        return plain > 0.65 * len(words)
    return False


def _table(lines: Sequence[str], at: int) -> tuple[list[Block], int]:
    """Read a grid table as a Markdown table; tables of other kinds are left out."""
    end = at
    grid = lines[at].startswith("+-")
    while end < len(lines) and (lines[end].startswith(("+", "|")) if grid else lines[end].strip()):
        end += 1
    if not grid:
        return [], end
    rows: list[list[str]] = []
    fresh = True
    for line in lines[at:end]:
        if line[0] == "+" or set(line) <= set("|=- "):
            fresh = True
            continue
        cells = [cell.strip() for cell in re.split(r"\|(?=\s)|\|$", line)[1:-1]]
        if fresh:
            rows.append(cells)
        elif len(cells) == len(rows[-1]):
            rows[-1] = [joined([a, b]).strip() for a, b in zip(rows[-1], cells, strict=True)]
        fresh = False
    if not rows or len({len(row) for row in rows}) != 1:
        return [], end
    shown = [
        " | ".join(inline_markdown(cell, "topic").replace("|", "\\|") for cell in row)
        for row in rows
    ]
    rule = " | ".join("---" for _ in rows[0])
    return [Block("table", "\n".join(f"| {row} |" for row in [shown[0], rule, *shown[1:]]))], end
