"""What people see of verdicts: everybody the totals, voters their own, staff all of them."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.integrity.judging import give_staff_verdict, give_verdict
from arena.integrity.models import Verdict
from arena.votes.models import Vote
from arena.votes.services import withdraw_vote
from models_registry.models import Revision
from tests import cast

STAFF = "/staff/integrity/verdict/"


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return " ".join(answer.content.decode().split())


@pytest.fixture
def held(vote: Vote) -> Verdict:
    """Ada's vote is held for what an answer says."""
    verdict, _ = give_verdict(
        vote_id=vote.pk, status="held", method="identity_leak", method_version=1,
        reason="output_names_model", detail={"seat": 0},
    )  # fmt: skip
    return verdict


@pytest.fixture
def staff(mia: User) -> Client:
    """Mia's browser."""
    client = Client()
    client.force_login(mia)
    return client


def test_the_public_page_has_totals_by_reason_and_nobodys_name(
    held: Verdict, client: Client, ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    other = cast.vote(cast.shown_battle(arena, ada), "b")
    text = page(client, "/integrity/")
    assert "An answer says who it is" in text
    assert "<code>identity_leak</code>" in text
    assert str(ada.pk) not in text
    assert str(held.vote_id) not in text
    assert str(other.pk) not in text
    assert "set-cookie" not in {name.lower() for name in client.get("/integrity/").headers}
    data = json.loads(client.get("/integrity/?format=json").content)
    row = {"status": "held", "reason": "output_names_model", "method": "identity_leak",
           "method_version": 1, "n_votes": 1}  # fmt: skip
    assert data == {
        "arenas": [{"arena": arena.slug, "n_standing": 2, "n_counted": 1, "left_out": [row]}]
    }


def test_the_public_page_of_an_empty_site_says_what_will_come(client: Client, db: None) -> None:
    assert "No votes yet" in page(client, "/integrity/")


def test_the_ledger_leads_to_it(client: Client, db: None) -> None:
    assert 'href="/integrity/"' in page(client, "/ledger/")


def test_voters_read_of_each_vote_whether_it_counts(
    held: Verdict, client: Client, ada: Voter, arena: Arena, models: list[Revision], mia: User
) -> None:
    client.cookies[COOKIE] = cast.cookie_of(ada)
    excluded, _ = (cast.vote(cast.shown_battle(arena, ada), "b") for _ in range(2))
    give_staff_verdict(vote_id=excluded.pk, status="excluded", note="A secret.", staff=mia)
    text = page(client, "/you/")
    assert text.count(">Held</span>") == text.count(">Not counted</span>") == 1
    assert text.count(">Counts</span>") == 1
    assert "One of the answers says which model it is" in text
    assert "A secret." not in text
    receipt = page(client, f"/ledger/receipts/{held.vote_id}/")
    assert "Your vote is held and does not count for now:" in receipt
    withdraw_vote(vote_id=str(held.vote_id), voter=ada)
    assert "You took this vote back." in page(client, f"/ledger/receipts/{held.vote_id}/")


def test_staff_filter_by_reason(held: Verdict, staff: Client) -> None:
    assert str(held.vote_id) in page(staff, f"{STAFF}?reason=output_names_model")
    assert str(held.vote_id) not in page(staff, f"{STAFF}?reason=too_fast")
    assert page(staff, f"{STAFF}{held.pk}/change/")


@pytest.mark.parametrize(
    ("action", "status"),
    [("hold_votes", "held"), ("exclude_votes", "excluded"), ("count_votes_again", "counted")],
)
def test_staff_decide_with_a_reason_in_words(
    held: Verdict, staff: Client, mia: User, action: str, status: str
) -> None:
    asked = {"action": action, "_selected_action": [held.pk]}
    answer = staff.post(STAFF, {**asked, "note": " "}, follow=True)
    assert "say why" in answer.content.decode()
    assert Verdict.objects.count() == 1
    answer = staff.post(STAFF, {**asked, "note": "I read it."}, follow=True)
    assert "Votes decided: 1." in answer.content.decode()
    newest = Verdict.objects.latest("pk")
    assert (newest.status, newest.note, newest.made_by) == (status, "I read it.", mia)
    held.refresh_from_db()
    assert held.status == "held"


def test_staff_hold_a_vote_of_which_nothing_was_said(vote: Vote, staff: Client) -> None:
    form = {"vote": str(vote.pk), "status": "held", "note": ""}
    assert "This field is required" in staff.post(f"{STAFF}add/", form).content.decode()
    answer = staff.post(f"{STAFF}add/", {**form, "note": "Reported."}, follow=True)
    assert answer.status_code == 200
    verdict = Verdict.objects.get()
    assert (verdict.vote_id, verdict.status, verdict.note) == (vote.pk, "held", "Reported.")


def test_staff_without_the_right_only_look(held: Verdict, db: None) -> None:
    looker = User.objects.create_user("leo", is_staff=True)
    client = Client()
    client.force_login(looker)
    assert client.get(f"{STAFF}add/").status_code == 403
    asked = {"action": "count_votes_again", "_selected_action": [held.pk], "note": "Mine."}
    assert client.post(STAFF, asked).status_code == 403
    assert Verdict.objects.count() == 1
