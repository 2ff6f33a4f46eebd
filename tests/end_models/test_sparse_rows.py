"""Sparse rows in torch: sliced, multiplied and differentiated as the dense matrix is."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from weaklab.end_models import FirstLayer, SparseRows
from weaklab.end_models.networks import run_module
from weaklab.end_models.rows import device_rows, take
from weaklab.exceptions import ParameterError

CPU = torch.device("cpu")


@pytest.fixture(params=[0.0, 0.05, 0.5], ids=["empty", "sparse", "half full"])
def matrix(request, rng):
    """Rows and columns without entries occur at every density."""
    matrix = sp.random_array((40, 30), density=request.param, format="csr", dtype=np.float32, rng=rng)
    matrix[[3, 17]] *= 0
    matrix.eliminate_zeros()
    return matrix


def _equal(rows: SparseRows, dense: np.ndarray) -> None:
    assert rows.shape == dense.shape
    np.testing.assert_array_equal(rows.to_dense().numpy(), dense)


def test_rows_are_taken_in_the_order_asked_and_as_often(matrix, rng):
    """Batches are slices; a row may come twice, and no rows are a batch too."""
    rows = device_rows(matrix, CPU)
    for index in (rng.integers(0, 40, 25), np.array([5, 5, 5]), np.array([], dtype=int)):
        at = torch.from_numpy(index)
        _equal(rows.take(at), matrix.toarray()[index])
        _equal(rows.gather(at), matrix.toarray()[index])  # what runs on a card gives the same as what runs here
        np.testing.assert_array_equal(take(torch.from_numpy(matrix.toarray()), at), matrix.toarray()[index])


def test_transposes_agree_to_the_entry(matrix):
    """One runs on the CPU, one on cards; the order of the entries decides the bits of a gradient."""
    rows = device_rows(matrix, CPU)
    a, b = rows.transposed(), rows.sorted_by_column()
    _equal(a, matrix.toarray().T)
    for field in ("indptr", "columns", "values"):
        torch.testing.assert_close(getattr(a, field), getattr(b, field), rtol=0, atol=0)


def test_the_product_and_its_gradient_are_those_of_the_dense_matrix(matrix, rng):
    """Training on sparse rows must follow the gradient that it claims to follow."""
    dense = torch.from_numpy(matrix.toarray())
    start = torch.from_numpy(rng.normal(size=(30, 7)).astype(np.float32))
    upstream = torch.from_numpy(rng.normal(size=(40, 7)).astype(np.float32))
    gradients = []
    for rows in (dense, device_rows(matrix, CPU)):
        weight = start.clone().requires_grad_()
        out = rows @ weight
        torch.testing.assert_close(out, dense @ start)
        out.backward(upstream)
        gradients.append(weight.grad)
    torch.testing.assert_close(*gradients)


def test_the_first_layer_takes_dense_and_sparse_rows_alike(matrix):
    """One layer serves both, so that a user's module can too."""
    layer = FirstLayer(30, 4, torch.Generator().manual_seed(0))
    torch.testing.assert_close(layer(device_rows(matrix, CPU)), layer(torch.from_numpy(matrix.toarray())))


def test_a_module_that_knows_no_sparse_rows_gets_dense_ones(matrix):
    """Any nn.Module must work on any features."""
    layer = torch.nn.Linear(30, 2)
    logits, features = run_module(layer, device_rows(matrix, CPU), 2)
    torch.testing.assert_close(logits, layer(torch.from_numpy(matrix.toarray())))
    assert features is None


def test_a_module_that_gives_something_else_is_named():
    """torch's own error would come from the loss and name neither."""
    with pytest.raises(ParameterError, match=r"Linear gave logits of shape \(4, 3\) for 4 rows and 2 classes"):
        run_module(torch.nn.Linear(5, 3), torch.zeros(4, 5), 2)
    with pytest.raises(ParameterError, match=r"Linear failed on rows of shape \(4, 6\)"):
        run_module(torch.nn.Linear(5, 2), torch.zeros(4, 6), 2)
    with pytest.raises(ParameterError, match="str"):
        run_module(_Talker(), torch.zeros(4, 6), 2)


class _Talker(torch.nn.Module):
    def forward(self, rows):
        return "logits"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA card")
def test_cards_give_what_the_cpu_gives(matrix, rng):
    """The paths differ by device; up to rounding the numbers must not."""
    start = torch.from_numpy(rng.normal(size=(30, 7)).astype(np.float32))
    results = []
    for device in (CPU, torch.device("cuda")):
        weight = start.to(device).requires_grad_()
        rows = device_rows(matrix, device).take(torch.arange(0, 40, 3, device=device))
        out = rows @ weight
        out.square().sum().backward()
        results.append((out.detach().cpu(), weight.grad.cpu()))
    torch.testing.assert_close(*results)
