"""A mesh made anonymous: its surface alone, in one pose, one size and one plain container."""

from __future__ import annotations

import itertools
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arena.generation.profiles import glb
from arena.generation.profiles.outcome import AnonymousOutput, UnusableOutput, decoding
from arena.generation.profiles.surface import Material, Surface, read_surfaces

MAX_BYTES: Final = 50 * 1024 * 1024
# Steps that coordinates are rounded to, powers of two: 1.5e-5 of the unit box is below what a
# screen shows, and removes a payload in the low bits of the mantissa.
POSITION_STEP: Final = 2.0**-16
NORMAL_STEP: Final = 2.0**-10
UV_STEP: Final = 2.0**-14
LEAST_AREA: Final = 1e-10  # of the unit box; below it there is nothing to look at


def anonymous_mesh(data: bytes) -> AnonymousOutput:
    """Return a GLB with one mesh that stands in the middle of the ground, its longest side 1 unit.

    Kept: positions, normals, the UV set and base-colour texture (encoded again, at most 1024 px),
    vertex colours, base colour, metallic, roughness, alpha mode. Everything else goes: names,
    extras, extensions, the scene's structure, cameras, lights, skins, animations, other textures,
    vertices that no face uses. +Y is up, as glTF says. All surfaces are two-sided.

    Raises UnusableOutput: too_large, unsupported, undecodable, empty.
    """
    if len(data) > MAX_BYTES:
        raise UnusableOutput(
            "too_large", f"The mesh has {len(data)} bytes; at most {MAX_BYTES} are read."
        )
    with decoding("mesh"):
        surfaces = _merged([_used(s) for s in read_surfaces(glb.read(data)) if len(s.faces)])
        if not surfaces:
            raise UnusableOutput("empty", "The mesh has no triangle.")
        placed = _placed(surfaces)
    return AnonymousOutput(
        data=_written(placed),
        text=None,
        media_type="model/gltf-binary",
        extension=".glb",
        details={
            "triangles": sum(len(surface.faces) for surface in placed),
            "is_textured": any(_has_colours_of_its_own(surface) for surface in placed),
        },
    )


def _used(surface: Surface) -> Surface:
    """Leave out vertices that no face uses."""
    used, faces = np.unique(surface.faces, return_inverse=True)
    return Surface(
        vertices=surface.vertices[used],
        faces=faces.reshape(-1, 3),
        normals=surface.normals[used],
        uv=None if surface.uv is None else surface.uv[used],
        colours=None if surface.colours is None else surface.colours[used],
        material=surface.material,
    )


def _has_colours_of_its_own(surface: Surface) -> bool:
    """Say whether a surface shows a picture, or vertex colours that are not all the same."""
    if surface.uv is not None:  # kept only with a texture
        return True
    return surface.colours is not None and bool((surface.colours != surface.colours[0]).any())


def _merged(surfaces: list[Surface]) -> list[Surface]:
    """Join the surfaces that are drawn alike: how a model splits its scene is a signature."""
    groups: dict[tuple[Material, bool, bool], list[Surface]] = {}
    for surface in surfaces:
        key = (surface.material, surface.uv is not None, surface.colours is not None)
        groups.setdefault(key, []).append(surface)
    return [_joined(group) for group in groups.values()]


def _joined(group: list[Surface]) -> Surface:
    starts = itertools.accumulate((len(s.vertices) for s in group), initial=0)
    uvs = [s.uv for s in group if s.uv is not None]
    colours = [s.colours for s in group if s.colours is not None]
    return Surface(
        vertices=np.concatenate([s.vertices for s in group]),
        faces=np.concatenate([s.faces + start for s, start in zip(group, starts, strict=False)]),
        normals=np.concatenate([s.normals for s in group]),
        uv=np.concatenate(uvs) if uvs else None,
        colours=np.concatenate(colours) if colours else None,
        material=group[0].material,
    )


def _placed(surfaces: list[Surface]) -> list[Surface]:
    """Scale to a longest side of 1 and stand on y = 0, centred on x and z."""
    every = np.concatenate([surface.vertices for surface in surfaces])
    if not np.isfinite(every).all():
        raise UnusableOutput("undecodable", "The mesh has corners at no finite point.")
    low, high = every.min(axis=0), every.max(axis=0)
    size = float((high - low).max())
    if not 1e-30 < size < 1e30:
        raise UnusableOutput("empty", f"The mesh is {size:g} units large; it shows nothing.")
    origin = (low + high) / 2
    origin[1] = low[1]
    placed = [
        Surface(
            vertices=_rounded((surface.vertices - origin) / size, POSITION_STEP),
            faces=surface.faces,
            normals=_rounded(_unit_normals(surface.normals), NORMAL_STEP),
            uv=None if surface.uv is None else _rounded(surface.uv, UV_STEP),
            colours=surface.colours,
            material=surface.material,
        )
        for surface in surfaces
    ]
    if sum(_area(surface) for surface in placed) < LEAST_AREA:
        raise UnusableOutput("empty", "All triangles of the mesh are flat lines or points.")
    return placed


def _rounded(values: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    rounded: NDArray[np.float64] = np.rint(values / step) * step + 0.0  # + 0.0: no negative zero
    return rounded


def _unit_normals(normals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return normals of length 1; those without a direction point up."""
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    has_direction = np.isfinite(lengths) & (lengths > 1e-12)
    safe = np.where(has_direction, lengths, 1.0)
    return np.where(has_direction, normals, [0.0, 1.0, 0.0]) / safe


def _area(surface: Surface) -> float:
    a, b, c = (surface.vertices[surface.faces[:, corner]] for corner in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def _written(surfaces: list[Surface]) -> bytes:
    writer = glb.Writer()
    textures: dict[bytes, int] = {}
    primitives = []
    for surface in surfaces:
        attributes = {
            "POSITION": writer.add_positions(surface.vertices.astype(np.float32)),
            "NORMAL": writer.add_array(surface.normals.astype(np.float32)),
        }
        if surface.uv is not None:
            attributes["TEXCOORD_0"] = writer.add_array(surface.uv.astype(np.float32))
        if surface.colours is not None:
            attributes["COLOR_0"] = writer.add_array(surface.colours)
        primitives.append(
            {
                "attributes": attributes,
                "indices": writer.add_array(
                    surface.faces.reshape(-1).astype(np.uint32), is_index=True
                ),
                "material": writer.append("materials", _material_row(writer, surface, textures)),
                "mode": glb.TRIANGLES,
            }
        )
    writer.append("meshes", {"primitives": primitives})
    return writer.as_bytes()


def _material_row(
    writer: glb.Writer, surface: Surface, textures: dict[bytes, int]
) -> dict[str, Any]:
    material = surface.material
    pbr: dict[str, Any] = {
        "baseColorFactor": list(material.base_colour),
        "metallicFactor": material.metallic,
        "roughnessFactor": material.roughness,
    }
    if surface.uv is not None:
        if material.texture not in textures:
            textures[material.texture] = writer.add_texture(material.texture, material.texture_type)
        pbr["baseColorTexture"] = {"index": textures[material.texture]}
    row: dict[str, Any] = {"pbrMetallicRoughness": pbr, "doubleSided": True}
    if material.alpha_mode != "OPAQUE":
        row["alphaMode"] = material.alpha_mode
    if material.alpha_mode == "MASK":
        row["alphaCutoff"] = material.alpha_cutoff
    return row
