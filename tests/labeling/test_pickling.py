"""Labeling functions go to other processes by the standard library's pickle."""

import pickle
import subprocess
import sys
import textwrap
from functools import partial

import pytest

from weaklab.exceptions import NotPicklableError
from weaklab.labeling import labeling_function, preprocessor
from weaklab.labeling.references import found_by_name

MODULE = """
from weaklab.labeling import LabelingFunction, keyword_lf, labeling_function, preprocessor

@preprocessor
def lower(row):
    return {"text": row.text.lower()}

@labeling_function(name="shown", pre=[lower], resources={"sought": "spam"})
def decorated(row, sought):
    return 1 if sought in row.text else None

class Rules:
    @labeling_function
    @staticmethod
    def inside(row):
        return 0

def plain(row):
    return 1

called = labeling_function(name="called", pre=[lower])(plain)
keywords = keyword_lf("spam", column="text", label=1)
"""


@pytest.fixture
def rules(tmp_path, monkeypatch):
    """A module of labeling functions that another process can import."""
    (tmp_path / "pickled_rules.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    import pickled_rules

    yield pickled_rules
    del sys.modules["pickled_rules"]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", ["decorated", "lower"])
def test_decorated_functions_pickle_by_reference(rules, protocol, name):
    """The decorator rebinds the name, and that name is what pickle must find."""
    item = getattr(rules, name)
    assert pickle.loads(pickle.dumps(item, protocol)) is item


def test_functions_of_a_class_pickle_by_reference(rules):
    """The qualified name is followed through the class."""
    assert pickle.loads(pickle.dumps(rules.Rules.inside)) is rules.Rules.inside


def test_a_call_on_a_module_function_pickles_by_value(rules):
    """`called` is not what the module holds under the function's name; the function itself is found."""
    twin = pickle.loads(pickle.dumps(rules.called))
    assert twin is not rules.called
    assert twin.function is rules.plain
    assert (twin.name, twin.pre, twin.batch) == ("called", (rules.lower,), False)
    step = pickle.loads(pickle.dumps(preprocessor(name="step", memoize=False)(rules.plain)))
    assert (step.name, step.memoize, step.function) == ("step", False, rules.plain)


def test_a_partial_pickles_by_value():
    """What pickle can handle by itself is left to it."""
    assert not found_by_name(partial(max, 0))
    least = labeling_function(name="least")(partial(max, 0))
    assert pickle.loads(pickle.dumps(least)).function(3) == 3


def test_pickles_work_in_another_process(rules, tmp_path):
    """The promise is about processes; this is one."""
    lfs = [rules.decorated, rules.called, rules.keywords, rules.Rules.inside]
    (tmp_path / "lfs.pickle").write_bytes(pickle.dumps(lfs))
    script = f"""
        import pickle, sys
        sys.path.insert(0, {str(tmp_path)!r})
        lfs = pickle.load(open({str(tmp_path / "lfs.pickle")!r}, "rb"))
        print([lf({{"text": "SPAM"}}) for lf in lfs])
    """
    found = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[1, 1, 1, 0]"


def test_functions_of_main_pickle_as_functions_do(tmp_path):
    """In a script, `__main__` is a module like any other: pickled and loaded in the same process, it is found."""
    script = """
        import pickle
        from weaklab.labeling import labeling_function

        @labeling_function
        def short(row):
            return 0

        print(pickle.loads(pickle.dumps(short)) is short, b"__main__" in pickle.dumps(short))
    """
    (tmp_path / "script.py").write_text(textwrap.dedent(script))
    found = subprocess.run([sys.executable, tmp_path / "script.py"], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["True", "True"]


def test_lambdas_and_closures_say_why_and_what_to_do():
    """ "Can't pickle local object" does not tell a newcomer what to write instead."""

    @labeling_function
    def closure(row):
        return 1

    for item in (labeling_function(name="nameless")(lambda row: 1), closure, preprocessor(closure.function)):
        with pytest.raises(NotPicklableError, match=r"(?s)inside another function.*top level.*resources=") as caught:
            pickle.dumps(item)
        assert isinstance(caught.value, pickle.PicklingError)


def test_a_function_whose_name_was_taken_says_so(rules):
    """Its module holds another function under that name: by reference it would come back as the wrong one."""
    shadowed = labeling_function(rules.plain)
    rules.plain = len
    with pytest.raises(NotPicklableError, match="no longer what its module holds"):
        pickle.dumps(shadowed)
