"""A pytest plugin: PostgreSQL and Valkey in a temporary folder, up before settings are read.

Loaded by `addopts = -p tests.services`, because pytest-django reads the settings before any
conftest. The processes of pytest-xdist reuse the servers of their controller. Durability is off:
these databases are thrown away.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from deploy.embedded import postgres, valkey
from deploy.embedded.places import Places
from deploy.embedded.supervisor import Supervisor

# Set for the processes that pytest-xdist starts: whose servers to use.
SHARED_FOLDER = "AGON_TEST_SERVICES"
# Valkey's databases 0 to 15; one for each process, so that one may flush its own.
VALKEY_DATABASES = 16
# A lock that is never given, or a transaction that nobody ends, becomes an error with its name.
# Tests roll back what they write. A vacuum in between would find every table empty, and the next
# test's thousands of rows would be joined as if there were none.
FOR_TESTS = {
    "lock_timeout": "300s",
    "idle_in_transaction_session_timeout": "300s",
    "autovacuum": "off",
}


def pytest_configure(config: pytest.Config) -> None:
    """Name the markers that the tests use."""
    config.addinivalue_line("markers", "browser: drives a real Chromium")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Start the servers, or find the controller's; a wrapper runs before pytest-django's hook."""
    if early_config.pluginmanager.is_blocked("django"):
        return (yield)
    with ExitStack() as until_something_fails:
        folder = os.environ.get(SHARED_FOLDER)
        if folder is None:
            folder = until_something_fails.enter_context(_servers())
        _point_settings_at(Places(Path(folder)))
        result = yield
        early_config.add_cleanup(until_something_fails.pop_all().close)
    return result


@contextmanager
def _servers() -> Iterator[str]:
    """Keep both servers running in a temporary folder, which this yields."""
    with tempfile.TemporaryDirectory(prefix="agon-tests-") as folder:
        places = Places(Path(folder))
        places.prepare()
        supervisor = Supervisor(places.logs, say=lambda _line: None)
        try:
            supervisor.start(postgres.child(places, settings=postgres.FORGETFUL | FOR_TESTS))
            supervisor.start(valkey.child(places, durable=False))
            os.environ[SHARED_FOLDER] = folder
            yield folder
        finally:
            os.environ.pop(SHARED_FOLDER, None)
            supervisor.stop()


def _point_settings_at(places: Places) -> None:
    """Put the servers' addresses where the settings look for them."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    database = int(worker) % VALKEY_DATABASES
    os.environ.update(
        DJANGO_SETTINGS_MODULE="arena.config.settings",
        AGON_VAR=str(places.var),
        DATABASE_URL=places.database_url,
        REDIS_URL=places.redis_url.replace("db=0", f"db={database}"),
        STORAGE_URL=f"{places.storage_url}/{worker}",
        SECRET_KEY=os.environ.get("SECRET_KEY") or secrets.token_urlsafe(50),
        DEBUG="False",
        HTTPS="False",
        ALLOWED_HOSTS="",
        DATABASE_POOL_MAX="0",
        # Two processes share two cores; numerical libraries would start a thread for each core.
        OMP_NUM_THREADS="1",
    )
