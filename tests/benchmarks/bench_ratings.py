"""Time boards with intervals beside the fits of other libraries, in one run.

Each method runs in a process of its own with one thread, see `peers/worker.py`; repeats are
interleaved, so that a busy machine slows all alike: read the ratios. Imports and what is compiled
once are not in the times, and the best run counts. MiB is the largest peak of a method's memory
above what it held with the votes loaded. Votes are drawn by Davidson's model
with ties at NU, pairs by a popularity that falls as rank^-ZIPF.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import venv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit  # type: ignore[import-untyped]

from tests.benchmarks import style_control

REPOSITORY = Path(__file__).resolve().parents[2]
PEERS = Path(__file__).with_name("peers")
PEERS_PLACE = REPOSITORY / "var" / "benchmarks" / "peers"

MODELS = (20, 100, 400)
VOTES = (100_000, 1_000_000, 10_000_000)
LARGEST = (400, 100_000_000)  # ours only
WARM_UP = (20, 10_000)  # run once by each method before any is measured: imports, compiled code
SPREAD, ZIPF, NU = 0.6, 0.7, 0.70  # of log-strengths; of popularity; of ties, about 24 % of votes
SEED = 20260101
VOTES_PER_BLOCK = 1 << 20
REPEATS, REPEATS_MAX = 3, 15
SHORT_S, ENOUGH_S = 0.5, 8.0  # in all: up to which REPEATS_MAX runs are made, from which none more
LIMIT_S = 180.0  # after which a method's run is given up
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
OURS = "agon"
SHOWN = {
    "agon": "agon, with intervals",
    "arena_rank": "arena-rank, with intervals",
    "evalica": "evalica, points only",
    "choix": "choix, points only",
    "fastchat": "FastChat's way, points only",
}

FloatArray = NDArray[np.float64]


# --- votes ------------------------------------------------------------------------------------


def simulate(n_models: int, n_votes: int, folder: Path) -> FloatArray:
    """Write the codes of votes to .npy files, a block at a time; return points, (row, column)."""
    rng = np.random.default_rng(SEED)
    strength = rng.normal(0, SPREAD, n_models)
    popularity = np.arange(1, n_models + 1) ** -ZIPF
    chance = np.outer(popularity, popularity)
    np.fill_diagonal(chance, 0)
    up_to_pair = np.cumsum(chance) / chance.sum()
    half_odds = np.exp((strength[:, None] - strength) / 2).ravel()
    total = half_odds + 1 / half_odds + NU
    below_first, below_second = half_odds / total, 1 - NU / total
    files = [
        np.lib.format.open_memmap(folder / f"{name}.npy", "w+", dtype=kind, shape=(n_votes,))
        for name, kind in (("first", np.int16), ("second", np.int16), ("outcome", np.int8))
    ]
    wins, ties = np.zeros((2, n_models * n_models))
    for start in range(0, n_votes, VOTES_PER_BLOCK):
        block = slice(start, min(start + VOTES_PER_BLOCK, n_votes))
        size = block.stop - block.start
        pair = np.minimum(np.searchsorted(up_to_pair, rng.random(size), "right"), chance.size - 1)
        draw = rng.random(size)
        outcome = np.where(draw < below_first[pair], 0, np.where(draw < below_second[pair], 1, 2))
        for file, codes in zip(files, (*np.divmod(pair, n_models), outcome), strict=True):
            file[block] = codes
        first, second = np.divmod(pair, n_models)
        winner_first = np.where(outcome == 1, second * n_models + first, pair)
        wins += np.bincount(winner_first[outcome < 2], minlength=chance.size)
        ties += np.bincount(pair[outcome == 2], minlength=chance.size)
    half = ties.reshape(n_models, n_models) / 2
    points: FloatArray = wins.reshape(n_models, n_models) + half + half.T
    return points


def exact_scores(points: FloatArray) -> FloatArray:
    """Maximum-likelihood scores of a points matrix by plain Newton steps, down to rounding."""
    votes = points + points.T
    scores = np.zeros(len(points))
    for _ in range(50):
        p = expit(scores[:, None] - scores)
        weight = votes * p * p.T
        information = np.diag(weight.sum(axis=1)) - weight + weight.mean()
        step = np.linalg.solve(information, (points * p.T - points.T * p).sum(axis=1))
        scores = scores + step - step.mean()
        if np.abs(step).max() < 1e-12:
            return scores
    raise RuntimeError("these votes have no finite maximum; draw more of them")


# --- methods in processes of their own --------------------------------------------------------


@dataclass
class Best:
    """The best run of a method on one set of votes, or why there is none."""

    cpu_s: float = np.inf
    extra_mib: float = 0.0  # the largest of all runs
    scores: FloatArray | None = None
    spent_s: float = 0.0
    error: str = ""


class Method:
    """One method's process."""

    def __init__(self, name: str, python: Path | str = sys.executable) -> None:
        self.name = name
        self._command = [str(python), "-m", "tests.benchmarks.peers.worker", name]
        self._process = self._start()
        with votes_on_disk(*WARM_UP) as (folder, _):
            self.run(WARM_UP[0], folder, Best())

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command,
            cwd=REPOSITORY,
            env={**os.environ, **ONE_THREAD},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self, n_models: int, folder: Path, best: Best) -> None:
        """Run once and keep what was best; start the process anew where it ended."""
        if self._process.poll() is not None:
            self._process = self._start()
        process = self._process
        guard = threading.Timer(LIMIT_S, process.kill)
        guard.start()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps([n_models, str(folder)]) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            guard.cancel()
        if not line:
            best.error = f"ended without an answer (exit {process.wait()})"
            return
        answer = json.loads(line)
        if "error" in answer:
            best.error = answer["error"]
            return
        best.spent_s += answer["cpu_s"]
        best.extra_mib = max(best.extra_mib, answer["extra_mib"])
        if answer["cpu_s"] < best.cpu_s:
            best.cpu_s, best.scores = answer["cpu_s"], np.array(answer["scores"])

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def best_runs(methods: list[Method], n_models: int, folder: Path) -> dict[str, Best]:
    """Run every method REPEATS times in turns, a quick one more often and a slow one less."""
    best = {method.name: Best() for method in methods}
    for repeat in range(REPEATS_MAX):
        for method in methods:
            found = best[method.name]
            if not found.error and found.spent_s < (ENOUGH_S if repeat < REPEATS else SHORT_S):
                method.run(n_models, folder, found)
    return best


def environment_of_peers() -> Path | str:
    """Make the environment of the peers that pin other versions; return its Python, or why not."""
    python = PEERS_PLACE / "bin" / "python"
    wanted, installed = PEERS / "requirements.txt", PEERS_PLACE / "installed.txt"
    if installed.exists() and installed.read_text("utf-8") == wanted.read_text("utf-8"):
        return python
    _write(f"Making {PEERS_PLACE.relative_to(REPOSITORY)} …\n")
    venv.create(PEERS_PLACE, clear=True, with_pip=True)
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "-r", wanted]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["pip failed"])[-1]
    installed.write_text(wanted.read_text("utf-8"), "utf-8")
    return python


@contextmanager
def started(name: str, python: Path | str = sys.executable) -> Iterator[Method]:
    """Run a method's process for the time of a block."""
    method = Method(name, python)
    try:
        yield method
    finally:
        method.close()


@contextmanager
def votes_on_disk(n_models: int, n_votes: int) -> Iterator[tuple[Path, FloatArray]]:
    """Write simulated votes for the time of a block; give their folder and their points."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name), simulate(n_models, n_votes, Path(name))


# --- tables -----------------------------------------------------------------------------------

ROW = "{:>6} {:>11}  {:<28} {:>10} {:>9} {:>11} {:>9}\n"


def run() -> None:
    """Print the tables: from codes beside the peers, the largest, refreshes, style control."""
    _write(ROW.format("models", "votes", "fit", "CPU ms", "to ours", "difference", "MiB"))
    with ExitStack() as processes:
        names = ["agon", "evalica", "choix", "fastchat"]
        methods = [processes.enter_context(started(name)) for name in names]
        python = environment_of_peers()
        if isinstance(python, Path):
            methods.append(processes.enter_context(started("arena_rank", python)))
        else:
            _write(f"arena-rank is left out, it could not be installed: {python}\n")
        for n_votes in VOTES:
            for n_models in MODELS:
                with votes_on_disk(n_models, n_votes) as (folder, points):
                    best = best_runs(methods, n_models, folder)
                _print(n_models, n_votes, best, exact_scores(points))
    n_models, n_votes = LARGEST
    with votes_on_disk(n_models, n_votes) as (folder, points), started(OURS) as ours:
        _print(n_models, n_votes, best_runs([ours], n_models, folder), exact_scores(points))
    _write("\nRefresh of a board from kept tallies: fit, sandwich, intervals, ranks\n")
    with started("agon_refresh") as refresh:
        for n_votes in VOTES:
            with votes_on_disk(max(MODELS), n_votes) as (folder, points):
                found = best_runs([refresh], max(MODELS), folder)[refresh.name]
            n_pairs = np.count_nonzero(np.triu(points + points.T))
            cost = f"{found.cpu_s * 1000:.1f} ms CPU, {found.extra_mib:.0f} MiB"
            _write(f"{max(MODELS)} models, {n_pairs} pairs of {n_votes} votes: {cost}\n")
    _write("\nStyle control\n")
    style_control.measure()


def _print(n_models: int, n_votes: int, best: dict[str, Best], exact: FloatArray) -> None:
    """Print a row for each method."""
    for name, found in best.items():
        if found.scores is None:
            _write(f"{n_models:>6} {n_votes:>11}  {SHOWN[name]:<28} {found.error[:60]}\n")
            continue
        cells = (
            f"{found.cpu_s * 1000:.2f}",
            f"{found.cpu_s / best[OURS].cpu_s:.1f}x",
            f"{np.abs(found.scores - exact).max():.0e}",
            f"{found.extra_mib:.0f}",
        )
        _write(ROW.format(n_models, n_votes, SHOWN[name], *cells))


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    run()
