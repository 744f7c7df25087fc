"""Messages are found in sources of all kinds, kept over changes, and compiled."""

from __future__ import annotations

import gettext
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from arena.common.catalogues import (
    BadCatalogue,
    catalogue_file,
    compile_catalogues,
    found_messages,
    read_catalogue,
    update_catalogues,
)

TEMPLATE = """{% load i18n %}<p title="{% translate "A title" %}">{{ x|default:_("None") }}</p>
{% blocktranslate count n=x with who=y trimmed %}
  {{ who }} has one.
{% plural %}
  {{ who }} has {{ n }}.
{% endblocktranslate %}{% translate "Clear" context "a verb" %}{# {% translate "Not this" %} #}
<p>100 % bare</p>"""
CODE = """from django.utils.translation import gettext as _, ngettext
A = _("Said "
      "in two lines")
B = ngettext("%(n)s vote", "%(n)s votes", 2)
C = print("Not this")
"""
SCRIPT = 'import { gettext } from "./words.js"; const a = gettext("From a script"); f("Not this");'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository of three files."""
    for name, source in (
        ("templates/a/page.html", TEMPLATE),
        ("arena/code.py", CODE),
        ("arena/static/js/one.js", SCRIPT),
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
    return tmp_path


def french(root: Path, domain: str = "django") -> Path:
    return catalogue_file(root / "locale", "fr", domain)


def update(root: Path) -> list[str]:
    return list(update_catalogues(root, root / "locale", ["fr"]))


def test_messages_are_found_in_templates_code_and_scripts(root: Path) -> None:
    found = found_messages(root)
    assert {(one.id, one.context) for one in found["django"] if one.id} == {
        ("A title", None),
        ("None", None),
        (("%(who)s has one.", "%(who)s has %(n)s."), None),
        ("Clear", "a verb"),
        ("Said in two lines", None),
        (("%(n)s vote", "%(n)s votes"), None),
    }
    assert [one.id for one in found["djangojs"] if one.id] == ["From a script"]


def test_a_catalogue_keeps_translations_and_leaves_out_what_is_no_longer_said(root: Path) -> None:
    assert update(root) == [
        "fr django: 6 messages, 6 to translate",
        "fr djangojs: 1 messages, 1 to translate",
    ]
    text = (
        french(root)
        .read_text("utf-8")
        .replace('msgid "A title"\nmsgstr ""', 'msgid "A title"\nmsgstr "Un titre"')
    )
    french(root).write_text("# Ours\n" + text, "utf-8")
    (root / "arena" / "code.py").write_text("from django.utils.translation import gettext\n")
    assert update(root)[0] == "fr django: 4 messages, 3 to translate"
    kept = french(root).read_text("utf-8")
    assert kept.startswith("# Ours\n")
    assert 'msgstr "Un titre"' in kept
    assert "two lines" not in kept


def test_a_catalogue_does_not_change_by_itself_and_names_no_machine(root: Path) -> None:
    update(root)
    first = french(root).read_bytes()
    update(root)
    assert french(root).read_bytes() == first
    assert str(root).encode() not in first
    assert b"Date" not in first
    assert b"#: templates/a/page.html\n" in first


def test_what_is_compiled_is_what_gettext_reads(root: Path, tmp_path: Path) -> None:
    update(root)
    text = french(root).read_text("utf-8")
    text = text.replace('msgstr[0] ""\nmsgstr[1] ""', 'msgstr[0] "un"\nmsgstr[1] "plusieurs"')
    french(root).write_text(text.replace('msgstr ""', 'msgstr "là"').replace(
        'msgid ""\nmsgstr "là"', 'msgid ""\nmsgstr ""'), "utf-8")  # fmt: skip
    target = tmp_path / "compiled"
    list(compile_catalogues(root / "locale", target))
    spoken = gettext.translation("django", target, ["fr"])
    assert spoken.gettext("A title") == "là"
    assert [spoken.ngettext("%(n)s vote", "%(n)s votes", n) for n in (0, 1, 2)] == [
        "un",
        "un",
        "plusieurs",
    ]


def test_a_broken_catalogue_is_named(root: Path) -> None:
    update(root)
    french(root).write_text("<<<<<<< HEAD\n" + french(root).read_text("utf-8"), "utf-8")
    with pytest.raises(BadCatalogue, match=r"django\.po cannot be read"):
        read_catalogue(french(root))


def test_the_command_says_which_locales_there_are() -> None:
    with pytest.raises(CommandError, match="there is no locale de; use fr, zh_Hans"):
        call_command("messages", "de")
