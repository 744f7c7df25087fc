"""Slices: kinds of votes that have a board of their own. Plain Python.

A slice is a property of the prompt, of the outputs or of who judges, and of both sides alike;
never of the vote's outcome: a board of votes chosen by how they came out would say what it was
made to say.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from arena.common.words import gettext_noop as _
from arena.prompts.kinds import has_lyrics, kind_of
from arena.prompts.languages import LANGUAGES, language_of

SHORT_CHARS = 60  # a question in one line
LONG_CHARS = 300  # a task with its material
LETTERS_READ = 400  # of a prompt, to tell its writing system
# First word of a letter's Unicode name → key and label.
SCRIPTS = {
    "latin": ("latin", _("Latin")),
    "cyrillic": ("cyrillic", _("Cyrillic")),
    "greek": ("greek", _("Greek")),
    "arabic": ("arabic", _("Arabic")),
    "hebrew": ("hebrew", _("Hebrew")),
    "devanagari": ("devanagari", _("Devanagari")),
    "cjk": ("chinese", _("Chinese characters")),
    "hiragana": ("kana", _("Japanese kana")),
    "katakana": ("kana", _("Japanese kana")),
    "hangul": ("hangul", _("Hangul")),
    "thai": ("thai", _("Thai")),
}


@dataclass(frozen=True)
class Slice:
    """One slice: its key in addresses and tables, its group and what a reader is told."""

    key: str
    group: str
    label: str


@dataclass(frozen=True)
class VoteFacts:
    """What slices read of a vote.

    Attributes:
        modality: that of the arena.
        text: the prompt; "" for an imported battle without one.
        origin: that of the prompt: typed, suggested, imported or "" for no prompt.
        judged_by: of an imported file, people or models; "" for unknown and for live votes.
        are_textured: for each output, whether it has colours of its own; None where unknown.
    """

    modality: str
    text: str = ""
    origin: str = ""
    judged_by: str = ""
    are_textured: tuple[bool | None, ...] = ()


def _length(facts: VoteFacts) -> str | None:
    if not facts.text:
        return None
    if len(facts.text) <= SHORT_CHARS:
        return "length-short"
    return "length-medium" if len(facts.text) <= LONG_CHARS else "length-long"


def _origin(facts: VoteFacts) -> str | None:
    return {"typed": "prompt-own", "suggested": "prompt-suggested"}.get(facts.origin)


def _script(facts: VoteFacts) -> str | None:
    return context_of(facts.text) or None


def _language(facts: VoteFacts) -> str | None:
    language = language_of(facts.text)
    return None if language is None else f"language-{language}"


def _kind(facts: VoteFacts) -> str | None:
    """Return the kind of task; of text prompts alone: a picture of a poem is a picture."""
    kind = kind_of(facts.text) if facts.modality == "text" else None
    return None if kind is None else f"kind-{kind}"


def _lyrics(facts: VoteFacts) -> str | None:
    if facts.modality != "music" or not facts.text:
        return None
    return "lyrics-with" if has_lyrics(facts.text) else "lyrics-without"


def _texture(facts: VoteFacts) -> str | None:
    """Return a slice only where the outputs are alike: a mixed battle compares the two kinds."""
    if facts.modality != "mesh":
        return None
    slices: dict[frozenset[bool | None], str] = {
        frozenset({True}): "outputs-textured",
        frozenset({False}): "outputs-plain",
    }
    return slices.get(frozenset(facts.are_textured))


def _judge(facts: VoteFacts) -> str | None:
    """Return who judged an imported file; live votes are all by people, which need not be said."""
    return f"judge-{facts.judged_by}" if facts.judged_by in ("people", "models") else None


_RULES: tuple[Callable[[VoteFacts], str | None], ...] = (
    _length,
    _origin,
    _script,
    _language,
    _kind,
    _lyrics,
    _texture,
    _judge,
)

SLICES: dict[str, Slice] = {
    one.key: one
    for one in (
        # Whole words for translators: the numbers are SHORT_CHARS and LONG_CHARS.
        Slice("length-short", _("Prompt length"), _("up to 60 characters")),
        Slice("length-medium", _("Prompt length"), _("61 to 300 characters")),
        Slice("length-long", _("Prompt length"), _("over 300 characters")),
        Slice("prompt-own", _("Prompt"), _("the voter's own")),
        Slice("prompt-suggested", _("Prompt"), _("a suggested one")),
        Slice("kind-code", _("Task, told by rules"), _("code")),
        Slice("kind-maths", _("Task, told by rules"), _("mathematics")),
        Slice("kind-writing", _("Task, told by rules"), _("a text to write")),
        Slice("lyrics-with", _("Lyrics"), _("with lyrics")),
        Slice("lyrics-without", _("Lyrics"), _("without lyrics")),
        Slice("outputs-textured", _("Outputs"), _("all textured")),
        Slice("outputs-plain", _("Outputs"), _("none textured")),
        Slice("judge-people", _("Judges of imported votes"), _("people")),
        Slice("judge-models", _("Judges of imported votes"), _("models")),
        *(
            Slice(f"language-{key}", _("Language"), label)
            for key, label in sorted(LANGUAGES.items(), key=lambda one: one[1])
        ),
        *(
            Slice(f"script-{key}", _("Writing system"), label)
            for key, label in dict.fromkeys(SCRIPTS.values())
        ),
    )
}


def context_of(text: str) -> str:
    """Return the key of the writing system of most letters: what samplers have floors for.

    "" for a text without any letter of a listed one.
    """
    letters = islice((char for char in text if char.isalpha()), LETTERS_READ)
    names = (unicodedata.name(unicodedata.normalize("NFKC", char)[0], "") for char in letters)
    words = (name.partition(" ")[0].lower() for name in names)  # NFKC: ｱ is ア, Ａ is A
    counts = Counter(SCRIPTS[word][0] for word in words if word in SCRIPTS)
    return f"script-{max(counts, key=lambda key: (counts[key], key))}" if counts else ""


def slices_of(facts: VoteFacts) -> list[str]:
    """Return the keys of the slices that a vote belongs to, in order."""
    return sorted(key for rule in _RULES if (key := rule(facts)) is not None)
