"""Soft labels as weighted hard ones, for trainers that know no others: the same loss, row for row."""

from __future__ import annotations

from enum import Enum

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

import weaklab as wl
from weaklab.exceptions import ClassError, FrameError, ParameterError, SoftLabelError

CLASSES = ["ham", "eggs", "spam"]


def rows(rng, n=200, k=3):
    """Features, soft labels some of which are certain, and weights some of which are 0."""
    probs = rng.dirichlet(np.full(k, 0.4), size=n)
    probs[::7] = np.eye(k)[0]
    weight = np.where(np.arange(n) % 9 == 0, 0.0, rng.uniform(0.2, 3, size=n))
    return pd.DataFrame(rng.normal(size=(n, 2)), columns=["a", "b"]), wl.SoftLabels(probs, weight, classes=CLASSES)


def test_the_weighted_loss_is_the_expected_loss_whatever_the_model_says(rng):
    """The identity itself, at predictions that have nothing to do with the labels."""
    frame, soft = rows(rng)
    said = pd.DataFrame(log_softmax(rng.normal(size=soft.shape) * 3, axis=1), columns=CLASSES)
    made = wl.to_training_frame(pd.concat([frame, said], axis=1), soft)
    hard = -sum(row.weight * row[row.label] for _, row in made.iterrows())
    expected = -(soft.weight[:, None] * soft.probs * said.to_numpy()).sum()
    assert hard == pytest.approx(expected, rel=1e-12)
    assert made["weight"].sum() == pytest.approx(soft.weight.sum(), rel=1e-12)


def test_logistic_regression_learns_what_it_would_from_soft_targets(rng):
    """Against the minimum of the soft cross-entropy with the same penalty, found without scikit-learn."""
    frame, soft = rows(rng)
    made = wl.to_training_frame(frame, soft)
    fitted = LogisticRegression(C=0.5, tol=1e-10, max_iter=2000)
    fitted.fit(made[["a", "b"]], made["label"], sample_weight=made["weight"])
    order = [CLASSES.index(name) for name in fitted.classes_]
    X, q = np.column_stack([frame, np.ones(len(frame))]), soft.probs * soft.weight[:, None]

    def loss(flat):
        theta = flat.reshape(3, 3)  # (k, two features and the intercept)
        scores = log_softmax(X @ theta.T, axis=1)
        slope = (np.exp(scores) * q.sum(axis=1, keepdims=True) - q).T @ X
        slope[:, :2] += theta[:, :2] / 0.5
        return -(q * scores).sum() + (theta[:, :2] ** 2).sum() / 2 / 0.5, slope.ravel()

    found = minimize(loss, np.zeros(9), jac=True, method="BFGS", options={"gtol": 1e-8}).x.reshape(3, 3)[order]
    np.testing.assert_allclose(fitted.coef_, found[:, :2], atol=1e-4)
    np.testing.assert_allclose(fitted.predict_proba(frame), np.exp(log_softmax(X @ found.T, axis=1)), atol=1e-4)


def test_rows_with_gold_are_certain_and_count_without_votes():
    """Gold outweighs what the label model says, and rows without votes have no other label."""
    soft = wl.SoftLabels(
        [[0.6, 0.4], [0.5, 0.5], [0.3, 0.7]], weight=[1, 0, 0], gold=[1, 0, -1], classes=["ham", "spam"]
    )
    frame = pd.DataFrame({"text": ["a", "b", "c"]}, index=[5, 6, 7])
    made = wl.to_training_frame(frame, soft, gold_weight=2.0, row_column="at")
    assert made.to_dict("list") == {"text": ["a", "b"], "label": ["spam", "ham"], "weight": [2.0, 2.0], "at": [0, 1]}
    assert made.index.tolist() == [5, 6]
    every = wl.to_training_frame(frame, soft, which="all")
    assert every["text"].tolist() == ["a", "b", "c", "c"]


def test_pairs_of_little_weight_are_left_out(rng):
    """With a thousand classes, rows would be a thousand times as many."""
    frame, soft = rows(rng)
    all_pairs = wl.to_training_frame(frame, soft)
    made = wl.to_training_frame(frame, soft, min_weight=0.2)
    pd.testing.assert_frame_equal(made, all_pairs[all_pairs["weight"] >= 0.2])
    assert len(made) < len(all_pairs)
    with pytest.raises(SoftLabelError, match="leaves nothing"):
        wl.to_training_frame(frame, soft, min_weight=100)


@pytest.mark.parametrize(
    ("kind", "read"),
    [
        (pl.from_pandas, pl.DataFrame.to_pandas),
        (pa.Table.from_pandas, pa.Table.to_pandas),
        (lambda frame: pa.Table.from_pandas(frame).combine_chunks().to_batches()[0], pa.Table.to_pandas),
        (lambda frame: frame.to_dict("records"), pd.DataFrame),
    ],
    ids=["polars", "arrow table", "arrow batch", "records"],
)
def test_a_frame_of_the_kind_that_was_given_comes_back(kind, read, rng):
    """Nothing is converted on the way to a trainer of that kind."""
    frame, soft = rows(rng)
    expected = wl.to_training_frame(frame, soft, row_column="at").reset_index(drop=True)
    made = wl.to_training_frame(kind(frame), soft, row_column="at")
    pd.testing.assert_frame_equal(read(made), expected)


def test_a_dataset_comes_back_as_one(rng):
    """With the features of its columns."""
    datasets = pytest.importorskip("datasets")
    frame, soft = rows(rng)
    made = wl.to_training_frame(datasets.Dataset.from_pandas(frame), soft)
    assert isinstance(made, datasets.Dataset)
    expected = wl.to_training_frame(frame, soft).reset_index(drop=True)
    pd.testing.assert_frame_equal(made.to_pandas(), expected)


class Colour(Enum):
    RED = 0
    BLUE = 1


def test_what_fits_no_column_is_refused_by_name():
    """Names that are taken, classes that a typed table cannot hold, rows that do not match."""
    frame = pd.DataFrame({"text": ["a", "b"], "label": [0, 1]})
    soft = wl.SoftLabels([[1.0, 0.0], [0.5, 0.5]], classes=list(Colour))
    with pytest.raises(FrameError, match="column 'label' already"):
        wl.to_training_frame(frame, soft)
    assert wl.to_training_frame(frame, soft, label_column="colour")["colour"].tolist() == [
        Colour.RED,
        Colour.RED,
        Colour.BLUE,
    ]
    with pytest.raises(ClassError, match=r"Colour\.RED"):
        wl.to_training_frame(pl.from_pandas(frame), soft, label_column="colour")
    with pytest.raises(ParameterError, match="differ"):
        wl.to_training_frame(frame, soft, label_column="x", weight_column="x")
    with pytest.raises(ParameterError, match="semi-supervised"):
        wl.to_training_frame(frame, soft, which="semi-supervised", label_column="x")
    with pytest.raises(SoftLabelError, match="2 rows of soft labels for 1"):
        wl.to_training_frame(frame[:1], soft, label_column="x")
    with pytest.raises(SoftLabelError, match="index"):
        wl.to_training_frame(frame, soft.replace(index=pd.Index([1, 0])), label_column="x")
