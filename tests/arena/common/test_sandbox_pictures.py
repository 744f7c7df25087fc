"""Pictures of strangers: decoded in the sandbox, and only new pixels come back."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from arena.common.sandbox import Answer, ChildFailed, Ending, Refused, pictures
from arena.common.sandbox.pictures import REFUSALS, safe_image
from tests.arena.test_output_profiles_image import picture
from tests.arena.test_output_profiles_image import saved as image_file


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_is_turned_made_smaller_and_encoded_anew(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "PLANTED-MARK"
    exif[0x0112] = 6
    options: dict[str, Any] = {"comment": b"PLANTED-MARK"} if kind == "GIF" else {"exif": exif}
    data = image_file(picture(1200, 600), kind, **options)
    assert b"PLANTED-MARK" in data
    made = safe_image(data, longest_px=512)
    shown = Image.open(io.BytesIO(made.data))
    expected = (512, 256) if kind == "GIF" else (256, 512)
    assert shown.size == (made.width_px, made.height_px) == expected
    assert shown.format == "JPEG"
    assert not shown.getexif()
    assert b"PLANTED-MARK" not in made.data


def test_the_bytes_are_those_of_the_same_work_outside_of_the_sandbox() -> None:
    data = image_file(picture(3000, 1500), "JPEG")
    facts, encoded = pictures.jpeg(data, {"longest_px": 2048})
    made = safe_image(data, longest_px=2048)
    assert made.data == encoded
    assert facts == {"width_px": made.width_px, "height_px": made.height_px}


def test_a_small_picture_does_not_grow() -> None:
    assert safe_image(image_file(picture(30, 20)), longest_px=2048).width_px == 30


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "unreadable"),
        (b"no picture", "unreadable"),
        (image_file(picture(), "BMP"), "unreadable"),
        (image_file(picture())[:-2000], "damaged"),
        (image_file(Image.new("1", (5001, 5001))), "too_large"),
    ],
)
def test_a_picture_that_cannot_be_taken_says_why(data: bytes, code: str) -> None:
    with pytest.raises(Refused) as raised:
        safe_image(data, longest_px=64)
    assert raised.value.code == code
    assert code in REFUSALS


def test_a_size_that_no_picture_has_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="longest_px"):
        safe_image(b"x", longest_px=0)


@pytest.mark.parametrize(
    ("facts", "data"),
    [
        ({"width_px": 1, "height_px": 1}, b"<svg onload=alert(1)>"),
        ({"width_px": 1}, b"\xff\xd8\xff"),
        ({"width_px": 1, "height_px": 10**9}, b"\xff\xd8\xff"),
        ({"width_px": 1, "height_px": True}, b"\xff\xd8\xff"),
    ],
)
def test_a_child_that_was_taken_over_cannot_answer_what_it_likes(
    monkeypatch: pytest.MonkeyPatch, facts: dict[str, Any], data: bytes
) -> None:
    answer = Answer(facts, data, Ending(0, False, 0.0, 0))
    monkeypatch.setattr(pictures, "run", lambda *_args: answer)
    with pytest.raises(ChildFailed):
        safe_image(b"x", longest_px=64)
