"""Meshes before the vote: the surface alone, in one size, under one header."""

import io
import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from arena.generation.profiles import UNUSABLE_CODES, UnusableOutput, make_anonymous

DATA = Path(os.environ.get("AGON_TEST_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
MARK = "PLANTED-MARK-7f3a"
MEDIA_TYPE = "model/gltf-binary"


def outcome(data):
    """Return (output, None) or (None, code); anything else that is raised fails the test."""
    try:
        return make_anonymous("mesh", data, MEDIA_TYPE), None
    except UnusableOutput as error:
        return None, error.code


def shown(data):
    return make_anonymous("mesh", data, MEDIA_TYPE).data


def parse(glb):
    """Return the JSON and the binary chunk of a GLB."""
    (size,) = struct.unpack_from("<I", glb, 12)
    return json.loads(glb[20 : 20 + size]), glb[28 + size :]


def build(tree, binary=b""):
    """Return a GLB of a JSON tree and a binary chunk."""
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks


def textured(seed=0, size=64, **material):
    """A box with a picture on it, as an exporter would write it."""
    mesh = trimesh.creation.box(extents=(1, 2, 3))
    rng = np.random.default_rng(seed)
    picture = Image.fromarray(rng.integers(0, 255, (size, size, 3), dtype=np.uint8))
    options = {"baseColorTexture": picture, "metallicFactor": 0.25, "roughnessFactor": 0.75}
    mesh.visual = trimesh.visual.TextureVisuals(
        uv=mesh.vertices[:, :2] * 0.3 + 0.5,
        material=trimesh.visual.material.PBRMaterial(**(options | material)),
    )
    return mesh.export(file_type="glb", include_normals=True)


def coloured():
    mesh = trimesh.creation.icosphere(subdivisions=2)
    levels = np.clip((mesh.vertices + 1) * 127, 0, 255).astype(np.uint8)
    mesh.visual.vertex_colors = np.column_stack([levels, np.full(len(levels), 255, np.uint8)])
    return mesh.export(file_type="glb")


def loaded(glb):
    """Read by another library's loader: one mesh of all that the scene shows."""
    return trimesh.load_scene(io.BytesIO(glb), file_type="glb").to_mesh()


def marked():
    """A GLB with a mark in every place that may hold text, and behind its last byte."""
    tree, binary = parse(textured())
    tree["asset"] |= {"generator": MARK, "copyright": MARK, "extras": {"by": MARK}}
    tree["extras"] = {"by": MARK}
    tree["extensionsUsed"] = [MARK]
    tree["extensions"] = {MARK: {"by": MARK}}
    tree["animations"] = [{"name": MARK, "channels": [], "samplers": []}]
    tree["cameras"] = [{"name": MARK, "type": "orthographic"}]
    tree["samplers"] = [{"name": MARK}]
    kinds = [
        "scenes",
        "nodes",
        "meshes",
        "materials",
        "textures",
        "images",
        "accessors",
        "bufferViews",
        "buffers",
    ]
    for kind in kinds:
        for row in tree[kind]:
            row |= {"name": MARK, "extras": {"by": MARK}, "extensions": {MARK: {"by": MARK}}}
    tree["meshes"][0]["primitives"][0]["extras"] = {"by": MARK}
    hidden = MARK.encode() * 4
    tree["bufferViews"].append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(hidden)})
    tree["buffers"][0]["byteLength"] = len(binary) + len(hidden)
    return build(tree, binary + hidden)


def test_no_planted_mark_is_left_in_any_byte():
    data = marked()
    assert data.count(MARK.encode()) > 40
    result = shown(data)

    assert MARK.encode() not in result
    assert b"trimesh" not in result
    tree, _ = parse(result)
    text = json.dumps(tree)
    for key in ("name", "extras", "extensions", "animations", "cameras", "samplers", "uri"):
        assert f'"{key}"' not in text


def bare():
    mesh = trimesh.creation.icosphere(subdivisions=1)
    mesh.visual = trimesh.visual.TextureVisuals(
        material=trimesh.visual.material.PBRMaterial(baseColorFactor=[200, 30, 30, 255])
    )
    return mesh.export(file_type="glb")


def in_one_colour():
    mesh = trimesh.creation.icosphere(subdivisions=1)
    mesh.visual.vertex_colors = np.full((len(mesh.vertices), 4), 200, np.uint8)
    return mesh.export(file_type="glb")


@pytest.mark.parametrize(
    ("made", "is_textured"),
    [(textured, True), (coloured, True), (bare, False), (in_one_colour, False)],
)
def test_an_output_says_whether_it_has_colours_of_its_own(made, is_textured):
    assert make_anonymous("mesh", made(), MEDIA_TYPE).details["is_textured"] is is_textured


def test_one_coloured_part_makes_a_scene_coloured():
    scene = trimesh.Scene([trimesh.load(io.BytesIO(data), "glb") for data in (bare(), coloured())])
    details = make_anonymous("mesh", scene.export(file_type="glb"), MEDIA_TYPE).details
    assert details["is_textured"] is True


def test_a_mark_in_the_texture_file_does_not_survive():
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    file = io.BytesIO()
    picture.save(file, "JPEG", comment=MARK.encode(), icc_profile=MARK.encode() * 9)
    tree, binary = parse(textured())
    tree["images"] = [{"bufferView": len(tree["bufferViews"]), "mimeType": "image/jpeg"}]
    tree["bufferViews"].append(
        {"buffer": 0, "byteOffset": len(binary), "byteLength": len(file.getvalue())}
    )
    data = build(tree, binary + file.getvalue())
    assert MARK.encode() in data
    result = shown(data)

    assert MARK.encode() not in result
    assert parse(result)[0]["images"][0]["mimeType"] == "image/jpeg"


def test_every_output_has_the_same_header():
    results = [shown(data) for data in (textured(), coloured(), marked())]

    containers = {result[:8] + result[16:20] for result in results}  # all but the lengths
    beginnings = {result[20 : result.index(b'"bufferViews"')] for result in results}
    assert containers == {b"glTF\x02\0\0\0JSON"}
    asset = b'{"asset":{"version":"2.0","generator":"Agon"},'
    assert beginnings == {asset + b'"scene":0,"scenes":[{"nodes":[0]}],"nodes":[{"mesh":0}],'}


def test_the_same_mesh_gives_the_same_bytes():
    assert shown(textured()) == shown(textured())


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("offset", [(0, 0, 0), (5, -70, 2)])
def test_every_mesh_stands_on_the_ground_with_its_longest_side_1(scale, offset):
    mesh = trimesh.creation.box(extents=(1, 2, 3))
    mesh.apply_translation(offset)
    mesh.apply_scale(scale)
    low, high = loaded(shown(mesh.export(file_type="glb"))).bounds

    assert np.allclose(low, (-1 / 6, 0, -0.5), atol=1e-4)
    assert np.allclose(high, (1 / 6, 2 / 3, 0.5), atol=1e-4)


def test_the_surface_itself_stays():
    original = trimesh.creation.icosphere(subdivisions=3)
    original.vertices *= (1, 0.6, 0.8)
    expected = (original.vertices - original.bounds.mean(axis=0)) / original.extents.max()
    expected[:, 1] -= expected[:, 1].min()
    result = loaded(shown(original.export(file_type="glb")))

    nearest = [np.linalg.norm(result.vertices - corner, axis=1).min() for corner in expected]
    assert max(nearest) < 1e-4
    assert len(result.faces) == len(original.faces)
    assert result.volume == pytest.approx(original.volume / original.extents.max() ** 3, rel=1e-3)


def test_nested_turned_scaled_and_mirrored_nodes_are_where_another_loader_puts_them():
    scene = trimesh.Scene()
    turn = trimesh.transformations.rotation_matrix(0.7, (1, 2, 3), (4, 5, 6))
    mirror = np.diag([-1.0, 1.0, 2.0, 1.0])
    scene.add_geometry(trimesh.creation.cone(1, 2), node_name="a", transform=turn)
    scene.add_geometry(trimesh.creation.annulus(1, 2, 1), parent_node_name="a", transform=mirror)
    data = scene.export(file_type="glb")
    expected, result = loaded(data), loaded(shown(data))

    points = (expected.vertices - expected.bounds.mean(axis=0)) / expected.extents.max()
    points[:, 1] -= points[:, 1].min()
    nearest = [np.linalg.norm(result.vertices - corner, axis=1).min() for corner in points]
    assert max(nearest) < 1e-4
    assert result.volume == pytest.approx(expected.volume / expected.extents.max() ** 3, rel=1e-3)


def test_rotation_scale_and_translation_of_a_node_are_applied_in_that_order():
    tree, binary = parse(trimesh.creation.box(extents=(1, 2, 3)).export(file_type="glb"))
    half = np.sqrt(0.5)
    tree["nodes"] = [
        {"mesh": 0, "rotation": [0, 0, half, half], "scale": [4, 1, 1], "translation": [9, 9, 9]}
    ]
    tree["scenes"] = [{"nodes": [0]}]
    extents = loaded(shown(build(tree, binary))).extents

    # x is stretched to 4, then turned to y: 2, 4, 3 of a longest side of 4
    assert np.allclose(extents, (0.5, 1.0, 0.75), atol=1e-4)


def test_how_the_scene_is_split_does_not_show():
    boxes = [trimesh.creation.box(transform=np.eye(4)) for _ in range(3)]
    for index, box in enumerate(boxes):
        box.apply_translation((2.0 * index, 0, 0))
    scene = trimesh.Scene(boxes)
    together = trimesh.util.concatenate(boxes)

    assert shown(scene.export(file_type="glb")) == shown(together.export(file_type="glb"))


def test_colour_roughness_metal_and_texture_stay():
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:, 32:] = (200, 40, 40)
    material = {
        "baseColorTexture": Image.fromarray(pixels),
        "baseColorFactor": [255, 128, 0, 255],
    }
    result = loaded(shown(textured(**material))).visual

    assert result.material.metallicFactor == pytest.approx(0.25)
    assert result.material.roughnessFactor == pytest.approx(0.75)
    assert np.allclose(result.material.baseColorFactor[:3], (255, 128, 0), atol=1)
    shown_pixels = np.asarray(result.material.baseColorTexture.convert("RGB"), dtype=int)
    assert np.abs(shown_pixels[8:-8, 40:-8] - (200, 40, 40)).max() < 12
    original = loaded(textured(**material)).visual
    assert np.allclose(np.sort(result.uv, axis=0), np.sort(original.uv, axis=0), atol=1e-3)


def test_vertex_colours_stay():
    original = loaded(coloured())
    scene = trimesh.load_scene(io.BytesIO(shown(coloured())), file_type="glb")
    (result,) = scene.geometry.values()

    shown_colours = {tuple(row) for row in np.asarray(result.visual.vertex_attributes["color"])}
    assert shown_colours == {tuple(row) for row in np.asarray(original.visual.vertex_colors)}


def test_a_large_texture_is_made_smaller():
    tree, binary = parse(shown(textured(size=2048)))
    view = tree["bufferViews"][tree["images"][0]["bufferView"]]
    picture = binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]

    assert Image.open(io.BytesIO(picture)).size == (1024, 1024)


@pytest.mark.parametrize("alpha_mode", ["OPAQUE", "BLEND"])
def test_a_payload_in_the_lowest_bits_of_the_texture_does_not_survive(alpha_mode):
    rng = np.random.default_rng(2)
    ramp = np.tile(np.linspace(20, 230, 256).astype(np.uint8), (256, 1))
    pixels = np.dstack([ramp, ramp.T, ramp, ramp])
    bits = rng.integers(0, 2, (256, 256, 2), dtype=np.uint8)
    pixels[..., [1, 3]] = (pixels[..., [1, 3]] & 0xFE) | bits
    data = textured(baseColorTexture=Image.fromarray(pixels), alphaMode=alpha_mode)
    texture = loaded(shown(data)).visual.material.baseColorTexture
    result = np.asarray(texture.convert("RGBA"))

    assert abs(np.mean((result[..., 1] & 1) == bits[..., 0]) - 0.5) < 0.02
    if alpha_mode == "BLEND":
        assert len(np.unique(result[..., 3])) <= 16
        assert result[..., 3].max() - result[..., 3].min() > 150
        assert abs(np.mean((result[..., 3] & 1) == bits[..., 1]) - 0.5) < 0.02
    else:
        assert result[..., 3].min() == 255


def test_corners_that_no_face_uses_are_left_out():
    mesh = trimesh.creation.box()
    mesh.vertices = np.vstack([mesh.vertices, [[1e6, 0, 0]]])
    assert len(mesh.faces) == 12
    result = loaded(shown(mesh.export(file_type="glb")))

    assert np.allclose(result.extents, 1, atol=1e-4)


def with_change(change):
    tree, binary = parse(textured())
    change(tree)
    return build(tree, binary)


def put(*path, value):
    def change(tree):
        row = tree
        for key in path[:-1]:
            row = row[key]
        row[path[-1]] = value

    return change


def flat():
    mesh = trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]], process=False)
    return mesh.export(file_type="glb")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"solid cube", "undecodable"),
        (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n" * 9, "unsupported"),
        (textured()[:-4], "undecodable"),
        (build({"asset": {"version": "2.0"}}), "empty"),
        (flat(), "empty"),
        (with_change(put("images", 0, "uri", value="https://evil.example/x.png")), "unsupported"),
        (with_change(put("buffers", 0, "uri", value="file:///etc/passwd")), "unsupported"),
        (with_change(put("buffers", 0, "uri", value="data:;base64,AAAA")), "unsupported"),
        (
            with_change(put("extensionsRequired", value=["KHR_draco_mesh_compression"])),
            "unsupported",
        ),
        (with_change(put("accessors", 0, "sparse", value={"count": 1})), "unsupported"),
        (with_change(put("accessors", 0, "count", value=2**30)), "too_large"),
        (with_change(put("accessors", 0, "count", value=3000)), "undecodable"),
        (with_change(put("accessors", 0, "count", value=-3)), "undecodable"),
        (with_change(put("accessors", 0, "byteOffset", value=2**31)), "undecodable"),
        (with_change(put("bufferViews", 1, "byteStride", value=1)), "undecodable"),
        (with_change(put("nodes", value=[{"mesh": 0, "children": [0]}])), "undecodable"),
        (with_change(put("nodes", 0, "scale", value=[float("nan")] * 3)), "undecodable"),
        (with_change(put("nodes", value=[{}] * 10_001)), "too_large"),
        (with_change(put("meshes", value={"a": 1})), "undecodable"),
        (build([1, 2]), "undecodable"),
        (b"glTF" + bytes(51 * 1024 * 1024), "too_large"),
    ],
)
def test_a_mesh_that_cannot_be_shown_says_why(data, code):
    assert outcome(data)[1] == code


def test_a_deeply_nested_json_is_refused():
    text = b"[" * 200_000
    chunk = struct.pack("<II", len(text), 0x4E4F534A) + text
    data = struct.pack("<III", 0x46546C67, 2, 12 + len(chunk)) + chunk

    assert outcome(data)[1] == "undecodable"


def test_instances_are_counted_before_they_are_built():
    tree, binary = parse(trimesh.creation.icosphere(subdivisions=5).export(file_type="glb"))
    tree["nodes"] = [{"mesh": 0}] * 200  # 200 × 20,480 triangles in 500 kB
    tree["scenes"] = [{"nodes": list(range(200))}]

    assert outcome(build(tree, binary))[1] == "too_large"


def test_many_small_files_of_large_textures_are_not_all_decoded():
    file = io.BytesIO()
    Image.new("1", (5000, 5000)).save(file, "PNG")  # 25 million pixels in a few kB
    tree, binary = parse(textured())
    tree["images"] = [{"bufferView": len(tree["bufferViews"]), "mimeType": "image/png"}]
    tree["bufferViews"].append(
        {"buffer": 0, "byteOffset": len(binary), "byteLength": len(file.getvalue())}
    )
    tree["textures"] = [{"source": 0}] * 9
    tree["materials"] = [
        {"pbrMetallicRoughness": {"baseColorTexture": {"index": index}}} for index in range(9)
    ]
    primitive = tree["meshes"][0]["primitives"][0]
    tree["meshes"][0]["primitives"] = [primitive | {"material": index} for index in range(9)]

    assert outcome(build(tree, binary + file.getvalue()))[1] == "too_large"


def test_a_child_in_two_places_does_not_multiply():
    tree, binary = parse(textured())
    chain = [{"children": [index + 1, index + 1]} for index in range(40)]
    tree["nodes"] = [*chain, {"mesh": 0}]
    tree["scenes"] = [{"nodes": [0]}]

    assert outcome(build(tree, binary))[1] == "undecodable"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_files_convert_or_give_a_known_reason(data):
    file = bytearray(textured(size=8) if data.draw(st.booleans()) else coloured())
    for position in data.draw(st.lists(st.integers(0, len(file) - 1), min_size=1, max_size=6)):
        file[position] = data.draw(st.integers(0, 255))
    output, code = outcome(bytes(file))

    assert output is not None or code in UNUSABLE_CODES


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
ANY_JSON = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_value_in_any_place_of_the_tree_converts_or_gives_a_known_reason(data):
    tree, binary = parse(textured(size=8))
    row = tree
    while True:
        keys = sorted(row) if isinstance(row, dict) else list(range(len(row)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(row[key], dict | list) or not row[key] or data.draw(st.booleans()):
            row[key] = data.draw(ANY_JSON)
            break
        row = row[key]
    output, code = outcome(build(tree, binary))

    assert output is not None or code in UNUSABLE_CODES


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_known_reason(data):
    output, code = outcome(data)

    assert output is not None or code in UNUSABLE_CODES


@pytest.mark.parametrize("folder", ["media_trimesh_mit", "media_kenney_cc0"])
def test_real_and_broken_files_convert_or_give_a_known_reason(folder):
    if not (DATA / folder).exists():
        pytest.skip(f"no {DATA / folder}: set AGON_TEST_DATA to the folder that has it")
    codes = {}
    for path in sorted((DATA / folder / "models").rglob("*")):
        if path.suffix.lower() in {".glb", ".gltf", ".obj", ".ply", ".stl", ".off", ".3mf"}:
            output, code = outcome(path.read_bytes())
            codes[path.name] = code
            assert output is not None or code in UNUSABLE_CODES
            assert output is None or path.suffix == ".glb"
            if output is not None:
                low, high = loaded(output.data).bounds
                assert np.max(high - low) == pytest.approx(1, abs=1e-4)
                assert low[1] == pytest.approx(0, abs=1e-4)

    if folder == "media_trimesh_mit":
        assert codes["empty_nodes.glb"] == "empty"
        assert sum(code is None for code in codes.values()) == 14
    else:  # these have their textures in files beside them
        assert set(codes.values()) == {"unsupported"}
