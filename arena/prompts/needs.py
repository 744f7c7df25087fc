"""What a prompt needs of a model, read by deterministic rules that anybody can read.

The rules would rather read nothing than read wrongly: a need that is not there would cost the
voter a battle, one that is overlooked costs a model a vote at worst.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from arena.prompts.languages import LANGUAGES, language_of
from arena.prompts.lengths import length_asked
from arena.prompts.polygons import budget_asked
from arena.prompts.spans import WHOLE, Span, any_of
from arena.prompts.voices import voice_asked

VERSION = 1  # of all rules; it changes with anything that changes what is read
READ_CHARS = 4000  # of a prompt
KEPT = 1024  # prompts whose needs are kept: suggested prompts repeat theirs

NeedName = Literal[
    "vocals",
    "duration_s",
    "language",
    "image_input",
    "max_triangles",
    "min_triangles",
    "prompt_chars",
]

# What rules read from the words of a prompt; the others are facts about it.
READ_FROM_WORDS: frozenset[NeedName] = frozenset(
    {"vocals", "duration_s", "language", "max_triangles", "min_triangles"}
)


@dataclass(frozen=True)
class Need:
    """One thing that a prompt asks of a model.

    Attributes:
        name: what it is about.
        value: "vocals" or "instrumental", a key of LANGUAGES, True for an image, or a number:
            seconds, triangles or characters.
        span: of the words that it was read from; (0, 0) where it is the prompt as a whole.
        asked: seconds that the prompt names, where clips of the arena are shorter; else None.
        is_wish: a matter of style: models that fit go first, and others may play.
    """

    name: NeedName
    value: str | float
    span: Span = WHOLE
    asked: float | None = None
    is_wish: bool = False

    def words(self, text: str) -> str:
        """Return the words of the prompt that it was read from; "" for the prompt as a whole."""
        return text[slice(*self.span)]

    def as_json(self) -> dict[str, Any]:
        """Return what a battle keeps: where the words stood, never the words.

        The prompt has them; a second copy would stay when the prompt is taken back.
        """
        kept: dict[str, Any] = {"name": self.name, "value": self.value}
        if self.span != WHOLE:
            kept["span"] = list(self.span)
        if self.asked is not None:
            kept["asked"] = self.asked
        return kept | ({"is_wish": True} if self.is_wish else {})


@dataclass(frozen=True)
class Needs:
    """All that a prompt needs, and the version of the rules that read it.

    `called_off` names what was read from the words and then called off by the voter.
    """

    needs: tuple[Need, ...] = ()
    version: int = VERSION
    called_off: tuple[NeedName, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return what a battle keeps."""
        kept = {"version": self.version, "needs": [need.as_json() for need in self.needs]}
        return kept | ({"called_off": list(self.called_off)} if self.called_off else {})

    def without_what_was_read(self) -> Needs:
        """Return these needs without those that rules read from the words, maybe wrongly."""
        firm = tuple(need for need in self.needs if need.name not in READ_FROM_WORDS)
        names = dict.fromkeys(need.name for need in self.needs if need.name in READ_FROM_WORDS)
        return replace(self, needs=firm, called_off=tuple(names))


def needs_of(
    text: str,
    *,
    modality: str,
    clip_s: float | None = None,
    reads_language: bool = False,
    has_image: bool = False,
) -> Needs:
    """Return what a prompt needs of a model, in a stable order.

    Args:
        text: the prompt.
        modality: that of the arena.
        clip_s: seconds that every clip of the arena is trimmed to: none need be longer.
        reads_language: whether the languages matter; the detector takes a second to load.
        has_image: whether an image comes with the words.
    """
    found = list(_asked(text[:READ_CHARS], modality))
    if clip_s is not None:
        found = [_within(need, clip_s) if need.name == "duration_s" else need for need in found]
    if reads_language:
        found += _languages(text[:READ_CHARS])
    if has_image:
        found.append(Need("image_input", value=True))
    return Needs((*found, Need("prompt_chars", len(text))))


@lru_cache(maxsize=KEPT)
def _asked(text: str, modality: str) -> tuple[Need, ...]:
    if modality == "music":
        voice, length = voice_asked(text), length_asked(text)
        return (
            *([Need("vocals", voice.value, voice.span)] if voice else []),
            *([Need("duration_s", length.value, length.span)] if length else []),
        )
    budget = budget_asked(text) if modality == "mesh" else None
    if budget is None:
        return ()
    name: NeedName = "max_triangles" if budget.bound == "max" else "min_triangles"
    return (Need(name, budget.triangles, budget.span, is_wish=budget.is_wish),)


def _within(need: Need, clip_s: float) -> Need:
    seconds = float(need.value)
    return need if seconds <= clip_s else replace(need, value=float(clip_s), asked=seconds)


# ── languages ───────────────────────────────────────────────────────────────────────────────

_ANSWER_IN = {
    key: any_of(
        rf"\b(?:in|into|to|auf|ins) (?:{english})(?=\s*(?:[.!?,;:)\n]|$|please\b))",
        *([rf"\b(?:en|vers l[’']|in|em) ?(?:{own})(?=\s*(?:[.!?,;:)\n]|$))"] if own else []),
        rf"(?:用|成|为|以)(?:{chinese})",
    )
    for key, (english, own, chinese) in {
        "en": ("English|Englisch", "anglais|inglés|inglês|inglese", "英语|英文"),
        "fr": ("French|Französisch", "français|francés|francês|francese", "法语|法文"),
        "zh": ("(?:Mandarin )?Chinese|Chinesisch", "chinois|chino|chinês|cinese", "中文|汉语"),
        "de": ("German|Deutsch", "allemand|alemán|alemão|tedesco", "德语|德文"),
        "es": ("Spanish|Spanisch", "espagnol|español|espanhol|spagnolo", "西班牙语"),
        "it": ("Italian|Italienisch", "italien|italiano", "意大利语"),
        "pt": ("Portuguese|Portugiesisch", "portugais|portugués|português", "葡萄牙语"),
        "ja": ("Japanese|Japanisch", "japonais|japonés|japonês", "日语|日文"),
        "ko": ("Korean|Koreanisch", "coréen|coreano", "韩语|韩文"),
        "ru": ("Russian|Russisch", "russe|ruso|russo", "俄语|俄文"),
        "ar": ("Arabic|Arabisch", "arabe|árabe", "阿拉伯语"),
    }.items()
}


def _languages(text: str) -> list[Need]:
    """Return the language that the prompt is in, and those that it asks the answer to be in."""
    own = language_of(text)
    asked = [
        Need("language", key, match.span())
        for key, pattern in _ANSWER_IN.items()
        if key != own and (match := pattern.search(text))
    ]
    return [*([Need("language", own)] if own else []), *asked]


# ── for people ──────────────────────────────────────────────────────────────────────────────


def line_of(kept: Mapping[str, Any]) -> str:
    """Return what was read, from what a battle keeps of its needs, as one line for the voter.

    "" where nothing was read that the voter can have meant otherwise, or nothing is known.
    """
    if kept.get("called_off"):
        return _("Sent to any model, as you asked")
    needs = kept.get("needs")
    unmet = kept.get("unmet", ())
    phrases = [
        _("%(what)s (these models do not promise it)") % {"what": phrase}
        if need["name"] in unmet
        else phrase
        for need in (needs if isinstance(needs, list) else [])
        if (phrase := _said(need))
    ]
    return _("Read as: %(what)s") % {"what": ", ".join(phrases)} if phrases else ""


def _said(need: Mapping[str, Any]) -> str:
    name, value = need.get("name"), need.get("value")
    if name == "vocals":
        return _("with vocals") if value == "vocals" else _("instrumental")
    if name == "language":
        return _in_language(value) if value in LANGUAGES else ""
    if name == "image_input":
        return _("with an image")
    if name == "max_triangles" and value is not None:
        if need.get("is_wish"):
            return _("low-poly")
        return _("at most %(n)s triangles") % {"n": number(value)}
    if name == "min_triangles" and value is not None:
        return _("at least %(n)s triangles") % {"n": number(value)}
    if name == "duration_s" and value is not None:
        asked = need.get("asked")
        if asked is None:
            return _("about %(time)s") % {"time": duration(value)}
        return _("about %(time)s (clips here last %(most)s)") % {
            "time": duration(asked),
            "most": duration(value),
        }
    return ""


def duration(seconds: float) -> str:
    """Return seconds for people: "45 s", "2 min", "1 min 30 s"."""
    minutes, rest = divmod(seconds, 60)
    parts = [_("%(n)s min") % {"n": f"{minutes:.0f}"}] if minutes else []
    if rest or not parts:
        parts.append(_("%(n)s s") % {"n": number_format(f"{rest:g}")})
    return " ".join(parts)


def number(value: float) -> str:
    """Return a number for people: "12,000"."""
    return number_format(value, use_l10n=True, force_grouping=True)


def _in_language(key: str) -> str:
    return _("in %(language)s") % {"language": _(LANGUAGES[key])}
