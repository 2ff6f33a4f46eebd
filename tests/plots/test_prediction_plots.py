"""Plots of probabilities: bins, curves and bars hold what the rows say, and agree with the metrics."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from weaklab import metrics
from weaklab.datasets import make_votes
from weaklab.exceptions import GoldError, ParameterError, SoftLabelError
from weaklab.label_models import LabelModel
from weaklab.label_models.intervals import from_counts
from weaklab.plots import ClassBalanceDisplay, PosteriorDisplay, ReliabilityDisplay, RiskCoverageDisplay
from weaklab.votes import SoftLabels

pytest.importorskip("matplotlib")


@pytest.fixture
def probs(rng) -> np.ndarray:
    """Predictions of three classes, some of them tied."""
    out = rng.dirichlet(np.ones(3), 2000)
    out[:50] = [0.4, 0.4, 0.2]
    return out


@pytest.fixture
def y(rng, probs) -> np.ndarray:
    """Gold drawn from them, a fifth unknown."""
    gold = (probs.cumsum(axis=1) > rng.random((2000, 1))).argmax(axis=1)
    return np.where(rng.random(2000) < 0.2, -1, gold)


class TestPosterior:
    def test_bars_count_the_rows_of_each_bin(self) -> None:
        """Rows without votes stand on top, apart."""
        second = np.array([0.0, 0.1, 0.12, 0.5, 0.9, 1.0, 0.5])
        soft = SoftLabels(np.column_stack([1 - second, second]), [1, 1, 1, 1, 1, 1, 0], classes=("ham", "spam"))
        display = PosteriorDisplay.from_predictions(soft, bins=4)
        with_votes, without = display.ax_.containers
        assert [bar.get_height() for bar in with_votes] == [3, 0, 1, 2]
        assert [bar.get_height() for bar in without] == [0, 0, 1, 0]
        assert [bar.get_y() for bar in without] == [3, 0, 1, 2]
        assert [bar.get_x() for bar in with_votes] == [0, 0.25, 0.5, 0.75]
        assert display.ax_.get_xlabel() == "probability of class spam"
        assert "14.3% of the rows have no votes" in display.ax_.get_title(loc="left")

    def test_more_classes_show_the_likeliest_from_chance_on(self, probs) -> None:
        display = PosteriorDisplay.from_predictions(probs)
        assert display.edges[0] == pytest.approx(1 / 3)
        assert display.covered.sum() == 2000
        assert display.ax_.get_xlabel() == "probability of the likeliest class"

    def test_models_of_votes_and_of_data_are_asked(self, planted, model) -> None:
        assert PosteriorDisplay.from_estimator(model, planted.votes).soft.classes == ("ham", "spam")
        X = planted.votes.to_numpy()
        names = LogisticRegression().fit(X, np.where(planted.y == 1, "b", "a"))
        assert PosteriorDisplay.from_estimator(names, X).soft.classes == ("a", "b")
        assert PosteriorDisplay.from_estimator(LogisticRegression().fit(X, planted.y), X).soft.classes is None

    def test_what_gives_no_probabilities_is_an_error(self, planted) -> None:
        with pytest.raises(NotFittedError):
            PosteriorDisplay.from_estimator(LabelModel(), planted.votes)
        with pytest.raises(ParameterError, match="predict_proba"):
            PosteriorDisplay.from_estimator(object(), planted.votes)
        with pytest.raises(SoftLabelError, match="row 0"):
            PosteriorDisplay.from_predictions([[0.5, 0.9]])
        with pytest.raises(ParameterError, match="0"):
            PosteriorDisplay.from_predictions([[0.5, 0.5]], bins=0)


class TestReliability:
    def test_points_are_mean_confidence_and_accuracy_of_their_bin(self, probs, y) -> None:
        """By definition, row by row; and the error is that of the metrics."""
        display = ReliabilityDisplay.from_predictions(y, probs, bins=10)
        known = y >= 0
        confidence = probs[known].max(axis=1)
        right = np.array([metrics.expected_accuracy([g], [p]) for g, p in zip(y[known], probs[known], strict=True)])
        for start, stop, rows, mean, accuracy, low, high in display.table.itertuples(index=False):
            ours = (confidence > start) & (confidence <= stop)
            assert ours.sum() == rows
            if rows:
                assert (mean, accuracy) == pytest.approx((confidence[ours].mean(), right[ours].mean()))
                assert (low, high) == pytest.approx(
                    tuple(from_counts(right[ours].sum(keepdims=True), np.array([float(rows)]))[0])
                )
        assert display.error == pytest.approx(metrics.expected_calibration_error(y, probs))
        filled = display.table[display.table["rows"] > 0]
        points = display.ax_.containers[0][0]
        np.testing.assert_allclose(np.asarray(points.get_xdata(), float), filled["confidence"])
        np.testing.assert_allclose(np.asarray(points.get_ydata(), float), filled["accuracy"])

    def test_rows_of_each_bin_stand_above(self, probs, y) -> None:
        display = ReliabilityDisplay.from_predictions(y, probs)
        (above,) = display.ax_.child_axes
        assert [bar.get_height() for bar in above.containers[0]] == display.table["rows"].tolist()
        said = [text.get_text() for text in above.texts if text.get_text()]
        assert said == [f"{rows:,}" for rows in display.table["rows"] if rows]
        assert f"{(y >= 0).sum():,} rows with gold" in display.ax_.get_title(loc="left")

    def test_rows_can_be_chosen(self, planted, model) -> None:
        """Those with votes, for example: the others all have the prior."""
        covered = model.labels(planted.votes).covered
        gold = np.where(planted.y == 1, "spam", "ham")
        display = ReliabilityDisplay.from_estimator(model, planted.votes, gold, where=covered)
        assert display.table["rows"].sum() == covered.sum()
        with pytest.raises(ParameterError, match="where must be bools"):
            ReliabilityDisplay.from_estimator(model, planted.votes, gold, where=[0, 1])
        with pytest.raises(GoldError, match="is in where"):
            ReliabilityDisplay.from_estimator(model, planted.votes, gold, where=np.zeros(3000, bool))

    def test_no_gold_is_an_error(self, probs) -> None:
        with pytest.raises(GoldError, match="None of the 2,000 rows has gold"):
            ReliabilityDisplay.from_predictions(np.full(2000, -1), probs)


class TestRiskCoverage:
    def test_the_curve_is_the_error_rate_of_the_surest_rows(self, probs, y) -> None:
        """Row by row, rows that are equally sure kept together."""
        display = RiskCoverageDisplay.from_predictions(y, probs)
        known = y >= 0
        gold, told = y[known], probs[known]
        for confidence, coverage, risk, low, high in display.table.iloc[::97].itertuples(index=False):
            kept = told.max(axis=1) >= confidence
            assert coverage == pytest.approx(kept.mean())
            assert risk == pytest.approx(1 - metrics.expected_accuracy(gold, told, where=kept))
            assert low <= risk <= high or risk in (0, 1)
        line = display.ax_.lines[0]
        assert len(line.get_xdata()) <= 1000
        ends = line.get_xdata()[-1], line.get_ydata()[-1]
        assert ends == pytest.approx((1, 1 - metrics.expected_accuracy(y, probs)))

    def test_the_area_is_the_mean_risk_over_rows(self) -> None:
        told = [[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.6, 0.4]]
        display = RiskCoverageDisplay.from_predictions([0, 1, 0, 1], told)
        assert display.table["risk"].tolist() == [0, 0.5, 0.5]
        assert display.area == pytest.approx((0 + 0.5 + 0.5 + 0.5) / 4)

    def test_a_model_that_is_always_right_is_drawn_too(self) -> None:
        display = RiskCoverageDisplay.from_predictions([0, 0], [[1.0, 0.0], [1.0, 0.0]])
        assert display.ax_.lines[0].get_ydata() == [0]


class TestClassBalance:
    def test_bars_are_the_prior_and_the_shares_of_gold(self, planted, model) -> None:
        gold = np.where(planted.y == 1, "spam", "ham").astype(object)
        gold[::3] = None
        display = ClassBalanceDisplay.from_estimator(model, gold)
        bars = [drawn for drawn in display.ax_.containers if hasattr(drawn, "patches") and drawn.patches]
        np.testing.assert_allclose([bar.get_height() for bar in bars[0]], model.class_prior_)
        known = planted.y[np.arange(3000) % 3 > 0]
        np.testing.assert_allclose([bar.get_height() for bar in bars[1]], np.bincount(known) / len(known))
        assert [label.get_text() for label in display.ax_.get_xticklabels()] == ["ham", "spam"]
        assert "gold (2,000 rows), 90 % interval" in [
            text.get_text() for text in display.figure_.legends[0].get_texts()
        ]

    def test_of_many_classes_the_most_frequent_are_shown(self) -> None:
        """In their order, and it says how many are not."""
        planted = make_votes(n=3000, m=8, k=40, coverage=0.8)
        display = ClassBalanceDisplay.from_estimator(LabelModel(classes=40).fit(planted.votes))
        codes = [int(label.get_text()) for label in display.ax_.get_xticklabels()]
        assert len(codes) == 20
        assert codes == sorted(codes)
        assert "20 with largest shares shown, 20 not" in display.ax_.get_title(loc="left").replace("\n", " ")
        rest = display.table["estimated"].drop(codes)
        assert rest.max() <= display.table["estimated"][codes].min()

    def test_gold_that_is_none_is_an_error(self, model) -> None:
        with pytest.raises(NotFittedError):
            ClassBalanceDisplay.from_estimator(LabelModel())
        with pytest.raises(GoldError, match="None of the 2 rows"):
            ClassBalanceDisplay.from_estimator(model, [None, None])
        with pytest.raises(GoldError, match="'spma'"):
            ClassBalanceDisplay.from_estimator(model, pd.Series(["ham", "spma"]))
