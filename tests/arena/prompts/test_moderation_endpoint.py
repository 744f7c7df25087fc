"""The moderator behind an HTTP address, against a real server of that protocol."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from arena.prompts.moderation import Outcome, Verdict
from arena.prompts.moderation.endpoint import EndpointModerator
from arena.prompts.moderation.table import UnknownModerator, make_moderator

PATIENCE_S = 30.0


class Server(ThreadingHTTPServer):
    """Flags what says "widget"; or answers as the test wants."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.status = 200
        self.body: bytes | None = None
        self.held = threading.Event()
        self.held.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.path, headers, body))
        self.server.held.wait(PATIENCE_S)
        is_flagged = "widget" in body["input"]
        categories = {"violence": is_flagged, "sexual/minors": is_flagged, "hate": False}
        result = {"flagged": is_flagged, "categories": categories, "category_scores": {}}
        answer = {"id": "modr-1", "model": "small", "results": [result]}
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(self.server.body or json.dumps(answer).encode())

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.held.set()
        running.shutdown()
        thread.join()


def moderator(server: Server, **options: Any) -> EndpointModerator:
    return EndpointModerator(url=server.url, **{"timeout_s": PATIENCE_S, **options})


def test_it_asks_the_moderations_protocol_and_reads_the_answer(server: Server) -> None:
    one = moderator(server, model="small", key="sesame")
    assert one.judge("a gadget") == Verdict(Outcome.FINE)
    verdict = one.judge("a widget")
    assert verdict.outcome == Outcome.FLAGGED
    assert set(verdict.categories) == {"violence", "sexual/minors"}
    path, headers, body = server.asked[0]
    assert path == "/v1/moderations"
    assert headers["authorization"] == "Bearer sesame"
    assert body == {"input": "a gadget", "model": "small"}
    assert (one.name, one.version) == ("endpoint", "small")


def test_without_a_model_the_server_chooses(server: Server) -> None:
    assert moderator(server).judge("a gadget").outcome == Outcome.FINE
    assert server.asked[0][2] == {"input": "a gadget"}


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (500, b'{"error": "no"}', "it answered with status 500"),
        (401, b'{"error": {"message": "bad key"}}', "it answered with status 401"),
        (200, b"not json", "not that of the moderations protocol"),
        (200, b'{"results": []}', "not that of the moderations protocol"),
        (200, b'{"results": [{"flagged": "maybe"}]}', "not that of the moderations protocol"),
        (200, b'{"results": [{"flagged": null, "categories": {}}]}', "not that of the moderations"),
    ],
)
def test_an_answer_that_says_nothing_is_unavailable(
    server: Server, status: int, body: bytes, reason: str
) -> None:
    server.status, server.body = status, body
    verdict = moderator(server).judge("a gadget")
    assert verdict.outcome == Outcome.UNAVAILABLE
    assert reason in verdict.reason
    assert len(server.asked) == 1  # never twice


def test_flagged_without_a_category_is_flagged_as_other(server: Server) -> None:
    server.body = b'{"results": [{"flagged": true, "categories": {"hate": null}}]}'
    assert moderator(server).judge("x").categories == ("other",)


def test_too_late_is_unavailable(server: Server) -> None:
    server.held.clear()
    verdict = moderator(server, timeout_s=0.05).judge("a gadget")
    assert verdict == Verdict(Outcome.UNAVAILABLE, reason="no answer within 0.05 s")


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with Server() as closed:
        url = closed.url
    verdict = EndpointModerator(url=url, timeout_s=PATIENCE_S).judge("a gadget")
    assert verdict.outcome == Outcome.UNAVAILABLE
    assert "no answer" in verdict.reason


def chosen(*names: str, url: str = "") -> dict[str, Any]:
    return {"moderators": names, "url": url, "model": "", "key": "", "timeout_s": PATIENCE_S}


def test_rules_and_an_endpoint_judge_together(server: Server) -> None:
    both = make_moderator(chosen("rules", "endpoint", url=server.url))
    assert both.name == "rules+endpoint"
    assert not both.is_quick  # no look at an answer that is being written
    assert both.judge("just kys").categories == ("self_harm",)
    assert server.asked == []  # what the rules flag is told to nobody
    assert both.judge("a widget").outcome == Outcome.FLAGGED
    server.status = 503
    assert both.judge("a gadget").outcome == Outcome.UNAVAILABLE


def test_a_dotted_path_names_a_moderator_of_ones_own() -> None:
    made = make_moderator(chosen("arena.prompts.moderation.rules.RuleModerator"))
    assert made.name == "rules"
    with pytest.raises(UnknownModerator, match=r"'no\.such\.Thing', which cannot be imported"):
        make_moderator(chosen("no.such.Thing"))
    with pytest.raises(UnknownModerator, match="is no moderator; let it inherit"):
        make_moderator(chosen("pathlib.Path"))


def test_it_asks_about_images_only_where_it_is_told_to(server: Server) -> None:
    one, seeing = moderator(server), moderator(server, sees_images=True)
    assert (one.modalities, seeing.modalities) == ({"text"}, {"text", "image"})
    file = {"modality": "image", "media_type": "image/jpeg"}
    assert one.judge_file(b"pixels", **file).outcome == Outcome.UNAVAILABLE
    assert server.asked == []
    assert seeing.judge_file(b"pixels", **file).outcome == Outcome.FINE
    url = "data:image/jpeg;base64,cGl4ZWxz"
    assert server.asked[0][2] == {"input": [{"type": "image_url", "image_url": {"url": url}}]}
    server.status = 400  # a server that reads words alone
    assert seeing.judge_file(b"pixels", **file).outcome == Outcome.UNAVAILABLE
    clip = seeing.judge_file(b"", modality="music", media_type="audio/mpeg")
    assert clip.outcome == Outcome.UNAVAILABLE
