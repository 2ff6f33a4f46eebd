"""Thousands of classes: what holds where no table of pairs by classes is learned, and that it fits."""

from __future__ import annotations

import pickle
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from sklearn.base import clone

from weaklab.datasets import make_votes
from weaklab.exceptions import ParameterError
from weaklab.label_models import (
    EBCC,
    GLAD,
    IBCC,
    MACE,
    ContinuousModel,
    DawidSkene,
    LabelModel,
    MajorityVote,
    MatrixCompletion,
    OneCoin,
    PartialLabelModel,
    TemperedModel,
    TripletModel,
    WeightedVote,
    many_classes,
    members,
)
from weaklab.testing import laws_for

#: Those that need no table of pairs by classes.
TABLELESS = {
    "MajorityVote": MajorityVote(),
    "WeightedVote": WeightedVote(),
    "OneCoin": OneCoin(),
    "OneCoin, balance learned": OneCoin(class_balance="estimate"),
    "MACE": MACE(n_restarts=2),
    "TemperedModel": TemperedModel(),
    "TemperedModel, share": TemperedModel(class_prior="share"),
    "LabelModel": LabelModel(),
}
#: Those that the whole law book is run on once more; the others' rules are among theirs.
LAWFUL = ("MajorityVote", "OneCoin", "LabelModel")
#: Those whose rule is the same either way.
ALIKE = ("MajorityVote", "WeightedVote", "OneCoin", "OneCoin, balance learned", "MACE")


@pytest.fixture
def always_many(monkeypatch):
    """Any number of classes counts as many."""
    monkeypatch.setattr(many_classes, "MOST_CELLS", 0)


def draw(n, m, k, coverage, *, accuracy=(0.5, 0.9), popular=False, seed=0):
    """Sparse votes (n, m), stored as vote + 1, and the truth: Zipf's classes, errors even or as frequent as classes."""
    rng = np.random.default_rng(seed)
    balance = 1 / np.arange(1, k + 1)
    balance /= balance.sum()
    y = rng.choice(k, size=n, p=balance)
    parts = []
    for right in rng.uniform(*accuracy, size=m):
        rows = np.flatnonzero(rng.random(n) < coverage)
        wrong = rng.choice(k, size=len(rows), p=balance) if popular else (y[rows] + rng.integers(1, k, len(rows))) % k
        parts.append((rows, np.where(rng.random(len(rows)) < right, y[rows], wrong) + 1))
    rows, votes = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    columns = np.repeat(np.arange(m), [len(part[0]) for part in parts])
    return scipy.sparse.csr_array((votes.astype(np.int32), (rows, columns)), shape=(n, m)), y


def share_right(model, votes, y):
    """The share of right labels among rows with votes, ties in expectation."""
    rows = np.flatnonzero(np.diff(votes.indptr))
    q = model.predict_proba(votes[rows])
    tied = q >= q.max(axis=1, keepdims=True) - 1e-10
    return (tied[np.arange(len(rows)), y[rows]] / tied.sum(axis=1)).mean()


@pytest.mark.usefixtures("always_many")
@pytest.mark.parametrize(
    ("model", "law"),
    [
        pytest.param(TABLELESS[name], law, id=f"{name}: {rule}")
        for name in LAWFUL
        for rule, law in laws_for(TABLELESS[name])
        if rule != "thread_counts_agree"  # long, and tested where the kernels are
    ],
)
def test_the_laws_hold_without_a_table(model, law):
    """The law book, with every data set counting as one of many classes."""
    law(clone(model))


@pytest.mark.parametrize("name", ALIKE)
@pytest.mark.parametrize("k", [2, 7, 60])
def test_where_the_rule_is_the_same_so_is_the_result(monkeypatch, name, k):
    """Posteriors, accuracies and objective with and without a table agree to rounding, gold and weights included."""
    votes, y = draw(800, 12, k, 0.3)
    rng = np.random.default_rng(1)
    gold, weight = np.where(rng.random(800) < 0.1, y, -1), rng.uniform(0, 2, size=800)
    fitted = []
    for cells in (10**9, 0):
        monkeypatch.setattr(many_classes, "MOST_CELLS", cells)
        fitted.append(clone(TABLELESS[name]).set_params(classes=k).fit(votes, gold, sample_weight=weight))
    full, less = fitted
    assert (full._many_classes, less._many_classes) == (False, True)
    np.testing.assert_allclose(less.predict_proba(votes), full.predict_proba(votes), atol=1e-9)
    np.testing.assert_allclose(less.accuracies_, full.accuracies_, atol=1e-9)
    np.testing.assert_allclose(less.objective_path_, full.objective_path_, rtol=1e-9)
    np.testing.assert_allclose(less._class_counts, full._class_counts, atol=1e-7)


@pytest.mark.parametrize("kind", ["full", "unipolar"])
@pytest.mark.parametrize("class_balance", ["estimate", [0.3, 0.7]])
def test_of_two_classes_the_two_tempered_rules_are_one(monkeypatch, kind, class_balance):
    """With two classes, a wrong vote has one class to fall on: nothing is assumed, so nothing may change.
    What members tell of held-out votes is asked with few classes only."""
    monkeypatch.setattr(members, "LARGEST_TABLE", 0)
    monkeypatch.setattr(members, "DISTRUST", 0)
    votes = make_votes(n=1500, m=9, kind=kind, class_balance=[0.3, 0.7], coverage=0.25, random_state=3).votes
    model = LabelModel(class_balance=class_balance, prior_accuracy={"lf_0": 0.8}, fixed_accuracy={"lf_1": 0.75})
    fitted = []
    for cells in (10**9, 0):
        monkeypatch.setattr(many_classes, "MOST_CELLS", cells)
        fitted.append(clone(model).set_params(classes=2).fit(votes))
    full, less = fitted
    np.testing.assert_allclose(less.predict_proba(votes), full.predict_proba(votes), atol=1e-9)
    right, of_full = less._right_and_total(), full._right_and_total(full._pair_counts)  # not those of the appraisal
    np.testing.assert_allclose(right, of_full, atol=1e-6)
    np.testing.assert_allclose(less.class_prior_, full.class_prior_, atol=1e-12)
    np.testing.assert_allclose(less.objective_path_, full.objective_path_, atol=1e-9)


@pytest.mark.parametrize("popular", [False, True])
def test_with_sixty_classes_less_is_no_worse(monkeypatch, popular):
    """Where both rules can be had and votes on a row are few: no point below the full table, nor below the majority."""
    votes, y = draw(6000, 60, 60, 0.05, popular=popular)
    right = {"majority": share_right(MajorityVote(classes=60).fit(votes), votes, y)}
    for rule, cells in (("full", 10**9), ("less", 0)):
        monkeypatch.setattr(many_classes, "MOST_CELLS", cells)
        right[rule] = share_right(LabelModel(classes=60).fit(votes), votes, y)
    assert right["less"] >= max(right["full"], right["majority"]) - 0.01


def test_the_size_of_the_table_decides_and_not_its_form():
    """The rule knows pairs and classes only: sparse and dense votes go the same way."""
    assert not many_classes.are_many(pairs=100, k=10_000)
    assert many_classes.are_many(pairs=101, k=10_000)
    votes, _ = draw(1000, 20, 1461, 0.3)
    sparse, dense = (LabelModel(classes=1461).fit(form) for form in (votes, votes.toarray() - 1))
    assert sparse._many_classes
    assert sparse.chosen_["votes"].startswith("right or wrong")
    assert np.array_equal(sparse.predict_proba(votes[:50]), dense.predict_proba(votes[:50]))


@pytest.fixture(scope="module")
def fitted():
    """Models of 1,461 classes, with the votes and the truth."""
    votes, y = draw(4000, 30, 1461, 0.1, seed=2)
    gold = np.where(np.arange(4000) % 10 == 0, y, -1)
    return {name: clone(model).set_params(classes=1461).fit(votes, gold) for name, model in TABLELESS.items()}, votes, y


@pytest.mark.parametrize("name", TABLELESS)
def test_whatever_a_fitted_model_offers_works(fitted, name):
    """Accuracies, intervals, confusions, warnings, card, explanation, saving: all without a table."""
    models, votes, _ = fitted
    model = models[name]
    assert model._many_classes
    assert ((model.accuracies_ > 0) & (model.accuracies_ < 1)).all()
    low, high = model.accuracy_intervals_.T
    assert ((low <= model.accuracies_) & (model.accuracies_ <= high)).all()
    confusion = model.confusion_of(3)
    assert confusion.shape == (1461, 1462)
    np.testing.assert_allclose(confusion.sum(axis=1), 1, atol=1e-9)
    assert isinstance(model.warnings_, list)
    assert model._repr_html_().startswith("<")
    row = int(np.argmax(np.diff(votes.indptr)))
    q = model.predict_proba(votes[[row]])[0]
    if "explanations_add_up" not in model.law_exemptions:
        scores = np.exp(model.explain(votes[[row]]).drop(columns="vote").to_numpy(dtype=float).sum(axis=0))
        np.testing.assert_allclose(scores / scores.sum(), q, atol=1e-9)
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict_proba(votes[[row]])[0], q)
    silent = model.predict_proba(np.full((1, 30), -1))[0]
    assert np.array_equal(silent, model.class_prior_)


def test_accuracies_come_back(fitted):
    """The planted accuracies of labeling functions are learned, though no vote is seen more than a few times."""
    models, votes, y = fitted
    cast, row = votes.tocsc(), np.split(votes.tocsc().indices, votes.tocsc().indptr[1:-1])
    truth = [(cast.data[cast.indptr[j] : cast.indptr[j + 1]] - 1 == y[row[j]]).mean() for j in range(30)]
    for name in ("OneCoin", "LabelModel"):
        np.testing.assert_allclose(models[name].accuracies_, truth, atol=0.1)
        assert np.corrcoef(models[name].accuracies_, truth)[0, 1] > 0.9


def test_gold_rows_set_the_confidence():
    """A temperature is fitted to gold rows, moves no decision on them, and brings log-loss down."""
    votes, y = draw(4000, 30, 1461, 0.07, seed=3)
    plain, told = LabelModel(classes=1461).fit(votes), LabelModel(classes=1461).fit(votes, np.where(y % 2, y, -1))
    rows = np.flatnonzero((y % 2 == 0) & (np.diff(votes.indptr) > 0))
    one, other = plain.predict_proba(votes[rows]), told.predict_proba(votes[rows])
    at = np.arange(len(rows)), y[rows]
    assert np.log(np.maximum(other[at], 1e-12)).mean() > np.log(np.maximum(one[at], 1e-12)).mean()
    assert told.chosen_["temperature"] != 1.0


def test_many_classes_are_no_copies():
    """Rare classes that a labeling function misses by chance do not make it one that votes for a few classes only."""
    votes, _ = draw(3000, 12, 1461, 0.9, accuracy=(0.8, 0.95))
    assert LabelModel(classes=1461).fit(votes).vote_worth_.min() == 1
    copied = scipy.sparse.hstack([votes, votes[:, [0]], votes[:, [0]]], format="csr")
    model = LabelModel(classes=1461).fit(copied)
    assert model.chosen_["dependent groups"] == [[0, 12, 13]]
    np.testing.assert_allclose(model.vote_worth_[[0, 12, 13]], 1 / 3, atol=0.05)


@pytest.mark.parametrize(
    "model",
    [DawidSkene(), IBCC(), EBCC(), GLAD(), MatrixCompletion(), TripletModel(), PartialLabelModel(), ContinuousModel()],
)
def test_models_that_need_the_table_say_so(model):
    """An error with the size of the table and the models to take, before memory is asked for."""
    votes, _ = draw(8000, 40, 1461, 0.8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ParameterError, match=r"by 1,461 classes, each of 0\.\d GB.*LabelModel, OneCoin"):
        clone(model).set_params(classes=1461).fit(votes)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


@pytest.mark.parametrize("ties", ["lowest", "random", "hash", "abstain"])
def test_predictions_in_parts_are_those_of_the_whole(monkeypatch, ties):
    """Rows are labelled some at a time, and ties are broken as if they all were there."""
    votes, _ = draw(700, 5, 9, 0.5)
    model = MajorityVote(classes=9, random_state=4).fit(votes)
    whole = model.predict(votes, ties=ties)
    monkeypatch.setattr("weaklab.label_models.base.CELLS_AT_A_TIME", 9 * 100)
    assert np.array_equal(model.predict(votes, ties=ties), whole)


FULL_SIZE = """
import re, sys, time
from pathlib import Path
import numpy as np
from tests_many_classes import draw
from weaklab import label_models

def peak():  # of this process alone: ru_maxrss starts at what its parent held
    return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])

votes, y = draw(100_000, 200, 1461, 0.1)
model = getattr(label_models, sys.argv[1])(classes=1461)
model.fit(votes[:1000]).predict(votes[:1000])  # compiles
start = time.process_time()
model.fit(votes)
fitted = time.process_time()
right = (model.predict(votes) == y).mean()
predicted = time.process_time()
before = peak()
model.predict_proba(votes)
after = peak()
print(fitted - start, predicted - fitted, time.process_time() - predicted, before / 1e6, after / 1e6, right)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read from /proc")
def test_a_hundred_thousand_rows_of_1461_classes(tmp_path):
    """200 labeling functions of Zipf's 1,461 classes: seconds, and little more memory than the probabilities take."""
    (tmp_path / "tests_many_classes.py").write_bytes(Path(__file__).read_bytes())
    right = {}
    for name, seconds in (("MajorityVote", 10), ("WeightedVote", 10), ("OneCoin", 60), ("LabelModel", 60)):
        command = [sys.executable, "-c", FULL_SIZE, name]
        out = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
        fit, predict, proba, before, after, right[name] = map(float, out.split())
        figures = (
            f"fit {fit:.1f} s, predict {predict:.1f} s, predict_proba {proba:.1f} s, {before:.2f} and {after:.2f} GB"
        )
        print(f"{name}: {figures}")  # noqa: T201 (this is what the experiment is for)
        assert fit + proba < seconds
        assert before < 1.0
        assert after < 2.0
    assert right["LabelModel"] >= right["MajorityVote"]


@pytest.mark.slow
@pytest.mark.parametrize("popular", [False, True])
def test_three_votes_on_a_row_of_1461_classes(popular):
    """Where votes are few, and errors even or as frequent as classes, more rows are right than by majority."""
    votes, y = draw(100_000, 200, 1461, 0.015, popular=popular)
    some = slice(20_000)
    right = {
        name: share_right(clone(TABLELESS[name]).set_params(classes=1461).fit(votes), votes[some], y[some])
        for name in ("MajorityVote", "WeightedVote", "OneCoin", "LabelModel")
    }
    print(popular, right)  # noqa: T201
    assert right["LabelModel"] >= right["MajorityVote"]
    assert right["OneCoin"] >= right["MajorityVote"]
