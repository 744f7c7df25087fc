"""Cohen's kappa: a published table, its limits, and its error against the delta method."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ratings.fitting.agreement import KappaNotDefined, cohens_kappa
from ratings.fitting.tallies import Outcome

# Answers of 91 wives (columns) and husbands (rows), never to almost always (SexualFun of R's vcd).
COUPLES = np.array([[7, 7, 2, 3], [2, 8, 3, 7], [1, 5, 4, 9], [2, 8, 9, 14]])


def ratings(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two raters' codes, item by item, that a table of counts stands for."""
    row, column = np.nonzero(table)
    return np.repeat(row, table[row, column]), np.repeat(column, table[row, column])


def kappa_of_shares(shares: np.ndarray) -> float:
    expected = shares.sum(axis=1) @ shares.sum(axis=0)
    return float((np.trace(shares) - expected) / (1 - expected))


def varied(table: np.ndarray) -> bool:
    """Whether kappa is defined: not all items in one cell of the diagonal."""
    return bool(table.sum() > table.diagonal().max(initial=0))


tables = hnp.arrays(np.int64, (3, 3), elements=st.integers(0, 12))


def test_couples_agree_as_the_r_package_vcd_prints():
    found = cohens_kappa(*ratings(COUPLES))
    assert round(found.kappa, 4) == 0.1293
    assert round(found.standard_error, 4) == 0.0686
    assert found.n_items == 91
    assert found.observed == pytest.approx(33 / 91)


@given(tables)
def test_the_error_is_that_of_the_delta_method(table):
    """The gradient of kappa by differences, in the multinomial covariance of the cells' shares."""
    assume(varied(table))
    shares = table / table.sum()
    expected = shares.sum(axis=1) @ shares.sum(axis=0)
    assume(1 - expected > 0.05)  # where differences of a millionth still tell the gradient
    step = 1e-6
    gradient = np.zeros(9)
    for cell, unit in enumerate(np.eye(9).reshape(9, 3, 3)):
        up, down = kappa_of_shares(shares + step * unit), kappa_of_shares(shares - step * unit)
        gradient[cell] = (up - down) / (2 * step)
    p = shares.ravel()
    variance = (p @ gradient**2 - (p @ gradient) ** 2) / table.sum()
    found = cohens_kappa(*ratings(table))
    assert found.kappa == pytest.approx(kappa_of_shares(shares), abs=1e-12)
    assert found.standard_error**2 == pytest.approx(max(variance, 0), rel=1e-4, abs=1e-7)


@given(tables, st.permutations([0, 1, 2]))
def test_neither_the_names_of_codes_nor_who_is_first_matter(table, names):
    assume(varied(table))
    first, second = ratings(table)
    found = cohens_kappa(first, second)
    renamed = np.array(names) * 7 - 3
    again = cohens_kappa(renamed[second], renamed[first])
    assert again.kappa == pytest.approx(found.kappa, abs=1e-12)
    assert again.standard_error == pytest.approx(found.standard_error, abs=1e-12)


@given(tables)
def test_ten_times_the_items_divide_the_error_by_the_root_of_ten(table):
    assume(varied(table))
    once, often = (cohens_kappa(*ratings(times * table)) for times in (1, 10))
    assert often.kappa == pytest.approx(once.kappa, abs=1e-12)
    assert often.standard_error == pytest.approx(once.standard_error / np.sqrt(10), abs=1e-12)


def test_full_agreement_is_one_and_independent_raters_are_zero():
    codes = [Outcome.FIRST, Outcome.SECOND, Outcome.TIE, Outcome.FIRST]
    assert cohens_kappa(codes, codes).kappa == pytest.approx(1)
    independent = cohens_kappa(*ratings(np.outer([2, 3, 1], [4, 1, 5])))
    assert independent.kappa == pytest.approx(0, abs=1e-12)
    assert independent.observed == pytest.approx(independent.expected)


def test_raters_who_never_agree_are_below_chance():
    assert cohens_kappa([0, 1, 0, 1], [1, 0, 1, 0]).kappa == pytest.approx(-1)


def test_one_code_throughout_has_no_kappa():
    with pytest.raises(KappaNotDefined, match="code 2 to every item"):
        cohens_kappa([2, 2, 2], [2, 2, 2])
    assert cohens_kappa([2, 2, 2], [2, 1, 2]).kappa == pytest.approx(0, abs=1e-12)
    assert cohens_kappa([2, 2], [1, 1]).kappa == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ([], [], "no item that both rated"),
        ([0, 1], [0], "first has 2 ratings and second 1"),
        ([0.5, 1], [0, 1], "expected integer codes"),
        ([[0, 1]], [[0, 1]], "expected one dimension"),
    ],
)
def test_what_is_no_pair_of_ratings_is_refused(first, second, message):
    with pytest.raises(ValueError, match=message):
        cohens_kappa(first, second)
