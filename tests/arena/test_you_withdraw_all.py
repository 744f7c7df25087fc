"""Taking every vote back: once each, in parts that may be interrupted, beside other calls."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.test import Client

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.common.events import publish
from arena.common.models import Event
from arena.votes import services, you
from arena.votes.models import Vote, Withdrawal
from arena.votes.selectors import standing_votes_of
from arena.votes.services import withdraw_vote, withdraw_votes
from models_registry.models import Revision
from tests import cast
from tests.ratings.board_votes import Said, write_votes

NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of four votes, so that a few votes are several parts."""
    monkeypatch.setattr(services, "WITHDRAWN_AT_ONCE", 4)


@pytest.fixture
def client(ada: Voter) -> Client:
    """Ada's browser."""
    client = Client()
    client.cookies[COOKIE] = cast.cookie_of(ada)
    return client


def vote_often(voter: Voter, arena: Arena, models: list[Revision], n: int) -> list[Vote]:
    return write_votes(arena, [Said(voter, models[:2]) for _ in range(n)], counted=False)


def told() -> Counter[str]:
    """How often each vote's withdrawal was told."""
    events = Event.objects.filter(topic="vote.withdrawn")
    return Counter(payload["vote_id"] for payload in events.values_list("payload", flat=True))


def test_every_vote_is_taken_back_after_a_page_that_names_their_number(
    client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    votes = vote_often(ada, arena, models, 11)
    withdraw_vote(vote_id=str(votes[0].pk), voter=ada)
    (bens,) = vote_often(cast.ada()[0], arena, models, 1)
    asked = client.get("/you/withdraw", headers=NAVIGATION).content.decode()
    assert "Withdraw all 10 votes?" in asked
    assert Withdrawal.objects.count() == 1
    answer = client.post("/you/withdraw", headers=NAVIGATION)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/you/data/")
    assert "10 votes were taken back" in client.get("/you/data/").content.decode()
    assert told() == Counter(str(vote.pk) for vote in votes)
    assert not Withdrawal.objects.filter(vote=bens).exists()


def test_a_second_time_changes_nothing(
    client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    vote_often(ada, arena, models, 5)
    assert withdraw_votes(voter=ada) == 5
    assert withdraw_votes(voter=ada) == 0
    assert client.post("/you/withdraw").status_code == 302
    assert set(told().values()) == {1}
    html = client.get("/you/withdraw", headers=NAVIGATION).content.decode()
    assert "There is nothing to withdraw" in html


def test_one_vote_is_named_as_one(
    client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    vote_often(ada, arena, models, 1)
    html = client.get("/you/withdraw", headers=NAVIGATION).content.decode()
    assert "Withdraw your one vote?" in html
    client.post("/you/withdraw")
    assert "1 vote was taken back" in client.get("/you/data/").content.decode()


def test_what_was_taken_back_before_an_interruption_stays_so_and_the_rest_can_follow(
    ada: Voter, arena: Arena, models: list[Revision], monkeypatch: pytest.MonkeyPatch
) -> None:
    votes = vote_often(ada, arena, models, 11)
    n_told = 0

    def failing(topic: str, **payload: Any) -> Any:
        nonlocal n_told
        n_told += 1
        if n_told == 6:
            raise ConnectionError("the database went away")
        return publish(topic, **payload)

    monkeypatch.setattr(services, "publish", failing)
    with pytest.raises(ConnectionError):
        withdraw_votes(voter=ada)
    # The second part is undone as a whole: no withdrawal without its event, and none the other way.
    assert set(told()) == {str(key) for key in Withdrawal.objects.values_list("vote", flat=True)}
    assert Withdrawal.objects.count() == 4
    assert withdraw_votes(voter=ada) == 7
    assert told() == Counter(str(vote.pk) for vote in votes)


def test_more_votes_than_one_request_takes_are_taken_back_in_several(
    client: Client,
    ada: Voter,
    arena: Arena,
    models: list[Revision],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vote_often(ada, arena, models, 9)
    monkeypatch.setattr(you, "withdraw_votes", lambda voter: withdraw_votes(voter=voter, most=6))
    answer = client.post("/you/withdraw", headers=NAVIGATION)
    assert answer.headers["Location"] == "/you/withdraw"
    html = client.get("/you/withdraw", headers=NAVIGATION).content.decode()
    assert "6 votes were taken back so far, 3 to go" in html
    assert "Withdraw all 3 votes?" in html
    assert client.post("/you/withdraw").headers["Location"] == "/you/data/"
    assert not standing_votes_of(ada).exists()


@pytest.mark.django_db(transaction=True)
def test_many_at_once_take_each_vote_back_once() -> None:
    ada, arena = cast.ada()[0], cast.text_arena()
    models = [cast.bens_model(name) for name in ("Alder", "Birch")]
    votes = vote_often(ada, arena, models, 30)
    one = str(votes[17].pk)
    answers = cast.at_once(
        [
            *[lambda: withdraw_votes(voter=ada)] * 3,
            lambda: withdraw_vote(vote_id=one, voter=ada),
        ]
    )
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert sum(answer for answer in answers if isinstance(answer, int)) in (29, 30)
    assert told() == Counter(str(vote.pk) for vote in votes)
