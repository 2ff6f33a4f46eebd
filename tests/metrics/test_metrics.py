"""Scores against scikit-learn where both apply, against draws where ties count, and on what only weaklab knows."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from weaklab import metrics
from weaklab.exceptions import GoldError, ParameterError, SoftLabelError
from weaklab.votes import SoftLabels, break_ties


@st.composite
def cases(draw) -> tuple[np.ndarray, np.ndarray]:
    """Gold that is partly unknown, and vote counts with many ties."""
    n, k = draw(st.integers(1, 30)), draw(st.integers(2, 4))
    y = draw(hnp.arrays(np.int64, n, elements=st.integers(-1, k - 1)))
    y[0] = max(y[0], 0)
    counts = draw(hnp.arrays(np.int64, (n, k), elements=st.integers(0, 2)))
    return y, counts


def probabilities(n: int, k: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.ones(k), size=n)
    return rng.integers(0, k, size=n), probs


class TestHardPredictions:
    @given(cases())
    def test_accuracy_is_scikit_learn_s_on_rows_with_gold(self, case) -> None:
        """Rows without gold do not count, in either direction."""
        y, counts = case
        predictions = counts.argmax(axis=1)
        known = y >= 0
        assert metrics.accuracy(y, predictions) == pytest.approx(
            sklearn.metrics.accuracy_score(y[known], predictions[known])
        )

    @given(cases())
    def test_f1_is_scikit_learn_s_on_rows_with_gold(self, case) -> None:
        """Binary and macro, 0 where a class is neither there nor predicted."""
        y, counts = case
        predictions = counts.argmax(axis=1)
        known = y >= 0
        gold, guessed = y[known], predictions[known]
        binary = sklearn.metrics.f1_score(gold, guessed, labels=[1], average="macro", zero_division=0)
        macro = sklearn.metrics.f1_score(gold, guessed, average="macro", zero_division=0)
        assert metrics.f1(y, predictions) == pytest.approx(binary)
        assert metrics.f1(y, predictions, average="macro") == pytest.approx(macro)

    def test_a_row_without_prediction_is_wrong_or_ignored(self) -> None:
        """The caller says which: over all rows, or over those that something is said of."""
        y, predictions = [0, 1, 1, 0], [0, -1, 1, 1]
        assert metrics.accuracy(y, predictions) == 0.5
        assert metrics.accuracy(y, predictions, abstained="ignore") == pytest.approx(2 / 3)

    def test_abstention_lowers_recall_and_not_precision(self) -> None:
        """F1 of class 1: one hit, one miss by silence, no false alarm: precision 1, recall 1/2."""
        assert metrics.f1([1, 1, 0], [1, -1, 0]) == pytest.approx(2 / 3)

    def test_where_restricts_the_rows(self) -> None:
        """For scores over covered rows."""
        assert metrics.accuracy([0, 1, 1], [0, 0, 1], where=[True, False, True]) == 1.0
        assert metrics.f1([0, 1, 1], [0, 0, 1], where=np.array([True, False, True])) == 1.0


class TestTies:
    @given(cases())
    def test_expected_accuracy_is_the_mean_over_all_ways_to_break_ties(self, case) -> None:
        """By linearity, a row's credit is its chance to be right; enumerated per row here."""
        y, counts = case
        chances = []
        for label, row in zip(y, counts, strict=True):
            tied = np.flatnonzero(row == row.max())
            if label >= 0:
                chances.append(np.mean([label == choice for choice in tied]))
        assert metrics.expected_accuracy(y, counts) == pytest.approx(np.mean(chances))

    @given(cases())
    def test_without_ties_expectation_is_the_score(self, case) -> None:
        """A little more for the lowest class breaks every tie the way argmax does."""
        y, counts = case
        scores = counts - np.arange(counts.shape[1]) * 0.1
        predictions = scores.argmax(axis=1)
        assert metrics.expected_accuracy(y, scores) == pytest.approx(metrics.accuracy(y, predictions))
        assert metrics.expected_f1(y, scores) == pytest.approx(metrics.f1(y, predictions))

    def test_expected_f1_is_close_to_the_mean_of_draws(self) -> None:
        """A ratio of expectations: with 2,000 rows, within 0.005 of the mean over 200 draws, whose own error is below
        0.002."""
        rng = np.random.default_rng(0)
        counts = rng.integers(0, 3, size=(2000, 2))
        y = np.where(rng.random(2000) < 0.3, 1, 0)
        draws = [metrics.f1(y, break_ties(counts, "random", seed)) for seed in range(200)]
        assert metrics.expected_f1(y, counts) == pytest.approx(np.mean(draws), abs=0.005)

    def test_rounding_does_not_break_a_tie(self) -> None:
        """Sums in another order differ in the last bit: that is no opinion."""
        third = np.array([[1 / 3, 1 / 3 + 1e-14, 1 / 3 - 1e-14]])
        assert metrics.expected_accuracy([0], third) == pytest.approx(1 / 3)

    def test_no_positives_anywhere_is_zero(self) -> None:
        """0/0 is defined as 0, as the benchmarks do."""
        assert metrics.expected_f1([0, 0], [[1.0, 0.0], [1.0, 0.0]]) == 0.0
        assert metrics.f1([0, 0], [0, 0]) == 0.0


class TestProbabilities:
    @pytest.mark.parametrize("k", [2, 3, 5])
    def test_log_loss_is_scikit_learn_s(self, k) -> None:
        """On proper probabilities there is only one."""
        y, probs = probabilities(200, k)
        expected = sklearn.metrics.log_loss(y, probs, labels=range(k))
        assert metrics.log_loss(y, probs) == pytest.approx(expected)

    def test_a_certain_error_costs_the_floor(self) -> None:
        """Infinity would hide everything else."""
        assert metrics.log_loss([1], [[1.0, 0.0]], floor=1e-6) == pytest.approx(-np.log(1e-6))

    def test_brier_is_twice_scikit_learn_s_binary_one(self) -> None:
        """The original definition sums over both classes."""
        y, probs = probabilities(200, 2)
        expected = 2 * np.mean((probs[:, 1] - y) ** 2)
        assert metrics.brier_score(y, probs) == pytest.approx(expected)
        assert metrics.brier_score([0, 1], [[0.0, 1.0], [1.0, 0.0]]) == 2.0

    def test_calibration_error_by_hand(self) -> None:
        """Bin (0.6, 0.7]: confidence 0.65 on average, one of two right, gap 0.15; bin (0.9, 1]: 0.95, right, gap 0.05;
        weighted by rows: (2 * 0.15 + 1 * 0.05) / 3."""
        probs = [[0.7, 0.3], [0.4, 0.6 + 1e-6], [0.95, 0.05]]
        probs[1][0] = 1 - probs[1][1]
        assert metrics.expected_calibration_error([0, 0, 0], probs) == pytest.approx(0.35 / 3, abs=1e-5)

    def test_calibration_of_calibrated_probabilities_is_small(self) -> None:
        """50,000 draws in 10 bins: each bin's gap has a standard deviation below 0.5 / sqrt(rows), whose
        weighted sum is below 10 * 0.5 / sqrt(50,000) = 0.022; overconfidence of 0.2 is far above."""
        rng = np.random.default_rng(1)
        p = rng.random(50_000)
        probs = np.stack([1 - p, p], axis=1)
        y = (rng.random(50_000) < p).astype(int)
        assert metrics.expected_calibration_error(y, probs) < 0.022
        sharp = np.stack([p < 0.5, p >= 0.5], axis=1).astype(float)
        assert metrics.expected_calibration_error(y, sharp) > 0.2

    def test_the_edges_of_bins_are_closed_above(self) -> None:
        """0.7 belongs to (0.6, 0.7], though 0.7 * 10 is not 7 in binary; certainty belongs to the last bin."""
        for confidence in (0.7, 0.6, 1.0):
            probs = [[confidence, 1 - confidence], [confidence - 0.04, 1.04 - confidence]]
            pooled = abs((2 * confidence - 0.04) - 1) / 2  # one bin: gaps cancel within it
            assert metrics.expected_calibration_error([0, 1], probs) == pytest.approx(pooled)

    def test_soft_labels_are_taken_as_they_are(self) -> None:
        """They are arrays to whoever asks."""
        soft = SoftLabels([[0.5, 0.5], [0.2, 0.8]])
        assert metrics.expected_accuracy([0, 1], soft) == 0.75
        assert metrics.log_loss([-1, 1], soft) == pytest.approx(-np.log(0.8))
        assert metrics.brier_score([0, 1], soft, where=[True, False]) == 0.5


class TestRefusals:
    @pytest.mark.parametrize("score", [metrics.accuracy, metrics.f1])
    def test_hard_scores_name_what_does_not_fit(self, score) -> None:
        """Shapes, types, unknown classes."""
        with pytest.raises(ParameterError, match=r"predictions must be class codes of shape \(2,\)"):
            score([0, 1], [0])
        with pytest.raises(ParameterError, match="got float64"):
            score([0, 1], [0.0, 1.0])
        with pytest.raises(GoldError, match="y must be class codes"):
            score(["a", "b"], [0, 1])
        with pytest.raises(GoldError, match="row 1 is -2"):
            score([0, -2], [0, 1])
        with pytest.raises(GoldError, match="None of the 2 rows has gold"):
            score([-1, -1], [0, 1])
        with pytest.raises(GoldError, match="and is in where"):
            score([0, -1], [0, 1], where=[False, True])
        with pytest.raises(ParameterError, match="where must be bools"):
            score([0, 1], [0, 1], where=[0, 1])

    def test_unknown_rules_are_named(self) -> None:
        """With the nearest that exists."""
        with pytest.raises(ParameterError, match="Did you mean 'ignore'"):
            metrics.accuracy([0], [0], abstained="ignored")
        with pytest.raises(ParameterError, match="Did you mean 'macro'"):
            metrics.f1([0], [0], average="makro")
        with pytest.raises(GoldError, match="both gold and a prediction"):
            metrics.accuracy([0], [-1], abstained="ignore")

    @pytest.mark.parametrize(
        "score",
        [
            metrics.expected_accuracy,
            metrics.expected_f1,
            metrics.log_loss,
            metrics.brier_score,
            metrics.expected_calibration_error,
        ],
    )
    def test_soft_scores_name_what_does_not_fit(self, score) -> None:
        """Shapes, missing columns, NaN."""
        with pytest.raises(SoftLabelError, match=r"shape \(2, k\), a row per row of y; got \(1, 2\)"):
            score([0, 1], [[0.5, 0.5]])
        with pytest.raises(SoftLabelError, match="must be numbers"):
            score([0], [["a", "b"]])
        with pytest.raises(GoldError, match="y has class 2, and probs has 2 columns"):
            score([0, 2], [[0.5, 0.5]] * 2)
        with pytest.raises(SoftLabelError, match="row 1 is not finite"):
            score([0, 1], [[0.5, 0.5], [np.nan, 0.5]])

    @pytest.mark.parametrize("score", [metrics.log_loss, metrics.brier_score, metrics.expected_calibration_error])
    def test_probabilities_must_be_distributions(self, score) -> None:
        """Vote counts have no log-loss."""
        with pytest.raises(SoftLabelError, match=r"1 rows of probs are no distribution, for example \[2.0, 1.0\]"):
            score([0, 1], [[0.5, 0.5], [2.0, 1.0]])

    def test_numbers_out_of_range(self) -> None:
        """floor, bins, positive."""
        with pytest.raises(ParameterError, match="floor"):
            metrics.log_loss([0], [[1.0, 0.0]], floor=0)
        for bins in (0, 2.5, True):
            with pytest.raises(ParameterError, match="bins"):
                metrics.expected_calibration_error([0], [[1.0, 0.0]], bins=bins)
        with pytest.raises(ParameterError, match="positive=2 is no class"):
            metrics.expected_f1([0], [[1.0, 0.0]], positive=2)


def test_expected_macro_f1_is_macro_f1_where_nothing_is_tied():
    """The expectation over ties has one term then; classes that occur in neither do not count."""
    rng = np.random.default_rng(0)
    y, probs = rng.integers(-1, 3, 200), rng.dirichlet(np.ones(4), 200)
    probs[:, 3] = 0
    probs /= probs.sum(axis=1, keepdims=True)
    assert metrics.expected_f1(y, probs, average="macro") == pytest.approx(
        metrics.f1(y, probs.argmax(axis=1), average="macro")
    )
    assert metrics.expected_f1([0, 1], [[0.5, 0.5], [0.5, 0.5]], average="macro") == 0.5
    with pytest.raises(ParameterError, match="no average"):
        metrics.expected_f1(y, probs, average="micro")
