"""Which of the models that compete can do what a prompt needs, and why the others cannot.

The draw is among the models that fit, so the probability of a draw stays exact; a battle keeps
what was read, by which version of the rules, and who was left out for what.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arena.common.errors import BadInput
from arena.prompts.languages import LANGUAGES, VARIETIES
from arena.prompts.needs import Need, NeedName, Needs, duration, line_of
from models_registry.abilities import Abilities

if TYPE_CHECKING:
    from arena.battles.models import Battle

log = logging.getLogger("agon.routing")

_COUNTS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
_MODELS = {"text": "text models", "image": "image models", "music": "music models"}


class NoModelFits(BadInput):
    """Too few models can do what a prompt needs; the message says what to change in it."""

    code = "no_model_fits"


@dataclass(frozen=True)
class LeftOut:
    """One model that a need rules out, and the sentence that says why."""

    revision: int
    need: NeedName
    because: str


@dataclass(frozen=True)
class Routing:
    """What routing decided.

    Attributes:
        needs: what it went by.
        fit: ids of the revisions that can do it, in the order of the candidates.
        left_out: why the others cannot; a model may lack several things.
        unmet: wishes that too few models fit, so that they ruled out nobody.
    """

    needs: Needs
    fit: tuple[int, ...]
    left_out: tuple[LeftOut, ...] = ()
    unmet: tuple[NeedName, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return what a battle keeps; revisions that lack the same thing share a row."""
        revisions: dict[tuple[str, str], list[int]] = {}
        for one in self.left_out:
            revisions.setdefault((one.need, one.because), []).append(one.revision)
        kept = self.needs.as_json()
        kept["left_out"] = [
            {"need": need, "because": because, "revisions": ids}
            for (need, because), ids in revisions.items()
        ]
        return kept | ({"unmet": list(self.unmet)} if self.unmet else {})


def reads_language(candidates: Collection[Abilities]) -> bool:
    """Say whether the language of a prompt matters to any of these models."""
    return any(one.languages is not None for one in candidates)


def route(candidates: Mapping[int, Abilities], needs: Needs, *, n_seats: int) -> Routing:
    """Return which candidates can do what a prompt needs.

    A wish rules out nobody where fewer than `n_seats` models would be left. `fit` may hold fewer
    than `n_seats` models; `refusal` then says what a voter can do.

    Args:
        candidates: abilities of each revision that competes, by its id.
        needs: of the prompt.
        n_seats: models that a battle takes.
    """
    firm = [need for need in needs.needs if not need.is_wish]
    wishes = [need for need in needs.needs if need.is_wish]
    routed = _routed(candidates, needs, [*firm, *wishes])
    if not wishes or len(routed.fit) >= n_seats:
        return routed
    without = _routed(candidates, needs, firm)
    return Routing(needs, without.fit, without.left_out, tuple(wish.name for wish in wishes))


def _routed(candidates: Mapping[int, Abilities], needs: Needs, firm: Sequence[Need]) -> Routing:
    left_out = tuple(
        LeftOut(revision, need.name, because)
        for revision, abilities in candidates.items()
        for need in firm
        if (because := lacks(abilities, need))
    )
    out = {one.revision for one in left_out}
    return Routing(needs, tuple(one for one in candidates if one not in out), left_out)


# ── what a model lacks ──────────────────────────────────────────────────────────────────────


def lacks(abilities: Abilities, need: Need) -> str:
    """Return why a model cannot do what is needed, in a sentence; "" where it can."""
    return _RULES[need.name](abilities, need.value)


def _voice(abilities: Abilities, value: Any) -> str:
    if abilities.vocals is None or abilities.vocals in (value, "both"):
        return ""
    return "It never sings." if value == "vocals" else "It always sings."


def _language(abilities: Abilities, value: Any) -> str:
    if abilities.languages is None or value in _keys(abilities.languages):
        return ""
    return f"It does not read {LANGUAGES[value]}."


def _keys(codes: Collection[str]) -> set[str]:
    """Return the keys of LANGUAGES for codes of ISO 639."""
    return {"no" if code == "nb" else VARIETIES.get(code, code) for code in codes}


def _image(abilities: Abilities, value: Any) -> str:
    return "It does not look at images." if value and not abilities.image_input else ""


def _at_most(field: str, sentence: str) -> Callable[[Abilities, Any], str]:
    def rule(abilities: Abilities, value: Any) -> str:
        limit = getattr(abilities, field)
        return "" if limit is None or value <= limit else sentence.format(limit)

    return rule


def _budget(abilities: Abilities, value: Any) -> str:
    limit = abilities.min_triangles
    return "" if limit is None or limit <= value else f"It may need {limit:,} triangles."


_RULES: dict[NeedName, Callable[[Abilities, Any], str]] = {
    "vocals": _voice,
    "duration_s": _at_most("max_duration_s", "Its clips last up to {:g} s."),
    "language": _language,
    "image_input": _image,
    "max_triangles": _budget,
    "min_triangles": _at_most("max_triangles", "It makes up to {:,} triangles."),
    "prompt_chars": _at_most("max_prompt_chars", "It reads up to {:,} characters."),
}


# ── what to tell the voter ──────────────────────────────────────────────────────────────────


def refusal(
    routing: Routing, candidates: Mapping[int, Abilities], *, modality: str, n_seats: int
) -> NoModelFits:
    """Return the error that says what too few models can do, and what to change in the prompt."""
    firm = [need for need in routing.needs.needs if not need.is_wish]
    n_lack = {need: sum(bool(lacks(one, need)) for one in candidates.values()) for need in firm}
    log.info(
        "no battle: %s of %s models fit, rules version %s, left out for %s",
        len(routing.fit),
        len(candidates),
        routing.needs.version,
        {need.name: n for need, n in n_lack.items() if n},
    )
    who = f"No {_COUNTS[n_seats]} {_MODELS.get(modality, '3D models')} here"
    # A need that alone leaves too few would refuse the prompt by itself; else it is all of them.
    alone = [need for need, n in n_lack.items() if len(candidates) - n < n_seats]
    said = [_TOLD[need.name](need.value) for need in alone or firm if n_lack[need]]
    if alone:
        advice = dict.fromkeys(_advice(need, list(candidates.values()), n_seats) for need in alone)
        return NoModelFits(f"{who} {' or '.join(said)}. {' '.join(advice)}")
    return NoModelFits(f"{who} {' and '.join(said)}, all at once. Leave one of these out.")


def _advice(need: Need, candidates: Sequence[Abilities], n_seats: int) -> str:
    name = need.name
    if name == "vocals":
        if need.value == "vocals":
            return "Leave out the words to sing, or ask for an instrumental."
        return "Ask for a voice, or do not say that there should be none."
    if name == "image_input":
        return "Send the words alone."
    if name == "language":
        return _languages_here(candidates, n_seats)
    if name == "max_triangles":
        budgets = sorted(one.min_triangles or 0 for one in candidates)
        return f"Allow {budgets[n_seats - 1]:,} triangles, or give no number."
    field = {
        "duration_s": "max_duration_s",
        "min_triangles": "max_triangles",
        "prompt_chars": "max_prompt_chars",
    }[name]
    limits = [limit for one in candidates if (limit := getattr(one, field)) is not None]
    # Fewer than n models can do what was asked; the n-th largest limit suits n of them.
    n_free = len(candidates) - len(limits)
    suits = sorted(limits, reverse=True)[n_seats - n_free - 1]
    if name == "duration_s":
        return f"Ask for up to {duration(suits)}, or say no length."
    if name == "min_triangles":
        return f"Ask for up to {suits:,} triangles, or give no number."
    return f"Shorten the prompt to {suits:,} characters."


def _languages_here(candidates: Sequence[Abilities], n_seats: int) -> str:
    read = [_keys(one.languages) if one.languages is not None else None for one in candidates]
    shared = [
        label
        for key, label in LANGUAGES.items()
        if sum(keys is None or key in keys for keys in read) >= n_seats
    ]
    named = sorted(shared)[:6]
    if not named:
        return "Ask for another language."
    return f"Use {' or '.join(filter(None, [', '.join(named[:-1]), named[-1]]))}."


_TOLD: dict[NeedName, Callable[[Any], str]] = {
    "vocals": lambda value: "sing" if value == "vocals" else "play without a voice",
    "duration_s": lambda value: f"make clips of {duration(value)}",
    "language": lambda value: f"work in {LANGUAGES[value]}",
    "image_input": lambda _: "look at images",
    "max_triangles": lambda value: f"keep to {value:,} triangles",
    "min_triangles": lambda value: f"make {value:,} triangles",
    "prompt_chars": lambda value: f"read prompts of {value:,} characters",
}


def needs_line(battle: Battle) -> str:
    """Return "Read as: …", what was read from the battle's prompt; "" where there is nothing."""
    return line_of(battle.routing)
