"""Build an object from a picture: a relief of its light, or its outline cut out. No weights."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image
from scipy.ndimage import (  # type: ignore[import-untyped]
    binary_closing,
    distance_transform_edt,
    gaussian_filter,
    label,
)

from models_registry.adapters.contract import RequestImage
from models_registry.adapters.demo.mesh.solids import (
    MEDIA_TYPE,
    Material,
    Part,
    export_glb,
    relief_block,
)
from models_registry.adapters.demo.seeing.pixels import Floats, foreground_of

RELIEF_SIDE = 180  # points along one side: 2 * 179² triangles on top
CUTOUT_SIDE = 110  # fields along one side: at most 110² fields of 12 triangles
BACK = np.array([0.42, 0.40, 0.38])  # colour of what the picture does not show


def relief(
    prompt: str,
    seed: int,
    parameters: Mapping[str, Any],
    progress: Callable[[float], None],
    *,
    images: Sequence[RequestImage],
) -> tuple[bytes, str]:
    """Raise what is bright out of a standing plate, in the colours of the picture."""
    del prompt, parameters
    rgb = _square(images[0].data, RELIEF_SIDE)
    progress(0.3)
    luma = gaussian_filter(rgb @ np.array([0.299, 0.587, 0.114]), 1.2 + 0.2 * (seed % 3))
    spread = float(luma.max() - luma.min())
    height = (luma - luma.min()) / spread if spread > 1e-6 else np.zeros_like(luma)
    depth = 0.12 + 0.02 * (seed % 4)
    points, faces = relief_block(depth * height, floor=-0.06)
    walls = np.tile(BACK, (len(points) - RELIEF_SIDE**2, 1))
    colours = np.concatenate([rgb.reshape(-1, 3), walls]).astype(np.float32)
    progress(0.7)
    part = Part(_upright(points), faces, Material((1, 1, 1), roughness=0.9), colours)
    data = export_glb([part])
    progress(1.0)
    return data, MEDIA_TYPE


def cutout(
    prompt: str,
    seed: int,
    parameters: Mapping[str, Any],
    progress: Callable[[float], None],
    *,
    images: Sequence[RequestImage],
) -> tuple[bytes, str]:
    """Cut the outline of what differs from the border, rounded towards its edges like a cushion."""
    del prompt, parameters
    rgb = _square(images[0].data, CUTOUT_SIDE)
    mask = _largest(binary_closing(foreground_of(rgb), iterations=2) | foreground_of(rgb))
    progress(0.3)
    inside = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    thick = 0.05 + 0.01 * (seed % 4)
    swell = thick * np.sqrt(np.clip(inside / max(inside.max() * 0.6, 1.0), 0, 1)) + 0.01
    progress(0.6)
    part = _cushion(mask, swell, rgb)
    data = export_glb([part])
    progress(1.0)
    return data, MEDIA_TYPE


def _square(data: bytes, side: int) -> Floats:
    """Return (side, side, 3), sRGB in 0..1: the picture in the middle of its border's colour."""
    with Image.open(io.BytesIO(data)) as opened:
        whole = opened.convert("RGB")
    whole.thumbnail((side, side), Image.Resampling.LANCZOS)
    pixels = np.asarray(whole)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    ground = tuple(int(channel) for channel in np.median(border, axis=0))
    canvas = Image.new("RGB", (side, side), ground)
    canvas.paste(whole, ((side - whole.width) // 2, (side - whole.height) // 2))
    return np.asarray(canvas, dtype=np.float64) / 255


def _largest(mask: Any) -> Any:
    """Keep the largest piece, so that the object is one."""
    pieces, count = label(mask)
    if count < 2:
        return mask
    return pieces == 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))


def _upright(points: Floats) -> Floats:
    """Turn a block that lies on its back so that it stands and faces the viewer (+Z)."""
    return np.stack([points[:, 0], -points[:, 2], points[:, 1]], axis=-1)


def _cushion(mask: Any, swell: Floats, rgb: Floats) -> Part:
    """Return a closed object: front and back of each field, and walls where it ends."""
    side = len(mask)
    corners = np.zeros((side + 1, side + 1))
    counts = np.zeros((side + 1, side + 1))
    for down in (0, 1):
        for right in (0, 1):
            view = (slice(down, down + side), slice(right, right + side))
            corners[view] += np.where(mask, swell, 0)
            counts[view] += mask
    depth = corners / np.maximum(counts, 1)
    row, column = np.nonzero(mask)
    number = np.arange(len(row))
    # Each field has corners of its own, so that it keeps the colour of its pixel.
    at = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)]
    flat = np.stack([np.stack([c / side - 0.5, 0.5 - r / side], axis=-1) for r, c in at], axis=1)
    z = np.stack([depth[r, c] for r, c in at], axis=1)
    front = np.concatenate([flat, z[..., None]], axis=-1).reshape(-1, 3)
    back = np.concatenate([flat, -z[..., None]], axis=-1).reshape(-1, 3)
    first = 4 * number[:, None]
    quads = np.array([[0, 3, 2], [0, 2, 1]])
    faces = [first[:, :, None] + quads[None]]
    faces.append(4 * len(row) + first[:, :, None] + quads[None, :, ::-1])
    padded = np.pad(mask, 1)
    beside = ((0, 1, (0, 1)), (1, 2, (1, 2)), (2, 3, (2, 1)), (3, 0, (1, 0)))
    for one, other, (down, right) in beside:
        is_edge = ~padded[row + down, column + right]
        a, b = 4 * number[is_edge] + one, 4 * number[is_edge] + other
        behind = 4 * len(row)
        faces.append(np.stack([a, b, b + behind], axis=-1)[:, None])
        faces.append(np.stack([a, b + behind, a + behind], axis=-1)[:, None])
    points = np.concatenate([front, back])
    shown = np.repeat(rgb[row, column], 4, axis=0)
    colours = np.concatenate([shown, 0.5 * shown + 0.5 * BACK]).astype(np.float32)
    joined = np.concatenate([part.reshape(-1, 3) for part in faces])
    return Part(points, joined, Material((1, 1, 1), roughness=0.85), colours)
