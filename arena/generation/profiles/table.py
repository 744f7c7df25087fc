"""Which profile stands for which modality, and the one way in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from arena.generation.profiles.outcome import AnonymousOutput, UnusableOutput


@dataclass(frozen=True)
class Profile:
    """One shape for all outputs of a modality.

    `media_types` are those that the profile reads. They are checked as a first gate only: the
    bytes decide what is decoded, and the voter always gets `shown_as`.
    """

    media_types: frozenset[str]
    shown_as: str
    make: Callable[[bytes | str, float | None], AnonymousOutput]


# Each function imports its own module when called: a process that only shows text never loads
# the audio and mesh libraries.


def _make_text(data: bytes | str, duration_s: float | None) -> AnonymousOutput:
    from arena.generation.profiles.text import anonymous_text

    return anonymous_text(data)


def _make_image(data: bytes | str, duration_s: float | None) -> AnonymousOutput:
    from arena.generation.profiles.image import anonymous_image

    return anonymous_image(as_bytes(data))


def _make_music(data: bytes | str, duration_s: float | None) -> AnonymousOutput:
    from arena.generation.profiles.audio import anonymous_audio

    return anonymous_audio(as_bytes(data), duration_s=duration_s)


def _make_mesh(data: bytes | str, duration_s: float | None) -> AnonymousOutput:
    from arena.generation.profiles.mesh import anonymous_mesh

    return anonymous_mesh(as_bytes(data))


PROFILES: Final[dict[str, Profile]] = {
    "text": Profile(frozenset({"text/plain", "text/markdown"}), "text/plain", _make_text),
    "image": Profile(
        frozenset({"image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp"}),
        "image/webp",
        _make_image,
    ),
    "music": Profile(
        frozenset(
            {
                "audio/wav",
                "audio/x-wav",
                "audio/wave",
                "audio/vnd.wave",
                "audio/flac",
                "audio/x-flac",
                "audio/ogg",
                "audio/opus",
                "audio/vorbis",
                "audio/mpeg",
                "audio/mp3",
                "audio/aiff",
                "audio/x-aiff",
            }
        ),
        "audio/mpeg",
        _make_music,
    ),
    "mesh": Profile(frozenset({"model/gltf-binary"}), "model/gltf-binary", _make_mesh),
}


def make_anonymous(
    modality: str, data: bytes | str, media_type: str, *, duration_s: float | None = None
) -> AnonymousOutput:
    """Return an output in the one profile of its modality; the same input gives the same bytes.

    `media_type` is what the model's adapter declared; parameters after ";" are ignored.
    `duration_s` is for music: the length in seconds that the battle asked for, the same for both
    sides. Without it the clip's own length is rounded to a whole second, and two models that end
    at different times can be told apart.

    Raises UnusableOutput with one of `UNUSABLE_CODES`, and ValueError for an unknown modality.
    """
    return checked_profile(modality, data, media_type).make(data, duration_s)


def checked_profile(modality: str, data: bytes | str, media_type: str) -> Profile:
    """Return the profile of a modality if it reads such outputs, without a look at the bytes.

    Raises UnusableOutput (unsupported, empty), and ValueError for an unknown modality.
    """
    try:
        profile = PROFILES[modality]
    except KeyError:
        known = ", ".join(PROFILES)
        raise ValueError(f"No output profile for modality {modality!r}; use {known}") from None
    declared = media_type.partition(";")[0].strip().lower()
    if declared not in profile.media_types:
        raise UnusableOutput(
            "unsupported",
            f"A {modality} output came as {media_type!r}; "
            f"send one of {', '.join(sorted(profile.media_types))}.",
        )
    if len(data) == 0:
        raise UnusableOutput("empty", f"The {modality} output has no bytes.")
    return profile


def as_bytes(data: bytes | str) -> bytes:
    """Return the bytes of a media output; raises UnusableOutput for text."""
    if isinstance(data, str):
        raise UnusableOutput("undecodable", "A media output came as text; send its bytes.")
    return data
