"""The classes whose objects are saved by value, and where each stands; none is imported before it is needed.

A file names a class by its key in this table, never by a module, so that a file can make no other objects.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from weaklab.exceptions import PersistenceError

_LABELING = {
    "bands": ("BandsLF",),
    "captures": ("PatternLF",),
    "class_graph": ("ClassGraph",),
    "cluster_votes": ("ClusterLF",),
    "clusters": ("Clusters",),
    "expressions": ("ExpressionLF",),
    "graphs": ("Climb", "GraphLF", "GraphOfLearnedLF"),
    "keywords": ("KeywordLF",),
    "lookups": ("LookupLF",),
    "models": ("ModelLF",),
    "patterns": ("RegexLF",),
    "prototypes": ("PrototypeLF",),
    "sections": ("SectionLF",),
    "thresholds": ("ThresholdLF",),
}
_VOTES = {
    "matrix": ("VoteMatrix",),
    "pairs": ("PairTable",),
    "slots": ("Book", "SlotMatrix"),
    "words": ("WordMatrix",),
}
_LABEL_MODELS = {
    "appraised": ("Told",),
    "continuous_model": ("ContinuousModel",),
    "corrections": ("Correction",),
    "dawid_skene": ("DawidSkene",),
    "dirichlet": ("VoteDirichlets",),
    "ebcc": ("EBCC",),
    "glad": ("GLAD",),
    "ibcc": ("IBCC",),
    "label_model": ("LabelModel",),
    "mace": ("MACE",),
    "majority_vote": ("MajorityVote",),
    "many_classes": ("RightCounts",),
    "matrix_completion": ("MatrixCompletion",),
    "members": ("Shares",),
    "one_coin": ("OneCoin",),
    "partial_label_model": ("PartialLabelModel",),
    "problem": ("Problem",),
    "tempered": ("Known", "Tempered"),
    "tempered_model": ("TemperedModel",),
    "tempered_votes": ("TemperedVotes",),
    "triplets": ("TripletModel",),
    "weighted_vote": ("WeightedVote",),
}
_END_MODELS = {
    "categories": ("CategoryColumn",),
    "confidence_losses": ("AuxConfidence",),
    "consistency_losses": ("MultiSourceConsistency", "NoiseConsistency"),
    "convolution": ("ConvNetwork", "FlatNetwork"),
    "custom": ("CustomColumn",),
    "dataset_rows": ("DatasetColumns",),
    "dates": ("DateColumn",),
    "dropout": ("Dropout",),
    "embeddings": ("EmbeddingColumn",),
    "encoders": ("BoolColumn", "NumericColumn", "TextColumn"),
    "end_model": ("EndModel",),
    "end_regressor": ("EndRegressor",),
    "fit_report": ("FitReport",),
    "images": ("ImageArray",),
    "joint_model": ("JointModel",),
    "joint_network": ("JointBuilder", "JointLoss", "JointNetwork", "VoteEncoder"),
    "long_tail": ("ClassBalancedCrossEntropy", "LogitAdjustment"),
    "losses": ("Scaled", "SoftCrossEntropy", "Sum"),
    "matrices": ("MatrixColumns",),
    "nested_dropout": ("NestedDropout", "OrderedUnits"),
    "networks": ("FirstLayer", "Network"),
    "noise_robust_losses": ("EarlyLearning", "GeneralizedCrossEntropy", "SymmetricCrossEntropy"),
    "peers": ("CoTeaching", "Twins"),
    "plan": ("FeaturePlan",),
    "random_features": ("RandomFeatureClassifier", "RandomFeatureRegressor"),
    "random_map": ("RandomUnits",),
    "regression": ("Regression", "SquaredError"),
    "samplers": ("ClassBalanced", "EveryRow", "RepeatedRandom"),
    "schedules": ("Constant", "Cosine", "OneCycle", "Oscillating"),
    "selection": ("Selection",),
    "soft_label_classifier": ("SoftLabelClassifier",),
    "tasks": ("BinaryCrossEntropy", "Multiclass", "Multilabel"),
    "text": ("HashedText",),
    "tfidf": ("TfidfColumn",),
}
_SKLEARN = {
    "compose": ("ColumnTransformer",),
    "decomposition": ("PCA", "TruncatedSVD"),
    "discriminant_analysis": ("LinearDiscriminantAnalysis", "QuadraticDiscriminantAnalysis"),
    "feature_extraction": ("DictVectorizer",),
    "feature_extraction.text": ("CountVectorizer", "HashingVectorizer", "TfidfTransformer", "TfidfVectorizer"),
    "impute": ("SimpleImputer",),
    "linear_model": ("LinearRegression", "LogisticRegression", "LogisticRegressionCV", "Ridge", "RidgeClassifier"),
    "naive_bayes": ("BernoulliNB", "ComplementNB", "GaussianNB", "MultinomialNB"),
    "neural_network": ("MLPClassifier",),
    "pipeline": ("FeatureUnion", "Pipeline"),
    "preprocessing": (
        "FunctionTransformer",
        "LabelBinarizer",
        "LabelEncoder",
        "MaxAbsScaler",
        "MinMaxScaler",
        "Normalizer",
        "OneHotEncoder",
        "OrdinalEncoder",
        "PolynomialFeatures",
        "RobustScaler",
        "StandardScaler",
    ),
    "dummy": ("DummyClassifier",),
}
_TORCH = (
    *("Linear", "Bilinear", "Identity", "Flatten", "Sequential", "ModuleList", "ModuleDict", "ParameterList"),
    *("ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Tanh", "Sigmoid", "Softplus", "Softmax", "LogSoftmax", "Hardtanh"),
    *("Dropout", "Dropout1d", "Dropout2d", "BatchNorm1d", "BatchNorm2d", "LayerNorm", "GroupNorm"),
    *("Conv1d", "Conv2d", "MaxPool1d", "MaxPool2d", "AvgPool1d", "AvgPool2d", "AdaptiveAvgPool2d", "Embedding"),
)

#: Of the rooms for code written for Snorkel, where names of weaklab's own classes stand again.
_SNORKEL = {
    "baselines": ("MajorityClassVoter", "MajorityLabelVoter", "RandomVoter"),
    "label_model": ("LabelModel",),
}

#: What takes tensors and modules of torch apart, and makes them.
WEIGHTS = "weaklab.end_models.weights"
#: Labeling functions of which bytes are not read: polars may find a pickle in those of an expression.
NO_BYTES = frozenset({"ExpressionLF"})

#: Where the class of each key stands: its module, and its name there.
CLASSES: dict[str, tuple[str, str]] = {
    "Labeler": ("weaklab.labeler", "Labeler"),
    "Expected": ("weaklab._kernels.em", "Expected"),
    **{
        name: (f"weaklab.{room}.{module}", name)
        for room, modules in (
            ("labeling", _LABELING),
            ("votes", _VOTES),
            ("label_models", _LABEL_MODELS),
            ("end_models", _END_MODELS),
        )
        for module, names in modules.items()
        for name in names
    },
    **{
        f"Snorkel{name}": (f"weaklab.snorkel.labeling.model.{module}", name)
        for module, names in _SNORKEL.items()
        for name in names
    },
    **{f"sklearn.{name}": (f"sklearn.{module}", name) for module, names in _SKLEARN.items() for name in names},
    **{f"torch.{name}": ("torch.nn", name) for name in _TORCH},
}
_KEYS = {home: key for key, home in CLASSES.items()}
# scikit-learn and torch define their classes in modules within those that they are known by.
_FOREIGN = {key.split(".", 1)[1]: key for key in CLASSES if "." in key}


def key_of(kind: type) -> str | None:
    """The key of a class, None where its objects are not saved by value.

    Examples
    --------
    >>> from weaklab.label_models import LabelModel
    >>> key_of(LabelModel), key_of(dict)
    ('LabelModel', None)
    """
    key = _KEYS.get((kind.__module__, kind.__qualname__)) or _FOREIGN.get(kind.__qualname__)
    if key is None:
        return None
    module, name = CLASSES[key]
    found = sys.modules.get(module)
    return key if found is not None and getattr(found, name, None) is kind else None


def find_class(key: Any) -> type:
    """The class of a key, imported.

    Raises
    ------
    PersistenceError
        If the table has no such key.
    """
    if not isinstance(key, str) or key not in CLASSES:
        raise PersistenceError(f"class {key!r:.80} is none that weaklab loads.")
    module, name = CLASSES[key]
    kind = getattr(import_module(module), name)
    assert isinstance(kind, type)
    return kind
