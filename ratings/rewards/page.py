"""A reward model as its page shows it: percentages, intervals, the calibration curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ratings.rewards.models import RewardModel

BASELINES = (
    ("longer_one_wins", "The longer one wins"),
    ("length_only", "Logistic model of length"),
    ("style_only", "Logistic model of style"),
)


def reward_facts(model: RewardModel) -> dict[str, Any]:
    """Return what the pages show of a reward model."""
    metrics = model.metrics
    return {
        "name": model.name,
        "release": model.release,
        "arena": model.release.arena,
        "created_at": model.trained_at,
        "metrics": {
            **_accuracy(metrics["accuracy"]),
            "n_pairs": metrics["n_pairs"],
            "baselines": [
                {"name": label, **_accuracy(metrics[key]["accuracy"])} for key, label in BASELINES
            ],
            "calibration": [_bin(one) for one in metrics["probabilities"]["reliability"]],
        },
    }


def _accuracy(interval: Mapping[str, Any]) -> dict[str, str]:
    return {
        "accuracy_text": f"{100 * interval['value']:.1f} %",
        "interval_text": f"{100 * interval['low']:.1f}–{100 * interval['high']:.1f} %",
    }


def _bin(one: Mapping[str, Any]) -> dict[str, Any]:
    low, high = 100 * one["confidence_low"], 100 * one["confidence_high"]
    return {
        "predicted_text": f"{low:.0f}–{high:.0f} %",
        "observed_text": f"{100 * one['mean_outcome']:.0f} %" if one["n"] else "–",
        "n": one["n"],
        "x": round(100 * one["mean_confidence"], 2) if one["n"] else None,
        "y": round(100 * one["mean_outcome"], 2) if one["n"] else None,
    }
