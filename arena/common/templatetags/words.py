"""Words that templates get as values: those of our tables, and those that an operator wrote."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext

register = template.Library()


@register.filter
def translated(words: object) -> str:
    """Return the words in the language of the page; what no catalogue has stays as written."""
    return gettext(str(words)) if words else ""
