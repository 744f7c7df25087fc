"""Ask the moderator of this site, and keep every decision."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from arena.arenas.models import Arena
from arena.common.errors import BadInput
from arena.prompts.images import pictures_of
from arena.prompts.languages import language_of
from arena.prompts.models import BlockedPhrase, Moderation, Prompt
from arena.prompts.moderation import Moderator, Outcome, Verdict, strictest
from arena.prompts.moderation.table import make_moderator
from arena.prompts.pictures import MEDIA_TYPE, Picture

P = ParamSpec("P")
R = TypeVar("R")

REASON_CHARS = 200
# What a voter is told of a category; others are named as the moderator names them.
LABELS = {
    "sexual_minors": gettext_noop("sexual content about minors"),
    "mass_harm": gettext_noop("making weapons that harm many people"),
    "self_harm": gettext_noop("encouraging or explaining self-harm"),
    "hate": gettext_noop("slurs or hatred against groups of people"),
    "other": gettext_noop("something that this site does not take"),
}
CARE = gettext_noop(
    "If you are thinking about hurting yourself, please talk to somebody now: a friend, a doctor, "
    "or a crisis line where you live."
)


class PromptRefused(BadInput):
    """Moderation flagged a prompt; the message says why and what to do."""

    code = "prompt_refused"

    def __init__(self, arena: Arena, moderator: Moderator, verdict: Verdict) -> None:
        named = [_(LABELS.get(one, one.replace("_", " "))) for one in verdict.categories]
        said = [
            _(
                "This prompt seems to be about %(what)s, which this arena does not take. "
                "Change it and send it again. It was not kept."
            )
            % {"what": _listed(named)}
        ]
        if any("self" in one and "harm" in one for one in verdict.categories):
            said.append(_(CARE))
        super().__init__(" ".join(said))
        self.arena, self.moderator, self.verdict = arena, moderator, verdict


def _listed(named: Sequence[str]) -> str:
    return functools.reduce(
        lambda first, last: _("%(first)s and %(last)s") % {"first": first, "last": last}, named
    )


def current_moderator() -> Moderator:
    """Return the moderator of the settings, with the operators' phrases as they are now."""
    phrases = BlockedPhrase.objects.filter(is_archived=False).order_by("pk")
    rows = phrases.values_list("pk", "category", "phrase")
    blocked = tuple((f"blocked phrase {pk}", category, phrase) for pk, category, phrase in rows)
    return _made(tuple(sorted(settings.MODERATION.items())), blocked)


@functools.lru_cache(maxsize=1)
def _made(
    chosen: tuple[tuple[str, Any], ...], blocked: tuple[tuple[str, str, str], ...]
) -> Moderator:
    return make_moderator(dict(chosen), blocked)


def judged(moderator: Moderator, text: str) -> Verdict:
    """Return what a moderator says of a text, with its language where the moderator reads it."""
    language = language_of(text) if moderator.reads_language else None
    return moderator.judge(text, language=language)


def judged_with(moderator: Moderator, text: str, pictures: Sequence[Picture]) -> Verdict:
    """Return what a moderator says of a prompt: its words, what is said of its pictures, and these.

    Pictures that it cannot see are not judged, as outputs of modalities that it cannot judge; the
    reason says so.
    """
    words = "\n".join([text, *(picture.alt for picture in pictures if picture.alt)])
    verdict = judged(moderator, words)
    if not pictures or verdict.outcome == Outcome.FLAGGED:
        return verdict
    if "image" not in moderator.modalities:
        unseen = f"its words alone: {moderator.name} cannot see images"
        return replace(verdict, reason="; ".join(filter(None, [verdict.reason, unseen])))
    return strictest(
        [
            verdict,
            *(
                moderator.judge_file(picture.data, modality="image", media_type=MEDIA_TYPE)
                for picture in pictures
            ),
        ]
    )


def check_prompt(
    *, arena: Arena, text: str, pictures: Sequence[Picture] = ()
) -> tuple[Moderator, Verdict]:
    """Judge a prompt before it is kept; raises PromptRefused when it is flagged.

    Unavailable refuses nothing: the battle goes on, and releases hold the prompt back.
    """
    moderator = current_moderator()
    verdict = judged_with(moderator, text, pictures)
    if verdict.outcome == Outcome.FLAGGED:
        raise PromptRefused(arena, moderator, verdict)
    return moderator, verdict


def keep_decision(
    *,
    arena: Arena,
    moderator: Moderator,
    verdict: Verdict,
    prompt: Prompt | None = None,
    output_id: uuid.UUID | None = None,
) -> Moderation:
    """Write down one decision, about a prompt, an output, or neither: a refused prompt."""
    subject = Moderation.Subject.OUTPUT if output_id else Moderation.Subject.PROMPT
    return Moderation.objects.create(
        arena=arena,
        subject=subject,
        prompt=prompt,
        output_id=output_id,
        moderator=moderator.name,
        version=moderator.version,
        outcome=verdict.outcome.value,
        categories=list(verdict.categories),
        reason=verdict.reason[:REASON_CHARS],
    )


def keeps_refusals(service: Callable[P, R]) -> Callable[P, R]:
    """Keep the decision about a refused prompt, after the transaction of the service is undone."""

    @functools.wraps(service)
    def keeping(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return service(*args, **kwargs)
        except PromptRefused as refused:
            keep_decision(arena=refused.arena, moderator=refused.moderator, verdict=refused.verdict)
            raise

    return keeping


def judge_prompts_again(prompts: QuerySet[Prompt]) -> int:
    """Judge prompts that nobody could judge when they came; return how many are settled now."""
    settled = 0
    moderator = current_moderator()
    waiting = prompts.filter(
        pk__in=Moderation.objects.holding_back()
        .filter(outcome=Moderation.Outcome.UNAVAILABLE)
        .values("prompt")
    )
    for prompt in waiting.select_related("arena"):
        verdict = judged_with(moderator, prompt.text, pictures_of(prompt))
        if verdict.outcome != Outcome.UNAVAILABLE:
            keep_decision(arena=prompt.arena, moderator=moderator, verdict=verdict, prompt=prompt)
            settled += 1
    return settled
