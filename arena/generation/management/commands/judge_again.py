"""`manage.py judge_again`: ask the moderator about what it could not judge so far."""

from __future__ import annotations

from typing import Any

from arena.common.commands import AgonCommand
from arena.generation.moderation import judge_outputs_again
from arena.prompts.judging import judge_prompts_again
from arena.prompts.models import Prompt


class Command(AgonCommand):
    help = "Judge the prompts and outputs that no moderator could judge, so that releases take them"

    def handle(self, **options: Any) -> None:
        """Say how many are settled now."""
        n_prompts = judge_prompts_again(Prompt.objects.all())
        self.stdout.write(f"settled: {n_prompts} prompts, {judge_outputs_again()} outputs")
