"""An account holds one voter; votes cast elsewhere without it are added by a link, once."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from arena.accounts.linking import ensure_voter_of, join_voter, person_of, voter_of
from arena.accounts.middleware import voter_from_cookie
from arena.accounts.models import Voter, VoterLink
from arena.accounts.services import new_voter
from arena.arenas.models import Arena
from arena.common.errors import Conflict
from arena.votes.selectors import n_own_votes
from arena.votes.services import cast_vote, withdraw_votes
from models_registry.models import Revision
from ratings.boards.counting import count_vote
from ratings.boards.votes import counted_votes
from tests import cast


@pytest.fixture
def account(db: None) -> User:
    """An account that has no voter yet."""
    return User.objects.create_user("voter-1")


def test_the_first_voter_becomes_the_accounts_own_and_later_ones_are_linked(account: User) -> None:
    first, second = new_voter(), new_voter()
    assert join_voter(account=account, voter=first) == first
    assert join_voter(account=account, voter=second) == first
    assert voter_of(account) == first
    assert set(Voter.objects.get(pk=first.pk).ids) == {first.pk, second.pk}
    assert person_of([first.pk, second.pk]) == {first.pk: first.pk, second.pk: first.pk}


def test_joining_twice_changes_nothing(account: User) -> None:
    first, second = new_voter(), new_voter()
    for voter in (first, second, second, first):
        join_voter(account=account, voter=voter)
    assert VoterLink.objects.count() == 1


def test_no_account_takes_the_votes_of_another(account: User) -> None:
    own, linked = new_voter(), new_voter()
    join_voter(account=account, voter=own)
    join_voter(account=account, voter=linked)
    other = User.objects.create_user("voter-2")
    for voter in (own, linked):
        with pytest.raises(Conflict, match="another account"):
            join_voter(account=other, voter=voter)


def test_a_cookie_opens_no_voter_of_an_account_not_even_when_the_account_is_gone(
    account: User,
) -> None:
    own, linked = new_voter(), new_voter()
    cookies = [cast.cookie_of(own), cast.cookie_of(linked)]
    assert [voter_from_cookie(one) for one in cookies] == [own, linked]
    join_voter(account=account, voter=own)
    join_voter(account=account, voter=linked)
    assert [voter_from_cookie(one) for one in cookies] == [None, None]
    account.delete()
    assert [voter_from_cookie(one) for one in cookies] == [None, None]


def test_the_database_knows_one_voter_an_account_and_one_person_a_voter(account: User) -> None:
    own, other = ensure_voter_of(account), new_voter()
    assert ensure_voter_of(account) == own
    second = f"account_id = {account.pk}, claimed_at = now() WHERE id = '{other.pk}'"
    statements = [
        f"UPDATE accounts_voter SET {second}",
        f"UPDATE accounts_voter SET claimed_at = NULL WHERE id = '{own.pk}'",
        f"INSERT INTO accounts_voterlink VALUES ('{own.pk}', now(), '{own.pk}')",
    ]
    for statement in statements:
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_two_browsers_of_one_account_at_once_make_one_voter(transactional_db: None) -> None:
    account = User.objects.create_user("voter-3")
    voters = [new_voter() for _ in range(4)]
    results = cast.at_once(
        [lambda one=one: join_voter(account=account, voter=one) for one in voters]
    )
    assert len({one.pk for one in results}) == 1
    assert VoterLink.objects.count() == 3


def test_the_account_sees_votes_on_and_withdraws_what_its_voters_did(
    account: User, arena: Arena, models: list[Revision]
) -> None:
    phone, laptop = cast.ada()[0], cast.ada()[0]
    cast.vote(cast.shown_battle(arena, phone), "a")
    cast.vote(cast.shown_battle(arena, laptop), "b")
    open_still = cast.shown_battle(arena, laptop)
    join_voter(account=account, voter=phone)
    join_voter(account=account, voter=laptop)
    person = voter_of(account)
    assert person is not None
    key = "6b9f8a0e-3f5b-4a7e-9a58-0d9f5a0f2a11"
    cast_vote(battle_id=open_still.pk, voter=person, choice="a", idempotency_key=key)
    assert sum(n_own_votes(person).values()) == 3
    assert withdraw_votes(voter=person) == 3


def test_a_board_counts_linked_voters_as_one_person(
    account: User, arena: Arena, models: list[Revision]
) -> None:
    voters = [cast.ada()[0] for _ in range(3)]
    for voter in voters:
        count_vote(str(cast.vote(cast.shown_battle(arena, voter), "a").pk))
    assert len(set(counted_votes(arena, "live").voter)) == 3
    for voter in voters[:2]:
        join_voter(account=account, voter=voter)
    assert len(set(counted_votes(arena, "live").voter)) == 2
