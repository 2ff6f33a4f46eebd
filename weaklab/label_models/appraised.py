"""What a label model says of labeling functions where it does not take its own posteriors at their word."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from weaklab.label_models.appraisal import Appraisal, appraise, share_right
from weaklab.label_models.intervals import appraised_anew, around, expected_under, from_counts, hull
from weaklab.label_models.learned import LearnedAttributes
from weaklab.label_models.many_classes import RightCounts
from weaklab.label_models.tempered import Known
from weaklab.typing import Floats


class Told(NamedTuple):
    """Expected counts under an appraisal, and the appraisal."""

    counts: Floats | RightCounts  # (pairs, k), as far as it is believed
    class_counts: Floats  # (k,)
    alone: Floats | RightCounts  # (pairs, k), were it believed wholly
    appraisal: Appraisal | None


class AppraisedAttributes(LearnedAttributes):
    """Accuracies, confusions and intervals from :func:`weaklab.label_models.appraisal.appraise`, on first access.

    A model that mixes it in keeps ``_known`` and ``_groups`` of its fit.
    """

    _known: Known
    _groups: list[list[int]]

    @property
    def _told(self) -> tuple[Floats | RightCounts, Floats]:
        told = self._appraise()
        return told.counts, told.class_counts

    def _appraise(self) -> Told:
        """Counts under the labels' rule, moved by what the appraisal of a sample changes on that sample."""
        if not hasattr(self, "_appraised"):
            self._appraised = self._appraise_anew()
        return self._appraised

    def _appraise_anew(self) -> Told:
        before, classes = self._pair_counts, self._class_counts
        if isinstance(before, RightCounts):  # the plain model needs the table that many classes are too many for
            return Told(before, classes, before, None)
        rows = self._kept
        start = expected_under(self, rows)
        appraisal = appraise(rows, start, self._known, self._groups)
        if appraisal is None:
            return Told(before, classes, before, None)
        fired = before.sum(axis=1, keepdims=True)
        change = appraisal.right - start.counts / np.maximum(rows.fired, 1e-12)[:, np.newaxis]
        change[rows.fired == 0] = 0
        shift = appraisal.class_shares - start.state_counts / start.state_counts.sum()
        believed = appraisal.believed

        def moved(counts: Floats, by: Floats) -> Floats:
            out = np.maximum(counts + by, 0)
            total = counts.sum(axis=-1, keepdims=True)
            return out * total / np.maximum(out.sum(axis=-1, keepdims=True), 1e-300)

        covered = classes.sum() * rows.covered().total / max(rows.total, 1e-12)
        return Told(
            counts=moved(before, believed * fired * change),
            class_counts=moved(classes, believed * covered * shift),
            alone=moved(before, fired * change),
            appraisal=appraisal,
        )

    def _learn_intervals(self) -> Floats:
        told, counted = self._appraise(), from_counts(*self._right_and_total())
        if told.appraisal is None or isinstance(told.alone, RightCounts):
            return counted
        rows = self._kept
        alone = share_right(self._pairs, told.alone, rows.m)
        draws = appraised_anew(rows, told.appraisal, self._known)
        widen = float(np.sqrt(told.appraisal.overdispersion))
        return hull(counted, around(self.accuracies_, draws, widen), around(alone, draws, widen))
