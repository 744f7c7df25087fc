"""What a voter answered, in the words of the page's language."""

from __future__ import annotations

from functools import reduce

from django.utils.translation import gettext as _

from arena.votes.ballot import LETTERS, Ballot


def choice_words(ballot: Ballot) -> str:
    """Return the answer in words: "A is better", "C, then A and B alike", "Both are bad"."""
    is_pair = len(ballot.ranks) == 2
    if not ballot.is_acceptable:
        return _("Both are bad") if is_pair else _("All are bad")
    if ballot.is_tie:
        return _("A tie") if is_pair else _("All are alike")
    groups = [
        letters_in_words([LETTERS[seat] for seat in ballot.seats_at(rank)])
        for rank in range(1, max(ballot.ranks) + 1)
    ]
    if is_pair:
        return _("%(letter)s is better") % {"letter": groups[0]}
    return reduce(
        lambda better, worse: _("%(better)s, then %(worse)s") % {"better": better, "worse": worse},
        groups,
    )


def letters_in_words(letters: list[str]) -> str:
    """Return letters as one says them: "A", "A and B", "A and B and C"."""
    return reduce(
        lambda first, last: _("%(first)s and %(last)s") % {"first": first, "last": last}, letters
    )
