"""The voter behind a request: of the account that is signed in, else of a signed cookie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import cast

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from arena.accounts.linking import ensure_voter_of, voter_of
from arena.accounts.models import Voter
from arena.accounts.services import find_voter, new_voter

COOKIE = "agon_voter"
SALT = "agon.voter"
MAX_AGE_S = 2 * 365 * 24 * 3600  # two years: long enough to find one's own votes again


class VoterRequest(HttpRequest):
    """A request that knows its voter; None until the person does something worth keeping."""

    voter: Voter | None
    browser_voter: Voter | None  # of the cookie, whoever is signed in


def voter_from_cookie(value: str | None) -> Voter | None:
    """Return the voter that a cookie proves, or None for a missing, forged or old cookie.

    The voter of an account is proved by signing in, never by a cookie that was left somewhere.
    """
    if not value:
        return None
    try:
        return find_voter(signing.loads(value, salt=SALT, max_age=MAX_AGE_S))
    except signing.BadSignature:
        return None


def voter_from_cookies(cookies: Mapping[str, str]) -> Voter | None:
    """Return the voter of a request of which only the cookies are known, such as a socket's."""
    request = HttpRequest()
    store = import_module(settings.SESSION_ENGINE).SessionStore
    request.session = store(cookies.get(settings.SESSION_COOKIE_NAME))
    user = get_user(request)
    return voter_of(user) if user.is_authenticated else voter_from_cookie(cookies.get(COOKIE))


class VoterMiddleware:
    """Give each request its `voter`, a new voter its cookie, and take a joined voter's away."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        cookie = request.COOKIES.get(COOKIE)
        of_browser = cache(lambda: voter_from_cookie(cookie))
        known = SimpleLazyObject(
            lambda: voter_of(request.user) if request.user.is_authenticated else of_browser()
        )
        ours = cast("VoterRequest", request)
        ours.browser_voter = cast("Voter | None", SimpleLazyObject(of_browser))
        ours.voter = cast("Voter | None", known)
        response = self.get_response(request)
        if getattr(request, "is_browser_voter_forgotten", False):
            response.delete_cookie(COOKIE, samesite="Lax")
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
    if voter is None and request.user.is_authenticated:
        voter = ensure_voter_of(request.user)
        cast("VoterRequest", request).voter = voter
    elif voter is None:
        voter = new_voter()
        cast("VoterRequest", request).voter = voter
        request.new_voter = voter  # type: ignore[attr-defined]
    return voter


def account_of(request: HttpRequest) -> User:
    """Return the account that is signed in; for views that only such a person reaches."""
    assert request.user.is_authenticated
    return request.user


def browser_voter(request: HttpRequest) -> Voter | None:
    """Return the voter of this browser's cookie, whoever is signed in, or None."""
    voter = cast("VoterRequest", request).browser_voter
    return voter if voter else None


def forget_browser_voter(request: HttpRequest) -> None:
    """Take the cookie away with the answer to this request."""
    cast("VoterRequest", request).browser_voter = None
    request.is_browser_voter_forgotten = True  # type: ignore[attr-defined]
