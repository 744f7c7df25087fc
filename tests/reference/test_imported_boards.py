"""Boards of votes by others, through the public door: import, count, print."""

from __future__ import annotations

import csv
import json
import time
from io import StringIO
from pathlib import Path
from typing import Any

import choix
import numpy as np
import pytest
from django.core.management import call_command
from scipy import stats

from arena.arenas.models import Arena
from arena.votes.models import Vote
from models_registry.models import Model
from tests import cast


def imported_board(path: Path, arena: Arena, columns: str = "") -> dict[str, Any]:
    """Import a file and return the arena's board of imported votes as the command prints it."""
    if not path.is_file():
        pytest.skip(f"no real data at {path}")
    call_command("import_votes", path, arena=arena.slug, columns=columns, stdout=StringIO())
    assert "boards.recount_arena" in cast.carry_events()
    out = StringIO()
    call_command("board", arena.slug, json=True, source="imported", stdout=out)
    board: dict[str, Any] = json.loads(out.getvalue())
    return board


def ratings_by_name(board: dict[str, Any]) -> dict[str, float]:
    """The rating of every model by the name that the file gave it."""
    names = {f"{model.slug}@1": model.name for model in Model.objects.all()}
    return {names[row["model"]]: row["rating"] for row in board["rows"]}


def published_ratings(path: Path) -> dict[str, float]:
    """The final ratings that an arena published: name, rating."""
    with path.open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.reader(stream) if len(row) == 2]
    return {name: float(rating) for name, rating in rows if rating[:1].isdigit()}


def side_by_side(ours: dict[str, float], theirs: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    shared = sorted(ours.keys() & theirs.keys())
    return np.array([ours[name] for name in shared]), np.array([theirs[name] for name in shared])


def independent_ratings(points: list[tuple[str, str, float, float]]) -> dict[str, float]:
    """Natural-log strengths by choix from (one, other, points of one, points of other)."""
    names = sorted({name for row in points for name in row[:2]})
    place = {name: i for i, name in enumerate(names)}
    matrix = np.zeros((len(names), len(names)))
    for one, other, of_one, of_other in points:
        matrix[place[one], place[other]] += of_one
        matrix[place[other], place[one]] += of_other
    return dict(zip(names, choix.ilsr_pairwise_dense(matrix, max_iter=1000), strict=True))


@pytest.mark.django_db
def test_imported_counts_give_the_published_text_to_image_board(shared_data: Path) -> None:
    folder = shared_data / "genai_arena_elo"
    arena = Arena.objects.create(slug="t2i", name="Images", modality="image")
    board = imported_board(folder / "t2i_anony_pair_counts.csv", arena)
    published = published_ratings(folder / "t2i_anony_elo_rating_final.csv")
    ours, theirs = side_by_side(ratings_by_name(board), published)
    assert ours.size == len(published) == len(board["rows"]) == 6
    assert (np.argsort(-ours) == np.argsort(-theirs)).all()
    assert stats.pearsonr(ours, theirs).statistic >= 0.999
    assert not any(row["is_provisional"] for row in board["rows"])


@pytest.mark.django_db
def test_imported_counts_give_the_published_vision_language_board(shared_data: Path) -> None:
    folder = shared_data / "wildvision_arena_elo"
    board = imported_board(folder / "vlm_anony_pair_counts.csv", cast.text_arena("vlm"))
    published = published_ratings(folder / "vlm_anony_elo_rating_final.csv")
    ours, theirs = side_by_side(ratings_by_name(board), published)
    assert ours.size >= 24
    assert stats.spearmanr(ours, theirs).statistic >= 0.98


@pytest.mark.django_db
def test_pandalms_two_files_give_one_board_in_the_order_of_choix(shared_data: Path) -> None:
    folder = shared_data / "pandalm_testset"
    from_json = imported_board(folder / "testset-v1.json", cast.text_arena("pandalm"))
    derived = folder / "derived" / "votes.csv"
    from_csv = imported_board(derived, cast.text_arena("derived"), "judge=annotator")
    assert from_json["n_votes"] == 2997
    assert {**from_json, "arena": ""} == {**from_csv, "arena": ""}
    for slug in ("pandalm", "derived"):
        votes = Vote.objects.filter(battle__arena__slug=slug)
        assert votes.values("voter").distinct().count() == 3  # annotators

    share = {"model_a": (1.0, 0.0), "model_b": (0.0, 1.0), "tie": (0.5, 0.5)}
    with derived.open(newline="", encoding="utf-8") as stream:
        points = [
            (row["model_a"], row["model_b"], *share[row["winner"]])
            for row in csv.DictReader(stream)
        ]
    ours, theirs = side_by_side(ratings_by_name(from_json), independent_ratings(points))
    assert ours.size == 5
    np.testing.assert_allclose(
        (ours - ours.mean()) * np.log(10) / 400, theirs - theirs.mean(), atol=2e-3
    )
    assert (np.argsort(-ours) == np.argsort(-theirs)).all()


@pytest.mark.django_db
def test_150_years_of_football_are_imported_and_ordered_as_by_choix(shared_data: Path) -> None:
    path = shared_data / "football_international" / "results.csv"
    columns = "model_a=home_team,model_b=away_team,score_a=home_score,score_b=away_score"
    started = time.perf_counter()
    board = imported_board(path, cast.text_arena("football"), columns)
    print(f"49,520 votes imported, counted and rated in {time.perf_counter() - started:.1f} s")  # noqa: T201
    assert board["n_votes"] == Vote.objects.count() == 49520
    assert Vote.objects.order_by("cast_at").values_list("cast_at__year", flat=True)[0] == 1872

    with path.open(newline="", encoding="utf-8") as stream:
        leads = [
            (row["home_team"], row["away_team"], int(row["home_score"]) - int(row["away_score"]))
            for row in csv.DictReader(stream)
        ]
    points = [(one, other, (1 + np.sign(lead)) / 2, (1 - np.sign(lead)) / 2)
              for one, other, lead in leads]  # fmt: skip
    often = {row["model"] for row in board["rows"] if row["votes"] >= 300}
    names = {f"{model.slug}@1": model.name for model in Model.objects.all()}
    settled = {names[row["model"]] for row in board["rows"] if not row["is_provisional"]}
    assert len(often) > 100
    assert len(settled) > 300
    theirs_all = independent_ratings([p for p in points if {p[0], p[1]} <= settled])
    mine = ratings_by_name(board)
    # Where there are 300 matches, a tenth of a virtual tie cannot be seen.
    shared = {names[label] for label in often}
    ours, theirs = side_by_side({name: mine[name] for name in shared}, theirs_all)
    np.testing.assert_allclose(
        (ours - ours.mean()) * np.log(10) / 400, theirs - theirs.mean(), atol=0.01
    )
    assert stats.spearmanr(ours, theirs).statistic > 0.9999
