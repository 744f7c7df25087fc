"""The rows of a Bradley-Terry fit, and the quasi-likelihood of strengths that Newton climbs."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg  # type: ignore[import-untyped]

from ratings.fitting.arrays import BoolArray, FloatArray, IntArray
from ratings.fitting.comparison_graph import without_finite_score
from ratings.fitting.kernels import centred, likelihood, points_table
from ratings.fitting.prior import virtual_opponents
from ratings.fitting.sandwich import anchored
from ratings.fitting.sums import totals_of_sides
from ratings.fitting.tallies import BothBad, CountedVotes, ties_that_count


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Rows of compared players: the models, and any virtual opponents after them.

    Attributes:
        n_players: number of players.
        first, second: (n_rows,) players.
        wins_first, wins_second, ties: (n_rows,) votes.
    """

    n_players: int
    first: IntArray
    second: IntArray
    wins_first: FloatArray
    wins_second: FloatArray
    ties: FloatArray

    @classmethod
    def of(cls, tallies: CountedVotes, both_bad: BothBad) -> "Comparisons":
        """Take the pairs that have votes under this reading of "both bad".

        Raises:
            ValueError: another reading.
        """
        ties = ties_that_count(tallies, both_bad)
        voted: slice | IntArray = slice(None)  # tallies have no pair without votes
        if both_bad == "ignore":
            voted = np.flatnonzero(tallies.wins_first + tallies.wins_second + ties)
        return cls(
            n_players=tallies.n_models,
            first=tallies.first[voted],
            second=tallies.second[voted],
            wins_first=tallies.wins_first[voted],
            wins_second=tallies.wins_second[voted],
            ties=ties[voted],
        )

    @property
    def votes(self) -> FloatArray:
        """Votes of each row, (n_rows,)."""
        votes: FloatArray = self.wins_first + self.wins_second + self.ties
        return votes

    @property
    def n_votes(self) -> FloatArray:
        """Votes of each player, (n_players,)."""
        votes = self.votes
        return totals_of_sides(self.first, self.second, votes, votes, self.n_players)

    def without_finite_score(self, component: IntArray, n_votes: FloatArray) -> BoolArray:
        """Tell which models these rows alone leave without a finite score, (n_models,)."""
        points = self.wins_first + self.ties, self.wins_second + self.ties
        return without_finite_score(component, n_votes, self.first, self.second, *points)

    def with_virtual_opponents(
        self, component: IntArray, n_votes: FloatArray, prior_ties: float
    ) -> "Comparisons":
        """Add one player per component with votes, tied `prior_ties` times with each model.

        `component` and `n_votes` are (n_models,), of rows that have no virtual opponents yet.
        """
        if prior_ties == 0:
            return self
        models = np.flatnonzero(n_votes > 0)
        opponent, n_players = virtual_opponents(component, models)
        none = np.zeros(models.size)
        return Comparisons(
            n_players=n_players,
            first=np.concatenate([self.first, models]),
            second=np.concatenate([self.second, opponent]),
            wins_first=np.concatenate([self.wins_first, none]),
            wins_second=np.concatenate([self.wins_second, none]),
            ties=np.concatenate([self.ties, none + prior_ties]),
        )


class Strengths:
    """The quasi-likelihood of the strengths of all players, the prior's ties among the rows.

    One pass over the pairs gives the log-likelihood with its derivatives, so those are kept until
    Newton's method asks for them. The information is written to the same memory each time.
    """

    def __init__(self, players: Comparisons, averaging: FloatArray) -> None:
        """Lay out the rows; `averaging` is (n_models, n_models), of `averaging_within`."""
        self.table: FloatArray = points_table(
            players.n_players,
            players.first,
            players.second,
            players.wins_first,
            players.wins_second,
            players.ties,
        )
        self._averaging = averaging
        self._information = np.zeros((players.n_players, players.n_players))
        self._gradient = np.zeros(players.n_players)
        self._kept_at: FloatArray | None = None

    def log_likelihood(self, estimates: FloatArray) -> float:
        """Log-likelihood at `estimates` (n_players,)."""
        self._kept_at = estimates
        return likelihood(estimates, self.table, self._gradient, self._information)

    def derivatives(self, estimates: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradient, whose entries are points less expected points, and anchored information.

        Only the lower triangle is set, and it is overwritten by the next call of either method.
        """
        if self._kept_at is not estimates:
            self.log_likelihood(estimates)
        self._kept_at = None  # the caller may factorise the information in place
        information = anchored(self._information, self._averaging)
        return self._gradient, information.T


def sum_zero_inverse(information: FloatArray, averaging: FloatArray) -> FloatArray:
    """Inverse information of the sum-zero scores, (n_models, n_models); overwrites its argument.

    Raises:
        LinAlgError: the information is singular.
    """
    if not information.size:
        return np.zeros((0, 0))
    factor, failure = linalg.lapack.dpotrf(information, lower=1, overwrite_a=1)
    lower, failed = linalg.lapack.dpotri(factor, lower=1, overwrite_c=1)
    if failure or failed:
        raise linalg.LinAlgError("the information at the estimates is singular")
    inverse: FloatArray = centred(lower.T, averaging)
    return inverse


def fisher_covariance(
    players: Comparisons, averaging: FloatArray, scores: FloatArray
) -> FloatArray:
    """Inverse information of the sum-zero scores at `scores` (n_players,), (n_models, n_models)."""
    _, information = Strengths(players, averaging).derivatives(scores)
    return sum_zero_inverse(information, averaging)
