"""Labeler: labeling functions, label model and end model as one object."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import weaklab as wl
from weaklab.exceptions import ClassError, FaultWarning, FrameError, GoldError, LabelingFunctionFailure, ParameterError

CLASSES = ["ham", "spam"]
LFS = [
    wl.keyword_lf(["free"], column="text", label="spam"),
    wl.keyword_lf(["offer"], column="text", label="spam"),
    wl.keyword_lf(["see"], column="text", label="ham"),
]
TEXTS = ["a free offer", "see you", "nothing here", "free, see?", "an offer", "see", "free"]


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame({"text": TEXTS * 3, "n": range(21)}, index=[f"row {i}" for i in range(21)])


@pytest.fixture
def labeler(frame) -> wl.Labeler:
    return wl.Labeler(LFS, wl.LabelModel(classes=CLASSES)).fit(frame)


@pytest.fixture
def with_end_model(frame) -> wl.Labeler:
    return wl.Labeler(LFS, wl.LabelModel(classes=CLASSES), wl.EndModel(column="text", hidden=None)).fit(frame)


def test_labels_are_those_of_the_label_model(labeler, frame):
    """A labeler computes nothing of its own."""
    votes = wl.apply(LFS, frame, classes=CLASSES)
    soft = labeler.model_.labels(votes)
    out = labeler.label(frame)
    assert list(out.columns) == ["text", "n", "label", "confidence", "covered"]
    assert out.index.equals(frame.index)
    covered = soft.covered
    assert out.covered.tolist() == covered.tolist()
    assert out.label[covered].tolist() == soft.labels()[covered].tolist()
    assert np.array_equal(out.confidence[covered], soft.confidence[covered])
    assert out.label[~covered].isna().all()
    assert out.confidence[~covered].isna().all()
    pd.testing.assert_frame_equal(labeler.apply(frame), votes)
    assert np.array_equal(labeler.predict_proba(frame), soft.probs)
    assert labeler.predict(frame).tolist() == soft.labels().tolist()


def test_labels_are_codes_where_no_names_are_declared(frame):
    """-1 is then "none", as everywhere."""
    lfs = [wl.keyword_lf(["free"], column="text", label=1), wl.keyword_lf(["see"], column="text", label=0)]
    out = wl.Labeler(lfs, wl.MajorityVote(classes=2)).fit(frame).label(frame.head(3))
    assert out.label.tolist() == [1, 0, -1]
    assert out.label.dtype == np.int64


def test_a_model_that_is_fitted_needs_no_fit(labeler, frame):
    """And is used as it is."""
    other = wl.Labeler(LFS, labeler.model_)
    pd.testing.assert_frame_equal(other.label(frame), labeler.label(frame))
    assert not hasattr(labeler.model, "classes_"), "fit must leave the model that was given as it is"


def test_what_is_not_fitted_says_so(frame, labeler):
    """Which of the two, and what to do."""
    with pytest.raises(NotFittedError, match=r"label|model.*fit\(frame\)"):
        wl.Labeler(LFS, wl.LabelModel()).label(frame)
    with pytest.raises(NotFittedError, match="end model"):
        wl.Labeler(LFS, labeler.model_, wl.EndModel(column="text")).label(frame)


def test_an_end_model_labels_every_row(with_end_model, frame):
    """Rows without votes too: that is what it is for; covered still tells which had votes."""
    out = with_end_model.label(frame)
    assert out.label.notna().all()
    assert out.confidence.notna().all()
    assert out.covered.tolist() == wl.Labeler(LFS, with_end_model.model_).label(frame).covered.tolist()
    probs = with_end_model.end_model_.predict_proba(frame)
    assert np.array_equal(with_end_model.predict_proba(frame), probs)
    assert np.array_equal(out.confidence, probs.max(axis=1))


def test_classes_of_an_end_model_may_come_in_another_order(labeler, frame):
    """Columns are matched by name; other classes are an error."""
    soft = wl.SoftLabels(labeler.labels(frame).probs[:, ::-1], classes=CLASSES[::-1])
    end = wl.EndModel(column="text", hidden=None).fit(frame, soft)
    probs = wl.Labeler(LFS, labeler.model_, end).predict_proba(frame)
    assert np.array_equal(probs, end.predict_proba(frame)[:, ::-1])
    other = wl.EndModel(column="text", hidden=None).fit(frame, wl.SoftLabels(soft.probs, classes=["a", "b"]))
    with pytest.raises(ClassError, match="'a'"):
        wl.Labeler(LFS, labeler.model_, other).label(frame)


def test_gold_reaches_both_models(frame):
    """As y of fit."""
    y = np.array(["spam", "ham", None] * 7, dtype=object)
    labeler = wl.Labeler(LFS, wl.LabelModel(classes=CLASSES), wl.EndModel(column="text", hidden=None))
    fitted = labeler.fit(frame, y)
    votes = wl.apply(LFS, frame, classes=CLASSES)
    assert np.array_equal(fitted.model_.class_prior_, wl.LabelModel(classes=CLASSES).fit(votes, y).class_prior_)
    assert fitted.end_model_.n_rows_ + fitted.end_model_.n_held_out_ > int((votes.to_numpy() >= 0).any(axis=1).sum())


def test_columns_on_request(labeler, frame):
    """Votes, probabilities, and why."""
    out = labeler.label(frame, votes=True, probs=True, explain=True)
    votes = labeler.apply(frame)
    for lf in LFS:
        assert out[f"vote_{lf.name}"].tolist() == votes[lf.name].tolist()
    assert np.array_equal(out[["prob_ham", "prob_spam"]], labeler.predict_proba(frame))
    said = json.loads(out.explanation.iloc[0])
    expected = labeler.model_.explain(votes.iloc[0])["spam"]
    assert said == pytest.approx(expected.to_dict(), abs=1e-6)
    assert out.explanation.isna().tolist() == (~out.covered).tolist()


def test_votes_of_richer_kinds_have_no_columns(frame):
    """What a set of classes is in a column, nobody has said; labels are there all the same."""
    from weaklab.label_models import PartialLabelModel

    @wl.labeling_function(output="set")
    def either(row):
        return ["ham", "spam"] if "free" in row.text else ["ham"]

    labeler = wl.Labeler([either], PartialLabelModel(classes=CLASSES)).fit(frame)
    assert labeler.label(frame).covered.all()
    with pytest.raises(ParameterError, match="votes=True"):
        labeler.label(frame, votes=True)


def test_frames_come_back_in_their_own_kind(labeler, frame):
    """Polars, pyarrow, dicts: the same labels, and nulls where pandas has NaN."""
    expected = labeler.label(frame)
    plain = frame.reset_index(drop=True)
    table = labeler.label(pl.DataFrame(plain))
    assert isinstance(table, pl.DataFrame)
    assert table["label"].to_list() == [None if label != label else label for label in expected.label]  # noqa: PLR0124
    assert table["confidence"].null_count() == int((~expected.covered).sum())
    arrow = labeler.label(pa.table(plain))
    assert isinstance(arrow, pa.Table)
    assert arrow.column("label").to_pylist() == table["label"].to_list()
    batch = labeler.label(pa.RecordBatch.from_pandas(plain))
    assert isinstance(batch, pa.RecordBatch)
    records = plain.to_dict("records")
    cells = labeler.label(records)
    assert [row["label"] for row in cells] == table["label"].to_list()
    assert "label" not in records[0]
    with pytest.raises(FrameError, match="takes no labels"):
        labeler.label(list(plain.itertuples()))


@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows_have_the_types_of_many(labeler, with_end_model, frame, rows):
    """Else parts of a data set could not be put together."""
    for each in (labeler, with_end_model):
        for kind in (pd.DataFrame, pl.DataFrame):
            whole = each.label(kind(frame), probs=True, votes=True, explain=True)
            part = each.label(kind(frame[2:][:rows]), probs=True, votes=True, explain=True)
            assert len(part) == rows
            assert [str(kind) for kind in part.dtypes] == [str(kind) for kind in whole.dtypes]


def test_the_frame_is_never_changed(labeler, frame):
    """Nor is what comes back a view of it."""
    before = frame.copy(deep=True)
    out = labeler.label(frame)
    out.loc["row 0", "text"] = "changed"
    pd.testing.assert_frame_equal(frame, before)


def test_columns_that_are_there_already_are_an_error_with_a_remedy(labeler, frame):
    """A gold column that is called label must not be lost."""
    with pytest.raises(FrameError, match=r"'label'.*prefix='weak_'"):
        labeler.label(frame.assign(label="gold"))
    out = labeler.label(frame.assign(label="gold"), prefix="weak_", votes=True)
    assert (out.label == "gold").all()
    assert {"weak_label", "weak_confidence", "weak_covered", "weak_vote_free"} <= set(out.columns)


def test_repeated_index_labels_are_kept(labeler, frame):
    """Rows are matched by place."""
    twice = pd.concat([frame, frame[::-1]])
    out = labeler.label(twice)
    assert out.index.equals(twice.index)
    assert out.covered.tolist() == [*labeler.label(frame).covered, *labeler.label(frame).covered[::-1]]


def test_ties_and_faults_are_handled_as_asked(frame):
    """As by predict and by apply."""
    labeler = wl.Labeler(LFS, wl.MajorityVote(classes=CLASSES)).fit(frame)
    assert labeler.label(frame, ties="abstain").label.isna().iloc[3]
    assert labeler.label(frame).label.iloc[3] == "ham"

    @wl.labeling_function
    def breaks(row):
        return 1 / 0

    broken = wl.Labeler([*LFS, breaks], wl.MajorityVote(classes=CLASSES).fit(np.zeros((3, 4), dtype=int)))
    with pytest.raises(LabelingFunctionFailure, match="breaks"):
        broken.label(frame)
    with pytest.warns(FaultWarning, match="breaks"):
        assert broken.label(frame, on_error="abstain").covered.any()


def test_it_is_an_estimator(labeler, frame):
    """Cloned without what it learned; a step of a pipeline."""
    again = clone(labeler)
    assert not hasattr(again, "model_")
    pd.testing.assert_frame_equal(again.fit(frame).label(frame), labeler.label(frame))
    pipeline = make_pipeline(FunctionTransformer(lambda frame: frame.assign(text=frame.text.str.lower())), labeler)
    assert pipeline.fit(frame).predict(frame.assign(text=frame.text.str.upper())).tolist()[:2] == ["spam", "ham"]
    assert labeler.classes_.tolist() == CLASSES
    assert 0 <= labeler.score(frame, labeler.predict(frame)) <= 1


def test_rows_without_gold_are_not_scored(labeler, frame):
    """None among names, and -1 among codes, are unknown; as for a label model."""
    gold = np.array(labeler.predict(frame), dtype=object)
    gold[0] = "ham" if gold[0] == "spam" else "spam"
    gold[5:] = None
    assert labeler.score(frame, gold) == labeler.model_.score(labeler.apply(frame), gold) == 0.8
    codes = [-1 if name is None else CLASSES.index(name) for name in gold]
    assert labeler.score(frame, codes) == labeler.score(frame, pd.Series(gold, frame.index)) == 0.8
    assert labeler.score(frame, gold, [0.0, *[1.0] * 20]) == 1.0
    with pytest.raises(GoldError, match="None of the 21 rows has a gold label"):
        labeler.score(frame, [None] * 21)


def test_summaries_know_the_model(labeler, frame):
    """Learned accuracies stand beside counts."""
    table = labeler.summarize(frame)
    pd.testing.assert_frame_equal(table, wl.summarize(labeler.apply(frame), model=labeler.model_))
    assert list(table.index) == [lf.name for lf in LFS]


def test_it_shows_itself(labeler, with_end_model):
    """In text and in a notebook, with names escaped."""
    assert repr(labeler) == "Labeler([free, offer, see], LabelModel(classes=['ham', 'spam']))"
    assert "end_model=EndModel(" in repr(with_end_model)
    lf = wl.keyword_lf(["x"], column="text", label=0, name="<script>")
    card = wl.Labeler([lf], wl.LabelModel())._repr_html_()
    assert "not fitted" in card
    assert "<script>" not in card
    assert "label model" in with_end_model._repr_html_()
