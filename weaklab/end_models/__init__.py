"""Train what generalises past the rules: features, networks, losses, samplers, the training loop, and classifiers.

:class:`EndModel` trains torch networks on soft labels; :class:`SoftLabelClassifier` trains any classifier of
scikit-learn on them. Importing this package imports torch.
"""

from weaklab.end_models.confidence_losses import AuxConfidence, performance_gap_recovered
from weaklab.end_models.consistency_losses import MultiSourceConsistency, NoiseConsistency
from weaklab.end_models.end_model import EndModel
from weaklab.end_models.end_regressor import EndRegressor
from weaklab.end_models.fit_report import FitReport
from weaklab.end_models.joint_model import JointModel
from weaklab.end_models.learning_rates import find_learning_rate
from weaklab.end_models.long_tail import ClassBalancedCrossEntropy, LogitAdjustment
from weaklab.end_models.losses import LossTerm, SoftCrossEntropy, Step
from weaklab.end_models.more_is_better import more_is_better
from weaklab.end_models.nested_dropout import NestedDropout
from weaklab.end_models.networks import FirstLayer
from weaklab.end_models.noise_robust_losses import EarlyLearning, GeneralizedCrossEntropy, SymmetricCrossEntropy
from weaklab.end_models.peers import CoTeaching
from weaklab.end_models.plan import FeaturePlan
from weaklab.end_models.random_features import RandomFeatureClassifier, RandomFeatureRegressor
from weaklab.end_models.rate_search import LearningRate
from weaklab.end_models.regression import SquaredError
from weaklab.end_models.rows import SparseRows
from weaklab.end_models.samplers import ClassBalanced, EveryRow, RepeatedRandom, Sampler
from weaklab.end_models.schedules import Constant, Cosine, OneCycle, Oscillating
from weaklab.end_models.selection import Selection
from weaklab.end_models.soft_label_classifier import SoftLabelClassifier
from weaklab.end_models.tasks import BinaryCrossEntropy
from weaklab.end_models.text import HashedText
from weaklab.end_models.training_frame import to_training_frame
from weaklab.end_models.training_rows import TrainingRows
from weaklab.end_models.transformer_text import TransformerText

__all__ = [
    "AuxConfidence",
    "BinaryCrossEntropy",
    "ClassBalanced",
    "ClassBalancedCrossEntropy",
    "CoTeaching",
    "Constant",
    "Cosine",
    "EarlyLearning",
    "EndModel",
    "EndRegressor",
    "EveryRow",
    "FeaturePlan",
    "FirstLayer",
    "FitReport",
    "GeneralizedCrossEntropy",
    "HashedText",
    "JointModel",
    "LearningRate",
    "LogitAdjustment",
    "LossTerm",
    "MultiSourceConsistency",
    "NestedDropout",
    "NoiseConsistency",
    "OneCycle",
    "Oscillating",
    "RandomFeatureClassifier",
    "RandomFeatureRegressor",
    "RepeatedRandom",
    "Sampler",
    "Selection",
    "SoftCrossEntropy",
    "SoftLabelClassifier",
    "SparseRows",
    "SquaredError",
    "Step",
    "SymmetricCrossEntropy",
    "TrainingRows",
    "TransformerText",
    "find_learning_rate",
    "more_is_better",
    "performance_gap_recovered",
    "to_training_frame",
]
