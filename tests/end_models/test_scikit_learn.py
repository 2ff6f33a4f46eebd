"""scikit-learn's own checks, and the company that estimators keep there."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import replace
from enum import Enum

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from weaklab.end_models import (
    EndModel,
    EndRegressor,
    JointModel,
    RandomFeatureClassifier,
    RandomFeatureRegressor,
    SoftCrossEntropy,
    SoftLabelClassifier,
)
from weaklab.exceptions import FrameError
from weaklab.votes import SoftLabels

ESTIMATORS = [
    EndModel(hidden=None, max_epochs=10),
    EndModel(hidden=8, max_epochs=12, learning_rate=0.02),
    SoftLabelClassifier(LogisticRegression()),
    RandomFeatureClassifier(features=50),
    RandomFeatureRegressor(features=50),
]
BY_NAME = "the check gives y by name; the second argument of fit is called soft, as the library's contract says"
ONE_COPY = "leaving one out leaves one copy out, so the penalty differs; with a given penalty they are equal, see there"
EXPECTED = {
    "check_fit_score_takes_y": BY_NAME,
    "check_sample_weight_equivalence_on_dense_data": BY_NAME + "; the equivalence is tested below",
    "check_sample_weight_equivalence_on_sparse_data": BY_NAME + "; the equivalence is tested below",
}


def _expected(estimator):
    if isinstance(estimator, RandomFeatureRegressor):
        return {check: ONE_COPY for check in EXPECTED if "sample_weight" in check}
    return EXPECTED


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=_expected)
def test_keeps_the_rules_of_scikit_learn(estimator, check):
    """Whatever takes a classifier of scikit-learn shall take these."""
    check(estimator)


def _two_groups(rng, n=200):
    X = rng.normal(size=(n, 3))
    y = (X[:, 0] + 0.3 * rng.normal(size=n) > 0).astype(int)
    soft = np.where(y[:, None] == [0, 1], 0.85, 0.15)  # (n, 2)
    return X, y, soft


def test_a_weight_of_two_is_a_row_given_twice_for_a_classifier_trained_to_the_end(rng):
    """Weights multiply the loss; a solver that converges cannot tell them from repeated rows."""
    X, _, soft = _two_groups(rng)
    weight = rng.integers(0, 3, len(X))
    inner = LogisticRegression(tol=1e-10, max_iter=10_000)
    weighted = SoftLabelClassifier(inner).fit(X, soft, sample_weight=weight)
    repeated = SoftLabelClassifier(inner).fit(np.repeat(X, weight, axis=0), np.repeat(soft, weight, axis=0))
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-6)


def test_a_weight_of_two_is_nearly_a_row_given_twice_for_the_end_model(rng):
    """Batches differ, so the bits do; but a full batch without dropout or hold-out follows the same gradient."""
    X, _, soft = _two_groups(rng, 60)
    weight = np.tile([1, 2], 30)
    model = EndModel(hidden=None, validation_fraction=0, batch_size=200, max_epochs=300, weight_decay=0)
    X = X - np.average(X, axis=0, weights=weight)  # both standardise by the rows they see, so give both the same scale
    weighted = model.fit(X, soft, sample_weight=weight).predict_proba(X)
    repeated = clone(model).fit(np.repeat(X, weight, axis=0), np.repeat(soft, weight, axis=0)).predict_proba(X)
    np.testing.assert_allclose(weighted, repeated, atol=0.01)


@pytest.mark.parametrize("kind", ["end model", "soft label classifier"])
def test_survives_pickle_clone_and_deepcopy_after_fit(rng, kind):
    """A fitted model travels between processes; a clone starts afresh with the same parameters."""
    X, _, soft = _two_groups(rng)
    model = EndModel(hidden=4, max_epochs=3) if kind == "end model" else SoftLabelClassifier(LogisticRegression())
    model.fit(X, soft)
    expected = model.predict_proba(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), expected)
    np.testing.assert_array_equal(copy.deepcopy(model).predict_proba(X), expected)
    fresh = clone(model)
    assert not hasattr(fresh, "classes_")
    np.testing.assert_array_equal(fresh.fit(X, soft).predict_proba(X), expected)


def test_works_in_pipelines_cross_validation_and_grid_search(rng):
    """These call fit and score by position, with hard labels and with soft ones."""
    X, y, soft = _two_groups(rng)
    model = EndModel(hidden=None, max_epochs=5)
    piped = make_pipeline(StandardScaler(), model).fit(X, soft)
    assert piped.score(X, y) > 0.8
    assert cross_val_score(model, X, y, cv=3).mean() > 0.8
    search = GridSearchCV(model, {"learning_rate": [1e-5, 0.05]}, cv=3).fit(X, soft)
    assert search.best_params_ == {"learning_rate": 0.05}
    chosen = GridSearchCV(model, {"which": ["all", "covered"], "weight": ["uniform", "confidence"]}, cv=2).fit(X, soft)
    assert chosen.best_score_ > 0.6


@pytest.mark.parametrize("soft_labels", [False, True])
def test_a_classifier_in_a_soft_label_classifier_does_so_too(rng, soft_labels):
    """Its inner arguments are reached by name, with hard labels and with soft ones."""
    X, y, soft = _two_groups(rng)
    given = soft if soft_labels else y
    model = SoftLabelClassifier(LogisticRegression())
    assert make_pipeline(StandardScaler(), model).fit(X, given).score(X, y) > 0.8
    assert cross_val_score(model, X, given, cv=3).mean() > (0.6 if soft_labels else 0.8)
    search = GridSearchCV(model, {"estimator__C": [1e-9, 1.0]}, cv=3, scoring="neg_log_loss").fit(X, y)
    assert search.best_params_ == {"estimator__C": 1.0}


@pytest.mark.parametrize(
    "model", [EndModel(), SoftLabelClassifier(LogisticRegression()), EndRegressor(), JointModel()], ids=repr
)
def test_every_argument_can_be_got_set_and_cloned(model):
    """What the constructor takes is kept as it is until fit, whatever it is."""
    arguments = set(inspect.signature(type(model).__init__).parameters) - {"self"}
    assert set(model.get_params(deep=False)) == arguments
    for name in arguments - {"estimator"}:
        value = object()
        assert clone(model).set_params(**{name: value}).get_params(deep=False)[name] is value
    with pytest.raises(ValueError, match="Invalid parameter 'lerning_rate'"):
        model.set_params(lerning_rate=1)


def _named(kind, X, y, soft, rng):
    names = ["ham", "spam"]
    if kind == "joint model":
        votes = np.where(rng.random((len(y), 3)) < 0.85, y[:, None], 1 - y[:, None])
        return JointModel(classes=names, hidden=None).fit(votes, X)
    if kind == "end model":
        return EndModel(hidden=None, classes=names).fit(X, soft)
    return SoftLabelClassifier(LogisticRegression(), classes=names).fit(X, soft)


@pytest.mark.parametrize("kind", ["end model", "soft label classifier", "joint model"])
def test_decisions_probabilities_and_names_say_the_same(rng, kind):
    """The log-odds of the second class are those of its probability, calibrated or not, and its name is predicted."""
    X, y, soft = _two_groups(rng, 600)
    model = _named(kind, X, y, soft, rng)
    assert model.classes_.tolist() == ["ham", "spam"]
    probs = model.predict_proba(X)
    np.testing.assert_allclose(probs.sum(axis=1), 1)
    np.testing.assert_allclose(np.log(probs[:, 1] / probs[:, 0]), model.decision_function(X), rtol=1e-4, atol=1e-6)
    assert model.predict(X).tolist() == ["spam" if odds > 0 else "ham" for odds in model.decision_function(X)]
    assert model.score(X, np.where(y, "spam", "ham")) > 0.8


def test_probabilities_are_calibrated_towards_the_soft_labels(rng):
    """A network that is far too sure is brought back by one number; without, its probabilities stay as sure."""
    X, y, soft = _two_groups(rng, 2000)
    options = {"learning_rate": 0.05, "weight_decay": 0.0, "patience": 50, "max_epochs": 15}
    losses = {}
    for calibrate in (False, True):
        model = EndModel(calibrate=calibrate, loss=_too_sure, **options).fit(X[:1000], soft[:1000])
        losses[calibrate] = -(soft[1000:] * np.log(model.predict_proba(X[1000:]))).sum(axis=1).mean()
    assert model.temperature_ > 1.5
    assert losses[True] < losses[False] - 0.05
    assert model.score(X[1000:], y[1000:]) > 0.8


def _too_sure(step):
    """A loss that sees logits a third as large as they are."""
    return SoftCrossEntropy()(replace(step, logits=step.logits / 3))


def test_feature_names_are_those_of_the_columns_used(rng):
    """scikit-learn's tools read them to label what they show."""
    frame = pd.DataFrame({"text": ["a word", "b word"] * 10, "age": range(20), "label": ["x", "y"] * 10})
    model = EndModel(column="text", max_epochs=1).fit(frame, frame["label"])
    assert model.feature_names_in_.tolist() == ["text"]
    assert model.n_features_in_ == 1
    model.fit(frame["text"], frame["label"])
    assert not hasattr(model, "feature_names_in_")
    both = EndModel(columns=["age", "text"], max_epochs=1).fit(frame, frame["label"])
    assert both.feature_names_in_.tolist() == ["age", "text"]


class Mail(Enum):
    """Classes as members of an Enum."""

    SPAM = "s"
    HAM = "h"


@pytest.mark.parametrize("names", [[Mail.HAM, Mail.SPAM], ["other", 7], [("a", 1), ("b", 2)]], ids=repr)
@pytest.mark.parametrize("kind", ["end model", "soft label classifier"])
def test_classes_may_have_names_that_cannot_be_sorted(rng, kind, names):
    """Label models allow them, so the classifiers behind them must: fit, predict and score, hard labels and soft."""
    X, y, soft = _two_groups(rng)
    labels = [names[code] for code in y]
    if kind == "end model":
        model = EndModel(hidden=None, max_epochs=5, classes=names)
    else:
        model = SoftLabelClassifier(LogisticRegression(), classes=names)
    for given in (labels, soft):
        model.fit(X, given)
        assert model.classes_.tolist() == names
        assert set(model.predict(X).tolist()) == set(names)
        assert model.score(X, labels) > 0.8
        assert model.predict_proba(X).shape == (len(X), 2)
    assert model.fit(X, [names[1]] * len(X) if kind == "end model" else labels).predict(X[:1])[0] in names


def test_columns_that_were_not_named_keep_their_order(rng):
    """scikit-learn's rule for frames; the error says how to have columns found by name instead."""
    frame = pd.DataFrame(rng.normal(size=(50, 2)), columns=["a", "b"])
    y = (frame["a"] > 0).astype(int)
    turned = frame[["b", "a"]].assign(c=1.0)
    model = EndModel(hidden=None, max_epochs=5).fit(frame, y)
    for other in (frame[["b", "a"]], turned):
        with pytest.raises(FrameError, match=r"(?s)feature names should match.*name them at fit: columns="):
            model.predict(other)
    named = EndModel(columns=["a", "b"], hidden=None, max_epochs=5).fit(frame, y)
    np.testing.assert_array_equal(named.predict_proba(turned), named.predict_proba(frame))


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("model", [EndModel(hidden=None), SoftLabelClassifier(LogisticRegression())])
def test_soft_labels_are_split_with_all_their_parts(model, hard):
    """Weight, gold and index of a fold's rows, in training and in scoring, are those of these rows.

    Rows of weight 0 have the opposite soft label, and gold overrules the soft labels of others: were either lost, or
    of other rows, the scores would be far below.
    """
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 3)), columns=list("abc"), index=np.arange(300) + 1000)
    y = (X["a"] > 0).to_numpy(dtype=int)
    sure = 0.0 if hard else 0.05
    probs = np.where(y[:, None] == 1, [sure, 1 - sure], [1 - sure, sure])
    weight, gold = np.ones(300), np.full(300, -1)
    weight[:100] = 0
    gold[100:150] = y[100:150]
    probs[:150] = 1 - probs[:150]
    soft = SoftLabels(probs, weight, gold, ["no", "yes"], X.index)
    scores = cross_val_score(model, X, soft, cv=KFold(3, shuffle=True, random_state=0))
    assert len(scores) == 3
    assert scores.min() > 0.85
    folds = list(StratifiedKFold(3).split(X, soft.codes()))
    search = GridSearchCV(model, {"gold_weight": [None, 2.0]}, cv=folds).fit(X, soft)
    assert search.best_score_ > 0.85
    assert search.score(X, soft) > 0.85
    train, test, soft_train, soft_test = train_test_split(X, soft, random_state=0)
    assert soft_train.index.equals(train.index)
    assert soft_test.index.equals(test.index)
    assert soft_test.gold.tolist() == gold[test.index - 1000].tolist()
    assert clone(model).fit(train, soft_train).score(test, soft_test) > 0.85
