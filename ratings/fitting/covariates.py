"""Covariates of a vote, such as its answers' lengths, and the layout of votes that their fit reads.

A covariate compares the two responses of a battle by one number, its contrast, positive where the
first has more. Its coefficient says how much of a vote the contrast explains; the scores that are
fitted beside it are those at equal contrasts ("style control", Li, Angelopoulos & Chiang 2024,
Does style matter?, LMSYS blog). Contrasts are divided by their root mean square and never centred:
a subtracted mean would hide an advantage of the first seat, which is a parameter of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratings.fitting.arrays import FloatArray, IntArray
from ratings.fitting.tallies import Outcome
from ratings.fitting.validation import check_pairs, codes, index_pairs
from ratings.fitting.validation import weights as checked_weights

Kind = Literal["relative", "difference"]

# The parameter of the first seat; no covariate may take its name.
SIDE = "side"
# Cells (models^2 x 4) up to which they are counted in a table; above, by sorting: 32 MiB.
_CELLS_MAX = 1 << 22


@dataclass(frozen=True)
class Covariate:
    """What is compared about two responses, one entry of an arena's registry.

    Attributes:
        name: identifier, unique in an arena, and the name of the fitted parameter.
        label: what people read.
        kind: "relative" takes (a - b) / (a + b), for counts and lengths; "difference" takes a - b,
            for shares, latencies in a bounded unit, and yes or no as 1 or 0.
        description: what is counted, and in which unit.
    """

    name: str
    label: str
    kind: Kind = "relative"
    description: str = ""

    def __post_init__(self) -> None:
        """Refuse a name that the fit uses itself, and an unknown kind."""
        if not self.name or self.name == SIDE:
            raise ValueError(f"a covariate is named {self.name!r}; use another name")
        if self.kind not in ("relative", "difference"):
            raise ValueError(f"kind is {self.kind!r}; use 'relative' or 'difference'")


def contrasts(values_first: ArrayLike, values_second: ArrayLike, kind: Kind) -> FloatArray:
    """Compare the responses of each vote, (n_votes,); swapping the seats changes the sign.

    A relative contrast lies in [-1, 1] and is 0 where both values are 0
    (arena-rank, examples/example_utils.py, `add_style_feature_cols`).

    Raises:
        ValueError: shapes that differ, a value that is not finite, or one below 0 for "relative".
    """
    of_first = np.asarray(values_first, dtype=np.float64)
    of_second = np.asarray(values_second, dtype=np.float64)
    if of_first.shape != of_second.shape or of_first.ndim != 1:
        raise ValueError(
            f"values have shapes {of_first.shape} and {of_second.shape}; expected equal (n_votes,)"
        )
    if not (np.isfinite(of_first).all() and np.isfinite(of_second).all()):
        raise ValueError("a value of a covariate is not finite; leave out votes that lack it")
    if kind == "difference":
        return of_first - of_second
    if kind != "relative":
        raise ValueError(f"kind is {kind!r}; use 'relative' or 'difference'")
    if of_first.size and min(of_first.min(), of_second.min()) < 0:
        raise ValueError("a relative contrast needs values of at least 0; use 'difference'")
    total = of_first + of_second
    return np.divide(of_first - of_second, total, out=np.zeros_like(total), where=total > 0)


def design(
    covariates: Sequence[Covariate], values_first: ArrayLike, values_second: ArrayLike
) -> FloatArray:
    """Compare the responses in every covariate, (n_votes, n_covariates).

    `values_first` and `values_second` are (n_votes, n_covariates), in the order of `covariates`.

    Raises:
        ValueError: as `contrasts`, or another number of columns than of covariates.
    """
    of_first, of_second = np.asarray(values_first), np.asarray(values_second)
    for name, values in (("values_first", of_first), ("values_second", of_second)):
        if values.ndim != 2 or values.shape[1] != len(covariates):
            raise ValueError(f"{name} has shape {values.shape}; expected (n, {len(covariates)})")
    columns = [
        contrasts(of_first[:, c], of_second[:, c], covariate.kind)
        for c, covariate in enumerate(covariates)
    ]
    return np.column_stack(columns) if columns else np.zeros((len(of_first), 0))


def scaling(values: ArrayLike, weights: ArrayLike | None = None) -> FloatArray:
    """Return the root mean square of each column of contrasts (n_votes, k), (k,); no mean is taken.

    A column without variation about zero has scale 0: no coefficient of it can be estimated.
    """
    squares = np.square(np.asarray(values, dtype=np.float64))
    if not len(squares):
        return np.zeros(squares.shape[1])
    each = None if weights is None else np.asarray(weights, dtype=np.float64)
    mean: FloatArray = np.average(squares, axis=0, weights=each)
    return np.sqrt(mean)


@dataclass(frozen=True, eq=False)
class VotesByPair:
    """Votes one by one, grouped by pair, so that a fit writes to a model once per pair.

    Rows of a pair are together, those with the lower model in the first seat before the others; a
    run of rows with the same seats is a segment. Votes that call both bad come in segments of their
    own after all others, so that a fit can leave them out. Inside a segment the given order stays.
    Build it with `from_votes`, extend it with `+`.

    Memory: 4 k + 1 bytes a vote in single precision, 4 more with weights (8 k + 1 and 8 in double),
    and 4 more with clusters; about as much again, and 12 bytes a vote, while it is built.

    Attributes:
        n_models: number of models; they are numbered 0 to n_models - 1.
        covariates: names, in the order of `contrasts`.
        contrasts: (n_covariates, n_votes) float32 or float64, first less second.
        outcome: (n_votes,) int8 codes of `Outcome`.
        weights: (n_votes,) of the type of `contrasts`, or None where every vote counts 1.
        clusters: (n_votes,) int32 codes from 0 of who voted, or None.
        first, second: (n_segments,) int64 model in each seat.
        starts: (n_segments + 1,) int64 first row of each segment.
        n_rated_segments: segments before those of "both bad".
    """

    n_models: int
    covariates: tuple[str, ...]
    contrasts: NDArray[Any]
    outcome: NDArray[np.int8]
    weights: NDArray[Any] | None
    clusters: NDArray[np.int32] | None
    first: IntArray
    second: IntArray
    starts: IntArray
    n_rated_segments: int

    @classmethod
    def from_votes(
        cls,
        n_models: int,
        first: ArrayLike,
        second: ArrayLike,
        outcome: ArrayLike,
        contrasts: ArrayLike,
        *,
        covariates: Sequence[str],
        weights: ArrayLike | None = None,
        clusters: ArrayLike | None = None,
        dtype: type[np.float32 | np.float64] = np.float32,
    ) -> Self:
        """Group votes by a counting sort, in time proportional to their number.

        Args:
            n_models: number of models.
            first, second: (n_votes,) model indices, any integer type.
            outcome: (n_votes,) codes of `Outcome`, any integer type.
            contrasts: (n_votes, n_covariates), first less second.
            covariates: name of each column of `contrasts`.
            weights: (n_votes,) above 0, what each vote counts; 1 where not given.
            clusters: (n_votes,) integers, the same for votes that depend on each other.
            dtype: precision in which contrasts and weights are kept.

        Raises:
            ValueError: shapes, types or names that do not fit, an index or code out of range, a
                vote between a model and itself, a contrast that is not finite or a weight that is
                not a finite number above 0.
        """
        # Compiling takes a second and numba as much memory as a small site: only where it is used.
        from ratings.fitting.covariate_kernels import place_rows, scatter_columns

        names = _checked_names(covariates)
        left, right = index_pairs(first, second)
        check_pairs(n_models, left, right)
        voted = codes("outcome", outcome, left.size, len(Outcome))
        values = _checked_contrasts(contrasts, left.size, names, dtype)
        cells, cell_of_vote, counts = _cells(n_models, left, right, voted)
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        places = place_rows(cell_of_vote, starts[:-1].copy())
        columns = np.empty((len(names), left.size), dtype=dtype)
        scatter_columns(places, values, columns)
        pair, seat = np.divmod(cells % (2 * n_models**2), 2)
        low, high = np.divmod(pair, max(n_models, 1))
        layout = cls(
            n_models=n_models,
            covariates=names,
            contrasts=columns,
            outcome=_placed(voted.astype(np.int8), places),
            weights=_checked_weights(weights, places, dtype),
            clusters=_checked_clusters(clusters, places),
            first=np.where(seat == 0, low, high),
            second=np.where(seat == 0, high, low),
            starts=starts,
            n_rated_segments=int(np.searchsorted(cells, 2 * n_models**2)),
        )
        layout.sums  # noqa: B018 - counted while grouping, which every fit then is spared
        return layout

    def __add__(self, other: "VotesByPair") -> "VotesByPair":
        """Append the votes of another layout with the same models, covariates and precision.

        Cluster codes keep their meaning: the same code is the same voter in both.
        """
        same = (self.n_models, self.covariates, self.contrasts.dtype)
        if same != (other.n_models, other.covariates, other.contrasts.dtype):
            raise ValueError("votes with other models, covariates or precision cannot be appended")
        if (self.weights is None) != (other.weights is None):
            raise ValueError("only one of the layouts has weights; give both of them weights")
        if (self.clusters is None) != (other.clusters is None):
            raise ValueError("only one of the layouts has clusters; give both of them clusters")
        parts = (self, other)
        return VotesByPair.from_votes(
            self.n_models,
            np.concatenate([part.row_first for part in parts]),
            np.concatenate([part.row_second for part in parts]),
            np.concatenate([part.outcome for part in parts]),
            np.concatenate([part.contrasts for part in parts], axis=1).T,
            covariates=self.covariates,
            weights=_joined([part.weights for part in parts]),
            clusters=_joined([part.clusters for part in parts]),
            dtype=self.contrasts.dtype.type,
        )

    def without(self, names: Sequence[str]) -> "VotesByPair":
        """Leave out covariates, such as those that a fit found not identified."""
        unknown = set(names) - set(self.covariates)
        if unknown:
            raise ValueError(f"no covariate is named {', '.join(sorted(unknown))}")
        kept = [c for c, name in enumerate(self.covariates) if name not in names]
        names_kept = tuple(self.covariates[c] for c in kept)
        return replace(self, covariates=names_kept, contrasts=self.contrasts[kept])

    @cached_property
    def sums(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """What the votes say: `observed_sums` by segment, of all rated votes, of all both bad."""
        columns = tuple(self.contrasts)
        weights = () if self.weights is None else (self.weights,)
        begin, end = self.starts[:-1], self.starts[1:]
        parts = [
            observed_sums(columns, weights, self.outcome, begin[part], end[part])
            for part in (slice(self.n_rated_segments), slice(self.n_rated_segments, None))
        ]
        (of_rated_segment, of_rated), (of_bad_segment, of_bad) = parts
        return np.concatenate([of_rated_segment, of_bad_segment]), of_rated, of_bad

    @property
    def n_votes(self) -> int:
        """Number of votes."""
        return int(self.outcome.size)

    @property
    def n_segments(self) -> int:
        """Number of runs of rows with the same seats."""
        return int(self.first.size)

    @property
    def n_bytes(self) -> int:
        """Memory that the layout holds."""
        arrays = (self.contrasts, self.outcome, self.weights, self.clusters)
        return sum(
            a.nbytes for a in (*arrays, self.first, self.second, self.starts) if a is not None
        )

    @property
    def row_first(self) -> NDArray[np.int32]:
        """Model in the first seat of each row, (n_votes,)."""
        return np.repeat(self.first.astype(np.int32), np.diff(self.starts))

    @property
    def row_second(self) -> NDArray[np.int32]:
        """Model in the second seat of each row, (n_votes,)."""
        return np.repeat(self.second.astype(np.int32), np.diff(self.starts))


def observed_sums(
    columns: tuple[NDArray[Any], ...],
    weights: tuple[NDArray[Any], ...],
    outcome: NDArray[np.int8],
    begin: IntArray,
    end: IntArray,
) -> tuple[FloatArray, FloatArray]:
    """Sum over rows what a fit needs of the outcomes.

    Returns (n_segments, 2) weights and points of the first seat, and (2, n_covariates) sums of
    points * contrast and of squared contrasts, weighted.
    """
    from ratings.fitting.covariate_kernels import observed_pass

    of_segment, of_all = np.zeros((begin.size, 2)), np.zeros(2 * len(columns))
    observed_pass(columns, weights, outcome, begin, end, of_segment, of_all)
    return of_segment, of_all.reshape(2, len(columns))


def _cells(
    n_models: int, first: NDArray[Any], second: NDArray[Any], outcome: NDArray[Any]
) -> tuple[IntArray, NDArray[Any], IntArray]:
    """Return the cells that hold votes (sorted), the place among them of each vote, their votes.

    A cell is ((both_bad * n + low) * n + high) * 2 + seat, n models.
    """
    codes = (outcome == Outcome.BOTH_BAD).astype(np.int64)
    codes *= n_models
    codes += np.minimum(first, second)
    codes *= n_models
    codes += np.maximum(first, second)
    codes *= 2
    codes += first > second
    if 4 * n_models**2 > _CELLS_MAX:
        cells, place, counts = np.unique(codes, return_inverse=True, return_counts=True)
        return cells, place, counts
    counts = np.bincount(codes, minlength=4 * n_models**2)
    cells = np.flatnonzero(counts)
    place = np.zeros(counts.size, dtype=np.int32)
    place[cells] = np.arange(cells.size)
    return cells, place[codes], counts[cells]


def _checked_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names, all different and none that of the side."""
    listed = tuple(names)
    if len(set(listed)) != len(listed) or SIDE in listed or "" in listed:
        raise ValueError(f"covariates are {list(listed)}; use different names and not {SIDE!r}")
    return listed


def _checked_contrasts(
    values: ArrayLike, n_votes: int, names: tuple[str, ...], dtype: type[Any]
) -> NDArray[Any]:
    """Return (n_votes, k) contrasts, finite also in the precision in which they are kept."""
    with np.errstate(over="ignore"):
        array = np.asarray(values).astype(dtype, copy=False)
    if array.shape != (n_votes, len(names)):
        raise ValueError(f"contrasts have shape {array.shape}; expected {(n_votes, len(names))}")
    if not np.isfinite(array).all():
        vote, c = np.argwhere(~np.isfinite(array))[0]
        raise ValueError(
            f"the contrast {names[c]!r} of vote {vote} is {array[vote, c]}; "
            "leave out votes that lack a covariate"
        )
    return array


def _checked_weights(
    weights: ArrayLike | None, places: IntArray, dtype: type[Any]
) -> NDArray[Any] | None:
    """Return the weights in row order, finite and above 0."""
    if weights is None:
        return None
    return _placed(checked_weights("weights", weights, places.size, dtype), places)


def _checked_clusters(clusters: ArrayLike | None, places: IntArray) -> NDArray[np.int32] | None:
    """Return the clusters in row order; any integers from 0, not all of which need be used."""
    if clusters is None:
        return None
    numbers = codes("clusters", clusters, places.size, 1 << 31)
    return _placed(numbers.astype(np.int32), places)


def _placed(values: NDArray[Any], places: IntArray) -> NDArray[Any]:
    """Bring values from the order of votes into that of rows."""
    rows = np.empty_like(values)
    rows[places] = values
    return rows


def _joined(arrays: Sequence[NDArray[Any] | None]) -> NDArray[Any] | None:
    """Concatenate arrays that are all there or all None."""
    present = [array for array in arrays if array is not None]
    return np.concatenate(present) if present else None
