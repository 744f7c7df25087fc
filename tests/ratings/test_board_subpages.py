"""The pages of a board show the numbers of its files, say what there is, and stay calm."""

from __future__ import annotations

import csv
import io
import json
from html import unescape
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.db.utils import DatabaseError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from models_registry.models import Model, Revision
from models_registry.services import add_revision
from ratings.boards.analysis import analyse
from ratings.boards.exports import Export, as_file
from ratings.boards.models import Snapshot
from ratings.boards.selectors import live_board
from ratings.boards.services import publish_snapshot
from tests import cast
from tests.ratings.board_votes import Said, page, people, words, write_votes

SUBPAGES = ("", "pairs/", "course/", "footing/", "how/")


def get(path: str) -> HttpResponse:
    return Client(headers={"accept": "text/html"}).get(path)


def as_json(path: str) -> Any:
    joint = "&" if "?" in path else "?"
    response = get(f"{path}{joint}format=json")
    assert response["Content-Type"] == "application/json"
    return json.loads(response.content)


def as_table(path: str) -> list[dict[str, str]]:
    joint = "&" if "?" in path else "?"
    response = get(f"{path}{joint}format=csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith('attachment; filename="')
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def same(cells: dict[str, str], row: dict[str, Any]) -> bool:
    """Whether a line of CSV says what a row of JSON says."""
    return cells == {name: "" if row[name] is None else str(row[name]) for name in cells}


def a_round(models: list[Revision], voters: list[Voter]) -> list[Said]:
    """Each model beats the next ones, not always; one pair never meets."""
    said = []
    for i, one in enumerate(models):
        for two in models[i + 1 :]:
            if (one, two) == (models[0], models[-1]) and len(models) > 2:
                continue
            for number, choice in enumerate("aaab"):
                said.append(Said(voters[number % len(voters)], [one, two], choice))
            said.append(Said(voters[0], [two, one], "tie"))
            said.append(Said(voters[-1], [two, one], "both_bad"))
    return said


@pytest.fixture
def voted(arena: Arena, models: list[Revision]) -> Arena:
    """Three models and their votes, gone over and published."""
    voters = people(3)
    write_votes(arena, a_round(models, voters) * 3)
    analyse(arena, "live")
    publish_snapshot(arena, "live")
    return arena


def test_the_pairs_page_says_what_its_files_say(voted: Arena) -> None:
    pairs = as_json("/boards/text/pairs/")
    assert {(row["model"], row["opponent"]) for row in pairs} == {
        ("alder@1", "birch@1"), ("birch@1", "alder@1"),
        ("birch@1", "cedar@1"), ("cedar@1", "birch@1"),
    }  # fmt: skip
    for row in pairs:
        assert row["votes"] == row["wins"] + row["ties"] + row["both_bad"] + row["losses"] == 18
        assert row["share"] == (row["wins"] + 3) / 18
        other = next(
            o for o in pairs if (o["opponent"], o["model"]) == (row["model"], row["opponent"])
        )
        assert (other["wins"], other["losses"]) == (row["losses"], row["wins"])
        assert row["win_probability"] + other["win_probability"] == pytest.approx(1)
    table = as_table("/boards/text/pairs/")
    assert all(same(cells, row) for cells, row in zip(table, pairs, strict=True))
    shown = words(page("/boards/text/pairs/"))
    for row in pairs:
        assert f"{row['win_probability']:.0%}" in shown.replace(" %", "%")
    assert "18" in shown


def test_the_course_page_says_what_was_published(voted: Arena) -> None:
    published = Snapshot.objects.get()
    course = as_json("/boards/text/course/")
    assert [(p["model"], p["rating"], p["low"], p["high"]) for p in course] == [
        (row["model"], row["rating"], row["low"], row["high"]) for row in published.board["rows"]
    ]
    assert all(same(c, p) for c, p in zip(as_table("/boards/text/course/"), course, strict=True))
    html = page("/boards/text/course/?model=birch@1")
    assert f"/boards/text/snapshots/{published.pk}/" in html
    assert published.sha256[:16] in html
    rating = next(p["rating"] for p in course if p["model"] == "birch@1")
    assert f"{rating:.0f}" in words(html)


def test_the_footing_page_says_what_its_files_say(voted: Arena) -> None:
    footing = as_json("/boards/text/footing/")
    board = live_board(voted)
    assert (footing["n_votes"], footing["n_groups"]) == (board.n_votes, 1)
    assert footing["examined_votes"] == 36
    flips = footing["findings"]["flips"]
    assert [(flip["above"], flip["below"]) for flip in flips] == [
        ("alder@1", "birch@1"), ("birch@1", "cedar@1"),
    ]  # fmt: skip
    table = as_table("/boards/text/footing/")
    assert all(same(cells, flip) for cells, flip in zip(table, flips, strict=True))
    shown = words(page("/boards/text/footing/"))
    assert "All 3 models are linked by votes" in shown
    for flip in flips:
        assert f"{flip['votes_to_flip']} vote" in shown
        assert f"{flip['gap_elo']:.0f}" in shown


def test_the_how_page_has_this_boards_own_numbers(voted: Arena) -> None:
    board = live_board(voted)
    shown = words(page("/boards/text/how/"))
    assert f"{board.n_votes} votes count" in shown
    assert f"here in {board.iterations} step" in shown
    assert "pairs of 3 models" in shown
    assert "python3 manage.py board text --json" in shown
    of_a_slice = words(page("/boards/text/how/?slice=script-latin"))
    assert "python3 manage.py board text --slice script-latin --json" in of_a_slice


def test_the_page_of_a_model_says_what_its_files_say(voted: Arena) -> None:
    path = "/boards/text/models/birch@1/"
    facts = as_json(path)
    row = next(row for row in live_board(voted).rows if row.model == "birch@1")
    assert facts["row"] == json.loads(json.dumps(row.__dict__))
    assert (facts["model"], facts["name"]) == ("birch@1", "Birch")
    of_pairs = [pair for pair in as_json("/boards/text/pairs/") if pair["model"] == "birch@1"]
    assert facts["pairs"] == [{k: v for k, v in p.items() if k != "model"} for p in of_pairs]
    assert all(same(c, p) for c, p in zip(as_table(path), facts["pairs"], strict=True))
    assert {one["slice"] for one in facts["slices"]} >= {"length-short", "script-latin"}
    assert all(one["difference"] == 0 for one in facts["slices"] if one["votes"] == row.votes)
    assert len(facts["latest"]) == 30
    assert {vote["result"] for vote in facts["latest"]} <= {"win", "tie", "both_bad", "loss"}
    shown = words(page(path))
    for text in ("Birch", f"{row.rating:.0f}", f"{row.low:.0f}–{row.high:.0f}", str(row.votes)):
        assert text in shown
    for opponent in ("Alder", "Cedar"):
        assert opponent in shown


def test_a_published_board_has_a_permanent_page(voted: Arena) -> None:
    published = Snapshot.objects.get()
    path = f"/boards/text/snapshots/{published.pk}/"
    before = as_json(path)
    assert {key: before[key] for key in published.board} == published.board
    assert before["sha256"] == published.sha256
    assert before["source"] == "live"
    for cells, row in zip(as_table(path), published.board["rows"], strict=True):
        assert same(cells, row)
    alder, birch, _ = Revision.objects.order_by("pk")
    write_votes(voted, [Said(people(1)[0], [birch, alder], "a")] * 30)
    publish_snapshot(voted, "live")
    assert Snapshot.objects.count() == 2
    assert as_json(path) == before
    shown = words(page(path))
    for row in published.board["rows"]:
        assert f"{row['rating']:.0f}" in shown
    assert published.sha256 in shown
    assert as_json("/boards/text/")["rows"] != before["rows"]


@pytest.mark.parametrize(
    "change",
    [
        lambda: Snapshot.objects.update(n_votes=1),
        lambda: Snapshot.objects.all().delete(),
        lambda: connection.cursor().execute("UPDATE boards_snapshot SET board = '{}'"),
        lambda: connection.cursor().execute("DELETE FROM boards_snapshot"),
        lambda: connection.cursor().execute("TRUNCATE boards_snapshot"),
    ],
)
def test_a_published_board_cannot_be_changed_or_deleted(voted: Arena, change: Any) -> None:
    before = Snapshot.objects.values().get()
    with pytest.raises((IntegrityError, InternalError, DatabaseError)), transaction.atomic():
        change()
    assert Snapshot.objects.values().get() == before


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("?slice=script-thai", "Slices with votes: length-short"),
        ("?slice=<b>", "This board has no slice '<b>'"),
        ("?method=guess", "There is no method 'guess'. Methods: one-voice"),
        ("?method=lists", "There is no such board of these votes"),
        ("?slice=script-latin&method=davidson", "choose a slice or a method"),
        ("models/elm@1/", "has no model 'elm@1'"),
        ("models/birch@2/", "has no model 'birch@2'"),
        ("course/?model=elm@1", "No published rating of 'elm@1'"),
        ("pairs/?slice=script-thai", "This board has no slice"),
        ("footing/?method=guess", "There is no method"),
        ("snapshots/99999999/", "no published board 99999999"),
    ],
)
def test_what_is_not_there_says_what_there_is(voted: Arena, path: str, said: str) -> None:
    answer = get(f"/boards/text/{path}")
    assert answer.status_code == 404
    assert said in words(answer.content.decode())
    assert "<b>" not in answer.content.decode()


def test_a_snapshot_is_found_on_its_own_board_only(voted: Arena) -> None:
    cast.text_arena("other")
    published = Snapshot.objects.get()
    assert get(f"/boards/other/snapshots/{published.pk}/").status_code == 404


@pytest.mark.parametrize("subpage", [*SUBPAGES, "rows"])
@pytest.mark.parametrize("source", ["", "?source=imported", "?source=all"])
def test_the_pages_of_an_empty_board_are_calm(
    arena: Arena, models: list[Revision], subpage: str, source: str
) -> None:
    shown = words(page(f"/boards/text/{subpage}{source}"))
    for word in ("None", "nan", "inf ", "Traceback"):
        assert word not in shown
    if subpage not in ("rows", "how/", ""):
        assert as_json(f"/boards/text/{subpage}{source}") in ([], {}) or subpage == "footing/"
        assert as_table(f"/boards/text/{subpage}{source}") == []


def test_a_model_without_votes_has_a_calm_page(arena: Arena, models: list[Revision]) -> None:
    assert "Alder has not been voted on" in words(page("/boards/text/models/alder@1/"))
    facts = as_json("/boards/text/models/alder@1/")
    assert (facts["row"], facts["pairs"], facts["slices"], facts["latest"]) == (None, [], [], [])


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_never_takes_a_name_for_a_formula(cell: str) -> None:
    request = RequestFactory().get("/?format=csv")
    export = Export("board", {}, ["name", "n"], [[cell, -1.5], ["plain", None]])
    answer = as_file(request, lambda: export)
    assert answer is not None
    rows = list(csv.reader(io.StringIO(answer.content.decode(), newline="")))
    # Whatever a line may end with is not left bare in a cell.
    assert rows == [["name", "n"], [f"'{cell}".replace("\r", " "), "-1.5"], ["plain", ""]]


NAME = """<script>alert("x")</script> & 'Sons'"""


def test_names_are_shown_as_they_are_and_never_run(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    Model.objects.filter(slug="alder").update(name=NAME)
    eve = people(1)[0]
    write_votes(arena, a_round(models, [ada, eve]) * 3)
    analyse(arena, "live")
    publish_snapshot(arena, "live")
    paths = [*SUBPAGES, "models/alder@1/", "models/birch@1/", "?method=davidson"]
    paths.append(f"snapshots/{Snapshot.objects.get().pk}/")
    for path in paths:
        html = page(f"/boards/text/{path}")
        assert "<script>alert" not in html
        assert "alert(&quot;x&quot;)" in html or path == "how/"
        assert NAME in unescape(html) or path == "how/"


def test_two_revisions_of_one_model_are_told_apart(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    newer = add_revision(
        model=models[0].model, adapter="demo", config={"generator": "markov"}, parameters={}
    )
    assert newer.label == "alder@2"
    eve = people(1)[0]
    write_votes(arena, a_round([models[0], newer, models[1]], [ada, eve]) * 3)
    analyse(arena, "live")
    publish_snapshot(arena, "live")
    course = words(page("/boards/text/course/"))
    assert "Alder (alder@1)" in course
    assert "Alder (alder@2)" in course
    for path in ("", "pairs/", "footing/", "models/birch@1/", "?method=davidson"):
        shown = words(page(f"/boards/text/{path}"))
        assert "Alder (alder@2)" in shown, path
        # Alder's first revision and Birch never met.
        assert ("Alder (alder@1)" in shown) == (path != "models/birch@1/"), path
        assert "birch@1" not in shown.replace("models/birch@1", ""), path


def n_queries(path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        page(path)
    return len(queries)


@pytest.mark.parametrize("path", [*SUBPAGES, "rows", "models/{}/"])
def test_the_number_of_queries_does_not_grow_with_models_or_votes(arena: Arena, path: str) -> None:
    counts = []
    models: list[Revision] = []
    voters = people(2)
    for n_models in (3, 12):
        models += [cast.bens_model(f"Model {i}") for i in range(len(models), n_models)]
        write_votes(arena, a_round(models, voters))
        analyse(arena, "live")
        publish_snapshot(arena, "live")
        where = f"/boards/text/{path.format(models[0].label)}"
        page(where)
        counts.append(n_queries(where))
    assert counts[0] == counts[1]
    assert counts[1] <= 60  # each slice of a model's page is a board of its own
