"""What a labeling function may return: a few kinds of values, and nothing silently."""

import enum

import numpy as np
import pandas as pd
import pytest

from weaklab.exceptions import ClassError, ReturnValueError, VoteError
from weaklab.labeling import VoteCoder, vote_code


class Codes(enum.IntEnum):
    ABSTAIN = -1
    HAM = 0
    SPAM = 1


class Names(enum.Enum):
    ham = "h"
    spam = "s"
    nothing = None


NAMES = ["ham", "spam"]


@pytest.mark.parametrize(
    ("value", "classes", "code"),
    [
        (None, 2, -1),
        (-1, 2, -1),
        (np.int8(-1), 2, -1),
        (Codes.ABSTAIN, 2, -1),
        (Names.nothing, NAMES, -1),
        (0, None, 0),
        (False, None, 0),
        (True, 2, 1),
        (np.bool_(True), 2, 1),
        (np.int64(1), 2, 1),
        (np.uint8(1), NAMES, 1),
        (Codes.SPAM, None, 1),
        (Codes.SPAM, NAMES, 1),
        ("spam", NAMES, 1),
        (np.str_("spam"), NAMES, 1),
        (Names.spam, NAMES, 1),
        (Names.spam, ["h", "s"], 1),
        (Names.spam, [Names.ham, Names.spam], 1),
        (Codes.SPAM, ["HAM", "SPAM"], 1),
        (3, [1, 2, 3], 2),
        (True, [0, 1], 1),
        (True, [1, 2], 1),
        (True, [True, False], 0),
        (1000, None, 1000),
    ],
)
def test_votes(value, classes, code):
    """All that design promises, and Enum members that stand for an abstention, as Snorkel's users write them."""
    assert vote_code(value, classes) == code
    codes, errors = VoteCoder(classes).codes([value, None, value])
    assert codes.tolist() == [code, -1, code]
    assert errors == {}


@pytest.mark.parametrize(
    ("value", "classes", "says"),
    [
        (1.9, 2, "nothing is rounded"),
        (1.0, 2, r"returned 1.0 \(float\)"),
        (np.float64(1), 2, "float64"),
        (float("nan"), 2, "Return None to abstain"),
        (pd.NA, 2, "Return None to abstain"),
        (pd.NaT, 2, "Return None to abstain"),
        ("SPAM", None, r"classes=\[...\]"),
        ("SPAM", 2, r"classes=\[...\]"),
        ("spam", ["ham", "eggs"], "'ham', 'eggs'"),
        (7, 2, "an int from 0 to 1"),
        (2, NAMES, "its code 0 to 1"),
        (-5, 2, "an int from 0 to 1"),
        (-2, None, "an int from 0"),
        (0, [1, 2, 3], r"a class \(1, 2, 3\), or None"),
        ([1], 2, "batch=True"),
        (np.array([1]), 2, "batch=True"),
        ((1, [2]), NAMES, "batch=True"),
        ({}, 2, "dict"),
        (b"ham", NAMES, "bytes"),
        (2**40, None, "highest class code"),
        (2**80, None, "highest class code"),
        (1j, 2, "complex"),
        ("x" * 500, 2, r"x\.\.\."),
        (enum.Enum("Odd", {"A": 0.5}).A, 2, "Odd.A"),
    ],
)
def test_everything_else_is_an_error(value, classes, says):
    """Snorkel made 1 of 1.9 and an abstention of -5; such votes train a model on what nobody said."""
    with pytest.raises(ReturnValueError, match=says) as caught:
        vote_code(value, classes, name="short", where="row 3")
    assert str(caught.value).startswith("labeling function 'short' on row 3 returned ")
    assert isinstance(caught.value, VoteError)
    codes, errors = VoteCoder(classes).codes([None, value])
    assert codes.tolist() == [-1, -1]
    assert list(errors) == [1]


def test_equal_values_of_other_types_are_told_apart():
    """1 == 1.0 == True, and only two of them are votes; a memory of values must not mix them up."""
    codes, errors = VoteCoder(NAMES).codes([1, True, 1.0, "spam", 1.0, 1])
    assert codes.tolist() == [1, 1, -1, 1, -1, 1]
    assert sorted(errors) == [2, 4]


def test_no_values_are_no_votes():
    """An empty frame."""
    codes, errors = VoteCoder().codes([])
    assert codes.shape == (0,)
    assert errors == {}


def test_the_vote_that_abstains_names_no_class():
    """-1 would be both."""
    with pytest.raises(ClassError, match="-1 cannot be the name of a class"):
        VoteCoder([-1, 1])


def test_many_classes_are_shown_shortly():
    """An error of a thousand names helps nobody."""
    with pytest.raises(ReturnValueError, match=r"\.\.\. \(100 classes\)"):
        vote_code("x", [f"c{i}" for i in range(100)])
