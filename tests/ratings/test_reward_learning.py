"""The parts of reward learning: pairs, features, the head, splits, calibration and intervals."""

import math
import string
import time
from hashlib import sha256

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit  # type: ignore[import-untyped]

from ratings.rewards.learning.bootstrap import PromptDraws
from ratings.rewards.learning.calibration import (
    N_BINS,
    TEMPERATURE_MAX,
    expected_calibration_error,
    fitted_temperature,
    reliability_table,
)
from ratings.rewards.learning.features import FeatureConfig, text_features
from ratings.rewards.learning.model import RewardHead, bradley_terry_loss
from ratings.rewards.learning.near_duplicates import normal_form, prompt_groups
from ratings.rewards.learning.pairs import PreferencePair, pairs_from_rows
from ratings.rewards.learning.splits import prompt_folds, split_by_prompt
from ratings.rewards.learning.style import DENSE_NAMES, STYLE_NAMES, style_features
from ratings.rewards.learning.training import pair_table

CONFIG = FeatureConfig()
SMALL = FeatureConfig(n_buckets=64)
WORDS = st.lists(
    st.text(alphabet=string.ascii_lowercase + "éß文字", min_size=1, max_size=8),
    min_size=1,
    max_size=12,
)


def a_row(**changes: object) -> dict[str, object]:
    row = {"prompt": "Why?", "response_a": "Yes.", "response_b": "No.", "winner": "model_a"}
    return {**row, **changes}


# pairs


def test_ties_and_both_bad_are_half_a_win_for_each_side() -> None:
    winners = ["model_a", "model_b", "tie", "both_bad"]
    read = pairs_from_rows(a_row(winner=winner) for winner in winners)
    assert [pair.label for pair in read.pairs] == [1.0, 0.0, 0.5, 0.5]
    assert [pair.is_decided for pair in read.pairs] == [True, True, False, False]


def test_every_row_that_cannot_be_learned_from_is_counted_by_its_reason() -> None:
    rows = [
        a_row(),
        a_row(prompt=None),
        a_row(prompt="  "),
        a_row(response_b=b"png"),
        a_row(response_b="Yes."),
        a_row(winner="model_c"),
    ]
    read = pairs_from_rows(rows)
    assert len(read.pairs) == 1
    assert read.skipped == {
        "identical responses": 1,
        "no text in prompt": 2,
        "no text in response_b": 1,
        "unknown winner": 1,
    }


@pytest.mark.parametrize("label", [-0.1, 1.1, math.nan])
def test_a_label_outside_zero_to_one_is_refused(label: float) -> None:
    with pytest.raises(ValueError, match="label"):
        PreferencePair("p", "a", "b", label)


@pytest.mark.parametrize("weight", [0.0, -1.0, math.inf, math.nan])
def test_a_weight_that_no_vote_can_have_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="weight"):
        PreferencePair("p", "a", "b", 1.0, weight)


# features


def test_features_are_the_same_in_every_process_and_release_of_this_version() -> None:
    """A changed digest means a changed feature: raise FEATURES_VERSION and renew it."""
    phi = text_features("What is π?", "**π** is 3.14159…\n\n- a ratio\n- 無理数!", CONFIG)
    rounded = [*phi.buckets.tolist(), *np.round(phi.values, 6), *np.round(phi.dense, 6)]
    digest = sha256(",".join(f"{float(value):.6f}" for value in rounded).encode()).hexdigest()
    assert digest[:16] == "14bf7dd64c23da89"


@settings(deadline=None)  # a busy machine is no failure
@given(prompt=st.text(max_size=60), response=st.text(max_size=200))
def test_any_text_has_finite_features_inside_the_table(prompt: str, response: str) -> None:
    phi = text_features(prompt, response, SMALL)
    assert phi.dense.shape == (len(DENSE_NAMES),)
    assert np.isfinite(phi.dense).all()
    assert len(phi.buckets) == len(phi.values)
    assert ((phi.buckets >= 0) & (phi.buckets < SMALL.n_buckets)).all()
    assert np.sum(phi.values**2) <= 1.0 + 1e-9  # a long text must not weigh more than a short one


def test_a_lone_surrogate_does_not_stop_scoring() -> None:
    assert np.isfinite(text_features("\ud800", "a \udfff b", CONFIG).values).all()


def test_width_and_composition_of_letters_do_not_change_the_grams() -> None:
    one = text_features("p", "Café ABC", CONFIG)
    other = text_features("p", "Cafe\u0301 ＡＢＣ", CONFIG)
    np.testing.assert_array_equal(one.buckets, other.buckets)
    np.testing.assert_array_equal(one.values, other.values)


def test_signed_hashing_keeps_unrelated_texts_near_orthogonal() -> None:
    random = np.random.default_rng(1)
    texts = [" ".join(map(str, random.integers(0, 10**9, 60))) for _ in range(40)]
    config = FeatureConfig(n_buckets=1024)  # crowded on purpose: every bucket has collisions
    vectors = np.zeros((len(texts), config.n_buckets))
    for vector, text in zip(vectors, texts, strict=True):
        phi = text_features("", text, config)
        n_words = 2 * 60 - 1  # the block of words and word pairs comes first
        np.add.at(vector, phi.buckets[:n_words], phi.values[:n_words])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = (vectors @ vectors.T)[np.triu_indices(len(texts), 1)]
    assert abs(cosines.mean()) < 0.01  # without signs it would be about 119 / 1024


def test_style_counts_what_a_reader_sees() -> None:
    text = "# Title\n\n**bold** and `code`.\n\n- one\n- two\n1. first\n\n```\nx\n```\n| a |\nOK?!"
    values = dict(zip(STYLE_NAMES, style_features(text, text.split()), strict=True))
    counts = {name: round(math.expm1(value)) for name, value in values.items() if "log_" in name}
    assert counts == {
        "log_chars": len(text),
        "log_words": len(text.split()),
        "log_sentences": 3,
        "log_paragraphs": 3,
        "log_headers": 1,
        "log_bold": 1,
        "log_list_items": 2,
        "log_numbered_items": 1,
        "log_code_fences": 2,
        "log_inline_code": 1,
        "log_links": 0,
        "log_table_rows": 1,
        "log_question_marks": 1,
        "log_exclamation_marks": 1,
    }


@pytest.mark.parametrize("unit", ["[", "](", "**a", "`a", "__a", ".", " ", "\t- ", "\n \t"])
def test_a_text_of_marks_alone_does_not_stall_a_worker(unit: str) -> None:
    start = time.process_time()
    style_features(unit * 100_000, [])
    assert time.process_time() - start < 5.0  # a quadratic pattern would take minutes


@pytest.mark.parametrize("n_buckets", [0, 1, 1000])
def test_a_table_size_that_is_no_power_of_two_is_refused(n_buckets: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        FeatureConfig(n_buckets=n_buckets)


# the head and its loss


def a_random_head(n_buckets: int) -> RewardHead:
    head = RewardHead(n_buckets, len(DENSE_NAMES)).double()
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.normal_(generator=generator)
    return head


SOME_PAIRS = [
    PreferencePair("Say hello", "Hello there, friend.", "No.", 1.0),
    PreferencePair("Count", "1 2 3 4 5", "- one\n- two\n- three", 0.25, weight=2.0),
    PreferencePair("Count", "- one\n- two", "**one** two!", 0.5),
]


def test_the_margins_of_training_are_differences_of_the_scores_that_are_published() -> None:
    head = a_random_head(SMALL.n_buckets)
    with torch.no_grad():
        margins = head.margins(pair_table(SOME_PAIRS, SMALL)).tolist()
        scores = [
            float(
                head(text_features(p.prompt, p.response_a, SMALL))
                - head(text_features(p.prompt, p.response_b, SMALL))
            )
            for p in SOME_PAIRS
        ]
    assert margins == pytest.approx(scores, abs=1e-12)


def test_the_gradient_of_the_loss_agrees_with_finite_differences() -> None:
    table = pair_table(SOME_PAIRS, SMALL)
    head = a_random_head(SMALL.n_buckets)
    label, weight = torch.from_numpy(table.label), torch.from_numpy(table.weight)

    def loss() -> torch.Tensor:
        return bradley_terry_loss(head.margins(table), label, weight) + head.penalty(0.1, 0.2)

    loss().backward()  # type: ignore[no-untyped-call]
    for parameter in head.parameters():
        assert parameter.grad is not None
        flat, gradient = parameter.data.view(-1), parameter.grad.view(-1)
        for i in range(0, len(flat), 7):
            here, step = float(flat[i]), 1e-6
            flat[i] = here + step
            above = loss().item()
            flat[i] = here - step
            below = loss().item()
            flat[i] = here
            assert float(gradient[i]) == pytest.approx((above - below) / (2 * step), abs=1e-7)


@settings(deadline=None)  # a busy machine is no failure
@given(margin=st.floats(-20, 20), label=st.floats(0, 1))
def test_the_loss_is_that_of_bradley_terry_with_soft_labels(margin: float, label: float) -> None:
    one = torch.ones(1, dtype=torch.float64)
    loss = float(bradley_terry_loss(margin * one, label * one, one))
    p = float(expit(margin))
    expected = -label * math.log(p) - (1 - label) * float(np.log(expit(-margin)))
    assert loss == pytest.approx(expected, rel=1e-9, abs=1e-12)
    swapped = float(bradley_terry_loss(-margin * one, (1 - label) * one, one))
    assert loss == pytest.approx(swapped, rel=1e-9, abs=1e-12)


def test_a_tie_costs_least_where_both_rewards_are_equal() -> None:
    margins = torch.linspace(-2, 2, 41, dtype=torch.float64)
    half, one = torch.full((1,), 0.5, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    losses = [float(bradley_terry_loss(margin[None], half, one)) for margin in margins]
    assert min(losses) == pytest.approx(math.log(2))
    assert int(np.argmin(losses)) == 20


# splits


@settings(deadline=None)  # a busy machine is no failure
@given(
    prompts=st.lists(WORDS.map(" ".join), min_size=1, max_size=20),
    shown=st.lists(st.sampled_from("lusp"), min_size=20, max_size=20),
    key=st.text(max_size=5),
)
def test_a_prompt_never_crosses_by_case_space_or_punctuation(
    prompts: list[str], shown: list[str], key: str
) -> None:
    variants = [disguised(prompt, how) for prompt, how in zip(prompts, shown, strict=False)]
    pairs = [PreferencePair(prompt, "a", "b", 1.0) for prompt in prompts + variants]
    split = split_by_prompt(pairs, share=0.5, key=key)
    assert len(split.kept) + len(split.held_out) == len(pairs)
    kept = {normal_form(pair.prompt) for pair in split.kept}
    held_out = {normal_form(pair.prompt) for pair in split.held_out}
    assert kept.isdisjoint(held_out)
    assert set(split.kept_groups).isdisjoint(split.held_out_groups)
    groups = prompt_groups([pair.prompt for pair in pairs])
    assert groups[: len(prompts)] == groups[len(prompts) :]


def disguised(prompt: str, how: str) -> str:
    """Return the prompt as another person would type it."""
    return {
        "l": prompt,
        "u": prompt.upper(),
        "s": f"  {prompt.replace(' ', '   ')}\n",
        "p": f"“{prompt.replace(' ', ', ')}”…?!",
    }[how]


def a_long_prompt(seed: int) -> str:
    random = np.random.default_rng(seed)
    return " ".join("".join(random.choice(list("abcdefghij"), 6)) for _ in range(40))


def test_a_near_duplicate_stays_on_the_side_of_its_original() -> None:
    originals = [a_long_prompt(seed) for seed in range(60)]
    edited = [f"{text} please" for text in originals]
    groups = prompt_groups(originals + edited)
    assert groups[:60] == groups[60:]
    assert len(set(groups)) == 60  # and unlike prompts are not thrown together


def test_a_group_is_the_same_whatever_the_order_of_the_prompts() -> None:
    prompts = [a_long_prompt(i // 3) + " and" * (i % 3) for i in range(60)]
    prompts += ["???", "!!!", "¿", "文", ""]
    order = np.random.default_rng(5).permutation(len(prompts))
    straight = prompt_groups(prompts)
    shuffled = prompt_groups([prompts[i] for i in order])
    assert [straight[i] for i in order] == shuffled
    assert len(set(straight[-5:])) == 5  # prompts of signs alone are not all one prompt


def test_about_the_asked_share_is_held_out_and_another_key_holds_out_others() -> None:
    pairs = [PreferencePair(a_long_prompt(seed), "a", "b", 1.0) for seed in range(600)]
    first = split_by_prompt(pairs, share=0.2, key="one")
    again = split_by_prompt(pairs, share=0.2, key="one")
    other = split_by_prompt(pairs, share=0.2, key="two")
    assert first == again
    assert first.held_out != other.held_out
    assert 80 <= len(first.held_out) <= 160  # 120 expected, standard deviation 9.8


def test_folds_keep_groups_whole_and_are_of_like_size() -> None:
    groups = [f"group {i % 40}" for i in range(400)]
    fold = prompt_folds(groups, n_folds=4, key="k")
    assert np.bincount(fold).tolist() == [100, 100, 100, 100]
    assert all(len({fold[i] for i in range(j, 400, 40)}) == 1 for j in range(40))


@pytest.mark.parametrize("share", [0.0, 1.0, -0.2, math.nan])
def test_a_share_that_leaves_one_side_empty_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        split_by_prompt(SOME_PAIRS, share=share, key="k")


# calibration and intervals


def test_the_temperature_of_margins_that_are_too_sure_is_found() -> None:
    random = np.random.default_rng(11)
    log_odds = random.normal(0, 1.5, 20_000)
    label = (random.random(20_000) < expit(log_odds)).astype(np.float64)
    weight = np.ones(20_000)
    assert fitted_temperature(3.0 * log_odds, label, weight) == pytest.approx(3.0, rel=0.06)
    swapped = fitted_temperature(-3.0 * log_odds, 1 - label, weight)
    assert swapped == pytest.approx(fitted_temperature(3.0 * log_odds, label, weight))


def test_margins_that_point_the_wrong_way_are_flattened_to_the_bound() -> None:
    label = np.tile([0.0, 1.0], 50)
    temperature = fitted_temperature(1.0 - 2.0 * label, label, np.ones(100))
    assert temperature == pytest.approx(TEMPERATURE_MAX)


def test_calibration_error_is_the_gap_between_promise_and_outcome() -> None:
    p = np.full(1000, 0.9)
    label = np.r_[np.ones(700), np.zeros(300)]
    order = np.random.default_rng(2).permutation(1000)
    table = reliability_table(p, label[order], np.ones(1000))
    assert sum(part.n for part in table) == 1000
    assert len(table) == N_BINS
    assert np.average([part.mean_outcome for part in table]) == pytest.approx(0.7)
    assert expected_calibration_error(table) == pytest.approx(0.2, abs=0.01)
    swapped = reliability_table(1.0 - p, 1.0 - label[order], np.ones(1000))
    assert expected_calibration_error(swapped) == pytest.approx(expected_calibration_error(table))


def test_the_interval_of_independent_prompts_has_the_width_of_the_binomial() -> None:
    right = (np.random.default_rng(4).random(900) < 0.6).astype(np.float64)
    interval = PromptDraws.of([str(i) for i in range(900)], 0).share(right, np.ones(900))
    half = 1.96 * math.sqrt(right.mean() * (1 - right.mean()) / 900)
    assert interval.value == pytest.approx(right.mean())
    assert interval.high - interval.low == pytest.approx(2 * half, rel=0.1)


def test_votes_on_one_prompt_do_not_count_as_independent() -> None:
    by_prompt = (np.random.default_rng(4).random(90) < 0.6).astype(np.float64)
    right, groups = np.repeat(by_prompt, 10), [str(i // 10) for i in range(900)]
    clustered = PromptDraws.of(groups, 0).share(right, np.ones(900))
    pretended = PromptDraws.of([str(i) for i in range(900)], 0).share(right, np.ones(900))
    ratio = (clustered.high - clustered.low) / (pretended.high - pretended.low)
    assert ratio == pytest.approx(math.sqrt(10), rel=0.15)


def test_a_perfect_score_is_not_printed_as_certainty() -> None:
    interval = PromptDraws.of([str(i) for i in range(20)], 0).share(np.ones(20), np.ones(20))
    assert interval.value == 1.0
    assert interval.low == pytest.approx(20 / (20 + 1.959964**2))  # Wilson's bound for n of n
    assert "Wilson" in interval.method
