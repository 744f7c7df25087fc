"""Who beats whom, and how often each two have met."""

from __future__ import annotations

from typing import Any

from ratings.boards.charts.heatmap import battle_counts_matrix, win_probability_heatmap
from ratings.boards.choice import BoardChoice
from ratings.boards.exports import Export
from ratings.boards.reports.pairs import PairRow, battle_counts, head_to_head, win_probabilities


def pairs_context(choice: BoardChoice) -> dict[str, Any]:
    """Return what `boards/pairs.html` shows."""
    models = [row.model for row in choice.board.rows]
    names = [choice.names[model] for model in models]
    counts = battle_counts(choice.counts, choice.labels, models)
    file = f"{choice.query() or '?'}{'&' if choice.query() else ''}format=csv"
    return {
        "chances": win_probability_heatmap(names, win_probabilities(choice.board), csv_url=file),
        "met": battle_counts_matrix(names, counts, csv_url=file),
    }


def pairs_export(choice: BoardChoice) -> Export:
    """Return every pair that has met, seen from each side."""
    rows: list[PairRow] = [
        pair
        for row in choice.board.rows
        for pair in head_to_head(choice.board, choice.counts, choice.labels, row.model)
    ]
    header = [
        "model", "opponent", "votes", "wins", "ties", "both_bad", "losses", "share",
        "win_probability",
    ]  # fmt: skip
    data = [{name: getattr(row, name) for name in header} for row in rows]
    table = [list(row.values()) for row in data]
    return Export(f"{choice.arena.slug}-pairs", data, header, table)
