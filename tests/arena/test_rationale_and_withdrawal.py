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
from arena.votes.rationales import MAX_RATIONALE_CHARS, Said, write_rationale
from arena.votes.services import withdraw_vote
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
        write_rationale(battle_id=battle.pk, voter=ada, said=Said(text=text))
    assert versions() == [(1, "First."), (2, "Second."), (3, "First.")]


def test_a_reason_before_the_vote_is_refused(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    early = cast.shown_battle(arena, ada)
    with pytest.raises(Conflict) as refusal:
        write_rationale(battle_id=early.pk, voter=ada, said=Said(text="Early."))
    assert refusal.value.code == "not_voted"


@pytest.mark.parametrize("text", ["", " \n\t ", "\x00", "x" * (MAX_RATIONALE_CHARS + 1)])
def test_a_reason_that_is_empty_or_too_long_is_refused(
    ada: Voter, battle: Battle, text: str
) -> None:
    with pytest.raises(BadInput):
        write_rationale(battle_id=battle.pk, voter=ada, said=Said(text=text))
    assert versions() == []


def test_the_longest_reason_is_kept_whole(ada: Voter, battle: Battle) -> None:
    text = "ü" * MAX_RATIONALE_CHARS
    written = write_rationale(battle_id=battle.pk, voter=ada, said=Said(text=text))
    assert written.text == text


def test_nobody_writes_a_reason_for_somebody_else(battle: Battle) -> None:
    for stranger in (cast.ada()[0], None):
        with pytest.raises(NotFound):
            write_rationale(battle_id=battle.pk, voter=stranger, said=Said(text="Not mine."))
    assert versions() == []


def test_a_reason_sent_without_scripts_is_on_the_page_that_follows(
    client: Client, battle: Battle
) -> None:
    path = f"/battles/{battle.pk}/rationale"
    answer = client.post(path, {"text": "It cites its source."}, headers=NAVIGATION)
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"/battles/{battle.pk}/#why-title",
    )
    html = client.get(f"/battles/{battle.pk}/").content.decode()
    assert "It cites its source.</textarea>" in html
    assert "Your reason is saved." in html


def test_a_reason_outlives_the_vote_that_was_taken_back(
    ada: Voter, client: Client, battle: Battle
) -> None:
    write_rationale(battle_id=battle.pk, voter=ada, said=Said(text="First."))
    withdraw_vote(vote_id=str(Vote.objects.get().pk), voter=ada)
    write_rationale(battle_id=battle.pk, voter=ada, said=Said(text="Second."))
    assert versions() == [(1, "First."), (2, "Second.")]
    assert b"Second." in client.get(f"/battles/{battle.pk}/").content


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
