"""Arrays of images: standardised by channel for our networks, as they are for a user's module."""

from __future__ import annotations

from typing import Any

import numpy as np

from weaklab.exceptions import FrameError


class ImageArray:
    """Images as one array: of shape (n, h, w), or (n, h, w, c) with c channels last.

    Parameters
    ----------
    as_is : bool, default=False
        Leave the values as they are (as float32), in the shape given, for a module that knows what to do with them.
        Otherwise each channel is standardised by the mean and the standard deviation of all its pixels.

    Attributes
    ----------
    shape_ : tuple of int
        The shape of one image.
    mean_, std_ : ndarray
        Of each channel at fit; 0 and 1 with ``as_is``.

    Examples
    --------
    >>> images = ImageArray()
    >>> images.fit_transform(np.array([[[0, 255]], [[0, 255]]], dtype=np.uint8))[0]
    array([[-1.,  1.]], dtype=float32)
    >>> images.detail
    'images of 1 x 2, standardised'
    """

    def __init__(self, as_is: bool = False) -> None:
        self.as_is = as_is

    @property
    def n_columns(self) -> int:
        """How many numbers an image holds."""
        return int(np.prod(self.shape_))

    @property
    def detail(self) -> str:
        """What was learnt, in words."""
        return f"images of {' x '.join(map(str, self.shape_))}, {'as they are' if self.as_is else 'standardised'}"

    def fit_transform(self, images: Any) -> np.ndarray:
        """Learn from images, and encode them."""
        array = _pixels(images)
        if not array.size:
            raise FrameError(f"Found images of shape {array.shape}, which hold nothing to learn from.")
        self.shape_ = array.shape[1:]
        self.mean_, self.std_ = np.zeros((), dtype=np.float32), np.ones((), dtype=np.float32)
        if not self.as_is:
            axes = (0, 1, 2)
            self.mean_ = np.asarray(array.mean(axis=axes, dtype=np.float64), dtype=np.float32)  # (c,) or ()
            std = np.asarray(array.std(axis=axes, dtype=np.float64), dtype=np.float32)
            self.std_ = np.where(std > 0, std, np.float32(1))
        return self._encode(array)

    def transform(self, images: Any) -> np.ndarray:
        """Encode images, (n, h, w[, c]) of float32."""
        array = _pixels(images)
        if array.shape[1:] != self.shape_:
            raise FrameError(f"The model was fitted on images of shape {self.shape_}, these are of {array.shape[1:]}.")
        return self._encode(array)

    def _encode(self, array: np.ndarray) -> np.ndarray:
        return np.asarray((array - self.mean_) / self.std_, dtype=np.float32)


def _pixels(images: Any) -> np.ndarray:
    """An array of finite float32."""
    array = np.asarray(images)
    if array.dtype.kind not in "buif":
        raise FrameError(f"Images must be arrays of numbers, got {array.dtype}.")
    array = array.astype(np.float32)
    if not np.isfinite(array).all():
        row = int(np.argwhere(~np.isfinite(array))[0][0])
        raise FrameError(f"Image {row} holds NaN or infinity.")
    return array
