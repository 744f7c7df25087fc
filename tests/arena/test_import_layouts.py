"""What the columns of public vote files mean."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest

from arena.common.errors import BadInput
from arena.votes.importing.layouts import (
    LAYOUTS,
    WINNERS,
    BadRow,
    ImportedVote,
    annotators,
    layout_of,
    pair_counts,
    pair_votes,
    scores,
)

PAIR = {"model_a": "alder", "model_b": "birch"}


def the_vote(**columns: Any) -> ImportedVote:
    (vote,) = pair_votes({**PAIR, "winner": "model_a", **columns})
    return vote


def test_a_layout_is_known_by_its_columns() -> None:
    assert layout_of({**PAIR, "winner": "tie", "more": 1})[0] == "votes"
    assert layout_of({**PAIR, "wins_a": 1, "wins_b": 1, "n": 2})[0] == "counts"
    assert layout_of({**PAIR, "score_a": 1, "score_b": 1})[0] == "scores"
    assert layout_of({"cmp_key": "", "response1": "", "response2": "", "annotator1": 0})[0] == (
        "annotators"
    )


def test_unknown_columns_are_answered_with_those_that_are_known() -> None:
    with pytest.raises(BadInput) as refusal:
        layout_of({"left": "a", "right": "b", "winner": "left"})
    assert "The file's columns are left, right, winner" in refusal.value.message
    for name, columns, _ in LAYOUTS:
        assert f"{name}: {', '.join(sorted(columns))}" in refusal.value.message
    assert "--columns model_a=home" in refusal.value.message


@pytest.mark.parametrize(
    ("written", "winner"),
    [*WINNERS.items(), ("  Model_A ", "model_a"), ("Tie (BothBad)", "both_bad")],
)
def test_every_spelling_of_a_winner_is_read(written: str, winner: str) -> None:
    assert the_vote(winner=written).winner == winner


@pytest.mark.parametrize("written", ["", "draw", "A", None, 1, "bothgood"])
def test_an_unknown_winner_is_never_taken_for_a_tie(written: Any) -> None:
    with pytest.raises(BadRow, match="one of model_a, model_b, tie"):
        the_vote(winner=written)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"model_a": ""}, "model_a is empty"),
        ({"model_b": None}, "model_b is empty"),
        ({"model_b": " alder "}, "both 'alder'"),
        ({"model_a": "x" * 201}, "201 characters"),
    ],
)
def test_a_vote_is_between_two_named_models(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRow, match=message):
        the_vote(**columns)


def test_a_chatbot_arena_conversation_becomes_prompt_and_answers() -> None:
    def conversation(*answers: str) -> list[dict[str, str]]:
        questions = ("What is a tuple?", "And a list?")
        return [
            {"role": role, "content": text}
            for question, answer in zip(questions, answers, strict=True)
            for role, text in (("user", question), ("assistant", answer))
        ]

    a, b = conversation("Fixed.", "Growing."), conversation("No idea.", "Sorry.")
    expected = ("What is a tuple?\n\nAnd a list?", "Fixed.\n\nGrowing.", "No idea.\n\nSorry.")
    for turns_a, turns_b in ((a, b), (json.dumps(a), json.dumps(b))):
        vote = the_vote(conversation_a=turns_a, conversation_b=turns_b)
        assert (vote.prompt, vote.response_a, vote.response_b) == expected


@pytest.mark.parametrize("turns", ["[", '"text"', "[1]", [["user", "hi"]]])
def test_a_conversation_of_another_shape_is_a_bad_row(turns: Any) -> None:
    with pytest.raises(BadRow, match="conversation"):
        the_vote(conversation_a=turns, conversation_b=turns)


def test_kaggles_lists_of_turns_are_joined_and_brackets_in_prose_stay() -> None:
    vote = the_vote(prompt='["One?", "Two?"]', response_a='["1", null]', response_b="[not a list]")
    assert vote.prompt == "One?\n\nTwo?"
    assert vote.response_a.strip() == "1"
    assert vote.response_b == "[not a list]"


def test_the_question_column_of_older_files_is_the_prompt() -> None:
    assert the_vote(question="Why?").prompt == "Why?"


def test_who_judged_is_read_from_the_columns_of_public_files() -> None:
    assert the_vote(judge="arena_user_965").judge == "arena_user_965"
    assert the_vote(voter="9f").judge == "9f"
    assert the_vote(evaluation_session_id="s1").judge == "s1"
    assert the_vote(judge=0, voter="9f").judge == "0"  # an annotator numbered from 0
    assert the_vote().judge == ""


@pytest.mark.parametrize(
    ("column", "written", "read"),
    [
        ("tstamp", 1682351591.1322, datetime(2023, 4, 24, 15, 53, 11, 132200, UTC)),
        ("tstamp", "1682351591.1322", datetime(2023, 4, 24, 15, 53, 11, 132200, UTC)),
        ("timestamp", "2023-04-24T17:53:11+02:00", datetime(2023, 4, 24, 15, 53, 11, 0, UTC)),
        ("timestamp", "2023-04-24 15:53:11", datetime(2023, 4, 24, 15, 53, 11, 0, UTC)),
        ("timestamp", datetime(2023, 4, 24, 15), datetime(2023, 4, 24, 15, tzinfo=UTC)),  # noqa: DTZ001
        ("date", "1872-11-30", datetime(1872, 11, 30, tzinfo=UTC)),
        ("date", date(1872, 11, 30), datetime(1872, 11, 30, tzinfo=UTC)),
        ("date", "", None),
    ],
)
def test_times_are_seconds_since_1970_or_iso(
    column: str, written: Any, read: datetime | None
) -> None:
    cast_at = the_vote(**{column: written}).cast_at
    if read is None:
        assert cast_at is None
    else:
        assert cast_at is not None
        assert abs((cast_at - read).total_seconds()) < 1e-3


@pytest.mark.parametrize("written", ["yesterday", "30/11/1872", 1682351591132.2, "nan"])
def test_a_time_that_is_none_is_a_bad_row(written: Any) -> None:
    with pytest.raises(BadRow, match="ISO 8601"):
        the_vote(tstamp=written)


def test_text_that_postgresql_cannot_keep_is_mended() -> None:
    vote = the_vote(prompt="a\x00b \ud83d", response_a='["\\ud83d"]')
    assert vote.prompt == "ab ?"
    assert vote.response_a == "?"


def test_a_row_of_counts_is_that_many_votes() -> None:
    votes = pair_counts({**PAIR, "wins_a": "3.0", "wins_b": 2, "ties": "1"})
    assert Counter(vote.winner for vote in votes) == {"model_a": 3, "model_b": 2, "tie": 1}
    without_ties = pair_counts({**PAIR, "wins_a": "1", "wins_b": "0", "ties": ""})
    assert [vote.winner for vote in without_ties] == ["model_a"]


@pytest.mark.parametrize("count", ["-1", "1.5", "", "nan", "inf", "2e6", None])
@pytest.mark.parametrize("column", ["wins_a", "wins_b", "ties"])
def test_a_count_that_is_none_is_refused_before_the_rows_first_vote(
    column: str, count: str | None
) -> None:
    row = {**PAIR, "wins_a": "2", "wins_b": "2", "ties": "0", column: count}
    if column == "ties" and not count:
        assert len(list(pair_counts(row))) == 4
        return
    with pytest.raises(BadRow, match=column):
        pair_counts(row)


@pytest.mark.parametrize(
    ("score_a", "score_b", "winner"),
    [("4", "2", "model_a"), (0.1, 0.2, "model_b"), ("-1", -1.0, "tie")],
)
def test_the_higher_score_wins(score_a: Any, score_b: Any, winner: str) -> None:
    (vote,) = scores({**PAIR, "score_a": score_a, "score_b": score_b, "date": "1872-11-30"})
    assert vote.winner == winner
    assert vote.cast_at == datetime(1872, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize("score", ["NA", "", None, "inf"])
def test_a_match_without_a_score_is_a_bad_row(score: Any) -> None:
    with pytest.raises(BadRow, match=r"score_b is .* a number was expected"):
        scores({**PAIR, "score_a": 1, "score_b": score})


PANDALM = {
    "cmp_key": "bloom-7b_llama-7b",
    "instruction": "Rewrite.",
    "input": "A long text.",
    "response1": "Short.",
    "response2": "Shorter.",
    "annotator1": 2,
    "annotator2": 0,
    "annotator3": "1",
}


def test_pandalms_annotators_are_three_judges_of_one_pair() -> None:
    votes = list(annotators(PANDALM))
    assert [(vote.judge, vote.winner) for vote in votes] == [
        ("annotator1", "model_b"),
        ("annotator2", "tie"),
        ("annotator3", "model_a"),
    ]
    assert {(vote.model_a, vote.model_b, vote.prompt) for vote in votes} == {
        ("bloom-7b", "llama-7b", "Rewrite.\n\nA long text.")
    }
    assert (votes[0].response_a, votes[0].response_b) == ("Short.", "Shorter.")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"annotator3": 3}, "annotator3 is '3'; 0, 1 or 2"),
        ({"cmp_key": "bloom"}, "cmp_key is 'bloom'"),
        ({"cmp_key": "_llama"}, "model_a is empty"),
        ({"cmp_key": None}, "cmp_key is 'None'"),
    ],
)
def test_a_row_with_one_bad_annotator_gives_no_vote_at_all(
    columns: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadRow, match=message):
        annotators({**PANDALM, **columns})
