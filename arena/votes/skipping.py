"""Pass a battle over, and report what should not be here."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from arena.accounts.models import Voter
from arena.battles.models import Battle
from arena.battles.services import end_battle
from arena.common.errors import BadInput, Conflict
from arena.common.events import publish
from arena.votes.models import Report, Skip
from arena.votes.services import own_battle

MAX_REPORT_CHARS = 1000


@transaction.atomic
def skip_battle(*, battle_id: uuid.UUID | str, voter: Voter | None, reason: str) -> Skip:
    """End a battle without a vote; a second call changes nothing.

    Nothing is counted and no names are shown: a skip must not be a free look.

    Raises NotFound for somebody else's battle, BadInput for an unknown reason, Conflict when it
    has ended otherwise.
    """
    battle = own_battle(battle_id, voter)
    if reason not in Skip.Reason.values:
        raise BadInput(
            _("'%(reason)s' is not a reason; choose one of: %(known)s.")
            % {"reason": reason[:40], "known": _listed(Skip.Reason)}
        )
    standing = Skip.objects.filter(battle=battle).first()
    if standing is not None:
        return standing
    if not end_battle(battle.pk, Battle.Ending.SKIPPED):
        raise Conflict(
            _("This battle has ended already. Load the page again."), code="battle_ended"
        )
    publish("battle.skipped", battle_id=str(battle.pk))
    return Skip.objects.create(battle=battle, reason=reason)


@transaction.atomic
def report_battle(
    *,
    battle_id: uuid.UUID | str,
    voter: Voter | None,
    reason: str,
    position: int | None = None,
    text: str = "",
) -> Report:
    """Keep a report for the staff; the same output and reason again changes nothing.

    Raises NotFound for somebody else's battle, BadInput for an unknown reason or seat or a text
    that is too long, Conflict before anything was shown.
    """
    battle = own_battle(battle_id, voter)
    if battle.released_at is None:
        raise Conflict(_("There is nothing to report yet."), code="not_released")
    if reason not in Report.Reason.values:
        raise BadInput(
            _("'%(reason)s' is not a reason; choose one of: %(known)s.")
            % {"reason": reason[:40], "known": _listed(Report.Reason)}
        )
    if position is not None and not battle.seats.filter(position=position).exists():
        raise BadInput(_("This battle has no seat %(position)s.") % {"position": position})
    text = text.replace("\x00", "").strip()
    if len(text) > MAX_REPORT_CHARS:
        raise BadInput(
            _("That is %(n)s characters; up to %(most)s can be kept. Shorten it.")
            % {"n": len(text), "most": MAX_REPORT_CHARS}
        )
    return Report.objects.get_or_create(
        battle=battle, position=position, reason=reason, defaults={"text": text}
    )[0]


def _listed(reasons: type[Skip.Reason] | type[Report.Reason]) -> str:
    return ", ".join(reasons.values)
