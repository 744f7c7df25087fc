"""What becomes of media jobs when workers are killed again and again and the broker forgets all.

A real installation runs: PostgreSQL, Valkey, relay, scheduler and workers; only the generator is a
stub. A killer ends a busy process of a worker's pool every moment, sometimes the worker itself, and
halfway empties the broker. Every job must then have exactly one output. "Recovery" is the time from
the kill of a process to the end of the job that it ran. The last line claims the same jobs anew
from one process, for what the statement itself costs.
"""

import contextlib
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis

from deploy.embedded.places import REPOSITORY, Places
from deploy.embedded.processes import Child
from deploy.embedded.supervisor import Supervisor
from deploy.embedded.up import applications, child_environment, services

N_JOBS = 3_000
N_KILLS = 150
KILL_EVERY_S = 0.45
MAIN_EVERY = 15  # of so many kills one ends a worker itself, the others a process of its pool
WORKERS, PROCESSES = 3, 2
LONGEST_S = 600.0
SEED = 20261121
NEEDED = ("relay", "worker-cpu", "scheduler")
STUB = "tests.benchmarks.stub_engine"


@dataclass
class Killed:
    """What the killer did: when each job lost its process, and how often it struck."""

    n_kills: int = 0
    n_workers: int = 0
    at: dict[str, float] = field(default_factory=dict)  # by job, the last time


def run() -> None:
    """Print the table."""
    with _installation() as (places, supervisor):
        database = psycopg.connect(places.database_url, autocommit=True)
        _stub("open", str(N_JOBS // 2))
        started = time.monotonic()
        killed = _kill(places, supervisor, database)
        took_s = _wait(database) - started
        _report(database, killed, took_s)
        _stub("claim")
        database.close()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _stub(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", STUB, *arguments], cwd=REPOSITORY, check=True)


@contextlib.contextmanager
def _installation() -> Iterator[tuple[Places, Supervisor]]:
    folder = Path(tempfile.mkdtemp(prefix="agon-"))
    folder.chmod(0o711)  # as root, PostgreSQL runs as another user and passes through
    places = Places(folder / "v")
    places.prepare()
    before = dict(os.environ)
    for name in ("DATABASE_URL", "REDIS_URL", "STORAGE_URL", "SECRET_KEY", "LEDGER_KEY"):
        os.environ.pop(name, None)
    os.environ["AGON_VAR"] = str(places.var)
    os.environ.update(child_environment(places, "127.0.0.1"))
    supervisor = Supervisor(places.logs, lambda _: None, most_failures=10_000)
    is_over = threading.Event()
    try:
        for service in services(places):
            supervisor.start(service)
        for words in (("migrate", "--no-input"), ("create_default_arenas",)):
            command = [sys.executable, "manage.py", *words, "-v", "0"]
            subprocess.run(command, cwd=REPOSITORY, check=True)
        for child in applications(places, "127.0.0.1", 0):
            if child.name in NEEDED:
                supervisor.start(child)
        for number in range(WORKERS):
            supervisor.start(_worker(number))
        watching = threading.Thread(target=supervisor.watch, args=(is_over.is_set,))
        watching.start()
        yield places, supervisor
        is_over.set()
        watching.join()
    finally:
        is_over.set()
        supervisor.stop()
        os.environ.clear()
        os.environ.update(before)
        shutil.rmtree(folder, ignore_errors=True)


def _worker(number: int) -> Child:
    argv = [sys.executable, "-m", STUB, "worker", "--queues", "gen.image"]
    options = ["--processes", str(PROCESSES), "--name", f"stub{number}"]
    return Child(f"stub-{number}", [*argv, *options], tier=2, stop_timeout_s=8.0)


def _kill(places: Places, supervisor: Supervisor, database: psycopg.Connection) -> Killed:
    """Kill busy processes until N_KILLS are done; halfway empty the broker."""
    killed, choose = Killed(), random.Random(SEED)
    is_wiped = False
    until = time.monotonic() + LONGEST_S
    while killed.n_kills < N_KILLS and time.monotonic() < until:
        time.sleep(KILL_EVERY_S)
        if not is_wiped and killed.n_kills >= N_KILLS // 2:
            with redis.Redis.from_url(places.redis_url) as broker:
                broker.flushall()
            is_wiped = True
        running = database.execute(
            "SELECT id::text, split_part(worker, ':', 2)::int FROM generation_generationjob "
            "WHERE state = 'running' AND lease_until > now()"
        ).fetchall()
        alive = [(job, pid) for job, pid in running if _is_alive(pid)]
        if not alive:
            continue
        _, pid = choose.choice(alive)
        victims = {pid}
        if killed.n_kills % MAIN_EVERY == MAIN_EVERY - 1:
            main = _parent(pid)
            if main in supervisor.pids.values():
                victims = {main, *(p for _, p in alive if _parent(p) == main)}
                killed.n_workers += 1
        for victim in victims:
            _end(victim)
        now = time.time()
        killed.n_kills += 1
        killed.at |= {job: now for job, pid in alive if pid in victims}
    return killed


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _one(database: psycopg.Connection, query: str, *parameters: Any) -> Any:
    row = database.execute(query, parameters).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]


def _wait(database: psycopg.Connection) -> float:
    """Return when no job is open any more, or the patience ends."""
    until = time.monotonic() + LONGEST_S
    open_jobs = (
        "SELECT count(*) < %s OR bool_or(state IN ('queued', 'running')) "
        "FROM generation_generationjob"
    )
    while time.monotonic() < until and _one(database, open_jobs, N_JOBS):
        time.sleep(0.25)
    return time.monotonic()


def _report(database: psycopg.Connection, killed: Killed, took_s: float) -> None:
    done = _one(database, "SELECT count(*) FROM generation_generationjob WHERE state = 'done'")
    outputs = _one(database, "SELECT count(*) FROM generation_output")
    seats = _one(database, "SELECT count(DISTINCT seat_id) FROM generation_output")
    attempts = _one(database, "SELECT sum(attempt) FROM generation_generationjob")
    recoveries = sorted(
        finished - killed.at[job]
        for job, finished in database.execute(
            "SELECT id::text, extract(epoch FROM finished_at)::float8 "
            "FROM generation_generationjob WHERE state = 'done' AND attempt > 1"
        ).fetchall()
        if job in killed.at and finished > killed.at[job]
    )
    _say(f"jobs {N_JOBS}, kills {killed.n_kills} (of a whole worker {killed.n_workers}), 1 wipe")
    _say(f"took {took_s:.0f} s; done {done}, lost {N_JOBS - done}, doubled {outputs - seats}")
    _say(f"attempts {attempts}, of which surplus {attempts - done}")
    if len(recoveries) > 1:
        p95_s = statistics.quantiles(recoveries, n=20)[18]
        _say(
            f"recovery of {len(recoveries)} jobs: median {statistics.median(recoveries):.1f} s, "
            f"p95 {p95_s:.1f} s, longest {recoveries[-1]:.1f} s"
        )
