"""Questions about boards."""

from __future__ import annotations

import math
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet, Subquery

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.battles.selectors import competing_in
from arena.votes.models import DimensionOutcome, Vote
from models_registry.models import Revision
from ratings.boards.kept import Counts, kept_tallies
from ratings.boards.models import ALL_VOTES, EVERY_VOTE, LEFT_OUT, Analysis, TalliedVote, Tally
from ratings.boards.slices import arena_slices
from ratings.boards.table import Board, PairCounts, make_board, unambiguous
from ratings.fitting.tallies import PairTallies

ALL = "all"
SOURCES = (Battle.Origin.LIVE.value, Battle.Origin.IMPORTED.value, ALL)
COLUMNS = ("wins_low", "wins_high", "ties", "both_bad")
CHUNK = 5000  # votes in memory at a time while counting anew
MOST_BOARDS = 64  # fitted boards kept in one process
BATTLES_COUNTED_FOR_S = 60.0  # counting ten million takes about a second
IS_TALLIED = Exists(TalliedVote.objects.filter(vote=OuterRef("pk")))


def origins_of(source: str) -> list[str]:
    """Return the origins of the battles that a source takes."""
    return list(Battle.Origin.values) if source == ALL else [source]


# ── votes that are in the tallies, and votes that are not ───────────────────────────────────


def tallied_votes(arena: Arena) -> Iterator[tuple[str, list[int], list[int], bool, list[str]]]:
    """Yield (origin, revisions by seat, ranks, is acceptable, keys of its tallies) of each."""
    rows = (
        TalliedVote.objects.filter(vote__battle__arena=arena)
        .annotate(
            revisions=ArrayAgg(
                "vote__battle__seats__revision_id", order_by="vote__battle__seats__position"
            )
        )
        .values_list(
            "vote__battle__origin", "revisions", "vote__ranks", "vote__is_acceptable", "slices",
            "is_counted",
        )
        .iterator(chunk_size=CHUNK)
    )  # fmt: skip
    for origin, revisions, ranks, is_acceptable, slices, is_counted in rows:
        keys = [ALL_VOTES, *slices] if is_counted else [LEFT_OUT]
        yield origin, revisions, ranks, is_acceptable, keys


_OUTCOMES = """
SELECT b.origin,
    (SELECT array_agg(s.revision_id ORDER BY s.position)
     FROM battles_seat s WHERE s.battle_id = b.id),
    o.ranks, d.key
FROM boards_talliedvote t
JOIN votes_dimensionoutcome o ON o.vote_id = t.vote_id
JOIN arenas_dimension d ON d.id = o.dimension_id AND d.key = ANY(t.dimensions)
JOIN votes_vote v ON v.id = t.vote_id
JOIN battles_battle b ON b.id = v.battle_id
WHERE d.arena_id = %s AND t.is_counted
"""


def tallied_outcomes(arena: Arena) -> Iterator[tuple[str, list[int], list[int], str]]:
    """Yield (origin, revisions by seat, ranks, key) of each tallied outcome of a dimension."""
    with connection.cursor() as cursor:
        cursor.execute(_OUTCOMES, [arena.pk])
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


def untallied_votes(arena: Arena) -> QuerySet[Vote, uuid.UUID]:
    """Return the ids of the standing votes that are not in the tallies yet."""
    missed = Vote.objects.filter(~IS_TALLIED, battle__arena=arena, withdrawal__isnull=True)
    return missed.values_list("pk", flat=True)


def withdrawn_tallied_votes(arena: Arena) -> QuerySet[Vote, uuid.UUID]:
    """Return the ids of the withdrawn votes that are still in the tallies."""
    missed = Vote.objects.filter(IS_TALLIED, battle__arena=arena, withdrawal__isnull=False)
    return missed.values_list("pk", flat=True)


def votes_with_untallied_details(arena: Arena) -> QuerySet[Any, uuid.UUID]:
    """Return the ids of the tallied votes with an outcome of a dimension that is not tallied."""
    tallied = TalliedVote.objects.filter(vote=OuterRef("vote")).values("dimensions")
    missed = DimensionOutcome.objects.annotate(counted=Subquery(tallied)).filter(
        ~Q(counted__contains=Func(F("dimension__key"), template="ARRAY[%(expressions)s]")),
        dimension__arena=arena,
        counted__isnull=False,
        vote__withdrawal__isnull=True,
    )
    return missed.order_by().values_list("vote", flat=True).distinct()


_UNHEEDED = """
SELECT t.vote_id FROM (
    SELECT DISTINCT ON (n.vote_id) n.vote_id, n.status
    FROM integrity_verdict n JOIN votes_vote v ON v.id = n.vote_id
    JOIN battles_battle b ON b.id = v.battle_id
    WHERE b.arena_id = %s ORDER BY n.vote_id, n.id DESC
) n JOIN boards_talliedvote t ON t.vote_id = n.vote_id
WHERE t.is_counted <> (n.status = 'counted')
"""


def votes_with_unheeded_verdicts(arena: Arena) -> QuerySet[Vote, uuid.UUID]:
    """Return the ids of the tallied votes whose newest verdict the tallies do not follow yet."""
    with connection.cursor() as cursor:
        cursor.execute(_UNHEEDED, [arena.pk])
        keys = [row[0] for row in cursor.fetchall()]
    return Vote.objects.filter(pk__in=keys).values_list("pk", flat=True)


# ── counts ──────────────────────────────────────────────────────────────────────────────────


def labels_of(arena: Arena) -> dict[int, str]:
    """Return the label of every revision of the arena's modality by its key."""
    revisions = Revision.objects.filter(model__modality=arena.modality)
    slugs = revisions.values_list("pk", "model__slug", "number")
    return {key: f"{slug}@{number}" for key, slug, number in slugs}


def counts_of(arena: Arena, source: str, slice_key: str = ALL_VOTES) -> Counts:
    """Return the counts of an arena: live votes, imported ones, or all, in one slice.

    The key EVERY_VOTE stands for all votes, those that are held or excluded too.
    """
    keys = (ALL_VOTES, LEFT_OUT) if slice_key == EVERY_VOTE else (slice_key,)
    return kept_tallies(arena.pk, origins_of(source), keys)


def pair_tallies(
    arena: Arena, source: str, slice_key: str = ALL_VOTES
) -> tuple[list[str], PairTallies]:
    """Return the sorted labels of everybody with a vote, and the tallies over them."""
    return counts_of(arena, source, slice_key).tallies(labels_of(arena))


def pair_counts_around(vote: Vote, arena: Arena, source: str) -> tuple[list[PairCounts], bool]:
    """Return the tallies of an arena's counted votes, and whether this vote is in them."""
    # In one statement: between two, the vote may be counted.
    is_tallied = Exists(TalliedVote.objects.filter(vote=vote, is_counted=True))
    tallies = (
        Tally.objects.filter(arena=arena, slice=ALL_VOTES, origin__in=origins_of(source))
        .annotate(has_vote=is_tallied)
        .values_list(
            "low__model__slug", "low__number", "high__model__slug", "high__number", *COLUMNS,
            "has_vote",
        )
    )  # fmt: skip
    rows = list(tallies)
    counts = [
        PairCounts(f"{low}@{low_number}", f"{high}@{high_number}", *cells)
        for low, low_number, high, high_number, *cells, _ in rows
    ]
    return counts, any(row[-1] for row in rows)


# ── boards ──────────────────────────────────────────────────────────────────────────────────

_boards: OrderedDict[tuple[int, str, str], tuple[tuple[object, ...], Board]] = OrderedDict()
_lock = threading.Lock()
_n_battles: dict[tuple[int, str], tuple[float, int]] = {}  # when, by time.monotonic, and how many


def live_board(arena: Arena, source: str = Battle.Origin.LIVE, slice_key: str = ALL_VOTES) -> Board:
    """Return the board of an arena as it is now; fitted anew only when it has changed."""
    counts = counts_of(arena, source, slice_key)
    widening = widening_of(arena, source, slice_key)
    stamp = (counts.stamp, tuple(sorted(widening.items())))
    key = (arena.pk, source, slice_key)
    with _lock:
        known = _boards.get(key)
    is_settled = not connection.in_atomic_block  # what a transaction sees may never come true
    if known is not None and known[0] == stamp and is_settled:
        return known[1]
    board = make_board(*counts.tallies(labels_of(arena)), widening)
    if not is_settled:
        return board
    with _lock:
        _boards[key] = (stamp, board)
        _boards.move_to_end(key)
        while len(_boards) > MOST_BOARDS:
            _boards.popitem(last=False)
    return board


def analysis_of(arena: Arena, source: str) -> Analysis | None:
    """Return what the last pass over all votes found, if there was one."""
    return Analysis.objects.filter(arena=arena, source=source).first()


def widening_of(arena: Arena, source: str, slice_key: str = ALL_VOTES) -> Mapping[str, float]:
    """Return by how much each model's interval is stretched, as the last pass measured it.

    The pass is over the counted votes; the raw board takes its widening from there.
    """
    if slice_key == EVERY_VOTE:
        slice_key = ALL_VOTES
    found = (
        Analysis.objects.filter(arena=arena, source=source)
        .annotate(widening=F("findings__widening"))
        .values_list("widening", flat=True)
        .first()
    )
    return (found or {}).get(slice_key, {})


def default_source(arena: Arena) -> str:
    """Return live, unless an arena has imported votes only."""
    live, imported = (_slices_with_votes(arena, source, [ALL_VOTES]) for source in SOURCES[:2])
    return "imported" if imported and not live else "live"


def slices_with_votes(arena: Arena, source: str) -> list[str]:
    """Return the keys of the slices that have a vote."""
    return sorted(_slices_with_votes(arena, source, list(arena_slices(arena))))


# A slice whose votes were all withdrawn keeps its tallies, of nothing.
_SLICES_WITH_VOTES = """
SELECT key FROM unnest(%s::varchar[]) AS key WHERE EXISTS (
    SELECT 1 FROM boards_tally
    WHERE arena_id = %s AND origin = ANY(%s) AND slice = key
        AND wins_low + wins_high + ties + both_bad > 0
)
"""


def _slices_with_votes(arena: Arena, source: str, keys: list[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_SLICES_WITH_VOTES, [keys, arena.pk, origins_of(source)])
        return [key for (key,) in cursor.fetchall()]


class ModelFacts(NamedTuple):
    """What a board shows of a revision beside its rating."""

    name: str
    organisation: str
    homepage: str
    licence: str
    has_open_weights: bool
    description: str


def model_facts(arena: Arena, labels: Sequence[str] = ()) -> dict[str, ModelFacts]:
    """Return the facts of every revision of the arena's modality by its label.

    Where two of these labels share a name, such as two revisions of one model, it has the label
    behind it.
    """
    rows = Revision.objects.filter(model__modality=arena.modality).values_list(
        "model__slug", "number", "model__name", "model__organisation__name",
        "model__organisation__homepage", "model__licence", "model__has_open_weights",
        "model__description",
    )  # fmt: skip
    facts = {f"{row[0]}@{row[1]}": ModelFacts(*row[2:]) for row in rows}
    names = unambiguous(labels, {label: facts[label].name for label in labels})
    return facts | {label: facts[label]._replace(name=name) for label, name in names.items()}


def waiting_models(arena: Arena, rated: Collection[str]) -> list[str]:
    """Return the names of the competing models whose label is not among these."""
    return [one.model.name for one in competing_in(arena) if one.label not in rated]


def revisions_by_label(arena: Arena) -> dict[str, Revision]:
    """Return every revision of the arena's modality by its label."""
    revisions = Revision.objects.filter(model__modality=arena.modality)
    return {
        revision.label: revision for revision in revisions.select_related("model__organisation")
    }


def released_battles(arena: Arena, source: str) -> QuerySet[Battle]:
    """Return the battles of an arena whose outputs somebody saw."""
    seen = Q(origin=Battle.Origin.IMPORTED) | Q(released_at__isnull=False)
    return Battle.objects.filter(seen, arena=arena, origin__in=origins_of(source))


def n_released_battles(arena: Arena, source: str) -> int:
    """Return how many such battles there are; counted at most once a minute in a process."""
    if connection.in_atomic_block:
        return released_battles(arena, source).count()
    counted_at, n = _n_battles.get((arena.pk, source), (-math.inf, 0))
    if time.monotonic() - counted_at > BATTLES_COUNTED_FOR_S:
        n = released_battles(arena, source).count()
        _n_battles[arena.pk, source] = time.monotonic(), n
    return n
