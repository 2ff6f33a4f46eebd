"""Files of weights, read without running what is in them."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from weaklab.exceptions import ParameterError


def write_state(state: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write tensors and plain values to a file; its folder is made if it is not there."""
    place = Path(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    torch.save(dict(state), place)


def read_state(
    path: str | os.PathLike[str], what: str, plain_classes: Mapping[str, type] | None = None
) -> dict[str, Any]:
    """What :func:`write_state` wrote.

    Parameters
    ----------
    path : str or Path
        The file.
    what : str
        What it should be, for messages.
    plain_classes : mapping of str to type, optional
        By the names that another library's file has them under, classes that only hold values.

    Raises
    ------
    FileNotFoundError
        If there is no file.
    ParameterError
        If it is another kind of file, or would run code.
    """
    try:
        found = _load(path, plain_classes or {})
    except (pickle.UnpicklingError, zipfile.BadZipFile, EOFError, RuntimeError) as error:
        raise ParameterError(
            f"{str(path)!r} cannot be read as {what} ({type(error).__name__}): it must hold tensors and plain values."
        ) from error
    if not isinstance(found, dict):
        raise ParameterError(f"{str(path)!r} holds {type(found).__name__}, and is not {what}.")
    return found


def _load(path: str | os.PathLike[str], plain_classes: Mapping[str, type]) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        if not plain_classes:
            raise
        named: list[Any] = [(known, name) for name, known in plain_classes.items()]
        with torch.serialization.safe_globals(named):
            return torch.load(path, map_location="cpu", weights_only=True)


def with_names_of(expected: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    """Weights under the names that are expected, where a file has them wrapped for several cards.

    Snorkel wraps each module of the pool so, unless told otherwise: ``module_pool.net.module.weight``.

    Examples
    --------
    >>> with_names_of({"module_pool.net.weight": 0}, {"module_pool.net.module.weight": 1})
    {'module_pool.net.weight': 1}
    """
    if set(state) == set(expected):
        return dict(state)
    out = {}
    for name, value in state.items():
        pool, _, rest = name.partition(".")
        key, _, inner = rest.partition(".")
        bare = f"{pool}.{key}.{inner.removeprefix('module.')}"
        out[bare if name not in expected and bare in expected else name] = value
    return out
