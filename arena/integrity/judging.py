"""Judge votes: ask the detectors and put down what they find."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from arena.battles.models import Battle
from arena.common.errors import BadInput, NotFound
from arena.common.events import publish
from arena.common.models import ScheduledRun
from arena.common.tasks import Skipped
from arena.integrity import facts
from arena.integrity.detectors import below_gate, identity_leak, too_fast
from arena.integrity.detectors.finding import Finding
from arena.integrity.models import STAFF, Verdict
from arena.integrity.selectors import current_verdict
from arena.integrity.voters import findings_of_voters
from arena.votes.models import Vote

STAFF_VERSION = 1
JUDGE_VOTERS = "integrity.judge_voters"
# The detectors that look at one vote by itself.
VERSIONS = {one.METHOD: one.VERSION for one in (below_gate, too_fast, identity_leak)}
LATE = timedelta(minutes=10)  # a vote is seen at most so long after its time: one transaction
MOST_VOTERS = 2000  # in one run, those who voted last: some seconds, up to a million votes
VOTES_AT_ONCE = 1000


@transaction.atomic
def give_verdict(
    *,
    vote_id: UUID | str,
    status: str,
    method: str,
    method_version: int,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
    note: str = "",
    made_by: Any = None,
) -> tuple[Verdict, bool]:
    """Put down a verdict and tell of it; return it, and whether it is new.

    Nothing is added where the newest one says the same already; then that one is returned.

    What holds is decided under the vote's lock, so that two verdicts never cross.
    """
    Vote.objects.select_for_update().only("pk").get(pk=vote_id)
    current = current_verdict(vote_id)
    said = (status, method, method_version, reason, note)
    if current is not None and said == (
        current.status, current.method, current.method_version, current.reason, current.note
    ):  # fmt: skip
        return current, False
    verdict = Verdict.objects.create(
        vote_id=vote_id,
        status=status,
        method=method,
        method_version=method_version,
        reason=reason,
        detail=dict(detail or {}),
        note=note,
        made_by=made_by,
    )
    publish("verdict.given", vote_id=str(vote_id))
    return verdict, True


def judge_vote(vote_id: UUID | str) -> bool:
    """Ask what can be said of one vote by itself; return whether that added a verdict.

    A finding holds the vote. A vote that is held for something that is no longer found counts
    again. What staff decided stays, and so does what was found of the voter.
    """
    vote = _with_facts(vote_id)
    if vote.battle.origin != Battle.Origin.LIVE:
        return False
    with transaction.atomic():
        Vote.objects.select_for_update().only("pk").get(pk=vote_id)
        current = current_verdict(vote_id)
        finding = finding_of(vote)
        if current is None or current.status == Verdict.Status.COUNTED:
            is_staffs = current is not None and current.method == STAFF
            return False if finding is None or is_staffs else hold(vote_id, finding)
        if current.method not in VERSIONS:
            return False
        if finding is not None:
            return hold(vote_id, finding)
        _, is_new = give_verdict(
            vote_id=vote_id,
            status=Verdict.Status.COUNTED,
            method=current.method,
            method_version=VERSIONS[current.method],
        )
        return is_new


def _with_facts(vote_id: UUID | str) -> Vote:
    related = ("battle__arena", "battle__prompt")
    parts = ("battle__engagement", "battle__seats__output",
             "battle__seats__revision__model__organisation")  # fmt: skip
    return Vote.objects.select_related(*related).prefetch_related(*parts).get(pk=vote_id)


def finding_of(vote: Vote) -> Finding | None:
    """Return the first thing that speaks against a vote by itself."""
    return (
        below_gate.find(facts.missing_at(vote))
        or too_fast.find(facts.look_at(vote))
        or identity_leak.find(facts.shown_before(vote))
    )


def expected_status(vote: Vote) -> tuple[str, str]:
    """Return the status and reason of a live vote, also while it waits to be judged.

    The status of a vote that was taken back is `withdrawn`.
    """
    if hasattr(vote, "withdrawal"):
        return "withdrawn", ""
    verdict = current_verdict(vote.pk)
    if verdict is not None:
        return verdict.status, verdict.reason
    finding = finding_of(_with_facts(vote.pk))
    return (Verdict.Status.HELD, finding.reason) if finding else (Verdict.Status.COUNTED, "")


def hold(vote_id: UUID | str, finding: Finding) -> bool:
    """Hold a vote for what was found; return whether that is new."""
    _, is_new = give_verdict(
        vote_id=vote_id,
        status=Verdict.Status.HELD,
        method=finding.method,
        method_version=finding.version,
        reason=finding.reason,
        detail=finding.detail,
    )
    return is_new


def give_staff_verdict(*, vote_id: UUID | str, status: str, note: str, staff: Any) -> Verdict:
    """Put down what a person decided of a vote, with their reason.

    Raises BadInput without a reason, NotFound for a vote that does not exist.
    """
    if not note.strip():
        raise BadInput("Say why: a verdict of a person needs a reason.")
    if not Vote.objects.filter(pk=vote_id).exists():
        raise NotFound(f"There is no vote {vote_id}.")
    verdict, _ = give_verdict(
        vote_id=vote_id,
        status=status,
        method=STAFF,
        method_version=STAFF_VERSION,
        reason="" if status == Verdict.Status.COUNTED else STAFF,
        note=note.strip(),
        made_by=staff,
    )
    return verdict


# ── voters ───────────────────────────────────────────────────────────────────────────────────


def judge_voters(since: datetime | None = None) -> str:
    """Ask what the votes of everybody who voted since say together; return what was done.

    Without a time: since the last run that did something. Raises Skipped when nobody voted.
    """
    if since is None:
        last = ScheduledRun.objects.filter(name=JUDGE_VOTERS, outcome=ScheduledRun.Outcome.DONE)
        started_at = last.aggregate(Max("started_at"))["started_at__max"]
        since = started_at - LATE if started_at else None
    voters = _voters_since(since)
    if not voters:
        raise Skipped("nobody has voted")
    n_held = sum(_hold_if_counted(vote, one) for vote, one in findings_of_voters(voters))
    return f"voters judged: {len(voters)}, votes held: {n_held}"


def _voters_since(since: datetime | None) -> list[UUID]:
    votes = Vote.objects.filter(battle__origin=Battle.Origin.LIVE, voter__isnull=False)
    if since is not None:
        votes = votes.filter(recorded_at__gt=since)
    newest = votes.values("voter").annotate(last=Max("recorded_at")).order_by("-last")
    return list(newest.values_list("voter", flat=True)[:MOST_VOTERS])


@transaction.atomic
def _hold_if_counted(vote_id: UUID, finding: Finding) -> bool:
    """Hold a vote that counts, unless staff said that it does."""
    Vote.objects.select_for_update().only("pk").get(pk=vote_id)
    current = current_verdict(vote_id)
    if current is not None:
        is_free = current.status == Verdict.Status.COUNTED and current.method != STAFF
        is_same = current.status == Verdict.Status.HELD and current.method == finding.method
        if not (is_free or (is_same and current.method_version != finding.version)):
            return False
    return hold(vote_id, finding)


def judge_since(since: datetime) -> str:
    """Judge every live vote since a time anew, then everybody who cast one; say what was done."""
    votes = Vote.objects.filter(recorded_at__gte=since, battle__origin=Battle.Origin.LIVE)
    keys = votes.order_by("recorded_at").values_list("pk", flat=True)
    n_votes = n_new = 0
    for vote_id in keys.iterator(chunk_size=VOTES_AT_ONCE):
        n_votes += 1
        n_new += judge_vote(vote_id)
    try:
        of_voters = judge_voters(since)
    except Skipped:
        of_voters = "voters judged: 0, votes held: 0"
    return f"votes judged: {n_votes}, verdicts: {n_new}; {of_voters}"
