"""Everything that is recorded of one voter, as JSON that is written while it is read."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import Prefetch, Q
from django.utils import timezone

from arena.accounts.models import Consent, Voter
from arena.accounts.selectors import account_facts
from arena.battles.models import Battle, Seat
from arena.generation.models import Output
from arena.generation.outputs import shown_output
from arena.prompts.images import image_address
from arena.prompts.pictures import MEDIA_TYPE
from arena.votes.models import Rationale, Vote
from arena.votes.selectors import withdrawn_at
from arena.votes.services import ballot_of

FORMAT = "agon-own-data/1"
BATTLES_AT_ONCE = 100  # in memory; with two long answers each about 5 MB

Address = Callable[[str], str]  # from a path of this site to a whole address


async def own_data(voter: Voter, address: Address) -> AsyncIterator[bytes]:
    """Yield one JSON object with the voter, the consents, and every battle on a line of its own.

    Asynchronous, because under ASGI a plain iterator would be read whole into memory first. Each
    part is read by itself; what is recorded meanwhile may or may not be in it.
    """
    head = json.dumps(await sync_to_async(_head)(voter), ensure_ascii=False)
    yield f'{head[:-1]}, "battles": ['.encode()
    newest: Battle | None = None
    while battles := await sync_to_async(_battles)(voter, newest):
        lines = [json.dumps(_battle(battle, address), ensure_ascii=False) for battle in battles]
        yield ((",\n" if newest else "\n") + ",\n".join(lines)).encode()
        newest = battles[-1]
    yield b"\n]}\n"


def _head(voter: Voter) -> dict[str, Any]:
    consents = Consent.objects.filter(voter__in=voter.ids).select_related("terms")
    return {
        "format": FORMAT,
        "exported_at": _time(timezone.now()),
        "voter": {"id": str(voter.pk), "first_seen_at": _time(voter.created_at)},
        "account": account_facts(voter),
        "consents": [_consent(one) for one in consents.order_by("accepted_at")],
    }


def _consent(consent: Consent) -> dict[str, Any]:
    return {
        "terms_sha256": consent.terms_id,
        "terms_version": consent.terms.version,
        "accepted_at": _time(consent.accepted_at),
        "terms_text": consent.terms.text,
    }


def _battles(voter: Voter, after: Battle | None) -> Sequence[Battle]:
    """Return the next battles in the order of their opening, with everything that hangs on them."""
    battles = Battle.objects.filter(voter__in=voter.ids)
    if after is not None:
        later = Q(opened_at__gt=after.opened_at)
        battles = battles.filter(later | Q(opened_at=after.opened_at, pk__gt=after.pk))
    seats = Seat.objects.select_related("revision__model__organisation", "output__blob")
    votes = Vote.objects.select_related("withdrawal", "strength").prefetch_related(
        "rationales__seats", "rationales__marks", "dimension_outcomes__dimension", "ratings"
    )
    return list(
        battles.select_related("arena", "prompt", "skip")
        .prefetch_related(
            Prefetch("seats", seats),
            Prefetch("vote", votes),
            "engagement",
            "reports",
            "arena__tags",
            "prompt__images",
        )
        .order_by("opened_at", "pk")[:BATTLES_AT_ONCE]
    )


def _battle(battle: Battle, address: Address) -> dict[str, Any]:
    vote: Vote | None = getattr(battle, "vote", None)
    return {
        "id": str(battle.pk),
        "arena": battle.arena.slug,
        "modality": battle.arena.modality,
        "opened_at": _time(battle.opened_at),
        "released_at": _time(battle.released_at),
        "ending": battle.ending,
        "ended_at": _time(battle.ended_at),
        "void_reason": battle.void_reason,
        "revealed_at": _time(battle.revealed_at),
        "again_of": str(battle.again_of_id) if battle.again_of_id else None,
        "prompt": _prompt(battle, address),
        "seats": [
            _seat(seat, battle, address, is_revealed=battle.revealed_at is not None)
            for seat in battle.seats.all()
        ],
        # How it was drawn says something of who was drawn: like the names, after the vote only.
        "draw": None if battle.revealed_at is None else _draw(battle),
        "engagement": [
            {
                "number": one.number,
                "seat": one.seat,
                "kind": one.kind,
                "values": one.values,
                "at": _time(one.at),
            }
            for one in battle.engagement.all()
        ],
        "skip": _skip(battle),
        "reports": [
            {
                "seat": one.position,
                "reason": one.reason,
                "text": one.text,
                "reported_at": _time(one.reported_at),
            }
            for one in battle.reports.all()
        ],
        "vote": None if vote is None else _vote(vote, battle),
    }


def _skip(battle: Battle) -> dict[str, Any] | None:
    if not hasattr(battle, "skip"):
        return None
    return {"reason": battle.skip.reason, "skipped_at": _time(battle.skip.skipped_at)}


def _prompt(battle: Battle, address: Address) -> dict[str, Any] | None:
    prompt = battle.prompt
    if prompt is None:
        return None
    return {
        "id": str(prompt.pk),
        "text": prompt.text,
        "images": [
            {
                "address": None if one.removed_at else address(image_address(one)),
                "media_type": MEDIA_TYPE,
                "size_bytes": one.size_bytes,
                "sha256": one.sha256,
                "width_px": one.width_px,
                "height_px": one.height_px,
                "alt": one.alt,
                "removed_at": _time(one.removed_at),
            }
            for one in prompt.images.all()
        ],
        "origin": prompt.origin,
        "sent_at": _time(prompt.created_at),
    }


def _draw(battle: Battle) -> dict[str, Any]:
    return {
        "sampler": battle.sampler,
        "sampler_version": battle.sampler_version,
        "p_draw": battle.p_draw,
        "uniform_share": battle.uniform_share,
    }


def _seat(seat: Seat, battle: Battle, address: Address, *, is_revealed: bool) -> dict[str, Any]:
    output: Output | None = getattr(seat, "output", None) if battle.released_at else None
    model = seat.revision.model
    return {
        "position": seat.position,
        "letter": seat.letter,
        "model": seat.revision.label if is_revealed else None,
        "model_name": model.name if is_revealed else None,
        "organisation": model.organisation.name if is_revealed else None,
        "output": None if output is None else _output(output, battle, address),
    }


def _output(output: Output, battle: Battle, address: Address) -> dict[str, Any]:
    if output.text is not None:
        return {"id": str(output.pk), "text": output.text}
    assert output.blob is not None
    return {
        "id": str(output.pk),
        "address": address(shown_output(output, battle.arena.modality)["url"]),
        "media_type": output.blob.media_type,
        "size_bytes": output.blob.size_bytes,
        "sha256": output.blob.sha256,
    }


def _vote(vote: Vote, battle: Battle) -> dict[str, Any]:
    return {
        "id": str(vote.pk),
        "choice": ballot_of(vote).label,
        "ranks": list(vote.ranks),
        "is_acceptable": vote.is_acceptable,
        "idempotency_key": str(vote.idempotency_key),
        "cast_at": _time(vote.cast_at),
        "recorded_at": _time(vote.recorded_at),
        "withdrawn_at": _time(withdrawn_at(vote)),
        "strength": vote.strength.degree if hasattr(vote, "strength") else None,
        "dimensions": {one.dimension.key: list(one.ranks) for one in vote.dimension_outcomes.all()},
        "stars": {str(one.position): one.stars for one in vote.ratings.all()},
        "rationales": [_rationale(one, battle) for one in vote.rationales.all()],
    }


def _rationale(rationale: Rationale, battle: Battle) -> dict[str, Any]:
    tags = {tag.pk: tag for tag in battle.arena.tags.all()}
    return {
        "version": rationale.version,
        "text": rationale.text,
        "written_at": _time(rationale.written_at),
        "seats": [
            {
                "position": one.position,
                "text": one.text,
                "tags": [{"key": tags[pk].key, "polarity": tags[pk].polarity} for pk in one.tags],
            }
            for one in rationale.seats.all()
        ],
        "marks": [
            {
                "position": one.position,
                "kind": one.kind,
                "place": one.place,
                "is_good": one.is_good,
                "note": one.note,
            }
            for one in rationale.marks.all()
        ],
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
