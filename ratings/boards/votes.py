"""Every counted vote of a board as arrays: what fits need that tallies cannot give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from arena.arenas.models import Arena
from ratings.boards.selectors import labels_of, origins_of
from ratings.fitting.tallies import Outcome

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

ABSENT = -1  # no such seat, or a voter that an imported file does not name
ROWS_AT_ONCE = 20_000

# Ordered by the vote's key: equal votes give equal arrays, whatever the order of counting.
_VOTES = """
SELECT v.id, dense_rank() OVER (ORDER BY coalesce(l.person_id, v.voter_id)) - 1,
    v.voter_id IS NULL,
    (SELECT array_agg(s.revision_id ORDER BY s.position)
     FROM battles_seat s WHERE s.battle_id = b.id),
    {ranks}, b.p_draw, t.slices
FROM boards_talliedvote t
JOIN votes_vote v ON v.id = t.vote_id
JOIN battles_battle b ON b.id = v.battle_id
LEFT JOIN accounts_voterlink l ON l.voter_id = v.voter_id {outcomes}
WHERE b.arena_id = %s AND b.origin = ANY(%s) AND t.is_counted
ORDER BY v.id
"""
_VOTE = _VOTES.format(ranks="v.ranks, v.is_acceptable", outcomes="")
_DIMENSION = _VOTES.format(
    ranks="o.ranks, true",
    outcomes="""
JOIN votes_dimensionoutcome o ON o.vote_id = v.id
JOIN arenas_dimension d ON d.id = o.dimension_id AND d.key = ANY(t.dimensions) AND d.key = %s""",
)


@dataclass(frozen=True, eq=False)
class CountedVotes:
    """Votes as arrays, in the order of their keys.

    Attributes:
        names: sorted labels of everybody in a vote; models are numbered by place in it.
        seats: (n_votes, n_seats) models by seat, `ABSENT` where a battle had fewer.
        ranks: (n_votes, n_seats) 1 is best, equal is a tie, 0 where there is no seat.
        is_acceptable: (n_votes,)
        voter: (n_votes,) number of the person, all voters that an account ties together being
            one; `ABSENT` where an imported file names none.
        p_draw: (n_votes,) probability of this set of models, nan where it is not known.
        slices: slices of each vote.
        ids: (n_votes,) keys of the votes.
    """

    names: list[str]
    seats: IntArray
    ranks: IntArray
    is_acceptable: BoolArray
    voter: IntArray
    p_draw: FloatArray
    slices: list[list[str]]
    ids: list[object]

    @property
    def n_votes(self) -> int:
        """Number of votes."""
        return len(self.ids)

    def in_slice(self, key: str) -> BoolArray:
        """Say which votes belong to a slice, (n_votes,); all of them to the empty key."""
        return np.array([not key or key in slices for slices in self.slices], dtype=bool)


@dataclass(frozen=True, eq=False)
class PairwiseVotes:
    """Every pair that every vote ranks, (n_rows,) each."""

    vote: IntArray  # row of CountedVotes
    first: IntArray  # the earlier seat
    second: IntArray
    outcome: IntArray  # codes of Outcome


def counted_votes(arena: Arena, source: str, dimension: str = "") -> CountedVotes:
    """Read the votes that are in the tallies, or their outcomes by one dimension."""
    labels = labels_of(arena)
    query = _DIMENSION if dimension else _VOTE
    with connection.cursor() as cursor:
        cursor.execute(query, [*([dimension] if dimension else []), arena.pk, origins_of(source)])
        rows: list[tuple[object, ...]] = []
        while part := cursor.fetchmany(ROWS_AT_ONCE):
            rows.extend(part)
    ids, voters, unknown, revisions, ranks, acceptable, p_draw, slices = (
        zip(*rows, strict=True) if rows else ((),) * 8
    )
    present = sorted(
        {revision for battle in revisions for revision in battle}, key=lambda one: labels[one]
    )
    number = {revision: i for i, revision in enumerate(present)}
    numbered = [[number[revision] for revision in battle] for battle in revisions]
    return CountedVotes(
        names=[labels[revision] for revision in present],
        seats=_rectangle(numbered, ABSENT),
        ranks=_rectangle(ranks, 0),
        is_acceptable=np.array(acceptable, dtype=bool),
        voter=np.where(np.array(unknown, dtype=bool), ABSENT, np.array(voters, dtype=np.int64)),
        p_draw=np.array([np.nan if p is None else p for p in p_draw], dtype=float),
        slices=list(slices),
        ids=list(ids),
    )


def _rectangle(lists: Sequence[Sequence[int]], fill: int) -> IntArray:
    width = max(map(len, lists), default=2)
    table = np.full((len(lists), width), fill, dtype=np.int64)
    for row, values in zip(table, lists, strict=True):
        row[: len(values)] = values
    return table


def pairwise(votes: CountedVotes) -> PairwiseVotes:
    """Take a ranking apart into its pairs: a pair is one row, a list of k is k (k - 1) / 2."""
    parts = []
    for one, two in combinations(range(votes.seats.shape[1]), 2):
        row = np.flatnonzero((votes.seats[:, one] >= 0) & (votes.seats[:, two] >= 0))
        rank_one, rank_two = votes.ranks[row, one], votes.ranks[row, two]
        no_better = np.where(votes.is_acceptable[row], Outcome.TIE, Outcome.BOTH_BAD)
        better = np.where(rank_one < rank_two, Outcome.FIRST, Outcome.SECOND)
        outcome = np.where(rank_one == rank_two, no_better, better)
        parts.append((row, votes.seats[row, one], votes.seats[row, two], outcome))
    columns = (np.concatenate(column).astype(np.int64) for column in zip(*parts, strict=True))
    return PairwiseVotes(*columns)
