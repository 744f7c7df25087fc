"""Many votes at once for tests of boards: rows written straight into the tables, then counted."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from arena.accounts.models import Consent, Voter
from arena.accounts.services import current_consent
from arena.arenas.models import Arena
from arena.battles.models import Battle, Seat
from arena.generation.models import Output
from arena.prompts.models import Prompt
from arena.votes.models import Vote
from arena.votes.services import CHOICES
from models_registry.models import Revision
from ratings.boards.counting import recount_arena
from tests import cast


@dataclass(frozen=True)
class Said:
    """One vote to write: who, between whom by seat, and what; `choice` or explicit ranks."""

    voter: Voter
    seats: Sequence[Revision]
    choice: str = "a"
    text: str = "What is a tuple?"
    p_draw: float = 0.5
    ranks: Sequence[int] = ()
    outputs: Sequence[str] = ()


def people(n: int) -> list[Voter]:
    """Voters who have accepted the terms."""
    return [cast.ada()[0] for _ in range(n)]


def write_votes(arena: Arena, said: Iterable[Said], *, counted: bool = True) -> list[Vote]:
    """Write votes cast here; with `counted` the arena's tallies are made anew."""
    rows = list(said)
    consents: dict[int, Consent | None] = {
        voter.pk: current_consent(voter) for voter in {one.voter for one in rows}
    }
    prompts = {
        key: Prompt(arena=arena, voter=key[0], text=key[1], origin="typed")
        for key in dict.fromkeys((one.voter, one.text) for one in rows)
    }
    Prompt.objects.bulk_create(prompts.values())
    now = timezone.now()
    battles = Battle.objects.bulk_create(
        Battle(
            arena=arena, prompt=prompts[one.voter, one.text], voter=one.voter,
            consent=consents[one.voter.pk], sampler="uniform", sampler_version=1,
            p_draw=one.p_draw, released_at=now, ending="voted", ended_at=now,
        )
        for one in rows
    )  # fmt: skip
    seats = Seat.objects.bulk_create(
        Seat(battle=battle, position=position, revision=revision)
        for battle, one in zip(battles, rows, strict=True)
        for position, revision in enumerate(one.seats)
    )
    texts = [text for one in rows for text in one.outputs or [None] * len(one.seats)]
    Output.objects.bulk_create(
        Output(seat=seat, text=text)
        for seat, text in zip(seats, texts, strict=True)
        if text is not None
    )
    votes = Vote.objects.bulk_create(
        Vote(
            battle=battle, voter=one.voter, cast_at=now, idempotency_key=uuid.uuid4(),
            ranks=list(one.ranks or CHOICES[one.choice].ranks),
            is_acceptable=one.choice != "both_bad",
        )
        for battle, one in zip(battles, rows, strict=True)
    )  # fmt: skip
    if counted:
        recount_arena(arena.pk)
    return votes
