"""Write labeling functions: the decorator, preprocessors, and functions that describe themselves as data."""

from weaklab.labeling.batch_returns import batch_codes
from weaklab.labeling.declarative import DeclarativeLF
from weaklab.labeling.function import LabelingFunction, labeling_function
from weaklab.labeling.keywords import KeywordLF, keyword_lf
from weaklab.labeling.patterns import RegexLF, regex_lf
from weaklab.labeling.preprocessing import Preprocessor, preprocessor
from weaklab.labeling.returns import VoteCoder, vote_code
from weaklab.labeling.rows import Row, as_row
from weaklab.labeling.spacy_docs import SpacyPreprocessor, spacy_preprocessor
from weaklab.labeling.thresholds import ThresholdLF, threshold_lf

__all__ = [
    "DeclarativeLF",
    "KeywordLF",
    "LabelingFunction",
    "Preprocessor",
    "RegexLF",
    "Row",
    "SpacyPreprocessor",
    "ThresholdLF",
    "VoteCoder",
    "as_row",
    "batch_codes",
    "keyword_lf",
    "labeling_function",
    "preprocessor",
    "regex_lf",
    "spacy_preprocessor",
    "threshold_lf",
    "vote_code",
]
