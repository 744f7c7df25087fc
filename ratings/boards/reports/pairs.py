"""Who beats whom: chances from the ratings, and how often each two have met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ratings.boards.kept import Counts
from ratings.boards.table import Board, Row

ELO_SPREAD = 400.0  # points of lead that are odds of 10 to 1


@dataclass(frozen=True)
class PairRow:
    """One model against one other, seen from the first; counts are votes."""

    model: str
    opponent: str
    wins: int
    ties: int
    both_bad: int
    losses: int
    win_probability: float | None  # by the ratings; None where they cannot be compared

    @property
    def votes(self) -> int:
        """Votes between the two."""
        return self.wins + self.ties + self.both_bad + self.losses

    @property
    def share(self) -> float | None:
        """Wins with ties as half wins, as a share of the votes; None without votes."""
        return (self.wins + (self.ties + self.both_bad) / 2) / self.votes if self.votes else None


def win_probability(one: Row, other: Row) -> float | None:
    """Return the chance that `one` is preferred; None between groups and for provisional models."""
    if one.group != other.group or one.is_provisional or other.is_provisional:
        return None
    return float(1 / (1 + 10 ** ((other.rating - one.rating) / ELO_SPREAD)))


def win_probabilities(board: Board) -> list[list[float | None]]:
    """Return the chance that the model of a row beats that of a column, in the board's order."""
    return [
        [None if one is other else win_probability(one, other) for other in board.rows]
        for one in board.rows
    ]


def battle_counts(
    counts: Counts, labels: Mapping[int, str], models: Sequence[str]
) -> list[list[int]]:
    """Return the votes between each two of these models, in their order."""
    place = {labels[revision]: i for i, revision in enumerate(counts.revisions)}
    at = [place[model] for model in models]
    votes = counts.cells.sum(axis=2)
    both_ways: list[list[int]] = (votes + votes.T)[np.ix_(at, at)].tolist()
    return both_ways


def head_to_head(
    board: Board, counts: Counts, labels: Mapping[int, str], model: str
) -> list[PairRow]:
    """Return a model's record against everybody it met, in the board's order."""
    place = {labels[revision]: i for i, revision in enumerate(counts.revisions)}
    own, own_row = place[model], next(row for row in board.rows if row.model == model)
    as_low, as_high = counts.cells[own].tolist(), counts.cells[:, own].tolist()
    pairs = []
    for row in board.rows:
        if row.model == model:
            continue
        (won, lost, *even), (lost_too, won_too, *even_too) = (
            side[place[row.model]] for side in (as_low, as_high)
        )
        wins, losses = won + won_too, lost + lost_too
        ties, both_bad = (one + two for one, two in zip(even, even_too, strict=True))
        if wins + losses + ties + both_bad:
            chance = win_probability(own_row, row)
            pairs.append(PairRow(model, row.model, wins, ties, both_bad, losses, chance))
    return pairs
