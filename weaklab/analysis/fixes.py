"""Labeling functions to mend next, the most harmful first, each with the reason in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from weaklab.analysis.gold_against import gold_against, gold_intervals, judge
from weaklab.analysis.model_votes import ModelVotes
from weaklab.analysis.worth import PSEUDO_ROWS
from weaklab.exceptions import ParameterError
from weaklab.label_models.dependence import Dependence, find_dependence, with_groups
from weaklab.label_models.findings import FEW_MEETINGS
from weaklab.label_models.problem import Problem
from weaklab.typing import Floats, Votes
from weaklab.votes import PartialVotes, VoteMatrix, compress

#: What is wrong with a labeling function, the gravest first, and what to do.
PROBLEMS = {
    "worse than chance": "check what it returns, and for which class",
    "gold disagrees": "fit with the gold rows, and read its wrong votes",
    "weak": "narrow it, or let a sharper function do its work",
    "against the others": "read rows on which it is outvoted",
    "redundant": "keep the better of the two",
    "never votes": "check its column, its spelling and its conditions",
}
#: It is against the others where this share of its votes that meet others' is for another class than the label.
AGAINST = 0.5


def lfs_to_fix(model: Any, votes: Votes, y: Any = None, *, weak: float = 0.3, wide: float = 0.1) -> pd.DataFrame:
    """The labeling functions that are to be mended, as a fitted label model sees them; none where all is well.

    :func:`weaklab.assess_sources` ranks all sources by what they are worth and needs the data; this one names what is
    wrong with those that the model at hand was fitted to.

    Parameters
    ----------
    model : label model
        Fitted, with ``accuracies_``.
    votes : DataFrame, array-like or sparse matrix of shape (n, m), PartialVotes or SoftVotes
        The votes. Of sets those of one class count, of distributions the likeliest.
    y : array-like of shape (n,), optional
        Gold labels where known, by code or name; -1, None and NaN are unknown. The accuracy that the model learned
        counts like ten of them.
    weak : float
        Skill below this is weak, in [0, 1]: the share of the way from chance (0), as its votes would be right if they
        were dealt at random, to always right (1).
    wide : float
        A weak function matters where it votes on this share of the rows or more, in [0, 1].

    Returns
    -------
    DataFrame
        Indexed by labeling function, by harm and then by problem: ``problem`` (the gravest: "worse than chance",
        "gold disagrees" (it is right less often than was learned, by the rule of :func:`weaklab.analysis.diagnose`),
        "weak", "against the others", "redundant" or "never votes"), ``wrong_votes`` (expected), ``harm`` (how many of
        these are more than there would be if it were right as often as a vote of this model usually is; 0 if none),
        ``votes``, ``coverage``, ``accuracy``, ``reason`` (all that is wrong, in words) and ``remedy``.

    Raises
    ------
    ParameterError, NotFittedError, VoteError, GoldError
        If an argument is not what it should be.

    Examples
    --------
    >>> from weaklab.datasets import make_votes
    >>> from weaklab.label_models import LabelModel
    >>> planted = make_votes(n=2000, m=6, coverage=0.5, accuracy=[0.9, 0.8, 0.8, 0.8, 0.8, 0.2], random_state=0)
    >>> votes = planted.votes.assign(copy=planted.votes["lf_0"], dead=-1)
    >>> lfs_to_fix(LabelModel().fit(votes), votes)["problem"].to_dict()
    {'lf_5': 'worse than chance', 'copy': 'redundant', 'dead': 'never votes'}
    """
    for argument, value in (("weak", weak), ("wide", wide)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise ParameterError(f"{argument}={value!r} must be a number from 0 to 1.")
    seen = ModelVotes.of(model, votes)
    learned = getattr(model, "accuracies_", None)
    if learned is None:
        raise ParameterError(f"{type(model).__name__} has no accuracies_ to judge labeling functions by.")
    matrix, total = seen.matrix, seen.matrix.lf_counts
    gold = None if y is None else seen.gold(y)
    said: list[list[tuple[str, str]]] = [[] for _ in range(matrix.m)]
    accuracy, borne_out = np.array(learned, dtype=np.float64), np.zeros(matrix.m, dtype=bool)
    if gold is not None:
        judged, right = judge(matrix, gold)
        shown = right / np.maximum(judged, 1)
        off = gold_against(judged, right, accuracy, getattr(model, "accuracy_intervals_", None))
        off &= not isinstance(votes, PartialVotes)  # a model learns of their sets of several classes too
        for j in map(int, np.flatnonzero(off & (shown < accuracy))):  # one that is better than was learned is no fault
            text = f"right on {shown[j]:.0%} of {judged[j]:,.0f} judged votes, and learned as {learned[j]:.0%}"
            said[j].append(("gold disagrees", text))
        borne_out = gold_intervals(judged, right)[:, 0] > 1 - AGAINST
        accuracy = np.where(judged > 0, (right + PSEUDO_ROWS * accuracy) / (judged + PSEUDO_ROWS), accuracy)
    chance, against = _chance(seen), _against(seen)
    for j in range(matrix.m):
        coverage = total[j] / matrix.n
        if not total[j]:
            said[j].append(("never votes", "it votes on none of the rows"))
            continue
        about = f"right on about {accuracy[j]:.0%} of its {total[j]:,} votes (chance {chance[j]:.0%})"
        floor = min(chance[j], 1 / matrix.k)
        error = np.sqrt(floor * (1 - floor) / total[j])
        skill = (accuracy[j] - chance[j]) / max(1 - chance[j], 1e-12)
        if total[j] >= FEW_MEETINGS and accuracy[j] < floor - 2 * error:
            said[j].append(("worse than chance", about))
        elif skill < weak and coverage >= wide:
            said[j].append(("weak", f"{about}, and votes on {coverage:.0%} of the rows"))
        if against[j] > AGAINST and not borne_out[j]:
            said[j].append(("against the others", f"outvoted on {against[j]:.0%} of the rows that it shares"))
    for j, text in _redundant(seen, accuracy):
        said[j].append(("redundant", text))
    order, harm = list(PROBLEMS), _harm(accuracy, total)
    lines = []
    for j, problems in enumerate(said):
        if problems:
            problems.sort(key=lambda one: order.index(one[0]))
            wrong = 0.0 if np.isnan(accuracy[j]) else float(total[j] * (1 - accuracy[j]))
            lines.append(
                {
                    "lf": seen.names[j],
                    "problem": problems[0][0],
                    "wrong_votes": wrong,
                    "harm": harm[j],
                    "votes": int(total[j]),
                    "coverage": total[j] / matrix.n,
                    "accuracy": accuracy[j],
                    "reason": "; ".join(text for _, text in problems),
                    "remedy": PROBLEMS[problems[0][0]],
                }
            )
    lines.sort(key=lambda line: (-line["harm"], order.index(line["problem"]), -line["wrong_votes"]))
    columns = ["lf", "problem", "wrong_votes", "harm", "votes", "coverage", "accuracy", "reason", "remedy"]
    return pd.DataFrame(lines, columns=columns).set_index("lf").rename_axis("labeling function")


def _harm(accuracy: Floats, total: np.ndarray) -> Floats:
    """Expected wrong votes beyond those of the median vote, (m,)."""
    known = np.flatnonzero(~np.isnan(accuracy) & (total > 0))
    if not len(known):
        return np.zeros(len(accuracy))
    order = known[np.argsort(accuracy[known], kind="stable")]
    seen = np.cumsum(total[order])
    usual = accuracy[order[np.searchsorted(seen, seen[-1] / 2)]]
    return np.nan_to_num(total * np.clip(usual - accuracy, 0, None))


def _chance(seen: ModelVotes) -> Floats:
    """How often each labeling function would be right if its votes were dealt at random, (m,)."""
    matrix, prior = seen.matrix, np.asarray(seen.model.class_prior_)
    return np.bincount(matrix.lf, prior[matrix.vote], minlength=matrix.m) / np.maximum(matrix.lf_counts, 1)


def _against(seen: ModelVotes) -> Floats:
    """The share of its votes beside others' that are for another class than the label, (m,)."""
    matrix = seen.matrix
    label = seen.predict_proba().argmax(axis=1)
    beside = matrix.row_counts[matrix.rows] > 1
    shared = np.bincount(matrix.lf[beside], minlength=matrix.m)
    lost = np.bincount(matrix.lf[beside & (label[matrix.rows] != matrix.vote)], minlength=matrix.m)
    return np.where(shared >= FEW_MEETINGS, lost / np.maximum(shared, 1), 0.0)


def _redundant(seen: ModelVotes, accuracy: Floats) -> list[tuple[int, str]]:
    """Those that repeat another of the same group that is right more often; the first of equals stays."""
    if not seen.matrix.nnz:
        return []
    found = find_dependence(Problem.of(compress(seen.matrix)).covered())
    if found is None:
        return []
    out = []
    for group in with_groups(found, [], seen.matrix.m)[1]:
        kept = group[int(np.argmax([round(float(accuracy[j]), 6) for j in group]))]
        for j in group:
            if j != kept:
                partner = max((i for i in group if i != j), key=lambda i: found.strength[i, j])
                out.append((j, f"it repeats {seen.names[partner]!r}: {_evidence(found, seen.matrix, j, partner)}"))
    return out


def _evidence(found: Dependence, matrix: VoteMatrix, i: int, j: int) -> str:
    """What tells that two repeat each other; agreement tells nothing of two that vote for one class each."""
    if not np.isnan(found.z[i, j]):
        return f"they agree on {found.agreement[i, j]:.0%} of {found.both[i, j]:,.0f} rows"
    votes = matrix.lf_counts / max(matrix.n, 1)
    together = votes[i] * found.both[i, j] / max(found.both[i, i], 1.0)  # of the rows that were looked at, all
    return f"they vote together on {together:.1%} of the rows, and by chance would on {votes[i] * votes[j]:.1%}"
