"""Slices of prompts: what a vote's prompt says of the boards it counts on, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.prompts.slices import (
    LETTERS_READ,
    LONG_CHARS,
    SHORT_CHARS,
    SLICES,
    VoteFacts,
    context_of,
    slices_of,
)

origins = st.sampled_from(["typed", "suggested", "imported"])
# Letters of several writing systems, and what has none.
letters = {
    "latin": "a",
    "cyrillic": "б",
    "greek": "γ",
    "hangul": "한",
    "thai": "ก",
    "chinese": "好",
}
modalities = st.sampled_from(["text", "image", "music", "mesh"])
textures = st.lists(st.sampled_from([True, False, None]), max_size=3).map(tuple)
judges = st.sampled_from(["", "people", "models"])
every_fact = st.builds(
    VoteFacts, modalities, st.text(), origins, judged_by=judges, are_textured=textures
)
nothing_to_read = st.text(st.characters(exclude_categories=["L"]))


def keys_of(text: str, origin: str) -> list[str]:
    """The slices of a vote cast here on a text prompt."""
    return slices_of(VoteFacts("text", text, origin))


def slices_of_prompt(text: str, origin: str) -> list[str]:
    return slices_of(VoteFacts("image", text, origin))


def group(keys: list[str], prefix: str) -> list[str]:
    return [key for key in keys if key.startswith(f"{prefix}-")]


@settings(deadline=None)  # the first call reads what languages are told by
@given(every_fact)
def test_every_slice_is_known_and_there_is_one_of_a_group_at_most(facts: VoteFacts) -> None:
    keys = slices_of(facts)
    assert set(keys) <= SLICES.keys()
    assert keys == sorted(set(keys)) == slices_of(facts)
    groups = [SLICES[key].group for key in keys]
    assert len(groups) == len(set(groups))
    assert len(group(keys, "length")) == bool(facts.text)
    assert len(group(keys, "prompt")) == (facts.origin != "imported")


@given(modalities)
def test_a_vote_without_a_prompt_is_in_no_slice(modality: str) -> None:
    assert slices_of(VoteFacts(modality)) == []


@given(every_fact)
def test_the_order_of_the_outputs_does_not_matter(facts: VoteFacts) -> None:
    swapped = replace(facts, are_textured=facts.are_textured[::-1])
    assert slices_of(swapped) == slices_of(facts)


@settings(deadline=None)
@given(st.text(), origins, origins)
def test_only_the_slice_of_the_origin_depends_on_the_origin(
    text: str, origin: str, other: str
) -> None:
    one, two = keys_of(text, origin), keys_of(text, other)
    assert set(one) - set(group(one, "prompt")) == set(two) - set(group(two, "prompt"))


@settings(deadline=None)  # the first text loads the model of languages
@given(st.text(), origins)
def test_samplers_have_floors_for_the_slice_that_the_vote_is_counted_in(
    text: str, origin: str
) -> None:
    assert group(keys_of(text, origin), "script") == [context_of(text)] * bool(context_of(text))


@settings(deadline=None)
@given(nothing_to_read, origins)
def test_a_prompt_without_letters_has_no_writing_system(text: str, origin: str) -> None:
    assert context_of(text) == ""
    assert group(keys_of(text, origin), "script") == []


@given(
    st.dictionaries(st.sampled_from(sorted(letters)), st.integers(1, 12), min_size=1),
    st.randoms(use_true_random=False),
)
def test_the_writing_system_of_most_letters_wins_in_whatever_order(
    counts: dict[str, int], order: Random
) -> None:
    mixed = [letters[script] for script, n in counts.items() for _ in range(n)]
    order.shuffle(mixed)
    most = max(counts.values())
    # Of equally many it is always the same one, the last by name.
    winner = max(script for script, n in counts.items() if n == most)
    assert context_of("".join(mixed)) == f"script-{winner}"
    assert context_of(" 1, ".join(mixed)) == f"script-{winner}"


@pytest.mark.parametrize(
    ("n_chars", "key"),
    [
        (1, "short"), (SHORT_CHARS, "short"), (SHORT_CHARS + 1, "medium"),
        (LONG_CHARS, "medium"), (LONG_CHARS + 1, "long"), (100_000, "long"),
    ],
)  # fmt: skip
def test_lengths_are_told_apart_at_their_bounds(n_chars: int, key: str) -> None:
    assert group(keys_of("x" * n_chars, "typed"), "length") == [f"length-{key}"]


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("What is a tuple?", "latin"),
        ("Что такое кортеж?", "cyrillic"),
        ("Τι είναι η πλειάδα;", "greek"),
        ("ما هي المصفوفة؟", "arabic"),
        ("מה זה טאפל?", "hebrew"),
        ("टपल क्या है?", "devanagari"),
        ("什么是元组", "chinese"),
        ("タプルとはなんですか", "kana"),
        ("ﾀﾌﾟﾙ", "kana"),
        ("튜플이 뭐예요?", "hangul"),
        ("ทูเพิลคืออะไร", "thai"),
        ("ＴＵＰＬＥ", "latin"),
        ("Explain «кортеж» in Python, please", "latin"),
        ("ⵣⵣⵣ", ""),
        ("ⵣⵣⵣ a", "latin"),
        ("", ""),
        ("2 + 2 = ? 🙂", ""),
    ],
)
def test_writing_systems_of_real_words(text: str, script: str) -> None:
    assert context_of(text) == (f"script-{script}" if script else "")


def test_only_the_beginning_of_a_long_prompt_tells_its_writing_system() -> None:
    assert context_of("a" * LETTERS_READ + "б" * 10_000) == "script-latin"
    assert context_of("1 " * 10_000 + "б") == "script-cyrillic"


def test_each_slice_has_a_group_and_a_label_of_its_own() -> None:
    assert len({(one.group, one.label) for one in SLICES.values()}) == len(SLICES)
    assert all(key == one.key and one.group and one.label for key, one in SLICES.items())
