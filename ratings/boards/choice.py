"""Which board a reader asked for: source of the votes, slice, method, raw or counted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _

from arena.arenas.models import Arena
from arena.common.errors import NotFound
from arena.common.words import gettext_noop
from arena.prompts.slices import Slice
from ratings.boards.kept import Counts
from ratings.boards.methods import METHODS
from ratings.boards.models import ALL_VOTES, EVERY_VOTE, Analysis
from ratings.boards.selectors import (
    SOURCES,
    ModelFacts,
    analysis_of,
    counts_of,
    default_source,
    labels_of,
    live_board,
    model_facts,
    slices_with_votes,
)
from ratings.boards.slices import arena_slices
from ratings.boards.table import Board

SOURCE_NAMES = {
    "live": gettext_noop("cast here"),
    "imported": gettext_noop("imported"),
    "all": gettext_noop("all"),
}
MAIN = ""  # the method of the main board
RAW = "all"  # as `votes` of an address: the votes that do not count too


@dataclass(frozen=True)
class BoardChoice:
    """One board of an arena."""

    arena: Arena
    source: str
    slice: str = ALL_VOTES
    method: str = MAIN
    is_raw: bool = False  # with the votes that are held or excluded

    @classmethod
    def of_request(cls, request: HttpRequest, arena: Arena) -> Self:
        """Read the address; an unknown source is the usual one.

        Raises NotFound for a slice or method that this board does not have.
        """
        asked = request.GET.get("source", "")
        source = asked if asked in SOURCES else default_source(arena)
        slice_key, method = request.GET.get("slice", ""), request.GET.get("method", "")
        is_raw = request.GET.get("votes", "") == RAW
        choice = cls(arena, source, slice_key, method, is_raw)
        choice.check()
        return choice

    def check(self) -> None:
        """Raise NotFound unless there is such a board."""
        if self.slice and self.slice not in self.slices:
            known = ", ".join(self.slices) or _("none yet")
            message = _("This board has no slice '%(slice)s'. Slices with votes: %(known)s.")
            raise NotFound(message % {"slice": self.slice, "known": known})
        if self.method and self.method not in METHODS:
            message = _("There is no method '%(method)s'. Methods: %(known)s.")
            raise NotFound(message % {"method": self.method, "known": ", ".join(METHODS)})
        if self.is_raw and (self.slice or self.method):
            raise NotFound(_("All votes have one board; slices and methods take the counted ones."))
        if self.method and self.slice:
            raise NotFound(_("Other methods are fitted to all votes; choose a slice or a method."))
        if self.method and "board" not in self.finding:
            not_yet = gettext_noop("The votes have not been gone over yet.")
            reason = self.finding.get("refused", not_yet)
            message = _("There is no such board of these votes. %(reason)s")
            raise NotFound(message % {"reason": _(reason)})

    @cached_property
    def usual_source(self) -> str:
        """The source of the board whose address has no query."""
        return default_source(self.arena)

    @cached_property
    def slices(self) -> list[str]:
        """Keys of the slices that have votes, in the order of the registry."""
        voted = set(slices_with_votes(self.arena, self.source))
        return [key for key in self.known_slices if key in voted]

    @cached_property
    def known_slices(self) -> dict[str, Slice]:
        """What may have a board of its own in this arena, by key."""
        return arena_slices(self.arena)

    @cached_property
    def analysis(self) -> Analysis | None:
        """What the last pass over all votes found."""
        return analysis_of(self.arena, self.source)

    @cached_property
    def findings(self) -> dict[str, Any]:
        """The findings of that pass; empty before the first."""
        return self.analysis.findings if self.analysis else {}

    @property
    def finding(self) -> dict[str, Any]:
        """What the chosen method found."""
        found: dict[str, Any] = self.findings.get("methods", {}).get(self.method, {})
        return found

    @cached_property
    def board(self) -> Board:
        """The board itself: as it is now, or as its method last found it."""
        if self.method:
            return Board.from_dict(self.finding["board"])
        return live_board(self.arena, self.source, self._counted_as)

    @cached_property
    def counts(self) -> Counts:
        """Votes between each two models."""
        return counts_of(self.arena, self.source, self._counted_as)

    @property
    def _counted_as(self) -> str:
        return EVERY_VOTE if self.is_raw else self.slice

    @cached_property
    def labels(self) -> dict[int, str]:
        """Label of each revision by its key."""
        return labels_of(self.arena)

    @cached_property
    def models(self) -> dict[str, ModelFacts]:
        """Facts of each revision by its label; the names on this board are told apart."""
        return model_facts(self.arena, [row.model for row in self.board.rows])

    @cached_property
    def names(self) -> dict[str, str]:
        """Name of each revision by its label, as `models` has it."""
        return {label: one.name for label, one in self.models.items()}

    def query(self, **changes: str) -> str:
        """Return the query of this board's address, with changes; empty for the usual board."""
        parts = {"source": self.source, "slice": self.slice, "method": self.method}
        parts = {**parts, "votes": RAW if self.is_raw else "", **changes}
        if parts["source"] == self.usual_source:
            del parts["source"]
        query = urlencode({name: value for name, value in parts.items() if value})
        return f"?{query}" if query else ""
