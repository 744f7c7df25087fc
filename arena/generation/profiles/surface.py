"""Read the surfaces of a GLB: triangles in the world, what colours them, and nothing else."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import trimesh
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial.transform import Rotation  # type: ignore[import-untyped]

from arena.common.pictures import fit, flattened
from arena.generation.profiles.glb import TRIANGLES, Document
from arena.generation.profiles.image import open_checked
from arena.generation.profiles.outcome import UnusableOutput

MAX_TRIANGLES: Final = 2_000_000  # counted over all instances, before anything is built
MAX_VERTICES: Final = 6_000_000  # three for each triangle
MAX_NODES: Final = 10_000
MAX_MATERIALS: Final = 256
MAX_TEXTURE_PIXELS: Final = 100_000_000  # over all pictures: six of 4096 × 4096
TEXTURE_PX: Final = 1024
TEXTURE_QUALITY: Final = 90  # lossy, so that no payload in the low bits survives
ALPHA_LEVELS: Final = 16  # soft edges stay, a payload in the low bits of alpha does not
STRIP: Final = 5

AlphaMode = Literal["OPAQUE", "MASK", "BLEND"]


@dataclass(frozen=True)
class Material:
    """What the profile keeps of a material; equal materials are drawn as one surface."""

    base_colour: tuple[float, float, float, float]  # linear RGBA, 0..1
    metallic: float
    roughness: float
    alpha_mode: AlphaMode = "OPAQUE"
    alpha_cutoff: float = 0.5
    texture: bytes = b""  # encoded again; b"" for none
    texture_type: str = ""


# A primitive without a material: glTF's own default is bare metal, black wherever a viewer has no
# surroundings to mirror, so clay is shown.
CLAY: Final = Material((1.0, 1.0, 1.0, 1.0), metallic=0.0, roughness=1.0)


@dataclass(frozen=True)
class Surface:
    """Triangles of one material, in world coordinates."""

    vertices: NDArray[np.float64]  # (n_vertices, 3)
    faces: NDArray[np.int64]  # (n_faces, 3)
    normals: NDArray[np.float64]  # (n_vertices, 3), of length 1
    uv: NDArray[np.float64] | None  # (n_vertices, 2)
    colours: NDArray[np.uint8] | None  # (n_vertices, 4), RGBA
    material: Material


def read_surfaces(document: Document) -> list[Surface]:
    """Return every instance of every triangle primitive of the shown scene, in document order.

    Skins, morph targets and animations are left out: a skinned mesh stands in its bind pose.
    Raises UnusableOutput: too_large, unsupported, undecodable.
    """
    instances = [
        (primitive, world)
        for mesh_index, world in _instances(document)
        for primitive in document.row("meshes", mesh_index)["primitives"]
        if primitive.get("mode", TRIANGLES) in (TRIANGLES, STRIP)
    ]
    _check_sizes(document, [primitive for primitive, _ in instances])
    materials = _Materials(document)
    return [_surface(document, primitive, world, materials) for primitive, world in instances]


def _instances(document: Document) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Walk the scene's tree; yield each node's mesh and its (4, 4) transform to the world."""
    nodes, scenes = document.rows("nodes"), document.rows("scenes")
    if len(nodes) > MAX_NODES:
        raise UnusableOutput("too_large", f"The scene has {len(nodes)} nodes; at most {MAX_NODES}.")
    if scenes:
        roots = document.row("scenes", document.tree.get("scene", 0)).get("nodes", [])
    else:
        children = {child for node in nodes for child in node.get("children", [])}
        roots = [index for index in range(len(nodes)) if index not in children]
    seen: set[int] = set()
    waiting = [(index, np.eye(4)) for index in reversed(roots)]
    while waiting:
        index, parent = waiting.pop()
        node = document.row("nodes", index)
        if index in seen:  # shared children would multiply without end; glTF wants a strict tree
            raise UnusableOutput("undecodable", f"nodes[{index}] hangs in two places of the tree.")
        seen.add(index)
        world = parent @ _local(node)
        if not np.isfinite(world).all():
            raise UnusableOutput("undecodable", f"nodes[{index}] is placed at no finite point.")
        if "mesh" in node:
            yield node["mesh"], world
        waiting.extend((child, world) for child in reversed(node.get("children", [])))


def _local(node: dict[str, Any]) -> NDArray[np.float64]:
    """Return a node's own (4, 4) transform: its matrix, or translation · rotation · scale."""
    if "matrix" in node:
        return np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
    local = np.eye(4)
    if "rotation" in node:  # a quaternion x, y, z, w
        local[:3, :3] = Rotation.from_quat(node["rotation"]).as_matrix()
    if "scale" in node:
        local[:3, :3] *= np.array(node["scale"], dtype=np.float64).reshape(3)
    if "translation" in node:
        local[:3, 3] = np.array(node["translation"], dtype=np.float64).reshape(3)
    return local


def _check_sizes(document: Document, primitives: list[dict[str, Any]]) -> None:
    triangles = vertices = 0
    for primitive in primitives:
        n_vertices = document.count(primitive["attributes"]["POSITION"])
        n_corners = document.count(primitive["indices"]) if "indices" in primitive else n_vertices
        triangles += n_corners if primitive.get("mode") == STRIP else n_corners // 3
        vertices += n_vertices
    if triangles > MAX_TRIANGLES or vertices > MAX_VERTICES:
        raise UnusableOutput(
            "too_large",
            f"The mesh has {triangles} triangles and {vertices} vertices; "
            f"at most {MAX_TRIANGLES} and {MAX_VERTICES}.",
        )


def _surface(
    document: Document,
    primitive: dict[str, Any],
    world: NDArray[np.float64],
    materials: _Materials,
) -> Surface:
    attributes = primitive["attributes"]
    vertices = document.array(attributes["POSITION"]).astype(np.float64).reshape(-1, 3)
    faces = _faces(document, primitive, len(vertices))
    material, uv_set = materials.of(primitive.get("material"))
    normals = None
    if "NORMAL" in attributes:
        normals = document.array(attributes["NORMAL"]).astype(np.float64).reshape(-1, 3)
    mesh = trimesh.Trimesh(vertices, faces, vertex_normals=normals, process=False)
    _ = mesh.vertex_normals  # computed from the faces where the file has none, or has zeros
    mesh.apply_transform(world)  # turns normals, and the winding of mirrored instances
    uv = colours = None
    if material.texture and f"TEXCOORD_{uv_set}" in attributes:
        uv = _per_vertex(document, attributes[f"TEXCOORD_{uv_set}"], len(vertices))[:, :2]
    if "COLOR_0" in attributes:
        colours = _colours(_per_vertex(document, attributes["COLOR_0"], len(vertices)))
    return Surface(
        vertices=np.array(mesh.vertices),
        faces=np.array(mesh.faces),
        normals=np.array(mesh.vertex_normals),
        uv=uv,
        colours=colours,
        material=material,
    )


def _faces(document: Document, primitive: dict[str, Any], n_vertices: int) -> NDArray[np.int64]:
    if "indices" in primitive:
        corners = document.array(primitive["indices"]).astype(np.int64).reshape(-1)
    else:
        corners = np.arange(n_vertices)
    if corners.min() < 0 or corners.max() >= n_vertices:
        raise UnusableOutput("undecodable", f"A face names a vertex beyond the {n_vertices}.")
    if primitive.get("mode", TRIANGLES) == STRIP:
        corners = np.array(trimesh.util.triangle_strips_to_faces([corners])).reshape(-1)
    if len(corners) % 3:
        raise UnusableOutput("undecodable", f"{len(corners)} corners make no whole triangles.")
    return corners.reshape(-1, 3)


def _per_vertex(document: Document, accessor: object, n_vertices: int) -> NDArray[np.float64]:
    values = document.array(accessor).astype(np.float64)
    if len(values) != n_vertices or not np.isfinite(values).all():
        raise UnusableOutput("undecodable", f"{len(values)} rows for {n_vertices} vertices.")
    return values


def _colours(linear: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return RGBA bytes of (n, 3) or (n, 4) colours within 0..1."""
    rgba = np.ones((len(linear), 4))
    rgba[:, : linear.shape[1]] = linear
    return np.rint(np.clip(rgba, 0, 1) * 255).astype(np.uint8)


class _Materials:
    """The document's materials, each read once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._read: dict[int, tuple[Material, int]] = {}
        self._encoded: dict[tuple[int, bool], tuple[bytes, str]] = {}
        self._pixels = 0

    def of(self, index: int | None) -> tuple[Material, int]:
        """Return a material and the number of the UV set that its texture uses."""
        if index is None:
            return CLAY, 0
        if index not in self._read:
            if len(self._read) >= MAX_MATERIALS:
                raise UnusableOutput("too_large", f"More than {MAX_MATERIALS} materials.")
            self._read[index] = self._material(self._document.row("materials", index))
        return self._read[index]

    def _material(self, row: dict[str, Any]) -> tuple[Material, int]:
        pbr = row.get("pbrMetallicRoughness", {})
        alpha_mode: AlphaMode = row.get("alphaMode", "OPAQUE")
        if alpha_mode not in ("OPAQUE", "MASK", "BLEND"):
            raise UnusableOutput("undecodable", f"alphaMode is {alpha_mode!r}.")
        metallic, roughness = self._metal(pbr)
        red, green, blue, alpha = (_unit(part) for part in pbr.get("baseColorFactor", [1, 1, 1, 1]))
        texture, texture_type, uv_set = b"", "", 0
        if "baseColorTexture" in pbr:
            texture, texture_type = self._texture(
                pbr["baseColorTexture"]["index"], has_alpha=alpha_mode != "OPAQUE"
            )
            uv_set = int(pbr["baseColorTexture"].get("texCoord", 0))
        return (
            Material(
                base_colour=(red, green, blue, alpha),
                metallic=metallic,
                roughness=roughness,
                alpha_mode=alpha_mode,
                alpha_cutoff=_unit(row.get("alphaCutoff", 0.5)),
                texture=texture,
                texture_type=texture_type,
            ),
            uv_set,
        )

    def _metal(self, pbr: dict[str, Any]) -> tuple[float, float]:
        """Return metallic and roughness; of a texture its mean (blue, green), since it is dropped.

        The bare factors would be wrong: with a texture they are usually both 1.
        """
        metallic, roughness = (
            _unit(pbr.get("metallicFactor", 1)),
            _unit(pbr.get("roughnessFactor", 1)),
        )
        if "metallicRoughnessTexture" in pbr:
            picture = self._picture(pbr["metallicRoughnessTexture"]["index"])
            _, green, blue = np.asarray(picture.convert("RGB")).mean(axis=(0, 1)) / 255
            metallic, roughness = metallic * float(blue), roughness * float(green)
        return round(metallic, 3), round(roughness, 3)

    def _texture(self, index: int, *, has_alpha: bool) -> tuple[bytes, str]:
        """Return a texture encoded again; materials often share one."""
        if (index, has_alpha) not in self._encoded:
            self._encoded[index, has_alpha] = encode_texture(
                self._picture(index), has_alpha=has_alpha
            )
        return self._encoded[index, has_alpha]

    def _picture(self, index: object) -> Image.Image:
        texture = self._document.row("textures", index)
        webp = texture.get("extensions", {}).get("EXT_texture_webp", {})
        image = self._document.row("images", webp.get("source", texture.get("source")))
        picture = open_checked(self._document.view(image["bufferView"]))
        self._pixels += picture.width * picture.height
        if self._pixels > MAX_TEXTURE_PIXELS:
            raise UnusableOutput("too_large", f"Textures of over {MAX_TEXTURE_PIXELS} pixels.")
        return picture


def encode_texture(picture: Image.Image, *, has_alpha: bool) -> tuple[bytes, str]:
    """Encode a base-colour picture again, at most TEXTURE_PX on its longer side.

    JPEG where it is opaque. With alpha a PNG whose colours and alpha went through the same JPEG,
    with ALPHA_LEVELS levels of alpha, since glTF has no lossy container with alpha.
    """
    picture.load()
    is_seen_through = has_alpha and picture.has_transparency_data
    rgba = picture.convert("RGBA") if is_seen_through else None
    colours = _jpeg(rgba.convert("RGB") if rgba else _opaque(picture))
    if rgba is None:
        return colours, "image/jpeg"
    clean = Image.open(io.BytesIO(colours)).convert("RGB")
    alpha = np.asarray(Image.open(io.BytesIO(_jpeg(rgba.getchannel("A")))))
    step = 255 / (ALPHA_LEVELS - 1)
    clean.putalpha(Image.fromarray((np.rint(alpha / step) * step).astype(np.uint8)))
    with_alpha = io.BytesIO()
    clean.save(with_alpha, "PNG")
    return with_alpha.getvalue(), "image/png"


def _jpeg(picture: Image.Image) -> bytes:
    encoded = io.BytesIO()
    fitted = fit(picture, TEXTURE_PX, is_enlarged=False)
    bare = Image.new(fitted.mode, fitted.size)  # without the comment and profile of the original
    bare.paste(fitted)
    bare.save(encoded, "JPEG", quality=TEXTURE_QUALITY, subsampling=0)
    return encoded.getvalue()


def _opaque(picture: Image.Image) -> Image.Image:
    """Return the colours of an opaque material's picture; glTF ignores its alpha."""
    if picture.has_transparency_data:
        return picture.convert("RGBA").convert("RGB")
    return flattened(picture)


def _unit(value: object) -> float:
    number = float(value)  # type: ignore[arg-type]
    if not np.isfinite(number):
        raise UnusableOutput("undecodable", f"A material has the factor {value!r}.")
    return round(min(max(number, 0.0), 1.0), 4)
