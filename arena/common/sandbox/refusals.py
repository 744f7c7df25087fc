"""The two ways in which a child makes nothing of what it was given."""

from __future__ import annotations

from typing import Final, Literal, get_args

FailureCode = Literal[
    "out_of_memory",  # it needed more memory than its limit
    "out_of_time",  # the same for time
    "crashed",  # it ended without an answer, or with one that is none
]
FAILURE_CODES: Final[frozenset[str]] = frozenset(get_args(FailureCode))


class Refused(Exception):
    """What the work itself says against its input: raised in the child and again in the worker.

    A child that was taken over may say anything: check `code` against those that are known.
    """

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ChildFailed(Exception):
    """The child was ended, or fell; `code` is one of FAILURE_CODES, the message says how."""

    def __init__(self, code: FailureCode, message: str) -> None:
        super().__init__(message)
        self.code: FailureCode = code
        self.message = message


class SandboxUnavailable(RuntimeError):
    """The sandbox itself failed, whatever the input is; the work may be sent again."""
