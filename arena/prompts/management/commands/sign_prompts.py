"""`manage.py sign_prompts`: find near-duplicates among imported and old prompts."""

from __future__ import annotations

from typing import Any

from arena.arenas.models import Arena
from arena.common.commands import AgonCommand
from arena.prompts.models import Prompt
from arena.prompts.selectors import n_distinct_prompts
from arena.prompts.services import sign_prompts


class Command(AgonCommand):
    help = "Compare the prompts that were not compared when they came, such as imported ones"

    def handle(self, **options: Any) -> None:
        """Say for each arena how many prompts there are, and how many distinct ones."""
        for arena in Arena.objects.all():
            n_new = sign_prompts(arena)
            prompts = Prompt.objects.filter(arena=arena)
            self.stdout.write(
                f"{arena.slug}: compared {n_new}; {n_distinct_prompts(prompts)} distinct prompts "
                f"of {prompts.count()}"
            )
