"""Run one rating method in a process of its own: a request a line on stdin, an answer on stdout.

A process apart keeps a method's memory and its compiled code its own, and lets each have the
library versions that it pins. Every method starts from the same integer codes, as the vote table
holds them; what it needs first (enumeration members, a frame, a count matrix) is part of its time.
"""

import json
import math
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-8  # what evalica and choix stop at, so that scores agree to about 1e-6
_MEMORY = Path("/proc/self/status")
_RESET_PEAK = Path("/proc/self/clear_refs")

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Votes:
    """Integer codes of votes, (n_votes,) each: int16 models and int8 outcomes."""

    n_models: int
    first: NDArray[np.int16]
    second: NDArray[np.int16]
    outcome: NDArray[np.int8]  # 0 the first won, 1 the second, 2 a tie


def agon(votes: Votes) -> Callable[[], FloatArray]:
    """Count, fit, and take the sandwich intervals."""
    from ratings.fitting.bradley_terry import fit_bradley_terry
    from ratings.fitting.intervals import normal_interval
    from ratings.fitting.tallies import PairTallies

    def board() -> FloatArray:
        tallies = PairTallies.from_votes(votes.n_models, votes.first, votes.second, votes.outcome)
        fit = fit_bradley_terry(tallies, prior_ties=0)
        normal_interval(fit.scores, fit.covariance)
        return fit.scores

    return board


def agon_refresh(votes: Votes) -> Callable[[], FloatArray]:
    """Fit with intervals and ranks from tallies that were kept, with the site's prior."""
    from ratings.fitting.bradley_terry import fit_bradley_terry
    from ratings.fitting.intervals import normal_interval, rank_interval_by_overlap
    from ratings.fitting.tallies import PairTallies

    kept = PairTallies.from_votes(votes.n_models, votes.first, votes.second, votes.outcome)
    names = ("first", "second", "wins_first", "wins_second", "ties", "both_bad")
    columns = [getattr(kept, name) for name in names]

    def board() -> FloatArray:
        fit = fit_bradley_terry(PairTallies(votes.n_models, *columns))
        rank_interval_by_overlap(*normal_interval(fit.scores, fit.covariance), fit.component)
        return fit.scores

    return board


def evalica(votes: Votes) -> Callable[[], FloatArray]:
    """Point scores from arrays, a given index and outcome members: evalica's fastest way."""
    import evalica
    import pandas as pd  # type: ignore[import-untyped]

    def point() -> FloatArray:
        winners = [evalica.Winner.X, evalica.Winner.Y, evalica.Winner.Draw]
        result = evalica.bradley_terry(
            votes.first,
            votes.second,
            np.array(winners, dtype=object)[votes.outcome].tolist(),
            index=pd.RangeIndex(votes.n_models),
            tolerance=TOLERANCE,
            limit=10_000,
        )
        scores: FloatArray = np.log(result.scores.loc[range(votes.n_models)].to_numpy())
        return scores

    return point


def choix(votes: Votes) -> Callable[[], FloatArray]:
    """Point scores by spectral ranking of the dense points matrix, choix's fastest way."""
    import choix

    def point() -> FloatArray:
        n_models = votes.n_models
        pair = votes.first.astype(np.int32) * n_models + votes.second
        of_first = np.array([1.0, 0.0, 0.5])[votes.outcome]
        size = n_models * n_models
        points = np.bincount(pair, weights=of_first, minlength=size).reshape(n_models, n_models)
        votes_of = np.bincount(pair, minlength=size).reshape(n_models, n_models)
        scores: FloatArray = choix.ilsr_pairwise_dense(
            points + (votes_of - points).T, tol=TOLERANCE
        )
        return scores

    return point


def fastchat(votes: Votes) -> Callable[[], FloatArray]:
    """Point scores as FastChat fits them: distinct rows counted by sorting, L-BFGS-B, gtol 1e-6.

    After serve/monitor/rating_systems.py of lm-sys/FastChat at 2bdb2e0.
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]
    from scipy.special import expit  # type: ignore[import-untyped]

    def point() -> FloatArray:
        rows = np.column_stack([votes.first, votes.second, votes.outcome]).astype(np.int32)
        rows, counts = np.unique(rows, axis=0, return_counts=True)
        first, second = rows[:, 0], rows[:, 1]
        share = np.array([1.0, 0.0, 0.5])[rows[:, 2]]

        def loss(ratings: FloatArray) -> tuple[float, FloatArray]:
            p = expit(math.log(10) * (ratings[first] - ratings[second]))
            value = -(counts * (share * np.log(p) + (1 - share) * np.log(1 - p))).sum()
            slope = -math.log(10) * counts * (share - p)
            gradient = np.zeros(votes.n_models)
            np.add.at(gradient, first, slope)
            np.add.at(gradient, second, -slope)
            return float(value), gradient

        options = {"maxiter": 100, "gtol": 1e-6}
        found = minimize(
            loss, np.zeros(votes.n_models), jac=True, method="L-BFGS-B", options=options
        )
        scores: FloatArray = found.x * math.log(10)
        return scores

    return point


def arena_rank(votes: Votes) -> Callable[[], FloatArray]:
    """Scores with sandwich intervals by arena-rank, its outcomes mapped by a table."""
    import pandas as pd
    from arena_rank.models.bradley_terry import BradleyTerry  # type: ignore[import-not-found]
    from arena_rank.utils.data_utils import PairDataset  # type: ignore[import-not-found]

    def board() -> FloatArray:
        columns = {"model_a": votes.first, "model_b": votes.second, "winner": votes.outcome}
        points = {0: 1.0, 1: 0.0, 2: 0.5}
        data = PairDataset.from_pandas(pd.DataFrame(columns), outcome_map=points)
        model = BradleyTerry(n_competitors=votes.n_models)
        result = model.compute_ratings_and_cis(data)
        np.asarray(result["rating_lower"]), np.asarray(result["rating_upper"])
        scores: FloatArray = np.asarray(result["ratings"]) / model.alpha
        return scores

    return board


METHODS: dict[str, Callable[[Votes], Callable[[], FloatArray]]] = {
    method.__name__: method for method in (agon, agon_refresh, evalica, choix, fastchat, arena_rank)
}


def memory_mib(field: str) -> float:
    """Memory of this process in MiB, now ("VmRSS") or at its peak ("VmHWM"); nan if untold."""
    if not _MEMORY.exists():
        return math.nan
    found = re.search(rf"{field}:\s+(\d+) kB", _MEMORY.read_text("ascii"))
    return int(found[1]) / 1024 if found else math.nan


def measured(run: Callable[[], FloatArray]) -> dict[str, Any]:
    """Run once; return processor seconds, the peak of memory above the start's, and the scores."""
    if _RESET_PEAK.exists():
        _RESET_PEAK.write_text("5")  # the kernel's code for "forget the peak"
    before_mib = memory_mib("VmRSS")
    start_s = time.process_time()
    scores = run()
    cpu_s = time.process_time() - start_s
    extra_mib = memory_mib("VmHWM") - before_mib
    return {"cpu_s": cpu_s, "extra_mib": extra_mib, "scores": (scores - scores.mean()).tolist()}


def serve(method: str) -> None:
    """Answer requests, the number of models and a folder of codes, until stdin ends."""
    for line in sys.stdin:
        n_models, folder = json.loads(line)
        names = ("first", "second", "outcome")
        votes = Votes(n_models, *(np.load(Path(folder) / f"{name}.npy") for name in names))
        try:
            answer = measured(METHODS[method](votes))
        except Exception as error:  # noqa: BLE001 - whatever a peer fails with is its result
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve(sys.argv[1])
