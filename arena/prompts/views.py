"""Serve a picture to the voter who sent it, and to nobody else."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from arena.accounts.middleware import known_voter
from arena.common.errors import NotFound
from arena.common.http import serve_stored_file
from arena.prompts.images import remove_images
from arena.prompts.models import PromptImage
from arena.prompts.pictures import MEDIA_TYPE


@require_safe
def prompt_image(request: HttpRequest, image_id: uuid.UUID) -> HttpResponseBase:
    """Send a picture of one of the voter's own prompts."""
    voter = known_voter(request)
    image = PromptImage.objects.select_related("prompt").filter(pk=image_id).first()
    if image is None or voter is None or not voter.owns(image.prompt.voter_id):
        raise NotFound(_("There is no such picture, or somebody else sent it."))
    return send_image(request, image)


@require_POST
def remove_own_images(request: HttpRequest) -> HttpResponse:
    """Remove the files of every picture that the voter has sent; the votes stay."""
    voter = known_voter(request)
    n_removed = remove_images(voter) if voter else 0
    text = ngettext("%(n)s picture was removed.", "%(n)s pictures were removed.", n_removed)
    messages.success(request, text % {"n": n_removed})
    return redirect("you_data")


def send_image(request: HttpRequest, image: PromptImage) -> HttpResponseBase:
    """Answer with the file of a picture; raises NotFound once it was taken back."""
    if image.removed_at:
        raise NotFound(_("This picture was taken back by the person who sent it."))
    # No store may keep it: who takes it back wants it gone.
    return serve_stored_file(
        request,
        default_storage,
        image.key,
        media_type=MEDIA_TYPE,
        cache_control="private, no-cache",
    )
