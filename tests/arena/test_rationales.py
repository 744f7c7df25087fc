"""Words, tags and marks: what is taken, what is refused, and that every version is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.test.html import parse_html

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.arenas.models import Arena, Tag
from arena.battles.models import Battle
from arena.battles.services import mark_released
from arena.generation.models import Output
from arena.generation.outputs import store_blob
from arena.votes.ballot import read_ballot
from arena.votes.export import _battle as exported
from arena.votes.marks import KIND_OF
from arena.votes.models import Mark, Rationale, SeatRationale
from arena.votes.rationales import (
    MAX_NOTE_CHARS,
    MAX_RATIONALE_CHARS,
    MOST_MARKS,
    MarkSaid,
    Said,
    SeatSaid,
    question_after,
    said_in,
    write_rationale,
)
from models_registry.models import Revision
from tests import cast

TEXT = "A tuple is immutable."
QUOTE = {"start": 2, "end": 7, "quote": "tuple"}
REGION = {"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4}
RANGE = {"from_s": 3.0, "to_s": 7.25}
VIEW = {"azimuth_deg": 40.5, "polar_deg": 69.0, "distance": 4.17}
PLACES = {"span": QUOTE, "region": REGION, "range": RANGE, "view": VIEW}


@pytest.fixture
def tagged(arena: Arena) -> Arena:
    """An arena with two tags for an output and one against it."""
    for position, (key, polarity) in enumerate(
        (("correct", "good"), ("complete", "good"), ("wrong", "bad"))
    ):
        Tag.objects.create(
            arena=arena, key=key, label=key.title(), polarity=polarity, position=position
        )
    return arena


@pytest.fixture
def battle(ada: Voter, tagged: Arena, models: list[Revision]) -> Battle:
    """A battle that Ada voted on; its answers are TEXT and "No idea."."""
    voted = cast.shown_battle(tagged, ada)
    cast.vote(voted, "a")
    return voted


@pytest.fixture
def client(ada: Voter) -> Client:
    """Ada's browser."""
    client = Client()
    client.cookies[COOKIE] = cast.cookie_of(ada)
    return client


def media_battle(voter: Voter, modality: str) -> Battle:
    """A battle of files that its voter found alike; every clip lasts 12 seconds."""
    battle = cast.opened_battle(cast.media_arena(modality), voter)
    blob = store_blob(modality.encode(), media_type="application/octet-stream", extension=".bin")
    details = {"duration_s": 12.0, "peaks": [0.5] * 8} if modality == "music" else {}
    for seat in battle.seats.all():
        Output.objects.create(seat=seat, blob=blob, details=details)
    mark_released(battle.pk)
    for position in range(2):
        cast.record_shown(battle_id=battle.pk, voter=voter, seat=position)
    cast.vote(battle, "tie")
    return battle


def mark(place: dict[str, Any] | None = None, **other: Any) -> dict[str, Any]:
    return {
        "position": 0,
        "kind": "span",
        "place": QUOTE if place is None else place,
        "is_good": True,
        "note": "",
        **other,
    }


def say(client: Client, battle: Battle, **said: Any) -> Any:
    """Send a whole rationale as the page's script does."""
    body = {"text": "", "seats": [], "marks": [], **said}
    return client.post(f"/battles/{battle.pk}/rationale", body, content_type="application/json")


def refused(client: Client, battle: Battle, **said: Any) -> str:
    """Return why it was refused; nothing of it may have been kept."""
    answer = say(client, battle, text="Kept with the rest or not at all.", **said)
    assert answer.status_code == 400, answer.content
    assert not Rationale.objects.exists()
    assert not Mark.objects.exists()
    assert not SeatRationale.objects.exists()
    message: str = answer.json()["message"]
    assert message.endswith(".")
    return message


# ── what is kept ────────────────────────────────────────────────────────────────────────────


def test_words_tags_and_marks_are_kept_together_and_once(client: Client, battle: Battle) -> None:
    said = {
        "text": "  A is right.\r\n ",
        "seats": [
            {"position": 1, "text": "", "tags": ["wrong"]},
            {"position": 0, "text": "Short.", "tags": ["complete", "correct", "complete"]},
        ],
        "marks": [mark(), mark(), mark(position=1, place={"start": 0, "end": 2, "quote": "No"},
                                       is_good=False, note=" Rude \x00 ")],
    }  # fmt: skip
    answer = say(client, battle, **said)
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "version": 1})
    assert said_in(Rationale.objects.get()) == Said(
        text="A is right.",
        seats=(SeatSaid(0, "Short.", ("correct", "complete")), SeatSaid(1, "", ("wrong",))),
        marks=(
            MarkSaid(0, "span", QUOTE, is_good=True),
            MarkSaid(1, "span", {"start": 0, "end": 2, "quote": "No"}, is_good=False, note="Rude"),
        ),
    )
    assert say(client, battle, **said).json()["version"] == 1
    assert Rationale.objects.count() == 1


def test_each_change_is_a_version_and_all_can_be_taken_back(client: Client, battle: Battle) -> None:
    seats = [{"position": 0, "text": "", "tags": ["correct"]}]
    versions = [
        say(client, battle, seats=seats).json()["version"],
        say(client, battle, seats=seats, marks=[mark()]).json()["version"],
        say(client, battle, seats=seats, marks=[mark(note="Well put")]).json()["version"],
        say(client, battle, seats=seats, marks=[mark(is_good=False)]).json()["version"],
        say(client, battle).json()["version"],
        say(client, battle).json()["version"],
    ]
    assert versions == [1, 2, 3, 4, 5, 5]
    said = [said_in(one) for one in Rationale.objects.all()]
    assert [len(one.marks or ()) for one in said] == [0, 1, 1, 1, 0]
    assert said[-1] == Said(marks=())


def test_saying_nothing_at_all_is_no_version(client: Client, battle: Battle) -> None:
    for nothing in ({}, {"text": " \n"}, {"seats": [{"position": 0, "text": " ", "tags": []}]}):
        assert say(client, battle, **nothing).status_code == 400
    assert not Rationale.objects.exists()


def test_a_form_without_scripts_says_words_and_tags_and_leaves_the_marks(
    client: Client, battle: Battle
) -> None:
    say(client, battle, marks=[mark()])
    form = {"text": "Both.", "seat-0-text": "Clear.", "seat-0-tags": ["correct", "complete"],
            "seat-1-text": "", "seat-1-tags": ["wrong"]}  # fmt: skip
    answer = client.post(f"/battles/{battle.pk}/rationale", form)
    assert answer.status_code == 302
    assert said_in(Rationale.objects.get(version=2)) == Said(
        text="Both.",
        seats=(SeatSaid(0, "Clear.", ("correct", "complete")), SeatSaid(1, "", ("wrong",))),
        marks=(MarkSaid(0, "span", QUOTE, is_good=True),),
    )
    html = client.get(f"/battles/{battle.pk}/").content.decode()
    page = parse_html(html)
    for key in ("correct", "complete"):
        checked = f'<input type="checkbox" name="seat-0-tags" value="{key}" checked>'
        assert page.count(parse_html(checked)) == 1
    assert "Clear.</textarea>" in html


@pytest.mark.parametrize("modality", ["image", "music", "mesh"])
def test_a_mark_is_kept_in_the_way_of_its_modality(
    client: Client, ada: Voter, modality: str
) -> None:
    battle = media_battle(ada, modality)
    kind = KIND_OF[modality]
    answer = say(client, battle, marks=[mark(PLACES[kind], kind=kind, position=1)])
    assert answer.status_code == 200, answer.content
    kept = Mark.objects.get()
    assert (kept.position, kept.kind, kept.place) == (1, kind, PLACES[kind])
    assert f'data-kind="{kind}"' in client.get(f"/battles/{battle.pk}/").content.decode()


# ── tags ────────────────────────────────────────────────────────────────────────────────────


def test_an_archived_tag_stays_where_it_was_and_is_offered_to_nobody_else(
    client: Client, ada: Voter, battle: Battle
) -> None:
    seats = [{"position": 0, "text": "", "tags": ["correct"]}]
    assert say(client, battle, seats=seats).status_code == 200
    other = cast.shown_battle(battle.arena, ada)
    cast.vote(other, "b")
    Tag.objects.filter(key="correct").update(is_archived=True)
    assert say(client, battle, seats=seats, text="Still.").json()["version"] == 2
    moved = [{"position": 1, "text": "", "tags": ["correct"]}]
    for answer in (say(client, battle, seats=moved), say(client, other, seats=seats)):
        assert answer.status_code == 400
        assert "'correct'" in answer.json()["message"]
    assert 'value="correct"' in client.get(f"/battles/{battle.pk}/").content.decode()
    assert 'value="correct"' not in client.get(f"/battles/{other.pk}/").content.decode()
    # Once it was taken off it cannot come back.
    assert say(client, battle).json()["version"] == 3
    assert say(client, battle, seats=seats).status_code == 400


def test_a_tag_of_another_arena_is_refused(client: Client, battle: Battle) -> None:
    Tag.objects.create(arena=cast.text_arena("other"), key="theirs", label="x", polarity="good")
    for key in ("theirs", "", "no such tag"):
        refused(client, battle, seats=[{"position": 0, "text": "", "tags": [key]}])


def test_what_was_better_is_praised_first_and_the_rest_blamed(
    client: Client, battle: Battle
) -> None:
    html = client.get(f"/battles/{battle.pk}/").content.decode()
    order = ("What is good in A", "Anything bad in A", "What is bad in B", "Anything good in B")
    places = [html.index(words) for words in order]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("choice", "n_seats", "question"),
    [
        ("a", 2, "What made A better?"),
        ("b", 2, "What made B better?"),
        ("tie", 2, "What made them equal?"),
        ("both_bad", 2, "What was missing?"),
        ("a=c>b", 3, "What made A and C better?"),
    ],
)
def test_the_question_fits_the_vote(choice: str, n_seats: int, question: str) -> None:
    assert question_after(read_ballot(choice, n_seats)) == question


# ── what is refused ─────────────────────────────────────────────────────────────────────────


def test_what_is_too_long_or_too_much_is_refused(client: Client, battle: Battle) -> None:
    long = "x" * (MAX_RATIONALE_CHARS + 1)
    refused(client, battle, seats=[{"position": 0, "text": long, "tags": []}])
    refused(client, battle, marks=[mark(note="x" * (MAX_NOTE_CHARS + 1))])
    many = [mark(note=str(number)) for number in range(MOST_MARKS + 1)]
    assert "A has 21 marks" in refused(client, battle, marks=many)
    both = [*many[:-1], mark(position=1, place={"start": 0, "end": 2, "quote": "No"})]
    assert say(client, battle, marks=both).status_code == 200
    assert Mark.objects.count() == MOST_MARKS + 1


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"start": 0, "end": 1},
        {**QUOTE, "more": 1},
        {**QUOTE, "start": "2"},
        {**QUOTE, "start": True},
        {**QUOTE, "start": 2.0},
        {"start": -5, "end": 1, "quote": "A"},
        {"start": 3, "end": 3, "quote": ""},
        {"start": 1, "end": 2, "quote": " "},
        {"start": 7, "end": 2, "quote": "tuple"},
        {"start": 12, "end": 22, "quote": "immutable."},
        {"start": 2, "end": 7, "quote": "Tuple"},
        {"start": 2, "end": 7, "quote": None},
    ],
)
def test_a_span_that_is_not_in_the_answer_is_refused(
    client: Client, battle: Battle, place: dict[str, Any]
) -> None:
    refused(client, battle, marks=[mark(place)])


@pytest.mark.parametrize(
    ("modality", "place"),
    [
        ("image", {**REGION, "width": 0}),
        ("image", {**REGION, "height": 0.00001}),
        ("image", {**REGION, "x": 0.8}),
        ("image", {**REGION, "y": -0.1}),
        ("image", {**REGION, "x": float("nan")}),
        ("image", {**REGION, "x": "0.1"}),
        ("music", {"from_s": 3, "to_s": 3}),
        ("music", {"from_s": 3, "to_s": 3.001}),
        ("music", {"from_s": -1, "to_s": 3}),
        ("music", {"from_s": 3, "to_s": 12.5}),
        ("music", {"from_s": 3}),
        ("mesh", {**VIEW, "azimuth_deg": float("inf")}),
        ("mesh", {**VIEW, "azimuth_deg": 10**400}),
        ("mesh", {**VIEW, "polar_deg": 181}),
        ("mesh", {**VIEW, "distance": 0}),
    ],
)
def test_a_place_outside_of_its_output_is_refused(
    client: Client, ada: Voter, modality: str, place: dict[str, Any]
) -> None:
    refused(client, media_battle(ada, modality), marks=[mark(place, kind=KIND_OF[modality])])


def test_a_mark_of_another_kind_or_seat_is_refused(client: Client, battle: Battle) -> None:
    for other in (mark(REGION, kind="region"), mark(kind="word"), mark(position=2),
                  mark(position=-1)):  # fmt: skip
        refused(client, battle, marks=[other])
    for seats in ([{"position": 2, "text": "x", "tags": []}],
                  [{"position": 0, "text": "x", "tags": []}] * 2):  # fmt: skip
        refused(client, battle, seats=seats)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"x"',
        b"\xff",
        b"[" * 100_000,
        b'{"text": "x"}',
        b'{"text": 1, "seats": [], "marks": []}',
        b'{"text": "x", "seats": {}, "marks": []}',
        b'{"text": "x", "seats": [1], "marks": []}',
        b'{"text": "x", "seats": [{"position": "0", "text": "", "tags": []}], "marks": []}',
        b'{"text": "x", "seats": [{"position": 0, "text": "", "tags": [[]]}], "marks": []}',
        b'{"text": "x", "seats": [], "marks": [{"position": 0}]}',
        json.dumps({"text": "x", "seats": [], "marks": [mark(is_good=1)]}).encode(),
    ],
)
def test_what_is_no_rationale_is_refused_with_a_sentence(
    client: Client, battle: Battle, body: bytes
) -> None:
    path = f"/battles/{battle.pk}/rationale"
    answer = client.post(path, body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_input")
    assert not Rationale.objects.exists()


def test_a_text_that_the_database_cannot_keep_is_kept_without_what_it_cannot(
    client: Client, battle: Battle
) -> None:
    assert say(client, battle, text="a\ud800b\x00c").status_code == 200
    assert Rationale.objects.get().text == "abc"


# ── one's own data ──────────────────────────────────────────────────────────────────────────


def test_ones_own_data_have_every_version_with_its_tags_and_marks(
    client: Client, battle: Battle
) -> None:
    seats = [{"position": 0, "text": "Short.", "tags": ["correct"]}]
    say(client, battle, seats=seats, marks=[mark(note="Yes")])
    say(client, battle, text="Changed my mind.")
    vote = exported(Battle.objects.get(pk=battle.pk), str)["vote"]
    first, second = vote["rationales"]
    tags = [{"key": "correct", "polarity": "good"}]
    assert first["seats"] == [{"position": 0, "text": "Short.", "tags": tags}]
    assert first["marks"] == [mark(note="Yes")]
    assert (second["text"], second["seats"], second["marks"]) == ("Changed my mind.", [], [])


def test_an_old_version_is_never_written_over(ada: Voter, battle: Battle) -> None:
    for text in ("One.", "Two.", "One."):
        write_rationale(battle_id=battle.pk, voter=ada, said=Said(text=text))
    assert [one.text for one in Rationale.objects.all()] == ["One.", "Two.", "One."]
