"""The built-in demo generators: every modality, on the CPU, with no downloaded weights.

`GENERATORS` names them all. The modules that it points to are imported only when one is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass

from models_registry.adapters.contract import Modality

_HERE = "models_registry.adapters.demo"


@dataclass(frozen=True)
class Generator:
    """One row of the table: where a generator is found and, honestly, what it is."""

    modality: Modality
    path: str  # "package.module:attribute", a text generator's class or another's function
    summary: str  # one sentence for its model card
    options: frozenset[str] = frozenset()  # configuration keys that it takes besides `generator`


GENERATORS: dict[str, Generator] = {
    "bm25": Generator(
        "text",
        f"{_HERE}.text.bm25:PassageAnswerer",
        "Looks a question up in Python's documentation with BM25 and quotes what fits best.",
    ),
    "ngram": Generator(
        "text",
        f"{_HERE}.text.ngram:TrigramWriter",
        "Writes with a Kneser-Ney trigram model counted from Python's documentation.",
    ),
    "neural": Generator(
        "text",
        f"{_HERE}.text.neural:RecurrentWriter",
        "Writes with a small recurrent network trained on Python's documentation at start-up.",
        frozenset({"cache_dir"}),
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
    ),
    "fm": Generator(
        "music", f"{_HERE}.music.fm:generate", "Composes by rule and modulates frequency."
    ),
    "plucked": Generator(
        "music", f"{_HERE}.music.plucked:generate", "Composes by rule, played on plucked strings."
    ),
    "terrain": Generator("mesh", f"{_HERE}.mesh.terrain:generate", "Builds a noise terrain."),
    "plant": Generator("mesh", f"{_HERE}.mesh.plant:generate", "Grows a plant by rewriting rules."),
    "lathe": Generator("mesh", f"{_HERE}.mesh.lathe:generate", "Turns a profile around an axis."),
    "superquadric": Generator(
        "mesh", f"{_HERE}.mesh.superquadric:generate", "Combines superquadric solids."
    ),
}
