"""An operator looks after the installation: signs in and sees what runs and what ran."""

from __future__ import annotations

import secrets

from playwright.sync_api import expect

from tests.e2e.site import wait_until
from tests.e2e.visitor import start_battle, vote_button, wait_for_reveal, wait_until_voteable

PUBLISHED = (
    "SELECT 1 FROM common_scheduledrun WHERE name = 'boards.refresh_boards' AND outcome = 'done'"
)


def test_an_operator_signs_in_and_sees_scheduled_runs_and_jobs(ada, visit, site):
    password = secrets.token_urlsafe(16)
    site.manage(
        *("createsuperuser", "--no-input", "--username", "mia", "--email", "mia@example.org"),
        DJANGO_SUPERUSER_PASSWORD=password,
    )
    battle = start_battle(ada.page, "text", "What is the difference between a list and a tuple?")
    wait_until_voteable(ada.page)
    vote_button(ada.page, "a").click()
    wait_for_reveal(ada.page)

    mia = visit()
    page = mia.open("/staff/")
    page.wait_for_url("**/staff/login/**")
    page.get_by_label("Username").fill("mia")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".errornote")).to_be_visible()
    page.get_by_label("Username").fill("mia")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#site-name")).to_be_visible()

    # Every minute the boards that changed are published, and the run leaves its row.
    wait_until(
        lambda: site.rows(PUBLISHED),
        "the run that publishes the changed board",
        timeout_s=90,
    )
    page.get_by_role("link", name="Scheduled runs").click()
    expect(page.locator("#result_list")).to_contain_text("boards.refresh_boards")
    expect(page.locator("#result_list")).to_contain_text("snapshots published")
    assert page.locator("#content .addlink").count() == 0, "nobody writes a run by hand"

    page.goto("/staff/")
    page.get_by_role("link", name="Generation jobs").first.click()
    expect(page.locator("#result_list")).to_contain_text("gen.text")
    expect(page.locator("#result_list")).to_contain_text("Done")

    # What is on record is there to be looked at; whoever voted is not to be found out from it.
    page.goto(f"/staff/battles/battle/{battle}/change/")
    expect(page.locator("#content")).to_contain_text("What is the difference")
    assert page.locator("[name=_save]").count() == 0


def test_a_visitor_does_not_get_into_the_staff_pages(ada):
    page = ada.open("/staff/generation/generationjob/")
    page.wait_for_url("**/staff/login/**")
    expect(page.locator("#result_list")).to_have_count(0)
