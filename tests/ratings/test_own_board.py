"""The leaderboard of one voter: from that voter's standing votes alone, beside the public one."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.votes.services import withdraw_vote
from models_registry.models import Revision
from ratings.boards.table import Board, PairCounts, Row, make_board, tallied
from ratings.pages.own_board import Agreement, agreement, own_boards
from tests import cast
from tests.ratings.board_votes import Said, people, write_votes


def row(model: str, rank: int | None, group: int = 0) -> Row:
    return Row(rank, 1, 9, model, 1000.0, 900.0, 1100.0, 10, group, rank is None)


def pair(first: str, second: str, *cells: int) -> PairCounts:
    return PairCounts(first, second, *cells)


PUBLIC = Board(rows=[row("a", 1), row("b", 2), row("c", 2), row("new", None), row("far", 1, 1)])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (pair("a", "b", 2, 1, 0, 0), Agreement(1, 1, 0)),
        (pair("b", "a", 2, 1, 0, 0), Agreement(0, 1, 0)),
        (pair("a", "c", 0, 1, 5, 5), Agreement(0, 1, 0)),
        (pair("a", "b", 1, 1, 0, 0), Agreement(0, 0, 1)),  # even
        (pair("a", "b", 0, 0, 3, 1), Agreement(0, 0, 1)),  # ties only
        (pair("b", "c", 3, 0, 0, 0), Agreement(0, 0, 1)),  # the public ranks are equal
        (pair("a", "new", 3, 0, 0, 0), Agreement(0, 0, 1)),  # no public rank
        (pair("a", "far", 3, 0, 0, 0), Agreement(0, 0, 1)),  # never compared in public
        (pair("a", "unheard-of", 3, 0, 0, 0), Agreement(0, 0, 1)),
    ],
)
def test_a_pair_counts_only_where_both_have_an_order(said: PairCounts, expected: Agreement) -> None:
    assert agreement([said], PUBLIC) == expected


CELLS = st.tuples(*[st.integers(0, 3)] * 4)


@given(st.dictionaries(st.sampled_from(["ab", "ac", "bc", "an", "bf"]), CELLS))
def test_agreement_does_not_depend_on_which_side_is_named_first(
    said: dict[str, tuple[int, int, int, int]],
) -> None:
    names = {"a": "a", "b": "b", "c": "c", "n": "new", "f": "far"}
    pairs = [pair(names[p[0]], names[p[1]], *cells) for p, cells in said.items()]
    turned = [
        pair(p.second, p.first, p.wins_second, p.wins_first, p.ties, p.both_bad) for p in pairs
    ]
    found = agreement(pairs, PUBLIC)
    assert found == agreement(turned, PUBLIC)
    assert found.n_pairs + found.n_left_out == len(pairs)
    assert 0 <= found.n_alike <= found.n_pairs


def test_a_board_that_is_ones_own_alone_is_agreed_with(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    alder, birch, cedar = models
    said = [(alder, birch)] * 8 + [(birch, alder)] * 2 + [(birch, cedar)] * 7 + [(cedar, birch)] * 3
    write_votes(arena, [Said(ada, pair) for pair in said])
    (own,) = own_boards(ada)
    assert own.board.rows == own.public.rows
    assert own.agreement == Agreement(2, 2, 0)


def test_only_the_voters_own_standing_votes_are_in_it_and_intervals_are_not_widened(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    alder, birch, _ = models
    (ben,) = people(1)
    votes = write_votes(
        arena,
        [Said(ada, (alder, birch), choice) for choice in ("a", "a", "b", "tie", "both_bad", "b")]
        + [Said(ben, (birch, alder))] * 20,
    )
    withdraw_vote(vote_id=str(votes[5].pk), voter=ada)
    cast.carry_events()
    (own,) = own_boards(ada)
    counts = [PairCounts(alder.label, birch.label, 2, 1, 1, 1)]
    assert own.board == make_board(*tallied(counts))
    assert own.board.n_votes == 5
    assert own.public.n_votes == 25
    assert own.agreement == Agreement(0, 1, 0)
    assert own_boards(cast.ada()[0]) == []


def test_each_arena_has_a_board_of_its_own_in_the_arenas_order(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    poems = cast.text_arena("poems")
    for where in (arena, poems):
        write_votes(where, [Said(ada, models[:2], choice) for choice in "ab"])
    assert [own.arena for own in own_boards(ada)] == list(Arena.objects.all()) == [poems, arena]


# ── the page ────────────────────────────────────────────────────────────────────────────────


def page(voter: Voter) -> str:
    client = Client()
    client.cookies[COOKIE] = cast.cookie_of(voter)
    answer = client.get("/you/leaderboard/")
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    text = re.sub(r"<[^>]*>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", unescape(text))


def test_the_page_says_plainly_that_one_vote_gives_no_rank(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    assert "No leaderboard of yours yet" in page(ada)
    write_votes(arena, [Said(ada, models[:2])], counted=False)
    text = page(ada)
    assert "Your 1 vote alone gives no model a rank yet." in text
    assert (
        "There is no pair yet in which both your votes and the public board have an order." in text
    )
    assert text.count("not counted yet") == 2


def test_the_page_shows_own_ranks_votes_and_public_ranks(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    alder, birch, _ = models
    (ben,) = people(1)
    write_votes(
        arena,
        [Said(ada, (alder, birch), choice) for choice in ("a", "a", "a", "b")]
        + [Said(ben, (birch, alder), "b" if i % 5 == 0 else "a") for i in range(40)],
    )
    text = page(ada)
    assert "You agree with the public order in 0 of 1 pair that you have judged." in text
    assert "fewer than 30 votes of yours" in text
    first = text[text.index("Public rank") : text.index("Birch")]
    assert re.search(r"1 .*Alder .* 4 public rank 2", first), first


def test_groups_that_never_met_are_named(ada: Voter, arena: Arena, models: list[Revision]) -> None:
    more = cast.bens_model("Dogwood")
    pairs = (models[:2], (models[2], more))
    write_votes(arena, [Said(ada, pair, choice) for pair in pairs for choice in "aab"])
    assert "2 groups of models that never met in your battles" in page(ada)
