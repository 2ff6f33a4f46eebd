"""Label models, as in ``snorkel.labeling.model``."""

from __future__ import annotations

from weaklab.snorkel.labeling.model.baselines import MajorityClassVoter, MajorityLabelVoter, RandomVoter
from weaklab.snorkel.labeling.model.label_model import LabelModel

__all__ = ["LabelModel", "MajorityClassVoter", "MajorityLabelVoter", "RandomVoter"]
