"""Ada votes: in every arena, by keyboard alone, on a phone, and never knowing whom she judges."""

from __future__ import annotations

import io
import re

import numpy as np
from PIL import Image
from playwright.sync_api import expect

from arena.generation.pacing import CHARS_PER_TICK
from tests.e2e.visitor import (
    DESKTOP,
    GENERATION_MS,
    PHONE,
    battle_id,
    check_accessibility,
    examine,
    start_battle,
    tab_to,
    vote_button,
    wait_for_reveal,
    wait_for_stream,
    wait_until_shown,
    wait_until_voteable,
)

IMAGE = "Winter mountains under a pale moon"
MUSIC = "A calm evening by the sea"
OBJECT = "A golden vase"


class Received:
    """Every byte that reaches the browser of a battle, but for the static files."""

    def __init__(self, page):
        self.page = page
        self.responses = []
        self.frames = []
        page.on("response", self._note_response)
        page.on("websocket", lambda socket: socket.on("framereceived", self._note_frame))

    def _note_response(self, response):
        if re.search(r"/(battles|m)/", response.url):
            self.responses.append(response)

    def _note_frame(self, frame):
        self.frames.append(frame if isinstance(frame, bytes) else frame.encode())

    def everything(self):
        heads = [str(response.all_headers()).encode() for response in self.responses]
        return heads + [self._body(response) for response in self.responses] + self.frames

    def _body(self, response):
        # A player keeps only the part of a file that it needs; the whole is asked for again.
        return (self.page.request.get(response.url) if "/m/" in response.url else response).body()


def names_of_models(site):
    """What would tell who wrote: names, slugs and generators of every model there is."""
    rows = site.rows(
        "SELECT m.name, m.slug, o.name, r.config->>'generator' FROM models_registry_model m "
        "JOIN models_registry_organisation o ON o.id = m.organisation_id "
        "JOIN models_registry_revision r ON r.model_id = m.id"
    )
    names = {name.lower() for row in rows for name in row[:3]}
    # A generator's name alone may be an ordinary word, such as "flow"; beside quotes it is ours.
    return names | {f'"{row[3]}"' for row in rows}


def assert_anonymous(received, page, names):
    seen = [*received.everything(), page.content().encode()]
    assert len(seen) > 5
    for data in seen:
        low = data.lower()
        told = [name for name in names if name.encode() in low]
        assert not told, f"{told} in {data[:300]!r}"


def test_a_text_battle_by_keyboard_alone_from_the_front_page_to_the_next_battle(ada, site):
    page, keyboard = ada.open("/"), ada.page.keyboard
    tab_to(page, page.locator("textarea[name=prompt]"))
    keyboard.type("What are generators and what does yield do?")
    keyboard.press("Control+Enter")

    # The first time, the terms come first; nothing that was written is lost.
    expect(page.locator(".error-summary")).to_be_focused()
    check_accessibility(page)
    tab_to(page, page.locator("input[name=accept_terms]"))
    keyboard.press("Space")
    expect(page.locator("textarea[name=prompt]")).to_have_value(
        "What are generators and what does yield do?"
    )
    received = Received(page)
    tab_to(page, page.get_by_role("button", name="Start a battle"))
    keyboard.press("Enter")
    page.wait_for_url("**/battles/*/")

    wait_for_stream(page, 3 * CHARS_PER_TICK)
    keyboard.press("a")  # too early: nothing may happen
    check_accessibility(page)
    wait_until_voteable(page)
    assert_streamed_at_one_pace(page)
    expect(page.locator("[data-announce]")).to_have_text("Both answers are here. You can vote now.")
    assert_anonymous(received, page, names_of_models(site))
    assert battle_id(page) not in site.votes()
    check_accessibility(page)

    tab_to(page, vote_button(page, "b"))
    keyboard.press("Enter")
    wait_for_reveal(page, "B is better")
    expect(page.locator("#reveal-title")).to_be_focused()
    assert site.votes()[battle_id(page)] == [2, 1]
    for letter in "AB":
        standing = page.locator(f"#standing-{letter}")
        expect(standing).to_contain_text("Your vote")
        expect(standing.locator("dd").first).to_have_text(
            # A rating, as this vote left it.
            re.compile(r"^\d{3,4}( \(provisional\))?$")
        )
    names = page.locator("[data-pane-name]").all_inner_texts()
    assert names == page.locator("[data-reveal] [data-model-name] h3").evaluate_all(
        "(heads) => heads.map((head) => head.closest('article').dataset.modelName)"
    )
    check_accessibility(page)

    tab_to(page, page.locator("#why"))
    keyboard.type("B shows an example.")
    tab_to(page, page.get_by_role("button", name="Save", exact=True))
    keyboard.press("Enter")
    expect(page.locator("[data-why-status]")).to_have_text("Saved")
    check_accessibility(page)
    tab_to(page, page.get_by_role("link", name="Next battle"))
    keyboard.press("Enter")
    page.wait_for_url("**/arenas/text/")
    expect(page.locator("input[name=accept_terms]")).to_have_count(0)


def assert_streamed_at_one_pace(page):
    """While both still write, neither side is ahead by more than one tick."""
    samples = page.evaluate("window.streamedLengths")
    final = samples[-1]
    both = [(a, b) for a, b in samples if a < final[0] and b < final[1]]
    assert len({sum(pair) for pair in both}) >= 5, f"not streamed: {samples[:20]}"
    assert max(abs(a - b) for a, b in both) <= CHARS_PER_TICK


def test_pictures_music_and_objects_are_shown_played_turned_and_voted_on(ada, site):
    image, music, mesh = ada.page, ada.context.new_page(), ada.context.new_page()
    received = {page: Received(page) for page in (image, music, mesh)}
    start_battle(image, "image", IMAGE)
    start_battle(music, "music", MUSIC)
    start_battle(mesh, "3d", OBJECT)
    names = names_of_models(site)
    for page, everything in received.items():
        wait_until_shown(page)
        assert_anonymous(everything, page, names)

    for width in (DESKTOP, PHONE):
        for page in received:
            page.bring_to_front()
            page.set_viewport_size({"width": width, "height": 900})
            page.reload()
            wait_until_shown(page)
            check_accessibility(page)
            overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert overflow <= 0, f"{page.url} is {overflow} px wider than the screen"
        look_at_pictures(image)
        listen(music)
        turn(mesh)

    for page, key, ranks in ((image, "a", [1, 2]), (music, "t", [1, 1]), (mesh, "x", [1, 1])):
        page.bring_to_front()
        examine(page)
        page.keyboard.press(key)
        wait_for_reveal(page)
        check_accessibility(page)
        assert site.votes()[battle_id(page)] == ranks


def look_at_pictures(page):
    page.bring_to_front()
    for picture in page.locator("answer-pane img").all():
        assert picture.evaluate("(image) => image.naturalWidth") >= 256
    page.locator("[data-picture]").first.click()
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("img").first).to_be_visible()
    check_accessibility(page)
    page.keyboard.press("b")  # while the dialog is open, a letter is no vote
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(vote_button(page, "a")).to_be_enabled()


def listen(page):
    page.bring_to_front()
    first, second = page.locator("audio-clip").all()
    first.get_by_role("button").click()
    expect(first.locator("[data-playing]")).to_have_count(1)
    expect(first.locator("input[type=range]")).not_to_have_value("0")
    place = first.locator("input[type=range]")
    place.focus()
    page.keyboard.press("PageUp")
    assert float(place.input_value()) >= 10
    page.keyboard.press("ArrowLeft")
    assert 8 <= float(place.input_value()) < 11

    # The other clip goes on at the same bar, and the first one is silent.
    second.get_by_role("button").click()
    expect(second.locator("[data-playing]")).to_have_count(1)
    expect(first.locator("[data-playing]")).to_have_count(0)
    assert float(second.locator("input[type=range]").input_value()) >= 7
    second.get_by_role("button").click()
    expect(page.locator("[data-playing]")).to_have_count(0)


def turn(page):
    page.bring_to_front()
    frame = page.locator(".mesh-canvas").first
    before = drawn(frame)
    assert len(np.unique(before.reshape(-1, 3), axis=0)) > 50, "nothing is drawn"
    frame.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    changed = (before != drawn(frame)).any(axis=2).mean()
    assert changed > 0.01, "the arrow key did not turn the object"


def drawn(frame):
    """Return the pixels of an element: (height, width, 3)."""
    return np.asarray(Image.open(io.BytesIO(frame.screenshot())).convert("RGB"))


def test_whoever_prefers_less_motion_sees_none(visit, site):
    ben = visit(PHONE, reduced_motion="reduce", color_scheme="dark")
    page = ben.page
    start_battle(page, "image", IMAGE)
    expect(page.locator("[data-skeleton]").first).to_be_visible()
    moving = "document.getAnimations().filter((one) => one.playState === 'running').length"
    assert page.evaluate(moving) == 0
    check_accessibility(page)
    expect(page.locator("answer-pane img")).to_have_count(2, timeout=GENERATION_MS)
    wait_until_voteable(page)
    check_accessibility(page)
    page.keyboard.press("a")
    wait_for_reveal(page, "A is better")
    assert page.evaluate(moving) == 0
    check_accessibility(page)
