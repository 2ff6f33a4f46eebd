"""Say which rows, which answers and which model to doubt, and how far."""

from weaklab.trust.audit import Audit, AuditEstimate, audit
from weaklab.trust.stratified_interval import score_interval

__all__ = ["Audit", "AuditEstimate", "audit", "score_interval"]
