"""A board from counts: the same function for the live board and for one made from a release.

Plain Python over `ratings.fitting`; it sees names and counts only, so equal counts give equal
boards to the last digit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.elo import elo_half_width, to_elo
from ratings.fitting.fit import Fit
from ratings.fitting.intervals import (
    MarginalRanks,
    normal_interval,
    rank_interval_by_overlap,
)
from ratings.fitting.tallies import PairTallies

METHOD = "bradley-terry, ties as half wins, 95 % sandwich intervals"
METHOD_VERSION = 1
LEVEL = 0.95
FEW_VOTES = 30  # of a model: below, its interval is at least as wide as their number allows
ANYWHERE = 1e9  # log-strength beyond every other: an interval without ends, in finite numbers
DIGITS = 2  # of a rating in Elo units: a hundredth is far below any interval


@dataclass(frozen=True)
class PairCounts:
    """Votes between two contestants, named by `slug@revision`."""

    first: str
    second: str
    wins_first: int
    wins_second: int
    ties: int
    both_bad: int


@dataclass(frozen=True)
class Row:
    """One line of a board; ratings in Elo units around 1000.

    A provisional model, whose votes alone give no finite score, has no rank and stands last.
    """

    rank: int | None
    rank_low: int
    rank_high: int
    model: str
    rating: float
    low: float
    high: float
    votes: int
    group: int  # models are compared only within a group
    is_provisional: bool  # the votes alone give no finite score, or no interval


@dataclass(frozen=True)
class Board:
    """Rows in order of rank, group by group."""

    rows: list[Row] = field(default_factory=list)
    n_votes: int = 0
    n_groups: int = 0
    method: str = METHOD
    method_version: int = METHOD_VERSION

    def as_dict(self) -> dict[str, Any]:
        """Return the board as JSON-ready data."""
        return asdict(self)


def make_board(counts: Iterable[PairCounts]) -> Board:
    """Fit the counts; an empty board for no votes.

    Models in different components of the comparison graph are never joined: each component is a
    group with its own ranks.
    """
    pairs = [pair for pair in counts if _total(pair)]
    if not pairs:
        return Board()
    names = sorted({pair.first for pair in pairs} | {pair.second for pair in pairs})
    number = {name: index for index, name in enumerate(names)}
    tallies = PairTallies(
        len(names),
        np.array([number[pair.first] for pair in pairs]),
        np.array([number[pair.second] for pair in pairs]),
        np.array([pair.wins_first for pair in pairs], dtype=float),
        np.array([pair.wins_second for pair in pairs], dtype=float),
        np.array([pair.ties for pair in pairs], dtype=float),
        np.array([pair.both_bad for pair in pairs], dtype=float),
    )
    fit = fit_bradley_terry(tallies)
    scores, covariance, fisher = _around_settled_models(fit)
    rating = to_elo(scores)
    half = elo_half_width(covariance, LEVEL)
    # Votes that all say the same, such as one tie, show no spread: an interval without width
    # would claim certainty.
    is_provisional = fit.insufficient | (half < 10.0**-DIGITS)
    covariance = _careful_about_few_votes(covariance, fisher, fit.n_votes)
    half = elo_half_width(covariance, LEVEL)
    place = _rank_by_rating(np.where(is_provisional, -np.inf, rating), fit.component)
    ranks = _rank_intervals(scores, covariance, fit.component, is_provisional)
    rows = [
        Row(
            rank=None if is_provisional[i] else int(place[i]),
            rank_low=int(ranks.best[i]),
            rank_high=int(ranks.worst[i]),
            model=names[i],
            rating=round(float(rating[i]), DIGITS),
            low=round(float(rating[i] - half[i]), DIGITS),
            high=round(float(rating[i] + half[i]), DIGITS),
            votes=int(fit.n_votes[i]),
            group=int(fit.component[i]),
            is_provisional=bool(is_provisional[i]),
        )
        for i in range(len(names))
    ]
    rows.sort(key=lambda row: (row.group, row.is_provisional, -row.rating, row.model))
    return Board(
        rows=rows,
        n_votes=sum(_total(pair) for pair in pairs),
        n_groups=len({row.group for row in rows}),
    )


def _total(pair: PairCounts) -> int:
    return pair.wins_first + pair.wins_second + pair.ties + pair.both_bad


def _careful_about_few_votes(
    covariance: np.ndarray, fisher: np.ndarray, n_votes: np.ndarray
) -> np.ndarray:
    """Return the covariance with the wider of both variances for models with few votes.

    The sandwich learns its variance from the votes themselves: two votes that happen to agree
    with the fit, such as a tie, make it absurdly narrow. The inverse information knows how many
    votes there were, whatever they said.
    """
    careful = covariance.copy()
    wider = np.maximum(np.diagonal(covariance), np.diagonal(fisher))
    np.fill_diagonal(careful, np.where(n_votes < FEW_VOTES, wider, np.diagonal(covariance)))
    return careful


def _around_settled_models(fit: Fit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scores, sandwich and inverse information around each group's settled models.

    The mean of the settled models is at zero.

    Only differences of scores mean anything. Measured from a mean that holds a newcomer with two
    votes, every rating would jump when it comes and every interval would be as wide as its own.
    A group without a settled model keeps the mean of all its models.
    """
    n_models = fit.scores.size
    same_group = fit.component[:, None] == fit.component[None, :]
    settled = same_group & ~fit.insufficient[None, :]
    counted = np.where(settled.any(axis=1, keepdims=True), settled, same_group)
    differences = np.eye(n_models) - counted / counted.sum(axis=1, keepdims=True)
    covariance = differences @ fit.covariance @ differences.T
    fisher = differences @ fit.fisher_covariance @ differences.T
    for matrix in (covariance, fisher):
        np.fill_diagonal(matrix, np.maximum(np.diagonal(matrix), 0))  # 0 may round below it
    return differences @ fit.scores, covariance, fisher


def _rank_intervals(
    scores: np.ndarray, covariance: np.ndarray, component: np.ndarray, is_provisional: np.ndarray
) -> MarginalRanks:
    """Return the ranks that the intervals leave open.

    A provisional model has no interval of its own: any rank of its group is open to it, and it
    bounds nobody.
    """
    low, high = normal_interval(scores, covariance, LEVEL)
    return rank_interval_by_overlap(
        np.where(is_provisional, -ANYWHERE, low),
        np.where(is_provisional, ANYWHERE, high),
        component,
    )


def _rank_by_rating(rating: np.ndarray, component: np.ndarray) -> np.ndarray:
    shown = np.round(rating, DIGITS)
    above = shown[None, :] > shown[:, None]
    same_group = component[None, :] == component[:, None]
    ranks: np.ndarray = 1 + (above & same_group).sum(axis=1)
    return ranks


def board_text(board: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return a board as a plain table, one line a model."""
    if not board["rows"]:
        return "No votes yet."
    shown = _unambiguous([row["model"] for row in board["rows"]], names)
    lines = [f"{'rank':>9}  {'rating':>8}  {'95 % interval':>19}  {'votes':>7}  model"]
    for row in board["rows"]:
        span = f"{row['rank'] or '–'} ({row['rank_low']}–{row['rank_high']})"
        interval = f"{row['low']:.2f} … {row['high']:.2f}"
        if row["is_provisional"]:
            interval = "too few votes"
        label = shown[row["model"]]
        lines.append(
            f"{span:>9}  {row['rating']:>8.2f}  {interval:>19}  {row['votes']:>7}  {label}"
        )
    lines.append(f"{board['n_votes']} votes; {board['method']}")
    if board["n_groups"] > 1:
        lines.append(
            f"{board['n_groups']} groups of models never met each other: "
            "ranks hold within a group only."
        )
    return "\n".join(lines)


def _unambiguous(labels: list[str], names: Mapping[str, str]) -> dict[str, str]:
    """Return each label's name, with the label behind it where two models share a name."""
    uses = Counter(names.get(label, label) for label in labels)
    return {
        label: name if uses[name := names.get(label, label)] == 1 else f"{name} ({label})"
        for label in labels
    }
