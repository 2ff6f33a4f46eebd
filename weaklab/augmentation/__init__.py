"""Transformation functions: how a row may change without changing its class, and more rows made by them.

Write them (:func:`transformation_function`, or one that is ready), say how they follow on one another (a policy), and
run them over a frame and its labels with :func:`augment`.
"""

from __future__ import annotations

from weaklab.augmentation.augmenting import augment
from weaklab.augmentation.function import TransformationFunction, transformation_function
from weaklab.augmentation.policies import AllPolicy, EachPolicy, Policy, RandomPolicy
from weaklab.augmentation.words import drop_words_tf, replace_words_tf, swap_words_tf

__all__ = [
    "AllPolicy",
    "EachPolicy",
    "Policy",
    "RandomPolicy",
    "TransformationFunction",
    "augment",
    "drop_words_tf",
    "replace_words_tf",
    "swap_words_tf",
    "transformation_function",
]
