"""What labeling functions do otherwise on other data."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import binom

from weaklab.analysis.fitted import lf_index
from weaklab.analysis.hard_votes import covered_rows, hard_votes
from weaklab.analysis.meetings import count_meetings
from weaklab.analysis.row_words import row_words
from weaklab.analysis.share_tests import LEAST_EXPECTED, chi_squared, classes_test, discoveries, normal_test, share_test
from weaklab.exceptions import ParameterError, VoteError
from weaklab.typing import Classes, Floats
from weaklab.votes import PartialVotes, SoftVotes, VoteMatrix
from weaklab.votes.patterns import distinct
from weaklab.votes.seen_rows import match_names

#: So many labeling functions are shown of many.
SHOWN = 20
#: Patterns are told apart by so many labeling functions at most where they are tested.
MOST_SPLITS = 64
#: What is compared of each labeling function.
MEASURES = ("coverage", "classes", "agreement")


@dataclass(frozen=True, eq=False)
class Drift:
    """What differs between votes on two samples of rows; made by :func:`weaklab.analysis.drift`.

    Attributes
    ----------
    lfs : DataFrame
        Indexed by labeling function, in the order of the first votes:

        ``changed``
            Which of "coverage", "classes" and "agreement" changed, a tuple; empty where none did.
        ``coverage_a``, ``coverage_b``, ``coverage_p``
            The share of rows that it votes on, and the p-value that it is the same.
        ``classes_distance``, ``classes_p``
            The total variation distance between the class shares of its votes, in [0, 1], and the p-value that they are
            the same; NaN for one that votes for one class only.
        ``agreement_a``, ``agreement_b``, ``agreement_p``
            The share of its meetings with others on which they agree, and the p-value that its agreement with no more
            than half of them changed.
    overall : Series
        ``rows_a``, ``rows_b``, ``covered_a``, ``covered_b`` (shares of rows with a vote of any kind), ``covered_p``,
        ``distance`` (the total variation distance between the shares of vote patterns, in [0, 1]), ``by_chance`` (how
        large it is expected to be if nothing changed: near 1 where most patterns are on one row) and ``distance_p``, of
        Pearson's test, where rare patterns are pooled with those that are alike in the functions that vote most.
    """

    lfs: pd.DataFrame
    overall: pd.Series

    @property
    def changed(self) -> list[Any]:
        """The labeling functions that changed."""
        return self.lfs.index[self.lfs["changed"].map(len) > 0].tolist()

    def _header(self) -> str:
        found, overall = self.changed, self.overall
        return (
            f"{len(found):,} of {len(self.lfs):,} labeling functions changed; {overall['covered_a']:.1%} → "
            f"{overall['covered_b']:.1%} of rows covered; patterns are {overall['distance']:.3f} apart "
            f"({overall['by_chance']:.3f} by chance, p = {overall['distance_p']:.2g})"
        )

    def _shown(self) -> tuple[pd.DataFrame, str]:
        table = self.lfs.loc[self.changed]
        table = table.assign(changed=table["changed"].map(", ".join))
        return table.head(SHOWN), f"{len(table) - SHOWN:,} more changed" if len(table) > SHOWN else ""

    def __repr__(self) -> str:
        table, more = self._shown()
        return "\n".join(filter(None, [self._header(), table.round(3).to_string() if len(table) else "", more]))

    def _repr_html_(self) -> str:
        table, more = self._shown()
        shown = table.round(3).to_html() if len(table) else ""
        return f"<div><p><b>{escape(self._header())}</b></p>{shown}<p>{escape(more)}</p></div>"


def drift(votes_a: Any, votes_b: Any, *, fdr: float = 0.05, classes: Classes = None) -> Drift:
    r"""Compare the votes of the same labeling functions on two samples of rows, such as of last month and of today.

    Each labeling function is tested for its coverage and the class shares of its votes (Pearson's and Fisher's tests),
    and for its agreement with each other one. Where one goes astray, it agrees less with all others, and all others
    with it alone: so a change of agreement is one with more than half of the :math:`q` functions that it meets, and its
    p-value is :math:`(q - r + 1)\, p_{(r)}`, :math:`p_{(r)}` being the :math:`r`-th lowest of the q and
    :math:`r = \lfloor q / 2 \rfloor + 1` (Benjamini and Heller, 2008, doi:10.1111/j.1541-0420.2007.00984.x). Over all
    tests, the false discovery rate is held at ``fdr``. Rows are taken as drawn independently; where they come in groups
    that are alike, p-values are too low. On many rows small differences are found too: look at how large they are.

    Parameters
    ----------
    votes_a, votes_b : DataFrame, array-like or sparse matrix of votes, PartialVotes or SoftVotes
        Of the same labeling functions, which are matched by name where both have names. Of distributions the likeliest
        class counts, of sets those of one class.
    fdr : float
        The expected share of false ones among the changes, in (0, 1).
    classes : int, sequence of hashable, or None
        The classes.

    Returns
    -------
    Drift
        ``changed``, names; ``lfs``, a table; ``overall``, for all together.

    Raises
    ------
    VoteError
        If the two are of different labeling functions or kinds, or there are no rows.
    ParameterError
        If the rate is none.

    See Also
    --------
    weaklab.diff : compares two label matrices of the same rows.

    Examples
    --------
    >>> from weaklab.datasets import make_votes
    >>> planted = make_votes(n=4000, m=6, coverage=0.5, random_state=0).votes
    >>> before, after = planted[:2000], planted[2000:].copy()
    >>> after.loc[after.index[::2], "lf_3"] = -1
    >>> found = drift(before, after)
    >>> found.changed
    ['lf_3']
    >>> found.lfs.loc[["lf_3"], ["changed", "coverage_a", "coverage_b"]].round(2)
              changed  coverage_a  coverage_b
    lf_3  (coverage,)         0.5        0.26
    """
    if isinstance(fdr, bool) or not isinstance(fdr, (int, float)) or not 0 < fdr < 1:
        raise ParameterError(f"fdr={fdr!r}: it must be between 0 and 1.")
    a, b = _matched(votes_a, votes_b, classes)
    count_a, count_b = a.lf_counts.astype(np.float64), b.lf_counts.astype(np.float64)
    rows_a, rows_b = np.full(a.m, float(a.n)), np.full(a.m, float(b.n))
    classes_a, classes_b = _class_counts(a), _class_counts(b)
    agreement = _agreement(a, b)
    p_value = np.column_stack(
        [
            share_test(count_a, rows_a, count_b, rows_b),
            [classes_test(one, other) for one, other in zip(classes_a, classes_b, strict=True)],
            agreement[2],
        ]
    )  # (m, measures)
    found = discoveries(p_value, fdr)
    with np.errstate(invalid="ignore"):
        apart = np.abs(classes_a / count_a[:, np.newaxis] - classes_b / count_b[:, np.newaxis]).sum(axis=1) / 2
    changed = [tuple(measure for measure, is_found in zip(MEASURES, row, strict=True) if is_found) for row in found]
    table = pd.DataFrame(
        {
            "changed": pd.Series(changed, lf_index(a), dtype=object),
            "coverage_a": count_a / a.n,
            "coverage_b": count_b / b.n,
            "coverage_p": p_value[:, 0],
            "classes_distance": apart,
            "classes_p": p_value[:, 1],
            "agreement_a": agreement[0],
            "agreement_b": agreement[1],
            "agreement_p": p_value[:, 2],
        },
        index=lf_index(a),
    )
    covered = [covered_rows(votes, matrix) for votes, matrix in ((votes_a, a), (votes_b, b))]
    return Drift(table, _overall(a, b, covered))


def _matched(votes_a: Any, votes_b: Any, classes: Classes) -> tuple[VoteMatrix, VoteMatrix]:
    """Both as one class each, with the same columns and classes."""
    kinds = [type(votes) if isinstance(votes, (PartialVotes, SoftVotes)) else None for votes in (votes_a, votes_b)]
    if kinds[0] != kinds[1]:
        told = ["votes of one class each" if kind is None else kind.__name__ for kind in kinds]
        raise VoteError(f"The first are {told[0]}, the second {told[1]}: only votes of one kind can be compared.")
    a, b = hard_votes(votes_a, classes), hard_votes(votes_b, classes)
    for which, matrix in (("first", a), ("second", b)):
        if not matrix.n:
            raise VoteError(f"There are no rows in the {which} votes.")
    if a.names is not None and b.names is not None and a.names != b.names:
        if set(a.names) != set(b.names):
            only = [sorted(set(one) - set(other))[:5] for one, other in ((a.names, b.names), (b.names, a.names))]
            raise VoteError(
                f"The votes are of different labeling functions: {only[0]} are in the first only, {only[1]} in the "
                f"second only. Give the columns that both have."
            )
        b = b.reorder(match_names(b.names, a.names))
    if a.m != b.m:
        raise VoteError(f"The first votes are of {a.m:,} labeling functions, the second of {b.m:,}.")
    k = max(a.k, b.k)
    return a.with_classes(k), b.with_classes(k)


def _class_counts(matrix: VoteMatrix) -> Floats:
    """How often each labeling function votes for each class, (m, k)."""
    counts = np.bincount(matrix.code, minlength=matrix.m * matrix.k).astype(np.float64)
    return counts.reshape(matrix.m, matrix.k)


def _agreement(a: VoteMatrix, b: VoteMatrix) -> tuple[Floats, Floats, Floats]:
    """Of each labeling function, its agreement with others in both, and the p-value that most of it is the same."""
    m = a.m
    sides = [count_meetings(matrix, LEAST_EXPECTED) for matrix in (a, b)]
    key_a, key_b = (met.first * np.int64(m) + met.second for met in sides)
    key, at_a, at_b = np.intersect1d(key_a, key_b, assume_unique=True, return_indices=True)
    alike = [met.alike[at].astype(np.float64) for met, at in zip(sides, (at_a, at_b), strict=True)]
    both = [met.both[at].astype(np.float64) for met, at in zip(sides, (at_a, at_b), strict=True)]
    p_value, expected = normal_test(alike[0], both[0], alike[1], both[1])
    p_value[expected < LEAST_EXPECTED] = 1.0  # too few to see a change
    lf = np.concatenate([key // m, key % m])
    with np.errstate(invalid="ignore"):
        shares = [
            np.bincount(lf, np.tile(same, 2), minlength=m) / np.bincount(lf, np.tile(met, 2), minlength=m)
            for same, met in zip(alike, both, strict=True)
        ]
    p_value = np.tile(p_value, 2)
    order = np.lexsort((p_value, lf))
    partners = np.bincount(lf, minlength=m)
    start = np.cumsum(partners) - partners
    needed = partners // 2 + 1
    out = np.full(m, np.nan)
    some = partners > 0
    out[some] = p_value[order][(start + needed - 1)[some]] * (partners - needed + 1)[some]
    return shares[0], shares[1], np.minimum(out, 1.0)


def _overall(a: VoteMatrix, b: VoteMatrix, covered_by: list[np.ndarray]) -> pd.Series:
    """What changed of all votes together."""
    _, number = distinct(np.concatenate([row_words(a), row_words(b)]), np.empty(0, dtype=np.int64))
    size = int(number.max()) + 1
    counts = [np.bincount(part, minlength=size).astype(np.float64) for part in (number[: a.n], number[a.n :])]
    cells = _cells(a, b)
    pooled = [np.bincount(part, minlength=int(cells.max()) + 1).astype(np.float64) for part in np.split(cells, [a.n])]
    covered = [np.array([float(rows.sum())]) for rows in covered_by]
    rows = [np.array([float(matrix.n)]) for matrix in (a, b)]
    return pd.Series(
        {
            "rows_a": a.n,
            "rows_b": b.n,
            "covered_a": covered[0][0] / a.n,
            "covered_b": covered[1][0] / b.n,
            "covered_p": share_test(covered[0], rows[0], covered[1], rows[1])[0],
            "distance": np.abs(counts[0] / a.n - counts[1] / b.n).sum() / 2,
            "by_chance": _distance_by_chance(counts[0] + counts[1], a.n, b.n),
            "distance_p": chi_squared(*pooled) if len(pooled[0]) > 1 else np.nan,
        }
    )


def _distance_by_chance(count: Floats, rows_a: int, rows_b: int) -> float:
    """The expected distance if so many rows of each pattern were dealt to both sides at random.

    By the mean absolute deviation of a binomial variable (De Moivre, 1730), less as rows are not put back.
    """
    rows, share = rows_a + rows_b, rows_a / (rows_a + rows_b)
    size, patterns = np.unique(count, return_counts=True)
    above = np.floor(size * share) + 1
    deviation = 2 * above * (1 - share) * binom.pmf(above, size, share)  # 0 where there is no such count
    deviation *= np.sqrt(np.where(size > 1, (rows - size) / max(rows - 1, 1), 1.0))
    return float((patterns * deviation).sum() * rows / (2.0 * rows_a * rows_b))


def _cells(a: VoteMatrix, b: VoteMatrix) -> np.ndarray:
    """Cells of rows for a test of patterns, (rows of a, then of b): each pattern where it is frequent enough.

    Rows are told apart by one labeling function after the other, from the one with most votes down. Where that leaves
    too few rows of a kind, they stay with the most frequent of those that were alike so far. Cells depend on both
    samples together only, so the test holds its level.
    """
    rows, least = a.n + b.n, LEAST_EXPECTED * (a.n + b.n) / min(a.n, b.n)
    cell = np.zeros(rows, dtype=np.int64)
    order = np.argsort(-(a.lf_counts + b.lf_counts), kind="stable")[:MOST_SPLITS]
    sides = [sparse.csr_array((side.vote + 1, side.lf, side.indptr), shape=(side.n, side.m)).tocsc() for side in (a, b)]
    for j in order:
        vote = np.concatenate([side[:, [j]].toarray().ravel() for side in sides]).astype(np.int64)
        kind, parts = pd.factorize(cell * np.int64(max(a.k, b.k) + 1) + vote)
        count, parent = np.bincount(kind), np.asarray(parts) // (max(a.k, b.k) + 1)
        by_size = np.lexsort((-count, parent))
        largest = by_size[np.searchsorted(parent[by_size], parent)]
        cell = pd.factorize(np.where(count >= least, np.arange(len(count)), largest)[kind])[0]
        if np.bincount(cell).max() < 2 * least:
            break
    return cell
