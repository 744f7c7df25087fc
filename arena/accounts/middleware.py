"""The voter behind a request: a server-issued id in a signed cookie."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from arena.accounts.models import Voter
from arena.accounts.services import find_voter, new_voter

COOKIE = "agon_voter"
SALT = "agon.voter"
MAX_AGE_S = 2 * 365 * 24 * 3600  # two years: long enough to find one's own votes again


class VoterRequest(HttpRequest):
    """A request that knows its voter; None until the person does something worth keeping."""

    voter: Voter | None


def voter_from_cookie(value: str | None) -> Voter | None:
    """Return the voter that a cookie proves, or None for a missing, forged or old cookie."""
    if not value:
        return None
    try:
        return find_voter(signing.loads(value, salt=SALT, max_age=MAX_AGE_S))
    except signing.BadSignature:
        return None


class VoterMiddleware:
    """Give each request its `voter`, and a new voter its cookie."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        cookie = request.COOKIES.get(COOKIE)
        known = SimpleLazyObject(lambda: voter_from_cookie(cookie))
        cast("VoterRequest", request).voter = cast("Voter | None", known)
        response = self.get_response(request)
        fresh = getattr(request, "new_voter", None)
        if fresh is not None:
            response.set_cookie(
                COOKIE,
                signing.dumps(str(fresh.pk), salt=SALT),
                max_age=MAX_AGE_S,
                httponly=True,
                samesite="Lax",
                secure=settings.IS_HTTPS,
            )
        return response


def known_voter(request: HttpRequest) -> Voter | None:
    """Return the voter of this request, or None."""
    voter = cast("VoterRequest", request).voter
    return voter if voter else None


def ensure_voter(request: HttpRequest) -> Voter:
    """Return the voter of this request, made now if there was none."""
    voter = known_voter(request)
    if voter is None:
        voter = new_voter()
        cast("VoterRequest", request).voter = voter
        request.new_voter = voter  # type: ignore[attr-defined]
    return voter
