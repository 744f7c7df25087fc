"""The words that scripts say, in one language: a file for browsers, kept for as long as it holds.

English has none: its words are in the scripts. `arena/static/js/words.js` reads it.
"""

from __future__ import annotations

import functools
import gzip
import json

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import DjangoTranslation
from django.views.decorators.http import require_safe
from django.views.i18n import JavaScriptCatalog

from arena.common.errors import NotFound
from arena.common.hashing import sha256_hex

VERSION_LENGTH = 12  # hex digits: no two catalogues of one language share them


class _Catalogue(JavaScriptCatalog):  # type: ignore[misc]
    """Django's reading of a compiled catalogue, of our own scripts alone."""

    def __init__(self, language: str) -> None:
        super().__init__()
        # A room without a catalogue: the staff pages' words for scripts stay out.
        paths = self.get_paths(["ratings.pages"])
        self.translation = DjangoTranslation(language, domain="djangojs", localedirs=paths)


@functools.cache
def words_script(language: str) -> str:
    """Return a script that sets the catalogue of a language, as words.js expects it."""
    with override(language):
        catalogue = _Catalogue(language)
        plural = catalogue.get_plural() or "n != 1"
        words = json.dumps(catalogue.get_catalog(), ensure_ascii=False, separators=(",", ":"))
    return f"globalThis.agonWords={{plural:n=>Number({plural}),words:{words}}};\n"


@functools.cache
def _version(language: str) -> str:
    return sha256_hex(words_script(language).encode())[:VERSION_LENGTH]


def words_url() -> str:
    """Return the address of the catalogue of the language in use; "" for English."""
    language = get_language() or settings.LANGUAGE_CODE
    if language == settings.LANGUAGE_CODE:
        return ""
    address: str = reverse("words", args=[language, _version(language)])
    return address


@require_safe
def words(request: HttpRequest, language: str, version: str) -> HttpResponse:
    """Send a catalogue; one asked for by an older version is the present one, and not kept."""
    if language not in dict(settings.LANGUAGES) or language == settings.LANGUAGE_CODE:
        raise NotFound(_("There are no words in '%(language)s'.") % {"language": language})
    is_present = version == _version(language)
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if is_present else "no-cache",
        "Vary": "Accept-Encoding",
    }
    body = words_script(language).encode()
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        body, headers["Content-Encoding"] = _compressed(language), "gzip"
    return HttpResponse(body, content_type="text/javascript; charset=utf-8", headers=headers)


@functools.cache
def _compressed(language: str) -> bytes:
    # Safe beside TLS: nothing in it is secret or a reader's own.
    return gzip.compress(words_script(language).encode(), mtime=0)
