"""Labels of charts: how wide a name is, how it is shortened, how neighbours are kept apart."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from ratings.boards.charts.figure import BadChart

ELLIPSIS = "…"
# Advance widths of Inter at weight 500 in hundredths of an em, rounded up to a class; measured in
# a browser. Anything else that is not wide (East Asian) is taken as a capital.
_WIDTHS = {
    **dict.fromkeys("ijl I!,.:;'|`t", 0.34),
    **dict.fromkeys('()/[]\\{}frs-_^"*?1', 0.54),
    **dict.fromkeys("kxzvaLJcyFeEhnou7", 0.61),
    **dict.fromkeys("234568901bdgpqPZRSTB#$&+<=>~", 0.67),
    **dict.fromkeys("wm@%MW", 1.0),
    "1": 0.63,  # tabular figures
}
_CAPITAL = 0.77


def text_width(text: str) -> float:
    """Return an upper estimate of the width of a line of the interface's face, in em."""
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.1
    return _WIDTHS.get(character, _CAPITAL)


def shorten(name: str, width: float) -> str:
    """Return a name that fits into `width` em, with its middle left out if need be.

    Names of models differ at their ends as often as at their starts ("…-7b", "…-13b").
    """
    if text_width(name) <= width:
        return name
    room = width - text_width(ELLIPSIS)
    head = _fitting(name, 0.6 * room)
    tail = _fitting(name[len(head) :][::-1], room - text_width(head))[::-1]
    return f"{head.rstrip()}{ELLIPSIS}{tail.lstrip()}"


def _fitting(text: str, room: float) -> str:
    """Return the longest start of a text that fits into `room` em."""
    for end, character in enumerate(text):
        room -= _character_width(character)
        if room < 0:
            return text[:end]
    return text


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return positions of labels, at least `gap` apart, as near to the wanted ones as can be.

    The least-squares solution: less `gap` per place, an isotonic regression by pooling adjacent
    violators (Barlow et al. 1972), kept within the ends. Equal wishes keep their order.

    Raises:
        BadChart: there are more labels than the space between `low` and `high` can hold.
    """
    n = len(wanted)
    if n and (n - 1) * gap > high - low:
        raise BadChart(f"{n} labels, {gap} apart, do not fit between {low} and {high}")
    order = sorted(range(n), key=lambda i: wanted[i])
    pools: list[tuple[float, int]] = []  # the mean of a pool, its size
    for place, i in enumerate(order):
        mean, size = wanted[i] - place * gap, 1
        while pools and pools[-1][0] > mean:
            other, others = pools.pop()
            mean, size = (mean * size + other * others) / (size + others), size + others
        pools.append((mean, size))
    means = [mean for mean, size in pools for _ in range(size)]
    last = high - (n - 1) * gap
    found = [0.0] * n
    for place, (i, mean) in enumerate(zip(order, means, strict=True)):
        found[i] = min(max(mean, low), last) + place * gap
    return found
