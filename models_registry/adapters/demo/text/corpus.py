"""What the demo's text generators know: Python's own documentation, read from the interpreter.

Two sources, both part of every CPython: the language reference in ``pydoc_data.topics`` and the
docstrings of the standard library. Nothing is downloaded.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import pydoc
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from models_registry.adapters.demo.text.markup import Block, Style, markdown_blocks
from models_registry.adapters.demo.text.words import lm_tokens, plain_sentences

# Modules whose docstrings explain rather than list; imported once, when the corpus is first read.
STDLIB_MODULES = (
    "builtins", "abc", "argparse", "array", "asyncio", "base64", "bisect", "calendar",
    "collections", "collections.abc", "concurrent.futures", "configparser", "contextlib",
    "copy", "csv", "dataclasses", "datetime", "decimal", "difflib", "enum", "fnmatch",
    "fractions", "functools", "gc", "glob", "graphlib", "gzip", "hashlib", "heapq", "hmac",
    "html", "inspect", "io", "itertools", "json", "logging", "math", "operator", "os",
    "os.path", "pathlib", "pickle", "pprint", "queue", "random", "re", "sched", "secrets",
    "shelve", "shutil", "socket", "sqlite3", "statistics", "string", "struct", "subprocess",
    "sys", "tempfile", "textwrap", "threading", "time", "timeit", "traceback", "types",
    "typing", "unittest", "urllib.parse", "urllib.request", "uuid", "warnings", "weakref",
    "zipfile", "zlib",
)  # fmt: skip
BUILTIN_TYPES = (str, list, dict, set, tuple, int, float, bytes)

PASSAGE_CHARS = 700  # a passage is closed once it is this long: about a screenful with its heading
MIN_PASSAGE_CHARS = 120  # less is an entry of a list that says nothing by itself
MIN_DOCSTRING_CHARS = 60  # shorter docstrings say no more than the name does
MIN_SENTENCE_TOKENS, MAX_SENTENCE_TOKENS = 6, 40  # sentences that the language models learn from


@dataclass(frozen=True)
class Passage:
    """A piece of documentation that can be read on its own."""

    topic: str  # what it is about, as a person would say it
    heading: str  # Markdown; the section or signature within the topic, or ""
    blocks: tuple[Block, ...]
    keys: str = ""  # further words under which the documentation files this topic
    is_reference: bool = True  # of the language reference; else a docstring

    @property
    def markdown(self) -> str:
        """The text of the passage."""
        return "\n\n".join(block.text for block in self.blocks)


@lru_cache(maxsize=1)
def passages() -> tuple[Passage, ...]:
    """Return every passage once, language reference first; RuntimeError where it is missing."""
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        message = (
            "this Python has no module pydoc_data.topics, where the demo's text generators read; "
            "install the interpreter's full standard library"
        )
        raise RuntimeError(message) from error
    found: list[Passage] = []
    # Short topics first: long ones (`compound`, `specialnames`) repeat them under vaguer titles.
    for name in sorted(topics, key=lambda name: (len(topics[name]), name)):
        found += _split(_topic_title(topics[name], name), topics[name], "topic", _keys(name))
    for topic, text, keys in _docstrings():
        found += _split(topic, text, "docstring", keys)
    once: dict[str, Passage] = {}
    for passage in found:
        once.setdefault(re.sub(r"\W+", "", passage.markdown), passage)
    return tuple(once.values())


@lru_cache(maxsize=1)
def sentences() -> tuple[tuple[str, ...], ...]:
    """Return the running text of the corpus as token sequences, one for each distinct sentence."""
    once: dict[tuple[str, ...], None] = {}
    for passage in passages():
        for block in passage.blocks:
            if block.kind != "prose":
                continue
            for sentence in plain_sentences(block.text):
                tokens = tuple(lm_tokens(sentence))
                code = sum(token[0] == "`" for token in tokens)
                if (
                    MIN_SENTENCE_TOKENS <= len(tokens) <= MAX_SENTENCE_TOKENS
                    and tokens[-1] == "."
                    and code <= 0.3 * len(tokens)
                    and "".join(tokens).replace(" ", "") == sentence.replace(" ", "")
                    and (sentence[0].isupper() or sentence[0] == "`")
                ):
                    once[_uncapitalised(tokens)] = None
    return tuple(once)


def digest() -> str:
    """Return a hexadecimal SHA-256 of the sentences, which differ between Python versions."""
    sha = hashlib.sha256()
    for sentence in sentences():
        sha.update(" ".join(sentence).encode() + b"\n")
    return sha.hexdigest()


def _uncapitalised(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Lower the capital that only the sentence's beginning put there."""
    first = tokens[0]
    is_name = first == "I" or first[1:] != first[1:].lower() or first in {"Python", "Unicode"}
    return tokens if is_name else (first.lower(), *tokens[1:])


def _topic_title(text: str, name: str) -> str:
    first = text.strip().splitlines()[0] if text.strip() else name
    return first.replace('"', "").strip()


@lru_cache(maxsize=1)
def _index() -> dict[str, str]:
    """Return, for each topic, the words under which `help()` finds it."""
    filed: dict[str, list[str]] = {}
    for table in (pydoc.Helper.keywords, pydoc.Helper.topics):
        for word, entry in table.items():
            target = entry
            while isinstance(target, str) and target in pydoc.Helper.topics:
                target = pydoc.Helper.topics[target]
            if isinstance(target, tuple):
                filed.setdefault(target[0], []).append(word)
    return {
        topic: " ".join(f"`{word}`" if word.islower() else word.lower() for word in words)
        for topic, words in filed.items()
    }


def _keys(name: str) -> str:
    return f"{_index().get(name, '')} {name.replace('-', ' ')}".strip()


def _docstrings() -> Iterator[tuple[str, str, str]]:
    """Yield (topic, text, search keys) for modules, functions, classes and methods of built-ins."""
    for name in STDLIB_MODULES:
        module = importlib.import_module(name)
        text = inspect.getdoc(module) or ""
        if len(text) >= MIN_DOCSTRING_CHARS:
            yield f"the {name} module", text, name
        for attribute in sorted(getattr(module, "__all__", None) or dir(module)):
            value = getattr(module, attribute, None)
            text = (inspect.getdoc(value) or "") if callable(value) else ""
            if attribute.startswith("_") or len(text) < MIN_DOCSTRING_CHARS:
                continue
            called = attribute if name == "builtins" else f"{name}.{attribute}"
            if not inspect.isclass(value):
                called += "()"
            yield called, text, called.replace(".", " ")
    for kind in BUILTIN_TYPES:
        for attribute, value in sorted(vars(kind).items()):
            text = inspect.getdoc(value) or ""
            if not attribute.startswith("_") and len(text) >= MIN_DOCSTRING_CHARS:
                called = f"{kind.__name__}.{attribute}()"
                yield called, text, f"{kind.__name__} {attribute}"


def _split(topic: str, text: str, style: Style, keys: str) -> Iterator[Passage]:
    """Cut a text at headings and signatures, and where a passage has grown long enough."""
    heading, current, size = "", list[Block](), 0
    is_first = True

    def closed() -> Iterator[Passage]:
        nonlocal current, size, is_first
        says_something = any(block.kind in ("prose", "item") for block in current)
        if says_something and (size >= MIN_PASSAGE_CHARS or is_first):
            blocks, filed = tuple(current), keys if is_first else ""
            yield Passage(topic, heading, blocks, filed, style == "topic")
            is_first = False
        current, size = [], 0

    for block in markdown_blocks(text, style):
        if block.kind in ("heading", "signature"):
            yield from closed()
            heading = "" if block.text.replace("`", "") == topic else block.text
            continue
        continues = block.text[:1].islower() or (bool(current) and current[-1].text.endswith(":"))
        if size >= PASSAGE_CHARS and block.kind == "prose" and not continues:
            yield from closed()
        current.append(block)
        size += len(block.text)
    yield from closed()
