"""The audit: its interval holds the truth as often as it says, with fewer gold rows than a simple sample."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from weaklab.datasets import make_votes
from weaklab.exceptions import GoldError, ParameterError, SoftLabelError
from weaklab.label_models import LabelModel
from weaklab.trust import audit, score_interval
from weaklab.trust.strata import allocate, cut
from weaklab.votes import SoftLabels

#: 1,000 runs of a true rate of .95 show less than this once in 43 times, and one of three less than this in 15.
LEAST = 0.95 - 2 * np.sqrt(0.95 * 0.05 / 1000)


def _world(k, seed):
    """Labels of accuracy .7 to .85, rows on which all votes are noise among them, and the truth."""
    planted = make_votes(n=4000, k=k, coverage=0.5, hard=0.1, random_state=seed)
    soft = LabelModel(classes=k).fit(planted.votes).labels(planted.votes)
    return planted.votes, soft, planted.y


def _runs(soft, y, n, runs, **options):
    """How often the interval held the truth, the mean estimate less the truth, and the mean width."""
    truth = (soft.codes() == y)[soft.covered].mean()
    held, estimates, widths = [], [], []
    for seed in range(runs):
        plan = audit(soft, n, random_state=seed, **options)
        found = plan.estimate(y[plan.rows])
        held.append(found.low <= truth <= found.high)
        estimates.append(found.accuracy)
        widths.append(found.high - found.low)
    return np.mean(held), np.mean(estimates) - truth, np.mean(widths), truth


def _simple_width(accuracy, n, size):
    """The mean width of Wilson's interval over simple random samples, by drawing them."""
    right = np.random.default_rng(0).hypergeometric(round(accuracy * size), size - round(accuracy * size), n, 400)
    bounds = [score_interval(np.array([hits]), np.array([n]), np.array([size]), 0.95) for hits in right.astype(float)]
    return np.mean([high - low for low, high in bounds])


@pytest.mark.slow
@pytest.mark.parametrize(("k", "seed"), [(2, 0), (4, 1), (3, 2)])
def test_the_interval_holds_the_truth_in_95_of_100_runs_with_fewer_rows(k, seed):
    """1,000 runs of 200 rows each; a simple random sample of as many, and of 10 % more, has wider intervals."""
    _, soft, y = _world(k, seed)
    held, bias, width, truth = _runs(soft, y, 200, 1000)
    assert held >= LEAST, held
    assert abs(bias) < 4 * width / 4 / np.sqrt(1000), bias  # a standard error is a quarter of the width
    size = int(soft.covered.sum())
    assert width < _simple_width(truth, 220, size), width


@pytest.mark.slow
@pytest.mark.parametrize(
    "right",
    [
        lambda confidence: 0.5 + 0.6 * (confidence - 0.5),
        lambda confidence: 1.4 - confidence,
        lambda confidence: np.full_like(confidence, 0.99),
    ],
    ids=["too sure", "upside down", "hardly ever wrong"],
)
def test_the_interval_holds_the_truth_whatever_confidence_is_worth(right):
    """Confidence decides the width alone; 60 rows are few, and .99 is far from a bell curve."""
    rng = np.random.default_rng(5)
    confidence = 0.5 + 0.5 * rng.beta(4, 1, 4000)
    y = (rng.random(4000) < right(confidence)).astype(int)
    soft = SoftLabels(np.column_stack([1 - confidence, confidence]))
    for n in (60, 200):
        held, bias, width, _ = _runs(soft, y, n, 1000)
        assert held >= LEAST - 0.01, (n, held)
        assert abs(bias) < width / np.sqrt(1000), bias


def test_hard_labels_are_sorted_by_votes():
    """Without confidences the share of votes for the label takes their place, and intervals get shorter."""
    votes, soft, y = _world(2, 0)
    hard = SoftLabels(np.eye(2)[soft.codes()], weight=soft.weight)
    _, _, plain, _ = _runs(hard, y, 200, 60)
    _, _, by_votes, _ = _runs(hard, y, 200, 60, votes=votes)
    assert by_votes < 0.97 * plain


def test_width_says_how_many_rows():
    """With confidences that hold, the interval is about as wide as asked, and narrower takes more rows."""
    rng = np.random.default_rng(0)
    confidence = 0.5 + 0.5 * rng.beta(4, 1, 20_000)
    y = (rng.random(20_000) < confidence).astype(int)
    soft = SoftLabels(np.column_stack([1 - confidence, confidence]))
    for width in (0.1, 0.05):
        plan = audit(soft, width=width)
        found = plan.estimate(y)
        assert 0.6 * width < found.high - found.low < 1.05 * width
        assert found.simple_rows > plan.n
    assert audit(soft, width=0.05).n > 3 * audit(soft, width=0.1).n


def test_all_rows_are_an_answer_without_doubt():
    """Who asks about every row knows the accuracy, and the interval says so."""
    soft = SoftLabels([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.5, 0.5]])
    plan = audit(soft, 4)
    found = plan.estimate([0, 1, 1, 0])
    assert sorted(plan.rows) == [0, 1, 2, 3]
    assert found.accuracy == found.low == found.high == 0.75
    assert found.simple_rows == 4


def test_gold_by_name_in_either_length():
    """For the rows asked, in their order, or for all rows; names are those of the labels."""
    _, soft, y = _world(2, 0)
    soft = soft.replace(classes=("ham", "spam"), index=pd.Index(np.arange(len(y)) + 7))
    plan = audit(soft, 100)
    names = np.array(["ham", "spam"])[y]
    whole = pd.Series(names, index=soft.index, dtype=object)
    whole[~np.isin(np.arange(len(y)), plan.rows)] = None
    assert plan.estimate(whole) == plan.estimate(names[plan.rows]) == plan.estimate(list(names[plan.rows]))
    assert plan.frame().index.tolist() == (plan.rows + 7).tolist()
    assert soft.covered[plan.rows].all()
    assert "100 rows; drawn at random:" in str(plan.estimate(whole))
    again = audit(soft, 100)
    assert np.array_equal(again.rows, plan.rows)
    assert not np.array_equal(audit(soft, 100, random_state=1).rows, plan.rows)


def test_one_stratum_is_wilsons_interval():
    """In closed form, with n - 1 for n and rows without end."""
    z = norm.ppf(0.975)
    for hits, n in ((9, 10), (0, 20), (20, 20), (37, 50)):
        p, a = hits / n, z**2 / (n - 1)
        centre, half = (p + a / 2) / (1 + a), np.sqrt(p * (1 - p) * a + a**2 / 4) / (1 + a)
        found = score_interval(np.array([float(hits)]), np.array([float(n)]), np.array([1e12]), 0.95)
        np.testing.assert_allclose(found, [centre - half, centre + half], atol=1e-6)


def test_rows_are_allocated_as_wanted_and_as_there_are():
    """Two or more each, none beyond its rows, all of them together."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        size = rng.integers(1, 40, rng.integers(1, 8))
        n = int(rng.integers(np.minimum(2, size).sum(), size.sum() + 1))
        count = allocate(n, rng.random(len(size)) + 0.01, size)
        assert count.sum() == n
        assert (count <= size).all()
        assert (count >= np.minimum(2, size)).all()
    assert allocate(100, np.array([0.2, 0.8]), np.array([500, 500])).tolist() == [20, 80]


def test_strata_share_the_deviation():
    """Each has its part, give or take a row."""
    deviation = np.random.default_rng(0).uniform(0.1, 0.5, 1000)
    stratum = cut(np.argsort(-deviation), deviation, 5)
    np.testing.assert_allclose(np.bincount(stratum, deviation), deviation.sum() / 5, atol=0.5)


@pytest.mark.parametrize(
    ("labels", "arguments", "error", "message"),
    [
        ([[0.5, 0.5]] * 9, {}, ParameterError, "n or width"),
        ([[0.5, 0.5]] * 9, {"n": 4, "width": 0.1}, ParameterError, "n or width"),
        ([[0.5, 0.5]] * 9, {"n": 10}, ParameterError, "there are 9 rows"),
        ([[0.5, 0.5]] * 9, {"n": 1}, ParameterError, "n=1"),
        ([[0.5, 0.5]] * 9, {"n": 4, "level": 95}, ParameterError, "level=95"),
        ([[0.5, 0.5]] * 9, {"width": 2}, ParameterError, "width=2"),
        ([[0.5, 0.5]] * 9, {"n": 4, "votes": [[0]] * 8}, ParameterError, "8 rows"),
        ([[np.nan, 0.5]] * 9, {"n": 4}, SoftLabelError, "row 0"),
        ([[1.0]] * 9, {"n": 4}, SoftLabelError, "k of 2 or more"),
        (SoftLabels([[0.5, 0.5]] * 9, weight=np.zeros(9)), {"n": 4}, SoftLabelError, "None of the 9 rows is covered"),
    ],
)
def test_bad_input_is_an_error(labels, arguments, error, message):
    """Also labels of one class, and those of which no row is covered."""
    with pytest.raises(error, match=message):
        audit(labels, **arguments)


def test_rows_that_were_not_answered_are_an_error():
    """To leave them out would bias the answer; so would gold of other rows."""
    plan = audit([[0.5, 0.5]] * 40, 12)
    with pytest.raises(GoldError, match=f"1 of the 12 rows have no gold, row {plan.rows[3]}"):
        plan.estimate([0, 0, 0, -1] + [0] * 8)
    with pytest.raises(GoldError, match="12 entries"):
        plan.estimate([0] * 13)
    with pytest.raises(GoldError, match="no class"):
        plan.estimate([2] * 12)
