"""A Pipeline of scikit-learn that starts with labeling functions."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline

import weaklab as wl
from weaklab.apply import LFTransformer
from weaklab.exceptions import ColumnError, LabelingFunctionError

CLASSES = ["ham", "spam"]


@pytest.fixture
def pipe(lfs):
    return make_pipeline(LFTransformer(lfs, classes=CLASSES), wl.LabelModel(classes=CLASSES))


def test_a_pipeline_is_apply_and_a_label_model(pipe, frame, votes, model):
    """Without gold, and with what gold there is."""
    np.testing.assert_array_equal(pipe.fit(frame).predict_proba(frame), model.predict_proba(votes))
    assert pipe.classes_.tolist() == CLASSES
    gold = np.where(np.arange(len(frame)) % 4, None, frame["label"])
    expected = wl.LabelModel(classes=CLASSES).fit(votes, gold)
    np.testing.assert_array_equal(pipe.fit(frame, gold).predict_proba(frame), expected.predict_proba(votes))
    assert pipe.score(frame, frame["label"]) == expected.score(votes, frame["label"])


def test_a_pipeline_reads_any_table(pipe, kind, frame, votes, model):
    """As apply does."""
    np.testing.assert_array_equal(pipe.fit(kind.table(frame)).predict(kind.table(frame)), model.predict(votes))


@pytest.mark.parametrize(
    "table", [pd.DataFrame, pytest.param(pl.from_pandas, marks=pytest.mark.slow)], ids=["pandas", "polars"]
)
def test_pipelines_are_cross_validated_and_searched(pipe, frame, table):
    """Folds are rows of the frame; parameters of both steps have names."""
    X, y = table(frame), frame["label"].to_numpy()
    scores = cross_val_score(pipe, X, y, cv=3)
    assert scores.shape == (3,)
    assert scores.min() > 0.6
    assert cross_val_predict(pipe, X, y, cv=3, method="predict_proba").shape == (len(frame), 2)
    search = GridSearchCV(pipe, {"lftransformer__on_error": ["raise", "abstain"]}, cv=2).fit(X, y)
    assert search.predict(X).shape == (len(frame),)


@pytest.mark.slow  # processes import what they need
def test_folds_may_be_fitted_in_other_processes(pipe, frame):
    """Declarative and decorated functions pickle."""
    np.testing.assert_array_equal(
        cross_val_score(pipe, frame, frame["label"], cv=2, n_jobs=2), cross_val_score(pipe, frame, frame["label"], cv=2)
    )


def test_pipelines_pickle(pipe, frame):
    """To be kept, or sent to other processes."""
    again = pickle.loads(pickle.dumps(pipe.fit(frame)))
    np.testing.assert_array_equal(again.predict_proba(frame), pipe.predict_proba(frame))


def test_clones_share_the_functions(lfs):
    """A function that asks a model is not to copy the model for each fold."""
    step = LFTransformer(lfs, classes=CLASSES, on_error="abstain").fit([{"text": "a", "stars": 1}])
    other = clone(step)
    assert other.get_params() == step.get_params()
    assert all(one is two for one, two in zip(other.lfs, lfs, strict=True))
    with pytest.raises(NotFittedError):
        other.get_feature_names_out()


def test_votes_come_in_the_container_that_was_asked_for(lfs, frame, votes):
    """scikit-learn's set_output; pandas is what votes are anyway."""
    step = LFTransformer(lfs, classes=CLASSES)
    pd.testing.assert_frame_equal(step.fit_transform(frame), votes)
    pd.testing.assert_frame_equal(step.set_output(transform="pandas").fit_transform(frame), votes)
    made = step.set_output(transform="polars").fit_transform(frame)
    assert isinstance(made, pl.DataFrame)
    pd.testing.assert_frame_equal(made.to_pandas(), votes)
    assert step.get_feature_names_out().tolist() == votes.columns.tolist() == made.columns
    assert step.feature_names_in_.tolist() == frame.columns.tolist()
    assert step.n_features_in_ == frame.shape[1]


def test_what_cannot_run_is_told_at_fit(lfs, frame):
    """Before anything is run."""
    with pytest.raises(ColumnError, match="'text'"):
        LFTransformer(lfs, classes=CLASSES).fit(frame[["stars"]])

    @wl.labeling_function(output="set")
    def both(row):
        return CLASSES

    with pytest.raises(LabelingFunctionError, match="output='set'"):
        LFTransformer([both], classes=CLASSES).fit(frame)
    with pytest.raises(NotFittedError):
        LFTransformer(lfs).transform(frame)
