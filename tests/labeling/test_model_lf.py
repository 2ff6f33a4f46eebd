"""model_lf: a classifier as a voter."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from weaklab.apply import apply
from weaklab.exceptions import (
    ColumnError,
    FaultWarning,
    LabelingFunctionError,
    LabelingFunctionFailure,
    ReturnValueError,
)
from weaklab.labeling import model_lf

X, Y = load_digits(return_X_y=True)
COLUMNS = [f"p{i}" for i in range(64)]
DIGITS = pd.DataFrame(X, columns=COLUMNS, index=[f"image {i}" for i in range(len(X))])
FEW = np.random.default_rng(0).choice(len(X), 100, replace=False)
MODEL = LogisticRegression(max_iter=2000).fit(DIGITS.iloc[FEW], Y[FEW])
TEXTS = pd.DataFrame({"text": ["free money", "call mum", None, "win money", "see mum"], "n": [1, 2, 3, 4, 5]})
PIPELINE = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(
    ["free money", "win money", "call mum", "see mum"], ["spam", "spam", "ham", "ham"]
)


def rest(votes):
    """Accuracy and coverage on rows that the model was not fitted to."""
    left = np.setdiff1d(np.arange(len(Y)), FEW)
    v, y = votes[left], Y[left]
    return (v[v >= 0] == y[v >= 0]).mean(), (v >= 0).mean()


def test_a_threshold_buys_accuracy_with_coverage_on_digits():
    """That is what it is for."""
    found = {}
    for threshold in (None, 0.9, 0.99):
        lf = model_lf(MODEL, columns=COLUMNS, threshold=threshold, batch_size=100)
        votes = apply(lf, DIGITS, classes=10, progress=False)
        assert votes.columns.tolist() == ["logisticregression"]
        assert votes.index.equals(DIGITS.index)
        found[threshold] = rest(votes.to_numpy()[:, 0])
    assert found[None][1] == 1.0
    assert found[0.99][0] > found[0.9][0] > found[None][0] + 0.03
    assert found[None][1] > found[0.9][1] > found[0.99][1] > 0.3


def test_batches_change_nothing():
    """A row's vote does not depend on the rows beside it."""
    proba = MODEL.predict_proba(DIGITS)
    expected = np.where(proba.max(axis=1) >= 0.8, proba.argmax(axis=1), -1)
    for size in (7, 4096):
        lf = model_lf(MODEL, columns=COLUMNS, threshold=0.8, batch_size=size)
        for frame in (DIGITS, pl.from_pandas(DIGITS), DIGITS.to_dict("records")):
            assert (apply(lf, frame, classes=10, progress=False).to_numpy()[:, 0] == expected).all()


def test_soft_output_is_the_probabilities():
    """In the order of the declared classes, whatever the model's order; those below the threshold abstain."""
    names = [str(c) for c in range(10)]
    lf = model_lf(MODEL, columns=COLUMNS, labels=names, output="soft", threshold=0.5)
    votes = apply(lf, DIGITS.head(200), classes=names[::-1], progress=False)
    proba = MODEL.predict_proba(DIGITS.head(200))
    sure = proba.max(axis=1) >= 0.5
    np.testing.assert_allclose(votes.probs[sure, 0], proba[sure][:, ::-1])
    assert np.isnan(votes.probs[~sure, 0]).all()
    assert not sure.all()


def test_texts_with_missing_cells():
    """The model sees texts only; a missing one abstains."""
    lf = model_lf(PIPELINE, column="text", threshold=0.55, name="tfidf")
    assert apply(lf, TEXTS, classes=["ham", "spam"], progress=False)["tfidf"].tolist() == [1, 0, -1, 1, 0]
    assert lf({"text": "money"}) == "spam"
    assert lf({"text": None}) is None
    assert "missing" in lf.explain({"text": None}).reason


@pytest.mark.parametrize("model", [LinearSVC(), RidgeClassifier()])
def test_decision_functions_abstain_by_margin(model):
    """Where there are no probabilities, the lead of the best class is the confidence: |d| of two classes."""
    model.fit(DIGITS, Y >= 5)
    d = model.decision_function(DIGITS)
    lf = model_lf(model, columns=COLUMNS, threshold=0.5)
    votes = apply(lf, DIGITS, progress=False).to_numpy()[:, 0]
    assert (votes == np.where(np.abs(d) < 0.5, -1, d > 0)).all()
    with pytest.raises(LabelingFunctionError, match="CalibratedClassifierCV"):
        model_lf(model, columns=COLUMNS, output="soft")


def test_only_predict():
    """Such a model always votes, and cannot be asked how sure it is."""
    only = type("Only", (), {"predict": lambda self, X: MODEL.predict(X), "classes_": MODEL.classes_})()
    lf = model_lf(only, columns=COLUMNS, name="nearest")
    assert (apply(lf, DIGITS, classes=10, progress=False).to_numpy()[:, 0] == MODEL.predict(DIGITS)).all()
    with pytest.raises(LabelingFunctionError, match=r"threshold=0\.5 needs a confidence"):
        model_lf(only, columns=COLUMNS, threshold=0.5)


def test_functions_return_labels_or_probabilities():
    """Labels may be None; probabilities need to be told what they are of."""
    votes = apply(
        [
            model_lf(lambda cells: ["spam" if "money" in cell else None for cell in cells], column="text", name="a"),
            model_lf(
                lambda cells: [[0.2, 0.8] if "money" in cell else [0.5, 0.5] for cell in cells],
                column="text",
                labels=["ham", "spam"],
                name="b",
            ),
        ],
        TEXTS,
        classes=["ham", "spam"],
        progress=False,
    )
    assert votes["a"].tolist() == [1, -1, -1, 1, -1]
    assert votes["b"].tolist() == [1, -1, -1, 1, -1]  # a tie is no opinion
    lf = model_lf(lambda cells: np.ones((len(cells), 2)) / 2, column="text", name="c")
    with pytest.raises(LabelingFunctionFailure, match="Give labels="):
        apply(lf, TEXTS, classes=2, progress=False)


def test_labels_by_class_may_leave_some_out():
    """A model of other classes may speak for some of ours; its mass elsewhere abstains, or is shared out."""
    lf = model_lf(MODEL, columns=COLUMNS, labels={0: "round", 8: "round", 1: "straight"}, name="shape")
    votes = apply(lf, DIGITS, classes=["round", "straight"], progress=False)["shape"].to_numpy()
    said = MODEL.predict(DIGITS)
    assert (votes == np.where(np.isin(said, [0, 8]), 0, np.where(said == 1, 1, -1))).all()
    soft = model_lf(MODEL, columns=COLUMNS, labels={0: "round", 8: "round", 1: "straight"}, name="s", output="soft")
    probs = apply(soft, DIGITS.head(50), classes=["round", "straight"], progress=False).probs[:, 0]
    assert (np.isnan(probs[:, 0]) == ~np.isin(said[:50], [0, 1, 8])).all()
    np.testing.assert_allclose(np.nansum(probs, axis=1)[~np.isnan(probs[:, 0])], 1)


def test_missing_numbers_abstain_and_are_not_shown():
    """scikit-learn's linear models would raise on NaN, and others guess."""
    frame = DIGITS.head(20).copy()
    frame.iloc[3, 5] = np.nan
    votes = apply(model_lf(MODEL, columns=COLUMNS), frame, classes=10, progress=False).to_numpy()[:, 0]
    assert np.flatnonzero(votes == -1).tolist() == [3]
    trees = HistGradientBoostingClassifier(max_iter=2).fit(DIGITS.iloc[FEW], Y[FEW])
    assert apply(model_lf(trees, columns=COLUMNS), frame, classes=10, progress=False).iloc[3, 0] == -1


def test_explains_itself():
    """The scores of the classes, against the threshold."""
    lf = model_lf(MODEL, columns=COLUMNS, threshold=0.9)
    unsure = MODEL.predict_proba(DIGITS).max(axis=1).argmin()
    said = lf.explain(DIGITS.iloc[unsure])
    assert said.vote is None
    assert "below the threshold 0.9" in said.reason
    assert max(said.details["scores"].values()) < 0.9
    assert lf.explain(DIGITS.iloc[0]).vote == 0
    assert "threshold" in lf._repr_html_()
    assert "LogisticRegression" in lf._repr_html_()


def test_pickles():
    """A model that pickles makes a labeling function that does."""
    lf = pickle.loads(pickle.dumps(model_lf(PIPELINE, column="text")))
    assert lf({"text": "money"}) == "spam"


def test_what_fails_in_a_batch_fails_those_rows():
    """The batches beside it keep their votes."""

    def model(cells):
        if "call mum" in cells:
            raise RuntimeError("out of memory")
        return ["spam"] * len(cells)

    lf = model_lf(model, column="text", batch_size=1)
    with pytest.raises(LabelingFunctionFailure, match=r"'model' failed on row 1: RuntimeError: out of memory"):
        apply(lf, TEXTS, classes=["ham", "spam"], progress=False)
    with pytest.warns(FaultWarning, match="out of memory"):
        votes = apply(lf, TEXTS, classes=["ham", "spam"], on_error="abstain", progress=False)
    assert votes["model"].tolist() == [1, -1, -1, 1, 1]
    assert votes.attrs["faults"]["model"].rows == (1,)


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        ([[0.5, 0.4]], "sum to 1"),
        ([[np.nan, 1.0]], "sum to 1"),
        ([[0.2, 0.3, 0.5]], r"shape \(1, 3\), not \(1, 2\)"),
        ([[0.5, 0.5]] * 2, r"shape \(2, 2\)"),
    ],
)
def test_probabilities_are_checked(returned, says):
    """A model that returns logits must not be taken for a sure one."""
    lf = model_lf(lambda cells: returned, column="text", labels=["ham", "spam"], name="m", batch_size=1)
    with pytest.raises(LabelingFunctionFailure, match=says):
        apply(lf, TEXTS.head(1), classes=["ham", "spam"], progress=False)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"model": object(), "column": "text"}, "is no classifier"),
        ({"model": LogisticRegression, "column": "text"}, "is a class"),
        ({"model": LogisticRegression(), "column": "text"}, "fit it first"),
        ({"model": PIPELINE}, "give column="),
        ({"model": PIPELINE, "column": "text", "columns": ["n"]}, "give column="),
        ({"model": PIPELINE, "columns": "text"}, "must be a list of columns"),
        ({"model": PIPELINE, "column": "text", "threshold": 1.5}, "from 0 to 1"),
        ({"model": PIPELINE, "column": "text", "labels": ["ham"]}, "1 labels for 2 classes"),
        ({"model": PIPELINE, "column": "text", "labels": {"spma": 1}}, "Did you mean 'spam'"),
        ({"model": PIPELINE, "column": "text", "labels": [None, None]}, "must name"),
        ({"model": PIPELINE, "column": "text", "batch_size": 0}, "int from 1"),
        ({"model": PIPELINE, "column": "text", "output": "set"}, "not what a classifier votes"),
    ],
)
def test_bad_arguments(arguments, says):
    """What cannot work is said when the function is made."""
    with pytest.raises(LabelingFunctionError, match=says):
        model_lf(**arguments)


def test_bad_columns_and_classes():
    """Both are found before the model is asked."""
    with pytest.raises(ColumnError, match=r"'tfidf' reads column 'txet'.*Did you mean 'text'"):
        apply(model_lf(PIPELINE, column="txet", name="tfidf"), TEXTS, classes=["ham", "spam"], progress=False)
    with pytest.raises(LabelingFunctionError, match=r"'pipeline': one of its labels is 'ham'.*no vote"):
        apply(model_lf(PIPELINE, column="text"), TEXTS, classes=["good", "spam"], progress=False)
    said = model_lf(lambda cells: ["egg"] * len(cells), column="text", name="m")
    with pytest.raises(ReturnValueError, match="'m' returned 'egg'"):
        apply(said, TEXTS, classes=["ham", "spam"], progress=False)
