"""Record what a voter does with the outputs before the vote."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from arena.accounts.models import Voter
from arena.common.errors import BadInput, Conflict, TooMany
from arena.votes.engagement.coverage import Missing
from arena.votes.engagement.intake import BadBatch, read_batch
from arena.votes.engagement.selectors import is_voteable, missing_of
from arena.votes.models import Engagement
from arena.votes.services import own_battle

MOST_RECORDED = 5000  # events of one battle: about a MiB, and more than an hour of playing


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the server has after a batch."""

    page: str
    number: int  # the page's highest number that is recorded
    missing: list[Missing]


@transaction.atomic
def record_shown(*, battle_id: uuid.UUID | str, voter: Voter, seat: int) -> bool:
    """Keep that an output is on the voter's screen; True when the battle is voteable now.

    Raises NotFound for somebody else's battle, Conflict before the release, BadInput for a seat
    that the battle does not have.
    """
    battle = own_battle(battle_id, voter)
    if battle.released_at is None:
        raise Conflict(_("The outputs are not complete yet."), code="not_released")
    if not battle.seats.filter(position=seat).exists():
        raise BadInput(_("This battle has no seat %(seat)s.") % {"seat": seat})
    shown = battle.engagement.filter(kind=Engagement.Kind.SHOWN, seat=seat)
    if not battle.ending and not shown.exists():
        last = battle.engagement.aggregate(last=Max("number"))["last"] or 0
        Engagement.objects.create(
            battle=battle, number=last + 1, seat=seat, kind=Engagement.Kind.SHOWN
        )
    return is_voteable(battle)


@transaction.atomic
def record_events(
    *, battle_id: uuid.UUID | str, voter: Voter, message: Mapping[str, Any], is_met: bool = False
) -> Recorded:
    """Keep a batch of events of a page, each once, in order; nothing of it when a part is wrong.

    Args:
        message: as `arena.votes.engagement.intake.read_batch` takes it.
        is_met: nothing was missing before; it stays so, and is not computed again.

    Raises NotFound for somebody else's battle, BadInput for a batch that no page of ours sends,
    Conflict before the release and after the ending, TooMany when MOST_RECORDED are recorded.
    """
    battle = own_battle(battle_id, voter)
    if battle.released_at is None:
        raise Conflict(_("The outputs are not complete yet."), code="not_released")
    if battle.ending:
        raise Conflict(
            _("This battle has ended; what comes now does not count."), code="battle_ended"
        )
    try:
        page, events = read_batch(message, battle.seats.count())
    except BadBatch as error:
        raise BadInput(str(error)) from error
    last = battle.engagement.aggregate(
        number=Max("number"), of_page=Max("page_number", filter=Q(page=page))
    )
    number, of_page = last["number"] or 0, last["of_page"] or 0
    new = [event for event in events if event.number > of_page]
    if number + len(new) > MOST_RECORDED:
        raise TooMany(
            _("%(n)s events of this battle are recorded; no more are kept.") % {"n": number}
        )
    Engagement.objects.bulk_create(
        Engagement(
            battle=battle,
            number=number + place,
            seat=event.seat,
            kind=event.kind,
            values=event.values,
            page=page,
            page_number=event.number,
            page_ms=event.ms,
        )
        for place, event in enumerate(new, start=1)
    )
    missing = [] if is_met else missing_of(battle)
    return Recorded(page, new[-1].number if new else of_page, missing)
