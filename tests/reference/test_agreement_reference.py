"""The agreement of PandaLM's annotators is the one that they published."""

import csv
import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ratings.fitting.agreement import cohens_kappa
from ratings.fitting.tallies import Outcome

# How the data set writes an outcome.
OUTCOME = {"model_a": Outcome.FIRST, "model_b": Outcome.SECOND, "tie": Outcome.TIE}


def existing(path: Path) -> Path:
    if not path.is_file():
        pytest.skip(f"no {path.name} in the test data; set AGON_TEST_DATA to the folder with it")
    return path


def published(shared_data: Path, value_id: str) -> Any:
    file = existing(shared_data / "REFERENCE_VALUES.json")
    values = json.loads(file.read_text(encoding="utf-8"))
    return next(value["expected"] for value in values if value["id"] == value_id)


def outcomes_by_annotator(shared_data: Path) -> dict[str, np.ndarray]:
    """What each annotator said of the 999 items, in the order of the items."""
    path = existing(shared_data / "pandalm_testset" / "derived" / "votes.csv")
    with path.open(newline="", encoding="utf-8") as file:
        said = {(row["annotator"], int(row["idx"])): row["winner"] for row in csv.DictReader(file)}
    annotators, items = (sorted({key[side] for key in said}) for side in (0, 1))
    assert len(said) == len(annotators) * len(items)  # nobody left an item out
    return {who: np.array([OUTCOME[said[who, item]] for item in items]) for who in annotators}


def test_annotators_of_pandalm_agree_as_published(shared_data):
    expected = published(shared_data, "pandalm_kappa")
    outcomes = outcomes_by_annotator(shared_data)
    found = {
        f"{one}-{other}": cohens_kappa(outcomes[one], outcomes[other])
        for one, other in combinations(outcomes, 2)
    }
    assert {pair: round(agreement.kappa, 2) for pair, agreement in found.items()} == expected
    for agreement in found.values():
        assert agreement.n_items == 999
        assert 0.01 < agreement.standard_error < 0.02


def test_the_kappa_is_that_of_the_annotators_own_file(shared_data):
    """The published JSON codes a tie as 0 and the sides as 1 and 2: kappa does not mind."""
    file = existing(shared_data / "pandalm_testset" / "testset-v1.json")
    items = json.loads(file.read_text(encoding="utf-8"))
    outcomes = outcomes_by_annotator(shared_data)
    for one, other in combinations(outcomes, 2):
        codes = ([item[f"annotator{who}"] for item in items] for who in (one, other))
        theirs, ours = cohens_kappa(*codes), cohens_kappa(outcomes[one], outcomes[other])
        assert theirs.kappa == pytest.approx(ours.kappa, abs=1e-12)
        assert theirs.standard_error == pytest.approx(ours.standard_error, abs=1e-12)
