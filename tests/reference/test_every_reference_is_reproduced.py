"""Every published value that the data sets come with is read by a test of this folder."""

import ast
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

HERE = Path(__file__).parent

# Values that are a file of their own, which these tests open by its name.
READ_FROM_THEIR_FILE = {
    "genai_t2i_board": "test_the_text_to_image_board_is_that_of_genai_arena",
    "wildvision_board": "test_the_vision_language_board_is_that_of_wildvision_arena",
}


def trees() -> list[ast.Module]:
    """The other modules of this folder."""
    files = (file for file in sorted(HERE.glob("test_*.py")) if file.name != Path(__file__).name)
    return [ast.parse(file.read_text(encoding="utf-8")) for file in files]


def values_read() -> set[str]:
    """Return the ids that a call of `published` asks for in a test or fixture."""
    calls = (node for tree in trees() for node in ast.walk(tree) if isinstance(node, ast.Call))
    asked = (call for call in calls if getattr(call.func, "id", None) == "published")
    arguments = (argument for call in asked for argument in call.args)
    read = {arg.value for arg in arguments if isinstance(arg, ast.Constant)}
    tests = {
        node.name
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    }
    return read | {value for value, test in READ_FROM_THEIR_FILE.items() if test in tests}


def not_reproduced(value_ids: Iterable[str]) -> list[str]:
    return sorted(set(value_ids) - values_read())


def test_every_published_value_is_read_by_a_test(shared_data):
    file = shared_data / "REFERENCE_VALUES.json"
    if not file.is_file():
        pytest.skip(f"no {file.name} in the test data; set AGON_TEST_DATA to the folder with it")
    value_ids = [value["id"] for value in json.loads(file.read_text(encoding="utf-8"))]
    assert len(value_ids) == len(set(value_ids)) >= 13
    assert not_reproduced(value_ids) == []


def test_a_value_that_no_test_reads_is_named():
    """A part of a known id, or one that only this file spells, is not reproduced."""
    assert not_reproduced(["tmo_jod", "tmo", "nobody_reads_this"]) == ["nobody_reads_this", "tmo"]
