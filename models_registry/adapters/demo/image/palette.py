"""Palettes of the demo images: from light, mood, season and colour words to colours by role."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models_registry.adapters.demo.image.colour import Floats, mix, shade, tint, to_oklab
from models_registry.adapters.demo.words import Light, Reading, Rgb


@dataclass(frozen=True)
class Palette:
    """Colours of one scene, sRGB (3,) in 0..1."""

    sky_top: Floats
    sky_middle: Floats
    horizon: Floats
    light: Floats  # sun or moon
    haze: Floats  # what distance fades into
    rock: Floats
    ground: Floats
    foliage: Floats
    water: Floats
    cloud: Floats  # the lit side


def _rgb(code: str) -> Floats:
    return np.array([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)], dtype=np.float32)


# sky top, sky middle, horizon, sun or moon, haze, cloud.
_SKIES: dict[Light, tuple[str, ...]] = {
    "dawn": ("6a7fb8", "d8a9bd", "ffdcb4", "fff1cf", "d9b4bd", "ffd9c9"),
    "day": ("2f72bd", "74b3e4", "d9edf3", "fff8e2", "b4d0df", "ffffff"),
    "dusk": ("2c2a60", "a9476f", "ff9f5c", "ffd98a", "a85f78", "ff9f7a"),
    "night": ("050a1e", "102349", "2c4c7c", "eef2ff", "25406b", "5b7196"),
}
# What that light does to white: the ground's local colours are multiplied by it.
_AMBIENT: dict[Light, tuple[float, float, float]] = {
    "dawn": (0.88, 0.76, 0.76),
    "day": (1.0, 1.0, 0.97),
    "dusk": (0.58, 0.40, 0.45),
    "night": (0.17, 0.25, 0.42),
}
# Local colours under white light: rock, ground, foliage.
_LAND = {
    "spring": ("7d7a80", "7fae52", "6fa34a"),
    "summer": ("80756c", "6f9a45", "3f7a3c"),
    "autumn": ("7d6a60", "bd9450", "dd8430"),
    "winter": ("8a93a3", "eaf0f5", "4f6a66"),
    "desert": ("c27a4c", "e6ad66", "6f8a4f"),
    "volcanic": ("4a3d3c", "50403c", "4d4a30"),
}
_TINT = 0.62  # share of a global colour word in a role; a named role takes _NAMED_TINT
_NAMED_TINT = 0.88
_ROLES: dict[str, tuple[str, ...]] = {
    "sky": ("sky_top", "sky_middle", "horizon"),
    "clouds": ("cloud",),
    "sun": ("light",),
    "moon": ("light",),
    "sea": ("water",),
    "lake": ("water",),
    "mountain": ("rock",),
    "volcano": ("rock",),
    "canyon": ("rock", "ground"),
    "island": ("rock", "ground"),
    "hills": ("ground",),
    "desert": ("ground",),
    "snow": ("ground",),
    "forest": ("foliage",),
    "tree": ("foliage",),
    "pine": ("foliage",),
    "palm": ("foliage",),
}


def choose_light(reading: Reading, rng: np.random.Generator) -> Light:
    """Return the time of day that the words or, failing them, the mood suggest."""
    drawn: Light = ("day", "dawn", "dusk", "day")[int(rng.integers(4))]
    if reading.light is not None:
        return reading.light
    if reading.has("volcano") or (reading.valence < -0.2 and reading.energy > 0.2):
        return "dusk"
    if reading.has("aurora", "stars", "moon") or (reading.valence < -0.5 and reading.energy > -0.3):
        return "night"
    if reading.valence > 0.6 and reading.energy > 0.2:
        return "day"
    return drawn


def _land(reading: Reading) -> tuple[Floats, ...]:
    key: str = reading.season or "summer"
    if reading.has("snow"):
        key = "winter"
    if reading.has("desert", "canyon", "cactus"):
        key = "desert"
    if reading.has("volcano"):
        key = "volcanic"
    return tuple(_rgb(code) for code in _LAND[key])


def _with_words(palette: Palette, reading: Reading) -> Palette:
    """Let each colour word reach its roles: "red sky" the sky, a lone "red" the whole picture."""
    named = {
        role: rgb for subject, rgb in reading.tints.items() for role in _ROLES.get(subject, ())
    }
    changed: dict[str, Floats] = {}
    roles = [role for role in palette.__dataclass_fields__ if role != "light"]
    for index, role in enumerate(roles):
        colour = getattr(palette, role)
        if reading.colours and not (named and role not in named and len(named) >= 3):
            # Spread several colours from the top of the picture to its foot.
            which = min(len(reading.colours) - 1, index * len(reading.colours) // len(roles))
            colour = tint(colour, reading.colours[which], _TINT * (0.5 if named else 1.0))
        if role in named:
            colour = tint(colour, named[role], _NAMED_TINT)
        changed[role] = colour
    for role in ("light",):
        if role in named:
            changed[role] = mix(getattr(palette, role), named[role], 0.6)
    changed["haze"] = mix(changed["haze"], changed["ground"], 0.3 * reading.has("desert", "canyon"))
    return replace(palette, **changed)


def _with_mood(palette: Palette, reading: Reading) -> Palette:
    """Grade: sad is grey and dim, angry is hot and deep, happy is bright and rich, calm is pale."""
    lightness, chroma = 1.0, 1.0
    if reading.valence < 0:
        lightness += 0.14 * reading.valence
        chroma += (0.45 if reading.energy <= 0 else -0.25) * reading.valence
    else:
        lightness += 0.05 * reading.valence
        chroma += 0.22 * reading.valence * (1.0 + min(reading.energy, 0.0))
    if reading.has("storm", "rain"):
        lightness, chroma = lightness * 0.84, chroma * 0.55
    changed = {
        role: shade(getattr(palette, role), lightness=lightness, chroma=chroma)
        for role in palette.__dataclass_fields__
    }
    if reading.valence < 0 and reading.energy > 0.2:
        hot = np.array([0.85, 0.16, 0.08])
        for role in ("sky_middle", "horizon", "haze", "cloud"):
            changed[role] = tint(changed[role], hot, -0.5 * reading.valence * reading.energy)
    return replace(palette, **changed)


def scene_palette(reading: Reading, light: Light) -> Palette:
    """Return the colours of a scene under a light, shifted by the prompt's words."""
    top, middle, horizon, sun, haze, cloud = (_rgb(code) for code in _SKIES[light])
    ambient = np.array(_AMBIENT[light], dtype=np.float32)
    rock, ground, foliage = (colour * ambient for colour in _land(reading))
    palette = Palette(
        sky_top=top,
        sky_middle=middle,
        horizon=horizon,
        light=sun,
        haze=haze,
        rock=rock,
        ground=ground,
        foliage=foliage,
        water=mix(middle, _rgb("0f4c6b") * ambient, 0.55),
        cloud=cloud,
    )
    return _with_mood(_with_words(palette, reading), reading)


_SCHEMES = {  # for prompts without a colour word: calm, happy, sad, angry, neither
    "calm": ("1d3b53", "4f8a8b", "a8d0c6", "f4ead0", "e9b7a0"),
    "happy": ("f94f6d", "fbb13c", "fef1a0", "2ec4b6", "3a86ff"),
    "sad": ("22283a", "46536b", "76839a", "a6adbb", "5a4a6a"),
    "angry": ("1a0b0b", "7a0f16", "d62a1a", "f26b1d", "f9c74f"),
    "neutral": ("264653", "2a9d8f", "e9c46a", "f4a261", "e76f51"),
}
_SUBJECT_COLOURS: dict[str, Rgb] = {
    "sea": (0.10, 0.42, 0.66),
    "lake": (0.15, 0.48, 0.62),
    "forest": (0.14, 0.42, 0.20),
    "volcano": (0.86, 0.22, 0.08),
    "desert": (0.88, 0.66, 0.36),
    "snow": (0.92, 0.95, 0.98),
    "flower": (0.93, 0.42, 0.62),
}


def _scheme(reading: Reading) -> str:
    if reading.valence < -0.15:
        return "angry" if reading.energy > 0.2 else "sad"
    if reading.energy < -0.3:
        return "calm"
    return "happy" if reading.valence > 0.15 else "neutral"


def swatches(reading: Reading, rng: np.random.Generator) -> Floats:
    """Return five colours (5, 3), dark to light, for pictures without a scene."""
    base = [_rgb(code) for code in _SCHEMES[_scheme(reading)]]
    wanted = list(reading.colours) or [
        rgb for subject, rgb in _SUBJECT_COLOURS.items() if reading.has(subject)
    ]
    if wanted:
        order = rng.permutation(len(base))
        steps = np.linspace(0.35, 1.25, len(base))
        base = [
            mix(
                shade(wanted[i % len(wanted)], lightness=float(steps[i]), chroma=1.05),
                base[int(order[i])],
                0.16,
            )
            for i in range(len(base))
        ]
    brightness = {"night": 0.55, "dusk": 0.85, "dawn": 1.05, "day": 1.1, None: 1.0}[reading.light]
    mooded = [
        shade(
            colour,
            lightness=brightness ** (1.4 - 0.25 * place) * (1 + 0.08 * reading.valence),
            chroma=(1 + 0.2 * reading.valence) * min(brightness, 1.0) ** 0.5,
        )
        for place, colour in enumerate(sorted(base, key=lambda c: float(to_oklab(c)[0])))
    ]
    if reading.season == "winter" or reading.has("snow"):
        mooded = [mix(colour, (0.93, 0.96, 1.0), 0.45) for colour in mooded]
    return np.stack(sorted(mooded, key=lambda colour: float(to_oklab(colour)[0])))
