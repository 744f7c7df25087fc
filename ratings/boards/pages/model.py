"""One model on one board: where it stands, against whom, in which prompts, lately."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _

from arena.common.errors import NotFound
from arena.generation.selectors import answering
from arena.prompts.slices import Slice
from models_registry.models import Revision
from ratings.boards.charts.head_to_head import OpponentRow
from ratings.boards.charts.head_to_head import head_to_head as head_to_head_chart
from ratings.boards.charts.history import history
from ratings.boards.charts.record import recent_record
from ratings.boards.charts.slices import SliceRow, slice_strengths
from ratings.boards.choice import BoardChoice
from ratings.boards.exports import Export
from ratings.boards.numbers import decimal, percent
from ratings.boards.pages.board import board_context
from ratings.boards.pages.course import series_of
from ratings.boards.reports.course import course
from ratings.boards.reports.model import latest_votes, ratings_by_slice
from ratings.boards.reports.pairs import PairRow, head_to_head
from ratings.boards.selectors import ALL, revisions_by_label


def _revision(choice: BoardChoice, label: str) -> Revision:
    revision = revisions_by_label(choice.arena).get(label)
    if revision is None:
        message = _("The arena '%(arena)s' has no model '%(model)s'.")
        raise NotFound(message % {"arena": choice.arena.name, "model": label})
    return revision


def _met(choice: BoardChoice, label: str) -> list[PairRow]:
    if all(row.model != label for row in choice.board.rows):
        return []
    return head_to_head(choice.board, choice.counts, choice.labels, label)


def model_context(choice: BoardChoice, label: str) -> dict[str, Any]:
    """Return what `boards/model.html` shows."""
    revision = _revision(choice, label)
    name = choice.names[label]
    row = next(
        (row for row in board_context(choice)["rows"] if row["model"]["label"] == label), None
    )
    met = _met(choice, label)
    slices = ratings_by_slice(choice.arena, choice.source, label)
    latest = latest_votes(choice.arena, choice.source, revision)
    points = {} if choice.source == ALL else course(choice.arena, choice.source)
    own = {label: points[label]} if label in points else {}
    return {
        "revision": revision,
        "answering": _answering(revision),
        "row": row,
        "record": recent_record([vote.result for vote in reversed(latest)]),
        "latest": latest,
        "opponents": head_to_head_chart(
            name,
            [
                OpponentRow(
                    choice.names[pair.opponent],
                    pair.wins, pair.ties, pair.both_bad, pair.losses,
                )
                for pair in met
            ],
        ),
        "met": [
            {
                "pair": pair,
                "opponent": choice.names[pair.opponent],
                "chance_text": _percent(pair.win_probability),
            }
            for pair in met
        ],
        "strengths": slice_strengths(
            name,
            [
                SliceRow(_slice_name(s.slice), s.difference, s.low, s.high, s.votes)
                for s in slices
            ],
        ),
        "course": history(series_of(own, {label: name}), selected=[name] if own else []),
    }  # fmt: skip


def _answering(revision: Revision) -> dict[str, Any]:
    lately = answering(revision)
    median_s = lately.median_s
    return {
        **asdict(lately),
        "share_text": "–" if lately.share is None else percent(lately.share, 1),
        "median_text": "" if median_s is None else f"{decimal(median_s, 1)} s",
    }


def _slice_name(one: Slice) -> str:
    names = {"group": _(str(one.group)), "label": _(str(one.label))}
    return _("%(group)s: %(label)s") % names


def _percent(share: float | None) -> str:
    return "–" if share is None else percent(share)


def model_export(choice: BoardChoice, label: str) -> Export:
    """Return a model's numbers; its pairs are the table."""
    revision = _revision(choice, label)
    met = _met(choice, label)
    header = ["opponent", "votes", "wins", "ties", "both_bad", "losses", "share", "win_probability"]
    pairs = [{name: getattr(pair, name) for name in header} for pair in met]
    data = {
        "model": label,
        "name": revision.model.name,
        "answering": {**asdict(now := answering(revision)), "share": now.share},
        "row": next((asdict(row) for row in choice.board.rows if row.model == label), None),
        "pairs": pairs,
        "slices": [
            {"slice": s.slice.key, **{k: v for k, v in asdict(s).items() if k != "slice"}}
            for s in ratings_by_slice(choice.arena, choice.source, label)
        ],
        "latest": [asdict(v) for v in latest_votes(choice.arena, choice.source, revision)],
    }
    name = f"{choice.arena.slug}-{label.replace('@', '-')}"
    return Export(name, data, header, [list(pair.values()) for pair in pairs])
