"""Classes of libraries that a user gives attributes, methods and accessors: those are the user's code."""

from __future__ import annotations

import functools
import json
import string

import pandas as pd
import polars as pl
import pytest

from weaklab.labeling import labeling_function

FRAME = pd.DataFrame({"text": ["a", "bb", "ccc", "dddd"], "n": [1, 2, 3, 4]})


def by_class(row):
    return int(row.n > len(string.Template.delimiter))


def by_alias_of_a_class(row):
    template = string.Template
    return int(row.n > len(template.delimiter))


def by_instance(row):
    return int(row.n > len(json.JSONEncoder().encode([1, 2])) - 5)


def by_method_of_an_instance(row):
    return int(row.n > len(string.Template("$x").safe_substitute(x="a")))


@pytest.mark.parametrize(
    ("function", "kind", "name", "value"),
    [
        (by_class, string.Template, "delimiter", "$$"),
        (by_alias_of_a_class, string.Template, "delimiter", "$$"),
        (by_instance, json.JSONEncoder, "item_separator", ",  "),
        (by_method_of_an_instance, string.Template, "safe_substitute", lambda self, **_: "12345"),
    ],
)
def test_attributes_of_a_class_of_a_library(function, kind, name, value, tmp_path, monkeypatch, assert_run_again):
    """Set by a test or a plugin, read directly or by what the class does."""

    def changed():
        monkeypatch.setattr(kind, name, value)
        return function

    assert_run_again(function, changed, FRAME, tmp_path)


def method(limit):
    pd.Series.beyond = lambda series: (series > limit).astype(int)


def accessor(limit):
    class Beyond:
        def __init__(self, series):
            self.series = series

        def __call__(self):
            return (self.series > limit).astype(int)

    if hasattr(pd.Series, "beyond"):
        del pd.Series.beyond
    pd.api.extensions.register_series_accessor("beyond")(Beyond)


@pytest.mark.parametrize("register", [method, accessor])
def test_methods_that_data_were_given(register, tmp_path, assert_run_again):
    """As one registers them in a notebook, and edits them there."""
    lf = labeling_function(name="lf", batch=True)(lambda frame: frame.n.beyond())

    def changed():
        register(3)
        return lf

    register(2)
    try:
        assert_run_again(lf, changed, FRAME, tmp_path)
    finally:
        del pd.Series.beyond


def test_methods_that_polars_was_given(tmp_path, monkeypatch, assert_run_again):
    """The same for its frames."""
    monkeypatch.setattr(pl.Series, "beyond", lambda series: (series > 2).cast(int).to_list(), raising=False)
    lf = labeling_function(name="lf", batch=True)(lambda frame: frame["n"].beyond())

    def changed():
        monkeypatch.setattr(pl.Series, "beyond", lambda series: (series > 3).cast(int).to_list())
        return lf

    assert_run_again(lf, changed, pl.from_pandas(FRAME), tmp_path)


def test_attributes_of_partials_and_of_frames(tmp_path, assert_run_again):
    """Both may hold anything beside what they are made of."""
    table = pd.DataFrame({"limit": [2]})
    table.attrs["limit"] = 2
    by_attrs = labeling_function(name="by_attrs")(lambda row: int(row.n > table.attrs["limit"]))
    part = functools.partial(lambda row: int(row.n > part.limit))
    part.limit = 2
    by_partial = labeling_function(name="by_partial")(part)

    def changed():
        table.attrs["limit"] = part.limit = 3
        return [by_attrs, by_partial]

    assert_run_again([by_attrs, by_partial], changed, FRAME, tmp_path)


def test_names_of_columns_of_frames(tmp_path, assert_run_again):
    """Of a frame that a function holds, and of the one that it is given."""
    table, frame = pd.DataFrame({"a": [1]}), FRAME.copy()
    held = labeling_function(name="held")(lambda row: int(table.columns.name == row.text))
    given = labeling_function(name="given", batch=True)(lambda frame: [int(frame.columns.name == "a")] * len(frame))

    def changed():
        table.columns.name = frame.columns.name = "a"
        return [held, given]

    assert_run_again([held, given], changed, frame, tmp_path)
