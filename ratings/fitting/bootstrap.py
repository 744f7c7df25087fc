"""The bootstrap: the slow check of the sandwich, with a full fit for every resample.

It assumes less than the sandwich (no linearisation) and costs `n_samples` fits. It can fail where
the sandwich does not: a resample may lose all votes between two groups of models, or with a small
prior leave one with wins only. Use it to check intervals, not to make them. Resampling votes
treats them as independent; resampling voters keeps together what one person cast (Efron 1979,
Ann. Statist. 7(1), doi:10.1214/aos/1176344552; of clusters: Cameron & Miller 2015, J. Hum. Resour.
50(2), doi:10.3368/jhr.50.2.317).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ratings.fitting.arrays import FloatArray
from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.clustering import CAP, voter_weights
from ratings.fitting.errors import Undetermined
from ratings.fitting.prior import PRIOR_TIES
from ratings.fitting.tallies import BothBad, PairTallies
from ratings.fitting.validation import check_level
from ratings.fitting.voter_tallies import VoterTallies

# Part of the resamples that must be usable: with fewer the rest no longer represents the votes.
_USABLE_MIN = 0.5


class BootstrapFailed(Undetermined):
    """Most resamples split the models into more groups than the votes do."""


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Scores of the resamples.

    Attributes:
        scores: (n_kept, n_models), sum zero within each component.
        n_dropped: resamples left out because models were no longer linked as in all votes, so
            that their scores mean something else.
    """

    scores: FloatArray
    n_dropped: int

    @property
    def standard_errors(self) -> FloatArray:
        """Standard deviation of each score over resamples, (n_models,)."""
        errors: FloatArray = np.std(self.scores, axis=0, ddof=1)
        return errors

    @property
    def covariance(self) -> FloatArray:
        """Covariance of the scores over resamples, (n_models, n_models)."""
        return np.atleast_2d(np.cov(self.scores, rowvar=False))

    def percentile_interval(self, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Return the ends of each score's percentile interval, (n_models,) each.

        Raises:
            ValueError: a level outside (0, 1).
        """
        check_level(level)
        low, high = np.quantile(self.scores, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return low, high


def bootstrap_votes(
    tallies: PairTallies,
    *,
    n_samples: int = 500,
    seed: int = 0,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
) -> Bootstrap:
    """Resample votes as if they were independent, and fit each resample.

    Resampling n votes is one multinomial draw over the cells, so its cost does not grow with n.

    Raises:
        BootstrapFailed: too many resamples split the models into more groups.
        NoFiniteEstimate, DidNotConverge: as `fit_bradley_terry`, for any resample.
        ValueError: n_samples below 2, or counts that are not whole numbers.
    """
    cells = np.stack([tallies.wins_first, tallies.wins_second, tallies.ties, tallies.both_bad])
    if (cells != np.floor(cells)).any():
        raise ValueError(
            "a count is fractional; resample the votes before they are weighted, by voter"
        )
    n_votes = int(cells.sum())
    chances = cells.ravel() / max(n_votes, 1)

    def resampled(rng: np.random.Generator) -> PairTallies:
        drawn = rng.multinomial(n_votes, chances) if n_votes else np.zeros(cells.size)
        counts = drawn.reshape(cells.shape).astype(np.float64)
        return PairTallies(tallies.n_models, tallies.first, tallies.second, *counts)

    return _bootstrap(tallies, resampled, n_samples, seed, prior_ties, both_bad)


def bootstrap_voters(
    votes: VoterTallies,
    *,
    cap: float = CAP,
    n_samples: int = 500,
    seed: int = 0,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
) -> Bootstrap:
    """Resample voters with all their votes, each weighted as by `fit_by_voter`, and fit.

    Raises:
        as `bootstrap_votes`; ValueError also for a cap that is not above 0.
    """
    counted = votes if both_bad == "tie" else votes.without_both_bad()
    weight = voter_weights(counted.votes_of_voter, cap)
    n_voters = max(counted.n_voters, 1)

    def resampled(rng: np.random.Generator) -> PairTallies:
        times = np.bincount(rng.integers(n_voters, size=n_voters), minlength=n_voters)
        return counted.pair_tallies(weight * times[: weight.size])

    return _bootstrap(
        counted.pair_tallies(weight), resampled, n_samples, seed, prior_ties, both_bad
    )


def _bootstrap(
    tallies: PairTallies,
    resampled: Callable[[np.random.Generator], PairTallies],
    n_samples: int,
    seed: int,
    prior_ties: float,
    both_bad: BothBad,
) -> Bootstrap:
    """Fit `n_samples` resamples; keep those with the components of all votes."""
    if n_samples < 2:
        raise ValueError(f"n_samples is {n_samples}; use at least 2, better 500")
    rng = np.random.default_rng(seed)
    component = fit_bradley_terry(tallies, prior_ties=prior_ties, both_bad=both_bad).component
    fits = (
        fit_bradley_terry(resampled(rng), prior_ties=prior_ties, both_bad=both_bad)
        for _ in range(n_samples)
    )
    kept = [fit.scores for fit in fits if np.array_equal(fit.component, component)]
    if len(kept) < max(2, _USABLE_MIN * n_samples):
        raise BootstrapFailed(
            f"only {len(kept)} of {n_samples} resamples link the models as all votes do; "
            "collect more votes, or use the sandwich"
        )
    return Bootstrap(np.array(kept), n_samples - len(kept))
