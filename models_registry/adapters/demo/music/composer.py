"""The composer of the demo music: from a prompt's words to notes; the synthesisers only play them.

Key and mode follow the mood, tempo the tempo words and the energy, and a two-bar motif is repeated
and varied over a chord progression that ends with a cadence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models_registry.adapters.demo.words import Reading

Part = Literal["melody", "chords", "bass", "kick", "snare", "hat"]
BEATS_PER_BAR = 4
LAST_CHORD_BEATS = 2  # the last bar is only its chord
TAIL_S = 1.6  # seconds kept after the last beat for the sound to ring out

# Semitones above the tonic.
_MODES: dict[str, tuple[int, ...]] = {
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
}
# Scale degrees (0 is the tonic) of the chords, one a bar; the last two bars are the cadence.
_PROGRESSIONS: dict[str, tuple[tuple[int, ...], ...]] = {
    "bright": ((0, 4, 5, 3), (0, 3, 5, 4), (0, 5, 3, 4), (0, 2, 3, 4)),
    "dark": ((0, 5, 2, 6), (0, 3, 5, 4), (0, 6, 5, 6), (0, 5, 3, 4)),
}
# Onsets of a bar's melody in beats, from sparse to busy.
_RHYTHMS: tuple[tuple[tuple[float, ...], ...], ...] = (
    ((0, 2), (0, 3), (0, 1.5, 3)),
    ((0, 1, 2), (0, 1.5, 2, 3), (0, 1, 2.5)),
    ((0, 1, 1.5, 2, 3), (0, 0.5, 1, 2, 3), (0, 0.5, 1.5, 2, 3.5)),
    ((0, 0.5, 1, 1.5, 2, 3, 3.5), (0, 0.5, 1, 2, 2.5, 3), (0, 0.75, 1.5, 2, 2.75, 3.5)),
)


@dataclass(frozen=True)
class Note:
    """One note: times in seconds, pitch as a MIDI number, velocity 0..1, pan -1 left .. 1 right."""

    start_s: float
    duration_s: float
    pitch: int
    velocity: float
    part: Part
    pan: float = 0.0


@dataclass(frozen=True)
class Score:
    """A whole piece."""

    notes: tuple[Note, ...]  # in order of start
    bpm: float
    mode: str
    tonic: int  # MIDI pitch of the tonic between C3 and B3
    duration_s: float
    brightness: float  # 0 dull .. 1 bright, for the synthesisers' timbre


def choose_mode(reading: Reading, rng: np.random.Generator) -> str:
    """Return the mode that the mood asks for; without a mood, one of the gentle ones."""
    if reading.valence > 0.55:
        return "lydian" if reading.has("sky", "stars") or reading.mentions("magic") else "major"
    if reading.valence > 0.1:
        return str(rng.choice(["major", "mixolydian"]))
    if reading.valence < -0.15:
        return "phrygian" if reading.energy > 0.3 else "minor"
    if reading.light == "night" or reading.has("rain", "mist", "forest"):
        return "dorian"
    return str(rng.choice(["major", "dorian"]))


def choose_bpm(reading: Reading, rng: np.random.Generator) -> float:
    """Return the tempo: a stated one, else 100 moved by the energy within 56..144."""
    if reading.tempo_bpm is not None:
        stated = reading.tempo_bpm
    else:
        stated = 100.0 + 38.0 * reading.energy + float(rng.uniform(-6, 6))
    return float(np.clip(stated, 54.0, 170.0))


def fit_bars(bpm: float, duration_s: float) -> tuple[int, float]:
    """Return how many whole bars fit before the tail, and the tempo moved to fill it exactly.

    The tempo moves by at most half a bar's worth.
    """
    playing_s = duration_s - TAIL_S
    bars = max(2, round((playing_s * bpm / 60 - LAST_CHORD_BEATS) / BEATS_PER_BAR) + 1)
    beats = (bars - 1) * BEATS_PER_BAR + LAST_CHORD_BEATS
    return bars, beats * 60 / playing_s


class _Scale:
    """A mode on a tonic; degrees run on over the octaves."""

    def __init__(self, tonic: int, mode: str) -> None:
        self._tonic = tonic
        self._steps = _MODES[mode]

    def pitch(self, degree: int) -> int:
        octave, step = divmod(degree, 7)
        return self._tonic + 12 * octave + self._steps[step]


def _chords_of(bars: int, mode: str, rng: np.random.Generator) -> list[int]:
    family = "bright" if mode in ("lydian", "major", "mixolydian") else "dark"
    choices = _PROGRESSIONS[family]
    pattern = choices[int(rng.integers(len(choices)))]
    roots = [pattern[bar % 4] for bar in range(bars)]
    roots[-1] = 0
    if bars > 2:
        roots[-2] = 4 if family == "bright" else int(rng.choice([4, 6]))
    return roots


def _motif(busy: int, rng: np.random.Generator) -> list[list[tuple[float, int]]]:
    """Return two bars of (onset in beats, steps above the chord's root)."""
    bars = []
    degree = int(rng.choice([2, 4, 7]))
    for _ in range(2):
        choices = _RHYTHMS[busy]
        onsets = choices[int(rng.integers(len(choices)))]
        bar = []
        for onset in onsets:
            is_strong = onset % 2 == 0
            if is_strong:  # chord tones on the strong beats
                degree = min((0, 2, 4, 7, 9), key=lambda tone: abs(tone - degree))
            bar.append((onset, degree))
            degree += int(rng.choice([-2, -1, -1, 1, 1, 2]))
            degree = int(np.clip(degree, -1, 9))
        bars.append(bar)
    return bars


def _vary(bar: list[tuple[float, int]], rng: np.random.Generator) -> list[tuple[float, int]]:
    """Return the bar with its last note moved by a step: the answer to the question."""
    onset, degree = bar[-1]
    return [*bar[:-1], (onset, degree + int(rng.choice([-1, 1])))]


class _Writer:
    """Collects notes given in bars and beats."""

    def __init__(self, bpm: float) -> None:
        self.beat_s = 60.0 / bpm
        self.notes: list[Note] = []

    def add(
        self, bar: int, beat: float, beats: float, pitch: int, velocity: float, part: Part,
        pan: float = 0.0,
    ) -> None:  # fmt: skip
        start_s = (bar * BEATS_PER_BAR + beat) * self.beat_s
        self.notes.append(Note(start_s, beats * self.beat_s, pitch, velocity, part, pan))


def _write_melody(
    writer: _Writer, scale: _Scale, roots: list[int], busy: int, rng: np.random.Generator
) -> None:
    question = _motif(busy, rng)
    contrast = _motif(max(busy - 1, 0), rng)
    last = len(roots) - 1
    for bar, root in enumerate(roots[:-1]):
        section = contrast if (bar // 2) % 4 == 2 else question
        phrase = section[bar % 2]
        if (bar // 2) % 2 == 1 and bar % 2 == 1:
            phrase = _vary(phrase, rng)
        centred = root - 7 if root >= 4 else root
        ends = [onset for onset, _ in phrase[1:]] + [float(BEATS_PER_BAR)]
        for (onset, step), end in zip(phrase, ends, strict=True):
            velocity = (0.86 if onset % 2 == 0 else 0.7) + float(rng.uniform(-0.06, 0.06))
            pitch = scale.pitch(7 + centred + step)
            writer.add(bar, onset, (end - onset) * 0.95, pitch, velocity, "melody", 0.12)
    writer.add(last, 0, LAST_CHORD_BEATS + 1, scale.pitch(14), 0.85, "melody", 0.12)


def _write_chords(
    writer: _Writer, scale: _Scale, roots: list[int], rng: np.random.Generator
) -> None:
    orders = ((0, 1, 2, 1), (0, 2, 1, 2), (0, 1, 2, 3))
    order = orders[int(rng.integers(3))]
    step = 0.5
    for bar, root in enumerate(roots):
        low = root - 7 if root >= 3 else root
        tones = [scale.pitch(low + offset) for offset in (0, 2, 4, 7)]
        if bar == len(roots) - 1:
            for index, tone in enumerate(tones):
                writer.add(
                    bar,
                    0.06 * index,
                    LAST_CHORD_BEATS + 1,
                    tone,
                    0.5,
                    "chords",
                    -0.45 + 0.3 * index,
                )
            continue
        for index, beat in enumerate(np.arange(0, BEATS_PER_BAR, step)):
            tone = order[index % 4]
            velocity = 0.5 if index % 4 == 0 else 0.38
            pan = -0.5 + 0.3 * tone
            writer.add(bar, float(beat), step * 2.4, tones[tone], velocity, "chords", pan)


def _write_bass(writer: _Writer, scale: _Scale, roots: list[int], energy: float) -> None:
    for bar, root in enumerate(roots):
        low = root - 7 if root >= 4 else root
        pitch, fifth = scale.pitch(low - 7), scale.pitch(low - 3)
        if bar == len(roots) - 1:
            writer.add(bar, 0, LAST_CHORD_BEATS + 1, pitch, 0.75, "bass")
        elif energy < -0.3:
            writer.add(bar, 0, 3.9, pitch, 0.75, "bass")
        elif energy < 0.45:
            writer.add(bar, 0, 1.9, pitch, 0.78, "bass")
            writer.add(bar, 2, 1.9, fifth, 0.64, "bass")
        else:
            for beat in range(4):
                lift = 12 if beat == 3 else 0
                writer.add(bar, beat, 0.5, pitch + lift, 0.78, "bass")
                writer.add(bar, beat + 0.5, 0.45, pitch, 0.6, "bass")


def _write_drums(writer: _Writer, bars: int, energy: float) -> None:
    """Add drums to the energetic pieces: a light pulse first, a full beat above."""
    if energy < 0.12:
        return
    for bar in range(bars - 1):
        for beat in range(4):
            if beat % 2 == 0 or energy > 0.55:
                writer.add(bar, beat, 0.3, 36, 0.75, "kick")
            if beat % 2 == 1 and energy > 0.3:
                writer.add(bar, beat, 0.3, 38, 0.55, "snare", 0.1)
            writer.add(bar, beat + 0.5, 0.1, 42, 0.4, "hat", 0.3)
            if energy > 0.5:
                writer.add(bar, beat, 0.1, 42, 0.26, "hat", 0.3)
    writer.add(bars - 1, 0, 0.3, 36, 0.8, "kick")


def _drive(reading: Reading, bpm: float) -> float:
    """Return the energy -1..1 that the arrangement follows: the mood's, or else the tempo's."""
    from_tempo = (bpm - 98.0) / 60.0
    return float(np.clip(0.55 * reading.energy + 0.6 * from_tempo, -1, 1))


def compose(reading: Reading, rng: np.random.Generator, duration_s: float) -> Score:
    """Write a piece that fills `duration_s` seconds, its last chord ringing into the tail."""
    mode = choose_mode(reading, rng)
    bars, bpm = fit_bars(choose_bpm(reading, rng), duration_s)
    tonic = 48 + int(rng.integers(0, 8)) - (3 if reading.valence < -0.3 else 0)
    drive = _drive(reading, bpm)
    scale = _Scale(tonic, mode)
    roots = _chords_of(bars, mode, rng)
    busy = int(np.clip(round(1.5 + 1.4 * drive), 0, 3))
    writer = _Writer(bpm)
    _write_melody(writer, scale, roots, busy, rng)
    _write_chords(writer, scale, roots, rng)
    _write_bass(writer, scale, roots, drive)
    if not reading.mentions("ambient", "lullaby", "drumless"):
        _write_drums(writer, bars, drive)
    brightness = 0.5 + 0.25 * reading.valence + 0.25 * reading.energy
    brightness -= 0.12 * (reading.light == "night")
    return Score(
        notes=tuple(sorted(writer.notes, key=lambda note: note.start_s)),
        bpm=bpm,
        mode=mode,
        tonic=tonic,
        duration_s=duration_s,
        brightness=float(np.clip(brightness, 0.05, 1.0)),
    )
