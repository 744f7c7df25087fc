"""A process that does not outlive the one that started it, whatever ended that one."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)
# Loaded here, since between fork and exec only the simplest calls are safe.
_LIBC = ctypes.CDLL(None) if sys.platform.startswith("linux") else None


def end_with_parent(parent: int, sent: signal.Signals = signal.SIGKILL) -> None:
    """Ask the kernel to send `sent` to this process when the process `parent` ends (Linux only)."""
    if _LIBC is None:
        return
    _LIBC.prctl(PR_SET_PDEATHSIG, int(sent), 0, 0, 0)
    if os.getppid() != parent:  # the parent died before the request was in place
        os._exit(1)
