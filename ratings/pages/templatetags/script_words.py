"""Template tags for the words of scripts."""

from __future__ import annotations

from django import template

from ratings.pages.words import words_url

register = template.Library()
register.simple_tag(words_url, name="words_url")
