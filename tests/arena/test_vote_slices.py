"""Slices of votes: by what is asked, by lyrics, by what the outputs are and by who judges."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.prompts.slices import SLICES, VoteFacts, slices_of

FACTS = st.builds(
    VoteFacts,
    modality=st.sampled_from(["text", "image", "music", "mesh"]),
    text=st.text(max_size=400),
    origin=st.sampled_from(["typed", "suggested", "imported", ""]),
    judged_by=st.sampled_from(["", "people", "models"]),
    are_textured=st.lists(st.sampled_from([True, False, None]), max_size=4).map(tuple),
)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (VoteFacts("text", "tuple?", "typed"), ["length-short", "prompt-own", "script-latin"]),
        (
            VoteFacts("text", "Schreibe ein kurzes Gedicht über den Herbst am Meer.", "suggested"),
            ["kind-writing", "language-de", "length-short", "prompt-suggested", "script-latin"],
        ),
        (
            VoteFacts("text", "Почему хлеб поднимается, когда его пекут в печи?", "typed"),
            ["language-ru", "length-short", "prompt-own", "script-cyrillic"],
        ),
        (
            VoteFacts("text", "Solve for x: 3x + 10 = 25", "imported", judged_by="models"),
            ["judge-models", "kind-maths", "length-short", "script-latin"],
        ),
        (VoteFacts("text", judged_by="people"), ["judge-people"]),
        (VoteFacts("text"), []),
        (
            VoteFacts("music", "[Verse]\nThe river knows my name and it sings to me", "typed"),
            ["language-en", "length-short", "lyrics-with", "prompt-own", "script-latin"],
        ),
        (
            VoteFacts("music", "Afrobeat", "typed"),
            ["length-short", "lyrics-without", "prompt-own", "script-latin"],
        ),
        (
            VoteFacts("mesh", "chair", "typed", are_textured=(True, True)),
            ["length-short", "outputs-textured", "prompt-own", "script-latin"],
        ),
        (
            VoteFacts("mesh", "chair", "typed", are_textured=(False, False, False)),
            ["length-short", "outputs-plain", "prompt-own", "script-latin"],
        ),
    ],
)
def test_a_vote_is_in_the_slices_of_its_facts(facts: VoteFacts, expected: list[str]) -> None:
    assert slices_of(facts) == expected


@pytest.mark.parametrize("known", [(), (None, None), (True, None), (True, False), (False, None)])
def test_outputs_that_differ_or_are_unknown_are_in_no_slice_of_textures(
    known: tuple[bool | None, ...],
) -> None:
    assert slices_of(VoteFacts("mesh", are_textured=known)) == []


@pytest.mark.parametrize("modality", ["image", "music", "mesh"])
def test_a_picture_of_code_or_a_song_about_a_poem_has_no_kind(modality: str) -> None:
    asked = "Write a poem about a Python function that sorts a list."
    assert "kind-code" in slices_of(VoteFacts("text", asked))
    assert not any(key.startswith("kind-") for key in slices_of(VoteFacts(modality, asked)))


@pytest.mark.parametrize("modality", ["text", "image", "mesh"])
def test_lyrics_are_a_matter_of_music_alone(modality: str) -> None:
    song = "[Verse]\nThe river knows my name"
    assert not any(key.startswith("lyrics-") for key in slices_of(VoteFacts(modality, song)))


@settings(deadline=None)  # the first text loads the model of languages
@given(FACTS)
def test_any_vote_is_in_at_most_one_slice_of_each_group_and_always_the_same(
    facts: VoteFacts,
) -> None:
    keys = slices_of(facts)
    assert keys == slices_of(facts) == sorted(keys)
    groups = [SLICES[key].group for key in keys]
    assert len(set(groups)) == len(groups)


@settings(deadline=None)
@given(FACTS)
def test_the_order_of_the_outputs_changes_nothing(facts: VoteFacts) -> None:
    turned = VoteFacts(
        facts.modality, facts.text, facts.origin, facts.judged_by, facts.are_textured[::-1]
    )
    assert slices_of(turned) == slices_of(facts)


def test_keys_fit_their_column() -> None:
    assert max(map(len, SLICES)) <= 40
