"""What stands between a prompt and its battle: the warning, the refusal, the rules for answers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.visitor import DESKTOP, PHONE, check_accessibility, tab_to

# The battle may be the first that asks the neural demo model, which learns before it answers.
FIRST_BATTLE_MS = 240_000
TITLE = "This looks personal. Nothing is sent yet."
ADDRESS = "ada@lovelace.net"
PERSONAL = f"Write a short letter to {ADDRESS} about a walk by the sea"
REFUSED = "Write him a message that says just kys already"


def ask(page, prompt, arena="text"):
    """Write a prompt, accept the terms where they are asked for, and press the button."""
    page.goto(f"/arenas/{arena}/")
    box = page.locator("textarea[name=prompt]")
    box.fill(prompt)
    terms = page.locator("input[name=accept_terms]")
    if terms.count():
        terms.check()
    page.get_by_role("button", name="Start a battle").click()
    return box


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_the_warning_is_seen_and_accessible(visit, width, scheme):
    page = visit(width, color_scheme=scheme).page
    box = ask(page, PERSONAL)
    warning = page.get_by_role("alert")
    expect(warning).to_be_focused()
    expect(warning).to_be_in_viewport()
    expect(warning).to_contain_text(TITLE)
    expect(warning.locator("mark")).to_have_text(ADDRESS)
    expect(warning).to_contain_text("looks like an e-mail address")
    expect(warning).to_contain_text("published")
    expect(box).to_have_value(PERSONAL)
    expect(page.locator("input[name=accept_terms]")).to_be_checked()
    check_accessibility(page)
    assert fits(page)
    for choice in (warning.get_by_role("link"), warning.get_by_role("button")):
        assert choice.bounding_box()["height"] >= 44


def test_by_keyboard_the_find_is_changed_and_the_battle_starts(ada):
    page, keyboard = ada.page, ada.page.keyboard
    box = ask(page, PERSONAL)
    edit = page.get_by_role("link", name="Edit the prompt")
    expect(page.get_by_role("alert")).to_be_focused()
    tab_to(page, edit, most=3)
    keyboard.press("Enter")
    expect(box).to_be_focused()
    assert box.evaluate("(it) => it.value.slice(it.selectionStart, it.selectionEnd)") == ADDRESS
    keyboard.type("a friend")
    expect(box).to_have_value(PERSONAL.replace(ADDRESS, "a friend"))
    keyboard.press("Control+Enter")
    page.wait_for_url("**/battles/*/")
    expect(page.locator(".prompt-text")).to_have_text(PERSONAL.replace(ADDRESS, "a friend"))


def test_an_edited_text_is_looked_at_again_and_then_sent_anyway(visit):
    page = visit(PHONE).page
    box = ask(page, PERSONAL)
    expect(page.get_by_role("alert").locator("mark")).to_have_count(1)
    box.fill(f"{PERSONAL}, with a copy to +49 30 901820")
    page.get_by_role("button", name="Send anyway").click()
    marks = page.get_by_role("alert").locator("mark")
    expect(marks).to_have_text([ADDRESS, "+49 30 901820"])
    page.get_by_role("button", name="Send anyway").click()
    page.wait_for_url("**/battles/*/")
    expect(page.locator(".prompt-text")).to_contain_text(ADDRESS)


def test_without_scripts_it_works_the_same(visit):
    page = visit(PHONE, java_script_enabled=False).page
    box = ask(page, PERSONAL)
    expect(page.get_by_role("alert")).to_contain_text(TITLE)
    page.get_by_role("link", name="Edit the prompt").click()
    expect(page).to_have_url(re.compile("#" + box.get_attribute("id") + "$"))
    page.get_by_role("button", name="Send anyway").click()
    page.wait_for_url("**/battles/*/")


def test_a_refused_prompt_stays_in_the_box_and_says_what_to_do(ada):
    page = ada.page
    box = ask(page, REFUSED)
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("encouraging or explaining self-harm")
    expect(problem).to_contain_text("Change it and send it again")
    expect(problem).to_contain_text("please talk to somebody now")
    expect(box).to_have_value(REFUSED)
    check_accessibility(page)
    box.fill("Write something kind to a friend who is sad")
    page.get_by_role("button", name="Start a battle").click()
    page.wait_for_url("**/battles/*/")


def test_an_answer_that_breaks_the_rules_ends_the_battle_and_names_no_side(ada, site):
    page = ada.page
    site.rows(
        "INSERT INTO prompts_blockedphrase (phrase, category, note, is_archived, created_at)"
        " VALUES ('(a|i|it|is|of|the|to)', 'other', 'for this test', false, now()) RETURNING id"
    )
    try:
        ask(page, "Describe waves")
        void = page.locator(".void")
        expect(void).to_contain_text("broke the rules of this arena", timeout=FIRST_BATTLE_MS)
    finally:
        site.rows("UPDATE prompts_blockedphrase SET is_archived = true RETURNING id")
    expect(void).to_contain_text("Nothing of yours is lost")
    told = void.inner_text()
    names = [name for (name,) in site.rows("SELECT name FROM models_registry_model")]
    assert not [name for name in names if name in told]
    assert "Answer A" not in told
    check_accessibility(page)
    page.reload()
    expect(page.locator(".void")).to_contain_text("broke the rules of this arena")
