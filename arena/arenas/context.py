"""The open arenas, for the navigation of every page."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from arena.arenas.models import Arena


def open_arenas(request: HttpRequest) -> dict[str, object]:
    """Give templates `arenas`, read only when a template asks."""
    return {"arenas": SimpleLazyObject(lambda: list(Arena.objects.filter(is_open=True)))}
