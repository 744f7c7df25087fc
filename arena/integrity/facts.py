"""What detectors are told of votes, taken from the tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import exp, isfinite
from uuid import UUID

from django.db import connection

from arena.arenas.models import Arena
from arena.battles.models import Battle, SamplerState
from arena.battles.sampling.errors import BadState
from arena.battles.sampling.storage import from_bytes
from arena.battles.selectors import turns_before
from arena.integrity.detectors.identity_leak import Shown
from arena.integrity.detectors.one_model import Met
from arena.integrity.detectors.too_fast import Look
from arena.votes.engagement.coverage import Missing, what_is_missing
from arena.votes.engagement.selectors import coverage_of, gate_of
from arena.votes.models import Engagement, Vote
from models_registry.models import Revision

MOST_VOTES = 500  # of one voter, the newest: what a voter did long ago says little of today
NEWEST_VOTES = 5000  # of an arena, from which its share of ties is taken
PRIOR_TIES, PRIOR_VOTES = 5, 20  # a quarter of votes, as in the arenas of the field


# ── one vote ─────────────────────────────────────────────────────────────────────────────────


def look_at(vote: Vote) -> Look:
    """Return how long its voter could look at the outputs of a vote."""
    battle = vote.battle
    seen = list(battle.engagement.filter(kind=Engagement.Kind.SHOWN).values_list("seat", "at"))
    if battle.arena.modality == "text":
        jobs = battle.seats.filter(job__first_output_at__isnull=False)
        written = jobs.values_list("position", "job__first_output_at")
        seen += [(seat, at) for seat, at in written if at is not None]
    first: dict[int | None, datetime] = {}
    for seat, at in seen:
        first[seat] = min(first.get(seat, at), at)
    looked_s = (vote.cast_at - max(first.values())).total_seconds() if first else None
    return Look(looked_s, battle.arena.min_look_s)


def missing_at(vote: Vote) -> list[Missing]:
    """Return what the arena's gate, as it is now, finds missing at the time of a vote."""
    return what_is_missing(coverage_of(vote.battle), gate_of(vote.battle.arena))


def shown_before(vote: Vote) -> Shown:
    """Return every prompt and every text that was on the screen, and who may not be named."""
    prompts: list[str] = []
    outputs: list[tuple[int, str]] = []
    for turn in (*turns_before(vote.battle), vote.battle):
        prompts.append(turn.prompt.text if turn.prompt else "")
        seats = turn.seats.filter(output__text__isnull=False)
        outputs += [(at, text or "") for at, text in seats.values_list("position", "output__text")]
    models = [seat.revision.model for seat in vote.battle.seats.all()]
    return Shown(
        prompts=prompts,
        outputs=outputs,
        models=[model.name for model in models],
        makers=[model.organisation.name for model in models],
    )


# ── voters ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class PairVote:
    """A live vote on a pair that stands."""

    vote: UUID
    voter: UUID
    arena: int
    left: int  # revision
    right: int
    outcome: int  # 1 the left one is better, -1 the right one, 0 neither


_PAIR_VOTES = """
SELECT id, voter_id, arena_id, revisions[1], revisions[2], sign(ranks[2] - ranks[1])::int FROM (
    SELECT v.id, v.voter_id, v.cast_at, v.ranks, b.arena_id,
        (SELECT array_agg(s.revision_id ORDER BY s.position)
         FROM battles_seat s WHERE s.battle_id = b.id) AS revisions,
        row_number() OVER (PARTITION BY v.voter_id ORDER BY v.cast_at DESC, v.id) AS place
    FROM votes_vote v JOIN battles_battle b ON b.id = v.battle_id
    WHERE v.voter_id = ANY(%s) AND b.origin = 'live' AND cardinality(v.ranks) = 2
        AND NOT EXISTS (SELECT 1 FROM votes_withdrawal w WHERE w.vote_id = v.id)
) newest WHERE place <= %s ORDER BY cast_at, id
"""


def pair_votes(voters: Sequence[UUID]) -> dict[UUID, list[PairVote]]:
    """Return the newest MOST_VOTES votes on pairs of each voter, the oldest first."""
    found: dict[UUID, list[PairVote]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_PAIR_VOTES, [list(voters), MOST_VOTES])
        for row in cursor.fetchall():
            vote = PairVote(*row)
            found[vote.voter].append(vote)
    return found


@dataclass(frozen=True)
class Expected:
    """What the newest board of an arena expects: log-strengths by revision, and ties."""

    scores: dict[int, float]
    tie_share: float

    def met(self, votes: Iterable[PairVote]) -> list[Met]:
        """Return each vote from the side of both its models; models without a score left out."""
        found = []
        for one in votes:
            if one.left not in self.scores or one.right not in self.scores:
                continue
            p_left = 1 / (1 + exp(self.scores[one.right] - self.scores[one.left]))
            left, right = (1 - self.tie_share) * p_left, (1 - self.tie_share) * (1 - p_left)
            found.append(Met(one.left, one.outcome, left, right))
            found.append(Met(one.right, -one.outcome, right, left))
        return found


def expected_in(arena: Arena) -> Expected:
    """Return what the board last told the sampler of an arena; nobody where it told nothing."""
    row = SamplerState.objects.filter(arena=arena).first()
    try:
        state = from_bytes(bytes(row.arrays))[0] if row else None
    except BadState:  # of another version; the next refresh of the boards writes it anew
        state = None
    if row is None or state is None or state.scores is None:
        return Expected({}, 0.0)
    errors = state.standard_errors if state.standard_errors is not None else state.scores * 0
    scores = {
        revision: float(score)
        for revision, score, error in zip(row.revisions, state.scores, errors, strict=True)
        if isfinite(error)
    }
    return Expected(scores, _tie_share(arena))


def _tie_share(arena: Arena) -> float:
    newest = Vote.objects.filter(battle__arena=arena, battle__origin=Battle.Origin.LIVE)
    ranks = newest.filter(ranks__len=2).order_by("-recorded_at").values_list("ranks", flat=True)
    ties = [first == second for first, second in ranks[:NEWEST_VOTES]]
    return (sum(ties) + PRIOR_TIES) / (len(ties) + PRIOR_VOTES)


_VOTERS = """
SELECT count(*) FROM (
    SELECT v.voter_id FROM votes_vote v JOIN battles_battle b ON b.id = v.battle_id
    WHERE b.arena_id = %s AND b.origin = 'live' GROUP BY v.voter_id HAVING count(*) >= %s
) many
"""


def n_voters(arena: Arena, least_votes: int) -> int:
    """Return how many people have cast at least so many votes in an arena."""
    with connection.cursor() as cursor:
        cursor.execute(_VOTERS, [arena.pk, least_votes])
        return int(cursor.fetchone()[0])


def labels_of(revisions: Iterable[int]) -> dict[int, str]:
    """Return the label of each of these revisions."""
    found = Revision.objects.filter(pk__in=set(revisions)).select_related("model")
    return {revision.pk: revision.label for revision in found}
