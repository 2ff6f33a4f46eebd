"""Which rows are trained on, how much each weighs, and what the report says of it."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from weaklab.datasets import make_votes
from weaklab.end_models import (
    CoTeaching,
    EndModel,
    FitReport,
    LossTerm,
    Selection,
    SoftCrossEntropy,
    SoftLabelClassifier,
)
from weaklab.exceptions import ParameterError, SoftLabelError, WeaklabWarning
from weaklab.label_models import LabelModel
from weaklab.votes import SoftLabels

LINEAR = {"hidden": None, "max_epochs": 10, "learning_rate": 0.05}


@pytest.fixture(scope="module")
def weak():
    """2,000 rows, two classes told by a column with noise, ten labeling functions on a fifth of the rows each."""
    planted = make_votes(n=2000, m=10, coverage=0.2, accuracy=0.75, random_state=5)
    rng = np.random.default_rng(5)
    X = rng.normal(size=(2000, 5))
    X[:, 0] += 2 * planted.y - 1
    return X, planted.y, LabelModel().fit(planted.votes).labels(planted.votes)


def test_covered_rows_are_the_default(weak):
    """Rows without votes say the class prior and nothing else."""
    X, _, soft = weak
    report = EndModel(**LINEAR).fit(X, soft).fit_report_
    assert report.n_trained + report.n_held_out == soft.covered.sum() < 2000
    assert report.n_rows == 2000


def test_all_takes_rows_without_votes_too(weak):
    """For models that shall also learn the prior."""
    X, _, soft = weak
    report = EndModel(**LINEAR, which="all").fit(X, soft).fit_report_
    assert report.n_trained + report.n_held_out == 2000
    uncovered = soft.replace(weight=np.zeros(2000))
    with pytest.raises(SoftLabelError, match="All 2,000 rows have weight 0"):
        EndModel(**LINEAR).fit(X, uncovered)
    assert EndModel(**LINEAR, which="all").fit(X, uncovered).n_rows_ == 1800


def test_rows_without_votes_can_be_learnt_from_without_labels(weak):
    """With weight 0, and never held out; covered rows weigh so much more that the mean over all stays 1."""
    X, _, soft = weak
    gold = np.full(2000, -1)
    uncovered = np.flatnonzero(~soft.covered)
    gold[uncovered[:5]] = 1
    steps = []

    def spy(step):
        steps.append(step)
        return 0 * step.logits.sum()

    sample_weight = np.ones(2000)
    sample_weight[uncovered[5:20]] = 0
    options = {**LINEAR, "max_epochs": 1, "which": "semi-supervised"}
    model = EndModel(loss=SoftCrossEntropy() + LossTerm(spy), **options)
    model.fit(X, soft.replace(gold=gold), sample_weight)
    index, weight = torch.cat([step.index for step in steps]), torch.cat([step.weight for step in steps])
    assert set(index[weight == 0].tolist()) == set(uncovered[20:])  # gold and sample_weight=0 stay out
    labelled = soft.covered | (gold >= 0)
    assert labelled[index[weight > 0]].all()
    assert model.n_held_out_ == int(0.1 * labelled.sum())
    assert model.n_rows_ == len(index) == labelled.sum() - model.n_held_out_ + len(uncovered) - 20
    assert model.fit_report_.effective_rows == pytest.approx(int((weight > 0).sum()))
    total = len(index) + model.n_held_out_
    assert weight[weight > 0][0].item() == pytest.approx(total / labelled.sum(), rel=1e-5)


def test_rows_without_labels_change_nothing_where_no_term_uses_them(weak):
    """Their weight is 0: a linear classifier, trained on all rows at once, is the same but for where it stops."""
    X, _, soft = weak
    options = {"hidden": None, "validation_fraction": 0, "weight_decay": 0, "tolerance": 1e-7}
    covered, both = (EndModel(**options, which=which).fit(X, soft) for which in ("covered", "semi-supervised"))
    np.testing.assert_allclose(both.predict_proba(X), covered.predict_proba(X), atol=1e-3)


def test_who_goes_by_labels_refuses_rows_without(weak):
    X, _, soft = weak
    with pytest.raises(ParameterError, match="semi-supervised"):
        EndModel(peers=CoTeaching(), which="semi-supervised").fit(X, soft)
    with pytest.raises(ParameterError, match="semi-supervised"):
        SoftLabelClassifier(LogisticRegression(), which="semi-supervised").fit(X, soft)


def test_confident_rows_are_the_upper_half_of_each_class():
    """By class, or the rarer class would vanish where its votes are weaker."""
    confidence = np.concatenate([np.linspace(0.8, 0.99, 20), np.linspace(0.55, 0.6, 10)])
    probs = np.column_stack([confidence, 1 - confidence])
    probs[20:] = probs[20:, ::-1]
    weight = np.ones(30)
    half = Selection("confident").weights(probs, weight)
    assert (half[:20] > 0).sum() == 10
    assert (half[20:] > 0).sum() == 5
    assert half[10:20].all()
    assert half[25:].all()
    assert (Selection(0.1).weights(probs, weight) > 0).sum() == 3
    assert (Selection(1.0).weights(probs, weight) > 0).sum() == 30
    weight[[19, 29]] = 0  # rows without votes are never confident
    assert not Selection("confident").weights(probs, weight)[[19, 29]].any()


def test_ties_of_confidence_are_all_in():
    """Few vote patterns mean many ties; which of them are in must not hang on the order of the rows."""
    probs = np.array([[0.9, 0.1]] * 3 + [[0.6, 0.4]])
    assert Selection(0.25).weights(probs, None).tolist() == [1, 1, 1, 0]


def test_weights_by_confidence_are_zero_at_uniform_and_one_at_certain():
    """With three classes."""
    probs = np.array([[1.0, 0.0, 0.0], [1 / 3] * 3, [0.5, 0.5, 0.0]])
    np.testing.assert_allclose(Selection(weight="confidence").weights(probs, np.full(3, 2.0)), [2, 0, 0.5], atol=1e-12)


def test_ties_that_keep_far_more_than_the_share_are_told():
    """Votes of one labeling function give all its rows one confidence: a tenth of them is all of them."""
    y = np.arange(400) % 2
    tied = np.column_stack([0.9 - 0.8 * y, 0.1 + 0.8 * y])
    with pytest.warns(WeaklabWarning, match=r"which=0\.1 keeps 400 of 400 rows \(100%\).*ties are kept"):
        assert EndModel(which=0.1, max_epochs=1).fit(np.c_[y, y], tied).n_rows_ == 360
    for share, kept in (("confident", 400), (0.9, 400)):  # twice of either is more than there is
        with pytest.warns(WeaklabWarning, match=f"{share!r} keeps {kept} of 400"):
            assert (Selection(share).weights(tied, None) > 0).sum() == kept
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (Selection("confident").weights(np.repeat([[0.9, 0.1], [0.6, 0.4]], 50, axis=0), None) > 0).sum() == 50
        assert (Selection(1.0).weights(tied, None) > 0).all()
        spread = tied + np.where(tied > 0.5, 1, -1) * np.linspace(0, 0.05, 400)[:, None]
        EndModel(which=0.1, max_epochs=1).fit(np.c_[y, y], spread)


def test_confident_rows_are_right_more_often(weak):
    """Else choosing by confidence would be of no use."""
    X, y, soft = weak
    chosen = Selection("confident").weights(soft.probs, soft.weight) > 0
    right = soft.codes() == y
    assert right[chosen].mean() > right[soft.covered].mean() + 0.03
    for options in ({"which": "confident"}, {"weight": "confidence"}, {"which": 0.3, "weight": "confidence"}):
        model = EndModel(**LINEAR, **options).fit(X, soft)
        assert model.score(X, y) > 0.75
        inner = SoftLabelClassifier(LogisticRegression(), **options).fit(X, soft)
        assert inner.score(X, y) > 0.75


def test_gold_has_a_weight_of_its_own(weak):
    """Votes say the opposite of gold: which of the two is learnt is a matter of weight."""
    X, y, _ = weak
    gold = np.where(np.arange(2000) % 4 == 0, y, -1)
    wrong = SoftLabels(np.where((y == 0)[:, None], [0.2, 0.8], [0.8, 0.2]), weight=np.ones(2000), gold=gold)
    scores = {w: EndModel(**LINEAR, gold_weight=w).fit(X, wrong).score(X, y) for w in (None, 0.1, 20.0)}
    assert scores[0.1] < 0.3
    assert scores[None] < 0.5
    assert scores[20.0] > 0.75
    assert SoftLabelClassifier(LogisticRegression(), gold_weight=20.0).fit(X, wrong).score(X, y) > 0.75


@pytest.mark.parametrize("options", [{}, {"which": 0.5}, {"weight": "confidence"}, {"gold_weight": 1.0}])
def test_gold_is_trained_on_with_votes_or_without(weak, options):
    """A few gold rows where no labeling function votes are the most valuable of all; the baseline has them too."""
    X, y, soft = weak
    gold = np.where(~soft.covered, y, -1)
    assert (gold >= 0).sum() > 50
    known = soft.replace(gold=gold)
    model = EndModel(**LINEAR, **options, monitor="soft").fit(X, known)
    report, chosen = model.fit_report_, Selection(**{**options, "gold_weight": 0.0}).weights(soft.probs, soft.weight)
    assert model.n_rows_ + model.n_held_out_ == (chosen > 0).sum() + (gold >= 0).sum()
    assert report.n_gold == (gold >= 0).sum() == report.gold_only_rows
    assert report.n_gold_scored < 0.2 * report.n_gold  # of a tenth held out


def test_gold_without_votes_is_left_out_where_weights_say_so(weak):
    """``gold_weight=0`` and ``sample_weight`` go before; and the label model has no part in what it says nothing of."""
    X, y, soft = weak
    known = soft.replace(gold=np.where(~soft.covered, y, -1))
    covered = soft.covered.sum()
    for options, weight in (({"gold_weight": 0}, None), ({}, soft.covered.astype(float))):
        model = EndModel(**LINEAR, **options).fit(X, known, weight)
        assert model.n_rows_ + model.n_held_out_ == covered
        assert model.fit_report_.n_gold_scored == model.fit_report_.n_gold
    gold_held_out = EndModel(**LINEAR, monitor="gold").fit(X, known).fit_report_
    assert np.isnan(gold_held_out.agreement)
    only = soft.replace(weight=np.zeros(2000), gold=y)
    assert EndModel(**LINEAR).fit(X, only).score(X, y) > 0.8


def test_the_report_scores_gold_that_was_not_trained_on_beside_gold_alone(weak):
    """400 gold rows, five columns: gold alone does as well, which a report must not hide."""
    X, y, soft = weak
    gold = np.where(np.arange(2000) < 400, y, -1)
    report = EndModel(**LINEAR, gold_weight=0).fit(X, soft.replace(gold=gold)).fit_report_
    assert report.n_gold == report.n_gold_scored == report.gold_only_rows == 400
    assert report.n_trained + report.n_held_out == soft.covered[400:].sum()
    assert 0.75 < report.gold_score <= 1
    assert 0.75 < report.gold_only_score <= 1
    few = np.where(np.arange(2000) < 12, y, -1)
    few = EndModel(**LINEAR, gold_weight=0).fit(X, soft.replace(gold=few)).fit_report_
    assert few.gold_only_rows == 12
    mixed = EndModel(**LINEAR, gold_weight=5.0).fit(X, soft.replace(gold=gold)).fit_report_
    assert 20 < mixed.n_gold_scored < 80  # a tenth was held out


def test_wrong_votes_lose_to_gold_alone_and_the_report_says_so(weak):
    """The advice is the point of the report."""
    X, y, _ = weak
    gold = np.where(np.arange(2000) < 300, y, -1)
    wrong = SoftLabels(np.where((y == 0)[:, None], [0.2, 0.8], [0.8, 0.2]), weight=np.ones(2000), gold=gold)
    report = EndModel(**LINEAR, gold_weight=0).fit(X, wrong).fit_report_
    assert report.gold_only_score > report.gold_score + 0.3
    assert "300 gold rows alone does better" in report.advice
    assert report.advice in str(report)
    assert "does better" in report._repr_html_()
    right = wrong.replace(probs=1 - wrong.probs, gold=np.where(np.arange(2000) < 60, y, -1))
    noisy = np.column_stack([X, np.random.default_rng(0).normal(size=(2000, 60))])
    assert "Worth it" in EndModel(**LINEAR, gold_weight=0).fit(noisy, right).fit_report_.advice


def test_effective_rows_follow_the_weights(weak):
    """A few heavy rows tell as much as those few."""
    X, y, _ = weak
    weight = np.where(np.arange(2000) < 100, 1000.0, 0.001)
    report = EndModel(**LINEAR, validation_fraction=0).fit(X, y, sample_weight=weight).fit_report_
    assert report.effective_rows == pytest.approx(100, rel=0.01)
    assert np.isnan(report.held_out_loss)
    assert report.n_held_out == 0
    even = EndModel(**LINEAR).fit(X, y).fit_report_
    assert even.effective_rows == pytest.approx(1800)
    assert even.held_out_loss == pytest.approx(EndModel(**LINEAR).fit(X, y).history_["held_out_loss"].min())
    assert even.agreement > 0.75
    assert even.advice == ""
    assert "gold" not in str(even)
    assert even.to_frame().index.tolist()[0] == "rows given"


def test_a_report_says_when_gold_was_all_trained_on():
    """Scores of rows that were trained on would flatter."""
    report = FitReport(100, 100, 0, 100.0, float("nan"), 0.9, n_gold=50)
    assert "gold_weight=0" in report.advice
    even = FitReport(100, 90, 10, 90.0, 0.4, 0.9, 100, 100, 0.80, 0.81, 100)
    assert "about as well" in even.advice
    assert "it takes 10 gold rows" in FitReport(100, 90, 10, 90.0, 0.4, 0.9, 5, 5, 0.80).advice
    X = np.random.default_rng(0).normal(size=(100, 3))
    y = (X[:, 0] > 0).astype(int)
    soft = np.eye(2)[y] * 0.8 + 0.1
    for known, words in (
        (50, r"50 gold rows alone is right on \d\d% of those it has not seen"),
        (5, "it takes 10 gold"),
    ):
        gold = np.where(np.arange(100) < known, y, -1)
        report = EndModel(**LINEAR, validation_fraction=0).fit(X, SoftLabels(soft, gold=gold)).fit_report_
        assert report.n_gold_scored == 0
        assert np.isnan(report.gold_score)
        assert np.isnan(report.gold_only_score) == (known == 5)
        assert re.search(f"none is left to score on: gold_weight=0.*{words}", report.advice)


@pytest.mark.parametrize(
    ("scored", "won", "lost", "words"),
    [
        (3, 0, 1, "too few gold rows to tell"),
        (15, 5, 0, "too few gold rows to tell"),  # chance does that to one of 16 pairs of equals
        (15, 6, 0, "Worth it.*6 are right here alone and 0 there alone"),
        (40, 1, 12, "does better.*let gold count more"),
        (200, 1, 12, "does better.*train on gold too"),
        (1000, 30, 31, "about as well"),
        (100, 20, 20, "too few gold rows to tell"),
    ],
)
def test_a_verdict_is_one_that_chance_does_not_give(scored, won, lost, words):
    """A row or three would else decide, and the advice must not be to do what is done."""
    report = FitReport(2000, 1800, 200, 1800.0, 0.4, 0.9, max(200, scored), scored, 0.5, 0.5, 200, won, lost)
    assert re.search(words, report.advice)


@pytest.mark.slow
def test_pure_noise_gets_no_verdict():
    """15 gold rows, and labels that nothing tells, over 20 seeds."""
    verdicts = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(300, 5)), rng.integers(0, 2, 300)
        soft = SoftLabels(np.eye(2)[rng.integers(0, 2, 300)] * 0.8 + 0.1, gold=np.where(np.arange(300) < 15, y, -1))
        for weight in (0, None):
            report = EndModel(**LINEAR, gold_weight=weight).fit(X, soft).fit_report_
            verdicts += "too few" not in report.advice and "none is left" not in report.advice
    assert verdicts <= 4  # of 40; the test is exact, so each has a chance of 5 % at most


def test_the_cause_is_named_where_no_row_is_left():
    """Labeling functions are not to blame for what an argument, or gold on every row, has done."""
    X, probs, y = np.eye(4), np.array([[0.5, 0.5]] * 4), np.arange(4) % 2
    cases = (
        ({"gold_weight": 0}, SoftLabels(probs, gold=y), "gold_weight=0 keeps the 4 rows with gold for scoring"),
        ({"gold_weight": 0}, SoftLabels(probs, weight=[1, 0, 1, 0], gold=[0, -1, 1, -1]), "keeps the 2 rows with gold"),
        ({"weight": "confidence"}, probs, "weight='confidence' gives 0.*all of the 4 rows"),
        ({}, SoftLabels(probs, weight=np.zeros(4)), "where no labeling function votes"),
    )
    for options, soft, message in cases:
        with pytest.raises(SoftLabelError, match=f"All 4 rows have weight 0.*{message}"):
            EndModel(**options).fit(X, soft)
    with pytest.raises(SoftLabelError, match="to which sample_weight gives"):
        EndModel().fit(X, SoftLabels(probs, weight=[1, 0, 0, 0]), sample_weight=[0, 1, 1, 1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"which": "confidant"}, "which='confidant' is not known. Did you mean 'confident'"),
        ({"which": 0.0}, "above 0"),
        ({"which": 1.5}, "which=1.5"),
        ({"which": None}, "which=None"),
        ({"weight": "confident"}, "Did you mean 'confidence'"),
        ({"gold_weight": -1}, "gold_weight=-1"),
        ({"gold_weight": float("nan")}, "gold_weight=nan"),
        ({"calibrate": "yes"}, "True or False"),
    ],
)
def test_choices_that_do_not_exist_are_refused(options, message):
    """At fit, by name and value."""
    with pytest.raises(ParameterError, match=message):
        EndModel(**options).fit([[0.0], [1.0]], [0, 1])


def test_the_temperature_calibrates_what_a_loss_left_at_another_scale(rng):
    """Robust losses do not aim at probabilities; this one leaves logits at a fifth, which held-out rows undo."""
    X = rng.normal(size=(1500, 5))
    p = 1 / (1 + np.exp(-2 * X[:, 0]))
    y = (rng.random(1500) < p).astype(int)

    def five_times(step):
        return torch.nn.functional.cross_entropy(5 * step.logits, step.target)

    options = {"hidden": None, "loss": five_times, "learning_rate": 0.05}
    raw, cool = (EndModel(**options, calibrate=calibrate).fit(X, y) for calibrate in (False, True))
    fresh = rng.normal(size=(4000, 5))
    truth = 1 / (1 + np.exp(-2 * fresh[:, 0]))
    assert raw.temperature_ == 1.0
    assert 0.1 < cool.temperature_ < 0.35
    assert np.abs(cool.predict_proba(fresh)[:, 1] - truth).mean() < 0.05
    assert np.abs(raw.predict_proba(fresh)[:, 1] - truth).mean() > 0.15
    np.testing.assert_array_equal(cool.predict(fresh), raw.predict(fresh))
    np.testing.assert_allclose(cool.decision_function(fresh) * cool.temperature_, raw.decision_function(fresh), 1e-5)


class Counting(torch.nn.Linear):
    """A linear layer that counts the rows it predicts, not those it is trained on."""

    predicted = 0

    def forward(self, rows):
        Counting.predicted += 0 if self.training else len(rows)
        return super().forward(rows)


def test_held_out_rows_are_predicted_once_when_training_is_over(rng):
    """Temperature and report look at the same predictions: where those are dear, twice would be half a pass more."""
    X = rng.normal(size=(1000, 5))
    Counting.predicted = 0
    model = EndModel(module=Counting, max_epochs=3, patience=3).fit(X, X[:, 0] > 0)
    assert Counting.predicted == (model.n_iter_ + 1) * model.n_held_out_
    assert model.fit_report_.agreement > 0.5


def test_few_held_out_rows_leave_the_temperature_alone(rng):
    """One number learnt from nine rows is noise."""
    X = rng.normal(size=(90, 2))
    assert EndModel(**LINEAR).fit(X, (X[:, 0] > 0).astype(int)).temperature_ == 1.0
