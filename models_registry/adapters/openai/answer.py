"""Read one streamed answer: what each chunk brings, and whether the whole is fit to be judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models_registry.adapters.contract import Event, Progress, TextDelta
from models_registry.adapters.openai.errors import failure

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk


@dataclass
class Answer:
    """What is known of an answer so far."""

    has_words: bool = False
    finish_reason: str | None = None
    output_tokens: int | None = None

    def take(self, chunk: ChatCompletionChunk) -> Event | None:
        """Note what the chunk says; return what it brings for the reader.

        The client library does not validate chunks, so any part of one may be missing.
        """
        n_tokens = getattr(getattr(chunk, "usage", None), "completion_tokens", None)
        if isinstance(n_tokens, int):
            self.output_tokens = n_tokens
        choices = getattr(chunk, "choices", None)
        if not choices:
            return None
        self.finish_reason = getattr(choices[0], "finish_reason", None) or self.finish_reason
        delta = getattr(choices[0], "delta", None)
        # A refusal in its own field is still the model's answer.
        text = getattr(delta, "content", None) or getattr(delta, "refusal", None)
        if isinstance(text, str) and text:
            self.has_words = self.has_words or bool(text.strip())
            return TextDelta(text)
        # A model that reasons unseen is at work, not stuck: the reader may wait on.
        return None if self.has_words else Progress(0.0)

    def check_end(self, *, server: str, secret: str) -> None:
        """Raise GenerationError where the answer, now at its end, is none to be judged."""
        reason = self.finish_reason
        if reason is None:
            # Shown as if complete, a cut answer would lose its battle for the network's fault.
            happened = f"{server} ended the stream without a finish_reason: the answer is cut"
            raise failure("connection", happened, secret=secret)
        if reason == "error":
            raise failure("server_error", f"{server} broke off the answer", secret=secret)
        if reason == "content_filter":
            raise failure("content_filter", f"{server} filtered the answer", secret=secret)
        if not self.has_words:
            happened = f"{server} finished ({reason}) without a word"
            if reason == "length":
                happened += ", so 'max_tokens' may all have gone into reasoning"
            raise failure("empty", happened, secret=secret)
