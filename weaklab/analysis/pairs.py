"""What each two labeling functions have to do with each other: a table of pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from weaklab.analysis.fitted import classes_of, lf_index, model_columns
from weaklab.analysis.hard_votes import hard_votes
from weaklab.analysis.meetings import count_meetings
from weaklab.exceptions import ParameterError
from weaklab.label_models.dependence import FALSE_DISCOVERIES, SAMPLE, Dependence, find_dependence
from weaklab.label_models.learned import MAX_CONFUSION_BYTES
from weaklab.label_models.problem import Problem
from weaklab.typing import Classes, Floats
from weaklab.votes import PartialVotes, SoftVotes, VoteMatrix, compress
from weaklab.votes.sampling import spread_rows


def pairwise(
    votes: Any, model: Any = None, *, least: int = 1, fdr: float | None = FALSE_DISCOVERIES, classes: Classes = None
) -> pd.DataFrame:
    r"""One row per pair of labeling functions that meet: agreement, conflict, and whether one repeats the other.

    Parameters
    ----------
    votes : DataFrame, array-like or sparse matrix of shape (n, m), PartialVotes or SoftVotes
        The votes; of distributions the likeliest class counts, of sets those of one class.
    model : label model, optional
        One that was fitted to these labeling functions.
    least : int
        Pairs with votes on fewer common rows are left out. Of thousands of labeling functions, most pairs meet by
        chance on a few rows.
    fdr : float or None
        The expected share of false discoveries among the pairs that ``depends`` marks by a test, in (0, 1). None leaves
        the search for dependence out, which takes a quarter of a minute where there are 4,000 labeling functions.
    classes : int, sequence of hashable, or None
        The classes where no model is given.

    Returns
    -------
    DataFrame
        In the order of the columns of the votes:

        ``first``, ``second``
            Their names, or columns.
        ``both``, ``agree``, ``differ``
            On how many rows both vote, do so alike, and differently.
        ``overlap``
            ``both`` as a share of all rows.
        ``agreement``, ``conflict``
            ``agree`` and ``differ`` as shares of ``both``.
        ``explained``
            With a model: the agreement by its confusions, if the two erred independently given the class,
            :math:`\sum_{yv} \pi_y \theta_{iyv} \theta_{jyv}` over :math:`\sum_y \pi_y c_{iy} c_{jy}`, c being how
            often each votes. NaN where its confusions do not fit in memory, and for PartialVotes and SoftVotes, whose
            models' confusions are of more than one class per vote.
        ``expected``
            The agreement that the accuracies of the two explain, by their agreement with all others and not by a model,
            which copies may have misled; NaN for functions that vote for some classes only, whose votes agree whenever
            they meet, and where they meet on too few rows.
        ``p_value``
            Of the one-sided test that the agreement is not above that; NaN where there is no such test.
        ``strength``
            In [0, 1]: how much of one the other repeats; 1 are copies.
        ``depends``
            Whether the test finds the pair at the rate ``fdr`` (Benjamini and Hochberg, 1995), or, where there is no
            test, the two share their rows. The search looks at 50,000 rows at most, evenly spread, and at 5,000
            labeling functions at most; of more, nothing is marked.

        The last four are there with ``fdr`` only.

    Raises
    ------
    VoteError, ClassError, ParameterError
        If votes, model or an argument are not what they should be.

    See Also
    --------
    weaklab.analysis.dependencies : only the pairs that depend, and the groups that they form.
    weaklab.label_models.dependence.find_dependence : the method and its sources.

    Examples
    --------
    >>> table = pairwise([[0, 0, -1], [0, 1, -1], [1, 1, 1], [1, -1, -1]])
    >>> table[["first", "second", "both", "agree", "differ", "overlap", "agreement"]].round(2)
       first  second  both  agree  differ  overlap  agreement
    0      0       1     3      2       1     0.75       0.67
    1      0       2     1      1       0     0.25       1.00
    2      1       2     1      1       0     0.25       1.00
    """
    check_least(least)
    if fdr is not None and (isinstance(fdr, bool) or not isinstance(fdr, (int, float)) or not 0 < fdr < 1):
        raise ParameterError(f"fdr={fdr!r}: it must be between 0 and 1, or None.")
    matrix = hard_votes(votes, classes_of(model, classes))
    met = count_meetings(matrix, int(least))
    names, at = lf_index(matrix), (met.first, met.second)
    table = pd.DataFrame(
        {
            "first": names[met.first],
            "second": names[met.second],
            "both": met.both,
            "agree": met.alike,
            "differ": met.both - met.alike,
            "overlap": met.both / max(matrix.n, 1),
            "agreement": met.alike / met.both,
            "conflict": 1 - met.alike / met.both,
        }
    )
    if model is not None:
        is_rich = isinstance(votes, (PartialVotes, SoftVotes))
        table["explained"] = np.nan if is_rich else explained_agreement(model, matrix)[at]
    if fdr is None:
        return table
    found = search(matrix, fdr)
    if found is None:
        return table.assign(expected=np.nan, p_value=np.nan, strength=0.0, depends=False)
    return table.assign(
        expected=found.expected[at],
        p_value=np.where(np.isnan(found.z[at]), np.nan, found.p_value[at]),
        strength=found.strength[at],
        depends=found.found[at],
    )


def check_least(least: Any) -> None:
    """Refuse what is no number of rows."""
    if isinstance(least, bool) or not isinstance(least, (int, np.integer)) or least < 1:
        raise ParameterError(f"least={least!r} must be an int from 1.")


def search(matrix: VoteMatrix, fdr: float = FALSE_DISCOVERIES) -> Dependence | None:
    """The dependence among the columns of votes; None where there is nothing to search."""
    return find_dependence(Problem.of(compress(matrix)).covered(), fdr)


def explained_agreement(model: Any, matrix: VoteMatrix) -> Floats:
    """The share of their common rows on which a model expects each two columns to agree, (m, m)."""
    m, k = matrix.m, len(model.classes_)
    columns = model_columns(model, matrix)
    if model.n_features_in_ * k * (k + 1) * 8 > MAX_CONFUSION_BYTES:
        return np.full((m, m), np.nan)
    theta = model.confusion_[columns][:, :, :-1]  # (m, k, k)
    some = matrix.take(np.flatnonzero(matrix.covered)[spread_rows(int(matrix.covered.sum()), SAMPLE)])
    prior = model.predict_proba(some).mean(axis=0) if some.n else model.class_prior_  # as the confusions count
    votes = theta.sum(axis=2)  # (m, k)
    alike = (theta * prior[:, np.newaxis]).reshape(m, -1) @ theta.reshape(m, -1).T
    both = (votes * prior) @ votes.T
    return np.where(both > 0, alike / np.maximum(both, np.finfo(float).tiny), np.nan)
