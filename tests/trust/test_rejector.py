"""Rejectors: unknown classes are told from known ones, and thresholds keep what they say."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scipy.stats import spearmanr
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from weaklab.exceptions import FrameError, GoldError, ParameterError, VoteError
from weaklab.trust import Rejector, none_of_the_above, open_set_report

SCORES = ("knn", "mahalanobis", "msp", "max_logit", "energy")


@pytest.mark.slow
def test_neighbours_find_classes_that_the_encoder_knows(case):
    """Row 45: against the highest probability, AUROC is 3 points higher (the pilot: 10) and FPR95 10 points lower."""
    reports = [case.familiar_unknowns(seed) for seed in (0, 1, 2)]
    gain = [report.auroc["knn"] - report.auroc["msp"] for report in reports]
    fewer = [report.fpr95["msp"] - report.fpr95["knn"] for report in reports]
    assert np.mean(gain) >= 0.03, gain
    assert np.mean(fewer) >= 0.10, fewer


@pytest.mark.slow
def test_a_good_classifier_is_a_good_judge_of_unknowns(case):
    """Row 54: max-logit is level with the highest probability or better, and AUROC goes with accuracy in training."""
    runs = [case.unknown_digits(seed) for seed in range(5)]
    ahead = [run[-1].auroc["max_logit"] - run[-1].auroc["msp"] for run in runs]
    together = [
        spearmanr(
            [report.accuracy["max_logit"] for report in run], [report.auroc["max_logit"] for report in run]
        ).statistic
        for run in runs
    ]
    assert np.mean(ahead) >= -0.005, ahead
    assert np.mean(together) >= 0.5, together


def _known_and_far(seed, n=400):
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=n)
    centres = 4 * np.eye(5)[:3]
    return centres[y] + rng.normal(size=(n, 5)), y, 4 * np.eye(5)[np.full(100, 4)] + rng.normal(size=(100, 5))


@pytest.mark.parametrize("score", SCORES)
def test_unknown_rows_are_more_doubtful(score):
    """Higher is more doubtful, of every score; new known rows are kept as often as asked."""
    Z, y, far = _known_and_far(0)
    new, _, _ = _known_and_far(1, 2000)
    if score not in ("knn", "mahalanobis"):
        model = LogisticRegression().fit(Z, y)
        Z, new, far = (model.decision_function(part) for part in (Z, new, far))
    rejector = Rejector(score).fit(Z, y)
    threshold = rejector.threshold(coverage=0.9)
    assert threshold == rejector.threshold_
    assert 0.85 < 1 - rejector.rejects(new).mean() < 0.95
    assert np.median(rejector.score(far)) > np.median(rejector.score(new))
    np.testing.assert_allclose(rejector.score(Z[:0]), [])


def test_scores_are_their_formulas():
    """By hand, on two rows; the distance to the k-th neighbour by a loop."""
    logits = np.array([[2.0, 0.0, -1.0], [0.5, 0.4, 0.3]])
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(Rejector("msp").fit(logits).scores_, 1 - p.max(axis=1))
    np.testing.assert_allclose(Rejector("max_logit").fit(logits).scores_, [-2, -0.5])
    np.testing.assert_allclose(Rejector("energy").fit(logits).scores_, -np.log(np.exp(logits).sum(axis=1)))
    Z = np.random.default_rng(0).normal(size=(40, 3))
    unit = Z / np.linalg.norm(Z, axis=1, keepdims=True)
    far = np.sort(np.linalg.norm(unit[:, None] - unit[None], axis=2), axis=1)  # its own distance, 0, comes first
    near = Rejector("knn", k=4).fit(Z)
    np.testing.assert_allclose(near.scores_, far[:, 4], atol=1e-7)
    np.testing.assert_allclose(near.score(Z), far[:, 3], atol=1e-7)
    np.testing.assert_allclose(Rejector("knn", k=4).fit(sp.csr_array(Z)).scores_, near.scores_, atol=1e-7)


def test_mahalanobis_heeds_classes_and_how_rows_spread():
    """Between two classes is far from both, unless classes are not told; a wide direction counts less."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 200)
    Z = np.column_stack([10 * y + rng.normal(size=400), 5 * rng.normal(size=400)])
    told, untold = Rejector("mahalanobis").fit(Z, y), Rejector("mahalanobis").fit(Z)
    between, beside, beyond = [[5.0, 0.0]], [[0.0, 5.0]], [[-5.0, 0.0]]
    assert told.score(between)[0] > 10 * told.score(beside)[0]
    assert untold.score(between)[0] < untold.score(beyond)[0]
    np.testing.assert_allclose(told.score(between), 25, rtol=0.2)
    partly = np.where(np.arange(400) % 2 == 0, y, -1)
    np.testing.assert_array_equal(
        Rejector("mahalanobis").fit(Z, partly).score(Z), Rejector("mahalanobis").fit(Z[::2], y[::2]).score(Z)
    )


def test_a_threshold_by_risk_keeps_errors_below_it():
    """What is kept errs less often than the asked share, on rows that it was not chosen by."""
    rng = np.random.default_rng(0)
    Z = rng.normal([4, 0], 1, (4000, 2))
    wrong = rng.random(4000) < np.clip(np.abs(Z[:, 1]) / 4, 0, 1)
    rejector = Rejector("mahalanobis").fit(Z[:1000])
    rejector.threshold(risk=0.15, Z=Z[:2000], wrong=wrong[:2000])
    kept = ~rejector.rejects(Z[2000:])
    assert 0.3 < kept.mean() < 1
    assert wrong[2000:][kept].mean() <= 0.15 < wrong.mean()


def test_many_known_rows_are_sampled():
    """Neighbours are those among the drawn; the drawn rows are never their own, and the others are as new ones."""
    Z = np.random.default_rng(0).normal(size=(3000, 4)).astype(np.float32)
    few = Rejector(k=3, most=500).fit(Z)
    new = few.score(Z)
    assert (few.scores_ >= new - 1e-6).all()
    assert (few.scores_ > new + 1e-4).sum() == pytest.approx(500, abs=5)
    assert np.median(few.scores_) == pytest.approx(np.median(Rejector(k=18).fit(Z).scores_), rel=0.1)
    with pytest.raises(ParameterError, match="most=3"):
        Rejector(k=3, most=3).fit(Z)


@pytest.mark.parametrize("score", ["knn", "mahalanobis"])
def test_constant_features_doubt_nothing(score):
    """All rows are alike, and so is their doubt; a constant column beside others changes no decision of kNN's order."""
    Z = np.full((30, 4), 2.0)
    rejector = Rejector(score).fit(Z)
    assert np.ptp(rejector.scores_) < 1e-6
    rejector.threshold(coverage=0.9)
    assert not rejector.rejects(Z).any()
    assert rejector.score(Z + np.eye(4)[0]).min() > rejector.scores_.max()
    varied = np.random.default_rng(0).normal(size=(200, 4))
    varied[:, 2] = 7.0
    assert np.isfinite(Rejector(score).fit(varied).scores_).all()


@pytest.mark.parametrize(
    ("arguments", "Z", "error", "message"),
    [
        ({"score": "max_logits"}, [[1.0]], ParameterError, "Did you mean 'max_logit'"),
        ({"k": 0}, [[1.0]] * 9, ParameterError, "k=0"),
        ({"k": 10}, [[1.0]] * 10, FrameError, "11 known rows or more; there are 10"),
        ({"score": "mahalanobis"}, [[1.0]], FrameError, "two rows"),
        ({"score": "energy"}, [[1.0]] * 9, FrameError, "two classes or more"),
        ({}, [[1.0, np.nan]] * 20, FrameError, "row 0, column 1 is nan"),
        ({}, sp.csr_array([[0.0, np.inf]] * 20), FrameError, "row 0, column 1 is inf"),
        ({}, [["a"]] * 20, FrameError, "matrix of numbers"),
        ({}, [1.0] * 20, FrameError, "shape"),
    ],
)
def test_bad_input_is_an_error(arguments, Z, error, message):
    """It says what is wrong, and where; logits of one class too."""
    with pytest.raises(error, match=message):
        Rejector(**arguments).fit(Z)


def test_thresholds_need_what_they_need():
    """One of coverage and risk; rows with gold for the second; a fit, and a threshold, first."""
    rejector = Rejector(k=2).fit(np.random.default_rng(0).normal(size=(20, 2)))
    for arguments in ({}, {"coverage": 0.9, "risk": 0.1}):
        with pytest.raises(ParameterError, match="one of coverage, risk"):
            rejector.threshold(**arguments)
    with pytest.raises(ParameterError, match="rows with gold"):
        rejector.threshold(risk=0.1)
    with pytest.raises(ParameterError, match="coverage=1"):
        rejector.threshold(coverage=1)
    with pytest.raises(ValueError, match="how many to keep"):
        rejector.rejects([[0.0, 0.0]])
    with pytest.raises(FrameError, match="3 columns; known rows had 2"):
        rejector.score([[0.0, 0.0, 0.0]])


def test_it_is_an_estimator():
    """Cloned and set as scikit-learn does, though its argument has the name of its method."""
    copy = clone(Rejector("msp", k=3)).set_params(k=4)
    assert copy.get_params() == {"score": "msp", "k": 4, "most": 20_000}
    with pytest.raises(ParameterError, match="no parameter 'kk'"):
        copy.set_params(kk=1)


def test_reports_against_a_loop():
    """OSCR, AUROC and FPR95 by their definitions."""
    rng = np.random.default_rng(0)
    known, unknown, y = rng.normal(size=(80, 3)), 0.5 * rng.normal(size=(60, 3)), rng.integers(3, size=80)

    class Logits:
        classes_ = np.array([0, 1, 2])

        def decision_function(self, X):
            return X

    report = open_set_report(Logits(), known, y, unknown).loc["max_logit"]
    a, b, right = -known.max(axis=1), -unknown.max(axis=1), known.argmax(axis=1) == y
    assert report["auroc"] == pytest.approx((b[:, None] > a[None]).mean())
    points = [(0.0, 0.0), *(((b <= t).mean(), (right & (a <= t)).mean()) for t in np.sort(np.concatenate([a, b])))]
    area = sum((x2 - x1) * (y1 + y2) / 2 for (x1, y1), (x2, y2) in itertools.pairwise(points))
    assert report["oscr"] == pytest.approx(area)
    assert report["fpr95"] == pytest.approx((b <= np.sort(a)[75]).mean())
    assert report["accuracy"] == pytest.approx(right.mean())


def test_reports_on_bad_input():
    """No logits, no rows, and classes that the model does not know."""
    model = LogisticRegression().fit([[0.0], [1.0]], ["a", "b"])
    with pytest.raises(GoldError, match="'c' is not a class"):
        open_set_report(model, [[0.0]], ["c"], [[1.0]])
    with pytest.raises(GoldError, match="1 of the known rows"):
        open_set_report(model, [[0.0]], [None], [[1.0]])
    with pytest.raises(ParameterError, match="decision_function"):
        open_set_report(object(), [[0.0]], ["a"], [[1.0]])


def test_rows_without_votes_of_known_classes_are_kept():
    """Of those in the midst of rows with votes nearly all; of a class that no rule knows nearly none."""
    Z, y, far = _known_and_far(0)
    votes = np.where(np.arange(400)[:, None] % 2 == 0, y[:, None], -1)
    frame = pd.DataFrame(np.vstack([votes, np.full((100, 1), -1)]), columns=["rule"], index=np.arange(500) + 3)
    table = none_of_the_above(frame, np.vstack([Z, far]))
    assert table.index.equals(frame.index)
    assert not table["none"][table["covered"]].any()
    silent = table[~table["covered"]]
    assert silent["none"].iloc[-100:].mean() > 0.9
    assert silent["none"].iloc[:-100].mean() < 0.1
    with pytest.raises(VoteError, match="None of the 2 rows has a vote"):
        none_of_the_above([[-1], [-1]], [[0.0], [1.0]])
    with pytest.raises(FrameError, match="Z has 1 rows"):
        none_of_the_above([[-1], [0]], [[0.0]])
    with pytest.raises(ParameterError, match="is of logits"):
        none_of_the_above([[0]], [[0.0]], score="msp")
