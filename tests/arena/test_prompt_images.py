"""Pictures in prompts, from the form to the page, the models, the copy and their end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from arena.accounts.middleware import COOKIE
from arena.accounts.models import Voter
from arena.accounts.services import current_consent
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.battles.routing import NoModelFits
from arena.battles.selectors import competing_in
from arena.battles.services import continue_battle, mark_released, open_battle
from arena.common.errors import BadInput
from arena.generation.jobs import queue_generations
from arena.generation.models import GenerationJob
from arena.generation.running import request_of
from arena.prompts.images import remove_images
from arena.prompts.judging import PromptRefused, judge_prompts_again
from arena.prompts.models import Moderation, Prompt, PromptImage
from arena.prompts.moderation import Moderator, Outcome, Verdict
from arena.prompts.pictures import Picture, safe_picture
from arena.votes.engagement.services import record_shown
from arena.votes.services import show_names, withdraw_votes
from arena.votes.sharing import share_battle
from models_registry.adapters.contract import GenerationError
from models_registry.models import Revision
from models_registry.services import register_model
from ratings.boards.selectors import waiting_models
from ratings.releases.selectors import n_battles_with_images, unreleased_battles
from tests import cast
from tests.arena.prompts.test_pictures import photo, png_header, saved

pytestmark = pytest.mark.django_db

TEXT = "What is on this picture?"


def looking(name: str, **abilities: bool) -> Revision:
    """A model of Ben's that looks at pictures and answers follow-ups."""
    return register_model(
        name=name,
        modality="text",
        organisation_name="Ben's lab",
        adapter="demo",
        config={"generator": "bm25"},
        abilities={"image_input": True, **abilities},
        may_release_outputs=True,
    )


@pytest.fixture
def seeing(arena: Arena) -> Arena:
    """A text arena that takes up to two pictures, with two models that look at them."""
    looking("Maple")
    looking("Oak")
    arena.takes_images, arena.max_images, arena.max_turns = "optional", 2, 3
    arena.save(update_fields=["takes_images", "max_images", "max_turns"])
    return arena


@pytest.fixture
def browser(ada: Voter) -> Client:
    """Ada's browser."""
    client = Client()
    client.cookies[COOKIE] = cast.cookie_of(ada)
    return client


def one(width: int = 60, alt: str = "") -> Picture:
    return safe_picture(saved(photo(width)), alt=alt)


def upload(data: bytes = b"", name: str = "holiday.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data or saved(photo()), "image/png")


def opened(arena: Arena, voter: Voter, *pictures: Picture, text: str = TEXT) -> Battle:
    consent = current_consent(voter)
    return open_battle(arena=arena, voter=voter, consent=consent, text=text, pictures=pictures)


def send(browser: Client, arena: Arena, **fields: Any) -> Any:
    return browser.post(f"/arenas/{arena.slug}/", {"prompt": TEXT, **fields})


def released(battle: Battle) -> Battle:
    cast.finish_outputs(battle)
    mark_released(battle.pk)
    battle.refresh_from_db()
    return battle


# ── the form ────────────────────────────────────────────────────────────────────────────────


def test_a_plain_form_sends_pictures_with_what_they_show(browser: Client, seeing: Arena) -> None:
    fields = {"image-0": upload(), "alt-0": " A flag ", "image-1": upload(saved(photo(61)))}
    answer = send(browser, seeing, **fields)
    battle = Battle.objects.get()
    assert answer.headers["Location"] == f"/battles/{battle.pk}/"
    first, second = battle.prompt.images.all()
    assert (first.position, first.alt, first.width_px, first.height_px) == (0, "A flag", 60, 40)
    assert (second.position, second.alt, second.width_px) == (1, "", 61)
    with default_storage.open(first.key) as stream:
        data = stream.read()
    assert (len(data), safe_picture(saved(photo())).data) == (first.size_bytes, data)
    assert first.sha256 not in first.key
    assert "holiday" not in first.key


def test_the_page_tells_the_limits_before_anything_is_sent(browser: Client, seeing: Arena) -> None:
    page = browser.get(f"/arenas/{seeing.slug}/").content.decode()
    assert "Up to 2 pictures: JPEG, PNG, WebP or GIF, up to 10 MB each" in page
    assert 'enctype="multipart/form-data"' in page
    assert page.count('type="file"') == 2


def test_an_arena_without_pictures_has_no_place_for_one(
    browser: Client, arena: Arena, models: list[Revision]
) -> None:
    assert "image-0" not in browser.get(f"/arenas/{arena.slug}/").content.decode()
    page = send(browser, arena, **{"image-0": upload()}).content.decode()
    assert "This arena takes no pictures" in page
    assert not Battle.objects.exists()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"not a picture", "This is not a picture that can be read here"),
        (png_header(30_000, 30_000), "more than 25 megapixels"),
        (saved(photo(600, 400))[:900], "damaged or cut short"),
    ],
    ids=["words", "bomb", "truncated"],
)
def test_a_bad_picture_is_told_at_its_place_and_nothing_is_lost(
    browser: Client, seeing: Arena, data: bytes, sentence: str
) -> None:
    fields = {"image-0": upload(), "image-1": upload(data), "alt-0": "A flag"}
    page = send(browser, seeing, **fields).content.decode()
    assert f'<a href="#id_image-1">{sentence}' in page or sentence in page
    assert 'href="#id_image-1"' in page
    assert TEXT in page
    assert 'value="A flag"' in page
    assert "Choose the picture again" in page
    assert not Prompt.objects.exists()
    assert not PromptImage.objects.exists()


def test_too_many_pictures_are_refused(browser: Client, seeing: Arena) -> None:
    fields = {f"image-{number}": upload() for number in range(3)}
    page = send(browser, seeing, **fields).content.decode()
    assert "3 pictures came; this arena takes up to 2. Leave some out." in page
    assert not Battle.objects.exists()


def test_where_a_picture_is_required_words_alone_do_not_do(browser: Client, seeing: Arena) -> None:
    Arena.objects.update(takes_images="required")
    page = send(browser, seeing).content.decode()
    assert "Add a picture; the models work from it." in page
    assert not Battle.objects.exists()
    assert send(browser, seeing, **{"image-0": upload()}).status_code == 302


def test_a_request_that_is_far_too_large_is_refused(browser: Client, seeing: Arena) -> None:
    answer = send(browser, seeing, **{"image-0": upload(bytes(43 * 1024 * 1024))})
    assert answer.status_code == 400
    assert not Prompt.objects.exists()


def test_the_warning_of_personal_data_asks_for_the_pictures_again(
    browser: Client, seeing: Arena
) -> None:
    fields = {"prompt": "Write to ada@lovelace.net", "image-0": upload()}
    page = send(browser, seeing, **fields).content.decode()
    assert "This looks personal" in page
    assert "data-again" in page
    assert not Prompt.objects.exists()


# ── who plays ───────────────────────────────────────────────────────────────────────────────


def test_only_models_that_look_at_pictures_meet(
    ada: Voter, seeing: Arena, models: list[Revision]
) -> None:
    battle = opened(seeing, ada, one())
    names = {seat.revision.model.name for seat in battle.seats.all()}
    assert names == {"Maple", "Oak"}
    assert {"name": "image_input", "value": True} in battle.routing["needs"]
    assert [row["because"] for row in battle.routing["left_out"]] == ["It does not look at images."]


def test_where_none_fits_the_refusal_says_so_and_no_file_stays(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    Arena.objects.update(takes_images="optional")
    arena.refresh_from_db()
    with pytest.raises(NoModelFits, match="No two text models here look at images"):
        opened(arena, ada, one())
    assert not PromptImage.objects.exists()


def test_models_that_need_a_picture_meet_only_where_there_is_one(
    ada: Voter, seeing: Arena, models: list[Revision]
) -> None:
    hungry = [looking(name, needs_image=True) for name in ("Pine", "Fir")]
    for _ in range(5):
        battle = opened(seeing, ada, text="What is a tuple?")
        assert not battle.seats.filter(revision__in=hungry).exists()
    seeing.takes_images = "none"
    assert not set(hungry) & set(competing_in(seeing))
    assert "Pine" not in waiting_models(seeing, [])
    seeing.takes_images = "required"
    assert {one.model.name for one in competing_in(seeing)} == {"Maple", "Oak", "Pine", "Fir"}


@pytest.mark.parametrize("takes", ["none", "required"])
def test_the_service_holds_the_arena_to_its_word(ada: Voter, seeing: Arena, takes: str) -> None:
    seeing.takes_images = takes
    with pytest.raises(BadInput):
        opened(seeing, ada, *([one()] if takes == "none" else []))


# ── what the models get ─────────────────────────────────────────────────────────────────────


def request(battle: Battle) -> Any:
    queue_generations(str(battle.pk))
    return request_of(GenerationJob.objects.filter(seat__battle=battle)[0])


def test_a_model_gets_the_pictures_in_their_order_and_those_of_earlier_turns(
    ada: Voter, seeing: Arena
) -> None:
    first = released(opened(seeing, ada, one(alt="A flag"), one(61)))
    second = continue_battle(
        battle_id=first.pk,
        voter=ada,
        consent=current_consent(ada),
        text="And this?",
        pictures=[one(62)],
    )
    asked = request(second)
    assert [image.data for image in asked.images] == [one(62).data]
    assert [image.data for image in asked.history[0].images] == [one().data, one(61).data]
    assert (asked.history[0].images[0].media_type, asked.history[0].images[0].alt) == (
        "image/jpeg",
        "A flag",
    )


def test_a_follow_up_has_pictures_only_where_its_models_look_at_them(
    ada: Voter, arena: Arena, models: list[Revision]
) -> None:
    Arena.objects.update(takes_images="optional", max_turns=3)
    arena.refresh_from_db()
    battle = released(opened(arena, ada))
    with pytest.raises(NoModelFits, match="These models do not look at pictures"):
        continue_battle(
            battle_id=battle.pk,
            voter=ada,
            consent=current_consent(ada),
            text="And this?",
            pictures=[one()],
        )
    battle.refresh_from_db()
    assert not battle.ending


def test_a_picture_that_was_taken_back_reaches_no_model(ada: Voter, seeing: Arena) -> None:
    battle = opened(seeing, ada, one())
    remove_images(ada)
    with pytest.raises(GenerationError) as raised:
        request(battle)
    assert (raised.value.code, raised.value.retryable) == ("image_removed", False)


# ── near-duplicates, and the same once more ─────────────────────────────────────────────────


def test_the_same_words_about_another_picture_are_another_prompt(ada: Voter, seeing: Arena) -> None:
    words, flag, again, other = (
        opened(seeing, ada, *pictures).prompt for pictures in ([], [one()], [one()], [one(61)])
    )
    assert again.near_duplicate_of == flag
    assert flag.near_duplicate_of is None
    assert other.near_duplicate_of is None
    assert words.near_duplicate_of is None


def test_the_same_prompt_again_takes_its_pictures_along(
    ada: Voter, browser: Client, seeing: Arena
) -> None:
    before = opened(seeing, ada, one(alt="A flag"))
    send(browser, seeing, again=str(before.pk))
    battle = Battle.objects.exclude(pk=before.pk).get()
    assert battle.again_of == before
    assert [image.alt for image in battle.prompt.images.all()] == ["A flag"]
    assert battle.prompt.images.get().key != before.prompt.images.get().key
    send(browser, seeing, again=str(before.pk), without_images="on")
    assert not Battle.objects.latest("opened_at").prompt.images.exists()


def test_nobody_sends_the_pictures_of_somebody_else_again(
    eve: Voter, browser: Client, seeing: Arena
) -> None:
    hers = opened(seeing, eve, one())
    send(browser, seeing, again=str(hers.pk))
    assert not Battle.objects.exclude(pk=hers.pk).get().prompt.images.exists()


# ── who sees them ───────────────────────────────────────────────────────────────────────────


def test_a_picture_is_sent_to_its_voter_alone(
    ada: Voter, eve: Voter, browser: Client, seeing: Arena
) -> None:
    battle = opened(seeing, ada, one(alt="A flag"))
    address = f"/m/prompt/{battle.prompt.images.get().pk}.jpg"
    page = browser.get(f"/battles/{battle.pk}/").content.decode()
    assert f'src="{address}" alt="A flag"' in page
    answer = browser.get(address)
    assert b"".join(_sync(answer)) == one().data
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert Client().get(address).status_code == 404
    eves = Client()
    eves.cookies[COOKIE] = cast.cookie_of(eve)
    assert eves.get(address).status_code == 404


def test_a_shared_page_shows_the_pictures_of_every_turn_and_no_others(
    ada: Voter, seeing: Arena
) -> None:
    other = opened(seeing, ada, one(70)).prompt.images.get()
    first = released(opened(seeing, ada, one()))
    battle = released(
        continue_battle(
            battle_id=first.pk, voter=ada, consent=current_consent(ada), text="And now?"
        )
    )
    for position in range(2):
        record_shown(battle_id=battle.pk, voter=ada, seat=position)
    cast.vote(battle, "a")
    battle.refresh_from_db()
    show_names(battle_id=battle.pk, voter=ada)
    token = share_battle(battle_id=battle.pk, voter=ada).token
    stranger = Client()
    page = stranger.get(f"/shared/{token}/").content.decode()
    address = f"/shared/{token}/m/prompt/{first.prompt.images.get().pk}.jpg"
    assert f'src="{address}"' in page
    assert stranger.get(address).status_code == 200
    assert stranger.get(f"/shared/{token}/m/prompt/{other.pk}.jpg").status_code == 404


# ── moderation ──────────────────────────────────────────────────────────────────────────────


class Looking(Moderator):
    """Flags pictures that are 66 pixels wide, and is not there for those of 77."""

    name, version, modalities = "looking", "1", frozenset({"text", "image"})

    def judge(self, text: str, *, language: str | None = None) -> Verdict:
        is_bad = "widget" in text
        return Verdict(Outcome.FLAGGED, ("other",)) if is_bad else Verdict(Outcome.FINE)

    def judge_file(self, data: bytes, *, modality: str, media_type: str) -> Verdict:
        assert (modality, media_type) == ("image", "image/jpeg")
        if data == one(66).data:
            return Verdict(Outcome.FLAGGED, ("sexual_minors",))
        is_away = data == one(77).data
        return Verdict(Outcome.UNAVAILABLE, reason="asleep") if is_away else Verdict(Outcome.FINE)


@pytest.fixture
def watched(settings: Any, seeing: Arena) -> Arena:
    settings.MODERATION = {**settings.MODERATION, "moderators": (f"{__name__}.Looking",)}
    return seeing


def test_a_moderator_that_sees_pictures_judges_them(ada: Voter, watched: Arena) -> None:
    opened(watched, ada, one())
    assert Moderation.objects.get().outcome == "fine"
    for refused in ([one(), one(66)], [one(alt="a widget")]):
        with pytest.raises(PromptRefused):
            opened(watched, ada, *refused)
    assert Prompt.objects.count() == 1
    assert Moderation.objects.filter(outcome="flagged", prompt=None).count() == 2


def test_a_picture_that_nobody_could_judge_holds_the_prompt_back_until_it_is(
    ada: Voter, watched: Arena, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = opened(watched, ada, one(77)).prompt
    assert Moderation.objects.holding_back().get().prompt == prompt
    fine = Verdict(Outcome.FINE)
    monkeypatch.setattr(Looking, "judge_file", lambda *args, **kwargs: fine)
    assert judge_prompts_again(Prompt.objects.all()) == 1
    assert not Moderation.objects.holding_back().exists()


def test_the_rules_say_that_they_judged_the_words_alone(ada: Voter, seeing: Arena) -> None:
    opened(seeing, ada, one())
    decision = Moderation.objects.get()
    assert decision.outcome == "fine"
    assert decision.reason == "its words alone: rules cannot see images"


# ── a copy, and the end ─────────────────────────────────────────────────────────────────────


def test_the_copy_of_ones_data_names_each_picture(
    ada: Voter, browser: Client, seeing: Arena
) -> None:
    image = opened(seeing, ada, one(alt="A flag")).prompt.images.get()
    told = json.loads(b"".join(_sync(browser.get("/you/export.json"))))
    (row,) = told["battles"][0]["prompt"]["images"]
    assert row["address"].endswith(f"/m/prompt/{image.pk}.jpg")
    assert (row["sha256"], row["alt"], row["removed_at"]) == (image.sha256, "A flag", None)


def _sync(answer: Any) -> list[bytes]:
    from asgiref.sync import async_to_sync

    async def read() -> list[bytes]:
        return [part async for part in answer.streaming_content]

    return async_to_sync(read)()


def test_removing_takes_the_files_and_what_was_said_of_them_and_leaves_the_battle(
    ada: Voter, eve: Voter, browser: Client, seeing: Arena
) -> None:
    battle = opened(seeing, ada, one(alt="A flag"), one(61))
    hers = opened(seeing, eve, one()).prompt.images.get()
    keys = [image.key for image in battle.prompt.images.all()]
    address = f"/m/prompt/{battle.prompt.images.first().pk}.jpg"
    assert "Remove all 2 pictures" in browser.get("/you/data/").content.decode()
    page = browser.post("/you/pictures/remove", follow=True).content.decode()
    assert "2 pictures were removed." in page
    assert not any(default_storage.exists(key) for key in keys)
    for image in battle.prompt.images.all():
        assert (image.key, image.sha256, image.alt) == ("", "", "")
        assert image.removed_at
    assert default_storage.exists(hers.key)
    assert browser.get(address).status_code == 404
    page = browser.get(f"/battles/{battle.pk}/").content.decode()
    assert page.count("This picture was taken back.") == 2
    assert "Pictures that you sent" not in browser.get("/you/data/").content.decode()
    assert remove_images(ada) == 0


def test_withdrawing_everything_removes_the_pictures_too(ada: Voter, seeing: Arena) -> None:
    image = opened(seeing, ada, one()).prompt.images.get()
    withdraw_votes(voter=ada)
    assert not default_storage.exists(image.key)


def test_own_votes_show_the_pictures(ada: Voter, browser: Client, seeing: Arena) -> None:
    battle = _voted(opened(seeing, ada, one(alt="A flag")))
    page = browser.get("/you/").content.decode()
    assert f'src="/m/prompt/{battle.prompt.images.get().pk}.jpg" alt="A flag"' in page


def _voted(battle: Battle) -> Battle:
    released(battle)
    for position in range(2):
        record_shown(battle_id=battle.pk, voter=battle.voter, seat=position)
    cast.vote(battle, "a")
    battle.refresh_from_db()
    return battle


def test_no_release_has_a_prompt_with_pictures_also_in_an_earlier_turn(
    ada: Voter, seeing: Arena
) -> None:
    plain = _voted(opened(seeing, ada))
    _voted(opened(seeing, ada, one()))
    first = released(opened(seeing, ada, one()))
    followed = continue_battle(
        battle_id=first.pk, voter=ada, consent=current_consent(ada), text="And now?"
    )
    _voted(followed)
    assert list(unreleased_battles(seeing)) == [plain]
    assert n_battles_with_images(seeing) == 2
