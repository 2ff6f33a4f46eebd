"""What random-feature classifier and regressor share: reading the rows, the random units, the ridge."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from weaklab.end_models.borrowing import borrowed_torch, resolve_device
from weaklab.end_models.inputs import Input, read_input
from weaklab.end_models.parameters import check_count, check_number
from weaklab.end_models.plan import FeaturePlan, MatrixColumns
from weaklab.end_models.random_map import RandomUnits
from weaklab.end_models.ridge import CHUNK, RidgeFit, fit_ridge
from weaklab.end_models.seen_columns import check_columns, learn_columns
from weaklab.exceptions import FrameError, ParameterError
from weaklab.persistence import Savable
from weaklab.seeding import generator as numpy_generator
from weaklab.typing import Floats, Seed


class RandomFeatureModel(Savable, BaseEstimator):
    """The base of both; see :class:`~weaklab.end_models.RandomFeatureClassifier` for parameters and attributes."""

    def __init__(
        self,
        *,
        column: Hashable = None,
        columns: Mapping[Hashable, str] | Sequence[Hashable] | None = None,
        features: int = 2048,
        ridge: float | Literal["loo"] = "loo",
        standardize: bool = True,
        device: str | torch.device = "auto",
        random_state: Seed = None,
        max_features: int = 2**15,
        n_jobs: int | None = 1,
    ) -> None:
        self.column = column
        self.columns = columns
        self.features = features
        self.ridge = ridge
        self.standardize = standardize
        self.device = device
        self.random_state = random_state
        self.max_features = max_features
        self.n_jobs = n_jobs

    def _check(self) -> None:
        check_count("features", self.features, 1)
        check_count("max_features", self.max_features, 1)
        check_count("n_jobs", self.n_jobs, 1, optional=True)
        if isinstance(self.ridge, str):
            if self.ridge != "loo":
                raise ParameterError(f"ridge={self.ridge!r} must be 'loo' or a number above 0.")
        else:
            check_number("ridge", self.ridge, above=0.0)

    def _fit_ridge(
        self, found: Input, plan: FeaturePlan, rows: Any, target: Floats, weight: Floats
    ) -> tuple[RidgeFit, np.ndarray]:
        """Fit the rows of weight above 0, and give the fit and the order in which they went in."""
        used = np.flatnonzero(weight > 0)
        draws = numpy_generator(self.random_state)
        used = draws.permutation(used)  # the first rows are then a fair sample
        self.plan_ = plan
        self._relative = self._relative_scale(plan)
        rows = self._scaled(rows)
        self.units_ = RandomUnits(rows, self.features, draws)
        device = resolve_device(self.device)

        def features(part: slice) -> torch.Tensor:
            return torch.from_numpy(self.units_(rows[used[part]])).to(device)

        def on_device(array: Floats) -> torch.Tensor:
            return torch.tensor(array[used], dtype=torch.float64, device=device)

        with borrowed_torch(device, n_jobs=self.n_jobs):
            ridge = None if isinstance(self.ridge, str) else float(self.ridge)
            fit = fit_ridge(features, self.features, on_device(target), on_device(weight), ridge)
        learn_columns(self, plan, found)
        chosen = fit.curve.iloc[fit.best]
        self.coef_, self.intercept_ = np.ascontiguousarray(fit.coef.cpu()), fit.intercept.cpu().numpy()
        self.ridge_curve_, self.ridge_ = fit.curve, float(chosen["ridge"])
        self.train_error_, self.loo_error_ = float(chosen["train_error"]), float(chosen["loo_error"])
        exact = self.loo_error_ <= 1e-12 * float(np.square(target[used]).mean())
        self.noise_ratio_ = 0.0 if exact else self.train_error_ / self.loo_error_
        self.n_rows_ = len(used)
        return fit, used

    def _relative_scale(self, plan: FeaturePlan) -> np.ndarray | None:
        if self.standardize:
            return None
        encoders = list(plan.encoders_.values())
        if plan.form_ != "matrix" or plan.sparse_ or not isinstance(encoders[0], MatrixColumns):
            raise ParameterError("standardize=False needs a dense matrix: other columns have no unit in common.")
        std = encoders[0].std_
        return np.where(np.isinf(std), 1.0, std).astype(np.float32)

    def _scaled(self, rows: Any) -> Any:
        return rows if self._relative is None else rows * self._relative

    def _outputs(self, X: Any) -> Floats:
        check_is_fitted(self)
        found = read_input(X)
        check_columns(self, self.plan_, found)
        rows = self._scaled(self.plan_.transform(found.data))
        starts = range(0, rows.shape[0], CHUNK)
        parts = [self.units_(rows[start : start + CHUNK]) @ self.coef_ for start in starts]
        return np.concatenate([np.zeros((0, len(self.intercept_))), *parts]) + self.intercept_

    def _encoded(self, X: Any) -> tuple[Input, FeaturePlan, Any]:
        self._check()
        found = read_input(X)
        if found.form == "dataset":
            raise FrameError(f"{type(self).__name__} takes no Dataset: give its rows as a matrix.")
        if found.form == "images":
            raise FrameError(f"{type(self).__name__} takes no images: flatten them, X.reshape(len(X), -1).")
        plan = FeaturePlan(column=self.column, columns=self.columns, max_features=self.max_features)
        return found, plan, plan.fit_transform(found.data)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
