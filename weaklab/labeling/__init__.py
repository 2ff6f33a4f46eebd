"""Write labeling functions: the decorator, preprocessors, those that are data, and those that ask something learned."""

from weaklab.labeling.bands import BandsLF, bands_lf
from weaklab.labeling.batch_returns import batch_codes
from weaklab.labeling.captures import PatternLF, pattern_lf
from weaklab.labeling.cells import CellLF, MatchLF
from weaklab.labeling.class_graph import ClassGraph, class_graph
from weaklab.labeling.cluster_tables import cluster_table
from weaklab.labeling.cluster_votes import ClusterLF, cluster_lf
from weaklab.labeling.clusters import Clusters, find_clusters
from weaklab.labeling.declarative import DeclarativeLF
from weaklab.labeling.endpoints import OpenAIComplete, openai_complete
from weaklab.labeling.explanations import Explanation, highlight
from weaklab.labeling.expressions import ExpressionLF, expression_lf
from weaklab.labeling.function import LabelingFunction, labeling_function
from weaklab.labeling.graphs import GraphLF, graph_lf
from weaklab.labeling.keywords import KeywordLF, keyword_lf
from weaklab.labeling.learned import Answers, LearnedLF, Watch
from weaklab.labeling.lookups import LookupLF, lookup_lf
from weaklab.labeling.models import ModelLF, model_lf
from weaklab.labeling.patterns import RegexLF, regex_lf
from weaklab.labeling.preprocessing import Preprocessor, preprocessor
from weaklab.labeling.prompt_report import CostPreview, Tally
from weaklab.labeling.prompt_votes import PromptLF
from weaklab.labeling.prompts import prompt_lf
from weaklab.labeling.propagation import propagate_prototypes
from weaklab.labeling.prototypes import PrototypeLF, prototype_lf
from weaklab.labeling.returns import VoteCoder, vote_code
from weaklab.labeling.rich_returns import Output, batch_sets, batch_soft, set_masks, soft_rows
from weaklab.labeling.rows import Row, as_row
from weaklab.labeling.sections import SectionLF, section_lf
from weaklab.labeling.spacy_docs import SpacyPreprocessor, spacy_preprocessor
from weaklab.labeling.thresholds import ThresholdLF, threshold_lf

__all__ = [
    "Answers",
    "BandsLF",
    "CellLF",
    "ClassGraph",
    "ClusterLF",
    "Clusters",
    "CostPreview",
    "DeclarativeLF",
    "Explanation",
    "ExpressionLF",
    "GraphLF",
    "KeywordLF",
    "LabelingFunction",
    "LearnedLF",
    "LookupLF",
    "MatchLF",
    "ModelLF",
    "OpenAIComplete",
    "Output",
    "PatternLF",
    "Preprocessor",
    "PromptLF",
    "PrototypeLF",
    "RegexLF",
    "Row",
    "SectionLF",
    "SpacyPreprocessor",
    "Tally",
    "ThresholdLF",
    "VoteCoder",
    "Watch",
    "as_row",
    "bands_lf",
    "batch_codes",
    "batch_sets",
    "batch_soft",
    "class_graph",
    "cluster_lf",
    "cluster_table",
    "expression_lf",
    "find_clusters",
    "graph_lf",
    "highlight",
    "keyword_lf",
    "labeling_function",
    "lookup_lf",
    "model_lf",
    "openai_complete",
    "pattern_lf",
    "preprocessor",
    "prompt_lf",
    "propagate_prototypes",
    "prototype_lf",
    "regex_lf",
    "section_lf",
    "set_masks",
    "soft_rows",
    "spacy_preprocessor",
    "threshold_lf",
    "vote_code",
]
