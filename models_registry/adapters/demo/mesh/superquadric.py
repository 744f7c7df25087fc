"""The builder: robots, castles, creatures, snowmen, rockets and totems of superquadrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from models_registry.adapters.demo.image.palette import swatches
from models_registry.adapters.demo.mesh.solids import (
    MEDIA_TYPE,
    Material,
    Part,
    export_glb,
    rgb,
    superquadric,
)
from models_registry.adapters.demo.words import Reading, random_source, read_prompt

_BOX, _SOFT_BOX, _BALL, _SPIKE = 0.12, 0.4, 1.0, 1.8  # exponents


class _Workshop:
    """Places superquadrics; every `pair` comes left and right."""

    def __init__(self, reading: Reading, rng: np.random.Generator) -> None:
        tones = [rgb(c) for c in swatches(reading, rng)]
        metallic = 0.85 if {"gold", "silver", "copper"} & set(reading.materials) else 0.0
        rough = 0.3 if metallic or "glass" in reading.materials else 0.6
        self.rng = rng
        self.reading = reading
        self.dark, self.main, self.second, self.light = (
            Material(tone, metallic=metallic, roughness=rough)
            for tone in (tones[0], tones[2], tones[3], tones[4])
        )
        if reading.colours:
            self.main = Material(rgb(reading.colours[0]), metallic=metallic, roughness=rough)
            if len(reading.colours) > 1:
                self.second = Material(rgb(reading.colours[1]), metallic=metallic, roughness=rough)
        angry = reading.valence < -0.2
        glow = (1.0, 0.2, 0.1) if angry else (0.35, 0.95, 1.0)
        self.eye = Material(glow, roughness=0.3, glow=0.9)
        self.parts: list[Part] = []

    def put(
        self, at: ArrayLike, half: ArrayLike, material: Material, up: float = _BALL,
        around: float = _BALL, tilt_deg: float = 0.0, detail: int = 18,
    ) -> None:  # fmt: skip
        """Add one solid at its centre, turned by `tilt_deg` about the Z axis."""
        points, faces = superquadric(half, e_up=up, e_round=around, detail=detail)
        angle = np.radians(tilt_deg)
        turn = np.array(
            [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
        )
        self.parts.append(Part(points @ turn.T, faces, material).moved(at))

    def pair(
        self, at: ArrayLike, half: ArrayLike, material: Material, up: float = _BALL,
        around: float = _BALL, tilt_deg: float = 0.0, detail: int = 18,
    ) -> None:  # fmt: skip
        """Add a solid and its mirror image across x = 0."""
        x, y, z = np.asarray(at, dtype=float)
        self.put((x, y, z), half, material, up, around, tilt_deg, detail)
        self.put((-x, y, z), half, material, up, around, -tilt_deg, detail)


def _robot(w: _Workshop) -> None:
    wide = float(w.rng.uniform(0.42, 0.58))
    w.put((0, 1.25, 0), (wide, 0.5, 0.34), w.main, _SOFT_BOX, _SOFT_BOX)
    w.put((0, 1.3, 0.3), (wide * 0.55, 0.24, 0.08), w.light, _BOX, _BOX)
    for k in range(3):
        w.put((-0.16 + 0.16 * k, 1.2, 0.385), (0.045, 0.045, 0.03), w.eye)
    w.put((0, 1.83, 0), (0.13, 0.12, 0.13), w.dark, _BOX)
    head = float(w.rng.uniform(0.34, 0.44))
    w.put((0, 2.2, 0), (head, 0.3, 0.3), w.second, _SOFT_BOX, _SOFT_BOX)
    w.pair((0.15, 2.24, 0.28), (0.09, 0.09, 0.05), w.eye)
    w.put((0, 2.05, 0.28), (0.16, 0.03, 0.03), w.dark, _BOX, _BOX)
    w.put((0, 2.62, 0), (0.025, 0.16, 0.025), w.dark, _BOX)
    w.put((0, 2.8, 0), (0.07, 0.07, 0.07), w.eye)
    w.pair((head + 0.04, 2.2, 0), (0.06, 0.12, 0.12), w.dark, _BOX)
    w.pair((wide + 0.12, 1.55, 0), (0.17, 0.17, 0.17), w.dark)
    w.pair((wide + 0.2, 1.15, 0), (0.1, 0.36, 0.1), w.second, _SOFT_BOX, _BALL, 8)
    w.pair((wide + 0.26, 0.72, 0), (0.14, 0.14, 0.14), w.dark, _SOFT_BOX, _SOFT_BOX)
    w.pair((0.24, 0.5, 0), (0.13, 0.36, 0.13), w.second, _SOFT_BOX)
    w.pair((0.25, 0.1, 0.08), (0.19, 0.1, 0.28), w.dark, _SOFT_BOX, _SOFT_BOX)


def _castle(w: _Workshop) -> None:
    roof = w.second
    w.put((0, 0.06, 0), (1.35, 0.06, 1.35), w.dark, _BOX, _BALL)
    for x, z, along in ((0, 0.9, 0), (0, -0.9, 0), (0.9, 0, 1), (-0.9, 0, 1)):
        half = (0.1, 0.36, 0.9) if along else (0.9, 0.36, 0.1)
        w.put((x, 0.45, z), half, w.main, _BOX, _BOX, detail=10)
        for k in np.linspace(-0.68, 0.68, 6):
            at = (x, 0.88, k) if along else (k, 0.88, z)
            w.put(at, (0.09, 0.09, 0.09), w.main, _BOX, _BOX, detail=8)
    for x in (-0.9, 0.9):
        for z in (-0.9, 0.9):
            tall = float(w.rng.uniform(0.62, 0.82))
            w.put((x, tall, z), (0.23, tall, 0.23), w.light, _BOX)
            w.put((x, 2 * tall + 0.27, z), (0.3, 0.32, 0.3), roof, _SPIKE)
    keep = float(w.rng.uniform(0.95, 1.2))
    w.put((0, keep, 0), (0.42, keep, 0.42), w.main, _BOX, _BOX)
    w.put((0, 2 * keep + 0.08, 0), (0.48, 0.1, 0.48), w.light, _BOX, _BOX)
    w.put((0, 2 * keep + 0.5, 0), (0.42, 0.5, 0.42), roof, _SPIKE)
    w.put((0, 2 * keep + 1.12, 0), (0.015, 0.22, 0.015), w.dark, _BOX)
    w.put((0.13, 2 * keep + 1.24, 0), (0.13, 0.08, 0.012), w.eye, _BOX, _BOX)
    w.put((0, 0.3, 0.98), (0.2, 0.3, 0.05), w.dark, _SOFT_BOX, _BOX)
    for k in (0.55, 0.8):
        w.pair((0.16, 2 * keep * k, 0.42), (0.06, 0.11, 0.02), w.eye, _SOFT_BOX, _BOX)


def _creature(w: _Workshop) -> None:
    long = float(w.rng.uniform(0.6, 0.85))
    w.put((0, 0.85, 0), (0.5, 0.45, long), w.main, 0.85, 0.9)
    w.put((0, 0.72, 0.02), (0.42, 0.38, long * 0.92), w.light)
    head = float(w.rng.uniform(0.36, 0.46))
    w.put((0, 1.4, long + 0.05), (head, head * 0.92, head), w.main, 0.9)
    w.put((0, 1.27, long + head), (0.22, 0.15, 0.16), w.light)
    w.put((0, 1.33, long + head + 0.15), (0.07, 0.05, 0.05), w.dark)
    w.pair((0.17, 1.52, long + head * 0.86), (0.085, 0.1, 0.07), w.eye)
    w.pair((0.17, 1.52, long + head * 0.86 + 0.06), (0.04, 0.055, 0.03), w.dark)
    w.pair((head * 0.75, 1.4 + head, long), (0.11, 0.24, 0.06), w.second, 1.2, _BALL, -22)
    for z in (-long * 0.6, long * 0.6):
        w.pair((0.32, 0.35, z), (0.15, 0.35, 0.16), w.main, _SOFT_BOX)
        w.pair((0.32, 0.07, z + 0.07), (0.17, 0.08, 0.22), w.second, 0.7)
    if w.reading.mentions("dragon", "dragons"):
        w.pair((0.85, 1.35, 0.1), (0.62, 0.035, 0.36), w.second, 0.6, 1.6, 28)
    for k in range(7):
        size = 0.2 * (1 - 0.1 * k)
        at = (0, 0.95 + 0.012 * k * k, -long - 0.14 * k)
        w.put(at, (size * 0.8, size * 0.8, size), w.main, detail=12)
    for k in range(6):
        z = long * (0.75 - 0.3 * k)
        w.put((0, 1.3 - 0.02 * k * k * 0.5, z), (0.05, 0.19, 0.12), w.second, _SPIKE, detail=10)


def _snowman(w: _Workshop) -> None:
    snow = Material((0.95, 0.97, 1.0), roughness=0.9)
    carrot = Material((0.95, 0.48, 0.12), roughness=0.7)
    coal = Material((0.06, 0.06, 0.07), roughness=0.9)
    for y, r in ((0.55, 0.62), (1.4, 0.45), (2.05, 0.32)):
        w.put((0, y, 0), (r, r * 0.94, r), snow)
    w.put((0, 2.03, 0.44), (0.055, 0.055, 0.22), carrot, 0.9, 0.9)
    w.pair((0.11, 2.16, 0.27), (0.04, 0.04, 0.03), coal)
    for k in range(3):
        w.put((0, 1.2 + 0.18 * k, 0.43 - 0.035 * (k - 1) ** 2), (0.045, 0.045, 0.035), coal)
    w.put((0, 1.76, 0), (0.32, 0.075, 0.32), w.main, 0.6)
    w.put((0.15, 1.52, 0.38), (0.09, 0.22, 0.045), w.main, _SOFT_BOX, _SOFT_BOX, 8)
    w.put((0, 2.34, 0), (0.4, 0.03, 0.4), coal, _BOX)
    w.put((0, 2.56, 0), (0.25, 0.22, 0.25), coal, _BOX)
    w.pair((0.7, 1.55, 0), (0.36, 0.025, 0.025), Material((0.35, 0.23, 0.13)), _BOX, _BALL, 22)


def _rocket(w: _Workshop) -> None:
    w.put((0, 1.35, 0), (0.4, 1.15, 0.4), w.light, 0.55)
    w.put((0, 2.42, 0), (0.27, 0.55, 0.27), w.main, 1.35)
    for y in (0.75, 1.9):
        w.put((0, y, 0), (0.415, 0.06, 0.415), w.second, _BOX)
    w.put((0, 1.5, 0.37), (0.17, 0.17, 0.07), w.dark)
    w.put((0, 1.5, 0.42), (0.12, 0.12, 0.05), w.eye)
    for k in range(4):
        angle = np.pi / 4 + np.pi / 2 * k
        x, z = 0.5 * np.cos(angle), 0.5 * np.sin(angle)
        w.put((x, 0.5, z), (0.14, 0.4, 0.14), w.main, 1.2)
        w.put((x * 1.25, 0.2, z * 1.25), (0.09, 0.2, 0.09), w.main, _SOFT_BOX)
    w.put((0, 0.2, 0), (0.26, 0.14, 0.26), w.dark, _BOX)
    w.put((0, 0.02, 0), (0.18, 0.2, 0.18), Material((1.0, 0.55, 0.1), glow=1.0), 1.2)


def _totem(w: _Workshop) -> None:
    """Stack an abstract figure, symmetrical and each time another."""
    y, radius = 0.0, float(w.rng.uniform(0.5, 0.7))
    palette = [w.main, w.second, w.light, w.dark]
    for level in range(int(w.rng.integers(4, 7))):
        half = float(w.rng.uniform(0.16, 0.4))
        up, around = (float(v) for v in w.rng.choice([0.15, 0.4, 1.0, 1.6], 2))
        w.put((0, y + half, 0), (radius, half, radius), palette[level % 4], up, around)
        if w.rng.random() < 0.65:
            size = radius * float(w.rng.uniform(0.2, 0.42))
            material = palette[(level + 1) % 4]
            reach = radius + size * 0.55
            w.pair((reach, y + half, 0), (size, size, size), material, around, up)
            if w.rng.random() < 0.5:
                for side in (-1, 1):
                    w.put((0, y + half, side * reach), (size, size, size), material, around, up)
        y += 1.72 * half
        radius *= float(w.rng.uniform(0.66, 0.98))
    w.put((0, y + 0.16, 0), (0.16, 0.2, 0.16), w.eye)


_BUILDERS: dict[str, Callable[[_Workshop], None]] = {
    "snowman": _snowman,
    "robot": _robot,
    "castle": _castle,
    "rocket": _rocket,
    "creature": _creature,
}


def generate(
    prompt: str, seed: int, parameters: Mapping[str, Any], progress: Callable[[float], None]
) -> tuple[bytes, str]:
    """Build a figure for the prompt and return (GLB bytes, media type)."""
    del parameters  # nothing to set
    reading = read_prompt(prompt)
    workshop = _Workshop(reading, random_source("mesh.superquadric", prompt, seed))
    build = next((b for kind, b in _BUILDERS.items() if reading.has(kind)), _totem)
    progress(0.1)
    build(workshop)
    progress(0.6)
    data = export_glb(workshop.parts)
    progress(1.0)
    return data, MEDIA_TYPE
