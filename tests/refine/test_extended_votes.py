"""Votes borrowed from near rows: whose, how far, and that gold is never asked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from weaklab.exceptions import FrameError, ParameterError, VoteError
from weaklab.label_models import LabelModel
from weaklab.refine import extend_votes

SEEDS = (0, 1, 2)


def _votes(y, Z, rng, m=20, coverage=0.1, right=0.8):
    """Labeling functions that vote in a part of the feature space each, and err one time in five."""
    votes = np.full((len(y), m), -1)
    for j in range(m):
        side = Z @ rng.normal(size=Z.shape[1])
        rows = np.flatnonzero((side > np.quantile(side, 0.6)) & (rng.random(len(y)) < coverage / 0.4))
        shown = np.where(rng.random(len(y)) < right, y, (y + rng.integers(1, 10, len(y))) % 10)
        votes[rows, j] = shown[rows]
    return votes


def test_extended_votes_make_better_labels(digits):
    """Chen et al. (2022) find gains of points; of sparse votes on digits the label model gains 5 or more, in accuracy
    over all rows, and coverage of the rows rises."""
    gains = []
    for seed in SEEDS:
        Z, y = digits
        votes = _votes(y, Z, np.random.default_rng(seed))
        longer = extend_votes(votes, Z)
        before, after = ((LabelModel(classes=10).fit(v).predict(v) == y).mean() for v in (votes, longer))
        gains.append(after - before)
        assert (longer.to_numpy()[votes >= 0] == votes[votes >= 0]).all()
        assert (longer >= 0).any(axis=1).mean() > (votes >= 0).any(axis=1).mean()
    assert np.mean(gains) >= 0.05, gains


def test_features_that_tell_nothing_extend_next_to_nothing(digits):
    """The radius sees that borrowed votes do not agree with the others'."""
    Z, y = digits
    rng = np.random.default_rng(0)
    votes = _votes(y, Z, rng)
    longer = extend_votes(votes, rng.permutation(Z)).to_numpy()
    added = ((longer >= 0) & (votes < 0)).sum() / (votes < 0).sum()
    true = extend_votes(votes, Z).to_numpy()
    assert added < 0.05 < ((true >= 0) & (votes < 0)).sum() / (votes < 0).sum()


def test_the_radius_ends_where_agreement_does():
    """Rows along a line whose class changes at 10: one that votes for 0 below 2 must not vote far beyond 10."""
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(0, 20, size=4000))
    y = (x > 10).astype(int)
    others = np.where(
        rng.random((4000, 3)) < 0.5, np.where(rng.random((4000, 3)) < 0.9, y[:, None], 1 - y[:, None]), -1
    )
    votes = np.column_stack([np.where(x < 2, 0, -1), others])
    longer = extend_votes(votes, x[:, None])
    reach = x[longer[0] >= 0].max()
    assert 8 < reach < 11.5
    table = longer.attrs["extended"]
    assert table["radius"][0] == pytest.approx(reach - 2, abs=0.1)
    assert table["agreement"][0] == pytest.approx(0.9, abs=0.03)
    assert table["chance"][0] == pytest.approx(0.5, abs=0.03)
    assert table["coverage"][0] == pytest.approx((x < 2).mean())


def test_one_that_no_other_meets_or_agrees_with_is_left_alone():
    """There is nothing to tell the radius by; a radius that is given does not ask."""
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(300, 2))
    alone = np.where(rng.random((300, 1)) < 0.5, 1, -1)
    assert (extend_votes(alone, Z).to_numpy() == alone).all()
    assert (extend_votes(alone, Z, radius=100.0).to_numpy() == 1).all()
    silent = np.column_stack([alone, np.full(300, -1)])
    assert (extend_votes(silent, Z, radius=100.0).to_numpy()[:, 1] == -1).all()


def test_forms_agree_and_names_and_index_stay():
    """Frames, arrays and sparse votes; float32 and sparse features; the index and the names of the votes."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=300)
    Z = np.round((rng.normal(size=(300, 3)) + 2 * y[:, None]) * 64) / 64
    votes = np.where(rng.random((300, 4)) < 0.3, np.where(rng.random((300, 4)) < 0.9, y[:, None], 1 - y[:, None]), -1)
    frame = pd.DataFrame(votes, index=np.arange(300) * 2, columns=list("abcd"))
    expected = extend_votes(frame, Z)
    assert expected.index.equals(frame.index)
    assert expected.columns.tolist() == list("abcd")
    assert expected.dtypes.eq(np.int8).all()
    assert expected.attrs["extended"]["lf"].tolist() == list("abcd")
    for other in (votes, sp.csr_array(votes + 1)):
        np.testing.assert_array_equal(extend_votes(other, Z), expected)
    for features in (Z.astype(np.float32), sp.csr_array(Z), pd.DataFrame(Z, index=frame.index)):
        np.testing.assert_array_equal(extend_votes(frame, features), expected)
    few = extend_votes(frame, Z, most=20, random_state=1)
    pd.testing.assert_frame_equal(few, extend_votes(frame, Z, most=20, random_state=1))


def test_cosine_knows_no_lengths():
    """Rows scaled by any positive number get the same votes."""
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(200, 3))
    votes = np.where(rng.random((200, 3)) < 0.3, (Z[:, :1] > 0).astype(int), -1)
    scaled = Z * rng.choice([0.25, 1.0, 4.0], size=(200, 1))
    one, other = (extend_votes(votes, features, metric="cosine", radius=0.3) for features in (Z, scaled))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"radius": 0}, ParameterError, "radius="),
        ({"radius": "far"}, ParameterError, "radius='far'"),
        ({"metric": "manhattan"}, ParameterError, "metric='manhattan'"),
        ({"keep": 0}, ParameterError, "keep="),
        ({"most": 0}, ParameterError, "most="),
        ({"Z": [[1.0], [np.nan]]}, FrameError, "row 1, column 0 is nan"),
        ({"Z": [[1.0]]}, FrameError, "1 rows"),
        ({"votes": [[0], [7]], "classes": 2}, VoteError, "row 1 is 7"),
    ],
)
def test_wrong_arguments_are_errors(arguments, error, message):
    """By name, value and place."""
    given = {"votes": [[0], [-1]], "Z": [[1.0], [2.0]], **arguments}
    with pytest.raises(error, match=message):
        extend_votes(given.pop("votes"), given.pop("Z"), **given)
