"""Preprocessors: the row that comes in stays as it was, and no row gets another row's result."""

import pytest

from weaklab.apply import apply
from weaklab.exceptions import LabelingFunctionError
from weaklab.labeling import as_row, labeling_function, preprocessor


@preprocessor
def words(row):
    return {"words": row.text.split()}


@preprocessor
def lower(row):
    row.text = row.text.lower()
    return row


def test_a_dict_of_columns_is_added():
    """The usual form."""
    row = as_row({"text": "a b", "stars": 3})
    after = words(row)
    assert after == {"text": "a b", "stars": 3, "words": ["a", "b"]}
    assert row == {"text": "a b", "stars": 3}


def test_a_row_written_to_is_changed_in_the_copy():
    """Code written for Snorkel sets attributes and returns the row."""
    row = as_row({"text": "A B"})
    assert lower(row).text == "a b"
    assert row.text == "A B"


def test_a_list_changed_in_place_is_changed_in_the_copy():
    """`row.tags.append` must neither be lost nor reach the data."""

    @preprocessor
    def tagged(row):
        row.tags.append("new")
        return row

    data = {"tags": ["old"]}
    assert tagged(data).tags == ["old", "new"]
    assert data == {"tags": ["old"]}


def test_both_ways_at_once():
    """What was set on the row and what was returned both count."""

    @preprocessor(resources={"step": 2})
    def both(row, step):
        row.a = step
        return {"b": 1}

    assert both({"a": 0, "c": 3}) == {"a": 2, "c": 3, "b": 1}


def test_preprocessors_chain():
    """Each sees what the one before made."""
    assert words(lower({"text": "A B"})).words == ["a", "b"]


@pytest.mark.parametrize(("result", "says"), [(None, "Is a `return row` missing"), ("text", "'text'"), (5, "5")])
def test_what_is_no_row_is_refused(result, says):
    """None is a forgotten return; anything else cannot be read by the labeling function."""
    bad = preprocessor(name="bad")(lambda row: result)
    with pytest.raises(LabelingFunctionError, match=f"(?s)preprocessor 'bad' returned.*{says}"):
        bad({"text": "a"})


def test_a_result_is_kept_with_its_row():
    """One run per row object; an equal row, or a row that was written to, gets a run of its own."""
    runs = []

    @preprocessor
    def counted(row):
        runs.append(row.text)
        return {"n": len(row.text)}

    row, twin = as_row({"text": "abc"}), as_row({"text": "abc"})
    assert counted(row) is counted(row)
    assert counted(twin).n == 3
    assert runs == ["abc", "abc"]
    row.text = "abcdef"
    assert counted(row).n == 6
    row.text = "a"
    assert counted(row).n == 1
    row._row_source.take_back()
    assert counted(row).n == 3
    assert len(runs) == 4


def test_memoize_false_runs_each_time():
    """For preprocessors with a state or a clock of their own."""
    runs = []

    @preprocessor(memoize=False)
    def counted(row):
        runs.append(1)
        return {"n": len(runs)}

    row = as_row({"text": "a"})
    assert [counted(row).n, counted(row).n] == [1, 2]


def test_objects_that_are_no_records_are_copied():
    """An object that stays itself in labeling functions is changed in a copy, too."""

    class Document:
        def __init__(self):
            self.text = "A"

        def __iter__(self):
            return iter(self.text)

    document = Document()
    assert lower(document).text == "a"
    assert document.text == "A"
    with pytest.raises(LabelingFunctionError, match="returned None"):
        preprocessor(name="none")(lambda row: None)(document)


def test_one_preprocessor_need_not_be_in_a_list():
    """`pre=words` is clear enough."""

    @labeling_function(pre=words)
    def long(row):
        return int(len(row.words) > 2)

    assert long({"text": "a b c"}) == 1


def test_no_more_results_are_held_than_rows_of_a_chunk():
    """A memo that grows with the data takes the memory of the model that comes next."""
    alive = set()
    most = 0

    class Result:
        def __init__(self):
            nonlocal most
            alive.add(id(self))
            most = max(most, len(alive))

        def __del__(self):
            alive.discard(id(self))

    parsed = preprocessor(name="parsed")(lambda row: {"result": Result()})
    lfs = [labeling_function(name=name, pre=[parsed])(lambda row: int(row.result is None)) for name in "ab"]
    apply(lfs, [{"i": i} for i in range(5000)], progress=False, cache=False)
    assert 1000 < most <= 1025
