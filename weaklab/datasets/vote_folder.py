"""Label matrices with gold labels, one folder per dataset: classification, crowds, sequences."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse

from weaklab.datasets.vote_set import VoteSet, check_range, folder_path, read_json, smallest_dtype, vote_frame
from weaklab.exceptions import DatasetError, did_you_mean

SPLITS = ("train", "valid", "test")


def load_votes(folder: str | os.PathLike[str], *, sparse: bool = False) -> dict[str, VoteSet]:
    """Read a dataset of votes with gold labels.

    Parameters
    ----------
    folder : str or path
        A folder with ``meta.json``, whose ``kind`` says what else is there:

        - ``"classification"``: per split ``<split>.npz`` with ``votes`` (n, m), -1 for abstain, and ``y`` (n,), -1
          for unknown; and, where data was published, ``<split>.parquet`` with the same rows.
        - ``"crowd"``: ``votes.parquet`` (worker, task, label), ``gold.parquet`` (task, label), and perhaps
          ``tasks.parquet`` (task, ...). Tasks become rows, workers labeling functions.
        - ``"sequence"``: as classification, with ``offsets`` in the npz: sentence i is rows
          ``offsets[i]:offsets[i + 1]``. Rows are tokens, classes are the tags in ``meta["tags"]``. Tag 0, "O", is
          also what a silent labeling function says there; it is kept as it is.

    sparse : bool
        Give the votes of a crowd as a scipy CSR array of ``vote + 1`` instead of a DataFrame; the workers are then in
        ``meta["lf_names"]``. For tens of thousands of workers, where a dense matrix would not fit.

    Returns
    -------
    dict of str to VoteSet
        By split: "train", "valid", "test" as far as they exist; "all" for crowds. Votes and frame of a crowd are
        indexed by task; a sentence's tokens carry its number in the column ``sentence``.

    Raises
    ------
    DatasetError
        If a file is missing, damaged, or does not fit the others; names the file, the row and the value.

    Examples
    --------
    >>> import json, tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     meta = {"name": "toy", "kind": "classification", "class_names": ["ham", "spam"]}
    ...     _ = (Path(folder) / "meta.json").write_text(json.dumps(meta))
    ...     np.savez(Path(folder) / "valid.npz", votes=np.array([[0, -1], [1, 1]], dtype=np.int8), y=np.array([0, 1]))
    ...     load_votes(folder)["valid"]
    VoteSet('toy', 'valid': n=2, m=2, k=2, gold rows=2)
    """
    folder = folder_path(folder)
    path = folder / "meta.json"
    if not path.is_file():
        found = ", ".join(sorted(item.name for item in folder.iterdir())[:10]) if folder.is_dir() else "no such folder"
        raise DatasetError(f"{folder} is no folder of votes: it has no meta.json (there is: {found}).")
    meta = read_json(path)
    kind = meta.get("kind") if isinstance(meta, dict) else None
    if kind == "crowd":
        return {"all": _crowd(folder, meta, sparse)}
    if kind not in ("classification", "sequence"):
        known = ("classification", "crowd", "sequence")
        raise DatasetError(f"{path}: kind {kind!r} is none that can be read.{did_you_mean(kind, known)}")
    if sparse:
        raise DatasetError(f"{folder} is of kind {kind!r}: sparse=True is for crowds.")
    sets = {split: _split(folder, split, meta) for split in SPLITS if (folder / f"{split}.npz").is_file()}
    if not sets:
        raise DatasetError(f"{folder} has none of {', '.join(f'{split}.npz' for split in SPLITS)}.")
    widths = {split: data.m for split, data in sets.items()}
    if len(set(widths.values())) > 1:
        raise DatasetError(f"{folder}: the splits differ in their number of labeling functions: {widths}.")
    return sets


def _classes(folder: Path, meta: dict[str, Any]) -> tuple[str, ...]:
    names = meta.get("tags" if meta["kind"] == "sequence" else "class_names")
    if not isinstance(names, list) or len(names) < 2 or len(set(map(str, names))) < len(names):
        raise DatasetError(
            f"{folder / 'meta.json'}: the names of the classes must be a list of two or more, got {names!r}."
        )
    return tuple(str(name) for name in names)


def _split(folder: Path, split: str, meta: dict[str, Any]) -> VoteSet:
    path = folder / f"{split}.npz"
    classes = _classes(folder, meta)
    arrays = _arrays(path, ("votes", "y", "offsets") if meta["kind"] == "sequence" else ("votes", "y"))
    votes, y = arrays["votes"], arrays["y"]
    if votes.ndim != 2 or y.shape != (len(votes),):
        raise DatasetError(f"{path}: votes of shape {votes.shape} and y of shape {y.shape} are not (n, m) and (n,).")
    check_range(votes, len(classes), path, "votes")
    check_range(y, len(classes), path, "gold labels")
    frame = _table(folder / f"{split}.parquet", optional=True)
    if frame is None:
        frame = pd.DataFrame(index=pd.RangeIndex(len(votes)))
    if len(frame) != len(votes):
        raise DatasetError(f"{folder}: {split}.parquet has {len(frame):,} rows, {split}.npz has {len(votes):,}.")
    if meta["kind"] == "sequence":
        frame["sentence"] = _sentences(arrays["offsets"], len(votes), path)
    return VoteSet(
        name=str(meta.get("name", folder.name)),
        split=split,
        votes=vote_frame(votes, _lf_names(folder, meta, votes.shape[1])),
        y=y.astype(np.int64),
        frame=frame,
        classes=classes,
        meta=meta,
    )


def _sentences(offsets: np.ndarray, n: int, path: Path) -> np.ndarray:
    if offsets.dtype.kind not in "iu":
        raise DatasetError(f"{path}: offsets must be integers, got {offsets.dtype}.")
    offsets = offsets.astype(np.int64)  # differences of unsigned ones are never negative
    if offsets.ndim != 1 or not len(offsets) or offsets[0] != 0 or offsets[-1] != n or (np.diff(offsets) < 0).any():
        raise DatasetError(f"{path}: offsets must rise from 0 to the number of rows, {n:,}.")
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


def _lf_names(folder: Path, meta: dict[str, Any], m: int) -> list[str]:
    """The names that the source gives, else lf_0, lf_1, ..."""
    names = meta.get("lf_names", meta.get("lf_descriptions"))
    if not isinstance(names, list):  # a description in prose, or none
        return [f"lf_{j}" for j in range(m)]
    if len(names) != m or len(set(map(str, names))) < m:
        raise DatasetError(f"{folder / 'meta.json'}: {len(names)} names, or equal ones, for {m} labeling functions.")
    return [str(name) for name in names]


def _crowd(folder: Path, meta: dict[str, Any], sparse: bool) -> VoteSet:
    classes = _classes(folder, meta)
    answers = _long(folder / "votes.parquet", ["worker", "task", "label"], len(classes))
    gold = _long(folder / "gold.parquet", ["task", "label"], len(classes))
    if gold["task"].duplicated().any():
        task = gold.loc[gold["task"].duplicated(), "task"].tolist()[0]
        raise DatasetError(f"{folder / 'gold.parquet'}: task {task!r} has more than one gold label.")
    described = _described(folder / "tasks.parquet")
    _check_one_kind(folder, {"votes": answers, "gold": gold} | ({} if described is None else {"tasks": described}))
    parts = [answers["task"], gold["task"]] + ([] if described is None else [described["task"]])
    tasks = pd.Index(pd.concat(parts).unique(), name="task").sort_values()
    workers = pd.Index(answers["worker"].unique()).sort_values()

    latest = answers.drop_duplicates(["worker", "task"], keep="last")
    row, column = tasks.get_indexer(latest["task"]), workers.get_indexer(latest["worker"])
    label = latest["label"].to_numpy()
    names = [str(worker) for worker in workers]
    if sparse:
        dtype = np.int8 if len(classes) < 127 else np.int32
        shape = (len(tasks), len(workers))
        votes: Any = scipy.sparse.csr_array((label.astype(dtype) + dtype(1), (row, column)), shape=shape)
        meta = {**meta, "lf_names": names}
    else:
        dense = np.full((len(tasks), len(workers)), -1, dtype=smallest_dtype(len(classes) - 1))
        dense[row, column] = label
        votes = vote_frame(dense, names, tasks)
    y = np.full(len(tasks), -1, dtype=np.int64)
    y[tasks.get_indexer(gold["task"])] = gold["label"]
    frame = pd.DataFrame(index=tasks) if described is None else described.set_index("task").reindex(tasks)
    return VoteSet(
        name=str(meta.get("name", folder.name)),
        split="all",
        votes=votes,
        y=y,
        frame=frame,
        classes=classes,
        meta=meta,
        repeated=len(answers) - len(latest),
    )


def _long(path: Path, columns: list[str], k: int) -> pd.DataFrame:
    frame = _table(path)
    missing = [column for column in columns if column not in frame]
    if missing:
        raise DatasetError(f"{path} has no column {missing[0]!r}.{did_you_mean(missing[0], frame.columns)}")
    check_range(frame["label"].to_numpy(), k, path, "labels", least=0)
    return frame[columns].assign(**{name: _ids(frame[name], path) for name in columns if name != "label"})


def _described(path: Path) -> pd.DataFrame | None:
    """What is known of tasks, a row per task; None where there is no such file."""
    frame = _table(path, optional=True)
    if frame is None:
        return None
    if "task" not in frame:
        raise DatasetError(f"{path} has no column 'task'.{did_you_mean('task', frame.columns)}")
    frame = frame.assign(task=_ids(frame["task"], path))
    if frame["task"].duplicated().any():
        task = frame.loc[frame["task"].duplicated(), "task"].tolist()[0]
        raise DatasetError(f"{path}: task {task!r} has more than one row.")
    return pd.DataFrame(frame)


def _ids(column: pd.Series, path: Path) -> pd.Series:
    """Names of tasks or workers: there for every row, and of one type."""
    missing = column.isna().to_numpy()
    if missing.any():
        raise DatasetError(
            f"{path}: {int(missing.sum()):,} rows have no {column.name}; the first is row {missing.argmax()}."
        )
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    kind = pd.api.types.infer_dtype(column, skipna=False)
    if kind.startswith("mixed") or not all(map(_is_hashable, column.head(1))):
        raise DatasetError(f"{path}: the column {column.name!r} must hold ids of one type, integers or strings.")
    return column


def _is_hashable(value: Any) -> bool:
    return not isinstance(value, (np.ndarray, list, dict))


def _check_one_kind(folder: Path, tables: dict[str, pd.DataFrame]) -> None:
    """Refuse tables whose tasks have ids of different types, of which none would be found in the other."""
    kinds = {name: pd.api.types.infer_dtype(table["task"]) for name, table in tables.items() if len(table)}
    if len(set(kinds.values())) > 1:
        found = ", ".join(f"{kind} in {name}.parquet" for name, kind in kinds.items())
        raise DatasetError(f"{folder}: the tasks have ids of different types ({found}); bring them to one.")


def _table(path: Path, *, optional: bool = False) -> Any:
    if optional and not path.is_file():
        return None
    try:
        return pd.read_parquet(path)
    except Exception as error:  # what a damaged file makes of its reader is anybody's guess
        raise DatasetError(f"{path} cannot be read: {error}") from error


def _arrays(path: Path, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as file:  # opened here: np.load leaves damaged archives open
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.ndarray):
                raise DatasetError(f"{path} holds one array and no names: write it with numpy.savez.")
            missing = [name for name in names if name not in archive.files]
            if missing:
                raise DatasetError(f"{path} has no array {missing[0]!r}.{did_you_mean(missing[0], archive.files)}")
            return {name: archive[name] for name in names}
    except DatasetError:
        raise
    except Exception as error:  # zlib's, zipfile's, numpy's: any byte may be wrong
        raise DatasetError(f"{path} cannot be read: {type(error).__name__}: {error}") from error
