"""Labeling functions as a step of a scikit-learn Pipeline."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import NotFittedError

from weaklab.apply.applier import AnyLF, OnError, apply
from weaklab.apply.frames import read_frame
from weaklab.apply.plan import make_plan
from weaklab.exceptions import LabelingFunctionError
from weaklab.labeling import VoteCoder
from weaklab.typing import Classes, Frame


class LFTransformer(TransformerMixin, BaseEstimator):
    """Turn a frame into votes: :func:`weaklab.apply` as the first step of a Pipeline.

    ``make_pipeline(LFTransformer(lfs), LabelModel())`` takes frames where a label model takes votes, and so can be
    cross-validated, searched and put together with whatever takes classifiers. There is nothing to learn: ``fit``
    checks the labeling functions against the frame. Clones share the labeling functions, which nothing changes.

    Parameters
    ----------
    lfs : labeling function, or iterable of labeling functions
        What to run, as for ``apply``; each ``output="hard"``. Other processes, as of ``cross_val_score(n_jobs=2)``,
        need decorated or declarative ones, which can be pickled.
    classes : int, sequence of hashable, or None
        The classes, as for ``apply``; the label model needs the same.
    on_error, n_jobs, cache, timeout, progress
        As for ``apply``; no progress bar by default.

    Attributes
    ----------
    n_features_in_ : int
        How many columns the frame had.
    feature_names_in_ : ndarray of str
        Their names, where all are strings.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> import weaklab as wl
    >>> lfs = [wl.keyword_lf("win", column="text", label=1), wl.keyword_lf("hello", column="text", label=0)]
    >>> frame = pd.DataFrame({"text": ["hello you", "win money", "hello, win"] * 9})
    >>> pipe = make_pipeline(LFTransformer(lfs), wl.MajorityVote()).fit(frame)
    >>> pipe.predict(frame[:2])
    array([0, 1])
    >>> pipe[0].get_feature_names_out()
    array(['win', 'hello'], dtype=object)
    """

    def __init__(
        self,
        lfs: AnyLF | Iterable[AnyLF],
        *,
        classes: Classes = None,
        on_error: OnError = "raise",
        n_jobs: int = 1,
        cache: str | os.PathLike[str] | Literal[False] | None = None,
        timeout: float | None = None,
        progress: bool = False,
    ) -> None:
        self.lfs = lfs
        self.classes = classes
        self.on_error = on_error
        self.n_jobs = n_jobs
        self.cache = cache
        self.timeout = timeout
        self.progress = progress

    def fit(self, X: Frame, y: Any = None) -> Self:
        """Check that the labeling functions can run on such a frame.

        Parameters
        ----------
        X : frame
            Anything that ``apply`` takes.
        y : ignored
            Gold, for the steps that follow.

        Returns
        -------
        self

        Raises
        ------
        LabelingFunctionError, ColumnError, FrameError, ClassError
            As ``apply`` before it runs anything; also if a labeling function votes sets or distributions.
        """
        reader = read_frame(X)
        plan = make_plan(self.lfs, reader, VoteCoder(self.classes))
        if plan.output != "hard":
            raise LabelingFunctionError(
                f"A step of a Pipeline gives one class per vote, and among these labeling functions are some of "
                f"output={plan.output!r}: call apply, and give its votes to the label model."
            )
        self._names = np.array(plan.names, dtype=object)
        self.n_features_in_ = len(reader.names)
        self.__dict__.pop("feature_names_in_", None)
        if reader.names and all(isinstance(name, str) for name in reader.names):
            self.feature_names_in_ = np.array(reader.names, dtype=object)
        return self

    def transform(self, X: Frame) -> pd.DataFrame:
        """The votes on a frame.

        Parameters
        ----------
        X : frame
            Anything that ``apply`` takes, with the columns that the labeling functions read; other columns than at
            ``fit`` are no matter.

        Returns
        -------
        DataFrame of shape (n, m)
            As of ``apply``; what ``set_output`` says, where it was called.

        Raises
        ------
        WeaklabError
            As ``apply``.
        """
        self._check_fitted()
        return apply(
            self.lfs,
            X,
            classes=self.classes,
            on_error=self.on_error,
            n_jobs=self.n_jobs,
            cache=self.cache,
            timeout=self.timeout,
            progress=self.progress,
        )

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The names of the labeling functions, an array of str of shape (m,).

        Parameters
        ----------
        input_features : ignored
            The columns of votes are named by the functions, whatever the columns of the frame.
        """
        self._check_fitted()
        return self._names.copy()

    def _check_fitted(self) -> None:
        if not hasattr(self, "_names"):
            raise NotFittedError("This LFTransformer is not fitted yet: call fit, which checks its functions.")

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_names")

    def __sklearn_clone__(self) -> Self:
        # A deep copy of labeling functions would copy what they ask, such as models, and lose the votes kept for them.
        return type(self)(**self.get_params(deep=False))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = True
        return tags
