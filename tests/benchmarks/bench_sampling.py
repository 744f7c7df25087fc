"""Compare samplers by the votes that they need for the same widest interval, in one simulation.

An arena starts with uniform votes and refits its board after each batch, which then tells the
sampler what it may know; all samplers keep a tenth of uniform draws. The true strengths of a
repetition are the same for every sampler. Votes are Bradley-Terry with ties: a tie has probability
TIES * 2 p (1 - p), so that a win with ties as halves keeps probability p.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit  # type: ignore[import-untyped]
from scipy.stats import kendalltau  # type: ignore[import-untyped]

from arena.battles.sampling.pairs import UNIFORM_SHARE, PairProbabilities, pair_indices
from arena.battles.sampling.samplers import sampling
from arena.battles.sampling.state import State
from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.fit import Fit
from ratings.fitting.intervals import half_width
from ratings.fitting.tallies import PairTallies

MODELS = 50
SPREAD = 0.5  # standard deviation of the true strengths, natural log
TIES = 0.6  # about 27 % of the votes
START, BATCH, VOTES = 1000, 250, 20_000
EARLY = 5000  # votes of the early look
REPETITIONS = 40
SEED = 20260301
TOP, TOP_WEIGHT = 10, 3.0  # LMArena's policy of 1 March 2024: the best ten models weigh three times

FloatArray = NDArray[np.float64]
FIRST, SECOND = pair_indices(MODELS)


@dataclass(frozen=True)
class Look:
    """What a board says after a number of votes; half-widths of 95 % intervals, natural log."""

    mean: float
    widest: float
    tau: float  # Kendall's, with the true strengths
    separated: float  # share of pairs whose intervals do not overlap


def agon(name: str) -> Callable[[Fit], FloatArray]:
    """Return the sampler of that name as a function of the newest fit, (n_pairs,)."""

    def probabilities(fit: Fit) -> FloatArray:
        state = State(
            MODELS,
            scores=fit.scores,
            covariance=fit.covariance,
            standard_errors=np.where(fit.insufficient, np.inf, fit.standard_errors),
            votes=fit.n_votes,
            component=fit.component,
        )
        return sampling(name, state).probabilities.of_pairs

    return probabilities


def top_models(fit: Fit) -> FloatArray:
    """Draw both models by LMArena-like weights, (n_pairs,), with our share of uniform draws."""
    weight = np.ones(MODELS)
    weight[np.argsort(-fit.scores)[:TOP]] = TOP_WEIGHT
    share = weight / weight.sum()
    opponent = share[None, :] / (1 - share[:, None])
    ordered = share[:, None] * opponent
    return PairProbabilities.from_weights(ordered + ordered.T, UNIFORM_SHARE).of_pairs


SAMPLERS: dict[str, Callable[[Fit], FloatArray]] = {
    "uniform": agon("uniform"),
    "LMArena-like weights": top_models,
    "min_max_ci": agon("min_max_ci"),
    "rank_focused": agon("rank_focused"),
}


def outcome_law(strengths: FloatArray) -> FloatArray:
    """Return the probability of first, second and tie for each pair, (n_pairs, 3)."""
    p_first = expit(strengths[FIRST] - strengths[SECOND])
    tie = TIES * 2 * p_first * (1 - p_first)
    return np.stack([p_first - tie / 2, 1 - p_first - tie / 2, tie], axis=1)


def fit_counts(counts: NDArray[np.int64]) -> Fit:
    """Fit outcomes counted per pair, (n_pairs, 3)."""
    wins_first, wins_second, ties = counts.T.astype(float)
    none = np.zeros(FIRST.size)
    return fit_bradley_terry(
        PairTallies(MODELS, FIRST, SECOND, wins_first, wins_second, ties, none)
    )


def looked_at(fit: Fit, strengths: FloatArray) -> Look:
    """Measure a board against the truth."""
    half = half_width(fit.covariance)
    apart = np.abs(fit.scores[FIRST] - fit.scores[SECOND]) > half[FIRST] + half[SECOND]
    tau = kendalltau(fit.scores, strengths).statistic
    return Look(float(half.mean()), float(half.max()), float(tau), float(apart.mean()))


def course(probabilities: Callable[[Fit], FloatArray], seed: int) -> list[Look]:
    """Run an arena from START to VOTES votes; one look after each batch."""
    rng = np.random.default_rng(seed)
    strengths = rng.normal(0, SPREAD, MODELS)
    law = outcome_law(strengths)
    drawn = rng.multinomial(START, np.full(FIRST.size, 1 / FIRST.size))
    counts = rng.multinomial(drawn, law)
    fit = fit_counts(counts)
    looks = [looked_at(fit, strengths)]
    for _ in range(START, VOTES, BATCH):
        p = probabilities(fit)
        counts += rng.multinomial(rng.multinomial(BATCH, p / p.sum()), law)
        fit = fit_counts(counts)
        looks.append(looked_at(fit, strengths))
    return looks


def mean_course(name: str) -> FloatArray:
    """Average the looks over the repetitions, (n_looks, 4) in the order of Look's fields."""
    courses = [course(SAMPLERS[name], SEED + repetition) for repetition in range(REPETITIONS)]
    values = [[tuple(vars(look).values()) for look in looks] for looks in courses]
    return np.mean(values, axis=0)


def votes_for(widest: FloatArray, goal: float) -> str:
    """Return how many of the uniform's VOTES a sampler needs for the goal, as a ratio."""
    at = np.arange(START, VOTES + 1, BATCH)
    reached = np.flatnonzero(widest <= goal)
    return f"{at[reached[0]] / VOTES:.2f}x" if reached.size else "> 1x"


def run() -> None:
    """Print the table."""
    line = "{:<21} {:>6} {:>6} {:>9} {:>8} {:>13} {:>13} {:>7}\n"
    titles = ("mean", "widest", "(ratio)^2", "votes", "tau", "separated", "CPU s")
    sys.stdout.write(
        f"{MODELS} models, {REPETITIONS} repetitions; half-widths at {VOTES} votes; "
        f"tau and separated pairs at {EARLY} / {VOTES} votes\n"
    )
    sys.stdout.write(line.format("sampler", *titles))
    goal = None
    for name in SAMPLERS:
        start_s = time.process_time()
        looks = mean_course(name)
        seconds = time.process_time() - start_s
        mean, widest, tau, separated = looks.T
        goal = widest[-1] if goal is None else goal
        early = (EARLY - START) // BATCH
        cells = (
            f"{mean[-1]:.4f}",
            f"{widest[-1]:.4f}",
            f"{(widest[-1] / goal) ** 2:.2f}",
            votes_for(widest, goal),
            f"{tau[early]:.3f} / {tau[-1]:.3f}",
            f"{separated[early]:.3f} / {separated[-1]:.3f}",
            f"{seconds:.1f}",
        )
        sys.stdout.write(line.format(name, *cells))


if __name__ == "__main__":
    run()
