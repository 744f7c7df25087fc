"""What happens to a prompt that breaks the rules, seen from the form."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin.sites import site as admin_site
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client, override_settings

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.prompts.apps import check_moderator
from arena.prompts.judging import PromptRefused, judge_prompts_again
from arena.prompts.models import BlockedPhrase, Moderation, Prompt
from arena.prompts.moderation import Moderator, Outcome, Verdict
from models_registry.models import Revision
from tests import cast

BAD = "Just kys already, he said"


class Asleep(Moderator):
    """A moderator whose server is down, until it is not."""

    name, version = "asleep", "1"
    verdict = Verdict(Outcome.UNAVAILABLE, reason="no answer within 3 s")
    seen: list[tuple[str, str | None]] = []
    reads_language = True

    def judge(self, text: str, *, language: str | None = None) -> Verdict:
        self.seen.append((text, language))
        return type(self).verdict


ASLEEP = {**settings.MODERATION, "moderators": (f"{__name__}.Asleep",)}


@pytest.fixture
def client(ada: Voter) -> Client:
    """Ada's browser."""
    client = Client()
    client.cookies[COOKIE] = cast.cookie_of(ada)
    return client


def ask(client: Client, arena: Arena, text: str) -> Any:
    return client.post(f"/arenas/{arena.slug}/", {"prompt": text})


def test_a_flagged_prompt_is_refused_and_stays_in_the_box(
    client: Client, arena: Arena, models: list[Revision]
) -> None:
    answer = ask(client, arena, BAD)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert "encouraging or explaining self-harm" in html
    assert "Change it and send it again" in html
    assert "please talk to somebody now" in html
    assert f">{BAD}</textarea>" in html
    assert 'aria-invalid="true"' in html
    assert not Prompt.objects.exists()
    assert not Battle.objects.exists()


def test_of_a_refused_prompt_only_the_decision_is_kept(
    client: Client, arena: Arena, models: list[Revision]
) -> None:
    ask(client, arena, BAD)
    (decision,) = Moderation.objects.values()
    assert (decision["subject"], decision["outcome"]) == ("prompt", "flagged")
    assert (decision["moderator"], decision["categories"]) == ("rules", ["self_harm"])
    assert decision["arena_id"] == arena.pk
    assert decision["prompt_id"] is decision["output_id"] is None
    kept = " ".join(map(str, decision.values()))
    assert not any(word in kept for word in ("kys", "already", "said"))


def test_the_edited_prompt_starts_a_battle(
    client: Client, arena: Arena, models: list[Revision]
) -> None:
    ask(client, arena, BAD)
    answer = ask(client, arena, "Just write already, he said")
    assert answer.status_code == 302
    battle = Battle.objects.get()
    fine = Moderation.objects.get(prompt=battle.prompt)
    assert (fine.outcome, fine.categories, fine.reason) == ("fine", [], "")


def test_a_moderator_that_is_down_holds_nobody_up(
    client: Client, arena: Arena, models: list[Revision]
) -> None:
    with override_settings(MODERATION=ASLEEP):
        assert ask(client, arena, "Warum ist der Himmel eigentlich blau?").status_code == 302
    prompt = Prompt.objects.get()
    decision = Moderation.objects.get(prompt=prompt)
    assert (decision.outcome, decision.moderator) == ("unavailable", "asleep")
    assert decision.reason == "no answer within 3 s"
    assert Asleep.seen[-1] == (prompt.text, "de")
    assert list(Moderation.objects.holding_back()) == [decision]


def test_what_nobody_could_judge_is_judged_again(
    client: Client, arena: Arena, models: list[Revision], monkeypatch: pytest.MonkeyPatch
) -> None:
    with override_settings(MODERATION=ASLEEP):
        ask(client, arena, "Why is the sky blue?")
        assert judge_prompts_again(Prompt.objects.all()) == 0
        assert Moderation.objects.holding_back().count() == 1
        monkeypatch.setattr(Asleep, "verdict", Verdict(Outcome.FINE))
        assert judge_prompts_again(Prompt.objects.all()) == 1
        assert judge_prompts_again(Prompt.objects.all()) == 0
    assert not Moderation.objects.holding_back().exists()
    assert Moderation.objects.count() == 2  # both decisions stay


def test_other_rooms_hear_of_a_refusal_as_an_error_for_people(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    with pytest.raises(PromptRefused) as refused:
        cast.opened_battle(arena, ada, BAD)
    assert refused.value.as_dict()["code"] == "prompt_refused"
    assert refused.value.status == 400
    assert Moderation.objects.filter(outcome="flagged").count() == 1


def test_without_the_terms_nothing_is_judged(
    client: Client, arena: Arena, models: list[Revision]
) -> None:
    Client().post(f"/arenas/{arena.slug}/", {"prompt": BAD})
    assert not Moderation.objects.exists()


def test_operators_block_a_phrase_until_they_archive_it(
    client: Client, arena: Arena, models: list[Revision]
) -> None:
    blocked = BlockedPhrase.objects.create(phrase="miracle cure*", category="other")
    assert "something that this site does not take" in (
        ask(client, arena, "Sell my MIRACLE cures").content.decode()
    )
    decision = Moderation.objects.get()
    assert decision.reason == f"rule blocked phrase {blocked.pk}"
    BlockedPhrase.objects.update(is_archived=True)
    assert ask(client, arena, "Sell my MIRACLE cures").status_code == 302


def test_staff_edit_phrases_and_cannot_delete_them(client: Client, db: None) -> None:
    staff = Client()
    staff.force_login(User.objects.create_superuser("mia", password="secret"))
    added = staff.post(
        "/staff/prompts/blockedphrase/add/", {"phrase": "…", "category": "other", "note": ""}
    )
    assert "has no word; write letters or digits" in added.content.decode()
    staff.post("/staff/prompts/blockedphrase/add/", {"phrase": "cure*", "category": "other"})
    phrase = BlockedPhrase.objects.get()
    assert staff.get(f"/staff/prompts/blockedphrase/{phrase.pk}/delete/").status_code == 403
    assert staff.get("/staff/prompts/moderation/").status_code == 200
    assert BlockedPhrase in admin_site._registry
    with pytest.raises(ValidationError, match="bracket too many"):
        BlockedPhrase(phrase="((a)", category="other").full_clean()


def test_a_site_with_an_unknown_moderator_does_not_start() -> None:
    assert list(check_moderator()) == []
    wrong = {**settings.MODERATION, "moderators": ("no.such.Moderator",)}
    with override_settings(MODERATION=wrong):
        (error,) = check_moderator()
    assert error.id == "prompts.E001"
    assert "MODERATOR names 'no.such.Moderator'" in error.msg
