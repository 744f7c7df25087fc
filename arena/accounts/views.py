"""The terms, as they are now and as they were."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from arena.accounts.services import current_terms, published_terms
from arena.common.markdown import render_document


@require_safe
def terms(request: HttpRequest, sha256: str = "") -> HttpResponse:
    """Show the current version of the terms, or the version of a digest.

    Raises NotFound for a digest that names none.
    """
    current = current_terms()
    shown = published_terms(sha256) if sha256 else current
    context = {
        "terms": shown,
        "html": render_document(shown.text).html,
        "is_current": shown == current,
    }
    return render(request, "accounts/terms.html", context)
