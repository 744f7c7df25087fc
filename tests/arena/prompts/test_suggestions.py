"""Suggested prompts take turns: each leads to about as many battles as any other."""

from __future__ import annotations

import random

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.arenas.models import Arena, SuggestedPrompt
from arena.battles.models import Battle
from arena.prompts.models import Prompt
from arena.prompts.suggestions import SHOWN, rotated, suggestions_for
from models_registry.models import Revision
from tests import cast

counts = st.lists(st.integers(0, 10**6), max_size=40)


@given(counts, st.integers(0, 10), st.randoms(use_true_random=False))
def test_as_many_as_wanted_are_shown_none_twice(
    n_used: list[int], n_shown: int, rng: random.Random
) -> None:
    shown = rotated(n_used, n_shown, rng)
    assert len(shown) == len(set(shown)) == min(n_shown, len(n_used))
    assert set(shown) <= set(range(len(n_used)))


@pytest.mark.parametrize("position", ["any", "the first"])
def test_the_spread_is_even_after_many_draws(position: str) -> None:
    rng = random.Random(6)
    n_used = [0] * 40
    for _ in range(4000):
        shown = rotated(n_used, SHOWN, rng)
        n_used[rng.choice(shown) if position == "any" else shown[0]] += 1
    assert max(n_used) - min(n_used) <= 5  # of 100 each


def test_the_spread_is_bounded_where_all_voters_have_the_same_favourites() -> None:
    rng = random.Random(6)
    n_used = [0] * 40
    for _ in range(4000):
        n_used[min(rotated(n_used, SHOWN, rng))] += 1
    assert max(n_used) <= 150
    assert sorted(n_used)[SHOWN] >= 75  # whatever is always passed by, the others are even


def test_one_that_is_new_catches_up_and_one_that_is_never_taken_hides_nobody() -> None:
    rng = random.Random(6)
    n_used = [50] * 20 + [0]
    for _ in range(100):
        n_used[rng.choice(rotated(n_used, SHOWN, rng))] += 1
    assert n_used[-1] > 10
    seen = [0] * 21
    for _ in range(400):
        for one in rotated([50] * 20 + [0], SHOWN, rng):
            seen[one] += 1
    assert seen[-1] > 390
    assert min(seen) > 50


@pytest.fixture
def suggestions(arena: Arena) -> list[SuggestedPrompt]:
    """Eight suggestions of the text arena."""
    return [SuggestedPrompt.objects.create(arena=arena, text=f"Question {n}?") for n in range(8)]


def use(suggestion: SuggestedPrompt, voter: Voter, times: int = 1) -> None:
    Prompt.objects.bulk_create(
        Prompt(
            arena=suggestion.arena,
            voter=voter,
            text=suggestion.text,
            origin=Prompt.Origin.SUGGESTED,
            suggestion=suggestion,
        )
        for _ in range(times)
    )


def test_a_few_are_shown_and_an_archived_one_never(
    arena: Arena, suggestions: list[SuggestedPrompt]
) -> None:
    suggestions[0].is_archived = True
    suggestions[0].save(update_fields=["is_archived"])
    other = cast.text_arena("other")
    SuggestedPrompt.objects.create(arena=other, text="Of another arena?")
    seen: set[SuggestedPrompt] = set()
    for _ in range(30):
        shown = suggestions_for(arena, None)
        assert len(shown) == SHOWN
        seen |= set(shown)
    assert seen == set(suggestions[1:])


def test_what_was_used_less_is_shown_more(
    ada: Voter, arena: Arena, suggestions: list[SuggestedPrompt]
) -> None:
    for suggestion in suggestions[1:]:
        use(suggestion, ada, times=200)
    rng = random.Random(6)
    first = [suggestions_for(arena, None, n_shown=1, rng=rng)[0] for _ in range(40)]
    assert first.count(suggestions[0]) > 30


def test_a_voter_is_not_shown_what_she_used_until_all_are_used(
    ada: Voter, arena: Arena, suggestions: list[SuggestedPrompt]
) -> None:
    for suggestion in suggestions[:5]:
        use(suggestion, ada)
    assert set(suggestions_for(arena, ada)) == set(suggestions[5:])
    assert set(suggestions_for(arena, cast.ada()[0])) & set(suggestions[:5])
    for suggestion in suggestions[5:]:
        use(suggestion, ada)
    assert len(suggestions_for(arena, ada)) == SHOWN


def test_an_arena_without_suggestions_shows_none(arena: Arena) -> None:
    assert suggestions_for(arena, None) == []


def test_it_takes_one_query(ada: Voter, arena: Arena, suggestions: list[SuggestedPrompt]) -> None:
    with CaptureQueriesContext(connection) as queries:
        suggestions_for(arena, ada)
    assert len(queries) == 1


def test_through_the_page_every_suggestion_gets_its_battles(
    ada: Voter, arena: Arena, suggestions: list[SuggestedPrompt], models: list[Revision]
) -> None:
    client = Client()
    client.cookies[COOKIE] = cast.cookie_of(ada)
    for _ in suggestions:
        shown = client.get("/arenas/text/").context["suggested"]
        assert len(shown) <= SHOWN
        answer = client.post("/arenas/text/", {"prompt": "", "suggested": str(shown[0].pk)})
        assert answer.status_code == 302
    taken = Battle.objects.values_list("prompt__suggestion", flat=True)
    assert sorted(taken) == sorted(one.pk for one in suggestions)
