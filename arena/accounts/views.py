"""The terms, as they are now and as they were, and the page of an account."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from arena.accounts.middleware import account_of
from arena.accounts.selectors import passkeys_of
from arena.accounts.services import current_terms, published_terms, translated_terms
from arena.common.errors import NotFound
from arena.common.languages import ENGLISH
from arena.common.markdown import render_document


@require_safe
def terms(request: HttpRequest, sha256: str = "") -> HttpResponse:
    """Show the current version of the terms, or the version of a digest.

    Raises NotFound for a digest that names none.
    """
    current = current_terms()
    shown = published_terms(sha256) if sha256 else current
    # The address with a digest is that of the text itself, which is in English.
    text, language = (shown.text, ENGLISH) if sha256 else translated_terms(shown)
    context = {
        "terms": shown,
        "html": render_document(text).html,
        "written_in": language,
        "is_current": shown == current,
    }
    return render(request, "accounts/terms.html", context)


@never_cache
@login_required
@require_safe
def account_page(request: HttpRequest) -> HttpResponse:
    """Show by what the person signs in, and lead to every change of it."""
    account = account_of(request)
    context = {
        "addresses": EmailAddress.objects.filter(user=account).order_by("email"),
        "passkeys": passkeys_of(account),
        "connected": SocialAccount.objects.filter(user=account).order_by("pk"),
    }
    return render(request, "accounts/account.html", context)


def no_mail(request: HttpRequest) -> HttpResponse:
    """Refuse what needs mail where none is sent."""
    raise NotFound(_("This site sends no e-mail. Sign in with a passkey or a password."))
