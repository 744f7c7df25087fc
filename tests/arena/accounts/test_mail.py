"""With a mail server: addresses are confirmed by a code, and a code signs in or sets a password."""

from __future__ import annotations

import re
from datetime import timedelta
from email.message import EmailMessage

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from arena.accounts.closing import forget_unfinished
from tests.arena.accounts.conftest import PASSWORD
from tests.arena.accounts.mail_server import MailServer

ADDRESS = "ada@example.org"
CODE = re.compile(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", re.MULTILINE)


def code_in(letter: EmailMessage) -> str:
    """The code that a letter brings."""
    found = CODE.search(text_of(letter))
    assert found, text_of(letter)
    return found[1]


def text_of(letter: EmailMessage) -> str:
    """The words of a letter."""
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def sign_up(browser: Client, **more: str) -> str:
    """Ask for an account; return where one is led."""
    answer = browser.post("/account/signup/", {"email": ADDRESS, **more})
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


@pytest.fixture
def account(post: MailServer) -> User:
    """Ada's account, whose address is confirmed."""
    browser = Client()
    sign_up(browser, password1=PASSWORD)
    browser.post("/account/confirm-email/", {"code": code_in(post.letters.pop())})
    cache.clear()
    return User.objects.get(email=ADDRESS)


def test_an_account_is_open_when_the_code_was_entered(post: MailServer) -> None:
    browser = Client()
    assert sign_up(browser, password1=PASSWORD) == "/account/confirm-email/"
    assert browser.get("/account/").status_code == 302
    (letter,) = post.letters
    assert letter["To"] == ADDRESS
    assert letter["From"] == "Agon <arena@example.org>"
    wrong = browser.post("/account/confirm-email/", {"code": "AAAAAA"}).content.decode()
    assert "This is not the code" in wrong
    browser.post("/account/confirm-email/", {"code": code_in(letter)})
    assert browser.get("/account/").status_code == 200
    assert EmailAddress.objects.get().verified


def test_a_code_signs_in_without_a_password(post: MailServer) -> None:
    browser = Client()
    sign_up(browser)
    browser.post("/account/confirm-email/", {"code": code_in(post.letters.pop())})
    assert not User.objects.get().has_usable_password()
    cache.clear()
    other = Client()
    other.post("/account/login/code/", {"email": ADDRESS})
    page = other.get("/account/login/code/confirm/").content.decode()
    assert f"An e-mail went to <strong>{ADDRESS}</strong>" in page
    other.post("/account/login/code/confirm/", {"code": code_in(post.letters.pop())})
    assert other.get("/account/").status_code == 200


def test_a_code_sets_a_new_password(account: User, post: MailServer) -> None:
    browser = Client()
    browser.post("/account/password/reset/", {"email": ADDRESS})
    code = code_in(post.letters.pop())
    browser.post("/account/password/reset/confirm/", {"code": code})
    new = "another morning in Delphi"
    answer = browser.post("/account/password/reset/complete/", {"password1": new, "password2": new})
    assert answer.status_code == 302
    account.refresh_from_db()
    assert account.check_password(new)


def test_nothing_tells_whether_an_address_has_an_account(account: User, post: MailServer) -> None:
    asked = {
        "/account/signup/": {"password1": PASSWORD},
        "/account/login/code/": {},
        "/account/password/reset/": {},
    }
    for path, more in asked.items():
        answers = []
        for address in (ADDRESS, "nobody@example.org"):
            cache.clear()
            browser = Client()
            answer = browser.post(path, {"email": address, **more})
            page = browser.get(answer["Location"]).content.decode()
            answers.append((answer.status_code, answer["Location"], page.count(address)))
        assert answers[0] == answers[1], path
    # What is true is told by letter alone, to whoever reads that address.
    assert {letter["To"] for letter in post.letters} == {ADDRESS, "nobody@example.org"}


def test_a_letter_tells_of_a_changed_password(account: User, post: MailServer) -> None:
    browser = Client()
    browser.force_login(account)
    new = "another morning in Delphi"
    sent = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert browser.post("/account/password/change/", sent).status_code == 302
    (letter,) = post.letters
    assert "password" in str(letter["Subject"]).lower()


def test_a_sign_up_that_nobody_finished_is_forgotten(account: User, post: MailServer) -> None:
    sent = {"email": "stranger@example.org", "password1": PASSWORD}
    Client().post("/account/signup/", sent)
    stranger = User.objects.get(email="stranger@example.org")
    forget_unfinished()
    assert User.objects.filter(pk=stranger.pk).exists()
    long_ago = timezone.now() - timedelta(days=2)
    User.objects.update(date_joined=long_ago)
    forget_unfinished()
    assert list(User.objects.all()) == [account]
    assert list(EmailAddress.objects.values_list("email", flat=True)) == [ADDRESS]
