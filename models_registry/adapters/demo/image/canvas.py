"""The canvas of the demo images: size, fractal noise, compositing and PNG encoding."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from models_registry.adapters.demo.image.colour import Floats
from models_registry.adapters.demo.words import number_within

DEFAULT_SIZE_PX = 768
MEDIA_TYPE = "image/png"


def size_px(parameters: Mapping[str, Any]) -> int:
    """Return the side of the square image; `size_px` may be 64..1536."""
    return int(number_within(parameters, "size_px", default=DEFAULT_SIZE_PX, low=64, high=1536))


def smoothstep(low: float, high: float, x: ArrayLike) -> Floats:
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    t = np.clip((np.asarray(x, dtype=np.float32) - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), dtype=np.float32)


def grid(size: int) -> tuple[Floats, Floats]:
    """Return pixel centres x, y, each (size, size), in 0..1; y grows downwards."""
    centres = (np.arange(size, dtype=np.float32) + 0.5) / size
    x, y = np.meshgrid(centres, centres)
    return np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.float32)


def fractal_noise(
    rng: np.random.Generator,
    shape: tuple[int, int],
    cells: tuple[int, int],
    *,
    octaves: int = 5,
    gain: float = 0.5,
    ridged: bool = False,
) -> Floats:
    """Return value noise of `shape` (rows, columns), scaled to 0..1.

    `cells` is the coarsest lattice (rows, columns); each octave doubles it. The random draws do not
    depend on `shape`, so one seed gives one picture at every size.
    """
    total = np.zeros(shape, dtype=np.float32)
    rows, columns = cells
    weight = 1.0
    for _ in range(octaves):
        lattice = rng.random((rows + 3, columns + 3), dtype=np.float32)
        box = (1.0, 1.0, columns + 2.0, rows + 2.0)
        layer = np.asarray(
            Image.fromarray(lattice).resize((shape[1], shape[0]), Image.Resampling.BICUBIC, box=box)
        )
        total += weight * (1.0 - np.abs(2.0 * layer - 1.0) if ridged else layer)
        rows, columns, weight = rows * 2, columns * 2, weight * gain
    low, high = float(total.min()), float(total.max())
    return np.asarray((total - low) / max(high - low, 1e-6), dtype=np.float32)


def lay_over(base: Floats, colour: ArrayLike, alpha: ArrayLike) -> None:
    """Blend a colour, (3,) or (h, w, 3), over the base (h, w, 3) in place; alpha is (h, w)."""
    share = np.asarray(alpha, dtype=np.float32)[..., None]
    base += share * (np.asarray(colour, dtype=np.float32) - base)


def lay_image(base: Floats, drawing: Image.Image) -> None:
    """Blend an RGBA drawing, scaled to the base's size, over the base (h, w, 3) in place.

    The drawing's alpha is treated as coverage; scaling premultiplied keeps its edges free of halos.
    """
    small = drawing.convert("RGBa").resize((base.shape[1], base.shape[0]), Image.Resampling.BOX)
    pixels = np.asarray(small, dtype=np.float32) / 255.0
    base *= 1.0 - pixels[..., 3:]
    base += pixels[..., :3]


def rgba(colour: ArrayLike, alpha: float = 1.0) -> tuple[int, int, int, int]:
    """Return a colour in 0..1 as the 8-bit tuple that Pillow draws with."""
    red, green, blue = (round(min(max(float(c), 0.0), 1.0) * 255) for c in np.asarray(colour))
    return red, green, blue, round(alpha * 255)


def encode_png(pixels: Floats, rng: np.random.Generator) -> bytes:
    """Encode (h, w, 3) in 0..1 as PNG, with half a step of noise so that gradients do not band."""
    noise = rng.random(pixels.shape[:2], dtype=np.float32)[..., None] - 0.5
    eight_bit = np.clip(pixels * 255.0 + noise + 0.5, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(eight_bit).save(buffer, format="PNG", compress_level=4)
    return buffer.getvalue()
