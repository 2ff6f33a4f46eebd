"""Nothing is lost without a word: digits of numbers, values of a key, files, and columns that a labeler changes."""

import json

import pandas as pd
import pytest

import weaklab as wl
from weaklab.apply import label_files
from weaklab.apply.files.inputs import find_inputs
from weaklab.exceptions import DatasetError, ParameterError

HUGE = [2**64 - 2, 2**64 - 1]


class One:
    """Labels every row 1."""

    def label(self, frame):
        return frame.assign(label=1, covered=True)


@pytest.fixture
def label(tmp_path):
    """A function from lines of a file to its rows, and its records in quarantine."""

    def run(name, lines, **options):
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        made = label_files(One(), tmp_path / name, tmp_path / "out", progress=False, **options)
        return pd.read_parquet(made.paths[0]), made.read_quarantine()

    return run


def test_whole_numbers_of_csv_keep_their_digits(label):
    """As text where 64 bits do not hold them all."""
    rows, bad = label("a.csv", ["id,n", *(f"{each},1" for each in [1, *HUGE])])
    assert rows.id.tolist() == ["1", *map(str, HUGE)]
    assert bad.empty


def test_whole_numbers_of_csv_that_a_float_would_round_are_set_apart(label):
    """In a column of floats, one that is exact stays."""
    rows, bad = label("a.csv", ["x", "0.5", str(2**60), str(2**53 + 1), "9" * 320, "2e300"])
    assert rows.x.tolist() == [0.5, 2.0**60, 2e300]
    assert bad.line.tolist() == [4, 5]
    assert bad.reason[0] == "'x' is no double: '9007199254740993' would read 9007199254740992.0"


def test_a_late_number_of_csv_is_set_apart(label):
    """Beyond the records that types are inferred from."""
    rows, bad = label("a.csv", ["id", *map(str, range(1000)), str(HUGE[0])])
    assert len(rows) == 1000
    assert bad.line.tolist() == [1002]
    assert "'id' is no int64" in bad.reason[0]
    assert str(HUGE[0]) in bad.reason[0]


@pytest.mark.parametrize("ids", [HUGE, [1, *HUGE]])
def test_whole_numbers_of_json_keep_their_digits(label, ids):
    """Without a sign, where 64 bits hold them so."""
    rows, bad = label("a.jsonl", [json.dumps({"id": each}) for each in ids])
    assert rows.id.tolist() == ids
    assert bad.empty


@pytest.mark.parametrize("ids", [[1, 2**64, 2], [2**64, 1, 2], [-1, 2**64 - 1, 5], [2**64, None, 1]])
def test_only_the_record_of_json_with_a_number_too_large_is_set_apart(label, ids):
    """With the true reason, wherever it stands."""
    rows, bad = label("a.jsonl", [json.dumps({"id": each}) for each in ids])
    assert len(rows) == 2
    (large,) = (place for place, each in enumerate(ids) if each is not None and each > 10)
    assert bad.line.tolist() == [large + 1]
    assert bad.reason[0] == f"'id' is no int64: {ids[large]} does not fit"


def test_an_object_with_a_key_twice_is_set_apart(label):
    """One of its values would be lost; also within a value."""
    rows, bad = label("a.jsonl", ['{"a": 1, "b": {"c": 1}}', '{"a": 1, "a": 2}', '{"a": 3, "b": {"c": 1, "c": 2}}'])
    assert rows.a.tolist() == [1]
    assert bad.line.tolist() == [2, 3]
    assert bad.reason.tolist() == [f"the key {name!r} stands 2 times in one object" for name in "ac"]


def test_what_matches_and_is_no_file_is_named(tmp_path):
    """A link to nothing, and a folder that is called as a file; not one whose files match."""
    (tmp_path / "a.csv").touch()
    (tmp_path / "b.csv").symlink_to("gone.csv")
    for given in ("*.csv", "b.csv"):
        with pytest.raises(DatasetError, match=r"b.csv' is a link to 'gone.csv', and there is nothing"):
            find_inputs(tmp_path / given)
    (tmp_path / "b.csv").unlink()
    (tmp_path / "c.csv").mkdir()
    with pytest.raises(DatasetError, match=r"matches the folder '.*c.csv'"):
        find_inputs(tmp_path / "*.csv")
    (tmp_path / "c.csv" / "part.csv").touch()
    assert [each.name for each in find_inputs(tmp_path / "**" / "*.csv")] == ["a.csv", "c.csv/part.csv"]


@pytest.mark.parametrize("set_apart", [False, True])
@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda frame: frame.drop(columns="text"), "without its column 'text'"),
        (lambda frame: frame.assign(text=frame.text.str.lower()), "column 'text' changed"),
        (lambda frame: frame.assign(n=frame.n.astype(float)), "column 'n' changed"),
    ],
)
def test_a_labeler_that_drops_or_changes_a_column_is_refused(tmp_path, change, match, set_apart):
    """Parts hold the columns of the inputs; the change would be lost."""

    class Changes:
        def label(self, frame):
            return change(frame).assign(label=1)

    pd.DataFrame({"text": ["A", None], "n": [1, 2]}).to_parquet(tmp_path / "a.parquet")
    options = {"on_error": "quarantine" if set_apart else "raise", "progress": False}
    with pytest.raises(ParameterError, match=match):
        label_files(Changes(), tmp_path / "a.parquet", tmp_path / "out", **options)


def test_columns_of_any_kind_come_back_unchanged(tmp_path):
    """Missing cells, lists and dicts are equal to themselves."""
    cells = {"x": [1.5, None], "l": [[1, 2], None], "d": [{"a": [1]}, {"a": None}], "t": pd.to_datetime(["2020", None])}
    pd.DataFrame(cells).to_parquet(tmp_path / "a.parquet")

    class Copies:
        def label(self, frame):
            return frame.copy(deep=True).assign(label=1)

    assert label_files(Copies(), tmp_path / "a.parquet", tmp_path / "out", progress=False).rows_out == 2


@pytest.mark.parametrize("name", ["label", "confidence"])
def test_a_column_that_a_labeler_adds_is_told_of_in_words_of_files(tmp_path, name):
    """Before anything is written; ``prefix=`` is for frames."""
    frame = pd.DataFrame({"text": ["free"], name: [1]})
    frame.to_parquet(tmp_path / "a.parquet")
    lfs = [wl.keyword_lf("free", column="text", label=1)]
    labeler = wl.Labeler(lfs, wl.MajorityVote(classes=2).fit(wl.apply(lfs, frame)))
    with pytest.raises(ParameterError, match=rf"column '{name}' already.* columns=\[\.\.\.\] without it"):
        label_files(labeler, tmp_path / "a.parquet", tmp_path / "out", progress=False)
    assert not (tmp_path / "out").exists()
    assert label_files(labeler, tmp_path / "a.parquet", tmp_path / "out", columns=["text"], progress=False).covered == 1


@pytest.mark.parametrize(
    ("name", "text", "encoding", "match"),
    [
        ("a.csv", "text\nfree\n", "utf-16", "is UTF-16; files of text must be UTF-8"),
        ("a.jsonl", '[{"a": 1}, {"a": 2}]', "utf-8", "is a JSON array"),
        ("a.jsonl", '[\n{"a": 1},\n{"a": 2}\n]\n', "utf-8", "is a JSON array"),
    ],
)
def test_a_file_of_another_kind_is_called_by_its_name(tmp_path, name, text, encoding, match):
    """Rather than each of its lines."""
    (tmp_path / name).write_text(text, encoding=encoding)
    with pytest.raises(DatasetError, match=match):
        label_files(One(), tmp_path / name, tmp_path / "out", on_error="quarantine", progress=False)
