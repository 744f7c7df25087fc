"""Ada listens: one deck for all answers, by mouse, by keyboard alone and on a phone."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.e2e.visitor import (
    DESKTOP,
    PHONE,
    battle_id,
    check_accessibility,
    start_battle,
    tab_to,
    vote_button,
    wait_until_shown,
    wait_until_voteable,
)

MUSIC = "A calm evening by the sea"
CLIP_S = 12

# Every event of the player, and beside each the position that the deck itself tells.
COLLECT = """
window.heardEvents = [];
addEventListener("agon:engaged", (event) => window.heardEvents.push(event.detail));
"""


def open_battle(visitor):
    page = visitor.page
    visitor.context.add_init_script(COLLECT)
    start_battle(page, "music", MUSIC)
    wait_until_loaded(page)
    return page


def wait_until_loaded(page):
    wait_until_shown(page)
    expect(page.locator("audio-clip[data-state=ready]")).to_have_count(2)


def hear_enough(page):
    """Listen to each answer for as long as the arena asks before a vote."""
    for letter in "AB":
        lane(page, letter).get_by_role("slider").focus()
        page.keyboard.press("Home")
        lane(page, letter).get_by_role("button").click()
        gate = page.locator(f"answer-pane[letter={letter}] .pane-gate:not(:empty)")
        expect(gate).to_have_count(0)
        page.evaluate("async () => (await import('/static/js/audio-deck.js')).deck.pause()")
    wait_until_voteable(page)


def position(page):
    return page.evaluate("async () => (await import('/static/js/audio-deck.js')).deck.position")


def wait_until_past(page, seconds):
    page.wait_for_function(
        "(least) => document.querySelector('audio-clip input[type=range]').value >= least",
        arg=seconds,
    )


def events(page, *kinds):
    """Return what was told so far, all of it or some kinds of it."""
    told = page.evaluate("window.heardEvents")
    return [event for event in told if not kinds or event["kind"] in kinds]


def wait_for_events(page, kind, count):
    page.wait_for_function(
        "([kind, count]) => heardEvents.filter((one) => one.kind === kind).length >= count",
        arg=[kind, count],
    )


def toggle(page):
    return page.locator("music-deck [data-act=toggle]")


def lane(page, letter):
    return page.locator(f"answer-pane[letter={letter}] audio-clip")


def sounding(page):
    """Return the letters of the answers whose own button shows that they sound."""
    playing = page.locator("answer-pane:has(.lane-play[data-playing])")
    return playing.evaluate_all("(panes) => panes.map((pane) => pane.getAttribute('letter'))")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_the_deck_is_accessible_and_tells_neither_file_nor_model(visit, site, width, scheme):
    page = open_battle(visit(width, color_scheme=scheme))
    names = [name for (name,) in site.rows("SELECT name FROM models_registry_model")]
    check_accessibility(page)
    page.locator(".deck-help summary").click()
    check_accessibility(page)
    page.keyboard.press("Escape")
    expect(page.locator(".deck-help")).not_to_have_attribute("open", "")
    toggle(page).click()
    wait_until_past(page, 0.5)
    page.keyboard.press("i")
    wait_until_past(page, 1)
    page.keyboard.press("o")
    toggle(page).click()
    check_accessibility(page)
    told = page.locator("music-deck").inner_text() + page.locator(".stage").inner_text()
    assert not re.search(r"mp3|wav|kbit|[kM]i?B\b|Hz", told, re.I), told
    assert not [name for name in names if name in told]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = [lane(page, letter).bounding_box() for letter in "AB"]
    assert [box["width"] for box in boxes] == [boxes[0]["width"]] * 2
    assert [box["height"] for box in boxes] == [boxes[0]["height"]] * 2
    small = page.locator("music-deck :is(button, summary, .deck-rate), .lane button").evaluate_all(
        "(all) => all.filter((one) => one.checkVisibility()).filter((one) => {"
        "  const box = one.getBoundingClientRect(); return box.width < 44 || box.height < 44;"
        "}).map((one) => one.outerHTML)"
    )
    assert not small


def test_a_switch_goes_on_at_the_same_place_and_the_events_say_so(ada, site):
    page = open_battle(ada)
    toggle(page).click()
    wait_for_events(page, "playing", 1)
    assert sounding(page) == ["A"]
    page.keyboard.press("2")
    assert sounding(page) == ["B"]
    lane(page, "A").get_by_role("button").click()
    assert sounding(page) == ["A"]
    wait_for_events(page, "playing", 2)
    page.keyboard.press("2")
    page.keyboard.press("Space")  # the lane button of A has the focus: Space is its own
    assert sounding(page) == ["A"]
    lane(page, "A").get_by_role("button").click()
    assert sounding(page) == []
    at = position(page)
    assert at == position(page), "a paused deck moves"

    steps = [(one["kind"], one["seat"]) for one in events(page, "play", "pause")]
    assert steps == [
        ("play", 0), ("pause", 0), ("play", 1), ("pause", 1),
        ("play", 0), ("pause", 0), ("play", 1), ("pause", 1),
        ("play", 0), ("pause", 0),
    ]  # fmt: skip
    told = events(page)
    for before, after in pairwise(told):
        if (before["kind"], after["kind"]) == ("pause", "play"):
            assert after["position_s"] == pytest.approx(before["position_s"], abs=0.1)
    assert [event["rate"] for event in events(page, "play")] == [1] * 5
    assert [event["volume"] for event in events(page, "play")] == [1] * 5
    places = [event["position_s"] for event in told]
    assert places == sorted(places)
    assert told[-1]["position_s"] == pytest.approx(at, abs=0.01)
    assert battle_id(page) not in site.votes()


def test_both_clips_run_on_one_clock(ada, site):
    page = open_battle(ada)
    # What the speakers get, by way of the gains of the two: one open, one shut, no gap between.
    page.evaluate("""() => {
      window.starts = [];
      const start = AudioBufferSourceNode.prototype.start;
      AudioBufferSourceNode.prototype.start = function (when, offset) {
        window.starts.push([this.context.currentTime, when, offset]);
        return start.call(this, when, offset);
      };
    }""")
    toggle(page).click()
    wait_until_past(page, 0.3)
    for key in "212":
        page.keyboard.press(key)
    starts = page.evaluate("window.starts")
    assert len(starts) == 2, "a switch started a clip anew"
    assert starts[0][1:] == starts[1][1:]
    assert starts[0][1] > starts[0][0], "a start in the past is cut"


def test_a_section_repeats_by_keys_by_buttons_and_by_dragging(ada, site):
    page = open_battle(ada)
    wave = lane(page, "B").locator(".lane-wave")
    box = wave.bounding_box()

    def x(seconds):
        return box["x"] + box["width"] * seconds / CLIP_S

    y = box["y"] + box["height"] / 2
    page.mouse.move(x(3), y)
    page.mouse.down()
    page.mouse.move(x(5), y, steps=5)
    page.mouse.up()
    (loop,) = events(page, "loop")
    assert loop["seat"] is None
    assert [loop["from_s"], loop["to_s"]] == pytest.approx([3, 5], abs=0.1)
    expect(page.locator("[data-act=from]")).to_contain_text(re.compile(r"0:0[23]\.\d"))
    toggle(page).click()
    assert sounding(page) == ["B"]
    wait_for_events(page, "playing", 4)  # twice around
    toggle(page).click()
    for event in events(page, "playing", "pause"):
        assert loop["from_s"] - 0.01 <= event["position_s"] <= loop["to_s"] + 0.01
    falls = [
        (one["position_s"], other["position_s"])
        for one, other in pairwise(events(page, "playing"))
        if other["position_s"] < one["position_s"]
    ]
    assert falls
    assert all(pair == (loop["to_s"], loop["from_s"]) for pair in falls)
    expect(lane(page, "B").locator(".lane-note")).to_have_text("0:02 of 0:12 heard")
    expect(lane(page, "A").locator(".lane-note")).to_have_text("Not heard yet")

    # A press outside leaves the section; the keys set another.
    page.mouse.click(x(8), y)
    assert "from_s" not in events(page, "loop")[-1]
    assert position(page) == pytest.approx(8, abs=0.1)
    page.keyboard.press("[")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("]")
    loop = events(page, "loop")[-1]
    assert [loop["from_s"], loop["to_s"]] == pytest.approx([8, 10], abs=0.1)
    page.keyboard.press("l")
    assert "from_s" not in events(page, "loop")[-1]
    clear = page.get_by_role("button", name="Clear the section")
    expect(clear).to_have_attribute("aria-disabled", "true")

    # And so do the buttons; a section is never too short to be heard.
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="End").click()
    loop = events(page, "loop")[-1]
    assert loop["to_s"] - loop["from_s"] == pytest.approx(1, abs=0.01)
    clear.click()
    expect(clear).to_have_attribute("aria-disabled", "true")
    expect(clear).to_be_focused()


def test_by_keyboard_alone_from_the_first_note_to_the_vote(ada, site):
    page, keyboard = open_battle(ada), ada.page.keyboard
    keyboard.press("Space")
    wait_for_events(page, "play", 1)
    place = lane(page, "A").get_by_role("slider")
    tab_to(page, place)
    for key, least in (("Home", 0), ("ArrowRight", 2), ("PageUp", 11.9)):
        keyboard.press(key)
        seek = events(page, "seek")[-1]
        assert seek["to_s"] >= least
    assert place.get_attribute("aria-valuetext") == "0:12 of 0:12"
    expect(toggle(page)).to_have_attribute("aria-label", "Play")  # at the end it rests
    assert events(page, "pause")[-1]["position_s"] == CLIP_S
    keyboard.press("PageDown")
    keyboard.press("Space")
    wait_for_events(page, "play", 2)
    assert 1.9 <= events(page, "play")[-1]["position_s"] <= 2.1
    keyboard.press("Space")

    for key, rate in ((">", 1.25), (">", 1.5), ("<", 1.25), ("<", 1), ("<", 0.75)):
        told = len(events(page, "rate"))
        keyboard.press(key)
        wait_for_events(page, "rate", told + 1)
        assert events(page, "rate")[-1]["value"] == rate
    expect(page.get_by_role("radio", name="0.75×")).to_be_checked()
    keyboard.press("m")
    assert events(page, "volume")[-1]["value"] == 0
    expect(page.locator(".deck-seat")).to_have_text("Answer A · muted")
    keyboard.press("m")
    keyboard.press("-")
    assert events(page, "volume")[-1]["value"] == 0.9
    check_accessibility(page)

    # The digits choose whom to hear, the letters still vote.
    page.evaluate("document.activeElement.blur()")
    keyboard.press("2")
    expect(page.locator("[data-part=said]")).to_have_text("Answer B")
    assert battle_id(page) not in site.votes()
    hear_enough(page)
    keyboard.press("b")
    expect(page.locator("form[data-vote]")).to_have_count(0)
    assert site.votes()[battle_id(page)] == [2, 1]


def test_a_changed_speed_keeps_pitch_and_place(ada, site):
    ada.open("/")
    # A sine of 440 Hz, stretched: its crossings of zero in each second stay 880.
    crossings = ada.page.evaluate("""async () => {
      const { stretched } = await import("/static/js/audio-stretch.js");
      const hz = 44100;
      const angle = 2 * Math.PI * 440 / hz;
      const tone = Float32Array.from({ length: 4 * hz }, (_, n) => Math.sin(angle * n));
      return [0.75, 1.25, 1.5].map((rate) => {
        const [left, right] = stretched([tone, tone.map((value) => -value)], rate);
        let count = 0;
        let loudest = 0;
        const from = hz / 2, to = from + hz;
        for (let n = from; n < to; n += 1) {
          if (left[n - 1] < 0 !== left[n] < 0) count += 1;
          loudest = Math.max(loudest, Math.abs(left[n]), Math.abs(left[n] + right[n]) * 1000);
        }
        return [rate, left.length / hz, count, loudest];
      });
    }""")
    for rate, seconds, count, loudest in crossings:
        assert seconds == pytest.approx(4 / rate, abs=0.001)
        assert count == pytest.approx(880, abs=4)
        assert loudest == pytest.approx(1, abs=0.1)


def test_what_was_heard_is_summed_from_the_events(ada, site):
    ada.open("/")
    heard = ada.page.evaluate("""async () => {
      const { Heard, total } = await import("/static/js/audio-heard.js");
      const heard = new Heard();
      const play = (seat, position_s, volume = 1) =>
        heard.take({ kind: "play", seat, position_s, rate: 1, volume });
      const at = (kind, position_s) => heard.take({ kind, seat: 0, position_s });
      play(0, 0); at("playing", 2); at("playing", 4); at("pause", 5);          // 0-5
      play(1, 5); heard.take({ kind: "seek", seat: 1, from_s: 6, to_s: 9 });   // 5-6
      heard.take({ kind: "volume", seat: 1, value: 0 });
      at("pause", 11);                                                       // silent
      play(0, 4); at("playing", 6); at("playing", 3); at("pause", 4);          // 4-6, again 3-4
      play(0, 8, 0); at("pause", 9);                                           // silent
      play(0, 10); heard.take({ kind: "loop", seat: null }); at("pause", 12);  // 10-12
      return [heard.of(0), heard.of(1), heard.of(2), total(heard.of(0))];
    }""")
    assert heard == [[[0, 6], [10, 12]], [[5, 6]], [], 8]


def test_on_a_phone_a_tap_plays_and_a_drag_repeats(visit, site):
    ada = visit(PHONE, has_touch=True, is_mobile=True)
    page = open_battle(ada)
    lane(page, "B").get_by_role("button").tap()
    wait_for_events(page, "play", 1)
    assert sounding(page) == ["B"]
    wave = lane(page, "A").locator(".lane-wave")
    wave.scroll_into_view_if_needed()
    box = wave.bounding_box()
    y = box["y"] + box["height"] / 2
    page.touchscreen.tap(box["x"] + box["width"] / 2, y)
    assert sounding(page) == ["A"]
    assert events(page, "seek")[-1]["to_s"] == pytest.approx(CLIP_S / 2, abs=0.2)
    touch = ada.context.new_cdp_session(page)

    def finger(kind, *places):
        dots = [{"x": place, "y": y, "id": 1} for place in places]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": dots})

    finger("touchStart", box["x"] + box["width"] / 4)
    for share in (0.3, 0.4, 0.5):
        finger("touchMove", box["x"] + box["width"] * share)
    finger("touchEnd")
    wait_for_events(page, "loop", 1)
    (loop,) = events(page, "loop")
    assert [loop["from_s"], loop["to_s"]] == pytest.approx([3, 6], abs=0.3)
    page.get_by_role("button", name="Clear the section").tap()
    toggle(page).tap()
    assert sounding(page) == []


def test_loaded_again_and_after_the_vote_it_plays_and_remembers(ada, site):
    page = open_battle(ada)
    page.get_by_role("slider", name="Volume").fill("0.5")
    toggle(page).click()
    wait_until_past(page, 1)
    toggle(page).click()
    for _ in range(2):  # at stage ready, then voted
        page.reload()
        expect(page.locator("audio-clip[data-state=ready]")).to_have_count(2)
        expect(page.get_by_role("slider", name="Volume")).to_have_value("0.5")
        note = lane(page, "A").locator(".lane-note")
        expect(note).to_have_text(re.compile(r"0:0[1-9] of 0:12 heard"))
        toggle(page).click()
        wait_for_events(page, "play", 1)
        assert events(page, "play")[-1]["volume"] == 0.5
        toggle(page).click()
        if vote_button(page, "tie").count():
            hear_enough(page)
            vote_button(page, "tie").click()
            expect(page.locator("form[data-vote]")).to_have_count(0)
            page.keyboard.press("2")
            expect(page.locator(".deck-seat")).to_have_text("Answer B")


def test_a_clip_that_does_not_load_is_asked_for_again(ada, site):
    page = ada.page
    ada.expects("Failed to load resource")
    asked = []

    def refuse_once(route):
        asked.append(route.request.url)
        if len(asked) == 1:
            route.abort()
        else:
            route.continue_()

    page.route("**/m/*.mp3", refuse_once)
    start_battle(page, "music", MUSIC)
    again = page.get_by_role("button", name="Load it again")
    expect(again).to_be_visible(timeout=120_000)
    expect(vote_button(page, "a")).to_be_disabled()
    check_accessibility(page)
    again.click()
    wait_until_loaded(page)
    for key, letter in (("1", "A"), ("2", "B")):
        page.keyboard.press(key)
        expect(page.locator(".deck-seat")).to_have_text(f"Answer {letter}")


def test_no_other_page_loads_the_player(ada, site):
    page = ada.page
    loaded = []
    page.on("request", lambda request: loaded.append(request.url))
    start_battle(page, "text", "What are generators?")
    wait_until_voteable(page)
    assert any("battle.js" in url for url in loaded)
    assert not [url for url in loaded if re.search(r"(audio|music)[^/]*\.(js|css)", url)]
