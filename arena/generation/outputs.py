"""Make an output anonymous and keep it under its content address."""

from __future__ import annotations

from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from arena.common.hashing import sha256_hex
from arena.generation.models import Blob, Output
from arena.generation.profiles import AnonymousOutput, render_markdown
from arena.generation.sandbox import make_anonymous


def store_blob(data: bytes, *, media_type: str, extension: str) -> Blob:
    """Keep bytes once; the same bytes again are the same blob."""
    digest = sha256_hex(data)
    key = f"outputs/{digest[:2]}/{digest}{extension}"
    if not default_storage.exists(key):
        default_storage.save(key, ContentFile(data))
    return Blob.objects.get_or_create(
        sha256=digest,
        defaults={"key": key, "media_type": media_type, "size_bytes": len(data)},
    )[0]


def anonymous_output(
    modality: str, data: bytes | str, media_type: str, *, clip_s: float | None = None
) -> Output:
    """Return an unsaved output of one profile for all models; media are decoded in the sandbox.

    Raises UnusableOutput and SandboxUnavailable.
    A clip is trimmed or padded to `clip_s` seconds: nobody is to be known by a length.
    """
    duration_s = clip_s if modality == "music" else None
    shown: AnonymousOutput = make_anonymous(modality, data, media_type, duration_s=duration_s)
    if shown.text is not None:
        return Output(text=shown.text, details=shown.details)
    assert shown.data is not None
    blob = store_blob(shown.data, media_type=shown.media_type, extension=shown.extension)
    return Output(blob=blob, details=shown.details)


def shown_output(output: Output, modality: str) -> dict[str, Any]:
    """Return what the browser needs to show an output, and nothing else."""
    if output.text is not None:
        return {"kind": "text", "html": render_markdown(output.text)}
    assert output.blob is not None
    extension = output.blob.key.rpartition(".")[2]
    shown: dict[str, Any] = {"kind": modality, "url": f"/m/{output.pk}.{extension}"}
    if modality == "music":
        shown["peaks"] = output.details["peaks"]
        shown["duration_s"] = output.details["duration_s"]
    return shown
