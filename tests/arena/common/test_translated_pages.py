"""Pages of voters in other languages: their words change, and nothing that scripts read does."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.common.languages import activate_for
from arena.votes.ballot import read_ballot
from arena.votes.choice_words import choice_words
from models_registry.models import Revision
from tests import cast

FOR_PEOPLE = {"data-says", "data-title"}
FOR_SCRIPTS = {
    *("action", "d", "for", "href", "id", "kind", "letter", "max", "maxlength", "min", "name"),
    *("seat", "step", "text-anchor", "type", "value", "x", "x1", "x2", "y", "y1", "y2", "cx", "cy"),
}
FRESH = {"csrfmiddlewaretoken", "idempotency_key"}


class ForScripts(HTMLParser):
    """What a page says to programs, without the foot, which says the language."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "script" or given.get("name") in FRESH:
            return
        self.found += [
            (tag, name, value)
            for name, value in given.items()
            if name in FOR_SCRIPTS or (name.startswith("data-") and name not in FOR_PEOPLE)
        ]


def for_scripts(html: str) -> list[tuple[str, str, str]]:
    parser = ForScripts()
    parser.feed(html.partition('<footer class="site-foot">')[0])
    return parser.found


@pytest.fixture
def client(ada: Voter) -> Client:
    """Ada's browser."""
    client = Client(headers={"Accept": "text/html", "Sec-Fetch-Mode": "navigate"})
    client.cookies["agon_voter"] = cast.cookie_of(ada)
    return client


@pytest.mark.usefixtures("catalogues", "models")
class TestVoters:
    """All catalogues are compiled, and three models compete."""

    @pytest.mark.parametrize("language", ["fr", "zh-CN"])
    def test_what_scripts_read_is_the_same_in_every_language(
        self, client: Client, ada: Voter, arena: Arena, language: str
    ) -> None:
        arena.max_prompt_chars = 12_345
        arena.asks_ratings = True
        arena.save()
        shown = cast.shown_battle(arena, ada)
        votes = [cast.vote(cast.shown_battle(arena, ada), choice) for choice in ("a", "b", "tie")]
        paths = [
            "/",
            reverse("arena", args=[arena.slug]),
            reverse("battle", args=[shown.pk]),
            reverse("battle", args=[votes[0].battle_id]),
            reverse("you"),
            reverse("you_boards"),
            reverse("you_data"),
        ]
        for path in paths:
            english, other = (
                client.get(path, headers={"Accept-Language": asked}).content.decode()
                for asked in ("en", language)
            )
            assert english != other
            assert for_scripts(english), path
            assert for_scripts(english) == for_scripts(other)

    def test_the_reveal_and_ones_own_votes_say_the_choice_in_the_language_of_the_page(
        self, client: Client, ada: Voter, arena: Arena, models: list[Revision]
    ) -> None:
        vote = cast.vote(cast.shown_battle(arena, ada), "a")
        for path in (f"/battles/{vote.battle_id}/", "/you/"):
            html = client.get(path, headers={"Accept-Language": "fr"}).content.decode()
            assert "A est meilleure" in html
            assert "is better" not in html

    def test_a_refusal_is_said_in_the_language_of_the_reader_and_its_code_is_not(
        self, client: Client, ada: Voter, arena: Arena
    ) -> None:
        vote = cast.vote(cast.shown_battle(arena, ada), "a")
        answer = client.post(
            reverse("vote", args=[vote.battle_id]),
            {"choice": "b", "idempotency_key": "0f0e0d0c-0b0a-4908-8706-050403020100"},
            headers={"Accept": "application/json", "Accept-Language": "fr"},
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "already_voted")
        assert re.search(
            "Votre vote sur ce duel était «.A est meilleure.»", answer.json()["message"]
        )

    def test_what_an_operator_wrote_stays_as_written(self, client: Client, arena: Arena) -> None:
        arena.tagline, arena.name = "Two answers to one question", "Our own arena"
        arena.save(update_fields=["tagline", "name"])
        html = client.get("/arenas/", headers={"Accept-Language": "fr"}).content.decode()
        assert "Our own arena" in html
        assert "Deux réponses à une question" in html

    def test_a_socket_speaks_the_language_of_its_browser(self) -> None:
        try:
            for headers, spoken in (
                ([(b"accept-language", b"fr-CH, en;q=0.5")], "fr"),
                ([(b"accept-language", b"fr"), (b"cookie", b"agon_language=zh-hans")], "zh-hans"),
                ([], "en"),
            ):
                activate_for({"headers": headers})
                assert translation.get_language() == spoken
        finally:
            translation.deactivate()


@pytest.mark.parametrize(
    ("choice", "n_seats", "said"),
    [
        ("a", 2, "A is better"),
        ("tie", 2, "A tie"),
        ("both_bad", 2, "Both are bad"),
        ("tie", 3, "All are alike"),
        ("both_bad", 4, "All are bad"),
        ("c>a=b", 3, "C, then A and B"),
        ("b>d>a=c", 4, "B, then D, then A and C"),
    ],
)
def test_a_choice_is_said_in_words(choice: str, n_seats: int, said: str) -> None:
    ballot = read_ballot(choice, n_seats)
    assert choice_words(ballot) == said == ballot.label
