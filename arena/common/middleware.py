"""Errors become one JSON shape for programs and one page for people."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from arena.common.errors import AgonError

log = logging.getLogger("agon.web")

TITLES = {
    400: gettext_lazy("Something is missing or wrong"),
    403: gettext_lazy("That is not yours to do"),
    404: gettext_lazy("There is nothing here"),
    409: gettext_lazy("That has already been settled"),
    429: gettext_lazy("A little too fast"),
    503: gettext_lazy("Not just now"),
    500: gettext_lazy("Something broke on our side"),
}


class ErrorMiddleware:
    """Turn an AgonError raised by a view into its answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer an AgonError; leave every other exception to Django."""
        return error_response(request, error) if isinstance(error, AgonError) else None


def error_response(request: HttpRequest, error: AgonError) -> HttpResponse:
    """Return the error as JSON, or as a page when a browser navigates."""
    if wants_page(request):
        return _page(request, error.status, error.code, error.message)
    return JsonResponse(error.as_dict(), status=error.status)


def wants_page(request: HttpRequest) -> bool:
    """Say whether a person navigates here: scripts and htmx get JSON."""
    accepts_html = "text/html" in request.headers.get("Accept", "")
    is_navigation = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    return accepts_html and is_navigation and not request.headers.get("HX-Request")


def _page(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
    context = {"code": code, "status": status, "title": TITLES[status], "message": message}
    return HttpResponse(render_to_string("error.html", context, request), status=status)


def _answer(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
    if wants_page(request):
        return _page(request, status, code, message)
    return JsonResponse(
        {"ok": False, "code": code, "message": message, "errors": []}, status=status
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    return _answer(
        request, 400, "bad_input", _("The request could not be read. Go back and try again.")
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return _answer(request, 403, "not_allowed", _("This is not open to you."))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    return _answer(
        request,
        404,
        "not_found",
        _("No page has this address. Check it, or start at the front page."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500; the details are in the log only."""
    message = _("The error was logged. What you had sent before is kept; try again in a moment.")
    return _answer(request, 500, "error", message)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that did not come from our own page, or came with a lost cookie."""
    message = _(
        "This form is out of date or came from elsewhere. Reload the page and send it again."
    )
    return _answer(request, 403, "csrf", message)
