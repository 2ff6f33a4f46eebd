"""What a trained end model says of rows: logits, probabilities, classes, and a score."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import nn

from weaklab.end_models.borrowing import borrowed_torch, resolve_device
from weaklab.end_models.inference import predict_logits
from weaklab.end_models.inputs import Input, read_input
from weaklab.end_models.plan import FeaturePlan
from weaklab.end_models.scoring import score_indicators, score_predictions
from weaklab.end_models.seen_columns import check_columns
from weaklab.end_models.streaming import place_rows
from weaklab.end_models.tasks import Task, find_task
from weaklab.exceptions import ParameterError
from weaklab.typing import Floats


class Predicting:
    """The half of :class:`~weaklab.end_models.EndModel` that predicts; what it needs is what ``fit`` leaves."""

    task: str | Task
    device: str | torch.device
    stream: bool | str
    n_jobs: int | None
    classes_: np.ndarray
    features_: FeaturePlan
    module_: nn.Module
    temperature_: float

    def decision_function(self, X: Any) -> Floats:
        """Logits, divided by ``temperature_``: how strongly each class is favoured, in nats up to a constant per row.

        Parameters
        ----------
        X : as for ``fit``, of n rows

        Returns
        -------
        ndarray of float64 of shape (n, k), or (n,) for two classes: the log-odds of the second
            With ``task="multilabel"`` always (n, k), the log-odds of each class.
        """
        logits = self._logits(X)
        one = logits.shape[1] == 2 and find_task(self.task).name == "multiclass"
        return logits[:, 1] - logits[:, 0] if one else logits  # (n,)

    def predict_proba(self, X: Any) -> Floats:
        """Probabilities of the classes, in the order of ``classes_``.

        Parameters
        ----------
        X : as for ``fit``, of n rows

        Returns
        -------
        ndarray of float64 of shape (n, k)
            Rows sum to 1, but not with ``task="multilabel"``.
        """
        return find_task(self.task).probabilities(self._logits(X))

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row, by name; the first of several.

        Parameters
        ----------
        X : as for ``fit``, of n rows

        Returns
        -------
        ndarray of shape (n,)
            With ``task="multilabel"`` (n, k) of int64: 1 where a class is at least as probable as not, else 0.
        """
        logits = self._logits(X)
        if find_task(self.task).name == "multilabel":
            return (logits >= 0).astype(np.int64)
        return self.classes_[logits.argmax(axis=1)]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy; against soft labels, the accuracy to be expected if they are true.

        Parameters
        ----------
        X : as for ``fit``, of n rows
        y : array-like of shape (n,) or (n, k), or SoftLabels
            Labels, all among ``classes_``, or soft labels. With ``task="multilabel"`` the score is the share of right
            cells, one minus the Hamming loss.
        sample_weight : array-like of shape (n,), optional

        Returns
        -------
        float in [0, 1]
        """
        score = score_indicators if find_task(self.task).name == "multilabel" else score_predictions
        return score(self.predict(X), y, self.classes_, sample_weight, read_input(X).index)

    def _features(self, found: Input) -> Any:
        check_columns(self, self.features_, found)
        return self.features_.transform(found.data)

    def _logits(self, X: Any) -> Floats:
        check_is_fitted(self)
        features = self._features(read_input(X))
        device = resolve_device(self.device)
        with borrowed_torch(device, n_jobs=self.n_jobs):
            module = self.module_.to(device)
            logits = predict_logits(module, place_rows(features, device, self.stream), len(self.classes_))
        out: Floats = logits.double().cpu().numpy() / self.temperature_
        if not np.isfinite(out).all():
            raise ParameterError("The module gives logits that are not finite; train it again, with another module.")
        return out
