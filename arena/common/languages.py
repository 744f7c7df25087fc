"""In which language a page speaks: the one that was chosen, else the first that the browser asks.

English is in the templates themselves and needs nothing. Every other language is offered where
its catalogue was compiled (`manage.py messages --compile`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, parse_cookie
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

ENGLISH = "en"
# What our own words are in; files of media, datasets and pictures have none.
SPEAKING = ("text/html", "application/json")


def offered_languages() -> list[tuple[str, str]]:
    """Return the code and the own name of each language that this installation speaks."""
    return [
        (code, name) for code, name in settings.LANGUAGES if code == ENGLISH or _is_compiled(code)
    ]


def _is_compiled(code: str) -> bool:
    inside = Path(translation.to_locale(code)) / "LC_MESSAGES" / "django.mo"
    return any((Path(folder) / inside).is_file() for folder in settings.LOCALE_PATHS)


def choose_language(cookies: Mapping[str, str], accept_language: str) -> str:
    """Return the code of the language to speak: by cookie, by Accept-Language, or English."""
    offered = {code for code, _ in offered_languages()}
    chosen = cookies.get(settings.LANGUAGE_COOKIE_NAME)
    if chosen in offered:
        return chosen
    for wished, _ in parse_accept_lang_header(accept_language):
        if wished == "*":
            break
        try:
            code = translation.get_supported_language_variant(wished)
        except LookupError:
            continue
        if code in offered:
            return code
    return ENGLISH


def in_own_language(file: Path) -> tuple[Path, str]:
    """Return a document in the language of the page and that language; English where it has none.

    `terms.md` is in English, `terms.fr.md` beside it in French.
    """
    language = translation.get_language() or ENGLISH
    translated = file.with_suffix(f".{language}{file.suffix}")
    return (translated, language) if translated.is_file() else (file, ENGLISH)


def activate_for(scope: Mapping[str, Any]) -> None:
    """Speak the language of the browser behind a WebSocket, in this task and what it starts."""
    headers = dict(scope["headers"])
    cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
    accepted = headers.get(b"accept-language", b"").decode("latin-1")
    translation.activate(choose_language(cookies, accepted))


class LanguageMiddleware:
    """Answer in the language of the reader; the pages of the staff are in English."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_staff_page = request.path_info.startswith("/staff/")
        accepted = request.headers.get("Accept-Language", "")
        language = ENGLISH if is_staff_page else choose_language(request.COOKIES, accepted)
        request.LANGUAGE_CODE = language
        with translation.override(language):
            response = self.get_response(request)
        if _speaks(response):
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


def _speaks(response: HttpResponse) -> bool:
    """Say whether an answer may hold words of ours; what is public for all is the same for all."""
    is_public = "public" in response.get("Cache-Control", "")
    return not is_public and response.get("Content-Type", "").startswith(SPEAKING)


def languages(request: HttpRequest) -> dict[str, Any]:
    """Give the templates the languages to choose from, and where the choice leads back to."""
    # A page that answered a POST is asked for anew by its address.
    return {"site_languages": offered_languages(), "language_next": request.get_full_path()}
