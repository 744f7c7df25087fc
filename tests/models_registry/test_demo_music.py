"""The demo music generators: clean stereo clips whose key and tempo follow the prompt."""

from __future__ import annotations

import importlib
import io
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from models_registry.adapters.demo.music.composer import (
    TAIL_S,
    Score,
    choose_bpm,
    compose,
    fit_bars,
)
from models_registry.adapters.demo.music.plucked import string
from models_registry.adapters.demo.music.studio import SAMPLE_RATE_HZ
from models_registry.adapters.demo.words import random_source, read_prompt

NAMES = ("plucked", "fm", "additive")
SHORT = {"duration_s": 10}
ODD_PROMPTS = ("", "fast " * 800, "🎻 موسيقى هادئة \ud800\x00")


def _play(name: str, prompt: str, seed: int = 0, parameters: Any = None) -> bytes:
    module = importlib.import_module(f"models_registry.adapters.demo.music.{name}")
    data, media_type = module.generate(
        prompt, seed, SHORT if parameters is None else parameters, lambda fraction: None
    )
    assert media_type == "audio/wav"
    return bytes(data)


def _sound(data: bytes) -> np.ndarray:
    samples, rate = soundfile.read(io.BytesIO(data))
    assert rate == 44_100
    return np.asarray(samples)


def _score(prompt: str, seed: int = 0) -> Score:
    return compose(read_prompt(prompt), random_source("test", prompt, seed), 12.0)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_request_plays_the_same_bytes_and_another_seed_other_ones(name: str) -> None:
    first = _play(name, "calm rain", 3)
    assert first == _play(name, "calm rain", 3)
    assert first != _play(name, "calm rain", 4)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("prompt", ["calm blue sea at night", "angry red volcano, 150 bpm"])
def test_a_clip_is_clean(name: str, prompt: str) -> None:
    """Right length, stereo, no clipping, no DC, silent at both ends, and not silent between."""
    clip = _sound(_play(name, prompt, 1, {}))
    assert clip.shape == (12 * SAMPLE_RATE_HZ, 2)
    assert 0.5 < np.abs(clip).max() < 0.95
    assert np.abs(clip.mean(axis=0)).max() < 1e-3
    assert np.abs(clip[:8]).max() < 0.02
    assert np.abs(clip[-200:]).max() < 2e-3
    seconds = np.sqrt((clip[: 10 * SAMPLE_RATE_HZ].reshape(10, -1) ** 2).mean(axis=1))
    assert seconds.min() > 0.01
    assert np.abs(clip[:, 0] - clip[:, 1]).max() > 0.01  # two channels, not one twice


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("prompt", ODD_PROMPTS)
def test_odd_prompts_still_give_a_clip(name: str, prompt: str) -> None:
    assert np.isfinite(_sound(_play(name, prompt))).all()


@settings(max_examples=2, deadline=None)
@given(prompt=st.text(max_size=200), seed=st.integers(0, 2**31 - 1))
def test_any_text_and_seed_give_a_clip(prompt: str, seed: int) -> None:
    for name in NAMES:
        assert len(_sound(_play(name, prompt, seed))) == 10 * SAMPLE_RATE_HZ


@pytest.mark.parametrize("duration_s", [9, 21, "12", None, float("inf")])
def test_a_wrong_duration_is_refused_with_what_to_write(duration_s: object) -> None:
    with pytest.raises(ValueError, match=r"duration_s is .*; give a number from 10 to 20"):
        _play("additive", "sea", 0, {"duration_s": duration_s})


@pytest.mark.parametrize("name", NAMES)
def test_progress_rises_to_one(name: str) -> None:
    module = importlib.import_module(f"models_registry.adapters.demo.music.{name}")
    seen: list[float] = []
    module.generate("sea", 0, SHORT, seen.append)
    assert len(seen) >= 3
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


@pytest.mark.parametrize(("word", "low", "high"), [("slow", 50, 80), ("fast", 118, 142)])
def test_a_tempo_word_sets_the_tempo(word: str, low: float, high: float) -> None:
    for seed in range(5):
        assert low < _score(f"{word} piece", seed).bpm < high


@pytest.mark.parametrize("bpm", [60, 90, 120, 160])
def test_a_stated_tempo_is_kept_to_within_a_bar(bpm: int) -> None:
    reading = read_prompt(f"a piece at {bpm} bpm")
    assert choose_bpm(reading, np.random.default_rng(0)) == bpm
    assert _score(f"a piece at {bpm} bpm").bpm == pytest.approx(bpm, abs=2 * 60 / (12 - TAIL_S))


@given(bpm=st.floats(54, 170), duration_s=st.floats(10, 20))
def test_the_bars_fill_the_time_before_the_tail_exactly(bpm: float, duration_s: float) -> None:
    bars, fitted = fit_bars(bpm, duration_s)
    assert ((bars - 1) * 4 + 2) * 60 / fitted == pytest.approx(duration_s - TAIL_S)


def test_fast_music_has_more_onsets_in_the_sound_than_slow_music() -> None:
    def onsets(prompt: str) -> int:
        clip = _sound(_play("plucked", prompt)).mean(axis=1)
        level = np.abs(clip[: len(clip) // 512 * 512]).reshape(-1, 512).max(axis=1)
        rises = np.maximum(np.diff(np.log(level + 1e-3)), 0)
        return int((rises > 0.35).sum())

    assert onsets("fast energetic dance") > 1.3 * onsets("slow calm lullaby")


def test_the_mode_follows_the_mood() -> None:
    for seed in range(6):
        assert _score("happy joyful", seed).mode in ("major", "lydian")
        assert _score("sad lonely", seed).mode == "minor"
        assert _score("angry furious battle", seed).mode == "phrygian"


def test_drums_play_for_energy_and_rest_for_calm() -> None:
    def drums(prompt: str) -> int:
        return sum(note.part in ("kick", "snare", "hat") for note in _score(prompt).notes)

    assert drums("calm lullaby") == 0
    assert drums("energetic techno") > 20


def test_the_motif_comes_back_and_the_piece_ends_on_the_tonic() -> None:
    for prompt in ("fast happy dance", "angry battle at 150 bpm"):
        score = _score(prompt)
        bar_s = 4 * 60 / score.bpm
        melody = [note for note in score.notes if note.part == "melody"]

        def rhythm(bar: int, notes: list[Any] = melody, bar_s: float = bar_s) -> tuple[float, ...]:
            inside = [
                n.start_s
                for n in notes
                if bar * bar_s - 1e-6 <= n.start_s < (bar + 1) * bar_s - 1e-6
            ]
            return tuple((start - bar * bar_s) / bar_s for start in inside)

        assert rhythm(0) == pytest.approx(rhythm(2), abs=1e-6)
        assert (melody[-1].pitch - score.tonic) % 12 == 0


def test_no_note_starts_in_the_tail_nor_leaves_the_range_of_hearing() -> None:
    for prompt in ("", "calm", "angry fast", "200 bpm"):
        score = _score(prompt)
        assert max(note.start_s for note in score.notes) < score.duration_s - TAIL_S
        pitched = [n.pitch for n in score.notes if n.part in ("melody", "chords", "bass")]
        assert min(pitched) >= 24
        assert max(pitched) <= 100


@pytest.mark.parametrize("f_hz", [82.4, 220.0, 440.0, 1046.5])
def test_a_string_sounds_at_its_pitch_to_two_cents(f_hz: float) -> None:
    burst = np.random.default_rng(0).uniform(-1, 1, SAMPLE_RATE_HZ // 60)
    sound = string(f_hz, 1.5, t60_s=3.0, damping=0.3, pluck=burst)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 20))
    frequencies = np.fft.rfftfreq(1 << 20, 1 / SAMPLE_RATE_HZ)
    near = np.abs(frequencies / f_hz - 1) < 0.05
    found = frequencies[near][np.argmax(spectrum[near])]
    assert abs(1200 * np.log2(found / f_hz)) < 2


def test_a_string_dies_away_by_sixty_decibels_in_its_t60() -> None:
    burst = np.sin(2 * np.pi * np.arange(500) / 200)  # one period of the lowest partial
    sound = string(220.5, 2.2, t60_s=2.0, damping=0.1, pluck=burst)
    early = np.abs(sound[:2000]).max()
    late = np.abs(sound[2 * SAMPLE_RATE_HZ : 2 * SAMPLE_RATE_HZ + 2000]).max()
    assert 20 * np.log10(late / early) == pytest.approx(-60, abs=3)
