"""The battle's pages: for its voter only, and naming nobody before the vote."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import AsyncClient, Client
from PIL import Image, ImageDraw, PngImagePlugin

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.battles.services import end_battle, mark_released
from arena.generation import streams
from arena.generation.outputs import anonymous_output
from arena.generation.release import VOID_MESSAGE, release_outputs
from arena.generation.text_battle import LoadedAdapters, TextBattle
from arena.votes import consumers
from arena.votes.hub import StreamHub
from arena.votes.models import Vote
from models_registry.adapters import ADAPTERS
from models_registry.models import Revision
from tests import cast, scripted
from tests.socket_client import open_page

NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
FETCH = {"Accept": "*/*", "Sec-Fetch-Mode": "cors"}
NAMES = ("Zyxwalder Qorbin", "Vexmoor Plithe")
FIRST_NUMBER = 918273001  # of revisions, models and organisations: seen nowhere by chance


@pytest.fixture
def client(ada: Voter) -> Client:
    """Ada's browser."""
    return browser_of(ada)


def browser_of(voter: Voter) -> Client:
    client = Client()
    client.cookies[COOKIE] = cast.cookie_of(voter)
    return client


def page(battle: Battle) -> str:
    return f"/battles/{battle.pk}/"


def post_vote(client: Client, battle: Battle, choice: str = "a", **headers: str) -> Any:
    form = {"choice": choice, "idempotency_key": str(uuid.uuid4())}
    return client.post(f"{page(battle)}vote", form, headers={**FETCH, **headers})


# ── whose page it is ────────────────────────────────────────────────────────────────────────


def test_a_battle_opens_only_in_the_browser_that_started_it(
    client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.released_battle(arena, ada)
    assert client.get(page(battle)).status_code == 200
    eve, _ = cast.ada()
    for stranger in (Client(), browser_of(eve)):
        for path in (page(battle), f"/battles/{uuid.uuid4()}/", f"{page(battle)}standing"):
            answer = stranger.get(path)
            assert answer.status_code == 404
            assert b"immutable" not in answer.content
        assert post_vote(stranger, battle).status_code == 403
        reason = stranger.post(f"{page(battle)}rationale", {"text": "mine"})
        assert reason.status_code == 404
    assert not Vote.objects.exists()


def test_an_imported_battle_has_no_page(
    client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.released_battle(arena, ada)
    Battle.objects.filter(pk=battle.pk).update(origin=Battle.Origin.IMPORTED)
    assert client.get(page(battle)).status_code == 404


def test_no_cache_keeps_a_battle(
    client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    answer = client.get(page(cast.released_battle(arena, ada)))
    assert "no-store" in answer.headers["Cache-Control"]
    assert "private" in answer.headers["Cache-Control"]


# ── the stages ──────────────────────────────────────────────────────────────────────────────


def test_before_the_release_not_even_a_side_that_is_ready_is_shown(
    client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.queued_battle(arena, ada)
    cast.finish_outputs(battle)
    html = client.get(page(battle)).content.decode()
    assert 'data-stage="generating"' in html
    assert "immutable" not in html
    mark_released(battle.pk)
    html = client.get(page(battle)).content.decode()
    assert 'data-stage="ready"' in html
    assert html.index("A tuple is immutable.") < html.index("No idea.")


def test_what_models_and_people_write_is_never_markup_of_ours(
    client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    evil = '<script>alert("x")</script><img src=x onerror=alert(1)>'
    battle = cast.released_battle(
        arena, ada, text=evil, outputs=(evil, f"[x](javascript:1) {evil}")
    )
    for seat in range(2):
        cast.record_shown(battle_id=battle.pk, voter=ada, seat=seat)
    cast.vote(battle, "a", rationale=evil)
    for path in (page(battle), "/you/"):
        html = client.get(path).content.decode()
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert 'href="javascript' not in html
        assert "&lt;script&gt;" in html


def test_a_void_battle_says_that_nothing_is_lost(
    client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.queued_battle(arena, ada)
    end_battle(battle.pk, Battle.Ending.VOID, void_reason="generation_failed")
    html = client.get(page(battle)).content.decode()
    assert 'data-stage="void"' in html
    assert VOID_MESSAGE in html
    assert "data-vote" not in html
    for model in models:
        assert model.model.name not in html
    refused = post_vote(client, battle)
    assert (refused.status_code, refused.json()["code"]) == (409, "battle_ended")


# ── the vote ────────────────────────────────────────────────────────────────────────────────


def test_a_vote_answers_with_the_reveal_as_a_fragment(
    client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.shown_battle(arena, ada)
    answer = post_vote(client, battle)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert "data-reveal" in html
    assert "<html" not in html
    assert "csrfmiddlewaretoken" in html
    vote = Vote.objects.get()
    assert str(vote.pk) in html
    for seat in battle.seats.select_related("revision__model"):
        assert seat.revision.model.name in html
    assert f'action="{page(battle)}rationale"' in html
    # A page loaded again shows the same.
    again = client.get(page(battle)).content.decode()
    assert 'data-stage="voted"' in again
    assert str(vote.pk) in again


def test_a_vote_without_scripts_leads_back_to_the_page(
    client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.shown_battle(arena, ada)
    answer = post_vote(client, battle, **NAVIGATION)
    assert (answer.status_code, answer.headers["Location"]) == (302, page(battle))


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"choice": "c", "idempotency_key": str(uuid.uuid4())}, 400, "bad_input"),
        ({"choice": "a", "idempotency_key": "1"}, 400, "bad_input"),
        ({}, 400, "bad_input"),
        ({"choice": "b", "idempotency_key": str(uuid.uuid4())}, 409, "already_voted"),
    ],
)
def test_a_refused_vote_says_so_in_the_one_shape_of_errors(
    client: Client,
    ada: Voter,
    arena: Arena,
    models: list[Revision],
    form: dict[str, str],
    status: int,
    code: str,
) -> None:
    battle = cast.shown_battle(arena, ada)
    cast.vote(battle, "a")
    answer = client.post(f"{page(battle)}vote", form, headers=FETCH)
    assert answer.status_code == status
    body = answer.json()
    assert set(body) == {"ok", "code", "message", "errors"}
    assert (body["ok"], body["code"], body["errors"]) == (False, code, [])
    assert body["message"]
    assert Vote.objects.get().winner == "model_a"


def test_a_vote_before_the_outputs_are_shown_is_refused(
    client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    answer = post_vote(client, cast.released_battle(arena, ada))
    assert (answer.status_code, answer.json()["code"]) == (409, "not_shown")


def test_a_vote_must_come_from_our_own_page(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.shown_battle(arena, ada)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies[COOKIE] = cast.cookie_of(ada)
    forged = post_vote(strict, battle)
    assert (forged.status_code, forged.json()["code"]) == (403, "csrf")
    assert not Vote.objects.exists()
    strict.get(page(battle))
    token = strict.cookies["csrftoken"].value
    assert post_vote(strict, battle, **{"X-CSRFToken": token}).status_code == 200


def test_reading_a_vote_address_votes_nothing(
    client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.shown_battle(arena, ada)
    for path in ("vote", "rationale"):
        assert client.get(f"{page(battle)}{path}", {"choice": "a"}).status_code == 405
    assert not Vote.objects.exists()


# ── nobody is named before the vote ─────────────────────────────────────────────────────────


@pytest.fixture
def numbered(db: None) -> None:
    """Rows whose numbers would be noticed."""
    with connection.cursor() as cursor:
        for table in ("revision", "model", "organisation"):
            cursor.execute(
                f"ALTER SEQUENCE models_registry_{table}_id_seq RESTART WITH {FIRST_NUMBER}"
            )


def tell_tales(battle: Battle) -> set[str]:
    """Everything that would tell who the contestants are."""
    tales = {str(FIRST_NUMBER)[:6], "scripted", "tiling", "Ben&#x27;s lab", "Ben's lab"}
    for seat in battle.seats.select_related("revision__model__organisation"):
        model = seat.revision.model
        tales |= {model.name, model.slug, *model.name.split(), model.organisation.slug}
        tales |= {seat.revision.label, seat.revision.config_sha256}
    return {tale.lower() for tale in tales}


def assert_names_nobody(tales: set[str], seen: bytes, where: str) -> None:
    found = {tale for tale in tales if tale.encode() in seen.lower()}
    assert not found, f"{where} names {found}"


def bytes_of(answer: Any) -> bytes:
    """All that a browser gets of an answer: headers, cookies and content."""
    return b"\n".join([str(answer.headers).encode(), str(answer.cookies).encode(), answer.content])


def test_no_byte_of_a_text_battle_names_a_model_before_the_vote(
    ada: Voter, client: Client, arena: Arena, numbered: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ADAPTERS, "scripted", scripted.PATH)
    monkeypatch.setattr(consumers, "hub", StreamHub())
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)
    for name in NAMES:
        scripted.scripted_model(name, pieces=["Some ", "words."])
    started = client.post("/arenas/text/", {"prompt": "Who are you?"}, headers=NAVIGATION)
    battle = Battle.objects.get()
    assert started.headers["Location"] == page(battle)
    cast.queue_generations(str(battle.pk))
    tales = tell_tales(battle)
    assert len(tales) > 12
    seen = {"start": bytes_of(started), "waiting page": bytes_of(client.get(page(battle)))}

    async def story() -> None:
        async with open_page(battle, ada) as socket:
            async with streams.connect_async() as redis:
                await TextBattle(battle.pk, redis, LoadedAdapters()).run()
            heard: list[dict[str, Any]] = []
            while not heard or heard[-1]["kind"] != "voteable":
                heard += await socket.hear(1)
                if heard[-1]["kind"] == "released":
                    for seat in (0, 1):
                        await socket.send_json({"kind": "shown", "seat": seat})
            seen["socket"] = repr(heard).encode()

    async_to_sync(story)()
    seen["ready page"] = bytes_of(client.get(page(battle)))
    seen["standing"] = bytes_of(client.get(f"{page(battle)}standing"))
    seen["refused vote"] = bytes_of(post_vote(client, battle, "neither"))
    assert b"Some words." in seen["socket"]
    assert b"Some words." in seen["ready page"]
    for where, what in seen.items():
        assert_names_nobody(tales, what, where)
    # The same search finds them once the vote is cast.
    revealed = post_vote(client, battle).content.decode()
    assert all(name in revealed for name in NAMES)
    assert all(name in client.get(page(battle)).content.decode() for name in NAMES)


def marked_png(name: str) -> bytes:
    """A picture that says who made it, in every place that a PNG has."""
    picture = Image.new("RGB", (48, 64), "white")
    ImageDraw.Draw(picture).ellipse((8, 8, 40, 56), fill="red")
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", name)
    info.add_itxt("prompt", f'{{"model": "{name}"}}')
    exif = picture.getexif()
    exif[0x010E] = name
    encoded = io.BytesIO()
    picture.save(encoded, "PNG", pnginfo=info, exif=exif)
    assert name.encode() in encoded.getvalue()
    return encoded.getvalue()


def fetched(client: AsyncClient, path: str) -> bytes:
    async def story() -> bytes:
        answer = await client.get(path)
        assert answer.status_code == 200
        content = b"".join([chunk async for chunk in answer.streaming_content])
        return str(answer.headers).encode() + content

    return async_to_sync(story)()


def image_paths(battle: Battle) -> Iterator[str]:
    for seat in battle.seats.select_related("output__blob"):
        yield f"/m/{seat.output.pk}.webp"


def test_no_byte_of_an_image_battle_names_a_model_before_the_vote(
    ada: Voter, client: Client, numbered: None
) -> None:
    arena = cast.media_arena("image")
    battle = cast.opened_battle(arena, ada)
    for seat in battle.seats.select_related("revision__model"):
        output = anonymous_output("image", marked_png(seat.revision.model.name), "image/png")
        output.seat = seat
        output.save()
    assert release_outputs(str(battle.pk))
    tales = tell_tales(battle) - {"flow"}  # a word of the page's own style sheets
    html = bytes_of(client.get(page(battle)))
    assert_names_nobody(tales, html, "page")
    browser = AsyncClient()
    browser.cookies[COOKIE] = cast.cookie_of(ada)
    for path in image_paths(battle):
        assert path.encode() in html
        assert_names_nobody(tales, fetched(browser, path), path)
