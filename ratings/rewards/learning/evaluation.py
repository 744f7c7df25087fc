"""How good is the reward on prompts it never saw, and is it better than looking at the length?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit  # type: ignore[import-untyped]

from ratings.rewards.learning.bootstrap import Interval, PromptDraws
from ratings.rewards.learning.calibration import (
    ReliabilityBin,
    expected_calibration_error,
    reliability_table,
)
from ratings.rewards.learning.errors import TooLittleData
from ratings.rewards.learning.features import text_features
from ratings.rewards.learning.pairs import UNDECIDED, PreferencePair
from ratings.rewards.learning.style import LENGTH_COLUMN
from ratings.rewards.learning.training import TrainedReward, one_thread

FloatArray = NDArray[np.float64]

# Below this many held-out prompt groups a bootstrap of groups is far too narrow to print.
GROUPS_MIN = 10
DECIDED_MIN = 30
_P_FLOOR = 1e-12  # keeps the log-loss of a sure and wrong prediction finite


@dataclass(frozen=True)
class Probabilities:
    """How good probabilities are on all held-out pairs, a tie counting as half a win.

    Attributes:
        log_loss: nats, a coin has ln 2; log_loss_decided: the same without ties.
        brier: mean squared error; ece: expected calibration error over `reliability`.
    """

    log_loss: float
    log_loss_decided: float
    brier: float
    ece: float
    reliability: tuple[ReliabilityBin, ...]


@dataclass(frozen=True)
class Baseline:
    """A rule to beat, on the same held-out pairs.

    Attributes:
        accuracy: on decided pairs; advantage: accuracy of the reward minus this accuracy.
        probabilities: absent for a rule that only names a side.
    """

    accuracy: Interval
    advantage: Interval
    probabilities: Probabilities | None


@dataclass(frozen=True)
class RewardMetrics:
    """Everything that is measured on the held-out pairs; all means use the pairs' weights.

    Attributes:
        accuracy: on decided pairs; equal rewards count as half right.
        accuracy_where_shorter_won: the same on pairs that the longer response lost, or None.
        probabilities: of σ(r_a − r_b); before_temperature: without the fitted temperature.
        length_correlation: of r_a − r_b with the difference of log lengths, through the origin
            because the sides are arbitrary; None where one of them never varies.
        longer_one_wins: the rule; length_only, style_only: logistic baselines trained alike.
    """

    n_pairs: int
    n_decided: int
    n_prompt_groups: int
    accuracy: Interval
    accuracy_where_shorter_won: float | None
    probabilities: Probabilities
    before_temperature: Probabilities
    temperature: float
    length_correlation: float | None
    longer_one_wins: Baseline
    length_only: Baseline
    style_only: Baseline


@dataclass(frozen=True, eq=False)
class _HeldOut:
    """Arrays over the n held-out pairs; margins of the reward, dense differences, char lengths."""

    label: FloatArray
    weight: FloatArray
    margins: FloatArray
    dense: FloatArray
    longer_by: FloatArray

    @property
    def decided(self) -> NDArray[np.bool_]:
        decided: NDArray[np.bool_] = self.label != UNDECIDED
        return decided


def evaluate(
    trained: TrainedReward, held_out: Sequence[PreferencePair], groups: Sequence[str]
) -> RewardMetrics:
    """Measure the published scores on held-out pairs, `groups` naming each pair's prompt group.

    Raises `TooLittleData` where an interval would be a pretence.
    """
    decided_groups = [
        group for pair, group in zip(held_out, groups, strict=True) if pair.is_decided
    ]
    _check_enough(decided_groups)
    with one_thread():
        data = _held_out_arrays(trained, held_out)
    draws = PromptDraws.of(decided_groups, trained.config.seed)
    label, weight, decided = data.label, data.weight, data.decided
    right = _right(data.margins, label)  # (n,)
    shorter_won = decided & (_right(data.longer_by, label) == 0.0)
    before = data.margins * trained.choice.temperature
    length_only, style_only = data.dense @ trained.length, data.dense @ trained.style

    def baseline(margins: FloatArray, probabilities: Probabilities | None) -> Baseline:
        its_right = _right(margins, label)  # (n,)
        return Baseline(
            accuracy=draws.share(its_right[decided], weight[decided]),
            advantage=draws.mean((right - its_right)[decided], weight[decided]),
            probabilities=probabilities,
        )

    return RewardMetrics(
        n_pairs=len(held_out),
        n_decided=int(decided.sum()),
        n_prompt_groups=len(set(groups)),
        accuracy=draws.share(right[decided], weight[decided]),
        accuracy_where_shorter_won=_mean_or_none(right[shorter_won], weight[shorter_won]),
        probabilities=_probabilities(data.margins, label, weight),
        before_temperature=_probabilities(before, label, weight),
        temperature=trained.choice.temperature,
        length_correlation=_correlation(data.margins, data.dense[:, LENGTH_COLUMN]),
        longer_one_wins=baseline(data.longer_by, None),
        length_only=baseline(length_only, _probabilities(length_only, label, weight)),
        style_only=baseline(style_only, _probabilities(style_only, label, weight)),
    )


def _check_enough(decided_groups: Sequence[str]) -> None:
    n_groups = len(set(decided_groups))
    if len(decided_groups) < DECIDED_MIN:
        raise TooLittleData("decided held-out pairs", len(decided_groups), DECIDED_MIN)
    if n_groups < GROUPS_MIN:
        raise TooLittleData("held-out prompts with a decided pair", n_groups, GROUPS_MIN)


def _held_out_arrays(trained: TrainedReward, pairs: Sequence[PreferencePair]) -> _HeldOut:
    scorer = trained.scorer
    margins, dense = [], []
    for pair in pairs:
        a = text_features(pair.prompt, pair.response_a, scorer.features)
        b = text_features(pair.prompt, pair.response_b, scorer.features)
        margins.append(scorer.score_features(a) - scorer.score_features(b))
        dense.append(a.dense - b.dense)
    return _HeldOut(
        label=np.array([pair.label for pair in pairs]),
        weight=np.array([pair.weight for pair in pairs]),
        margins=np.array(margins),
        dense=np.stack(dense),
        longer_by=np.array([float(len(p.response_a) - len(p.response_b)) for p in pairs]),
    )


def _right(margins: FloatArray, label: FloatArray) -> FloatArray:
    """Return (n,) 1 where the margin names the preferred side, 0 where the other, ½ where none."""
    return 0.5 + 0.5 * np.sign(margins) * np.sign(label - UNDECIDED)


def _probabilities(margins: FloatArray, label: FloatArray, weight: FloatArray) -> Probabilities:
    p = expit(margins)  # (n,)
    clipped = np.clip(p, _P_FLOOR, 1.0 - _P_FLOOR)
    loss = -(label * np.log(clipped) + (1.0 - label) * np.log(1.0 - clipped))
    decided = label != UNDECIDED
    table = reliability_table(p, label, weight)
    return Probabilities(
        log_loss=float(np.average(loss, weights=weight)),
        log_loss_decided=float(np.average(loss[decided], weights=weight[decided])),
        brier=float(np.average((p - label) ** 2, weights=weight)),
        ece=expected_calibration_error(table),
        reliability=table,
    )


def _mean_or_none(values: FloatArray, weight: FloatArray) -> float | None:
    return float(np.average(values, weights=weight)) if len(values) else None


def _correlation(x: FloatArray, y: FloatArray) -> float | None:
    """Return the correlation of (n,) arrays about zero, or None."""
    norm = float(np.sqrt(np.sum(x**2) * np.sum(y**2)))
    return float(np.sum(x * y)) / norm if norm > 0.0 else None
