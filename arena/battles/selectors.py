"""Questions about who meets next, and about the turns of a battle."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from django.utils import timezone

from arena.arenas.models import Arena
from arena.battles.models import Battle, SamplerState
from arena.battles.sampling.errors import BadState
from arena.battles.sampling.pairs import FloatArray
from arena.battles.sampling.samplers import Sampling, sampling
from arena.battles.sampling.state import State
from arena.battles.sampling.storage import from_bytes
from models_registry.models import Revision
from models_registry.services import abilities_of

logger = logging.getLogger(__name__)

# A state is rewritten with each refresh of the boards, every minute. One a day old means that the
# refresh has stopped; models added since would count as new for ever.
FRESH = datetime.timedelta(days=1)
REMEMBERED = 32  # sets of candidates and contexts of one state; 2 MB each at 400 models


@dataclass(frozen=True)
class _Known:
    """One state as this process has read it, and the probabilities made of it so far."""

    made_at: datetime.datetime | None
    state: State
    battles_by_context: dict[str, FloatArray] = field(default_factory=dict)
    index: dict[int, int] = field(default_factory=dict)  # of a revision in the arrays
    samplings: dict[tuple[str, tuple[int, ...], str], Sampling] = field(default_factory=dict)


_known: dict[int, _Known] = {}  # by arena; a process keeps the newest state of each


def pair_sampling(arena: Arena, revisions: Sequence[int], context: str = "") -> Sampling:
    """Return the probability of every pair of these revisions, as the arena's sampler sees it.

    Without a fresh state of the arena every model is new, and every pair is equally likely. The
    state is read when it has changed; otherwise the answer comes from this process's memory.

    Args:
        arena: whose sampler and state are used.
        revisions: ids of the revisions that compete now, in the order of the answer.
        context: of the prompt, such as its language; "" for none.
    """
    known = _newest(arena)
    key = (arena.sampler, tuple(revisions), context)
    made = known.samplings.get(key)
    if made is None:
        if len(known.samplings) >= REMEMBERED:
            known.samplings.clear()
        made = known.samplings[key] = _made(known, *key)
    return made


def _made(known: _Known, sampler: str, revisions: tuple[int, ...], context: str) -> Sampling:
    indices = [known.index.get(revision) for revision in revisions]
    battles = known.battles_by_context.get(context)
    if battles is not None:
        battles = np.array([0.0 if index is None else battles[index] for index in indices])
    return sampling(sampler, known.state.take(indices), battles_in_context=battles)


def _newest(arena: Arena) -> _Known:
    """Return the fresh state of the arena, one without models where there is none."""
    fresh = SamplerState.objects.filter(arena=arena, made_at__gt=timezone.now() - FRESH)
    made_at = fresh.values_list("made_at", flat=True).first()
    known = _known.get(arena.pk)
    if known is None or known.made_at != made_at:
        row = fresh.first() if made_at else None
        known = _known[arena.pk] = _read(row) if row else _Known(None, State(0))
    return known


def _read(row: SamplerState) -> _Known:
    try:
        state, battles_by_context = from_bytes(bytes(row.arrays))
    except BadState as error:  # a cache of another version: battles go on until the next refresh
        logger.warning("Sampler state of arena %s: %s", row.arena_id, error)
        return _Known(row.made_at, State(0))
    index = {revision: number for number, revision in enumerate(row.revisions)}
    return _Known(row.made_at, state, battles_by_context, index)


def competing_in(arena: Arena) -> list[Revision]:
    """Return the competing revisions that could meet in an arena, with their models.

    Where no prompt has a picture, models that need one do not play; where every prompt has one,
    neither do those that cannot look at it.
    """
    competing = Revision.objects.competing(arena.modality).select_related("model")
    if arena.takes_images == Arena.Images.NONE:
        return [one for one in competing if not abilities_of(one).needs_image]
    if arena.takes_images == Arena.Images.REQUIRED:
        return [one for one in competing if abilities_of(one).image_input]
    return list(competing)


def turns_before(battle: Battle) -> list[Battle]:
    """Return the turns before a battle, the oldest first; none for the first turn."""
    turns: list[Battle] = []
    at = battle
    while at.continues_id is not None:
        at = Battle.objects.select_related("arena", "prompt").get(pk=at.continues_id)
        turns.insert(0, at)
    return turns


def takes_follow_ups(battle: Battle) -> bool:
    """Say whether its models answer follow-ups, and turns are left."""
    if battle.arena.max_turns < 2:
        return False
    seats = battle.seats.select_related("revision__model")
    return (
        all(abilities_of(seat.revision).conversation for seat in seats)
        and len(turns_before(battle)) + 1 < battle.arena.max_turns
    )


def takes_pictures(battle: Battle) -> bool:
    """Say whether a follow-up of a battle may have pictures: the arena and its models take them."""
    seats = battle.seats.select_related("revision__model")
    return battle.arena.takes_images != Arena.Images.NONE and all(
        abilities_of(seat.revision).image_input for seat in seats
    )


def may_continue(battle: Battle) -> bool:
    """Say whether a follow-up may be sent now: all have answered, and nothing has ended it."""
    return not battle.ending and battle.released_at is not None and takes_follow_ups(battle)
