"""The surveyor: a block of fractal land with coloured bands, water and small trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter  # type: ignore[import-untyped]

from models_registry.adapters.demo.image.canvas import fractal_noise, smoothstep
from models_registry.adapters.demo.image.colour import Floats, mix, shade, tint
from models_registry.adapters.demo.mesh.solids import (
    MEDIA_TYPE,
    Material,
    Part,
    Points,
    export_glb,
    joined,
    relief_block,
    revolve,
    rgb,
    superquadric,
)
from models_registry.adapters.demo.words import Reading, random_source, read_prompt

_SIDE = 172  # points along one side: 58 000 triangles
_WATER_Y = 0.075
_FLOOR_Y = -0.09
_KINDS = ("volcano", "canyon", "desert", "island", "sea", "mountain", "hills", "forest")
_BANDS: dict[str, tuple[str, ...]] = {  # shore, low land, high land, rock, summit
    "temperate": ("d9c48f", "6f9f4a", "4b7d3a", "7d746c", "f4f6f8"),
    "snow": ("c9d3dc", "e6edf3", "f3f7fa", "8d97a5", "ffffff"),
    "desert": ("e8c27c", "e2b066", "d79a55", "b5703f", "c9864e"),
    "canyon": ("d8a070", "cf8250", "c06a3e", "a3502f", "dd9c68"),
    "volcano": ("5c4d48", "57493f", "463b39", "332a2b", "2a2224"),
    "autumn": ("d8bd85", "b98b3e", "c4622b", "80706a", "efe9e2"),
}


def _rgb(code: str) -> Floats:
    return np.array([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)], dtype=np.float32)


def _distance_from_middle() -> tuple[Floats, Floats, Floats]:
    place = np.linspace(-1, 1, _SIDE, dtype=np.float32)
    x, z = np.meshgrid(place, place)
    return np.hypot(x, z), x, z


def _heights(kind: str, reading: Reading, rng: np.random.Generator) -> Floats:
    """Return heights (_SIDE, _SIDE); water stands at _WATER_Y."""
    shape = (_SIDE, _SIDE)
    soft = fractal_noise(rng, shape, (3, 3), octaves=6, gain=0.48)
    sharp = fractal_noise(rng, shape, (3, 3), octaves=6, gain=0.4, ridged=True)
    away, x, z = _distance_from_middle()
    rough = 1.0 + 0.35 * reading.energy
    if kind == "island":
        falloff = smoothstep(0.98, 0.25, away + 0.25 * (soft - 0.5))
        return np.asarray(0.5 * rough * falloff * (0.35 * soft + 0.65 * sharp**1.4))
    if kind == "sea":
        return np.asarray(0.035 + 0.07 * smoothstep(0.55, 1.0, soft) * rough)
    if kind == "volcano":
        cone = 0.46 * np.exp(-np.clip(away - 0.16, 0, None) / 0.32)
        crater = 0.16 * smoothstep(0.2, 0.05, away)
        return np.asarray(cone - crater + 0.07 * soft + 0.05 * sharp * cone / 0.46)
    if kind == "desert":
        bend = 2.2 * fractal_noise(rng, shape, (2, 2), octaves=2)
        phase = (x * 2.6 + bend + 0.4 * z) % 1.0
        dune = np.where(phase < 0.72, phase / 0.72, (1 - phase) / 0.28)
        size = 0.4 + 0.6 * fractal_noise(rng, shape, (3, 3), octaves=2)
        return np.asarray(gaussian_filter(0.1 + 0.12 * rough * dune * size + 0.05 * soft, 1.0))
    if kind == "canyon":
        river = np.abs(x + 0.28 * np.sin(3.1 * z + float(rng.uniform(0, 6))) + 0.22 * (soft - 0.5))
        wall = smoothstep(0.06, 0.62, river + 0.16 * (sharp - 0.5))
        steps = np.floor(wall * 4.999) + smoothstep(0.55, 1.0, wall * 4.999 % 1.0)
        return np.asarray(0.05 + 0.075 * steps + 0.02 * soft, dtype=np.float32)
    if kind == "mountain":
        return np.asarray(0.06 + 0.46 * rough * sharp**1.7 * (0.35 + 0.65 * soft))
    return np.asarray(gaussian_filter(0.05 + 0.2 * rough * soft, 1.5))


def _colours(kind: str, reading: Reading, heights: Floats, rng: np.random.Generator) -> Floats:
    """Return the top's colours (_SIDE, _SIDE, 3) by height above water and steepness."""
    is_snowy = reading.has("snow") or reading.season == "winter"
    theme = kind if kind in _BANDS else ("autumn" if reading.season == "autumn" else "temperate")
    bands = [_rgb(code) for code in _BANDS["snow" if is_snowy else theme]]
    if reading.colours:
        bands = [
            tint(c, reading.colours[i % len(reading.colours)], 0.55) for i, c in enumerate(bands)
        ]
    mood = 1 + 0.06 * reading.valence
    shore, low, high, rock, summit = (shade(c, lightness=mood) for c in bands)
    grain = fractal_noise(rng, heights.shape, (12, 12), octaves=4)
    above = heights - _WATER_Y + 0.03 * (grain - 0.5)
    dz, dx = np.gradient(heights, 1.0 / _SIDE)
    steep = np.hypot(dx, dz)

    def blend(base: Floats, colour: Floats, share: Floats) -> Floats:
        return np.asarray(base + share[..., None] * (colour - base), dtype=np.float32)

    land = np.broadcast_to(shore, (*heights.shape, 3))
    land = blend(land, low, smoothstep(0.008, 0.03, above))
    land = blend(land, high, smoothstep(0.07, 0.15, above))
    if kind not in ("desert",):
        land = blend(land, rock, smoothstep(0.85, 1.35, steep + 0.35 * (grain - 0.5)))
    if kind in ("mountain", "island", "volcano") or is_snowy:
        snow_line = 0.2 if kind == "mountain" else 0.27
        flat_enough = smoothstep(2.6, 1.2, steep)
        land = blend(land, summit, smoothstep(snow_line, snow_line + 0.05, above) * flat_enough)
    if kind == "canyon":
        strata = (0.5 + 0.5 * np.sin(heights * 190))[..., None]
        land = np.asarray(land * (0.86 + 0.18 * strata), dtype=np.float32)
    if kind == "volcano" and not is_snowy:
        away, *_ = _distance_from_middle()
        vein = np.exp(-((np.abs(grain - 0.5) / 0.05) ** 2)) * smoothstep(0.75, 0.15, away)
        hot = (
            mix((1.0, 0.36, 0.06), reading.colours[0], 0.3) if reading.colours else (1, 0.36, 0.06)
        )
        land = blend(land, np.asarray(hot, dtype=np.float32), np.clip(vein, 0, 1))
        land = blend(land, np.array([1.0, 0.55, 0.12]), smoothstep(0.13, 0.08, away))
    return np.clip(land * (0.92 + 0.16 * grain)[..., None], 0, 1)


def _water(kind: str, reading: Reading) -> list[Part]:
    if kind in ("desert", "volcano") and not reading.has("sea", "lake", "island"):
        return []
    named = reading.tints.get("sea", reading.tints.get("lake"))
    blue = mix((0.12, 0.42, 0.58), named, 0.7) if named else np.array([0.12, 0.42, 0.58])
    if reading.has("snow") or reading.season == "winter":
        blue = mix(blue, (0.75, 0.88, 0.95), 0.5)
    if reading.light == "night":
        blue = shade(blue, lightness=0.6)
    thick = (_WATER_Y - _FLOOR_Y) / 2 - 0.004
    slab = superquadric((0.499, thick, 0.499), e_up=0.02, e_round=0.02, detail=8)
    surface = Material(rgb(blue), metallic=0.1, roughness=0.12, alpha=0.72)
    return [Part(*slab, surface).moved((0, _WATER_Y - thick, 0))]


def _trees(kind: str, reading: Reading, heights: Floats, rng: np.random.Generator) -> list[Part]:
    """Plant small cones or balls where the land is green and not steep."""
    wants = {"forest": 260, "hills": 90, "island": 60, "mountain": 80}.get(kind, 0)
    if reading.has("tree", "pine", "forest", "palm"):
        wants = max(wants, 200)
    dz, dx = np.gradient(heights, 1.0 / _SIDE)
    fits = (heights > _WATER_Y + 0.025) & (heights < 0.26) & (np.hypot(dx, dz) < 0.9)
    places = np.argwhere(fits[4:-4, 4:-4]) + 4
    if kind in ("desert", "canyon", "volcano", "sea") or wants == 0 or len(places) == 0:
        return []
    leaf = {"autumn": (0.78, 0.38, 0.14), "winter": (0.72, 0.80, 0.80), "spring": (0.86, 0.6, 0.68)}
    colour = leaf.get(reading.season or "", (0.20, 0.42, 0.22))
    if "forest" in reading.tints or "tree" in reading.tints:
        colour = reading.tints.get("forest", reading.tints.get("tree", colour))
    crowns, trunks = [], []
    for row, column in places[rng.integers(len(places), size=wants)]:
        size = float(rng.uniform(0.022, 0.04))
        at = np.array([column / (_SIDE - 1) - 0.5, heights[row, column], row / (_SIDE - 1) - 0.5])
        crown = ((0, 0.3), (0.34, 0.3), (0.2, 0.75), (0.26, 0.72), (0.02, 1.4), (0, 1.42))
        points, faces = revolve(np.array(crown) * size, segments=7)
        crowns.append((points + at, faces))
        trunk = np.array(((0, -0.3), (0.07, -0.3), (0.06, 0.4), (0, 0.4))) * size
        points, faces = revolve(trunk, segments=5)
        trunks.append((points + at, faces))
    return [
        Part(*joined(crowns), Material(colour, roughness=0.9)),
        Part(*joined(trunks), Material((0.3, 0.21, 0.14), roughness=0.95)),
    ]


def _block(heights: Floats, top: Floats, rng: np.random.Generator) -> Part:
    points, faces = relief_block(heights, floor=_FLOOR_Y)
    walls: Points = points[_SIDE * _SIDE :]
    depth = (walls[:, 1] - _FLOOR_Y) / 0.3
    earth = np.array([0.36, 0.27, 0.2]) * (0.75 + 0.4 * np.clip(depth, 0, 1))[:, None]
    colours = np.concatenate([top.reshape(-1, 3), earth]).astype(np.float32)
    return Part(points, faces, Material((1, 1, 1), roughness=0.95), colours)


def generate(
    prompt: str, seed: int, parameters: Mapping[str, Any], progress: Callable[[float], None]
) -> tuple[bytes, str]:
    """Raise a block of land for the prompt and return (GLB bytes, media type)."""
    del parameters  # nothing to set
    reading = read_prompt(prompt)
    rng = random_source("mesh.terrain", prompt, seed)
    drawn = str(rng.choice(["island", "mountain", "hills"]))
    kind = next((k for k in _KINDS if reading.has(k)), drawn)
    heights = _heights(kind, reading, rng).astype(np.float32)
    progress(0.3)
    colours = _colours(kind, reading, heights, rng)
    progress(0.5)
    parts = [_block(heights, colours, rng), *_trees(kind, reading, heights, rng)]
    data = export_glb([*parts, *_water(kind, reading)])
    progress(1.0)
    return data, MEDIA_TYPE
