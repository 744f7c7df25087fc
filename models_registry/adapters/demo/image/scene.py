"""One landscape in the making, and what stands on its horizon: ranges, volcano, dunes, city."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models_registry.adapters.demo.image import land, sky
from models_registry.adapters.demo.image.canvas import grid
from models_registry.adapters.demo.image.colour import Floats, mix, shade
from models_registry.adapters.demo.image.palette import Palette
from models_registry.adapters.demo.words import Light, Reading

SCENES = ("mountain", "volcano", "desert", "canyon", "city", "island", "sea", "hills", "forest")


@dataclass
class Scene:
    """One picture in the making: the canvas and all that its painters share."""

    picture: Floats
    reading: Reading
    palette: Palette
    light: Light
    kind: str  # one of SCENES
    horizon: float
    disc: sky.Disc
    rng: np.random.Generator

    @property
    def size(self) -> int:
        return int(self.picture.shape[0])

    @property
    def snow(self) -> float:
        """Share of a slope under snow."""
        if self.reading.has("snow") or self.reading.season == "winter":
            return 1.0
        if self.reading.has("volcano", "desert", "canyon") or self.reading.season == "summer":
            return 0.0
        return 0.4


def _ridges(scene: Scene, *, count: int, tallest: float, peaked: bool) -> None:
    """Paint ranges from the farthest to the nearest, ending at the horizon line."""
    for index in range(count):
        nearness = index / max(count - 1, 1)
        height = tallest * (1.0 - 0.62 * nearness)
        line = land.skyline(scene.rng, scene.size, cells=3 + 2 * index, peaked=peaked)
        tops = scene.horizon + 0.015 - height * (0.18 + 0.82 * line)
        colour = mix(scene.palette.rock, scene.palette.foliage, 0.55 * nearness)
        land.paint_ridge(
            scene.picture,
            tops.astype(np.float32),
            colour,
            scene.palette,
            depth=0.72 - 0.5 * nearness,
            light_x=scene.disc.x,
            relief=(0.9 if peaked else 0.45) * (1 - 0.3 * nearness),
            rng=scene.rng,
            snow=scene.snow * (1.0 - 0.6 * nearness) if peaked or scene.snow == 1.0 else 0.0,
        )


def _paint_volcano(scene: Scene) -> None:
    centre = float(scene.rng.uniform(0.4, 0.6))
    _ridges(scene, count=2, tallest=0.16, peaked=True)
    foot = scene.horizon + 0.06
    tops = land.cone(scene.size, centre=centre, foot=foot, height=0.40)
    rough = land.skyline(scene.rng, scene.size, cells=24, octaves=5)
    tops = tops - 0.012 * (rough - 0.5)
    crater = float(tops[int(centre * (scene.size - 1))])
    land.paint_plume(scene.picture, scene.palette, centre, crater + 0.015, scene.rng)
    land.paint_ridge(
        scene.picture,
        tops,
        shade(scene.palette.rock, lightness=0.8),
        scene.palette,
        depth=0.06,
        light_x=scene.disc.x,
        relief=0.8,
        rng=scene.rng,
    )
    land.paint_lava(scene.picture, tops, centre, foot, scene.rng)


def _paint_desert(scene: Scene) -> None:
    for index in range(5):
        nearness = index / 4
        line = land.skyline(scene.rng, scene.size, cells=2 + (index < 2), octaves=2, peaked=True)
        tops = scene.horizon - 0.03 + 0.40 * nearness**1.3 - (0.08 + 0.09 * nearness) * line
        land.paint_dune(
            scene.picture,
            tops.astype(np.float32),
            scene.palette.ground,
            scene.palette,
            depth=0.6 * (1 - nearness),
            light_x=scene.disc.x,
            rng=scene.rng,
        )


def _paint_canyon(scene: Scene) -> None:
    for index in range(4):
        nearness = index / 3
        foot = scene.horizon + 0.02 + 0.2 * nearness
        tops = land.mesas(scene.rng, scene.size, foot=foot, height=0.30 - 0.05 * index)
        land.paint_ridge(
            scene.picture,
            tops,
            scene.palette.rock,
            scene.palette,
            depth=0.55 * (1 - nearness),
            light_x=scene.disc.x,
            relief=0.6,
            rng=scene.rng,
            strata=True,
        )


def _paint_city(scene: Scene) -> None:
    lit = {"night": 0.55, "dusk": 0.4, "dawn": 0.2, "day": 0.05}[scene.light]
    panes = [mix(scene.palette.light, (1.0, 0.82, 0.45), 0.5)]
    if scene.reading.mentions("neon", "cyberpunk"):
        signs = ((1.0, 0.25, 0.75), (0.2, 0.9, 1.0), (0.65, 0.35, 1.0), (1.0, 0.75, 0.3))
        panes = [np.array(sign, dtype=np.float32) for sign in signs]
    for depth in (0.6, 0.35, 0.08):
        land.paint_city(
            scene.picture,
            scene.palette,
            foot=scene.horizon + 0.03 * (1 - depth),
            depth=depth,
            windows_lit=lit,
            panes=panes,
            rng=scene.rng,
        )


def _paint_island(scene: Scene) -> None:
    """Raise one island out of the sea, off the middle."""
    x, _ = grid(scene.size)
    centre = float(scene.rng.uniform(0.3, 0.7))
    line = land.skyline(scene.rng, scene.size, cells=7, peaked=True)
    mound = np.exp(-(((x[0] - centre) / 0.17) ** 4)) * (0.35 + 0.65 * line)
    peak = 0.26 if scene.reading.has("mountain") else 0.14
    tops = scene.horizon + 0.004 - peak * mound + 0.03 * (mound < 0.03)
    land.paint_ridge(
        scene.picture,
        tops.astype(np.float32),
        mix(scene.palette.rock, scene.palette.foliage, 0.5),
        scene.palette,
        depth=0.22,
        light_x=scene.disc.x,
        relief=0.8,
        rng=scene.rng,
        snow=scene.snow if scene.snow == 1.0 else 0.0,
    )


def paint_middle(scene: Scene) -> None:
    """Paint what stands on the horizon of the scene's kind."""
    painters: dict[str, Callable[[Scene], None]] = {
        "volcano": _paint_volcano,
        "desert": _paint_desert,
        "canyon": _paint_canyon,
        "city": _paint_city,
        "island": _paint_island,
    }
    if scene.kind in painters:
        painters[scene.kind](scene)
    elif scene.kind == "mountain":
        _ridges(scene, count=4, tallest=0.34, peaked=True)
    elif scene.kind == "sea":
        if scene.rng.random() < 0.6:
            _ridges(scene, count=1, tallest=0.05, peaked=False)
    else:
        _ridges(scene, count=4, tallest=0.17, peaked=False)
