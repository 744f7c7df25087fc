"""Trees, grass, cacti, birds and cabins of the demo landscapes, drawn as flat shapes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from models_registry.adapters.demo.image.canvas import lay_image, rgba
from models_registry.adapters.demo.image.colour import Floats, mix, ramp, shade
from models_registry.adapters.demo.image.palette import Palette

Pen = ImageDraw.ImageDraw
Plant = Callable[[Pen, float, float, float, Floats, np.random.Generator], None]


def _pine(
    pen: Pen, x: float, foot: float, tall: float, leaf: Floats, rng: np.random.Generator
) -> None:
    half = tall * float(rng.uniform(0.15, 0.21))
    pen.rectangle(
        (x - 0.022 * tall, foot - 0.14 * tall, x + 0.022 * tall, foot + 2),
        fill=rgba(shade(leaf, lightness=0.6, chroma=0.4)),
    )
    tiers = 9
    tones = shade(leaf, lightness=np.linspace(0.78, 1.01, tiers)[:, None])
    for tier in range(tiers):
        low = foot - tall * (0.06 + 0.86 * tier / tiers)
        high = low - tall * (0.24 - 0.06 * tier / tiers)
        reach = half * (1 - tier / tiers) ** 0.85 + 0.012 * tall
        left, right = (reach * float(f) for f in rng.uniform(0.82, 1.15, 2))
        sag = 0.025 * tall
        outline = [(x, high), (x + right * 0.5, (low + high) / 2), (x + right, low + sag)]
        outline += [(x + right * 0.4, low - sag * 0.4), (x, low + sag * 0.6)]
        outline += [(x - left * 0.4, low - sag * 0.4), (x - left, low + sag)]
        outline += [(x - left * 0.5, (low + high) / 2)]
        pen.polygon(outline, fill=rgba(tones[tier]))


def _broadleaf(
    pen: Pen, x: float, foot: float, tall: float, leaf: Floats, rng: np.random.Generator
) -> None:
    bark = shade(mix(leaf, (0.22, 0.15, 0.12), 0.8), lightness=0.8)
    pen.polygon(
        [
            (x - 0.04 * tall, foot + 2),
            (x - 0.014 * tall, foot - 0.6 * tall),
            (x + 0.014 * tall, foot - 0.6 * tall),
            (x + 0.04 * tall, foot + 2),
        ],
        fill=rgba(bark),
    )
    for side in (-1, 1):
        ends = (x, foot - 0.33 * tall, x + side * 0.17 * tall, foot - 0.6 * tall)
        pen.line(ends, fill=rgba(bark), width=max(2, int(0.018 * tall)))
    centre = foot - 0.66 * tall
    for layer, lightness in ((0, 0.72), (1, 0.9), (2, 1.1)):
        tones = shade(leaf, lightness=lightness * rng.uniform(0.93, 1.07, (34, 1)))
        for tone in tones:
            angle, radius = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random())
            cx = x + 0.27 * tall * radius * np.cos(angle) - 0.025 * tall * layer
            cy = centre + 0.25 * tall * radius * np.sin(angle) - 0.05 * tall * layer
            r = tall * float(rng.uniform(0.045, 0.1)) * (1 - 0.22 * layer)
            pen.ellipse((cx - r, cy - 0.85 * r, cx + r, cy + 0.85 * r), fill=rgba(tone))


def _bare(
    pen: Pen, x: float, foot: float, tall: float, leaf: Floats, rng: np.random.Generator
) -> None:
    bark = rgba(shade(mix(leaf, (0.12, 0.09, 0.09), 0.85), lightness=0.8))
    twigs = [(x, foot, -np.pi / 2, 0.27 * tall, 0.05 * tall)]
    while twigs:
        x0, y0, angle, length, width = twigs.pop()
        x1, y1 = x0 + length * np.cos(angle), y0 + length * np.sin(angle)
        pen.line((x0, y0, x1, y1), fill=bark, width=max(1, round(width)))
        if length > 0.03 * tall:
            for turn in (-1, 1):
                bend = angle + turn * float(rng.uniform(0.2, 0.65))
                twigs.append((x1, y1, bend, length * float(rng.uniform(0.66, 0.82)), width * 0.62))


def _palm(
    pen: Pen, x: float, foot: float, tall: float, leaf: Floats, rng: np.random.Generator
) -> None:
    bark = rgba(shade(mix(leaf, (0.30, 0.20, 0.13), 0.8), lightness=0.85))
    lean = tall * float(rng.uniform(-0.22, 0.22))
    along = np.linspace(0, 1, 18)
    spine = [(x + lean * t**1.8, foot - 0.8 * tall * t) for t in along]
    for (start, end), t in zip(pairwise(spine), along[1:], strict=True):
        pen.line((*start, *end), fill=bark, width=max(2, int(tall * (0.045 - 0.02 * t))))
    top_x, top_y = spine[-1]
    for frond in range(11):
        angle = np.pi * (0.02 + 0.96 * frond / 10) + float(rng.normal(0, 0.08))
        reach = tall * float(rng.uniform(0.3, 0.4))
        t = np.linspace(0, 1, 12)
        px = top_x + reach * np.cos(angle) * t * 1.1
        py = top_y - reach * (np.sin(angle) * t * 0.75 - 0.62 * t**2.2)
        thick = tall * 0.034 * np.sin(np.pi * np.clip(t * 0.92 + 0.08, 0, 1))
        outline = [*zip(px, py - thick, strict=True), *zip(px[::-1], py[::-1] + thick, strict=True)]
        tone = shade(leaf, lightness=float(rng.uniform(0.75, 1.1)))
        pen.polygon([(float(a), float(b)) for a, b in outline], fill=rgba(tone))


def _cactus(
    pen: Pen, x: float, foot: float, tall: float, leaf: Floats, rng: np.random.Generator
) -> None:
    tall *= 0.7
    thick = 0.15 * tall
    tone, light = rgba(leaf), rgba(shade(leaf, lightness=1.15))

    def stem(left: float, top: float, right: float, low: float, colour: tuple[int, ...]) -> None:
        pen.rounded_rectangle((left, top, right, low), radius=(right - left) / 2, fill=colour)

    stem(x - thick / 2, foot - tall, x + thick / 2, foot + thick / 2, tone)
    for side in (-1, 1):
        height = float(rng.uniform(0.32, 0.55)) * tall
        far = x + side * 0.3 * tall
        low, high = foot - height, foot - height - float(rng.uniform(0.2, 0.34)) * tall
        stem(min(x, far) - thick * 0.3, low - thick * 0.7, max(x, far) + thick * 0.3, low, tone)
        stem(far - thick * 0.35, high, far + thick * 0.35, low, tone)
    stem(x - thick * 0.28, foot - tall * 0.97, x - thick * 0.12, foot, light)


PLANTS: dict[str, Plant] = {
    "pine": _pine,
    "broadleaf": _broadleaf,
    "bare": _bare,
    "palm": _palm,
    "cactus": _cactus,
}


def paint_plants(
    picture: Floats,
    palette: Palette,
    tops: Floats,
    *,
    kind: str,
    count: int,
    tall: float,
    depth: float,
    rng: np.random.Generator,
    spread: tuple[float, float] = (0.0, 1.0),
    gap: float = 0.0,
) -> None:
    """Stand plants on a crest (size,) in place, small ones first.

    `gap` thins the middle of the picture, so that the view stays open; `depth` as in paint_ridge.
    """
    size = picture.shape[0]
    scale = 2 * size
    drawing = Image.new("RGBA", (scale, scale), (0, 0, 0, 0))
    pen = ImageDraw.Draw(drawing)
    places = rng.uniform(*spread, count)
    heights = np.sort(tall * rng.uniform(0.55, 1.15, count))
    for place, height in zip(places, heights, strict=True):
        middle = float(np.exp(-(((place - 0.5) / 0.24) ** 2)))
        if rng.random() < gap * middle:
            continue
        foot = float(tops[min(int(place * size), size - 1)]) + 0.01
        leaf = shade(palette.foliage, lightness=float(rng.uniform(0.86, 1.1)))
        leaf = mix(leaf, palette.haze, depth)
        grown = height * (1 - 0.35 * gap * middle)
        PLANTS[kind](pen, place * scale, foot * scale, grown * scale, leaf, rng)
    lay_image(picture, drawing)


def paint_grass(
    picture: Floats,
    palette: Palette,
    tops: Floats,
    *,
    flowers: list[Floats],
    rng: np.random.Generator,
) -> None:
    """Fringe a crest (size,) with blades of grass and, where given, flower heads, in place."""
    size = picture.shape[0]
    scale = 2 * size
    drawing = Image.new("RGBA", (scale, scale), (0, 0, 0, 0))
    pen = ImageDraw.Draw(drawing)
    blades = 1500
    between = ramp([palette.ground, palette.foliage], rng.random(blades))
    tones = shade(between, lightness=rng.uniform(0.62, 1.05, (blades, 1)))
    for tone in tones:
        x = float(rng.random())
        foot = float(tops[min(int(x * size), size - 1)]) + float(rng.random()) ** 1.6 * 0.22
        near = (foot - 0.75) / 0.25
        length = 0.012 + 0.03 * max(near, 0.0)
        lean = float(rng.normal(0, 0.35)) * length
        ends = (x * scale, foot * scale, (x + lean) * scale, (foot - length) * scale)
        pen.line(ends, fill=rgba(tone), width=max(1, int(size * 0.0035)))
        if flowers and rng.random() < 0.3:
            cx, cy, r = ends[2], ends[3], scale * (0.0022 + 0.0042 * max(near, 0.0))
            bloom = flowers[int(rng.integers(len(flowers)))]
            pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=rgba(bloom))
            pen.ellipse((cx - r / 3, cy - r / 3, cx + r / 3, cy + r / 3), fill=(250, 225, 120, 255))
    lay_image(picture, drawing)


def paint_birds(picture: Floats, palette: Palette, rng: np.random.Generator) -> None:
    """Let a loose flock fly in the upper sky in place."""
    size = picture.shape[0]
    scale = 2 * size
    drawing = Image.new("RGBA", (scale, scale), (0, 0, 0, 0))
    pen = ImageDraw.Draw(drawing)
    ink = rgba(shade(mix(palette.sky_top, palette.rock, 0.5), lightness=0.55), 0.85)
    cx, cy = rng.uniform(0.25, 0.75), rng.uniform(0.16, 0.3)
    for _ in range(int(rng.integers(5, 10))):
        x, y = (cx + rng.normal(0, 0.07)) * scale, (cy + rng.normal(0, 0.035)) * scale
        wing = scale * float(rng.uniform(0.006, 0.012))
        lift = float(rng.uniform(0.35, 0.6))
        points = [(x - wing, y - wing * lift), (x - wing * 0.45, y - wing * lift * 0.8), (x, y)]
        points += [(x + wing * 0.45, y - wing * lift * 0.8), (x + wing, y - wing * lift)]
        pen.line(points, fill=ink, width=max(2, size // 300), joint="curve")
    lay_image(picture, drawing)


def paint_house(
    picture: Floats, palette: Palette, *, x: float, foot: float, width: float, lit: bool
) -> None:
    """Build a cabin with a window, lit at night, in place."""
    size = picture.shape[0]
    scale = 2 * size
    drawing = Image.new("RGBA", (scale, scale), (0, 0, 0, 0))
    pen = ImageDraw.Draw(drawing)
    wall = shade(mix(palette.rock, (0.5, 0.3, 0.18), 0.5), lightness=0.8)
    roof = shade(mix(palette.rock, (0.55, 0.16, 0.12), 0.4), lightness=0.62)
    pane = np.array([1.0, 0.83, 0.42]) if lit else mix(palette.sky_middle, wall, 0.3)

    def at(px: float, py: float) -> tuple[float, float]:
        return (x + px * width) * scale, (foot - py * width) * scale

    pen.rectangle((*at(0.2, 1.05), *at(0.32, 0.6)), fill=rgba(shade(wall, lightness=0.8)))
    pen.rectangle((*at(-0.5, 0.5), *at(0.5, -0.05)), fill=rgba(wall))
    pen.polygon([at(-0.6, 0.48), at(-0.28, 0.9), at(0.28, 0.9), at(0.6, 0.48)], fill=rgba(roof))
    pen.rectangle((*at(-0.08, 0.34), *at(0.1, -0.05)), fill=rgba(shade(wall, lightness=0.6)))
    for left in (-0.38, 0.22):
        pen.rectangle((*at(left, 0.34), *at(left + 0.17, 0.16)), fill=rgba(pane))
    lay_image(picture, drawing)
