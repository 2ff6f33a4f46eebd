"""What a labeling function may return, and the class code that it means."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from enum import Enum
from typing import Any

import numpy as np

from weaklab.exceptions import INTERRUPTIONS, ClassError, ReturnValueError, reason_of, shown
from weaklab.typing import ABSTAIN, Classes, Codes
from weaklab.votes.classes import check_classes, class_code

#: The highest class code: votes are stored in 32 bits at most.
MAX_CODE = 2**31 - 1


class VoteCoder:
    """Turns what labeling functions return into class codes, for one declaration of classes.

    Parameters
    ----------
    classes : int, sequence of hashable, or None
        The declared classes; None allows any code from 0.

    Attributes
    ----------
    k : int or None
        How many classes there are, where that was said.

    Raises
    ------
    ClassError
        If the classes are ill-formed, or -1, which means "abstain", is the name of one.

    Examples
    --------
    >>> coder = VoteCoder(["ham", "spam"])
    >>> coder.code("spam"), coder.code(None), coder.code(True)
    (1, -1, 1)
    """

    def __init__(self, classes: Classes = None) -> None:
        self.classes = check_classes(classes)
        names = self.classes if isinstance(self.classes, list) else []
        if any(type(name) is int and name == ABSTAIN for name in names):
            raise ClassError("classes: -1 cannot be the name of a class, since it is the vote that abstains.")
        self.k = len(names) if names else self.classes if isinstance(self.classes, int) else None
        # Where ints or bools are names, they are looked up one by one instead of read as codes.
        self._ints_are_codes = not any(isinstance(name, int) for name in names)
        self._known: dict[tuple[type, Hashable], int] = {}

    def code(self, value: Any) -> int:
        """The code of one returned value, -1 for an abstention.

        Raises
        ------
        ReturnValueError
            If the value is no vote. The message says what it is and what was expected, not where it came from.
        """
        if value is None:
            return ABSTAIN
        raw = value.value if isinstance(value, Enum) else value
        raw = raw.item() if isinstance(raw, np.generic) else raw
        abstains = raw is None or (isinstance(raw, int) and not isinstance(raw, bool) and raw == ABSTAIN)
        if abstains and not self._is_name(value):
            return ABSTAIN
        try:
            code = class_code(value, self.classes)
        except ClassError as error:
            raise ReturnValueError(self._refusal(value)) from error
        if code > MAX_CODE:
            raise ReturnValueError(f"returned {_shown(value)}, which is more than the highest class code, {MAX_CODE}.")
        return code

    def codes(self, values: Sequence[Any]) -> tuple[Codes, dict[int, ReturnValueError]]:
        """The codes of many returned values, and the error of each that is no vote.

        Parameters
        ----------
        values : sequence of object, of length n
            What was returned.

        Returns
        -------
        codes : ndarray of int64 of shape (n,)
            -1 where a value abstains or is no vote.
        errors : dict of int to ReturnValueError
            By position in ``values``.

        Examples
        --------
        >>> codes, errors = VoteCoder(2).codes([1, None, 1.9])
        >>> codes
        array([ 1, -1, -1])
        >>> list(errors)
        [2]
        """
        kinds = set(map(type, values))
        if self._ints_are_codes and kinds <= {int, bool, type(None)}:
            plain = [ABSTAIN if value is None else value for value in values] if type(None) in kinds else values
            try:
                codes = np.fromiter(plain, dtype=np.int64, count=len(values))
            except OverflowError:
                return self._one_by_one(values)
            if not len(codes) or (codes.min() >= ABSTAIN and codes.max() <= self._top):
                return codes, {}
        return self._one_by_one(values)

    @property
    def _top(self) -> int:
        return MAX_CODE if self.k is None else self.k - 1

    def _one_by_one(self, values: Sequence[Any]) -> tuple[Codes, dict[int, ReturnValueError]]:
        codes = np.full(len(values), ABSTAIN, dtype=np.int64)
        errors: dict[int, ReturnValueError] = {}
        for i, value in enumerate(values):
            # Keyed by type too: 1, 1.0 and True are equal, and only two of them are votes.
            key = (type(value), value) if isinstance(value, (str, int, Enum)) else None
            try:
                if key is None:
                    codes[i] = self.code(value)
                    continue
                if key not in self._known:
                    self._known[key] = self.code(value)
                codes[i] = self._known[key]
            except ReturnValueError as error:
                errors[i] = error
            except INTERRUPTIONS:
                raise
            except BaseException as error:  # noqa: BLE001  -- a user's object may raise anything when it is looked at
                errors[i] = unreadable(value, error)
        return codes, errors

    def _is_name(self, value: Any) -> bool:
        names = self.classes if isinstance(self.classes, list) else []
        return isinstance(value, Enum) and (value in names or value.name in names)

    def expected(self) -> str:
        """What a labeling function may return, in words."""
        if isinstance(self.classes, list):
            names = ", ".join(repr(name) for name in self.classes[:6])
            more = f", ... ({len(self.classes)} classes)" if len(self.classes) > 6 else ""
            codes = f" or its code 0 to {len(self.classes) - 1}" if self._ints_are_codes else ""
            return f"a class ({names}{more}){codes}, or None (or -1) to abstain"
        top = "an int from 0" if self.k is None else f"an int from 0 to {self.k - 1}"
        return f"{top}, a bool, an Enum member, or None (or -1) to abstain"

    def _refusal(self, value: Any) -> str:
        hint = ""
        if isinstance(value, (float, np.floating)):
            hint = " Return None to abstain." if value != value else " Return an int; nothing is rounded."  # noqa: PLR0124
        elif isinstance(value, str) and not isinstance(self.classes, list):
            hint = " To return class names, declare them: classes=[...]."
        elif type(value).__name__ in ("NAType", "NaTType"):
            hint = " Return None to abstain."
        elif isinstance(value, (list, tuple, np.ndarray)) or hasattr(value, "__array__"):
            hint = " One vote for one row is expected; to return many at once, use batch=True."
        return f"returned {_shown(value)}, which is no vote. Expected: {self.expected()}.{hint}"


def vote_code(value: Any, classes: Classes = None, *, name: str = "", where: str = "") -> int:
    """The class code that one returned value means.

    None and -1 abstain, and so does an Enum member of that value. Bools (False is 0, True is 1), ints, numpy ints,
    and Enum members (by value, or by name where names are declared) are votes; so is a class name where classes
    are declared. Where ints are the names of classes, an int is a name and never a code.

    Parameters
    ----------
    value : object
        What a labeling function returned.
    classes : int, sequence of hashable, or None
        The declared classes; None allows any code from 0.
    name, where : str
        The labeling function and the row, for the error.

    Returns
    -------
    int
        The code 0..k-1, or -1.

    Raises
    ------
    ReturnValueError
        If the value is anything else: a float (even 1.0), NaN, a code that no class has, an array, an undeclared name.

    Examples
    --------
    >>> vote_code("spam", ["ham", "spam"]), vote_code(True), vote_code(None)
    (1, 1, -1)
    >>> vote_code(1.9, 2, name="short", where="row 3")
    Traceback (most recent call last):
        ...
    weaklab.exceptions.ReturnValueError: labeling function 'short' on row 3 returned 1.9 (float), which is no vote...
    """
    try:
        return VoteCoder(classes).code(value)
    except ReturnValueError as error:
        place = f" on {where}" if where else ""
        raise ReturnValueError(f"labeling function {name!r}{place} {error}") from error.__cause__


def unreadable(value: Any, error: BaseException) -> ReturnValueError:
    """The error of a returned value that raises when it is looked at."""
    found = ReturnValueError(f"returned {_shown(value)}, which is no vote: reading it raised {reason_of(error)}.")
    found.__cause__ = error
    return found


def _shown(value: Any) -> str:
    return f"{shown(value, 80)} ({type(value).__name__})"
