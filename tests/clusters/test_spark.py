"""Spark: the same votes, models and predictions as on one machine, and only statistics come to the driver."""

from __future__ import annotations

import os
import shutil
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from weaklab.apply import apply, cluster_faults
from weaklab.exceptions import ClassError, ColumnError, ParameterError, VoteError
from weaklab.label_models import DawidSkene, LabelModel, MajorityVote
from weaklab.votes import parts

pytest.importorskip("pyspark")
pytestmark = [
    pytest.mark.slow,  # Java, and a process of Python per task, take ten seconds to start
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]

MODELS = [MajorityVote(), DawidSkene(max_iter=300), LabelModel()]
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)


@pytest.fixture(scope="module")
def spark():
    """A session of two threads, which starts a process per task."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2]").appName("weaklab")
    options = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.default.parallelism": "2",
    }
    for name, value in options.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def spread(spark):
    """A function that spreads a frame of pandas."""
    return lambda frame, count=3: spark.createDataFrame(
        spark.sparkContext.parallelize(rows(frame), count), schema(frame)
    )


def brought(frame):
    """All rows as a frame of pandas (``toPandas`` warns beside pandas 3)."""
    return pd.DataFrame([tuple(row) for row in frame.collect()], columns=frame.columns)


def rows(frame):
    return [tuple(row) for row in frame.astype(object).itertuples(index=False)]


def schema(frame):
    from pyspark.sql import types

    kinds = {"i": types.LongType(), "f": types.DoubleType()}
    fields = [
        types.StructField(name, types.ByteType() if dtype == np.int8 else kinds.get(dtype.kind, types.StringType()))
        for name, dtype in frame.dtypes.items()
    ]
    return types.StructType(fields)


def test_votes_are_those_of_one_machine(spread, texts, lfs):
    """Kept columns first, then a byte per labeling function; errors of the call come at the call."""
    votes = apply(lfs, spread(texts), keep=["id"])
    assert votes.dtypes == [("id", "bigint"), *((lf.name, "tinyint") for lf in lfs)]
    here = brought(votes).sort_values("id", ignore_index=True)
    pd.testing.assert_frame_equal(here.drop(columns="id").astype(np.int8), apply(lfs, texts, progress=False))
    with pytest.raises(ColumnError, match=r"no column 'ids'\. Did you mean 'id'"):
        apply(lfs, spread(texts), keep=["ids"])
    with pytest.raises(ParameterError, match="n_jobs=2"):
        apply(lfs, spread(texts), n_jobs=2)
    with pytest.raises(ColumnError, match="reads column 'text'"):
        apply(lfs, spread(texts[["id"]]))


def test_a_failure_says_where_and_faults_are_counted(spread, texts):
    """The error of a worker names function, row and partition; with on_error="abstain" the count is right."""
    from pyspark.errors import PythonException

    def inverse(row):
        return 1 if 1 / row.stars > 0.4 else None

    votes = apply([inverse], spread(texts))
    with pytest.raises(
        PythonException, match=r"(?s)'inverse' failed on row.*This was in the rows from 0 on of partition"
    ):
        votes.collect()
    failing = int((texts["stars"] == 0).sum())
    here = brought(apply([inverse], spread(texts), on_error="abstain"))
    assert (here["inverse"] == 1).sum() == texts["stars"].isin([1, 2]).sum()
    table = brought(cluster_faults([inverse], spread(texts)))
    assert table["failed"].sum() == failing
    assert set(table["partition"]) == {0, 1, 2}
    assert table["reason"].str.contains("ZeroDivisionError").all()


@each_model
def test_a_fit_is_that_of_one_machine(model, spread, votes_of, assert_equal_models):
    """With classes inferred, gold and weights as columns."""
    votes, y = votes_of(3000, m=6, k=3)
    rng = np.random.default_rng(1)
    gold, weight = np.where(rng.random(3000) < 0.1, y, -1), rng.random(3000)
    assert_equal_models(clone(model).fit(spread(votes)), clone(model).fit(votes), votes, within=0)
    beside = spread(votes.assign(gold=gold, weight=weight))
    assert_equal_models(clone(model).fit(beside, "gold", "weight"), clone(model).fit(votes, gold, weight), votes)


@each_model
def test_merged_rows_give_the_fit_of_one_machine(model, spread, votes_of, assert_equal_models, monkeypatch):
    """As with more rows than are kept as they lie; one machine merges equal rows here too."""
    votes, _ = votes_of(6000, m=5, k=2)
    monkeypatch.setattr(parts, "AS_THEY_LIE", 500)  # on the driver, which brings parts together last
    assert_equal_models(clone(model).fit(spread(votes)), clone(model).fit(votes), votes)


def test_patterns_that_are_too_many_stay_with_the_workers(spread, votes_of, assert_equal_models, monkeypatch):
    """Then each pass sums over the parts, and the fit is the same."""
    votes, y = votes_of(3000, m=6, k=2)
    monkeypatch.setattr(parts, "MOST_BYTES", 1)
    model = DawidSkene(max_iter=4)
    with pytest.warns(UserWarning, match="DawidSkene"):
        assert_equal_models(clone(model).fit(spread(votes)), clone(model).fit(votes), votes)
    with pytest.raises(VoteError, match="cannot learn from gold"):
        model.fit(spread(votes.assign(gold=y)), "gold")


def test_predictions_are_those_of_one_machine(spread, votes_of):
    """Other columns are carried along, and the order of columns does not matter."""
    votes, _ = votes_of(1000, m=5, k=2)
    model = LabelModel(classes=["ham", "spam"]).fit(votes)
    frame = spread(votes[list(votes.columns[::-1])].assign(id=np.arange(1000)))
    soft = brought(model.labels(frame)).sort_values("id", ignore_index=True)
    np.testing.assert_array_equal(soft[["ham", "spam"]], model.predict_proba(votes))
    np.testing.assert_array_equal(soft["weight"], model.labels(votes).weight)
    said = brought(model.predict(frame)).sort_values("id", ignore_index=True)
    assert said["label"].tolist() == model.predict(votes).tolist()
    assert model.predict_proba(frame).columns == ["id", "ham", "spam"]
    with pytest.raises(ParameterError, match="number of a row"):
        model.predict(frame, ties="hash")
    with pytest.raises(ClassError, match="a column 'label'"):
        model.predict(frame.withColumnRenamed("id", "label"))
    with pytest.raises(VoteError, match=r"Missing labeling functions: \['lf0'\]"):
        model.predict_proba(frame.drop("lf0"))


def test_wrong_votes_and_wrong_arguments_are_errors(spread, votes_of):
    """A vote that is none is named by the worker; what can be known is said at once."""
    from pyspark.errors import PythonException

    votes, _ = votes_of(300, m=3, k=2)
    wrong = votes.copy()
    wrong.loc[299, "lf1"] = -7
    with pytest.raises(PythonException, match=r"(?s)'lf1' in row .* is -7.*of partition 2"):
        LabelModel().fit(spread(wrong))
    with pytest.raises(ParameterError, match="name of one of their columns"):
        LabelModel().fit(spread(votes), np.zeros(300))
    with pytest.raises(ColumnError, match="y: the votes have no column 'gold'"):
        LabelModel().fit(spread(votes), "gold")
    with pytest.raises(VoteError, match="spread over a cluster"):
        LabelModel().fit(votes).score(spread(votes), np.zeros(300))
