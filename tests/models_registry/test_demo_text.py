"""The demo's text generators: what they know, how they choose, and what they write."""

from __future__ import annotations

import itertools
import math
import random
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_registry.adapters.demo.text import corpus
from models_registry.adapters.demo.text.bm25 import PassageAnswerer
from models_registry.adapters.demo.text.kneser_ney import BEGIN, KneserNey
from models_registry.adapters.demo.text.markup import inline_markdown, markdown_blocks
from models_registry.adapters.demo.text.neural import RecurrentWriter
from models_registry.adapters.demo.text.ngram import TrigramWriter
from models_registry.adapters.demo.text.okapi import OkapiIndex
from models_registry.adapters.demo.text.words import search_terms, stem
from models_registry.adapters.demo.text.writing import Sampling, drawn_word

PROMPTS = (
    "How do I open a file safely?",
    "What is a decorator?",
    "Explain list slicing",
    "What does the with statement do?",
    "Write a poem about the sea",
    "",
    "Python 的装饰器是什么？",
)


@pytest.fixture(scope="module")
def answerer() -> PassageAnswerer:
    loaded = PassageAnswerer()
    loaded.load()
    return loaded


@pytest.fixture(scope="module")
def trigram() -> TrigramWriter:
    loaded = TrigramWriter()
    loaded.load()
    return loaded


@pytest.fixture
def small_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the network learn from a few hundred sentences: a second instead of fifteen."""
    some = corpus.sentences()[:400]
    monkeypatch.setattr(corpus, "sentences", lambda: some)


# Markup


def test_sphinx_text_becomes_markdown_with_fenced_examples() -> None:
    source = (
        'The "with" statement\n********************\n\nIt wraps a block (see section With\n'
        "Statement Context Managers). For\nexample: [1]\n\n"
        '   with open("x") as f:\n       f.read()\n'
        "\nChanged in version 3.1: More of them.\n\n-[ Footnotes ]-\n\n[1] Never shown.\n"
    )
    blocks = markdown_blocks(source, "topic")
    assert [block.kind for block in blocks] == ["heading", "prose", "code"]
    assert blocks[0].text == "The `with` statement"
    assert blocks[1].text == "It wraps a block. For example:"
    assert blocks[2].text == '```python\nwith open("x") as f:\n    f.read()\n```'


def test_docstring_markup_becomes_markdown() -> None:
    assert inline_markdown("Call ``f`` as follows::", "docstring") == "Call `f` as follows:"
    assert inline_markdown("reads __init__ and f(x)", "docstring") == "reads `__init__` and `f(x)`"
    assert inline_markdown("See (*note Foo: bar.) it", "docstring") == "See it"


def test_a_grid_table_becomes_a_markdown_table() -> None:
    source = '+----+----+\n| A  | B  |\n|====|====|\n| "x"| of |\n|    | it |\n+----+----+\n'
    (block,) = markdown_blocks(source, "topic")
    assert block.text == "| A | B |\n| --- | --- |\n| `x` | of it |"


def test_no_passage_keeps_raw_markup_or_an_open_fence() -> None:
    for passage in corpus.passages():
        prose = [b.text for b in passage.blocks if b.kind in ("prose", "item")]
        assert not any("*note" in text for text in prose), passage
        assert not any(re.search(r"[a-z]::$", text) for text in prose), passage
        assert passage.markdown.count("```") % 2 == 0, passage


def test_the_corpus_holds_no_passage_and_no_sentence_twice() -> None:
    texts = [passage.markdown for passage in corpus.passages()]
    assert len(set(texts)) == len(texts) > 500
    assert len(set(corpus.sentences())) == len(corpus.sentences()) > 1000


# Retrieval


def test_bm25_gives_the_value_worked_out_by_hand() -> None:
    index = OkapiIndex([["a", "a", "b"], ["b"], ["c", "b"]])
    idf = math.log1p((3 - 1 + 0.5) / (1 + 0.5))
    expected = idf * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 / 2))
    assert index.scores({"a": 1.0}) == {0: pytest.approx(expected)}


@given(st.lists(st.lists(st.sampled_from("abcd"), min_size=1), min_size=1, max_size=6))
def test_bm25_scores_are_positive_and_only_for_documents_with_a_term(docs: list[list[str]]) -> None:
    scores = OkapiIndex(docs).scores({"a": 1.0, "b": 1.0})
    assert set(scores) == {n for n, doc in enumerate(docs) if {"a", "b"} & set(doc)}
    assert all(score > 0 for score in scores.values())


def test_a_word_and_its_inflections_meet_in_one_stem() -> None:
    assert stem("slicing") == stem("slices") == stem("slice")
    assert stem("strings") == stem("string")
    assert stem("classes") == stem("class")


def test_a_keyword_is_searched_only_where_it_is_meant_as_one() -> None:
    assert "kw.with" in search_terms("What does the with statement do?", is_query=True)
    assert not search_terms("with", is_query=True)
    assert "kw.for" in search_terms("a `for` loop")


@pytest.mark.parametrize(
    ("question", "topics"),
    [
        ("What is a decorator?", {"Function definitions"}),
        ("Explain list slicing", {"Slicings"}),
        ("What does the with statement do?", {"With Statement Context Managers"}),
        ("How do I catch an exception?", {"The try statement"}),
        ("What is a lambda?", {"Lambdas"}),
        ("What is a context manager?", {"With Statement Context Managers"}),
        ("How do I read JSON from a file?", {"json.load()"}),
        ("What does the while loop do?", {"The while statement"}),
    ],
)  # fmt: skip
def test_a_question_finds_its_topic(
    answerer: PassageAnswerer, question: str, topics: set[str]
) -> None:
    best = answerer.ranked(question)[0]
    assert answerer.topic(best) in topics
    assert answerer.topic(best) in answerer.answer(question, 0)


@pytest.mark.parametrize(
    "question", ["Write a poem about the sea", "What is the best recipe for lasagne?", "???", ""]
)
def test_what_the_documentation_does_not_cover_is_said_not_guessed(
    answerer: PassageAnswerer, question: str
) -> None:
    assert not answerer.ranked(question)
    assert re.search("found nothing|could not find", answerer.answer(question, 3))


def test_no_answer_names_its_generator(answerer: PassageAnswerer) -> None:
    for prompt, seed in itertools.product(PROMPTS, range(3)):
        assert not re.search(
            "bm25|okapi|agon|retriev", answerer.answer(prompt, seed), re.IGNORECASE
        )


def test_the_seed_varies_the_wording_but_not_the_passage(answerer: PassageAnswerer) -> None:
    answers = {answerer.answer("What is a lambda?", seed) for seed in range(12)}
    assert len(answers) > 1
    assert len({answer.split("\n\n", 1)[1] for answer in answers}) == 1


# The trigram model


@given(
    st.lists(st.lists(st.integers(0, 5), max_size=6), min_size=1).filter(any),
    st.integers(-1, 5),
    st.integers(-1, 5),
)
def test_kneser_ney_probabilities_sum_to_one_after_any_words(
    sequences: list[list[int]], u: int, v: int
) -> None:
    p = KneserNey(sequences, 6).probabilities(u, v)
    assert p.shape == (6,)
    assert p.min() > 0
    assert p.sum() == pytest.approx(1.0, abs=1e-12)


def test_the_documentation_model_sums_to_one_too(trigram: TrigramWriter) -> None:
    rng = random.Random(5)
    for _ in range(50):
        u, v = rng.randrange(-1, 500), rng.randrange(-1, 500)
        assert trigram._model.probabilities(u, v).sum() == pytest.approx(1.0, abs=1e-9)


def test_kneser_ney_prefers_words_seen_after_many_words_over_words_seen_often() -> None:
    # 1 ("Francisco") is frequent, but only after 0 ("San"); 2 follows many words.
    sequences = [[0, 1]] * 6 + [[3, 2], [4, 2], [5, 2], [0, 2]]
    p = KneserNey(sequences, 7).probabilities(6, 6)
    assert p[2] > p[1]
    after_san = KneserNey(sequences, 7).probabilities(BEGIN, 0)
    assert after_san[1] > after_san[2]


def test_a_word_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(ValueError, match=r"within 0\.\.2"):
        KneserNey([[0, 3]], 3)


def test_prompt_words_seed_the_trigram_text(trigram: TrigramWriter) -> None:
    text = "".join(trigram.stream("What is a decorator?", 1, {}))
    assert text.lower().count("decorator") >= 2


def test_top_k_keeps_only_the_likeliest_words() -> None:
    rng = random.Random(0)
    weights = np.array([0.1, 0.5, 0.4, 0.0])
    drawn = {drawn_word(weights, Sampling(1.0, 2), rng) for _ in range(200)}
    assert drawn == {1, 2}


# The network


@pytest.mark.usefixtures("small_corpus")
def test_the_network_comes_back_from_its_cache_and_writes_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from models_registry.adapters.demo.text import recurrent

    first = RecurrentWriter(cache_dir=tmp_path)
    first.load()
    (kept,) = tmp_path.iterdir()
    assert re.fullmatch(r"demo-neural-[0-9a-f]{32}\.safetensors", kept.name)

    def no_training(*_: object) -> None:
        raise AssertionError("trained although the cache is good")

    monkeypatch.setattr(recurrent, "trained", no_training)
    second = RecurrentWriter(cache_dir=tmp_path)
    second.load()
    for prompt in PROMPTS[:2]:
        assert list(first.stream(prompt, 7, {})) == list(second.stream(prompt, 7, {}))


@pytest.mark.usefixtures("small_corpus")
def test_a_corrupt_cache_is_trained_again_and_replaced(tmp_path: Path) -> None:
    first = RecurrentWriter(cache_dir=tmp_path, epochs=1)
    first.load()
    (kept,) = tmp_path.iterdir()
    good = kept.read_bytes()
    for bad in (b"", b"not weights", good[: len(good) // 2]):
        kept.write_bytes(bad)
        again = RecurrentWriter(cache_dir=tmp_path, epochs=1)
        again.load()
        assert kept.read_bytes() == good
        assert list(again.stream("list", 1, {})) == list(first.stream("list", 1, {}))
    assert list(tmp_path.iterdir()) == [kept]


@pytest.mark.usefixtures("small_corpus")
def test_other_hyper_parameters_have_another_cache_file(tmp_path: Path) -> None:
    for epochs in (1, 2):
        RecurrentWriter(cache_dir=tmp_path, epochs=epochs).load()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.usefixtures("small_corpus")
def test_training_lowers_the_loss_below_that_of_word_frequencies() -> None:
    import torch
    from torch.nn import functional

    from models_registry.adapters.demo.text import neural, recurrent

    counts: dict[str, int] = {}
    for word in itertools.chain(*corpus.sentences()):
        counts[word] = counts.get(word, 0) + 1
    known = sorted(word for word, count in counts.items() if count >= 3)
    number = {word: n for n, word in enumerate(["<pad>", "</s>", "<unk>", *known])}
    lessons = neural._lessons(number)
    shape = recurrent.Shape(n_words=len(number))
    model = recurrent.trained(shape, lessons)
    inputs, targets, topics = recurrent._tensors(shape, lessons, random.Random(0))
    with torch.inference_mode():
        features, _ = model(inputs, topics)
        wanted = targets != recurrent.PAD
        loss = functional.cross_entropy(model.logits(features[wanted]), targets[wanted]).item()
    frequency = torch.bincount(targets[wanted]).double()
    p = frequency[frequency > 0] / frequency.sum()
    assert loss < float(-(p * p.log()).sum())


# All of them


@pytest.mark.parametrize("prompt", PROMPTS)
def test_answers_are_of_readable_length_end_cleanly_and_repeat_for_a_seed(
    answerer: PassageAnswerer, trigram: TrigramWriter, prompt: str
) -> None:
    for generator in (answerer, trigram):
        pieces = list(generator.stream(prompt, 11, {}))
        text = "".join(pieces)
        assert len(pieces) > 30
        assert 280 <= len(text) <= 1600
        assert re.search(r"[.!?:)*|]$|```$", text)
        assert text.count("```") % 2 == 0
        assert pieces == list(generator.stream(prompt, 11, {}))
        assert pieces != list(generator.stream(prompt, 12, {})) or generator is answerer


def test_parameters_that_cannot_be_meant_are_refused(trigram: TrigramWriter) -> None:
    for parameters in ({"temperature": 0}, {"top_k": 1.5}, {"temperature": "hot"}, {"beam": 2}):
        with pytest.raises(ValueError, match=r"temperature|top_k"):
            list(trigram.stream("x", 1, parameters))


def test_a_lower_temperature_changes_what_is_written(trigram: TrigramWriter) -> None:
    cold = list(trigram.stream("list", 1, {"temperature": 0.2}))
    assert cold != list(trigram.stream("list", 1, {"temperature": 1.5}))


def test_a_python_without_its_documentation_is_an_error_that_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(RuntimeError, match="pydoc_data"):
        corpus.passages.__wrapped__()
