"""Many votes at once for tests of boards: rows written straight into the tables, then counted."""

from __future__ import annotations

import math
import random
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import unescape

from django.test import Client
from django.utils import timezone

from arena.accounts.models import Consent, Voter
from arena.accounts.services import current_consent
from arena.arenas.models import Arena
from arena.battles.models import Battle, Seat
from arena.generation.models import Output
from arena.prompts.models import Prompt
from arena.votes.ballot import PAIR_CHOICES
from arena.votes.models import Vote
from models_registry.models import Revision
from ratings.boards.analysis import analyse
from ratings.boards.counting import recount_arena
from ratings.boards.models import Analysis
from tests import cast

MODELS = ("Alder", "Birch", "Cedar", "Dogwood")
# Each way to look has answers that differ in it alone.
ANSWERS = (
    "No idea.",
    "A tuple is a sequence that cannot be changed.",
    "# Tuples\n\nThey are sequences.",
    "## Tuples\n\n- one\n- two\n- three",
    "1. Pack\n2. Unpack",
    "It is **immutable**.",
    "It is **immutable**. See https://example.org.",
    "See https://example.org and https://example.com for more of it.",
)


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


def four_models() -> list[Revision]:
    """Four text models of Ben's."""
    return [cast.bens_model(name) for name in MODELS]


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
            p_draw=one.p_draw, released_at=now, ending="voted", ended_at=now, revealed_at=now,
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
            ranks=list(one.ranks or PAIR_CHOICES[one.choice].ranks),
            is_acceptable=one.choice != "both_bad",
        )
        for battle, one in zip(battles, rows, strict=True)
    )  # fmt: skip
    if counted:
        recount_arena(arena.pk)
    return votes


def tasteful_votes(
    models: Sequence[Revision], voters: Sequence[Voter], n_each: int, *, taste: float, seed: int = 7
) -> list[Said]:
    """Votes of people each of whom likes other models, by `taste` log-odds."""
    draw = random.Random(seed)
    said = []
    for voter in voters:
        likes = {model.pk: draw.gauss(0, taste) for model in models}
        for _ in range(n_each):
            pair = draw.sample(list(models), 2)
            lead = likes[pair[0].pk] - likes[pair[1].pk]
            p_first = 1 / (1 + math.exp(-lead))
            choice = draw.choices(["a", "b", "tie"], [p_first, 1 - p_first, 0.15])[0]
            said.append(Said(voter, pair, choice, outputs=draw.sample(ANSWERS, 2), p_draw=1 / 6))
    return said


def analysed(arena: Arena, source: str = "live") -> Analysis:
    """What a pass over all votes finds now."""
    found = analyse(arena, source)
    assert found is not None
    return found


def page(path: str) -> str:
    """The HTML of a page that is there."""
    response = Client(headers={"accept": "text/html"}).get(path)
    assert response.status_code == 200, response.content
    return response.content.decode()


def words(html: str) -> str:
    """The text of a page without its tags."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", html)))
