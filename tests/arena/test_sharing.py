"""A battle is shown to others only while its voter wants it, and never who they are."""

from __future__ import annotations

import pytest
from django.test import Client

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.battles.services import mark_released
from arena.common.errors import Conflict, NotFound
from arena.generation.outputs import anonymous_output
from arena.votes.models import Share
from arena.votes.services import withdraw_vote
from arena.votes.sharing import share_battle
from models_registry.models import Model, Revision
from tests import cast
from tests.arena.test_output_profiles_image import picture, saved

pytestmark = pytest.mark.django_db


@pytest.fixture
def voted(ada: Voter, arena: Arena, models: list[Revision]) -> Battle:
    """Ada's battle with a vote for A and a reason."""
    battle = cast.shown_battle(arena, ada, "What is a set?")
    cast.vote(battle, "a", "B is my brother's model.")
    return battle


def as_ada(client: Client, battle: Battle) -> Client:
    client.cookies["agon_voter"] = cast.cookie_of(battle.voter)
    return client


def test_anyone_with_the_address_sees_the_battle_and_nothing_of_the_voter(
    client: Client, voted: Battle
) -> None:
    answer = as_ada(client, voted).post(f"/battles/{voted.pk}/share", headers={"HX-Request": "1"})
    path = f"/shared/{Share.objects.get().token}/"
    assert path in answer.content.decode()
    response = Client().get(path)
    page = response.content.decode()
    for shown in ("What is a set?", "A tuple is immutable.", "A is better"):
        assert shown in page
    for seat in voted.seats.select_related("revision__model"):
        assert seat.revision.model.name in page
    for kept in ("brother", str(voted.voter_id), str(voted.vote.pk), str(voted.pk)):
        assert kept not in page
    assert response["X-Robots-Tag"] == "noindex"


def test_a_closed_page_is_gone_and_a_new_one_has_a_new_address(
    client: Client, voted: Battle
) -> None:
    as_ada(client, voted)
    for _ in range(2):  # pressing twice opens one page
        client.post(f"/battles/{voted.pk}/share")
    first = Share.objects.get()
    client.post(f"/battles/{voted.pk}/share", {"close": "yes"})
    assert client.get(f"/shared/{first.token}/").status_code == 404
    client.post(f"/battles/{voted.pk}/share")
    second = Share.objects.get(closed_at=None)
    assert second.token != first.token
    assert client.get(f"/shared/{second.token}/").status_code == 200


def test_a_withdrawn_vote_is_shown_to_nobody(client: Client, ada: Voter, voted: Battle) -> None:
    share = share_battle(battle_id=voted.pk, voter=ada)
    withdraw_vote(vote_id=str(voted.vote.pk), voter=ada)
    assert client.get(f"/shared/{share.token}/").status_code == 404
    with pytest.raises(Conflict, match="taken back"):
        share_battle(battle_id=voted.pk, voter=ada)


def test_outputs_that_may_not_be_published_are_not_shared(
    client: Client, ada: Voter, voted: Battle
) -> None:
    Model.objects.update(may_release_outputs=False)
    with pytest.raises(Conflict, match="does not allow its outputs to be published"):
        share_battle(battle_id=voted.pk, voter=ada)
    page = as_ada(client, voted).get(f"/battles/{voted.pk}/").content.decode()
    assert "cannot be shared" in page
    assert "Share this battle" not in page


def test_only_the_voter_shares_and_only_after_the_names(
    ada: Voter, eve: Voter, arena: Arena, voted: Battle
) -> None:
    for stranger in (eve, None):
        with pytest.raises(NotFound):
            share_battle(battle_id=voted.pk, voter=stranger)
    unvoted = cast.shown_battle(arena, ada)
    with pytest.raises(Conflict, match="Vote first"):
        share_battle(battle_id=unvoted.pk, voter=ada)


def test_files_are_served_under_the_token_and_only_those_of_the_battle(
    client: Client, ada: Voter, eve: Voter
) -> None:
    arena = cast.media_arena("image")
    battles = []
    for voter in (ada, eve):
        battle = cast.opened_battle(arena, voter)
        for seat in battle.seats.all():
            output = anonymous_output("image", saved(picture(seed=seat.pk)), "image/png")
            output.seat = seat
            output.save()
        mark_released(battle.pk)
        for position in range(2):
            cast.record_shown(battle_id=battle.pk, voter=voter, seat=position)
        cast.vote(battle, "b")
        battles.append(battle)
    shares = [share_battle(battle_id=one.pk, voter=one.voter) for one in battles]
    output = battles[0].seats.all()[0].output
    assert output.blob is not None
    file = f"m/{output.pk}.{output.blob.key.rpartition('.')[2]}"
    own, other = (f"/shared/{one.token}/" for one in shares)
    assert own + file in client.get(own).content.decode()
    assert client.get(own + file).status_code == 200
    assert client.get(other + file).status_code == 404
    assert client.get(f"/{file}").status_code == 404
