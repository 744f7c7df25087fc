"""The pages of a voter's own data: votes, consent, taking back, and a copy of it all."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from arena.accounts.middleware import known_voter
from arena.accounts.models import Voter
from arena.accounts.services import consents_of, current_terms
from arena.battles.models import Battle
from arena.common.errors import NotFound
from arena.prompts.images import n_standing_images
from arena.votes.export import own_data
from arena.votes.models import Vote
from arena.votes.selectors import n_own_votes, own_votes, shown_vote, standing_votes_of
from arena.votes.services import withdraw_vote, withdraw_votes

VOTES_ON_A_PAGE = 25
PAGES_BESIDE = 2  # links on each side of the page that is shown


@never_cache
@require_safe
def own_votes_page(request: HttpRequest) -> HttpResponse:
    """List the voter's votes, newest first; `arena` leaves one arena, `page` numbers from 1."""
    voter = known_voter(request)
    if voter is None:
        return render(request, "accounts/you.html")
    arenas = n_own_votes(voter)
    slug = request.GET.get("arena", "")
    arena = next((one for one in arenas if one.slug == slug), None)
    if slug and arena is None:
        raise NotFound(_("You have not voted in an arena '%(slug)s'.") % {"slug": slug})
    paginator = Paginator(own_votes(voter, arena), VOTES_ON_A_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    context = {
        "voter": voter,
        "arenas": arenas.items(),
        "arena": arena,
        "n_votes": sum(arenas.values()),
        "page": page,
        "page_numbers": paginator.get_elided_page_range(page.number, on_each_side=PAGES_BESIDE),
        "votes": [shown_vote(vote) for vote in page],
        "here": _place(request),
    }
    return render(request, "accounts/you.html", context)


def _place(request: HttpRequest) -> str:
    """Return the part of the query that says where in the list one is."""
    place = {name: request.GET[name] for name in ("arena", "page") if request.GET.get(name)}
    return f"?{urlencode(place)}" if place else ""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_one(request: HttpRequest, vote_id: uuid.UUID) -> HttpResponse:
    """Say what taking this vote back does; a POST does it and returns to its place in the list.

    Raises NotFound for a receipt that is not one of this voter's.
    """
    voter = known_voter(request)
    if request.method == "POST":
        withdraw_vote(vote_id=str(vote_id), voter=voter)
        messages.success(request, _("The vote was taken back. It no longer counts."))
        return redirect(f"{reverse('you')}{_place(request)}#vote-{vote_id}")
    vote = None if voter is None else own_votes(voter).filter(pk=vote_id).first()
    if vote is None:
        raise NotFound(_("There is no such vote of yours."))
    context = {"vote": shown_vote(vote), "here": _place(request)}
    return render(request, "accounts/withdraw.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_all(request: HttpRequest) -> HttpResponse:
    """Say what taking every vote back does and of how many; a POST does it."""
    voter = known_voter(request)
    if voter is None:
        return redirect("you")
    if request.method == "POST":
        withdrawn = withdraw_votes(voter=voter)
        n_left = standing_votes_of(voter).count()
        if n_left:
            text = _("%(n)s votes were taken back so far, %(left)s to go. Send it once more.")
            messages.warning(request, text % {"n": intcomma(withdrawn), "left": intcomma(n_left)})
            return redirect("you_withdraw_all")
        text = ngettext(
            "%(n)s vote was taken back. No vote of yours counts any more.",
            "%(n)s votes were taken back. No vote of yours counts any more.",
            withdrawn,
        )
        messages.success(request, text % {"n": intcomma(withdrawn)})
        return redirect("you_data")
    context = {
        "n_standing": standing_votes_of(voter).count(),
        "n_images": n_standing_images(voter),
    }
    return render(request, "accounts/withdraw_all.html", context)


@never_cache
@require_safe
def own_data_page(request: HttpRequest) -> HttpResponse:
    """Show what was agreed to and what is recorded, and offer a copy and taking all back."""
    voter = known_voter(request)
    return render(request, "accounts/data.html", _own_data(voter) if voter else {})


def _own_data(voter: Voter) -> dict[str, Any]:
    consents = list(consents_of(voter))
    n_votes, n_standing = (
        Vote.objects.filter(voter__in=voter.ids).count(),
        standing_votes_of(voter).count(),
    )
    facts = {
        _("Battles started"): intcomma(Battle.objects.filter(voter__in=voter.ids).count()),
        _("Votes that count"): intcomma(n_standing),
        _("Votes taken back"): intcomma(n_votes - n_standing),
    }
    return {
        "voter": voter,
        "consents": consents,
        "current_terms": current_terms(),
        "facts": facts,
        "n_standing": n_standing,
        "n_images": n_standing_images(voter),
    }


@never_cache
@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """Send everything that is recorded of the voter whose cookie asks, as a file.

    Raises NotFound without one.
    """
    voter = known_voter(request)
    if voter is None:
        raise NotFound(_("Nothing is recorded of this browser. There is nothing to download."))
    name = f"agon-my-data-{timezone.now():%Y-%m-%d}.json"
    return StreamingHttpResponse(
        own_data(voter, request.build_absolute_uri),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
