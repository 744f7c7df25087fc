"""What a pipeline hands out, as a file, if there is anything to see or hear."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models_registry.adapters.audio import wav_artifact
from models_registry.adapters.contract import Artifact, GenerationError
from models_registry.adapters.local import Blank

ONE_COLOUR = 2.5 / 255  # of full scale: what decoding noise adds to an even surface


def image_artifact(output: Any) -> Artifact:
    """Return the first image of an output as PNG. Raises Blank, or `content_filter`."""
    if any(getattr(output, "nsfw_content_detected", None) or []):
        message = "the pipeline's own safety checker took the image away"
        raise GenerationError("content_filter", message, retryable=False)
    return png_artifact(np.asarray(output.images[0], dtype=np.float32))


def png_artifact(pixels: NDArray[np.float32]) -> Artifact:
    """Return a PNG of pixels (height, width, 3) within 0..1. Raises Blank for nothing to see."""
    if not np.isfinite(pixels).all():
        raise Blank("an image of broken numbers")
    if float(np.ptp(pixels, axis=(0, 1)).max()) <= ONE_COLOUR:
        raise Blank("an image of one colour")
    file = io.BytesIO()
    Image.fromarray(np.rint(pixels.clip(0.0, 1.0) * 255).astype(np.uint8)).save(file, "PNG")
    return Artifact(file.getvalue(), "image/png")


def clip_artifact(output: Any, rate_hz: int) -> Artifact:
    """Return the first clip of an output as WAV. Raises Blank for a silent or broken one."""
    samples = np.asarray(output.audios[0], dtype=np.float32)
    return wav_artifact(np.atleast_2d(samples), rate_hz)


def rate_of(pipe: Any) -> int:
    """Return the sampling rate in Hz of an audio pipeline; 0 where it names none."""
    for part in ("vocoder", "vae"):
        config = getattr(getattr(pipe, part, None), "config", None)
        if rate := getattr(config, "sampling_rate", None):
            return int(rate)
    return 0
