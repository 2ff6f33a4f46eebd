"""Which labeling functions repeat each other: a table of pairs, and the groups that they form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from weaklab.analysis.fitted import classes_of
from weaklab.analysis.hard_votes import hard_votes
from weaklab.exceptions import ParameterError
from weaklab.label_models.dependence import FALSE_DISCOVERIES, find_dependence, with_groups
from weaklab.label_models.problem import Problem
from weaklab.votes import compress


def dependencies(votes: Any, model: Any = None, *, classes: Any = None, fdr: float = FALSE_DISCOVERIES) -> pd.DataFrame:
    """Pairs of labeling functions that agree beyond what the class explains, and the groups that they form.

    Parameters
    ----------
    votes : DataFrame, array-like or sparse matrix of shape (n, m), PartialVotes or SoftVotes
        The votes; of distributions the likeliest class counts, of sets those of one class. At most 50,000 rows, evenly
        spread, are looked at.
    model : label model, optional
        A fitted one, whose classes are taken; the search needs no accuracies of it, so that a model which a group of
        copies has misled does not hide them.
    classes : int, sequence of hashable, or None
        The classes; None takes those of the model, where there is one.
    fdr : float
        The expected share of false discoveries, in (0, 1).

    Returns
    -------
    DataFrame
        A row per pair that was found, the strongest first: ``first`` and ``second`` (names, or columns), ``both`` (rows
        on which both vote), ``agreement`` on these, ``expected`` agreement by their accuracies (NaN for functions that
        vote for some classes only, which depend where they share their rows), ``strength`` in [0, 1] (1: copies; 0:
        found, but too weak to act on), ``p_value``, and ``group``, a number, -1 where the strength is 0.

    Raises
    ------
    VoteError, ParameterError, ClassError
        If the votes, the rate or the model are not what they should be, or the model has other classes.

    See Also
    --------
    weaklab.label_models.dependence.find_dependence : the method and its sources.

    Examples
    --------
    >>> from weaklab.datasets import Group, make_votes
    >>> planted = make_votes(n=5000, m=8, coverage=0.5, groups=[Group(3, copy_probability=0.8)], random_state=1)
    >>> table = dependencies(planted.votes)
    >>> sorted(set(table["first"]) | set(table["second"]))
    ['lf_0', 'lf_1', 'lf_2']
    """
    if isinstance(fdr, bool) or not isinstance(fdr, (int, float)) or not 0 < fdr < 1:
        raise ParameterError(f"fdr={fdr!r}: it must be between 0 and 1.")
    matrix = hard_votes(votes, classes_of(model, classes))
    names = matrix.columns
    found = find_dependence(Problem.of(compress(matrix)).covered(), fdr)
    columns = ["first", "second", "both", "agreement", "expected", "strength", "p_value", "group"]
    if found is None:
        return pd.DataFrame({column: [] for column in columns})
    first, second = np.nonzero(np.triu(found.found, 1))
    group = np.full(matrix.m, -1)
    for number, members in enumerate(with_groups(found, [], matrix.m)[1]):
        group[members] = number
    table = pd.DataFrame(
        {
            "first": [names[j] for j in first],
            "second": [names[j] for j in second],
            "both": found.both[first, second],
            "agreement": found.agreement[first, second],
            "expected": found.expected[first, second],
            "strength": found.strength[first, second],
            "p_value": found.p_value[first, second],
            "group": np.where(found.strength[first, second] > 0, group[first], -1),
        }
    )
    return table.sort_values(["strength", "p_value"], ascending=[False, True], kind="stable", ignore_index=True)
