"""Other methods of a board: each gives one with its own numbers, or says why not."""

from __future__ import annotations

import json
import random
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.test import Client

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.votes.importing.service import import_votes
from models_registry.models import Revision
from ratings.boards.methods import METHODS
from ratings.boards.selectors import live_board
from ratings.boards.table import Board
from tests import cast
from tests.ratings.board_votes import (
    Said,
    analysed,
    four_models,
    page,
    people,
    tasteful_votes,
    words,
    write_votes,
)


@pytest.fixture
def four(db: None) -> list[Revision]:
    return four_models()


def printed(*arguments: str) -> Any:
    out = StringIO()
    call_command(*arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def voted(arena: Arena, four: list[Revision]) -> Arena:
    said = tasteful_votes(four, people(8), 60, taste=0.8)
    both_bad = [Said(s.voter, s.seats, "both_bad", outputs=s.outputs) for s in said[::11]]
    write_votes(arena, said + both_bad)
    return arena


def test_every_method_gives_a_board_or_a_reason(voted: Arena) -> None:
    methods = analysed(voted).findings["methods"]
    assert methods.keys() == METHODS.keys()
    refused = {key for key, found in methods.items() if "refused" in found}
    assert refused == {"lists"}, methods["style"]
    assert "three or more" in methods["lists"]["refused"]
    for key, found in methods.items():
        if key in refused:
            continue
        board = Board.from_dict(found["board"])
        assert board.n_votes == live_board(voted).n_votes
        assert {row.model for row in board.rows} == {row.model for row in live_board(voted).rows}
        assert all(row.low < row.rating < row.high for row in board.rows)
        for value, error in found["parameters"].values():
            assert np.isfinite(value)
            assert error > 0
        assert json.loads(page(f"/boards/text/?method={key}&format=json")) == {
            "arena": "text", "source": "live", **found["board"],
        }  # fmt: skip
        assert printed("board", "text", "--method", key)["rows"] == found["board"]["rows"]
        shown = words(page(f"/boards/text/?method={key}"))
        assert METHODS[key].name in shown
        for row in board.rows:
            assert f"{row.rating:.0f}" in shown
    footing = words(page("/boards/text/footing/"))
    assert METHODS["lists"].name in footing
    assert methods["lists"]["refused"] in footing


def test_a_method_that_the_votes_do_not_allow_is_no_page(voted: Arena) -> None:
    analysed(voted)
    answer = Client(headers={"accept": "text/html"}).get("/boards/text/?method=lists")
    assert answer.status_code == 404
    assert "There is no such board of these votes. Every vote here compares two" in words(
        answer.content.decode()
    )


def test_whole_rankings_are_fitted_where_there_are_any(arena: Arena, four: list[Revision]) -> None:
    draw = random.Random(3)
    said = []
    for voter in people(5):
        for _ in range(12):
            seats = draw.sample(four, 3)
            said.append(Said(voter, seats, ranks=draw.choice([(1, 2, 3), (2, 1, 2), (1, 2, 2)])))
    write_votes(arena, said)
    methods = analysed(arena).findings["methods"]
    assert Board.from_dict(methods["lists"]["board"]).n_votes == 60
    assert live_board(arena).n_votes == 180
    for found in methods.values():
        assert found.get("refused", "a board")


def test_imported_votes_are_not_weighted_by_a_draw_that_nobody_knows(
    arena: Arena, tmp_path: Path
) -> None:
    path = tmp_path / "votes.csv"
    path.write_text("model_a,model_b,wins_a,wins_b,ties\nElm,Fir,18,9,3\nFir,Oak,9,12,1\n")
    import_votes(path=path, arena=arena)
    cast.carry_events()
    methods = analysed(arena, "imported").findings["methods"]
    assert "do not say with what probability" in methods["reweighted"]["refused"]
    assert "has outputs here" in methods["style"]["refused"]
    assert methods["davidson"]["board"]["n_votes"] == 52
    for found in methods.values():
        assert ("board" in found) != bool(found.get("refused"))


def test_one_vote_is_enough_for_a_pass_in_which_every_method_answers(
    ada: Voter, arena: Arena, four: list[Revision]
) -> None:
    write_votes(arena, [Said(ada, four[:2], "tie")])
    for found in analysed(arena).findings["methods"].values():
        assert ("board" in found) != bool(found.get("refused"))
    for subpage in ("", "footing/", "how/", "pairs/", "course/"):
        page(f"/boards/text/{subpage}")
