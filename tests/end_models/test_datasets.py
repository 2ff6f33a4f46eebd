"""Rows of a torch Dataset: the weights of the same rows as images, read batch by batch and never kept."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from weaklab.end_models import EndModel, EndRegressor, JointModel, RandomFeatureClassifier
from weaklab.exceptions import FrameError, ParameterError
from weaklab.votes import SoftLabels

X = np.random.default_rng(0).normal(size=(400, 6)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)
P = np.column_stack([0.9 - 0.8 * Y, 0.1 + 0.8 * Y])


class Pictures(Dataset):
    """Rows (2, 3), and how often each was read; with noise where it is asked for."""

    def __init__(self, rows=X, noise=0.0):
        self.rows, self.noise, self.reads = rows.reshape(-1, 2, 3), noise, np.zeros(len(rows), dtype=int)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, row):
        self.reads[row] += 1
        x = torch.from_numpy(self.rows[row])
        return x + self.noise * torch.randn(x.shape), "what else an item holds"


class Stream(IterableDataset):
    def __iter__(self):
        return iter(X)


def _module(n_columns, k):
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(n_columns, 16), nn.ReLU(), nn.Linear(16, k))


def test_a_dataset_trains_the_same_weights_as_its_rows_in_memory():
    """A module gets images as they are, and so it gets the items of a Dataset: each is read as it is needed."""
    pictures = Pictures()
    model = EndModel(module=_module, max_epochs=4).fit(pictures, P)
    same = EndModel(module=_module, max_epochs=4).fit(pictures.rows, P)
    for name, value in same.module_.state_dict().items():
        assert torch.equal(value, model.module_.state_dict()[name]), name
    assert pictures.reads.max() <= 2 + 4 + 3  # the shape and the report, four epochs, the temperature
    np.testing.assert_array_equal(model.predict_proba(pictures), same.predict_proba(pictures.rows))
    assert model.score(pictures, Y) > 0.9
    assert model.n_features_in_ == 6
    assert "read when they are wanted" in str(model.features_.table())


@pytest.mark.parametrize("hidden", [None, 16])
def test_flat_rows_need_no_module(hidden):
    """Tuples (x, ...) of tensors, as TensorDataset gives them; rows without weight are left out, gold is scored."""
    soft = SoftLabels(P, weight=(np.arange(400) % 4 > 0).astype(float), gold=np.where(np.arange(400) % 5, -1, Y))
    data = TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    model = EndModel(hidden=hidden, max_epochs=20).fit(data, soft)
    assert model.score(data, Y) > 0.9
    kept = EndModel(hidden=hidden, max_epochs=20, stream=False).fit(data, soft)  # all read once
    np.testing.assert_allclose(kept.predict_proba(data), model.predict_proba(data), rtol=1e-4)
    numbers = EndRegressor(hidden=hidden, learning_rate=0.02).fit(data, X[:, 0])
    assert numbers.score(data, X[:, 0]) > 0.8


def test_items_that_draw_at_random_are_the_same_for_a_seed():
    """They are read by the thread that trains, from torch's seeded state, which the program gets back as it was."""
    before = torch.get_rng_state()
    first, again = (EndModel(module=_module, max_epochs=3).fit(Pictures(noise=0.5), P) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert first.history_["train_loss"].tolist() == again.history_["train_loss"].tolist()


def test_what_is_no_dataset_of_rows_is_told():
    """What users have at hand instead, with what to give."""
    data, texts = TensorDataset(torch.from_numpy(X)), [(text,) for text in "ab"]
    odd = X.copy()
    odd[7, 2] = np.nan

    class Texts(Pictures):
        def __getitem__(self, row):
            return texts[row % 2]

    class Ragged(Pictures):
        def __getitem__(self, row):
            return X[row, : 2 + (row == 9)]

    for given, message in (
        (DataLoader(data), r"DataLoader.*give its \.dataset"),
        (Stream(), r"Stream, which cannot be read by row number.*__getitem__ and __len__"),
        (Texts(), "Item 0 of the Dataset holds str 'a'"),
        (TensorDataset(torch.arange(400)), "Item 0 of the Dataset holds Tensor"),
        (Ragged(), r"row 9 is of \(3,\), others are of \(2,\)"),
        (TensorDataset(torch.from_numpy(odd)), "Item 7 of the Dataset holds NaN"),
        (TensorDataset(torch.zeros(0, 2)), "0 rows"),
    ):
        with pytest.raises(FrameError, match=message):
            EndModel(max_epochs=1).fit(given, P)
    with pytest.raises(ParameterError, match="encode= does not go with a Dataset"):
        EndModel(encode=np.asarray).fit(data, P)
    with pytest.raises(FrameError, match="takes no Dataset"):
        RandomFeatureClassifier().fit(data, Y)
    with pytest.raises(FrameError, match="takes no Dataset"):
        JointModel().fit(np.zeros((400, 2), dtype=int), data)
    model = EndModel(max_epochs=1).fit(data, P)
    with pytest.raises(FrameError, match=r"rows of shape \(6,\); these, of a Dataset, are of \(2,\)"):
        model.predict(TensorDataset(torch.from_numpy(X[:, :2])))
    with pytest.raises(FrameError, match=r"fitted on a Dataset.*cannot read a matrix"):
        model.predict(X)
