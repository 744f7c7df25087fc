"""Skies: gradient, sun or moon, stars, aurora, clouds and what falls from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter, map_coordinates  # type: ignore[import-untyped]

from models_registry.adapters.demo.image.canvas import (
    fractal_noise,
    grid,
    lay_over,
    rgba,
    smoothstep,
)
from models_registry.adapters.demo.image.colour import Floats, mix, ramp
from models_registry.adapters.demo.image.palette import Palette
from models_registry.adapters.demo.words import Light, Reading


@dataclass(frozen=True)
class Disc:
    """Where the sun or moon stands, as shares of the picture."""

    x: float
    y: float
    radius: float
    is_moon: bool


def place_disc(light: Light, horizon: float, rng: np.random.Generator) -> Disc:
    """Put the sun low at dawn and dusk, high by day; the moon high at night."""
    height = {"dawn": 0.10, "day": 0.38, "dusk": 0.07, "night": 0.36}[light]
    x = float(rng.choice([rng.uniform(0.2, 0.42), rng.uniform(0.58, 0.8)]))
    radius = {"dawn": 0.045, "day": 0.034, "dusk": 0.062, "night": 0.042}[light]
    y = horizon - height - float(rng.uniform(0.0, 0.05))
    return Disc(x, y, radius * float(rng.uniform(0.9, 1.2)), light == "night")


def paint_gradient(size: int, palette: Palette, horizon: float, disc: Disc) -> Floats:
    """Return the bare sky (size, size, 3) with the glow around its light."""
    x, y = grid(size)
    stops = [
        palette.sky_top,
        mix(palette.sky_top, palette.sky_middle, 0.6),
        palette.sky_middle,
        mix(palette.sky_middle, palette.horizon, 0.65),
        palette.horizon,
    ]
    picture = ramp(stops, np.clip(y / horizon, 0, 1) ** 1.15)
    distance = np.hypot(x - disc.x, (y - disc.y) * 1.15)
    strength = 0.55 if disc.is_moon else 0.9
    lay_over(picture, mix(palette.light, palette.horizon, 0.35), strength * np.exp(-distance / 0.2))
    lay_over(picture, palette.light, strength * np.exp(-((distance / 0.085) ** 1.2)) * 0.8)
    return picture


def paint_stars(picture: Floats, rng: np.random.Generator, horizon: float) -> None:
    """Scatter stars and a faint Milky Way over the sky in place."""
    size = picture.shape[0]
    x, y = grid(size)
    band = np.exp(-(((x - 0.5) * 0.75 + (y - 0.3) * 0.9) ** 2) / 0.018)
    dust = fractal_noise(rng, (size, size), (5, 5), octaves=6, gain=0.6)
    lay_over(picture, (0.62, 0.66, 0.86), 0.26 * band * dust**2 * smoothstep(horizon, 0.2, y))
    stars = np.zeros((size, size), dtype=np.float32)
    count = 750
    columns = rng.random(count) * size
    rows = rng.random(count) ** 1.25 * horizon * size
    weights = 0.12 + 0.9 * rng.random(count) ** 7
    np.add.at(stars, (rows.astype(int) % size, columns.astype(int) % size), weights)
    scale = size / 768
    spread = gaussian_filter(stars, 0.7 * scale) * 4.2 * scale**2
    spread += gaussian_filter(np.where(stars > 0.7, stars, 0), 2.6 * scale) * 9 * scale**2
    lay_over(picture, (1.0, 0.98, 0.94), np.clip(spread, 0, 1))


def paint_aurora(picture: Floats, palette: Palette, rng: np.random.Generator, top: float) -> None:
    """Hang two curtains of northern light in the sky in place."""
    size = picture.shape[0]
    x, y = grid(size)
    rays = fractal_noise(rng, (1, size), (1, 40), octaves=3)[0]
    for curtain in range(2):
        bend = fractal_noise(rng, (1, size), (1, 3), octaves=3)[0]
        foot = top * (0.45 + 0.3 * curtain) + 0.22 * (bend[None, :] - 0.5)
        above = np.clip((foot - y) / (0.22 + 0.12 * rays[None, :]), -1, 1)
        glow = np.where(above > 0, np.exp(-3.0 * above), np.exp(above * 26.0))
        glow = glow * (0.35 + 0.65 * rays[None, :]) * smoothstep(0.0, 0.12, x) * 0.8
        green, violet = np.array([0.25, 0.95, 0.62]), np.array([0.55, 0.3, 0.85])
        colour = green + np.clip(above, 0, 1)[..., None] * (violet - green)
        lay_over(picture, colour.astype(np.float32), glow.astype(np.float32) * 0.8)


def paint_disc(picture: Floats, palette: Palette, disc: Disc, rng: np.random.Generator) -> None:
    """Draw the sun, or the moon with its seas, in place."""
    size = picture.shape[0]
    x, y = grid(size)
    distance = np.hypot(x - disc.x, y - disc.y)
    coverage = np.clip((disc.radius - distance) * size + 0.5, 0, 1)
    face = np.broadcast_to(mix(palette.light, (1, 1, 1), 0.5), picture.shape).copy()
    if disc.is_moon:
        seas = smoothstep(0.5, 0.75, fractal_noise(rng, (size, size), (14, 14), octaves=4))
        lay_over(face, mix(palette.light, palette.sky_middle, 0.35), seas * 0.7)
        limb = smoothstep(
            0.55 * disc.radius,
            1.1 * disc.radius,
            np.hypot(x - disc.x + 0.4 * disc.radius, y - disc.y),
        )
        lay_over(face, palette.sky_middle, limb * 0.5)
    lay_over(picture, face, coverage.astype(np.float32))


def paint_clouds(
    picture: Floats,
    palette: Palette,
    disc: Disc,
    horizon: float,
    *,
    cover: float,
    rng: np.random.Generator,
) -> None:
    """Paint clouds in perspective, lit from the disc, in place; `cover` is 0 (clear) .. 1."""
    size = picture.shape[0]
    x, y = grid(size)
    sheet = fractal_noise(rng, (768, 768), (9, 9), octaves=7, gain=0.52)
    away = 1.0 / (np.clip(horizon - y, 0, 1) + 0.16)  # distance along a flat cloud deck
    u = (x - 0.5) * away * 105.0 + 384.0
    v = away * 118.0

    def density(du: float, dv: float) -> Floats:
        sampled = map_coordinates(sheet, [v + dv, u + du], order=1, mode="mirror")
        return smoothstep(0.74 - 0.42 * cover, 1.0 - 0.34 * cover, sampled)

    here = density(0.0, 0.0)
    there = density(14.0 if disc.x > 0.5 else -14.0, -9.0)
    lit = np.clip(0.62 + 1.1 * (here - there), 0, 1)[..., None].astype(np.float32)
    shadow = mix(mix(palette.cloud, palette.sky_middle, 0.55), palette.sky_top, 0.3 + 0.3 * cover)
    near_light = np.exp(-np.hypot(x - disc.x, y - disc.y) / 0.22)[..., None] * 0.6
    colour = shadow + lit * (palette.cloud - shadow)
    colour = colour + near_light.astype(np.float32) * lit * (palette.light - colour)
    lay_over(picture, colour, here * (0.94 * smoothstep(horizon + 0.02, horizon - 0.12, y)))


def paint_lightning(picture: Floats, rng: np.random.Generator, horizon: float) -> None:
    """Strike one branching bolt between the clouds and the horizon in place."""
    size = picture.shape[0]
    drawing = Image.new("L", (size * 2, size * 2))
    pen = ImageDraw.Draw(drawing)
    branches = [(float(rng.uniform(0.25, 0.75)), 0.08, 1.0)]
    while branches:
        x, y, weight = branches.pop()
        while y < horizon:
            step_x, step_y = rng.normal(0, 0.012), rng.uniform(0.008, 0.02)
            ends = [
                (x * 2 * size, y * 2 * size),
                ((x + step_x) * 2 * size, (y + step_y) * 2 * size),
            ]
            pen.line(ends, fill=int(255 * weight), width=max(1, int(weight * size / 170)))
            x, y = x + step_x, y + step_y
            if weight == 1.0 and rng.random() < 0.08:
                branches.append((x, y, 0.45))
            if weight < 1.0 and rng.random() < 0.06:
                break
    bolt = np.asarray(drawing.resize((size, size), Image.Resampling.BOX), dtype=np.float32) / 255
    glow = np.clip(gaussian_filter(bolt, size / 40) * 5, 0, 0.5)
    lay_over(picture, (0.8, 0.8, 1.0), glow)
    lay_over(picture, (1.0, 1.0, 1.0), bolt)


def paint_falling(picture: Floats, reading: Reading, rng: np.random.Generator) -> None:
    """Let it rain, or snow where the words say snow, over the whole picture in place."""
    size = picture.shape[0]
    is_snow = reading.has("snow") or reading.season == "winter"
    drawing = Image.new("RGBA", (size * 2, size * 2), (255, 255, 255, 0))
    pen = ImageDraw.Draw(drawing)
    for _ in range(420 if is_snow else 650):
        x, y, near = rng.random() * 2 * size, rng.random() * 2 * size, rng.random()
        if is_snow:
            r = size * (0.0012 + 0.0042 * near**3)
            pen.ellipse((x - r, y - r, x + r, y + r), fill=rgba((1, 1, 1), 0.35 + 0.5 * near))
        else:
            length = size * (0.03 + 0.06 * near)
            ends = (x, y, x - 0.18 * length, y + length)
            pen.line(
                ends, fill=rgba((0.85, 0.9, 1.0), 0.12 + 0.2 * near), width=max(1, size // 384)
            )
    small = np.asarray(drawing.resize((size, size), Image.Resampling.BOX), dtype=np.float32) / 255
    lay_over(picture, small[..., :3], small[..., 3])
