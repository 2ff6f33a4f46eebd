"""Labeling functions that look at a text parsed by spaCy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from weaklab.snorkel.labeling.lf.core import LabelingFunction, labeling_function
from weaklab.snorkel.map.core import BaseMapper
from weaklab.snorkel.preprocess.nlp import EN_CORE_WEB_SM, SpacyPreprocessor
from weaklab.snorkel.types import HashingFunction


class BaseNLPLabelingFunction(LabelingFunction):
    """A labeling function with a spaCy preprocessor in front."""


class NLPLabelingFunction(BaseNLPLabelingFunction):
    """A labeling function whose data points have the parsed text in a field.

    Those of the same arguments share one preprocessor, and each text is parsed once; those of other arguments have one
    of their own, where Snorkel refuses a second set.

    Parameters
    ----------
    name, f, resources
        As for :class:`weaklab.snorkel.labeling.LabelingFunction`.
    pre, text_field, doc_field, language, disable, memoize, memoize_key, gpu
        As for :class:`weaklab.snorkel.preprocess.nlp.SpacyPreprocessor`.
    """

    def __init__(
        self,
        name: str,
        f: Callable[..., Any],
        resources: Mapping[str, Any] | None = None,
        pre: list[BaseMapper] | None = None,
        text_field: str = "text",
        doc_field: str = "doc",
        language: Any = EN_CORE_WEB_SM,
        disable: list[str] | None = None,
        memoize: bool = True,
        memoize_key: HashingFunction | None = None,
        gpu: bool = False,
    ) -> None:
        components = None if disable is None else tuple(disable)
        shared = _shared(text_field, doc_field, language, components, tuple(pre or ()), memoize, memoize_key, gpu)
        super().__init__(name, f, resources, [shared])


@lru_cache(maxsize=32)
def _shared(
    text_field: str,
    doc_field: str,
    language: Any,
    disable: tuple[str, ...] | None,
    pre: tuple[BaseMapper, ...],
    memoize: bool,
    memoize_key: HashingFunction | None,
    gpu: bool,
) -> SpacyPreprocessor:
    components = None if disable is None else list(disable)
    return SpacyPreprocessor(text_field, doc_field, language, components, list(pre), memoize, memoize_key, gpu)


class nlp_labeling_function(labeling_function):  # noqa: N801  -- Snorkel's name
    """Decorator: a labeling function whose data points have the parsed text in a field.

    Parameters
    ----------
    name, resources
        As for :class:`weaklab.snorkel.labeling.labeling_function`.
    pre, text_field, doc_field, language, disable, memoize, memoize_key, gpu
        As for :class:`NLPLabelingFunction`.
    """

    kind: type[NLPLabelingFunction] = NLPLabelingFunction

    def __init__(
        self,
        name: str | None = None,
        resources: Mapping[str, Any] | None = None,
        pre: list[BaseMapper] | None = None,
        text_field: str = "text",
        doc_field: str = "doc",
        language: Any = EN_CORE_WEB_SM,
        disable: list[str] | None = None,
        memoize: bool = True,
        memoize_key: HashingFunction | None = None,
        gpu: bool = False,
    ) -> None:
        super().__init__(name, resources, pre)
        self.arguments = (text_field, doc_field, language, disable, memoize, memoize_key, gpu)

    def __call__(self, f: Callable[..., Any]) -> NLPLabelingFunction:
        """The labeling function."""
        return self.kind(self.name or f.__name__, f, self.resources, self.pre, *self.arguments)
