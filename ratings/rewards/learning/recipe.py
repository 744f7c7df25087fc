"""The whole of learning in one call: split by prompt, train, measure."""

from collections.abc import Sequence
from dataclasses import dataclass

from ratings.rewards.learning.evaluation import RewardMetrics, evaluate
from ratings.rewards.learning.pairs import PreferencePair
from ratings.rewards.learning.splits import split_by_prompt
from ratings.rewards.learning.training import TrainedReward, TrainingConfig, train

HELD_OUT_SHARE = 0.2


@dataclass(frozen=True, eq=False)
class Learned:
    """A reward and what it is worth on prompts that took no part in learning it."""

    trained: TrainedReward
    metrics: RewardMetrics


def learn(
    pairs: Sequence[PreferencePair],
    config: TrainingConfig,
    *,
    held_out_share: float = HELD_OUT_SHARE,
    held_out_key: str = "held out",
) -> Learned:
    """Hold out prompts, train on the rest, and measure; keep the key over releases to compare them.

    Raises `TooLittleData` where either side is too small.
    """
    split = split_by_prompt(pairs, share=held_out_share, key=held_out_key)
    trained = train(split.kept, config, groups=split.kept_groups)
    return Learned(trained, evaluate(trained, split.held_out, split.held_out_groups))
