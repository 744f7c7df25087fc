"""Words in two senses: search terms for retrieval, and tokens for the language models."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VOWEL = re.compile(r"[aeiouy]")
_CODE = re.compile(r"`([^`]+)`")
_SUFFIXES = (("ies", "y"), ("ings", ""), ("ing", ""), ("ed", ""), ("ly", ""), ("es", ""), ("s", ""))
_STATEMENT_WORDS = r"(?:statement|keyword|loop|clause|block|expression|operator)s?\b"

# Function words, and the words in which people put a request rather than its subject.
STOPWORDS = frozenset(
    {
        "a", "about", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can",
        "could", "do", "does", "for", "from", "get", "give", "had", "has", "have", "he", "help",
        "her", "hi", "hello", "hey", "his", "how", "i", "if", "in", "into", "is", "it", "its",
        "just", "know", "let", "like", "me", "mean", "means", "might", "more", "most", "must",
        "my", "need", "no", "not", "of", "on", "or", "other", "our", "please", "python", "s",
        "same", "she", "should", "show", "so", "some", "such", "t", "tell", "than", "that",
        "the", "their", "them", "then", "there", "these", "they", "this", "those", "to", "too",
        "two", "up", "us", "use", "used", "using", "want", "was", "way", "we", "were", "what",
        "when", "where", "which", "while", "who", "why", "will", "with", "work", "works",
        "would", "you", "your", "explain", "describe", "example", "examples", "difference",
        "between", "thing", "things", "short", "simple", "code", "program", "question",
        "answer", "best", "good",
    }
)  # fmt: skip

# What people say (stemmed) and what the documentation says instead.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "catch": ("handler", "handl", "kw.except"),
    "error": ("exception",),
    "dictionary": ("dict", "mapping"),
    "array": ("list",),
    "loop": ("iterat", "kw.for", "kw.while"),
    "inherit": ("subclass", "base"),
    "regex": ("regular", "expression", "re"),
    "parameter": ("argument",),
    "saf": ("kw.with", "clos"),
    "constant": ("literal",),
    "variabl": ("name",),
    "scop": ("namespac", "kw.global", "kw.nonlocal"),
}

_LM_TOKEN = re.compile(r"`[^`]+`|[A-Za-z]+(?:[’'-][A-Za-z]+)*|\d+(?:\.\d+)*|[.,;:!?]")


def stem(word: str) -> str:
    """Return `word` without its English inflection; stems are only compared, never shown.

    After step 1 of Porter 1980, Program 14(3), doi:10.1108/eb046814: a suffix goes only where a
    vowel stays before it, so `slicing`, `slices` and `slice` meet but `string` is left alone.
    """
    for suffix, replacement in _SUFFIXES:
        base = word.removesuffix(suffix)
        if base != word and len(base) > 1 and _VOWEL.search(base) and not word.endswith("ss"):
            word = base + replacement
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def search_terms(text: str, *, is_query: bool = False) -> list[str]:
    """Return the terms of a passage (Markdown) or of a query, in order, with repetitions.

    A Python keyword that is also an English stopword (`with`, `for`, `in`) counts, as the term
    `kw.with`, only where it is written as code or, in a query, stands before "statement" or "loop".
    """
    terms = [f"kw.{span}" for span in _CODE.findall(text) if keyword.iskeyword(span)]
    if is_query:
        text = re.sub(r"\bf-?strings?\b", "formatted string literals", text, flags=re.IGNORECASE)
        named = re.findall(rf"\b([A-Za-z]+)\s+{_STATEMENT_WORDS}", text)
        named += re.findall(r"['\"“‘]([A-Za-z]+)['\"”’]", text)
        terms += [f"kw.{word.lower()}" for word in named if keyword.iskeyword(word.lower())]
    for word in _WORD.findall(text.replace("’", "'")):
        lowered = word.lower()
        parts = [part for part in lowered.split("_") if part]
        if lowered in STOPWORDS or not parts:
            continue
        terms.append(stem(lowered) if len(parts) == 1 and parts[0] == lowered else lowered)
        if len(parts) > 1 or parts[0] != lowered:
            terms += [stem(part) for part in parts if part not in STOPWORDS]
    return terms


def lm_tokens(sentence: str) -> list[str]:
    """Return the tokens of one sentence: words, numbers, punctuation; a code span is one token."""
    return _LM_TOKEN.findall(sentence)


def _kept_code(match: re.Match[str]) -> str:
    return match[0] if match[0][0] == "`" else ""


def plain_sentences(markdown: str) -> list[str]:
    """Return the sentences of a prose block without emphasis, quotation marks and brackets."""
    text = re.sub(r"\*\*(Note|Warning|Important|Tip|Hint):\*\* ", "", markdown)
    text = re.sub(r"(?<!`)\*{1,2}([^*`]+)\*{1,2}(?!`)", r"\1", text)
    text = re.sub(r"`[^`]*`|\s*\([^()`]*(?:`[^`]*`[^()`]*)*\)", _kept_code, text)
    text = re.sub(r"[“”‘\"]", "", text)
    text = (
        text.replace("e.g.", "for example").replace("i.e.", "that is").replace("etc.", "and so on")
    )
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+(?=[A-Z`])", text) if part.strip()]


def spaced(tokens: Iterable[str]) -> list[str]:
    """Return tokens as pieces that make a readable line when joined with nothing between them."""
    pieces: list[str] = []
    for token in tokens:
        glued = not pieces or token in {".", ",", ";", ":", "!", "?"}
        pieces.append(token if glued else f" {token}")
    return pieces
