"""What a browser makes of the messages of an answer, as far as these tests need it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from arena.generation.profiles.growing import CARET

VOID = {"br", "hr", "mprescripts"}


class Element:
    """An element with its attributes and what is in it: elements and texts."""

    def __init__(self, tag: str, attributes: dict[str, str | None]) -> None:
        self.tag, self.attributes = tag, attributes
        self.inside: list[Element | str] = []

    @property
    def children(self) -> list[Element]:
        return [one for one in self.inside if isinstance(one, Element)]

    @property
    def words(self) -> str:
        return "".join(one if isinstance(one, str) else one.words for one in self.inside)

    def keep(self, n_children: int) -> None:
        """Drop every child from a number on."""
        self.inside = list(self.children[:n_children])

    def append(self, text: str) -> None:
        """Add text, as one with the text before it."""
        if self.inside and isinstance(self.inside[-1], str):
            text = self.inside.pop() + text  # type: ignore[operator]
        self.inside.append(text)

    def shape(self) -> Any:
        """Return the element as nested tuples; blank texts between elements do not count."""
        inside = [
            one if isinstance(one, str) else one.shape()
            for one in self.inside
            if not isinstance(one, str) or one.strip() or self.tag in ("code", "span")
        ]
        return self.tag, tuple(sorted(self.attributes.items())), tuple(inside)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("#root", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open.pop().tag == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        self.open[-1].append(data)


def parse(html: str) -> Element:
    """Return the root of some HTML; every tag must be closed."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    (root,) = parser.open
    return root


class Page:
    """The pane of one answer: takes what each message says, as text-stream.js does."""

    def __init__(self) -> None:
        self.root = Element("#root", {})
        self._caret: Element | None = None

    def take(self, piece: str, change: dict[str, Any]) -> None:
        if change.get("wait"):
            return
        if "html" not in change:
            assert self._caret is not None, "words without a place for them"
            self._caret.append(piece)
            return
        n_blocks, *n_items = change["keep"]
        came = parse(change["html"])
        assert len(self.root.children) >= n_blocks
        if n_items:
            self.root.keep(n_blocks + 1)
            old_list, new_list = self.root.children[n_blocks], came.children[0]
            assert len(old_list.children) >= n_items[0]
            old_list.keep(n_items[0])
            old_list.inside += new_list.children
            came.inside = list(came.children[1:])
        else:
            self.root.keep(n_blocks)
        self.root.inside += came.inside
        self._caret = _take_caret(self.root)


def _take_caret(element: Element) -> Element | None:
    for number, one in enumerate(element.inside):
        if isinstance(one, Element):
            if found := _take_caret(one):
                return found
        elif CARET in one:
            assert one.endswith(CARET), "words after the caret"
            element.inside[number] = one.removesuffix(CARET)
            return element
    return None
