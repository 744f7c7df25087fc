"""Outputs through the sandbox: the bytes of the profiles, and nothing that a child makes up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from arena.common.sandbox import MIB, Answer, Ending, Limits, Refused
from arena.generation import profiles, sandbox
from arena.generation.models import GenerationJob, Output
from arena.generation.profiles import UNUSABLE_CODES, UnusableOutput
from arena.generation.sandbox import safe
from arena.generation.sandbox.limits import IMAGE
from tests.arena import test_generation_media_worker as worker_tests
from tests.arena.test_output_profiles_audio import music
from tests.arena.test_output_profiles_audio import saved as clip
from tests.arena.test_output_profiles_image import picture
from tests.arena.test_output_profiles_image import saved as image_file
from tests.arena.test_output_profiles_mesh import coloured, textured

own_worker = worker_tests.own_worker
FINE = {"width_px": 1024, "height_px": 1024}
WEBP = b"RIFF\0\0\0\0WEBPVP8 "


def bomb() -> bytes:
    """A picture of 25 megapixels in a file of 100 kB: allowed, and large when it is decoded."""
    return image_file(Image.new("RGBA", (5000, 5000), (1, 2, 3, 4)))


def code_of(make: Callable[[], object]) -> str:
    with pytest.raises(UnusableOutput) as raised:
        make()
    assert raised.value.code in UNUSABLE_CODES
    return raised.value.code


def answering(monkeypatch: pytest.MonkeyPatch, facts: dict[str, Any], data: bytes) -> None:
    """Let the child answer this, whatever it is asked."""
    answer = Answer(facts, data, Ending(0, False, 0.0, 0))
    monkeypatch.setattr(safe.sandbox, "run", lambda *_args: answer)


@pytest.mark.parametrize(
    ("modality", "media_type", "data", "duration_s"),
    [
        ("image", "image/png", image_file(picture()), None),
        ("image", "image/jpeg", image_file(picture(), "JPEG"), None),
        ("image", "image/webp", image_file(picture(), "WEBP"), None),
        ("image", "image/gif", image_file(picture(), "GIF"), None),
        ("music", "audio/wav", clip(music()), 2.0),
        ("music", "audio/flac", clip(music(48_000), rate=48_000, kind="FLAC"), None),
        ("music", "audio/ogg", clip(music(), kind="OGG", subtype="VORBIS"), 4.0),
        ("music", "audio/mpeg", clip(music(), kind="MP3", subtype="MPEG_LAYER_III"), 2.0),
        ("mesh", "model/gltf-binary", textured(), None),
        ("mesh", "model/gltf-binary", coloured(), None),
        ("text", "text/plain", "A word.\r\n", None),
    ],
)
def test_the_sandbox_gives_the_very_bytes_of_the_profile(
    modality: str,
    media_type: str,
    data: bytes | str,
    duration_s: float | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    here = profiles.make_anonymous(modality, data, media_type, duration_s=duration_s)
    assert sandbox.make_anonymous(modality, data, media_type, duration_s=duration_s) == here
    assert "imported" not in caplog.text


async def test_the_loop_is_not_held_up() -> None:
    data = image_file(picture())
    made = await sandbox.amake_anonymous("image", data, "image/png")
    assert made == profiles.make_anonymous("image", data, "image/png")


@pytest.mark.parametrize(
    ("modality", "media_type", "data", "code"),
    [
        ("image", "image/png", b"no picture", "undecodable"),
        ("image", "image/png", b"", "empty"),
        ("image", "video/mp4", b"x", "unsupported"),
        ("image", "image/png", "text", "undecodable"),
        ("image", "image/png", image_file(Image.new("RGB", (9, 9))), "blank"),
        ("music", "audio/wav", clip(np.zeros((44_100, 1))), "silent"),
        ("mesh", "model/gltf-binary", textured()[:-4], "undecodable"),
    ],
)
def test_what_a_profile_refuses_keeps_its_reason(
    modality: str, media_type: str, data: bytes | str, code: str
) -> None:
    assert code_of(lambda: sandbox.make_anonymous(modality, data, media_type)) == code
    assert code_of(lambda: profiles.make_anonymous(modality, data, media_type)) == code


def test_an_unknown_modality_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="video"):
        sandbox.make_anonymous("video", b"x", "video/mp4")


def test_a_decompression_bomb_is_refused_and_the_next_output_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = Limits(memory_bytes=100 * MIB, cpu_s=IMAGE.cpu_s, result_bytes=IMAGE.result_bytes)
    shape = safe._Shape(small, ".webp", safe._SHAPES["image"].details)
    monkeypatch.setitem(safe._SHAPES, "image", shape)
    assert code_of(lambda: sandbox.make_anonymous("image", bomb(), "image/png")) == "out_of_memory"
    assert sandbox.make_anonymous("image", image_file(picture()), "image/png").data


def test_the_limits_have_room_for_the_largest_picture_that_is_read() -> None:
    grey = np.arange(25_000_000, dtype=np.uint32).astype(np.uint16).reshape(5000, 5000)
    largest = image_file(Image.fromarray(grey))
    assert sandbox.make_anonymous("image", largest, "image/png").details == FINE


@pytest.mark.parametrize(
    ("facts", "data"),
    [
        (FINE, b"<!doctype html><script>alert(1)</script>"),
        (FINE, b""),
        ({"width_px": 1024}, WEBP),
        ({**FINE, "model": "A"}, WEBP),
        ({**FINE, "width_px": "1024"}, WEBP),
        ({**FINE, "width_px": True}, WEBP),
        ({}, WEBP),
    ],
)
def test_a_child_that_was_taken_over_cannot_answer_what_it_likes(
    monkeypatch: pytest.MonkeyPatch, facts: dict[str, Any], data: bytes
) -> None:
    answering(monkeypatch, facts, data)
    assert code_of(lambda: sandbox.make_anonymous("image", b"x", "image/png")) == "crashed"


def test_the_worker_itself_says_what_kind_of_file_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, FINE, WEBP)
    made = sandbox.make_anonymous("image", b"x", "image/png")
    assert (made.media_type, made.extension, made.details) == ("image/webp", ".webp", FINE)


@pytest.mark.parametrize("peaks", [[float("nan")], [0.5] * 1001, [1], ["x"], "x", [[0.5]]])
def test_a_waveform_is_a_list_of_numbers(monkeypatch: pytest.MonkeyPatch, peaks: object) -> None:
    answering(monkeypatch, {"duration_s": 1.0, "peaks": peaks}, b"\xff\xfb")
    assert code_of(lambda: sandbox.make_anonymous("music", b"x", "audio/wav")) == "crashed"


def test_a_child_cannot_make_up_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> Answer:
        raise Refused("a_code_of_its_own", "words")

    monkeypatch.setattr(safe.sandbox, "run", refuse)
    assert code_of(lambda: sandbox.make_anonymous("image", b"x", "image/png")) == "crashed"


@pytest.mark.django_db(transaction=True)
def test_an_output_that_breaks_the_sandbox_is_tried_once_more_and_the_worker_lives(
    own_worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    battle = worker_tests.image_battle()
    one, two = worker_tests.jobs_of(battle)
    tiny = Limits(memory_bytes=1 * MIB, cpu_s=IMAGE.cpu_s, result_bytes=IMAGE.result_bytes)
    for attempt, state in ((1, "queued"), (2, "failed")):
        GenerationJob.objects.filter(pk=one.pk).update(not_before=one.created_at)
        with monkeypatch.context() as patched:
            patched.setitem(safe._SHAPES, "image", safe._Shape(tiny, ".webp", {}))
            assert not worker_tests.generate_output(str(one.pk))
        one.refresh_from_db()
        assert (one.state, one.attempt, one.error_code) == (state, attempt, "out_of_memory")
        assert "needed more than 1 MiB" in one.error_message
        assert worker_tests.generate_output(str(two.pk)) == (attempt == 1)
    battle.refresh_from_db()
    assert battle.stage == "void"
    assert Output.objects.get().seat_id == two.seat_id
