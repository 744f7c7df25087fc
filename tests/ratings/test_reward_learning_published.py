"""A reward from pairs to published folder, on planted, random and real preferences."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ratings.rewards.learning import artifact
from ratings.rewards.learning.artifact import FILES, MANIFEST, load, save
from ratings.rewards.learning.card import findings
from ratings.rewards.learning.errors import BadArtifact, TooLittleData
from ratings.rewards.learning.evaluation import evaluate
from ratings.rewards.learning.features import FeatureConfig
from ratings.rewards.learning.near_duplicates import normal_form
from ratings.rewards.learning.pairs import PreferencePair
from ratings.rewards.learning.recipe import Learned, learn
from ratings.rewards.learning.splits import split_by_prompt
from ratings.rewards.learning.training import TrainingConfig, train
from tests.benchmarks.bench_reward import SETS

# Small enough for seconds; the grid still has a choice to make.
CONFIG = TrainingConfig(
    features=FeatureConfig(n_buckets=2**12),
    l2_hashed_grid=(1.0, 0.01),
    l2_dense_grid=(0.1,),
    n_folds=2,
)
LIKED = ["lucid", "exact", "kind", "brief", "sourced"]
PLAIN = [f"word{i}" for i in range(120)]
PROVENANCE = {
    "release": "text-2026-01",
    "release_manifest_sha256": "0" * 64,
    "skipped_rows": {"unknown winner": 2},
}


def a_text(random: np.random.Generator, liked: int) -> str:
    words = [*random.choice(PLAIN, random.integers(5, 40)), *random.choice(LIKED, liked)]
    return " ".join(random.permutation(words))


def some_pairs(n: int, label_of: Callable[[int, int], float], seed: int) -> list[PreferencePair]:
    """Return pairs whose label depends on how many liked words each side has, not on length."""
    random = np.random.default_rng(seed)
    pairs = []
    for _ in range(n):
        a, b = (int(count) for count in random.integers(0, 4, 2))
        prompt = " ".join(random.choice(PLAIN, 12))
        texts = a_text(random, a), a_text(random, b)
        pairs.append(PreferencePair(prompt, *texts, label_of(a, b)))
    return pairs


def planted(n: int, seed: int = 0) -> list[PreferencePair]:
    """Return pairs in which more liked words win and equally many tie."""
    return some_pairs(n, lambda a, b: 0.5 + 0.5 * float(np.sign(a - b)), seed)


@pytest.fixture(scope="module")
def from_planted() -> Learned:
    return learn(planted(500), CONFIG)


@pytest.fixture(scope="module")
def from_coins() -> Learned:
    coin = np.random.default_rng(7)
    return learn(some_pairs(500, lambda a, b: float(coin.integers(0, 2)), 1), CONFIG)


@pytest.fixture
def folder(from_planted: Learned, tmp_path: Path) -> Path:
    """A published reward model."""
    save(tmp_path / "reward", from_planted.trained, from_planted.metrics, PROVENANCE)
    return tmp_path / "reward"


# what is learned


def test_a_planted_preference_is_found_where_length_says_nothing(from_planted: Learned) -> None:
    metrics = from_planted.metrics
    assert metrics.accuracy.low > 0.8
    assert metrics.longer_one_wins.advantage.low > 0.0
    assert metrics.style_only.advantage.low > 0.0
    assert metrics.length_only.accuracy.value < metrics.accuracy.low
    scorer = from_planted.trained.scorer
    assert scorer.probability("word1 word2", "word3 lucid exact kind", "word3 word4 word5") > 0.5


def test_a_preference_for_length_alone_is_reported_as_not_beating_it() -> None:
    pairs = [
        replace(pair, label=float(len(pair.response_a) > len(pair.response_b)))
        for pair in planted(400, seed=2)
    ]
    learned = learn(pairs, CONFIG)
    assert learned.metrics.longer_one_wins.accuracy.value == 1.0
    assert learned.metrics.longer_one_wins.advantage.low <= 0.0
    assert any("did not beat longer-one-wins" in line for line in findings(learned.metrics))


def test_random_labels_are_reported_as_no_better_than_a_coin(
    from_coins: Learned, tmp_path: Path
) -> None:
    assert from_coins.metrics.accuracy.contains(0.5)
    save(tmp_path / "coin", from_coins.trained, from_coins.metrics, PROVENANCE)
    text = (tmp_path / "coin" / "README.md").read_text("utf-8")
    assert "not shown to be better than a coin" in text
    assert "did not beat longer-one-wins" in text


def test_the_temperature_makes_probabilities_of_random_labels_modest(from_coins: Learned) -> None:
    probabilities = from_coins.metrics.probabilities
    assert probabilities.log_loss < 0.75  # a coin has 0.693; a sure and wrong model has far more


def test_ties_pull_rewards_together() -> None:
    decided = [pair for pair in planted(400, seed=3) if pair.is_decided]
    half_tied = [replace(pair, label=0.5) if i % 2 else pair for i, pair in enumerate(decided)]
    sure = train(decided, CONFIG).scorer
    unsure = train(half_tied, CONFIG).scorer
    best, worst = "word1 lucid exact kind", "word1 word2 word3 word4"
    assert 0.5 < unsure.probability("word9", best, worst) < sure.probability("word9", best, worst)


def test_the_same_pairs_give_the_same_weights_to_the_last_bit(from_planted: Learned) -> None:
    again = learn(planted(500), CONFIG)
    ours = from_planted.trained.scorer.head.state_dict()
    for name, value in again.trained.scorer.head.state_dict().items():
        assert torch.equal(value, ours[name])
    assert again.metrics == from_planted.metrics


def test_which_side_was_called_a_does_not_matter() -> None:
    pairs = planted(300, seed=4)
    straight = train(pairs, CONFIG).scorer
    swapped = train([pair.swapped() for pair in pairs], CONFIG).scorer
    for pair in pairs[:20]:
        assert straight.score(pair.prompt, pair.response_a) == pytest.approx(
            swapped.score(pair.prompt, pair.response_a), abs=1e-3
        )


@settings(deadline=None)  # a busy machine is no failure
@given(a=st.text(max_size=80), b=st.text(max_size=80))
def test_the_two_orders_of_a_pair_have_probabilities_that_sum_to_one(
    from_planted: Learned, a: str, b: str
) -> None:
    scorer = from_planted.trained.scorer
    assert scorer.probability("p", a, b) + scorer.probability("p", b, a) == pytest.approx(1.0)


def test_swapping_the_held_out_sides_changes_no_figure(from_planted: Learned) -> None:
    split = split_by_prompt(planted(200, seed=5), share=0.5, key="k")
    swapped = [pair.swapped() for pair in split.held_out]
    one = evaluate(from_planted.trained, split.held_out, split.held_out_groups)
    other = evaluate(from_planted.trained, swapped, split.held_out_groups)
    assert one.accuracy == other.accuracy
    assert one.probabilities.log_loss == pytest.approx(other.probabilities.log_loss)
    assert one.probabilities.ece == pytest.approx(other.probabilities.ece)
    assert one.length_correlation == pytest.approx(other.length_correlation)


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        (planted(40), "decided pairs"),
        ([replace(pair, label=0.5) for pair in planted(300)], "decided pairs"),
        ([replace(pair, prompt="Why?") for pair in planted(300)], "different prompts"),
        ([], "decided pairs"),
    ],
)
def test_too_little_data_is_refused_with_what_is_missing(
    pairs: list[PreferencePair], reason: str
) -> None:
    with pytest.raises(TooLittleData, match=reason) as refusal:
        train(pairs, CONFIG)
    assert refusal.value.n_pairs < refusal.value.needed


def test_one_giant_prompt_cannot_leave_the_other_fold_empty() -> None:
    pairs = planted(500, seed=6)
    crowded = [replace(pair, prompt="Why?") if i > 25 else pair for i, pair in enumerate(pairs)]
    with pytest.raises(TooLittleData, match="smallest fold"):
        train(crowded, replace(CONFIG, fold_decided_min=30))


def test_a_measurement_on_too_few_prompts_is_refused(from_planted: Learned) -> None:
    pairs = [replace(pair, label=1.0) for pair in planted(60)]
    with pytest.raises(TooLittleData, match="prompts"):
        evaluate(from_planted.trained, pairs, ["one"] * 60)
    with pytest.raises(TooLittleData, match="held-out pairs"):
        evaluate(from_planted.trained, [], [])


# what is published


def test_a_loaded_model_gives_the_scores_of_training_exactly(
    from_planted: Learned, folder: Path
) -> None:
    loaded = load(folder)
    for pair in planted(50, seed=8):
        for response in (pair.response_a, pair.response_b):
            trained = from_planted.trained.scorer.score(pair.prompt, response)
            assert loaded.score(pair.prompt, response) == trained


def test_the_card_has_the_measured_figures_and_says_where_they_come_from(
    from_planted: Learned, folder: Path
) -> None:
    text = (folder / "README.md").read_text("utf-8")
    accuracy = from_planted.metrics.accuracy
    assert f"{100 * accuracy.value:.1f} % [{100 * accuracy.low:.1f}" in text
    for said in ("text-2026-01", "0" * 64, "unknown winner 2", "the longer one wins", "style only"):
        assert said in text
    assert "It beats longer-one-wins" in text
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert metrics["accuracy"]["value"] == accuracy.value
    assert json.loads((folder / "config.json").read_text("utf-8"))["provenance"] == PROVENANCE


def test_the_example_on_the_card_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (folder / "README.md").read_text("utf-8")
    example = text.split("```python\n")[1].split("```")[0]
    exec(example.replace("path/to/this/folder", str(folder)), {})
    score, probability = map(float, capsys.readouterr().out.split())
    assert np.isfinite(score)
    assert 0.0 < probability < 1.0


def test_equal_models_have_equal_digests(from_planted: Learned, tmp_path: Path) -> None:
    write = partial(save, trained=from_planted.trained, metrics=from_planted.metrics)
    one = write(tmp_path / "one", provenance=PROVENANCE)
    assert one == write(tmp_path / "two", provenance=PROVENANCE)
    assert one != write(tmp_path / "three", provenance={**PROVENANCE, "release": "another"})


def test_a_published_model_is_never_overwritten(from_planted: Learned, folder: Path) -> None:
    with pytest.raises(FileExistsError, match="new name"):
        save(folder, from_planted.trained, from_planted.metrics, PROVENANCE)


def test_provenance_that_json_cannot_hold_leaves_nothing_behind(
    from_planted: Learned, tmp_path: Path
) -> None:
    with pytest.raises(TypeError):
        save(tmp_path / "x", from_planted.trained, from_planted.metrics, {"release": object()})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_in_any_file_is_noticed(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(BadArtifact, match=name):
        load(folder)


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BadArtifact, match=name):
        load(folder)


def test_an_unknown_file_is_refused_but_a_hidden_one_is_left_alone(folder: Path) -> None:
    (folder / ".gitattributes").write_text("x")
    load(folder)
    (folder / "modeling.py").write_text("x")
    with pytest.raises(BadArtifact, match=r"modeling\.py"):
        load(folder)


@pytest.mark.parametrize("manifest", ["{", "[]", "{}", '{"format": "other", "format_version": 1}'])
def test_a_manifest_of_something_else_is_refused(folder: Path, manifest: str) -> None:
    (folder / MANIFEST).write_text(manifest)
    with pytest.raises(BadArtifact, match=MANIFEST):
        load(folder)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadArtifact, match="not a folder"):
        load(tmp_path / "absent")


def test_a_model_of_other_features_is_refused(
    from_planted: Learned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifact, "FEATURES_VERSION", artifact.FEATURES_VERSION + 1)
    save(tmp_path / "newer", from_planted.trained, from_planted.metrics, PROVENANCE)
    monkeypatch.undo()
    with pytest.raises(BadArtifact, match="features_version"):
        load(tmp_path / "newer")


def test_features_that_come_out_otherwise_on_this_machine_are_noticed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ratings.rewards.learning.features._folded", str.swapcase)
    with pytest.raises(BadArtifact, match="probe"):
        load(folder)


# real votes


@pytest.mark.parametrize("name", SETS)
def test_a_reward_learns_from_real_votes_and_reports_itself_whole(
    name: str, shared_data: Path, tmp_path: Path
) -> None:
    if not (shared_data / name).is_dir():
        pytest.skip(f"no {name} in {shared_data}")
    pairs = SETS[name](shared_data)
    learned = learn(pairs, CONFIG)
    metrics, trained = learned.metrics, learned.trained
    assert metrics.n_pairs + trained.n_pairs == len(pairs)
    assert 0.0 < metrics.accuracy.low < metrics.accuracy.value < metrics.accuracy.high < 1.0
    assert 0.0 < metrics.probabilities.log_loss < 1.0
    assert 0.0 <= metrics.probabilities.ece < 0.5
    assert sum(part.n for part in metrics.probabilities.reliability) == metrics.n_pairs
    difference = metrics.accuracy.value - metrics.longer_one_wins.accuracy.value
    assert metrics.longer_one_wins.advantage.value == pytest.approx(difference)
    assert trained.choice.l2_hashed in CONFIG.l2_hashed_grid
    split = split_by_prompt(pairs, share=0.2, key="held out")
    assert {normal_form(pair.prompt) for pair in split.kept}.isdisjoint(
        normal_form(pair.prompt) for pair in split.held_out
    )
    save(tmp_path / name, trained, metrics, {"release": name})
    loaded = load(tmp_path / name)
    for pair in split.held_out[:20]:
        assert loaded.score(pair.prompt, pair.response_a) == trained.scorer.score(
            pair.prompt, pair.response_a
        )
