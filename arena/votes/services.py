"""Cast a vote, show the names, withdraw."""

from __future__ import annotations

import uuid

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from arena.accounts.models import Voter
from arena.battles.models import Battle
from arena.battles.services import end_battle, reveal_battle
from arena.common.errors import BadInput, Conflict, NotAllowed, NotFound
from arena.common.events import publish
from arena.prompts.images import remove_images
from arena.votes.ballot import BadBallot, Ballot, read_ballot
from arena.votes.choice_words import choice_words
from arena.votes.engagement.selectors import require_voteable
from arena.votes.models import Vote, Withdrawal

WITHDRAWN_AT_ONCE = 200  # votes in one transaction: some tenths of a second of locks
MOST_WITHDRAWN = 5000  # votes in one call: some seconds, far below the patience of a proxy


def ballot_of(vote: Vote) -> Ballot:
    """Return the answer that a vote was."""
    ballot = Ballot(tuple(vote.ranks), vote.is_acceptable)
    # Imported files call a decided pair unacceptable too; the order is what it says.
    return ballot if ballot.is_tie else Ballot(ballot.ranks)


def own_battle(battle_id: uuid.UUID | str, voter: Voter | None) -> Battle:
    """Return the voter's battle, locked; raises NotFound for somebody else's."""
    battle = Battle.objects.select_for_update().filter(pk=battle_id).first()
    if battle is None or voter is None or not voter.owns(battle.voter_id):
        raise NotFound(_("There is no such battle of yours."))
    return battle


def cast_vote(
    *, battle_id: uuid.UUID | str, voter: Voter | None, choice: str, idempotency_key: str
) -> Vote:
    """Record a vote; the same request again returns the same vote.

    Where the arena asks for more, the names stay hidden until `write_details` or `show_names`.

    Args:
        choice: as `arena.votes.ballot.read_ballot` takes it.

    Raises BadInput for an unknown choice or key, NotAllowed for somebody else's battle, Conflict
    when the outputs were not all shown and examined as the arena asks, the battle has ended, or
    another vote stands.
    """
    try:
        key = uuid.UUID(idempotency_key)
    except ValueError:
        raise BadInput(_("The idempotency key must be a UUID; reload the page.")) from None
    try:
        with transaction.atomic():
            return _cast(battle_id, voter, choice, key)
    except IntegrityError:
        raise Conflict(
            _("This answer was already used for another battle. Reload the page and vote again."),
            code="key_reused",
        ) from None


def _cast(battle_id: uuid.UUID | str, voter: Voter | None, choice: str, key: uuid.UUID) -> Vote:
    battle = (
        Battle.objects.select_for_update(of=("self",))
        .select_related("arena")
        .filter(pk=battle_id)
        .first()
    )
    if battle is None:
        raise NotFound(_("There is no such battle."))
    if voter is None or not voter.owns(battle.voter_id):
        raise NotAllowed(_("Only the person who started this battle can vote on it."))
    try:
        ballot = read_ballot(choice, battle.seats.count())
    except BadBallot as error:
        raise BadInput(str(error)) from error
    standing = Vote.objects.filter(battle=battle).first()
    if standing is not None:
        return _same_or_conflict(standing, ballot)
    if battle.ending:
        raise Conflict(_("This battle has ended without a vote."), code="battle_ended")
    require_voteable(battle)
    vote = Vote.objects.create(
        battle=battle,
        voter=voter,
        ranks=list(ballot.ranks),
        is_acceptable=ballot.is_acceptable,
        idempotency_key=key,
        cast_at=timezone.now(),
    )
    end_battle(battle.pk, Battle.Ending.VOTED)
    if not battle.arena.asks_details:
        reveal_battle(battle.pk)
    publish("vote.cast", vote_id=str(vote.pk))
    return vote


def _same_or_conflict(standing: Vote, ballot: Ballot) -> Vote:
    if ballot_of(standing) == ballot:
        return standing
    raise Conflict(
        _(
            "Your vote on this battle was '%(choice)s'. It stands; reload the page to see who "
            "they were."
        )
        % {"choice": choice_words(ballot_of(standing))},
        code="already_voted",
    )


@transaction.atomic
def show_names(*, battle_id: uuid.UUID | str, voter: Voter | None) -> Battle:
    """Show the voter who they were; what is said of dimensions from then on would not be blind.

    Raises NotFound for somebody else's battle, Conflict before the vote.
    """
    battle = own_battle(battle_id, voter)
    if battle.ending != Battle.Ending.VOTED:
        raise Conflict(_("Vote first; then the names are shown."), code="not_voted")
    reveal_battle(battle.pk)
    battle.refresh_from_db()
    return battle


@transaction.atomic
def withdraw_vote(*, vote_id: str, voter: Voter | None) -> Withdrawal:
    """Take a vote back; a second call changes nothing.

    Raises NotFound for a receipt that is not one of this voter's.
    """
    try:
        # Nobody is not the voter of an imported vote, whose voter is null.
        own = Vote.objects.filter(voter__in=voter.ids if voter else [])
        vote = own.select_for_update().get(pk=uuid.UUID(vote_id))
    except (Vote.DoesNotExist, ValueError):
        raise NotFound(_("There is no such vote of yours.")) from None
    withdrawal, is_new = Withdrawal.objects.get_or_create(vote=vote)
    if is_new:
        publish("vote.withdrawn", vote_id=str(vote.pk))
    return withdrawal


def withdraw_votes(*, voter: Voter, most: int = MOST_WITHDRAWN) -> int:
    """Take back up to `most` standing votes of a voter; return how many were taken back here.

    Each batch is one transaction. What was taken back stays so when the rest is interrupted, and
    another call goes on with what stands; with nothing left it changes nothing. At the end the
    files of the pictures that the voter sent with prompts are removed.
    """
    n_withdrawn = 0
    while n_withdrawn < most:
        n_standing, n_new = _withdraw_some(voter, min(WITHDRAWN_AT_ONCE, most - n_withdrawn))
        n_withdrawn += n_new
        if not n_standing:
            remove_images(voter)
            break
    return n_withdrawn


@transaction.atomic
def _withdraw_some(voter: Voter, most: int) -> tuple[int, int]:
    """Return how many votes were found standing, and how many of them were taken back here."""
    # Locked in one order, so that two calls never wait for each other.
    standing = Vote.objects.filter(voter__in=voter.ids, withdrawal__isnull=True).order_by("pk")
    locked = list(standing.select_for_update(of=("self",))[:most])
    # Asked again under the lock: while it was waited for, another call may have taken some back.
    withdrawn = Withdrawal.objects.filter(vote__in=locked)
    gone = set(withdrawn.values_list("vote_id", flat=True))
    taken = [vote for vote in locked if vote.pk not in gone]
    Withdrawal.objects.bulk_create(Withdrawal(vote=vote) for vote in taken)
    for vote in taken:
        publish("vote.withdrawn", vote_id=str(vote.pk))
    return len(locked), len(taken)
