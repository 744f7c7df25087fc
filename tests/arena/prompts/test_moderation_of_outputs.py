"""An answer that breaks the rules: the battle is void, and nobody learns whose answer it was."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.management import call_command
from django.test import Client, override_settings
from django.utils import timezone
from PIL import Image

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.generation import jobs, pacing, streams
from arena.generation.models import GenerationJob, Output
from arena.generation.moderation import STEP_CHARS, Watch, void_if_flagged
from arena.generation.outputs import anonymous_output
from arena.generation.release import VOID_MESSAGE, VOID_MESSAGES, release_outputs
from arena.generation.running import LoadedAdapters
from arena.generation.text_battle import TextBattle
from arena.prompts.models import Moderation
from arena.prompts.moderation import Moderator, Outcome, Verdict
from arena.prompts.moderation.rules import RuleModerator
from models_registry.adapters import ADAPTERS
from models_registry.models import Revision
from ratings.releases.selectors import unreleased_battles
from tests import cast, scripted

BAD = "Oh, just kys already."
GOOD = "A tuple is immutable."
MESSAGE = VOID_MESSAGES["flagged_output"]


class Dark(Moderator):
    """Looks at images and cannot read."""

    name, version = "dark", "1"
    modalities = frozenset({"image"})
    seen: list[tuple[int, str, str]] = []

    def judge(self, text: str, *, language: str | None = None) -> Verdict:
        return Verdict(Outcome.FINE)

    def judge_file(self, data: bytes, *, modality: str, media_type: str) -> Verdict:
        self.seen.append((len(data), modality, media_type))
        return Verdict(Outcome.FLAGGED, ("dark",), "too dark")


class Asleep(Moderator):
    """A moderator whose server is down."""

    name, version = "asleep", "1"

    def judge(self, text: str, *, language: str | None = None) -> Verdict:
        return Verdict(Outcome.UNAVAILABLE, reason="no answer within 3 s")


def site_with(moderator: type[Moderator]) -> override_settings:
    chosen = {**settings.MODERATION, "moderators": (f"{__name__}.{moderator.__name__}",)}
    return override_settings(MODERATION=chosen)


def page_of(battle: Battle) -> str:
    client = Client()
    assert battle.voter is not None
    client.cookies[COOKIE] = cast.cookie_of(battle.voter)
    return client.get(f"/battles/{battle.pk}/").content.decode()


@pytest.mark.parametrize("outputs", [(BAD, GOOD), (GOOD, BAD), (BAD, BAD)])
def test_a_flagged_output_on_either_side_makes_the_battle_void(
    ada: Voter, arena: Arena, models: list[Revision], outputs: tuple[str, str]
) -> None:
    battle = cast.opened_battle(arena, ada)
    cast.finish_outputs(battle, outputs)
    assert release_outputs(str(battle.pk))
    battle.refresh_from_db()
    assert (battle.ending, battle.void_reason) == (Battle.Ending.VOID, "flagged_output")
    assert battle.released_at is None
    html = page_of(battle)
    assert MESSAGE in html
    assert "kys" not in html
    assert GOOD not in html
    for model in models:
        assert model.model.name not in html


def test_the_message_names_no_side(ada: Voter, arena: Arena, models: list[Revision]) -> None:
    told = []
    for outputs in ((BAD, GOOD), (GOOD, BAD)):
        battle = cast.opened_battle(arena, ada)
        cast.finish_outputs(battle, outputs)
        release_outputs(str(battle.pk))
        with streams.connect() as client:
            ((_, fields),) = client.xrange(streams.stream_key(battle.pk))
        told.append({**streams.decode(b"0-0", fields), "id": ""})
    assert told[0] == told[1] == {"id": "", "kind": "void", "message": MESSAGE}


def test_both_sides_are_judged_once_and_kept(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.opened_battle(arena, ada)
    cast.finish_outputs(battle, (GOOD, GOOD + " Really."))
    for _ in range(3):
        release_outputs(str(battle.pk))
    outputs = Output.objects.filter(seat__battle=battle)
    rows = Moderation.objects.filter(subject="output")
    assert set(rows.values_list("output_id", "outcome")) == {(one.pk, "fine") for one in outputs}
    assert rows.count() == 2
    assert Battle.objects.get(pk=battle.pk).stage == "ready"


def test_half_a_battle_is_not_judged(ada: Voter, arena: Arena, models: list[Revision]) -> None:
    battle = cast.opened_battle(arena, ada)
    output = anonymous_output("text", BAD, "text/plain")
    output.seat = battle.seats.all()[0]
    output.save()
    assert not void_if_flagged(str(battle.pk))
    assert not Moderation.objects.filter(subject="output").exists()


def test_what_nobody_could_judge_is_shown_and_not_released(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.opened_battle(arena, ada)
    cast.finish_outputs(battle)
    with site_with(Asleep):
        release_outputs(str(battle.pk))
    for seat in range(2):
        cast.record_shown(battle_id=battle.pk, voter=ada, seat=seat)
    cast.vote(battle, "a")
    assert list(unreleased_battles(arena)) == []
    told = StringIO()
    with site_with(Asleep):
        call_command("judge_again", stdout=told)
        assert list(unreleased_battles(arena)) == []
    call_command("judge_again", stdout=told)
    assert told.getvalue() == ("settled: 0 prompts, 0 outputs\nsettled: 0 prompts, 2 outputs\n")
    assert list(unreleased_battles(arena)) == [battle]


@pytest.mark.parametrize("subject", ["prompt", "output"])
def test_what_is_flagged_later_is_never_released(
    ada: Voter, arena: Arena, models: list[Revision], subject: str
) -> None:
    battle, other = (cast.shown_battle(arena, ada) for _ in range(2))
    for one in (battle, other):
        cast.vote(one, "a")
    about: dict[str, Any] = {"prompt": battle.prompt}
    if subject == "output":
        about = {"output_id": Output.objects.filter(seat__battle=battle).first().pk}  # type: ignore[union-attr]
    Moderation.objects.create(
        arena=arena, subject=subject, outcome="flagged", categories=["hate"], **about
    )
    assert list(unreleased_battles(arena)) == [other]


def test_other_modalities_are_judged_by_those_who_can(ada: Voter, db: None) -> None:
    arena = cast.media_arena("image")
    battles = [cast.opened_battle(arena, ada, "a hill") for _ in range(2)]
    image = scripted_image()
    for battle in battles:
        for seat in battle.seats.all():
            output = anonymous_output("image", image, "image/png")
            output.seat = seat
            output.save()
    release_outputs(str(battles[0].pk))
    assert not Moderation.objects.filter(subject="output").exists()  # rules read text only
    assert Battle.objects.get(pk=battles[0].pk).stage == "ready"
    with site_with(Dark):
        release_outputs(str(battles[1].pk))
    assert Battle.objects.get(pk=battles[1].pk).void_reason == "flagged_output"
    size, modality, media_type = Dark.seen[-1]
    assert size > 100
    assert (modality, media_type) == ("image", "image/webp")


def scripted_image() -> bytes:
    file = BytesIO()
    Image.effect_noise((64, 64), 60).convert("RGB").save(file, "PNG")
    return file.getvalue()


def test_the_reason_decides_what_the_voter_is_told(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    battle = cast.queued_battle(arena, ada)
    late = timezone.now() - timedelta(seconds=1)
    GenerationJob.objects.filter(seat__battle=battle).update(deadline_at=late)
    jobs.give_up_hopeless_jobs()
    battle.refresh_from_db()
    assert battle.void_reason == "timed_out"
    assert "The answers took too long" in page_of(battle)
    assert len({VOID_MESSAGE, *VOID_MESSAGES.values()}) == 3
    for message in (VOID_MESSAGE, *VOID_MESSAGES.values()):
        assert "Nothing of yours is lost" in message


# ── while it is written ─────────────────────────────────────────────────────────────────────


def test_a_text_is_looked_at_every_few_words() -> None:
    watch = Watch(RuleModerator())
    assert not watch.flags(BAD)  # too short to look at yet
    assert watch.flags(BAD + " x" * STEP_CHARS)


@pytest.mark.parametrize("n_more", range(0, 1000, 53))
def test_what_takes_a_find_back_may_stand_before_the_window(n_more: int) -> None:
    watch = Watch(RuleModerator())
    refusal = "I cannot explain how to make a pipe bomb, whoever asks me about it, " * 4
    assert not watch.flags(refusal + "x" * n_more)


def test_a_slow_moderator_is_not_asked_meanwhile() -> None:
    class Slow(RuleModerator):
        is_quick = False

    assert not Watch(Slow()).flags(BAD * 100)


def test_a_flagged_answer_ends_where_it_is_flagged(
    monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    monkeypatch.setattr(pacing, "TICK_S", 0.002)
    monkeypatch.setitem(ADAPTERS, "scripted", scripted.PATH)
    # All database work shares the test's transaction, which this would end.
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)
    start = "A calm beginning of an answer. " * 8
    scripted.scripted_model("Bad", pieces=[start, BAD, *["And on it goes. "] * 200])
    scripted.scripted_model("Good", pieces=["It is right. "] * 60)
    battle = cast.queued_battle(cast.text_arena(), cast.ada()[0])

    async def play() -> None:
        async with streams.connect_async() as client:
            playing = TextBattle(battle.pk, client, LoadedAdapters())
            await asyncio.wait_for(playing.run(), 60)

    async_to_sync(play)()
    battle.refresh_from_db()
    assert battle.void_reason == "flagged_output"
    bad = Output.objects.get(seat__battle=battle, seat__revision__model__name="Bad")
    assert bad.text is not None
    assert len(bad.text) < len(start) + len(BAD) + STEP_CHARS + 20
    assert Moderation.objects.get(output_id=bad.pk).outcome == "flagged"
    with streams.connect() as client:
        entries = client.xrange(streams.stream_key(battle.pk))
    told = [streams.decode(entry_id, fields) for entry_id, fields in entries]
    assert (told[-1]["kind"], told[-1]["message"]) == ("void", MESSAGE)
    shown = "".join(m["text"] for m in told if m["kind"] == "text" and "on it" in m["text"])
    assert len(shown) <= STEP_CHARS
