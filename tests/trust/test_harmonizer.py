"""The harmonizer: its risk finds wrong answers, and is a probability."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from weaklab.end_models import Step
from weaklab.exceptions import FrameError, GoldError, ParameterError, VoteError
from weaklab.trust import Harmonizer
from weaklab.trust.pareto import ParetoLoss

SEEDS = (0, 1, 2)


@pytest.mark.slow
def test_risk_finds_wrong_answers(case):
    """Row 50: AUROC .09 above that of the votes' disagreement (the pilot: .185), 5 points more right when the riskiest
    tenth is replaced (10), and ECE of .05 or less by votes alone; on rows of the fit and on new ones."""
    runs = pd.DataFrame([case.judged_answers(seed) for seed in SEEDS]).mean()
    for measure in ("AUROC of the risk", "AUROC, rows of fit"):
        assert runs[measure] >= runs["AUROC of disagreement"] + 0.09, runs
    assert runs["after rerouting 10 %"] >= runs["answers right"] + 0.05, runs
    assert runs["ECE before calibration"] > 0.2
    assert runs["ECE, by the votes"] <= 0.05, runs
    assert runs["ECE, by 100 gold rows"] <= 0.05, runs


@pytest.mark.slow
def test_labeling_functions_matter_where_answers_err_by_rule(case):
    """A network fitted to the answers alone learns their rule; it ranks as well only where they err at random."""
    by_rule = pd.DataFrame([case.judged_answers(seed, "rule") for seed in SEEDS]).mean()
    at_random = pd.DataFrame([case.judged_answers(seed, "random") for seed in SEEDS]).mean()
    assert by_rule["AUROC of the risk"] >= by_rule["AUROC, fitted to answers alone"] + 0.1
    assert abs(at_random["AUROC of the risk"] - at_random["AUROC, fitted to answers alone"]) < 0.05


def _small(case, seed=0):
    world = case.answered(seed, "rule", n=400)
    return world, Harmonizer(max_epochs=10, random_state=0)


def test_scalarizers_are_their_formulas():
    """By numpy, row by row; a source that abstains costs nothing."""
    rng = np.random.default_rng(0)
    logits, votes = torch.tensor(rng.normal(size=(50, 3)), requires_grad=True), rng.integers(-1, 3, (50, 4))
    log_p = torch.log_softmax(logits, dim=1).detach().numpy()
    losses = np.where(votes >= 0, -np.take_along_axis(log_p, np.maximum(votes, 0), axis=1), 0)
    expected = {
        "linear": losses.sum(axis=1),
        "quadratic": losses.sum(axis=1) ** 2,
        "euclidean": np.sqrt((losses**2).sum(axis=1)),
        "chebyshev": losses.max(axis=1),
    }
    step = Step.of(logits, np.full((50, 3), 1 / 3))
    for name, rows in expected.items():
        value = ParetoLoss(votes, name)(step)
        assert value.item() == pytest.approx(rows.mean(), rel=1e-5), name
        (gradient,) = torch.autograd.grad(value, logits)
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("scalarizer", ["linear", "euclidean", "chebyshev"])
def test_other_scalarizers_train(case, scalarizer):
    """They rank wrong answers above right ones too."""
    world, harmonizer = _small(case)
    risk = (
        harmonizer.set_params(scalarizer=scalarizer)
        .fit(world.X, world.votes, world.answers)
        .risk(world.X, world.answers)
    )
    wrong = world.answers != world.y
    assert np.median(risk[wrong]) > np.median(risk[~wrong])


def test_the_queue_names_who_disagrees(case):
    """Of the rows of the fit and of others; names, index and answers as given."""
    world, harmonizer = _small(case)
    names = [f"rule_{j}" for j in range(world.votes.shape[1])]
    votes = pd.DataFrame(world.votes, columns=names, index=np.arange(400) + 1000)
    classes = np.array(["no", "yes"])
    harmonizer.set_params(classes=["no", "yes"]).fit(world.X, votes, classes[world.answers])
    queue = harmonizer.review_queue(budget=0.1)
    assert len(queue) == 40
    assert queue["risk"].is_monotonic_decreasing
    np.testing.assert_allclose(queue["risk"], np.sort(harmonizer.risk(world.X, classes[world.answers]))[::-1][:40])
    for row, label, disagree in zip(queue["row"], queue["label"], queue["disagree"], strict=True):
        assert label == classes[world.answers[row]]
        said = world.votes[row]
        assert set(disagree) == {names[j] for j in np.flatnonzero((said >= 0) & (said != world.answers[row]))}
    assert queue.index.tolist() == (queue["row"] + 1000).tolist()
    assert "disagree" not in harmonizer.review_queue(5, explain=False)
    new = harmonizer.review_queue(3, X=world.X[:50], answers=world.answers[:50], votes=votes[:50])
    assert new.index.tolist() == (new["row"] + 1000).tolist()
    assert set(harmonizer.predict(world.X)) == {"no", "yes"}


def test_no_answer_is_no_right_answer(case):
    """Rows on which the labeler abstained have a risk of 1, and take part in the fit by the votes alone."""
    world, harmonizer = _small(case)
    answers = np.where(np.arange(400) % 4 == 0, -1, world.answers)
    risk = harmonizer.fit(world.X, world.votes, answers).risk(world.X, answers)
    assert (risk[answers == -1] == 1).all()
    assert (risk[answers >= 0] < 1).all()


def test_gold_calibrates_and_trains_nothing(case):
    """The network is the same with gold and without; few gold rows give a temperature, many what was asked for."""
    world, harmonizer = _small(case)
    plain = harmonizer.fit(world.X, world.votes, world.answers).model_.predict_proba(world.X)
    gold = np.where(np.arange(400) < 50, world.y, -1)
    harmonizer.fit(world.X, world.votes, world.answers, gold)
    np.testing.assert_array_equal(harmonizer.model_.predict_proba(world.X), plain)
    assert harmonizer.calibrator_.method == "temperature"
    assert harmonizer.calibrator_.n_rows_ == 50
    assert harmonizer.fit(world.X, world.votes, world.answers, world.y).calibrator_.method == "isotonic"
    assert harmonizer.set_params(calibrator=None).fit(world.X, world.votes).calibrator_ is None
    np.testing.assert_array_equal(harmonizer.probs_, harmonizer.model_.predict_proba(world.X))


def test_a_module_of_ones_own(case):
    """As EndModel takes it; and the same seed gives the same bits."""
    world, harmonizer = _small(case)
    harmonizer.set_params(module=torch.nn.Linear)
    first = harmonizer.fit(world.X, world.votes, world.answers).probs_
    assert isinstance(harmonizer.model_.module_, torch.nn.Linear)
    np.testing.assert_array_equal(harmonizer.fit(world.X, world.votes, world.answers).probs_, first)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ({}, {"scalarizer": "qadratic"}, ParameterError, "Did you mean 'quadratic'"),
        ({}, {"calibrator": "platt"}, ParameterError, "calibrator='platt'"),
        ({}, {"max_epochs": 0}, ParameterError, "max_epochs=0"),
        ({"votes": np.full((40, 2), -1)}, {}, VoteError, "None of the 40 rows has a vote"),
        ({"X": np.full((40, 2), np.nan)}, {}, FrameError, "(?i)nan|finite|missing"),
        ({"answers": [0] * 39}, {}, GoldError, "39"),
        ({"answers": ["yes"] * 40}, {}, GoldError, "no class names"),
        ({"y": [5] * 40}, {}, GoldError, "no class"),
    ],
)
def test_bad_input_is_an_error(arguments, options, error, message):
    """It says what is wrong, before or while it is fitted."""
    rng = np.random.default_rng(0)
    given = {"X": rng.normal(size=(40, 2)), "votes": rng.integers(-1, 2, (40, 2)), "answers": None} | arguments
    with pytest.raises(error, match=message):
        Harmonizer(max_epochs=2, **options if "max_epochs" not in options else {}).set_params(**options).fit(**given)


def test_constant_features_and_one_class_are_no_error():
    """There is nothing to tell rows by, so all have the same probabilities; one class seen is the likeliest."""
    votes = np.array([[0, -1], [0, 0]] * 20)
    harmonizer = Harmonizer(max_epochs=3, calibrator="temperature").fit(np.ones((40, 3)), votes)
    assert np.ptp(harmonizer.probs_, axis=0).max() < 1e-9
    assert (harmonizer.predict(np.ones((2, 3))) == 0).all()


def test_the_room_is_entered_without_torch():
    """Who only audits labels does not pay for a network."""
    code = "import sys, weaklab as wl; wl.trust.Harmonizer; wl.trust.audit; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
