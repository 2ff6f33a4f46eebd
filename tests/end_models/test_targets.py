"""The one intake of labels: every form, and every way to get it wrong."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import DataConversionWarning

from weaklab.end_models.given_labels import GivenLabels
from weaklab.end_models.regression import Regression
from weaklab.end_models.targets import Targets, read_targets
from weaklab.end_models.tasks import find_task
from weaklab.exceptions import ClassError, ParameterError, SoftLabelError
from weaklab.votes.soft import SoftLabels

PROBS = np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]])


def read(soft, n, **options) -> Targets:
    """What is trained on."""
    return read_targets(GivenLabels(soft, n, **options))


def test_soft_labels_carry_weights_gold_and_names():
    """Gold is known, so its row is one-hot; sample weights multiply with those of the label model."""
    soft = SoftLabels(PROBS, weight=[1, 0, 2], gold=[-1, -1, 1], classes=["ham", "spam"])
    targets = read(soft, 3, sample_weight=[2, 2, 2])
    assert targets.probs.tolist() == [[0.9, 0.1], [0.4, 0.6], [0.0, 1.0]]
    assert targets.weight.tolist() == [2, 0, 4]
    assert targets.classes.tolist() == ["ham", "spam"]
    assert targets.used.tolist() == [0, 2]
    assert soft.probs.tolist() == PROBS.tolist()  # the caller's own stays as it was


@pytest.mark.parametrize(
    "form",
    [
        PROBS,
        PROBS.tolist(),
        SoftLabels(PROBS),
        pd.DataFrame(PROBS),
        pl.DataFrame(PROBS, schema=["0", "1"]),
        pl.from_numpy(PROBS),
    ],
    ids=["array", "lists", "SoftLabels", "pandas", "polars", "polars from numpy"],
)
def test_every_form_of_soft_labels_means_the_same(form):
    """Users hold soft labels in whatever their last step gave."""
    targets = read(form, 3)
    np.testing.assert_array_equal(targets.probs, PROBS)
    assert targets.weight.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["b", "a", "b"], ["a", "b"]),
        (np.array([7, 3, 7]), [3, 7]),
        (pd.Series(["b", "a", "b"], dtype="category"), ["a", "b"]),
        (pd.Series([2, 1, 2], dtype="Int64"), [1, 2]),
        (pl.Series(["b", "a", "b"]), ["a", "b"]),
        ([True, False, True], [False, True]),
        ([1.0, -1.0, 1.0], [-1.0, 1.0]),
        (np.array(["b", "a", "b"], dtype=object), ["a", "b"]),
        ([1, -1, 1], [-1, 1]),
    ],
)
def test_hard_labels_of_any_kind_become_one_hot(labels, classes):
    """The classes are the sorted labels, as in scikit-learn."""
    targets = read(labels, 3)
    assert targets.classes.tolist() == classes
    assert targets.probs.tolist() == [[0, 1], [1, 0], [0, 1]]


def test_declared_classes_fix_number_and_order_even_of_those_never_seen():
    """A model trained on part of the data must still have a column for every class."""
    assert read(["spam"], 1, classes=["ham", "spam", "other"]).probs.tolist() == [[0, 1, 0]]
    assert read([1.0], 1, classes=3).probs.tolist() == [[0, 1, 0]]
    assert read([-1, 0], 2, classes=[-1, 0, 1]).probs.tolist() == [[1, 0, 0], [0, 1, 0]]
    assert read(PROBS, 3, classes=["no", "yes"]).classes.tolist() == ["no", "yes"]
    assert read(PROBS, 3, classes=2).classes.tolist() == [0, 1]


class Mail(Enum):
    """Classes as members of an Enum."""

    SPAM = "s"
    HAM = "h"


ODD_NAMES = [[Mail.HAM, Mail.SPAM], ["other", 7], [("a", 1), ("b", 2)], [("a", 1), "b"], [True, "unsure"]]


@pytest.mark.parametrize("names", ODD_NAMES, ids=repr)
@pytest.mark.parametrize("form", ["list", "array", "Series"])
def test_hard_labels_may_have_every_name_that_classes_may_have(names, form):
    """numpy would turn 7 into '7', and a list of tuples into a matrix that looks like soft labels."""
    labels = [names[1], names[0], names[1]]
    array = np.empty(3, dtype=object)
    for i, label in enumerate(labels):
        array[i] = label
    given = {"list": labels, "array": array, "Series": pd.Series(labels, dtype=object)}[form]
    for options in ({"classes": names}, {"known": read(PROBS, 3, classes=names).classes}):
        targets = read(given, 3, **options)
        assert targets.classes.tolist() == names
        assert targets.probs.tolist() == [[0, 1], [1, 0], [0, 1]]


def test_members_of_an_enum_may_stand_for_declared_names():
    """As labeling functions may return them."""
    assert read([Mail.SPAM, Mail.HAM], 2, classes=["HAM", "SPAM"]).probs.tolist() == [[0, 1], [1, 0]]


def test_tuples_of_probabilities_are_soft_labels():
    """Tuples are names only where they were declared as such."""
    assert read([(0.9, 0.1), (0.4, 0.6)], 2, classes=["a", "b"]).probs.tolist() == [[0.9, 0.1], [0.4, 0.6]]


def test_a_column_of_hard_labels_is_taken_with_a_warning():
    """As everywhere in scikit-learn."""
    with pytest.warns(DataConversionWarning):
        assert read([[0], [1]], 2).probs.tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("labels", "options", "error", "message"),
    [
        (None, {}, SoftLabelError, "y is None"),
        ([0, 1], {}, SoftLabelError, "2 labels for 3 rows"),
        (PROBS[:2], {}, SoftLabelError, "2 rows of soft labels for 3"),
        ([[1.0], [0.5, 0.5], [1.0]], {}, SoftLabelError, "one length"),
        ([[0.5, 0.6]] * 3, {}, SoftLabelError, "no distribution"),
        ([[np.nan, 1.0]] * 3, {}, SoftLabelError, "no distribution"),
        (["a", None, "b"], {}, SoftLabelError, "row 1"),
        ([0.0, np.nan, 1.0], {}, SoftLabelError, "NaN"),
        ([0.5, 0.1, 1.2], {}, SoftLabelError, "continuous"),
        (np.array([1, "a", 2], dtype=object), {}, SoftLabelError, "one type"),
        ([-1, 2, 1], {}, ClassError, r"-1 \(1 rows\), first in row 0; .*'unknown'.*weight 0.*classes=\[-1, 1, 2\]"),
        ([1.0, -1.0, 2.0], {}, ClassError, r"classes=\[-1, 1, 2\]"),
        ([-1, -1, -1], {}, ClassError, "Drop those rows"),
        (np.ones((3, 1)), {}, SoftLabelError, r"shape \(3, 1\).*at least two classes.*labels\.ravel"),
        ([[0.3], [0.7], [1.0]], {}, SoftLabelError, r"np\.column_stack\(\[1 - p, p\]\)"),
        (np.ma.array([0, 1, 1], mask=[0, 1, 0]), {}, SoftLabelError, "row 1 is masked"),
        (["a", 2, "b"], {"classes": ["a", 1]}, ClassError, "row 1, 2, is none of the classes"),
        (["a", None, 1], {"classes": ["a", 1]}, SoftLabelError, "row 1 is missing"),
        (np.array(["a", [1], 1], dtype=object), {"classes": ["a", 1]}, ClassError, "row 1, .1., is no class"),
        (["a", 1], {"classes": ["a", 1]}, SoftLabelError, "2 labels for 3 rows"),
        ([-1, 0, 1], {}, ClassError, r"-1 \(1 rows\).*classes=\[-1, 0, 1\]"),
        (["spam", "hum", "ham"], {"classes": ["ham", "spam"]}, ClassError, "Did you mean 'ham'"),
        ([0, 1, 2], {"classes": 2}, ClassError, "0 to 1"),
        (PROBS, {"classes": 3}, SoftLabelError, "2 columns, but classes=3"),
        (PROBS, {"classes": ["a", "b", "c"]}, SoftLabelError, "names 3 classes"),
        (SoftLabels(PROBS, weight=[0, 0, 0]), {}, SoftLabelError, "All 3 rows have weight 0"),
        (PROBS, {"sample_weight": [1, -1, 1]}, ParameterError, "row 1"),
        (PROBS, {"sample_weight": [0, 0, 0]}, ParameterError, "for every row"),
        (["a", "c", "b"], {"known": np.array(["a", "b"])}, ClassError, "'c' is none of the classes"),
        (SoftLabels(PROBS, classes=["a", "z"]), {"known": np.array(["a", "b"])}, SoftLabelError, "those of this model"),
    ],
)
def test_labels_that_do_not_fit_are_refused_with_place_and_cause(labels, options, error, message):
    """A label that is silently dropped or cast is worse than an error."""
    with pytest.raises(error, match=message):
        read(labels, 3, **options)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda index: SoftLabels(PROBS, index=index),
        lambda index: pd.DataFrame(PROBS, index=index),
        lambda index: pd.Series(["a", "b", "a"], index=index),
    ],
    ids=["SoftLabels", "DataFrame", "Series"],
)
def test_labels_with_another_index_than_the_data_are_refused(wrap):
    """Rows are matched by position; an index in another order says that they do not match."""
    data = pd.Index(["r0", "r1", "r2"])
    assert len(read(wrap(data), 3, index=data).used) == 3
    with pytest.raises(SoftLabelError, match=r"the same entries in another order.*row 0 is 'r1'.*'r0'"):
        read(wrap(data[[1, 0, 2]]), 3, index=data)
    with pytest.raises(SoftLabelError, match="another index than the data: row 0 is 0"):
        read(wrap(pd.RangeIndex(3)), 3, index=data)
    assert len(read(wrap(pd.RangeIndex(3)), 3).used) == 3  # data without index: position is all there is


@pytest.mark.parametrize("task", ["multiclass", "multilabel", Regression([0, 1])], ids=["one", "several", "number"])
def test_weights_with_another_index_than_the_data_are_refused(task):
    """By position they would give each row the weight of another."""
    data = pd.Index(["r0", "r1", "r2"])
    weight = pd.Series([1.0, 0.0, 2.0], index=data)
    labels = GivenLabels(PROBS[:, :2], 3, sample_weight=weight, index=data)
    assert find_task(task).read(labels).weight.tolist() == [1, 0, 2]
    with pytest.raises(ParameterError, match="index of sample_weight is not the index of the rows"):
        find_task(task).read(replace(labels, sample_weight=weight[["r1", "r0", "r2"]]))
    without = replace(labels, index=None, sample_weight=weight[["r1", "r0", "r2"]])
    assert find_task(task).read(without).weight.tolist() == [0, 1, 2]  # data without index: position is all there is
