"""Slices: who is in them, how well they are predicted, and how sure that is."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn.metrics
from scipy.stats import beta

from weaklab import metrics
from weaklab.analysis import slice_masks, slice_table
from weaklab.exceptions import ColumnError, FrameError, GoldError, LabelingFunctionFailure, ParameterError, VoteError
from weaklab.labeling import SlicingFunction, keyword_lf, labeling_function, slicing_function
from weaklab.votes import SoftLabels

FRAME = pd.DataFrame({"text": ["hi", "win money now", "hello", "call me"] * 25}, index=[f"r{i}" for i in range(100)])


@slicing_function
def short(row):
    """Few characters."""
    return len(row.text) < 6


@slicing_function(name="about money", resources={"word": "money"}, batch=True)
def money(frame, word):
    return frame["text"].str.contains(word)


class TestMasks:
    def test_functions_masks_and_labeling_functions_are_slices(self) -> None:
        """With the frame's index; a labeling function's slice is where it votes, whatever for."""
        call = keyword_lf("call", column="text", label=0, name="call")
        given = {"short": short, "money": money, "call": call, "odd": np.arange(100) % 2 == 1}
        table = slice_masks(given, FRAME)
        assert table.index.equals(FRAME.index)
        assert table.iloc[:4].to_numpy().T.tolist() == [
            [True, False, True, False],
            [False, True, False, False],
            [False, False, False, True],
            [False, True, False, True],
        ]
        assert slice_masks([short, money], FRAME).columns.tolist() == ["short", "about money"]
        assert slice_masks(short, FRAME)["short"].sum() == 50
        by_name = labeling_function(name="w")(lambda row: "spam" if "win" in row.text else None)
        assert slice_masks({"x": by_name}, FRAME, classes=["ham", "spam"])["x"].sum() == 25

    def test_none_is_outside_and_other_frames_are_read(self) -> None:
        """As apply reads them."""
        maybe = SlicingFunction(lambda row: True if "win" in row.text else None, name="maybe")
        for frame in (pl.from_pandas(FRAME), FRAME.to_dict("records")):
            assert slice_masks(maybe, frame)["maybe"].sum() == 25

    def test_slicing_functions_are_those_of_a_module(self) -> None:
        """They keep name and documentation, and pickle by name."""
        assert short.name == "short"
        assert short.__doc__ == "Few characters."
        assert repr(money) == "SlicingFunction('about money', resources=['word'], batch=True)"
        assert pickle.loads(pickle.dumps(short)) is short

    def test_what_is_no_slice_is_named(self) -> None:
        """A mask of other rows or types, a function that fails or returns more than a bool, names taken twice."""
        with pytest.raises(ParameterError, match=r"slice 'x': its mask must be 100 bools"):
            slice_masks({"x": [True]}, FRAME)
        with pytest.raises(ParameterError, match=r"slice 'x'.*float64"):
            slice_masks({"x": np.ones(100)}, FRAME)
        with pytest.raises(ParameterError, match="index of its mask"):
            slice_masks({"x": pd.Series(np.ones(100, dtype=bool))}, FRAME)
        with pytest.raises(ParameterError, match="need the frame"):
            slice_masks(short)
        with pytest.raises(ParameterError, match="a mask needs a name"):
            slice_masks([[True] * 100], FRAME)
        with pytest.raises(ParameterError, match="'short' is none, or taken"):
            slice_masks([short, short], FRAME)
        with pytest.raises(ParameterError, match="slices=3"):
            slice_masks(3, FRAME)
        with pytest.raises(VoteError, match=r"'two'.*returned 2"):
            slice_masks({"two": SlicingFunction(lambda row: 2, name="two")}, FRAME)
        with pytest.raises((ColumnError, LabelingFunctionFailure), match="no column 'txt'"):
            slice_masks({"typo": SlicingFunction(lambda row: row.txt, name="typo")}, FRAME)
        with pytest.raises(LabelingFunctionFailure, match=r"^slicing function 'boom' failed on row 0"):
            slice_masks({"boom": SlicingFunction(lambda row: 1 // 0, name="boom")}, FRAME)


@pytest.fixture
def scored(rng) -> tuple[np.ndarray, np.ndarray]:
    """Gold of 100 rows, ten of them unknown, and probabilities that are right more often than not."""
    y = rng.integers(0, 2, size=100)
    probs = np.clip(rng.normal(0.35 + 0.3 * y, 0.2), 0.01, 0.99)
    y[:10] = -1
    return y, np.column_stack([1 - probs, probs])


class TestScores:
    def test_each_metric_is_that_of_the_rows_of_the_slice(self, scored) -> None:
        """By name of ours or scikit-learn's, by function, of classes or of probabilities."""
        y, probs = scored
        asked = ["accuracy", "f1", "log_loss", "roc_auc_score", sklearn.metrics.matthews_corrcoef, metrics.brier_score]
        table = slice_table(FRAME, [short, money], y, probs, metrics=asked, draws=20)
        assert table.index.tolist() == ["overall", "short", "about money"]
        for name, mask in (("overall", np.ones(100, dtype=bool)), ("short", FRAME["text"].str.len() < 6)):
            rows = np.asarray(mask) & (y >= 0)
            gold, said, guess = y[rows], probs[rows], probs[rows].argmax(axis=1)
            line = table.loc[name]
            assert line["rows"] == mask.sum()
            assert line["gold_rows"] == rows.sum()
            assert line["accuracy"] == pytest.approx((gold == guess).mean())
            right = (gold == guess).sum()
            assert line["accuracy_low"] == pytest.approx(beta.ppf(0.05, right + 0.5, len(gold) - right + 0.5))
            assert line["f1"] == pytest.approx(sklearn.metrics.f1_score(gold, guess))
            assert line["log_loss"] == pytest.approx(metrics.log_loss(gold, said))
            assert line["roc_auc_score"] == pytest.approx(sklearn.metrics.roc_auc_score(gold, said[:, 1]))
            assert line["matthews_corrcoef"] == pytest.approx(sklearn.metrics.matthews_corrcoef(gold, guess))
            assert line["brier_score"] == pytest.approx(metrics.brier_score(gold, said))
            for metric in ("f1", "log_loss", "roc_auc_score", "brier_score"):
                assert line[f"{metric}_low"] < line[metric] < line[f"{metric}_high"]

    def test_intervals_hold_what_they_promise(self) -> None:
        """Of 200 slices of 60 rows with a known score, nine in ten intervals hold it, give or take three standard
        errors and what the bootstrap lacks on few rows."""
        rng = np.random.default_rng(0)
        y = rng.integers(0, 2, size=12_000)
        guess = np.where(rng.random(12_000) < 0.8, y, 1 - y)
        which = np.repeat(np.arange(200), 60)
        slices = {str(i): which == i for i in range(200)}
        table = slice_table(None, slices, y, guess, metrics=["accuracy", "f1"], draws=100).drop("overall")
        for metric, margin in (("accuracy", 0.03), ("f1", 0.06)):
            held = ((table[f"{metric}_low"] <= 0.8) & (0.8 <= table[f"{metric}_high"])).mean()
            assert abs(held - 0.9) < 3 * np.sqrt(0.09 / 200) + margin

    def test_small_slices_do_not_mislead(self) -> None:
        """Three of three right are no certainty: accuracy's interval is wide, that of other scores is not given; and a
        slice without gold has no score."""
        y = np.array([0, 1, 1] + [0, 1] * 20 + [-1] * 3)
        three, none = np.arange(46) < 3, np.arange(46) >= 43
        table = slice_table(None, {"three": three, "none": none}, y, y, metrics=["accuracy", "f1"])
        assert table.loc["three", "accuracy"] == 1
        assert table.loc["three", "accuracy_low"] < 0.65
        assert table.loc["three", ["f1_low", "f1_high"]].isna().all()
        assert table.loc["none", ["accuracy", "f1", "f1_low"]].isna().all()
        assert table.loc["none", "gold_rows"] == 0

    def test_many_rows_are_resampled_in_part(self) -> None:
        """The interval is as wide as that of all rows: four tenths of a percent here."""
        rng = np.random.default_rng(0)
        y = rng.integers(0, 2, size=100_000)
        guess = np.where(rng.random(100_000) < 0.8, y, 1 - y)
        table = slice_table(None, {"all": np.ones(100_000, dtype=bool)}, y, guess, metrics="f1", draws=100)
        width = table.loc["all", "f1_high"] - table.loc["all", "f1_low"]
        assert width == pytest.approx(2 * 1.645 * np.sqrt(0.16 / 1e5), rel=0.25)
        assert table.loc["all", "f1_low"] < table.loc["all", "f1"] < table.loc["all", "f1_high"]

    def test_names_codes_and_soft_labels(self, scored) -> None:
        """Gold and predictions by name or by code give one table; draws are the same for the same seed."""
        y, probs = scored
        names = np.array(["ham", "spam", None], dtype=object)[y]
        tables = [
            slice_table(FRAME, short, y, probs.argmax(axis=1), metrics="f1"),
            slice_table(FRAME, short, names, SoftLabels(probs, classes=("ham", "spam")), metrics="f1"),
            slice_table(FRAME, short, names, probs.argmax(axis=1), classes=["ham", "spam"], metrics="f1"),
        ]
        for table in tables[1:]:
            pd.testing.assert_frame_equal(table, tables[0])
        other = slice_table(FRAME, short, y, probs.argmax(axis=1), metrics="f1", random_state=1)
        assert not other.equals(tables[0])

    def test_wrong_arguments_are_named(self, scored) -> None:
        """Gold that is not there, other rows, metrics that are none, want what is not given, or fail."""
        y, probs = scored
        guess = probs.argmax(axis=1)
        with pytest.raises(GoldError, match="None of the 100 rows"):
            slice_table(FRAME, short, np.full(100, -1), guess)
        with pytest.raises(GoldError):
            slice_table(FRAME, short, y[:50], guess)
        with pytest.raises(FrameError, match="100 in all"):
            slice_table(FRAME, short, y, guess[:50])
        with pytest.raises(FrameError, match="index of y"):
            slice_table(FRAME, short, pd.Series(y), guess)
        with pytest.raises(ParameterError, match=r"no metric 'acuracy'\. Did you mean 'accuracy'"):
            slice_table(FRAME, short, y, guess, metrics="acuracy")
        with pytest.raises(ParameterError, match="'log_loss' is of probabilities"):
            slice_table(FRAME, short, y, guess, metrics="log_loss")
        with pytest.raises(ParameterError, match="metrics are none"):
            slice_table(FRAME, short, y, guess, metrics=[])
        with pytest.raises(ParameterError, match="metric 3 is neither"):
            slice_table(FRAME, short, y, guess, metrics=[3])
        with pytest.raises(ParameterError, match=r"metric 'bad' fails on slice 'overall': division by zero"):
            slice_table(FRAME, short, y, guess, metrics={"bad": lambda gold, said: 1 / 0})
        with pytest.raises(ParameterError, match="draws=3"):
            slice_table(FRAME, short, y, guess, draws=3)
