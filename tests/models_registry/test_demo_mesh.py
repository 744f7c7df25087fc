"""The demo mesh generators: sound GLB models, standing on the ground, that follow the prompt."""

from __future__ import annotations

import functools
import importlib
import io
import json
import struct

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from models_registry.adapters.demo.mesh.solids import (
    MOST_TRIANGLES,
    Material,
    Part,
    export_glb,
    relief_block,
    revolve,
    superquadric,
    tube,
)

NAMES = ("terrain", "plant", "lathe", "superquadric")
PROMPTS = {
    "terrain": ("island", "snowy mountains", "desert", "canyon", "volcano", "autumn forest", "sea"),
    "plant": ("pine", "autumn tree", "bush", "flower", "tulips", "palm", "cactus", "dead tree"),
    "lathe": (
        "gold vase", "glass bottle", "clay bowl", "cup", "marble chess king", "bishop", "lamp",
        "bell", "wooden spinning top", "queen",
    ),
    "superquadric": ("robot", "castle", "dragon", "snowman", "rocket", "abstract thing"),
}  # fmt: skip
CASES = [(name, prompt) for name, prompts in PROMPTS.items() for prompt in prompts]
ODD_PROMPTS = ("", "🌵🏰", "tree castle vase " * 240, "شجرة حمراء", "\ud800\x00")


def _build(name: str, prompt: str, seed: int = 0) -> bytes:
    module = importlib.import_module(f"models_registry.adapters.demo.mesh.{name}")
    data, media_type = module.generate(prompt, seed, {}, lambda fraction: None)
    assert media_type == "model/gltf-binary"
    return bytes(data)


@functools.lru_cache(maxsize=128)
def _built(name: str, prompt: str, seed: int = 0) -> trimesh.Scene:
    """Return a model as the reader sees it; several tests look at the same one."""
    return _scene(_build(name, prompt, seed))


def _scene(data: bytes) -> trimesh.Scene:
    return trimesh.load_scene(io.BytesIO(data), file_type="glb")


def _document(data: bytes) -> dict:
    length = struct.unpack("<I", data[12:16])[0]
    return json.loads(data[20 : 20 + length])


def _mean_colour(name: str, prompt: str) -> np.ndarray:
    """Return the mean base colour (3,), linear, weighted by area, over three seeds."""
    totals = []
    for seed in range(3):
        total, area = np.zeros(3), 0.0
        for mesh in _built(name, prompt, seed).geometry.values():
            base = np.asarray(mesh.visual.material.baseColorFactor[:3]) / 255
            colours = mesh.visual.vertex_attributes.get("color")
            if colours is not None:
                by_face = np.asarray(colours)[:, :3][mesh.faces].mean(axis=1) / 255
                base = base * np.average(by_face, axis=0, weights=mesh.area_faces)
            total += base * mesh.area
            area += mesh.area
        totals.append(total / area)
    return np.mean(totals, axis=0)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_request_builds_the_same_bytes_and_another_seed_other_ones(name: str) -> None:
    first = _build(name, "something green", 5)
    assert first == _build(name, "something green", 5)
    assert first != _build(name, "something green", 6)


@pytest.mark.parametrize(("name", "prompt"), CASES)
def test_a_model_is_sound(name: str, prompt: str) -> None:
    """Small, finite, unit sized, on the ground, consistently wound, with unit normals."""
    data = _build(name, prompt)
    assert len(data) <= 3_000_000
    scene = _scene(data)
    meshes = list(scene.geometry.values())
    assert 100 < sum(len(mesh.faces) for mesh in meshes) <= MOST_TRIANGLES
    assert scene.extents.max() == pytest.approx(1.0, abs=1e-5)
    assert scene.bounds[0][1] == pytest.approx(0.0, abs=1e-5)
    for mesh in meshes:
        assert np.isfinite(mesh.vertices).all()
        assert mesh.is_winding_consistent
        used = np.unique(mesh.faces)
        assert np.linalg.norm(mesh.vertex_normals[used], axis=1) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(("name", "prompt"), CASES)
def test_every_opaque_single_sided_part_is_closed_with_its_normals_outwards(
    name: str, prompt: str
) -> None:
    """Only leaves and petals, which are drawn from both sides, may be open sheets."""
    closed = 0
    for mesh in _built(name, prompt).geometry.values():
        if mesh.visual.material.doubleSided and not mesh.is_watertight:
            continue
        merged = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
        merged.merge_vertices(merge_tex=True, merge_norm=True)
        assert merged.is_watertight
        assert merged.volume > 0
        closed += 1
    assert closed >= 1


@pytest.mark.parametrize("name", NAMES)
def test_the_file_holds_normals_and_materials_for_every_part(name: str) -> None:
    document = _document(_build(name, "blue"))
    for mesh in document["meshes"]:
        for primitive in mesh["primitives"]:
            assert {"POSITION", "NORMAL"} <= set(primitive["attributes"])
            material = document["materials"][primitive["material"]]
            assert "pbrMetallicRoughness" in material


@pytest.mark.parametrize(
    ("name", "subject"),
    [("terrain", "hills"), ("plant", "bush"), ("lathe", "clay vase"), ("superquadric", "robot")],
)
@pytest.mark.parametrize(("colour", "channel"), [("red", 0), ("blue", 2)])
def test_a_colour_word_raises_its_own_channel_most(
    name: str, subject: str, colour: str, channel: int
) -> None:
    mean, plain = _mean_colour(name, f"{colour} {subject}"), _mean_colour(name, subject)
    share, plain_share = mean / mean.sum(), plain / plain.sum()
    assert int(np.argmax(share - plain_share)) == channel


def test_snow_raises_the_whiteness_of_terrain() -> None:
    snowy, green = _mean_colour("terrain", "snowy hills"), _mean_colour("terrain", "hills")
    assert snowy.min() > green.min() + 0.1


def test_autumn_leaves_are_redder_than_summer_leaves() -> None:
    autumn, summer = _mean_colour("plant", "autumn tree"), _mean_colour("plant", "summer tree")
    assert autumn[0] / autumn[1] > 1.5 * summer[0] / summer[1]


def test_a_dead_tree_has_no_leaves() -> None:
    dead, living = (_built("plant", p) for p in ("dead tree", "tree"))
    assert len(dead.geometry) < len(living.geometry)


def test_a_pine_is_taller_than_wide_and_a_bush_is_not() -> None:
    pine, bush = (_built("plant", p).extents for p in ("pine", "bush"))
    assert pine[1] > pine[0]
    assert bush[1] < 1.05 * bush[0]


def test_gold_is_metal_and_glass_lets_light_through() -> None:
    gold = next(iter(_built("lathe", "gold vase").geometry.values())).visual.material
    glass = next(iter(_built("lathe", "glass vase").geometry.values())).visual.material
    assert gold.metallicFactor == 1.0
    assert glass.alphaMode == "BLEND"
    assert glass.baseColorFactor[3] < 200


def test_an_island_has_water_and_a_desert_has_none() -> None:
    def sheets_of_water(prompt: str) -> int:
        return sum(
            mesh.visual.material.alphaMode == "BLEND"
            for mesh in _built("terrain", prompt).geometry.values()
        )

    assert (sheets_of_water("island"), sheets_of_water("desert")) == (1, 0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("prompt", ODD_PROMPTS)
def test_odd_prompts_still_give_a_model(name: str, prompt: str) -> None:
    assert _built(name, prompt).extents.max() == pytest.approx(1.0, abs=1e-5)


@settings(max_examples=5, deadline=None)
@given(prompt=st.text(max_size=200), seed=st.integers(0, 2**31 - 1))
def test_any_text_and_seed_give_a_model(prompt: str, seed: int) -> None:
    for name in NAMES:
        data = _build(name, prompt, seed)
        assert len(data) <= 3_000_000
        assert np.isfinite(_scene(data).bounds).all()


@pytest.mark.parametrize("name", NAMES)
def test_progress_rises_to_one(name: str) -> None:
    module = importlib.import_module(f"models_registry.adapters.demo.mesh.{name}")
    seen: list[float] = []
    module.generate("red", 0, {}, seen.append)
    assert len(seen) >= 3
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_solids_have_the_volumes_of_their_formulas() -> None:
    ball = trimesh.Trimesh(*superquadric((1, 2, 3), detail=64), process=False)
    assert ball.volume == pytest.approx(4 / 3 * np.pi * 6, rel=0.01)
    cylinder = trimesh.Trimesh(*revolve([(0, 0), (1, 0), (1, 2), (0, 2)], segments=256))
    assert cylinder.volume == pytest.approx(2 * np.pi, rel=0.001)
    pipe = trimesh.Trimesh(*tube([[0, 0, 0], [0, 1, 0], [0, 3, 0]], [1, 1, 1], sides=256))
    assert pipe.volume == pytest.approx(3 * np.pi, rel=0.001)
    block = trimesh.Trimesh(*relief_block(np.full((5, 5), 0.5), floor=-0.5))
    assert block.volume == pytest.approx(1.0)


def test_too_many_triangles_are_refused_with_their_number() -> None:
    points, faces = superquadric((1, 1, 1))
    heavy = np.tile(faces, (MOST_TRIANGLES // len(faces) + 1, 1))
    with pytest.raises(ValueError, match=rf"has {len(heavy)} triangles; at most {MOST_TRIANGLES}"):
        export_glb([Part(points, heavy, Material((1, 1, 1)))])
