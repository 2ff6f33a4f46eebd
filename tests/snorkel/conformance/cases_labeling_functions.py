"""Labeling functions: how they are made, called and shown."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
from cases import an_error, case, differs


def point(**fields):
    return SimpleNamespace(**fields)


@case
def the_decorator_names_by_the_function(sn):
    """A decorated function: its name, its class."""

    @sn("labeling").labeling_function()
    def big(x):
        return 1 if x.num > 42 else 0

    return big.name, isinstance(big, sn("labeling").LabelingFunction), big(point(num=90)), big(point(num=1))


@case
def the_decorator_takes_a_name(sn):
    """``labeling_function(name=...)``."""

    @sn("labeling").labeling_function(name="other")
    def big(x):
        return 1

    return big.name


@case
def the_decorator_without_parentheses(sn):
    """``@labeling_function`` without parentheses is an error."""
    return lambda: sn("labeling").labeling_function(lambda x: 1)


@case
def the_message_without_parentheses(sn):
    """What that error says."""
    try:
        sn("labeling").labeling_function(lambda x: 1)
    except ValueError as error:
        return str(error)


@case
def resources_are_keyword_arguments(sn):
    """``resources={"db": ...}`` reach the function."""

    @sn("labeling").labeling_function(resources={"db": {3, 6}})
    def known(x, db):
        return 1 if x.num in db else -1

    return known(point(num=3)), known(point(num=4))


@differs("an error when the function is made, which names what is missing", an_error(ValueError))
def a_missing_resource(sn):
    """A function that asks for a resource that it was not given."""
    return sn("labeling").LabelingFunction("known", lambda x, db: 1)(point(num=1))


@case
def the_class_by_position(sn):
    """``LabelingFunction(name, f, resources, pre)``."""
    lf = sn("labeling").LabelingFunction("known", lambda x, db: x.num + db, {"db": 2}, [])
    return lf.name, lf(point(num=1))


@case
def repr_of_a_function(sn):
    """``repr``."""

    @sn("labeling").labeling_function()
    def f(x):
        return 1

    return repr(f)


@case
def repr_with_preprocessors(sn):
    """``repr`` with a preprocessor."""

    @sn("preprocess").preprocessor()
    def upper(x):
        return x

    @sn("labeling").labeling_function(pre=[upper])
    def f(x):
        return 1

    return repr(f)


@case
def preprocessors_run_in_order(sn):
    """``pre=[a, b]`` runs a, then b."""

    @sn("preprocess").preprocessor()
    def add(x):
        x.num = x.num + 1
        return x

    @sn("preprocess").preprocessor()
    def double(x):
        x.num = 2 * x.num
        return x

    @sn("labeling").labeling_function(pre=[add, double])
    def value(x):
        return x.num

    at = point(num=3)
    return value(at), at.num


@case
def a_preprocessor_that_returns_none(sn):
    """It is an error."""

    @sn("preprocess").preprocessor()
    def nothing(x):
        return None

    @sn("labeling").labeling_function(pre=[nothing])
    def value(x):
        return 1

    return lambda: value(point(num=3))


@case
def what_a_function_returns_is_passed_on(sn):
    """A call gives what the function gave: None, text, numbers of numpy."""
    make = sn("labeling").LabelingFunction
    return [make("f", lambda x, y=y: y)(point()) for y in (None, "SPAM", np.int64(2), 1.5, True)]


@case
def an_error_of_the_function(sn):
    """It comes through as it is."""
    lf = sn("labeling").LabelingFunction("fails", lambda x: 1 // x.num)
    return lambda: lf(point(num=0))


@case
def a_function_on_a_series(sn):
    """Rows by attribute and by item, called directly."""
    lf = sn("labeling").LabelingFunction("f", lambda x: x.num + x["num"])
    return lf(pd.Series({"num": 4}))


@case
def a_function_on_a_dict(sn):
    """A dict stays one."""
    lf = sn("labeling").LabelingFunction("f", lambda x: x["num"] if isinstance(x, dict) else -1)
    return lf({"num": 4})


@case
def a_function_on_an_array(sn):
    """An array stays one."""
    lf = sn("labeling").LabelingFunction("f", lambda x: int(x.sum()))
    return lf(np.array([1, 2]))


@case
def a_function_on_a_tuple(sn):
    """A tuple stays one."""
    return sn("labeling").LabelingFunction("f", lambda x: len(x) + x[0])((1, 2, 3))


@case
def a_subclass_of_labeling_function(sn):
    """A subclass with a constructor of its own."""

    class Word(sn("labeling").LabelingFunction):
        def __init__(self, word, label):
            super().__init__(f"word_{word}", lambda x: label if word in x.text else -1)

    found = Word("free", 1)
    return found.name, found(point(text="a free lunch")), found(point(text="lunch")), repr(found)


@case
def a_function_made_in_a_loop(sn):
    """``LabelingFunction(name=..., f=..., resources=...)``, many of one function."""

    def look(x, word, label):
        return label if word in x.text else -1

    make = sn("labeling").LabelingFunction
    lfs = [make(name=f"w_{w}", f=look, resources={"word": w, "label": 1}) for w in ("a", "b")]
    return [[lf.name, lf(point(text="b"))] for lf in lfs]


@case
def the_module_lf(sn):
    """``snorkel.labeling.lf`` has both names."""
    return [hasattr(sn("labeling.lf"), name) for name in ("LabelingFunction", "labeling_function")]


def decorated(x):
    """A function of a module, decorated below under its own name."""
    return 1 if x.num > 42 else 0


@differs("a decorated function keeps the name and the docstring of what it decorates", ["decorated", True])
def the_wrapped_name(sn):
    """``__name__`` and ``__doc__`` of a decorated function."""
    lf = sn("labeling").labeling_function()(decorated)
    return lf.__name__, lf.__doc__ == decorated.__doc__
