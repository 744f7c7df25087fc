"""A page between ours and another site's: signing in there begins with a form here."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


class LeavingMiddleware:
    """Answer a sign-in at another site with a page that goes on there.

    A browser that follows `form-action 'self'` lets no form lead to another origin, not even by a
    redirect, and which origins a provider passes through nobody can list beforehand.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method != "POST" or response.status_code != 302:
            return response
        match = request.resolver_match
        place = urlsplit(response["Location"])
        if match is None or not (match.url_name or "").endswith("_login") or not place.netloc:
            return response
        if place.netloc == request.get_host():
            return response
        context = {"url": response["Location"], "host": place.hostname}
        page = render(request, "socialaccount/leaving.html", context)
        page.cookies = response.cookies
        return page
