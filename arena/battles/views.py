"""The list of arenas, and the page of an arena where a battle starts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from arena.accounts.middleware import ensure_voter, known_voter
from arena.accounts.models import Consent, Voter
from arena.accounts.services import (
    TERMS_SUMMARY,
    accept_terms,
    current_consent,
    current_terms,
)
from arena.arenas.models import Arena
from arena.battles.forms import PromptForm
from arena.battles.models import Battle
from arena.battles.routing import NoModelFits
from arena.battles.services import continue_battle, open_battle
from arena.common.errors import BadInput
from arena.prompts.pictures import ACCEPTED, MAX_BYTES
from arena.prompts.suggestions import suggestions_for


@require_safe
def arena_list(request: HttpRequest) -> HttpResponse:
    """Show the open arenas."""
    return render(request, "arenas/index.html")


@require_http_methods(["GET", "HEAD", "POST"])
def arena_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show an arena; a POST starts a battle and leads to it."""
    arena = get_object_or_404(Arena, slug=slug)
    consent = current_consent(known_voter(request))
    asked = request.POST if request.method == "POST" else None
    form = PromptForm(
        asked,
        request.FILES if asked is not None else None,
        arena=arena,
        needs_consent=consent is None,
        voter=known_voter(request),
        initial=request.GET.dict(),
    )
    if asked is not None and form.is_valid() and not form.finds:
        voter = ensure_voter(request)
        consent = consent or accept_terms(voter=voter)
        try:
            battle = _started(form, arena, voter, consent)
        except BadInput as error:  # said where the prompt stands, which is not lost
            form.refuse(error.message)
            form.may_call_off = isinstance(error, NoModelFits) and error.may_be_misread
        else:
            # A conversation goes on where its newest turn begins.
            return redirect(
                reverse("battle", args=[battle.pk]) + ("#now" if battle.continues_id else "")
            )
    context = {
        "arena": arena,
        "form": form,
        "accepted_images": ACCEPTED,
        "max_image_mb": MAX_BYTES // 1024**2,
        "suggested": suggestions_for(arena, known_voter(request)),
        "needs_consent": consent is None,
        "terms": {"version": current_terms().version, "summary": TERMS_SUMMARY},
    }
    return render(request, "arenas/arena.html", context)


def _started(form: PromptForm, arena: Arena, voter: Voter, consent: Consent) -> Battle:
    sent = form.cleaned_data
    if sent["continues"]:
        return continue_battle(
            battle_id=sent["continues"],
            voter=voter,
            consent=consent,
            text=sent["prompt"],
            pictures=form.pictures,
        )
    return open_battle(
        arena=arena,
        voter=voter,
        consent=consent,
        text=sent["prompt"],
        pictures=form.pictures,
        again_of=voter.battles.filter(pk=sent["again"]).first(),
        calls_off_needs=sent["calls_off_needs"],
    )
