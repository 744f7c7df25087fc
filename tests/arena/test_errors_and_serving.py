"""One shape for every error, a page for people; and files served to their voter in ranges."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.http import HttpResponse
from django.test import AsyncClient, Client, RequestFactory
from PIL import Image

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.battles.models import Battle
from arena.battles.services import mark_released
from arena.common.errors import (
    AgonError,
    BadInput,
    Conflict,
    NotAllowed,
    NotFound,
    TooMany,
    Unavailable,
)
from arena.common.http import CHUNK_BYTES, serve_stored_file
from arena.common.middleware import TITLES, error_response, wants_page
from arena.generation.models import Output
from arena.generation.outputs import anonymous_output, store_blob
from tests import cast

NAVIGATION = {"Accept": "text/html,*/*", "Sec-Fetch-Mode": "navigate"}
FETCH = {"Accept": "*/*", "Sec-Fetch-Mode": "cors"}
HTMX = {"Accept": "text/html", "HX-Request": "true"}
KINDS = (BadInput, NotAllowed, NotFound, Conflict, TooMany, Unavailable)


# ── errors ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_json_for_programs_and_a_page_for_people(
    db: None, kind: type[AgonError]
) -> None:
    error = kind("The <disk> is full.", code="full", errors=["disk 1"])
    request = RequestFactory().get("/", headers=FETCH)
    answer = error_response(request, error)
    assert answer.status_code == kind.status
    assert json.loads(answer.content) == {
        "ok": False,
        "code": "full",
        "message": "The <disk> is full.",
        "errors": ["disk 1"],
    }
    page = error_response(RequestFactory().get("/", headers=NAVIGATION), error)
    assert page.status_code == kind.status
    assert page.headers["Content-Type"].startswith("text/html")
    assert "The &lt;disk&gt; is full." in page.content.decode()
    assert str(TITLES[kind.status]) in page.content.decode()


def test_every_kind_of_error_has_its_own_status_and_code() -> None:
    assert len({kind.status for kind in KINDS}) == len({kind.code for kind in KINDS}) == len(KINDS)
    assert {kind.status for kind in KINDS} < set(TITLES)


@pytest.mark.parametrize(
    ("headers", "is_page"),
    [
        (NAVIGATION, True),
        ({"Accept": "text/html"}, True),  # an old browser, which says nothing of its mode
        (FETCH, False),
        (HTMX, False),
        ({"Accept": "text/html", "Sec-Fetch-Mode": "cors"}, False),
        ({}, False),
    ],
)
def test_only_a_person_who_navigates_gets_a_page(headers: dict[str, str], is_page: bool) -> None:
    assert wants_page(RequestFactory().get("/", headers=headers)) == is_page


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/nowhere/", 404, "not_found"),
        ("/arenas/nowhere/", 404, "not_found"),
        ("/battles/00000000-0000-4000-8000-000000000000/", 404, "not_found"),
        ("/m/00000000-0000-4000-8000-000000000000.webp", 404, "not_found"),
    ],
)
def test_an_address_that_leads_nowhere_has_the_one_shape_of_errors(
    db: None, path: str, status: int, code: str
) -> None:
    answer = Client().get(path, headers=FETCH)
    assert answer.status_code == status
    body = answer.json()
    assert set(body) == {"ok", "code", "message", "errors"}
    assert (body["ok"], body["code"]) == (False, code)
    page = Client().get(path, headers=NAVIGATION)
    assert page.status_code == status
    assert "<h1>There is nothing here</h1>" in page.content.decode()


def test_an_error_of_ours_tells_nothing_of_its_inside(
    db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("the secret password")

    monkeypatch.setattr("arena.battles.views.current_consent", fail)
    cast.text_arena()
    client = Client(raise_request_exception=False)
    with caplog.at_level(logging.ERROR):
        answer = client.get("/arenas/text/", headers=FETCH)
    assert answer.status_code == 500
    assert answer.json()["code"] == "error"
    assert "secret" not in answer.content.decode()
    assert "the secret password" in caplog.text
    page = client.get("/arenas/text/", headers=NAVIGATION)
    assert page.status_code == 500
    assert "Something broke on our side" in page.content.decode()
    assert "secret" not in page.content.decode()


def test_pages_load_nothing_from_elsewhere_and_stand_in_no_frame(db: None) -> None:
    answer = Client().get("/terms/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


# ── byte ranges ─────────────────────────────────────────────────────────────────────────────

CONTENT = bytes(range(256)) * 2000  # more than one chunk
SIZE = len(CONTENT)


@pytest.fixture(scope="module")
def storage() -> InMemoryStorage:
    """A store with one file."""
    storage = InMemoryStorage()
    storage.save("file.bin", ContentFile(CONTENT))
    return storage


def serve(storage: InMemoryStorage, range_: str = "", method: str = "GET") -> tuple[Any, bytes]:
    headers = {"Range": range_} if range_ else {}
    request = RequestFactory().generic(method, "/", headers=headers)
    answer = serve_stored_file(
        request, storage, "file.bin", media_type="audio/mpeg", etag="abc", cache_control="private"
    )
    if not answer.streaming:
        assert isinstance(answer, HttpResponse)
        return answer, answer.content

    async def read() -> bytes:
        chunks = [chunk async for chunk in answer]
        assert max(len(chunk) for chunk in chunks) <= CHUNK_BYTES
        return b"".join(chunks)

    return answer, async_to_sync(read)()


def test_a_file_comes_whole_with_what_a_player_needs(storage: InMemoryStorage) -> None:
    assert SIZE > CHUNK_BYTES
    answer, content = serve(storage)
    assert (answer.status_code, content) == (200, CONTENT)
    assert {name: answer.headers[name] for name in ("Content-Length", "Accept-Ranges", "ETag")} == {
        "Content-Length": str(SIZE),
        "Accept-Ranges": "bytes",
        "ETag": '"abc"',
    }
    assert answer.headers["Content-Type"] == "audio/mpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private"
    assert "Content-Range" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        ("bytes=100-199", 100, 200),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        ("bytes=-10", SIZE - 10, SIZE),
        (f"bytes=-{SIZE * 2}", 0, SIZE),
        (f"bytes=300000-{SIZE * 9}", 300_000, SIZE),
        (" bytes=5-5 ", 5, 6),
    ],
)
def test_a_range_is_cut_exactly(
    storage: InMemoryStorage, asked: str, start: int, stop: int
) -> None:
    answer, content = serve(storage, asked)
    assert answer.status_code == 206
    assert content == CONTENT[start:stop]
    assert answer.headers["Content-Length"] == str(stop - start)
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=-0", "bytes=9-3", "bytes=999999999-"])
def test_a_range_outside_the_file_is_not_satisfiable(storage: InMemoryStorage, asked: str) -> None:
    answer, content = serve(storage, asked)
    assert (answer.status_code, content) == (416, b"")
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "asked",
    ["bytes=-", "bytes=a-b", "items=0-1", "bytes=0-1,5-6", "bytes=٣-", f"bytes={'9' * 5000}-"],
)
def test_a_range_that_cannot_be_read_is_passed_over(storage: InMemoryStorage, asked: str) -> None:
    answer, content = serve(storage, asked)
    assert (answer.status_code, content) == (200, CONTENT)


@pytest.mark.parametrize("asked", ["", "bytes=0-9"])
def test_asking_for_the_head_alone_gets_the_whole_files_head(
    storage: InMemoryStorage, asked: str
) -> None:
    answer, content = serve(storage, asked, method="HEAD")
    assert (answer.status_code, content) == (200, b"")
    assert answer.headers["Content-Length"] == str(SIZE)
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_a_file_that_is_gone_is_a_404_and_not_an_empty_file(storage: InMemoryStorage) -> None:
    with pytest.raises(NotFound):
        serve_stored_file(RequestFactory().get("/"), storage, "gone", media_type="image/webp")


# ── media of a battle ───────────────────────────────────────────────────────────────────────


def png(colour: str) -> bytes:
    picture = Image.new("RGB", (32, 32), "white")
    picture.paste(colour, (0, 0, 16, 32))
    encoded = io.BytesIO()
    picture.save(encoded, "PNG")
    return encoded.getvalue()


@pytest.fixture
def battle(ada: Voter) -> Battle:
    """An image battle of Ada's whose outputs wait for the release."""
    battle = cast.opened_battle(cast.media_arena("image"), ada)
    for seat, colour in zip(battle.seats.all(), ("red", "blue"), strict=True):
        output = anonymous_output("image", png(colour), "image/png")
        output.seat = seat
        output.save()
    return battle


def media(voter: Voter | None, path: str, method: str = "get", **headers: str) -> tuple[Any, bytes]:
    client = AsyncClient()
    if voter is not None:
        client.cookies[COOKIE] = cast.cookie_of(voter)

    async def story() -> tuple[Any, bytes]:
        answer = await getattr(client, method)(path, headers={**FETCH, **headers})
        if answer.streaming:
            return answer, b"".join([chunk async for chunk in answer.streaming_content])
        return answer, answer.content

    return async_to_sync(story)()


def test_a_file_is_sent_to_its_voter_after_the_release_only(ada: Voter, battle: Battle) -> None:
    output = Output.objects.select_related("blob").first()
    assert output is not None
    assert output.blob is not None
    path = f"/m/{output.pk}.webp"
    assert media(ada, path)[0].status_code == 404
    mark_released(battle.pk)
    answer, content = media(ada, path)
    assert answer.status_code == 200
    assert len(content) == output.blob.size_bytes
    assert Image.open(io.BytesIO(content)).format == "WEBP"
    assert answer.headers["Content-Type"] == "image/webp"
    assert "private" in answer.headers["Cache-Control"]
    assert "Content-Disposition" not in answer.headers
    eve, _ = cast.ada()
    for stranger in (eve, None):
        refused, body = media(stranger, path)
        assert refused.status_code == 404
        assert json.loads(body)["code"] == "not_found"
    assert media(ada, path, "head")[0].headers["Content-Length"] == str(len(content))
    ranged, part = media(ada, path, Range="bytes=4-11")
    assert (ranged.status_code, part) == (206, content[4:12])
    assert media(ada, path, Range=f"bytes={len(content)}-")[0].status_code == 416


def test_a_text_output_is_no_file(ada: Voter, arena: Any, models: Any) -> None:
    battle = cast.released_battle(arena, ada)
    for output in Output.objects.filter(seat__battle=battle):
        assert media(ada, f"/m/{output.pk}.txt")[0].status_code == 404


def test_the_same_bytes_are_stored_once(db: None) -> None:
    first = store_blob(b"same", media_type="image/webp", extension=".webp")
    assert store_blob(b"same", media_type="image/webp", extension=".webp") == first
    assert store_blob(b"other", media_type="image/webp", extension=".webp") != first
    assert first.size_bytes == 4
