"""EMAIL_URL and SOCIAL_LOGIN say what they mean, and nonsense is refused without a secret in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arena.config import sign_in
from arena.config.environment import SettingRefused

GITHUB = {"provider": "github", "client_id": "id", "secret": "hush"}
CAMPUS = {
    "provider": "openid_connect",
    "id": "campus",
    "client_id": "id",
    "secret": "hush",
    "server_url": "https://id.example.org",
}


@pytest.mark.parametrize(
    ("url", "port", "use_tls", "use_ssl"),
    [
        ("smtp://mail.example.org/?from=a@example.org", 25, False, False),
        ("smtp+tls://mail.example.org/?from=a@example.org", 587, True, False),
        ("smtps://mail.example.org/?from=a@example.org", 465, False, True),
        ("smtps://mail.example.org:2465/?from=a@example.org", 2465, False, True),
    ],
)
def test_a_mail_server_is_read(
    monkeypatch: pytest.MonkeyPatch, url: str, port: int, use_tls: bool, use_ssl: bool
) -> None:
    monkeypatch.setenv("EMAIL_URL", url)
    mail = sign_in.mail()
    assert (mail.port, mail.use_tls, mail.use_ssl) == (port, use_tls, use_ssl)


def test_names_and_passwords_may_have_any_character(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "smtps://me%40x:p%2Fw%23@mail.example.org/?from=Agon%20%3Ca@example.org%3E"
    monkeypatch.setenv("EMAIL_URL", url)
    mail = sign_in.mail()
    assert (mail.user, mail.password, mail.sender) == ("me@x", "p/w#", "Agon <a@example.org>")
    assert "p/w#" not in repr(mail)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("imap://mail.example.org/?from=a@example.org", "scheme 'imap'"),
        ("mail.example.org", "scheme ''"),
        ("smtp:///?from=a@example.org", "names no host"),
        ("smtp://me:hush@mail.example.org/", "from=''"),
        ("smtp://me:hush@mail.example.org/?from=nobody", "from='nobody'"),
        ("smtp://me:hush@mail.example.org/?tls=1&from=a@example.org", "unknown option 'tls'"),
        ("smtp://me:hush@mail.example.org:x/?from=a@example.org", "not an address"),
    ],
)
def test_a_senseless_mail_server_is_refused(
    monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setenv("EMAIL_URL", url)
    with pytest.raises(SettingRefused, match="EMAIL_URL") as refused:
        sign_in.mail()
    assert said in str(refused.value)
    assert "hush" not in str(refused.value)


def test_providers_are_read_from_the_environment_or_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert sign_in.social_login() == {}
    written = json.dumps([GITHUB, CAMPUS])
    file = tmp_path / "providers.json"
    file.write_text(written)
    monkeypatch.setenv("SOCIAL_LOGIN", written)
    providers = sign_in.social_login()
    assert list(providers) == ["github", "openid_connect"]
    assert providers["openid_connect"]["APPS"][0]["name"] == "campus"
    assert providers["github"]["SCOPE"] == []
    monkeypatch.setenv("SOCIAL_LOGIN", str(file))
    assert sign_in.social_login() == providers


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[{", "is not JSON"),
        ('{"provider": "github"}', "no list of objects"),
        ('["github"]', "no list of objects"),
        ([GITHUB | {"colour": "blue"}], "unknown key 'colour'"),
        ([GITHUB | {"provider": "no_such_site"}], "'no_such_site'"),
        ([GITHUB | {"provider": "../oauth2"}], "'../oauth2'"),
        ([{"provider": "github", "secret": "hush"}], "no client_id"),
        ([GITHUB | {"client_id": ""}], "empty or no text"),
        ([GITHUB | {"name": "Hub"}], "gives 'github' a name"),
        ([GITHUB, GITHUB], "'github' twice"),
        ([CAMPUS | {"id": "Our Campus"}], "the id 'Our Campus'"),
        ([CAMPUS | {"server_url": "id.example.org"}], "server_url 'id.example.org'"),
        ([CAMPUS | {"server_url": "http://id.example.org"}], "by http://"),
        ("/no/such/file.json", "cannot be read"),
    ],
)
def test_senseless_providers_are_refused(
    monkeypatch: pytest.MonkeyPatch, written: object, said: str
) -> None:
    text = written if isinstance(written, str) else json.dumps(written)
    monkeypatch.setenv("SOCIAL_LOGIN", text)
    with pytest.raises(SettingRefused, match="SOCIAL_LOGIN") as refused:
        sign_in.social_login()
    assert said in str(refused.value)
    assert "hush" not in str(refused.value)
