"""Serve an output to the voter whose battle it is part of; and how everything goes, to all."""

from __future__ import annotations

import uuid
from dataclasses import asdict

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from arena.accounts.middleware import known_voter
from arena.common.errors import NotFound
from arena.common.http import serve_stored_file
from arena.generation.models import Output
from arena.generation.selectors import queues


@require_safe
def media(request: HttpRequest, output_id: uuid.UUID, extension: str) -> HttpResponseBase:
    """Send the file of an output; before the release there is nothing to send."""
    voter = known_voter(request)
    output = (
        Output.objects.select_related("blob", "seat__battle")
        .filter(pk=output_id, blob__isnull=False, seat__battle__released_at__isnull=False)
        .first()
    )
    if output is None or voter is None or not voter.owns(output.seat.battle.voter_id):
        raise NotFound(_("There is no such file, or it belongs to somebody else's battle."))
    assert output.blob is not None
    return serve_stored_file(
        request, default_storage, output.blob.key, media_type=output.blob.media_type
    )


@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Show what waits in each queue and which models rest."""
    return render(request, "generation/status.html", {"queues": queues()})


@never_cache
@require_safe
def status_json(request: HttpRequest) -> HttpResponse:
    """Tell the same as JSON."""
    told = [
        {**asdict(queue), "benched": [{"model": n, "until": t} for n, t in queue.benched]}
        for queue in queues()
    ]
    return JsonResponse({"queues": told})
