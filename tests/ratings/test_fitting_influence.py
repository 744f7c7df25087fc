"""The one-step effect of leaving a voter out is that of a fit without the voter."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.fit import Fit
from ratings.fitting.influence import leave_one_voter_out, score_changes
from ratings.fitting.robustness import ranking
from ratings.fitting.tallies import PairTallies
from ratings.fitting.voter_tallies import VoterTallies

unhurried = settings(deadline=None, max_examples=25)
BOOSTER = 1000
COUNTS = ("wins_first", "wins_second", "ties", "both_bad")


@dataclass(frozen=True, eq=False)
class Votes:
    n_models: int
    voter: np.ndarray
    first: np.ndarray
    second: np.ndarray
    wins_first: np.ndarray
    wins_second: np.ndarray
    ties: np.ndarray
    both_bad: np.ndarray

    def by_voter(self) -> VoterTallies:
        columns = (getattr(self, name) for name in ("voter", "first", "second", *COUNTS))
        return VoterTallies(self.n_models, *columns)

    def tallies(self, without: int | None = None) -> PairTallies:
        kept = self.voter != without if without is not None else np.ones(self.voter.size, bool)
        columns = (getattr(self, name)[kept] for name in ("first", "second", *COUNTS))
        return PairTallies(self.n_models, *columns)


def simulated(seed: int, n_models: int = 8, n_votes: int = 4000, n_voters: int = 60) -> Votes:
    """Votes, one a row, of voters whose numbers fall as rank^-1, 1 in 5 a tie or both bad."""
    rng = np.random.default_rng(seed)
    strengths = rng.normal(0, 0.5, n_models)
    share = 1 / np.arange(1, n_voters + 1)
    voter = rng.choice(n_voters, n_votes, p=share / share.sum()) * 7 + 3
    first = rng.integers(0, n_models, n_votes)
    second = (first + rng.integers(1, n_models, n_votes)) % n_models
    won = rng.random(n_votes) < expit(strengths[first] - strengths[second])
    kind = rng.random(n_votes)
    outcome = np.select([kind < 0.1, kind < 0.2, won], [2, 3, 0], 1)
    columns = (outcome == np.arange(4)[:, None]).astype(float)
    return Votes(n_models, voter, first, second, *columns)


def with_a_booster(votes: Votes, model: int, n_votes: int) -> Votes:
    rival = np.arange(n_votes) % (votes.n_models - 1)
    rival = np.where(rival >= model, rival + 1, rival)
    one, none = np.ones(n_votes), np.zeros(n_votes)
    new = (np.full(n_votes, BOOSTER), np.full(n_votes, model), rival, one, none, none, none)
    names = ("voter", "first", "second", *COUNTS)
    joined = (np.concatenate([getattr(votes, n), c]) for n, c in zip(names, new, strict=True))
    return Votes(votes.n_models, *joined)


def exact_change(votes: Votes, fit: Fit, voter: int, **options) -> np.ndarray:
    return fit_bradley_terry(votes.tallies(without=voter), **options).scores - fit.scores


@pytest.mark.parametrize("seed", range(4))
def test_one_step_is_near_the_exact_refit_for_every_voter(seed):
    votes = simulated(seed)
    fit = fit_bradley_terry(votes.tallies())
    voters, changes = score_changes(votes.by_voter(), fit)
    np.testing.assert_array_equal(voters, np.unique(votes.voter))
    for voter, change in zip(voters, changes, strict=True):
        exact = exact_change(votes, fit, voter)
        assert np.max(np.abs(change - exact)) <= 0.06 * np.max(np.abs(exact)) + 1e-4


def test_the_leverage_of_a_voter_with_a_fifth_of_all_votes_is_corrected():
    votes = simulated(1)
    fit = fit_bradley_terry(votes.tallies())
    heavy = int(np.bincount(votes.voter).argmax())
    assert np.mean(votes.voter == heavy) > 0.2
    voters, changes = score_changes(votes.by_voter(), fit)
    corrected = changes[np.searchsorted(voters, heavy)]
    mine = votes.voter == heavy
    p_first = expit(fit.scores[votes.first] - fit.scores[votes.second])
    points = votes.wins_first + (votes.ties + votes.both_bad) / 2
    gradient = np.bincount(votes.first[mine], (points - p_first)[mine], 8)
    gradient -= np.bincount(votes.second[mine], (points - p_first)[mine], 8)
    uncorrected = -fit.fisher_covariance @ gradient
    exact = exact_change(votes, fit, heavy)
    assert np.linalg.norm(corrected - exact) < 0.3 * np.linalg.norm(uncorrected - exact)


def test_the_reported_effects_are_the_largest_and_exact():
    votes = simulated(2)
    fit = fit_bradley_terry(votes.tallies())
    voters, changes = score_changes(votes.by_voter(), fit)
    found = leave_one_voter_out(votes.by_voter(), fit)
    ranked = ranking(fit)
    assert [effect.model for effect in found.scores] == ranked.tolist()
    assert [(gap.above, gap.below) for gap in found.gaps] == list(pairwise(ranked.tolist()))
    for effect in found.scores:
        largest = int(np.argmax(np.abs(changes[:, effect.model])))
        assert (effect.voter, effect.predicted) == (voters[largest], changes[largest, effect.model])
        assert effect.n_votes == np.sum(votes.voter == effect.voter)
        exact = exact_change(votes, fit, effect.voter)[effect.model]
        assert effect.exact == pytest.approx(exact, abs=1e-8)
    for gap in found.gaps:
        moved = changes[:, gap.above] - changes[:, gap.below]
        assert gap.voter == voters[np.argmin(moved)]
        exact = exact_change(votes, fit, gap.voter)
        assert gap.exact == pytest.approx(exact[gap.above] - exact[gap.below], abs=1e-8)
        assert gap.is_flipped == (gap.gap + gap.exact < -1e-9)


def test_a_booster_is_the_voter_that_the_first_rank_rests_on():
    honest = simulated(5)
    scores = fit_bradley_terry(honest.tallies()).scores
    second = int(np.argsort(-scores)[1])
    votes = with_a_booster(honest, second, 400)
    fit = fit_bradley_terry(votes.tallies())
    assert np.argmax(fit.scores) == second
    found = leave_one_voter_out(votes.by_voter(), fit, top=2)
    assert found.scores[0].voter == BOOSTER
    assert found.scores[0].exact < 0
    assert found.gaps[0].voter == BOOSTER
    assert found.gaps[0].is_flipped


@unhurried
@given(st.integers(0, 5000), st.permutations(range(8)), st.integers(0, 5000))
def test_renaming_models_and_reordering_rows_only_renames_the_changes(seed, names, order_seed):
    votes = simulated(seed, n_votes=300, n_voters=20)
    voters, changes = score_changes(votes.by_voter(), fit_bradley_terry(votes.tallies()))
    place, order = np.array(names), np.random.default_rng(order_seed).permutation(300)
    # The seats of every second row are exchanged as well.
    swapped = np.arange(300) % 2 == 0
    one, two = (
        np.where(swapped, votes.second, votes.first),
        np.where(swapped, votes.first, votes.second),
    )
    wins = np.where(
        swapped, [votes.wins_second, votes.wins_first], [votes.wins_first, votes.wins_second]
    )
    columns = (votes.voter, place[one], place[two], *wins, votes.ties, votes.both_bad)
    renamed = Votes(8, *(column[order] for column in columns))
    same_voters, same = score_changes(renamed.by_voter(), fit_bradley_terry(renamed.tallies()))
    np.testing.assert_array_equal(same_voters, voters)
    np.testing.assert_allclose(same[:, place], changes, atol=1e-7)


def test_blocks_of_rows_do_not_change_the_result(monkeypatch):
    votes = simulated(6)
    fit = fit_bradley_terry(votes.tallies())
    whole = leave_one_voter_out(votes.by_voter(), fit)
    monkeypatch.setattr("ratings.fitting.influence._ROWS_PER_BLOCK", 37)
    parts = leave_one_voter_out(votes.by_voter(), fit)
    for one, other in zip(whole.scores + whole.gaps, parts.scores + parts.gaps, strict=True):
        assert one.voter == other.voter
        assert one.predicted == pytest.approx(other.predicted, abs=1e-9)


def test_a_voter_who_alone_links_two_groups_has_no_exact_change():
    one, none = np.ones(5), np.zeros(5)
    votes = Votes(
        4,
        np.array([1, 2, 1, 2, 9]),
        np.array([0, 1, 2, 3, 0]),
        np.array([1, 0, 3, 2, 2]),
        *(one, none, none, none),
    )
    found = leave_one_voter_out(votes.by_voter(), fit_bradley_terry(votes.tallies()))
    assert all(effect.exact is None for effect in found.scores if effect.voter == 9)
    assert any(effect.voter == 9 for effect in found.scores)


def test_options_and_mismatches_are_checked():
    votes = simulated(7)
    fit = fit_bradley_terry(votes.tallies(), both_bad="ignore", prior_ties=0)
    found = leave_one_voter_out(votes.by_voter(), fit, top=3, both_bad="ignore", prior_ties=0)
    assert len(found.scores) == 3
    assert len(found.gaps) == 2
    voter = found.scores[0].voter
    exact = exact_change(votes, fit, voter, both_bad="ignore", prior_ties=0)
    assert found.scores[0].exact == pytest.approx(exact[found.scores[0].model], abs=1e-8)
    with pytest.raises(ValueError, match="other votes"):
        leave_one_voter_out(votes.by_voter(), fit)
    with pytest.raises(ValueError, match="top is 0"):
        leave_one_voter_out(votes.by_voter(), fit, top=0)


def test_no_votes_have_no_influence():
    none, nobody = np.zeros(0), np.zeros(0, dtype=int)
    votes = Votes(3, nobody, nobody, nobody, none, none, none, none)
    fit = fit_bradley_terry(votes.tallies())
    found = leave_one_voter_out(votes.by_voter(), fit)
    assert found.scores == ()
    assert found.gaps == ()
    assert score_changes(votes.by_voter(), fit)[1].shape == (0, 3)
