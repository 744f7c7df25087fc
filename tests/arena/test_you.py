"""The pages of one's own data: the list of votes, consent, taking back, and the copy of it all."""

from __future__ import annotations

import io
import json
import re
import uuid
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Consent, Terms, Voter
from arena.accounts.services import accept_terms
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.battles.services import end_battle
from arena.common.hashing import sha256_hex
from arena.generation.outputs import anonymous_output
from arena.votes import export, rationales
from arena.votes.models import Vote, VoteImport, Withdrawal
from arena.votes.services import withdraw_vote
from models_registry.models import Revision
from tests import cast
from tests.ratings.board_votes import Said, write_votes

NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
PAGES = ("/you/", "/you/data/", "/you/leaderboard/")


@pytest.fixture
def client(ada: Voter) -> Client:
    """Ada's browser."""
    return browser_of(ada)


@pytest.fixture
def battle(ada: Voter, arena: Arena, models: list[Revision]) -> Battle:
    """A battle that Ada voted on."""
    voted = cast.shown_battle(arena, ada)
    cast.vote(voted, "a")
    return voted


def browser_of(voter: Voter) -> Client:
    client = Client()
    client.cookies[COOKIE] = cast.cookie_of(voter)
    return client


def get(client: Client, path: str) -> str:
    answer = client.get(path, headers=NAVIGATION)
    assert answer.status_code == 200, path
    return answer.content.decode()


def listed(html: str) -> list[str]:
    """The receipts of the rows of a page, in their order."""
    return re.findall(r'<li id="vote-([0-9a-f-]{36})"', html)


def many_votes(voter: Voter, arena: Arena, models: list[Revision], n: int) -> list[Vote]:
    said = [Said(voter, models[:2], "ab"[i % 2], text=f"Question {i}") for i in range(n)]
    return write_votes(arena, said, counted=False)


# ── the list ────────────────────────────────────────────────────────────────────────────────


def test_a_vote_is_listed_with_what_was_asked_said_and_revealed(
    client: Client, battle: Battle
) -> None:
    vote = Vote.objects.get()
    html = get(client, "/you/")
    seats = battle.seats.select_related("revision__model__organisation")
    for shown in (
        str(vote.pk),
        "A is better",
        "What is a tuple?",
        f"/battles/{battle.pk}/",
        "Text",
        f"{vote.cast_at:%H:%M} UTC",
        "Counts",
        *(seat.revision.model.name for seat in seats),
    ):
        assert shown in html
    (preferred,) = re.findall(r'own-seat is-winner" data-seat="([AB])"', html)
    assert preferred == "A"


def test_the_list_is_newest_first_and_every_vote_is_on_one_page_only(
    client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    votes = many_votes(ada, arena, models, 60)  # all of one moment
    pages = [listed(get(client, f"/you/?page={number}")) for number in (1, 2, 3)]
    assert [len(page) for page in pages] == [25, 25, 10]
    assert [one for page in pages for one in page] == sorted(
        (str(vote.pk) for vote in votes), reverse=True
    )
    last = many_votes(ada, arena, models, 1)
    assert listed(get(client, "/you/"))[0] == str(last[0].pk)


@pytest.mark.parametrize("number", ["0", "-3", "99", "x", "", "1e9"])
def test_a_page_that_is_not_there_is_the_nearest_one(
    client: Client, ada: Voter, arena: Arena, models: list[Revision], number: str
) -> None:
    many_votes(ada, arena, models, 30)
    assert len(listed(get(client, f"/you/?page={number}"))) in (25, 5)


def test_one_arena_alone_can_be_listed(
    client: Client, ada: Voter, arena: Arena, models: list[Revision], battle: Battle
) -> None:
    assert "own-filter" not in get(client, "/you/")
    other = cast.text_arena("poems")
    (poem,) = many_votes(ada, other, models, 1)
    assert len(listed(get(client, "/you/"))) == 2
    assert listed(get(client, "/you/?arena=poems")) == [str(poem.pk)]
    assert listed(get(client, "/you/?arena=text")) == [str(Vote.objects.get(battle=battle).pk)]
    assert client.get("/you/?arena=unheard-of").status_code == 404


def test_a_page_asks_no_more_of_the_database_for_more_votes(
    client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            get(client, "/you/")
        return len(asked)

    many_votes(ada, arena, models, 2)
    few = queries()
    many_votes(ada, arena, models, 300)
    assert queries() == few


def test_a_voter_without_a_vote_and_a_visitor_without_a_cookie_see_calm_pages(
    client: Client, arena: Arena
) -> None:
    assert "No votes yet" in get(client, "/you/")
    for path in PAGES:
        assert "Nothing is recorded of you" in get(Client(), path)
        assert "Nothing is recorded of you" not in get(client, path)
    stranger = Client()
    assert stranger.get("/you/withdraw").headers["Location"] == "/you/"
    assert stranger.post("/you/withdraw").headers["Location"] == "/you/"
    assert stranger.get("/you/export.json").status_code == 404
    assert COOKIE not in stranger.cookies


def test_ones_data_is_shown_to_nobody_else(battle: Battle) -> None:
    receipt = str(Vote.objects.get().pk)
    eve = browser_of(cast.ada()[0])
    for stranger in (Client(), eve):
        for path in PAGES:
            answer = stranger.get(path)
            assert answer.status_code == 200
            assert receipt.encode() not in answer.content
            assert b"What is a tuple?" not in answer.content
            assert "no-store" in answer.headers["Cache-Control"]
        assert stranger.get(f"/you/votes/{receipt}/withdraw").status_code == 404


# ── consent ─────────────────────────────────────────────────────────────────────────────────


def test_each_accepted_version_of_the_terms_is_named_and_can_be_read(
    client: Client, ada: Voter
) -> None:
    now = Terms.objects.get()
    text = "# Terms\n\nAs they were."
    old = Terms.objects.create(sha256=sha256_hex(text), text=text)
    Consent.objects.create(voter=ada, terms=old)
    html = get(client, "/you/data/")
    for terms in (now, old):
        assert terms.version in html
        assert f'href="/terms/{terms.sha256}/"' in html
    assert html.count("In force") == 1
    assert "As they were." in get(client, f"/terms/{old.sha256}/")
    assert "no longer in force" in get(client, f"/terms/{old.sha256}/")
    assert "no longer in force" not in get(client, f"/terms/{now.sha256}/")
    assert client.get(f"/terms/{'0' * 64}/").status_code == 404


def test_the_page_counts_what_is_recorded(client: Client, ada: Voter, battle: Battle) -> None:
    withdraw_vote(vote_id=str(Vote.objects.get().pk), voter=ada)
    html = get(client, "/you/data/")
    facts = dict(re.findall(r"<dt>([^<]*)</dt><dd>(\d+)</dd>", html))
    assert facts == {"Battles started": "1", "Votes that count": "0", "Votes taken back": "1"}
    assert str(ada.pk) in html


# ── taking one vote back ────────────────────────────────────────────────────────────────────


def test_a_vote_is_taken_back_after_a_page_that_says_what_it_does(
    client: Client, ada: Voter, battle: Battle
) -> None:
    receipt = str(Vote.objects.get().pk)
    path = f"/you/votes/{receipt}/withdraw"
    assert f'href="{path}"' in get(client, "/you/")
    asked = get(client, path)
    assert "Withdraw this vote?" in asked
    assert "What is a tuple?" in asked
    assert not Withdrawal.objects.exists()
    answer = client.post(path, headers=NAVIGATION)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/you/#vote-{receipt}")
    html = get(client, "/you/")
    assert "The vote was taken back" in html
    assert "Withdrawn" in html
    assert path not in html
    assert Withdrawal.objects.get().vote_id == uuid.UUID(receipt)
    assert "This vote is withdrawn" in get(client, path)
    assert client.post(path).status_code == 302
    assert Withdrawal.objects.count() == 1


def test_one_comes_back_to_the_same_place_of_the_list_and_nowhere_else(
    client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    many_votes(ada, arena, models, 30)
    html = get(client, "/you/?arena=text&page=2")
    receipt = listed(html)[0]
    path = f"/you/votes/{receipt}/withdraw?arena=text&page=2"
    assert f'href="{path.replace("&", "&amp;")}"' in html
    back = f"/you/?arena=text&page=2#vote-{receipt}"
    assert back.replace("&", "&amp;") in get(client, path)
    assert client.post(path).headers["Location"] == back
    elsewhere = f"/you/votes/{receipt}/withdraw?next=//evil.example&page=//evil.example"
    assert client.post(elsewhere).headers["Location"].startswith("/you/?page=%2F%2Fevil.example#")


def test_nobody_takes_back_the_vote_of_somebody_else(arena: Arena, battle: Battle) -> None:
    source = VoteImport.objects.create(
        arena=arena, sha256="0" * 64, source="votes.csv", layout="pairs", n_votes=1
    )
    imported = Vote.objects.create(
        battle=Battle.objects.create(arena=arena, origin=Battle.Origin.IMPORTED),
        ranks=[1, 2],
        idempotency_key=uuid.uuid4(),
        source=source,
        cast_at=battle.opened_at,
    )
    adas = Vote.objects.get(battle=battle)
    for stranger in (Client(), browser_of(cast.ada()[0])):
        for receipt in (adas.pk, imported.pk, uuid.uuid4()):
            for ask in (stranger.get, stranger.post):
                assert ask(f"/you/votes/{receipt}/withdraw").status_code == 404
    assert not Withdrawal.objects.exists()


def test_taking_back_must_come_from_our_own_page(ada: Voter, battle: Battle) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies[COOKIE] = cast.cookie_of(ada)
    receipt = Vote.objects.get().pk
    for path in (f"/you/votes/{receipt}/withdraw", "/you/withdraw"):
        assert strict.post(path).status_code == 403
    assert not Withdrawal.objects.exists()


# ── everything as a file ────────────────────────────────────────────────────────────────────


def exported(voter: Voter | None) -> tuple[Any, Any]:
    """The answer, and what its body says."""
    client = AsyncClient()
    if voter is not None:
        client.cookies[COOKIE] = cast.cookie_of(voter)

    async def story() -> tuple[Any, bytes]:
        answer: Any = await client.get("/you/export.json")
        return answer, b"".join([chunk async for chunk in answer.streaming_content])

    answer, body = async_to_sync(story)()
    return answer, json.loads(body)


def test_the_file_holds_everything_of_its_voter(ada: Voter, battle: Battle, arena: Arena) -> None:
    for text in ("First.", "Second."):
        rationales.write_rationale(battle_id=battle.pk, voter=ada, said=rationales.Said(text=text))
    vote = Vote.objects.get()
    withdraw_vote(vote_id=str(vote.pk), voter=ada)
    eves = cast.shown_battle(arena, cast.ada()[0], "What is a set?")
    answer, data = exported(ada)
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert data["voter"]["id"] == str(ada.pk)
    terms = accept_terms(voter=ada).terms
    assert [(one["terms_sha256"], one["terms_text"]) for one in data["consents"]] == [
        (terms.sha256, terms.text)
    ]
    (one,) = data["battles"]
    assert one["prompt"]["text"] == "What is a tuple?"
    assert [seat["output"]["text"] for seat in one["seats"]] == [
        "A tuple is immutable.",
        "No idea.",
    ]
    assert [seat["model"] for seat in one["seats"]] == [
        seat.revision.label for seat in battle.seats.select_related("revision__model")
    ]
    assert [shown["seat"] for shown in one["engagement"]] == [0, 1]
    assert one["draw"]["p_draw"] == battle.p_draw
    assert one["vote"]["choice"] == "A is better"
    assert one["vote"]["cast_at"] == vote.cast_at.isoformat()
    assert one["vote"]["withdrawn_at"] == Withdrawal.objects.get().withdrawn_at.isoformat()
    assert [reason["text"] for reason in one["vote"]["rationales"]] == ["First.", "Second."]
    assert str(eves.pk) not in json.dumps(data)


def test_the_file_names_no_model_and_shows_no_output_before_its_time(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    waiting = cast.opened_battle(arena, ada)
    cast.finish_outputs(waiting)
    ready = cast.shown_battle(arena, ada)
    void = cast.shown_battle(arena, ada)
    end_battle(void.pk, Battle.Ending.ABANDONED)
    _, data = exported(ada)
    by_id = {one["id"]: one for one in data["battles"]}
    assert len(by_id) == 3
    for one in by_id.values():
        assert one["draw"] is None
        assert one["vote"] is None
        for seat in one["seats"]:
            assert seat["model"] is seat["model_name"] is seat["organisation"] is None
    assert [seat["output"] for seat in by_id[str(waiting.pk)]["seats"]] == [None, None]
    assert all(seat["output"]["text"] for seat in by_id[str(ready.pk)]["seats"])
    low = json.dumps(data["battles"]).lower()
    assert not [model.label for model in models if model.label.partition("@")[0] in low]


def test_the_file_names_media_by_an_address_that_opens(ada: Voter) -> None:
    arena = cast.media_arena("image")
    battle = cast.opened_battle(arena, ada)
    png = io.BytesIO()
    Image.linear_gradient("L").save(png, "PNG")
    for seat in battle.seats.all():
        output = anonymous_output("image", png.getvalue(), "image/png")
        output.seat = seat
        output.save()
    Battle.objects.filter(pk=battle.pk).update(released_at=battle.opened_at)
    _, data = exported(ada)
    for seat in data["battles"][0]["seats"]:
        address = seat["output"]["address"]
        assert address.startswith("http://testserver/m/")
        head = browser_of(ada).head(address.removeprefix("http://testserver"))
        assert int(head.headers["Content-Length"]) == seat["output"]["size_bytes"]


@pytest.mark.parametrize("n_battles", [0, 1, 7, 8])
def test_the_file_is_read_in_parts_that_repeat_and_leave_out_nothing(
    ada: Voter,
    arena: Arena,
    models: list[Revision],
    n_battles: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(export, "BATTLES_AT_ONCE", 4)
    votes = many_votes(ada, arena, models, n_battles)
    _, data = exported(ada)
    found = [one["vote"]["id"] for one in data["battles"]]
    assert sorted(found) == sorted(str(vote.pk) for vote in votes)
