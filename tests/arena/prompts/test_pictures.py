"""A picture from outside: new pixels in one profile, or a sentence that says why not."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from arena.common.pictures import MAX_PIXELS
from arena.prompts.pictures import LONGEST_PX, MAX_BYTES, BadPicture, safe_picture

MARK = b"PLANTED-MARK-7f3a"


def photo(width: int = 60, height: int = 40) -> Image.Image:
    """Red on the left, blue on the right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2] = (220, 30, 30)
    pixels[:, width // 2 :] = (30, 30, 220)
    return Image.fromarray(pixels)


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def png_header(width: int, height: int) -> bytes:
    """The first bytes of a PNG of that size, and one row of its pixels."""
    body = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1 + 3 * min(width, 1000)))
    parts = ((b"IHDR", body), (b"IDAT", rows), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_every_kind_becomes_a_jpeg_of_the_same_look(kind: str) -> None:
    picture = safe_picture(saved(photo(), kind), alt="two colours")
    shown = opened(picture.data)
    assert (shown.format, shown.mode, shown.size) == ("JPEG", "RGB", (60, 40))
    assert (picture.width_px, picture.height_px, picture.alt) == (60, 40, "two colours")
    assert np.allclose(np.asarray(shown)[20, 10], (220, 30, 30), atol=12)
    assert np.allclose(np.asarray(shown)[20, 50], (30, 30, 220), atol=12)


def marked() -> dict[str, bytes]:
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", MARK.decode())
    info.add_itxt("XML:com.adobe.xmp", f"<x>{MARK.decode()}</x>")
    exif = Image.Exif()
    exif[0x010E] = MARK.decode()
    exif.get_ifd(0x8825)[1] = "N"  # GPS
    exif.get_ifd(0x8825)[29] = MARK.decode()
    icc = MARK + bytes(200)
    return {
        "PNG": saved(photo(), pnginfo=info, exif=exif, icc_profile=icc),
        "JPEG": saved(photo(), "JPEG", comment=MARK, exif=exif, icc_profile=icc, xmp=MARK),
        "WEBP": saved(photo(), "WEBP", exif=exif, icc_profile=icc, xmp=MARK),
        "GIF": saved(photo(), "GIF", comment=MARK),
    }


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_no_metadata_stays(kind: str) -> None:
    data = marked()[kind]
    assert MARK in data
    picture = safe_picture(data)
    assert MARK not in picture.data
    shown = opened(picture.data)
    assert not shown.getexif()
    assert set(shown.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_what_hides_behind_the_end_is_dropped() -> None:
    assert MARK not in safe_picture(saved(photo()) + MARK * 100).data


def test_a_photograph_that_lies_on_its_side_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    picture = safe_picture(saved(photo(), "JPEG", exif=exif))
    assert (picture.width_px, picture.height_px) == (40, 60)
    assert np.allclose(np.asarray(opened(picture.data))[5, 20], (220, 30, 30), atol=20)


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_of_an_animation_the_first_frame_is_taken(kind: str) -> None:
    blue = Image.new("RGB", (60, 40), (0, 0, 255))
    data = saved(Image.new("RGB", (60, 40), (255, 0, 0)), kind, save_all=True, append_images=[blue])
    assert opened(data).n_frames == 2
    shown = opened(safe_picture(data).data)
    assert getattr(shown, "n_frames", 1) == 1
    assert np.allclose(np.asarray(shown)[20, 30], (255, 0, 0), atol=12)


def test_what_is_transparent_is_white() -> None:
    shown = opened(safe_picture(saved(Image.new("RGBA", (9, 9), (255, 0, 0, 0)))).data)
    assert np.asarray(shown).min() > 250


@pytest.mark.parametrize("size", [(5000, 2500), (2500, 5000), (20000, 3)])
def test_the_longest_side_is_capped(size: tuple[int, int]) -> None:
    for kind in ("PNG", "JPEG"):
        picture = safe_picture(saved(photo(*size), kind))
        assert max(picture.width_px, picture.height_px) == LONGEST_PX
        assert opened(picture.data).size == (picture.width_px, picture.height_px)


def test_the_same_pixels_give_the_same_digest_whatever_they_came_in() -> None:
    assert safe_picture(saved(photo())).sha256 == safe_picture(marked()["PNG"]).sha256
    assert safe_picture(saved(photo())).sha256 != safe_picture(saved(photo(61))).sha256


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty"),
        (b"GIF89a", "damaged|not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture that can be read here"),
        (b"%PDF-1.7", "not a picture that can be read here"),
        (b"MZ" + bytes(500), "not a picture that can be read here"),
        (saved(photo(), "BMP"), "not a picture that can be read here"),
        (saved(photo(), "TIFF"), "not a picture that can be read here"),
        (saved(photo(600, 400))[:900], "damaged or cut short"),
        (saved(photo(600, 400), "JPEG")[:900], "damaged or cut short"),
        (saved(photo(600, 400), "WEBP")[:100], "damaged or cut short"),
        (png_header(30_000, 30_000), "more than 25 megapixels"),
        (png_header(2**31 - 1, 2**31 - 1), "more than 25 megapixels|damaged"),
        (png_header(MAX_PIXELS + 1, 1), "more than 25 megapixels"),
        (png_header(0, 10), "damaged|not a picture"),
        (bytes(MAX_BYTES + 1), "more than 10 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_what_is_no_picture_is_refused_with_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(BadPicture, match=sentence):
        safe_picture(data)
