"""The pages of the ledger, and receipts that anyone can check without the site."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.ledger import sealing, views
from arena.ledger.checkpoints import public_key_of, read_statement, sign
from arena.ledger.models import Checkpoint, Entry
from arena.ledger.selectors import statement_of
from arena.ledger.services import erase_words
from arena.votes.models import Vote
from arena.votes.services import withdraw_vote
from tests import cast
from tests.arena.ledger.conftest import SEED

PUBLIC_KEY = public_key_of(SEED)


@pytest.fixture
def adas(client: Client, ada: Voter) -> Client:
    """Ada's browser."""
    client.cookies[COOKIE] = cast.cookie_of(ada)
    return client


def receipt_of(browser: Client, vote: Vote) -> dict[str, Any]:
    answer = browser.get(f"/ledger/receipts/{vote.pk}.json")
    assert answer.status_code == 200
    return dict(answer.json())


class Verifier:
    """The file that the site hands out, run as its reader runs it."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.folder = folder
        answer = client.get("/ledger/verify_ledger.py")
        assert 'filename="verify_ledger.py"' in answer["Content-Disposition"]
        (folder / "verify_ledger.py").write_bytes(answer.content)
        self.checkpoints = client.get("/ledger/checkpoints.json").json()

    def run(self, *arguments: str, receipt: Any = None, key: str = PUBLIC_KEY) -> tuple[int, str]:
        """Return the exit status and all that was said."""
        (self.folder / "checkpoints.json").write_text(json.dumps(self.checkpoints))
        (self.folder / "receipt.json").write_text(json.dumps(receipt))
        trusted = ("--key", key) if key else ()
        done = subprocess.run(
            [sys.executable, "-I", "verify_ledger.py", *arguments, *trusted],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def receipt(self, receipt: Any) -> tuple[int, str]:
        """Check a receipt."""
        return self.run("receipt", "receipt.json", "checkpoints.json", receipt=receipt)


@pytest.fixture
def verifier(vote: Vote, ada: Voter, client: Client, tmp_path: Path) -> Verifier:
    """The verifier and three checkpoints, the last over a withdrawal."""
    sealing.seal()
    vote.rationales.create(version=2, text="Said better: 'quoted', <b>not bold</b>.")
    sealing.seal()
    withdraw_vote(vote_id=str(vote.pk), voter=ada)
    sealing.seal()
    return Verifier(client, tmp_path)


# ── receipts ────────────────────────────────────────────────────────────────────────────────


def test_a_receipt_is_checked_without_the_site(
    adas: Client, vote: Vote, verifier: Verifier
) -> None:
    receipt = receipt_of(adas, vote)
    assert [entry["table"] for entry in receipt["entries"]] == [
        "votes_vote", "votes_rationale", "votes_strength", "votes_dimensionoutcome",
        "votes_rating", "votes_seatrationale", "votes_mark", "votes_rationale",
        "votes_withdrawal",
    ]  # fmt: skip
    status, said = verifier.receipt(receipt)
    assert status == 0, said
    assert "3 checkpoints are signed and follow each other" in said
    assert len(re.findall(r"sealed in checkpoint \d, 20", said)) == 9


FORGERIES: dict[str, Any] = {
    "a value": lambda entry: entry["content"][3].__setitem__(1, "2,1"),
    "a value that was null": lambda entry: entry["content"][6].__setitem__(1, ""),
    "a column's name": lambda entry: entry["content"][3].__setitem__(0, "rank"),
    "the salt": lambda entry: entry.update(salt="00" * 32),
    "the time": lambda entry: entry.update(at="2020-01-01T00:00:00.000000Z"),
    "the key": lambda entry: entry.update(key=str(uuid.uuid4())),
    "the commitment": lambda entry: entry.update(salt=None, commitment="00" * 32),
    "the place": lambda entry: entry["proof"].update(index=entry["proof"]["index"] + 1),
    "the proof": lambda entry: entry["proof"]["path"].reverse(),
    "a shorter proof": lambda entry: entry["proof"]["path"].pop(),
    "the checkpoint": lambda entry: entry["checkpoint"].update(
        body=entry["checkpoint"]["body"].replace("size 7", "size 8")
    ),
}


@pytest.mark.parametrize("forged", FORGERIES)
def test_a_receipt_with_something_else_in_it_is_refused(
    adas: Client, vote: Vote, verifier: Verifier, forged: str
) -> None:
    receipt = receipt_of(adas, vote)
    FORGERIES[forged](receipt["entries"][0])
    status, said = verifier.receipt(receipt)
    assert (status, "REFUSED" in said) == (1, True), said


def test_a_receipt_is_for_its_voter_alone(
    adas: Client, vote: Vote, eve: Voter, verifier: Verifier
) -> None:
    eves, nobody = Client(), Client()
    eves.cookies[COOKIE] = cast.cookie_of(eve)
    for address in (f"/ledger/receipts/{vote.pk}.json", f"/ledger/receipts/{vote.pk}/"):
        assert adas.get(address).status_code == 200
        assert "no-store" in adas.get(address)["Cache-Control"]
        for browser in (eves, nobody):
            assert browser.get(address).status_code == 404
    assert adas.get(f"/ledger/receipts/{uuid.uuid4()}.json").status_code == 404


def test_an_entry_that_waits_says_so(adas: Client, vote: Vote, verifier: Verifier) -> None:
    vote.rationales.create(version=3, text="One more.")
    receipt = receipt_of(adas, vote)
    assert receipt["entries"][-1]["proof"] is None
    status, said = verifier.receipt(receipt)
    assert status == 0
    assert "waits for the next checkpoint" in said
    page = adas.get(f"/ledger/receipts/{vote.pk}/").content.decode()
    assert "Waits for the next checkpoint" in page
    assert "&lt;b&gt;not bold" in page


def test_erased_words_are_not_in_the_receipt_and_the_rest_is_proved(
    adas: Client, vote: Vote, verifier: Verifier
) -> None:
    entry = Entry.objects.filter(table_name="votes_rationale").earliest("pk")
    erase_words(entry_ids=[entry.pk], reason="Asked for by its voter.")
    receipt = receipt_of(adas, vote)
    (erased,) = [one for one in receipt["entries"] if one["entry"] == entry.pk]
    assert (erased["salt"], erased["content"]) == (None, None)
    status, said = verifier.receipt(receipt)
    assert status == 0
    assert "erased, sealed in checkpoint 1" in said
    assert "words were erased" in adas.get(f"/ledger/receipts/{vote.pk}/").content.decode()


# ── the chain ───────────────────────────────────────────────────────────────────────────────


def test_the_chain_is_checked_without_the_site(verifier: Verifier) -> None:
    assert verifier.run("chain", "checkpoints.json")[0] == 0
    status, said = verifier.run("chain", "checkpoints.json", key="")
    assert (status, "vouch only for themselves" in said) == (0, True)


def test_a_break_in_the_chain_is_refused(verifier: Verifier) -> None:
    listed = verifier.checkpoints["checkpoints"]
    broken = {
        "follows checkpoint": [listed[0], listed[2]],
        "signature": [listed[0], {**listed[1], "signature": listed[2]["signature"]}],
        "form": [{**listed[0], "body": listed[0]["body"] + "more 1\n"}],
    }
    for reason, chain in broken.items():
        verifier.checkpoints["checkpoints"] = chain
        status, said = verifier.run("chain", "checkpoints.json")
        assert status == 1
        assert reason in said


def test_a_chain_signed_by_somebody_else_is_refused(verifier: Verifier) -> None:
    forger = b"f" * 32
    for signed in verifier.checkpoints["checkpoints"]:
        body = signed["body"].replace(PUBLIC_KEY, public_key_of(forger))
        signed["body"], signed["signature"] = body, sign(read_statement(body), forger)
    status, said = verifier.run("chain", "checkpoints.json")
    assert (status, "which you do not trust" in said) == (1, True)
    status, said = verifier.run("chain", "checkpoints.json", key=public_key_of(forger))
    assert (status, "does not name the one before" in said) == (1, True)


def test_files_that_cannot_be_read_are_told_apart(verifier: Verifier) -> None:
    verifier.checkpoints = ["no", "checkpoints"]
    status, said = verifier.run("chain", "checkpoints.json")
    assert (status, "cannot be read" in said) == (2, True)


# ── pages ───────────────────────────────────────────────────────────────────────────────────


def test_the_page_shows_the_key_and_the_newest_checkpoints(
    client: Client, verifier: Verifier
) -> None:
    page = client.get("/ledger/").content.decode()
    newest = statement_of(Checkpoint.objects.latest("number"))
    for shown in (PUBLIC_KEY, newest.digest, newest.root, newest.previous):
        assert shown in page
    assert f"chain checkpoints.json --key {PUBLIC_KEY}" in page


def test_the_page_of_an_empty_ledger_and_of_one_without_a_key(
    db: None, client: Client, settings: Settings
) -> None:
    assert "Nothing is sealed yet" in client.get("/ledger/").content.decode()
    settings.LEDGER_KEY = None
    page = client.get("/ledger/").content.decode()
    assert "No key is set" in page
    assert client.get("/ledger/checkpoints.json").json()["public_key"] is None


def test_checkpoints_come_in_pages(
    client: Client, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PAGE_CHECKPOINTS", 2)
    first = client.get("/ledger/checkpoints.json").json()
    assert len(first["checkpoints"]) == 2
    second = client.get(first["next"]).json()
    assert [read_statement(one["body"]).number for one in second["checkpoints"]] == [3]
    assert second["next"] is None
    assert client.get("/ledger/checkpoints.json?after=99").json()["checkpoints"] == []
    for wrong in ("-1", "x", "9" * 30, "²"):
        assert client.get("/ledger/checkpoints.json", {"after": wrong}).status_code == 400
