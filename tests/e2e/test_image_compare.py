"""Ada compares two images closely: by mouse, by keyboard alone, with her fingers, in every mode."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.visitor import (
    DESKTOP,
    PHONE,
    battle_id,
    check_accessibility,
    start_battle,
    tab_to,
    vote_button,
    wait_for_reveal,
    wait_until_voteable,
)

IMAGE = "Winter mountains under a pale moon"
MODES = ("Side by side", "Swipe", "Blink")
TRANSFORMS = """() => [...document.querySelectorAll(".compare-frame img")].map((image) => {
  const box = image.getBoundingClientRect();
  const frame = image.parentElement.getBoundingClientRect();
  const style = getComputedStyle(image);
  return [style.transform, style.imageRendering, style.width, style.height,
          box.left - frame.left, box.top - frame.top, box.width].map(String).join(" ");
})"""


def open_battle(visitor):
    page = visitor.page
    start_battle(page, "image", IMAGE)
    wait_until_voteable(page)
    return page


def open_compare(page, mode=None):
    page.locator("[data-compare]").click()
    dialog = page.locator("dialog.compare[open]")
    expect(dialog.locator(".compare-zoom")).to_have_text(re.compile(r"^\d+%$"))
    if mode:
        dialog.get_by_role("radio", name=mode).check()
    return dialog


def zoom(page):
    return int(page.locator(".compare-zoom").inner_text().removesuffix("%"))


def one_transform(page):
    """Return what the browser made of the images' place; fail where they differ."""
    places = page.evaluate(TRANSFORMS)
    assert len(places) == 2
    assert places[0] == places[1], f"the images come apart: {places}"
    return places[0]


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def split(page):
    return float(page.get_by_label("Divider").input_value())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_every_mode_is_accessible_and_tells_neither_size_nor_model(visit, site, width, scheme):
    ada = visit(width, color_scheme=scheme)
    page = open_battle(ada)
    names = [name for (name,) in site.rows("SELECT name FROM models_registry_model")]
    check_accessibility(page)
    dialog = open_compare(page)
    for mode in MODES:
        dialog.get_by_role("radio", name=mode).check()
        for key in "01":
            page.keyboard.press(key)
            check_accessibility(page)
            one_transform(page)
            captions = dialog.locator(".compare-figure[data-shown=true] figcaption")
            assert captions.count() == (1 if mode == "Blink" else 2)
            assert captions.first.inner_text().split() == ["A", "Answer", "A"]
            told = dialog.inner_text()
            assert not re.search(r"\d\s*[x×]\s*\d|px|webp|png|jpe?g|[kM]i?B", told, re.I), told
            assert not [name for name in names if name in told]
    page.keyboard.press("?")
    expect(dialog.locator(".compare-help-panel")).to_be_in_viewport(ratio=0.9)
    check_accessibility(page)
    assert dialog.evaluate("(it) => it.scrollWidth <= innerWidth && it.scrollHeight <= innerHeight")


def test_by_keyboard_alone_from_the_page_to_every_mode_and_back_to_the_vote(ada, site):
    page, keyboard = open_battle(ada), ada.page.keyboard
    offer = page.locator("[data-compare]")
    dialog = page.locator("dialog.compare[open]")

    # By its button; the focus comes back to it.
    tab_to(page, offer)
    keyboard.press("Enter")
    expect(dialog.locator(".compare-stage")).to_be_focused()
    for _ in range(40):
        keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || "
            "document.activeElement.closest('dialog') !== null"
        ), "the focus left the dialog"
    for key in "abtx":
        keyboard.press(key)  # no vote from in here
    keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(offer).to_be_focused()
    assert battle_id(page) not in site.votes()
    expect(vote_button(page, "a")).to_be_enabled()

    # By an image, and by the key.
    picture = page.locator("[data-picture]").first
    tab_to(page, picture)
    keyboard.press("Enter")
    expect(dialog).to_be_visible()
    keyboard.press("Escape")
    expect(picture).to_be_focused()
    keyboard.press("z")
    expect(dialog.locator(".compare-stage")).to_be_focused()

    fit = zoom(page)
    for key, factor in (("1", 100), ("+", 150), ("+", 200), ("-", 150), ("0", fit)):
        keyboard.press(key)
        assert zoom(page) == factor
    keyboard.press("1")
    centred = one_transform(page)
    keyboard.press("ArrowRight")
    assert one_transform(page) != centred
    keyboard.press("ArrowLeft")
    assert one_transform(page) == centred

    keyboard.press("m")
    expect(dialog).to_have_attribute("data-mode", "swipe")
    for _ in range(2):  # wider than the one frame, so that there is room to move
        keyboard.press("+")
    centred = one_transform(page)
    keyboard.press("ArrowRight")
    assert split(page) == 55
    assert one_transform(page) == centred, "the arrow moved the images, not the divider"
    keyboard.press("Shift+ArrowRight")
    assert one_transform(page) != centred
    tab_to(page, page.get_by_label("Divider"))
    keyboard.press("Home")
    assert split(page) == 0

    keyboard.press("m")
    expect(dialog).to_have_attribute("data-mode", "blink")
    shown = dialog.locator(".compare-figure[data-shown=true]")
    expect(shown).to_have_attribute("data-seat", "A")
    keyboard.press("s")
    expect(shown).to_have_attribute("data-seat", "B")
    keyboard.press("z")
    expect(dialog).to_have_count(0)
    keyboard.press("b")
    wait_for_reveal(page, "B is better")
    assert site.votes()[battle_id(page)] == [2, 1]

    # Once the page tells the models, so does the comparison.
    open_compare(page, "Side by side")
    names = page.locator("[data-pane-name]").all_inner_texts()
    assert dialog.locator(".compare-model").all_inner_texts() == names


def test_single_keys_can_be_switched_off_and_buttons_do_everything(ada, site):
    page = open_battle(ada)
    dialog = open_compare(page, "Side by side")
    page.keyboard.press("?")
    dialog.get_by_label("Keyboard shortcuts").uncheck()
    before = zoom(page)
    for key in ("1", "+", "m", "?"):
        page.keyboard.press(key)
    assert zoom(page) == before
    expect(dialog).to_have_attribute("data-mode", "side")
    expect(dialog.locator("details")).to_have_attribute("open", "")
    dialog.get_by_text("Help", exact=True).click()

    press = lambda name: dialog.get_by_role("button", name=name, exact=True).click()  # noqa: E731
    press("1:1, actual pixels")
    assert zoom(page) == 100
    press("Zoom in")
    assert zoom(page) == 150
    for way, back in (("left", "right"), ("up", "down")):
        start = one_transform(page)
        press(f"Look further {way}")
        assert one_transform(page) != start
        press(f"Look further {back}")
        assert one_transform(page) == start
    press("Fit: the whole image")
    assert zoom(page) == before
    expect(dialog.get_by_role("button", name="Look further left")).to_be_disabled()
    check_accessibility(page)

    press("Close")
    expect(page.locator("input[data-shortcuts]")).not_to_be_checked()
    expect(page.locator("[data-compare] kbd")).to_be_hidden()
    page.keyboard.press("z")
    page.keyboard.press("a")
    expect(dialog).to_have_count(0)
    assert battle_id(page) not in site.votes()


def test_wheel_drag_and_double_click_move_all_images_alike(ada, site):
    page, mouse = open_battle(ada), ada.page.mouse
    dialog = open_compare(page, "Side by side")
    frames = dialog.locator(".compare-frame")
    fit = zoom(page)
    x, y = middle(frames.nth(1))
    mouse.move(x + 100, y - 50)
    mouse.wheel(0, -400)
    assert zoom(page) > 1.5 * fit
    grown = one_transform(page)
    mouse.down()
    mouse.move(x + 40, y - 20, steps=4)
    mouse.up()
    assert one_transform(page) != grown
    page.keyboard.press("0")

    # Twice at a point: its pixel stays under the pointer, at its actual size.
    at = """(image, [x, y]) => {
      const box = image.getBoundingClientRect();
      return [(x - box.left) / box.width, (y - box.top) / box.height];
    }"""
    image = frames.first.locator("img")
    x, y = middle(frames.first)
    spot = [x + 60, y - 90]
    before = image.evaluate(at, spot)
    mouse.dblclick(*spot)
    assert zoom(page) == 100
    assert image.evaluate(at, spot) == pytest.approx(before, abs=0.002)
    one_transform(page)
    mouse.dblclick(*spot)
    assert zoom(page) == fit

    # The divider follows the pointer, and shows A on its left, B on its right.
    dialog.get_by_role("radio", name="Swipe").check()
    x, y = middle(dialog.locator(".compare-divider"))
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 120, y, steps=4)
    mouse.up()
    assert split(page) > 55
    edge, _ = middle(dialog.locator(".compare-divider"))
    assert edge == pytest.approx(x + 120, abs=2)
    for seat, sign in (("A", -1), ("B", 1)):
        frame = dialog.locator(f"[data-seat={seat}] .compare-frame")
        hit = frame.evaluate(
            "(frame, [x, y]) => frame.contains(document.elementFromPoint(x, y))",
            [edge + sign * 40, y],
        )
        assert hit, f"{seat} is not on its side of the divider"
    dialog.get_by_label("Divider").fill("20")
    assert middle(dialog.locator(".compare-divider"))[0] < edge


def test_from_twice_its_size_a_pixel_is_a_square(ada, site):
    page = open_battle(ada)
    dialog = open_compare(page, "Side by side")
    smooth = {"1": "auto", "+": "auto"}
    for key, rendering in smooth.items():
        page.keyboard.press(key)
        assert rendering in one_transform(page).split()
    for _ in range(5):
        page.keyboard.press("+")
    assert zoom(page) == 800
    assert "pixelated" in one_transform(page).split()
    frame = dialog.locator(".compare-frame").first
    pixels = np.asarray(Image.open(io.BytesIO(frame.screenshot())).convert("RGB"), int)
    pixels = pixels[100:500, 100:500]
    # Within a square of 8 nothing changes: changes stand only at one column and one row in eight.
    for axis in (0, 1):
        changes = np.abs(np.diff(pixels, axis=axis)).sum(axis=(1 - axis, 2))
        assert np.count_nonzero(changes) <= len(changes) / 8 + 1, "the pixels are smoothed"
        assert np.count_nonzero(changes) > 0, "nothing is drawn"


def test_fingers_pinch_drag_and_tap_on_a_phone(visit, site):
    ada = visit(PHONE, has_touch=True, is_mobile=True)
    page = open_battle(ada)
    touch = ada.context.new_cdp_session(page)

    def fingers(kind, *points):
        dots = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": dots})

    dialog = open_compare(page, "Side by side")
    frames = dialog.locator(".compare-frame")
    (x, y), (below_x, below_y) = middle(frames.first), middle(frames.nth(1))
    assert below_x == x, "on a phone the images stand under each other"
    assert below_y > y
    fit = zoom(page)
    fingers("touchStart", (x - 30, y), (x + 30, y))
    for spread in (45, 60, 75, 90):
        fingers("touchMove", (x - spread, y), (x + spread, y))
    fingers("touchEnd")
    assert zoom(page) == pytest.approx(3 * fit, rel=0.05)
    near = one_transform(page)
    fingers("touchStart", (x, y))
    for way in (10, 30, 50):
        fingers("touchMove", (x - way, y - way / 2))
    fingers("touchEnd")
    assert one_transform(page) != near
    dialog.get_by_role("button", name="Fit").tap()
    expect(dialog.locator(".compare-zoom")).to_have_text(f"{fit}%")
    for _ in range(2):
        page.touchscreen.tap(x, y)
    expect(dialog.locator(".compare-zoom")).to_have_text("100%")
    page.keyboard.press("Escape")

    # A tap on an image shows that one, as wide as the screen; another tap shows the other.
    page.locator("[data-picture]").nth(1).tap()
    expect(dialog).to_have_attribute("data-mode", "blink")
    shown = dialog.locator(".compare-figure[data-shown=true]")
    expect(shown).to_have_attribute("data-seat", "B")
    assert shown.locator("img").bounding_box()["width"] > 0.9 * PHONE
    page.touchscreen.tap(*middle(shown))
    expect(shown).to_have_attribute("data-seat", "A")
    small = dialog.locator("button, .compare-mode, summary, input[type=range]").evaluate_all(
        "(all) => all.filter((one) => one.checkVisibility()).filter((one) => {"
        "  const box = one.getBoundingClientRect(); return box.width < 24 || box.height < 24;"
        "}).map((one) => one.outerHTML)"
    )
    assert not small


def test_images_blink_by_themselves_until_they_are_stopped(ada, site):
    page = open_battle(ada)
    dialog = open_compare(page, "Blink")
    shown = dialog.locator(".compare-figure[data-shown=true]")
    page.keyboard.press("1")
    place = one_transform(page)
    dialog.get_by_role("button", name="Change by itself").click()
    for letter in "BAB":
        expect(shown).to_have_attribute("data-seat", letter)
        assert one_transform(page) == place
    dialog.get_by_role("button", name="Stop").click()
    expect(dialog.get_by_role("button", name="Change by itself")).to_be_visible()

    # Whoever comes to prefer less motion sees it end at once.
    page.keyboard.press("p")
    expect(dialog.get_by_role("button", name="Stop")).to_be_visible()
    page.emulate_media(reduced_motion="reduce")
    expect(dialog.get_by_role("button", name="Change by itself")).to_have_attribute(
        "aria-disabled", "true"
    )


def test_less_motion_means_blinking_by_hand_only(visit, site):
    ada = visit(reduced_motion="reduce", forced_colors="active")
    page = open_battle(ada)
    dialog = open_compare(page, "Blink")
    expect(dialog.locator(".compare-note")).to_be_visible()
    page.evaluate("""() => {
      window.changes = 0;
      new MutationObserver(() => { window.changes += 1; }).observe(
        document.querySelector(".compare-stage"),
        { subtree: true, attributes: true, attributeFilter: ["data-shown"] });
    }""")
    dialog.get_by_role("button", name="Change by itself").click(force=True)
    page.keyboard.press("p")
    page.wait_for_timeout(2500)  # more than two periods of what must not run
    assert page.evaluate("window.changes") == 0
    dialog.get_by_role("button", name="Show B").click()
    expect(dialog.locator(".compare-figure[data-shown=true]")).to_have_attribute("data-seat", "B")
    check_accessibility(page)


def test_no_other_page_loads_the_viewer(ada, site):
    page = ada.page
    loaded = []
    page.on("request", lambda request: loaded.append(request.url))
    start_battle(page, "text", "What are generators?")
    wait_until_voteable(page)
    page.goto("/")
    assert any("battle.js" in url for url in loaded)
    assert not [url for url in loaded if "image-" in url or "compare" in url]


GEOMETRY = """async () => {
  const view = await import("/static/js/image-view.js");
  const found = [];
  for (const [frameWidth, frameHeight] of [[700, 700], [390, 250], [1400, 80], [200, 2000]])
    for (const [imageWidth, imageHeight] of [[1024, 1024], [64, 48], [4000, 300]]) {
      const sizes = { frameWidth, frameHeight, imageWidth, imageHeight };
      const { least, most } = view.zoomLimits(sizes);
      let now = view.fitted(sizes);
      const moves = [];
      for (let step = 0; step < 40; step += 1) {
        const up = view.nextStop(now.zoom, 1, sizes);
        const point = { x: frameWidth * ((step * 7) % 10) / 10, y: frameHeight * (step % 5) / 5 };
        now = view.zoomedAt(now, sizes, step < 20 ? up : view.nextStop(now.zoom, -1, sizes), point);
        now = view.moved(now, sizes, (step - 20) * 300, 5000);
        const { x, y } = view.corner(now, sizes);
        moves.push([now.zoom, x, y, now.zoom * imageWidth, now.zoom * imageHeight]);
      }
      found.push({ sizes, least, most, moves });
    }
  return found;
}"""


def test_no_zoom_or_move_leaves_an_edge_inside_the_frame(ada, site):
    ada.open("/")
    for case in ada.page.evaluate(GEOMETRY):
        sizes, zooms = case["sizes"], [move[0] for move in case["moves"]]
        assert max(zooms) == pytest.approx(case["most"])
        assert zooms[-1] == pytest.approx(case["least"])
        for _, x, y, width, height in case["moves"]:
            for edge, length, frame in (
                (x, width, sizes["frameWidth"]),
                (y, height, sizes["frameHeight"]),
            ):
                if length <= frame:
                    assert edge == pytest.approx((frame - length) / 2, abs=1)
                else:
                    assert -(length - frame) - 1 <= edge <= 1, case
