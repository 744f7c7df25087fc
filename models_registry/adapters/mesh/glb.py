"""Meshes as binary glTF, if there is anything to look at."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from models_registry.adapters.contract import Artifact
from models_registry.adapters.local import Blank

MAGIC = b"glTF"


def glb_artifact(
    vertices: NDArray[np.floating],
    faces: NDArray[np.integer],
    colours: NDArray[np.floating] | None = None,
) -> Artifact:
    """Return vertices (n, 3), faces (m, 3) and colours (n, 3) within 0..1 as binary glTF.

    Raises Blank for a surface without a triangle, or with corners at no finite point.
    """
    if not len(faces) or not len(vertices):
        raise Blank("a mesh without a triangle")
    if not np.isfinite(vertices).all():
        raise Blank("a mesh of broken numbers")
    if float(np.ptp(vertices, axis=0).max()) == 0.0:
        raise Blank("a mesh of one point")
    shades = None
    if colours is not None:
        shades = np.rint(np.nan_to_num(colours).clip(0.0, 1.0) * 255).astype(np.uint8)
    mesh = trimesh.Trimesh(vertices, faces, vertex_colors=shades, process=False)
    data: Any = mesh.export(file_type="glb")
    return Artifact(data, "model/gltf-binary")


def glb_of_obj(data: bytes) -> Artifact:
    """Return a Wavefront OBJ as binary glTF: its surface and the colours of its vertices.

    Materials are other files, which are not read. Raises Blank, and ValueError for no OBJ.
    """
    try:
        scene: Any = trimesh.load(
            io.BytesIO(data), file_type="obj", resolver=None, force="mesh", process=False
        )
        vertices, faces = np.asarray(scene.vertices), np.asarray(scene.faces)
    except Exception as error:
        raise ValueError(f"no OBJ can be read ({type(error).__name__})") from error
    colours = None
    if getattr(scene.visual, "kind", None) == "vertex":
        colours = np.asarray(scene.visual.vertex_colors)[:, :3] / 255.0
    return glb_artifact(vertices, faces, colours)
