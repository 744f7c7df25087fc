"""Events and their relay: nothing told that did not happen, nothing lost, nothing sent twice."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from celery import current_app
from django.db import connection, transaction
from django.utils import timezone

from arena.common import relay
from arena.common.events import EVENTS_CHANNEL, publish
from arena.common.models import Delivery, Event
from arena.common.relay import (
    FIRST_RESEND_S,
    mark_failed,
    mark_handled,
    mark_started,
    route_events,
    send_deliveries,
)
from arena.common.tasks import on_event
from tests import cast

FLOW = {"tested": ("first.listener", "second.listener"), "other": ("first.listener",)}


def published(topic: str = "tested", **payload: str | int) -> Event:
    with transaction.atomic():
        return publish(topic, **payload)


def make_due() -> None:
    Delivery.objects.update(next_send_at=timezone.now() - timedelta(seconds=1))


def never(delivery: Delivery) -> None:
    raise AssertionError(f"{delivery} was sent")


# ── publishing ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="tested"):
        publish("tested")
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_event_whose_change_is_undone_never_happened() -> None:
    with transaction.atomic():
        publish("tested")
        transaction.set_rollback(True)
    assert not Event.objects.exists()
    assert route_events(FLOW) == 0


@pytest.mark.django_db(transaction=True)
def test_the_relay_is_woken_when_the_change_is_committed_and_not_before() -> None:
    connection.ensure_connection()
    parameters = connection.get_connection_params()
    for key in ("context", "cursor_factory", "prepare_threshold"):
        parameters.pop(key)
    with connection.Database.connect(autocommit=True, **parameters) as listener:
        listener.execute(f"LISTEN {EVENTS_CHANNEL}")
        with transaction.atomic():
            publish("tested")
            assert list(listener.notifies(timeout=0.1)) == []
        heard = list(listener.notifies(timeout=2, stop_after=1))
        assert [notice.channel for notice in heard] == [EVENTS_CHANNEL]


# ── routing ─────────────────────────────────────────────────────────────────────────────────


def test_each_listener_gets_one_delivery(db: None) -> None:
    event = published(number=7, queue="gen.image")
    published("other")
    assert route_events(FLOW) == 2
    assert route_events(FLOW) == 0
    rows = Delivery.objects.values_list("event__topic", "task", "queue")
    assert sorted(rows) == [
        ("other", "first.listener", "cpu"),
        ("tested", "first.listener", "gen.image"),
        ("tested", "second.listener", "gen.image"),
    ]
    event.refresh_from_db()
    assert event.routed_at is not None


def test_events_are_routed_in_their_order_and_in_batches(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "BATCH", 2)
    events = [published("other", number=number) for number in range(5)]
    assert [route_events(FLOW) for _ in range(4)] == [2, 2, 1, 0]
    assert [d.event for d in Delivery.objects.order_by("pk")] == events


# ── sending ─────────────────────────────────────────────────────────────────────────────────


def test_a_delivery_is_offered_again_with_a_growing_wait_until_it_is_handled(db: None) -> None:
    published("other", number=7)
    route_events(FLOW)
    sent: list[Delivery] = []
    waits = []
    for _ in range(7):
        make_due()
        before = timezone.now()
        assert send_deliveries(sent.append) == 1
        delivery = Delivery.objects.get()
        waits.append(round((delivery.next_send_at - before).total_seconds()))
        assert send_deliveries(never) == 0  # not before its time
    assert waits == [20, 40, 80, 160, 320, 600, 600]
    assert delivery.sends == 7
    assert sent[0].event.payload == {"number": 7}
    mark_handled(delivery.pk)
    make_due()
    assert send_deliveries(never) == 0


def test_a_delivery_that_nobody_handles_is_dead_after_so_many_sends(db: None) -> None:
    published("other")
    route_events(FLOW)
    sent: list[Delivery] = []
    for _ in range(relay.MAX_SENDS):
        make_due()
        send_deliveries(sent.append)
    assert Delivery.objects.get().dead_at is None
    make_due()
    send_deliveries(never)
    assert Delivery.objects.get().dead_at is not None
    make_due()
    assert send_deliveries(never) == 0
    assert len(sent) == relay.MAX_SENDS


def test_a_broker_that_fails_leaves_every_delivery_due(db: None) -> None:
    published()
    route_events(FLOW)

    def fail(delivery: Delivery) -> None:
        raise ConnectionError("no broker")

    with pytest.raises(ConnectionError):
        send_deliveries(fail)
    assert set(Delivery.objects.values_list("sends", flat=True)) == {0}
    sent: list[Delivery] = []
    assert send_deliveries(sent.append) == 2


def test_an_error_is_kept_until_the_delivery_is_handled(db: None) -> None:
    published("other")
    route_events(FLOW)
    delivery = Delivery.objects.get()
    mark_failed(delivery.pk, "x" * 5000)
    delivery.refresh_from_db()
    assert len(delivery.last_error) == 2000
    assert delivery.handled_at is None
    mark_handled(delivery.pk)
    delivery.refresh_from_db()
    handled_at = delivery.handled_at
    assert handled_at is not None
    assert delivery.last_error == ""
    # What comes late changes nothing.
    mark_failed(delivery.pk, "late")
    mark_handled(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.last_error, delivery.handled_at) == ("", handled_at)


# ── the door ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def door() -> object:
    """A task that fails when its payload says so, taken away afterwards."""

    def service(number: int) -> None:
        """Do it."""
        if number < 0:
            raise ValueError(f"{number} is below zero")

    task = on_event("tests.listener")(service)
    yield task
    current_app.tasks.pop("tests.listener")


def delivery_of(number: int) -> Delivery:
    published("other", number=number)
    route_events(FLOW)
    return Delivery.objects.get()


def test_a_task_that_returns_has_handled_its_delivery(db: None, door: Callable[..., None]) -> None:
    delivery = delivery_of(1)
    door(delivery_id=delivery.pk, number=1)
    delivery.refresh_from_db()
    assert delivery.handled_at is not None


def test_a_task_that_fails_keeps_its_error_and_stays_due(
    db: None, door: Callable[..., None]
) -> None:
    delivery = delivery_of(-1)
    with pytest.raises(ValueError, match="below zero"):
        door(delivery_id=delivery.pk, number=-1)
    delivery.refresh_from_db()
    assert delivery.last_error == "ValueError: -1 is below zero"
    assert delivery.handled_at is None
    assert delivery.next_send_at - timezone.now() < timedelta(seconds=FIRST_RESEND_S)
    Delivery.objects.update(next_send_at=timezone.now())
    sent: list[Delivery] = []
    assert send_deliveries(sent.append) == 1
    # The next try succeeds, and the error is forgotten.
    door(delivery_id=delivery.pk, number=1)
    delivery.refresh_from_db()
    assert (delivery.last_error, delivery.handled_at is None) == ("", False)


def test_a_task_can_be_called_without_a_delivery(db: None, door: Callable[..., None]) -> None:
    door(number=1)
    with pytest.raises(ValueError, match="below zero"):
        door(number=-1)


def test_a_task_has_a_soft_limit_before_its_hard_one(door: object) -> None:
    task = current_app.tasks["tests.listener"]
    assert task.soft_time_limit == pytest.approx(0.9 * task.time_limit)


# ── several relays ──────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_relays_at_once_route_and_send_everything_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "BATCH", 7)  # many passes, so that they meet
    for number in range(40):
        published(number=number)
    sent: Counter[int] = Counter()
    lock = threading.Lock()

    def send(delivery: Delivery) -> None:
        with lock:
            sent[delivery.pk] += 1
        time.sleep(0.002)

    def route_all() -> int:
        n_routed = 0
        while Event.objects.filter(routed_at__isnull=True).exists():
            n_routed += route_events(FLOW)
        return n_routed

    def send_all() -> None:
        while Delivery.objects.filter(sends=0).exists():
            send_deliveries(send)

    assert sum(cast.at_once([route_all] * 3)) == 40
    assert Delivery.objects.count() == 80
    assert cast.at_once([send_all] * 3) == [None] * 3
    assert len(sent) == 80
    assert set(sent.values()) == {1}
    assert set(Delivery.objects.values_list("sends", flat=True)) == {1}


def test_a_task_that_runs_is_not_sent_again_before_it_can_be_dead(
    db: None, door: Callable[..., None]
) -> None:
    delivery = delivery_of(1)
    mark_started(delivery.pk, time_limit_s=600)
    Delivery.objects.filter(next_send_at__lte=timezone.now() + timedelta(seconds=600)).update(
        last_error="too early"
    )
    delivery.refresh_from_db()
    assert delivery.last_error == ""


def test_an_event_that_the_flow_does_not_know_stops_no_other(
    transactional_db: None, caplog: pytest.LogCaptureFixture
) -> None:
    with transaction.atomic():
        publish("from.a.newer.version")
        publish("vote.cast", vote_id="1")
    assert route_events({"vote.cast": ("boards.count_vote",)}) == 2
    assert [delivery.task for delivery in Delivery.objects.all()] == ["boards.count_vote"]
    assert "from.a.newer.version" in caplog.text
