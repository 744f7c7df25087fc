"""The five requests of the job API, each bounded in bytes and in time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import httpx2

from models_registry.adapters.contract import GenerationError
from models_registry.adapters.http.errors import code_of, failure, words_of
from models_registry.adapters.http.job import Job, NotTheProtocol, parsed_job

MAX_DOCUMENT_BYTES = 64 * 1024  # a job document, and a line of a stream
CANCEL_S = 5.0  # nobody waits longer to say goodbye
SUBMITS = 3  # a request may be lost on its way, and submitting twice is the same job
SUBMIT_AGAIN_S = 0.5


class JobClient:
    """One job on one server. `deadline` is a time of the event loop's clock."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        config: Mapping[str, Any],
        job_id: str,
        deadline: float,
        secret: str,
    ) -> None:
        self.job_id = job_id
        self.deadline = deadline
        self.secret = secret
        self._client = client
        self._url = f"{config['base_url']}/jobs/{job_id}"
        self._server = config["base_url"]
        self._timeout_s: float = config["timeout_s"]
        self._max_bytes: int = config["max_bytes"]

    async def submit(self, body: Mapping[str, Any]) -> Job:
        """PUT the job; sent again where the line is lost."""
        for attempt in range(SUBMITS):
            try:
                return await self._document("PUT", json=body)
            except GenerationError as error:
                if error.code != "connection" or attempt == SUBMITS - 1:
                    raise
                await asyncio.sleep(SUBMIT_AGAIN_S)
        raise AssertionError("the last attempt returned or raised")

    async def poll(self) -> Job:
        """GET the job."""
        return await self._document("GET")

    async def follow(self) -> AsyncGenerator[Job | None, None]:
        """GET the stream; yield the document of each line, None for an empty line."""
        async with aclosing(self._lines()) as lines:
            while True:
                async with self._in_time():
                    line = await anext(lines, None)
                if line is None:
                    return
                yield self._parsed(line) if line.strip() else None

    async def fetch(self) -> tuple[bytes, str]:
        """GET the output; return its bytes and its media type."""
        data = bytearray()
        # A slow server is no fault as long as it goes on; the deadline bounds the whole.
        async with self._in_time(whole=True), self._asked("GET", "/output") as answer:
            length = answer.headers.get("content-length", "")
            if length.isdecimal() and int(length) > self._max_bytes:
                raise self._too_large(f"{length} bytes")
            async for piece in answer.aiter_raw():
                data += piece
                if len(data) > self._max_bytes:
                    raise self._too_large(f"more than {self._max_bytes} bytes")
            media_type = answer.headers.get("content-type", "")
        return bytes(data), media_type

    async def end(self) -> None:
        """DELETE the job: one that still runs is cancelled, one that is over may be forgotten."""
        with suppress(httpx2.HTTPError, TimeoutError):
            async with asyncio.timeout(CANCEL_S):
                # The answer is of no interest, and its body is never read.
                async with self._client.stream("DELETE", self._url):
                    pass

    async def _document(self, method: str, **content: Any) -> Job:
        async with self._in_time(), self._asked(method, **content) as answer:
            return self._parsed(await self._read(answer))

    async def _lines(self) -> AsyncGenerator[bytes, None]:
        held = b""
        async with self._asked("GET", "/events") as answer:
            async for piece in answer.aiter_raw():
                *whole, held = (held + piece).split(b"\n")
                if any(len(line) > MAX_DOCUMENT_BYTES for line in (*whole, held)):
                    raise self._too_large(f"a line of more than {MAX_DOCUMENT_BYTES} bytes")
                for line in whole:
                    yield line
        if held.strip():
            yield held

    @asynccontextmanager
    async def _asked(
        self, method: str, path: str = "", **content: Any
    ) -> AsyncIterator[httpx2.Response]:
        """Send a request; the answer is a good one, whose body is still to be read."""
        try:
            async with self._client.stream(method, self._url + path, **content) as answer:
                if (refusal := await self._refusal(answer)) is not None:
                    raise refusal
                yield answer
        except (httpx2.TimeoutException, TimeoutError):
            raise self._timeout() from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            seen = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise self._failure("connection", f"was lost or not reached ({seen})") from None

    async def _refusal(self, answer: httpx2.Response) -> GenerationError | None:
        status = answer.status_code
        if answer.headers.get("content-encoding", "identity") != "identity":
            # Not asked for, and a small body could unfold to gigabytes.
            return self._failure("server_error", "sent a compressed body")
        if answer.is_success:
            return None
        if answer.is_redirect:
            return self._failure("bad_request", f"redirects ({status}), which is not followed")
        try:
            document = json.loads(await self._read(answer))
        except (ValueError, RecursionError, GenerationError):
            document = None
        if status == 404 and answer.request.method == "GET":
            return self._failure("server_error", "no longer knows the job: it may have restarted")
        words = words_of(document)
        code = code_of(status, document)
        return self._failure(code, f"answered with status {status}{': ' if words else ''}{words}")

    async def _read(self, answer: httpx2.Response) -> bytes:
        data = bytearray()
        async for piece in answer.aiter_raw():
            data += piece
            if len(data) > MAX_DOCUMENT_BYTES:
                raise self._too_large(f"a document of more than {MAX_DOCUMENT_BYTES} bytes")
        return bytes(data)

    def _parsed(self, data: bytes) -> Job:
        try:
            return parsed_job(data, job_id=self.job_id)
        except NotTheProtocol as error:
            raise self._failure("server_error", f"sent what is no job API: {error}") from None

    @asynccontextmanager
    async def _in_time(self, *, whole: bool = False) -> AsyncIterator[None]:
        """Give up at the deadline, or earlier after `timeout_s`."""
        soon = asyncio.get_running_loop().time() + self._timeout_s
        try:
            async with asyncio.timeout_at(self.deadline if whole else min(self.deadline, soon)):
                yield
        except TimeoutError:
            raise self._timeout() from None

    def _timeout(self) -> GenerationError:
        if asyncio.get_running_loop().time() >= self.deadline:
            return self._failure("timeout", "did not end the job within 'deadline_s'")
        return self._failure("timeout", "sent nothing, or not enough, for 'timeout_s'")

    def _too_large(self, seen: str) -> GenerationError:
        return self._failure("too_large", f"sent {seen}")

    def _failure(self, code: Any, happened: str) -> GenerationError:
        return failure(code, f"{self._server} {happened}", secret=self.secret)
