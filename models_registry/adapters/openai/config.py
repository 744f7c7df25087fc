"""Check what an operator writes: the configuration of a revision and its request parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

DEFAULT_TIMEOUT_S = 60.0
DEFAULT_MAX_TOKENS = 1024  # about 750 English words: a long answer, still read in a few minutes
DEFAULT_CONCURRENCY = 4

MAX_TIMEOUT_S = 600.0  # a text battle is void long before that
MAX_TOKENS = 1_000_000  # no known model writes more; a larger number is a slip
MAX_CONCURRENCY = 1_000
MAX_STOPS = 16

VARIABLE_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


def checked_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration with defaults filled in.

    Keys: `base_url` and `model` (both needed), `api_key_env`, `system_prompt` and `image_input`
    (left out where not given), `timeout_s`, `max_tokens`, `concurrency`. Raises ValueError that
    names the wrong key.
    """
    if "api_key" in config:
        raise ValueError(
            "the openai adapter has no key 'api_key', because configurations are kept in the "
            "database; put the key into an environment variable and its name into 'api_key_env'"
        )
    _refuse_unknown("the openai adapter", "key", config, CONFIG_CHECKS)
    missing = [key for key in ("base_url", "model") if config.get(key) is None]
    if missing:
        raise ValueError(f"the openai adapter needs '{missing[0]}'; {_EXAMPLES[missing[0]]}")
    defaults = {
        "timeout_s": DEFAULT_TIMEOUT_S,
        "max_tokens": DEFAULT_MAX_TOKENS,
        "concurrency": DEFAULT_CONCURRENCY,
    }
    given = {key: value for key, value in config.items() if value is not None}
    return {key: CONFIG_CHECKS[key](key, value) for key, value in {**defaults, **given}.items()}


def checked_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request parameters: any of `temperature`, `top_p`, `max_tokens`, `stop`.

    Raises ValueError that names the wrong parameter.
    """
    _refuse_unknown("a request of the openai adapter", "parameter", parameters, PARAMETER_CHECKS)
    return {name: PARAMETER_CHECKS[name](name, value) for name, value in parameters.items()}


def _refuse_unknown(
    who: str, what: str, given: Mapping[str, Any], known: Mapping[str, Any]
) -> None:
    unknown = sorted(str(name) for name in given if name not in known)
    if unknown:
        raise ValueError(f"{who} has no {what} {unknown[0]!r}; use only {', '.join(sorted(known))}")


def _address(key: str, value: Any) -> str:
    wanted, address = _EXAMPLES["base_url"], _text(key, value)
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"'{key}' is {address!r}, which is not an address; {wanted}") from None
    if parts.username or parts.password:
        raise ValueError(
            f"'{key}' holds a user name or password, which would be kept in the database; "
            f"leave them out and use 'api_key_env'"
        )
    if parts.scheme not in ("http", "https") or not host or re.search(r"\s", address):
        raise ValueError(f"'{key}' is {address!r}; {wanted}")
    if parts.query or parts.fragment:
        raise ValueError(f"'{key}' has a part after '?' or '#'; {wanted}")
    return address.rstrip("/")


def _variable_name(key: str, value: Any) -> str:
    if not isinstance(value, str) or not VARIABLE_NAME.fullmatch(value):
        # The value is not repeated: it may be the key itself, and errors are kept and shown.
        raise ValueError(
            f"'{key}' is not the name of an environment variable (capital letters, digits and _); "
            f"write the name, such as PROVIDER_API_KEY, never the key itself"
        )
    return value


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"'{key}' is {value!r}; {_EXAMPLES.get(key, 'write a text')}")
    return value


def _number(low: float, high: float, *, is_open: bool = False) -> Callable[[str, Any], float]:
    """Return a check for a number in [low, high], or in (low, high] where `is_open`."""

    def check(key: str, value: Any) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not (low < value if is_open else low <= value) or not value <= high:
            above = "above" if is_open else "from"
            raise ValueError(f"'{key}' is {value!r}; use a number {above} {low:g} up to {high:g}")
        return float(value)

    return check


def _whole(low: int, high: int) -> Callable[[str, Any], int]:
    def check(key: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"'{key}' is {value!r}; use a whole number from {low} up to {high}")
        return value

    return check


def _stops(key: str, value: Any) -> list[str]:
    stops = [value] if isinstance(value, str) else value
    is_list = isinstance(stops, list | tuple) and 0 < len(stops) <= MAX_STOPS
    if not is_list or not all(isinstance(stop, str) and stop for stop in stops):
        raise ValueError(f"'{key}' is {value!r}; use a text or a list of up to {MAX_STOPS} texts")
    return list(stops)


def _yes_or_no(key: str, value: Any) -> bool:
    if value is not True and value is not False:
        raise ValueError(f"'{key}' is {value!r}; use true or false")
    return value


_EXAMPLES = {
    "base_url": "use an address such as http://127.0.0.1:8000/v1 or https://api.example.org/v1",
    "model": "use the name under which the server knows the model",
}
CONFIG_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "base_url": _address,
    "model": _text,
    "api_key_env": _variable_name,
    "system_prompt": _text,
    "timeout_s": _number(0.0, MAX_TIMEOUT_S, is_open=True),
    "max_tokens": _whole(1, MAX_TOKENS),
    "concurrency": _whole(1, MAX_CONCURRENCY),
    "image_input": _yes_or_no,
}
PARAMETER_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "temperature": _number(0.0, 2.0),
    "top_p": _number(0.0, 1.0, is_open=True),
    "max_tokens": _whole(1, MAX_TOKENS),
    "stop": _stops,
}
