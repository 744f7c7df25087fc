"""What the fits from ranked lists share: distinct lists, sums over subsets, and covariances.

Lists are counted before anything is fitted: equal lists become one with a weight, and every fit
further reduces them to the distinct things that its likelihood depends on. Gradients per list are
sparse matrices, from which the sandwich covariance takes sums per list or per voter.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg, sparse  # type: ignore[import-untyped]

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.rankings import Rankings, lexical_keys
from ratings.fitting.sandwich import sandwich, sum_zero
from ratings.fitting.sums import totals


@dataclass(frozen=True, eq=False)
class DistinctLists:
    """Each different list once.

    Attributes:
        n_models: number of models.
        blocks: for each length, number of the first list, items and ranks (n_lists, length).
        weight: (n_distinct,) total weight of the equal lists.
        copies: (n_distinct,) how many lists are equal.
        units: sparse (n_units, n_distinct); times the gradients of the distinct lists it gives
            rows whose outer products sum to the noise of the total gradient.
        n_clusters: voters where lists name them, else lists.
    """

    n_models: int
    blocks: list[tuple[int, IntArray, IntArray]]
    weight: FloatArray
    copies: IntArray
    units: Any
    n_clusters: int

    @property
    def n_distinct(self) -> int:
        """Number of different lists."""
        return int(self.weight.size)

    def votes_per_model(self) -> FloatArray:
        """Count the lists that each model stands in, (n_models,)."""
        votes = np.zeros(self.n_models)
        for start, items, _ in self.blocks:
            copies = self.copies[start : start + len(items)].astype(np.float64)
            votes += totals(items, np.repeat(copies, items.shape[1]), self.n_models)
        return votes


def distinct_lists(rankings: Rankings) -> DistinctLists:
    """Merge equal lists, whose copies stand side by side in the canonical order.

    The noise of lists on their own is the sum of weight^2 times the outer product of the gradient;
    that of voters has the sum over a voter's lists in place of the gradient, and the correction
    n / (n - 1) for few clusters (CR1: Cameron & Miller 2015, J. Human Resources 50(2), section 4).

    Raises:
        ValueError: all lists are by one voter, which leaves the noise unknown.
    """
    weight = np.ones(rankings.n_lists) if rankings.weight is None else rankings.weight
    number = np.zeros(rankings.n_lists, dtype=np.int64)  # of the distinct list of each list
    blocks, n_distinct = [], 0
    for start, items, ranks in rankings.by_size():
        is_new = np.ones(len(items), dtype=bool)
        is_new[1:] = (items[1:] != items[:-1]).any(axis=1) | (ranks[1:] != ranks[:-1]).any(axis=1)
        number[start : start + len(items)] = n_distinct + np.cumsum(is_new) - 1
        blocks.append((n_distinct, items[is_new], ranks[is_new]))
        n_distinct += int(is_new.sum())
    if rankings.cluster is None:
        squares = totals(number, weight**2, n_distinct)
        units = sparse.diags_array(np.sqrt(squares))
        n_clusters = rankings.n_lists
    else:
        voters, voter = np.unique(rankings.cluster, return_inverse=True)
        n_clusters = voters.size
        if n_clusters == 1:
            raise ValueError(
                "all lists are by one voter, so nothing tells how voters differ; "
                "collect lists of more voters or leave cluster out"
            )
        units = sparse.coo_array((weight, (voter, number)), (n_clusters, n_distinct)).tocsr()
        units = units * np.sqrt(n_clusters / max(n_clusters - 1, 1))
    return DistinctLists(
        n_models=rankings.n_models,
        blocks=blocks,
        weight=totals(number, weight, n_distinct),
        copies=np.bincount(number, minlength=n_distinct),
        units=units,
        n_clusters=n_clusters,
    )


def distinct_rows(rows: IntArray, base: int) -> tuple[IntArray, IntArray]:
    """Return sorted distinct rows of integers below `base`, and the number of each row's own."""
    keys = lexical_keys(rows, base)
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return rows[first], inverse.astype(np.int64)


# --- sums over subsets ------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class SubsetMoments:
    """Moments of a random subset S of n items with P(S) prop. delta_|S| (prod alpha)^(1 / |S|).

    With t_i = 1 / |S| for an item in S and 0 for others, the t_i and the indicators of the sizes
    are the sufficient statistics of this exponential family, so that derivatives of log Z are
    their means and covariances.

    Attributes:
        item: (n_sets, n) mean of t_i, sums to 1.
        order: (n_sets, n_orders) probability of each size.
        item_order: (n_sets, n_orders, n) mean of t_i times the indicator of each size.
        pair: (n_sets, n, n) mean of t_i t_j with a zero diagonal; None where all sizes are 1.
    """

    item: FloatArray
    order: FloatArray
    item_order: FloatArray
    pair: FloatArray | None


def subset_excess(scores: FloatArray, orders: IntArray, log_delta: FloatArray) -> FloatArray:
    """Return log Z less the largest score of each set, (n_sets,).

    Args:
        scores: (n_sets, n) log-strengths.
        orders: (n_orders,) sizes that a subset may have, the first of them 1.
        log_delta: (n_orders,) their log prevalence, the first of them 0.
    """
    low = scores - scores.max(axis=1, keepdims=True)
    shift = max(float(log_delta.max()), 0.0)
    others = np.exp(low)
    others[np.arange(len(low)), low.argmax(axis=1)] = 0  # 1 is added by log1p, without rounding
    rest = others.sum(axis=1) * np.exp(-shift)
    for order, delta in zip(orders[1:].tolist(), np.exp(log_delta[1:] - shift), strict=True):
        if order <= low.shape[1]:
            rest += delta * _products_before(np.exp(low / order), order)[-1][:, order]
    excess: FloatArray = shift + np.log1p(rest + np.expm1(-shift))
    return excess


def subset_moments(
    scores: FloatArray, orders: IntArray, log_delta: FloatArray, *, pairs: bool
) -> SubsetMoments:
    """Compute the moments of the random subsets; arguments as in `subset_excess`.

    Elementary symmetric polynomials e_k of alpha^(1/k), those without one item and those without
    two are built from products of (1 + x_i t) before, between and after the items: sums of
    positive terms only, so nothing cancels. `pairs` asks for the pair moments as well.
    """
    n_sets, n = scores.shape
    low = scores - scores.max(axis=1, keepdims=True)
    scale = np.exp(-subset_excess(scores, orders, log_delta))
    item_order = np.zeros((n_sets, orders.size, n))
    item_order[:, 0] = np.exp(low) * scale[:, None]
    pair = np.zeros((n_sets, n, n)) if pairs and orders.size > 1 else None
    for place, order in enumerate(orders.tolist()):
        if not 1 < order <= n:
            continue
        x = np.exp(low / order)
        prevalence = np.exp(log_delta[place]) * scale
        before, after = _products_before(x, order), _products_before(x[:, ::-1], order)[::-1]
        without_one = np.stack(
            [_convolved(before[i], after[i + 1], order - 1) for i in range(n)], axis=1
        )
        item_order[:, place] = x * without_one * prevalence[:, None] / order
        if pair is not None:
            pair += _pair_products(x, order, before, after) * (prevalence / order**2)[:, None, None]
    return SubsetMoments(
        item=item_order.sum(axis=1),
        order=item_order.sum(axis=2),
        item_order=item_order,
        pair=pair,
    )


def _products_before(x: FloatArray, degree: int) -> FloatArray:
    """Coefficients of prod_{j < i} (1 + x_j t) up to `degree`, (n + 1, n_sets, degree + 1)."""
    n_sets, n = x.shape
    products = np.zeros((n + 1, n_sets, degree + 1))
    products[0, :, 0] = 1
    for i in range(n):
        products[i + 1] = products[i]
        products[i + 1, :, 1:] += x[:, i, None] * products[i, :, :-1]
    return products


def _convolved(left: FloatArray, right: FloatArray, degree: int) -> FloatArray:
    """Coefficient of t^degree in the product of polynomials along the last axis."""
    total: FloatArray = (left[..., : degree + 1] * right[..., degree::-1]).sum(axis=-1)
    return total


def _pair_products(x: FloatArray, order: int, before: FloatArray, after: FloatArray) -> FloatArray:
    """x_i x_j e_{order - 2} of the items without i and j, (n_sets, n, n), zero diagonal."""
    n_sets, n = x.shape
    found = np.zeros((n_sets, n, n))
    between = np.zeros((n_sets, n, order - 1))  # row i: product over the items before j but not i
    for j in range(n):
        of_pair = _convolved(between[:, :j], after[j + 1][:, None], order - 2)
        found[:, :j, j] = x[:, :j] * x[:, j, None] * of_pair
        between[:, :j, 1:] += x[:, j, None, None] * between[:, :j, :-1]
        between[:, j] = before[j][:, : order - 1]
    return found + found.transpose(0, 2, 1)


# --- covariances ------------------------------------------------------------------------------


def joint_covariances(
    information: FloatArray, averaging: FloatArray, kept: IntArray, gradients: Any, units: Any
) -> tuple[FloatArray, FloatArray]:
    """Return the sandwich and the inverse information of sum-zero scores and parameters.

    Args:
        information: anchored information of all players and parameters.
        averaging: (n_models, n_models) averages within components.
        kept: places of the models and then of the parameters in `information`.
        gradients: (n_distinct, kept.size) gradient of each distinct list.
        units: see `DistinctLists.units`.
    """
    n_models = len(averaging)
    factor = linalg.cho_factor(information)
    inverse = linalg.cho_solve(factor, np.eye(len(information)))[np.ix_(kept, kept)]
    fisher = sum_zero(inverse, averaging)
    noise = units @ gradients
    meat = noise.T @ noise
    meat = meat.toarray() if sparse.issparse(meat) else np.asarray(meat)
    robust = sandwich(fisher, meat)
    # A voter of two components links their noise; scores of different components never compare.
    robust[:n_models, :n_models] *= averaging > 0
    return robust, fisher
