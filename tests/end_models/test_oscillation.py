"""A rate just below divergence teaches the weak features that a small one never gets to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch

import weaklab as wl
from weaklab.end_models import EndModel, LossTerm, Oscillating

WEAK, STRONG, COLUMNS, NOISE, UNITS = 0.5, 4.0, 100, 0.1, 10


def _rows(rng, n, *, strong):
    """Three patches a row: the weak feature, the strong one where asked for, and noise; n rows of 300 columns.

    The strong one is the word that a labeling function knows; rows without it have another word.
    """
    y = rng.integers(0, 2, n)
    sign, patches = 2 * y - 1, np.zeros((n, 3, COLUMNS))
    patches[:, 0, 0] = WEAK * sign
    patches[:, 1, 1] = STRONG * sign * strong
    patches[:, 2] = NOISE * rng.normal(size=(n, COLUMNS))
    words = np.where(y == 1, "offer", "lunch") if strong else np.full(n, "letter")
    return patches.reshape(n, -1), pd.DataFrame({"text": words}), y


KEYWORDS = [wl.keyword_lf([word], column="text", label=label) for label, word in enumerate(["lunch", "offer"])]


def _votes(frame):
    """What the keywords say."""
    return wl.apply(KEYWORDS, frame, progress=False)


class Patches(torch.nn.Module):
    """Squared rectified filters over patches, half of them for each class (Lu et al., 2023, section 3)."""

    def __init__(self, seed, scale):
        super().__init__()
        start = 0.05 * torch.randn(2 * UNITS, COLUMNS, generator=torch.Generator().manual_seed(seed))
        self.filters, self.scale = torch.nn.Parameter(start), scale

    def forward(self, x):
        patches = x.view(len(x), 3, COLUMNS) / self.scale
        units = (torch.relu(patches @ self.filters.T) ** 2).sum(dim=1)  # (b, 2 * UNITS)
        score = units[:, :UNITS].mean(dim=1) - units[:, UNITS:].mean(dim=1)
        return torch.stack([-score / 2, score / 2], dim=1)


def squared(step):
    """Half the squared distance of the score to -1 or 1."""
    score, sign = step.logits.diff(dim=1), step.target.diff(dim=1)
    return ((score - sign) ** 2).mean() / 2


def _trained(X, y, seed, **options):
    rows = sp.csr_array(X)  # sparse rows keep the proportions of their columns: all are scaled by one number
    scale = 5 * (len(X) / (X**2).sum()) ** 0.5
    model = EndModel(
        module=Patches(seed, scale),
        loss=LossTerm(squared),
        optimizer="sgd",
        weight_decay=0,
        batch_size=1,
        validation_fraction=0,
        random_state=seed,
        progress=False,
        **options,
    )
    return model.fit(rows, y)


@pytest.mark.slow
def test_oscillation_learns_more_than_the_keyword():
    """All 40 rows have the keyword that their labels come from, test rows have none; as much rate times steps on both
    sides.

    The rate that converges has the loss at 0 and is right by chance; the one at the edge is 15 points better on
    average, on each of three seeds better, and weighs the weak feature twice as much (2.4 to 3.3 times; at a rate of
    0.52 held to the end it would be 5, but rates from 0.55 on diverge, and the edge leaves room).
    """
    gains, growths = [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        (X, frame, y), (X_test, test_frame, y_test) = _rows(rng, 40, strong=True), _rows(rng, 400, strong=False)
        votes = _votes(frame)
        labels = wl.MajorityVote(classes=2).fit(votes).labels(votes)
        assert (labels.codes() == y).all()
        assert (_votes(test_frame) == wl.ABSTAIN).all(axis=None)
        large = _trained(X, labels, seed, schedule=Oscillating(), max_epochs=10)
        travelled = large.learning_rate_ * 10 * (0.7 + 0.3 / 2)  # held, then falling along half a cosine
        small = _trained(X, labels, seed, learning_rate=0.08, max_epochs=round(travelled / 0.08))
        assert small.history_["train_loss"].iloc[-1] < 1e-3
        held = large.history_["train_loss"].iloc[3:7].mean()
        assert held > 0.03, "the large rate does not oscillate"
        test = sp.csr_array(X_test)
        gains.append(large.score(test, y_test) - small.score(test, y_test))
        weights = [float(model.module_.filters.detach()[:, 0].abs().max()) for model in (large, small)]
        growths.append(weights[0] / weights[1])
    assert np.mean(gains) >= 0.15, gains
    assert min(gains) > 0, gains
    assert min(growths) >= 2, growths


def test_the_edge_is_where_training_diverges():
    """A convex loss with curvature h diverges above 2 / h: here logits ``w x`` with squared loss, x = 2, h = 4."""

    class One(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = torch.nn.Parameter(torch.zeros(1, dtype=torch.float32))

        def forward(self, x):
            return torch.cat([-self.w * x, self.w * x], dim=1)

    X, y = sp.csr_array(np.full((30, 1), 5.0)), np.ones(30, dtype=int)  # rows of length 5 stay as they are
    model = EndModel(module=One(), loss=LossTerm(squared), optimizer="sgd", schedule=Oscillating(), classes=2)
    model.set_params(batch_size=30, max_epochs=1, validation_fraction=0, weight_decay=0).fit(X, y)
    edge = 2 / 10.0**2  # the score is 10 w
    assert 0.9 * edge < model.learning_rate_ < edge


@pytest.mark.parametrize("options", [{}, {"patience": 50}])
def test_rows_held_out_neither_end_it_nor_choose_while_it_bounces(options):
    """Patience ran out within the first epochs, and the rate was one that kills all units: half of the rows right.

    Plain SGD at its usual rate has 96 %, chance half.
    """
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 10))
    y = (X @ rng.normal(size=10) > 0).astype(int)
    soft = np.where(y[:, None] == 1, [0.1, 0.9], [0.9, 0.1])
    model = EndModel(optimizer="sgd", schedule=Oscillating(), max_epochs=20, **options).fit(X, soft)
    assert model.best_epoch_ >= 17  # 0.85 * 20: from there on the rate is at most half
    assert model.history_["held_out_loss"].max() < 10  # units that are thrown off have 1e13
    assert model.score(X, y) > 0.93


def test_held_to_the_end_it_keeps_the_last_weights():
    """There is no time after the oscillation to choose from."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4))
    model = EndModel(optimizer="sgd", schedule=Oscillating(1.0, hold=1.0), max_epochs=8, patience=1)
    model.fit(X, (X[:, 0] > 0).astype(int))
    assert model.n_iter_ == model.best_epoch_ == 8
    assert model.fit_report_.held_out_loss == model.history_["held_out_loss"].iloc[-1]
