"""Rows worth reading: the right ones, in the right order, with what was said of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse

from weaklab.analysis import conflicts, error_table, uncovered
from weaklab.exceptions import ClassError, FrameError, GoldError, ParameterError, SoftLabelError
from weaklab.votes import PartialVotes, SoftLabels, SoftVotes

CLASSES = ["ham", "spam"]
INDEX = ["r0", "r1", "r2", "r3", "r4"]
FRAME = pd.DataFrame({"text": list("abcde"), "size": [1, 2, 3, 4, 5]}, index=INDEX)
VOTES = pd.DataFrame({"one": [0, 1, -1, 0, -1], "two": [-1, 0, -1, 0, 1]}, index=INDEX, dtype=np.int8)
GOLD = ["ham", "spam", "ham", None, "spam"]
GUESS = ["spam", "spam", "spam", "ham", "ham"]


class TestErrors:
    def test_wrong_rows_with_what_was_said_of_them(self) -> None:
        """Row 3 has no gold, row 1 is right; the rest is wrong, and keeps its index, columns and types."""
        table = error_table(FRAME, VOTES, GUESS, GOLD, classes=CLASSES)
        expected = FRAME.loc[["r0", "r2", "r4"]].assign(
            gold=["ham", "ham", "spam"],
            predicted=["spam", "spam", "ham"],
            votes=[{"one": "ham"}, {}, {"two": "spam"}],
        )
        pd.testing.assert_frame_equal(table, expected, check_dtype=False)
        assert table["size"].dtype == FRAME["size"].dtype

    def test_names_need_no_declaration_where_both_are_named(self) -> None:
        """As end models predict and as most gold comes; the votes are then shown by code."""
        table = error_table(FRAME, VOTES, np.array(GUESS), pd.Series(GOLD, index=INDEX))
        assert table.index.tolist() == ["r0", "r2", "r4"]
        assert table["gold"].tolist() == ["ham", "ham", "spam"]
        assert table["votes"].tolist() == [{"one": 0}, {}, {"two": 1}]

    def test_codes_need_no_declaration(self) -> None:
        """-1 is unknown gold, or no prediction, which is in no confusion."""
        table = error_table(FRAME, VOTES, [1, 1, 1, 0, -1], [0, 1, 7, -1, 1])
        assert table.index.tolist() == ["r0", "r2"]
        assert table["gold"].tolist() == [0, 7]
        assert table["predicted"].tolist() == [1, 1]

    def test_codes_and_names_mix_where_classes_are_declared(self) -> None:
        """Otherwise nobody knows which code a name is."""
        mixed = error_table(FRAME, VOTES, [1, 1, 1, 0, 0], GOLD, classes=CLASSES)
        pd.testing.assert_frame_equal(mixed, error_table(FRAME, VOTES, GUESS, GOLD, classes=CLASSES))
        with pytest.raises(ClassError, match="y is given by name and predictions by code: give classes"):
            error_table(FRAME, VOTES, [1, 1, 1, 0, 0], GOLD)
        with pytest.raises(ClassError, match="y is given by code and predictions by name"):
            error_table(FRAME, VOTES, GUESS, [0, 1, 0, -1, 1])

    @pytest.mark.parametrize("form", ["array", "SoftLabels", "frame"])
    def test_probabilities_put_the_most_confident_errors_first(self, form) -> None:
        """Those teach most: either the model or the gold is badly wrong."""
        probs = np.array([[0.4, 0.6], [0.2, 0.8], [0.1, 0.9], [0.9, 0.1], [0.7, 0.3]])
        given = {"array": probs, "SoftLabels": SoftLabels(probs), "frame": pd.DataFrame(probs, index=INDEX)}[form]
        table = error_table(FRAME, VOTES, given, GOLD, classes=CLASSES)
        assert table.index.tolist() == ["r2", "r4", "r0"]
        assert table["confidence"].tolist() == [0.9, 0.7, 0.6]

    def test_soft_labels_bring_their_classes(self) -> None:
        """What the label model declared need not be said again."""
        probs = np.array([[0.4, 0.6], [0.2, 0.8], [0.1, 0.9], [0.9, 0.1], [0.7, 0.3]])
        table = error_table(FRAME, VOTES, SoftLabels(probs, classes=("ham", "spam")), GOLD)
        assert table["votes"].tolist() == [{}, {"two": "spam"}, {"one": "ham"}]

    def test_one_cell_of_the_confusion(self) -> None:
        """By name, or by code."""
        for actual, predicted in (("ham", None), (None, "spam"), (0, 1)):
            table = error_table(FRAME, VOTES, GUESS, GOLD, classes=CLASSES, actual=actual, predicted=predicted)
            assert table.index.tolist() == ["r0", "r2"]
        with pytest.raises(ParameterError, match=r"actual='hamm' is no class. Did you mean 'ham'"):
            error_table(FRAME, VOTES, GUESS, GOLD, actual="hamm")

    def test_columns_of_the_frame_are_never_overwritten(self) -> None:
        """A frame that has a gold column keeps it."""
        frame = FRAME.assign(gold="mine", gold_="mine too")
        table = error_table(frame, VOTES, GUESS, GOLD)
        assert table["gold"].tolist() == ["mine"] * 3
        assert table["gold__"].tolist() == ["ham", "ham", "spam"]
        assert "gold__" not in frame.columns

    def test_no_errors_are_an_empty_table(self) -> None:
        """With all its columns, so that code that goes on need not ask."""
        table = error_table(FRAME, VOTES, GOLD, GOLD)
        assert len(table) == 0
        assert table.columns.tolist() == ["text", "size", "gold", "predicted", "votes"]
        one = error_table(FRAME, VOTES, ["ham"] * 5, ["ham"] * 5)
        assert len(one) == 0

    def test_class_names_of_any_kind_are_kept(self) -> None:
        """Enum members and tuples are names too; numpy must not take tuples apart."""
        names = [("a", 1), ("b", 2)]
        table = error_table(FRAME, VOTES, [1, 1, 1, 0, 0], [0, 1, 0, -1, 1], classes=names)
        assert table["gold"].tolist() == [("a", 1), ("a", 1), ("b", 2)]


class TestRows:
    def test_uncovered_rows_are_those_without_votes(self) -> None:
        """In the frame's order, with its index."""
        pd.testing.assert_frame_equal(uncovered(FRAME, VOTES), FRAME.loc[["r2"]])

    def test_conflicts_are_rows_with_different_votes(self) -> None:
        """Two equal votes are no conflict."""
        table = conflicts(FRAME, VOTES)
        assert table.index.tolist() == ["r1"]
        assert table["votes"].tolist() == [{"one": 1, "two": 0}]
        assert conflicts(FRAME, VOTES, classes=CLASSES)["votes"].tolist() == [{"one": "spam", "two": "ham"}]

    def test_conflicts_with_most_votes_come_first(self) -> None:
        """They show most labeling functions at once; equal ones keep their order."""
        votes = [[0, 1, -1], [0, 0, 1], [-1, 1, 0], [1, 1, 1], [0, 1, 1]]
        assert conflicts(FRAME, votes).index.tolist() == ["r1", "r4", "r0", "r2"]

    def test_conflicts_are_ranked_by_pairs_that_differ(self) -> None:
        """Two against two disagree more than three against one, and both more than one against one."""
        votes = [[0, 1, -1, -1], [0, 0, 0, 1], [0, 0, 1, 1], [0, 0, 0, 0], [2, 1, 0, 0]]
        assert conflicts(FRAME, votes).index.tolist() == ["r4", "r2", "r1", "r0"]
        assert conflicts(FRAME, votes, 2).index.tolist() == ["r4", "r2"]

    def test_conflicts_between_some_functions_only(self) -> None:
        """Whom two quarrel about; the others are not shown."""
        votes = pd.DataFrame({"a": [0, 0, 1, 0, -1], "b": [1, 0, 1, -1, 0], "c": [0, 1, 0, 1, 1]}, index=INDEX)
        table = conflicts(FRAME, votes, between=["a", "b"])
        assert table.index.tolist() == ["r0"]
        assert table["votes"].tolist() == [{"a": 0, "b": 1}]
        with pytest.raises(ParameterError, match="no labeling function 'cc'"):
            conflicts(FRAME, votes, between=["a", "cc"])
        with pytest.raises(ParameterError, match="two labeling functions or more"):
            conflicts(FRAME, votes, between="ab")

    def test_samples_are_drawn_at_random_and_again_alike(self) -> None:
        """So many rows, in the frame's order, the same for the same seed; each with the same chance."""
        frame, votes = pd.DataFrame({"n": range(1000)}), np.full((1000, 2), -1)
        drawn = [uncovered(frame, votes, 50, random_state=seed)["n"].tolist() for seed in (0, 0, 1)]
        assert drawn[0] == drawn[1] != drawn[2]
        assert drawn[0] == sorted(set(drawn[0]))
        assert abs(np.mean(drawn[0]) - 500) < 4 * 289 / 50**0.5
        assert len(uncovered(frame, votes, 5000)) == 1000
        some = [conflicts(frame, np.tile([0, 1], (1000, 1)), 50, random_state=seed).index.tolist() for seed in (0, 1)]
        assert len(some[0]) == 50
        assert some[0] != some[1]
        for call in (uncovered, conflicts):
            with pytest.raises(ParameterError, match="n=0"):
                call(frame, votes, 0)

    def test_sets_and_distributions_are_votes_too(self) -> None:
        """A set of two classes covers its row, and quarrels with nobody."""
        sets = PartialVotes([[0b11, 0], [0, 0], [0b01, 0b10], [0, 0], [0b11, 0b10]], k=2)
        assert uncovered(FRAME, sets).index.tolist() == ["r1", "r3"]
        assert conflicts(FRAME, sets).index.tolist() == ["r2"]
        nan = [np.nan, np.nan]
        soft = SoftVotes([[[0.9, 0.1], [0.2, 0.8]], [nan, nan], [nan, [1, 0]], [nan, nan], [[1, 0], [1, 0]]])
        assert uncovered(FRAME, soft).index.tolist() == ["r1", "r3"]
        assert conflicts(FRAME, soft).index.tolist() == ["r0"]

    def test_nothing_to_show_is_an_empty_table(self) -> None:
        """Full coverage, no conflicts, no rows."""
        assert len(uncovered(FRAME, [[0]] * 5)) == 0
        assert conflicts(FRAME, [[0]] * 5).columns.tolist() == ["text", "size", "votes"]
        assert len(conflicts(FRAME[:0], np.empty((0, 2), dtype=int))) == 0


class TestFrames:
    @pytest.mark.parametrize("kind", ["polars", "arrow", "list of dicts"])
    def test_other_tables_are_shown_as_pandas(self, kind) -> None:
        """They have no index: rows are numbered."""
        plain = FRAME.reset_index(drop=True)
        polars = pl.DataFrame(plain.to_dict("list"))
        frame = {"polars": polars, "arrow": polars.to_arrow(), "list of dicts": plain.to_dict("records")}[kind]
        table = uncovered(frame, VOTES.to_numpy())
        assert table.index.tolist() == [2]
        assert table["text"].tolist() == ["c"]
        assert error_table(frame, VOTES.to_numpy(), GUESS, GOLD)["text"].tolist() == ["a", "c", "e"]

    def test_sparse_votes_are_taken(self) -> None:
        """Labeling functions without names are shown by number."""
        sparse = scipy.sparse.csr_array(VOTES.to_numpy() + np.int8(1))
        assert uncovered(FRAME, sparse).index.tolist() == ["r2"]
        assert conflicts(FRAME, sparse)["votes"].tolist() == [{0: 1, 1: 0}]

    def test_duplicated_index_labels_are_no_problem(self) -> None:
        """Rows are taken by position."""
        frame, votes = (table.set_axis(["x"] * 5) for table in (FRAME, VOTES))
        assert error_table(frame, votes, GUESS, GOLD)["text"].tolist() == ["a", "c", "e"]

    def test_rows_that_do_not_belong_together_are_refused(self) -> None:
        """A table of the wrong texts beside the wrong votes would mislead."""
        with pytest.raises(FrameError, match="The frame has 4 rows, and there are votes on 5"):
            uncovered(FRAME[:4], VOTES)
        with pytest.raises(FrameError, match="index of the votes is not that of the frame"):
            uncovered(FRAME[::-1], VOTES)
        with pytest.raises(GoldError, match="index of y is not that of the frame"):
            error_table(FRAME, VOTES, GUESS, pd.Series(GOLD))
        soft = SoftLabels(np.full((5, 2), 0.5), index=INDEX[::-1])
        for guesses in (pd.Series(GUESS), soft, pd.DataFrame(soft.probs)):
            with pytest.raises(FrameError, match="index of the predictions is not that of the frame"):
                error_table(FRAME, VOTES, guesses, GOLD, classes=CLASSES)
        with pytest.raises(FrameError, match=r"predictions must be one per row, 5 in all; got shape \(4,\)"):
            error_table(FRAME, VOTES, GUESS[:4], GOLD)
        with pytest.raises(SoftLabelError, match="4 rows of soft labels for 5 rows"):
            error_table(FRAME, VOTES, np.full((4, 2), 0.5), GOLD)
        with pytest.raises(GoldError, match="y must be one label per row, 5 in all; got 4"):
            error_table(FRAME, VOTES, GUESS, GOLD[:4])
        with pytest.raises(FrameError, match=r"got a Series: use \.to_frame"):
            uncovered(FRAME["text"], VOTES)
