"""What users get wrong, as they meet it: through fit and predict of each estimator."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from weaklab.end_models import (
    Cosine,
    CoTeaching,
    EndModel,
    EndRegressor,
    EveryRow,
    JointModel,
    MultiSourceConsistency,
    NestedDropout,
    SoftCrossEntropy,
    SoftLabelClassifier,
)
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


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_is_none_is_found(value):
    """Its row and column; and where missing ones are allowed."""
    wrong = X.copy()
    wrong[2, 1] = value
    for model in (EndModel(), EndRegressor()):
        with pytest.raises(
            FrameError, match=r"first is in row 2, column 1; missing numbers of a DataFrame are imputed"
        ):
            model.fit(wrong, [0, 1, 0, 1])
    fitted = EndModel(max_epochs=1).fit(X, [0, 1, 0, 1])
    with pytest.raises(FrameError, match="first is in row 2, column 1"):
        fitted.predict(wrong)


def test_columns_of_several_kinds_in_an_array_are_told_from_numbers():
    """They come out of frames by to_numpy()."""
    with pytest.raises(FrameError, match="given as those of a DataFrame"):
        EndModel().fit(FRAME.to_numpy(), [0, 1, 0, 1])


@pytest.mark.parametrize("missing", [np.nan, None])
def test_a_label_that_is_missing_is_found(missing):
    """The first of them."""
    for labels in ([0, 1, missing, 1], ["a", "b", missing, "b"]):
        for model in (EndModel(), SoftLabelClassifier(LogisticRegression())):
            with pytest.raises(SoftLabelError, match="1 labels are missing; the first is in row 2"):
                model.fit(X, pd.Series(labels, dtype=object))
    with pytest.raises(SoftLabelError, match="1 labels are missing; the first is in row 2"):
        EndModel().fit(X, np.array([0, 1, np.nan, 1]))


def test_dates_are_no_numbers_to_learn():
    """A missing one would be the year 1677."""
    dates = pd.Series(pd.to_datetime(["2026-01-01", None, "2026-01-03", "2026-01-04"]))
    with pytest.raises(SoftLabelError, match="Targets must be numbers: got datetime64"):
        EndRegressor().fit(X, dates)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"loss": SoftCrossEntropy},
            r"loss=SoftCrossEntropy is a class; give one of its kind: SoftCrossEntropy\(...\)",
        ),
        ({"sampler": EveryRow}, "sampler=EveryRow is a class"),
        ({"peers": CoTeaching}, "peers=CoTeaching is a class"),
        ({"dropout": NestedDropout}, "dropout=NestedDropout is a class"),
        ({"schedule": Cosine}, "schedule=Cosine is a class"),
        ({"which": 2}, "which=2 must be at most 1"),
    ],
)
def test_a_class_in_the_place_of_its_object_is_told(options, message):
    """The brackets are soon forgotten."""
    with pytest.raises(ParameterError, match=message):
        EndModel(**options).fit(X, [0, 1, 0, 1])


def test_a_learning_rate_of_nothing_is_refused_by_a_joint_model():
    """It is no way to say the default."""
    with pytest.raises(ParameterError, match="learning_rate=0 must be a finite number above 0"):
        JointModel(learning_rate=0).fit([[0, 1]] * 4, X)


@pytest.mark.parametrize("width", [1, 3])
def test_a_module_of_another_width_is_named(width):
    """Its shape, and the shape expected."""
    with pytest.raises(ParameterError, match=rf"Linear gave logits of shape \(4, {width}\).*expected \(4, 2\)"):
        EndModel(module=torch.nn.Linear(4, width)).fit(X, [0, 1, 0, 1])


@pytest.mark.parametrize("shape", [(60, 3), (60, 4, 4)])
def test_tensors_are_arrays_whatever_they_carry(shape):
    """Gradients and bfloat16, which numpy has not, are no reason to fail."""
    rows = torch.randn(shape, generator=torch.Generator().manual_seed(0)).bfloat16()
    labels = torch.eye(2)[(rows.flatten(1)[:, 0] > 0).long()]
    model = EndModel(max_epochs=2)
    plain = model.fit(rows.float().numpy(), labels.numpy()).predict_proba(rows.float().numpy())
    again = model.fit(rows.requires_grad_(), labels.bfloat16().requires_grad_())
    np.testing.assert_array_equal(again.predict_proba(rows), plain)
    np.testing.assert_allclose(again.predict_proba(list(rows.float())), plain, rtol=1e-5)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: EndModel().fit(torch.eye(4).to_sparse(), [0, 1, 0, 1]), r"layout torch.sparse_coo: give X.to_dense"),
        (
            lambda: EndModel().fit(X + 1j, [0, 1, 0, 1]),
            r"^Complex data not supported: give real numbers[^\n]*$",
        ),
        (lambda: EndModel().fit(pd.DataFrame(X + 1j), [0, 1, 0, 1]), r"None of the columns .*\(0, 1, 2, 3\)"),
        (lambda: EndModel(encode=TfidfVectorizer).fit(["a"] * 4, [0, 1, 0, 1]), r"a class.*: TfidfVectorizer\(...\)"),
        (lambda: EndModel(device="meta").fit(X, [0, 1, 0, 1]), "device='meta' was asked for, but torch cannot use it"),
        (lambda: MultiSourceConsistency(views=3), "views=3 must be a callable"),
        (lambda: MultiSourceConsistency(weights=3), "weights=3 must be one number per source"),
    ],
)
def test_what_would_fail_deep_within_is_told_first(build, message):
    """With what to give instead, in one line."""
    with pytest.raises((ParameterError, FrameError), match=message):
        build()


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="it is there")
def test_a_device_that_torch_was_not_built_for_is_an_error():
    """As a card that is not there."""
    with pytest.raises(ParameterError, match="device='mps' was asked for, but torch cannot use it here"):
        EndModel(device="mps").fit(X, [0, 1, 0, 1])
