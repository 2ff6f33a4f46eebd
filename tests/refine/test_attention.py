"""Scores lent within groups: what is gained, what is not, and what stays exactly."""

from __future__ import annotations

import numpy as np
import pytest

from weaklab.exceptions import FrameError, ParameterError
from weaklab.refine import AttentionRefiner, attention_refine
from weaklab.votes import SoftLabels

SEEDS = (0, 1, 2)


def _iou(y, scores):
    """The mean over the classes, the last one being none of the others."""
    found = np.where(scores.max(axis=1) > 0.5, scores.argmax(axis=1), 3)
    return np.mean([((found == one) & (y == one)).sum() / ((found == one) | (y == one)).sum() for one in range(4)])


def test_its_experiment_holds(case):
    """Row 15: mean IoU of maps cut at .5 rises by 3 points; fewer cells of what comes with the digit are taken for it,
    by more than half where scores are only lent."""
    gains, falls, lent = [], [], []
    for seed in SEEDS:
        world = case.activation_maps(seed)
        maps = 0.5 * world.labels.probs[:, :3] / world.labels.probs[:, 3:]
        refined = attention_refine(maps, world.Z, world.groups)
        only_lent = attention_refine(maps, world.Z, world.groups, amplify=0, steps=1)
        before, after, flat = (
            (one.max(axis=1) > 0.5)[world.kind == "company"].mean() for one in (maps, refined, only_lent)
        )
        gains.append(_iou(world.y, refined) - _iou(world.y, maps))
        falls.append(before - after)
        lent.append(flat / before)
    assert np.mean(gains) >= 0.03, gains
    assert np.mean(falls) > 0, falls
    assert np.mean(lent) < 0.65, lent


def test_labels_of_cells_are_right_more_often(case):
    """The refiner, on the same maps as labels of four classes."""
    gains = []
    for seed in SEEDS:
        world = case.activation_maps(seed)
        refined = AttentionRefiner().fit_transform(world.labels, world.Z, world.groups)
        gains.append(world.accuracy(refined) - world.accuracy(world.labels))
    assert np.mean(gains) >= case.EXPERIMENTS["maps"].gain, gains


def test_no_score_rises_above_the_highest_of_its_group(rng):
    """Nor does any of a group of one item, or of equal items and scores, change, whatever the other groups are."""
    groups = np.r_[np.repeat(np.arange(8), 7), 99, [77] * 3]
    Z = rng.normal(size=(60, 4))
    Z[-3:] = 1.0
    scores = rng.uniform(size=(60, 2))
    scores[-3:] = [0.25, 0.75]
    refined = attention_refine(scores, Z, groups)
    for one in range(8):
        assert (refined[groups == one].max(axis=0) <= scores[groups == one].max(axis=0) + 1e-12).all()
    np.testing.assert_array_equal(refined[56], scores[56])
    np.testing.assert_allclose(refined[57:], scores[57:], atol=1e-12)
    np.testing.assert_array_equal(attention_refine(scores, Z, groups, steps=0), scores)


def test_nothing_crosses_groups(rng):
    """What another group scores does not matter."""
    groups, Z, scores = np.repeat([0, 1], 10), rng.normal(size=(20, 3)), rng.uniform(size=20)
    other = np.where(groups == 1, 1 - scores, scores)
    one, two = attention_refine(scores, Z, groups), attention_refine(other, Z, groups)
    np.testing.assert_array_equal(one[:10], two[:10])
    assert not np.allclose(one[10:], two[10:])


def test_items_of_weight_0_lend_nothing(rng):
    """And are lent what others say."""
    Z = np.repeat([[0.0], [9.0]], 5, axis=0) + 0.1 * rng.normal(size=(10, 1))
    labels = SoftLabels(0.1 + 0.8 * np.eye(2)[[0, 0, 0, 0, 1, 1, 1, 1, 1, 0]], weight=[1, 1, 1, 1, 0] * 2)
    refined = AttentionRefiner(groups=np.zeros(10)).fit_transform(labels, Z)
    np.testing.assert_array_equal(refined.codes(), np.repeat([0, 1], 5))
    np.testing.assert_array_equal(refined.weight, labels.weight)


def test_places_count_beside_features(rng):
    """Further features, each of its own scale: cells of one colour are told apart by where they are."""
    place = np.repeat([[0.0], [9.0]], 5, axis=0) + 0.1 * rng.normal(size=(10, 1))
    same = np.zeros((10, 2))
    scores = np.r_[0.9, 0.8, 0.9, 0.4, 0.9, 0.1, 0.2, 0.1, 0.6, 0.1]
    alone = attention_refine(scores, same, np.zeros(10), amplify=0)
    both = attention_refine(scores, same, np.zeros(10), affinities=[place], amplify=0)
    assert np.ptp(alone) < 1e-9
    assert both[:5].min() > both[5:].max()
    assert both[:5].mean() > both[5:].mean() + 0.1


@pytest.mark.parametrize(
    "arguments", [{"amplify": -1}, {"amplify": 2}, {"low": 0.8}, {"high": "a"}, {"steps": 1.5}, {"affinities": 3}]
)
def test_arguments_are_checked(arguments):
    """When it is used, by name and value."""
    with pytest.raises(ParameterError, match=f"{next(iter(arguments))}="):
        AttentionRefiner(**arguments).fit_transform([[0.5, 0.5]], [[1.0]], [0])
    with pytest.raises(ParameterError, match=f"{next(iter(arguments))}="):
        attention_refine([0.5], [[1.0]], [0], **arguments)


def test_bad_input_is_refused():
    """Groups must be given and be small enough; scores are finite, and matrices have a row per item."""
    with pytest.raises(ParameterError, match="needs groups"):
        AttentionRefiner().fit_transform([[0.5, 0.5]], [[1.0]])
    with pytest.raises(ParameterError, match="4,097 rows"):
        attention_refine(np.ones(4097), np.ones((4097, 1)), np.zeros(4097))
    with pytest.raises(ParameterError, match="row 1 has"):
        attention_refine([0.5, np.nan], [[1.0], [2.0]], [0, 0])
    with pytest.raises(ParameterError, match="row 0 has"):
        attention_refine([-0.5, 0.1], [[1.0], [2.0]], [0, 0])
    with pytest.raises(FrameError, match=r"affinities\[0\]"):
        attention_refine([0.5, 0.1], [[1.0], [2.0]], [0, 0], affinities=[[[np.nan], [1.0]]])
    with pytest.raises(FrameError, match="row 1, column 0 is nan"):
        attention_refine([0.5, 0.1], [[1.0], [np.nan]], [0, 0])
