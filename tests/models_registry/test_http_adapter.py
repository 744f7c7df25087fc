"""The http adapter keeps the contract against the reference server, and against broken ones.

The reference server is the very file that model owners copy, started as a program.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from models_registry.adapters import make_adapter
from models_registry.adapters.contract import (
    Artifact,
    Event,
    GenerationError,
    Progress,
    Request,
    RequestImage,
    TextDelta,
    Turn,
    Usage,
)
from models_registry.adapters.http.adapter import HttpAdapter
from models_registry.adapters.http.config import CONFIG_CHECKS
from models_registry.adapters.http.errors import HINTS, RETRYABLE, code_of
from models_registry.adapters.http.job import NotTheProtocol, job_body, parsed_job

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = REPOSITORY / "deploy" / "model_server" / "server.py"
PAGE = REPOSITORY / "templates" / "docs" / "http_adapter.md"
SECRET = "server-0123456789abcdef"
START_S = 60.0


@dataclass(frozen=True)
class Server:
    """A running reference server."""

    process: subprocess.Popen[bytes]
    port: int

    def config(self, modality: str = "text", **changes: Any) -> dict[str, Any]:
        return {
            "base_url": f"http://127.0.0.1:{self.port}",
            "modality": modality,
            "api_key_env": "MODEL_SERVER_KEY",
            "poll_s": 0.05,
            **changes,
        }

    def status_of(self, path: str) -> int:
        """Return the status of an answer to somebody who has the key."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {SECRET}"}
        )
        try:
            with opener.open(asked, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return int(error.code)


@contextmanager
def started() -> Iterator[Server]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), "--port", str(port)],
        env={**os.environ, "MODEL_SERVER_KEY": SECRET},
        stderr=subprocess.DEVNULL,  # it names clients that leave in the midst of an answer
    )
    server = Server(process, port)
    try:
        deadline = time.monotonic() + START_S
        while True:
            try:
                server.status_of("/jobs/none")
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield server
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with started() as running:
        yield running


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_SERVER_KEY", SECRET)


@asynccontextmanager
async def loaded(config: dict[str, Any]) -> AsyncIterator[HttpAdapter]:
    adapter = HttpAdapter(config)
    await adapter.load()
    yield adapter
    await adapter.unload()


async def all_events(config: dict[str, Any], **parameters: Any) -> list[Event]:
    async with loaded(config) as adapter:
        request = Request("one two three", 7, parameters)
        return [event async for event in adapter.generate(request)]


def failed(config: dict[str, Any], **parameters: Any) -> GenerationError:
    with pytest.raises(GenerationError) as caught:
        asyncio.run(all_events(config, **parameters))
    return caught.value


def words(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


# --- against the reference server -----------------------------------------------------------


def test_a_text_is_streamed_in_pieces(server: Server) -> None:
    events = asyncio.run(all_events(server.config(), steps=3, step_s=0.05))
    assert words(events) == "three two one\n" * 3
    assert sum(isinstance(event, TextDelta) for event in events) > 1
    assert events[-2:] == [Progress(1.0), Usage()]


def test_a_text_is_fetched_whole_where_streaming_is_off(server: Server) -> None:
    events = asyncio.run(all_events(server.config(stream=False), steps=2))
    assert [event for event in events if isinstance(event, TextDelta)] == [
        TextDelta("three two one\n" * 2)
    ]


@pytest.mark.parametrize("is_streamed", [True, False])
def test_an_image_arrives_with_progress_and_its_type(server: Server, is_streamed: bool) -> None:
    config = server.config("image", stream=is_streamed)
    events = asyncio.run(all_events(config, steps=4, step_s=0.1))
    (artifact,) = [event for event in events if isinstance(event, Artifact)]
    assert artifact.media_type == "image/png"
    assert Image.open(io.BytesIO(artifact.data)).size == (64, 64)
    fractions = [event.fraction for event in events if isinstance(event, Progress)]
    assert fractions == sorted(fractions)
    assert any(0.0 < fraction < 1.0 for fraction in fractions)


def test_the_seed_reaches_the_model(server: Server) -> None:
    async def image(seed: int) -> bytes:
        async with loaded(server.config("image")) as adapter:
            async for event in adapter.generate(Request("a", seed)):
                if isinstance(event, Artifact):
                    return event.data
        raise AssertionError

    first, again, other = (asyncio.run(image(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize("modality", ["text", "image"])
@pytest.mark.parametrize("way", ["close", "cancel"])
def test_leaving_early_cancels_the_job(server: Server, modality: str, way: str) -> None:
    async def story() -> None:
        # One job runs at a time: the next could not end in time behind one of an hour.
        async with loaded(server.config(modality)) as adapter:
            events = adapter.generate(Request("a", 1, {"steps": 36_000, "step_s": 0.1}))
            async for event in events:
                if isinstance(event, Progress | TextDelta):
                    break
            if way == "close":
                await events.aclose()
            else:
                reading = asyncio.create_task(anext_forever(events))
                await asyncio.sleep(0.1)
                reading.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await reading
        assert words(await all_events(server.config(deadline_s=60.0), steps=1))

    asyncio.run(story())


async def anext_forever(events: AsyncIterator[Event]) -> None:
    async for _ in events:
        pass


def test_a_job_is_forgotten_by_the_server_once_its_output_is_here(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=7))
    assert words(asyncio.run(all_events(server.config())))
    assert server.status_of(f"/jobs/{uuid.UUID(int=7).hex}") == 404


def test_the_same_job_twice_is_one_job(server: Server) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def put(prompt: str) -> None:
        body = {"modality": "text", "prompt": prompt, "seed": 1, "parameters": {}, "deadline_s": 60}
        asked = urllib.request.Request(
            f"http://127.0.0.1:{server.port}/jobs/twice",
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {SECRET}"},
            method="PUT",
        )
        with opener.open(asked, timeout=10) as answer:
            assert json.load(answer)["id"] == "twice"

    put("a b")
    put("c d")
    deadline = time.monotonic() + START_S
    while server.status_of("/jobs/twice/output") != 200:
        assert time.monotonic() < deadline
    asked = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/jobs/twice/output",
        headers={"Authorization": f"Bearer {SECRET}"},
    )
    with opener.open(asked, timeout=10) as answer:
        assert set(answer.read().decode().split("\n")) == {"b a", ""}


def test_a_wrong_key_is_refused_and_never_quoted(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_SERVER_KEY", "another-key-123456")
    error = failed(server.config())
    assert (error.code, error.retryable) == ("auth", False)
    assert "another-key" not in str(error)
    monkeypatch.delenv("MODEL_SERVER_KEY")
    assert "MODEL_SERVER_KEY is not set" in str(failed(server.config()))


def test_a_request_that_the_model_refuses_is_a_bad_request(server: Server) -> None:
    error = failed(server.config("music"))
    assert (error.code, error.retryable) == ("bad_request", False)
    assert "this model makes no music" in str(error)


def test_a_job_past_its_deadline_is_a_timeout(server: Server) -> None:
    config = server.config("image", deadline_s=1.0, timeout_s=1.0)
    error = failed(config, steps=36_000, step_s=0.1)
    assert (error.code, error.retryable) == ("timeout", True)


@pytest.mark.parametrize("is_streamed", [True, False])
def test_a_server_that_dies_in_the_midst_of_a_job_is_a_lost_connection(is_streamed: bool) -> None:
    async def story(server: Server) -> None:
        config = server.config("image", stream=is_streamed, timeout_s=1.0)
        async with loaded(config) as adapter:
            parameters = {"steps": 36_000, "step_s": 0.1}
            async for _ in adapter.generate(Request("a", 1, parameters)):
                server.process.send_signal(signal.SIGKILL)

    with started() as server, pytest.raises(GenerationError) as caught:
        asyncio.run(story(server))
    assert (caught.value.code, caught.value.retryable) == ("connection", True)


def test_nobody_at_the_address_is_a_lost_connection() -> None:
    error = failed({"base_url": "http://127.0.0.1:9", "modality": "text"})
    assert (error.code, error.retryable) == ("connection", True)


# --- against servers that break the protocol -------------------------------------------------


def plain(body: bytes, status: str = "200 OK", kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body


def job(status: str = "processing", **more: Any) -> bytes:
    return json.dumps({"status": status, **more}).encode()


Answers = dict[str, Any]  # by the kind of request: bytes, or a function that writes them
Writer = asyncio.StreamWriter


def against(answers: Answers, modality: str = "image", **changes: Any) -> GenerationError:
    """Return the error that a server of these answers gives; what it does not name is good."""
    good: Answers = {
        "PUT": plain(job()),
        "GET": plain(job("succeeded")),
        "events": plain(job("succeeded") + b"\n", kind="application/x-ndjson"),
        "output": plain(b"x", kind="image/png"),
        "DELETE": plain(b"{}"),
    }

    async def serve(reader: asyncio.StreamReader, writer: Writer) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, path, _ = head.split("\r\n")[0].split()
            kind = path.rpartition("/")[2]
            answer = {**good, **answers}[kind if kind in ("events", "output") else method]
            await answer(writer) if callable(answer) else writer.write(answer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def story() -> list[Event]:
        listener = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        config = {"base_url": f"http://127.0.0.1:{port}", "modality": modality, "poll_s": 0.05}
        async with listener:
            return await all_events({**config, **changes})

    with pytest.raises(GenerationError) as caught:
        asyncio.run(story())
    assert caught.value.retryable == (caught.value.code in RETRYABLE)
    return caught.value


def error_body(code: str, message: str = "") -> bytes:
    return json.dumps({"error": {"code": code, "message": message}}).encode()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (plain(b"", "401 Unauthorized"), "auth"),
        (plain(b"no", "402 Payment Required"), "credit"),
        (plain(error_body("credit"), "429 Too Many Requests"), "credit"),
        (plain(error_body("nonsense"), "429 Too Many Requests"), "rate_limit"),
        (plain(error_body("content_filter", "no"), "400 Bad Request"), "content_filter"),
        (plain(b"<html>", "404 Not Found", "text/html"), "bad_request"),
        (plain(b"{}", "503 Service Unavailable"), "server_error"),
        (plain(b"{}", "504 Gateway Timeout"), "timeout"),
        (plain(b"", "302 Found"), "bad_request"),
        (plain(b"<html>", kind="text/html"), "server_error"),
        (plain(b"[]"), "server_error"),
        (plain(job("happy")), "server_error"),
        (plain(job(id="another")), "server_error"),
        (plain(b"[" * 60_000), "server_error"),
        (plain(job(text="x" * 70_000)), "too_large"),
        (b"\x00\xff not http\r\n\r\n", "connection"),
        (b"", "connection"),
    ],
)
def test_each_refusal_of_a_job_has_its_code(answer: bytes, code: str) -> None:
    assert against({"PUT": answer}).code == code


def test_a_redirect_is_not_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
    assert "redirects (302)" in str(against({"PUT": moved}))


@pytest.mark.parametrize("is_streamed", [True, False])
@pytest.mark.parametrize(
    ("over", "code"),
    [
        (job("failed", error={"code": "blank", "message": "all black"}), "blank"),
        (job("failed", error={"code": "out_of_memory"}), "out_of_memory"),
        (job("failed", error={"code": "connection"}), "server_error"),  # not for it to know
        (job("failed", error="broken"), "server_error"),
        (job("aborted"), "timeout"),
        (job("canceled"), "server_error"),
    ],
)
def test_each_end_without_an_output_has_its_code(over: bytes, code: str, is_streamed: bool) -> None:
    answers = {"GET": plain(over), "events": plain(over + b"\n")}
    assert against(answers, stream=is_streamed).code == code


def test_a_server_that_forgot_the_job_is_asked_no_more() -> None:
    error = against({"GET": plain(b"{}", "404 Not Found")})
    assert error.code == "server_error"
    assert "no longer knows the job" in str(error)


@pytest.mark.parametrize(
    ("output", "code"),
    [
        (plain(b"<html>", kind="text/html"), "wrong_type"),
        (plain(b"RIFF", kind="audio/wav"), "wrong_type"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nx", "wrong_type"),
        (plain(b"", kind="image/png"), "empty"),
        (plain(b"x" * 2000, kind="image/png"), "too_large"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "too_large"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + b"x" * 2000, "too_large"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + b"x" * 20, "server_error"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\ncut", "connection"),
    ],
)
def test_each_unusable_output_has_its_code(output: bytes, code: str) -> None:
    assert against({"output": output}, max_bytes=1000).code == code


def dripping(start: bytes, piece: bytes) -> Callable[[Writer], Any]:
    """Return an answer that goes on for ever, a little at a time."""

    async def drip(writer: Writer) -> None:
        writer.write(start)
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)

    return drip


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n"


@pytest.mark.parametrize(
    "answers",
    [
        {"PUT": dripping(HEAD, b" ")},
        {"PUT": dripping(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n")},
        {"GET": plain(job())},
        {"output": dripping(HEAD, b"x")},
    ],
    ids=["document", "head", "never over", "output"],
)
def test_a_server_that_drips_or_never_ends_is_a_timeout(answers: Answers) -> None:
    error = against(answers, timeout_s=0.5, deadline_s=1.0)
    assert error.code in {"timeout", "connection"}  # a head without end is too long, too
    assert error.retryable


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (dripping(HEAD, b"\n"), "timeout"),  # alive, and still never over
        (dripping(HEAD, b"x"), "timeout"),  # a line without end
        (dripping(HEAD, b"x" * 9_000), "too_large"),
        (dripping(HEAD, job(text="word " * 9_000) + b"\n"), "too_large"),
        (plain(job(text="a") + b"\n"), "connection"),  # cut
        (plain(job(text="  ") + b"\n" + job("succeeded")), "empty"),
        (plain(job(text=7) + b"\n"), "server_error"),
    ],
)
def test_each_broken_stream_of_a_text_has_its_code(stream: Any, code: str) -> None:
    config = {"timeout_s": 1.5, "deadline_s": 3.0}
    assert against({"events": stream}, "text", **config).code == code


# --- the documents ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [b"", b"null", b'"x"', b"{}", b'{"status": ["failed"]}', b"\xff", b"1" * 5000]
)
def test_what_is_no_job_document_is_told_apart(data: bytes) -> None:
    with pytest.raises(NotTheProtocol):
        parsed_job(data, job_id="a")


def test_odd_numbers_and_half_characters_are_made_harmless() -> None:
    read = parsed_job(
        b'{"status": "processing", "progress": NaN, "text": "\\ud800",'
        b' "usage": {"cost_usd": -1, "output_tokens": 1e999}}',
        job_id="a",
    )
    assert (read.progress, read.text, read.cost_usd, read.output_tokens) == (None, "?", 0.0, None)
    huge = b'{"status": "processing", "progress": ' + b"9" * 4000 + b"}"
    assert parsed_job(huge, job_id="a").progress is None
    assert parsed_job(b'{"status": "starting", "progress": 7}', job_id="a").progress == 1.0


def test_a_job_carries_the_turns_and_images_of_its_request() -> None:
    image = RequestImage(b"\xff\xd8", "image/jpeg", "a cat")
    request = Request("And now?", 7, {"steps": 2}, (Turn("What?", "A cat", (image,)),), (image,))
    shown = [{"media_type": "image/jpeg", "data": "/9g="}]
    body = job_body(HttpAdapter.validate({**GOOD, "model": "m"}), request, "a")
    assert json.loads(json.dumps(body)) == {
        "id": "a",
        "model": "m",
        "modality": "image",
        "prompt": "And now?",
        "seed": 7,
        "parameters": {"steps": 2},
        "images": shown,
        "history": [{"prompt": "What?", "images": shown, "answer": "A cat"}],
        "deadline_s": 600.0,
    }


def test_a_code_in_the_document_goes_before_the_status() -> None:
    assert code_of(500, {"error": {"code": "auth"}}) == "auth"
    assert code_of(418, None) == "bad_request"


# --- the configuration -----------------------------------------------------------------------

GOOD = {"base_url": "http://127.0.0.1:9000/", "modality": "image"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"base_url": None}, "needs 'base_url'"),
        ({"modality": None}, "needs 'modality'"),
        ({"modality": "video"}, "'modality' is 'video'"),
        ({"base_url": "ftp://x"}, "'base_url' is 'ftp://x'"),
        ({"base_url": "http://u:p@x"}, "holds a user name or password"),
        ({"base_url": "http://x?y=1"}, "after '?'"),
        ({"api_key": "sk"}, "no key 'api_key'"),
        ({"api_key_env": "sk-secret"}, "'api_key_env' is not the name"),
        ({"timeout_s": 0}, "'timeout_s' is 0"),
        ({"timeout_s": 20, "deadline_s": 10}, "'deadline_s' is 10, below"),
        ({"stream": "yes"}, "'stream' is 'yes'"),
        ({"max_bytes": 0.5}, "'max_bytes' is 0.5"),
        ({"modle": "x"}, "no key 'modle'"),
    ],
)
def test_configuration_mistakes_name_the_key(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as refusal:
        make_adapter("http", {**GOOD, **changes})
    assert said in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_text_is_streamed_unless_told_otherwise() -> None:
    config = HttpAdapter.validate(GOOD)
    assert config["base_url"] == "http://127.0.0.1:9000"
    assert not config["stream"]
    assert HttpAdapter({**GOOD, "modality": "text"}).capabilities().streams
    assert not HttpAdapter({**GOOD, "modality": "text", "stream": False}).capabilities().streams


# --- the page --------------------------------------------------------------------------------


def test_the_page_names_every_key_and_code_as_they_are() -> None:
    text = PAGE.read_text("utf-8")

    def rows(heading: str) -> dict[str, str]:
        _, _, rest = text.partition(f"| {heading} |")
        lines = rest.partition("\n\n")[0].splitlines()[2:]
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
        return {row[0].strip("`"): row[1] for row in cells}

    keys = rows("key")
    assert set(keys) == set(CONFIG_CHECKS)
    defaults = HttpAdapter.validate(GOOD)
    for key in ("timeout_s", "deadline_s", "poll_s", "max_bytes", "concurrency"):
        assert float(keys[key].replace(" ", "")) == defaults[key]
    assert rows("code") == {code: "yes" if code in RETRYABLE else "no" for code in HINTS}
