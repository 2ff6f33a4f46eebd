"""Train what generalises past the rules: features, networks, losses, the training loop, and two classifiers.

:class:`EndModel` trains torch networks on soft labels; :class:`SoftLabelClassifier` trains any classifier of
scikit-learn on them. Importing this package imports torch.
"""

from weaklab.end_models.end_model import EndModel
from weaklab.end_models.end_regressor import EndRegressor, SquaredError
from weaklab.end_models.fit_report import FitReport
from weaklab.end_models.joint_model import JointModel
from weaklab.end_models.losses import LossTerm, SoftCrossEntropy, Step
from weaklab.end_models.networks import FirstLayer
from weaklab.end_models.plan import FeaturePlan
from weaklab.end_models.rows import SparseRows
from weaklab.end_models.selection import Selection
from weaklab.end_models.soft_label_classifier import SoftLabelClassifier
from weaklab.end_models.tasks import BinaryCrossEntropy
from weaklab.end_models.text import HashedText
from weaklab.end_models.transformer_text import TransformerText

__all__ = [
    "BinaryCrossEntropy",
    "EndModel",
    "EndRegressor",
    "FeaturePlan",
    "FirstLayer",
    "FitReport",
    "HashedText",
    "JointModel",
    "LossTerm",
    "Selection",
    "SoftCrossEntropy",
    "SoftLabelClassifier",
    "SparseRows",
    "SquaredError",
    "Step",
    "TransformerText",
]
