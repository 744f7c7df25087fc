"""The language of a prompt: told where it is sure, and never a wrong one."""

from __future__ import annotations

import json
import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.prompts import languages
from arena.prompts.languages import LANGUAGES, VARIETIES, language_of, prose_of
from tests.arena.labelled_prompts import LONG_ENOUGH, WITHOUT_A_LANGUAGE

LABELLED = [(language, text) for language, texts in LONG_ENOUGH.items() for text in texts]


def test_no_labelled_prompt_gets_a_wrong_language_and_nearly_all_get_theirs() -> None:
    told = [(language, language_of(text), text) for language, text in LABELLED]
    wrong = [one for one in told if one[1] not in (one[0], None)]
    assert wrong == []
    assert len(LONG_ENOUGH) == 30
    assert sum(found is not None for _, found, _ in told) >= 0.95 * len(told)


@pytest.mark.parametrize("language", LONG_ENOUGH)
def test_every_labelled_language_is_told_at_least_once(language: str) -> None:
    assert language in map(language_of, LONG_ENOUGH[language])


@pytest.mark.parametrize("text", WITHOUT_A_LANGUAGE)
def test_a_short_prompt_code_or_a_formula_has_no_language(text: str) -> None:
    assert language_of(text) is None


def test_prompts_of_published_files_in_english_are_called_english_or_nothing(
    shared_data: Path,
) -> None:
    rows = json.loads((shared_data / "pandalm_testset" / "testset-v1.json").read_text("utf-8"))
    texts = {f"{row['instruction']}\n\n{row['input']}" for row in rows}
    prompts = shared_data / "music_arena" / "gateway_prebaked_prompts.json"
    texts |= {row["overall_prompt"] for row in json.loads(prompts.read_text("utf-8"))}
    found = Counter(map(language_of, texts))
    assert set(found) == {"en", None}
    assert found["en"] > 150


def test_a_question_around_code_is_in_the_language_of_the_question() -> None:
    code = "```python\nfor name in names:\n    print(name)\n```"
    question = "Warum gibt dieses Programm nichts aus, obwohl die Liste Namen hat?"
    assert language_of(f"{question}\n{code}") == "de"
    assert language_of(f"{question}\n\nfor name in names:\n    print(name.upper())") == "de"


def test_prose_leaves_out_code_addresses_and_formulas() -> None:
    text = "See https://example.org/page and `a = b`.\n```\nx = 1\n```\nf(x) = x^2\nThank you"
    assert prose_of(text).split() == ["See", "and", ".", "Thank", "you"]
    assert prose_of("Before\n```\nnever closed") == "Before"


def test_a_language_that_is_not_listed_is_not_called_by_its_neighbour() -> None:
    galician = (
        "Explícame a diferenza entre unha lista e unha tupla, e cando debería usar cada unha."
    )
    assert "gl" not in LANGUAGES
    assert language_of(galician) is None


def test_every_language_and_variety_is_one_of_the_model() -> None:
    labels = set(languages._loaded().labels)
    assert set(VARIETIES) <= labels
    assert set(VARIETIES.values()) <= set(LANGUAGES)
    assert set(LANGUAGES) - labels == {"sh"}  # the sum of its varieties
    assert len(set(LANGUAGES.values())) == len(LANGUAGES) > 40


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_any_text_has_a_listed_language_or_none_and_always_the_same(text: str) -> None:
    first = language_of(text)
    languages._language_of.cache_clear()
    assert first == language_of(text)
    assert first is None or first in LANGUAGES


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(LABELLED), st.text(alphabet=" \n\t", max_size=20))
def test_white_space_around_a_prompt_changes_nothing(labelled: tuple[str, str], space: str) -> None:
    assert language_of(space + labelled[1] + space) == language_of(labelled[1])


def test_threads_that_start_together_load_the_model_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from py3langid.langid import LanguageIdentifier

    loads: list[object] = []
    load = LanguageIdentifier.from_model_file

    def counted(*arguments: object, **options: object) -> LanguageIdentifier:
        loads.append(arguments)
        return load(*arguments, **options)

    monkeypatch.setattr(LanguageIdentifier, "from_model_file", counted)
    monkeypatch.setattr(languages, "_identifier", None)
    languages._language_of.cache_clear()
    found: list[str | None] = []
    threads = [
        threading.Thread(target=lambda text=text: found.append(language_of(text)))
        for text in LONG_ENOUGH["de"]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["de"] * len(threads)
    assert len(loads) == 1
