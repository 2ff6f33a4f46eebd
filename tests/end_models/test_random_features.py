"""Ridge regression on random features: exact, tuned, and a meter of label noise."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from sklearn.base import clone
from sklearn.datasets import load_diabetes

from weaklab.end_models import RandomFeatureClassifier, RandomFeatureRegressor, more_is_better
from weaklab.end_models.ridge import fit_ridge
from weaklab.exceptions import ColumnError, FrameError, ParameterError, SoftLabelError
from weaklab.votes.soft import SoftLabels


def _direct(phi, y, weight, ridge):
    """Ridge with an intercept by the normal equations: minimise the weighted mean square plus ridge |a|^2."""
    n, k = phi.shape
    weight = weight / weight.mean()
    X = np.column_stack([phi, np.ones(n)])
    penalty = n * ridge * np.diag([*np.ones(k), 0.0])
    both = np.linalg.solve(X.T @ (weight[:, None] * X) + penalty, X.T @ (weight[:, None] * y))
    return both[:-1], both[-1]


@pytest.mark.parametrize(("n", "k"), [(30, 12), (20, 40), (25, 25)])
def test_leave_one_out_errors_are_those_of_leaving_one_out(rng, n, k):
    """The closed form against n fits by the normal equations, with weights, for more rows and for more features."""
    phi, y, weight = rng.normal(size=(n, k)) + 3, rng.normal(size=(n, 2)), rng.uniform(0.2, 3, n)
    features = torch.tensor(phi)
    ridge = 0.05
    fit = fit_ridge(lambda part: features[part], k, torch.tensor(y), torch.tensor(weight), ridge)
    coef, intercept = _direct(phi, y, weight, ridge)
    np.testing.assert_allclose(fit.coef, coef, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(fit.intercept, intercept, rtol=1e-7)
    errors = phi @ coef + intercept - y
    train = (weight[:, None] * errors**2).sum() / weight.sum() / 2
    left_out = np.empty((n, 2))
    for i in range(n):
        rest = np.arange(n) != i
        scale = weight.mean() * n / (weight[rest].mean() * (n - 1))  # the penalty stays what it was for n rows
        a, c = _direct(phi[rest], y[rest], weight[rest], ridge * scale)
        left_out[i] = phi[i] @ a + c
    np.testing.assert_allclose(fit.loo, left_out, rtol=1e-6, atol=1e-8)
    held_out = (weight[:, None] * (left_out - y) ** 2).sum() / weight.sum() / 2
    np.testing.assert_allclose(fit.curve.iloc[0], [ridge, train, held_out], rtol=1e-6)


def test_rows_in_pieces_give_what_rows_at_once_give(rng):
    """More rows than one piece holds (4,096): the pieces must add up, and the first 8,192 predictions be kept."""
    n, k = 9000, 8
    phi, y = rng.normal(size=(n, k)), rng.normal(size=(n, 1))
    features, asked = torch.tensor(phi), []

    def piece(part):
        asked.append(part.stop - part.start)
        return features[part]

    fit = fit_ridge(piece, k, torch.tensor(y), torch.ones(n, dtype=torch.float64), 0.1)
    np.testing.assert_allclose(fit.coef, _direct(phi, y, np.ones(n), 0.1)[0], rtol=1e-8)
    assert max(asked) == 4096
    assert fit.loo.shape == (8192, 1)


def test_the_penalty_taken_is_the_best_of_the_curve(rng):
    X = rng.normal(size=(200, 3))
    model = RandomFeatureRegressor(features=100).fit(X, X[:, 0] + rng.normal(size=200))
    curve = model.ridge_curve_
    assert len(curve) == 37
    assert model.loo_error_ == curve["loo_error"].min()
    assert model.ridge_ == curve["ridge"][curve["loo_error"].argmin()]
    assert 0 < curve["loo_error"].argmin() < 36  # the best lies within what is tried
    assert curve["train_error"].is_monotonic_increasing
    again = RandomFeatureRegressor(features=100, ridge=model.ridge_).fit(X, X[:, 0])
    assert again.ridge_ == model.ridge_


def test_the_leave_one_out_error_estimates_the_test_error(rng):
    """That is what it is for; on diabetes, whose errors are known to be near 3,000 squared units."""
    X, y = load_diabetes(return_X_y=True)
    order = rng.permutation(len(y))
    train, test = order[:300], order[300:]
    model = RandomFeatureRegressor(features=500).fit(X[train], y[train])
    error = np.square(model.predict(X[test]) - y[test])
    assert abs(error.mean() - model.loo_error_) < 4 * error.std() / np.sqrt(len(test))
    assert model.score(X[test], y[test]) > 0.35


def test_probabilities_are_calibrated_to_the_labels(rng):
    """Half of the labels of one region are noise: what is said to be 75 % there must be so, on new rows."""
    X = rng.uniform(-1, 1, (4000, 2))
    p = np.where(X[:, 0] > 0, 0.95, 0.25)
    y = (rng.random(4000) < p).astype(int)
    model = RandomFeatureClassifier(features=300).fit(X[:2000], y[:2000])
    proba = model.predict_proba(X[2000:])[:, 1]
    entropy = -np.log(np.where(y[2000:] == 1, proba, 1 - proba)).mean()
    truth = -np.log(np.where(y[2000:] == 1, p[2000:], 1 - p[2000:])).mean()
    assert entropy <= truth + 0.06
    assert abs(proba.mean() - y[2000:].mean()) < 0.04
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)
    np.testing.assert_allclose(1 / (1 + np.exp(-model.decision_function(X))), model.predict_proba(X)[:, 1])


def test_rows_that_tell_nothing_get_the_shares_of_the_classes(rng):
    """Nine in ten of one class and features of pure noise: to say one half would be far off."""
    X, y = rng.normal(size=(1000, 4)), (rng.random(1000) < 0.1).astype(int)
    proba = RandomFeatureClassifier(features=100).fit(X, y).predict_proba(rng.normal(size=(1000, 4)))[:, 1]
    assert abs(proba.mean() - y.mean()) < 0.02
    assert proba.std() < 0.05


def test_soft_labels_weights_and_names_mean_what_they_mean_elsewhere(rng):
    """Rows of weight 0 must not be seen; gold counts as known; classes keep their names and order."""
    X = rng.normal(size=(300, 2))
    gold = (X[:, 0] > 0).astype(int)
    probs = np.where(gold[:, None] == [0, 1], 0.8, 0.2)
    probs[200:] = probs[200:, ::-1]  # wrong, and of weight 0
    weight = np.repeat([1.0, 0.0], [200, 100])
    model = RandomFeatureClassifier(features=200).fit(X, SoftLabels(probs, weight=weight, classes=["no", "yes"]))
    assert model.n_rows_ == 200
    assert model.classes_.tolist() == ["no", "yes"]
    assert model.score(X, np.array(["no", "yes"])[gold]) > 0.95
    known = np.where(np.arange(300) < 200, 1 - gold, -1)
    turned = clone(model).fit(X, SoftLabels(probs, weight=weight, gold=known, classes=["no", "yes"]))
    assert turned.score(X, np.array(["no", "yes"])[gold]) < 0.05


def test_a_weight_of_two_is_a_row_given_twice_where_the_penalty_is_given(rng):
    """Then only the order of the rows differs, and the standardising, which is kept alike here."""
    phi, y, weight = torch.tensor(rng.normal(size=(40, 6))), torch.tensor(rng.normal(size=(40, 2))), np.tile([1, 2], 20)
    twice = torch.tensor(np.repeat(np.arange(40), weight))
    weighted = fit_ridge(lambda part: phi[part], 6, y, torch.tensor(weight, dtype=torch.float64), 0.1)
    ones = torch.ones(60, dtype=torch.float64)
    repeated = fit_ridge(lambda part: phi[twice][part], 6, y[twice], ones, 0.1)
    np.testing.assert_allclose(weighted.coef, repeated.coef, rtol=1e-9)


def test_reads_text_frames_and_sparse_matrices(rng):
    """Whatever the end model reads; columns are found by name."""
    texts = ["free money now", "lunch at noon", "win money", "meet me for lunch"] * 10
    labels = ["spam", "ham"] * 20
    assert RandomFeatureClassifier(features=64).fit(texts, labels).score(texts, labels) == 1
    frame = pd.DataFrame({"text": texts, "n": np.tile([3.0, np.nan], 20), "label": labels})
    model = RandomFeatureClassifier(columns=["text", "n"], features=64).fit(frame, frame["label"])
    assert model.score(frame[["n", "text"]], labels) == 1
    with pytest.raises(ColumnError, match="'n'"):
        model.predict(frame[["text"]])
    X = sp.csr_array(np.eye(20)[rng.integers(20, size=400)])
    y = X.toarray().argmax(axis=1) % 2
    assert RandomFeatureClassifier(features=300).fit(X, y).score(X, y) == 1


def test_the_same_seed_gives_the_same_bits_and_survives_pickle_and_clone(rng):
    X = rng.normal(size=(80, 3))
    y = X.argmax(axis=1)
    model = RandomFeatureClassifier(features=40, random_state=5).fit(X, y)
    expected = model.predict_proba(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), expected)
    np.testing.assert_array_equal(copy.deepcopy(model).predict_proba(X), expected)
    np.testing.assert_array_equal(clone(model).fit(X, y).predict_proba(X), expected)
    torch.set_default_dtype(torch.float16)
    try:
        with torch.device("meta"):  # the program's defaults must not matter
            np.testing.assert_array_equal(clone(model).fit(X, y).predict_proba(X), expected)
    finally:
        torch.set_default_dtype(torch.float32)
    assert not np.array_equal(clone(model).set_params(random_state=6).fit(X, y).predict_proba(X), expected)


def test_labels_of_one_class_and_targets_of_one_value_are_learnt():
    X = np.arange(6.0)[:, None]
    one = RandomFeatureClassifier(features=5, classes=["a", "b"]).fit(X, [[1.0, 0.0]] * 6)
    assert (one.predict(X) == "a").all()
    assert one.noise_ratio_ == 0
    np.testing.assert_allclose(RandomFeatureRegressor(features=5).fit(X, np.full(6, 3.0)).predict(X), 3)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"features": 0}, ParameterError),
        ({"features": 2.5}, ParameterError),
        ({"ridge": "gcv"}, ParameterError),
        ({"ridge": 0.0}, ParameterError),
        ({"ridge": float("nan")}, ParameterError),
        ({"n_jobs": 0}, ParameterError),
        ({"device": "cuda:99"}, ParameterError),
    ],
)
def test_bad_arguments_are_refused(arguments, error):
    for model in (RandomFeatureClassifier, RandomFeatureRegressor):
        with pytest.raises(error):
            model(**arguments).fit([[0.0], [1.0]], [0, 1])


def test_bad_data_is_refused(rng):
    X = rng.normal(size=(10, 2))
    with pytest.raises(FrameError):
        RandomFeatureClassifier().fit(np.where(X == X[0, 0], np.nan, X), np.arange(10) % 2)
    with pytest.raises(SoftLabelError):
        RandomFeatureClassifier().fit(X, np.full((10, 2), 0.7))
    with pytest.raises(SoftLabelError):
        RandomFeatureClassifier().fit(X, [0, 1])
    with pytest.raises(SoftLabelError, match="NaN"):
        RandomFeatureRegressor().fit(X, np.full(10, np.nan))
    for model in (RandomFeatureClassifier(), RandomFeatureRegressor()):
        with pytest.raises(FrameError, match=r"takes no images: flatten them, X\.reshape"):
            model.fit(np.zeros((10, 4, 4)), np.arange(10) % 2)
    with pytest.raises(SoftLabelError, match="shape"):
        RandomFeatureRegressor().fit(X, np.zeros(9))
    with pytest.raises(ParameterError, match="zero for every row"):
        RandomFeatureRegressor().fit(X, np.zeros(10), sample_weight=np.zeros(10))
    with pytest.raises(ParameterError, match="dense matrix"):
        RandomFeatureClassifier(standardize=False).fit(["a b", "c d"], [0, 1])
    with pytest.raises(FrameError):
        RandomFeatureClassifier(features=9).fit(X, np.arange(10) % 2).predict(X[:, :1])
    with pytest.raises(ParameterError, match="there are 10"):
        more_is_better(X, np.arange(10) % 2, [5], [11])
    with pytest.raises(ParameterError, match="features"):
        more_is_better(X, np.arange(10) % 2, [0], [5])


def test_more_features_and_more_rows_are_better(digits):
    """Digits, one-hot, squared error: it falls with both, and the best penalty fits clean labels nearly exactly.

    Seen, leave-one-out: .0298, .0155, .0093, .0077 for 64 to 4,096 features, and .0194, .0111, .0098, .0077 for 150
    to 1,200 rows at 4,096; on test rows .0078; ratios .90, .66, .39, .13. (Standardised columns: .27 at 4,096.)
    """
    model = RandomFeatureClassifier(standardize=False)
    wide = more_is_better(digits.X, digits.y, [64, 256, 1024, 4096], [1200], model=model)
    assert wide["loo_error"].is_monotonic_decreasing
    assert wide["noise_ratio"].is_monotonic_decreasing
    assert wide["noise_ratio"].iloc[-1] < 0.2
    long = more_is_better(digits.X, digits.y, [2048], [150, 300, 600, 1200], model=model)
    assert long["loo_error"].is_monotonic_decreasing
    scores = RandomFeatureRegressor(features=4096, standardize=False).fit(digits.X, np.eye(10)[digits.y])
    error = np.square(scores.predict(digits.X_test) - np.eye(10)[digits.y_test]).mean()
    assert error == pytest.approx(scores.loo_error_, rel=0.25)


def test_the_ratio_meters_label_noise_without_gold(digits):
    """0, 10 and 40 % wrong labels: the ratio climbs, and accuracy on clean rows hardly falls.

    Seen: ratios .13, .56, .81; accuracies .995, .977, .960. (Standardised columns: .27, .52, .79.)
    """
    ratios, accuracies = [], []
    for rate in (0.0, 0.1, 0.4):
        model = RandomFeatureClassifier(features=4096, standardize=False).fit(digits.X, digits.flipped(rate, 0))
        ratios.append(model.noise_ratio_)
        accuracies.append(model.score(digits.X_test, digits.y_test))
    assert ratios[0] < 0.25
    assert 0.4 < ratios[1] < 0.7
    assert ratios[2] > 0.7
    assert accuracies[0] >= 0.98
    assert accuracies[2] >= 0.93
