"""Land of the demo landscapes: ridges in atmospheric perspective, volcano, dunes, mesas, city."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter, gaussian_filter1d  # type: ignore[import-untyped]

from models_registry.adapters.demo.image.canvas import (
    fractal_noise,
    grid,
    lay_image,
    lay_over,
    rgba,
    smoothstep,
)
from models_registry.adapters.demo.image.colour import Floats, mix, ramp, shade
from models_registry.adapters.demo.image.palette import Palette


def skyline(
    rng: np.random.Generator, size: int, *, cells: int, octaves: int = 6, peaked: bool = False
) -> Floats:
    """Return heights (size,) in 0..1 of one ridge; `peaked` gives sharp summits."""
    row = fractal_noise(rng, (1, size), (1, cells), octaves=octaves, gain=0.46, ridged=peaked)
    return np.asarray(row[0])


def paint_ridge(
    picture: Floats,
    tops: Floats,
    colour: Floats,
    palette: Palette,
    *,
    depth: float,
    light_x: float,
    relief: float,
    rng: np.random.Generator,
    snow: float = 0.0,
    strata: bool = False,
) -> None:
    """Paint one ridge whose crest is `tops` (size,), as shares of the height, in place.

    `depth` 1 is the farthest (all haze), 0 the nearest; `relief` scales the light and shade of the
    slopes; `snow` is the share of the slope under snow.
    """
    size = picture.shape[0]
    _, y = grid(size)
    below = y - tops[None, :]
    coverage = np.clip(below * size + 0.5, 0, 1)
    stone = fractal_noise(rng, (size, size), (7, 9), octaves=6, gain=0.55, ridged=True)
    side = 1.0 if light_x > 0.5 else -1.0
    slope = np.gradient(gaussian_filter(stone, size / 260), axis=1) * size * side
    crest = gaussian_filter1d(np.gradient(tops) * size, size / 90) * side
    lit = 0.085 * slope + 0.9 * crest[None, :] * np.exp(-np.clip(below, 0, 1) / 0.09)
    lit = np.clip(lit, -1.0, 1.0) * relief
    local = np.broadcast_to(colour, picture.shape)
    if strata:
        bands = 0.5 + 0.5 * np.sin(y * 150 + 5 * stone + 9 * np.sin(y * 31))
        local = local * (1 - 0.28 * (bands * smoothstep(0.0, 0.01, below))[..., None])
    if snow > 0:
        line = snow * (0.6 + 0.9 * (stone - 0.5)) * 0.2 - below + 0.04 * lit
        white = mix((0.96, 0.98, 1.0), palette.haze, 0.25)
        white = white * np.clip(palette.cloud.max() * 1.05, 0.35, 1.0)
        local = local + smoothstep(-0.01, 0.025, line)[..., None] * (white - local)
    local = np.clip(local * (1.0 + 0.55 * lit)[..., None], 0, 1)
    warm = np.clip(lit, 0, 1)[..., None] * 0.22
    local = local + warm.astype(np.float32) * (palette.light - local)
    mist = np.clip(depth + (0.5 - 0.25 * depth) * smoothstep(0.02, 0.30, below), 0, 0.96)
    local = local + mist[..., None] * (palette.haze - local)
    lay_over(picture, local.astype(np.float32), coverage.astype(np.float32))


def cone(size: int, *, centre: float, foot: float, height: float) -> Floats:
    """Return the crest (size,) of a volcano: concave flanks and a notched summit."""
    x = (np.arange(size, dtype=np.float32) + 0.5) / size
    away = np.abs(x - centre)
    flank = height * np.exp(-np.clip(away - 0.035, 0, None) / 0.17)
    notch = 0.022 * np.exp(-((away / 0.026) ** 2))
    return np.asarray(foot - flank + notch, dtype=np.float32)


def paint_plume(
    picture: Floats, palette: Palette, x0: float, y0: float, rng: np.random.Generator
) -> None:
    """Let ash and fire rise from a crater at (x0, y0) in place."""
    size = picture.shape[0]
    x, y = grid(size)
    up = np.clip(y0 - y, 0, 1)
    lean = 0.55 * float(rng.choice([-1, 1])) * up**1.5
    stir = fractal_noise(rng, (size, size), (8, 8), octaves=6, gain=0.58)
    width = 0.028 + 0.42 * up
    across = np.abs(x - x0 - lean + 0.12 * (stir - 0.5) * np.sqrt(up)) / width
    body = smoothstep(1.0, 0.35, across + 0.9 * (0.5 - stir)) * smoothstep(-0.004, 0.03, y0 - y)
    billow = np.clip(
        0.5 + np.gradient(gaussian_filter(stir, size / 250), axis=0) * size * 0.12, 0, 1
    )
    ash = mix((0.16, 0.13, 0.14), palette.sky_top, 0.35)
    lighter = mix(ash, palette.horizon, 0.45)
    colour = ash + billow[..., None] * (lighter - ash)
    fire = np.exp(-up / 0.09)[..., None]
    colour = colour + (fire * np.clip(stir[..., None] + 0.25, 0, 1)) * (
        np.array([1.0, 0.42, 0.08]) - colour
    )
    lay_over(picture, colour.astype(np.float32), body * 0.95)
    glow = np.exp(-np.hypot(x - x0, (y - y0) * 0.9) / 0.10)
    lay_over(picture, (1.0, 0.38, 0.10), glow.astype(np.float32) * 0.75)


def paint_lava(
    picture: Floats, tops: Floats, x0: float, foot: float, rng: np.random.Generator
) -> None:
    """Run glowing lava from the crater down the flank, with sparks above it, in place."""
    size = picture.shape[0]
    drawing = Image.new("L", (size * 2, size * 2))
    pen = ImageDraw.Draw(drawing)
    start = float(tops[int(x0 * (size - 1))])
    for stream in range(7):
        x, y = x0 + float(rng.uniform(-0.02, 0.02)), start
        drift = float(np.clip(rng.normal(0, 0.3), -0.45, 0.45))
        length = float(rng.uniform(0.45, 1.0)) if stream else 1.0
        end = start + (foot - start) * length
        while y < end:
            step = 0.006
            nx = x + step * drift + float(rng.normal(0, 0.0028))
            width = max(1, int(size * 0.012 * (1.15 - (y - start) / (foot - start))))
            ends = (x * 2 * size, y * 2 * size, nx * 2 * size, (y + step) * 2 * size)
            pen.line(ends, fill=255, width=width)
            x, y = nx, y + step
    for _ in range(150):
        angle, reach = rng.normal(0, 0.55), rng.exponential(0.07)
        cx, cy = x0 + np.sin(angle) * reach, start - np.cos(angle) * reach
        r = size * rng.uniform(0.0012, 0.0035)
        box = (cx * 2 * size - r, cy * 2 * size - r, cx * 2 * size + r, cy * 2 * size + r)
        pen.ellipse(box, fill=int(rng.uniform(120, 255)))
    core = np.asarray(drawing.resize((size, size), Image.Resampling.BOX), dtype=np.float32) / 255
    halo = np.clip(gaussian_filter(core, size / 60) * 1.8, 0, 0.8)
    lay_over(picture, (0.95, 0.16, 0.03), halo)
    lay_over(picture, (1.0, 0.45, 0.08), core)
    hottest = np.clip(gaussian_filter(core, size / 500) * 1.6 - 0.7, 0, 1)
    lay_over(picture, (1.0, 0.86, 0.42), hottest)


def mesas(rng: np.random.Generator, size: int, *, foot: float, height: float) -> Floats:
    """Return the crest (size,) of table mountains: flat tops and steep sides."""
    raw = skyline(rng, size, cells=4, octaves=3)
    fine = skyline(rng, size, cells=14, octaves=5)
    steps = np.floor(raw * 3.999) / 3 + 0.06 * fine
    return np.asarray(foot - height * gaussian_filter1d(steps, size / 300), dtype=np.float32)


def paint_dune(
    picture: Floats,
    tops: Floats,
    colour: Floats,
    palette: Palette,
    *,
    depth: float,
    light_x: float,
    rng: np.random.Generator,
) -> None:
    """Paint one sand dune with a lit flank, a shaded flank and wind ripples in place."""
    size = picture.shape[0]
    x, y = grid(size)
    below = y - tops[None, :]
    side = 1.0 if light_x > 0.5 else -1.0
    wander = fractal_noise(rng, (size, size), (3, 3), octaves=3) - 0.5
    slope = gaussian_filter1d(np.gradient(tops) * size, size / 60) * side
    column = np.clip(x + 0.5 * below * side + 0.05 * wander, 0, 0.999)
    face = slope[(column * size).astype(np.intp)]
    lit = smoothstep(-0.10, 0.14, face)
    ripples = 0.5 + 0.5 * np.sin((below * 260 + 40 * wander + 30 * x) * (1.2 - depth))
    dark = shade(mix(colour, palette.sky_top, 0.3), lightness=0.62)
    bright = mix(colour, palette.light, 0.28)
    local = dark + lit[..., None] * (bright - dark)
    local = local * (1 - 0.05 * (1 - depth) * ripples * smoothstep(0, 0.05, below))[..., None]
    local = local + depth * (palette.haze - local)
    lay_over(picture, local.astype(np.float32), np.clip(below * size + 0.5, 0, 1))


def paint_city(
    picture: Floats,
    palette: Palette,
    *,
    foot: float,
    depth: float,
    windows_lit: float,
    panes: list[Floats],
    rng: np.random.Generator,
) -> None:
    """Raise a row of buildings above `foot` in place; windows glow in `panes`."""
    size = picture.shape[0]
    scale = size * 2
    drawing = Image.new("RGBA", (scale, scale), (0, 0, 0, 0))
    pen = ImageDraw.Draw(drawing)
    wall = mix(shade(palette.rock, lightness=0.7), palette.haze, depth)
    x = -0.02
    while x < 1.0:
        width = float(rng.uniform(0.03, 0.075))
        tall = float(
            rng.uniform(0.07, 0.2) + 0.22 * np.exp(-((x - 0.5) ** 2) / 0.03) * rng.random()
        )
        tall *= 0.65 + 0.5 * depth
        pane = panes[int(rng.integers(len(panes)))]
        body = shade(wall, lightness=float(rng.uniform(0.88, 1.08)))
        box = [x * scale, (foot - tall) * scale, (x + width) * scale, scale * (foot + 0.02)]
        pen.rectangle(box, fill=rgba(body))
        pen.rectangle(
            [box[0], box[1], box[0] + 0.22 * width * scale, box[3]], fill=rgba(body * 0.86)
        )
        if rng.random() < 0.3:
            middle = (x + width / 2) * scale
            pen.line((middle, box[1] - 0.05 * scale, middle, box[1]), fill=rgba(body), width=3)
        pitch = 0.0105
        glows = ramp([pane, body], 0.35 * depth + np.linspace(0.0, 0.5, 8))
        for row in np.arange(foot - tall + 0.012, foot, pitch * 1.3):
            for column in np.arange(x + 0.006, x + width - 0.008, pitch):
                glow = glows[int(rng.integers(8))] if rng.random() < windows_lit else body * 0.8
                left, top = column * scale, row * scale
                pen.rectangle(
                    [left, top, left + 0.0052 * scale, top + 0.007 * scale], fill=rgba(glow)
                )
        x += width * float(rng.uniform(0.8, 1.1))
    lay_image(picture, drawing)
