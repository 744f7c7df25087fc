"""One cast for all tests: Ada votes, Ben owns models, Mia moderates; and what they need."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core import signing
from django.db import connection

from arena.accounts.middleware import SALT
from arena.accounts.models import Consent, Voter
from arena.accounts.services import accept_terms, new_voter
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.battles.services import mark_released, open_battle
from arena.common.models import Delivery
from arena.common.relay import route_events, send_deliveries
from arena.flow import FLOW
from arena.generation.jobs import queue_generations
from arena.generation.outputs import anonymous_output
from arena.votes.engagement.services import record_shown
from arena.votes.models import Vote
from arena.votes.rationales import Said, write_rationale
from arena.votes.services import cast_vote
from models_registry.models import Revision
from models_registry.services import register_model


def ada() -> tuple[Voter, Consent]:
    """Ada, who has accepted the terms."""
    voter = new_voter()
    return voter, accept_terms(voter=voter)


def cookie_of(voter: Voter) -> str:
    """What this voter's browser keeps."""
    return signing.dumps(str(voter.pk), salt=SALT)


def bens_model(name: str, modality: str = "text", generator: str = "bm25") -> Revision:
    """A public model of Ben's that the demo adapter runs."""
    return register_model(
        name=name,
        modality=modality,
        organisation_name="Ben's lab",
        adapter="demo",
        config={"generator": generator},
        licence="Apache-2.0",
        may_release_outputs=True,
    )


def text_arena(slug: str = "text") -> Arena:
    """An open text arena; votes of tests come sooner than people's."""
    return Arena.objects.get_or_create(
        slug=slug, defaults={"name": slug.title(), "modality": "text", "min_look_s": 0}
    )[0]


def opened_battle(
    arena: Arena, voter: Voter, text: str = "What is a tuple?", again_of: Battle | None = None
) -> Battle:
    """A battle whose outputs are still to come."""
    consent = accept_terms(voter=voter)
    return open_battle(arena=arena, voter=voter, consent=consent, text=text, again_of=again_of)


def media_arena(modality: str) -> Arena:
    """An open arena of another modality, with two of Ben's models that compete in it."""
    generators = {
        "image": ("tiling", "flow"),
        "music": ("additive", "plucked"),
        "mesh": ("lathe", "terrain"),
    }
    for generator in generators[modality]:
        bens_model(f"Ben's {generator}", modality, generator)
    return Arena.objects.get_or_create(
        slug=modality,
        defaults={"name": modality.title(), "modality": modality, "min_look_s": 0},
    )[0]


def queued_battle(arena: Arena, voter: Voter, text: str = "What is a tuple?") -> Battle:
    """A battle whose jobs wait for a worker."""
    battle = opened_battle(arena, voter, text)
    queue_generations(str(battle.pk))
    return battle


OUTPUTS = ("A tuple is immutable.", "No idea.", "A list.", "A pair.", "Brackets.", "A row.")


def finish_outputs(battle: Battle, outputs: Sequence[str] = ()) -> None:
    """Give every seat of a text battle its output."""
    seats = battle.seats.all()
    for seat, words in zip(seats, outputs or OUTPUTS[: len(seats)], strict=True):
        output = anonymous_output("text", words, "text/plain")
        output.seat = seat
        output.save()


def released_battle(
    arena: Arena,
    voter: Voter,
    text: str = "What is a tuple?",
    outputs: Sequence[str] = (),
) -> Battle:
    """A battle whose outputs are on their way to the voter's screen."""
    battle = opened_battle(arena, voter, text)
    finish_outputs(battle, outputs)
    mark_released(battle.pk)
    battle.refresh_from_db()
    return battle


def shown_battle(arena: Arena, voter: Voter, text: str = "What is a tuple?") -> Battle:
    """A battle that its voter may vote on."""
    battle = released_battle(arena, voter, text)
    for position in range(battle.seats.count()):
        record_shown(battle_id=battle.pk, voter=voter, seat=position)
    return battle


def vote(battle: Battle, choice: str, rationale: str = "") -> Vote:
    """The voter's vote on a shown battle, with an optional reason."""
    assert battle.voter is not None
    cast = cast_vote(
        battle_id=battle.pk,
        voter=battle.voter,
        choice=choice,
        idempotency_key=str(uuid.uuid4()),
    )
    if rationale:
        write_rationale(battle_id=battle.pk, voter=battle.voter, said=Said(text=rationale))
    return cast


def vote_for(battle: Battle, revision: Revision) -> Vote:
    """A vote that prefers the seat of this revision."""
    seat = battle.seats.get(revision=revision)
    return vote(battle, seat.letter.lower())


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run the calls in threads that start together; return each result or exception, in order.

    The rows must be committed: the test needs `django_db(transaction=True)`.
    """
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait(timeout=30)
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - the test judges what was raised
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def carry_events() -> list[str]:
    """Do what the relay and Celery do, here and now; return the tasks that ran."""
    from arena.config.celery import app

    ran: list[str] = []

    def run(delivery: Delivery) -> None:
        ran.append(delivery.task)
        app.tasks[delivery.task].apply(
            kwargs={"delivery_id": delivery.pk, **delivery.event.payload}
        ).get()

    app.loader.import_default_modules()
    while route_events(FLOW) + send_deliveries(run):
        continue
    return ran
