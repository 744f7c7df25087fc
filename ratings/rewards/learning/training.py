"""From pairs to a reward and its baselines, with everything chosen inside the training prompts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]

from ratings.rewards.learning.errors import TooLittleData
from ratings.rewards.learning.features import FeatureConfig, text_features
from ratings.rewards.learning.fitting import Choice, fitted_head
from ratings.rewards.learning.model import PairTable, RewardScorer
from ratings.rewards.learning.near_duplicates import prompt_groups
from ratings.rewards.learning.pairs import PreferencePair
from ratings.rewards.learning.splits import prompt_folds
from ratings.rewards.learning.style import LENGTH_COLUMN, STYLE_COLUMNS


@dataclass(frozen=True)
class TrainingConfig:
    """How to learn.

    Attributes:
        seed: deals the prompts into folds and draws the bootstrap; the fit has no randomness.
        l2_hashed_grid, l2_dense_grid: penalties per mean nat of loss; the two with the least
            out-of-fold loss are taken. The strongest hashed one all but leaves style alone.
        n_folds: validation folds of whole prompt groups.
        max_steps: of 5 L-BFGS iterations; patience: steps in a row without validation gain.
        decided_pairs_min, prompts_min, fold_decided_min: what is needed to learn anything: decided
            pairs, prompt groups, and decided pairs in each fold.
    """

    features: FeatureConfig = field(default_factory=FeatureConfig)
    seed: int = 0
    l2_hashed_grid: tuple[float, ...] = (1.0, 0.1, 0.01, 0.003, 0.001)
    l2_dense_grid: tuple[float, ...] = (0.1, 0.01)
    n_folds: int = 4
    max_steps: int = 40
    patience: int = 2
    decided_pairs_min: int = 100
    prompts_min: int = 20
    fold_decided_min: int = 10

    def __post_init__(self) -> None:
        if self.n_folds < 2 or self.max_steps < 1 or self.patience < 1:
            raise ValueError(
                f"n_folds is {self.n_folds}, max_steps {self.max_steps}, patience {self.patience}; "
                "use at least 2, 1 and 1"
            )


@dataclass(frozen=True, eq=False)
class TrainedReward:
    """A trained reward with the baselines learned from the same pairs in the same way.

    Attributes:
        style, length: (n_dense,) weights on raw dense differences of the style-only and the
            length-only logistic baseline.
    """

    scorer: RewardScorer
    config: TrainingConfig
    choice: Choice
    style: NDArray[np.float64]
    length: NDArray[np.float64]
    n_pairs: int
    n_decided: int
    n_prompt_groups: int


def train(
    pairs: Sequence[PreferencePair],
    config: TrainingConfig,
    *,
    groups: Sequence[str] | None = None,
) -> TrainedReward:
    """Learn a reward and its baselines; the same pairs and config give the same weights.

    `groups` names each pair's prompt group where a split has already found them. Raises
    `TooLittleData` before any work, and `DidNotFit` if the loss leaves the finite numbers.
    """
    if groups is None:
        groups = prompt_groups([pair.prompt for pair in pairs])
    fold = prompt_folds(groups, n_folds=config.n_folds, key=f"reward folds {config.seed}")
    decided = np.array([pair.is_decided for pair in pairs], dtype=bool)
    _check_enough(decided, fold, len(set(groups)), config)
    with one_thread():
        table = pair_table(pairs, config.features)
        penalties = list(product(config.l2_hashed_grid, config.l2_dense_grid))
        head, choice = fitted_head(
            table, fold, penalties, max_steps=config.max_steps, patience=config.patience
        )
        style = _baseline(table, fold, STYLE_COLUMNS, config)
        length = _baseline(table, fold, [LENGTH_COLUMN], config)
    return TrainedReward(
        scorer=RewardScorer(head.float().eval(), config.features),
        config=config,
        choice=choice,
        style=style,
        length=length,
        n_pairs=len(pairs),
        n_decided=int(decided.sum()),
        n_prompt_groups=len(set(groups)),
    )


def pair_table(pairs: Sequence[PreferencePair], config: FeatureConfig) -> PairTable:
    """Compute φ_a − φ_b of every pair."""
    buckets, values, dense = [], [], []
    for pair in pairs:
        a = text_features(pair.prompt, pair.response_a, config)
        b = text_features(pair.prompt, pair.response_b, config)
        buckets.append(np.concatenate([a.buckets, b.buckets]).astype(np.int32))
        values.append(np.concatenate([a.values, -b.values]))
        dense.append(a.dense - b.dense)
    row_ends = np.cumsum([0, *map(len, buckets)])
    hashed = sparse.csr_matrix(
        (np.concatenate(values), np.concatenate(buckets), row_ends),
        shape=(len(pairs), config.n_buckets),
    )
    hashed.sum_duplicates()  # what both responses share cancels
    hashed.eliminate_zeros()
    return PairTable(
        hashed=hashed,
        dense=np.stack(dense),
        label=np.array([pair.label for pair in pairs]),
        weight=np.array([pair.weight for pair in pairs]),
    )


@contextmanager
def one_thread() -> Iterator[None]:
    """Sum in one order: with several threads the last bits of a weight differ between runs."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def _baseline(
    table: PairTable, fold: NDArray[np.int64], columns: Sequence[int], config: TrainingConfig
) -> NDArray[np.float64]:
    """Fit the same loss on some dense columns alone; (n_dense,) weights on raw differences."""
    empty = sparse.csr_matrix((len(table.label), 1), dtype=np.float64)
    dense = np.ascontiguousarray(table.dense[:, list(columns)])
    head, _ = fitted_head(
        replace(table, hashed=empty, dense=dense),
        fold,
        [(1.0, l2_dense) for l2_dense in config.l2_dense_grid],
        max_steps=config.max_steps,
        patience=config.patience,
    )
    weights = np.zeros(table.dense.shape[1])
    weights[list(columns)] = (head.dense.weight.detach()[0] / head.dense_scale).numpy()
    return weights


def _check_enough(
    decided: NDArray[np.bool_], fold: NDArray[np.int64], n_groups: int, config: TrainingConfig
) -> None:
    """Refuse what cannot be learned from."""
    in_fold = np.bincount(fold[decided], minlength=config.n_folds)
    for reason, seen, needed in (
        ("decided pairs to learn from", int(decided.sum()), config.decided_pairs_min),
        ("different prompts to learn from", n_groups, config.prompts_min),
        ("decided pairs in the smallest fold", int(in_fold.min()), config.fold_decided_min),
    ):
        if seen < needed:
            raise TooLittleData(reason, seen, needed)
