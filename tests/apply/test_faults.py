"""Labeling functions fail; it is said which one, where, and why, or counted and told."""

import copy
import io
import json
import pickle
import sys
from functools import partial

import pandas as pd
import polars as pl
import pytest

from weaklab.apply import Fault, apply
from weaklab.exceptions import FaultWarning, LabelingFunctionFailure, ReturnValueError
from weaklab.labeling import keyword_lf, labeling_function, model_lf, pattern_lf, preprocessor, threshold_lf

FRAME = pd.DataFrame({"text": ["a", "b", "c"], "n": [1, 0, 2]}, index=["x", "y", "x"])


def divides(row):
    return int(1 / row.n > 0.9)


def floats(row):
    return [1, 1.9, "SPAM"][int("abc".index(row.text))]


def good(row):
    return 0


def test_a_failure_names_function_and_row_and_chains():
    """Without the row nobody finds the one in a million that was odd."""
    with pytest.raises(
        LabelingFunctionFailure,
        match=r"labeling function 'divides' failed on row 1 \(index label 'y'\): ZeroDivisionError",
    ) as caught:
        apply([good, divides], FRAME, progress=False)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert caught.value.__cause__.__traceback__ is not None


def test_a_row_without_a_label_of_its_own_is_named_by_position():
    """'row 1 (index label 1)' would say nothing twice."""
    with pytest.raises(LabelingFunctionFailure, match=r"on row 1: Zero"):
        apply([divides], FRAME.reset_index(drop=True), progress=False)
    with pytest.raises(LabelingFunctionFailure, match=r"on row 1: Zero"):
        apply([divides], pl.DataFrame(FRAME.reset_index()), progress=False)
    with pytest.raises(LabelingFunctionFailure, match=r"on row 1 \(index label 5\): Zero"):
        apply([divides], FRAME.set_axis([4, 5, 6]), progress=False)


@pytest.mark.parametrize(
    ("value", "says"),
    [(1.9, "1.9"), ("SPAM", "declare them"), (7, "0 to 1"), (float("nan"), "Return None"), (-5, "-5"), ([1], "batch")],
)
def test_what_is_no_vote_names_function_row_and_value(value, says):
    """1.9 became 1 in Snorkel, 7 of 2 classes was found much later."""

    def returns(row):
        return value if row.text == "b" else 1

    with pytest.raises(
        ReturnValueError, match=rf"(?s)labeling function 'returns' on row 1 \(index label 'y'\) returned.*{says}"
    ):
        apply([returns], FRAME, classes=2, progress=False)


def test_a_row_of_a_later_chunk_is_named_right():
    """Rows are read in chunks; positions are those of the frame."""

    def odd(row):
        return 0.5 if row.n == 2049 else 1

    frame = pd.DataFrame({"n": range(4000)})
    with pytest.raises(ReturnValueError, match=r"on row 2049 returned 0\.5"):
        apply([odd], frame, progress=False)
    with pytest.raises(LabelingFunctionFailure, match="'fails' failed on row 3000"):
        apply([good, labeling_function(name="fails")(lambda row: 1 if row.n < 3000 else 1 // 0)], frame, progress=False)
    with pytest.warns(FaultWarning):
        votes = apply([odd], frame, progress=False, on_error="abstain")
    assert votes.attrs["faults"]["odd"].rows == (2049,)
    assert votes.odd.tolist() == [1] * 2049 + [-1] + [1] * 1950


def test_abstaining_functions_are_counted_and_told_once():
    """A long run must not die of one row, nor hide what it left out."""
    with pytest.warns(FaultWarning) as warned:
        votes = apply([good, divides, floats], FRAME, on_error="abstain", progress=False)
    assert len(warned) == 1
    text = str(warned[0].message)
    assert "2 labeling functions failed" in text
    assert "'divides' on 1 of 3 rows (ZeroDivisionError: division by zero)" in text
    assert "'floats' on 2 of 3 rows" in text
    assert warned[0].filename == __file__
    assert votes.to_numpy().tolist() == [[0, 1, 1], [0, -1, -1], [0, 0, -1]]
    faults = votes.attrs["faults"]
    assert list(faults) == ["divides", "floats"]
    assert faults["divides"][:3] == (1, (1,), ("y",))
    assert faults["floats"][:3] == (2, (1, 2), ("y", "x"))
    assert "return int(1 / row.n > 0.9)" in faults["divides"].traceback
    assert "row_engine" not in faults["divides"].traceback
    assert faults["floats"].reason.startswith(
        "weaklab.exceptions.ReturnValueError: labeling function 'floats' on row 1"
    )


def test_no_faults_no_warning():
    """And an empty dict, so that the key is always there."""
    assert apply([good], FRAME, on_error="abstain", progress=False).attrs == {"faults": {}}
    assert apply([good], FRAME, progress=False).attrs == {}


def test_a_batch_function_that_fails_abstains_everywhere():
    """There is no row to blame."""

    @labeling_function(batch=True)
    def fails(frame):
        raise KeyError("no")

    @labeling_function(batch=True)
    def too_few(frame):
        return [1]

    @labeling_function(batch=True)
    def half(frame):
        return [1, 1.9, None]

    for lf, error, says in (
        (fails, LabelingFunctionFailure, "'fails' failed on the frame of 3 rows: KeyError"),
        (too_few, ReturnValueError, "'too_few' returned 1 votes for 3 rows"),
        (half, ReturnValueError, r"'half' on row 1 \(index label 'y'\) returned 1.9"),
    ):
        with pytest.raises(error, match=says):
            apply([lf], FRAME, progress=False)
    with pytest.warns(FaultWarning, match="'fails' on all 3 of 3 rows"):
        votes = apply([fails, too_few, half, good], FRAME, on_error="abstain", progress=False)
    assert votes.to_numpy().tolist() == [[-1, -1, 1, 0], [-1, -1, -1, 0], [-1, -1, -1, 0]]
    assert {name: fault.count for name, fault in votes.attrs["faults"].items()} == {"fails": 3, "too_few": 3, "half": 1}


def test_cells_that_cannot_be_read_are_faults_of_that_row():
    """A number in a column of texts, a text in a column of numbers."""
    frame = pd.DataFrame({"text": ["free", 3, None], "n": [5, "x", None]}, dtype=object)
    lfs = [keyword_lf("free", column="text", label=1), threshold_lf("n", above=1, label=0)]
    with pytest.raises(
        LabelingFunctionFailure, match=r"'free' failed on row 1: FrameError: column 'text' holds 3 \(int"
    ):
        apply(lfs, frame, progress=False)
    with pytest.raises(LabelingFunctionFailure, match="'n_above_1' failed on row 1: FrameError: column 'n' holds 'x'"):
        apply(lfs[1:], frame, progress=False)
    with pytest.warns(FaultWarning, match="2 labeling functions"):
        votes = apply(lfs, frame, on_error="abstain", progress=False)
    assert votes.to_numpy().tolist() == [[1, 0], [-1, -1], [-1, -1]]


def test_a_preprocessor_that_fails_is_a_fault_of_the_function():
    """The row abstains, and the next row gets its own chance."""

    @preprocessor
    def forgets(row):
        row.m = row.n
        return row if row.n else None

    @labeling_function(pre=[forgets])
    def uses(row):
        return row.m

    with pytest.raises(LabelingFunctionFailure, match=r"'uses' failed on row 1 .*preprocessor 'forgets' returned None"):
        apply([uses], FRAME, progress=False)
    with pytest.warns(FaultWarning):
        assert apply([uses], FRAME, on_error="abstain", progress=False).uses.tolist() == [1, -1, 2]


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_preprocessor_that_raises_is_named(n_jobs):
    """The function may share it with twenty others, and have several."""

    @preprocessor
    def halves(row):
        return {"half": 1 // (row.n != 3)}

    lf = labeling_function(name="lf", pre=[halves])(lambda row: row.half)
    frame, says = pd.DataFrame({"n": range(600)}), "preprocessor 'halves' raised ZeroDivisionError: "
    with pytest.raises(LabelingFunctionFailure, match=f"'lf' failed on row 3: {says}") as caught:
        apply([lf], frame, progress=False, n_jobs=n_jobs)
    assert type(caught.value.__cause__) is ZeroDivisionError
    with pytest.warns(FaultWarning, match=rf"'lf' on 1 of 600 rows \({says}"):
        apply([lf], frame, on_error="abstain", progress=False, n_jobs=n_jobs)


def test_a_column_that_is_there_twice_is_told_in_plain_words():
    """The message names the function once."""
    frame = pd.concat([FRAME, FRAME], axis=1)
    with pytest.raises(
        LabelingFunctionFailure, match=r"'divides' failed on .*: FrameError: it reads column 'n', which"
    ):
        apply([divides], frame, progress=False)


@pytest.mark.parametrize("n_jobs", [2, 3])
def test_faults_of_several_processes_are_those_of_one(n_jobs):
    """Counts, rows, index labels and tracebacks; also for an exception that pickles and cannot be read again."""

    def fails(row):
        if row.i % 97 == 5:
            try:
                return 1 // 0
            except ZeroDivisionError as error:
                raise Odd("a", "b") from error
        return 0.5 if row.i % 89 == 5 else 1

    frame = pd.DataFrame({"i": range(1500)}, index=range(1500, 0, -1))
    with pytest.warns(FaultWarning):
        one = apply([fails, good], frame, on_error="abstain", progress=False)
    with pytest.warns(FaultWarning):
        several = apply([fails, good], frame, on_error="abstain", progress=False, n_jobs=n_jobs)
    pd.testing.assert_frame_equal(one, several)
    assert one.attrs["faults"] == several.attrs["faults"]


@pytest.mark.parametrize("batch", [True, False])
def test_interruptions_are_never_swallowed(batch):
    """Who presses Ctrl-C wants it to stop."""

    def interrupted(row):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply([labeling_function(batch=batch)(interrupted)], FRAME, on_error="abstain", progress=False)


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_sys_exit_is_a_fault_of_its_function(n_jobs):
    """Code that was taken from a script must not end the program, and is told by name and row."""

    def exits(row):
        return 1 if row.i % 400 != 300 else sys.exit("cannot go on")

    frame, options = pd.DataFrame({"i": range(1000)}), {"progress": False, "n_jobs": n_jobs}
    with pytest.raises(LabelingFunctionFailure, match="'exits' failed on row 300: SystemExit: cannot go on") as caught:
        apply([exits], frame, **options)
    assert isinstance(caught.value.__cause__, SystemExit)
    with pytest.warns(FaultWarning, match=r"'exits' on 2 of 1,000 rows \(SystemExit: cannot go on\)"):
        votes = apply([exits, labeling_function(name="good")(lambda row: 0)], frame, on_error="abstain", **options)
    assert votes.attrs["faults"]["exits"].rows == (300, 700)
    assert votes["exits"].value_counts().to_dict() == {1: 998, -1: 2}
    assert not votes["good"].any()


def test_sys_exit_is_a_fault_in_every_engine():
    """Functions of the frame, what verifies a match, and models too."""

    def exits(*_):
        sys.exit(2)

    lfs = [
        labeling_function(name="batch", batch=True)(exits),
        pattern_lf("(?P<found>a)", column="text", label=1, name="verify", verify=lambda found: exits()),
        pattern_lf("(?P<found>a)", column="text", label=1, name="by_row", verify=lambda found, row: exits()),
        model_lf(exits, column="text", labels=[0, 1], name="model"),
    ]
    for lf in lfs:
        with pytest.raises(LabelingFunctionFailure, match=f"'{lf.name}' failed on .*SystemExit: 2") as caught:
            apply([lf], FRAME, progress=False)
        assert isinstance(caught.value.__cause__, SystemExit)
    with pytest.warns(FaultWarning, match="4 labeling functions failed"):
        votes = apply(lfs, FRAME, on_error="abstain", progress=False)
    assert {name: fault.rows for name, fault in votes.attrs["faults"].items()} == {
        "batch": (0, 1, 2),
        "verify": (0,),
        "by_row": (0,),
        "model": (0, 1, 2),
    }


class Panic(BaseException):
    """What some libraries raise past ``except Exception``."""


class Odd(Exception):
    """It cannot be made again of its ``args``."""

    def __init__(self, one, two):
        super().__init__(f"{one} {two}")


class Mute(Exception):
    """An exception of which nothing can be said."""

    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __reduce__ = __str__


class Shy:
    """A value that cannot be looked at."""

    def __repr__(self):
        raise RuntimeError("no repr")

    def __eq__(self, other):
        raise ValueError("no comparison")

    def __hash__(self):
        raise ValueError("no hash")

    __iter__ = __len__ = __repr__


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("error", "says"), [(partial(Panic, "boom"), "Panic: boom"), (Mute, "Mute: <its text raises RuntimeError>")]
)
def test_whatever_is_raised_is_a_fault_of_its_function(error, says, n_jobs):
    """Also what ``except Exception`` does not catch, and what cannot be told; in other processes too."""

    def fails(row):
        if row.i % 400 == 300:
            raise error()
        return 1

    frame, options = pd.DataFrame({"i": range(1000)}), {"progress": False, "n_jobs": n_jobs}
    with pytest.raises(LabelingFunctionFailure, match=f"^labeling function 'fails' failed on row 300: {says}$"):
        apply([fails], frame, **options)
    with pytest.warns(FaultWarning, match=r"'fails' on 2 of 1,000 rows"):
        votes = apply([fails, good], frame, on_error="abstain", **options)
    assert votes.attrs["faults"]["fails"].rows == (300, 700)
    assert says[:5] in votes.attrs["faults"]["fails"].reason
    assert votes["fails"].value_counts().to_dict() == {1: 998, -1: 2}
    assert not votes["good"].any()


@pytest.mark.parametrize("error", [Panic("boom"), Mute()])
def test_whatever_is_raised_is_a_fault_in_every_engine(error):
    """Functions of the frame, what verifies a match, and models too."""

    def fails(*_):
        raise error

    name = type(error).__name__
    for lf in (
        labeling_function(name="batch", batch=True)(fails),
        pattern_lf("(?P<found>a)", column="text", label=1, name="verify", verify=lambda found: fails()),
        pattern_lf("(?P<found>a)", column="text", label=1, name="by_row", verify=lambda found, row: fails()),
        model_lf(fails, column="text", labels=[0, 1], name="model"),
    ):
        with pytest.raises(LabelingFunctionFailure, match=f"'{lf.name}' failed on .*{name}: ") as caught:
            apply([lf], FRAME, progress=False)
        assert caught.value.__cause__ is error
        with pytest.warns(FaultWarning, match=f"'{lf.name}' on .*{name}"):
            apply([lf], FRAME, on_error="abstain", progress=False)


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("output", ["hard", "set", "soft"])
def test_a_value_that_cannot_be_looked_at_is_no_vote(output, n_jobs):
    """One odd object must not take the votes of all other rows with it."""
    vote = {"hard": 1, "set": {1}, "soft": [0.0, 1.0]}[output]
    lf = labeling_function(name="odd", output=output)(lambda row: Shy() if row.i == 300 else vote)
    frame, options = pd.DataFrame({"i": range(600)}), {"progress": False, "n_jobs": n_jobs, "classes": ["a", "b"]}
    with pytest.raises(ReturnValueError, match=r"'odd' on row 300 returned <Shy, whose repr raises RuntimeError>"):
        apply([lf], frame, **options)
    with pytest.warns(FaultWarning, match="'odd' on 1 of 600 rows"):
        votes = apply([lf], frame, on_error="abstain", **options)
    assert votes.attrs["faults"]["odd"].rows == (300,)


def _votes():
    with pytest.warns(FaultWarning):
        return apply([divides, good], FRAME, on_error="abstain", progress=False)


def test_faults_survive_what_pandas_does_to_frames():
    """pandas copies `attrs` deeply, compares them in concat, and writes them to Parquet as JSON."""
    votes = _votes()
    faults = votes.attrs["faults"]
    assert votes.copy().attrs == votes[["good"]].attrs == votes.head(1).attrs == {"faults": faults}
    assert pd.concat([votes, votes]).attrs == {"faults": faults}
    assert pd.concat([votes, votes], axis=1).shape == (3, 4)
    assert votes.groupby("good").sum().shape == (1, 1)
    assert pickle.loads(pickle.dumps(votes)).attrs == votes.attrs
    file = io.BytesIO()
    votes.to_parquet(file)
    pd.testing.assert_frame_equal(pd.read_parquet(file), votes, check_flags=False)
    assert copy.deepcopy(faults)["divides"] is faults["divides"]
    assert copy.copy(faults["divides"]) is faults["divides"]


def test_labels_that_json_does_not_know_are_text():
    """The frame's own are at hand: votes.index[list(fault.rows)]."""
    index = pd.MultiIndex.from_tuples([(pd.Timestamp("2020-01-01"), 1), (pd.Timestamp("2020-01-02"), 2), (None, 3)])
    with pytest.warns(FaultWarning):
        votes = apply([divides], FRAME.set_axis(index), on_error="abstain", progress=False)
    assert votes.attrs["faults"]["divides"].labels == (("2020-01-02 00:00:00", 2),)
    json.dumps(votes.attrs)


def test_faults_show_themselves_shortly():
    """A hundred thousand rows are not printed."""
    fault = Fault(20, tuple(range(20)), tuple(range(20)), "Traceback\nValueError: <x>\n")
    assert repr(fault) == "Fault(count=20, rows=(0, 1, 2, 3, 4, ...), labels=(0, 1, 2, 3, 4, ...), 'ValueError: <x>')"
    assert "&lt;x&gt;" in fault._repr_html_()
    assert "20 rows" in fault._repr_html_()
    assert Fault(1, (1,), ("y" * 9,), "E").__repr__() == "Fault(count=1, rows=(1,), labels=('yyyyyyyyy',), 'E')"


def test_long_reasons_are_cut_in_the_warning():
    """The traceback has all of it."""

    def wordy(row):
        raise ValueError("x" * 500)

    with pytest.warns(FaultWarning, match=r"x\.\.\.\)"):
        votes = apply([wordy], FRAME, on_error="abstain", progress=False)
    assert "x" * 500 in votes.attrs["faults"]["wordy"].traceback
