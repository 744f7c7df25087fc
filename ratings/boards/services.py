"""Publish snapshots and keep boards up to date."""

from __future__ import annotations

import json

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.common.hashing import sha256_hex
from arena.common.tasks import Skipped
from ratings.boards.counting import count_missed
from ratings.boards.models import Snapshot
from ratings.boards.selectors import live_board


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
