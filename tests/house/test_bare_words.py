"""Every word of a template stands where a catalogue can hold it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.template.base import Lexer, TokenType

TEMPLATES = settings.BASE_DIR / "templates"
# What is said alike in every language: names, units, signs, code and addresses.
SAME = {
    "A", "Agon", "B", "CSV", "Ctrl", "End", "Enter", "Esc", "Home", "I", "JSON", "L", "M", "N",
    "O", "PATH", "Page Down", "Page Up", "R", "SHA-256", "Shift", "T", "Tab", "UTC", "X", "Z",
}  # fmt: skip
SPOKEN = {
    "alt",
    "aria-label",
    "aria-description",
    "placeholder",
    "title",
    "data-says",
    "data-title",
}
CODE = {"code", "script", "style", "pre", "path"}


class Words(HTMLParser):
    """Collects the words of a page's text and of the attributes that are read aloud."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in CODE:
            self.open.append(tag)
        self.words += [value for name, value in attrs if name in SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.open:
            self.words.append(data)


def bare(source: str) -> Iterator[str]:
    """The words of a template that stand outside every tag of Django."""
    text, depth = "", 0
    for token in Lexer(source).tokenize():
        name = token.contents.split()[0] if token.token_type == TokenType.BLOCK else ""
        is_class = token.contents.startswith("block ") and token.contents.endswith("_class")
        if name in ("blocktranslate", "comment") or (depth == 0 and is_class):
            depth += 1
        elif name in ("endblocktranslate", "endcomment") or token.contents.endswith("_class"):
            depth -= 1
        elif token.token_type == TokenType.TEXT and not depth:
            text += token.contents
        elif not depth:
            # Something of Django's: what stands on both sides of it is apart.
            text += " " if text.rfind("<") > text.rfind(">") else "\x00"
    parser = Words()
    parser.feed(text)
    parser.close()
    for piece in "\x00".join(parser.words).split("\x00"):
        words = " ".join(piece.split()).strip(" ·:,.;–—-()…/#&+−×?")
        if re.search(r"[^\W\d_]{2}", words) and words not in SAME:
            yield words


@pytest.mark.parametrize(
    "file",
    sorted(file for kind in ("html", "txt") for file in TEMPLATES.rglob(f"*.{kind}")),
    ids=lambda file: str(file.relative_to(TEMPLATES)),
)
def test_a_template_says_nothing_that_cannot_be_translated(file: Path) -> None:
    assert not list(bare(file.read_text("utf-8")))


def test_the_search_for_bare_words_finds_them() -> None:
    source = '<p title="Not said">{% translate "Said" %} Bare {{ n }} words</p><code>x y</code>'
    assert list(bare(source)) == ["Not said", "Bare", "words"]
