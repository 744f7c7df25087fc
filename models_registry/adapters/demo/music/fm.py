"""Frequency modulation: an electric piano with bells above it.

Chowning 1973, "The Synthesis of Complex Audio Spectra by Means of Frequency Modulation", Journal
of the Audio Engineering Society 21(7).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from models_registry.adapters.demo.music.composer import Note
from models_registry.adapters.demo.music.studio import Signal, adsr, frequency_hz, perform, times

# carrier ratio, modulator ratio, peak index in radians, index decay s, amplitude decay s.
_ALGORITHMS = {
    "melody": (1.0, 3.5, 1.5, 0.35, 1.0),
    "chords": (1.0, 1.0, 1.3, 0.6, 0.9),
    "bass": (1.0, 1.0, 2.2, 0.22, 0.8),
}


def _voice(note: Note, brightness: float, rng: np.random.Generator) -> Signal:
    carrier, modulator, index, index_decay_s, decay_s = _ALGORITHMS[note.part]
    f_hz = frequency_hz(note.pitch)
    release_s = 0.5 if note.part != "bass" else 0.12
    t = times(note.duration_s + release_s)
    depth = index * (0.35 + brightness) * (0.5 + 0.7 * note.velocity) * min(1.0, 500 / f_hz)
    bend = depth * np.exp(-t / index_decay_s) + 0.12 * depth
    tone = np.sin(2 * np.pi * carrier * f_hz * t + bend * np.sin(2 * np.pi * modulator * f_hz * t))
    tine = 0.12 * np.exp(-t / 0.05) * np.sin(2 * np.pi * 8.01 * f_hz * t) * (f_hz < 900)
    envelope = adsr(
        t, note.duration_s, attack_s=0.004, decay_s=decay_s, sustain=0.12, release_s=release_s
    )
    tremolo = 1 + 0.1 * np.sin(2 * np.pi * 5.2 * t + rng.uniform(0, 2 * np.pi))
    return np.asarray(0.55 * (tone + tine) * envelope * tremolo)


def generate(
    prompt: str, seed: int, parameters: Mapping[str, Any], progress: Callable[[float], None]
) -> tuple[bytes, str]:
    """Play a piece for the prompt on an electric piano; see `studio.perform`."""
    return perform("fm", _voice, prompt, seed, parameters, progress, reverb_s=1.0, wet=0.16)
