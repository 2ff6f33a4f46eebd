"""What :func:`weaklab.label_files` made, in figures."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

#: Labels and files with bad records that a card shows.
_SHOWN = 20


@dataclass(frozen=True, eq=False)
class LabeledFiles:
    """Labels in files; made by :func:`weaklab.label_files`.

    Attributes
    ----------
    out : Path
        The folder.
    records : tuple of mappings
        What came of each input, in order: ``input``, ``part``, ``rows_in``, ``rows_out``, ``quarantined``,
        ``covered`` (rows with a vote), ``labels`` (how often each was given; None where there are too many), ``bytes``.
    done_now : int
        How many of the parts this call made; the others were there.
    rows_now : int
        How many records it read.
    seconds : float
        How long it took.

    Examples
    --------
    >>> record = {"input": "a.csv", "part": "a.parquet", "rows_in": 3, "rows_out": 2, "quarantined": 1, "covered": 2}
    >>> LabeledFiles(Path("out"), ({**record, "labels": {"1": 2}, "bytes": 900},), 1, 3, 0.5)
    LabeledFiles('out': 1 file, 3 records: 2 rows labelled, 2 of them covered, 1 record in quarantine; 6 per second)
    """

    out: Path
    records: tuple[Mapping[str, Any], ...]
    done_now: int
    rows_now: int
    seconds: float

    @property
    def rows_in(self) -> int:
        """How many records the inputs have."""
        return self._sum("rows_in")

    @property
    def rows_out(self) -> int:
        """How many rows were labelled."""
        return self._sum("rows_out")

    @property
    def quarantined(self) -> int:
        """How many records were set apart."""
        return self._sum("quarantined")

    @property
    def covered(self) -> int:
        """On how many rows a labeling function voted."""
        return self._sum("covered")

    @property
    def labels(self) -> dict[str, int] | None:
        """How often each label was given; None where there are too many."""
        total: Counter[str] = Counter()
        for record in self.records:
            if record["labels"] is None:
                return None
            total.update(record["labels"])
        return dict(sorted(total.items()))

    @property
    def rate(self) -> float:
        """Records per second of this call."""
        return self.rows_now / self.seconds if self.seconds else 0.0

    @property
    def paths(self) -> tuple[Path, ...]:
        """The parts, in the order of the inputs."""
        return tuple(self.out / record["part"] for record in self.records)

    @property
    def quarantine(self) -> tuple[Path, ...]:
        """The files of what was set apart: JSON lines of file, row or line, raw text and reason."""
        folder = self.out / "_weaklab" / "quarantine"
        parts = [record["part"] for record in self.records if record["quarantined"]]
        return tuple(folder / f"{part.removesuffix('.parquet')}.jsonl" for part in parts)

    @property
    def manifest(self) -> Path:
        """The file of all these figures but the times."""
        return self.out / "_weaklab" / "manifest.json"

    def read_quarantine(self, n: int = 1000) -> pd.DataFrame:
        """The first records that were set apart: ``file``, ``row`` or ``line``, ``raw`` and ``reason``."""
        records: list[dict[str, Any]] = []
        for path in self.quarantine:
            with open(path, "rb") as file:
                records += [json.loads(line) for line in islice(file, n - len(records))]
        return pd.DataFrame(records, columns=list(records[0]) if records else ["file", "raw", "reason"])

    def _sum(self, name: str) -> int:
        return int(sum(record[name] for record in self.records))

    def _said(self) -> str:
        covered = f", {self.covered:,} of them covered" if self.covered else ""
        files = _counted(len(self.records), "file")
        said = f"{files}, {_counted(self.rows_in, 'record')}: {_counted(self.rows_out, 'row')} labelled{covered}, "
        said += f"{_counted(self.quarantined, 'record')} in quarantine"
        if not self.done_now:
            return f"{said}; all of it was there"
        before = len(self.records) - self.done_now
        there = f", {_counted(before, 'part')} there before" if before else ""
        return f"{said}; {self.rate:,.0f} per second{there}"

    def __repr__(self) -> str:
        return f"LabeledFiles({str(self.out)!r}: {self._said()})"

    def _repr_html_(self) -> str:
        parts = [f"<p><b>{escape(str(self.out))}</b><br>{escape(self._said())}</p>"]
        labels = self.labels
        if labels:
            most = sorted(labels.items(), key=lambda each: -each[1])
            rows = [
                f"<tr><td>{escape(name)}</td><td>{n:,}</td><td>{n / self.rows_out:.1%}</td></tr>" for name, n in most
            ]
            more = f"<p>and {len(most) - _SHOWN:,} more labels</p>" if len(most) > _SHOWN else ""
            head = "<thead><tr><th>label</th><th>rows</th><th>share</th></tr></thead>"
            parts.append(f"<table>{head}<tbody>{''.join(rows[:_SHOWN])}</tbody></table>{more}")
        if self.quarantined:
            frame = self.read_quarantine(_SHOWN)
            parts.append(f"<p>In quarantine, the first of {self.quarantined:,}:</p>{frame.to_html(index=False)}")
        return f"<div>{''.join(parts)}</div>"


def _counted(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
