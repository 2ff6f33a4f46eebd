"""Training on probabilities, as in ``snorkel.classification``."""

from __future__ import annotations

from weaklab.snorkel.classification.loss import cross_entropy_with_probs

__all__ = ["cross_entropy_with_probs"]
