"""Transformation functions run over frames: more rows, of the same types, with their labels, in a known order."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from weaklab.augmentation import (
    AllPolicy,
    EachPolicy,
    Policy,
    RandomPolicy,
    TransformationFunction,
    augment,
    drop_words_tf,
    replace_words_tf,
    swap_words_tf,
    transformation_function,
)
from weaklab.exceptions import (
    FaultWarning,
    FrameError,
    LabelingFunctionError,
    LabelingFunctionFailure,
    ParameterError,
    ReturnValueError,
)
from weaklab.labeling import preprocessor
from weaklab.votes import SoftLabels

FRAME = pd.DataFrame({"text": ["a b", "c d", "E F"], "stars": [1, 2, 3]}, index=["x", "y", "z"])


@transformation_function
def upper(row):
    """Louder."""
    if row.text.isupper():
        return None
    row.text = row.text.upper()
    return row


@transformation_function
def one_more(row):
    return {"stars": row.stars + 1}


@transformation_function(batch=True)
def reversed_text(frame):
    return frame.text.str[::-1]


@transformation_function
def noise(row, rng):
    return {"stars": int(rng.integers(1000))}


def test_a_copy_follows_its_original_with_its_index():
    """So that what a row became can be read beside it."""
    out = augment(one_more, FRAME, progress=False)
    assert list(out.index) == ["x", "x", "y", "y", "z", "z"]
    assert list(out.stars) == [1, 2, 2, 3, 3, 4]
    assert list(out.dtypes) == list(FRAME.dtypes)
    assert list(FRAME.stars) == [1, 2, 3]


def test_where_no_function_applies_there_is_no_copy():
    """None is "does not apply": a copy that is the original would only count it twice."""
    out = augment(upper, FRAME, progress=False)
    assert list(out.text) == ["a b", "A B", "c d", "C D", "E F"]
    assert list(augment(upper, FRAME, keep_original=False, progress=False).text) == ["A B", "C D"]


def test_functions_follow_on_one_another_and_one_that_does_not_apply_is_passed_over():
    """As in a sequence of edits: the next sees what the last one made."""
    out = augment([upper, one_more, reversed_text], FRAME, policy=AllPolicy(), keep_original=False, progress=False)
    assert list(out.text) == ["B A", "D C", "F E"]
    assert list(out.stars) == [2, 3, 4]


def test_each_policy_makes_a_copy_by_each():
    """In their order."""
    out = augment([upper, one_more], FRAME, policy=EachPolicy(), keep_original=False, origin="of", progress=False)
    assert list(zip(out.text, out.stars, out.of, strict=True)) == [
        ("A B", 1, 0),
        ("a b", 2, 0),
        ("C D", 2, 1),
        ("c d", 3, 1),
        ("E F", 4, 2),
    ]


def test_the_same_seed_gives_the_same_rows_and_another_seed_others():
    """Nothing is drawn from numpy's global state, and nothing is left in it."""
    state = np.random.get_state()[1].tolist()  # noqa: NPY002
    first, same, other = (
        augment([noise, one_more], FRAME, policy=RandomPolicy(copies=20), random_state=seed, progress=False)
        for seed in (3, 3, 4)
    )
    pd.testing.assert_frame_equal(first, same)
    assert list(first.stars) != list(other.stars)
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002


def test_a_random_policy_draws_as_often_as_its_probabilities_say():
    """Within five standard deviations of a binomial."""
    drawn = RandomPolicy(p=[0.2, 0.8]).sequences(10_000, 2, np.random.default_rng(0))
    assert abs((drawn == 0).mean() - 0.2) < 5 * (0.2 * 0.8 / 10_000) ** 0.5
    assert not (RandomPolicy(p=[0.0, 1.0]).sequences(100, 2, np.random.default_rng(0)) == 0).any()


@pytest.mark.parametrize("kind", ["list", "array", "series", "soft"])
def test_labels_go_with_their_rows(kind):
    """Of the kind that was given."""
    codes = [0, 1, 0]
    soft = SoftLabels(np.eye(2)[codes], weight=[1.0, 0.0, 0.5], gold=[-1, 1, -1], index=FRAME.index)
    given = {"list": codes, "array": np.array(codes), "series": pd.Series(codes, FRAME.index), "soft": soft}[kind]
    out, labels = augment(upper, FRAME, given, progress=False)
    assert type(labels) is type(given)
    assert len(out) == 5
    found = labels.probs.argmax(axis=1) if kind == "soft" else labels
    assert list(found) == [0, 0, 1, 1, 0]
    if kind == "soft":
        assert list(labels.weight) == [1, 1, 0, 0, 0.5]
        assert list(labels.gold) == [-1, -1, 1, 1, -1]
        assert list(labels.index) == list(out.index)


@pytest.mark.parametrize("convert", [pl.from_pandas, pa.Table.from_pandas, lambda frame: frame.to_dict("records")])
def test_the_frame_comes_back_as_the_kind_that_it_was(convert):
    """polars, pyarrow and lists of dicts, with the types of their columns."""
    frame = convert(FRAME.reset_index(drop=True))
    out = augment([upper, one_more], frame, policy=AllPolicy(), progress=False)
    assert type(out) is type(frame)
    if isinstance(frame, pl.DataFrame):
        assert out.schema == frame.schema
    if isinstance(frame, pa.Table):
        assert [(each.name, each.type) for each in out.schema] == [
            (each.name, pa.string() if pa.types.is_large_string(each.type) else each.type) for each in frame.schema
        ] or out.schema.types == frame.schema.types
    rows = out if isinstance(out, list) else out.to_pylist() if isinstance(out, pa.Table) else out.to_dicts()
    assert [row["text"] for row in rows] == ["a b", "A B", "c d", "C D", "E F", "E F"]


@pytest.mark.parametrize(
    ("values", "cell"),
    [
        ([1, 2], 1.5),
        ([1, 2], "one"),
        ([1, 2], None),
        (["a", "b"], 3),
        ([True, False], 2),
        ([True, False], None),
        (pd.array([1, 2], dtype="Int8"), 300),
        (pd.Categorical(["a", "b"]), "c"),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), "soon"),
    ],
)
def test_a_value_that_the_column_cannot_hold_is_an_error_that_names_it(values, cell):
    """Nothing is cast in silence."""
    frame = pd.DataFrame({"a": values})
    with pytest.raises(ReturnValueError, match=r"'bad' gave .* for column 'a' at its row 0; the column is"):
        augment(TransformationFunction(lambda row: {"a": cell}, name="bad"), frame, progress=False)


def test_a_column_may_be_added_and_is_none_where_it_was_not_written():
    """Also by a function that only applies to some rows."""
    add = TransformationFunction(lambda row: {"loud": True} if row.text.isupper() else None, name="add")
    out = augment([add, one_more], FRAME, policy=EachPolicy(), progress=False)
    assert [value is True for value in out.loud] == [False, False, False, False, False, True, False]


def test_a_cell_that_is_a_list_is_the_rows_own():
    """What a function does to it must not reach the data, nor another copy."""
    frame = pd.DataFrame({"tags": [["a"], ["b"]]})

    def tag(row):
        row.tags.append("x")
        return row

    out = augment(tag, frame, policy=RandomPolicy(copies=2), progress=False)
    assert out.tags.tolist() == [["a"], ["a", "x"], ["a", "x"], ["b"], ["b", "x"], ["b", "x"]]
    assert frame.tags.tolist() == [["a"], ["b"]]


def test_a_function_may_read_what_a_preprocessor_added_but_it_does_not_become_a_column():
    """It is knowledge about the row, not data."""

    @preprocessor
    def words(row):
        return {"words": row.text.split()}

    @transformation_function(pre=[words])
    def last_word(row):
        row.text = row.words[-1]
        return row

    out = augment(last_word, FRAME, keep_original=False, progress=False)
    assert list(out.text) == ["b", "d", "F"]
    assert list(out.columns) == ["text", "stars"]


def test_a_failure_names_function_and_row_and_keeps_the_cause():
    """Where to look, and what happened."""

    @transformation_function
    def broken(row):
        return {"stars": 1 / (row.stars - 2)} if row.stars > 1 else None

    with pytest.raises(
        LabelingFunctionFailure, match=r"'broken' failed at row 1 of the copies: ZeroDivisionError"
    ) as caught:
        augment(broken, FRAME, progress=False)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_with_skip_what_fails_does_not_apply_and_is_counted():
    """One warning, with the first reason."""

    @transformation_function
    def broken(row):
        return {"stars": 6 // (row.stars - 2)}

    with pytest.warns(FaultWarning, match=r"on some of 3 copies: 'broken': 1 \(first at row 1 .*ZeroDivisionError"):
        out = augment(broken, FRAME, on_error="skip", keep_original=False, progress=False)
    assert list(out.stars) == [-6, 6]

    @transformation_function(batch=True)
    def broken_batch(frame):
        raise KeyError("no")

    with pytest.warns(FaultWarning, match=r"'broken_batch': 3"):
        assert len(augment(broken_batch, FRAME, on_error="skip", progress=False)) == 3


@pytest.mark.parametrize("result", [3, "text", [1, 2]])
def test_what_is_no_row_is_an_error(result):
    """A number is no row."""
    with pytest.raises(ReturnValueError, match=r"'bad' .*was expected"):
        augment(TransformationFunction(lambda row: result, name="bad"), FRAME, progress=False)


def test_a_batch_may_leave_out_rows_and_must_keep_the_index():
    """A row that it leaves out is one to which it does not apply."""
    some = TransformationFunction(lambda frame: frame[frame.stars > 1].assign(stars=9), name="some", batch=True)
    assert list(augment(some, FRAME, keep_original=False, progress=False).stars) == [9, 9]
    renamed = TransformationFunction(lambda frame: frame.set_axis(["a", "b", "c"]), name="renamed", batch=True)
    with pytest.raises(ReturnValueError, match=r"must have the index of the frame that it got, 0 to 2"):
        augment(renamed, FRAME, progress=False)


def test_empty_frames_stay_empty():
    """With columns and types."""
    out, labels = augment([upper, drop_words_tf(column="text")], FRAME.iloc[:0], [], progress=False)
    assert out.dtypes.to_dict() == FRAME.dtypes.to_dict()
    assert labels == []
    assert len(out) == 0


@pytest.mark.parametrize(
    ("change", "message", "kind"),
    [
        ({"tfs": []}, "no transformation functions", LabelingFunctionError),
        ({"tfs": [upper, upper]}, "Several transformation functions are called 'upper'", LabelingFunctionError),
        ({"tfs": 3}, "not callable", LabelingFunctionError),
        ({"labels": [0]}, "1 labels for 3 rows", ParameterError),
        ({"labels": 5}, "not one per row", ParameterError),
        ({"policy": "all"}, "no Policy", ParameterError),
        ({"policy": RandomPolicy(p=[1.0])}, "1 probabilities for 2", ParameterError),
        ({"on_error": "abstain"}, "not known", ParameterError),
        ({"origin": "text"}, "is a column of the frame already", ParameterError),
        ({"frame": [object()]}, "attributes cannot be augmented", FrameError),
        ({"frame": pd.DataFrame([[1, 2]], columns=["a", "a"])}, "is there twice", FrameError),
    ],
)
def test_bad_input_is_named(change, message, kind):
    """What it is, and what was expected."""
    given = {"tfs": [upper, one_more], "frame": FRAME, "labels": None} | change
    with pytest.raises(kind, match=message):
        augment(given.pop("tfs"), given.pop("frame"), given.pop("labels"), progress=False, **given)


def test_a_policy_of_ones_own_is_checked():
    """A number that is no function's."""

    class Wrong(Policy):
        def sequences(self, n, n_tfs, rng):
            return np.full((n, 1, 1), n_tfs)

    with pytest.raises(ParameterError, match=r"gave sequences of shape \(3, 1, 1\)"):
        augment(upper, FRAME, policy=Wrong(), progress=False)


def test_a_transformation_function_is_what_its_function_was():
    """Name, doc, signature, pickling by reference."""
    assert upper.__name__ == "upper"
    assert upper.__doc__ == "Louder."
    assert pickle.loads(pickle.dumps(upper)) is upper
    assert "Louder" in upper._repr_html_()
    assert upper({"text": "a"}).text == "A"


def test_ready_made_functions_change_words_only_as_they_say():
    """Words are those of the text; at least one changes."""
    frame = pd.DataFrame({"text": [" ".join(f"w{i}" for i in range(20)), "one", None]})
    for tf, kept in ((drop_words_tf(column="text", share=0.25), 15), (swap_words_tf(column="text"), 20)):
        out = augment(tf, frame, keep_original=False, progress=False)
        assert len(out) == 1
        words = out.text.iloc[0].split()
        assert len(words) == kept
        assert set(words) <= set(frame.text[0].split())
        assert words != frame.text[0].split()
    good = replace_words_tf({"w3": ["three"], "w4": ["four", "for"]}, column="text", share=1.0)
    words = augment(good, frame, keep_original=False, progress=False).text.iloc[0].split()
    assert words[3] == "three"
    assert words[4] in ("four", "for")
    assert words[5:] == frame.text[0].split()[5:]


@pytest.mark.parametrize(
    "make",
    [
        lambda: drop_words_tf(column="text", share=0),
        lambda: swap_words_tf(column="text", swaps=0),
        lambda: replace_words_tf({}, column="text"),
        lambda: replace_words_tf({"a": "b"}, column="text"),
        lambda: replace_words_tf({"a": ["b"]}, column="text", share=2),
    ],
)
def test_ready_made_functions_refuse_what_means_nothing(make):
    """When they are made, not when they run."""
    with pytest.raises(LabelingFunctionError, match="words_tf"):
        make()


@pytest.mark.parametrize(
    "make", [lambda: RandomPolicy(copies=0), lambda: RandomPolicy(p=[0.5, 0.6]), lambda: AllPolicy(0)]
)
def test_policies_refuse_what_means_nothing(make):
    """When they are made."""
    with pytest.raises(ParameterError, match="must be"):
        make()
