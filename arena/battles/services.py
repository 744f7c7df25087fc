"""Open battles and end them."""

from __future__ import annotations

import random
import uuid

from django.db import transaction
from django.utils import timezone

from arena.accounts.models import Consent, Voter
from arena.accounts.services import current_consent
from arena.arenas.models import Arena
from arena.battles.models import Battle, Seat
from arena.battles.sampling import uniform
from arena.common.errors import NotAllowed, Unavailable
from arena.common.events import publish
from arena.prompts.services import submit_prompt
from models_registry.models import Revision

SEATS = 2  # pairs
_rng = random.SystemRandom()  # the draw must not be predictable by a voter


@transaction.atomic
def open_battle(*, arena: Arena, voter: Voter, consent: Consent | None, text: str) -> Battle:
    """Take a prompt and draw its contestants.

    Raises NotAllowed without the voter's consent to the current terms or in a closed arena,
    BadInput for an unusable prompt, Unavailable when fewer than two models compete.
    """
    if consent is None or consent != current_consent(voter):
        raise NotAllowed("Accept the terms before the first battle.", code="terms_not_accepted")
    if not arena.is_open:
        raise NotAllowed(f"The arena '{arena.name}' is closed. Choose another one.")
    prompt = submit_prompt(arena=arena, voter=voter, text=text)
    candidates = list(Revision.objects.competing(arena.modality))
    if len(candidates) < SEATS:
        raise Unavailable(
            f"The arena '{arena.name}' has {len(candidates)} of the {SEATS} models that a battle "
            "needs. Register models with `manage.py register_model`."
        )
    draw = uniform.draw_contestants(candidates, SEATS, _rng)
    battle = Battle.objects.create(
        arena=arena,
        prompt=prompt,
        voter=voter,
        consent=consent,
        sampler=uniform.NAME,
        sampler_version=uniform.VERSION,
        p_draw=draw.p_draw,
    )
    Seat.objects.bulk_create(
        Seat(battle=battle, position=position, revision=revision)
        for position, revision in enumerate(draw.seats)
    )
    publish("battle.opened", battle_id=str(battle.pk))
    return battle


def mark_released(battle_id: uuid.UUID | str) -> bool:
    """Keep that all outputs went to the voter; False when it was known or the battle has ended."""
    return bool(
        Battle.objects.filter(pk=battle_id, released_at__isnull=True, ending="").update(
            released_at=timezone.now()
        )
    )


def end_battle(battle_id: uuid.UUID | str, ending: str, *, void_reason: str = "") -> bool:
    """End a battle once; False when it had ended before."""
    return bool(
        Battle.objects.filter(pk=battle_id, ending="").update(
            ending=ending, ended_at=timezone.now(), void_reason=void_reason
        )
    )
