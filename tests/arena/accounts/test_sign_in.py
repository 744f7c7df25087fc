"""Signing up and in by address and password, on an installation that sends no mail."""

from __future__ import annotations

import logging
from urllib.parse import quote

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from arena.accounts.linking import voter_of
from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter, VoterLink
from arena.arenas.models import Arena
from models_registry.models import Revision
from tests import cast
from tests.arena.accounts.conftest import PASSWORD

ADDRESS = "ada@example.org"


def sign_up(browser: Client, address: str = ADDRESS) -> User:
    """Make an account in this browser, which is signed in afterwards."""
    sent = {"email": address, "password1": PASSWORD}
    answer = browser.post("/account/signup/", sent)
    assert answer.status_code == 302, answer.content.decode()
    return User.objects.get(email=address)


def sign_in(browser: Client, address: str = ADDRESS, **more: str) -> str:
    """Sign in; return where one is led."""
    sent = {"login": address, "password": PASSWORD, **more}
    answer = browser.post("/account/login/", sent)
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def as_browser_of(voter: Voter) -> Client:
    """The browser that keeps this voter's cookie."""
    browser = Client()
    browser.cookies[COOKIE] = cast.cookie_of(voter)
    return browser


def voted(arena: Arena) -> Voter:
    """Somebody who has voted once without an account."""
    voter = cast.ada()[0]
    cast.vote(cast.shown_battle(arena, voter), "a")
    return voter


def test_signing_up_takes_the_votes_of_the_browser_along(
    arena: Arena, models: list[Revision]
) -> None:
    voter = voted(arena)
    browser = as_browser_of(voter)
    account = sign_up(browser)
    assert voter_of(account) == voter
    assert browser.cookies[COOKIE].value == ""
    assert "1 vote" in browser.get("/you/").content.decode()
    assert ADDRESS.split("@", maxsplit=1)[0] not in account.username


def test_after_signing_out_the_browser_is_nobody_and_votes_as_somebody_new(
    arena: Arena, models: list[Revision]
) -> None:
    voter = voted(arena)
    browser = as_browser_of(voter)
    sign_up(browser)
    browser.post("/account/logout/")
    assert "No votes yet" not in browser.get("/you/").content.decode()
    assert "Nothing is recorded of you" in browser.get("/you/").content.decode()
    browser.post(f"/arenas/{arena.slug}/", {"prompt": "Why is rain wet?", "accept_terms": "on"})
    assert voter.battles.count() == 1
    assert Voter.objects.filter(account=None).count() == 1


def test_another_browser_is_asked_about_its_votes_and_adds_them_once(
    arena: Arena, models: list[Revision]
) -> None:
    account = sign_up(as_browser_of(voted(arena)))
    laptop = voted(arena)
    browser = as_browser_of(laptop)
    asked = sign_in(browser, next="/boards/")
    assert asked == "/you/join/?next=%2Fboards%2F"
    page = browser.get(asked).content.decode()
    assert "You cast 1 vote here without an account. Add it to your account?" in page
    answer = browser.post("/you/join/", {"answer": "add", "next": "/boards/"})
    assert answer["Location"] == "/boards/"
    assert VoterLink.objects.get().voter == laptop
    assert VoterLink.objects.get().person == voter_of(account)
    assert "2 votes" in browser.get("/you/").content.decode()
    assert browser.cookies[COOKIE].value == ""


def test_who_leaves_the_votes_apart_finds_them_in_this_browser_after_signing_out(
    arena: Arena, models: list[Revision]
) -> None:
    sign_up(as_browser_of(voted(arena)))
    laptop = voted(arena)
    browser = as_browser_of(laptop)
    sign_in(browser)
    browser.post("/you/join/", {"answer": "leave"})
    assert not VoterLink.objects.exists()
    assert "Are they yours?" in browser.get("/you/").content.decode()
    browser.post("/account/logout/")
    assert str(laptop.pk) in browser.get("/you/data/").content.decode()


def test_a_browser_that_has_done_nothing_is_asked_nothing(db: None) -> None:
    sign_up(Client())
    browser = as_browser_of(cast.ada()[0])
    assert browser.get(sign_in(browser))["Location"] == "/you/"


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"],
)
def test_nobody_is_led_to_another_site(db: None, address: str) -> None:
    sign_up(Client())
    browser = Client()
    assert sign_in(browser, next=address) == "/you/"
    browser = as_browser_of(cast.ada()[0])
    sign_in(browser)
    assert browser.get(f"/you/join/?next={quote(address)}")["Location"] == "/you/"


def test_a_form_of_another_site_signs_nobody_in_up_out_or_together(db: None) -> None:
    strict = Client(enforce_csrf_checks=True)
    for path in ("login", "signup", "logout", "signup/passkey", "2fa/webauthn/login"):
        assert strict.post(f"/account/{path}/", {}).status_code == 403, path
    account = sign_up(Client())
    strict.force_login(account)
    for path in ("/you/join/", "/you/close/", "/account/email/"):
        assert strict.post(path, {"answer": "add"}).status_code == 403, path


def test_the_session_gets_another_key_when_somebody_signs_in(db: None) -> None:
    sign_up(Client())
    browser = Client()
    browser.get("/account/signup/passkey/")
    planted = browser.cookies[settings.SESSION_COOKIE_NAME].value
    sign_in(browser)
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value != planted
    other = Client()
    other.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert other.get("/account/").status_code == 302


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(db: None) -> None:
    sign_up(Client())
    said = []
    for address in (ADDRESS, "nobody@example.org"):
        sent = {"login": address, "password": "another long password"}
        page = Client().post("/account/login/", sent).content.decode()
        said.append("The e-mail address and the password do not belong together." in page)
    assert said == [True, True]


def test_guessing_is_slowed_down_for_all_processes(db: None) -> None:
    sign_up(Client())
    sent = {"login": ADDRESS, "password": "another long password"}
    pages = [Client().post("/account/login/", sent).content.decode() for _ in range(7)]
    assert "That was too often" in pages[-1]
    assert settings.CACHES["default"]["BACKEND"].endswith("RedisCache")


@pytest.mark.parametrize("password", ["short", "12345678901234", "passwordpassword1"[:8], ADDRESS])
def test_a_weak_password_is_refused(db: None, password: str) -> None:
    sent = {"email": ADDRESS, "password1": password}
    page = Client().post("/account/signup/", sent).content.decode()
    assert "There is a problem" in page
    assert not User.objects.exists()


def test_what_needs_mail_is_not_there(db: None) -> None:
    page = Client().get("/account/login/").content.decode()
    assert "code" not in page
    assert "I do not know my password" not in page
    for path in ("password/reset", "login/code", "login/code/confirm", "confirm-email"):
        assert Client().get(f"/account/{path}/").status_code == 404, path


def test_addresses_and_secrets_are_in_no_log(db: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        sign_up(Client())
        sign_in(Client())
    said = [one.getMessage() for one in caplog.records if one.name != "django.db.backends"]
    assert not [text for text in said if ADDRESS in text or PASSWORD in text]


def test_staff_sign_in_to_the_admin_as_before(db: None) -> None:
    User.objects.create_superuser("mia", password=PASSWORD)
    browser = Client()
    sent = {"username": "mia", "password": PASSWORD, "next": "/staff/"}
    assert browser.post("/staff/login/", sent)["Location"] == "/staff/"
    assert browser.get("/staff/").status_code == 200


def test_staff_with_a_passkey_need_it_whichever_door_they_take(db: None) -> None:
    mia = User.objects.create_superuser("mia", "mia@example.org", PASSWORD)
    EmailAddress.objects.create(user=mia, email=mia.email, verified=True, primary=True)
    Authenticator.objects.create(user=mia, type="webauthn", data={"name": "Key"})
    page = Client().post("/staff/login/", {"username": "mia", "password": PASSWORD})
    assert "This account has a passkey" in page.content.decode()
    assert page.wsgi_request.user.is_anonymous


def test_a_voter_with_a_passkey_may_still_use_the_password(db: None) -> None:
    account = sign_up(Client())
    Authenticator.objects.create(user=account, type="webauthn", data={"name": "Phone"})
    assert sign_in(Client()) == "/you/"
