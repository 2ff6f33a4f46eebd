"""Appliers: what votes come out of what data."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
from cases import an_error, case, differs

FRAME = pd.DataFrame({"num": [1, 50, 7, 42], "text": ["a b", "b", "c", "a"]})
POINTS = [SimpleNamespace(num=int(num), text=text) for num, text in zip(FRAME.num, FRAME.text, strict=True)]


def lfs(sn):
    """Two labeling functions, which abstain in places."""
    make = sn("labeling").LabelingFunction
    return [make("big", lambda x: 1 if x.num > 10 else -1), make("a", lambda x: 0 if "a" in x.text else -1)]


def one(sn, f):
    """A labeling function."""
    return [sn("labeling").LabelingFunction("f", f)]


def over_frame(sn, functions, frame=FRAME, **options):
    return sn("labeling").PandasLFApplier(functions).apply(frame, progress_bar=False, **options)


def over_points(sn, functions, points=POINTS, **options):
    return sn("labeling").LFApplier(functions).apply(points, progress_bar=False, **options)


@case
def votes_of_a_frame(sn):
    """An int64 matrix."""
    return over_frame(sn, lfs(sn))


@case
def votes_of_namespaces(sn):
    """The same of a list of points."""
    return over_points(sn, lfs(sn))


@case
def votes_of_dicts(sn):
    """Dicts reach functions as dicts."""
    return over_points(sn, one(sn, lambda x: x["num"] % 2), [{"num": 1}, {"num": 2}])


@case
def votes_of_an_array(sn):
    """Rows of an array reach functions as arrays."""
    return over_points(sn, one(sn, lambda x: int(x[0] > 42)), np.array([[10], [100]]))


@case
def votes_of_series(sn):
    """A list of Series."""
    return over_points(sn, one(sn, lambda x: x["num"] + x.num), [pd.Series({"num": 1}), pd.Series({"num": 2})])


@case
def votes_of_texts(sn):
    """A list of texts."""
    return over_points(sn, one(sn, lambda x: len(x) + 1), ["a", "", "abc"])


@case
def votes_of_numbers(sn):
    """A list of ints."""
    return over_points(sn, one(sn, lambda x: x % 3 - 1), [1, 2, 3])


@case
def the_type_of_votes(sn):
    """int64, whatever the classes."""
    return str(over_frame(sn, lfs(sn)).dtype), str(over_points(sn, lfs(sn)).dtype)


@case
def an_index_of_texts(sn):
    """Rows in the frame's order."""
    return over_frame(sn, lfs(sn), FRAME.set_axis(list("zyxw")))


@case
def an_unsorted_index(sn):
    """Rows in the frame's order here, too."""
    return over_frame(sn, lfs(sn), FRAME.set_axis([3, 1, 2, 0]))


@case
def a_repeated_index(sn):
    """All rows, each by itself."""
    return over_frame(sn, lfs(sn), FRAME.set_axis([0, 0, 1, 1]))


@case
def no_rows_of_a_list(sn):
    """Votes of shape (0, 2)."""
    return over_points(sn, lfs(sn), []).shape


@differs("only -1 abstains; another negative number is a slip, and an error that names it", an_error(ValueError))
def numbers_below_abstain(sn):
    """A function that returns -5."""
    return over_points(sn, one(sn, lambda x: -5), [1])


@case
def true_is_one(sn):
    """A bool is a class."""
    return over_points(sn, one(sn, lambda x: x > 1), [1, 2])


@case
def numbers_of_numpy(sn):
    """np.int64 is a class."""
    return over_points(sn, one(sn, lambda x: np.int64(x + 1)), [1, 2])


@case
def a_text_for_a_class(sn):
    """It is an error."""
    return type(_error(lambda: over_points(sn, one(sn, lambda x: "SPAM"), [1]))) is not type(None)


def _error(call):
    try:
        call()
    except Exception as error:  # noqa: BLE001  -- which one is the answer
        return error
    return None


@differs("None abstains, as a function that falls off its end means it", np.array([[-1], [1]]))
def none_for_a_class(sn):
    """A function without a return on some path."""
    return over_points(sn, one(sn, lambda x: 1 if x > 1 else None), [1, 2])


@differs("None abstains, and is no fault", [np.array([[-1]]), {}])
def none_while_faults_are_tolerated(sn):
    """The same with ``fault_tolerant=True``."""
    L, meta = over_points(sn, one(sn, lambda x: None), [1], fault_tolerant=True, return_meta=True)
    return L, dict(meta.faults)


@differs("a number with a fraction is no class: an error that names function, row and value", an_error(ValueError))
def a_fraction_for_a_class(sn):
    """A function that returns 1.9."""
    return over_points(sn, one(sn, lambda x: 1.9), [1])


@differs("a float is no class, whole or not: an error that names function, row and value", an_error(ValueError))
def a_whole_float_for_a_class(sn):
    """A function that returns 2.0."""
    return over_points(sn, one(sn, lambda x: 2.0), [1])


@case
def an_error_in_a_frame(sn):
    """It comes out as its own type."""
    return lambda: over_frame(sn, one(sn, lambda x: 1 // (x.num - 7)))


@case
def an_error_in_a_list(sn):
    """It comes out as its own type."""
    return lambda: over_points(sn, one(sn, lambda x: {}["none"]))


@case
def a_missing_column(sn):
    """AttributeError."""
    return lambda: over_frame(sn, one(sn, lambda x: x.nothing))


@case
def a_missing_column_by_item(sn):
    """KeyError."""
    return isinstance(_error(lambda: over_frame(sn, one(sn, lambda x: x["nothing"]))), KeyError)


@case
def faults_are_counted_in_a_frame(sn):
    """``fault_tolerant`` with ``return_meta``."""
    L, meta = over_frame(sn, [*lfs(sn), *one(sn, lambda x: 1 // (x.num - 7))], fault_tolerant=True, return_meta=True)
    return L, dict(meta.faults)


@case
def faults_are_counted_in_a_list(sn):
    """The same of points."""
    L, meta = over_points(sn, one(sn, lambda x: 1 // (x.num - 7)), fault_tolerant=True, return_meta=True)
    return L, dict(meta.faults)


@case
def faults_are_tolerated_without_metadata(sn):
    """Only votes come out."""
    return over_frame(sn, one(sn, lambda x: 1 // (x.num - 7)), fault_tolerant=True)


@case
def faults_of_none(sn):
    """Nothing failed."""
    L, meta = over_frame(sn, lfs(sn), return_meta=True)
    return type(meta).__name__, dict(meta.faults), L


@case
def functions_of_one_name(sn):
    """ValueError when the applier is made."""
    return lambda: sn("labeling").LFApplier([*one(sn, lambda x: 1), *one(sn, lambda x: 2)])


@case
def the_message_of_one_name(sn):
    """What it says first."""
    return str(_error(lambda: sn("labeling").PandasLFApplier([*one(sn, min), *one(sn, max)]))).partition(":")[0]


@differs("an error at once that says it; Snorkel fails later, or gives votes of no column", an_error(ValueError))
def no_functions(sn):
    """An applier of nothing."""
    return over_frame(sn, [])


@case
def repr_of_appliers(sn):
    """``repr``."""
    return [repr(getattr(sn("labeling"), name)(lfs(sn))) for name in ("LFApplier", "PandasLFApplier")]


@case
def a_preprocessor_in_a_frame(sn):
    """The frame stays as it was."""

    @sn("preprocess").preprocessor()
    def add(x):
        x.num = x.num + 100
        return x

    frame = FRAME.copy()
    lf = sn("labeling").LabelingFunction("f", lambda x: int(x.num > 140), pre=[add])
    return over_frame(sn, [lf, *lfs(sn)], frame), frame


@case
def a_preprocessor_adds_a_column(sn):
    """A field of its own."""

    @sn("preprocess").preprocessor(memoize=True)
    def words(x):
        x.words = x.text.split()
        return x

    return over_frame(sn, [sn("labeling").LabelingFunction("f", lambda x: len(x.words), pre=[words])])


@case
def a_preprocessor_runs_once_per_row_when_memoized(sn):
    """How often a memoized preprocessor of two functions ran."""
    ran = []

    @sn("preprocess").preprocessor(memoize=True)
    def count(x):
        ran.append(x.num)
        x.double = 2 * x.num
        return x

    make = sn("labeling").LabelingFunction
    both = [make("f", lambda x: x.double, pre=[count]), make("g", lambda x: x.double - 1, pre=[count])]
    return over_points(sn, both), len(ran)


@case
def a_class_preprocessor_in_a_frame(sn):
    """A subclass of Preprocessor with ``run``."""

    class Split(sn("preprocess").Preprocessor):
        def __init__(self):
            super().__init__("split", {"given": "text"}, {"first": "head"})

        def run(self, given):
            return {"first": given.split()[0]}

    lf = sn("labeling").LabelingFunction("f", lambda x: 1 if x.head == "a" else 0, pre=[Split()])
    return over_frame(sn, [lf])


@case
def a_chain_of_preprocessors_in_a_frame(sn):
    """``pre`` of a preprocessor."""

    @sn("preprocess").preprocessor()
    def one_more(x):
        x.num = x.num + 1
        return x

    @sn("preprocess").preprocessor(pre=[one_more])
    def double(x):
        x.num = 2 * x.num
        return x

    return over_frame(sn, [sn("labeling").LabelingFunction("f", lambda x: x.num, pre=[double])])


@case
def a_preprocessor_that_returns_none_in_a_frame(sn):
    """ValueError."""
    pre = sn("preprocess").LambdaPreprocessor("none", lambda x: None)
    return lambda: over_frame(sn, [sn("labeling").LabelingFunction("f", lambda x: 1, pre=[pre])])


@case
def a_preprocessor_that_fails_is_a_fault(sn):
    """With ``fault_tolerant``, the functions that need it abstain there."""
    pre = sn("preprocess").LambdaPreprocessor("fails", lambda x: 1 // (x.num - 7) and x)
    lf = sn("labeling").LabelingFunction("f", lambda x: 1, pre=[pre])
    return over_points(sn, [lf], fault_tolerant=True)[2]


@case
def a_series_method_of_a_row(sn):
    """``x.get``, ``"a" in x``, ``x["a"]``."""
    return over_frame(sn, one(sn, lambda x: x.get("none", 1) + ("num" in x) + x["num"]))


@case
def what_a_row_iterates_over(sn):
    """``x.keys()`` and ``len(x)``."""
    return over_frame(sn, one(sn, lambda x: len(x) + list(x.keys()).index("text")))


@case
def a_column_with_a_space(sn):
    """Only by item."""
    return over_frame(sn, one(sn, lambda x: x["a b"]), pd.DataFrame({"a b": [1, 0]}))


@case
def missing_cells(sn):
    """NaN in a column of numbers, None in one of texts."""
    frame = pd.DataFrame({"x": [1.0, np.nan], "t": ["a", None]})
    return over_frame(sn, one(sn, lambda x: int(pd.isna(x.x)) + 2 * int(pd.isna(x.t))), frame)


@differs("cells keep the type of their column; a Series makes an int beside a float a float", np.array([[1], [1]]))
def ints_beside_floats(sn):
    """Whether an int column arrives as ints beside a float column."""
    frame = pd.DataFrame({"n": [1, 2], "x": [0.5, 1.5]})
    return over_frame(sn, one(sn, lambda x: int(isinstance(x.n, (int, np.integer)))), frame)


@case
def a_named_tuple_of_metadata(sn):
    """``ApplierMetadata`` of ``labeling.apply.core``."""
    return sn("labeling.apply.core").ApplierMetadata({"a": 1}).faults


@case
def the_parallel_module(sn):
    """``snorkel.labeling.apply.core`` has the base class and the helpers."""
    return [hasattr(sn("labeling.apply.core"), name) for name in ("BaseLFApplier", "LFApplier", "ApplierMetadata")]
