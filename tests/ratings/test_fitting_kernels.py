"""Compiled loops give what plain NumPy gives, wherever they may keep their compiled code."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse import csgraph

from ratings.fitting import arrays, kernels
from ratings.fitting.comparison_graph import connected_components, strongly_connected_groups
from ratings.fitting.kernels import centred, likelihood, mirror, points_table, robust_likelihood

# A busy machine may pause any example, so no example has a deadline.
unhurried = settings(deadline=None)
REPOSITORY = Path(__file__).resolve().parents[2]


def random_rows(seed: int, n_players: int):
    """Every pair of players with counts of which many are zero."""
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(n_players, k=1)
    return first, second, rng.poisson(1.0, (3, first.size)).astype(float)


@pytest.mark.parametrize("spread", [0.0, 1.0, 30.0, 1000.0])
@pytest.mark.parametrize("n_players", [1, 2, 3, 9, 40])
def test_likelihood_derivatives_and_meat_are_the_sums_over_pairs(n_players, spread):
    """At a spread of 1000 exponentials of scores leave floating point, those of gaps do not."""
    scores = np.random.default_rng(5).normal(0, 1, n_players) * spread
    first, second, (wins, losses, ties) = random_rows(3, n_players)
    table = points_table(n_players, first, second, wins, losses, ties)
    gradient, information = np.ones(n_players), np.ones((n_players, n_players))
    meat = np.ones((n_players, n_players))

    gap = scores[first] - scores[second]
    log_p, log_q = -np.logaddexp(0, -gap), -np.logaddexp(0, gap)
    p, q = np.exp(log_p), np.exp(log_q)
    points_first, points_second = wins + ties / 2, losses + ties / 2
    surplus = points_first * q - points_second * p
    design = np.zeros((first.size, n_players))
    design[np.arange(first.size), first] = 1
    design[np.arange(first.size), second] = -1
    votes = wins + losses + ties
    squares = wins * q**2 + losses * p**2 + ties * (0.5 - p) ** 2

    expected = points_first @ log_p + points_second @ log_q
    found = likelihood(scores, table, gradient, information)
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    np.testing.assert_allclose(gradient, design.T @ surplus, atol=1e-11)
    upper = np.triu(design.T @ (design * (votes * p * q)[:, None]))
    np.testing.assert_allclose(np.triu(information), upper, atol=1e-12)
    np.testing.assert_allclose(robust_likelihood(scores, table, meat), expected, rtol=1e-13)
    upper = np.triu(design.T @ (design * squares[:, None]))
    np.testing.assert_allclose(np.triu(meat), upper, atol=1e-12)


@unhurried
@given(st.floats(0, 60))
def test_the_log_of_a_lost_cause_keeps_its_digits(gap):
    """One vote for the stronger: -log p is log1p(exp(-gap)), down to 1e-26 at a gap of 60."""
    table = points_table(2, np.array([0]), np.array([1]), np.ones(1), np.zeros(1), np.zeros(1))
    found = likelihood(np.array([gap / 2, -gap / 2]), table, np.zeros(2), np.zeros((2, 2)))
    np.testing.assert_allclose(found, -np.log1p(np.exp(-gap)), rtol=1e-14)


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 70])
def test_mirroring_copies_the_upper_triangle(size):
    matrix = np.random.default_rng(size).random((size, size))
    expected = np.triu(matrix) + np.triu(matrix, 1).T
    mirror(matrix)
    np.testing.assert_array_equal(matrix, expected)


def test_centring_takes_the_means_of_components_from_rows_and_columns():
    component = np.array([0, 1, 0, 2, 1, 0])
    same = component[:, None] == component
    averaging = same / same.sum(axis=1, keepdims=True)
    matrix = np.random.default_rng(1).random((8, 8))
    matrix += matrix.T
    within = np.where(same, matrix[:6, :6], 0.0)
    expected = within - averaging @ within - within @ averaging + averaging @ within @ averaging
    np.testing.assert_allclose(centred(np.triu(matrix), averaging), expected, atol=1e-14)


# --- groups of a graph ------------------------------------------------------------------------


def groups_by_scipy(n_models: int, source, target, connection: str) -> np.ndarray:
    """Labels by scipy, numbered by their lowest model."""
    edges = sparse.coo_array((np.ones(len(source)), (source, target)), (n_models, n_models))
    labels = csgraph.connected_components(edges.tocsr(), connection=connection)[1]
    return np.array([labels.tolist().index(label) for label in labels])


@unhurried
@given(st.data(), st.integers(2, 9))
def test_groups_are_those_that_scipy_finds(data, n_models):
    model = st.integers(0, n_models - 1)
    row = st.tuples(model, model, st.booleans(), st.booleans()).filter(lambda r: r[0] != r[1])
    rows = np.array(data.draw(st.lists(row, max_size=16)), dtype=np.int64).reshape(-1, 4)
    first, second, won, lost = rows.T
    linked = connected_components(n_models, first, second)
    mutual = strongly_connected_groups(
        n_models, first, second, won.astype(float), lost.astype(float)
    )
    winner = np.concatenate([first[won > 0], second[lost > 0]])
    loser = np.concatenate([second[won > 0], first[lost > 0]])
    for found, expected in (
        (linked, groups_by_scipy(n_models, first, second, "weak")),
        (mutual, groups_by_scipy(n_models, winner, loser, "strong")),
    ):
        lowest = np.array([found.tolist().index(label) for label in found])
        np.testing.assert_array_equal(lowest, expected)
        numbers = found[np.sort(np.unique(found, return_index=True)[1])]
        np.testing.assert_array_equal(numbers, np.arange(numbers.size))


# --- where compiled code is kept --------------------------------------------------------------


def copied_kernels(folder: Path) -> Path:
    """Copy the kernels and what they import into a room of their own; return its folder."""
    room = folder / "ratings" / "fitting"
    room.mkdir(parents=True)
    for module in (arrays, kernels):
        shutil.copy(module.__file__, room)
    return room


def run_alone(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Import a copy of the kernels in a fresh process and mirror a matrix with it."""
    code = (
        "import numpy; from ratings.fitting.kernels import mirror; "
        "m = numpy.eye(3); m[0, 2] = 5; mirror(m); print(m[2, 0])"
    )
    return subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_kernels_work_where_no_compiled_code_can_be_kept(tmp_path):
    """A file lies where every folder for compiled code would have to be made."""
    (copied_kernels(tmp_path) / "__pycache__").write_text("")
    home = tmp_path / "home"
    home.write_text("")
    done = run_alone(tmp_path, HOME=str(home), XDG_CACHE_HOME=str(home / "cache"))
    assert (done.stdout, done.returncode) == ("5.0\n", 0), done.stderr


def test_compiled_code_is_kept_in_the_folder_named_for_it(tmp_path):
    copied_kernels(tmp_path)
    kept = tmp_path / "kept"
    done = run_alone(tmp_path, NUMBA_CACHE_DIR=str(kept))
    assert (done.stdout, done.returncode) == ("5.0\n", 0), done.stderr
    assert list(kept.rglob("kernels.mirror-*.nbi"))
