"""What the templates of the vote ask of the records: reasons, questions and short orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template

from arena.votes.models import Report, Skip

register = template.Library()


@register.simple_tag
def skip_reasons(stage: str) -> list[tuple[str, str]]:
    """Return the reasons to skip a battle; only while it is generating, it can be too slow."""
    return [
        (value, label)
        for value, label in Skip.Reason.choices
        if value != Skip.Reason.TOO_SLOW or stage == "generating"
    ]


@register.simple_tag
def report_reasons() -> list[tuple[str, str]]:
    """Return the reasons to report an output or a battle."""
    return Report.Reason.choices


@register.simple_tag
def best_alone(letter: str, seats: Sequence[dict[str, Any]]) -> str:
    """Return the order in which one output is best and all others are alike: "b>a=c"."""
    others = "=".join(seat["letter"] for seat in seats if seat["letter"] != letter)
    return f"{letter}>{others}".lower()
