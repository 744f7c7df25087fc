"""What one voter's votes say by themselves, beside the public board."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.postgres.aggregates import ArrayAgg

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.votes.selectors import standing_votes_of
from ratings.boards.counting import pair_outcomes
from ratings.boards.selectors import COLUMNS, labels_of, live_board
from ratings.boards.table import Board, PairCounts, Row, make_board, tallied

VOTES_AT_ONCE = 5000  # in memory


@dataclass(frozen=True)
class Agreement:
    """How many judged pairs the voter and the public board order alike."""

    n_alike: int
    n_pairs: int  # ordered by both
    n_left_out: int  # judged, but not ordered by one of them


@dataclass(frozen=True)
class OwnBoard:
    """The board of one voter's standing votes in one arena, and the public board."""

    arena: Arena
    board: Board
    public: Board
    agreement: Agreement

    @property
    def public_rows(self) -> dict[str, Row]:
        """The rows of the public board by label."""
        return {row.model: row for row in self.public.rows}


def own_boards(voter: Voter) -> list[OwnBoard]:
    """Return a board for each arena in which a vote of this voter stands, in the arenas' order."""
    counts = own_counts(voter)
    return [_own_board(arena, counts[arena.pk]) for arena in Arena.objects.filter(pk__in=counts)]


def own_counts(voter: Voter) -> dict[int, dict[tuple[int, int], list[int]]]:
    """Return by arena and pair (low, high) of revisions what the voter said, as `COLUMNS` count."""
    votes = (
        standing_votes_of(voter)
        .filter(battle__revealed_at__isnull=False)  # a board would name who is still anonymous
        .annotate(
            revisions=ArrayAgg("battle__seats__revision_id", order_by="battle__seats__position")
        )
        .values_list("battle__arena_id", "revisions", "ranks", "is_acceptable")
    )
    counts: dict[int, dict[tuple[int, int], list[int]]] = {}
    for arena_id, revisions, ranks, is_acceptable in votes.iterator(chunk_size=VOTES_AT_ONCE):
        pairs = counts.setdefault(arena_id, {})
        for low, high, column in pair_outcomes(revisions, ranks, is_acceptable=is_acceptable):
            pairs.setdefault((low, high), [0, 0, 0, 0])[COLUMNS.index(column)] += 1
    return counts


def _own_board(arena: Arena, counts: dict[tuple[int, int], list[int]]) -> OwnBoard:
    labels = labels_of(arena)
    pairs = [PairCounts(labels[low], labels[high], *said) for (low, high), said in counts.items()]
    public = live_board(arena, Battle.Origin.LIVE)
    # No widening: it is for the tastes of many people, and here is only one.
    return OwnBoard(arena, make_board(*tallied(pairs)), public, agreement(pairs, public))


def agreement(pairs: Iterable[PairCounts], public: Board) -> Agreement:
    """Count the judged pairs in which the voter's majority and the public ranks name one winner.

    A pair counts only where both have an order: the voter preferred one side more often, and the
    public board ranks both models, in one group and differently.
    """
    rows = {row.model: row for row in public.rows}
    n_alike = n_pairs = n_left_out = 0
    for pair in pairs:
        own = pair.wins_first - pair.wins_second
        other = _lead(rows.get(pair.first), rows.get(pair.second))
        if own and other:
            n_pairs += 1
            n_alike += (own > 0) == (other > 0)
        else:
            n_left_out += 1
    return Agreement(n_alike, n_pairs, n_left_out)


def _lead(first: Row | None, second: Row | None) -> int:
    """Return how many ranks the first stands above the second; 0 without an order."""
    if first is None or second is None or first.group != second.group:
        return 0
    if first.rank is None or second.rank is None:
        return 0
    return second.rank - first.rank
