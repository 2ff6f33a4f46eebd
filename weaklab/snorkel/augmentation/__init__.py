"""Transformation functions, policies and appliers, as in ``snorkel.augmentation``."""

from __future__ import annotations

from weaklab.snorkel.augmentation.apply.core import TFApplier
from weaklab.snorkel.augmentation.apply.pandas import PandasTFApplier
from weaklab.snorkel.augmentation.policy.core import ApplyAllPolicy, ApplyEachPolicy, ApplyOnePolicy
from weaklab.snorkel.augmentation.policy.sampling import MeanFieldPolicy, RandomPolicy
from weaklab.snorkel.augmentation.tf import TransformationFunction, transformation_function

__all__ = [
    "ApplyAllPolicy",
    "ApplyEachPolicy",
    "ApplyOnePolicy",
    "MeanFieldPolicy",
    "PandasTFApplier",
    "RandomPolicy",
    "TFApplier",
    "TransformationFunction",
    "transformation_function",
]
