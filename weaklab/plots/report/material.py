"""What a report is made of, checked: a model and votes, the rows, the labeling functions, and gold."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from weaklab.analysis import Diagnosis, diagnose
from weaklab.analysis.model_votes import ModelVotes
from weaklab.analysis.previews import take_rows
from weaklab.apply.frames import FrameReader, PandasReader, read_frame
from weaklab.apply.plan import LF, check_lfs
from weaklab.exceptions import ClassError, FrameError, ParameterError, did_you_mean
from weaklab.label_models import BaseLabelModel
from weaklab.typing import ABSTAIN, Codes, Floats, Frame

#: Scores and curves are of at most so many rows with gold.
GOLD_ROWS = 100_000


@dataclass(frozen=True, eq=False)
class Material:
    """What a report shows.

    Attributes
    ----------
    seen : ModelVotes
        The model, and the votes.
    votes : votes
        As they were given.
    frame, reader : frame, FrameReader
        The rows.
    lfs : dict of str to labeling function
        Those that are known, by name.
    end_model : classifier or None
    gold : ndarray of int of shape (n,) or None
        Gold codes, -1 where unknown.
    judged : ndarray of int
        The rows with gold that scores and curves are of.
    probs : ndarray of shape (n, k)
        The soft labels.
    diagnosis : Diagnosis
    seed : int
        Draws rows.
    """

    seen: ModelVotes
    votes: Any
    frame: Frame
    reader: FrameReader
    lfs: dict[str, LF]
    end_model: Any
    gold: Codes | None
    judged: np.ndarray
    probs: Floats
    diagnosis: Diagnosis
    seed: int

    @classmethod
    def of(cls, lfs: Any, frame: Frame, votes: Any, model: Any, end_model: Any, y: Any, seed: int) -> Material:
        """Check all of it.

        Raises
        ------
        ParameterError, NotFittedError, VoteError, FrameError, GoldError
            If something is not what it should be, or does not fit the rest.
        """
        if not isinstance(model, BaseLabelModel):
            raise ParameterError(f"model must be a label model built on BaseLabelModel, got {model!r}.")
        if end_model is not None and (isinstance(end_model, type) or not hasattr(end_model, "predict")):
            raise ParameterError(f"end_model must be a fitted classifier, got {end_model!r}.")
        seen, reader = ModelVotes.of(model, votes), read_frame(frame)
        if reader.n != seen.matrix.n:
            raise FrameError(f"The frame has {reader.n:,} rows, and there are votes on {seen.matrix.n:,}.")
        if isinstance(reader, PandasReader) and seen.matrix.index is not None and not reader.index.equals(seen.index):
            raise FrameError("The frame and the votes have other indexes: give the frame that the votes are on.")
        gold = None if y is None else seen.gold(y)
        known = np.empty(0, dtype=np.int64) if gold is None else np.flatnonzero(gold != ABSTAIN)
        if len(known) > GOLD_ROWS:
            known = np.sort(np.random.default_rng(seed).choice(known, GOLD_ROWS, replace=False))
        found = diagnose(model, votes, y)
        return cls(
            seen, votes, frame, reader, _known(lfs, seen), end_model, gold, known, seen.predict_proba(), found, seed
        )

    @property
    def model(self) -> Any:
        """The label model."""
        return self.seen.model

    @property
    def classes(self) -> list[Hashable]:
        """The class names, or codes."""
        return self.seen.classes

    @property
    def named_gold(self) -> Any:
        """Gold of all rows by name, or code; None where there is none."""
        return None if self.gold is None else self.seen.decoded(self.gold)

    @property
    def judged_gold(self) -> Any:
        """Gold by name, or code, of all rows; unknown where scores and curves do not look."""
        assert self.gold is not None
        shown = np.full(self.seen.matrix.n, ABSTAIN, dtype=np.int64)
        shown[self.judged] = self.gold[self.judged]
        return self.seen.decoded(shown)

    def end_labels(self, rows: np.ndarray) -> np.ndarray:
        """What the end model says of some rows, of shape (rows,); None, NaN and -1 are no label.

        Raises
        ------
        ClassError
            If it says something that is no class of the label model.
        """
        said = np.asarray(self.end_model.predict(self.rows(rows)), dtype=object)
        if said.shape != (len(rows),):
            raise ParameterError(
                f"end_model gives predictions of shape {said.shape} on {len(rows):,} rows, not one each."
            )
        known = set(self.classes)
        for label in pd.unique(said):
            if label not in known and not pd.isna(label) and label != ABSTAIN:
                raise ClassError(
                    f"end_model predicts {label!r}, which is no class of the label model; those are "
                    f"{', '.join(map(repr, self.classes[:10]))}{', ...' if len(known) > 10 else ''}. "
                    "Fit it on labels of these names, such as model.labels(votes)."
                )
        return said

    def rows(self, rows: np.ndarray) -> Any:
        """Some rows of the data, as a frame of its kind."""
        return take_rows(self.frame, self.reader, rows)


def _known(lfs: Any, seen: ModelVotes) -> dict[str, LF]:
    """The labeling functions by name; those of votes without names are taken in their order."""
    if lfs is None:
        return {}
    given = check_lfs(lfs)
    if not all(isinstance(name, str) for name in seen.names):
        if len(given) != seen.matrix.m:
            raise ParameterError(f"There are {len(given):,} labeling functions, and votes of {seen.matrix.m:,}.")
        return dict(zip(map(str, seen.names), given, strict=True))
    for lf in given:
        if lf.name not in seen.names:
            raise ParameterError(
                f"There are no votes of labeling function {lf.name!r}.{did_you_mean(lf.name, seen.names)}"
            )
    return {lf.name: lf for lf in given}
