"""Opening a battle: why it was made is on record, and nothing is written when it cannot be."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from arena.accounts import services as accounts
from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.accounts.services import current_consent
from arena.arenas.models import Arena, SuggestedPrompt
from arena.battles import services
from arena.battles.models import Battle, Seat
from arena.battles.sampling import uniform
from arena.battles.services import end_battle, mark_released, open_battle
from arena.common.errors import BadInput, NotAllowed, Unavailable
from arena.common.models import Event
from arena.prompts.models import Prompt
from models_registry.models import Model, Revision
from models_registry.services import register_model
from tests import cast

NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


def open_one(arena: Arena, voter: Voter, text: str = "What is a tuple?") -> Battle:
    return open_battle(arena=arena, voter=voter, consent=current_consent(voter), text=text)


def assert_nothing_written() -> None:
    assert not Battle.objects.exists()
    assert not Prompt.objects.exists()
    assert not Event.objects.exists()


def test_a_battle_knows_why_it_was_made(ada: Voter, arena: Arena, models: list[Revision]) -> None:
    battle = open_one(arena, ada, "  What is a tuple?\r\nReally. ")
    battle.refresh_from_db()
    assert battle.p_draw == 1 / 3
    assert (battle.sampler, battle.sampler_version) == (uniform.NAME, uniform.VERSION)
    assert battle.uniform_share == 1.0
    assert battle.prompt is not None
    assert battle.prompt.text == "What is a tuple?\nReally."
    assert battle.consent == current_consent(ada)
    assert [seat.letter for seat in battle.seats.all()] == ["A", "B"]
    assert {seat.revision for seat in battle.seats.all()} < set(models)
    assert battle.stage == "generating"
    event = Event.objects.get()
    assert (event.topic, event.payload) == ("battle.opened", {"battle_id": str(battle.pk)})


def test_every_pair_of_models_meets_in_both_orders(
    ada: Voter, arena: Arena, models: list[Revision], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "_rng", random.Random(60))
    met: Counter[tuple[int, ...]] = Counter()
    for _ in range(40):
        battle = open_one(arena, ada)
        met[tuple(seat.revision_id for seat in battle.seats.all())] += 1
    assert len(met) == 6  # each with a chance of 1/6 in 40 draws


def test_only_the_newest_revision_of_public_models_of_the_modality_plays(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    alder, birch, cedar = models
    newer = register_model(
        name="Alder",
        modality="text",
        organisation_name="Ben's lab",
        adapter="demo",
        config={"generator": "ngram"},
    )
    Model.objects.filter(pk=birch.model_id).update(status=Model.Status.RETIRED)
    cast.media_arena("image")
    battle = open_one(arena, ada)
    assert {seat.revision for seat in battle.seats.all()} == {newer, cedar}
    assert battle.p_draw == 1.0
    assert newer != alder


def test_too_few_models_open_no_battle_and_leave_no_trace(ada: Voter, arena: Arena) -> None:
    for _ in range(2):
        with pytest.raises(Unavailable, match="register_model"):
            open_one(arena, ada)
        assert_nothing_written()
        cast.bens_model("Alder")


def test_a_closed_arena_opens_no_battle(ada: Voter, arena: Arena, models: list[Revision]) -> None:
    arena.is_open = False
    arena.save(update_fields=["is_open"])
    with pytest.raises(NotAllowed, match="closed"):
        open_one(arena, ada)
    assert_nothing_written()


def test_without_the_voters_own_consent_to_the_terms_there_is_no_battle(
    ada: Voter, arena: Arena, models: list[Revision], monkeypatch: pytest.MonkeyPatch
) -> None:
    eve = accounts.new_voter()
    adas = current_consent(ada)
    monkeypatch.setattr(accounts, "_terms_text", lambda: "# New terms")
    for voter, consent in [(eve, None), (eve, adas), (ada, adas)]:
        with pytest.raises(NotAllowed) as refusal:
            open_battle(arena=arena, voter=voter, consent=consent, text="Hello")
        assert refusal.value.code == "terms_not_accepted"
    assert_nothing_written()


@pytest.mark.parametrize("text", ["", "  \n ", "\x00", "x" * 2001])
def test_an_unusable_prompt_is_refused(
    ada: Voter, arena: Arena, models: list[Revision], text: str
) -> None:
    with pytest.raises(BadInput):
        open_one(arena, ada, text)
    assert_nothing_written()


def test_a_taken_suggestion_is_known_as_one(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    suggestion = SuggestedPrompt.objects.create(arena=arena, text="What is a list?")
    taken = open_one(arena, ada, "What is a list?").prompt
    typed = open_one(arena, ada, "What is a list, please?").prompt
    assert taken is not None
    assert typed is not None
    assert (taken.origin, taken.suggestion) == (Prompt.Origin.SUGGESTED, suggestion)
    assert (typed.origin, typed.suggestion) == (Prompt.Origin.TYPED, None)


def test_a_battle_ends_once_and_is_released_once(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = open_one(arena, ada)
    assert mark_released(battle.pk)
    assert not mark_released(battle.pk)
    assert end_battle(battle.pk, Battle.Ending.VOID, void_reason="generation_failed")
    assert not end_battle(battle.pk, Battle.Ending.VOTED)
    battle.refresh_from_db()
    assert (battle.ending, battle.void_reason) == ("void", "generation_failed")
    ended = open_one(arena, ada)
    end_battle(ended.pk, Battle.Ending.ABANDONED)
    assert not mark_released(ended.pk)


# ── the database itself ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"p_draw": 0}, "p_draw_is_a_probability"),
        ({"p_draw": 2}, "p_draw_is_a_probability"),
        ({"p_draw": -0.5}, "p_draw_is_a_probability"),
        ({"uniform_share": 0}, "uniform_share_is_a_share"),
        ({"uniform_share": 1.1}, "uniform_share_is_a_share"),
        ({"p_draw": None}, "a_live_battle_knows_why_it_was_made"),
        ({"consent": None}, "a_live_battle_knows_why_it_was_made"),
        ({"voter": None}, "a_live_battle_knows_why_it_was_made"),
        ({"prompt": None}, "a_live_battle_knows_why_it_was_made"),
        ({"sampler_version": None}, "a_live_battle_knows_why_it_was_made"),
        ({"ending": "void", "ended_at": timezone.now()}, "a_void_battle_has_its_reason"),
        ({"void_reason": "generation_failed"}, "a_void_battle_has_its_reason"),
        ({"ending": "voted"}, "an_ending_has_its_time"),
        ({"ended_at": timezone.now()}, "an_ending_has_its_time"),
    ],
)
def test_postgresql_refuses_a_battle_that_makes_no_sense(
    ada: Voter, arena: Arena, models: list[Revision], values: dict[str, Any], constraint: str
) -> None:
    battle = open_one(arena, ada)
    with pytest.raises(IntegrityError, match=constraint):
        Battle.objects.filter(pk=battle.pk).update(**values)


def test_postgresql_refuses_seats_that_make_no_sense(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = open_one(arena, ada)
    first = battle.seats.get(position=0)
    other = next(model for model in models if not battle.seats.filter(revision=model).exists())
    for position, revision, constraint in [
        (2, first.revision, "no_model_meets_itself"),
        (0, other, "one_model_per_seat"),
        (6, other, "seats_are_a_to_f"),
    ]:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Seat.objects.create(battle=battle, position=position, revision=revision)


# ── the page where a battle starts ──────────────────────────────────────────────────────────


@pytest.fixture
def client(ada: Voter) -> Client:
    """Ada's browser."""
    client = Client()
    client.cookies[COOKIE] = cast.cookie_of(ada)
    return client


def test_a_prompt_leads_to_its_battle(client: Client, arena: Arena, models: list[Revision]) -> None:
    answer = client.post("/arenas/text/", {"prompt": "What is a set?"}, headers=NAVIGATION)
    battle = Battle.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/battles/{battle.pk}/")


def test_a_suggestion_is_taken_where_nothing_was_written(
    client: Client, arena: Arena, models: list[Revision]
) -> None:
    suggestion = SuggestedPrompt.objects.create(arena=arena, text="What is a list?")
    client.post("/arenas/text/", {"prompt": "", "suggested": str(suggestion.pk)})
    prompt = Battle.objects.get().prompt
    assert prompt is not None
    assert prompt.suggestion == suggestion


@pytest.mark.parametrize("suggested", ["", "0", "²", "-1", "x", "9" * 40, "1 OR 1=1"])
def test_a_suggestion_that_is_not_there_asks_for_a_prompt(
    client: Client, arena: Arena, models: list[Revision], suggested: str
) -> None:
    form = {"prompt": "", "suggested": suggested}
    answer = client.post("/arenas/text/", form, headers=NAVIGATION)
    assert answer.status_code == 200
    assert "Write a prompt" in answer.content.decode()
    assert not Battle.objects.exists()


def test_a_prompt_has_as_many_characters_as_the_browser_counts(
    client: Client, arena: Arena, models: list[Revision]
) -> None:
    longest = "x" * 999 + "\r\n" + "y" * 1000
    assert client.post("/arenas/text/", {"prompt": longest}).status_code == 302
    prompt = Battle.objects.get().prompt
    assert prompt is not None
    assert len(prompt.text) == arena.max_prompt_chars == 2000
    answer = client.post("/arenas/text/", {"prompt": f"{longest}z"}, headers=NAVIGATION)
    assert "The prompt has 2001 characters" in answer.content.decode()


def test_what_was_written_stays_in_the_form_when_the_terms_are_missing(
    arena: Arena, models: list[Revision]
) -> None:
    answer = Client().post("/arenas/text/", {"prompt": "What is a set?"}, headers=NAVIGATION)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "Accept the terms to start" in html
    assert "What is a set?" in html
    assert not Voter.objects.exists()


@pytest.mark.parametrize("is_open", [True, False])
def test_an_arena_that_cannot_open_a_battle_says_so(
    client: Client, arena: Arena, is_open: bool
) -> None:
    Arena.objects.update(is_open=is_open)
    answer = client.post("/arenas/text/", {"prompt": "What is a set?"}, headers=NAVIGATION)
    assert answer.status_code == (503 if is_open else 403)
    assert ("models that a battle" if is_open else "is closed") in answer.content.decode()
    assert_nothing_written()


def test_an_arena_that_is_not_there_is_a_404(client: Client) -> None:
    assert client.get(f"/arenas/{uuid.uuid4()}/").status_code == 404
