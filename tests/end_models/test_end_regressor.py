"""Numbers as targets: known, guessed, or as distributions."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from weaklab.end_models import EndRegressor, RandomFeatureRegressor
from weaklab.exceptions import ParameterError, SoftLabelError
from weaklab.votes import SoftLabels

EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": "batches differ, so the bits do",
    "check_sample_weight_equivalence_on_sparse_data": "batches differ, so the bits do",
}


@parametrize_with_checks(
    [EndRegressor(hidden=None, max_epochs=30, learning_rate=0.05)], expected_failed_checks=lambda estimator: EXPECTED
)
def test_keeps_the_rules_of_scikit_learn(estimator, check):
    """Whatever takes a regressor of scikit-learn shall take this one."""
    check(estimator)


def _line(rng, n=600):
    X = rng.normal(size=(n, 4))
    y = 100 + 20 * X[:, 0] - 10 * X[:, 1]
    return X, y, y + rng.normal(0, 5, n)


def test_a_linear_one_does_as_well_as_ridge(rng):
    """The optimum of both is the least-squares line."""
    X, truth, y = _line(rng)
    model = EndRegressor(hidden=None, learning_rate=0.05).fit(X[:400], y[:400])
    ridge = Ridge().fit(X[:400], y[:400])
    assert model.score(X[400:], truth[400:]) > ridge.score(X[400:], truth[400:]) - 0.01
    assert model.predict(X).shape == (600,)
    assert model.model_.fit_report_.n_trained == 360


def test_a_network_bends(rng):
    """What no line can follow."""
    X = rng.uniform(-2, 2, size=(1500, 1))
    model = EndRegressor(learning_rate=0.01, max_epochs=60).fit(X[:1000], np.abs(X[:1000, 0]))
    assert model.score(X[1000:], np.abs(X[1000:, 0])) > 0.95


def test_distributions_over_numbers_count_by_their_mean(rng):
    """Ratings from 1 to 5 that a label model is unsure of; all forms in which they come mean the same."""
    X, y, _ = _line(rng, 300)
    ratings = np.clip(np.round((y - 100) / 15 + 3), 1, 5).astype(int)
    probs = 0.7 * np.eye(5)[ratings - 1] + 0.06
    names = [1, 2, 3, 4, 5]
    model = EndRegressor(hidden=None, learning_rate=0.05)
    expected = clone(model).fit(X, probs @ names).predict(X)
    for given in (SoftLabels(probs, classes=names), pd.DataFrame(probs, columns=names)):
        np.testing.assert_allclose(clone(model).fit(X, given).predict(X), expected, rtol=1e-5)
    np.testing.assert_allclose(clone(model).set_params(values=names).fit(X, probs).predict(X), expected, rtol=1e-5)
    assert np.corrcoef(expected, ratings)[0, 1] > 0.9
    gold = SoftLabels(probs[:, ::-1], gold=ratings - 1, classes=names)
    known = clone(model).fit(X, gold)
    assert np.corrcoef(known.predict(X), ratings)[0, 1] > 0.9
    assert known.model_.monitor_ == "soft"
    assert known.model_.fit_report_.n_gold == 300
    assert "task='regression' there is no gold-only baseline" in known.model_.fit_report_.advice


def test_weights_and_losses_are_the_users(rng):
    """Rows of weight 0 do not count; a loss by absolute errors is not moved by outliers."""
    X, truth, y = _line(rng)
    y[::10] += 200
    weight = np.where(np.arange(len(y)) % 10 == 0, 0.0, 1.0)
    options = {"hidden": None, "learning_rate": 0.05, "max_epochs": 80}
    assert EndRegressor(**options).fit(X, y, sample_weight=weight).score(X, truth) > 0.95
    moved = EndRegressor(**options).fit(X, y)
    assert np.median(np.abs(moved.predict(X) - truth)) > 10

    def absolute(step):
        return (step.weight[:, None] * (step.logits - step.target).abs()).mean()

    robust = EndRegressor(**options, loss=absolute, validation_fraction=0).fit(X, y)
    assert np.median(np.abs(robust.predict(X) - truth)) < 5


def test_keeps_company_with_scikit_learn(rng):
    """A regressor for all that ask, and one that travels."""
    X, _, y = _line(rng, 300)
    model = EndRegressor(hidden=None, learning_rate=0.05, max_epochs=20)
    assert is_regressor(model)
    assert not is_classifier(model)
    assert make_pipeline(StandardScaler(), model).fit(X, y).score(X, y) > 0.8
    assert cross_val_score(model, X, y, cv=3).mean() > 0.8
    search = GridSearchCV(model, {"learning_rate": [1e-6, 0.05]}, cv=2).fit(X, y)
    assert search.best_params_ == {"learning_rate": 0.05}
    again = pickle.loads(pickle.dumps(model.fit(X, y)))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_scores_against_distributions_are_those_against_their_means(rng):
    """So that soft targets, which are fitted, can be cross-validated too."""
    X, y, _ = _line(rng, 300)
    probs = 0.7 * np.eye(5)[np.clip(np.round((y - 100) / 15 + 3), 1, 5).astype(int) - 1] + 0.06
    names = [1, 2, 3, 4, 5]
    soft = SoftLabels(probs, classes=names, weight=np.arange(300) % 2)
    model = EndRegressor(hidden=None, learning_rate=0.05, max_epochs=20, values=names).fit(X, probs)
    expected = r2_score(probs @ names, model.predict(X))
    assert model.score(X, probs) == model.score(X, probs @ names) == pytest.approx(expected)
    assert expected > 0.7
    odd = r2_score((probs @ names)[1::2], model.predict(X)[1::2])
    assert model.score(X, soft) == model.score(X, probs, np.arange(300) % 2) == pytest.approx(odd)
    for given in (soft, probs):
        assert cross_val_score(model, X, given, cv=3).min() > 0.6
    with pytest.raises(SoftLabelError, match="none to score on"):
        model.score(X, soft.replace(weight=np.zeros(300)))


@pytest.mark.parametrize("model", [EndRegressor(hidden=None, max_epochs=2), RandomFeatureRegressor(features=20)])
def test_targets_in_another_order_than_the_data_are_refused(model, rng):
    """A y that was sorted would be learnt, and scored, row by row against the wrong rows."""
    X, y, _ = _line(rng, 100)
    frame, target = pd.DataFrame(X), pd.Series(y)
    weight = pd.Series(np.ones(100))
    model.fit(frame, target, weight)
    assert model.score(frame, target, weight) == model.score(frame, y)
    for call in (model.score, model.fit):
        with pytest.raises(SoftLabelError, match="the same entries in another order"):
            call(frame, target.sort_values())
        with pytest.raises(ParameterError, match="index of sample_weight"):
            call(frame, target, weight[::-1])


@pytest.mark.parametrize(
    ("options", "y", "error", "message"),
    [
        ({}, None, SoftLabelError, "y is None"),
        ({}, [1.0, np.nan, 2.0], SoftLabelError, "number 1 is nan"),
        ({}, [1.0, 2.0], SoftLabelError, "2 targets for 3 rows"),
        ({}, ["a", "b", "c"], SoftLabelError, "must be numbers"),
        ({}, [[0.5, 0.5]] * 3, SoftLabelError, r"values=\[\.\.\.\] has to name"),
        ({}, [[0.5, 0.6]] * 3, SoftLabelError, "no distribution"),
        ({}, [[0.5], [0.5, 0.5], [1.0]], SoftLabelError, "one length"),
        ({"values": [1, 2, 3]}, [[0.5, 0.5]] * 3, SoftLabelError, "names 3 numbers; the targets have 2 columns"),
        ({"values": [1, 2]}, [1.0, 2.0, 3.0], SoftLabelError, r"values=\[1, 2\].*one number per row: leave it out"),
        ({"values": [1, 2]}, [[1.0], [2.0], [3.0]], SoftLabelError, r"shape \(3, 1\), one number per row"),
        ({}, SoftLabels([[0.5, 0.5]] * 3, classes=["lo", "hi"]), SoftLabelError, "values must be numbers"),
        ({}, SoftLabels([[0.5, 0.5]] * 3, weight=[0, 0, 0], classes=[1, 2]), SoftLabelError, "All 3 rows"),
        ({"module": torch.nn.Linear(3, 2)}, [1.0, 2.0, 3.0], ParameterError, "gave logits of shape"),
        ({}, np.zeros((3, 2, 2)), SoftLabelError, r"got \(3, 2, 2\)"),
        ({"dropout": 2}, [1.0, 2.0, 3.0], ParameterError, "dropout=2"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(options, y, error, message):
    """By place and remedy."""
    with pytest.raises(error, match=message):
        EndRegressor(**options).fit(np.eye(3), y)
