"""The end model: a classifier that learns from soft labels and generalises past the rules that made them."""

from __future__ import annotations

import copy
import os
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, ClassifierMixin

from weaklab.end_models.borrowing import borrowed_torch
from weaklab.end_models.calibration import held_out_logits, held_out_temperature
from weaklab.end_models.card import card
from weaklab.end_models.continuation import (
    NETWORK,
    check_same_classes,
    described_arguments,
    goes_on,
    left_by,
    one_pass,
)
from weaklab.end_models.distributed import Team
from weaklab.end_models.fit_report import report_fit
from weaklab.end_models.lbfgs import train_linear
from weaklab.end_models.loop import train
from weaklab.end_models.losses import Term
from weaklab.end_models.networks import ModuleLike, Thinning
from weaklab.end_models.optimizers import OptimizerLike, by_full_batches
from weaklab.end_models.peers import CoTeaching
from weaklab.end_models.predicting import Predicting
from weaklab.end_models.preparation import Given, finish, prepare, read_rows
from weaklab.end_models.samplers import Sampler
from weaklab.end_models.saved_modules import fill_module, on_cpu, saved_state
from weaklab.end_models.schedules import Schedule
from weaklab.end_models.seen_columns import learn_columns
from weaklab.end_models.selection import Weighing, Which
from weaklab.end_models.tasks import Task
from weaklab.end_models.training import Callback, Training
from weaklab.persistence import Savable
from weaklab.typing import Classes, Seed


class EndModel(Savable, Predicting, ClassifierMixin, BaseEstimator):
    """A classifier trained on soft labels: a linear model or a network with one hidden layer, over any columns.

    Parameters
    ----------
    column : hashable, optional
        The one column to use, of text or numbers.
    columns : dict of column to kind, or list of columns, optional
        The columns to use; kinds are "text", "tfidf", "numeric", "bool", "category", "date", "embedding", or a
        function as for ``encode``; inferred where only names are given. Without ``column`` and ``columns``, X is a
        matrix, texts, images of shape (n, h, w[, c]), or a frame of which all columns are used. Named
        columns are found by name when predicting, in any order and among others; where none are named, scikit-learn's
        rule holds, by which a frame must then have the same columns in the same order.
    classes : int or sequence of hashable, optional
        The classes; otherwise SoftLabels, the columns of a DataFrame, or hard labels name them. Names that cannot be
        sorted (tuples, Enum members, several types) must be declared for hard labels, and so must a class called -1
        unless all labels are -1 and 1.
    encode : callable (list of n values) -> (n, d), or transformer, optional
        Takes the place of our features of the one column, of texts, or of a matrix.
    task : {"multiclass", "multilabel"}, default="multiclass"
        "multilabel": a row has any number of classes, its targets (n, k) need not sum to 1, and ``predict`` gives an
        indicator matrix.
    which : {"covered", "confident", "all", "semi-supervised"} or float in (0, 1], default="covered"
        The rows to train on, see :class:`~weaklab.end_models.Selection`: those with votes; the more confident half (or
        another share) of each class, with all that tie with the last of them; all; or those with votes, and the others
        without a label, for loss terms that need none.
    weight : {"uniform", "confidence"}, default="uniform"
        "confidence" weighs each row by how far its soft label is from uniform.
    gold_weight : float or None, default=None
        The weight of rows with gold, of SoftLabels; 0 keeps them for scoring. None is the weight that SoftLabels have,
        or 1 where that is 0: rows with gold are trained on, with votes or without.
    calibrate : bool, default=True
        Divide the logits by the temperature that fits the held-out soft labels best.
    hidden : int or None, default=100
        The number of hidden units; None is a linear classifier. Images have two convolutions before them.
    module : nn.Module or callable (n_columns, k) -> nn.Module, optional
        Takes the place of the network. It gets float32 rows (b, n_columns), dense unless it declares
        ``takes_sparse = True``, and gives logits (b, k), or a pair of logits and hidden features. Images
        it gets as they are, in float32. An instance is copied, never changed.
    loss : callable (step) -> scalar tensor, optional
        A loss term or a sum of them, see :class:`~weaklab.end_models.LossTerm`; None is soft cross-entropy.
    sampler : Sampler, optional
        Which rows an epoch sees, see :mod:`weaklab.end_models.samplers`; None is all of them in a random order.
    peers : CoTeaching, optional
        Two networks that choose each other's rows.
    device : str or torch.device, default="auto"
        "auto" is a CUDA card where there is one, else the CPU.
    stream : bool or "auto", default="auto"
        Whether rows stay in memory, or in their file where X is a numpy memmap of float32 or float64, and each batch
        is sent to the device while the one before it is computed on. "auto" does so for files of 64 MiB or more and for
        Datasets, and on a card for rows that would take over 70 % of its free memory.
    precision : {"auto", "float32", "bf16", "fp16"}, default="auto"
        What matrix products of training are computed in; weights stay float32. "auto" is bf16 for modules of a million
        weights or more on a card that has it.
    compile : bool or "auto", default="auto"
        Whether to compile the module with ``torch.compile``; "auto" where bf16 would be, for dense rows.
    random_state : int, Generator or None, default=None
        The seed; None means 0. torch's and numpy's global states are left as they are. Modules draw from torch's, which
        is one for all threads: where several threads of a program call ``fit``, one trains at a time.
    max_epochs : int, default=50
        The most passes over the rows.
    batch_size : int or None, default=None
        Rows on the way at once; None takes a twentieth of the rows, as a power of two from 16 to 1,024. Where the
        device runs out of memory they are halved, with a warning, and the rows of a step stay as many.
    accumulate : int, default=1
        Batches to a step.
    optimizer : {"auto", "adamw", "sgd", "lbfgs"} or callable (parameters, rate) -> Optimizer, default="auto"
        "lbfgs" trains a linear classifier on all rows at once. "auto" does so with ``hidden=None`` unless an argument
        of training by batches is given; else it is "adamw".
    learning_rate : float, "find" or None, default=None
        None is 0.01 for a linear classifier and 0.002 for a network with AdamW, 0.5 and 0.1 with SGD; "find" looks
        for it, see :func:`~weaklab.end_models.find_learning_rate`.
    schedule : {"constant", "cosine", "one_cycle"} or callable (progress) -> float, optional
        The share of the learning rate when a share of ``max_epochs`` is over, see :mod:`weaklab.end_models.schedules`;
        among them :class:`~weaklab.end_models.schedules.Oscillating`, which brings a rate of its own.
    clip_norm : float or None, default=None
        The most that the gradients of a step may be long.
    weight_decay : float, default=0.01
        Of AdamW and SGD, in units of the learning rate; of L-BFGS, half of it times the squared weights is the penalty
        on the summed loss.
    dropout : float in [0, 1) or NestedDropout, default=0.3
        The share of hidden units left out in each step of training; or which, see
        :class:`~weaklab.end_models.NestedDropout`.
    validation_fraction : float in [0, 1), default=0.1
        The share of rows held out to stop early, judged by ``loss`` where its terms say how (those here do), else by
        soft cross-entropy; 0, or a share of fewer than 5 rows, trains for ``max_epochs``.
    monitor : {"auto", "soft", "gold"}, default="auto"
        Which rows are held out: any, with their soft labels, or rows with gold, up to ``validation_fraction`` of all.
        "auto" is gold where 30 rows or more can be held out so, unless ``gold_weight`` says to train on gold. Gold
        rows beyond that are trained on.
    patience : int, default=3
        How many epochs without a better held-out loss end the training. The best weights are kept.
    tolerance : float, default=0.001
        What counts as better, in the unit of the held-out loss.
    max_features : int, default=32768
        How many hashed word n-grams, and as many character n-grams, a text column has at most.
    warm_start : bool, default=False
        Whether ``fit`` goes on from the weights, features and classes of the last ``fit``, with a new optimizer;
        arguments that make the network must then be the same.
    checkpoint : str or Path, optional
        A file that the state of training is saved in. ``fit`` with the same arguments and rows goes on from it, with
        the same result, bit for bit on the CPU, as if it had never been stopped; other rows or arguments are an error,
        but ``max_epochs`` and ``patience`` may be raised to train on. With it, linear classifiers train by batches.
    checkpoint_every : int or timedelta, default=1
        Epochs; or the time after which it is saved, also within an epoch.
    callbacks : list of callable (row, model) -> bool or None, optional
        Called after each epoch with its row of the history; True ends training.
    n_jobs : int or None, default=1
        torch's threads during ``fit`` and ``predict`` on the CPU, at most one per core; None leaves them. One thread
        gives the same bits on one machine whatever the rest of the program does, and small batches gain nothing from
        more.
    progress : bool or None, default=None
        A progress bar; None shows it once training takes longer than 2 s.

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
        The class names, or codes.
    features_ : FeaturePlan
        What becomes of each column; ``features_.table()`` shows it.
    module_ : nn.Module
        What was trained.
    history_ : DataFrame
        A row per epoch: epoch, train_loss and held_out_loss (nats, or in the unit of ``loss``), seconds.
    n_iter_, best_epoch_ : int
        The number of epochs run, and the epoch whose weights were kept, counted from 1.
    n_rows_, n_held_out_ : int
        The number of rows trained on, and held out; of weight 0 without gold only if ``which`` asks for them.
    learning_rate_ : float or None
        The learning rate that was given, found, or taken by default; None for L-BFGS, which has none.
    monitor_ : {"soft", "gold"} or None
        What was held out.
    fit_report_ : FitReport
        Rows used, effective weight, held-out loss, agreement with the soft labels; with gold in SoftLabels also the
        accuracy on gold that was not trained on, and that of a linear model trained on gold alone.
    temperature_ : float
        What logits are divided by; 1 with fewer than 50 held-out rows, or without ``calibrate``.
    n_features_in_ : int
        The number of columns used.
    feature_names_in_ : ndarray of str
        Their names, where X is a frame with names of strings.

    Notes
    -----
    Training on soft labels minimises the expected loss over the label model's posterior (Ratner et al., 2016,
    doi:10.48550/arXiv.1605.07723); the optimiser is that of Loshchilov and Hutter (2019),
    doi:10.48550/arXiv.1711.05101. Early stopping matters more here than with gold: a model that is trained on, learns
    the labeling functions by heart (Arpit et al., 2017, doi:10.48550/arXiv.1706.05394).

    Within a process group of ``torch.distributed``, as ``torchrun`` starts one, ``fit`` is called in each process with
    the same rows and arguments, else it is an error: batches are split among them, and all end with the same weights.
    The paths of CUDA cards are written and tested on the CPU only; figures of cards are owed.

    Examples
    --------
    >>> X = np.repeat([[-1.0], [1.0]], 50, axis=0)
    >>> soft = np.where(X > 0, [0.1, 0.9], [0.8, 0.2])
    >>> model = EndModel(hidden=None, classes=["ham", "spam"]).fit(X, soft)
    >>> model.predict([[-2.0], [2.0]])
    array(['ham', 'spam'], dtype='<U4')
    """

    def __init__(
        self,
        *,
        column: Hashable = None,
        columns: Mapping[Hashable, Any] | Sequence[Hashable] | None = None,
        classes: Classes = None,
        encode: Any = None,
        task: Literal["multiclass", "multilabel"] | Task = "multiclass",
        which: Which = "covered",
        weight: Weighing = "uniform",
        gold_weight: float | None = None,
        calibrate: bool = True,
        hidden: int | None = 100,
        module: ModuleLike = None,
        loss: Term | None = None,
        sampler: Sampler | None = None,
        peers: CoTeaching | None = None,
        device: str | torch.device = "auto",
        stream: bool | str = "auto",
        precision: str = "auto",
        compile: bool | str = "auto",  # noqa: A002  torch's name for it
        random_state: Seed = None,
        max_epochs: int = 50,
        batch_size: int | None = None,
        accumulate: int = 1,
        optimizer: OptimizerLike = "auto",
        learning_rate: float | str | None = None,
        schedule: str | Schedule | None = None,
        clip_norm: float | None = None,
        weight_decay: float = 0.01,
        dropout: Thinning = 0.3,
        validation_fraction: float = 0.1,
        monitor: str = "auto",
        patience: int = 3,
        tolerance: float = 0.001,
        max_features: int = 2**15,
        warm_start: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_every: int | timedelta = 1,
        callbacks: Sequence[Callback] | None = None,
        n_jobs: int | None = 1,
        progress: bool | None = None,
    ) -> None:
        self.column = column
        self.columns = columns
        self.classes = classes
        self.encode = encode
        self.task = task
        self.which = which
        self.weight = weight
        self.gold_weight = gold_weight
        self.calibrate = calibrate
        self.hidden = hidden
        self.module = module
        self.loss = loss
        self.sampler = sampler
        self.peers = peers
        self.device = device
        self.stream = stream
        self.precision = precision
        self.compile = compile
        self.random_state = random_state
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.accumulate = accumulate
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.clip_norm = clip_norm
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.validation_fraction = validation_fraction
        self.monitor = monitor
        self.patience = patience
        self.tolerance = tolerance
        self.max_features = max_features
        self.warm_start = warm_start
        self.checkpoint = checkpoint
        self.checkpoint_every = checkpoint_every
        self.callbacks = callbacks
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, soft: Any, sample_weight: Any = None) -> EndModel:
        """Learn from soft or hard labels.

        Parameters
        ----------
        X : DataFrame, Series or list of str, array-like, sparse matrix or Dataset of n rows
            The data. Frames may come from pandas, polars or pyarrow. Missing numbers of a frame are imputed; in a
            matrix they are an error. Features are learnt from all rows, those of weight 0 included. The items of a
            torch Dataset are rows x of numbers, or tuples (x, ...); ``module`` gets each x as it is, anew each epoch.
        soft : SoftLabels, array-like of shape (n, k) or (n,), DataFrame or Series
            Soft labels, or one hard label per row. Of SoftLabels, rows with gold count as known, with votes or without;
            of the others those of weight 0 are left out.
        sample_weight : array-like of shape (n,), optional
            0 or more; multiplied with the weight of SoftLabels.

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            If an argument of the constructor is out of range.
        FrameError, ColumnError
            If features cannot be read from X.
        SoftLabelError, ClassError
            If the labels do not fit the rows or the classes.
        """
        warm = self.warm_start and hasattr(self, "module_")
        given = read_rows(self, X, soft, sample_weight, transform=self._features if warm else None)
        team = Team.present()
        with borrowed_torch(given.device, n_jobs=self.n_jobs, seed=given.seed + team.rank):
            full = by_full_batches(self, team.size, shape=given.plan.shape_)
            training = prepare(self, given, module=copy.deepcopy(self.module_) if warm else None)
            run = train_linear(training, self.weight_decay) if full else train(training)
            finish(training)
            logits = held_out_logits(training) if self.calibrate else None
            temperature = 1.0 if logits is None else held_out_temperature(training, logits)
            report = report_fit(training, given, logits)
        self._learn(given, training)
        self.temperature_, self.fit_report_ = temperature, report
        self.history_, self.n_iter_, self.best_epoch_ = run.history, len(run.log), run.best_epoch + 1
        self.n_rows_, self.n_held_out_ = len(training.data.train), len(training.data.held_out)
        self.learning_rate_ = None if full else training.learning_rate
        self._partial: dict[str, Any] = {}
        return self

    def partial_fit(self, X: Any, soft: Any, classes: Classes = None, sample_weight: Any = None) -> EndModel:
        """Learn from more rows: one pass over them, by batches, from the weights that there are.

        The first call of an unfitted model learns features and classes from its rows, which should therefore be
        typical; later ones keep both, as do those after ``fit``. The optimizer goes on where the last call left it,
        unless ``optimizer``, ``learning_rate`` or ``weight_decay`` has changed: then it begins anew. Arguments that
        make the network (``hidden``, ``module``, ``dropout``, ``peers``) must be those that it was made with.
        Nothing is held out, and schedules and checkpoints do not apply; ``temperature_`` stays as it is, and there is
        no ``fit_report_``.

        Parameters
        ----------
        X, soft, sample_weight
            As for ``fit``.
        classes : int or sequence of hashable, optional
            All classes, where the first rows may lack some; later the same or None.

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            If an argument that makes the network has changed, or one is out of range.
        ClassError
            If ``classes`` are others than those of the fitted model.
        """
        fitted = hasattr(self, "module_")
        if fitted:
            check_same_classes(classes, self.classes_)
        given = read_rows(self, X, soft, sample_weight, transform=self._features if fitted else None, classes=classes)
        before: dict[str, Any] = self._partial if fitted else {}
        given = replace(given, seed=(given.seed + before.get("calls", 0)) % 2**31)
        once = one_pass(self, before)
        with borrowed_torch(given.device, n_jobs=self.n_jobs, seed=given.seed + Team.present().rank):
            training = prepare(once, given, module=copy.deepcopy(self.module_) if fitted else None)
            if goes_on(self, before):
                training.optimizer.load_state_dict(before["optimizer"])
            run = train(training)
        self._learn(given, training)
        self.learning_rate_ = training.learning_rate
        self._partial = left_by(self, training, before)
        self.temperature_ = self.temperature_ if fitted else 1.0
        self.__dict__.pop("fit_report_", None)  # of other weights than these
        history = pd.concat([self.history_, run.history], ignore_index=True) if fitted else run.history
        history["epoch"] = np.arange(1, len(history) + 1)
        self.history_, self.n_iter_, self.best_epoch_ = history, len(history), len(history)
        self.n_rows_ = len(training.data.train) + (self.n_rows_ if fitted else 0)
        self.n_held_out_ = self.n_held_out_ if fitted else 0
        return self

    def _html_repr(self) -> str:
        shown: str = super()._html_repr()
        return card(self) + shown if hasattr(self, "module_") else shown

    def __getstate__(self) -> dict[str, Any]:
        return on_cpu(super().__getstate__())

    _saved_state, _check_loaded = saved_state, fill_module

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = self.task == "multilabel"
        return tags

    def _learn(self, given: Given, training: Training) -> None:
        learn_columns(self, given.plan, given.found)
        self._built = described_arguments(self, NETWORK)
        self.module_, self.features_, self.classes_ = training.model, given.plan, given.targets.classes
        self.monitor_ = training.data.monitor if len(training.data.held_out) else None
