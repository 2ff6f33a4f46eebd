"""Appliers for Dask and Spark: the votes of one machine, in the order of the data."""

from __future__ import annotations

import os
import shutil
import sys

import numpy as np
import pandas as pd
import pytest

from weaklab.exceptions import FrameError, ParameterError
from weaklab.snorkel.labeling import LabelingFunction, LFApplier, PandasLFApplier
from weaklab.snorkel.labeling.apply.dask import DaskLFApplier
from weaklab.snorkel.labeling.apply.spark import SparkLFApplier
from weaklab.snorkel.map import LambdaMapper
from weaklab.snorkel.map.spark import make_spark_mapper
from weaklab.snorkel.preprocess import Preprocessor, preprocessor
from weaklab.snorkel.slicing import SlicingFunction
from weaklab.snorkel.slicing.apply.dask import DaskSFApplier

FRAME = pd.DataFrame({"num": np.arange(30), "text": [f"word{n} b" for n in range(30)]}, index=np.arange(30)[::-1])


@preprocessor(memoize=True)
def words(x):
    x.words = x.text.split()
    return x


class Split(Preprocessor):
    """A preprocessor as a class, which works on rows of Spark too."""

    def run(self, text):
        return {"words": text.split()}


def functions(pre):
    return [
        LabelingFunction("tens", lambda x: x.num // 10),
        LabelingFunction("fails", lambda x: 1 // (x.num - 7) if x.num < 9 else -1),
        LabelingFunction("first", lambda x: len(x.words[0]) if x.num % 2 else -1, pre=[pre]),
    ]


class TestDask:
    """Partitions, each a frame."""

    dd = pytest.importorskip("dask.dataframe")

    def test_votes_are_those_of_one_machine(self):
        """Faults are counted over partitions; codes beyond a byte are kept."""
        lfs = [*functions(words), LabelingFunction("high", lambda x: 1000)]
        frame = self.dd.from_pandas(FRAME, npartitions=3, sort=False)
        L, meta = DaskLFApplier(lfs).apply(frame, scheduler="threads", fault_tolerant=True, return_meta=True)
        here, said = PandasLFApplier(lfs).apply(FRAME, progress_bar=False, fault_tolerant=True, return_meta=True)
        np.testing.assert_array_equal(L, here)
        assert L.dtype == np.int64
        assert meta.faults == said.faults == {"fails": 1}

    def test_an_error_comes_to_the_caller(self):
        """Without tolerance."""
        frame = self.dd.from_pandas(FRAME, npartitions=3, sort=False)
        with pytest.raises(ZeroDivisionError):
            DaskLFApplier(functions(words)).apply(frame, scheduler="threads")

    def test_slices_are_a_record_array(self):
        """A field each."""
        frame = self.dd.from_pandas(FRAME, npartitions=2, sort=False)
        S = DaskSFApplier([SlicingFunction("late", lambda x: x.num > 20)]).apply(frame, scheduler="threads")
        assert S.late.tolist() == [0] * 21 + [1] * 9

    def test_another_frame_is_an_error(self):
        """Which says what to use."""
        with pytest.raises(FrameError, match="PandasLFApplier"):
            DaskLFApplier(functions(words)).apply(FRAME)

    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_a_client_of_a_cluster_runs_it(self):
        """``scheduler=Client(...)``."""
        distributed = pytest.importorskip("distributed")
        frame = self.dd.from_pandas(FRAME, npartitions=3, sort=False)
        lfs = functions(words)
        with distributed.Client(processes=False, dashboard_address=None, n_workers=1) as client:
            L = DaskLFApplier(lfs).apply(frame, scheduler=client, fault_tolerant=True)
        assert L[:, 0].tolist() == (FRAME["num"] // 10).tolist()


@pytest.mark.slow  # Java takes ten seconds to start
@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")
def test_votes_on_an_rdd_are_those_of_one_machine():
    """In its order, with faults counted; and rows of Spark go through preprocessors."""
    sql = pytest.importorskip("pyspark.sql")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
    session = builder.getOrCreate()
    try:
        rows = [sql.Row(num=int(num), text=text) for num, text in zip(FRAME["num"], FRAME["text"], strict=True)]
        lfs = functions(make_spark_mapper(Split("split")))
        rdd = session.sparkContext.parallelize(rows, 3)
        L, meta = SparkLFApplier(lfs).apply(rdd, fault_tolerant=True, return_meta=True)
        here, _ = PandasLFApplier(lfs).apply(FRAME, progress_bar=False, fault_tolerant=True, return_meta=True)
        np.testing.assert_array_equal(L, here)
        assert meta.faults == {"fails": 1}
        assert SparkLFApplier(lfs).apply(rdd.filter(lambda row: row.num > 99)).shape == (0, 3)
    finally:
        session.stop()


def test_rows_of_spark_are_made_anew():
    """They cannot be written to."""
    sql = pytest.importorskip("pyspark.sql")
    row = sql.Row(num=1, text="a b")
    assert make_spark_mapper(Split("split"))(row) == sql.Row(num=1, text="a b", words=["a", "b"])
    lf = LabelingFunction("f", lambda x: len(x.words), pre=[Split("split")])
    assert LFApplier([lf]).apply([row], progress_bar=False).tolist() == [[2]]
    with pytest.raises(ParameterError, match="must return a new one"):
        make_spark_mapper(LambdaMapper("f", lambda x: x))


def test_what_is_no_rdd_is_an_error():
    """Which says what was given."""
    pytest.importorskip("pyspark")
    with pytest.raises(FrameError, match="DataFrame"):
        SparkLFApplier(functions(words)).apply(FRAME)
