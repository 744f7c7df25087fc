"""The RankList family: scores from groups of comparisons inside ranked lists.

One list, best first, gives comparisons (i, j), i ahead of j. Put into groups g they give

    L(s) = sum_g w_g log(1 + sum_{(i, j) in g} exp(-(s_i - s_j))),

which is convex in the scores. Groups of one comparison are RankNet, and for lists of two the
Bradley-Terry model; all comparisons of one winner in a group ("anchor") are ListMLE, and so the
Plackett-Luce model; of the best of each list only, softmax top-1; all comparisons of a list
("list") bound the product of its comparisons by one log-sum-exp; all comparisons with the same
number of levels between them ("skip") lie in between.

Source: RankList (Naini, Diaz & Busso 2025, arXiv 2508.09826) generalises RankNet to lists, models
local and non-local ranking constraints in a probabilistic framework, approximates by log-sum-exp,
compares skip-wise, and finds that a least margin between listed items matters. Its equations were
not at hand: the formula above, its groups, schedules and treatment of ties are inferred here.
"Pair" and "anchor" estimate log-odds; "skip", "list" and near pairs alone give the same order on
a shrunken scale, for `calibration.calibrate_to_pairs` to stretch.

Ties: the comparisons inside a block of ties are dropped. Levels are the blocks of a list, so
neighbours have skip 1, and a block of ties is one level.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse  # type: ignore[import-untyped]

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.comparison_graph import (
    connected_components,
    refuse_infinite_scores,
    without_finite_score,
)
from ratings.fitting.fit import Fit
from ratings.fitting.list_groups import Family, Group, GroupBlock, grouped_comparisons
from ratings.fitting.list_kernels import distinct_lists, joint_covariances
from ratings.fitting.newton import MAX_ITERATIONS, TOLERANCE, check_options, maximise
from ratings.fitting.prior import PRIOR_TIES, check_prior_ties, virtual_opponents
from ratings.fitting.rankings import Rankings
from ratings.fitting.sandwich import anchored, averaging_within
from ratings.fitting.sums import totals


def fit_ranklist(
    rankings: Rankings,
    *,
    group: Group = "anchor",
    max_skip: int | None = None,
    skip_weights: Sequence[float] | None = None,
    min_margin: int = 1,
    max_anchor: int | None = None,
    prior_ties: float = PRIOR_TIES,
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
) -> Fit:
    """Fit the scores that minimise a loss of the RankList family, by Newton's method.

    Equal groups are counted first: with "pair" the cost of a fit does not grow with the lists.

    Args:
        rankings: ranked lists.
        group: comparisons that share a log-sum-exp; see the module.
        max_skip: largest number of levels between compared models; None for all. Never use 1
            alone: neighbours shrink scores by a third at lists of four, more at longer ones.
        skip_weights: weight of the groups of skip 1, 2, …; skips beyond have none. A schedule
            that exposes more of the lists from fit to fit is a row of such weights.
        min_margin: least gap of the given ranks; smaller gaps are not compared.
        max_anchor: levels, from the best, whose models are anchors; 1 is softmax top-1.
        prior_ties: virtual ties of each model with its component's virtual opponent, as in the
            Bradley-Terry fit; 0 for none.
        max_iterations: Newton steps allowed.
        tolerance: Newton decrement at which to stop, in standard errors.

    Returns:
        A fit whose covariance groups noise by list, or by voter where the lists name voters; its
        `log_likelihood` is the negative loss, and `n_votes` counts lists that compare the model.

    Raises:
        NoFiniteEstimate: prior_ties is 0 and the comparisons alone give no finite scores.
        DidNotConverge: max_iterations steps were not enough.
        ValueError: an argument out of range, or lists of one voter only.
    """
    check_prior_ties(prior_ties)
    check_options(max_iterations, tolerance)
    family = Family.of(group, max_skip, skip_weights, min_margin, max_anchor)
    n_models = rankings.n_models
    lists = distinct_lists(rankings)
    groups, n_votes = grouped_comparisons(lists, family)
    winner = np.concatenate([np.zeros(0, int), *(block.winner.ravel() for block in groups.blocks)])
    loser = np.concatenate([np.zeros(0, int), *(block.loser.ravel() for block in groups.blocks)])
    component = connected_components(n_models, winner, loser)
    one = np.ones(winner.size)
    insufficient = without_finite_score(component, n_votes, winner, loser, one, 0 * one)
    if prior_ties == 0:
        refuse_infinite_scores(component, n_votes, insufficient)

    loss = _Loss.of(groups.blocks, component, n_votes, prior_ties)
    maximum = maximise(
        loss, np.zeros(loss.n_players), max_iterations=max_iterations, tolerance=tolerance
    )
    scores = maximum.estimates[:n_models] - loss.averaging @ maximum.estimates[:n_models]
    covariance, fisher = joint_covariances(
        loss.derivatives(maximum.estimates)[1],
        loss.averaging,
        np.arange(n_models),
        groups.visits @ _group_gradients(groups.blocks, scores),
        lists.units,
    )
    return Fit(
        scores=scores,
        parameters={},
        joint_covariance=covariance,
        joint_fisher_covariance=fisher,
        component=component,
        n_votes=n_votes,
        insufficient=insufficient,
        log_likelihood=-_loss(groups.blocks, scores),
        iterations=maximum.iterations,
        residual=maximum.residual,
        n_clusters=lists.n_clusters,
    )


def ranklist_loss(
    scores: ArrayLike,
    rankings: Rankings,
    *,
    group: Group = "anchor",
    max_skip: int | None = None,
    skip_weights: Sequence[float] | None = None,
    min_margin: int = 1,
    max_anchor: int | None = None,
) -> float:
    """Return the loss of the RankList family at `scores` (n_models,), summed over lists.

    Arguments as in `fit_ranklist`.

    Raises:
        ValueError: an argument out of range, or scores that are not one finite number per model.
    """
    values = np.asarray(scores, dtype=np.float64)
    if values.shape != (rankings.n_models,) or not np.isfinite(values).all():
        raise ValueError(f"scores have shape {values.shape}; expected {rankings.n_models} numbers")
    family = Family.of(group, max_skip, skip_weights, min_margin, max_anchor)
    unclustered = Rankings(
        rankings.n_models, rankings.items, rankings.ranks, rankings.offsets, None, rankings.weight
    )
    return _loss(grouped_comparisons(distinct_lists(unclustered), family)[0].blocks, values)


# --- the loss ---------------------------------------------------------------------------------


def _loss(blocks: list[GroupBlock], scores: FloatArray) -> float:
    """Sum the weighted log(1 + sum exp(-d)) over all groups."""
    loss = 0.0
    for block in blocks:
        behind = scores[block.loser] - scores[block.winner]  # (n_groups, size), -d
        top = np.maximum(behind.max(axis=1), 0)
        rest = np.exp(behind - top[:, None]).sum(axis=1)
        # log(1 + sum) where all constraints hold well: log1p keeps its digits.
        of_group = np.where(top > 0, top + np.log(np.exp(-top) + rest), np.log1p(rest))
        loss += float(block.weight @ of_group)
    return loss


def _violations(block: GroupBlock, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return q = e^-d / (1 + sum e^-d) of each comparison, and 1 / (1 + sum), (n_groups,)."""
    behind = scores[block.loser] - scores[block.winner]
    top = np.maximum(behind.max(axis=1), 0)
    odds = np.exp(behind - top[:, None])
    total = np.exp(-top) + odds.sum(axis=1)
    return odds / total[:, None], np.exp(-top) / total


@dataclass(frozen=True, eq=False)
class _Loss:
    """The loss of all players' scores: models, and the prior's virtual opponents after them."""

    n_players: int
    blocks: list[GroupBlock]
    averaging: FloatArray  # (n_models, n_models)

    @classmethod
    def of(
        cls,
        blocks: list[GroupBlock],
        component: IntArray,
        n_votes: FloatArray,
        prior_ties: float,
    ) -> "_Loss":
        """Add one virtual opponent per component, whom each model beats and loses to as often."""
        models = np.flatnonzero(n_votes > 0) if prior_ties > 0 else np.zeros(0, dtype=np.int64)
        opponent, n_players = virtual_opponents(component, models)
        sides = models, opponent
        winner, loser = (np.concatenate(pair)[:, None] for pair in (sides, sides[::-1]))
        prior = GroupBlock(winner, loser, np.full(winner.size, prior_ties / 2))
        return cls(
            n_players=n_players,
            blocks=[*blocks, prior] if models.size else blocks,
            averaging=averaging_within(component),
        )

    def log_likelihood(self, estimates: FloatArray) -> float:
        """Negative loss at `estimates` (n_players,), with the prior."""
        return -_loss(self.blocks, estimates)

    def derivatives(self, estimates: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Negative gradient of the loss, and its anchored second derivative.

        A group's second derivative is sum q v v' - (sum q v)(sum q v)' with v = e_loser - e_winner;
        for a single comparison q (1 - q) v v', which keeps the digits where q is almost 1.
        """
        n = self.n_players
        gradient, pairs, outer = np.zeros(n), np.zeros(n * n), np.zeros((n, n))
        for block in self.blocks:
            violated, held = _violations(block, estimates)
            pull = block.weight[:, None] * violated
            gradient += totals(block.winner, pull, n)
            gradient -= totals(block.loser, pull, n)
            if block.winner.shape[1] == 1:
                pull = pull * held[:, None]
            else:
                of_group = _group_rows(block, violated, n)
                outer += (of_group.T @ (of_group * block.weight[:, None])).toarray()
            pairs += totals(block.winner * n + block.loser, pull, n * n)
        information = -(pairs.reshape(n, n) + pairs.reshape(n, n).T) - outer
        np.fill_diagonal(information, 0)
        np.fill_diagonal(information, -information.sum(axis=1))
        return gradient, anchored(information, self.averaging)


def _group_rows(block: GroupBlock, violated: FloatArray, n_players: int) -> Any:
    """Sparse (n_groups, n_players) gradient of each group's loss: sum q (e_loser - e_winner)."""
    n_groups, size = violated.shape
    row = np.repeat(np.arange(n_groups), size)
    column = np.concatenate([block.loser.ravel(), block.winner.ravel()])
    value = np.concatenate([violated.ravel(), -violated.ravel()])
    cells = (np.concatenate([row, row]), column)
    return sparse.coo_array((value, cells), (n_groups, n_players)).tocsr()


def _group_gradients(blocks: list[GroupBlock], scores: FloatArray) -> Any:
    """Gradients of all groups one below the other, sparse (n_groups, n_models)."""
    rows = [_group_rows(block, _violations(block, scores)[0], scores.size) for block in blocks]
    return sparse.vstack([sparse.csr_array((0, scores.size)), *rows]).tocsr()
