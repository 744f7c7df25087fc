"""The documentation: Markdown files in `templates/docs`, served by the site itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.urls import reverse

from arena.common.errors import NotFound
from arena.common.markdown import Document, render_document

# The order of the navigation; decisions follow in the order of their numbers.
PAGES = (
    ("about", "What Agon is"),
    ("method", "How boards are made"),
    ("run", "Run your own"),
    ("arenas", "Shape an arena"),
    ("models", "Bring a model"),
    ("import", "Import votes"),
    ("releases", "Use a release"),
    ("rewards", "Use a reward model"),
    ("ledger", "The sealed record"),
    ("design", "How it is built"),
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
    """Return the document of a path such as `method` or `decisions/0001-…`.

    Raises NotFound for a path that names no document.
    """
    if "\x00" in path:
        raise NotFound("No document has this name.")
    file = (docs_folder() / f"{path}.md").resolve()
    if not file.is_relative_to(docs_folder().resolve()) or not file.is_file():
        raise NotFound(f"There is no document '{path}'.")
    return render_document(file.read_text("utf-8"))


def navigation(current: str) -> list[Link]:
    """Return a link to every document."""
    links = [Link(title, reverse("docs", args=[path]), path == current) for path, title in PAGES]
    for file in sorted((docs_folder() / "decisions").glob("*.md")):
        path = f"decisions/{file.stem}"
        title = file.read_text("utf-8").partition("\n")[0].removeprefix("# ")
        links.append(Link(title, reverse("docs", args=[path]), path == current))
    return links
