"""Correct soft labels by what features tell: rows that look alike share labels, and odd labels stand out.

A refiner takes soft labels and features, and gives better soft labels. Refiners are chained with ``>>``::

    refine = OnlineMining() >> GaussianRefiner()
    soft = refine.fit_transform(model.labels(votes), Z)

:class:`Refiner` is the base of all of them, and of your own.
"""

from weaklab.refine.alternating_selection import AlternatingSelection
from weaklab.refine.attention import AttentionRefiner, attention_refine
from weaklab.refine.base import Refiner
from weaklab.refine.bias_remover import BiasRemover
from weaklab.refine.chain import Chain
from weaklab.refine.extended_votes import extend_votes
from weaklab.refine.frechet import MetricRefiner, frechet_decode, locus, next_class
from weaklab.refine.gaussian import GaussianRefiner
from weaklab.refine.gaussian_calibration import GaussianCalibration
from weaklab.refine.merging import merge
from weaklab.refine.metric import check_metric, embedding_metric, ordinal_metric, tree_metric
from weaklab.refine.noise_detectors import LinearSeparation, SmallLoss
from weaklab.refine.online_mining import OnlineMining
from weaklab.refine.problem import Problem
from weaklab.refine.sub_pseudo_labels import PairLabels, sub_pseudo_labels

__all__ = [
    "AlternatingSelection",
    "AttentionRefiner",
    "BiasRemover",
    "Chain",
    "GaussianCalibration",
    "GaussianRefiner",
    "LinearSeparation",
    "MetricRefiner",
    "OnlineMining",
    "PairLabels",
    "Problem",
    "Refiner",
    "SmallLoss",
    "attention_refine",
    "check_metric",
    "embedding_metric",
    "extend_votes",
    "frechet_decode",
    "locus",
    "merge",
    "next_class",
    "ordinal_metric",
    "sub_pseudo_labels",
    "tree_metric",
]
