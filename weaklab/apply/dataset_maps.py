"""A labeler as a step of ``dataset.map(step, batched=True)`` of Hugging Face."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from weaklab.apply.plan import check_lfs
from weaklab.apply.shipping import dumps, loads
from weaklab.exceptions import FrameError, MissingExtraError, WorkerDiedError

_forked = False


def _note_fork() -> None:
    global _forked  # noqa: PLW0603  -- of this process, which a fork begins with that of its parent
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


class LabelStep:
    """Labels a batch of a Dataset, a dict of columns, and gives the new columns.

    ``datasets`` keeps what a step made, by a fingerprint of it. This one pickles by value: functions of scripts, of
    notebooks and of one's own modules with their code and what they read, so that what was made by other functions,
    or by another model, is not taken for it.

    Parameters
    ----------
    labeler : object with ``label(frame, progress=...)`` and ``classes_``
        A fitted :class:`weaklab.Labeler`.
    options : dict
        Further arguments of its ``label``.
    """

    def __init__(self, labeler: Any, options: Mapping[str, Any]) -> None:
        self.labeler, self.options = labeler, dict(options)

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The new columns of a batch.

        Parameters
        ----------
        batch : mapping from column to list
            As ``dataset.map(step, batched=True)`` gives it.

        Returns
        -------
        dict of str to ndarray
            ``label``, class codes as of ``datasets.ClassLabel``, -1 where there is no label, so that every batch is
            of one type; and what else ``labeler.label`` adds.

        Raises
        ------
        FrameError
            If it is no batch of columns.
        WorkerDiedError
            In a process that was forked from this one, where the threads of polars, on which much here runs, are gone:
            it would wait for them forever.
        """
        if _forked:
            raise WorkerDiedError(
                "dataset.map(num_proc=...) has forked this process, and the threads that labeling needs did not come "
                'along: say multiprocess.set_start_method("spawn") first, in a script below `if __name__ == '
                '"__main__":`, or leave num_proc out.'
            )
        if not isinstance(batch, Mapping) or any(_is_cell(cells) for cells in batch.values()):
            raise FrameError(
                f"This step labels batches of columns, and was given {_shape(batch)}: say "
                "dataset.with_format(None).map(step, batched=True)."
            )
        columns = {name: list(cells) for name, cells in batch.items()}
        labelled = self.labeler.label(_frame(columns), progress=False, **self.options)
        if not isinstance(labelled, list):
            added = {name: labelled.column(name).to_pylist() for name in labelled.column_names if name not in columns}
        else:
            names = [name for name in (labelled[0] if labelled else ()) if name not in columns]
            added = {name: [record[name] for record in labelled] for name in names}
        label = f"{self.options.get('prefix', '')}label"
        code = {name: code for code, name in enumerate(self.labeler.classes_.tolist())}
        made = {name: np.array(cells, dtype=self._dtype(name)) for name, cells in added.items() if name != label}
        return {label: np.array([code.get(cell, -1) for cell in added[label]], dtype=np.int64), **made}

    def features(self, features: Any) -> Any:
        """The features of a Dataset and of the new columns, for ``dataset.map(step, batched=True, features=...)``.

        Parameters
        ----------
        features : datasets.Features
            Those of the Dataset.

        Returns
        -------
        datasets.Features
            ``label`` is a ``ClassLabel`` with the names of the classes.
        """
        try:
            from datasets import ClassLabel, Features, Value
        except ImportError as error:
            raise MissingExtraError('This needs datasets, which is not installed: pip install "weaklab[hf]"') from error
        prefix = self.options.get("prefix", "")
        classes = list(map(str, self.labeler.classes_.tolist()))
        added = {"label": ClassLabel(names=classes), "confidence": Value("float64"), "covered": Value("bool")}
        if self.options.get("votes"):
            names = [lf.name for lf in check_lfs(self.labeler.lfs)]
            added |= {f"vote_{name}": Value("int64") for name in names}
        if self.options.get("probs"):
            added |= {f"prob_{name}": Value("float64") for name in classes}
        return Features({**features, **{f"{prefix}{name}": kind for name, kind in added.items()}})

    def _dtype(self, name: str) -> Any:
        """What a column is of in every batch, whatever it holds in this one."""
        bare = name.removeprefix(self.options.get("prefix", ""))
        return np.bool_ if bare == "covered" else np.int64 if bare.startswith("vote_") else np.float64

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_bytes, (dumps((self.labeler, self.options)),)

    def __repr__(self) -> str:
        given = "".join(f", {name}={value!r}" for name, value in self.options.items())
        return f"LabelStep({self.labeler!r}{given})"


def _from_bytes(content: bytes) -> LabelStep:
    return LabelStep(*loads(content))


def _frame(columns: dict[str, Any]) -> Any:
    """Columns as an arrow table; as a list of dicts where they hold what arrow does not, such as images."""
    try:
        return pa.table({name: list(cells) for name, cells in columns.items()})
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _is_cell(cells: Any) -> bool:
    return isinstance(cells, (str, bytes)) or not hasattr(cells, "__len__")


def _shape(batch: Any) -> str:
    return (
        "one row" if isinstance(batch, Mapping) else f"a {type(batch).__module__.split('.')[0]}.{type(batch).__name__}"
    )
