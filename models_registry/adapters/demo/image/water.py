"""Water of the demo landscapes: a rippled mirror with a glitter path, and boats on it."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import map_coordinates  # type: ignore[import-untyped]

from models_registry.adapters.demo.image.canvas import (
    fractal_noise,
    grid,
    lay_image,
    lay_over,
    rgba,
    smoothstep,
)
from models_registry.adapters.demo.image.colour import Floats, mix, shade
from models_registry.adapters.demo.image.palette import Palette
from models_registry.adapters.demo.image.sky import Disc


def paint_water(
    picture: Floats,
    palette: Palette,
    disc: Disc,
    *,
    top: float,
    roughness: float,
    rng: np.random.Generator,
) -> None:
    """Fill everything below `top` with water that mirrors what is above it, in place.

    `roughness` is 0 (glass) .. 1 (storm).
    """
    size = picture.shape[0]
    x, y = grid(size)
    below = np.clip(y - top, 0, 1)
    away = 1.0 / (below + 0.045)  # perspective: ripples shrink towards the horizon
    sheet = fractal_noise(rng, (768, 768), (24, 12), octaves=6, gain=0.6)
    u, v = (x - 0.5) * away * 62.0 + 384.0, away * 150.0
    ripple = map_coordinates(sheet, [v * 1.0, u], order=1, mode="wrap") - 0.5
    swell = map_coordinates(sheet, [v * 0.31 + 90, u * 0.3], order=1, mode="wrap") - 0.5
    waves = ripple + 1.1 * swell
    reach = (0.02 + 0.16 * roughness) * (0.25 + 2.2 * below)
    source_y = (top - below * 0.92 + reach * waves) * size
    source_x = (x + 0.35 * reach * ripple) * size
    limit = (top - 0.004) * size
    coordinates = [np.clip(source_y, 0, limit), source_x]
    mirrored = np.stack(
        [
            map_coordinates(picture[..., channel], coordinates, order=1, mode="nearest")
            for channel in range(3)
        ],
        axis=-1,
    )
    deep = shade(palette.water, lightness=0.62)
    body = palette.water + smoothstep(0.0, 0.45, below)[..., None] * (deep - palette.water)
    steep = np.clip(0.30 + 0.75 * below + 0.5 * roughness * (0.4 + waves), 0.12, 0.9)[..., None]
    colour = mirrored + steep * (body - mirrored)
    crest = smoothstep(0.16, 0.52, waves) * (0.14 + 0.5 * roughness)
    colour = colour + crest[..., None] * (mix(palette.haze, (1, 1, 1), 0.3) - colour)
    trough = smoothstep(-0.1, -0.55, waves) * (0.22 + 0.25 * roughness)
    colour = colour + trough[..., None] * (deep - colour)
    width = 0.022 + 0.25 * below
    path = np.exp(-(((x - disc.x) / width) ** 2)) * smoothstep(0.02, 0.35, waves + 0.22)
    path = path * (0.85 if disc.is_moon else 0.95) * np.exp(-below * 1.4)
    colour = colour + path[..., None] * (palette.light - colour)
    colour = colour + (0.55 * np.exp(-below / 0.012))[..., None] * (palette.haze - colour)
    lay_over(picture, colour.astype(np.float32), np.clip((y - top) * size + 0.5, 0, 1))


def paint_boat(picture: Floats, palette: Palette, *, x: float, y: float, length: float) -> None:
    """Set a small sailing boat with its reflection on the water in place."""
    size = picture.shape[0]
    scale = size * 2
    drawing = Image.new("RGBA", (scale, scale), (0, 0, 0, 0))
    pen = ImageDraw.Draw(drawing)
    hull = shade(palette.rock, lightness=0.4)
    sail = mix(palette.cloud, (1, 1, 1), 0.35)

    def place(points: list[tuple[float, float]], flip: float) -> list[tuple[float, float]]:
        return [((x + px * length) * scale, (y - flip * py * length) * scale) for px, py in points]

    shapes = (
        ([(-0.5, 0.12), (0.55, 0.14), (0.38, -0.03), (-0.38, -0.03)], hull),
        ([(0.02, 0.2), (0.02, 1.25), (0.52, 0.22)], sail),
        ([(-0.03, 0.22), (-0.03, 1.1), (-0.42, 0.26)], shade(sail, lightness=0.86)),
    )
    for points, colour in shapes:
        pen.polygon(place(points, -0.7), fill=rgba(shade(colour, lightness=0.8), 0.35))
    for points, colour in shapes:
        pen.polygon(place(points, 1.0), fill=rgba(colour))
    lay_image(picture, drawing)
