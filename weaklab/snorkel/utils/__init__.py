"""Labels and probabilities from one form to another, as in ``snorkel.utils``."""

from __future__ import annotations

from weaklab.snorkel.utils.core import filter_labels, preds_to_probs, probs_to_preds, to_int_label_array

__all__ = ["filter_labels", "preds_to_probs", "probs_to_preds", "to_int_label_array"]
