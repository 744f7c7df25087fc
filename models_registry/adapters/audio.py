"""Samples from a model as a WAV file, if there is anything to hear."""

from __future__ import annotations

import io
import wave

import numpy as np
from numpy.typing import NDArray

from models_registry.adapters.contract import Artifact
from models_registry.adapters.local import Blank

SILENT = 1e-4  # of full scale, −80 dBFS: below the noise of any playback


def wav_artifact(samples: NDArray[np.floating], rate_hz: int) -> Artifact:
    """Return 16-bit PCM of samples (n_channels, n_frames), full scale ±1; louder ones are scaled.

    Raises Blank for samples that are none, not finite or silent.
    """
    if not samples.size:
        raise Blank("a clip of no length")
    if not np.isfinite(samples).all():
        raise Blank("a clip of broken numbers")
    heard = samples.astype(np.float64)
    if float(np.ptp(heard, axis=1).max()) < SILENT:
        raise Blank("a silent clip")
    peak = float(np.abs(heard).max())
    pcm = np.rint(heard / max(peak, 1.0) * 32767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as clip:
        clip.setnchannels(pcm.shape[0])
        clip.setsampwidth(2)
        clip.setframerate(rate_hz)
        clip.writeframes(pcm.T.tobytes())
    return Artifact(file.getvalue(), "audio/wav")
