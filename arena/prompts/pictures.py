"""A picture that a voter sends with a prompt, made safe before anything is kept. No database.

Only new pixels remain: EXIF, XMP, GPS, colour profiles, comments, thumbnails and further frames go
with the original bytes.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from arena.common.errors import BadInput
from arena.common.hashing import sha256_hex
from arena.common.pictures import MAX_PIXELS, fit, flattened

MAX_BYTES: Final = 10 * 1024 * 1024  # of one file: a photograph of 24 megapixels has about 8
LONGEST_PX: Final = 2048  # hosted models scale larger ones down to this themselves
# JPEG, because every server of the chat-completions protocol reads it; llama.cpp reads no WebP.
MEDIA_TYPE: Final = "image/jpeg"
EXTENSION: Final = ".jpg"
JPEG_QUALITY: Final = 90
WHOLE_CHROMA: Final = 0  # 4:4:4: red letters on a screenshot stay sharp
MOST_PICTURES: Final = 4  # with one prompt
ALT_CHARS: Final = 300
READ_FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")
ACCEPTED: Final = "image/jpeg,image/png,image/webp,image/gif"  # of a file input


class BadPicture(BadInput):
    """A file that cannot be taken as a picture; the message says why and what to do."""

    code = "bad_picture"


@dataclass(frozen=True)
class Picture:
    """A safe picture: JPEG without metadata, its longer side at most `LONGEST_PX`.

    Attributes:
        data: the encoded bytes.
        width_px, height_px: of the picture as it is shown, upright.
        alt: what the voter says that it shows, for people who cannot see it; "" where not said.
    """

    data: bytes
    width_px: int
    height_px: int
    alt: str = ""

    @property
    def sha256(self) -> str:
        """The digest of the bytes: the same pixels give the same digest."""
        return sha256_hex(self.data)


def safe_picture(data: bytes, *, alt: str = "") -> Picture:
    """Return the first frame of a PNG, JPEG, WebP or GIF file, encoded anew.

    It is turned upright and flattened on white. Colour profiles are dropped, not applied, as in
    outputs. Raises BadPicture for what is too large, damaged or no picture.
    """
    if not data:
        raise BadPicture(_("The file is empty. Choose another one."))
    if len(data) > MAX_BYTES:
        raise BadPicture(
            _("The file has more than %(limit)s MB. Make the picture smaller and send it again.")
            % {"limit": MAX_BYTES // 1024**2}
        )
    try:
        pixels = _decoded(data)
    except BadPicture:
        raise
    except MemoryError:
        raise _too_large() from None
    except Exception:  # noqa: BLE001 - decoders raise almost anything on damaged bytes
        raise BadPicture(
            _("The picture is damaged or cut short. Save it anew and send it again.")
        ) from None
    encoded = io.BytesIO()
    pixels.save(encoded, "JPEG", quality=JPEG_QUALITY, subsampling=WHOLE_CHROMA, optimize=True)
    return Picture(encoded.getvalue(), pixels.width, pixels.height, alt)


def _decoded(data: bytes) -> Image.Image:
    try:
        opened = Image.open(io.BytesIO(data), formats=READ_FORMATS)
    except UnidentifiedImageError:
        raise BadPicture(
            _("This is not a picture that can be read here. Send a JPEG, PNG, WebP or GIF file.")
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None  # Pillow's own limits are higher than ours
    if opened.width * opened.height > MAX_PIXELS:
        raise _too_large()
    opened.draft("RGB", (LONGEST_PX, LONGEST_PX))  # a JPEG is decoded no larger than needed
    return fit(flattened(opened), LONGEST_PX, is_enlarged=False)


def _too_large() -> BadPicture:
    return BadPicture(
        _("The picture has more than %(limit)s megapixels. Make it smaller and send it again.")
        % {"limit": MAX_PIXELS // 1_000_000}
    )
