"""One model: where it is strong and weak, and its latest votes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from arena.arenas.models import Arena
from arena.battles.models import Seat
from arena.prompts.slices import Slice
from models_registry.models import Revision
from ratings.boards.charts.record import Outcome
from ratings.boards.selectors import live_board, origins_of, slices_with_votes
from ratings.boards.slices import arena_slices

LATEST = 30  # votes in the record


@dataclass(frozen=True)
class SliceRating:
    """A model's rating in a slice, less its rating in all votes; Elo points."""

    slice: Slice
    difference: float
    low: float
    high: float
    rank: int | None
    votes: int


@dataclass(frozen=True)
class LatestVote:
    """One vote on a battle of the model; `result` is win, tie, both_bad or loss."""

    at: datetime
    opponents: list[str]
    result: Outcome


def ratings_by_slice(arena: Arena, source: str, model: str) -> list[SliceRating]:
    """Return the model's ratings in every slice in which it has an interval.

    Ratings of a slice are around the middle of the models in it. The interval is that of the
    slice's rating alone: it is wider than the one of the difference, which shares votes.
    """
    overall = {row.model: row for row in live_board(arena, source).rows}
    if model not in overall or overall[model].is_provisional:
        return []
    own, found = overall[model].rating, []
    voted = set(slices_with_votes(arena, source))
    known = arena_slices(arena)
    for key in (key for key in known if key in voted):
        row = next((row for row in live_board(arena, source, key).rows if row.model == model), None)
        if row is not None and not row.is_provisional:
            found.append(
                SliceRating(
                    known[key], row.rating - own, row.low - own, row.high - own, row.rank,
                    row.votes,
                )
            )  # fmt: skip
    return found


def latest_votes(arena: Arena, source: str, revision: Revision) -> list[LatestVote]:
    """Return the newest standing votes on battles of this revision, newest first."""
    seats = (
        Seat.objects.filter(
            revision=revision,
            battle__arena=arena,
            battle__origin__in=origins_of(source),
            battle__vote__isnull=False,
            battle__vote__withdrawal__isnull=True,
        )
        .select_related("battle__vote")
        .prefetch_related("battle__seats__revision__model")
        .order_by("-battle__vote__cast_at", "-pk")[:LATEST]
    )
    return [_latest(seat) for seat in seats]


def _latest(seat: Seat) -> LatestVote:
    vote = seat.battle.vote
    own = vote.ranks[seat.position]
    others = [rank for i, rank in enumerate(vote.ranks) if i != seat.position]
    result: Outcome
    if own < min(others):
        result = "win"
    elif own > min(others):
        result = "loss"
    else:
        result = "tie" if vote.is_acceptable else "both_bad"
    names = [
        other.revision.model.name
        for other in seat.battle.seats.all()
        if other.position != seat.position
    ]
    return LatestVote(vote.cast_at, names, result)
