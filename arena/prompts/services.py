"""Take a prompt."""

from __future__ import annotations

from arena.accounts.models import Voter
from arena.arenas.models import Arena, SuggestedPrompt
from arena.common.errors import BadInput
from arena.prompts.models import Prompt


def submit_prompt(*, arena: Arena, voter: Voter, text: str) -> Prompt:
    """Keep a prompt; one that equals a suggestion of the arena counts as suggested.

    Raises BadInput when it is empty or longer than the arena allows.
    """
    text = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if not text:
        raise BadInput("The prompt is empty. Write one, or take a suggestion.")
    if len(text) > arena.max_prompt_chars:
        raise BadInput(
            f"The prompt has {len(text)} characters; this arena takes up to "
            f"{arena.max_prompt_chars}. Shorten it and send it again."
        )
    suggestion = SuggestedPrompt.objects.filter(arena=arena, text=text, is_archived=False).first()
    return Prompt.objects.create(
        arena=arena,
        voter=voter,
        text=text,
        origin=Prompt.Origin.SUGGESTED if suggestion else Prompt.Origin.TYPED,
        suggestion=suggestion,
    )
