"""Boards of slices: a vote counts on the board of all votes and on those of its prompt's slices."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.prompts import slices
from arena.prompts.slices import SLICES
from arena.votes.ballot import PAIR_CHOICES
from arena.votes.importing.service import import_votes
from arena.votes.models import Vote
from arena.votes.services import withdraw_vote
from models_registry.models import Revision
from ratings.boards.counting import count_missed, count_vote, recount_arena, uncount_vote
from ratings.boards.models import ALL_VOTES, TalliedVote, Tally
from ratings.boards.selectors import counts_of, default_source, live_board, slices_with_votes
from tests import cast
from tests.ratings.board_votes import Said, page, words, write_votes

PROMPTS = {
    "What is a tuple?": {"length-short", "prompt-own", "script-latin"},
    "Что такое кортеж?": {"length-short", "prompt-own", "script-cyrillic"},
    "2 + 2 = ?": {"length-short", "prompt-own"},
    "Write a long letter. " * 20: {"length-long", "prompt-own", "script-latin"},
}
SHORT, CYRILLIC, ARITHMETIC, LONG = PROMPTS


def told_by_older_rules(keys: list[str]) -> set[str]:
    """Those slices of a vote that this test knows: kinds and languages have tests of their own."""
    return {key for key in keys if key.partition("-")[0] in {"length", "prompt", "script"}}


def tallies(arena: Arena) -> dict[tuple[str, str, int, int], tuple[int, ...]]:
    """All cells of all slices that hold a vote."""
    return {
        (t.slice, t.origin, t.low_id, t.high_id): cells
        for t in Tally.objects.filter(arena=arena)
        if any(cells := (t.wins_low, t.wins_high, t.ties, t.both_bad))
    }


def votes_by_slice(arena: Arena, source: str = "live") -> dict[str, int]:
    keys = (ALL_VOTES, *slices_with_votes(arena, source))
    return {key: int(counts_of(arena, source, key).cells.sum()) for key in keys}


@pytest.mark.parametrize("text", PROMPTS)
def test_a_vote_counts_in_all_votes_and_in_each_slice_of_its_prompt(
    ada: Voter, arena: Arena, models: list[Revision], text: str
) -> None:
    [vote] = write_votes(arena, [Said(ada, models[:2], "a", text)], counted=False)
    assert count_vote(str(vote.pk))
    marked = TalliedVote.objects.get(pk=vote.pk).slices
    assert told_by_older_rules(marked) == PROMPTS[text]
    assert votes_by_slice(arena) == dict.fromkeys(["", *marked], 1)
    cells = {key[1:]: cells for key, cells in tallies(arena).items()}
    assert len(cells) == 1  # the same cell of every slice


def test_a_withdrawn_vote_leaves_the_slices_that_it_was_counted_in(
    ada: Voter, arena: Arena, models: list[Revision], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [Said(ada, models[:2], "a", SHORT), Said(ada, models[:2], "b", LONG)]
    one, other = write_votes(arena, said, counted=False)
    count_vote(str(one.pk))
    marked = TalliedVote.objects.get(pk=one.pk).slices
    # The rules change while it is counted: short is now what was long.
    monkeypatch.setattr(slices, "SHORT_CHARS", 3)
    count_vote(str(other.pk))
    withdraw_vote(vote_id=str(one.pk), voter=ada)
    assert uncount_vote(str(one.pk))
    left = TalliedVote.objects.get().slices
    assert "length-short" in marked
    assert votes_by_slice(arena) == dict.fromkeys(["", *left], 1)
    assert all(min(cells) >= 0 for cells in tallies(arena).values())


def test_counting_anew_takes_the_rules_of_today(
    ada: Voter, arena: Arena, models: list[Revision], monkeypatch: pytest.MonkeyPatch
) -> None:
    [vote] = write_votes(arena, [Said(ada, models[:2], "a", SHORT)])
    assert "length-short" in votes_by_slice(arena)
    monkeypatch.setattr(slices, "SHORT_CHARS", 3)
    recount_arena(arena.pk)
    assert "length-medium" in TalliedVote.objects.get(pk=vote.pk).slices
    # The slice of before keeps tallies of nothing, and is not offered.
    assert "length-short" not in slices_with_votes(arena, "live")
    assert live_board(arena, "live", "length-short").rows == []
    assert votes_by_slice(arena)["length-medium"] == 1


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    said=st.lists(
        st.tuples(
            st.integers(0, 2), st.sampled_from(sorted(PAIR_CHOICES)), st.sampled_from(list(PROMPTS))
        ),
        max_size=8,
    ),
    withdrawn=st.sets(st.integers(0, 7)),
    counted_first=st.sets(st.integers(0, 7)),
)
def test_counting_anew_gives_every_slice_what_counting_one_by_one_gave(
    ada: Voter,
    arena: Arena,
    models: list[Revision],
    said: list[tuple[int, str, str]],
    withdrawn: set[int],
    counted_first: set[int],
) -> None:
    before = transaction.savepoint()
    rows = [Said(ada, [models[i], models[(i + 1) % 3]], choice, text) for i, choice, text in said]
    votes = write_votes(arena, rows, counted=False)
    for number, vote in enumerate(votes):
        if number in counted_first:
            count_vote(str(vote.pk))
    for number, vote in enumerate(votes):
        if number in withdrawn:
            withdraw_vote(vote_id=str(vote.pk), voter=ada)
    count_missed(arena)
    one_by_one = tallies(arena), dict(TalliedVote.objects.values_list("pk", "slices"))
    assert recount_arena(arena.pk) == len(votes) - len(withdrawn & set(range(len(votes))))
    assert (tallies(arena), dict(TalliedVote.objects.values_list("pk", "slices"))) == one_by_one
    standing = Vote.objects.filter(withdrawal__isnull=True).count()
    by_slice = votes_by_slice(arena)
    # Every prompt has one length, so the slices of lengths share out all votes.
    of_lengths = [n for key, n in by_slice.items() if key.startswith("length-")]
    assert by_slice[""] == standing == sum(of_lengths)
    transaction.savepoint_rollback(before)


@pytest.fixture
def sliced(ada: Voter, arena: Arena, models: list[Revision]) -> Arena:
    """Alder is best on Latin prompts, Cedar on Cyrillic ones."""
    alder, birch, cedar = models
    said = []
    for text, best, worst in ((SHORT, alder, cedar), (CYRILLIC, cedar, alder)):
        said += [Said(ada, [best, birch], "a", text)] * 20
        said += [Said(ada, [birch, worst], "a", text)] * 20
        said += [Said(ada, [best, worst], "b", text)] * 4
        said += [Said(ada, [worst, birch], "a", text)] * 5
    write_votes(arena, said)
    return arena


def test_a_slice_has_a_board_of_its_own(sliced: Arena) -> None:
    latin, cyrillic, everything = (
        live_board(sliced, "live", key) for key in ("script-latin", "script-cyrillic", "")
    )
    assert [row.model for row in latin.rows] == ["alder@1", "birch@1", "cedar@1"]
    assert [row.model for row in cyrillic.rows] == ["cedar@1", "birch@1", "alder@1"]
    assert latin.n_votes == cyrillic.n_votes == 49
    assert everything.n_votes == 98
    assert everything == live_board(sliced, "live", "length-short")
    for board in (latin, cyrillic):
        assert sum(row.rating for row in board.rows) / 3 == pytest.approx(1000, abs=0.02)


def test_the_page_of_a_slice_shows_its_own_numbers(sliced: Arena) -> None:
    board = json.loads(page("/boards/text/?slice=script-cyrillic&format=json"))
    expected = json.loads(json.dumps(live_board(sliced, "live", "script-cyrillic").as_dict()))
    assert board == {"arena": "text", "source": "live", **expected, "slice": "script-cyrillic"}
    html = page("/boards/text/?slice=script-cyrillic")
    shown = words(html)
    assert SLICES["script-cyrillic"].label in shown
    assert "49 votes" in shown
    # How many battles there were on all prompts says nothing of these votes.
    assert "49 votes in" not in shown
    rows = re.findall(r"<tr role=\"row\".*?</tr>", html, re.DOTALL)[1:]
    for row, cells in zip(expected["rows"], map(words, rows), strict=True):
        assert f"{row['rating']:.0f}" in cells
        assert f"{row['low']:.0f}–{row['high']:.0f}" in cells
    for key in votes_by_slice(sliced):
        assert f'value="{key}"' in html
    # What refreshes an open page, and the links to models, stay in the slice.
    assert "/boards/text/rows?slice=script-cyrillic" in html
    assert "/boards/text/models/cedar@1/?slice=script-cyrillic" in html


@pytest.mark.parametrize("subpage", ["rows", "pairs/", "course/", "footing/", "how/"])
def test_the_other_pages_of_a_slice_are_there(sliced: Arena, subpage: str) -> None:
    assert "script-cyrillic" in page(f"/boards/text/{subpage}?slice=script-cyrillic")


def test_imported_battles_without_a_prompt_are_in_no_slice(arena: Arena, tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_text("model_a,model_b,wins_a,wins_b,ties\nElm,Fir,18,9,3\n")
    import_votes(path=path, arena=arena)
    cast.carry_events()
    assert votes_by_slice(arena, "imported") == {"": 30}
    assert set(TalliedVote.objects.values_list("slices__len", flat=True)) == {0}
    before = tallies(arena)
    assert recount_arena(arena.pk) == 30
    assert tallies(arena) == before
    html = page("/boards/text/")
    assert 'name="slice"' not in html  # nothing to choose from
    assert Client().get("/boards/text/?slice=length-short").status_code == 404


def test_an_arena_whose_votes_cast_here_were_withdrawn_shows_the_imported_ones(
    ada: Voter, arena: Arena, models: list[Revision], tmp_path: Path
) -> None:
    path = tmp_path / "votes.csv"
    path.write_text("model_a,model_b,wins_a,wins_b,ties\nElm,Fir,18,9,3\n")
    import_votes(path=path, arena=arena)
    cast.carry_events()
    [vote] = write_votes(arena, [Said(ada, models[:2])], counted=False)
    count_vote(str(vote.pk))
    assert default_source(arena) == "live"
    withdraw_vote(vote_id=str(vote.pk), voter=ada)
    uncount_vote(str(vote.pk))
    assert default_source(arena) == "imported"
    assert slices_with_votes(arena, "all") == []


def test_a_list_counts_each_of_its_pairs_in_each_slice(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    write_votes(arena, [Said(ada, models, text=LONG, ranks=[1, 2, 2])])
    for n in votes_by_slice(arena).values():
        assert n == 3
    of_slice, of_all = (live_board(arena, "live", key) for key in ("length-long", ""))
    assert of_slice == of_all
    assert of_all.n_votes == 3
