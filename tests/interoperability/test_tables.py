"""Who works in polars or arrow gets what who works in pandas gets, without converting anything."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import weaklab as wl
from weaklab import metrics, plots

CLASSES = ["ham", "spam"]


def same(found, expected):
    """Two tables that hold the same, down to the types of the columns."""
    pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(expected))


def test_votes_on_any_table_are_the_same(kind, frame, lfs, votes):
    """Votes are a pandas DataFrame, whatever they are on."""
    same(wl.apply(lfs, kind.table(frame), classes=CLASSES, progress=False), votes)


def test_label_models_take_votes_gold_and_weights_from_any_table(kind, frame, votes, model):
    """The names of the columns are those of the labeling functions, in any order."""
    table, weight = kind.table(votes), np.arange(len(frame)) % 3
    gold = [label if row % 5 == 0 else None for row, label in enumerate(frame["label"])]
    fitted = wl.LabelModel(classes=CLASSES).fit(table, kind.column(gold), sample_weight=kind.column(weight))
    expected = wl.LabelModel(classes=CLASSES).fit(votes, gold, sample_weight=weight)
    assert fitted.feature_names_in_.tolist() == votes.columns.tolist()
    turned = kind.table(votes[votes.columns[::-1]])
    np.testing.assert_array_equal(fitted.predict_proba(turned), expected.predict_proba(votes))
    np.testing.assert_array_equal(model.labels(table).probs, model.labels(votes).probs)
    assert model.score(table, kind.column(frame["label"])) == model.score(votes, frame["label"])
    same(model.explain(kind.table(votes[:1])), model.explain(votes[:1]))
    assert str(model.diagnose(table, kind.column(frame["label"]))) == str(model.diagnose(votes, frame["label"]))


def test_missing_votes_are_refused_by_name_and_row(kind, votes):
    """Null is no vote: who means "abstain" says -1."""
    gap = votes.astype("Int8")
    gap.iloc[3, 1] = pd.NA
    with pytest.raises(wl.exceptions.VoteError, match=re.escape(f"{votes.columns[1]!r} in row 3")):
        wl.MajorityVote().fit(kind.table(gap))


ANALYSES = {
    "summarize": lambda frame, votes, gold, lfs, model: wl.summarize(votes, gold, model=model),
    "pairwise": lambda frame, votes, gold, lfs, model: wl.pairwise(votes),
    "redundant_lfs": lambda frame, votes, gold, lfs, model: wl.redundant_lfs(votes),
    "patterns": lambda frame, votes, gold, lfs, model: wl.patterns(votes, model),
    "empirical_confusion": lambda frame, votes, gold, lfs, model: wl.empirical_confusion(votes, gold, classes=CLASSES),
    "buckets": lambda frame, votes, gold, lfs, model: pd.DataFrame(
        {str(cell): pd.Series(rows) for cell, rows in wl.buckets(gold, gold).items()}
    ),
    "error_table": lambda frame, votes, gold, lfs, model: wl.error_table(frame, votes, model.labels(votes), gold),
    "uncovered": lambda frame, votes, gold, lfs, model: wl.uncovered(frame, votes),
    "conflicts": lambda frame, votes, gold, lfs, model: wl.conflicts(frame, votes),
    "rows_to_label": lambda frame, votes, gold, lfs, model: wl.rows_to_label(model, votes, n=5),
    "lfs_to_fix": lambda frame, votes, gold, lfs, model: wl.lfs_to_fix(model, votes, gold),
    "drift": lambda frame, votes, gold, lfs, model: pd.DataFrame([str(wl.drift(votes, votes))]),
    "assess_sources": lambda frame, votes, gold, lfs, model: wl.assess_sources(lfs, frame, gold, classes=CLASSES),
    "suggest_lfs": lambda frame, votes, gold, lfs, model: pd.DataFrame(
        [str(each) for each in wl.suggest_lfs(frame, votes, gold, column="text", classes=CLASSES, n=3)]
    ),
    "slice_masks": lambda frame, votes, gold, lfs, model: wl.slice_masks(lfs, frame, classes=CLASSES),
}


@pytest.mark.parametrize("name", ANALYSES)
def test_every_analysis_reads_any_table(name, kind, frame, votes, lfs, model):
    """Tables of an analysis are pandas, with the row numbers as their index where they are of rows."""
    analysis = ANALYSES[name]
    found = analysis(kind.table(frame), kind.table(votes), kind.column(frame["label"]), lfs, model)
    same(found, analysis(frame, votes, frame["label"], lfs, model))


def test_preview_and_diff_read_any_table(kind, frame, votes, lfs):
    """What they show are rows of the table."""
    table = kind.table(frame)
    assert str(wl.preview(lfs[0], table)) == str(wl.preview(lfs[0], frame))
    changed = votes.assign(free=-1)
    assert str(wl.diff(kind.table(votes), kind.table(changed), frame=table)) == str(
        wl.diff(votes, changed, frame=frame)
    )


def test_end_models_train_and_predict_on_any_table(kind, frame, model, votes):
    """Features, soft labels, hard labels and weights."""
    table, soft = kind.table(frame), pd.DataFrame(model.predict_proba(votes), columns=CLASSES)
    for labels, expected in [(kind.table(soft), soft), (kind.column(frame["label"]), frame["label"])]:
        made = [wl.EndModel(columns=["text", "stars"], hidden=None, random_state=0) for _ in range(2)]
        made[0].fit(table, labels, sample_weight=kind.column(np.arange(len(frame)) % 3))
        made[1].fit(frame, expected, sample_weight=np.arange(len(frame)) % 3)
        np.testing.assert_array_equal(made[0].predict_proba(table), made[1].predict_proba(frame))
        assert made[0].score(table, kind.column(frame["label"])) == made[1].score(frame, frame["label"])
    numbers = frame[["stars"]]
    fitted = wl.SoftLabelClassifier(LogisticRegression()).fit(kind.table(numbers), model.labels(votes))
    expected = wl.SoftLabelClassifier(LogisticRegression()).fit(numbers, model.labels(votes))
    np.testing.assert_allclose(fitted.predict_proba(kind.table(numbers)), expected.predict_proba(numbers), atol=1e-12)


def test_soft_labels_scores_and_plots_take_any_table(kind, frame, model, votes):
    """Whatever takes arrays takes columns."""
    soft = model.labels(votes)
    codes = np.array([CLASSES.index(label) for label in frame["label"]])
    probs = kind.table(pd.DataFrame(soft.probs, columns=CLASSES))
    made = wl.SoftLabels(probs, weight=kind.column(soft.weight), gold=kind.column(codes), classes=CLASSES)
    np.testing.assert_array_equal(made.probs, soft.probs)
    np.testing.assert_array_equal(made.gold, codes)
    assert metrics.brier_score(kind.column(codes), probs) == metrics.brier_score(codes, soft.probs)
    drawn = plots.ReliabilityDisplay.from_predictions(kind.column(frame["label"]), probs, classes=CLASSES)
    expected = plots.ReliabilityDisplay.from_predictions(frame["label"], soft.probs, classes=CLASSES)
    assert str(vars(drawn)) == str(vars(expected))


@pytest.mark.slow
def test_reports_are_of_any_table(kind, frame, lfs, votes, model, tmp_path):
    """The same rows are shown, whatever held them."""
    wl.report(tmp_path / "one.html", lfs, kind.table(frame), kind.table(votes), model, y=kind.column(frame["label"]))
    wl.report(tmp_path / "two.html", lfs, frame, votes, model, y=frame["label"])
    one, two = (
        re.search(r'<section[^>]*id="rows".*?</section>', (tmp_path / name).read_text(), re.DOTALL)
        for name in ("one.html", "two.html")
    )
    assert one is not None
    assert two is not None
    assert one.group() == two.group()
