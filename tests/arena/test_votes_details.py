"""What a voter says more before the names are shown, and nothing of it afterwards."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from arena.accounts.models import Voter
from arena.arenas.models import Arena, Dimension
from arena.battles.models import Battle
from arena.common.errors import BadInput, Conflict, NotFound
from arena.votes.details import Details, write_details
from arena.votes.export import _battle as exported
from arena.votes.models import DimensionOutcome, Rating, Strength
from models_registry.models import Revision
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def asking(arena: Arena) -> Arena:
    """An arena that asks for everything."""
    arena.asks_strength = arena.asks_ratings = True
    arena.save()
    for position, key in enumerate(("correct", "clear")):
        Dimension.objects.create(
            arena=arena, key=key, name=key.title(), question=f"Which one is more {key}?",
            position=position,
        )  # fmt: skip
    return arena


@pytest.fixture
def voted(ada: Voter, asking: Arena, models: list[Revision]) -> Battle:
    """A battle with a vote for A whose names are not shown yet."""
    battle = cast.shown_battle(asking, ada)
    cast.vote(battle, "a")
    battle.refresh_from_db()
    return battle


def path(battle: Battle, what: str) -> str:
    return f"/battles/{battle.pk}/{what}"


def test_the_vote_counts_at_once_and_the_names_wait_for_the_details(
    client: Client, voted: Battle
) -> None:
    assert voted.stage == "judged"
    client.cookies["agon_voter"] = cast.cookie_of(voted.voter)
    page = client.get(f"/battles/{voted.pk}/").content
    assert b"Which one is more correct?" in page
    models = [seat.revision.model.name.encode() for seat in voted.seats.all()]
    assert not any(name in page for name in models)
    assert client.get(path(voted, "standing")).status_code == 404
    assert not any(name in client.get("/you/").content for name in models)
    assert not any(name in client.get("/you/boards/").content for name in models)
    seats = exported(voted, str)["seats"]
    assert [seat["model"] for seat in seats] == [None, None]

    answer = client.post(
        path(voted, "details"),
        {"strength": "clearly", "dimension-correct": "b", "dimension-clear": "", "stars-1": "4"},
    )
    assert all(name in answer.content for name in models)
    assert Strength.objects.get().degree == "clearly"
    assert [(one.dimension.key, one.ranks) for one in DimensionOutcome.objects.all()] == [
        ("correct", [2, 1])
    ]
    assert [(one.position, one.stars) for one in Rating.objects.all()] == [(1, 4)]
    voted.refresh_from_db()
    assert voted.stage == "voted"
    told = exported(voted, str)
    assert told["seats"][0]["model"] == voted.seats.all()[0].revision.label
    assert told["vote"]["dimensions"] == {"correct": [2, 1]}


def test_nothing_said_shows_the_names_and_keeps_nothing(client: Client, voted: Battle) -> None:
    client.cookies["agon_voter"] = cast.cookie_of(voted.voter)
    for _ in range(2):  # a second press, or a reload that sends again
        answer = client.post(path(voted, "details"), {"dimension-clear": ""})
        assert answer.status_code == 200
        assert b"data-reveal" in answer.content
    assert not Strength.objects.exists()
    assert not DimensionOutcome.objects.exists()


def test_a_voter_who_wants_no_questions_sees_the_names_with_the_vote(
    client: Client, ada: Voter, asking: Arena, models: list[Revision]
) -> None:
    battle = cast.shown_battle(asking, ada)
    client.cookies["agon_voter"] = cast.cookie_of(ada)
    form = {"choice": "b", "idempotency_key": str(uuid.uuid4()), "details": "no"}
    assert b"data-reveal" in client.post(path(battle, "vote"), form).content


def test_what_is_said_after_the_names_is_refused(voted: Battle) -> None:
    write_details(battle_id=voted.pk, voter=voted.voter, details=Details(strength="much"))
    for _ in range(2):
        with pytest.raises(Conflict) as refusal:
            write_details(
                battle_id=voted.pk, voter=voted.voter, details=Details(dimensions={"clear": "a"})
            )
        assert refusal.value.code == "already_revealed"
    assert not DimensionOutcome.objects.exists()


def test_details_need_the_vote_and_its_voter(
    ada: Voter, eve: Voter, asking: Arena, models: list[Revision], voted: Battle
) -> None:
    unvoted = cast.shown_battle(asking, ada)
    with pytest.raises(Conflict):
        write_details(battle_id=unvoted.pk, voter=ada, details=Details(strength="much"))
    for stranger in (eve, None):
        with pytest.raises(NotFound):
            write_details(battle_id=voted.pk, voter=stranger, details=Details(strength="much"))


@pytest.mark.parametrize(
    "details",
    [
        Details(strength="hugely"),
        Details(dimensions={"beauty": "a"}),
        Details(dimensions={"clear": "c"}),
        Details(dimensions={"clear": "both_bad"}),
        Details(stars={2: 3}),
        Details(stars={0: 6}),
        Details(stars={0: 0}),
    ],
    ids=str,
)
def test_an_answer_to_what_was_not_asked_is_refused_and_shows_no_names(
    voted: Battle, details: Details
) -> None:
    with pytest.raises(BadInput):
        write_details(battle_id=voted.pk, voter=voted.voter, details=details)
    voted.refresh_from_db()
    assert voted.revealed_at is None
    assert not DimensionOutcome.objects.exists()
    assert not Rating.objects.exists()


def test_an_archived_dimension_is_no_longer_asked(client: Client, voted: Battle) -> None:
    Dimension.objects.filter(key="clear").update(is_archived=True)
    client.cookies["agon_voter"] = cast.cookie_of(voted.voter)
    assert b"more clear?" not in client.get(f"/battles/{voted.pk}/").content
    assert client.post(path(voted, "details"), {"dimension-clear": "a"}).status_code == 400


def test_how_much_better_is_not_asked_of_a_tie(
    ada: Voter, asking: Arena, models: list[Revision]
) -> None:
    battle = cast.shown_battle(asking, ada)
    cast.vote(battle, "tie")
    with pytest.raises(BadInput, match="not asked of this vote"):
        write_details(battle_id=battle.pk, voter=ada, details=Details(strength="much"))
