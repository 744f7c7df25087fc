"""The bootstrap agrees with the sandwich where both are right, and says where it fails."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from ratings.fitting.bootstrap import Bootstrap, BootstrapFailed, bootstrap_voters, bootstrap_votes
from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.clustering import fit_by_voter
from ratings.fitting.tallies import PairTallies
from ratings.fitting.voter_tallies import VoterTallies
from tests.ratings.test_fitting_clustering import drawn_votes

DATA = Path(os.environ.get("AGON_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))


def test_resampled_votes_spread_as_the_sandwich_says():
    _, *votes = drawn_votes(1, n_models=6, n_votes=3000)
    tallies = PairTallies.from_votes(6, *votes)
    found = bootstrap_votes(tallies, n_samples=400, seed=2)
    fit = fit_bradley_terry(tallies)
    # 400 resamples know a standard error to about 3.5 %.
    np.testing.assert_allclose(found.standard_errors, fit.standard_errors, rtol=0.15)
    low, high = found.percentile_interval(0.95)
    np.testing.assert_allclose((low + high) / 2, fit.scores, atol=0.05)
    np.testing.assert_allclose((high - low) / 3.92, fit.standard_errors, rtol=0.25)
    assert found.n_dropped == 0
    assert found.scores.shape == (400, 6)


def test_resampled_voters_spread_as_the_clustered_sandwich_says():
    votes = drawn_votes(3, n_models=5, n_votes=6000, n_voters=200, taste=0.8)
    by_voter = VoterTallies.from_votes(5, *votes)
    clustered = fit_by_voter(by_voter, cap=20).standard_errors
    found = bootstrap_voters(by_voter, cap=20, n_samples=400, seed=4)
    np.testing.assert_allclose(found.standard_errors, clustered, rtol=0.2)
    np.testing.assert_allclose(np.diagonal(found.covariance), found.standard_errors**2, rtol=1e-12)
    independent = bootstrap_votes(by_voter.pair_tallies(), n_samples=100, seed=5)
    assert (found.standard_errors > 1.2 * independent.standard_errors).all()


def test_on_real_votes_of_18_observers_both_say_that_people_have_tastes():
    """Tone mapping, 1,213 votes (Perez-Ortiz & Mantiuk, pwcmp): 67 votes of each observer."""
    path = DATA / "pwcmp_tmo_lf" / "ex3_tmo_cmp_data.csv"
    if not path.is_file():
        pytest.skip(f"no {path.name} in the test data; set AGON_TEST_DATA to the folder with it")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    observers = sorted({row["observer"] for row in rows})
    methods = sorted({row[side] for row in rows for side in ("condition_A", "condition_B")})
    by_voter = VoterTallies.from_votes(
        len(methods),
        [observers.index(row["observer"]) for row in rows],
        [methods.index(row["condition_A"]) for row in rows],
        [methods.index(row["condition_B"]) for row in rows],
        [1 - int(row["is_A_selected"]) for row in rows],
    )
    assert (by_voter.n_voters, len(methods), len(rows)) == (18, 7, 1213)
    clustered = fit_by_voter(by_voter).standard_errors
    resampled = bootstrap_voters(by_voter, n_samples=300).standard_errors
    np.testing.assert_allclose(resampled, clustered, rtol=0.2)
    independent = fit_bradley_terry(by_voter.pair_tallies()).standard_errors
    assert np.median(clustered / independent) > 1.2


def test_the_seed_decides_the_resamples():
    _, *votes = drawn_votes(6, n_models=4, n_votes=200)
    tallies = PairTallies.from_votes(4, *votes)
    one, same = (bootstrap_votes(tallies, n_samples=5, seed=7).scores for _ in range(2))
    other = bootstrap_votes(tallies, n_samples=5, seed=8).scores
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_resamples_that_split_the_models_are_left_out_and_counted():
    # A resample misses the one vote of models 1 and 2 in about 37 % of the cases.
    tallies = PairTallies(3, [0, 1], [1, 2], [500, 1], [500, 0], [0, 0], [0, 0])
    found = bootstrap_votes(tallies, n_samples=200, seed=9)
    assert 40 <= found.n_dropped <= 110
    assert len(found.scores) == 200 - found.n_dropped


def test_a_bootstrap_of_mostly_split_resamples_is_refused():
    pairs = np.array([[0, 1], [2, 3], [1, 2], [3, 4], [4, 5]])
    counts = np.array([500, 500, 1, 1, 1])
    none = np.zeros(5)
    tallies = PairTallies(6, pairs[:, 0], pairs[:, 1], counts, counts, none, none)
    single = PairTallies(6, pairs[:, 0], pairs[:, 1], counts, counts * (counts > 1), none, none)
    assert isinstance(bootstrap_votes(tallies, n_samples=20), Bootstrap)
    with pytest.raises(BootstrapFailed, match="resamples link the models as all votes do"):
        bootstrap_votes(single, n_samples=100)


@pytest.mark.parametrize("n_samples", [0, 1])
def test_fewer_than_two_resamples_are_refused(n_samples):
    tallies = PairTallies(2, [0], [1], [3], [4], [0], [0])
    with pytest.raises(ValueError, match="n_samples is"):
        bootstrap_votes(tallies, n_samples=n_samples)


def test_fractional_counts_cannot_be_resampled_as_votes():
    with pytest.raises(ValueError, match="a count is fractional"):
        bootstrap_votes(PairTallies(2, [0], [1], [2.5], [4], [0], [0]))
