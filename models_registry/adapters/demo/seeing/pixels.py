"""What can be read off a picture by counting its pixels: size, light, colours, where things lie."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

READ_PX = 192  # the longer side of what is counted: enough for areas, quick for any picture
BACKGROUND_DISTANCE = 0.16  # of two sRGB colours in 0..1: nearer is the same as the border
GREY_SATURATION = 0.14  # below it a colour has no hue to speak of
DARK, LIGHT = 0.18, 0.85  # HSV value: below black, above (without a hue) white
# Upper ends of hues in degrees (HSV).
HUES = (
    (15, "red"), (42, "orange"), (68, "yellow"), (165, "green"), (195, "turquoise"),
    (255, "blue"), (290, "violet"), (340, "pink"), (360, "red"),
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """What was counted.

    Attributes:
        width_px, height_px: of the picture as it came.
        rgb: (rows, columns, 3), sRGB in 0..1, at most `READ_PX` long.
        names: (rows, columns), the name of each pixel's colour.
        foreground: (rows, columns), what differs from the colour of the border.
    """

    width_px: int
    height_px: int
    rgb: Floats
    names: NDArray[np.str_]
    foreground: Mask

    @property
    def brightness(self) -> float:
        """Mean luma (ITU-R BT.601), 0 black to 1 white."""
        return float((self.rgb @ np.array([0.299, 0.587, 0.114])).mean())

    @property
    def contrast(self) -> float:
        """Standard deviation of luma, 0 to 0.5."""
        return float((self.rgb @ np.array([0.299, 0.587, 0.114])).std())

    def colours(self, part: Mask | None = None) -> list[tuple[str, float]]:
        """Return the names of colours with their shares of a part, the largest first."""
        names = self.names if part is None else self.names[part]
        found, counts = np.unique(names, return_counts=True)
        shares = counts / max(counts.sum(), 1)
        # Equal shares are in the order of their names.
        order = np.lexsort((found, -shares))
        return [(str(found[i]), float(shares[i])) for i in order]


def looked_at(data: bytes, longest_px: int = READ_PX) -> Look:
    """Read the pixels of a picture; raises whatever Pillow raises for what is none."""
    with Image.open(io.BytesIO(data)) as opened:
        width, height = opened.size
        small = opened.convert("RGB")
    small.thumbnail((longest_px, longest_px), Image.Resampling.BOX)
    rgb = np.asarray(small, dtype=np.float64) / 255
    return Look(width, height, rgb, colour_names(rgb), foreground_of(rgb))


def colour_names(rgb: Floats) -> NDArray[np.str_]:
    """Return the name of each colour (rows, columns, 3), by hue, saturation and value."""
    value, least = rgb.max(axis=-1), rgb.min(axis=-1)
    spread = value - least
    saturation = spread / np.maximum(value, 1e-9)
    red, green, blue = np.moveaxis(rgb, -1, 0)
    safe = np.maximum(spread, 1e-9)
    hue = 60 * np.select(
        [value == red, value == green],
        [((green - blue) / safe) % 6, (blue - red) / safe + 2],
        (red - green) / safe + 4,
    )
    names = np.select([hue <= end for end, _ in HUES], [name for _, name in HUES], "red")
    names = np.where((names == "orange") & (value < 0.6), "brown", names)
    grey = np.select([value < DARK, value > LIGHT], ["black", "white"], "grey")
    return np.where((saturation < GREY_SATURATION) | (value < DARK), grey, names)


def foreground_of(rgb: Floats) -> Mask:
    """Return what differs from the median colour of the border; all where nothing does."""
    border = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]])
    away = np.linalg.norm(rgb - np.median(border, axis=0), axis=-1) / np.sqrt(3)
    mask = away > BACKGROUND_DISTANCE
    # A speck is noise; a picture without a ground is all of it.
    return mask if mask.mean() > 0.005 else np.ones_like(mask)


def place_of(mask: Mask) -> str:
    """Say in words where the middle of a mask lies."""
    rows, columns = np.nonzero(mask)
    y, x = (rows.mean() + 0.5) / mask.shape[0], (columns.mean() + 0.5) / mask.shape[1]
    upright = "upper" if y < 0.4 else "lower" if y > 0.6 else ""
    across = "left" if x < 0.4 else "right" if x > 0.6 else ""
    if upright and across:
        return f"towards the {upright} {across}"
    if upright:
        return f"in the {upright} part"
    return f"on the {across}" if across else "in the middle"
