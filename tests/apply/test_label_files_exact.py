"""Whole numbers that no 64 bits hold: kept with all digits, or set apart with the true reason; never rounded."""

import json

import pandas as pd
import pytest

from weaklab.apply import label_files

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
