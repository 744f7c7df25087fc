"""Jobs under any order of events: no seat gets two outputs, and no job is lost."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.generation import jobs
from arena.generation.jobs import Claim
from arena.generation.models import MAX_ATTEMPTS, GenerationJob, Output
from arena.generation.outputs import anonymous_output
from models_registry.models import Revision
from tests import cast

State = GenerationJob.State


def jobs_of(battle: Battle) -> list[GenerationJob]:
    return list(GenerationJob.objects.filter(seat__battle=battle).order_by("seat__position"))


def set_job(job: GenerationJob, **values: object) -> None:
    GenerationJob.objects.filter(pk=job.pk).update(**values)


def text(words: str) -> Output:
    return anonymous_output("text", words, "text/plain")


SEATS = st.integers(0, 1)
CLAIMS = st.integers(0, 9)
STEPS = st.one_of(
    st.tuples(st.just("claim"), SEATS),
    st.tuples(st.sampled_from(["finish", "retry", "refuse", "beat"]), CLAIMS),
    st.tuples(st.sampled_from(["lease", "due", "deadline"]), SEATS),
    st.tuples(st.just("sweep"), st.just(0)),
)


class Workers:
    """Several workers that keep every claim they ever got, lost ones too, and use them."""

    def __init__(self, battle: Battle) -> None:
        self.battle = battle
        self.jobs = jobs_of(battle)
        self.claims: list[Claim] = []

    def do(self, name: str, number: int) -> None:
        """Take one step; a step with a claim that was lost must change nothing."""
        if name in ("finish", "retry", "refuse", "beat"):
            if self.claims:
                self._use(name, self.claims[number % len(self.claims)])
            return
        job, now = self.jobs[number], timezone.now()
        if name == "claim":
            claimed = jobs.claim_job(job.pk, worker="w")
            if claimed is not None:
                self.claims.append(claimed)
        elif name == "lease":
            GenerationJob.objects.filter(pk=job.pk, lease_until__isnull=False).update(
                lease_until=now - timedelta(seconds=1)
            )
        elif name == "due":
            set_job(job, not_before=now)
        elif name == "deadline":
            set_job(job, deadline_at=now - timedelta(seconds=1))
        else:
            jobs.give_up_hopeless_jobs()

    def _use(self, name: str, claimed: Claim) -> None:
        before = GenerationJob.objects.filter(pk=claimed.job_id).values().get()
        n_outputs = Output.objects.count()
        stands = (before["state"], before["attempt"]) == (State.RUNNING, claimed.attempt)
        if name == "finish":
            done = jobs.finish_job(claimed, text(f"attempt {claimed.attempt}"), cost_usd=0.0)
        elif name == "beat":
            done = jobs.beat(claimed)
        else:
            done = jobs.fail_job(claimed, code=name, message=name, is_retryable=name == "retry")
        assert done == stands
        if not stands:
            assert GenerationJob.objects.filter(pk=claimed.job_id).values().get() == before
            assert Output.objects.count() == n_outputs

    def check(self) -> None:
        """What holds after every step."""
        battle = Battle.objects.get(pk=self.battle.pk)
        now = jobs_of(battle)
        for job in now:
            output = Output.objects.filter(seat=job.seat).first()
            assert (job.state == State.DONE) == (output is not None)
            assert output is None or output.text == f"attempt {job.attempt}"
            assert job.attempt <= MAX_ATTEMPTS
        is_failed = any(job.state == State.FAILED for job in now)
        assert (battle.ending == Battle.Ending.VOID) == is_failed


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEPS, max_size=16))
def test_no_order_of_events_makes_two_outputs_for_a_seat_or_loses_a_job(
    ada: Voter, arena: Arena, models: list[Revision], steps: list[tuple[str, int]]
) -> None:
    workers = Workers(cast.queued_battle(arena, ada))
    for name, number in steps:
        workers.do(name, number)
        workers.check()
    # In the end the deadline comes, and every job is done or failed.
    for seat in (0, 1):
        workers.do("deadline", seat)
    workers.do("sweep", 0)
    workers.check()
    assert all(job.state in (State.DONE, State.FAILED) for job in jobs_of(workers.battle))
