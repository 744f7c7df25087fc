"""What a voter answers, as a ranking with ties. Pure: no database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LETTERS = "ABCDEF"
ORDER = re.compile(r"[a-f](?:[>=][a-f])*")  # "c>a=b": C first, then A and B alike


class BadBallot(ValueError):
    """The answer does not rank the outputs of the battle; says what to send instead."""


@dataclass(frozen=True)
class Ballot:
    """A ranking with ties over the seats of a battle, and whether the best is acceptable.

    `ranks[i]` is the rank of seat i: 1 is best, equal ranks are a tie, none is left out (dense).
    Only outputs that are all alike can be unacceptable: then all of them are bad.
    """

    ranks: tuple[int, ...]
    is_acceptable: bool = True

    @property
    def is_tie(self) -> bool:
        """Whether no output is better than another."""
        return len(set(self.ranks)) == 1

    @property
    def label(self) -> str:
        """The answer in words: "A is better", "C, then A and B alike", "Both are bad"."""
        is_pair = len(self.ranks) == 2
        if not self.is_acceptable:
            return "Both are bad" if is_pair else "All are bad"
        if self.is_tie:
            return "A tie" if is_pair else "All are alike"
        if is_pair:
            return f"{LETTERS[self.ranks.index(1)]} is better"
        groups = [
            " and ".join(LETTERS[seat] for seat in self.seats_at(rank))
            for rank in range(1, max(self.ranks) + 1)
        ]
        return ", then ".join(groups)

    @property
    def order(self) -> str:
        """The ranking as it is sent: "c>a=b"."""
        return ">".join(
            "=".join(LETTERS[seat].lower() for seat in self.seats_at(rank))
            for rank in range(1, max(self.ranks) + 1)
        )

    def seats_at(self, rank: int) -> list[int]:
        """Return the positions of the seats of a rank."""
        return [seat for seat, own in enumerate(self.ranks) if own == rank]


def dense_ranks(values: Sequence[int]) -> tuple[int, ...]:
    """Return the same order with ranks 1, 2, 3 and none left out."""
    place = {value: rank for rank, value in enumerate(sorted(set(values)), start=1)}
    return tuple(place[value] for value in values)


def read_ballot(choice: str, n_seats: int) -> Ballot:
    """Return the ballot of an answer to a battle of `n_seats`.

    An answer is "tie", "both_bad" (also of more than two), the letter of the better one of a pair,
    or an order of all letters, best first: "c>a=b".

    Raises BadBallot for anything else.
    """
    letters = LETTERS[:n_seats].lower()
    if choice in ("tie", "both_bad"):
        return Ballot((1,) * n_seats, is_acceptable=choice == "tie")
    if n_seats == 2 and choice in ("a", "b"):
        choice = "a>b" if choice == "a" else "b>a"
    if not ORDER.fullmatch(choice) or sorted(re.findall("[a-f]", choice)) != list(letters):
        raise BadBallot(
            f"'{choice[:40]}' is not an answer; send {_answers(letters)}, 'tie' or 'both_bad'."
        )
    ranks = [0] * n_seats
    for rank, group in enumerate(choice.split(">"), start=1):
        for letter in group.split("="):
            ranks[letters.index(letter)] = rank
    return Ballot(tuple(ranks))


def _answers(letters: str) -> str:
    if len(letters) == 2:
        return "'a', 'b'"
    return f"an order of all letters, best first, such as '{'>'.join(letters)}'"


PAIR_CHOICES = {choice: read_ballot(choice, 2) for choice in ("a", "b", "tie", "both_bad")}
