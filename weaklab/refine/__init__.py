"""Correct soft labels by what features tell: rows that look alike share labels, and odd labels stand out.

A refiner takes soft labels and features, and gives better soft labels. Refiners are chained with ``>>``::

    refine = OnlineMining() >> GaussianRefiner()
    soft = refine.fit_transform(model.labels(votes), Z)

:class:`Refiner` is the base of all of them, and of your own.
"""

from weaklab.refine.base import Refiner
from weaklab.refine.chain import Chain
from weaklab.refine.extended_votes import extend_votes
from weaklab.refine.frechet import MetricRefiner, frechet_decode, locus, next_class
from weaklab.refine.gaussian import GaussianRefiner
from weaklab.refine.merging import merge
from weaklab.refine.metric import check_metric, embedding_metric, ordinal_metric, tree_metric
from weaklab.refine.online_mining import OnlineMining
from weaklab.refine.problem import Problem

__all__ = [
    "Chain",
    "GaussianRefiner",
    "MetricRefiner",
    "OnlineMining",
    "Problem",
    "Refiner",
    "check_metric",
    "embedding_metric",
    "extend_votes",
    "frechet_decode",
    "locus",
    "merge",
    "next_class",
    "ordinal_metric",
    "tree_metric",
]
