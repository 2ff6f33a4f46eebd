"""What a notebook and a prompt show: every public class says what it is, fitted or not."""

from __future__ import annotations

import inspect
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LogisticRegression

import weaklab.end_models as room
from weaklab.end_models import (
    EndModel,
    EndRegressor,
    FeaturePlan,
    JointModel,
    NestedDropout,
    RandomFeatureClassifier,
    RandomFeatureRegressor,
    SoftLabelClassifier,
)
from weaklab.votes import SoftLabels

X = np.random.default_rng(0).normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)
ESTIMATORS = [
    EndModel(max_epochs=1, dropout=NestedDropout()),
    EndRegressor(max_epochs=1),
    SoftLabelClassifier(LogisticRegression()),
    RandomFeatureClassifier(features=10),
    RandomFeatureRegressor(features=10),
]
PROTOCOLS = {"Sampler"}  # what a user's class must look like


class Closed(HTMLParser):
    """Counts what was opened and not closed."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in {"input", "br", "img", "hr", "col"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            assert self.open.pop() == tag


def shown(thing):
    """Its HTML, well formed."""
    html = thing._repr_html_()
    parser = Closed()
    parser.feed(html)
    assert not parser.open
    return html


@pytest.mark.parametrize("model", ESTIMATORS, ids=lambda model: type(model).__name__)
def test_estimators_show_themselves_before_and_after_fit(model):
    """As those of scikit-learn do: name, arguments, whether fitted."""
    assert "Not fitted" in shown(model)
    fitted = shown(model.fit(X, Y))
    assert type(model).__name__ in fitted
    assert "Not fitted" not in fitted


def test_a_joint_model_shows_itself_before_and_after_fit():
    """It takes votes first."""
    model = JointModel(max_epochs=1, start=0)
    assert "Not fitted" in shown(model)
    assert "Not fitted" not in shown(model.fit(np.column_stack([Y, Y]), X))


def test_plans_and_reports_are_tables():
    """Names of columns, in whatever letters they come; the report with its advice."""
    frame = pd.DataFrame({"a<b": X[:, 0], "c": X[:, 1]})
    model = EndModel(columns=["a<b", "c"], max_epochs=1)
    model.fit(frame, SoftLabels(np.eye(2)[Y], gold=np.where(X[:, 2] > 0, Y, -1)))
    assert "a&lt;b" in shown(model.features_)
    assert "gold-only baseline" in shown(model.fit_report_)
    assert "columns=[&#x27;a&lt;b&#x27;]" in shown(FeaturePlan(columns=["a<b"]))


def test_every_public_class_has_words_for_itself():
    """Never <object at 0x7f...>; what holds rows says how many, not which."""
    for name, thing in inspect.getmembers(room, inspect.isclass):
        if name in room.__all__ and name not in PROTOCOLS:
            assert thing.__repr__ is not object.__repr__, name
    rows = room.SparseRows(torch.tensor([0, 2, 2]), torch.tensor([1, 3]), torch.ones(2), 5)
    assert repr(rows) == "SparseRows(2 x 5, 2 values, cpu)"
    assert repr(room.TrainingRows.of([[0.5, 0.5]] * 3)) == "TrainingRows(3 rows, 2 classes, cpu)"
    assert repr(room.HashedText()) == "HashedText(max_features=32768, min_rows=None)"
