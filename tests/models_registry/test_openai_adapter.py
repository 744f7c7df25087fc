"""The openai adapter keeps the contract against a real server of the protocol.

The server is `transformers serve` with a tiny Llama of random weights, made here. What it cannot
be brought to do (refuse a key, want money) is tested on the errors of the client library itself.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import signal
import socket
import string
import subprocess
import sys
import threading
import time
import traceback
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import openai
import psutil
import pytest
from openai.types.chat import ChatCompletionChunk
from safetensors.numpy import save_file

from models_registry.adapters import make_adapter
from models_registry.adapters.contract import (
    Event,
    GenerationError,
    Progress,
    Request,
    TextDelta,
    Turn,
    Usage,
)
from models_registry.adapters.openai.adapter import OpenAIAdapter
from models_registry.adapters.openai.answer import Answer
from models_registry.adapters.openai.config import (
    CONFIG_CHECKS,
    PARAMETER_CHECKS,
    checked_parameters,
)
from models_registry.adapters.openai.dialect import Dialect
from models_registry.adapters.openai.errors import HINTS, RETRYABLE, code_of, translated

START_S = 90.0  # a loaded machine takes long to import torch
HIDDEN, N_LAYERS = 64, 2
SECRET = "sk-test-0123456789abcdef"
NOWHERE = {"base_url": "http://127.0.0.1:9/v1", "model": "m"}


@dataclass(frozen=True)
class Server:
    """A running `transformers serve`."""

    process: subprocess.Popen[bytes]
    port: int
    model: str

    def config(self, **changes: Any) -> dict[str, Any]:
        base_url = f"http://127.0.0.1:{self.port}/v1"
        return {"base_url": base_url, "model": self.model, "max_tokens": 24, **changes}

    def cpu_s(self) -> float:
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system


def make_tiny_model(folder: Path) -> None:
    """Save a two-layer Llama over single characters that samples and never ends by itself.

    Written as files, because importing torch and transformers here too would cost seconds.
    """
    tokenizers = pytest.importorskip("tokenizers", reason="comes with transformers[serving]")
    special = ["<s>", "</s>", "<unk>"]
    characters = [*string.ascii_letters, *string.digits, ":", "Ġ", "Ċ"]  # Ġ, Ċ: space, new line
    vocabulary = {token: number for number, token in enumerate([*special, *characters])}
    bpe = tokenizers.models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>")
    tokenizer = tokenizers.Tokenizer(bpe)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.add_special_tokens(special)
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    template = (
        "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n"
        "{% endfor %}assistant: "
    )
    (folder / "chat_template.jinja").write_text(template)
    write_json(
        folder / "tokenizer_config.json",
        tokenizer_class="PreTrainedTokenizerFast",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
    )
    write_json(
        folder / "config.json",
        architectures=["LlamaForCausalLM"],
        model_type="llama",
        vocab_size=len(vocabulary),
        hidden_size=HIDDEN,
        intermediate_size=2 * HIDDEN,
        num_hidden_layers=N_LAYERS,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=1_000_000,
        bos_token_id=0,
        eos_token_id=1,
        dtype="float32",
    )
    write_json(folder / "generation_config.json", do_sample=True, suppress_tokens=[0, 1, 2])
    save_file(random_llama(len(vocabulary)), folder / "model.safetensors", {"format": "pt"})


def write_json(path: Path, **content: Any) -> None:
    path.write_text(json.dumps(content))


def random_llama(n_tokens: int) -> dict[str, np.ndarray]:
    """Return the weights of a Llama, drawn at random; shapes are (out, in)."""
    rng = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray:
        return (0.2 * rng.standard_normal(shape)).astype(np.float32)

    weights = {
        "model.embed_tokens.weight": normal(n_tokens, HIDDEN),
        "model.norm.weight": np.ones(HIDDEN, np.float32),
        "lm_head.weight": normal(n_tokens, HIDDEN),
    }
    for layer in range(N_LAYERS):
        prefix = f"model.layers.{layer}"
        for part in "qkvo":
            weights[f"{prefix}.self_attn.{part}_proj.weight"] = normal(HIDDEN, HIDDEN)
        for part in ("gate", "up"):
            weights[f"{prefix}.mlp.{part}_proj.weight"] = normal(2 * HIDDEN, HIDDEN)
        weights[f"{prefix}.mlp.down_proj.weight"] = normal(HIDDEN, 2 * HIDDEN)
        for part in ("input", "post_attention"):
            weights[f"{prefix}.{part}_layernorm.weight"] = np.ones(HIDDEN, np.float32)
    return weights


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("fastapi", reason="the server needs transformers[serving]")
    folder = tmp_path_factory.mktemp("model")
    make_tiny_model(folder / "tiny")
    port = free_port()
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(folder / "cache"),
    }
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve"]
    options = [str(folder / "tiny"), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, *options], env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_S
        while not is_healthy(port):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.2)
        yield Server(process, port, str(folder / "tiny"))
    finally:
        process.kill()
        process.wait()


def is_healthy(port: int) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:  # urllib's own errors are among them
        return False


@dataclass
class Relay:
    """Carries bytes between the adapter and the server, notes them, and may cut the line."""

    server: Server
    cut_after: int | None = None  # bytes of answers
    base_url: str = ""
    asked: bytearray = field(default_factory=bytearray)
    answered: bytearray = field(default_factory=bytearray)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inward, outward = await asyncio.open_connection("127.0.0.1", self.server.port)
        there = asyncio.create_task(self._pump(reader, outward, self.asked, None))
        try:
            await self._pump(inward, writer, self.answered, self.cut_after)
        finally:
            there.cancel()
            for end in (writer, outward):
                end.close()

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        notes: bytearray,
        most: int | None,
    ) -> None:
        while (data := await source.read(4096)) and (most is None or len(notes) < most):
            notes += data
            sink.write(data)
            await sink.drain()


@asynccontextmanager
async def relayed(server: Server, cut_after: int | None = None) -> AsyncIterator[Relay]:
    relay = Relay(server, cut_after)
    listener = await asyncio.start_server(relay.carry, "127.0.0.1", 0)
    relay.base_url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1"
    try:
        yield relay
    finally:
        listener.close()


@asynccontextmanager
async def loaded(config: dict[str, Any]) -> AsyncIterator[OpenAIAdapter]:
    adapter = OpenAIAdapter(config)
    await adapter.load()
    try:
        yield adapter
    finally:
        await adapter.unload()


async def all_events(
    config: dict[str, Any], seed: int = 1, history: tuple[Turn, ...] = (), **parameters: Any
) -> list[Event]:
    async with loaded(config) as adapter:
        request = Request("Tell me a story", seed, parameters, history)
        return [event async for event in adapter.generate(request)]


def answer_to(config: dict[str, Any], seed: int = 1, **parameters: Any) -> str:
    events = asyncio.run(all_events(config, seed, **parameters))
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def failed(config: dict[str, Any], **parameters: Any) -> GenerationError:
    with pytest.raises(GenerationError) as caught:
        asyncio.run(all_events(config, **parameters))
    return caught.value


# --- against the server ---------------------------------------------------------------------


def test_an_answer_streams_in_several_deltas_with_the_servers_token_count(server: Server) -> None:
    events = asyncio.run(all_events(server.config()))
    assert events[0] == Progress(0.0)
    assert events[-2:] == [Progress(1.0), Usage(output_tokens=24)]
    assert sum(isinstance(event, TextDelta) for event in events) > 5


def test_an_answer_that_reaches_its_length_limit_is_no_error(server: Server) -> None:
    assert len(answer_to(server.config(max_tokens=5))) == 5  # a token is a character here
    assert len(answer_to(server.config(), max_tokens=9)) == 9


def test_the_seed_decides_what_is_sampled(server: Server) -> None:
    assert answer_to(server.config(), 7) == answer_to(server.config(), 7)
    assert answer_to(server.config(), 7) != answer_to(server.config(), 8)


def test_at_temperature_zero_the_seed_changes_nothing(server: Server) -> None:
    cold = {"temperature": 0, "top_p": 1}
    assert answer_to(server.config(), 1, **cold) == answer_to(server.config(), 2, **cold)


def test_a_system_prompt_reaches_the_model(server: Server) -> None:
    plain = answer_to(server.config(), temperature=0)
    assert answer_to(server.config(system_prompt="Be brief"), temperature=0) != plain


def test_the_turns_before_reach_the_model_as_both_sides_of_a_conversation(server: Server) -> None:
    cold = {"temperature": 0}
    plain = answer_to(server.config(), **cold)
    said = answer_to(server.config(), history=(Turn("Who are you", "A tree"),), **cold)
    other = answer_to(server.config(), history=(Turn("Who are you", "A stone"),), **cold)
    assert len({plain, said, other}) == 3


def test_a_stop_text_ends_the_answer(server: Server) -> None:
    whole = answer_to(server.config(), 3)
    stop = whole[10]
    assert len(answer_to(server.config(), 3, stop=stop)) <= whole.index(stop) + 1


def test_several_requests_are_answered_at_a_time(server: Server) -> None:
    async def story() -> list[list[Event]]:
        async with loaded(server.config(concurrency=3)) as adapter:

            async def ask(prompt: str) -> list[Event]:
                return [event async for event in adapter.generate(Request(prompt, 1))]

            return await asyncio.gather(*(ask(prompt) for prompt in "abc"))

    assert [events[-1] for events in asyncio.run(story())] == [Usage(output_tokens=24)] * 3


async def wait_until_idle(server: Server, limit_s: float) -> None:
    """Return once the server has rested for half a second."""
    deadline = time.monotonic() + limit_s
    while True:
        before = server.cpu_s()
        await asyncio.sleep(0.5)
        if server.cpu_s() - before < 0.1:
            return
        assert time.monotonic() < deadline, "the server is still writing"


@pytest.mark.parametrize("way", ["close", "cancel"])
def test_leaving_early_ends_the_request_on_the_server(server: Server, way: str) -> None:
    async def story() -> None:
        # So many tokens take minutes.
        async with loaded(server.config(max_tokens=500_000)) as adapter:
            stream = adapter.generate(Request("go on", 1))
            while not isinstance(await anext(stream), TextDelta):
                pass
            if way == "close":
                await stream.aclose()
            else:
                reading = asyncio.create_task(consume(stream))
                await asyncio.sleep(0.1)
                reading.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await reading
            await wait_until_idle(server, limit_s=15.0)

    asyncio.run(story())


async def consume(events: AsyncIterator[Event]) -> None:
    async for _ in events:
        pass


def test_a_model_that_the_server_does_not_have_is_a_bad_request(server: Server) -> None:
    error = failed(server.config(model="someone/else"))
    assert (error.code, error.retryable) == ("bad_request", False)
    assert "someone/else" in str(error)
    assert "check 'base_url', 'model'" in str(error)


def test_a_wrong_path_on_the_server_is_a_bad_request(server: Server) -> None:
    error = failed(server.config(base_url=f"http://127.0.0.1:{server.port}/v2"))
    assert (error.code, error.retryable) == ("bad_request", False)
    assert "404" in str(error)


def test_a_field_that_the_server_refuses_is_left_out_from_then_on(server: Server) -> None:
    async def story() -> None:
        async with loaded(server.config()) as adapter:
            adapter.dialect = Dialect(usage_field="no_such_field")  # this server answers 422
            for _ in range(2):
                events = [event async for event in adapter.generate(Request("a", 1))]
                assert events[-1] == Usage(output_tokens=24)  # it counts without being asked
                assert adapter.dialect == Dialect(usage_field=None)

    asyncio.run(story())


def test_a_line_cut_in_the_midst_of_an_answer_is_a_lost_connection(server: Server) -> None:
    async def story() -> None:
        async with relayed(server, cut_after=1500) as relay:
            config = server.config(base_url=relay.base_url, max_tokens=2000)
            await all_events(config)

    with pytest.raises(GenerationError) as caught:
        asyncio.run(story())
    assert (caught.value.code, caught.value.retryable) == ("connection", True)


def test_a_server_that_falls_silent_in_an_answer_is_a_timeout(server: Server) -> None:
    async def story() -> None:
        async with loaded(server.config(max_tokens=500_000, timeout_s=1.5)) as adapter:
            stream = adapter.generate(Request("go on", 1))
            while not isinstance(await anext(stream), TextDelta):
                pass
            server.process.send_signal(signal.SIGSTOP)
            try:
                await consume(stream)
            finally:
                server.process.send_signal(signal.SIGCONT)

    with pytest.raises(GenerationError) as caught:
        asyncio.run(story())
    assert (caught.value.code, caught.value.retryable) == ("timeout", True)


def test_the_key_is_sent_and_nothing_else_of_the_environment(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGON_TEST_KEY", f" {SECRET}\n")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another-program")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-another-program")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    async def asked(**changes: Any) -> str:
        async with relayed(server) as relay:
            await all_events(server.config(base_url=relay.base_url, **changes))
            return relay.asked.decode()

    with_key = asyncio.run(asked(api_key_env="AGON_TEST_KEY"))
    assert f"authorization: bearer {SECRET}\r\n" in with_key.lower()
    assert '"stream_options":{"include_usage":true}' in with_key.replace(" ", "")
    without_key = asyncio.run(asked())
    assert "authorization:" not in without_key.lower()
    assert "another-program" not in with_key + without_key


def test_a_key_that_the_server_repeats_is_not_in_the_error(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGON_TEST_KEY", SECRET)
    # This server names the refused model in its error, and so the key.
    error = failed(server.config(model=f"prefix-{SECRET}", api_key_env="AGON_TEST_KEY"))
    assert error.code == "bad_request"
    assert "prefix-[key]" in str(error)
    assert SECRET not in "".join(traceback.format_exception(error))


# --- without a server -----------------------------------------------------------------------


def test_a_refused_connection_may_be_tried_again() -> None:
    error = failed({**NOWHERE, "base_url": f"http://127.0.0.1:{free_port()}/v1"})
    assert (error.code, error.retryable) == ("connection", True)
    assert "see whether the server runs" in str(error)


@contextmanager
def silent_port() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_server_that_never_answers_is_a_timeout() -> None:
    with silent_port() as port:
        began = time.monotonic()
        error = failed({**NOWHERE, "base_url": f"http://127.0.0.1:{port}/v1", "timeout_s": 0.3})
        assert (error.code, error.retryable) == ("timeout", True)
        assert time.monotonic() - began < 10.0


class WelcomePage(BaseHTTPRequestHandler):
    """A web site that answers everything with its start page, as some do."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"<h1>Welcome</h1>")

    def log_message(self, *args: Any) -> None:
        pass


def test_a_web_page_instead_of_a_stream_is_a_bad_request() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), WelcomePage) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        base_url = f"http://127.0.0.1:{site.server_address[1]}/v1"
        error = failed({**NOWHERE, "base_url": base_url})
        site.shutdown()
    assert (error.code, error.retryable) == ("bad_request", False)
    assert "text/html" in str(error)


@pytest.mark.parametrize("value", [None, "", "two words", "line\nbreak", "schlüssel"])
def test_a_missing_or_unusable_key_is_an_auth_error_that_does_not_show_it(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AGON_TEST_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("AGON_TEST_KEY", value)
    error = failed({**NOWHERE, "api_key_env": "AGON_TEST_KEY"})
    assert (error.code, error.retryable) == ("auth", False)
    assert "AGON_TEST_KEY" in str(error)
    assert not value or value not in str(error)


def test_a_request_before_load_is_refused() -> None:
    async def story() -> None:
        await anext(OpenAIAdapter(NOWHERE).generate(Request("x", 1)))

    with pytest.raises(GenerationError, match=r"call load\(\)"):
        asyncio.run(story())


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"top_k": 5}, "no parameter 'top_k'; use only max_tokens, stop, temperature, top_p"),
        ({"temperature": 3}, "'temperature' is 3; use a number from 0 up to 2"),
        ({"temperature": True}, "'temperature' is True"),
        ({"top_p": 0}, "'top_p' is 0; use a number above 0"),
        ({"max_tokens": 1.5}, "use a whole number"),
        ({"stop": [""]}, "use a text or a list"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(parameters: dict[str, Any], says: str) -> None:
    error = failed(NOWHERE, **parameters)
    assert (error.code, error.retryable) == ("bad_request", False)
    assert says in str(error)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"base_url": None}, "needs 'base_url'; use an address such as"),
        ({"model": None}, "needs 'model'"),
        ({"model": " "}, "'model' is ' '"),
        ({"base_url": "127.0.0.1:8000"}, "use an address such as"),
        ({"base_url": "ftp://a.example/v1"}, "use an address such as"),
        ({"base_url": "http://[::1/v1"}, "not an address"),
        ({"base_url": "http://a.example:port/v1"}, "not an address"),
        ({"base_url": "https://a.example/v1?key=1"}, "after '?'"),
        ({"base_url": 5}, "'base_url' is 5"),
        ({"temprature": 1}, "no key 'temprature'; use only api_key_env, base_url"),
        ({"timeout_s": 0}, "'timeout_s' is 0; use a number above 0"),
        ({"timeout_s": float("nan")}, "'timeout_s' is nan"),
        ({"max_tokens": "many"}, "'max_tokens' is 'many'"),
        ({"concurrency": 0}, "'concurrency' is 0"),
        ({"concurrency": True}, "'concurrency' is True"),
        ({"system_prompt": ""}, "'system_prompt' is ''"),
    ],
)
def test_a_wrong_configuration_is_refused_with_what_to_write(
    changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match="'") as caught:
        OpenAIAdapter({**NOWHERE, **changes})
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"api_key": SECRET},
        {"api_key_env": SECRET},
        {"base_url": f"https://user:{SECRET}@api.example/v1"},
        {"base_url": f"https://api.example/v1?key={SECRET}"},
    ],
)
def test_a_key_in_the_configuration_is_refused_without_repeating_it(
    changes: dict[str, Any],
) -> None:
    with pytest.raises(ValueError, match="'") as caught:
        OpenAIAdapter({**NOWHERE, **changes})
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_the_defaults_are_filled_in_and_the_same_when_checked_again() -> None:
    adapter = make_adapter("openai", {**NOWHERE, "base_url": "https://api.example/v1/"})
    assert adapter.config == {
        "base_url": "https://api.example/v1",
        "model": "m",
        "timeout_s": 60.0,
        "max_tokens": 1024,
        "concurrency": 4,
    }
    assert OpenAIAdapter.validate(adapter.config) == adapter.config
    can = adapter.capabilities()
    assert (can.modality, can.streams, can.concurrency) == ("text", True, 4)


def test_the_client_library_is_not_imported_before_it_is_used() -> None:
    code = (
        "import sys; from models_registry.adapters import make_adapter; "
        f"make_adapter('openai', {NOWHERE!r}).capabilities(); "
        "sys.exit(bool({'openai', 'httpx2'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- what only providers say ----------------------------------------------------------------


def chunk(delta: dict[str, Any], finish_reason: str | None = None) -> ChatCompletionChunk:
    """Return a chunk as the client library makes it from what a server sends."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return ChatCompletionChunk.construct(choices=[choice])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("deltas", "finish_reason", "code"),
    [
        ([{"content": "Hello"}], None, "connection"),
        ([{"content": "Hello"}], "content_filter", "content_filter"),
        ([{"content": "Hello"}], "error", "server_error"),
        ([], "stop", "empty"),
        ([{"content": " \n"}], "stop", "empty"),
        ([{"reasoning_content": "Let me think"}], "length", "empty"),
    ],
)
def test_an_answer_that_is_cut_filtered_or_blank_is_an_error(
    deltas: list[dict[str, Any]], finish_reason: str | None, code: str
) -> None:
    answer = Answer()
    for delta in deltas:
        answer.take(chunk(delta))
    answer.take(chunk({}, finish_reason))
    with pytest.raises(GenerationError) as caught:
        answer.check_end(server="'m' at an address", secret="")
    assert caught.value.code == code


def test_reasoning_is_not_shown_but_keeps_the_reader_waiting() -> None:
    answer = Answer()
    assert answer.take(chunk({"reasoning_content": "Let me think"})) == Progress(0.0)
    assert answer.take(chunk({"content": "Yes."})) == TextDelta("Yes.")
    assert answer.take(chunk({}, "stop")) is None
    answer.check_end(server="'m' at an address", secret="")


def test_a_refusal_in_its_own_field_is_the_answer() -> None:
    assert Answer().take(chunk({"refusal": "I will not."})) == TextDelta("I will not.")


def test_a_chunk_with_missing_parts_is_passed_over() -> None:
    for value in ({}, {"choices": []}, {"choices": [{}]}, {"choices": [{"delta": None}]}):
        odd = ChatCompletionChunk.construct(**value)  # type: ignore[arg-type]
        assert Answer().take(odd) in (None, Progress(0.0))


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, {"code": "invalid_api_key", "type": "invalid_request_error"}, "auth"),
        (403, {"code": "unsupported_country_region_territory"}, "auth"),
        (403, {"code": 403, "metadata": {"flagged_input": "…"}}, "content_filter"),
        (402, {"message": "Insufficient credits", "code": 402}, "credit"),
        (429, {"code": "insufficient_quota", "type": "insufficient_quota"}, "credit"),
        (429, {"code": "rate_limit_exceeded", "type": "tokens"}, "rate_limit"),
        (429, "<html>slow down</html>", "rate_limit"),
        (400, {"code": "content_filter", "innererror": {"code": "x"}}, "content_filter"),
        (400, {"innererror": {"code": "ResponsibleAIPolicyViolation"}}, "content_filter"),
        (400, {"message": "too long", "code": 400}, "bad_request"),
        (404, {"detail": "Not Found"}, "bad_request"),
        (413, None, "bad_request"),
        (422, {"detail": []}, "bad_request"),
        (408, None, "timeout"),
        (504, None, "timeout"),
        (500, None, "server_error"),
        (529, {"type": "overloaded_error"}, "server_error"),
        (None, {"code": 400, "type": "BadRequestError"}, "bad_request"),
        (None, {"code": 502}, "server_error"),
        (None, {"code": "rate_limit_exceeded"}, "rate_limit"),
        (None, "CUDA out of memory", "server_error"),
    ],
)
def test_what_a_server_says_is_told_apart(status: int | None, body: object, code: str) -> None:
    assert code_of(status, body) == code


@pytest.mark.parametrize(
    ("status", "kind", "is_retryable"),
    [
        (401, openai.AuthenticationError, False),
        (429, openai.RateLimitError, True),
        (503, openai.InternalServerError, True),
        (400, openai.BadRequestError, False),
    ],
)
def test_an_error_quotes_the_server_but_never_the_key(
    status: int, kind: type[openai.APIStatusError], is_retryable: bool
) -> None:
    response = httpx2.Response(status, request=httpx2.Request("POST", NOWHERE["base_url"]))
    words = f"Incorrect API key provided: {SECRET}. {'More. ' * 200}"
    raised = kind(words, response=response, body={"message": words})
    error = translated(raised, server="'m' at an address", secret=SECRET)
    assert error.retryable is is_retryable
    assert "Incorrect API key provided: [key]" in str(error)
    assert str(status) in str(error)
    assert SECRET not in str(error)
    assert len(str(error)) < 600


def test_the_codes_are_closed_and_only_infrastructure_is_tried_again() -> None:
    assert set(HINTS) == {
        "auth", "credit", "rate_limit", "content_filter", "timeout", "connection", "bad_request",
        "server_error", "empty", "not_loaded",
    }  # fmt: skip
    assert {"timeout", "connection", "rate_limit", "server_error", "not_loaded"} == RETRYABLE


def test_a_refused_length_field_is_replaced_and_other_refusals_are_not_hidden() -> None:
    refusal = (
        "Unsupported parameter: 'max_tokens' is not supported with this model. "
        "Use 'max_completion_tokens' instead."
    )
    newer = Dialect().after(400, refusal)
    assert newer is not None
    assert newer.fields(7)["max_completion_tokens"] == 7
    assert "max_tokens" not in newer.fields(7)
    assert newer.after(400, refusal) is None
    too_large = "'max_tokens' or 'max_completion_tokens' is too large: 100000."
    assert Dialect().after(400, too_large) is None
    assert Dialect().after(500, "stream_options") is None
    assert Dialect(usage_field=None).after(422, "stream_options") is None


# --- the page "Bring a model" ---------------------------------------------------------------

PAGE = Path(__file__).resolve().parents[2] / "templates" / "docs" / "models.md"


def table_of(heading: str) -> dict[str, list[str]]:
    """Return the rows of the table under this head, by the name in their first cell."""
    _, _, rest = PAGE.read_text("utf-8").partition(f"| {heading} |")
    lines = rest.partition("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0].strip("`"): row[1:] for row in rows}


def test_the_page_names_every_key_parameter_and_code_as_they_are() -> None:
    keys = table_of("key")
    assert set(keys) == set(CONFIG_CHECKS)
    defaults = OpenAIAdapter.validate(NOWHERE)
    for key in ("timeout_s", "max_tokens", "concurrency"):
        assert float(keys[key][0]) == defaults[key]
    assert set(table_of("parameter")) == set(PARAMETER_CHECKS)
    codes = {code: row[0] for code, row in table_of("code").items()}
    assert codes == {code: "yes" if code in RETRYABLE else "no" for code in HINTS}


def test_every_command_on_the_page_has_a_configuration_that_is_accepted() -> None:
    commands = re.findall(r"register_model \"[^`]+", PAGE.read_text("utf-8"))
    assert len(commands) == 3
    for command in commands:
        words = shlex.split(command.replace("\\\n", " "))
        OpenAIAdapter(json.loads(words[words.index("--config") + 1]))
        if "--parameters" in words:
            checked_parameters(json.loads(words[words.index("--parameters") + 1]))


def test_the_adapter_on_the_page_runs_as_written() -> None:
    source = re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert source is not None
    names: dict[str, Any] = {"__name__": "models_registry.adapters.command.adapter"}
    exec(compile(source[1], "models.md", "exec"), names)
    adapter_of = names["CommandAdapter"]
    with pytest.raises(ValueError, match="no key 'comand'"):
        adapter_of({"comand": ["cat"]})

    async def answer(program: str) -> list[Event]:
        adapter = adapter_of({"command": [sys.executable, "-c", program]})
        await adapter.load()
        return [event async for event in adapter.generate(Request("Hello", 5))]

    echo = "import os, sys; print(sys.stdin.read()); print(os.environ['SEED'])"
    assert asyncio.run(answer(echo)) == [TextDelta("Hello\n"), TextDelta("5\n")]
    with pytest.raises(GenerationError, match="status 3"):
        asyncio.run(answer("import sys; sys.exit(3)"))

    async def leave_early() -> float:
        adapter = adapter_of({"command": ["sh", "-c", "echo one; exec sleep 60"]})
        stream = adapter.generate(Request("Hello", 5))
        await anext(stream)
        began = time.monotonic()
        await stream.aclose()
        return time.monotonic() - began

    assert asyncio.run(leave_early()) < 20.0
