"""From battles to the rows of a shard: only listed fields, pseudonyms, redacted text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from arena.battles.models import Battle, Seat
from arena.battles.selectors import turns_before
from arena.generation.models import Blob, Output
from arena.votes.engagement.selectors import coverage_of
from arena.votes.models import Mark
from ratings.releases.privacy.fields import LONGEST_S
from ratings.releases.privacy.pseudonyms import Pseudonyms
from ratings.releases.privacy.redaction import redact

PARTS_OF_A_ROW = (
    "arena__tags",
    "engagement",
    "seats__revision__model",
    "seats__output__blob",
    "vote__voter__link",
    "vote__dimension_outcomes__dimension",
    "vote__ratings",
    "vote__rationales__seats",
    "vote__rationales__marks",
)
PLACES = {
    Mark.Kind.REGION: ("x", "y", "width", "height"),
    Mark.Kind.RANGE: ("from_s", "to_s"),
    Mark.Kind.VIEW: ("azimuth_deg", "polar_deg", "distance"),
}


@dataclass
class RowMaker:
    """Makes rows of one shard and keeps what they need and what was replaced."""

    pseudonyms: Pseudonyms
    redactions: Counter[str] = field(default_factory=Counter)
    months: set[str] = field(default_factory=set)
    blobs: dict[str, Blob] = field(default_factory=dict)

    def rows(self, battles: Iterable[Battle]) -> Iterator[dict[str, Any]]:
        """Yield one row a battle."""
        for battle in battles:
            yield self._row(battle)

    def row_id(self, battle: Battle) -> str:
        """Return the name of a battle in this shard."""
        return self.pseudonyms.name("battle", str(battle.pk))

    def _row(self, battle: Battle) -> dict[str, Any]:
        assert battle.prompt is not None
        vote = battle.vote
        seats = list(battle.seats.all())
        month = f"{vote.cast_at:%Y-%m}"
        self.months.add(month)
        ratings = {one.position: one.stars for one in vote.ratings.all()}
        return {
            "battle_id": self.row_id(battle),
            "arena": battle.arena.slug,
            "modality": battle.arena.modality,
            "month": month,
            "prompt": self._clean(battle.prompt.text),
            "prompt_origin": battle.prompt.origin,
            "history": [self._turn(turn) for turn in turns_before(battle)],
            **self._seats(seats),
            "winner": vote.winner if len(seats) == 2 else None,
            "ranks": list(vote.ranks),
            "acceptable": vote.is_acceptable,
            "strength": vote.strength.degree if hasattr(vote, "strength") else None,
            "dimensions": [
                {"dimension": one.dimension.key, "ranks": list(one.ranks)}
                for one in vote.dimension_outcomes.all()
            ],
            "stars": [ratings.get(seat.position) for seat in seats] if ratings else None,
            **self._reasons(battle, len(seats)),
            "attention": _attention(battle, seats),
            "voter": self.pseudonyms.name(
                "voter", str(vote.voter.person_id if vote.voter else None)
            ),
            "sampler": f"{battle.sampler}/{battle.sampler_version}",
            "p_draw": battle.p_draw,
        }

    def _turn(self, turn: Battle) -> dict[str, Any]:
        assert turn.prompt is not None
        seats = turn.seats.select_related("revision__model", "output")
        return {
            "prompt": self._clean(turn.prompt.text),
            "responses": [self._output(seat)[0] for seat in seats],
        }

    def _seats(self, seats: list[Seat]) -> dict[str, Any]:
        labels = [seat.revision.label for seat in seats]
        outputs = [self._output(seat) for seat in seats]
        texts, digests = (list(column) for column in zip(*outputs, strict=True))
        is_pair = len(seats) == 2
        pair = {
            "model_a": labels[0],
            "model_b": labels[1],
            "response_a": texts[0],
            "response_b": texts[1],
            "output_a_sha256": digests[0],
            "output_b_sha256": digests[1],
        }
        listed = {
            "models": labels,
            "responses": texts if any(texts) else None,
            "output_sha256s": digests if any(digests) else None,
        }
        return {name: value if is_pair else None for name, value in pair.items()} | {
            name: None if is_pair else value for name, value in listed.items()
        }

    def _reasons(self, battle: Battle, n_seats: int) -> dict[str, Any]:
        """Return what the newest version of the rationale says."""
        # Not `.last()`, which would ask the database once more for each vote.
        newest = max(battle.vote.rationales.all(), key=lambda one: one.version, default=None)
        if newest is None:
            return {"rationale": None, "tags": [], "rationales": None, "marks": []}
        tags = {tag.pk: tag for tag in battle.arena.tags.all()}
        of_seat = {one.position: one for one in newest.seats.all()}
        said = [of_seat[seat].text if seat in of_seat else "" for seat in range(n_seats)]
        return {
            "rationale": self._clean(newest.text) if newest.text else None,
            "tags": [
                {"seat": seat, "tag": tags[pk].key, "polarity": tags[pk].polarity}
                for seat, one in sorted(of_seat.items())
                for pk in one.tags
            ],
            "rationales": [self._clean(text) if text else None for text in said]
            if any(said)
            else None,
            "marks": [self._mark(one) for one in newest.marks.all()],
        }

    def _mark(self, mark: Mark) -> dict[str, Any]:
        is_span = mark.kind == Mark.Kind.SPAN
        return {
            "seat": mark.position,
            "kind": mark.kind,
            "polarity": "good" if mark.is_good else "bad",
            # The text is redacted, which moves characters: the words say where it is.
            "quote": self._clean(mark.place["quote"]) if is_span else None,
            "place": None
            if is_span
            else [float(mark.place[name]) for name in PLACES[Mark.Kind(mark.kind)]],
            "note": self._clean(mark.note) if mark.note else None,
        }

    def _clean(self, text: str) -> str:
        redaction = redact(text)
        self.redactions.update(redaction.counts)
        return redaction.text

    def _output(self, seat: Seat) -> tuple[str | None, str | None]:
        output: Output | None = getattr(seat, "output", None)
        if output is None or not seat.revision.model.may_release_outputs:
            return None, None
        if output.text is not None:
            return self._clean(output.text), None
        assert output.blob is not None
        self.blobs[output.blob.sha256] = output.blob
        return None, output.blob.sha256


def _attention(battle: Battle, seats: list[Seat]) -> list[dict[str, Any]]:
    covered = coverage_of(battle).seats
    medium = battle.arena.modality
    return [
        {
            "seen_s": _whole_s(covered[seat.position].seen_s),
            "heard_s": _whole_s(covered[seat.position].heard_s) if medium == "music" else None,
            "sides": len(covered[seat.position].views) if medium == "mesh" else None,
        }
        for seat in seats
    ]


def _whole_s(seconds: float) -> int:
    return min(round(seconds), LONGEST_S)
