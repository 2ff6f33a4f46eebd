"""What votes may come as, and what is said of what is not votes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from weaklab.exceptions import VoteError
from weaklab.votes import PartialVotes, SoftVotes, VoteMatrix, check_votes, vote_dtype
from weaklab.votes.pairs import PairTable, pair_up

FRAME = pd.DataFrame({"short": [0, -1], "loud": [1, 9]}, index=["a", "b"])


@pytest.mark.parametrize(
    ("votes", "message"),
    [
        (FRAME, r"labeling function 'loud' in row 1 \(index 'b'\) is 9, but there are 2 classes: it must be -1 to 1"),
        ([[0, 1.9]], "column 1 in row 0 is 1.9"),
        ([[0, float("nan")]], "column 1 in row 0 is nan.*missing values"),
        (np.array([[0, np.inf]]), "is inf"),
        (pd.DataFrame({"a": pd.array([0, None], dtype="Int8")}), "'a' in row 1 is nan"),
        (np.array([[0, None]], dtype=object), "is None"),
        (np.ma.array([[0, 1], [1, 1]], mask=[[0, 0], [0, 1]]), "column 1 in row 1 is masked.*-1 for abstain"),
        (np.array([[0, True]], dtype=object), "is True"),
        (np.array([[0, "SPAM"]], dtype=object), "is 'SPAM'"),
        (np.array([["HAM", "SPAM"]]), "class codes"),
        (np.array([[True, False]]), "no way to abstain"),
        ([[0, -2], [-3, 1]], r"column 1 in row 0 is -2.*\(2 votes are wrong in all.\)"),
        (np.array([[0, 2**40]]), "is 1099511627776"),
        (np.array([[-5]], dtype=np.int8), "is -5"),
        (np.array([2**64 - 1], dtype=np.uint64)[:, None], "18446744073709551615"),
        ([0, 1], "shape .2,.*Reshape"),
        ([[0], [1, 2]], "Votes must be a matrix"),
        (np.zeros((3, 0)), "no labeling functions"),
        (np.zeros((2, 2, 2)), "matrix"),
        (None, "NoneType"),
        ("01", "str"),
        (pd.Series([0, 1]), "to_frame"),
        (pd.DataFrame({"a": pd.Categorical(["x", "y"])}), "categorical"),
        (pd.DataFrame([[0, 1]], columns=["a", "a"]), "one name: 'a'"),
        (scipy.sparse.csr_array([[1.5, 0]]), "stores 1.5 for column 0 in row 0"),
        (scipy.sparse.csr_array([[0, 0], [0, -1]]), "stores -1 for column 1 in row 1"),
        (scipy.sparse.csr_array([[0, 7]]), "at most 2 for 2 classes"),
        (scipy.sparse.coo_array(([1, 1], ([0, 0], [1, 1])), shape=(1, 2)), "1 cells twice"),
        (scipy.sparse.csr_array([[1j]]), "complex"),
        (scipy.sparse.csr_array((3, 0), dtype=int), "m of 1 or more"),
        (PartialVotes([[1]], k=2), "PartialVotes"),
        (SoftVotes(np.full((1, 1, 2), 0.5)), "SoftVotes"),
    ],
)
def test_what_is_no_vote_is_named(votes, message):
    """Nothing that is not a vote is cast to one; the error names the labeling function, the row and the value."""
    with pytest.raises(VoteError, match=message):
        check_votes(votes, classes=2)


@pytest.mark.parametrize(
    ("votes", "where"),
    [
        ([[10**7, 0], [0, 1]], "column 0 in row 0 is 10000000"),
        (pd.DataFrame({"a": [0, 1], "id": [1, 100_000]}), "function 'id' in row 1 is 100000"),
        (scipy.sparse.csr_array([[0, 1], [100_001, 0]]), "column 0 in row 1 is 100000"),
    ],
)
def test_an_id_among_the_votes_does_not_become_millions_of_classes(votes, where):
    """The number of classes is inferred from the highest vote, and models set up arrays of that size."""
    with pytest.raises(VoteError, match=rf"{where}: it would mean .* classes.*more than 100,000.*classes="):
        check_votes(votes)
    assert check_votes(votes, classes=10**7 + 1).k == 10**7 + 1
    assert check_votes([[99_999, 0]]).k == 100_000


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_floats_of_every_width_are_votes_without_a_warning(dtype):
    """A float16 cannot even hold the bounds that votes are compared with."""
    assert check_votes(np.array([[0, -1], [1, 2]], dtype=dtype)).dense().tolist() == [[0, -1], [1, 2]]


def test_an_array_that_masks_nothing_is_an_array():
    """Some readers always give masked arrays."""
    assert check_votes(np.ma.array([[0, -1]])).dense().tolist() == [[0, -1]]


def test_a_negative_vote_is_refused_when_no_classes_are_declared():
    """Without a declared k any code from 0 is a class, but nothing below -1 is."""
    with pytest.raises(VoteError, match="column 0 in row 1 is -3: it must be -1"):
        check_votes(np.array([[0], [-3]], dtype=np.int8))


def test_names_and_index_are_kept():
    """Messages and results speak of the user's own names and rows."""
    matrix = check_votes(FRAME)
    assert matrix.names == ("short", "loud")
    assert matrix.name(1) == "loud"
    assert matrix.index.tolist() == ["a", "b"]
    assert matrix.k == 10
    pd.testing.assert_frame_equal(matrix.frame(), FRAME.astype(np.int8))
    assert check_votes(matrix) is matrix
    assert check_votes([[0]]).name(0) == "column 0"


def test_all_labeling_functions_are_named_or_numbered():
    """Tables look them up by name or by number; text calls a nameless one by its column."""
    named, nameless = check_votes(pd.DataFrame({"calm": [0], "loud": [1]})), check_votes([[0, 1]])
    assert named.lf_names == named.columns == ["calm", "loud"]
    assert nameless.lf_names == ["column 0", "column 1"]
    assert nameless.columns == [0, 1]


def test_votes_that_a_mask_leaves_out_are_abstentions():
    """Leaving a labeling function out keeps the rows, also those without other votes."""
    matrix = check_votes([[0, 1, -1], [-1, 1, -1], [1, -1, 0]])
    assert matrix.only(matrix.lf != 1).dense().tolist() == [[0, -1, -1], [-1, -1, -1], [1, -1, 0]]


def test_numbered_columns_are_no_names():
    """A frame without column names is an array; one with odd names has them as text."""
    assert check_votes(pd.DataFrame([[0, 1]])).names is None
    assert check_votes(pd.DataFrame([[0, 1]], columns=[3, "x"])).names == ("3", "x")


def test_the_number_of_classes_is_inferred():
    """Two at least, else one more than the highest vote."""
    assert check_votes([[-1, -1]]).k == 2
    assert check_votes([[4, -1]]).k == 5
    assert check_votes(scipy.sparse.csr_array([[0, 5]])).k == 5
    assert check_votes(scipy.sparse.csr_array((2, 3), dtype=int)).k == 2


def test_sparse_input_is_not_changed():
    """Sorting and dropping explicit zeros happens on a copy."""
    votes = scipy.sparse.csr_array((np.array([2, 0, 1]), np.array([2, 1, 0]), np.array([0, 3])), shape=(1, 3))
    matrix = check_votes(votes)
    assert matrix.lf.tolist() == [0, 2]
    assert matrix.vote.tolist() == [0, 1]
    assert votes.indices.tolist() == [2, 1, 0]


def test_rows_can_be_taken_and_columns_reordered(rng):
    """The two moves that models need agree with dense indexing."""
    dense = rng.integers(-1, 3, size=(30, 5))
    matrix = check_votes(pd.DataFrame(dense, columns=list("abcde")))
    rows, order = np.array([7, 7, 0, 29]), np.array([3, 0, 4, 1, 2])
    np.testing.assert_array_equal(matrix.take(rows).dense(), dense[rows])
    assert matrix.take(rows).index.tolist() == rows.tolist()
    reordered = matrix.reorder(order)
    np.testing.assert_array_equal(reordered.dense(), dense[:, order])
    assert reordered.names == tuple("daebc")
    assert isinstance(reordered, VoteMatrix)
    assert matrix.lf_counts.tolist() == (dense >= 0).sum(axis=0).tolist()


@pytest.mark.parametrize(("k", "dtype"), [(2, "int8"), (128, "int8"), (129, "int16"), (40_000, "int32")])
def test_votes_take_the_smallest_type(k, dtype):
    """One byte per vote unless there are more classes than it holds."""
    assert vote_dtype(k) == np.dtype(dtype)


def test_pairs_are_found_by_counting_and_by_sorting(monkeypatch, rng):
    """Both ways of numbering the pairs give the same table."""
    votes = check_votes(rng.integers(-1, 4, size=(50, 6)))
    table, pair = pair_up(votes)
    monkeypatch.setattr("weaklab.votes.pairs.COUNTABLE", 0)
    other, other_pair = pair_up(votes)
    np.testing.assert_array_equal(table.lf, other.lf)
    np.testing.assert_array_equal(table.vote, other.vote)
    np.testing.assert_array_equal(pair, other_pair)
    np.testing.assert_array_equal(table.find(other), np.arange(len(table)))
    assert PairTable(np.array([], int), np.array([], int), 4).find(table).tolist() == [-1] * len(table)


@pytest.mark.parametrize(
    ("masks", "k", "message"),
    [
        ([[4]], 2, "column 0 in row 0 is 4"),
        ([[-1]], 2, "is -1"),
        ([[1.0]], 2, "integer masks"),
        ([1], 2, "shape"),
        ([[1]], 65, "2 to 64"),
        ([[1]], True, "2 to 64"),
    ],
)
def test_masks_that_name_no_set_are_refused(masks, k, message):
    """A partial vote names classes that exist, or none."""
    with pytest.raises(VoteError, match=message):
        PartialVotes(masks, k)


def test_all_64_classes_fit_in_a_mask():
    """The highest bit is a class like any other."""
    votes = PartialVotes(np.array([[2**63, 0]], dtype=np.uint64), 64)
    assert votes.masks.dtype == np.uint64
    assert votes.shape == (1, 2)


@pytest.mark.parametrize(
    ("probs", "message"),
    [
        ([[[0.5, 0.6]]], r"column 0 in row 0 is \[0.5, 0.6\]"),
        ([[[0.5, np.nan]]], "NaN throughout"),
        ([[[-0.5, 1.5]]], "non-negative"),
        ([[0.5, 0.5]], "shape"),
        ([[["a", "b"]]], "numbers"),
    ],
)
def test_soft_votes_are_distributions_or_silent(probs, message):
    """A soft vote sums to 1, or abstains throughout."""
    with pytest.raises(VoteError, match=message):
        SoftVotes(probs)
    assert SoftVotes(np.full((2, 3, 2), np.nan)).shape == (2, 3)
