"""Signing in by another site, by configuration alone: SOCIAL_LOGIN and a real provider."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.socialaccount.providers import registry
from django.contrib.auth.models import User
from django.test import Client
from django.test.utils import modify_settings, override_settings

from arena.config import sign_in
from tests.arena.accounts.conftest import reload_urls
from tests.arena.accounts.identity_server import CLIENT, SECRET, IdentityServer, identity_server

ENTRANCE = "/account/oidc/campus/login/"


@pytest.fixture
def campus(monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityServer]:
    """A provider, and settings as SOCIAL_LOGIN makes them."""
    with identity_server() as server:
        entry = {
            "provider": "openid_connect",
            "id": "campus",
            "name": "Campus",
            "client_id": CLIENT,
            "secret": SECRET,
            "server_url": server.url,
        }
        monkeypatch.setenv("SOCIAL_LOGIN", json.dumps([entry]))
        providers = sign_in.social_login()
        apps = [f"allauth.socialaccount.providers.{name}" for name in providers]
        with (
            modify_settings(INSTALLED_APPS={"append": apps}),
            override_settings(SOCIALACCOUNT_PROVIDERS=providers),
        ):
            registry.loaded = False
            reload_urls()
            yield server
    registry.provider_map.clear()
    registry.loaded = False
    reload_urls()


def walk(browser: Client, server: IdentityServer) -> str:
    """Go to the provider and come back, as a browser does; return where one is led."""
    page = browser.post(ENTRANCE)
    assert page.status_code == 200, page
    text = page.content.decode()
    address = text.split("0; url=")[1].split('"')[0].replace("&amp;", "&")
    place = urlsplit(address)
    assert f"{place.scheme}://{place.netloc}" == server.url
    there = HTTPConnection(place.netloc)
    there.request("GET", f"{place.path}?{place.query}")
    back = urlsplit(there.getresponse().headers["Location"])
    there.close()
    answer = browser.get(f"{back.path}?{back.query}")
    return str(answer.headers.get("Location", answer.content.decode()))


def test_a_person_signs_up_and_in_and_only_the_number_is_kept(campus: IdentityServer) -> None:
    for _ in range(2):
        browser = Client()
        assert walk(browser, campus) == "/you/"
        assert browser.get("/account/").status_code == 200
    account = User.objects.get()
    assert (account.email, account.first_name, account.last_name) == ("", "", "")
    kept = SocialAccount.objects.get()
    assert (kept.user, kept.uid, kept.extra_data) == (account, "ada-7", {})
    assert not EmailAddress.objects.exists()
    assert not SocialToken.objects.exists()


def test_only_who_somebody_is_was_asked_for_with_a_proof_of_who_asks(
    campus: IdentityServer,
) -> None:
    walk(Client(), campus)
    assert campus.asked["scope"] == "openid"
    assert campus.asked["code_challenge_method"] == "S256"
    assert len(campus.verifiers) == 1


def test_a_word_for_another_site_signs_nobody_in(campus: IdentityServer) -> None:
    campus.audience = "somebody else"
    assert "did not sign you in" in walk(Client(), campus)
    assert not User.objects.exists()


def test_a_walk_that_began_in_another_browser_signs_nobody_in(campus: IdentityServer) -> None:
    page = Client().post(ENTRANCE).content.decode()
    state = parse_qs(page.split("0; url=")[1].split('"')[0].replace("&amp;", "&"))["state"][0]
    victim = Client()
    answer = victim.get(f"{ENTRANCE}callback/?code=a-code&state={state}")
    assert "did not sign you in" in answer.content.decode()
    assert victim.get("/account/").status_code == 302


def test_a_link_alone_does_not_leave_the_site(campus: IdentityServer) -> None:
    page = Client().get(ENTRANCE)
    assert page.status_code == 200
    assert "Go on with Campus?" in page.content.decode()
    assert "http-equiv" not in page.content.decode()


def test_an_address_told_by_another_site_opens_no_account_that_has_it(
    campus: IdentityServer,
) -> None:
    owner = User.objects.create_user("voter-1", "ada@example.org")
    EmailAddress.objects.create(user=owner, email="ada@example.org", verified=True, primary=True)
    walk(Client(), campus)
    assert SocialAccount.objects.get().user != owner


def test_there_is_a_button_for_each_provider_and_without_any_none(campus: IdentityServer) -> None:
    assert "Go on with Campus" in Client().get("/account/login/").content.decode()


def test_without_configuration_there_is_no_button(db: None) -> None:
    for path in ("login", "signup"):
        assert "With another site" not in Client().get(f"/account/{path}/").content.decode()
