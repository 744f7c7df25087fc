"""Count votes into tallies as they arrive, count anew, publish snapshots."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import connection, transaction
from django.db.models import F, QuerySet
from redis.exceptions import RedisError

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.common.hashing import sha256_hex
from arena.common.tasks import Skipped
from arena.votes.models import Vote
from ratings.boards.models import Snapshot, TalliedVote, Tally
from ratings.boards.selectors import (
    live_board,
    tallied_votes,
    untallied_votes,
    withdrawn_tallied_votes,
)

MOST_ONE_BY_ONE = 200  # missed votes; about what takes as long as counting a small arena anew


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
        _, is_new = TalliedVote.objects.get_or_create(vote=vote)
        if not is_new:
            return False
        _change(vote, 1)
    _tell(vote)
    return True


def uncount_vote(vote_id: str) -> bool:
    """Take a withdrawn vote out of the tallies; False when it is not in them."""
    with transaction.atomic():
        _lock_tallies("ROW EXCLUSIVE")
        vote = _locked(vote_id)
        removed, _ = TalliedVote.objects.filter(vote=vote).delete()
        if not removed:
            return False
        _change(vote, -1)
    _tell(vote)
    return True


def _lock_tallies(mode: str) -> None:
    # Votes are counted one beside the other, but never while an arena is counted anew. Taken
    # before any row lock, so that the two cannot wait for each other.
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE boards_tally IN {mode} MODE")


def _locked(vote_id: str) -> Vote:
    Vote.objects.select_for_update().get(pk=vote_id)
    return Vote.objects.select_related("battle__arena", "withdrawal").get(pk=vote_id)


def _change(vote: Vote, by: int) -> None:
    battle = vote.battle
    revisions = list(battle.seats.values_list("revision_id", flat=True))
    for low, high, column in pair_outcomes(revisions, vote.ranks, is_acceptable=vote.is_acceptable):
        pair: dict[str, Any] = {
            "arena": battle.arena,
            "origin": battle.origin,
            "low_id": low,
            "high_id": high,
        }
        Tally.objects.get_or_create(**pair)
        Tally.objects.filter(**pair).update(**{column: F(column) + by})


def _tell(vote: Vote) -> None:
    announce_change(vote.battle.arena.slug)


def announce_change(slug: str) -> None:
    """Tell open board pages that there is something new; they also ask by themselves."""
    layer = get_channel_layer()
    try:
        async_to_sync(layer.group_send)(board_group(slug), {"type": "board.changed"})
    except (RedisError, OSError):
        return


def recount_arena(arena_id: int, import_id: int | None = None) -> int:
    """Count every standing vote of an arena anew; return how many there are."""
    with transaction.atomic():
        _lock_tallies("SHARE ROW EXCLUSIVE")
        arena = Arena.objects.get(pk=arena_id)
        TalliedVote.objects.filter(vote__battle__arena=arena).delete()
        # Mark first, then count the marked ones: a vote or withdrawal that comes in between is in
        # neither, and its own event counts it.
        _mark_tallied(Vote.objects.filter(battle__arena=arena, withdrawal__isnull=True))
        counts: Counter[tuple[str, int, int, str]] = Counter()
        n_votes = 0
        for origin, revisions, ranks, is_acceptable in tallied_votes(arena):
            n_votes += 1
            for outcome in pair_outcomes(revisions, ranks, is_acceptable=is_acceptable):
                counts[(origin, *outcome)] += 1
        Tally.objects.filter(arena=arena).delete()
        rows: dict[tuple[str, int, int], Tally] = {}
        for (origin, low, high, column), n in counts.items():
            row = rows.setdefault(
                (origin, low, high), Tally(arena=arena, origin=origin, low_id=low, high_id=high)
            )
            setattr(row, column, n)
        Tally.objects.bulk_create(rows.values(), batch_size=1000)
    announce_change(arena.slug)
    return n_votes


def _mark_tallied(standing: QuerySet[Vote]) -> None:
    query, parameters = standing.values_list("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO boards_talliedvote (vote_id) {query} ON CONFLICT DO NOTHING",
            parameters,
        )


def publish_snapshot(arena: Arena, origin: str) -> Snapshot | None:
    """Publish the board of an arena when it differs from the newest snapshot."""
    board = live_board(arena, origin).as_dict()
    if not board["rows"]:
        return None
    digest = sha256_hex(json.dumps(board, sort_keys=True))
    newest = Snapshot.objects.filter(arena=arena, origin=origin).order_by("-published_at").first()
    if newest is not None and newest.sha256 == digest:
        return None
    return Snapshot.objects.create(
        arena=arena, origin=origin, n_votes=board["n_votes"], sha256=digest, board=board
    )


def refresh_boards() -> str:
    """Count what was missed and publish a snapshot of every board that changed."""
    arenas = list(Arena.objects.all())
    n_missed = sum(count_missed(arena) for arena in arenas)
    published = [
        snapshot
        for arena in arenas
        for origin in Battle.Origin.values
        if (snapshot := publish_snapshot(arena, origin)) is not None
    ]
    if not published and not n_missed:
        raise Skipped("no board has changed")
    return f"votes counted late: {n_missed}, snapshots published: {len(published)}"


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
