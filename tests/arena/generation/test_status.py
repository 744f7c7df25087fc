"""What waits and who answers, told to everybody from the jobs themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from arena.generation import jobs
from arena.generation.models import GenerationJob
from arena.generation.outputs import anonymous_output
from arena.generation.selectors import answering
from models_registry.health import note_failure
from models_registry.models import Revision
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def alder() -> Revision:
    cast.bens_model("Birch")
    return cast.bens_model("Alder")


def job_of(revision: Revision) -> GenerationJob:
    battle = cast.queued_battle(cast.text_arena(), cast.ada()[0])
    return GenerationJob.objects.get(seat__battle=battle, seat__revision=revision)


def claimed(revision: Revision) -> jobs.Claim:
    claim = jobs.claim_job(job_of(revision).pk, worker="here")
    assert claim is not None
    return claim


def answer(revision: Revision, *, first_s: float, whole_s: float) -> None:
    claim = claimed(revision)
    assert jobs.finish_job(claim, anonymous_output("text", "Yes.", "text/plain"), cost_usd=0.0)
    start = timezone.now() - timedelta(hours=1)
    GenerationJob.objects.filter(pk=claim.job_id).update(
        started_at=start,
        first_output_at=start + timedelta(seconds=first_s),
        finished_at=start + timedelta(seconds=whole_s),
    )


def fail(revision: Revision, code: str) -> None:
    jobs.fail_job(claimed(revision), code=code, message="", is_retryable=False)


def test_a_share_and_medians_of_what_a_model_was_asked(alder: Revision) -> None:
    assert answering(alder).share is None
    for first_s, whole_s in ((0.5, 2.0), (1.0, 4.0), (9.0, 10.0)):
        answer(alder, first_s=first_s, whole_s=whole_s)
    fail(alder, "timeout")
    lately = answering(alder)
    assert (lately.n_asked, lately.n_answered, lately.share) == (4, 3, 0.75)
    assert (lately.median_first_s, lately.median_s) == (1.0, 4.0)
    assert answering(alder, days=0).n_asked == 0


@pytest.mark.parametrize("code", ["content_filter", "cancelled", jobs.OURS])
def test_what_is_not_the_models_fault_does_not_count(alder: Revision, code: str) -> None:
    fail(alder, code)
    job_of(alder)  # nobody took it
    assert answering(alder).n_asked == 0


def test_the_page_and_its_json_tell_of_waiting_and_resting(alder: Revision) -> None:
    claimed(alder)
    note_failure(alder.pk, code="credit", message="the secret account of Ben is empty")
    page = Client().get("/status/").content.decode()
    assert "Alder (until " in page
    assert "secret account" not in page
    (text,) = Client().get("/status.json").json()["queues"]
    assert (text["modality"], text["n_running"], text["n_waiting"]) == ("text", 1, 1)
    assert text["oldest_s"] >= 0
    assert [one["model"] for one in text["benched"]] == ["Alder"]


def test_without_models_the_page_says_so() -> None:
    assert "No models yet" in Client().get("/status/").content.decode()
    assert Client().get("/status.json").json() == {"queues": []}


def test_the_page_of_a_model_says_how_it_answers_and_that_it_rests(alder: Revision) -> None:
    answer(alder, first_s=1.0, whole_s=2.5)
    note_failure(alder.pk, code="credit", message="")
    page = Client().get(f"/boards/text/models/{alder.label}/")
    html = page.content.decode()
    assert "rests until" in html
