"""The best of six: what listeners of SiSEC 2018 picked, as a fit of top-1 choices."""

import csv
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import choix
import numpy as np
import pytest
from scipy import stats

from ratings.fitting.errors import NoFiniteEstimate
from ratings.fitting.rankings import Rankings
from ratings.fitting.ranklist import fit_ranklist

FOLDER = "sisec_pick_the_best"
# Songs that a complete submission has a vote on.
N_SONGS = 13


class Pick(NamedTuple):
    """One listener's choice of the best separation of one song."""

    listener: str
    song: str
    chosen: str
    options: tuple[str, ...]


def existing(path: Path) -> Path:
    if not path.is_file():
        pytest.skip(f"no {path.name} in the test data; set AGON_TEST_DATA to the folder with it")
    return path


def csv_rows(path: Path) -> list[dict[str, str]]:
    with existing(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def published(shared_data: Path, value_id: str) -> Any:
    file = existing(shared_data / "REFERENCE_VALUES.json")
    values = json.loads(file.read_text(encoding="utf-8"))
    return next(value for value in values if value["id"] == value_id)


@pytest.fixture
def picks(shared_data: Path) -> list[Pick]:
    """All picks, of which a page that was left empty is none."""
    pages = defaultdict(list)
    for row in csv_rows(shared_data / published(shared_data, "sisec_complete")["dataset"]):
        pages[row["submission_id"], row["page"]].append(row)
    found = []
    for (listener, _), rows in pages.items():
        chosen = [row["sound"] for row in rows if row["value"] == "True"]
        song = rows[0]["url"].split("/")[1]
        options = tuple(sorted(row["sound"] for row in rows))
        found += [Pick(listener, song, one, options) for one in chosen]
    return found


@pytest.fixture
def complete(picks: list[Pick]) -> list[Pick]:
    """The picks of listeners who voted on every song, as the authors count them."""
    n_picks = Counter(pick.listener for pick in picks)
    return [pick for pick in picks if n_picks[pick.listener] == N_SONGS]


def top_choices(picks: list[Pick], systems: list[str]) -> Rankings:
    """Each pick as a list: the chosen system ahead of the others, which tie; voters as clusters."""
    listeners = sorted({pick.listener for pick in picks})
    place = {system: number for number, system in enumerate(systems)}
    orderings = [
        (
            place[pick.chosen],
            [place[one] for one in pick.options if one in place.keys() - {pick.chosen}],
        )
        for pick in picks
    ]
    cluster = [listeners.index(pick.listener) for pick in picks]
    return Rankings.from_orderings(len(systems), orderings, cluster=cluster)


def test_34_submissions_are_complete(shared_data, picks, complete):
    expected = published(shared_data, "sisec_complete")["expected"]
    assert len({pick.listener for pick in picks}) == 44
    assert len({pick.listener for pick in complete}) == expected["complete_submissions"]
    assert len({(pick.listener, pick.song) for pick in complete}) == len(complete) == 34 * N_SONGS


def test_listeners_order_the_systems_as_the_distortion_does(shared_data, complete):
    """The signal-to-distortion ratio agrees with them but for the two that nearly nobody picks."""
    systems = sorted(complete[0].options)
    fit = fit_ranklist(top_choices(complete, systems), max_anchor=1)
    assert fit.n_clusters == 34
    best_first = [systems[place] for place in np.argsort(-fit.scores)]
    assert best_first == ["TAU1", "TAK2", "UHL3", "JY3", "STL1", "MDL1"]
    assert fit.insufficient.tolist() == [system == "MDL1" for system in systems]
    ratios = defaultdict(list)
    for row in csv_rows(shared_data / FOLDER / "results" / "sdr.csv"):
        ratios[row["Algo"]].append(float(row["SDR"]))
    distortion = [np.mean(ratios[system]) for system in systems]
    assert stats.spearmanr(fit.scores, distortion).statistic == pytest.approx(33 / 35)


def test_a_system_that_nobody_picks_has_no_finite_score_without_a_prior(complete):
    systems = sorted(complete[0].options)
    assert "MDL1" not in {pick.chosen for pick in complete}
    with pytest.raises(NoFiniteEstimate):
        fit_ranklist(top_choices(complete, systems), max_anchor=1, prior_ties=0)


def test_scores_of_picks_from_one_set_are_the_logs_of_their_shares(complete):
    """Without a prior the share of picks is the chance to be picked (Luce 1959)."""
    picked = Counter(pick.chosen for pick in complete)
    systems = sorted(picked)  # without the one that nobody picks, which takes from no other
    fit = fit_ranklist(top_choices(complete, systems), max_anchor=1, prior_ties=0)
    shares = np.log([picked[system] for system in systems])
    np.testing.assert_allclose(fit.scores, shares - shares.mean(), atol=1e-8)
    # Multinomial: the variance of a log-ratio of shares is the sum of the reciprocal counts.
    first, second = (systems.index(system) for system in ("TAU1", "TAK2"))
    covariance = fit.fisher_covariance
    variance = covariance[first, first] + covariance[second, second]
    variance -= 2 * covariance[first, second]
    assert variance == pytest.approx(1 / picked["TAU1"] + 1 / picked["TAK2"], rel=1e-6)


def test_the_scores_are_those_that_choix_finds(picks):
    """All 493 picks, and a prior that choix can be given as one win and one loss of each system."""
    systems = sorted(picks[0].options)
    fit = fit_ranklist(top_choices(picks, systems), max_anchor=1, prior_ties=2)
    place = {system: number for number, system in enumerate(systems)}
    data = [
        (place[pick.chosen], [place[one] for one in pick.options if one != pick.chosen])
        for pick in picks
    ]
    assert len(data) == 493
    opponent = len(systems)
    data += [(one, [opponent]) for one in range(opponent)]
    data += [(opponent, [one]) for one in range(opponent)]
    theirs = choix.ilsr_top1(opponent + 1, data, max_iter=1000, tol=1e-12)[:opponent]
    np.testing.assert_allclose(fit.scores, theirs - theirs.mean(), atol=1e-6)


def test_the_scores_of_unequal_sets_are_those_that_choix_finds(complete):
    """Every second song loses the favourite: unequal sets, whose scores are not shares."""
    systems = sorted({pick.chosen for pick in complete})
    songs = sorted({pick.song for pick in complete})
    kept = [
        pick._replace(options=tuple(one for one in pick.options if one in systems))
        if songs.index(pick.song) % 2
        else pick._replace(options=tuple(set(systems) - {"TAU1"}))
        for pick in complete
        if songs.index(pick.song) % 2 or pick.chosen != "TAU1"
    ]
    fit = fit_ranklist(top_choices(kept, systems), max_anchor=1, prior_ties=0)
    place = {system: number for number, system in enumerate(systems)}
    data = [
        (place[pick.chosen], [place[one] for one in pick.options if one != pick.chosen])
        for pick in kept
    ]
    theirs = choix.ilsr_top1(len(systems), data, max_iter=1000, tol=1e-12)
    np.testing.assert_allclose(fit.scores, theirs - theirs.mean(), atol=1e-6)


def test_incomplete_submissions_leave_the_order_as_it_is(picks, complete):
    systems = sorted(complete[0].options)
    all_of_them, those = (
        fit_ranklist(top_choices(some, systems), max_anchor=1) for some in (picks, complete)
    )
    assert np.argsort(all_of_them.scores).tolist() == np.argsort(those.scores).tolist()


def test_the_converted_choices_are_those_of_the_authors(shared_data, picks):
    rows = csv_rows(shared_data / FOLDER / "derived" / "choices.csv")
    converted = Counter((row["song"], row["chosen"]) for row in rows if row["chosen"])
    assert converted == Counter((pick.song, pick.chosen) for pick in picks)
