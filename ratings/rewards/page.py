"""A reward model as its page shows it: percentages, intervals, the calibration curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from arena.common.words import gettext_noop
from ratings.boards.numbers import decimal
from ratings.rewards.models import RewardModel

BASELINES = (
    ("longer_one_wins", gettext_noop("The longer one wins")),
    ("length_only", gettext_noop("Logistic model of length")),
    ("style_only", gettext_noop("Logistic model of style")),
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
                {"name": _(label), **_accuracy(metrics[key]["accuracy"])}
                for key, label in BASELINES
            ],
            "calibration": [_bin(one) for one in metrics["probabilities"]["reliability"]],
        },
    }


def _accuracy(interval: Mapping[str, Any]) -> dict[str, str]:
    return {
        "accuracy_text": _in_percent(decimal(100 * interval["value"], 1)),
        "interval_text": _in_percent(
            f"{decimal(100 * interval['low'], 1)}–{decimal(100 * interval['high'], 1)}"
        ),
    }


def _in_percent(number: str) -> str:
    return _("%(number)s %%") % {"number": number}


def _bin(one: Mapping[str, Any]) -> dict[str, Any]:
    low, high = 100 * one["confidence_low"], 100 * one["confidence_high"]
    return {
        "predicted_text": _in_percent(f"{low:.0f}–{high:.0f}"),
        "observed_text": _in_percent(f"{100 * one['mean_outcome']:.0f}") if one["n"] else "–",
        "n": one["n"],
        "x": round(100 * one["mean_confidence"], 2) if one["n"] else None,
        "y": round(100 * one["mean_outcome"], 2) if one["n"] else None,
    }
