"""The live draw: what the newest fit says is used while it is fresh, and the battle says so."""

from __future__ import annotations

import datetime
import logging
import random
from collections import Counter
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from scipy.stats import chisquare

from arena.accounts.models import Voter
from arena.accounts.services import current_consent
from arena.arenas.models import Arena
from arena.battles import services
from arena.battles.models import Battle, SamplerState
from arena.battles.sampling import min_max_ci
from arena.battles.sampling.errors import BadState
from arena.battles.selectors import FRESH, pair_sampling
from arena.battles.services import open_battle, store_sampler_state
from models_registry.models import Revision
from tests import cast


@pytest.fixture
def four(db: None) -> list[int]:
    """Ids of four text models of Ben's."""
    return [cast.bens_model(name).pk for name in ("Alder", "Birch", "Cedar", "Dogwood")]


def store(arena: Arena, revisions: list[int], **changed: Any) -> SamplerState:
    """A fit in which the first model has by far the widest interval."""
    n = len(revisions)
    arrays: dict[str, Any] = {
        "scores": np.linspace(-0.5, 0.5, n),
        "standard_errors": np.array([0.2] + [0.05] * (n - 1)),
        "votes": np.full(n, 2000.0),
    }
    return store_sampler_state(arena=arena, revisions=revisions, **(arrays | changed))


def open_one(arena: Arena, voter: Voter, text: str = "Hello?") -> Battle:
    consent = current_consent(voter)
    return open_battle(arena=arena, voter=voter, consent=consent, text=text)


def test_the_default_sampler_draws_from_the_state_and_the_battle_keeps_how(
    ada: Voter, arena: Arena, four: list[int]
) -> None:
    store(arena, four)
    battle = open_one(arena, ada)
    assert arena.sampler == "min_max_ci"
    assert (battle.sampler, battle.sampler_version) == ("min_max_ci", min_max_ci.VERSION)
    assert battle.uniform_share == 0.1
    probabilities = pair_sampling(arena, four).probabilities
    pair = tuple(four.index(seat.revision_id) for seat in battle.seats.all())
    assert battle.p_draw == pytest.approx(probabilities.matrix[pair], rel=1e-12)


def test_battles_are_opened_as_often_as_p_draw_says(
    ada: Voter, arena: Arena, four: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    store(arena, four)
    monkeypatch.setattr(services, "_rng", random.Random(23))
    opened: Counter[frozenset[int]] = Counter()
    p_draw: dict[frozenset[int], float] = {}
    n_battles = 300
    for _ in range(n_battles):
        battle = open_one(arena, ada)
        pair = frozenset(battle.seats.values_list("revision_id", flat=True))
        assert battle.p_draw is not None
        opened[pair] += 1
        p_draw[pair] = battle.p_draw
    pairs = [frozenset(pair) for pair in combinations(four, 2)]
    assert sum(p_draw[pair] for pair in pairs) == pytest.approx(1, rel=1e-12)
    assert max(p_draw.values()) > 2 * min(p_draw.values())
    expected = [n_battles * p_draw[pair] for pair in pairs]
    assert chisquare([opened[pair] for pair in pairs], expected).pvalue > 0.001


@pytest.mark.parametrize("sampler", ["uniform", "rank_focused"])
def test_an_arena_chooses_its_sampler(
    ada: Voter, arena: Arena, four: list[int], sampler: str
) -> None:
    store(arena, four)
    open_one(arena, ada)
    Arena.objects.update(sampler=sampler)
    arena.refresh_from_db()
    battle = open_one(arena, ada)
    assert battle.sampler == sampler
    assert (battle.p_draw == 1 / 6) == (sampler == "uniform")


def test_postgresql_refuses_a_sampler_that_there_is_not(arena: Arena) -> None:
    with pytest.raises(IntegrityError, match="the_sampler_is_a_known_one"):
        Arena.objects.update(sampler="best")


def test_staff_choose_the_sampler_in_the_admin(arena: Arena, admin_client: Client) -> None:
    html = admin_client.get(f"/staff/arenas/arena/{arena.pk}/change/").content.decode()
    assert all(f'<option value="{name}"' in html for name in Arena.Sampler.values)
    assert '<option value="min_max_ci" selected' in html


def test_a_state_of_yesterday_is_no_longer_used(ada: Voter, arena: Arena, four: list[int]) -> None:
    store(arena, four)
    SamplerState.objects.update(made_at=timezone.now() - FRESH + datetime.timedelta(minutes=1))
    assert open_one(arena, ada).sampler == "min_max_ci"
    SamplerState.objects.update(made_at=timezone.now() - FRESH)
    battle = open_one(arena, ada)
    assert (battle.sampler, battle.p_draw, battle.uniform_share) == ("uniform", 1 / 6, 1.0)


def test_a_newer_state_replaces_the_one_in_memory(arena: Arena, four: list[int]) -> None:
    store(arena, four)
    widest_first = pair_sampling(arena, four).probabilities.preferred_of_models
    store(arena, four[::-1])
    widest_last = pair_sampling(arena, four).probabilities.preferred_of_models
    assert widest_first.argmax() == 0
    assert widest_last.argmax() == 3
    assert SamplerState.objects.count() == 1


def test_a_state_is_read_once_and_then_asked_only_whether_it_is_the_newest(
    arena: Arena, four: list[int], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    store(arena, four)
    with django_assert_num_queries(2):
        first = pair_sampling(arena, four)
    with django_assert_num_queries(1):
        assert pair_sampling(arena, four) is first


def test_a_model_that_the_state_does_not_know_is_boosted_and_a_retired_one_is_not_drawn(
    arena: Arena, four: list[int]
) -> None:
    errors = np.full(4, 0.05)
    store(arena, four, scores=np.zeros(4), standard_errors=errors)
    newcomer = cast.bens_model("Elder").pk
    matrix = pair_sampling(arena, [*four[1:], newcomer]).probabilities.matrix
    assert matrix.shape == (4, 4)
    uniform = 0.1 / 6
    boost = (matrix[0, 3] - uniform) / (matrix[0, 1] - uniform)
    assert boost == pytest.approx(5)


def test_models_of_which_the_state_knows_none_meet_uniformly(arena: Arena, four: list[int]) -> None:
    store(arena, [pk + 1000 for pk in four])
    chosen = pair_sampling(arena, four)
    assert chosen.sampler.name == "uniform"
    assert chosen.probabilities.of_pairs.tolist() == [1 / 6] * 6


def test_the_context_of_a_prompt_has_its_own_floors(
    ada: Voter, arena: Arena, four: list[int]
) -> None:
    store(arena, four, battles_by_context={"script-greek": np.array([90.0, 80, 85, 1])})
    plain = pair_sampling(arena, four).probabilities.matrix
    greek = pair_sampling(arena, four, "script-greek").probabilities.matrix
    other = pair_sampling(arena, four, "script-latin").probabilities.matrix
    assert plain.sum(axis=1)[3] < 0.45 < greek.sum(axis=1)[3] == pytest.approx(0.5)
    assert np.array_equal(plain, other)
    for text, probabilities in (("Τι κάνεις;", greek), ("How are you?", plain)):
        battle = open_one(arena, ada, text)
        pair = tuple(four.index(seat.revision_id) for seat in battle.seats.all())
        assert battle.p_draw == pytest.approx(probabilities[pair], rel=1e-12)


def test_arenas_do_not_share_their_states(arena: Arena, four: list[int]) -> None:
    store(arena, four)
    other = cast.text_arena("other")
    assert pair_sampling(arena, four).sampler.name == "min_max_ci"
    assert pair_sampling(other, four).sampler.name == "uniform"


def test_a_state_that_cannot_be_read_stops_no_battle(
    ada: Voter, arena: Arena, four: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    store(arena, four)
    SamplerState.objects.update(arrays=b"of another version")
    with caplog.at_level(logging.WARNING):
        assert open_one(arena, ada).sampler == "uniform"
    assert "refresh the boards" in caplog.text


def test_a_state_that_makes_no_sense_is_not_kept(arena: Arena, models: list[Revision]) -> None:
    ids = [revision.pk for revision in models]
    for revisions, errors in [([ids[0], *ids[:2]], np.ones(3)), (ids, np.array([1, 1, -1.0]))]:
        with pytest.raises(BadState):
            store(arena, revisions, standard_errors=errors)
    assert not SamplerState.objects.exists()
