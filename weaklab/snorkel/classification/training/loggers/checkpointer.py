"""Weights on the way, and the best of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from weaklab.exceptions import NotConvergedWarning, ParameterError, did_you_mean, warn_caller
from weaklab.snorkel.classification.multitask_classifier import MultitaskClassifier


class CheckpointerConfig(NamedTuple):
    """Where weights are written, how often, and what they are judged by; see :class:`Checkpointer`."""

    checkpoint_dir: str = "checkpoints"
    checkpoint_factor: int = 1
    checkpoint_metric: str = "model/all/train/loss:min"
    checkpoint_task_metrics: list[str] | None = None
    checkpoint_runway: int = 0
    checkpoint_clear: bool = True


class Checkpointer:
    """Writes the weights of a classifier while it is trained, and finds those that had the best score.

    Parameters
    ----------
    counter_unit : {"epochs", "batches", "points"}
        What is counted.
    evaluation_freq : float
        After how many of them scores are computed.
    **kwargs
        ``checkpoint_dir``, the folder; ``checkpoint_factor``, after how many evaluations weights are written;
        ``checkpoint_metric``, what the best is judged by, "task/dataset/split/metric:mode" with a mode of "min" or
        "max"; ``checkpoint_task_metrics``, others whose best weights are kept too; ``checkpoint_runway``, before how
        many units nothing is written; ``checkpoint_clear``, whether all but the best are deleted at the end.

    Raises
    ------
    ParameterError
        If one of them is not what it should be.

    Examples
    --------
    >>> Checkpointer("epochs", 1.0, checkpoint_metric="loss:min")
    Traceback (most recent call last):
    ...
    weaklab.exceptions.ParameterError: checkpoint_metric must be formatted 'task/dataset/split/metric:mode'; got
    'loss:min'.
    """

    def __init__(self, counter_unit: str, evaluation_freq: float, **kwargs: Any) -> None:
        self.config = config = CheckpointerConfig(**kwargs)
        if len(config.checkpoint_metric.split("/")) < 4:
            raise ParameterError(
                "checkpoint_metric must be formatted 'task/dataset/split/metric:mode'; "
                f"got {config.checkpoint_metric!r}."
            )
        if config.checkpoint_runway < 0:
            raise ParameterError(
                f"Invalid checkpoint_runway {config.checkpoint_runway}, must be greater than or equal to 0."
            )
        self.checkpoint_unit, self.checkpoint_dir = counter_unit, config.checkpoint_dir
        self.checkpoint_clear, self.checkpoint_runway = config.checkpoint_clear, config.checkpoint_runway
        self.checkpoint_factor, self.checkpoint_condition_met = config.checkpoint_factor, False
        self.checkpoint_metric = _modes([config.checkpoint_metric])
        self.checkpoint_task_metrics = _modes(config.checkpoint_task_metrics or []) | self.checkpoint_metric
        self.checkpoint_freq = evaluation_freq * self.checkpoint_factor
        if self.checkpoint_freq <= 0:
            raise ParameterError(f"Invalid checkpoint freq {self.checkpoint_freq}, must be greater than 0.")
        self.best_metric_dict: dict[str, float] = {}
        self._written: list[Path] = []
        self._seen: set[str] = set()
        Path(self.checkpoint_dir).mkdir(parents=True, exist_ok=True)

    def checkpoint(self, iteration: float, model: MultitaskClassifier, metric_dict: Mapping[str, float]) -> None:
        """Write the weights, and once more if a score is the best so far.

        Parameters
        ----------
        iteration : float
            How many units are over.
        model : MultitaskClassifier
            What is trained.
        metric_dict : mapping of str to float
            Its scores.
        """
        if iteration < self.checkpoint_runway:
            return
        self.checkpoint_condition_met = True
        path = Path(self.checkpoint_dir) / f"checkpoint_{iteration}.pth"
        model.save(str(path))
        self._written.append(path)
        self._seen |= set(metric_dict)
        for metric, mode in self.checkpoint_task_metrics.items():
            value = metric_dict.get(metric, math.nan)
            best = self.best_metric_dict.get(metric, math.inf if mode == "min" else -math.inf)
            # A score that is no number is never the best; in Snorkel, as the first one, it remains so.
            if value < best if mode == "min" else value > best:
                self.best_metric_dict[metric] = value
                model.save(str(self._best_path(metric)))

    def clear(self) -> None:
        """Delete what was written, but for the best; files of others in the folder stay."""
        if self.checkpoint_clear:
            for path in self._written:
                path.unlink(missing_ok=True)
            self._written.clear()

    def load_best_model(self, model: MultitaskClassifier) -> MultitaskClassifier:
        """Give a classifier the best weights; without any, it stays as it is, with a warning.

        Parameters
        ----------
        model : MultitaskClassifier
            What was trained.

        Returns
        -------
        MultitaskClassifier
            The same.
        """
        (metric,) = self.checkpoint_metric
        if metric in self.best_metric_dict:
            model.load(str(self._best_path(metric)))
        else:
            warn_caller(
                f"No checkpoint has a score {metric!r}, so the last weights are kept."
                f"{did_you_mean(metric, sorted(self._seen))}",
                NotConvergedWarning,
            )
        return model

    def _best_path(self, metric: str) -> Path:
        return Path(self.checkpoint_dir) / f"best_model_{metric.replace('/', '_')}.pth"


def _modes(metrics: Iterable[str]) -> dict[str, str]:
    """From "metric:mode" to modes by metric."""
    modes = {}
    for text in metrics:
        metric, colon, mode = text.rpartition(":")
        if not colon or ":" in metric:
            raise ParameterError(
                f"Metric must be of the form 'metric_name:mode' where mode is 'max' or 'min'. Instead, got {text}"
            )
        if mode not in ("min", "max"):
            raise ParameterError(
                f"Unrecognized checkpoint metric mode {mode} for metric {metric}, must be 'min' or 'max'."
            )
        modes[metric] = mode
    return modes
