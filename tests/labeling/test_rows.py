"""Rows: read by attribute and by item, like a mapping, and private to who reads them."""

import copy
import pickle
from collections import namedtuple
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from weaklab.exceptions import ColumnError, FrameError, RowColumnError
from weaklab.labeling import Row, as_row
from weaklab.labeling.rows import own_copy


@dataclass
class Review:
    text: str
    stars: int
    _secret: int = 0

    def shout(self):
        return self.text.upper()

    @property
    def broken(self):
        return self.no_such_thing


class Slotted:
    __slots__ = ("text",)

    def __init__(self):
        self.text = "slotted"


@pytest.mark.parametrize(
    "item",
    [
        {"text": "hello", "stars": 3},
        pd.Series({"text": "hello", "stars": 3}),
        namedtuple("Given", "text stars")("hello", 3),
        SimpleNamespace(text="hello", stars=3),
        Review("hello", 3),
    ],
    ids=["dict", "Series", "namedtuple", "namespace", "dataclass"],
)
def test_all_kinds_of_records_read_alike(item):
    """A labeling function is tried on whatever is at hand, and applied to frames; it must see the same."""
    row = as_row(item)
    assert row.text == row["text"] == row.get("text") == "hello"
    assert list(row) == ["text", "stars"]
    assert len(row) == 2
    assert "stars" in row
    assert "label" not in row
    assert row.get("label", 7) == 7
    assert dict(row) == {"text": "hello", "stars": 3}
    assert row == {"text": "hello", "stars": 3}
    assert repr(row) == "Row(text='hello', stars=3)"
    assert not hasattr(row, "label")
    assert {"text", "stars", "get"} <= set(dir(row))


def test_an_unknown_column_is_suggested():
    """A typo is the most common error in a labeling function."""
    row = as_row({"text": "hello"})
    with pytest.raises(AttributeError, match=r"no column 'txet'. Did you mean 'text'\?") as caught:
        row.txet
    assert isinstance(caught.value, ColumnError)
    with pytest.raises(KeyError, match="Did you mean 'text'"):
        row["Text"]
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_columns_win_over_methods_and_odd_names_are_items():
    """No name of a column is forbidden."""
    row = as_row({"keys": 1, "n chars": 2, "get": 3, 0: "zero", ("a", "b"): 4})
    assert row.keys == 1
    assert row.get == 3
    assert row["n chars"] == 2
    assert row[0] == "zero"
    assert row["a", "b"] == 4
    assert row == {"keys": 1, "n chars": 2, "get": 3, 0: "zero", ("a", "b"): 4}
    assert "n chars" not in dir(row)
    object.__setattr__(row, "values", 5)
    assert row.values == 5
    assert "default" in Row.get.__doc__


def test_protocols_of_python_are_no_columns():
    """numpy and copy ask every object for such methods; a column of that name is read as an item."""
    row = as_row({"__array__": 1})
    assert not hasattr(row, "__array__")
    assert row["__array__"] == 1


def test_writing_changes_the_row_and_nothing_else():
    """A row is a view; the data are the user's."""
    data = {"text": "hello", "tags": ["a"], "nested": ({"x": [1]}, {2})}
    row = as_row(data)
    row.text = "bye"
    row["new"] = 1
    row.tags.append("b")
    row.nested[0]["x"].append(2)
    assert (row.text, row.new, row.tags, row.nested) == ("bye", 1, ["a", "b"], ({"x": [1, 2]}, {2}))
    assert data == {"text": "hello", "tags": ["a"], "nested": ({"x": [1]}, {2})}
    assert list(row) == ["text", "tags", "nested", "new"]
    row._row_source.take_back()
    assert row == data


def test_arrays_are_read_only_views():
    """Copying an image per labeling function would cost more than the function; a view cannot be written to."""
    image = np.zeros(3)
    row = as_row({"image": image})
    with pytest.raises(ValueError, match="read-only"):
        row.image[0] = 1
    assert row.image.base is image
    assert image.flags.writeable


def test_own_copy_copies_all_containers():
    """Subclasses keep their class."""
    from collections import Counter

    given = [bytearray(b"a"), Counter("aa"), {"k": {1}}, "text"]
    mine = own_copy(given)
    assert mine == given
    mine[0].extend(b"b")
    mine[1]["b"] = 1
    mine[2]["k"].add(2)
    assert given == [bytearray(b"a"), Counter("aa"), {"k": {1}}, "text"]
    assert isinstance(mine[1], Counter)


def test_deleting_is_refused():
    """Nothing that the next line could rely on would come of it."""
    with pytest.raises(TypeError, match="set it to None"):
        del as_row({"text": "a"}).text


def test_objects_keep_their_methods_and_show_their_own_errors():
    """A property that fails is a fault in the object, not a missing column."""
    row = as_row(Review("hello", 3))
    assert row.shout() == "HELLO"
    with pytest.raises(AttributeError, match="no_such_thing"):
        row.broken
    with pytest.raises(RowColumnError, match="'missing'"):
        row.missing
    with pytest.raises(RowColumnError):
        row[0]
    assert list(as_row(Slotted())) == ["text"]


def test_what_is_more_than_its_attributes_stays_as_it_is():
    """A document that can be iterated over must still be one in a labeling function."""

    class Document:
        text = "a b"

        def __iter__(self):
            return iter(self.text.split())

    document = Document()
    for item in (document, "text", b"bytes", 3, 2.5, None, [1], np.float64(1), len, int):
        assert as_row(item) is item
    row = as_row({"a": 1})
    assert as_row(row) is row


def test_a_series_with_a_repeated_name_is_refused():
    """One of the two cells would be lost."""
    with pytest.raises(FrameError, match="'a' more than once"):
        as_row(pd.Series([1, 2], index=["a", "a"]))


def test_rows_copy_and_pickle_by_value():
    """A row that is kept must not keep the frame."""
    row = as_row({"text": "a", "tags": [1]})
    for twin in (copy.copy(row), copy.deepcopy(row), pickle.loads(pickle.dumps(row))):
        assert isinstance(twin, Row)
        assert twin == row
    with pytest.raises(TypeError):
        hash(row)
    assert row != 5
    assert row == as_row({"text": "a", "tags": [1]})
