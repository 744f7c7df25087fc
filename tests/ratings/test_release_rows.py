"""The rows of a release: what leaves, and above all what does not."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from arena.accounts.models import Consent, Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.battles.services import mark_released
from arena.common.tasks import Skipped
from arena.generation.models import Blob
from arena.generation.outputs import anonymous_output
from arena.votes.engagement.services import record_shown
from arena.votes.importing.service import import_votes
from models_registry.models import Model, Revision
from ratings.releases import files, services
from ratings.releases.privacy.fields import FIELDS
from ratings.releases.services import build_release
from tests import cast
from tests.ratings.test_release_build import folder_of, rows_of, votes_of, withdraw

pytestmark = pytest.mark.usefixtures("store")


def test_only_the_listed_fields_leave(
    ada: Voter, arena: Arena, models: list[Revision], store: Path
) -> None:
    votes_of(ada, arena, 5)
    release = build_release(arena)
    for row in rows_of(release, store):
        assert row.keys() == FIELDS.keys()
        assert row["p_draw"] == pytest.approx(1 / 3)
        assert row["winner"] in ("model_a", "model_b", "tie", "both_bad")
    assert {row["winner"] for row in rows_of(release, store)} == {
        "model_a", "model_b", "tie", "both_bad"
    }  # fmt: skip


def test_each_row_says_what_the_battle_was(
    ada: Voter, arena: Arena, models: list[Revision], store: Path
) -> None:
    battle = cast.shown_battle(arena, ada, "What is a set?")
    vote = cast.vote(battle, "a", rationale="Short and right.")
    (row,) = rows_of(build_release(arena), store)
    labels = [seat.revision.label for seat in battle.seats.all()]
    assert [row["model_a"], row["model_b"]] == labels
    assert (row["prompt"], row["prompt_origin"]) == ("What is a set?", "typed")
    assert (row["response_a"], row["response_b"]) == ("A tuple is immutable.", "No idea.")
    assert (row["winner"], row["ranks"], row["acceptable"]) == ("model_a", [1, 2], True)
    assert row["rationale"] == "Short and right."
    assert row["month"] == f"{vote.cast_at:%Y-%m}"


def test_the_newest_version_of_a_reason_is_the_one_that_leaves(
    ada: Voter, arena: Arena, models: list[Revision], store: Path
) -> None:
    battle = cast.shown_battle(arena, ada)
    cast.vote(battle, "a", rationale="First thought.")
    cast.write_rationale(battle_id=battle.pk, voter=ada, said=cast.Said(text="Second thought."))
    (row,) = rows_of(build_release(arena), store)
    assert row["rationale"] == "Second thought."


def test_a_voter_has_one_pseudonym_within_a_shard_and_another_in_the_next(
    ada: Voter, arena: Arena, models: list[Revision], store: Path
) -> None:
    eve, _ = cast.ada()
    votes_of(ada, arena, 3)
    votes_of(eve, arena, 2)
    first = build_release(arena)
    votes_of(ada, arena, 2)
    second = build_release(arena)
    shards = [
        pq.read_table(folder_of(second, store) / files.shard_name(n)).column("voter").to_pylist()
        for n in (1, 2)
    ]
    assert sorted(shards[0].count(name) for name in set(shards[0])) == [2, 3]
    assert len(set(shards[1])) == 1
    assert not set(shards[0]) & set(shards[1])
    assert [row["voter"] for row in rows_of(first, store)] == shards[0]


def test_the_order_of_the_rows_is_not_the_order_of_the_votes(
    ada: Voter, arena: Arena, models: list[Revision], store: Path
) -> None:
    votes_of(ada, arena, 12)
    ids = [row["battle_id"] for row in rows_of(build_release(arena), store)]
    assert ids == sorted(ids)


def test_no_byte_of_a_release_holds_what_would_tell_who_and_when(
    ada: Voter, arena: Arena, models: list[Revision], store: Path
) -> None:
    votes = votes_of(ada, arena, 5)
    withdraw(votes[0])
    build_release(arena)
    withdraw(votes[1])
    votes += votes_of(ada, arena, 2)
    release = build_release(arena)
    secrets = [cast.cookie_of(ada), str(ada.pk), ada.pk.hex]
    for vote in votes:
        battle = Battle.objects.get(pk=vote.battle_id)
        assert battle.prompt is not None
        for key in (vote.pk, battle.pk, battle.prompt.pk, vote.idempotency_key):
            secrets += [str(key), key.hex]
        for moment in (vote.cast_at, battle.opened_at, battle.ended_at):
            assert moment is not None
            secrets += [f"{moment:%H:%M:%S}.{moment.microsecond:06d}", str(moment.timestamp())]
    content = readable_bytes(folder_of(release, store))
    assert b"text-0002" in content  # the search looks at what it says
    assert b"What is a tuple?" in content
    assert [secret for secret in secrets if secret.encode() in content] == []
    assert ada.pk.bytes not in content


def readable_bytes(folder: Path) -> bytes:
    """All bytes of a folder, and what its compressed Parquet pages hold."""
    content = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in folder.glob("*.parquet"):
        content.append(json.dumps(pq.read_table(path).to_pylist()).encode())
        content.append(str(pq.ParquetFile(path).schema_arrow.metadata).encode())
    return b"\n".join(content)


def test_addresses_and_numbers_are_replaced_in_every_free_text(
    ada: Voter, arena: Arena, models: list[Revision], store: Path
) -> None:
    personal = ("ada.byron@analytical.org", "+44 20 7946 0958")
    battle = cast.released_battle(
        arena,
        ada,
        f"Write to {personal[0]}",
        (f"Dear {personal[0]}", f"Call {personal[1]} now"),
    )
    for position in range(2):
        record_shown(battle_id=battle.pk, voter=ada, seat=position)
    cast.vote(battle, "tie", rationale=f"It is my number: {personal[1]}")
    release = build_release(arena)
    (row,) = rows_of(release, store)
    assert row["prompt"] == "Write to [EMAIL]"
    assert row["response_a"] == "Dear [EMAIL]"
    assert row["rationale"] == "It is my number: [PHONE]"
    assert release.manifest["redactions"] == {"EMAIL": 2, "PHONE": 2}
    content = readable_bytes(folder_of(release, store))
    assert [text for text in personal if text.encode() in content] == []


def test_the_vote_of_a_model_without_permission_leaves_without_its_output(
    ada: Voter, arena: Arena, models: list[Revision], store: Path
) -> None:
    private = models[0].model
    private.may_release_outputs = False
    private.save(update_fields=["may_release_outputs"])
    votes_of(ada, arena, 12)
    seen = set()
    for row in rows_of(build_release(arena), store):
        for seat in ("a", "b"):
            is_private = row[f"model_{seat}"] == models[0].label
            seen.add(is_private)
            assert (row[f"response_{seat}"] is None) == is_private
    assert seen == {True, False}


def picture(colour: str) -> bytes:
    data = io.BytesIO()
    drawn = Image.new("RGB", (64, 64), colour)
    drawn.paste("black", (8, 8, 24, 40))
    drawn.save(data, "PNG")
    return data.getvalue()


def shown_pictures(arena: Arena, voter: Voter, colours: tuple[str, str]) -> Battle:
    battle = cast.opened_battle(arena, voter, "A calm sea")
    for position, (seat, colour) in enumerate(zip(battle.seats.all(), colours, strict=True)):
        output = anonymous_output("image", picture(colour), "image/png")
        output.seat = seat
        output.save()
        if position:
            mark_released(battle.pk)
    for position in range(2):
        record_shown(battle_id=battle.pk, voter=voter, seat=position)
    return battle


def test_pictures_leave_as_files_under_their_digest(ada: Voter, store: Path) -> None:
    arena = cast.media_arena("image")
    cast.vote(shown_pictures(arena, ada, ("red", "blue")), "a")
    first = build_release(arena)
    (row,) = rows_of(first, store)
    assert row["response_a"] is row["response_b"] is None
    digests = {row["output_a_sha256"], row["output_b_sha256"]}
    assert digests == set(Blob.objects.values_list("sha256", flat=True))
    media = {path.stem: path for path in (folder_of(first, store) / "media").iterdir()}
    assert media.keys() == digests
    for digest, path in media.items():
        assert files.describe_files(path.parent)[0]["sha256"] in digests
        assert f"media/{digest}{path.suffix}" in {e["path"] for e in first.manifest["files"]}

    private = Model.objects.get(slug=row["model_a"].partition("@")[0])
    private.may_release_outputs = False
    private.save(update_fields=["may_release_outputs"])
    cast.vote(shown_pictures(arena, ada, ("green", "yellow")), "b")
    second = build_release(arena)
    assert len(list((folder_of(second, store) / "media").iterdir())) == 3
    files.verify(folder_of(second, store))


def test_only_consented_standing_votes_of_this_arena_leave(
    ada: Voter, arena: Arena, models: list[Revision], store: Path, tmp_path: Path
) -> None:
    released = votes_of(ada, arena, 1)[0]
    votes_of(ada, cast.text_arena("other"), 1)
    cast.shown_battle(arena, ada)  # no vote
    path = tmp_path / "votes.csv"
    path.write_text("model_a,model_b,winner\nalder,birch,tie\n")
    import_votes(path=path, arena=arena)
    assert [row["winner"] for row in rows_of(build_release(arena), store)] == [released.winner]


def test_a_battle_without_consent_cannot_be_and_would_not_be_released(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    vote = votes_of(ada, arena, 1)[0]
    assert services.unreleased_battles(arena).count() == 1
    # The database refuses a live battle without consent; an imported one has none.
    Battle.objects.filter(pk=vote.battle_id).update(origin="imported", consent=None)
    Battle.objects.filter(pk=vote.battle_id).update(origin="imported")
    assert not services.unreleased_battles(arena).exists()
    assert Consent.objects.exists()
    with pytest.raises(Skipped):
        build_release(arena)
