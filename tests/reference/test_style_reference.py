"""A published coefficient of a covariate comes out of the fit with covariates.

No style-control board can be refitted: the boards are published, the votes with their answers'
lengths are not in the test data. The home advantage in baseball is a covariate of a comparison with
a published value, and the seats can be drawn so that it is not also that of a seat.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

from ratings.fitting.covariate_fit import CovariateFit, fit_with_covariates
from ratings.fitting.covariates import VotesByPair
from ratings.fitting.tallies import Outcome

# Agresti 2002, Categorical Data Analysis, Table 10.11: log-odds of playing at home, and the
# strengths as shares of their sum, sorted; three decimals.
HOME = 0.302
SHARES = [0.044, 0.088, 0.137, 0.157, 0.164, 0.190, 0.220]


def games(shared_data: Path) -> tuple[np.ndarray, ...]:
    """Home team, other team and who won, one row per game of the 1987 season."""
    path = shared_data / "bradleyterry2_r" / "baseball.csv"
    if not path.is_file():
        pytest.skip(f"no {path.name} in the test data")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    teams = sorted({row["home.team"] for row in rows})
    played = [
        (teams.index(row["home.team"]), teams.index(row["away.team"]), outcome)
        for row in rows
        for column, outcome in (("home.wins", Outcome.FIRST), ("away.wins", Outcome.SECOND))
        for _ in range(int(float(row[column])))
    ]
    return tuple(np.array(played).T)


def shares(fit: CovariateFit) -> np.ndarray:
    strengths = np.sort(np.exp(fit.scores))
    return strengths / strengths.sum()


def test_the_advantage_of_the_home_team_as_that_of_the_first_seat(shared_data):
    home, away, outcome = games(shared_data)
    none = np.zeros((home.size, 0))
    votes = VotesByPair.from_votes(7, home, away, outcome, none, covariates=())
    fit = fit_with_covariates(votes, prior_ties=0)
    assert fit.parameters["side"] == pytest.approx(HOME, abs=5e-4)
    np.testing.assert_allclose(shares(fit), SHARES, atol=6e-4)


def test_the_advantage_of_the_home_team_as_a_covariate(shared_data):
    home, away, outcome = games(shared_data)
    at_home_second = np.random.default_rng(1).random(home.size) < 0.5
    first = np.where(at_home_second, away, home)
    second = np.where(at_home_second, home, away)
    winner = np.where(at_home_second, 1 - outcome, outcome)
    contrast = np.where(at_home_second, -1.0, 1.0)[:, None]
    votes = VotesByPair.from_votes(7, first, second, winner, contrast, covariates=("at_home",))
    fit = fit_with_covariates(votes, side=False, prior_ties=0)
    assert fit.scales == {"at_home": 1.0}
    assert fit.parameters["at_home"] == pytest.approx(HOME, abs=5e-4)
    np.testing.assert_allclose(shares(fit), SHARES, atol=6e-4)
