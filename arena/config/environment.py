"""What the environment says, turned into Django's terms; nonsense is refused with a sentence.

| variable          | meaning                                            | when it is not set      |
|-------------------|----------------------------------------------------|-------------------------|
| DATABASE_URL      | postgresql://user:password@host:port/name?sslmode= | the embedded PostgreSQL |
| DATABASE_POOL_MAX | connections that one process may hold; 0: no pool  | 0                       |
| REDIS_URL         | redis://, rediss:// or unix:///path/socket?db=0    | the embedded Valkey     |
| STORAGE_URL       | file:///folder, s3://bucket/dir?endpoint=&region=  | `storage` in the var dir|
| SECRET_KEY        | at least 50 characters                             | what `up` generated     |
| LEDGER_KEY        | 32 random bytes in base64                          | what `up` generated     |
| ALLOWED_HOSTS     | host names with commas                             | this machine's own names|
| HTTPS             | True when people reach the site by https           | False                   |
| DEBUG             | True shows tracebacks to everyone                  | False                   |
| AGON_VAR          | the folder of everything that is kept              | var/ beside manage.py   |
| MODERATOR         | rules, endpoint or dotted paths, with commas       | rules                   |
| MODERATION_URL    | https://host/v1 of an OpenAI-compatible endpoint   | no endpoint             |
| MODERATION_MODEL  | which of its models judges                         | the endpoint's own      |
| MODERATION_KEY    | its bearer token                                   | none                    |
| MODERATION_TIMEOUT_S | seconds that a voter waits for it, up to 30     | 3                       |
| MODERATION_IMAGES | True: the endpoint judges images, too              | False                   |
"""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from environs import Env, EnvError

from deploy.embedded.places import Places

LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
# Options of libpq that an operator has reason to set (PostgreSQL manual, 34.1.2).
LIBPQ_OPTIONS = {
    "application_name",
    "channel_binding",
    "connect_timeout",
    "options",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
}
# Shorter keys can be guessed; Django's own check (security.W009) asks for the same length.
SECRET_KEY_MIN_CHARACTERS = 50
LEDGER_KEY_BYTES = 32  # the seed of an Ed25519 key (RFC 8032, 5.1.5)
_HOST = re.compile(r"^(\*|\.?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])$")
_DOTTED = re.compile(r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")
LONGEST_MODERATION_S = 30.0  # a voter waits as long for the page that follows a prompt

env = Env()


class SettingRefused(ValueError):
    """A variable of the environment makes no sense; the message says what to write instead."""


def var_dir() -> Path:
    """Return the folder of everything that the embedded installation keeps (AGON_VAR)."""
    return Places.from_environment().var


def debug() -> bool:
    """Say whether tracebacks are shown to visitors (DEBUG)."""
    return _switch("DEBUG")


def is_https() -> bool:
    """Say whether visitors reach the site by https (HTTPS)."""
    return _switch("HTTPS")


def secret_key() -> str:
    """Return SECRET_KEY, or the key that the embedded installation generated for itself."""
    secret = _text("SECRET_KEY")
    if not secret:
        file = Places.from_environment().secret_key
        if not file.is_file():
            raise SettingRefused(
                f"SECRET_KEY is not set and {file} does not exist; set SECRET_KEY to at least "
                f"{SECRET_KEY_MIN_CHARACTERS} random characters, or run `python3 manage.py up` once"
            )
        secret = file.read_text().strip()
    if len(secret) < SECRET_KEY_MIN_CHARACTERS:
        raise SettingRefused(
            f"SECRET_KEY has {len(secret)} characters; use at least {SECRET_KEY_MIN_CHARACTERS} "
            f"random ones"
        )
    return secret


def ledger_key() -> bytes | None:
    """Return the seed that signs checkpoints (LEDGER_KEY, else the generated one), or None."""
    written = _text("LEDGER_KEY")
    file = Places.from_environment().ledger_key
    if not written and file.is_file():
        written = file.read_text().strip()
    if not written:
        return None
    try:
        seed = base64.b64decode(written, validate=True)
    except binascii.Error:
        seed = b""
    if len(seed) != LEDGER_KEY_BYTES:
        raise SettingRefused(
            f"LEDGER_KEY, or {file}, is not the base64 of {LEDGER_KEY_BYTES} bytes; restore it "
            f"from a backup, or make a new one with: openssl rand -base64 {LEDGER_KEY_BYTES}"
        )
    return seed


def allowed_hosts() -> list[str]:
    """Return the host names that the site answers to (ALLOWED_HOSTS, separated by commas)."""
    hosts = [host.strip() for host in _text("ALLOWED_HOSTS").split(",") if host.strip()]
    for host in hosts:
        if not _HOST.match(host):
            raise SettingRefused(
                f"ALLOWED_HOSTS has '{host}'; write names without scheme and port, separated by "
                f"commas, such as arena.example.org,localhost"
            )
    return hosts or LOCAL_HOSTS


def databases() -> dict[str, dict[str, Any]]:
    """Return Django's DATABASES from DATABASE_URL, or for the embedded PostgreSQL."""
    url = _text("DATABASE_URL") or Places.from_environment().database_url
    parts = _split("DATABASE_URL", url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise SettingRefused(f"DATABASE_URL has scheme '{parts.scheme}'; use postgresql://")
    name = unquote(parts.path.removeprefix("/"))
    if not name or "/" in name:
        raise SettingRefused(
            f"DATABASE_URL names the database '{name}'; "
            f"write one name after the host: postgresql://user@host/name"
        )
    options: dict[str, Any] = query_of("DATABASE_URL", parts, {"host", "port", *LIBPQ_OPTIONS})
    host = options.pop("host", unquote(parts.hostname or ""))
    if not host:
        raise SettingRefused(
            "DATABASE_URL names no host; write postgresql://user@host/name, "
            "or postgresql://user@/name?host=/folder/of/the/socket"
        )
    port = options.pop("port", None) or _port("DATABASE_URL", parts)
    if pool_max := _pool_max():
        options["pool"] = {"min_size": 0, "max_size": pool_max}
    return {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": host,
            "PORT": str(port or ""),
            "OPTIONS": options,
            "CONN_HEALTH_CHECKS": True,
        }
    }


def redis_url() -> str:
    """Return the address of Redis or Valkey in redis-py's form."""
    url = _text("REDIS_URL") or Places.from_environment().redis_url
    parts = _split("REDIS_URL", url)
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise SettingRefused(
            f"REDIS_URL has scheme '{parts.scheme}'; use redis://, rediss:// or unix://"
        )
    if parts.scheme == "unix":
        if not parts.path.startswith("/") or parts.path == "/":
            raise SettingRefused("REDIS_URL names no socket; write unix:///path/of/the/socket?db=0")
        database = query_of("REDIS_URL", parts, {"db", "username", "password"}).get("db", "0")
    else:
        if not parts.hostname:
            raise SettingRefused("REDIS_URL names no host; write redis://host:6379/0")
        _port("REDIS_URL", parts)
        database = parts.path.strip("/") or "0"
    if not database.isdecimal():
        raise SettingRefused(f"REDIS_URL names the database '{database}'; use a number, such as 0")
    return url


def celery_broker_url(redis: str) -> str:
    """Write a redis-py address as kombu does: `unix:` is `redis+socket:` there."""
    parts = urlsplit(redis)
    if parts.scheme != "unix":
        return redis
    query = query_of("REDIS_URL", parts, {"db", "username", "password"})
    account = ""
    if "password" in query:
        account = f"{quote(query.get('username', ''))}:{quote(query['password'], safe='')}@"
    return f"redis+socket://{account}{parts.path}?virtual_host={query.get('db', '0')}"


def storage() -> dict[str, Any]:
    """Return the entry of Django's STORAGES that keeps media and releases (STORAGE_URL)."""
    url = _text("STORAGE_URL") or Places.from_environment().storage_url
    parts = _split("STORAGE_URL", url)
    if parts.scheme == "file":
        return _file_storage(parts)
    if parts.scheme == "s3":
        return _s3_storage(parts)
    raise SettingRefused(
        f"STORAGE_URL has scheme '{parts.scheme}'; use file:///folder or s3://bucket/prefix"
    )


def moderation() -> dict[str, Any]:
    """Return who judges prompts and outputs (MODERATOR), and how the endpoint is reached."""
    names = [name.strip() for name in _text("MODERATOR").split(",") if name.strip()] or ["rules"]
    for name in names:
        if name not in {"rules", "endpoint"} and not _DOTTED.match(name):
            raise SettingRefused(
                f"MODERATOR has '{name}'; use rules, endpoint or the dotted path of a class, "
                f"separated by commas"
            )
    if len(set(names)) < len(names):
        raise SettingRefused("MODERATOR names one moderator twice; write each once")
    url = _text("MODERATION_URL")
    if "endpoint" in names and not url:
        raise SettingRefused(
            "MODERATOR names the endpoint, and MODERATION_URL is not set; write its address up "
            "to /v1, such as https://moderation.example.org/v1"
        )
    if url and "endpoint" not in names:
        raise SettingRefused(
            "MODERATION_URL is set, and MODERATOR does not name the endpoint, so nobody would "
            "ask it; write MODERATOR=rules,endpoint"
        )
    if url:
        parts = _split("MODERATION_URL", url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise SettingRefused(
                f"MODERATION_URL is '{url}'; write http:// or https://, a host and a path such "
                f"as /v1"
            )
        _port("MODERATION_URL", parts)
    return {
        "moderators": tuple(names),
        "url": url.rstrip("/"),
        "model": _text("MODERATION_MODEL"),
        "key": _text("MODERATION_KEY"),
        "timeout_s": _moderation_timeout_s(),
        "sees_images": _switch("MODERATION_IMAGES"),
    }


def _moderation_timeout_s() -> float:
    written = _text("MODERATION_TIMEOUT_S") or "3"
    try:
        seconds = float(written)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_MODERATION_S:
        raise SettingRefused(
            f"MODERATION_TIMEOUT_S is '{written}'; use seconds above 0, up to "
            f"{LONGEST_MODERATION_S:g}"
        )
    return seconds


def _file_storage(parts: SplitResult) -> dict[str, Any]:
    folder = Path(unquote(parts.path))
    if parts.netloc or not folder.is_absolute() or folder == Path("/"):
        raise SettingRefused(
            f"STORAGE_URL names the folder '{parts.netloc}{parts.path}'; "
            f"use an absolute one with three slashes: file:///srv/agon/storage"
        )
    query_of("STORAGE_URL", parts, set())
    return {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(folder)},
    }


def _s3_storage(parts: SplitResult) -> dict[str, Any]:
    if not parts.netloc or "@" in parts.netloc:
        raise SettingRefused(
            "STORAGE_URL names no bucket, or holds a key; write s3://bucket/prefix and give the "
            "keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    query = query_of("STORAGE_URL", parts, {"endpoint", "region"})
    endpoint = query.get("endpoint")
    if endpoint and urlsplit(endpoint).scheme not in {"http", "https"}:
        raise SettingRefused(f"STORAGE_URL has endpoint '{endpoint}'; write it with https://")
    options = {
        "bucket_name": parts.netloc,
        "location": unquote(parts.path.strip("/")),
        "endpoint_url": endpoint,
        "region_name": query.get("region"),
    }
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {name: value for name, value in options.items() if value},
    }


def _text(name: str) -> str:
    return str(env.str(name, "")).strip()


def _switch(name: str) -> bool:
    if not _text(name):
        return False
    try:
        return bool(env.bool(name))
    except EnvError:
        raise SettingRefused(f"{name} is '{_text(name)}'; use True or False") from None


def _pool_max() -> int:
    size = _text("DATABASE_POOL_MAX") or "0"
    if not size.isdecimal():
        raise SettingRefused(f"DATABASE_POOL_MAX is '{size}'; use a whole number, 0 for no pool")
    return int(size)


def _split(name: str, url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise SettingRefused(f"{name} is not an address: {error}") from None
    if not parts.scheme or "://" not in url:
        raise SettingRefused(f"{name} has no scheme; write it as scheme://…")
    if parts.fragment:
        raise SettingRefused(f"{name} contains '#'; write %23 where the character is meant")
    return parts


def _port(name: str, parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        raise SettingRefused(f"{name} has a port that is no number from 0 to 65535") from None


def query_of(name: str, parts: SplitResult, known: set[str]) -> dict[str, str]:
    """Return the options after an address's `?`. Raises SettingRefused for an unknown one."""
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(set(query) - known):
        allowed = ", ".join(sorted(known)) or "none"
        raise SettingRefused(f"{name} has the unknown option '{unknown[0]}'; known are: {allowed}")
    return query
