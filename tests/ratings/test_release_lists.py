"""A release holds all that was said of a battle, and lists of more than two beside pairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from arena.accounts.models import Voter
from arena.accounts.services import current_consent
from arena.arenas.models import Arena, Dimension, Tag
from arena.battles.models import Battle
from arena.battles.services import continue_battle, mark_released
from arena.prompts.models import Moderation
from arena.votes.details import Details, write_details
from arena.votes.rationales import MarkSaid, Said, SeatSaid, write_rationale
from models_registry.models import Model, Revision
from ratings.boards.selectors import live_board
from ratings.releases import files
from ratings.releases.services import build_release, release_folder
from ratings.rewards.learning.pairs import pairs_from_rows
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def asking(arena: Arena) -> Arena:
    """An arena that asks for everything."""
    arena.asks_strength = arena.asks_ratings = True
    arena.save()
    Dimension.objects.create(arena=arena, key="clear", name="Clear", question="Clearer?")
    Tag.objects.create(arena=arena, key="wrong", label="Wrong", polarity="bad")
    return arena


@pytest.fixture
def four(asking: Arena, models: list[Revision]) -> Arena:
    """The same arena with four seats, and a model for each."""
    cast.bens_model("Dogwood")
    asking.n_seats = 4
    asking.save()
    return asking


def say_all(battle: Battle) -> None:
    """Details and reasons, with an address in each text that must not leave."""
    said = Details(strength="much", dimensions={"clear": "tie"}, stars={1: 2})
    write_details(battle_id=battle.pk, voter=battle.voter, details=said)
    seat = battle.seats.select_related("output").all()[1]
    text = seat.output.text or ""
    write_rationale(
        battle_id=battle.pk,
        voter=battle.voter,
        said=Said(
            text="Ask ada@example.org.",
            seats=(SeatSaid(1, "Also bob@example.org.", ("wrong",)),),
            marks=(
                MarkSaid(1, "span", {"start": 0, "end": 2, "quote": text[:2]}, False,
                         "c@example.org"),
            ),
        ),
    )  # fmt: skip


def the_row(arena: Arena) -> dict[str, Any]:
    with release_folder(build_release(arena)) as folder:
        (row,) = files.read_rows(folder)
        return row


def test_what_was_said_of_a_pair_is_in_its_row_and_redacted(
    ada: Voter, asking: Arena, models: list[Revision]
) -> None:
    battle = cast.shown_battle(asking, ada)
    cast.vote(battle, "a")
    say_all(battle)
    row = the_row(asking)
    assert (row["winner"], row["strength"], row["stars"]) == ("model_a", "much", [None, 2])
    assert row["dimensions"] == [{"dimension": "clear", "ranks": [1, 1]}]
    assert row["tags"] == [{"seat": 1, "tag": "wrong", "polarity": "bad"}]
    assert row["rationales"] == [None, "Also [EMAIL]."]
    assert row["marks"] == [
        {"seat": 1, "kind": "span", "polarity": "bad", "quote": "No", "place": None,
         "note": "[EMAIL]"}
    ]  # fmt: skip
    assert row["models"] is None
    assert [set(one) for one in row["attention"]] == [{"seen_s", "heard_s", "sides"}] * 2
    assert all(0 <= one["seen_s"] < 60 and one["heard_s"] is None for one in row["attention"])
    assert "example.org" not in json.dumps(row)


def test_the_newest_version_of_a_reason_is_the_released_one(
    ada: Voter, asking: Arena, models: list[Revision]
) -> None:
    battle = cast.shown_battle(asking, ada)
    cast.vote(battle, "a")
    say_all(battle)
    write_rationale(battle_id=battle.pk, voter=ada, said=Said(text="Shorter.", marks=()))
    row = the_row(asking)
    assert (row["rationale"], row["tags"], row["rationales"], row["marks"]) == (
        "Shorter.", [], None, [],
    )  # fmt: skip


def test_a_list_is_one_row_and_gives_the_live_board(ada: Voter, four: Arena) -> None:
    battle = cast.shown_battle(four, ada)
    cast.vote(battle, "c>a=d>b")
    say_all(battle)
    release = build_release(four)
    assert release.manifest["n_votes"] == 1
    with release_folder(release) as folder:
        (row,) = files.read_rows(folder)
        assert files.board_of(folder).as_dict() == live_board(four).as_dict()
    seats = battle.seats.select_related("revision__model", "output").all()
    assert row["models"] == [seat.revision.label for seat in seats]
    assert row["responses"] == [seat.output.text for seat in seats]
    assert row["ranks"] == [2, 3, 1, 2]
    for pair_only in ("winner", "model_a", "model_b", "response_a", "response_b"):
        assert row[pair_only] is None

    read = pairs_from_rows([row])
    assert len(read.pairs) == 6
    better = [one for one in read.pairs if one.label == 0.5]
    assert [(one.model_a, one.model_b) for one in better] == [(row["models"][0], row["models"][3])]
    for one in read.pairs:
        ranks = [row["ranks"][row["models"].index(name)] for name in (one.model_a, one.model_b)]
        assert (
            one.label == {True: 1.0, False: 0.0}.get(ranks[0] < ranks[1], 0.5)
            or ranks[0] == (ranks[1])
        )


def test_a_conversation_leaves_with_its_earlier_turns_or_not_at_all(
    ada: Voter, asking: Arena, models: list[Revision]
) -> None:
    asking.max_turns = 2
    asking.save()
    threads = []
    for question in ("Ask bob@example.org.", "What is a set?"):
        first = cast.shown_battle(asking, ada, question)
        last = continue_battle(
            battle_id=first.pk, voter=ada, consent=current_consent(ada), text="And then?"
        )
        cast.finish_outputs(last, ("Nothing.", "All."))
        mark_released(last.pk)
        for position in range(2):
            cast.record_shown(battle_id=last.pk, voter=ada, seat=position)
        last.refresh_from_db()
        cast.vote(last, "a")
        threads.append((first, last))
    flagged, kept = threads[1][0].prompt, threads[0][1]
    assert flagged is not None
    Moderation.objects.create(
        arena=asking, subject="prompt", prompt=flagged, moderator="staff", version="1",
        outcome="flagged", categories=["other"],
    )  # fmt: skip
    row = the_row(asking)
    assert row["history"] == [{"prompt": "Ask [EMAIL].", "responses": list(cast.OUTPUTS[:2])}]
    assert (row["prompt"], row["response_a"]) == ("And then?", "Nothing.")
    assert row["model_a"] == kept.seats.all()[0].revision.label
    assert pairs_from_rows([row]).skipped == {"more than one turn": 1}


def test_an_output_that_may_not_leave_is_empty_in_its_list(ada: Voter, four: Arena) -> None:
    battle = cast.shown_battle(four, ada)
    cast.vote(battle, "c>a=d>b")
    kept_back = battle.seats.all()[2].revision.model
    Model.objects.filter(pk=kept_back.pk).update(may_release_outputs=False)
    row = the_row(four)
    assert [text is None for text in row["responses"]] == [False, False, True, False]
    assert row["ranks"] == [2, 3, 1, 2]


def test_a_release_of_the_first_format_is_still_read(
    tmp_path: Path, ada: Voter, asking: Arena, models: list[Revision]
) -> None:
    battle = cast.shown_battle(asking, ada)
    cast.vote(battle, "a")
    with release_folder(build_release(asking)) as folder:
        shard = folder / files.shard_name(1)
        old = pq.read_table(shard).drop_columns(
            ["history", "models", "responses", "output_sha256s", "strength", "dimensions",
             "stars", "tags", "rationales", "marks", "attention"]
        )  # fmt: skip
        pq.write_table(old, shard)
        manifest = json.loads((folder / files.MANIFEST).read_text("utf-8"))
        manifest |= {"format_version": 1, "files": files.describe_files(folder)}
        files.write_json(folder / files.MANIFEST, manifest)
        assert files.verify(folder)["format_version"] == 1
        assert isinstance(old, pa.Table)
        (row,) = files.read_rows(folder)
        assert len(pairs_from_rows([row]).pairs) == 1
