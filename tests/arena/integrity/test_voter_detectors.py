"""Who always presses left and who boosts a model is found; who has a taste is not."""

from __future__ import annotations

import csv
from collections import defaultdict
from math import exp
from pathlib import Path

import numpy as np
import pytest

from arena.integrity.detectors import always_left, one_model
from arena.integrity.detectors.one_model import Met
from ratings.fitting.bradley_terry import fit_bradley_terry
from ratings.fitting.tallies import PairTallies

N_MODELS = 30
TIES = 0.26  # as in the arenas of the field
VOTES = 25


def p_left(gap: float) -> float:
    return 1 / (1 + exp(-gap))


class Arena:
    """Models of known strength and voters of every kind, drawn from one seed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.strength = self.rng.normal(0, 0.8, N_MODELS)

    def met(self, left: int, right: int, outcome: int) -> list[Met]:
        p = p_left(self.strength[left] - self.strength[right])
        first, second = (1 - TIES) * p, (1 - TIES) * (1 - p)
        return [Met(left, outcome, first, second), Met(right, -outcome, second, first)]

    def honest(self, n: int, of: int | None = None) -> list[Met]:
        """Votes of somebody with tastes, a rate of ties and a lean of their own.

        `of`: every battle has this model.
        """
        rng = self.rng
        taste, ties = rng.normal(0, 0.4, N_MODELS), rng.beta(2, 6)
        lean = rng.normal(0, 0.2)
        found: list[Met] = []
        for _ in range(n):
            left, right = rng.choice(N_MODELS, 2, replace=False)
            if of is not None and of not in (left, right):
                left = of
            gap = (self.strength + taste)[[left, right]]
            wins = rng.random() < p_left(gap[0] - gap[1] + lean)
            outcome = 0 if rng.random() < ties else 1 if wins else -1
            found += self.met(int(left), int(right), outcome)
        return found

    def booster(self, n: int, of: int, outcome: int = 1) -> list[Met]:
        """Votes of somebody who votes where one model plays, always for it or against it."""
        found: list[Met] = []
        for _ in range(n):
            other = int(self.rng.choice([m for m in range(N_MODELS) if m != of]))
            found += self.met(of, other, outcome)
        return found


@pytest.mark.parametrize(("outcome", "reason"), [(1, "boosts_model"), (-1, "sinks_model")])
def test_boosters_are_found_within_25_votes_and_honest_voters_are_not(
    outcome: int, reason: str
) -> None:
    """Issue 6: at least 95 % of boosters, at most 5 % of honest heterogeneous voters."""
    n_honest = n_boosters = n_false = n_found = 0
    for seed in range(3):
        arena = Arena(seed)
        honest = {("honest", i): one_model.suspicions(arena.honest(100)) for i in range(80)}
        for i in range(40):  # who happens to meet one model all the time
            target = int(arena.rng.integers(N_MODELS))
            honest["honest", 80 + i] = one_model.suspicions(arena.honest(VOTES, of=target))
        for part in range(3):  # ten boosters at a time; together they boost every model
            boosters = {
                ("booster", target): one_model.suspicions(arena.booster(VOTES, target, outcome))
                for target in range(part, N_MODELS, 3)
            }
            reported = one_model.reported(honest | boosters, len(honest) + len(boosters))
            n_honest, n_boosters = n_honest + len(honest), n_boosters + len(boosters)
            n_false += sum(kind == "honest" for kind, _ in reported)
            n_found += sum(
                (target, reason) in {(one.model, one.reason) for one in found}
                for (kind, target), found in reported.items()
                if kind == "booster"
            )
    assert n_found / n_boosters >= 0.95
    assert n_false / n_honest <= 0.05


def test_one_booster_among_a_thousand_voters_is_found_too() -> None:
    arena = Arena(11)
    by_voter = {i: one_model.suspicions(arena.honest(30)) for i in range(50)}
    weak = int(np.argsort(arena.strength)[3])
    by_voter[99] = one_model.suspicions(arena.booster(VOTES, weak))
    reported = one_model.reported(by_voter, n_voters=1000)
    assert {voter: [one.model for one in found] for voter, found in reported.items()} == {
        99: [weak]
    }


def test_few_votes_on_a_model_are_not_looked_at() -> None:
    arena = Arena(2)
    assert one_model.suspicions(arena.booster(one_model.LEAST_VOTES - 1, 0)) == []
    assert one_model.of_voter([]) == 0
    assert one_model.reported({}, 0) == {}


def test_the_finding_names_the_model_and_the_numbers() -> None:
    (boosts, _) = one_model.suspicions(Arena(2).booster(10, 0))
    finding = one_model.finding_of(boosts, "alder@1")
    assert (finding.method, finding.reason) == ("one_model", "boosts_model")
    assert finding.detail["model"] == "alder@1"
    assert (finding.detail["n_votes"], finding.detail["n_wins"]) == (10, 10)


def read_votes(folder: Path) -> dict[str, list[tuple[int, int, int]]]:
    """Return (first, second, outcome) by observer, of the light-field comparisons."""
    number: dict[tuple[str, str], int] = {}
    by_observer: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    with (folder / "pwcmp_tmo_lf" / "lf_quality_pwcmps.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            one, two = (
                number.setdefault((row[f"dist_type{i}"], row[f"dist_level{i}"]), len(number))
                for i in (1, 2)
            )
            if one != two:
                outcome = 1 if row["selected"] == "1" else -1
                by_observer[row["observer"]].append((one, two, outcome))
    return by_observer


def test_honest_people_of_a_real_study_are_not_reported_and_a_planted_booster_is(
    shared_data: Path,
) -> None:
    by_observer = read_votes(shared_data)
    votes = [vote for own in by_observer.values() for vote in own]
    first, second, outcome = (np.array(column) for column in zip(*votes, strict=True))
    n_models = int(max(first.max(), second.max())) + 1
    tallies = PairTallies.from_votes(n_models, first, second, np.where(outcome > 0, 0, 1))
    scores = fit_bradley_terry(tallies).scores

    def met(own: list[tuple[int, int, int]]) -> list[Met]:
        found = []
        for one, two, said in own:
            p = p_left(scores[one] - scores[two])
            found += [Met(one, said, p, 1 - p), Met(two, -said, 1 - p, p)]
        return found

    honest = {name: one_model.suspicions(met(own)) for name, own in by_observer.items()}
    reported = one_model.reported(honest, len(honest))
    assert len(reported) / len(honest) <= 0.05

    n_found = 0
    rng = np.random.default_rng(3)
    # Distortions that people do not prefer anyway: what nobody can lose is not boosted.
    targets = np.argsort(scores)[: n_models // 2]
    for target in targets:
        others = rng.choice([m for m in range(n_models) if m != target], VOTES)
        planted = {**honest, "booster": one_model.suspicions(
            met([(int(target), int(other), 1) for other in others])
        )}  # fmt: skip
        n_found += "booster" in one_model.reported(planted, len(planted))
    assert n_found / len(targets) >= 0.95


# ── sides ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("side", [True, False])
def test_always_the_same_side_is_found_within_25_votes(side: bool) -> None:
    finding = always_left.find([side] * VOTES)
    assert finding is not None
    assert finding.reason == "one_side"
    assert finding.detail["n_left"] == (VOTES if side else 0)
    assert always_left.find([side] * 10) is None


def test_who_leans_to_a_side_is_hardly_ever_found() -> None:
    rng = np.random.default_rng(13)
    n_found = 0
    for _ in range(500):
        lean = rng.uniform(1 - always_left.MOST_HONEST, always_left.MOST_HONEST)
        n_found += always_left.find((rng.random(200) < lean).tolist()) is not None
    assert n_found / 500 <= 0.01


def test_an_alarm_stays_when_the_voter_changes_sides_afterwards() -> None:
    assert always_left.find([True] * 25 + [False] * 100) is not None
    assert always_left.find([]) is None
