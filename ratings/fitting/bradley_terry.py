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

import math
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
from ratings.fitting.errors import DidNotConverge, NoFiniteEstimate
from ratings.fitting.tallies import PairTallies

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

# Virtual ties per model: enough to hold a model that never lost, worth a tenth of a vote.
PRIOR_TIES = 0.1
# Newton takes 5 to 8 steps on votes, and about one more per factor e of an extreme win ratio.
MAX_ITERATIONS = 100
# Newton decrement at which the fit stops, in standard errors. Newton squares the error at each
# step, so the scores returned are then exact to rounding.
TOLERANCE = 1e-6
# Longest Newton step, natural log: odds of 3000 to 1. Where the votes have all been explained, the
# information is so small that a step could leave the range of floating point.
_STEP_MAX = 8.0
# Halvings of a step before it counts as rounding: 2^-30 of a step is below any printed digit.
_HALVINGS_MAX = 30
# Relative rounding allowed when two log-likelihoods (sums over all votes) are compared.
_ROUNDING = 1e-13


@dataclass(frozen=True, eq=False)
class BradleyTerryFit:
    """Fitted strengths. Scores compare only inside a component; no value is ever nan.

    Attributes:
        scores: (n_models,) natural-log strengths, sum zero within each component; 0 for a model
            without votes.
        covariance: (n_models, n_models) sandwich covariance of `scores` for independent votes;
            the prior shrinks but adds no noise. Zero between components.
        fisher_covariance: (n_models, n_models) inverse information; too wide where votes tie.
        component: (n_models,) number of the connected component, by lowest model.
        n_votes: (n_models,) votes that entered the fit.
        insufficient: (n_models,) True where the votes alone give no finite score: a model without
            votes, or one outside the largest group of its component that is linked both ways by
            wins (Ford 1957). Its score rests on the prior: do not show its interval.
        log_likelihood: of the votes at `scores`, ties as two half wins, without the prior.
        iterations: Newton steps done.
        residual: Newton decrement before the last step: no score was further from the maximum than
            about this many of its Fisher standard errors.
    """

    scores: FloatArray
    covariance: FloatArray
    fisher_covariance: FloatArray
    component: IntArray
    n_votes: FloatArray
    insufficient: BoolArray
    log_likelihood: float
    iterations: int
    residual: float

    @property
    def standard_errors(self) -> FloatArray:
        """Standard errors of the scores from the sandwich, (n_models,), natural log."""
        return np.sqrt(np.diagonal(self.covariance))


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
) -> BradleyTerryFit:
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
    _check_options(prior_ties, both_bad, max_iterations, tolerance)
    real = _comparisons(tallies, both_bad)
    component = connected_components(real.n_players, real.first, real.second)
    n_votes = real.per_player(real.votes, real.votes)
    insufficient = _insufficient(real, component, n_votes)
    if prior_ties == 0:
        _refuse_infinite_scores(component, insufficient & (n_votes > 0))

    players = _with_virtual_opponents(real, component, n_votes, prior_ties)
    averaging = _averaging(component)
    strengths, iterations, residual = _newton(players, averaging, max_iterations, tolerance)
    scores = _centred(strengths[: real.n_players], averaging)
    fisher = _fisher_covariance(players, averaging, strengths)
    return BradleyTerryFit(
        scores=scores,
        covariance=_sandwich(fisher, _meat(real, scores)),
        fisher_covariance=fisher,
        component=component,
        n_votes=n_votes,
        insufficient=insufficient,
        log_likelihood=_log_likelihood(real, scores),
        iterations=iterations,
        residual=residual,
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


def _newton(
    players: _Comparisons, averaging: FloatArray, max_iterations: int, tolerance: float
) -> tuple[FloatArray, int, float]:
    """Maximise the log-likelihood from equal strengths: scores (n_players,), steps, residual."""
    scores = np.zeros(players.n_players)
    log_likelihood = _log_likelihood(players, scores)
    decrement = np.inf
    for iteration in range(1, max_iterations + 1):
        try:
            step, decrement = _newton_step(players, averaging, scores)
        except linalg.LinAlgError as error:
            raise DidNotConverge(iteration, decrement) from error
        scores, log_likelihood = _climb(players, scores, step, log_likelihood)
        if decrement <= tolerance:
            return scores, iteration, decrement
    raise DidNotConverge(max_iterations, decrement)


def _newton_step(
    players: _Comparisons, averaging: FloatArray, scores: FloatArray
) -> tuple[FloatArray, float]:
    """Solve H step = gradient, where a gradient entry is wins less expected wins, (n_players,).

    The decrement sqrt(gradient . step) bounds each entry of the step in standard errors
    (Boyd & Vandenberghe 2004, Convex Optimization, section 9.5.1).
    """
    p_first, p_second = players.win_probabilities(scores)
    surplus = players.points_first * p_second - players.points_second * p_first
    gradient = players.per_player(surplus, -surplus)
    factor = linalg.cho_factor(_anchored_information(players, averaging, p_first * p_second))
    step: FloatArray = linalg.cho_solve(factor, gradient)
    return step, math.sqrt(max(float(gradient @ step), 0.0))


def _climb(
    players: _Comparisons, scores: FloatArray, step: FloatArray, log_likelihood: float
) -> tuple[FloatArray, float]:
    """Take the step, cut and halved until the log-likelihood does not fall: Newton's safeguards."""
    floor = log_likelihood - _ROUNDING * abs(log_likelihood)
    step = step * min(1.0, _STEP_MAX / max(float(np.max(np.abs(step), initial=0.0)), _STEP_MAX))
    for halvings in range(_HALVINGS_MAX):
        reached = scores + step / 2**halvings
        log_likelihood = _log_likelihood(players, reached)
        if log_likelihood >= floor:
            break
    return reached, log_likelihood


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


def _check_options(prior_ties: float, both_bad: str, max_iterations: int, tolerance: float) -> None:
    """Refuse options that the fit cannot honour."""
    if not (np.isfinite(prior_ties) and prior_ties >= 0):
        raise ValueError(f"prior_ties is {prior_ties}; use a finite number of at least 0")
    if both_bad not in ("tie", "ignore"):
        raise ValueError(f"both_bad is {both_bad!r}; use 'tie' or 'ignore'")
    if max_iterations < 1:
        raise ValueError(f"max_iterations is {max_iterations}; use at least 1")
    if not (np.isfinite(tolerance) and tolerance > 0):
        raise ValueError(f"tolerance is {tolerance}; use a finite number above 0")
