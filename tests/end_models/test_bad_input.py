"""What users get wrong, as they meet it: through fit and predict of each estimator."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from weaklab.end_models import EndModel, EndRegressor, JointModel, SoftLabelClassifier
from weaklab.exceptions import FrameError, ParameterError, SoftLabelError
from weaklab.votes import SoftLabels

X = np.eye(4)
FRAME = pd.DataFrame({"text": ["a b", "", None, "c"], "kind": ["x", "y", "x", "y"]})


@pytest.mark.parametrize(
    "model", [EndModel(max_epochs=1), SoftLabelClassifier(LogisticRegression())], ids=lambda m: type(m).__name__
)
@pytest.mark.parametrize(
    ("soft", "message"),
    [
        ([[0.5, 0.6]] * 4, r"4 rows of soft labels are no distribution; the first is row 0: \[0.5, 0.6\]"),
        ([[0.5, 0.5]] * 3 + [[np.nan, 1.0]], "1 rows of soft labels are no distribution; the first is row 3"),
        ([[0.5, 0.5]] * 3, "3 rows of soft labels for 4 rows of data"),
        (SoftLabels([[0.5, 0.5]] * 4, weight=[0] * 4), "All 4 rows have weight 0.*no labeling function votes"),
        ([[1.5, -0.5]] * 4, "no distribution"),
    ],
)
def test_soft_labels_that_are_none_are_refused(model, soft, message):
    """Each with the first row, and what is to be done."""
    with pytest.raises(SoftLabelError, match=message):
        model.fit(X, soft)


@pytest.mark.parametrize(
    "model", [EndModel(max_epochs=1), SoftLabelClassifier(LogisticRegression())], ids=lambda m: type(m).__name__
)
def test_another_number_of_classes_is_refused(model):
    """Three were declared, two columns came."""
    model = clone(model).set_params(classes=["a", "b", "c"])
    with pytest.raises(SoftLabelError, match="names 3 classes"):
        model.fit(X, [[0.5, 0.5]] * 4)


def test_a_single_class_is_learnt_without_fuss():
    """All soft labels certain of one class: an end model predicts it."""
    model = EndModel(max_epochs=2).fit(X, [[1.0, 0.0]] * 4)
    assert model.predict(X).tolist() == [0] * 4
    assert model.fit_report_.agreement == 1.0


def test_empty_texts_are_texts_but_not_the_only_ones():
    """An empty text has no n-grams; the model answers by its bias."""
    model = EndModel(column="text", max_epochs=2).fit(FRAME, [0, 1, 0, 1])
    assert np.isfinite(model.predict_proba(pd.DataFrame({"text": ["", None, "never seen"]}))).all()
    with pytest.raises(FrameError, match="no text at all: all 4 rows"):
        EndModel(column="text").fit(FRAME.assign(text=""), [0, 1, 0, 1])


def test_a_category_never_seen_is_no_category():
    """All its features are 0."""
    model = EndModel(columns={"kind": "category"}, max_epochs=2).fit(FRAME, [0, 1, 0, 1])
    assert not model.features_.transform(pd.DataFrame({"kind": ["z"]})).any()
    assert np.isfinite(model.predict_proba(pd.DataFrame({"kind": ["z", None]}))).all()


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA card is there")
@pytest.mark.parametrize("model", [EndModel, EndRegressor, JointModel])
def test_a_card_that_is_not_there_is_an_error(model):
    """Not a silent fall to the CPU."""
    given = ([[0, 1]] * 4, X) if model is JointModel else (X, [0, 1, 0, 1])
    with pytest.raises(ParameterError, match=r"'cuda' was asked for, but torch sees 0 CUDA cards\. Use 'auto'"):
        model(device="cuda").fit(*given)


@pytest.mark.parametrize("width", [1, 3])
def test_a_module_of_another_width_is_named(width):
    """Its shape, and the shape expected."""
    with pytest.raises(ParameterError, match=rf"Linear gave logits of shape \(4, {width}\).*expected \(4, 2\)"):
        EndModel(module=torch.nn.Linear(4, width)).fit(X, [0, 1, 0, 1])
