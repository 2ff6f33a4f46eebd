"""The feature plan: what becomes of each column, and what happens when columns change."""

from __future__ import annotations

import html

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

from weaklab.end_models import EndModel, FeaturePlan
from weaklab.end_models.text import ROW_LENGTH
from weaklab.exceptions import ColumnError, FrameError, ParameterError

FRAME = pd.DataFrame(
    {
        "text": ["free money", "lunch at noon", "free lunch", None],
        "age": [10.0, 20.0, None, 30.0],
        "visits": pd.array([1, 2, 3, None], dtype="Int64"),
        "member": [True, False, True, True],
        "label": ["a", "b", "a", "b"],
    }
)
KINDS = {"text": "text", "age": "numeric", "visits": "numeric", "member": "bool"}


def test_numbers_are_standardised_and_missing_ones_marked():
    """A missing number becomes the mean, which says nothing, and a column says that it is missing."""
    plan = FeaturePlan(columns=["age", "visits"])
    features = plan.fit_transform(FRAME)
    unit = np.sqrt(1.5)
    expected = [[-unit, 0, -unit, 0], [0, 0, 0, 0], [0, 1, unit, 0], [unit, 0, 0, 1]]
    np.testing.assert_allclose(features, expected, rtol=1e-6, atol=1e-7)
    assert features.dtype == np.float32
    np.testing.assert_allclose(plan.transform(pd.DataFrame({"visits": [2], "age": [None]})), [[0, 1, 0, 0]], atol=1e-7)


def test_columns_that_never_vary_or_are_all_missing_are_zero():
    """Dividing by a deviation of 0 would give NaN."""
    frame = pd.DataFrame({"a": [0.1] * 3, "b": [np.nan] * 3, "c": [1, 2, 3]})
    features = FeaturePlan().fit_transform(frame)
    np.testing.assert_allclose(features[:, 0], 0, atol=1e-12)
    np.testing.assert_allclose(features[:, 1:3], [[0, 1]] * 3)


def test_kinds_are_inferred_from_the_types():
    """A list of names is enough where the types say what the columns are."""
    plan = FeaturePlan(columns=list(KINDS))
    features = plan.fit_transform(FRAME)
    assert dict(plan.table()[["column", "kind"]].to_numpy().tolist()) == KINDS
    assert plan.table()["features"].sum() == features.shape[1] == plan.n_columns_
    assert sp.issparse(features)
    assert plan.sparse_
    explicit = FeaturePlan(columns=KINDS).fit_transform(FRAME)
    assert (features != explicit).nnz == 0


def test_mixed_columns_stand_side_by_side():
    """Text and numbers together: a row of text has length 5, a number its own column, a bool 1 or -1."""
    features = FeaturePlan(columns=KINDS).fit_transform(FRAME).toarray()
    words, rest = features[:, :-5], features[:, -5:]
    np.testing.assert_allclose(np.linalg.norm(words, axis=1), [ROW_LENGTH] * 3 + [0], rtol=1e-5)
    np.testing.assert_allclose(rest[:, -1], [1, -1, 1, 1])


def test_a_plan_shows_itself():
    """What a model sees is the first thing to look at when it disappoints."""
    plan = FeaturePlan(columns={"age": "numeric", "text": "text"})
    assert "age" in repr(plan)
    assert plan._repr_html_() == html.escape(repr(plan))
    plan.fit_transform(FRAME.rename(columns={"age": "<b>"}).assign(age=FRAME["age"]))
    assert repr(plan).startswith("FeaturePlan('age': numeric (2), 'text': text (")
    details = plan.table().set_index("column")["detail"]
    assert details["age"] == "mean 20, standard deviation 8.165, 25.0% missing"
    assert "buckets of word" in details["text"]
    tagged = FeaturePlan(column="<b>")
    tagged.fit_transform(pd.DataFrame({"<b>": [1, 2]}))
    assert "&lt;b&gt;" in tagged._repr_html_()
    flags = FeaturePlan(columns={"member": "bool"})
    flags.fit_transform(FRAME)
    assert flags.table()["detail"].tolist() == ["75.0% true"]


@pytest.mark.parametrize("convert", [pl.from_pandas, pa.Table.from_pandas, lambda f: f.to_dict("records")])
def test_frames_of_every_maker_give_the_same_features(convert):
    """Votes may come from polars and pyarrow frames; so must features."""
    plan = FeaturePlan(columns=["text", "age", "member"])
    expected = plan.fit_transform(FRAME)
    assert (plan.transform(convert(FRAME)) != expected).nnz == 0
    assert (FeaturePlan(columns=["text", "age", "member"]).fit_transform(convert(FRAME)) != expected).nnz == 0


@pytest.mark.parametrize("convert", [list, np.array, pd.Series, pl.Series, tuple])
def test_texts_without_a_frame_are_text(convert):
    """The simplest corpus is a list."""
    texts = FRAME["text"].dropna().tolist()
    plan = FeaturePlan()
    features = plan.fit_transform(convert(texts))
    assert plan.form_ == "texts"
    assert (features != FeaturePlan(column="text").fit_transform(FRAME[:3])).nnz == 0
    assert plan.transform(convert(texts[:0]) if convert is not np.array else np.array([], dtype=object)).shape[0] == 0


def test_plain_texts_and_frames_can_stand_for_each_other_where_one_text_column_is_named():
    """A model fitted on a frame is often tried on a list of a few texts."""
    frame = FRAME[:3]
    plan = FeaturePlan(column="text")
    expected = plan.fit_transform(frame)
    assert (plan.transform(frame["text"].tolist()) != expected).nnz == 0
    plan = FeaturePlan(column="text")
    plan.fit_transform(frame["text"])
    assert (plan.transform(frame) != expected).nnz == 0


def test_matrices_are_standardised_and_sparse_ones_scaled_by_one_number(rng):
    """Columns of a sparse matrix keep the weighting that the user gave them; rows come to the length of texts."""
    dense = rng.normal(3, 5, size=(50, 4))
    plan = FeaturePlan()
    features = plan.fit_transform(dense)
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(features.std(axis=0), 1, atol=1e-6)
    assert plan.table()["kind"].tolist() == ["matrix"]
    np.testing.assert_allclose(plan.transform(sp.csr_array(dense)), features, rtol=1e-6)
    sparse = sp.random_array((50, 20), density=0.2, format="coo", rng=rng)
    plan = FeaturePlan()
    features = plan.fit_transform(sparse)
    ratio = features.toarray()[sparse.toarray() > 0] / sparse.toarray()[sparse.toarray() > 0]
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-5)
    assert (features.power(2).sum() / 50) ** 0.5 == pytest.approx(ROW_LENGTH, rel=1e-5)
    assert "sparse" in plan.table()["detail"][0]
    assert FeaturePlan().fit_transform(sp.csr_array((3, 2))).nnz == 0


def test_a_frame_of_numbers_needs_no_column_names():
    """All columns are used; a single column of text is used as text."""
    assert FeaturePlan().fit_transform(FRAME[["age", "member"]]).shape == (4, 3)
    assert sp.issparse(FeaturePlan().fit_transform(FRAME[["text"]]))
    plan = FeaturePlan()
    expected = plan.fit_transform(pd.DataFrame({"a": [1.0, 2.0], "b": [5, 7]}))
    np.testing.assert_array_equal(plan.transform([[1.0, 5], [2.0, 7]]), expected)
    plan = FeaturePlan()
    plan.fit_transform(np.array([[1.0, 5], [2.0, 7]]))
    np.testing.assert_array_equal(plan.transform(pd.DataFrame({"a": [1.0, 2.0], "b": [5, 7]})), expected)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pd.Series(["a", None]), "text"),
        (pd.Series(["a", None], dtype=object), "text"),
        (pd.Series([], dtype="str"), "text"),
        (pd.Series([None, None], dtype="string"), "text"),
        (pd.Series([True, None], dtype="boolean"), "bool"),
        (pd.Series([True, None], dtype=object), "bool"),
        (pd.Series([1, 2.5, None], dtype=object), "numeric"),
        (pd.Series([1, 2], dtype="uint8"), "numeric"),
    ],
)
def test_every_type_has_its_kind(values, kind):
    """pandas has several types for each kind."""
    frame = pd.DataFrame({"it": values, "other": range(len(values))})
    plan = FeaturePlan(columns=["it"]) if len(values) and values.notna().any() else None
    if plan is not None:
        plan.fit_transform(frame)
        assert plan.table()["kind"].tolist() == [kind]
    from weaklab.end_models.kinds import infer_kind

    assert infer_kind(frame["it"]) == kind


SPANS = pd.DataFrame({"long": pd.to_timedelta([1, 2], unit="h"), "x": [1, 2]})


@pytest.mark.parametrize(
    ("options", "data", "error", "message"),
    [
        ({}, FRAME, FrameError, r"column='text' for one of them, or columns=\{'text': 'text', 'age': 'numeric'"),
        ({"column": "txt"}, FRAME, ColumnError, "no column 'txt'. Did you mean 'text'"),
        ({"columns": {"aeg": "numeric"}}, FRAME, ColumnError, "Did you mean 'age'"),
        ({"columns": {"age": "number"}}, FRAME, ParameterError, "no such kind of column.* 'numeric'"),
        ({"column": "age", "columns": ["age"]}, FRAME, ParameterError, "not both"),
        ({"columns": "age"}, FRAME, ParameterError, "say column="),
        ({"columns": {"text": "numeric"}}, FRAME, FrameError, r"'text' should hold numbers; 3 rows.*row 0 with 'free"),
        ({"columns": {"age": "text"}}, FRAME, FrameError, r"should hold texts.*row 0 with .*10"),
        ({"columns": {"age": "bool"}}, FRAME, FrameError, r"should hold True, False or missing; 3 rows"),
        ({"columns": []}, FRAME, FrameError, "0 feature"),
        ({}, FRAME[[]], FrameError, "0 feature"),
        ({"column": "text"}, FRAME[:0], FrameError, "0 rows"),
        ({}, [], FrameError, "0 rows"),
        ({"column": "text"}, pd.DataFrame({"text": ["", None]}), FrameError, "no text at all: all 2 rows"),
        ({"column": "long"}, SPANS, FrameError, "'long' is timedelta64"),
        ({}, SPANS, FrameError, r"no numbers \('long'\), so say what to use: columns=\{'x': 'numeric'\}"),
        ({}, SPANS[["long"]], FrameError, "'long' is timedelta64"),
        ({"column": "x"}, pd.DataFrame({"x": [{}, []]}), FrameError, "object of dict, list"),
        ({"column": "x"}, pd.DataFrame({"x": [1.0, np.inf]}), FrameError, "finite numbers.*row 1"),
        ({"column": "x"}, pd.DataFrame([[1, 2]], columns=["x", "x"]), FrameError, "2 columns named 'x'"),
        ({}, pd.DataFrame([[1, 2, 3]], columns=["y", "x", "x"]), FrameError, "2 columns named 'x'; names must differ"),
        ({"column": "x"}, np.zeros((3, 2)), FrameError, "X is a ndarray"),
        ({"columns": ["a", "b"]}, ["a text"], FrameError, "X is a list of texts"),
        ({}, np.array([[1.0, np.nan]]), FrameError, "NaN"),
        ({}, np.array([[1.0, np.inf]]), FrameError, "infinity"),
        ({}, np.zeros((0, 2)), FrameError, "0 sample"),
        ({}, np.zeros((2, 2, 2, 2, 2)), FrameError, "dim 5"),
        ({}, "a text", FrameError, "got str: 'a text'"),
        ({}, None, FrameError, "got NoneType"),
        ({}, ["a text", 3], FrameError, "row 1 with 3"),
    ],
)
def test_data_without_features_is_refused_with_place_and_remedy(options, data, error, message):
    """A wrong column is the most common mistake of all."""
    with pytest.raises(error, match=message):
        FeaturePlan(**options).fit_transform(data)


@pytest.mark.parametrize(
    ("options", "fitted", "given", "error", "message"),
    [
        ({"column": "text"}, FRAME, FRAME[["age"]], ColumnError, "no column 'text'"),
        ({"column": "text"}, FRAME, FRAME.rename(columns={"text": "Text"}), ColumnError, "Did you mean 'Text'"),
        ({"column": "age"}, FRAME, FRAME.assign(age=["x"] * 4), FrameError, "'age' should hold numbers"),
        ({"column": "text"}, FRAME, FRAME.assign(text=1), FrameError, "should hold texts"),
        ({"column": "age"}, FRAME, ["a text"], FrameError, "cannot read texts of type list"),
        ({"columns": ["age", "visits"]}, FRAME, np.zeros((2, 2)), FrameError, "cannot read a matrix"),
        ({}, ["a text"], FRAME, FrameError, "cannot read a frame of type DataFrame"),
        ({}, np.zeros((2, 2)), ["a text"], FrameError, "cannot read texts"),
        ({}, FRAME[["age", "visits"]], FRAME[["age"]], ColumnError, "no column 'visits'"),
    ],
)
def test_columns_that_changed_since_fit_are_refused(options, fitted, given, error, message):
    """Predicting on other data than was trained on gives numbers that mean nothing."""
    plan = FeaturePlan(**options)
    plan.fit_transform(fitted)
    with pytest.raises(error, match=message):
        plan.transform(given)


@pytest.mark.parametrize("kind", ["numeric", "date", "embedding", "matrix", "float32", "all missing"])
def test_what_did_not_vary_at_fit_does_not_count_later(rng, kind):
    """Nothing was learnt of it, so a network's initial weights for it must not decide."""
    n = 60
    y = np.arange(n) % 2
    age = y + rng.normal(0, 0.1, n)
    if kind in {"matrix", "float32"}:
        dtype = np.float32 if kind == "float32" else np.float64
        X = np.column_stack([age, np.full(n, 7.0)]).astype(dtype)
        later = np.column_stack([age, np.arange(n) * 1e4]).astype(dtype)
        model = EndModel(max_epochs=3)
    else:
        first, other = {
            "numeric": ([7.0] * n, [1e5] * n),
            "all missing": ([np.nan] * n, [1e5] * n),
            "date": ([pd.Timestamp("2026-01-01")] * n, [pd.Timestamp("2031-01-01")] * n),
            "embedding": ([[3.0, 4.0]] * n, [[1e5, -1e5]] * n),
        }[kind]
        X, later = (pd.DataFrame({"age": age, "other": values}) for values in (first, other))
        kinds = {"age": "numeric", "other": "numeric" if kind == "all missing" else kind}
        model = EndModel(columns=kinds, max_epochs=3)
    expected = model.fit(X, y).predict_proba(X)
    if kind != "all missing":  # there, that a number is missing is a feature too
        np.testing.assert_array_equal(model.predict_proba(later), expected)
    assert not model.features_.transform(later)[:, 1].any()
    assert "inf" not in str(model.features_.table().to_string())
