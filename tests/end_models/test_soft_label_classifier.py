"""SoftLabelClassifier: any classifier of scikit-learn on soft labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from weaklab.end_models import SoftLabelClassifier
from weaklab.end_models.duplication import take_rows
from weaklab.exceptions import FrameError, ParameterError, SoftLabelError, WeaklabWarning
from weaklab.votes.soft import SoftLabels


def _soft(rng, n=120, k=3):
    X = rng.normal(size=(n, 4))
    logits = 2 * X[:, :k]
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return X, probs


def test_minimises_the_expected_loss_under_the_soft_labels(rng):
    """The duplicated rows must be those of the textbook: every class of every row, weighted by its probability."""
    X, probs = _soft(rng)
    weight = rng.uniform(0.5, 2, len(X))
    model = SoftLabelClassifier(LogisticRegression(tol=1e-8)).fit(X, SoftLabels(probs, weight=weight))
    by_hand = LogisticRegression(tol=1e-8).fit(
        np.repeat(X, 3, axis=0), np.tile([0, 1, 2], len(X)), sample_weight=(probs * weight[:, None]).ravel()
    )
    np.testing.assert_allclose(model.predict_proba(X), by_hand.predict_proba(X), atol=1e-6)
    np.testing.assert_allclose(model.decision_function(X), by_hand.decision_function(X), atol=1e-5)
    assert model.n_features_in_ == 4


def test_one_hot_labels_are_given_as_they_are(rng):
    """Hard labels through the wrapper must cost and give what they do without it."""
    X, probs = _soft(rng)
    y = probs.argmax(axis=1)
    plain = RandomForestClassifier(20, random_state=0).fit(X, y)
    for labels in (y, np.eye(3)[y]):
        wrapped = SoftLabelClassifier(RandomForestClassifier(20, random_state=0)).fit(X, labels)
        np.testing.assert_array_equal(wrapped.predict_proba(X), plain.predict_proba(X))


def test_classes_without_probability_have_columns_of_zero(rng):
    """Who reads column 2 as class 2 must find class 2 there."""
    X, probs = _soft(rng)
    part = np.column_stack([probs[:, 0], np.zeros(len(X)), 1 - probs[:, 0]])
    model = SoftLabelClassifier(LogisticRegression(), classes=["a", "b", "c"]).fit(X, part)
    proba = model.predict_proba(X)
    assert proba.shape == (120, 3)
    assert (proba[:, 1] == 0).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    scores = model.decision_function(X)
    assert np.isneginf(scores[:, 1]).all()
    assert (model.classes_[scores.argmax(axis=1)] == model.predict(X)).all()
    assert set(model.predict(X)) == {"a", "c"}


def test_a_single_class_is_trained_where_the_estimator_takes_it_and_named_where_not(rng):
    """Some classifiers refuse one class; the error must say which class and which classifier."""
    X, _ = _soft(rng)
    soft = np.tile([0.0, 1.0], (len(X), 1))
    proba = SoftLabelClassifier(GaussianNB()).fit(X, soft).predict_proba(X)
    np.testing.assert_array_equal(proba, soft)
    with pytest.raises(SoftLabelError, match="one class 'spam', and LogisticRegression does not"):
        SoftLabelClassifier(LogisticRegression(), classes=["ham", "spam"]).fit(X, soft)


def test_errors_of_the_estimator_reach_the_user(rng):
    """They are not about a single class, so they stay what they are."""
    X, probs = _soft(rng)
    with pytest.raises(ValueError, match="NaN"):
        SoftLabelClassifier(LogisticRegression()).fit(np.full_like(X, np.nan), probs)


def test_pipelines_get_the_weights_at_their_last_step(rng):
    """Text to features to classifier is one estimator; nested ones too."""
    texts = ["free money", "cheap money", "lunch at noon", "dinner at eight"] * 5
    soft = np.array([[0.1, 0.9], [0.3, 0.7], [0.9, 0.1], [0.6, 0.4]] * 5)
    flat = make_pipeline(TfidfVectorizer(), LogisticRegression())
    found = SoftLabelClassifier(flat).fit(texts, soft)
    by_hand = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(
        np.repeat(texts, 2), [0, 1] * 20, logisticregression__sample_weight=soft.ravel()
    )
    np.testing.assert_allclose(found.predict_proba(texts), by_hand.predict_proba(texts), rtol=1e-6)
    deep = Pipeline([("scale", StandardScaler()), ("rest", make_pipeline(StandardScaler(), LogisticRegression()))])
    X, probs = _soft(rng, k=2)
    flat = SoftLabelClassifier(make_pipeline(StandardScaler(), LogisticRegression())).fit(X, probs)
    np.testing.assert_allclose(
        SoftLabelClassifier(deep).fit(X, probs).predict_proba(X), flat.predict_proba(X), atol=1e-3
    )


@pytest.mark.parametrize(
    "convert",
    [pd.DataFrame, sp.csr_matrix, sp.coo_array, np.asarray, np.ndarray.tolist],
)
def test_rows_of_every_kind_are_duplicated(rng, convert):
    """Each container has its own way to take rows."""
    X, probs = _soft(rng)
    expected = SoftLabelClassifier(LogisticRegression()).fit(X, probs).predict_proba(X)
    X = pd.DataFrame(X, columns=list("abcd")) if convert is pd.DataFrame else convert(X)
    model = SoftLabelClassifier(LogisticRegression()).fit(X, probs)
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-3)
    if isinstance(X, pd.DataFrame):
        assert model.feature_names_in_.tolist() == list("abcd")
        with pytest.raises(SoftLabelError, match="another order"):
            model.fit(X, pd.DataFrame(probs[::-1], index=range(119, -1, -1)))


def test_rows_are_taken_in_their_own_type():
    """An estimator may need a frame's columns or a list's texts."""
    rows = np.array([1, 1, 0])
    assert take_rows(pd.DataFrame({"a": [1, 2]}), rows)["a"].tolist() == [2, 2, 1]
    assert take_rows(pl.DataFrame({"a": [1, 2]}), rows)["a"].to_list() == [2, 2, 1]
    assert take_rows(("x", "y"), rows) == ["y", "y", "x"]


def test_without_weights_the_most_probable_class_is_used_and_said(rng):
    """Nearest neighbours know no weights; what is lost must be said, and nothing is lost with hard labels."""
    X, probs = _soft(rng)
    with pytest.warns(WeaklabWarning, match="KNeighborsClassifier.fit takes no sample_weight") as caught:
        model = SoftLabelClassifier(KNeighborsClassifier(1)).fit(X, probs)
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(model.predict(X), probs.argmax(axis=1))
    SoftLabelClassifier(KNeighborsClassifier(1)).fit(X, probs.argmax(axis=1))  # warnings are errors in these tests
    covered = SoftLabels(np.eye(3)[probs.argmax(axis=1)], weight=X[:, 0] > 0)
    assert SoftLabelClassifier(KNeighborsClassifier(1)).fit(X, covered).estimator_.n_samples_fit_ == (X[:, 0] > 0).sum()


def test_without_weights_classes_can_be_drawn_by_probability(rng):
    """10,000 draws of a class with probability .3: the share has a standard error of .0046, five of them are .023."""
    X = np.arange(10_000.0).reshape(-1, 1)  # (n, 1)
    soft = np.tile([0.7, 0.3], (10_000, 1))

    def drawn(labels, seed):
        model = SoftLabelClassifier(KNeighborsClassifier(1), without_weights="draw", random_state=seed)
        model.fit(X, labels)
        return model.estimator_._fit_X.ravel(), model.estimator_._y

    rows, y = drawn(soft, 0)
    np.testing.assert_array_equal(rows, X.ravel())  # equal weights: each row once
    assert y.mean() == pytest.approx(0.3, abs=0.023)
    assert (drawn(soft, 0)[1] == y).all()
    assert (drawn(soft, 1)[1] != y).any()
    weight = np.where(X[:, 0] < 5_000, 1.0, 3.0)
    rows, y = drawn(SoftLabels(soft, weight=weight), 0)
    assert (rows >= 5_000).mean() == pytest.approx(0.75, abs=0.022)
    assert y.mean() == pytest.approx(0.3, abs=0.023)


def test_methods_are_those_of_the_estimator(rng):
    """hasattr is how scikit-learn's tools choose between probabilities and scores."""
    X, probs = _soft(rng)
    svc = SoftLabelClassifier(LinearSVC()).fit(X, probs)
    assert not hasattr(svc, "predict_proba")
    assert hasattr(svc, "decision_function")
    assert not hasattr(SoftLabelClassifier(GaussianNB()), "decision_function")
    assert not hasattr(SoftLabelClassifier(GaussianNB()), "n_features_in_")
    assert svc.set_params(estimator__C=3).estimator.C == 3
    assert svc.score(X, probs.argmax(axis=1)) > 0.8
    assert svc.score(X, probs) < svc.score(X, probs.argmax(axis=1))


@pytest.mark.parametrize(
    ("estimator", "options", "X", "error", "message"),
    [
        (LinearRegression(), {}, [[0.0], [1.0]], ParameterError, "classifier"),
        (LogisticRegression, {}, [[0.0], [1.0]], ParameterError, "instance"),
        (None, {}, [[0.0], [1.0]], ParameterError, "estimator=None must be an instance of a classifier"),
        (GaussianNB(), {"without_weights": "drawn"}, [[0.0], [1.0]], ParameterError, "Did you mean 'draw'"),
        (GaussianNB(), {}, [], FrameError, "0 rows"),
        (GaussianNB(), {}, 3, FrameError, "rows of data"),
        (GaussianNB(), {}, [[0.0]], SoftLabelError, "2 labels for 1 rows"),
        (GaussianNB(), {"classes": 1}, [[0.0], [1.0]], ValueError, "two classes"),
    ],
)
def test_what_cannot_work_is_refused(estimator, options, X, error, message):
    """At fit, by name."""
    with pytest.raises(error, match=message):
        SoftLabelClassifier(estimator, **options).fit(X, [0, 1])


def test_is_not_fitted_before_fit():
    """As every estimator."""
    for method in ("predict", "predict_proba"):
        with pytest.raises(NotFittedError):
            getattr(SoftLabelClassifier(LogisticRegression()), method)([[1.0]])
