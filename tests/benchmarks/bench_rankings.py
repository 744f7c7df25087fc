"""What a ranked list tells next to a pairwise vote, and how fast lists are fitted next to choix.

The first table draws votes that follow Plackett-Luce and fits them all from lists: how many votes
by lists give the standard error of one hundred pairwise votes. Standard errors are those of the
sandwich by list; the true error beside them shows that they are honest. The second table times the
fit with its covariance against the point estimates of choix, all from one array of models from best
to worst, interleaved and in processor time: read the ratios.
"""

import sys
import time
from collections.abc import Callable

import choix
import numpy as np
from numpy.typing import NDArray

from ratings.fitting.plackett_luce import fit_plackett_luce
from ratings.fitting.rankings import Rankings
from ratings.fitting.ranklist import fit_ranklist

N_MODELS = 20
SEED = 20260101
VOTES = 1500
SAMPLES = 20  # of the first table
# (lists, length, how many of FITS one has the patience for) of the second table
SIZES = [(1_000, 4, 3), (1_000, 8, 3), (100_000, 4, 2), (100_000, 8, 2), (1_000_000, 4, 1)]
REPEATS = 2
TOLERANCE = 1e-8  # what ilsr stops at, so that scores agree to about 1e-6

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def simulated_lists(seed: int, n_lists: int, length: int) -> tuple[FloatArray, IntArray]:
    """Draw strengths, and lists of models from best to worst that follow Plackett-Luce."""
    rng = np.random.default_rng(seed)
    strengths = rng.normal(0, 0.6, N_MODELS)
    items = np.argsort(rng.random((n_lists, N_MODELS)), axis=1)[:, :length]
    order = np.argsort(-(strengths[items] + rng.gumbel(size=items.shape)), axis=1)
    return strengths - strengths.mean(), np.take_along_axis(items, order, axis=1)


def as_rankings(lists: IntArray) -> Rankings:
    """Read lists (n_lists, length) of models from best to worst."""
    n_lists, length = lists.shape
    ranks = np.tile(np.arange(1, length + 1), n_lists)
    return Rankings(N_MODELS, lists.ravel(), ranks, np.arange(n_lists + 1) * length)


def errors(length: int, group: str) -> tuple[float, float]:
    """Mean standard error and root mean squared error of VOTES lists of this length."""
    standard, true = [], []
    for sample in range(SAMPLES):
        strengths, lists = simulated_lists(SEED + sample, VOTES, length)
        fit = fit_ranklist(as_rankings(lists), group=group)  # type: ignore[arg-type]
        standard.append(fit.standard_errors)
        true.append(fit.scores - strengths)
    return float(np.mean(standard)), float(np.sqrt(np.mean(np.square(true))))


def print_information() -> None:
    """Print the votes by lists that tell as much as 100 pairwise votes."""
    line = "{:>7} {:>8} {:>8} {:>8} {:>24}\n"
    sys.stdout.write(line.format("length", "group", "SE", "error", "votes for 100 pairwise"))
    of_pairs, error = errors(2, "anchor")
    sys.stdout.write(line.format(2, "any", f"{of_pairs:.4f}", f"{error:.4f}", 100))
    for length in (4, 6):
        for group in ("anchor", "pair"):
            standard, error = errors(length, group)
            votes = f"{100 * (standard / of_pairs) ** 2:.0f}"
            cells = (length, group, f"{standard:.4f}", f"{error:.4f}", votes)
            sys.stdout.write(line.format(*cells))


def agon_scores(lists: IntArray) -> FloatArray:
    """Fit scores with their covariance by list."""
    return fit_plackett_luce(as_rankings(lists), prior_ties=0).scores


FITS: dict[str, Callable[[IntArray], FloatArray]] = {
    "agon, with covariance": agon_scores,
    "choix ilsr_rankings": lambda lists: choix.ilsr_rankings(
        N_MODELS, lists.tolist(), max_iter=1000, tol=TOLERANCE
    ),
    "choix opt_rankings": lambda lists: choix.opt_rankings(N_MODELS, lists.tolist(), alpha=0),
}


def print_speed() -> None:
    """Print processor time, its ratio to ours, and the largest difference of a score."""
    line = "{:>9} {:>7}  {:<22} {:>10} {:>8} {:>12}\n"
    sys.stdout.write(line.format("lists", "length", "fit", "CPU ms", "ratio", "difference"))
    ours = next(iter(FITS))
    for n_lists, length, n_fits in SIZES:
        _, lists = simulated_lists(SEED, n_lists, length)
        fits = dict(list(FITS.items())[:n_fits])
        best_s, scores = dict.fromkeys(fits, np.inf), {}
        for _ in range(REPEATS):
            for name, fit in fits.items():
                start_s = time.process_time()
                found = fit(lists)
                best_s[name] = min(best_s[name], time.process_time() - start_s)
                scores[name] = found - found.mean()
        for name, seconds in best_s.items():
            difference = np.max(np.abs(scores[name] - scores[ours]))
            ratio = f"{seconds / best_s[ours]:.1f}x"
            cells = (f"{seconds * 1000:.1f}", ratio, f"{difference:.0e}")
            sys.stdout.write(line.format(n_lists, length, name, *cells))


def run() -> None:
    """Print both tables."""
    print_information()
    sys.stdout.write("\n")
    print_speed()


if __name__ == "__main__":
    run()
