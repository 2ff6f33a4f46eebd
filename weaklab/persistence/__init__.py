"""Save and load without pickle: a zip of JSON and arrays, of which no code runs.

``model.save(path)`` writes any label model, end model or labeler, and :func:`load` reads it. ``docs/saving.md`` says
what a file holds, what is saved by value, and what must be given at load.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from weaklab.exceptions import (
    ParameterError,
    PersistenceError,
    PersistenceWarning,
    did_you_mean,
    reason_of,
    warn_caller,
)
from weaklab.persistence.archive import FORMAT, VERSION, read_archive, write_archive
from weaklab.persistence.decoding import Decoder
from weaklab.persistence.encoding import ByName, Encoder
from weaklab.persistence.needs import OnMismatch, find_needed

__all__ = ["FORMAT", "VERSION", "ByName", "OnMismatch", "Savable", "load", "save"]


class Savable:
    """What has ``save``: label models, end models, labelers.

    A class of yours that derives from it is saved with the name of its class, which :func:`load` then needs.
    """

    _saved_by_class = True

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save to a file that :func:`weaklab.load` reads.

        Parameters
        ----------
        path : str or PathLike
            The file; one that is there is replaced, at once and as a whole.

        Returns
        -------
        Path

        Raises
        ------
        PersistenceError
            If something cannot be saved, or the file cannot be written.

        Warns
        -----
        PersistenceWarning
            If something is of a notebook or a script, and so can only be given at load.
        """
        return save(self, path)


def save(item: Any, path: str | os.PathLike[str]) -> Path:
    """Save a label model, an end model or a labeler; see :meth:`Savable.save`."""
    encoder = Encoder()
    try:
        root = encoder.encode(item)
    except RecursionError as error:
        raise PersistenceError(f"{type(item).__name__} is nested too deeply to be saved.") from error
    if told := _only_here(encoder.needed):
        warn_caller(
            f"Only the name and the source are saved of {told}. Give the same to wl.load, in lfs=[...] or "
            f"parts={{...}}; functions at the top level of a module can also be imported: trust=[...].",
            PersistenceWarning,
        )
    versions = {name: sys.modules[name].__version__ for name in ("numpy", "sklearn", "torch") if name in sys.modules}
    content = {
        "weaklab": sys.modules["weaklab"].__version__,
        "libraries": {name: str(version) for name, version in versions.items()},
        "needed": encoder.needed,
        "root": root,
    }
    return write_archive(path, content, encoder.arrays)


def load(
    path: str | os.PathLike[str],
    lfs: Any = None,
    trust: str | Iterable[str] = (),
    *,
    parts: Mapping[str, Any] | None = None,
    on_mismatch: OnMismatch = "raise",
) -> Any:
    """Load what ``save`` wrote; no code of the file runs.

    Parameters
    ----------
    path : str or PathLike
        The file.
    lfs : labeling function or iterable of labeling functions, optional
        Those that the file holds by name only: functions of Python, and those that ask one. More may be given.
        Labeling functions that are data are loaded as they were saved.
    trust : str or iterable of str
        Modules, and packages with all that is in them, that what was not given may be imported from. Trust a module
        only if you would call any function that it defines.
    parts : mapping of str to object, optional
        Other code that the file needs, such as ``module`` or ``loss`` of an end model; the error that lists what is
        missing says the keys.
    on_mismatch : {"raise", "warn", "ignore"}
        What to do where a function is not as it was when it was saved: its source, that of helpers in the same
        package, or plain values that it reads. Comments and docstrings do not count.

    Returns
    -------
    label model, end model or Labeler
        It predicts as it did, bit for bit, on the same machine and versions of libraries.

    Raises
    ------
    PersistenceError
        If the file cannot be read, is damaged, is of a later version, needs code that was not given, or code that has
        changed.

    Examples
    --------
    >>> import tempfile, weaklab as wl
    >>> votes = [[0, 0, -1], [1, 1, 1], [0, -1, 0], [-1, 1, 1]]
    >>> model = wl.LabelModel(classes=["ham", "spam"]).fit(votes)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = model.save(f"{folder}/model.weaklab")
    ...     again = wl.load(path)
    >>> (again.predict_proba(votes) == model.predict_proba(votes)).all()
    np.True_
    """
    if on_mismatch not in get_args(OnMismatch):
        raise ParameterError(f"on_mismatch={on_mismatch!r}.{did_you_mean(on_mismatch, get_args(OnMismatch))}")
    trust = [trust] if isinstance(trust, str) else list(trust)
    manifest, arrays = read_archive(path)
    try:
        given = find_needed(manifest.get("needed"), _by_name(lfs), parts or {}, trust, on_mismatch)
    except PersistenceError as error:
        raise PersistenceError(f"{os.fspath(path)!r}: {error}") from error
    decoder = Decoder(arrays, given)
    try:
        item = decoder.decode(manifest.get("root"))
        if not isinstance(item, Savable):
            raise PersistenceError("it holds no model and no labeler.")
        for made in decoder.made:
            if hasattr(made, "_check_loaded"):
                made._check_loaded()
    # What hostile values make the constructors of numpy, pandas, scipy, torch and ours raise is of any kind.
    except Exception as error:
        raise PersistenceError(f"{os.fspath(path)!r} cannot be loaded: {reason_of(error)}") from error
    _tell_versions(path, manifest)
    return item


def _only_here(needed: dict[str, dict[str, Any]]) -> str:
    """What cannot be imported at load, in words."""
    said = []
    for each in needed.values():
        home, name = each["module"], each["name"] or ""
        if home == "__main__":
            said.append(f"{each['key']!r} (of __main__: a notebook or a script)")
        elif home is None or "<" in name:
            said.append(f"{each['key']!r} ({each['what']})")
    return ", ".join(said)


def _by_name(lfs: Any) -> dict[str, Any]:
    if lfs is None:
        return {}
    items = [lfs] if callable(lfs) else list(lfs.values()) if isinstance(lfs, Mapping) else list(lfs)
    named = {str(getattr(item, "name", None) or getattr(item, "__name__", "")): item for item in items}
    if len(named) < len(items):
        raise ParameterError(f"lfs= holds {len(items)} labeling functions of {len(named)} names; names must differ.")
    return named


def _tell_versions(path: str | os.PathLike[str], manifest: dict[str, Any]) -> None:
    """Other versions of the libraries that compute may give other bits; scikit-learn's also other attributes."""
    saved = manifest.get("libraries")
    there = saved.get("sklearn") if isinstance(saved, dict) else None
    present = getattr(sys.modules.get("sklearn"), "__version__", None)
    used = "'sklearn." in repr(manifest.get("root"))
    if there is None or present is None or there == present or not used:
        return
    warn_caller(
        f"{os.fspath(path)!r} was saved with scikit-learn {str(there)[:20]}, and {present} is installed: estimators of "
        f"scikit-learn in it may predict otherwise, or fail.",
        PersistenceWarning,
    )
