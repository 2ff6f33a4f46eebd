"""From a row to a prompt, and from an answer to a vote."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

from weaklab.exceptions import LabelingFunctionError, shown
from weaklab.labeling.declarative import check_label
from weaklab.labeling.rows import as_row

_KIND = "prompt_lf"

#: What is read as "I do not know" where nothing else is said.
ABSTAIN_WORDS = ("abstain", "unknown", "unsure", "not sure", "i don't know", "i do not know", "none", "n/a")

#: What may stand in front of a label.
_IN_FRONT = re.compile(r"^(?:the )?(?:final )?(?:label|answer|class|category)(?: is)?\s*[:=]?\s+")

#: What a vote is read from where the answer is neither a label nor an abstention.
UNREADABLE = object()

_CONVERT: dict[str, Callable[[Any], str]] = {"r": repr, "s": str, "a": ascii}


@dataclass(frozen=True)
class Prompt:
    """A prompt with holes for columns, or a function from a row to a prompt.

    Attributes
    ----------
    template : str or callable
    columns : tuple of hashable
        What it reads.
    """

    template: str | Callable[[Any], str]
    columns: tuple[Hashable, ...]

    def fill(self, cells: Mapping[Hashable, Any]) -> str:
        """The prompt for one row."""
        if callable(self.template):
            text = self.template(as_row(dict(cells)))
            if not isinstance(text, str) or not text.strip():
                raise LabelingFunctionError(f"{_KIND}: prompt() returned {shown(text)}; a text was expected.")
            return text
        parts = []
        # Not str.format: a column may have any name, and no cell or template may reach into attributes.
        for literal, hole, spec, conversion in Formatter().parse(self.template):
            parts.append(literal)
            if hole is not None:
                cell = cells[hole]
                cell = _CONVERT[conversion](cell) if conversion else cell
                parts.append(format(cell, spec or ""))
        return "".join(parts)


def check_prompt(prompt: Any, columns: Any) -> Prompt:
    """A prompt and the columns that it reads.

    Raises
    ------
    LabelingFunctionError
        If a text has no holes or ill-formed ones, or a function comes without ``columns``.
    """
    if callable(prompt):
        if columns is None or isinstance(columns, (str, bytes)) or not list(columns):
            raise LabelingFunctionError(f"{_KIND}: a prompt that is a function needs columns=[...], what it reads.")
        return Prompt(prompt, tuple(columns))
    if not isinstance(prompt, str):
        raise LabelingFunctionError(f"{_KIND}: prompt={prompt!r:.60} must be a text with holes or a function of a row.")
    if columns is not None:
        raise LabelingFunctionError(f"{_KIND}: columns= goes with a function; the holes of a text say what it reads.")
    try:
        holes = [hole for _, hole, _, _ in Formatter().parse(prompt) if hole is not None]
    except ValueError as error:
        raise LabelingFunctionError(f"{_KIND}: the prompt is ill-formed: {error}. Write {{{{ for a brace.") from error
    if not holes or not all(holes):
        raise LabelingFunctionError(
            f"{_KIND}: the prompt has no hole with the name of a column, such as {{text}}, so every row would get the "
            f"same answer."
        )
    return Prompt(prompt, tuple(dict.fromkeys(holes)))


@dataclass(frozen=True)
class AnswerReader:
    """Reads votes out of answers.

    Attributes
    ----------
    labels : dict of str to object
        What the model says, folded, and the class that it means.
    abstain : tuple of str
        What it says to abstain, folded.
    parse : callable or None
        The user's own reader.
    """

    labels: Mapping[str, Any]
    abstain: tuple[str, ...]
    parse: Callable[[str], Any] | None = None

    def read(self, answer: str) -> Any:
        """The class, None to abstain, or ``UNREADABLE``.

        Case, quotes, blanks and the punctuation around a word do not count. A label counts where it is the whole
        answer, or where the answer begins with it, punctuation follows, and no other label stands on that line;
        ``Label:`` or ``Answer:`` may stand in front. So ``Spam. It asks for money.`` is read, and ``not spam`` is not.
        """
        if self.parse is not None:
            found = self.parse(answer)
            if found is None:
                return UNREADABLE
            answer = found if isinstance(found, str) else str(found)
        text = fold(answer)
        known = {**dict.fromkeys(self.abstain), **self.labels}
        if text in known:
            return known[text]
        line = _IN_FRONT.sub("", _first_line(answer))
        if fold(line) in known:
            return known[fold(line)]
        for word in sorted(known, key=len, reverse=True):
            if line.startswith(word) and re.match(r"[\"'*`)\]]*\s*[.,;:!(\n–—-]", line[len(word) :]):
                others = [each for each in known if each != word and each not in word]
                if any(re.search(rf"(?<!\w){re.escape(each)}(?!\w)", line) for each in others):
                    return UNREADABLE
                return known[word]
        return UNREADABLE


def check_reader(labels: Any, abstain: Any, parse: Any) -> AnswerReader:
    """What answers mean.

    Raises
    ------
    LabelingFunctionError
        If there are no labels, two fold to the same, or one is an abstention too.
    """
    if isinstance(labels, Mapping):
        given = dict(labels)
    elif isinstance(labels, (str, bytes)) or not isinstance(labels, Sequence):
        raise LabelingFunctionError(
            f"{_KIND}: labels={labels!r:.60} must be a dict from what the model says to classes."
        )
    else:
        given = {label: label for label in labels}
    folded: dict[str, Any] = {}
    for said, label in given.items():
        if not isinstance(said, str) or not fold(said):
            raise LabelingFunctionError(f"{_KIND}: labels= has {said!r}; what the model says must be a text.")
        if fold(said) in folded and folded[fold(said)] != label:
            raise LabelingFunctionError(f"{_KIND}: labels= has {said!r} twice, for different classes.")
        folded[fold(said)] = check_label(label, _KIND)
    if not folded:
        raise LabelingFunctionError(f"{_KIND}: labels= is empty; it would never vote.")
    if isinstance(abstain, str) or not isinstance(abstain, Iterable):
        raise LabelingFunctionError(f"{_KIND}: abstain={abstain!r} must be a list of texts.")
    silent = tuple(dict.fromkeys(fold(word) for word in abstain))
    both = [word for word in silent if word in folded]
    if both and tuple(abstain) != ABSTAIN_WORDS:
        raise LabelingFunctionError(f"{_KIND}: {both[0]!r} is in labels= and in abstain=.")
    if parse is not None and not callable(parse):
        raise LabelingFunctionError(f"{_KIND}: parse={parse!r:.60} must be a function from answer to label.")
    return AnswerReader(folded, tuple(word for word in silent if word not in folded), parse)


def fold(text: str) -> str:
    """A text without case, without runs of blanks, and without quotes and punctuation around it.

    Examples
    --------
    >>> fold('  "SPAM". ')
    'spam'
    """
    return " ".join(text.casefold().split()).strip(" \t\"'`*_.,;:!()[]{}<>")


def records_of(table: Any) -> list[dict[Hashable, Any]]:
    """The rows of a frame as dicts."""
    names = list(table.columns)
    columns = [table.iloc[:, place].tolist() for place in range(len(names))]
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _first_line(answer: str) -> str:
    lines = [line for line in answer.casefold().splitlines() if line.strip()]
    return " ".join(lines[0].split()).lstrip("\"'`*_ ([{<") if lines else ""
