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
from numpy.typing import NDArray
from scipy import linalg  # type: ignore[import-untyped]

from ratings.fitting.comparison_graph import (
    connected_components,
    outside_the_main_group,
    pair_laplacian,
    strongly_connected_groups,
)
from ratings.fitting.errors import NoFiniteEstimate
from ratings.fitting.fit import Fit
from ratings.fitting.newton import MAX_ITERATIONS, TOLERANCE, check_options, maximise
from ratings.fitting.tallies import PairTallies

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

# Virtual ties per model: enough to hold a model that never lost, worth a tenth of a vote.
PRIOR_TIES = 0.1


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
    def points_first(self) -> FloatArray:
        """Wins of the first with ties as half wins, (n_rows,)."""
        points: FloatArray = self.wins_first + self.ties / 2
        return points

    @property
    def points_second(self) -> FloatArray:
        """Wins of the second with ties as half wins, (n_rows,)."""
        points: FloatArray = self.wins_second + self.ties / 2
        return points

    @property
    def votes(self) -> FloatArray:
        """Votes of each row, (n_rows,)."""
        votes: FloatArray = self.wins_first + self.wins_second + self.ties
        return votes

    def win_probabilities(self, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Probability that the first wins and that the second does, (n_rows,) each.

        Both come from exp(-|gap|), which cannot overflow, as 1 - p would lose the digits of a
        small probability.
        """
        gap = scores[self.first] - scores[self.second]
        odds = np.exp(-np.abs(gap))  # of the weaker side
        stronger = 1 / (1 + odds)
        weaker = odds * stronger
        return np.where(gap >= 0, stronger, weaker), np.where(gap >= 0, weaker, stronger)

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
    maximum = maximise(
        _Strengths(players, averaging),
        np.zeros(players.n_players),
        max_iterations=max_iterations,
        tolerance=tolerance,
    )
    scores = _centred(maximum.estimates[: real.n_players], averaging)
    fisher = _fisher_covariance(players, averaging, maximum.estimates)
    return Fit(
        scores=scores,
        parameters={},
        joint_covariance=_sandwich(fisher, _meat(real, scores)),
        joint_fisher_covariance=fisher,
        component=component,
        n_votes=n_votes,
        insufficient=insufficient,
        log_likelihood=_log_likelihood(real, scores),
        iterations=maximum.iterations,
        residual=maximum.residual,
    )


def _comparisons(tallies: PairTallies, both_bad: str) -> _Comparisons:
    """Take the pairs that have votes under this reading of "both bad"."""
    ties = tallies.ties + tallies.both_bad if both_bad == "tie" else tallies.ties
    voted = (tallies.wins_first + tallies.wins_second + ties) > 0
    return _Comparisons(
        n_players=tallies.n_models,
        first=tallies.first[voted],
        second=tallies.second[voted],
        wins_first=tallies.wins_first[voted],
        wins_second=tallies.wins_second[voted],
        ties=ties[voted],
    )


def _insufficient(real: _Comparisons, component: IntArray, n_votes: FloatArray) -> BoolArray:
    """Tell which models the votes alone leave without a finite score, (n_models,)."""
    group = strongly_connected_groups(
        real.n_players, real.first, real.second, real.points_first, real.points_second
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
    models = np.flatnonzero(n_votes > 0) if prior_ties > 0 else np.zeros(0, dtype=np.int64)
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


@dataclass(frozen=True, eq=False)
class _Strengths:
    """The quasi-likelihood of the strengths of all players."""

    players: _Comparisons
    averaging: FloatArray  # (n_models, n_models)

    def log_likelihood(self, estimates: FloatArray) -> float:
        """Log-likelihood at `estimates` (n_players,), the prior's ties among the rows."""
        return _log_likelihood(self.players, estimates)

    def derivatives(self, estimates: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradient, whose entries are wins less expected wins, and anchored information."""
        players = self.players
        p_first, p_second = players.win_probabilities(estimates)
        surplus = players.points_first * p_second - players.points_second * p_first
        gradient = players.per_player(surplus, -surplus)
        return gradient, _anchored_information(players, self.averaging, p_first * p_second)


def _log_likelihood(players: _Comparisons, scores: FloatArray) -> float:
    """Sum wins * log p over rows: -log p is log(1 + exp(-|gap|)), and |gap| more for an upset."""
    gap = scores[players.first] - scores[players.second]
    of_upsets = np.where(gap >= 0, players.points_second, players.points_first) * np.abs(gap)
    loss = of_upsets + players.votes * np.log1p(np.exp(-np.abs(gap)))
    return -float(loss.sum())


def _anchored_information(
    players: _Comparisons, averaging: FloatArray, variance: FloatArray
) -> FloatArray:
    """Fisher information with the sum-zero anchor of each component, (n_players, n_players).

    `variance` is p (1 - p) of each row. The information does not see a shift of all of a
    component. Adding a multiple of 1 1^T over its models makes it invertible and holds their sum,
    and changes nothing else.
    """
    weight = players.votes * variance
    information = pair_laplacian(players.n_players, players.first, players.second, weight)
    n_models = len(averaging)
    curvature = np.trace(information) / max(n_models, 1) or 1.0  # keeps both terms alike in size
    information[:n_models, :n_models] += curvature * averaging
    return information


def _fisher_covariance(
    players: _Comparisons, averaging: FloatArray, scores: FloatArray
) -> FloatArray:
    """Inverse information of the sum-zero scores, (n_models, n_models)."""
    n_models = len(averaging)
    p_first, p_second = players.win_probabilities(scores)
    factor = linalg.cho_factor(_anchored_information(players, averaging, p_first * p_second))
    inverse = linalg.cho_solve(factor, np.eye(players.n_players))[:n_models, :n_models]
    return _symmetric(_centred(_centred(inverse, averaging).T, averaging))


def _meat(real: _Comparisons, scores: FloatArray) -> FloatArray:
    """Sum over votes of residual^2 (e_i - e_j)(e_i - e_j)^T, (n_models, n_models).

    All votes of a pair with one outcome share a residual: 1 - p, -p or 1/2 - p (White 1982).
    """
    p_first, p_second = real.win_probabilities(scores)
    of_wins = real.wins_first * p_second**2 + real.wins_second * p_first**2
    of_ties = real.ties * (0.5 - p_first) ** 2
    return pair_laplacian(real.n_players, real.first, real.second, of_wins + of_ties)


def _sandwich(bread: FloatArray, meat: FloatArray) -> FloatArray:
    """Covariance of the scores for any law of the votes, bread meat bread, (n_models, n_models).

    Where models are separated by a wide margin that only a small prior bounds, bread is so large
    and meat so small that rounding can make a variance negative; such a variance becomes 0.
    """
    covariance = _symmetric(bread @ meat @ bread)
    np.fill_diagonal(covariance, np.maximum(np.diagonal(covariance), 0))
    return covariance


def _averaging(component: IntArray) -> FloatArray:
    """Matrix that replaces each value by the mean of its component, (n_models, n_models)."""
    same = component[:, None] == component[None, :]
    averaging: FloatArray = same / same.sum(axis=1, keepdims=True)
    return averaging


def _centred(values: FloatArray, averaging: FloatArray) -> FloatArray:
    """Subtract the component's mean along the first axis, (n_models, ...)."""
    centred: FloatArray = values - averaging @ values
    return centred


def _symmetric(matrix: FloatArray) -> FloatArray:
    """Remove the rounding that makes a product asymmetric, (n, n)."""
    symmetric: FloatArray = (matrix + matrix.T) / 2
    return symmetric


def _check_options(prior_ties: float, both_bad: str) -> None:
    """Refuse options that the fit cannot honour."""
    if not (np.isfinite(prior_ties) and prior_ties >= 0):
        raise ValueError(f"prior_ties is {prior_ties}; use a finite number of at least 0")
    if both_bad not in ("tie", "ignore"):
        raise ValueError(f"both_bad is {both_bad!r}; use 'tie' or 'ignore'")
