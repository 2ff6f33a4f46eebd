"""Rows with any number of classes: targets that need not sum to 1, indicators out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from weaklab.end_models import EndModel, SoftLabelClassifier
from weaklab.exceptions import ParameterError, SoftLabelError
from weaklab.votes import SoftLabels


def _topics(rng, n=600):
    """Three classes, each by a column of its own; soft targets of 0.1 and 0.9 with a tenth of the cells swapped."""
    X = rng.normal(size=(n, 4))
    truth = (X[:, :3] > [0, 0.5, -0.5]).astype(int)
    said = np.where(rng.random(truth.shape) < 0.9, truth, 1 - truth)
    return X, truth, np.where(said == 1, 0.9, 0.1)


@pytest.mark.parametrize(
    "model",
    [
        EndModel(hidden=None, task="multilabel", learning_rate=0.05),
        EndModel(hidden=20, task="multilabel", learning_rate=0.02),
        SoftLabelClassifier(LogisticRegression(), task="multilabel"),
    ],
    ids=["linear", "hidden", "scikit-learn"],
)
def test_classes_are_learnt_on_their_own(model, rng):
    """Each class is a question of its own: rows have none, one or all of them."""
    X, truth, soft = _topics(rng)
    model = clone(model).fit(X[:400], pd.DataFrame(soft[:400], columns=["a", "b", "c"]))
    assert model.classes_.tolist() == ["a", "b", "c"]
    predicted = model.predict(X[400:])
    assert predicted.shape == (200, 3)
    assert set(np.unique(predicted)) == {0, 1}
    assert len(np.unique(predicted.sum(axis=1))) == 4
    assert (predicted == truth[400:]).mean() > 0.9
    assert model.score(X[400:], truth[400:]) == pytest.approx((predicted == truth[400:]).mean())
    probs, scores = model.predict_proba(X[400:]), model.decision_function(X[400:])
    assert probs.shape == scores.shape == (200, 3)
    np.testing.assert_allclose(probs, 1 / (1 + np.exp(-scores)), atol=1e-6)
    np.testing.assert_array_equal(predicted, probs >= 0.5)
    assert not np.allclose(probs.sum(axis=1), 1, atol=0.1)


def test_the_optimum_is_the_mean_of_the_targets():
    """Rows alike in all but their targets: the probability of each class is what they say on average."""
    X = np.ones((400, 1))
    soft = np.tile([[1.0, 0.2], [0.5, 0.0]], (200, 1))
    model = EndModel(hidden=None, task="multilabel", max_epochs=200, learning_rate=0.05, patience=20, tolerance=0)
    np.testing.assert_allclose(model.fit(X, soft).predict_proba(X[:1]), [[0.75, 0.1]], atol=0.02)


def test_keeps_company_with_scikit_learn(rng):
    """Pipelines, cross-validation and searches with targets of two dimensions."""
    X, truth, _ = _topics(rng, 300)
    model = EndModel(hidden=None, task="multilabel", max_epochs=8, learning_rate=0.05)
    assert make_pipeline(StandardScaler(), model).fit(X, truth).score(X, truth) > 0.9
    assert cross_val_score(model, X, truth, cv=3).mean() > 0.9
    search = GridSearchCV(model, {"learning_rate": [1e-6, 0.05]}, cv=2).fit(X, truth)
    assert search.best_params_ == {"learning_rate": 0.05}


def test_targets_come_in_several_forms(rng):
    """Indicators dense and sparse, SoftLabels, declared names; one class is allowed, as no class has to exclude."""
    X, truth, _ = _topics(rng, 60)
    model = EndModel(hidden=None, task="multilabel", max_epochs=3)
    expected = model.fit(X, truth).predict_proba(X)
    np.testing.assert_array_equal(clone(model).fit(X, sp.csr_array(truth)).predict_proba(X), expected)
    named = clone(model).set_params(classes=["x", "y", "z"]).fit(X, truth)
    np.testing.assert_array_equal(named.predict_proba(X), expected)
    assert named.classes_.tolist() == ["x", "y", "z"]
    assert clone(model).fit(X, truth[:, :1]).predict(X).shape == (60, 1)
    soft = SoftLabels([[0.9, 0.1]] * 60, weight=[1, 0] * 30)
    assert clone(model).fit(X, soft).fit_report_.n_trained == 30


@pytest.mark.parametrize(
    "model",
    [
        EndModel(hidden=None, task="multilabel", learning_rate=0.05),
        SoftLabelClassifier(LogisticRegression(), task="multilabel"),
    ],
    ids=["end model", "soft label classifier"],
)
def test_rows_of_soft_labels_with_gold_count_as_known(model, rng):
    """Votes say the opposite: gold goes before them, and where there are none it has a weight of its own."""
    X = rng.normal(size=(200, 2))
    y = (X[:, 0] > 0).astype(int)
    wrong = SoftLabels(np.eye(2)[1 - y] * 0.8 + 0.1, weight=np.arange(200) % 2, gold=y)
    fitted = clone(model).fit(X, wrong)
    assert fitted.score(X, np.eye(2)[y]) > 0.9
    if isinstance(fitted, EndModel):
        assert fitted.fit_report_.n_gold == 200
        assert "task='multilabel' there is no gold-only baseline" in str(fitted.fit_report_)
    assert clone(model).fit(X, wrong.replace(gold=None)).score(X, np.eye(2)[y]) < 0.1


def test_the_report_tells_the_loss_and_no_agreement(rng):
    """There is no most probable class to agree with."""
    X, _, soft = _topics(rng)
    report = EndModel(hidden=None, task="multilabel", max_epochs=3).fit(X, soft).fit_report_
    assert 0 < report.held_out_loss < 3 * np.log(2)
    assert np.isnan(report.agreement)


@pytest.mark.parametrize("kind", ["end model", "soft label classifier"])
@pytest.mark.parametrize(
    ("targets", "error", "message"),
    [
        (None, SoftLabelError, "y is None"),
        ([0, 1, 1], SoftLabelError, r"column per class, got shape \(3,\)"),
        ([[0.5, 1.2]] * 3, SoftLabelError, r"3 rows hold no probabilities; the first is row 0: \[0.5, 1.2\]"),
        ([[0, 1], [np.nan, 1], [0, 0]], SoftLabelError, "row 1"),
        ([[0, 1]] * 2, SoftLabelError, "2 rows of labels for 3 rows"),
        ([["a", "b"]] * 3, SoftLabelError, "must be numbers"),
        (SoftLabels([[0.5, 0.5]] * 3, weight=[0, 0, 0]), SoftLabelError, "All 3 rows have weight 0"),
    ],
)
def test_targets_that_do_not_fit_are_refused(kind, targets, error, message):
    """By the first row that is wrong."""
    model = EndModel(task="multilabel") if kind == "end model" else SoftLabelClassifier(
        LogisticRegression(), task="multilabel"
    )  # fmt: skip
    with pytest.raises(error, match=message):
        model.fit(np.eye(3), targets)


def test_classes_that_disagree_are_refused():
    """Names that are declared, names that targets carry, and their number."""
    frame = pd.DataFrame([[0, 1]] * 3, columns=["a", "b"])
    with pytest.raises(SoftLabelError, match=r"are of classes \['a', 'b'\], not of \['a', 'c'\]"):
        EndModel(task="multilabel", classes=["a", "c"]).fit(np.eye(3), frame)
    with pytest.raises(SoftLabelError, match="have 2 columns, but the classes are 3"):
        EndModel(task="multilabel", classes=3).fit(np.eye(3), frame.to_numpy())
    model = EndModel(task="multilabel", max_epochs=1).fit(np.eye(3), frame)
    with pytest.raises(SoftLabelError, match="3 columns"):
        model.score(np.eye(3), np.eye(3))
    with pytest.raises(ParameterError, match="0 rows"):
        model.score(np.eye(3)[:0], frame[:0])


def test_choices_by_confidence_are_of_one_class_only():
    """The confidence of what row, when it has several classes?"""
    with pytest.raises(ParameterError, match="sample_weight instead"):
        EndModel(task="multilabel", which="confident").fit(np.eye(3), np.eye(3))
    with pytest.raises(ParameterError, match=r"task='multilable' is not known\. Did you mean 'multilabel'"):
        EndModel(task="multilable").fit(np.eye(3), np.eye(3))
    with pytest.raises(ParameterError, match="gave logits of shape"):
        EndModel(task="multilabel", module=torch.nn.Linear(3, 2)).fit(np.eye(3), np.eye(3))
