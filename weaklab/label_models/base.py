"""The shell of every label model: checks, attributes and predictions. A model's own file holds its maths only."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted

from weaklab._kernels.candidates import candidate_posterior
from weaklab._kernels.em import posterior
from weaklab._kernels.words import posterior_of_words
from weaklab.exceptions import CollapseWarning, CoverageWarning, VoteError, warn_caller
from weaklab.label_models.card import card, told
from weaklab.label_models.cluster_predictions import predict_on_cluster
from weaklab.label_models.clusters import problem_on_cluster
from weaklab.label_models.contributions import Contributions, contribution_table
from weaklab.label_models.findings import collapse
from weaklab.label_models.in_chunks import InChunks, take_in
from weaklab.label_models.learned import KEPT_ROWS, LearnedAttributes
from weaklab.label_models.loaded import check_loaded
from weaklab.label_models.many_classes import (
    CELLS_AT_A_TIME,
    RightCounts,
    VoteWeights,
    normalised,
    prior_of_row,
    refuse_large_table,
)
from weaklab.label_models.problem import Fit, Problem
from weaklab.persistence import Savable
from weaklab.seeding import generator
from weaklab.typing import Classes, Floats, Seed, Ties
from weaklab.typing import Votes as VotesLike
from weaklab.votes import (
    SoftLabels,
    VoteMatrix,
    break_ties,
    check_classes,
    check_gold,
    check_sample_weight,
    check_votes,
    class_array,
    compress,
    decode,
)
from weaklab.votes.chunks import come_in_chunks
from weaklab.votes.engines import engine_of
from weaklab.votes.gold import gold_accuracy
from weaklab.votes.pairs import PairTable, pair_up
from weaklab.votes.seen_rows import SeenRows, match_names
from weaklab.votes.words import WordMatrix


class BaseLabelModel(Savable, LearnedAttributes, InChunks, BaseEstimator):
    """The contract of all label models.

    A model implements :meth:`_fit`, and either the linear rule (:meth:`_log_weights`, :meth:`_log_prior` and
    :meth:`_scale`: the log-posterior is a sum over the votes of a row) or :meth:`_posterior` itself. One that is to
    work with thousands of classes (:mod:`weaklab.label_models.many_classes`) implements :meth:`_vote_weights` beside
    the linear rule, and asks in ``_fit`` for counts by vote where ``problem.many_classes``.

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
        The class names, or the codes 0..k-1.
    n_features_in_ : int
        m, the number of labeling functions.
    feature_names_in_ : ndarray of str of shape (m,)
        Their names, where the votes came with names.
    class_prior_ : ndarray of shape (k,)
        What a row without votes gets; sums to 1.
    accuracies_ : ndarray of shape (m,)
        For each labeling function, the estimated probability that a vote of it is right; NaN where it never voted.
    accuracy_intervals_ : ndarray of shape (m, 2)
        90 % intervals for ``accuracies_``.
    confusion_ : ndarray of shape (m, k, k + 1)
        ``confusion_[j, y, v]``, the estimated probability of vote v of labeling function j on a row of class y; the
        last column is "abstain".
    n_iter_, converged_, objective_path_ : int, bool, list of float
        How the estimation went.
    """

    #: Laws of `weaklab.testing.check_label_model` that a model is exempt from, each with its reason.
    law_exemptions: ClassVar[dict[str, str]] = {}

    #: Whether ``_fit`` takes sums over rows alone, and single rows only as a sample of all.
    _learns_from_sums: ClassVar[bool] = False

    #: How many states a class has in the rule: weights and prior then have a column per state, k times as many.
    _states_per_class: int = 1

    classes: Classes
    random_state: Seed

    # What a model implements ------------------------------------------------------------------------------------

    @abstractmethod
    def _fit(self, problem: Problem) -> Fit:
        """Learn from the votes; keep what the rule needs on self."""

    def _log_weights(self, pairs: PairTable, seen: np.ndarray) -> Floats:
        """What each pair adds to each class, (pairs, k); ``seen[p]`` is its number at fit, -1 where it is new."""
        raise AssertionError(f"{type(self).__name__} gives neither log-weights nor a posterior")

    def _vote_weights(self, pairs: PairTable, seen: np.ndarray) -> VoteWeights:
        """What stands in for :meth:`_log_weights` where classes are many: a vote says the same of all other classes."""
        raise AssertionError(f"{type(self).__name__} gives no weights by vote")

    def _log_prior(self) -> Floats:
        """The log-score of each class on a row that has votes, (k,)."""
        return np.log(self.class_prior_)

    def _scale(self, row_counts: np.ndarray) -> Floats:
        """What the evidence of a row is multiplied by, for each number of votes in ``row_counts``."""
        return np.ones(len(row_counts))

    def _power(self) -> float:
        """If classes are many: what the odds of those with votes, against each other and the rest, are raised to."""
        return 1.0

    def _posterior(self, votes: VoteMatrix) -> Floats:
        """Posteriors of rows that have votes, (n, k); what it gives for others is not used."""
        scale = self._scale(np.arange(votes.most_votes + 1))
        if isinstance(votes, WordMatrix) and self._states_per_class == 1 and not self._many_classes:
            pairs, prior = PairTable.every(votes.m, votes.k), self._log_prior()
            weights = self._log_weights(pairs, self._pairs.find(pairs))
            gap = (weights[:, 1] - weights[:, 0]).reshape(votes.m, votes.k)
            return posterior_of_words(votes.word, scale, gap, prior[1] - prior[0])
        pairs, pair = pair_up(votes)
        if self._many_classes:
            own, others = self._vote_weights(pairs, self._pairs.find(pairs))
            prior = normalised(self._log_prior())
            if own.shape != (len(pairs),) or others.shape != own.shape or prior.shape != (votes.k,):
                raise VoteError(f"The weights of this {type(self).__name__} are not of its {votes.k} classes.")
            return candidate_posterior(votes.indptr, pair, pairs.vote, scale, own, others, prior, self._power())
        weights = np.ascontiguousarray(self._log_weights(pairs, self._pairs.find(pairs)))
        prior, states = self._log_prior(), votes.k * self._states_per_class
        if weights.shape != (len(pairs), states) or prior.shape != (states,):  # a file may say so; the kernel trusts it
            raise VoteError(f"The weights of this {type(self).__name__} are not of its {votes.k} classes.")
        return posterior(votes.indptr, pair, scale, weights, prior, self._states_per_class)

    # What the shell gives ---------------------------------------------------------------------------------------

    def fit(self, votes: VotesLike, y: Any = None, sample_weight: Any = None) -> Self:
        """Learn whom to trust.

        Parameters
        ----------
        votes : DataFrame, array-like or sparse matrix of shape (n, m), or source of chunks
            Class codes 0..k-1 and -1 for "abstain"; a sparse matrix stores vote + 1. An iterator over such matrices, a
            function that returns one, and a :class:`weaklab.votes.VoteChunks` are read once, chunk by chunk, to more
            rows than memory holds; the result is the same, bit for bit. Of a frame of Dask or Spark only counts leave
            the workers: see ``docs/clusters.md``.
        y : array-like of shape (n,), optional
            Gold labels where known, by code or name; -1 or a missing value where not. Of a frame of Dask or Spark: the
            name of one of its columns, or a Dask Series.
        sample_weight : array-like of shape (n,), optional
            How often each row counts, 0 or more; 1 by default. Of a frame of Dask or Spark: as ``y``.

        Returns
        -------
        self

        Raises
        ------
        VoteError, GoldError, ParameterError
            If the votes, the gold labels or the weights are not what they should be.
        """
        before = self.__dict__.copy()
        try:
            return self._fit_all(votes, y, sample_weight)
        except BaseException:  # whatever ends it, a model that was fitted stays as it was
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    def _fit_all(self, votes: VotesLike, y: Any, sample_weight: Any) -> Self:
        classes = votes.classes if isinstance(votes, SeenRows) else check_classes(self.classes)
        self._check_parameters()
        if engine_of(votes) is not None:
            problem, n = problem_on_cluster(self, votes, y, sample_weight, classes)
            try:
                return self._learn(problem, problem.votes, n, classes)
            finally:
                problem.release()
        matrix, gold, weight = take_in(votes, y, sample_weight, classes, self.takes)
        matrix = self._inside(matrix)
        return self._learn(Problem.of(compress(matrix, gold, weight)), matrix, matrix.n, classes)

    def _learn(self, problem: Problem, matrix: VoteMatrix, n: int, classes: Classes) -> Self:
        """Learn from n rows, of which ``matrix`` shows names, classes, and whether there is any vote."""
        self._set_names(matrix)
        self.classes_ = class_array(matrix.k if classes is None else classes)
        self._has_names = isinstance(classes, list)
        self._pairs = problem.pairs
        self._many_classes = self._needs_no_table and problem.many_classes
        if not self._needs_no_table:
            refuse_large_table(type(self).__name__, len(problem.pairs), problem.k)
        if not matrix.nnz:
            warn_caller(
                f"No labeling function votes on any of the {n:,} rows: there is nothing to learn, "
                "and every row gets the class prior.",
                CoverageWarning,
            )
        fit = self._fit(problem)
        self.class_prior_, self.n_iter_ = fit.class_prior, fit.n_iter
        self.converged_, self.objective_path_ = fit.converged, fit.objective_path
        self.n_rows_ = n
        self._count(problem)
        self._vote_shares, self._meetings = problem.covered().vote_shares, problem.meetings
        self._kept = problem.sample(KEPT_ROWS).slim()
        for stale in (*self._derived, "_seen", "_left_behind"):
            self.__dict__.pop(stale, None)
        if collapsed := collapse(self):
            warn_caller(str(collapsed), CollapseWarning)
        return self

    def predict_proba(self, votes: VotesLike) -> Floats:
        """Probabilities of the classes.

        Parameters
        ----------
        votes : DataFrame, array-like or sparse matrix of shape (n, m)
            The votes. The columns of a DataFrame are matched by name, in any order, where fit saw names.

        Returns
        -------
        ndarray of shape (n, k)
            Rows sum to 1; a row without votes gets ``class_prior_``. Of a frame of Dask or Spark: a lazy frame with a
            column per class.
        """
        check_is_fitted(self)
        if engine_of(votes) is not None:
            return predict_on_cluster(self, votes, "predict_proba")
        return self._predict_proba(self._check_new(votes))

    def predict(self, votes: VotesLike, ties: Ties = "lowest") -> np.ndarray:
        """The most probable class of each row; of a row without votes, that of ``class_prior_``.

        Where rows that no labeling function votes on are to be left out, ask ``labels(votes).weight``: it is 0 there.

        Parameters
        ----------
        votes : DataFrame, array-like or sparse matrix of shape (n, m)
            The votes.
        ties : {"lowest", "random", "hash", "abstain"}
            Where several classes share the highest probability: take the first; draw one (by ``random_state``); take
            the one that the row number selects, as the WRENCH benchmark does; or abstain: -1, None among names.

        Returns
        -------
        ndarray of shape (n,)
            Entries of ``classes_``. Of a frame of Dask or Spark, where rows have no number and so ``ties`` are
            "lowest" or "abstain": lazy, a Series or a frame with a column ``label``.
        """
        check_is_fitted(self)
        if engine_of(votes) is not None:
            return predict_on_cluster(self, votes, "predict", ties)
        codes = self._predict_codes(self._check_new(votes), ties)
        return decode(codes, None if self._has_codes() else self.classes_)

    def score(self, votes: VotesLike, y: Any, sample_weight: Any = None, ties: Ties = "lowest") -> float:
        """Accuracy over the rows with gold, those without votes included.

        Parameters
        ----------
        votes : DataFrame, array-like or sparse matrix of shape (n, m)
            The votes.
        y : array-like of shape (n,)
            Gold labels, by code or name; -1 or missing where unknown.
        sample_weight : array-like of shape (n,), optional
            How often each row counts.
        ties : {"lowest", "random", "hash", "abstain"}
            As in :meth:`predict`; an abstention is wrong.

        Returns
        -------
        float
            In [0, 1].

        Raises
        ------
        GoldError
            If no row has gold, or a label is not among ``classes_``.
        """
        check_is_fitted(self)
        matrix = self._check_new(votes)
        names = self._k if self._has_codes() else list(self.classes_)
        gold = check_gold(y, matrix.n, names, index=matrix.index)
        weight = check_sample_weight(sample_weight, matrix.n, index=matrix.index)
        return gold_accuracy(self._predict_codes(matrix, ties), gold, weight)

    def labels(self, votes: VotesLike) -> SoftLabels:
        """Soft labels: the probabilities with class names, index, and weight 0 where no labeling function votes.

        Parameters
        ----------
        votes : DataFrame, array-like or sparse matrix of shape (n, m)
            The votes.

        Returns
        -------
        SoftLabels
            Of a frame of Dask or Spark: a lazy frame with a column per class, and ``weight``.
        """
        check_is_fitted(self)
        if engine_of(votes) is not None:
            return predict_on_cluster(self, votes, "labels")
        matrix = self._check_new(votes)
        classes = None if self._has_codes() else tuple(self.classes_.tolist())
        weight = matrix.covered.astype(np.float64)
        return SoftLabels(self._predict_proba(matrix), weight, classes=classes, index=matrix.index)

    def explain(self, votes: Any) -> pd.DataFrame:
        """Why rows get their labels: the contribution of each labeling function in log-odds.

        Parameters
        ----------
        votes : array-like of shape (m,), Series, or anything :meth:`predict_proba` takes
            The votes on one row, or on several.

        Returns
        -------
        DataFrame
            Of one row: a line ``(prior)``, then one per vote; a column ``vote``, then one per class, in nats. Each line
            is centred over the classes; the sum of all lines is the log-posterior, up to a constant. Where a model's
            evidence is no sum over votes, each line is what its vote says alone, and a last line ``(together)`` what is
            missing. Of several rows: the same lines of each, one row after the other, with the data's index (positions
            where there is none) as the first level, ``row``, of the index.

        Raises
        ------
        VoteError
            If there is no row, or a label of the index stands for several.

        Examples
        --------
        >>> from weaklab.label_models import LabelModel
        >>> votes = pd.DataFrame({"a": [0, 1, 1] * 30, "b": [0, 1, 0] * 30, "c": [0, 1, 1] * 30})
        >>> model = LabelModel(classes=["ham", "spam"]).fit(votes)
        >>> scores = model.explain(votes[:3]).groupby("row")[["ham", "spam"]].sum()
        >>> odds = np.exp(scores).to_numpy()
        >>> np.allclose(odds / odds.sum(axis=1, keepdims=True), model.predict_proba(votes[:3]))
        True
        """
        check_is_fitted(self)
        if isinstance(votes, pd.Series):
            votes = votes.to_frame().T
        elif isinstance(votes, (list, tuple, np.ndarray)) and np.ndim(votes) == 1 and len(votes):
            votes = np.asarray(votes)[np.newaxis]
        matrix = self._check_new(votes)
        return contribution_table(matrix, self._contributions(matrix), self._said(matrix), self.classes_)

    # What the shell needs ---------------------------------------------------------------------------------------

    _check_loaded = check_loaded

    def _has_codes(self) -> bool:
        return not self._has_names

    def _check_parameters(self) -> None:
        """Check the constructor's parameters; a model with more of them extends it."""
        generator(getattr(self, "random_state", None))

    def _inside(self, matrix: VoteMatrix) -> VoteMatrix:
        """Votes to fit, in the form that the model keeps them in."""
        return matrix

    def _set_names(self, matrix: VoteMatrix) -> None:
        self.n_features_in_ = matrix.m
        if matrix.names is not None:
            self.feature_names_in_ = np.asarray(matrix.names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _check_new(self, votes: VotesLike) -> VoteMatrix:
        """New votes, checked, their columns in the order of fit."""
        if come_in_chunks(votes):
            raise VoteError("Votes that come in chunks are for fit and predict_chunks; give a matrix of votes here.")
        matrix = check_votes(votes, classes=self._k)
        names = getattr(self, "feature_names_in_", None)
        if names is None and matrix.names is not None and set(matrix.names) == set(map(str, range(matrix.m))):
            names = tuple(map(str, range(self.n_features_in_)))  # columns that were numbers, in another order now
        if names is not None and matrix.names is not None and matrix.names != tuple(names):
            return matrix.reorder(match_names(matrix.names, names))
        if matrix.m != self.n_features_in_:
            raise VoteError(
                f"X has {matrix.m} features, but {type(self).__name__} is expecting {self.n_features_in_} features as "
                "input, one per labeling function."
            )
        return matrix

    def _predict_proba(self, matrix: VoteMatrix) -> Floats:
        q = self._posterior(matrix)
        q[~matrix.covered] = self.class_prior_
        return q

    def _predict_codes(self, matrix: VoteMatrix, ties: Ties) -> np.ndarray:
        """The most probable classes, (n,); the probabilities of some rows at a time."""
        rng, size = generator(getattr(self, "random_state", None)), max(1, CELLS_AT_A_TIME // self._k)
        codes = np.empty(matrix.n, dtype=np.int64)
        for start in range(0, max(matrix.n, 1), size):  # once at least, so that wrong ties are an error
            probs = self._predict_proba(matrix.between(start, min(start + size, matrix.n)))
            codes[start : start + size] = break_ties(probs, ties, rng, first_row=start)
        return codes

    @property
    def _needs_no_table(self) -> bool:
        """Whether nothing that it learns has a cell for each pair and class, so that classes may be many."""
        return any(
            getattr(type(self), name) is not getattr(BaseLabelModel, name) for name in ("_posterior", "_vote_weights")
        )

    @property
    def _is_linear(self) -> bool:
        """Whether the log-posterior is a sum over the votes of a row."""
        return type(self)._posterior is BaseLabelModel._posterior and self._states_per_class == 1

    def _said(self, matrix: VoteMatrix) -> list[Any]:
        """What each vote says, readable."""
        return self.classes_[matrix.vote].tolist()

    def _contributions(self, matrix: VoteMatrix) -> Contributions:
        """What the prior and each vote add on some rows, in nats.

        Where votes do not add up, each is taken alone, and what they make together beyond that is told apart.
        """
        tiny, covered = np.finfo(float).tiny, matrix.covered[:, np.newaxis]
        prior = np.log(np.maximum(self.class_prior_, tiny))
        if not matrix.nnz:
            return Contributions(np.tile(prior, (matrix.n, 1)), np.empty((0, self._k)))
        if self._is_linear:
            pairs, pair = pair_up(matrix)
            seen, factor = self._pairs.find(pairs), self._scale(matrix.row_counts)[matrix.rows, np.newaxis]
            if self._many_classes:
                log_prior, votes = normalised(self._log_prior()), self._vote_weights(pairs, seen).table(pairs)[pair]
                on_row = np.split(matrix.vote, matrix.indptr[1:-1])
                with_votes = np.array([prior_of_row(log_prior, vote, self._power()) for vote in on_row])
                return Contributions(np.where(covered, with_votes, prior), self._power() * factor * votes)
            votes = factor * self._log_weights(pairs, seen)[pair]
            return Contributions(np.where(covered, self._log_prior(), prior), votes)
        each = VoteMatrix(np.arange(matrix.nnz + 1), matrix.code, matrix.m, matrix.k)
        alone = np.log(np.maximum(self._posterior(each), tiny)) - prior  # (nnz, k)
        together = np.log(np.maximum(self._posterior(matrix), tiny)) - prior
        np.subtract.at(together, matrix.rows, alone)
        return Contributions(np.tile(prior, (matrix.n, 1)), alone, np.where(covered, together, 0))

    def _count(self, problem: Problem) -> None:
        """The expected counts under the fitted posteriors, from which accuracies and confusions follow."""
        covered = problem.covered()
        silent = problem.total - covered.total
        if self._many_classes:
            right, self._class_counts = self._count_right(covered)
            self._pair_counts: Floats | RightCounts = RightCounts(right, problem.fired, self._class_counts)
        elif type(self)._posterior is BaseLabelModel._posterior:  # states or not
            scale = self._scale(np.arange(problem.most_votes + 1))
            weights = self._log_weights(problem.pairs, np.arange(len(problem.pairs)))
            step = covered.step(weights, self._log_prior(), scale, self._states_per_class)
            self._pair_counts = step.counts.reshape(-1, self._k, self._states_per_class).sum(axis=2)
            self._class_counts = step.state_counts.reshape(self._k, self._states_per_class).sum(axis=1)
        else:
            self._pair_counts, self._class_counts = covered.counts_under(self._posterior)
        self._class_counts = self._class_counts + silent * self.class_prior_

    def _count_right(self, covered: Problem) -> tuple[Floats, Floats]:
        """How often each pair is expected to be right, (pairs,), and the expected counts of classes, (k,)."""
        if type(self)._posterior is not BaseLabelModel._posterior:
            return covered.right_under(self._posterior)
        weights = self._vote_weights(self._pairs, np.arange(len(self._pairs)))
        scale = self._scale(np.arange(covered.most_votes + 1))
        step = covered.step_by_vote(weights, self._log_prior(), scale)
        return step.right, step.class_counts

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.categorical = True
        tags.target_tags.required = False
        tags.classifier_tags = ClassifierTags()  # whatever has predict_proba is asked for them
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_class_counts")

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self._repr_html_()}

    def __str__(self) -> str:
        return told(self) if self.__sklearn_is_fitted__() else repr(self)

    def _repr_html_(self) -> str:
        return card(self) if self.__sklearn_is_fitted__() else f"<pre>{self!r} (not fitted)</pre>"
