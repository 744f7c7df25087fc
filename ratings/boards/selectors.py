"""Questions about boards."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from arena.arenas.models import Arena
from arena.battles.models import Battle, Seat
from arena.votes.models import Vote
from models_registry.models import Revision
from ratings.boards.models import TalliedVote, Tally
from ratings.boards.table import Board, PairCounts, make_board

ALL = "all"
SOURCES = (Battle.Origin.LIVE.value, Battle.Origin.IMPORTED.value, ALL)
CHUNK = 5000  # votes in memory at a time while counting anew
IS_TALLIED = Exists(TalliedVote.objects.filter(vote=OuterRef("pk")))


def tallied_votes(arena: Arena) -> Iterator[tuple[str, list[int], list[int], bool]]:
    """Yield (origin, revisions by seat, ranks, is acceptable) of each vote in the tallies."""
    return (
        Vote.objects.filter(IS_TALLIED, battle__arena=arena)
        .annotate(
            revisions=ArrayAgg("battle__seats__revision_id", order_by="battle__seats__position")
        )
        .values_list("battle__origin", "revisions", "ranks", "is_acceptable")
        .iterator(chunk_size=CHUNK)
    )


def untallied_votes(arena: Arena) -> QuerySet[Vote, uuid.UUID]:
    """Return the ids of the standing votes that are not in the tallies yet."""
    missed = Vote.objects.filter(~IS_TALLIED, battle__arena=arena, withdrawal__isnull=True)
    return missed.values_list("pk", flat=True)


def withdrawn_tallied_votes(arena: Arena) -> QuerySet[Vote, uuid.UUID]:
    """Return the ids of the withdrawn votes that are still in the tallies."""
    missed = Vote.objects.filter(IS_TALLIED, battle__arena=arena, withdrawal__isnull=False)
    return missed.values_list("pk", flat=True)


def pair_counts(arena: Arena, source: str) -> list[PairCounts]:
    """Return the tallies of an arena: live votes, imported ones, or all."""
    return [_counts(tally) for tally in _tallies(arena, source)]


def pair_counts_around(vote: Vote, arena: Arena, source: str) -> tuple[list[PairCounts], bool]:
    """Return the tallies of an arena and whether this vote is in them."""
    # In one statement: between two, the vote may be counted.
    is_tallied = Exists(TalliedVote.objects.filter(vote=vote))
    tallies = list(_tallies(arena, source).annotate(has_vote=is_tallied))
    return [_counts(tally) for tally in tallies], any(tally.has_vote for tally in tallies)


def _tallies(arena: Arena, source: str) -> QuerySet[Tally]:
    tallies = Tally.objects.filter(arena=arena).select_related("low__model", "high__model")
    return tallies if source == ALL else tallies.filter(origin=source)


def _counts(tally: Tally) -> PairCounts:
    return PairCounts(
        tally.low.label,
        tally.high.label,
        tally.wins_low,
        tally.wins_high,
        tally.ties,
        tally.both_bad,
    )


def live_board(arena: Arena, source: str = Battle.Origin.LIVE) -> Board:
    """Return the board of an arena as it is now."""
    return make_board(pair_counts(arena, source))


def default_source(arena: Arena) -> str:
    """Return live, unless an arena has imported votes only."""
    origins = set(Tally.objects.filter(arena=arena).values_list("origin", flat=True))
    return "imported" if origins == {"imported"} else "live"


def revisions_by_label(arena: Arena) -> dict[str, Revision]:
    """Return every revision of the arena's modality by its label."""
    revisions = Revision.objects.filter(model__modality=arena.modality)
    return {
        revision.label: revision for revision in revisions.select_related("model__organisation")
    }


def released_battles(arena: Arena, source: str) -> QuerySet[Battle]:
    """Return the battles of an arena whose outputs somebody saw."""
    seen = Q(origin=Battle.Origin.IMPORTED) | Q(released_at__isnull=False)
    battles = Battle.objects.filter(seen, arena=arena)
    return battles if source == ALL else battles.filter(origin=source)


def battles_by_revision(arena: Arena, source: str) -> dict[int, int]:
    """Return how many such battles each revision has been in."""
    seats = Seat.objects.filter(battle__in=released_battles(arena, source))
    counts = seats.values("revision_id").annotate(n=Count("id")).order_by()
    return dict(counts.values_list("revision_id", "n"))
