"""Patterns of Python's ``re``, written for the Rust engine of polars where both provably agree.

They agree on ASCII text only: there, every atom that matches one character is a set of 128 possibilities, and
Python itself is asked which. What remains is structure: sequences, alternatives, groups, repeats and anchors, which
mean the same in both as far as only the existence of a match counts. Everything else (backreferences, lookaround,
possessive repeats, conditionals, repeats of what may be empty, ...) is left to Python.
"""

from __future__ import annotations

import re
from functools import lru_cache

import polars as pl

#: Repeats above this would make automata of a size that no longer pays.
MOST_REPEATS = 1000
#: Groups nested deeper than this are left to Python, before the translator runs out of stack.
DEEPEST = 50
_ASCII = range(128)
_FLAG = {"a": re.ASCII, "i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "u": re.UNICODE}


class _LeftToPythonError(Exception):
    """A construct that the two engines do not, or not provably, agree on."""


@lru_cache(maxsize=1024)
def to_rust(pattern: str, flags: int = 0) -> str | None:
    r"""A pattern for the Rust engine that is found in exactly the ASCII texts that ``re.search`` finds ``pattern`` in.

    Parameters
    ----------
    pattern : str
        A valid pattern of :mod:`re`.
    flags : int
        Flags of :mod:`re`.

    Returns
    -------
    str or None
        None where the two are not known to agree.

    Examples
    --------
    >>> to_rust(r"ca[tr]s?$")
    'ca[rt]s?(?:\\n?\\z)'
    >>> to_rust(r"(a)\1") is None
    True
    """
    actual = re.compile(pattern, flags).flags
    if actual & re.VERBOSE:
        return None
    try:
        rust = _Translator(pattern, actual).whole()
    except _LeftToPythonError:
        return None
    try:
        pl.Series([""]).str.contains(rust)
    except pl.exceptions.ComputeError:  # too large an automaton
        return None
    return rust


def literal(text: str) -> str:
    r"""A text of ASCII characters as a pattern of the Rust engine.

    Examples
    --------
    >>> literal("c++")
    'c\\x2B\\x2B'
    """
    return "".join(map(_one, text))


def _one(character: str) -> str:
    return character if character.isalnum() or character in "_ " else f"\\x{ord(character):02X}"


@lru_cache(maxsize=4096)
def _characters(token: str, flags: int) -> str:
    """The class of ASCII characters that a one-character token of ``re`` matches."""
    compiled = re.compile(token, flags)
    found = [code for code in _ASCII if compiled.fullmatch(chr(code))]
    if len(found) == 1:
        return _one(chr(found[0]))
    if not found:
        return r"[^\x00-\x{10FFFF}]"  # nothing at all
    ranges: list[list[int]] = []
    for code in found:
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    # Characters beyond ASCII are in no text, and so change nothing; but they keep the engine from searching for all
    # literals that a class could begin with, which took four times as long for digits (100,000 texts: 104 and 26 ms).
    beyond = r"\x{80}-\x{10FFFF}" if len(found) > 2 else ""
    return f"[{''.join(_range(low, high) for low, high in ranges)}{beyond}]"


def _range(low: int, high: int) -> str:
    return _one(chr(low)) if low == high else f"{_one(chr(low))}-{_one(chr(high))}"


class _Translator:
    """A recursive descent over a pattern that :mod:`re` has accepted."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern = pattern
        self.flags = flags
        self.depth = 0
        opening = re.match(r"\(\?[aimsu]+\)", pattern)  # its flags are among those of the compiled pattern
        self.at = opening.end() if opening else 0

    def whole(self) -> str:
        text, _ = self.alternatives()
        return text

    def rest(self) -> str:
        return self.pattern[self.at :]

    def take(self, expression: str) -> re.Match[str] | None:
        found = re.compile(expression, re.DOTALL).match(self.pattern, self.at)
        if found:
            self.at = found.end()
        return found

    def alternatives(self) -> tuple[str, bool]:
        """Branches up to the end of the group; and whether they may match nothing."""
        text, empty = self.sequence()
        while self.take(r"\|"):
            branch, branch_empty = self.sequence()
            text, empty = f"{text}|{branch}", empty or branch_empty
        return text, empty

    def sequence(self) -> tuple[str, bool]:
        texts, empty = [], True
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            text, text_empty = self.item()
            texts.append(text)
            empty = empty and text_empty
        return "".join(texts), empty

    def item(self) -> tuple[str, bool]:
        """One atom with its repeat."""
        text, empty = self.atom()
        repeat = self.repeat()
        if repeat is None:
            return text, empty
        low, high = repeat
        # How an engine leaves a loop whose body matched nothing is its own affair; `?` is no loop.
        if empty and (low, high) != (0, 1):
            raise _LeftToPythonError
        if max(low, high or 0) > MOST_REPEATS:
            raise _LeftToPythonError
        signs = {(0, None): "*", (1, None): "+", (0, 1): "?"}
        sign = signs.get((low, high), f"{{{low},{'' if high is None else high}}}")
        return f"{text}{sign}", empty or low == 0

    def repeat(self) -> tuple[int, int | None] | None:
        """A repeat as (least, most); greedy or lazy, which makes no difference to whether there is a match."""
        found = self.take(r"[*+?]|\{(?!\})([0-9]*)(,?)([0-9]*)\}")
        if not found:
            return None
        sign = found.group()
        if self.take(r"\+"):
            raise _LeftToPythonError  # possessive
        self.take(r"\?")
        if sign in "*+?":
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
        low, comma, high = found.groups()
        if not comma:
            return int(low), int(low)
        return int(low or 0), int(high) if high else None

    def atom(self) -> tuple[str, bool]:
        character = self.pattern[self.at]
        if character == "(":
            return self.group()
        if character == "[":
            return self.character_class(), False
        if character == "\\":
            return self.escape()
        self.at += 1
        if character == "^":
            return self.anchor("(?m:^)" if self.flags & re.MULTILINE else r"\A")
        if character == "$":
            return self.end()
        return self.single("." if character == "." else re.escape(character)), False

    def single(self, token: str) -> str:
        return _characters(token, self.flags & (re.IGNORECASE | re.DOTALL | re.ASCII))

    def anchor(self, text: str) -> tuple[str, bool]:
        if re.match(r"[*+?{]", self.rest()):
            raise _LeftToPythonError
        return text, True

    def end(self) -> tuple[str, bool]:
        if self.flags & re.MULTILINE:
            return self.anchor("(?m:$)")
        # Python's `$` also looks past one last newline. To consume that newline is the same only where nothing
        # can follow: at the end of the pattern, or of an alternative of the whole pattern.
        closers = re.match(r"(\)*)(\||\Z)", self.rest())
        if not closers or len(closers.group(1)) != self.depth:
            raise _LeftToPythonError
        return r"(?:\n?\z)", True

    def escape(self) -> tuple[str, bool]:
        found = self.take(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|0[0-7]{0,2}|[^xuUN0-9])")
        if not found or found.group(1) == "B":
            raise _LeftToPythonError  # backreferences, \N{...}; \B differs between versions of Python
        if found.group(1) in "bAZ":
            return self.anchor({"b": r"(?-u:\b)", "A": r"\A", "Z": r"\z"}[found.group(1)])
        return self.single(found.group()), False

    def character_class(self) -> str:
        found = self.take(r"\[\^?\]?(?:[^\]\\]|\\.)*\]")
        assert found is not None  # Python has read it as a class
        token = found.group()
        if re.search(r"\[|--|&&|\|\||~~", token[1:]):
            raise _LeftToPythonError  # Python may one day read these as operations on sets
        return self.single(token)

    def group(self) -> tuple[str, bool]:
        opening = self.take(r"\((?:\?(?:P<\w+>|([ims]*)(?:-([ims]+))?:)|(?!\?))")
        if not opening or self.depth == DEEPEST:
            raise _LeftToPythonError  # lookaround, atomic, conditional, named backreference, comment
        outer = self.flags
        for letter in opening.group(1) or "":
            self.flags |= _FLAG[letter]
        for letter in opening.group(2) or "":
            self.flags &= ~_FLAG[letter]
        self.depth += 1
        text, empty = self.alternatives()
        self.take(r"\)")  # it is there: Python has read it as a group
        self.depth -= 1
        self.flags = outer
        return f"(?:{text})", empty
