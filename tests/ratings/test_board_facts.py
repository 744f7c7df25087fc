"""Facts that slices read: the same of one vote as in the pass over an arena, in one query."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.services import mark_released
from arena.generation.models import Blob, Output
from arena.prompts.slices import VoteFacts
from arena.votes.engagement.services import record_shown
from arena.votes.importing.service import import_votes
from arena.votes.models import Vote, VoteImport
from arena.votes.services import withdraw_vote
from models_registry.models import Revision
from ratings.boards.counting import count_vote, recount_arena
from ratings.boards.facts import facts_of, standing_votes_with_facts
from ratings.boards.models import TalliedVote
from ratings.boards.selectors import live_board, slices_with_votes
from tests import cast


def mesh_vote(arena: Arena, voter: Voter, textured: list[bool | None]) -> Vote:
    """A vote on two meshes; None makes an output as it was before textures were noted."""
    battle = cast.opened_battle(arena, voter, "chair")
    for seat, is_textured in zip(battle.seats.all(), textured, strict=True):
        blob = Blob.objects.create(
            sha256=f"{seat.pk:064x}", key=f"{seat.pk}.glb", media_type="model/gltf-binary",
            size_bytes=1,
        )  # fmt: skip
        details = {"triangles": 12} | ({} if is_textured is None else {"is_textured": is_textured})
        Output.objects.create(seat=seat, blob=blob, details=details)
    mark_released(battle.pk)
    battle.refresh_from_db()
    for position in range(2):
        record_shown(battle_id=battle.pk, voter=voter, seat=position)
    return cast.vote(battle, "a")


def imported(arena: Arena, folder: Path, judged_by: str) -> list[Vote]:
    path = folder / f"votes-{judged_by}.csv"
    path.write_text(
        "model_a,model_b,winner,prompt\n"
        f"alder,birch,model_a,Why does bread rise when {judged_by or 'you'} bake it?\n"
        "birch,alder,tie,\n"
    )
    batch = import_votes(path=path, arena=arena, judged_by=judged_by).batch
    return list(Vote.objects.filter(source=batch))


def stored_slices(vote: Vote) -> list[str]:
    return TalliedVote.objects.get(pk=vote.pk).slices


def test_one_vote_and_the_pass_over_an_arena_read_the_same(
    ada: Voter, arena: Arena, models: list[Revision], tmp_path: Path
) -> None:
    votes = [cast.vote(cast.shown_battle(arena, ada, text), "a") for text in ("tuple?", "Hallo")]
    for judged_by in ("", "people", "models"):
        votes += imported(arena, tmp_path, judged_by)
    read = dict(standing_votes_with_facts(arena))
    assert read == {vote.pk: facts_of(vote) for vote in votes}
    assert read[votes[0].pk] == VoteFacts("text", "tuple?", "typed")
    without_prompt = {facts for facts in read.values() if not facts.text}
    assert without_prompt == {
        VoteFacts("text", judged_by=judged_by) for judged_by in ("", "people", "models")
    }


@pytest.mark.parametrize(
    ("textured", "key"),
    [
        ([True, True], "outputs-textured"),
        ([False, False], "outputs-plain"),
        ([True, False], None),
        ([None, True], None),
        ([None, None], None),
    ],
)
def test_a_3d_vote_is_in_the_slice_of_its_outputs_counted_once_or_anew(
    ada: Voter, textured: list[bool | None], key: str | None
) -> None:
    arena = cast.media_arena("mesh")
    vote = mesh_vote(arena, ada, textured)
    facts = facts_of(vote)
    assert sorted(map(str, facts.are_textured)) == sorted(map(str, textured))
    assert dict(standing_votes_with_facts(arena)) == {vote.pk: facts}
    assert count_vote(str(vote.pk))
    counted = stored_slices(vote)
    assert [one for one in counted if one.startswith("outputs-")] == ([key] if key else [])
    recount_arena(arena.pk)
    assert stored_slices(vote) == counted


def test_live_votes_are_in_no_slice_of_judges_and_imported_ones_in_theirs(
    ada: Voter, arena: Arena, models: list[Revision], tmp_path: Path
) -> None:
    vote = cast.vote(cast.shown_battle(arena, ada), "a")
    for judged_by in ("", "people", "models"):
        imported(arena, tmp_path, judged_by)
    cast.carry_events()
    assert not any(key.startswith("judge-") for key in stored_slices(vote))
    judges = [key for key in slices_with_votes(arena, "imported") if key.startswith("judge-")]
    assert judges == ["judge-models", "judge-people"]
    assert live_board(arena, "imported").n_votes == 6
    assert live_board(arena, "imported", "judge-models").n_votes == 2


def test_an_import_that_learns_its_judges_is_counted_anew(arena: Arena, tmp_path: Path) -> None:
    imported(arena, tmp_path, "")
    cast.carry_events()
    assert "judge-models" not in slices_with_votes(arena, "imported")
    again = import_votes(path=tmp_path / "votes-.csv", arena=arena, judged_by="models")
    assert (again.is_new, again.are_judges_new) == (False, True)
    assert VoteImport.objects.get().judged_by == "models"
    cast.carry_events()
    assert live_board(arena, "imported", "judge-models").n_votes == 2


@pytest.mark.parametrize("modality", ["text", "mesh"])
def test_the_pass_over_an_arena_asks_once_however_many_votes_there_are(
    ada: Voter, models: list[Revision], modality: str
) -> None:
    arena = cast.text_arena() if modality == "text" else cast.media_arena("mesh")
    for _ in range(4):
        if modality == "text":
            cast.vote(cast.shown_battle(arena, ada), "a")
        else:
            mesh_vote(arena, ada, [True, True])
    withdrawn = Vote.objects.all()[0]
    withdraw_vote(vote_id=str(withdrawn.pk), voter=ada)
    with CaptureQueriesContext(connection) as queries:
        read = dict(standing_votes_with_facts(arena))
    assert len(read) == 3
    assert withdrawn.pk not in read
    assert len([query for query in queries if "votes_vote" in query["sql"]]) == 1
