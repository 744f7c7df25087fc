"""Ask a server that speaks the OpenAI chat-completions protocol, and stream its answer."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from models_registry.abilities import Abilities
from models_registry.adapters.contract import (
    Adapter,
    Capabilities,
    Event,
    Progress,
    Request,
    RequestImage,
    Usage,
)
from models_registry.adapters.openai.answer import Answer
from models_registry.adapters.openai.config import checked_config, checked_parameters
from models_registry.adapters.openai.dialect import Dialect
from models_registry.adapters.openai.errors import failure, translated, words_of

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk


class OpenAIAdapter(Adapter):
    """One model on vLLM, llama.cpp, Ollama, a provider or any other server of the protocol.

    `checked_config` says which keys there are. Nothing is asked twice here, except once more when
    the server refuses a field of `Dialect`; retries belong to the job.
    """

    name: ClassVar[str] = "openai"

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        self.dialect = Dialect()
        self._client: AsyncOpenAI | None = None
        self._key = ""

    @classmethod
    def validate(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the configuration; ValueError names the key, what was seen and what to write."""
        return checked_config(config)

    def capabilities(self) -> Capabilities:
        """Text, streamed, with the configured number of requests at a time, and follow-ups.

        Pictures beside the words are sent where the configuration says `image_input`.
        """
        return Capabilities(
            "text",
            streams=True,
            concurrency=self.config["concurrency"],
            abilities=Abilities(
                conversation=True, image_input=self.config.get("image_input", False)
            ),
        )

    async def load(self) -> None:
        """Read the key and make the client; GenerationError `auth` where there is no usable key."""
        if self._client is None:
            self._key = self._read_key()
            # Importing the client library takes a second; other streams go on meanwhile.
            self._client = await asyncio.to_thread(self._make_client)

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

    def _make_client(self) -> AsyncOpenAI:
        import openai

        timeout_s = self.config["timeout_s"]
        client = openai.AsyncOpenAI(
            base_url=self.config["base_url"],
            api_key=self._key or "none",  # else it would look for OPENAI_API_KEY
            max_retries=0,
            timeout=timeout_s,
            http_client=openai.DefaultAsyncHttpxClient(
                trust_env=False, follow_redirects=False, timeout=timeout_s
            ),
        )
        _ = client.chat.completions  # loaded lazily by the library: here rather than in the loop
        return client

    def generate(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield the answer as it comes; closing this stream closes the one of the server."""
        return self._generate(request)

    async def _generate(self, request: Request) -> AsyncGenerator[Event, None]:
        if self._client is None:
            raise failure("not_loaded", f"the client of {self._server} is not made yet")
        import openai

        answer = Answer()
        stream: AsyncStream[ChatCompletionChunk] | None = None
        try:
            stream = await self._open(self._client, request)
            self._check_kind(stream)
            yield Progress(0.0)
            while (chunk := await self._next(stream)) is not None:
                event = answer.take(chunk)
                if event is not None:
                    yield event
        except (openai.OpenAIError, TimeoutError, ValueError) as error:
            # Without the cause: a traceback of the client library may quote the key.
            raise translated(error, server=self._server, secret=self._key) from None
        finally:
            if stream is not None:
                await stream.close()
        answer.check_end(server=self._server, secret=self._key)
        yield Progress(1.0)
        yield Usage(output_tokens=answer.output_tokens)

    async def _open(
        self, client: AsyncOpenAI, request: Request
    ) -> AsyncStream[ChatCompletionChunk]:
        """Send the request; once more in another dialect where the server refuses a field."""
        import openai

        try:
            parameters = checked_parameters(request.parameters)
        except ValueError as error:
            raise failure("bad_request", str(error), secret=self._key) from None
        max_tokens = parameters.pop("max_tokens", self.config["max_tokens"])
        dialect = self.dialect
        while True:
            try:
                async with asyncio.timeout(self.config["timeout_s"]):
                    stream: AsyncStream[ChatCompletionChunk] = await client.chat.completions.create(
                        model=self.config["model"],
                        messages=self._messages(request),
                        seed=request.seed,
                        stream=True,
                        extra_headers=self._headers(),
                        extra_body=dialect.fields(max_tokens),
                        **parameters,
                    )
            except openai.APIStatusError as error:
                other = dialect.after(error.status_code, words_of(error))
                if other is None:
                    raise
                dialect = other
            else:
                self.dialect = dialect
                return stream

    def _headers(self) -> dict[str, Any]:
        """Return headers, given or left out explicitly.

        What the environment holds for other programs (OPENAI_API_KEY, OPENAI_ORG_ID) must not
        travel to this server.
        """
        import openai

        return {
            "Authorization": f"Bearer {self._key}" if self._key else openai.Omit(),
            "OpenAI-Organization": openai.Omit(),
            "OpenAI-Project": openai.Omit(),
        }

    def _messages(self, request: Request) -> Any:
        system = self.config.get("system_prompt")
        messages: list[dict[str, Any]] = []
        if system:
            messages.append({"role": "system", "content": system})
        for turn in request.history:
            messages.append({"role": "user", "content": _content(turn.prompt, turn.images)})
            messages.append({"role": "assistant", "content": turn.answer})
        return [*messages, {"role": "user", "content": _content(request.prompt, request.images)}]

    async def _next(self, stream: AsyncStream[ChatCompletionChunk]) -> ChatCompletionChunk | None:
        # Beside the client's own time-out: that one is reset by keep-alive comments.
        async with asyncio.timeout(self.config["timeout_s"]):
            return await anext(stream, None)

    def _check_kind(self, stream: AsyncStream[ChatCompletionChunk]) -> None:
        kind = stream.response.headers.get("content-type", "")
        if not kind.startswith("text/event-stream"):
            happened = f"{self._server} answered with {kind or 'no content type'}, not a stream"
            raise failure("bad_request", happened, secret=self._key)

    @property
    def _server(self) -> str:
        return f"'{self.config['model']}' at {self.config['base_url']}"

    async def unload(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()


def _content(prompt: str, images: Sequence[RequestImage]) -> str | list[dict[str, Any]]:
    """Return words alone as a text, and pictures, as data: addresses, before the words."""
    if not images:
        return prompt
    parts = [
        {
            "type": "image_url",
            "image_url": {
                "url": f"data:{image.media_type};base64,"
                f"{base64.b64encode(image.data).decode('ascii')}"
            },
        }
        for image in images
    ]
    return [*parts, {"type": "text", "text": prompt}]
