"""Evidence that may be looked at after every vote: what the theory promises holds."""

from __future__ import annotations

import math
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.integrity.detectors.evidence import log_evidence, log_mean, rejected

SHARE = st.floats(0.01, 0.99)


@given(p_most=SHARE, below=st.floats(0, 1), p_alternative=SHARE)
def test_under_the_null_an_outcome_never_adds_evidence_in_expectation(
    p_most: float, below: float, p_alternative: float
) -> None:
    p = p_most * below
    factor = {
        outcome: math.exp(log_evidence([outcome], [p_most], p_alternative))
        for outcome in (True, False)
    }
    assert p * factor[True] + (1 - p) * factor[False] <= 1 + 1e-9


def test_the_alarm_is_rare_under_the_null_however_often_one_looks() -> None:
    rng = np.random.default_rng(5)
    alpha, n_alarms, n_runs = 0.05, 0, 2000
    for _ in range(n_runs):
        most = rng.uniform(0.2, 0.7, 200)
        outcomes = rng.random(200) < most  # the worst case that the null allows
        steps = [log_evidence([bool(y)], [p], 0.9) for y, p in zip(outcomes, most, strict=True)]
        n_alarms += max(accumulate(steps)) >= -math.log(alpha)
    # Ville: at most alpha, plus four standard errors of the simulation.
    assert n_alarms / n_runs <= alpha + 4 * math.sqrt(alpha * (1 - alpha) / n_runs)


def test_evidence_is_the_product_of_likelihood_ratios() -> None:
    assert log_evidence([True, False], [0.5, 0.25], 0.9) == pytest.approx(
        math.log(0.9 / 0.5) + math.log(0.1 / 0.75)
    )
    assert log_evidence([True], [0.95], 0.9) == 0


@given(st.lists(st.floats(-700, 700), min_size=1, max_size=6))
def test_the_mean_lies_between_the_least_and_the_most(logs: list[float]) -> None:
    assert min(logs) - 1e-9 <= log_mean(logs) <= max(logs) + 1e-9


def test_who_is_rejected_by_e_bh() -> None:
    # Of 10 hypotheses at 0.1: one needs 100, each of two needs 50.
    assert rejected([math.log(99)], 0.1, 10) == 0
    assert rejected([math.log(101)], 0.1, 10) == 1
    assert rejected([math.log(51), math.log(60), math.log(2)], 0.1, 10) == 2
    # One that was rejected before lowers the bar of the next.
    assert rejected([math.log(51)], 0.1, 10, n_before=1) == 1
    assert rejected([], 0.1, 10) == 0


@given(
    st.lists(st.floats(0, 30), max_size=30),
    st.floats(0.001, 0.2),
)
def test_more_evidence_never_rejects_fewer(logs: list[float], alpha: float) -> None:
    n = len(logs) + 5
    more = [one + 1 for one in logs]
    assert rejected(more, alpha, n) >= rejected(logs, alpha, n)


def test_false_rejections_are_few_among_all() -> None:
    rng = np.random.default_rng(7)
    alpha, shares = 0.1, []
    for _ in range(200):
        honest = [log_evidence(rng.random(60) < 0.5, [0.5] * 60, 0.8) for _ in range(60)]
        false = [log_evidence(rng.random(60) < 0.8, [0.5] * 60, 0.8) for _ in range(10)]
        found = sorted([(log, True) for log in honest] + [(log, False) for log in false])[::-1]
        n = rejected([log for log, _ in found], alpha, len(found))
        shares.append(sum(is_honest for _, is_honest in found[:n]) / max(n, 1))
    assert np.mean(shares) <= alpha
