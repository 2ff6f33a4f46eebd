"""LFAnalysis, and rows that functions say something about."""

from __future__ import annotations

import numpy as np
import pandas as pd
from cases import an_error, case, differs

L = np.array([[-1, 0, 0, 1], [-1, -1, -1, -1], [1, 0, -1, 1], [-1, 0, -1, -1], [0, 0, 0, 2], [1, -1, 2, 2]])
Y = np.array([0, 1, 1, 0, 0, 2])


def lf_list(sn, names="abcd"):
    return [sn("labeling").LabelingFunction(name, lambda x: 1) for name in names]


def analysis(sn, votes=L):
    return sn("labeling").LFAnalysis(votes)


@case
def coverage(sn):
    """``label_coverage``."""
    return analysis(sn).label_coverage()


@case
def overlap(sn):
    """``label_overlap``."""
    return analysis(sn).label_overlap()


@case
def conflict(sn):
    """``label_conflict``."""
    return analysis(sn).label_conflict()


@case
def polarities(sn):
    """``lf_polarities``."""
    return analysis(sn).lf_polarities()


@differs("plain ints, which print as [0, 1]", "[[0, 1], [0], [0, 2], [1, 2]]")
def polarities_as_text(sn):
    """What ``lf_polarities`` prints under numpy 2."""
    return repr(analysis(sn).lf_polarities())


@case
def coverages(sn):
    """``lf_coverages``."""
    return analysis(sn).lf_coverages()


@case
def overlaps(sn):
    """``lf_overlaps``."""
    return analysis(sn).lf_overlaps()


@case
def overlaps_by_coverage(sn):
    """``lf_overlaps(normalize_by_coverage=True)``."""
    return analysis(sn).lf_overlaps(normalize_by_coverage=True)


@case
def overlaps_of_a_silent_function(sn):
    """0 where there is no vote."""
    silent = np.column_stack([L, np.full(6, -1)])
    return analysis(sn, silent).lf_overlaps(True), analysis(sn, silent).lf_conflicts(True)


@case
def conflicts(sn):
    """``lf_conflicts``."""
    return analysis(sn).lf_conflicts()


@case
def conflicts_by_overlaps(sn):
    """``lf_conflicts(normalize_by_overlaps=True)``."""
    return analysis(sn).lf_conflicts(normalize_by_overlaps=True)


@case
def accuracies(sn):
    """``lf_empirical_accuracies``."""
    return analysis(sn).lf_empirical_accuracies(Y)


@differs("a row without gold says nothing of a vote", np.array([1.0, 2 / 3, 1.0, 1 / 3]))
def accuracies_with_unknown_gold(sn):
    """``lf_empirical_accuracies`` with gold of -1."""
    return analysis(sn).lf_empirical_accuracies(np.array([0, 1, 1, -1, 0, -1]))


@differs("nothing is known of a function without votes: NaN", [True, True])
def accuracy_of_a_silent_function(sn):
    """``lf_empirical_accuracies`` of a function that never votes, or only where gold is -1."""
    votes = np.array([[0, -1, 1], [1, -1, -1]])
    found = analysis(sn, votes).lf_empirical_accuracies(np.array([-1, 1]))
    return [bool(np.isnan(found[1])), bool(np.isnan(found[2]))]


@case
def probabilities(sn):
    """``lf_empirical_probs``."""
    return analysis(sn).lf_empirical_probs(Y, 3)


@case
def probabilities_of_a_class_that_is_not_there(sn):
    """NaN."""
    return analysis(sn, np.array([[0, 1], [0, 0]])).lf_empirical_probs(np.array([0, 0]), 2)


@case
def summary(sn):
    """``lf_summary`` without names."""
    return analysis(sn).lf_summary()


@case
def summary_with_names(sn):
    """Names as index, and ``j``."""
    return sn("labeling").LFAnalysis(L, lf_list(sn)).lf_summary()


@case
def summary_with_gold(sn):
    """``Correct``, ``Incorrect``, ``Emp. Acc.``."""
    return sn("labeling").LFAnalysis(L, lf_list(sn)).lf_summary(Y)


@case
def summary_with_weights(sn):
    """``Learned Weight``."""
    return analysis(sn).lf_summary(est_weights=[0.1, 0.2, 0.3, 0.4])


@case
def summary_with_all(sn):
    """All columns in their order."""
    return list(analysis(sn).lf_summary(Y, np.array([0.1, 0.2, 0.3, 0.4])))


@case
def summary_by_keyword(sn):
    """``LFAnalysis(L=..., lfs=...).lf_summary(Y=...)``."""
    return sn("labeling").LFAnalysis(L=L, lfs=lf_list(sn)).lf_summary(Y=Y)


@differs("any array-like of gold is taken", [2, 3, 3, 2])
def gold_as_a_list(sn):
    """``lf_summary`` with gold as a list."""
    return analysis(sn).lf_summary(list(Y))["Correct"].tolist()


@differs("any array-like of gold is taken", [2, 3, 3, 2])
def gold_as_a_series(sn):
    """``lf_summary`` with gold as a Series."""
    return analysis(sn).lf_summary(pd.Series(Y))["Correct"].tolist()


@case
def gold_as_a_column(sn):
    """Gold of shape (n, 1)."""
    return analysis(sn).lf_empirical_accuracies(Y[:, None])


@case
def gold_of_other_rows(sn):
    """ValueError."""
    return lambda: analysis(sn).lf_empirical_accuracies(Y[:3])


@case
def another_number_of_functions(sn):
    """ValueError."""
    return lambda: sn("labeling").LFAnalysis(L, lf_list(sn, "abc"))


@case
def votes_of_none(sn):
    """A matrix of abstentions."""
    found = analysis(sn, np.full((3, 2), -1))
    return found.label_coverage(), found.label_overlap(), found.label_conflict(), found.lf_polarities()


@case
def one_function(sn):
    """A matrix of one column."""
    return analysis(sn, L[:, :1]).lf_summary()


@case
def filtered_frame(sn):
    """``filter_unlabeled_dataframe``."""
    X, y = sn("labeling").filter_unlabeled_dataframe(pd.DataFrame({"a": range(6)}), np.eye(6), L)
    return X, y


@case
def filtered_by_keyword(sn):
    """``filter_unlabeled_dataframe(X=, y=, L=)``, with an index of texts."""
    X, y = sn("labeling").filter_unlabeled_dataframe(
        X=pd.DataFrame({"a": range(6)}, index=list("abcdef")), y=np.arange(6), L=L
    )
    return X, y


@differs("rows that are others are an error", an_error(ValueError))
def filtered_frame_of_other_rows(sn):
    """``filter_unlabeled_dataframe`` with votes of other rows."""
    return sn("labeling").filter_unlabeled_dataframe(pd.DataFrame({"a": range(3)}), np.arange(3), L)
