"""Slicing functions that look at a text parsed by spaCy."""

from __future__ import annotations

from weaklab.snorkel.labeling.lf.nlp import NLPLabelingFunction, nlp_labeling_function
from weaklab.snorkel.slicing.sf.core import SlicingFunction


class NLPSlicingFunction(NLPLabelingFunction, SlicingFunction):
    """A slicing function; see :class:`weaklab.snorkel.labeling.lf.nlp.NLPLabelingFunction`."""


class nlp_slicing_function(nlp_labeling_function):  # noqa: N801  -- Snorkel's name
    """Decorator: a slicing function; see :class:`weaklab.snorkel.labeling.lf.nlp.nlp_labeling_function`."""

    kind = NLPSlicingFunction
