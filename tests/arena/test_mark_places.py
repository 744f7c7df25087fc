"""A place in an output is kept in one form, and is found again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.common.errors import BadInput
from arena.generation.models import Output
from arena.votes.marks import checked_place

texts = st.text(alphabet="aé漢🎵\u0301\u200d *#`\n", min_size=1, max_size=60)


@given(text=texts, data=st.data())
def test_every_span_of_words_is_found_again_by_its_quote(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    place = {"start": start, "end": end, "quote": text[start:end]}
    output = Output(text=text)
    if not text[start:end].strip():
        with pytest.raises(BadInput):
            checked_place("span", place, output)
        return
    kept = json.loads(json.dumps(checked_place("span", place, output)))
    assert text[kept["start"] : kept["end"]] == kept["quote"] == place["quote"]
    assert checked_place("span", kept, output) == kept
    if text[start + 1 : end + 1] != place["quote"]:
        with pytest.raises(BadInput):
            checked_place("span", {**place, "start": start + 1, "end": end + 1}, output)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.001, 1), st.floats(0.001, 1))
def test_every_region_inside_a_picture_is_kept_inside_and_in_one_form(
    x: float, y: float, width: float, height: float
) -> None:
    place = {"x": x * (1 - width), "y": y * (1 - height), "width": width, "height": height}
    kept = checked_place("region", place, Output())
    assert kept["width"] > 0
    assert kept["x"] + kept["width"] <= 1 + 1e-9
    assert kept["y"] + kept["height"] <= 1 + 1e-9
    assert all(abs(kept[name] - place[name]) < 2e-4 for name in place)
    assert checked_place("region", kept, Output()) == kept


@given(st.floats(-1e4, 1e4), st.floats(0, 180), st.floats(0.01, 100))
def test_every_view_is_kept_in_one_form(azimuth: float, polar: float, distance: float) -> None:
    place = {"azimuth_deg": azimuth, "polar_deg": polar, "distance": distance}
    kept = checked_place("view", place, Output())
    assert -180 <= kept["azimuth_deg"] < 180
    assert checked_place("view", kept, Output()) == kept
