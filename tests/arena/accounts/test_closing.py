"""An account that closes takes with it all that named its person; the copy of it says the same."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import AsyncClient, Client

from arena.accounts.linking import join_voter, voter_of
from arena.accounts.models import Voter
from arena.accounts.services import new_voter
from arena.arenas.models import Arena
from arena.votes.models import Vote, Withdrawal
from models_registry.models import Revision
from tests import cast
from tests.arena.accounts.conftest import PASSWORD


def made(arena: Arena) -> tuple[User, Client]:
    """An account with one vote and everything else that it can have, and its browser."""
    voter = cast.ada()[0]
    cast.vote(cast.shown_battle(arena, voter), "a")
    browser = Client()
    browser.post("/account/signup/", {"email": "ada@example.org", "password1": PASSWORD})
    account = User.objects.get()
    join_voter(account=account, voter=voter)
    join_voter(account=account, voter=new_voter())
    Authenticator.objects.create(user=account, type="webauthn", data={"name": "Phone"})
    SocialAccount.objects.create(
        user=account, provider="github", uid="7", extra_data={"email": "ada@example.org"}
    )
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    return account, browser


def close(browser: Client, votes: str) -> str:
    answer = browser.post("/you/close/", {"votes": votes})
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def nothing_is_left() -> None:
    for model in (User, EmailAddress, Authenticator, SocialAccount):
        assert not model.objects.exists(), model
    assert not [one for one in Session.objects.all() if one.get_decoded().get("_auth_user_id")]


def test_an_account_closes_and_its_votes_go_on(arena: Arena, models: list[Revision]) -> None:
    account, browser = made(arena)
    elsewhere = Client()
    elsewhere.post("/account/login/", {"login": "ada@example.org", "password": PASSWORD})
    assert close(browser, "keep") == "/"
    nothing_is_left()
    assert elsewhere.get("/account/").status_code == 302
    assert not Withdrawal.objects.exists()
    assert Vote.objects.get().voter is not None
    assert not Voter.objects.filter(account__isnull=False).exists()
    assert account.pk is not None


def test_an_account_closes_and_its_votes_are_withdrawn(
    arena: Arena, models: list[Revision]
) -> None:
    _, browser = made(arena)
    close(browser, "withdraw")
    nothing_is_left()
    assert Withdrawal.objects.count() == 1


def test_without_a_choice_nothing_happens(arena: Arena, models: list[Revision]) -> None:
    _, browser = made(arena)
    answer = browser.post("/you/close/", {})
    assert answer.status_code == 422
    assert "Say what is to become of your votes." in answer.content.decode()
    assert User.objects.exists()


def test_closing_asks_once_more_who_it_is(arena: Arena, models: list[Revision]) -> None:
    account, _ = made(arena)
    browser = Client()
    browser.force_login(account)
    answer = browser.post("/you/close/", {"votes": "keep"})
    assert answer["Location"].startswith("/account/reauthenticate/")
    assert User.objects.exists()


def test_an_account_of_staff_is_not_closed_here(arena: Arena, models: list[Revision]) -> None:
    _, browser = made(arena)
    User.objects.update(is_staff=True)
    assert "Ask another member of staff" in browser.get("/you/close/").content.decode()
    assert browser.post("/you/close/", {"votes": "keep"}).status_code == 200
    assert User.objects.exists()


async def copy_of(browser: Client) -> bytes:
    """What this browser's person may take along."""
    asked = AsyncClient()
    asked.cookies = browser.cookies
    answer: Any = await asked.get("/you/export.json")
    return b"".join([part async for part in answer.streaming_content])


def test_the_copy_has_the_account_and_another_sites_profile_is_never_kept(
    arena: Arena, models: list[Revision]
) -> None:
    account, browser = made(arena)
    assert SocialAccount.objects.get().extra_data == {}
    copy = json.loads(async_to_sync(copy_of)(browser))
    kept = copy["account"]
    assert kept["addresses"][0]["address"] == "ada@example.org"
    assert kept["passkeys"][0]["name"] == "Phone"
    assert kept["other_sites"][0] == kept["other_sites"][0] | {"site": "github", "number": "7"}
    assert len(kept["voters"]) == 1
    assert len(copy["battles"]) == 1
    own = voter_of(account)
    assert own is not None
    assert copy["voter"]["id"] == str(own.pk)


def test_the_last_way_to_sign_in_stays_and_an_address_goes_when_there_is_another(
    db: None,
) -> None:
    browser = Client()
    browser.post("/account/signup/", {"email": "ada@example.org", "password1": PASSWORD})
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    remove = {"email": "ada@example.org", "action_remove": ""}
    browser.post("/account/email/", remove)
    assert EmailAddress.objects.exists()
    account = User.objects.get()
    key = Authenticator.objects.create(user=account, type="webauthn", data={"name": "Phone"})
    browser.post("/account/email/", remove)
    assert not EmailAddress.objects.exists()
    account.refresh_from_db()
    assert account.email == ""
    page = browser.post(f"/account/2fa/webauthn/keys/{key.pk}/remove/", follow=True)
    assert "the only way into your account" in page.content.decode()
    assert Authenticator.objects.exists()
