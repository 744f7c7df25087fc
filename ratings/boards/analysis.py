"""The pass over all votes of a board: what its tallies alone cannot say."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
from django.utils import timezone

from arena.arenas.models import Arena
from arena.common.hashing import sha256_hex
from ratings.boards.methods import METHODS, Material, try_method
from ratings.boards.models import ALL_VOTES, Analysis
from ratings.boards.selectors import analysis_of, counts_of, slices_with_votes
from ratings.boards.slices import dimension_of
from ratings.boards.votes import ABSENT, counted_votes
from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.clustering import TooFewVoters, fit_by_voter, voter_effects
from ratings.fitting.confidence_sequence import radius
from ratings.fitting.elo import ELO_PER_LOG_STRENGTH
from ratings.fitting.errors import DidNotConverge
from ratings.fitting.fit import Fit
from ratings.fitting.general_preference import fit_general_preference
from ratings.fitting.influence import leave_one_voter_out
from ratings.fitting.intervals import rank_interval_simultaneous
from ratings.fitting.model_choice import choose_tie_model
from ratings.fitting.robustness import flips_of_ranking

WIDENING_DIGITS = 4
TOP = 20  # ranks whose footing is examined
SEED = 20_260_101  # of splits into folds: the same votes give the same findings
MOST_MODELS_IN_CYCLES = 150  # the test takes minutes for more
SEQUENCE_BEST_AT = 5000  # votes at which the confidence sequence is narrowest
REST = 10  # a pass may take one part of the time in this many


def analyse(arena: Arena, source: str) -> Analysis | None:
    """Go over all counted votes and keep what they say; None without a vote."""
    started = time.perf_counter()
    # Before the votes are read: what is counted meanwhile makes the next pass due.
    counts_sha256 = _counts_sha256(arena, source)
    votes = counted_votes(arena, source)
    if not votes.n_votes:
        Analysis.objects.filter(arena=arena, source=source).delete()
        return None
    material = Material(arena, source, votes)
    findings = {
        "counts_sha256": counts_sha256,
        "voters": _voters(material),
        "widening": _widening(material),
        **_footing(material),
        "methods": {key: try_method(method, material) for key, method in METHODS.items()},
        "tie_models": _tie_models(material),
        "cycles": _cycles(material),
    }
    analysis, _ = Analysis.objects.update_or_create(
        arena=arena,
        source=source,
        defaults={
            "n_votes": votes.n_votes,
            "took_s": time.perf_counter() - started,
            "findings": findings,
        },
    )
    return analysis


def analyse_if_due(arena: Arena, source: str, *, at_once: bool = False) -> bool:
    """Analyse a board whose counts have changed, when the last pass is long enough ago."""
    last = analysis_of(arena, source)
    if last is None:
        return analyse(arena, source) is not None
    if last.findings.get("counts_sha256") == _counts_sha256(arena, source):
        return False
    age_s = (timezone.now() - last.made_at).total_seconds()
    if age_s < REST * last.took_s and not at_once:
        return False
    analyse(arena, source)
    return True


def _voters(material: Material) -> dict[str, Any]:
    votes = material.votes
    known = votes.voter != ABSENT
    of_voter = np.bincount(votes.voter[known]) if known.any() else np.zeros(1)
    return {
        "n_voters": int(np.count_nonzero(of_voter)),
        "n_unnamed": int(np.count_nonzero(~known)),
        "largest_share": float(of_voter.max() / votes.n_votes),
    }


def _widening(material: Material) -> dict[str, dict[str, float]]:
    """Return, by slice and model, by how much intervals for independent votes must be stretched."""
    arena, source = material.arena, material.source
    widening = {}
    for key in (ALL_VOTES, *slices_with_votes(arena, source)):
        if dimension := dimension_of(key):
            answers = Material(arena, source, counted_votes(arena, source, dimension))
            names, tallies = answers.names, answers.voter_tallies()
        else:
            names, tallies = material.names, material.voter_tallies(material.votes.in_slice(key))
        widening[key] = {
            name: round(float(factor), WIDENING_DIGITS)
            for name, factor in zip(
                names, voter_effects(tallies, cap=math.inf).widening, strict=True
            )
            if factor > 1
        }
    return widening


def _counts_sha256(arena: Arena, source: str) -> str:
    """Return a digest of all that was counted: the votes, and the answers to each dimension."""
    keys = [key for key in slices_with_votes(arena, source) if dimension_of(key)]
    digests = (counts_of(arena, source, key).sha256() for key in (ALL_VOTES, *keys))
    return sha256_hex(" ".join(digests))


def _footing(material: Material) -> dict[str, Any]:
    """Return on how few votes, and on which one voter, each rank of the top stands."""
    names, tallies = material.names, material.tallies
    fit = fit_bradley_terry(tallies)
    by_person = _by_person(material, fit)
    flips = [
        {
            "above": names[flip.above],
            "below": names[flip.below],
            "gap_elo": flip.gap * ELO_PER_LOG_STRENGTH,
            "votes_to_flip": flip.votes_to_flip,
            "share": flip.share,
            "is_settled": _is_settled(by_person, flip.above, flip.below, material.votes.n_votes),
        }
        for flip in flips_of_ranking(tallies, fit, TOP)
    ]
    influence = leave_one_voter_out(material.voter_tallies(), fit, TOP + 1)
    gaps = [
        {
            "above": names[gap.above],
            "below": names[gap.below],
            "n_votes": gap.n_votes,
            "gap_elo": gap.gap * ELO_PER_LOG_STRENGTH,
            "change_elo": None if gap.exact is None else gap.exact * ELO_PER_LOG_STRENGTH,
            "is_flipped": gap.is_flipped,
        }
        for gap in influence.gaps
    ]
    at_once = rank_interval_simultaneous(
        by_person.scores, by_person.covariance, by_person.component, seed=SEED
    )
    ranks = {
        name: [int(best), int(worst)]
        for name, best, worst in zip(names, at_once.best, at_once.worst, strict=True)
    }
    return {"flips": flips, "one_voter": gaps, "ranks_at_once": ranks}


def _by_person(material: Material, fit: Fit) -> Fit:
    """Return the fit with its covariance clustered by voter, or as it is for one voter alone.

    Each standard error is brought to that of the board's interval, whose quantile of Student's t
    knows how few people there may be.
    """
    votes = material.voter_tallies()
    try:
        clustered = fit_by_voter(votes, cap=math.inf)
    except TooFewVoters:
        return fit
    shown = voter_effects(votes, cap=math.inf).widening * fit.standard_errors
    own = clustered.standard_errors
    scale = np.divide(shown, own, out=np.ones(own.size), where=own > 0)
    return replace(clustered, joint_covariance=clustered.covariance * np.outer(scale, scale))


def _is_settled(fit: Fit, above: int, below: int, n_votes: int) -> bool:
    """Say whether the order holds however often one looks: zero is outside the sequence."""
    covariance = fit.covariance
    variance = covariance[above, above] + covariance[below, below] - 2 * covariance[above, below]
    reach = radius(math.sqrt(max(variance, 0.0)), n_votes, best_at=SEQUENCE_BEST_AT)
    return bool(fit.scores[above] - fit.scores[below] > reach)


def _tie_models(material: Material) -> dict[str, Any]:
    """Return which reading of ties predicts votes best, or why that cannot be told."""
    try:
        choice = choose_tie_model(material.tallies, SEED)
    except (DidNotConverge, ValueError) as reason:
        return {"refused": str(reason)}
    return {
        "best": choice.best,
        "log_loss": choice.log_loss,
        "excess": choice.excess,
        "standard_error": choice.standard_error,
    }


def _cycles(material: Material) -> dict[str, Any]:
    """Return whether some models beat each other in a circle, tested on votes held out."""
    if len(material.names) > MOST_MODELS_IN_CYCLES:
        return {"refused": f"It is examined for up to {MOST_MODELS_IN_CYCLES} models."}
    try:
        found = fit_general_preference(material.tallies, seed=SEED)
    except (DidNotConverge, ValueError) as reason:
        return {"refused": str(reason)}
    return {
        "is_cyclic": found.is_cyclic,
        "cycle_index": found.cycle_index,
        "improvement": found.improvement,
        "standard_error": found.standard_error,
    }
