"""`manage.py up`: the whole of Agon on this machine, from an empty folder to a printed address."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis

from arena.config import environment as settings_source
from arena.config.environment import SettingRefused
from deploy.embedded import postgres, valkey
from deploy.embedded.places import REPOSITORY, Places, PlaceUnusable
from deploy.embedded.processes import Child
from deploy.embedded.supervisor import ChildFailed, Supervisor

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8000
# Django commands that bring the database up to date, before anything serves it.
PREPARATIONS = (
    ("migrate", "--no-input"),
    ("create_default_arenas",),
    ("register_demo_models",),
    ("messages", "--compile"),
    ("compile_fits",),
    ("collectstatic", "--no-input"),
)
# A prompt of the longest kind is far below; larger frames are refused before they are read.
WEBSOCKET_LIMIT_BYTES = 256 * 1024
# With the pool in one web process this stays below PostgreSQL's limit (postgres.MAX_CONNECTIONS).
WEB_CONNECTIONS = 20
GATEWAY_CONNECTIONS = 4  # one thread asks; the rest is for outputs that are made meanwhile
APPLICATION_TIER = 2
HEALTH_TIMEOUT_S = 90.0
# Celery ends running work at SIGTERM; what is not done by then is offered again by its lease.
WORKER_STOP_S = 8.0


class UpRefused(RuntimeError):
    """`up` cannot run here and now; the message says why and what to do."""


def main(arguments: Sequence[str]) -> int:
    """Run until Ctrl-C or SIGTERM; return the exit status."""
    parser = argparse.ArgumentParser(prog="manage.py up", description=__doc__)
    parser.add_argument("--host", default=DEFAULT_HOST, help="address to listen on")
    parser.add_argument("--port", default=DEFAULT_PORT, type=int, help="port to listen on")
    options = parser.parse_args(arguments)
    try:
        return _run(options.host, options.port)
    except (UpRefused, PlaceUnusable, SettingRefused, ChildFailed) as failure:
        print(f"\nAgon cannot run: {failure}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"\nAgon cannot run: {error}", file=sys.stderr)
        return 1


def _run(host: str, port: int) -> int:
    check_port(host, port)
    places = Places.from_environment()
    places.prepare()
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - started:6.1f} s] {line}", flush=True)

    supervisor = Supervisor(places.logs, say)
    with ExitStack() as stack:
        stack.enter_context(hold(places))
        stack.enter_context(supervisor.signals())
        os.environ.update(child_environment(places, host))
        # Nonsense in a variable is told now, not by the first child that meets it.
        for question in (
            settings_source.databases,
            settings_source.redis_url,
            settings_source.allowed_hosts,
            settings_source.secret_key,
            settings_source.is_https,
            settings_source.debug,
        ):
            question()
        settings_source.storage()
        try:
            _start(supervisor, places, host, port, say)
            if not supervisor.is_stopping:
                print(_summary(supervisor, places, host, port), flush=True)
                supervisor.watch()
        finally:
            say("stopping")
            supervisor.stop()
            say("stopped; the data stay in " + str(places.var))
    return 0


def _start(
    supervisor: Supervisor, places: Places, host: str, port: int, tell: Callable[[str], None]
) -> None:
    for service in services(places):
        tell(f"starting {service.name}")
        supervisor.start(service)
        if supervisor.is_stopping:
            return
    check_redis()
    tell("bringing the database up to date: " + ", ".join(words[0] for words in PREPARATIONS))
    _prepare(places)
    tell("starting the web server, the workers and the scheduler")
    for child in applications(places, host, port):
        if supervisor.is_stopping:
            return
        supervisor.start(child, ready_timeout_s=HEALTH_TIMEOUT_S)


def check_redis() -> None:
    """Raise UpRefused when Redis or Valkey does not answer."""
    url = settings_source.redis_url()
    try:
        with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
            client.ping()
    except redis.RedisError as error:
        raise UpRefused(
            f"REDIS_URL does not answer ({error}); start that server, or unset REDIS_URL to use "
            "the embedded one"
        ) from None


def check_port(host: str, port: int) -> None:
    """Raise UpRefused when the address cannot be listened on."""
    if not 0 < port < 65536:
        raise UpRefused(f"--port is {port}; use a number from 1 to 65535")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except socket.gaierror:
        raise UpRefused(f"--host is '{host}', which is no address of this machine") from None
    except PermissionError:
        raise UpRefused(
            f"port {port} may be used by root only; choose one above 1023, such as --port 8000"
        ) from None
    except OSError as error:
        raise UpRefused(
            f"{host}:{port} cannot be listened on ({error.strerror}); another program has it: "
            f"stop that one, or choose another port, such as --port {port + 1}"
        ) from None


@contextmanager
def hold(places: Places) -> Iterator[None]:
    """Keep a second `up` away from the same data folder."""
    with places.lock.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise UpRefused(
                f"{places.var} is in use by another `up`, process {lock.read().strip()}; stop "
                f"that one, or set AGON_VAR to another folder"
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def child_environment(places: Places, host: str) -> dict[str, str]:
    """Return what the children find in their environment; what the operator set stays."""
    names = {"localhost", "127.0.0.1", "[::1]", socket.gethostname().lower()}
    if host not in {"0.0.0.0", "::", ""}:  # noqa: S104  # compared, not bound
        names.add(f"[{host}]" if ":" in host else host)
    defaults = {
        "DATABASE_URL": places.database_url,
        "REDIS_URL": places.redis_url,
        "STORAGE_URL": places.storage_url,
        "ALLOWED_HOSTS": ",".join(sorted(names)),
        # One thread for each process: two media workers and a fit share the cores better so.
        "OMP_NUM_THREADS": "1",
    }
    given = {name: value for name in defaults if (value := os.environ.get(name))}
    if "ALLOWED_HOSTS" in given:
        # `up` itself asks for /healthz under this name.
        given["ALLOWED_HOSTS"] += ",127.0.0.1,localhost"
    secret = os.environ.get("SECRET_KEY") or places.read_or_make_secret_key()
    if not os.environ.get("LEDGER_KEY"):
        places.make_ledger_key()
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {
        **defaults,
        **given,
        "SECRET_KEY": secret,
        "AGON_VAR": str(places.var),
        "AGON_SKIP_SETUP": "1",
        "DJANGO_SETTINGS_MODULE": "arena.config.settings",
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONUNBUFFERED": "1",
        "PATH": programs,
    }


def services(places: Places, given: Mapping[str, str] = os.environ) -> list[Child]:
    """Return the embedded services that are to run: those with no address given."""
    chosen = []
    if given.get("DATABASE_URL") == places.database_url:
        chosen.append(postgres.child(places))
    if given.get("REDIS_URL") == places.redis_url:
        chosen.append(valkey.child(places))
    return chosen


def applications(places: Places, host: str, port: int) -> list[Child]:
    """Return Agon's own children."""
    python, manage = sys.executable, str(REPOSITORY / "manage.py")

    def worker(name: str, queues: str, processes: int) -> Child:
        return Child(
            name=f"worker-{name}",
            argv=[
                *(python, manage, "worker", "--queues", queues),
                *("--processes", str(processes), "--name", name),
            ],
            tier=APPLICATION_TIER,
            stop_timeout_s=WORKER_STOP_S,
        )

    web = [
        *(python, "-m", "uvicorn", "arena.config.asgi:application"),
        *("--host", host, "--port", str(port), "--lifespan", "off", "--no-server-header"),
        *("--ws-max-size", str(WEBSOCKET_LIMIT_BYTES), "--timeout-graceful-shutdown", "3"),
    ]
    beat = [
        *(python, "-m", "celery", "-A", "arena.config.celery", "beat", "--loglevel=INFO"),
        *("--schedule", str(places.var / "schedule"), "--pidfile="),
    ]
    tier = APPLICATION_TIER
    return [
        Child(
            "web",
            web,
            tier=tier,
            env={"DATABASE_POOL_MAX": str(WEB_CONNECTIONS)},
            is_ready=lambda: is_healthy(host, port),
        ),
        Child(
            "gateway",
            [python, manage, "gateway"],
            tier=tier,
            env={"DATABASE_POOL_MAX": str(GATEWAY_CONNECTIONS)},
        ),
        Child("relay", [python, manage, "relay"], tier=tier),
        worker("media", "gen.image,gen.music,gen.mesh", 2),
        worker("cpu", "cpu", 1),
        worker("batch", "batch", 1),
        Child("scheduler", beat, tier=tier),
    ]


def is_healthy(host: str, port: int) -> bool:
    """Say whether the site answers /healthz."""
    try:
        with urllib.request.urlopen(_address(host, port) + "healthz", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _address(host: str, port: int) -> str:
    """Return the address at which a browser on this machine reaches the site."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    if ":" in reached and not reached.startswith("["):
        reached = f"[{reached}]"
    return f"http://{reached}:{port}/"


def _prepare(places: Places) -> None:
    """Run the preparing commands in one process: loading Django is most of their time."""
    log = places.logs / "prepare.log"
    with log.open("wb") as output:
        status = subprocess.run(
            [sys.executable, "-m", "deploy.embedded.commands", json.dumps(PREPARATIONS)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            start_new_session=True,
        ).returncode
    if status != 0:
        words = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise ChildFailed(f"the database could not be brought up to date:\n{words}")


def _summary(supervisor: Supervisor, places: Places, host: str, port: int) -> str:
    rows = "\n".join(f"  {name:<14} process {pid}" for name, pid in supervisor.pids.items())
    return (
        f"\nAgon runs at {_address(host, port)}\n\n{rows}\n\n"
        f"Data in {places.var}, logs in {places.logs}. Ctrl-C stops everything.\n"
    )
