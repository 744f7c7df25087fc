"""The flow-field painter: thousands of strokes that follow one swirling field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from models_registry.adapters.demo.image.canvas import (
    MEDIA_TYPE,
    encode_png,
    fractal_noise,
    grid,
    rgba,
    size_px,
)
from models_registry.adapters.demo.image.colour import Floats, mix, ramp, shade
from models_registry.adapters.demo.image.palette import swatches
from models_registry.adapters.demo.words import Reading, random_source, read_prompt

_FIELD = 192  # cells along one side of the field; the strokes are smooth long before that
_STROKES = 2600
_STEPS = 46


def _field(reading: Reading, rng: np.random.Generator) -> Floats:
    """Return the direction of flow in radians, (_FIELD, _FIELD): calm drifts, energy swirls."""
    cells = 2 if reading.energy < -0.3 else 3 + round(2 * max(reading.energy, 0))
    octaves = 1 + round(2 * (reading.energy + 1) / 2)
    noise = fractal_noise(rng, (_FIELD, _FIELD), (cells, cells), octaves=octaves, gain=0.45)
    turns = 1.5 + 1.2 * reading.energy
    return np.asarray(2 * np.pi * turns * noise + rng.uniform(0, 2 * np.pi), dtype=np.float32)


def _paths(field: Floats, rng: np.random.Generator, step: float) -> NDArray[np.float64]:
    """Follow the field from even random starts; return points (strokes, steps, 2) in 0..1."""
    side = int(np.ceil(np.sqrt(_STROKES)))
    cells = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2)
    points = (cells + rng.random(cells.shape)) / side * 1.2 - 0.1
    points = points[rng.permutation(len(points))]
    path = np.empty((len(points), _STEPS, 2))
    for index in range(_STEPS):
        path[:, index] = points
        at = np.clip((points * _FIELD).astype(np.intp), 0, _FIELD - 1)
        angle = field[at[:, 1], at[:, 0]]
        points = points + step * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return path


def generate(
    prompt: str, seed: int, parameters: Mapping[str, Any], progress: Callable[[float], None]
) -> tuple[bytes, str]:
    """Paint a flow field in the prompt's colours and return (PNG bytes, media type).

    `parameters["size_px"]` is the side, 64..1536 (768). Raises ValueError for a wrong size.
    """
    size = size_px(parameters)
    reading = read_prompt(prompt)
    rng = random_source("image.flow", prompt, seed)
    colours = swatches(reading, rng)
    field = _field(reading, rng)
    path = _paths(field, rng, step=0.0042 - 0.0008 * reading.energy)
    progress(0.2)
    zones = fractal_noise(rng, (_FIELD, _FIELD), (2, 2), octaves=3)
    _, y = grid(size)
    ground = ramp([shade(colours[0], lightness=0.72), mix(colours[0], colours[1], 0.4)], y)
    scale = 2 * size
    drawing = Image.fromarray((ground * 255).astype(np.uint8)).resize((scale, scale))
    pen = ImageDraw.Draw(drawing)
    widths = scale * rng.uniform(0.0022, 0.0085, len(path)) * (1 + 0.35 * reading.energy)
    lengths = rng.integers(_STEPS // 3, _STEPS, len(path))
    column, row = np.clip((path[:, 0] * _FIELD).astype(int), 0, _FIELD - 1).T
    places = np.clip(zones[row, column] * 1.25 - 0.1 + rng.normal(0, 0.12, len(path)), 0, 1)
    tones = shade(ramp(colours, places), lightness=rng.uniform(0.9, 1.08, (len(path), 1)))
    strokes = zip(path, widths, lengths, tones, strict=True)
    for index, (points, width, length, tone) in enumerate(strokes):
        line = [(float(px), float(py)) for px, py in points[:length] * scale]
        pen.line(line, fill=rgba(tone)[:3], width=max(1, int(width)), joint="curve")
        for end in (line[0], line[-1]):
            r = max(width / 2 - 0.5, 0.0)
            pen.ellipse((end[0] - r, end[1] - r, end[0] + r, end[1] + r), fill=rgba(tone)[:3])
        if index % 650 == 0:
            progress(0.2 + 0.7 * index / len(path))
    small = drawing.resize((size, size), Image.Resampling.BOX)
    data = encode_png(np.asarray(small, dtype=np.float32) / 255.0, rng)
    progress(1.0)
    return data, MEDIA_TYPE
