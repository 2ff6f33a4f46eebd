"""Labels in a file of JSON or JSON lines: a header, and a row of labels and votes per row of data."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from weaklab.exceptions import DatasetError, ParameterError, did_you_mean, shown
from weaklab.typing import ABSTAIN
from weaklab.votes.matrix import VoteMatrix, vote_dtype
from weaklab.votes.soft import SoftLabels
from weaklab.votes.strict_json import decoded, encoded, plain

#: What the header says the file is, and the version of the format; all versions from 1 to it are read.
FORMAT = "weaklab labels"
VERSION = 1

#: What JSON gives back as what it was.
_NAMES = (str, int, bool)


@dataclass(frozen=True, eq=False)
class LabelFile:
    """What a file of labels holds.

    Attributes
    ----------
    soft : SoftLabels
        Probabilities, weights, gold where there was some, class names and index.
    labels : ndarray of shape (n,)
        The label of each row as the file has it, who ever wrote it there; None where a row has none.
    votes : DataFrame of int of shape (n, m)
        Class codes, -1 for "abstain".
    statistics : DataFrame of m rows
        What was known of each labeling function, as :func:`weaklab.summarize` has it.
    data : DataFrame or None
        The columns of the data that were written along.
    header : dict
        All that stands above the rows: ``model``, ``versions``, ``classes``, ...
    """

    soft: SoftLabels
    labels: np.ndarray
    votes: pd.DataFrame
    statistics: pd.DataFrame
    data: pd.DataFrame | None
    header: dict[str, Any]

    def __repr__(self) -> str:
        return f"LabelFile({self.soft!r}, {self.votes.shape[1]:,} labeling functions)"


def write_label_file(
    path: str | os.PathLike[str],
    soft: SoftLabels,
    votes: VoteMatrix,
    statistics: pd.DataFrame,
    *,
    ids: Sequence[Any],
    about: dict[str, Any],
    data: pd.DataFrame | None = None,
) -> Path:
    """Write labels; the file is there as a whole, or as it was before.

    Parameters
    ----------
    path : path
        Ends in ``.json`` (one document) or ``.jsonl`` (the header in the first line, then a line per row).
    soft, votes, statistics, data
        What :class:`LabelFile` holds.
    ids : sequence of str or int of length n
        The index of the rows.
    about : dict
        What else the header says.

    Returns
    -------
    Path

    Raises
    ------
    ParameterError
        If the path ends otherwise, or something is of a type that JSON does not have.
    OSError
        If the file cannot be written.
    """
    target = Path(path)
    lines = _is_lines(target)
    names = _names(votes)
    classes = (
        None if soft.classes is None else [_scalar(name, f"class {code}") for code, name in enumerate(soft.classes)]
    )
    header = {
        "format": FORMAT,
        "version": VERSION,
        **about,
        "n_classes": soft.k,
        "classes": classes,
        "n_rows": soft.n,
        "columns": None if data is None else [_scalar(name, "the name of a column") for name in data.columns],
        "labeling_functions": [
            {"name": name, **plain(dict(row), f"a statistic of labeling function {name!r}")}
            for name, (_, row) in zip(names, statistics.astype(object).iterrows(), strict=True)
        ],
    }
    rows = _rows(soft, votes, names, classes, ids, data)
    number, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            if lines:
                file.write(encoded(header) + b"\n")
                file.writelines(encoded(row) + b"\n" for row in rows)
            else:
                file.write(encoded(header)[:-1] + b', "rows": [')
                file.writelines((b",\n" if at else b"\n") + encoded(row) for at, row in enumerate(rows))
                file.write(b"\n]}\n")
            file.flush()
            os.fsync(file.fileno())
        part.chmod(target.stat().st_mode if target.exists() else 0o666 & ~_umask())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def read_labels(path: str | os.PathLike[str]) -> LabelFile:
    """Read what :func:`weaklab.export_labels` wrote.

    Parameters
    ----------
    path : path
        Of a ``.json`` or ``.jsonl`` file.

    Returns
    -------
    LabelFile

    Raises
    ------
    ParameterError
        If the path ends otherwise.
    DatasetError
        If it is no such file, of a later version, cut off, or not as it was written; says which row.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> import weaklab as wl
    >>> model = wl.MajorityVote(classes=["ham", "spam"]).fit([[0, 0], [1, -1], [-1, -1]])
    >>> path = wl.export_labels(tempfile.mkdtemp() + "/labels.json", [[0, 0], [1, -1], [-1, -1]], model)
    >>> found = read_labels(path)
    >>> found.labels, found.soft
    (array(['ham', 'spam', None], dtype=object), SoftLabels(n=3, k=2, classes=['ham', 'spam'], covered=66.7%))
    """
    source = Path(path)
    if not _is_lines(source):
        header = decoded(source.read_bytes(), str(source))
        rows = header.pop("rows", None) if isinstance(header, dict) else None
        _check_header(header, source)
        if not isinstance(rows, list):
            raise DatasetError(f"{source} has no list of rows.")
    else:
        with open(source, "rb") as file:
            header = decoded(file.readline(), f"{source}: the first line")
            _check_header(header, source)
            rows = [decoded(line, f"{source}: line {at}") for at, line in enumerate(file, start=2) if line.strip()]
    if len(rows) != header["n_rows"]:
        raise DatasetError(f"{source} has {len(rows):,} rows where its header says {header['n_rows']:,}: is it whole?")
    return _Reading(source, header).read(rows)


def _is_lines(path: Path) -> bool:
    """Whether a file is of a line per row, or of one document; its ending says so."""
    if path.suffix not in (".json", ".jsonl"):
        raise ParameterError(f"path={str(path)!r} must end in .json (one document) or .jsonl (a line per row).")
    return path.suffix == ".jsonl"


def _rows(
    soft: SoftLabels,
    votes: VoteMatrix,
    names: list[str],
    classes: list[Hashable] | None,
    ids: Sequence[Any],
    data: pd.DataFrame | None,
) -> Iterator[dict[str, Any]]:
    """The rows, one after the other."""
    called: Sequence[Any] = range(soft.k) if classes is None else classes
    codes, covered = soft.codes().tolist(), soft.covered.tolist()
    gold = None if soft.gold is None else soft.gold.tolist()
    lf, vote, indptr = votes.lf.tolist(), votes.vote.tolist(), votes.indptr.tolist()
    cells = None if data is None else [data.iloc[:, place].tolist() for place in range(data.shape[1])]
    for row in range(soft.n):
        known = gold is not None and gold[row] != ABSTAIN
        code = gold[row] if gold is not None and known else codes[row]
        out = {
            "id": _scalar(ids[row], f"the id of row {row}"),
            "label": called[code] if covered[row] or known else None,
            "covered": covered[row],
            "probs": soft.probs[row].tolist(),
            "votes": {names[lf[at]]: called[vote[at]] for at in range(indptr[row], indptr[row + 1])},
        }
        if soft.weight is not None:
            out["weight"] = float(soft.weight[row])
        if gold is not None:
            out["gold"] = called[gold[row]] if known else None
        if data is not None and cells is not None:
            out["data"] = [
                plain(column[row], f"column {name!r} in row {row}")
                for name, column in zip(data.columns, cells, strict=True)
            ]
        yield out


class _Reading:
    """What a header says that rows hold."""

    def __init__(self, source: Path, header: dict[str, Any]) -> None:
        self.source, self.header = source, header
        self.k = header["n_classes"]
        self.classes = header["classes"]
        self.lfs = [each["name"] for each in header["labeling_functions"]]
        self.code = {(type(name), name): code for code, name in enumerate(self.classes or ())}
        self.id_name = header.get("id_name") if isinstance(header.get("id_name"), str) else None
        self.place = {name: place for place, name in enumerate(self.lfs)}

    def read(self, rows: list[Any]) -> LabelFile:
        votes = np.full((len(rows), len(self.lfs)), ABSTAIN, dtype=vote_dtype(self.k))
        codes, gold = np.full(len(rows), ABSTAIN), np.full(len(rows), ABSTAIN)
        for at, row in enumerate(rows):
            if not isinstance(row, dict) or not {"id", "label", "probs", "votes"} <= row.keys():
                raise DatasetError(f"{self.source}: row {at} must be an object with id, label, probs and votes.")
            if type(row["id"]) not in _NAMES:
                raise DatasetError(f"{self.source}: row {at}: the id is {shown(row['id'])}, no string and no number.")
            codes[at] = self._code(row["label"], at, "the label")
            gold[at] = self._code(row.get("gold"), at, "gold")
            if not isinstance(row["votes"], dict):
                raise DatasetError(f"{self.source}: row {at}: votes must be an object, a class by labeling function.")
            for name, vote in row["votes"].items():
                if name not in self.place:
                    near = did_you_mean(name, self.lfs)
                    raise DatasetError(f"{self.source}: row {at}: there is no labeling function {name!r}.{near}")
                votes[at, self.place[name]] = self._code(vote, at, f"the vote of {name!r}")
        weighted = bool(rows) and "weight" in rows[0]
        index = pd.Index([row["id"] for row in rows], name=self.id_name)
        try:
            soft = SoftLabels(
                np.array([row["probs"] for row in rows]).reshape(len(rows), self.k),
                np.array([row["weight"] for row in rows]) if weighted else None,
                gold if rows and "gold" in rows[0] else None,
                self.classes,
                index,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DatasetError(f"{self.source}: the rows are no soft labels: {error}") from error
        called, labels = soft.classes_.tolist(), np.full(len(rows), None)
        labels[:] = [None if code == ABSTAIN else called[code] for code in codes]
        return LabelFile(
            soft,
            labels,
            pd.DataFrame(votes, columns=self.lfs, index=index),
            self._statistics(),
            self._data(rows, index),
            self.header,
        )

    def _code(self, name: Any, row: int, what: str) -> int:
        if name is None:
            return ABSTAIN
        if self.classes is None and type(name) is int and 0 <= name < self.k:
            return name
        try:
            return self.code[type(name), name]
        except (KeyError, TypeError) as error:
            raise DatasetError(
                f"{self.source}: row {row}: {what} is {shown(name)}, which is no class."
                f"{did_you_mean(name, [each for _, each in self.code])}"
            ) from error

    def _statistics(self) -> pd.DataFrame:
        table = pd.DataFrame(self.header["labeling_functions"]).set_index("name")
        table.index.name = None
        unknown = table.columns[table.isna().all()]  # a column of null alone says not that it was of numbers
        return table.astype(dict.fromkeys(unknown, np.float64))

    def _data(self, rows: list[Any], index: pd.Index) -> pd.DataFrame | None:
        columns = self.header["columns"]
        if columns is None:
            return None
        wrong = next((at for at, row in enumerate(rows) if _length(row.get("data")) != len(columns)), None)
        if wrong is not None:
            raise DatasetError(f"{self.source}: row {wrong}: data must be a list of {len(columns)} cells.")
        table = pd.DataFrame([row["data"] for row in rows], columns=columns, index=index, dtype=object)
        with suppress(UnicodeEncodeError):  # half of a surrogate pair, which pandas' columns of strings cannot hold
            table = table.infer_objects()
        return table


def _check_header(header: Any, source: Path) -> None:
    """Refuse what is no header of ours, or of a later version."""
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise DatasetError(f"{source} is no file of labels that weaklab wrote: no header says {FORMAT!r}.")
    version = header.get("version")
    if type(version) is not int or not 1 <= version <= VERSION:
        raise DatasetError(f"{source} is of version {version!r}; this weaklab reads versions up to {VERSION}.")
    k, classes, columns = header.get("n_classes"), header.get("classes"), header.get("columns")
    lfs = header.get("labeling_functions")
    names = [each.get("name") if isinstance(each, dict) else None for each in lfs] if isinstance(lfs, list) else []
    if not (
        type(k) is int
        and k >= 2
        and type(header.get("n_rows")) is int
        and (classes is None or (_length(classes) == k and all(type(name) in _NAMES for name in classes)))
        and names
        and all(isinstance(name, str) for name in names)
        and len(set(names)) == len(names)
        and "columns" in header
        and (columns is None or (_length(columns) >= 0 and all(type(name) in _NAMES for name in columns)))
    ):
        raise DatasetError(
            f"{source}: the header must have n_rows, n_classes, classes, columns and labeling_functions, as written."
        )


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else -1


def _names(votes: VoteMatrix) -> list[str]:
    return [str(j) for j in range(votes.m)] if votes.names is None else list(votes.names)


def _scalar(value: Any, what: str) -> Any:
    """A name: a string or a whole number, which come back as what they were."""
    value = value.item() if isinstance(value, np.generic) and value.dtype.kind in "biuU" else value
    if type(value) not in _NAMES:
        raise ParameterError(
            f"{what} is {shown(value)} ({type(value).__name__}); to come back from JSON as what it was, it must be a "
            "string or a whole number."
        )
    return value


def _umask() -> int:
    """What new files are not allowed, which can be asked only by setting it."""
    now = os.umask(0o077)
    os.umask(now)
    return now
