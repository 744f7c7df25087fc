"""What is kept of an account, for its page and for the copy that its person may take."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User
from django.db.models import Model

from arena.accounts.models import Voter


def passkeys_of(account: AbstractBaseUser) -> list[Authenticator]:
    """Return the passkeys of an account, the oldest first."""
    kept = Authenticator.objects.filter(user_id=account.pk, type=Authenticator.Type.WEBAUTHN)
    return list(kept.order_by("created_at"))


def has_another_way_in(account: User, *, without: Model) -> bool:
    """Say whether somebody can still sign in when this passkey, address or tie is gone."""

    def is_left(model: type[Model]) -> bool:
        kept = model._default_manager.filter(user=account)
        return (kept.exclude(pk=without.pk) if isinstance(without, model) else kept).exists()

    by_address = settings.MAIL.is_set or account.has_usable_password()
    by_name = account.is_staff and account.has_usable_password()
    return (
        by_name
        or is_left(Authenticator)
        or is_left(SocialAccount)
        or (by_address and is_left(EmailAddress))
    )


def account_facts(voter: Voter) -> dict[str, Any] | None:
    """Return everything that is kept of the voter's account, None without one; times as ISO 8601.

    The public key of a passkey is left out: it names nobody and opens nothing.
    """
    if voter.account_id is None:
        return None
    account = User.objects.get(pk=voter.account_id)
    addresses = EmailAddress.objects.filter(user=account).order_by("pk")
    connected = SocialAccount.objects.filter(user=account).order_by("pk")
    return {
        "name": account.username,
        "made_at": account.date_joined.isoformat(),
        "last_sign_in_at": account.last_login.isoformat() if account.last_login else None,
        "has_password": account.has_usable_password(),
        "addresses": [
            {"address": one.email, "is_confirmed": one.verified, "is_primary": one.primary}
            for one in addresses
        ],
        "passkeys": [
            {
                "name": one.wrap().name,
                "made_at": one.created_at.isoformat(),
                "last_used_at": one.last_used_at.isoformat() if one.last_used_at else None,
            }
            for one in passkeys_of(account)
        ],
        "other_sites": [
            {"site": one.provider, "number": one.uid, "connected_at": one.date_joined.isoformat()}
            for one in connected
        ],
        "voters": [
            {"id": str(link.voter_id), "linked_at": link.linked_at.isoformat()}
            for link in voter.linked.order_by("linked_at")
        ],
    }
