"""The choice between models of ties: it finds the true one and holds out every vote once."""

import numpy as np
import pytest

from ratings.fitting.errors import NotIdentified
from ratings.fitting.model_choice import (
    TIE_MODELS,
    choose_tie_model,
    held_out_log_loss,
    predict_by_davidson,
)
from ratings.fitting.tallies import Outcome, PairTallies
from tests.ratings.outcome_votes import (
    RING,
    davidson_log_p,
    rao_kupper_log_p,
    simulated_tallies,
    tallied,
)

WIN, LOSS, TIE, BAD = Outcome
STRENGTHS = np.linspace(-2, 2, 12)


@pytest.mark.parametrize(
    ("log_p", "parameter", "expected"),
    [(davidson_log_p, 0.0, "davidson"), (rao_kupper_log_p, 0.8, "rao_kupper")],
)
def test_the_model_that_made_the_votes_predicts_them_best(log_p, parameter, expected):
    choice = choose_tie_model(simulated_tallies(log_p, 1, STRENGTHS, [parameter], 100_000), seed=2)
    assert choice.best == expected
    assert choice.n_votes == 100_000
    for name, excess in choice.excess.items():
        assert choice.log_loss[name] == pytest.approx(choice.log_loss[expected] + excess)
        if name != expected:
            assert excess > 2 * choice.standard_error[name] > 0
    assert (choice.excess[expected], choice.standard_error[expected]) == (0, 0)


def test_the_mean_loss_is_near_the_entropy_of_the_true_law():
    first, second = np.triu_indices(12, k=1)
    log_p = davidson_log_p(STRENGTHS[first] - STRENGTHS[second], 0, [-0.3])
    entropy = -(np.exp(log_p) * log_p).sum(axis=0).mean()
    tallies = simulated_tallies(davidson_log_p, 3, STRENGTHS, [-0.3], 200_000)
    loss = held_out_log_loss(tallies, predict_by_davidson, 4)
    assert loss.mean == pytest.approx(entropy, abs=0.006)


@pytest.mark.parametrize("name", TIE_MODELS)
@pytest.mark.parametrize("rows", [RING, [(0, 1, TIE), (1, 2, TIE)], [(0, 1, WIN), (2, 3, WIN)]])
def test_every_model_predicts_a_law_of_three_outcomes(name, rows):
    training = tallied(rows)
    log_p = TIE_MODELS[name](training, training.first, training.second, 0.1)
    assert log_p.shape == (3, training.n_pairs)
    assert np.isfinite(log_p).all()
    np.testing.assert_allclose(np.exp(log_p).sum(axis=0), 1, rtol=1e-12)


def test_half_wins_expect_as_many_ties_as_they_saw():
    tallies = simulated_tallies(davidson_log_p, 5, STRENGTHS, [-0.3], 50_000)
    log_p = TIE_MODELS["half_wins"](tallies, tallies.first, tallies.second, 0.1)
    expected = tallies.votes @ np.exp(log_p[2])
    assert expected == pytest.approx(tallies.ties.sum(), rel=1e-4)


def test_every_vote_is_held_out_once_and_a_seed_gives_one_answer():
    tallies = simulated_tallies(davidson_log_p, 6, STRENGTHS, [-0.3], 3000)
    one, same = (held_out_log_loss(tallies, predict_by_davidson, 7) for _ in range(2))
    other = held_out_log_loss(tallies, predict_by_davidson, 8)
    assert one.votes.sum() + one.n_left_out == 3000
    assert one.mean == same.mean != other.mean


def test_a_vote_on_a_pair_that_nothing_else_links_is_left_out():
    tallies = tallied([*RING[:3] * 20, (3, 4, WIN)])
    choice = choose_tie_model(tallies, seed=1)
    assert (choice.n_votes, choice.n_left_out) == (60, 1)


def test_votes_both_bad_are_ties_or_no_votes_as_asked():
    bad, tied = ([*RING * 4, *[(0, 1, outcome)] * 9] for outcome in (BAD, TIE))
    as_ties = choose_tie_model(tallied(bad), seed=3)
    assert as_ties.log_loss == choose_tie_model(tallied(tied), seed=3).log_loss
    ignored = choose_tie_model(tallied(bad), seed=3, both_bad="ignore")
    assert ignored.n_votes == as_ties.n_votes - 9


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"n_folds": 1}, "n_folds is 1; use at least 2"),
        ({"prior_ties": 0}, "prior_ties is 0; use a finite number above 0"),
        ({"both_bad": "loss"}, "both_bad is 'loss'"),
    ],
)
def test_an_option_that_cannot_be_honoured_is_refused(option, message):
    with pytest.raises(ValueError, match=message):
        choose_tie_model(tallied(RING), seed=1, **option)


def test_fractional_counts_are_refused():
    none, half = np.zeros(1), np.full(1, 0.5)
    tallies = PairTallies(2, np.array([0]), np.array([1]), half, none, none, none)
    with pytest.raises(ValueError, match="the counts are fractional"):
        choose_tie_model(tallies, seed=1)


@pytest.mark.parametrize("rows", [[], [(0, 1, WIN)]])
def test_votes_of_which_none_can_be_predicted_are_refused(rows):
    with pytest.raises(NotIdentified, match="no vote is on a pair that the others link"):
        choose_tie_model(tallied(rows), seed=1)
