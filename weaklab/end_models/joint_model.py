"""Votes, features and end model learn together: no label model in between."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from weaklab.end_models.borrowing import borrowed_torch
from weaklab.end_models.end_model import EndModel
from weaklab.end_models.inputs import read_input
from weaklab.end_models.joint_network import JointBuilder, JointLoss, vote_log_probs
from weaklab.end_models.parameters import check_choice, check_count, check_number
from weaklab.end_models.rows import take
from weaklab.end_models.streaming import place_rows
from weaklab.exceptions import FrameError, ParameterError, VoteError, WeaklabWarning, warn_caller
from weaklab.persistence import Savable
from weaklab.seeding import generator
from weaklab.typing import Classes, Floats, Seed
from weaklab.votes import SoftLabels, VoteMatrix, check_classes, check_votes
from weaklab.votes.seen_rows import match_names

_SLICE = 4096


class JointModel(Savable, ClassifierMixin, BaseEstimator):
    r"""A classifier that learns from votes directly, and learns whom to trust from what it can predict.

    An encoder sees the votes and the features of a row and weighs the labeling functions; the weighted votes are the
    soft label on which an end model, which sees the features alone, is trained; and the encoder is trained on what the
    end model predicts, so that on each row those labeling functions gain weight that agree with it.

    Parameters
    ----------
    column, columns, encode
        The features, as for :class:`~weaklab.end_models.EndModel`.
    classes : int or sequence of hashable, optional
        The classes; None infers their number from the votes.
    hidden : int or None, default=100
        The hidden units of the end model; None is linear.
    encoder : {"both", "votes"}, default="both"
        What the encoder sees. With "votes" it sees no features, so that weights are learnt for each pattern of votes:
        rows with the same votes have the same weights, which :meth:`pattern_weights` lists.
    encoder_hidden : int, default=70
        The hidden units of the encoder.
    start : int, default=3
        For how many epochs the end model learns alone, from votes that all weigh alike; fewer than ``max_epochs``.
    max_epochs : int, default=10
        How many passes over the rows that have votes. There is no held-out truth to stop by, and too many let the two
        agree on what is easy.
    device, random_state, batch_size, learning_rate, weight_decay, dropout, max_features, n_jobs, progress
        As for :class:`~weaklab.end_models.EndModel`.

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
        The class names, or codes.
    lf_weights_ : Series of length m
        The mean weight of each labeling function over the rows that it votes on, in [0, sqrt(m)]; NaN where it never
        votes. Their sum over all labeling functions is sqrt(m) in each row. They say how much a labeling function
        counted, not how accurate it is: on planted votes the two did not go together.
    model_ : EndModel
        The end model, with the features, the history and the report of the fit.

    Notes
    -----
    The model is that of Cachay, Boecking and Dubrawski (2021), "End-to-end weak supervision",
    doi:10.48550/arXiv.2107.02233, with an end model that starts alone and an encoder that learns slowly, since without
    gold rows to stop by the pair drifts to the more frequent class. It is no safe choice where classes are unbalanced:
    compare it with ``EndModel`` on a label model's soft labels, which was the better of the two on most of the data
    that it was measured on (docs/benchmarks/joint-model.md).

    The end model is linear or has one hidden layer. There is no ``module=``, as what is trained is one network that
    holds the encoder too; a module of your own can learn from the soft labels that :meth:`labels` gives:
    ``EndModel(module=...).fit(X, joint.labels(votes, X))``.

    ``fit`` takes votes and rows, ``predict`` and :meth:`score` rows and labels, so that ``cross_val_score`` and
    ``GridSearchCV``, which score by what they fit, give NaN: hold gold rows out, fit on ``votes`` and X of the others,
    and call ``score(X, y)`` on those.

    Examples
    --------
    >>> from weaklab.datasets import make_votes
    >>> planted = make_votes(n=500, m=5, coverage=0.6, random_state=0)
    >>> X = planted.y[:, None] + np.random.default_rng(0).normal(0, 0.3, (500, 1))
    >>> model = JointModel(hidden=None).fit(planted.votes, X)
    >>> bool(model.score(X, planted.y) > 0.9)
    True
    """

    def __init__(
        self,
        *,
        column: Hashable = None,
        columns: Mapping[Hashable, Any] | Sequence[Hashable] | None = None,
        encode: Any = None,
        classes: Classes = None,
        hidden: int | None = 100,
        encoder: Literal["both", "votes"] = "both",
        encoder_hidden: int = 70,
        start: int = 3,
        device: str | torch.device = "auto",
        random_state: Seed = None,
        max_epochs: int = 10,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        weight_decay: float = 0.01,
        dropout: float = 0.3,
        max_features: int = 2**15,
        n_jobs: int | None = 1,
        progress: bool | None = None,
    ) -> None:
        self.column = column
        self.columns = columns
        self.encode = encode
        self.classes = classes
        self.hidden = hidden
        self.encoder = encoder
        self.encoder_hidden = encoder_hidden
        self.start = start
        self.device = device
        self.random_state = random_state
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.max_features = max_features
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, votes: Any, X: Any, sample_weight: Any = None) -> JointModel:
        """Learn from votes and the rows that they are on.

        Parameters
        ----------
        votes : DataFrame, array-like or sparse matrix of shape (n, m)
            As for label models; -1 is "abstain". Rows without votes are left out. Later, columns with names are
            matched by them, in any order.
        X : as for :meth:`EndModel.fit <weaklab.end_models.EndModel.fit>`, of n rows
            The data; no images.
        sample_weight : array-like of shape (n,), optional
            0 or more.

        Returns
        -------
        self

        Raises
        ------
        VoteError
            If votes are none.
        FrameError, SoftLabelError
            If features cannot be read from X, its rows or index are not those of the votes, or no row has votes.
        """
        for name, least in (("encoder_hidden", 1), ("start", 0), ("max_epochs", 1)):
            check_count(name, getattr(self, name), least)
        if self.max_epochs <= self.start:
            warn_caller(
                f"max_epochs={self.max_epochs!r} with start={self.start!r} leaves the encoder untrained: its weights "
                "are those that it was made with. Give more epochs, or a smaller start.",
                WeaklabWarning,
            )
        check_number("dropout", self.dropout, below=1.0)
        check_choice("encoder", self.encoder, ("both", "votes"))
        form = read_input(X).form
        if form == "images":
            raise FrameError("JointModel takes no images: flatten them, X.reshape(len(X), -1), or give encode=.")
        if form == "dataset":
            raise FrameError("JointModel takes no Dataset: give its rows as a matrix.")
        matrix = check_votes(votes, classes=self.classes)
        self._names = matrix.columns
        table = _table(matrix)
        rate = self.learning_rate
        seed = int(generator(self.random_state).integers(2**31))
        names = check_classes(self.classes)
        model = EndModel(
            column=self.column,
            columns=self.columns,
            encode=self.encode,
            module=JointBuilder(
                matrix.m, self.hidden, self.encoder_hidden, self.dropout, seed, self.encoder == "votes"
            ),
            loss=JointLoss(table, self.start),
            device=self.device,
            random_state=seed,
            max_epochs=self.max_epochs,
            batch_size=self.batch_size,
            learning_rate=(0.01 if self.hidden is None else 0.002) if rate is None else rate,
            weight_decay=self.weight_decay,
            validation_fraction=0.0,
            max_features=self.max_features,
            n_jobs=self.n_jobs,
            progress=self.progress,
        )
        alike = torch.full(table.shape, matrix.m**-0.5)
        soft = SoftLabels(
            _probs(alike, table, matrix.k),
            weight=matrix.covered.astype(np.float64),
            classes=tuple(names) if isinstance(names, list) else None,
            index=matrix.index,
        )
        self.model_ = model.fit(X, soft, sample_weight)
        model.loss = None  # the votes are needed no more
        self.classes_ = model.classes_
        weights = np.where(table.numpy() >= 0, self._weights(table, X), np.nan)
        voted = ~np.isnan(weights)
        mean = np.nansum(weights, axis=0) / np.where(voted.any(axis=0), voted.sum(axis=0), np.nan)
        self.lf_weights_ = pd.Series(mean, index=self._names, name="weight")
        return self

    def weights(self, votes: Any, X: Any = None) -> pd.DataFrame:
        """How much each labeling function weighs on each row.

        Parameters
        ----------
        votes, X : as for ``fit``, of n rows
            ``encoder="votes"`` needs no X.

        Returns
        -------
        DataFrame of float64 of shape (n, m)
            Positive; each row sums to sqrt(m). A labeling function that abstains has a weight too, which counts for
            no class.
        """
        matrix = self._read(votes)
        return pd.DataFrame(self._weights(_table(matrix), X), columns=self._names, index=matrix.index)

    def pattern_weights(self, votes: Any) -> pd.DataFrame:
        """How much each labeling function weighs in each pattern of votes; needs ``encoder="votes"``.

        Parameters
        ----------
        votes : as for ``fit``, of n rows
            Whose patterns to list.

        Returns
        -------
        DataFrame of shape (u, 1 + m)
            A row per pattern, the most frequent first: in words as the index, "rows" that have it, and the weight of
            each labeling function that votes in it, NaN of others. Rows without votes are no pattern.

        Raises
        ------
        ParameterError
            If weights depend on features too; :meth:`weights` has those.
        """
        matrix = self._read(votes)
        if not self._of_votes_alone:
            raise ParameterError(
                "pattern_weights needs JointModel(encoder='votes'); with encoder='both' weights differ from row to row "
                "of a pattern: weights(votes, X) has them."
            )
        said, counts = np.unique(matrix.dense()[matrix.covered], axis=0, return_counts=True)  # (u, m)
        order = np.argsort(-counts, kind="stable")
        said, counts = said[order], counts[order]
        weights = np.where(said >= 0, self._weights(torch.from_numpy(said.astype(np.int32)), None), np.nan)
        index = pd.Index([self._in_words(pattern) for pattern in said], name="pattern", dtype=object)
        table = pd.DataFrame(weights, columns=self._names, index=index)
        table.insert(0, "rows", counts, allow_duplicates=True)
        return table

    def labels(self, votes: Any, X: Any = None) -> SoftLabels:
        """The soft labels that the weighted votes make, in the place of a label model's.

        Parameters
        ----------
        votes, X : as for ``fit``, of n rows
            ``encoder="votes"`` needs no X.

        Returns
        -------
        SoftLabels
            Of weight 0 where there is no vote.
        """
        matrix = self._read(votes)
        table = _table(matrix)
        probs = _probs(torch.from_numpy(self._weights(table, X)), table, len(self.classes_))
        plain = isinstance(check_classes(self.classes), list)
        names = tuple(self.classes_.tolist()) if plain else None
        return SoftLabels(probs, matrix.covered.astype(np.float64), classes=names, index=matrix.index)

    def predict_proba(self, X: Any) -> Floats:
        """Probabilities of the classes from the features alone, (n, k)."""
        return self._fitted().predict_proba(X)

    def decision_function(self, X: Any) -> Floats:
        """Logits from the features alone, as :meth:`EndModel.decision_function` gives them."""
        return self._fitted().decision_function(X)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row, by name, from the features alone: (n,)."""
        return self._fitted().predict(X)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy of :meth:`predict`; against soft labels, the accuracy to be expected if they are true."""
        return self._fitted().score(X, y, sample_weight)

    def _fitted(self) -> EndModel:
        check_is_fitted(self)
        return self.model_

    def _read(self, votes: Any) -> VoteMatrix:
        check_is_fitted(self)
        matrix = check_votes(votes, classes=len(self.classes_))
        if matrix.names is not None and self._named():
            return matrix.reorder(match_names(matrix.names, self._names))
        if matrix.m != len(self._names):
            raise VoteError(
                f"The votes are of {matrix.m} labeling functions {matrix.columns!r:.120}, not of the "
                f"{len(self._names)} that the model was fitted on: {self._names!r:.120}."
            )
        return matrix

    def _named(self) -> bool:
        return all(isinstance(name, str) for name in self._names)

    @property
    def _of_votes_alone(self) -> bool:
        """What ``encoder`` was at fit."""
        module: Any = self.model_.module_
        return module.encoder.of_features is None

    def _in_words(self, pattern: np.ndarray) -> str:
        said = zip(self._names, pattern.tolist(), strict=True)
        return ", ".join(f"{name}: {self.classes_[code]}" for name, code in said if code >= 0)

    def _weights(self, table: torch.Tensor, X: Any) -> Floats:
        network: Any = self.model_.module_
        device = next(network.parameters()).device
        rows = None if self._of_votes_alone else place_rows(self._features(X, len(table)), device)
        network.eval()
        out = np.empty(table.shape)
        with torch.no_grad(), borrowed_torch(device, n_jobs=self.n_jobs):
            for part in torch.arange(len(table)).split(_SLICE):
                some = None if rows is None else take(rows, part.to(device))
                out[part.numpy()] = network.encoder(table[part].to(device), some).double().cpu().numpy()
        return out

    def _features(self, X: Any, n: int) -> Any:
        if X is None:
            raise FrameError("With encoder='both' the weights depend on features too: give X, the rows of the votes.")
        features = self.model_.features_.transform(X)
        if features.shape[0] != n:
            raise VoteError(f"There are {n:,} rows of votes for {features.shape[0]:,} rows of data.")
        return features


def _table(matrix: VoteMatrix) -> torch.Tensor:
    return torch.from_numpy(matrix.dense().astype(np.int32))  # (n, m)


def _probs(weights: torch.Tensor, table: torch.Tensor, k: int) -> Floats:
    probs: Floats = vote_log_probs(weights.double(), table, k).exp().numpy()
    return probs / probs.sum(axis=1, keepdims=True)
