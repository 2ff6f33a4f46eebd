"""Slicing functions, their appliers, and the rows of a slice."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
from cases import case

FRAME = pd.DataFrame({"num": [10, 100, 50], "text": ["a", "b", "a"]}, index=[3, 1, 2])


def functions(sn):
    @sn("slicing").slicing_function()
    def big(x):
        return x.num > 42

    @sn("slicing").slicing_function(resources={"words": {"a"}})
    def known(x, words):
        return x.text in words

    return [big, known]


@case
def a_function(sn):
    """A bool comes out of a call."""
    big, known = functions(sn)
    at = SimpleNamespace(num=90, text="a")
    return big.name, big(at), known(at), repr(big), isinstance(big, sn("labeling").LabelingFunction)


@case
def the_decorator_without_parentheses(sn):
    """ValueError."""
    return lambda: sn("slicing").slicing_function(lambda x: True)


@case
def slices_of_a_frame(sn):
    """A record array of ints."""
    return sn("slicing").PandasSFApplier(functions(sn)).apply(FRAME, progress_bar=False)


@case
def slices_of_points(sn):
    """The same of a list."""
    points = [SimpleNamespace(**row) for row in FRAME.to_dict("records")]
    S = sn("slicing").SFApplier(functions(sn)).apply(points, progress_bar=False)
    return S, S["big"], S.dtype.names


@case
def faults_of_slices(sn):
    """``fault_tolerant``: -1."""

    @sn("slicing").slicing_function()
    def fails(x):
        return 1 // (x.num - 10) > 5

    return sn("slicing").PandasSFApplier([fails]).apply(FRAME, progress_bar=False, fault_tolerant=True)


@case
def rows_of_a_slice(sn):
    """``slice_dataframe`` keeps the index."""
    return [sn("slicing").slice_dataframe(FRAME, function) for function in functions(sn)]


@case
def rows_of_a_slice_of_none(sn):
    """No rows, the same columns."""
    nothing = sn("slicing").SlicingFunction("nothing", lambda x: False)
    found = sn("slicing").slice_dataframe(FRAME, nothing)
    return len(found), list(found.columns)


@case
def repr_of_appliers(sn):
    """``repr``."""
    return [repr(getattr(sn("slicing"), name)(functions(sn))) for name in ("SFApplier", "PandasSFApplier")]
