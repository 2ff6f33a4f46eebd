"""Plots with a line per labeling function: the bars and points lie where the tables' figures are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

import weaklab as wl
from weaklab.analysis import dependencies
from weaklab.datasets import make_votes
from weaklab.exceptions import GoldError, ParameterError, VoteError
from weaklab.label_models import ContinuousModel, LabelModel, MajorityVote, PartialLabelModel
from weaklab.label_models.intervals import from_counts
from weaklab.plots import AccuracyDisplay, CoverageDisplay, DependenceDisplay
from weaklab.votes import PartialVotes, SoftVotes

pytest.importorskip("matplotlib")


def tick_labels(axis) -> list[str]:
    return [label.get_text() for label in axis.get_ticklabels()]


def title(display) -> str:
    return display.ax_.get_title(loc="left").replace("\n", " ")


class TestCoverage:
    def test_bars_are_as_long_as_the_table_says(self, planted) -> None:
        """Each of the three shares, for each function, the widest coverage first."""
        display = CoverageDisplay.from_votes(planted.votes)
        table = wl.summarize(planted.votes).sort_values("coverage", ascending=False, kind="stable")
        assert tick_labels(display.ax_.yaxis) == table.index.tolist()
        for bars, column in zip(display.ax_.containers, ("coverage", "overlaps", "conflicts"), strict=True):
            np.testing.assert_allclose([bar.get_width() for bar in bars], table[column])
            assert {bar.get_x() for bar in bars} == {0}
        assert len({bars[0].get_hatch() for bars in display.ax_.containers}) == 3
        assert "n = 3,000 rows, m = 10 labeling functions" in title(display)

    @pytest.mark.parametrize("m", [3, 3000])
    def test_three_and_three_thousand(self, m) -> None:
        """Of many, some are shown, and it says how many are not."""
        votes = make_votes(n=100, m=m, coverage=(0.01, 0.2)).votes
        display = CoverageDisplay.from_votes(votes)
        shown = tick_labels(display.ax_.yaxis)
        assert len(shown) == min(m, 30)
        assert ("30 with widest coverage shown, 2,970 not" in title(display)) == (m == 3000)
        assert display.ax_.get_ylim()[0] > display.ax_.get_ylim()[1], "the first stands on top"
        widest = wl.summarize(votes)["coverage"].nlargest(len(shown))
        np.testing.assert_allclose([bar.get_width() for bar in display.ax_.containers[0]], widest)
        assert display.figure_.get_figheight() < 12
        assert len(display.plot(top=5).ax_.containers[0]) == min(m, 5)

    def test_long_and_strange_names_have_room(self) -> None:
        """They are shortened, no formula, no second line, and lie within the picture."""
        names = ["$a$ " + "very " * 20 + "long", "two\nlines", "$_{", "ä" * 50]
        display = CoverageDisplay.from_votes(pd.DataFrame([[0, 1, 0, 1]] * 3, columns=names))
        figure = display.figure_
        figure.canvas.draw()
        assert figure.get_tightbbox().transformed(figure.dpi_scale_trans).x0 >= -1
        assert all(len(label) <= 32 for label in tick_labels(display.ax_.yaxis))

    def test_wrong_votes_tables_and_numbers_are_errors(self) -> None:
        with pytest.raises(VoteError, match="row 0"):
            CoverageDisplay.from_votes([[-5]])
        with pytest.raises(ParameterError, match=r"'conflicts'.*weaklab\.summarize"):
            CoverageDisplay(pd.DataFrame({"coverage": [1.0], "overlaps": [1.0]}), 1)
        with pytest.raises(ParameterError, match="top=0"):
            CoverageDisplay.from_votes([[0]]).plot(top=0)


class TestAccuracy:
    def test_points_and_whiskers_lie_where_the_model_and_gold_say(self, planted, model) -> None:
        """Learned accuracies with the model's intervals; gold's shares with Jeffreys' intervals."""
        gold = np.where(planted.y == 1, "spam", "ham")
        display = AccuracyDisplay.from_estimator(model, planted.votes, gold)
        order = np.argsort(-model.accuracies_, kind="stable")
        assert tick_labels(display.ax_.yaxis) == [model.feature_names_in_[j] for j in order]
        table = wl.summarize(planted.votes, planted.y).iloc[order]
        right = table["correct"].to_numpy(float)
        truth = from_counts(right, right + table["incorrect"].to_numpy())
        centres = model.accuracies_[order], table["accuracy"].to_numpy()
        for drawn, centre, bounds in zip(
            display.ax_.containers, centres, (model.accuracy_intervals_[order], truth), strict=True
        ):
            points, _, (whiskers,) = drawn
            np.testing.assert_allclose(points.get_xdata(), centre)
            np.testing.assert_allclose([segment[:, 0] for segment in whiskers.get_segments()], bounds)
        learned, by_gold = (drawn[0].get_ydata() for drawn in display.ax_.containers)
        np.testing.assert_allclose(learned + 0.34, by_gold)  # side by side
        assert len({drawn[0].get_marker() for drawn in display.ax_.containers}) == 2
        guessing = [line for line in display.ax_.lines if line.get_label() == "guessing"]
        assert guessing[0].get_xdata() == [0.5, 0.5]

    @pytest.mark.parametrize("kind", ["set", "soft"])
    def test_richer_votes_are_judged_as_their_model_learns_of_them(self, kind) -> None:
        """A set is right where it holds the class, a distribution in part: then gold lies where the model's do."""
        planted = make_votes(n=4000, m=6, k=3, coverage=0.6, accuracy=0.8, random_state=0)
        one, names = planted.votes.to_numpy(), tuple(planted.votes.columns)
        if kind == "set":
            other = np.random.default_rng(0).random(one.shape) < 0.3
            masks = np.where(one >= 0, (1 << np.maximum(one, 0)) | (1 << ((np.maximum(one, 0) + other) % 3)), 0)
            votes, model = PartialVotes(masks, k=3, names=names), PartialLabelModel(classes=["a", "b", "c"])
            bits = masks[np.arange(4000), :] >> planted.y[:, np.newaxis] & 1
            truth = np.where(masks > 0, bits, np.nan)
        else:
            probs = np.where(one[:, :, np.newaxis] >= 0, 0.1 + 0.7 * (one[:, :, np.newaxis] == np.arange(3)), np.nan)
            votes, model = SoftVotes(probs, names=names), ContinuousModel(classes=["a", "b", "c"])
            truth = probs[np.arange(4000), :, planted.y]
        gold = np.array(["a", "b", "c"], dtype=object)[planted.y]
        gold[3000:] = None
        display = AccuracyDisplay.from_estimator(model.fit(votes), votes, gold)
        table = display.table
        np.testing.assert_allclose(table["gold"], np.nanmean(truth[:3000], axis=0))
        assert (table["gold_votes"] == (one[:3000] >= 0).sum(axis=0)).all()
        np.testing.assert_allclose(table["accuracy"], table["gold"], atol=0.05)
        assert display.kind == kind
        assert {"set": "hold the right class", "soft": "probability"}[kind] in display.ax_.get_xlabel()
        assert ("guessing" in [line.get_label() for line in display.ax_.lines]) == (kind == "soft")
        backwards = votes.reorder(np.arange(6)[::-1])
        assert AccuracyDisplay.from_estimator(model, backwards, gold).table.equals(table)
        with pytest.raises(VoteError, match=f"fitted to {type(votes).__name__}.*got DataFrame"):
            AccuracyDisplay.from_estimator(model, planted.votes, gold)
        assert DependenceDisplay.from_votes(votes, model).m == 6

    def test_a_model_of_one_class_per_vote_takes_no_others(self, planted, model) -> None:
        """It has learned nothing of sets."""
        with pytest.raises(VoteError, match="These are PartialVotes"):
            AccuracyDisplay.from_estimator(model, PartialVotes(np.ones((3, 10), dtype=int), k=2), [0, 1, 1])

    def test_without_gold_there_is_one_point_each(self, model) -> None:
        display = AccuracyDisplay.from_estimator(model)
        assert len(display.ax_.containers) == 1
        assert "gold" not in title(display)

    def test_votes_whose_columns_stand_in_another_order_are_matched_by_name(self, planted, model) -> None:
        """As the model itself does."""
        gold = np.where(planted.y == 1, "spam", "ham")
        one = AccuracyDisplay.from_estimator(model, planted.votes, gold).table
        other = AccuracyDisplay.from_estimator(model, planted.votes.iloc[:, ::-1], gold).table
        pd.testing.assert_frame_equal(one, other)

    def test_six_hundred_and_those_that_never_vote(self) -> None:
        """The most frequent are shown; what has no votes has no accuracy, and is counted."""
        votes = make_votes(n=200, m=600, coverage=(0.005, 0.02)).votes
        table = votes.to_numpy(copy=True)
        table[np.arange(600) % 200, np.arange(600)] = 1  # each votes at least once, but for one
        table[:, 7] = -1
        votes = pd.DataFrame(table, columns=votes.columns)
        display = AccuracyDisplay.from_estimator(MajorityVote().fit(votes))
        assert len(tick_labels(display.ax_.yaxis)) == 30
        assert "30 with most votes shown, 569 not; 1 never votes" in title(display)
        assert set(tick_labels(display.ax_.yaxis)) <= set((votes >= 0).sum().nlargest(60).index)

    def test_what_has_no_accuracies_is_an_error(self, planted, model) -> None:
        with pytest.raises(NotFittedError):
            AccuracyDisplay.from_estimator(LabelModel())
        with pytest.raises(ParameterError, match="both votes and y"):
            AccuracyDisplay.from_estimator(model, planted.votes)
        with pytest.raises(ParameterError, match="must be a fitted label model"):
            AccuracyDisplay.from_estimator("model")
        with pytest.raises(GoldError, match="'spma'"):
            AccuracyDisplay.from_estimator(model, planted.votes, np.full(3000, "spma"))
        with pytest.raises(ParameterError, match=r"also learned of 'lf_3', 'lf_4', 'lf_5' and 4 more\.$"):
            AccuracyDisplay.from_estimator(model, planted.votes.iloc[:, :3], planted.y)
        renamed = planted.votes.rename(columns={"lf_0": "first"})
        with pytest.raises(ParameterError, match=r"has not seen 'first', and also learned of 'lf_0'\."):
            AccuracyDisplay.from_estimator(model, renamed, planted.y)
        assert len(AccuracyDisplay.from_estimator(MajorityVote().fit(planted.votes)).table) == 10


class TestDependence:
    def test_cells_are_the_strengths_of_the_table_and_frames_its_groups(self, planted) -> None:
        table = dependencies(planted.votes)
        display = DependenceDisplay.from_votes(planted.votes)
        names = tick_labels(display.ax_.yaxis)
        assert set(names) >= {"lf_0", "lf_1", "lf_2"}
        cells = display.ax_.images[0].get_array()
        for first, second, strength in table[["first", "second", "strength"]].itertuples(index=False):
            assert (
                cells[names.index(first), names.index(second)]
                == cells[names.index(second), names.index(first)]
                == strength
            )
        assert cells.mask.sum() == len(names) ** 2 - 2 * len(table)
        frames = [(p.get_x() + 0.5, p.get_width()) for p in display.ax_.patches]
        sizes = table[table["group"] >= 0].groupby("group")[["first", "second"]].agg(set)
        assert [width for _, width in frames] == [len(a | b) for a, b in sizes.itertuples(index=False)]
        assert display.ax_.texts[0].get_text() == f"{cells[0, 1]:.2f}"

    def test_none_is_said_in_words(self) -> None:
        display = DependenceDisplay.from_votes(make_votes(n=500, m=3).votes)
        assert [text.get_text() for text in display.ax_.texts] == ["No two were found to depend on each other."]
        assert not display.ax_.images

    def test_of_many_the_strongest_groups_are_shown(self) -> None:
        """A hundred pairs of pairs: groups stay side by side, and the rest is counted."""
        pairs = [(f"lf_{2 * at}", f"lf_{2 * at + 1}", 1 - at / 200, at) for at in range(100)]
        table = pd.DataFrame(pairs, columns=["first", "second", "strength", "group"])
        display = DependenceDisplay(table, 10_000, 3000)
        assert tick_labels(display.ax_.yaxis) == [f"lf_{at}" for at in range(30)]
        assert "200 of these depend on others, in 100 pairs" in title(display)
        assert "30 with strongest dependence shown, 170 not" in title(display)
        assert len(display.ax_.patches) == 15

    def test_other_tables_are_errors(self) -> None:
        with pytest.raises(ParameterError, match="'first'"):
            DependenceDisplay(pd.DataFrame({"a": [1]}), 1, 1)
