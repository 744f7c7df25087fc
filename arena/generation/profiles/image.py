"""An image made anonymous: new pixels on one canvas, in one lossy container, with no metadata."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from PIL import Image

from arena.common.pictures import MAX_PIXELS, WHITE, fit, flattened
from arena.generation.profiles.outcome import AnonymousOutput, UnusableOutput, decoding

MAX_BYTES: Final = 20 * 1024 * 1024
CANVAS_PX: Final = 1024  # both sides of the square that every output fills
READ_FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
# An image whose every channel varies less than this (in levels of 255) shows nothing: safety
# filters answer with plain black, failed samplers with plain grey.
BLANK_DEVIATION: Final = 1.0
WEBP_QUALITY: Final = 90  # lossy: a payload in the least significant bits does not survive
WEBP_METHOD: Final = 4  # effort, 0 to 6; fixed, for it shows in the bytes


def anonymous_image(data: bytes) -> AnonymousOutput:
    """Return the first frame as a WebP of CANVAS_PX × CANVAS_PX, whatever the model made.

    The frame is turned upright (EXIF orientation), flattened on white, scaled with Lanczos so that
    its longer side is CANVAS_PX (small images grow, so that resolution names no model), and
    centred on white. Colour profiles are dropped, not applied: browsers and viewers of the
    original may show a wide-gamut image a little differently.

    Raises UnusableOutput: too_large, undecodable, blank.
    """
    if len(data) > MAX_BYTES:
        raise UnusableOutput(
            "too_large", f"The image has {len(data)} bytes; at most {MAX_BYTES} are read."
        )
    with decoding("image"):
        pixels = flattened(open_checked(data))
    fitted = fit(pixels, CANVAS_PX, is_enlarged=True)
    if is_blank(fitted):
        raise UnusableOutput("blank", "The image has one colour only.")
    canvas = Image.new("RGB", (CANVAS_PX, CANVAS_PX), WHITE)
    canvas.paste(fitted, ((CANVAS_PX - fitted.width) // 2, (CANVAS_PX - fitted.height) // 2))
    encoded = io.BytesIO()
    canvas.save(encoded, "WEBP", lossless=False, quality=WEBP_QUALITY, method=WEBP_METHOD)
    return AnonymousOutput(
        data=encoded.getvalue(),
        text=None,
        media_type="image/webp",
        extension=".webp",
        details={"width_px": CANVAS_PX, "height_px": CANVAS_PX},
    )


def open_checked(data: bytes) -> Image.Image:
    """Open an image without decoding it; raises UnusableOutput too_large above MAX_PIXELS."""
    try:
        opened = Image.open(io.BytesIO(data), formats=READ_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        # Pillow's own limits are higher than ours; its warning is an error where those are.
        raise UnusableOutput("too_large", f"The image is too large to open: {error}") from error
    if opened.width * opened.height > MAX_PIXELS:
        raise UnusableOutput(
            "too_large",
            f"The image has {opened.width} × {opened.height} pixels; at most {MAX_PIXELS}.",
        )
    return opened


def is_blank(pixels: Image.Image) -> bool:
    """True when every channel's standard deviation is below BLANK_DEVIATION levels."""
    deviations = np.asarray(pixels, dtype=np.float32).std(axis=(0, 1), dtype=np.float64)
    return bool(deviations.max() < BLANK_DEVIATION)
