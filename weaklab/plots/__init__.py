"""Every step of the flow, drawn: Display classes as scikit-learn has them. Needs the extra ``plots`` (matplotlib).

Each takes what it shows from votes, a fitted model, predictions or a table; ``plot(ax=None)`` draws it, and leaves
``ax_`` and ``figure_``. They keep to matplotlib's current style, dark ones too.
"""

from __future__ import annotations

from weaklab.plots.accuracy import AccuracyDisplay
from weaklab.plots.class_balance import ClassBalanceDisplay
from weaklab.plots.comparison import ComparisonDisplay
from weaklab.plots.convergence import ConvergenceDisplay
from weaklab.plots.coverage import CoverageDisplay
from weaklab.plots.dependence import DependenceDisplay
from weaklab.plots.explanation import ExplanationDisplay
from weaklab.plots.posterior import PosteriorDisplay
from weaklab.plots.reliability import ReliabilityDisplay
from weaklab.plots.risk_coverage import RiskCoverageDisplay
from weaklab.plots.training_history import TrainingHistoryDisplay
from weaklab.plots.vote_matrix import VoteMatrixDisplay

__all__ = [
    "AccuracyDisplay",
    "ClassBalanceDisplay",
    "ComparisonDisplay",
    "ConvergenceDisplay",
    "CoverageDisplay",
    "DependenceDisplay",
    "ExplanationDisplay",
    "PosteriorDisplay",
    "ReliabilityDisplay",
    "RiskCoverageDisplay",
    "TrainingHistoryDisplay",
    "VoteMatrixDisplay",
]
