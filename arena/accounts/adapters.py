"""How allauth behaves here: no name is kept, a passkey alone is enough, votes come along."""

from __future__ import annotations

import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.contrib.auth.models import AbstractBaseUser, User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from arena.accounts.linking import join_voter
from arena.accounts.middleware import browser_voter, forget_browser_voter
from arena.accounts.selectors import has_another_way_in


class VerificationOfAddresses(EmailVerificationStage):
    """Ask for the code only where there is an address to send it to."""

    def handle(self) -> tuple[Any, bool]:
        """Pass an account that was made without an address."""
        user = self.login.user
        if user is not None and not user.email and not user.emailaddress_set.exists():
            return None, True
        return super().handle()


class SecondStepOfStaff(AuthenticateStage):
    """Ask staff with a passkey for it after a password; for others it is a way in of its own."""

    def _should_handle(self, request: HttpRequest) -> bool:
        user = self.login.user
        return bool(user and user.is_staff and super()._should_handle(request))


class AccountAdapter(DefaultAccountAdapter):
    """Accounts without names, and the votes of the browser."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("The e-mail address and the password do not belong together."),
        "incorrect_code": _(
            "This is not the code, or it is too old. Look once more, or begin again."
        ),
        "rate_limited": _("That was too often. Wait some minutes and try again."),
        "too_many_login_attempts": _("That was too often. Wait five minutes and try again."),
    }

    def get_login_stages(self) -> list[str]:
        """Return the steps of signing in, two of them ours."""
        ours = {
            "allauth.account.stages.EmailVerificationStage": VerificationOfAddresses,
            "allauth.mfa.stages.AuthenticateStage": SecondStepOfStaff,
        }
        return [
            f"{ours[path].__module__}.{ours[path].__qualname__}" if path in ours else path
            for path in super().get_login_stages()
        ]

    def generate_unique_username(self, txts: list[str | None], regex: str | None = None) -> str:
        """Return a name that says nothing of the person: no part of an address."""
        return f"voter-{secrets.token_hex(6)}"

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """Keep the first choice while there are others, and the last way to sign in."""
        others = EmailAddress.objects.filter(user=email_address.user).exclude(pk=email_address.pk)
        if email_address.primary and others.exists():
            return False
        return has_another_way_in(email_address.user, without=email_address)

    def post_login(
        self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any
    ) -> HttpResponse:
        """Take the browser's votes into a new account; after a sign-in ask about them."""
        response = super().post_login(request, user, **kwargs)
        voter = browser_voter(request)
        if voter is None:
            return response
        if kwargs["signup"]:
            join_voter(account=user, voter=voter)
            forget_browser_voter(request)
            return response
        query = urlencode({"next": response["Location"]})
        return HttpResponseRedirect(f"{reverse('you_join')}?{query}")


class PasskeyAdapter(DefaultMFAAdapter):
    """What a device is told of the site and the account."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("That passkey did not work here. Try again, or sign in another way."),
    }

    def generate_authenticator_name(
        self,
        user: AbstractBaseUser,
        type: Authenticator.Type,  # noqa: A002 - as allauth names it
    ) -> str:
        """Return "Passkey" with a number."""
        kept = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return gettext("Passkey %(number)s") % {"number": kept + 1}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Name the site as people know it."""
        return {**super().get_public_key_credential_rp_entity(), "name": "Agon"}


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Of another site's account only its number is kept."""

    def populate_user(
        self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]
    ) -> User:
        """Take over no name and no address."""
        return sociallogin.user

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Drop the addresses that the other site told, before anything is stored."""
        sociallogin.email_addresses = []
