"""A release has the listed columns and no other."""

import pytest

from ratings.releases.privacy import FIELDS, Pseudonyms, UnsafeRow, check_row

NAMES = Pseudonyms(bytes(range(32)))


def sound_row(**changes):
    row = {
        "battle_id": NAMES.name("battle", "1"),
        "arena": "text-chat",
        "modality": "text",
        "month": "2026-03",
        "prompt": "Tell a story.",
        "prompt_origin": "typed",
        "history": [],
        "model_a": "alpha",
        "model_b": "beta",
        "response_a": "Once.",
        "response_b": "Twice.",
        "output_a_sha256": None,
        "output_b_sha256": None,
        "winner": "model_a",
        "models": None,
        "responses": None,
        "output_sha256s": None,
        "ranks": [1, 2],
        "acceptable": True,
        "strength": "clearly",
        "dimensions": [{"dimension": "correct", "ranks": [1, 1]}],
        "stars": [4, None],
        "tags": [{"seat": 1, "tag": "wrong", "polarity": "bad"}],
        "rationale": None,
        "rationales": [None, "Too short."],
        "marks": [
            {
                "seat": 0,
                "kind": "span",
                "polarity": "good",
                "quote": "Once",
                "place": None,
                "note": None,
            },
            {
                "seat": 1,
                "kind": "range",
                "polarity": "bad",
                "quote": None,
                "place": [0.5, 2.0],
                "note": "Noise.",
            },
        ],
        "attention": [{"seen_s": 12, "heard_s": None, "sides": None}] * 2,
        "voter": NAMES.name("voter", "ada"),
        "sampler": "uniform 1",
        "p_draw": 0.1,
    }
    return row | changes


def test_a_row_of_the_listed_columns_passes():
    check_row(sound_row())


def test_every_field_says_what_it_means_and_why_it_is_safe():
    for field in FIELDS.values():
        assert field.meaning
        assert field.why_safe


@pytest.mark.parametrize("name", ["ip", "email", "user_id", "created_at", "country", "user_agent"])
def test_a_column_that_is_not_listed_is_refused(name):
    with pytest.raises(UnsafeRow, match=name):
        check_row(sound_row(**{name: "x"}))


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_row_without_a_listed_column_is_refused(name):
    row = sound_row()
    del row[name]
    with pytest.raises(UnsafeRow, match=name):
        check_row(row)


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_value_of_another_type_is_refused(name):
    with pytest.raises(UnsafeRow, match=name):
        check_row(sound_row(**{name: b"bytes"}))


@pytest.mark.parametrize(
    "changes",
    [
        {"month": "2026-03-07"},  # a day singles voters out
        {"month": "2026-13"},
        {"voter": "ada@example.org"},  # not a pseudonym
        {"battle_id": "7d9f1c58-9c1e-4f0e-8a33-0c5d7a1a2b3c"},  # the live id
        {"winner": "A"},  # readers would count it as a tie
        {"modality": "video"},
        {"prompt_origin": "copied"},
        {"output_a_sha256": "abc"},
        {"ranks": [2, 2]},
        {"ranks": [1]},
        {"ranks": [1, 300]},
        {"ranks": [True, 2]},
        {"acceptable": 1},
        {"p_draw": 0.0},
        {"p_draw": 1.5},
        {"p_draw": float("nan")},
        {"p_draw": 1},
        {"prompt": None},
        {"strength": "hugely"},
        {"attention": [{"seen_s": 3601, "heard_s": None, "sides": None}] * 2},
        {"attention": [{"seen_s": 1, "heard_s": -1, "sides": None}] * 2},
        {"attention": [{"seen_s": 1, "heard_s": None, "sides": 9}] * 2},
        {"attention": [{"seen_s": 1.5, "heard_s": None, "sides": None}] * 2},
        {"history": [{"prompt": "Hello.", "responses": ["Hi.", 2]}]},
        {"history": [{"prompt": None, "responses": ["Hi."]}]},
        {"dimensions": [{"dimension": "correct", "ranks": [2, 2]}]},
        {"dimensions": [{"dimension": "correct", "ranks": [1, 2], "voter": "ada"}]},
        {"dimensions": None},
        {"stars": [0, 5]},
        {"stars": [6]},
        {"tags": [{"seat": 1, "tag": "wrong", "polarity": "neutral"}]},
        {"tags": [{"seat": True, "tag": "wrong", "polarity": "bad"}]},
        {
            "marks": [
                {
                    "seat": 0,
                    "kind": "span",
                    "polarity": "good",
                    "quote": None,
                    "place": None,
                    "note": None,
                }
            ]
        },
        {
            "marks": [
                {
                    "seat": 0,
                    "kind": "view",
                    "polarity": "good",
                    "quote": None,
                    "place": [1.0, 2.0],
                    "note": None,
                }
            ]
        },
        {
            "marks": [
                {
                    "seat": 0,
                    "kind": "range",
                    "polarity": "good",
                    "quote": None,
                    "place": [0.0, float("nan")],
                    "note": None,
                }
            ]
        },
        {"models": ["alpha", "beta"]},  # a pair has columns of its own
        {"models": ["alpha", None, "beta"]},
        {"responses": ["Once.", 2, None]},
        {"output_sha256s": ["abc", None, None]},
    ],
)
def test_a_value_out_of_range_is_refused(changes):
    with pytest.raises(UnsafeRow, match=next(iter(changes))):
        check_row(sound_row(**changes))


def test_a_refusal_does_not_repeat_the_value():
    with pytest.raises(UnsafeRow) as caught:
        check_row(sound_row(voter="ada@example.org"))
    assert "ada" not in str(caught.value)
