"""Board pages: what they show is what the command prints."""

from __future__ import annotations

import json
import re
from html import unescape
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.votes.importing.service import import_votes
from models_registry.models import Revision
from ratings.boards.choice import BoardChoice
from ratings.boards.pages import board_context
from ratings.boards.table import METHOD, Board, PairCounts, make_board, tallied
from tests import cast

VISITOR = Client()  # one for all tests: each new one reads the whole list of static files


def a_visitor(voter: Voter | None = None) -> Client:
    """The browser of this voter, or of somebody without a cookie."""
    VISITOR.cookies.clear()
    if voter is not None:
        VISITOR.cookies[COOKIE] = cast.cookie_of(voter)
    return VISITOR


def page(path: str, voter: Voter | None = None) -> str:
    response = a_visitor(voter).get(path)
    assert response.status_code == 200, response.content
    return response.content.decode()


def words(html: str) -> str:
    """The text of a page without its tags."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", html)))


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("board", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def voted(ada: Voter, arena: Arena, models: list[Revision]) -> Arena:
    """An arena with ten votes cast here."""
    for choice in ("a", "b", "a", "tie", "both_bad", "b", "a", "b", "tie", "a"):
        cast.vote(cast.shown_battle(arena, ada), choice)
    cast.carry_events()
    return arena


@pytest.fixture
def imported(arena: Arena, tmp_path: Path) -> Arena:
    """The same arena with 30 imported votes between two models of their own."""
    path = tmp_path / "votes.csv"
    path.write_text("model_a,model_b,wins_a,wins_b,ties\nElm,Fir,18,9,3\n")
    import_votes(path=path, arena=arena)
    cast.carry_events()
    return arena


def test_the_page_shows_the_numbers_that_the_command_prints(voted: Arena) -> None:
    data = json.loads(printed("text", "--json"))
    assert json.loads(page("/boards/text/?format=json")) == data
    html = page("/boards/text/")
    rows = re.findall(r"<tr role=\"row\".*?</tr>", html, re.DOTALL)[1:]
    assert len(rows) == len(data["rows"])
    for row, cells in zip(data["rows"], map(words, rows), strict=True):
        assert f"{row['rating']:.0f}" in cells
        assert str(row["votes"]) in cells
        if row["is_provisional"]:
            assert "too few votes" in cells
        else:
            assert f"{row['low']:.0f}–{row['high']:.0f}" in cells
            assert str(row["rank"]) in cells
    assert "10 votes in 10 battles" in words(html)


def test_the_command_prints_a_table_for_people(voted: Arena) -> None:
    text = printed("text")
    for model in ("Alder", "Birch", "Cedar"):
        assert sum(line.endswith(f"  {model}") for line in text.splitlines()) == 1
    assert text.endswith("10 votes; " + METHOD + "\n")
    with pytest.raises(CommandError, match=r"There is no arena 'chess'\. Arenas: text"):
        printed("chess")


def test_the_source_of_the_votes_can_be_chosen(voted: Arena, imported: Arena) -> None:
    for source in ("live", "imported", "all"):
        printed("text", "--source", source)  # goes over the votes, which may widen intervals
    shown = {
        source: json.loads(page(f"/boards/text/?format=json&source={source}"))
        for source in ("live", "imported", "all")
    }
    assert {source: board["n_votes"] for source, board in shown.items()} == {
        "live": 10,
        "imported": 30,
        "all": 40,
    }
    for source, board in shown.items():
        assert board["source"] == source
        assert json.loads(printed("text", "--json", "--source", source)) == board
    assert "Elm" in words(page("/boards/text/?source=imported"))
    assert "Elm" not in words(page("/boards/text/"))
    assert shown["live"] == json.loads(page("/boards/text/?format=json&source=nonsense"))


def test_groups_that_never_met_are_said_to_be_apart(voted: Arena, imported: Arena) -> None:
    note = "These models form 2 groups that never met each other"
    assert note in words(page("/boards/text/?source=all"))
    assert "2 groups of models never met" in printed("text", "--source", "all")
    assert note not in words(page("/boards/text/?source=live"))


def test_an_arena_of_imported_votes_alone_shows_them_at_once(imported: Arena) -> None:
    board = json.loads(page("/boards/text/?format=json"))
    assert (board["source"], board["n_votes"]) == ("imported", 30)


def test_a_board_without_votes_says_so_and_shows_who_waits(
    arena: Arena, models: list[Revision]
) -> None:
    assert "No votes yet" in words(page("/boards/text/"))
    assert json.loads(page("/boards/text/?format=json"))["rows"] == []
    assert printed("text") == "No votes yet.\n"
    assert board_context(BoardChoice(arena, "live"))["waiting"] == ["Alder", "Birch", "Cedar"]


def test_the_rows_alone_can_be_asked_for_by_an_open_page(voted: Arena) -> None:
    html = page("/boards/text/rows?source=live")
    assert "<html" not in html
    assert "Alder" in html


def test_the_board_of_a_closed_arena_stays_in_the_list(voted: Arena) -> None:
    Arena.objects.update(is_open=False)
    assert "/boards/text/" in page("/boards/")


def test_the_list_of_boards_and_an_unknown_board(voted: Arena) -> None:
    assert "/boards/text/" in page("/boards/")
    assert a_visitor().get("/boards/chess/").status_code == 404
    assert a_visitor().post("/boards/text/").status_code == 405


def test_only_the_voter_sees_what_the_vote_did(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.shown_battle(arena, ada)
    path = f"/battles/{battle.pk}/standing"
    assert a_visitor(ada).get(path).status_code == 404  # not voted yet
    cast.vote(battle, "a")
    assert "Yours is the first vote between these two" in words(page(path, ada))
    eve, _ = cast.ada()
    assert a_visitor(eve).get(path).status_code == 404
    assert a_visitor().get(path).status_code == 404


def one_tie() -> list[PairCounts]:
    return [PairCounts("alder@1", "birch@1", 0, 0, 1, 0)]


@pytest.mark.parametrize(
    "counts",
    [
        one_tie(),
        [PairCounts("alder@1", "birch@1", 1, 0, 0, 0)],
        [PairCounts("alder@1", "birch@1", 90_000, 89_999, 3, 0)],
        [PairCounts("alder@1", "birch@1", 999, 1, 0, 0)],
    ],
)
def test_every_point_of_a_board_is_on_its_axis(
    arena: Arena,
    models: list[Revision],
    monkeypatch: pytest.MonkeyPatch,
    counts: list[PairCounts],
) -> None:
    def board(arena: Arena, source: str, slice_key: str = "") -> Board:
        return make_board(*tallied(counts))

    monkeypatch.setattr("ratings.boards.choice.live_board", board)
    context = board_context(BoardChoice(arena, "live"))
    ticks = context["axis"]["ticks"]
    labels = [float(tick.label.replace("\N{MINUS SIGN}", "-")) for tick in ticks]
    assert labels == sorted(set(labels))  # no two ticks with one label
    assert (ticks[0].x, ticks[-1].x) == (0, 100)
    for row in context["rows"]:
        assert labels[0] <= row["rating"] <= labels[-1]
        place = (row["rating"] - labels[0]) / (labels[-1] - labels[0]) * 100
        assert row["whisker"]["x_mid"] == pytest.approx(place, abs=0.01)
        assert row["whisker"]["x_low"] <= row["whisker"]["x_mid"] <= row["whisker"]["x_high"]
        assert row["insufficient"] == (row["interval_text"] == "")
