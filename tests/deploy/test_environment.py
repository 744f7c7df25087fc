"""The environment is understood exactly, or refused with a sentence that says what to write."""

import base64

import pytest

from arena.config import environment
from arena.config.environment import SettingRefused
from deploy.embedded.places import Places

EVERY_VARIABLE = [
    "DATABASE_URL",
    "DATABASE_POOL_MAX",
    "REDIS_URL",
    "STORAGE_URL",
    "SECRET_KEY",
    "LEDGER_KEY",
    "ALLOWED_HOSTS",
    "HTTPS",
    "DEBUG",
]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    for name in EVERY_VARIABLE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AGON_VAR", str(tmp_path))


def test_a_managed_database_keeps_its_user_password_port_and_tls(monkeypatch):
    monkeypatch.setenv(
        "DATABASE_URL", "postgresql://ada:p%40ss%2Fword@db.example.org:6543/arena?sslmode=require"
    )
    database = environment.databases()["default"]
    assert database["USER"] == "ada"
    assert database["PASSWORD"] == "p@ss/word"
    assert (database["HOST"], database["PORT"]) == ("db.example.org", "6543")
    assert database["NAME"] == "arena"
    assert database["OPTIONS"] == {"sslmode": "require"}


def test_without_a_database_address_the_embedded_socket_is_used(tmp_path):
    database = environment.databases()["default"]
    assert database["HOST"] == str(tmp_path / "s")
    assert (database["USER"], database["NAME"]) == ("agon", "agon")


def test_a_pool_is_made_only_when_asked_for(monkeypatch):
    assert "pool" not in environment.databases()["default"]["OPTIONS"]
    monkeypatch.setenv("DATABASE_POOL_MAX", "12")
    assert environment.databases()["default"]["OPTIONS"]["pool"]["max_size"] == 12


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://ada@db/arena", "scheme 'mysql'; use postgresql://"),
        ("db.example.org/arena", "no scheme"),
        ("postgresql://ada@db", "names the database ''"),
        ("postgresql://ada@db/a/b", "names the database 'a/b'"),
        ("postgresql://ada@/arena", "names no host"),
        ("postgresql://ada@db:port/arena", "port that is no number"),
        ("postgresql://ada@db/arena?sslmod=require", "unknown option 'sslmod'"),
        ("postgresql://ada:a#b@db/arena", "write %23"),
    ],
)
def test_a_senseless_database_address_is_refused_with_its_reason(monkeypatch, url, message):
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(SettingRefused) as refusal:
        environment.databases()
    assert message in str(refusal.value)


def test_a_refusal_never_repeats_the_password(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://ada:hunter2@db/arena?oops=1")
    with pytest.raises(SettingRefused) as refusal:
        environment.databases()
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    "url", ["redis://cache:6379/0", "rediss://:secret@cache/3", "unix:///run/valkey.sock?db=2"]
)
def test_every_way_to_reach_redis_is_passed_on_unchanged(monkeypatch, url):
    monkeypatch.setenv("REDIS_URL", url)
    assert environment.redis_url() == url


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("amqp://rabbit", "scheme 'amqp'; use redis://"),
        ("redis:///0", "names no host"),
        ("redis://cache:99999/0", "port that is no number"),
        ("redis://cache/zero", "names the database 'zero'"),
        ("unix://relative.sock", "names no socket"),
    ],
)
def test_a_senseless_redis_address_is_refused_with_its_reason(monkeypatch, url, message):
    monkeypatch.setenv("REDIS_URL", url)
    with pytest.raises(SettingRefused) as refusal:
        environment.redis_url()
    assert message in str(refusal.value)


def test_a_network_address_goes_to_celery_as_it_is():
    assert environment.celery_broker_url("redis://cache/1") == "redis://cache/1"


def test_a_storage_folder_may_contain_spaces(monkeypatch):
    monkeypatch.setenv("STORAGE_URL", "file:///srv/agon%20media")
    assert environment.storage()["OPTIONS"] == {"location": "/srv/agon media"}


def test_a_bucket_keeps_its_prefix_endpoint_and_region(monkeypatch):
    monkeypatch.setenv(
        "STORAGE_URL", "s3://agon/media/live?endpoint=https://s3.example.org&region=eu-1"
    )
    assert environment.storage()["OPTIONS"] == {
        "bucket_name": "agon",
        "location": "media/live",
        "endpoint_url": "https://s3.example.org",
        "region_name": "eu-1",
    }


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("gs://bucket", "scheme 'gs'; use file:///folder or s3://"),
        ("file://srv/agon", "use an absolute one with three slashes"),
        ("file:///", "use an absolute one"),
        ("file:///srv/agon?mode=ro", "unknown option 'mode'"),
        ("s3:///prefix", "names no bucket"),
        ("s3://key:secret@bucket", "give the keys in AWS_ACCESS_KEY_ID"),
        ("s3://bucket?endpoint=s3.example.org", "write it with https://"),
    ],
)
def test_a_senseless_storage_address_is_refused_with_its_reason(monkeypatch, url, message):
    monkeypatch.setenv("STORAGE_URL", url)
    with pytest.raises(SettingRefused) as refusal:
        environment.storage()
    assert message in str(refusal.value)


def test_a_switch_that_is_neither_true_nor_false_is_refused(monkeypatch):
    monkeypatch.setenv("DEBUG", "maybe")
    with pytest.raises(SettingRefused, match="DEBUG is 'maybe'; use True or False"):
        environment.debug()


@pytest.mark.parametrize(("word", "meaning"), [("True", True), ("0", False), ("", False)])
def test_a_switch_reads_the_usual_words(monkeypatch, word, meaning):
    monkeypatch.setenv("HTTPS", word)
    assert environment.is_https() is meaning


def test_hosts_are_split_at_commas_and_local_by_default(monkeypatch):
    assert environment.allowed_hosts() == environment.LOCAL_HOSTS
    monkeypatch.setenv("ALLOWED_HOSTS", "arena.example.org, .example.net,[::1]")
    assert environment.allowed_hosts() == ["arena.example.org", ".example.net", "[::1]"]


def test_a_host_written_as_an_address_is_refused(monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", "https://arena.example.org")
    with pytest.raises(SettingRefused, match="without scheme and port"):
        environment.allowed_hosts()


def test_a_short_secret_key_is_refused_without_being_shown(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "hunter2")
    with pytest.raises(SettingRefused) as refusal:
        environment.secret_key()
    assert "7 characters" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_the_ledger_key_is_read_from_the_environment_or_the_generated_file(tmp_path, monkeypatch):
    assert environment.ledger_key() is None
    Places(tmp_path).make_ledger_key()
    made = environment.ledger_key()
    assert made is not None
    assert len(made) == 32
    monkeypatch.setenv("LEDGER_KEY", base64.b64encode(b"k" * 32).decode())
    assert environment.ledger_key() == b"k" * 32


@pytest.mark.parametrize("wrong", ["c2hvcnQ=", "not base64", "k" * 31])
def test_a_ledger_key_of_another_form_is_refused_without_being_shown(monkeypatch, wrong):
    monkeypatch.setenv("LEDGER_KEY", wrong)
    with pytest.raises(SettingRefused, match="base64 of 32 bytes") as refusal:
        environment.ledger_key()
    assert wrong not in str(refusal.value)


def test_without_a_secret_key_the_generated_one_is_read_or_its_absence_explained(tmp_path):
    with pytest.raises(SettingRefused, match=r"manage\.py up"):
        environment.secret_key()
    (tmp_path / "secret_key").write_text("k" * 60 + "\n")
    assert environment.secret_key() == "k" * 60
