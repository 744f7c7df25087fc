"""Jobs: a lost lease changes nothing, nothing is made twice, nothing is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.battles.services import end_battle
from arena.common.models import Event
from arena.common.tasks import Skipped
from arena.generation import jobs, release
from arena.generation.jobs import Claim
from arena.generation.models import LEASE, MAX_ATTEMPTS, GenerationJob, Output
from arena.generation.outputs import anonymous_output
from arena.generation.sweep import ABANDONED_AFTER, sweep
from models_registry.models import Revision
from tests import cast

State = GenerationJob.State


@pytest.fixture
def battle(ada: Voter, arena: Arena, models: list[Revision]) -> Battle:
    """A battle with two queued jobs."""
    return cast.queued_battle(arena, ada)


def jobs_of(battle: Battle) -> list[GenerationJob]:
    return list(GenerationJob.objects.filter(seat__battle=battle).order_by("seat__position"))


def set_job(job: GenerationJob, **values: object) -> None:
    GenerationJob.objects.filter(pk=job.pk).update(**values)


def let_lease_run_out(job: GenerationJob) -> None:
    set_job(job, lease_until=timezone.now() - timedelta(seconds=1))


def claim(job: GenerationJob, worker: str = "one") -> Claim:
    claimed = jobs.claim_job(job.pk, worker=worker)
    assert claimed is not None
    return claimed


def text(words: str) -> Output:
    return anonymous_output("text", words, "text/plain")


def row(job: GenerationJob) -> dict[str, object]:
    return GenerationJob.objects.filter(pk=job.pk).values().get()


# ── queueing ────────────────────────────────────────────────────────────────────────────────


def test_every_seat_gets_one_job_however_often_the_event_comes(battle: Battle) -> None:
    before = [row(job) for job in jobs_of(battle)]
    assert jobs.queue_generations(str(battle.pk)) == 0
    assert [row(job) for job in jobs_of(battle)] == before
    assert len(before) == 2
    assert {job["state"] for job in before} == {State.QUEUED}


def test_the_two_sides_of_a_battle_have_their_own_seeds(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    seeds = [job.seed for _ in range(4) for job in jobs_of(cast.queued_battle(arena, ada))]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_media_workers_are_woken_by_an_event_and_the_gateway_by_a_notification(
    ada: Voter, battle: Battle
) -> None:
    assert not Event.objects.filter(topic="job.queued").exists()
    media = cast.queued_battle(cast.media_arena("image"), ada)
    told = {event.payload["job_id"] for event in Event.objects.filter(topic="job.queued")}
    assert told == {str(job.pk) for job in jobs_of(media)}
    assert {event.payload["queue"] for event in Event.objects.filter(topic="job.queued")} == {
        "gen.image"
    }


# ── claiming ────────────────────────────────────────────────────────────────────────────────


def test_a_claimed_job_cannot_be_claimed_while_its_lease_lasts(battle: Battle) -> None:
    job = jobs_of(battle)[0]
    assert claim(job).attempt == 1
    assert jobs.claim_job(job.pk, worker="two") is None
    job.refresh_from_db()
    assert (job.state, job.worker) == (State.RUNNING, "one")
    assert job.lease_until is not None
    left_s = (job.lease_until - timezone.now()).total_seconds()
    assert 0 < left_s <= LEASE.total_seconds()


def test_a_job_whose_lease_ran_out_is_claimed_by_another_worker(battle: Battle) -> None:
    job = jobs_of(battle)[0]
    claim(job)
    let_lease_run_out(job)
    assert claim(job, "two").attempt == 2
    assert row(job)["worker"] == "two"


def test_a_job_is_claimed_at_most_so_many_times(battle: Battle) -> None:
    job = jobs_of(battle)[0]
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert claim(job).attempt == attempt
        let_lease_run_out(job)
    assert jobs.claim_job(job.pk, worker="two") is None
    assert battle.pk in jobs.claimable_text_battles(10)  # for its other side


def test_a_job_before_its_time_or_past_its_deadline_is_not_claimed(battle: Battle) -> None:
    early, late = jobs_of(battle)
    set_job(early, not_before=timezone.now() + timedelta(seconds=30))
    set_job(late, deadline_at=timezone.now() - timedelta(seconds=1))
    assert jobs.claim_job(early.pk, worker="one") is None
    assert jobs.claim_job(late.pk, worker="one") is None
    assert jobs.claimable_text_battles(10) == []


def test_the_gateway_sees_each_battle_once_and_the_longest_waiting_first(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battles = [cast.queued_battle(arena, ada) for _ in range(3)]
    assert jobs.claimable_text_battles(10) == [battle.pk for battle in battles]
    assert jobs.claimable_text_battles(2) == [battle.pk for battle in battles[:2]]
    for job in jobs_of(battles[0]):
        claim(job)
    assert jobs.claimable_text_battles(10) == [battle.pk for battle in battles[1:]]
    let_lease_run_out(jobs_of(battles[0])[1])
    assert jobs.claimable_text_battles(1) == [battles[0].pk]


# ── fencing ─────────────────────────────────────────────────────────────────────────────────


def test_a_worker_that_lost_its_lease_changes_nothing(battle: Battle) -> None:
    job = jobs_of(battle)[0]
    lost = claim(job)
    let_lease_run_out(job)
    standing = claim(job, "two")
    before = row(job)
    assert not jobs.beat(lost)
    jobs.mark_first_output(lost)
    assert not jobs.finish_job(lost, text("late"), cost_usd=1.0)
    assert not jobs.fail_job(lost, code="late", message="late", is_retryable=False)
    assert not jobs.fail_job(lost, code="late", message="late", is_retryable=True)
    assert row(job) == before
    assert not Output.objects.exists()
    assert jobs.finish_job(standing, text("in time"), cost_usd=0.0)
    assert Output.objects.get().text == "in time"


def test_a_finished_job_is_finished_for_good(battle: Battle) -> None:
    job = jobs_of(battle)[0]
    mine = claim(job)
    assert jobs.finish_job(mine, text("once"), cost_usd=0.25)
    before = row(job)
    assert not jobs.finish_job(mine, text("twice"), cost_usd=0.25)
    assert not jobs.fail_job(mine, code="x", message="x", is_retryable=True)
    assert not jobs.beat(mine)
    assert jobs.claim_job(job.pk, worker="two") is None
    assert row(job) == before
    assert Output.objects.get().text == "once"


def test_a_heartbeat_extends_the_lease_by_the_clock_of_the_database(
    battle: Battle, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs_of(battle)[0]
    mine = claim(job)
    let_lease_run_out(job)
    with monkeypatch.context() as slow:
        # A worker whose own clock is an hour behind still holds its lease.
        hour = timedelta(hours=1)
        slow.setattr(jobs.timezone, "now", lambda now=timezone.now: now() - hour)
        assert jobs.beat(mine)
    assert jobs.claim_job(job.pk, worker="two") is None


def test_what_a_generation_took_is_on_record(battle: Battle) -> None:
    job = jobs_of(battle)[0]
    jobs.mark_first_output(claim(job))
    first = row(job)["first_output_at"]
    let_lease_run_out(job)
    again = claim(job, "two")
    jobs.mark_first_output(again)
    assert jobs.finish_job(again, text("done"), cost_usd=0.5)
    job.refresh_from_db()
    assert (job.state, job.attempt, job.worker, job.cost_usd) == (State.DONE, 2, "two", 0.5)
    assert job.first_output_at == first
    assert job.started_at is not None
    assert job.finished_at is not None
    assert job.started_at <= job.first_output_at <= job.finished_at


def test_only_an_announced_output_is_an_event(battle: Battle) -> None:
    quiet, loud = jobs_of(battle)
    jobs.finish_job(claim(quiet), text("quiet"), cost_usd=0.0, announce=False)
    assert not Event.objects.filter(topic="output.finished").exists()
    jobs.finish_job(claim(loud), text("loud"), cost_usd=0.0)
    event = Event.objects.get(topic="output.finished")
    assert event.payload == {"battle_id": str(battle.pk)}


# ── failing ─────────────────────────────────────────────────────────────────────────────────


def test_an_infrastructure_error_waits_and_is_offered_when_it_is_due(battle: Battle) -> None:
    job = jobs_of(battle)[0]
    assert jobs.fail_job(claim(job), code="timeout", message="m" * 5000, is_retryable=True)
    job.refresh_from_db()
    assert (job.state, job.error_code, job.lease_until) == (State.QUEUED, "timeout", None)
    assert len(job.error_message) == 2000
    wait_s = (job.not_before - timezone.now()).total_seconds()
    assert wait_s <= jobs.BACKOFF_S * 2
    assert not Battle.objects.get(pk=battle.pk).ending
    # Not offered before it is due, offered as soon as it is.
    set_job(job, not_before=F("not_before") + timedelta(seconds=60), offered_at=F("offered_at"))
    assert jobs.offer_again() == 0
    due = timezone.now() - timedelta(milliseconds=1)
    set_job(job, not_before=due, offered_at=due - jobs.OFFER_EVERY)
    assert jobs.offer_again() == 1
    assert claim(job).attempt == 2


def test_the_last_infrastructure_error_makes_the_battle_void(battle: Battle) -> None:
    job = jobs_of(battle)[0]
    for _ in range(MAX_ATTEMPTS):
        set_job(job, not_before=timezone.now())
        assert jobs.fail_job(claim(job), code="timeout", message="late", is_retryable=True)
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.FAILED, MAX_ATTEMPTS)
    battle.refresh_from_db()
    assert (battle.ending, battle.void_reason) == (Battle.Ending.VOID, "generation_failed")


def test_a_models_own_error_is_final_at_once_and_the_voter_hears_of_it(battle: Battle) -> None:
    one, two = jobs_of(battle)
    assert jobs.fail_job(claim(one), code="refused", message="no", is_retryable=False)
    assert jobs.fail_job(claim(two), code="refused", message="no", is_retryable=False)
    assert {job.state for job in jobs_of(battle)} == {State.FAILED}
    battle.refresh_from_db()
    assert battle.stage == "void"
    assert Event.objects.filter(topic="output.finished").count() == 1  # told once


def test_the_other_side_of_a_void_battle_is_kept_and_releases_nothing(battle: Battle) -> None:
    one, two = jobs_of(battle)
    jobs.fail_job(claim(one), code="refused", message="no", is_retryable=False)
    assert jobs.finish_job(claim(two), text("fine"), cost_usd=0.0)
    release.release_outputs(str(battle.pk))
    battle.refresh_from_db()
    assert battle.released_at is None
    assert battle.ending == Battle.Ending.VOID


# ── the sweep ───────────────────────────────────────────────────────────────────────────────


def test_jobs_past_their_deadline_are_given_up_even_while_somebody_works(battle: Battle) -> None:
    running = jobs_of(battle)[1]
    mine = claim(running)
    GenerationJob.objects.update(deadline_at=timezone.now() - timedelta(seconds=1))
    assert jobs.give_up_hopeless_jobs() == 2
    assert {job.state for job in jobs_of(battle)} == {State.FAILED}
    assert {job.error_code for job in jobs_of(battle)} == {"timeout"}
    assert "No output after" in jobs_of(battle)[0].error_message
    assert Battle.objects.get(pk=battle.pk).stage == "void"
    assert not jobs.finish_job(mine, text("late"), cost_usd=0.0)
    assert jobs.give_up_hopeless_jobs() == 0


def test_the_last_attempt_is_given_up_only_when_its_lease_ran_out(battle: Battle) -> None:
    job = jobs_of(battle)[0]
    set_job(job, attempt=MAX_ATTEMPTS - 1)
    claim(job)
    assert jobs.give_up_hopeless_jobs() == 0
    let_lease_run_out(job)
    assert jobs.give_up_hopeless_jobs() == 1


def test_a_given_up_job_keeps_the_error_that_was_seen(battle: Battle) -> None:
    job = jobs_of(battle)[0]
    jobs.fail_job(claim(job), code="out_of_memory", message="no room", is_retryable=True)
    set_job(job, deadline_at=timezone.now() - timedelta(seconds=1))
    jobs.give_up_hopeless_jobs()
    assert (row(job)["error_code"], row(job)["error_message"]) == ("out_of_memory", "no room")


def test_a_job_is_offered_again_only_when_its_last_offer_is_old(ada: Voter) -> None:
    battle = cast.queued_battle(cast.media_arena("image"), ada)
    offers = Event.objects.filter(topic="job.queued")
    assert offers.count() == 2
    assert jobs.offer_again() == 0
    GenerationJob.objects.update(
        offered_at=timezone.now() - jobs.OFFER_EVERY - timedelta(seconds=1)
    )
    claim(jobs_of(battle)[0])  # somebody works on it
    assert jobs.offer_again() == 1
    assert offers.count() == 3
    assert jobs.offer_again() == 0
    let_lease_run_out(jobs_of(battle)[0])
    assert jobs.offer_again() == 1


def test_a_sweep_with_nothing_to_mend_is_skipped(battle: Battle) -> None:
    with pytest.raises(Skipped):
        sweep()


def test_a_sweep_says_what_it_mended(
    ada: Voter, arena: Arena, models: list[Revision], battle: Battle
) -> None:
    late = jobs_of(battle)[0]
    set_job(late, deadline_at=timezone.now() - timedelta(seconds=1))
    old = cast.released_battle(arena, ada)
    opened = timezone.now() - ABANDONED_AFTER - timedelta(minutes=1)
    Battle.objects.filter(pk=old.pk).update(opened_at=opened)
    assert sweep() == ("jobs given up: 1, offered again: 0; battles released: 0, abandoned: 1")
    old.refresh_from_db()
    assert (old.ending, old.stage) == (Battle.Ending.ABANDONED, "void")
    assert old.ended_at is not None


def test_a_voted_battle_is_never_abandoned(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.shown_battle(arena, ada)
    cast.vote(battle, "a")
    Battle.objects.update(opened_at=timezone.now() - 2 * ABANDONED_AFTER)
    with pytest.raises(Skipped):
        sweep()
    assert Battle.objects.get(pk=battle.pk).ending == Battle.Ending.VOTED


# ── release ─────────────────────────────────────────────────────────────────────────────────


def finish_both(battle: Battle, finished_ago_s: float) -> None:
    for job in jobs_of(battle):
        assert jobs.finish_job(claim(job), text("words"), cost_usd=0.0, announce=False)
    GenerationJob.objects.filter(seat__battle=battle).update(
        finished_at=timezone.now() - timedelta(seconds=finished_ago_s)
    )


def test_nothing_is_released_before_every_side_has_its_output(battle: Battle) -> None:
    one, two = jobs_of(battle)
    jobs.finish_job(claim(one), text("first"), cost_usd=0.0)
    assert not release.release_outputs(str(battle.pk))
    assert Battle.objects.get(pk=battle.pk).released_at is None
    jobs.finish_job(claim(two), text("second"), cost_usd=0.0)
    assert release.release_outputs(str(battle.pk))
    released_at = Battle.objects.get(pk=battle.pk).released_at
    assert released_at is not None
    assert release.release_outputs(str(battle.pk))  # a repeated event
    assert Battle.objects.get(pk=battle.pk).released_at == released_at


def test_a_battle_that_nobody_released_is_found(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    forgotten, fresh, half, void = (cast.queued_battle(arena, ada) for _ in range(4))
    finish_both(forgotten, 60)
    finish_both(fresh, 1)
    finish_both(void, 60)
    end_battle(void.pk, Battle.Ending.VOID, void_reason="generation_failed")
    jobs.finish_job(claim(jobs_of(half)[0]), text("half"), cost_usd=0.0, announce=False)
    Battle.objects.update(opened_at=timezone.now() - timedelta(seconds=90))
    assert release.release_forgotten(30.0) == 1
    released = Battle.objects.filter(released_at__isnull=False)
    assert [battle.pk for battle in released] == [forgotten.pk]


def test_the_queue_is_counted_in_battles_of_the_same_queue_until_work_begins(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    first, second, third = (cast.queued_battle(arena, ada) for _ in range(3))
    cast.queued_battle(cast.media_arena("image"), ada)
    assert [release.queue_position(b) for b in (first, second, third)] == [0, 1, 2]
    finish_both(first, 0)
    assert [release.queue_position(b) for b in (second, third)] == [0, 1]
    claim(jobs_of(third)[0])
    assert release.queue_position(third) == 0  # somebody is at work on it
    assert release.queue_position(cast.opened_battle(arena, ada)) == 0
