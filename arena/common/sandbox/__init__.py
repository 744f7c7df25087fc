"""Untrusted bytes are decoded in a child without network, files, secrets or much memory.

`run("module:function", data, options, limits)` calls a function of ours in such a child. The
function takes the bytes and the options (a dict that JSON can hold) and returns facts (another)
and bytes, or raises Refused. A function `prepare(name)` of its module is called once before, in
the server of children: it does the work on a sample, so that all that is needed is loaded, because
a child can open no file.
"""

from __future__ import annotations

from arena.common.sandbox.client import Answer, Ending, Sandbox, arun, run, stop, warm_up
from arena.common.sandbox.limits import MIB, Limits
from arena.common.sandbox.refusals import (
    FAILURE_CODES,
    ChildFailed,
    FailureCode,
    Refused,
    SandboxUnavailable,
)

__all__ = [
    "FAILURE_CODES",
    "MIB",
    "Answer",
    "ChildFailed",
    "Ending",
    "FailureCode",
    "Limits",
    "Refused",
    "Sandbox",
    "SandboxUnavailable",
    "arun",
    "run",
    "stop",
    "warm_up",
]
