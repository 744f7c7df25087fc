"""The demo generators that look at pictures: what they tell is so, and what they build is sound."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from arena.generation.profiles import make_anonymous
from models_registry.adapters.contract import (
    Artifact,
    GenerationError,
    Request,
    RequestImage,
    TextDelta,
    Turn,
)
from models_registry.adapters.demo.adapter import DemoAdapter
from models_registry.adapters.demo.mesh.solids import MOST_TRIANGLES
from models_registry.adapters.demo.seeing.pixels import looked_at, place_of


def encoded(pixels: Any) -> RequestImage:
    file = io.BytesIO()
    Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(
        file, "JPEG", quality=95, subsampling=0
    )
    return RequestImage(file.getvalue(), "image/jpeg")


def disc(width: int = 320, height: int = 200, x: float = 0.75, y: float = 0.25) -> Any:
    """A red disc on white."""
    rows, columns = np.mgrid[0:height, 0:width]
    inside = np.hypot(columns - x * width, rows - y * height) < 0.18 * height
    return np.where(inside[..., None], (210, 20, 25), (250, 250, 250))


def plain(colour: tuple[int, int, int] = (20, 30, 200)) -> Any:
    return np.full((60, 60, 3), colour)


def noise(seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (90, 130, 3))


def run(generator: str, request: Request) -> list[Any]:
    async def events() -> list[Any]:
        adapter = DemoAdapter({"generator": generator})
        await adapter.load()
        try:
            return [event async for event in adapter.generate(request)]
        finally:
            await adapter.unload()

    return asyncio.run(events())


def told(generator: str, *images: RequestImage, seed: int = 1, **parts: Any) -> str:
    request = Request("What is this?", seed, images=images, **parts)
    return "".join(e.text for e in run(generator, request) if isinstance(e, TextDelta))


def built(generator: str, image: RequestImage, seed: int = 1) -> bytes:
    events = run(generator, Request("Build this.", seed, images=(image,)))
    (artifact,) = [event for event in events if isinstance(event, Artifact)]
    return artifact.data


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((210, 20, 25), "red"), ((240, 150, 20), "orange"), ((120, 70, 20), "brown"),
        ((245, 230, 40), "yellow"), ((30, 160, 50), "green"), ((30, 60, 200), "blue"),
        ((130, 60, 200), "violet"), ((240, 120, 180), "pink"), ((10, 10, 12), "black"),
        ((252, 252, 252), "white"), ((128, 128, 128), "grey"), ((40, 190, 190), "turquoise"),
    ],
)  # fmt: skip
def test_colours_have_their_everyday_names(colour: tuple[int, int, int], name: str) -> None:
    assert looked_at(encoded(plain(colour)).data).colours()[0][0] == name


@pytest.mark.parametrize(
    ("x", "y", "place"),
    [
        (0.5, 0.5, "in the middle"), (0.2, 0.25, "towards the upper left"),
        (0.8, 0.75, "towards the lower right"), (0.5, 0.2, "in the upper part"),
        (0.85, 0.5, "on the right"),
    ],
)  # fmt: skip
def test_a_thing_is_found_where_it_lies(x: float, y: float, place: str) -> None:
    assert place_of(looked_at(encoded(disc(x=x, y=y)).data).foreground) == place


def test_the_measurer_tells_what_was_measured() -> None:
    text = told("measurer", encoded(disc()))
    assert "320 × 200 pixels, landscape format" in text
    assert "bright" in text
    assert "white 9" in text
    assert "lies towards the upper right and is mostly red" in text
    dark = told("measurer", encoded(plain((10, 10, 12))))
    assert "60 × 60 pixels, a square" in dark
    assert "dark" in dark
    assert "It fills the whole picture" in dark


def test_the_walker_goes_from_the_top_to_the_bottom() -> None:
    halves = np.concatenate([plain((20, 30, 200)), plain((30, 160, 50))])
    text = told("walker", encoded(halves))
    assert text.index("At the top it is blue throughout.") < text.index(
        "At the bottom it is green throughout."
    )
    assert "portrait format" in text


@pytest.mark.parametrize("generator", ["measurer", "walker"])
def test_the_same_picture_and_seed_give_the_same_words(generator: str) -> None:
    one, other = encoded(disc()), encoded(noise())
    assert told(generator, one) == told(generator, one)
    assert told(generator, one) != told(generator, other)
    both = told(generator, one, other)
    assert both.index("**Picture 1**") < both.index("**Picture 2**")


def test_a_follow_up_without_a_picture_is_about_the_newest_one() -> None:
    before = Turn("And this?", "…", images=(encoded(disc()),))
    assert "mostly red" in told("measurer", history=(before,))


@pytest.mark.parametrize("generator", ["measurer", "relief"])
def test_without_a_picture_there_is_nothing_to_work_from(generator: str) -> None:
    with pytest.raises(GenerationError, match="works from a picture") as raised:
        run(generator, Request("Hello", 1))
    assert not raised.value.retryable


@pytest.mark.parametrize("generator", ["relief", "cutout"])
@pytest.mark.parametrize(
    "pixels", [disc(), plain(), noise(), np.zeros((1, 1, 3)), noise()[:3]],
    ids=["disc", "plain", "noise", "dot", "strip"],
)  # fmt: skip
def test_what_is_built_is_closed_small_and_can_be_shown(generator: str, pixels: Any) -> None:
    data = built(generator, encoded(pixels))
    (mesh,) = trimesh.load_scene(io.BytesIO(data), file_type="glb").geometry.values()
    assert 10 < len(mesh.faces) <= MOST_TRIANGLES
    assert np.isfinite(mesh.vertices).all()
    assert mesh.extents.max() == pytest.approx(1.0, abs=1e-5)
    merged = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    merged.merge_vertices(merge_tex=True, merge_norm=True)
    assert merged.is_winding_consistent
    assert merged.volume > 0
    # Every edge is met as often in one direction as in the other: there is no hole.
    edges = merged.edges[merged.edges[:, 0] != merged.edges[:, 1]]
    forward = np.sort(edges.view([("a", edges.dtype), ("b", edges.dtype)]).ravel())
    back = np.sort(edges[:, ::-1].copy().view([("a", edges.dtype), ("b", edges.dtype)]).ravel())
    assert (forward == back).all()
    assert make_anonymous("mesh", data, "model/gltf-binary").data


def test_the_two_builders_differ_and_each_repeats_itself() -> None:
    image = encoded(disc())
    assert built("relief", image) == built("relief", image)
    assert built("cutout", image) == built("cutout", image)
    assert built("relief", image, 1) != built("relief", image, 2)
    assert built("cutout", image, 1) != built("cutout", image, 2)


def test_the_cutout_has_the_outline_and_the_colour_of_the_thing() -> None:
    (mesh,) = trimesh.load_scene(
        io.BytesIO(built("cutout", encoded(disc()))), file_type="glb"
    ).geometry.values()
    assert mesh.extents[0] == pytest.approx(mesh.extents[1], rel=0.1)  # round
    assert mesh.extents[2] < 0.8 * mesh.extents[0]
    red, green, blue = np.asarray(mesh.visual.vertex_attributes["color"])[:, :3].mean(axis=0)
    assert red > 2 * max(green, blue)
