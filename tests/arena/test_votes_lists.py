"""Battles of more than two are ranked with ties; skipped and reported ones say why."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.common.errors import BadInput, Conflict, NotFound, Unavailable
from arena.generation.models import GenerationJob
from arena.votes.models import Report, Skip, Vote
from arena.votes.services import cast_vote
from arena.votes.skipping import report_battle, skip_battle
from models_registry.models import Revision
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def four(arena: Arena, models: list[Revision]) -> Arena:
    """The arena with four seats, and models for them."""
    for name in ("Cleo", "Dana", "Elm"):
        cast.bens_model(name)
    arena.n_seats = 4
    arena.save()
    return arena


def test_four_models_meet_and_are_ranked_with_ties(ada: Voter, four: Arena) -> None:
    battle = cast.shown_battle(four, ada)
    assert battle.seats.count() == 4
    with pytest.raises(BadInput, match="an order of all letters"):
        cast_vote(battle_id=battle.pk, voter=ada, choice="a", idempotency_key=str(uuid.uuid4()))
    vote = cast.vote(battle, "c>a=d>b")
    assert vote.ranks == [2, 3, 1, 2]
    with pytest.raises(Conflict, match="C, then A and D, then B"):
        cast_vote(
            battle_id=battle.pk, voter=ada, choice="a>b>c>d", idempotency_key=str(uuid.uuid4())
        )


def test_too_few_models_for_the_seats_say_so(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    arena.n_seats = 6
    arena.save()
    with pytest.raises(Unavailable, match="of the 6 models"):
        cast.opened_battle(arena, ada)


def test_the_reveal_and_the_votes_page_show_a_ranking(
    client: Client, ada: Voter, four: Arena
) -> None:
    battle = cast.shown_battle(four, ada)
    cast.vote(battle, "d>b>a=c")
    client.cookies["agon_voter"] = cast.cookie_of(ada)
    for path in (f"/battles/{battle.pk}/", "/you/"):
        page = client.get(path).content.decode()
        assert "D, then B, then A and C" in page
        for seat in battle.seats.select_related("revision__model"):
            assert seat.revision.model.name in page


def test_a_skipped_battle_takes_no_vote_shows_no_names_and_stops_its_jobs(
    client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.queued_battle(arena, ada)
    client.cookies["agon_voter"] = cast.cookie_of(ada)
    client.post(f"/battles/{battle.pk}/skip", {"reason": "too_slow"})
    client.post(f"/battles/{battle.pk}/skip", {"reason": "cannot_judge"})
    cast.carry_events()
    assert [skip.reason for skip in Skip.objects.all()] == ["too_slow"]
    assert {job.error_code for job in GenerationJob.objects.filter(seat__battle=battle)} == {
        "cancelled"
    }
    page = client.get(f"/battles/{battle.pk}/").content.decode()
    assert "You passed over this battle" in page
    assert not any(seat.revision.model.name in page for seat in battle.seats.all())
    with pytest.raises(Conflict):
        cast_vote(battle_id=battle.pk, voter=ada, choice="a", idempotency_key=str(uuid.uuid4()))
    assert not Vote.objects.exists()


def test_a_voted_battle_cannot_be_skipped(
    ada: Voter, eve: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.shown_battle(arena, ada)
    with pytest.raises(NotFound):
        skip_battle(battle_id=battle.pk, voter=eve, reason="cannot_judge")
    with pytest.raises(BadInput, match="cannot_judge"):
        skip_battle(battle_id=battle.pk, voter=ada, reason="bored")
    cast.vote(battle, "a")
    with pytest.raises(Conflict):
        skip_battle(battle_id=battle.pk, voter=ada, reason="cannot_judge")


def test_a_report_reaches_the_staff_once(
    client: Client, admin_client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.shown_battle(arena, ada)
    client.cookies["agon_voter"] = cast.cookie_of(ada)
    for _ in range(2):
        form = {"reason": "names_itself", "seat": "1", "text": "It says its name."}
        answer = client.post(f"/battles/{battle.pk}/report", form, headers={"HX-Request": "true"})
        assert "Thank you" in answer.content.decode()
    assert [(one.position, one.reason) for one in Report.objects.all()] == [(1, "names_itself")]
    assert "It says its name." in admin_client.get("/staff/votes/report/").content.decode()


def test_a_report_that_cannot_be_kept_says_what_to_change(
    ada: Voter, eve: Voter, arena: Arena, models: list[Revision]
) -> None:
    waiting = cast.opened_battle(arena, ada)
    with pytest.raises(Conflict):
        report_battle(battle_id=waiting.pk, voter=ada, reason="hate")
    battle = cast.shown_battle(arena, ada)
    with pytest.raises(NotFound):
        report_battle(battle_id=battle.pk, voter=eve, reason="hate")
    for wrong in ({"reason": "dull"}, {"reason": "hate", "position": 2},
                  {"reason": "hate", "text": "x" * 1001}):  # fmt: skip
        with pytest.raises(BadInput):
            report_battle(battle_id=battle.pk, voter=ada, **wrong)
    assert not Report.objects.exists()


def test_the_same_prompt_again_is_recorded_as_such(
    ada: Voter, eve: Voter, arena: Arena, models: list[Revision]
) -> None:
    first = cast.opened_battle(arena, ada, "What is a set?")
    again = cast.opened_battle(arena, ada, "What is a set?", again_of=first)
    assert again.again_of == first
    other = cast.opened_battle(arena, ada, "What is a dict?", again_of=first)
    assert other.again_of is None
