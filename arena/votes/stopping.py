"""Stop the writing of a text battle: its voter has read enough."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from arena.accounts.models import Voter
from arena.common.errors import Conflict
from arena.common.events import STOPS_CHANNEL, notify
from arena.votes.services import own_battle


@transaction.atomic
def stop_battle(*, battle_id: uuid.UUID | str, voter: Voter | None) -> None:
    """Ask the gateway to end both answers where they are; nothing happens once they are here.

    What was shown of an answer that was still written is then the whole answer. A second call
    asks again: the first may have met a gateway that was being started.

    Raises NotFound for somebody else's battle, Conflict where no words are written.
    """
    battle = own_battle(battle_id, voter)
    if battle.arena.modality != "text":
        raise Conflict(_("Only the writing of texts can be stopped."), code="not_stoppable")
    if battle.stage != "generating":
        return
    if battle.stopped_at is None:
        battle.stopped_at = timezone.now()
        battle.save(update_fields=["stopped_at"])
    notify(STOPS_CHANNEL, str(battle.pk))
