"""The terms, as they are now."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from arena.accounts.services import current_terms
from arena.common.markdown import render_document


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """Show the current version of the terms."""
    current = current_terms()
    document = render_document(current.text)
    return render(request, "accounts/terms.html", {"terms": current, "html": document.html})
