"""Which columns a model was fitted on, as scikit-learn has it: learned, checked, or those of an inner model."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from weaklab.end_models.inputs import Input
from weaklab.end_models.plan import FeaturePlan
from weaklab.exceptions import FrameError

_WITHOUT_COLUMNS = {"texts", "images", "dataset"}


def learn_columns(model: Any, plan: FeaturePlan, found: Input) -> None:
    """Set ``n_features_in_`` of a model, and ``feature_names_in_`` where its columns have names."""
    if plan.form_ in _WITHOUT_COLUMNS or plan.chosen:
        names = list(plan.encoders_)
        model.n_features_in_ = plan.n_columns_ if plan.form_ in {"images", "dataset"} else len(names)
        model.__dict__.pop("feature_names_in_", None)
        if plan.form_ == "frame" and all(isinstance(name, str) for name in names):
            model.feature_names_in_ = np.array(names, dtype=object)
    else:
        validate_data(model, found.data, skip_check_array=True)


def check_columns(model: Any, plan: FeaturePlan, found: Input) -> None:
    """Refuse rows of other columns than a model was fitted on, where they are not found by name.

    Raises
    ------
    FrameError
        If they are others, fewer, more, or in another order.
    """
    if plan.form_ in _WITHOUT_COLUMNS or plan.chosen or found.form == "dataset" or found.n_dimensions != 2:
        return
    try:
        validate_data(model, found.data, reset=False, skip_check_array=True)
    except ValueError as error:
        hint = "To have columns found by name, in any order and among others, name them at fit: columns=[...]."
        raise FrameError(f"{error}\n{hint}" if found.form == "frame" else str(error)) from error


class ColumnsOfInner:
    """The two attributes of a model that trains another: those of the other, and none before it is fitted."""

    def _inner(self) -> Any:
        """The fitted model inside; an AttributeError where there is none, so that ``hasattr`` tells."""
        raise NotImplementedError

    @property
    def n_features_in_(self) -> int:
        """The number of columns that the fitted model saw."""
        return int(self._inner().n_features_in_)

    @property
    def feature_names_in_(self) -> np.ndarray:
        """The names of the columns that the fitted model saw, where they have names."""
        return np.asarray(self._inner().feature_names_in_)
