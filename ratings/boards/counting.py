"""Count votes into tallies as they arrive, and count an arena anew."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import connection, transaction
from django.db.models.functions import Now
from redis.exceptions import RedisError

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.prompts.slices import slices_of
from arena.votes.models import Vote
from ratings.boards.facts import facts_of, standing_votes_with_facts
from ratings.boards.models import ALL_VOTES, TalliedVote, Tally
from ratings.boards.selectors import (
    COLUMNS,
    tallied_votes,
    untallied_votes,
    withdrawn_tallied_votes,
)

MOST_ONE_BY_ONE = 200  # missed votes; about what takes as long as counting a small arena anew
ROWS_AT_ONCE = 2000  # of tallies in one statement
Cell = tuple[str, int, int]  # slice, low revision, high revision


def board_group(slug: str) -> str:
    """Return the channel group that hears of a board's changes."""
    return f"board.{slug}"


def pair_outcomes(
    revisions: Sequence[int], ranks: Sequence[int], *, is_acceptable: bool
) -> list[tuple[int, int, str]]:
    """Return (low, high, column of the tally) for every pair that a vote ranks."""
    outcomes = []
    for (one, rank_one), (two, rank_two) in combinations(zip(revisions, ranks, strict=True), 2):
        low, high = sorted((one, two))
        if rank_one == rank_two:
            column = "ties" if is_acceptable else "both_bad"
        else:
            better = one if rank_one < rank_two else two
            column = "wins_low" if better == low else "wins_high"
        outcomes.append((low, high, column))
    return outcomes


def count_vote(vote_id: str) -> bool:
    """Add a vote to the tallies; False when it is there already or was withdrawn."""
    with transaction.atomic():
        _lock_tallies("ROW EXCLUSIVE")
        vote = _locked(vote_id)
        if hasattr(vote, "withdrawal"):
            return False
        slices = slices_of(facts_of(vote))
        _, is_new = TalliedVote.objects.get_or_create(vote=vote, defaults={"slices": slices})
        if not is_new:
            return False
        _change(vote, slices, 1)
    announce_change(vote.battle.arena.slug)
    return True


def uncount_vote(vote_id: str) -> bool:
    """Take a withdrawn vote out of the tallies; False when it is not in them."""
    with transaction.atomic():
        _lock_tallies("ROW EXCLUSIVE")
        vote = _locked(vote_id)
        tallied = TalliedVote.objects.filter(vote=vote).first()
        if tallied is None:
            return False
        tallied.delete()
        _change(vote, tallied.slices, -1)
    announce_change(vote.battle.arena.slug)
    return True


def _lock_tallies(mode: str) -> None:
    # Votes are counted one beside the other, but never while an arena is counted anew. Taken
    # before any row lock, so that the two cannot wait for each other.
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE boards_tally IN {mode} MODE")


def _locked(vote_id: str) -> Vote:
    Vote.objects.select_for_update().get(pk=vote_id)
    related = ("battle__arena", "battle__prompt", "source", "withdrawal")
    return Vote.objects.select_related(*related).get(pk=vote_id)


def _change(vote: Vote, slices: Sequence[str], by: int) -> None:
    battle = vote.battle
    revisions = list(battle.seats.values_list("revision_id", flat=True))
    changes: dict[Cell, list[int]] = {}
    for low, high, column in pair_outcomes(revisions, vote.ranks, is_acceptable=vote.is_acceptable):
        for key in (ALL_VOTES, *slices):
            changes[key, low, high] = [by * (column == name) for name in COLUMNS]
    _add_to_tallies(battle.arena_id, battle.origin, changes)


def _add_to_tallies(arena_id: int, origin: str, changes: dict[Cell, list[int]]) -> None:
    """Add to the cells, locked in one order, so that two votes never wait for each other."""
    cells = sorted(changes)
    where: dict[str, Any] = {"arena": arena_id, "origin": origin}
    for name, part in zip(("slices", "lows", "highs"), zip(*cells, strict=True), strict=True):
        where[name] = list(part)
    added = zip(*(changes[cell] for cell in cells), strict=True)
    added_by_column = {name: list(part) for name, part in zip(COLUMNS, added, strict=True)}
    with connection.cursor() as cursor:
        cursor.execute(_MAKE_CELLS, where)
        cursor.execute(_LOCK_CELLS, where)
        cursor.execute(_ADD_TO_CELLS, {**where, **added_by_column})


_MAKE_CELLS = """
INSERT INTO boards_tally
    (arena_id, origin, slice, low_id, high_id, wins_low, wins_high, ties, both_bad)
SELECT %(arena)s, %(origin)s, c.*, 0, 0, 0, 0
FROM unnest(%(slices)s::varchar[], %(lows)s::bigint[], %(highs)s::bigint[]) AS c
ON CONFLICT DO NOTHING
"""
_LOCK_CELLS = """
SELECT 1 FROM boards_tally t
JOIN unnest(%(slices)s::varchar[], %(lows)s::bigint[], %(highs)s::bigint[]) AS c(slice, low, high)
    ON t.arena_id = %(arena)s AND t.origin = %(origin)s
    AND t.slice = c.slice AND t.low_id = c.low AND t.high_id = c.high
ORDER BY t.slice, t.low_id, t.high_id FOR UPDATE OF t
"""
_ADD_TO_CELLS = """
UPDATE boards_tally t SET
    changed_at = statement_timestamp(),
    wins_low = t.wins_low + c.wins_low, wins_high = t.wins_high + c.wins_high,
    ties = t.ties + c.ties, both_bad = t.both_bad + c.both_bad
FROM unnest(
    %(slices)s::varchar[], %(lows)s::bigint[], %(highs)s::bigint[], %(wins_low)s::bigint[],
    %(wins_high)s::bigint[], %(ties)s::bigint[], %(both_bad)s::bigint[]
) AS c(slice, low, high, wins_low, wins_high, ties, both_bad)
WHERE t.arena_id = %(arena)s AND t.origin = %(origin)s
    AND t.slice = c.slice AND t.low_id = c.low AND t.high_id = c.high
"""


def announce_change(slug: str) -> None:
    """Tell open board pages that there is something new; they also ask by themselves."""
    layer = get_channel_layer()
    try:
        async_to_sync(layer.group_send)(board_group(slug), {"type": "board.changed"})
    except (RedisError, OSError):
        return


def recount_arena(arena_id: int, import_id: int | None = None) -> int:
    """Count every standing vote of an arena anew; return how many there are."""
    arena = Arena.objects.get(pk=arena_id)
    slices_by_vote = _slices_by_vote(arena)  # reading prompts takes longest: before any lock
    with transaction.atomic():
        _lock_tallies("SHARE ROW EXCLUSIVE")
        TalliedVote.objects.filter(vote__battle__arena=arena).delete()
        # Mark first, then count the marked ones: a vote or withdrawal that comes in between is in
        # neither, and its own event counts it.
        _mark_tallied(arena, slices_by_vote)
        counts: dict[str, dict[Cell, list[int]]] = {
            origin: defaultdict(lambda: [0] * len(COLUMNS)) for origin in Battle.Origin.values
        }
        n_votes = 0
        for origin, revisions, ranks, is_acceptable, slices in tallied_votes(arena):
            n_votes += 1
            for low, high, column in pair_outcomes(revisions, ranks, is_acceptable=is_acceptable):
                for key in (ALL_VOTES, *slices):
                    counts[origin][key, low, high][COLUMNS.index(column)] += 1
        # Set to nothing rather than deleted: whoever keeps tallies sees that they have changed.
        nothing = dict.fromkeys(COLUMNS, 0)
        Tally.objects.filter(arena=arena).update(**nothing, changed_at=Now())
        for origin, changes in counts.items():
            cells = sorted(changes)
            for start in range(0, len(cells), ROWS_AT_ONCE):
                part = {cell: changes[cell] for cell in cells[start : start + ROWS_AT_ONCE]}
                _add_to_tallies(arena.pk, origin, part)
    announce_change(arena.slug)
    return n_votes


def _slices_by_vote(arena: Arena) -> dict[uuid.UUID, tuple[str, ...]]:
    alike: dict[tuple[str, ...], tuple[str, ...]] = {}  # few sets of slices, many votes
    found = ((pk, tuple(slices_of(facts))) for pk, facts in standing_votes_with_facts(arena))
    return {pk: alike.setdefault(slices, slices) for pk, slices in found}


def _mark_tallied(arena: Arena, slices_by_vote: Mapping[uuid.UUID, tuple[str, ...]]) -> None:
    marks: list[TalliedVote] = []
    for vote_id, facts in standing_votes_with_facts(arena):
        slices = slices_by_vote.get(vote_id)
        if slices is None:  # came since
            slices = tuple(slices_of(facts))
        marks.append(TalliedVote(vote_id=vote_id, slices=list(slices)))
        if len(marks) == ROWS_AT_ONCE:
            TalliedVote.objects.bulk_create(marks, ignore_conflicts=True)
            marks = []
    TalliedVote.objects.bulk_create(marks, ignore_conflicts=True)


def count_missed(arena: Arena) -> int:
    """Bring the tallies up to date with the votes and withdrawals whose events are not done yet.

    Returns how many there were. A few are counted one by one; for many the arena is counted anew.
    """
    n_missed = untallied_votes(arena).count() + withdrawn_tallied_votes(arena).count()
    if n_missed > MOST_ONE_BY_ONE:
        recount_arena(arena.pk)
        return n_missed
    for vote_id in list(withdrawn_tallied_votes(arena)):
        uncount_vote(str(vote_id))
    for vote_id in list(untallied_votes(arena)):
        count_vote(str(vote_id))
    return n_missed
