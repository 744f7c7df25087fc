"""Keep the pictures of prompts, read them, show them, and remove them when they are taken back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.common.errors import BadInput
from arena.prompts.models import Prompt, PromptImage
from arena.prompts.pictures import EXTENSION, Picture

REMOVED_AT_ONCE = 100  # in one transaction


def check_number(arena: Arena, n_pictures: int, *, is_follow_up: bool = False) -> None:
    """Raise BadInput where an arena takes no pictures, more, or fewer of them."""
    most = most_pictures(arena)
    if n_pictures > most:
        if not most:
            raise BadInput(_("This arena takes no pictures. Send the words alone."))
        raise BadInput(
            _("%(n)s pictures came; this arena takes up to %(most)s. Leave some out.")
            % {"n": n_pictures, "most": most}
        )
    if not n_pictures and arena.takes_images == Arena.Images.REQUIRED and not is_follow_up:
        raise BadInput(_("Add a picture; the models work from it."))


def most_pictures(arena: Arena) -> int:
    """Return how many pictures one prompt of an arena may have."""
    return 0 if arena.takes_images == Arena.Images.NONE else arena.max_images


def keep_images(prompt: Prompt, pictures: Sequence[Picture]) -> None:
    """Store the pictures of a prompt, in their order; called once, in the prompt's transaction."""
    for position, picture in enumerate(pictures):
        name = uuid.uuid4().hex
        key = f"prompt-images/{name[:2]}/{name}{EXTENSION}"
        default_storage.save(key, ContentFile(picture.data))
        PromptImage.objects.create(
            prompt=prompt,
            position=position,
            key=key,
            sha256=picture.sha256,
            width_px=picture.width_px,
            height_px=picture.height_px,
            size_bytes=len(picture.data),
            alt=picture.alt,
        )


def pictures_of(prompt: Prompt) -> list[Picture]:
    """Return the pictures of a prompt with their bytes; those that were taken back are missing."""
    return [_read(image) for image in prompt.images.all() if not image.removed_at]


def _read(image: PromptImage) -> Picture:
    with default_storage.open(image.key) as stream:
        return Picture(stream.read(), image.width_px, image.height_px, image.alt)


def shown_images(prompt: Prompt | None, *, base: str = "") -> list[dict[str, Any]]:
    """Return what a page needs to show the pictures of a prompt.

    Args:
        prompt: whose pictures; None has none.
        base: before each address, such as "/shared/TOKEN".
    """
    images = [] if prompt is None else list(prompt.images.all())
    return [
        {
            "url": "" if image.removed_at else base + image_address(image),
            "alt": image.alt or _label(image, len(images)),
            "said": image.alt,
            "width_px": image.width_px,
            "height_px": image.height_px,
        }
        for image in images
    ]


def image_address(image: PromptImage) -> str:
    """Return the path of a picture, open to the voter who sent it."""
    return reverse("prompt_image", args=[image.pk])


def _label(image: PromptImage, n_images: int) -> str:
    if n_images == 1:
        return _("The picture of the prompt")
    return _("Picture %(number)s of the prompt") % {"number": image.position + 1}


def digests_of(pictures: Iterable[Picture | PromptImage]) -> list[str]:
    """Return the digests of pictures, in their order."""
    return [picture.sha256 for picture in pictures]


def n_standing_images(voter: Voter) -> int:
    """Return how many pictures of a voter are still here."""
    return _standing(voter).count()


def _standing(voter: Voter) -> Any:
    return PromptImage.objects.filter(prompt__voter__in=voter.ids, removed_at__isnull=True)


def remove_images(voter: Voter) -> int:
    """Remove the files of every picture that a voter sent, and what was said of them.

    The battles and votes stay. A second call goes on where one was interrupted. Returns how many
    were removed here.
    """
    n_removed = 0
    while removed := _remove_some(voter):
        n_removed += removed
    return n_removed


@transaction.atomic
def _remove_some(voter: Voter) -> int:
    standing = _standing(voter).order_by("pk").select_for_update(of=("self",))
    images = list(standing[:REMOVED_AT_ONCE])
    for image in images:
        # The file first: a row that still stands leads the next call to it.
        default_storage.delete(image.key)
        image.key = image.sha256 = image.alt = ""
        image.removed_at = timezone.now()
        image.save(update_fields=["key", "sha256", "alt", "removed_at"])
    return len(images)
