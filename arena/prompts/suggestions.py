"""Which suggested prompts of an arena a voter sees: those that led to the fewest battles first."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from arena.accounts.models import Voter
from arena.arenas.models import Arena, SuggestedPrompt
from arena.prompts.models import Prompt

SHOWN = 6  # fit on one screen of a phone, and are read before one is taken
_rng = random.SystemRandom()


def rotated(n_used: Sequence[int], n_shown: int, rng: random.Random) -> list[int]:
    """Return the indices of the suggestions to show, at most `n_shown`, in the order to show them.

    Each has the weight 1 / (1 + d)², d its uses beyond those of the least used one, and they are
    drawn by weight without replacement (Efraimidis and Spirakis 2006, Inf. Process. Lett. 97(5),
    doi:10.1016/j.ipl.2005.11.003). So one that fell behind is nearly always shown, mostly first,
    and none is hidden for good where voters pass another by.

    Args:
        n_used: how often each was used, (n_suggestions,).
        n_shown: the most to show.
        rng: the source of chance.
    """
    least = min(n_used, default=0)
    # log of u ** (1 / weight): the largest keys are the draw.
    keys = [math.log(1.0 - rng.random()) * (1 + n - least) ** 2 for n in n_used]
    return sorted(range(len(keys)), key=keys.__getitem__, reverse=True)[:n_shown]


def suggestions_for(
    arena: Arena, voter: Voter | None, *, n_shown: int = SHOWN, rng: random.Random = _rng
) -> list[SuggestedPrompt]:
    """Return suggestions of the arena to show this voter, none archived.

    Those that the voter has used are left out until all are used; then all come round again. One
    query.
    """
    suggestions = list(
        arena.suggested_prompts.filter(is_archived=False)
        .annotate(n_used=_uses(Q()), n_own=_uses(Q(voter=voter) if voter else Q(pk=None)))
        .order_by("pk")
    )
    least_own = min((one.n_own for one in suggestions), default=0)
    open_to = [one for one in suggestions if one.n_own == least_own]
    chosen = rotated([one.n_used for one in open_to], n_shown, rng)
    return [open_to[index] for index in chosen]


def _uses(condition: Q) -> Coalesce:
    uses = Prompt.objects.filter(condition, suggestion=OuterRef("pk")).order_by()
    counted = uses.values("suggestion").annotate(n=Count("*")).values("n")
    return Coalesce(Subquery(counted), 0)
