"""The category of a prompt: one of its modality, nearly always the one that a reader says."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.arenas.defaults import DEFAULT_ARENAS
from arena.prompts.category import CATEGORIES, OTHER, VERSION, category_of, tag_of
from arena.prompts.kinds import kind_of
from models_registry.adapters.contract import MODALITIES

LABELLED = {
    "text": {
        "code": ("Write a Python function that reverses a list.", "用Python写一个函数。"),
        "maths": ("Solve for x: 3x + 10 = 25", "What is 17 * 23?"),
        "writing": ("Write a short story about a lighthouse.", "写一首关于秋天的短诗。"),
        "translation": (
            "Translate this sentence into French: the sea is calm.",
            "How do you say thank you in Korean?",
            "Traduis cette phrase en anglais.",
            "Übersetze das bitte ins Englische.",
            "把这句话翻译成法语。",
        ),
        "roleplay": (
            "Pretend you are a pirate and greet me.",
            "Act as a job interviewer for a bakery.",
            "You are a grumpy librarian. I ask for a comic.",
            "Fais comme si tu étais un capitaine.",
            "假装你是一位厨师。",
        ),
        "explanation": (
            "Explain what a decorator does.",
            "Why does bread rise?",
            "What is the difference between a list and a tuple?",
            "How does a heat pump work?",
            "Pourquoi le ciel est-il bleu ?",
            "Wie funktioniert eine Wärmepumpe?",
            "¿Por qué el cielo es azul?",
            "为什么天空是蓝色的？",
        ),
        "fact": (
            "What is the capital of Peru?",
            "Who wrote Faust?",
            "How many people live in Rome?",
            "Name three rivers in Africa.",
            "Quelle est la capitale du Pérou ?",
            "Wer hat Faust geschrieben?",
            "秘鲁的首都是哪里？",
        ),
        OTHER: ("Hello", "Summarise this article in three lines.", "", "😀"),
    },
    "image": {
        "lettering": (
            "A shop sign that says OPEN",
            "The word 'START' on a shirt",
            "写着“欢迎”的牌子",
        ),
        "abstract": ("An abstract composition in blue", "Infinity", "抽象的红色和蓝色"),
        "person": ("A sad man with green hair", "Une femme au chapeau", "一个男孩在读书"),
        "animal": (
            "A baby penguin on ice",
            "A photo of a blue bear",
            "A raccoon detective",
            "一只猫",
        ),
        "landscape": (
            "Golden hills at sunset",
            "A misty green forest",
            "Un paysage d'hiver",
            "雪山",
        ),
        "object": (
            "A pirate ship",
            "A torn sock",
            "A cup on a table",
            "Une tasse rouge",
            "一把椅子",
        ),
        OTHER: ("", "nice", "blue and green"),
    },
    "music": {
        "classical": ("Baroque harpsichord fugue in D minor", "弦乐四重奏"),
        "electronic": ("Deep house for late nights", "Musique électronique"),
        "rock": ("Progressive metal in 7/8", "中国摇滚"),
        "hip-hop": ("Lo-fi hip hop for studying", "说唱"),
        "jazz": ("Smooth jazz with trumpet", "爵士乐"),
        "folk": ("Celtic harp", "A proud march at 120 bpm", "一首民谣"),
        "pop": ("K-pop with a catchy hook", "流行歌曲"),
        "ambient": ("Dark ambient drone", "氛围音乐"),
        "calm": ("A slow, sad lullaby", "Une mélodie douce", "平静的夜晚"),
        "lively": ("Happy and fast, like a spring morning", "欢快的早晨"),
        OTHER: ("A piano", ""),
    },
    "mesh": {
        "character": ("A little robot", "A knight in armour", "一个机器人"),
        "animal": ("A dancing elephant", "A sleeping cat", "一只狐狸"),
        "vehicle": ("A wooden bicycle", "A rusty boat", "一辆汽车"),
        "building": ("A brick house", "A little stone castle", "一座城堡"),
        "scene": ("A snowy mountain island", "A bedroom with a lamp", "一间卧室"),
        "object": ("A golden vase", "A torn hat", "Un vase doré", "一个花瓶"),
        OTHER: ("", "smooth"),
    },
}


@pytest.mark.parametrize(
    ("modality", "category", "text"),
    [
        (modality, category, text)
        for modality, categories in LABELLED.items()
        for category, texts in categories.items()
        for text in texts
    ],
)
def test_a_labelled_prompt_is_of_its_category(modality: str, category: str, text: str) -> None:
    assert category_of(text, modality) == category


def test_every_category_has_a_labelled_prompt() -> None:
    assert {key: list(texts) for key, texts in LABELLED.items()} == {
        key: list(labels) for key, labels in CATEGORIES.items()
    }
    assert set(CATEGORIES) == set(MODALITIES)


@given(st.text(), st.sampled_from(MODALITIES))
def test_any_text_has_one_category_of_its_modality(text: str, modality: str) -> None:
    assert category_of(text, modality) in CATEGORIES[modality]
    assert tag_of(text, modality) == {"key": category_of(text, modality), "version": VERSION}


@given(st.text() | st.sampled_from([text for texts in LABELLED["text"].values() for text in texts]))
def test_a_text_has_the_kind_of_its_slice_where_it_has_one(text: str) -> None:
    kinds = {"code", "maths", "writing"}
    assert {category_of(text, "text")} & kinds == {kind_of(text)} & kinds


def test_nearly_every_suggestion_has_a_category() -> None:
    for arena in DEFAULT_ARENAS:
        named = [category_of(text, arena.modality) for text in arena.suggested]
        assert named.count(OTHER) <= 1


def test_published_music_prompts_nearly_all_name_their_genre(shared_data: Path) -> None:
    file = shared_data / "music_arena" / "gateway_prebaked_prompts.json"
    texts = [row["overall_prompt"] for row in json.loads(file.read_text("utf-8"))]
    named = [category_of(text, "music") for text in texts]
    assert named.count(OTHER) <= 3
    assert not {"calm", "lively"} & set(named)


def test_published_text_to_3d_prompts_have_a_category(shared_data: Path) -> None:
    with (shared_data / "stanford_t23d" / "derived" / "ratings.csv").open() as file:
        texts = {row["prompt"] for row in csv.DictReader(file)}
    assert len(texts) == 60
    named = {text: category_of(text, "mesh") for text in texts}
    assert OTHER not in named.values()
    # By reading all 60: the prompts about an animal, and those called so that are of a thing.
    animals = {text for text, category in named.items() if category == "animal"}
    assert len(animals) == 18
    things = ("rubber duck", "plush", "wooden bear", "jellyfish-like")
    assert sum(any(thing in text for thing in things) for text in animals) == 5
    assert {text for text, category in named.items() if category == "vehicle"} == {
        text for text in texts if "bicycle" in text or "boat" in text or "sports car" in text
    }


def test_the_published_image_prompts_of_known_pictures(shared_data: Path) -> None:
    file = shared_data / "tifa_human" / "human_annotations_with_scores.json"
    rows = json.loads(file.read_text("utf-8")).values()
    texts = {row["text_id"]: row["text"] for row in rows}
    named = {key: category_of(text, "image") for key, text in texts.items()}
    assert OTHER not in named.values()
    for key, category in {
        "coco_549140": "animal",
        "coco_573015": "person",
        "partiprompt_1412": "lettering",
        "partiprompt_1261": "abstract",
        "partiprompt_274": "landscape",
        "partiprompt_1085": "animal",
        "drawbench_107": "object",
        "partiprompt_1108": "person",
    }.items():
        assert named[key] == category
