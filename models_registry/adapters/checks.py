"""Checks of what an operator writes, shared by the adapters.

Each check takes a key and a value and returns the value to use; it raises ValueError that names
the key, what was seen and what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

Check = Callable[[str, Any], Any]

VARIABLE_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


def checked(
    who: str, given: Mapping[str, Any], checks: Mapping[str, Check], *, what: str = "key"
) -> dict[str, Any]:
    """Return the given values, each checked; None counts as not given.

    Raises ValueError for the first key that is unknown, then for the first wrong value.
    """
    unknown = sorted(str(key) for key in given if key not in checks)
    if unknown:
        known = ", ".join(sorted(checks)) or "none"
        raise ValueError(f"{who} has no {what} {unknown[0]!r}; use only {known}")
    return {key: checks[key](key, value) for key, value in given.items() if value is not None}


def needed(who: str, given: Mapping[str, Any], examples: Mapping[str, str]) -> None:
    """Raise ValueError for the first key of `examples` that is not given."""
    for key, example in examples.items():
        if given.get(key) is None:
            raise ValueError(f"{who} needs '{key}'; {example}")


def address(key: str, value: Any) -> str:
    """Accept an http(s) address without a user name, a query or a fragment."""
    wanted = "use an address such as http://127.0.0.1:9000 or https://models.example.org/v1"
    seen = text(key, value)
    try:
        parts = urlsplit(seen)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"'{key}' is {seen!r}, which is not an address; {wanted}") from None
    if parts.username or parts.password:
        raise ValueError(
            f"'{key}' holds a user name or password, which would be kept in the database; "
            "leave them out and use 'api_key_env'"
        )
    if parts.scheme not in ("http", "https") or not host or re.search(r"\s", seen):
        raise ValueError(f"'{key}' is {seen!r}; {wanted}")
    if parts.query or parts.fragment:
        raise ValueError(f"'{key}' has a part after '?' or '#'; {wanted}")
    return seen.rstrip("/")


def variable_name(key: str, value: Any) -> str:
    """Accept the name of an environment variable, so that no secret reaches the database."""
    if not isinstance(value, str) or not VARIABLE_NAME.fullmatch(value):
        # The value is not repeated: it may be the key itself, and errors are kept and shown.
        raise ValueError(
            f"'{key}' is not the name of an environment variable (capital letters, digits and _); "
            "write the name, such as PROVIDER_API_KEY, never the key itself"
        )
    return value


def text(key: str, value: Any) -> str:
    """Accept a text that says something."""
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise ValueError(f"'{key}' is {value!r}; write a text")
    return value


def yes_or_no(key: str, value: Any) -> bool:
    """Accept true or false."""
    if value is True or value is False:
        return value
    raise ValueError(f"'{key}' is {value!r}; use true or false")


def one_of(*choices: str) -> Check:
    """Return a check for one of a few words."""

    def check(key: str, value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"'{key}' is {value!r}; use one of {', '.join(choices)}")
        return value

    return check


def number(low: float, high: float, *, is_open: bool = False) -> Check:
    """Return a check for a number in [low, high], or in (low, high] where `is_open`."""

    def check(key: str, value: Any) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not (low < value if is_open else low <= value) or not value <= high:
            above = "above" if is_open else "from"
            raise ValueError(f"'{key}' is {value!r}; use a number {above} {low:g} up to {high:g}")
        return float(value)

    return check


def whole(low: int, high: int) -> Check:
    """Return a check for a whole number from `low` up to `high`."""

    def check(key: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"'{key}' is {value!r}; use a whole number from {low} up to {high}")
        return value

    return check
