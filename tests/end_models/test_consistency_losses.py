"""The same answer twice: under noise, and from several sources."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch import nn

from weaklab.end_models import (
    EndModel,
    EndRegressor,
    LossTerm,
    MultiSourceConsistency,
    NoiseConsistency,
    SoftCrossEntropy,
    SparseRows,
    SquaredError,
    Step,
)
from weaklab.end_models.losses import cross_entropy
from weaklab.end_models.networks import run_module
from weaklab.exceptions import ParameterError


class _Recorder(nn.Module):
    """A model that gives fixed logits and keeps what it was asked."""

    takes_sparse = True

    def __init__(self, logits):
        super().__init__()
        self.logits, self.seen = nn.Parameter(logits), []

    def forward(self, rows):
        self.seen.append(rows)
        return self.logits


def test_noise_consistency_is_the_divergence_between_clean_and_noisy_answers():
    """KL(p || q) by hand, for p = (3/4, 1/4) and q = (1/2, 1/2); the gradient must reach q alone."""
    logits = torch.tensor([[math.log(3), 0.0]], requires_grad=True)
    model = _Recorder(torch.tensor([[0.3, 0.3]]))
    value = NoiseConsistency(0.1, 2.0)(replace(Step.of(logits, [[0.5, 0.5]]), model=model))
    assert value.item() == pytest.approx(2 * (0.75 * math.log(1.5) + 0.25 * math.log(0.5)), rel=1e-5)
    value.backward()
    assert logits.grad is None
    torch.testing.assert_close(model.logits.grad, 2 * torch.tensor([[-0.25, 0.25]]))


def test_the_noise_has_the_size_that_was_asked_for_row_by_row():
    """Of a pair, each row has its own size, evenly between both; images keep their shape."""
    n = 4000
    model = _Recorder(torch.zeros(n, 2))
    clean = torch.ones(n, 3, 5)
    NoiseConsistency((0.2, 0.6))(replace(Step.of(torch.zeros(n, 2), torch.full((n, 2), 0.5)), x=clean, model=model))
    noise = model.seen[0] - clean
    assert noise.shape == (n, 3, 5)
    sizes = noise.flatten(1).square().mean(dim=1)
    assert sizes.mean().item() == pytest.approx((0.6**3 - 0.2**3) / (3 * 0.4), rel=0.05)  # E sigma^2
    assert sizes.sqrt().std().item() > 0.1  # of one size for all rows it would be 0.07


def test_text_loses_ngrams_and_keeps_its_length():
    """Noise on a sparse row would make it dense; leaving n-grams out is what noise is for text."""
    matrix = sp.csr_array(np.random.default_rng(0).integers(0, 2, (400, 300)).astype(float))
    rows = SparseRows.from_scipy(matrix, torch.device("cpu"))
    model = _Recorder(torch.zeros(400, 2))
    step = replace(Step.of(torch.zeros(400, 2), torch.full((400, 2), 0.5)), x=rows, model=model)
    NoiseConsistency(0.25)(step)
    dropped = model.seen[0]
    assert (dropped.values == 0).float().mean().item() == pytest.approx(0.25, abs=0.01)
    assert dropped.values.square().sum().item() == pytest.approx(rows.values.square().sum().item(), rel=0.02)
    assert (rows.values == 1).all()  # the data itself must stay
    with pytest.raises(ParameterError, match="below 1 for sparse"):
        NoiseConsistency((0.5, 1.5))(step)


def test_noise_consistency_trains_on_text():
    texts = ["free money now", "lunch at noon", "win money", "meet me for lunch"] * 10
    model = EndModel(loss=SoftCrossEntropy() + NoiseConsistency(0.3), max_epochs=10).fit(texts, ["a", "b"] * 20)
    assert model.score(texts, ["a", "b"] * 20) == 1


def _sources(*logits):
    parts = [torch.tensor(part, requires_grad=True) for part in logits]
    return parts, lambda step: parts


def test_sources_are_drawn_to_the_class_that_their_weighted_mean_favours():
    """Squared distances to one-hot by hand; with another weight the other source wins."""
    sure, unsure = [[math.log(9), 0.0]], [[0.0, math.log(3)]]  # p = (.9, .1) and (.25, .75)
    _, sources = _sources(sure, unsure)
    step = Step.of(torch.zeros(1, 2), [[0.5, 0.5]], progress=1.0)
    first = 0.1**2 + 0.1**2 + 0.75**2 + 0.75**2
    second = 0.9**2 + 0.9**2 + 0.25**2 + 0.25**2
    assert MultiSourceConsistency(sources)(step).item() == pytest.approx(first, rel=1e-5)
    assert MultiSourceConsistency(sources, weights=[1, 3])(step).item() == pytest.approx(second, rel=1e-5)


def test_a_class_that_the_label_excludes_is_no_agreement():
    """Sources that agree on a class of probability 0 are wrong, as on a cell of an authentic image."""
    parts, sources = _sources([[4.0, 0.0]], [[4.0, 0.0]])
    MultiSourceConsistency(sources)(Step.of(torch.zeros(1, 2), [[0.0, 1.0]], progress=1.0)).backward()
    assert all(part.grad[0, 1] < 0 for part in parts)  # descent raises the other class


def test_the_term_comes_in_slowly():
    _, sources = _sources([[1.0, 0.0]], [[0.0, 1.0]])
    term = MultiSourceConsistency(sources, ramp=5.0)
    values = [term(Step.of(torch.zeros(1, 2), [[0.5, 0.5]], progress=t)).item() for t in (0.0, 0.5, 1.0)]
    np.testing.assert_allclose(np.array(values) / values[2], np.exp([-5.0, -1.25, 0.0]), rtol=1e-5)


def test_views_are_the_sources_where_none_are_named():
    step = Step.of(torch.tensor([[5.0, 0.0]]), [[0.5, 0.5]], progress=1.0)
    view = replace(step, views=(step.x,), model=_Recorder(torch.tensor([[5.0, 0.0]])))
    assert MultiSourceConsistency()(view).item() == pytest.approx(4 * (1 / (1 + math.exp(5))) ** 2, rel=1e-4)
    with pytest.raises(ParameterError, match="1 sources"):
        MultiSourceConsistency()(step)
    with pytest.raises(ParameterError, match="3 weights for 2"):
        MultiSourceConsistency(weights=[1, 1, 1])(view)


def test_numbers_are_to_stay_the_same_under_noise(rng):
    """By the absolute difference, whose mean for ``f(x) = 2 x`` and noise of 0.3 is 0.6 sqrt(2 / pi)."""
    x = torch.from_numpy(rng.normal(size=(100_000, 1))).float()
    model = torch.nn.Linear(1, 1)
    with torch.no_grad():
        model.weight.fill_(2.0)
    step = replace(Step.of(model(x), x), x=x, model=model)
    torch.manual_seed(0)
    assert NoiseConsistency(0.3, weight=0.5)(step).item() == pytest.approx(0.3 * math.sqrt(2 / math.pi), rel=0.02)
    X = rng.normal(size=(60, 20))
    y = X[:, 0] + rng.normal(size=60)
    X_test = rng.normal(size=(500, 20))
    noisy = X_test + 0.5 * rng.normal(size=(500, 20))

    def moved(loss):
        model = EndRegressor(loss=loss, max_epochs=40, validation_fraction=0).fit(X, y)
        return np.abs(model.predict(noisy) - model.predict(X_test)).mean()

    assert moved(SquaredError() + NoiseConsistency(0.5, weight=3.0)) < 0.7 * moved(None)


def test_a_term_makes_its_views_of_the_rows_of_the_batch(rng):
    """Trained with its mirror images, a model says the same of both, as it does not by itself; also for sources=."""
    X = rng.normal(size=(300, 2))
    labels = (X[:, 0] > 0).astype(int)  # which a mirror image turns round
    options = {"max_epochs": 30, "validation_fraction": 0, "learning_rate": 0.01}

    def turned(model):
        return np.abs(model.predict_proba(X) - model.predict_proba(-X)).mean()

    seen = []

    def both(step):
        seen.append(len(step.views))
        k = step.logits.shape[1]
        return [step.logits, run_module(step.model, step.views[0], k)[0]]

    plain = EndModel(**options).fit(X, labels)
    for term in (
        MultiSourceConsistency(views=torch.neg, ramp=0),
        MultiSourceConsistency(both, views=[torch.neg], ramp=0),
    ):
        same = EndModel(loss=0.1 * SoftCrossEntropy() + term, **options).fit(X, labels)
        assert turned(same) < 0.2 * turned(plain)
    assert set(seen) == {1}


def test_views_of_text_may_leave_words_out():
    """Sparse rows come as they are; what is drawn at random there is drawn alike by the same seed."""

    def thinned(rows):
        kept = torch.rand(len(rows.values)) < 0.7
        return SparseRows(rows.indptr, rows.columns, rows.values * kept, rows.n_columns)

    texts = ["free money now", "lunch at noon", "win money", "meet me for lunch"] * 10
    model = EndModel(loss=SoftCrossEntropy() + MultiSourceConsistency(views=[thinned, thinned]), max_epochs=10)
    first = model.fit(texts, ["a", "b"] * 20).predict_proba(texts)
    assert model.score(texts, ["a", "b"] * 20) == 1
    np.testing.assert_array_equal(model.fit(texts, ["a", "b"] * 20).predict_proba(texts), first)


@pytest.mark.parametrize(
    "make",
    [
        lambda: NoiseConsistency(0.0),
        lambda: NoiseConsistency(-1.0),
        lambda: NoiseConsistency((0.5, 0.1)),
        lambda: NoiseConsistency((0.1, 0.2, 0.3)),
        lambda: NoiseConsistency(float("nan")),
        lambda: NoiseConsistency(0.1, -1.0),
        lambda: MultiSourceConsistency("views"),
        lambda: MultiSourceConsistency(views=["mirrored"]),
        lambda: MultiSourceConsistency(views=lambda rows: rows[:1])(
            Step.of(torch.zeros(2, 2), torch.full((2, 2), 0.5))
        ),
        lambda: MultiSourceConsistency(views=lambda rows: None)(Step.of(torch.zeros(2, 2), torch.full((2, 2), 0.5))),
        lambda: MultiSourceConsistency(weights=[1.0, 0.0]),
        lambda: MultiSourceConsistency(ramp=-1.0),
    ],
)
def test_bad_arguments_are_refused(make):
    with pytest.raises(ParameterError):
        make()


@pytest.mark.slow
def test_noise_consistency_makes_use_of_rows_without_labels(digits):
    """Digits, 4 labels per class, the other 1,160 rows without: 2 points on clean and 5 on noisy rows.

    Seen, mean of 3 seeds: clean .814 and .886, noisy .741 and .850.
    """
    noise = 0.7 * digits.X.std(axis=0) * np.random.default_rng(7).normal(size=digits.X_test.shape)
    scores = np.zeros((2, 2))
    for seed in range(3):
        soft, known = digits.few(4, seed)
        few = digits.network(None, seed, max_epochs=200, batch_size=40).fit(digits.X[known], digits.y[known])
        loss = SoftCrossEntropy() + NoiseConsistency((0.1, 0.5))
        more = digits.network(loss, seed, max_epochs=60, batch_size=128, which="semi-supervised").fit(digits.X, soft)
        for i, model in enumerate((few, more)):
            for j, X in enumerate((digits.X_test, digits.X_test + noise)):
                scores[i, j] += model.score(X, digits.y_test) / 3
    assert scores[1, 0] >= scores[0, 0] + 0.02
    assert scores[1, 1] >= scores[0, 1] + 0.05


class _Halves(nn.Module):
    """Two networks that see the left and the right half of each image; features are their logits (b, 2, k)."""

    def __init__(self, n_columns, k):
        super().__init__()

        def half():
            return nn.Sequential(nn.Linear(32, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, k))

        self.left, self.right = half(), half()

    def forward(self, rows):
        image = rows.view(-1, 8, 8)
        both = torch.stack([self.left(image[:, :, :4].flatten(1)), self.right(image[:, :, 4:].flatten(1))], dim=1)
        return both.mean(dim=1), both


def _of_each(step):
    return sum(cross_entropy(logits, step.target, step.weight) for logits in step.features.unbind(1))


@pytest.mark.slow
def test_two_sources_teach_each_other(digits):
    """Digits by halves, 4 labels per class: half of what was seen.

    Seen, mean of 3 seeds: both halves .844 and .913; one half .693 and .839.
    """
    together, alone = np.zeros(2), np.zeros(2)
    for seed in (0, 1):
        soft, _ = digits.few(4, seed)
        for i, factor in enumerate((0.0, 1.0)):
            loss = LossTerm(_of_each) + factor * MultiSourceConsistency(lambda step: step.features.unbind(1))
            options = {"max_epochs": 60, "batch_size": 128, "module": _Halves, "which": "semi-supervised"}
            model = digits.network(loss, seed, **options).fit(digits.X, soft)
            together[i] += model.score(digits.X_test, digits.y_test) / 2
            with torch.no_grad():
                both = model.module_.eval()(torch.tensor(model.features_.transform(digits.X_test)))[1]
            right = both.argmax(dim=2).numpy() == digits.y_test[:, None]
            alone[i] += right.mean() / 2
    assert together[1] >= together[0] + 0.03
    assert alone[1] >= alone[0] + 0.07


def _thinned(rows):
    """Three in ten pixels of each row at their mean, drawn anew in each step."""
    return rows * (torch.rand(rows.shape) < 0.7)


@pytest.mark.slow
def test_views_make_use_of_rows_without_labels(digits):
    """Digits, 4 labels per class: agreement on digits that lack pixels helps on whole ones, and more on such ones.

    Half of what was seen, mean of 2 seeds: whole .825 and .885, lacking .771 and .862.
    """
    scores = np.zeros((2, 2))
    lacking = np.where(np.random.default_rng(7).random(digits.X_test.shape) < 0.7, digits.X_test, digits.X.mean(axis=0))
    for seed in range(3):
        soft, _ = digits.few(4, seed)
        for i, factor in enumerate((0.0, 1.0)):
            loss = SoftCrossEntropy() + factor * MultiSourceConsistency(views=_thinned)
            model = digits.network(loss, seed, max_epochs=60, batch_size=128, which="semi-supervised")
            model.fit(digits.X, soft)
            for j, X in enumerate((digits.X_test, lacking)):
                scores[i, j] += model.score(X, digits.y_test) / 3
    assert scores[1, 0] >= scores[0, 0] + 0.03, scores
    assert scores[1, 1] >= scores[0, 1] + 0.045, scores
