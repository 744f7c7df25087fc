"""A model that does not answer rests, longer each time, until it answers; the others play on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from arena.battles.models import Battle
from arena.common.errors import Unavailable
from arena.generation import jobs
from arena.generation.models import GenerationJob
from arena.generation.outputs import anonymous_output
from models_registry.breaker import AFTER_FAILURES, AT_ONCE_S, LONGEST_S, NOT_ITS_FAULT, bench_s
from models_registry.health import benched_among, note_answer, note_failure
from models_registry.models import Health, Revision
from tests import cast

CODES = st.sampled_from([*AT_ONCE_S, *NOT_ITS_FAULT, "timeout", "connection", "never heard of"])


@given(CODES, st.integers(1, 10_000))
def test_each_failure_in_a_row_benches_no_shorter_and_never_for_ever(code: str, n: int) -> None:
    assert 0 <= bench_s(code, n) <= bench_s(code, n + 1) <= LONGEST_S


@given(st.integers(1, 50))
def test_what_the_prompt_caused_benches_nobody(n: int) -> None:
    assert {bench_s(code, n) for code in NOT_ITS_FAULT} == {0.0}


def test_lost_connections_bench_after_some_and_an_empty_account_at_once() -> None:
    lost = [bench_s("connection", n) for n in range(1, AFTER_FAILURES + 3)]
    assert lost == [0.0, 0.0, 60.0, 120.0, 240.0]
    assert [bench_s("credit", n) for n in (1, 2)] == [600.0, 1200.0]
    with pytest.raises(ValueError, match="the first failure is 1"):
        bench_s("credit", 0)


@pytest.fixture
def models(db: None) -> list[Revision]:
    return [cast.bens_model(name) for name in ("Alder", "Birch", "Cedar")]


def fail(revision: Revision, n: int = 1, code: str = "connection") -> None:
    for _ in range(n):
        note_failure(revision.pk, code=code, message="no route to host")


def is_benched(revision: Revision) -> bool:
    return bool(benched_among([revision.pk]))


def rest_is_over(revision: Revision) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Health.objects.filter(revision=revision).update(benched_until=past)


def test_an_answer_in_between_begins_the_count_anew(models: list[Revision]) -> None:
    alder = models[0]
    fail(alder, AFTER_FAILURES - 1)
    note_answer(alder.pk)
    fail(alder, AFTER_FAILURES - 1)
    assert not is_benched(alder)
    fail(alder)
    assert is_benched(alder)
    note_answer(alder.pk)
    assert not is_benched(alder)


def test_requests_that_were_under_way_do_not_lengthen_the_rest(models: list[Revision]) -> None:
    alder = models[0]
    fail(alder, AFTER_FAILURES + 50)
    health = Health.objects.get(revision=alder)
    assert health.failures_in_a_row == AFTER_FAILURES
    rest_is_over(alder)
    fail(alder)
    health.refresh_from_db()
    assert health.failures_in_a_row == AFTER_FAILURES + 1
    assert health.benched_until is not None
    left_s = (health.benched_until - timezone.now()).total_seconds()
    assert 60 < left_s <= 120


def test_a_benched_model_is_not_drawn_and_the_battle_says_so(models: list[Revision]) -> None:
    ada, _ = cast.ada()
    fail(models[0], code="credit")
    for _ in range(8):
        battle = cast.opened_battle(cast.text_arena(), ada)
        assert {seat.revision for seat in battle.seats.all()} == set(models[1:])
        assert battle.p_draw == 1.0
    battle.refresh_from_db()
    assert battle.routing["benched"] == {str(models[0].pk): "credit"}


def test_an_older_revision_does_not_step_in_for_a_benched_one(models: list[Revision]) -> None:
    newer = cast.bens_model("Alder", generator="ngram")
    assert newer.number == 2
    fail(newer, code="auth")
    battle = cast.opened_battle(cast.text_arena(), cast.ada()[0])
    assert {seat.revision for seat in battle.seats.all()} == set(models[1:])


def test_too_few_that_answer_are_told_and_nothing_is_kept(models: list[Revision]) -> None:
    for model in models[:2]:
        fail(model, code="credit")
    with pytest.raises(Unavailable, match="answer at the moment"):
        cast.opened_battle(cast.text_arena(), cast.ada()[0])
    assert not Battle.objects.exists()


def test_failed_and_finished_jobs_are_what_counts(models: list[Revision]) -> None:
    cast.queued_battle(cast.text_arena(), cast.ada()[0])
    job = GenerationJob.objects.select_related("seat").order_by("seat__position")[0]
    claim = jobs.claim_job(job.pk, worker="here")
    assert claim is not None
    jobs.fail_job(claim, code="credit", message="no credit is left", is_retryable=False)
    health = Health.objects.get()
    assert (health.revision_id, health.code) == (job.seat.revision_id, "credit")
    assert health.message == "no credit is left"

    rest_is_over(health.revision)
    again = cast.queued_battle(cast.text_arena(), cast.ada()[0])
    while not again.seats.filter(revision=health.revision).exists():
        again = cast.queued_battle(cast.text_arena(), cast.ada()[0])
    claim = jobs.claim_job(again.seats.get(revision=health.revision).job.pk, worker="here")
    assert claim is not None
    assert jobs.finish_job(claim, anonymous_output("text", "Here.", "text/plain"), cost_usd=0.0)
    health.refresh_from_db()
    assert (health.failures_in_a_row, health.code, health.benched_until) == (0, "", None)


def test_a_failure_of_our_own_benches_nobody(models: list[Revision]) -> None:
    cast.queued_battle(cast.text_arena(), cast.ada()[0])
    job = GenerationJob.objects.all()[0]
    claim = jobs.claim_job(job.pk, worker="here")
    assert claim is not None
    jobs.fail_job(claim, code=jobs.OURS, message="the disk is full", is_retryable=False)
    assert not Health.objects.exists()


def test_staff_let_a_mended_model_play_again(models: list[Revision]) -> None:
    fail(models[0], code="auth")
    staff = Client()
    staff.force_login(User.objects.create_superuser("op"))
    page = staff.get("/staff/models_registry/health/")
    assert "auth" in page.content.decode()
    staff.post(
        "/staff/models_registry/health/",
        {"action": "let_play", "_selected_action": [str(models[0].pk)]},
    )
    assert not is_benched(models[0])
