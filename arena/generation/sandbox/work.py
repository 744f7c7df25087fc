"""What children are asked to do: functions of bytes and options that return facts and bytes.

They run where no file can be opened, so `prepare` has each done once on a sample of ours in the
server of children, and all that it loads on the way is there when a child is forked.
"""

from __future__ import annotations

import io
import json
import struct
from typing import Any

from arena.generation.profiles.outcome import AnonymousOutput

Done = tuple[dict[str, Any], bytes]


def image_output(data: bytes, options: dict[str, Any]) -> Done:
    """Make an image anonymous; options: none."""
    from arena.generation.profiles.image import anonymous_image

    return _done(anonymous_image(data))


def music_output(data: bytes, options: dict[str, Any]) -> Done:
    """Make a clip anonymous; options: duration_s."""
    from arena.generation.profiles.audio import anonymous_audio

    return _done(anonymous_audio(data, duration_s=options["duration_s"]))


def mesh_output(data: bytes, options: dict[str, Any]) -> Done:
    """Make a mesh anonymous; options: none."""
    from arena.generation.profiles.mesh import anonymous_mesh

    return _done(anonymous_mesh(data))


def plain_image(data: bytes, options: dict[str, Any]) -> Done:
    """Decode a picture of anyone's and encode it again; options: longest_px, format."""
    from arena.generation.profiles.image import plain_picture

    encoded, width_px, height_px = plain_picture(
        data, longest_px=options["longest_px"], kind=options["format"]
    )
    return {"width_px": width_px, "height_px": height_px}, encoded


def prepare(name: str) -> None:
    """Load all that one of the functions above will need."""
    if name == "image_output":
        for sample in _pictures():
            image_output(sample, {})
    elif name == "plain_image":
        for sample in _pictures():
            for kind in ("WEBP", "PNG", "JPEG"):
                plain_image(sample, {"longest_px": 4, "format": kind})
    elif name == "music_output":
        for sample in _clips():
            music_output(sample, {"duration_s": 1.0})
    elif name == "mesh_output":
        prepare("image_output")  # its textures
        for sample in _meshes():
            mesh_output(sample, {})


def _done(output: AnonymousOutput) -> Done:
    assert output.data is not None
    return output.details, output.data


def _pictures() -> list[bytes]:
    """Return a few pixels in every format that is read, and in the modes with ways of their own."""
    import numpy as np
    from PIL import Image

    from arena.generation.profiles.image import READ_FORMATS

    Image.init()
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    colours = Image.linear_gradient("L").resize((4, 2)).convert("RGBA")
    pictures = []
    for kind in READ_FORMATS:
        image = colours.convert("RGB") if kind in ("JPEG", "BMP") else colours
        pictures.append(_saved(image, kind, **({} if kind == "BMP" else {"exif": exif})))
    grey = Image.fromarray(np.array([[0, 50_000], [20_000, 65_535]], dtype=np.uint16))
    return [*pictures, _saved(grey, "PNG"), _saved(colours.convert("P"), "PNG")]


def _saved(image: Any, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


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
