"""Keep the children of `up` running: start in order, restart what dies, stop in reverse order."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from deploy.embedded.processes import Child, Running, describe_exit

# A child that lived this long was healthy: its earlier failures are forgotten.
HEALTHY_AFTER_S = 30.0
# The delays before the first, second, … restart; the last one repeats.
RESTART_DELAYS_S = (0.2, 1.0, 2.0, 4.0, 8.0, 15.0)
# So many deaths in a row, none after a healthy life: something is broken that a restart won't mend.
MOST_FAILURES = 8
POLL_S = 0.1
READY_POLL_S = 0.05


class ChildFailed(RuntimeError):
    """A child could not be started or kept running; the message ends with its last words."""


@dataclass
class _Kept:
    """What the supervisor remembers of one child."""

    running: Running
    failures: int = 0
    restart_at: float | None = None
    was_ready: bool = True


class Supervisor:
    """Own a list of children from their first start to their last end."""

    def __init__(
        self,
        logs: Path,
        say: Callable[[str], None],
        *,
        restart_delays_s: tuple[float, ...] = RESTART_DELAYS_S,
        most_failures: int = MOST_FAILURES,
    ) -> None:
        """Write each child's output under `logs`; tell people what happens through `say`."""
        self.logs = logs
        self.say = say
        self.restart_delays_s = restart_delays_s
        self.most_failures = most_failures
        self._kept: dict[str, _Kept] = {}
        self._signals = 0

    @property
    def pids(self) -> dict[str, int]:
        """Return the process number of each child, in the order of starting."""
        return {name: kept.running.process.pid for name, kept in self._kept.items()}

    @property
    def is_stopping(self) -> bool:
        """Say whether somebody asked everything to stop."""
        return self._signals > 0

    def start(self, child: Child, *, ready_timeout_s: float = 60.0) -> None:
        """Start a child and wait until it is ready.

        Raises ChildFailed when it ends first or isn't ready after `ready_timeout_s`.
        """
        running = Running(child, self.logs)
        self._kept[child.name] = _Kept(running)
        deadline = time.monotonic() + ready_timeout_s
        while not running.is_ready():
            if (status := running.exit_status) is not None:
                raise ChildFailed(self._report(running, describe_exit(status)))
            if time.monotonic() > deadline:
                raise ChildFailed(
                    self._report(running, f"did not answer within {ready_timeout_s:.0f} s")
                )
            if self.is_stopping:
                return
            time.sleep(READY_POLL_S)

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Restart what dies, until a signal asks to stop or `until` says so.

        Raises ChildFailed when a child keeps dying right after its start.
        """
        while not self.is_stopping and not until():
            for kept in self._kept.values():
                self._look_after(kept)
            time.sleep(POLL_S)

    def stop(self) -> None:
        """End all children: the highest tier first, gracefully, then by force after its limit."""
        latest_first = [kept.running for kept in reversed(self._kept.values())]
        latest_first.sort(key=lambda running: running.child.tier, reverse=True)
        for _, tier in groupby(latest_first, key=lambda running: running.child.tier):
            self._stop_together(list(tier))
        self._kept.clear()

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Count Ctrl-C, SIGTERM and SIGHUP as requests to stop; a second one stops by force."""

        def note(_number: int, _frame: object) -> None:
            self._signals += 1

        caught = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, note) for number in caught}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _look_after(self, kept: _Kept) -> None:
        running = kept.running
        if kept.restart_at is not None:
            if time.monotonic() >= kept.restart_at:
                self._restart(kept)
            return
        status = running.exit_status
        if status is None:
            self._note_health(kept)
            return
        running.kill_group()
        if running.age_s > HEALTHY_AFTER_S:
            kept.failures = 0
        # A child that fell because a service that it needs is down is not itself broken.
        if not self._waits_for_a_service(kept) or not kept.failures:
            kept.failures += 1
        if kept.failures > self.most_failures:
            raise ChildFailed(
                self._report(running, f"{describe_exit(status)} {kept.failures} times in a row")
            )
        delay = self.restart_delays_s[min(kept.failures, len(self.restart_delays_s)) - 1]
        self.say(f"{running.child.name} {describe_exit(status)}; starting it again in {delay:g} s")
        kept.restart_at = time.monotonic() + delay

    def _restart(self, kept: _Kept) -> None:
        kept.restart_at = None
        kept.was_ready = False
        kept.running = Running(kept.running.child, self.logs)

    def _note_health(self, kept: _Kept) -> None:
        if not kept.was_ready and kept.running.is_ready():
            kept.was_ready = True
            self.say(f"{kept.running.child.name} runs again (process {kept.running.process.pid})")
        if kept.failures and kept.running.age_s > HEALTHY_AFTER_S:
            kept.failures = 0

    def _waits_for_a_service(self, kept: _Kept) -> bool:
        return any(
            other.restart_at is not None or not other.was_ready
            for other in self._kept.values()
            if other.running.child.tier < kept.running.child.tier
        )

    def _stop_together(self, tier: list[Running]) -> None:
        for running in tier:
            running.ask_to_stop()
        asked_at, signals_before = time.monotonic(), self._signals
        for running in tier:
            deadline = asked_at + running.child.stop_timeout_s
            # In short waits, so that a second Ctrl-C is heard.
            while not running.wait(min(deadline, time.monotonic() + POLL_S)):
                if time.monotonic() >= deadline or self._signals > max(1, signals_before):
                    self.say(f"{running.child.name} did not stop by itself and is ended by force")
                    break
            running.kill_group()

    @staticmethod
    def _report(running: Running, what: str) -> str:
        words = running.last_words()
        told = f"; it last wrote:\n{words}" if words else " and wrote nothing"
        return f"{running.child.name} {what}{told}\nIts whole log is {running.log}"
