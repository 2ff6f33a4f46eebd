"""Which cell of an image is foreign, learnt from a tag per image, by two sources that see different things in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional

from weaklab.end_models import EndModel, LossTerm, MultiSourceConsistency

SIDE, CELL, CELLS = 24, 8, 9


def _scenes(rng, n):
    """Images of 24 x 24 with 1 to 3 digits on a smooth texture; half of them have one cell of a rough one.

    Both textures have one variance. Images (n, 576), tags (n,), and which cell it is (n, 9).
    """
    rough = rng.normal(size=(n, SIDE, SIDE))
    smooth = (rough + np.roll(rough, 1, 1) + np.roll(rough, 1, 2) + np.roll(rough, 1, (1, 2))) / 2
    image, tags, cells = 0.5 * smooth, rng.integers(0, 2, n), np.zeros((n, CELLS), dtype=bool)
    shown = load_digits().images / 16

    def place(cell):
        row, column = CELL * (cell // 3), CELL * (cell % 3)
        return slice(row, row + CELL), slice(column, column + CELL)

    for i in range(n):
        if tags[i]:
            cell = rng.integers(CELLS)
            cells[i, cell] = True
            image[i][place(cell)] = 0.5 * rng.normal(size=(CELL, CELL))
        for cell in rng.choice(CELLS, rng.integers(1, 4), replace=False):
            image[i][place(cell)] += shown[rng.integers(len(shown))]
    return image.reshape(n, -1).astype(np.float32), tags, cells


class TwoSources(nn.Module):
    """One network sees the pixels of a cell, the other how far each is from its neighbours; features (b, 2, 9).

    An image is as foreign as its most foreign cell.
    """

    def __init__(self, n_columns, k):
        super().__init__()

        def source():
            seen = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
            return nn.Sequential(seen, nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

        self.pixels, self.residuals = source(), source()

    def forward(self, rows):
        image = rows.view(-1, 1, SIDE, SIDE)
        residual = (image - functional.avg_pool2d(image, 3, 1, 1)).abs()
        maps = torch.stack([self._each(self.pixels, image), self._each(self.residuals, residual)], dim=1)
        return _two(maps.max(dim=2).values.mean(dim=1)), maps

    def _each(self, source, image):
        cells = functional.unfold(image, CELL, stride=CELL).transpose(1, 2)  # (b, 9, 64)
        return source(cells.reshape(-1, 1, CELL, CELL)).view(-1, CELLS)


def _two(score):
    return torch.stack([-score / 2, score / 2], dim=-1)


def by_image(step):
    """The cross-entropy of each source to the tag of the image, by its most foreign cell."""
    best = step.features.max(dim=2).values  # (b, 2)
    return functional.binary_cross_entropy_with_logits(best, step.target[:, 1:].expand(-1, 2))


def by_cell(step):
    """Both sources must agree on each cell: of untagged images none is foreign, of tagged ones the likeliest is."""
    maps = step.features.transpose(0, 1)  # (2, b, 9)
    likeliest = functional.one_hot(torch.sigmoid(maps.detach()).mean(dim=0).argmax(dim=1), CELLS)
    tagged = step.target[:, 1:].expand(-1, CELLS)
    target = torch.stack([1 - tagged * likeliest, tagged], dim=-1).reshape(-1, 2)
    agreement = MultiSourceConsistency(lambda cells: list(_two(maps.reshape(2, -1))))
    return agreement(replace(step, target=target))


def _f1(foreign, cells):
    return 2 * (foreign & cells).sum() / max(1, foreign.sum() + cells.sum())


def _trained(seed, *terms):
    """Cell F1 of the mean of both sources and of each, and the share of cells of untagged images that are called so."""
    rng = np.random.default_rng(seed)
    (X, tags, _), (X_test, test_tags, cells) = _scenes(rng, 1000), _scenes(rng, 400)
    model = EndModel(
        module=TwoSources,
        loss=sum(map(LossTerm, terms), LossTerm(by_image)),
        weight_decay=0,
        max_epochs=60,
        batch_size=32,
        validation_fraction=0,
        random_state=seed,
        calibrate=False,
        progress=False,
    ).fit(X, tags)
    with torch.no_grad():
        maps = model.module_.eval()(torch.from_numpy(model.features_.transform(X_test)))[1].numpy()
    scores = [_f1(one > 0, cells) for one in (maps.mean(axis=1), maps[:, 0], maps[:, 1])]
    return np.array([*scores, (maps.mean(axis=1)[test_tags == 0] > 0).mean()])


@pytest.mark.slow
def test_sources_that_agree_by_cell_find_the_foreign_cell():
    """From a tag per image: on average better than by tags alone and than each source by itself, and nothing is found
    in untagged images.

    Seen over 5 seeds: F1 .912 by tags alone, .986 with agreement, of which half is asked for. All of the gain is of
    seed 0, where the pixels had not been learnt alone (.592 and .984); seed 4 loses 3 points, elsewhere both are at
    .99. It is no sure gain: of 400 images instead of 1,000, mean of 6 seeds, .823 and .755.
    """
    results = [[_trained(seed, *terms) for seed in range(5)] for terms in ((), (by_cell,))]
    alone, agreed = np.array(results)
    assert agreed[:, 0].mean() >= alone[:, 0].mean() + 0.037, results
    assert agreed[:, 0].mean() >= alone[:, 1:3].mean(axis=0).max(), results
    assert agreed[:, 3].mean() < 0.001, results
