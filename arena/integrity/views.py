"""The public page of verdicts: how many votes count, and why others do not."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from arena.integrity.reasons import REASONS
from arena.integrity.selectors import totals


@require_safe
def integrity_page(request: HttpRequest) -> HttpResponse:
    """Show the totals of each arena, never a vote or a voter; `?format=json` sends them as data."""
    found = totals()
    if request.GET.get("format") == "json":
        response = JsonResponse({"arenas": [_as_data(one) for one in found]})
        response["Cache-Control"] = "no-cache"
        return response
    context = {"totals": found, "reasons": REASONS.items()}
    return render(request, "integrity/index.html", context)


def _as_data(one: dict[str, Any]) -> dict[str, Any]:
    names = ("status", "reason", "method", "method_version", "n_votes")
    return {
        "arena": one["arena"].slug,
        "n_standing": one["n_standing"],
        "n_counted": one["n_counted"],
        "left_out": [{name: row[name] for name in names} for row in one["left_out"]],
    }
