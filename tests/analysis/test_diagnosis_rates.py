"""Diagnosis over twenty seeds: silent on clean votes of many shapes, an alarm on each planted fault."""

from __future__ import annotations

import warnings
from collections import Counter

import numpy as np
import pytest

from weaklab.datasets import Group, make_votes
from weaklab.exceptions import WeaklabWarning
from weaklab.label_models import DawidSkene, LabelModel

SEEDS = 20
#: Shapes of clean votes: few functions that vote often, to many that vote seldom. Pairs meet on 40 rows or more.
SHAPES = [(3, 0.8), (5, 0.5), (10, 0.3), (30, 0.2)]


def fitted(model, votes, y=None):
    """Fitted; that it warns while it is fitted is another matter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WeaklabWarning)
        return model.fit(votes, y)


def alarms(model, votes, y=None):
    return {finding.code for finding in fitted(model, votes).diagnose(votes, y).alarms}


@pytest.mark.slow
@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize(("m", "coverage"), SHAPES)
@pytest.mark.parametrize("model", [LabelModel, DawidSkene], ids=lambda model: model.__name__)
def test_clean_votes_raise_no_alarm_whatever_their_shape(model, m, coverage, k):
    """An alarm without a reason is not read when there is one: none from votes alone, in one of twenty with gold.

    Gold intervals of all functions together miss once in a hundred, and confidence is tested at three standard errors.
    That a model stops before it has settled is no false alarm. Seen: 0 of 480 from votes alone, 0 of 480 with gold.
    """
    false = Counter()
    for seed in range(SEEDS):
        shape = {"n": (1000, 3000)[seed % 2], "accuracy": ((0.6, 0.9), (0.7, 0.9))[seed // 2 % 2]}
        planted = make_votes(m=m, k=k, coverage=coverage, random_state=seed, **shape)
        false["votes"] += bool(alarms(model(classes=k), planted.votes) - {"not_converged"})
        false["gold"] += bool(alarms(model(classes=k), planted.votes, planted.y) - {"not_converged"})
    assert false["votes"] == 0
    assert false["gold"] <= 1


@pytest.mark.slow
@pytest.mark.parametrize("k", [2, 3, 4])
def test_on_clean_votes_the_default_model_holds_back_and_a_hundred_gold_rows_end_that(k):
    """Labels that are right more often than they say are no fault: a note, true by the gold, that says why.

    Without gold LabelModel was 5 to 14 points less sure than right on all 60 draws. With 100 gold rows 58 of 60 have
    nothing to note; Dawid and Skene's model, which takes the votes as independent, has nothing to note on any.
    """
    noted = Counter()
    for seed in range(SEEDS):
        planted = make_votes(n=2000, m=(5, 10)[seed % 2], k=k, coverage=0.5, accuracy=(0.7, 0.9), random_state=seed)
        votes, told, rest = planted.votes, np.full(2000, -1), planted.y.copy()
        told[:100], rest[:100] = planted.y[:100], -1
        model = fitted(LabelModel(classes=k), votes)
        found = [one for one in model.diagnose(votes, rest) if one.code != "not_converged"]
        assert {(one.code, one.severity) for one in found} <= {("underconfident", "note")}
        assert all("LabelModel holds back by design" in one.what for one in found)
        covered = (votes >= 0).any(axis=1).to_numpy() & (rest >= 0)
        probs = model.predict_proba(votes)[covered]
        gap = (probs.argmax(axis=1) == rest[covered]).mean() - probs.max(axis=1).mean()
        assert len(found) == (gap >= 0.05)
        noted["default"] += len(found)
        noted["gold"] += "underconfident" in fitted(LabelModel(classes=k), votes, told).diagnose(votes, rest).codes
        noted["dawid"] += "underconfident" in fitted(DawidSkene(classes=k), votes).diagnose(votes, rest).codes
    assert noted["default"] >= SEEDS - 2
    assert noted["gold"] <= 2
    assert noted["dawid"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["unipolar", "crowd"])
@pytest.mark.parametrize("k", [2, 3, 4])
def test_clean_rules_and_crowds_raise_no_alarm(kind, k):
    """Labeling functions that vote for one class only are how most are written, and no fault."""
    for seed in range(SEEDS):
        planted = make_votes(n=3000, m=20, k=k, kind=kind, coverage=0.2, accuracy=(0.7, 0.9), random_state=seed)
        assert alarms(LabelModel(classes=k), planted.votes, planted.y) <= {"not_converged"}


def rules(seed, k=2, **more):
    return make_votes(**{"n": 3000, "m": 10, "k": k, "kind": "unipolar", "coverage": 0.2} | more, random_state=seed)


def clean(seed, k=2, **more):
    return make_votes(**{"n": 2000, "m": 8, "k": k, "coverage": 0.4, "accuracy": (0.7, 0.9)} | more, random_state=seed)


def collapsed(seed, k):
    planted = rules(seed, k=k, class_balance=[0.9, *[0.1 / (k - 1)] * (k - 1)], coverage=(0.01, 0.05))
    return DawidSkene(classes=k), planted.votes, None


def wrong_function(seed, k):
    planted = clean(seed, k, m=5, accuracy=[0.85] * 4 + [0.4 / k])
    return LabelModel(classes=k), planted.votes, None


def overruled_copies(seed, k):
    planted = clean(seed, k, m=12, groups=[Group(6, 1.0, accuracy=1 / k + 0.05, coverage=0.6)])
    return LabelModel(classes=k), planted.votes, None


def copies(seed, k):
    return DawidSkene(classes=k), clean(seed, k, groups=[Group(3, 1.0)]).votes, None


def disjoint(seed, k):
    votes = clean(seed, k, m=4, coverage=0.9).votes.to_numpy().copy()
    votes[np.arange(len(votes))[:, np.newaxis] % 4 != np.arange(4)] = -1
    return LabelModel(classes=k), votes, None


def apart(seed, k):
    votes = clean(seed, k).votes
    votes.iloc[:500, 1:] = -1
    votes.iloc[500:, 0] = -1
    return LabelModel(classes=k), votes, None


def two_functions(seed, k):
    return LabelModel(classes=k), clean(seed, k, m=2).votes, None


def sparse(seed, k):
    return LabelModel(classes=k), clean(seed, k, n=20_000, coverage=0.05).votes, None


def class_without_votes(seed, k):
    return LabelModel(classes=k + 1), clean(seed, k).votes, None


def dead_function(seed, k):
    return LabelModel(classes=k), clean(seed, k).votes.assign(typo=-1), None


def lost_class(seed, k):
    """One function alone knows the last class; for the others it is another's."""
    votes = clean(seed, k, n=3000).votes
    votes.iloc[:, 1:] = votes.iloc[:, 1:].where(votes.iloc[:, 1:] != k - 1, 0)
    return DawidSkene(classes=k), votes, None


def stopped(seed, k):
    return DawidSkene(classes=k, max_iter=2), clean(seed, k).votes, None


def too_sure(seed, k):
    planted = clean(seed, k, groups=[Group(6, 0.9, accuracy=0.6)], coverage=0.8)
    return DawidSkene(classes=k), planted.votes, planted.y


def wrongly_pinned(seed, k):
    planted = clean(seed, k, accuracy=[0.55] + [0.8] * 7)
    return LabelModel(classes=k, fixed_accuracy={"lf_0": 0.95}), planted.votes, planted.y


def worse_than_majority(seed, k):
    planted = rules(seed, k=k)
    return DawidSkene(classes=k), planted.votes, planted.y


def noise(seed, k):
    """Each votes for any class, as a die has it."""
    rng = np.random.default_rng(seed)
    n, m, coverage = ((1000, 3, 0.8), (2000, 8, 0.4), (3000, 30, 0.2))[seed % 3]
    votes = np.where(rng.random((n, m)) < coverage, rng.integers(0, k, (n, m)), -1)
    return (LabelModel, DawidSkene)[seed % 2](classes=k), votes, None


def noisy_rules(seed, k):
    """Each votes for its one class, on rows that have nothing to do with it; two more copy the first."""
    rng = np.random.default_rng(seed)
    m = (8, 30)[seed % 2]
    votes = np.where(rng.random((3000, m)) < 0.2, np.arange(m) % k, -1)
    return (LabelModel, DawidSkene)[seed // 2 % 2](classes=k), np.column_stack([votes, votes[:, 0], votes[:, 0]]), None


def silent_on_one_class(seed, k):
    planted = clean(seed, k)
    votes = planted.votes.where(
        (planted.y != 1)[:, np.newaxis] | (np.random.default_rng(seed).random((2000, 8)) < 0.1), -1
    )
    return LabelModel(classes=k), votes, planted.y


@pytest.mark.slow
@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("collapse", collapsed),
        ("worse_than_chance", wrong_function),
        ("far_from_majority", overruled_copies),
        ("dependence", copies),
        ("too_little_overlap", disjoint),
        ("unidentified", apart),
        ("too_few_functions", two_functions),
        ("uncovered_rows", sparse),
        ("silent_class", class_without_votes),
        ("silent_function", dead_function),
        ("agree_by_chance", noise),
        ("agree_by_chance", noisy_rules),
        ("class_prior_at_bound", lost_class),
        ("not_converged", stopped),
        ("overconfident", too_sure),
        ("accuracy_off", wrongly_pinned),
        ("below_majority", worse_than_majority),
        ("uncovered_class", silent_on_one_class),
    ],
)
def test_each_planted_fault_raises_its_alarm(code, fault, k):
    """Nineteen of twenty draws at least: a fault that is there is said. Votes that are noise were named on all 120."""
    if (code, k) == ("class_prior_at_bound", 2):
        pytest.skip("of two classes, to lose one is to collapse")
    found = 0
    for seed in range(SEEDS):
        model, votes, y = fault(seed, k)
        found += code in alarms(model, votes, y)
    assert found >= SEEDS - 1, f"{found} of {SEEDS}"
