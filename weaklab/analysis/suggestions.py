"""Labeling functions that nobody has written yet: found in the data, judged by what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from weaklab.analysis.candidate_worth import Worth, judge, spread_labels
from weaklab.analysis.candidates import Candidates, find_candidates
from weaklab.analysis.hard_votes import covered_rows, hard_votes
from weaklab.apply import apply
from weaklab.apply.frames import read_frame
from weaklab.exceptions import CoverageWarning, FrameError, ParameterError, SoftLabelError, warn_caller
from weaklab.labeling import as_row
from weaklab.seeding import generator
from weaklab.typing import Classes, Floats, Frame, Seed
from weaklab.votes import SoftLabels, check_classes, check_gold, check_soft_labels, class_array

#: Of an example, so many characters are shown on either side of what was found.
AROUND = 30
#: So many examples are shown of each suggestion.
EXAMPLES = 3


@dataclass(frozen=True, eq=False)
class _Known:
    """What is known of n rows before there are new labeling functions."""

    covered: np.ndarray  # (n,) bool
    probs: Floats  # (n, k)
    weight: Floats  # (n,), 0 where nothing is known
    gold: np.ndarray  # (n,) int
    shown: list[Any]  # k labels, as labeling functions return them
    taken: set[str]  # names of the labeling functions that there are
    votes: np.ndarray  # (n, m) codes of these


def suggest_lfs(
    frame: Frame,
    votes: Any,
    y: Any = None,
    *,
    column: Any = None,
    n: int = 20,
    classes: Classes = None,
    soft: Any = None,
    min_precision: float = 0.7,
    min_rows: int | None = None,
    max_words: int = 3,
    random_state: Seed = None,
) -> pd.DataFrame:
    """Suggest labeling functions for the rows without votes: words and phrases of texts, thresholds of numbers.

    Each candidate votes for the class that is most frequent among its rows, which is judged by the soft labels that
    the votes give, by what naive Bayes learns from these about the rows without votes, and by gold rows, which count
    most; by the labels that are known it must be above chance. The first suggestion is the one that tells most about
    rows without votes: how many of them it covers, times what a vote tells at least, in bits; its rows are then taken
    out, and so on.

    Thousands of candidates are tried, and the best of many look better than they are. So a precision is shrunk
    towards chance (by ten rows), and ``low`` and ``high`` bound the precisions of all candidates at once, with 95 %.
    What they bound is agreement with the labels at hand: an error that all votes share stays. Look at the examples,
    and at :func:`preview`.

    Parameters
    ----------
    frame : pandas or polars DataFrame, pyarrow Table, list of dicts
        The data, n rows.
    votes : DataFrame, array-like or sparse matrix of votes, PartialVotes, SoftVotes, or None
        The votes on the same rows; None where there is no labeling function yet, which takes ``y``.
    y : array-like of shape (n,), optional
        Gold labels where known; -1, None and NaN are unknown.
    column : hashable or list of hashable, optional
        The columns to look at; by default all that hold texts or numbers. Name them where one gives labels away.
    n : int
        The most suggestions.
    classes : int or sequence of hashable, optional
        The classes.
    soft : SoftLabels or array-like of shape (rows, k), optional
        Current soft labels, such as ``model.labels(votes)``; by default majority vote's. Rows of weight 0 do not
        count; of an array all rows count.
    min_precision : float
        What the precision must be, over all rows of a candidate and over those without votes; in [0, 1].
    min_rows : int, optional
        How many rows a candidate must cover; by default one in a thousand, and 5 or more.
    max_words : int
        The most words of a phrase.
    random_state : int, Generator or None
        Draws the examples.

    Returns
    -------
    DataFrame
        A row per suggestion, indexed by its name:

        ``lf``
            The labeling function, ready for ``apply``: ``[*lfs, *table["lf"]]``.
        ``kind``, ``column``, ``label``
            "keyword" or "threshold", what it reads, and what it votes.
        ``coverage``, ``uncovered``, ``adds``
            The share of all rows that it votes on; of the rows without votes; and of all rows, which neither votes
            nor the suggestions before it cover.
        ``precision``, ``low``, ``high``
            How often it would be right, and the bounds.
        ``precision_uncovered``
            The same on rows without votes only; NaN where there are none.
        ``lift``
            ``precision`` over how often the class would be right on rows at random.
        ``subsumed_by``
            Another suggestion for the same class that votes wherever this one does, or None.
        ``examples``
            Some texts, or numbers, that it votes on, such without votes if there are any.

        Candidates that vote on the same rows are one, of the fewest words. Those that add no row while some are without
        votes are left out, and those that only repeat votes of one labeling function that there is.

    Raises
    ------
    ParameterError, FrameError, ColumnError, VoteError, GoldError, SoftLabelError, ClassError
        If an argument is not what it should be, or neither votes nor gold say anything.

    Warns
    -----
    CoverageWarning
        If a class has neither votes nor gold, so that its rows are taken for those of others.

    References
    ----------
    P. Varma and C. Re, "Snuba: automating weak supervision to label training data", 2018.
    doi:10.14778/3291264.3291268. Candidates from features, judged on a few labels, chosen for what they add.

    Examples
    --------
    >>> texts = ["win free money", "free prize", "free prize inside", "see you at home", "home late", "at home"] * 20
    >>> votes = [[1], [-1], [-1], [0], [-1], [-1]] * 20
    >>> table = suggest_lfs(pd.DataFrame({"text": texts}), votes)
    >>> table[["label", "coverage", "adds"]].round(2)
          label  coverage  adds
    home      0       0.5  0.33
    free      1       0.5  0.33
    """
    _check_arguments(n, min_precision, min_rows, max_words)
    reader = read_frame(frame)
    names: list[Any] = list(reader.names)
    if column is not None:
        names = [*column] if isinstance(column, list) else [column]
    for name in names:
        reader.check_column(name, "suggest_lfs")
    known = _known(votes, y, soft, classes, reader.n)
    table = reader.columns(names)
    least = max(5, -(-reader.n // 1000)) if min_rows is None else min_rows
    candidates = find_candidates(table, least, max_words)
    if not candidates.make:
        return _table([])
    chosen, whole, new = _choose(candidates, known, n, min_precision)
    lfs = _lfs(candidates, chosen, whole.label, known)
    if not lfs:
        return _table([])
    voted = hard_votes(apply(lfs, table, cache=False, progress=False)).dense() >= 0
    lines = []
    left = np.logical_not(known.covered)
    bare = int(left.sum())
    rng = generator(random_state)
    kept = []
    for place, (j, lf) in enumerate(zip(chosen, lfs, strict=True)):
        rows = voted[:, place]
        if bare and not (rows & left).any():
            continue  # the search takes its texts in otherwise now and then
        kept.append(place)
        label = known.shown[whole.label[j]]
        lf = candidates.make[j](label, lf.name)
        lines.append(
            {
                "name": lf.name,
                "lf": lf,
                "kind": candidates.kinds[j],
                "column": candidates.columns[j],
                "label": label,
                "coverage": rows.mean(),
                "uncovered": (rows & ~known.covered).sum() / bare if bare else np.nan,
                "adds": (rows & left).mean(),
                "precision": whole.precision[j],
                "low": whole.low[j],
                "high": whole.high[j],
                "precision_uncovered": new.precision[j] if (rows & ~known.covered).any() else np.nan,
                "lift": whole.precision[j] / whole.chance[j],
                "subsumed_by": None,
                "examples": _examples(lf, table[candidates.columns[j]], rows, known.covered, rng),
            }
        )
        left &= ~rows
    return _flagged(_table(lines), voted[:, kept])


def _known(votes: Any, y: Any, soft: Any, classes: Classes, n: int) -> _Known:
    if isinstance(soft, SoftLabels) and classes is None and soft.classes is not None:
        classes = list(soft.classes)
    declared = check_classes(classes)
    matrix = None if votes is None else hard_votes(votes, classes)
    if matrix is not None and matrix.n != n:
        raise FrameError(f"The frame has {n:,} rows, and there are votes on {matrix.n:,}.")
    gold = np.full(n, -1) if y is None else check_gold(y, n, classes, index=None if matrix is None else matrix.index)
    k = max(2, int(gold.max(initial=0)) + 1, 0 if matrix is None else matrix.k) if classes is None else 0
    shown = class_array(k if declared is None else declared).tolist()
    k = len(shown)
    covered = np.zeros(n, dtype=bool) if matrix is None else covered_rows(votes, matrix)
    if soft is not None:
        given = check_soft_labels(soft, n, declared if isinstance(declared, list) else None)
        if given.k != k:
            raise SoftLabelError(f"The soft labels are of {given.k} classes, and there are {k}.")
        probs, weight = given.probs, np.ones(n) if given.weight is None else given.weight
    elif matrix is not None:
        probs, weight = matrix.with_classes(k).majority(), matrix.covered.astype(np.float64)
    else:
        probs, weight = np.full((n, k), 1 / k), np.zeros(n)
    is_gold = gold >= 0
    probs, weight = probs.copy(), np.where(is_gold, 1.0, weight)
    probs[is_gold] = np.eye(k)[gold[is_gold]]
    if not weight.any():
        raise ParameterError("There are neither votes nor gold rows, so nothing says what a suggestion should vote.")
    silent = [
        repr(name) for name, seen in zip(shown, (probs * weight[:, np.newaxis]).sum(axis=0), strict=True) if not seen
    ]
    if silent:
        warn_caller(
            f"No vote and no gold row is of class {', '.join(silent[:5])}: its rows are taken for those of other "
            f"classes, and what is suggested for them may be wrong. Give a function for it, or gold rows.",
            CoverageWarning,
        )
    taken = set() if matrix is None or matrix.names is None else set(matrix.names)
    dense = np.empty((n, 0), dtype=np.int8) if matrix is None else matrix.dense()
    return _Known(covered, probs, weight, gold, shown, taken, dense)


def _choose(candidates: Candidates, known: _Known, n: int, min_precision: float) -> tuple[list[int], Worth, Worth]:
    """The best candidates for what is left, one after the other; and the worth of all, on all rows and on new ones."""
    inside, weight = candidates.inside, known.weight
    prior = (known.probs * weight[:, np.newaxis]).sum(axis=0)
    prior = (prior + 1) / (prior.sum() + len(prior))
    probs, bare = known.probs, (~known.covered).astype(np.float64)
    features = inside[:, candidates.simple].tocsr()
    unknown = weight == 0
    if features.shape[1] and unknown.any():
        told = spread_labels(features, probs, weight)
        probs = np.where(unknown[:, np.newaxis], told, probs)
        weight = np.where(unknown, 1.0, weight)
        prior = (probs * weight[:, np.newaxis]).sum(axis=0) / weight.sum()
    whole = judge(inside, probs, weight, known.gold, prior)
    new = judge(inside, probs, weight * bare, known.gold, prior, whole.label)
    some_told = (inside.T @ (weight * bare)) > 0  # else the rows with votes are all that tells
    bits = np.where(some_told, np.minimum(new.bits, whole.bits), whole.bits)
    right = (whole.precision >= min_precision) & (~some_told | (new.precision >= min_precision))
    # What naive Bayes tells of other rows repeats the luck of a word; only known labels make it more than luck.
    direct = judge(inside, known.probs, known.weight, known.gold, prior, whole.label)
    bits[~right | (direct.low <= direct.chance)] = 0.0
    left = bare.copy() if bare.any() else np.ones(len(bare))
    promising = np.flatnonzero(bits)
    promising = promising[~_tells_nothing(inside[:, promising], whole.label[promising], known.votes)]
    columns = inside[:, promising]
    chosen: list[int] = []
    while len(chosen) < n and len(promising):
        gain = (columns.T @ left) * bits[promising]
        best = int(np.argmax(gain))
        if gain[best] <= 0:
            break
        chosen.append(int(promising[best]))
        left[columns.indices[columns.indptr[best] : columns.indptr[best + 1]]] = 0.0
    return chosen, whole, new


def _tells_nothing(inside: sparse.csc_matrix, label: np.ndarray, votes: np.ndarray) -> np.ndarray:
    """The candidates (c,) on all of whose rows one labeling function votes their class already."""
    known = np.zeros(len(label), dtype=bool)
    sizes = np.diff(inside.indptr)
    for c in np.unique(label).tolist() if votes.shape[1] else []:
        ours = np.flatnonzero(label == c)
        both = sparse.csr_matrix((votes == c).T.astype(np.float64)) @ inside[:, ours]  # (m, candidates)
        known[ours] = both.max(axis=0).toarray().ravel() == sizes[ours]
    return known


def _lfs(candidates: Candidates, chosen: Sequence[int], label: np.ndarray, known: _Known) -> list[Any]:
    """Labeling functions of names that are not taken; of codes, so that ``apply`` need not know the classes."""
    taken, lfs = set(known.taken), []
    for j in chosen:
        lf = candidates.make[j](int(label[j]), None)
        name, number = lf.name, 2
        while name in taken:
            name, number = f"{lf.name}_{number}", number + 1
        taken.add(name)
        lfs.append(candidates.make[j](int(label[j]), name))
    return lfs


def _examples(
    lf: Any, column: pd.Series, rows: np.ndarray, covered: np.ndarray, rng: np.random.Generator
) -> tuple[str, ...]:
    there = np.flatnonzero(rows & ~covered) if (rows & ~covered).any() else np.flatnonzero(rows)
    drawn = np.sort(rng.choice(there, size=min(EXAMPLES, len(there)), replace=False))
    shown = []
    for cell in column.iloc[drawn]:
        found = lf.explain(as_row({lf.column: cell}))
        if not found.spans:
            shown.append(str(cell))
            continue
        start, stop = found.spans[0]
        first, last = max(start - AROUND, 0), stop + AROUND
        shown.append(f"{'…' if first else ''}{' '.join(cell[first:last].split())}{'…' if last < len(cell) else ''}")
    return tuple(shown)


def _flagged(table: pd.DataFrame, voted: np.ndarray) -> pd.DataFrame:
    """Flag suggestions whose rows another one for the same class has too."""
    rows = sparse.csr_matrix(voted.astype(np.float64))
    both = (rows.T @ rows).toarray()
    labels, names = table["label"].tolist(), table.index.tolist()
    widest: list[Any] = []
    for i, label in enumerate(labels):
        wider = [j for j in range(len(table)) if labels[j] == label and both[i, j] == both[i, i] < both[j, j]]
        widest.append(names[max(wider, key=lambda j: both[j, j])] if wider else None)
    return table.assign(subsumed_by=np.array(widest, dtype=object))


def _table(lines: list[dict[str, Any]]) -> pd.DataFrame:
    order = ["lf", "kind", "column", "label", "coverage", "uncovered", "adds", "precision", "low", "high"]
    order += ["precision_uncovered", "lift", "subsumed_by", "examples"]
    return pd.DataFrame(lines, columns=["name", *order]).set_index("name").rename_axis(None)


def _check_arguments(n: Any, min_precision: Any, min_rows: Any, max_words: Any) -> None:
    for argument, value in (("n", n), ("min_rows", 1 if min_rows is None else min_rows), ("max_words", max_words)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise ParameterError(f"{argument}={value!r} must be an int from 1.")
    if isinstance(min_precision, bool) or not isinstance(min_precision, (int, float)) or not 0 <= min_precision <= 1:
        raise ParameterError(f"min_precision={min_precision!r} must be a number from 0 to 1.")
