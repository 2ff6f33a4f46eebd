"""Labels that hang on what accompanies a class: those go, and those of the class stay."""

from __future__ import annotations

import numpy as np
import pytest

from weaklab.exceptions import ParameterError
from weaklab.refine import BiasRemover
from weaklab.votes import SoftLabels

SEEDS = (0, 1, 2)


@pytest.mark.parametrize("overlap", [0.0, 0.5])
def test_its_experiment_holds(case, overlap):
    """Row 7: precision of cells of the class rises by 20 points (the pilot: 55), recall falls by 5 at most; also where
    half of each striped cell is a cell of the class."""
    precision, recall, gains = [], [], []
    for seed in SEEDS:
        world = case.biased_scenes(seed, overlap)
        refined = BiasRemover(background=0, random_state=seed).fit_transform(world.labels, world.Z, world.groups)
        before, after = world.labels.codes() == 1, refined.codes() == 1
        precision.append(world.y[after].mean() - world.y[before].mean())
        gains.append(world.accuracy(refined) - world.accuracy(world.labels))
        recall.append(after[world.y == 1].mean() - before[world.y == 1].mean())
    assert np.mean(precision) >= 0.2, precision
    assert np.mean(recall) >= -0.05, recall
    assert np.mean(gains) >= case.EXPERIMENTS["bias"].gain, gains


def test_what_was_removed_can_be_reviewed(case):
    """A row per cluster, with rows to look at: the largest biased one is stripes on both sides, few are nines."""
    world = case.biased_scenes(0)
    remover = BiasRemover(background=0)
    refined = remover.fit_transform(world.labels, world.Z, world.groups)
    table = remover.clusters_
    marked = world.labels.codes() == 1
    assert set(table["class"]) == {1}
    assert table["rows"].sum() == marked.sum()
    assert table.loc[table["biased"], "rows"].sum() == remover.removed_.sum()
    assert (table.loc[table["biased"], "similarity"] >= 0.6).all()
    np.testing.assert_array_equal(remover.removed_, marked & (refined.codes() == 0))
    largest = table[table["biased"]].sort_values("rows").iloc[-1]
    assert set(world.kind[largest["examples"]]) == set(world.kind[largest["seen_without"]]) == {"stripes"}
    shown, without = (np.concatenate(table.loc[table["biased"], one].tolist()) for one in ("examples", "seen_without"))
    assert (world.kind[shown] == "nine").mean() < 0.15
    tagged = np.isin(world.groups, world.groups[marked])
    assert not tagged[without].any()
    assert (refined.probs[~remover.removed_] == world.labels.probs[~remover.removed_]).all()


def test_boilerplate_that_other_documents_share_is_no_evidence():
    """Without groups: a keyword that fires in text of the topic, and in a footer that documents of others have too."""
    rng = np.random.default_rng(0)
    topic, other, footer = 4 * np.eye(3, 12)
    of = np.repeat([0, 1, 2, 3], [100, 200, 100, 40])  # the topic, others, footers that were hit, footers of others
    Z = np.array([topic, other, footer, footer])[of] + 0.7 * rng.normal(size=(440, 12))
    labels = SoftLabels(0.1 + 0.8 * np.eye(2)[[1, 0, 1, 0]][of], classes=("else", "topic"))
    remover = BiasRemover(background="else", n_clusters=8)
    refined = remover.fit_transform(labels, Z)
    assert remover.removed_[of == 2].mean() > 0.9
    assert remover.removed_[of != 2].mean() < 0.02
    assert set(refined.labels()[of == 2][remover.removed_[of == 2]]) == {"else"}


def test_without_a_background_removed_rows_have_no_label_left(case):
    """They weigh 0, the class has none of their mass, and gold rows that look the same are not removed."""
    world = case.biased_scenes(1)
    stripes = np.flatnonzero((world.kind == "stripes") & (world.labels.codes() == 1))
    gold = np.full(world.labels.n, -1)
    gold[stripes[:5]] = 1
    remover = BiasRemover()
    refined = remover.fit_transform(world.labels.replace(gold=gold), world.Z, world.groups)
    gone = remover.removed_ & (world.labels.codes() == 1)
    assert gone.sum() > 50
    assert (refined.weight[gone] == 0).all()
    assert (refined.probs[gone, 1] == 0).all()
    assert not remover.removed_[stripes[:5]].any()
    np.testing.assert_array_equal(refined.probs[stripes[:5]], np.tile([0.0, 1.0], (5, 1)))


def test_nothing_is_removed_where_no_group_lacks_the_class():
    """There is nothing to compare with then, nor in groups of which nothing is known."""
    rng = np.random.default_rng(0)
    labels = SoftLabels(np.tile([0.2, 0.8], (60, 1)), weight=np.repeat([1.0, 0.0], 30))
    remover = BiasRemover(background=0)
    remover.fit_transform(labels, rng.normal(size=(60, 3)), np.repeat([0, 1, 2, 3], 15))
    assert not remover.removed_.any()
    assert not len(remover.clusters_)


@pytest.mark.parametrize(
    "arguments", [{"n_clusters": 0}, {"threshold": 0}, {"threshold": 1.0}, {"background": 7}, {"background": "a"}]
)
def test_arguments_are_checked(arguments):
    """When it is used, by name and value."""
    with pytest.raises(ParameterError, match=f"{next(iter(arguments))}="):
        BiasRemover(**arguments).fit_transform([[0.5, 0.5]], [[1.0]])
