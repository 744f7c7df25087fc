"""What a prompt needs of a model: read from its words, or not at all."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.arenas.defaults import DEFAULT_ARENAS
from arena.prompts.lengths import LONGEST_S, SHORTEST_S
from arena.prompts.needs import VERSION, Need, duration, line_of, needs_of
from arena.prompts.polygons import FEWEST, LOW_POLY, MOST

modalities = st.sampled_from(["text", "image", "music", "mesh"])


def read(text: str, modality: str, **facts: object) -> dict[str, Need]:
    needs = needs_of(text, modality=modality, **facts).needs  # type: ignore[arg-type]
    return {need.name: need for need in needs}


# ── a voice, or none ────────────────────────────────────────────────────────────────────────

SUNG = (
    "A folk ballad with lyrics about the sea",
    "Dream pop with ethereal vocals floating above guitars",
    "Slow folk song\n[Verse 1]\nThe river knows my name\n[Chorus]\nRoll on",
    "Indie rock, 120 BPM\nLyrics: I was walking all night long",
    "An a cappella quartet",
    "A hymn sung by children",
    "A jazz singer in a smoky bar",
    "A singer singing about rain",
    "No drums, just vocals and a bass",
    'A lullaby with the words "sleep my little one"',
    "A waltz:\n“The moon is high,\nthe night is long,”",
    "Trap beat with a rap verse",
    "Pop song with female vocals and an instrumental break",
    "Une valse avec une voix féminine",
    "Une chanson douce avec des paroles sur la mer",
    "Un blues chanté en français",
    "一首关于秋天的民谣，女声演唱",
    "流行歌曲，歌词是关于雨的",
    "Ein Walzer mit Gesang",
    "Una balada con letra sobre el mar",
)
SILENT = (
    "Instrumental rock with a long guitar solo",
    "Calm piano, no vocals",
    "A march without any singing",
    "Deep house, no drums or vocals",
    "Ambient\nVocals: none",
    "Techno\nLyrics: none\nno singer",
    "A backing track for guitar practice",
    "Un tango instrumental",
    "Une valse sans paroles",
    "Musique de film, pas de voix",
    "纯音乐，古筝",
    "钢琴曲，没有人声",
    "Klaviermusik ohne Gesang",
    "Guitarra flamenca sin voz",
)
NEITHER = (
    "A song about the sea",
    "A slow, sad lullaby",
    "Tibetan singing bowls",
    "Birds singing over a soft pad",
    "Trap beat with vocal chops",
    "An alto saxophone and a tenor sax",
    "Jazz instrumentation, walking bass",
    "Une chanson douce",
    "一首关于秋天的歌",
    "Instrumental verses, and vocals in the chorus",  # both: neither is left out
    "",
)


@pytest.mark.parametrize(
    ("voice", "text"),
    [
        *(("vocals", text) for text in SUNG),
        *(("instrumental", text) for text in SILENT),
        *((None, text) for text in NEITHER),
    ],
)
def test_a_voice_is_read_where_the_prompt_says_so(voice: str | None, text: str) -> None:
    need = read(text, "music").get("vocals")
    assert (need and need.value) == voice


def test_published_prompts_are_never_read_the_wrong_way_round(shared_data: Path) -> None:
    file = shared_data / "music_arena" / "gateway_prebaked_prompts.json"
    agreed: Counter[tuple[bool, object]] = Counter()
    for row in json.loads(file.read_text("utf-8")):
        need = read(row["overall_prompt"], "music").get("vocals")
        agreed[row["instrumental"], need and need.value] += 1
    assert agreed[True, "vocals"] == agreed[False, "instrumental"] == 0
    assert agreed[False, "vocals"] >= 40  # of 50; the others name a genre, and no voice
    assert agreed.total() == 100


# ── a length ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("a 30-second jingle", 30),
        ("2 minutes of calm piano", 120),
        ("half a minute of rain", 30),
        ("a track, 1:30 long", 90),
        ("a 30s clip", 30),
        ("length: 20 s", 20),
        ("it should last 30 seconds", 30),
        ("two minutes and 30 seconds of drums", 150),
        ("2 and a half minutes of waltz", 150),
        ("a 10-second intro, 50 seconds in all", 50),
        ("45 seconds with a drop after 10 seconds", 45),
        ("un morceau de 30 secondes", 30),
        ("une minute et demie de valse", 90),
        ("Dauer: 45 Sekunden", 45),
        ("30秒的钢琴曲", 30),
        ("三十秒的钢琴曲", 30),
        ("两分半的钢琴曲", 150),
        ("两分钟的钢琴曲", 120),
        ("半分钟", 30),
        ("a drop after 10 seconds", None),
        ("fade out over 5 seconds", None),
        ("the last 30 seconds are silent", None),
        ("the first minute is calm", None),
        ("every 2 minutes a bell", None),
        ("60s rock in the style of the 1980s", None),
        ("20 seconds of rain, then 40 seconds of thunder", None),
        ("前30秒安静", None),
        ("120 bpm in 4/4", None),
        ("0 seconds", None),
        ("a piece of 9000 minutes", None),
    ],
)
def test_a_length_is_read_where_it_is_of_the_whole(text: str, seconds: float | None) -> None:
    need = read(text, "music").get("duration_s")
    assert (need and need.value) == seconds


def test_no_more_is_needed_than_the_clips_of_the_arena_last() -> None:
    longer, shorter = (
        read("30 seconds of rain", "music", clip_s=clip_s)["duration_s"] for clip_s in (12, 60)
    )
    assert (longer.value, longer.asked) == (12.0, 30.0)
    assert (shorter.value, shorter.asked) == (30.0, None)


# ── triangles ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "bound", "triangles"),
    [
        ("a fox under 5,000 triangles", "max", 5000),
        ("a fox, at most 800 faces", "max", 800),
        ("a fox with no more than 2000 tris", "max", 2000),
        ("a 5k-poly car", "max", 5000),
        ("max 1.5k polygons", "max", 1500),
        ("<2000 tris", "max", 2000),
        ("polygon budget: 800", "max", 800),
        ("1 million triangles", "max", 1_000_000),
        ("un renard, moins de 5 000 triangles", "max", 5000),
        ("pas plus de 900 polygones", "max", 900),
        ("weniger als 5.000 Dreiecke", "max", 5000),
        ("不超过5000个三角形的狐狸", "max", 5000),
        ("10000面以内的房子", "max", 10_000),
        ("at least 100,000 triangles", "min", 100_000),
        ("more than 10k polys", "min", 10_000),
        (">20000 triangles", "min", 20_000),
        ("至少10000个三角形", "min", 10_000),
        ("a low-poly fox", "max", LOW_POLY),
        ("低多边形的狐狸", "max", LOW_POLY),
        ("a low-poly fox under 900 triangles", "max", 900),
        ("a die with 20 faces", None, None),
        ("a hall with 100 faces of kings", None, None),
        ("3 triangles", None, None),
        ("the year 2000", None, None),
    ],
)
def test_a_budget_of_triangles_is_read(text: str, bound: str | None, triangles: int | None) -> None:
    needs = read(text, "mesh")
    found = {name: needs[f"{name}_triangles"].value for name in ("min", "max")
             if f"{name}_triangles" in needs}  # fmt: skip
    assert found == ({bound: triangles} if bound else {})


def test_a_style_is_a_wish_and_a_number_is_not() -> None:
    assert read("a low-poly fox", "mesh")["max_triangles"].is_wish
    assert not read("a low-poly fox, 900 triangles", "mesh")["max_triangles"].is_wish


# ── languages ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("What is the difference between a list and a tuple?", ["en"]),
        ("Pourquoi le ciel est-il bleu pendant la journée ?", ["fr"]),
        ("请解释一下列表和元组之间的区别。", ["zh"]),
        ("Translate this sentence into French: the sea is calm today.", ["en", "fr"]),
        ("Explain the rules of chess to a child, in Spanish.", ["en", "es"]),
        ("Traduis cette phrase en anglais : la mer est calme.", ["fr", "en"]),
        ("把这句话翻译成法语：今天的海很平静。", ["zh", "fr"]),
        ("What was life like in French towns of the middle ages?", ["en"]),
    ],
)
def test_the_language_of_the_prompt_and_of_its_answer_are_read(
    text: str, languages: list[str]
) -> None:
    needs = needs_of(text, modality="text", reads_language=True).needs
    assert [need.value for need in needs if need.name == "language"] == languages


def test_languages_are_read_only_where_they_matter() -> None:
    assert "language" not in read("Pourquoi le ciel est-il bleu pendant la journée ?", "text")


# ── as a whole ──────────────────────────────────────────────────────────────────────────────


def test_the_words_of_the_prompt_are_found_again_and_never_kept() -> None:
    text = "A waltz with female vocals, 30 seconds"
    needs = needs_of(text, modality="music")
    assert [need.words(text) for need in needs.needs] == ["vocals", "30 seconds", ""]
    kept = json.dumps(needs.as_json())
    assert "female" not in kept
    assert '"version": 1' in kept
    assert VERSION == 1


def test_needs_belong_to_their_modality() -> None:
    text = "30 seconds of a cappella under 500 triangles"
    assert set(read(text, "music")) == {"vocals", "duration_s", "prompt_chars"}
    assert set(read(text, "mesh")) == {"max_triangles", "prompt_chars"}
    assert set(read(text, "text", has_image=True)) == {"image_input", "prompt_chars"}


@pytest.mark.parametrize(
    ("text", "modality", "line"),
    [
        ("Instrumental waltz, 30 seconds", "music", "Read as: instrumental, about 30 s"),
        ("90 seconds, female vocals", "music", "Read as: with vocals, about 1 min 30 s"),
        ("a fox under 900 triangles", "mesh", "Read as: at most 900 triangles"),
        ("a fox of at least 9000 triangles", "mesh", "Read as: at least 9,000 triangles"),
        ("a low-poly fox", "mesh", "Read as: low-poly"),
        ("a fox", "mesh", ""),
        ("What is a tuple?", "text", ""),
    ],
)
def test_the_voter_is_told_what_was_read(text: str, modality: str, line: str) -> None:
    assert line_of(needs_of(text, modality=modality).as_json()) == line


def test_the_line_says_that_clips_are_shorter_and_that_a_wish_is_no_promise() -> None:
    kept = needs_of("60 seconds of rain", modality="music", clip_s=12).as_json()
    assert line_of(kept) == "Read as: about 1 min (clips here last 12 s)"
    kept = needs_of("a low-poly fox", modality="mesh").as_json() | {"unmet": ["max_triangles"]}
    assert line_of(kept) == "Read as: low-poly (these models do not promise it)"
    kept = needs_of("Pourquoi le ciel est-il bleu ?", modality="text", reads_language=True,
                    has_image=True).as_json()  # fmt: skip
    assert line_of(kept) == "Read as: in French, with an image"
    assert line_of({}) == ""  # a battle from before there was routing


def test_no_default_suggestion_needs_what_a_model_may_lack() -> None:
    for arena in DEFAULT_ARENAS:
        for text in arena.suggested:
            assert set(read(text, arena.modality)) == {"prompt_chars"}


WORDS = """no without sans 无 vocals lyrics 歌词 instrumental 30 half a two 两 seconds minutes 秒
分钟 under at least moins de 5,000 1.5k triangles faces 面 low-poly 90 : 30 long [ ] " ( ) ² ٣
9999999999
"""
words = st.sampled_from([*WORDS.split(), "\n"])


@given(st.text() | st.lists(words, max_size=30).map(" ".join), modalities)
def test_any_text_is_read_within_bounds_and_the_same_each_time(text: str, modality: str) -> None:
    needs = needs_of(text, modality=modality, clip_s=12.0)
    assert needs == needs_of(text, modality=modality, clip_s=12.0)
    by_name = {need.name: need for need in needs.needs}
    assert len(by_name) == len(needs.needs)
    for need in needs.needs:
        assert 0 <= need.span[0] <= need.span[1] <= len(text)
    if "duration_s" in by_name:
        length = by_name["duration_s"]
        assert SHORTEST_S <= float(length.value) <= 12.0
        assert length.asked is None or 12.0 < length.asked <= LONGEST_S
    for name in ("min_triangles", "max_triangles"):
        if name in by_name:
            assert FEWEST <= float(by_name[name].value) <= MOST
    assert json.loads(json.dumps(needs.as_json())) == needs.as_json()
    assert line_of(needs.as_json()) == "" or modality in ("music", "mesh")


@given(st.text(max_size=20).filter(lambda text: not any(map(str.isalnum, text))))
def test_what_stands_around_a_need_does_not_change_it(space: str) -> None:
    around = f" {space.replace('-', ' ')} "
    for text, modality in (("an instrumental", "music"), ("under 900 triangles", "mesh")):
        plain = read(text, modality)
        moved = read(f"Please: {text}.{around}", modality)
        assert {k: v.value for k, v in plain.items() if k != "prompt_chars"} == {
            k: v.value for k, v in moved.items() if k != "prompt_chars"
        }


@given(st.floats(0.5, 3600))
def test_a_duration_is_said_in_minutes_and_seconds(seconds: float) -> None:
    said = duration(seconds)
    assert said
    assert ("min" in said) == (seconds >= 60)
