"""A whole installation, started as a person starts it: `manage.py up` in an empty folder."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg

from deploy.embedded.places import REPOSITORY, Places

START_TIMEOUT_S = 180.0  # two busy cores; a quiet machine needs about 15 s
STOP_TIMEOUT_S = 60.0
# What the tests' own services put in the environment, and an operator on a new machine has not.
NOT_OURS = (
    "AGON_TEST_SERVICES",
    "ALLOWED_HOSTS",
    "DATABASE_POOL_MAX",
    "DATABASE_URL",
    "DEBUG",
    "DJANGO_SETTINGS_MODULE",
    "HTTPS",
    "REDIS_URL",
    "SECRET_KEY",
    "STORAGE_URL",
)


class Site:
    """One installation under `folder`; it can be stopped and started again on the same data."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(folder / "v")
        self.output = folder / "up.log"
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in NOT_OURS},
            "AGON_VAR": str(self.places.var),
            "AGON_SKIP_SETUP": "1",  # the interpreter of the tests has every package
            "PYTHONPATH": str(REPOSITORY),
        }
        self._up: subprocess.Popen[bytes] | None = None
        self._said_from = 0
        self._ever_started: set[int] = set()

    # ── life ────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Run `up` and wait until it prints the address."""
        assert self._up is None, "the site runs already"
        self._said_from = self.output.stat().st_size if self.output.exists() else 0
        with self.output.open("ab") as output:
            self._up = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(self.port)],
                cwd=REPOSITORY,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running = self._up
        wait_until(
            lambda: f"Agon runs at {self.url}/" in self.said() or running.poll() is not None,
            f"`up` to print {self.url}/",
            timeout_s=START_TIMEOUT_S,
        )
        assert running.poll() is None, f"`up` ended by itself:\n{self.said()}"
        # A browser that is driven by a program votes sooner than a person could.
        self.rows("UPDATE arenas_arena SET min_look_s = 0 RETURNING slug")

    def stop(self) -> int:
        """Press Ctrl-C and return the exit status."""
        assert self._up is not None, "the site does not run"
        self._note_pids()
        self._up.send_signal(signal.SIGINT)
        try:
            return self._up.wait(STOP_TIMEOUT_S)
        finally:
            self._up.kill()
            self._up = None

    def kill_up(self) -> None:
        """End `up` itself without any chance to clean up."""
        assert self._up is not None, "the site does not run"
        self._note_pids()
        self._up.kill()
        self._up.wait()
        self._up = None

    def said(self) -> str:
        """Return what the running `up` printed; nothing once its folder is gone."""
        if not self.output.exists():
            return ""
        return self.output.read_bytes()[self._said_from :].decode(errors="replace")

    def pids(self) -> dict[str, int]:
        """Return the process of each child, as `up` tells them: at the start and after a death."""
        told = re.findall(r"^  ([\w-]+) +process (\d+)$", self.said(), re.M)
        again = re.findall(r"\] ([\w-]+) runs again \(process (\d+)\)$", self.said(), re.M)
        return {name: int(pid) for name, pid in told + again}

    def kill(self, name: str) -> int:
        """Kill one child without any chance to clean up; return the process that was killed."""
        self._note_pids()
        pid = self.pids()[name]
        os.kill(pid, signal.SIGKILL)
        return pid

    def _note_pids(self) -> None:
        self._ever_started |= set(self.pids().values())

    def survivors(self) -> list[str]:
        """Return every process that `up` or one of its children left behind."""
        return [
            f"{process.name} {process.joinpath('cmdline').read_bytes().decode()!r}"
            for process in Path("/proc").glob("[0-9]*")
            if self._is_of_this_site(process)
        ]

    def wait_for_the_end(self) -> None:
        """Wait until no process is left; name those that stay."""
        for _ in _moments(STOP_TIMEOUT_S):
            if not (survivors := self.survivors()):
                return
        raise AssertionError(f"still there after {STOP_TIMEOUT_S:.0f} s: {survivors}")

    def _is_of_this_site(self, process: Path) -> bool:
        try:
            # After the name in brackets: state, parent, group, session (proc(5)).
            fields = process.joinpath("stat").read_text().rpartition(")")[2].split()
            is_in_data = process.joinpath("cwd").readlink().is_relative_to(self.places.var)
        except OSError:
            return False  # gone in the meantime
        is_alive = fields[0] not in "ZX"
        # PostgreSQL's own children leave the session but stay in the data folder.
        return is_alive and (is_in_data or int(fields[3]) in self._ever_started)

    # ── questions ───────────────────────────────────────────────────────────────────────────

    def manage(self, *arguments: str, **environment: str) -> str:
        """Run a Django command against this installation; return what it printed."""
        answer = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=REPOSITORY,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert answer.returncode == 0, f"{arguments} failed:\n{answer.stdout}{answer.stderr}"
        return answer.stdout

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask the record itself, past all of our own code."""
        with psycopg.connect(self.places.database_url) as database:
            return database.execute(query, parameters).fetchall()  # type: ignore[arg-type]

    def votes(self) -> dict[str, list[int]]:
        """Return the ranks of every vote by its battle."""
        return {
            str(battle): ranks
            for battle, ranks in self.rows("SELECT battle_id, ranks FROM votes_vote")
        }


def wait_until(condition: Callable[[], object], what: str, *, timeout_s: float = 60.0) -> None:
    """Wait for something that happens outside the browser; fail with its name."""
    for _ in _moments(timeout_s):
        if condition():
            return
    raise AssertionError(f"waited {timeout_s:.0f} s for {what}")


def _moments(timeout_s: float) -> Iterator[None]:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        yield
        time.sleep(0.1)
