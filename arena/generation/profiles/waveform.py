"""The outline of a clip, for the player to draw."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def waveform_peaks(data: bytes, n: int = 200) -> list[float]:
    """Return `n` heights within 0..1 for a clip's bytes: the loudest sample of each slice.

    Heights are rounded to three places. Raises UnusableOutput for bytes that are no audio.
    """
    from arena.generation.profiles import audio

    samples, _ = audio.decode(data)
    return peaks_of(samples, n)


def peaks_of(samples: NDArray[np.float32], n: int) -> list[float]:
    """Return the largest magnitude in each of `n` slices of samples (n_frames, n_channels)."""
    if n < 1:
        raise ValueError(f"A waveform of {n} peaks was asked for; ask for at least 1")
    magnitudes = np.abs(samples).max(axis=1)
    borders = np.linspace(0, len(magnitudes), n + 1).astype(int)
    peaks = [
        float(magnitudes[first : max(last, first + 1)].max(initial=0.0))
        for first, last in pairwise(borders.tolist())
    ]
    return [round(min(peak, 1.0), 3) for peak in peaks]
