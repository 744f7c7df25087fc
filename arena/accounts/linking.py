"""Which voters are one person: an account's voter, and those whose votes it took over."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser, User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from arena.accounts.models import Voter, VoterLink
from arena.common.errors import Conflict


def voter_of(account: AbstractBaseUser) -> Voter | None:
    """Return the account's voter, or None before its first vote."""
    return Voter.objects.filter(account_id=account.pk).first()


@transaction.atomic
def ensure_voter_of(account: AbstractBaseUser) -> Voter:
    """Return the account's voter, made now if there was none."""
    # Locked, so that two first votes at once make one voter.
    User.objects.select_for_update().get(pk=account.pk)
    return voter_of(account) or Voter.objects.create(
        account_id=account.pk, claimed_at=timezone.now()
    )


@transaction.atomic
def join_voter(*, account: AbstractBaseUser, voter: Voter) -> Voter:
    """Give an anonymous voter to an account; return the account's voter. Twice changes nothing.

    The account's first voter becomes its own; the votes of every later one stay with their voter,
    which a `VoterLink` ties to it.

    Raises Conflict where another account has the voter.
    """
    User.objects.select_for_update().get(pk=account.pk)
    own = voter_of(account)
    joined = Voter.objects.select_for_update().get(pk=voter.pk)
    if joined.claimed_at is not None:
        if own is not None and own.owns(joined.pk):
            return own
        raise Conflict(_("These votes belong to another account."), code="voter_claimed")
    joined.claimed_at = timezone.now()
    if own is None:
        joined.account_id = account.pk
        joined.save(update_fields=["account", "claimed_at"])
        return joined
    joined.save(update_fields=["claimed_at"])
    VoterLink.objects.create(voter=joined, person=own)
    own.__dict__.pop("ids", None)
    return own


def person_of(voter_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Return for each voter the voter that stands for the person: itself where nothing ties it."""
    asked = list(voter_ids)
    links = VoterLink.objects.filter(voter_id__in=asked).values_list("voter_id", "person_id")
    return {voter_id: voter_id for voter_id in asked} | dict(links)
