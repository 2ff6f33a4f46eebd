"""How right labels are: which rows to ask a person about, and what their answers say of all rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from weaklab.exceptions import GoldError, ParameterError, SoftLabelError
from weaklab.label_models.parameters import check_count, check_probability
from weaklab.seeding import generator
from weaklab.trust.checks import read_labels
from weaklab.trust.strata import allocate, cut
from weaklab.trust.stratified_interval import score_interval
from weaklab.typing import ABSTAIN, Codes, Floats, Seed
from weaklab.votes import SoftLabels, check_gold, check_votes

#: How far confidences are drawn towards 1/2 before rows are allocated by them: surest rows are asked about too.
DISTRUST = 0.1
#: The most strata, and the rows asked in each of them at least.
STRATA, ROWS_EACH = 10, 10


@dataclass(frozen=True)
class AuditEstimate:
    """What an audit found.

    Parameters
    ----------
    accuracy : float
        The estimated share of rows whose label is right; its expectation is the true share.
    low, high : float
        The interval, see :func:`~weaklab.trust.stratified_interval.score_interval`.
    level : float
        How often such intervals hold the true share.
    n : int
        How many rows were asked about.
    simple_rows : float
        How many rows drawn at random from all would have been asked for an interval of this width.
    """

    accuracy: float
    low: float
    high: float
    level: float
    n: int
    simple_rows: float

    def __str__(self) -> str:
        interval = f"{self.level:.0%}: {self.low:.1%} to {self.high:.1%}"
        return f"{self.accuracy:.1%} right ({interval}), {self.n:,} rows; drawn at random: {self.simple_rows:,.0f}"


@dataclass(frozen=True, eq=False)
class Audit:
    """Which rows to ask a person about; build it with :func:`audit`.

    Parameters
    ----------
    rows : ndarray of int of shape (n,)
        The positions of the rows, in random order.
    stratum : ndarray of int of shape (n,)
        The stratum of each.
    table : DataFrame
        Per stratum, from the most doubtful: ``rows``, ``asked``, and the mean ``confidence``.
    labels : SoftLabels
        What is audited.
    level : float
        Of the interval.
    """

    rows: np.ndarray
    stratum: np.ndarray
    table: pd.DataFrame
    labels: SoftLabels
    level: float

    @property
    def n(self) -> int:
        """How many rows are asked about."""
        return len(self.rows)

    def frame(self) -> pd.DataFrame:
        """The rows to ask about, under the data's index: ``row`` (position) and ``stratum``; labels are not shown."""
        index = pd.RangeIndex(self.labels.n) if self.labels.index is None else self.labels.index
        return pd.DataFrame({"row": self.rows, "stratum": self.stratum}, index=index[self.rows])

    def estimate(self, gold: Any) -> AuditEstimate:
        """The accuracy of the labels, from the true classes of the rows that were asked about.

        Parameters
        ----------
        gold : array-like of shape (n,) or (all rows,)
            True classes, by code or name: of ``rows``, in their order, or of all rows, missing where not asked.

        Returns
        -------
        AuditEstimate

        Raises
        ------
        GoldError
            If one of the rows has no gold: left out, the answer would be biased.
        """
        codes = self._gold(gold)
        right = (codes == self.labels.codes()[self.rows]).astype(np.float64)
        asked = self.table["asked"].to_numpy(dtype=np.float64)
        size = self.table["rows"].to_numpy(dtype=np.float64)
        hits = np.bincount(self.stratum, right, minlength=len(asked)).astype(np.float64)
        accuracy = float(size @ (hits / asked) / size.sum())
        low, high = score_interval(hits, asked, size, self.level)
        return AuditEstimate(
            accuracy, low, high, self.level, self.n, _simple_rows(high - low, accuracy, size, self.level)
        )

    def _gold(self, gold: Any) -> Codes:
        classes = self.labels.k if self.labels.classes is None else list(self.labels.classes)
        given = len(gold) if hasattr(gold, "__len__") else 0
        if given not in (self.n, self.labels.n):
            raise GoldError(f"gold must have {self.n:,} entries, a row's each, or {self.labels.n:,}; got {given:,}.")
        whole = given == self.labels.n
        codes = check_gold(gold, given, classes, index=self.labels.index if whole else None)
        codes = codes[self.rows] if whole else codes
        if (codes == ABSTAIN).any():
            row = int(self.rows[np.argmax(codes == ABSTAIN)])
            raise GoldError(
                f"{int((codes == ABSTAIN).sum()):,} of the {self.n:,} rows have no gold, row {row} for example. "
                "Rows that are hard to tell are wrong more often: without them the answer would be biased."
            )
        return codes


def audit(
    labels: Any,
    n: int | None = None,
    *,
    width: float | None = None,
    votes: Any = None,
    covered: bool = True,
    level: float = 0.95,
    random_state: Seed = None,
) -> Audit:
    r"""Plan how to learn the accuracy of labels from few gold rows.

    Rows are sorted by confidence, and among equals by how many votes are for the label and by the pattern of votes,
    and cut into strata in which the expected standard deviations :math:`\sqrt{p_i (1 - p_i)}` of being right sum up to
    the same; from each, as many rows are drawn at random (Neyman, 1934, doi:10.2307/2342192). :math:`p` is the
    confidence, drawn a tenth of the way to 1/2. Whatever the confidences are worth, the estimate is unbiased and the
    interval holds; the better they tell right from wrong, the fewer rows it takes.

    Parameters
    ----------
    labels : SoftLabels, array-like of shape (n, k), or DataFrame with a column per class
        What is to be judged: the most probable class of each row. Hard labels are one-hot rows.
    n : int, optional
        How many rows to ask about, 2 or more.
    width : float in (0, 1), optional
        In the place of n: how wide the interval is to be. n then follows from the confidences; where these promise too
        much, the interval comes out wider.
    votes : DataFrame, array-like or sparse matrix of shape (n, m), optional
        The votes of the same rows. Where all labels are hard, the share of the votes that is for the label takes the
        place of confidence.
    covered : bool, default=True
        Judge the rows of weight above 0 only, which are those with votes; False: all.
    level : float in (0, 1), default=0.95
        How often the interval is to hold the true accuracy.
    random_state : int, Generator or None
        Draws the rows; None means 0.

    Returns
    -------
    Audit
        Ask about ``audit.rows``, then call ``audit.estimate(gold)``.

    Raises
    ------
    ParameterError
        If not exactly one of n and width is given, or one is out of range.
    SoftLabelError
        If the labels are none, or no row is covered.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sure = rng.choice([0.6, 0.98], 5000)
    >>> truth = (rng.random(5000) < sure).astype(int)
    >>> plan = audit(np.column_stack([1 - sure, sure]), 200)
    >>> plan.table.iloc[[0, -1]].round(2)
       rows  asked  confidence
    0   377     20        0.60
    9   737     20        0.98
    >>> print(plan.estimate(truth[plan.rows]))
    81.2% right (95%: 76.0% to 85.4%), 200 rows; drawn at random: 252
    """
    if (n is None) == (width is None):
        raise ParameterError(f"Give n or width, one of them; got n={n!r}, width={width!r}.")
    check_probability("level", level)
    soft = read_labels(labels)
    judged = np.flatnonzero(soft.covered) if covered else np.arange(soft.n)
    if not len(judged):
        raise SoftLabelError(f"None of the {soft.n:,} rows is covered: there is no label to audit.")
    rng = generator(random_state)
    confidence, order = _doubt_first(soft, judged, votes, rng)
    shrunk = (1 - DISTRUST) * confidence + DISTRUST / 2
    deviation = np.sqrt(shrunk * (1 - shrunk))
    if width is None:
        check_count("n", n, min(2, len(judged)))
        count = int(n)  # type: ignore[arg-type]
        if count > len(judged):
            raise ParameterError(f"n={count:,}: there are {len(judged):,} rows to ask about.")
    else:
        check_probability("width", width)
        without_end = (2 * norm.ppf((1 + level) / 2) * deviation.mean() / width) ** 2
        count = math.ceil(without_end / (1 + without_end / len(judged)))
        count = min(max(count, ROWS_EACH), len(judged))
    stratum = cut(order, deviation, max(1, min(STRATA, count // ROWS_EACH)))
    size = np.bincount(stratum)
    asked = allocate(count, np.bincount(stratum, deviation).astype(np.float64), size)
    chosen = np.concatenate(
        [rng.choice(np.flatnonzero(stratum == h), asked[h], replace=False) for h in range(len(size))]
    )
    chosen = rng.permutation(chosen)
    table = pd.DataFrame({"rows": size, "asked": asked, "confidence": np.bincount(stratum, confidence) / size})
    return Audit(judged[chosen], stratum[chosen], table, soft, level)


def _doubt_first(
    soft: SoftLabels, judged: np.ndarray, votes: Any, rng: np.random.Generator
) -> tuple[Floats, np.ndarray]:
    """What the confidence of each judged row is, and an order of them, the most doubtful first."""
    confidence = soft.confidence[judged]
    keys = [rng.random(len(judged))]  # rows that are alike come in random order
    if votes is not None:
        matrix = check_votes(votes, classes=soft.k)
        if matrix.n != soft.n:
            raise ParameterError(f"votes has {matrix.n:,} rows; there are {soft.n:,} rows of labels.")
        matrix = matrix.take(judged)
        label = soft.codes()[judged]
        share = (matrix.class_votes()[np.arange(matrix.n), label] + 1) / (matrix.row_counts + 2)
        pattern = pd.factorize(pd.MultiIndex.from_arrays([*matrix.pack().T, label]))[0]
        keys += [pattern, share]
        if (confidence == 1).all():
            confidence = share
    return confidence, np.lexsort([*keys, np.round(confidence, 12)])


def _simple_rows(width: float, accuracy: float, size: Floats, level: float) -> float:
    """For how many rows drawn at random from all the same kind of interval, Wilson's, is as wide."""
    spread, everything = accuracy * (1 - accuracy), float(size.sum())
    z = float(norm.ppf((1 + level) / 2))
    half = 2 * spread - width**2
    # Its width is sqrt(4 spread a + a^2) / (1 + a), with a = z^2 (N - n) / ((N - 1) (n - 1)).
    a = (np.sqrt(half**2 + width**2 * (1 - width**2)) - half) / max(1 - width**2, 1e-12)
    left = a / z**2 * (everything - 1)
    return float((everything + left) / (1 + left))
