"""A worker's side of the sandbox: start the server of children, hand work over, judge the end."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from arena.common.sandbox.frames import (
    EXIT_NO_MEMORY,
    ORDER_SIZE,
    BadFrame,
    head_and_facts,
    receive_frame,
    send,
)
from arena.common.sandbox.limits import MIB, Limits
from arena.common.sandbox.refusals import ChildFailed, Refused, SandboxUnavailable

log = logging.getLogger("agon.sandbox")

REPOSITORY: Final = Path(__file__).resolve().parents[3]
START_S: Final = 120.0  # Python and the libraries on a cold disk and a busy machine
GRACE_S: Final = 10.0  # after which a server that should have ended its child is itself ended
CHILDREN_AT_ONCE: Final = max(2, os.cpu_count() or 1)
MAX_MESSAGE_CHARACTERS: Final = 500
_MAX_NOTE_BYTES: Final = 64 * 1024
# The server's whole environment, beside PYTHONPATH. One thread: only then may it fork safely.
_ENVIRONMENT: Final = {
    "LC_ALL": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
_LINKER_VARIABLES: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class _ZygoteLost(Exception):
    """The server ended before it told how its child did."""


@dataclass(frozen=True)
class Ending:
    """How a child ended: its exit status, negative for a signal, and what it took."""

    status: int
    is_over_time: bool
    cpu_s: float
    peak_bytes: int  # resident, with the libraries that it shares


@dataclass(frozen=True)
class Answer:
    """What a child answered; nothing in it is to be believed."""

    facts: dict[str, Any]
    data: bytes
    ending: Ending


class Zygote:
    """A running server of children and the socket to it."""

    def __init__(self) -> None:
        """Start the server; it says what protections are missing when it is ready."""
        self.owner = os.getpid()
        self.control, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - this Python, a module of ours
                [
                    *(sys.executable, "-s", "-P", "-m", "arena.common.sandbox.zygote"),
                    *(str(theirs.fileno()), str(self.owner)),
                ],
                env=_environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._sending = threading.Lock()
        self._hello = threading.Lock()
        self._missing: list[str] | None = None

    @property
    def is_running(self) -> bool:
        """Say whether the server has not ended."""
        return self.process.poll() is None

    def missing_protections(self) -> list[str]:
        """Return what this machine cannot give; waits until the server is ready."""
        with self._hello:
            if self._missing is None:
                self._missing = json.loads(self._first_line())["missing"]
                _report(self._missing)
            return self._missing

    def order(self, order: dict[str, Any], descriptors: list[int]) -> None:
        """Send an order; raises OSError when the server is gone."""
        body = json.dumps(order).encode()
        with self._sending:
            socket.send_fds(self.control, [ORDER_SIZE.pack(len(body))], descriptors)
            self.control.sendall(body)

    def stop(self) -> None:
        """End the server, and with it its children."""
        self.process.kill()
        self.process.wait()
        with self._sending:
            self.control.close()

    def forget(self) -> None:
        """Let go of it in a process that was forked from its owner."""
        self.control.close()
        self.process.returncode = 0  # not ours to wait for

    def _first_line(self) -> bytes:
        line, deadline = b"", time.monotonic() + START_S
        while not line.endswith(b"\n"):
            self.control.settimeout(max(0.001, deadline - time.monotonic()))
            piece = self.control.recv(_MAX_NOTE_BYTES)
            if not piece:
                raise _ZygoteLost
            line += piece
        self.control.settimeout(None)
        return line


class Sandbox:
    """Runs work on untrusted bytes in children of one server, which is started when needed.

    Safe to use from several threads, and in processes that were forked after its first use.
    """

    def __init__(self) -> None:
        """Start nothing yet."""
        self._zygote: Zygote | None = None
        self._starting = threading.Lock()
        self._places = threading.BoundedSemaphore(CHILDREN_AT_ONCE)
        atexit.register(self.stop)
        os.register_at_fork(after_in_child=self._begin_anew)

    def warm_up(self, work: str) -> None:
        """Start the server and have it load what `work` needs; does not wait for it."""
        with contextlib.suppress(OSError):
            self.zygote().order({"work": work}, [])

    def zygote(self) -> Zygote:
        """Return the running server; start one where there is none."""
        with self._starting:
            if self._zygote is None or not self._zygote.is_running:
                if self._zygote is not None:
                    log.warning("the server of the sandbox ended; starting another")
                    self._zygote.stop()
                self._zygote = Zygote()
            return self._zygote

    def stop(self) -> None:
        """End the server if there is one; the next work starts another."""
        with self._starting:
            if self._zygote is not None:
                self._zygote.stop()
                self._zygote = None

    def run(self, work: str, data: bytes, options: dict[str, Any], limits: Limits) -> Answer:
        """Run `work`, "module:function" of ours, on untrusted bytes in a confined child.

        Raises Refused: what the work says against the bytes; ChildFailed: it needed too much, or
        fell; SandboxUnavailable: two servers in a row failed.
        """
        with self._places:
            for _ in range(2):
                zygote = self.zygote()
                try:
                    return _run(zygote, work, data, options, limits)
                except (_ZygoteLost, OSError) as error:
                    log.warning("the sandbox failed: %s", repr(error))
                    zygote.stop()
        raise SandboxUnavailable("The sandbox failed twice in a row; see the worker's log.")

    async def arun(self, work: str, data: bytes, options: dict[str, Any], limits: Limits) -> Answer:
        """Do what `run` does without holding up the loop."""
        return await asyncio.to_thread(self.run, work, data, options, limits)

    def _begin_anew(self) -> None:
        if self._zygote is not None:
            self._zygote.forget()
        self._zygote = None
        self._starting = threading.Lock()
        self._places = threading.BoundedSemaphore(CHILDREN_AT_ONCE)


def _run(zygote: Zygote, work: str, data: bytes, options: dict[str, Any], limits: Limits) -> Answer:
    zygote.missing_protections()
    connection, child_end = socket.socketpair()
    told, teller = socket.socketpair()
    with connection, told:
        with child_end, teller:
            order = {"work": work, "limits": asdict(limits)}
            zygote.order(order, [child_end.fileno(), teller.fileno()])
        deadline = time.monotonic() + START_S + limits.wall_s + GRACE_S
        frame = None
        # A child that ended early is judged by how it ended.
        with contextlib.suppress(BadFrame, BrokenPipeError, ConnectionResetError):
            send(connection, head_and_facts(options, len(data)), deadline)
            send(connection, data, deadline)
            frame = receive_frame(connection, deadline, max_bytes=limits.result_bytes)
        # A child that sends what is no frame, or more than one, need not be waited for.
        connection.close()
        ending = _ending(told, deadline)
    if frame is None or ending.status != 0 or ending.is_over_time:
        raise _reason(ending, limits)
    facts, made = frame
    _note_late_imports(work, facts)
    _raise_refusal(facts)
    work_facts = facts.get("facts")
    if not isinstance(work_facts, dict):
        raise ChildFailed("crashed", "What reads this output answered nonsense.")
    return Answer(work_facts, made, ending)


def _ending(told: socket.socket, deadline: float) -> Ending:
    said = b""
    while True:
        told.settimeout(max(0.001, deadline - time.monotonic()))
        piece = told.recv(_MAX_NOTE_BYTES)
        if not piece:
            break
        said += piece
    if not said:
        raise _ZygoteLost
    return Ending(**json.loads(said))


def _reason(ending: Ending, limits: Limits) -> ChildFailed:
    """Say why a child made nothing of what it was given."""
    could_not = "This output could not be made safe"
    # Whoever ignores the first signal is killed by the kernel a second of processor time later.
    is_over_cpu = ending.status == -signal.SIGXCPU or (
        ending.status == -signal.SIGKILL and ending.cpu_s >= limits.cpu_s
    )
    if ending.is_over_time or is_over_cpu:
        return ChildFailed(
            "out_of_time",
            f"{could_not}: it needed more than {limits.cpu_s} s of processor time, or "
            f"{limits.wall_s:.0f} s in all.",
        )
    if ending.status == EXIT_NO_MEMORY:
        return ChildFailed(
            "out_of_memory",
            f"{could_not}: it needed more than {limits.memory_bytes // MIB} MiB of memory.",
        )
    if ending.status == 0:
        how = "it answered nonsense"
    elif ending.status < 0:
        how = describe_signal(-ending.status)
    else:
        how = f"exit status {ending.status}"
    return ChildFailed("crashed", f"{could_not}: what reads it crashed ({how}).")


def describe_signal(number: int) -> str:
    """Return the name of a signal, or its number where this system has no name for it."""
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"


def _raise_refusal(facts: dict[str, Any]) -> None:
    """Raise what the work said against its input; `facts` are a child's words."""
    if "fault" in facts:
        raise ChildFailed("crashed", f"What reads this output failed: {_said(facts['fault'])}")
    if "code" in facts:
        raise Refused(_said(facts["code"]), _said(facts.get("message", "")))


def _said(words: object) -> str:
    """Return a child's words in one short line of what can be printed."""
    line = "".join(c if c.isprintable() else " " for c in str(words))
    return line[:MAX_MESSAGE_CHARACTERS]


def _note_late_imports(work: str, facts: dict[str, Any]) -> None:
    if facts.get("late"):
        log.warning(
            "%s imported %s in its child, where nothing can be imported; prepare() is to load it",
            work,
            _said(facts["late"]),
        )


def _report(missing: list[str]) -> None:
    if missing:
        log.warning(
            "untrusted media are decoded in a sandbox that this machine gives no %s",
            " and no ".join(missing),
        )
    else:
        log.info("untrusted media are decoded in a sandbox with every protection")


def _environment() -> dict[str, str]:
    paths = [str(REPOSITORY), *(str(Path(path).absolute()) for path in sys.path)]
    kept = {name: os.environ[name] for name in _LINKER_VARIABLES if name in os.environ}
    return {**_ENVIRONMENT, **kept, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}


_sandbox = Sandbox()  # of this process
run = _sandbox.run
arun = _sandbox.arun
stop = _sandbox.stop
warm_up = _sandbox.warm_up
