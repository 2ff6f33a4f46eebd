"""Texts parsed by spaCy, once for all labeling functions that look at the parse."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any
from weakref import ref

from weaklab.exceptions import MissingExtraError, ParameterError
from weaklab.labeling.declarative import check_text, is_missing
from weaklab.labeling.preprocessing import Preprocessor
from weaklab.labeling.row_sources import FieldSource, RowSource
from weaklab.labeling.rows import Row


class SpacyPreprocessor(Preprocessor):
    """Adds a parsed text to a row; made by :func:`spacy_preprocessor`, which says what the arguments mean."""

    def __init__(
        self, nlp: Any, column: Hashable, into: Hashable, disable: tuple[str, ...], batch_size: int, name: str
    ) -> None:
        super().__init__(self._parse, name)
        self.nlp = nlp
        self.column = column
        self.into = into
        self.disable = disable
        self.batch_size = batch_size
        self._tried: Callable[[], RowSource | None] = lambda: None  # a weak reference: the chunk that was parsed last

    def parts(self) -> tuple[Any, ...]:
        """The arguments that make an equal preprocessor."""
        return (self.nlp, self.column, self.into, self.disable, self.batch_size, self.name)

    def _parse(self, row: Any) -> dict[Hashable, Any]:
        """Parse one text: of a row that stands alone, or that another preprocessor made."""
        cell = row[self.column]
        return {self.into: None if is_missing(cell) else self._docs([check_text(cell, self.column)])[0]}

    def _run_ahead(self, source: RowSource) -> None:
        """Parse all texts of a chunk in batches."""
        chunk = source.column_of_chunk(self.column)
        if chunk is None or self._tried() is source:
            return
        self._tried = ref(source)
        start, cells = chunk
        texts = [(start + place, cell) for place, cell in enumerate(cells) if isinstance(cell, str)]
        try:
            docs = self._docs([text for _, text in texts])
        except Exception:  # noqa: BLE001  -- one text that cannot be parsed is that row's error, and no other's
            return
        for (position, _), doc in zip(texts, docs, strict=True):
            row = Row(source, position)
            if not source.is_written(position):
                made = FieldSource({self.into: doc}, parent=row, touched=source.touched)
                source.memo[(position, self)] = Row(made)

    def _docs(self, texts: list[str]) -> list[Any]:
        return list(self.nlp.pipe(texts, batch_size=self.batch_size, disable=list(self.disable)))


def spacy_preprocessor(
    nlp: Any,
    column: Hashable = "text",
    into: Hashable = "doc",
    *,
    disable: Iterable[str] = (),
    batch_size: int = 256,
    name: str | None = None,
) -> SpacyPreprocessor:
    """Parse a column of texts with spaCy, for ``labeling_function(pre=[...])``.

    Texts go through ``nlp.pipe`` in batches, a chunk of rows (1,024) at a time, and each is parsed once, however many
    labeling functions use this preprocessor. Put it first in ``pre``: on a row that another preprocessor has made,
    texts are parsed one by one. With ``apply(timeout=...)``, the first row of a chunk waits for all of its chunk.

    Parameters
    ----------
    nlp : spacy.Language, or str
        A pipeline, or the name or path of one that is installed. Any object with a method
        ``pipe(texts, batch_size, disable)`` that yields one document per text will do.
    column : hashable
        Where the texts are.
    into : hashable
        The column to add. It holds None where the text is missing.
    disable : iterable of str
        Components that are not to be run, such as "ner".
    batch_size : int
        Texts per batch, from 1.
    name : str, optional
        How it is called in errors.

    Returns
    -------
    SpacyPreprocessor

    Raises
    ------
    MissingExtraError
        If ``nlp`` is a name and spaCy is not installed.
    ParameterError
        If ``nlp`` has no pipe, ``disable`` is one string, or ``batch_size`` is no int from 1.

    Examples
    --------
    >>> class Words:
    ...     def pipe(self, texts, batch_size, disable):
    ...         return (text.split() for text in texts)
    >>> parsed = spacy_preprocessor(Words())
    >>> parsed({"text": "win a car"}).doc
    ['win', 'a', 'car']
    """
    if isinstance(disable, str):
        raise ParameterError(f"disable={disable!r} must be a list of components; say disable=[{disable!r}].")
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise ParameterError(f"batch_size={batch_size!r} must be an int from 1.")
    components = tuple(disable)
    if isinstance(nlp, str):
        nlp = _load(nlp)
    if not callable(getattr(nlp, "pipe", None)):
        raise ParameterError(f"nlp={nlp!r:.80} has no method pipe; give a pipeline of spaCy, or the name of one.")
    return SpacyPreprocessor(nlp, column, into, components, batch_size, name or f"spacy_{into}")


def _load(name: str) -> Any:
    try:
        import spacy
    except ImportError as error:
        raise MissingExtraError(
            f'spacy_preprocessor({name!r}) needs spaCy, which is not installed: pip install "weaklab[nlp]"'
        ) from error
    return spacy.load(name)
