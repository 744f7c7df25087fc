"""Outputs made anonymous in the sandbox, and what came of it checked again in the worker.

A child whose decoder was taken over can answer anything. So the worker takes from it the bytes of
one known container, and facts of known names and types; what kind of file it is, it says itself.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import Any, Final, cast

from arena.common import sandbox
from arena.common.sandbox import Answer, ChildFailed, Limits, Refused
from arena.generation.profiles.outcome import (
    MACHINE_CODES,
    UNUSABLE_CODES,
    AnonymousOutput,
    UnusableCode,
    UnusableOutput,
)
from arena.generation.profiles.table import PROFILES, as_bytes, checked_profile
from arena.generation.sandbox import limits

_WORK: Final = "arena.generation.sandbox.work"
MOST_PEAKS: Final = 1_000


@dataclass(frozen=True)
class _Shape:
    """What the worker asks of an answer for a modality."""

    limits: Limits
    extension: str
    details: dict[str, type]


_SHAPES: Final = {
    "image": _Shape(limits.IMAGE, ".webp", {"width_px": int, "height_px": int}),
    "music": _Shape(limits.MUSIC, ".mp3", {"duration_s": float, "peaks": list}),
    "mesh": _Shape(limits.MESH, ".glb", {"triangles": int, "is_textured": bool}),
}


def warm_up(modality: str) -> None:
    """Start what `make_anonymous` will need for a modality, without waiting for it."""
    if modality in _SHAPES:
        sandbox.warm_up(f"{_WORK}:{modality}_output")


def make_anonymous(
    modality: str, data: bytes | str, media_type: str, *, duration_s: float | None = None
) -> AnonymousOutput:
    """Do what `profiles.make_anonymous` does, in the sandbox; the bytes are the same.

    Text stays in this process: cleaning it is Python of ours over at most 256 KiB, and no parser
    of another format sees it. Blocks for as long as it takes.

    Raises UnusableOutput with one of `UNUSABLE_CODES`, SandboxUnavailable, and ValueError for an
    unknown modality or a `duration_s` that no battle can ask for.
    """
    profile = checked_profile(modality, data, media_type)
    if modality not in _SHAPES:
        return profile.make(data, duration_s)
    shape = _SHAPES[modality]
    work = f"{_WORK}:{modality}_output"
    answer = _answer(work, as_bytes(data), {"duration_s": duration_s}, shape.limits)
    _check_container(PROFILES[modality].shown_as, answer.data)
    return AnonymousOutput(
        data=answer.data,
        text=None,
        media_type=profile.shown_as,
        extension=shape.extension,
        details=_checked_facts(answer, shape.details),
    )


async def amake_anonymous(
    modality: str, data: bytes | str, media_type: str, *, duration_s: float | None = None
) -> AnonymousOutput:
    """Do what `make_anonymous` does without holding up the loop."""
    return await asyncio.to_thread(
        make_anonymous, modality, data, media_type, duration_s=duration_s
    )


def _answer(work: str, data: bytes, options: dict[str, Any], most: Limits) -> Answer:
    try:
        return sandbox.run(work, data, options, most)
    except Refused as error:
        is_known = error.code in UNUSABLE_CODES - MACHINE_CODES
        code: UnusableCode = cast("UnusableCode", error.code) if is_known else "crashed"
        raise UnusableOutput(code, error.message) from error
    except ChildFailed as error:
        raise UnusableOutput(error.code, error.message) from error


def _check_container(media_type: str, data: bytes) -> None:
    """Raise UnusableOutput unless bytes begin as this kind of file does."""
    begins = {
        "image/webp": data[:4] == b"RIFF" and data[8:12] == b"WEBP",
        "audio/mpeg": data[:1] == b"\xff" and data[1:2] >= b"\xe0",
        "model/gltf-binary": data[:4] == b"glTF",
    }
    if not begins[media_type]:
        raise UnusableOutput("crashed", f"What reads this output made no {media_type} of it.")


def _checked_facts(answer: Answer, types: dict[str, type]) -> dict[str, Any]:
    """Return the facts of an answer if they have these names and types, and are finite."""
    facts = answer.facts
    if facts.keys() != types.keys() or not all(
        _is_plain(facts[name], kind) for name, kind in types.items()
    ):
        raise UnusableOutput("crashed", "What reads this output said nonsense about it.")
    return facts


def _is_plain(value: object, kind: type) -> bool:
    if type(value) is not kind:
        return False
    if isinstance(value, list):
        return len(value) <= MOST_PEAKS and all(_is_plain(height, float) for height in value)
    return not isinstance(value, float) or math.isfinite(value)
