"""E-processes for yes-or-no outcomes: evidence that grows with each vote and may be looked at
after every one.

The null says that each outcome is 'yes' with a probability of at most `p_most`, whatever came
before; the alternative says `p_alternative`. Each outcome multiplies the evidence by its
probability under the alternative over that under `p_most`. That ratio rises with the outcome, so
its expectation under any smaller probability is at most 1: the product is a non-negative
supermartingale under the whole null, and by Ville's inequality it ever reaches 1 / alpha with
probability at most alpha (Ramdas, Grünwald, Vovk & Shafer 2023, Statist. Sci. 38(4),
doi:10.1214/23-STS894). A weighted mean of such products is one again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence


def log_evidence(outcomes: Iterable[bool], p_most: Iterable[float], p_alternative: float) -> float:
    """Return the natural logarithm of the evidence after all outcomes.

    An outcome whose `p_most` is not below the alternative says nothing and is passed over.
    """
    total = 0.0
    for is_yes, most in zip(outcomes, p_most, strict=True):
        if most < p_alternative:
            likely, null = (p_alternative, most) if is_yes else (1 - p_alternative, 1 - most)
            total += math.log(likely / null)
    return total


def log_mean(logs: Sequence[float]) -> float:
    """Return the logarithm of the mean of what these are the logarithms of."""
    top = max(logs)
    return top + math.log(sum(math.exp(one - top) for one in logs) / len(logs))


def rejected(log_evidences: Sequence[float], alpha: float, n_tested: int, n_before: int = 0) -> int:
    """Return how many of the largest e-values are discoveries by e-BH (Wang & Ramdas 2022,
    JRSS-B 84(3), doi:10.1111/rssb.12489): the largest k whose k-th largest e-value is at least
    n_tested / (alpha k). The share of false ones among them is at most alpha in expectation, under
    any dependence.

    Args:
        log_evidences: of those tested now.
        n_tested: how many hypotheses there are in all, these among them.
        n_before: how many of the others are discoveries already.
    """
    ordered = sorted(log_evidences, reverse=True)
    for k in range(len(ordered), 0, -1):
        if ordered[k - 1] >= math.log(n_tested / (alpha * (k + n_before))):
            return k
    return 0
