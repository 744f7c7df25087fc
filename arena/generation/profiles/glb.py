"""Binary glTF 2.0, as little of it as a still surface needs: a strict reader and a plain writer.

The reader trusts no number in the file: every index, length and count is checked before an array
is made from it. The writer knows no name, no comment and no time, so the same geometry always
gives the same bytes. Source: Khronos glTF 2.0 specification, chapters 3 and 4.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arena.generation.profiles.outcome import UnusableOutput

MAGIC: Final = 0x46546C67  # "glTF"
JSON_CHUNK: Final = 0x4E4F534A
BIN_CHUNK: Final = 0x004E4942
MAX_JSON_BYTES: Final = 8 * 1024 * 1024  # a scene of 10,000 nodes has about one
TRIANGLES: Final = 4
GENERATOR: Final = "Agon"

# Required extensions that change nothing which the profile keeps, or that it reads.
READ_EXTENSIONS: Final = frozenset(
    {"KHR_materials_unlit", "KHR_mesh_quantization", "EXT_texture_webp"}
)
_COMPONENTS: Final = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_COLUMNS: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_VIEW_ARRAY: Final = 34962  # the GPU buffer a view is for: vertices, or
_VIEW_INDICES: Final = 34963  # indices


@dataclass(frozen=True)
class Document:
    """A parsed container: the JSON tree and the one binary chunk."""

    tree: dict[str, Any]
    binary: bytes

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """Return a top-level list of objects, such as "meshes"; [] when there is none."""
        rows = self.tree.get(kind, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise UnusableOutput("undecodable", f"{kind!r} is not a list of objects.")
        return rows

    def row(self, kind: str, index: object) -> dict[str, Any]:
        """Return one object by the index that another refers to it with."""
        rows = self.rows(kind)
        if not isinstance(index, int) or not 0 <= index < len(rows):
            raise UnusableOutput("undecodable", f"There is no {kind}[{index!r}].")
        return rows[index]

    def view(self, index: object) -> bytes:
        """Return the bytes of a buffer view."""
        view = self.row("bufferViews", index)
        first, size = _natural(view, "byteOffset", 0), _natural(view, "byteLength")
        if _natural(view, "buffer") != 0 or first + size > len(self.binary):
            raise UnusableOutput("undecodable", f"bufferViews[{index!r}] is outside of the file.")
        return self.binary[first : first + size]

    def count(self, index: object) -> int:
        """Return the number of elements of an accessor."""
        return _natural(self.row("accessors", index), "count")

    def array(self, index: object) -> NDArray[Any]:
        """Return an accessor as (count, columns); normalised integers become floats."""
        accessor = self.row("accessors", index)
        if "sparse" in accessor or "bufferView" not in accessor:
            raise UnusableOutput("unsupported", "Sparse or empty accessors are not read.")
        dtype = np.dtype(_COMPONENTS[accessor["componentType"]])
        columns, count = _COLUMNS[accessor["type"]], self.count(index)
        row_bytes = columns * dtype.itemsize
        raw = self.view(accessor["bufferView"])
        stride = _natural(self.row("bufferViews", accessor["bufferView"]), "byteStride", row_bytes)
        first = _natural(accessor, "byteOffset", 0)
        end = first + (count - 1) * stride + row_bytes
        # A stride shorter than a row would let a small file grow into a large array.
        if count == 0 or stride < row_bytes or end > len(raw):
            raise UnusableOutput("undecodable", f"accessors[{index!r}] does not fit its view.")
        cells = np.lib.stride_tricks.as_strided(
            np.frombuffer(raw, np.uint8, count=end - first, offset=first),
            (count, row_bytes),
            (stride, 1),
            writeable=False,
        )
        values = np.ascontiguousarray(cells).view(dtype).reshape(count, columns)
        if accessor.get("normalized") is True and dtype.kind in "iu":
            return np.maximum(values.astype(np.float64) / np.iinfo(dtype).max, -1.0)
        return values


def read(data: bytes) -> Document:
    """Parse a GLB container.

    Raises UnusableOutput: undecodable; unsupported for anything outside of the file (a "uri") and
    for required extensions that are not read, such as Draco compression.
    """
    if len(data) < 20:
        raise UnusableOutput("undecodable", "The file is too short for a GLB.")
    magic, version, length = struct.unpack_from("<III", data)
    if magic != MAGIC:
        raise UnusableOutput("unsupported", "The file is no GLB; send binary glTF 2.0.")
    if version != 2 or length != len(data):
        raise UnusableOutput(
            "undecodable", f"GLB version {version} says {length} bytes and has {len(data)}."
        )
    json_chunk, binary = _chunks(data)
    tree = json.loads(json_chunk)
    if not isinstance(tree, dict):
        raise UnusableOutput("undecodable", "The JSON of the GLB is not an object.")
    document = Document(tree, binary)
    for kind in ("buffers", "images"):
        if any("uri" in row for row in document.rows(kind)):
            raise UnusableOutput("unsupported", f"{kind} must be inside of the file, not at a URI.")
    unread = set(tree.get("extensionsRequired", [])) - READ_EXTENSIONS
    if unread:
        raise UnusableOutput("unsupported", f"Required extensions are not read: {sorted(unread)}.")
    return document


def _chunks(data: bytes) -> tuple[bytes, bytes]:
    """Return the JSON chunk and the first binary chunk (b"" when there is none)."""
    chunks: list[tuple[int, bytes]] = []
    position = 12
    while position + 8 <= len(data):
        size, kind = struct.unpack_from("<II", data, position)
        position += 8
        if size > len(data) - position:
            raise UnusableOutput("undecodable", "A chunk of the GLB ends after the file.")
        chunks.append((kind, data[position : position + size]))
        position += size
    if not chunks or chunks[0][0] != JSON_CHUNK or len(chunks[0][1]) > MAX_JSON_BYTES:
        raise UnusableOutput("undecodable", "The GLB does not begin with a JSON chunk.")
    return chunks[0][1], next((body for kind, body in chunks[1:] if kind == BIN_CHUNK), b"")


def _natural(row: dict[str, Any], key: str, default: int | None = None) -> int:
    value = row.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise UnusableOutput("undecodable", f"{key!r} is {value!r}; a count was expected.")
    return value


class Writer:
    """Collects arrays and images into one buffer, then writes the container."""

    def __init__(self) -> None:
        self._binary = bytearray()
        self.tree: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": GENERATOR},
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [{"mesh": 0}],
        }

    def append(self, kind: str, row: dict[str, Any]) -> int:
        """Add an object to a top-level list and return its index."""
        rows: list[dict[str, Any]] = self.tree.setdefault(kind, [])
        rows.append(row)
        return len(rows) - 1

    def add_array(self, values: NDArray[Any], *, is_index: bool = False) -> int:
        """Add rows of float32, uint32 or (as normalised colour) uint8; return the accessor.

        Shape (count,) or (count, columns); positions get the bounds that the format asks for by
        `add_positions`.
        """
        codes = {"f": 5126, "u": 5125}
        rows = values.reshape(len(values), -1)
        is_colour = rows.dtype == np.uint8
        row: dict[str, Any] = {
            "bufferView": self._view(
                rows.astype(rows.dtype.newbyteorder("<"), copy=False).tobytes(),
                _VIEW_INDICES if is_index else _VIEW_ARRAY,
            ),
            "componentType": 5121 if is_colour else codes[rows.dtype.kind],
            "count": len(rows),
            "type": {width: name for name, width in _COLUMNS.items()}[rows.shape[1]],
        }
        if is_colour:
            row["normalized"] = True
        return self.append("accessors", row)

    def add_positions(self, values: NDArray[np.float32]) -> int:
        """Add (n_vertices, 3) with the minimum and maximum that the format requires."""
        index = self.add_array(values)
        row = self.tree["accessors"][index]
        row["min"], row["max"] = values.min(axis=0).tolist(), values.max(axis=0).tolist()
        return index

    def add_texture(self, image: bytes, media_type: str) -> int:
        """Add an encoded image and return the texture that shows it."""
        source = self.append("images", {"bufferView": self._view(image), "mimeType": media_type})
        return self.append("textures", {"source": source})

    def as_bytes(self) -> bytes:
        """Return the finished container."""
        self.tree["buffers"] = [{"byteLength": len(self._binary)}]
        header = json.dumps(self.tree, separators=(",", ":"), allow_nan=False).encode()
        header += b" " * (-len(header) % 4)
        size = 12 + 8 + len(header) + 8 + len(self._binary)
        return b"".join(
            (
                struct.pack("<III", MAGIC, 2, size),
                struct.pack("<II", len(header), JSON_CHUNK),
                header,
                struct.pack("<II", len(self._binary), BIN_CHUNK),
                self._binary,
            )
        )

    def _view(self, body: bytes, target: int | None = None) -> int:
        row: dict[str, Any] = {
            "buffer": 0,
            "byteOffset": len(self._binary),
            "byteLength": len(body),
        }
        if target is not None:
            row["target"] = target
        self._binary += body + b"\0" * (-len(body) % 4)
        return self.append("bufferViews", row)
