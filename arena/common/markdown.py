"""Our own documents, from Markdown to HTML with a table of contents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt

FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)  # YAML that model hubs read


@dataclass(frozen=True)
class Document:
    title: str
    html: SafeString
    toc: list[dict[str, str]]  # of second-level headings: {"id": …, "title": …}


def render_document(text: str, *, levels_down: int = 0) -> Document:
    """Render trusted Markdown (our own pages and cards; raw HTML stays off).

    `levels_down` puts its headings below those of the page that it becomes a part of.
    """
    text = FRONT_MATTER.sub("", text, count=1)
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    title, toc = "", []
    for opening, content in pairwise(tokens):
        if opening.type == "heading_close":
            opening.tag = _lowered(opening.tag, levels_down)
        if opening.type != "heading_open":
            continue
        anchor = anchor_of(content.content)
        opening.attrSet("id", anchor)
        if opening.tag == "h1" and not title:
            title = content.content
        elif opening.tag == "h2":
            toc.append({"id": anchor, "title": content.content})
        opening.tag = _lowered(opening.tag, levels_down)
    html = markdown.renderer.render(tokens, markdown.options, {})
    # Safe: html=False escapes every tag that a document might contain.
    return Document(title=title, html=mark_safe(html), toc=toc)  # noqa: S308


def anchor_of(heading: str) -> str:
    """Return the id of a heading; one without a Latin letter keeps its own letters."""
    return slugify(heading) or slugify(heading, allow_unicode=True)


def _lowered(heading: str, levels: int) -> str:
    """Return the tag of a heading some levels deeper; `h6` is the deepest."""
    return f"h{min(int(heading[1]) + levels, 6)}"
