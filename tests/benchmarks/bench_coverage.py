"""Measure how often intervals hold the truth, in simulated arenas of which the truth is known.

The truth is what the fit would find with votes of infinitely many people: Bradley-Terry fitted to
the expected points of each pair, for each pair's share of the votes. Where people have tastes,
expected points average over them. Coverage is the mean over models and boards; behind it stands
its Monte-Carlo standard error over boards. Each board draws new strengths. About two minutes on
one core; set OMP_NUM_THREADS=1.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit  # type: ignore[import-untyped]

from ratings.fitting.bootstrap import bootstrap_votes
from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.clustering import (
    degrees_of_freedom,
    effective_clusters,
    fit_by_voter,
    voter_effects,
    without_excess,
)
from ratings.fitting.confidence_sequence import radius
from ratings.fitting.fit import Fit
from ratings.fitting.intervals import (
    half_width,
    rank_by_score,
    rank_interval_by_overlap,
    rank_interval_simultaneous,
    t_half_width,
)
from ratings.fitting.tallies import PairTallies
from ratings.fitting.voter_tallies import VoterTallies

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SEED = 20260101
N_MODELS = 20
STRENGTH_SD = 0.6
TASTE_SD = 0.4
POPULARITY = 0.7  # a pair is drawn as rank^-0.7 of each of its models
DAVIDSON_NU = 0.7  # about a quarter of ties
Z = 1.959964
LOOKS = np.geomspace(1000, 50_000, 30).astype(np.int64)
BEST_AT = 10_000  # votes; chosen before, as one must
# Gauss-Hermite nodes for the mean over tastes; 40 give 10 digits.
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(40)


@dataclass(frozen=True)
class Arena:
    """Models, how often each pair is drawn, and the log-strengths."""

    strengths: FloatArray  # (n_models,)
    first: IntArray  # (n_pairs,)
    second: IntArray  # (n_pairs,)
    share: FloatArray  # (n_pairs,)

    @property
    def gap(self) -> FloatArray:
        """Difference of log-strengths of each pair, (n_pairs,)."""
        gap: FloatArray = self.strengths[self.first] - self.strengths[self.second]
        return gap

    def truth(self, points: FloatArray) -> FloatArray:
        """Scores that fit these expected points (n_pairs,) of the first models."""
        won, none = self.share * points * 1e6, np.zeros(self.share.size)
        lost = self.share * (1 - points) * 1e6
        tallies = PairTallies(self.strengths.size, self.first, self.second, won, lost, none, none)
        return fit_bradley_terry(tallies, prior_ties=0).scores

    def tallies(self, counts: FloatArray) -> PairTallies:
        """Return tallies of wins, losses and ties, (3, n_pairs)."""
        none = np.zeros(self.share.size)
        return PairTallies(self.strengths.size, self.first, self.second, *counts, none)


def drawn_arena(rng: np.random.Generator, n_models: int = N_MODELS) -> Arena:
    """Draw strengths; the first models are drawn most often for battles."""
    popularity = np.arange(1, n_models + 1) ** -POPULARITY
    first, second = np.triu_indices(n_models, k=1)
    share = popularity[first] * popularity[second]
    return Arena(rng.normal(0, STRENGTH_SD, n_models), first, second, share / share.sum())


def half_win_chances(gap: FloatArray) -> FloatArray:
    """Chances of win, loss and tie whose points follow Bradley-Terry, (3, ...)."""
    p_first = expit(gap)
    p_tie = 0.5 * np.minimum(p_first, 1 - p_first)
    return np.stack([p_first - p_tie / 2, 1 - p_first - p_tie / 2, p_tie])


def davidson_chances(gap: FloatArray) -> FloatArray:
    """Chances of win, loss and tie of Davidson 1970, (3, ...)."""
    odds = np.stack([np.exp(gap / 2), np.exp(-gap / 2), np.full(gap.shape, DAVIDSON_NU)])
    chances: FloatArray = odds / odds.sum(axis=0)
    return chances


def votes_of_voters(
    rng: np.random.Generator, arena: Arena, n_votes: int, n_voters: int, exponent: float
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Draw votes of people with tastes, of whom the r-th casts r^-exponent of the votes."""
    busy = np.arange(1, n_voters + 1) ** -exponent
    voter = rng.choice(n_voters, n_votes, p=busy / busy.sum())
    pair = rng.choice(arena.share.size, n_votes, p=arena.share)
    first, second = arena.first[pair], arena.second[pair]
    liked = arena.strengths + rng.normal(0, TASTE_SD, (n_voters, arena.strengths.size))
    chances = half_win_chances(liked[voter, first] - liked[voter, second])
    outcome = (rng.random(n_votes) > np.cumsum(chances, axis=0)[:2]).sum(axis=0)
    return voter, first, second, outcome


def truth_with_tastes(arena: Arena) -> FloatArray:
    """Scores of the average over people: tastes of two models differ by sqrt(2) of their sd."""
    gaps = arena.gap[:, None] + NODES * TASTE_SD * np.sqrt(2)
    return arena.truth(expit(gaps) @ WEIGHTS / WEIGHTS.sum())


Measured = Iterator[tuple[str, FloatArray, FloatArray]]  # method, errors, half-widths


def independent_votes(chances: Callable[[FloatArray], FloatArray]) -> Callable[..., Measured]:
    """Return the measurement of one board of independent votes."""

    def measured(rng: np.random.Generator, n_votes: int, n_samples: int) -> Measured:
        arena = drawn_arena(rng)
        p = chances(arena.gap)
        truth = arena.truth(p[0] + p[2] / 2)
        cells = rng.multinomial(n_votes, (arena.share * p).ravel()).reshape(p.shape)
        tallies = arena.tallies(cells.astype(float))
        fit = fit_bradley_terry(tallies)
        yield "sandwich", fit.scores - truth, half_width(fit.covariance)
        yield "inverse information", fit.scores - truth, half_width(fit.fisher_covariance)
        if n_samples:
            low, high = bootstrap_votes(tallies, n_samples=n_samples).percentile_interval()
            yield f"bootstrap, {n_samples}", (low + high) / 2 - truth, (high - low) / 2

    return measured


def repeat_voters(
    rng: np.random.Generator, n_votes: int, n_voters: int, exponent: float
) -> Measured:
    """Measure one board of people with tastes who cast many votes."""
    arena = drawn_arena(rng)
    truth = truth_with_tastes(arena)
    votes = votes_of_voters(rng, arena, n_votes, n_voters, exponent)
    by_voter = VoterTallies.from_votes(N_MODELS, *votes)
    tallies = by_voter.pair_tallies()
    plain = fit_bradley_terry(tallies)
    yield "sandwich of independent votes", plain.scores - truth, half_width(plain.covariance)
    for cap, name in ((np.inf, "no cap"), (100.0, "cap 100")):
        fit = fit_by_voter(by_voter, cap=cap)
        degrees = degrees_of_freedom(effective_clusters(by_voter, fit, cap=cap))
        error = fit.scores - truth
        yield f"{name}, clustered CR1", error, half_width(fit.covariance)
        yield f"{name}, clustered CR1, t", error, t_half_width(fit.covariance, degrees)
    effects = voter_effects(by_voter)
    live = fit_bradley_terry(without_excess(tallies, effects.excess))
    yield "cap 100, as the live board", live.scores - truth, _widened(live, effects.widening)


def _widened(fit: Fit, widening: FloatArray) -> FloatArray:
    widened: FloatArray = widening * half_width(fit.covariance)
    return widened


def coverage(measure: Callable[..., Measured], n_boards: int, **options: float) -> None:
    """Print coverage, mean half-width and error of each method over boards."""
    rng = np.random.default_rng(SEED)
    found: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for _ in range(n_boards):
        for name, error, half in measure(rng, **options):
            held = np.abs(error) <= half
            found[name].append((held.mean(), half.mean(), np.mean(error**2)))
    for name, boards in found.items():
        held, half, squares = np.array(boards).T
        _line(name, _with_error(held), f"{half.mean():.3f}", f"{np.sqrt(squares.mean()):.4f}")


def ever_missed(n_boards: int, n_voters: int | None) -> None:
    """Print how often an interval misses a given model's truth at some of 30 looks."""
    rng = np.random.default_rng(SEED)
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for _ in range(n_boards):
        arena = drawn_arena(rng)
        looks = _voters_at_looks if n_voters else _votes_at_looks
        truth, fits = looks(rng, arena, n_voters or 0)
        missed = {"interval, looked at once": [], "confidence sequence": []}
        width = []
        for n_votes, (fit, fixed) in zip(LOOKS, fits, strict=True):
            error = np.abs(fit.scores - truth)
            sequence = radius(fixed / Z, int(n_votes), best_at=BEST_AT)
            missed["interval, looked at once"].append(error > fixed)
            missed["confidence sequence"].append(error > sequence)
            width.append(float(np.mean(sequence / fixed)))
        for name, at_looks in missed.items():
            relative = float(np.mean(width)) if name == "confidence sequence" else 1.0
            found[name].append((float(np.any(at_looks, axis=0).mean()), relative))
    for name, boards in found.items():
        share, relative = np.array(boards).T
        _line(name, _with_error(share), f"{relative.mean():.2f}x", "")


def _votes_at_looks(
    rng: np.random.Generator, arena: Arena, _: int
) -> tuple[FloatArray, Iterator[tuple[Fit, FloatArray]]]:
    """Independent votes: the truth, and at each look the fit with its half-widths."""
    p = half_win_chances(arena.gap)

    def fits() -> Iterator[tuple[Fit, FloatArray]]:
        counts = np.zeros(p.shape)
        for more in np.diff(LOOKS, prepend=0):
            counts += rng.multinomial(more, (arena.share * p).ravel()).reshape(p.shape)
            fit = fit_bradley_terry(arena.tallies(counts))
            yield fit, half_width(fit.covariance)

    return arena.truth(expit(arena.gap)), fits()


def _voters_at_looks(
    rng: np.random.Generator, arena: Arena, n_voters: int
) -> tuple[FloatArray, Iterator[tuple[Fit, FloatArray]]]:
    """The same for people who come back, clustered by voter with a cap of 100 and t."""
    votes = votes_of_voters(rng, arena, int(LOOKS[-1]), n_voters, 1.0)

    def fits() -> Iterator[tuple[Fit, FloatArray]]:
        for n_votes in LOOKS:
            by_voter = VoterTallies.from_votes(N_MODELS, *(column[:n_votes] for column in votes))
            fit = fit_by_voter(by_voter)
            degrees = degrees_of_freedom(effective_clusters(by_voter, fit))
            yield fit, t_half_width(fit.covariance, degrees)

    return truth_with_tastes(arena), fits()


def all_ranks(n_boards: int, n_models: int, n_votes: int) -> None:
    """Print how often the intervals of all ranks of a board hold at once, and their length."""
    rng = np.random.default_rng(SEED)
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    one = np.zeros(n_models, dtype=np.int64)
    for _ in range(n_boards):
        arena = drawn_arena(rng, n_models)
        p = half_win_chances(arena.gap)
        cells = rng.multinomial(n_votes, (arena.share * p).ravel()).reshape(p.shape)
        fit = fit_bradley_terry(arena.tallies(cells.astype(float)))
        truth = rank_by_score(arena.strengths, one)
        half = half_width(fit.covariance)
        overlap = rank_interval_by_overlap(fit.scores - half, fit.scores + half, one)
        max_t = rank_interval_simultaneous(fit.scores, fit.covariance, one)
        intervals = {
            "pairs tested one by one": _ranks_of_tests(fit),
            "overlap of intervals": (overlap.best, overlap.worst),
            "max-T, simultaneous": (max_t.best, max_t.worst),
        }
        for name, (best, worst) in intervals.items():
            held = ((best <= truth) & (truth <= worst)).all()
            found[name].append((float(held), float(np.mean(worst - best + 1))))
    for name, boards in found.items():
        held, length = np.array(boards).T
        _line(name, _with_error(held), f"{length.mean():.1f}", "")


def _ranks_of_tests(fit: Fit) -> tuple[IntArray, IntArray]:
    """Ranks where each pair is tested at 95 % on its own."""
    variance = np.diagonal(fit.covariance)
    errors = np.sqrt(variance[:, None] + variance - 2 * fit.covariance + 1e-300)
    above = fit.scores - fit.scores[:, None] > Z * errors  # (mine, theirs)
    best: IntArray = 1 + above.sum(axis=1)
    worst: IntArray = fit.n_models - above.sum(axis=0)
    return best, worst


def _with_error(values: FloatArray) -> str:
    return f"{values.mean():.3f} ± {values.std() / np.sqrt(values.size):.3f}"


def _line(*cells: str) -> None:
    sys.stdout.write("  {:<32} {:>15} {:>8} {:>8}\n".format(*cells))
    sys.stdout.flush()


def _heading(text: str, *columns: str) -> None:
    sys.stdout.write(f"\n{text}\n")
    _line("", *columns)


def run() -> None:
    """Print the tables."""
    covered = ("95 % covers", "half", "error")
    _heading("Independent votes, ties as half wins, 2,000 votes on 20 models", *covered)
    coverage(independent_votes(half_win_chances), 400, n_votes=2000, n_samples=0)
    _heading("Independent votes, Davidson ties, 2,000 votes", *covered)
    coverage(independent_votes(davidson_chances), 400, n_votes=2000, n_samples=0)
    _heading("The same beside the bootstrap, fewer boards", *covered)
    coverage(independent_votes(davidson_chances), 60, n_votes=2000, n_samples=300)
    _heading("300 people with tastes, votes as rank^-1, 20,000 votes", *covered)
    coverage(repeat_voters, 300, n_votes=20_000, n_voters=300, exponent=1.0)
    _heading("5,000 people with tastes, votes as rank^-0.8, 20,000 votes", *covered)
    coverage(repeat_voters, 200, n_votes=20_000, n_voters=5000, exponent=0.8)
    looked = ("ever misses", "width", "")
    _heading("30 looks from 1,000 to 50,000 independent votes", *looked)
    ever_missed(200, None)
    _heading("30 looks, 1,000 people with tastes who come back, clustered", *looked)
    ever_missed(60, 1000)
    ranked = ("all ranks hold", "length", "")
    _heading("Ranks of 20 models, 10,000 votes", *ranked)
    all_ranks(400, 20, 10_000)
    _heading("Ranks of 100 models, 200,000 votes", *ranked)
    all_ranks(200, 100, 200_000)


if __name__ == "__main__":
    run()
