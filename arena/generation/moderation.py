"""Judge the outputs of a battle before they are released, and a text while it is written."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.db.models import QuerySet

from arena.battles.models import Battle
from arena.battles.services import end_battle
from arena.generation.models import Output
from arena.generation.profiles import clean_text
from arena.prompts.judging import current_moderator, judged, keep_decision
from arena.prompts.models import Moderation
from arena.prompts.moderation import Moderator, Outcome, Verdict

FLAGGED_OUTPUT = "flagged_output"  # void_reason
STEP_CHARS = 200  # between two looks at a text that is being written: under 1 ms each
WINDOW_CHARS = 800  # that a look reads; a find in it is checked in the whole text


def void_if_flagged(battle_id: str) -> bool:
    """Judge the outputs of a complete battle and make it void when one is flagged; idempotent.

    Outside a transaction: a moderator may be another server. Outputs of a modality that the
    moderator cannot judge get no decision.
    """
    battle = Battle.objects.select_related("arena").get(pk=battle_id)
    outputs = list(Output.objects.filter(seat__battle=battle).select_related("blob"))
    if battle.ending or battle.released_at or len(outputs) < battle.seats.count():
        return False
    moderator = current_moderator()
    if battle.arena.modality in moderator.modalities:
        known = set(_decisions(outputs).values_list("output_id", flat=True))
        for output in outputs:
            if output.pk not in known:
                judge_output(battle, output, moderator)
    if not _decisions(outputs).filter(outcome=Moderation.Outcome.FLAGGED).exists():
        return False
    return end_battle(battle.pk, Battle.Ending.VOID, void_reason=FLAGGED_OUTPUT)


def judge_output(battle: Battle, output: Output, moderator: Moderator) -> Outcome:
    """Judge one output, keep the decision, and return what came of it."""
    verdict = _verdict(battle.arena.modality, output, moderator)
    keep_decision(arena=battle.arena, moderator=moderator, verdict=verdict, output_id=output.pk)
    return verdict.outcome


def judge_outputs_again() -> int:
    """Judge outputs that nobody could judge when they came; return how many are settled now.

    A battle that was voted on stays as it is; one with a flagged output is never released.
    """
    waiting = Moderation.objects.holding_back().filter(outcome=Moderation.Outcome.UNAVAILABLE)
    outputs = Output.objects.filter(pk__in=waiting.values("output_id"))
    moderator = current_moderator()
    return sum(
        judge_output(output.seat.battle, output, moderator) != Outcome.UNAVAILABLE
        for output in outputs.select_related("blob", "seat__battle__arena").iterator()
        if output.seat.battle.arena.modality in moderator.modalities
    )


def _verdict(modality: str, output: Output, moderator: Moderator) -> Verdict:
    if output.text is not None:
        return judged(moderator, output.text)
    assert output.blob is not None
    with default_storage.open(output.blob.key) as stream:
        data = stream.read()
    return moderator.judge_file(data, modality=modality, media_type=output.blob.media_type)


def _decisions(outputs: list[Output]) -> QuerySet[Moderation]:
    return Moderation.objects.filter(output_id__in=[output.pk for output in outputs])


class Watch:
    """Looks at one text while it is written, every `STEP_CHARS`, if the moderator is quick.

    A text that it flags is to end there: judged as a whole before the release, it is flagged again.
    """

    def __init__(self, moderator: Moderator) -> None:
        self.moderator = moderator
        self._read = 0

    def flags(self, written: str) -> bool:
        """Say whether what is written so far is flagged; False between two looks."""
        if not self.moderator.is_quick or len(written) - self._read < STEP_CHARS:
            return False
        self._read = len(written)
        if self._is_flagged(written[-WINDOW_CHARS:]):
            return self._is_flagged(written)  # what takes it back may stand before the window
        return False

    def _is_flagged(self, text: str) -> bool:
        return self.moderator.judge(clean_text(text)).outcome == Outcome.FLAGGED
