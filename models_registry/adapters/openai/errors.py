"""Tell apart why a server did not answer: from the client library's errors to our own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from models_registry.adapters.contract import GenerationError

Code = Literal[
    "auth",
    "credit",
    "rate_limit",
    "content_filter",
    "timeout",
    "connection",
    "bad_request",
    "server_error",
    "empty",
    "not_loaded",
]

# What to do about each.
HINTS: dict[Code, str] = {
    "auth": "check the key in the variable that 'api_key_env' names, and what that key may use",
    "credit": "the account behind the key has to be topped up",
    "rate_limit": "lower 'concurrency' or ask the provider for a higher limit",
    "content_filter": "the same prompt will be filtered again",
    "timeout": "see whether the server is overloaded, or raise 'timeout_s'",
    "connection": "see whether the server runs and whether 'base_url' is its address",
    "bad_request": "check 'base_url', 'model' and the parameters of the revision",
    "server_error": "see the log of the server",
    "empty": "see what the model answers when it is asked directly",
    "not_loaded": "call load() first",
}
# The same request with the same seed may succeed later.
RETRYABLE: frozenset[Code] = frozenset(
    {"timeout", "connection", "rate_limit", "server_error", "not_loaded"}
)

# `code` or `type` in the body of an error, in small letters.
_CREDIT = frozenset(
    {
        "insufficient_quota",  # OpenAI, with status 429
        "billing_hard_limit_reached",
        "billing_not_active",
        "insufficient_credits",
    }
)
_FILTER = frozenset(
    {
        "content_filter",  # Azure OpenAI, with status 400
        "content_policy_violation",  # OpenAI
        "responsibleaipolicyviolation",  # Azure OpenAI, the inner code
        "invalid_prompt",  # OpenAI: the prompt was flagged
    }
)
_RATE = frozenset({"rate_limit_exceeded", "rate_limit_error"})

MAX_WORDS = 400  # characters quoted from a server; some send whole HTML pages
MIN_SECRET = 4  # characters; replacing a shorter "key" would only garble the message


def failure(code: Code, happened: str, *, secret: str = "") -> GenerationError:
    """Return the error of this code; `secret` is taken out of what happened."""
    message = f"{_shortened(_scrubbed(happened, secret))}; {HINTS[code]}"
    return GenerationError(code, message, retryable=code in RETRYABLE)


def translated(error: Exception, *, server: str, secret: str) -> GenerationError:
    """Return our error for one of the `openai` package, a time-out or an unreadable answer.

    `server` is its address, for the message; `secret` is the key, which the message never shows.
    """
    import openai

    if isinstance(error, TimeoutError | openai.APITimeoutError):
        return failure("timeout", f"{server} sent nothing for too long", secret=secret)
    if isinstance(error, openai.APIConnectionError):
        cause = error.__cause__ or error
        seen = f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__
        return failure("connection", f"{server} was lost or not reached ({seen})", secret=secret)
    if isinstance(error, openai.APIStatusError):
        code = code_of(error.status_code, error.body)
        said = f"{server} answered with status {error.status_code}: {words_of(error)}"
        return failure(code, said, secret=secret)
    if isinstance(error, openai.APIError):  # an error in the midst of the stream
        return failure(
            code_of(None, error.body), f"{server} broke off: {words_of(error)}", secret=secret
        )
    if isinstance(error, openai.OpenAIError):
        return failure("bad_request", f"{server} cannot be asked: {error}", secret=secret)
    said = f"{server} sent what is not the protocol ({type(error).__name__}: {error})"
    return failure("server_error", said, secret=secret)


def code_of(status: int | None, body: object) -> Code:
    """Return the code for an HTTP status and error body; no status: it came within a stream."""
    marks = _marks(body)
    if status is None:
        status = next((int(mark) for mark in sorted(marks) if mark.isdecimal()), 500)
    if marks & _FILTER or (status == 403 and _is_flagged(body)):
        return "content_filter"
    if marks & _CREDIT or status == 402:
        return "credit"
    if marks & _RATE or status == 429:
        return "rate_limit"
    if status in (401, 403):
        return "auth"
    if status in (408, 504):
        return "timeout"
    return "server_error" if status >= 500 else "bad_request"


def words_of(error: Exception) -> str:
    """Return what the server itself said, in whichever field it says so."""
    body = getattr(error, "body", None)
    if isinstance(body, Mapping):
        for field in ("message", "detail", "error"):
            if body.get(field):
                return str(body[field])
    return str(body) if body else str(error)


def _marks(body: object) -> set[str]:
    if not isinstance(body, Mapping):
        return set()
    inner = body.get("innererror")
    values: list[Any] = [body.get("code"), body.get("type")]
    if isinstance(inner, Mapping):
        values.append(inner.get("code"))
    return {str(value).lower() for value in values if value is not None}


def _is_flagged(body: object) -> bool:
    """Whether a 403 means that OpenRouter's moderation flagged the prompt, not a bad key."""
    metadata = body.get("metadata") if isinstance(body, Mapping) else None
    return isinstance(metadata, Mapping) and "flagged_input" in metadata


def _scrubbed(text: str, secret: str) -> str:
    return text.replace(secret, "[key]") if len(secret) >= MIN_SECRET else text


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= MAX_WORDS else f"{flat[:MAX_WORDS]} …"
