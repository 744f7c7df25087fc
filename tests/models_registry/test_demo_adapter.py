"""The demo adapter keeps the contract, whatever its generators do."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from models_registry.adapters.contract import (
    MODALITIES,
    Artifact,
    Event,
    GenerationError,
    Progress,
    Request,
    TextDelta,
    Usage,
)
from models_registry.adapters.demo import GENERATORS, Generator
from models_registry.adapters.demo.adapter import DemoAdapter
from models_registry.adapters.demo.text import corpus
from models_registry.adapters.threads import BUFFERED_EVENTS


class Endless:
    """Writes until it is stopped, and says so."""

    is_running = threading.Event()
    n_written = 0

    def load(self) -> None:
        type(self).n_written = 0

    def stream(self, prompt: str, seed: int, parameters: Mapping[str, Any]) -> Iterator[str]:
        self.is_running.set()
        try:
            while True:
                type(self).n_written += 1
                yield f"{prompt} "
        finally:
            self.is_running.clear()


class Broken(Endless):
    """Fails in the way that its prompt names."""

    def stream(self, prompt: str, seed: int, parameters: Mapping[str, Any]) -> Iterator[str]:
        yield "a start"
        raise {"memory": MemoryError, "value": ValueError, "other": KeyError}[prompt]("why")


class Silent(Endless):
    def stream(self, prompt: str, seed: int, parameters: Mapping[str, Any]) -> Iterator[str]:
        yield from ()


class Unready(Endless):
    def load(self) -> None:
        raise RuntimeError("no documentation here")


def make_picture(
    prompt: str, seed: int, parameters: Mapping[str, Any], progress: Any
) -> tuple[bytes, str]:
    """A media generator that reports, even beyond the end."""
    for fraction in (0.5, 1.7):
        progress(fraction)
    return f"{prompt}:{seed}".encode(), "image/png"


def paint_forever(
    prompt: str, seed: int, parameters: Mapping[str, Any], progress: Any
) -> tuple[bytes, str]:
    """A media generator that swallows every ordinary exception."""
    Endless.is_running.set()
    try:
        while True:
            try:
                progress(0.5)
                time.sleep(0.001)
            except Exception:  # noqa: BLE001 - that is what is tested
                pass
    finally:
        Endless.is_running.clear()


@pytest.fixture(autouse=True)
def more_generators(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (Endless, Broken, Silent, Unready):
        row = Generator("text", f"{__name__}:{kind.__name__}", "")
        monkeypatch.setitem(GENERATORS, kind.__name__, row)
    for function in (make_picture, paint_forever):
        row = Generator("image", f"{__name__}:{function.__name__}", "")
        monkeypatch.setitem(GENERATORS, function.__name__, row)
    missing = Generator("image", "models_registry.adapters.demo.image.nowhere:generate", "")
    monkeypatch.setitem(GENERATORS, "missing", missing)


async def all_events(
    name: str, prompt: str = "list", seed: int = 1, **parameters: Any
) -> list[Event]:
    adapter = DemoAdapter({"generator": name})
    await adapter.load()
    try:
        return [event async for event in adapter.generate(Request(prompt, seed, parameters))]
    finally:
        await adapter.unload()


def failure(name: str, prompt: str = "list", **parameters: Any) -> GenerationError:
    with pytest.raises(GenerationError) as caught:
        asyncio.run(all_events(name, prompt, **parameters))
    return caught.value


@pytest.mark.parametrize("name", ["bm25", "ngram"])
def test_text_streams_in_many_deltas_with_progress_and_usage(name: str) -> None:
    events = asyncio.run(all_events(name, "What is a decorator?"))
    deltas = [event for event in events if isinstance(event, TextDelta)]
    assert len(deltas) > 30
    assert events[0] == Progress(0.0)
    assert events[-2:] == [Progress(1.0), Usage(output_tokens=len(deltas))]


@pytest.mark.parametrize("name", ["bm25", "ngram"])
def test_the_same_request_and_seed_give_the_same_events(name: str) -> None:
    assert asyncio.run(all_events(name)) == asyncio.run(all_events(name))


def test_media_arrive_as_one_artifact_with_progress_within_bounds() -> None:
    events = asyncio.run(all_events("make_picture", "hill", 9))
    assert events == [
        Progress(0.0), Progress(0.5), Progress(1.0), Progress(1.0),
        Artifact(b"hill:9", "image/png"), Usage(),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["Endless", "paint_forever"])
def test_closing_the_stream_stops_the_thread(name: str) -> None:
    async def story() -> None:
        adapter = DemoAdapter({"generator": name})
        await adapter.load()
        stream = adapter.generate(Request("x", 1))
        for _ in range(3):
            await anext(stream)
        assert Endless.is_running.wait(5)
        await stream.aclose()
        assert not Endless.is_running.is_set()
        await adapter.unload()

    asyncio.run(story())


def test_cancelling_the_consumer_stops_the_thread() -> None:
    async def story() -> None:
        adapter = DemoAdapter({"generator": "Endless"})
        await adapter.load()

        async def consume() -> None:
            async for _ in adapter.generate(Request("x", 1)):
                await asyncio.sleep(0)

        consumer = asyncio.create_task(consume())
        await asyncio.to_thread(Endless.is_running.wait, 5)
        consumer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await consumer
        for _ in range(500):
            if not Endless.is_running.is_set():
                break
            await asyncio.sleep(0.01)
        assert not Endless.is_running.is_set()
        await adapter.unload()

    asyncio.run(story())


def test_a_generator_does_not_run_far_ahead_of_a_slow_consumer() -> None:
    async def story() -> None:
        adapter = DemoAdapter({"generator": "Endless"})
        await adapter.load()
        stream = adapter.generate(Request("x", 1))
        await anext(stream)
        await asyncio.sleep(0.2)
        assert Endless.n_written <= BUFFERED_EVENTS + 3
        await stream.aclose()
        await adapter.unload()

    asyncio.run(story())


def test_the_event_loop_stays_responsive_while_a_generator_works() -> None:
    async def story() -> float:
        adapter = DemoAdapter({"generator": "paint_forever"})
        await adapter.load()
        stream = adapter.generate(Request("x", 1))
        await anext(stream)
        began = time.monotonic()
        for _ in range(20):
            await asyncio.sleep(0.001)
        elapsed = time.monotonic() - began
        await stream.aclose()
        return elapsed

    assert asyncio.run(story()) < 2.0


def test_errors_say_what_failed_and_whether_to_retry() -> None:
    seen = {prompt: failure("Broken", prompt) for prompt in ("memory", "value", "other")}
    assert {prompt: (error.code, error.retryable) for prompt, error in seen.items()} == {
        "memory": ("out_of_memory", True),
        "value": ("bad_parameters", False),
        "other": ("generator_failed", False),
    }
    assert "KeyError" in str(seen["other"])
    assert failure("Silent").code == "empty"
    assert failure("missing").code == "not_installed"
    assert failure("Unready").code == "load_failed"
    assert failure("ngram", temperature=-1).code == "bad_parameters"


def test_a_request_before_load_is_refused() -> None:
    async def story() -> None:
        await anext(DemoAdapter({"generator": "ngram"}).generate(Request("x", 1)))

    with pytest.raises(GenerationError, match=r"call load\(\)"):
        asyncio.run(story())


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, "needs 'generator'"),
        ({"generator": "gpt"}, "'generator' is 'gpt'; use one of .*bm25"),
        ({"generator": ["bm25"]}, "use one of"),
        ({"generator": "bm25", "temprature": 1}, "no key 'temprature'"),
        ({"generator": "bm25", "cache_dir": "x"}, "no key 'cache_dir'"),
        ({"generator": "neural", "cache_dir": 5}, "use the path of a folder"),
        ({"generator": "neural", "cache_dir": __file__}, "a file; use a folder"),
    ],
)
def test_a_wrong_configuration_is_refused_with_what_to_write(
    config: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says.replace("[", r"\[")):
        DemoAdapter(config)


def test_the_table_covers_every_modality_and_only_text_streams() -> None:
    rows = {name: DemoAdapter({"generator": name}).capabilities() for name in GENERATORS}
    assert {row.modality for row in rows.values()} == set(MODALITIES)
    assert all(row.streams == (row.modality == "text") for row in rows.values())
    assert all(generator.summary.endswith(".") for n, generator in GENERATORS.items() if n.islower()
               and generator.summary)  # fmt: skip


@pytest.mark.parametrize("name", ["bm25", "ngram", "neural"])
def test_every_text_generator_in_the_table_exists(name: str) -> None:
    module, _, attribute = GENERATORS[name].path.partition(":")
    assert callable(getattr(importlib.import_module(module), attribute))


def test_torch_is_not_imported_before_the_network_is_loaded() -> None:
    code = (
        "import sys; from models_registry.adapters.demo.adapter import DemoAdapter; "
        "from models_registry.adapters.demo.text.neural import RecurrentWriter; "
        "DemoAdapter({'generator': 'neural'}); RecurrentWriter(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_network_keeps_its_weights_in_the_configured_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = corpus.sentences()[:150]
    monkeypatch.setattr(corpus, "sentences", lambda: some)

    async def story() -> list[Event]:
        adapter = DemoAdapter({"generator": "neural", "cache_dir": str(tmp_path / "new")})
        await adapter.load()
        request = Request("list", 1, {"temperature": 0.5, "top_k": 10})
        return [event async for event in adapter.generate(request)]

    events = asyncio.run(story())
    assert any(isinstance(event, TextDelta) for event in events)
    assert len(list((tmp_path / "new").glob("*.safetensors"))) == 1
