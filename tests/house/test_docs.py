"""The documents say what is there: pages, links, commands, settings, events, messages."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, get_commands, load_command_class
from django.http import Http404
from django.urls import resolve
from markdown_it import MarkdownIt
from markdown_it.token import Token

from arena.common.errors import NotFound
from arena.common.markdown import anchor_of, render_document
from arena.flow import FLOW
from deploy.embedded import up
from deploy.embedded.places import Places
from deploy.embedded.setup import CAUSES
from ratings.pages.documents import PAGES, docs_folder, navigation, read_document
from ratings.rewards.learning import evaluation
from ratings.rewards.learning.training import TrainingConfig

REPOSITORY = Path(__file__).resolve().parents[2]
README = REPOSITORY / "README.md"
RUN, DESIGN = docs_folder() / "run.md", docs_folder() / "design.md"
CHANGELOG = REPOSITORY / "CHANGELOG.md"
PAGE_FILES = sorted(docs_folder().rglob("*.md"))
FILES = [README, CHANGELOG, *PAGE_FILES]
NAMES = [str(file.relative_to(REPOSITORY)) for file in FILES]
EXTERNAL = ("https://", "http://", "mailto:")
SCREENSHOT_BYTES = 200_000  # what a reader's first look may cost
# Errors whose message `up` or set-up shows to an operator as it is.
TOLD = {"UpRefused", "PlaceUnusable", "ChildFailed", "SetupFailed"}


@cache
def tokens(file: Path) -> tuple[Token, ...]:
    """The blocks of a document and, after each, what is in its line."""
    parsed = MarkdownIt("commonmark").enable("table").parse(file.read_text("utf-8"))
    return tuple(inner for token in parsed for inner in (token, *(token.children or ())))


def targets(file: Path, kind: str) -> list[str]:
    """Where the links ("href") or the images ("src") of a document lead."""
    return [str(value) for token in tokens(file) if (value := token.attrGet(kind)) is not None]


def anchors(file: Path) -> set[str]:
    """The ids that headings get, on the site and on code hosts alike."""
    every = tokens(file)
    opened = [i for i, token in enumerate(every) if token.type == "heading_open"]
    return {anchor_of(every[i + 1].content) for i in opened}


def blocks(file: Path, language: str) -> Iterator[str]:
    """The fenced blocks of a document in a language; "" for those that name none."""
    for token in tokens(file):
        if token.type == "fence" and token.info.strip() == language:
            yield token.content


def code_marks(file: Path) -> set[str]:
    """Everything that a document sets as code within a line."""
    return {token.content for token in tokens(file) if token.type == "code_inline"}


def first_cells(file: Path, heading: str) -> list[str]:
    """The first column of the first table whose first heading this is."""
    every = iter(tokens(file))
    for token in every:
        if token.type == "th_open" and next(every).content == heading:
            break
    cells = []
    is_first = False
    for token in every:
        if token.type == "table_close":
            return cells
        if token.type == "tr_open":
            is_first = True
        elif token.type == "inline" and is_first:
            cells.append(token.content)
            is_first = False
    raise AssertionError(f"{file.name} has no table with the heading '{heading}'")


# ── pages ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("path", "title"), PAGES)
def test_every_page_of_the_navigation_is_there_under_its_title(path: str, title: str) -> None:
    assert (docs_folder() / f"{path}.md").read_text("utf-8").startswith(f"# {title}\n")
    assert read_document(path).title == title


def test_every_document_is_in_the_navigation_or_is_the_terms() -> None:
    listed = {link.url.removeprefix("/docs/") for link in navigation("about")}
    found = {str(f.relative_to(docs_folder()).with_suffix("")) for f in docs_folder().rglob("*.md")}
    # `terms.fr` is the French of another document.
    assert {path for path in found if "." not in path} - {"terms"} == listed


def test_decisions_are_numbered_without_a_gap_and_have_the_same_three_parts() -> None:
    files = sorted((docs_folder() / "decisions").glob("*.md"))
    assert files
    for number, file in enumerate(files, start=1):
        text = file.read_text("utf-8")
        assert file.name.startswith(f"{number:04d}-")
        assert text.startswith(f"# Decision {number}: ")
        assert [one["title"] for one in render_document(text).toc] == [
            "Context",
            "Choice",
            "Consequence",
        ]


@pytest.mark.parametrize("file", [README, *PAGE_FILES], ids=lambda file: file.stem)
def test_no_two_headings_of_a_page_share_an_address(file: Path) -> None:
    headings = [token for token in tokens(file) if token.type == "heading_open"]
    assert len(anchors(file)) == len(headings)


# ── links ────────────────────────────────────────────────────────────────────────────────────


def is_answered(path: str) -> bool:
    """Whether the site has an answer for a path; of documents, only those that exist."""
    try:
        match = resolve(path)
        if match.url_name == "docs":
            read_document(match.kwargs["path"])
    except (Http404, NotFound):
        return False
    return True


def document_of(path: str) -> Path | None:
    """The file behind an address of the documentation."""
    match = resolve(path)
    found = match.kwargs.get("path") if match.url_name in {"docs", "about", "method"} else None
    return docs_folder() / f"{found}.md" if found else None


@pytest.mark.parametrize("file", PAGE_FILES, ids=lambda file: file.stem)
def test_every_link_of_a_page_leads_somewhere(file: Path) -> None:
    for target in targets(file, "href"):
        if target.startswith(EXTERNAL):
            continue
        path, _, anchor = target.partition("#")
        assert not path or path.startswith("/"), f"{target}: pages are served at several depths"
        assert not path or is_answered(path), f"{target} leads nowhere"
        aim = document_of(path) if path else file
        assert not anchor or (aim is not None and anchor in anchors(aim)), f"{target}: no heading"


@pytest.mark.parametrize("file", [README, CHANGELOG], ids=lambda file: file.name)
def test_every_link_in_the_repository_leads_to_a_file(file: Path) -> None:
    for target in targets(file, "href"):
        if target.startswith(EXTERNAL):
            continue
        path, _, anchor = target.partition("#")
        aim = REPOSITORY / path if path else file
        assert aim.exists(), f"{target} leads nowhere"
        assert not anchor or anchor in anchors(aim), f"{target}: no heading"


def test_the_readme_links_every_page() -> None:
    linked = set(targets(README, "href"))
    assert {f"templates/docs/{path}.md" for path, _ in PAGES} <= linked


def test_the_screenshot_of_the_readme_is_there_and_light() -> None:
    (source,) = targets(README, "src")
    image = REPOSITORY / source
    assert image.is_file(), f"{source} is missing; the browser tests make it"
    assert image.stat().st_size < SCREENSHOT_BYTES


# ── commands ─────────────────────────────────────────────────────────────────────────────────


def own_commands() -> set[str]:
    """The management commands that are ours."""
    ours = {app.name for app in apps.get_app_configs() if is_ours(app.path)}
    return {name for name, app in get_commands().items() if app in ours}


def is_ours(path: str) -> bool:
    """Whether a folder lies in the repository, and not in the environment inside it."""
    return Path(path).is_relative_to(REPOSITORY) and "site-packages" not in path


def written_commands(file: Path) -> Iterator[list[str]]:
    """The arguments after `manage.py` of every whole command line that a document shows."""
    for block in (*blocks(file, ""), *blocks(file, "bash"), *blocks(file, "sh")):
        for line in re.sub(r"\\\n\s*", "", block).splitlines():
            _, found, rest = line.partition("python3 manage.py ")
            if found:
                yield shlex.split(rest, comments=True)


def marked_commands(file: Path) -> Iterator[list[str]]:
    """The same of command lines set as code within a line, where nothing is left open."""
    for mark in code_marks(file):
        found = mark.removeprefix("python3 manage.py ")
        if found != mark and not re.search(r"[…\[]", found):
            yield shlex.split(found)


def test_every_command_of_ours_is_explained() -> None:
    marked = code_marks(RUN) | code_marks(DESIGN)
    assert own_commands() | {"up", "test"} <= marked
    assert set(first_cells(RUN, "command")) - {"`createsuperuser`"} == {
        f"`{name}`" for name in own_commands() | {"up", "test"}
    }


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_every_command_line_that_is_shown_would_be_understood(file: Path) -> None:
    for arguments in (*written_commands(file), *marked_commands(file)):
        name, *rest = arguments
        if name in {"up", "test", "help"}:
            continue
        assert name in get_commands(), f"there is no command '{name}'"
        if not rest:
            continue
        app = get_commands()[name]
        command = load_command_class(app, name) if isinstance(app, str) else app
        try:
            command.create_parser("manage.py", name).parse_args(rest)
        except (CommandError, SystemExit) as error:
            pytest.fail(f"manage.py {shlex.join(arguments)}: {error}")


def test_the_readme_shows_the_two_commands() -> None:
    shown = [" ".join(arguments) for arguments in written_commands(README)]
    assert {"up", "test"} <= set(shown)


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_every_import_that_is_shown_works(file: Path) -> None:
    for block in blocks(file, "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                module = import_module(node.module)
                for alias in node.names:
                    assert hasattr(module, alias.name), f"{node.module} has no {alias.name}"


# ── settings, events, tasks ──────────────────────────────────────────────────────────────────


def variables() -> set[str]:
    """The environment variables that the settings and the data folder are read from."""
    config = REPOSITORY / "arena" / "config"
    read = "".join((config / name).read_text("utf-8") for name in ("environment.py", "sign_in.py"))
    folder = (REPOSITORY / "deploy" / "embedded" / "places.py").read_text("utf-8")
    return {
        *re.findall(r'_(?:text|switch)\("([A-Z_]+)"\)', read),
        *re.findall(r'env\.str\("([A-Z_]+)"', read),
        *re.findall(r'os\.environ\.get\("([A-Z_]+)"\)', folder),
    }


@pytest.mark.parametrize("file", [RUN, README], ids=["run.md", "README.md"])
def test_the_table_of_variables_is_what_the_settings_read(file: Path) -> None:
    assert set(first_cells(file, "variable")) == {f"`{name}`" for name in variables()}


def test_every_event_and_its_listeners_are_explained() -> None:
    shown = {re.sub(r"`", "", row) for row in first_cells(DESIGN, "event")}
    assert shown == set(FLOW)
    assert {task for tasks in FLOW.values() for task in tasks} <= code_marks(DESIGN)


def test_every_scheduled_run_is_explained() -> None:
    assert set(first_cells(RUN, "run")) == set(settings.CELERY_BEAT_SCHEDULE)
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert tasks <= code_marks(RUN)
    assert tasks <= code_marks(DESIGN)


def test_every_process_of_up_is_explained(tmp_path: Path) -> None:
    children = up.applications(Places(tmp_path), up.DEFAULT_HOST, up.DEFAULT_PORT)
    names = {child.name for child in children} | {"postgres", "valkey"}
    assert set(first_cells(RUN, "process")) == {f"`{name}`" for name in names}


def test_the_reward_page_says_how_much_data_is_needed() -> None:
    config, text = TrainingConfig(), (docs_folder() / "rewards.md").read_text("utf-8")
    assert (
        f"Training needs {config.decided_pairs_min} decided pairs over {config.prompts_min} "
        f"prompts, and {config.fold_decided_min} decided pairs in each of {config.n_folds} folds; "
        f"measuring needs {evaluation.DECIDED_MIN} decided pairs over {evaluation.GROUPS_MIN} "
        f"prompts"
    ) in text


# ── messages ─────────────────────────────────────────────────────────────────────────────────


def text_of(node: ast.AST) -> str | None:
    """The text of a string or an f-string, with … for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "…" for part in node.values)
    return None


def sources() -> list[ast.Module]:
    """What can refuse to start."""
    files = [
        REPOSITORY / "manage.py",
        REPOSITORY / "arena" / "config" / "environment.py",
        *(REPOSITORY / "deploy" / "embedded").glob("*.py"),
    ]
    return [ast.parse(file.read_text("utf-8")) for file in files]


def told_messages() -> list[str]:
    """Every message that `up` or set-up raises for the operator."""
    found = []
    for tree in sources():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)):
                continue
            name = node.exc.func
            if isinstance(name, ast.Name) and name.id in TOLD:
                found += [text for one in node.exc.args if (text := text_of(one)) is not None]
    return found


def troubleshooting() -> set[str]:
    """The phrases of the table of failures."""
    return {phrase for row in first_cells(RUN, "it says") for phrase in re.findall("`(.+?)`", row)}


def test_every_phrase_of_the_table_of_failures_is_said_by_the_code() -> None:
    said = [text for tree in sources() for node in ast.walk(tree) if (text := text_of(node))]
    unsaid = {phrase for phrase in troubleshooting() if not any(phrase in text for text in said)}
    assert not unsaid


def test_every_refusal_to_start_is_in_the_table_of_failures() -> None:
    messages = told_messages()
    assert messages
    # What a tool said is passed on with its cause, and the causes are in the table.
    unexplained = {
        message
        for message in messages
        if not any(phrase in message for phrase in troubleshooting())
    }
    assert unexplained == {"… failed: …"}


def test_every_cause_that_set_up_recognises_is_in_the_table_of_failures() -> None:
    for _, cause in CAUSES:
        assert any(phrase in cause for phrase in troubleshooting()), cause


# ── what no document may say ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_no_document_names_a_path_of_some_machine_or_a_package_registry(file: Path) -> None:
    text = file.read_text("utf-8")
    for folder in (f"{REPOSITORY}/", "/home/", "/root/", "/tmp/", "/Users/"):
        assert folder not in text
    assert not re.search(r"\b(pypi|pythonhosted|npmjs|conda)\.(org|com|io)\b", text)


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_documents_state_and_do_not_exclaim(file: Path) -> None:
    prose = "\n".join(token.content for token in tokens(file) if token.type == "text")
    assert "!" not in prose
