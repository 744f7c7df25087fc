"""Browsers that sign in, and a site that sends mail."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.test.utils import override_settings
from django.urls import clear_url_caches

from arena.config import sign_in
from tests.arena.accounts.mail_server import MailServer, mail_server

PASSWORD = "a quiet morning in Delphi"
URLS = ("allauth.account.urls", "allauth.urls", "arena.accounts.urls", "arena.config.urls")


@pytest.fixture(autouse=True)
def fresh_limits(db: None) -> Iterator[None]:
    """Nobody has tried anything too often yet."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def browser() -> Client:
    """A browser that proves its forms, as real ones do."""
    return Client(enforce_csrf_checks=False)


def reload_urls() -> None:
    """Read the tables of addresses anew: some are there only where mail is sent."""
    for name in URLS:
        importlib.reload(importlib.import_module(name))
    clear_url_caches()


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """A mail server, and settings as EMAIL_URL makes them."""
    with mail_server() as server:
        url = f"smtp://127.0.0.1:{server.port}/?from=Agon%20%3Carena@example.org%3E"
        monkeypatch.setenv("EMAIL_URL", url)
        mail = sign_in.mail()
        with override_settings(
            MAIL=mail,
            EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
            EMAIL_HOST=mail.host,
            EMAIL_PORT=mail.port,
            DEFAULT_FROM_EMAIL=mail.sender,
            ACCOUNT_SIGNUP_FIELDS=["email*", "password1"],
            ACCOUNT_EMAIL_VERIFICATION="mandatory",
            ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
            ACCOUNT_LOGIN_BY_CODE_ENABLED=True,
            ACCOUNT_EMAIL_NOTIFICATIONS=True,
        ):
            reload_urls()
            yield server
    reload_urls()


assert sign_in.Mail() == settings.MAIL, "the tests begin without a mail server"
