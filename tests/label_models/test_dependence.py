"""Copies and groups: found with few false alarms, and counted once by the default model."""

from __future__ import annotations

import numpy as np
import pytest

from weaklab import metrics
from weaklab.analysis import dependencies
from weaklab.datasets import Group, make_votes
from weaklab.exceptions import ClassError, ParameterError
from weaklab.label_models import LabelModel, MajorityVote


def accuracy(planted, model):
    """Expected accuracy on rows that have a vote."""
    probs = model.fit(planted.votes).predict_proba(planted.votes)
    return metrics.expected_accuracy(planted.y, probs, where=(planted.votes >= 0).any(axis=1).to_numpy())


INDEPENDENT = {
    "full": {"kind": "full"},
    "imbalanced": {"kind": "full", "class_balance": [0.97, 0.03]},
    "hard rows": {"kind": "full", "hard": 0.3},
    "class-dependent abstention": {"kind": "full", "class_dependence": 1.0},
    "five classes": {"kind": "full", "k": 5},
    "unipolar": {"kind": "unipolar"},
    "crowd": {"kind": "crowd", "m": 40, "k": 3},
}


@pytest.mark.parametrize("kind", INDEPENDENT)
def test_independent_functions_are_left_alone(kind):
    """What hard rows, rare classes and confusions add to all pairs alike is no group: over ten draws, labeling
    functions lose less than one vote in a hundred of their worth."""
    worth = []
    for seed in range(10):
        planted = make_votes(**{"n": 5000, "m": 12, "k": 2, "coverage": 0.3} | INDEPENDENT[kind], random_state=seed)
        worth.append(LabelModel().fit(planted.votes).vote_worth_.mean())
    assert np.mean(worth) > 0.99


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("copied", [0.8, 1.0])
def test_planted_groups_are_found_whole_and_nothing_else(k, copied):
    """All pairs of a planted group are found, and at most one pair in twenty that are found is another."""
    right, wrong = 0, 0
    for seed in range(5):
        groups = [Group(4, copied, accuracy=0.6, coverage=0.4)]
        planted = make_votes(n=8000, m=12, k=k, coverage=0.4, groups=groups, random_state=seed)
        table = dependencies(planted.votes)
        table = table[table["strength"] > 0]
        inside = table["first"].isin(planted.groups[0]) & table["second"].isin(planted.groups[0])
        right, wrong = right + int(inside.sum()), wrong + int((~inside).sum())
    assert right == 5 * 6
    assert wrong <= 0.05 * (right + wrong)


def test_false_discoveries_keep_to_their_rate():
    """Among independent labeling functions every discovery is false: no more than a twentieth of the draws has one,
    give or take three standard errors of 60 draws."""
    draws = 60
    alarms = [
        len(dependencies(make_votes(n=2000, m=8, coverage=0.5, random_state=seed).votes)) > 0 for seed in range(draws)
    ]
    assert np.mean(alarms) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / draws)


@pytest.mark.parametrize("kind", ["full", "unipolar"])
@pytest.mark.parametrize("weak", [False, True])
def test_ten_copies_count_as_one(kind, weak):
    """Whoever pastes a labeling function ten times changes the labels by less than a point of accuracy."""
    differences = []
    for seed in range(5):
        planted = make_votes(
            n=5000, m=8, kind=kind, coverage=0.25, accuracy=[0.58 if weak else 0.8] + [0.75] * 7, random_state=seed
        )
        once = planted.votes
        copies = once.assign(**{f"copy_{i}": once["lf_0"] for i in range(10)})
        where = (once >= 0).any(axis=1).to_numpy()
        scores = [
            metrics.expected_accuracy(planted.y, LabelModel().fit(votes).predict_proba(votes), where=where)
            for votes in (once, copies)
        ]
        differences.append(abs(scores[1] - scores[0]))
    assert np.mean(differences) < 0.01


def test_two_groups_of_copies_do_not_outvote_the_rest():
    """The adverse case of a weak, wide group beside a second one: majority vote is 8 points and more behind."""
    gains, scores = [], []
    for seed in range(5):
        groups = [Group(5, 0.8, accuracy=0.56, coverage=0.3), Group(5, 0.8)]
        planted = make_votes(n=20_000, m=20, coverage=0.2, groups=groups, class_dependence=0.5, random_state=seed)
        ours = accuracy(planted, LabelModel())
        gains.append(ours - accuracy(planted, MajorityVote()))
        scores.append(ours)
    assert np.mean(scores) > 0.78
    assert np.mean(gains) > 0.05
    assert accuracy(planted, LabelModel(dependence="ignore")) < accuracy(planted, LabelModel())


def test_four_noisy_copies_of_a_weak_function_do_no_harm():
    """The case that an average of tempered models loses to majority vote by 3.5 points without a safeguard."""
    for seed in range(3):
        groups = [Group(5, 0.8, accuracy=0.56, coverage=0.45)]
        planted = make_votes(n=8000, m=12, coverage=0.3, groups=groups, random_state=seed)
        assert accuracy(planted, LabelModel()) > accuracy(planted, MajorityVote())


def test_declared_groups_are_worth_one_vote():
    """A user who knows that functions share a source says so; by name, and checked."""
    votes = make_votes(n=2000, m=6, coverage=0.5, random_state=3).votes
    model = LabelModel(groups=[["lf_1", "lf_4"]]).fit(votes)
    assert model.vote_worth_[[1, 4]].max() < 0.75
    assert model.vote_worth_[[0, 2, 3, 5]].min() == 1
    assert [1, 4] in model.chosen_["dependent groups"]
    for groups, message in (
        ([["lf_1", "lf_9"]], "no labeling function 'lf_9'"),
        ([["lf_1"]], "two or more"),
        ([["lf_1", "lf_2"], ["lf_2", "lf_3"]], "'lf_2' stands in more than one place"),
    ):
        with pytest.raises(ParameterError, match=message):
            LabelModel(groups=groups).fit(votes)


def test_the_table_needs_a_rate_and_survives_one_function():
    """One labeling function has no pairs; a rate is a share."""
    assert dependencies(np.array([[0], [1]])).empty
    with pytest.raises(ParameterError, match="fdr=2"):
        dependencies(np.array([[0, 1], [1, 1]]), fdr=2)


def test_the_table_takes_the_classes_of_a_model():
    """Names for the codes that a model knows are welcome; other classes than its own are a mistake, and so said."""
    votes = make_votes(n=200, m=4, random_state=0).votes
    model = LabelModel().fit(votes)
    assert dependencies(votes, model, classes=["ham", "spam"]).equals(dependencies(votes, model))
    with pytest.raises(ClassError, match="classes=3, and the model has"):
        dependencies(votes, model, classes=3)
