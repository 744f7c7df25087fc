"""Events of a page are recorded once, in order, and only between the release and the vote."""

from __future__ import annotations

import json
import math
import uuid
from functools import partial
from typing import Any

import pytest
from django.db import connection

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.battles.services import end_battle
from arena.common.errors import BadInput, Conflict, NotFound, TooMany
from arena.votes.consumers import LONGEST_MESSAGE
from arena.votes.engagement import services
from arena.votes.engagement.intake import MOST_EVENTS
from arena.votes.engagement.selectors import coverage_of, is_voteable, missing_of, sentence
from arena.votes.engagement.services import Recorded, record_events, record_shown
from arena.votes.models import Engagement, Vote
from arena.votes.services import cast_vote
from tests import cast

pytestmark = pytest.mark.django_db
PAGE = "page-of-ada"


@pytest.fixture
def voter() -> Voter:
    for name in ("Alder", "Birch", "Cedar"):
        cast.bens_model(name)
    return cast.ada()[0]


@pytest.fixture
def battle(voter: Voter) -> Battle:
    return cast.released_battle(cast.text_arena(), voter)


def event(
    number: int, kind: str = "visible", seat: int | None = None, **said: Any
) -> dict[str, Any]:
    return {"number": number, "ms": number * 100, "kind": kind, "seat": seat, **said}


def send(battle: Battle, *events: dict[str, Any], page: str = PAGE) -> Recorded:
    assert battle.voter is not None
    message = {"kind": "events", "page": page, "events": list(events)}
    return record_events(battle_id=battle.pk, voter=battle.voter, message=message)


def recorded(battle: Battle) -> list[tuple[int, int | None, str]]:
    return list(battle.engagement.values_list("number", "page_number", "kind"))


def happened_before(battle: Battle, seconds: float) -> None:
    """Let what was recorded lie so much further in the past; a trigger would refuse it."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE votes_engagement SET at = at - make_interval(secs => %s) WHERE battle_id = %s",
            [seconds, battle.pk],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")


def music_battle(voter: Voter, gate_s: float = 4.0) -> Battle:
    """A released battle of an arena that asks to listen; its outputs are words with a duration."""
    arena = cast.text_arena()
    battle = cast.released_battle(arena, voter)
    Arena.objects.filter(pk=arena.pk).update(modality="music", gate_s=gate_s)
    for seat in battle.seats.all():
        seat.output.details = {"duration_s": 12.0}
        seat.output.save(update_fields=["details"])
        record_shown(battle_id=battle.pk, voter=voter, seat=seat.position)
    return Battle.objects.get(pk=battle.pk)


def play(battle: Battle, seat: int, seconds: float, page: str = PAGE) -> Recorded:
    """Play a clip from its beginning for some seconds of the server's time."""
    before = send(battle, event(1), page=page).number
    start = event(before + 1, "play", seat, position_s=0, rate=1, volume=1)
    send(battle, start, page=page)
    happened_before(battle, seconds)
    end = event(before + 2, "pause", seat, position_s=seconds)
    end["ms"] = start["ms"] + int(seconds * 1000)
    return send(battle, end, page=page)


# ── recording ───────────────────────────────────────────────────────────────────────────────


def test_a_batch_is_recorded_in_the_order_of_its_numbers_once(battle: Battle) -> None:
    batch = [event(2, "hidden"), event(1), event(3), event(2, "hidden")]
    assert send(battle, *batch).number == 3
    assert send(battle, *batch).number == 3
    assert send(battle, event(3), event(4, "hidden")).number == 4
    assert recorded(battle) == [
        (1, 1, "visible"),
        (2, 2, "hidden"),
        (3, 3, "visible"),
        (4, 4, "hidden"),
    ]


def test_each_page_has_numbers_of_its_own(battle: Battle) -> None:
    send(battle, event(1), event(2, "hidden"))
    assert send(battle, event(1), page="another-page").number == 1
    assert recorded(battle) == [(1, 1, "visible"), (2, 2, "hidden"), (3, 1, "visible")]


def test_what_a_kind_says_is_kept(battle: Battle) -> None:
    send(battle, event(1, "play", 1, position_s=0.5, rate=1.5, volume=1), event(2, "loop"))
    first, second = battle.engagement.all()
    assert first.values == {"position_s": 0.5, "rate": 1.5, "volume": 1}
    assert (first.seat, first.page, first.page_ms) == (1, PAGE, 100)
    assert (second.seat, second.values) == (None, {})


BAD: list[tuple[str, object]] = [
    ("number", 0),
    ("number", 2**31),
    ("number", 1.5),
    ("number", True),
    ("number", "1"),
    ("ms", -1),
    ("ms", None),
    ("ms", 2**40),
    ("kind", "shown"),
    ("kind", "vote"),
    ("kind", None),
    ("kind", []),
    ("seat", 2),
    ("seat", -1),
    ("seat", None),
    ("seat", True),
    ("seat", "0"),
    ("position_s", -0.1),
    ("position_s", math.nan),
    ("position_s", math.inf),
    ("position_s", 1e9),
    ("position_s", 10**400),
    ("position_s", "1"),
    ("position_s", True),
    ("position_s", {}),
    ("more", 1),
]


@pytest.mark.parametrize(("name", "value"), BAD, ids=repr)
def test_a_batch_with_one_thing_that_cannot_be_is_refused_whole(
    battle: Battle, name: str, value: object
) -> None:
    bad = event(2, "playing", 0, position_s=1.0) | {name: value}
    with pytest.raises(BadInput):
        send(battle, event(1), bad)
    assert recorded(battle) == []


def test_a_battle_as_a_whole_has_no_seat_and_a_mode_is_a_known_one(battle: Battle) -> None:
    bad: Any
    for bad in (
        event(1, "visible", 0),
        event(1, "loop", None, from_s=1),
        event(1, "view", 0, mode="x-ray"),
        event(1, "turntable", 0, on=1),
        event(1, "compare", None, mode="<b>"),
        event(1, "rate", 0, value=40),
        [],
    ):
        with pytest.raises(BadInput):
            send(battle, bad)


@pytest.mark.parametrize("page", ["", "short", "x" * 23, "page of ada", None, 7, "päge-of-ada"])
def test_a_page_has_a_name(battle: Battle, page: Any) -> None:
    with pytest.raises(BadInput, match="page"):
        send(battle, event(1), page=page)


def test_a_batch_has_one_to_fifty_events(battle: Battle) -> None:
    most = [event(number) for number in range(1, MOST_EVENTS + 1)]
    with pytest.raises(BadInput):
        send(battle)
    with pytest.raises(BadInput):
        send(battle, *most, event(MOST_EVENTS + 1))
    assert send(battle, *most).number == MOST_EVENTS


def test_the_longest_batch_of_a_page_fits_into_a_message() -> None:
    said = {"azimuth_deg": -123.456789, "polar_deg": 89.123456789, "distance": 4.17283940506}
    longest = [event(2**31 - 1, "orbit", 1, **said) | {"ms": 2**31 - 1}] * MOST_EVENTS
    message = {"kind": "events", "page": "x" * 22, "events": longest}
    assert len(json.dumps(message)) < LONGEST_MESSAGE


def test_events_of_somebody_else_are_refused(battle: Battle) -> None:
    eve, _ = cast.ada()
    with pytest.raises(NotFound):
        record_events(battle_id=battle.pk, voter=eve, message={"page": PAGE, "events": [event(1)]})


def test_nothing_is_recorded_before_the_release(voter: Voter) -> None:
    battle = cast.opened_battle(cast.text_arena(), voter)
    with pytest.raises(Conflict):
        send(battle, event(1))


def test_nothing_is_recorded_after_the_vote_or_another_ending(voter: Voter) -> None:
    voted = cast.shown_battle(cast.text_arena(), voter)
    cast.vote(voted, "a")
    ended = cast.released_battle(cast.text_arena(), voter)
    end_battle(ended.pk, Battle.Ending.SKIPPED)
    for battle, n_events in ((voted, 2), (ended, 0)):
        with pytest.raises(Conflict, match="does not count"):
            send(battle, event(1))
        assert battle.engagement.count() == n_events


def test_nobody_fills_the_disk_and_who_has_met_the_gate_can_still_vote(
    voter: Voter, monkeypatch: pytest.MonkeyPatch
) -> None:
    battle = music_battle(voter)
    play(battle, 0, 4.5)
    assert play(battle, 1, 4.5, "another-page").missing == []
    monkeypatch.setattr(services, "MOST_RECORDED", battle.engagement.count() + 1)
    send(battle, event(1), page="a-third-page")
    with pytest.raises(TooMany):
        send(battle, event(2), page="a-third-page")
    assert cast.vote(battle, "a").ranks == [1, 2]


# ── the gate ────────────────────────────────────────────────────────────────────────────────


def test_a_vote_waits_until_each_clip_was_heard(voter: Voter) -> None:
    battle = music_battle(voter)
    assert [sentence(one) for one in missing_of(battle)] == [
        "Listen to answer A for 4 more seconds.",
        "Listen to answer B for 4 more seconds.",
    ]
    play(battle, 0, 4.5)
    (missing,) = play(battle, 1, 2.5, "another-page").missing
    assert sentence(missing) == "Listen to answer B for 2 more seconds."
    with pytest.raises(Conflict, match="Listen to answer B for 2 more seconds") as refused:
        cast.vote(battle, "a")
    assert refused.value.code == "gate_not_met"
    assert not Vote.objects.exists()
    assert play(battle, 1, 4.5, "a-third-page").missing == []
    assert is_voteable(battle)
    assert cast.vote(battle, "a").ranks == [1, 2]


def test_a_program_that_claims_to_have_listened_in_no_time_cannot_vote(voter: Voter) -> None:
    battle = music_battle(voter)
    for seat in (0, 1):
        said = [event(1, "play", seat, position_s=0, rate=4, volume=1)]
        said += [event(n, "playing", seat, position_s=min(12, n * 2.0)) for n in range(2, 9)]
        missing = send(battle, *said, page=f"page-number-{seat}").missing
        assert {one.seat for one in missing} == {0, 1}
    with pytest.raises(Conflict, match="Listen to answer A"):
        cast.vote(battle, "a")


def test_a_gate_of_seconds_asks_to_look_at_what_is_not_music(voter: Voter) -> None:
    arena = cast.text_arena()
    Arena.objects.filter(pk=arena.pk).update(gate_s=3)
    battle = cast.shown_battle(Arena.objects.get(pk=arena.pk), voter)
    send(battle, event(1))
    happened_before(battle, 3.5)
    assert send(battle, event(2, "visible") | {"ms": 3600}).missing == []
    assert coverage_of(battle).seats[0].seen_s == pytest.approx(3.5, abs=0.5)


def test_an_object_is_turned_before_the_vote(voter: Voter) -> None:
    arena = cast.text_arena()
    battle = cast.shown_battle(arena, voter)
    Arena.objects.filter(pk=arena.pk).update(modality="mesh", gate_views=3)
    battle = Battle.objects.get(pk=battle.pk)
    with pytest.raises(Conflict, match="Turn answer A: it was seen from 1 of 3 sides"):
        cast.vote(battle, "a")
    pose = {"polar_deg": 70, "distance": 4}
    turns = [event(1)]
    for place, azimuth_deg in enumerate((40.4, 130.4, -139.6)):
        turns += [
            event(2 + 20 * place + seat, "orbit", seat, azimuth_deg=azimuth_deg, **pose)
            for seat in (0, 1)
        ]
    send(battle, turns[0])
    happened_before(battle, 6)
    assert send(battle, *turns[1:]).missing == []
    assert cast.vote(battle, "b").ranks == [2, 1]


def test_outputs_that_are_not_on_the_screen_are_waited_for(battle: Battle) -> None:
    with pytest.raises(Conflict, match="on the screen") as refused:
        cast_vote(
            battle_id=battle.pk,
            voter=battle.voter,
            choice="a",
            idempotency_key=str(uuid.uuid4()),
        )
    assert refused.value.code == "not_shown"


def test_coverage_of_many_battles_needs_no_query_for_each(
    voter: Voter, django_assert_num_queries: Any
) -> None:
    for _ in range(3):
        cast.vote(cast.shown_battle(cast.text_arena(), voter), "a")
    battles = Battle.objects.select_related("vote").prefetch_related("engagement", "seats__output")
    with django_assert_num_queries(4):
        known = [coverage_of(battle) for battle in battles]
    assert all(seat.is_shown for one in known for seat in one.seats.values())


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_comes_many_times_at_once_is_recorded_once(voter: Voter) -> None:
    battle = cast.released_battle(cast.text_arena(), voter)
    batch = [event(number) for number in range(1, 9)]
    found = cast.at_once([partial(send, battle, *batch) for _ in range(6)])
    assert {one.number for one in found} == {8}
    assert list(Engagement.objects.values_list("number", flat=True)) == list(range(1, 9))
