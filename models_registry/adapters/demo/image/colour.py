"""Colour mixing in OKLab, so that blends keep their lightness and stay clean.

Source of the matrices: Björn Ottosson, "A perceptual color space for image processing" (2020).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LAB = np.linalg.inv(_TO_LAB)
_FROM_LMS = np.linalg.inv(_TO_LMS)


def to_oklab(rgb: ArrayLike) -> NDArray[np.float64]:
    """Turn sRGB (…, 3) in 0..1 into OKLab (…, 3): lightness 0..1, then the two chroma axes."""
    srgb = np.clip(np.asarray(rgb, dtype=np.float64), 0.0, 1.0)
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T)


def from_oklab(lab: ArrayLike) -> Floats:
    """Turn OKLab (…, 3) into sRGB (…, 3) in 0..1; colours out of gamut are clipped."""
    linear = (np.asarray(lab, dtype=np.float64) @ _FROM_LAB.T) ** 3 @ _FROM_LMS.T
    linear = np.clip(linear, 0.0, 1.0)
    srgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return srgb.astype(np.float32)


def mix(first: ArrayLike, second: ArrayLike, share: float) -> Floats:
    """Blend two sRGB colours in OKLab; share 0 gives the first, 1 the second."""
    return from_oklab((1.0 - share) * to_oklab(first) + share * to_oklab(second))


def tint(colour: ArrayLike, towards: ArrayLike, share: float) -> Floats:
    """Move hue and chroma towards another colour, and lightness only a third as far."""
    lab, goal = to_oklab(colour), to_oklab(towards)
    shares = np.array([share / 3, share, share])
    return from_oklab(lab + shares * (goal - lab))


def shade(colour: ArrayLike, *, lightness: ArrayLike = 1.0, chroma: float = 1.0) -> Floats:
    """Scale the OKLab lightness, one number or (…, 1), and chroma of colours (…, 3)."""
    lab, scale = to_oklab(colour), np.asarray(lightness, dtype=np.float64)
    rows = np.broadcast_shapes(lab.shape, scale.shape)
    scaled = np.broadcast_to(lab, rows) * [1.0, chroma, chroma]
    scaled[..., :1] *= scale
    return from_oklab(scaled)


def ramp(stops: ArrayLike, position: ArrayLike) -> Floats:
    """Look up positions (…) in 0..1 on evenly spaced sRGB stops (n, 3), blended in OKLab."""
    lab = to_oklab(stops)
    at = np.linspace(0.0, 1.0, len(lab))
    table = np.linspace(0.0, 1.0, 512)
    colours = from_oklab(np.stack([np.interp(table, at, lab[:, i]) for i in range(3)], axis=-1))
    index = (np.clip(np.asarray(position), 0.0, 1.0) * 511).astype(np.intp)
    return np.asarray(colours[index])
