"""What kind of task a prompt sets: rules that are right about what they name."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.prompts.kinds import has_lyrics, kind_of

CODE = (
    "Write a Python function that removes duplicates from a list.",
    "Why does this fail?\n```\nx = [1, 2\n```",
    "Traceback (most recent call last):\n  File \"a.py\", line 3\nKeyError: 'name'",
    "I get a NullPointerException when I press the button. What now?",
    "What does `for (int i = 0; i < n; i++)` mean?",
    "Give me a regex for German post codes.",
    "SELECT name FROM users WHERE age > 30 is slow. How do I speed it up?",
    "How do I undo the last git commit?",
    "Explain decorators in Python.",
    "Schreibe eine Funktion in Python, die eine Liste sortiert.",
    "Écris une fonction JavaScript qui inverse une chaîne.",
    "Escribe una función en Python que calcule la media.",
    "用Python写一个函数，计算列表的平均值。",
    "Refactor this: def f(x): return x if x else None\ndef g(y):\n    return f(y)",
    "Center a <div class='box'> on the page",
    "Implement an algorithm that finds the shortest path in a graph.",
)
MATHS = (
    "Solve for x: 3x + 10 = 25",
    r"Compute $\int_0^1 x^2 dx$ step by step.",
    r"Show that \frac{a}{b} is rational.",
    "What is 17 * 23?",
    "12 + 30 / 5 = ?",
    "What is the derivative of sin(x)?",
    "Is 391 a prime number?",
    "If f(x) = 2x + 1, what is f(5)?",
    "When rolling two dice, what is the probability that the sum is at least 9?",
    "Löse die Gleichung und erkläre jeden Schritt.",
    "Résous l'équation suivante en expliquant chaque étape.",
    "Resuelve la ecuación y explica cada paso.",
    "解方程：二次方程有几个根？",
)
WRITING = (
    "Write a short story about a lighthouse keeper.",
    "Write me a poem for my mother's birthday.",
    "Compose a haiku on rain.",
    "Draft a cover letter for a job as a nurse.",
    "Tell me a bedtime story.",
    "Write the lyrics of a sea shanty.",
    "Schreibe ein kurzes Gedicht über den Herbst.",
    "Schreib mir bitte eine Kurzgeschichte über einen Leuchtturm.",
    "Écris une lettre d'amour.",
    "Rédige un essai sur la liberté.",
    "Escribe un cuento corto sobre el mar.",
    "Redacta una carta formal de renuncia.",
    "写一首关于秋天的短诗。",
    "请给我讲一个故事。",
)
NONE = (
    "What is the capital of Peru?",
    "Tell me about the history of Rome.",
    "Who wrote the story of Faust?",
    "Which python is the longest snake in the world?",
    "Is it safe to drink coffee from Java?",
    "How do I get rust off my bike?",
    "Select a hotel from the list of places in Lisbon.",
    "What happened on 2001-09-11?",
    "My number is 030-123456. Is the shop open 24/7?",
    "The function of the liver is what exactly?",
    "What is the letter after Q?",
    "Write a 5 letter word.",
    "Summarise this article about the matrix films.",
    "Class starts at 8. What should I pack?",
    "Schreibe etwas über die Geschichte Roms.",
    "Wie funktioniert eine Wärmepumpe?",
    "Raconte-moi comment fonctionne un moteur.",
    "¿Cuál es la historia de México?",
    "请解释秋天为什么落叶。",
    "Rate this room: 30 m^2, two windows, 900 a month.",
    "Import duties from Spain: how do they work?",
    "Let us go to the beach. What do we need?",
)
LABELLED = [
    *(("code", text) for text in CODE),
    *(("maths", text) for text in MATHS),
    *(("writing", text) for text in WRITING),
    *((None, text) for text in NONE),
]


@pytest.mark.parametrize(("kind", "text"), LABELLED)
def test_a_labelled_prompt_is_of_its_kind(kind: str | None, text: str) -> None:
    assert kind_of(text) == kind


# Beginnings of all prompts that a rule names in two published sets, judged by reading them.
PANDALM = {
    "maths": {"Based on the facts that have been", "Provide a formula for computing", "Solve this"},
    "writing": {"Considering the reason for the rej", "Write a section for a blog post"},
    "code": {"Design a syllabus for the given course"},  # a course on Python: not a task in code
}


def test_in_two_published_sets_nearly_every_named_prompt_is_named_rightly(
    shared_data: Path,
) -> None:
    rows = json.loads((shared_data / "pandalm_testset" / "testset-v1.json").read_text("utf-8"))
    texts = {f"{row['instruction']}\n\n{row['input']}".strip() for row in rows}
    for kind, beginnings in PANDALM.items():
        named = {text for text in texts if kind_of(text) == kind}
        assert len(named) == len(beginnings)
        assert all(text.startswith(tuple(beginnings)) for text in named)
    assert len(texts) == 170

    files = (shared_data / "llmbar").rglob("dataset.json")
    texts = {row["input"] for file in files for row in json.loads(file.read_text("utf-8"))}
    assert len(texts) > 700
    code = {text for text in texts if kind_of(text) == "code"}
    is_code = re.compile(r"function|program|code|regular expression|SQL|class", re.IGNORECASE)
    assert len(code) > 25
    wrong = [text for text in code if not is_code.search(text)]
    assert len(wrong) <= 1  # equations in a code block
    stories = {text for text in texts if kind_of(text) == "writing"}
    assert len(stories) > 8
    assert all(re.search("story|poem|letter|post|essay|stories", text) for text in stories)


@given(st.text())
def test_any_text_has_one_kind_or_none(text: str) -> None:
    assert kind_of(text) in {"code", "maths", "writing", None}


@pytest.mark.parametrize(
    "text",
    [
        "Slow folk song\n[Verse 1]\nThe river knows my name\n[Chorus]\nRoll on",
        "[verse] Down by the sea [chorus] Come home to me",
        "Indie rock, 120 BPM\nLyrics: I was walking all night long",
        "Ein Schlager\nLiedtext: Die Sonne lacht",
        "[Pre-Chorus: whispered]\nDo not go",
    ],
)
def test_section_tags_and_a_line_of_lyrics_are_lyrics(text: str) -> None:
    assert has_lyrics(text)


@pytest.mark.parametrize(
    "text",
    [
        "Baroque harpsichord fugue in D minor",
        "A song with a catchy chorus and a long verse",
        "Techno\nLyrics: none",
        "Ambient\nLyrics:",
        "[Intro] pads [Outro] fade",
        "Write lyrics about the sea",
        "",
    ],
)
def test_talk_of_verses_is_not_lyrics(text: str) -> None:
    assert not has_lyrics(text)


def test_published_instrumental_prompts_bring_no_lyrics(shared_data: Path) -> None:
    file = shared_data / "music_arena" / "gateway_prebaked_prompts.json"
    prompts = json.loads(file.read_text("utf-8"))
    assert len(prompts) == 100
    assert not any(has_lyrics(row["overall_prompt"]) for row in prompts)
