"""Tell apart why a server of the job API made no output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast, get_args

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
    "out_of_memory",
    "wrong_type",
    "too_large",
    "blank",
    "empty",
    "not_loaded",
]

# What to do about each.
HINTS: dict[Code, str] = {
    "auth": "check the key in the variable that 'api_key_env' names, and what that key may use",
    "credit": "the account behind the key has to be topped up",
    "rate_limit": "lower 'concurrency' or ask the provider for a higher limit",
    "content_filter": "the same prompt will be filtered again",
    "timeout": "see whether the server is overloaded, or raise 'timeout_s' or 'deadline_s'",
    "connection": "see whether the server runs and whether 'base_url' is its address",
    "bad_request": "check 'base_url', 'model' and the parameters of the revision",
    "server_error": "see the log of the server",
    "out_of_memory": "give the model a larger device, or the server fewer jobs at a time",
    "wrong_type": "let the server name the media type of what it makes, and make 'modality'",
    "too_large": "let the model make less, or raise 'max_bytes'",
    "blank": "see what the model makes of this prompt when it is asked directly",
    "empty": "see what the model makes of this prompt when it is asked directly",
    "not_loaded": "call load() first",
}
# The same request with the same seed may succeed later.
RETRYABLE: frozenset[Code] = frozenset(
    {"timeout", "connection", "rate_limit", "server_error", "out_of_memory", "not_loaded"}
)
# What only this side can find; a server that says one of them is quoted as `server_error`.
_OURS: frozenset[Code] = frozenset({"connection", "not_loaded", "wrong_type"})

MAX_WORDS = 400  # characters quoted from a server; some send whole HTML pages
MIN_SECRET = 4  # characters; replacing a shorter "key" would only garble the message


def failure(code: Code, happened: str, *, secret: str = "") -> GenerationError:
    """Return the error of this code; `secret` is taken out of what happened."""
    said = happened.replace(secret, "[key]") if len(secret) >= MIN_SECRET else happened
    flat = " ".join(said.split())
    short = flat if len(flat) <= MAX_WORDS else f"{flat[:MAX_WORDS]} …"
    return GenerationError(code, f"{short}; {HINTS[code]}", retryable=code in RETRYABLE)


def code_of(status: int, document: object) -> Code:
    """Return the code of an HTTP status other than 2xx and of the document that came with it.

    The code in the document goes before the status, as a status has few meanings.
    """
    said = said_code(document)
    if said is not None:
        return said
    by_status: dict[int, Code] = {
        401: "auth",
        402: "credit",
        403: "auth",
        408: "timeout",
        429: "rate_limit",
        451: "content_filter",
        504: "timeout",
    }
    return by_status.get(status, "server_error" if status >= 500 else "bad_request")


def said_code(document: object) -> Code | None:
    """Return the code that an error document names; None where it names none of the table."""
    code = _error_of(document).get("code")
    is_known = isinstance(code, str) and code in get_args(Code) and code not in _OURS
    return cast("Code", code) if is_known else None


def words_of(document: object) -> str:
    """Return what the server says about an error; may be empty."""
    message = _error_of(document).get("message")
    return message if isinstance(message, str) else ""


def _error_of(document: object) -> Mapping[str, Any]:
    error = document.get("error") if isinstance(document, Mapping) else None
    return error if isinstance(error, Mapping) else {}
