"""Rows that stay in memory or in a file: the same weights as if they lay on the device, and no copy of the file."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from weaklab.end_models import EndModel, EndRegressor, SparseRows
from weaklab.end_models import streaming as streaming_module
from weaklab.end_models.rows import device_rows, take
from weaklab.end_models.streaming import StreamedRows, place_rows
from weaklab.exceptions import FrameError, ParameterError, WeaklabWarning
from weaklab.votes import SoftLabels

CPU = torch.device("cpu")


def _data(rng, n=3000, columns=12):
    X = rng.normal(loc=3, scale=5, size=(n, columns)).astype(np.float32)
    y = (X[:, :3].mean(axis=1) > 3).astype(int)
    soft = np.where(y[:, None] == [0, 1], 0.85, 0.15)
    return (
        X,
        y,
        SoftLabels(soft, weight=(rng.random(n) < 0.8).astype(float), gold=np.where(rng.random(n) < 0.05, y, -1)),
    )


def _weights(model):
    return {name: value.clone() for name, value in model.module_.state_dict().items()}


def _assert_same(first, second):
    for name, value in _weights(first).items():
        assert torch.equal(value, _weights(second)[name]), name
    assert first.history_.drop(columns="seconds").equals(second.history_.drop(columns="seconds"))
    assert first.temperature_ == second.temperature_
    assert str(first.fit_report_) == str(second.fit_report_)


@pytest.mark.parametrize("form", ["dense", "sparse", "texts", "file"])
@pytest.mark.parametrize("options", [{}, {"accumulate": 3, "batch_size": 100, "validation_fraction": 0}], ids=repr)
def test_streamed_rows_train_the_same_weights_to_the_bit(rng, tmp_path, form, options):
    """Where rows lie is no part of what is learnt: batches, report, temperature and probabilities are the same."""
    X, _, soft = _data(rng)
    given = X
    if form == "sparse":
        given = X = sp.csr_array(np.where(X > 5, X, 0))
    elif form == "texts":
        given = X = [" ".join("abcdefghijkl"[i] * 3 for i in np.flatnonzero(row > 3)) for row in X]
    elif form == "file":
        np.save(tmp_path / "X.npy", X)
        given = np.load(tmp_path / "X.npy", mmap_mode="r")
    resident = EndModel(max_epochs=4, stream=False, hidden=8, **options).fit(X, soft)
    streamed = EndModel(max_epochs=4, stream=True, hidden=8, **options).fit(given, soft)
    _assert_same(resident, streamed)
    np.testing.assert_array_equal(streamed.predict_proba(given), resident.predict_proba(X))
    np.testing.assert_array_equal(streamed.predict_proba(X), resident.predict_proba(given))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA card")
@pytest.mark.parametrize("sparse", [False, True])
def test_a_card_is_sent_the_same_rows(rng, sparse):
    """Copied from pinned memory on a stream of their own; nothing is read before it has arrived."""
    X, _, soft = _data(rng, n=20_000, columns=300)
    given = sp.csr_array(np.where(X > 5, X, 0)) if sparse else X
    resident, streamed = (
        EndModel(max_epochs=3, stream=stream, device="cuda").fit(given, soft) for stream in (False, True)
    )
    for name, value in _weights(resident).items():
        torch.testing.assert_close(value, _weights(streamed)[name], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(streamed.predict_proba(given), resident.predict_proba(given), atol=1e-4)


def test_a_regression_on_streamed_rows_is_the_same(rng):
    """It trains the same way."""
    X, _, _ = _data(rng)
    y = X @ np.arange(12)
    found = [EndRegressor(max_epochs=3, stream=stream).fit(X, y).predict(X) for stream in (False, True)]
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("form", ["dense", "sparse", "file"])
@pytest.mark.parametrize("k", [2, 3])
def test_linear_classifiers_on_streamed_rows_are_the_same_up_to_rounding(rng, tmp_path, form, k):
    """L-BFGS multiplies all rows at once; streamed, it sums over slices of them."""
    X, y, _ = _data(rng, n=40_000)
    y = y + (k == 3) * (X[:, 3] > 3)
    given = X
    if form == "sparse":
        given = X = sp.csr_array(np.where(X > 5, X, 0))
    elif form == "file":
        np.save(tmp_path / "X.npy", X)
        given = np.load(tmp_path / "X.npy", mmap_mode="r")
    resident = EndModel(hidden=None, stream=False).fit(X, y)
    streamed = EndModel(hidden=None, stream=True).fit(given, y)
    assert streamed.learning_rate_ is None  # L-BFGS it was
    np.testing.assert_allclose(streamed.predict_proba(given), resident.predict_proba(X), atol=2e-3)


def _anonymous_memory() -> int:
    """Bytes of this process that are no file's, where the system tells."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("needs /proc/self/status")
    line = next(line for line in status.read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_matrix_in_a_file_is_never_loaded_whole(tmp_path, dtype):
    """At fit, by report and calibration, and at prediction: less than a third of the rows, numpy's memory and torch's.

    The first rows are far from the others, so that means have to be taken in float64.
    """
    n, columns = 120_000, 150
    X = np.lib.format.open_memmap(tmp_path / "X.npy", mode="w+", dtype=dtype, shape=(n, columns))
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, n)
    for start in range(0, n, 10_000):
        part = slice(start, start + 10_000)
        X[part] = rng.normal(size=(10_000, columns)) + y[part, None]
    X[:1000] += 1000
    X.flush()
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    soft = SoftLabels(np.where(y[:, None] == [0, 1], 0.9, 0.1), gold=np.where(rng.random(n) < 0.01, y, -1))
    EndModel(max_epochs=1).fit(np.zeros((100, columns), np.float32), np.arange(100) % 2)  # what the first call loads
    before, seen = _anonymous_memory(), []
    tracemalloc.start()
    try:
        model = EndModel(max_epochs=2, hidden=4, callbacks=[lambda row, module: seen.append(_anonymous_memory())])
        model.fit(X, soft)
        assert model.predict(X).shape == (n,)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    rows_alone = n * columns * 4
    assert peak < rows_alone / 3
    assert max(seen) - before < rows_alone / 3
    assert model.features_.encoders_["(matrix)"].mean_ == pytest.approx(X.mean(axis=0, dtype=float))
    assert model.features_.encoders_["(matrix)"].std_ == pytest.approx(X.std(axis=0, dtype=float), rel=1e-5)


def test_a_number_that_is_none_is_found_in_a_file(tmp_path):
    """Row and column, without loading it whole."""
    X = np.lib.format.open_memmap(tmp_path / "X.npy", mode="w+", dtype=np.float32, shape=(9000, 4))
    X[:] = 1
    X[8000, 3] = np.nan
    with pytest.raises(FrameError, match="first is in row 8000, column 3"):
        EndModel(stream=True).fit(X, np.arange(9000) % 2)


@pytest.mark.parametrize("sparse", [False, True])
def test_what_is_taken_is_what_was_asked_for_whatever_was_expected(rng, sparse):
    """In turn, out of turn, again, halved, and none at all."""
    matrix = rng.normal(size=(50, 4)).astype(np.float32)
    held = device_rows(sp.csr_array(matrix), CPU) if sparse else torch.from_numpy(matrix)
    rows = StreamedRows(held, CPU)

    def check(index):
        got = take(rows, index)
        got = got.to_dense() if isinstance(got, SparseRows) else got
        np.testing.assert_array_equal(got.numpy(), matrix[index.numpy()])

    order = torch.from_numpy(rng.permutation(50))
    parts = list(order.split(8))
    rows.expect(parts)
    check(parts[0])
    check(parts[1])
    check(parts[2][:4])  # halved
    check(parts[2][4:])
    check(parts[0])
    rows.expect(parts)
    check(parts[1])
    rows.expect([])
    check(order[:0])
    assert (len(rows), rows.shape, rows.numel(), rows.sparse) == (50, (50, 4), 200, sparse)


class Small(torch.nn.Module):
    """A device that has memory for so many rows."""

    def __init__(self, columns, k, most):
        super().__init__()
        self.layer, self.most = torch.nn.Linear(columns, k), most

    def forward(self, x):
        if len(x) > self.most:
            raise torch.OutOfMemoryError(f"no memory for {len(x)} rows")
        return self.layer(x)


def test_batches_are_halved_where_memory_ends(rng):
    """Also in the middle of what was expected."""
    X, y, _ = _data(rng)
    found = []
    for stream in (False, True):
        with pytest.warns(WeaklabWarning, match="ran out of memory"):
            found.append(
                EndModel(module=lambda c, k: Small(c, k, 40), max_epochs=2, batch_size=128, stream=stream).fit(X, y)
            )
    _assert_same(*found)


def test_training_goes_on_from_a_checkpoint_of_resident_rows(rng, tmp_path):
    """Rows are told by what they hold, not by where."""
    X, _, soft = _data(rng)
    whole = EndModel(max_epochs=4, hidden=8, validation_fraction=0).fit(X, soft)
    file = tmp_path / "run.state"
    options = {"hidden": 8, "validation_fraction": 0, "checkpoint": file}
    EndModel(max_epochs=2, **options).fit(X, soft)
    resumed = EndModel(max_epochs=4, stream=True, **options).fit(X, soft)
    _assert_same(whole, resumed)


def test_auto_streams_large_files_and_what_a_card_cannot_hold(rng, tmp_path, monkeypatch):
    """Small files are read once; on the CPU rows lie in memory already."""
    X, y, _ = _data(rng)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    plan = EndModel(max_epochs=1).fit(mapped, y).features_
    features = plan.transform(mapped)
    assert isinstance(place_rows(X, CPU), torch.Tensor)
    assert isinstance(place_rows(features, CPU), torch.Tensor)
    monkeypatch.setattr(streaming_module, "SMALL", 1000)
    assert isinstance(place_rows(features, CPU), StreamedRows)
    assert isinstance(place_rows(features, CPU, False), torch.Tensor)
    np.testing.assert_array_equal(np.asarray(features[np.array([3, 1])]), plan.transform(X)[[3, 1]])


def test_stream_must_be_a_choice(rng):
    """As all arguments."""
    X, y, _ = _data(rng, n=20)
    with pytest.raises(ParameterError, match="stream='yes' must be 'auto', True or False"):
        EndModel(stream="yes").fit(X, y)
