"""Preprocessors, as in ``snorkel.preprocess``."""

from __future__ import annotations

from weaklab.snorkel.preprocess.core import BasePreprocessor, LambdaPreprocessor, Preprocessor, preprocessor

__all__ = ["BasePreprocessor", "LambdaPreprocessor", "Preprocessor", "preprocessor"]
