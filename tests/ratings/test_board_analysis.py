"""The pass over all votes: voters with tastes widen intervals, and each method answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import SamplerState
from arena.battles.sampling import min_max_ci
from arena.common.tasks import Skipped
from arena.votes.importing.service import import_votes
from arena.votes.models import Vote
from arena.votes.services import withdraw_vote
from models_registry.models import Revision
from ratings.boards import analysis
from ratings.boards.analysis import REST, _by_person, analyse, analyse_if_due
from ratings.boards.counting import count_missed
from ratings.boards.methods import Material
from ratings.boards.models import Analysis
from ratings.boards.selectors import counts_of, labels_of, live_board
from ratings.boards.services import examine_boards, refresh_boards, tell_sampler
from ratings.boards.table import Board, make_board
from ratings.boards.votes import counted_votes
from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.robustness import flips_of_ranking
from ratings.fitting.tallies import Outcome
from ratings.releases.services import build_release
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


def withdraw_all(votes: Sequence[Vote]) -> None:
    for vote in votes:
        assert vote.voter is not None
        withdraw_vote(vote_id=str(vote.pk), voter=vote.voter)


# ── voters ──────────────────────────────────────────────────────────────────────────────────


def test_people_with_tastes_widen_the_intervals_and_nothing_else(
    arena: Arena, four: list[Revision]
) -> None:
    write_votes(arena, tasteful_votes(four, people(8), 60, taste=1.5))
    plain = live_board(arena)
    assert plain.widening == {}
    found = analysed(arena)
    board = live_board(arena)
    assert board.widening == found.findings["widening"][""]
    assert set(board.widening) == {revision.label for revision in four}
    assert min(board.widening.values()) > 1.2
    by_model = {row.model: row for row in board.rows}
    for before in plain.rows:
        after = by_model[before.model]
        assert (after.rating, after.rank, after.votes) == (before.rating, before.rank, before.votes)
        factor = board.widening[after.model]
        assert after.high - after.low == pytest.approx(factor * (before.high - before.low), abs=0.1)
        assert after.rank_low <= before.rank_low
        assert after.rank_high >= before.rank_high
    shown = words(page("/boards/text/footing/"))
    assert "People cast many votes and have tastes" in shown
    assert f"{max(board.widening.values()):.2f}" in shown
    assert f"here by up to {max(board.widening.values()):.2f}" in words(page("/boards/text/how/"))
    voters = found.findings["voters"]
    assert (voters["n_voters"], voters["n_unnamed"]) == (8, 0)
    assert voters["largest_share"] == pytest.approx(1 / 8)


def test_one_heavy_voter_among_many_widens_more_than_the_same_votes_of_many(
    arena: Arena, four: list[Revision]
) -> None:
    other, voters = cast.text_arena("other"), people(40)
    same = tasteful_votes(four, voters, 5, taste=0.0)
    favourite = [Said(voters[0], [four[0], model], "a") for model in four[1:] * 40]
    by_many = [Said(voters[i % 40], said.seats, said.choice) for i, said in enumerate(favourite)]
    write_votes(arena, same + favourite)
    write_votes(other, same + by_many)
    one, many = (analysed(which).findings["widening"][""] for which in (arena, other))
    assert one[four[0].label] > 1.2 * many.get(four[0].label, 1.0)
    assert live_board(arena).rows[0].rating == live_board(other).rows[0].rating


def test_votes_of_one_person_alone_widen_nothing_and_the_page_says_so(
    ada: Voter, arena: Arena, four: list[Revision]
) -> None:
    write_votes(arena, tasteful_votes(four, [ada], 60, taste=1.0))
    assert analysed(arena).findings["widening"][""] == {}
    assert live_board(arena).widening == {}
    assert "All votes with a known voter are from one person" in words(
        page("/boards/text/footing/")
    )


def test_people_without_tastes_hardly_widen(arena: Arena, four: list[Revision]) -> None:
    write_votes(arena, tasteful_votes(four, people(40), 10, taste=0.0))
    assert max(analysed(arena).findings["widening"][""].values(), default=1.0) < 1.25


def test_votes_of_nobody_known_are_each_a_person_of_their_own(arena: Arena, tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_text("model_a,model_b,wins_a,wins_b,ties\nElm,Fir,18,9,3\nFir,Oak,1,2,1\n")
    import_votes(path=path, arena=arena)
    cast.carry_events()
    voters = analysed(arena, "imported").findings["voters"]
    assert (voters["n_voters"], voters["n_unnamed"]) == (0, 34)
    shown = words(page("/boards/text/footing/"))
    assert "34 imported votes do not say who cast them" in shown


def test_each_slice_has_its_own_widening(arena: Arena, four: list[Revision]) -> None:
    voters = people(6)
    of_taste = tasteful_votes(four, voters, 40, taste=2.0)
    cyrillic = [Said(s.voter, s.seats, s.choice, "Что такое кортеж?") for s in of_taste]
    write_votes(arena, cyrillic + tasteful_votes(four, voters, 40, taste=0.0, seed=8))
    widening = analysed(arena).findings["widening"]
    for key in ("script-cyrillic", "script-latin", ""):
        assert live_board(arena, "live", key).widening == widening[key]
    label = four[0].label
    assert widening["script-cyrillic"][label] > widening["script-latin"].get(label, 1.0)


def test_few_voters_leave_more_ranks_open_at_once_than_as_many_independent_votes(
    arena: Arena, four: list[Revision]
) -> None:
    write_votes(arena, tasteful_votes(four, people(3), 60, taste=1.0))
    material = Material(arena, "live", counted_votes(arena, "live"))
    fit = fit_bradley_terry(material.tallies)
    by_person = _by_person(material, fit)
    widening = live_board(arena).widening or analysed(arena).findings["widening"][""]
    for i, name in enumerate(material.names):
        wanted = fit.standard_errors[i] * widening.get(name, 1.0)
        assert by_person.standard_errors[i] == pytest.approx(wanted, rel=1e-3)
    assert max(widening.values()) > 1.2


# ── when it runs ────────────────────────────────────────────────────────────────────────────


def test_a_board_that_has_not_changed_is_not_gone_over_again(
    ada: Voter, arena: Arena, four: list[Revision], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_votes(arena, [Said(ada, four[:2], "a"), Said(ada, four[:2], "b")])
    assert analyse_if_due(arena, "live")
    monkeypatch.setattr(analysis, "counted_votes", None)  # would fail when called
    assert not analyse_if_due(arena, "live")
    assert not analyse_if_due(arena, "live", at_once=True)


def test_a_pass_rests_ten_times_as_long_as_it_took(
    ada: Voter, arena: Arena, four: list[Revision]
) -> None:
    write_votes(arena, [Said(ada, four[:2], "a")])
    assert analyse_if_due(arena, "live")
    write_votes(arena, [Said(ada, four[:2], "b")])
    Analysis.objects.update(took_s=60.0)
    assert not analyse_if_due(arena, "live")
    nearly = timezone.now() - timedelta(seconds=REST * 60 - 5)
    Analysis.objects.update(made_at=nearly)
    assert not analyse_if_due(arena, "live")
    Analysis.objects.update(made_at=nearly - timedelta(seconds=10))
    assert analyse_if_due(arena, "live")
    assert Analysis.objects.get().n_votes == 2
    Analysis.objects.update(took_s=60.0)
    # An operator who asks does not wait.
    write_votes(arena, [Said(ada, four[:2], "b")])
    assert analyse_if_due(arena, "live", at_once=True)


def test_withdrawn_votes_leave_the_findings(ada: Voter, arena: Arena, four: list[Revision]) -> None:
    eve = people(1)[0]
    kept = write_votes(arena, [Said(ada, four[:2], "a")] * 3)
    gone = write_votes(arena, [Said(eve, four[1:3], "b")] * 2)
    assert analysed(arena).findings["voters"]["n_voters"] == 2
    withdraw_all(gone)
    count_missed(arena)
    found = analysed(arena)
    assert (found.n_votes, found.findings["voters"]["n_voters"]) == (3, 1)
    assert {flip["above"] for flip in found.findings["flips"]} <= {r.label for r in four[:2]}
    withdraw_all(kept)
    count_missed(arena)
    assert analyse(arena, "live") is None
    assert not Analysis.objects.exists()
    assert live_board(arena) == Board()


def test_as_many_votes_that_say_something_else_are_gone_over_again(
    ada: Voter, arena: Arena, four: list[Revision]
) -> None:
    gone = write_votes(arena, [Said(ada, four[:2], "a")])
    assert analyse_if_due(arena, "live")
    withdraw_all(gone)
    count_missed(arena)
    write_votes(arena, [Said(ada, four[:2], "b")])
    assert analyse_if_due(arena, "live", at_once=True)


def test_each_source_that_has_votes_is_examined_once(
    ada: Voter, arena: Arena, four: list[Revision]
) -> None:
    write_votes(arena, [Said(ada, four[:2], "a")])
    assert examine_boards() == "boards examined: 2"  # live, and all
    assert set(Analysis.objects.values_list("source", flat=True)) == {"live", "all"}
    with pytest.raises(Skipped):
        examine_boards()


# ── what it finds ───────────────────────────────────────────────────────────────────────────


def test_dropping_the_votes_that_are_named_does_flip_the_ranks(
    ada: Voter, arena: Arena, four: list[Revision]
) -> None:
    voters = people(6)
    votes = write_votes(arena, tasteful_votes(four, voters, 40, taste=0.4))
    found = analysed(arena).findings["flips"]
    names, tallies = counts_of(arena, "live").tallies(labels_of(arena))
    flips = flips_of_ranking(tallies, fit_bradley_terry(tallies), len(names))
    shown = [(names[f.above], names[f.below], f.votes_to_flip) for f in flips]
    assert [(f["above"], f["below"], f["votes_to_flip"]) for f in found] == shown
    flip = next(f for f in flips if f.votes_to_flip is not None)
    before = [row.model for row in live_board(arena).rows]
    assert before.index(names[flip.above]) + 1 == before.index(names[flip.below])
    dropped = []
    for cell in flip.dropped:
        pair = names[cell.first], names[cell.second]
        dropped += [vote for vote in votes if said_so(vote, pair, cell.outcome)][: cell.votes]
    assert len(dropped) == flip.votes_to_flip
    withdraw_all(dropped)
    count_missed(arena)
    after = [row.model for row in live_board(arena).rows]
    assert after.index(names[flip.below]) < after.index(names[flip.above])
    html = page("/boards/text/")
    assert "Flips at" in words(html)


def said_so(vote: Vote, pair: tuple[str, str], outcome: Outcome) -> bool:
    labels = [seat.revision.label for seat in vote.battle.seats.select_related("revision__model")]
    if set(labels) != set(pair):
        return False
    ranks = dict(zip(labels, vote.ranks, strict=True))
    first, second = ranks[pair[0]], ranks[pair[1]]
    if first == second:
        return outcome == (Outcome.TIE if vote.is_acceptable else Outcome.BOTH_BAD)
    return outcome == (Outcome.FIRST if first < second else Outcome.SECOND)


def test_the_lead_that_rests_on_one_person_is_told(arena: Arena, four: list[Revision]) -> None:
    voters = people(5)
    said = tasteful_votes(four[:2], voters, 10, taste=0.0)
    said += [Said(voters[0], four[:2], "a")] * 30
    write_votes(arena, said)
    [gap] = analysed(arena).findings["one_voter"]
    assert (gap["above"], gap["below"]) == (four[0].label, four[1].label)
    others = [one for one in said if one.voter != voters[0]]
    assert gap["n_votes"] == len(said) - len(others)
    other = cast.text_arena("other")
    write_votes(other, others)
    ratings = {row.model: row.rating for row in live_board(other).rows}
    without = ratings[four[0].label] - ratings[four[1].label]
    assert gap["gap_elo"] + gap["change_elo"] == pytest.approx(without, abs=0.05)


# ── releases and samplers ───────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("store")
def test_a_release_of_several_shards_carries_the_widening_and_gives_the_live_board(
    arena: Arena, four: list[Revision]
) -> None:
    voters = people(6)
    write_votes(arena, tasteful_votes(four, voters, 25, taste=1.5))
    build_release(arena)
    votes = write_votes(arena, tasteful_votes(four, voters, 15, taste=1.5, seed=9))
    second = build_release(arena)
    live = printed("board", "text")
    assert max(live["widening"].values()) > 1.2
    assert printed("release", "board", second.name) == live
    # Without the widening the intervals would be too narrow.
    assert make_board(*counts_of(arena, "live").tallies(labels_of(arena))).as_dict() != live
    withdraw_all(votes[:7])
    count_missed(arena)
    third = build_release(arena)
    assert printed("release", "board", third.name) == printed("board", "text")


def test_a_refresh_tells_the_sampler_which_then_draws(
    ada: Voter, arena: Arena, four: list[Revision]
) -> None:
    assert arena.sampler == "min_max_ci"
    tell_sampler(arena)
    assert not SamplerState.objects.exists()  # no votes, nothing to tell
    assert cast.opened_battle(arena, ada).sampler == "uniform"
    write_votes(arena, tasteful_votes(four[:3], [ada], 60, taste=0.5))
    refresh_boards()
    state = SamplerState.objects.get(arena=arena)
    assert sorted(state.revisions) == sorted(revision.pk for revision in four[:3])
    battle = cast.opened_battle(arena, ada)
    assert (battle.sampler, battle.sampler_version) == ("min_max_ci", min_max_ci.VERSION)
    assert battle.p_draw is not None
    assert 0 < battle.p_draw <= 1
