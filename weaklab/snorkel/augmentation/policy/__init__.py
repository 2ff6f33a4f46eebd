"""Policies, as in ``snorkel.augmentation.policy``."""

from __future__ import annotations

from weaklab.snorkel.augmentation.policy.core import ApplyAllPolicy, ApplyEachPolicy, ApplyOnePolicy, Policy
from weaklab.snorkel.augmentation.policy.sampling import MeanFieldPolicy, RandomPolicy

__all__ = ["ApplyAllPolicy", "ApplyEachPolicy", "ApplyOnePolicy", "MeanFieldPolicy", "Policy", "RandomPolicy"]
