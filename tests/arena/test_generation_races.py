"""Several workers at once: each job has one owner at a time, and one output in the end."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.utils import timezone

from arena.generation import jobs
from arena.generation.models import GenerationJob, Output
from arena.generation.outputs import anonymous_output
from arena.generation.sweep import sweep
from tests import cast

pytestmark = pytest.mark.django_db(transaction=True)
State = GenerationJob.State
LEASE_S = 0.15  # short, so that leases run out while others still work


def queue_battles(n_battles: int) -> list[GenerationJob]:
    for name in ("Alder", "Birch", "Cedar"):
        cast.bens_model(name)
    ada, _ = cast.ada()
    for _ in range(n_battles):
        cast.queued_battle(cast.text_arena(), ada)
    return list(GenerationJob.objects.all())


def time_ago(seconds: float) -> datetime:
    return timezone.now() - timedelta(seconds=seconds)


def test_of_many_workers_exactly_one_gets_a_job() -> None:
    for job in queue_battles(2):
        claims = cast.at_once(
            [partial(jobs.claim_job, job.pk, worker=f"w{number}") for number in range(8)]
        )
        won = [claim for claim in claims if claim is not None]
        assert won == [jobs.Claim(job.pk, 1)]
        job.refresh_from_db()
        assert job.worker == f"w{claims.index(won[0])}"


def test_of_two_finishes_of_one_claim_only_one_is_kept() -> None:
    job = queue_battles(1)[0]
    claim = jobs.claim_job(job.pk, worker="w")
    assert claim is not None

    def finish(words: str) -> bool:
        output = anonymous_output("text", words, "text/plain")
        return jobs.finish_job(claim, output, cost_usd=1.0)

    kept = cast.at_once([partial(finish, f"words {number}") for number in range(6)])
    assert sorted(kept) == [False] * 5 + [True]
    assert Output.objects.get().text == f"words {kept.index(True)}"
    job.refresh_from_db()
    assert job.cost_usd == 1.0


def test_workers_that_crash_and_dawdle_lose_no_job_and_make_none_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jobs, "LEASE", timedelta(seconds=LEASE_S))
    monkeypatch.setattr(jobs, "BACKOFF_S", 0.01)
    ids = [job.pk for job in queue_battles(4)]
    until = time.monotonic() + 30

    def open_jobs() -> list[GenerationJob]:
        return list(GenerationJob.objects.filter(state__in=[State.QUEUED, State.RUNNING]))

    def work(number: int) -> Counter[str]:
        rng = random.Random(number)
        seen: Counter[str] = Counter()
        while (waiting := open_jobs()) and time.monotonic() < until:
            job = rng.choice(waiting)
            claim = jobs.claim_job(job.pk, worker=f"w{number}")
            if claim is None:
                time.sleep(0.01)
                continue
            luck = rng.random()
            if luck < 0.2 or not seen:  # the first one always
                seen["crashed"] += 1
                continue
            if luck < 0.4:
                time.sleep(2 * LEASE_S)  # somebody else may have it by now
            if luck < 0.5:
                jobs.fail_job(claim, code="lost", message="lost", is_retryable=True)
                continue
            output = anonymous_output("text", f"attempt {claim.attempt}", "text/plain")
            is_kept = jobs.finish_job(claim, output, cost_usd=0.0)
            seen["kept" if is_kept else "dropped"] += 1
        return seen

    def sweeper() -> Counter[str]:
        while open_jobs() and time.monotonic() < until:
            jobs.give_up_hopeless_jobs()
            time.sleep(0.02)
        return Counter()

    results = cast.at_once([partial(work, number) for number in range(4)] + [sweeper])
    assert [result for result in results if not isinstance(result, Counter)] == []
    seen = sum(results, Counter())
    assert seen["crashed"]
    ended = GenerationJob.objects.filter(pk__in=ids)
    assert {job.state for job in ended} <= {State.DONE, State.FAILED}
    done = ended.filter(state=State.DONE)
    assert done.count() == Output.objects.count() == seen["kept"]
    # The words are those of the attempt that the job's row names, not of one that lost its lease.
    for job in done:
        assert Output.objects.get(seat=job.seat).text == f"attempt {job.attempt}"


def test_two_sweeps_at_once_end_each_hopeless_job_once() -> None:
    queue_battles(3)
    GenerationJob.objects.update(deadline_at=time_ago(1))
    given_up = cast.at_once([jobs.give_up_hopeless_jobs] * 3)
    assert sum(given_up) == 6
    assert set(GenerationJob.objects.values_list("state", flat=True)) == {State.FAILED}


def test_a_sweep_and_a_finish_at_once_agree_on_how_a_job_ended() -> None:
    for job in queue_battles(3):
        claim = jobs.claim_job(job.pk, worker="w")
        assert claim is not None
        output = anonymous_output("text", "just in time", "text/plain")
        GenerationJob.objects.filter(pk=job.pk).update(deadline_at=time_ago(1))
        finish = partial(jobs.finish_job, claim, output, cost_usd=0.0)
        is_kept, line = cast.at_once([finish, sweep])
        job.refresh_from_db()
        assert job.state == (State.DONE if is_kept else State.FAILED)
        assert Output.objects.filter(seat=job.seat).exists() == is_kept
        assert is_kept or "jobs given up: 1" in line
