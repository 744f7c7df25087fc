"""The table of what follows what: complete, and every name in it resolves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from django.conf import settings

from arena.common.relay import queue_of
from arena.config.celery import app as celery_app
from arena.flow import FLOW
from models_registry.adapters.contract import MODALITIES

REPOSITORY = Path(__file__).resolve().parents[2]
MEDIA = set(MODALITIES) - {"text"}  # text has the gateway
ROOMS = ("arena", "models_registry", "ratings")


@pytest.fixture(scope="module")
def app() -> Celery:
    """The application as a worker sees it."""
    celery_app.loader.import_default_modules()
    return celery_app


def calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a function of this name in our code, with where it stands."""
    for room in ROOMS:
        for path in sorted((REPOSITORY / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    called = node.func
                    if name == (
                        called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
                    ):
                        yield f"{path.relative_to(REPOSITORY)}:{node.lineno}", node


def published_topics() -> dict[str, str]:
    """Every topic that the code publishes, with one place where it does."""
    topics = {}
    for where, call in calls("publish"):
        assert call.args, f"{where}: name the event first"
        topic = call.args[0]
        assert isinstance(topic, ast.Constant), f"{where}: name the event as it stands in FLOW"
        assert isinstance(topic.value, str), where
        topics[topic.value] = where
    return topics


def test_every_published_event_has_its_row() -> None:
    missing = {topic: where for topic, where in published_topics().items() if topic not in FLOW}
    assert not missing, f"add them to arena/flow.py, if only with (): {missing}"


def test_every_row_has_an_event_that_is_published() -> None:
    assert set(FLOW) == set(published_topics())


def test_every_listener_is_a_registered_task(app: Celery) -> None:
    named = {task for tasks in FLOW.values() for task in tasks}
    assert named <= set(app.tasks)


def test_every_scheduled_task_is_registered(app: Celery) -> None:
    named = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert named
    assert named <= set(app.tasks)


def test_every_task_of_ours_is_named_by_an_event_or_by_the_schedule(app: Celery) -> None:
    ours = {
        name
        for name, task in app.tasks.items()
        if task.__module__.startswith(tuple(f"{room}." for room in ROOMS))
    }
    named = {task for tasks in FLOW.values() for task in tasks}
    named |= {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert ours <= named


def test_the_queues_of_events_have_time_limits() -> None:
    queues = {
        keyword.value.value
        for _, call in calls("on_event")
        for keyword in call.keywords
        if keyword.arg == "queue" and isinstance(keyword.value, ast.Constant)
    }
    named = {task for tasks in FLOW.values() for task in tasks}
    named |= {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    queues |= {queue_of(task) for task in named} | {f"gen.{kind}" for kind in MEDIA}
    assert queues <= set(settings.TASK_TIME_LIMIT_S)
    # A message is offered to another worker only after any task has ended or was killed.
    visible_s = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    assert visible_s > max(settings.TASK_TIME_LIMIT_S.values())
