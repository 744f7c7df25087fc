"""The diffusers adapter runs tiny pipelines of random weights through its real loading code."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from models_registry.adapters import make_adapter
from models_registry.adapters.contract import (
    Artifact,
    Event,
    GenerationError,
    Progress,
    Request,
    Usage,
)
from models_registry.adapters.diffusers.adapter import DiffusersAdapter
from models_registry.adapters.diffusers.outputs import image_artifact, png_artifact
from models_registry.adapters.local import Blank
from tests.models_registry import tiny

pytest.importorskip("diffusers", reason="the worker of such models installs it")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = Path(__file__).resolve().parents[2]
# Of torch, for how diffusers makes the parts of Stable Audio.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm`:FutureWarning")


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.fixture(scope="session")
def painter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save_stable_diffusion(tmp_path_factory.mktemp("painter"))


@pytest.fixture(scope="session")
def player(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save_stable_audio(tmp_path_factory.mktemp("player"))


def image_config(folder: Path, **changes: Any) -> dict[str, Any]:
    return {"modality": "image", "model": str(folder), **changes}


SMALL = {"steps": 2, "width": 64, "height": 64}


@asynccontextmanager
async def loaded(config: dict[str, Any]) -> AsyncIterator[DiffusersAdapter]:
    adapter = DiffusersAdapter(config)
    await adapter.load()
    try:
        yield adapter
    finally:
        await adapter.unload()


def asked(config: dict[str, Any], *requests: Request) -> list[list[Event]]:
    """Return the events of each request, asked of one loaded pipeline in turn."""

    async def story() -> list[list[Event]]:
        async with loaded(config) as adapter:
            return [[event async for event in adapter.generate(one)] for one in requests]

    return asyncio.run(story())


def artifact_of(events: list[Event]) -> Artifact:
    (artifact,) = [event for event in events if isinstance(event, Artifact)]
    return artifact


def refused(config: dict[str, Any], **parameters: Any) -> GenerationError:
    with pytest.raises(GenerationError) as caught:
        asked(config, Request("a bicycle", 1, parameters))
    return caught.value


# --- images ----------------------------------------------------------------------------------


def test_an_image_comes_with_progress_and_its_seed_and_prompt_decide_it(painter: Path) -> None:
    events, again, other_seed, other_prompt = asked(
        image_config(painter),
        Request("a bicycle", 1, SMALL),
        Request("a bicycle", 1, SMALL),
        Request("a bicycle", 2, SMALL),
        Request("a boat", 1, SMALL),
    )
    artifact = artifact_of(events)
    assert artifact.media_type == "image/png"
    assert Image.open(io.BytesIO(artifact.data)).size == (64, 64)
    fractions = [event.fraction for event in events if isinstance(event, Progress)]
    assert fractions == [0.0, 0.5, 0.99, 1.0]
    assert events[-1] == Usage()
    assert artifact == artifact_of(again)
    assert len({artifact, artifact_of(other_seed), artifact_of(other_prompt)}) == 3


def test_a_blank_image_is_made_once_more_and_then_refused(tmp_path: Path) -> None:
    config = image_config(tiny.save_stable_diffusion(tmp_path, is_blank=True))
    events: list[Event] = []

    async def story() -> None:
        async with loaded(config) as adapter:
            async for event in adapter.generate(Request("a", 1, SMALL)):
                events.append(event)  # noqa: PERF401 - what came before the failure counts

    with pytest.raises(GenerationError) as caught:
        asyncio.run(story())
    assert (caught.value.code, caught.value.retryable) == ("blank", False)
    assert "an image of one colour, twice with the same seed" in str(caught.value)
    assert events.count(Progress(0.99)) == 2


@pytest.mark.parametrize("way", ["close", "cancel"])
def test_leaving_early_stops_the_pipeline_at_its_next_step(painter: Path, way: str) -> None:
    async def story() -> list[Event]:
        async with loaded(image_config(painter)) as adapter:
            events = adapter.generate(Request("a", 1, {**SMALL, "steps": 900}))
            async for event in events:
                if isinstance(event, Progress) and event.fraction > 0.0:
                    break
            if way == "close":
                await events.aclose()
            else:
                reading = asyncio.create_task(anext(events))  # type: ignore[arg-type]
                await asyncio.sleep(0)
                reading.cancel()
                await asyncio.wait([reading])
                await events.aclose()
            return [event async for event in adapter.generate(Request("a", 1, SMALL))]

    # The one thread is free, and the scheduler starts anew.
    after = asyncio.run(story())
    assert after == asked(image_config(painter), Request("a", 1, SMALL))[0]


def test_what_is_no_picture_is_blank() -> None:
    noise = np.random.default_rng(0).random((8, 8, 3), dtype=np.float32)
    assert png_artifact(noise).media_type == "image/png"
    for pixels in (np.full_like(noise, 0.5), noise * 0.005, np.where(noise > 0.9, np.nan, noise)):
        with pytest.raises(Blank):
            png_artifact(pixels)


def test_an_image_that_the_safety_checker_blackened_is_filtered_not_blank() -> None:
    from diffusers.pipelines.stable_diffusion import StableDiffusionPipelineOutput

    output = StableDiffusionPipelineOutput(
        images=np.zeros((1, 8, 8, 3)),
        nsfw_content_detected=[True],
    )
    with pytest.raises(GenerationError) as caught:
        image_artifact(output)
    assert (caught.value.code, caught.value.retryable) == ("content_filter", False)


def test_a_pipeline_is_found_on_the_hub_only_at_its_pinned_commit(
    painter: Path, tmp_path: Path
) -> None:
    shutil.copytree(painter, tmp_path / "models--ben--tiny" / "snapshots" / COMMIT)
    config = image_config(painter, model="ben/tiny", revision=COMMIT, cache_dir=str(tmp_path))
    request = Request("a", 1, SMALL)
    assert asked(config, request) == asked(image_config(painter), request)
    assert refused({**config, "revision": COMMIT[::-1]}).code == "connection"


# --- music -----------------------------------------------------------------------------------


def test_a_clip_has_its_length_and_its_seed_decides_it(player: Path) -> None:
    config = {"modality": "music", "model": str(player), "duration_s": 0.5}
    parameters = {"steps": 2, "duration_s": 0.75}
    events, again, other = asked(
        config, *(Request("a waltz", seed, parameters) for seed in (1, 1, 2))
    )
    artifact = artifact_of(events)
    with wave.open(io.BytesIO(artifact.data)) as clip:
        assert (clip.getnchannels(), clip.getframerate()) == (2, 4000)
        assert clip.getnframes() == 3000
    assert any(0 < event.fraction < 1 for event in events if isinstance(event, Progress))
    assert artifact == artifact_of(again)
    assert artifact != artifact_of(other)


# --- what cannot be loaded or asked for ------------------------------------------------------


def test_a_pipeline_of_another_modality_is_told_apart(painter: Path, player: Path) -> None:
    error = refused({"modality": "music", "model": str(painter)})
    assert (error.code, error.retryable) == ("load_failed", False)
    assert "a StableDiffusionPipeline makes image, not music" in str(error)
    assert "a StableAudioPipeline makes music" in str(refused(image_config(player)))


def test_pickled_weights_are_never_read(painter: Path, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    shutil.copytree(painter, folder)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save({"x": torch.zeros(1)}, weights.with_suffix(".bin"))
    weights.unlink()
    error = refused(image_config(folder))
    assert (error.code, error.retryable) == ("load_failed", False)
    assert "safetensors" in str(error)


def test_a_folder_without_a_pipeline_is_told_apart(painter: Path, tmp_path: Path) -> None:
    shutil.copytree(painter / "unet", tmp_path / "m")
    assert "it has no model_index.json" in str(refused(image_config(tmp_path / "m")))


def test_a_parameter_that_this_pipeline_does_not_take_is_named(player: Path, painter: Path) -> None:
    error = refused({"modality": "music", "model": str(player)}, width=64)
    assert (error.code, error.retryable) == ("bad_parameters", False)
    assert "no parameter 'width'" in str(error)
    assert "use a multiple of 8, such as 64" in str(refused(image_config(painter), width=66))


# --- the configuration -----------------------------------------------------------------------

GOOD = {"modality": "image", "model": "ben/tiny", "revision": COMMIT}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"modality": None}, "needs 'modality'"),
        ({"modality": "text"}, "'modality' is 'text'; use one of image, music"),
        ({"model": None}, "needs 'model'"),
        ({"revision": None}, "needs 'revision'"),
        ({"revision": "main"}, "'revision' is 'main'"),
        ({"variant": 16}, "'variant' is 16"),
        ({"duration_s": 5}, "no key 'duration_s'"),
        ({"custom_pipeline": "x"}, "no key 'custom_pipeline'"),
    ],
)
def test_configuration_mistakes_name_the_key(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as refusal:
        make_adapter("diffusers", {**GOOD, **changes})
    assert said in str(refusal.value)


def test_one_request_at_a_time_is_declared() -> None:
    image = make_adapter("diffusers", GOOD).capabilities()
    assert (image.modality, image.streams, image.concurrency) == ("image", False, 1)
    music = make_adapter("diffusers", {**GOOD, "modality": "music"}).capabilities()
    assert (music.modality, music.abilities.max_duration_s) == ("music", 10.0)


def test_the_lists_of_packages_agree() -> None:
    def pins(path: str) -> set[str]:
        return set(re.findall(r"^[\w.-]+==\S+", (REPOSITORY / path).read_text(), re.MULTILINE))

    assert pins("deploy/gpu/requirements.txt") <= pins("tests/requirements.txt")
