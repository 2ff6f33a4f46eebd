"""Plots of how a model came about and why: paths, histories, explanations, comparisons."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from weaklab.analysis import compare_label_models
from weaklab.datasets import make_votes
from weaklab.end_models import EndModel
from weaklab.exceptions import ClassError, ParameterError, VoteError
from weaklab.label_models import EBCC, DawidSkene, LabelModel, MajorityVote, WeightedVote
from weaklab.plots import ComparisonDisplay, ConvergenceDisplay, ExplanationDisplay, TrainingHistoryDisplay

pytest.importorskip("matplotlib")


def patches(ax) -> list[float]:
    return [bar.get_width() for bar in ax.patches]


def ticks(axis) -> list[str]:
    return [label.get_text() for label in axis.get_ticklabels()]


class TestConvergence:
    @pytest.mark.parametrize("kind", [LabelModel, DawidSkene])
    def test_the_line_is_the_path(self, planted, kind) -> None:
        model = kind().fit(planted.votes)
        ax = ConvergenceDisplay.from_estimator(model).ax_
        np.testing.assert_array_equal(ax.lines[0].get_ydata(), model.objective_path_)
        np.testing.assert_array_equal(ax.lines[0].get_xdata(), 1 + np.arange(len(model.objective_path_)))
        assert (ax.get_yscale() == "log") == (kind is LabelModel)
        assert "nats" in ax.get_ylabel()
        assert f"Convergence of {kind.__name__}: settled after" in ax.get_title(loc="left")

    def test_a_model_that_did_not_settle_says_so(self, planted) -> None:
        with pytest.warns(UserWarning, match="settle|converge"):
            model = DawidSkene(max_iter=2).fit(planted.votes)
        assert "not settled after" in ConvergenceDisplay.from_estimator(model).ax_.get_title(loc="left")

    def test_what_has_no_path_is_an_error(self, planted) -> None:
        with pytest.raises(ParameterError, match="MajorityVote had nothing to iterate"):
            ConvergenceDisplay.from_estimator(MajorityVote().fit(planted.votes))
        with pytest.raises(NotFittedError):
            ConvergenceDisplay.from_estimator(DawidSkene())
        with pytest.raises(ParameterError, match="LogisticRegression has no objective_path_"):
            ConvergenceDisplay.from_estimator(LogisticRegression().fit([[0], [1]], [0, 1]))


class TestTrainingHistory:
    def test_lines_are_the_losses_and_the_kept_epoch(self, rng) -> None:
        y = rng.integers(0, 2, 400)
        X = np.column_stack([y + rng.normal(size=400), rng.normal(size=400)])
        model = EndModel(max_epochs=4, patience=10).fit(X, y)
        ax = TrainingHistoryDisplay.from_estimator(model).ax_
        train, held_out, kept = ax.lines
        np.testing.assert_array_equal(train.get_ydata(), model.history_["train_loss"])
        np.testing.assert_array_equal(held_out.get_ydata(), model.history_["held_out_loss"])
        np.testing.assert_array_equal(held_out.get_xdata(), [1, 2, 3, 4])
        assert kept.get_xdata()[0] == model.best_epoch_
        assert train.get_linestyle() != held_out.get_linestyle()
        assert train.get_marker() != held_out.get_marker()
        assert f"{model.n_held_out_} held out" in ax.get_title(loc="left")

    def test_nothing_held_out_is_one_line(self) -> None:
        history = pd.DataFrame({"epoch": [1, 2], "train_loss": [0.7, 0.5], "held_out_loss": [np.nan, np.nan]})
        assert [line.get_label() for line in TrainingHistoryDisplay(history).ax_.lines] == ["trained on"]

    def test_what_has_no_history_is_an_error(self) -> None:
        with pytest.raises(NotFittedError):
            TrainingHistoryDisplay.from_estimator(EndModel())
        with pytest.raises(ParameterError, match="LogisticRegression has no history_"):
            TrainingHistoryDisplay.from_estimator(LogisticRegression().fit([[0], [1]], [0, 1]))
        with pytest.raises(ParameterError, match="'epoch'"):
            TrainingHistoryDisplay(pd.DataFrame({"loss": [1]}))
        with pytest.raises(ParameterError, match="no epochs"):
            TrainingHistoryDisplay(pd.DataFrame({"epoch": [], "train_loss": [], "held_out_loss": []}))


class TestExplanation:
    def test_rows_without_votes_count_among_the_rows(self) -> None:
        """Majority vote explains none of these, but they were given."""
        model = MajorityVote().fit([[0, 1], [1, 1]])
        with pytest.raises(VoteError, match="explains one row, got several"):
            ExplanationDisplay.from_estimator(model, [[1, 1], [-1, -1]])

    def test_a_row_without_votes_is_drawn_for_models_without_a_prior(self):
        """Majority vote has no step there: nothing, in all."""
        model = MajorityVote(classes=["ham", "spam"]).fit([[1, 0, 1], [0, 0, -1]])
        display = ExplanationDisplay.from_estimator(model, [-1, -1, -1])
        assert display.total == 0
        assert [label.get_text() for label in display.plot().ax_.get_yticklabels()] == ["in all"]

    def test_steps_lead_from_nothing_to_the_posterior(self, planted, model) -> None:
        """Each bar begins where the last ended; the last is the model's own log-odds."""
        row = planted.votes.iloc[[5]]
        display = ExplanationDisplay.from_estimator(model, row, target="spam")
        assert display.total == pytest.approx(logit(model.predict_proba(row)[0, 1]))
        bars = {bar.get_y(): bar for bar in display.ax_.patches}
        bars = [bars[at] for at in sorted(bars)]
        at = 0.0
        for bar in bars[:-1]:
            assert bar.get_x() == pytest.approx(at)
            at += bar.get_width()
        assert bars[-1].get_x() == 0
        assert bars[-1].get_width() == pytest.approx(at) == pytest.approx(display.total)
        table = model.explain(row)
        expected = (table["spam"] - table["ham"]).to_numpy()
        order = [0, *(1 + np.argsort(-np.abs(expected[1:]), kind="stable"))]
        np.testing.assert_allclose([bar.get_width() for bar in bars[:-1]], expected[order])
        names = [f"{name}: {vote}" if vote else name for name, vote in zip(table.index, table["vote"], strict=True)]
        assert ticks(display.ax_.yaxis) == [*(names[at] for at in order), "in all"]

    def test_sets_and_distributions_are_said_in_words(self) -> None:
        """No reader should have to read a tuple of Python."""
        from weaklab.label_models import ContinuousModel, PartialLabelModel
        from weaklab.votes import PartialVotes, SoftVotes

        sets = PartialVotes([[0b01, 0b11, 0b10], [0b01, 0b11, 0b01]] * 20, k=2, names=("a", "b", "c"))
        model = PartialLabelModel(classes=["ham", "spam"]).fit(sets)
        display = ExplanationDisplay.from_explanation(model.explain(sets).loc[0])
        assert "b: ham or spam" in display.steps.index
        soft = SoftVotes([[[0.8, 0.2], [0.3, 0.7], [0.6, 0.4]], [[0.2, 0.8], [0.3, 0.7], [0.4, 0.6]]] * 20)
        model = ContinuousModel(classes=["ham", "spam"]).fit(soft)
        assert "column 0: ham (80%)" in ExplanationDisplay.from_explanation(model.explain(soft).loc[0]).steps.index

    def test_one_row_of_several_is_drawn_and_several_are_refused(self, planted, model) -> None:
        """Steps of two rows in one waterfall would add up to nobody's log-odds."""
        rows = planted.votes.iloc[[5, 7]]
        with pytest.raises(VoteError, match=r"one row, got 2.*table\.loc"):
            ExplanationDisplay.from_estimator(model, rows)
        shown = ExplanationDisplay.from_explanation(model.explain(rows).loc[rows.index[1]])
        assert shown.total == pytest.approx(ExplanationDisplay.from_estimator(model, rows[1:]).total)

    @pytest.mark.parametrize("kind", [EBCC, DawidSkene])
    def test_every_model_that_has_log_odds_adds_up(self, planted, kind) -> None:
        """Where votes do not add up, a step of its own says what they make together."""
        fitted = kind().fit(planted.votes)
        row = planted.votes.iloc[[7]]
        display = ExplanationDisplay.from_estimator(fitted, row, target=1, against=0)
        assert display.total == pytest.approx(logit(fitted.predict_proba(row)[0, 1]))
        assert ("(together)" in ticks(display.ax_.yaxis)) == (kind is EBCC)

    def test_votes_and_shares_are_called_so(self) -> None:
        """Majority vote has no log-odds, and none are claimed."""
        votes = make_votes(n=300, m=5).votes
        by_count = ExplanationDisplay.from_estimator(MajorityVote().fit(votes), [1, 0, 1, 1, -1])
        assert (by_count.total, by_count.unit) == (2, "votes")
        assert by_count.ax_.get_xlabel() == "for 1 less for 0 (votes)"
        assert "%" not in by_count.ax_.get_title(loc="left")
        weighted = WeightedVote().fit(votes)
        by_share = ExplanationDisplay.from_estimator(weighted, [1, 0, 1, 1, -1], target=1)
        assert by_share.unit == "shares of the vote"
        share = weighted.predict_proba([[1, 0, 1, 1, -1]])[0]
        assert by_share.total == pytest.approx(share[1] - share[0])

    def test_of_many_votes_the_rest_is_one_step(self) -> None:
        """Three hundred functions on one row; nothing is lost."""
        planted = make_votes(n=100, m=300, coverage=0.3)
        row = planted.votes.iloc[[0]]
        display = ExplanationDisplay.from_estimator(LabelModel().fit(planted.votes), row)
        names = ticks(display.ax_.yaxis)
        assert len(names) == 1 + 30 + 1 + 1
        assert names[-2] == f"{(row >= 0).to_numpy().sum() - 30:,} other votes"
        assert sum(patches(display.ax_)[:-1]) == pytest.approx(display.total)

    def test_classes_can_be_chosen(self) -> None:
        """By default the likeliest against the next."""
        planted = make_votes(n=500, m=6, k=3, coverage=0.9)
        fitted = LabelModel(classes=["a", "b", "c"]).fit(planted.votes)
        row = planted.votes.iloc[[0]]
        first, second, third = fitted.classes_[np.argsort(-fitted.predict_proba(row)[0])]
        display = ExplanationDisplay.from_estimator(fitted, row)
        assert (display.target, display.against) == (first, second)
        assert "between these two" in display.ax_.get_title(loc="left")
        assert ExplanationDisplay.from_estimator(fitted, row, target=third).against == first
        assert ExplanationDisplay.from_estimator(fitted, row, against=first).target == second

    def test_what_explains_nothing_is_an_error(self, planted, model) -> None:
        with pytest.raises(VoteError, match="one row"):
            ExplanationDisplay.from_estimator(model, planted.votes)
        with pytest.raises(ClassError, match="Did you mean 'spam'"):
            ExplanationDisplay.from_estimator(model, planted.votes.iloc[0], target="spma")
        with pytest.raises(ParameterError, match="two classes"):
            ExplanationDisplay.from_estimator(model, planted.votes.iloc[0], target="spam", against="spam")
        with pytest.raises(NotFittedError):
            ExplanationDisplay.from_estimator(LabelModel(), [0])
        with pytest.raises(ParameterError, match="'vote'"):
            ExplanationDisplay.from_explanation(pd.DataFrame({"a": [1]}))


class TestComparison:
    table = pd.DataFrame(
        {
            "f1": [0.7, 0.9, np.nan],
            "from": [0.6, 0.85, np.nan],
            "to": [0.75, 0.92, np.nan],
            "said": ["", "better", None],
        },
        index=["MajorityVote", "LabelModel", "failed"],
    )

    def test_points_and_whiskers_are_the_table(self) -> None:
        """The best first; a model without a score is left out; the verdict stands beside."""
        display = ComparisonDisplay.from_table(
            self.table, score="f1", low="from", high="to", verdict="said", baseline="MajorityVote", facts="9 rows"
        )
        ax = display.ax_
        assert ticks(ax.yaxis) == ["LabelModel", "MajorityVote"]
        models, base = ax.containers
        assert (models[0].get_xdata(), models[0].get_ydata()) == ([0.9], [0])
        assert (base[0].get_xdata(), base[0].get_ydata()) == ([0.7], [1])
        np.testing.assert_allclose(models[2][0].get_segments()[0][:, 0], [0.85, 0.92])
        np.testing.assert_allclose(base[2][0].get_segments()[0][:, 0], [0.6, 0.75])
        assert [label.get_text() for label in ax.child_axes[0].get_yticklabels()] == ["better", ""]
        assert ax.lines[-1].get_xdata() == [0.7, 0.7]
        assert ax.get_xlabel() == "f1"
        assert "9 rows; 2 models" in ax.get_title(loc="left")

    def test_a_score_without_interval_has_no_whisker(self) -> None:
        table = pd.DataFrame({"accuracy": [0.9], "low": [np.nan], "high": [np.nan]}, index=["only"])
        drawn = ComparisonDisplay.from_table(table, score="accuracy").ax_.containers[0]
        assert drawn[2][0].get_segments()[0][:, 0].tolist() == [0.9, 0.9]

    def test_tables_of_compare_label_models_need_no_names(self) -> None:
        """Each score has bounds of its own there, and the reference says that it is one."""
        scores = {"accuracy": [0.9, 0.8], "accuracy_low": [0.85, 0.7], "accuracy_high": [0.92, 0.86]}
        table = pd.DataFrame(
            scores | {"low": 0.0, "verdict": ["better", "reference"]}, index=["LabelModel", "MajorityVote"]
        )
        display = ComparisonDisplay.from_table(table, score="accuracy")
        assert display.baseline == "MajorityVote"
        assert display.table[["low", "high"]].to_numpy().tolist() == [[0.85, 0.92], [0.7, 0.86]]
        planted = make_votes(n=300, m=5, coverage=0.6, random_state=0)
        models = [MajorityVote(), LabelModel()]
        table = compare_label_models(planted.votes, planted.y, models=models, progress=False)
        display = ComparisonDisplay.from_table(table)
        assert (display.score, display.baseline) == ("accuracy", "MajorityVote")
        assert display.table["score"].to_dict() == table["accuracy"].to_dict()

    def test_without_gold_the_difference_from_the_reference_is_drawn(self) -> None:
        """Held-out votes have no interval of their own, but their difference has; the reference stands at 0."""
        planted = make_votes(n=300, m=5, coverage=0.6, random_state=0)
        table = compare_label_models(planted.votes, models=[LabelModel], progress=False)
        display = ComparisonDisplay.from_table(table)
        assert display.baseline == "MajorityVote"
        low, high = table.loc["LabelModel", ["difference_low", "difference_high"]]
        assert display.table.loc["LabelModel", ["low", "high"]].tolist() == [low, high]
        assert display.table.loc["MajorityVote", ["score", "low", "high"]].tolist() == [0, 0, 0]
        assert display.ax_.get_xlabel() == "held_out less that of MajorityVote"
        assert display.ax_.lines[-1].get_xdata() == [0, 0]
        assert f"n = {table.attrs['covered']} rows" in display.ax_.get_title(loc="left")
        assert "model, with its 95 % interval" in display.ax_.get_legend_handles_labels()[1]

    def test_columns_and_models_that_are_not_there_are_errors(self) -> None:
        with pytest.raises(ParameterError, match=r"no column 'f2'.*There is: 'f1'"):
            ComparisonDisplay.from_table(self.table, score="f2", low="from", high="to")
        with pytest.raises(ParameterError, match="no model 'MajorityVot'"):
            ComparisonDisplay.from_table(self.table, score="f1", low="from", high="to", baseline="MajorityVot")
        with pytest.raises(ParameterError, match="No model has a 'f1'"):
            ComparisonDisplay.from_table(self.table.iloc[2:], score="f1", low="from", high="to")
