"""Preferences with cycles: scores beside a low-rank embedding that no ranking can express.

Model: logit P(i beats j) = s_i - s_j + v_i^T R v_j, where R turns each pair of dimensions (a plane)
by a right angle, so that the second part changes sign when i and j are exchanged (Zhang et al.
2024, Beyond Bradley-Terry Models, arXiv 2410.02197; the blade-chest model of Chen & Joachims 2016,
doi:10.1145/2835776.2835787, is its relative). A tie is half a win for each side and the scores have
the prior of `fit_bradley_terry`. A ridge on v is the nuclear norm on the skew-symmetric part.

What is identified: the log-odds. Columns of v are centred inside each component, so that what a
score can say is in the scores; planes are those of the skew-symmetric part, largest first, and
turned so that the model furthest from the origin lies on the first axis. The likelihood is not
concave in v: the best of several starts is taken, and only the log-odds reached are claimed.

Whether votes are cyclic is asked of votes held out: the model must predict them better than
Bradley-Terry by more than two standard errors of the paired difference.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import linalg  # type: ignore[import-untyped]

from ratings.fitting.arrays import FloatArray
from ratings.fitting.fit import Fit
from ratings.fitting.prior import PRIOR_TIES, check_prior_ties
from ratings.fitting.residuals import cell_counts
from ratings.fitting.skew_preferences import PenalisedPreferences, skew_part
from ratings.fitting.tallies import PairTallies

# Candidate ridges in units of the noise, sqrt(max_i sum_j n_ij p q): twice that is the largest
# singular value that Bradley-Terry votes reach by chance. Infinity is no embedding.
RIDGES = (0.4, 0.7, 1.0, 1.5, math.inf)
FOLDS = 5
# Standard errors by which held-out log-loss must improve: one false alarm in 44 for normal errors.
CYCLIC_AFTER = 2.0


@dataclass(frozen=True, eq=False)
class GeneralPreferenceFit:
    """Scores, the cyclic part beside them, and whether votes held out support it.

    Attributes:
        fit: scores with their robust covariance, the embedding estimated beside them.
        embedding: (n_models, 2 * planes), first and second axis of each plane in turn; all zero
            where validation chose no embedding.
        ridge: penalty chosen, in units of the noise; infinite for no embedding.
        cycle_index: share of the fitted log-odds' energy, weighted by votes, that no scores can
            give, in [0, 1] (HodgeRank, Jiang, Lim, Yao & Ye 2011, doi:10.1007/s10107-010-0419-x).
            Chance keeps it a little above 0 and the ridge shrinks it: read it with `is_cyclic`.
        log_loss, log_loss_bradley_terry: mean per held-out vote, natural log.
        improvement: the second less the first.
        standard_error: of the improvement, over votes; it ignores that folds share training votes.
        is_cyclic: improvement above two standard errors.
    """

    fit: Fit
    embedding: FloatArray
    ridge: float
    cycle_index: float
    log_loss: float
    log_loss_bradley_terry: float
    improvement: float
    standard_error: float
    is_cyclic: bool

    @property
    def log_odds(self) -> FloatArray:
        """Fitted logit of "row beats column", (n_models, n_models)."""
        scores = self.fit.scores
        odds: FloatArray = scores[:, None] - scores + skew_part(self.embedding)
        return odds


def fit_general_preference(
    tallies: PairTallies,
    *,
    planes: int = 1,
    ridges: tuple[float, ...] = RIDGES,
    folds: int = FOLDS,
    starts: int = 3,
    seed: int = 0,
    prior_ties: float = PRIOR_TIES,
) -> GeneralPreferenceFit:
    """Fit the model with a validated ridge, and test it on held-out votes.

    The ridge of each fold is chosen without the votes held out in it.

    Args:
        tallies: votes per pair, whole numbers; "both bad" counts as a tie.
        planes: rank of the cyclic part is twice this.
        ridges: candidates, in units of the noise; infinity for no embedding.
        folds: parts of the votes for validation, at least 3.
        starts: starts of the final fit: the leading planes of the residuals, then random ones.
        seed: of the folds and of the random starts.
        prior_ties: above 0, as in `fit_bradley_terry`.

    Raises:
        ValueError: an option out of range, fractional counts, or fewer votes than folds.
        DidNotConverge: no start converged.
    """
    _check_options(tallies, planes, ridges, folds, starts, prior_ties)
    rng = np.random.default_rng(seed)
    parts = _split(tallies, folds, rng)
    losses = np.zeros((2, 0))  # (Bradley-Terry and this model, cells), per vote
    counts = np.zeros(0)
    validation = np.zeros(len(ridges))
    for fold, held_out in enumerate(parts):
        inner = [part for number, part in enumerate(parts) if number != fold]
        tuning = inner.pop(fold % len(inner))
        problem = PenalisedPreferences(_joined(inner), prior_ties)
        tuned = [
            _cell_losses(tuning, problem.fitted(planes, ridge)) @ _cells(tuning) for ridge in ridges
        ]
        validation += tuned
        problem = PenalisedPreferences(_joined([*inner, tuning]), prior_ties)
        chosen = problem.fitted(planes, ridges[int(np.argmin(tuned))])
        pair = [_cell_losses(held_out, odds) for odds in (problem.base_log_odds, chosen)]
        losses = np.concatenate([losses, pair], axis=1)
        counts = np.concatenate([counts, _cells(held_out)])
    base_loss, loss = (float(loss @ counts / counts.sum()) for loss in losses)
    improvement, standard_error = _paired(losses[0] - losses[1], counts)
    ridge = ridges[int(np.argmin(validation))]
    fit, embedding = PenalisedPreferences(tallies, prior_ties).best(planes, ridge, starts, rng)
    return GeneralPreferenceFit(
        fit=fit,
        embedding=embedding,
        ridge=ridge,
        cycle_index=cycle_index(tallies, fit.scores, embedding),
        log_loss=loss,
        log_loss_bradley_terry=base_loss,
        improvement=improvement,
        standard_error=standard_error,
        is_cyclic=improvement > CYCLIC_AFTER * standard_error,
    )


def cycle_index(tallies: PairTallies, scores: FloatArray, embedding: FloatArray) -> float:
    """Share of the log-odds' energy over voted pairs that is outside every score, in [0, 1].

    Least squares of the log-odds on score differences, weighted by votes; the residual is the curl
    and harmonic part of the Hodge decomposition (Jiang et al. 2011, section 4).
    """
    first, second = tallies.first, tallies.second
    odds = scores[first] - scores[second] + skew_part(embedding)[first, second]
    root = np.sqrt(tallies.votes)
    rows = np.arange(first.size)
    design = np.zeros((first.size, tallies.n_models))
    design[rows, first], design[rows, second] = root, -root
    gram = design.T @ design
    potential = linalg.lstsq(gram, design.T @ (root * odds))[0]
    energy = float(np.sum((root * odds) ** 2))
    residual = float(np.sum((root * odds - design @ potential) ** 2))
    return min(residual / energy, 1.0) if energy > 0 else 0.0


def _split(tallies: PairTallies, folds: int, rng: np.random.Generator) -> list[PairTallies]:
    """Deal the votes into parts of nearly equal size at random."""
    left = cell_counts(tallies, "tie").astype(np.int64).ravel()
    parts = []
    for fold in range(folds, 0, -1):
        drawn = rng.multivariate_hypergeometric(left, left.sum() // fold, method="marginals")
        left = left - drawn
        columns = drawn.reshape(-1, 4).T
        parts.append(PairTallies(tallies.n_models, tallies.first, tallies.second, *columns))
    return parts


def _joined(parts: list[PairTallies]) -> PairTallies:
    """Add the votes of several parts."""
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _cells(tallies: PairTallies) -> FloatArray:
    """Votes by cell, (n_pairs * 4,)."""
    cells: FloatArray = cell_counts(tallies, "tie").ravel()
    return cells


def _cell_losses(tallies: PairTallies, log_odds: FloatArray) -> FloatArray:
    """Log-loss of one vote of each cell, (n_pairs * 4,); of a tie, the mean of both wins'."""
    gap = log_odds[tallies.first, tallies.second]
    win, loss = np.logaddexp(0, -gap), np.logaddexp(0, gap)
    tie = (win + loss) / 2
    return np.column_stack([win, loss, tie, tie]).ravel()


def _paired(differences: FloatArray, counts: FloatArray) -> tuple[float, float]:
    """Mean of a difference over votes, and its standard error."""
    n_votes = float(counts.sum())
    mean = float(differences @ counts) / n_votes
    variance = float((differences - mean) ** 2 @ counts) / (n_votes - 1)
    return mean, math.sqrt(variance / n_votes)


def _check_options(
    tallies: PairTallies,
    planes: int,
    ridges: tuple[float, ...],
    folds: int,
    starts: int,
    prior_ties: float,
) -> None:
    """Refuse what the fit cannot honour."""
    for name, value, least in (("planes", planes, 1), ("folds", folds, 3), ("starts", starts, 1)):
        if value < least:
            raise ValueError(f"{name} is {value}; use at least {least}")
    if not ridges or not all(ridge > 0 for ridge in ridges):
        raise ValueError(f"ridges are {ridges}; use numbers above 0, or infinity for no embedding")
    check_prior_ties(prior_ties, may_be_zero=False)
    cells = _cells(tallies)
    if (cells != np.floor(cells)).any():
        raise ValueError("tallies hold fractional counts; only whole votes can be held out")
    if cells.sum() < folds:
        raise ValueError(f"{cells.sum():.0f} votes cannot be held out in {folds} parts")
