"""The rows a person should look at, and who disagrees there; and asking again where an answer is doubtful."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import CoverageWarning, ParameterError, warn_caller
from weaklab.trust.checks import only_one, read_answers, read_labels
from weaklab.typing import ABSTAIN, Codes, Floats
from weaklab.votes import SoftLabels, VoteMatrix, check_gold, check_votes, decode


def review_queue(
    labels: Any,
    budget: float = 0.1,
    *,
    votes: Any = None,
    answers: Any = None,
    risk: Any = None,
    covered: bool = True,
    explain: bool = True,
) -> pd.DataFrame:
    """The most doubtful rows, with the labeling functions that disagree.

    Unlike :func:`weaklab.rows_to_label`, which looks for rows that teach a label model most about others, this is
    about each row on its own, and about labels from anywhere: a label model, a refiner, an end model, a language model.

    Parameters
    ----------
    labels : SoftLabels, array-like of shape (n, k), or DataFrame with a column per class
        What is believed of each row.
    budget : int from 1, or float in (0, 1), default=0.1
        How many rows, or which share of those that are considered.
    votes : DataFrame, array-like or sparse matrix of shape (n, m), optional
        The votes on the same rows; without them nobody disagrees.
    answers : array-like of shape (n,), optional
        What is to be reviewed, by code or name, -1 or missing where there is none: those of a language model, say.
        None is the likeliest class.
    risk : array-like of float of shape (n,), optional
        How doubtful each answer is; None is one minus the probability of it.
    covered : bool, default=True
        Consider the rows of weight above 0 only; the others all look alike, and are for new labeling functions.
    explain : bool, default=True
        Whether to say who disagrees.

    Returns
    -------
    DataFrame
        With the data's index, the riskiest first: ``row`` (position), ``risk``, ``label`` (the answer), and if it is
        explained ``disagree`` (a tuple of labeling functions) and ``reason`` in words.

    Raises
    ------
    SoftLabelError, VoteError, GoldError, ParameterError
        If an argument is not what it should be.

    Warns
    -----
    CoverageWarning
        If no row is covered; the queue is then empty.

    Examples
    --------
    >>> soft = SoftLabels([[0.9, 0.1], [0.45, 0.55]], classes=["ham", "spam"])
    >>> votes = pd.DataFrame({"short": [0, 0], "link": [-1, 1]})
    >>> review_queue(soft, 1, votes=votes)[["row", "label", "disagree", "reason"]].values.tolist()
    [[1, 'spam', ('short',), "spam 0.55, ham 0.45; 'short' says ham; 'link' says spam"]]
    """
    soft = read_labels(labels)
    codes = soft.codes() if answers is None else read_answers(answers, soft)
    doubt = risk_of(soft.probs, codes) if risk is None else check_risk(risk, soft.n)
    matrix = None if votes is None else check_votes(votes, classes=soft.k)
    if matrix is not None and matrix.n != soft.n:
        raise ParameterError(f"votes has {matrix.n:,} rows; there are {soft.n:,} rows of labels.")
    among = np.flatnonzero(soft.covered) if covered else np.arange(soft.n)
    if soft.n and not len(among):
        warn_caller(f"None of the {soft.n:,} rows is covered: there is nothing to review.", CoverageWarning)
    rows = among[np.argsort(-doubt[among], kind="stable")][: how_many(budget, len(among))]
    table: dict[str, Any] = {"row": rows, "risk": doubt[rows], "label": decode(codes[rows], soft.classes_)}
    if explain:
        said = [_said(matrix, int(row), int(codes[row])) for row in rows]
        table["disagree"] = [tuple(name for name, _ in against) for against, _ in said]
        table["reason"] = [_reason(soft, int(row), *of) for row, of in zip(rows, said, strict=True)]
    index = pd.RangeIndex(soft.n) if soft.index is None else soft.index
    return pd.DataFrame(table, index=index[rows])


def reroute(
    answers: Any,
    risk: Any,
    ask: Callable[[np.ndarray], Any],
    *,
    budget: float | None = None,
    threshold: float | None = None,
    classes: Any = None,
) -> Codes:
    """Ask again, or someone else, about the riskiest answers.

    Parameters
    ----------
    answers : array-like of shape (n,)
        By code or name; -1 or missing where there is none.
    risk : array-like of float of shape (n,)
        Of each; see :meth:`Harmonizer.risk`.
    ask : callable (rows) -> answers
        Gets the positions of the riskiest rows, the riskiest first, and gives an answer for each: a prompt that shows
        the evidence, a stronger model, a person. Where it gives none, the answer from before is kept.
    budget : int or float in (0, 1), optional
        How many rows to ask about, or which share.
    threshold : float, optional
        In the place of budget: the risk from which on to ask.
    classes : int or sequence of hashable, optional
        The classes, where answers are names.

    Returns
    -------
    ndarray of int64 of shape (n,)
        The codes of the answers, those that were asked for replaced.

    Raises
    ------
    ParameterError, GoldError
        If an argument is not what it should be, or ``ask`` gives answers of another number.

    Notes
    -----
    Dynamic prompting of Zhao et al. (2023), doi:10.48550/arXiv.2306.16564.

    Examples
    --------
    >>> reroute([0, 1, 1], [0.1, 0.8, 0.2], lambda rows: [0] * len(rows), budget=1)
    array([0, 0, 1])
    """
    n = len(answers) if hasattr(answers, "__len__") else 0
    codes, doubt = check_gold(answers, n, classes).copy(), check_risk(risk, n)
    if not callable(ask):
        raise ParameterError(f"ask={ask!r} must be a callable (rows) -> answers.")
    order = np.argsort(-doubt, kind="stable")
    only_one(budget=budget, threshold=threshold)
    rows = order[: how_many(budget, n)] if threshold is None else order[doubt[order] >= threshold]
    if len(rows):
        given = ask(rows.copy())
        if not hasattr(given, "__len__") or len(given) != len(rows):
            raise ParameterError(f"ask was given {len(rows)} rows and must give an answer for each; got {given!r:.80}.")
        new = check_gold(given, len(rows), classes)
        codes[rows] = np.where(new == ABSTAIN, codes[rows], new)
    return codes


def risk_of(probs: Floats, answers: Codes) -> Floats:
    """One minus the probability of each answer; 1 where there is none."""
    believed = probs[np.arange(len(probs)), np.maximum(answers, 0)]
    return np.where(answers == ABSTAIN, 1.0, 1 - believed)


def check_risk(risk: Any, n: int) -> Floats:
    """Finite numbers of shape (n,).

    Raises
    ------
    ParameterError
        If they are not.
    """
    doubt = np.asarray(risk, dtype=np.float64)
    if doubt.shape != (n,) or not np.isfinite(doubt).all():
        raise ParameterError(f"risk must be {n:,} finite numbers, a row each; got shape {doubt.shape}.")
    return doubt


def how_many(budget: Any, n: int) -> int:
    """A number of rows from a number or a share; a share is rounded up, and no more than n.

    Raises
    ------
    ParameterError
        If it is neither.

    Examples
    --------
    >>> how_many(0.1, 25), how_many(30, 25)
    (3, 25)
    """
    if isinstance(budget, (int, np.integer)) and not isinstance(budget, bool) and budget >= 1:
        return min(int(budget), n)
    if isinstance(budget, (float, np.floating)) and 0 < budget < 1:
        return math.ceil(n * budget - 1e-9)
    raise ParameterError(f"budget={budget!r} must be a number of rows from 1, or a share between 0 and 1.")


Said = list[tuple[Any, int]]


def _said(matrix: VoteMatrix | None, row: int, answer: int) -> tuple[Said, Said]:
    """Who votes against an answer, and who for it, each with the vote."""
    if matrix is None:
        return [], []
    mine = slice(matrix.indptr[row], matrix.indptr[row + 1])
    names = range(matrix.m) if matrix.names is None else matrix.names
    votes = [(names[j], int(v)) for j, v in zip(matrix.lf[mine], matrix.vote[mine], strict=True)]
    return [one for one in votes if one[1] != answer], [one for one in votes if one[1] == answer]


def _reason(soft: SoftLabels, row: int, against: Said, agree: Said) -> str:
    classes, probs = soft.classes_.tolist(), soft.probs[row]
    first, second = np.argsort(-probs, kind="stable")[:2]
    parts = [f"{classes[first]} {probs[first]:.2f}, {classes[second]} {probs[second]:.2f}"]
    for votes in (against, agree):
        for code in sorted({code for _, code in votes}):
            who = [repr(name) for name, vote in votes if vote == code]
            parts.append(f"{', '.join(who)} say{'s' * (len(who) == 1)} {classes[code]}")
    return "; ".join(parts)
