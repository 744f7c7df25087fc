"""A small server that forks one confined child for each piece of work.

Starting Python and loading the libraries takes seconds, forking a process that has them some
milliseconds. The server is started by a worker with an empty environment, has one thread, reads
nothing but its worker's orders, and ends with it. A child talks to the worker itself, over a
socket that was handed on; the server tells the worker how the child ended.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from arena.common.sandbox.confinement import NICENESS, confine, leave_network
from arena.common.sandbox.frames import (
    EXIT_BROKEN,
    EXIT_NO_MEMORY,
    ORDER_SIZE,
    read_frame,
    write_frame,
)
from arena.common.sandbox.limits import MIB, Limits
from arena.common.sandbox.refusals import Refused

Work = Callable[[bytes, dict[str, Any]], tuple[dict[str, Any], bytes]]

LOOK_S: Final = 1.0  # how often it looks whether its worker still lives, beside the hang-up


@dataclass
class _Child:
    pid: int
    teller: socket.socket  # to the worker: how it ended; a hang-up means that nobody waits
    deadline: float  # by the monotonic clock
    is_over_time: bool = False

    def kill(self) -> None:
        for kill in (os.killpg, os.kill):  # it may not have its own group yet
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(self.pid, signal.SIGKILL)


class Zygote:
    """The server; `serve` returns when its worker is gone."""

    def __init__(self, control: socket.socket, worker: int) -> None:
        """Answer the orders that come over `control` from the process `worker`."""
        self.control = control
        self.worker = worker
        self.children: dict[int, _Child] = {}
        self.selector = selectors.DefaultSelector()
        self.prepared: set[str] = set()
        self.nowhere = _open_nowhere()

    def serve(self) -> None:
        """Take orders, end what runs too long, tell how children ended."""
        woken, wakes = socket.socketpair()
        for end in (woken, wakes):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        self.selector.register(self.control, selectors.EVENT_READ)
        self.selector.register(woken, selectors.EVENT_READ)
        try:
            while os.getppid() == self.worker:
                for key, _ in self.selector.select(self._wait_s()):
                    if key.fileobj is self.control:
                        if not self._take_order():
                            return
                    elif key.fileobj is woken:
                        woken.recv(4096)
                    elif key.data in self.children:
                        self.children[key.data].kill()  # its worker hung up
                        self.selector.unregister(key.fileobj)
                self._end_late_children()
                self._reap()
        finally:
            for child in self.children.values():
                child.kill()

    def _wait_s(self) -> float:
        deadlines = [child.deadline for child in self.children.values() if not child.is_over_time]
        return max(0.0, min([LOOK_S, *(at - time.monotonic() for at in deadlines)]))

    def _take_order(self) -> bool:
        """Read one order and do it; False when the worker hung up."""
        head, descriptors, _, _ = socket.recv_fds(self.control, ORDER_SIZE.size, 2)
        if len(head) < ORDER_SIZE.size:
            return False
        body = self.control.recv(ORDER_SIZE.unpack(head)[0], socket.MSG_WAITALL)
        order = json.loads(body)
        work = self._prepared(order["work"])
        if descriptors:
            connection, teller = descriptors
            self._fork(work, Limits(**order["limits"]), connection, socket.socket(fileno=teller))
            os.close(connection)
        return True

    def _prepared(self, name: str) -> Work:
        module_name, _, function = name.partition(":")
        module = importlib.import_module(module_name)
        if name not in self.prepared:
            self.prepared.add(name)
            if hasattr(module, "prepare"):
                module.prepare(function)
            gc.collect()
            gc.freeze()  # children share these pages for as long as nobody writes in them
        work: Work = getattr(module, function)
        return work

    def _fork(self, work: Work, limits: Limits, connection: int, teller: socket.socket) -> None:
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            _be_child(work, limits, connection, self.nowhere, server)
        self.children[pid] = _Child(pid, teller, time.monotonic() + limits.wall_s)
        self.selector.register(teller, selectors.EVENT_READ, pid)

    def _end_late_children(self) -> None:
        for child in self.children.values():
            if not child.is_over_time and time.monotonic() >= child.deadline:
                child.is_over_time = True
                child.kill()

    def _reap(self) -> None:
        for child in list(self.children.values()):
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if not pid:
                continue
            del self.children[pid]
            with contextlib.suppress(KeyError):
                self.selector.unregister(child.teller)
            facts = {
                "status": os.waitstatus_to_exitcode(status),
                "is_over_time": child.is_over_time,
                "cpu_s": round(usage.ru_utime + usage.ru_stime, 3),
                "peak_bytes": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
            }
            with contextlib.suppress(OSError), child.teller:
                child.teller.sendall(json.dumps(facts).encode())


def _be_child(work: Work, limits: Limits, connection: int, nowhere: int, parent: int) -> NoReturn:
    """Be confined, answer the one request on `connection`, and end; never return."""
    status = EXIT_BROKEN
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setpgid(0, 0)
        _keep_only(connection, nowhere)
        confine(limits, parent=parent)
        facts, data = _answer(work, *read_frame(0))
        write_frame(0, facts, data)
        status = 0
    except MemoryError:
        status = EXIT_NO_MEMORY
    finally:
        os._exit(status)


def _keep_only(connection: int, nowhere: int) -> None:
    """Leave the connection as descriptor 0, stand in an empty folder, and close all others."""
    os.fchdir(nowhere)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(connection, 0)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))


def _answer(work: Work, options: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    late = _LateImports()
    sys.meta_path.insert(0, late)
    try:
        facts, made = work(data, options)
    except Refused as error:
        if isinstance(error.__cause__, MemoryError):
            raise error.__cause__ from None
        return {"code": error.code, "message": error.message, "late": late.names}, b""
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - told to the worker, which gives the work up
        return {"fault": f"{type(error).__name__}: {error}", "late": late.names}, b""
    return {"facts": facts, "late": late.names}, made


class _LateImports:
    """Notes what a child tries to import, which it cannot: `prepare` is to be mended then."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if len(self.names) < 10:
            self.names.append(name[:100])


def _open_nowhere() -> int:
    """Return a descriptor of a folder that is empty, has no name, and can hold nothing."""
    folder = Path(tempfile.mkdtemp(prefix="agon-nowhere-"))
    descriptor = os.open(folder, os.O_RDONLY)
    folder.rmdir()
    return descriptor


def _missing_protections() -> list[str]:
    """Return what a child of this machine cannot be kept from, as one that tried says."""
    reader, writer = os.pipe()
    server = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writer, json.dumps(confine(Limits(64 * MIB, 5, 0), parent=server)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        said = answer.read()
    os.waitpid(pid, 0)
    return list(json.loads(said)) if said else ["confinement"]


def main() -> None:
    """Serve the worker whose socket and process number are the arguments."""
    control, worker = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    os.nice(NICENESS)
    missing = [] if leave_network() else ["network namespace"]
    missing += _missing_protections()
    with contextlib.suppress(OSError):
        control.sendall(json.dumps({"missing": missing}).encode() + b"\n")
        Zygote(control, worker).serve()
    os._exit(0)


if __name__ == "__main__":
    main()
