"""Published Plackett-Luce results come out of our fit, from the data they were published with."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ratings.fitting.choice_sets import choice_derivatives, choices, stages
from ratings.fitting.fit import Fit
from ratings.fitting.list_kernels import distinct_lists
from ratings.fitting.plackett_luce import fit_plackett_luce
from ratings.fitting.rankings import Rankings
from ratings.fitting.ranklist import fit_ranklist

# The pseudo-rankings of the R package PlackettLuce: half a win and half a loss for each model.
NPSEUDO_HALF = {"prior_ties": 2 * 0.5}


def existing(path: Path) -> Path:
    if not path.is_file():
        pytest.skip(f"no {path.name} in the test data; set AGON_TEST_DATA to the folder with it")
    return path


def published(shared_data: Path, value_id: str) -> dict[str, Any]:
    file = existing(shared_data / "REFERENCE_VALUES.json")
    values = json.loads(file.read_text(encoding="utf-8"))
    return next(value for value in values if value["id"] == value_id)


def errors_without_prior(rankings: Rankings, fit: Fit) -> np.ndarray:
    """Standard errors against model 0 as the R package has them, of models 1, 2, … and ties.

    It inverts the information of the lists alone, and not that of its pseudo-rankings, at the
    estimates that those have shrunk; the fit's own covariance counts the prior in.
    """
    lists = distinct_lists(rankings)
    chosen = choices(lists, stages(lists), break_ties=False)
    log_delta = np.array([0, *fit.parameters.values()])
    found = choice_derivatives(chosen.blocks, chosen.orders, fit.scores, log_delta)
    free = np.delete(np.arange(fit.n_models + log_delta.size), [0, fit.n_models])
    return np.sqrt(np.diagonal(np.linalg.inv(found.information[np.ix_(free, free)])))


def nascar(shared_data: Path) -> tuple[list[str], list[list[int]]]:
    """Drivers' names, and the races as drivers from first to last."""
    folder = shared_data / "plackettluce_r"
    drivers = existing(folder / "nascar_drivers.txt").read_text(encoding="utf-8").splitlines()
    names = [line.split(",", 1)[1].strip() for line in drivers if line.strip()]
    with existing(folder / "nascar_orderings.csv").open(encoding="utf-8") as file:
        races = [[int(cell) - 1 for cell in row if cell] for row in list(csv.reader(file))[1:]]
    return names, [[driver for driver in race if driver >= 0] for race in races]


def test_nascar_drivers_who_ever_beat_somebody_have_the_scores_of_hunter(shared_data):
    expected = published(shared_data, "nascar_pl_mle")["expected"]
    names, races = nascar(shared_data)
    rankings = Rankings.from_orderings(83, [[d for d in race if d < 83] for race in races])
    fit = fit_plackett_luce(rankings, prior_ties=0)
    scores = fit.scores - fit.scores[0]
    found = {name: round(float(scores[names.index(name)]), 2) for name in expected}
    assert found == expected


def test_all_nascar_drivers_have_the_scores_and_errors_of_plackettluce(shared_data):
    expected = published(shared_data, "nascar_pl_pseudo")["expected"]
    names, races = nascar(shared_data)
    rankings = Rankings.from_orderings(len(names), races)
    fit = fit_plackett_luce(rankings, **NPSEUDO_HALF)
    errors = np.array([0, *errors_without_prior(rankings, fit)])
    for name, value in expected.items():
        place = names.index(name)
        score = fit.scores[place] - fit.scores[0]
        if isinstance(value, list):
            assert [score, errors[place]] == pytest.approx(value, abs=1e-6)
        else:
            assert round(float(score), 2) == value
    always_last = {name for name in expected if isinstance(expected[name], list)}
    assert {names[place] for place in np.flatnonzero(fit.insufficient)} == always_last


def test_nascar_scores_by_anchor_groups_are_those_of_plackett_luce(shared_data):
    names, races = nascar(shared_data)
    rankings = Rankings.from_orderings(len(names), races)
    one, other = fit_plackett_luce(rankings), fit_ranklist(rankings, group="anchor")
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-6)
    np.testing.assert_allclose(one.standard_errors, other.standard_errors, rtol=1e-6)


def test_fruits_with_ties_have_the_scores_and_errors_of_plackettluce(shared_data):
    reference = published(shared_data, "pl_ties_fruits")
    expected = reference["expected"]
    rankings = Rankings.from_matrix(np.array(reference["data"]["rank_rows_0_absent"]))
    fit = fit_plackett_luce(rankings, **NPSEUDO_HALF)
    found = [*(fit.scores[1:] - fit.scores[0]), fit.parameters["tie2"]]
    names = ("banana", "orange", "tie2")
    assert found == pytest.approx([expected[name][0] for name in names], abs=1e-5)
    errors = errors_without_prior(rankings, fit)
    assert errors == pytest.approx([expected[name][1] for name in names], abs=5e-5)
    assert -2 * fit.log_likelihood == pytest.approx(expected["deviance"], abs=5e-3)


def listed_wins(wins: list[str]) -> Rankings:
    return Rankings.from_orderings(4, [["ABCD".index(name) for name in w.split(">")] for w in wins])


def test_a_circle_of_wins_has_the_scores_and_errors_of_plackettluce(shared_data):
    reference = published(shared_data, "pl_weakly_connected")
    expected = reference["expected"]["without_D"]
    circle = listed_wins([win for win in reference["data"]["wins"] if "D" not in win])
    fit = fit_plackett_luce(circle, prior_ties=0)
    covariance = fit.fisher_covariance
    for place, name in ((1, "B"), (2, "C")):
        variance = covariance[place, place] + covariance[0, 0] - 2 * covariance[0, place]
        found = [fit.scores[place] - fit.scores[0], np.sqrt(variance)]
        assert found == pytest.approx(expected[name], abs=5e-5)
    assert -2 * fit.log_likelihood == pytest.approx(expected["deviance"], abs=5e-5)


def test_a_model_that_only_lost_has_the_scores_of_plackettluce_with_the_prior(shared_data):
    reference = published(shared_data, "pl_weakly_connected")
    fit = fit_plackett_luce(listed_wins(reference["data"]["wins"]), **NPSEUDO_HALF)
    for name, expected in reference["expected"]["npseudo0.5"].items():
        place = "ABCD".index(name)
        assert fit.scores[place] - fit.scores[0] == pytest.approx(expected, abs=1e-6)


def pudding(shared_data: Path) -> Rankings:
    """Tastings of two puddings: preferred first, or no preference."""
    with existing(shared_data / "plackettluce_r" / "pudding.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    orderings: list[list[Any]] = []
    for row in rows:
        i, j = int(row["i"]) - 1, int(row["j"]) - 1
        orderings += [[i, j]] * int(row["w_ij"]) + [[j, i]] * int(row["w_ji"])
        orderings += [[(i, j)]] * int(row["t_ij"])
    return Rankings.from_orderings(6, orderings)


def test_puddings_have_the_worths_of_davidson_with_their_errors(shared_data):
    expected = published(shared_data, "pudding_davidson")["expected"]
    rankings = pudding(shared_data)
    fit = fit_plackett_luce(rankings, prior_ties=0)
    found = [*(fit.scores[1:] - fit.scores[0]), fit.parameters["tie2"]]
    # The package stopped before item 4 was settled in its fourth digit.
    assert found == pytest.approx(list(expected["log_ref_item1"].values()), abs=5e-4)
    errors = errors_without_prior(rankings, fit)
    assert errors == pytest.approx(list(expected["se"].values()), abs=1e-4)
    assert -2 * fit.log_likelihood == pytest.approx(expected["deviance"], abs=0.05)
