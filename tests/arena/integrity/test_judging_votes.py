"""Verdicts on single votes: added, never changed, and taken back by later ones."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.common.errors import BadInput, NotFound
from arena.integrity.detectors import below_gate, too_fast
from arena.integrity.detectors.too_fast import LEAST_S, Look
from arena.integrity.facts import look_at
from arena.integrity.judging import (
    expected_status,
    give_staff_verdict,
    give_verdict,
    judge_since,
    judge_vote,
)
from arena.integrity.models import Verdict
from arena.integrity.reasons import REASONS
from arena.integrity.selectors import current_verdict, is_counted, left_out, totals
from arena.ledger.models import Entry
from arena.ledger.verifying import verify
from arena.votes.engagement.coverage import Missing
from arena.votes.engagement.services import record_shown
from arena.votes.models import Engagement, Vote
from arena.votes.services import withdraw_vote
from models_registry.models import Revision
from tests import cast


def statuses(vote: Vote) -> list[tuple[str, str]]:
    """Every verdict of a vote, the oldest first."""
    return list(vote.verdicts.order_by("pk").values_list("status", "reason"))


# ── detectors of one vote ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("looked_s", "least_s", "is_found"),
    [
        (0.01, LEAST_S, True),
        (LEAST_S, LEAST_S, False),
        (1.0, LEAST_S, False),
        (1.0, 2.0, True),
        (0.0, 0.0, False),
        (None, LEAST_S, False),
    ],
)
def test_a_vote_is_too_fast_below_what_the_arena_says(
    looked_s: float | None, least_s: float, is_found: bool
) -> None:
    assert (too_fast.find(Look(looked_s, least_s)) is not None) == is_found


def test_what_is_missing_at_the_gate_is_found() -> None:
    assert below_gate.find([]) is None
    finding = below_gate.find([Missing(1, "heard", 4.0, 1.23456)])
    assert finding is not None
    assert finding.detail == {"seat": 1, "kind": "heard", "needed": 4.0, "have": 1.235}


def test_every_arena_starts_with_half_a_second(db: None) -> None:
    assert Arena.objects.create(slug="new", name="New", modality="image").min_look_s == LEAST_S


def test_a_text_is_looked_at_while_it_is_written(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.queued_battle(arena, ada)
    cast.finish_outputs(battle)
    cast.mark_released(battle.pk)
    for seat in battle.seats.select_related("job"):
        seat.job.first_output_at = timezone.now() - timedelta(seconds=3 - seat.position)
        seat.job.save(update_fields=["first_output_at"])
        record_shown(battle_id=battle.pk, voter=ada, seat=seat.position)
    looked_s = look_at(cast.vote(battle, "a")).looked_s
    assert looked_s is not None
    assert looked_s >= 2  # since the first words of the later one


# ── one vote ─────────────────────────────────────────────────────────────────────────────────


def test_a_vote_in_which_nothing_is_odd_has_no_verdict_and_counts(vote: Vote) -> None:
    assert not judge_vote(vote.pk)
    assert statuses(vote) == []
    assert is_counted(vote.pk)
    assert expected_status(vote) == ("counted", "")


def test_a_vote_is_judged_when_it_was_cast(vote: Vote) -> None:
    Arena.objects.update(min_look_s=10)
    assert "integrity.judge_vote" in cast.carry_events()
    assert statuses(vote) == [("held", "too_fast")]
    verdict = current_verdict(vote.pk)
    assert verdict is not None
    assert verdict.detail["least_s"] == 10
    assert not is_counted(vote.pk)


def test_the_same_finding_adds_nothing_and_what_is_no_longer_found_counts_again(
    vote: Vote,
) -> None:
    Arena.objects.update(min_look_s=10)
    assert judge_vote(vote.pk)
    assert not judge_vote(vote.pk)
    Arena.objects.update(min_look_s=0)
    assert judge_vote(vote.pk)
    assert not judge_vote(vote.pk)
    assert statuses(vote) == [("held", "too_fast"), ("counted", "")]


def test_a_new_version_of_a_detector_says_so_itself(
    vote: Vote, monkeypatch: pytest.MonkeyPatch
) -> None:
    Arena.objects.update(min_look_s=10)
    judge_vote(vote.pk)
    monkeypatch.setattr(too_fast, "VERSION", 2)
    assert judge_vote(vote.pk)
    assert list(vote.verdicts.order_by("pk").values_list("method_version", flat=True)) == [1, 2]


def test_a_vote_past_the_gate_is_held(vote: Vote) -> None:
    Arena.objects.update(gate_s=5)
    judge_vote(vote.pk)
    assert statuses(vote) == [("held", "below_gate")]


def test_what_happened_after_the_vote_mends_no_gate(vote: Vote) -> None:
    Arena.objects.update(gate_s=5)
    last = vote.battle.engagement.count()
    for place, ms in enumerate((0, 6000), start=1):
        Engagement.objects.create(
            battle=vote.battle, number=last + place, kind="visible", page="p",
            page_number=place, page_ms=ms,
        )  # fmt: skip
    judge_vote(vote.pk)
    assert statuses(vote) == [("held", "below_gate")]


def test_an_answer_that_says_who_it_is_holds_the_vote(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.released_battle(arena, ada, outputs=["I am ChatGPT.", "A tuple is immutable."])
    for seat in (0, 1):
        record_shown(battle_id=battle.pk, voter=ada, seat=seat)
    vote = cast.vote(battle, "b")
    assert expected_status(vote) == ("held", "output_names_model")
    assert judge_vote(vote.pk)
    verdict = current_verdict(vote.pk)
    assert verdict is not None
    assert verdict.detail == {"seat": 0, "rule": "claim"}


def test_votes_of_a_file_are_not_judged(vote: Vote) -> None:
    Arena.objects.update(min_look_s=10)
    type(vote.battle).objects.filter(pk=vote.battle_id).update(origin="imported")
    assert not judge_vote(vote.pk)


# ── people ───────────────────────────────────────────────────────────────────────────────────


def test_what_staff_decide_stays_whatever_detectors_find(vote: Vote, mia: User) -> None:
    Arena.objects.update(min_look_s=10)
    judge_vote(vote.pk)
    give_staff_verdict(vote_id=vote.pk, status="counted", note="A slow network.", staff=mia)
    assert not judge_vote(vote.pk)
    assert statuses(vote) == [("held", "too_fast"), ("counted", "")]
    give_staff_verdict(vote_id=vote.pk, status="excluded", note="A script after all.", staff=mia)
    Arena.objects.update(min_look_s=0)
    assert not judge_vote(vote.pk)
    assert statuses(vote)[-1] == ("excluded", "staff")


def test_saying_the_same_twice_is_one_verdict(vote: Vote, mia: User) -> None:
    for _ in range(2):
        give_staff_verdict(vote_id=vote.pk, status="held", note="Odd.", staff=mia)
    assert len(statuses(vote)) == 1
    give_staff_verdict(vote_id=vote.pk, status="held", note="Very odd.", staff=mia)
    assert len(statuses(vote)) == 2


def test_a_person_says_why_and_of_which_vote(vote: Vote, mia: User) -> None:
    with pytest.raises(BadInput, match="Say why"):
        give_staff_verdict(vote_id=vote.pk, status="held", note="  ", staff=mia)
    with pytest.raises(NotFound):
        give_staff_verdict(vote_id=vote.battle_id, status="held", note="Odd.", staff=mia)


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "odd", "reason": "x"},
        {"status": "held", "reason": ""},
        {"status": "held", "reason": "staff", "method": "staff"},
    ],
)
def test_the_database_refuses_what_is_no_verdict(vote: Vote, wrong: dict[str, str]) -> None:
    fields = {"method": "too_fast", "method_version": 1, **wrong}
    with pytest.raises(IntegrityError), transaction.atomic():
        Verdict.objects.create(vote=vote, **fields)


# ── record ───────────────────────────────────────────────────────────────────────────────────


def test_a_verdict_is_sealed_and_a_changed_one_is_found(vote: Vote, mia: User) -> None:
    verdict = give_staff_verdict(vote_id=vote.pk, status="held", note="Odd: 短い", staff=mia)
    by_machine, _ = give_verdict(
        vote_id=vote.pk, status="held", method="too_fast", method_version=1, reason="too_fast",
        detail={"looked_s": 0.125, "n": 3, "what": "Schau"},
    )  # fmt: skip
    keys = [str(verdict.pk), str(by_machine.pk)]
    entries = Entry.objects.filter(table_name="integrity_verdict", key__in=keys)
    assert entries.count() == 2
    assert verify().is_whole
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = 'replica'")
        cursor.execute(
            "UPDATE integrity_verdict SET status = 'counted' WHERE id = %s", [verdict.pk]
        )
        cursor.execute("SET session_replication_role = 'origin'")
    assert [found.kind for found in verify().findings] == ["changed"]


def test_totals_count_the_newest_verdict_of_standing_votes(
    ada: Voter, arena: Arena, models: list[Revision], mia: User
) -> None:
    held, again, excluded, withdrawn, _ = (
        cast.vote(cast.shown_battle(arena, ada), "a") for _ in range(5)
    )
    for vote in (held, again, withdrawn):
        give_verdict(vote_id=vote.pk, status="held", method="too_fast", method_version=1,
                     reason="too_fast")  # fmt: skip
    give_staff_verdict(vote_id=again.pk, status="counted", note="Fine.", staff=mia)
    give_staff_verdict(vote_id=excluded.pk, status="excluded", note="A script.", staff=mia)
    withdraw_vote(vote_id=str(withdrawn.pk), voter=ada)
    (found,) = totals()
    assert (found["n_standing"], found["n_counted"]) == (4, 2)
    assert {(row["status"], row["reason"], row["n_votes"]) for row in found["left_out"]} == {
        ("held", "too_fast", 1),
        ("excluded", "staff", 1),
    }
    assert left_out(cast.text_arena("other")) == []


def test_every_reason_has_its_words() -> None:
    assert all(str(reason.title) and str(reason.text) for reason in REASONS.values())


# ── the command ──────────────────────────────────────────────────────────────────────────────


def judge_votes(*arguments: str) -> str:
    out = StringIO()
    call_command("judge_votes", *arguments, stdout=out)
    return out.getvalue().strip()


def test_the_command_judges_anew_and_a_second_time_adds_nothing(vote: Vote) -> None:
    Arena.objects.update(min_look_s=10)
    assert judge_votes() == "votes judged: 1, verdicts: 1; voters judged: 1, votes held: 0"
    assert judge_votes() == "votes judged: 1, verdicts: 0; voters judged: 1, votes held: 0"
    tomorrow = f"{timezone.now() + timedelta(days=1):%Y-%m-%d}"
    assert judge_votes("--since", tomorrow).startswith("votes judged: 0")
    assert judge_since(timezone.now() + timedelta(days=1)).endswith("votes held: 0")


@pytest.mark.parametrize("since", ["yesterday", "2026-02-31", "31.1.2026"])
def test_the_command_refuses_what_is_no_day(db: None, since: str) -> None:
    with pytest.raises(CommandError, match="is no day"):
        judge_votes("--since", since)
