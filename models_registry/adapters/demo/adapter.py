"""Run a built-in demo generator: its blocking code in a thread, its output as events."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar, Protocol, cast

from models_registry.adapters.contract import (
    Adapter,
    Artifact,
    Capabilities,
    Event,
    GenerationError,
    Progress,
    Request,
    TextDelta,
    Usage,
)
from models_registry.adapters.demo import GENERATORS
from models_registry.adapters.threads import Emit, events_of

TEXT_CONCURRENCY = 4  # a text generator mostly waits to be read
MEDIA_CONCURRENCY = 1  # an image, clip or mesh keeps one core busy


class TextGenerator(Protocol):
    """What a text generator's class offers; both methods block."""

    def load(self) -> None:
        """Make ready; may take seconds."""

    def stream(
        self, prompt: str, seed: int, parameters: Mapping[str, Any], **looks: Any
    ) -> Iterator[str]:
        """Yield the answer in small pieces; ValueError where a parameter cannot be meant.

        One with the ability `image_input` gets `images`, a sequence of RequestImage.
        """


MediaGenerator = Callable[..., tuple[bytes, str]]  # prompt, seed, parameters, progress; images


class DemoAdapter(Adapter):
    """One demo generator, configured by {"generator": name}; `neural` also takes "cache_dir"."""

    name: ClassVar[str] = "demo"

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        self._described = GENERATORS[self.config["generator"]]
        self._text: TextGenerator | None = None
        self._media: MediaGenerator | None = None
        self._threads: ThreadPoolExecutor | None = None

    @classmethod
    def validate(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the configuration; ValueError names the key, what was seen and what to write."""
        names = ", ".join(sorted(GENERATORS))
        generator = config.get("generator")
        if generator is None:
            raise ValueError(f"the demo adapter needs 'generator'; use one of {names}")
        if not isinstance(generator, str) or generator not in GENERATORS:
            raise ValueError(f"'generator' is {generator!r}; use one of {names}")
        known = {"generator", *GENERATORS[generator].options}
        unknown = sorted(str(key) for key in config if key not in known)
        if unknown:
            raise ValueError(
                f"the demo generator {generator!r} has no key {unknown[0]!r}; "
                f"use only {', '.join(sorted(known))}"
            )
        checked: dict[str, Any] = {"generator": generator}
        cache_dir = config.get("cache_dir")
        if cache_dir is not None:
            if not isinstance(cache_dir, str | os.PathLike) or not str(cache_dir):
                raise ValueError(f"'cache_dir' is {cache_dir!r}; use the path of a folder")
            if Path(cache_dir).exists() and not Path(cache_dir).is_dir():
                raise ValueError(f"'cache_dir' is {str(cache_dir)!r}, a file; use a folder")
            checked["cache_dir"] = str(cache_dir)
        return checked

    def capabilities(self) -> Capabilities:
        """Say what the generator makes and can be asked for; only text streams."""
        is_text = self._described.modality == "text"
        return Capabilities(
            modality=self._described.modality,
            streams=is_text,
            concurrency=TEXT_CONCURRENCY if is_text else MEDIA_CONCURRENCY,
            abilities=self._described.abilities,
        )

    async def load(self) -> None:
        """Make the generator ready, in a thread; GenerationError where it cannot be."""
        if self._threads is not None:
            return
        threads = ThreadPoolExecutor(self.capabilities().concurrency, thread_name_prefix="demo")
        loading = asyncio.get_running_loop().run_in_executor(threads, self._load)
        try:
            await asyncio.wait([loading])
        except asyncio.CancelledError:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
        if (error := loading.exception()) is not None:
            threads.shutdown(wait=False)
            code = "not_installed" if isinstance(error, ImportError) else "load_failed"
            message = f"the demo generator {self.config['generator']!r} cannot be loaded: {error}"
            raise GenerationError(code, message, retryable=False) from error
        self._threads = threads

    def _load(self) -> None:
        module_name, _, attribute = self._described.path.partition(":")
        found = getattr(importlib.import_module(module_name), attribute)
        if self._described.modality == "text":
            options = {key: self.config[key] for key in self._described.options & set(self.config)}
            text = cast("TextGenerator", found(**options))
            text.load()
            self._text = text
        else:
            self._media = cast("MediaGenerator", found)

    def generate(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield the generator's events; closing the stream stops its thread."""
        return self._generate(request)

    async def _generate(self, request: Request) -> AsyncGenerator[Event, None]:
        if self._threads is None:
            message = f"the demo generator {self.config['generator']!r} is not loaded; call load()"
            raise GenerationError("not_loaded", message, retryable=True)
        work = self._write if self._text is not None else self._make
        events = events_of(self._threads, lambda emit: work(request, emit))
        try:
            async for event in events:
                yield event
        except (GenerationError, GeneratorExit, asyncio.CancelledError):
            raise
        except ValueError as error:
            raise GenerationError("bad_parameters", str(error), retryable=False) from error
        except MemoryError as error:
            message = f"the demo generator {self.config['generator']!r} ran out of memory"
            raise GenerationError("out_of_memory", message, retryable=True) from error
        except Exception as error:
            # Retrying cannot help: the same request runs the same code with the same numbers.
            message = (
                f"the demo generator {self.config['generator']!r} failed with "
                f"{type(error).__name__}: {error}"
            )
            raise GenerationError("generator_failed", message, retryable=False) from error
        finally:
            await events.aclose()

    def _write(self, request: Request, emit: Emit) -> None:
        """Stream text; runs in a thread."""
        assert self._text is not None
        emit(Progress(0.0))
        n_pieces = 0
        # A demo reads a conversation as one question in several lines.
        prompt = "\n".join([*(turn.prompt for turn in request.history), request.prompt])
        pieces = self._text.stream(
            prompt, request.seed, request.parameters, **self._pictures(request)
        )
        with closing(cast("Any", pieces)):
            for piece in pieces:
                emit(TextDelta(piece))
                n_pieces += 1
        if not n_pieces:
            raise GenerationError("empty", "the generator wrote nothing", retryable=False)
        emit(Progress(1.0))
        emit(Usage(output_tokens=n_pieces))

    def _pictures(self, request: Request) -> dict[str, Any]:
        """Return the pictures for a generator that looks at them: of this turn, or the newest."""
        if not self._described.abilities.image_input:
            return {}
        turns = [turn.images for turn in request.history]
        newest = next((images for images in (request.images, *reversed(turns)) if images), ())
        if not newest:
            message = "this generator works from a picture; send one with the prompt"
            raise GenerationError("no_picture", message, retryable=False)
        return {"images": newest}

    def _make(self, request: Request, emit: Emit) -> None:
        """Make one image, clip or mesh; runs in a thread."""
        assert self._media is not None

        def report(fraction: float) -> None:
            emit(Progress(min(max(float(fraction), 0.0), 1.0)))

        report(0.0)
        data, media_type = self._media(
            request.prompt, request.seed, request.parameters, report, **self._pictures(request)
        )
        if not data:
            raise GenerationError("empty", "the generator made nothing", retryable=False)
        report(1.0)
        emit(Artifact(data, media_type))
        emit(Usage())

    async def unload(self) -> None:
        """Let the generator and its threads go; requests under way finish."""
        if self._threads is not None:
            self._threads.shutdown(wait=False)
        self._threads = self._text = self._media = None
