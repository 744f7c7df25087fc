"""The tiler: quarter-circle Truchet tiles, or hexagons, in the prompt's colours.

Truchet tiles after C. S. Smith, "The Tiling Patterns of Sebastien Truchet", Leonardo 20(4), 1987.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from models_registry.adapters.demo.image.canvas import (
    MEDIA_TYPE,
    encode_png,
    grid,
    lay_over,
    size_px,
)
from models_registry.adapters.demo.image.colour import Floats
from models_registry.adapters.demo.image.palette import swatches
from models_registry.adapters.demo.words import random_source, read_prompt


def _truchet(size: int, tiles: int, colours: Floats, rng: np.random.Generator) -> Floats:
    """Return (size, size, 3): bands along arcs around two opposite corners of each tile."""
    x, y = grid(size)
    flips = rng.random((tiles, tiles)) < 0.5
    column = np.minimum((x * tiles).astype(int), tiles - 1)
    row = np.minimum((y * tiles).astype(int), tiles - 1)
    u, v = x * tiles - column, y * tiles - row
    u = np.where(flips[row, column], 1 - u, u)
    distance = np.minimum(np.hypot(u, v), np.hypot(1 - u, 1 - v))
    picture = np.broadcast_to(colours[0], (size, size, 3)).copy()
    for half_width, colour in ((0.24, colours[2]), (0.12, colours[4])):
        inside = (half_width - np.abs(distance - 0.5)) * size / tiles
        lay_over(picture, colour, np.clip(inside + 0.5, 0, 1).astype(np.float32))
    return picture


def _hexagons(size: int, tiles: int, colours: Floats, rng: np.random.Generator) -> Floats:
    """Return (size, size, 3): a honeycomb whose cells each take one of the colours."""
    x, y = grid(size)
    px, py = x * tiles, y * tiles
    pitch = np.array([1.0, np.sqrt(3.0)])
    candidates = []
    for shift in (0.0, 0.5):
        cx = np.round(px / pitch[0] - shift) + shift
        cy = (np.round(py / pitch[1] - shift) + shift) * pitch[1]
        candidates.append((np.hypot(px - cx, py - cy), cx, cy))
    (first, *_), (second, *_) = candidates
    nearer = first <= second
    cx = np.where(nearer, candidates[0][1], candidates[1][1])
    cy = np.where(nearer, candidates[0][2], candidates[1][2])
    dx, dy = np.abs(px - cx), np.abs(py - cy)
    rim = 0.5 - np.maximum(dx, dx * 0.5 + dy * np.sqrt(3.0) / 2)
    table = rng.integers(1, 5, (64, 64))
    cell = table[(cy * 2).astype(int) % 64, (cx * 2).astype(int) % 64]
    picture: Floats = np.asarray(colours[cell])
    lay_over(picture, colours[0], np.clip((0.045 - rim) * size / tiles + 0.5, 0, 1))
    return picture


def generate(
    prompt: str, seed: int, parameters: Mapping[str, Any], progress: Callable[[float], None]
) -> tuple[bytes, str]:
    """Lay tiles in the prompt's colours and return (PNG bytes, media type).

    `parameters["size_px"]` is the side, 64..1536 (768). Raises ValueError for a wrong size.
    """
    size = size_px(parameters)
    reading = read_prompt(prompt)
    rng = random_source("image.tiling", prompt, seed)
    colours = swatches(reading, rng)
    progress(0.3)
    tiles = int(np.clip(round(9 + 5 * reading.energy), 4, 14))
    wants_hexagons = reading.mentions("hexagon", "hexagons", "honeycomb", "hex")
    lay = _hexagons if wants_hexagons or rng.random() < 0.4 else _truchet
    picture = lay(size, tiles, colours, rng)
    progress(0.8)
    data = encode_png(picture, rng)
    progress(1.0)
    return data, MEDIA_TYPE
