"""Count votes into tallies as they arrive, and count an arena anew."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import connection, transaction
from django.db.models.functions import Now
from redis.exceptions import RedisError

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.integrity.selectors import is_counted
from arena.prompts.slices import slices_of
from arena.votes.models import Vote
from ratings.boards.facts import facts_of, standing_votes_with_facts
from ratings.boards.models import ALL_VOTES, LEFT_OUT, TalliedVote, Tally
from ratings.boards.selectors import (
    COLUMNS,
    tallied_outcomes,
    tallied_votes,
    untallied_votes,
    votes_with_unheeded_verdicts,
    votes_with_untallied_details,
    withdrawn_tallied_votes,
)
from ratings.boards.slices import of_dimension

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
        slices, outcomes = slices_of(facts_of(vote)), _dimension_ranks(vote)
        tallied, is_new = TalliedVote.objects.get_or_create(
            vote=vote,
            defaults={
                "slices": slices,
                "dimensions": sorted(outcomes),
                "is_counted": is_counted(vote.pk),
            },
        )
        if not is_new:
            return False
        _change(vote, _rankings(vote, tallied), 1)
    announce_change(vote.battle.arena.slug)
    return True


def count_details(vote_id: str) -> bool:
    """Add the outcomes by dimension of a tallied vote; False when there is nothing to add.

    Those of a vote that is not tallied yet are counted with it.
    """
    with transaction.atomic():
        _lock_tallies("ROW EXCLUSIVE")
        vote = _locked(vote_id)
        tallied = TalliedVote.objects.filter(vote=vote).first()
        if tallied is None or hasattr(vote, "withdrawal"):
            return False
        known = set(tallied.dimensions)
        new = {key: ranks for key, ranks in _dimension_ranks(vote).items() if key not in known}
        if not new:
            return False
        tallied.dimensions = sorted(known | set(new))
        tallied.save(update_fields=["dimensions"])
        if tallied.is_counted:
            _change(vote, _asked(new), 1)
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
        _change(vote, _rankings(vote, tallied), -1)
    announce_change(vote.battle.arena.slug)
    return True


def count_verdict(vote_id: str) -> bool:
    """Move a tallied vote to where its newest verdict says; False when it is there.

    A vote that is not tallied yet goes there when it is.
    """
    with transaction.atomic():
        _lock_tallies("ROW EXCLUSIVE")
        vote = _locked(vote_id)
        tallied = TalliedVote.objects.filter(vote=vote).first()
        if tallied is None or tallied.is_counted == is_counted(vote.pk):
            return False
        _change(vote, _rankings(vote, tallied), -1)
        tallied.is_counted = not tallied.is_counted
        tallied.save(update_fields=["is_counted"])
        _change(vote, _rankings(vote, tallied), 1)
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


@dataclass(frozen=True)
class _Counted:
    """One ranking and the tallies that it goes into."""

    ranks: Sequence[int]
    is_acceptable: bool
    keys: Sequence[str]


def _rankings(vote: Vote, tallied: TalliedVote) -> list[_Counted]:
    """Return what a tallied vote put into the tallies, and where."""
    if not tallied.is_counted:
        return [_Counted(vote.ranks, vote.is_acceptable, (LEFT_OUT,))]
    asked = _dimension_ranks(vote)
    main = _Counted(vote.ranks, vote.is_acceptable, (ALL_VOTES, *tallied.slices))
    return [main, *_asked({key: asked[key] for key in tallied.dimensions})]


def _asked(ranks_by_dimension: Mapping[str, Sequence[int]]) -> list[_Counted]:
    return [
        _Counted(ranks, True, (of_dimension(key),)) for key, ranks in ranks_by_dimension.items()
    ]


def _dimension_ranks(vote: Vote) -> dict[str, list[int]]:
    return dict(vote.dimension_outcomes.values_list("dimension__key", "ranks"))


def _change(vote: Vote, rankings: Sequence[_Counted], by: int) -> None:
    battle = vote.battle
    revisions = list(battle.seats.values_list("revision_id", flat=True))
    changes: dict[Cell, list[int]] = {}
    for one in rankings:
        for low, high, column in pair_outcomes(
            revisions, one.ranks, is_acceptable=one.is_acceptable
        ):
            for key in one.keys:
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
    _look_again("votes_vote", "battles_battle", "battles_seat", "prompts_prompt")
    slices_by_vote = _slices_by_vote(arena)  # reading prompts takes longest: before any lock
    with transaction.atomic():
        _lock_tallies("SHARE ROW EXCLUSIVE")
        with connection.cursor() as cursor:
            cursor.execute(_FORGET_TALLIED, [arena.pk])
        # Mark first, then count the marked ones: a vote or withdrawal that comes in between is in
        # neither, and its own event counts it.
        _mark_tallied(arena, slices_by_vote)
        _look_again("boards_talliedvote", "votes_dimensionoutcome", "integrity_verdict")
        counts: dict[str, dict[Cell, list[int]]] = {
            origin: defaultdict(lambda: [0] * len(COLUMNS)) for origin in Battle.Origin.values
        }
        n_votes = 0
        for origin, revisions, ranks, is_acceptable, keys in tallied_votes(arena):
            n_votes += 1
            for low, high, column in pair_outcomes(revisions, ranks, is_acceptable=is_acceptable):
                for key in keys:
                    counts[origin][key, low, high][COLUMNS.index(column)] += 1
        for origin, revisions, ranks, dimension in tallied_outcomes(arena):
            for low, high, column in pair_outcomes(revisions, ranks, is_acceptable=True):
                key = of_dimension(dimension)
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


# Joined rather than asked for with IN, which PostgreSQL may evaluate anew for every row.
_FORGET_TALLIED = """
DELETE FROM boards_talliedvote t USING votes_vote v, battles_battle b
WHERE v.id = t.vote_id AND b.id = v.battle_id AND b.arena_id = %s
"""


def _look_again(*tables: str) -> None:
    """Let PostgreSQL look how large its tables are.

    After a large import, or within one transaction, it may still take them for empty and join
    thousands of rows by comparing each with each.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")


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
    with connection.cursor() as cursor:
        cursor.execute(_MARK_DIMENSIONS, [arena.pk])
        cursor.execute(_MARK_LEFT_OUT, [arena.pk])


_MARK_DIMENSIONS = """
UPDATE boards_talliedvote t SET dimensions = o.keys FROM (
    SELECT o.vote_id, array_agg(d.key ORDER BY d.key) AS keys
    FROM votes_dimensionoutcome o JOIN arenas_dimension d ON d.id = o.dimension_id
    WHERE d.arena_id = %s GROUP BY o.vote_id
) o WHERE t.vote_id = o.vote_id
"""


_MARK_LEFT_OUT = """
UPDATE boards_talliedvote t SET is_counted = false FROM (
    SELECT DISTINCT ON (n.vote_id) n.vote_id, n.status
    FROM integrity_verdict n JOIN votes_vote v ON v.id = n.vote_id
    JOIN battles_battle b ON b.id = v.battle_id
    WHERE b.arena_id = %s ORDER BY n.vote_id, n.id DESC
) n WHERE t.vote_id = n.vote_id AND n.status <> 'counted'
"""


def count_missed(arena: Arena) -> int:
    """Bring the tallies up to date with what was said of votes and whose events are not done yet.

    Returns how many there were. A few are counted one by one; for many the arena is counted anew.
    """
    missed = (
        untallied_votes,
        withdrawn_tallied_votes,
        votes_with_unheeded_verdicts,
        votes_with_untallied_details,
    )
    n_missed = sum(votes(arena).count() for votes in missed)
    if n_missed > MOST_ONE_BY_ONE:
        recount_arena(arena.pk)
        return n_missed
    for vote_id in list(withdrawn_tallied_votes(arena)):
        uncount_vote(str(vote_id))
    for vote_id in list(untallied_votes(arena)):
        count_vote(str(vote_id))
    for vote_id in list(votes_with_unheeded_verdicts(arena)):
        count_verdict(str(vote_id))
    for vote_id in list(votes_with_untallied_details(arena)):
        count_details(str(vote_id))
    return n_missed
