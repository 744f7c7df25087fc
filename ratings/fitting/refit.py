"""Bradley-Terry scores of votes from which some were taken away, by exact refit from close by."""

from dataclasses import dataclass

import numpy as np

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.comparison_graph import connected_components
from ratings.fitting.comparisons import Comparisons, Strengths, fisher_covariance
from ratings.fitting.newton import maximise
from ratings.fitting.prior import PRIOR_TIES
from ratings.fitting.sandwich import averaging_within
from ratings.fitting.tallies import Outcome

# Newton decrement at which a refit stops, in standard errors. The step is still taken and squares
# the error, so the scores are exact to 1e-10 standard errors.
_TOLERANCE = 1e-5


@dataclass(frozen=True, eq=False)
class Refit:
    """Strengths after votes were taken away: scores as of `fit_bradley_terry`, not centred.

    Attributes:
        scores: (n_models,) natural log.
        component: (n_models,) connected component in the votes that are left.
        is_finite: False where prior_ties is 0 and these votes give no finite scores.
    """

    scores: FloatArray
    component: IntArray
    is_finite: bool
    players: Comparisons
    players_scores: FloatArray

    def gap(self, above: int, below: int) -> float | None:
        """Score of `above` less that of `below`; None where the votes do not compare them."""
        if not self.is_finite or self.component[above] != self.component[below]:
            return None
        return float(self.scores[above] - self.scores[below])

    def covariance(self) -> FloatArray:
        """Inverse information, (n_models, n_models)."""
        return fisher_covariance(
            self.players, averaging_within(self.component), self.players_scores
        )


def refit(
    n_models: int,
    first: IntArray,
    second: IntArray,
    counts: FloatArray,
    start: FloatArray,
    prior_ties: float = PRIOR_TIES,
    component: IntArray | None = None,
) -> Refit:
    """Maximise what `fit_bradley_terry` maximises, from `start` and without its covariance.

    Args:
        n_models: number of models.
        first, second: (n_pairs,) models of each pair.
        counts: (n_pairs, 4) votes in the order of `Outcome`; "both bad" as ties.
        start: (n_models,) scores near the solution, or (n_players,) those of an earlier refit.
        prior_ties: as in `fit_bradley_terry`.
        component: (n_models,) components of all pairs, where the caller knows them; used only
            where every pair has votes left.

    Raises:
        DidNotConverge: Newton's method did not end.
    """
    votes = counts @ np.ones(len(Outcome))  # a product is much faster than a sum of each row
    if (votes == 0).any():
        component, voted = None, votes > 0
        first, second, counts = first[voted], second[voted], counts[voted]
    ties = counts[:, Outcome.TIE] + counts[:, Outcome.BOTH_BAD]
    wins = (counts[:, Outcome.FIRST], counts[:, Outcome.SECOND])
    real = Comparisons(n_models, first, second, *wins, ties)
    if component is None:
        component = connected_components(n_models, real.first, real.second)
    n_votes = real.n_votes
    players = real.with_virtual_opponents(component, n_votes, prior_ties)
    if prior_ties == 0 and (real.without_finite_score(component, n_votes) & (n_votes > 0)).any():
        return Refit(start[:n_models], component, False, players, start)
    if start.size != players.n_players:
        start = np.concatenate([start[:n_models], np.zeros(players.n_players - n_models)])
    found = maximise(
        Strengths(players, averaging_within(component)), start, tolerance=_TOLERANCE
    ).estimates
    return Refit(found[:n_models], component, True, players, found)
