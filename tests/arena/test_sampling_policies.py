"""The samplers: sound for any state, and each prefers what it promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.arenas.models import Arena
from arena.battles.sampling import min_max_ci, rank_focused
from arena.battles.sampling.contexts import floored, is_below
from arena.battles.sampling.errors import BadState, TooFewModels, UnknownSampler
from arena.battles.sampling.new_models import BOOST, boosted, is_new
from arena.battles.sampling.pairs import UNIFORM_SHARE, PairProbabilities, pair_indices
from arena.battles.sampling.samplers import SAMPLERS, sampling
from arena.battles.sampling.state import State
from arena.battles.sampling.storage import from_bytes, to_bytes
from tests.benchmarks import bench_sampling

NAMES = sorted(SAMPLERS)
SCORES = st.one_of(st.floats(-3, 3), st.sampled_from([0.0, 1e300, -1e300, 40.0, 1e-300]))
ERRORS = st.one_of(st.floats(0.01, 2), st.sampled_from([0.0, np.inf, 1e150, 1e-150, 5e-324]))
VOTES = st.one_of(st.integers(0, 5000).map(float), st.sampled_from([0.0, 1e-320, 1e300]))


@st.composite
def states(draw: st.DrawFn, n_min: int = 2) -> State:
    """Any state: ordinary and extreme values, arrays that are absent, groups that never met."""
    n = draw(st.integers(n_min, 7))

    def of_each(values: st.SearchStrategy[Any]) -> Any:
        return draw(st.none() | st.lists(values, min_size=n, max_size=n))

    covariance = None
    if draw(st.booleans()):
        loadings = np.random.default_rng(draw(st.integers(0, 99))).normal(size=(n, n))
        covariance = loadings @ loadings.T * draw(st.sampled_from([1e-300, 1e-4, 1.0, 1e290]))
    return State(
        n,
        scores=of_each(SCORES),
        covariance=covariance,
        standard_errors=of_each(ERRORS),
        votes=of_each(VOTES),
        component=of_each(st.integers(-1, 2)),
    )


def board(n_models: int = 12, seed: int = 0) -> State:
    """What a board of an ordinary arena knows."""
    rng = np.random.default_rng(seed)
    loadings = rng.normal(size=(n_models, n_models)) * 0.02
    covariance = loadings @ loadings.T + np.diag(rng.uniform(0.003, 0.006, n_models))
    return State(
        n_models,
        scores=rng.normal(0, 0.5, n_models),
        covariance=covariance,
        votes=np.full(n_models, 800.0),
        component=np.zeros(n_models),
    )


@pytest.mark.parametrize("name", NAMES)
@given(state=states(), share=st.sampled_from([0.1, 0.3, 1.0]), with_context=st.booleans())
@settings(deadline=None, max_examples=150)
def test_any_state_gives_probabilities_that_keep_the_uniform_share(
    name: str, state: State, share: float, with_context: bool
) -> None:
    battles = np.arange(state.n_models) * 10.0 if with_context else None
    chosen = sampling(name, state, uniform_share=share, battles_in_context=battles)
    of_pairs = chosen.probabilities.of_pairs
    assert chosen.probabilities.uniform_share >= share
    assert of_pairs.sum() == pytest.approx(1, rel=1e-12)
    assert (of_pairs >= share / of_pairs.size * (1 - 1e-12)).all()


@pytest.mark.parametrize("name", NAMES)
@given(seed=st.integers(0, 10_000), data=st.data())
@settings(deadline=None, max_examples=40)
def test_the_names_of_the_models_do_not_matter(name: str, seed: int, data: st.DataObject) -> None:
    state = board(6, seed)
    battles = np.random.default_rng(seed).integers(0, 50, 6).astype(float)
    order = data.draw(st.permutations(range(6)))
    matrix = sampling(name, state, battles_in_context=battles).probabilities.matrix
    moved = sampling(name, state.take(order), battles_in_context=battles[order])
    np.testing.assert_allclose(moved.probabilities.matrix, matrix[np.ix_(order, order)], rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_new_arena_is_sampled_uniformly_and_says_so(name: str) -> None:
    for state in (State(4), State(4, votes=np.zeros(4)), board().take([None] * 4)):
        chosen = sampling(name, state)
        assert chosen.sampler.name == "uniform"
        assert chosen.probabilities.uniform_share == 1.0
        assert chosen.probabilities.of_pairs.tolist() == [1 / 6] * 6


def test_an_unknown_sampler_is_refused_by_name() -> None:
    with pytest.raises(UnknownSampler, match="no sampler 'best'; use one of min_max_ci"):
        sampling("best", State(3))


@pytest.mark.parametrize("n_models", [0, 1])
def test_fewer_than_two_models_are_refused(n_models: int) -> None:
    with pytest.raises(TooFewModels, match="2 seats need as many models"):
        sampling("min_max_ci", State(n_models))


def test_an_arena_may_choose_every_sampler_that_there_is() -> None:
    assert set(Arena.Sampler.values) == set(SAMPLERS)


# ── min-max CI ──────────────────────────────────────────────────────────────────────────────


def test_min_max_ci_prefers_the_model_with_the_widest_interval() -> None:
    errors = np.full(12, 0.06)
    errors[4] = 0.08
    state = State(12, scores=np.zeros(12), standard_errors=errors)
    preferred = PairProbabilities.from_weights(min_max_ci.weights(state)).preferred_of_models
    others = np.delete(preferred, 4)
    assert preferred[4] > 2 * others.max()


def test_min_max_ci_weighs_a_pair_by_the_fall_of_variance_that_its_vote_brings() -> None:
    # One focal model only, so that the weights are the falls of its variance (Sherman-Morrison).
    n = 14
    rng = np.random.default_rng(4)
    scores = rng.normal(0, 0.7, n)
    information = np.zeros((n, n))
    first, second = pair_indices(n)
    for i, j, count in zip(first, second, rng.integers(2000, 9000, first.size), strict=True):
        difference = np.eye(n)[i] - np.eye(n)[j]
        information += 0.2 * count * np.outer(difference, difference)
    covariance = np.linalg.inv(information + np.ones((n, n)))
    covariance[2] *= 1.5  # model 2 is the widest by far
    covariance[:, 2] *= 1.5
    shares = min_max_ci.focal_shares(covariance.diagonal())
    assert shares[2] == pytest.approx(min_max_ci.FOCAL_SHARE_MAX)
    p = 1 / (1 + np.exp(scores[second] - scores[first]))
    fall = p * (1 - p) * (covariance[:, first] - covariance[:, second]) ** 2
    expected = shares @ (fall / fall.sum(axis=1, keepdims=True))
    state = State(n, scores=scores, covariance=covariance)
    found = PairProbabilities.from_weights(min_max_ci.weights(state)).preferred
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_min_max_ci_chooses_opponents_by_information_where_only_errors_are_known() -> None:
    scores = np.array([0.0, 0.1, 1.0, 3.0])
    state = State(4, scores=scores, standard_errors=np.array([9.0, 0.1, 0.1, 0.1]))
    weights = min_max_ci.weights(state)[0]
    p = 1 / (1 + np.exp(scores[0] - scores))
    of_focal_zero = (p * (1 - p))[1:]
    shares = min_max_ci.focal_shares(np.array([81.0, 0.01, 0.01, 0.01]))
    information = np.outer(scores, scores) * 0
    for i in range(4):
        for j in range(4):
            h = 1 / (1 + np.exp(scores[j] - scores[i]))
            information[i, j] = h * (1 - h) if i != j else 0
    choice = shares[:, None] * information / information.sum(axis=1, keepdims=True)
    expected = (choice + choice.T)[0]
    assert expected[1] / expected[3] > 1.5 > of_focal_zero[1] / of_focal_zero[0]
    np.testing.assert_allclose(weights / weights[1], expected / expected[1], rtol=1e-9)


def test_one_newcomer_does_not_take_every_battle() -> None:
    shares = min_max_ci.focal_shares(np.array([1.0] + [1e-3] * 19))
    assert shares.sum() == pytest.approx(1)
    assert shares[0] == pytest.approx(min_max_ci.FOCAL_SHARE_MAX)
    np.testing.assert_allclose(shares[1:], 0.75 / 19)
    extreme = min_max_ci.focal_shares(np.array([1.0, 1.0, 1.0, 1.0, *[1e-300] * 6]))
    assert extreme.sum() == pytest.approx(1)


# ── rank-focused ────────────────────────────────────────────────────────────────────────────


def test_rank_focused_prefers_the_pair_whose_order_is_in_doubt() -> None:
    state = State(4, scores=np.array([0, 0.02, 1, 2]), standard_errors=np.full(4, 0.1))
    weights = rank_focused.weights(state)
    assert np.unravel_index(weights.argmax(), weights.shape) == (0, 1)
    assert weights[0, 1] > 1000 * weights[0, 3]


def test_rank_focused_reads_the_covariance_of_a_difference() -> None:
    together = np.array([[0.04, 0.039, 0], [0.039, 0.04, 0], [0, 0, 0.04]])
    weights = rank_focused.weights(State(3, scores=np.array([0, 0.1, 0.2]), covariance=together))
    assert weights[0, 1] < weights[1, 2]  # 0 and 1 err together: their order is known better


def test_nothing_is_known_of_the_order_of_groups_that_never_met() -> None:
    state = State(
        4,
        scores=np.array([1.0, -1, 1, -1]),
        standard_errors=np.full(4, 0.05),
        component=np.array([0, 0, 2, 2]),
    )
    weights = rank_focused.weights(state)
    assert weights[0, 2] == pytest.approx(0.5 * 0.25)
    assert weights[0, 1] < 1e-9


# ── what is known of a model ────────────────────────────────────────────────────────────────


def test_a_model_is_unknown_without_votes_or_without_a_finite_error() -> None:
    state = State(
        5,
        scores=np.array([0.5, 3, 0.1, 0.2, 0]),
        standard_errors=np.array([0.1, np.inf, 0.2, 0.001, 0]),
        votes=np.array([900, 40, 0, 10, 0]),
    )
    assert state.is_known.tolist() == [True, False, False, True, False]
    assert state.variances[3] == 4 / 10  # ten votes cannot be worth an error of 0.001
    scores, covariance = state.estimates()
    assert scores.tolist() == [0.5, 0, 0, 0.2, 0]
    assert covariance.diagonal() == pytest.approx([0.01, 0.4, 0.4, 0.4, 0.4])


def test_votes_alone_give_variances() -> None:
    assert State(3, votes=np.array([100, 400, 0])).variances.tolist() == [0.04, 0.01, np.inf]


def test_a_state_is_taken_in_any_order_with_models_that_it_does_not_know() -> None:
    state = board(4)
    taken = state.take([3, None, 0])
    assert state.covariance is not None
    assert taken.covariance is not None
    assert taken.covariance[0, 2] == state.covariance[3, 0]
    assert taken.is_known.tolist() == [True, False, True]
    assert taken.same_component().tolist() == [[1, 0, 1], [0, 1, 0], [1, 0, 1]]
    assert State(0, scores=np.zeros(0), covariance=np.zeros((0, 0))).take([None]).n_models == 1
    with pytest.raises(BadState, match="out of range"):
        state.take([4])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"scores": [0, 1]}, "scores has shape"),
        ({"scores": [0, 1, np.nan]}, "not a finite"),
        ({"scores": [0, 1, np.inf]}, "not a finite"),
        ({"standard_errors": [0, 1, np.nan]}, "not a finite"),
        ({"standard_errors": [0, 1, -1]}, "negative"),
        ({"votes": [0, -1, 1]}, "negative"),
        ({"covariance": [[1, 2, 0], [0, 1, 0], [0, 0, 1]]}, "not symmetric"),
        ({"covariance": np.diag([1.0, -1, 1])}, "negative variance"),
    ],
)
def test_a_state_that_cannot_be_is_refused(arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(BadState, match=message):
        State(3, **arrays)


# ── new models ──────────────────────────────────────────────────────────────────────────────


def test_a_new_model_is_boosted_until_it_has_caught_up() -> None:
    pairs = PairProbabilities.from_weights(np.ones((5, 5)))
    odds = []
    for votes_of_last in (0.0, 300.0, 900.0):
        matrix = boosted(pairs, np.array([800, 900, 1000, 1100, votes_of_last])).matrix
        odds.append((matrix[0, 4] - 0.1 / 10) / (matrix[0, 1] - 0.1 / 10))
    assert odds == pytest.approx([BOOST, BOOST, 1])


def test_two_new_models_are_not_boosted_twice() -> None:
    pairs = PairProbabilities.from_weights(np.ones((6, 6)))
    matrix = boosted(pairs, np.array([0, 0, 5000, 5000, 5000, 5000.0])).matrix
    assert matrix[0, 1] == pytest.approx(matrix[0, 2])


@pytest.mark.parametrize("votes", [[0.0] * 4, [3, 4, 5, 6], [2000, 2000, 9000, 1001]])
def test_nobody_is_new_where_all_are_or_where_all_have_enough(votes: list[float]) -> None:
    assert not is_new(np.array(votes)).any()


def test_a_boost_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="boost"):
        boosted(PairProbabilities.from_weights(np.ones((3, 3))), np.zeros(3), 0.5)


# ── floors per context ──────────────────────────────────────────────────────────────────────


@given(state=states(3), data=st.data(), floor=st.floats(0, 0.99))
@settings(deadline=None, max_examples=100)
def test_a_model_below_its_floor_is_drawn_at_least_as_often_as_the_uniform_would(
    state: State, data: st.DataObject, floor: float
) -> None:
    n = state.n_models
    battles = np.array(data.draw(st.lists(st.integers(0, 99), min_size=n, max_size=n)), dtype=float)
    raw = PairProbabilities.from_weights(min_max_ci.weights(state))
    pairs = floored(raw, battles, floor)
    below = is_below(battles, floor)
    assert (pairs.matrix.sum(axis=1)[below] >= 2 / n * (1 - 1e-9)).all()
    assert pairs.uniform_share == UNIFORM_SHARE
    assert pairs.of_pairs.sum() == pytest.approx(1, rel=1e-12)
    if not below.any():
        assert pairs is raw


def test_floors_hold_in_the_long_run() -> None:
    # A preference for models 0 and 1 alone would leave the others a tenth of their uniform rate.
    weights = np.zeros((6, 6))
    weights[0, 1] = weights[1, 0] = 1.0
    raw = PairProbabilities.from_weights(weights)
    rng, battles = np.random.default_rng(7), np.zeros(6)
    first, second = pair_indices(6)
    for _ in range(3000):
        drawn = rng.choice(first.size, p=floored(raw, battles).of_pairs)
        battles[[first[drawn], second[drawn]]] += 1
    assert battles.min() / battles.mean() > 0.48
    assert battles[:2].min() / battles.mean() > 1.5


@pytest.mark.parametrize("battles", [np.zeros(2), np.array([0, -1, 1.0]), np.array([0, np.nan, 1])])
def test_battles_in_a_context_that_cannot_be_are_refused(battles: np.ndarray) -> None:
    with pytest.raises(BadState, match="battles has"):
        floored(PairProbabilities.from_weights(np.ones((3, 3))), battles)


def test_a_floor_of_all_is_refused() -> None:
    with pytest.raises(ValueError, match="floor"):
        floored(PairProbabilities.from_weights(np.ones((3, 3))), np.zeros(3), 1.0)


# ── bytes ───────────────────────────────────────────────────────────────────────────────────


@given(state=states())
@settings(deadline=None, max_examples=30)
def test_a_state_comes_back_from_its_bytes_as_it_was(state: State) -> None:
    battles = {"fr": np.arange(float(state.n_models)), "": np.zeros(state.n_models)}
    back, contexts = from_bytes(to_bytes(state, battles))
    for name in ("scores", "covariance", "standard_errors", "votes", "component"):
        given_array, found = getattr(state, name), getattr(back, name)
        assert (given_array is None) == (found is None)
        assert given_array is None or np.array_equal(given_array, found)
    assert back.n_models == state.n_models
    assert {name: values.tolist() for name, values in contexts.items()} == {
        name: values.tolist() for name, values in battles.items()
    }


@pytest.mark.parametrize("data", [b"", b"x", b"PK\x03\x04", to_bytes(State(2), {})[:-30]])
def test_bytes_of_something_else_are_refused(data: bytes) -> None:
    with pytest.raises(BadState, match="refresh the boards"):
        from_bytes(data)


def test_battles_of_other_models_are_not_kept() -> None:
    with pytest.raises(BadState, match="context 'fr'"):
        to_bytes(State(2), {"fr": np.zeros(3)})


# ── what it is for ──────────────────────────────────────────────────────────────────────────


def test_min_max_ci_reaches_the_uniforms_widest_interval_with_four_fifths_of_its_votes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = bench_sampling
    monkeypatch.setattr(bench, "REPETITIONS", 10)
    _, goal, *_ = bench.mean_course("uniform")[-1]
    widest = bench.mean_course("min_max_ci")[:, 1]
    at_four_fifths = round((0.8 * bench.VOTES - bench.START) / bench.BATCH)
    assert widest[at_four_fifths] <= goal
