"""The card of a reward model: what it is, what it was measured at, and what it did not manage."""

from collections.abc import Mapping
from math import log
from typing import Any

from ratings.rewards.learning.bootstrap import Interval
from ratings.rewards.learning.evaluation import Baseline, Probabilities, RewardMetrics
from ratings.rewards.learning.training import TrainedReward

_COIN = 0.5
# Provenance that the card shows as text; any other key is kept in config.json alone.
_PROVENANCE = {
    "release": "Release",
    "release_manifest_sha256": "Digest of the release's manifest",
    "licence": "Licence",
    "code_version": "Code version",
}


def findings(metrics: RewardMetrics) -> list[str]:
    """Say plainly what the held-out pairs show, and what they do not show."""
    said = []
    if metrics.accuracy.high < _COIN:
        said.append("It is worse than a coin on held-out prompts. Do not use it.")
    elif metrics.accuracy.contains(_COIN):
        said.append(
            "It was not shown to be better than a coin: the accuracy interval contains 50 %."
        )
    else:
        said.append("It is better than a coin: the accuracy interval lies above 50 %.")
    said += [
        _against("longer-one-wins", metrics.longer_one_wins.advantage),
        _against("the length-only baseline", metrics.length_only.advantage),
        _against("the style-only baseline", metrics.style_only.advantage),
    ]
    style = metrics.style_only.probabilities
    if style and metrics.probabilities.log_loss >= style.log_loss:
        said.append("Its probabilities are no better than those of the style-only baseline.")
    return said


def card(trained: TrainedReward, metrics: RewardMetrics, provenance: Mapping[str, Any]) -> str:
    """Return the card as Markdown.

    Of `provenance` it shows `release`, `release_manifest_sha256`, `licence`, `code_version` and
    `skipped_rows` (reason → count), each where given.
    """
    return "\n".join(
        [
            "---",
            "tags: [reward-model, preference-model, bradley-terry]",
            "---",
            "",
            "# Text reward model learned from human preference votes",
            "",
            "A scalar reward r(prompt, response). The difference of two rewards for one prompt is",
            "the log-odds that people prefer the first response: P(a > b) = σ(r_a − r_b).",
            "Rewards for different prompts do not compare.",
            "",
            "## What the held-out prompts show",
            "",
            *(f"- {sentence}" for sentence in findings(metrics)),
            "",
            *_results(metrics),
            "",
            *_calibration(metrics),
            "",
            "## Data",
            "",
            *_data(trained, metrics, provenance),
            "",
            "## Method",
            "",
            *_method(trained),
            "",
            "## Limits",
            "",
            *_limits(metrics),
            "",
            "## How to load",
            "",
            "```python",
            "from ratings.rewards.learning.artifact import load",
            "",
            'reward = load("path/to/this/folder")  # checks every digest',
            'print(reward.score("the prompt", "a response"))',
            'print(reward.probability("the prompt", "response a", "response b"))',
            "```",
            "",
        ]
    )


def _against(name: str, advantage: Interval) -> str:
    points = f"{_points(advantage.value)} points [{_points(advantage.low)}, "
    points += f"{_points(advantage.high)}]"
    if advantage.low > 0.0:
        return f"It beats {name}, by {points} of accuracy."
    if advantage.high < 0.0:
        return f"It did not beat {name}: it is worse, by {points} of accuracy."
    return f"It did not beat {name}: the difference, {points} of accuracy, may be chance."


def _results(metrics: RewardMetrics) -> list[str]:
    return [
        "| on the same held-out pairs | accuracy, decided pairs | log-loss | Brier | ECE |",
        "|---|---|---|---|---|",
        _row("**this model**", metrics.accuracy, metrics.probabilities),
        _baseline_row("the longer one wins", metrics.longer_one_wins),
        _baseline_row("length only (logistic)", metrics.length_only),
        _baseline_row("style only (logistic)", metrics.style_only),
        "",
        (
            f"{metrics.n_pairs} held-out pairs over {metrics.n_prompt_groups} prompts, "
            f"{metrics.n_decided} of them decided. Intervals: 95 %, {metrics.accuracy.method}. "
            f"Log-loss (nats; a coin has {log(2.0):.3f}), Brier score and ECE are over all "
            "pairs, a tie counting as half a win."
        ),
    ]


def _calibration(metrics: RewardMetrics) -> list[str]:
    table = metrics.probabilities.reliability
    return [
        "### Calibration",
        "",
        (
            f"Temperature {metrics.temperature:.3f}, fitted out of fold on training prompts and "
            f"already inside the weights; ECE without it {metrics.before_temperature.ece:.3f}. "
            f"{len(table)} bins with equal numbers of pairs, by confidence max(p, 1 − p):"
        ),
        "",
        "| confidence | pairs | promised | seen |",
        "|---|---|---|---|",
        *(
            f"| {part.confidence_low:.3f}–{part.confidence_high:.3f} | {part.n} "
            f"| {part.mean_confidence:.3f} | {part.mean_outcome:.3f} |"
            for part in table
        ),
    ]


def _data(
    trained: TrainedReward, metrics: RewardMetrics, provenance: Mapping[str, Any]
) -> list[str]:
    return [
        *(
            f"- {title}: {provenance[key]}"
            for key, title in _PROVENANCE.items()
            if provenance.get(key)
        ),
        (
            f"- Trained on {trained.n_pairs} pairs over {trained.n_prompt_groups} prompts, "
            f"{trained.n_decided} of them decided; held out: {metrics.n_pairs} pairs over "
            f"{metrics.n_prompt_groups} other prompts. Prompts that differ only in case, space or "
            "punctuation, and near-duplicates, are one prompt and stay on one side."
        ),
        *(
            [f"- Rows left out, by reason: {_counts(provenance['skipped_rows'])}"]
            if provenance.get("skipped_rows")
            else []
        ),
    ]


def _method(trained: TrainedReward) -> list[str]:
    choice, features = trained.choice, trained.config.features
    return [
        (
            "A linear Bradley-Terry model on hashed words, word pairs, words shared with the "
            f"prompt and character {'- and '.join(map(str, features.char_sizes))}-grams "
            f"({features.n_buckets} buckets), and "
            f"{len(trained.style)} style and overlap values. Soft labels; L2 penalties "
            f"{choice.l2_hashed:g} (hashed) and {choice.l2_dense:g} (dense) and "
            f"{choice.n_steps} optimiser steps chosen by {trained.config.n_folds}-fold "
            f"cross-validation over prompts. Seed {trained.config.seed}; exact settings in "
            "`config.json`."
        ),
    ]


def _limits(metrics: RewardMetrics) -> list[str]:
    lines = [
        (
            "- It counts words and marks; it does not read. It cannot check facts, follow an "
            "argument or see that a fluent answer is wrong."
        ),
        (
            "- It reflects the people who voted and the models that answered; on other prompts, "
            "languages or models expect less."
        ),
        "- Optimising a generator against it will find its surface cues before better answers.",
    ]
    if metrics.length_correlation is not None:
        lines.append(
            f"- Correlation of its margin with the difference of log lengths: "
            f"{metrics.length_correlation:+.2f}."
        )
    if metrics.accuracy_where_shorter_won is not None:
        lines.append(
            "- Accuracy where the shorter response won: "
            f"{_percent(metrics.accuracy_where_shorter_won)} %."
        )
    return lines


def _counts(by_reason: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {n}" for reason, n in sorted(by_reason.items()))


def _baseline_row(name: str, baseline: Baseline) -> str:
    return _row(name, baseline.accuracy, baseline.probabilities)


def _row(name: str, accuracy: Interval, probabilities: Probabilities | None) -> str:
    figures = (
        [f"{p:.3f}" for p in (probabilities.log_loss, probabilities.brier, probabilities.ece)]
        if probabilities
        else ["–"] * 3
    )
    share = f"{_percent(accuracy.value)} % [{_percent(accuracy.low)}, {_percent(accuracy.high)}]"
    return "| " + " | ".join([name, share, *figures]) + " |"


def _percent(share: float) -> str:
    return f"{100.0 * share:.1f}"


def _points(share: float) -> str:
    return f"{100.0 * share:+.1f}"
