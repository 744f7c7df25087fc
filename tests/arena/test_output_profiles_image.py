"""Images before the vote: the same container, size and header for all, and no hidden mark."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from arena.generation.profiles import UNUSABLE_CODES, UnusableOutput, make_anonymous

DATA = Path(os.environ.get("AGON_TEST_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
MARK = b"PLANTED-MARK-7f3a"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + MARK + b"</x:xmpmeta>"


def outcome(data, media_type="image/png"):
    """Return (output, None) or (None, code); anything else that is raised fails the test."""
    try:
        return make_anonymous("image", data, media_type), None
    except UnusableOutput as error:
        return None, error.code


def picture(width=300, height=200, seed=0):
    """A photograph-like picture: smooth colours with some grain."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / 37 + seed) + np.cos(y / 23 + phase) for phase in (0, 1, 2)]
    levels = 128 + 50 * np.stack(waves, axis=-1) + rng.normal(0, 4, (height, width, 3))
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


def saved(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def shown(data, media_type="image/png"):
    return make_anonymous("image", data, media_type).data


def png_chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def marked_files():
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", MARK.decode())
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    exif = Image.Exif()
    exif[0x0131] = MARK.decode()  # Software
    exif[0x010E] = MARK.decode()  # ImageDescription
    icc = MARK + bytes(200)
    png = saved(picture(), pnginfo=info, exif=exif, icc_profile=icc)
    c2pa = png_chunk(b"caBX", MARK)
    return {
        "png": (png[:33] + c2pa + png[33:] + MARK, "image/png"),
        "jpeg": (
            saved(picture(), "JPEG", exif=exif, icc_profile=icc, comment=MARK, xmp=XMP) + MARK,
            "image/jpeg",
        ),
        "webp": (saved(picture(), "WEBP", exif=exif, icc_profile=icc, xmp=XMP), "image/webp"),
        "gif": (saved(picture().quantize(), "GIF", comment=MARK), "image/gif"),
    }


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "gif"])
def test_no_planted_mark_is_left_in_any_byte(name):
    data, media_type = marked_files()[name]
    result = shown(data, media_type)

    assert MARK not in result
    for chunk in (b"EXIF", b"XMP ", b"ICCP", b"ANIM"):
        assert chunk not in result
    opened = Image.open(io.BytesIO(result))
    opened.load()
    assert not {"exif", "xmp", "icc_profile", "comment"} & set(opened.info)


def test_the_planted_marks_are_there_to_begin_with():
    png, jpeg, webp, gif = (marked_files()[name][0] for name in ("png", "jpeg", "webp", "gif"))

    assert png.count(MARK) >= 3  # tEXt, iTXt, caBX, behind the end; the profile is compressed
    assert jpeg.count(MARK) >= 5
    assert webp.count(MARK) >= 3
    assert gif.count(MARK) == 1


@pytest.mark.parametrize("size", [(1024, 1024), (512, 512), (300, 200), (64, 1500), (2000, 900)])
def test_every_output_has_the_same_header_and_size_in_pixels(size):
    result = shown(saved(picture(*size)))
    reference = shown(saved(picture(640, 640, seed=5), "JPEG"), "image/jpeg")

    # RIFF, four bytes of length, WEBP, VP8 and four more bytes of length, then the frame header:
    # three bytes that hold its length, the start code, and both sides.
    assert result[:4] == reference[:4] == b"RIFF"
    assert result[8:16] == reference[8:16] == b"WEBPVP8 "
    assert result[23:30] == reference[23:30]
    assert Image.open(io.BytesIO(result)).size == (1024, 1024)


def test_the_same_picture_gives_the_same_bytes():
    assert shown(saved(picture())) == shown(saved(picture(), compress_level=1))


@pytest.mark.parametrize("channel", ["rgb", "alpha"])
def test_a_payload_in_the_lowest_bits_does_not_survive(channel):
    rng = np.random.default_rng(1)
    pixels = np.asarray(picture(1024, 1024).convert("RGBA")).copy()
    bits = rng.integers(0, 2, (1024, 1024), dtype=np.uint8)
    index = 1 if channel == "rgb" else 3
    pixels[..., index] = (pixels[..., index] & 0xFE) | bits
    assert np.mean((pixels[..., index] & 1) == bits) == 1.0

    result = np.asarray(Image.open(io.BytesIO(shown(saved(Image.fromarray(pixels))))))

    read = result[..., 1] & 1
    assert abs(np.mean(read == bits) - 0.5) < 0.01
    assert abs(np.mean(read != bits) - 0.5) < 0.01


def test_the_picture_itself_stays():
    original = picture(1024, 1024)
    result = Image.open(io.BytesIO(shown(saved(original))))

    difference = np.asarray(result, dtype=float) - np.asarray(original, dtype=float)
    assert np.sqrt(np.mean(difference**2)) < 6  # of 255; the grain alone has 4


def test_a_turned_photograph_is_shown_upright():
    image = Image.new("RGB", (200, 100), "white")
    image.paste("red", (0, 0, 100, 100))  # the left half
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by a quarter to the right, so the left half is on top
    result = Image.open(io.BytesIO(shown(saved(image, "JPEG", exif=exif), "image/jpeg")))

    assert result.getpixel((512, 100))[1] < 60
    assert result.getpixel((512, 900))[1] > 200


def test_transparent_pixels_are_white():
    image = picture(256, 256).convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 128, 256))
    result = Image.open(io.BytesIO(shown(saved(image))))

    assert min(result.getpixel((100, 512))) > 245


def test_only_the_first_frame_is_shown():
    frames = [picture(64, 64, seed).quantize() for seed in (1, 2)]
    moving = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])

    assert shown(moving, "image/gif") == shown(saved(frames[0], "GIF"), "image/gif")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_common_pixel_format_is_read(mode):
    ramp = np.tile(np.arange(256, dtype=np.uint16), (256, 1))
    if mode == "I;16":
        image = Image.fromarray(ramp * 257)
    else:
        image = Image.fromarray(ramp.astype(np.uint8)).convert(mode)
    result = Image.open(io.BytesIO(shown(saved(image)))).convert("L")

    assert result.getpixel((20, 512)) < 30
    assert result.getpixel((1000, 512)) > 225


@pytest.mark.parametrize("colour", ["black", "white", (119, 119, 119)])
def test_an_image_of_one_colour_is_blank(colour):
    assert outcome(saved(Image.new("RGB", (512, 512), colour)))[1] == "blank"


def test_a_fully_transparent_image_is_blank():
    assert outcome(saved(Image.new("RGBA", (512, 512), (9, 200, 9, 0))))[1] == "blank"


def test_a_line_drawing_is_not_blank():
    image = Image.new("RGB", (512, 512), "white")
    image.paste("black", (100, 250, 400, 254))

    assert outcome(saved(image))[1] is None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (saved(Image.new("1", (5001, 5000))), "too_large"),
        (saved(Image.new("1", (20_000, 20_000))), "too_large"),
        (b"\x89PNG\r\n\x1a\n" + bytes(21 * 1024 * 1024), "too_large"),
        (saved(picture())[:500], "undecodable"),
        (b"not an image", "undecodable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "undecodable"),
        (b"", "empty"),
    ],
)
def test_an_image_that_cannot_be_shown_says_why(data, code):
    assert outcome(data)[1] == code


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_files_convert_or_give_a_known_reason(data):
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "BMP"]))
    file = bytearray(saved(picture(24, 16), kind))
    for position in data.draw(st.lists(st.integers(0, len(file) - 1), min_size=1, max_size=8)):
        file[position] = data.draw(st.integers(0, 255))
    output, code = outcome(bytes(file[: data.draw(st.integers(1, len(file)))]))

    assert output is not None or code in UNUSABLE_CODES


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_known_reason(data):
    output, code = outcome(data)

    assert output is not None or code in UNUSABLE_CODES


def test_real_files_convert():
    folder = DATA / "media_kenney_cc0"
    if not folder.exists():
        pytest.skip(f"no {folder}: set AGON_TEST_DATA to the folder that has it")
    for path in sorted(folder.rglob("*.png")):
        output, code = outcome(path.read_bytes())
        # A shadow and a particle are white or nearly so once they lie on white.
        assert output is not None or code == "blank", path
