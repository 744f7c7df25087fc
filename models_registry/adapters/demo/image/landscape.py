"""The landscape painter: sky, far ridges, water, near ground and trees from a prompt's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from models_registry.adapters.demo.image import flora, land, sky
from models_registry.adapters.demo.image.canvas import (
    MEDIA_TYPE,
    encode_png,
    fractal_noise,
    grid,
    lay_over,
    size_px,
    smoothstep,
)
from models_registry.adapters.demo.image.colour import Floats, mix, shade
from models_registry.adapters.demo.image.palette import choose_light, scene_palette
from models_registry.adapters.demo.image.scene import SCENES, Scene, paint_middle
from models_registry.adapters.demo.image.water import paint_boat, paint_water
from models_registry.adapters.demo.words import Reading, random_source, read_prompt


def _choose_kind(reading: Reading, rng: np.random.Generator) -> str:
    drawn = ("mountain", "mountain", "hills", "sea", "forest", "island")[int(rng.integers(6))]
    if reading.has("lake", "snow", "aurora") and not reading.has(*SCENES):
        return "mountain"
    if reading.has("boat") and not reading.has(*SCENES):
        return "sea"
    if reading.has("mountain") and reading.has("sea"):
        return "island"
    return next((kind for kind in SCENES if reading.has(kind)), drawn)


def _plant_kind(scene: Scene) -> str:
    reading = scene.reading
    for subject, kind in (("cactus", "cactus"), ("palm", "palm"), ("pine", "pine")):
        if reading.has(subject):
            return kind
    if scene.kind in ("desert", "canyon"):
        return "cactus"
    if reading.has("dead") or scene.kind == "volcano" or reading.valence < -0.55:
        return "bare"
    if reading.has("tree") or reading.season in ("autumn", "spring"):
        return "broadleaf"
    if scene.snow == 1.0 or scene.kind == "mountain":
        return "pine"
    return str(scene.rng.choice(["pine", "broadleaf"]))


def _paint_sky(scene: Scene) -> None:
    reading, rng = scene.reading, scene.rng
    is_overcast = reading.has("storm", "rain")
    if scene.light == "night" and not is_overcast:
        sky.paint_stars(scene.picture, rng, scene.horizon)
    if reading.has("aurora"):
        sky.paint_aurora(scene.picture, scene.palette, rng, scene.horizon)
    if not is_overcast:
        sky.paint_disc(scene.picture, scene.palette, scene.disc, rng)
    cover = 0.38 + 0.2 * float(rng.random()) - 0.3 * (scene.light == "night")
    cover += 0.3 * reading.has("clouds") + 0.25 * max(-reading.valence, 0.0)
    cover = 0.95 if is_overcast else cover
    sky.paint_clouds(
        scene.picture, scene.palette, scene.disc, scene.horizon, cover=float(cover), rng=rng
    )
    if reading.has("storm"):
        sky.paint_lightning(scene.picture, rng, scene.horizon)


def _has_water(scene: Scene) -> bool:
    if scene.kind in ("sea", "island", "city"):
        return True
    if scene.kind in ("desert", "canyon", "volcano"):
        return scene.reading.has("lake", "sea")
    return scene.reading.has("lake", "sea", "boat") or scene.kind == "mountain"


def _paint_water(scene: Scene) -> None:
    energy = scene.reading.energy + 0.7 * scene.reading.has("storm")
    paint_water(
        scene.picture,
        scene.palette,
        scene.disc,
        top=scene.horizon,
        roughness=float(np.clip(0.3 + 0.5 * energy + 0.12 * (scene.kind == "sea"), 0.03, 1)),
        rng=scene.rng,
    )
    if scene.reading.has("boat") or (scene.kind == "sea" and scene.rng.random() < 0.45):
        x = float(scene.rng.uniform(0.2, 0.8))
        paint_boat(scene.picture, scene.palette, x=x, y=scene.horizon + 0.1, length=0.075)


def _foreground_crest(scene: Scene, *, height: float, slope: float) -> Floats:
    x, _ = grid(scene.size)
    line = land.skyline(scene.rng, scene.size, cells=3, octaves=5)
    sides = 4.0 * (x[0] - 0.5) ** 2
    return np.asarray(1.0 - height * (0.45 + 0.35 * line + slope * sides), dtype=np.float32)


def _paint_near(scene: Scene) -> None:
    """Close the foot of the picture with ground, grass and trees."""
    reading, rng, palette = scene.reading, scene.rng, scene.palette
    kind = _plant_kind(scene)
    is_open = scene.kind in ("sea", "city") and not reading.has("tree", "palm", "pine", "hills")
    if is_open:
        return
    is_wooded = reading.has("forest", "tree", "pine", "palm") or scene.kind == "forest"
    if not _has_water(scene) and scene.kind not in ("desert", "canyon"):
        middle = scene.horizon + 0.16 - 0.1 * land.skyline(rng, scene.size, cells=3, octaves=4)
        land.paint_ridge(
            scene.picture,
            middle.astype(np.float32),
            mix(palette.ground, palette.foliage, 0.2),
            palette,
            depth=0.1,
            light_x=scene.disc.x,
            relief=0.12,
            rng=rng,
        )
        count = 90 if is_wooded else 26
        flora.paint_plants(
            scene.picture, palette, middle, kind=kind, count=count, tall=0.09, depth=0.28, rng=rng
        )
        if reading.has("house"):
            x = float(rng.uniform(0.3, 0.7))
            foot = float(middle[int(x * scene.size)]) + 0.03
            is_lit = scene.light in ("night", "dusk")
            flora.paint_house(scene.picture, palette, x=x, foot=foot, width=0.11, lit=is_lit)
    elif scene.kind == "mountain":
        bank = np.full(scene.size, scene.horizon + 0.012, dtype=np.float32)
        flora.paint_plants(
            scene.picture,
            palette,
            bank,
            kind="pine",
            count=70,
            tall=0.05,
            depth=0.3,
            rng=rng,
            gap=0.8,
        )
    height = 0.24 if not _has_water(scene) else 0.17
    crest = _foreground_crest(scene, height=height, slope=0.5)
    ground = shade(mix(palette.ground, palette.foliage, 0.3), lightness=0.72)
    if scene.snow == 1.0:
        ground = palette.ground
    if scene.kind not in ("desert",):
        land.paint_ridge(
            scene.picture,
            crest,
            ground,
            replace(palette, haze=shade(ground, lightness=0.7)),
            depth=0.0,
            light_x=scene.disc.x,
            relief=0.1,
            rng=rng,
        )
        blooms = reading.has("flower") or reading.season == "spring"
        tones = [np.asarray(c, dtype=np.float32) for c in reading.colours] or [
            np.array(c, dtype=np.float32) for c in ((0.95, 0.5, 0.65), (0.98, 0.9, 0.6))
        ]
        lightness = 0.55 if scene.light == "night" else 0.95
        flowers = [shade(tone, lightness=lightness) for tone in tones] if blooms else []
        if scene.snow < 1.0 and scene.kind not in ("volcano", "canyon"):
            flora.paint_grass(scene.picture, palette, crest, flowers=flowers, rng=rng)
    if reading.has("house") and _has_water(scene):
        x = float(rng.uniform(0.3, 0.7))
        foot = float(crest[int(x * scene.size)]) + 0.02
        is_lit = scene.light in ("night", "dusk")
        flora.paint_house(scene.picture, palette, x=x, foot=foot, width=0.13, lit=is_lit)
    dark = replace(palette, foliage=shade(palette.foliage, lightness=0.74))
    flora.paint_plants(
        scene.picture,
        dark,
        crest if scene.kind != "desert" else crest - 0.02,
        kind=kind,
        count=26 if is_wooded else (5 if kind in ("cactus", "palm", "bare") else 11),
        tall=0.34 if is_wooded else 0.26,
        depth=0.0,
        rng=rng,
        gap=0.97,
    )


def _paint_air(scene: Scene) -> None:
    """Lay mist over the middle distance and let rain or snow fall."""
    reading = scene.reading
    thickness = 0.75 * reading.has("mist") + 0.25 * (reading.valence < -0.2 and reading.energy < 0)
    if thickness > 0:
        _, y = grid(scene.size)
        drift = fractal_noise(scene.rng, (scene.size, scene.size), (7, 2), octaves=5)
        bank = np.exp(-(((y - scene.horizon - 0.04) / 0.16) ** 2)) * smoothstep(0.1, 0.75, drift)
        lay_over(scene.picture, scene.palette.haze, np.clip(bank * thickness, 0, 0.9))
    if reading.has("rain", "storm") or reading.has("snow"):
        sky.paint_falling(scene.picture, reading, scene.rng)


def _finish(scene: Scene) -> Floats:
    """Add contrast and a vignette."""
    x, y = grid(scene.size)
    contrast = 0.10 + 0.10 * max(scene.reading.energy, 0.0)
    picture = np.clip(scene.picture, 0, 1)
    picture = picture + contrast * (smoothstep(0.0, 1.0, picture) - picture)
    edge = np.hypot((x - 0.5) * 1.05, (y - 0.48) * 1.05)
    return np.asarray(picture * (1.0 - 0.30 * smoothstep(0.42, 0.85, edge))[..., None])


def generate(
    prompt: str, seed: int, parameters: Mapping[str, Any], progress: Callable[[float], None]
) -> tuple[bytes, str]:
    """Paint a landscape for the prompt and return (PNG bytes, media type).

    `parameters["size_px"]` is the side, 64..1536 (768). Raises ValueError for a wrong size.
    """
    size = size_px(parameters)
    reading = read_prompt(prompt)
    rng = random_source("image.landscape", prompt, seed)
    light = choose_light(reading, rng)
    palette = scene_palette(reading, light)
    kind = _choose_kind(reading, rng)
    horizon = float(rng.uniform(0.54, 0.6)) + (0.04 if kind in ("volcano", "city") else 0.0)
    disc = sky.place_disc(light, horizon, rng)
    scene = Scene(
        picture=sky.paint_gradient(size, palette, horizon, disc),
        reading=reading,
        palette=palette,
        light=light,
        kind=kind,
        horizon=horizon,
        disc=disc,
        rng=rng,
    )
    progress(0.1)
    _paint_sky(scene)
    progress(0.35)
    paint_middle(scene)
    progress(0.6)
    if _has_water(scene):
        _paint_water(scene)
    progress(0.75)
    _paint_near(scene)
    if light in ("day", "dawn", "dusk") and (reading.has("bird") or rng.random() < 0.4):
        flora.paint_birds(scene.picture, palette, rng)
    _paint_air(scene)
    data = encode_png(_finish(scene), rng)
    progress(1.0)
    return data, MEDIA_TYPE
