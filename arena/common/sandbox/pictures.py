"""A picture that a stranger sent, decoded in the sandbox and encoded anew as JPEG."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from arena.common.pictures import MAX_PIXELS, fit, flattened
from arena.common.sandbox.client import run, warm_up
from arena.common.sandbox.limits import MIB, Limits
from arena.common.sandbox.refusals import ChildFailed, Refused

READ_FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")
QUALITY: Final = 90
WHOLE_CHROMA: Final = 0  # 4:4:4: red letters on a screenshot stay sharp
# 25 megapixels of 16-bit grey need 670 MiB and 2 s of processor time.
LIMITS: Final = Limits(memory_bytes=1536 * MIB, cpu_s=15, result_bytes=64 * MIB)
LARGEST_PX: Final = 65_500  # of a JPEG's side
REFUSALS: Final = frozenset({"unreadable", "too_large", "damaged"})
_WORK: Final = f"{__name__}:jpeg"


@dataclass(frozen=True)
class SafeImage:
    """A JPEG without metadata, upright, as it is shown."""

    data: bytes
    width_px: int
    height_px: int


def safe_image(data: bytes, *, longest_px: int) -> SafeImage:
    """Return the first frame of a PNG, JPEG, WebP or GIF file, decoded in the sandbox; blocks.

    Upright, flattened on white, without metadata; a longer side above `longest_px` is scaled down.

    Raises Refused with one of REFUSALS: unreadable (no such picture), too_large (over MAX_PIXELS),
    damaged. Raises ChildFailed, SandboxUnavailable, and ValueError for a `longest_px` that no JPEG
    can have.
    """
    if not 1 <= longest_px <= LARGEST_PX:
        raise ValueError(f"longest_px is {longest_px}; use 1 to {LARGEST_PX}")
    answer = run(_WORK, data, {"longest_px": longest_px}, LIMITS)
    # A child that was taken over may say anything: what comes back is checked to be a JPEG.
    facts = answer.facts
    sides = [facts.get("width_px"), facts.get("height_px")]
    are_sides = all(type(side) is int and 1 <= side <= longest_px for side in sides)
    if not are_sides or answer.data[:3] != b"\xff\xd8\xff":
        raise ChildFailed("crashed", "What reads this picture answered nonsense.")
    return SafeImage(answer.data, facts["width_px"], facts["height_px"])


def warm_up_pictures() -> None:
    """Start what `safe_image` needs, without waiting for it."""
    warm_up(_WORK)


# ── in the child ───────────────────────────────────────────────────────────────────────────────


def jpeg(data: bytes, options: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Encode a picture anew; options: longest_px."""
    try:
        pixels = _decoded(data, options["longest_px"])
    except (Refused, MemoryError):
        raise
    except Exception as error:
        raise Refused("damaged", f"{type(error).__name__}: {error}") from error
    encoded = io.BytesIO()
    pixels.save(encoded, "JPEG", quality=QUALITY, subsampling=WHOLE_CHROMA, optimize=True)
    return {"width_px": pixels.width, "height_px": pixels.height}, encoded.getvalue()


def prepare(name: str) -> None:
    """Load every decoder by reading a few pixels in each format and mode with a way of its own."""
    for sample in samples():
        jpeg(sample, {"longest_px": 2})


def samples(formats: tuple[str, ...] = READ_FORMATS) -> list[bytes]:
    """Return a few pixels in each format, on their side where it can say so; grey; a palette."""
    Image.init()
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    colours = Image.linear_gradient("L").resize((4, 2)).convert("RGBA")
    pictures = []
    for kind in formats:
        image = colours.convert("RGB") if kind in ("JPEG", "BMP") else colours
        pictures.append(_saved(image, kind, **({} if kind == "BMP" else {"exif": exif})))
    grey = Image.fromarray(np.array([[0, 50_000], [20_000, 65_535]], dtype=np.uint16))
    return [*pictures, _saved(grey, "PNG"), _saved(colours.convert("P"), "PNG")]


def _decoded(data: bytes, longest_px: int) -> Image.Image:
    try:
        opened = Image.open(io.BytesIO(data), formats=READ_FORMATS)
    except UnidentifiedImageError:
        raise Refused("unreadable", "The file is no PNG, JPEG, WebP or GIF.") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused("too_large") from None  # Pillow's own limits are higher than ours
    if opened.width * opened.height > MAX_PIXELS:
        raise Refused("too_large", f"The picture has {opened.width} × {opened.height} pixels.")
    opened.draft("RGB", (longest_px, longest_px))  # a JPEG is decoded no larger than needed
    return fit(flattened(opened), longest_px, is_enlarged=False)


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
