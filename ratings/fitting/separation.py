"""Whether votes leave the strengths and a parameter beside them finite.

A linear model has no finite maximum when some direction raises or keeps the likelihood of every
vote (Albert & Anderson 1984, Biometrika 71, doi:10.1093/biomet/71.1.1). With strengths alone this
is Ford's condition. With one more parameter the direction has to meet difference constraints
"strength of b <= strength of a + length", which can be met exactly when no cycle of them has a
negative length (Bellman 1958); here each is 1 long or -1 long.
"""

import numpy as np

from ratings.fitting.arrays import BoolArray, FloatArray, IntArray
from ratings.fitting.comparison_graph import strongly_connected_groups, without_finite_score
from ratings.fitting.outcome_design import VotedRows

Edges = tuple[IntArray, IntArray]  # a and b of the constraints


def infinite_strengths(rows: VotedRows, is_tie: int = 2) -> BoolArray:
    """Tell which models the votes alone leave without a finite score, (n_models,).

    A tie links both ways; a model without votes is among them.
    """
    ties = rows.counts[is_tie]
    points = rows.counts[0] + ties, rows.counts[1] + ties
    return without_finite_score(rows.component, rows.n_votes, rows.first, rows.second, *points)


def slots_with_separable_ties(rows: VotedRows) -> BoolArray:
    """Tell in which components a growing tie parameter never lowers the likelihood, (n_slots,).

    Such a direction parts the winner of every decided vote from its loser by at least twice what
    it adds to the tie parameter, and any two that tied by at most as much; this is so exactly when
    no circle of votes holds more wins than ties, as where one model beat another once, tied once
    and never lost.
    """
    wins_first, wins_second, ties = rows.counts[:3]
    beat_each_other = (wins_first > 0) & (wins_second > 0)
    has_cycle = np.zeros(rows.slots.size, dtype=bool)
    has_cycle[rows.slot[rows.first[beat_each_other]]] = True
    open_row = ~has_cycle[rows.slot[rows.first]]
    pairs = rows.first[open_row], rows.second[open_row]
    return ~_has_negative_cycle(
        rows,
        _edges(*pairs, wins_first[open_row], wins_second[open_row]),
        _edges(*pairs, ties[open_row], ties[open_row]),
        has_cycle,
    )


def slots_with_separable_sides(rows: VotedRows) -> BoolArray:
    """Tell in which components the advantage of a seat is not finite, (n_slots,)."""
    ties = rows.counts[2]
    from_first = _edges(rows.first, rows.second, rows.counts[0] + ties, np.zeros(ties.size))
    from_second = _edges(rows.first, rows.second, np.zeros(ties.size), rows.counts[1] + ties)
    unknown = np.zeros(rows.slots.size, dtype=bool)
    rising = ~_has_negative_cycle(rows, from_second, from_first, unknown)
    falling = ~_has_negative_cycle(rows, from_first, from_second, unknown)
    separable: BoolArray = rising | falling
    return separable


def _edges(
    first: IntArray, second: IntArray, wins_first: FloatArray, wins_second: FloatArray
) -> Edges:
    """Edges from winner to loser."""
    won, lost = wins_first > 0, wins_second > 0
    return (
        np.concatenate([first[won], second[lost]]),
        np.concatenate([second[won], first[lost]]),
    )


def _has_negative_cycle(
    rows: VotedRows, shorter: Edges, longer: Edges, known: BoolArray
) -> BoolArray:
    """Tell in which components edges of length -1 and +1 form a negative cycle, (n_slots,).

    Components in `known` have one. A cycle of `shorter` edges alone settles it for others; only
    the rest, which has very few votes, is searched by the method of Bellman and Ford.
    """
    has_cycle = known.copy()
    if has_cycle.all():
        return has_cycle
    n_shorter = np.ones(shorter[0].size)
    group = strongly_connected_groups(rows.n_models, *shorter, n_shorter, 0 * n_shorter)
    in_cycle = np.bincount(group, minlength=rows.n_models)[group] > 1
    has_cycle[rows.slot[in_cycle]] = True

    source = np.concatenate([shorter[0], longer[0]])
    target = np.concatenate([shorter[1], longer[1]])
    length = np.concatenate([-n_shorter, np.ones(longer[0].size)])
    open_edge = ~has_cycle[rows.slot[source]]
    source, target, length = source[open_edge], target[open_edge], length[open_edge]
    distance = np.zeros(rows.n_models)
    for _ in range(rows.n_models):
        before = distance.copy()
        np.minimum.at(distance, target, before[source] + length)
        if (distance == before).all():
            return has_cycle
    has_cycle[rows.slot[distance < before]] = True
    return has_cycle
