"""Events of a generator that blocks: it works in a thread and its consumer awaits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor

from models_registry.adapters.contract import Event

BUFFERED_EVENTS = 32  # a generator runs at most so far ahead of its consumer

Emit = Callable[[Event], None]
Work = Callable[[Emit], None]


class Stopped(BaseException):
    """The consumer is gone; no `except Exception` in an engine's code may swallow this."""


async def events_of(threads: ThreadPoolExecutor, work: Work) -> AsyncGenerator[Event, None]:
    """Run `work(emit)` in a thread and yield what it emits; closing makes the next emit raise."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Event | None] = asyncio.Queue()
    room = threading.Semaphore(BUFFERED_EVENTS)
    is_closed = threading.Event()

    def emit(event: Event) -> None:
        if not is_closed.is_set():
            room.acquire()
        if is_closed.is_set():
            raise Stopped
        loop.call_soon_threadsafe(queue.put_nowait, event)

    def run() -> None:
        try:
            work(emit)
        except Stopped:
            return
        finally:
            loop.call_soon_threadsafe(queue.put_nowait, None)

    worker = loop.run_in_executor(threads, run)
    try:
        while (event := await queue.get()) is not None:
            room.release()
            yield event
        await worker
    finally:
        is_closed.set()
        room.release()
        # The slot of this request is free only once its thread has left the generator.
        await asyncio.wait([worker])
        if not worker.cancelled():
            worker.exception()
