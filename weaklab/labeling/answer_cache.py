"""Answers on disk, a small file for each, so that a prompt is paid for once."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from weaklab.exceptions import FaultWarning, LabelingFunctionError, warn_caller


class AnswerCache:
    """Answers by what was asked of whom.

    A file is written beside its place and then moved there, so that it is whole or not there at all, whoever else
    writes; it says what it answers and carries a checksum, so that a damaged or misplaced one is asked anew, with one
    warning, and never believed. Where the folder cannot be written to, a warning says so, and answers are not kept.

    Parameters
    ----------
    folder : str or PathLike
        Made where it is not there.
    whom : str
        What answers: two with different names share no answer.

    Raises
    ------
    LabelingFunctionError
        If the folder is no path.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     cache = AnswerCache(folder, "a model")
    ...     cache.put("Is it spam?", "yes")
    ...     cache.get("Is it spam?"), cache.get("Is it ham?")
    ('yes', None)
    """

    def __init__(self, folder: str | os.PathLike[str], whom: str) -> None:
        if not isinstance(folder, (str, os.PathLike)):
            raise LabelingFunctionError(f"cache={folder!r} must be the path of a folder, or None.")
        self.folder = Path(folder)
        self.whom = whom
        self._writes = True
        self._warned = False

    def path(self, prompt: str) -> Path:
        """Where the answer to a prompt is."""
        key = sha256(json.dumps([self.whom, prompt]).encode()).hexdigest()
        return self.folder / key[:2] / f"{key}.json"

    def get(self, prompt: str) -> str | None:
        """The answer to a prompt, or None where there is none that can be believed."""
        path = self.path(prompt)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            if path.is_file():
                self._warn_of_damage(path, error)
            return None
        try:
            said = json.loads(text)
            answer = said["answer"]
            if said["check"] != _check(self.whom, prompt, answer):
                raise ValueError("its checksum is wrong")
        except (ValueError, TypeError, KeyError) as error:
            self._warn_of_damage(path, error)
            return None
        return str(answer)

    def put(self, prompt: str, answer: str) -> None:
        """Keep an answer."""
        if not self._writes:
            return
        path = self.path(prompt)
        said = {"whom": self.whom, "prompt": prompt, "answer": answer, "check": _check(self.whom, prompt, answer)}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, suffix=".tmp", delete=False) as file:
                # surrogates that no encoding of text has are escaped by JSON
                json.dump(said, file)
            os.replace(file.name, path)
        except OSError as error:
            self._writes = False
            warn_caller(
                f"The cache folder {str(self.folder)!r} cannot be written to ({error}): answers are not kept.",
                FaultWarning,
            )

    def _warn_of_damage(self, path: Path, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            warn_caller(
                f"The cached answer in {str(path)!r} is damaged ({error}); it, and others like it, are asked for anew.",
                FaultWarning,
            )

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "whom": self.whom, "_writes": True, "_warned": False}


def _check(whom: str, prompt: str, answer: Any) -> str:
    return sha256(json.dumps([whom, prompt, answer]).encode()).hexdigest()[:16]
