"""What a decoder that was taken over might try, as work for the sandbox."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Done = tuple[dict[str, Any], bytes]


def _outcome(attempt: Callable[[], object]) -> str:
    """Return how an attempt was refused, or that it was not."""
    try:
        attempt()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "done"


def echo(data: bytes, options: dict[str, Any]) -> Done:
    return {"pid": os.getpid(), **options}, data


def reach_out(data: bytes, options: dict[str, Any]) -> Done:
    families = {"inet": socket.AF_INET, "unix": socket.AF_UNIX, "netlink": socket.AF_NETLINK}
    return {
        name: _outcome(lambda family=family: socket.socket(family))
        for name, family in families.items()
    } | {"pair": _outcome(socket.socketpair)}, b""


def read_files(data: bytes, options: dict[str, Any]) -> Done:
    return {
        path: _outcome(lambda path=path: os.open(path, os.O_RDONLY)) for path in options["paths"]
    }, b""


def write_files(data: bytes, options: dict[str, Any]) -> Done:
    return {
        "here": _outcome(lambda: os.open("x", os.O_WRONLY | os.O_CREAT)),
        "named": _outcome(lambda: os.open(options["path"], os.O_WRONLY | os.O_CREAT)),
        "list": _outcome(lambda: list(Path().iterdir())),
        "memory": _outcome(lambda: os.memfd_create("x")),
        "remove": _outcome(lambda: Path(options["path"]).unlink()),
    }, b""


def environment(data: bytes, options: dict[str, Any]) -> Done:
    return {"environment": dict(os.environ)}, b""


def start_programs(data: bytes, options: dict[str, Any]) -> Done:
    libc = ctypes.CDLL(None, use_errno=True)

    def raw(call: Callable[..., int], *arguments: object) -> None:
        if call(*arguments) < 0:
            raise OSError(ctypes.get_errno(), "refused")

    return {
        "exec": _outcome(lambda: os.execv("/bin/sh", ["sh", "-c", "true"])),
        "fork": _outcome(os.fork),
        "kill": _outcome(lambda: os.kill(options["pid"], 0)),
        "ptrace": _outcome(lambda: raw(libc.ptrace, 16, options["pid"], None, None)),
        "mount": _outcome(lambda: raw(libc.mount, b"none", b"/", b"tmpfs", 0, None)),
        "unshare": _outcome(lambda: raw(libc.unshare, 0x10000000)),
        "limits": _outcome(lambda: raw(libc.setrlimit, 7, struct.pack("<QQ", 99, 99))),
    }, b""


def open_descriptors(data: bytes, options: dict[str, Any]) -> Done:
    """Say which descriptors are open: a socket cannot seek (ESPIPE), what is closed is EBADF."""
    answers = {n: _outcome(lambda n=n: os.lseek(n, 0, os.SEEK_CUR)) for n in range(1024)}
    return {"held": [n for n, answer in answers.items() if answer != "EBADF"]}, b""


def allocate(data: bytes, options: dict[str, Any]) -> Done:
    return {"bytes": len(bytearray(options["bytes"]))}, b""


def count_for_ever(data: bytes, options: dict[str, Any]) -> Done:
    while True:
        pass


def sleep_for_ever(data: bytes, options: dict[str, Any]) -> Done:
    while True:
        time.sleep(60)


def sleep(data: bytes, options: dict[str, Any]) -> Done:
    time.sleep(options["seconds"])
    return {}, b""


def fall(data: bytes, options: dict[str, Any]) -> Done:
    ctypes.string_at(0)
    return {}, b""


def leave(data: bytes, options: dict[str, Any]) -> Done:
    os._exit(options["status"])


def raise_something(data: bytes, options: dict[str, Any]) -> Done:
    raise LookupError("a\x1b[31m line\nof words" + "!" * 5000)


def flood(data: bytes, options: dict[str, Any]) -> Done:
    return {}, bytes(options["bytes"])


def answer_raw(data: bytes, options: dict[str, Any]) -> Done:
    """Write what is given instead of an answer."""
    os.write(0, data)
    os._exit(0)


def import_late(data: bytes, options: dict[str, Any]) -> Done:
    import colorsys  # noqa: F401

    return {}, b""


def shield(data: bytes, options: dict[str, Any]) -> Done:
    """Ignore the signal of the limit for processor time."""
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    return count_for_ever(data, options)
