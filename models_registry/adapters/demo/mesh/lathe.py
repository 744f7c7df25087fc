"""The turner: vases, bottles, bowls, cups, chess pieces, lamps, bells and tops from one profile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator  # type: ignore[import-untyped]

from models_registry.adapters.demo.image.canvas import fractal_noise, smoothstep
from models_registry.adapters.demo.image.colour import Floats, mix, shade
from models_registry.adapters.demo.image.palette import swatches
from models_registry.adapters.demo.mesh.solids import (
    MEDIA_TYPE,
    Material,
    Part,
    Points,
    export_glb,
    revolve,
    rgb,
)
from models_registry.adapters.demo.words import Reading, random_source, read_prompt

_KINDS = ("bottle", "chess", "lamp", "bell", "cup", "bowl", "top", "vase")
# Outside profiles as (radius, height), foot to lip; hollow ones get an inside.
_PROFILES: dict[str, tuple[tuple[float, float], ...]] = {
    "vase": ((0.20, 0), (0.22, 0.03), (0.33, 0.3), (0.36, 0.5), (0.2, 0.8), (0.16, 0.9), (0.24, 1)),
    "bottle": ((0.2, 0), (0.22, 0.03), (0.22, 0.5), (0.19, 0.62), (0.07, 0.76), (0.06, 0.97),
               (0.075, 1)),
    "bowl": ((0.2, 0), (0.19, 0.05), (0.3, 0.1), (0.5, 0.28), (0.6, 0.5)),
    "cup": ((0.3, 0), (0.28, 0.03), (0.06, 0.1), (0.04, 0.4), (0.1, 0.47), (0.3, 0.62), (0.33,
         0.85), (0.29, 1)),
    "bell": ((0.46, 0), (0.41, 0.08), (0.34, 0.22), (0.29, 0.45), (0.25, 0.66), (0.16, 0.82),
             (0.0, 0.88)),
    "top": ((0.0, 0), (0.03, 0.08), (0.12, 0.18), (0.42, 0.42), (0.44, 0.47), (0.36, 0.53), (0.1,
         0.62), (0.05, 0.68), (0.04, 0.92), (0.055, 0.97), (0.0, 1)),
}  # fmt: skip
_CHESS_BASE = ((0.3, 0), (0.31, 0.04), (0.29, 0.09), (0.25, 0.11), (0.25, 0.15), (0.17, 0.2))
_CHESS_HEADS: dict[str, tuple[tuple[float, float], ...]] = {
    "pawn": ((0.1, 0.5), (0.19, 0.56), (0.19, 0.58), (0.1, 0.62), (0.17, 0.72), (0.19, 0.8),
             (0.15, 0.92), (0.0, 0.99)),
    "bishop": ((0.1, 0.6), (0.19, 0.66), (0.19, 0.68), (0.1, 0.72), (0.15, 0.82), (0.16, 0.9),
               (0.1, 1.05), (0.04, 1.12), (0.055, 1.16), (0.045, 1.2), (0.0, 1.22)),
    "queen": ((0.11, 0.72), (0.2, 0.79), (0.2, 0.81), (0.12, 0.86), (0.17, 1.0), (0.23, 1.18),
              (0.19, 1.2), (0.1, 1.21), (0.07, 1.26), (0.05, 1.31), (0.0, 1.33)),
    "king": ((0.11, 0.74), (0.21, 0.81), (0.21, 0.83), (0.12, 0.88), (0.17, 1.02), (0.22, 1.2),
             (0.2, 1.23), (0.12, 1.27), (0.03, 1.29), (0.03, 1.34), (0.08, 1.37), (0.08, 1.4),
             (0.03, 1.43), (0.0, 1.48)),
}  # fmt: skip
_MATERIALS: dict[str, Material] = {
    "gold": Material((0.95, 0.74, 0.30), metallic=1.0, roughness=0.22),
    "silver": Material((0.88, 0.89, 0.91), metallic=1.0, roughness=0.2),
    "copper": Material((0.80, 0.48, 0.32), metallic=1.0, roughness=0.28),
    "glass": Material((0.72, 0.88, 0.90), roughness=0.05, alpha=0.42, is_double_sided=True),
    "clay": Material((0.72, 0.40, 0.27), roughness=0.92),
    "porcelain": Material((0.94, 0.94, 0.92), roughness=0.18),
    "marble": Material((0.93, 0.92, 0.90), roughness=0.3),
    "wood": Material((0.52, 0.33, 0.19), roughness=0.62),
    "plastic": Material((0.85, 0.25, 0.22), roughness=0.4),
    "neon": Material((0.35, 0.9, 0.95), roughness=0.4, glow=0.9),
}


def _smooth(knots: ArrayLike, samples: int = 90) -> Points:
    """Draw a smooth line through the knots without overshooting any of them."""
    points = np.asarray(knots, dtype=np.float64)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    at = np.concatenate([[0.0], np.cumsum(steps)])
    return np.asarray(PchipInterpolator(at, points)(np.linspace(0, at[-1], samples)))


def _hollow(outside: Points, wall: float, floor: float) -> Points:
    """Close an outside profile into a vessel: foot, outside, lip, inside, floor."""
    inside = outside[outside[:, 1] > outside[0, 1] + floor][::-1].copy()
    inside[:, 0] = np.maximum(inside[:, 0] - wall, 0.004)
    lip = np.array([[outside[-1, 0] - wall / 2, outside[-1, 1] + wall / 3]])
    first, last = [[0.0, outside[0, 1]]], [[0.0, inside[-1, 1]]]
    return np.concatenate([first, outside, lip, inside, last])


def _solid(outside: Points) -> Points:
    first, last = [0.0, outside[0, 1]], [0.0, outside[-1, 1]]
    body = outside[outside[:, 0] > 1e-4]
    return np.concatenate([[first], body, [last]])


def _varied(knots: ArrayLike, rng: np.random.Generator) -> Points:
    """Give each piece its own waist and height."""
    points = np.array(knots, dtype=np.float64)
    points[:, 0] *= rng.uniform(0.86, 1.16, len(points))
    points[:, 1] *= rng.uniform(0.9, 1.15)
    return points


def _material(reading: Reading, kind: str, rng: np.random.Generator) -> tuple[str, Material]:
    """Return the asked material, dyed in the asked colour; else one that suits the kind."""
    suits = {
        "bottle": ("glass",),
        "chess": ("marble", "wood"),
        "lamp": ("copper", "porcelain"),
        "bell": ("gold", "copper"),
        "cup": ("silver", "gold", "glass"),
        "top": ("wood", "plastic"),
    }.get(kind, ("porcelain", "clay"))
    name = reading.materials[0] if reading.materials else str(rng.choice(suits))
    material = _MATERIALS[name]
    # "golden vase" says the material and the colour with one word.
    dyes = [] if name in ("gold", "silver", "copper") else list(reading.colours)
    base = mix(material.rgb, dyes[0], 0.8) if dyes else shade(material.rgb, lightness=1.0)
    base = shade(base, lightness=1 + 0.08 * reading.valence)
    dyed = Material(
        rgb(base), material.metallic, material.roughness, material.alpha, material.glow,
        material.is_double_sided,
    )  # fmt: skip
    return name, dyed


def _decoration(
    name: str, points: Points, material: Material, accents: Floats, rng: np.random.Generator
) -> Floats | None:
    """Return vertex colours (n, 3): veins in marble, grain in wood, painted bands on ceramics."""
    base = np.asarray(material.rgb, dtype=np.float32)
    height = (points[:, 1] - points[:, 1].min()) / np.ptp(points[:, 1])
    angle = np.arctan2(points[:, 2], points[:, 0])
    noise = fractal_noise(rng, (128, 128), (4, 4), octaves=5)
    around = (np.abs(angle) / np.pi * 127).astype(int)
    field = noise[(height * 127).astype(int), around]
    if name == "marble":
        vein = np.exp(-((np.abs(field - 0.5) / 0.035) ** 2))[:, None]
        return np.asarray(base + 0.6 * vein * (shade(base, lightness=0.55) - base))
    if name == "wood":
        ring = (0.5 + 0.5 * np.sin(40 * height + 22 * field))[:, None]
        return np.asarray(base * (0.72 + 0.36 * ring))
    if name in ("porcelain", "clay", "plastic"):
        colours = np.repeat(base[None], len(points), axis=0)
        for place in rng.uniform(0.15, 0.9, int(rng.integers(2, 5))):
            half = rng.uniform(0.012, 0.05)
            band = smoothstep(half + 0.012, half, np.abs(height - place))[:, None]
            colours = colours + band * (accents[int(rng.integers(5))] - colours)
        return np.asarray(colours, dtype=np.float32)
    return None


def _profile(kind: str, reading: Reading, rng: np.random.Generator) -> Points:
    if kind == "chess":
        named = [head for head in _CHESS_HEADS if reading.mentions(head)]
        head = named[0] if named else str(rng.choice(list(_CHESS_HEADS)))
        return _solid(_smooth((*_CHESS_BASE, *_CHESS_HEADS[head]), 160))
    # A bell's wall is one steady curve; knots moved each on its own would dent it.
    knots = np.array(_PROFILES[kind]) if kind == "bell" else _varied(_PROFILES[kind], rng)
    if kind == "top":
        return _solid(_smooth(knots, 140))
    if kind == "bell":
        outside = _smooth(knots, 110)[:-1]
        inside = outside[::-1] * np.array([0.86, 0.93])
        inside = inside[inside[:, 0] > 0.02]
        # A bell opens downwards: from its inside crown down, round the lip and up the outside.
        return np.concatenate(
            [[[0.0, inside[0, 1]]], inside, outside, [[0.0, outside[-1, 1] + 0.01]]]
        )
    wall = 0.018 if kind in ("bottle", "cup") else 0.03
    floor = {"cup": 0.5 * float(knots[-1, 1])}.get(kind, 0.04)
    return _hollow(_smooth(knots), wall, floor)


def _lamp(reading: Reading, material: Material, rng: np.random.Generator) -> list[Part]:
    """Return a foot, a stem, and a glowing shade."""
    foot = _smooth(_varied(((0.24, 0), (0.25, 0.04), (0.07, 0.1), (0.12, 0.3), (0.14, 0.4),
                            (0.05, 0.55), (0.03, 0.62), (0.03, 0.85)), rng))  # fmt: skip
    top = float(foot[-1, 1])
    glow = rgb(
        mix((1.0, 0.86, 0.6), reading.colours[0], 0.6) if reading.colours else (1, 0.86, 0.6)
    )
    outer = np.array([[0.36, top - 0.28], [0.30, top - 0.14], [0.2, top + 0.12]])
    shade_line = _smooth(outer, 30)
    rim = shade_line[::-1] - np.array([0.015, 0.0])
    ring = np.concatenate([[[0.0, top + 0.1]], rim, shade_line, [[0.0, top + 0.125]]])
    shade_material = Material(glow, roughness=0.9, glow=0.75)
    return [
        Part(*revolve(_solid(foot)), material),
        Part(*revolve(ring), shade_material),
    ]


def generate(
    prompt: str, seed: int, parameters: Mapping[str, Any], progress: Callable[[float], None]
) -> tuple[bytes, str]:
    """Turn a piece for the prompt on the lathe and return (GLB bytes, media type)."""
    del parameters  # nothing to set
    reading = read_prompt(prompt)
    rng = random_source("mesh.lathe", prompt, seed)
    drawn = str(rng.choice(_KINDS))
    kind = next((k for k in _KINDS if reading.has(k)), drawn)
    name, material = _material(reading, kind, rng)
    progress(0.2)
    if kind == "lamp":
        parts = _lamp(reading, material, rng)
    else:
        points, faces = revolve(_profile(kind, reading, rng))
        colours = _decoration(name, points, material, swatches(reading, rng), rng)
        parts = [Part(points, faces, material, colours)]
    progress(0.7)
    data = export_glb(parts)
    progress(1.0)
    return data, MEDIA_TYPE
