"""Take a prompt."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from arena.accounts.models import Voter
from arena.arenas.models import Arena, SuggestedPrompt
from arena.common.errors import BadInput
from arena.prompts.images import check_number, digests_of
from arena.prompts.judging import check_prompt, keep_decision
from arena.prompts.models import Prompt
from arena.prompts.near_duplicates import bands_of
from arena.prompts.pictures import Picture
from arena.prompts.selectors import first_alike


def submit_prompt(
    *,
    arena: Arena,
    voter: Voter,
    text: str,
    pictures: Sequence[Picture] = (),
    is_follow_up: bool = False,
) -> Prompt:
    """Keep a prompt that moderation does not flag, with its decision.

    `keep_images` is to store its pictures, when nothing else can refuse it.

    One that equals a suggestion of the arena counts as suggested; one that says nearly the same
    as an earlier prompt of the arena points to it. Two that arrive at the same moment may miss
    each other.

    Raises BadInput when it is empty or longer than the arena allows, or has more or fewer pictures
    than it takes, PromptRefused when it is
    flagged (the caller is to be a service that `keeps_refusals`).
    """
    text = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if not text:
        raise BadInput(_("The prompt is empty. Write one, or take a suggestion."))
    if len(text) > arena.max_prompt_chars:
        raise BadInput(
            _(
                "The prompt has %(n)s characters; this arena takes up to %(most)s. "
                "Shorten it and send it again."
            )
            % {"n": len(text), "most": arena.max_prompt_chars}
        )
    check_number(arena, len(pictures), is_follow_up=is_follow_up)
    moderator, verdict = check_prompt(arena=arena, text=text, pictures=pictures)
    suggestion = SuggestedPrompt.objects.filter(arena=arena, text=text, is_archived=False).first()
    bands = bands_of(text, digests_of(pictures))
    first = first_alike(arena, text, bands)
    prompt = Prompt.objects.create(
        arena=arena,
        voter=voter,
        text=text,
        origin=Prompt.Origin.SUGGESTED if suggestion else Prompt.Origin.TYPED,
        suggestion=suggestion,
        bands=None if first else bands,
        near_duplicate_of=first,
    )
    keep_decision(arena=arena, moderator=moderator, verdict=verdict, prompt=prompt)
    return prompt


def sign_prompts(arena: Arena) -> int:
    """Find the near-duplicates among prompts that have no bands yet; return how many there were.

    Imported prompts, and those from before there were bands, are compared here, the oldest first.
    """
    unsigned = Prompt.objects.filter(
        arena=arena, bands__isnull=True, near_duplicate_of__isnull=True
    )
    keys = list(unsigned.order_by("created_at", "pk").values_list("pk", flat=True))
    for key in keys:
        prompt = Prompt.objects.get(pk=key)
        bands = bands_of(prompt.text)
        first = first_alike(arena, prompt.text, bands)
        prompt.near_duplicate_of, prompt.bands = first, None if first else bands
        prompt.save(update_fields=["near_duplicate_of", "bands"])
    return len(keys)
