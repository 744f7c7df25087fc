"""A confidence sequence is as wide as its theory says, and covers at every look."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratings.fitting.confidence_sequence import mixture_variance, radius, stretch

unhurried = settings(deadline=None)
levels = st.floats(0.5, 0.999)
votes = st.floats(1, 1e7)


@unhurried
@given(votes, votes, levels)
def test_it_is_narrowest_where_it_was_asked_to_be(n_votes, best_at, level):
    there = stretch(best_at, best_at=best_at, level=level)
    assert stretch(n_votes, best_at=best_at, level=level) >= there - 1e-9
    assert there == pytest.approx(math.sqrt(1 + mixture_variance(level)), rel=1e-12)


@unhurried
@given(votes, votes, levels)
def test_it_is_the_mixture_boundary_as_published(n_votes, best_at, level):
    rho2 = mixture_variance(level) / best_at
    t, alpha = n_votes, 1 - level
    # Written as in the paper, for unit variance, where the standard error is 1 / sqrt(t).
    margin = math.sqrt(
        2 * (t * rho2 + 1) / (t**2 * rho2) * math.log(math.sqrt(t * rho2 + 1) / alpha)
    )
    assert radius(1 / math.sqrt(t), t, best_at=best_at, level=level) == pytest.approx(
        margin, rel=1e-9
    )


def test_at_its_best_a_95_percent_sequence_is_half_as_wide_again_as_the_interval():
    assert stretch(5000, best_at=5000) / 1.959964 == pytest.approx(1.549, abs=0.001)


def test_it_covers_all_looks_where_the_fixed_interval_does_not():
    """By Ville's inequality a miss has at most 5 %; 2,000 walks show 2.5 % and 33 %."""
    rng = np.random.default_rng(20260101)
    looks = np.unique(np.geomspace(20, 1000, 30).astype(int))  # in units of 50 steps
    walks = np.cumsum(rng.normal(0, math.sqrt(50), (2000, looks[-1])), axis=1)[:, looks - 1]
    n = looks * 50.0
    standardised = np.abs(walks) / np.sqrt(n)
    ever_missed = (standardised > stretch(n, best_at=5000)).any(axis=1).mean()
    assert ever_missed < 0.05
    assert (standardised > 1.96).any(axis=1).mean() > 0.2


def test_each_model_may_have_its_own_votes():
    half = radius(np.array([0.1, 0.2]), np.array([100, 1000]), best_at=500)
    each = [float(radius(0.1, 100, best_at=500)), float(radius(0.2, 1000, best_at=500))]
    np.testing.assert_allclose(half, each, rtol=1e-14)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_votes": 0}, "n_votes has a value"),
        ({"n_votes": math.inf}, "n_votes has a value"),
        ({"best_at": 0}, "best_at is 0"),
        ({"best_at": math.nan}, "best_at is nan"),
        ({"level": 95}, "level is 95; use a probability"),
        ({"standard_error": -1}, "standard_error has a value"),
        ({"standard_error": math.nan}, "standard_error has a value"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, message):
    given_ = {"standard_error": 0.1, "n_votes": 100, "best_at": 500, "level": 0.95} | arguments
    with pytest.raises(ValueError, match=message):
        radius(given_.pop("standard_error"), given_.pop("n_votes"), **given_)
