"""Casting a vote: one answer for each thing that can happen."""

from __future__ import annotations

import uuid

import pytest

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.common.errors import BadInput, Conflict, NotAllowed, NotFound
from arena.votes.ballot import PAIR_CHOICES
from arena.votes.models import Vote
from arena.votes.services import ballot_of, cast_vote
from models_registry.models import Revision
from tests import cast


def key() -> str:
    return str(uuid.uuid4())


@pytest.mark.parametrize(
    ("choice", "winner"),
    [("a", "model_a"), ("b", "model_b"), ("tie", "tie"), ("both_bad", "both_bad")],
)
def test_every_answer_of_the_vote_bar_becomes_its_ranking(
    ada: Voter, arena: Arena, models: list[Revision], choice: str, winner: str
) -> None:
    vote = cast.vote(cast.shown_battle(arena, ada), choice)
    assert vote.winner == winner
    assert ballot_of(vote) == PAIR_CHOICES[choice]


def test_the_same_request_again_is_the_same_vote(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle, same = cast.shown_battle(arena, ada), key()
    first = cast_vote(battle_id=battle.pk, voter=ada, choice="a", idempotency_key=same)
    again = cast_vote(battle_id=battle.pk, voter=ada, choice="a", idempotency_key=same)
    assert first == again
    assert Vote.objects.count() == 1


def test_a_second_vote_on_the_same_battle_is_refused(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.shown_battle(arena, ada)
    cast.vote(battle, "a")
    with pytest.raises(Conflict, match="A is better") as refusal:
        cast_vote(battle_id=battle.pk, voter=ada, choice="b", idempotency_key=key())
    assert refusal.value.code == "already_voted"
    assert Vote.objects.get().winner == "model_a"


def test_a_vote_by_somebody_else_is_refused(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.shown_battle(arena, ada)
    eve, _ = cast.ada()
    with pytest.raises(NotAllowed):
        cast_vote(battle_id=battle.pk, voter=eve, choice="a", idempotency_key=key())
    with pytest.raises(NotAllowed):
        cast_vote(battle_id=battle.pk, voter=None, choice="a", idempotency_key=key())
    assert not Vote.objects.exists()


def test_a_vote_before_both_outputs_are_shown_is_refused(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    for battle in (cast.opened_battle(arena, ada), cast.released_battle(arena, ada)):
        with pytest.raises(Conflict) as refusal:
            cast_vote(battle_id=battle.pk, voter=ada, choice="a", idempotency_key=key())
        assert refusal.value.code == "not_shown"


def test_nonsense_is_refused_with_what_would_be_right(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.shown_battle(arena, ada)
    with pytest.raises(BadInput, match="'a', 'b', 'tie' or 'both_bad'"):
        cast_vote(battle_id=battle.pk, voter=ada, choice="c", idempotency_key=key())
    with pytest.raises(BadInput, match="UUID"):
        cast_vote(battle_id=uuid.uuid4(), voter=ada, choice="a", idempotency_key="1")
    with pytest.raises(NotFound):
        cast_vote(battle_id=uuid.uuid4(), voter=ada, choice="a", idempotency_key=key())


def test_one_key_cannot_vote_on_two_battles(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    same = key()
    first, second = cast.shown_battle(arena, ada), cast.shown_battle(arena, ada)
    cast_vote(battle_id=first.pk, voter=ada, choice="a", idempotency_key=same)
    with pytest.raises(Conflict) as refusal:
        cast_vote(battle_id=second.pk, voter=ada, choice="a", idempotency_key=same)
    assert refusal.value.code == "key_reused"
