"""A public page of one battle, opened by its voter and closed when they like."""

from __future__ import annotations

import secrets
import uuid

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from arena.accounts.models import Voter
from arena.battles.models import Battle
from arena.common.errors import Conflict, NotFound
from arena.votes.models import Share
from arena.votes.services import own_battle

TOKEN_BYTES = 15  # 120 bits: an address that nobody finds by trying


@transaction.atomic
def share_battle(*, battle_id: uuid.UUID | str, voter: Voter | None) -> Share:
    """Open a public page of a battle; the open one again when there is one.

    It shows the prompt, the answers, the names and the vote, and nothing of the voter.

    Raises NotFound for somebody else's battle, Conflict before the names are shown, for a vote
    that was taken back, and where an owner does not allow outputs to be published.
    """
    battle = own_battle(battle_id, voter)
    if battle.revealed_at is None:
        raise Conflict(_("Vote first; then the battle can be shared."), code="not_voted")
    if hasattr(battle.vote, "withdrawal"):
        raise Conflict(
            _("This vote was taken back, so there is nothing to share."), code="withdrawn"
        )
    if kept_back := unshareable_models(battle):
        raise Conflict(
            _(
                "The owner of %(model)s does not allow its outputs to be published, so this "
                "battle cannot be shared."
            )
            % {"model": kept_back[0]},
            code="outputs_not_public",
        )
    return Share.objects.get_or_create(
        battle=battle, closed_at=None, defaults={"token": secrets.token_urlsafe(TOKEN_BYTES)}
    )[0]


@transaction.atomic
def close_share(*, battle_id: uuid.UUID | str, voter: Voter | None) -> bool:
    """Close the public page of a battle; False when none was open."""
    battle = own_battle(battle_id, voter)
    return bool(battle.shares.filter(closed_at=None).update(closed_at=timezone.now()))


def unshareable_models(battle: Battle) -> list[str]:
    """Return the names of the models whose outputs may not be published."""
    seats = battle.seats.filter(revision__model__may_release_outputs=False)
    return list(seats.values_list("revision__model__name", flat=True))


def open_share(battle: Battle) -> Share | None:
    """Return the open public page of a battle."""
    return battle.shares.filter(closed_at=None).first()


def shared_battle(token: str) -> Battle:
    """Return the battle of an open page.

    Raises NotFound for a token that opens none, and once its vote was taken back.
    """
    share = (
        Share.objects.select_related("battle__arena", "battle__prompt", "battle__vote")
        .filter(token=token, closed_at=None, battle__vote__withdrawal__isnull=True)
        .first()
    )
    if share is None:
        raise NotFound(_("Nothing is shared here, or not any more."))
    return share.battle
