"""Plucked strings after Karplus and Strong, in a small hall.

Karplus & Strong 1983, "Digital Synthesis of Plucked-String and Drum Timbres", Computer Music
Journal 7(2), doi:10.2307/3680062; pick position and decay after Jaffe & Smith 1983 in the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.signal import lfilter  # type: ignore[import-untyped]

from models_registry.adapters.demo.music.composer import Note
from models_registry.adapters.demo.music.studio import (
    SAMPLE_RATE_HZ,
    Signal,
    frequency_hz,
    perform,
)

_RING_S = {"melody": 1.6, "chords": 1.9, "bass": 1.2}  # seconds a string rings after its beat
_T60_S = {"melody": 3.2, "chords": 3.6, "bass": 4.0}  # decay by 60 dB of the lowest partial
_RELEASE_S = 0.18


def string(f_hz: float, length_s: float, *, t60_s: float, damping: float, pluck: Signal) -> Signal:
    """Return a vibrating string.

    `pluck` is the burst that fills the delay line, at least one period long; `damping` 0..0.5 is
    the loop's low-pass. A whole period is made at a time, from the one before it. The delay line
    holds whole samples only, so the result is resampled to the exact pitch.
    """
    period = max(2, int(SAMPLE_RATE_HZ / f_hz - damping))
    made_hz = SAMPLE_RATE_HZ / (period + damping)
    ratio = f_hz / made_hz
    needed = int(length_s * SAMPLE_RATE_HZ)
    periods = int(needed * max(ratio, 1.0)) // period + 3
    loss = 10.0 ** (-3.0 * (period + damping) / SAMPLE_RATE_HZ / t60_s)
    line = np.zeros(periods * period)
    line[:period] = pluck[:period] - pluck[:period].mean()
    for start in range(period, periods * period, period):
        earlier = line[start - period : start]
        before = line[max(start - period - 1, 0)]
        shifted = np.empty(period)
        shifted[0], shifted[1:] = before, earlier[:-1]
        line[start : start + period] = loss * ((1 - damping) * earlier + damping * shifted)
    return np.asarray(np.interp(np.arange(needed) * ratio, np.arange(len(line)), line))


def _pluck(f_hz: float, brightness: float, velocity: float, rng: np.random.Generator) -> Signal:
    """Return a burst of one period, softened by the finger and notched by the pick's place.

    The finger is a two-pole low-pass that lets a handful of partials through, more for a bright or
    hard pluck; the pick stands at a fifth of the string.
    """
    period = int(SAMPLE_RATE_HZ / f_hz) + 2
    cutoff_hz = min(f_hz * (2.0 + 6.0 * brightness * velocity) + 250.0, 8000.0)
    pole = float(np.exp(-2 * np.pi * cutoff_hz / SAMPLE_RATE_HZ))
    noise = rng.uniform(-1, 1, 3 * period)
    soft = lfilter([(1 - pole) ** 2], [1, -2 * pole, pole * pole], noise)
    back = max(1, period // 5)
    return np.asarray((soft[back:] - 0.8 * soft[:-back])[-period - 1 :])


def _voice(note: Note, brightness: float, rng: np.random.Generator) -> Signal:
    f_hz = frequency_hz(note.pitch)
    length_s = note.duration_s + _RING_S[note.part]
    damping = float(np.clip(0.5 * (f_hz / 110.0) ** -0.55 * (1.3 - 0.6 * brightness), 0.04, 0.5))
    pluck = _pluck(f_hz, brightness, note.velocity, rng)
    sound = string(f_hz, length_s, t60_s=_T60_S[note.part], damping=damping, pluck=pluck)
    # Two strings a hair apart beat slowly, as a doubled course does.
    if note.part == "melody":
        twin = string(
            f_hz * 1.0012, length_s, t60_s=_T60_S[note.part], damping=damping, pluck=pluck
        )
        sound = 0.6 * (sound + twin)
    n = int(_RELEASE_S * SAMPLE_RATE_HZ)
    sound[-n:] *= np.linspace(1, 0, n)
    sound[:40] *= np.linspace(0, 1, 40)
    energy = float(np.sqrt(np.mean(sound[: SAMPLE_RATE_HZ // 4] ** 2)))
    return np.asarray(0.30 * sound / max(energy, 1e-6))


def generate(
    prompt: str, seed: int, parameters: Mapping[str, Any], progress: Callable[[float], None]
) -> tuple[bytes, str]:
    """Play a piece for the prompt on plucked strings; see `studio.perform`."""
    return perform("plucked", _voice, prompt, seed, parameters, progress, reverb_s=1.8, wet=0.32)
