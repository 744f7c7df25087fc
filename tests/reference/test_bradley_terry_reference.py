"""Published Bradley-Terry results come out of our fit, from the data they were published with."""

import csv
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import choix
import numpy as np
import pytest
from scipy import stats

from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.elo import to_elo
from ratings.fitting.fit import Fit
from ratings.fitting.tallies import Outcome, PairTallies

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("AGON_TEST_DATA", REPOSITORY.parent / "shared" / "data"))


def data_file(name: str) -> Path:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"no {name} in the test data; set AGON_TEST_DATA to the folder that holds it")
    return path


def csv_rows(name: str) -> list[dict[str, str]]:
    with data_file(name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def published(value_id: str) -> dict[str, Any]:
    values = json.loads(data_file("REFERENCE_VALUES.json").read_text(encoding="utf-8"))
    return next(value for value in values if value["id"] == value_id)


def win_tallies(wins: Iterable[tuple[str, str, float, float]]) -> tuple[list[str], PairTallies]:
    """Tally rows of (one, other, wins of one, wins of other); return the sorted names as well."""
    rows = list(wins)
    names = sorted({name for row in rows for name in row[:2]})
    place = {name: number for number, name in enumerate(names)}
    first, second = (np.array([place[row[side]] for row in rows]) for side in (0, 1))
    of_one, of_other = (np.array([row[side] for row in rows], dtype=float) for side in (2, 3))
    none = np.zeros(len(rows))
    return names, PairTallies(len(names), first, second, of_one, of_other, none, none)


def against(fit: Fit, reference: int) -> tuple[np.ndarray, np.ndarray]:
    """Log-strengths less that of the reference model, with their Fisher standard errors."""
    covariance = fit.fisher_covariance
    variance = np.diagonal(covariance) + covariance[reference, reference]
    variance = variance - 2 * covariance[reference]
    return fit.scores - fit.scores[reference], np.sqrt(np.maximum(variance, 0))


def tallies_of_listed_wins(wins: list[str]) -> tuple[list[str], PairTallies]:
    return win_tallies((winner, loser, 1.0, 0.0) for winner, loser in (w.split(">") for w in wins))


def test_baseball_abilities_and_errors_are_those_of_agresti():
    expected = published("baseball_bt")["expected"]
    names, tallies = win_tallies(
        (row["home.team"], row["away.team"], float(row["home.wins"]), float(row["away.wins"]))
        for row in csv_rows("bradleyterry2_r/baseball.csv")
    )
    fit = fit_bradley_terry(tallies, prior_ties=0)
    baltimore = names.index("Baltimore")
    abilities, errors = (np.delete(values, baltimore) for values in against(fit, baltimore))
    assert np.round(np.sort(abilities), 2).tolist() == expected["sorted"]
    assert set(np.round(errors, 1)) == {expected["se_rounded"]}


# BTabilities(citeModel), its refit with refcat = "JASA" and with sum-zero contrasts, as printed by
# R in tests/BTabilities.Rout.save of hturner/BradleyTerry2 at dffc0ac: (ability, standard error).
CITATIONS = {
    "Biometrika": {
        "Biometrika": (0.0000000, 0.00000000),
        "Comm Statist": (-2.9490725, 0.10254534),
        "JASA": (-0.4795698, 0.06058873),
        "JRSS-B": (0.2689541, 0.07082997),
    },
    "JASA": {
        "Biometrika": (0.4795698, 0.06058873),
        "Comm Statist": (-2.4695027, 0.09817049),
        "JASA": (0.0000000, 0.00000000),
        "JRSS-B": (0.7485238, 0.07294356),
    },
    "sum zero": {
        "Biometrika": (0.7899221, 0.04333047),
        "Comm Statist": (-2.1591504, 0.07257974),
        "JASA": (0.3103523, 0.04164102),
        "JRSS-B": (1.0588761, 0.05304699),
    },
}


@pytest.mark.parametrize("anchor", CITATIONS)
def test_journal_abilities_and_errors_are_those_of_bradleyterry2(anchor):
    names, tallies = win_tallies(
        (row["cited"], row["citing"], float(row["count"]), 0.0)
        for row in csv_rows("bradleyterry2_r/citations.csv")
        if row["cited"] != row["citing"]
    )
    fit = fit_bradley_terry(tallies, prior_ties=0)
    zero_sum = fit.scores, np.sqrt(np.diagonal(fit.fisher_covariance))
    found = zero_sum if anchor == "sum zero" else against(fit, names.index(anchor))
    expected = np.array([CITATIONS[anchor][name] for name in names]).T
    np.testing.assert_allclose(found, expected, rtol=0, atol=6e-8)


def test_a_small_circle_of_wins_gives_the_scores_of_plackettluce():
    reference = published("pl_weakly_connected")
    expected = reference["expected"]["without_D"]
    circle = [win for win in reference["data"]["wins"] if "D" not in win]
    names, tallies = tallies_of_listed_wins(circle)
    fit = fit_bradley_terry(tallies, prior_ties=0)
    scores, errors = against(fit, names.index("A"))
    for name in ("B", "C"):
        place = names.index(name)
        assert [scores[place], errors[place]] == pytest.approx(expected[name], abs=5e-5)
    assert -2 * fit.log_likelihood == pytest.approx(expected["deviance"], abs=5e-5)


def test_the_prior_gives_the_scores_of_plackettluce_with_its_pseudo_rankings():
    """npseudo = 0.5 is half a win and half a loss against a ghost item: one virtual tie."""
    reference = published("pl_weakly_connected")
    names, tallies = tallies_of_listed_wins(reference["data"]["wins"])
    fit = fit_bradley_terry(tallies, prior_ties=2 * 0.5)
    scores, _ = against(fit, names.index("A"))
    for name, expected in reference["expected"]["npseudo0.5"].items():
        assert scores[names.index(name)] == pytest.approx(expected, abs=1e-6)


def arena_board(folder: str, board: str) -> tuple[np.ndarray, np.ndarray]:
    """Our Elo from the pair counts and the published Elo, of the models in the counts."""
    names, tallies = win_tallies(
        (row["model_a"], row["model_b"], float(row["wins_a"]), float(row["wins_b"]))
        for row in csv_rows(f"{folder}/{board}_pair_counts.csv")
    )
    live = {
        row[""]: float(row["value"]) for row in csv_rows(f"{folder}/{board}_elo_rating_final.csv")
    }
    return to_elo(fit_bradley_terry(tallies).scores), np.array([live[name] for name in names])


def test_the_text_to_image_board_is_that_of_genai_arena():
    """The published fit also counted ties, which the counts lack: same line, flatter slope."""
    ours, live = arena_board("genai_arena_elo", "t2i_anony")
    assert np.argsort(ours).tolist() == np.argsort(live).tolist()
    assert stats.pearsonr(ours, live).statistic >= 0.999
    assert stats.linregress(live, ours).slope == pytest.approx(1.40, abs=0.02)


def test_the_vision_language_board_is_that_of_wildvision_arena():
    ours, live = arena_board("wildvision_arena_elo", "vlm_anony")
    assert ours.size == 24
    assert stats.spearmanr(ours, live).statistic >= 0.98


def football_votes() -> tuple[list[str], PairTallies]:
    """All played internationals as votes: a win, or a draw as a tie."""
    played = [
        (row["home_team"], row["away_team"], int(row["home_score"]) - int(row["away_score"]))
        for row in csv_rows("football_international/results.csv")
        if row["home_score"].isdigit()
    ]
    names = sorted({name for row in played for name in row[:2]})
    place = {name: number for number, name in enumerate(names)}
    home, away = (np.array([place[row[side]] for row in played]) for side in (0, 1))
    lead = np.array([row[2] for row in played])
    outcome = np.select([lead > 0, lead < 0], [Outcome.FIRST, Outcome.SECOND], Outcome.TIE)
    return names, PairTallies.from_votes(len(names), home, away, outcome)


def test_150_years_of_football_give_the_order_that_choix_finds():
    names, tallies = football_votes()
    fit = fit_bradley_terry(tallies)
    settled = np.flatnonzero(~fit.insufficient)
    assert settled.size > 300

    points = np.zeros((len(names), len(names)))
    points[tallies.first, tallies.second] = tallies.wins_first + tallies.ties / 2
    points[tallies.second, tallies.first] = tallies.wins_second + tallies.ties / 2
    theirs = choix.ilsr_pairwise_dense(points[np.ix_(settled, settled)], max_iter=1000)

    often = fit.n_votes[settled] >= 300  # where a tenth of a virtual tie cannot be seen
    ours, theirs = fit.scores[settled][often], theirs[often]
    np.testing.assert_allclose(ours - ours.mean(), theirs - theirs.mean(), atol=0.01)
    best = [names[team] for team in settled[often][np.argsort(-ours)[:5]]]
    assert best == [names[team] for team in settled[often][np.argsort(-theirs)[:5]]]
    assert "Brazil" in best
