"""A board from counts: the same function for the live board and for one made from a release.

Plain Python over `ratings.fitting`; it sees names and counts only, so equal counts give equal
boards to the last digit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.elo import ELO_PER_LOG_STRENGTH, to_elo
from ratings.fitting.fit import Fit
from ratings.fitting.intervals import half_width, rank_interval_by_overlap
from ratings.fitting.tallies import PairTallies

METHOD = "bradley-terry, ties as half wins, 95 % sandwich intervals widened for repeat voters"
METHOD_VERSION = 1
LEVEL = 0.95
# Of a model: below, its interval is at least as wide as the inverse information. The sandwich
# learns its variance from the votes themselves: two that happen to agree with the fit, such as a
# tie, make it absurdly narrow, while the information knows how many there were.
FEW_VOTES = 30
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
    """Rows in order of rank, group by group.

    `widening` is what the measured intervals were stretched by, by model: see `make_board`.
    """

    rows: list[Row] = field(default_factory=list)
    n_votes: int = 0
    n_groups: int = 0
    iterations: int = 0
    residual: float = 0.0  # standard errors left at the last Newton step
    widening: dict[str, float] = field(default_factory=dict)
    method: str = METHOD
    method_version: int = METHOD_VERSION

    def as_dict(self) -> dict[str, Any]:
        """Return the board as JSON-ready data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the board that `as_dict` gave."""
        return cls(**{**data, "rows": [Row(**row) for row in data["rows"]]})


def tallied(counts: Iterable[PairCounts]) -> tuple[list[str], PairTallies]:
    """Return the sorted names of everybody with a vote, and the tallies over them."""
    pairs = [pair for pair in counts if _total(pair)]
    names = sorted({pair.first for pair in pairs} | {pair.second for pair in pairs})
    number = {name: index for index, name in enumerate(names)}
    return names, PairTallies(
        len(names),
        np.array([number[pair.first] for pair in pairs], dtype=np.int64),
        np.array([number[pair.second] for pair in pairs], dtype=np.int64),
        np.array([pair.wins_first for pair in pairs], dtype=float),
        np.array([pair.wins_second for pair in pairs], dtype=float),
        np.array([pair.ties for pair in pairs], dtype=float),
        np.array([pair.both_bad for pair in pairs], dtype=float),
    )


def make_board(
    names: Sequence[str],
    tallies: PairTallies,
    widening: Mapping[str, float] = MappingProxyType({}),
) -> Board:
    """Fit the tallies and rank the models; an empty board for no votes.

    Models in different components of the comparison graph are never joined: each component is a
    group with its own ranks.

    Args:
        names: sorted, of the models of the tallies, each with a vote.
        tallies: votes between them.
        widening: by model, by how much its interval for independent votes must be stretched
            because people cast many votes and have tastes; 1 for a model that is not named.
    """
    if not names:
        return Board()
    fit = fit_bradley_terry(tallies)
    stretch = np.array([widening.get(name, 1.0) for name in names])
    used = {name: widening[name] for name in names if name in widening}
    return _board(names, fit, stretch, n_votes=int(tallies.votes.sum()), widening=used)


def board_of_fit(names: Sequence[str], fit: Fit, *, n_votes: int, method: str) -> Board:
    """Return any fit as a board, with the intervals of its own covariance."""
    return _board(names, fit, np.ones(len(names)), n_votes=n_votes, widening={}, method=method)


def _board(
    names: Sequence[str],
    fit: Fit,
    stretch: np.ndarray,
    *,
    n_votes: int,
    widening: dict[str, float],
    method: str = METHOD,
) -> Board:
    scores, variance, fisher = _around_settled_models(fit)
    half = half_width(np.diag(variance), LEVEL)
    # Votes that all say the same, such as one tie, show no spread: an interval without width
    # would claim certainty.
    is_provisional = fit.insufficient | (ELO_PER_LOG_STRENGTH * half < 10.0**-DIGITS)
    half = half * stretch
    of_number = half_width(np.diag(fisher), LEVEL)
    half = np.where(fit.n_votes < FEW_VOTES, np.maximum(half, of_number), half)
    rating, elo_half = to_elo(scores), ELO_PER_LOG_STRENGTH * half
    place = _rank_by_rating(np.where(is_provisional, -np.inf, rating), fit.component)
    # A provisional model has no interval of its own: any rank of its group is open to it, and it
    # bounds nobody.
    ranks = rank_interval_by_overlap(
        np.where(is_provisional, -ANYWHERE, scores - half),
        np.where(is_provisional, ANYWHERE, scores + half),
        fit.component,
    )
    rows = [
        Row(
            rank=None if is_provisional[i] else int(place[i]),
            rank_low=int(ranks.best[i]),
            rank_high=int(ranks.worst[i]),
            model=names[i],
            rating=round(float(rating[i]), DIGITS),
            low=round(float(rating[i] - elo_half[i]), DIGITS),
            high=round(float(rating[i] + elo_half[i]), DIGITS),
            votes=round(float(fit.n_votes[i])),
            group=int(fit.component[i]),
            is_provisional=bool(is_provisional[i]),
        )
        for i in range(len(names))
    ]
    rows.sort(key=lambda row: (row.group, row.is_provisional, -row.rating, row.model))
    return Board(
        rows=rows,
        n_votes=n_votes,
        n_groups=len({row.group for row in rows}),
        iterations=fit.iterations,
        residual=fit.residual,
        widening=widening,
        method=method,
    )


def _total(pair: PairCounts) -> int:
    return pair.wins_first + pair.wins_second + pair.ties + pair.both_bad


def _around_settled_models(fit: Fit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scores and their variances by sandwich and by inverse information, (n_models,) each.

    All are around the mean of each group's settled models.

    Only differences of scores mean anything. Measured from a mean that holds a newcomer with two
    votes, every rating would jump when it comes and every interval would be as wide as its own.
    A group without a settled model keeps the mean of all its models.
    """
    scores = fit.scores.copy()
    variance, fisher = np.zeros(scores.size), np.zeros(scores.size)
    for group in np.unique(fit.component):
        in_group = fit.component == group
        settled = in_group & ~fit.insufficient
        counted = settled if settled.any() else in_group
        weights = counted / np.count_nonzero(counted)
        scores[in_group] -= fit.scores @ weights
        variance[in_group] = _variance_around(weights, fit.covariance)[in_group]
        fisher[in_group] = _variance_around(weights, fit.fisher_covariance)[in_group]
    return scores, variance, fisher


def _variance_around(weights: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return the variance of each score less the weighted mean of all, (n_models,)."""
    with_mean, of_mean = covariance @ weights, weights @ covariance @ weights
    variance: np.ndarray = np.diagonal(covariance) - 2 * with_mean + of_mean
    return np.maximum(variance, 0)  # 0 may round below it


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
    shown = unambiguous([row["model"] for row in board["rows"]], names)
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


def unambiguous(labels: Sequence[str], names: Mapping[str, str]) -> dict[str, str]:
    """Return each label's name, with the label behind it where two models share a name."""
    uses = Counter(names.get(label, label) for label in labels)
    return {
        label: name if uses[name := names.get(label, label)] == 1 else f"{name} ({label})"
        for label in labels
    }
