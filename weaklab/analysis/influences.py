"""What each labeling function changes: soft labels, and the score on gold, without it."""

from __future__ import annotations

import warnings
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import pandas as pd
from sklearn.base import clone
from tqdm.auto import tqdm

from weaklab import metrics
from weaklab.analysis.gold_findings import right
from weaklab.analysis.model_votes import ModelVotes
from weaklab.exceptions import ParameterError, WeaklabWarning, did_you_mean
from weaklab.typing import Floats, Votes

Method: TypeAlias = Literal["auto", "exact", "one-step"]

#: Votes times labeling functions up to which every model is fitted anew, once without each.
SMALL = 2_000_000
#: Labels that differ by less than this are the same, and so is a score.
NOTHING = 1e-12
#: Standard errors beyond which a change of the score is no chance: 95 %.
SURE = 1.96


def influence(
    model: Any, votes: Votes, y: Any = None, *, method: Method = "auto", fit_y: Any = None, progress: bool = True
) -> pd.DataFrame:
    r"""What the soft labels, and the score on gold, would be without each labeling function.

    *Exact* fits the model anew with the votes of one labeling function taken for abstentions, and compares the labels
    with those of a model that is fitted to all. *One-step* keeps what was learned, and drops the votes alone: what the
    others would then be trusted with stays as it is. Of a row with soft labels q, and q' without the labeling function,
    the change is the total variation :math:`\frac12 \sum_y |q_y - q'_y|`.

    Parameters
    ----------
    model : label model
        Fitted; it is left as it is.
    votes : DataFrame, array-like or sparse matrix of shape (n, m), PartialVotes or SoftVotes
        The votes. Exact refits learn from these rows, so give those of the fit.
    y : array-like of shape (n,), optional
        Gold labels of a development set, by code or name; -1, None and NaN are unknown. They score, and are not
        learned from.
    method : {"auto", "exact", "one-step"}
        Automatic is exact where votes times labeling functions are 2,000,000 at most, else one-step.
    fit_y : array-like of shape (n,), optional
        Gold labels that exact refits learn from, where the model did.
    progress : bool
        Show a progress bar when it takes longer than two seconds.

    Returns
    -------
    DataFrame
        Indexed by labeling function; those whose loss would gain most come first where there is gold, else those that
        change most:

        ``votes``
            On how many rows it votes.
        ``change``
            The mean total variation over all rows, in [0, 1].
        ``flips``
            On how many rows another class becomes the likeliest (the lowest code of a tie).

        and with ``y``:

        ``score_without``
            Accuracy on the rows with gold without it, those without votes included; ties count in expectation.
        ``gain``
            That, less the score with it: above 0 where labels are better without.
        ``gain_error``
            Its standard error over rows.
        ``verdict``
            "hurts", "helps" or "no difference", where the gain is beyond 1.96 standard errors or is not.

        ``attrs`` has ``method`` ("exact" or "one-step"), and with gold ``score`` (with all) and ``rows`` (with gold).

    Raises
    ------
    ParameterError, NotFittedError, VoteError, GoldError
        If the model, the votes or the gold labels are not what they should be.

    Examples
    --------
    >>> from weaklab.datasets import make_votes
    >>> from weaklab.label_models import MajorityVote
    >>> planted = make_votes(n=2000, m=5, coverage=0.6, accuracy=[0.8, 0.8, 0.8, 0.8, 0.2], random_state=0)
    >>> table = influence(MajorityVote().fit(planted.votes), planted.votes, planted.y)
    >>> table.attrs["method"], table.index[0], table["verdict"].iloc[0]
    ('exact', 'lf_4', 'hurts')
    """
    if method not in get_args(Method):
        raise ParameterError(f"method={method!r} is no method.{did_you_mean(method, get_args(Method))}")
    seen = ModelVotes.of(model, votes)
    gold = None if y is None else seen.gold(y)
    learned_from = None if fit_y is None else seen.gold(fit_y)
    small = seen.matrix.nnz * seen.matrix.m <= SMALL
    exact = method == "exact" or (method == "auto" and small)
    with_all = _refit(seen, None, learned_from) if exact else seen.predict_proba()
    credit = np.empty(0) if gold is None else right(gold[gold >= 0], with_all[gold >= 0])
    lines: list[dict[str, Any]] = []
    for j in tqdm(range(seen.matrix.m), desc="Leaving out functions", unit="LF", delay=2, disable=not progress):
        without = _refit(seen, j, learned_from) if exact else _dropped(seen, j, with_all)
        change = np.abs(without - with_all).sum(axis=1) / 2
        line: dict[str, Any] = {
            "votes": int(seen.matrix.lf_counts[j]),
            "change": float(change.mean()),
            "flips": int((_likeliest(without) != _likeliest(with_all)).sum()),
        }
        if gold is not None:
            line |= _score(right(gold[gold >= 0], without[gold >= 0]), credit)
        lines.append(line)
    table = pd.DataFrame(lines, index=pd.Index(seen.names, name="labeling function"))
    by = ["change"] if gold is None else ["gain", "change"]
    table = table.sort_values(by, ascending=False, kind="stable")
    table.attrs["method"] = "exact" if exact else "one-step"
    if gold is not None:
        table.attrs |= {"score": float(credit.mean()), "rows": int((gold >= 0).sum())}
    return table


def _refit(seen: ModelVotes, j: int | None, gold: np.ndarray | None) -> Floats:
    """The soft labels of a model that is fitted anew, without the votes of one labeling function."""
    votes = seen.all_votes() if j is None else seen.without(j)
    model = clone(seen.model)
    if getattr(model, "classes", 0) is None:  # what the top class was is not to depend on who votes
        model.set_params(classes=len(seen.classes))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WeaklabWarning)  # of each refit; the model itself has said its own
        model.fit(votes) if gold is None else model.fit(votes, seen.decoded(gold))
    return np.asarray(model.predict_proba(votes), dtype=np.float64)


def _dropped(seen: ModelVotes, j: int, with_all: Floats) -> Floats:
    """The soft labels if one labeling function were silent, and all that was learned stayed."""
    out = with_all.copy()
    rows, without = seen.rows_without(j)
    out[rows] = without
    return out


def _likeliest(probs: Floats) -> np.ndarray:
    return (probs >= probs.max(axis=1, keepdims=True) - metrics.TIE).argmax(axis=1)


def _score(without: Floats, credit: Floats) -> dict[str, Any]:
    gains = without - credit
    gain = float(gains.mean())
    error = float(gains.std(ddof=1) / np.sqrt(len(gains))) if len(gains) > 1 else np.inf
    sure = abs(gain) > max(SURE * error, NOTHING)
    verdict = ("hurts" if gain > 0 else "helps") if sure else "no difference"
    return {"score_without": float(without.mean()), "gain": gain, "gain_error": error, "verdict": verdict}
