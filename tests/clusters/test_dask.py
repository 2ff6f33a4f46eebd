"""Dask: the same votes, models and predictions as on one machine, also where a worker is lost."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from weaklab.apply import apply, cluster_faults
from weaklab.apply.dask_frames import import_dask
from weaklab.apply.spark_frames import import_spark
from weaklab.exceptions import (
    ColumnError,
    FrameError,
    LabelingFunctionError,
    LabelingFunctionFailure,
    MissingExtraError,
    ParameterError,
    ReturnValueError,
    VoteError,
)
from weaklab.label_models import GLAD, DawidSkene, LabelModel, MajorityVote, OneCoin, PartialLabelModel
from weaklab.label_models.spread_problem import SpreadProblem
from weaklab.labeling import labeling_function
from weaklab.votes import PartialVotes, parts

dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")
distributed = pytest.importorskip("distributed")

#: They settle, so that rounding is all that may differ.
MODELS = [MajorityVote(), DawidSkene(max_iter=500), OneCoin(max_iter=500), LabelModel()]
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)


@pytest.fixture(autouse=True)
def in_threads():
    """Dask's own threads, but for the tests that ask for a cluster."""
    with dask.config.set(scheduler="threads"):
        yield


@pytest.fixture(scope="module")
def cluster():
    """Two workers, each a process, which is started again when it dies."""
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
        ) as workers,
        distributed.Client(workers) as client,
    ):
        yield client


def spread(frame, npartitions=7):
    return dd.from_pandas(frame, npartitions=npartitions, sort=False)


def assert_same_votes(lazy, here):
    pd.testing.assert_frame_equal(lazy.compute(), here, check_flags=False)


def test_votes_are_those_of_one_machine(texts, lfs):
    """Index, divisions, names and types; and nothing runs at the call."""
    texts = texts.set_index("id")
    frame = dd.from_pandas(texts, npartitions=5)
    calls = []

    @labeling_function
    def counted(row):
        calls.append(1)
        return 1 if row.stars == 3 else None

    votes = apply([*lfs, counted], frame)
    assert not calls
    assert votes.divisions == frame.divisions
    assert set(votes.dtypes) == {np.dtype(np.int8)}
    assert_same_votes(votes, apply([*lfs, counted], texts, progress=False))
    many = apply(counted, frame, classes=1000)
    assert set(many.dtypes) == {np.dtype(np.int16)}
    assert many.compute().dtypes.tolist() == many.dtypes.tolist()


def test_a_partition_may_be_empty(texts, lfs, votes_of):
    """As after a filter."""
    frame = spread(texts)
    few = texts[texts["id"] < 1000]
    votes = apply(lfs, frame[frame["id"] < 1000])
    assert_same_votes(votes, apply(lfs, few, progress=False))
    model = LabelModel().fit(votes)
    assert model.n_rows_ == 1000
    np.testing.assert_array_equal(model.predict(votes).compute(), model.predict(votes.compute()))
    none = spread(votes_of(100, 3, 2)[0])
    with pytest.raises(VoteError, match="no rows to learn from"):
        LabelModel().fit(none[none["lf0"] > 7])


def test_what_can_be_known_is_said_at_the_call(texts, lfs):
    """Before a cluster is kept busy."""
    frame = spread(texts)
    with pytest.raises(ColumnError, match="reads column 'text'"):
        apply(lfs, frame[["id"]])
    with pytest.raises(LabelingFunctionError, match="Names of labeling functions must differ"):
        apply([lfs[0], lfs[0]], frame)
    with pytest.raises(ParameterError, match="n_jobs=2: on a cluster"):
        apply(lfs, frame, n_jobs=2)
    with pytest.raises(ParameterError, match="timeout= needs the main thread"):
        apply(lfs, frame, timeout=1.0)
    with pytest.raises(ParameterError, match="is for Spark frames"):
        apply(lfs, frame, keep=["id"])
    lock = threading.Lock()

    def waits(row):
        with lock:
            return 1

    with pytest.raises(LabelingFunctionError, match="cannot be sent to the workers of the cluster: TypeError"):
        apply(waits, frame)


def test_richer_votes_are_refused(texts):
    """A frame of a cluster has a number per vote."""

    @labeling_function(output="set")
    def several(row):
        return [0, 1]

    with pytest.raises(LabelingFunctionError, match="'several' votes sets of classes"):
        apply(several, spread(texts), classes=3)


def test_failures_say_where_and_are_counted(texts, caplog):
    """The error names function and row, and in a note the partition; else workers log, and a table counts."""

    @labeling_function
    def inverse(row):
        return 1 if 1 / row.stars > 0.4 else None

    frame = spread(texts, 4)
    with pytest.raises(LabelingFunctionFailure, match="'inverse' failed on row") as failure:
        apply(inverse, frame).compute()
    assert any("partition" in note for note in failure.value.__notes__)
    with caplog.at_level("WARNING", "weaklab.apply"):
        votes = apply(inverse, frame, on_error="abstain").compute()
    assert len(caplog.messages) == 4
    np.testing.assert_array_equal(votes["inverse"] == 1, texts["stars"].isin([1, 2]))
    table = cluster_faults(inverse, frame).compute()
    assert table["partition"].tolist() == [0, 1, 2, 3]
    assert table["failed"].sum() == (texts["stars"] == 0).sum()
    assert table["rows"].sum() == len(texts)
    with pytest.raises(FrameError, match="frames of Dask and Spark"):
        cluster_faults(inverse, texts)


def test_votes_have_the_type_that_was_announced(texts):
    """A frame of a cluster has its types before it has values."""
    frame = spread(texts, 2)
    with pytest.raises(ReturnValueError, match=r"voted 200, .* int8: say how many classes"):
        apply(_high, frame).compute()
    assert apply(_high, frame, classes=201).compute()["_high"].eq(200).all()


def _high(row):
    return 200


@each_model
def test_a_fit_has_the_bits_of_one_machine(model, votes_of, assert_equal_models):
    """Rows stay as they lie up to a quarter of a million."""
    votes, y = votes_of(3000, m=8, k=3)
    rng = np.random.default_rng(1)
    gold, weight = np.where(rng.random(3000) < 0.1, y, -1), rng.random(3000)
    weight[:50] = 0
    assert_equal_models(clone(model).fit(spread(votes)), clone(model).fit(votes), votes, within=0)
    here = clone(model).fit(votes, gold, weight)
    beside = spread(votes.assign(gold=gold, weight=weight))
    assert_equal_models(clone(model).fit(beside, "gold", "weight"), here, votes, within=0)
    series = beside["gold"], beside["weight"]
    assert_equal_models(clone(model).fit(beside[list(votes.columns)], *series), here, votes, within=0)


def test_gold_may_be_names_and_name_a_class_that_nobody_votes_for(votes_of, assert_equal_models):
    """As on one machine; of codes, the number of classes follows from votes and gold of all partitions."""
    votes, y = votes_of(1000, m=4, k=2)
    names = np.array(["ham", "spam", None], dtype=object)[np.where(np.arange(1000) % 9 == 0, y, 2)]
    here = LabelModel(classes=["ham", "spam"]).fit(votes, names)
    there = LabelModel(classes=["ham", "spam"]).fit(spread(votes.assign(gold=names)), "gold")
    assert_equal_models(there, here, votes, within=0)
    codes = np.full(1000, -1)
    codes[[3, 700]] = 0, 3
    four = DawidSkene(max_iter=500).fit(spread(votes.assign(gold=codes)), "gold")
    assert four.classes_.tolist() == [0, 1, 2, 3]
    assert_equal_models(four, DawidSkene(max_iter=500).fit(votes, codes), votes, within=0)


@each_model
def test_merged_rows_give_the_fit_of_one_machine(model, votes_of, assert_equal_models, monkeypatch):
    """With and without gold and weights; one machine merges equal rows here too."""
    votes, y = votes_of(20_000, m=5, k=2)
    rng = np.random.default_rng(1)
    gold, weight = np.where(rng.random(20_000) < 0.05, y, -1), rng.integers(3, size=20_000)
    whole, weighed = clone(model).fit(votes), clone(model).fit(votes, gold, weight)
    monkeypatch.setattr(parts, "AS_THEY_LIE", 1000)
    assert_equal_models(clone(model).fit(spread(votes, 40)), whole, votes)
    beside = spread(votes.assign(gold=gold, weight=weight), 40)
    assert_equal_models(clone(model).fit(beside, "gold", "weight"), weighed, votes)


@pytest.mark.parametrize("model", MODELS[:3], ids=lambda model: type(model).__name__)
@pytest.mark.parametrize(("m", "k"), [(12, 2), (8, 4), (40, 2)])
def test_sums_over_parts_give_the_fit_of_one_machine(model, m, k, votes_of, assert_equal_models, monkeypatch):
    """Where distinct rows are too many to come together, and each pass goes over the parts; rows are no sample."""
    votes, _ = votes_of(4000, m=m, k=k)
    weight = np.random.default_rng(1).random(4000)
    whole = clone(model).fit(votes, sample_weight=weight)
    monkeypatch.setattr(parts, "AS_THEY_LIE", 1000)
    monkeypatch.setattr(parts, "MOST_BYTES", 1000)
    beside = spread(votes.assign(weight=weight))
    assert_equal_models(clone(model).fit(beside, sample_weight="weight"), whole, votes)


def test_the_default_model_sums_too_and_looks_at_a_sample(votes_of, monkeypatch):
    """Its members polish on all rows; what each counts comes from a sample, as on one machine, but another one.

    The bound is ten times what 10,000 of 20,000 rows differ by on one machine when they are shuffled.
    """
    votes, _ = votes_of(20_000, m=10, k=2)
    whole, shuffled = LabelModel().fit(votes), LabelModel().fit(votes.sample(frac=1, random_state=0))
    monkeypatch.setattr(parts, "MOST_BYTES", 1000)
    model = LabelModel().fit(spread(votes))
    assert model.n_rows_ == 20_000
    apart = np.abs(model.predict_proba(votes) - whole.predict_proba(votes)).max()
    usual = np.abs(shuffled.predict_proba(votes) - whole.predict_proba(votes)).max()
    print(f"another sample: {usual:.1e}, sums over parts: {apart:.1e}")  # noqa: T201
    assert apart < max(10 * usual, 1e-3)
    np.testing.assert_allclose(model.accuracies_, whole.accuracies_, atol=1e-3)


def test_models_that_need_rows_say_so_where_there_are_too_many(votes_of, monkeypatch):
    """They fit merged rows as any model does."""
    votes, y = votes_of(2000, m=6, k=2)
    glad = GLAD(max_iter=3)
    with pytest.warns(UserWarning, match="GLAD"):
        assert glad.fit(spread(votes)).n_rows_ == 2000
    monkeypatch.setattr(parts, "MOST_BYTES", 1000)
    with pytest.raises(VoteError, match="GLAD needs them in one place"):
        glad.fit(spread(votes))
    with pytest.raises(VoteError, match="cannot learn from gold"):
        DawidSkene().fit(spread(votes.assign(gold=y)), "gold")


def test_models_of_richer_votes_take_hard_ones_from_a_cluster(votes_of):
    """As from anywhere; rich ones have no form there."""
    votes, _ = votes_of(1000, m=5, k=3)
    model, here = PartialLabelModel(max_iter=500).fit(spread(votes)), PartialLabelModel(max_iter=500).fit(votes)
    np.testing.assert_array_equal(model.predict_proba(votes), here.predict_proba(votes))
    np.testing.assert_array_equal(here.predict_proba(spread(votes)).compute(), here.predict_proba(votes))
    assert PartialLabelModel.takes is PartialVotes


@each_model
def test_predictions_are_those_of_one_machine(model, votes_of):
    """Lazy, partition by partition, the columns matched by name, with index and divisions."""
    votes, _ = votes_of(1000, m=5, k=3)
    votes.index = pd.Index(np.arange(1000) * 2, name="id")
    model = clone(model).set_params(classes=["a", "b", "c"]).fit(votes)
    lazy = dd.from_pandas(votes[list(votes.columns[::-1])], npartitions=4)
    proba = model.predict_proba(lazy)
    assert proba.divisions == lazy.divisions
    pd.testing.assert_frame_equal(
        proba.compute(), pd.DataFrame(model.predict_proba(votes), index=votes.index, columns=["a", "b", "c"])
    )
    soft, here = model.labels(lazy).compute(), model.labels(votes)
    np.testing.assert_array_equal(soft[["a", "b", "c"]], here.probs)
    np.testing.assert_array_equal(soft["weight"], here.weight)
    for ties in ("lowest", "abstain"):
        said = model.predict(lazy, ties=ties)
        assert said.compute().tolist() == model.predict(votes, ties=ties).tolist()
    with pytest.raises(ParameterError, match="number of a row"):
        model.predict(lazy, ties="random")
    with pytest.raises(VoteError, match="Missing labeling functions"):
        model.predict_proba(lazy.rename(columns={"lf0": "lf9"}))


def test_wrong_input_is_an_error(votes_of):
    """Never a silent computation of all rows here."""
    votes, y = votes_of(300, m=3, k=2)
    lazy, model = spread(votes), LabelModel().fit(votes)
    wrong = votes.copy()
    wrong.loc[299, "lf1"] = -7
    with pytest.raises(VoteError, match=r"'lf1' in row .* is -7") as error:
        LabelModel().fit(spread(wrong, 3))
    assert any("partition 2" in note for note in error.value.__notes__)
    for call in (lambda: model.score(lazy, y), lambda: model.partial_fit(lazy), lambda: model.explain(lazy)):
        with pytest.raises(VoteError, match="spread over a cluster"):
            call()
    with pytest.raises(ParameterError, match="y is ndarray; for votes of Dask"):
        LabelModel().fit(lazy, y)
    with pytest.raises(ColumnError, match="y: the votes have no column 'gold'"):
        LabelModel().fit(lazy, "gold")
    with pytest.raises(ParameterError, match="y has 2 partitions, and the votes have 7"):
        LabelModel().fit(lazy, spread(votes.assign(y=y), 2)["y"])
    with pytest.raises(ParameterError, match="zero for every row"):
        LabelModel().fit(spread(votes.assign(weight=0.0)), sample_weight="weight")
    assert model.n_rows_ == 300


@pytest.mark.parametrize(
    ("module", "load", "extra"), [("dask", import_dask, "dask"), ("pyspark.sql.types", import_spark, "spark")]
)
def test_a_missing_extra_says_what_to_install(module, load, extra, monkeypatch):
    """Frames of an engine that is not there cannot come in, but half an installation can be there."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf'pip install "weaklab\[{extra}\]"'):
        load()


@pytest.mark.slow
def test_a_worker_that_is_killed_while_it_votes_changes_nothing(cluster, texts, lfs, tmp_path, assert_equal_models):
    """The first worker to reach row 2,500 is killed there, once while votes are fetched and once in a fit."""
    with dask.config.set(scheduler=None):
        for name in ("votes", "fit"):
            killed = tmp_path / name

            @labeling_function
            def deadly(row, killed=killed):
                if row.id == 2500 and not killed.exists():
                    killed.touch()
                    os.kill(os.getpid(), signal.SIGKILL)
                return 1 if row.stars == 3 else None

            votes = apply([*lfs, deadly], spread(texts, 8))
            if name == "votes":
                there = votes.compute()
            else:
                model = LabelModel().fit(votes)
            assert killed.exists()
    here = apply([*lfs, deadly], texts, progress=False)
    pd.testing.assert_frame_equal(there, here)
    assert_equal_models(model, LabelModel().fit(here), here)


@pytest.mark.slow
def test_a_worker_that_is_killed_between_passes_changes_nothing(cluster, votes_of, assert_equal_models, monkeypatch):
    """What it held is made again by the others."""
    votes, _ = votes_of(4000, m=8, k=2)
    monkeypatch.setattr(parts, "MOST_BYTES", 1000)
    step, passes = SpreadProblem.step, []

    def deadly(problem, *rule, **options):
        passes.append(1)
        if len(passes) == 3:
            os.kill(next(iter(cluster.run(os.getpid).values())), signal.SIGKILL)
        return step(problem, *rule, **options)

    monkeypatch.setattr(SpreadProblem, "step", deadly)
    with dask.config.set(scheduler=None):
        model = DawidSkene(max_iter=500).fit(spread(votes, 8))
    assert len(passes) > 3
    assert_equal_models(model, DawidSkene(max_iter=500).fit(votes), votes)
