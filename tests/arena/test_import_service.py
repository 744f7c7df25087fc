"""Importing a file of votes: all or nothing, once, and never a competitor."""

from __future__ import annotations

import csv
import json
import threading
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle, Seat
from arena.common.errors import BadInput
from arena.common.models import Event
from arena.generation.models import Output
from arena.prompts.models import Prompt
from arena.votes.importing.service import ERRORS_SHOWN, BadRows, import_votes
from arena.votes.models import Vote, VoteImport
from models_registry.models import IMPORTED, Model, Revision
from ratings.boards.selectors import live_board
from tests import cast

ROOMS = ("accounts", "arenas", "battles", "boards", "common", "generation", "models_registry")
ROOMS += ("prompts", "releases", "votes")
CLEAN = [
    {"model_a": "alder", "model_b": "birch", "winner": "model_a", "judge": "j1"},
    {"model_a": "birch", "model_b": "cedar", "winner": "tie", "judge": "j2"},
    {"model_a": "cedar", "model_b": "alder", "winner": "tie (bothbad)", "judge": "j1"},
    {"model_a": "cedar", "model_b": "birch", "winner": "model_b", "judge": ""},
]


def csv_file(folder: Path, rows: Sequence[Mapping[str, Any]], name: str = "votes.csv") -> Path:
    path = folder / name
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


def counts_of_all_tables() -> dict[str, int]:
    """How many rows every table of ours holds."""
    tables = [model for room in ROOMS for model in apps.get_app_config(room).get_models()]
    assert {Vote, Battle, Event, Revision, Output} <= set(tables)
    return {model._meta.db_table: model._default_manager.count() for model in tables}


def outcomes() -> list[tuple[str, str, str]]:
    """Model at A, model at B and winner of every vote, sorted."""
    return sorted(
        (
            *vote.battle.seats.values_list("revision__model__name", flat=True),
            vote.winner,
        )
        for vote in Vote.objects.all()
    )


def test_a_vote_of_a_file_becomes_a_whole_battle_marked_with_its_source(
    arena: Arena, tmp_path: Path
) -> None:
    row = {
        "model_a": "alder",
        "model_b": "birch",
        "winner": "model_b",
        "judge": "j1",
        "prompt": "What is a tuple?",
        "response_a": "Fixed.",
        "response_b": "",
        "tstamp": "1682351591",
    }
    path = csv_file(tmp_path, [row])
    result = import_votes(path=path, arena=arena)
    assert result.is_new
    batch = VoteImport.objects.get()
    assert (batch.source, batch.layout, batch.n_votes, batch.n_skipped) == (
        path.name,
        "votes",
        1,
        0,
    )

    vote = Vote.objects.get()
    battle = vote.battle
    cast_at = datetime(2023, 4, 24, 15, 53, 11, tzinfo=UTC)
    assert (vote.source, vote.ranks, vote.cast_at) == (batch, [2, 1], cast_at)
    assert (battle.origin, battle.ending, battle.ended_at) == ("imported", "voted", cast_at)
    assert battle.prompt is not None
    assert (battle.prompt.text, battle.prompt.origin) == ("What is a tuple?", "imported")
    assert vote.voter == battle.voter == battle.prompt.voter == Voter.objects.get()
    names = battle.seats.values_list("position", "revision__model__name", "output__text")
    assert list(names) == [(0, "alder", "Fixed."), (1, "birch", None)]
    event = Event.objects.get()
    assert (event.topic, event.payload) == (
        "votes.imported",
        {"arena_id": arena.pk, "import_id": batch.pk},
    )


def test_every_outcome_gets_its_ranks(arena: Arena, tmp_path: Path) -> None:
    import_votes(path=csv_file(tmp_path, CLEAN), arena=arena)
    assert outcomes() == [
        ("alder", "birch", "model_a"),
        ("birch", "cedar", "tie"),
        ("cedar", "alder", "both_bad"),
        ("cedar", "birch", "model_b"),
    ]


def test_the_format_of_a_file_makes_no_difference(db: None, tmp_path: Path) -> None:
    paths = [csv_file(tmp_path, CLEAN)]
    paths += [tmp_path / f"votes{ending}" for ending in (".json", ".jsonl", ".parquet")]
    paths[1].write_text(json.dumps(CLEAN), "utf-8")
    paths[2].write_text("\n".join(map(json.dumps, CLEAN)), "utf-8")
    pq.write_table(pa.Table.from_pylist(CLEAN), paths[3])
    boards = []
    for path in paths:
        arena = cast.text_arena(path.suffix[1:])
        import_votes(path=path, arena=arena)
        cast.carry_events()
        boards.append(live_board(arena, "imported"))
    assert boards[0].n_votes == 4
    assert all(board == boards[0] for board in boards)


def test_the_same_judge_within_a_file_is_one_voter_and_in_another_file_a_new_one(
    arena: Arena, tmp_path: Path
) -> None:
    import_votes(path=csv_file(tmp_path, CLEAN), arena=arena)
    assert Voter.objects.count() == 2  # j1 and j2
    by_judge = Voter.objects.filter(votes__isnull=False)
    assert sorted(voter.votes.count() for voter in by_judge.distinct()) == [1, 2]
    assert Vote.objects.filter(voter__isnull=True).count() == 1  # nobody is made up for no judge
    import_votes(path=csv_file(tmp_path, CLEAN[:2], "other.csv"), arena=arena)
    assert Voter.objects.count() == 4


def test_an_unknown_winner_stops_everything_and_names_its_rows(
    arena: Arena, tmp_path: Path
) -> None:
    bad = {"model_a": "alder", "model_b": "birch", "winner": "left", "judge": "j9"}
    # More than one batch of good votes come first, so that something was written by then.
    rows = [CLEAN[0]] * 1500 + [bad, CLEAN[1], {**bad, "winner": ""}]
    before = counts_of_all_tables()
    with pytest.raises(BadRows) as refusal:
        import_votes(path=csv_file(tmp_path, rows), arena=arena)
    assert counts_of_all_tables() == before
    assert "2 rows of votes.csv are not votes; nothing was imported" in refusal.value.message
    assert [error.partition(":")[0] for error in refusal.value.errors] == ["row 1501", "row 1503"]
    assert "winner is 'left'" in refusal.value.errors[0]


def test_a_file_full_of_bad_rows_is_given_up_early(arena: Arena, tmp_path: Path) -> None:
    read = []
    rows = [{**CLEAN[0], "winner": "?"}] * 5000
    with pytest.raises(BadRows, match=r"20 rows \(and possibly more\)") as refusal:
        import_votes(path=csv_file(tmp_path, rows), arena=arena, on_row=lambda: read.append(1))
    assert len(refusal.value.errors) == ERRORS_SHOWN
    assert len(read) <= ERRORS_SHOWN + 1


def test_bad_rows_can_be_left_out_and_are_counted_and_listed(arena: Arena, tmp_path: Path) -> None:
    rows = [CLEAN[0], {**CLEAN[1], "winner": "?"}, CLEAN[2], {**CLEAN[3], "model_a": "birch"}]
    out, err = StringIO(), StringIO()
    call_command(
        "import_votes", csv_file(tmp_path, rows), arena="text", skip_bad_rows=True, stdout=out,
        stderr=err,
    )  # fmt: skip
    assert "2 votes imported into 'text' from votes.csv; 2 bad rows left out" in out.getvalue()
    assert "row 2: winner is '?'" in err.getvalue()
    assert "row 4: model_a and model_b are both 'birch'" in err.getvalue()
    assert VoteImport.objects.get().n_skipped == 2
    assert len(outcomes()) == 2


def test_a_later_row_without_a_column_is_a_bad_row(arena: Arena, tmp_path: Path) -> None:
    path = tmp_path / "votes.jsonl"
    path.write_text("\n".join(map(json.dumps, [CLEAN[0], {"model_a": "a", "model_b": "b"}])))
    with pytest.raises(BadRows) as refusal:
        import_votes(path=path, arena=arena)
    assert refusal.value.errors[0].startswith("row 2: winner is ''")


def test_the_same_content_again_changes_nothing(arena: Arena, tmp_path: Path) -> None:
    path = csv_file(tmp_path, CLEAN)
    first = import_votes(path=path, arena=arena)
    before = counts_of_all_tables()
    again = import_votes(path=path.rename(tmp_path / "renamed.csv"), arena=arena)
    assert (again.batch, again.is_new) == (first.batch, False)
    assert counts_of_all_tables() == before
    out = StringIO()
    call_command("import_votes", tmp_path / "renamed.csv", arena="text", stdout=out)
    assert "Nothing to do" in out.getvalue()
    assert "(4 votes)" in out.getvalue()


def test_the_same_content_may_be_imported_into_another_arena(arena: Arena, tmp_path: Path) -> None:
    path = csv_file(tmp_path, CLEAN)
    assert import_votes(path=path, arena=arena).is_new
    assert import_votes(path=path, arena=cast.text_arena("other")).is_new


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_one_file_at_a_time_are_one(tmp_path: Path) -> None:
    arena = cast.text_arena()
    path = csv_file(tmp_path, CLEAN * 50)
    both_started = threading.Barrier(2, timeout=20)
    found: list[Any] = []

    def run() -> None:
        try:
            both_started.wait()
            found.append(import_votes(path=path, arena=arena).is_new)
        except Exception as error:  # noqa: BLE001 - the assertion below shows it
            found.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(found, key=str) == [False, True]
    assert Vote.objects.count() == 200


def test_imported_models_never_compete(arena: Arena, tmp_path: Path) -> None:
    import_votes(path=csv_file(tmp_path, CLEAN), arena=arena)
    assert not Revision.objects.competing("text").exists()
    assert set(Revision.objects.values_list("adapter", "model__status")) == {(IMPORTED, "draft")}
    Model.objects.update(status=Model.Status.PUBLIC)  # not even when someone publishes them
    assert not Revision.objects.competing("text").exists()


def test_names_that_differ_in_a_sign_stay_two_models(arena: Arena, tmp_path: Path) -> None:
    rows = [{"model_a": "model.1", "model_b": "model-1", "winner": "tie"}]
    rows += [{"model_a": "丹", "model_b": "Model-1", "winner": "tie"}]
    import_votes(path=csv_file(tmp_path, rows), arena=arena)
    names = set(Model.objects.values_list("name", flat=True))
    assert names == {"model.1", "model-1", "丹", "Model-1"}


def test_the_label_of_a_registered_revision_means_that_revision(
    arena: Arena, models: list[Revision], tmp_path: Path
) -> None:
    rows = [{"model_a": "alder@1", "model_b": "birch", "winner": "model_a"}]
    import_votes(path=csv_file(tmp_path, rows), arena=arena)
    seats = Seat.objects.order_by("position").values_list("revision", flat=True)
    assert list(seats) == [models[0].pk, models[1].pk]
    assert Model.objects.count() == 3


@pytest.mark.parametrize(
    ("content", "columns", "message"),
    [
        ("", "", "votes.csv holds no vote; nothing was imported"),
        ("model_a,model_b,winner\n", "", "holds no vote"),
        ("a,b\n1,2\n", "", "The file's columns are a, b. Known layouts are"),
        ("a,b\n1,2\n", "model_a=left", "--columns names left; the file has a, b"),
        ("a,b\n1,2\n", "model_a", "--columns has 'model_a'; write ours=theirs"),
        ("\x00\x01\x02\n\x03\n", "", "The file's columns are"),
    ],
)
def test_the_command_answers_a_wrong_file_in_one_message_and_writes_nothing(
    arena: Arena, tmp_path: Path, content: str, columns: str, message: str
) -> None:
    path = tmp_path / "votes.csv"
    path.write_text(content)
    before = counts_of_all_tables()
    with pytest.raises(CommandError) as refusal:
        call_command("import_votes", path, arena="text", columns=columns)
    assert message in str(refusal.value)
    assert counts_of_all_tables() == before


def test_the_command_names_what_is_missing(arena: Arena, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no file"):
        call_command("import_votes", tmp_path / "none.csv", arena="text")
    with pytest.raises(CommandError, match=r"There is no arena 'chess'\. Arenas: text"):
        call_command("import_votes", tmp_path / "none.csv", arena="chess")


@pytest.mark.parametrize("judged_by", ["", "people", "models"])
def test_an_import_keeps_who_judged(arena: Arena, tmp_path: Path, judged_by: str) -> None:
    options = {"judged_by": judged_by} if judged_by else {}
    call_command(
        "import_votes", csv_file(tmp_path, CLEAN), arena="text", stdout=StringIO(), **options
    )
    assert VoteImport.objects.get().judged_by == judged_by


@pytest.mark.parametrize("judged_by", ["robots", "People", "people,models"])
def test_unknown_judges_are_refused_and_nothing_is_written(
    arena: Arena, tmp_path: Path, judged_by: str
) -> None:
    before = counts_of_all_tables()
    with pytest.raises(CommandError, match=r"--judged-by is '.*'; use people or models"):
        call_command("import_votes", csv_file(tmp_path, CLEAN), arena="text", judged_by=judged_by)
    assert counts_of_all_tables() == before


def test_who_judged_may_be_told_later_but_not_changed(arena: Arena, tmp_path: Path) -> None:
    path = csv_file(tmp_path, CLEAN)
    said = StringIO()
    call_command("import_votes", path, arena="text", stdout=StringIO())
    call_command("import_votes", path, arena="text", judged_by="people", stdout=said)
    assert "now marked as judged by people" in said.getvalue()
    before = counts_of_all_tables()
    call_command("import_votes", path, arena="text", judged_by="people", stdout=said)
    call_command("import_votes", path, arena="text", stdout=said)
    assert said.getvalue().count("Nothing to do") == 2
    with pytest.raises(CommandError, match="was imported as judged by people, not by models"):
        call_command("import_votes", path, arena="text", judged_by="models")
    assert VoteImport.objects.get().judged_by == "people"
    assert counts_of_all_tables() == before


def test_the_database_knows_no_other_judges(arena: Arena) -> None:
    with pytest.raises(IntegrityError, match="an_import_is_judged_by_people_or_models"):
        VoteImport.objects.create(
            arena=arena, sha256="0" * 64, source="a.csv", layout="votes", n_votes=1,
            judged_by="robots",
        )  # fmt: skip


def test_an_unreadable_file_is_said_to_be_so(
    arena: Arena, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("arena.votes.importing.service.file_sha256_hex", refuse)
    with pytest.raises(BadInput, match=r"votes.csv cannot be read: Permission denied"):
        import_votes(path=csv_file(tmp_path, CLEAN), arena=arena)


def test_one_row_of_counts_may_be_more_votes_than_a_batch(arena: Arena, tmp_path: Path) -> None:
    rows = [{"model_a": "alder", "model_b": "birch", "wins_a": 2100, "wins_b": 900, "ties": 7}]
    import_votes(path=csv_file(tmp_path, rows), arena=arena)
    cast.carry_events()
    board = live_board(arena, "imported")
    assert (board.n_votes, Vote.objects.count()) == (3007, 3007)
    assert Vote.objects.values("idempotency_key").distinct().count() == 3007
    assert not Output.objects.exists()
    assert not Prompt.objects.exists()
    assert not Battle.objects.filter(vote__isnull=True).exists()


def test_an_imported_vote_cannot_be_cast_or_claimed_by_a_visitor(
    arena: Arena, ada: Voter, tmp_path: Path
) -> None:
    import_votes(path=csv_file(tmp_path, CLEAN), arena=arena)
    voters = set(Vote.objects.values_list("voter_id", flat=True))
    assert ada.pk not in voters
    assert all(key.version == 5 for key in voters if isinstance(key, uuid.UUID))
