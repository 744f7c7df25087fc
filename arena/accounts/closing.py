"""An account goes away with everything that named its person; so do sign-ups nobody finished."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from arena.common.errors import NotAllowed

UNFINISHED_AFTER = timedelta(days=1)  # a code is good for a quarter of an hour


@transaction.atomic
def close_account(account: AbstractBaseUser) -> None:
    """Delete an account: addresses, password, passkeys, ties to other sites, every session.

    Its voter and the votes stay, tied to nobody. Raises NotAllowed for an account of staff, whose
    actions are on record under its name.
    """
    user = User.objects.select_for_update().get(pk=account.pk)
    if user.is_staff:
        raise NotAllowed(_("Accounts of staff are closed by other staff."))
    # A session keeps by which address somebody signed in; it is not found by its account.
    now = timezone.now()
    for session in Session.objects.filter(expire_date__gt=now).iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()
    user.delete()


def forget_unfinished() -> str:
    """Delete expired sessions, and sign-ups whose address nobody confirmed within a day."""
    now = timezone.now()
    n_sessions, _ = Session.objects.filter(expire_date__lt=now).delete()
    unfinished = User.objects.filter(
        last_login=None, is_staff=False, date_joined__lt=now - UNFINISHED_AFTER
    )
    n_accounts = unfinished.count()
    unfinished.delete()
    return f"{n_sessions} sessions, {n_accounts} sign-ups"
