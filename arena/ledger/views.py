"""The public pages of the ledger, and a voter's own receipts."""

from __future__ import annotations

import uuid
from pathlib import Path

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from arena.accounts.middleware import known_voter
from arena.common.errors import BadInput
from arena.ledger.checkpoints import read_statement
from arena.ledger.receipts import receipt
from arena.ledger.selectors import (
    checkpoints,
    newest_checkpoint,
    public_key,
    signed_form,
    statement_of,
    waiting_entries,
)

SHOWN = 20  # checkpoints on the page
PAGE_CHECKPOINTS = 1000  # in one file: about half a megabyte
MOST_COUNTED = 10_000  # waiting entries; beyond that the page says "more than"
VERIFIER = Path(__file__).with_name("standalone_verifier.py")


@require_safe
def ledger_page(request: HttpRequest) -> HttpResponse:
    """Show the newest checkpoints, the public key and how to check."""
    newest = newest_checkpoint()
    shown = [
        {"checkpoint": one, "digest": statement_of(one).digest}
        for one in checkpoints().reverse()[:SHOWN]
    ]
    n_waiting = waiting_entries()[: MOST_COUNTED + 1].count()
    return render(
        request,
        "ledger/index.html",
        {
            "newest": newest,
            "shown": shown,
            "public_key": public_key(),
            "n_waiting": min(n_waiting, MOST_COUNTED),
            "is_more_waiting": n_waiting > MOST_COUNTED,
            "commands": _commands("chain checkpoints.json"),
        },
    )


@require_safe
def checkpoints_file(request: HttpRequest) -> JsonResponse:
    """Send checkpoints as they were signed, the oldest first; `next` leads to those after them.

    Query: `after`, the number of the last checkpoint that the reader has.
    """
    after = request.GET.get("after", "0")
    if not after.isascii() or not after.isdecimal() or len(after) > 18:
        raise BadInput(
            _("after is '%(after)s'; use the number of a checkpoint.") % {"after": after[:40]}
        )
    found = list(checkpoints().filter(number__gt=int(after))[: PAGE_CHECKPOINTS + 1])
    sent = found[:PAGE_CHECKPOINTS]
    following = reverse("ledger_checkpoints") + f"?after={sent[-1].number}" if sent else None
    return JsonResponse(
        {
            "format": "agon.ledger/checkpoints/1",
            "public_key": public_key(),
            "checkpoints": [signed_form(one) for one in sent],
            "next": following if len(found) > len(sent) else None,
        }
    )


@require_safe
def verifier_file(request: HttpRequest) -> HttpResponse:
    """Send the program that checks receipts and checkpoints without this site."""
    return HttpResponse(
        VERIFIER.read_bytes(),
        content_type="text/x-python; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="verify_ledger.py"'},
    )


@require_safe
def receipt_file(request: HttpRequest, vote_id: uuid.UUID) -> JsonResponse:
    """Send the receipt of one's own vote."""
    response = JsonResponse(receipt(vote_id=vote_id, voter=known_voter(request)))
    response["Cache-Control"] = "private, no-store"
    response["Content-Disposition"] = f'attachment; filename="receipt-{vote_id}.json"'
    return response


@require_safe
def receipt_page(request: HttpRequest, vote_id: uuid.UUID) -> HttpResponse:
    """Show what of one's own vote is on record, and where."""
    proved = receipt(vote_id=vote_id, voter=known_voter(request))
    for entry in proved["entries"]:
        signed = entry["checkpoint"]
        entry["sealed"] = read_statement(signed["body"]) if signed else None
    response = render(
        request,
        "ledger/receipt.html",
        {"receipt": proved, "commands": _commands("receipt receipt.json checkpoints.json")},
    )
    response["Cache-Control"] = "private, no-store"
    return response


def _commands(what: str) -> str:
    key = public_key()
    return f"pip install cryptography\npython verify_ledger.py {what}" + (
        f" --key {key}" if key else ""
    )
