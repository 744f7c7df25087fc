"""Which of the models that compete can do what a prompt needs, and why the others cannot.

The draw is among the models that fit, so the probability of a draw stays exact; a battle keeps
what was read, by which version of the rules, and who was left out for what.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from arena.common.errors import BadInput
from arena.prompts.languages import LANGUAGES, VARIETIES
from arena.prompts.needs import READ_FROM_WORDS, Need, NeedName, Needs, duration, line_of, number
from models_registry.abilities import Abilities

if TYPE_CHECKING:
    from arena.battles.models import Battle

log = logging.getLogger("agon.routing")

_COUNTS = {
    2: gettext_noop("two"),
    3: gettext_noop("three"),
    4: gettext_noop("four"),
    5: gettext_noop("five"),
    6: gettext_noop("six"),
}
_MODELS = {
    "text": gettext_noop("text models"),
    "image": gettext_noop("image models"),
    "music": gettext_noop("music models"),
}


class NoModelFits(BadInput):
    """Too few models can do what a prompt needs; the message says what to change in it.

    Attributes:
        may_be_misread: whether something that was read from the words is the reason, so that the
            voter may call it off.
    """

    code = "no_model_fits"

    def __init__(self, message: str, *, may_be_misread: bool = False) -> None:
        super().__init__(message)
        self.may_be_misread = may_be_misread


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
    who = {"count": _(_COUNTS[n_seats]), "models": _(_MODELS.get(modality, "")) or _("3D models")}
    # A need that alone leaves too few would refuse the prompt by itself; else it is all of them.
    alone = [need for need, n in n_lack.items() if len(candidates) - n < n_seats]
    said = [_TOLD[need.name](need.value) for need in alone or firm if n_lack[need]]
    may_be_misread = any(n_lack[n] and n.name in READ_FROM_WORDS for n in alone or firm)
    if alone:
        advice = dict.fromkeys(_advice(need, list(candidates.values()), n_seats) for need in alone)
        can = reduce(
            lambda one, two: _("%(first)s or %(last)s") % {"first": one, "last": two}, said
        )
        message = _("No %(count)s %(models)s here %(can)s.") % {**who, "can": can}
        message = " ".join([message, *advice])
    else:
        can = reduce(
            lambda one, two: _("%(first)s and %(last)s") % {"first": one, "last": two}, said
        )
        message = _(
            "No %(count)s %(models)s here %(can)s, all at once. Leave one of these out."
        ) % {**who, "can": can}
    return NoModelFits(message, may_be_misread=may_be_misread)


def _advice(need: Need, candidates: Sequence[Abilities], n_seats: int) -> str:
    name = need.name
    if name == "vocals":
        if need.value == "vocals":
            return _("Leave out the words to sing, or ask for an instrumental.")
        return _("Ask for a voice, or do not say that there should be none.")
    if name == "image_input":
        return _("Send the words alone.")
    if name == "language":
        return _languages_here(candidates, n_seats)
    if name == "max_triangles":
        budgets = sorted(one.min_triangles or 0 for one in candidates)
        return _("Allow %(n)s triangles, or give no number.") % {"n": number(budgets[n_seats - 1])}
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
        return _("Ask for up to %(time)s, or say no length.") % {"time": duration(suits)}
    if name == "min_triangles":
        return _("Ask for up to %(n)s triangles, or give no number.") % {"n": number(suits)}
    return _("Shorten the prompt to %(n)s characters.") % {"n": number(suits)}


def _languages_here(candidates: Sequence[Abilities], n_seats: int) -> str:
    read = [_keys(one.languages) if one.languages is not None else None for one in candidates]
    shared = [
        label
        for key, label in LANGUAGES.items()
        if sum(keys is None or key in keys for keys in read) >= n_seats
    ]
    named = sorted(_(label) for label in shared)[:6]
    if not named:
        return _("Ask for another language.")
    first, last = ", ".join(named[:-1]), named[-1]
    either = _("%(first)s or %(last)s") % {"first": first, "last": last} if first else last
    return _("Use %(languages)s.") % {"languages": either}


_TOLD: dict[NeedName, Callable[[Any], str]] = {
    "vocals": lambda value: _("sing") if value == "vocals" else _("play without a voice"),
    "duration_s": lambda value: _("make clips of %(time)s") % {"time": duration(value)},
    "language": lambda value: _("work in %(language)s") % {"language": _(LANGUAGES[value])},
    "image_input": lambda value: _("look at images"),
    "max_triangles": lambda value: _("keep to %(n)s triangles") % {"n": number(value)},
    "min_triangles": lambda value: _("make %(n)s triangles") % {"n": number(value)},
    "prompt_chars": lambda value: _("read prompts of %(n)s characters") % {"n": number(value)},
}


def may_call_off(battle: Battle) -> bool:
    """Say whether something was read from the words of the prompt that may be meant otherwise."""
    needs = battle.routing.get("needs", [])
    return any(need["name"] in READ_FROM_WORDS for need in needs if isinstance(need, dict))


def needs_line(battle: Battle) -> str:
    """Return "Read as: …", what was read from the battle's prompt; "" where there is nothing."""
    return line_of(battle.routing)
