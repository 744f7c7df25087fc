"""Which model of ties predicts votes best: log-loss on votes that the fit has not seen.

Votes are drawn into folds one by one; each fold is predicted by fits to all the others (Stone
1974, J. R. Stat. Soc. B 36(2), doi:10.1111/j.2517-6161.1974.tb00994.x). All models predict the same
votes, so their losses are compared in pairs, vote by vote.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit  # type: ignore[import-untyped]

from ratings.fitting.arrays import BoolArray, FloatArray, IntArray
from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.comparison_graph import connected_components
from ratings.fitting.davidson import Davidson, fit_davidson
from ratings.fitting.errors import NotIdentified
from ratings.fitting.fit import Fit
from ratings.fitting.outcome_design import Predictors
from ratings.fitting.prior import PRIOR_TIES, check_prior_ties
from ratings.fitting.rao_kupper import RaoKupper, fit_rao_kupper
from ratings.fitting.tallies import BothBad, PairTallies, ties_that_count

# From training tallies and pairs (n_rows,) to log-probabilities of win, loss and tie, (3, n_rows).
Predict = Callable[[PairTallies, IntArray, IntArray, float], FloatArray]

N_FOLDS = 5
# Largest share of ties in `predict_by_half_wins`: its log-loss stays finite where all votes tie.
_TIE_SHARE_MAX = 1 - 1e-6


@dataclass(frozen=True, eq=False)
class HeldOutLoss:
    """Log-losses of held-out votes, one cell for each fold, pair and outcome.

    Attributes:
        log_loss: (n_cells,) -log probability of the outcome, natural log.
        votes: (n_cells,) held-out votes.
        n_left_out: votes whose pair the other folds do not link, which nothing can predict.
    """

    log_loss: FloatArray
    votes: FloatArray
    n_left_out: float

    @property
    def mean(self) -> float:
        """Mean log-loss of a vote."""
        return float(self.log_loss @ self.votes / self.votes.sum())


@dataclass(frozen=True, eq=False)
class TieModelChoice:
    """The models of ties by how well they predict.

    Attributes:
        best: name of the model with the lowest mean log-loss.
        log_loss: mean held-out log-loss per vote of each model, natural log.
        excess: its difference from that of the best.
        standard_error: of that difference, over votes; 0 for the best. Folds share their training
            votes, which it leaves out, as is usual.
        n_votes: held-out votes that were predicted.
        n_left_out: votes whose pair the other folds did not link.
        n_folds, seed: how votes were drawn into folds.
    """

    best: str
    log_loss: dict[str, float]
    excess: dict[str, float]
    standard_error: dict[str, float]
    n_votes: float
    n_left_out: float
    n_folds: int
    seed: int


def choose_tie_model(
    tallies: PairTallies,
    seed: int,
    *,
    n_folds: int = N_FOLDS,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
) -> TieModelChoice:
    """Compare "half_wins", "davidson" and "rao_kupper" by held-out log-loss of the three outcomes.

    Args:
        tallies: votes per pair, whole numbers.
        seed: of the folds; equal seeds give equal results.
        n_folds: folds, at least 2.
        prior_ties: of every fit, above 0, as a fold may leave a model without a loss.
        both_bad: "tie" counts such a vote as a tie, "ignore" as no vote at all.

    Raises:
        NotIdentified: no held-out vote is on a pair that the other folds link.
        ValueError: an argument out of range, or fractional counts.
    """
    losses = {
        name: held_out_log_loss(
            tallies, predict, seed, n_folds=n_folds, prior_ties=prior_ties, both_bad=both_bad
        )
        for name, predict in TIE_MODELS.items()
    }
    best = min(losses, key=lambda name: losses[name].mean)
    compared = {name: _paired(loss, losses[best]) for name, loss in losses.items()}
    return TieModelChoice(
        best=best,
        log_loss={name: loss.mean for name, loss in losses.items()},
        excess={name: difference for name, (difference, _) in compared.items()},
        standard_error={name: error for name, (_, error) in compared.items()},
        n_votes=float(losses[best].votes.sum()),
        n_left_out=losses[best].n_left_out,
        n_folds=n_folds,
        seed=seed,
    )


def held_out_log_loss(
    tallies: PairTallies,
    predict: Predict,
    seed: int,
    *,
    n_folds: int = N_FOLDS,
    prior_ties: float = PRIOR_TIES,
    both_bad: BothBad = "tie",
) -> HeldOutLoss:
    """Predict each fold from the others; see `choose_tie_model` for arguments and errors.

    `predict(training, first, second, prior_ties)` returns the log-probabilities of a win, a loss
    and a tie of pairs (n_rows,) that the training votes link, (3, n_rows).
    """
    counts = _whole_counts(tallies, both_bad)
    if n_folds < 2:
        raise ValueError(f"n_folds is {n_folds}; use at least 2")
    check_prior_ties(prior_ties, may_be_zero=False)
    shares = np.full(n_folds, 1 / n_folds)
    in_fold = np.random.default_rng(seed).multinomial(counts, shares)  # (3, n_pairs, n_folds)
    cells, n_left_out = [], 0.0
    for fold in range(n_folds):
        held_out = in_fold[..., fold].astype(np.float64)
        linked, loss = _predict_fold(tallies, counts - held_out, held_out, predict, prior_ties)
        cells.append((loss, held_out[:, linked].ravel()))
        n_left_out += float(held_out[:, ~linked].sum())
    log_loss, votes = (np.concatenate(column) for column in zip(*cells, strict=True))
    if votes.sum() == 0:
        reason = "no vote is on a pair that the others link"
        raise NotIdentified("tie", (), reason, "collect votes first")
    return HeldOutLoss(log_loss, votes, n_left_out)


def predict_by_half_wins(
    training: PairTallies, first: IntArray, second: IntArray, prior_ties: float
) -> FloatArray:
    """Log-probabilities (3, n_rows) from Bradley-Terry with ties as half wins.

    That fit says how many points p a side expects, not how often it ties. Ties are at most
    2 min(p, 1 - p) of the votes; this takes the fixed share of that bound that gives as many ties
    as the training votes have, and splits the rest so that the points stay p.
    """
    fit = fit_bradley_terry(training, prior_ties=prior_ties)
    votes = training.wins_first + training.wins_second + training.ties
    p_trained = expit(-np.abs(fit.scores[training.first] - fit.scores[training.second]))
    share = (training.ties.sum() + 1 / 3) / (2 * (votes @ p_trained) + 1)
    share = min(float(share), _TIE_SHARE_MAX)
    p_first = expit(fit.scores[first] - fit.scores[second])
    p_second = expit(fit.scores[second] - fit.scores[first])
    p_tie = 2 * share * np.minimum(p_first, p_second)
    probabilities: FloatArray = np.array([p_first - p_tie / 2, p_second - p_tie / 2, p_tie])
    return np.log(probabilities)


def predict_by_davidson(
    training: PairTallies, first: IntArray, second: IntArray, prior_ties: float
) -> FloatArray:
    """Log-probabilities (3, n_rows) from `fit_davidson`."""
    fit = fit_davidson(training, prior_ties=prior_ties)
    return Davidson().law(_predictors(fit, first, second)).log_p


def predict_by_rao_kupper(
    training: PairTallies, first: IntArray, second: IntArray, prior_ties: float
) -> FloatArray:
    """Log-probabilities (3, n_rows) from `fit_rao_kupper`."""
    fit = fit_rao_kupper(training, prior_ties=prior_ties)
    return RaoKupper().law(_predictors(fit, first, second)).log_probabilities()


TIE_MODELS: dict[str, Predict] = {
    "half_wins": predict_by_half_wins,
    "davidson": predict_by_davidson,
    "rao_kupper": predict_by_rao_kupper,
}


def _predictors(fit: Fit, first: IntArray, second: IntArray) -> Predictors:
    """Predictors of pairs, each with the tie parameter of its component."""
    main = int(np.bincount(fit.component, weights=fit.n_votes).argmax())
    names = ["tie" if c == main else f"tie[{c}]" for c in fit.component[first]]
    ties = np.array([fit.parameters[name] for name in names])
    one, other = fit.scores[first], fit.scores[second]
    return Predictors(one - other, one + other, (ties,))


def _predict_fold(
    tallies: PairTallies,
    training: FloatArray,
    held_out: FloatArray,
    predict: Predict,
    prior_ties: float,
) -> tuple[BoolArray, FloatArray]:
    """Tell which pairs `training` (3, n_pairs) links, and their log-losses by outcome, flat."""
    none = np.zeros(tallies.n_pairs)
    pairs = tallies.first, tallies.second
    wins_first, wins_second, ties = training
    seen = PairTallies(tallies.n_models, *pairs, wins_first, wins_second, ties, none)
    if seen.n_pairs == 0:
        return np.zeros(tallies.n_pairs, dtype=bool), np.zeros(0)
    component = connected_components(seen.n_models, seen.first, seen.second)
    linked = component[tallies.first] == component[tallies.second]
    log_p = predict(seen, tallies.first[linked], tallies.second[linked], prior_ties)
    return linked, -log_p.ravel()


def _paired(loss: HeldOutLoss, best: HeldOutLoss) -> tuple[float, float]:
    """Mean difference of two losses per vote, with its standard error over votes."""
    difference, votes = loss.log_loss - best.log_loss, best.votes
    n_votes = votes.sum()
    mean = float(difference @ votes / n_votes)
    variance = float((difference - mean) ** 2 @ votes) / max(n_votes - 1, 1)
    return mean, float(np.sqrt(variance / n_votes))


def _whole_counts(tallies: PairTallies, both_bad: BothBad) -> NDArray[Any]:
    """Counts of win, loss and tie as integers, (3, n_pairs)."""
    ties = ties_that_count(tallies, both_bad)
    counts = np.array([tallies.wins_first, tallies.wins_second, ties])
    whole = counts.astype(np.int64)
    if (whole != counts).any():
        raise ValueError("the counts are fractional; votes are held out one by one, so use counts")
    return whole
