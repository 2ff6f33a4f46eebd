"""Texts parsed by spaCy, in batches."""

from __future__ import annotations

from typing import Any

from weaklab.labeling.spacy_docs import spacy_preprocessor
from weaklab.snorkel.map.core import BaseMapper
from weaklab.snorkel.preprocess.core import Preprocessor
from weaklab.snorkel.types import FieldMap, HashingFunction

EN_CORE_WEB_SM = "en_core_web_sm"


class SpacyPreprocessor(Preprocessor):
    """A preprocessor that adds a field with the parsed text.

    In an applier, texts of many rows go through ``nlp.pipe`` together.

    Parameters
    ----------
    text_field, doc_field : str
        Where the text is, and where the document goes.
    language : str or spacy.Language
        A pipeline, or the name of one that is installed.
    disable : list of str, optional
        Components that are not run.
    pre, memoize, memoize_key
        As for :class:`weaklab.snorkel.map.BaseMapper`.
    gpu : bool
        Whether spaCy is to prefer a GPU.
    """

    def __init__(
        self,
        text_field: str,
        doc_field: str,
        language: Any = EN_CORE_WEB_SM,
        disable: list[str] | None = None,
        pre: list[BaseMapper] | None = None,
        memoize: bool = False,
        memoize_key: HashingFunction | None = None,
        gpu: bool = False,
    ) -> None:
        if gpu:
            import spacy

            spacy.prefer_gpu()
        name = type(self).__name__
        self._spacy = spacy_preprocessor(language, text_field, doc_field, disable=disable or [], name=name)
        super().__init__(name, {"text": text_field}, {"doc": doc_field}, pre, memoize, memoize_key)
        if not pre and memoize_key is None:
            self.native = self._spacy

    def run(self, text: str) -> FieldMap:  # type: ignore[override]
        """Parse one text."""
        return {"doc": self._spacy._docs([text])[0]}
