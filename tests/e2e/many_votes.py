"""Votes for a release to be worth learning from, cast with the site's own services.

Run inside an installation: `manage.py shell -c "from tests.e2e.many_votes import …"`.
"""

from __future__ import annotations

import builtins
import inspect
import random

from django.db import transaction
from django.utils import timezone

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.common.models import Event
from arena.votes.engagement.services import record_shown
from tests import cast

# A reward needs 100 decided votes to learn from and 30 on prompts held out from it, a fifth of all.
PROMPTS, VOTES_FOR_EACH = 80, 3
P_FOR_THE_EXAMPLE = 0.85  # people are not of one mind


def cast_many() -> None:
    """Let three people vote on answers of which one has an example, which they mostly prefer."""
    arena = Arena.objects.get(slug="text")
    people = [cast.ada()[0] for _ in range(3)]
    draw = random.Random(2026)
    told = [(name, inspect.getdoc(thing)) for name, thing in vars(builtins).items()]
    prompts = [f"{name}: {doc[:200]}" for name, doc in told if doc and name.isalpha()]
    for prompt in prompts[:PROMPTS]:
        for voter in people[:VOTES_FOR_EACH]:
            _cast_one(arena, voter, prompt, draw)


@transaction.atomic
def _cast_one(arena: Arena, voter: Voter, prompt: str, draw: random.Random) -> None:
    name = prompt.partition(":")[0]
    answers = [
        f"Call it like this:\n\n```python\nvalue = {name}(data)\nprint(value)\n```\n\nIt is quick.",
        f"It is hard to say what {name} is good for; see the documentation.",
    ]
    example = draw.randrange(2)
    battle = cast.released_battle(
        arena, voter, prompt, (answers[0 ^ example], answers[1 ^ example])
    )
    # The outputs are there already; no generator is to be asked for them.
    Event.objects.filter(topic="battle.opened", payload__battle_id=str(battle.pk)).update(
        routed_at=timezone.now()
    )
    for seat in range(2):
        record_shown(battle_id=battle.pk, voter=voter, seat=seat)
    chosen = example if draw.random() < P_FOR_THE_EXAMPLE else 1 - example
    cast.vote(battle, "ab"[chosen])
