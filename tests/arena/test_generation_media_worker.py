"""Media workers: one job from claim to a stored, anonymous file, and every way to fail."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image
from pytest_django import Settings

from arena.accounts.models import Voter
from arena.battles.models import Battle
from arena.common.models import Event
from arena.generation import jobs, media_worker, running, streams
from arena.generation.media_worker import generate_output
from arena.generation.models import Blob, GenerationJob, Output
from arena.generation.outputs import anonymous_output
from arena.generation.running import LoadedAdapters
from models_registry.adapters import ADAPTERS
from models_registry.models import Model, Revision
from models_registry.services import register_model
from tests import cast, scripted

# The worker's own loop does its database work in other threads: rows must be committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that has loaded nothing yet; models may follow a script."""
    monkeypatch.setattr(media_worker, "_adapters", LoadedAdapters())
    monkeypatch.setitem(ADAPTERS, "scripted", scripted.PATH)


def image_battle(**parameters: Any) -> Battle:
    """A battle of two small images by the built-in generators."""
    arena = cast.media_arena("image")
    for revision in list(Revision.objects.select_related("model")):
        register_model(
            name=revision.model.name,
            modality="image",
            organisation_name="Ben's lab",
            adapter=revision.adapter,
            config=revision.config,
            parameters={"size_px": 64, **parameters},
        )
    return cast.queued_battle(arena, cast.ada()[0], "A red house by the sea")


def scripted_battle(**script: Any) -> Battle:
    """A battle of two images, one of which follows the script."""
    arena = cast.media_arena("image")
    Model.objects.update(status=Model.Status.RETIRED)
    for name in ("One", "Two"):
        scripted.scripted_model(name, modality="image", **script)
    return cast.queued_battle(arena, cast.ada()[0])


def jobs_of(battle: Battle) -> list[GenerationJob]:
    return list(GenerationJob.objects.filter(seat__battle=battle).order_by("seat__position"))


def told(battle: Battle) -> list[dict[str, Any]]:
    with streams.connect() as client:
        return [streams.decode(*entry) for entry in client.xrange(streams.stream_key(battle.pk))]


def test_two_workers_make_two_pictures_of_one_shape_and_the_battle_is_released() -> None:
    battle = image_battle()
    one, two = jobs_of(battle)
    assert one.parameters["size_px"] == 64
    assert generate_output(str(one.pk))
    assert not generate_output(str(one.pk))  # a repeated message
    assert {m["fraction"] for m in told(battle)} == {0.0}  # one side alone says nothing
    assert generate_output(str(two.pk), queue="gen.image")
    fractions = [m["fraction"] for m in told(battle)]
    assert fractions[-1] == 1.0
    assert fractions == sorted(fractions)
    assert {m["kind"] for m in told(battle)} == {"progress"}
    assert {tuple(sorted(m)) for m in told(battle)} == {("fraction", "id", "kind")}
    shapes = set()
    for output in Output.objects.select_related("blob"):
        assert output.blob is not None
        with default_storage.open(output.blob.key) as stored:
            data = stored.read()
        assert len(data) == output.blob.size_bytes
        picture = Image.open(io.BytesIO(data))
        shapes.add((picture.format, picture.size, output.blob.media_type, output.blob.key[-5:]))
    assert shapes == {("WEBP", (1024, 1024), "image/webp", ".webp")}
    assert Blob.objects.count() == 2
    cast.carry_events()
    battle.refresh_from_db()
    assert battle.stage == "ready"
    assert told(battle)[-1]["kind"] == "released"


def test_parameters_that_cannot_be_meant_fail_at_once_and_say_why() -> None:
    battle = image_battle(size_px=3)
    job = jobs_of(battle)[0]
    assert not generate_output(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.error_code, job.attempt) == ("failed", "bad_parameters", 1)
    assert "size_px" in job.error_message
    battle.refresh_from_db()
    assert battle.stage == "void"
    assert Event.objects.filter(topic="output.finished").count() == 1


@pytest.mark.parametrize(
    ("script", "code", "state"),
    [
        ({"data": "no image", "media_type": "image/png"}, "undecodable", "failed"),
        ({"data": "no image", "media_type": "video/mp4"}, "unsupported", "failed"),
        ({}, "empty", "failed"),
        ({"fails": 9, "error": "lost", "is_retryable": True}, "lost", "queued"),
        ({"fails": 9, "error": "refused", "is_retryable": False}, "refused", "failed"),
        ({"fails": 9, "error": "crash"}, "worker_error", "queued"),
    ],
)
def test_a_failure_is_final_or_tried_again_and_never_an_output(
    script: dict[str, Any], code: str, state: str
) -> None:
    battle = scripted_battle(**script)
    job = jobs_of(battle)[0]
    assert not generate_output(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.error_code) == (state, code)
    assert job.error_message
    assert not Output.objects.exists()
    battle.refresh_from_db()
    assert battle.stage == ("void" if state == "failed" else "generating")


def test_progress_is_told_to_nobody_and_the_work_goes_on_without_redis(settings: Settings) -> None:
    battle = image_battle()
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    assert all(generate_output(str(job.pk)) for job in jobs_of(battle))
    assert Output.objects.count() == 2


def test_a_worker_that_lost_its_lease_drops_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    battle = image_battle()
    job = jobs_of(battle)[0]
    claim = media_worker.claimed_job

    def lose(claimed: jobs.Claim) -> GenerationJob:
        GenerationJob.objects.filter(pk=job.pk).update(attempt=2, worker="another")
        return claim(claimed)

    monkeypatch.setattr(media_worker, "claimed_job", lose)
    assert not generate_output(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.attempt, job.worker) == ("running", 2, "another")
    assert job.error_code == ""
    assert not Output.objects.exists()


def test_the_lease_is_beaten_while_the_output_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BEAT_S", 0.02)
    beats: list[float] = []

    def beat(claim: jobs.Claim) -> bool:
        beats.append(time.monotonic())
        return jobs.beat(claim)

    monkeypatch.setattr(running, "beat", beat)
    encoding: list[float] = []

    def slow_output(*args: Any, **options: Any) -> Output:
        encoding.append(time.monotonic())
        time.sleep(0.5)
        encoding.append(time.monotonic())
        return anonymous_output(*args, **options)

    monkeypatch.setattr(media_worker, "anonymous_output", slow_output)
    assert generate_output(str(jobs_of(image_battle())[0].pk))
    begin, end = encoding
    assert len([at for at in beats if begin < at < end]) >= 2


def test_an_adapter_is_loaded_once_for_all_jobs_of_its_revision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loads: list[object] = []

    async def load(self: scripted.ScriptedAdapter) -> None:
        loads.append(self)
        if len(loads) == 1:
            raise OSError("the first load fails")

    monkeypatch.setattr(scripted.ScriptedAdapter, "load", load)
    battle = scripted_battle(data="x", media_type="image/png")
    job = jobs_of(battle)[0]
    same = GenerationJob.objects.filter(seat__revision=job.seat.revision)
    generate_output(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("queued", "worker_error")
    later = cast.queued_battle(battle.arena, Voter.objects.get())
    for seat_job in [*same.filter(seat__battle=later), job]:
        GenerationJob.objects.filter(pk=seat_job.pk).update(not_before=seat_job.created_at)
        generate_output(str(seat_job.pk))
    assert len(loads) == 2
    assert set(same.values_list("state", "error_code")) == {("failed", "undecodable")}


def test_a_job_that_is_not_there_to_be_made_is_left_alone() -> None:
    job = jobs_of(image_battle())[0]
    assert jobs.claim_job(job.pk, worker="another") is not None
    assert not generate_output(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.worker, job.attempt) == ("running", "another", 1)
