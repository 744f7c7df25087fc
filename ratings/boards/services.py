"""Publish snapshots and keep boards up to date."""

from __future__ import annotations

import json

import numpy as np

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.battles.services import store_sampler_state
from arena.common.hashing import sha256_hex
from arena.common.tasks import Skipped
from ratings.boards.analysis import analyse_if_due
from ratings.boards.counting import count_missed
from ratings.boards.models import Snapshot
from ratings.boards.selectors import (
    SOURCES,
    counts_of,
    labels_of,
    live_board,
    pair_tallies,
    slices_with_votes,
)
from ratings.fitting.bradley_terry import fit_bradley_terry


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


def tell_sampler(arena: Arena) -> None:
    """Give the arena's sampler what the live votes say, so that it can draw the next pairs."""
    counts, labels = counts_of(arena, Battle.Origin.LIVE), labels_of(arena)
    names, tallies = counts.tallies(labels)
    if not names:
        return
    revision = {label: key for key, label in labels.items()}
    fit = fit_bradley_terry(tallies)
    store_sampler_state(
        arena=arena,
        revisions=[revision[name] for name in names],
        scores=fit.scores,
        covariance=fit.covariance,
        standard_errors=np.where(fit.insufficient, np.inf, fit.standard_errors),
        votes=fit.n_votes,
        component=fit.component,
        battles_by_context={
            key: _votes_by_model(arena, key, names)
            for key in slices_with_votes(arena, Battle.Origin.LIVE)
            if key.startswith("script-")
        },
    )


def _votes_by_model(arena: Arena, slice_key: str, names: list[str]) -> np.ndarray:
    voted, tallies = pair_tallies(arena, Battle.Origin.LIVE, slice_key)
    votes = np.bincount(tallies.first, tallies.votes, minlength=len(voted))
    votes += np.bincount(tallies.second, tallies.votes, minlength=len(voted))
    of_name = dict(zip(voted, votes.tolist(), strict=True))
    return np.array([of_name.get(name, 0.0) for name in names])


def refresh_boards() -> str:
    """Count what was missed and publish a snapshot of every board that changed."""
    arenas = list(Arena.objects.all())
    n_missed = sum(count_missed(arena) for arena in arenas)
    for arena in arenas:
        tell_sampler(arena)
    published = [
        snapshot
        for arena in arenas
        for origin in Battle.Origin.values
        if (snapshot := publish_snapshot(arena, origin)) is not None
    ]
    if not published and not n_missed:
        raise Skipped("no board has changed")
    return f"votes counted late: {n_missed}, snapshots published: {len(published)}"


def examine_boards() -> str:
    """Go over all votes of each board that has changed since the last time."""
    n_examined = sum(
        analyse_if_due(arena, source) for arena in Arena.objects.all() for source in SOURCES
    )
    if not n_examined:
        raise Skipped("no board is due")
    return f"boards examined: {n_examined}"
