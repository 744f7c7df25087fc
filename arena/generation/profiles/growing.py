"""Show Markdown that is still being written as it will look, from the same renderer.

The browser keeps what is finished and gets only what changed: plain words are appended where the
last ones ended, and the block that is still being written is sent anew when a sign of Markdown
came. Marks that are open are closed for the moment, and a mark that is only begun waits.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, Final

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from arena.generation.profiles.markdown import PARSER, outline_at, parse_blocks, render_blocks
from arena.generation.profiles.maths import match_formula

# Where the next words go. Of the private use area, which no cleaned text contains.
CARET: Final = "\ue000"
# A long block is sent anew only after a share of its length, so that the work for an answer stays
# proportional to its length: below 800 characters with every tick of 20.
SHARE: Final = 1 / 40
# A block beyond this length, such as 64 KB of marks in one paragraph, is sent anew far less often:
# each time costs the gateway as much as a page of prose.
LONG_BLOCK: Final = 4000
LONG_SHARE: Final = 1 / 4

_SIGNS: Final = re.compile(r"[*_`~\[<|$\\&#\n]")
_BOXES: Final = r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*"
# The beginning of a line that may still become something else than the words that it shows.
_UNSETTLED: Final = re.compile(
    rf"{_BOXES}(?:[-*+_=|: \t]*|\d{{1,9}}[.)]?|\#{{1,6}}|[`~]{{1,2}}|(?:`{{3}}|~{{3}}).*"
    r"|\$\$?|\\\[?)"
)
_UNSETTLED_END: Final = re.compile(r"[*_~`$\\!\[<&\]]+$")
_FENCE: Final = re.compile(rf"{_BOXES}(`{{3,}}|~{{3,}})(.*)")
_ROW: Final = re.compile(r"[ \t>]*\|")
_DELIMITERS: Final = re.compile(r"[ \t>]*\|[\s:|-]*")
_RUN: Final = re.compile(r"([*_])\1*|~~")
_MARK: Final = re.compile(r"[\\`$\[\]*_~]")
_TICKS: Final = re.compile("`+")
_BLANK: Final = re.compile(r"\s*")
# A formula that is being written: it waits for its end, unless it reads like prose after a price.
_BEGUN_FORMULA: Final = re.compile(r"\$(?![\s\d$])[^$\n]{0,160}|(?:\$\$|\\\(|\\\[)[^$]{0,2000}")
_PROSE: Final = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{3,} +[A-Za-z]{3,}")


class GrowingMarkdown:
    """One answer while it comes. Each `write` returns what a browser must do to show it.

    `{}`: append the piece where the last words ended. `{"keep": [n], "html": …}`: keep the first n
    blocks and put the HTML after them; `[n, m]`: within block n, a list, keep m items and put the
    items of the HTML after them. `{"wait": True}`: nothing to see yet. In the HTML, `CARET` is
    where plain words go; without it none come before the next HTML.
    """

    def __init__(self) -> None:
        self.text = ""
        self._block = 0  # where the first block begins that may still change
        self._n_blocks = 0  # blocks before it
        self._item = 0  # where, within it, the first item begins that may still change
        self._n_items = 0  # items before it
        self._is_loose = False  # whether the items before it have paragraphs
        self._outline: tuple[int, ...] = ()  # of the headings before what may still change
        self._block_outline: tuple[int, ...] = ()  # the same, before the block
        self._behind = 0  # characters that came since the last HTML
        self._has_caret = False
        self._open_fence = ""  # the mark of the code block that is being written
        self._last: dict[str, Any] = {}

    def write(self, piece: str) -> dict[str, Any]:
        """Take the next piece of cleaned text; any length, cut anywhere."""
        is_appended = self._has_caret and self._is_plain(piece)
        self.text += piece
        if is_appended:
            return {}
        self._behind += len(piece)
        self._has_caret = False
        n_open = len(self.text) - self._item
        if self._behind < n_open * (SHARE if n_open < LONG_BLOCK else LONG_SHARE):
            return {"wait": True}
        return self._shown(is_whole=False)

    def finish(self) -> dict[str, Any]:
        """Show the end as it is, with nothing closed and nothing held back."""
        return self._shown(is_whole=True)

    def _is_plain(self, piece: str) -> bool:
        """True when the piece can only be more of the words, or of the code, before it."""
        if self._open_fence:
            return self._open_fence[0] not in piece and (
                "\n" not in piece or self.text.startswith(self._open_fence, self._item)
            )
        return not _SIGNS.search(piece) and not (piece[:1] == "(" and self.text[-1:] == "]")

    def _shown(self, *, is_whole: bool) -> dict[str, Any]:
        source, caret = self.text[self._item :], ""
        self._open_fence = _open_fence(source)
        if not is_whole:
            n_shown = self._n_shown(source)
            if n_shown == len(source) and (self._open_fence or not _ends_unsettled(source)):
                caret = CARET
            source = source[:n_shown]
        env: dict[str, Any] = {
            "is_growing": not is_whole,
            "outline": self._outline,
            "after_loose_items": bool(self._n_items and self._is_loose),
        }
        tokens = parse_blocks(source + caret, env)
        if self._n_items and not self._continues_list(tokens, env):
            self._item, self._n_items = self._block, 0
            self._outline = self._block_outline
            return self._shown(is_whole=is_whole)
        html = render_blocks(tokens, env)
        self._has_caret = CARET + "<" in html
        if not self._has_caret:
            html = html.replace(CARET, "")
        change = {
            "keep": [self._n_blocks, self._n_items] if self._n_items else [self._n_blocks],
            "html": html,
        }
        self._behind = 0
        self._settle(source, tokens)
        if change == self._last and not self._has_caret:
            return {"wait": True}
        self._last = change
        return change

    def _n_shown(self, source: str) -> int:
        """Return how many characters can be shown now; the others may still become anything."""
        n_chars = len(source)
        line = source[source.rfind("\n") + 1 :]
        if self._open_fence:
            is_opening = "\n" not in source[source.rfind(self._open_fence) :]
            may_close = line.strip(" \t>") and not line.strip(" \t>" + self._open_fence[0])
            return n_chars - len(line) if is_opening or may_close else n_chars
        # The title of a table comes a line before the marks that make it one.
        if not line.strip(" \t>") or _ROW.match(line):
            n_chars -= _begun_table(source)
        if n_chars < len(source):
            return n_chars
        if found := _UNSETTLED_END.search(line):
            line = line[: found.start()]
            n_chars -= len(found[0])
        if _ends_unsettled(source[:n_chars]):
            n_chars -= len(line)
        return n_chars

    def _continues_list(self, tokens: list[Token], env: dict[str, Any]) -> bool:
        """Whether the items from `_item` on look here as they do in the whole list."""
        is_list = bool(tokens) and tokens[0].type.endswith("list_open")
        return is_list and (self._is_loose or not env["has_loose_items"])

    def _settle(self, source: str, tokens: list[Token]) -> None:
        """Move on to the last block, and in a list to the last item, that may still change."""
        starts = [0, *(found.end() for found in re.finditer("\n", source))]
        # What begins on a line is sure once the next line is whole: a table needs both.
        n_sure = len(starts) - 2
        tops = [token for token in tokens if token.level == 0 and token.nesting >= 0 and token.map]
        sure = [n for n, token in enumerate(tops) if token.map and token.map[0] < n_sure]
        if not sure:
            return
        begin, headings = self._item, self._outline
        if sure[-1]:
            first = _first_line(tops[sure[-1]])
            self._n_blocks += sure[-1]
            self._block = self._item = begin + starts[first]
            self._n_items = 0
            self._outline = self._block_outline = _outline_before(headings, tokens, first)
        if not tops[sure[-1]].type.endswith("list_open"):
            return
        inside = tokens[tokens.index(tops[sure[-1]]) + 1 :]
        lines = [
            _first_line(token)
            for token in inside
            if token.level == 1 and token.type == "list_item_open" and _first_line(token) < n_sure
        ]
        # Around an empty item, whether a list is loose can change with what follows.
        has_empty = any(
            one.type == "list_item_open" and other.type == "list_item_close"
            for one, other in pairwise(inside)
        )
        if sure[-1] == len(tops) - 1 and len(lines) > 1 and not has_empty:
            self._is_loose = any(not token.hidden for token in _item_paragraphs(inside))
            self._n_items += len(lines) - 1
            self._item = begin + starts[lines[-1]]
            self._outline = _outline_before(headings, tokens, lines[-1])


def _first_line(token: Token) -> int:
    assert token.map is not None
    return token.map[0]


def _outline_before(outline: tuple[int, ...], tokens: list[Token], line: int) -> tuple[int, ...]:
    for token in tokens:
        if token.type == "heading_open" and _first_line(token) < line:
            outline = outline_at(outline, token)
    return outline


def _item_paragraphs(tokens: list[Token]) -> list[Token]:
    """Return both ends of the paragraphs that are directly in an item of the first list."""
    found = []
    for token in tokens:
        if token.level == 0 and token.type.endswith("list_close"):
            break
        if token.level == 2 and token.type in ("paragraph_open", "paragraph_close"):
            found.append(token)
    return found


def _ends_unsettled(source: str) -> bool:
    """Whether the last line may still become something else than words."""
    return bool(_UNSETTLED.fullmatch(source, source.rfind("\n") + 1))


def _open_fence(source: str) -> str:
    """Return the mark of a code block that is not closed yet, or nothing."""
    fence = ""
    for line in source.split("\n"):
        found = _FENCE.match(line)
        if not found:
            continue
        mark, rest = found[1], found[2]
        if not fence:
            fence = "" if mark[0] == "`" and "`" in rest else mark
        elif mark.startswith(fence) and not rest.strip():
            fence = ""
    return fence


def _begun_table(source: str) -> int:
    """Return the length of the last rows when they may become a table and are none yet."""
    rows: list[str] = []
    for line in reversed(source.split("\n")):
        if not _ROW.match(line) and (rows or line.strip(" \t>")):
            break
        rows.append(line)
    rows.reverse()
    is_second_begun = len(rows) == 2 and _DELIMITERS.fullmatch("|" + rows[1])
    is_begun = bool(_ROW.match(rows[0])) and (len(rows) == 1 or is_second_begun)
    return len("\n".join(rows)) if is_begun else 0


def _as_it_grows(state: StateCore) -> None:
    """Show items as those before them, and close the marks of the line that is being written."""
    paragraphs = _item_paragraphs(state.tokens)
    state.env["has_loose_items"] = any(not token.hidden for token in paragraphs)
    if state.env.get("after_loose_items"):
        for token in paragraphs:
            token.hidden = False
    if not state.env.get("is_growing"):
        return
    for token in reversed(state.tokens):
        if token.nesting == -1 or (token.type == "inline" and not token.content):
            continue
        if token.type == "inline":
            token.content = mended(token.content)
        return


def mended(text: str) -> str:
    """Return a line of Markdown with its open marks closed, and a link that is begun as its words.

    What is closed here is what the rest of the line will close if it is what it looks like.
    """
    open_runs: list[str] = []
    brackets: list[int] = []
    at = 0
    while mark := _MARK.search(text, at):
        at, sign = mark.start(), mark[0]
        if formula := match_formula(text, at):
            at = formula.end()
        elif _is_begun_formula(text, at):
            text = text[:at]
        elif sign == "\\":
            at += 2
        elif sign == "`":
            run, end = _code_span(text, at)
            if not end:
                return text + run + "".join(reversed(open_runs))
            at = end
        elif sign == "[":
            brackets.append(at)
            at += 1
        elif sign == "]" and brackets:
            begin = brackets.pop()
            end_of_link = text.find(")", at) if text[at + 1 : at + 2] == "(" else at
            if end_of_link < 0:
                text = text[:begin] + text[begin + 1 : at]
                break
            at = end_of_link + 1
        elif run_of := _RUN.match(text, at):
            _take_run(
                open_runs, run_of[0], text[at - 1 : at], text[run_of.end() : run_of.end() + 1]
            )
            at = run_of.end()
        else:
            at += 1
    if brackets and brackets[-1] < len(text) and "\n" not in text[brackets[-1] :]:
        text = text[: brackets[-1]] + text[brackets[-1] + 1 :]
    closers = "".join(reversed(open_runs))
    return (text.rstrip() if closers else text) + closers


def _code_span(text: str, at: int) -> tuple[str, int]:
    """Return the mark of the code that begins here, and where it ends; 0 where it does not."""
    ticks = _TICKS.match(text, at)
    assert ticks is not None
    run = ticks[0]
    end = re.compile(rf"(?<!`){run}(?!`)").search(text, at + len(run))
    return run, end.end() if end else 0


def _is_begun_formula(text: str, at: int) -> bool:
    if text[at] not in "$\\" or not _BEGUN_FORMULA.fullmatch(text, at):
        return False
    is_word = text[at] == "$" and text[at + 1 : at + 2] != "$"
    return not is_word or not (_PROSE.search(text, at) or text[at - 1 : at].isalnum())


def _take_run(open_runs: list[str], run: str, before: str, after: str) -> None:
    can_open = not _BLANK.fullmatch(after) and (run == "**" or not before.isalnum())
    can_close = not _BLANK.fullmatch(before) and not (run[0] == "_" and after.isalnum())
    if can_close and run in open_runs:
        del open_runs[len(open_runs) - 1 - open_runs[::-1].index(run) :]
    elif can_open:
        open_runs.append(run)


PARSER.core.ruler.after("block", "as_it_grows", _as_it_grows)
