"""Say which rows, which answers and which model to doubt, and how far.

Nothing here imports torch before a :class:`Harmonizer` is fitted.
"""

from weaklab.trust.audit import Audit, AuditEstimate, audit
from weaklab.trust.calibrator import Calibrator
from weaklab.trust.conformal import PredictionSets
from weaklab.trust.harmonizer import Harmonizer
from weaklab.trust.open_set import none_of_the_above, open_set_report
from weaklab.trust.rejector import Rejector
from weaklab.trust.review import reroute, review_queue
from weaklab.trust.selective import RiskThreshold, SelectivePredictor, risk_threshold
from weaklab.trust.stratified_interval import score_interval

__all__ = [
    "Audit",
    "AuditEstimate",
    "Calibrator",
    "Harmonizer",
    "PredictionSets",
    "Rejector",
    "RiskThreshold",
    "SelectivePredictor",
    "audit",
    "none_of_the_above",
    "open_set_report",
    "reroute",
    "review_queue",
    "risk_threshold",
    "score_interval",
]
