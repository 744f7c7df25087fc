"""What adapters share that run a model in this very process: one thread, and honest failures.

The engines (torch, transformers, diffusers) block for seconds, so each loaded model has a thread
of its own: the event loop stays free for heartbeats and other streams.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any

from models_registry.adapters.contract import (
    Adapter,
    Artifact,
    Event,
    GenerationError,
    Progress,
    Request,
    Usage,
)
from models_registry.adapters.threads import Emit, events_of

MAX_WORDS = 400  # characters quoted from an engine; some list every class that they know


class CannotLoad(Exception):
    """The model cannot be loaded; the message says what was seen and what to do."""


class Blank(Exception):
    """The model made nothing to look at or listen to; the message says what was seen."""


class LocalAdapter(Adapter):
    """A model in this process. Subclasses write blocking code: `load_model` and `answer`.

    One request at a time: pipelines keep state between their steps, and two requests at once give
    black images (huggingface/diffusers#7450).
    """

    _threads: ThreadPoolExecutor | None = None

    @property
    def subject(self) -> str:
        """Return what failures name: the model as it is configured."""
        return repr(self.config["model"])

    @abstractmethod
    def load_model(self) -> None:
        """Load the model; runs in the thread. Raises CannotLoad where a cause is known."""

    @abstractmethod
    def check_parameters(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of a request; ValueError names the wrong one."""

    @abstractmethod
    def answer(self, request: Request, parameters: Mapping[str, Any], emit: Emit) -> None:
        """Emit the events of one request; runs in the thread. Each `emit` may raise Stopped."""

    async def load(self) -> None:
        """Load the model in its thread; GenerationError where it cannot be."""
        if self._threads is not None:
            return
        threads = ThreadPoolExecutor(1, thread_name_prefix=self.name)
        loading = asyncio.get_running_loop().run_in_executor(threads, self.load_model)
        try:
            await asyncio.wait([loading])
        except asyncio.CancelledError:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
        if (error := loading.exception()) is not None:
            threads.shutdown(wait=False)
            raise self._load_failure(error) from None
        self._threads = threads

    def _load_failure(self, error: BaseException) -> GenerationError:
        if isinstance(error, GenerationError):
            return error
        if isinstance(error, ModuleNotFoundError):
            message = (
                f"{self.subject} needs the package {error.name!r}, which is not installed; run "
                "'pip install -r deploy/gpu/requirements.txt' where this model runs"
            )
            return GenerationError("not_installed", message, retryable=False)
        if is_out_of_memory(error):
            return self._out_of_memory("while it was loaded")
        seen = shortened(error) if isinstance(error, CannotLoad) else described(error)
        message = f"{self.subject} cannot be loaded: {seen}"
        return GenerationError("load_failed", message, retryable=False)

    def generate(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield the model's events; closing the stream stops its thread at the next step."""
        return self._generate(request)

    async def _generate(self, request: Request) -> AsyncGenerator[Event, None]:
        if self._threads is None:
            message = f"{self.subject} is not loaded; call load() first"
            raise GenerationError("not_loaded", message, retryable=True)
        try:
            parameters = self.check_parameters(request.parameters)
        except ValueError as error:
            raise GenerationError("bad_parameters", str(error), retryable=False) from error
        events = events_of(self._threads, lambda emit: self.answer(request, parameters, emit))
        try:
            async with aclosing(events):
                async for event in events:
                    yield event
        except (GenerationError, GeneratorExit, asyncio.CancelledError):
            raise
        except Exception as error:
            if is_out_of_memory(error):
                raise self._out_of_memory("with this request") from error
            # Retrying cannot help: the same request runs the same code with the same numbers.
            message = f"{self.subject} failed: {described(error)}"
            raise GenerationError("model_failed", message, retryable=False) from error

    def _out_of_memory(self, when: str) -> GenerationError:
        empty_caches()
        message = f"{self.subject} ran out of memory {when}; use a smaller 'dtype' or device"
        return GenerationError("out_of_memory", message, retryable=True)

    def make_visible(self, emit: Emit, make: Callable[[], Artifact]) -> None:
        """Emit what `make` makes; where it is blank, once more with the same seed.

        A blank output may be a fault of the numbers (half precision) or of the device, which one
        more try tells apart from the model's own answer. Raises GenerationError `blank`.
        """
        emit(Progress(0.0))
        try:
            artifact = make()
        except Blank:
            try:
                artifact = make()
            except Blank as error:
                message = f"{self.subject} made {error}, twice with the same seed"
                raise GenerationError("blank", message, retryable=False) from None
        emit(artifact)
        emit(Progress(1.0))
        emit(Usage())

    def unload_model(self) -> None:
        """Let the model go."""

    async def unload(self) -> None:
        """Let the model and its thread go; a request under way finishes."""
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=False)
            self.unload_model()
            await asyncio.to_thread(empty_caches)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an engine's error says that the device or the machine has no room left."""
    # torch raises its own class for a GPU, and a plain RuntimeError for the CPU.
    name, words = type(error).__name__, str(error)
    return (
        isinstance(error, MemoryError)
        or name == "OutOfMemoryError"
        or "out of memory" in words
        or "can't allocate memory" in words
    )


def empty_caches() -> None:
    """Give the memory that torch keeps for later back to the device, if there is torch."""
    import gc
    import sys

    torch: Any = sys.modules.get("torch")
    gc.collect()
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def described(error: BaseException) -> str:
    """Return the kind of an error and its words, shortened."""
    return f"{type(error).__name__}: {shortened(error)}"


def shortened(error: BaseException) -> str:
    """Return the words of an error in one line."""
    flat = " ".join(str(error).split())
    return flat if len(flat) <= MAX_WORDS else f"{flat[:MAX_WORDS]} …"
