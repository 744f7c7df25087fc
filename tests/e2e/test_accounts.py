"""An account by passkey: votes cast without one are there on the next device, and go with it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.visitor import (
    DESKTOP,
    PHONE,
    Visitor,
    check_accessibility,
    start_battle,
    vote_button,
    wait_for_reveal,
    wait_until_voteable,
)

# A phone's own authenticator, which finds its person's finger at once.
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Device:
    """The passkeys of a browser, which a person may carry over to another one."""

    def __init__(self, visitor: Visitor) -> None:
        self.session = visitor.context.new_cdp_session(visitor.page)
        self.session.send("WebAuthn.enable")
        added = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        self.id = {"authenticatorId": added["authenticatorId"]}

    def passkeys(self):
        """Return what the device keeps."""
        return self.session.send("WebAuthn.getCredentials", self.id)["credentials"]

    def carry_to(self, other):
        """Give every passkey to another device, as a phone's cloud does."""
        for one in self.passkeys():
            other.session.send("WebAuthn.addCredential", {**other.id, "credential": one})


@pytest.fixture
def at_home(browser, site):
    """Visitors of the site under a name that passkeys work with, made one after the other."""
    opened = []

    def visit(width):
        visitor = Visitor(browser, site.url.replace("127.0.0.1", "localhost"), width)
        opened.append(visitor)
        return visitor

    yield visit
    for visitor in opened:
        visitor.check()
        visitor.context.close()


def vote(page, prompt):
    """Cast one vote; return its receipt."""
    start_battle(page, "text", prompt)
    wait_until_voteable(page)
    vote_button(page, "a").click()
    wait_for_reveal(page)
    return page.locator(".receipt code").first.inner_text()


def look(page):
    """Check a page as it is on a desk and on a phone."""
    for width in (DESKTOP, PHONE):
        page.set_viewport_size({"width": width, "height": 900})
        check_accessibility(page)
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, f"{page.url} scrolls sideways at {width} px"


def test_votes_without_an_account_are_there_on_the_next_device(at_home):
    desk = at_home(DESKTOP)
    page, device = desk.page, Device(desk)
    receipt = vote(page, "What is a passkey?")
    desk.open("/you/")
    look(page)
    page.get_by_role("link", name="Create an account").click()
    look(page)
    page.get_by_role("link", name="Go on with a passkey").click()
    expect(page.locator("main")).to_contain_text("The votes of this browser go into the account.")
    look(page)
    page.get_by_role("button", name="Make the passkey").click()
    page.wait_for_url("**/you/")
    expect(page.locator(f"#vote-{receipt}")).to_be_visible()
    assert len(device.passkeys()) == 1
    desk.open("/account/")
    expect(page.locator(".sign-list")).to_contain_text("Passkey 1")
    look(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator(".messages")).to_contain_text("You are signed out.")
    desk.open("/you/")
    expect(page.locator("main")).to_contain_text("Nothing is recorded of you")

    phone = at_home(PHONE)
    page, pocket = phone.page, Device(phone)
    device.carry_to(pocket)
    second = vote(page, "And what is a signature?")
    phone.open("/account/login/")
    look(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/you/join/**")
    expect(page.locator("h1")).to_contain_text("You cast 1 vote here without an account.")
    look(page)
    page.get_by_role("button", name="Add them").click()
    page.wait_for_url("**/you/")
    for one in (receipt, second):
        expect(page.locator(f"#vote-{one}")).to_be_visible()
    third = vote(page, "What is a key?")
    phone.open("/you/")
    expect(page.locator(f"#vote-{third}")).to_be_visible()

    phone.open("/you/close/")
    look(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/you/close/")
    look(page)
    page.get_by_label("Withdraw them all first.").check()
    page.get_by_role("button", name="Close the account").click()
    expect(page.locator(".messages")).to_contain_text("Your account is gone.")
    phone.open("/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator(".messages")).to_contain_text("That passkey did not work here.")
