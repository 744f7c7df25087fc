"""The embedded PostgreSQL and Valkey keep their data through kills, and refuse strange folders."""

import os
import signal

import psycopg
import pytest
import redis
from celery import Celery

from arena.config import environment
from deploy.embedded import postgres, valkey
from deploy.embedded.places import SOCKET_PATH_LIMIT_BYTES, Places, PlaceUnusable
from deploy.embedded.supervisor import Supervisor


@pytest.fixture
def places(tmp_path):
    here = Places(tmp_path / "var with space")
    here.prepare()
    return here


@pytest.fixture
def supervisor(places):
    kept = Supervisor(places.logs, lambda _line: None)
    yield kept
    kept.stop()


def kill_and_heal(supervisor: Supervisor, name: str, is_answering) -> None:
    before = supervisor.pids[name]
    os.kill(before, signal.SIGKILL)
    supervisor.watch(until=lambda: supervisor.pids[name] != before and is_answering())


def test_a_killed_database_comes_back_by_itself_with_its_rows(supervisor, places):
    # Without fsync the test is quick; against a killed process, unlike a power cut, it is no help.
    supervisor.start(postgres.child(places, settings={"fsync": "off"}))
    with psycopg.connect(places.database_url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('still here')")
    kill_and_heal(supervisor, "postgres", lambda: postgres.is_answering(places))
    with psycopg.connect(places.database_url) as connection:
        assert connection.execute("SELECT word FROM kept").fetchone() == ("still here",)


def test_a_stale_pid_file_with_a_strangers_number_does_not_stop_the_database(supervisor, places):
    spec = postgres.child(places, settings=postgres.FORGETFUL)
    # This test's own process is alive and of the same user, as a stranger after a reboot may be.
    (places.postgres_data / "postmaster.pid").write_text(f"{os.getpid()}\n")
    supervisor.start(spec, ready_timeout_s=20)
    assert postgres.is_answering(places)


def test_a_killed_broker_comes_back_by_itself_with_its_messages(supervisor, places):
    supervisor.start(valkey.child(places))
    client = redis.Redis(unix_socket_path=str(places.valkey_socket))
    client.rpush("queue", "message")
    client.waitaof(1, 0, 2000)
    kill_and_heal(supervisor, "valkey", lambda: valkey.is_answering(places))
    assert client.lrange("queue", 0, -1) == [b"message"]
    client.close()


def test_celery_reaches_the_socket_and_the_database_that_the_address_names(supervisor, places):
    supervisor.start(valkey.child(places))
    address = places.redis_url.replace("db=0", "db=2")
    app = Celery(broker=environment.celery_broker_url(address))
    app.send_task("wake", queue="here")
    app.close()
    with redis.Redis.from_url(address) as client:
        assert client.llen("here") == 1


def test_a_database_of_another_major_version_is_refused_and_left_alone(places):
    places.postgres_data.mkdir()
    version = places.postgres_data / "PG_VERSION"
    version.write_text("9\n")
    with pytest.raises(PlaceUnusable, match="was written by PostgreSQL 9"):
        postgres.child(places)
    assert version.read_text() == "9\n"


def test_a_folder_that_is_no_database_is_refused(places):
    places.postgres_data.mkdir()
    with pytest.raises(PlaceUnusable, match="is not a PostgreSQL data folder"):
        postgres.child(places)


def test_an_interrupted_creation_of_the_database_is_made_anew(places):
    unfinished = places.postgres_data.with_name("postgres.unfinished")
    unfinished.mkdir()
    (unfinished / "half").write_text("")
    postgres.child(places, settings=postgres.FORGETFUL)
    assert (places.postgres_data / "PG_VERSION").exists()
    assert not unfinished.exists()


def test_a_file_in_the_place_of_the_data_folder_is_explained(tmp_path):
    (tmp_path / "var").write_text("not a folder")
    with pytest.raises(PlaceUnusable, match="is a file, but Agon keeps its data in a folder"):
        Places(tmp_path / "var").prepare()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_that_cannot_be_written_is_explained(tmp_path):
    (tmp_path / "var").mkdir(mode=0o500)
    with pytest.raises(PlaceUnusable, match="fix its permissions"):
        Places(tmp_path / "var").prepare()


@pytest.mark.parametrize("name", ["x" * 120, "a, b"])
def test_sockets_move_to_a_private_folder_where_their_path_cannot_be_used(tmp_path, name):
    places = Places(tmp_path / name)
    places.prepare()
    try:
        assert len(os.fsencode(places.valkey_socket)) < SOCKET_PATH_LIMIT_BYTES
        assert "," not in str(places.sockets)
        assert places.sockets.stat().st_mode & 0o777 == 0o700
        places.sockets.chmod(0o755)
        with pytest.raises(PlaceUnusable, match="not a private folder"):
            places.prepare()
    finally:
        places.sockets.rmdir()


def test_the_secret_key_is_made_once_and_kept_private(places):
    secret = places.read_or_make_secret_key()
    assert len(secret) >= 50
    assert places.read_or_make_secret_key() == secret
    assert places.secret_key.stat().st_mode & 0o777 == 0o600


def test_the_ledger_key_is_made_once_and_kept_private(places):
    places.make_ledger_key()
    key = places.ledger_key.read_text()
    places.make_ledger_key()
    assert places.ledger_key.read_text() == key
    assert places.ledger_key.stat().st_mode & 0o777 == 0o600


def test_a_damaged_secret_key_is_refused(places):
    places.secret_key.write_text("short")
    with pytest.raises(PlaceUnusable, match="holds 5 characters"):
        places.read_or_make_secret_key()
