"""Co-teaching and nested dropout: what they do in a step, and on digits with 40 % wrong labels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from weaklab.end_models import CoTeaching, EarlyLearning, EndModel, NestedDropout, SoftCrossEntropy, Step, TrainingRows
from weaklab.end_models.nested_dropout import OrderedUnits
from weaklab.end_models.peers import TwinOutputs, Twins
from weaklab.end_models.prefixes import choose_prefixes
from weaklab.exceptions import ParameterError

SEEDS = (0, 1, 2)


def _step(first, second, target, epoch):
    twins = Twins(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    n = len(target)
    out = TwinOutputs(first, None, second, None)
    return Step(first, out, target, torch.ones(n), torch.arange(n), torch.zeros(n, 2), epoch, 0.0, twins)


@pytest.mark.parametrize(("epoch", "kept"), [(0, 4), (1, 3), (2, 2), (9, 2)])
def test_each_network_learns_from_the_rows_that_the_other_finds_easy(epoch, kept):
    """The first finds rows 0, 1 easiest, the second rows 3, 2: gradients must reach the rows of the other alone."""
    size = torch.tensor([4.0, 3.0, 2.0, 1.0])
    first = torch.stack([size, torch.zeros(4)], dim=1).requires_grad_()
    second = torch.stack([size.flip(0), torch.zeros(4)], dim=1).requires_grad_()
    target = torch.tensor([[1.0, 0.0]]).repeat(4, 1)
    loss = CoTeaching(forget_rate=0.5, warmup=2).around(SoftCrossEntropy()).start(TrainingRows.of(target))
    value = loss(_step(first, second, target, epoch))
    value.backward()
    rows = [set(torch.nonzero(logits.grad.abs().sum(dim=1))[:, 0].tolist()) for logits in (first, second)]
    assert rows[1] == set(range(kept))
    assert rows[0] == set(range(4 - kept, 4))
    easy = torch.log1p(torch.exp(-size[:kept]))  # what each loses on the rows that the other chose is the hard end
    hard = torch.log1p(torch.exp(-size.flip(0)[:kept]))
    value = value.detach()
    assert float(value) == pytest.approx(float(2 * hard.mean()), rel=1e-5)
    assert kept == 4 or float(value) > float(2 * easy.mean())


def test_the_share_of_wrong_rows_is_estimated():
    """On the high side by the networks' own errors; of soft labels without held-out rows it is what they say."""
    rates = []
    loss = CoTeaching().around(SoftCrossEntropy())
    soft = TrainingRows.of([[0.9, 0.1], [0.3, 0.7]], weight=[1.0, 3.0])
    assert loss.start(soft).rate == pytest.approx(0.25)
    fresh = loss.start(soft)
    for agreement in (0.3, 0.6, 0.5):
        fresh.observe(agreement)
        rates.append(fresh.rate)
    assert rates == pytest.approx([0.7, 0.4, 0.4])
    fixed = CoTeaching(forget_rate=0.2).around(SoftCrossEntropy()).start(soft)
    fixed.observe(0.9)
    assert fixed.rate == 0.2


def test_terms_that_remember_rows_remember_them_for_each_network():
    """Two networks that shared one memory would not be two."""
    rows = TrainingRows.of([[0.5, 0.5]] * 4)
    loss = CoTeaching().around(SoftCrossEntropy() + EarlyLearning()).start(rows)
    assert loss.first is not loss.second
    assert loss.first.right is not loss.second.right


def test_co_teaching_is_no_loss():
    """It needs two networks, which only peers= builds; and its arguments are checked."""
    X, y = np.eye(4).repeat(10, axis=0), np.arange(40) % 2
    with pytest.raises(ParameterError, match="peers="):
        EndModel(loss=CoTeaching().around(SoftCrossEntropy())).fit(X, y)
    for wrong in ({"forget_rate": 1.0}, {"forget_rate": "some"}, {"warmup": -1}):
        with pytest.raises(ParameterError):
            CoTeaching(**wrong)


def test_both_networks_predict_together(digits):
    """By the mean of their probabilities; they differ, and each is a network of the given kind."""
    model = EndModel(peers=CoTeaching(0.0), hidden=16, max_epochs=3, calibrate=False).fit(digits.X, digits.y)
    twins = model.module_.eval()
    rows = torch.from_numpy(model.features_.transform(digits.X_test))
    with torch.no_grad():
        mean = sum(torch.softmax(twin(rows)[0], dim=1) for twin in (twins.first, twins.second)) / 2
    np.testing.assert_allclose(model.predict_proba(digits.X_test), mean.numpy(), atol=1e-5)
    assert not torch.equal(twins.first.first.weight, twins.second.first.weight)


def test_nested_dropout_keeps_the_first_units():
    """Always the first, by the probabilities of the formula: 4 units, 20,000 rows, within five standard errors."""
    layer = NestedDropout(std=0.5, mu=0.25).layer(4).train()
    torch.manual_seed(0)
    kept = layer(torch.ones(20_000, 4))
    counts = kept.sum(dim=1).long()
    assert torch.equal(kept, (torch.arange(4) < counts[:, None]).float())
    wanted = np.exp(-(((np.array([0.25, 0.5, 0.75, 1.0]) - 0.25) / 0.5) ** 2))
    wanted /= wanted.sum()
    found = torch.bincount(counts, minlength=5)[1:].numpy() / 20_000
    assert np.abs(found - wanted).max() < 5 * np.sqrt(0.25 / 20_000)
    assert layer.eval()(torch.ones(1, 4)).sum() == 4


class Two(torch.nn.Module):
    """Two hidden layers, the second of which is thinned."""

    def __init__(self, columns, k, thin, width=128):
        super().__init__()
        layers = [torch.nn.Linear(columns, width), torch.nn.ReLU(), torch.nn.Linear(width, width), torch.nn.ReLU()]
        self.body, self.thin, self.last = torch.nn.Sequential(*layers), thin, torch.nn.Linear(width, k)

    def forward(self, x):
        return self.last(self.thin(self.body(x)))


def _scores(digits, thin, prefix=None):
    """Test accuracy at the last of 60 epochs, mean over seeds; ``prefix`` gets each model and its accuracy."""
    scores = []
    for seed in SEEDS:
        y = digits.flipped(0.4, seed)
        model = digits.network(None, seed, max_epochs=60, batch_size=128, module=lambda c, k: Two(c, k, thin()))
        train = slice(120, None) if prefix else slice(None)
        model.fit(digits.X[train], y[train])
        if prefix:
            prefix(model, y)
        scores.append(model.score(digits.X_test, digits.y_test))
    return np.mean(scores)


@pytest.mark.slow
def test_nested_dropout_withstands_wrong_labels(digits):
    """At the last epoch, 6 points above cross-entropy and 1 above dropout, with the prefix chosen on 120 wrong-labelled
    rows that are held out from the others' 1,200; and a quarter of the units does as well as all (ordered features)."""
    quarters = []

    def choose(model, y):
        units = model.module_.thin
        accuracies = []
        for count in (units.kept.numel() // 4, units.kept.numel()):
            units.keep(count)
            accuracies.append(model.score(digits.X_test, digits.y_test))
        quarters.append(accuracies)
        rows = torch.from_numpy(model.features_.transform(digits.X[:120]))
        choose_prefixes(model.module_, rows, torch.eye(10)[torch.from_numpy(y[:120])])

    plain = _scores(digits, lambda: torch.nn.Dropout(0.0))
    dropout = _scores(digits, lambda: torch.nn.Dropout(0.5))
    nested = _scores(digits, lambda: NestedDropout().layer(128), choose)
    assert nested >= plain + 0.06, (plain, dropout, nested)
    assert nested >= dropout + 0.01, (plain, dropout, nested)
    assert all(quarter >= 0.95 * full for quarter, full in quarters)


@pytest.mark.slow
def test_units_are_ordered_by_use(digits):
    """On right labels accuracy is there with an eighth of the units and is not lost again with more, by two points;
    units of plain dropout have no order, and an eighth of them says less (a quarter of them already says 95 %).

    Spearman's correlation says nothing here, as the curve is flat from a tenth of the units on.
    """
    shares = {}
    for name, thin in (("nested", NestedDropout().layer(128)), ("plain", None)):
        model = EndModel(
            module=lambda c, k, thin=thin: Two(c, k, thin or torch.nn.Dropout(0.5)),
            max_epochs=20,
            validation_fraction=0,
        ).fit(digits.X, digits.y)
        if thin is None:  # the same network, of which only the first units are kept
            units = OrderedUnits(NestedDropout(), 128)
            model.module_.thin = units
        units = model.module_.thin
        counts, accuracies = range(4, 129, 4), []
        for count in counts:
            units.keep(count)
            accuracies.append(model.score(digits.X_test, digits.y_test))
        shares[name] = accuracies[3] / accuracies[-1]
        if name == "nested":
            assert (np.maximum.accumulate(accuracies) - accuracies).max() < 0.02, accuracies
    assert shares["nested"] >= 0.95, shares
    assert shares["plain"] < 0.95, shares


@pytest.mark.slow
def test_co_teaching_withstands_wrong_labels(digits):
    """At the last of 60 epochs, 8 points above cross-entropy, with the share of wrong rows given."""
    options = {"hidden": 256, "dropout": 0.0, "learning_rate": 1e-3, "weight_decay": 0.0, "max_epochs": 60}
    options |= {"batch_size": 64, "validation_fraction": 0}
    scores = {
        name: np.mean(
            [
                EndModel(peers=peers, random_state=seed, **options)
                .fit(digits.X, digits.flipped(0.4, seed))
                .score(digits.X_test, digits.y_test)
                for seed in SEEDS
            ]
        )
        for name, peers in {"plain": None, "co": CoTeaching(forget_rate=0.4, warmup=10)}.items()
    }
    assert scores["co"] >= scores["plain"] + 0.08, scores
