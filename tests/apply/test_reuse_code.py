"""Whatever the code of a labeling function reads is part of it: a change of any of it runs the function again."""

import logging
import re
import sys
import types
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cached_property, lru_cache, partial
from operator import itemgetter

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from weaklab.apply import apply
from weaklab.labeling import labeling_function, preprocessor

FRAME = pd.DataFrame({"text": ["a", "bb", "ccc", "dddd"], "n": [1, 2, 3, 4]})

SOURCE = """
import helpers_of_a_test as helpers
LIMIT = 2
WORDS = ["bb"]
TABLE = {"ccc": {"deep": [1]}}

class Config:
    def __init__(self, limit):
        self.limit = limit
    def reaches(self, n):
        return n >= self.limit

CONFIG = Config(3)

def inner(text):
    return len(text) > LIMIT

def helper(text):
    return inner(text)

def lf(row):
    return int(helper(row.text))

def reads_list(row):
    return int(row.text in WORDS)

def reads_dict(row):
    return TABLE.get(row.text, {"deep": [0]})["deep"][0]

def reads_module(row):
    return int(helpers.long(row.text))

def reads_constant_of_module(row):
    return int(len(row.text) > helpers.LIMIT)

def imports_inside(row):
    from helpers_of_a_test import long
    return int(long(row.text))

def reads_object(row):
    return int(CONFIG.reaches(row.n))

def reads_in_comprehension(row):
    return int(any(len(word) > LIMIT for word in [row.text]))
"""
HELPERS = "LIMIT = 2\ndef long(text):\n    return len(text) > LIMIT\n"


@pytest.fixture
def names(monkeypatch):
    """The names of a module of the user, which reads another one."""
    helpers = types.ModuleType("helpers_of_a_test")
    exec(HELPERS, vars(helpers))
    monkeypatch.setitem(sys.modules, "helpers_of_a_test", helpers)
    module = types.ModuleType("module_of_a_test")
    monkeypatch.setitem(sys.modules, "module_of_a_test", module)
    exec(SOURCE, vars(module))
    return vars(module)


def again(names, source):
    exec(source, names)


def config_method(names):
    again(names, "Config.reaches = lambda self, n: n > self.limit")


@pytest.mark.parametrize(
    ("lf", "change"),
    [
        ("lf", lambda names: again(names, "def lf(row):\n    return int(not helper(row.text))")),
        ("lf", lambda names: names.update(LIMIT=3)),
        ("lf", lambda names: again(names, "def helper(text):\n    return not inner(text)")),
        ("lf", lambda names: again(names, "def inner(text):\n    return len(text) > LIMIT - 1")),
        ("reads_list", lambda names: names["WORDS"].append("ccc")),
        ("reads_dict", lambda names: names["TABLE"]["ccc"]["deep"].insert(0, 0)),
        ("reads_module", lambda names: setattr(names["helpers"], "long", lambda text: len(text) > 3)),
        ("reads_module", lambda names: setattr(names["helpers"], "LIMIT", 3)),
        ("reads_constant_of_module", lambda names: setattr(names["helpers"], "LIMIT", 3)),
        ("imports_inside", lambda names: setattr(names["helpers"], "LIMIT", 3)),
        ("reads_object", lambda names: setattr(names["CONFIG"], "limit", 4)),
        ("reads_object", config_method),
        ("reads_in_comprehension", lambda names: names.update(LIMIT=3)),
    ],
)
def test_what_code_reads_is_part_of_it(names, tmp_path, lf, change, assert_run_again):
    """Source, globals by value, helpers and their helpers, other modules, objects and their methods."""

    def changed():
        change(names)
        return names[lf]

    assert_run_again(names[lf], changed, FRAME, tmp_path)


def with_default(limit):
    def lf(row, limit=limit):
        return int(len(row.text) > limit)

    return lf


def with_kwdefault(limit):
    def lf(row, *, limit=limit):
        return int(len(row.text) > limit)

    return lf


def with_closure(limit):
    def lf(row):
        return int(len(row.text) > limit)

    return lf


def with_attribute(limit):
    def lf(row):
        return int(len(row.text) > lf.limit)

    lf.limit = limit
    return lf


def with_resource(limit):
    return labeling_function(name="lf", resources={"limit": limit})(lambda row, limit: int(len(row.text) > limit))


def with_partial(limit):
    return labeling_function(name="lf")(partial(lambda limit, row: int(len(row.text) > limit), limit))


def with_method(limit):
    class Long:
        def __init__(self):
            self.limit = limit

        def __call__(self, row):
            return int(len(row.text) > self.limit)

    return labeling_function(name="lf")(Long())


def with_class_constant(value):
    class Long:
        limit = value

        @classmethod
        def is_long(cls, text):
            return len(text) > cls.limit

    return labeling_function(name="lf")(lambda row: int(Long.is_long(row.text)))


def with_enum(value):
    kind = Enum("kind", {"LIMIT": value})
    return labeling_function(name="lf")(lambda row: int(len(row.text) > kind.LIMIT.value))


def with_array(limit):
    limits = np.array([0, limit])
    return labeling_function(name="lf")(lambda row: int(len(row.text) > limits[1]))


def with_masked_array(limit):
    limits = np.ma.masked_array([3, 2], mask=[limit == 2, False])
    return labeling_function(name="lf")(lambda row: int(len(row.text) > limits.compressed()[0]))


def with_table(limit):
    limits = pd.DataFrame({"limit": [limit]})
    return labeling_function(name="lf")(lambda row: int(len(row.text) > limits.limit[0]))


def with_pattern(limit):
    pattern = re.compile(f".{{{limit + 1}}}")
    return labeling_function(name="lf")(lambda row: int(bool(pattern.match(row.text))))


def with_memo(limit):
    @lru_cache
    def is_long(text):
        return len(text) > limit

    return labeling_function(name="lf")(lambda row: int(is_long(row.text)))


def with_frompyfunc(limit):
    function = np.vectorize(lambda text: len(text) > limit)
    return labeling_function(name="lf")(lambda row: int(function(row.text)))


def with_preprocessor(limit):
    @preprocessor
    def long(row):
        return {"long": len(row.text) > limit}

    return labeling_function(name="lf", pre=[long])(lambda row: int(row.long))


def with_resource_of_preprocessor(limit):
    @preprocessor(resources={"limit": limit})
    def long(row, limit):
        return {"long": len(row.text) > limit}

    return labeling_function(name="lf", pre=[long])(lambda row: int(row.long))


def with_batch(limit):
    return labeling_function(name="lf", batch=True)(lambda frame: (frame.text.str.len() > limit).astype(int))


def with_other_lf(limit):
    other = with_resource(limit)
    return labeling_function(name="lf")(lambda row: 1 - other(row))


def with_wrapper(limit):
    import functools

    def not_(function):
        @functools.wraps(function)
        def wrapped(row):
            return 1 - function(row)

        return wrapped

    return not_(with_closure(limit))


@dataclass(frozen=True, slots=True)
class Point:
    n: int = 1


class Lazy:
    @cached_property
    def n(self):
        return 1


VALUES = [
    namedtuple("Pair", "a b")(1, 2),
    Point(3),
    Lazy(),
    Counter("aab"),
    defaultdict(list, {"a": [1]}),
    deque([1, 2]),
    OrderedDict(a=1),
    Decimal("1.5"),
    date(2020, 1, 1),
    pd.Timestamp("2020-01-01", tz="UTC"),
    pd.Series([1, 2], index=["a", "b"]),
    pd.MultiIndex.from_tuples([(1, "a")]),
    pl.DataFrame({"a": [1]}),
    pl.col("a") + 1,
    np.log1p,
    np.zeros(2, dtype=[("a", "i4"), ("b", "U3")]),
    np.array([{"a": 1}, None], dtype=object),
    csr_matrix(np.eye(3)),
    logging.getLogger("of a test"),
    {i: str(i) for i in range(3000)},
    itemgetter(1),
    list[int],
    int | str,
    len,
    str.lower,
    print,
    {3, "a", None, (1, 2)},
    Point,
    LogisticRegression().fit([[0], [1]], [0, 1]),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: f"{type(value).__module__}.{type(value).__qualname__}")
def test_most_values_can_be_judged(value, tmp_path):
    """What labeling functions hold in practice must not cost a run each time."""

    def make():
        return labeling_function(name="lf")(lambda row: int(value is not None))

    apply(make(), FRAME, cache=tmp_path, progress=False)
    assert apply(make(), FRAME, cache=tmp_path, progress=False).attrs == {"reused": ("lf",)}


def test_a_model_that_was_fitted_again_is_another_model(tmp_path, assert_run_again):
    """In place, as scikit-learn does it."""
    model = LogisticRegression().fit([[1], [2], [3], [4]], [0, 0, 1, 1])
    lf = labeling_function(name="lf")(lambda row: int(model.predict([[row.n]])[0]))

    def again():
        model.fit([[1], [2], [3], [4]], [1, 1, 0, 0])
        return lf

    assert_run_again(lf, again, FRAME, tmp_path)


MAKERS = [make for name, make in list(globals().items()) if name.startswith("with_")]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_what_a_function_carries_is_part_of_it(make, tmp_path, assert_run_again):
    """Defaults, closures, attributes, resources, preprocessors, whatever holds the number."""
    assert_run_again(make(2), lambda: make(3), FRAME, tmp_path)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_what_is_made_anew_and_equal_is_reused(make, tmp_path):
    """A cell of a notebook that is run again makes new objects; they say the same."""
    apply(make(2), FRAME, cache=tmp_path, progress=False)
    assert apply(make(2), FRAME, cache=tmp_path, progress=False).attrs["reused"] == ("lf",)
