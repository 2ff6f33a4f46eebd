"""The report: everything that is known of labeling functions and a label model, in one HTML file."""

from __future__ import annotations

from weaklab.plots.report.writing import report

__all__ = ["report"]
