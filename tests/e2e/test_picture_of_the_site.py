"""The README's picture: a real battle, taken when AGON_SCREENSHOT names the file to write."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.visitor import GENERATION_MS, start_battle, wait_until_voteable

PROMPT = "Golden hills at sunset with distant mountains"
MOST_BYTES = 200_000  # a picture in a README must not make people wait


@pytest.mark.skipif("AGON_SCREENSHOT" not in os.environ, reason="AGON_SCREENSHOT names no file")
def test_the_picture_of_a_battle_is_written_and_small(visit):
    ada = visit(color_scheme="light")
    page = ada.page
    page.set_viewport_size({"width": 1440, "height": 920})
    start_battle(page, "image", PROMPT)
    expect(page.locator("answer-pane img")).to_have_count(2, timeout=GENERATION_MS)
    wait_until_voteable(page)
    page.mouse.move(0, 0)
    page.evaluate("scrollTo(0, 0)")
    target = Path(os.environ["AGON_SCREENSHOT"])
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(
        target, "WEBP", quality=82, method=6
    )
    assert target.stat().st_size < MOST_BYTES
