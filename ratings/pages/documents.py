"""The documentation: Markdown files in `templates/docs`, served by the site itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from arena.common.errors import NotFound
from arena.common.languages import in_own_language
from arena.common.markdown import Document, render_document
from arena.common.words import gettext_noop

# The order of the navigation; decisions follow in the order of their numbers.
PAGES = (
    ("about", gettext_noop("What Agon is")),
    ("method", gettext_noop("How boards are made")),
    ("run", gettext_noop("Run your own")),
    ("arenas", gettext_noop("Shape an arena")),
    ("models", gettext_noop("Bring a model")),
    ("http_adapter", gettext_noop("Serve a model over HTTP")),
    ("import", gettext_noop("Import votes")),
    ("releases", gettext_noop("Use a release")),
    ("rewards", gettext_noop("Use a reward model")),
    ("ledger", gettext_noop("The sealed record")),
    ("integrity", gettext_noop("Which votes count")),
    ("design", gettext_noop("How it is built")),
)


@dataclass(frozen=True)
class Link:
    title: str
    url: str
    current: bool


def docs_folder() -> Path:
    """Return the folder of the documents."""
    folder: Path = settings.BASE_DIR / "templates" / "docs"
    return folder


def read_document(path: str) -> Document:
    """Return the document of a path such as `method` or `decisions/0001-…`, in English.

    Raises NotFound for a path that names no document.
    """
    return render_document(_file_of(path).read_text("utf-8"))


def read_translated(path: str) -> tuple[Document, str]:
    """Return the document in the language of the page where it is written in it, and its language.

    Raises NotFound for a path that names no document.
    """
    file, language = in_own_language(_file_of(path))
    return render_document(file.read_text("utf-8")), language


def _file_of(path: str) -> Path:
    # A translation is no document of its own: no name of ours has a dot.
    if "\x00" in path or "." in path:
        raise NotFound(_("No document has this name."))
    file = (docs_folder() / f"{path}.md").resolve()
    if not file.is_relative_to(docs_folder().resolve()) or not file.is_file():
        raise NotFound(_("There is no document '%(path)s'.") % {"path": path})
    return file


def navigation(current: str) -> list[Link]:
    """Return a link to every document."""
    links = [Link(_(title), reverse("docs", args=[path]), path == current) for path, title in PAGES]
    for file in sorted((docs_folder() / "decisions").glob("*.md")):
        path = f"decisions/{file.stem}"
        title = file.read_text("utf-8").partition("\n")[0].removeprefix("# ")
        links.append(Link(title, reverse("docs", args=[path]), path == current))
    return links
