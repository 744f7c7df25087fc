"""Hold out by prompt: no prompt, nor a near-duplicate of one, is on both sides.

A random split of pairs puts the same prompt on both sides and flatters the model by many points;
here whole groups of prompts move together. A group's side depends only on its name and the key, so
the same release splits the same way anywhere.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from ratings.rewards.learning.near_duplicates import prompt_groups
from ratings.rewards.learning.pairs import PreferencePair

_KEY_BYTES_MAX = 64  # the longest key of BLAKE2b


@dataclass(frozen=True)
class PromptSplit:
    """Pairs on the two sides, each with the group of its prompt.

    Attributes:
        kept, held_out: the pairs, in their order.
        kept_groups, held_out_groups: the group's name for each pair; the two sets are disjoint.
    """

    kept: list[PreferencePair]
    held_out: list[PreferencePair]
    kept_groups: list[str]
    held_out_groups: list[str]


def split_by_prompt(pairs: Sequence[PreferencePair], *, share: float, key: str) -> PromptSplit:
    """Hold out about `share` of the prompt groups (not of the pairs), chosen by the key."""
    if not 0.0 < share < 1.0:
        raise ValueError(f"share is {share!r}; hold out a part between 0 and 1")
    split = PromptSplit([], [], [], [])
    groups = prompt_groups([pair.prompt for pair in pairs])
    for pair, group in zip(pairs, groups, strict=True):
        if _unit(group, key) < share:
            split.held_out.append(pair)
            split.held_out_groups.append(group)
        else:
            split.kept.append(pair)
            split.kept_groups.append(group)
    return split


def prompt_folds(groups: Sequence[str], *, n_folds: int, key: str) -> NDArray[np.int64]:
    """Deal pairs into folds of about equal size, a prompt group always whole: (n,) fold numbers."""
    n_pairs = Counter(groups)
    sizes = [0] * n_folds
    fold_of = {}
    for group in sorted(n_pairs, key=lambda name: (_unit(name, key), name)):
        fold_of[group] = sizes.index(min(sizes))
        sizes[fold_of[group]] += n_pairs[group]
    return np.array([fold_of[group] for group in groups], dtype=np.int64)


def _unit(group: str, key: str) -> float:
    """Return a number in [0, 1) that depends on the group and the key alone."""
    secret = blake2b(key.encode(), digest_size=_KEY_BYTES_MAX).digest()
    digest = blake2b(group.encode(), digest_size=7, key=secret).digest()
    return int.from_bytes(digest, "big") / 2**56  # 56 bits: exact as a float, never rounds to 1
