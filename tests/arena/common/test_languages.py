"""In which language the site answers, and that it says so to caches."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from arena.accounts import services
from arena.accounts.services import current_terms
from arena.arenas.models import Arena
from arena.common.languages import choose_language

FRENCH, CHINESE = '<html lang="fr" dir="ltr">', '<html lang="zh-hans" dir="ltr">'
ENGLISH = '<html lang="en" dir="ltr">'
CHOOSER = '<form class="languages" method="post" action="/i18n/setlang/">'


def page(client: Client, path: str = "/arenas/", **headers: str) -> str:
    """The HTML of a page asked for with these headers."""
    return client.get(path, headers={"Accept": "text/html", **headers}).content.decode()


@pytest.mark.usefixtures("catalogues", "arena")
class TestChosen:
    """All catalogues are compiled."""

    @pytest.mark.parametrize(
        ("asked", "answered"),
        [
            ("fr", FRENCH),
            ("fr-CA, en;q=0.5", FRENCH),
            ("zh-CN", CHINESE),
            ("zh-Hans-CN;q=0.9, fr;q=0.8", CHINESE),
            ("ja, fr;q=0.3, en;q=0.1", FRENCH),
            ("ja, en, fr", ENGLISH),
            ("*", ENGLISH),
            ("", ENGLISH),
            ("no such thing", ENGLISH),
        ],
    )
    def test_a_browser_is_answered_in_the_first_language_that_it_asks_for_and_we_speak(
        self, client: Client, asked: str, answered: str
    ) -> None:
        assert answered in page(client, **{"Accept-Language": asked})

    def test_what_was_chosen_in_the_foot_counts_more_than_what_the_browser_asks_for(
        self, client: Client
    ) -> None:
        assert CHOOSER in page(client)
        answer = client.post("/i18n/setlang/", {"language": "fr", "next": "/arenas/?a=b"})
        assert (answer.status_code, answer.headers["Location"]) == (302, "/arenas/?a=b")
        cookie = answer.cookies["agon_language"]
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
        assert FRENCH in page(client, **{"Accept-Language": "zh-CN"})
        client.post("/i18n/setlang/", {"language": "en", "next": "/"})
        assert ENGLISH in page(client, **{"Accept-Language": "zh-CN"})

    def test_choosing_needs_no_cookie_of_before_and_leads_to_no_other_site(self) -> None:
        client = Client(enforce_csrf_checks=True)
        assert not client.get("/arenas/").cookies
        answer = client.post("/i18n/setlang/", {"language": "fr", "next": "https://example.org/"})
        assert answer.headers["Location"] == "/"

    def test_a_cookie_with_a_language_of_nobody_counts_for_nothing(self, client: Client) -> None:
        client.cookies["agon_language"] = "../../etc"
        assert FRENCH in page(client, **{"Accept-Language": "fr"})

    def test_caches_are_told_that_pages_and_refusals_differ_by_language(
        self, client: Client
    ) -> None:
        for answer in (client.get("/arenas/"), client.get("/battles/nothing/")):
            varied = {name.strip() for name in answer.headers["Vary"].split(",")}
            assert {"Accept-Language", "Cookie"} <= varied

    def test_errors_are_told_in_the_language_of_the_reader_too(self, client: Client) -> None:
        assert FRENCH in page(client, "/no/such/page/", **{"Accept-Language": "fr"})

    def test_pages_of_the_staff_are_in_english(self, client: Client) -> None:
        answer = page(client, "/staff/login/", **{"Accept-Language": "fr"})
        assert '<html lang="en' in answer

    def test_one_answer_does_not_decide_the_language_of_the_next(self, client: Client) -> None:
        assert FRENCH in page(client, **{"Accept-Language": "fr"})
        assert ENGLISH in page(client)


@pytest.mark.usefixtures("catalogues", "arena")
class TestDocuments:
    """The terms are written in every language, the rest in English."""

    def test_the_terms_are_read_in_french_and_accepted_in_english(self, client: Client) -> None:
        terms = current_terms()
        html = page(client, "/terms/", **{"Accept-Language": "fr"})
        assert '<article class="prose" lang="fr">' in html
        assert '<h1 id="conditions">Conditions</h1>' in html
        assert f'<a href="/terms/{terms.sha256}/">' in html
        english = page(client, f"/terms/{terms.sha256}/", **{"Accept-Language": "fr"})
        assert '<article class="prose" lang="en">' in english
        assert '<h1 id="terms">Terms</h1>' in english

    def test_a_translation_of_other_terms_is_not_shown(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(services, "_terms_text", lambda: "# New terms")
        html = page(client, "/terms/", **{"Accept-Language": "fr"})
        assert '<article class="prose" lang="en">' in html
        assert '<h1 id="new-terms">New terms</h1>' in html

    def test_a_page_that_is_in_english_only_says_so_in_the_language_of_the_reader(
        self, client: Client
    ) -> None:
        html = page(client, "/docs/method", **{"Accept-Language": "fr"})
        assert '<article class="prose" lang="en"><p class="note" lang="fr">' in html
        assert "This page is written in English only." not in html
        assert '<p class="note" lang' not in page(client, "/docs/method")

    def test_a_translation_has_no_address_of_its_own(self, client: Client) -> None:
        assert client.get("/docs/terms.fr").status_code == 404


def test_without_compiled_catalogues_the_site_speaks_english_and_offers_nothing_else(
    client: Client, arena: Arena, settings: Settings, tmp_path: Path
) -> None:
    settings.LOCALE_PATHS = [tmp_path]
    html = page(client, **{"Accept-Language": "fr"})
    assert ENGLISH in html
    assert CHOOSER not in html
    assert choose_language({"agon_language": "fr"}, "zh-CN") == "en"
