"""`manage.py up` refuses clearly, before anything is started, what cannot work."""

import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from deploy.embedded import up
from deploy.embedded.places import REPOSITORY, Places
from deploy.embedded.up import UpRefused


@pytest.fixture
def places(tmp_path):
    here = Places(tmp_path / "var")
    here.prepare()
    return here


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_is_told_before_anything_starts(taken_port, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AGON_VAR", str(tmp_path / "var"))
    assert up.main(["--port", str(taken_port)]) == 1
    told = capsys.readouterr().err
    assert f"127.0.0.1:{taken_port} cannot be listened on" in told
    assert f"--port {taken_port + 1}" in told
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [
        ("127.0.0.1", 0, "use a number from 1 to 65535"),
        ("127.0.0.1", 70000, "use a number from 1 to 65535"),
        ("no.such.host.invalid", 8000, "no address of this machine"),
    ],
)
def test_an_address_that_makes_no_sense_is_refused(host, port, message):
    with pytest.raises(UpRefused, match=message):
        up.check_port(host, port)


def test_a_second_up_on_the_same_data_names_the_first_ones_process(places):
    second = up.hold(places)
    with up.hold(places), pytest.raises(UpRefused, match=f"process {os.getpid()}"), second:
        pytest.fail("two may not hold the same folder")
    with up.hold(places):
        assert places.lock.read_text() == str(os.getpid())


def test_a_service_with_an_address_of_its_own_is_not_started_here(places):
    managed = {"DATABASE_URL": "postgresql://ada@db/agon", "REDIS_URL": "redis://cache/0"}
    assert up.services(places, managed) == []
    embedded = {"DATABASE_URL": managed["DATABASE_URL"], "REDIS_URL": places.redis_url}
    assert [child.name for child in up.services(places, embedded)] == ["valkey"]


def test_what_the_operator_set_reaches_the_children_unchanged(places, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://ada@db/agon")
    monkeypatch.setenv("SECRET_KEY", "s" * 60)
    monkeypatch.delenv("REDIS_URL")
    given = up.child_environment(places, "127.0.0.1")
    assert given["DATABASE_URL"] == "postgresql://ada@db/agon"
    assert given["SECRET_KEY"] == "s" * 60
    assert given["REDIS_URL"] == places.redis_url
    assert not places.secret_key.exists()


def test_nonsense_in_the_environment_is_told_before_anything_starts(
    places, monkeypatch, capsys, unused_tcp_port
):
    for name in up.child_environment(places, "127.0.0.1"):
        monkeypatch.setenv(name, os.environ.get(name, ""))  # put back what `up` writes there
    monkeypatch.setenv("AGON_VAR", str(places.var))
    monkeypatch.setenv("DATABASE_URL", "mysql://ada@db/agon")
    assert up.main(["--port", str(unused_tcp_port)]) == 1
    assert "DATABASE_URL has scheme 'mysql'; use postgresql://" in capsys.readouterr().err
    assert not places.postgres_data.exists()


def test_one_command_answers_heals_stops_and_finds_its_data_again(tmp_path, unused_tcp_port):
    started = {**os.environ, "AGON_VAR": str(tmp_path / "var"), "AGON_SKIP_SETUP": "1"}
    for name in ("DATABASE_URL", "REDIS_URL", "STORAGE_URL", "SECRET_KEY", "ALLOWED_HOSTS"):
        started.pop(name, None)
    port = str(unused_tcp_port)
    command = [sys.executable, str(REPOSITORY / "manage.py"), "up", "--port", port]
    secrets = set()
    for _run in range(2):
        said = tmp_path / "said"
        with said.open("w") as output:
            running = subprocess.Popen(command, env=started, stdout=output, stderr=output)
        try:
            assert wait_for(lambda: f"Agon runs at http://127.0.0.1:{port}/" in said.read_text()), (  # noqa: B023
                said.read_text()
            )
            web = int(re.search(r"web +process (\d+)", said.read_text())[1])
            os.kill(web, signal.SIGKILL)
            assert wait_for(lambda: "web runs again" in said.read_text())  # noqa: B023
            assert up.is_healthy("127.0.0.1", unused_tcp_port)
        finally:
            running.terminate()
            status = running.wait(timeout=60)
        assert status == 0
        assert not up.is_healthy("127.0.0.1", unused_tcp_port)
        secrets.add((tmp_path / "var" / "secret_key").read_text())
    assert len(secrets) == 1


def wait_for(condition, timeout_s: float = 90.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False
