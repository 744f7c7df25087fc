"""From battles to the rows of a shard: only listed fields, pseudonyms, redacted text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from arena.battles.models import Battle, Seat
from arena.generation.models import Blob, Output
from ratings.releases.privacy.pseudonyms import Pseudonyms
from ratings.releases.privacy.redaction import redact


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
        seat_a, seat_b = battle.seats.all()
        # Not `.last()`, which would ask the database once more for each vote.
        rationale = max(vote.rationales.all(), key=lambda one: one.version, default=None)
        month = f"{vote.cast_at:%Y-%m}"
        self.months.add(month)
        response_a, digest_a = self._output(seat_a)
        response_b, digest_b = self._output(seat_b)
        return {
            "battle_id": self.row_id(battle),
            "arena": battle.arena.slug,
            "modality": battle.arena.modality,
            "month": month,
            "prompt": self._clean(battle.prompt.text),
            "prompt_origin": battle.prompt.origin,
            "model_a": seat_a.revision.label,
            "model_b": seat_b.revision.label,
            "response_a": response_a,
            "response_b": response_b,
            "output_a_sha256": digest_a,
            "output_b_sha256": digest_b,
            "winner": vote.winner,
            "ranks": list(vote.ranks),
            "acceptable": vote.is_acceptable,
            "rationale": self._clean(rationale.text) if rationale else None,
            "voter": self.pseudonyms.name("voter", str(vote.voter_id)),
            "sampler": f"{battle.sampler}/{battle.sampler_version}",
            "p_draw": battle.p_draw,
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
