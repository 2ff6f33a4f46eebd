"""Which labeling functions may be applied, and what is said about those that may not."""

import re
from functools import partial

import numpy as np
import pandas as pd
import pytest

from weaklab.apply import applier, apply
from weaklab.exceptions import ClassError, LabelingFunctionError, ParameterError, ReturnValueError
from weaklab.labeling import MatchLF, keyword_lf, labeling_function, preprocessor, regex_lf, threshold_lf

FRAME = pd.DataFrame({"text": ["free beer", "hello"], "n": [1, 2]})


def plain(row):
    return row.n - 1


class Named:
    name = "instance"

    def __call__(self, row):
        return 0


@pytest.mark.parametrize(
    ("lfs", "names"),
    [
        (plain, ["plain"]),
        (labeling_function(name="mine")(plain), ["mine"]),
        (keyword_lf("free", column="text", label=1), ["free"]),
        ([plain, Named()], ["plain", "instance"]),
        ((lf for lf in [plain]), ["plain"]),
        ({plain}, ["plain"]),
        ((plain, threshold_lf("n", above=0, label=0)), ["plain", "n_above_0"]),
    ],
)
def test_labeling_functions_may_come_in_many_forms(lfs, names):
    """One function, any iterable of them, plain or decorated, keeps its order."""
    assert apply(lfs, FRAME, progress=False).columns.tolist() == names


@pytest.mark.parametrize(
    ("lfs", "says"),
    [
        ([], "There are no labeling functions"),
        (None, "must be a list of labeling functions"),
        ("plain", "must be a list of labeling functions"),
        (FRAME, "first, then the frame"),
        ({"plain": plain}, r"list\(lfs.values\(\)\)"),
        ([plain, "plain"], r"lfs\[1\] is 'plain' \(str\)"),
        ([lambda row: 1], r"lfs\[0\]: .*has no name of its own"),
        ([partial(plain)], r"lfs\[0\]: .*has no name of its own"),
        ([dict], r"lfs\[0\]: .*is a class"),
        ([preprocessor(plain)], "preprocessor 'plain', which does not vote"),
        ([plain, plain, Named(), Named()], r"'plain' \(2 times\), 'instance' \(2 times\)"),
        ([keyword_lf("a b", column="text", label=0), regex_lf("x", column="text", label=0, name="a_b")], "'a_b'"),
    ],
)
def test_what_cannot_be_applied_is_said(lfs, says):
    """Snorkel answered an empty list with an IndexError."""
    with pytest.raises(LabelingFunctionError, match=says):
        apply(lfs, FRAME, progress=False)


@pytest.mark.parametrize("label", [2, "eggs", "HAM"])
def test_labels_are_checked_against_the_classes(label):
    """A label that is no class would vote for nobody."""
    lfs = [keyword_lf("free", column="text", label=label)]
    with pytest.raises(LabelingFunctionError, match=f"'free': its label is {re.escape(repr(label))}"):
        apply(lfs, FRAME, classes=["ham", "spam"], progress=False)


def test_labels_may_be_names():
    """Codes are an implementation detail where classes have names."""
    lfs = [keyword_lf("free", column="text", label="spam"), threshold_lf("n", above=1, label="ham")]
    votes = apply(lfs, FRAME, classes=["ham", "spam"], progress=False)
    assert votes.to_numpy().tolist() == [[1, -1], [-1, 0]]
    with pytest.raises(LabelingFunctionError, match=r"classes=\[...\]"):
        apply(lfs, FRAME, progress=False)


def test_a_kind_of_ones_own_runs_row_by_row():
    """A declarative function without an engine still is one."""

    class Shouting(MatchLF):
        def matches(self, cell):
            return cell.isupper()

    frame = pd.DataFrame({"text": ["HI", "hi", None]})
    assert apply(Shouting("text", 1, "shouting"), frame, progress=False).shouting.tolist() == [1, -1, -1]


@pytest.mark.parametrize(
    ("classes", "votes", "dtype"),
    [
        (None, [0, 1], np.int8),
        (None, [0, 127], np.int8),
        (None, [0, 128], np.int16),
        (None, [0, 40_000], np.int32),
        (128, [0, 1], np.int8),
        (129, [0, 1], np.int16),
        (40_000, [0, 1], np.int32),
    ],
)
def test_votes_are_as_narrow_as_the_classes_allow(classes, votes, dtype):
    """A million rows of fifty functions are 50 MB in int8 and 400 MB in int64; nothing wraps around."""

    def given(row):
        return votes[row.n - 1]

    lfs = [given, threshold_lf("n", above=0, label=votes[1])]
    found = apply(lfs, FRAME, classes=classes, progress=False)
    assert found.given.tolist() == votes
    assert found.n_above_0.tolist() == [votes[1]] * 2
    assert set(found.dtypes) == {np.dtype(dtype)}


def test_wider_votes_keep_those_that_were_there():
    """The type grows in the middle of a run."""
    frame = pd.DataFrame({"n": range(3000)})
    votes = apply([labeling_function(name="n")(lambda row: row.n)], frame, progress=False)
    assert votes.n.tolist() == list(range(3000))
    assert votes.n.dtype == np.int16


def test_codes_without_end_are_refused():
    """They would not fit."""
    with pytest.raises(ReturnValueError, match="highest class code"):
        apply([labeling_function(name="big")(lambda row: 2**31)], FRAME, progress=False)


@pytest.mark.parametrize("options", [{"on_error": "abstian"}, {"progress": 1}])
def test_arguments_are_checked(options):
    """A typo must not mean the default."""
    with pytest.raises(ParameterError, match=r"abstain|True or False"):
        apply([plain], FRAME, **options)


def test_classes_are_checked():
    """As everywhere."""
    with pytest.raises(ClassError, match="two classes or more"):
        apply([plain], FRAME, classes=1, progress=False)


class _Bar:
    """Counts what the real bar would show."""

    bars: list["_Bar"] = []  # noqa: RUF012

    def __init__(self, *, total, disable, **shown):
        self.total, self.disable, self.count = total, disable, 0
        self.bars.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def update(self, count):
        self.count += count


@pytest.mark.parametrize("progress", [True, False])
def test_progress_counts_every_vote(monkeypatch, progress):
    """A bar that ends at 90 % looks like a run that did not end, whatever went wrong on the way."""
    monkeypatch.setattr(applier, "tqdm", _Bar)

    def fails(row):
        raise ValueError

    bad = [labeling_function(batch=True, name=f"bad{i}")(function) for i, function in enumerate([fails, lambda f: [0]])]
    good = labeling_function(batch=True, name="good")(lambda frame: [0] * len(frame))
    lfs = [plain, fails, *bad, good, keyword_lf("free", column="text", label=1), threshold_lf("n", above=1, label=0)]
    with pytest.warns(match="3 labeling functions failed"):
        apply(lfs, FRAME, progress=progress, on_error="abstain")
    bar = _Bar.bars.pop()
    assert bar.disable is not progress
    assert bar.count == bar.total == len(lfs) * len(FRAME)
