"""Labeling functions that can be left out, and what that costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from weaklab.analysis.fitted import classes_of, lf_index, model_columns
from weaklab.analysis.hard_votes import hard_votes
from weaklab.analysis.meetings import count_meetings
from weaklab.analysis.pairs import check_least, search
from weaklab.analysis.worth import SAME
from weaklab.exceptions import ParameterError
from weaklab.typing import Classes
from weaklab.votes import VoteMatrix

#: A labeling function depends so much on another that it can go where the other repeats this share of its votes.
REPEATED = 0.8


def redundant_lfs(
    votes: Any, model: Any = None, *, share: float = SAME, least: int = 10, classes: Classes = None
) -> pd.DataFrame:
    """The labeling functions that can be left out: nearly copies of another one, or subsumed by it.

    The labeling functions are gone through from the one with most votes down (of equally many: the one that the model
    trusts most, then the first), and each is held against those that stay. Two accurate functions agree much without
    repeating each other, so where the test of :func:`pairwise` can tell, agreement that their accuracies explain is no
    redundancy, unless it is complete. A function that never votes can always go.

    Parameters
    ----------
    votes : DataFrame, array-like or sparse matrix of shape (n, m), PartialVotes or SoftVotes
        The votes; of distributions the likeliest class counts, of sets those of one class.
    model : label model, optional
        One that was fitted to these labeling functions: says which of two copies stays.
    share : float
        The least share of its votes that another one must cast too, in (0.5, 1].
    least : int
        A labeling function with fewer votes, but some, is not judged: the few may agree by chance.
    classes : int, sequence of hashable, or None
        The classes where no model is given.

    Returns
    -------
    DataFrame
        Indexed by the labeling functions that can go, those that lose the least coverage first:

        ``by``
            The one that makes it redundant, which stays; None for one that never votes.
        ``measure``
            "copy" (the two cast the same votes but for ``1 - share``), "subsumed" (the other votes on more rows),
            "dependent" (by the test of :func:`pairwise`, four fifths of its votes are taken from the other), or
            "never votes".
        ``votes``
            How many it casts.
        ``repeated``
            The share of these that the other casts too.
        ``lost``
            The share of all rows on which it is the only one that votes: the coverage that is lost without it.
        ``lost_together``
            The coverage that is lost if all that are listed up to this one are left out.

    Raises
    ------
    VoteError, ClassError, ParameterError
        If votes, model or an argument are not what they should be.

    Examples
    --------
    >>> wide = [1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, -1]
    >>> votes = pd.DataFrame({"wide": wide, "narrow": [*wide[:10], -1, -1], "other": [0, 1] * 6, "idle": [-1] * 12})
    >>> redundant_lfs(votes)[["by", "measure", "repeated", "lost"]]
              by      measure  repeated  lost
    narrow  wide     subsumed       1.0   0.0
    idle    None  never votes       NaN   0.0
    """
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0.5 < share <= 1:
        raise ParameterError(f"share={share!r} must be a number above 0.5, up to 1.")
    check_least(least)
    matrix = hard_votes(votes, classes_of(model, classes))
    count, m = matrix.lf_counts, matrix.m
    trust = np.zeros(m) if model is None else np.nan_to_num(model.accuracies_[model_columns(model, matrix)])
    met = count_meetings(matrix, int(least))
    pairs = (np.concatenate([met.first, met.second]), np.concatenate([met.second, met.first]))
    alike = sparse.csr_array((np.tile(met.alike, 2), pairs), shape=(m, m))
    found = search(matrix)
    repeats = None if found is None else found.repeated
    stays, makes = np.zeros(m, dtype=bool), np.full(m, -1)
    measure = np.full(m, "", dtype=object)
    for j in np.lexsort((np.arange(m), -trust, -count)):
        if count[j] < least:
            stays[j], measure[j] = count[j] > 0, "" if count[j] else "never votes"
            continue
        own = slice(alike.indptr[j], alike.indptr[j + 1])
        others, same = alike.indices[own], alike.data[own]
        others, same = others[stays[others]], same[stays[others]]
        contained = same >= share * count[j]
        dependent = np.zeros(len(others), dtype=bool)
        if found is not None and repeats is not None:
            tested = ~np.isnan(found.z[j, others])
            contained &= ~tested | found.found[j, others] | (same == count[j])
            dependent = repeats[j, others] >= REPEATED
        candidates = np.flatnonzero(contained if contained.any() else dependent)
        stays[j] = not len(candidates)
        if len(candidates):
            best = candidates[np.argmax(same[candidates])]
            makes[j] = others[best]
            either = count[j] + count[makes[j]] - alike[j, makes[j]]
            is_copy = alike[j, makes[j]] >= share * either
            measure[j] = "dependent" if not contained.any() else "copy" if is_copy else "subsumed"
    return _table(matrix, makes, measure, alike)


def _table(matrix: VoteMatrix, makes: np.ndarray, measure: np.ndarray, alike: sparse.csr_array) -> pd.DataFrame:
    count, names, n = matrix.lf_counts, lf_index(matrix), max(matrix.n, 1)
    alone = np.bincount(matrix.lf[np.repeat(matrix.row_counts == 1, matrix.row_counts)], minlength=matrix.m)
    gone = np.flatnonzero(measure.astype(bool))
    gone = gone[np.argsort(alone[gone], kind="stable")]
    left, covered, lost = matrix.row_counts.copy(), int(matrix.covered.sum()), []
    for j in gone:
        left[matrix.rows[matrix.lf == j]] -= 1  # one vote per row at most
        lost.append((covered - np.count_nonzero(left)) / n)
    by = pd.Series([None if makes[j] < 0 else names[makes[j]] for j in gone], names[gone], dtype=object)  # keeps None
    repeated = [alike[j, makes[j]] / count[j] if makes[j] >= 0 else np.nan for j in gone]
    return pd.DataFrame(
        {
            "by": by,
            "measure": measure[gone],
            "votes": count[gone],
            "repeated": np.array(repeated, dtype=np.float64),
            "lost": alone[gone] / n,
            "lost_together": np.array(lost, dtype=np.float64),
        },
        index=names[gone],
    )
