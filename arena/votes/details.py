"""What a voter says more of the same outputs, before the names are shown."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from arena.accounts.models import Voter
from arena.arenas.models import Arena, Dimension
from arena.battles.models import Battle
from arena.battles.services import reveal_battle
from arena.common.errors import BadInput, Conflict
from arena.common.events import publish
from arena.votes.ballot import BadBallot, Ballot, read_ballot
from arena.votes.choice_words import choice_words
from arena.votes.models import DimensionOutcome, Rating, Strength, Vote
from arena.votes.services import ballot_of, own_battle

MOST_STARS = 5


@dataclass(frozen=True)
class Details:
    """The answers that were given; nothing is asked for that may not be left out.

    `dimensions` maps the key of a dimension to an answer as `read_ballot` takes it; `stars` maps
    the position of a seat to 1..5.
    """

    strength: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    stars: Mapping[int, int] = field(default_factory=dict)


def read_details(posted: Mapping[str, str]) -> Details:
    """Return the details of a form: `strength`, `dimension-KEY` and `stars-POSITION`.

    Raises BadInput for stars that are no number. Fields that were left empty say nothing.
    """
    given = {key: value for key, value in posted.items() if value}
    stars = {key.removeprefix("stars-"): given[key] for key in given if key.startswith("stars-")}
    if not all(text.isdecimal() and len(text) == 1 for pair in stars.items() for text in pair):
        raise BadInput(_few_stars())
    return Details(
        strength=given.get("strength", ""),
        dimensions={
            key.removeprefix("dimension-"): value
            for key, value in given.items()
            if key.startswith("dimension-")
        },
        stars={int(position): int(given_stars) for position, given_stars in stars.items()},
    )


def details_asked(battle: Battle) -> dict[str, Any]:
    """Return what the page asks of a voted battle whose names are not shown yet."""
    ballot = ballot_of(battle.vote)
    return {
        "choice_label": choice_words(ballot),
        "asks_strength": battle.arena.asks_strength and not ballot.is_tie,
        "degrees": Strength.Degree.choices,
        "dimensions": asked_dimensions(battle.arena),
        "asks_ratings": battle.arena.asks_ratings,
        "stars": range(1, MOST_STARS + 1),
        "seats": [
            {"position": seat.position, "letter": seat.letter} for seat in battle.seats.all()
        ],
    }


@transaction.atomic
def write_details(*, battle_id: uuid.UUID | str, voter: Voter | None, details: Details) -> Battle:
    """Keep the details of a vote and show the names; only the first call keeps anything.

    Raises NotFound for somebody else's battle, Conflict before the vote and when the names are
    known already, BadInput for an answer to what the arena does not ask.
    """
    battle = own_battle(battle_id, voter)
    vote = Vote.objects.filter(battle=battle).first()
    if vote is None:
        raise Conflict(_("Vote first; then say more."), code="not_voted")
    if battle.revealed_at is not None:
        raise Conflict(
            _("The names are shown already; only what is said before counts as blind."),
            code="already_revealed",
        )
    n_seats = battle.seats.count()
    _keep_strength(vote, battle.arena, details.strength)
    _keep_dimensions(vote, battle.arena, details.dimensions, n_seats)
    _keep_stars(vote, battle.arena, details.stars, n_seats)
    reveal_battle(battle.pk)
    battle.refresh_from_db()
    if details.dimensions:
        publish("vote.detailed", vote_id=str(vote.pk))
    return battle


def _keep_strength(vote: Vote, arena: Arena, degree: str) -> None:
    if not degree:
        return
    if not arena.asks_strength or ballot_of(vote).is_tie:
        raise BadInput(_("How much better was not asked of this vote. Leave it out."))
    if degree not in Strength.Degree.values:
        known = ", ".join(Strength.Degree.values)
        raise BadInput(
            _("'%(given)s' is not a strength; choose one of: %(known)s.")
            % {"given": degree[:40], "known": known}
        )
    Strength.objects.create(vote=vote, degree=degree)


def _keep_dimensions(vote: Vote, arena: Arena, answers: Mapping[str, str], n_seats: int) -> None:
    asked = {one.key: one for one in asked_dimensions(arena)}
    unknown = sorted(set(answers) - set(asked))
    if unknown:
        raise BadInput(
            _("'%(given)s' is not asked here. Load the page again.") % {"given": unknown[0][:40]}
        )
    outcomes = []
    for key, choice in answers.items():
        ballot = _read(choice, n_seats)
        if not ballot.is_acceptable:
            raise BadInput(_("A dimension is ranked or a tie; 'both_bad' is for the whole vote."))
        outcomes.append(DimensionOutcome(vote=vote, dimension=asked[key], ranks=[*ballot.ranks]))
    DimensionOutcome.objects.bulk_create(outcomes)


def _keep_stars(vote: Vote, arena: Arena, stars: Mapping[int, int], n_seats: int) -> None:
    if stars and not arena.asks_ratings:
        raise BadInput(_("Stars are not asked for here. Leave them out."))
    for position, given in stars.items():
        if not 0 <= position < n_seats or not 1 <= given <= MOST_STARS:
            raise BadInput(_few_stars())
    Rating.objects.bulk_create(
        Rating(vote=vote, position=position, stars=given) for position, given in stars.items()
    )


def _few_stars() -> str:
    return _("Give one to %(most)s stars to outputs of this battle.") % {"most": MOST_STARS}


def _read(choice: str, n_seats: int) -> Ballot:
    try:
        return read_ballot(choice, n_seats)
    except BadBallot as error:
        raise BadInput(str(error)) from error


def asked_dimensions(arena: Arena) -> list[Dimension]:
    """Return what the arena asks besides the vote, in its order."""
    return list(arena.dimensions.filter(is_archived=False))
