"""Markdown that is still being written looks as it will look, and ends as it would have at once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from arena.generation.profiles import render_markdown
from arena.generation.profiles.growing import CARET, GrowingMarkdown, mended
from tests.arena.generation.dom import Page, parse
from tests.arena.test_output_profiles_text import XSS, assert_harmless

RICH = """\
## A plan

Here is a **short** text with `code`, *emphasis* and [a link](https://ok.example/a_b) in it.

1. **First**, look at it.
   - check the *units*
   - drop `duplicates()`
2. Then fit it.
3. Then measure: $e = y - \\hat y$ costs $5 and $10.

| Method | Error |
|---|---:|
| One | 0.31 |
| Two | 0.27 |

$$
\\sum_{i=1}^n e_i^2
$$

```python
def fit(x, y):
    return x * y ** 2  # `not a mark`
```

> A quote that says something **wise**.
> - and a list

- مرحبا بالعالم
- שלום

- 日本語の文章

***

The *end*, 2 * 3 * 4, snake_case_name and a lone ** mark
"""
LINES = [
    "# head", "### deep head", "## middle head",
    "words and more words", "**bold** and *em* and `code`", "- item", "- other item",
    "  - inner item", "  more of it", "1. one", "2. two", "> quote", "> - in a quote", "```",
    "```py", "~~~", "    indented", "| a | b |", "|---|:-:|", "| 1 | 2 |", "$$", "x^2", "+ b",
    "= c", "---", "===", "***", "", "", "", "$a$ and $5", "\\(x\\) \\[y\\]",
    "[l](https://ok.example) ![i](j)", "* star", "a_b_c **open", "`open", "العربية",
    "中文。", "<b>",
    "&amp;", "\\*", "1.", "-", "*", "#",
]  # fmt: skip
MARKDOWN = st.lists(st.sampled_from(LINES) | st.text("ab*_`|-> #$\\[]()1.\n", max_size=9)).map(
    "\n".join
)


def pieces_of(text: str, cuts: list[int]) -> list[str]:
    """Cut a text into pieces of the given lengths, over and over."""
    pieces, at = [], 0
    while at < len(text):
        length = cuts[len(pieces) % len(cuts)]
        pieces.append(text[at : at + length])
        at += length
    return pieces


def told(text: str, cuts: list[int]) -> list[tuple[str, dict[str, Any]]]:
    """Return each piece with what the browser is told to do; the last is finished."""
    growing = GrowingMarkdown()
    changes = [(piece, growing.write(piece)) for piece in pieces_of(text, cuts)]
    return [*changes, ("", growing.finish())]


def is_comparable(text: str) -> bool:
    """False where a line far below changes one above: definitions of links."""
    return not re.search(r"\]\s*:", text)


@settings(max_examples=300, deadline=None)
@given(MARKDOWN.filter(is_comparable), st.lists(st.integers(1, 25), min_size=1, max_size=4))
@example(RICH, [20])
@example(RICH, [1])
@example("- a\n- b\n- c\n\n- d\n\n  e\n- f", [3])
@example("- a\n- b\n\n-[", [1])
@example("## a\n\n- x\n\n  #### b\n- y\n- z\n- w\n\n### c\n\ntext\n\n## d", [4])
@example("para\n- a\n- b\n- c\n***\n1. x\n2. y\n3. z\n\nend", [2])
def test_pieces_become_what_the_whole_becomes(text: str, cuts: list[int]) -> None:
    page = Page()
    for piece, change in told(text, cuts):
        page.take(piece, change)
    assert page.root.shape() == parse(render_markdown(text)).shape()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(XSS) | st.sampled_from(LINES), max_size=5).map("\n".join),
    st.integers(1, 25),
)
def test_nothing_that_is_told_on_the_way_is_active(text: str, length: int) -> None:
    for _, change in told(text, [length]):
        assert_harmless(change.get("html", ""))


@settings(max_examples=100, deadline=None)
@given(MARKDOWN, st.integers(1, 25), st.data())
def test_a_page_that_lost_its_connection_and_one_that_came_late_show_the_same(
    text: str, length: int, data: st.DataObject
) -> None:
    changes = told(text, [length])
    cut = data.draw(st.integers(0, len(changes)))
    steady, late = Page(), Page()
    for change in changes[:cut]:
        steady.take(*change)
    for change in changes:  # a new page gets all of it, at once
        late.take(*change)
    for change in changes[cut:]:
        steady.take(*change)
    assert steady.root.shape() == late.root.shape()


@pytest.mark.parametrize("length", [1, 3, 20])
def test_no_mark_of_markdown_is_seen_while_a_usual_answer_is_written(length: int) -> None:
    text = RICH[: RICH.index("The *end*")]
    page = Page()
    for piece, change in told(text, [length]):
        page.take(piece, change)
        seen = page.root.words.replace("x * y ** 2  # `not a mark`"[: len(page.root.words)], "")
        prose = re.sub(r"return .*", "", seen)
        assert not re.search(r"\*\*|`|##|\||\]\(|\$\$|\\hat|https", prose), (piece, seen[-80:])
        assert CARET not in seen


def test_plain_words_are_appended_and_cost_no_html() -> None:
    changes = told("Words. " * 100, [20])
    assert sum("html" in change for _, change in changes) == 2  # the first and the last


def test_finished_blocks_and_items_are_not_sent_again() -> None:
    text = "First **one**.\n\n" + "".join(f"- item **{n}** of the list\n" for n in range(60))
    changes = [change for _, change in told(text, [20])]
    longest = max(len(change.get("html", "")) for change in changes)
    assert longest < 400
    assert changes[-1]["keep"][0] == 1
    assert changes[-1]["keep"][1] >= 57


def test_the_work_for_one_long_block_is_bounded_by_its_length() -> None:
    text = "**a** `b` " * 300
    sent = sum(len(change.get("html", "")) for _, change in told(text, [20]))
    assert sent < 50 * len(render_markdown(text))


@pytest.mark.parametrize(
    ("begun", "shown"),
    [
        ("a **bo", "a **bo**"),
        ("a **bold *both", "a **bold *both***"),
        ("a `co", "a `co`"),
        ("``a ` b", "``a ` b``"),
        ("~~gone", "~~gone~~"),
        ("see [the li", "see the li"),
        ("see [the link](http", "see the link"),
        ("[x] is done", "[x] is done"),
        ("2 * 3 and snake_case", "2 * 3 and snake_case"),
        ("so $\\frac{a", "so "),
        ("it is $5 or", "it is $5 or"),
        ("use $PATH with great care", "use $PATH with great care"),
        ("so \\(x + ", "so "),
        ("$a * b$ **c", "$a * b$ **c**"),
        ("\\*not", "\\*not"),
    ],
)
def test_what_is_begun_looks_like_what_it_begins(begun: str, shown: str) -> None:
    assert mended(begun) == shown


@pytest.mark.parametrize(
    "unit",
    ["[", "![", "*a_", "> ", "- ", "`", "|a", "$", "\\(", "[a](", "- a\n", "|a|\n", "$$\n"],
)
def test_an_answer_that_is_only_marks_is_shown_in_the_end(unit: str) -> None:
    text = unit * (4000 // len(unit))
    for _, change in told(text, [20]):
        assert_harmless(change.get("html", ""))
