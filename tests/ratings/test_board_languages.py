"""Boards in other languages: the words change, and no number, drawing, address or file does."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.test import Client

from arena.arenas.models import Arena
from arena.prompts.slices import LONG_CHARS, SHORT_CHARS, SLICES
from models_registry.models import Revision
from ratings.boards.analysis import analyse
from ratings.boards.models import Snapshot
from ratings.boards.services import publish_snapshot
from tests.ratings.board_votes import Said, people, write_votes

PAGES = ("", "pairs/", "course/", "footing/", "how/", "models/birch@1/", "snapshots/{}/", "rows")
LOGO = 2  # paths
# Where something is drawn; sizes of columns follow the width of words, and may differ.
PLACES = {"x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "d", "r", "transform", "points"}


class Drawings(HTMLParser):
    """The attributes of everything that is drawn, and of whatever scripts read."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.places: list[tuple[str, str]] = []
        self.values: list[tuple[str, str]] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.depth += tag == "svg"
        for name, value in attrs:
            if self.depth and not name.startswith("aria-"):
                self.values.append((name, value or ""))
            if self.depth and name in PLACES:
                self.places.append((name, value or ""))
            if name in ("href", "action", "hx-get"):
                self.addresses.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "svg"


def html(path: str, language: str) -> str:
    answer = Client(headers={"accept": "text/html", "accept-language": language}).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def drawn(source: str) -> Drawings:
    parser = Drawings()
    parser.feed(source)
    return parser


@pytest.fixture
def voted(arena: Arena, models: list[Revision]) -> Arena:
    """Three models with votes of two people, gone over and published."""
    voters = people(2)
    said = [
        Said(voters[number % 2], [one, two], choice)
        for one, two in zip(models, models[1:] + models[:1], strict=True)
        for number, choice in enumerate(["a", "a", "b", "tie", "both_bad"] * 8)
    ]
    write_votes(arena, said)
    analyse(arena, "live")
    publish_snapshot(arena, "live")
    return arena


@pytest.mark.usefixtures("catalogues")
class TestBoards:
    """All catalogues are compiled."""

    @pytest.mark.parametrize("language", ["fr", "zh-CN"])
    @pytest.mark.parametrize("part", PAGES)
    def test_a_drawing_is_the_same_in_every_language(
        self, voted: Arena, part: str, language: str
    ) -> None:
        path = f"/boards/{voted.slug}/{part.format(Snapshot.objects.get().pk)}"
        english, other = html(path, "en"), html(path, language)
        assert english != other
        one, two = drawn(english), drawn(other)
        assert one.places == two.places
        assert (len(one.places) > LOGO) == (part not in ("footing/", "how/"))
        assert not [pair for pair in two.values if re.search(r"\d,\d", pair[1])]
        assert html(path, "en").count("<") == english.count("<")  # nothing of French was kept

    @pytest.mark.parametrize("part", ["", "pairs/", "course/", "footing/", "models/birch@1/"])
    def test_files_and_addresses_know_no_language(self, voted: Arena, part: str) -> None:
        path = f"/boards/{voted.slug}/{part}"
        for kind in ("json", "csv"):
            assert html(f"{path}?format={kind}", "fr") == html(f"{path}?format={kind}", "en")
        own = [one for one in drawn(html(path, "fr")).addresses if "words/" not in one]
        assert own == drawn(html(path, "en")).addresses

    def test_charts_speak_the_language_of_the_page_with_its_numbers(self, voted: Arena) -> None:
        path = f"/boards/{voted.slug}/models/birch@1/"
        chinese = html(path, "zh-CN")
        assert "从旧到新。向上：胜。向下：负。短横：平局。叉号：都不好。" in chinese
        assert "场对战" in chinese
        footing = html(f"/boards/{voted.slug}/footing/", "fr")
        assert re.search(r"\d,\d\d ± 0,\d|\d,\d{5}", footing)

    def test_what_is_wrong_is_said_in_the_language_of_the_page(self, voted: Arena) -> None:
        client = Client(headers={"accept": "text/html", "accept-language": "zh-CN"})
        answer = client.get(f"/boards/{voted.slug}/?method=guess")
        assert answer.status_code == 404
        assert "没有“guess”这种方法" in answer.content.decode()


@pytest.mark.usefixtures("catalogues", "arena")
class TestWordsOfScripts:
    """All catalogues are compiled."""

    def test_a_page_in_english_loads_none(self) -> None:
        assert "/words/" not in html("/boards/", "en")

    def test_a_catalogue_is_small_and_kept_by_browsers(self) -> None:
        (address,) = re.findall(r'<script src="(/words/[^"]+)" defer>', html("/boards/", "fr"))
        answer = Client(headers={"accept-encoding": "gzip"}).get(address)
        assert answer["Content-Type"].startswith("text/javascript")
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Accept-Encoding" in answer["Vary"]
        assert answer["Content-Encoding"] == "gzip"
        assert len(answer.content) < 10_000
        plain = Client().get(address).content.decode()
        assert plain.startswith("globalThis.agonWords={plural:n=>Number((n > 1)),words:{")
        assert '"Copied":"' in plain

    def test_an_address_of_before_gets_the_present_words_and_is_not_kept(self) -> None:
        answer = Client().get("/words/fr.000000000000.js")
        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-cache")

    @pytest.mark.parametrize("language", ["en", "xx"])
    def test_there_are_none_for_english_or_a_language_that_is_not_spoken(
        self, language: str
    ) -> None:
        assert Client().get(f"/words/{language}.000000000000.js").status_code == 404


def test_the_labels_of_lengths_say_where_they_end() -> None:
    labels = [SLICES[f"length-{key}"].label for key in ("short", "medium", "long")]
    assert labels == [
        f"up to {SHORT_CHARS} characters",
        f"{SHORT_CHARS + 1} to {LONG_CHARS} characters",
        f"over {LONG_CHARS} characters",
    ]
