"""The transformers adapter runs tiny models of random weights through its real loading code."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import threading
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models_registry.adapters import make_adapter
from models_registry.adapters.audio import wav_artifact
from models_registry.adapters.contract import (
    Artifact,
    Event,
    GenerationError,
    Progress,
    Request,
    TextDelta,
    Turn,
    Usage,
)
from models_registry.adapters.local import Blank
from models_registry.adapters.transformers.adapter import TransformersAdapter
from models_registry.adapters.weights import HARMLESS
from tests.models_registry import tiny

pytest.importorskip("transformers", reason="the worker of such models installs it")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="session")
def musicgen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save_musicgen(tmp_path_factory.mktemp("musicgen"))


def text_config(folder: Path, **changes: Any) -> dict[str, Any]:
    return {"modality": "text", "model": str(folder), "max_new_tokens": 24, **changes}


def music_config(folder: Path, **changes: Any) -> dict[str, Any]:
    return {"modality": "music", "model": str(folder), "duration_s": 0.5, **changes}


@asynccontextmanager
async def loaded(config: dict[str, Any]) -> AsyncIterator[TransformersAdapter]:
    adapter = TransformersAdapter(config)
    await adapter.load()
    try:
        yield adapter
    finally:
        await adapter.unload()


def asked(
    config: dict[str, Any],
    *requests: Request,
) -> list[list[Event]]:
    """Return the events of each request, asked of one loaded model in turn."""

    async def story() -> list[list[Event]]:
        async with loaded(config) as adapter:
            return [[event async for event in adapter.generate(one)] for one in requests]

    return asyncio.run(story())


def answers(config: dict[str, Any], *requests: Request) -> list[str]:
    return [
        "".join(event.text for event in events if isinstance(event, TextDelta))
        for events in asked(config, *requests)
    ]


def refused(config: dict[str, Any], **parameters: Any) -> GenerationError:
    with pytest.raises(GenerationError) as caught:
        asked(config, Request("Tell me", 1, parameters))
    return caught.value


# --- text ------------------------------------------------------------------------------------


def test_an_answer_streams_with_its_token_count(llama: Path) -> None:
    (events,) = asked(text_config(llama, max_new_tokens=80), Request("Tell me a story", 1))
    assert events[0] == Progress(0.0)
    assert events[-2:] == [Progress(1.0), Usage(output_tokens=80)]
    assert sum(isinstance(event, TextDelta) for event in events) > 1


def test_the_seed_decides_what_is_sampled(llama: Path) -> None:
    first, again, other = answers(text_config(llama), *(Request("Tell", n) for n in (7, 7, 8)))
    assert first == again
    assert first != other
    assert len(first) == 24  # a token is a character here


def test_the_seed_does_not_depend_on_what_else_draws_numbers(llama: Path) -> None:
    torch.manual_seed(1)
    (first,) = answers(text_config(llama), Request("Tell", 7))
    torch.manual_seed(2)
    state = torch.random.get_rng_state()
    assert answers(text_config(llama), Request("Tell", 7)) == [first]
    assert torch.equal(torch.random.get_rng_state(), state)


def test_at_temperature_zero_the_seed_changes_nothing(llama: Path) -> None:
    cold = {"temperature": 0}
    first, other, one = answers(
        text_config(llama),
        Request("Tell", 1, cold),
        Request("Tell", 2, cold),
        Request("Tell", 3, {"top_k": 1}),
    )
    assert first == other == one


def test_samples_follow_the_probabilities_of_the_model(llama: Path) -> None:
    from models_registry.adapters.transformers.sampling import GumbelNoise

    scores = torch.log(torch.tensor([[0.6, 0.3, 0.1, 0.0]]))
    noise = GumbelNoise(5)
    ids = torch.zeros((1, 1), dtype=torch.long)
    drawn = torch.stack([noise(ids, scores).argmax() for _ in range(4000)])  # type: ignore[arg-type]
    shares = torch.bincount(drawn, minlength=4) / 4000
    # Three standard errors of a share of 0.6 among 4000 draws are 0.023.
    assert torch.allclose(shares, torch.tensor([0.6, 0.3, 0.1, 0.0]), atol=0.023)


def test_system_prompt_history_and_parameters_reach_the_model(llama: Path) -> None:
    cold = {"temperature": 0, "max_new_tokens": 12}
    plain, said, hot = answers(
        text_config(llama),
        Request("Tell", 1, cold),
        Request("Tell", 1, cold, (Turn("Who are you", "A tree"),)),
        Request("Tell", 1, {"max_new_tokens": 12, "temperature": 2.0, "top_p": 0.9}),
    )
    (told,) = answers(text_config(llama, system_prompt="Be brief"), Request("Tell", 1, cold))
    assert len({plain, said, told, hot}) == 4
    assert {len(answer) for answer in (plain, said, told, hot)} == {12}


def test_a_model_without_a_chat_template_goes_on_with_the_prompt(tmp_path: Path) -> None:
    folder = tiny.save_llama(tmp_path, has_template=False)
    one, two = answers(
        text_config(folder), Request("Tell", 1), Request("Tell", 1, {}, (Turn("a", "b"),))
    )
    assert one
    assert one != two


def test_a_prompt_that_fills_the_model_is_refused(llama: Path) -> None:
    with pytest.raises(GenerationError) as caught:
        asked(text_config(llama), Request("a" * 5000, 1))
    assert (caught.value.code, caught.value.retryable) == ("too_long", False)


@pytest.mark.parametrize("way", ["close", "cancel"])
def test_leaving_early_stops_the_model(llama: Path, way: str) -> None:
    async def story() -> None:
        async with loaded(text_config(llama, max_new_tokens=4000)) as adapter:
            events = adapter.generate(Request("go on", 1))
            async for event in events:
                if isinstance(event, TextDelta):
                    break
            if way == "close":
                await events.aclose()
            else:
                reading = asyncio.create_task(anext(events))  # type: ignore[arg-type]
                await asyncio.sleep(0)
                reading.cancel()
                await asyncio.wait([reading])
                await events.aclose()
            # The one thread is free again.
            assert [
                event async for event in adapter.generate(Request("a", 1, {"max_new_tokens": 2}))
            ]

    asyncio.run(story())


def test_the_event_loop_stays_free_while_the_model_works(llama: Path) -> None:
    async def story() -> set[str]:
        async with loaded(text_config(llama)) as adapter:
            return {
                threading.current_thread().name async for _ in adapter.generate(Request("a", 1))
            }

    assert asyncio.run(story()) == {threading.main_thread().name}


def test_a_model_is_found_on_the_hub_only_at_its_pinned_commit(llama: Path, tmp_path: Path) -> None:
    at = tmp_path / "models--ben--tiny" / "snapshots" / COMMIT
    shutil.copytree(llama, at)
    config = text_config(llama, model="ben/tiny", revision=COMMIT, cache_dir=str(tmp_path))
    assert answers(config, Request("a", 1)) == answers(text_config(llama), Request("a", 1))
    error = refused({**config, "revision": COMMIT[::-1]})
    assert (error.code, error.retryable) == ("connection", True)
    assert "'ben/tiny' is not here yet" in str(error)
    assert not any(pattern in ("*", "*.py", "*.bin", "*.pt") for pattern in HARMLESS)


# --- what cannot be loaded -------------------------------------------------------------------


def copied(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to)
    return to


def test_a_folder_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    error = refused(text_config(tmp_path / "nowhere"))
    assert (error.code, error.retryable) == ("load_failed", False)
    assert "there is no such folder" in str(error)


def test_pickled_weights_are_never_read(llama: Path, tmp_path: Path) -> None:
    folder = copied(llama, tmp_path / "m")
    (folder / "model.safetensors").unlink()
    torch.save({"x": torch.zeros(1)}, folder / "pytorch_model.bin")
    assert "no *.safetensors file" in str(refused(text_config(folder)))


def test_missing_weights_are_no_model(llama: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = copied(llama, tmp_path / "m")
    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    error = refused(text_config(folder))
    assert "1 of its weights are missing, such as 'model.layers.1.mlp.up_proj.weight'" in str(error)


def test_code_of_the_models_own_is_never_run(llama: Path, tmp_path: Path) -> None:
    folder = copied(llama, tmp_path / "m")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "architectures": ["Own"]}
    config["auto_map"] = {"AutoConfig": "own.OwnConfig", "AutoModelForCausalLM": "own.Own"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    assert "code of its own, which is never run" in str(refused(text_config(folder)))
    assert not (tmp_path / "ran").exists()


def test_a_model_of_another_modality_is_told_apart(llama: Path, musicgen: Path) -> None:
    assert "not one that makes music" in str(refused(music_config(llama)))
    assert "a MusicgenConfig makes music" in str(refused(text_config(musicgen)))


def test_a_device_that_is_not_there_is_named(llama: Path) -> None:
    error = refused(text_config(llama, device="cuda:63"))
    assert "'cuda:63', which torch does not find here" in str(error)


def test_too_little_memory_is_retryable(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import AutoModelForCausalLM, LlamaForCausalLM

    def no_room(*_: Any, **__: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    with monkeypatch.context() as patch:
        patch.setattr(LlamaForCausalLM, "generate", no_room)
        error = refused(text_config(llama))
        assert (error.code, error.retryable) == ("out_of_memory", True)
    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", no_room)
    error = refused(text_config(llama))
    assert (error.code, error.retryable) == ("out_of_memory", True)


def test_a_worker_without_the_package_says_what_to_install(
    llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.delitem(sys.modules, "models_registry.adapters.transformers.text", raising=False)
    monkeypatch.setitem(sys.modules, "transformers", None)
    error = refused(text_config(llama))
    assert (error.code, error.retryable) == ("not_installed", False)
    assert "pip install -r deploy/gpu/requirements.txt" in str(error)


def test_a_wrong_parameter_is_named(llama: Path) -> None:
    error = refused(text_config(llama), temprature=1)
    assert (error.code, error.retryable) == ("bad_parameters", False)
    assert "no parameter 'temprature'" in str(error)


# --- music -----------------------------------------------------------------------------------


def clip_of(events: list[Event]) -> wave.Wave_read:
    (artifact,) = [event for event in events if isinstance(event, Artifact)]
    assert artifact.media_type == "audio/wav"
    return wave.open(io.BytesIO(artifact.data))


def test_a_clip_has_the_length_that_was_asked_for_and_progress(musicgen: Path) -> None:
    (events,) = asked(music_config(musicgen), Request("a waltz", 1, {"duration_s": 1.0}))
    with clip_of(events) as clip:
        assert clip.getframerate() == 4000
        assert clip.getnframes() == pytest.approx(4000, abs=80)
    fractions = [event.fraction for event in events if isinstance(event, Progress)]
    assert fractions == sorted(fractions)
    assert len(set(fractions)) > 10
    assert fractions[-1] == 1.0


def test_the_seed_decides_the_clip(musicgen: Path) -> None:
    requests = [Request("a waltz", seed) for seed in (1, 1, 2)]
    first, again, other = (
        event.data
        for events in asked(music_config(musicgen), *requests)
        for event in events
        if isinstance(event, Artifact)
    )
    assert first == again
    assert first != other


def test_a_silent_clip_is_blank(tmp_path: Path) -> None:
    error = refused(music_config(tiny.save_musicgen(tmp_path, is_silent=True)))
    assert (error.code, error.retryable) == ("blank", False)
    assert "twice with the same seed" in str(error)


@pytest.mark.parametrize("samples", [np.zeros((1, 0)), np.ones((2, 9)), np.full((1, 9), np.nan)])
def test_nothing_to_hear_is_blank(samples: np.ndarray) -> None:
    with pytest.raises(Blank):
        wav_artifact(samples, 4000)


def test_loud_samples_are_scaled_not_cut() -> None:
    clip = wav_artifact(np.array([[0.0, 4.0, -2.0]]), 4000)
    with wave.open(io.BytesIO(clip.data)) as read:
        assert np.frombuffer(read.readframes(3), "<i2").tolist() == [0, 32767, -16384]


# --- the configuration -----------------------------------------------------------------------

GOOD = {"modality": "text", "model": "ben/tiny", "revision": COMMIT}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"modality": None}, "needs 'modality'"),
        ({"modality": "image"}, "'modality' is 'image'; use one of text, music"),
        ({"model": None}, "needs 'model'"),
        ({"model": "folder"}, "'model' is 'folder'; use the absolute path"),
        ({"model": "../up"}, "'model' is '../up'"),
        ({"revision": None}, "needs 'revision'"),
        ({"revision": "main"}, "'revision' is 'main'"),
        ({"model": "/weights"}, "leave it out for a folder"),
        ({"device": "gpu"}, "'device' is 'gpu'"),
        ({"dtype": "int8"}, "'dtype' is 'int8'"),
        ({"max_new_tokens": 0}, "'max_new_tokens' is 0"),
        ({"duration_s": 5}, "no key 'duration_s'"),
        ({"trust_remote_code": True}, "no key 'trust_remote_code'"),
    ],
)
def test_configuration_mistakes_name_the_key(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as refusal:
        make_adapter("transformers", {**GOOD, **changes})
    assert said in str(refusal.value)


def test_what_it_can_do_is_known_without_loading() -> None:
    text = make_adapter("transformers", GOOD).capabilities()
    assert (text.modality, text.streams, text.concurrency) == ("text", True, 1)
    assert text.abilities.conversation
    music = make_adapter("transformers", {**GOOD, "modality": "music"}).capabilities()
    assert (music.modality, music.streams, music.abilities.max_duration_s) == ("music", False, 10.0)
