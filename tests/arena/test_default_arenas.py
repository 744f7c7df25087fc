"""The arenas that a new installation has: which are open, and what they take."""

from __future__ import annotations

import pytest

from arena.arenas.models import Arena
from arena.arenas.services import create_default_arenas
from arena.battles.selectors import competing_in
from models_registry.demo_models import register_demo_models

pytestmark = pytest.mark.django_db


def test_those_that_an_operator_is_to_decide_about_are_closed() -> None:
    create_default_arenas()
    closed = Arena.objects.filter(is_open=False).values_list("slug", flat=True)
    assert set(closed) == {"image-ranking", "image-to-3d"}


def test_image_to_3d_takes_a_picture_and_asks_the_five_questions() -> None:
    create_default_arenas()
    arena = Arena.objects.get(slug="image-to-3d")
    assert (arena.modality, arena.takes_images, arena.max_images) == ("mesh", "required", 1)
    assert arena.dimensions.count() == 5
    assert set(arena.dimensions.values_list("key")) == set(
        Arena.objects.get(slug="3d").dimensions.values_list("key")
    )


def test_it_can_be_switched_on_and_has_its_demo_models_to_itself() -> None:
    create_default_arenas()
    register_demo_models()
    competing = {
        slug: {one.model.slug for one in competing_in(Arena.objects.get(slug=slug))}
        for slug in ("3d", "image-to-3d", "text")
    }
    assert competing["image-to-3d"] == {"demo-relief", "demo-cutout"}
    assert not competing["image-to-3d"] & competing["3d"]
    assert "demo-measurer" not in competing["text"]
