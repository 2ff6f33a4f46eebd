"""Learn whom to trust: one file per label model, one shared shell.

To add a model, subclass :class:`weaklab.label_models.base.BaseLabelModel` in a file of its own, implement ``_fit`` and
the rule, and run :func:`weaklab.testing.check_label_model` on it; ``docs/your-own-label-model.md`` shows how.
"""

from weaklab.label_models.base import BaseLabelModel
from weaklab.label_models.continuous_model import ContinuousModel
from weaklab.label_models.dawid_skene import DawidSkene
from weaklab.label_models.ebcc import EBCC
from weaklab.label_models.glad import GLAD
from weaklab.label_models.ibcc import IBCC
from weaklab.label_models.label_model import LabelModel
from weaklab.label_models.mace import MACE
from weaklab.label_models.majority_vote import MajorityVote
from weaklab.label_models.matrix_completion import MatrixCompletion
from weaklab.label_models.one_coin import OneCoin
from weaklab.label_models.partial_label_model import PartialLabelModel
from weaklab.label_models.problem import Fit, Problem
from weaklab.label_models.tempered_model import TemperedModel
from weaklab.label_models.triplets import TripletModel
from weaklab.label_models.weighted_vote import WeightedVote

__all__ = [
    "EBCC",
    "GLAD",
    "IBCC",
    "MACE",
    "BaseLabelModel",
    "ContinuousModel",
    "DawidSkene",
    "Fit",
    "LabelModel",
    "MajorityVote",
    "MatrixCompletion",
    "OneCoin",
    "PartialLabelModel",
    "Problem",
    "TemperedModel",
    "TripletModel",
    "WeightedVote",
]
