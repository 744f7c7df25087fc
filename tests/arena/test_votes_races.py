"""Votes at the same moment: one stands, nobody sees a server error, the tallies stay right."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from functools import partial

import pytest

from arena.accounts.models import Voter
from arena.battles.models import Battle
from arena.common.errors import Conflict
from arena.common.models import Event
from arena.votes.engagement.services import record_shown
from arena.votes.models import Engagement, Rationale, Vote, Withdrawal
from arena.votes.rationales import Said, write_rationale
from arena.votes.services import cast_vote, withdraw_vote
from ratings.boards.counting import count_vote, uncount_vote
from ratings.boards.models import TalliedVote, Tally
from tests import cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def voter(transactional_db: None) -> Voter:
    for name in ("Alder", "Birch", "Cedar"):
        cast.bens_model(name)
    return cast.ada()[0]


def shown_battles(voter: Voter, n_battles: int) -> list[Battle]:
    return [cast.shown_battle(cast.text_arena(), voter) for _ in range(n_battles)]


def votes_at_once(
    voter: Voter, battle: Battle, choices: list[str], keys: list[str]
) -> list[object]:
    return cast.at_once(
        [
            partial(cast_vote, battle_id=battle.pk, voter=voter, choice=choice, idempotency_key=key)
            for choice, key in zip(choices, keys, strict=True)
        ]
    )


def test_of_twenty_different_votes_at_once_one_stands(voter: Voter) -> None:
    for battle in shown_battles(voter, 3):
        choices = ["a", "b", "tie", "both_bad"] * 5
        answers = votes_at_once(voter, battle, choices, [str(uuid.uuid4()) for _ in choices])
        standing = Vote.objects.get(battle=battle)
        assert all(answer == standing or isinstance(answer, Conflict) for answer in answers)
        # Whoever asked for what stands got it, everybody else got a refusal.
        kept = {
            choice for choice, answer in zip(choices, answers, strict=True) if answer == standing
        }
        assert len(kept) == 1
        assert sum(answer == standing for answer in answers) == 5
        refused = {answer.code for answer in answers if isinstance(answer, Conflict)}
        assert refused == {"already_voted"}
        assert (
            Event.objects.filter(topic="vote.cast", payload__vote_id=str(standing.pk)).count() == 1
        )
        battle.refresh_from_db()
        assert battle.ending == Battle.Ending.VOTED


def test_an_impatient_double_click_is_one_vote(voter: Voter) -> None:
    battle = shown_battles(voter, 1)[0]
    answers = votes_at_once(voter, battle, ["a"] * 20, [str(uuid.uuid4())] * 20)
    assert set(answers) == {Vote.objects.get()}


def test_one_key_on_several_battles_at_once_votes_on_one(voter: Voter) -> None:
    battles, key = shown_battles(voter, 5), str(uuid.uuid4())
    answers = cast.at_once(
        [
            partial(cast_vote, battle_id=battle.pk, voter=voter, choice="a", idempotency_key=key)
            for battle in battles
        ]
    )
    refusals = [answer for answer in answers if isinstance(answer, Conflict)]
    assert [refusal.code for refusal in refusals] == ["key_reused"] * 4
    standing = Vote.objects.get()
    assert standing in answers
    # A refused battle is as it was: it can still be voted on.
    others = Battle.objects.exclude(pk=standing.battle_id)
    assert {battle.ending for battle in others} == {""}


def test_a_voter_with_two_windows_shows_each_seat_once(voter: Voter) -> None:
    battle = cast.released_battle(cast.text_arena(), voter)
    answers = cast.at_once(
        [
            partial(record_shown, battle_id=battle.pk, voter=voter, seat=number % 2)
            for number in range(10)
        ]
    )
    assert {type(answer) for answer in answers} == {bool}
    assert any(answers)
    rows = Engagement.objects.filter(battle=battle)
    assert sorted(rows.values_list("number", "seat")) in ([(1, 0), (2, 1)], [(1, 1), (2, 0)])


def test_reasons_written_at_once_are_all_kept_in_versions(voter: Voter) -> None:
    battle = shown_battles(voter, 1)[0]
    cast.vote(battle, "a")
    texts = [f"Reason {number}" for number in range(6)]
    written = cast.at_once(
        [
            partial(write_rationale, battle_id=battle.pk, voter=voter, said=Said(text=text))
            for text in texts
        ]
    )
    assert {type(rationale) for rationale in written} == {Rationale}
    rows = list(Rationale.objects.all())
    assert [row.version for row in rows] == [1, 2, 3, 4, 5, 6]
    assert {row.text for row in rows} == set(texts)


def test_a_vote_withdrawn_twice_at_once_is_withdrawn_once(voter: Voter) -> None:
    vote = cast.vote(shown_battles(voter, 1)[0], "a")
    answers = cast.at_once([partial(withdraw_vote, vote_id=str(vote.pk), voter=voter)] * 8)
    assert set(answers) == {Withdrawal.objects.get()}
    assert Event.objects.filter(topic="vote.withdrawn").count() == 1


def expected_tallies() -> Counter[tuple[int, int, str]]:
    """The standing votes counted by hand, from the rows alone."""
    counted: Counter[tuple[int, int, str]] = Counter()
    for vote in Vote.objects.filter(withdrawal__isnull=True):
        one, two = (seat.revision_id for seat in vote.battle.seats.order_by("position"))
        low, high = min(one, two), max(one, two)
        column = {
            "model_a": "wins_low" if one == low else "wins_high",
            "model_b": "wins_low" if two == low else "wins_high",
            "tie": "ties",
            "both_bad": "both_bad",
        }[vote.winner]
        counted[low, high, column] += 1
    return counted


def tallies() -> Counter[tuple[int, int, str]]:
    columns = ("wins_low", "wins_high", "ties", "both_bad")
    return +Counter(
        {
            (tally.low_id, tally.high_id, column): getattr(tally, column)
            for tally in Tally.objects.all()
            for column in columns
        }
    )


def test_counting_and_withdrawing_at_once_leave_the_tallies_right(voter: Voter) -> None:
    battles = shown_battles(voter, 8)
    choices = ["a", "b", "tie", "both_bad"] * 2
    votes = [cast.vote(battle, choice) for battle, choice in zip(battles, choices, strict=True)]
    calls = []
    for number, vote in enumerate(votes):
        calls += [partial(count_vote, str(vote.pk))] * 2
        if number % 2:
            calls.append(partial(withdraw_vote, vote_id=str(vote.pk), voter=voter))
            calls.append(partial(uncount_vote, str(vote.pk)))
    random.Random(7).shuffle(calls)
    answers = cast.at_once(calls)
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    cast.carry_events()  # what the relay would deliver anyway, again
    assert tallies() == expected_tallies()
    assert sum(tallies().values()) == 4
    standing = set(Vote.objects.filter(withdrawal__isnull=True).values_list("pk", flat=True))
    assert set(TalliedVote.objects.values_list("vote_id", flat=True)) == standing


def test_a_vote_that_is_counted_late_after_its_withdrawal_is_not_counted(voter: Voter) -> None:
    vote = cast.vote(shown_battles(voter, 1)[0], "a")
    withdraw_vote(vote_id=str(vote.pk), voter=voter)
    assert not uncount_vote(str(vote.pk))
    assert not count_vote(str(vote.pk))
    assert tallies() == Counter()
