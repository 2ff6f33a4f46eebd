"""Soft labels, classes, gold labels and ties."""

from __future__ import annotations

from enum import Enum
from hashlib import sha1

import numpy as np
import pandas as pd
import pytest

from weaklab.exceptions import ClassError, GoldError, ParameterError, SoftLabelError
from weaklab.seeding import generator
from weaklab.votes import (
    SoftLabels,
    break_ties,
    check_classes,
    check_gold,
    check_sample_weight,
    check_soft_labels,
    class_array,
    class_code,
    number_of_classes,
)

PROBS = [[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]]


class Colour(Enum):
    RED = 0
    BLUE = "blue"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"probs": [[0.5, 0.6]]}, "1 rows.*row 0"),
        ({"probs": [[1.0, 0.0], [np.nan, 1.0]]}, "row 1"),
        ({"probs": [[1.5, -0.5]]}, "non-negative"),
        ({"probs": [0.5, 0.5]}, "shape"),
        ({"probs": [[1.0]]}, "k of 2"),
        ({"probs": [["a", "b"]]}, "numbers"),
        ({"probs": PROBS, "weight": [1, 1]}, "weight must be of shape"),
        ({"probs": PROBS, "weight": [1, -1, 1]}, "row 1 has -1"),
        ({"probs": PROBS, "weight": ["a", 1, 1]}, "weight must be numbers"),
        ({"probs": PROBS, "gold": [0, 2, -1]}, "row 1 has 2"),
        ({"probs": PROBS, "gold": [0.0, 1.0, 0.0]}, "ints"),
        ({"probs": PROBS, "classes": ["a", "b", "c"]}, "3 classes"),
        ({"probs": PROBS, "index": [1, 2]}, "2 entries"),
    ],
)
def test_parts_that_do_not_fit_are_named(parts, message):
    """Soft labels are distributions, one row per row of data, and every part has a value per row."""
    with pytest.raises(SoftLabelError, match=message):
        SoftLabels(**parts)


def test_soft_labels_are_an_array_to_numpy():
    """Whatever takes an array takes them."""
    soft = SoftLabels(PROBS)
    assert np.asarray(soft) is soft.probs
    assert np.array(soft, copy=True) is not soft.probs
    assert np.asarray(soft, dtype=np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="copy"):
        soft.__array__(np.float32, copy=False)
    assert (soft.n, soft.k, soft.shape, len(soft)) == (3, 2, (3, 2), 3)


def test_soft_labels_show_names_coverage_and_gold():
    """What they are can be read off them, and names are escaped."""
    soft = SoftLabels(PROBS, [1, 0, 1], [-1, -1, 1], ["<ham>", "spam"], pd.Index([5, 6, 7]))
    assert repr(soft) == "SoftLabels(n=3, k=2, classes=['<ham>', 'spam'], covered=66.7%, gold rows=1)"
    assert "&lt;ham&gt;" in soft._repr_html_()
    assert "<ham>" not in soft._repr_html_()
    frame = soft.to_frame()
    assert frame.columns.tolist() == ["<ham>", "spam", "label", "confidence", "covered"]
    assert frame.label.tolist() == ["<ham>", "<ham>", "spam"]
    assert frame.index.tolist() == [5, 6, 7]
    assert soft.labels(ties="abstain").tolist() == ["<ham>", None, "spam"]
    assert SoftLabels(PROBS).labels().tolist() == [0, 0, 1]
    assert SoftLabels(PROBS).covered.all()


@pytest.mark.parametrize("rows", [slice(1, 3), [1, 2], np.array([False, True, True]), [-2, -1]])
def test_rows_of_soft_labels_keep_their_parts(rows):
    """Taking rows takes weight, gold and index with them."""
    soft = SoftLabels(PROBS, [1, 0, 1], [-1, -1, 1], ["ham", "spam"], pd.Index([5, 6, 7]))[rows]
    assert soft.probs.tolist() == PROBS[1:]
    assert soft.weight.tolist() == [0, 1]
    assert soft.gold.tolist() == [-1, 1]
    assert soft.index.tolist() == [6, 7]
    assert soft[1].probs.tolist() == [PROBS[2]]
    assert soft.replace(weight=None).weight is None


def test_rows_are_taken_as_scikit_learn_takes_those_of_an_array():
    """With an ellipsis, or none at all; columns are not taken, as what is left is no distribution."""
    soft = SoftLabels(PROBS, [1, 0, 1], [-1, -1, 1], ["ham", "spam"], pd.Index([5, 6, 7]))
    for some in (soft[[1, 2], ...], soft[np.array([False, True, True]), :], soft[1:, ...]):
        assert some.probs.tolist() == PROBS[1:]
        assert (some.weight.tolist(), some.gold.tolist(), some.index.tolist()) == ([0, 1], [-1, 1], [6, 7])
        assert some.classes == ("ham", "spam")
    assert len(soft[[]]) == 0
    with pytest.raises(SoftLabelError, match=r"indexed by rows; got \[0, 1\]"):
        soft[0, 1]


def test_soft_labels_come_in_three_forms():
    """SoftLabels, arrays, and frames whose columns name the classes; and they must fit what is asked."""
    frame = pd.DataFrame(PROBS, columns=["ham", "spam"])
    assert check_soft_labels(frame, 3).classes == ("ham", "spam")
    assert check_soft_labels(np.array(PROBS), 3, ["a", "b"]).classes == ("a", "b")
    assert check_soft_labels(pd.DataFrame(PROBS), 3).classes is None
    with pytest.raises(SoftLabelError, match="3 rows of soft labels for 4"):
        check_soft_labels(frame, 4)
    with pytest.raises(SoftLabelError, match="not of"):
        check_soft_labels(frame, 3, ["spam", "ham"])


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (1, "two classes"),
        (True, "number of classes"),
        ("ham", "list of their names"),
        (["ham"], "two classes"),
        (["ham", "ham"], "'ham' given more than once"),
        (["ham", None], "None cannot be the name"),
        ([0.5, 1.5], "0.5 cannot be"),
        ([[1], [2]], "cannot be the name"),
        (2.5, "list of their names"),
        ({"ham", "spam"}, "is a set.*list of the names in the order of their codes"),
        (frozenset(["ham", "spam"]), "is a frozenset"),
        ({"ham": 0, "spam": 1}, "is a dict"),
        (iter(["ham", "spam"]), "read only once"),
    ],
)
def test_classes_that_are_none_are_refused(classes, message):
    """Two classes or more, each named once."""
    with pytest.raises(ClassError, match=message):
        check_classes(classes)


def test_class_arrays_have_the_type_of_their_names():
    """Strings stay strings, ints stay ints, and anything else is an object."""
    assert class_array(["a", "bb"]).dtype.kind == "U"
    assert class_array([3, 1]).tolist() == [3, 1]
    mixed = class_array([Colour.RED, ("a", "b")])
    assert mixed.dtype == object
    assert mixed.shape == (2,)
    assert number_of_classes(np.array(["a", "b", "c"])) == 3


@pytest.mark.parametrize(
    ("value", "classes", "code"),
    [
        ("spam", ["ham", "spam"], 1),
        (np.str_("spam"), ["ham", "spam"], 1),
        (1, ["ham", "spam"], 1),
        (True, None, 1),
        (np.int8(5), None, 5),
        (Colour.RED, 2, 0),
        (Colour.BLUE, ["red", "blue"], 1),
        (Colour.RED, ["BLUE", "RED"], 1),
        (Colour.RED, [Colour.BLUE, Colour.RED], 1),
        (10, [20, 10], 1),
    ],
)
def test_codes_and_names_are_understood(value, classes, code):
    """A declared name is looked up first; an int that is no name is a code."""
    assert class_code(value, classes) == code


@pytest.mark.parametrize(
    ("value", "classes", "message"),
    [
        ("spam", None, "no class names are declared"),
        ("spma", ["ham", "spam"], "Did you mean 'spam'"),
        (7, 2, "0 to 1"),
        (-5, None, "0 or more"),
        (1.0, ["ham", "spam"], "not a class"),
        (1.0, [0, 1], "not a class"),
        ([1], 2, "not a class"),
        (None, 2, "not a class"),
    ],
)
def test_what_is_no_class_is_refused(value, classes, message):
    """Nothing is cast to a class: no float, no unknown name, no code out of range."""
    with pytest.raises(ClassError, match=message):
        class_code(value, classes)


@pytest.mark.parametrize(
    ("y", "classes", "codes"),
    [
        ([0, 1, -1], 2, [0, 1, -1]),
        ([0.0, np.nan, 1.0], 2, [0, -1, 1]),
        (pd.Series([0, None, 1], dtype="Int64"), 2, [0, -1, 1]),
        (["spam", None, "ham"], ["ham", "spam"], [1, -1, 0]),
        (["spam", -1, "ham"], ["ham", "spam"], [1, -1, 0]),
        (pd.Series(["spam", None, "ham"]), ["ham", "spam"], [1, -1, 0]),
        (pd.Categorical(["spam", "ham", "ham"]), ["ham", "spam"], [1, 0, 0]),
        ([20, -1, 10], [10, 20], [1, -1, 0]),
        ([None, None, None], ["ham", "spam"], [-1, -1, -1]),
        (np.array([[0], [1], [1]]), 2, [0, 1, 1]),
        ([5, 0, 1], None, [5, 0, 1]),
    ],
)
def test_gold_may_be_partial_and_by_name(y, classes, codes):
    """-1 and every kind of missing value mean unknown."""
    assert check_gold(y, 3, classes).tolist() == codes


@pytest.mark.parametrize(
    ("y", "classes", "message"),
    [
        ([0, 1], 2, r"shape \(3,\)"),
        ([0, 1, 2], 2, "row 2 is 2"),
        ([0, -2, 1], None, "row 1 is -2"),
        ([0.5, 1, 1], 2, "row 0"),
        (["ham", "spma", "ham"], ["ham", "spam"], "row 1.*Did you mean 'spam'"),
        (["ham", "spam", "ham"], None, "no class names"),
        (None, 2, "one label per row"),
    ],
)
def test_gold_that_does_not_fit_is_named(y, classes, message):
    """A gold label is a class or unknown; its row is named where it is neither."""
    with pytest.raises(GoldError, match=message):
        check_gold(y, 3, classes)


def test_gold_in_another_order_is_refused():
    """A Series whose index is not that of the votes would be silently misaligned."""
    with pytest.raises(GoldError, match="align"):
        check_gold(pd.Series([0, 1], index=[1, 0]), 2, 2, index=pd.RangeIndex(2))


def test_each_rule_for_ties_is_kept():
    """The lowest, the benchmark's hash of the row number, an abstention, and an even draw."""
    probs = np.tile([0.4, 0.2, 0.4], (300, 1))
    assert set(break_ties(probs)) == {0}
    assert set(break_ties(probs, "abstain")) == {-1}
    expected = [[0, 2][int(sha1(str(i).encode()).hexdigest(), 16) % 2] for i in range(300)]
    assert break_ties(probs, "hash").tolist() == expected
    drawn = break_ties(probs, "random", 3)
    # 300 fair coins fall within five standard deviations of 150.
    assert abs((drawn == 0).sum() - 150) < 5 * np.sqrt(75)
    assert set(drawn) == {0, 2}
    assert break_ties(probs, "random", 3).tolist() == drawn.tolist()
    with pytest.raises(ParameterError, match="Did you mean 'hash'"):
        break_ties(probs, "hahs")


def test_seeds_come_in_many_forms():
    """None means 0; generators of both kinds are taken; nothing else is."""
    assert generator(None).random() == generator(0).random()
    own = np.random.default_rng(1)
    assert generator(own) is own
    legacy = [generator(np.random.RandomState(1)).random() for _ in range(2)]
    assert legacy[0] == legacy[1]
    for wrong in (-1, True, "0", 1.5):
        with pytest.raises(ParameterError, match="random_state"):
            generator(wrong)


@pytest.mark.parametrize(
    ("weight", "message"),
    [([1, 2], "shape"), ([1, np.nan, 1], "row 1"), ([0, 0, 0], "zero for every row"), ("x", "numbers")],
)
def test_sample_weights_must_weigh(weight, message):
    """A finite weight from 0 per row, one of them above 0."""
    with pytest.raises(ParameterError, match=message):
        check_sample_weight(weight, 3)
    assert check_sample_weight(None, 3) is None
    assert check_sample_weight(2, 3).tolist() == [2, 2, 2]


def test_soft_labels_refuse_names_without_order_and_masked_cells():
    """Which column a name of a set belongs to is chance; what is behind a mask is no probability."""
    with pytest.raises(ClassError, match="is a set"):
        SoftLabels(PROBS, classes={"ham", "spam"})
    with pytest.raises(SoftLabelError, match="must be the names"):
        SoftLabels(PROBS, classes=2)
    with pytest.raises(SoftLabelError, match="row 1, column 0 is masked"):
        SoftLabels(np.ma.array([[0.5, 0.5], [0.5, 0.5]], mask=[[0, 0], [1, 0]]))


def test_masked_gold_is_unknown():
    """The number behind a mask is no label."""
    assert check_gold(np.ma.array([0, 1, 1], mask=[0, 0, 1]), 3, None).tolist() == [0, 1, -1]


def test_tuples_may_name_classes():
    """numpy would make a matrix of them."""
    assert class_array([("a", 1), ("b", 2)]).tolist() == [("a", 1), ("b", 2)]
