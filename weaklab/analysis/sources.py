"""How much each source of votes is worth, which to strengthen, and what is missing."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from weaklab.analysis.gaps import find_gaps
from weaklab.analysis.hard_votes import hard_votes
from weaklab.analysis.worth import PSEUDO_ROWS, SAME, bits, intervals, learned_precision, stored, twins, vote_counts
from weaklab.apply import apply
from weaklab.apply.frames import read_frame
from weaklab.exceptions import CoverageWarning, FrameError, NotConvergedWarning, ParameterError
from weaklab.label_models import LabelModel
from weaklab.typing import ABSTAIN, Classes, Frame
from weaklab.votes import PartialVotes, SoftVotes, VoteMatrix, check_gold, class_array


def assess_sources(
    lfs: Any,
    frame: Frame,
    y: Any = None,
    *,
    classes: Classes = None,
    columns: Sequence[Hashable] | None = None,
    weak: float = 0.3,
    narrow: float = 0.1,
    gaps: int = 5,
) -> pd.DataFrame:
    r"""Rank labeling functions by what they are worth, say what to do about each, and what none of them covers.

    A vote of source j for class v tells :math:`\mathrm{KL}(p_{jv} \Vert \pi_v)` bits about whether the class is v,
    where :math:`p_{jv}` is how often it is, and :math:`\pi_v` how often it would be anyway; less than nothing where
    :math:`p_{jv} < \pi_v`. The worth of a source is the mean over all rows, those without a vote counting 0. How often
    a vote is right is estimated by a label model, and by gold rows where there are any, beside which the model counts
    like ten.

    Parameters
    ----------
    lfs : labeling function, iterable of labeling functions, or DataFrame of votes
        The sources; they are applied to the frame unless votes are given. Of distributions the likeliest class counts,
        of sets those of one class.
    frame : pandas or polars DataFrame, pyarrow Table, list of dicts
        The data, n rows.
    y : array-like of shape (n,), optional
        Gold labels where known, by code, or by name where ``classes`` are names; -1, None and NaN are unknown. A
        hundred rows make the ranking much better.
    classes : int or sequence of hashable, optional
        The classes.
    columns : sequence of hashable, optional
        Where to look for what rows without votes have in common; by default all columns. Leave out the labels.
    weak : float
        A source whose skill is lower should be supplemented, in [0, 1]. Skill is the share of the way from chance (0)
        to always right (1), where chance is what its votes would be right by if they were dealt at random.
    narrow : float
        A source of skill that votes on a smaller share of rows should be strengthened, in [0, 1].
    gaps : int
        How many regions without votes to name, at most.

    Returns
    -------
    DataFrame
        Indexed by source, the most valuable first, and after these by region without votes, the largest first:

        ``kind``
            "source" or "gap".
        ``advice``
            Of a source "keep", "strengthen" (good, and votes rarely), "supplement" (little better than chance: let a
            sharper one do its work), "drop" (worse than chance), "merge" (says what another one says) or "repair"
            (never votes); of a gap "write".
        ``worth``
            Bits per row; of a gap the share of all rows that it would newly cover.
        ``rows``
            How many rows a source votes on, and how many in a region have no votes.
        ``coverage``
            The share of rows that it votes on; of a region, that have votes.
        ``accuracy``, ``low``, ``high``
            How often its votes are right, with a 90 % interval; NaN for gaps.
        ``reason``
            In words.

    Raises
    ------
    FrameError, VoteError, GoldError, ClassError, LabelingFunctionError
        If frame, votes, gold, classes or functions are not what they should be.

    References
    ----------
    Y. Chen et al., "X2-DFD: a framework for explainable and extendable deepfake detection", 2024.
    doi:10.48550/arXiv.2410.06126. Assess, strengthen, supplement.

    Examples
    --------
    >>> from weaklab.labeling import keyword_lf
    >>> texts = ["free money", "free lunch with mum", "win money", "call me", "call mum", "see you"] * 20
    >>> y = [1, 0, 1, 0, 0, 0] * 20
    >>> lfs = [keyword_lf("money", column="text", label=1), keyword_lf("free", column="text", label=1),
    ...        keyword_lf("call", column="text", label=0), keyword_lf("mum", column="text", label=0)]
    >>> assess_sources(lfs, pd.DataFrame({"text": texts}), y, classes=2)[["kind", "advice", "rows"]]
                      kind      advice  rows
    money           source        keep    40
    call            source        keep    40
    mum             source        keep    40
    free            source  supplement    40
    text has 'see'     gap       write    20
    """
    for argument, value in (("weak", weak), ("narrow", narrow)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise ParameterError(f"{argument}={value!r} must be a number from 0 to 1.")
    matrix, names = _votes(lfs, frame, classes)
    gold = np.full(matrix.n, ABSTAIN) if y is None else check_gold(y, matrix.n, _names(classes), index=matrix.index)
    shown = class_array(matrix.k if classes is None else classes).tolist()
    ranked = _sources(matrix, names, gold, classes, weak, narrow)
    return pd.concat([ranked, _gaps(frame, matrix, gold, shown, columns, gaps)]).rename_axis(None)


def _votes(lfs: Any, frame: Frame, classes: Classes) -> tuple[VoteMatrix, list[str]]:
    votes = (
        lfs
        if isinstance(lfs, (pd.DataFrame, PartialVotes, SoftVotes))
        else apply(lfs, frame, classes=classes, progress=False)
    )
    matrix = hard_votes(votes, classes)
    if read_frame(frame).n != matrix.n:
        raise FrameError(f"The frame has {read_frame(frame).n:,} rows and the votes have {matrix.n:,}.")
    return matrix, matrix.lf_names


def _names(classes: Classes) -> Any:
    return None if isinstance(classes, (int, np.integer)) else classes


def _sources(
    matrix: VoteMatrix, names: list[str], gold: np.ndarray, classes: Classes, weak: float, narrow: float
) -> pd.DataFrame:
    n, k = matrix.n, matrix.k
    model, known = LabelModel(classes=k), gold >= 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)
        warnings.simplefilter("ignore", CoverageWarning)  # the table says it
        model.fit(stored(matrix), gold if known.any() else None)
    prior = (np.bincount(gold[known], minlength=k) + PSEUDO_ROWS * model.class_prior_) / (known.sum() + PSEUDO_ROWS)
    votes = vote_counts(matrix, np.ones(len(matrix.vote), dtype=bool))  # (m, k)
    judged = vote_counts(matrix, known[matrix.rows])
    right = vote_counts(matrix, gold[matrix.rows] == matrix.vote)
    precision = (right + PSEUDO_ROWS * learned_precision(model, prior)) / (judged + PSEUDO_ROWS)  # (m, k)
    total = votes.sum(axis=1)
    share = votes / np.maximum(total, 1)[:, np.newaxis]
    accuracy, chance = (share * precision).sum(axis=1), share @ prior
    worth = (votes / max(n, 1) * bits(precision, prior)).sum(axis=1)
    low, high = intervals(model, judged.sum(axis=1), accuracy)
    twin = twins(matrix, worth)
    lines = []
    for j in np.argsort(-worth, kind="stable"):
        skill = (accuracy[j] - chance[j]) / max(1 - chance[j], 1e-12)
        coverage = total[j] / max(n, 1)
        about = (
            f"right on about {accuracy[j]:.0%} of its votes (chance {chance[j]:.0%}), "
            f"and votes on {coverage:.1%} of the rows"
        )
        if not total[j]:
            advice, reason = "repair", "it never votes: check its column, its spelling and its conditions"
        elif twin[j] >= 0:
            advice = "merge"
            reason = f"it says what {names[twin[j]]!r} says on {SAME:.0%} of their rows or more, and adds nothing to it"
        elif skill < 0:
            advice, reason = "drop", f"worse than chance: {about}; look at what it returns, and for which class"
        elif skill < weak:
            advice, reason = "supplement", f"little better than chance: {about}; let a sharper function do its work"
        elif coverage < narrow:
            advice, reason = "strengthen", f"good and narrow: {about}; widen it, since its votes can be trusted"
        else:
            advice, reason = "keep", about
        lines.append(
            {
                "source": names[j],
                "kind": "source",
                "advice": advice,
                "worth": worth[j],
                "rows": int(total[j]),
                "coverage": coverage,
                "accuracy": accuracy[j] if total[j] else np.nan,
                "low": low[j] if total[j] else np.nan,
                "high": high[j] if total[j] else np.nan,
                "reason": reason,
            }
        )
    return pd.DataFrame(lines).set_index("source")


def _gaps(
    frame: Frame, matrix: VoteMatrix, gold: np.ndarray, shown: list[Any], columns: Any, count: int
) -> pd.DataFrame:
    bare = matrix.row_counts == 0
    lines: list[dict[str, Any]] = []
    silent = np.setdiff1d(np.arange(len(shown)), matrix.vote)
    for code in silent.tolist():
        reason = f"no source ever votes for {shown[code]!r}, so nothing can be learned about it"
        lines.append(_gap_line(f"class {shown[code]!r}", gold == code, bare, reason))
    reader = read_frame(frame)
    names = list(reader.names) if columns is None else list(columns)
    for name in names:
        reader.check_column(name, "assess_sources")
    for gap in find_gaps(reader.columns(names), bare, count) if bare.any() and names else []:
        rows = gap.inside & bare
        reason = (
            f"{gap.lift:.1f} times as frequent among rows without votes: "
            f"a function about it could cover {rows.sum():,} rows"
        )
        there = gold[rows & (gold >= 0)]
        if len(there):
            top = int(np.bincount(there).argmax())
            reason += f", {np.mean(there == top):.0%} of {len(there)} with gold being {shown[top]!r}"
        lines.append(_gap_line(gap.what, gap.inside, bare, reason))
    order = ["kind", "advice", "worth", "rows", "coverage", "accuracy", "low", "high", "reason"]
    return pd.DataFrame(lines, columns=["source", *order]).set_index("source")


def _gap_line(what: str, inside: np.ndarray, bare: np.ndarray, reason: str) -> dict[str, Any]:
    size = int(inside.sum())
    rows = int((inside & bare).sum())
    return {
        "source": what,
        "kind": "gap",
        "advice": "write",
        "worth": rows / max(len(bare), 1),
        "rows": rows,
        "coverage": (size - rows) / size if size else np.nan,
        "accuracy": np.nan,
        "low": np.nan,
        "high": np.nan,
        "reason": reason,
    }
