"""The end model: a classifier that learns from soft labels and generalises past the rules that made them."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from weaklab.end_models.borrowing import borrowed_torch, resolve_device
from weaklab.end_models.calibration import CALIBRATION_ROWS, fit_temperature
from weaklab.end_models.fit_report import FitReport, report_fit
from weaklab.end_models.inference import predict_logits
from weaklab.end_models.inputs import Input, read_input
from weaklab.end_models.loop import TrainingData, train
from weaklab.end_models.losses import Term
from weaklab.end_models.networks import ModuleLike, build_module
from weaklab.end_models.parameters import check_parameters
from weaklab.end_models.plan import FeaturePlan
from weaklab.end_models.rows import device_rows
from weaklab.end_models.scoring import score_indicators, score_predictions
from weaklab.end_models.selection import Selection, Weighing, Which
from weaklab.end_models.targets import Targets
from weaklab.end_models.tasks import RowsLoss, Task, find_task
from weaklab.exceptions import FrameError, ParameterError
from weaklab.seeding import generator as numpy_generator
from weaklab.typing import Classes, Floats, Seed


class EndModel(ClassifierMixin, BaseEstimator):
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
    which : {"covered", "confident", "all"} or float in (0, 1], default="covered"
        The rows to train on, see :class:`~weaklab.end_models.Selection`: those with votes; the more confident half
        (or another share) of each class; or all.
    weight : {"uniform", "confidence"}, default="uniform"
        "confidence" weighs each row by how far its soft label is from uniform.
    gold_weight : float or None, default=None
        The weight of rows with gold, of SoftLabels; 0 keeps them for scoring. None treats them as other rows.
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
    device : str or torch.device, default="auto"
        "auto" is a CUDA card where there is one, else the CPU.
    random_state : int, Generator or None, default=None
        The seed; None means 0. torch's and numpy's global states are left as they are.
    max_epochs : int, default=50
        The most passes over the rows.
    batch_size : int or None, default=None
        Rows per step; None takes a twentieth of the rows, as a power of two from 16 to 1,024.
    learning_rate : float or None, default=None
        Of AdamW; None is 0.01 for a linear classifier and 0.002 for a network.
    weight_decay : float, default=0.01
        Of AdamW, in units of the learning rate.
    dropout : float in [0, 1), default=0.3
        The share of hidden units left out in each step.
    validation_fraction : float in [0, 1), default=0.1
        The share of rows held out to stop early; 0, or a share of fewer than 5 rows, trains for ``max_epochs``.
    patience : int, default=3
        How many epochs without a better held-out loss end the training. The best weights are kept.
    tolerance : float, default=0.001
        What counts as better, in nats.
    max_features : int, default=32768
        How many hashed word n-grams, and as many character n-grams, a text column has at most.
    n_jobs : int or None, default=1
        torch's threads during ``fit`` and ``predict`` on the CPU; None leaves them. One thread gives the same bits
        on one machine whatever the rest of the program does, and small batches gain nothing from more.
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
        A row per epoch: epoch, train_loss and held_out_loss (nats), seconds.
    n_iter_, best_epoch_ : int
        The number of epochs run, and the epoch whose weights were kept, counted from 1.
    n_rows_, n_held_out_ : int
        The number of rows trained on, and held out. Rows of weight 0 are neither.
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
        device: str | torch.device = "auto",
        random_state: Seed = None,
        max_epochs: int = 50,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        weight_decay: float = 0.01,
        dropout: float = 0.3,
        validation_fraction: float = 0.1,
        patience: int = 3,
        tolerance: float = 0.001,
        max_features: int = 2**15,
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
        self.device = device
        self.random_state = random_state
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.tolerance = tolerance
        self.max_features = max_features
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, soft: Any, sample_weight: Any = None) -> EndModel:
        """Learn from soft or hard labels.

        Parameters
        ----------
        X : DataFrame, Series or list of str, array-like or sparse matrix of n rows
            The data. Frames may come from pandas, polars or pyarrow. Missing numbers of a frame are imputed; in a
            matrix they are an error. Features are learnt from all rows, those of weight 0 included.
        soft : SoftLabels, array-like of shape (n, k) or (n,), DataFrame or Series
            Soft labels, or one hard label per row. Of SoftLabels, rows of weight 0 are left out and rows with gold
            count as known.
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
        check_parameters(self)
        device, task = resolve_device(self.device), find_task(self.task)
        selection = Selection(self.which, self.weight, self.gold_weight)
        loss = task.loss if self.loss is None else self.loss
        found = read_input(X)
        plan = FeaturePlan(
            column=self.column,
            columns=self.columns,
            max_features=self.max_features,
            encode=self.encode,
            images_as_is=self.module is not None,
        )
        features = plan.fit_transform(found.data)
        targets = task.read(
            soft,
            features.shape[0],
            classes=self.classes,
            sample_weight=sample_weight,
            index=found.index,
            selection=selection,
        )
        seed = int(numpy_generator(self.random_state).integers(2**31))
        draws = torch.Generator(device="cpu").manual_seed(seed)
        with borrowed_torch(device, n_jobs=self.n_jobs, seed=seed):
            data = self._data(features, targets, draws, device, task.rows_loss)
            module = build_module(
                self.module,
                plan.shape_,
                len(targets.classes),
                hidden=self.hidden,
                dropout=self.dropout,
                generator=draws,
            ).to(device)
            run = train(
                module,
                loss,
                data,
                self._optimizer(module, device),
                draws,
                max_epochs=self.max_epochs,
                batch_size=self.batch_size or _batch_size(len(data.train)),
                patience=self.patience,
                tolerance=self.tolerance,
                progress=self.progress,
            )
            self.temperature_ = self._temperature(module, data)
            report = self._report(module, features, targets, data, run.best_loss, seed)
        self._learn_names(plan, found)
        self.module_, self.features_, self.classes_ = module, plan, targets.classes
        self.history_, self.n_iter_, self.best_epoch_ = run.history, len(run.log), run.best_epoch + 1
        self.n_rows_, self.n_held_out_, self.fit_report_ = len(data.train), len(data.held_out), report
        return self

    def decision_function(self, X: Any) -> Floats:
        """Logits, divided by ``temperature_``: how strongly each class is favoured, in nats up to a constant per row.

        Parameters
        ----------
        X : as for ``fit``, of n rows

        Returns
        -------
        ndarray of float64 of shape (n, k), or (n,) for two classes: the log-odds of the second
            With ``task="multilabel"`` always (n, k), the log-odds of each class.
        """
        logits = self._logits(X)
        one = logits.shape[1] == 2 and find_task(self.task).name == "multiclass"
        return logits[:, 1] - logits[:, 0] if one else logits  # (n,)

    def predict_proba(self, X: Any) -> Floats:
        """Probabilities of the classes, in the order of ``classes_``.

        Parameters
        ----------
        X : as for ``fit``, of n rows

        Returns
        -------
        ndarray of float64 of shape (n, k)
            Rows sum to 1, but not with ``task="multilabel"``.
        """
        return find_task(self.task).probabilities(self._logits(X))

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row, by name; the first of several.

        Parameters
        ----------
        X : as for ``fit``, of n rows

        Returns
        -------
        ndarray of shape (n,)
            With ``task="multilabel"`` (n, k) of int64: 1 where a class is at least as probable as not, else 0.
        """
        logits = self._logits(X)
        if find_task(self.task).name == "multilabel":
            return (logits >= 0).astype(np.int64)
        return self.classes_[logits.argmax(axis=1)]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy; against soft labels, the accuracy to be expected if they are true.

        Parameters
        ----------
        X : as for ``fit``, of n rows
        y : array-like of shape (n,) or (n, k), or SoftLabels
            Labels, all among ``classes_``, or soft labels. With ``task="multilabel"`` the score is the share of right
            cells, one minus the Hamming loss.
        sample_weight : array-like of shape (n,), optional

        Returns
        -------
        float in [0, 1]
        """
        score = score_indicators if find_task(self.task).name == "multilabel" else score_predictions
        return score(self.predict(X), y, self.classes_, sample_weight, read_input(X).index)

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        if "module_" in state and any(value.is_cuda for value in state["module_"].state_dict().values()):
            state = {**state, "module_": copy.deepcopy(state["module_"]).cpu()}  # loads where there is no card
        return state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = self.task == "multilabel"
        return tags

    def _learn_names(self, plan: FeaturePlan, found: Input) -> None:
        if plan.form_ in {"texts", "images"} or plan.chosen:
            names = list(plan.encoders_)
            self.n_features_in_ = plan.n_columns_ if plan.form_ == "images" else len(names)
            self.__dict__.pop("feature_names_in_", None)
            if plan.form_ == "frame" and all(isinstance(name, str) for name in names):
                self.feature_names_in_ = np.array(names, dtype=object)
        else:
            validate_data(self, found.data, skip_check_array=True)

    def _check_names(self, found: Input) -> None:
        try:
            validate_data(self, found.data, reset=False, skip_check_array=True)
        except ValueError as error:
            hint = "To have columns found by name, in any order and among others, name them at fit: columns=[...]."
            raise FrameError(f"{error}\n{hint}" if found.form == "frame" else str(error)) from error

    def _temperature(self, module: torch.nn.Module, data: TrainingData) -> float:
        if not self.calibrate:
            return 1.0
        rows = data.held_out[:CALIBRATION_ROWS]
        target, weight = data.target[rows], data.weight[rows]
        logits = predict_logits(module, data.rows, target.shape[1], rows)
        return fit_temperature(logits, target, weight, data.rows_loss)

    def _report(
        self, module: torch.nn.Module, features: Any, targets: Targets, data: TrainingData, loss: float, seed: int
    ) -> FitReport:
        k, several = len(targets.classes), find_task(self.task).name != "multiclass"

        def predict(rows: np.ndarray) -> np.ndarray:
            return predict_logits(module, device_rows(features[rows], data.target.device), k).argmax(1).cpu().numpy()

        trained, held_out = (np.sort(data.position[part].cpu().numpy()) for part in (data.train, data.held_out))
        found = loss if len(held_out) else float("nan")
        return report_fit(features, targets, trained, held_out, None if several else predict, found, seed=seed)

    def _data(
        self, features: Any, targets: Targets, draws: torch.Generator, device: torch.device, rows_loss: RowsLoss
    ) -> TrainingData:
        """Rows of weight above 0 on the device, shuffled once into those trained on and those held out."""
        used = targets.used
        weight = targets.weight[used]
        order = torch.randperm(len(used), generator=draws, device="cpu").to(device)
        held_out = int(self.validation_fraction * len(used))
        held_out = held_out if held_out >= 5 else 0  # a loss over fewer rows is noise
        kept = features if len(used) == features.shape[0] else features[used]
        return TrainingData(
            rows=device_rows(kept, device),
            target=torch.tensor(targets.probs[used], dtype=torch.float32, device=device),
            weight=torch.tensor(weight / weight.mean(), dtype=torch.float32, device=device),
            position=torch.tensor(used, dtype=torch.int64, device=device),
            train=order[held_out:],
            held_out=order[:held_out],
            rows_loss=rows_loss,
        )

    def _optimizer(self, module: torch.nn.Module, device: torch.device) -> torch.optim.Optimizer:
        rate = self.learning_rate
        if rate is None:
            rate = 0.01 if self.hidden is None and self.module is None else 0.002
        parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        fused = device.type in ("cpu", "cuda")  # three times the speed on the CPU, at 65,536 x 100 weights
        return torch.optim.AdamW(parameters, lr=rate, weight_decay=self.weight_decay, fused=fused)

    def _logits(self, X: Any) -> Floats:
        check_is_fitted(self)
        found = read_input(X)
        if self.features_.form_ not in {"texts", "images"} and not self.features_.chosen and found.n_dimensions == 2:
            self._check_names(found)
        features = self.features_.transform(found.data)
        device = resolve_device(self.device)
        with borrowed_torch(device, n_jobs=self.n_jobs):
            module = self.module_.to(device)
            logits = predict_logits(module, device_rows(features, device), len(self.classes_))
        out: Floats = logits.double().cpu().numpy() / self.temperature_
        if not np.isfinite(out).all():
            raise ParameterError("The module gives logits that are not finite; train it again, with another module.")
        return out


def _batch_size(n: int) -> int:
    """A twentieth of the rows, as a power of two from 16 to 1,024: enough steps per epoch, and no more."""
    return int(min(1024, max(16, 2 ** int(np.log2(max(n / 20, 1))))))
