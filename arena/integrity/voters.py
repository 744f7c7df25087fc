"""What the votes of one voter say together: which of them to hold, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db.models import Exists, OuterRef

from arena.arenas.models import Arena
from arena.integrity.detectors import always_left, one_model
from arena.integrity.detectors.finding import Finding
from arena.integrity.facts import PairVote, expected_in, labels_of, n_voters, pair_votes
from arena.integrity.models import STAFF, Verdict

VOTERS_AT_ONCE = 200  # up to 100,000 votes in memory
Found = tuple[UUID, Finding]
Votes = dict[UUID, list[PairVote]]


def findings_of_voters(voters: Sequence[UUID]) -> Iterator[Found]:
    """Yield each vote of these voters that something speaks against, with the finding."""
    suspicions: dict[int, dict[UUID, list[one_model.Suspicion]]] = defaultdict(dict)
    expected = {arena.pk: expected_in(arena) for arena in Arena.objects.all()}
    for start in range(0, len(voters), VOTERS_AT_ONCE):
        for voter, votes in pair_votes(voters[start : start + VOTERS_AT_ONCE]).items():
            yield from _of_sides(votes)
            for arena in {one.arena for one in votes}:
                met = expected[arena].met(one for one in votes if one.arena == arena)
                if found := one_model.suspicions(met):
                    suspicions[arena][voter] = found
    # Who is reported depends on all voters, so it is decided last, of numbers alone.
    for one in Arena.objects.filter(pk__in=suspicions):
        yield from _of_models(one, suspicions[one.pk])


def _of_sides(votes: Sequence[PairVote]) -> Iterator[Found]:
    decided = [one for one in votes if one.outcome]
    finding = always_left.find(one.outcome > 0 for one in decided)
    if finding is not None:
        for one in decided:
            yield one.vote, finding


def _of_models(arena: Arena, by_voter: dict[UUID, list[one_model.Suspicion]]) -> Iterator[Found]:
    known = _reported_before(arena)
    cleared = _cleared()
    looked_at = {voter: found for voter, found in by_voter.items() if voter not in cleared}
    reported = one_model.reported(
        looked_at,
        n_voters(arena, one_model.LEAST_VOTES),
        n_before=len(set(known) - set(looked_at)),
    )
    labels = labels_of(one.model for found in looked_at.values() for one in found)
    for voter, found in looked_at.items():
        named = set(reported.get(voter, ()))
        # Who was reported stays so for the same model, until staff say otherwise.
        named |= {one for one in found if (labels[one.model], one.reason) in known[voter]}
        if named:
            yield from _votes_on(arena, voter, named, labels)


def _votes_on(
    arena: Arena, voter: UUID, named: set[one_model.Suspicion], labels: dict[int, str]
) -> Iterator[Found]:
    for vote in pair_votes([voter])[voter]:
        about = [one for one in named if one.model in (vote.left, vote.right)]
        if vote.arena == arena.pk and about:
            strongest = max(about, key=lambda one: one.log_evidence)
            yield vote.vote, one_model.finding_of(strongest, labels[strongest.model])


def _reported_before(arena: Arena) -> dict[UUID, set[tuple[str, str]]]:
    """Return, by voter, the (model, reason) for which votes of theirs are held now."""
    later = Verdict.objects.filter(vote=OuterRef("vote"), pk__gt=OuterRef("pk"))
    held = Verdict.objects.filter(
        ~Exists(later),
        method=one_model.METHOD,
        status=Verdict.Status.HELD,
        vote__battle__arena=arena,
        vote__voter__isnull=False,
    )
    known: dict[UUID, set[tuple[str, str]]] = defaultdict(set)
    for voter, detail, reason in held.values_list("vote__voter", "detail", "reason"):
        known[voter].add((detail["model"], reason))
    return known


def _cleared() -> set[UUID]:
    """Return the voters of whom staff took back what this detector found: it leaves them alone."""
    earlier = Verdict.objects.filter(vote=OuterRef("vote"), method=one_model.METHOD)
    taken_back = Verdict.objects.filter(
        Exists(earlier), method=STAFF, status=Verdict.Status.COUNTED, vote__voter__isnull=False
    )
    return set(taken_back.values_list("vote__voter", flat=True))
