"""What the prior and each vote add to the log-score of each class, row by row, and the table that a user reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from weaklab.exceptions import VoteError
from weaklab.typing import Floats
from weaklab.votes import VoteMatrix

#: What a table calls what is no vote: the class prior, and what votes tell together beyond what each tells alone.
PRIOR, TOGETHER = "(prior)", "(together)"
#: So many classes of a set are named.
MOST_OF_SET = 3


class Contributions(NamedTuple):
    """What adds up to the log-posterior of each row, up to a constant, in nats."""

    prior: Floats  # (n, k)
    votes: Floats  # (nnz, k), row by row
    together: Floats | None = None  # (n, k), where a row is more than the sum of its votes; 0 where there are none


def contribution_table(matrix: VoteMatrix, parts: Contributions, said: Sequence[Any], classes: np.ndarray) -> Any:
    """The table of contributions: of each row the prior, then its votes, then what these tell together.

    Parameters
    ----------
    matrix : VoteMatrix
        The rows, one or more.
    parts : Contributions
        Of these rows.
    said : sequence of length nnz
        What each vote says, readable.
    classes : ndarray of shape (k,)
        The class names.

    Returns
    -------
    DataFrame
        ``vote``, then a column per class, each line centred over the classes; indexed by labeling function, and of
        several rows by ``row`` before it.

    Raises
    ------
    VoteError
        If there are no rows, or several with the same label in the index.

    Examples
    --------
    >>> from weaklab.votes import check_votes
    >>> parts = Contributions(np.zeros((2, 2)), np.array([[1.0, -1.0]]))
    >>> contribution_table(check_votes([[0], [-1]]), parts, ["ham"], np.array(["ham", "spam"]))
                            vote  ham  spam
    row labeling function
    0   (prior)             None  0.0   0.0
        column 0             ham  1.0  -1.0
    1   (prior)             None  0.0   0.0
    """
    if not matrix.n:
        raise VoteError("explain takes the votes on one row or more, got none.")
    more = matrix.covered & (parts.together is not None)
    lines = 1 + matrix.row_counts + more
    start = np.cumsum(lines) - lines
    at = start[matrix.rows] + 1 + np.arange(matrix.nnz) - matrix.indptr[matrix.rows]
    last = (start + lines - 1)[more]
    scores = np.empty((int(lines.sum()), matrix.k))
    scores[start], scores[at] = parts.prior, parts.votes
    names, vote = np.full(len(scores), PRIOR, dtype=object), np.full(len(scores), None, dtype=object)
    names[at] = [matrix.name(int(j)) for j in matrix.lf]
    for place, one in zip(at, said, strict=True):  # a tuple of classes is one thing, and no row of a table
        vote[place] = one
    if parts.together is not None:
        scores[last], names[last] = parts.together[more], TOGETHER
    scores -= scores.mean(axis=1, keepdims=True)
    index = pd.Index(names, name="labeling function")
    if matrix.n > 1:
        index = pd.MultiIndex.from_arrays([_labels(matrix).repeat(lines), index], names=["row", index.name])
    frame = pd.DataFrame(scores, index=index, columns=classes)
    frame.insert(0, "vote", pd.Series(vote, index=index, dtype=object))  # else None becomes NaN
    return frame


def in_words(vote: Any) -> str:
    """What a vote says, as people read it: a class, a set of classes, or the likeliest of a distribution.

    Examples
    --------
    >>> in_words("ham"), in_words(("ham", "spam")), in_words(tuple("abcdef")), in_words({"ham": 0.8, "spam": 0.2})
    ('ham', 'ham or spam', 'a, b, c or 3 more', 'ham (80%)')
    """
    if isinstance(vote, dict):
        likeliest = max(vote, key=vote.__getitem__)
        return f"{likeliest} ({vote[likeliest]:.0%})"
    if not isinstance(vote, tuple):
        return str(vote)
    shown = [str(name) for name in vote[:MOST_OF_SET]]
    if len(vote) > MOST_OF_SET:
        return f"{', '.join(shown)} or {len(vote) - MOST_OF_SET} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _labels(matrix: VoteMatrix) -> pd.Index:
    """What to call the rows: their labels in the data's index, else their positions."""
    if matrix.index is None:
        return pd.RangeIndex(matrix.n)
    labels = matrix.index.to_flat_index()
    if not labels.is_unique:
        twice = labels[labels.duplicated()][0]
        raise VoteError(
            f"The label {twice!r} stands for {int((labels == twice).sum()):,} rows of the index, whose explanations "
            f"could not be told apart: number the rows with votes.reset_index(drop=True)."
        )
    return labels
