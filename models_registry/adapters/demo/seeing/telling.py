"""Two demo text generators that describe a picture: one measures it, one walks through it."""

from __future__ import annotations

import random
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from models_registry.adapters.contract import RequestImage
from models_registry.adapters.demo.seeing.pixels import Look, looked_at, place_of

TOLD_SHARE = 0.05  # a colour of a smaller part of the picture is not told
ROWS = ("top", "middle", "bottom")
COLUMNS = ("left", "centre", "right")
OPENINGS = (
    "I looked at the picture itself.",
    "This is what the pixels say.",
    "Here is what I see.",
)
LIMITS = (
    "I count pixels and know no objects, so I cannot say what it means.",
    "More than this I cannot tell: I see colours and places, no things.",
)


class PictureReader(ABC):
    """What both share: the pictures are read, then told of one after the other."""

    def load(self) -> None:  # noqa: B027 - a picture is read without any preparation
        """There is nothing to load."""

    def stream(
        self,
        prompt: str,
        seed: int,
        parameters: Mapping[str, Any],
        *,
        images: Sequence[RequestImage],
    ) -> Iterator[str]:
        """Yield the answer word by word; the seed varies its wording, never what is told."""
        if parameters:
            known = ", ".join(sorted(parameters))
            raise ValueError(f"this generator takes no parameters; got {known}; remove them")
        yield from re.findall(r"\s*\S+", self.answer(images, seed))

    def answer(self, images: Sequence[RequestImage], seed: int) -> str:
        """Return the whole answer in Markdown."""
        wording = random.Random(seed)
        parts = [wording.choice(OPENINGS)]
        for number, image in enumerate(images, 1):
            if len(images) > 1:
                parts.append(f"**Picture {number}**")
            parts += self.told(looked_at(image.data))
        return "\n\n".join([*parts, wording.choice(LIMITS)])

    @abstractmethod
    def told(self, look: Look) -> list[str]:
        """Return paragraphs about one picture."""


class PictureMeasurer(PictureReader):
    """The `measurer` generator: numbers in a list."""

    def told(self, look: Look) -> list[str]:
        """Return one list of what was measured."""
        colours = [f"{name} {share:.0%}" for name, share in look.colours() if share >= TOLD_SHARE]
        share = float(look.foreground.mean())
        subject = (
            "It fills the whole picture; no even ground was found."
            if share > 0.97
            else f"{share:.0%} of the area differ from the border; it lies "
            f"{place_of(look.foreground)} and is mostly {look.colours(look.foreground)[0][0]}."
        )
        contrast = "strong contrast" if look.contrast > 0.22 else "soft contrast"
        facts = {
            "Size": f"{look.width_px} × {look.height_px} pixels, {_format_of(look)}.",
            "Light": f"{_light_of(look)}, {look.brightness:.0%} of full white; {contrast}.",
            "Colours": f"{', '.join(colours)}.",
            "Subject": subject,
        }
        return ["\n".join(f"- **{name}:** {told}" for name, told in facts.items())]


class PictureWalker(PictureReader):
    """The `walker` generator: sentences from the top to the bottom."""

    def told(self, look: Look) -> list[str]:
        """Return a sentence for each row of a grid of nine fields, and one for the subject."""
        most = look.colours()[0][0]
        first = f"It is a {_light_of(look)} picture in {_format_of(look)}, mostly {most}."
        walk = " ".join(
            f"{_row(name, [_main(look, row, column) for column in range(3)])}"
            for row, name in enumerate(ROWS)
        )
        if look.foreground.mean() > 0.97:
            return [first, walk]
        thing = look.colours(look.foreground)[0][0]
        return [first, walk, f"What stands out is {thing}, {place_of(look.foreground)}."]


def _main(look: Look, row: int, column: int) -> str:
    height, width = look.names.shape
    part = np.zeros((height, width), dtype=bool)
    rows = slice(row * height // 3, max((row + 1) * height // 3, row * height // 3 + 1))
    columns = slice(column * width // 3, max((column + 1) * width // 3, column * width // 3 + 1))
    part[rows, columns] = True
    return look.colours(part)[0][0]


def _row(name: str, colours: Sequence[str]) -> str:
    lead = f"In the {name}" if name == "middle" else f"At the {name}"
    if len(set(colours)) == 1:
        return f"{lead} it is {colours[0]} throughout."
    told = [f"{colour} on the {place}" for colour, place in zip(colours, COLUMNS, strict=True)]
    told[1] = f"{colours[1]} in the centre"
    return f"{lead} there is {told[0]}, {told[1]} and {told[2]}."


def _format_of(look: Look) -> str:
    ratio = look.width_px / look.height_px
    return "landscape format" if ratio > 1.1 else "portrait format" if ratio < 0.9 else "a square"


def _light_of(look: Look) -> str:
    return "dark" if look.brightness < 0.33 else "bright" if look.brightness > 0.66 else "even"
