"""Time a board with intervals against the point fits of evalica and choix, in one run.

All start from the same integer codes, as the vote table holds them; what a peer needs first
(enumeration members, a count matrix) is part of its time. Peers give no interval. The repeats are
interleaved, so that a busy machine slows all alike: read the ratios. One thread is a fair
setting for all of them (OMP_NUM_THREADS=1).
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import choix
import evalica
import numpy as np
import pandas as pd  # type: ignore[import-untyped]
from numpy.typing import NDArray
from scipy.special import expit  # type: ignore[import-untyped]

from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.intervals import normal_interval
from ratings.fitting.tallies import Outcome, PairTallies

SIZES = [(20, 100_000), (100, 100_000), (20, 1_000_000), (100, 1_000_000)]  # (models, votes)
REPEATS = 3
SEED = 20260101
TOLERANCE = 1e-8  # what both peers stop at, so that scores agree to about 1e-6

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Votes:
    """Integer codes of votes, (n_votes,) each: int16 models and int8 outcomes."""

    n_models: int
    first: NDArray[np.int16]
    second: NDArray[np.int16]
    outcome: NDArray[np.int8]


def simulated_votes(n_models: int, n_votes: int) -> Votes:
    """Draw votes with a popularity that falls as rank^-0.7 and about a quarter of ties."""
    rng = np.random.default_rng(SEED)
    strengths = rng.normal(0, 0.6, n_models)
    popularity = np.arange(1, n_models + 1) ** -0.7
    first = rng.choice(n_models, n_votes, p=popularity / popularity.sum())
    second = (first + rng.integers(1, n_models, n_votes)) % n_models
    p_first = expit(strengths[first] - strengths[second])
    p_tie = 0.6 * np.minimum(p_first, 1 - p_first)
    draw = rng.random(n_votes)
    outcome = np.select([draw < p_tie, draw < p_first + p_tie / 2], [Outcome.TIE, Outcome.FIRST], 1)
    return Votes(n_models, first.astype(np.int16), second.astype(np.int16), outcome.astype(np.int8))


def agon_board(votes: Votes) -> FloatArray:
    """Count, fit, and take the sandwich intervals."""
    tallies = PairTallies.from_votes(votes.n_models, votes.first, votes.second, votes.outcome)
    fit = fit_bradley_terry(tallies, prior_ties=0)
    normal_interval(fit.scores, fit.covariance)
    return fit.scores


def evalica_scores(votes: Votes) -> FloatArray:
    """Point scores from arrays, a given index and outcome members: evalica's fastest way."""
    members = np.array([evalica.Winner.X, evalica.Winner.Y, evalica.Winner.Draw], dtype=object)
    result = evalica.bradley_terry(
        votes.first,
        votes.second,
        members[votes.outcome].tolist(),
        index=pd.RangeIndex(votes.n_models),
        tolerance=TOLERANCE,
        limit=10_000,
    )
    log_strengths: FloatArray = np.log(result.scores.loc[range(votes.n_models)].to_numpy())
    return log_strengths


def choix_scores(votes: Votes) -> FloatArray:
    """Point scores by spectral ranking of the dense points matrix, choix's fastest way."""
    n_models = votes.n_models
    pair = votes.first.astype(np.int64) * n_models + votes.second
    of_first = np.array([1.0, 0.0, 0.5])[votes.outcome]
    size = n_models * n_models
    points = np.bincount(pair, weights=of_first, minlength=size).reshape(n_models, n_models)
    votes_of = np.bincount(pair, minlength=size).reshape(n_models, n_models)
    return choix.ilsr_pairwise_dense(points + (votes_of - points).T, tol=TOLERANCE)


FITS: dict[str, Callable[[Votes], FloatArray]] = {
    "agon, with intervals": agon_board,
    "evalica, no intervals": evalica_scores,
    "choix, no intervals": choix_scores,
}


def cpu_times_s(votes: Votes) -> tuple[dict[str, float], dict[str, FloatArray]]:
    """Best processor time of each fit over interleaved repeats, and its centred scores."""
    best_s = dict.fromkeys(FITS, np.inf)
    scores = {}
    for _ in range(REPEATS):
        for name, fit in FITS.items():
            start_s = time.process_time()
            found = fit(votes)
            best_s[name] = min(best_s[name], time.process_time() - start_s)
            scores[name] = found - found.mean()
    return best_s, scores


def run() -> None:
    """Print the table: processor time, ratio to ours, and largest difference of a score."""
    ours = next(iter(FITS))
    line = "{:>7} {:>9}  {:<22} {:>10} {:>8} {:>12}\n"
    sys.stdout.write(line.format("models", "votes", "fit", "CPU ms", "ratio", "difference"))
    for n_models, n_votes in SIZES:
        best_s, scores = cpu_times_s(simulated_votes(n_models, n_votes))
        for name, seconds in best_s.items():
            difference = np.max(np.abs(scores[name] - scores[ours]))
            ratio = f"{seconds / best_s[ours]:.1f}x"
            cells = (f"{seconds * 1000:.2f}", ratio, f"{difference:.0e}")
            sys.stdout.write(line.format(n_models, n_votes, name, *cells))


if __name__ == "__main__":
    run()
