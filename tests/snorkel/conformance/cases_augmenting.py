"""Transformation functions, policies and appliers."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
from cases import case, differs


def functions(sn):
    """Square, add one, and one that applies to even numbers only."""
    decorate = sn("augmentation").transformation_function

    @decorate()
    def square(x):
        x.num = x.num**2
        return x

    @decorate()
    def add(x):
        x.num = x.num + 1
        return x

    @decorate()
    def halve(x):
        if x.num % 2:
            return None
        x.num = x.num // 2
        return x

    return square, add, halve


def points():
    return [SimpleNamespace(num=n, text=str(n)) for n in (2, 3)]


def frame():
    return pd.DataFrame({"num": [2, 3], "text": ["2", "3"]}, index=[7, 5])


def over_points(sn, tfs, policy):
    return sn("augmentation").TFApplier(tfs, policy).apply(points(), progress_bar=False)


def over_frame(sn, tfs, policy):
    return sn("augmentation").PandasTFApplier(tfs, policy).apply(frame(), progress_bar=False)


@case
def a_function_by_itself(sn):
    """It changes a copy, or gives None."""
    square, _, halve = functions(sn)
    at = SimpleNamespace(num=3)
    return square.name, square(at), at, halve(at)


@case
def the_decorator_without_parentheses(sn):
    """ValueError."""
    return lambda: sn("augmentation").transformation_function(lambda x: x)


@case
def a_function_with_a_preprocessor(sn):
    """``pre``."""

    @sn("preprocess").preprocessor()
    def words(x):
        x.words = x.text.split()
        return x

    @sn("augmentation").transformation_function(pre=[words])
    def turn(x):
        x.text = " ".join(x.words[::-1])
        return x

    return turn(SimpleNamespace(text="a b c"))


@case
def a_function_as_a_class(sn):
    """``TransformationFunction`` with ``run``."""

    class Shout(sn("augmentation").TransformationFunction):
        def run(self, text):
            return {"text": text.upper()}

    return Shout("shout")(SimpleNamespace(text="a"))


@case
def one(sn):
    """``ApplyOnePolicy``."""
    make = sn("augmentation").ApplyOnePolicy
    return make().generate_for_example(), make(n_per_original=2, keep_original=False).generate_for_example()


@case
def all_of_them(sn):
    """``ApplyAllPolicy``."""
    make = sn("augmentation").ApplyAllPolicy
    return make(3, n_per_original=2).generate_for_example(), make(2, keep_original=False).generate_for_example()


@case
def each_of_them(sn):
    """``ApplyEachPolicy``."""
    make = sn("augmentation").ApplyEachPolicy
    return make(3).generate_for_example(), make(2, keep_original=False).generate_for_example()


@case
def drawn(sn):
    """``RandomPolicy``: so many, so long, of those."""
    found = sn("augmentation").RandomPolicy(4, sequence_length=3, n_per_original=5).generate_for_example()
    return len(found), [len(each) for each in found], all(0 <= number < 4 for each in found for number in each)


@case
def drawn_by_their_probabilities(sn):
    """``MeanFieldPolicy(p=[0, 1])``."""
    policy = sn("augmentation").MeanFieldPolicy(2, sequence_length=3, p=[0, 1], n_per_original=2, keep_original=False)
    return policy.generate_for_example()


@case
def repr_of_an_applier(sn):
    """``repr``."""
    square, *_ = functions(sn)
    return repr(sn("augmentation").PandasTFApplier([square], sn("augmentation").ApplyOnePolicy()))


@case
def functions_of_one_name(sn):
    """ValueError."""
    square, *_ = functions(sn)
    return lambda: sn("augmentation").TFApplier([square, square], sn("augmentation").ApplyOnePolicy())


@case
def points_by_one(sn):
    """Each stays, with a copy behind."""
    return over_points(sn, functions(sn)[:1], sn("augmentation").ApplyOnePolicy())


@case
def points_by_all(sn):
    """One after the other."""
    return over_points(sn, functions(sn)[:2], sn("augmentation").ApplyAllPolicy(2, keep_original=False))


@case
def points_by_each(sn):
    """What does not apply gives no copy."""
    return over_points(sn, functions(sn), sn("augmentation").ApplyEachPolicy(3))


@case
def points_by_some_of_all(sn):
    """A function that does not apply within a sequence is passed over."""
    square, add, halve = functions(sn)
    return over_points(sn, [halve, add, square], sn("augmentation").ApplyAllPolicy(3, keep_original=False))


@case
def points_in_batches(sn):
    """``apply_generator``."""
    applier = sn("augmentation").TFApplier(functions(sn)[:1], sn("augmentation").ApplyOnePolicy())
    return list(applier.apply_generator(points(), batch_size=1))


@case
def a_frame_by_one(sn):
    """The index is repeated; types stay."""
    return over_frame(sn, functions(sn)[:1], sn("augmentation").ApplyOnePolicy())


@case
def a_frame_by_each(sn):
    """What does not apply gives no row."""
    return over_frame(sn, functions(sn), sn("augmentation").ApplyEachPolicy(3))


@case
def a_frame_by_all_twice(sn):
    """``n_per_original=2``."""
    return over_frame(sn, functions(sn)[:2], sn("augmentation").ApplyAllPolicy(2, n_per_original=2))


@case
def a_frame_stays_as_it_was(sn):
    """The frame that is given."""
    given = frame()
    policy = sn("augmentation").ApplyOnePolicy()
    sn("augmentation").PandasTFApplier(functions(sn)[:1], policy).apply(given, progress_bar=False)
    return given


@case
def a_frame_in_batches(sn):
    """``apply_generator``, with a last batch of fewer rows."""
    applier = sn("augmentation").PandasTFApplier(functions(sn)[:1], sn("augmentation").ApplyOnePolicy())
    given = pd.DataFrame({"num": [1, 2, 3]})
    return list(applier.apply_generator(given, batch_size=2))


@differs("no empty batch at the end, which is an error in Snorkel", [1, 1])
def a_frame_in_even_batches(sn):
    """``apply_generator`` whose last batch is full."""
    applier = sn("augmentation").PandasTFApplier(
        functions(sn)[:1], sn("augmentation").ApplyOnePolicy(keep_original=False)
    )
    return [len(batch) for batch in applier.apply_generator(frame(), batch_size=1)]


@differs("no copies are no rows, where Snorkel has nothing to concatenate", [0, ["num", "text"]])
def a_frame_without_copies(sn):
    """``PandasTFApplier`` of a function that applies nowhere."""
    none = sn("augmentation").transformation_function(name="none")(lambda x: None)
    found = over_frame(sn, [none], sn("augmentation").ApplyOnePolicy(keep_original=False))
    return [len(found), list(found.columns)]


@case
def a_frame_by_a_class(sn):
    """``TransformationFunction`` over a frame."""

    class Shout(sn("augmentation").TransformationFunction):
        def run(self, text):
            return {"text": text + "!"}

    return over_frame(sn, [Shout("shout")], sn("augmentation").ApplyOnePolicy())


@case
def a_frame_with_a_preprocessor(sn):
    """``pre`` adds what the function reads; the field stays in the copy."""

    @sn("preprocess").preprocessor(memoize=True)
    def double(x):
        x.num = 2 * x.num
        return x

    @sn("augmentation").transformation_function(pre=[double])
    def add(x):
        x.num = x.num + 1
        return x

    return over_frame(sn, [add], sn("augmentation").ApplyOnePolicy(keep_original=False))


@case
def a_frame_of_floats_and_bools(sn):
    """Types of columns after a copy."""
    given = pd.DataFrame({"num": [1, 2], "x": [0.5, 1.5], "b": [True, False]})
    applier = sn("augmentation").PandasTFApplier(functions(sn)[:1], sn("augmentation").ApplyOnePolicy())
    return applier.apply(given, progress_bar=False)


@case
def a_policy_of_ones_own(sn):
    """A subclass of Policy with ``generate``."""

    class Last(sn("augmentation.policy.core").Policy):
        def generate(self):
            return [self.n - 1]

    return over_points(sn, functions(sn)[:2], Last(2))


@case
def drawn_policies_have_a_length(sn):
    """Numbers are ints of Python or numpy."""
    found = sn("augmentation").MeanFieldPolicy(3, n_per_original=4, keep_original=False).generate_for_example()
    return [isinstance(each[0], (int, np.integer)) for each in found]
