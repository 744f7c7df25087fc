"""How people may sign in, beside a passkey and a password: by e-mail and by other sites.

| variable     | meaning                                               | when it is not set |
|--------------|-------------------------------------------------------|--------------------|
| EMAIL_URL    | smtp+tls://user:password@host:587/?from=, or smtps:// | no mail is sent    |
| SOCIAL_LOGIN | a JSON list of providers, or the path of such a file  | none               |
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from arena.config import environment
from arena.config.environment import SettingRefused

# Scheme → the port that mail servers use for it (RFC 6409, RFC 8314).
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
MAIL_TIMEOUT_S = 10.0  # a person waits for the answer
PROVIDER_KEYS = {"provider", "client_id", "secret", "id", "name", "server_url"}
# Only who somebody is, nothing about them: no name, no address.
SMALLEST_SCOPE = {"openid_connect": ["openid"], "google": ["openid"], "github": []}
LOCAL = {"localhost", "127.0.0.1", "::1"}
_ID = re.compile(r"^[a-z0-9][a-z0-9-]{0,39}$")
_ADDRESS_IN_BRACKETS = re.compile(r"^[^<>]*<([^<>]+)>$")


@dataclass(frozen=True)
class Mail:
    """The mail server, as Django's EMAIL_ settings name it; without a host no mail is sent."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = field(default="", repr=False)
    use_tls: bool = False  # STARTTLS
    use_ssl: bool = False  # TLS from the first byte
    sender: str = "agon@localhost"

    @property
    def is_set(self) -> bool:
        """Say whether mail can be sent."""
        return bool(self.host)


def mail() -> Mail:
    """Return the mail server (EMAIL_URL), or one that is not set.

    Raises SettingRefused for what no mail server can be reached by, never naming the password.
    """
    url = str(environment.env.str("EMAIL_URL", "")).strip()
    if not url:
        return Mail()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingRefused("EMAIL_URL is not an address; write smtp://host:25/?from=…") from None
    if parts.scheme not in MAIL_PORTS:
        raise SettingRefused(
            f"EMAIL_URL has scheme '{parts.scheme}'; use smtp+tls:// for STARTTLS, smtps:// for "
            "TLS from the start, or smtp:// for neither"
        )
    if not parts.hostname:
        raise SettingRefused("EMAIL_URL names no host; write smtp+tls://user:password@host:587/")
    sender = environment.query_of("EMAIL_URL", parts, {"from"}).get("from", "")
    if not _is_address(sender):
        raise SettingRefused(
            f"EMAIL_URL has from='{sender}'; write whom mail is from, such as "
            "?from=Agon%20%3Carena@example.org%3E or ?from=arena@example.org"
        )
    return Mail(
        host=parts.hostname,
        port=port or MAIL_PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_tls=parts.scheme == "smtp+tls",
        use_ssl=parts.scheme == "smtps",
        sender=sender,
    )


def _is_address(sender: str) -> bool:
    bracketed = _ADDRESS_IN_BRACKETS.match(sender)
    try:
        validate_email(bracketed[1] if bracketed else sender)
    except ValidationError:
        return False
    return True


def social_login() -> dict[str, dict[str, Any]]:
    """Return allauth's SOCIALACCOUNT_PROVIDERS (SOCIAL_LOGIN), empty when there are none.

    Each entry of the list names a `provider` of allauth with its `client_id` and `secret`;
    openid_connect also an `id` for addresses, a `name` for the button and its `server_url`.
    Raises SettingRefused for anything else, never naming a secret.
    """
    written = str(environment.env.str("SOCIAL_LOGIN", "")).strip()
    if not written:
        return {}
    try:
        entries = json.loads(_read(written))
    except json.JSONDecodeError as error:
        raise SettingRefused(
            f"SOCIAL_LOGIN is not JSON ({error.msg}, line {error.lineno} column {error.colno}); "
            f"{_EXAMPLE}"
        ) from None
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise SettingRefused(f"SOCIAL_LOGIN is no list of objects; {_EXAMPLE}")
    providers: dict[str, dict[str, Any]] = {}
    names: set[str] = set()
    for entry in entries:
        kind, app = _provider(entry)
        name = app.get("provider_id", kind)
        if name in names:
            raise SettingRefused(f"SOCIAL_LOGIN names '{name}' twice; give each another id")
        names.add(name)
        of_kind = providers.setdefault(kind, {"APPS": [], "OAUTH_PKCE_ENABLED": True})
        of_kind["APPS"].append(app)
        if kind in SMALLEST_SCOPE:
            of_kind["SCOPE"] = SMALLEST_SCOPE[kind]
    return providers


_EXAMPLE = 'write [{"provider": "github", "client_id": "…", "secret": "…"}]'


def _read(written: str) -> str:
    if not written.startswith("/"):
        return written
    try:
        return Path(written).read_text("utf-8")
    except OSError as error:
        raise SettingRefused(
            f"SOCIAL_LOGIN names the file {written}, which cannot be read: {error.strerror}"
        ) from None


def _provider(entry: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the kind of a provider and its app as allauth takes it."""
    if unknown := sorted(set(entry) - PROVIDER_KEYS):
        raise SettingRefused(
            f"SOCIAL_LOGIN has the unknown key '{unknown[0]}'; known are: "
            f"{', '.join(sorted(PROVIDER_KEYS))}"
        )
    if not all(isinstance(value, str) and value for value in entry.values()):
        raise SettingRefused("SOCIAL_LOGIN has a value that is empty or no text; quote each")
    kind = entry.get("provider", "")
    if not re.fullmatch(r"[a-z0-9_]+", kind) or not _is_known(kind):
        raise SettingRefused(
            f"SOCIAL_LOGIN names the provider '{kind}'; use openid_connect, github, google or "
            "another name from django-allauth's list of providers"
        )
    for key in ("client_id", "secret"):
        if key not in entry:
            raise SettingRefused(f"SOCIAL_LOGIN gives '{kind}' no {key}; the provider issues one")
    app: dict[str, Any] = {"client_id": entry["client_id"], "secret": entry["secret"], "key": ""}
    if kind != "openid_connect":
        if extra := sorted({"id", "name", "server_url"} & set(entry)):
            raise SettingRefused(f"SOCIAL_LOGIN gives '{kind}' a {extra[0]}; leave it out")
        return kind, app
    if not _ID.match(entry.get("id", "")):
        raise SettingRefused(
            f"SOCIAL_LOGIN gives openid_connect the id '{entry.get('id', '')}'; use a short word "
            "of a to z, 0 to 9 and '-': it is part of the address that the provider calls back"
        )
    server = urlsplit(entry.get("server_url", ""))
    if server.scheme not in {"http", "https"} or not server.hostname:
        raise SettingRefused(
            f"SOCIAL_LOGIN gives '{entry['id']}' the server_url '{entry.get('server_url', '')}'; "
            "write the issuer's address with https://"
        )
    if server.scheme == "http" and server.hostname not in LOCAL:
        raise SettingRefused(
            f"SOCIAL_LOGIN reaches '{entry['id']}' by http://, where anybody on the way could say "
            "who signs in; use https://"
        )
    app |= {
        "provider_id": entry["id"],
        "name": entry.get("name", entry["id"]),
        "settings": {"server_url": entry["server_url"]},
    }
    return kind, app


def _is_known(kind: str) -> bool:
    # By its file: importing a provider needs the settings, which are not read yet.
    allauth = find_spec("allauth")
    assert allauth is not None
    assert allauth.origin is not None
    providers = Path(allauth.origin).parent / "socialaccount" / "providers"
    return (providers / kind / "provider.py").is_file()
