"""Who says who they are is found, in six languages and however it is spelled."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.integrity.detectors.identity_leak import Shown, find
from arena.integrity.detectors.spelling import pattern_of, plain

CLAIMS = (
    "I am ChatGPT, a large language model trained by OpenAI.",
    "As a language model created by Anthropic, I cannot say.",
    "I'm Claude, made by Anthropic.",
    "My name is Gemini.",
    "I was developed by the team at Mistral AI.",
    "OpenAI trained me to be helpful.",
    "I am an AI assistant called Qwen.",
    "You are talking to GPT-4.",
    "I'm based on GPT-4o.",
    "As ChatGPT, I can't do that.",
    "I am Google's language model.",
    "I am Alder.",
    "I was made by Ben's lab.",
    "Je suis ChatGPT, un modèle de langage développé par OpenAI.",
    "Je suis un modèle de langage entraîné par Google.",
    "J'ai été créé par Mistral AI.",
    "Je m’appelle Claude.",
    "Anthropic m’a créé.",
    "Ich bin ChatGPT.",
    "Ich bin ein großes Sprachmodell, das von OpenAI trainiert wurde.",
    "Ich wurde von Google entwickelt.",
    "Ich heiße Claude.",
    "Soy ChatGPT, un modelo de lenguaje.",
    "Fui creado por OpenAI.",
    "Soy un asistente virtual desarrollado por Anthropic.",
    "Me llamo Claude.",
    "我是ChatGPT,一个由OpenAI训练的大型语言模型。",
    "我是由阿里云开发的通义千问。",
    "我叫文心一言。",
    "我是一个由OpenAI开发的人工智能助手。",
    "您好!我是DeepSeek-V3,由深度求索公司独立开发的智能助手。",
    "私はChatGPTです。",
    "私はOpenAIによって開発されたAIです。",
    "私はGoogleがトレーニングした大規模言語モデルです。",
    "私はClaude、Anthropicが開発したAIアシスタントです。",
)
NO_CLAIMS = (
    "ChatGPT is a model developed by OpenAI.",
    "I am a fan of Claude Monet.",
    "You might want to ask Google.",
    "I use ChatGPT every day.",
    "I am an assistant, and I cannot help with that.",
    "As a language model, I have no opinion.",
    "As Alexa grew up, she moved to Rome.",
    "Claude said: I am tired.",
    "The alder is a tree of wet places.",
    "Je suis allé chez Google.",
    "Ich bin bei Google angestellt, sagte er.",
    "Soy usuario de Google Maps.",
    "我是学生,我喜欢用ChatGPT。",
    "私はChatGPTをよく使います。",
)


def said(text: str, models: tuple[str, ...] = ("Alder", "Llama 3.1 70B")) -> Shown:
    return Shown([""], [(0, text)], models, ["Ben's lab"])


@pytest.mark.parametrize("text", CLAIMS)
def test_a_claim_is_found(text: str) -> None:
    finding = find(said(text))
    assert finding is not None
    assert (finding.reason, finding.detail) == ("output_names_model", {"seat": 0, "rule": "claim"})


@pytest.mark.parametrize("text", NO_CLAIMS)
def test_talk_of_assistants_is_no_claim(text: str) -> None:
    assert find(said(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "I am Chat\u200bGPT",  # zero-width space
        "I аm СhаtGРT",  # Cyrillic а, С, Р
        "I am C l a u d e",
        "I   am\nclaude",
        "I am CLAUDE",
        "I am Ｃｌａｕｄｅ",  # full width
        "I am C.l.a.u.d.e",
        "I am Cláude",
    ],
)
def test_a_claim_in_disguise_is_found(text: str) -> None:
    assert find(said(text)) is not None


def test_a_model_of_the_battle_is_found_by_a_name_that_is_no_word() -> None:
    finding = find(said("Answer of Llama-3.1-70B: 42"))
    assert finding is not None
    assert finding.detail["rule"] == "name"
    assert find(said("Answer of Llama-3.1-70B: 42", models=("Alder", "Birch"))) is None


def test_a_prompt_that_names_a_model_of_the_battle_is_found() -> None:
    asked = Shown(["Are you llama 3.1 70b?"], [(0, "Yes.")], ["Llama 3.1 70B"], ["Meta"])
    finding = find(asked)
    assert finding is not None
    assert finding.reason == "prompt_names_model"
    assert find(Shown(["Are you human?"], [(0, "No.")], ["Llama 3.1 70B"], ["Meta"])) is None
    assert find(Shown(["An alder?"], [(0, "A tree.")], ["Alder"], [])) is None


@given(st.text(max_size=60))
def test_any_text_can_be_read_and_plain_text_stays_so(text: str) -> None:
    once = plain(text)
    assert plain(once) == once or "\u0345" in text  # a lone iota subscript has no place of its own
    find(said(text))


def test_a_name_is_found_as_a_whole_only() -> None:
    assert re.search(pattern_of("Claude"), plain("ask Claude now"))
    assert not re.search(pattern_of("Claude"), plain("preclaudent"))
    assert not re.search(pattern_of("GPT-4"), plain("GPT-40"))


def real_texts(folder: Path) -> set[str]:
    """Return what people and models wrote in three public sets of conversations."""
    texts: list[str] = []
    lines = (folder / "hh_rlhf_harmless_test" / "harmless-base-test.jsonl").read_text("utf-8")
    for line in lines.splitlines():
        for transcript in json.loads(line).values():
            texts += re.split(r"\n\n(?:Human|Assistant): ", transcript)
    for file in sorted((folder / "llmbar").rglob("dataset.json")):
        for row in json.loads(file.read_text("utf-8")):
            texts += [str(row.get("output_1", "")), str(row.get("output_2", ""))]
    for row in json.loads((folder / "pandalm_testset" / "testset-v1.json").read_text("utf-8")):
        texts += [row["response1"], row["response2"]]
    return {text for text in texts if isinstance(text, str) and text.strip()}


def test_of_sixteen_thousand_real_texts_those_that_claim_are_found_and_no_other(
    shared_data: Path,
) -> None:
    """Read by hand: of 102 texts that name a maker or an assistant, three say that they are one."""
    texts = real_texts(shared_data)
    assert len(texts) > 15_000
    found = sorted(text for text in texts if find(said(text)) is not None)
    assert len(found) == 3
    assert sum("created by Anthropic" in text for text in found) == 1
    assert sum("developers at DeepMind" in text for text in found) == 1
    assert sum("Google Home Hub" in text for text in found) == 1
