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

from arena.prompts.kinds import has_lyrics, kind_of
from arena.prompts.languages import LANGUAGES, language_of

SHORT_CHARS = 60  # a question in one line
LONG_CHARS = 300  # a task with its material
LETTERS_READ = 400  # of a prompt, to tell its writing system
# First word of a letter's Unicode name → key and label.
SCRIPTS = {
    "latin": ("latin", "Latin"),
    "cyrillic": ("cyrillic", "Cyrillic"),
    "greek": ("greek", "Greek"),
    "arabic": ("arabic", "Arabic"),
    "hebrew": ("hebrew", "Hebrew"),
    "devanagari": ("devanagari", "Devanagari"),
    "cjk": ("chinese", "Chinese characters"),
    "hiragana": ("kana", "Japanese kana"),
    "katakana": ("kana", "Japanese kana"),
    "hangul": ("hangul", "Hangul"),
    "thai": ("thai", "Thai"),
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
        Slice("length-short", "Prompt length", f"up to {SHORT_CHARS} characters"),
        Slice("length-medium", "Prompt length", f"{SHORT_CHARS + 1} to {LONG_CHARS} characters"),
        Slice("length-long", "Prompt length", f"over {LONG_CHARS} characters"),
        Slice("prompt-own", "Prompt", "the voter's own"),
        Slice("prompt-suggested", "Prompt", "a suggested one"),
        Slice("kind-code", "Task, told by rules", "code"),
        Slice("kind-maths", "Task, told by rules", "mathematics"),
        Slice("kind-writing", "Task, told by rules", "a text to write"),
        Slice("lyrics-with", "Lyrics", "with lyrics"),
        Slice("lyrics-without", "Lyrics", "without lyrics"),
        Slice("outputs-textured", "Outputs", "all textured"),
        Slice("outputs-plain", "Outputs", "none textured"),
        Slice("judge-people", "Judges of imported votes", "people"),
        Slice("judge-models", "Judges of imported votes", "models"),
        *(
            Slice(f"language-{key}", "Language", label)
            for key, label in sorted(LANGUAGES.items(), key=lambda one: one[1])
        ),
        *(
            Slice(f"script-{key}", "Writing system", label)
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
