"""The demo image generators: reproducible PNGs that follow the prompt's words."""

from __future__ import annotations

import functools
import importlib
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from models_registry.adapters.demo.image.colour import from_oklab, mix, to_oklab
from models_registry.adapters.demo.words import read_prompt

NAMES = ("landscape", "flow", "tiling")
SMALL = {"size_px": 96}
ODD_PROMPTS = ("", "🌋🔥💙", "sea " * 1000, "غروب أحمر فوق البحر", "\x00\n\t", "不要 雪", "\ud800")


def _draw(name: str, prompt: str, seed: int = 0, parameters: Any = None) -> bytes:
    module = importlib.import_module(f"models_registry.adapters.demo.image.{name}")
    data, media_type = module.generate(
        prompt, seed, SMALL if parameters is None else parameters, lambda fraction: None
    )
    assert media_type == "image/png"
    return bytes(data)


@functools.lru_cache(maxsize=256)
def _pixels(name: str, prompt: str, seed: int = 0) -> np.ndarray:
    picture = Image.open(io.BytesIO(_draw(name, prompt, seed))).convert("RGB")
    return np.asarray(picture, dtype=np.float64) / 255


def _mean(name: str, prompt: str) -> np.ndarray:
    """Return the mean colour (3,) over two seeds."""
    return np.mean([_pixels(name, prompt, seed).mean(axis=(0, 1)) for seed in range(2)], axis=0)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_request_draws_the_same_bytes_and_another_seed_other_ones(name: str) -> None:
    first = _draw(name, "green hills", 7)
    assert first == _draw(name, "green hills", 7)
    assert first != _draw(name, "green hills", 8)
    assert first != _draw(name, "green hillsides", 7)


@pytest.mark.parametrize("name", NAMES)
def test_without_parameters_the_picture_is_an_rgb_png_of_768_pixels(name: str) -> None:
    picture = Image.open(io.BytesIO(_draw(name, "red sky over a lake", 1, {})))
    assert (picture.format, picture.size, picture.mode) == ("PNG", (768, 768), "RGB")
    assert np.asarray(picture).std() > 8


@pytest.mark.parametrize("name", NAMES)
def test_a_blue_night_is_bluer_and_darker_than_a_red_volcano_is_red(name: str) -> None:
    night, volcano = _mean(name, "calm blue sea at night"), _mean(name, "angry red volcano")
    assert night[2] - night[0] > 0.1
    assert volcano[0] - volcano[2] > 0.1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("colour", "channel"), [("red", 0), ("green", 1), ("blue", 2)])
def test_a_colour_word_raises_its_own_channel_most(name: str, colour: str, channel: int) -> None:
    gain = _mean(name, f"{colour} shapes by day") - _mean(name, "shapes by day")
    assert int(np.argmax(gain)) == channel


@pytest.mark.parametrize("name", NAMES)
def test_night_is_darker_than_day(name: str) -> None:
    assert _mean(name, "hills at night").mean() < _mean(name, "hills at noon").mean() - 0.05


@pytest.mark.parametrize("name", NAMES)
def test_snow_raises_whiteness(name: str) -> None:
    def whiteness(prompt: str) -> float:  # the darkest channel: high only where all are
        return float(np.mean([_pixels(name, prompt, s).min(axis=-1).mean() for s in range(2)]))

    assert whiteness("mountains by day, deep snow") > whiteness("mountains by day") + 0.03


def test_a_colour_word_before_a_subject_dyes_that_subject_only() -> None:
    picture = np.mean([_pixels("landscape", "red sky over a hill", s) for s in range(3)], axis=0)
    sky, ground = picture[4:30].mean(axis=(0, 1)), picture[-12:].mean(axis=(0, 1))
    assert sky[0] - sky[1] > 0.15
    assert ground[0] - ground[1] < (sky[0] - sky[1]) / 2


def test_sad_is_greyer_than_happy() -> None:
    def chroma(prompt: str) -> float:
        lab = to_oklab(_pixels("landscape", prompt))
        return float(np.hypot(lab[..., 1], lab[..., 2]).mean())

    assert chroma("sad mountains by day") < chroma("happy mountains by day")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("prompt", ODD_PROMPTS)
def test_odd_prompts_still_give_a_picture(name: str, prompt: str) -> None:
    assert _pixels(name, prompt).shape == (96, 96, 3)


@settings(max_examples=5, deadline=None)
@given(prompt=st.text(max_size=200), seed=st.integers(0, 2**31 - 1))
def test_any_text_and_seed_give_a_picture(prompt: str, seed: int) -> None:
    for name in NAMES:
        assert _pixels(name, prompt, seed).shape == (96, 96, 3)


@pytest.mark.parametrize(
    "words",
    [
        "volcano", "desert", "canyon", "city", "neon city", "island", "sea storm with a boat",
        "mountain lake house", "forest in the rain", "spring meadow flowers", "aurora snow",
        "palm beach", "foggy dead trees", "cactus at dawn",
    ],
)  # fmt: skip
def test_every_scene_can_be_painted(words: str) -> None:
    assert _pixels("landscape", words).std() > 0.02


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [0, 63, 1e9, "768", True, float("nan")])
def test_a_wrong_size_is_refused_with_what_to_write(name: str, size: object) -> None:
    with pytest.raises(ValueError, match=r"size_px is .*; give a number from 64 to 1536"):
        _draw(name, "sea", 0, {"size_px": size})


@pytest.mark.parametrize("name", NAMES)
def test_progress_rises_to_one(name: str) -> None:
    module = importlib.import_module(f"models_registry.adapters.demo.image.{name}")
    seen: list[float] = []
    module.generate("sea", 0, SMALL, seen.append)
    assert len(seen) >= 3
    assert seen == sorted(seen)
    assert seen[0] >= 0
    assert seen[-1] == 1.0


@given(rgb=st.tuples(*[st.floats(0, 1)] * 3))
def test_oklab_and_back_is_the_same_colour(rgb: tuple[float, float, float]) -> None:
    assert from_oklab(to_oklab(rgb)) == pytest.approx(rgb, abs=2e-3)


def test_oklab_matches_its_published_values() -> None:
    # Ottosson 2020: XYZ (0.950, 1, 1.089), the white point, is (1, 0, 0) to three decimals.
    assert to_oklab((1.0, 1.0, 1.0)) == pytest.approx((1.0, 0.0, 0.0), abs=1e-3)
    assert mix((0, 0, 0), (1, 1, 1), 0.0) == pytest.approx((0, 0, 0), abs=1e-6)


@settings(max_examples=60)
@given(prompt=st.text(max_size=400))
def test_any_text_can_be_read(prompt: str) -> None:
    reading = read_prompt(prompt)
    assert -1 <= reading.valence <= 1
    assert -1 <= reading.energy <= 1


def test_words_are_read_with_their_endings_and_their_denials() -> None:
    reading = read_prompt("Stormy RED skies over snowy mountains, no trees, without a blue lake")
    assert {"storm", "sky", "snow", "mountain"} <= reading.subjects
    assert not reading.has("tree")
    assert reading.tints["sky"] == reading.colours[0]


def test_the_mood_has_the_direction_of_its_words() -> None:
    calm, angry = read_prompt("calm peaceful"), read_prompt("angry furious")
    sad, happy = read_prompt("sad lonely"), read_prompt("happy party")
    assert calm.energy < 0 < angry.energy
    assert angry.valence < 0 < calm.valence
    assert sad.valence < 0 < happy.valence
