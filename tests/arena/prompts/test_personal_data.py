"""What looks personal in a prompt, and what the form does about it."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.arenas.models import Arena, SuggestedPrompt
from arena.battles.models import Battle
from arena.prompts.models import Moderation, Prompt
from arena.prompts.personal_data import confirmation_of, personal_data_in
from models_registry.models import Revision
from tests import cast

PERSONAL = "Write to ada@lovelace.net about the engine"


@pytest.mark.parametrize(
    ("text", "found", "label"),
    [
        (PERSONAL, "ada@lovelace.net", "an e-mail address"),
        ("call me on +49 30 901820", "+49 30 901820", "a phone number"),
        ("my card is 4012 8888 8888 1881", "4012 8888 8888 1881", "a payment card number"),
        ("to DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 00", "a bank account number"),
        ("SSN 536-90-4399", "536-90-4399", "an identity number"),
        ("mon NIR: 2 95 10 99 126 111 93", "2 95 10 99 126 111 93", "an identity number"),
        ("mi DNI es 54362315K", "54362315K", "an identity number"),
        ("CPF 390.533.447-05", "390.533.447-05", "an identity number"),
        ("Steuer-ID 36 574 261 809", "36 574 261 809", "an identity number"),
        ("PESEL: 44051401359", "44051401359", "an identity number"),
        ("her BSN 111222333", "111222333", "an identity number"),
        ("NHS number 943 476 5870", "943 476 5870", "an identity number"),
        ("Aadhaar 2341 2341 2346", "2341 2341 2346", "an identity number"),
        ("codice RCCMNL83S18D969H", "RCCMNL83S18D969H", "an identity number"),
        ("身份证11010519491231002X", "11010519491231002X", "an identity number"),
        ("personnummer 880320-0016", "880320-0016", "an identity number"),
        ("hetu 131052-308T", "131052-308T", "an identity number"),
        ("it came from 8.8.8.8", "8.8.8.8", "an internet address"),
        ("/home/lovelace/notes", "lovelace", "the name of a user in a file path"),
    ],
)
def test_it_says_what_it_looks_like(text: str, found: str, label: str) -> None:
    (find,) = personal_data_in(text)
    assert (find.text, find.label) == (found, label)
    assert text[find.start : find.end] == found


@pytest.mark.parametrize(
    "text",
    [
        "What is 12345678901 divided by 111222333?",
        "A hotel at 192.168.0.1 in version 1.2.3.4 of the map",
        "Order 54362315K shipped in 2024-05-06, 10:30:00",
        "Explain the IBAN format DE00 0000 0000 0000 0000 00",
        "Write a poem about Ada Lovelace, who lived in St James's Square 12",
        "3.14159265358979 and ISBN 978-3-16-148410-0",
    ],
)
def test_ordinary_numbers_and_names_are_left_alone(text: str) -> None:
    assert personal_data_in(text) == []


@given(st.text(max_size=300))
def test_finds_are_in_order_and_do_not_overlap(text: str) -> None:
    finds = personal_data_in(text)
    for find in finds:
        assert text[find.start : find.end] == find.text != ""
    assert all(one.end <= other.start for one, other in pairwise(finds))


@given(st.text(max_size=40).filter(str.strip), st.text(max_size=40))
def test_only_exactly_the_same_text_is_confirmed(text: str, other: str) -> None:
    assert (confirmation_of(text) == confirmation_of(other)) == (text == other)


def test_few_ordinary_prompts_are_warned_of(shared_data: Path) -> None:
    """Of the instructions and answers of PandaLM's test set hardly one holds something personal."""
    texts = set()
    for file in (shared_data / "pandalm_testset").glob("*.json"):
        for row in json.loads(file.read_text("utf-8")):
            texts |= {
                row[key] for key in ("motivation_app", "cmp_key", "instruction") if key in row
            }
            texts |= {value for value in row.values() if isinstance(value, str)}
    warned = [text for text in texts if personal_data_in(text)]
    assert len(texts) > 900
    assert len(warned) / len(texts) < 0.01


# ── the form ────────────────────────────────────────────────────────────────────────────────


class Form(HTMLParser):
    """The parts of the page that a browser without scripts would use."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.buttons: list[dict[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "button" and dict(attrs).get("type") == "submit":
            self.buttons.append(dict(attrs))

    @property
    def send_anyway(self) -> dict[str, str]:
        (button,) = [one for one in self.buttons if one.get("name") == "confirmed"]
        return {"confirmed": button["value"] or ""}


@pytest.fixture
def client(ada: Voter) -> Client:
    """Ada's browser."""
    client = Client()
    client.cookies[COOKIE] = cast.cookie_of(ada)
    return client


def ask(client: Client, arena: Arena, text: str, **form: str) -> Any:
    return client.post(f"/arenas/{arena.slug}/", {"prompt": text, **form})


def test_a_prompt_that_looks_personal_is_not_sent_before_its_voter_says_so(
    client: Client, arena: Arena, models: list[Revision]
) -> None:
    answer = ask(client, arena, PERSONAL)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert "ada@lovelace.net</mark> looks like an e-mail address" in html
    assert "Nothing is sent yet" in html
    assert "published" in html
    assert f">{PERSONAL}</textarea>" in html
    assert not Prompt.objects.exists()
    assert not Moderation.objects.exists()  # nobody else has read it either


def test_send_anyway_sends_it(client: Client, arena: Arena, models: list[Revision]) -> None:
    form = Form(ask(client, arena, PERSONAL).content.decode())
    answer = ask(client, arena, PERSONAL, **form.send_anyway)
    assert answer.status_code == 302
    assert Prompt.objects.get().text == PERSONAL


def test_an_edited_text_is_looked_at_again(
    client: Client, arena: Arena, models: list[Revision]
) -> None:
    form = Form(ask(client, arena, PERSONAL).content.decode())
    edited = ask(client, arena, PERSONAL + " and to ben@babbage.net", **form.send_anyway)
    assert "ben@babbage.net</mark> looks like" in edited.content.decode()
    assert not Battle.objects.exists()
    assert ask(client, arena, "Write about the engine", **form.send_anyway).status_code == 302


def test_enter_never_presses_send_anyway(
    client: Client, arena: Arena, models: list[Revision]
) -> None:
    first = Form(ask(client, arena, PERSONAL).content.decode()).buttons[0]
    assert "name" not in first


def test_a_suggestion_is_looked_at_as_well_and_stands_in_the_box(
    client: Client, arena: Arena, models: list[Revision]
) -> None:
    own = SuggestedPrompt.objects.create(arena=arena, text=PERSONAL)
    html = ask(client, arena, "", suggested=str(own.pk)).content.decode()
    assert f">{PERSONAL}</textarea>" in html
    assert ask(client, arena, PERSONAL, **Form(html).send_anyway).status_code == 302


def test_the_terms_are_asked_for_first_and_stay_accepted(
    arena: Arena, models: list[Revision]
) -> None:
    stranger = Client()
    assert "This looks personal" not in ask(stranger, arena, PERSONAL).content.decode()
    html = ask(stranger, arena, PERSONAL, accept_terms="on").content.decode()
    assert "This looks personal" in html
    assert "checked" in html
    assert not Voter.objects.exists()
    sent = ask(stranger, arena, PERSONAL, accept_terms="on", **Form(html).send_anyway)
    assert sent.status_code == 302


def test_line_ends_of_browsers_are_the_same_text(
    client: Client, arena: Arena, models: list[Revision]
) -> None:
    text = f"Two lines\r\n{PERSONAL}"
    form = Form(ask(client, arena, text).content.decode())
    assert ask(client, arena, text.replace("\r\n", "\n"), **form.send_anyway).status_code == 302


def test_what_a_voter_writes_is_shown_as_text(
    client: Client, arena: Arena, models: list[Revision]
) -> None:
    html = ask(client, arena, "/home/<b>x</b>/ and <i>ada@lovelace.net</i>").content.decode()
    assert "<b>x" not in html
    assert "<i>ada" not in html
