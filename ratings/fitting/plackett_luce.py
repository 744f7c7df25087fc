"""The Plackett-Luce fit: from ranked lists, with ties, to log-strengths with a robust covariance.

Model (Luce 1959; Plackett 1975, Appl. Statist. 24(2), doi:10.2307/2346567): the best of a list is
model i with probability alpha_i over the sum of alpha, and so on among the rest. With ties
(Turner, van Etten, Firth & Kosmidis 2020, Comput. Statist. 35, doi:10.1007/s00180-020-00959-3,
eq. 2, after Davidson 1970, doi:10.1080/01621459.1970.10481082) the next block is the set S with
probability proportional to delta_|S| (prod of alpha in S)^(1 / |S|) over all subsets up to the
largest tie seen; delta_1 = 1, and an order of ties that was never seen has no term. Lists of two
are Davidson's model; lists without ties are ListMLE.

Prior: every model of a component has prior_ties / 2 wins and as many losses against one virtual
opponent of that component (Turner et al. 2020, section 4.1, npseudo = prior_ties / 2), the same
as in the Bradley-Terry fit. It never links two components and vanishes with prior_ties = 0.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ratings.fitting.arrays import BoolArray, FloatArray, IntArray
from ratings.fitting.choice_graph import (
    beaten,
    linked_components,
    mutual_groups,
    order_reach,
    settled_groups,
    tied,
)
from ratings.fitting.choice_sets import (
    Choices,
    SetBlock,
    Stage,
    choice_derivatives,
    choice_loss,
    choices,
    stages,
)
from ratings.fitting.comparison_graph import outside_the_main_group, refuse_infinite_scores
from ratings.fitting.errors import Undetermined
from ratings.fitting.fit import Fit
from ratings.fitting.list_kernels import distinct_lists, joint_covariances
from ratings.fitting.newton import MAX_ITERATIONS, TOLERANCE, check_options, maximise
from ratings.fitting.prior import PRIOR_TIES, check_prior_ties, virtual_opponents
from ratings.fitting.rankings import Rankings
from ratings.fitting.sandwich import anchored, averaging_within


class NoFiniteTies(Undetermined):
    """The lists do not tell how common ties are: wherever so many could tie, they did.

    Attributes:
        orders: the tie orders seen.
    """

    def __init__(self, orders: IntArray) -> None:
        self.orders = tuple(orders.tolist())
        named = ", ".join(f"tie{order}" for order in self.orders)
        super().__init__(
            f"no finite {named} exists: wherever so many models could tie, they did; "
            "use ties='break' or collect more votes"
        )


def fit_plackett_luce(
    rankings: Rankings,
    *,
    ties: Literal["model", "break"] = "model",
    prior_ties: float = PRIOR_TIES,
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
) -> Fit:
    """Fit Plackett-Luce by Newton's method on the distinct sets that stood for choice.

    Args:
        rankings: ranked lists; gaps between their ranks do not matter.
        ties: "model" estimates the prevalence of each order of ties seen, as parameters "tie2",
            "tie3", ... (natural log of delta); "break" counts a block of ties as the average over
            its orders, which for lists of two is the half wins of the Bradley-Terry fit.
        prior_ties: virtual ties of each model with its component's virtual opponent; 0 for the
            plain maximum likelihood.
        max_iterations: Newton steps allowed.
        tolerance: Newton decrement at which to stop, in standard errors.

    Returns:
        A fit whose covariance groups noise by list, or by voter where the lists name voters.

    Raises:
        NoFiniteEstimate: prior_ties is 0 and the lists alone do not hold the scores together.
        NoFiniteTies: ties are modelled and their prevalence has no finite estimate.
        DidNotConverge: max_iterations steps were not enough.
        ValueError: an argument out of range, lists of one voter only, or a block of more ties
            than can be broken.
    """
    check_prior_ties(prior_ties)
    if ties not in ("model", "break"):
        raise ValueError(f"ties is {ties!r}; use 'model' or 'break'")
    check_options(max_iterations, tolerance)
    n_models = rankings.n_models
    lists = distinct_lists(rankings)
    found = stages(lists)
    chosen = choices(lists, found, break_ties=ties == "break")
    component = linked_components(found, n_models)
    n_votes = lists.votes_per_model()
    insufficient = _insufficient(found, chosen.orders, component, ties) | (n_votes == 0)
    if prior_ties == 0:
        refuse_infinite_scores(component, n_votes, insufficient)
    if ties == "model":
        _refuse_infinite_ties(found, chosen.orders, prior_ties)

    model = _Model.of(chosen, lists.weight, component, n_votes, prior_ties)
    start = np.zeros(model.n_players + chosen.orders.size - 1)
    maximum = maximise(model, start, max_iterations=max_iterations, tolerance=tolerance)
    scores, log_delta = model.split(maximum.estimates)
    at_maximum = choice_derivatives(model.blocks, chosen.orders, scores, log_delta)
    n_sets = chosen.visits.shape[1]  # the prior's sets come after them
    gradients = np.hstack(
        [
            (chosen.taken - chosen.visits @ at_maximum.item[:n_sets, :n_models]).toarray(),
            (chosen.ties - chosen.visits @ at_maximum.order[:n_sets])[:, 1:],
        ]
    )
    covariance, fisher = joint_covariances(
        model.derivatives(maximum.estimates)[1],
        model.averaging,
        np.concatenate([np.arange(n_models), np.arange(model.n_players, start.size)]),
        gradients,
        lists.units,
    )
    return Fit(
        scores=scores[:n_models] - model.averaging @ scores[:n_models],
        parameters={
            f"tie{order}": float(value)
            for order, value in zip(chosen.orders[1:], log_delta[1:], strict=True)
        },
        joint_covariance=covariance,
        joint_fisher_covariance=fisher,
        component=component,
        n_votes=n_votes,
        insufficient=insufficient,
        log_likelihood=float(model.tie_counts @ log_delta)
        - choice_loss(chosen.blocks, chosen.orders, scores, log_delta),
        iterations=maximum.iterations,
        residual=maximum.residual,
        n_clusters=lists.n_clusters,
    )


@dataclass(frozen=True, eq=False)
class _Model:
    """The log-likelihood of the scores of all players and of the tie parameters after them."""

    n_players: int
    blocks: list[SetBlock]
    orders: IntArray
    tie_counts: FloatArray  # (n_orders,)
    averaging: FloatArray  # (n_models, n_models)

    @classmethod
    def of(
        cls,
        chosen: Choices,
        weight: FloatArray,
        component: IntArray,
        n_votes: FloatArray,
        prior_ties: float,
    ) -> "_Model":
        """Add one virtual opponent per component with lists, whom each model beats and loses to."""
        models = np.flatnonzero(n_votes > 0) if prior_ties > 0 else np.zeros(0, dtype=np.int64)
        opponent, n_players = virtual_opponents(component, models)
        prior = SetBlock(
            items=np.column_stack([models, opponent]).astype(np.int64),
            taken=np.full((models.size, 2), prior_ties / 2),
            count=np.full(models.size, prior_ties),
        )
        return cls(
            n_players=n_players,
            blocks=[*chosen.blocks, prior] if models.size else chosen.blocks,
            orders=chosen.orders,
            tie_counts=weight @ chosen.ties,
            averaging=averaging_within(component),
        )

    def split(self, estimates: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return scores (n_players,) and log prevalences of all orders (n_orders,)."""
        scores = estimates[: self.n_players]
        return scores, np.concatenate([[0.0], estimates[self.n_players :]])

    def log_likelihood(self, estimates: FloatArray) -> float:
        """Log-likelihood at `estimates`, with the prior's choices."""
        scores, log_delta = self.split(estimates)
        of_ties = float(self.tie_counts @ log_delta)
        return of_ties - choice_loss(self.blocks, self.orders, scores, log_delta)

    def derivatives(self, estimates: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradient and anchored information, the order 1 left out as its prevalence is fixed."""
        scores, log_delta = self.split(estimates)
        found = choice_derivatives(self.blocks, self.orders, scores, log_delta)
        count = np.concatenate([np.zeros(0), *(block.count for block in self.blocks)])
        of_ties = (self.tie_counts - count @ found.order)[1:]
        free = np.delete(np.arange(len(found.information)), self.n_players)
        information = anchored(found.information[np.ix_(free, free)], self.averaging)
        return np.concatenate([-found.gradient, of_ties]), information


def _insufficient(
    found: list[Stage], orders: IntArray, component: IntArray, ties: str
) -> BoolArray:
    """Tell which models the lists alone may leave without a finite score, (n_models,)."""
    n_models = component.size
    if ties == "model":
        return outside_the_main_group(component, settled_groups(found, n_models, orders))
    beats = beaten(found, n_models) | tied(found, n_models, {stage.n_taken for stage in found})
    return outside_the_main_group(component, mutual_groups(beats))


def _refuse_infinite_ties(found: list[Stage], orders: IntArray, prior_ties: float) -> None:
    """Raise where a prevalence could grow for ever with all scores as they are."""
    together = np.zeros(1 + max((int(s.items.max()) for s in found), default=0), dtype=np.int64)
    reach = order_reach(found, orders, together)
    if prior_ties > 0 and 2 in orders:
        reach[0, 1] = True  # the opponent was beaten where it could have tied
        reach |= reach[:, :1] & reach[0]
        reach |= reach[:, 1:2] & reach[1]
    if not reach.all():
        raise NoFiniteTies(orders[1:])
