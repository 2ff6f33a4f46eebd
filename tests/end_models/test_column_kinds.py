"""Categories, dates, vectors, TF-IDF and functions as columns: what they become, and what is refused."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from weaklab.end_models import EndModel, FeaturePlan
from weaklab.end_models.kinds import infer_kind
from weaklab.end_models.text import ROW_LENGTH
from weaklab.exceptions import FrameError, ParameterError


def _fit(values, kind, **options):
    plan = FeaturePlan(columns={"it": kind}, **options)
    return plan, plan.fit_transform(pd.DataFrame({"it": values}))


def _encode(plan, values):
    return plan.transform(pd.DataFrame({"it": values}))


def test_a_category_is_a_feature_and_an_unseen_one_is_none():
    """Unseen categories leave the decision to the other columns instead of failing in production."""
    plan, features = _fit(["b", "a", "b", None], "category")
    np.testing.assert_array_equal(features, [[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1]])
    np.testing.assert_array_equal(_encode(plan, ["new", "a"]), [[0, 0, 0], [0, 1, 0]])
    assert plan.table().loc[0, "detail"] == "2 categories: 'b', 'a'; 25.0% missing"
    numbers, _ = _fit([3, 1, 3], "category")
    np.testing.assert_array_equal(_encode(numbers, [1.0, 3, None]), [[0, 1], [1, 0], [0, 0]])


def test_many_categories_are_sparse_and_bounded():
    """A column of ids must not become a dense matrix of a gigabyte."""
    values = [f"c{i % 200}" for i in range(400)] + ["c7"] * 3
    _, features = _fit(values, "category")
    assert sp.issparse(features)
    assert features.shape == (403, 200)
    assert features.nnz == 403
    few, features = _fit(values, "category", max_features=10)
    assert features.shape == (403, 10)
    assert features[-1, 0] == 1
    assert "190 rare ones dropped" in few.table().loc[0, "detail"]


def test_dates_are_trend_and_cycles():
    """Midnight stands beside the last hour; cycles that do not vary are no features."""
    days = pd.date_range("2023-01-01", periods=730, freq="D")
    plan, features = _fit(days, "date")
    assert plan.table().loc[0, "detail"] == "trend and place in the week, year, 2023-01-01 to 2024-12-30"
    assert features.shape == (730, 5)
    np.testing.assert_allclose(features[:, 0].std(), 1, rtol=1e-5)
    assert (np.diff(features[:, 0]) > 0).all()
    np.testing.assert_allclose(features[0, 1:3], features[7, 1:3], atol=1e-5)  # the same day of the week
    np.testing.assert_allclose(features[0, 3:], features[364, 3:], atol=0.02)  # the last day of a year and the first
    np.testing.assert_allclose(np.square(features[:, 1:3]).sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    "values",
    [
        pd.to_datetime(["2024-05-01 10:00", None, "2024-05-03 22:00"]),
        pd.Series([datetime.datetime(2024, 5, 1, 10), None, datetime.datetime(2024, 5, 3, 22)], dtype=object),
        ["2024-05-01T10:00", None, "2024-05-03T22:00"],
        pd.to_datetime(["2024-05-01 10:00", None, "2024-05-03 22:00"]).tz_localize("Asia/Tokyo"),
        pd.to_datetime(["2024-05-01 10:00", None, "2024-05-03 22:00"]).as_unit("s"),
    ],
    ids=["datetime64", "objects", "texts", "zone", "seconds"],
)
def test_dates_of_every_type_are_the_same_dates(values):
    """Missing ones are 0 everywhere but in the column that says so."""
    _, features = _fit(values, "date")
    trend = features[:, 0]
    np.testing.assert_allclose(trend, [-1, 0, 1], atol=1e-6)
    np.testing.assert_array_equal(features[:, -1], [0, 1, 0])
    assert not features[1, :-1].any()
    np.testing.assert_allclose(features[0, 1:3], [np.sin(np.pi * 10 / 12), np.cos(np.pi * 10 / 12)], rtol=1e-5)


def test_texts_of_every_iso_form_are_dates():
    """Months and days, with and without a time, a zone, and hyphens."""
    values = ["2024-05", "20240501", "2024-05-01", "2024-05-01 00:00:00.000", "2024-05-01T00:00Z", "2024-05-02"]
    plan, features = _fit(values, "date")
    assert (features[:5] == features[0]).all()
    assert "2024-05-01 to 2024-05-02" in plan.table().loc[0, "detail"]


def test_dates_that_are_all_missing_say_nothing():
    """A column that is empty at fit must not break it."""
    plan, features = _fit(pd.Series([pd.NaT] * 3), "date")
    np.testing.assert_array_equal(features, [[0, 1]] * 3)
    assert plan.table().loc[0, "detail"] == "all missing"
    assert np.isfinite(_encode(plan, pd.to_datetime(["2024-01-01"]))).all()


@pytest.mark.parametrize("convert", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "arrow"])
def test_list_columns_are_vectors(convert):
    """Embeddings come as list columns from every frame."""
    frame = convert({"vector": [[1.0, 0.0], [3.0, 1.0], [2.0, 0.5]], "x": [1, 2, 3]})
    plan = FeaturePlan(columns=["vector"])
    features = plan.fit_transform(frame)
    unit = np.sqrt(1.5)
    np.testing.assert_allclose(features, [[-unit, -unit], [unit, unit], [0, 0]], atol=1e-6)
    assert plan.table().loc[0, ["kind", "features"]].tolist() == ["embedding", 2]


def test_missing_vectors_count_as_the_mean_and_are_marked():
    """As missing numbers do."""
    _, features = _fit([np.array([1.0, 2.0]), None, np.array([3.0, 4.0])], "embedding")
    np.testing.assert_allclose(features, [[-1, -1, 0], [0, 0, 1], [1, 1, 0]], atol=1e-6)


def test_tfidf_has_a_vocabulary_with_names():
    """What hashing cannot show: which word a weight belongs to."""
    texts = pd.Series(["free money now", "lunch now", None, "free lunch"])
    plan, features = _fit(texts, "tfidf")
    names = plan.encoders_["it"].vectorizer_.get_feature_names_out().tolist()
    assert {"free", "money", "free money", "lunch now"} <= set(names)
    assert "money lunch" not in names
    norms = np.sqrt(features.power(2).sum(axis=1))
    np.testing.assert_allclose(norms, [ROW_LENGTH, ROW_LENGTH, 0, ROW_LENGTH], rtol=1e-5)
    assert _encode(plan, pd.Series(["nothing known", ""])).nnz == 0
    assert plan.transform(["free money now"]).shape == (1, plan.n_columns_)
    assert plan.transform(pd.DataFrame({"it": []}, dtype=object)).shape == (0, plan.n_columns_)


def _sizes(texts):
    return np.array([[len(text), text.count(" ")] for text in texts])


@pytest.mark.parametrize("form", ["texts", "column", "columns", "kind"])
def test_a_function_takes_the_place_of_our_features(form):
    """A sentence encoder that a user has at hand is one argument away."""
    frame = pd.DataFrame({"text": ["a b", "abc", "a b c d"], "age": [1, 2, 3]})
    options = {
        "texts": {"encode": _sizes},
        "column": {"column": "text", "encode": _sizes},
        "columns": {"columns": ["text"], "encode": _sizes},
        "kind": {"columns": {"text": _sizes}},
    }[form]
    plan = FeaturePlan(**options)
    features = plan.fit_transform(frame["text"].tolist() if form == "texts" else frame)
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(features.std(axis=0), 1, rtol=1e-5)
    np.testing.assert_array_equal(plan.transform(frame["text"].tolist()), features)
    assert plan.table().loc[0, "kind"] == "custom"
    assert plan.table().loc[0, "detail"].startswith("_sizes, ")


@pytest.mark.parametrize(
    ("encode", "values", "expected"),
    [
        (StandardScaler(), [1.0, 3.0], [[-1], [1]]),
        (
            make_pipeline(SimpleImputer(), StandardScaler()),
            [1.0, np.nan, 3.0, 2.0],
            np.sqrt(2) * np.array([[-1], [0], [1], [0]]),
        ),
        (OneHotEncoder(sparse_output=False), ["a", "b"], [[1, -1], [-1, 1]]),
        (OneHotEncoder(sparse_output=False), pd.Series(["a", "b"], dtype="category"), [[1, -1], [-1, 1]]),
    ],
    ids=["scaler", "pipeline", "texts", "categories"],
)
def test_transformers_of_matrices_take_a_column(encode, values, expected):
    """Scalers and encoders of categories refuse lists, which transformers of texts want."""
    plan, features = _fit(values, encode)
    np.testing.assert_allclose(features, expected, atol=1e-6)
    np.testing.assert_array_equal(_encode(plan, values[::-1]), features[::-1])


def test_functions_may_give_tensors_and_sparse_matrices_and_see_matrices(rng):
    """Whatever an encoder gives; and X itself, where X has no columns."""
    _, tensor = _fit(["a b", "abc"], lambda texts: torch.tensor(_sizes(texts)))
    np.testing.assert_allclose(tensor, [[-0.0, 1], [0, -1]], atol=1e-6)
    plan, sparse = _fit(["a b", "abc"], CountVectorizer(token_pattern=r"\w+"))
    assert sp.issparse(sparse)
    assert sparse.shape == (2, 3)
    assert _encode(plan, ["b", "zzz"]).nnz == 1
    matrix = rng.normal(size=(5, 3))
    whole = FeaturePlan(encode=lambda X: X[:, :1])
    assert whole.fit_transform(matrix).shape == (5, 1)
    assert whole.transform(matrix[:2]).shape == (2, 1)
    assert whole.transform(matrix[:0]).shape == (0, 1)


def test_kinds_of_columns_are_inferred_where_the_type_tells():
    """Texts are text until a user says that they are categories."""
    assert infer_kind(pd.Series([datetime.date(2024, 1, 1), None])) == "date"
    assert infer_kind(pd.Series(["a"], dtype="category")) == "category"
    assert infer_kind(pd.Series([(1, 2), None])) == "embedding"
    frame = pd.DataFrame({"when": pd.to_datetime(["2024-01-01", "2024-01-02"]), "x": [1, 2]})
    assert FeaturePlan().fit_transform(frame).shape == (2, 6)


@pytest.mark.parametrize(
    ("values", "kind", "error", "message"),
    [
        ([[1.0, 2.0], [1.0]], "embedding", FrameError, "one length, 2; row 1 has length 1"),
        ([[1.0, 2.0], [[1.0], [2.0]]], "embedding", FrameError, r"row 1 has shape \(2, 1\)"),
        ([[1.0, 2.0], "no"], "embedding", FrameError, "row 1 holds 'no'"),
        ([[1.0, 2.0], ["a", "b"]], "embedding", FrameError, "row 1: .* is no vector"),
        ([[1.0, 2.0], [np.nan, 0.0]], "embedding", FrameError, "row 1: the vector is not finite"),
        ([None, None], "embedding", FrameError, "no vector at all: all 2 rows"),
        (["2024-01-01", "yesterday"], "date", FrameError, "should hold dates.*row 1 with 'yesterday'"),
        (["2020-02-01", "13/02/2020", "01/02/2020"], "date", FrameError, r"2 rows do not.*row 1 with '13/02/2020'"),
        (["2020-02-01", "now"], "date", FrameError, r"format=\"%d/%m/%Y\".*row 1 with 'now'"),
        ([1, 2], "date", FrameError, "no unit.*row 0"),
        ([True, "2024-01-01"], "date", FrameError, "row 0"),
        ([["a"], ["b"]], "category", FrameError, "row 0 holds"),
        (["", None], "tfidf", FrameError, "no text to learn from in 2 rows"),
        ([1, 2], "tfidf", FrameError, "should hold texts"),
        (["a", "b"], lambda texts: np.zeros(2), FrameError, r"gave shape \(2,\) for 2 rows; expected \(2, d\)"),
        (["a", "b"], lambda texts: np.zeros((1, 3)), FrameError, r"shape \(1, 3\) for 2 rows"),
        (["a", "b"], lambda texts: [[np.nan], [0]], FrameError, "gave NaN or infinity"),
        (["a", "b"], lambda texts: [["x"], ["y"]], FrameError, "gave no numbers"),
    ],
)
def test_values_that_do_not_fit_their_kind_are_refused_with_their_row(values, kind, error, message):
    """The message names the column, and the first row that is wrong."""
    with pytest.raises(error, match=message):
        _fit(pd.Series(values, dtype=object) if kind == "embedding" else values, kind)


def test_encode_is_for_one_column():
    """With several columns, which of them is meant has to be said."""
    frame = pd.DataFrame({"a": ["x"], "b": ["y"]})
    with pytest.raises(ParameterError, match="for one column, not for"):
        FeaturePlan(encode=_sizes).fit_transform(frame)
    with pytest.raises(ParameterError, match="as the kind of its column"):
        FeaturePlan(columns={"a": "text"}, encode=_sizes).fit_transform(frame)
    with pytest.raises(ParameterError, match="no such kind"):
        FeaturePlan(column="a", encode=3).fit_transform(frame)
    widths = iter([2, 3])
    plan = FeaturePlan(column="a", encode=lambda texts: np.ones((len(texts), next(widths))))
    plan.fit_transform(frame)
    with pytest.raises(FrameError, match="gave 3 numbers per row of 'a'; at fit it gave 2"):
        plan.transform(frame)


def test_vectors_of_another_length_are_refused_when_predicting():
    """Two versions of an encoder often differ in length."""
    plan, _ = _fit([[1.0, 2.0], [2.0, 1.0]], "embedding")
    with pytest.raises(FrameError, match="one length, 2; row 0 has length 3"):
        _encode(plan, [[1.0, 2.0, 3.0]])


def test_an_end_model_learns_from_every_kind_at_once(rng):
    """Each column alone tells the class half of the time; together they tell it."""
    n = 400
    y = rng.integers(0, 2, n)
    tell = rng.random((n, 3)) < 0.75  # which columns say the truth
    said = np.where(tell, y[:, None], 1 - y[:, None])
    frame = pd.DataFrame(
        {
            "city": np.where(said[:, 0] == 1, "Ulm", "Bern"),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.where(said[:, 1] == 1, 6, 18), unit="h"),
            "vector": [[float(value), 1.0] for value in said[:, 2]],
        }
    )
    model = EndModel(columns={"city": "category", "when": "date", "vector": "embedding"}, hidden=None, random_state=1)
    model.fit(frame[:300], y[:300])
    best = ((said.sum(axis=1) >= 2) == y)[300:].mean()
    assert model.score(frame[300:], y[300:]) >= best - 0.02
    assert best > 0.8
