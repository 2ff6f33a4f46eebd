"""Settings in named tuples, and changes to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from weaklab.exceptions import ParameterError, did_you_mean

C = TypeVar("C", bound=tuple[Any, ...])


def merge_config(config: C, config_updates: Mapping[str, Any]) -> C:
    """Settings with some of them changed; the given ones, and the mapping, stay as they are.

    Parameters
    ----------
    config : named tuple
        All settings.
    config_updates : mapping of str to object
        New values; a mapping changes settings within a setting.

    Returns
    -------
    named tuple

    Raises
    ------
    ParameterError
        If there is no setting of a name.

    Examples
    --------
    >>> from weaklab.snorkel.utils.optimizers import OptimizerConfig
    >>> merge_config(OptimizerConfig(), {"sgd_config": {"momentum": 0.5}}).sgd_config
    SGDOptimizerConfig(momentum=0.5)
    """
    named: Any = config
    changed = {}
    for name, value in config_updates.items():
        if name not in named._fields:
            raise ParameterError(f"{type(config).__name__} has no {name!r}.{did_you_mean(name, named._fields)}")
        changed[name] = merge_config(getattr(named, name), value) if isinstance(value, Mapping) else value
    merged: C = named._replace(**changed)
    return merged


def plain(config: Any) -> Any:
    """Settings as dicts within dicts, which JSON and ``torch.load(weights_only=True)`` can hold.

    Parameters
    ----------
    config : named tuple, or any value
        Settings.

    Examples
    --------
    >>> from weaklab.snorkel.utils.lr_schedulers import StepLRSchedulerConfig
    >>> plain(StepLRSchedulerConfig())
    {'gamma': 0.9, 'step_size': 5}
    """
    if not hasattr(config, "_asdict"):
        return config
    return {name: plain(value) for name, value in config._asdict().items()}
