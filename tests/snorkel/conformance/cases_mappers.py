"""Mappers and preprocessors: what they change, what they leave, and what they keep."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
from cases import case


def point(**fields):
    return SimpleNamespace(**fields)


def splitter(sn, **options):
    """A mapper as a class."""

    class Split(sn("map").Mapper):
        def __init__(self, name="split", **more):
            super().__init__(name, **more)

        def run(self, text):
            return {"first": text.split()[0], "rest": text.split()[1:]}

    return Split(**options)


@case
def a_function_as_a_mapper(sn):
    """``lambda_mapper``."""

    @sn("map").lambda_mapper()
    def upper(x):
        x.text = x.text.upper()
        return x

    at = point(text="a")
    return upper.name, upper(at), at


@case
def the_decorator_without_parentheses(sn):
    """ValueError."""
    return [lambda: sn("map").lambda_mapper(lambda x: x), lambda: sn("preprocess").preprocessor(lambda x: x)]


@case
def a_mapper_adds_a_field(sn):
    """To a copy."""
    add = sn("map").LambdaMapper("add", lambda x: SimpleNamespace(**vars(x), more=1))
    at = point(a=1)
    return add(at), at


@case
def what_is_within_a_point_is_copied_too(sn):
    """A dict in a field stays as it was."""

    @sn("map").lambda_mapper()
    def change(x):
        x.d["key"] = 2
        return x

    at = point(d={"key": 1})
    return change(at).d, at.d


@case
def a_mapper_of_a_series(sn):
    """A Series comes out."""

    @sn("map").lambda_mapper()
    def change(x):
        x.a = x.a + 1
        return x

    at = pd.Series({"a": 1, "b": 2})
    return change(at), at


@case
def a_mapper_of_a_dict(sn):
    """A dict comes out."""

    @sn("map").lambda_mapper()
    def change(x):
        x["a"] += 1
        return x

    at = {"a": 1}
    return change(at), at


@case
def a_mapper_of_an_array(sn):
    """An array comes out."""

    @sn("map").lambda_mapper()
    def change(x):
        x[0] = 9
        return x

    at = np.array([1, 2])
    return change(at), at


@case
def a_mapper_that_returns_none(sn):
    """None comes out."""
    return sn("map").LambdaMapper("none", lambda x: None)(point(a=1))


@case
def a_mapper_as_a_class(sn):
    """Arguments of ``run`` are fields."""
    return splitter(sn)(point(text="a b c", more=1))


@case
def a_mapper_as_a_class_on_a_series(sn):
    """Fields that are there are set."""
    return splitter(sn)(pd.Series({"text": "a b", "first": "", "rest": None})).first


@case
def fields_under_other_names(sn):
    """``field_names``."""
    return splitter(sn, field_names={"text": "title"})(point(title="a b"))


@case
def results_under_other_names(sn):
    """``mapped_field_names``."""
    return splitter(sn, mapped_field_names={"first": "head", "rest": "tail"})(point(text="a b"))


@case
def results_that_no_name_is_given_for(sn):
    """``mapped_field_names`` of one of two: the other is left out."""
    return splitter(sn, mapped_field_names={"first": "head"})(point(text="a b"))


@case
def results_that_are_not_there(sn):
    """``mapped_field_names`` of a third: KeyError."""
    return lambda: splitter(sn, mapped_field_names={"third": "head"})(point(text="a b"))


@case
def a_field_that_is_not_there(sn):
    """AttributeError."""
    return lambda: splitter(sn)(point(title="a"))


@case
def a_class_whose_run_returns_none(sn):
    """None comes out."""

    class Nothing(sn("map").Mapper):
        def run(self, text):
            return None

    return Nothing("nothing")(point(text="a"))


@case
def run_with_any_arguments(sn):
    """``*args`` and ``**kwargs`` in ``run`` are ValueErrors."""

    class Args(sn("map").Mapper):
        def run(self, *args):
            return {}

    class Kwargs(sn("map").Mapper):
        def run(self, text, **kwargs):
            return {}

    return [lambda: Args("a"), lambda: Kwargs("k")]


@case
def run_that_is_not_written(sn):
    """NotImplementedError, or a complaint of its ``**kwargs``."""

    class Bare(sn("map").Mapper):
        pass

    return lambda: Bare("bare", {})(point(text="a"))


@case
def mappers_before_a_mapper(sn):
    """``pre``."""
    add = sn("map").LambdaMapper("add", lambda x: point(num=x.num + 1))
    double = sn("map").LambdaMapper("double", lambda x: point(num=2 * x.num), pre=[add])
    return double(point(num=3))


@case
def repr_of_mappers(sn):
    """``repr``, with what runs before."""
    add = sn("map").LambdaMapper("add", lambda x: x)
    double = sn("map").LambdaMapper("double", lambda x: x, pre=[add])
    return repr(add), repr(double)


@case
def repr_of_preprocessors(sn):
    """``repr``."""

    @sn("preprocess").preprocessor()
    def f(x):
        return x

    return repr(f)


def counted(sn, ran, **options):
    def count(x):
        ran.append(1)
        x.num = x.num + 1
        return x

    return sn("map").LambdaMapper("count", count, **options)


@case
def without_memory(sn):
    """It runs each time."""
    ran = []
    add = counted(sn, ran)
    return [add(point(num=n)).num for n in (1, 1, 2)], len(ran), add.memoize


@case
def with_memory(sn):
    """It runs once for equal points."""
    ran = []
    add = counted(sn, ran, memoize=True)
    return [add(point(num=n)).num for n in (1, 1, 2)], len(ran), add.memoize


@case
def with_memory_by_a_key(sn):
    """``memoize_key`` says what is equal."""
    ran = []
    add = counted(sn, ran, memoize=True, memoize_key=lambda x: x.num % 2)
    return [add(point(num=n)).num for n in (1, 3, 2)], len(ran)


@case
def memory_that_is_reset(sn):
    """``reset_cache``."""
    ran = []
    add = counted(sn, ran, memoize=True)
    add(point(num=1))
    add.reset_cache()
    add(point(num=1))
    return len(ran)


@case
def memory_of_none(sn):
    """None is kept, too."""
    ran = []
    none = sn("map").LambdaMapper("none", lambda x: ran.append(1), memoize=True)
    none(point(num=1))
    none(point(num=1))
    return len(ran)


@case
def memory_of_series(sn):
    """Equal rows of a frame."""
    ran = []
    add = counted(sn, ran, memoize=True)
    frame = pd.DataFrame({"num": [1, 1, 2]})
    return [int(add(row).num) for _, row in frame.iterrows()], len(ran)


@case
def memory_of_lists_and_arrays_in_fields(sn):
    """What has no hash is compared by its contents."""
    ran = []
    add = counted(sn, ran, memoize=True)
    for _ in range(2):
        add(point(num=1, tags=["a", {"b": 1}], x=np.array([1, 2])))
    return len(ran)


@case
def memory_set_later(sn):
    """``mapper.memoize = True``."""
    ran = []
    add = counted(sn, ran)
    add.memoize = True
    add(point(num=1))
    add(point(num=1))
    return len(ran)


@case
def memory_of_a_class(sn):
    """``memoize`` of a Mapper."""
    split = splitter(sn, memoize=True)
    return split(point(text="a b")), split(point(text="a b")), split.memoize


@case
def hashable_proxies(sn):
    """``get_hashable`` is equal for equal contents, and differs for others."""
    proxy = sn("map.core").get_hashable
    pairs = [
        *(({"a": [1]}, {"a": [1]}), ({"a": 1}, {"a": 2}), ([1, 2], [1, 2]), ([1], [2])),
        (np.array([1, 2]), np.array([1, 2])),
        (pd.Series({"a": 1}), pd.Series({"a": 1})),
        (point(a=1), point(a=1)),
    ]
    return [proxy(one) == proxy(other) for one, other in pairs]


@case
def hashable_of_what_has_a_hash(sn):
    """It is itself."""
    return [sn("map.core").get_hashable(each) for each in (1, "a", None)]


@case
def hashable_of_what_has_none(sn):
    """A set is a ValueError."""
    return lambda: sn("map.core").get_hashable({1, 2})


@case
def is_hashable(sn):
    """``is_hashable``."""
    return [sn("map.core").is_hashable(each) for each in (1, "a", [1], {"a": 1}, np.array([1]))]


@case
def parameters_of_a_function(sn):
    """``get_parameters``."""

    def f(a, b, c=1):
        return a

    def g(a, *args, **kwargs):
        return a

    found = sn("map.core").get_parameters
    return [found(f), lambda: found(g), found(g, allow_args=True, allow_kwargs=True)]


@case
def preprocessors_are_mappers(sn):
    """Classes of ``preprocess``."""
    made = sn("preprocess").LambdaPreprocessor("f", lambda x: x)
    return isinstance(made, sn("map").LambdaMapper), issubclass(sn("preprocess").Preprocessor, sn("map").Mapper)


@case
def a_decorated_preprocessor(sn):
    """Its arguments."""

    @sn("preprocess").preprocessor(name="other", memoize=True, memoize_key=lambda x: 0)
    def f(x):
        x.num = x.num + 1
        return x

    return f.name, f.memoize, f(point(num=1)).num, f(point(num=5)).num


@case
def what_a_memoized_mapper_gives_is_the_same_object(sn):
    """Kept results are not made anew."""
    add = counted(sn, [], memoize=True)
    return add(point(num=1)) is add(point(num=1))


@case
def spacy_without_spacy_is_an_import_error_or_parses(sn):
    """``snorkel.preprocess.nlp`` needs spaCy, and says so with an ImportError."""
    try:
        made = sn("preprocess.nlp").SpacyPreprocessor("text", "doc", language="no_such_pipeline")
        made(point(text="a"))
    except ImportError:
        return True
    except OSError:
        return True
    except Exception:  # noqa: BLE001  -- which one is the answer
        return False
