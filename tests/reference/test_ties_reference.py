"""Published results for ties and for the advantage of a side, from their own data."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import optimize

from ratings.fitting.davidson import fit_davidson
from ratings.fitting.fit import Fit
from ratings.fitting.model_choice import choose_tie_model
from ratings.fitting.rao_kupper import fit_rao_kupper
from ratings.fitting.side import OrderedTallies, fit_bradley_terry_with_side
from ratings.fitting.tallies import Outcome, PairTallies


def csv_rows(shared_data: Path, name: str) -> list[dict[str, str]]:
    path = shared_data / name
    if not path.is_file():
        pytest.skip(f"no {name} in the test data; set AGON_TEST_DATA to the folder that holds it")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def published(shared_data: Path, value_id: str) -> dict[str, Any]:
    values = json.loads((shared_data / "REFERENCE_VALUES.json").read_text(encoding="utf-8"))
    return next(value["expected"] for value in values if value["id"] == value_id)


def pudding(shared_data: Path) -> PairTallies:
    """Preferences between six chocolate puddings (Davidson 1970, example 2)."""
    rows = csv_rows(shared_data, "plackettluce_r/pudding.csv")
    names = ("i", "j", "w_ij", "w_ji", "t_ij")
    first, second, *counts = np.array([[int(row[name]) for name in names] for row in rows]).T
    return PairTallies(6, first - 1, second - 1, *counts, np.zeros(len(rows)))


def errors_against_the_first(fit: Fit) -> np.ndarray:
    covariance = fit.fisher_covariance
    variance = np.diagonal(covariance) + covariance[0, 0] - 2 * covariance[0]
    return np.sqrt(np.maximum(variance, 0))


def test_puddings_are_those_of_davidson_and_plackettluce(shared_data):
    """The package stopped early: its item 4 is 0.0002 from the maximum."""
    expected = published(shared_data, "pudding_davidson")
    fit = fit_davidson(pudding(shared_data), prior_ties=0)
    worths, errors = fit.scores - fit.scores[0], errors_against_the_first(fit)
    for item in range(1, 6):
        name = str(item + 1)
        assert worths[item] == pytest.approx(expected["log_ref_item1"][name], abs=3e-4)
        assert errors[item] == pytest.approx(expected["se"][name], abs=1e-4)
    assert fit.parameters["tie"] == pytest.approx(expected["log_ref_item1"]["tie2"], abs=1e-4)
    tie_error = np.sqrt(fit.joint_fisher_covariance[6, 6])
    assert tie_error == pytest.approx(expected["se"]["tie2"], abs=1e-4)
    deviance = -2 * fit.log_likelihood
    assert round(deviance, 1) == expected["deviance"]
    assert round(deviance + 2 * 6, 1) == expected["AIC"]


def test_quasi_standard_errors_of_puddings_are_those_of_plackettluce(shared_data):
    """One variance per item, so that every contrast's variance is nearly a sum (Firth 2003)."""
    expected = published(shared_data, "pudding_davidson")["quasiSE"]
    covariance = fit_davidson(pudding(shared_data), prior_ties=0).fisher_covariance
    first, second = np.triu_indices(6, k=1)
    contrast = np.diagonal(covariance)[first] + np.diagonal(covariance)[second]
    contrast = contrast - 2 * covariance[first, second]
    found = optimize.least_squares(
        lambda q: np.log(np.exp(q)[first] + np.exp(q)[second]) - np.log(contrast),
        np.log(np.full(6, contrast.mean() / 2)),
        xtol=1e-14,
        ftol=1e-14,
    )
    errors = np.exp(found.x / 2)
    np.testing.assert_allclose(errors, [expected[str(item)] for item in range(1, 7)], atol=2e-4)


def test_sound_fields_of_the_flute_are_those_of_kousgaard(shared_data):
    """Kousgaard's scale is half the log-worth."""
    rows = csv_rows(shared_data, "bradleyterry2_r/sound_fields.csv")
    rows = [row for row in rows if row["instrument"] == "flute"]
    names = sorted({row[side] for row in rows for side in ("field1", "field2")})
    first, second = (
        np.array([names.index(row[side]) for row in rows]) for side in ("field1", "field2")
    )
    counts = [np.array([float(row[name]) for row in rows]) for name in ("win1", "win2", "tie")]
    tallies = PairTallies(len(names), first, second, *counts, np.zeros(len(rows)))
    fit = fit_davidson(tallies, prior_ties=0)
    expected = published(shared_data, "flutes_davidson")["000..111"]
    np.testing.assert_allclose(np.round(fit.scores / 2, 3), expected, atol=1e-9)


def test_the_home_advantage_in_baseball_is_that_of_agresti(shared_data):
    expected = published(shared_data, "baseball_bt_home")
    rows = csv_rows(shared_data, "bradleyterry2_r/baseball.csv")
    names = sorted({row["home.team"] for row in rows})
    home, away = (
        np.array([names.index(row[side]) for row in rows]) for side in ("home.team", "away.team")
    )
    won, lost = (
        np.array([float(row[name]) for row in rows]) for name in ("home.wins", "away.wins")
    )
    none = np.zeros(len(rows))
    ordered = OrderedTallies(len(names), home, away, won, lost, none, none)
    fit = fit_bradley_terry_with_side(ordered, prior_ties=0)
    assert round(fit.parameters["side"], 3) == expected["home_log"]
    worths = np.sort(np.exp(fit.scores) / np.exp(fit.scores).sum())
    np.testing.assert_allclose(np.round(worths, 3), expected["abilities_sum1_sorted"], atol=1e-9)


def league(shared_data: Path) -> OrderedTallies:
    """Matches of the English Premier League 2008 to 2013, the home team in the first seat."""
    rows = csv_rows(shared_data, "bradleyterry2_r/football_epl_2008_2013.csv")
    names = sorted({row["home"] for row in rows})
    home, away = (np.array([names.index(row[side]) for row in rows]) for side in ("home", "away"))
    result = np.array([float(row["result"]) for row in rows])
    outcome = np.select([result > 0, result < 0], [Outcome.FIRST, Outcome.SECOND], Outcome.TIE)
    return OrderedTallies.from_votes(len(names), home, away, outcome)


def test_football_says_where_it_is_played_and_how_often_it_ties(shared_data):
    """Ties are half wins beside the home advantage, and a model of ties predicts best."""
    ordered = league(shared_data)
    fit = fit_bradley_terry_with_side(ordered)
    assert fit.parameters["side"] > 10 * fit.parameter_errors["side"]
    pairs = ordered.without_seats()
    davidson, rao_kupper = fit_davidson(pairs), fit_rao_kupper(pairs)
    assert np.corrcoef(davidson.scores, rao_kupper.scores)[0, 1] > 0.999
    ties = pairs.ties.sum() / pairs.votes.sum()
    nu, threshold = np.exp(davidson.parameters["tie"]), rao_kupper.parameters["tie"]
    between_equals = nu / (2 + nu), np.tanh(threshold / 2)
    assert ties < between_equals[0] < ties + 0.05
    assert ties < between_equals[1] < ties + 0.05
    choice = choose_tie_model(pairs, seed=1)
    assert choice.best != "half_wins"
    assert choice.n_votes == 1900
