"""A picture that a voter sends with a prompt, made safe before anything is kept. No database.

Only new pixels remain: EXIF, XMP, GPS, colour profiles, comments, thumbnails and further frames go
with the original bytes. They are decoded in the sandbox.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from arena.common.errors import BadInput, Unavailable
from arena.common.hashing import sha256_hex
from arena.common.pictures import MAX_PIXELS
from arena.common.sandbox import ChildFailed, Refused, SandboxUnavailable
from arena.common.sandbox.pictures import safe_image

log = logging.getLogger("agon.prompts")

MAX_BYTES: Final = 10 * 1024 * 1024  # of one file: a photograph of 24 megapixels has about 8
LONGEST_PX: Final = 2048  # hosted models scale larger ones down to this themselves
# JPEG, because every server of the chat-completions protocol reads it; llama.cpp reads no WebP.
MEDIA_TYPE: Final = "image/jpeg"
EXTENSION: Final = ".jpg"
MOST_PICTURES: Final = 4  # with one prompt
ALT_CHARS: Final = 300
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
    outputs. Raises BadPicture for what is too large, damaged or no picture, Unavailable where
    nothing can decode it safely.
    """
    if not data:
        raise BadPicture(_("The file is empty. Choose another one."))
    if len(data) > MAX_BYTES:
        raise BadPicture(
            _("The file has more than %(limit)s MB. Make the picture smaller and send it again.")
            % {"limit": MAX_BYTES // 1024**2}
        )
    try:
        safe = safe_image(data, longest_px=LONGEST_PX)
    except Refused as refused:
        raise BadPicture(_told(refused.code)) from None
    except ChildFailed as failed:  # it took too much, or what reads it broke on it
        log.warning("a picture of %s bytes could not be read: %s", len(data), failed)
        raise BadPicture(_told("damaged")) from None
    except SandboxUnavailable as error:
        raise Unavailable(
            _("Pictures cannot be taken at the moment. Send the words alone, or try again later.")
        ) from error
    return Picture(safe.data, safe.width_px, safe.height_px, alt)


def _told(code: str) -> str:
    if code == "unreadable":
        return _("This is not a picture that can be read here. Send a JPEG, PNG, WebP or GIF file.")
    if code == "too_large":
        return _(
            "The picture has more than %(limit)s megapixels. Make it smaller and send it again."
        ) % {"limit": MAX_PIXELS // 1_000_000}
    return _("The picture is damaged or cut short. Save it anew and send it again.")
