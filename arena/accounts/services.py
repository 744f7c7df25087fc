"""Make voters, publish terms, keep consent."""

from __future__ import annotations

import uuid
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from arena.accounts.models import Consent, Terms, Voter
from arena.common.errors import NotFound
from arena.common.hashing import sha256_hex
from arena.common.languages import ENGLISH, in_own_language

TERMS_FILE = Path("templates/docs/terms.md")
# What the terms say, for the page where they are accepted.
TERMS_SUMMARY = (
    gettext_noop(
        "Your prompt, the outputs, what you did with them, your vote and your reasons are recorded."
    ),
    gettext_noop(
        "They are published in open datasets, without your name, with times rounded to the month."
    ),
    gettext_noop("You can take a vote back at any time. Write nothing that should not be public."),
)


@cache
def _terms_text() -> str:
    return (settings.BASE_DIR / TERMS_FILE).read_text(encoding="utf-8")


def current_terms() -> Terms:
    """Return the terms of this installation; a changed text is a new version."""
    text = _terms_text()
    return Terms.objects.get_or_create(sha256=sha256_hex(text), defaults={"text": text})[0]


def translated_terms(terms: Terms) -> tuple[str, str]:
    """Return the words of the terms in the language of the page, and that language.

    A translation names the English text that it is of (`translates: SHA-256` at its head). One of
    another text is not shown: English is what people accept.
    """
    file, language = in_own_language(settings.BASE_DIR / TERMS_FILE)
    text = file.read_text(encoding="utf-8")
    is_of_these = text.startswith(f"---\ntranslates: {terms.sha256}\n")
    return (text, language) if is_of_these else (terms.text, ENGLISH)


def published_terms(sha256: str) -> Terms:
    """Return a version of the terms that this installation has had.

    Raises NotFound for a digest that names none.
    """
    terms = Terms.objects.filter(sha256=sha256).first()
    if terms is None:
        raise NotFound(_("No version of the terms has this digest."))
    return terms


def new_voter() -> Voter:
    """Make a voter."""
    return Voter.objects.create()


def find_voter(voter_id: str | None) -> Voter | None:
    """Return the voter of a cookie's id, or None, also for one that an account took over."""
    try:
        return Voter.objects.filter(pk=uuid.UUID(voter_id or ""), claimed_at=None).first()
    except ValueError:
        return None


def accept_terms(*, voter: Voter) -> Consent:
    """Keep that the voter accepts the current terms; a second call changes nothing."""
    return Consent.objects.get_or_create(voter=voter, terms=current_terms())[0]


def consents_of(voter: Voter) -> QuerySet[Consent]:
    """Return what the voter has accepted, newest first, with the terms."""
    consents = Consent.objects.filter(voter__in=voter.ids).select_related("terms")
    return consents.order_by("-accepted_at", "-pk")


def current_consent(voter: Voter | None) -> Consent | None:
    """Return the voter's consent to the current version of the terms, if there is one."""
    if voter is None:
        return None
    return Consent.objects.filter(voter=voter, terms=current_terms()).first()
