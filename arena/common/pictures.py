"""Pixels of pictures from outside: one upright frame, flat on white, no larger than asked."""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image, ImageOps

WHITE: Final = (255, 255, 255)
MAX_PIXELS: Final = 25_000_000  # looked at before decoding (OWASP ASVS 5.0, V5.2.6)


def flattened(opened: Image.Image) -> Image.Image:
    """Decode the first frame upright (EXIF orientation), as RGB on white."""
    opened.seek(0)
    opened.load()
    upright = ImageOps.exif_transpose(opened)
    if upright.mode.startswith("I"):  # 16-bit grey: Pillow's own conversion clips, it never scales
        levels = np.asarray(upright).astype(np.float64) / 257.0
        upright = Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))
    flat = Image.new("RGB", upright.size, WHITE)
    if upright.has_transparency_data:
        rgba = upright.convert("RGBA")
        flat.paste(rgba, mask=rgba.getchannel("A"))
    else:
        flat.paste(upright.convert("RGB"))
    return flat


def fit(pixels: Image.Image, longest_px: int, *, is_enlarged: bool) -> Image.Image:
    """Scale so that the longer side is `longest_px`; smaller images grow only if `is_enlarged`."""
    scale = longest_px / max(pixels.size)
    if scale == 1 or (scale > 1 and not is_enlarged):
        return pixels
    size = (max(1, round(pixels.width * scale)), max(1, round(pixels.height * scale)))
    return pixels.resize(size, Image.Resampling.LANCZOS)
