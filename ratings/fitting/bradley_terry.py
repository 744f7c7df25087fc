"""The Bradley-Terry fit: from tallies to log-strengths with a robust covariance.

Model (Bradley & Terry 1952, Biometrika 39, doi:10.2307/2334029): model i beats j with probability
1 / (1 + exp(s_j - s_i)). A tie counts as half a win for each side, which keeps the estimating
equations of Hunter 2004 (Ann. Statist. 32(1), doi:10.1214/aos/1079120141) and makes the likelihood
a quasi-likelihood; the sandwich covariance (Huber 1967; White 1982, doi:10.2307/1912526) then
gives the right variance, where the inverse Fisher information would overstate it.

The prior is that of `ratings.fitting.prior`.
"""

import numpy as np

from ratings.fitting.comparison_graph import connected_components, refuse_infinite_scores
from ratings.fitting.comparisons import Comparisons, Strengths, sum_zero_inverse
from ratings.fitting.fit import Fit
from ratings.fitting.kernels import robust_likelihood
from ratings.fitting.newton import MAX_ITERATIONS, TOLERANCE, check_options, maximise
from ratings.fitting.prior import PRIOR_TIES, check_prior_ties
from ratings.fitting.sandwich import averaging_within, sandwich_by_blocks
from ratings.fitting.tallies import BothBad, PairTallies


def fit_bradley_terry(
    tallies: PairTallies,
    *,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
) -> Fit:
    """Fit Bradley-Terry by Newton's method on the tallies; the cost does not grow with votes.

    Args:
        tallies: votes per pair.
        prior_ties: virtual ties of each model with its component's virtual opponent; 0 for the
            plain maximum likelihood.
        both_bad: "tie" counts such a vote as a tie, "ignore" as no vote at all.
        max_iterations: Newton steps allowed.
        tolerance: Newton decrement at which to stop, in standard errors.

    Raises:
        NoFiniteEstimate: prior_ties is 0 and the votes alone give no finite scores.
        DidNotConverge: max_iterations steps were not enough.
        ValueError: an argument out of range.
    """
    check_prior_ties(prior_ties)
    check_options(max_iterations, tolerance)
    real = Comparisons.of(tallies, both_bad)
    component = connected_components(real.n_players, real.first, real.second)
    n_votes = real.n_votes
    insufficient = real.without_finite_score(component, n_votes)
    if prior_ties == 0:
        refuse_infinite_scores(component, n_votes, insufficient)

    players = real.with_virtual_opponents(component, n_votes, prior_ties)
    averaging = averaging_within(component)
    strengths = Strengths(players, averaging)
    maximum = maximise(
        strengths,
        np.zeros(players.n_players),
        max_iterations=max_iterations,
        tolerance=tolerance,
    )
    _, information = strengths.derivatives(maximum.estimates)
    fisher = sum_zero_inverse(information, averaging)
    scores = maximum.estimates[: real.n_players]
    scores = scores - averaging @ scores
    meat = np.empty_like(fisher)
    log_likelihood = robust_likelihood(scores, strengths.table, meat)
    return Fit(
        scores=scores,
        parameters={},
        joint_covariance=sandwich_by_blocks(fisher, meat),
        joint_fisher_covariance=fisher,
        component=component,
        n_votes=n_votes,
        insufficient=insufficient,
        log_likelihood=log_likelihood,
        iterations=maximum.iterations,
        residual=maximum.residual,
    )
