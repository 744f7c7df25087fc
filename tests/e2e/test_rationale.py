"""Ada says why: with tags, words, and marks in the answers; all of it is saved by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from arena.generation.profiles import render_markdown
from tests.e2e.site import wait_until
from tests.e2e.visitor import (
    DESKTOP,
    PHONE,
    battle_id,
    check_accessibility,
    examine,
    start_battle,
    vote_button,
    wait_for_reveal,
)

QUESTION = "What are generators and what does yield do?"
PICTURE = "Winter mountains under a pale moon"
MUSIC = "A calm evening by the sea"
OBJECT = "A golden vase"
MARKDOWN = (
    "A [link](https://and.org) and *b*. `x` & &amp; \\* **`done`**. 𝒏 times 🎵",
    "# One\n\n1. 1 apple\n2. 2 pears\n\n> quote *it*.\n\n![the alt text](x.png) goes on",
    "| a | b |\n|---|---|\n| yes | no |\n| yes | no |\n\n```python\ndef f():\n    yield 1\n```\n",
)
# Draws an answer as a page does; returns what is drawn and, for each character, its place.
ALIGN = """async ([source, html]) => {
  const { align } = await import("/static/js/mark-align.js");
  const box = document.createElement("div");
  box.innerHTML = html;
  return [box.textContent, [...align(box.textContent, source)]];
}"""


def reveal(page, arena, prompt, choice="a"):
    """Vote, and open the reveal with its form."""
    start_battle(page, arena, prompt)
    examine(page)
    vote_button(page, choice).click()
    wait_for_reveal(page)
    expect(page.locator("why-form[data-ready]")).to_have_count(1)


def side(page, letter):
    return page.locator(f".why-seat[data-seat={letter}]")


def saved(page):
    expect(page.locator("[data-why-status]")).to_have_text("Saved")


def newest(site, page):
    """Return the newest version of the battle's rationale: version, text, tags and marks."""
    (row,) = site.rows(
        "SELECT r.id, r.version, r.text FROM votes_rationale r JOIN votes_vote v "
        "ON v.id = r.vote_id WHERE v.battle_id = %s ORDER BY r.version DESC LIMIT 1",
        battle_id(page),
    )
    tags = site.rows(
        "SELECT s.position, t.key FROM votes_seatrationale s "
        "JOIN arenas_tag t ON t.id = ANY(s.tags) WHERE s.rationale_id = %s ORDER BY 1, 2",
        row[0],
    )
    marks = site.rows(
        "SELECT position, kind, place, is_good, note FROM votes_mark "
        "WHERE rationale_id = %s ORDER BY id",
        row[0],
    )
    return row[1], row[2], tags, marks


def output_text(site, page, position):
    return site.rows(
        "SELECT o.text FROM generation_output o JOIN battles_seat s ON s.id = o.seat_id "
        "WHERE s.battle_id = %s AND s.position = %s",
        battle_id(page),
        position,
    )[0][0]


def select_words(page, position):
    """Drag the mouse over the beginning of an answer's first paragraph."""
    line = page.locator(f'answer-pane[seat="{position}"] [data-final] p').first
    line.scroll_into_view_if_needed()
    box = line.bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + min(180, box["width"] - 4), box["y"] + 12, steps=5)
    page.mouse.up()


def test_tags_words_and_marks_of_a_text_are_saved_by_themselves(ada, site):
    page, keyboard = ada.page, ada.page.keyboard
    reveal(page, "text", QUESTION)
    expect(page.locator("#why-title")).to_contain_text("What made A better?")
    check_accessibility(page)

    # By keyboard alone: a tag, a sentence of the list, a note, words of one side.
    side(page, "A").get_by_label("Correct").press("Space")
    side(page, "A").get_by_text("Mark a place in A").press("Enter")
    sentences = side(page, "A").locator("select")
    sentences.focus()
    keyboard.press("ArrowDown")
    chosen = sentences.locator("option:checked").inner_text()
    side(page, "A").get_by_role("button", name="Good here").press("Enter")
    expect(side(page, "A").locator(".mark-words")).to_have_text(f"“{chosen}”")
    side(page, "A").get_by_label(f"Note on “{chosen}”").fill("Says it plainly")
    side(page, "B").get_by_text("Say more about B").press("Enter")
    side(page, "B").get_by_label("About answer B").fill("Too much at once.")
    # With the mouse: words of the other answer.
    select_words(page, 1)
    page.locator(".mark-offer").get_by_role("button", name="Bad here").click()
    expect(side(page, "B").locator(".mark-sign")).to_have_text("− Bad")
    saved(page)
    check_accessibility(page)

    _, _, tags, marks = newest(site, page)
    assert tags == [(0, "correct")]
    assert [(mark[0], mark[1], mark[3], mark[4]) for mark in marks] == [
        (0, "span", True, "Says it plainly"),
        (1, "span", False, ""),
    ]
    for position, _, place, _, _ in marks:
        text = output_text(site, page, position)
        assert text[place["start"] : place["end"]] == place["quote"]

    # Loaded again, everything is there and drawn; what is removed goes from the answer too.
    page.reload()
    expect(page.locator("why-form[data-ready]")).to_have_count(1)
    expect(side(page, "A").get_by_label("Correct")).to_be_checked()
    expect(side(page, "B").get_by_label("About answer B")).to_have_value("Too much at once.")
    expect(side(page, "A").locator(".mark-words")).to_have_text(f"“{chosen}”")
    drawn = "['why-good', 'why-bad'].map((name) => CSS.highlights.get(name)?.size ?? 0)"
    assert page.evaluate(drawn) == [1, 1]
    side(page, "B").get_by_role("button", name="Remove").press("Enter")
    expect(side(page, "B").locator(".mark")).to_have_count(0)
    expect(side(page, "B").get_by_text("Mark a place in B")).to_be_focused()
    assert page.evaluate(drawn) == [1, 0]
    saved(page)
    assert len(newest(site, page)[3]) == 1


def test_every_drawn_character_has_its_place_in_what_the_model_wrote(ada):
    page = ada.open("/")
    for source in MARKDOWN:
        drawn, places = page.evaluate(ALIGN, [source, render_markdown(source)])
        units = [drawn.encode("utf-16-le")[at : at + 2] for at in range(0, 2 * len(places), 2)]
        written = source.encode("utf-16-le")
        for unit, place in zip(units, places, strict=True):
            if not unit.decode("utf-16-le", "replace").isspace():
                assert written[2 * place : 2 * place + 2] == unit, (source, drawn, place)
        shown = [place for place in places if place >= 0]
        assert shown == sorted(set(shown))


def test_a_region_of_a_picture_is_placed_with_keys_or_drawn_with_the_mouse(ada, site):
    page, keyboard = ada.page, ada.page.keyboard
    reveal(page, "image", PICTURE, "tie")
    expect(page.locator("#why-title")).to_contain_text("What made them equal?")
    side(page, "A").get_by_text("Mark a place in A").press("Enter")
    start = side(page, "A").get_by_role("button", name="Choose a region")
    start.press("Enter")
    expect(page.locator(".mark-choice")).to_be_focused()
    check_accessibility(page)
    keyboard.press("Escape")
    expect(start).to_be_focused()
    start.press("Enter")
    for key in ("ArrowLeft", "ArrowUp", "Shift+ArrowRight"):
        keyboard.press(key)
    page.locator(".mark-panel").get_by_role("button", name="Good here").press("Enter")
    expect(side(page, "A").locator(".mark")).to_have_count(1)

    side(page, "B").get_by_text("Mark a place in B").click()
    side(page, "B").get_by_role("button", name="Choose a region").click()
    expect(page.locator(".mark-choice")).to_be_in_viewport()
    layer = page.locator(".mark-layer[data-choosing]")
    layer.hover(position={"x": 20, "y": 20})
    page.mouse.down()
    layer.hover(position={"x": 120, "y": 90})
    page.mouse.up()
    page.locator(".mark-panel").get_by_role("button", name="Bad here").click()
    expect(page.locator(".mark-frame")).to_have_count(2)
    saved(page)
    check_accessibility(page)

    marks = newest(site, page)[3]
    assert [(mark[0], mark[1], mark[3]) for mark in marks] == [
        (0, "region", True),
        (1, "region", False),
    ]
    assert marks[0][2] == {"x": 0.33, "y": 0.33, "width": 0.32, "height": 0.3}
    assert 0 < marks[1][2]["x"] < marks[1][2]["x"] + marks[1][2]["width"] < 1


def test_a_range_of_a_clip_and_a_view_of_an_object_are_marked(visit, site):
    music, mesh = visit(PHONE, color_scheme="dark").page, visit().page
    reveal(music, "music", MUSIC, "b")
    side(music, "B").get_by_text("Mark a place in B").click()
    side(music, "B").get_by_label("From (seconds)").fill("7.5")
    side(music, "B").get_by_label("To (seconds)").fill("3")
    side(music, "B").get_by_role("button", name="Good here").click()
    expect(side(music, "B").locator(".mark")).to_have_count(0)
    expect(side(music, "B").get_by_role("alert")).to_contain_text("a later end")
    side(music, "B").get_by_label("From (seconds)").fill("3")
    side(music, "B").get_by_label("To (seconds)").fill("7.5")
    check_accessibility(music)
    side(music, "B").get_by_role("button", name="Good here").click()
    expect(side(music, "B").locator(".mark-words")).to_have_text("0:03–0:07.5")
    saved(music)
    check_accessibility(music)
    assert newest(site, music)[3] == [(1, "range", {"from_s": 3.0, "to_s": 7.5}, True, "")]

    reveal(mesh, "3d", OBJECT)
    side(mesh, "A").get_by_text("Mark a place in A").press("Enter")
    said = side(mesh, "A").locator("[data-mark-tools] p")
    expect(said).to_contain_text("View from")
    first = said.inner_text()
    mesh.locator(".mesh-canvas").first.focus()
    for _ in range(6):
        mesh.keyboard.press("ArrowLeft")
    expect(said).not_to_have_text(first)
    side(mesh, "A").get_by_role("button", name="Bad here").press("Enter")
    expect(side(mesh, "A").locator(".mark-words")).to_contain_text("View from")
    saved(mesh)
    check_accessibility(mesh)
    ((_, kind, place, is_good, _),) = newest(site, mesh)[3]
    assert (kind, is_good) == ("view", False)
    assert -180 <= place["azimuth_deg"] < 180


@pytest.mark.parametrize(("width", "scheme"), [(PHONE, "light"), (DESKTOP, "dark")])
def test_what_cannot_be_sent_is_kept_and_sent_later(visit, site, width, scheme):
    ada = visit(width, color_scheme=scheme)
    ada.expects("ERR_INTERNET_DISCONNECTED")
    page = ada.page
    reveal(page, "text", QUESTION, "both_bad")
    expect(page.locator("#why-title")).to_contain_text("What was missing?")
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0, f"{overflow} px wider than the screen"
    check_accessibility(page)
    ada.context.set_offline(True)
    page.get_by_label("In your words").fill("An example.")
    expect(page.locator("[data-why-status]")).to_contain_text("Not saved yet")
    ada.context.set_offline(False)
    saved(page)
    assert newest(site, page)[1] == "An example."

    # And a page that is left at once has said it before.
    words = f"An example, and its source, at {width}."
    page.get_by_label("In your words").fill(words)
    page.get_by_role("link", name="Next battle").click()
    page.wait_for_url("**/arenas/text/")
    said = "SELECT version FROM votes_rationale WHERE text = %s"
    wait_until(lambda: site.rows(said, words), "the last words")
    page.go_back()
    wait_for_reveal(page)
    expect(page.get_by_label("In your words")).to_have_value(words)
    expect(page.locator("why-form[data-ready]")).to_have_count(1)
