"""Voters are known by a signed cookie, and agreed to a version of the terms."""

from __future__ import annotations

import uuid

import pytest
from django.core import signing
from django.test import Client

from arena.accounts import services
from arena.accounts.middleware import COOKIE, MAX_AGE_S, SALT, voter_from_cookie
from arena.accounts.models import Consent, Terms, Voter
from arena.accounts.services import accept_terms, current_consent, current_terms, find_voter
from arena.arenas.models import Arena
from arena.battles.models import Battle
from models_registry.models import Revision
from tests import cast

NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


def test_a_cookie_of_ours_proves_its_voter(ada: Voter) -> None:
    assert voter_from_cookie(cast.cookie_of(ada)) == ada


def test_a_forged_foreign_or_garbled_cookie_proves_nobody(ada: Voter) -> None:
    good = cast.cookie_of(ada)
    forged = [
        None,
        "",
        str(ada.pk),
        good[:-1],
        good + "x",
        good.swapcase(),
        signing.dumps(str(ada.pk), salt="another.salt"),
        signing.dumps(str(ada.pk), salt=SALT, key="another key"),
        signing.dumps(str(uuid.uuid4()), salt=SALT),  # of a voter that is not there
        signing.dumps("no uuid", salt=SALT),
        signing.dumps(None, salt=SALT),
        "\x00:\ud7ff:é",
        ":" * 1000,
    ]
    for value in forged:
        assert voter_from_cookie(value) is None, value


def test_a_cookie_expires(ada: Voter, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = cast.cookie_of(ada)
    now = signing.time.time
    monkeypatch.setattr(signing.time, "time", lambda: now() + MAX_AGE_S - 10)
    assert voter_from_cookie(cookie) == ada
    monkeypatch.setattr(signing.time, "time", lambda: now() + MAX_AGE_S + 10)
    assert voter_from_cookie(cookie) is None


def test_an_id_that_is_none_finds_nobody(ada: Voter) -> None:
    assert find_voter(str(ada.pk)) == ada
    assert find_voter("") is None
    assert find_voter(None) is None


def change_terms(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(services, "_terms_text", lambda: text)


def test_new_terms_need_a_new_consent_and_the_old_one_is_kept(
    ada: Voter, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = current_consent(ada)
    assert old is not None
    change_terms(monkeypatch, "# Terms\n\nNew ones.")
    assert current_consent(ada) is None
    new = accept_terms(voter=ada)
    assert current_consent(ada) == new
    assert new.terms.text == "# Terms\n\nNew ones."
    assert set(Consent.objects.filter(voter=ada)) == {old, new}


def test_the_same_terms_are_one_version_and_one_consent(ada: Voter) -> None:
    assert current_terms() == current_terms()
    assert accept_terms(voter=ada) == accept_terms(voter=ada)
    assert Terms.objects.count() == 1
    assert Consent.objects.count() == 1
    assert current_consent(None) is None


def test_looking_around_makes_no_voter_and_sets_no_cookie(
    arena: Arena, models: list[Revision]
) -> None:
    client = Client()
    for path in ("/", "/arenas/", "/arenas/text/", "/terms/", "/you/"):
        assert client.get(path).status_code == 200, path
    assert COOKIE not in client.cookies
    assert not Voter.objects.exists()


def test_the_first_battle_makes_a_voter_with_a_cookie_that_scripts_cannot_read(
    arena: Arena, models: list[Revision]
) -> None:
    client = Client()
    form = {"prompt": "What is a set?", "accept_terms": "on"}
    answer = client.post("/arenas/text/", form, headers=NAVIGATION)
    assert answer.status_code == 302
    voter, battle = Voter.objects.get(), Battle.objects.get()
    assert battle.voter == voter
    assert battle.consent == current_consent(voter)
    cookie = client.cookies[COOKIE]
    assert voter_from_cookie(cookie.value) == voter
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == MAX_AGE_S
    # The second battle is the same voter's, without a question.
    assert client.post("/arenas/text/", {"prompt": "And a list?"}).status_code == 302
    assert Voter.objects.get().battles.count() == 2


def test_a_visitor_with_a_forged_cookie_starts_as_somebody_new(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    client = Client()
    client.cookies[COOKIE] = f"{cast.cookie_of(ada)}x"
    form = {"prompt": "What is a set?", "accept_terms": "on"}
    assert client.post("/arenas/text/", form).status_code == 302
    assert Battle.objects.get().voter != ada
    assert Voter.objects.count() == 2


def test_a_changed_text_asks_again_before_the_next_battle(
    ada: Voter, arena: Arena, models: list[Revision], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    client.cookies[COOKIE] = cast.cookie_of(ada)
    change_terms(monkeypatch, "# Terms\n\nNew ones.")
    answer = client.post("/arenas/text/", {"prompt": "What is a set?"}, headers=NAVIGATION)
    assert answer.status_code == 200
    assert "Accept the terms" in answer.content.decode()
    assert not Battle.objects.exists()


def test_the_page_of_the_terms_shows_their_text_and_version(db: None) -> None:
    html = Client().get("/terms/").content.decode()
    assert current_terms().version in html


def test_the_terms_that_people_accept_can_be_read(client: Client, db: None) -> None:
    page = client.get("/terms/").content.decode()
    assert "What is recorded" in page
    assert "write nothing that should not be public" in page
