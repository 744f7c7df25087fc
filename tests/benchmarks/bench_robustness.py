"""Time the search for the fewest votes that flip each top-10 gap, and count what it confirms.

The search starts from counted votes and their fit, as a published board holds them, so its time
does not grow with the votes but with pairs and with refits. Peers build a matrix of votes by
models: 32 GB at ten million votes of 400 models. The second table asks, over seeded boards, how
often the exact refit flips at the number of the linear step, and how far off that number is.
"""

import sys
import time

import numpy as np

from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.robustness import Flip, flips_of_ranking
from ratings.fitting.tallies import PairTallies

SIZES = [(100, 1_000_000), (100, 10_000_000), (400, 1_000_000), (400, 10_000_000)]
REPEATS = 3
SEED = 20260101
BOARDS = 5  # seeded boards of the second table, ten gaps each
BOARD_SIZE = (100, 1_000_000)  # models and votes of each


def simulated_tallies(n_models: int, n_votes: int, seed: int) -> PairTallies:
    """Draw counts with pairs as popular as rank^-0.7 twice, and about a quarter of ties."""
    rng = np.random.default_rng(seed)
    strengths = rng.normal(0, 0.6, n_models)
    first, second = np.triu_indices(n_models, 1)
    popularity = rng.permutation(np.arange(1, n_models + 1) ** -0.7)
    share = popularity[first] * popularity[second]
    votes = rng.multinomial(n_votes, share / share.sum())
    p_first = 1 / (1 + np.exp(strengths[second] - strengths[first]))
    p_tie = 0.6 * np.minimum(p_first, 1 - p_first)
    chances = np.column_stack([p_first - p_tie / 2, 1 - p_first - p_tie / 2, p_tie])
    counts = rng.multinomial(votes, chances)
    none = np.zeros(first.size)
    return PairTallies(n_models, first, second, *counts.T, none)


def timed(tallies: PairTallies) -> tuple[float, tuple[Flip, ...]]:
    """Best processor time of the top-10 flips over the repeats, seconds, and the flips."""
    fit = fit_bradley_terry(tallies)
    best_s, flips = np.inf, ()
    for _ in range(REPEATS):
        start_s = time.process_time()
        flips = flips_of_ranking(tallies, fit, top=10)
        best_s = min(best_s, time.process_time() - start_s)
    return best_s, flips


def run() -> None:
    """Print both tables."""
    line = "{:>7} {:>9} {:>8} {:>13} {:>14} {:>15}\n"
    titles = ("models", "votes", "CPU ms", "gaps flipped", "fewest votes", "share of votes")
    sys.stdout.write(line.format(*titles))
    for n_models, n_votes in SIZES:
        seconds, flips = timed(simulated_tallies(n_models, n_votes, SEED))
        needed = [flip.votes_to_flip for flip in flips if flip.votes_to_flip is not None]
        cells = (f"{len(needed)} of {len(flips)}", min(needed), f"{min(needed) / n_votes:.1e}")
        sys.stdout.write(line.format(n_models, n_votes, f"{seconds * 1000:.0f}", *cells))
    _confirm()


def _confirm() -> None:
    """Print how the exact refits compare with the linear step."""
    flips = []
    for board in range(BOARDS):
        tallies = simulated_tallies(*BOARD_SIZE, SEED + 1 + board)
        flips += flips_of_ranking(tallies, fit_bradley_terry(tallies), top=10)
    predicted = [flip for flip in flips if flip.predicted is not None]
    found = [flip for flip in predicted if flip.votes_to_flip is not None]
    within = [flip for flip in found if flip.votes_to_flip <= flip.predicted]
    exact = [flip for flip in found if flip.is_flipped_as_predicted]
    errors = [abs(flip.votes_to_flip / flip.predicted - 1) for flip in found]
    sys.stdout.write(
        f"\n{len(flips)} gaps of {BOARDS} boards ({BOARD_SIZE[0]} models, {BOARD_SIZE[1]} votes): "
        f"{len(predicted)} predicted to flip, {len(within)} of them flip within the predicted "
        f"number, {len(exact)} at exactly that number; largest error of it {max(errors):.1%}\n"
    )


if __name__ == "__main__":
    run()
