"""What the decorators promise: the function stays itself, and what cannot work is refused when it is written."""

import copy
import inspect
from functools import partial

import pytest

from weaklab.exceptions import LabelingFunctionError, ParameterError
from weaklab.labeling import LabelingFunction, labeling_function, preprocessor


@labeling_function
def bare(row):
    """Votes for short texts."""
    return 0 if len(row.text) < 5 else None


@labeling_function(name="words", resources={"bad": {"spam"}})
def with_arguments(row, bad, *, least=1):
    return 1 if len(bad & set(row["text"].split())) >= least else None


@preprocessor
def lower(row):
    row.text = row.text.lower()
    return row


def test_both_forms_make_labeling_functions():
    """A notebook writes `@labeling_function` and `@labeling_function(...)`; neither may be a trap."""
    assert isinstance(bare, LabelingFunction)
    assert bare.name == "bare"
    assert with_arguments.name == "words"
    assert labeling_function()(bare.function).name == "bare"


def test_the_function_keeps_its_identity():
    """Documentation tools, help() and inspect read these."""
    assert bare.__name__ == bare.__qualname__ == "bare"
    assert bare.__doc__ == "Votes for short texts."
    assert bare.__module__ == __name__
    assert str(inspect.signature(bare)) == "(row)"
    assert bare.__wrapped__ is bare.function
    assert with_arguments.__name__ == "with_arguments"


def test_calling_returns_the_raw_vote():
    """Tests of a labeling function call it on one row, and must see what it returned, not a code."""
    assert bare({"text": "hi"}) == 0
    assert bare({"text": "a long text"}) is None
    assert with_arguments({"text": "spam here"}) == 1
    assert labeling_function(name="odd")(lambda row: 1.9)({}) == 1.9


def test_resources_and_preprocessors_are_passed():
    """Resources arrive by name, preprocessors run in the order of the list."""

    @preprocessor
    def strip(row):
        return {"text": row.text.strip("!")}

    @labeling_function(pre=[lower, strip], resources={"sought": "spam"})
    def sought(row, sought):
        return 1 if row.text == sought else None

    assert sought({"text": "SPAM!"}) == 1
    assert sought.pre == (lower, strip)
    assert dict(sought.resources) == {"sought": "spam"}


def test_resources_cannot_be_exchanged_afterwards():
    """A labeling function that changes after it was applied would not be the one that made the votes."""
    with pytest.raises(TypeError):
        with_arguments.resources["bad"] = set()


def test_copies_are_the_function_itself():
    """They are immutable, as functions are; scikit-learn's clone copies deeply what holds them."""
    assert copy.copy(bare) is bare
    assert copy.deepcopy([bare, lower]) == [bare, lower]


def test_repr_and_html_say_what_it_is():
    """A list of labeling functions is read in a notebook."""
    assert repr(bare) == "LabelingFunction('bare')"
    assert repr(with_arguments) == "LabelingFunction('words', resources=['bad'])"
    assert repr(LabelingFunction(len, batch=True)) == "LabelingFunction('len', batch=True)"
    assert repr(LabelingFunction(len, pre=lower)) == "LabelingFunction('len', pre=['lower'])"
    assert repr(lower) == "Preprocessor('lower')"
    html = bare._repr_html_()
    assert "Votes for short texts." in html
    assert "bare(row)" in html


def test_html_escapes_names():
    """A name is text, not markup."""
    html = LabelingFunction(bare.function, name="<b>")._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>&lt;" in html


def test_builtins_and_instances_are_functions_too():
    """Anything that can be called on a row will do; a signature that cannot be read is not checked."""

    class Length:
        def __call__(self, row):
            return int(len(row.text) > 3)

    assert LabelingFunction(Length(), name="length")({"text": "hello"}) == 1
    least = LabelingFunction(min, name="least")  # inspect cannot read the signature of `min`
    assert "LabelingFunction(&#x27;least&#x27;)" in least._repr_html_()
    assert LabelingFunction(partial(with_arguments.function, bad={"x"}), name="x")({"text": "x"}) == 1


def _takes_nothing():
    return 1


def _takes_two(row, other):
    return other


def _needs_keyword(row, *, other):
    return other


async def _asynchronous(row):
    return 1


def _yields(row):
    yield 1


class _AsyncCall:
    async def __call__(self, row):
        return 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"function": 5}, "5 is not callable"),
        ({"function": int}, "int is a class"),
        ({"function": bare}, "already"),
        ({"function": lower}, "already"),
        ({"function": lambda row: 1}, "has no name of its own"),
        ({"function": partial(_takes_two, other=1)}, "has no name of its own"),
        ({"function": len, "name": 5}, "must be a string"),
        ({"function": len, "name": " "}, "must be a string"),
        ({"function": _takes_nothing}, "takes no row"),
        ({"function": _takes_two}, "also needs 'other'"),
        ({"function": _needs_keyword}, "also needs 'other'"),
        ({"function": _asynchronous}, "asynchronous"),
        ({"function": _AsyncCall(), "name": "x"}, "asynchronous"),
        ({"function": _yields}, "yields"),
        ({"function": _takes_two, "resources": {"othr": 1}}, "Did you mean 'other'?"),
        ({"function": _takes_two, "resources": {"row": 1}}, "name of the first argument"),
        ({"function": _takes_two, "resources": {1: 1}}, "must be named by a string"),
        ({"function": _takes_two, "resources": ["other"]}, "must be a dict"),
        ({"function": len, "pre": "lower"}, "must be a list of preprocessors"),
        ({"function": len, "pre": 3}, "must be a list of preprocessors"),
        ({"function": len, "pre": [len]}, "decorate it with @preprocessor"),
        ({"function": len, "batch": "yes"}, "must be True or False"),
        ({"function": len, "batch": True, "pre": [lower]}, "pre= is for rows"),
    ],
)
def test_what_cannot_work_is_refused_at_once(arguments, says):
    """An error at the definition costs a second; one in the middle of a run costs the run."""
    with pytest.raises(LabelingFunctionError, match=says.replace("(", r"\(").replace("?", r"\?")):
        LabelingFunction(**arguments)


def test_arguments_with_defaults_need_no_resources():
    """`least=1` is for the author's tests; `**more` and `*rows` take what comes."""

    def flexible(*rows, least=1, **more):
        return least + len(more)

    assert LabelingFunction(flexible, resources={"anything": 3})({}) == 2


def test_decorating_a_class_is_refused():
    """`@labeling_function class X` is a slip for a function; an instance would vote, a class would be made per row."""
    with pytest.raises(LabelingFunctionError, match="is a class"):

        @labeling_function
        class Votes:
            pass


def test_a_preprocessor_checks_its_arguments():
    """The same slips, the same answers."""
    with pytest.raises(ParameterError, match="memoize='no'"):
        preprocessor(memoize="no")(lower.function)
    with pytest.raises(LabelingFunctionError, match="is a labeling function already"):
        preprocessor(bare)
    with pytest.raises(LabelingFunctionError, match="takes no row"):
        preprocessor(_takes_nothing)
    assert repr(preprocessor(memoize=False)(lower.function)) == "Preprocessor('lower', memoize=False)"


def test_printing_one_says_what_its_documentation_says_first():
    """The repr is what it was."""

    @labeling_function
    def shouts(row):
        """Capitals are spam.

        Mostly.
        """
        return 1

    assert str(shouts) == "LabelingFunction('shouts'): Capitals are spam."
    assert repr(shouts) == "LabelingFunction('shouts')"
