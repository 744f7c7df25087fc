"""Show a model's Markdown as HTML that can neither run, load, nor pretend to be the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

# The page's own headings are h1 and h2; an answer's begin below them (WCAG 2.2, 1.3.1).
_DEMOTED: Final = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6"}
_BLOCKS: Final = frozenset(
    {"p", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "table", "th", "td"}
)
_TAGS: Final = {*_BLOCKS, "a", "br", "code", "em", "hr", "s", "strong", "tbody", "thead", "tr"}
_ATTRIBUTES: Final[dict[str, set[str]]] = {
    "*": set(),  # nh3's own default keeps title and lang everywhere
    "a": {"href"},
    "ol": {"start"},
}
_VALUES: Final = {
    **{tag: {"dir": {"auto"}} for tag in _BLOCKS},
    "td": {"dir": {"auto"}, "align": {"left", "center", "right"}},
    "th": {"dir": {"auto"}, "align": {"left", "center", "right"}},
}
LINK_REL: Final = "nofollow noopener noreferrer"


def render_markdown(text: str) -> str:
    """Return HTML for CommonMark with tables, strikethrough and code fences.

    HTML in the text is shown as text. Nothing is fetched: an image becomes its alternative text.
    Links keep only absolute http, https and mailto addresses. Headings run from h3 to h6, and
    every block has `dir="auto"`. The result is safe to put into a page as it is.
    """
    html: str = _MARKDOWN.render(text)
    return _CLEANER.clean(html)


def _for_the_page(state: StateCore) -> None:
    """Demote headings, give blocks their direction, and turn inline styles into attributes."""
    for token in state.tokens:
        token.tag = _DEMOTED.get(token.tag, token.tag)
        if token.nesting == 1 and token.tag in _BLOCKS:
            style = str(token.attrs.pop("style", ""))
            token.attrs["dir"] = "auto"
            if style.startswith("text-align:"):
                token.attrs["align"] = style.removeprefix("text-align:")


def _render_code(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any
) -> str:
    return f'<pre dir="auto"><code>{escapeHtml(tokens[index].content)}</code></pre>\n'


def _render_image(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any
) -> str:
    alternative = renderer.renderInlineAsText(tokens[index].children, options, env)
    return escapeHtml(alternative)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    parser.enable(["table", "strikethrough"])
    parser.core.ruler.push("for_the_page", _for_the_page)
    parser.add_render_rule("fence", _render_code)
    parser.add_render_rule("code_block", _render_code)
    parser.add_render_rule("image", _render_image)
    return parser


_MARKDOWN: Final = _parser()
_CLEANER: Final = nh3.Cleaner(
    tags=set(_TAGS),
    attributes=_ATTRIBUTES,
    tag_attribute_values=_VALUES,
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel=LINK_REL,
)
