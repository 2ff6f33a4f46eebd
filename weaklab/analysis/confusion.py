"""What each labeling function votes on rows of each gold class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from weaklab._kernels.tallies import tally_by_class
from weaklab.analysis.fitted import lf_index
from weaklab.analysis.hard_votes import hard_votes
from weaklab.exceptions import GoldError, ParameterError
from weaklab.label_models.learned import MAX_CONFUSION_BYTES
from weaklab.typing import ABSTAIN, Classes
from weaklab.votes import check_gold, class_array


def empirical_confusion(votes: Any, y: Any, *, counts: bool = False, classes: Classes = None) -> pd.DataFrame:
    """The confusion of each labeling function against gold: how often it votes what on rows of each class.

    What ``confusion_`` of a label model estimates, counted: ``table.to_numpy().reshape(m, k, k + 1)`` has its layout.

    Parameters
    ----------
    votes : DataFrame, array-like or sparse matrix of shape (n, m), PartialVotes or SoftVotes
        The votes; of distributions the likeliest class counts, of sets those of one class.
    y : array-like of shape (n,)
        Gold labels, by code, or by name where ``classes`` are names; -1, None and NaN are unknown, and left out.
    counts : bool
        Rows instead of shares.
    classes : int, sequence of hashable, or None
        The classes; None infers them from votes and gold.

    Returns
    -------
    DataFrame of shape (m * k, k + 1)
        A row per labeling function and true class, a column per vote, the last "abstain". Rows of shares sum to 1; they
        are NaN for a class of which there is no gold row.

    Raises
    ------
    VoteError, GoldError, ClassError
        If votes, gold or classes are not what they should be, or no row has gold.
    ParameterError
        If the table would take more than a gigabyte.

    Examples
    --------
    >>> votes = pd.DataFrame({"money": [1, -1, 1, 1], "short": [-1, 0, 0, -1]})
    >>> empirical_confusion(votes, ["spam", "ham", "ham", "spam"], classes=["ham", "spam"])
    vote         ham  spam  abstain
    lf    class
    money ham    0.0   0.5      0.5
          spam   0.0   1.0      0.0
    short ham    1.0   0.0      0.0
          spam   0.0   0.0      1.0
    """
    matrix = hard_votes(votes, classes)
    gold = check_gold(y, matrix.n, classes, index=matrix.index)
    if not (gold != ABSTAIN).any():
        raise GoldError(f"None of the {matrix.n:,} rows has a gold label to count by.")
    k = max(matrix.k, int(gold.max()) + 1)
    m, size = matrix.m, matrix.m * k * (k + 1) * 8
    if size > MAX_CONFUSION_BYTES:
        raise ParameterError(f"The table would take {size / 1e9:.1f} GB; give fewer columns of the votes at a time.")
    matrix = matrix.with_classes(k)
    counted = tally_by_class(matrix.indptr, matrix.code, m, k, gold)
    rows = np.bincount(gold[gold != ABSTAIN], minlength=k)
    table = np.empty((m, k, k + 1), dtype=np.int64)
    table[:, :, :-1] = counted.reshape(m, k, k).transpose(0, 2, 1)
    table[:, :, -1] = rows - table[:, :, :-1].sum(axis=2)
    names = class_array(k if classes is None else classes).tolist()
    index = pd.MultiIndex.from_product([lf_index(matrix), names], names=["lf", "class"])
    columns = pd.Index([*names, "abstain"], name="vote")
    if counts:
        return pd.DataFrame(table.reshape(m * k, k + 1), index=index, columns=columns)
    with np.errstate(invalid="ignore"):
        shares = table / rows[:, np.newaxis]
    return pd.DataFrame(shares.reshape(m * k, k + 1), index=index, columns=columns)
