"""An account that is a passkey and nothing else, and further passkeys of an account."""

from __future__ import annotations

import secrets
from typing import Any

from allauth.account.internal.flows.signup import complete_signup
from allauth.account.utils import get_next_redirect_url
from allauth.decorators import rate_limit
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.webauthn.forms import SignupWebAuthnForm
from allauth.mfa.webauthn.internal import auth, flows
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from arena.accounts.middleware import account_of
from arena.accounts.selectors import has_another_way_in

RESERVED = "passkey_signup"  # key in the session: the number and name of an account to be


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@rate_limit(action="signup")
def sign_up_by_passkey(request: HttpRequest) -> HttpResponse:
    """Make an account without a name, an address or a password.

    The row of the account is written when its passkey has been proved: a person who turns back
    leaves nothing behind.
    """
    if request.user.is_authenticated:
        return redirect("account")
    form = None
    if request.method == "POST" and RESERVED in request.session:
        user = User(**request.session[RESERVED])
        form = SignupWebAuthnForm(request.POST, user=user)
        if form.is_valid():
            return _open_account(request, user, form)
    user = _reserve(request)
    context = {
        "form": form or SignupWebAuthnForm(user=user),
        "js_data": auth.begin_registration(user, passwordless=True),
        "next": get_next_redirect_url(request) or "",
    }
    return render(request, "account/signup_by_passkey.html", context)


def _reserve(request: HttpRequest) -> User:
    """Return an account that is not there yet, with a number that no other will get."""
    if RESERVED not in request.session:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(pg_get_serial_sequence('auth_user', 'id'))")
            number = cursor.fetchone()[0]
        request.session[RESERVED] = {"pk": number, "username": f"voter-{secrets.token_hex(6)}"}
    return User(**request.session[RESERVED])


def _open_account(request: HttpRequest, user: User, form: Any) -> HttpResponse:
    sent = form.cleaned_data
    del request.session[RESERVED]
    with transaction.atomic():
        user.set_unusable_password()
        user.save(force_insert=True)
        authenticator = flows.signup_authenticator(
            request, user=user, name=sent["name"], credential=sent["credential"]
        )
    post_authentication(request, authenticator, passwordless=True)
    return complete_signup(request, user=user, redirect_url=get_next_redirect_url(request))


class RemovePasskey(RemoveWebAuthnView):
    """Remove a passkey, never the last way to sign in."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Say why the last one stays."""
        if not has_another_way_in(account_of(self.request), without=self.get_object()):
            text = _("This passkey is the only way into your account. Add another one first.")
            messages.error(self.request, text)
            return redirect("account")
        return super().form_valid(form)


class AddPasskey(AddWebAuthnView):
    """Add a passkey that signs in by itself; allauth's own page makes second steps."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Ask the device to keep the key and to know its person."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["js_data"] = auth.begin_registration(self.request.user, passwordless=True)
        return context

    def get_success_url(self) -> str:
        """Return to the account."""
        return reverse("account")
