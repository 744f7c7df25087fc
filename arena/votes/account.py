"""The votes of a browser and of an account: bringing them together, and closing an account."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from arena.accounts.closing import close_account
from arena.accounts.linking import join_voter, voter_of
from arena.accounts.middleware import account_of, browser_voter, forget_browser_voter
from arena.battles.models import Battle
from arena.votes.models import Vote
from arena.votes.selectors import standing_votes_of
from arena.votes.services import withdraw_votes


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Ask whether what was done in this browser without an account is this person's too."""
    voter = browser_voter(request)
    here = _safe(request, request.POST.get("next") or request.GET.get("next"))
    if voter is None or not Battle.objects.filter(voter=voter).exists():
        return redirect(here)
    n_votes = Vote.objects.filter(voter=voter).count()
    if request.method == "POST":
        if request.POST.get("answer") == "add":
            join_voter(account=account_of(request), voter=voter)
            forget_browser_voter(request)
            text = ngettext(
                "%(n)s vote was added to your account.", "%(n)s votes were added to your account.",
                n_votes,
            )  # fmt: skip
            messages.success(request, text % {"n": n_votes})
        else:
            messages.info(request, _("Nothing was added to your account."))
        return redirect(here)
    return render(request, "accounts/join.html", {"n_votes": n_votes, "next": here})


def _safe(request: HttpRequest, address: str | None) -> str:
    """Return an address of this site, or the list of votes for anything else."""
    if address and url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return address
    return reverse("you")


class ClosingForm(forms.Form):
    """What is to become of the votes of an account that closes."""

    votes = forms.ChoiceField(
        choices=[("keep", "keep"), ("withdraw", "withdraw")],
        error_messages={"required": gettext_lazy("Say what is to become of your votes.")},
    )


@never_cache
@reauthentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """Say what closing the account does; a POST does it, after taking back the votes if asked."""
    account = account_of(request)
    voter = voter_of(account)
    form = ClosingForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and not account.is_staff and form.is_valid():
        if form.cleaned_data["votes"] == "withdraw" and voter is not None:
            withdraw_votes(voter=voter)
            if standing_votes_of(voter).exists():
                messages.warning(
                    request, _("Many votes were taken back, some are left. Send it once more.")
                )
                return redirect("you_close")
        logout(request)
        close_account(account)
        messages.success(request, _("Your account is gone."))
        return redirect("home")
    context: dict[str, Any] = {
        "form": form,
        "n_standing": standing_votes_of(voter).count() if voter else 0,
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "accounts/close.html", context, status=status)
