"""Reading of a prompt's words for the demo generators: colours, mood, light, subjects, tempo.

A plain lexicon, not a language model: the generators need only a direction from each prompt.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

Rgb = tuple[float, float, float]  # sRGB, each 0..1
Light = Literal["dawn", "day", "dusk", "night"]
Season = Literal["spring", "summer", "autumn", "winter"]

LIMIT_WORDS = 800  # words read; a 4000-character prompt has about 700
_TOKEN = re.compile(r"[^\W\d_]+|\d{2,3}")
_NEGATIONS = frozenset({"no", "not", "without", "never", "non"})


def _hex(code: str) -> Rgb:
    return (int(code[0:2], 16) / 255, int(code[2:4], 16) / 255, int(code[4:6], 16) / 255)


def _listed(groups: Mapping[str, str]) -> dict[str, str]:
    """Turn {meaning: "word word …"} into {word: meaning}."""
    return {word: meaning for meaning, words in groups.items() for word in words.split()}


_COLOUR_CODES = (
    "red:d62a2a crimson:b5122f scarlet:e0301e ruby:a8123e maroon:6e1423 rust:a8482a "
    "orange:f08a24 amber:f2a93b apricot:f7b78a coral:f4735e peach:f9c09f copper:b8693d "
    "yellow:f4d62e gold:dca72c golden:dca72c lemon:f6ec5a cream:f4ead0 beige:dccbab "
    "green:3f9a45 emerald:149a66 lime:98d832 olive:77803a jade:2fa47b mint:9fe0c0 teal:1c8a8a "
    "turquoise:34c4bf cyan:2cc6dc aqua:4fd4d2 blue:2a62c8 azure:3a8be0 navy:142a5c "
    "indigo:3d2f8f cobalt:1f4cb0 sapphire:1a4fa5 violet:7d45c4 purple:7a34a8 lavender:b9a4e2 "
    "lilac:c4a2d8 magenta:cf2a9c pink:f08ab4 rose:e2607f fuchsia:d83aa8 brown:7a4f2e "
    "chocolate:553019 tan:c49a6c sepia:8a6844 ochre:c0842c black:15151a ebony:1d1a1c "
    "white:f5f5f2 ivory:f3eedc silver:b9bec5 grey:858a90 gray:858a90 "
    # The colour words of a few other languages that the arena meets most.
    "rouge:d62a2a rojo:d62a2a roja:d62a2a rosso:d62a2a rot:d62a2a vermelho:d62a2a bleu:2a62c8 "
    "bleue:2a62c8 azul:2a62c8 blu:2a62c8 blau:2a62c8 vert:3f9a45 verte:3f9a45 verde:3f9a45 "
    "grün:3f9a45 jaune:f4d62e amarillo:f4d62e amarelo:f4d62e gelb:f4d62e giallo:f4d62e "
    "noir:15151a negro:15151a schwarz:15151a blanc:f5f5f2 blanco:f5f5f2 weiß:f5f5f2 "
    "violett:7d45c4 rosa:f08ab4 красный:d62a2a синий:2a62c8 зелёный:3f9a45 "
)
COLOURS: dict[str, Rgb] = {
    name: _hex(code) for name, _, code in (entry.partition(":") for entry in _COLOUR_CODES.split())
}

# word: (valence, energy), each within -1..1, in the sense of Russell's circumplex (Russell 1980,
# J. Pers. Soc. Psychol. 39(6), doi:10.1037/h0077714). The cells are our own coarse placing.
_MOODS: dict[str, tuple[float, float]] = {
    word: cell
    for cell, words in {
        (0.5, -0.8): "calm peaceful serene tranquil gentle quiet relaxing relaxed soft still zen "
        "meditative soothing ambient lullaby sleepy dreamy dream tender slow easy ruhig calme",
        (0.9, 0.7): "happy joyful joy cheerful festive playful fun bright sunny upbeat celebration "
        "party dance dancing disco funky lively excited carnival birthday glücklich alegre joyeux",
        (0.7, 0.1): "warm lovely beautiful romantic love hopeful hope sweet cute charming friendly "
        "cosy cozy pleasant delicate graceful elegant magical magic wonder whimsical",
        (-0.7, -0.6): "sad lonely melancholy melancholic sorrow mournful grief tragic gloomy tears "
        "nostalgic blues funeral desolate abandoned weary bleak triste traurig elegy",
        (-0.8, 0.9): "angry anger rage furious fury violent wild fierce aggressive war battle evil "
        "chaos chaotic brutal metal raging explosive erupting eruption hell wütend",
        (-0.6, 0.0): "dark scary creepy spooky haunted eerie sinister horror mysterious mystery "
        "ominous tense nightmare ghost ghostly gothic menacing cursed",
        (0.3, 0.8): "epic heroic energetic powerful fast exciting dramatic triumphant adventure "
        "dynamic vibrant intense victory thrilling majestic grand racing rock techno",
        (-0.3, 0.6): "stormy turbulent restless nervous anxious urgent frantic",
    }.items()
    for word in words.split()
}

_LIGHTS = _listed(
    {
        "dawn": "dawn sunrise morning daybreak aurore amanecer",
        "day": "day noon midday daylight sunny afternoon",
        "dusk": "dusk sunset evening twilight sundown crépuscule atardecer",
        "night": "night midnight nocturnal nocturne starry moonlight moonlit moon stars star nuit "
        "noche nacht notte galaxy aurora",
    }
)
_SEASONS = _listed(
    {
        "spring": "spring blossom blossoms sakura printemps primavera",
        "summer": "summer été verano sommer tropical",
        "autumn": "autumn fall autumnal october harvest herbst automne otoño",
        "winter": "winter wintry snow snowy frozen ice icy frost frosty arctic blizzard christmas "
        "hiver invierno nieve schnee",
    }
)
_SUBJECTS = _listed(
    {
        "sea": "sea ocean beach coast shore waves wave bay harbor harbour seaside mer mar meer",
        "lake": "lake pond river lagoon fjord stream reflection water waterfall",
        "island": "island islands atoll isle archipelago",
        "mountain": "mountain mountains peak peaks alps alpine cliff cliffs summit himalaya rocky",
        "volcano": "volcano volcanic lava magma eruption erupting crater volcan vulkan",
        "desert": "desert dune dunes sahara sand sandy arid oasis",
        "canyon": "canyon gorge mesa ravine badlands",
        "hills": "hill hills meadow field fields valley countryside grassland prairie farm village",
        "forest": "forest forests woods woodland jungle rainforest wald forêt bosque",
        "city": "city skyline skyscraper skyscrapers town urban street buildings downtown "
        "cyberpunk neon metropolis ciudad stadt ville",
        "sky": "sky skies heaven heavens",
        "sun": "sun sunrise sunset",
        "moon": "moon moonlight moonlit",
        "stars": "stars star starry galaxy",
        "aurora": "aurora borealis",
        "clouds": "cloud clouds cloudy overcast",
        "mist": "mist misty fog foggy haze hazy smoke smoky",
        "rain": "rain rainy raining drizzle monsoon",
        "storm": "storm stormy thunder thunderstorm lightning tempest hurricane",
        "snow": "snow snowy blizzard snowfall nieve schnee glacier glacial",
        "boat": "boat boats ship sailboat sail yacht sailing",
        "house": "house cabin cottage hut home",
        "bird": "bird birds seagull seagulls eagle",
        "pine": "pine pines fir spruce conifer conifers evergreen christmas",
        "palm": "palm palms coconut tropical",
        "tree": "tree trees oak maple birch willow elm apple arbre árbol baum bonsai",
        "bush": "bush bushes shrub hedge fern grass",
        "flower": "flower flowers rose roses tulip tulips daisy daisies sunflower blossom bloom "
        "blossoms bouquet orchid poppy lily",
        "cactus": "cactus cacti",
        "dead": "dead bare leafless withered dry haunted",
        "vase": "vase vases pot urn amphora jar pottery jug",
        "bottle": "bottle bottles flask potion vial perfume",
        "bowl": "bowl dish plate basin fruit",
        "cup": "cup mug chalice goblet grail teacup trophy wine",
        "chess": "chess pawn bishop rook king queen figurine",
        "lamp": "lamp lantern lampshade candle",
        "bell": "bell bells",
        "top": "spinning toy yo",
        "robot": "robot robots android droid mech cyborg machine",
        "castle": "castle castles fortress tower towers palace citadel kingdom",
        "creature": "creature monster animal dragon cat dog bear alien beast dinosaur pet",
        "snowman": "snowman",
        "rocket": "rocket rockets spaceship spacecraft shuttle missile",
    }
)
# Words that the plain table cannot hold twice: they also name these subjects.
_ALSO_SUBJECTS: dict[str, tuple[str, ...]] = {
    "blossom": ("tree",),
    "sakura": ("tree", "flower"),
    "oasis": ("palm", "lake"),
    "fjord": ("mountain",),
    "alpine": ("pine",),
    "waterfall": ("mountain",),
    "glacier": ("mountain",),
    "borealis": ("stars",),
    "harbour": ("boat",),
    "harbor": ("boat",),
    "village": ("house",),
    "rook": ("castle",),
    "christmas": ("snow",),
}
_MATERIALS = _listed(
    {
        "gold": "gold golden gilded brass",
        "silver": "silver chrome steel metal metallic iron aluminium platinum",
        "copper": "copper bronze",
        "glass": "glass crystal transparent translucent",
        "clay": "clay terracotta ceramic earthenware earthen",
        "porcelain": "porcelain china glazed",
        "marble": "marble stone granite alabaster",
        "wood": "wood wooden oak walnut timber",
        "plastic": "plastic rubber toy",
        "neon": "neon glowing luminous",
    }
)
_TEMPI_BPM: dict[str, float] = {
    **dict.fromkeys(("largo", "funeral", "drone"), 54.0),
    **dict.fromkeys(("adagio", "slow", "slowly", "lullaby", "ballad", "lento", "langsam"), 66.0),
    **dict.fromkeys(("andante", "walking", "waltz", "moderato", "medium"), 92.0),
    **dict.fromkeys(("allegro", "fast", "quick", "upbeat", "dance", "disco", "house"), 128.0),
    **dict.fromkeys(("vivace", "techno", "racing", "energetic", "lively", "schnell"), 138.0),
    **dict.fromkeys(("presto", "frantic", "punk", "prestissimo"), 160.0),
}


@dataclass(frozen=True)
class Reading:
    """What a prompt asks for, as far as the lexicon goes."""

    words: tuple[str, ...]  # lower case, negated words left out
    colours: tuple[Rgb, ...]  # in order of appearance, without repeats
    tints: Mapping[str, Rgb]  # subject -> the colour word right before it ("red sky")
    subjects: frozenset[str]
    materials: tuple[str, ...]
    valence: float  # -1 sad or hostile .. 1 happy
    energy: float  # -1 calm .. 1 excited
    light: Light | None
    season: Season | None
    tempo_bpm: float | None  # only where the prompt says so in a number or a tempo word

    def has(self, *subjects: str) -> bool:
        """Say whether any of the subjects is in the prompt."""
        return not self.subjects.isdisjoint(subjects)

    def mentions(self, *words: str) -> bool:
        """Say whether any of the exact words is in the prompt."""
        return not set(words).isdisjoint(self.words)


def _tokens(prompt: str) -> list[str]:
    found = _TOKEN.findall(prompt.casefold())[:LIMIT_WORDS]
    return [
        word
        for before, word in zip(["", *found], found, strict=False)
        if before not in _NEGATIONS and word not in _NEGATIONS
    ]


def _forms(word: str) -> Iterator[str]:
    """Yield the word, then the simpler forms under which the lexicon may hold it."""
    yield word
    for ending in ("s", "y", "es", "ly", "ish", "ing"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            yield word[: -len(ending)]


def _looked_up(table: Mapping[str, Any], word: str) -> Any:
    return next((table[form] for form in _forms(word) if form in table), None)


def _mood(words: list[str]) -> tuple[float, float]:
    cells = [cell for word in words if (cell := _looked_up(_MOODS, word)) is not None]
    if not cells:
        return 0.0, 0.0
    valence, energy = np.mean(cells, axis=0)
    return float(valence), float(energy)


def _subjects_of(word: str) -> tuple[str, ...]:
    subject = _looked_up(_SUBJECTS, word)
    also = _looked_up(_ALSO_SUBJECTS, word) or ()
    return (*((subject,) if subject else ()), *also)


def _tempo_bpm(words: list[str]) -> float | None:
    for number, unit in pairwise(words):
        if unit == "bpm" and number.isdecimal() and 40 <= int(number) <= 220:
            return float(int(number))
    return next((_TEMPI_BPM[word] for word in words if word in _TEMPI_BPM), None)


def read_prompt(prompt: str) -> Reading:
    """Read colours, mood, light, season, subjects, materials and tempo; never fails on any text."""
    words = _tokens(prompt)
    colours = [rgb for word in words if (rgb := _looked_up(COLOURS, word)) is not None]
    tints: dict[str, Rgb] = {}
    for before, word in pairwise(words):
        if before in COLOURS:
            for subject in _subjects_of(word):
                tints.setdefault(subject, COLOURS[before])
    materials = [m for word in words if (m := _looked_up(_MATERIALS, word)) is not None]
    lights = [light for word in words if (light := _looked_up(_LIGHTS, word)) is not None]
    seasons = [season for word in words if (season := _looked_up(_SEASONS, word)) is not None]
    valence, energy = _mood(words)
    return Reading(
        words=tuple(words),
        colours=tuple(dict.fromkeys(colours)),
        tints=tints,
        subjects=frozenset(subject for word in words for subject in _subjects_of(word)),
        materials=tuple(dict.fromkeys(materials)),
        valence=valence,
        energy=energy,
        light=lights[0] if lights else None,
        season=seasons[0] if seasons else None,
        tempo_bpm=_tempo_bpm(words),
    )


def random_source(generator: str, prompt: str, seed: int) -> np.random.Generator:
    """Return the random numbers of one generation: the same on every machine for the same input."""
    text = f"{generator}\0{seed}\0{prompt}".encode("utf-8", "surrogatepass")
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text).digest()[:16], "big"))


def number_within(
    parameters: Mapping[str, Any], key: str, *, default: float, low: float, high: float
) -> float:
    """Return `parameters[key]` as a number within low..high; raise ValueError otherwise."""
    value = parameters.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{key} is {value!r}; give a number from {low:g} to {high:g}.")
    return float(value)
