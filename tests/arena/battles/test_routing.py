"""Routing: models that cannot do what a prompt needs do not play, and everybody is told why."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.accounts.services import current_consent
from arena.arenas.models import Arena, SuggestedPrompt
from arena.battles import services
from arena.battles.models import Battle
from arena.battles.routing import NoModelFits, lacks, needs_line, refusal, route
from arena.battles.selectors import pair_sampling
from arena.battles.services import open_battle, store_sampler_state
from arena.common.errors import Unavailable
from arena.common.models import Event
from arena.prompts.models import Prompt
from arena.prompts.needs import Need, Needs, needs_of
from models_registry.abilities import Abilities, parsed_abilities
from models_registry.models import Model, Revision
from models_registry.services import register_model
from tests import cast

NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
SINGS, PLAYS = {"vocals": "both"}, {"vocals": "instrumental"}


def told(*candidates: dict[str, Any], text: str, modality: str = "music", n_seats: int = 2) -> str:
    """What the voter is told where too few of these models fit."""
    abilities = {number: parsed_abilities(one) for number, one in enumerate(candidates)}
    needs = needs_of(text, modality=modality, reads_language=True)
    routing = route(abilities, needs, n_seats=n_seats)
    assert len(routing.fit) < n_seats
    return refusal(routing, abilities, modality=modality, n_seats=n_seats).message


# ── the rules ───────────────────────────────────────────────────────────────────────────────

abilities_of_any_model = st.builds(
    Abilities,
    languages=st.none() | st.frozensets(st.sampled_from(["en", "fr", "nb", "yue"]), min_size=1),
    vocals=st.sampled_from([None, "instrumental", "vocals", "both"]),
    max_duration_s=st.none() | st.floats(1, 100),
    image_input=st.booleans(),
    min_triangles=st.none() | st.integers(1, 10_000),
    max_triangles=st.none() | st.integers(1, 10_000),
    max_prompt_chars=st.none() | st.integers(1, 100),
)
any_need = st.one_of(
    st.builds(Need, st.just("vocals"), st.sampled_from(["vocals", "instrumental"])),
    st.builds(Need, st.just("duration_s"), st.floats(1, 100)),
    st.builds(Need, st.just("language"), st.sampled_from(["en", "fr", "zh", "no"])),
    st.builds(Need, st.just("image_input"), st.just(value=True)),
    st.builds(Need, st.just("max_triangles"), st.integers(1, 10_000), is_wish=st.booleans()),
    st.builds(Need, st.just("min_triangles"), st.integers(1, 10_000)),
    st.builds(Need, st.just("prompt_chars"), st.integers(1, 100)),
)
any_candidates = st.lists(abilities_of_any_model, min_size=2, max_size=8).map(
    lambda models: dict(enumerate(models, start=100))
)
any_needs = st.lists(any_need, max_size=5, unique_by=lambda need: need.name).map(
    lambda needs: Needs(tuple(needs))
)


@given(any_candidates, any_needs, st.integers(2, 6))
def test_every_candidate_fits_or_is_left_out_for_what_it_lacks(
    candidates: dict[int, Abilities], needs: Needs, n_seats: int
) -> None:
    routing = route(candidates, needs, n_seats=n_seats)
    out = {one.revision for one in routing.left_out}
    assert list(routing.fit) == [one for one in candidates if one not in out]
    by_name = {need.name: need for need in needs.needs}
    for one in routing.left_out:
        assert one.because == lacks(candidates[one.revision], by_name[one.need])
        assert one.because.endswith(".")
    for revision in routing.fit:
        for need in needs.needs:
            assert need.name in routing.unmet or not lacks(candidates[revision], need)
    kept = routing.as_json()
    assert json.loads(json.dumps(kept)) == kept
    assert {pk for row in kept["left_out"] for pk in row["revisions"]} == out


@given(any_candidates, any_needs, st.integers(2, 6))
def test_a_wish_never_leaves_too_few(
    candidates: dict[int, Abilities], needs: Needs, n_seats: int
) -> None:
    routing = route(candidates, needs, n_seats=n_seats)
    firm = Needs(tuple(need for need in needs.needs if not need.is_wish))
    without = route(candidates, firm, n_seats=n_seats)
    assert set(routing.fit) <= set(without.fit)
    assert (len(routing.fit) < n_seats) == (len(without.fit) < n_seats)


@given(any_candidates, any_needs, st.data())
def test_a_model_that_declares_less_plays_no_less(
    candidates: dict[int, Abilities], needs: Needs, data: st.DataObject
) -> None:
    one = data.draw(st.sampled_from(sorted(candidates)))
    freed = {**candidates, one: Abilities(image_input=True)}
    assert one in route(freed, needs, n_seats=2).fit


@given(any_candidates, any_needs, st.integers(2, 6))
def test_a_refusal_names_a_way_on_in_plain_words(
    candidates: dict[int, Abilities], needs: Needs, n_seats: int
) -> None:
    routing = route(candidates, needs, n_seats=n_seats)
    if len(candidates) >= n_seats > len(routing.fit):
        error = refusal(routing, candidates, modality="music", n_seats=n_seats)
        assert (error.status, error.code) == (400, "no_model_fits")
        assert error.message.startswith("No ")
        assert error.message.count(". ") >= 1
        assert error.message.endswith(".")
        assert "None" not in error.message


@given(st.floats(13, 100), st.lists(st.floats(1, 12), min_size=2, max_size=6))
def test_the_length_that_a_refusal_offers_suits_enough_models(
    asked: float, limits: list[float]
) -> None:
    candidates = {n: Abilities(max_duration_s=limit) for n, limit in enumerate(limits)}
    needs = Needs((Need("duration_s", asked),))
    routing = route(candidates, needs, n_seats=2)
    error = refusal(routing, candidates, modality="music", n_seats=2)
    offered = sorted(limits)[-2]
    assert f"up to {offered:g} s" in error.message
    assert len(route(candidates, Needs((Need("duration_s", offered),)), n_seats=2).fit) >= 2


@pytest.mark.parametrize(
    ("message", "candidates", "facts"),
    [
        (
            "sing. Leave out the words to sing, or ask for an instrumental.",
            [PLAYS, PLAYS, SINGS],
            {"text": "A waltz with female vocals"},
        ),
        (
            "play without a voice. Ask for a voice, or do not say that there should be none.",
            [{"vocals": "vocals"}, PLAYS],
            {"text": "An instrumental waltz"},
        ),
        (
            "make clips of 1 min 30 s. Ask for up to 20 s, or say no length.",
            [{"max_duration_s": limit} for limit in (20, 10, 15)] + [{}],
            {"text": "90 seconds of rain"},
        ),
        (
            "keep to 500 triangles. Allow 3,000 triangles, or give no number.",
            [{"min_triangles": limit} for limit in (100, 3000, 9000)],
            {"text": "a fox under 500 triangles", "modality": "mesh"},
        ),
        (
            "make 50,000 triangles. Ask for up to 9,000 triangles, or give no number.",
            [{"max_triangles": limit} for limit in (100, 9000)] + [{}],
            {"text": "a fox of at least 50k triangles", "modality": "mesh"},
        ),
        (
            "work in French. Use English or German.",
            [{"languages": ["en", "de"]}, {"languages": ["en", "de", "fr"]}],
            {"text": "Pourquoi le ciel est-il bleu pendant la journée ?", "modality": "text"},
        ),
        (
            "read prompts of 27 characters. Shorten the prompt to 20 characters.",
            [{"max_prompt_chars": 20}, {"max_prompt_chars": 25}],
            {"text": "What is the tallest tower??", "modality": "text"},
        ),
        (
            "sing and make clips of 30 s, all at once. Leave one of these out.",
            [PLAYS, SINGS, {"max_duration_s": 12}],
            {"text": "A waltz with female vocals, 30 seconds"},
        ),
    ],
)
def test_a_refusal_says_what_nobody_can_do_and_what_to_change(
    message: str, candidates: list[dict[str, Any]], facts: dict[str, str]
) -> None:
    modality = {"mesh": "3D"}.get(facts.get("modality", "music"), facts.get("modality", "music"))
    assert told(*candidates, **facts) == f"No two {modality} models here {message}"


def test_a_refusal_counts_the_seats_of_the_arena() -> None:
    limits: list[dict[str, Any]] = [{"max_duration_s": limit} for limit in (20, 10, 47)]
    assert told(*limits, {}, text="90 seconds of rain", n_seats=3) == (
        "No three music models here make clips of 1 min 30 s. Ask for up to 20 s, or say no length."
    )


def test_an_image_needs_models_that_look_at_images() -> None:
    needs = needs_of("What is this?", modality="text", has_image=True)
    candidates = {1: Abilities(), 2: Abilities(image_input=True), 3: Abilities()}
    routing = route(candidates, needs, n_seats=2)
    assert routing.fit == (2,)
    assert refusal(routing, candidates, modality="text", n_seats=2).message == (
        "No two text models here look at images. Send the words alone."
    )


@pytest.mark.parametrize(("declared", "key"), [("yue", "zh"), ("nb", "no"), ("hr", "sh")])
def test_a_variety_is_read_as_its_language(declared: str, key: str) -> None:
    assert not lacks(Abilities(languages=frozenset({declared})), Need("language", key))


# ── a battle ────────────────────────────────────────────────────────────────────────────────


def musician(name: str, **abilities: Any) -> Revision:
    return register_model(
        name=name,
        modality="music",
        organisation_name="Ben's lab",
        adapter="demo",
        config={"generator": "fm"},
        abilities=abilities,
    )


@pytest.fixture
def singers(db: None) -> list[Revision]:
    """Three models of Ben's, of which the first never sings."""
    return [musician("Alder", **PLAYS), musician("Birch", **SINGS), musician("Cedar", **SINGS)]


@pytest.fixture
def concert(db: None) -> Arena:
    """A music arena with clips of 20 seconds."""
    return Arena.objects.create(slug="music", name="Music", modality="music", clip_s=20)


def open_one(arena: Arena, voter: Voter, text: str) -> Battle:
    return open_battle(arena=arena, voter=voter, consent=current_consent(voter), text=text)


def test_only_models_that_fit_are_drawn_and_the_battle_knows_why(
    ada: Voter, concert: Arena, singers: list[Revision]
) -> None:
    battle = open_one(concert, ada, "A waltz with female vocals")
    battle.refresh_from_db()
    assert {seat.revision for seat in battle.seats.all()} == set(singers[1:])
    assert battle.p_draw == 1.0
    assert battle.routing["version"] == 1
    assert battle.routing["needs"][0] == {"name": "vocals", "value": "vocals", "span": [20, 26]}
    assert battle.routing["left_out"] == [
        {"need": "vocals", "because": "It never sings.", "revisions": [singers[0].pk]}
    ]
    assert needs_line(battle) == "Read as: with vocals"


def test_without_needs_everybody_may_be_drawn(
    ada: Voter, concert: Arena, singers: list[Revision]
) -> None:
    battle = open_one(concert, ada, "A waltz")
    assert battle.p_draw == 1 / 3
    assert battle.routing["left_out"] == []
    assert battle.routing["category"] == {"key": "folk", "version": 1}
    assert needs_line(battle) == ""


def test_probabilities_of_the_pairs_that_fit_sum_to_one(
    ada: Voter, concert: Arena, singers: list[Revision], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "_rng", random.Random(60))
    singers.append(musician("Damson", **SINGS))
    store_sampler_state(
        arena=concert,
        revisions=[one.pk for one in singers],
        scores=np.array([2.0, 0.4, -0.3, 0.0]),
        standard_errors=np.array([0.1, 0.5, 0.2, 0.9]),
        votes=np.array([900.0, 60.0, 300.0, 40.0]),
    )
    fit = [one.pk for one in singers[1:]]
    matrix = pair_sampling(concert, fit, "script-latin").probabilities.matrix
    assert np.isclose(matrix.sum() / 2, 1.0)
    seen = {}
    for _ in range(40):
        battle = open_one(concert, ada, "A waltz with female vocals")
        pair = tuple(sorted(seat.revision_id for seat in battle.seats.all()))
        first, second = (fit.index(revision) for revision in pair)
        assert battle.p_draw == pytest.approx(matrix[first, second], abs=1e-12)
        seen[pair] = battle.p_draw
    assert len(seen) == 3
    assert sum(seen.values()) == pytest.approx(1.0)


def test_a_length_beyond_the_clips_of_the_arena_leaves_nobody_out(
    ada: Voter, concert: Arena
) -> None:
    for name in ("Alder", "Birch"):
        musician(name, max_duration_s=20)
    battle = open_one(concert, ada, "30 seconds of rain")
    assert needs_line(battle) == "Read as: about 30 s (clips here last 20 s)"
    concert.clip_s = 60
    concert.save(update_fields=["clip_s"])
    with pytest.raises(NoModelFits, match=r"make clips of 30 s\. Ask for up to 20 s"):
        open_one(concert, ada, "30 seconds of rain")


def test_a_refused_prompt_leaves_no_trace(
    ada: Voter, concert: Arena, singers: list[Revision]
) -> None:
    Model.objects.filter(slug="cedar").update(abilities=PLAYS)
    with pytest.raises(NoModelFits, match="sing"):
        open_one(concert, ada, "A waltz with female vocals")
    assert not Battle.objects.exists()
    assert not Prompt.objects.exists()
    assert not Event.objects.exists()


def test_an_arena_with_too_few_models_says_so_whatever_is_asked(ada: Voter, concert: Arena) -> None:
    musician("Alder", **PLAYS)
    with pytest.raises(Unavailable, match="register_model"):
        open_one(concert, ada, "A waltz with female vocals")


def test_languages_matter_where_a_model_declares_them(ada: Voter, arena: Arena) -> None:
    french = "Pourquoi le ciel est-il bleu pendant la journée ?"
    alder, birch = cast.bens_model("Alder"), cast.bens_model("Birch")
    assert needs_line(open_one(arena, ada, french)) == ""  # nobody declares one: all may play
    Model.objects.filter(pk=cast.bens_model("Cedar").model_id).update(
        abilities={"languages": ["en"]}
    )
    battle = open_one(arena, ada, french)
    assert {seat.revision for seat in battle.seats.all()} == {alder, birch}
    assert needs_line(battle) == "Read as: in French"


def test_a_low_poly_wish_is_met_where_it_can_be(ada: Voter, db: None) -> None:
    arena = cast.media_arena("mesh")
    battle = open_one(arena, ada, "A low-poly fox")
    assert needs_line(battle) == "Read as: low-poly (these models do not promise it)"
    assert battle.routing["left_out"] == []
    with pytest.raises(NoModelFits, match="keep to 500 triangles"):
        open_one(arena, ada, "A fox under 500 triangles")


# ── through the public door ─────────────────────────────────────────────────────────────────


@pytest.fixture
def client(ada: Voter) -> Client:
    """Ada's browser."""
    client = Client()
    client.cookies[COOKIE] = cast.cookie_of(ada)
    return client


def test_the_page_refuses_in_words_and_keeps_the_text(client: Client, db: None) -> None:
    cast.media_arena("music")
    text = "A waltz with <female> vocals"
    answer = client.post("/arenas/music/", {"prompt": text}, headers=NAVIGATION)
    html = answer.content.decode()
    assert "No two music models here sing." in html
    assert "A waltz with &lt;female&gt; vocals</textarea>" in html
    assert not Battle.objects.exists()
    answer = client.post("/arenas/music/", {"prompt": "A waltz"}, headers=NAVIGATION)
    assert answer.status_code == 302


def test_what_was_misread_is_called_off_and_rules_out_nobody(
    client: Client, concert: Arena, singers: list[Revision]
) -> None:
    Model.objects.filter(slug="cedar").update(abilities=PLAYS)
    text = "Female vocals, as a trombone would play them"
    refused = client.post("/arenas/music/", {"prompt": text}, headers=NAVIGATION).content.decode()
    assert 'name="calls_off_needs"' in refused
    form = {"prompt": text, "calls_off_needs": "on"}
    answer = client.post("/arenas/music/", form, headers=NAVIGATION)
    battle = Battle.objects.get()
    assert (answer.status_code, battle.routing["called_off"]) == (302, ["vocals"])
    assert battle.routing["left_out"] == []
    html = client.get(answer.url).content.decode()  # type: ignore[attr-defined]
    assert "Sent to any model, as you asked" in html
    assert 'name="calls_off_needs"' not in html


def test_a_fact_about_a_prompt_cannot_be_called_off(
    client: Client, concert: Arena, singers: list[Revision]
) -> None:
    Model.objects.update(abilities={"max_prompt_chars": 10})
    form = {"prompt": "A waltz for a summer night"}
    html = client.post("/arenas/music/", form, headers=NAVIGATION).content.decode()
    assert "read prompts of" in html
    assert 'name="calls_off_needs"' not in html
    answer = client.post("/arenas/music/", {**form, "calls_off_needs": "on"}, headers=NAVIGATION)
    assert answer.status_code == 200
    assert not Battle.objects.exists()


def test_a_refused_suggestion_is_in_the_box_to_be_changed(client: Client, db: None) -> None:
    arena = cast.media_arena("music")
    taken = SuggestedPrompt.objects.create(arena=arena, text="A choir at dawn")
    form = {"prompt": "", "suggested": str(taken.pk)}
    answer = client.post("/arenas/music/", form, headers=NAVIGATION)
    assert "A choir at dawn</textarea>" in answer.content.decode()


def test_a_prompt_in_any_language_gets_a_battle_of_demo_models(
    client: Client, models: list[Revision], arena: Arena
) -> None:
    for text in ("Was ist ein Tupel und wofür braucht man es?", "请解释一下列表和元组的区别。"):
        assert client.post("/arenas/text/", {"prompt": text}).status_code == 302
