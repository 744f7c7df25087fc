"""Open and close the public page of a battle, and show it to anyone with its address."""

from __future__ import annotations

import uuid

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from arena.accounts.middleware import known_voter
from arena.battles.models import Battle
from arena.battles.selectors import turns_before
from arena.common.errors import NotFound
from arena.common.http import serve_stored_file
from arena.generation.models import Output
from arena.generation.outputs import shown_output
from arena.prompts.images import shown_images
from arena.prompts.models import PromptImage
from arena.prompts.views import send_image
from arena.votes.reveal import reveal
from arena.votes.selectors import shown_turns
from arena.votes.sharing import close_share, share_battle, shared_battle


@require_POST
def share(request: HttpRequest, battle_id: uuid.UUID) -> HttpResponse:
    """Open a public page of the voter's battle, or close it with `close=yes`."""
    voter = known_voter(request)
    if request.POST.get("close") == "yes":
        close_share(battle_id=battle_id, voter=voter)
    else:
        share_battle(battle_id=battle_id, voter=voter)
    if not request.headers.get("HX-Request"):
        return redirect(reverse("battle", args=[battle_id]) + "#share")
    battle = Battle.objects.select_related("arena").get(pk=battle_id)
    return render(request, "battles/_share.html", {"battle": battle, "reveal": reveal(battle)})


@require_safe
def shared_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show a shared battle. Search engines are asked to stay away."""
    battle = shared_battle(token)
    shown = reveal(battle)
    outputs = {
        seat.position: shown_output(seat.output, battle.arena.modality)
        for seat in battle.seats.select_related("output__blob")
    }
    for output in outputs.values():
        if "url" in output:
            output["url"] = f"/shared/{token}{output['url']}"
    seats = [{**seat, "output": outputs[seat["position"]]} for seat in shown["seats"]]
    # Not the whole reveal: why they voted so is not shared.
    context = {
        "battle": battle,
        "turns": shown_turns(battle, base=f"/shared/{token}"),
        "prompt_images": shown_images(battle.prompt, base=f"/shared/{token}"),
        "seats": seats,
        "choice_label": shown["choice_label"],
    }
    response = render(request, "battles/shared.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
def shared_media(
    request: HttpRequest, token: str, output_id: uuid.UUID, extension: str
) -> HttpResponseBase:
    """Send a file of a shared battle."""
    output = (
        Output.objects.select_related("blob")
        .filter(pk=output_id, blob__isnull=False, seat__battle=shared_battle(token))
        .first()
    )
    if output is None:
        raise NotFound(_("There is no such file in what is shared here."))
    assert output.blob is not None
    return serve_stored_file(
        request, default_storage, output.blob.key, media_type=output.blob.media_type
    )


@require_safe
def shared_image(request: HttpRequest, token: str, image_id: uuid.UUID) -> HttpResponseBase:
    """Send a picture of the prompts of a shared battle."""
    battle = shared_battle(token)
    prompts = [one.prompt_id for one in (battle, *turns_before(battle))]
    image = PromptImage.objects.filter(pk=image_id, prompt__in=prompts).first()
    if image is None:
        raise NotFound(_("There is no such picture in what is shared here."))
    return send_image(request, image)
