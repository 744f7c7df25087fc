"""Run a model that is served over the job API: submit, follow, fetch the output, cancel."""

from __future__ import annotations

import asyncio
import os
import ssl
import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

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
from models_registry.adapters.http.config import MIB, checked_config
from models_registry.adapters.http.errors import failure
from models_registry.adapters.http.job import Job, job_body

if TYPE_CHECKING:
    from models_registry.adapters.http.client import JobClient

MAX_TEXT_BYTES = MIB  # sixteen times the longest answer that is shown
# What the media type of an output has to start with.
TYPES = {"text": "text/", "image": "image/", "music": "audio/", "mesh": "model/"}


class HttpAdapter(Adapter):
    """One model behind the job API that the page "Serve a model over HTTP" describes.

    `checked_config` says which keys there are. A request that is lost on its way is sent again
    with the same id; nothing else is: retries belong to the job.
    """

    name: ClassVar[str] = "http"

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        self._key = ""
        self._certificates: ssl.SSLContext | None = None

    @classmethod
    def validate(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the configuration; ValueError names the key, what was seen and what to write."""
        return checked_config(config)

    def capabilities(self) -> Capabilities:
        """The configured modality; what it can be asked for is its owner's to declare."""
        return Capabilities(
            self.config["modality"],
            streams=self.config["modality"] == "text" and self.config["stream"],
            concurrency=self.config["concurrency"],
        )

    async def load(self) -> None:
        """Read the key and the certificates; GenerationError `auth` without a usable key."""
        if self._certificates is None:
            self._key = self._read_key()
            # The client library and the certificates take a while; other streams go on meanwhile.
            self._certificates = await asyncio.to_thread(_certificates)

    def _read_key(self) -> str:
        variable = self.config.get("api_key_env")
        if variable is None:
            return ""
        key = os.environ.get(variable, "").strip()
        if not key:
            raise failure("auth", f"the environment variable {variable} is not set or empty")
        if not key.isascii() or not key.isprintable() or " " in key:
            # A header cannot carry it, and the client's error would show it.
            raise failure("auth", f"the environment variable {variable} holds no usable key")
        return key

    def generate(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield the model's events; closing this stream cancels the job on the server."""
        return self._generate(request)

    async def _generate(self, request: Request) -> AsyncGenerator[Event, None]:
        if self._certificates is None:
            raise failure("not_loaded", f"the client of {self.config['base_url']} is not made yet")
        import httpx2

        from models_registry.adapters.http.client import JobClient

        headers = {"Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        # A client for each job: the worker of media runs each in an event loop of its own.
        async with httpx2.AsyncClient(
            headers=headers,
            timeout=self.config["timeout_s"],
            trust_env=False,
            follow_redirects=False,
            verify=self._certificates,
        ) as client:
            deadline = asyncio.get_running_loop().time() + self.config["deadline_s"]
            # A new id for each attempt: ending one that lost its lease must not end its successor.
            job_id = uuid.uuid4().hex
            job = JobClient(client, self.config, job_id, deadline, self._key)
            try:
                async with aclosing(self._events(job, request)) as events:
                    async for event in events:
                        yield event
            finally:
                await job.end()

    async def _events(self, client: JobClient, request: Request) -> AsyncGenerator[Event, None]:
        job = await client.submit(job_body(self.config, request, client.job_id))
        yield Progress(0.0)
        follow = self._streamed if self.config["stream"] else self._polled
        n_bytes, has_words = 0, False
        async with aclosing(follow(client, job)) as documents:
            async for job in documents:
                yield TextDelta(job.text) if job.text else Progress(job.progress or 0.0)
                n_bytes += len(job.text.encode())
                has_words = has_words or bool(job.text.strip())
                if n_bytes > MAX_TEXT_BYTES:
                    said = f"{self.config['base_url']} wrote more than {MAX_TEXT_BYTES} bytes"
                    raise failure("too_large", said)
        if job.status != "succeeded":
            code, words = job.why()
            said = f"{self.config['base_url']} ended the job ({job.status}): {words}"
            raise failure(code, said, secret=self._key)
        if self.config["modality"] != "text" or not self.config["stream"]:
            yield await self._output(client)
        elif not has_words:
            raise failure("empty", f"{self.config['base_url']} finished without a word")
        yield Progress(1.0)
        yield Usage(cost_usd=job.cost_usd, output_tokens=job.output_tokens)

    async def _streamed(self, client: JobClient, job: Job) -> AsyncGenerator[Job, None]:
        """Yield each document of the stream, the last one being of a job that is over."""
        progress = 0.0
        async with aclosing(client.follow()) as documents:
            async for heard in documents:
                # An empty line: the server is at work, not stuck.
                job = heard or Job("processing", progress)
                progress = max(progress, job.progress or 0.0)
                yield job if self.config["modality"] == "text" else replace(job, text="")
                if job.is_over:
                    return
        said = f"{self.config['base_url']} ended the stream before the job was over"
        raise failure("connection", said)

    async def _polled(self, client: JobClient, job: Job) -> AsyncGenerator[Job, None]:
        """Yield each document that polling brings; polls may be lost for up to `timeout_s`."""
        loop = asyncio.get_running_loop()
        last_heard = loop.time()
        yield replace(job, text="")  # words come in a stream or at the end, never in both
        while not job.is_over:
            if loop.time() >= client.deadline:
                said = f"{self.config['base_url']} did not end the job within 'deadline_s'"
                raise failure("timeout", said)
            await asyncio.sleep(self.config["poll_s"])
            try:
                job = await client.poll()
            except GenerationError as error:
                is_lost = error.code == "connection"
                if not is_lost or loop.time() - last_heard >= self.config["timeout_s"]:
                    raise
                continue
            last_heard = loop.time()
            yield replace(job, text="")

    async def _output(self, client: JobClient) -> Event:
        data, media_type = await client.fetch()
        modality, server = self.config["modality"], self.config["base_url"]
        if not media_type.strip().lower().startswith(TYPES[modality]):
            said = f"{server} sent {media_type[:80] or 'no media type'!r}, where {modality} is due"
            raise failure("wrong_type", said, secret=self._key)
        if not data:
            raise failure("empty", f"{server} sent an output of no bytes")
        if modality != "text":
            return Artifact(data, media_type)
        if len(data) > MAX_TEXT_BYTES:
            raise failure("too_large", f"{server} wrote {len(data)} bytes")
        text = data.decode("utf-8", "replace")
        if not text.strip():
            raise failure("empty", f"{server} finished without a word")
        return TextDelta(text)


def _certificates() -> ssl.SSLContext:
    import httpx2

    return httpx2.create_ssl_context()
