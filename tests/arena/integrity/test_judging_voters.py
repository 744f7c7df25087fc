"""What the votes of one voter say together: held in a scheduled run, for as long as it is so."""

from __future__ import annotations

from itertools import cycle

import numpy as np
import pytest
from django.contrib.auth.models import User

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import SamplerState
from arena.battles.services import store_sampler_state
from arena.common.models import ScheduledRun
from arena.common.tasks import Skipped, record_run
from arena.integrity import judging
from arena.integrity.facts import expected_in, pair_votes
from arena.integrity.judging import give_staff_verdict, judge_voters
from arena.integrity.models import Verdict
from arena.votes.models import Vote
from arena.votes.services import withdraw_vote
from models_registry.models import Revision
from tests import cast
from tests.arena.integrity.conftest import pair_vote


@pytest.fixture
def board(arena: Arena, models: list[Revision]) -> None:
    """All models are equally strong, as far as the board knows."""
    store_sampler_state(
        arena=arena,
        revisions=[one.pk for one in models],
        scores=np.zeros(len(models)),
        standard_errors=np.full(len(models), 0.1),
    )


def boost(arena: Arena, voter: Voter, models: list[Revision], n: int) -> list[Vote]:
    """Votes for the first model, on either side in turn."""
    first, *others = models
    votes = []
    for place, other in zip(range(n), cycle(others), strict=False):
        if place % 2:
            votes.append(pair_vote(arena, voter, first, other, (1, 2)))
        else:
            votes.append(pair_vote(arena, voter, other, first, (2, 1)))
    return votes


def held(reason: str) -> set[object]:
    return set(Verdict.objects.filter(status="held", reason=reason).values_list("vote", flat=True))


def test_votes_for_one_side_are_held_and_so_are_those_that_follow(
    ada: Voter, eve: Voter, arena: Arena, models: list[Revision]
) -> None:
    left = [pair_vote(arena, ada, models[i % 3], models[(i + 1) % 3]) for i in range(25)]
    tie = pair_vote(arena, ada, models[0], models[1], (1, 1))
    for i in range(24):
        pair_vote(arena, eve, models[0], models[1], (1, 2) if i % 2 else (2, 1))
    assert judge_voters() == "voters judged: 2, votes held: 25"
    assert held("one_side") == {vote.pk for vote in left}
    later = pair_vote(arena, ada, models[0], models[1])
    assert judge_voters() == "voters judged: 2, votes held: 1"
    assert later.pk in held("one_side")
    assert tie.verdicts.count() == 0
    assert judge_voters() == "voters judged: 2, votes held: 0"


def test_votes_that_boost_one_model_are_held_and_others_of_the_voter_are_not(
    board: None, ada: Voter, eve: Voter, arena: Arena, models: list[Revision]
) -> None:
    boosting = boost(arena, ada, models, 20)
    other = pair_vote(arena, ada, models[1], models[2])
    for i in range(20):
        pair_vote(arena, eve, models[i % 3], models[(i + 1) % 3], (1, 2) if i % 2 else (2, 1))
    judge_voters()
    assert held("boosts_model") == {vote.pk for vote in boosting}
    assert other.verdicts.count() == 0
    verdict = boosting[0].verdicts.get()
    assert verdict.detail["model"] == models[0].label
    assert (verdict.detail["n_votes"], verdict.detail["n_wins"]) == (20, 20)
    later = boost(arena, ada, models, 1)[0]
    judge_voters()
    assert later.pk in held("boosts_model")
    assert not Verdict.objects.filter(vote__voter=eve).exists()


def test_votes_against_one_model_are_held(
    board: None, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    against = [
        pair_vote(arena, ada, models[0], models[1 + i % 2], (2, 1))
        if i % 2
        else pair_vote(arena, ada, models[1 + i % 2], models[0], (1, 2))
        for i in range(25)
    ]
    judge_voters()
    assert {vote.pk for vote in against} == held("sinks_model")


def test_staff_that_count_such_votes_again_are_heard_from_then_on(
    board: None, ada: Voter, arena: Arena, models: list[Revision], mia: User
) -> None:
    votes = boost(arena, ada, models, 20)
    judge_voters()
    for vote in votes:
        give_staff_verdict(vote_id=vote.pk, status="counted", note="Ada likes it.", staff=mia)
    later = boost(arena, ada, models, 1)[0]
    judge_voters()
    assert later.verdicts.count() == 0


def test_withdrawn_votes_say_nothing(ada: Voter, arena: Arena, models: list[Revision]) -> None:
    for i in range(25):
        vote = pair_vote(arena, ada, models[i % 3], models[(i + 1) % 3])
        withdraw_vote(vote_id=str(vote.pk), voter=ada)
    judge_voters()
    assert not Verdict.objects.exists()
    assert pair_votes([ada.pk]) == {}


def test_without_a_board_nobody_boosts(ada: Voter, arena: Arena, models: list[Revision]) -> None:
    assert expected_in(arena).scores == {}
    boost(arena, ada, models, 20)
    judge_voters()
    assert not Verdict.objects.exists()
    SamplerState.objects.create(
        arena=arena, made_at="2026-01-01T00:00:00Z", revisions=[1], arrays=b"of another version"
    )
    assert expected_in(arena).scores == {}


def test_a_model_without_a_finite_score_is_left_aside(arena: Arena, models: list[Revision]) -> None:
    store_sampler_state(
        arena=arena,
        revisions=[one.pk for one in models],
        scores=np.array([0.5, 0.0, 9.0]),
        standard_errors=np.array([0.1, 0.1, np.inf]),
    )
    assert expected_in(arena).scores == {models[0].pk: 0.5, models[1].pk: 0.0}
    assert expected_in(arena).tie_share == pytest.approx(0.25)


def test_a_run_looks_at_those_who_voted_since_the_last_one(
    ada: Voter, eve: Voter, arena: Arena, models: list[Revision], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Skipped, match="nobody has voted"):
        judge_voters()
    pair_vote(arena, ada, models[0], models[1])
    record_run(judging.JUDGE_VOTERS, judge_voters)
    assert ScheduledRun.objects.get().detail == "voters judged: 1, votes held: 0"
    monkeypatch.setattr(judging, "LATE", judging.LATE * 0)
    pair_vote(arena, eve, models[0], models[1])
    assert judge_voters() == "voters judged: 1, votes held: 0"


def test_a_held_vote_keeps_its_first_reason(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    votes = [pair_vote(arena, ada, models[i % 3], models[(i + 1) % 3]) for i in range(25)]
    judging.give_verdict(
        vote_id=votes[0].pk, status="held", method="too_fast", method_version=1, reason="too_fast"
    )
    assert judge_voters() == "voters judged: 1, votes held: 24"
    assert votes[0].verdicts.get().reason == "too_fast"


def test_lists_are_no_pairs(ada: Voter, arena: Arena, models: list[Revision]) -> None:
    Arena.objects.filter(pk=arena.pk).update(n_seats=3)
    arena.refresh_from_db()
    cast.vote(cast.shown_battle(arena, ada), "a>b>c")
    assert pair_votes([ada.pk]) == {}
