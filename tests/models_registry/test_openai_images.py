"""What a server of the chat-completions protocol gets of pictures."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from models_registry.adapters.contract import Request, RequestImage, TextDelta, Turn
from models_registry.adapters.openai.adapter import OpenAIAdapter

CHUNKS = (
    {"choices": [{"index": 0, "delta": {"content": "A cat."}}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
)


class Handler(BaseHTTPRequestHandler):
    """Notes what it is asked, and streams two words."""

    asked: list[dict[str, Any]] = []

    def do_POST(self) -> None:
        self.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for chunk in CHUNKS:
            self.wfile.write(
                f"data: {json.dumps({'id': 'x', 'object': 'c', **chunk})}\n\n".encode()
            )
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    Handler.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()
        thread.join()


def messages_for(address: str, request: Request) -> list[dict[str, Any]]:
    async def ask() -> str:
        adapter = OpenAIAdapter({"base_url": address, "model": "m", "image_input": True})
        await adapter.load()
        try:
            events = [event async for event in adapter.generate(request)]
        finally:
            await adapter.unload()
        return "".join(event.text for event in events if isinstance(event, TextDelta))

    assert asyncio.run(ask()) == "A cat."
    return Handler.asked[0]["messages"]


def test_pictures_go_before_the_words_of_their_turn_as_data_addresses(address: str) -> None:
    one, other = (RequestImage(data, "image/jpeg", alt="Ada's cat") for data in (b"one", b"two"))
    turn = Turn("What is this?", "A dog.", images=(one,))
    asked = messages_for(address, Request("Look again.", 1, history=(turn,), images=(one, other)))
    parts = [
        {
            "type": "image_url",
            "image_url": {"url": f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"},
        }
        for data in (b"one", b"two")
    ]
    assert asked == [
        {"role": "user", "content": [parts[0], {"type": "text", "text": "What is this?"}]},
        {"role": "assistant", "content": "A dog."},
        {"role": "user", "content": [*parts, {"type": "text", "text": "Look again."}]},
    ]
    assert "Ada" not in json.dumps(asked)  # what it shows is for people; the model is to look


def test_words_alone_stay_a_text(address: str) -> None:
    assert messages_for(address, Request("Hello", 1)) == [{"role": "user", "content": "Hello"}]


@pytest.mark.parametrize("says", [True, False, None])
def test_a_model_looks_at_pictures_where_its_configuration_says_so(says: bool | None) -> None:
    config = {"base_url": "http://127.0.0.1:9/v1", "model": "m", "image_input": says}
    adapter = OpenAIAdapter(config)
    assert adapter.capabilities().abilities.image_input is bool(says)
    # Left out where not given, so that what runs already keeps its revision.
    assert ("image_input" in adapter.config) == (says is not None)


def test_anything_but_yes_or_no_is_refused() -> None:
    with pytest.raises(ValueError, match="'image_input' is 'yes'; use true or false"):
        OpenAIAdapter({"base_url": "http://127.0.0.1:9/v1", "model": "m", "image_input": "yes"})
