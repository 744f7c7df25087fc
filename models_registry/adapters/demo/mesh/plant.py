"""The gardener: trees, pines, palms, bushes, cacti and flowers, most grown by L-systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_registry.adapters.demo.image.colour import mix, shade
from models_registry.adapters.demo.mesh.lsystem import Skeleton, Species, rewrite, walk
from models_registry.adapters.demo.mesh.solids import (
    MEDIA_TYPE,
    Faces,
    Material,
    Part,
    Points,
    export_glb,
    joined,
    revolve,
    rgb,
    superquadric,
    tube,
)
from models_registry.adapters.demo.words import Reading, Rgb, random_source, read_prompt

_Shape = tuple[Points, Faces]
_MOST_LEAVES = 5200
_MOST_BRANCHES = 900


SPECIES: dict[str, Species] = {
    "tree": Species(
        axiom="FFA",
        rules={"A": ("F[+BL]/[+BL]/[+BL]/A", "F[+BL]//[+BL]/A", "F[+BL]/[-BL]//[+BL]A"),
               "B": ("F[+BL]/[-BL]BL", "F[-BL]//[+BL]BL")},
        rounds=5, angle=36, step=1.0, shrink=0.8, radius=0.2, leaves_per_tip=9,
        leaf_length=0.3, leaf_width=0.2,
    ),
    "pine": Species(
        axiom="FALLL",
        rules={"A": ("FL[W]/[W]/[W]/[W]/[W]A", "F/[W]/[W]/[W]/[W]/[W]LA"), "W": ("+++B",),
               "B": ("FL[^CL][&CL]B",), "C": ("FL",)},
        rounds=10, angle=31, step=0.62, shrink=0.4, radius=0.17, leaves_per_tip=12,
        leaf_length=0.3, leaf_width=0.035, droop=0.06, taper=0.99,
    ),
    "bush": Species(
        axiom="[+A]/[+A]/[+A]/[+A]/[-A]A",
        rules={"A": ("F[+AL]/[-AL]/AL", "F[-AL]//[+AL]/AL")},
        rounds=4, angle=30, step=0.62, shrink=0.84, radius=0.07, leaves_per_tip=7,
        leaf_length=0.26, leaf_width=0.17,
    ),
}  # fmt: skip


def _wood(skeleton: Skeleton, species: Species) -> _Shape:
    """Return the branches as tubes that thin towards their tips; the finest are left out."""
    branches = sorted(skeleton.branches, key=lambda branch: branch[1])[:_MOST_BRANCHES]
    shapes = []
    for path, depth in branches:
        thick = species.radius * 0.58**depth
        radii = thick * np.linspace(1.0, 0.5 if depth else 0.3, len(path))
        if depth == 0:
            radii[0] *= 1.5  # the root flare
        shapes.append(tube(path, np.maximum(radii, 0.008), sides=9 if depth == 0 else 5))
    return joined(shapes)


def _leaves(
    tips: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
    *,
    per_tip: int,
    length: float,
    width: float,
    rng: np.random.Generator,
) -> _Shape:
    """Return folded diamonds scattered around the tips; open sheets, drawn from both sides."""
    places = np.repeat(np.array([place for place, _ in tips]), per_tip, axis=0)
    headings = np.repeat(np.array([heading for _, heading in tips]), per_tip, axis=0)
    if len(places) > _MOST_LEAVES:
        kept = rng.choice(len(places), _MOST_LEAVES, replace=False)
        places, headings = places[kept], headings[kept]
    along = headings + rng.normal(0, 0.7, headings.shape)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    side = np.cross(along, rng.normal(0, 1, along.shape))
    side /= np.linalg.norm(side, axis=1, keepdims=True) + 1e-12
    normal = np.cross(side, along)
    size = rng.uniform(0.7, 1.25, (len(places), 1))
    root = places + rng.normal(0, 0.35 * length, places.shape)
    middle = root + along * size * length * 0.5 - normal * size * width * 0.2
    points = np.stack(
        [
            root,
            middle + side * size * width * 0.5 + normal * size * width * 0.25,
            root + along * size * length - normal * size * length * 0.2,
            middle - side * size * width * 0.5 + normal * size * width * 0.25,
        ],
        axis=1,
    )
    corners = np.arange(len(root))[:, None] * 4
    faces = np.concatenate([corners + np.array([0, 1, 2]), corners + np.array([0, 2, 3])])
    return points.reshape(-1, 3), faces


def _soil(radius: float) -> Part:
    profile = ((0, -0.12), (radius * 0.92, -0.12), (radius, -0.05), (radius * 0.8, 0.03), (0, 0.07))
    points, faces = revolve(profile, segments=40)
    return Part(points, faces, Material((0.32, 0.23, 0.16), roughness=1.0))


def _leaf_colour(reading: Reading, kind: str) -> Rgb:
    seasons: dict[str, Rgb] = {
        "autumn": (0.82, 0.40, 0.12),
        "spring": (0.52, 0.74, 0.30),
        "winter": (0.84, 0.90, 0.92),
    }
    default: Rgb = (0.16, 0.36, 0.20) if kind == "pine" else (0.27, 0.52, 0.20)
    base = seasons.get(reading.season or "", default)
    if reading.mentions("blossom", "blossoms", "sakura", "cherry"):
        base = (0.96, 0.70, 0.80)
    if reading.colours:
        base = rgb(mix(base, reading.colours[0], 0.85))
    return rgb(shade(base, lightness=1 + 0.08 * reading.valence, chroma=1 + 0.2 * reading.valence))


def _grown(kind: str, reading: Reading, rng: np.random.Generator) -> list[Part]:
    """Grow a tree, pine or bush."""
    species = SPECIES[kind]
    skeleton = walk(rewrite(species, rng), species, rng)
    bark = (0.36, 0.25, 0.18) if kind != "bush" else (0.33, 0.30, 0.16)
    if reading.mentions("birch"):
        bark = (0.85, 0.84, 0.80)
    parts = [Part(*_wood(skeleton, species), Material(bark, roughness=0.95))]
    if not (reading.has("dead") or (reading.season == "winter" and kind == "tree")):
        leaf = _leaf_colour(reading, kind)
        half = len(skeleton.tips) // 2
        order = rng.permutation(len(skeleton.tips))
        for picks, lightness in ((order[:half], 0.88), (order[half:], 1.1)):
            foliage = _leaves(
                [skeleton.tips[i] for i in picks],
                per_tip=species.leaves_per_tip,
                length=species.leaf_length,
                width=species.leaf_width,
                rng=rng,
            )
            tone = rgb(shade(leaf, lightness=lightness))
            parts.append(Part(*foliage, Material(tone, roughness=0.8, is_double_sided=True)))
    parts.append(_soil(1.0 if kind != "bush" else 0.8))
    return parts


def _petal(length: float, width: float, lift: float, turn: float, tilt: float) -> _Shape:
    """Return one petal: a curved sheet that rises by `lift` and closes by `tilt` radians."""
    along = np.linspace(0, 1, 9)
    across = np.linspace(-1, 1, 7)
    u, v = np.meshgrid(along, across, indexing="ij")
    half = width * np.sin(np.pi * np.clip(0.1 + 0.86 * u, 0, 1)) ** 0.8
    x, z = length * u, half * v
    y = lift * u**1.8 + 0.3 * half * v**2
    out, up = np.cos(tilt) * x - np.sin(tilt) * y, np.sin(tilt) * x + np.cos(tilt) * y
    points = np.stack(
        [
            np.cos(turn) * out - np.sin(turn) * z,
            up,
            np.sin(turn) * out + np.cos(turn) * z,
        ],
        axis=-1,
    ).reshape(-1, 3)
    row, column = np.meshgrid(np.arange(8), np.arange(6), indexing="ij")
    a = (row * 7 + column).ravel()
    faces = np.concatenate(
        [np.stack([a, a + 1, a + 7], axis=-1), np.stack([a + 1, a + 8, a + 7], axis=-1)]
    )
    return points, faces


def _flower(reading: Reading, rng: np.random.Generator) -> list[Part]:
    """Grow one to five flowers with leaves."""
    is_sunflower = reading.mentions("sunflower", "sunflowers")
    is_cup = reading.mentions("tulip", "tulips", "rose", "roses")
    count = 5 if reading.mentions("flowers", "bouquet", "tulips", "roses", "daisies") else 1
    fallback: list[Rgb] = [(0.93, 0.35, 0.55), (0.98, 0.78, 0.25), (0.62, 0.40, 0.85)]
    hues = list(reading.colours) or [fallback[int(i)] for i in rng.permutation(3)]
    if is_sunflower:
        hues = [(0.98, 0.76, 0.12)]
    stems, leaves, hearts = [], [], []
    petals: dict[Rgb, list[_Shape]] = {}
    for index in range(count):
        foot = rng.normal(0, 0.16, 2) * (count > 1)
        head = np.array([foot[0] * 3.2, rng.uniform(1.7, 2.3), foot[1] * 3.2])
        t = np.linspace(0, 1, 14)[:, None]
        start = np.array([foot[0], 0.0, foot[1]])
        bend = np.array([*rng.normal(0, 0.12, 1), 0.0, *rng.normal(0, 0.12, 1)])
        path = start + (head - start) * t + bend * np.sin(np.pi * t)
        stems.append(tube(path, np.linspace(0.04, 0.028, 14), sides=8))
        for place in (3, 5):
            points, faces = _petal(0.75, 0.14, -0.18, float(rng.uniform(0, 6.28)), 0.7)
            leaves.append((points + path[place], faces))
        rings, size = (3, 0.5) if is_cup else (2, 0.62)
        hue = hues[index % len(hues)]
        for ring in range(rings):
            number = 5 if is_cup else (17 if is_sunflower else 9)
            tilt = 1.15 - 0.05 * ring if is_cup else 0.18 + 0.28 * ring
            for k in range(number):
                turn = 2 * np.pi * (k + 0.5 * ring) / number
                length = size * (1 - 0.16 * ring) * float(rng.uniform(0.93, 1.07))
                width = 0.26 if is_cup else (0.09 if is_sunflower else 0.15)
                points, faces = _petal(length, width, -0.04 if is_cup else 0.05, turn, tilt)
                petals.setdefault(hue, []).append((points + head, faces))
        points, faces = superquadric((0.2, 0.09, 0.2) if not is_cup else (0.07, 0.07, 0.07))
        hearts.append((points + head + np.array([0.0, 0.03, 0.0]), faces))
    heart: Rgb = (0.30, 0.18, 0.09) if is_sunflower else (0.96, 0.76, 0.22)
    green: Rgb = (0.28, 0.52, 0.22)
    blooms = [
        Part(*joined(shapes), Material(rgb(hue), roughness=0.6, is_double_sided=True))
        for hue, shapes in petals.items()
    ]
    return [
        Part(*joined(stems), Material(green, roughness=0.8)),
        Part(*joined(leaves), Material(green, roughness=0.8, is_double_sided=True)),
        Part(*joined(hearts), Material(heart, roughness=0.9)),
        *blooms,
        _soil(0.5),
    ]


def _palm(reading: Reading, rng: np.random.Generator) -> list[Part]:
    """Grow a leaning trunk with drooping fronds and coconuts."""
    t = np.linspace(0, 1, 26)
    lean = rng.uniform(0.3, 0.9)
    path = np.stack([lean * t**1.9, 4.0 * t, 0.1 * np.sin(3 * t)], axis=-1)
    rings = 0.17 * (1 - 0.45 * t) * (1 + 0.09 * (np.arange(26) % 2))
    fronds = []
    for k in range(13):
        turn, rise = k * 2.399963, rng.uniform(0.1, 0.7)  # the golden angle in radians
        u = np.linspace(0, 1, 22)[1:]
        reach = rng.uniform(1.5, 1.9)
        out, up = reach * u, reach * (rise * u - 1.0 * u**2.2)
        for at, high, place in zip(out, up, u, strict=True):
            for side in (-1, 1):
                length = 0.55 * np.sin(np.pi * (0.08 + 0.88 * place)) + 0.05
                points, faces = _petal(length, 0.05, -0.18, side * 1.05, 0.0)
                points = points + np.array([at, high, 0.0])
                c, s = np.cos(turn), np.sin(turn)
                spun = np.stack([c * points[:, 0] - s * points[:, 2], points[:, 1],
                                 s * points[:, 0] + c * points[:, 2]], axis=-1)  # fmt: skip
                fronds.append((spun + path[-1], faces))
    nuts = []
    for k in range(4):
        points, faces = superquadric((0.12, 0.14, 0.12), detail=10)
        offset = path[-1] + np.array([0.17 * np.cos(1.6 * k), -0.16, 0.17 * np.sin(1.6 * k)])
        nuts.append((points + offset, faces))
    leaf = rgb(_leaf_colour(reading, "palm"))
    return [
        Part(*tube(path, rings, sides=12), Material((0.48, 0.36, 0.24), roughness=0.95)),
        Part(*joined(fronds), Material(leaf, roughness=0.7, is_double_sided=True)),
        Part(*joined(nuts), Material((0.33, 0.21, 0.12), roughness=0.8)),
        _soil(0.9),
    ]


def _cactus(reading: Reading, rng: np.random.Generator) -> list[Part]:
    """Grow a saguaro with two or three arms and a flower on top."""

    def limb(path: Points, radius: float) -> _Shape:
        t = np.linspace(0, 1, len(path))
        return tube(path, radius * np.sqrt(np.clip(1 - t**9, 0.02, 1)), sides=20)

    t = np.linspace(0, 1, 30)
    limbs = [limb(np.stack([0 * t, 2.6 * t, 0 * t], axis=-1), 0.34)]
    for k in range(int(rng.integers(2, 4))):
        turn, foot = 2.4 * k + rng.uniform(0, 0.6), rng.uniform(0.7, 1.4)
        bend = np.clip(t / 0.45, 0, 1) * np.pi / 2
        out = 0.75 * np.sin(bend)
        up = (
            foot
            + 0.3 * (1 - np.cos(bend))
            + rng.uniform(0.5, 0.9) * np.clip((t - 0.45) / 0.55, 0, 1)
        )
        limbs.append(limb(np.stack([out * np.cos(turn), up, out * np.sin(turn)], axis=-1), 0.19))
    petals = []
    for k in range(8):
        points, faces = _petal(0.24, 0.08, 0.02, 2 * np.pi * k / 8, 0.6)
        petals.append((points + np.array([0.0, 2.6, 0.0]), faces))
    bloom = reading.colours[0] if reading.colours else (0.94, 0.35, 0.6)
    # A colour word dyes the flower; the cactus itself stays green.
    green = rgb(shade((0.24, 0.46, 0.24), lightness=1 + 0.08 * reading.valence))
    return [
        Part(*joined(limbs), Material(green, roughness=0.85)),
        Part(*joined(petals), Material(rgb(bloom), roughness=0.6, is_double_sided=True)),
        _soil(0.8),
    ]


def generate(
    prompt: str, seed: int, parameters: Mapping[str, Any], progress: Callable[[float], None]
) -> tuple[bytes, str]:
    """Grow a plant for the prompt and return (GLB bytes, media type)."""
    del parameters  # nothing to set
    reading = read_prompt(prompt)
    rng = random_source("mesh.plant", prompt, seed)
    kind = str(rng.choice(["tree", "tree", "flower", "bush"]))
    asked = ("cactus", "palm", "pine", "bush", "tree", "flower")
    kind = next((k for k in asked if reading.has(k)), kind)
    if not reading.has(*asked) and (reading.has("snow") or reading.season == "winter"):
        kind = "pine"
    progress(0.1)
    growers = {"cactus": _cactus, "palm": _palm, "flower": _flower}
    parts = growers[kind](reading, rng) if kind in growers else _grown(kind, reading, rng)
    progress(0.7)
    data = export_glb(parts)
    progress(1.0)
    return data, MEDIA_TYPE
