"""The battle page, the vote and the rationale."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from arena.accounts.middleware import known_voter
from arena.battles.forms import PromptForm
from arena.battles.models import Battle
from arena.battles.routing import may_call_off, needs_line
from arena.battles.selectors import takes_follow_ups, takes_pictures
from arena.common.errors import NotFound
from arena.generation.release import queue_position, void_message
from arena.prompts.images import shown_images
from arena.prompts.pictures import ACCEPTED, MAX_BYTES
from arena.votes.details import Details, details_asked, read_details, write_details
from arena.votes.models import Skip
from arena.votes.rationales import read_form, read_json, write_rationale
from arena.votes.reveal import reveal
from arena.votes.selectors import shown_seats, shown_turns
from arena.votes.services import cast_vote, show_names
from arena.votes.skipping import report_battle, skip_battle
from arena.votes.stopping import stop_battle

SAID = gettext_lazy("Your reason is saved.")
REPORTED = gettext_lazy("Thank you. The people who run this site will look at it.")


@never_cache
@require_safe
def battle_page(request: HttpRequest, battle_id: uuid.UUID) -> HttpResponse:
    """Show a battle to the voter who started it, at whatever stage it is."""
    voter = known_voter(request)
    battle = (
        Battle.objects.select_related("arena", "prompt")
        .filter(pk=battle_id, origin=Battle.Origin.LIVE)
        .first()
    )
    if battle is None or voter is None or not voter.owns(battle.voter_id):
        raise NotFound(
            _(
                "There is no such battle of yours. Battles open only in the browser that started "
                "them."
            )
        )
    if battle.stage == "continued":
        return redirect("battle", battle_id=battle.continued_by.pk)
    context: dict[str, Any] = {
        "battle": battle,
        "arena": battle.arena,
        "turns": shown_turns(battle),
        "prompt_images": shown_images(battle.prompt),
        "needs": needs_line(battle),
        "may_call_off": may_call_off(battle) and battle.continues_id is None,
        "takes_follow_ups": battle.stage in ("generating", "ready") and takes_follow_ups(battle),
        "void_message": void_message(battle),
        "seats": shown_seats(battle),
        "idempotency_key": uuid.uuid4(),
        "socket_path": f"/ws/battles/{battle.pk}/",
        "queue_ahead": queue_position(battle) if battle.stage == "generating" else 0,
    }
    if context["takes_follow_ups"] and takes_pictures(battle):
        context["form"] = PromptForm(arena=battle.arena, needs_consent=False)
        context["accepted_images"], context["max_image_mb"] = ACCEPTED, MAX_BYTES // 1024**2
    if battle.stage == "judged":
        context["details"] = details_asked(battle)
    elif battle.stage == "voted":
        context["reveal"] = reveal(battle)
    return render(request, "battles/battle.html", context)


@require_POST
def vote(request: HttpRequest, battle_id: uuid.UUID) -> HttpResponse:
    """Record a vote, then ask for more or show who they were; answers only after the commit.

    With `details=no` nothing more is asked.
    """
    voter = known_voter(request)
    cast_vote(
        battle_id=battle_id,
        voter=voter,
        choice=request.POST.get("choice", ""),
        idempotency_key=request.POST.get("idempotency_key", ""),
    )
    if request.POST.get("details") == "no":
        show_names(battle_id=battle_id, voter=voter)
    return _after(request, battle_id)


@require_POST
def details(request: HttpRequest, battle_id: uuid.UUID) -> HttpResponse:
    """Record what was said more, and show who they were; nothing said only shows them."""
    voter = known_voter(request)
    said = read_details(request.POST)
    if said == Details():
        show_names(battle_id=battle_id, voter=voter)
    else:
        write_details(battle_id=battle_id, voter=voter, details=said)
    return _after(request, battle_id)


def _after(request: HttpRequest, battle_id: uuid.UUID) -> HttpResponse:
    if request.headers.get("Sec-Fetch-Mode") == "navigate":
        return redirect("battle", battle_id=battle_id)
    battle = Battle.objects.select_related("arena", "prompt").get(pk=battle_id)
    if battle.stage == "judged":
        context = {"battle": battle, "details": details_asked(battle)}
        return render(request, "battles/_details.html", context)
    return render(request, "battles/_reveal.html", {"battle": battle, "reveal": reveal(battle)})


@require_POST
def skip(request: HttpRequest, battle_id: uuid.UUID) -> HttpResponse:
    """Pass the battle over; its page then leads to another one."""
    skip_battle(
        battle_id=battle_id,
        voter=known_voter(request),
        reason=request.POST.get("reason", Skip.Reason.CANNOT_JUDGE),
    )
    return redirect("battle", battle_id=battle_id)


@require_POST
def stop(request: HttpRequest, battle_id: uuid.UUID) -> HttpResponse:
    """End the writing; the page hears of it by its socket."""
    stop_battle(battle_id=battle_id, voter=known_voter(request))
    return redirect("battle", battle_id=battle_id)


@require_POST
def report(request: HttpRequest, battle_id: uuid.UUID) -> HttpResponse:
    """Keep a report for the staff."""
    seat = request.POST.get("seat", "")
    report_battle(
        battle_id=battle_id,
        voter=known_voter(request),
        reason=request.POST.get("reason", ""),
        position=int(seat) if seat.isdecimal() and len(seat) == 1 else None,
        text=request.POST.get("text", ""),
    )
    if not request.headers.get("HX-Request"):
        messages.success(request, REPORTED)
        return redirect("battle", battle_id=battle_id)
    return render(request, "battles/_reported.html", {"reported": REPORTED})


@require_POST
def rationale(request: HttpRequest, battle_id: uuid.UUID) -> HttpResponse:
    """Keep why: all of it as JSON from a script, or all but the marks from a form."""
    is_script = request.content_type == "application/json"
    written = write_rationale(
        battle_id=battle_id,
        voter=known_voter(request),
        said=read_json(request.body) if is_script else read_form(request.POST),
    )
    if is_script:
        return JsonResponse({"ok": True, "version": written.version})
    messages.success(request, SAID)
    return redirect(f"{reverse('battle', args=[battle_id])}#why-title")
