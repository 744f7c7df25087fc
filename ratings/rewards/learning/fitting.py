"""Go down a convex loss, and let prompts kept aside say how far and under which penalty."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ratings.rewards.learning.calibration import fitted_temperature
from ratings.rewards.learning.errors import DidNotFit
from ratings.rewards.learning.model import PairTable, RewardHead, bradley_terry_loss

FloatArray = NDArray[np.float64]
Penalty = tuple[float, float]  # λ of the hashed weights, λ of the dense weights

_ITERATIONS_PER_STEP = 5  # L-BFGS iterations between two looks at the validation pairs
_HISTORY = 10  # curvature pairs that L-BFGS remembers, the usual number
_IMPROVEMENT = 1e-5  # nats by which a step must better the loss to count
_SPREAD_MIN = 1e-6  # a dense feature that never varies is not divided by its spread


@dataclass(frozen=True)
class Choice:
    """What cross-validation by prompt chose.

    Attributes:
        l2_hashed, l2_dense: penalties; n_steps: steps of 5 L-BFGS iterations, early stopping;
        log_loss: out of fold, nats; temperature: divisor of the raw margins, fitted out of fold
            and already inside the returned weights.
    """

    l2_hashed: float
    l2_dense: float
    n_steps: int
    log_loss: float
    temperature: float


def fitted_head(
    table: PairTable,
    fold: NDArray[np.int64],
    penalties: Sequence[Penalty],
    *,
    max_steps: int,
    patience: int,
) -> tuple[RewardHead, Choice]:
    """Choose penalty, steps and temperature by fold (n,), then fit all pairs so; float64."""
    best: tuple[float, int, Penalty, FloatArray] | None = None
    for l2 in penalties:
        paths = _validation_paths(table, fold, l2, max_steps=max_steps, patience=patience)
        step, margins = _best_step(paths, table, fold)
        log_loss = float(_loss(torch.from_numpy(margins), table))
        if best is None or log_loss < best[0]:
            best = (log_loss, step, l2, margins)
    if best is None:
        raise DidNotFit("the grid of penalties is empty; name at least one")
    log_loss, step, l2, margins = best
    temperature = fitted_temperature(margins, table.label, table.weight)
    head = _new_head(table)
    for _ in _descent(head, table, l2, step):
        pass
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.div_(temperature)
    return head, Choice(*l2, step, log_loss, temperature)


def _validation_paths(
    table: PairTable, fold: NDArray[np.int64], l2: Penalty, *, max_steps: int, patience: int
) -> list[list[FloatArray]]:
    """Return for each fold its margins after each step of a fit that never saw that fold."""
    scale = _spread(table.dense)
    paths = []
    for k in range(int(fold.max()) + 1):
        seen, unseen = table.rows(fold != k), table.rows(fold == k)
        head = _new_head(seen, scale)
        path: list[FloatArray] = []
        least, best_step = float("inf"), 0
        for step in _descent(head, seen, l2, max_steps):
            with torch.no_grad():
                margins = head.margins(unseen)
                log_loss = float(_loss(margins, unseen))
            path.append(margins.numpy())
            if log_loss < least - _IMPROVEMENT:
                least, best_step = log_loss, step
            if step - best_step >= patience:
                break
        paths.append(path)
    return paths


def _best_step(
    paths: list[list[FloatArray]], table: PairTable, fold: NDArray[np.int64]
) -> tuple[int, FloatArray]:
    """Return the number of steps with the least out-of-fold loss and its margins (n,).

    A fold that stopped earlier keeps the margins of its last step.
    """
    candidates = []
    for step in range(1, max(map(len, paths)) + 1):
        margins = np.empty(len(fold))
        for k, path in enumerate(paths):
            margins[fold == k] = path[min(step, len(path)) - 1]
        candidates.append((float(_loss(torch.from_numpy(margins), table)), step, margins))
    _, step, margins = min(candidates, key=lambda candidate: candidate[:2])
    return step, margins


def _descent(head: RewardHead, table: PairTable, l2: Penalty, max_steps: int) -> Iterator[int]:
    """Take L-BFGS steps on the penalised loss, yielding after each, until it is flat."""
    optimiser = torch.optim.LBFGS(
        head.parameters(),
        max_iter=_ITERATIONS_PER_STEP,
        history_size=_HISTORY,
        line_search_fn="strong_wolfe",
    )

    def closure() -> float:
        optimiser.zero_grad()
        loss = _loss(head.margins(table), table) + head.penalty(*l2)
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    before = float("inf")
    for step in range(1, max_steps + 1):
        now = float(optimiser.step(closure))  # type: ignore[no-untyped-call]
        if not np.isfinite(now):
            raise DidNotFit(f"the loss is {now} at penalties {l2}, step {step}; nothing is kept")
        yield step
        if before - now < _IMPROVEMENT:
            return
        before = now


def _new_head(table: PairTable, scale: FloatArray | None = None) -> RewardHead:
    head = RewardHead(table.hashed.shape[1], table.dense.shape[1]).double()
    head.dense_scale = torch.from_numpy(_spread(table.dense) if scale is None else scale)
    return head


def _loss(margins: torch.Tensor, table: PairTable) -> torch.Tensor:
    label, weight = torch.from_numpy(table.label), torch.from_numpy(table.weight)  # (n,), (n,)
    return bradley_terry_loss(margins, label, weight)


def _spread(differences: FloatArray) -> FloatArray:
    """Return (n_dense,) root mean squares: unlike deviations, the same after swapping sides."""
    spread: FloatArray = np.sqrt(np.mean(differences**2, axis=0))
    return np.where(spread > _SPREAD_MIN, spread, 1.0)
