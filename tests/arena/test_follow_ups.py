"""A conversation goes on with the same two models; the vote on its last turn is on all of it."""

from __future__ import annotations

import pytest
from django.test import Client

from arena.accounts.models import Consent, Voter
from arena.accounts.services import accept_terms, current_consent
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.battles.selectors import turns_before
from arena.battles.services import continue_battle, mark_released
from arena.common.errors import BadInput, Conflict, NotAllowed, NotFound
from arena.generation.models import GenerationJob
from arena.generation.running import request_of
from arena.votes.models import Vote
from models_registry.adapters.contract import Turn
from models_registry.models import Revision
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def talking(arena: Arena, models: list[Revision]) -> Arena:
    """An arena of up to three turns."""
    arena.max_turns = 3
    arena.save()
    return arena


def follow_up(battle: Battle, text: str) -> Battle:
    """The next turn, with its jobs queued."""
    assert battle.voter is not None
    consent = current_consent(battle.voter)
    after = continue_battle(battle_id=battle.pk, voter=battle.voter, consent=consent, text=text)
    cast.carry_events()
    return after


def finished(battle: Battle, *outputs: str) -> Battle:
    """The turn with its answers, ready for a vote or for more."""
    cast.finish_outputs(battle, outputs)
    mark_released(battle.pk)
    for position in range(2):
        cast.record_shown(battle_id=battle.pk, voter=battle.voter, seat=position)
    battle.refresh_from_db()
    return battle


def test_a_follow_up_goes_to_the_same_seats_with_what_was_said_before(
    ada: Voter, talking: Arena
) -> None:
    first = cast.shown_battle(talking, ada, "What is a set?")
    second = finished(follow_up(first, "And a frozen one?"), "Hashable.", "Cold.")
    third = follow_up(second, "Why?")
    first.refresh_from_db()
    assert (first.ending, first.stage) == ("continued", "continued")
    for turn in (second, third):
        assert [seat.revision for seat in turn.seats.all()] == [
            seat.revision for seat in first.seats.all()
        ]
        assert (turn.p_draw, turn.sampler) == (first.p_draw, first.sampler)
    assert turns_before(third) == [first, second]
    job = GenerationJob.objects.get(seat__battle=third, seat__position=1)
    assert request_of(job).prompt == "Why?"
    assert request_of(job).history == (
        Turn("What is a set?", cast.OUTPUTS[1]),
        Turn("And a frozen one?", "Cold."),
    )


def test_the_vote_is_on_the_last_turn_and_the_page_shows_all_of_them(
    client: Client, ada: Voter, talking: Arena
) -> None:
    first = cast.shown_battle(talking, ada, "What is a set?")
    second = finished(follow_up(first, "And a frozen one?"), "Hashable.", "Cold.")
    client.cookies["agon_voter"] = cast.cookie_of(ada)
    assert client.get(f"/battles/{first.pk}/").headers["Location"] == f"/battles/{second.pk}/"
    page = client.get(f"/battles/{second.pk}/").content.decode()
    for words in ("What is a set?", cast.OUTPUTS[0], "And a frozen one?", "Hashable."):
        assert words in page
    assert page.index("What is a set?") < page.index("And a frozen one?")
    with pytest.raises(Conflict):
        cast.vote(first, "a")
    cast.vote(second, "b")
    assert Vote.objects.get().battle == second


def test_a_follow_up_is_sent_from_the_battle_page(
    client: Client, ada: Voter, talking: Arena
) -> None:
    first = cast.shown_battle(talking, ada, "What is a set?")
    client.cookies["agon_voter"] = cast.cookie_of(ada)
    assert b"Ask both a follow-up" in client.get(f"/battles/{first.pk}/").content
    form = {"prompt": "And a frozen one?", "continues": str(first.pk)}
    answer = client.post(f"/arenas/{talking.slug}/", form)
    second = Battle.objects.get(continues=first)
    assert answer.headers["Location"] == f"/battles/{second.pk}/#now"
    again = client.post(f"/arenas/{talking.slug}/", form)
    assert again.status_code == 409


def test_a_follow_up_that_looks_personal_is_asked_about_and_nothing_ends(
    client: Client, ada: Voter, talking: Arena
) -> None:
    first = cast.shown_battle(talking, ada, "What is a set?")
    client.cookies["agon_voter"] = cast.cookie_of(ada)
    form = {"prompt": "Write to bob@example.org about it", "continues": str(first.pk)}
    page = client.post(f"/arenas/{talking.slug}/", form).content.decode()
    assert str(first.pk) in page
    assert "Your follow-up" in page
    first.refresh_from_db()
    assert first.stage == "ready"


def test_turns_end_where_the_arena_says_and_battles_without_them_offer_none(
    client: Client, ada: Voter, talking: Arena
) -> None:
    battle = cast.shown_battle(talking, ada)
    for text in ("More?", "Still more?"):
        battle = finished(follow_up(battle, text), "Yes.", "No.")
    with pytest.raises(Conflict):
        follow_up(battle, "A fourth?")
    client.cookies["agon_voter"] = cast.cookie_of(ada)
    assert b"Ask both a follow-up" not in client.get(f"/battles/{battle.pk}/").content
    talking.max_turns = 1
    talking.save()
    with pytest.raises(Conflict):
        follow_up(cast.shown_battle(talking, ada), "More?")


def test_a_model_that_takes_no_follow_up_is_not_sent_one(ada: Voter, talking: Arena) -> None:
    battle = cast.shown_battle(talking, ada)
    model = battle.seats.all()[0].revision.model
    model.abilities = {"conversation": False}
    model.save()
    with pytest.raises(Conflict):
        follow_up(battle, "More?")


def test_nothing_goes_on_before_the_answers_after_the_vote_or_for_somebody_else(
    ada: Voter, eve: Voter, talking: Arena
) -> None:
    waiting = cast.opened_battle(talking, ada)
    with pytest.raises(Conflict):
        follow_up(waiting, "More?")
    voted = cast.shown_battle(talking, ada)
    cast.vote(voted, "a")
    with pytest.raises(Conflict):
        follow_up(voted, "More?")
    shown = cast.shown_battle(talking, ada)
    for stranger, consent in ((eve, accept_terms(voter=eve)), (None, None)):
        with pytest.raises(NotFound):
            continue_battle(battle_id=shown.pk, voter=stranger, consent=consent, text="More?")
    with pytest.raises(NotAllowed):
        continue_battle(battle_id=shown.pk, voter=ada, consent=None, text="More?")
    with pytest.raises(BadInput):
        follow_up(shown, " ")
    shown.refresh_from_db()
    assert shown.stage == "ready"
    assert isinstance(current_consent(ada), Consent)
