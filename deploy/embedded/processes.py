"""How a child process of `up` is started, followed and ended; nothing here knows what it runs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from arena.common.orphans import end_with_parent

# A log larger than this is put aside (one older copy is kept) when its child next starts.
LOG_LIMIT_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True)
class Child:
    """One program to keep running.

    `tier` orders starting and stopping: children of a tier stop together, the highest tier first.
    `is_ready` must return quickly; a child without it counts as ready once it runs.
    `orphan_signal` is what it gets when `up` itself is killed: nobody is left to use force then.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    tier: int = 0
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 10.0
    orphan_signal: signal.Signals = signal.SIGKILL
    before_start: Callable[[], None] | None = None
    is_ready: Callable[[], bool] | None = None


class Running:
    """A started child: its process, its process group and its log."""

    def __init__(self, child: Child, logs: Path) -> None:
        """Start the child in a process group of its own, writing to `<logs>/<name>.log`."""
        self.child = child
        self.log = logs / f"{child.name}.log"
        if child.before_start:
            child.before_start()
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self.log_start_bytes = log.tell()
            self.process = subprocess.Popen(
                list(child.argv),
                env={**os.environ, **child.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=child.user,
                # After the change of user, which would clear it.
                preexec_fn=partial(end_with_parent, os.getpid(), child.orphan_signal),  # noqa: PLW1509
            )
        self.started_at = time.monotonic()

    @property
    def age_s(self) -> float:
        """Return for how long the child has been running."""
        return time.monotonic() - self.started_at

    @property
    def exit_status(self) -> int | None:
        """Return the exit status, negative for a signal, or None while it runs."""
        return self.process.poll()

    def is_ready(self) -> bool:
        """Say whether the child runs and answers."""
        if self.exit_status is not None:
            return False
        return self.child.is_ready() if self.child.is_ready else True

    def ask_to_stop(self) -> None:
        """Send the signal that ends this child gracefully."""
        if self.exit_status is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(self.child.stop_signal)

    def wait(self, until: float) -> bool:
        """Wait for the end until that moment of the monotonic clock; say whether it came."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=max(0.0, until - time.monotonic()))
        return self.exit_status is not None

    def kill_group(self) -> None:
        """Kill the child and everything that it left behind in its process group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def last_words(self, lines: int = 15) -> str:
        """Return the end of what this start of the child wrote."""
        with contextlib.suppress(OSError):
            with self.log.open("rb") as log:
                log.seek(self.log_start_bytes)
                text = log.read()[-16_384:].decode(errors="replace")
            return "\n".join(text.splitlines()[-lines:])
        return ""


def describe_exit(status: int) -> str:
    """Say in words how a process ended."""
    if status >= 0:
        return f"exited with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
