"""The Bradley-Terry fit: from tallies to log-strengths with a robust covariance.

Model (Bradley & Terry 1952, Biometrika 39, doi:10.2307/2334029): model i beats j with probability
1 / (1 + exp(s_j - s_i)). A tie counts as half a win for each side, which keeps the estimating
equations of Hunter 2004 (Ann. Statist. 32(1), doi:10.1214/aos/1079120141) and makes the likelihood
a quasi-likelihood; the sandwich covariance (Huber 1967; White 1982, doi:10.2307/1912526) then
gives the right variance, where the inverse Fisher information would overstate it.

Prior: every model of a component with votes has `prior_ties` virtual ties with one virtual
opponent of that component (Turner et al. 2020, Comput. Statist. 35,
doi:10.1007/s00180-020-00959-3, where npseudo = prior_ties / 2). It keeps a model that never lost
finite, never links two components, and vanishes with prior_ties = 0.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import linalg  # type: ignore[import-untyped]

from ratings.fitting.arrays import BoolArray, FloatArray, IntArray
from ratings.fitting.comparison_graph import (
    connected_components,
    outside_the_main_group,
    strongly_connected_groups,
)
from ratings.fitting.errors import NoFiniteEstimate
from ratings.fitting.fit import Fit
from ratings.fitting.kernels import (
    centred,
    likelihood,
    mirror,
    points_table,
    robust_likelihood,
)
from ratings.fitting.newton import MAX_ITERATIONS, TOLERANCE, check_options, maximise
from ratings.fitting.tallies import PairTallies

# Virtual ties per model: enough to hold a model that never lost, worth a tenth of a vote.
PRIOR_TIES = 0.1
# Rows of a symmetric product computed at once: enough for BLAS to be at its speed.
_ROWS_PER_BLOCK = 100


@dataclass(frozen=True, eq=False)
class _Comparisons:
    """Rows of compared players: models, and the prior's virtual opponents after them."""

    n_players: int
    first: IntArray  # (n_rows,)
    second: IntArray  # (n_rows,)
    wins_first: FloatArray  # (n_rows,)
    wins_second: FloatArray  # (n_rows,)
    ties: FloatArray  # (n_rows,)

    @property
    def votes(self) -> FloatArray:
        """Votes of each row, (n_rows,)."""
        votes: FloatArray = self.wins_first + self.wins_second + self.ties
        return votes

    def per_player(self, of_first: FloatArray, of_second: FloatArray) -> FloatArray:
        """Sum a quantity of each row's two sides over the players, (n_players,)."""
        total = np.bincount(self.first, weights=of_first, minlength=self.n_players)
        total += np.bincount(self.second, weights=of_second, minlength=self.n_players)
        return total.astype(np.float64)


def fit_bradley_terry(
    tallies: PairTallies,
    *,
    prior_ties: float = PRIOR_TIES,
    both_bad: Literal["tie", "ignore"] = "tie",
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
) -> Fit:
    """Fit Bradley-Terry by Newton's method on the tallies; the cost does not grow with votes.

    Args:
        tallies: votes per pair.
        prior_ties: virtual ties of each model with its component's virtual opponent; 0 for the
            plain maximum likelihood.
        both_bad: "tie" counts such a vote as a tie, "ignore" as no vote at all.
        max_iterations: Newton steps allowed.
        tolerance: Newton decrement at which to stop, in standard errors.

    Raises:
        NoFiniteEstimate: prior_ties is 0 and the votes alone give no finite scores.
        DidNotConverge: max_iterations steps were not enough.
        ValueError: an argument out of range.
    """
    _check_options(prior_ties, both_bad)
    check_options(max_iterations, tolerance)
    real = _comparisons(tallies, both_bad)
    component = connected_components(real.n_players, real.first, real.second)
    n_votes = real.per_player(real.votes, real.votes)
    insufficient = _insufficient(real, component, n_votes)
    if prior_ties == 0:
        _refuse_infinite_scores(component, insufficient & (n_votes > 0))

    players = _with_virtual_opponents(real, component, n_votes, prior_ties)
    averaging = _averaging(component)
    strengths = _Strengths(players, averaging)
    maximum = maximise(
        strengths,
        np.zeros(players.n_players),
        max_iterations=max_iterations,
        tolerance=tolerance,
    )
    _, information = strengths.derivatives(maximum.estimates)
    fisher = _inverse(information, averaging)
    scores = maximum.estimates[: real.n_players]
    scores = scores - averaging @ scores
    meat = np.empty_like(fisher)
    log_likelihood = robust_likelihood(scores, strengths.table, meat)
    return Fit(
        scores=scores,
        parameters={},
        joint_covariance=_sandwich(fisher, meat),
        joint_fisher_covariance=fisher,
        component=component,
        n_votes=n_votes,
        insufficient=insufficient,
        log_likelihood=log_likelihood,
        iterations=maximum.iterations,
        residual=maximum.residual,
    )


def _comparisons(tallies: PairTallies, both_bad: str) -> _Comparisons:
    """Take the pairs that have votes under this reading of "both bad"."""
    if both_bad == "tie":
        voted: slice | IntArray = slice(None)  # tallies have no pair without votes
        ties = tallies.ties + tallies.both_bad
    else:
        voted = np.flatnonzero(tallies.wins_first + tallies.wins_second + tallies.ties)
        ties = tallies.ties[voted]
    return _Comparisons(
        n_players=tallies.n_models,
        first=tallies.first[voted],
        second=tallies.second[voted],
        wins_first=tallies.wins_first[voted],
        wins_second=tallies.wins_second[voted],
        ties=ties,
    )


def _insufficient(real: _Comparisons, component: IntArray, n_votes: FloatArray) -> BoolArray:
    """Tell which models the votes alone leave without a finite score, (n_models,)."""
    points_first, points_second = real.wins_first + real.ties, real.wins_second + real.ties
    group = strongly_connected_groups(
        real.n_players, real.first, real.second, points_first, points_second
    )
    insufficient: BoolArray = outside_the_main_group(component, group) | (n_votes == 0)
    return insufficient


def _refuse_infinite_scores(component: IntArray, is_infinite: BoolArray) -> None:
    """Raise for every component in which some model has no finite estimate."""
    if is_infinite.any():
        raise NoFiniteEstimate(np.flatnonzero(np.isin(component, component[is_infinite])))


def _with_virtual_opponents(
    real: _Comparisons, component: IntArray, n_votes: FloatArray, prior_ties: float
) -> _Comparisons:
    """Add one virtual player per component with votes, tied `prior_ties` times with each model."""
    if prior_ties == 0:
        return real
    models = np.flatnonzero(n_votes > 0)
    opponents, opponent = np.unique(component[models], return_inverse=True)
    none = np.zeros(models.size)
    return _Comparisons(
        n_players=real.n_players + opponents.size,
        first=np.concatenate([real.first, models]),
        second=np.concatenate([real.second, real.n_players + opponent]),
        wins_first=np.concatenate([real.wins_first, none]),
        wins_second=np.concatenate([real.wins_second, none]),
        ties=np.concatenate([real.ties, none + prior_ties]),
    )


class _Strengths:
    """The quasi-likelihood of the strengths of all players, the prior's ties among the rows.

    One pass over the pairs gives the log-likelihood with its derivatives, so those are kept until
    Newton's method asks for them. The information is written to the same memory each time.
    """

    def __init__(self, players: _Comparisons, averaging: FloatArray) -> None:
        """Lay out the rows; `averaging` is (n_models, n_models), see `_averaging`."""
        self.table: FloatArray = points_table(
            players.n_players,
            players.first,
            players.second,
            players.wins_first,
            players.wins_second,
            players.ties,
        )
        self._averaging = averaging
        self._information = np.zeros((players.n_players, players.n_players))
        self._gradient = np.zeros(players.n_players)
        self._kept_at: FloatArray | None = None

    def log_likelihood(self, estimates: FloatArray) -> float:
        """Log-likelihood at `estimates` (n_players,)."""
        self._kept_at = estimates
        return likelihood(estimates, self.table, self._gradient, self._information)

    def derivatives(self, estimates: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradient, whose entries are points less expected points, and anchored information.

        The information does not see a shift of all of a component. Adding a multiple of 1 1^T over
        its models makes it invertible and holds their sum, and changes nothing else. Only the lower
        triangle is set, and it is overwritten by the next call of either method.
        """
        if self._kept_at is not estimates:
            self.log_likelihood(estimates)
        self._kept_at = None  # the caller may factorise the information in place
        information = self._information
        n_models = len(self._averaging)
        curvature = np.trace(information) / max(n_models, 1) or 1.0  # keeps both alike in size
        information[:n_models, :n_models] += curvature * self._averaging
        return self._gradient, information.T


def _inverse(information: FloatArray, averaging: FloatArray) -> FloatArray:
    """Inverse information of the sum-zero scores, (n_models, n_models); overwrites its argument.

    Raises:
        LinAlgError: the information is singular.
    """
    if not information.size:
        return np.zeros((0, 0))
    factor, failure = linalg.lapack.dpotrf(information, lower=1, overwrite_a=1)
    lower, failed = linalg.lapack.dpotri(factor, lower=1, overwrite_c=1)
    if failure or failed:
        raise linalg.LinAlgError("the information at the estimates is singular")
    inverse: FloatArray = centred(lower.T, averaging)
    return inverse


def _fisher_covariance(
    players: _Comparisons, averaging: FloatArray, scores: FloatArray
) -> FloatArray:
    """Inverse information of the sum-zero scores at `scores` (n_players,), (n_models, n_models)."""
    _, information = _Strengths(players, averaging).derivatives(scores)
    return _inverse(information, averaging)


def _sandwich(bread: FloatArray, meat: FloatArray) -> FloatArray:
    """Covariance of the scores for any law of the votes, bread meat bread, (n_models, n_models).

    `meat` holds its upper triangle. Where models are separated by a wide margin that only a small
    prior bounds, bread is so large and meat so small that rounding can make a variance negative;
    such a variance becomes 0.
    """
    mirror(meat)
    half = bread @ meat
    covariance = np.empty_like(bread)
    for start in range(0, len(bread), _ROWS_PER_BLOCK):  # symmetric: half of it is enough
        rows = slice(start, start + _ROWS_PER_BLOCK)
        np.matmul(half[rows], bread[:, start:], out=covariance[rows, start:])
    mirror(covariance)
    np.fill_diagonal(covariance, np.maximum(np.diagonal(covariance), 0))
    return covariance


def _averaging(component: IntArray) -> FloatArray:
    """Matrix that replaces each value by the mean of its component, (n_models, n_models)."""
    same = component[:, None] == component[None, :]
    averaging: FloatArray = same / same.sum(axis=1, keepdims=True)
    return averaging


def _check_options(prior_ties: float, both_bad: str) -> None:
    """Refuse options that the fit cannot honour."""
    if not (np.isfinite(prior_ties) and prior_ties >= 0):
        raise ValueError(f"prior_ties is {prior_ties}; use a finite number of at least 0")
    if both_bad not in ("tie", "ignore"):
        raise ValueError(f"both_bad is {both_bad!r}; use 'tie' or 'ignore'")
