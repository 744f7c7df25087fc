"""Why the voter chose so, in versions; and taking a vote back."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.common.errors import BadInput, Conflict, NotFound
from arena.common.models import Event
from arena.votes.models import Rationale, Vote, Withdrawal
from arena.votes.services import MAX_RATIONALE_CHARS, withdraw_vote, write_rationale
from models_registry.models import Revision
from tests import cast

NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


@pytest.fixture
def battle(ada: Voter, arena: Arena, models: list[Revision]) -> Battle:
    """A battle that Ada voted on."""
    voted = cast.shown_battle(arena, ada)
    cast.vote(voted, "a")
    return voted


@pytest.fixture
def client(ada: Voter) -> Client:
    """Ada's browser."""
    client = Client()
    client.cookies[COOKIE] = cast.cookie_of(ada)
    return client


def versions() -> list[tuple[int, str]]:
    return list(Rationale.objects.values_list("version", "text"))


def test_every_version_of_a_reason_is_kept(ada: Voter, battle: Battle) -> None:
    for text in ("First.", "Second.", "  Second. \n", "First."):
        write_rationale(battle_id=battle.pk, voter=ada, text=text)
    assert versions() == [(1, "First."), (2, "Second."), (3, "First.")]


def test_a_reason_before_the_vote_is_refused(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    with pytest.raises(Conflict) as refusal:
        write_rationale(battle_id=cast.shown_battle(arena, ada).pk, voter=ada, text="Early.")
    assert refusal.value.code == "not_voted"


@pytest.mark.parametrize("text", ["", " \n\t ", "\x00", "x" * (MAX_RATIONALE_CHARS + 1)])
def test_a_reason_that_is_empty_or_too_long_is_refused(
    ada: Voter, battle: Battle, text: str
) -> None:
    with pytest.raises(BadInput):
        write_rationale(battle_id=battle.pk, voter=ada, text=text)
    assert versions() == []


def test_the_longest_reason_is_kept_whole(ada: Voter, battle: Battle) -> None:
    text = "ü" * MAX_RATIONALE_CHARS
    assert write_rationale(battle_id=battle.pk, voter=ada, text=text).text == text


def test_nobody_writes_a_reason_for_somebody_else(battle: Battle) -> None:
    for stranger in (cast.ada()[0], None):
        with pytest.raises(NotFound):
            write_rationale(battle_id=battle.pk, voter=stranger, text="Not mine.")
    assert versions() == []


def test_a_reason_sent_from_the_page_is_shown_as_saved(client: Client, battle: Battle) -> None:
    path = f"/battles/{battle.pk}/rationale"
    answer = client.post(path, {"text": "It cites its source."}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert b"It cites its source." in answer.content
    assert b"<html" not in answer.content
    plain = client.post(path, {"text": "It is right."}, headers=NAVIGATION)
    assert (plain.status_code, plain.headers["Location"]) == (302, f"/battles/{battle.pk}/")
    assert b"It is right." in client.get(f"/battles/{battle.pk}/").content
    assert [text for _, text in versions()] == ["It cites its source.", "It is right."]


def test_a_vote_is_withdrawn_once_and_stays_on_record(ada: Voter, battle: Battle) -> None:
    receipt = str(Vote.objects.get().pk)
    first = withdraw_vote(vote_id=receipt, voter=ada)
    assert withdraw_vote(vote_id=receipt, voter=ada) == first
    assert Event.objects.filter(topic="vote.withdrawn").count() == 1
    assert Vote.objects.get().winner == "model_a"


def test_nobody_withdraws_the_vote_of_somebody_else(ada: Voter, battle: Battle) -> None:
    receipt = str(Vote.objects.get().pk)
    for vote_id, voter in [
        (receipt, cast.ada()[0]),
        (receipt, None),
        (str(uuid.uuid4()), ada),
        ("", ada),
        ("receipt", ada),
    ]:
        with pytest.raises(NotFound):
            withdraw_vote(vote_id=vote_id, voter=voter)
    assert not Withdrawal.objects.exists()
