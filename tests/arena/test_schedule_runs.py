"""The schedule: every run leaves a row that says what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from celery import current_app
from django.test import Client

from arena.common.models import ScheduledRun
from arena.common.tasks import Skipped, record_run, scheduled

Outcome = ScheduledRun.Outcome
NAME = "tests.scheduled"


def fail() -> str:
    raise ValueError("the disk is full")


def skip() -> str:
    raise Skipped("nothing to do")


@pytest.fixture
def remove_task() -> Iterator[None]:
    """Take the test's task away again."""
    yield
    current_app.tasks.pop(NAME, None)


def test_a_run_that_did_something_says_what(db: None) -> None:
    record_run(NAME, lambda: "3 boards")
    run = ScheduledRun.objects.get()
    assert (run.name, run.outcome, run.detail) == (NAME, Outcome.DONE, "3 boards")
    assert run.finished_at is not None
    assert run.finished_at >= run.started_at


def test_a_run_that_was_not_needed_says_why(db: None) -> None:
    record_run(NAME, skip)
    run = ScheduledRun.objects.get()
    assert (run.outcome, run.detail) == (Outcome.SKIPPED, "nothing to do")


def test_a_run_that_failed_keeps_its_error_and_is_not_hidden(db: None) -> None:
    with pytest.raises(ValueError, match="disk"):
        record_run(NAME, fail)
    run = ScheduledRun.objects.get()
    assert (run.outcome, run.detail) == (Outcome.FAILED, "ValueError: the disk is full")
    assert run.finished_at is not None


def test_a_run_is_on_record_while_it_runs(db: None) -> None:
    def look() -> str:
        run = ScheduledRun.objects.get()
        return f"{run.outcome} {run.finished_at}"

    record_run(NAME, look)
    assert ScheduledRun.objects.get().detail == "running None"


def test_a_quiet_task_keeps_no_row_of_having_had_nothing_to_do(db: None) -> None:
    record_run(NAME, skip, quiet=True)
    assert not ScheduledRun.objects.exists()
    record_run(NAME, lambda: "something", quiet=True)
    with pytest.raises(ValueError, match="disk"):
        record_run(NAME, fail, quiet=True)
    assert set(ScheduledRun.objects.values_list("outcome", flat=True)) == {
        Outcome.DONE,
        Outcome.FAILED,
    }


@pytest.mark.parametrize("quiet", [False, True])
def test_a_run_that_took_long_has_both_its_times(db: None, quiet: bool) -> None:
    def slowly() -> str:
        time.sleep(0.05)
        return "slowly"

    record_run(NAME, slowly, quiet=quiet)
    run = ScheduledRun.objects.get()
    assert run.finished_at is not None
    assert (run.finished_at - run.started_at).total_seconds() >= 0.05


def test_a_scheduled_task_records_its_runs(db: None, remove_task: None) -> None:
    door: Any = scheduled(NAME)(lambda: "done it")
    door.apply().get()
    assert ScheduledRun.objects.get(name=NAME).detail == "done it"


def test_staff_see_the_runs_and_change_none(admin_client: Client) -> None:
    record_run(NAME, lambda: "3 boards")
    run = ScheduledRun.objects.get()
    listed = admin_client.get("/staff/common/scheduledrun/")
    assert listed.status_code == 200
    assert b"3 boards" in listed.content
    path = f"/staff/common/scheduledrun/{run.pk}/"
    assert admin_client.post(f"{path}change/", {"detail": "4 boards"}).status_code == 403
    assert admin_client.post(f"{path}delete/", {"post": "yes"}).status_code == 403
    assert admin_client.post("/staff/common/scheduledrun/add/").status_code == 403
    run.refresh_from_db()
    assert run.detail == "3 boards"
