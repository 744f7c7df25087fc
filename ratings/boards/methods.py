"""Other ways to fit a board, each beside the main one. They need every vote, or take longer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from django.utils.translation import gettext

from arena.arenas.models import Arena
from arena.common.words import gettext_noop
from ratings.boards.covariates import covariates_of, values_by_seat
from ratings.boards.table import Board, board_of_fit
from ratings.boards.votes import ABSENT, CountedVotes, PairwiseVotes, pairwise
from ratings.fitting.acceptability import acceptability, fit_acceptability
from ratings.fitting.clustering import CAP, fit_by_voter
from ratings.fitting.covariate_fit import fit_with_covariates
from ratings.fitting.covariates import VotesByPair, design
from ratings.fitting.davidson import fit_davidson
from ratings.fitting.errors import DidNotConverge, NoFiniteEstimate
from ratings.fitting.fit import Fit
from ratings.fitting.plackett_luce import fit_plackett_luce
from ratings.fitting.propensity import fit_inverse_propensity
from ratings.fitting.rankings import Rankings
from ratings.fitting.tallies import PairTallies
from ratings.fitting.voter_tallies import VoterTallies


class NotEnough(Exception):
    """The votes do not allow this method; the message says what is missing."""


@dataclass(frozen=True)
class Material:
    """All that a method may look at."""

    arena: Arena
    source: str
    votes: CountedVotes

    @property
    def names(self) -> list[str]:
        """Labels of the models, by number."""
        return self.votes.names

    @cached_property
    def pairs(self) -> PairwiseVotes:
        """Every pair that every vote ranks."""
        return pairwise(self.votes)

    @cached_property
    def tallies(self) -> PairTallies:
        """Votes per pair."""
        pairs = self.pairs
        return PairTallies.from_votes(len(self.names), pairs.first, pairs.second, pairs.outcome)

    @property
    def votes_of_model(self) -> np.ndarray:
        """Votes of each model, (n_models,), each counted once."""
        tallies = self.tallies
        votes = np.bincount(tallies.first, tallies.votes, minlength=len(self.names))
        votes += np.bincount(tallies.second, tallies.votes, minlength=len(self.names))
        return votes

    @cached_property
    def voter(self) -> np.ndarray:
        """Who cast each vote, (n_votes,); a vote by nobody known is a voter of its own."""
        unnamed = self.votes.voter == ABSENT
        voter = self.votes.voter.copy()
        voter[unnamed] = voter.max(initial=0) + 1 + np.arange(np.count_nonzero(unnamed))
        return voter

    def voter_tallies(self, of_votes: np.ndarray | None = None) -> VoterTallies:
        """Votes per voter and pair, of the votes chosen by a mask (n_votes,), or of all."""
        pairs = self.pairs
        rows = slice(None) if of_votes is None else of_votes[pairs.vote]
        return VoterTallies.from_votes(
            len(self.names),
            self.voter[pairs.vote][rows],
            pairs.first[rows],
            pairs.second[rows],
            pairs.outcome[rows],
        )


@dataclass(frozen=True)
class Note:
    """A sentence about a fit: its English with named places, and what stands there.

    A list holds words, each of which is translated by itself.
    """

    text: str
    values: Mapping[str, str | int | Sequence[str]] = field(default_factory=dict)

    def in_words(self) -> str:
        """Return the sentence in the language of the page."""
        return gettext(self.text) % {
            name: value if isinstance(value, str | int) else gettext(", ").join(map(gettext, value))
            for name, value in self.values.items()
        }


@dataclass(frozen=True)
class Found:
    """A board, what was estimated beside the ratings, and what to know of it."""

    board: Board
    parameters: dict[str, tuple[float, float]]  # name → value and standard error, natural log
    notes: list[Note]
    # What the method says of each model beside its rating: label → share and standard error.
    shares: dict[str, tuple[float, float]] = field(default_factory=dict)
    shares_title: str = ""


@dataclass(frozen=True)
class Method:
    """One way to fit."""

    key: str
    name: str
    explanation: str
    fit: Callable[[Material], Found]


def _found(material: Material, fit: Fit, name: str, notes: list[Note], votes: int) -> Found:
    errors = fit.parameter_errors
    return Found(
        board=board_of_fit(material.names, fit, n_votes=votes, method=name),
        parameters={key: (value, errors[key]) for key, value in fit.parameters.items()},
        notes=notes,
    )


def _one_voice(material: Material) -> Found:
    fit = fit_by_voter(material.voter_tallies())
    fit = replace(fit, n_votes=material.votes_of_model)
    text = gettext_noop("%(n)s voters; nobody's votes weigh more than %(cap)s together.")
    note = Note(text, {"n": str(fit.n_clusters), "cap": f"{CAP:.0f}"})
    return _found(material, fit, "bradley-terry, one voice", [note], material.votes.n_votes)


def _davidson(material: Material) -> Found:
    fit = fit_davidson(material.tallies)
    text = gettext_noop(
        "Two equal models tie with odds exp(tie) to 1 against a win of a given one."
    )
    return _found(material, fit, "Davidson", [Note(text)], material.votes.n_votes)


def _acceptability(material: Material) -> Found:
    fit = fit_acceptability(material.tallies)
    level = acceptability(fit)
    found = _found(material, fit, "four outcomes", [], material.votes.n_votes)
    shares = zip(level.probability.tolist(), level.standard_error.tolist(), strict=True)
    return replace(
        found,
        shares=dict(zip(material.names, shares, strict=True)),
        shares_title=gettext_noop("How often two answers as good as this model's are not both bad"),
    )


def _reweighted(material: Material) -> Found:
    known = np.isfinite(material.votes.p_draw)
    if not known.all():
        raise NotEnough(
            gettext_noop("Imported votes do not say with what probability their pair was drawn.")
        )
    pairs = material.pairs
    weighted = fit_inverse_propensity(
        len(material.names),
        pairs.first,
        pairs.second,
        pairs.outcome,
        material.votes.p_draw[pairs.vote],
    )
    notes = [
        Note(
            gettext_noop("The price: as precise as %(share)s of the votes without weights."),
            {"share": f"{1 / weighted.variance_price:.0%}"},
        ),
        Note(
            gettext_noop("The largest weight is %(times)s times the mean."),
            {"times": f"{weighted.weight_max:.1f}"},
        ),
    ]
    return _found(material, weighted.fit, "reweighted", notes, material.votes.n_votes)


def _style(material: Material) -> Found:
    covariates = covariates_of(material.arena)
    values, has_all = values_by_seat(material.arena, material.source, material.votes)
    pairs = material.pairs
    rows = np.flatnonzero(has_all[pairs.vote])
    if not rows.size:
        raise NotEnough(
            gettext_noop("None of these votes has outputs here whose style could be measured.")
        )
    vote, first, second = pairs.vote[rows], pairs.first[rows], pairs.second[rows]
    seat = _seat_of(material.votes)
    contrast = design(covariates, values[vote, seat(vote, first)], values[vote, seat(vote, second)])
    varies = np.any(contrast != 0, axis=0)
    used = [one for one, is_used in zip(covariates, varies, strict=True) if is_used]
    fit = fit_with_covariates(
        VotesByPair.from_votes(
            len(material.names), first, second, pairs.outcome[rows], contrast[:, varies],
            covariates=[one.name for one in used], clusters=_numbered(material.voter[vote]),
            dtype=np.float64,
        )
    )  # fmt: skip
    aside = (
        gettext_noop("Set aside: %(measured)s, and the side on which an output stood.")
        if used
        else gettext_noop("Set aside: the side on which an output stood.")
    )
    notes = [Note(aside, {"measured": [one.label for one in used]})]
    if not varies.all():
        alike = [c.label for c, is_used in zip(covariates, varies, strict=True) if not is_used]
        notes.append(Note(gettext_noop("Never different here: %(alike)s."), {"alike": alike}))
    n_votes = int(np.unique(vote).size)
    if n_votes < material.votes.n_votes:
        text = gettext_noop("%(n)s of %(all)s votes have outputs to measure.")
        notes.append(Note(text, {"n": n_votes, "all": material.votes.n_votes}))
    return _found(material, fit, "style aside", notes, n_votes)


def _seat_of(votes: CountedVotes) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    def seat(vote: np.ndarray, model: np.ndarray) -> np.ndarray:
        return (votes.seats[vote] == model[:, None]).argmax(axis=1)

    return seat


def _numbered(voter: np.ndarray) -> np.ndarray | None:
    """Return voters numbered from 0; None where one cast all the votes, which has no clusters."""
    voters, number = np.unique(voter, return_inverse=True)
    return number if voters.size > 1 else None


def _lists(material: Material) -> Found:
    if material.votes.seats.shape[1] == 2:
        raise NotEnough(
            gettext_noop("Every vote here compares two; lists need votes on three or more.")
        )
    seats, ranks = material.votes.seats, material.votes.ranks
    table = np.zeros((len(seats), len(material.names)), dtype=np.int64)
    row, seat = np.nonzero(seats >= 0)
    table[row, seats[row, seat]] = ranks[row, seat]
    fit = fit_plackett_luce(Rankings.from_matrix(table, cluster=material.voter))
    return _found(material, fit, "Plackett-Luce", [], material.votes.n_votes)


METHODS: dict[str, Method] = {
    method.key: method
    for method in (
        Method(
            "one-voice",
            gettext_noop("One voice"),
            gettext_noop(
                "Each person's votes together weigh at most as much as a hundred, and intervals "
                "are clustered by person. It cannot be recomputed from a release, which links "
                "nobody's votes across its parts."
            ),
            _one_voice,
        ),
        Method(
            "style",
            gettext_noop("Style aside"),
            gettext_noop(
                "What a vote owes to how an output looks, such as its length, and to its side is "
                "estimated beside the ratings and taken out of them. A number above zero says "
                "that more of it wins votes."
            ),
            _style,
        ),
        Method(
            "davidson",
            gettext_noop("Ties as an outcome"),
            gettext_noop(
                "A tie is an outcome of its own with its own probability (Davidson 1970), where "
                "the main board counts it as half a win for each side."
            ),
            _davidson,
        ),
        Method(
            "acceptability",
            gettext_noop("Both bad as an outcome"),
            gettext_noop(
                "A, B, tie and both bad are four outcomes. Both bad says something about the "
                "level of the two, which a comparison alone cannot."
            ),
            _acceptability,
        ),
        Method(
            "reweighted",
            gettext_noop("Every pair alike"),
            gettext_noop(
                "Votes weigh one over the probability with which their pair was drawn, as if "
                "every pair had met equally often."
            ),
            _reweighted,
        ),
        Method(
            "lists",
            gettext_noop("Whole rankings"),
            gettext_noop(
                "A ranking of three or more is one observation (Plackett-Luce), where the main "
                "board takes it apart into pairs."
            ),
            _lists,
        ),
    )
}


def try_method(method: Method, material: Material) -> dict[str, Any]:
    """Return what a method found as JSON-ready data, or why it refused."""
    try:
        found = method.fit(material)
    except (NotEnough, NoFiniteEstimate, DidNotConverge, ValueError) as reason:
        return {"refused": str(reason)}
    return {
        "board": found.board.as_dict(),
        "parameters": {name: list(pair) for name, pair in found.parameters.items()},
        "notes": [note.in_words() for note in found.notes],
        "said": [asdict(note) for note in found.notes],
        "shares": {name: list(pair) for name, pair in found.shares.items()},
        "shares_title": found.shares_title,
    }
