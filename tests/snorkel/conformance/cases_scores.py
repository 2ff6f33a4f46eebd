"""Scores, and rows by their labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
from cases import case, differs

GOLD = np.array([0, 1, 1, 0, 1, -1])
PREDS = np.array([0, 1, 0, -1, 1, 1])
PROBS = np.array([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4], [0.5, 0.5], [0.1, 0.9], [0.2, 0.8]])
THREE = np.array([0, 1, 2, 2, 1, 0]), np.array([0, 2, 2, 1, 1, 0])


def binary(sn, metric, **options):
    return sn("analysis").metric_score(GOLD[:5], np.array([0, 1, 0, 1, 1]), PROBS[:5], metric=metric, **options)


@case
def accuracy(sn):
    """``metric_score``, "accuracy" by default."""
    return sn("analysis").metric_score(GOLD, PREDS)


@case
def accuracy_without_some(sn):
    """``filter_dict``."""
    return sn("analysis").metric_score(GOLD, PREDS, filter_dict={"golds": [-1], "preds": [-1]})


@case
def coverage(sn):
    """The share that is not -1."""
    return sn("analysis").metric_score(preds=PREDS, metric="coverage")


@case
def precision(sn):
    """Binary."""
    return binary(sn, "precision")


@case
def recall(sn):
    """Binary."""
    return binary(sn, "recall")


@case
def f1(sn):
    """Binary."""
    return binary(sn, "f1")


@differs("arguments reach scikit-learn's function for every score", 0.5)
def f1_of_another_class(sn):
    """``metric_score(metric="f1", pos_label=0)``."""
    return binary(sn, "f1", pos_label=0)


@case
def f1_of_three_classes(sn):
    """ValueError."""
    return lambda: sn("analysis").metric_score(*THREE, metric="f1")


@case
def f1_micro(sn):
    """Three classes."""
    return sn("analysis").metric_score(*THREE, metric="f1_micro")


@case
def f1_macro(sn):
    """Three classes."""
    return sn("analysis").metric_score(*THREE, metric="f1_macro")


@case
def fbeta(sn):
    """``beta=2``."""
    return binary(sn, "fbeta", beta=2.0)


@case
def matthews(sn):
    """``matthews_corrcoef``."""
    return binary(sn, "matthews_corrcoef")


@case
def roc_auc(sn):
    """Of probabilities."""
    return binary(sn, "roc_auc")


@case
def roc_auc_of_three_classes(sn):
    """ValueError."""
    return lambda: sn("analysis").metric_score(THREE[0], probs=np.eye(3)[THREE[1]], metric="roc_auc")


@case
def an_unknown_score(sn):
    """ValueError."""
    return lambda: sn("analysis").metric_score(GOLD, PREDS, metric="niceness")


@case
def an_unknown_filter(sn):
    """ValueError."""
    return lambda: sn("analysis").metric_score(GOLD, PREDS, filter_dict={"silver": [-1]})


@case
def the_names_of_scores(sn):
    """``METRICS``."""
    return sorted(sn("analysis.metrics").METRICS)


@differs("any array-like is taken", 0.666666667)
def lists_of_labels(sn):
    """``metric_score`` of lists."""
    return sn("analysis").metric_score([0, 1, 1], [0, 1, 0])


@case
def a_scorer(sn):
    """``Scorer(metrics).score``: -1 is left out, but of coverage."""
    return sn("analysis").Scorer(["accuracy", "coverage", "f1"]).score(GOLD, PREDS, PROBS)


@case
def a_scorer_without_preds(sn):
    """Probabilities alone."""
    return sn("analysis").Scorer(["roc_auc"]).score(GOLD[:5], None, PROBS[:5])


@case
def a_scorer_with_a_score_of_ones_own(sn):
    """``custom_metric_funcs``: a number."""

    def ones(golds, preds, probs):
        return int((preds == 1).sum())

    return sn("analysis").Scorer(["accuracy"], {"ones": ones}).score(GOLD, PREDS, PROBS)


@case
def a_scorer_with_several_of_ones_own(sn):
    """A dict of numbers."""

    def some(golds, preds, probs):
        return {"a": 1, "b": float(probs[0, 0])}

    return sn("analysis").Scorer(custom_metric_funcs={"some": some}).score(GOLD, PREDS, PROBS)


@case
def a_scorer_of_nothing(sn):
    """No scores."""
    return sn("analysis").Scorer().score(GOLD, PREDS, PROBS)


@case
def a_scorer_of_no_rows(sn):
    """ValueError."""
    return lambda: sn("analysis").Scorer(["accuracy"]).score(np.array([]), np.array([]))


@case
def a_scorer_of_an_unknown_score(sn):
    """ValueError."""
    return lambda: sn("analysis").Scorer(["niceness"])


@case
def a_scorer_that_counts_abstentions(sn):
    """``abstain_label=None``."""
    return sn("analysis").Scorer(["accuracy"], abstain_label=None).score(GOLD, PREDS)


@case
def a_scorer_of_another_abstention(sn):
    """``abstain_label=0``."""
    return sn("analysis").Scorer(["accuracy"], abstain_label=0).score(GOLD[:5], np.array([0, 1, 0, 1, 1]))


def slices(n=5):
    S = np.recarray(n, dtype=[("long", int), ("odd", int)])
    S.long, S.odd = np.array([1, 1, 1, 0, 0])[:n], np.array([0, 1, 0, 1, 1])[:n]
    return S


@case
def scores_by_slice(sn):
    """``score_slices``."""
    scorer = sn("analysis").Scorer(["accuracy", "f1"])
    return scorer.score_slices(slices(), GOLD[:5], np.array([0, 1, 0, 1, 1]), PROBS[:5])


@case
def scores_by_slice_as_a_frame(sn):
    """``as_dataframe=True``."""
    scorer = sn("analysis").Scorer(["accuracy", "f1"])
    return scorer.score_slices(slices(), GOLD[:5], np.array([0, 1, 0, 1, 1]), PROBS[:5], as_dataframe=True)


@case
def scores_by_slices_of_other_rows(sn):
    """ValueError."""
    return lambda: sn("analysis").Scorer(["accuracy"]).score_slices(slices(4), GOLD[:5], PREDS[:5], PROBS[:5])


@differs("of a slice without rows nothing is known; the other slices are scored", ["overall", "long", "odd"])
def scores_of_an_empty_slice(sn):
    """``score_slices`` with a slice that no row is in."""
    S = slices()
    S.odd = 0
    return list(sn("analysis").Scorer(["accuracy"]).score_slices(S, GOLD[:5], PREDS[:5], PROBS[:5]))


@case
def buckets(sn):
    """``get_label_buckets``."""
    return sn("analysis").get_label_buckets(GOLD, PREDS)


@case
def buckets_of_one(sn):
    """One array."""
    return sn("analysis").get_label_buckets(GOLD)


@case
def buckets_of_three(sn):
    """Three arrays, one a column."""
    return sn("analysis").get_label_buckets(GOLD, PREDS[:, None], np.arange(6) % 2)


@case
def the_keys_of_buckets(sn):
    """Plain tuples, found by plain ints."""
    found = sn("analysis").get_label_buckets(GOLD, PREDS)
    return found[(1, 0)], found.get((7, 7)), (0, 0) in found


@case
def the_rows_of_buckets(sn):
    """They index an array, and ``iloc`` of a frame."""
    found = sn("analysis").get_label_buckets(GOLD, PREDS)[(1, 1)]
    return found.dtype.kind, pd.DataFrame({"a": range(6)}).iloc[found]


@case
def buckets_of_other_rows(sn):
    """ValueError."""
    return lambda: sn("analysis").get_label_buckets(GOLD, PREDS[:3])


@case
def instances(sn):
    """``get_label_instances``."""
    return sn("analysis").get_label_instances((1, 1), np.arange(12).reshape(6, 2), GOLD, PREDS)


@case
def instances_of_a_bucket_that_is_not_there(sn):
    """No rows."""
    return len(sn("analysis").get_label_instances((7, 7), np.arange(6), GOLD, PREDS))


@case
def instances_of_another_bucket(sn):
    """ValueError."""
    return lambda: sn("analysis").get_label_instances((1,), np.arange(6), GOLD, PREDS)


@case
def instances_of_other_rows(sn):
    """ValueError."""
    return lambda: sn("analysis").get_label_instances((1, 1), np.arange(4), GOLD, PREDS)


@differs("frames are taken, and keep their index", [1, 4])
def instances_of_a_frame(sn):
    """``get_label_instances`` of a frame."""
    return list(sn("analysis").get_label_instances((1, 1), pd.DataFrame({"a": range(6)}), GOLD, PREDS).index)
