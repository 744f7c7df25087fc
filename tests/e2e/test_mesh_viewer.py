"""Ada looks closely at two objects: in every view, together and apart, by hand and by keys."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.visitor import (
    DESKTOP,
    PHONE,
    battle_id,
    check_accessibility,
    examine,
    start_battle,
    tab_to,
    wait_for_reveal,
    wait_until_shown,
)

OBJECT = "A castle on an island"
MODES = ("textured", "clay", "wireframe", "normals", "silhouette")
BACKDROP = (0xD9, 0xD8, 0xD4)
POSES = """() => [...document.querySelectorAll("mesh-view")].map(({ pose }) =>
  [pose.azimuth, pose.polar, pose.distance, ...pose.target])"""
TELL = """() => {
  window.told = [];
  document.addEventListener("agon:engaged", (event) => window.told.push(event.detail));
}"""
# Whether each seat has told the place, in degrees, at which it came to rest.
REST = """(place) => [0, 1].every((seat) => {
  const last = window.told.filter((one) => one.kind === "orbit" && one.seat === seat).at(-1);
  const told = last && [last.azimuth_deg, last.polar_deg, last.distance];
  return told?.every((value, index) => Math.abs(value - place[index]) < 1e-6);
})"""


def open_battle(visitor):
    page = visitor.page
    start_battle(page, "3d", OBJECT)
    wait_until_shown(page)
    page.evaluate(TELL)
    return page


def poses(page):
    """Return where each object is seen from: azimuth, polar, distance and target."""
    return page.evaluate(POSES)


def one_pose(page):
    """Return the one place that all objects are seen from; fail where they differ."""
    first, *others = poses(page)
    assert all(other == first for other in others), "the objects are seen from unlike places"
    return first


def told(page, kind):
    return [each for each in page.evaluate("window.told") if each["kind"] == kind]


def wait_for_told(page, kind, count):
    page.wait_for_function(
        "([kind, count]) => window.told.filter((one) => one.kind === kind).length >= count",
        arg=[kind, count],
    )
    return told(page, kind)


def drawn(page, seat):
    """Return the pixels of an object, (height, width, 3), after they have been drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    canvas = page.locator(".mesh-canvas canvas").nth(seat)
    canvas.evaluate("(canvas) => canvas.scrollIntoView({ block: 'center' })")
    return np.asarray(Image.open(io.BytesIO(canvas.screenshot())).convert("RGB"), int)


def is_alike(one, other):
    """Say whether two pictures are the same, but for the corners, where the focus ring is seen."""
    return (np.abs(one - other) > 2).any(axis=2).mean() < 0.001


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def frames(page):
    return page.locator(".mesh-canvas")


def press(page, name, seat=0):
    view = page.locator("mesh-view").nth(seat)
    view.get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_every_view_is_alike_for_both_objects_and_tells_nothing_of_them(visit, site, width, scheme):
    ada = visit(width, color_scheme=scheme)
    page = open_battle(ada)
    names = [name for (name,) in site.rows("SELECT name FROM models_registry_model")]
    page.locator(".stage").scroll_into_view_if_needed()
    seen = {}
    for number, mode in enumerate(MODES, start=1):
        page.keyboard.press(str(number))
        chosen = page.get_by_role("radio", checked=True)
        expect(chosen).to_have_attribute("data-mode", mode)
        expect(page.locator("[data-mesh-note]")).to_have_text(chosen.get_attribute("data-says"))
        if scheme == "light" or mode == "textured":
            check_accessibility(page)
        seen[mode] = [drawn(page, seat) for seat in (0, 1)]
        for pixels in seen[mode]:
            assert tuple(pixels[4, 4]) == BACKDROP, "the backdrop depends on view or theme"
    for seat in (0, 1):
        for one in range(5):
            for other in range(one):
                unlike = seen[MODES[one]][seat] != seen[MODES[other]][seat]
                share = unlike.any(axis=2).mean()
                assert share > 0.01, f"{MODES[one]} and {MODES[other]} look the same"
        # Grey without a texture; two tones, the object dark, in the outline.
        clay = seen["clay"][seat]
        assert np.ptp(clay, axis=2).max() < 24, "clay has a colour"
        outline = seen["silhouette"][seat].reshape(-1, 3)
        dark = (outline < 60).all(axis=1).mean()
        light = (outline == BACKDROP).all(axis=1).mean()
        assert dark > 0.01
        assert dark + light > 0.93  # the rest: soft edges, and on a phone a button
    text = page.locator("main").inner_text()
    assert not [name for name in names if name in text]
    assert "triangles:" not in text.lower()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_by_keyboard_alone_from_the_desk_to_the_objects_and_the_vote(ada, site):
    page, keyboard = open_battle(ada), ada.page.keyboard
    radio = page.get_by_role("radio", name="Textured")
    tab_to(page, radio)
    keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Clay")).to_be_focused()
    expect(page.get_by_role("radio", name="Clay")).to_be_checked()
    keyboard.press("ArrowLeft")
    keyboard.press("ArrowLeft")
    expect(page.get_by_role("radio", name="Silhouette")).to_be_checked()
    keyboard.press("1")
    expect(radio).to_be_checked()
    views = wait_for_told(page, "view", 8)
    assert [(view["seat"], view["mode"]) for view in views] == [
        (seat, mode) for mode in ("clay", "textured", "silhouette", "textured") for seat in (0, 1)
    ]

    tab_to(page, frames(page).first)
    first = one_pose(page)
    for key, back, axis in (
        ("ArrowLeft", "ArrowRight", 0),
        ("ArrowUp", "ArrowDown", 1),
        ("+", "-", 2),
        ("Shift+ArrowLeft", "Shift+ArrowRight", 3),
        ("Shift+ArrowUp", "Shift+ArrowDown", 4),
    ):
        keyboard.press(key)
        now = one_pose(page)
        assert now[axis] != pytest.approx(first[axis], abs=1e-3), f"{key} did nothing"
        keyboard.press(back)
        assert one_pose(page) == pytest.approx(first)
    keyboard.press("ArrowRight")
    azimuth, polar, distance = one_pose(page)[:3]
    page.wait_for_function(REST, arg=[math.degrees(azimuth), math.degrees(polar), distance])
    keyboard.press("0")
    assert one_pose(page) == first

    # A pole is no end of the world, and the object cannot be lost.
    for key, times in (("ArrowUp", 15), ("-", 12), ("Shift+ArrowLeft", 30)):
        for _ in range(times):
            keyboard.press(key)
    _, polar, distance, *target = one_pose(page)
    assert polar < np.pi
    assert distance < 12
    assert np.linalg.norm(target) <= 1.001
    keyboard.press("0")
    examine(page)
    keyboard.press("b")
    wait_for_reveal(page, "B is better")
    assert site.votes()[battle_id(page)] == [2, 1]
    keyboard.press("2")
    expect(page.get_by_role("radio", name="Clay")).to_be_checked()


def test_objects_turn_together_until_they_are_unlinked(ada, site):
    page = open_battle(ada)
    link = page.get_by_role("button", name="Turn together")
    expect(link).to_have_attribute("aria-pressed", "true")
    before = [drawn(page, seat) for seat in (0, 1)]
    press(page, "Turn left", seat=1)
    one_pose(page)
    for seat in (0, 1):
        assert (drawn(page, seat) != before[seat]).any(axis=2).mean() > 0.01
    page.keyboard.press("l")
    expect(link).to_have_attribute("aria-pressed", "false")
    together = drawn(page, 0)
    press(page, "Turn up", seat=1)
    press(page, "Zoom in", seat=1)
    left, right = poses(page)
    assert left != right
    assert (drawn(page, 0) == together).all(), "an unlinked object moved"
    link.click()
    assert one_pose(page) == right, "the others do not come to the one that was moved last"
    assert told(page, "link") == [
        {"seat": None, "kind": "link", "on": False},
        {"seat": None, "kind": "link", "on": True},
    ]
    page.get_by_role("button", name="Reset all").click()
    assert one_pose(page)[2] != right[2]


def test_buttons_do_what_hands_do_and_single_keys_can_be_switched_off(ada, site):
    page = open_battle(ada)
    first = one_pose(page)
    for way, back in (("left", "right"), ("up", "down")):
        for verb in ("Turn", "Move"):
            press(page, f"{verb} {way}")
            moved = one_pose(page)
            is_moved = not np.allclose(moved[3:], first[3:])
            assert is_moved == (verb == "Move")
            assert moved != first
            press(page, f"{verb} {back}")
            assert one_pose(page) == pytest.approx(first)
            press(page, "Move in place of turn")
    press(page, "Zoom out")
    assert one_pose(page)[2] > first[2]
    press(page, "Reset the view")
    assert one_pose(page) == first

    page.locator("summary", has_text="Help").click()
    expect(page.locator(".mesh-help-panel")).to_be_in_viewport()
    check_accessibility(page)
    page.keyboard.press("Escape")
    expect(page.locator(".mesh-help-panel")).to_be_hidden()
    page.keyboard.press("?")
    page.get_by_label("Keyboard shortcuts").uncheck()
    page.keyboard.press("Escape")
    expect(page.locator(".mesh-mode kbd").first).to_be_hidden()
    for key in "2lr":
        page.keyboard.press(key)
    expect(page.get_by_role("radio", name="Textured")).to_be_checked()
    expect(page.get_by_role("button", name="Turn together")).to_have_attribute(
        "aria-pressed", "true"
    )
    assert not told(page, "turntable")


def test_drag_turns_other_buttons_move_and_the_wheel_is_the_pages_until_a_click(ada, site):
    page, mouse = open_battle(ada), ada.page.mouse
    first = one_pose(page)
    x, y = middle(frames(page).first)

    def drag(**options):
        mouse.move(x, y)
        mouse.down(**options)
        mouse.move(x + 60, y + 20, steps=3)
        mouse.up(**options)
        return one_pose(page)

    mouse.move(x, y)
    mouse.wheel(0, 40)
    page.wait_for_function("() => scrollY > 0")
    assert one_pose(page) == first
    mouse.wheel(0, -400)
    page.wait_for_function("() => scrollY === 0")

    turned = drag()
    assert turned[0] != first[0]
    assert turned[3:] == first[3:]
    page.keyboard.press("0")
    for options in ({"button": "right"}, {"button": "middle"}):
        assert drag(**options)[:2] == first[:2]
        assert one_pose(page)[3:] != first[3:]
        page.keyboard.press("0")
    page.keyboard.down("Shift")
    assert drag()[:2] == first[:2]
    page.keyboard.up("Shift")
    page.keyboard.press("0")

    mouse.move(x, y)
    mouse.wheel(0, -200)
    page.wait_for_function(
        "(before) => document.querySelector('mesh-view').pose.distance < before", arg=first[2]
    )
    one_pose(page)
    assert page.evaluate("scrollY") == 0


# A whole round of the turntable, with frames of our own.
ROUND = """async () => {
  const { Turntable } = await import("/static/js/mesh-turntable.js");
  const start = document.querySelector("mesh-view").pose;
  const told = [];
  const view = { pose: start, isHeld: false, engage: (kind, { on }) => told.push(on) };
  const asked = [];
  const ask = window.requestAnimationFrame;
  window.requestAnimationFrame = (frame) => asked.push(frame);
  const table = new Turntable(() => [view], () => {});
  let now = performance.now();
  const frame = (passed) => { now += passed; asked.shift()(now); };
  table.press();
  frame(80);
  view.isHeld = true;
  const held = view.pose.azimuth;
  frame(5000);
  frame(80);
  const heldBy = view.pose.azimuth - held;
  view.isHeld = false;
  let frames = 1;
  while (table.isOn && frames < 1000) {
    frame(80);
    frames += 1;
  }
  window.requestAnimationFrame = ask;
  return { frames, heldBy, told, start: start.azimuth, end: view.pose.azimuth };
}"""


def test_the_turntable_goes_once_around_for_all(ada, site):
    page = open_battle(ada)
    page.keyboard.press("l")
    press(page, "Turn up", seat=1)
    starts = poses(page)
    button = page.get_by_role("button", name="Turntable")
    page.keyboard.press("r")
    expect(button).to_have_attribute("aria-pressed", "true")
    page.wait_for_function(
        "(start) => Math.abs(document.querySelector('mesh-view').pose.azimuth - start) > 0.3",
        arg=starts[0][0],
    )
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    turned = [now[0] - start[0] for now, start in zip(poses(page), starts, strict=True)]
    assert turned[0] == pytest.approx(turned[1]), "they turn at unlike speeds"
    assert [now[1:] for now in poses(page)] == [start[1:] for start in starts]
    assert [(one["seat"], one["on"]) for one in told(page, "turntable")] == [
        (0, True),
        (1, True),
        (0, False),
        (1, False),
    ]
    whole = page.evaluate(ROUND)
    assert whole["frames"] == pytest.approx(200, abs=2)  # 16 s in frames of 80 ms
    assert whole["heldBy"] == 0, "it turns under the hand"
    assert math.cos(whole["end"] - whole["start"]) == pytest.approx(1)
    assert whole["told"] == [True, False]


def test_less_motion_means_that_the_turntable_goes_in_steps(visit, site):
    ada = visit(reduced_motion="reduce", forced_colors="active")
    page = open_battle(ada)
    first = one_pose(page)
    button = page.get_by_role("button", name="Turn a step")
    button.click()
    after = one_pose(page)
    assert np.angle(np.exp(1j * (after[0] - first[0])), deg=True) == pytest.approx(-30)
    for _ in range(11):
        page.keyboard.press("r")
    assert np.exp(1j * one_pose(page)[0]) == pytest.approx(np.exp(1j * first[0]))
    assert not told(page, "turntable")
    wait_for_told(page, "orbit", 2)
    check_accessibility(page)


def test_fingers_scroll_turn_hold_pinch_and_reach_everything_on_a_phone(visit, site):
    ada = visit(PHONE, has_touch=True, is_mobile=True)
    page = open_battle(ada)
    touch = ada.context.new_cdp_session(page)

    def fingers(kind, *points):
        dots = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": dots})

    def swipe(x, y, right, down):
        fingers("touchStart", (x, y))
        for part in (0.2, 0.4, 0.6, 0.8, 1):
            fingers("touchMove", (x + right * part, y + down * part))
        fingers("touchEnd")

    page.locator(".stage").evaluate("(stage) => scrollBy(0, stage.getBoundingClientRect().top - 8)")
    for seat in (0, 1):
        expect(frames(page).nth(seat)).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("radio", name="Clay")).to_be_in_viewport(ratio=1)
    first = one_pose(page)
    x, y = middle(frames(page).first)
    scrolled = page.evaluate("scrollY")
    swipe(x, y, 0, 120)
    page.wait_for_function("(before) => scrollY < before", arg=scrolled)
    assert one_pose(page) == first, "the finger that scrolled the page turned the object"

    x, y = middle(frames(page).first)
    swipe(x, y, 80, 0)
    turned = one_pose(page)
    assert turned[0] != first[0]
    page.touchscreen.tap(x, y)
    expect(frames(page).first).to_be_focused()
    scrolled = page.evaluate("scrollY")
    swipe(x, y, 0, 60)
    assert one_pose(page)[1] != turned[1], "a held object does not tilt"
    assert page.evaluate("scrollY") == scrolled, "the page scrolled under a held object"
    fingers("touchStart", (x - 30, y), (x + 30, y))
    for spread in (45, 60, 75, 90):
        fingers("touchMove", (x - spread, y + spread / 6), (x + spread, y + spread / 6))
    fingers("touchEnd")
    near = one_pose(page)
    assert near[2] < first[2] / 2
    assert near[3:] != first[3:], "two fingers do not move the object"
    page.touchscreen.tap(x, y)
    expect(frames(page).first).not_to_be_focused()

    more = page.get_by_role("button", name="Buttons for Answer A")
    more.tap()
    expect(more).to_have_attribute("aria-expanded", "true")
    press(page, "Reset the view")
    assert one_pose(page) == first
    check_accessibility(page)
    small = page.locator(".mesh-desk :is(button, summary), mesh-view button").evaluate_all(
        "(all) => all.filter((one) => one.checkVisibility()).filter((one) => {"
        "  const box = one.getBoundingClientRect(); return box.width < 44 || box.height < 44;"
        "}).map((one) => one.outerHTML)"
    )
    assert not small
    page.locator("summary", has_text="Help").tap()
    expect(page.locator(".mesh-help-panel")).to_be_in_viewport(ratio=1)
    check_accessibility(page)


def test_a_lost_context_is_drawn_again(ada, site):
    page = open_battle(ada)
    page.keyboard.press("2")
    press(page, "Turn left")
    before = drawn(page, 0)
    lose = """(canvas) => {
      window.loss = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
      window.loss.loseContext();
    }"""
    lost = page.locator(".mesh-lost")
    page.locator(".mesh-canvas canvas").first.evaluate(lose)
    expect(lost).to_contain_text("stopped drawing")
    page.evaluate("window.loss.restoreContext()")
    expect(lost).to_have_count(0)
    assert is_alike(drawn(page, 0), before), "not drawn as before"

    # A browser that does not give it back: made anew, seen from the same place in the same view.
    page.locator(".mesh-canvas canvas").first.evaluate(lose)
    lost.get_by_role("button", name="Draw it again").click()
    expect(page.locator(".mesh-canvas").first.locator("canvas")).to_have_count(1)
    assert is_alike(drawn(page, 0), before), "not drawn as before"


ODD = """async () => {
  const THREE = await import("three");
  const { Looks } = await import("/static/js/mesh-looks.js");
  const renderer = new THREE.WebGLRenderer({ preserveDrawingBuffer: true });
  renderer.setSize(64, 64, false);
  const camera = new THREE.OrthographicCamera(-1, 1, 1, -1, 0.1, 10);
  camera.position.z = 2;
  const half = new THREE.DataTexture(new Uint8Array([255, 0, 0, 255, 0, 255, 0, 0]), 2, 1);
  half.needsUpdate = true;
  let isGivenBack = false;
  half.addEventListener("dispose", () => { isGivenBack = true; });
  const card = () => new THREE.PlaneGeometry(2, 2);
  const bare = card();
  bare.deleteAttribute("normal");
  const painted = card();
  painted.setAttribute("color", new THREE.Float32BufferAttribute(
    [1, 0, 0, 1, 1, 0, 0, -1, 1, 0, 0, 1, 1, 0, 0, -1], 4));
  const behind = card().rotateY(Math.PI);
  const cases = {
    leaf: [card(), { map: half, alphaTest: 0.5 }],
    faded: [painted, { vertexColors: true, transparent: true }],
    glass: [card(), { transparent: true, opacity: 0.3 }],
    bare: [bare, { flatShading: true }],
    behind: [behind, {}],
  };
  const found = {};
  for (const [name, [geometry, options]] of Object.entries(cases)) {
    const scene = new THREE.Scene();
    scene.background = new THREE.Color(0xffffff);
    scene.add(new THREE.HemisphereLight());
    const mesh = new THREE.Mesh(geometry, new THREE.MeshStandardMaterial(options));
    scene.add(mesh);
    const looks = new Looks(scene);
    found[name] = {};
    for (const mode of ["textured", "clay", "wireframe", "normals", "silhouette"]) {
      looks.show(mode);
      renderer.render(scene, camera);
      const gl = renderer.getContext();
      found[name][mode] = [8, 56].map((x) => {
        const pixel = new Uint8Array(4);
        gl.readPixels(x, 20, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
        return [...pixel].slice(0, 3);
      });
    }
    looks.dispose();
  }
  const { geometries } = renderer.info.memory;
  renderer.dispose();
  return { found, geometries, isGivenBack };
}"""


def test_holes_glass_missing_normals_and_backs_are_shown_and_everything_is_given_back(ada, site):
    page = open_battle(ada)
    result = page.evaluate(ODD)
    found, white = result["found"], [255, 255, 255]
    for mode in MODES:
        for name in ("leaf", "faded"):
            shown, hole = found[name][mode]
            assert shown != white, (name, mode)
            assert np.subtract(white, hole).max() < 60, f"{name}: {mode} closes the hole"
        for name in ("glass", "bare", "behind"):
            assert white not in found[name][mode], f"{name}: {mode} shows nothing"
    # Clay and outline take no colour from picture or vertices.
    for name in ("leaf", "faded", "glass"):
        assert np.ptp(found[name]["clay"][0]) < 24
        assert found[name]["silhouette"][0] == found["bare"]["silhouette"][0]
    for name in ("bare", "glass", "behind"):
        assert np.abs(np.subtract(found[name]["normals"][0], (128, 128, 255))).max() <= 2
    assert result["geometries"] == 0
    assert result["isGivenBack"]
