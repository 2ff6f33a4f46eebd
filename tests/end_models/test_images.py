"""Arrays of images: through our small networks, or as they are into a user's module."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from weaklab.end_models import EndModel, FeaturePlan
from weaklab.exceptions import FrameError, ParameterError


@pytest.fixture(scope="module")
def digits():
    bunch = load_digits()
    return bunch.images, bunch.target


def _soft(y, rng, k=10, right=0.8):
    """Soft labels whose most probable class is wrong one time in five."""
    named = np.where(rng.random(len(y)) < right, y, rng.integers(0, k, len(y)))
    return 0.8 * np.eye(k)[named] + 0.2 / k


def test_convolutions_read_digits_from_noisy_soft_labels(digits, rng):
    """8 x 8 pixels, 1,200 rows, a fifth of the labels redrawn: held-out accuracy beyond that of the labels."""
    images, y = digits
    soft = _soft(y[:1200], rng)
    labels = (soft.argmax(axis=1) == y[:1200]).mean()
    model = EndModel(max_epochs=15, learning_rate=0.01, batch_size=64).fit(images[:1200], soft)
    assert model.score(images[1200:], y[1200:]) > labels + 0.05
    linear = EndModel(hidden=None, max_epochs=15).fit(images[:1200], soft)
    assert linear.score(images[1200:], y[1200:]) > 0.8
    assert model.features_.table().loc[0, ["kind", "features", "detail"]].tolist() == [
        "images", 64, "images of 8 x 8, standardised",
    ]  # fmt: skip
    assert model.n_features_in_ == 64


def test_colours_are_channels_last(rng):
    """The class is in one channel only."""
    y = rng.integers(0, 2, 200)
    images = rng.normal(size=(200, 6, 5, 3))
    images[..., 2] += 2 * y[:, None, None]
    model = EndModel(max_epochs=10, learning_rate=0.01).fit(images[:150], y[:150])
    assert model.score(images[150:], y[150:]) > 0.95
    np.testing.assert_array_equal(model.predict(images[:0]), [])


class Sees(torch.nn.Module):
    """Remembers what it saw."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)
        self.seen = None

    def forward(self, rows):
        self.seen = rows
        return self.layer(rows.flatten(1))


def test_a_module_gets_images_as_they_are():
    """Its own normalisation, its own order of channels: neither shape nor values are ours to change."""
    images = np.arange(24, dtype=np.uint8).reshape(6, 1, 2, 2)  # channels first, as torch's layers want them
    model = EndModel(module=Sees(), max_epochs=1, validation_fraction=0).fit(images, [0, 1] * 3)
    model.predict(images)
    assert model.module_.seen.dtype == torch.float32
    np.testing.assert_array_equal(model.module_.seen.numpy(), images)
    assert "as they are" in model.features_.table().loc[0, "detail"]


def test_same_seed_same_weights(digits):
    """Convolutions draw their first weights from the seed."""
    images, y = digits
    first, second = (EndModel(max_epochs=1, random_state=3).fit(images[:100], y[:100]) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(images[:20]), second.predict_proba(images[:20]))


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.full((3, 4, 4), np.nan), "Image 0 holds NaN"),
        (np.zeros((0, 4, 4)), "hold nothing"),
        (np.full((2, 2, 2), "a"), "arrays of numbers"),
    ],
)
def test_what_is_no_image_is_refused(images, message):
    """By its row."""
    with pytest.raises(FrameError, match=message):
        FeaturePlan().fit_transform(images)


def test_images_of_another_size_are_refused(digits):
    """A network is made for one size."""
    images, y = digits
    model = EndModel(max_epochs=1).fit(images[:50], y[:50])
    with pytest.raises(FrameError, match=r"shape \(8, 8\), these are of \(4, 8\)"):
        model.predict(images[:5, :4])
    with pytest.raises(FrameError, match="cannot read a matrix"):
        model.predict(images[:5].reshape(5, 64))
    with pytest.raises(ParameterError, match="failed on rows of shape"):
        EndModel(module=torch.nn.Linear(3, 10), max_epochs=1).fit(images[:50], y[:50])
    with pytest.raises(ParameterError, match="gave logits of shape"):
        EndModel(module=torch.nn.Linear(8, 10), max_epochs=1).fit(images[:50], y[:50])


def test_a_list_of_images_is_an_array_of_them(rng):
    """As they come from files, one by one; those of several shapes are told."""
    images = rng.integers(0, 255, (20, 6, 5)).astype(np.uint8)
    y = np.arange(20) % 2
    model = EndModel(max_epochs=1).fit(list(images), y)
    np.testing.assert_array_equal(model.predict_proba(list(images)), model.predict_proba(images))
    with pytest.raises(FrameError, match=r"of row 0 is \(6, 5\), that of row 1 \(6, 4\)"):
        model.predict([images[0], images[1][:, :4]])
