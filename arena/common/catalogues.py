"""The catalogues of translations: found in the sources, kept as .po files, compiled for Django.

A .po file says nothing that changes by itself: no dates, no numbers of lines, no path of a
machine. Messages stand in the order of their English words.
"""

from __future__ import annotations

import ast
import io
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po
from django.utils.translation.template import templatize

DOMAINS = ("django", "djangojs")
# Locale names as Django's folders have them, and how many forms a counted message has
# (Unicode CLDR 47, plural rules; "many" of French begins at a million and is written like "other").
PLURAL_FORMS = {"fr": "nplurals=2; plural=(n > 1);", "zh_Hans": "nplurals=1; plural=0;"}
CODE_FOLDERS = ("arena", "models_registry", "ratings")
PAGE_FOLDER, SCRIPT_FOLDER = "templates", "arena/static/js"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
WIDTH = 100  # characters in a line of a .po file
LITERAL = r"""u?('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
# What `templatize` leaves of a template: calls with literals, blanked-out text between them.
CALL = re.compile(rf"\b(_|n?p?gettext)\({LITERAL}(?:,\s*{LITERAL})?(?:,\s*{LITERAL})?")


@dataclass(frozen=True)
class Found:
    """One message in one file; `plural` and `context` may be empty."""

    file: str
    message: str
    plural: str = ""
    context: str = ""


class BadCatalogue(ValueError):
    """A .po file cannot be read; the message names it."""


def found_messages(root: Path) -> dict[str, Catalog]:
    """Return for each domain every message of the sources below a repository's folder."""
    catalogues = {domain: Catalog(fuzzy=False) for domain in DOMAINS}
    scripts = sorted((root / SCRIPT_FOLDER).rglob("*.js"))
    for domain, messages in (
        ("django", [*_of_code(root), *_of_templates(root)]),
        ("djangojs", [one for file in scripts for one in _extracted("javascript", file, root)]),
    ):
        for one in messages:
            catalogues[domain].add(
                (one.message, one.plural) if one.plural else one.message,
                locations=[(one.file, 0)],
                context=one.context or None,
            )
    return catalogues


def _of_code(root: Path) -> Iterator[Found]:
    for folder in CODE_FOLDERS:
        for file in sorted((root / folder).rglob("*.py")):
            if "gettext" in file.read_text("utf-8"):
                yield from _extracted("python", file, root)


def _of_templates(root: Path) -> Iterator[Found]:
    # The text files are mail.
    for file in sorted(
        f for kind in ("html", "txt") for f in (root / PAGE_FOLDER).rglob(f"*.{kind}")
    ):
        name = str(file.relative_to(root))
        yield from messages_of_template(file.read_text("utf-8"), name)


def messages_of_template(source: str, name: str) -> Iterator[Found]:
    """Yield the messages of a template: of its tags and of `_("…")` in them."""
    for call in CALL.finditer(templatize(source, origin=name)):
        words = [ast.literal_eval(literal) for literal in call.groups()[1:] if literal]
        context = words.pop(0) if "pgettext" in call[1] else ""
        yield Found(name, words[0], words[1] if call[1].startswith("n") else "", context)


def _extracted(method: str, file: Path, root: Path) -> Iterator[Found]:
    name = str(file.relative_to(root))
    source = io.BytesIO(file.read_bytes())
    for _line, message, _comments, context in extract(method, source, KEYWORDS):
        words = message if isinstance(message, tuple) else (message,)
        yield Found(name, words[0], words[1] if len(words) > 1 else "", context or "")


def catalogue_file(folder: Path, locale: str, domain: str) -> Path:
    """Return where a catalogue lies below the folder of all catalogues."""
    return folder / locale / "LC_MESSAGES" / f"{domain}.po"


def read_catalogue(file: Path) -> Catalog:
    """Return a catalogue; raises BadCatalogue for a file that gettext would not read."""
    try:
        with file.open("rb") as source:
            return read_po(source, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError, OSError) as error:
        raise BadCatalogue(f"{file} cannot be read: {error}") from None


def merged(found: Catalog, kept: Catalog | None) -> Catalog:
    """Return what was found, with its translations of before; what is no longer said goes."""
    catalogue = Catalog(fuzzy=False)
    catalogue.header_comment = kept.header_comment if kept else ""
    for message in found:
        if not message.id:
            continue
        before = kept.get(message.id, message.context) if kept else None
        is_same = before is not None and before.id == message.id
        catalogue.add(
            message.id,
            before.string if before is not None and is_same else None,
            locations=message.locations,
            flags=message.flags | (before.flags & {"fuzzy"} if before and is_same else set()),
            user_comments=before.user_comments if before and is_same else (),
            context=message.context,
        )
    return catalogue


def catalogue_text(catalogue: Catalog, locale: str) -> str:
    """Return a catalogue as the text of its .po file."""
    body = io.BytesIO()
    catalogue.mime_headers = [("Plural-Forms", PLURAL_FORMS[locale])]
    write_po(body, catalogue, WIDTH, omit_header=True, sort_output=True, include_lineno=False)
    comment = catalogue.header_comment.strip()
    return "\n".join([*([comment] if comment else []), _header(locale), body.getvalue().decode()])


def _header(locale: str) -> str:
    fields = (
        f"Language: {locale}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {PLURAL_FORMS[locale]}",
    )
    return 'msgid ""\nmsgstr ""\n' + "".join(f'"{field}\\n"\n' for field in fields)


def update_catalogues(root: Path, folder: Path, locales: Iterable[str]) -> Iterator[str]:
    """Bring the .po files of some languages up to date; yield one line about each."""
    found = found_messages(root)
    for locale in locales:
        for domain in DOMAINS:
            file = catalogue_file(folder, locale, domain)
            catalogue = merged(found[domain], read_catalogue(file) if file.exists() else None)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(catalogue_text(catalogue, locale), "utf-8")
            to_do = n_missing(catalogue)
            yield f"{locale} {domain}: {len(catalogue)} messages, {to_do} to translate"


def n_missing(catalogue: Catalog) -> int:
    """Return how many messages of a catalogue have no translation or an unsure one."""
    return sum(1 for one in catalogue if one.id and (one.fuzzy or not is_translated(one.string)))


def is_translated(string: str | Iterable[str] | None) -> bool:
    """Say whether every form of a message is there."""
    forms = [string] if isinstance(string, str) else list(string or [""])
    return all(forms)


def compile_catalogues(folder: Path, target: Path) -> Iterator[str]:
    """Write every .po file as the .mo file that Django reads; yield one line about each."""
    for locale in PLURAL_FORMS:
        for domain in DOMAINS:
            source = catalogue_file(folder, locale, domain)
            if not source.is_file():
                continue
            catalogue = read_catalogue(source)
            compiled = catalogue_file(target, locale, domain).with_suffix(".mo")
            compiled.parent.mkdir(parents=True, exist_ok=True)
            # Renamed when it is whole: a process that starts just now reads the old or the new.
            with tempfile.NamedTemporaryFile(dir=compiled.parent, delete=False) as half:
                write_mo(half, catalogue)
            Path(half.name).chmod(0o644)
            Path(half.name).replace(compiled)
            yield f"{locale} {domain}: {len(catalogue)} messages"
