"""What a child gives up before it reads an untrusted byte, and what its parent gives up for it.

Each layer stands alone, so that a machine without one still has the others:

- limits of the kernel for the process (setrlimit(2)): memory, processor time, no file longer than
  nothing, no descriptor, no process, no core dump;
- no rights to gain (PR_SET_NO_NEW_PRIVS), and those of root given up;
- a filter of system calls (seccomp(2)) that allows memory, clocks, the two ends of one socket, and
  nothing else: no file is opened, no socket made, no program run, no other process looked into;
- an empty network (network_namespaces(7)) for the whole server of children.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import signal
import sys
from collections.abc import Iterator
from typing import Final

from arena.common.orphans import end_with_parent
from arena.common.sandbox.limits import Limits

NOBODY: Final = 65534  # the user and group that own nothing (Linux, *BSD, macOS: -2)
NICENESS: Final = 2  # pages go a little before the pictures that somebody waits for

# prctl(2), seccomp(2), unshare(2)
_PR_SET_DUMPABLE: Final = 4
_PR_SET_SECCOMP: Final = 22
_PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_MODE_FILTER: Final = 2
_CLONE_NEWIPC: Final = 0x08000000
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_RET_ALLOW: Final = 0x7FFF0000
_RET_EPERM: Final = 0x00050001  # SECCOMP_RET_ERRNO | EPERM
_RET_KILL: Final = 0x80000000
# Classic BPF: load a word of seccomp_data, jump if equal, return.
_LOAD: Final = 0x20
_JUMP_IF_EQUAL: Final = 0x15
_RETURN: Final = 0x06
_NUMBER_AT: Final = 0  # offsetof(struct seccomp_data, nr)
_ARCHITECTURE_AT: Final = 4

# All that computing needs once everything is loaded. (x86-64, AArch64) from the kernel's tables.
_CALLS: Final = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "getpid": (39, 172),
    "exit": (60, 93),
    "gettimeofday": (96, 169),
    "getrusage": (98, 165),
    "sysinfo": (99, 179),
    "times": (100, 153),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "futex": (202, 98),
    "sched_getaffinity": (204, 123),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "getrandom": (318, 278),
    "membarrier": (324, 283),
    "rseq": (334, 293),
}
# What uname(2) calls them; AUDIT_ARCH_… of <linux/audit.h>; the column in the table above.
_ARCHITECTURES: Final = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}


class _Instruction(ctypes.Structure):
    _fields_ = [
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    ]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_Instruction))]


_IS_LINUX = sys.platform.startswith("linux")
# Loaded here, because a child that is confined can load nothing.
_LIBC = ctypes.CDLL(None, use_errno=True) if _IS_LINUX else None


def leave_network() -> bool:
    """Move this process, and all that it will start, into a network without any interface.

    A user who is not root needs a user namespace for it, which a system may forbid. Only a
    process of one thread may make one. Return whether it worked.
    """
    if _LIBC is None:
        return False
    empty = _CLONE_NEWNET | _CLONE_NEWIPC
    return _LIBC.unshare(empty) == 0 or _LIBC.unshare(_CLONE_NEWUSER | empty) == 0


def confine(limits: Limits, *, parent: int) -> list[str]:
    """Give up all that computing does not need; return the names of what could not be given up.

    There is no way back. `parent` is the process with which this one ends. The caller has closed
    the descriptors that are not meant for it.
    """
    missing = []
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    if not _limit_memory(limits.memory_bytes):
        missing.append("memory limit")
    _drop_root()
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        if _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            missing.append("no new privileges")
    end_with_parent(parent)  # a change of user would have cleared it
    for kind, soft, hard in (
        (resource.RLIMIT_CPU, limits.cpu_s, limits.cpu_s + 1),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_NPROC, 0, 0),
        (resource.RLIMIT_NOFILE, 0, 0),  # those that are open stay so
    ):
        resource.setrlimit(kind, (soft, hard))
    if not _filter_calls():
        missing.append("filter of system calls")
    return missing


def _limit_memory(allowance_bytes: int) -> bool:
    """Limit the address space to what is mapped now and the allowance."""
    with contextlib.suppress(OSError, ValueError), open("/proc/self/statm") as statm:  # noqa: PTH123
        most = int(statm.read().split()[0]) * resource.getpagesize() + allowance_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        return True
    return False


def _drop_root() -> None:
    """Become nobody where this is root, as far as the system lets it."""
    if os.geteuid() != 0:
        return
    with contextlib.suppress(OSError):
        os.setgroups([])
    with contextlib.suppress(OSError):
        os.setresgid(NOBODY, NOBODY, NOBODY)
    with contextlib.suppress(OSError):
        os.setresuid(NOBODY, NOBODY, NOBODY)


def _filter_calls() -> bool:
    is_64_bit = sys.maxsize > 2**32  # a 32-bit Python has other numbers under the same name
    if _LIBC is None or not is_64_bit or platform.machine() not in _ARCHITECTURES:
        return False
    architecture, column = _ARCHITECTURES[platform.machine()]
    numbers = [numbers[column] for numbers in _CALLS.values()]
    instructions = list(_instructions(architecture, numbers))
    array = (_Instruction * len(instructions))(*instructions)
    program = _Program(len(instructions), array)
    return bool(
        _LIBC.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0
    )


def _instructions(architecture: int, numbers: list[int]) -> Iterator[_Instruction]:
    """Yield a filter: these numbers of this architecture are allowed, others get EPERM.

    Numbers of another architecture (32-bit on x86-64) mean other calls, so they end the process.
    """
    yield _Instruction(_LOAD, 0, 0, _ARCHITECTURE_AT)
    yield _Instruction(_JUMP_IF_EQUAL, 1, 0, architecture)
    yield _Instruction(_RETURN, 0, 0, _RET_KILL)
    yield _Instruction(_LOAD, 0, 0, _NUMBER_AT)
    for at, number in enumerate(numbers):
        yield _Instruction(_JUMP_IF_EQUAL, len(numbers) - at, 0, number)
    yield _Instruction(_RETURN, 0, 0, _RET_EPERM)
    yield _Instruction(_RETURN, 0, 0, _RET_ALLOW)
