"""Labeling functions whose votes are sets or probabilities, and what apply makes of lists that mix them."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

from weaklab.apply import apply
from weaklab.exceptions import (
    FaultWarning,
    LabelingFunctionError,
    LabelingFunctionFailure,
    ReturnValueError,
    VoteError,
)
from weaklab.label_models import ContinuousModel, LabelModel, PartialLabelModel
from weaklab.labeling import VoteCoder, batch_soft, keyword_lf, labeling_function, set_masks, soft_rows, threshold_lf
from weaklab.votes import PartialVotes, SoftVotes

CLASSES = ["cat", "dog", "rose"]
FRAME = pd.DataFrame({"text": ["soft fur", "petals", "loud bark", "?"], "n": [1, 2, 3, 4]}, index=list("abcd"))


@labeling_function(output="set")
def has_fur(row):
    return {"cat", "dog"} if "fur" in row.text or "bark" in row.text else None


@labeling_function(output="soft")
def sure(row):
    return {"fur": [0.5, 0.4, 0.1], "bark": {"dog": 0.9, "cat": 0.1}}.get(row.text.split()[-1])


@labeling_function(output="soft", batch=True)
def whole(frame):
    out = np.full((len(frame), 3), np.nan)
    out[0] = [0.2, 0.3, 0.5]
    return out


HARD = [keyword_lf("petals", column="text", label="rose"), threshold_lf("n", above=3, label="dog")]


def test_sets_come_as_partial_votes_with_hard_ones_promoted():
    """A class is a set of one, whatever engine found it; names and index come along."""
    votes = apply([has_fur, *HARD], FRAME, classes=CLASSES, progress=False)
    assert isinstance(votes, PartialVotes)
    assert votes.masks.tolist() == [[3, 0, 0], [0, 4, 0], [3, 0, 0], [0, 0, 2]]
    assert votes.names == ("has_fur", "petals", "n_above_3")
    assert votes.index.equals(FRAME.index)
    assert votes.k == 3


def test_one_soft_function_makes_all_soft():
    """A class is certain; a set is as likely for each of its classes; an abstention is NaN throughout."""
    votes = apply([has_fur, sure, whole, *HARD], FRAME, classes=CLASSES, progress=False)
    assert isinstance(votes, SoftVotes)
    assert votes.shape == (4, 5)
    np.testing.assert_allclose(votes.probs[0, :3], [[0.5, 0.5, 0], [0.5, 0.4, 0.1], [0.2, 0.3, 0.5]])
    np.testing.assert_allclose(votes.probs[2, 1], [0.1, 0.9, 0])
    np.testing.assert_allclose(votes.probs[1, 3], [0, 0, 1])
    assert np.isnan(votes.probs[3, :4]).all()


def test_hard_votes_stay_the_frame_that_they_were():
    """Who uses no richer votes pays nothing and sees nothing of them."""
    votes = apply(HARD, FRAME, classes=CLASSES, cache=False, progress=False)
    assert isinstance(votes, pd.DataFrame)
    assert set(votes.dtypes) == {np.dtype(np.int8)}
    assert votes.attrs == {}


def test_richer_votes_go_into_the_models_that_use_them():
    """The models know the functions by name, rows by index, and others say that they cannot."""
    partial = apply([has_fur, *HARD], FRAME, classes=CLASSES, progress=False)
    model = PartialLabelModel(classes=CLASSES).fit(partial)
    assert model.feature_names_in_.tolist() == ["has_fur", "petals", "n_above_3"]
    assert model.labels(partial).index.equals(FRAME.index)
    assert model.predict(partial)[1] == "rose"
    turned = apply([*HARD, has_fur], FRAME, classes=CLASSES, progress=False)
    np.testing.assert_array_equal(model.predict_proba(turned), model.predict_proba(partial))
    with pytest.raises(VoteError, match=r"Missing labeling functions: \['has_fur'\]"):
        model.predict(
            apply(
                [*HARD, labeling_function(name="fur", output="set")(lambda row: None)],
                FRAME,
                classes=CLASSES,
                progress=False,
            )
        )
    soft = apply([sure, *HARD], FRAME, classes=CLASSES, progress=False)
    probs = ContinuousModel(classes=CLASSES).fit(soft).predict_proba(soft)
    np.testing.assert_allclose(probs.sum(axis=1), 1)
    assert probs[1].argmax() == 2
    with pytest.raises(VoteError, match="PartialVotes"):
        LabelModel(classes=CLASSES).fit(partial)


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        ({"cat", "cow"}, "'cow'"),
        (["cat", None], "abstains, and cannot stand among"),
        ({"cat": 0.5}, "probabilities are soft"),
        ([0.5], "0.5"),
        (7, "7"),
    ],
)
def test_what_is_no_set_is_an_error_that_names_function_row_and_value(returned, says):
    """A set with a class that is not there is not quietly the set without it."""
    lf = labeling_function(name="odd", output="set")(lambda row: returned if row.n == 2 else None)
    with pytest.raises(ReturnValueError, match=r"labeling function 'odd' on row 1 \(index label 'b'\)") as caught:
        apply(lf, FRAME, classes=CLASSES, progress=False)
    assert says in str(caught.value)
    with pytest.warns(FaultWarning, match="'odd' on 1 of 4 rows"):
        votes = apply(lf, FRAME, classes=CLASSES, on_error="abstain", progress=False)
    assert votes.masks.sum() == 0
    assert votes.attrs["faults"]["odd"].rows == (1,)


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        ([0.5, 0.5], "2 numbers for 3 classes"),
        ([0.5, 0.4, 0.4], "sum to 1.3"),
        ([1.5, -0.5, 0.0], "from 0"),
        ([np.nan, 0.5, 0.5], "finite"),
        ([np.inf, 0, 0], "finite"),
        ({"cow": 1.0}, "'cow'"),
        ({"cat": "much"}, "'much' is no probability"),
        ("cat", "3 probabilities in the order"),
        ({0.1, 0.2, 0.7}, "3 probabilities in the order"),
        (1, "3 probabilities in the order"),
    ],
)
def test_what_is_no_distribution_is_an_error_that_names_function_row_and_value(returned, says):
    """Nothing is scaled to sum to 1 that was not meant as probabilities."""
    lf = labeling_function(name="odd", output="soft")(lambda row: returned if row.n == 2 else None)
    with pytest.raises(ReturnValueError, match=r"labeling function 'odd' on row 1 \(index label 'b'\)") as caught:
        apply(lf, FRAME, classes=CLASSES, progress=False)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("output", "returned"),
    [
        ("set", [{"cat"}] * 3),
        ("set", "cat"),
        ("set", np.ones((4, 2), dtype=bool)),
        ("soft", np.full((3, 3), 1 / 3)),
        ("soft", pd.Series([[1, 0, 0]] * 4)),
        ("soft", None),
    ],
)
def test_batches_of_the_wrong_shape_are_refused(output, returned):
    """One vote per row, of the frame's index where they carry one."""
    lf = labeling_function(name="odd", output=output, batch=True)(lambda frame: returned)
    with pytest.raises(ReturnValueError, match="labeling function 'odd' returned"):
        apply(lf, FRAME, classes=CLASSES, progress=False)


def test_batches_of_sets_may_be_lists_or_arrays_of_bool():
    """Both say the same."""
    lists = labeling_function(name="lists", output="set", batch=True)(lambda frame: [("cat", "rose"), None, "dog", []])
    array = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0], [0, 0, 0]], dtype=bool)
    bools = labeling_function(name="bools", output="set", batch=True)(lambda frame: array)
    votes = apply([lists, bools], pl.from_pandas(FRAME), classes=CLASSES, progress=False)
    assert votes.masks.tolist() == [[5, 5], [0, 0], [2, 2], [0, 0]]


def test_sets_of_any_container():
    """Lists, sets, generators and arrays, again and again; 1 and True are not mixed up with each other's sets."""
    coder = VoteCoder(CLASSES)
    values = [["cat", "dog"], {"dog", "cat"}, (c for c in ("cat", "dog")), np.array(["cat", "dog"]), {"cat": 1}.keys()]
    for _ in range(2):
        masks, errors = set_masks([*values, [0, 1], [False, True], [[0]], None], coder)
        assert masks.tolist() == [3, 3, 3, 3, 1, 3, 3, 0, 0]
        assert list(errors) == [7]
        values[2] = (c for c in ("cat", "dog"))


def test_arrays_of_probabilities_read_as_their_rows_do():
    """The fast way and the slow one say the same, of good rows, silent ones and wrong ones."""
    probs = np.array([[0.2, 0.3, 0.5], [np.nan] * 3, [0.5, 0.6, 0.1], [0.1, 0.1, 0.80001], [np.nan, 0.5, 0.5]])
    coder, index = VoteCoder(CLASSES), pd.RangeIndex(5)
    fast, fast_errors = batch_soft(probs, index, coder)
    slow, slow_errors = soft_rows(probs.tolist(), coder)
    np.testing.assert_allclose(fast, slow)
    assert list(fast_errors) == list(slow_errors) == [2, 4]
    assert "sum to 1.2" in str(fast_errors[2])
    scalar = labeling_function(name="array", output="soft")(lambda row: np.float32([0.1, 0.2, 0.7]))
    assert apply(scalar, FRAME, classes=CLASSES, progress=False).probs[0, 0].sum() == pytest.approx(1, abs=1e-12)


def test_classes_must_be_known_and_fit():
    """A set of unknown classes has no bits, and 64 bits hold 64 classes."""
    with pytest.raises(LabelingFunctionError, match=r"'has_fur' has output='set'.*classes"):
        apply([*HARD, has_fur], FRAME, progress=False)
    with pytest.raises(LabelingFunctionError, match="64 classes"):
        apply(labeling_function(name="s", output="set")(lambda row: [65]), FRAME, classes=70, progress=False)
    with pytest.raises(LabelingFunctionError, match="'has_fur' has output='set', which is for 64 classes"):
        apply([sure, has_fur], FRAME, classes=70, progress=False)
    with pytest.raises(LabelingFunctionError, match="Did you mean 'soft'"):
        labeling_function(name="s", output="sof")(lambda row: 1)


def test_the_highest_of_64_classes_fits():
    """Bit 63 is not lost to a sign."""
    lf = labeling_function(name="s", output="set")(lambda row: [0, 63])
    votes = apply([lf, threshold_lf("n", above=0, label=63)], FRAME, classes=64, progress=False)
    assert set(votes.masks[:, 0].tolist()) == {2**63 + 1}
    assert set(votes.masks[:, 1].tolist()) == {2**63}


def test_failures_and_many_rows():
    """Chunks of the row engine land where they belong, and what raises is a fault of its row."""
    frame = pd.DataFrame({"n": np.arange(3000)})

    @labeling_function(output="soft")
    def share(row):
        return [1 / (row.n - 2500) ** 2 if row.n > 2500 else 1 / (row.n / 0), 0.0, 0.0] if row.n == 2500 else [1, 0, 0]

    with pytest.raises(LabelingFunctionFailure, match="'share' failed on row 2500: ZeroDivisionError"):
        apply(share, frame, classes=3, progress=False)
    with pytest.warns(FaultWarning):
        votes = apply(share, frame, classes=3, on_error="abstain", progress=False)
    assert np.flatnonzero(np.isnan(votes.probs[:, 0, 0])).tolist() == [2500]
    assert votes.attrs["faults"]["share"].rows == (2500,)


def test_output_survives_pickling_and_shows():
    """A function in another process votes as here."""
    assert pickle.loads(pickle.dumps(has_fur)).output == "set"
    assert "output='set'" in repr(has_fur)
    assert has_fur({"text": "fur"}) == {"cat", "dog"}


def test_names_of_richer_votes_must_fit():
    """A name too few would shift all that follow."""
    with pytest.raises(VoteError, match="1 names for 2"):
        PartialVotes([[1, 2]], k=2, names=("a",))
    with pytest.raises(VoteError, match="index has 2"):
        SoftVotes([[[1.0, 0.0]]], index=pd.RangeIndex(2))
