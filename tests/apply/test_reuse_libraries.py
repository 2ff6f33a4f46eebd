"""What is read of installed modules: attributes, however they are reached, and what the language knows of objects."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import string
import types
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest

from weaklab.apply import apply
from weaklab.exceptions import CacheWarning
from weaklab.labeling import labeling_function, preprocessor

FRAME = pd.DataFrame({"text": ["a", "bb", "ccc", "dddd"], "n": [1, 2, 3, 4]})


def votes_of(function, folder, frame=FRAME):
    return apply(function, frame, cache=folder, progress=False)


def by_attribute(row):
    return int(row.text[0] in string.ascii_letters)


def by_alias(row):
    m = string
    return int(row.text[0] in m.ascii_letters)


def by_alias_of_an_alias(row):
    m = string
    for _ in range(2):
        other = m
        m = other
    return int(row.text[0] in other.ascii_letters)


def letters_of(module):
    return module.ascii_letters


def by_import(row):
    import string as s

    return int(row.text[0] in s.ascii_letters)


def by_import_of_a_name(row):
    from string import ascii_letters as letters

    return int(row.text[0] in letters)


def by_import_in_a_comprehension(row):
    import string as s

    return int(any(each in s.ascii_letters for each in row.text))


def by_closure(module):
    def lf(row):
        def inner(letter):
            return letter in module.ascii_letters

        return int(inner(row.text[0]))

    return lf


@pytest.mark.parametrize(
    "function",
    [
        by_attribute,
        by_alias,
        by_alias_of_an_alias,
        by_import,
        by_import_of_a_name,
        by_import_in_a_comprehension,
        by_closure(string),
    ],
    ids=["attribute", "alias", "alias_of_an_alias", "import", "import_of_a_name", "comprehension", "closure"],
)
def test_attributes_of_a_library_are_followed_however_they_are_reached(
    function, tmp_path, monkeypatch, assert_run_again
):
    """A name for a module is as good as the module; a test or a plugin may change what it holds."""

    def changed():
        monkeypatch.setattr(string, "ascii_letters", "xyz")
        return function

    assert_run_again(function, changed, FRAME, tmp_path)


def by_getattr(row):
    return int(row.text[0] in getattr(string, "ascii_letters"))  # noqa: B009  -- such functions exist


def by_argument(row):
    return int(row.text[0] in letters_of(string))


def by_default(row, module=string):
    return int(row.text[0] in module.ascii_letters)


def by_list(row):
    return int(any(row.text[0] in module.ascii_letters for module in (string,)))


def by_choice(row):
    m = string if row.n else re
    return int(row.text[0] in m.ascii_letters)


def by_alias_that_is_passed_on(row):
    m = string
    return int(row.text[0] in letters_of(m))


def by_outer_variable(row):
    m = None

    def bind():
        nonlocal m
        m = string

    bind()
    return int(row.text[0] in m.ascii_letters)


by_object = labeling_function(name="by_object", resources={"m": types.SimpleNamespace(s=string)})(
    lambda row, m: int(row.text[0] in m.s.ascii_letters)
)


@pytest.mark.parametrize(
    "function",
    [by_getattr, by_argument, by_default, by_list, by_choice, by_alias_that_is_passed_on, by_outer_variable, by_object],
    ids=lambda function: getattr(function, "name", None) or function.__name__,
)
def test_a_module_that_is_passed_on_is_not_judged(function, tmp_path):
    """What will be read of it is not to be seen."""
    for _ in range(2):
        with pytest.warns(CacheWarning, match=r"(module string|'s'|SimpleNamespace)"):
            assert "reused" not in votes_of(function, tmp_path).attrs


def described(text):
    """Long."""
    return len(text) > 2


def by_doc(row):
    return int(described.__doc__ == "Long.")


def by_globals(row):
    return int("FRAME" in described.__globals__)


def by_annotations(row):
    return len(described.__annotations__)


def by_dict(row):
    return len(described.__dict__)


def by_class(row):
    return int(described.__class__ is not None)


def by_class_of_the_row(row):
    return int(row.__class__ is not None)


def by_name_in_a_text(row):
    return int(getattr(described, "__doc__") == "Long.")  # noqa: B009  -- such functions exist


def inside_a_function(row):
    def is_doc(text):
        return described.__doc__ == text

    return int(is_doc("Long."))


@pytest.mark.parametrize(
    "function",
    [by_doc, by_globals, by_annotations, by_dict, by_class, by_class_of_the_row, by_name_in_a_text, inside_a_function],
    ids=lambda function: function.__name__,
)
def test_what_the_language_knows_of_objects_is_not_judged(function, tmp_path):
    """A fingerprint has no documentation, no annotations, and not all globals."""
    for _ in range(2):
        with pytest.warns(CacheWarning, match="reads __"):
            assert "reused" not in votes_of(function, tmp_path).attrs


NAMED_BADLY = pd.DataFrame({"open": [1, 2, 3], "now": [1, 0, 1], "options": ["a", "b", "c"], "t": ["x", "y", "z"]})


def reads_columns(row):
    return int(row.open > 1 and row.options != "c" and row["now"] == 0)


def reads_columns_inside(row):
    return int(any(row.now == each for each in [row.open]))


def rebinds(row):
    row = LATER
    return int(row.open)


def of_two(row, other=types.SimpleNamespace(open=1)):  # noqa: B008  -- such functions exist
    return int(other.open)


def deeper(row):
    return int(hasattr(row.t, "now") and row.t.now)


LATER = types.SimpleNamespace(open=1)


@preprocessor
def opened(row):
    return {"opened": row.open}


with_pre = labeling_function(name="with_pre", pre=[opened])(lambda row: int(row.open == row.opened))


@pytest.mark.parametrize("function", [reads_columns, reads_columns_inside, with_pre])
def test_columns_may_be_named_as_functions_of_the_clock(function, tmp_path):
    """What is first asked of a row is a cell."""
    votes_of(function, tmp_path, NAMED_BADLY)
    assert votes_of(function, tmp_path, NAMED_BADLY).attrs["reused"] == (
        getattr(function, "name", None) or function.__name__,
    )


def helper(thing):
    return int(thing.open > 1)


def by_helper(row):
    return helper(row)


of_frame = labeling_function(name="of_frame", batch=True)(lambda frame: (frame.now == 1).astype(int))


@pytest.mark.parametrize("function", [rebinds, of_two, deeper, by_helper, of_frame])
def test_only_the_row_itself_has_columns(function, tmp_path):
    """Whatever else has such a name may be a function of the clock."""
    for _ in range(2):
        with pytest.warns(CacheWarning, match=r"reads files, the clock or settings"):
            assert "reused" not in votes_of(function, tmp_path, NAMED_BADLY).attrs


PATTERN = re.compile(r"b+")
SINCE = dt.datetime(2020, 1, 1)


def uses_re(row):
    return int(re.search(r"^B", row.text, re.IGNORECASE) is not None or PATTERN.match(row.text) is not None)


def uses_str(row):
    return int(
        str.lower(row.text).strip().startswith(tuple("ab")) and row.text.translate(str.maketrans("a", "b")) == "b"
    )


def uses_math(row):
    return int(math.sqrt(row.n) > math.pi / 2)


def uses_numpy(row):
    import numpy as inner

    return int(
        np.linalg.norm([row.n, 1]) > 2 and inner.char.upper("a") == "A" and np.float32(row.n) >= np.nan_to_num(0)
    )


def uses_pandas(row):
    p = pd
    return int(
        p.Timestamp(row.n, unit="D") > p.Timestamp("1970-01-03") and pd.isna(None) and p.Series([row.n]).sum() > 0
    )


def uses_datetime(row):
    return int(dt.datetime.strptime("2020-02-01", "%Y-%m-%d") - dt.timedelta(days=row.n) > SINCE)


def uses_json(row):
    return int(json.loads("[1]")[0] == 1 and json.dumps(row.text) != "")


def uses_names(row):
    return int(type(row.text).__name__ == "str")


class Rules:
    limit = 2

    def __init__(self, text):
        super().__init__()
        self.text = text

    def __repr__(self):
        return f"{self.__class__.__name__}({self.text!r})"

    def __eq__(self, other):
        return self.__dict__ == other.__dict__

    __hash__ = None


def uses_class(row):
    return int(Rules(row.text) == Rules("bb") and len(repr(Rules("a"))) > Rules.limit)


ORDINARY = [uses_re, uses_str, uses_math, uses_numpy, uses_pandas, uses_datetime, uses_json, uses_names, uses_class]


@pytest.mark.parametrize(
    "function", [*ORDINARY, partial(uses_re)], ids=lambda function: getattr(function, "__name__", "partial")
)
def test_ordinary_functions_are_reused_without_a_word(function, tmp_path):
    """Most labeling functions need no more than this."""
    lf = labeling_function(name="lf")(function)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        votes_of(lf, tmp_path)
        assert votes_of(lf, tmp_path).attrs == {"reused": ("lf",)}
