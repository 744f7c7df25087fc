"""The studio of the demo music: envelopes, drums, panning, reverb, mastering and WAV encoding."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import soundfile  # type: ignore[import-untyped]
from numpy.typing import NDArray
from scipy.signal import (  # type: ignore[import-untyped]
    butter,
    fftconvolve,
    lfilter,
    sosfilt,
    sosfiltfilt,
)

from models_registry.adapters.demo.music.composer import Note, Part, Score, compose
from models_registry.adapters.demo.words import number_within, random_source, read_prompt

Signal = NDArray[np.float64]
Voice = Callable[[Note, float, np.random.Generator], Signal]  # note, brightness -> mono signal

SAMPLE_RATE_HZ = 44_100
MEDIA_TYPE = "audio/wav"
PEAK = 0.89  # -1 dBFS, so that a lossy re-encoding does not clip
_FADE_IN_S = 0.004
_FADE_OUT_S = 1.4
_LEVELS: dict[Part, float] = {
    "melody": 0.62,
    "chords": 0.42,
    "bass": 0.6,
    "kick": 0.5,
    "snare": 0.26,
    "hat": 0.11,
}


def frequency_hz(pitch: int) -> float:
    """Return the equal-tempered frequency of a MIDI pitch (69 is 440 Hz)."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12.0))


def times(duration_s: float) -> Signal:
    """Return sample times in seconds."""
    return np.arange(max(1, int(duration_s * SAMPLE_RATE_HZ))) / SAMPLE_RATE_HZ


def adsr(
    t: Signal, held_s: float, *, attack_s: float, decay_s: float, sustain: float, release_s: float
) -> Signal:
    """Return an envelope over `t` that starts and ends at 0; the release starts at `held_s`."""
    rise = np.clip(t / attack_s, 0, 1)
    fall = sustain + (1 - sustain) * np.exp(-np.clip(t - attack_s, 0, None) / decay_s)
    # The release falls linearly to an exact zero, so that no note ends with a step.
    release = np.clip(1 - (t - held_s) / release_s, 0, 1)
    return np.asarray(rise * fall * release**2)


def _drum(note: Note, rng: np.random.Generator) -> Signal:
    if note.part == "kick":
        t = times(0.28)
        phase = 2 * np.pi * (48 * t + 90 * 0.03 * (1 - np.exp(-t / 0.03)))
        return np.asarray(np.sin(phase) * np.exp(-t / 0.08) * np.clip((0.28 - t) / 0.05, 0, 1))
    length_s, low_hz = (0.2, 1200.0) if note.part == "snare" else (0.08, 7000.0)
    t = times(length_s)
    noise = sosfilt(
        butter(2, low_hz, "highpass", fs=SAMPLE_RATE_HZ, output="sos"), rng.normal(0, 0.5, len(t))
    )
    body = 0.5 * np.sin(2 * np.pi * 185 * t) if note.part == "snare" else 0.0
    envelope = np.exp(-t / (length_s / 4)) * np.clip((length_s - t) / 0.02, 0, 1)
    return np.asarray((noise + body) * envelope * np.clip(t / 0.001, 0, 1))


def _reverb(dry: Signal, seconds: float, wet: float, rng: np.random.Generator) -> Signal:
    """Convolve stereo (n, 2) with decaying noise whose highs die first; n stays the same."""
    t = times(seconds)
    room = rng.normal(0, 1, (len(t), 2)) * np.exp(-t / (seconds / 5))[:, None]
    damped = lfilter([0.18], [1, -0.82], room, axis=0)
    blend = np.exp(-t / (seconds / 12))[:, None]
    impulse = blend * room * 0.35 + (1 - blend) * damped * 2.0
    impulse[: int(0.012 * SAMPLE_RATE_HZ)] = 0.0
    impulse /= np.sqrt((impulse**2).sum(axis=0))
    tail = np.stack([fftconvolve(dry[:, c], impulse[:, c])[: len(dry)] for c in range(2)], axis=1)
    return np.asarray(dry + wet * tail)


def _mix(
    score: Score, voice: Voice, rng: np.random.Generator, progress: Callable[[float], None]
) -> Signal:
    """Play every note into one stereo signal (n, 2); equal notes are made once."""
    total = len(times(score.duration_s))
    out = np.zeros((total, 2))
    made: dict[tuple[Part, int, float, float], Signal] = {}
    for index, note in enumerate(score.notes):
        key = (note.part, note.pitch, round(note.duration_s, 3), round(note.velocity, 1))
        if key not in made:
            if note.part in ("kick", "snare", "hat"):
                made[key] = _drum(note, rng)
            else:
                made[key] = voice(note, score.brightness, rng)
        start = int(note.start_s * SAMPLE_RATE_HZ)
        sound = made[key][: total - start] * (note.velocity * _LEVELS[note.part])
        angle = (note.pan + 1) * np.pi / 4  # constant power
        out[start : start + len(sound), 0] += np.cos(angle) * sound
        out[start : start + len(sound), 1] += np.sin(angle) * sound
        if index % 24 == 0:
            progress(0.1 + 0.65 * index / len(score.notes))
    return out


def _master(mixed: Signal) -> Signal:
    """Remove DC, fade both ends to zero, tame peaks softly and set the peak to PEAK."""
    # Forward and backward over a long pad, so that the filter rings at neither end.
    high_pass = butter(2, 28.0, "highpass", fs=SAMPLE_RATE_HZ, output="sos")
    clean = sosfiltfilt(high_pass, mixed, axis=0, padlen=min(len(mixed) - 1, SAMPLE_RATE_HZ // 2))
    clean = clean / max(float(np.abs(clean).max()), 1e-9)
    # tanh rounds rare peaks, so that the ear hears the whole a little louder.
    clean = np.tanh(1.5 * clean)
    n_in, n_out = (int(s * SAMPLE_RATE_HZ) for s in (_FADE_IN_S, _FADE_OUT_S))
    clean[:n_in] *= np.linspace(0, 1, n_in)[:, None]
    clean[-n_out:] *= (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, n_out)))[:, None]
    clean -= clean.mean(axis=0) * np.sin(np.linspace(0, np.pi, len(clean)))[:, None]
    return np.asarray(PEAK * clean / max(float(np.abs(clean).max()), 1e-9))


def perform(
    name: str,
    voice: Voice,
    prompt: str,
    seed: int,
    parameters: Mapping[str, Any],
    progress: Callable[[float], None],
    *,
    reverb_s: float,
    wet: float,
) -> tuple[bytes, str]:
    """Compose for the prompt, play with `voice` and return (WAV bytes, media type).

    The WAV is stereo 16-bit PCM at 44.1 kHz. `parameters["duration_s"]` may be 10..20 (12).
    `wet` is the reverb's level, 0 for a dry sound. Raises ValueError for a wrong duration.
    """
    duration_s = number_within(parameters, "duration_s", default=12.0, low=10.0, high=20.0)
    # Every synthesiser plays its own piece: two contestants never share a melody.
    rng = random_source(f"music.{name}", prompt, seed)
    score = compose(read_prompt(prompt), rng, duration_s)
    progress(0.1)
    mixed = _mix(score, voice, rng, progress)
    if wet > 0:
        mixed = _reverb(mixed, reverb_s, wet, rng)
    progress(0.9)
    buffer = io.BytesIO()
    soundfile.write(buffer, _master(mixed), SAMPLE_RATE_HZ, format="WAV", subtype="PCM_16")
    progress(1.0)
    return buffer.getvalue(), MEDIA_TYPE
