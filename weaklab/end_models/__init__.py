"""Train what generalises past the rules: features, networks, losses, the training loop, and two classifiers.

:class:`EndModel` trains torch networks on soft labels; :class:`SoftLabelClassifier` trains any classifier of
scikit-learn on them. Importing this package imports torch.
"""

from weaklab.end_models.end_model import EndModel
from weaklab.end_models.learning_rates import find_learning_rate
from weaklab.end_models.losses import LossTerm, SoftCrossEntropy, Step
from weaklab.end_models.nested_dropout import NestedDropout
from weaklab.end_models.networks import FirstLayer
from weaklab.end_models.peers import CoTeaching
from weaklab.end_models.plan import FeaturePlan
from weaklab.end_models.rate_search import LearningRate
from weaklab.end_models.rows import SparseRows
from weaklab.end_models.schedules import Constant, Cosine, OneCycle, Oscillating
from weaklab.end_models.soft_label_classifier import SoftLabelClassifier
from weaklab.end_models.text import HashedText

__all__ = [
    "CoTeaching",
    "Constant",
    "Cosine",
    "EndModel",
    "FeaturePlan",
    "FirstLayer",
    "HashedText",
    "LearningRate",
    "LossTerm",
    "NestedDropout",
    "OneCycle",
    "Oscillating",
    "SoftCrossEntropy",
    "SoftLabelClassifier",
    "SparseRows",
    "Step",
    "find_learning_rate",
]
