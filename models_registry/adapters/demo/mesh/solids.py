"""Solids of the demo meshes: revolved profiles, tubes, superquadrics, sheets; and their GLB file.

All are closed with their normals outwards, unless said otherwise; Y is up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import trimesh
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]
Faces = NDArray[np.int64]

MEDIA_TYPE = "model/gltf-binary"
MOST_TRIANGLES = 150_000


@dataclass(frozen=True)
class Material:
    """A glTF metallic-roughness material; the colour is sRGB in 0..1."""

    rgb: tuple[float, float, float]
    metallic: float = 0.0
    roughness: float = 0.8
    alpha: float = 1.0
    glow: float = 0.0  # 0 none .. 1: emits its own colour
    is_double_sided: bool = False


@dataclass(frozen=True)
class Part:
    """One surface of a model: (n, 3) points, (m, 3) faces counter-clockwise from outside."""

    points: Points
    faces: Faces
    material: Material
    colours: NDArray[np.float32] | None = None  # (n, 3) sRGB; replaces the material's colour

    def moved(self, offset: ArrayLike) -> Part:
        """Return the part shifted by (3,)."""
        return Part(self.points + np.asarray(offset), self.faces, self.material, self.colours)


def rgb(colour: ArrayLike) -> tuple[float, float, float]:
    """Return any (3,) colour as a plain tuple."""
    red, green, blue = (float(c) for c in np.asarray(colour))
    return red, green, blue


def _grid_faces(rows: int, columns: int, *, wraps: bool) -> Faces:
    """Return the faces of a (rows, columns) sheet of points, row by row."""
    across = columns if wraps else columns - 1
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(across), indexing="ij")
    a = row * columns + column
    b = row * columns + (column + 1) % columns
    c, d = a + columns, b + columns
    return np.concatenate(
        [np.stack([a, c, b], axis=-1).reshape(-1, 3), np.stack([b, c, d], axis=-1).reshape(-1, 3)]
    )


def _capped(rings: Points, first: ArrayLike, last: ArrayLike) -> tuple[Points, Faces]:
    """Join rings (n, sides, 3) and close both ends with fans around `first` and `last`."""
    count, sides, _ = rings.shape
    points = np.concatenate([rings.reshape(-1, 3), [np.asarray(first)], [np.asarray(last)]])
    side = np.arange(sides)
    following = (side + 1) % sides
    low = np.full(sides, count * sides)
    top = (count - 1) * sides
    faces = [
        _grid_faces(count, sides, wraps=True),
        np.stack([low, side, following], axis=-1),
        np.stack([low + 1, top + following, top + side], axis=-1),
    ]
    return points, np.concatenate(faces)


def revolve(profile: ArrayLike, *, segments: int = 96) -> tuple[Points, Faces]:
    """Turn a profile (n, 2) of (radius, height) about the Y axis.

    The profile must start and end on the axis (radius 0) and run anticlockwise seen with the axis
    on the left: up the outside, and for hollow forms down the inside.
    """
    outline = np.asarray(profile, dtype=np.float64)
    angle = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    inner = outline[1:-1]
    rings = np.empty((len(inner), segments, 3))
    rings[..., 0] = inner[:, None, 0] * np.cos(angle)
    rings[..., 1] = inner[:, None, 1]
    rings[..., 2] = inner[:, None, 0] * np.sin(angle)
    return _capped(rings, (0, outline[0, 1], 0), (0, outline[-1, 1], 0))


def tube(path: ArrayLike, radii: ArrayLike, *, sides: int = 8) -> tuple[Points, Faces]:
    """Sweep circles of `radii` (n,) along `path` (n, 3) without twist, closed at both ends."""
    spine, radius = np.asarray(path, dtype=np.float64), np.asarray(radii, dtype=np.float64)
    forward = np.gradient(spine, axis=0)
    forward /= np.linalg.norm(forward, axis=1, keepdims=True) + 1e-12
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    helper = np.eye(3)[int(np.argmin(np.abs(forward[0])))]
    side = np.cross(forward[0], helper)
    rings = np.empty((len(spine), sides, 3))
    for index, along in enumerate(forward):
        side = side - along * (side @ along)  # carried along: no sudden twist
        side /= np.linalg.norm(side) + 1e-12
        up = np.cross(side, along)
        circle = np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * up
        rings[index] = spine[index] + radius[index] * circle
    return _capped(rings, spine[0], spine[-1])


def superquadric(
    half_size: ArrayLike, *, e_up: float = 1.0, e_round: float = 1.0, detail: int = 28
) -> tuple[Points, Faces]:
    """Return a superellipsoid of half axes (3,) about the origin.

    Exponents near 0 give a box, 1 an ellipsoid, 2 an octahedron: `e_up` from pole to pole,
    `e_round` around. Barr 1981, IEEE Computer Graphics and Applications 1(1),
    doi:10.1109/MCG.1981.1673799.
    """

    def power(x: Points, exponent: float) -> Points:
        return np.asarray(np.sign(x) * np.abs(x) ** exponent)

    latitude = np.linspace(-np.pi / 2, np.pi / 2, detail + 1)[1:-1]
    longitude = np.linspace(0, 2 * np.pi, 2 * detail, endpoint=False)
    ring = power(np.cos(latitude), e_up)[:, None]
    sizes = np.asarray(half_size, dtype=np.float64)
    rings = np.empty((len(latitude), len(longitude), 3))
    rings[..., 0] = sizes[0] * ring * power(np.cos(longitude), e_round)
    rings[..., 1] = sizes[1] * power(np.sin(latitude), e_up)[:, None]
    rings[..., 2] = sizes[2] * ring * power(np.sin(longitude), e_round)
    return _capped(rings, (0, -sizes[1], 0), (0, sizes[1], 0))


def relief_block(heights: ArrayLike, *, floor: float) -> tuple[Points, Faces]:
    """Return a block of unit width and depth, its top the heights (n, n), its foot at `floor`."""
    top = np.asarray(heights, dtype=np.float64)
    n = len(top)
    place = np.linspace(-0.5, 0.5, n)
    x, z = np.meshgrid(place, place)
    points = np.stack([x, top, z], axis=-1).reshape(-1, 3)
    index = np.arange(n * n).reshape(n, n)
    edge = np.concatenate([index[0, :-1], index[:-1, -1], index[-1, :0:-1], index[:0:-1, 0]])
    # The walls have points of their own, so that the rim stays sharp.
    rim = points[edge]
    foot = rim.copy()
    foot[:, 1] = floor
    walls, wall_faces = _capped(np.stack([foot, rim]), (0, floor, 0), (0, 0, 0))
    # The lid of the walls is not wanted, nor its middle point, which is the last.
    walls, keep = walls[:-1], (wall_faces < 2 * len(edge) + 1).all(axis=1)
    all_points = np.concatenate([points, walls])
    return all_points, np.concatenate([_grid_faces(n, n, wraps=False), wall_faces[keep] + n * n])


def joined(shapes: Sequence[tuple[Points, Faces]]) -> tuple[Points, Faces]:
    """Put several shapes into one list of points and faces."""
    offsets = np.cumsum([0, *(len(points) for points, _ in shapes[:-1])])
    faces = [shape[1] + offset for shape, offset in zip(shapes, offsets, strict=True)]
    return np.concatenate([shape[0] for shape in shapes]), np.concatenate(faces)


def _linear(srgb: ArrayLike) -> NDArray[np.float64]:
    """glTF's colour factors and vertex colours are linear light."""
    s = np.clip(np.asarray(srgb, dtype=np.float64), 0, 1)
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)


def _trimesh_of(part: Part) -> trimesh.Trimesh:
    material = part.material
    # Vertex colours multiply the material's: one of the two is white.
    base = (1.0, 1.0, 1.0) if part.colours is not None else material.rgb
    pbr = trimesh.visual.material.PBRMaterial(  # type: ignore[no-untyped-call]
        baseColorFactor=[*_linear(base), material.alpha],
        metallicFactor=material.metallic,
        roughnessFactor=material.roughness,
        emissiveFactor=list(_linear(material.rgb) * material.glow),
        alphaMode="BLEND" if material.alpha < 1 else "OPAQUE",
        doubleSided=material.is_double_sided,
    )
    mesh = trimesh.Trimesh(part.points, part.faces, process=False)
    mesh.visual = trimesh.visual.TextureVisuals(material=pbr)  # type: ignore[no-untyped-call]
    if part.colours is not None:
        eight_bit = np.full((len(part.points), 4), 255, dtype=np.uint8)
        eight_bit[:, :3] = np.round(_linear(part.colours) * 255)
        mesh.visual.vertex_attributes["color"] = eight_bit
    return mesh


def export_glb(parts: Sequence[Part]) -> bytes:
    """Write the parts as GLB: largest extent 1, on the ground (y = 0), centred on the Y axis."""
    count = sum(len(part.faces) for part in parts)
    if count > MOST_TRIANGLES:
        raise ValueError(f"The model has {count} triangles; at most {MOST_TRIANGLES} are allowed.")
    corners = np.concatenate([part.points for part in parts])
    low, high = corners.min(axis=0), corners.max(axis=0)
    scale = 1.0 / float((high - low).max())
    origin = np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])
    scene = trimesh.Scene()
    for index, part in enumerate(parts):
        points = (part.points - origin) * scale
        mesh = _trimesh_of(Part(points, part.faces, part.material, part.colours))
        scene.add_geometry(mesh, geom_name=f"part-{index}", node_name=f"part-{index}")
    data = scene.export(  # type: ignore[no-untyped-call]
        file_type="glb", include_normals=True, unitize_normals=True
    )
    return bytes(data)
