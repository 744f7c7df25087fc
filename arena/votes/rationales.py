"""Why the voter chose so: words, tags and marks, in versions that are all kept."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from arena.accounts.models import Voter
from arena.arenas.models import Arena, Tag
from arena.battles.models import LETTERS, Battle, Seat
from arena.common.errors import BadInput, Conflict
from arena.generation.models import Output
from arena.votes.ballot import Ballot
from arena.votes.choice_words import letters_in_words
from arena.votes.marks import KIND_OF, UNREADABLE, checked_place
from arena.votes.models import Mark, Rationale, SeatRationale, Vote
from arena.votes.services import own_battle

MAX_RATIONALE_CHARS = 4000  # of each text: the overall one and one for each output
MAX_NOTE_CHARS = 400
MOST_MARKS = 20  # on one output


@dataclass(frozen=True)
class SeatSaid:
    """What is said of one output; `tags` are keys of the arena's tags."""

    position: int
    text: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class MarkSaid:
    """A part of one output that is good or bad; `place` as `arena.votes.marks` describes it."""

    position: int
    kind: str
    place: Mapping[str, Any]
    is_good: bool
    note: str = ""


@dataclass(frozen=True)
class Said:
    """A whole rationale. `marks` None leaves the marks of the version before as they are."""

    text: str = ""
    seats: tuple[SeatSaid, ...] = ()
    marks: tuple[MarkSaid, ...] | None = None


# ── reading what a page sent ────────────────────────────────────────────────────────────────


def read_form(posted: QueryDict) -> Said:
    """Return what a form says: `text`, `seat-POSITION-text` and `seat-POSITION-tags`."""
    positions = [
        position
        for position in range(len(LETTERS))
        if any(name.startswith(f"seat-{position}-") for name in posted)
    ]
    return Said(
        text=posted.get("text", ""),
        seats=tuple(
            SeatSaid(
                position,
                posted.get(f"seat-{position}-text", ""),
                tuple(posted.getlist(f"seat-{position}-tags")),
            )
            for position in positions
        ),
    )


def read_json(body: bytes) -> Said:
    """Return what a script says: {text, seats: [{position, text, tags}], marks: [{position, kind,
    place, is_good, note}]}.

    Raises BadInput for anything else.
    """
    try:
        whole = _fields(json.loads(body), text=str, seats=list, marks=list)
        seats = [_fields(one, position=int, text=str, tags=list) for one in whole["seats"]]
        marks = [
            _fields(one, position=int, kind=str, place=dict, is_good=bool, note=str)
            for one in whole["marks"]
        ]
    except (ValueError, RecursionError):
        raise BadInput(_("What the page sent cannot be read. Load it again.")) from None
    return Said(
        text=whole["text"],
        seats=tuple(SeatSaid(**{**one, "tags": tuple(one["tags"])}) for one in seats),
        marks=tuple(MarkSaid(**one) for one in marks),
    )


def _fields(value: Any, **kinds: type) -> dict[str, Any]:
    if type(value) is not dict or set(value) != set(kinds):
        raise ValueError(f"not an object of {sorted(kinds)}")
    if not all(type(value[name]) is kind for name, kind in kinds.items()):
        raise ValueError(f"not an object of {kinds}")
    return value


# ── writing ─────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def write_rationale(*, battle_id: uuid.UUID | str, voter: Voter | None, said: Said) -> Rationale:
    """Keep why the voter chose so, as a new version when it changed.

    Whole or nothing. Once something was said, taking all of it back is a version like any other.

    Raises NotFound for somebody else's battle, Conflict before the vote, BadInput for an empty
    first version, texts, notes or marks beyond the limits, a tag that the arena does not offer
    (and the version before did not have), a mark that its output cannot have.
    """
    battle = own_battle(battle_id, voter)
    vote = Vote.objects.filter(battle=battle).first()
    if vote is None:
        raise Conflict(_("Vote first; then say why."), code="not_voted")
    newest = vote.rationales.last()
    before = said_in(newest) if newest else Said(marks=())
    checked = _checked(said, before, battle)
    if checked == before:
        if newest is None:
            raise BadInput(_("Nothing was said. Write a few words or choose a tag, or leave it."))
        return newest
    written = Rationale.objects.create(
        vote=vote, version=newest.version + 1 if newest else 1, text=checked.text
    )
    ids = dict(battle.arena.tags.values_list("key", "pk"))
    SeatRationale.objects.bulk_create(
        SeatRationale(
            rationale=written,
            position=one.position,
            text=one.text,
            tags=[ids[key] for key in one.tags],
        )
        for one in checked.seats
    )
    Mark.objects.bulk_create(
        Mark(rationale=written, **{**vars(one), "place": dict(one.place)})
        for one in checked.marks or ()
    )
    return written


def said_in(rationale: Rationale) -> Said:
    """Return what a version says."""
    keys = dict(
        Tag.objects.filter(arena__battles=rationale.vote.battle_id).values_list("pk", "key")
    )
    return Said(
        text=rationale.text,
        seats=tuple(
            SeatSaid(one.position, one.text, tuple(keys[pk] for pk in one.tags))
            for one in rationale.seats.all()
        ),
        marks=tuple(
            MarkSaid(one.position, one.kind, one.place, one.is_good, one.note)
            for one in rationale.marks.all()
        ),
    )


def _checked(said: Said, before: Said, battle: Battle) -> Said:
    """Return the same in the one form in which it is kept and compared."""
    outputs = {seat.position: seat.output for seat in battle.seats.select_related("output").all()}
    positions = [one.position for one in said.seats]
    if len(set(positions)) < len(positions) or not set(positions) <= set(outputs):
        raise BadInput(_("Say something of outputs of this battle, and of each one once."))
    offered = _offered(battle.arena, before)
    seats = (
        SeatSaid(one.position, _words(one.text), _tags(one, offered))
        for one in sorted(said.seats, key=lambda one: one.position)
    )
    marks = before.marks if said.marks is None else _marks(said.marks, outputs, battle.arena)
    return Said(
        text=_words(said.text),
        seats=tuple(one for one in seats if one.text or one.tags),
        marks=marks,
    )


def _words(text: str, most: int = MAX_RATIONALE_CHARS) -> str:
    """Return a text as it is kept: no character that PostgreSQL refuses, one kind of line end."""
    kept = text.encode("utf-8", "ignore").decode().replace("\x00", "")
    kept = kept.replace("\r\n", "\n").strip()
    if len(kept) > most:
        raise BadInput(
            _("A text here has %(n)s characters; up to %(most)s can be kept.")
            % {"n": len(kept), "most": most}
        )
    return kept


def _offered(arena: Arena, before: Said) -> dict[int, list[str]]:
    """Return the keys of the tags that a seat may have, in the arena's order.

    A tag that was archived since the version before may stay where it was.
    """
    used = {one.position: one.tags for one in before.seats}
    tags = list(arena.tags.all())
    return {
        position: [
            tag.key for tag in tags if not tag.is_archived or tag.key in used.get(position, ())
        ]
        for position in range(len(LETTERS))
    }


def _tags(said: SeatSaid, offered: Mapping[int, Sequence[str]]) -> tuple[str, ...]:
    for key in said.tags:
        if key not in offered[said.position]:
            raise BadInput(
                _("The tag '%(tag)s' is not offered here. Load the page again.")
                % {"tag": str(key)[:40]}
            )
    return tuple(key for key in offered[said.position] if key in said.tags)


def _marks(
    said: Iterable[MarkSaid], outputs: Mapping[int, Output], arena: Arena
) -> tuple[MarkSaid, ...]:
    marks: list[MarkSaid] = []
    for one in said:
        if one.position not in outputs or one.kind != KIND_OF[arena.modality]:
            raise BadInput(_(UNREADABLE))
        kept = replace(
            one,
            kind=str(one.kind),
            place=checked_place(one.kind, one.place, outputs[one.position]),
            note=_words(one.note, MAX_NOTE_CHARS),
        )
        if kept not in marks:
            marks.append(kept)
    for position, n_marks in Counter(one.position for one in marks).items():
        if n_marks > MOST_MARKS:
            raise BadInput(
                _("%(letter)s has %(n)s marks; up to %(most)s can be kept. Remove some.")
                % {"letter": LETTERS[position], "n": n_marks, "most": MOST_MARKS}
            )
    return tuple(marks)


# ── asking ──────────────────────────────────────────────────────────────────────────────────


def question_after(ballot: Ballot) -> str:
    """Return what fits the vote: "What made A better?"."""
    if not ballot.is_acceptable:
        return _("What was missing?")
    if ballot.is_tie:
        return _("What made them equal?")
    best = letters_in_words([LETTERS[seat] for seat in ballot.seats_at(1)])
    return _("What made %(best)s better?") % {"best": best}


def rationale_asked(battle: Battle, vote: Vote, ballot: Ballot) -> dict[str, Any]:
    """Return what the page asks, with what was said so far, and what its scripts need."""
    newest = vote.rationales.last()
    said = said_in(newest) if newest else Said(marks=())
    offered = _offered(battle.arena, said)
    tags = {tag.key: tag for tag in battle.arena.tags.all()}
    of_seat = {one.position: one for one in said.seats}
    seats = list(battle.seats.select_related("output"))
    return {
        "question": question_after(ballot),
        "text": said.text,
        "seats": [
            _asked_of_seat(
                seat,
                of_seat.get(seat.position, SeatSaid(seat.position)),
                [tags[key] for key in offered[seat.position]],
                is_best=ballot.is_acceptable and ballot.ranks[seat.position] == 1,
            )
            for seat in seats
        ],
        "max_chars": MAX_RATIONALE_CHARS,
        "kind": KIND_OF[battle.arena.modality].value,
        "state": {
            "most": MOST_MARKS,
            "max_note": MAX_NOTE_CHARS,
            "marks": [vars(one) for one in said.marks or ()],
            # What spans count in; null where the output is a file.
            "texts": [seat.output.text for seat in seats],
        },
    }


def _asked_of_seat(
    seat: Seat, said: SeatSaid, tags: Sequence[Tag], *, is_best: bool
) -> dict[str, Any]:
    """Praise comes first for what was better, blame for the rest; the other is a step away."""
    groups = [
        {
            "polarity": polarity,
            "tags": [
                {"key": tag.key, "label": tag.label, "is_chosen": tag.key in said.tags}
                for tag in tags
                if tag.polarity == polarity
            ],
            "is_open": any(tag.key in said.tags for tag in tags if tag.polarity == polarity),
        }
        for polarity in (("good", "bad") if is_best else ("bad", "good"))
    ]
    return {
        "position": seat.position,
        "letter": seat.letter,
        "text": said.text,
        "first": groups[0],
        "second": groups[1],
    }
