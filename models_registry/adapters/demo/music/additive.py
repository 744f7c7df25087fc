"""Additive synthesis: a plain drawbar organ, dry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from models_registry.adapters.demo.music.composer import Note
from models_registry.adapters.demo.music.studio import (
    SAMPLE_RATE_HZ,
    Signal,
    adsr,
    frequency_hz,
    perform,
    times,
)

# Harmonic number: level, as drawbars set them.
_DRAWBARS = ((1, 1.0), (2, 0.6), (3, 0.35), (4, 0.3), (6, 0.14), (8, 0.1))


def _voice(note: Note, brightness: float, rng: np.random.Generator) -> Signal:
    f_hz = frequency_hz(note.pitch)
    t = times(note.duration_s + 0.06)
    tone = np.zeros(len(t))
    for harmonic, level in _DRAWBARS:
        if harmonic * f_hz < 0.45 * SAMPLE_RATE_HZ:
            weight = level * (0.4 + 1.1 * brightness) ** (harmonic > 2)
            tone += weight * np.sin(2 * np.pi * harmonic * f_hz * t)
    envelope = adsr(t, note.duration_s, attack_s=0.012, decay_s=0.3, sustain=0.8, release_s=0.055)
    return np.asarray(0.22 * tone * envelope)


def generate(
    prompt: str, seed: int, parameters: Mapping[str, Any], progress: Callable[[float], None]
) -> tuple[bytes, str]:
    """Play a piece for the prompt on a plain organ; see `studio.perform`."""
    return perform("additive", _voice, prompt, seed, parameters, progress, reverb_s=0.0, wet=0.0)
