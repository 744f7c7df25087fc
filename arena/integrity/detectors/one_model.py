"""A voter who decides for one model, or against it, far more often than the board expects.

For each voter, model and direction there is an e-process against all tastes within reach of the
board: P(win) at most what the board says of that pair, moved by TASTE. Of a voter with votes on
many models the evidence is the mean over models and directions, and who is reported among all
voters is chosen by e-BH. Mixture over alternatives as in the field's own simulations of boosters
of Chatbot Arena (Min et al. 2025, ICML).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from arena.integrity.detectors.evidence import log_evidence, log_mean, rejected
from arena.integrity.detectors.finding import Finding

Key = TypeVar("Key")

METHOD, VERSION = "one_model", 1
TASTE = 0.6  # log-odds by which an honest voter may differ from the board on every pair of a model
ALTERNATIVES = (0.75, 0.98)  # shares of votes won by whoever boosts in half of them, or in all
LEAST_VOTES = 8  # on a model, before it is looked at: fewer cannot reach the bar
ALPHA = 0.05  # expected share of honest voters among those reported


@dataclass(frozen=True)
class Met:
    """One vote, from the side of a model.

    Attributes:
        model: key of the model.
        outcome: 1 it won, -1 it lost, 0 neither.
        p_win, p_loss: what the board expects of that pair, where ties are neither.
    """

    model: int
    outcome: int
    p_win: float
    p_loss: float


@dataclass(frozen=True)
class Suspicion:
    """What one voter's votes say of one model."""

    model: int
    reason: str  # boosts_model or sinks_model
    log_evidence: float
    n_votes: int
    n_wins: int


def suspicions(met: Iterable[Met]) -> list[Suspicion]:
    """Return the evidence for each model with enough votes, in both directions."""
    by_model: dict[int, list[Met]] = defaultdict(list)
    for one in met:
        by_model[one.model].append(one)
    found = []
    for model, votes in sorted(by_model.items()):
        if len(votes) < LEAST_VOTES:
            continue
        wins = [one.outcome > 0 for one in votes]
        losses = [one.outcome < 0 for one in votes]
        boosts = _evidence(wins, [one.p_win for one in votes])
        sinks = _evidence(losses, [one.p_loss for one in votes])
        for reason, evidence in (("boosts_model", boosts), ("sinks_model", sinks)):
            found.append(Suspicion(model, reason, evidence, len(votes), sum(wins)))
    return found


def _evidence(outcomes: Sequence[bool], p_board: Sequence[float]) -> float:
    p_most = [_moved(p) for p in p_board]
    return log_mean([log_evidence(outcomes, p_most, p) for p in ALTERNATIVES])


def _moved(p: float) -> float:
    p = min(max(p, 1e-6), 1 - 1e-6)
    return 1 / (1 + math.exp(-(math.log(p / (1 - p)) + TASTE)))


def of_voter(found: Sequence[Suspicion]) -> float:
    """Return the logarithm of a voter's e-value; that of 1 without anything to look at."""
    return log_mean([one.log_evidence for one in found]) if found else 0.0


def reported(
    by_voter: Mapping[Key, Sequence[Suspicion]], n_voters: int, n_before: int = 0
) -> dict[Key, list[Suspicion]]:
    """Return the voters chosen by e-BH, each with the models that it is about.

    Args:
        by_voter: what `suspicions` found of each voter that is looked at now.
        n_voters: how many voters have enough votes to be looked at at all.
        n_before: how many of the others are reported already.
    """
    logs = {voter: of_voter(found) for voter, found in by_voter.items()}
    n = rejected(list(logs.values()), ALPHA, max(n_voters, len(logs), 1), n_before)
    chosen = sorted(logs, key=lambda voter: -logs[voter])[:n]
    # A model is named when its own evidence carries the report, not when it merely came along.
    return {
        voter: [
            one
            for one in by_voter[voter]
            if one.log_evidence >= max(-math.log(ALPHA), logs[voter] - math.log(2))
        ]
        for voter in chosen
    }


def finding_of(suspicion: Suspicion, label: str) -> Finding:
    """Return the finding for the votes on that model; `label` names it."""
    detail: dict[str, str | int | float] = {
        "model": label,
        "n_votes": suspicion.n_votes,
        "n_wins": suspicion.n_wins,
        "log10_evidence": round(suspicion.log_evidence / math.log(10), 2),
    }
    return Finding(METHOD, VERSION, suspicion.reason, detail)
