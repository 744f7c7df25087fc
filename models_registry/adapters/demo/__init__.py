"""The built-in demo generators: every modality, on the CPU, with no downloaded weights.

`GENERATORS` names them all. The modules that it points to are imported only when one is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from models_registry.abilities import Abilities
from models_registry.adapters.contract import Modality

_HERE = "models_registry.adapters.demo"
# No language is declared: the text generators refuse none, they answer it in English.
_WRITER = Abilities(conversation=True)  # it reads all prompts so far as one question
_PLAYER = Abilities(vocals="instrumental", max_duration_s=12.0)  # the length without a parameter
# `mesh.solids.MOST_TRIANGLES`: the only number of triangles that every mesh keeps to.
_LOOKER = Abilities(image_input=True, needs_image=True)
_SOLID = Abilities(min_triangles=150_000, max_triangles=150_000)


@dataclass(frozen=True)
class Generator:
    """One row of the table: where a generator is found and, honestly, what it is."""

    modality: Modality
    path: str  # "package.module:attribute", a text generator's class or another's function
    summary: str  # one sentence for its model card
    options: frozenset[str] = frozenset()  # configuration keys that it takes besides `generator`
    abilities: Abilities = field(default_factory=Abilities)


GENERATORS: dict[str, Generator] = {
    "bm25": Generator(
        "text",
        f"{_HERE}.text.bm25:PassageAnswerer",
        "Looks a question up in Python's documentation with BM25 and quotes what fits best.",
        abilities=_WRITER,
    ),
    "ngram": Generator(
        "text",
        f"{_HERE}.text.ngram:TrigramWriter",
        "Writes with a Kneser-Ney trigram model counted from Python's documentation.",
        abilities=_WRITER,
    ),
    "neural": Generator(
        "text",
        f"{_HERE}.text.neural:RecurrentWriter",
        "Writes with a small recurrent network trained on Python's documentation at start-up.",
        frozenset({"cache_dir"}),
        abilities=_WRITER,
    ),
    "measurer": Generator(
        "text",
        f"{_HERE}.seeing.telling:PictureMeasurer",
        "Measures size, light, colours and subject of a picture by counting its pixels.",
        abilities=_LOOKER,
    ),
    "walker": Generator(
        "text",
        f"{_HERE}.seeing.telling:PictureWalker",
        "Says from the top to the bottom which colours lie where on a picture.",
        abilities=_LOOKER,
    ),
    "flow": Generator(
        "image", f"{_HERE}.image.flow:generate", "Draws lines that follow a noise field."
    ),
    "landscape": Generator(
        "image", f"{_HERE}.image.landscape:generate", "Draws a procedural landscape."
    ),
    "tiling": Generator("image", f"{_HERE}.image.tiling:generate", "Draws a geometric tiling."),
    "additive": Generator(
        "music",
        f"{_HERE}.music.additive:generate",
        "Composes by rule and adds sine waves.",
        abilities=_PLAYER,
    ),
    "fm": Generator(
        "music",
        f"{_HERE}.music.fm:generate",
        "Composes by rule and modulates frequency.",
        abilities=_PLAYER,
    ),
    "plucked": Generator(
        "music",
        f"{_HERE}.music.plucked:generate",
        "Composes by rule, played on plucked strings.",
        abilities=_PLAYER,
    ),
    "terrain": Generator(
        "mesh", f"{_HERE}.mesh.terrain:generate", "Builds a noise terrain.", abilities=_SOLID
    ),
    "plant": Generator(
        "mesh",
        f"{_HERE}.mesh.plant:generate",
        "Grows a plant by rewriting rules.",
        abilities=_SOLID,
    ),
    "lathe": Generator(
        "mesh", f"{_HERE}.mesh.lathe:generate", "Turns a profile around an axis.", abilities=_SOLID
    ),
    "superquadric": Generator(
        "mesh",
        f"{_HERE}.mesh.superquadric:generate",
        "Combines superquadric solids.",
        abilities=_SOLID,
    ),
    "relief": Generator(
        "mesh",
        f"{_HERE}.mesh.picture:relief",
        "Raises the bright parts of a picture out of a plate.",
        abilities=replace(_LOOKER, max_triangles=150_000, min_triangles=150_000),
    ),
    "cutout": Generator(
        "mesh",
        f"{_HERE}.mesh.picture:cutout",
        "Cuts the outline of a picture's subject and swells it like a cushion.",
        abilities=replace(_LOOKER, max_triangles=150_000, min_triangles=150_000),
    ),
}
