"""Questions about a voter's own votes, and about what a page shows of a battle."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Prefetch, QuerySet

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle, Seat
from arena.battles.selectors import turns_before
from arena.generation.outputs import shown_output
from arena.prompts.images import shown_images
from arena.votes.choice_words import choice_words
from arena.votes.models import Vote
from arena.votes.services import ballot_of


def own_votes(voter: Voter, arena: Arena | None = None) -> QuerySet[Vote]:
    """Return the voter's votes, newest first, with all that `shown_vote` needs."""
    seats = Seat.objects.select_related("revision__model__organisation")
    votes = Vote.objects.filter(voter__in=voter.ids)
    if arena is not None:
        votes = votes.filter(battle__arena=arena)
    return (
        votes.select_related("battle__arena", "battle__prompt", "withdrawal")
        .prefetch_related(Prefetch("battle__seats", seats), "battle__prompt__images")
        # The key decides between votes of one moment, so that no page repeats or leaves out one.
        .order_by("-cast_at", "-pk")
    )


def shown_vote(vote: Vote) -> dict[str, Any]:
    """Return what a page shows of a vote of `own_votes`; its models only once they were shown."""
    is_decided = len(set(vote.ranks)) > 1
    return {
        "id": vote.pk,
        "battle_id": vote.battle_id,
        "arena": vote.battle.arena,
        "images": shown_images(vote.battle.prompt),
        "prompt_text": vote.battle.prompt.text if vote.battle.prompt else "",
        "choice_label": choice_words(ballot_of(vote)),
        "is_revealed": vote.battle.revealed_at is not None,
        "seats": [
            {
                "letter": seat.letter,
                "model_name": seat.revision.model.name if vote.battle.revealed_at else "",
                "organisation": seat.revision.model.organisation.name
                if vote.battle.revealed_at
                else "",
                "is_winner": is_decided and vote.ranks[seat.position] == 1,
            }
            for seat in vote.battle.seats.all()
        ],
        "cast_at": vote.cast_at,
        "withdrawn_at": withdrawn_at(vote),
    }


def withdrawn_at(vote: Vote) -> datetime | None:
    """Return when the vote was taken back; None while it stands."""
    return vote.withdrawal.withdrawn_at if hasattr(vote, "withdrawal") else None


def n_own_votes(voter: Voter) -> dict[Arena, int]:
    """Return how many votes this voter has cast in each arena, in the arenas' order."""
    cast = (
        Vote.objects.filter(voter__in=voter.ids).values_list("battle__arena").annotate(Count("pk"))
    )
    n_votes = dict(cast)
    return {arena: n_votes[arena.pk] for arena in Arena.objects.filter(pk__in=n_votes)}


def standing_votes_of(voter: Voter) -> QuerySet[Vote]:
    """Return the voter's votes that were not taken back."""
    return Vote.objects.filter(voter__in=voter.ids, withdrawal__isnull=True)


def shown_seats(battle: Battle) -> list[dict[str, Any]]:
    """Return the seats of a battle with what a pane shows of each, and no name."""
    modality = battle.arena.modality
    return [
        {
            "position": seat.position,
            "letter": seat.letter,
            # Before the release nothing is shown, not even a side that is ready.
            "output": shown_output(seat.output, modality)
            if battle.released_at and hasattr(seat, "output")
            else None,
        }
        for seat in battle.seats.select_related("output__blob")
    ]


def shown_turns(battle: Battle, *, base: str = "") -> list[dict[str, Any]]:
    """Return the turns before a battle, the oldest first, as its page shows them.

    `base` stands before the addresses of pictures, such as "/shared/TOKEN".
    """
    return [
        {
            "battle": turn,
            "seats": shown_seats(turn),
            "images": shown_images(turn.prompt, base=base),
        }
        for turn in turns_before(battle)
    ]
