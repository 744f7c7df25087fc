"""Each question of an arena has a board of its own; rankings of more than two count as pairs."""

from __future__ import annotations

import itertools

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from arena.accounts.models import Voter
from arena.arenas.models import Arena, Dimension
from arena.battles.models import Battle
from arena.votes.details import Details, write_details
from arena.votes.models import DimensionOutcome, Vote
from arena.votes.services import withdraw_vote
from models_registry.models import Revision
from ratings.boards.analysis import analyse_if_due, analysis_of
from ratings.boards.counting import (
    count_details,
    count_missed,
    count_vote,
    recount_arena,
    uncount_vote,
)
from ratings.boards.models import TalliedVote, Tally
from ratings.boards.selectors import COLUMNS, live_board
from tests import cast

CORRECT = "dimension-correct"


def ask(arena: Arena, *keys: str) -> Arena:
    """The arena, which asks these questions."""
    for position, key in enumerate(keys):
        Dimension.objects.create(
            arena=arena, key=key, name=key.title(), question=f"More {key}?", position=position
        )
    return arena


def judged(arena: Arena, voter: Voter, choice: str, **dimensions: str) -> Vote:
    """A vote with its answers, of which nothing is counted yet."""
    battle = cast.shown_battle(arena, voter)
    vote = cast.vote(battle, choice)
    write_details(battle_id=battle.pk, voter=voter, details=Details(dimensions=dimensions))
    return vote


def counts(arena: Arena) -> dict[tuple[str, int, int], list[int]]:
    """Every tally that holds something."""
    rows = Tally.objects.filter(arena=arena).values_list("slice", "low_id", "high_id", *COLUMNS)
    return {tuple(row[:3]): list(row[3:]) for row in rows if any(row[3:])}


def total(arena: Arena, key: str) -> int:
    return sum(sum(cells) for (name, *_), cells in counts(arena).items() if name == key)


@pytest.mark.django_db
class TestBoardsByDimension:
    def test_an_answer_counts_for_its_question_and_the_vote_for_the_main_board(
        self, ada: Voter, arena: Arena, models: list[Revision]
    ) -> None:
        vote = judged(ask(arena, "correct", "clear"), ada, "a", correct="b")
        seats = [seat.revision.label for seat in vote.battle.seats.all()]
        count_vote(str(vote.pk))
        main, correct = live_board(arena), live_board(arena, "live", CORRECT)
        assert (main.n_votes, correct.n_votes) == (1, 1)
        assert [row.model for row in main.rows] == seats
        assert [row.model for row in correct.rows] == seats[::-1]
        assert total(arena, "dimension-clear") == 0

    def test_answers_that_come_after_the_vote_was_counted_are_added_once(
        self, ada: Voter, arena: Arena, models: list[Revision]
    ) -> None:
        battle = cast.shown_battle(ask(arena, "correct"), ada)
        vote = cast.vote(battle, "a")
        assert not count_details(str(vote.pk))  # before the vote itself: it brings them along
        count_vote(str(vote.pk))
        details = Details(dimensions={"correct": "tie"})
        write_details(battle_id=battle.pk, voter=ada, details=details)
        assert count_details(str(vote.pk))
        assert not count_details(str(vote.pk))
        assert total(arena, CORRECT) == 1

    def test_what_no_event_brought_is_counted_by_the_refresh(
        self, ada: Voter, arena: Arena, models: list[Revision]
    ) -> None:
        battle = cast.shown_battle(ask(arena, "correct"), ada)
        vote = cast.vote(battle, "a")
        count_vote(str(vote.pk))
        details = Details(dimensions={"correct": "a"})
        write_details(battle_id=battle.pk, voter=ada, details=details)
        assert count_missed(arena) == 1
        assert count_missed(arena) == 0
        assert total(arena, CORRECT) == 1

    def test_a_withdrawn_vote_takes_its_answers_along(
        self, ada: Voter, arena: Arena, models: list[Revision]
    ) -> None:
        vote = judged(ask(arena, "correct"), ada, "a", correct="b")
        count_vote(str(vote.pk))
        withdraw_vote(vote_id=str(vote.pk), voter=ada)
        uncount_vote(str(vote.pk))
        assert counts(arena) == {}
        assert not count_details(str(vote.pk))
        assert count_missed(arena) == 0

    def test_the_board_of_a_question_is_chosen_by_its_name(
        self, client: Client, ada: Voter, arena: Arena, models: list[Revision]
    ) -> None:
        vote = judged(ask(arena, "correct"), ada, "a", correct="b")
        count_vote(str(vote.pk))
        Dimension.objects.update(is_archived=True)  # no longer asked; the answers stay
        page = client.get(f"/boards/{arena.slug}/?slice={CORRECT}").content.decode()
        assert "the answers to one question about the same outputs" in page
        assert "<strong>Question, Correct</strong>" in page
        assert client.get(f"/boards/{arena.slug}/?slice=dimension-beauty").status_code == 404

    def test_repeat_voters_widen_the_intervals_of_a_question_and_answers_alone_make_it_due(
        self, ada: Voter, eve: Voter, arena: Arena, models: list[Revision]
    ) -> None:
        ask(arena, "correct")
        for voter, answer in ((ada, "a"), (eve, "b")):
            for _ in range(12):
                battle = cast.shown_battle(arena, voter)
                first = battle.seats.order_by("revision_id").first()
                assert first is not None
                better = "ab"[first.position] if answer == "a" else "ba"[first.position]
                cast.vote(battle, better)
                count_vote(str(battle.vote.pk))
                said = Details(dimensions={"correct": better})
                write_details(battle_id=battle.pk, voter=voter, details=said)
        assert analyse_if_due(arena, "live", at_once=True)
        assert not analyse_if_due(arena, "live", at_once=True)
        count_missed(arena)
        assert analyse_if_due(arena, "live", at_once=True)
        found = analysis_of(arena, "live")
        assert found is not None
        # Each person always says the same: 24 answers say hardly more than 2.
        assert max(found.findings["widening"][CORRECT].values()) > 1.5


@pytest.mark.django_db
def test_a_ranking_of_four_counts_once_for_each_of_its_six_pairs(
    client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    cast.bens_model("Dogwood")
    arena.n_seats = 4
    arena.save()
    vote = judged(ask(arena, "correct"), ada, "c>a=d>b", correct="d>a=b=c")
    count_vote(str(vote.pk))
    seats = [seat.revision_id for seat in vote.battle.seats.all()]
    for key, ranks in (("", vote.ranks), (CORRECT, [2, 2, 2, 1])):
        for one, two in itertools.combinations(range(4), 2):
            low, high = sorted((seats[one], seats[two]))
            wins_low, wins_high, ties, both_bad = counts(arena)[key, low, high]
            assert (ties, both_bad) == (int(ranks[one] == ranks[two]), 0)
            if not ties:
                better = seats[one] if ranks[one] < ranks[two] else seats[two]
                assert (wins_low, wins_high) == ((1, 0) if better == low else (0, 1))
    assert total(arena, "") == 6
    client.cookies["agon_voter"] = cast.cookie_of(ada)
    told = client.get(f"/battles/{vote.battle_id}/standing").content.decode()
    assert "Yours is the first vote between any two of these." in told


class TestCountingAnew(TestCase):
    @settings(max_examples=15, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["a", "b", "tie", "both_bad"]),
                st.fixed_dictionaries(
                    {}, optional={key: st.sampled_from("ab") for key in ("correct", "clear")}
                ),
                st.sampled_from(["with vote", "late", "missed", "withdrawn"]),
            ),
            max_size=6,
        )
    )
    def test_counting_one_by_one_and_anew_give_the_same_tallies(self, said: list) -> None:
        arena, voter = ask(cast.text_arena(), "correct", "clear"), cast.ada()[0]
        for name in ("Alder", "Birch", "Cedar"):
            cast.bens_model(name)
        for choice, dimensions, how in said:
            battle = cast.shown_battle(arena, voter)
            vote = cast.vote(battle, choice)
            if how == "late":
                count_vote(str(vote.pk))
            write_details(battle_id=battle.pk, voter=voter, details=Details(dimensions=dimensions))
            if how == "late":
                count_details(str(vote.pk))
            elif how != "missed":
                count_vote(str(vote.pk))
            if how == "withdrawn":
                withdraw_vote(vote_id=str(vote.pk), voter=voter)
                uncount_vote(str(vote.pk))
        count_missed(arena)
        by_events = counts(arena)
        marked = dict(TalliedVote.objects.values_list("pk", "dimensions"))
        recount_arena(arena.pk)
        assert counts(arena) == by_events
        assert dict(TalliedVote.objects.values_list("pk", "dimensions")) == marked
        standing = DimensionOutcome.objects.filter(vote__withdrawal__isnull=True).count()
        assert sum(map(len, marked.values())) == standing
        assert Battle.objects.count() == len(said)
