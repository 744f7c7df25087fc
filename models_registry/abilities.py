"""What a model can be asked for, as its adapter declares it or its owner corrects it. Plain Python.

Routing compares these with what a prompt needs; an ability that is not declared limits nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

Vocals = Literal["instrumental", "vocals", "both"]

LONGEST_S = 3600.0  # an hour; a longer clip is a slip
MOST = 100_000_000  # triangles or characters; a larger number is a slip
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_OF_MODALITY = {
    "vocals": "music",
    "max_duration_s": "music",
    "conversation": "text",
    "min_triangles": "mesh",
    "max_triangles": "mesh",
}


@dataclass(frozen=True)
class Abilities:
    """What a model can do; None says that nothing is declared, so nothing is ruled out.

    Attributes:
        languages: codes of ISO 639 of the languages in which it reads prompts.
        vocals: of music: instrumental (never sings), vocals (always sings) or both.
        max_duration_s: the longest clip that it makes, in seconds.
        image_input: whether it takes an image beside the words. Adapters must say so to get one.
        needs_image: whether it makes nothing without one.
        conversation: whether it reads the turns before a follow-up; likewise.
        min_triangles: the smallest budget of triangles that each of its meshes keeps to.
        max_triangles: the most triangles that it makes of one mesh.
        max_prompt_chars: the longest prompt that it reads, in characters.
    """

    languages: frozenset[str] | None = None
    vocals: Vocals | None = None
    max_duration_s: float | None = None
    image_input: bool = False
    needs_image: bool = False
    conversation: bool = False
    min_triangles: int | None = None
    max_triangles: int | None = None
    max_prompt_chars: int | None = None

    def corrected_by(self, value: object, *, modality: str = "") -> Abilities:
        """Return these abilities with the keys of `value`, a JSON object, in place of their own.

        `null` takes a limit away. With a modality, abilities of another one are refused. Raises
        ValueError that names the wrong key, what was seen and what to write instead.
        """
        if not isinstance(value, Mapping):
            raise ValueError(  # noqa: TRY004 - one kind of error for whatever the JSON holds
                f"Abilities are {value!r}; write a JSON object such as "
                '{"vocals": "instrumental"}.'
            )
        unknown = sorted(set(map(str, value)) - set(_CHECKS))
        if unknown:
            raise ValueError(
                f"There is no ability '{unknown[0]}'; use only {', '.join(sorted(_CHECKS))}."
            )
        for key in value:
            if modality and _OF_MODALITY.get(key, modality) != modality:
                raise ValueError(
                    f"'{key}' is for {_OF_MODALITY[key]} models; this one makes {modality}."
                )
        checked = {key: _checked(key, seen) for key, seen in value.items()}
        low, high = checked.get("min_triangles"), checked.get("max_triangles")
        if low is not None and high is not None and low > high:
            raise ValueError(
                f"'min_triangles' is {low}, above 'max_triangles', {high}; exchange the two."
            )
        return replace(self, **checked)

    def as_json(self) -> dict[str, Any]:
        """Return what is declared, for `corrected_by`; what limits nothing is left out."""
        declared = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) != field.default
        }
        if self.languages is not None:
            declared["languages"] = sorted(self.languages)
        return declared


def parsed_abilities(value: object, *, modality: str = "") -> Abilities:
    """Return the abilities that a JSON object declares; ValueError as `corrected_by`."""
    return Abilities().corrected_by(value, modality=modality)


def sentences(abilities: Abilities) -> list[str]:
    """Return what is declared, for people, one short sentence each."""
    return [
        _SENTENCES[key](value)
        for key, value in asdict(abilities).items()
        if value is not None and value is not False
    ]


def _checked(key: str, seen: object) -> Any:
    return getattr(Abilities(), key) if seen is None else _CHECKS[key](key, seen)


def _languages(key: str, seen: object) -> frozenset[str]:
    codes = list(seen) if isinstance(seen, list | tuple | set | frozenset) else []
    if not codes or not all(isinstance(code, str) and _LANGUAGE.fullmatch(code) for code in codes):
        raise ValueError(
            f"'{key}' is {seen!r}; use a list of language codes of ISO 639 such as "
            '["en", "fr"], without a region, or null for any language.'
        )
    return frozenset(codes)


def _vocals(key: str, seen: object) -> str:
    if not isinstance(seen, str) or seen not in get_args(Vocals):
        raise ValueError(f"'{key}' is {seen!r}; use one of {', '.join(get_args(Vocals))}.")
    return seen


def _seconds(key: str, seen: object) -> float:
    if not isinstance(seen, int | float) or isinstance(seen, bool) or not 0 < seen <= LONGEST_S:
        raise ValueError(f"'{key}' is {seen!r}; use seconds above 0 up to {LONGEST_S:g}.")
    return float(seen)


def _yes_or_no(key: str, seen: object) -> bool:
    if seen is True or seen is False:
        return seen
    raise ValueError(f"'{key}' is {seen!r}; use true or false.")


def _count(key: str, seen: object) -> int:
    if not isinstance(seen, int) or isinstance(seen, bool) or not 1 <= seen <= MOST:
        raise ValueError(f"'{key}' is {seen!r}; use a whole number from 1 up to {MOST}.")
    return seen


_CHECKS: dict[str, Callable[[str, object], Any]] = {
    "languages": _languages,
    "vocals": _vocals,
    "max_duration_s": _seconds,
    "image_input": _yes_or_no,
    "needs_image": _yes_or_no,
    "conversation": _yes_or_no,
    "min_triangles": _count,
    "max_triangles": _count,
    "max_prompt_chars": _count,
}
_VOCALS = {
    "instrumental": "Plays instruments; never sings.",
    "vocals": "Always sings.",
    "both": "Sings or plays without a voice.",
}
_SENTENCES: dict[str, Callable[[Any], str]] = {
    "languages": lambda codes: f"Reads prompts in {', '.join(sorted(codes))}.",
    "vocals": lambda kind: _VOCALS[kind],
    "max_duration_s": lambda seconds: f"Makes clips of up to {seconds:g} s.",
    "image_input": lambda _: "Takes an image beside the words.",
    "needs_image": lambda _: "Makes nothing without an image.",
    "conversation": lambda _: "Answers follow-ups.",
    "min_triangles": lambda count: f"Keeps to budgets of {count:,} triangles and more.",
    "max_triangles": lambda count: f"Makes up to {count:,} triangles.",
    "max_prompt_chars": lambda count: f"Reads prompts of up to {count:,} characters.",
}
