"""Ada says what she thinks: of two and of three, before the names, or not at all."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.e2e.visitor import (
    DESKTOP,
    GENERATION_MS,
    PHONE,
    battle_id,
    check_accessibility,
    start_battle,
    tab_to,
    vote_button,
    wait_for_reveal,
    wait_until_voteable,
)

QUESTION = "How do I open a file safely and read it line by line?"
PICTURE = "A lighthouse in a storm at night"


@pytest.fixture
def ranking(site):
    """The arena of three pictures, open, asking for stars as well."""
    site.rows(
        "UPDATE arenas_arena SET is_open = true, asks_ratings = true "
        "WHERE slug = 'image-ranking' RETURNING id"
    )
    return "image-ranking"


def details_of(site, battle):
    """Return what was said before the names: strength, dimensions, stars."""
    strength = site.rows(
        "SELECT degree FROM votes_strength s JOIN votes_vote v ON v.id = s.vote_id "
        "WHERE v.battle_id = %s",
        battle,
    )
    dimensions = site.rows(
        "SELECT d.key, o.ranks FROM votes_dimensionoutcome o JOIN votes_vote v ON v.id = o.vote_id "
        "JOIN arenas_dimension d ON d.id = o.dimension_id WHERE v.battle_id = %s "
        "ORDER BY d.position",
        battle,
    )
    stars = site.rows(
        "SELECT r.position, r.stars FROM votes_rating r JOIN votes_vote v ON v.id = r.vote_id "
        "WHERE v.battle_id = %s ORDER BY r.position",
        battle,
    )
    return [degree for (degree,) in strength], dict(dimensions), dict(stars)


def ending_of(site, battle):
    ((ending, again_of),) = site.rows(
        "SELECT ending, again_of_id FROM battles_battle WHERE id = %s", battle
    )
    return ending, again_of


def same_prompt(site, *battles):
    """Whether all these battles ask the same."""
    texts = site.rows(
        "SELECT DISTINCT p.text FROM battles_battle b JOIN prompts_prompt p ON p.id = b.prompt_id "
        "WHERE b.id = ANY(%s)",
        [uuid.UUID(each) for each in battles],
    )
    return len(texts) == 1


def dimension_keys(site, arena):
    rows = site.rows(
        "SELECT d.key FROM arenas_dimension d JOIN arenas_arena a ON a.id = d.arena_id "
        "WHERE a.slug = %s AND NOT d.is_archived ORDER BY d.position",
        arena,
    )
    return [key for (key,) in rows]


def no_name_is_shown(page, site):
    names = [name for (name,) in site.rows("SELECT name FROM models_registry_model")]
    html = page.content()
    assert not [name for name in names if name in html]


def test_a_pair_and_its_details_by_keyboard_alone(ada, site):
    page, keyboard = ada.page, ada.page.keyboard
    battle = start_battle(page, "text", QUESTION)
    wait_until_voteable(page)
    check_accessibility(page)
    keyboard.press("b")

    go_on = page.get_by_role("button", name="Show who they were")
    expect(go_on).to_be_focused()
    assert site.votes()[battle] == [2, 1]
    no_name_is_shown(page, site)
    check_accessibility(page)

    keyboard.press("Shift+Tab")  # the last question; the panel comes before its button
    keyboard.press("Space")
    first = page.locator("input[name=strength]").first
    first.focus()
    keyboard.press("Space")
    keyboard.press("ArrowRight")
    keys = dimension_keys(site, "text")
    tab_to(page, page.locator(f"input[name=dimension-{keys[0]}]").first)
    keyboard.press("Space")
    keyboard.press("ArrowRight")
    tab_to(page, page.locator(f"input[name=dimension-{keys[1]}]").first)
    keyboard.press("Space")
    tab_to(page, page.locator(f"input[name=dimension-{keys[2]}]").first)
    keyboard.press("Space")
    keyboard.press("Delete")  # taken back
    keyboard.press("Enter")

    wait_for_reveal(page, "B is better")
    expect(page.locator("#reveal-title")).to_be_focused()
    strength, dimensions, stars = details_of(site, battle)
    assert strength == ["clearly"]
    assert dimensions[keys[0]] == [1, 1]
    assert dimensions[keys[1]] == [1, 2]
    assert keys[2] not in dimensions
    assert stars == {}

    keyboard.press("n")
    page.wait_for_url("**/arenas/text/")


def test_whoever_does_not_want_to_be_asked_is_not_until_they_do(ada, site):
    page = ada.page
    start_battle(page, "text", QUESTION)
    wait_until_voteable(page)
    page.keyboard.press("t")
    page.get_by_label("Don’t ask me this again").check()
    page.keyboard.press("Enter")
    wait_for_reveal(page, "A tie")

    battle = start_battle(page, "text", QUESTION)
    wait_until_voteable(page)
    posts = []
    page.on("request", lambda request: request.method == "POST" and posts.append(request.url))
    vote_button(page, "a").click()
    expect(page.locator("#reveal-title")).to_contain_text("Your vote: A is better")
    assert site.votes()[battle] == [1, 2]
    assert not [url for url in posts if url.endswith("/details")]
    page.get_by_role("button", name="Ask me again").click()
    expect(page.get_by_text("You will be asked again")).to_be_visible()

    start_battle(page, "text", QUESTION)
    wait_until_voteable(page)
    vote_button(page, "a").click()
    expect(page.get_by_role("button", name="Show who they were")).to_be_visible()


def test_details_without_a_network_are_not_lost(ada, site):
    ada.expects(r"ERR_INTERNET_DISCONNECTED")
    page = ada.page
    battle = start_battle(page, "text", QUESTION)
    wait_until_voteable(page)
    vote_button(page, "a").click()
    page.get_by_label("Much").check()
    ada.context.set_offline(True)
    page.get_by_role("button", name="Show who they were").click()
    expect(page.locator("[data-details-message]")).to_contain_text("not recorded yet")
    ada.context.set_offline(False)
    wait_for_reveal(page, "A is better")
    assert details_of(site, battle)[0] == ["much"]


def test_three_pictures_are_ranked_by_keys(ada, site, ranking):
    page, keyboard = ada.page, ada.page.keyboard
    battle = start_battle(page, ranking, PICTURE)
    words = page.locator("[data-ballot-words]")
    send = page.locator("[data-ballot-send]")
    expect(page.locator(".chip").first).to_be_enabled(timeout=GENERATION_MS)
    check_accessibility(page)
    expect(send).to_be_disabled()

    for key, said in (
        ("c", "C … still to place: A and B"),
        ("a", "C, then A … still to place: B"),
        ("b", "C, then A, then B"),
        ("=", "C, then A and B"),
        ("=", "C, then A, then B"),
        (" ", "C, then A and B"),
        ("Backspace", "C, then A … still to place: B"),
    ):
        keyboard.press(key)
        expect(words).to_have_text(said)
    expect(send).to_be_disabled()
    check_accessibility(page)
    keyboard.press("b")
    expect(send).to_be_enabled()
    chip = page.locator(".ballot-track .chip[value=b]")
    tab_to(page, chip)
    keyboard.press("ArrowLeft")
    expect(words).to_have_text("C, then B, then A")
    expect(chip).to_be_focused()
    keyboard.press("=")
    expect(words).to_have_text("C and B, then A")
    check_accessibility(page)
    page.evaluate("document.activeElement.blur()")
    keyboard.press("Enter")

    expect(page.locator("#details-title")).to_contain_text("B and C, then A")
    assert site.votes()[battle] == [2, 1, 1]
    no_name_is_shown(page, site)
    check_accessibility(page)
    (key, *_) = dimension_keys(site, ranking)
    page.locator(f"input[name=dimension-{key}]").nth(1).check()
    page.locator("input[name=stars-2]").nth(3).check()
    keyboard.press("Enter")
    wait_for_reveal(page, "B and C, then A")
    strength, dimensions, stars = details_of(site, battle)
    assert (strength, dimensions, stars) == ([], {key: [2, 1, 2]}, {2: 4})
    expect(page.locator("[data-reveal] .card")).to_have_count(3)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_three_pictures_are_ranked_by_taps_on_a_phone(visit, site, ranking, scheme):
    ben = visit(PHONE, has_touch=True, is_mobile=True, color_scheme=scheme)
    page = ben.page
    battle = start_battle(page, ranking, PICTURE)
    chip = page.locator(".chip")
    expect(chip.first).to_be_enabled(timeout=GENERATION_MS)
    for target in page.locator(".verdict-bar button:visible, .jump a").all():
        box = target.bounding_box()
        assert min(box["width"], box["height"]) >= 44, target
    page.locator(".jump a").last.tap()
    expect(page.locator("#answer-c .pane-title")).to_be_in_viewport()

    for letter in "bca":
        page.locator(f".chip[value={letter}]").tap()
    words = page.locator("[data-ballot-words]")
    expect(words).to_have_text("B, then C, then A")
    page.locator(".chip[value=c]").tap()
    page.locator("[data-move=better]").tap()
    expect(words).to_have_text("C, then B, then A")
    page.locator(".chip[value=a]").tap()
    page.locator("[data-move=tie]").tap()
    expect(words).to_have_text("C, then B and A")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    check_accessibility(page)
    page.locator("[data-ballot-send]").tap()
    wait_for_reveal(page, "C, then A and B")
    assert site.votes()[battle] == [2, 2, 1]
    check_accessibility(page)


def drag(page, chip, to, *, share=0.5):
    """Drag to a place in another element, at a share of its width."""
    chip.hover()  # which may scroll
    box = to.bounding_box()
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2, steps=6)
    return page.mouse


def test_three_pictures_are_ranked_by_dragging(ada, site, ranking):
    page = ada.page
    battle = start_battle(page, ranking, PICTURE)
    words, rank = page.locator("[data-ballot-words]"), page.locator("[data-rank]")
    chips = {letter: page.locator(f".chip[value={letter}]") for letter in "abc"}
    expect(chips["a"]).to_be_enabled(timeout=GENERATION_MS)

    empty = page.locator(".rank-empty")
    drag(page, chips["c"], empty.first).up()
    drag(page, chips["a"], empty.first).up()
    expect(words).to_contain_text("C, then A")
    drag(page, chips["b"], rank.nth(1)).up()
    expect(words).to_have_text("C, then A and B")
    drag(page, chips["b"], rank.nth(0), share=0.05).up()
    expect(words).to_have_text("B, then C, then A")

    drag(page, chips["a"], rank.nth(0), share=0.05)
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(words).to_have_text("B, then C, then A")
    chips["c"].click()
    expect(chips["c"]).to_have_attribute("aria-pressed", "true")
    page.locator("[data-ballot-send]").click()
    wait_for_reveal(page, "B, then C, then A")
    assert site.votes()[battle] == [3, 1, 2]


def test_all_bad_of_three_is_one_press(ada, site, ranking):
    page = ada.page
    battle = start_battle(page, ranking, PICTURE)
    expect(vote_button(page, "both_bad")).to_be_enabled(timeout=GENERATION_MS)
    page.keyboard.press("x")
    wait_for_reveal(page, "All are bad")
    assert site.rows(
        "SELECT ranks, is_acceptable FROM votes_vote WHERE battle_id = %s", battle
    ) == [([1, 1, 1], False)]


def test_a_battle_is_skipped_and_leads_to_the_next_one(ada, site):
    page, keyboard = ada.page, ada.page.keyboard
    battle = start_battle(page, "text", QUESTION)
    wait_until_voteable(page)
    skip = page.locator("[data-skip] summary")
    tab_to(page, skip)
    keyboard.press("Enter")
    reasons = page.locator("[data-skip] button")
    # The answers are here: they cannot be too slow any more.
    expect(reasons).to_have_count(2)
    check_accessibility(page)
    keyboard.press("Escape")
    expect(reasons.first).to_be_hidden()
    expect(skip).to_be_focused()
    keyboard.press("Enter")
    tab_to(page, reasons.first)
    keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You passed over this battle")).to_be_visible()
    check_accessibility(page)
    no_name_is_shown(page, site)
    assert site.rows("SELECT reason FROM votes_skip WHERE battle_id = %s", battle) == [
        ("cannot_judge",)
    ]
    assert battle not in site.votes()

    page.get_by_role("button", name="Same prompt, new battle").click()
    page.wait_for_url(re.compile(rf"/battles/(?!{battle})[0-9a-f-]+/"))
    assert ending_of(site, battle_id(page))[1] == uuid.UUID(battle)


def test_an_answer_is_reported_in_a_dialog_and_the_vote_goes_on(ada, site):
    page, keyboard = ada.page, ada.page.keyboard
    battle = start_battle(page, "text", QUESTION)
    wait_until_voteable(page)
    report = page.get_by_role("button", name="Report")
    tab_to(page, report)
    keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="What is wrong?")
    expect(dialog).to_be_visible()
    check_accessibility(page)
    keyboard.press("a")  # no vote from in here
    dialog.get_by_label("Answer B").check()
    dialog.get_by_label("It says which model it is").check()
    dialog.get_by_label("More about it").fill("It signs with a name.")
    dialog.get_by_role("button", name="Send the report").click()
    expect(dialog).to_contain_text("The people who run this site will look at it.")
    check_accessibility(page)
    keyboard.press("Escape")
    expect(report).to_be_focused()
    assert site.rows(
        "SELECT position, reason, text FROM votes_report WHERE battle_id = %s", battle
    ) == [(1, "names_itself", "It signs with a name.")]

    # Another report starts anew, and the vote is still there to be given.
    keyboard.press("Enter")
    expect(dialog.get_by_label("The whole battle")).to_be_checked()
    keyboard.press("Escape")
    keyboard.press("a")
    wait_for_reveal(page, "A is better")


def test_without_a_script_skip_and_report_are_plain_forms(ada, visit, site):
    page = ada.page
    battle = start_battle(page, "text", QUESTION)
    wait_until_voteable(page)
    plain = visit(java_script_enabled=False)
    plain.context.add_cookies(ada.context.cookies())
    other = plain.open(f"/battles/{battle}/")
    other.locator("[data-report] summary").click()
    other.get_by_label("Broken or empty").check()
    other.get_by_role("button", name="Send the report").click()
    expect(other.get_by_text("The people who run this site will look at it.")).to_be_visible()
    assert site.rows("SELECT position, reason FROM votes_report WHERE battle_id = %s", battle) == [
        (None, "broken")
    ]
    vote_button(page, "b").click()
    expect(page.locator("[data-show-names]")).to_be_visible()
    other.reload()
    other.get_by_label("Slightly").check()
    other.get_by_role("button", name="Show who they were").click()
    expect(other.locator("#reveal-title")).to_contain_text("Your vote: B is better")
    assert details_of(site, battle)[0] == ["slightly"]


def test_the_same_prompt_is_sent_again_with_one_click(ada, site):
    page = ada.page
    battle = start_battle(page, "text", QUESTION)
    wait_until_voteable(page)
    vote_button(page, "tie").click()
    wait_for_reveal(page, "A tie")
    page.get_by_role("button", name="Same prompt, new battle").click()
    page.wait_for_url(re.compile(rf"/battles/(?!{battle})[0-9a-f-]+/"))
    expect(page.locator(".prompt-text")).to_have_text(QUESTION)
    assert ending_of(site, battle_id(page)) == ("", uuid.UUID(battle))


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_the_keys_are_listed_and_can_be_switched_off(visit, width):
    ada = visit(width)
    page, keyboard = ada.page, ada.page.keyboard
    start_battle(page, "text", QUESTION)
    wait_until_voteable(page)
    button = page.get_by_role("button", name="Keys")
    tab_to(page, button)
    keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Keys of this page")
    expect(dialog.get_by_role("row", name="B is better")).to_contain_text("B")
    expect(dialog.get_by_role("row", name="Scroll together")).to_be_visible()
    check_accessibility(page)
    keyboard.press("b")  # no vote from in here
    keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    keyboard.press("?")
    dialog.get_by_label("Keyboard shortcuts").uncheck()
    keyboard.press("Escape")
    keyboard.press("?")
    keyboard.press("b")
    expect(dialog).to_be_hidden()
    expect(vote_button(page, "b")).to_be_enabled()
    page.reload()
    wait_until_voteable(page)
    keyboard.press("b")
    expect(vote_button(page, "b")).to_be_enabled()


def test_a_void_battle_gets_a_new_one_with_one_click(ada, site):
    page = ada.page
    battle = start_battle(page, "image", PICTURE)
    site.rows(
        "UPDATE battles_battle SET ending = 'void', void_reason = 'timed_out', ended_at = now() "
        "WHERE id = %s RETURNING id",
        battle,
    )
    # The page is open and is told.
    ended = page.get_by_role("heading", name="This battle could not be finished")
    expect(ended).to_be_visible()
    check_accessibility(page)
    page.reload()
    expect(ended).to_be_visible()
    check_accessibility(page)
    page.get_by_role("button", name="Same prompt, new battle").click()
    page.wait_for_url(re.compile(rf"/battles/(?!{battle})[0-9a-f-]+/"))
    assert ending_of(site, battle_id(page))[1] == uuid.UUID(battle)
    assert same_prompt(site, battle, battle_id(page))
