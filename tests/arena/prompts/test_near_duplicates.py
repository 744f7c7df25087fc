"""Prompts that say nearly the same: the measure, its index, and what the database knows of them."""

from __future__ import annotations

import json
from io import StringIO
from itertools import combinations
from pathlib import Path

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.prompts.models import Prompt
from arena.prompts.near_duplicates import BANDS, are_alike, bands_of, similarity
from arena.prompts.selectors import n_distinct_prompts, own_near_duplicates
from arena.prompts.services import sign_prompts
from models_registry.models import Revision
from tests import cast

LONG = (
    "Explain to a curious teenager why the sky is blue in the day and red in the evening, without "
    "formulas, in three short paragraphs, and close with an experiment for the kitchen table."
)
TYPED_AGAIN = [
    LONG.upper(),
    LONG.replace("formulas", "formulae"),
    f"  {LONG}\n\nThanks",
    LONG.replace("three", "four"),
    LONG.replace(",", " -"),
]
KNOWN = [5750873823113986998, -7372255808025153241, -5713471428812255021]
OTHERS = [
    ("Write a haiku about rain", "Write a haiku about snow"),
    ("What is 17 * 23?", "What is 17 * 24?"),
    ("Translate to French: good morning, how are you?", "Translate to French: see you tomorrow"),
    ("日本の首都はどこですか", "日本の人口はどのくらいですか"),
]


@pytest.mark.parametrize("other", TYPED_AGAIN)
def test_a_prompt_with_small_edits_is_the_same(other: str) -> None:
    assert are_alike(LONG, other)
    assert set(bands_of(LONG)) & set(bands_of(other))


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_another_task_in_the_same_words_is_another_prompt(one: str, other: str) -> None:
    assert not are_alike(one, other)


def test_what_is_stored_never_changes() -> None:
    assert bands_of("What is a tuple?")[:3] == [
        5750873823113986998,
        -7372255808025153241,
        -5713471428812255021,
    ]
    assert bands_of("what is a TUPLE")[:3] == [
        5750873823113986998,
        -7372255808025153241,
        -5713471428812255021,
    ]


@given(st.text(max_size=200), st.text(max_size=200))
@settings(max_examples=60)
def test_similarity_is_a_symmetric_share(one: str, other: str) -> None:
    assert 0 <= similarity(one, other) == similarity(other, one) <= 1
    assert similarity(one, one) == 1


@given(st.text(max_size=200))
@settings(max_examples=60)
def test_any_prompt_has_its_bands(text: str) -> None:
    bands = bands_of(text)
    assert len(bands) == BANDS
    assert all(-(2**63) <= band < 2**63 for band in bands)
    assert bands == bands_of(text)


@given(st.text(alphabet="abcdefgh ", min_size=80, max_size=300), st.data())
@settings(max_examples=60)
def test_alike_prompts_share_a_band(text: str, data: st.DataObject) -> None:
    """With probability 0.9996 at the threshold, and more above it."""
    at = data.draw(st.integers(0, len(text) - 1))
    edited = text[:at] + "z" + text[at + 1 :]
    if similarity(text, edited) >= 0.9:
        assert set(bands_of(text)) & set(bands_of(edited))


def test_real_prompts_are_told_apart(shared_data: Path) -> None:
    """400 prompts of Music Arena and LLMBar: 6 of 79,800 pairs count as the same.

    All six are of one template, "Describe the given structural data: inform(…)", one field apart.
    """
    texts = real_prompts(shared_data)
    bands = [set(bands_of(text)) for text in texts]
    n_candidates = n_alike = n_missed = 0
    for i, j in combinations(range(len(texts)), 2):
        is_candidate = bool(bands[i] & bands[j])
        if is_candidate or (j - i) % 7 == 0:  # a seventh of the rest is enough to find misses
            is_alike = are_alike(texts[i], texts[j])
            n_alike += is_alike
            n_missed += is_alike and not is_candidate
        n_candidates += is_candidate
    assert (n_alike, n_missed) == (6, 0)
    assert n_candidates < 0.002 * len(texts) ** 2 / 2


def test_real_prompts_typed_again_are_known(shared_data: Path) -> None:
    """Other case and marks, or a word more: always. Another word in the middle: of long ones."""
    for text in real_prompts(shared_data):
        if len(text) < 60:
            continue
        bands = set(bands_of(text))
        for edited in (text.upper() + " !", f"{text} please"):
            assert are_alike(text, edited)
            assert bands & set(bands_of(edited))
        words = text.split()
        middle = len(words) // 2
        swapped = " ".join([*words[:middle], "rather", *words[middle + 1 :]])
        if len(text) > 250:
            assert are_alike(text, swapped)


def real_prompts(shared_data: Path) -> list[str]:
    music = json.loads((shared_data / "music_arena" / "gateway_prebaked_prompts.json").read_text())
    files = sorted((shared_data / "llmbar").rglob("dataset.json"))
    inputs = {row["input"] for file in files for row in json.loads(file.read_text("utf-8"))}
    made = music.values() if isinstance(music, dict) else music
    return [*(one["overall_prompt"] for one in made), *sorted(inputs)[:300]]


# ── in the database ─────────────────────────────────────────────────────────────────────────


def asked(arena: Arena, voter: Voter, text: str) -> Prompt:
    prompt = cast.opened_battle(arena, voter, text).prompt
    assert prompt is not None
    return prompt


def test_a_voters_own_repeats_are_known(ada: Voter, arena: Arena, models: list[Revision]) -> None:
    first = asked(arena, ada, LONG)
    assert not own_near_duplicates(first).exists()
    ben, _ = cast.ada()
    asked(arena, ben, LONG + " Please.")
    again = asked(arena, ada, TYPED_AGAIN[1])
    assert again.near_duplicate_of == first
    assert again.bands is None
    assert list(own_near_duplicates(again)) == [first]
    third = asked(arena, ada, LONG)
    assert set(own_near_duplicates(third)) == {first, again}


def test_near_duplicates_count_once(ada: Voter, arena: Arena, models: list[Revision]) -> None:
    for text in (LONG, *TYPED_AGAIN, "What is a tuple?", "what is a tuple"):
        asked(arena, ada, text)
    assert Prompt.objects.count() == 8
    assert n_distinct_prompts(Prompt.objects.all()) == 2


def test_another_arena_has_its_own_prompts(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    asked(arena, ada, LONG)
    assert asked(cast.text_arena("other"), ada, LONG).near_duplicate_of is None


def test_prompts_without_bands_are_compared_later(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    """Imported ones, and those from before there were bands."""
    Prompt.objects.bulk_create(
        Prompt(arena=arena, text=text, origin=Prompt.Origin.IMPORTED)
        for text in (LONG, TYPED_AGAIN[0], "What is a tuple?")
    )
    assert n_distinct_prompts(Prompt.objects.all()) == 3
    assert sign_prompts(arena) == 3
    assert n_distinct_prompts(Prompt.objects.all()) == 2
    assert sign_prompts(arena) == 0
    assert asked(arena, ada, LONG).near_duplicate_of is not None


def test_operators_compare_them_with_a_command(arena: Arena) -> None:
    Prompt.objects.bulk_create(
        Prompt(arena=arena, text=text, origin=Prompt.Origin.IMPORTED)
        for text in (LONG, TYPED_AGAIN[0])
    )
    told = StringIO()
    call_command("sign_prompts", stdout=told)
    assert told.getvalue() == "text: compared 2; 1 distinct prompts of 2\n"
