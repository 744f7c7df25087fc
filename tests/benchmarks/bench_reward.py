"""Time the text reward model on two human preference sets and compare it with simple rules.

Every row is measured in one run on the same held-out prompts. The baselines are the rule that the
longer answer wins and two logistic models fitted alike, on length and on style. The real data is
found as the tests find it: in the folder `AGON_TEST_DATA`, or beside the repository.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from os.path import commonprefix
from pathlib import Path
from statistics import fmean

from ratings.rewards.learning.bootstrap import Interval
from ratings.rewards.learning.pairs import PreferencePair
from ratings.rewards.learning.recipe import learn
from ratings.rewards.learning.training import TrainingConfig

REPOSITORY = Path(__file__).resolve().parents[2]
_TURN = "\n\nAssistant:"
_LABEL_OF_ANNOTATION = {0: 0.5, 1: 1.0, 2: 0.0}  # 0 tie, 1 and 2 the preferred response


def pandalm_pairs(folder: Path) -> list[PreferencePair]:
    """Read PandaLM's human test set; the mean of three annotators is the soft label."""
    rows = json.loads((folder / "pandalm_testset" / "testset-v1.json").read_text("utf-8"))
    return [
        PreferencePair(
            prompt=f"{row['instruction']}\n{row['input']}".strip(),
            response_a=row["response1"],
            response_b=row["response2"],
            label=fmean(_LABEL_OF_ANNOTATION[row[f"annotator{i}"]] for i in (1, 2, 3)),
        )
        for row in rows
        if _is_text(row["response1"])
        and _is_text(row["response2"])
        and row["response1"] != row["response2"]
    ]


def hh_harmless_pairs(folder: Path) -> list[PreferencePair]:
    """Read HH-RLHF's harmless test set; the shared turns are the prompt, sides alternate."""
    path = folder / "hh_rlhf_harmless_test" / "harmless-base-test.jsonl"
    pairs = []
    for number, line in enumerate(path.read_text("utf-8").split("\n")):
        if not line:
            continue
        row = json.loads(line)
        shared = commonprefix([row["chosen"], row["rejected"]])  # noqa: RUF071 - texts, not paths
        end = shared.rfind(_TURN) + len(_TURN)
        pair = PreferencePair(shared[:end], row["chosen"][end:], row["rejected"][end:], 1.0)
        if _is_text(pair.response_a) and _is_text(pair.response_b):
            pairs.append(pair if number % 2 else pair.swapped())
    return pairs


SETS: dict[str, Callable[[Path], list[PreferencePair]]] = {
    "pandalm_testset": pandalm_pairs,
    "hh_rlhf_harmless_test": hh_harmless_pairs,
}


def run() -> None:
    """Print one row for each set and rule."""
    folder = Path(os.environ.get("AGON_TEST_DATA") or REPOSITORY.parent / "shared" / "data")
    _line("set", "rule", "accuracy on decided pairs", "log-loss", "ECE", "seconds")
    for name, read in SETS.items():
        if not (folder / name).is_dir():
            _line(name, f"not in {folder}; name its folder in AGON_TEST_DATA", "", "", "", "")
            continue
        pairs = read(folder)
        start = time.perf_counter()
        metrics = learn(pairs, TrainingConfig()).metrics
        seconds = time.perf_counter() - start
        p = metrics.probabilities
        _line(
            f"{name} ({len(pairs)} pairs)",
            "reward model",
            _shown(metrics.accuracy),
            f"{p.log_loss:.3f}",
            f"{p.ece:.3f}",
            f"{seconds:.1f} (split, train, measure)",
        )
        for rule, baseline in (
            ("the longer one wins", metrics.longer_one_wins),
            ("length only", metrics.length_only),
            ("style only", metrics.style_only),
        ):
            q = baseline.probabilities
            figures = (f"{q.log_loss:.3f}", f"{q.ece:.3f}") if q else ("–", "–")
            _line(name, rule, _shown(baseline.accuracy), *figures, "")


def _is_text(response: object) -> bool:
    """Return whether a response is a text that says anything; a few rows of both sets are not."""
    return isinstance(response, str) and bool(response.strip())


def _shown(share: Interval) -> str:
    return f"{100 * share.value:.1f} % [{100 * share.low:.1f}, {100 * share.high:.1f}]"


def _line(*cells: str) -> None:
    widths = (36, 22, 28, 9, 7, 0)
    shown = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    sys.stdout.write("".join(shown).rstrip() + "\n")


if __name__ == "__main__":
    run()
