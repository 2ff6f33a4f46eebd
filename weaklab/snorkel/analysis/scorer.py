"""Several scores at once, overall and by slice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import GoldError, ParameterError
from weaklab.snorkel.analysis.metrics import METRICS, metric_score


class Scorer:
    """Several scores of predictions, as a dict.

    Parameters
    ----------
    metrics : list of str, optional
        Names of scores; see :data:`weaklab.snorkel.analysis.metrics.METRICS`.
    custom_metric_funcs : mapping of str to callable, optional
        Scores of one's own, of golds, preds and probs; each gives a number, or a dict of them.
    abstain_label : int or None
        Rows with this gold or predicted label are left out of all scores but "coverage"; None leaves out none.

    Raises
    ------
    ParameterError
        If there is no score of a name.

    Examples
    --------
    >>> Scorer(["accuracy", "coverage"]).score(np.array([0, 1, 1]), np.array([0, 1, -1]))
    {'accuracy': 1.0, 'coverage': 0.6666666666666666}
    """

    def __init__(
        self,
        metrics: Sequence[str] | None = None,
        custom_metric_funcs: Mapping[str, Callable[..., Any]] | None = None,
        abstain_label: int | None = -1,
    ) -> None:
        self.metrics: dict[str, Callable[..., Any]] = {}
        self.abstain_label = abstain_label
        for metric in metrics or ():
            if metric not in METRICS:
                raise ParameterError(f"Unrecognized metric: {metric}")
            left_out = None if abstain_label is None or metric == "coverage" else [abstain_label]
            filters = None if left_out is None else {"golds": left_out, "preds": left_out}
            self.metrics[metric] = partial(metric_score, metric=metric, filter_dict=filters)
        self.metrics |= dict(custom_metric_funcs or {})

    def score(self, golds: Any, preds: Any = None, probs: Any = None) -> dict[str, float]:
        """The scores by name.

        Parameters
        ----------
        golds, preds : array-like of int of shape (n,) or (n, 1)
            True and predicted classes.
        probs : array-like of shape (n, k), optional
            Predicted probabilities.

        Raises
        ------
        GoldError
            If there are no rows.
        """
        if len(golds) == 0:
            raise GoldError("Cannot score empty labels")
        out: dict[str, float] = {}
        for name, metric in self.metrics.items():
            found = metric(golds, preds, probs)
            out |= found if isinstance(found, dict) else {name: found}
        return out

    def score_slices(self, S: Any, golds: Any, preds: Any, probs: Any, as_dataframe: bool = False) -> Any:
        """The scores of all rows, under "overall", and by slice.

        Parameters
        ----------
        S : record array of shape (n,)
            A field per slice, true where a row is in it.
        golds, preds : array-like of int of shape (n,)
            True and predicted classes.
        probs : array-like of shape (n, k)
            Predicted probabilities.
        as_dataframe : bool
            Whether a DataFrame comes out, a row per slice, in place of a dict of dicts.

        Raises
        ------
        GoldError
            If they are not of one length.
        """
        golds, preds, probs = np.asarray(golds), np.asarray(preds), np.asarray(probs)
        if not len(S) == len(golds) == len(preds) == len(probs):
            raise GoldError("S, golds, preds, and probs must have the same number of elements")
        out = {"overall": self.score(golds, preds, probs)}
        for name in S.dtype.names:
            inside = S[name].astype(bool)
            # Of a slice without rows nothing is known; Snorkel raises there, and loses the other slices.
            out[name] = (
                self.score(golds[inside], preds[inside], probs[inside])
                if inside.any()
                else dict.fromkeys(self.metrics, float("nan"))
            )
        return pd.DataFrame.from_dict(out, orient="index") if as_dataframe else out
