"""Formulas: LaTeX becomes MathML or stays as it was written, and money stays money."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.generation.profiles import render_markdown
from tests.arena.test_output_profiles_text import XSS, assert_harmless


@pytest.mark.parametrize(
    "text",
    [
        "$x^2$", "so $a$, $b$ and $c$.", "\\(a < b\\)", "$$x$$", "\\[x\\]", "$$\nx\n+ y\n= z\n$$",
        "- a\n  $$\n  x\n  $$", "$\\frac{1}{2}$", "$5x + 3y = 12$", "$\\{1, 2\\}$",
        "\\begin{x} $\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}$", "words\n$$x$$\nwords",
    ],
)  # fmt: skip
def test_formulas_become_mathml(text: str) -> None:
    html = render_markdown(text)
    assert html.count("<math") >= 1
    assert "$" not in html
    assert html.count("<math") == html.count("</math>")


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $10", "from $5-$10", "US$5, C$6", "I paid $5, she paid 6$.", "$HOME/$USER",
        "it is 5$ or 6$", "$ x $", "a $", "$$", "\\$5 and \\$6", "`$x$`", "$100k–$200k a year",
        "[a $5 thing](https://ok.example) for $6",
    ],
)  # fmt: skip
def test_money_variables_and_code_are_no_formulas(text: str) -> None:
    assert "<math" not in render_markdown(text)


@pytest.mark.parametrize(
    "source",
    [
        "\\foo{x}", "\\frac{1", "x_", "{" * 100 + "}" * 100, "\\def\\a{\\a\\a}\\a", "\\ce{H2O}",
        "\\newcommand{\\x}{1}\\x", "\\href{javascript:alert(1)}{x}", "\\left(" * 60,
        "x" * 1999 + "^",
    ],
)  # fmt: skip
def test_what_cannot_be_shown_whole_stays_as_it_was_written(source: str) -> None:
    html = render_markdown(f"$${source}$$")
    assert "<math" not in html
    assert "$$" in html


def test_what_is_unclosed_is_a_paragraph_that_ends_at_the_empty_line() -> None:
    html = render_markdown("$$\nx + **y**\n\n# after\n\n$$")
    assert "<strong>y</strong>" in html
    assert "<h3" in html


def test_a_formula_on_its_own_lines_is_set_apart_and_lies_left_to_right() -> None:
    assert '<div class="math" dir="ltr"><math display="block">' in render_markdown("$$\nx\n$$")
    assert '<span class="math" dir="ltr"><math display="inline">' in render_markdown("so $x$")


@pytest.mark.parametrize("payload", XSS)
def test_no_payload_becomes_active_in_a_formula(payload: str) -> None:
    for text in (f"$${payload}$$", f"$\\text{{{payload}}}$", f"\\[\\mathrm{{{payload}}}\\]"):
        assert_harmless(render_markdown(text))


COMMANDS = st.sampled_from(
    ["\\frac", "\\text", "\\style{color:red}", "\\class{x}", "\\color{red}", "\\left(", "\\right)",
     "{", "}", "_", "^", "&", "\\\\", "<", ">", "x", "1", "\\begin{matrix}", "\\end{matrix}", "\"",
     "\\sum", "\\sqrt", "\\unicode{x3c}", "\\hspace{1px}", "&lt;", "'", "\\mathbb{R}", "\\limits"],
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(COMMANDS, max_size=12).map("".join))
def test_no_formula_becomes_active_or_breaks_the_page(source: str) -> None:
    assert_harmless(render_markdown(f"$${source}$$"))
    assert_harmless(render_markdown(f"a ${source}$ b"))
