"""Kept tallies: a process sees every change that others made, and fits only what has changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.votes.services import withdraw_vote
from models_registry.models import Revision
from ratings.boards import kept, selectors
from ratings.boards.counting import recount_arena, uncount_vote
from ratings.boards.kept import Counts, KeptTallies, kept_tallies
from ratings.boards.models import Analysis, TalliedVote, Tally
from ratings.boards.selectors import counts_of, live_board
from tests import cast
from tests.ratings.board_votes import Said, people, write_votes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """Processes start with nothing kept."""
    kept._kept.clear()
    selectors._boards.clear()
    yield
    kept._kept.clear()
    selectors._boards.clear()


@pytest.fixture
def three(db: None) -> list[Revision]:
    return [cast.bens_model(name) for name in ("Alder", "Birch", "Cedar")]


def write_tally(arena: Arena, one: Revision, two: Revision, **facts: Any) -> Tally:
    """A tally between two, as counting would leave it."""
    low, high = sorted((one.pk, two.pk))
    found, _ = Tally.objects.update_or_create(
        arena=arena, origin=facts.pop("origin", "live"), slice=facts.pop("slice", ""),
        low_id=low, high_id=high, defaults={"changed_at": Now(), **facts},
    )  # fmt: skip
    return found


def n_votes(arena: Arena, source: str = "live") -> int:
    return live_board(arena, source).n_votes


def by_others(work: Any) -> Any:
    """Do it on another connection, as another process would; raise what it raised."""
    [result] = cast.at_once([work])
    if isinstance(result, Exception):
        raise result
    return result


def count_boards_made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of votes of every board that is fitted from now on."""
    made: list[int] = []
    make_board = selectors.make_board

    def counted(names: Any, tallies: Any, widening: Any) -> Any:
        board = make_board(names, tallies, widening)
        made.append(board.n_votes)
        return board

    monkeypatch.setattr(selectors, "make_board", counted)
    return made


def test_a_change_by_another_connection_is_seen_at_once(three: list[Revision]) -> None:
    arena, (ada,) = cast.text_arena(), people(1)
    assert n_votes(arena) == 0
    for expected in (1, 2, 3):
        by_others(lambda: cast.vote(cast.shown_battle(arena, ada), "a"))
        by_others(cast.carry_events)
        assert n_votes(arena) == expected


def test_a_change_that_was_stamped_earlier_and_committed_later_is_seen(
    three: list[Revision],
) -> None:
    arena, (alder, birch, cedar) = cast.text_arena(), three
    write_tally(arena, alder, birch, wins_low=1)
    assert n_votes(arena) == 1

    def late() -> None:
        with transaction.atomic():
            write_tally(arena, alder, cedar, wins_low=5)  # stamped first
            by_others(lambda: write_tally(arena, alder, birch, wins_low=3))
            seen.append(by_others(lambda: n_votes(arena)))

    seen: list[int] = []
    by_others(late)
    assert seen == [3]
    assert n_votes(arena) == 8


def test_a_late_change_that_keeps_the_number_of_votes_is_seen(three: list[Revision]) -> None:
    arena, (alder, birch, _) = cast.text_arena(), three
    newest = write_tally(arena, *three[1:], wins_low=1)
    write_tally(arena, alder, birch, wins_low=9, ties=2)
    Tally.objects.filter(pk=newest.pk).update(changed_at=Now() + timedelta(seconds=1))
    before = live_board(arena)
    write_tally(arena, alder, birch, wins_high=9, ties=2, wins_low=0)
    assert live_board(arena) != before
    assert live_board(arena).n_votes == before.n_votes == 12


def test_a_board_is_fitted_anew_only_when_it_has_changed(
    three: list[Revision], monkeypatch: pytest.MonkeyPatch
) -> None:
    arena, (alder, birch, cedar) = cast.text_arena(), three
    write_tally(arena, alder, birch, wins_low=6, wins_high=5)
    made = count_boards_made(monkeypatch)
    first = live_board(arena)
    assert live_board(arena) is first
    assert made == [11]
    # Written again as it was: nothing has changed.
    write_tally(arena, alder, birch, wins_low=6, wins_high=5)
    # Another slice and another origin are other boards.
    write_tally(arena, alder, cedar, wins_low=1, slice="script-latin")
    write_tally(arena, alder, cedar, wins_low=1, origin="imported")
    assert live_board(arena) is first
    write_tally(arena, alder, birch, wins_low=7, wins_high=5)
    assert live_board(arena).n_votes == 12
    # The same counts with wider intervals are another board.
    finding = {"widening": {"": {alder.label: 2.0}}}
    Analysis.objects.create(arena=arena, source="live", n_votes=12, took_s=1, findings=finding)
    wider = live_board(arena)
    assert wider.widening == {alder.label: 2.0}
    assert live_board(arena) is wider
    assert made == [11, 12, 12]


def test_only_what_has_changed_is_read_again(three: list[Revision]) -> None:
    arena, (alder, birch, cedar) = cast.text_arena(), three
    long_ago = Now() - timedelta(hours=1)
    write_tally(arena, alder, birch, wins_low=4, changed_at=long_ago)
    write_tally(arena, birch, cedar, wins_low=4, changed_at=long_ago)
    tallies = KeptTallies(arena.pk, "live", "")
    tallies.bring_up_to_date()
    # All of it was written at one moment, such as an import: none of it is read again.
    assert tallies._changed_rows()[1] == []
    write_tally(arena, alder, cedar, wins_low=2)
    rows = tallies._changed_rows()[1]
    assert [row[:3] for row in rows] == [(alder.pk, cedar.pk, 2)]
    tallies.bring_up_to_date()
    # A moment ago: a change stamped before it may still be on its way.
    assert [row[:3] for row in tallies._changed_rows()[1]] == [(alder.pk, cedar.pk, 2)]
    version = tallies.version
    tallies.bring_up_to_date()
    assert tallies.version == version


def test_one_query_reads_the_changes_of_one_board(three: list[Revision]) -> None:
    arena = cast.text_arena()
    write_tally(arena, *three[:2], wins_low=4)
    counts_of(arena, "live")
    with CaptureQueriesContext(connection) as queries:
        counts_of(arena, "live")
    assert len(queries) == 1


def test_counts_that_somebody_holds_do_not_change_in_their_hands(three: list[Revision]) -> None:
    arena, (alder, birch, cedar) = cast.text_arena(), three
    write_tally(arena, alder, cedar, wins_low=4)
    held = counts_of(arena, "live")
    cells = held.cells.copy()
    write_tally(arena, alder, cedar, wins_low=5)
    write_tally(arena, alder, birch, wins_low=1)
    newer = counts_of(arena, "live")
    assert held.revisions == [alder.pk, cedar.pk]
    assert np.array_equal(held.cells, cells)
    assert newer.revisions == [alder.pk, birch.pk, cedar.pk]
    assert newer.cells[0, 2].tolist() == [5, 0, 0, 0]
    assert newer.cells[0, 1].tolist() == [1, 0, 0, 0]
    assert newer.cells.sum() == 6


def test_counting_anew_is_seen(three: list[Revision]) -> None:
    arena, (ada,) = cast.text_arena(), people(1)
    write_votes(arena, [Said(ada, three[:2], "a"), Said(ada, three[1:], "tie")])
    right = live_board(arena)
    by_others(lambda: Tally.objects.update(wins_low=41, changed_at=Now()))
    assert n_votes(arena) > 2
    by_others(lambda: recount_arena(arena.pk))
    assert live_board(arena) == right
    # Votes that are gone leave tallies of nothing, not tallies as they were.
    by_others(lambda: Tally.objects.update(wins_low=F("wins_low") + 1, changed_at=Now()))
    assert n_votes(arena) == 2 + Tally.objects.filter(slice="").count()
    by_others(lambda: recount_arena(arena.pk))
    assert live_board(arena) == right


def test_a_withdrawal_is_seen_and_the_last_one_empties_the_board(three: list[Revision]) -> None:
    arena, (ada,) = cast.text_arena(), people(1)
    votes = write_votes(arena, [Said(ada, three[:2], "a"), Said(ada, three[1:], "b")])
    assert n_votes(arena) == 2
    for left, vote in zip((1, 0), votes, strict=True):
        withdraw_vote(vote_id=str(vote.pk), voter=ada)
        by_others(lambda vote=vote: uncount_vote(str(vote.pk)))
        assert n_votes(arena) == left
    assert live_board(arena).rows == []
    names, tallies = counts_of(arena, "live").tallies(selectors.labels_of(arena))
    assert (names, tallies.n_pairs) == ([], 0)


def test_two_origins_are_added(three: list[Revision]) -> None:
    arena, (alder, birch, cedar) = cast.text_arena(), three
    write_tally(arena, birch, cedar, wins_low=3, both_bad=2)
    write_tally(arena, alder, cedar, wins_high=4, origin="imported")
    write_tally(arena, birch, cedar, wins_low=1, ties=5, origin="imported")
    counts = counts_of(arena, "all")
    assert counts.revisions == [alder.pk, birch.pk, cedar.pk]
    assert counts.cells[1, 2].tolist() == [4, 0, 5, 2]
    assert counts.cells[0, 2].tolist() == [0, 4, 0, 0]
    assert counts.cells.sum() == 15
    assert {source: n_votes(arena, source) for source in ("live", "imported", "all")} == {
        "live": 5, "imported": 10, "all": 15,
    }  # fmt: skip
    write_tally(arena, birch, cedar, wins_low=2, ties=5, origin="imported")
    assert (n_votes(arena, "all"), n_votes(arena)) == (16, 5)


def test_a_process_keeps_a_bounded_number_of_boards(
    three: list[Revision], monkeypatch: pytest.MonkeyPatch
) -> None:
    arena = cast.text_arena()
    write_tally(arena, *three[:2], wins_low=3)
    monkeypatch.setattr(kept, "MOST_KEPT", 4)
    monkeypatch.setattr(selectors, "MOST_BOARDS", 4)
    for number in range(9):
        live_board(arena, "live", f"slice {number}")
        live_board(arena, "live")  # in use, so it stays
    assert len(kept._kept) == 4
    assert len(selectors._boards) == 4
    assert (arena.pk, "live", "") in kept._kept
    assert (arena.pk, "live", "") in selectors._boards
    assert (arena.pk, "live", "slice 0") not in kept._kept


def test_a_board_that_was_dropped_and_read_again_is_never_taken_for_an_older_one(
    three: list[Revision],
) -> None:
    arena = cast.text_arena()
    tally = write_tally(arena, *three[:2], wins_low=3)
    older = live_board(arena)
    kept._kept.clear()  # the fitted board is still known
    Tally.objects.filter(pk=tally.pk).update(wins_low=0, wins_high=3)  # and the stamp is the same
    assert live_board(arena) != older


def test_inside_a_transaction_its_own_changes_are_seen_and_nobody_else_sees_them(
    three: list[Revision],
) -> None:
    arena, (alder, birch, _) = cast.text_arena(), three
    write_tally(arena, alder, birch, wins_low=1)
    assert n_votes(arena) == 1

    with transaction.atomic():
        write_tally(arena, alder, birch, wins_low=7)
        assert n_votes(arena) == 7
        assert by_others(lambda: n_votes(arena)) == 1
        transaction.set_rollback(True)
    assert n_votes(arena) == 1


def test_inside_a_transaction_nothing_that_was_kept_before_is_used(three: list[Revision]) -> None:
    arena, (alder, birch, _) = cast.text_arena(), three
    long_ago = Now() - timedelta(hours=1)
    tally = write_tally(arena, alder, birch, wins_low=1, changed_at=long_ago)
    before = live_board(arena)
    # Changed without a stamp: only who reads afresh can see it.
    Tally.objects.filter(pk=tally.pk).update(wins_low=2)
    assert live_board(arena) is before
    with transaction.atomic():
        assert n_votes(arena) == 2


def test_many_readers_at_once_see_the_same_counts(three: list[Revision]) -> None:
    arena, (ada,) = cast.text_arena(), people(1)
    write_votes(arena, [Said(ada, three[:2], "a")] * 3)

    def read() -> Counts:
        return kept_tallies(arena.pk, Battle.Origin.values, [""])

    found = cast.at_once([read] * 6)
    assert {counts.cells.sum() for counts in found} == {3}
    assert len({counts.stamp for counts in found}) == 1


def test_a_vote_is_in_the_tallies_once_for_all_its_slices(three: list[Revision]) -> None:
    arena, (ada,) = cast.text_arena(), people(1)
    [vote] = write_votes(arena, [Said(ada, three[:2], "a")])
    for key in ("", *TalliedVote.objects.get(pk=vote.pk).slices):
        assert counts_of(arena, "live", key).cells.sum() == 1
