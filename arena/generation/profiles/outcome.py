"""What a profile gives back: an anonymous output, or one of a few reasons why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

UnusableCode = Literal[
    "undecodable",  # the bytes are not what they say they are, or are damaged
    "unsupported",  # a container or a feature that the profile does not read
    "too_large",  # more bytes, pixels, samples or triangles than the profile allows
    "too_long",  # more seconds than the profile allows
    "empty",  # nothing to read, or geometry without a surface
    "blank",  # an image of one colour
    "silent",  # a clip that nobody can hear
    "out_of_memory",  # making it safe needed more memory than the sandbox gives
    "out_of_time",  # the same for time
    "crashed",  # what reads it ended without an answer
]
UNUSABLE_CODES: Final[frozenset[str]] = frozenset(get_args(UnusableCode))
# Where the machine may have been short of something, and another try may do.
MACHINE_CODES: Final = frozenset({"out_of_memory", "out_of_time", "crashed"})


class UnusableOutput(Exception):
    """A model's output cannot be shown; `code` is one of `UNUSABLE_CODES`.

    The message is for staff and owners of the model, never for the voter before the vote.
    """

    def __init__(self, code: UnusableCode, message: str) -> None:
        super().__init__(message)
        self.code: UnusableCode = code
        self.message = message


@dataclass(frozen=True)
class AnonymousOutput:
    """An output in the one shape that all models of its modality share.

    Exactly one of `data` and `text` is set. `extension` begins with a dot, and is "" for text.
    `details` is JSON: what the page needs to show it, none of which names the model.
    """

    data: bytes | None
    text: str | None
    media_type: str
    extension: str
    details: dict[str, Any] = field(default_factory=dict)


@contextmanager
def decoding(what: str) -> Iterator[None]:
    """Turn whatever a third-party parser raises on hostile bytes into `UnusableOutput`.

    Parsers raise almost anything on damaged input (struct.error, IndexError, KeyError,
    RecursionError, …), so the boundary is drawn here, around decoding alone.
    """
    try:
        yield
    except UnusableOutput:
        raise
    except MemoryError as error:
        raise UnusableOutput("too_large", f"The {what} does not fit in memory.") from error
    except Exception as error:
        raise UnusableOutput(
            "undecodable", f"The {what} cannot be decoded: {type(error).__name__}: {error}"
        ) from error
