"""What children are asked to do: functions of bytes and options that return facts and bytes.

They run in the sandbox (arena/common/sandbox), where no file can be opened: `prepare` does each
once on a sample of ours, so that all that it needs is loaded.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from typing import Any

from arena.common.sandbox import Refused
from arena.generation.profiles.outcome import AnonymousOutput, UnusableOutput

Done = tuple[dict[str, Any], bytes]


def image_output(data: bytes, options: dict[str, Any]) -> Done:
    """Make an image anonymous; options: none."""
    from arena.generation.profiles.image import anonymous_image

    return _done(lambda: anonymous_image(data))


def music_output(data: bytes, options: dict[str, Any]) -> Done:
    """Make a clip anonymous; options: duration_s."""
    from arena.generation.profiles.audio import anonymous_audio

    return _done(lambda: anonymous_audio(data, duration_s=options["duration_s"]))


def mesh_output(data: bytes, options: dict[str, Any]) -> Done:
    """Make a mesh anonymous; options: none."""
    from arena.generation.profiles.mesh import anonymous_mesh

    return _done(lambda: anonymous_mesh(data))


def prepare(name: str) -> None:
    """Load all that one of the functions above will need."""
    if name == "image_output":
        for sample in _pictures():
            image_output(sample, {})
    elif name == "music_output":
        for sample in _clips():
            music_output(sample, {"duration_s": 1.0})
    elif name == "mesh_output":
        prepare("image_output")  # its textures
        for sample in _meshes():
            mesh_output(sample, {})


def _done(make: Callable[[], AnonymousOutput]) -> Done:
    try:
        output = make()
    except UnusableOutput as error:
        raise Refused(error.code, error.message) from error.__cause__
    assert output.data is not None
    return output.details, output.data


def _pictures() -> list[bytes]:
    from arena.common.sandbox.pictures import samples
    from arena.generation.profiles.image import READ_FORMATS

    return samples(READ_FORMATS)


def _clips() -> list[bytes]:
    """Return a second of sound, loud enough to be limited, in every format that is read."""
    import numpy as np
    import soundfile  # type: ignore[import-untyped]

    rate_hz = 16_000
    noise = np.random.default_rng(0).normal(0, 0.05, rate_hz).astype(np.float32)
    noise[:: rate_hz // 4] = 0.9
    clips = []
    for kind in ("WAV", "FLAC", "OGG", "MP3", "AIFF"):
        file = io.BytesIO()
        with soundfile.SoundFile(file, "w", samplerate=rate_hz, channels=1, format=kind) as clip:
            clip.write(noise)
        clips.append(file.getvalue())
    return clips


def _meshes() -> list[bytes]:
    """Return a turned triangle with a picture on it, without and with normals."""
    picture = _pictures()[0]
    corners = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 1)
    binary = corners + picture
    binary += b"\0" * (-len(binary) % 4)
    points = {"bufferView": 0, "componentType": 5126, "count": 3}
    tree: dict[str, Any] = {
        "asset": {"version": "2.0"},
        "nodes": [{"mesh": 0, "rotation": [0, 0, 0, 1]}],
        "accessors": [{**points, "type": "VEC3"}, {**points, "type": "VEC2"}],
        "materials": [
            {"alphaMode": "BLEND", "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}
        ],
        "textures": [{"source": 0}],
        "images": [{"bufferView": 1, "mimeType": "image/png"}],
        "buffers": [{"byteLength": len(binary)}],
        "bufferViews": [
            {"buffer": 0, "byteLength": len(corners)},
            {"buffer": 0, "byteOffset": len(corners), "byteLength": len(picture)},
        ],
    }
    meshes = []
    for more in ({}, {"NORMAL": 0}):
        attributes = {"POSITION": 0, "TEXCOORD_0": 1, **more}
        tree["meshes"] = [{"primitives": [{"attributes": attributes, "material": 0}]}]
        text = json.dumps(tree).encode()
        text += b" " * (-len(text) % 4)
        size = 12 + 8 + len(text) + 8 + len(binary)
        head = struct.pack("<IIIII", 0x46546C67, 2, size, len(text), 0x4E4F534A)
        meshes.append(head + text + struct.pack("<II", len(binary), 0x004E4942) + binary)
    return meshes
