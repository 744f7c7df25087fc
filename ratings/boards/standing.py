"""What one vote did to the board: the ratings with it and without it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from arena.battles.models import Battle
from arena.votes.models import Vote
from ratings.boards.counting import pair_outcomes
from ratings.boards.selectors import pair_counts_around
from ratings.boards.table import PairCounts, Row, make_board, tallied


def standing(battle: Battle, vote: Vote, *, is_counted: bool = True) -> dict[str, Any]:
    """Return for each seat its rating, rank and change by this vote, and what others said.

    A vote that is held or excluded changes nothing.
    """
    seats = list(battle.seats.select_related("revision__model"))
    labels = [seat.revision.label for seat in seats]
    counts, is_tallied = pair_counts_around(vote, battle.arena, battle.origin)
    own = _own_counts(battle, vote, dict(zip((s.revision_id for s in seats), labels, strict=True)))
    without = [*counts, *_negated(own)] if is_tallied else counts
    before, after = without, [*without, *own] if is_counted else without
    rows_after, rows_before = _rows(_merged(after)), _rows(_merged(before))
    return {
        "seats": [
            _seat(seat.letter, rows_after.get(label), rows_before.get(label))
            for seat, label in zip(seats, labels, strict=True)
        ],
        "others_text": _others(_merged(before), labels),
    }


def _own_counts(battle: Battle, vote: Vote, labels: dict[int, str]) -> list[PairCounts]:
    columns = ("wins_low", "wins_high", "ties", "both_bad")
    outcomes = pair_outcomes(list(labels), vote.ranks, is_acceptable=vote.is_acceptable)
    return [
        PairCounts(labels[low], labels[high], *(int(column == name) for name in columns))
        for low, high, column in outcomes
    ]


def _negated(counts: list[PairCounts]) -> list[PairCounts]:
    return [
        PairCounts(c.first, c.second, -c.wins_first, -c.wins_second, -c.ties, -c.both_bad)
        for c in counts
    ]


def _merged(counts: list[PairCounts]) -> list[PairCounts]:
    sums: dict[tuple[str, str], list[int]] = {}
    for c in counts:
        cells = sums.setdefault((c.first, c.second), [0, 0, 0, 0])
        for i, n in enumerate((c.wins_first, c.wins_second, c.ties, c.both_bad)):
            cells[i] += n
    return [PairCounts(*pair, *cells) for pair, cells in sums.items()]


def _rows(counts: list[PairCounts]) -> dict[str, Row]:
    return {row.model: row for row in make_board(*tallied(counts)).rows}


def _seat(letter: str, after: Row | None, before: Row | None) -> dict[str, Any]:
    if after is None:
        return {"letter": letter, "rating": None}
    change = round(after.rating) - round(before.rating) if before else None
    return {
        "letter": letter,
        "rating": _rating_text(after),
        "rank": after.rank,
        "rank_text": _rank_text(after),
        "change": change,
        "change_text": _("first rating") if change is None else f"{change:+d}" if change else "±0",
        "votes": after.votes,
    }


def _rating_text(row: Row) -> str:
    rating = f"{row.rating:.0f}"
    return _("%(rating)s (provisional)") % {"rating": rating} if row.is_provisional else rating


def _rank_text(row: Row) -> str:
    if row.rank is None:
        return _("open: too few votes")
    ranks = {"rank": row.rank, "low": row.rank_low, "high": row.rank_high}
    return _("%(rank)s (%(low)s–%(high)s possible)") % ranks


def _others(counts: list[PairCounts], labels: list[str]) -> str:
    if len(labels) > 2:
        return _others_of_list(counts, set(labels))
    pair = next((c for c in counts if {c.first, c.second} == set(labels)), None)
    total = pair and pair.wins_first + pair.wins_second + pair.ties + pair.both_bad
    if not pair or not total:
        return _("Yours is the first vote between these two.")
    wins_a, wins_b = pair.wins_first, pair.wins_second
    if pair.first != labels[0]:
        wins_a, wins_b = wins_b, wins_a
    ties = pair.ties + pair.both_bad
    sentence = ngettext(
        "Of %(total)s other vote between these two: %(a)s for the model at A, "
        "%(b)s for the model at B, %(neither)s for neither.",
        "Of %(total)s other votes between these two: %(a)s for the model at A, "
        "%(b)s for the model at B, %(neither)s for neither.",
        total,
    )
    return sentence % {"total": total, "a": wins_a, "b": wins_b, "neither": ties}


def _others_of_list(counts: list[PairCounts], labels: set[str]) -> str:
    n = sum(
        c.wins_first + c.wins_second + c.ties + c.both_bad
        for c in counts
        if {c.first, c.second} <= labels
    )
    if not n:
        return _("Yours is the first vote between any two of these.")
    sentence = ngettext(
        "Others compared two of these %(n)s time before.",
        "Others compared two of these %(n)s times before.",
        n,
    )
    return sentence % {"n": n}
