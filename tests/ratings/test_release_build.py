"""Building releases: disjoint shards, tombstones, a board that recomputes to the digit."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command
from django.core.management.base import CommandError

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.common.models import Event
from arena.common.tasks import Skipped
from arena.votes.importing.service import import_votes
from arena.votes.models import Vote
from arena.votes.services import withdraw_vote
from models_registry.models import Model, Revision
from ratings.boards.selectors import live_board
from ratings.releases import files
from ratings.releases.models import Release, ReleasedBattle
from ratings.releases.privacy.fields import FIELDS
from ratings.releases.services import build_release, build_releases, release_folder
from tests import cast

CHOICES = ("a", "b", "tie", "both_bad", "a")
pytestmark = pytest.mark.usefixtures("store")


def votes_of(voter: Voter, arena: Arena, n: int) -> list[Vote]:
    return [cast.vote(cast.shown_battle(arena, voter), CHOICES[i % len(CHOICES)]) for i in range(n)]


def folder_of(release: Release, store: Path) -> Path:
    return store / "releases" / release.name


def rows_of(release: Release, store: Path) -> list[dict[str, Any]]:
    """The standing rows of a release."""
    return list(files.read_rows(folder_of(release, store)))


def printed_board(*arguments: str) -> Any:
    out = StringIO()
    call_command(*arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def withdraw(vote: Vote) -> None:
    assert vote.voter is not None
    withdraw_vote(vote_id=str(vote.pk), voter=vote.voter)


def test_a_release_verifies_and_gives_the_live_board_to_the_last_digit(
    ada: Voter, arena: Arena, models: list[Revision], store: Path
) -> None:
    votes_of(ada, arena, 9)
    release = build_release(arena)
    assert release.name == "text-0001"
    folder = folder_of(release, store)
    out = StringIO()
    call_command("release", "verify", str(folder), stdout=out)
    assert release.manifest_sha256 in out.getvalue()
    assert printed_board("release", "board", str(folder)) == printed_board("board", "text")
    # By its name too, where the store is a folder of this machine.
    assert printed_board("release", "board", "text-0001") == printed_board("board", "text")
    event = Event.objects.get(topic="release.published")
    assert event.payload == {"release_id": release.pk}
    assert json.loads((folder / files.MANIFEST).read_text()) == release.manifest


def test_the_second_release_adds_a_shard_and_changes_no_byte_of_the_first(
    ada: Voter, arena: Arena, models: list[Revision], store: Path
) -> None:
    votes_of(ada, arena, 4)
    first = build_release(arena)
    votes_of(ada, arena, 3)
    second = build_release(arena)
    assert (second.manifest["n_votes"], second.manifest["n_new"]) == (7, 3)
    assert second.manifest["previous"] == first.manifest_sha256
    shard = "battles-0001.parquet"
    one, two = folder_of(first, store), folder_of(second, store)
    assert (one / shard).read_bytes() == (two / shard).read_bytes()
    old, new = (
        {row["battle_id"] for row in rows_of(release, store)} for release in (first, second)
    )
    assert old < new
    assert len(new) == 7
    assert ReleasedBattle.objects.filter(release=second).count() == 3
    for release in (first, second):
        with release_folder(release):
            pass
    assert printed_board("release", "board", str(two)) == printed_board("board", "text")


def test_a_withdrawn_vote_gets_a_tombstone_and_leaves_the_board_of_the_next_release(
    ada: Voter, arena: Arena, models: list[Revision], store: Path
) -> None:
    votes = votes_of(ada, arena, 6)
    first = build_release(arena)
    unreleased = votes_of(ada, arena, 1)[0]
    withdraw(votes[2])
    withdraw(unreleased)  # it was never out, so nothing needs a tombstone
    second = build_release(arena)
    facts = second.manifest
    assert (facts["n_votes"], facts["n_new"], facts["n_withdrawn"]) == (5, 0, 1)
    assert not (folder_of(second, store) / files.shard_name(2)).exists()
    gone = {row["battle_id"] for row in rows_of(first, store)}
    gone -= {row["battle_id"] for row in rows_of(second, store)}
    tombstones = json.loads((folder_of(second, store) / files.WITHDRAWN).read_text())
    assert tombstones == {"battle_ids": sorted(gone)}
    live = printed_board("board", "text")
    assert live["n_votes"] == 5
    assert printed_board("release", "board", second.name) == live


def test_with_nothing_new_no_release_is_built(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    with pytest.raises(Skipped, match="nothing new in 'text' since the beginning"):
        build_release(arena)
    votes = votes_of(ada, arena, 2)
    withdraw(votes[0])
    assert build_releases() == "built: text-0001"
    with pytest.raises(Skipped, match="nothing new in 'text' since text-0001"):
        build_release(arena)
    with pytest.raises(Skipped, match="no arena"):
        build_releases()
    out = StringIO()
    call_command("release", "build", "text", stdout=out)
    assert "No release was built: nothing new" in out.getvalue()
    assert Release.objects.count() == 1


def test_a_build_that_was_killed_before_its_rows_can_be_run_again(
    ada: Voter,
    arena: Arena,
    models: list[Revision],
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    votes = votes_of(ada, arena, 3)

    def killed(*arguments: Any, **columns: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Release.objects, "create", killed)
        with pytest.raises(KeyboardInterrupt):
            build_release(arena)
    assert not Release.objects.exists()
    left = store / "releases" / "text-0001"
    assert (left / files.MANIFEST).is_file()
    (left / "media").mkdir(exist_ok=True)
    (left / "media" / "left.png").write_bytes(b"of a vote that is withdrawn by now")
    withdraw(votes[0])
    release = build_release(arena)
    assert release.name == "text-0001"
    assert files.verify(left)["n_votes"] == 2
    assert printed_board("release", "board", "text-0001") == printed_board("board", "text")


def test_a_release_that_the_store_lost_or_changed_is_refused(
    ada: Voter, arena: Arena, models: list[Revision], store: Path
) -> None:
    votes_of(ada, arena, 2)
    release = build_release(arena)
    manifest = folder_of(release, store) / files.MANIFEST
    facts = json.loads(manifest.read_text())
    files.write_json(manifest, {**facts, "n_votes": 3})
    with (
        pytest.raises(files.BadRelease, match="the stored manifest was changed"),
        release_folder(release),
    ):
        pass
    with pytest.raises(CommandError, match=r"was published .*" + release.manifest_sha256):
        call_command("release", "verify", release.name)


@pytest.mark.parametrize("verb", ["verify", "board"])
def test_the_command_names_the_file_that_was_tampered_with(
    ada: Voter, arena: Arena, models: list[Revision], store: Path, tmp_path: Path, verb: str
) -> None:
    votes_of(ada, arena, 2)
    copy = tmp_path / "copy"
    shutil.copytree(folder_of(build_release(arena), store), copy)
    (copy / files.WITHDRAWN).write_text('{"battle_ids": ["x"]}')
    with pytest.raises(CommandError, match=r"changed: withdrawn\.json"):
        call_command("release", verb, str(copy))
    with pytest.raises(CommandError, match=r"has no manifest\.json"):
        call_command("release", verb, str(tmp_path / "nothing"))


@pytest.mark.django_db(transaction=True)
def test_battles_open_and_votes_count_while_a_release_is_being_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ada, _ = cast.ada()
    arena = cast.text_arena()
    for name in ("Alder", "Birch", "Cedar"):
        cast.bens_model(name)
    votes_of(ada, arena, 1)
    found: list[Any] = []
    board_of = files.board_of

    def with_a_vote_meanwhile(folder: Path) -> Any:
        found.extend(cast.at_once([impatiently(lambda: votes_of(ada, arena, 1))]))
        return board_of(folder)

    monkeypatch.setattr(files, "board_of", with_a_vote_meanwhile)
    release = build_release(arena)
    assert isinstance(found[0], list), found[0]
    assert release.manifest["n_votes"] == 1
    monkeypatch.undo()


def impatiently(work: Callable[[], Any]) -> Callable[[], Any]:
    """The same work on a connection that does not wait for locks."""

    def run() -> Any:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '3s'")
        return work()

    return run


def test_our_own_release_imports_again_and_gives_the_same_numbers(
    ada: Voter, arena: Arena, models: list[Revision], store: Path
) -> None:
    votes_of(ada, arena, 9)
    release = build_release(arena)
    other = cast.text_arena("again")
    shard = folder_of(release, store) / files.shard_name(1)
    assert import_votes(path=shard, arena=other).batch.n_votes == 9
    cast.carry_events()
    live, again = live_board(arena), live_board(other, "imported")
    assert again == live
    assert live.n_votes == 9
    assert set(Model.objects.values_list("name", flat=True)) == {"Alder", "Birch", "Cedar"}


def test_the_card_says_what_the_files_hold(
    ada: Voter, arena: Arena, models: list[Revision], store: Path
) -> None:
    votes_of(ada, arena, 3)
    release = build_release(arena)
    card = (folder_of(release, store) / files.CARD).read_text("utf-8")
    assert card.startswith("# text-0001\n")
    assert re.search(r"votes in this release \| 3 \|", card)
    for name in FIELDS:
        assert f"| `{name}` |" in card
    board = live_board(arena)
    assert board.rows
    for row in board.rows:
        assert re.search(rf"{row.rating:.2f} .* {row.model.partition('@')[0].title()}$", card, re.M)
    models_file = json.loads((folder_of(release, store) / files.MODELS).read_text())
    assert {facts["name"] for facts in models_file.values()} <= {"Alder", "Birch", "Cedar"}
    assert all(facts["organisation"] == "Ben's lab" for facts in models_file.values())


def test_a_store_that_renames_a_file_stops_the_build(
    ada: Voter, arena: Arena, models: list[Revision], monkeypatch: pytest.MonkeyPatch
) -> None:
    votes_of(ada, arena, 1)

    def another_name(self: FileSystemStorage, name: str, max_length: int | None = None) -> str:
        return f"{name}.1"

    monkeypatch.setattr(FileSystemStorage, "get_available_name", another_name)
    with pytest.raises(RuntimeError, match="was stored as"):
        build_release(arena)
    assert not Release.objects.exists()
