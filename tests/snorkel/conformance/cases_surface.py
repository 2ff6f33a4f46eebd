"""Names: each module has what code imports from it, and calls take arguments of the same names and defaults."""

from __future__ import annotations

import inspect
import re

from cases import case

NAMES = {
    "labeling": "LFAnalysis LFApplier LabelingFunction PandasLFApplier filter_unlabeled_dataframe labeling_function",
    "labeling.apply.core": "ApplierMetadata BaseLFApplier LFApplier",
    "labeling.apply.pandas": "PandasLFApplier",
    "labeling.lf": "LabelingFunction labeling_function",
    "labeling.lf.core": "LabelingFunction labeling_function",
    "labeling.model": "LabelModel MajorityClassVoter MajorityLabelVoter RandomVoter",
    "labeling.model.base_labeler": "BaseLabeler",
    "labeling.model.baselines": "MajorityClassVoter MajorityLabelVoter RandomVoter",
    "labeling.model.label_model": "LabelModel",
    "labeling.analysis": "LFAnalysis",
    "labeling.utils": "filter_unlabeled_dataframe",
    "map": "BaseMapper LambdaMapper Mapper lambda_mapper",
    "map.core": "BaseMapper LambdaMapper Mapper lambda_mapper get_hashable get_parameters is_hashable",
    "preprocess": "BasePreprocessor LambdaPreprocessor Preprocessor preprocessor",
    "preprocess.core": "BasePreprocessor LambdaPreprocessor Preprocessor preprocessor",
    "analysis": "Scorer get_label_buckets get_label_instances metric_score",
    "analysis.metrics": "METRICS Metric metric_score",
    "analysis.scorer": "Scorer",
    "analysis.error_analysis": "get_label_buckets get_label_instances",
    "utils": "filter_labels preds_to_probs probs_to_preds to_int_label_array",
    "utils.core": "filter_labels preds_to_probs probs_to_preds to_int_label_array",
    "utils.data_operators": "check_unique_names",
    "augmentation": "ApplyAllPolicy ApplyEachPolicy ApplyOnePolicy MeanFieldPolicy PandasTFApplier RandomPolicy "
    "TFApplier TransformationFunction transformation_function",
    "augmentation.tf": "BaseTransformationFunction LambdaTransformationFunction TransformationFunction "
    "transformation_function",
    "augmentation.policy.core": "ApplyAllPolicy ApplyEachPolicy ApplyOnePolicy Policy",
    "augmentation.policy.sampling": "MeanFieldPolicy RandomPolicy",
    "augmentation.apply.core": "BaseTFApplier TFApplier",
    "augmentation.apply.pandas": "PandasTFApplier",
    "slicing": "PandasSFApplier SFApplier SlicingFunction slice_dataframe slicing_function",
    "slicing.sf": "SlicingFunction slicing_function",
    "slicing.apply.core": "PandasSFApplier SFApplier",
    "slicing.monitor": "slice_dataframe",
    "synthetic.synthetic_data": "generate_simple_label_matrix",
    "types": "Config DataPoint DataPoints Field FieldMap HashingFunction",
}

#: What is called, and so must take what Snorkel's takes.
CALLS = {
    "labeling": "labeling_function LabelingFunction LFApplier LFApplier.apply PandasLFApplier.apply "
    "LFAnalysis LFAnalysis.lf_summary LFAnalysis.lf_overlaps LFAnalysis.lf_conflicts "
    "LFAnalysis.label_coverage LFAnalysis.lf_empirical_accuracies LFAnalysis.lf_empirical_probs "
    "filter_unlabeled_dataframe",
    "labeling.model": "LabelModel LabelModel.fit LabelModel.predict_proba LabelModel.predict LabelModel.score "
    "LabelModel.save LabelModel.load MajorityLabelVoter MajorityClassVoter.fit RandomVoter",
    "map": "lambda_mapper Mapper LambdaMapper BaseMapper",
    "preprocess": "preprocessor Preprocessor",
    "analysis": "Scorer Scorer.score Scorer.score_slices metric_score get_label_buckets get_label_instances",
    "utils": "probs_to_preds preds_to_probs to_int_label_array filter_labels",
    "augmentation": "transformation_function TransformationFunction ApplyOnePolicy ApplyAllPolicy "
    "ApplyEachPolicy RandomPolicy MeanFieldPolicy TFApplier.apply PandasTFApplier "
    "PandasTFApplier.apply PandasTFApplier.apply_generator",
    "slicing": "slicing_function slice_dataframe PandasSFApplier.apply SFApplier.apply",
}
#: Arguments that we have beside Snorkel's.
MORE = {"seed", "random_state", "verbose", "device", "return_meta"}


@case
def names(sn):
    """Each module has its names."""
    return [
        [module, name] for module, all_of in NAMES.items() for name in all_of.split() if not hasattr(sn(module), name)
    ]


def signature(sn, call):
    """Names and defaults of arguments, those that we have beside Snorkel's left out; sequences as lists."""
    module, _, path = call.partition(":")
    found = sn(module)
    for name in path.split("."):
        found = getattr(found, name)
    out = []
    for each in inspect.signature(found).parameters.values():
        if each.name in MORE or each.kind is each.VAR_KEYWORD or each.kind is each.VAR_POSITIONAL:
            continue
        default = "needed" if each.default is each.empty else each.default
        out.append([each.name, list(default) if isinstance(default, (list, tuple)) else default])
    return out


def _add(call):
    def ask(sn):
        return signature(sn, call)

    ask.__doc__ = f"Arguments of ``{call}``."
    ask.__name__ = f"arguments_of_{re.sub('[.:]', '_', call)}"
    return case(ask)


for module, calls in CALLS.items():
    for call in calls.split():
        _add(f"{module}:{call}")
