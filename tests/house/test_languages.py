"""Every word that people read can be said in every language of the site, and is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings

from arena.common.catalogues import (
    DOMAINS,
    PLURAL_FORMS,
    catalogue_file,
    catalogue_text,
    compile_catalogues,
    found_messages,
    is_translated,
    merged,
    read_catalogue,
)
from arena.common.hashing import sha256_hex
from ratings.pages.documents import docs_folder

PLACES = re.compile(r"%\((\w+)\)([a-z])")
TAGS = re.compile(r"<[^>]+>")
CASES = [(locale, domain) for locale in PLURAL_FORMS for domain in DOMAINS]
FOUND = found_messages(settings.BASE_DIR)


def catalogue(locale: str, domain: str) -> Catalog:
    """A catalogue as it lies in the repository."""
    return read_catalogue(catalogue_file(settings.CATALOGUES, locale, domain))


def messages(locale: str, domain: str) -> list[Message]:
    """Its messages, without the head."""
    return [message for message in catalogue(locale, domain) if message.id]


def translated(locale: str, domain: str) -> list[Message]:
    """Those that have a translation; another test wants it of all."""
    return [message for message in messages(locale, domain) if is_translated(message.string)]


def forms(string: str | tuple[str, ...] | list[str]) -> list[str]:
    """The forms of a message or of its translation."""
    return [string] if isinstance(string, str) else list(string)


def test_every_language_on_offer_but_english_has_catalogues() -> None:
    assert {code for code, _ in settings.LANGUAGES} == {"en"} | {
        locale.replace("_", "-").lower() for locale in PLURAL_FORMS
    }


@pytest.mark.parametrize(("locale", "domain"), CASES)
def test_the_catalogues_are_what_the_sources_say(locale: str, domain: str) -> None:
    """If this fails, run `manage.py messages` and translate what is new."""
    file = catalogue_file(settings.CATALOGUES, locale, domain)
    kept = read_catalogue(file)
    assert {(one.id, one.context) for one in kept} == {
        (one.id, one.context) for one in (*FOUND[domain], Message(""))
    }
    assert catalogue_text(merged(FOUND[domain], kept), locale) == file.read_text("utf-8")


@pytest.mark.parametrize(("locale", "domain"), CASES)
def test_every_message_is_translated_for_sure(locale: str, domain: str) -> None:
    assert not [one.id for one in messages(locale, domain) if not is_translated(one.string)]
    assert not [one.id for one in messages(locale, domain) if one.fuzzy]
    assert not catalogue(locale, domain).obsolete


@pytest.mark.parametrize(("locale", "domain"), CASES)
def test_counted_messages_have_the_forms_of_the_language(locale: str, domain: str) -> None:
    expected = int(PLURAL_FORMS[locale].partition("nplurals=")[2].partition(";")[0])
    assert catalogue(locale, domain).num_plurals == expected
    counted = [one for one in messages(locale, domain) if one.pluralizable]
    assert {len(one.string) for one in counted} <= {expected}


@pytest.mark.parametrize(("locale", "domain"), CASES)
def test_a_translation_fills_in_what_the_message_fills_in(locale: str, domain: str) -> None:
    for message in translated(locale, domain):
        wanted = set(PLACES.findall(forms(message.id)[-1]))
        said = forms(message.string)
        # A form for one may spell the number out; the form for many may not.
        assert all(set(PLACES.findall(form)) <= wanted for form in said), message.id
        assert set(PLACES.findall(said[-1])) == wanted, message.id
        if wanted:
            assert all(form % dict.fromkeys((n for n, _ in wanted), 1) for form in said)


@pytest.mark.parametrize(("locale", "domain"), CASES)
def test_a_translation_has_the_markup_of_its_message_and_no_other(locale: str, domain: str) -> None:
    for message in translated(locale, domain):
        wanted = sorted(TAGS.findall(forms(message.id)[-1]))
        for form in forms(message.string):
            assert sorted(TAGS.findall(form)) == wanted, message.id


@pytest.mark.parametrize(("locale", "domain"), CASES)
def test_translations_do_not_exclaim(locale: str, domain: str) -> None:
    exclaimed = [one.id for one in messages(locale, domain) if re.search("[!！]", str(one.string))]
    assert not exclaimed


def test_catalogues_compile(tmp_path: Path) -> None:
    assert len(list(compile_catalogues(settings.CATALOGUES, tmp_path))) == len(CASES)
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".mo"}


@pytest.mark.parametrize("file", sorted(docs_folder().glob("terms.*.md")), ids=lambda f: f.stem)
def test_a_translation_of_the_terms_is_of_the_terms_as_they_are(file: Path) -> None:
    terms = (docs_folder() / "terms.md").read_text("utf-8")
    assert file.read_text("utf-8").startswith(f"---\ntranslates: {sha256_hex(terms)}\n---\n# ")
