"""Ada sends pictures: by button on a phone, by paste and drop at a desk, and without scripts."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.visitor import (
    DESKTOP,
    GENERATION_MS,
    PHONE,
    battle_id,
    check_accessibility,
    examine,
    vote_button,
    wait_for_reveal,
    wait_until_shown,
)

FIRST_BATTLE_MS = 240_000
GATES = "[data-progress-text]"
# Gives files to the page as a browser does when somebody pastes or drops them.
GIVE = """
([kind, selector, files]) => {
  const data = new DataTransfer();
  for (const [name, type, bytes] of files)
    data.items.add(new File([new Uint8Array(bytes)], name, { type }));
  const options = { bubbles: true, cancelable: true };
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { ...options, clipboardData: data })
    : new DragEvent(kind, { ...options, dataTransfer: data });
  document.querySelector(selector).dispatchEvent(event);
}
"""


def disc(colour=(210, 20, 25)):
    """A disc on white, as the bytes of a PNG with a mark in its metadata."""
    rows, columns = np.mgrid[0:240, 0:320]
    inside = np.hypot(columns - 160, rows - 120) < 80
    pixels = np.where(inside[..., None], colour, (250, 250, 250)).astype(np.uint8)
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "PLANTED-MARK"
    Image.fromarray(pixels).save(file, "PNG", exif=exif)
    return file.getvalue()


def as_file(name="disc.png", data=None):
    return {"name": name, "mimeType": "image/png", "buffer": data or disc()}


@pytest.fixture
def image_to_3d(site):
    """The arena, switched on as an operator does."""
    site.rows("UPDATE arenas_arena SET is_open = true WHERE slug = 'image-to-3d' RETURNING id")
    yield "image-to-3d"
    site.rows("UPDATE arenas_arena SET is_open = false WHERE slug = 'image-to-3d' RETURNING id")


@pytest.fixture
def seeing_text(site):
    """The text arena, taking up to two pictures."""
    change = "UPDATE arenas_arena SET takes_images = '{}', max_images = 2 WHERE slug = 'text'"
    site.rows(f"{change.format('optional')} RETURNING id")
    yield "text"
    site.rows(f"{change.format('none')} RETURNING id")


def accept(page):
    terms = page.locator("input[name=accept_terms]")
    if terms.count():
        terms.check()


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_a_picture_becomes_two_objects(visit, image_to_3d, site):
    page = visit(PHONE).page
    page.goto(f"/arenas/{image_to_3d}/")
    expect(page.locator("fieldset[data-attach]")).to_contain_text("up to 10 MB")
    box = page.locator("textarea[name=prompt]")
    box.fill("Make a small statue of what is on this picture.")
    accept(page)
    page.get_by_role("button", name="Start a battle").click()
    problem = page.locator(".error-summary")
    expect(problem).to_contain_text("Add a picture; the models work from it.")
    check_accessibility(page)

    add = page.get_by_role("button", name="Add a picture")
    assert add.bounding_box()["height"] >= 44
    with page.expect_file_chooser() as chooser:
        add.click()
    chooser.value.set_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"words"})
    expect(page.get_by_role("alert").filter(has_text="notes.txt")).to_contain_text("not a JPEG")
    with page.expect_file_chooser() as chooser:
        add.click()
    chooser.value.set_files(as_file())
    preview = page.locator(".attach-preview")
    expect(preview).to_be_visible()
    page.wait_for_function("document.querySelector('.attach-preview').naturalWidth === 320")
    expect(add).to_be_hidden()  # there is room for one
    page.get_by_label("What it shows").fill("A red disc")
    assert fits(page)
    check_accessibility(page)
    page.get_by_role("button", name="Remove disc.png").click()
    expect(preview).to_have_count(0)
    expect(add).to_be_focused()
    with page.expect_file_chooser() as chooser:
        add.click()
    chooser.value.set_files(as_file())
    page.get_by_label("What it shows").fill("A red disc")
    page.get_by_role("button", name="Start a battle").click()
    page.wait_for_url("**/battles/*/")

    shown = page.locator(".prompt-line .prompt-images img")
    expect(shown).to_have_attribute("alt", "A red disc")
    page.wait_for_function(
        "document.querySelector('.prompt-line .prompt-images img').naturalWidth === 320"
    )
    sent = page.request.get(shown.get_attribute("src"))
    assert sent.headers["content-type"] == "image/jpeg"
    assert b"PLANTED-MARK" not in sent.body()
    first = battle_id(page)
    wait_until_shown(page)
    assert fits(page)
    check_accessibility(page)
    examine(page)
    vote_button(page, "a").click()
    wait_for_reveal(page)
    names = page.locator(".card-name").all_inner_texts()
    assert sorted(name.splitlines()[-1] for name in names) == [
        "Demo picture cut-out",
        "Demo picture relief",
    ]

    page.get_by_role("button", name="Same prompt, new battle").click()
    page.wait_for_url(lambda url: "/battles/" in url and first not in url)
    expect(page.locator(".prompt-line .prompt-images img")).to_have_attribute("alt", "A red disc")

    page.goto("/you/data/")
    page.get_by_role("button", name="Remove all 2 pictures").click()
    expect(page.locator(".messages")).to_contain_text("2 pictures were removed.")
    assert page.request.get(sent.url).status == 404
    image = sent.url.rpartition("/")[2].removesuffix(".jpg")
    assert site.rows("SELECT key FROM prompts_promptimage WHERE id = %s", image) == [("",)]


def test_at_a_desk_pictures_are_pasted_and_dropped_and_outlive_a_question(visit, seeing_text):
    page = visit(DESKTOP).page
    page.goto(f"/arenas/{seeing_text}/")
    box = page.locator("textarea[name=prompt]")
    box.fill("Write to ada@lovelace.net what is on these pictures")
    red = ["red.png", "image/png", list(disc())]
    blue = ["blue.png", "image/png", list(disc((20, 40, 210)))]
    page.evaluate(GIVE, ["paste", "textarea[name=prompt]", [red]])
    page.evaluate(GIVE, ["dragover", ".prompt-box", [blue]])
    expect(page.locator(".prompt-box")).to_have_class(re.compile("is-target"))
    page.evaluate(GIVE, ["drop", ".prompt-box", [blue]])
    previews = page.locator(".attach-preview")
    expect(previews).to_have_count(2)
    page.evaluate(GIVE, ["paste", "textarea[name=prompt]", [red]])
    expect(page.get_by_role("button", name="Add a picture")).to_be_hidden()
    expect(previews).to_have_count(2)
    check_accessibility(page)
    accept(page)
    page.get_by_role("button", name="Start a battle").click()
    expect(page.get_by_role("alert").first).to_contain_text("This looks personal")
    expect(previews).to_have_count(2)  # the browser forgot the files, the page did not
    box.fill("What is on these pictures?")
    page.get_by_role("button", name="Start a battle").click()
    page.wait_for_url("**/battles/*/")
    expect(page.locator(".prompt-line .prompt-images img")).to_have_count(2)
    expect(page.locator(GATES)).to_contain_text("answers are here", timeout=FIRST_BATTLE_MS)
    for pane in page.locator("answer-pane").all():
        expect(pane).to_contain_text("Picture 2", timeout=GENERATION_MS)
        expect(pane).to_contain_text("red")
        expect(pane).to_contain_text("blue")
    check_accessibility(page)


def test_without_scripts_the_plain_form_does_it(visit, seeing_text):
    page = visit(DESKTOP, java_script_enabled=False).page
    page.goto(f"/arenas/{seeing_text}/")
    page.locator("textarea[name=prompt]").fill("What is on this picture?")
    accept(page)
    page.get_by_label("File 1").set_input_files(as_file("bad.png", b"not a picture"))
    page.get_by_role("button", name="Start a battle").first.click()
    expect(page.locator(".error-summary")).to_contain_text("not a picture that can be read here")
    page.get_by_label("File 1").set_input_files(as_file())
    page.get_by_role("button", name="Start a battle").first.click()
    page.wait_for_url("**/battles/*/")
    expect(page.locator(".prompt-line .prompt-images img")).to_have_count(1)
