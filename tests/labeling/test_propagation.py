"""propagate_prototypes: prototypes of classes that nobody has examples of, through a graph."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import Ridge

from weaklab.exceptions import LabelingFunctionError
from weaklab.labeling import propagate_prototypes, prototype_lf

X, Y = load_digits(return_X_y=True)
#: The segments of a display that each digit lights, as its attributes in a graph.
LIT = ["abcdef", "bc", "abdeg", "abcdg", "bcfg", "acdfg", "acdefg", "abc", "abcdefg", "abcdfg"]
DISPLAY = {digit: list(lit) for digit, lit in enumerate(LIT)}


def told_apart(prototypes, items, y, pair):
    """Accuracy on the rows of two classes; where both are as near, a coin is tossed, which is right on one half."""
    rows = np.isin(y, pair)
    if np.array_equal(*(prototypes[each] for each in pair)):
        return 0.5
    frame = pd.DataFrame(items[rows]).add_prefix("x")
    lf = prototype_lf({each: prototypes[each] for each in pair}, columns=list(frame.columns))
    return (np.array(pair)[lf.answers(frame).choice] == y[rows]).mean()


def over_all_pairs(graph, items, y):
    """Each two classes in turn have no examples: accuracy of propagation, and of taking the nearest seen class.

    Where several seen classes are as near, each of them is taken, and the accuracies are averaged.
    """
    found = []
    for a in graph:
        for b in range(a):
            seen = [each for each in graph if each not in (a, b)]
            centred = items - items[np.isin(y, seen)].mean(axis=0)
            known = {each: centred[y == each].mean(axis=0) for each in seen}
            propagated = told_apart(propagate_prototypes(known, graph), centred, y, (a, b))
            choices = product(nearest(graph, a, seen), nearest(graph, b, seen))
            taken = [told_apart({a: known[i], b: known[j]}, centred, y, (a, b)) for i, j in choices]
            found.append((propagated, np.mean(taken)))
    return np.mean(found, axis=0)


def nearest(graph, node, seen):
    """The seen classes that share most of all attributes of both."""
    shared = [len(set(graph[node]) & set(graph[each])) / len(set(graph[node]) | set(graph[each])) for each in seen]
    return [each for each, share in zip(seen, shared, strict=True) if share == max(shared)]


def test_digits_without_examples_are_told_apart_by_their_segments():
    """Over all pairs of digits that nobody labeled, from the mean images of the others: 67 % against 53 %."""
    propagated, taken = over_all_pairs(DISPLAY, X, Y)
    assert propagated >= 0.65
    assert propagated >= taken + 0.12


@pytest.mark.parametrize("noise", [1.0, 2.0])
def test_classes_without_examples_are_told_apart_by_their_attributes(rng, noise):
    """Planted: items are a linear image of forty attributes of ten classes, and noise; 15 points over the nearest.

    Of twelve attributes, where the nearest is right on eight in ten, it is 13 points over it.
    """
    found = []
    for _ in range(5):
        has = rng.random((10, 40)) < 0.4
        y = rng.integers(0, 10, 1000)
        items = has[y] @ rng.standard_normal((40, 30)) + noise * rng.standard_normal((1000, 30))
        graph = {each: [f"attribute {j}" for j in np.flatnonzero(has[each])] for each in range(10)}
        found.append(over_all_pairs(graph, items, y))
    propagated, taken = np.mean(found, axis=0)
    assert propagated >= taken + 0.15


def smoothed(graph, hops):
    """The nodes, and the power of the normalised adjacency, spelt out."""
    nodes = [*graph, *sorted({parent for above in graph.values() for parent in above})]
    adjacency = np.eye(len(nodes))
    for node, above in graph.items():
        for parent in above:
            i, j = nodes.index(node), nodes.index(parent)
            adjacency[i, j] = adjacency[j, i] = 1
    degree = adjacency.sum(axis=1)
    return nodes, np.linalg.matrix_power(adjacency / np.sqrt(degree[:, None] * degree), hops)


@pytest.mark.parametrize("hops", [1, 2, 3])
def test_it_is_a_ridge_regression_on_the_smoothed_graph(hops, rng):
    """scikit-learn's, on the rows of the power of the adjacency."""
    nodes, rows = smoothed(DISPLAY, hops)
    seen = [0, 2, 3, 4, 6, 7, 9]
    target = rng.standard_normal((len(seen), 5))
    found = propagate_prototypes(dict(zip(seen, target, strict=True)), DISPLAY, hops=hops, ridge=0.02)
    model = Ridge(alpha=0.02).fit(rows[seen], target)
    for digit in DISPLAY:
        expected = target[seen.index(digit)] if digit in seen else model.predict(rows[[nodes.index(digit)]])[0]
        np.testing.assert_allclose(found[digit], expected, atol=1e-9)


def test_the_penalty_is_that_of_the_smallest_error_on_a_class_left_out(rng):
    """By refitting without each known class in turn: none of a fine grid is better than what was chosen."""
    _, rows = smoothed(DISPLAY, 2)
    seen = [0, 2, 3, 4, 6, 7, 9]
    target = rows[seen] @ rng.standard_normal((rows.shape[1], 3)) + 0.05 * rng.standard_normal((len(seen), 3))
    known = dict(zip(seen, target, strict=True))

    def error(ridge):
        wrong = []
        for i, digit in enumerate(seen):
            others = [each for each in seen if each != digit]
            model = Ridge(alpha=ridge).fit(rows[others], np.delete(target, i, axis=0))
            wrong.append(model.predict(rows[[digit]])[0] - target[i])
        return np.mean(np.square(wrong))

    chosen = propagate_prototypes(known, DISPLAY)
    grid = np.geomspace(1e-5, 10, 121)
    fits = [propagate_prototypes(known, DISPLAY, ridge=ridge) for ridge in grid]
    taken = int(np.argmin([np.abs(fit[1] - chosen[1]).max() for fit in fits]))
    assert error(grid[taken]) <= min(error(ridge) for ridge in grid) * 1.01
    assert 0 < taken < len(grid) - 1


def test_examples_count_by_their_mean_and_inner_nodes_may_be_known():
    """What is known of a parent is known of its kind."""
    parents = {"cat": "animal", "dog": "animal", "rose": "plant", "oak": "plant"}
    found = propagate_prototypes({"animal": [[1.0, 0.0], [3.0, 0.0]], "rose": [0.0, 1.0]}, parents)
    assert list(found) == ["cat", "dog", "rose", "oak"]
    assert found["rose"].tolist() == [0, 1]
    assert found["cat"][0] > found["oak"][0]
    assert found["oak"][1] > found["cat"][1]
    np.testing.assert_allclose(found["cat"], found["dog"])


@pytest.mark.parametrize(
    ("known", "options", "says"),
    [
        ({0: [1.0]}, {}, "two classes or more"),
        ([1.0, 2.0], {}, "must be a dict"),
        ({0: [1.0], 11: [2.0]}, {}, "11 of known= is no node"),
        ({0: [1.0], "aa": [2.0]}, {}, "Did you mean 'a'"),
        ({0: [1.0], 1: ["x"]}, {}, "embedding of 1 is no array of numbers"),
        ({0: [1.0], 1: [np.nan]}, {}, "embedding of 1 has shape"),
        ({0: [1.0], 1: [1.0, 2.0]}, {}, "2 numbers, those before have 1"),
        ({0: [1.0], 1: [2.0]}, {"hops": 0}, "hops=0"),
        ({0: [1.0], 1: [2.0]}, {"ridge": 0}, "above 0"),
        ({0: [1.0], 1: [2.0]}, {"parents": {0: "a", 1: "a", "far": "z"}}, "within 4 edges of 'far'"),
        ({0: [1.0], 1: [2.0]}, {"parents": {0: "a", 1: "a", "a": "b", "b": "a"}}, "cycle"),
    ],
)
def test_bad_arguments(known, options, says):
    """Each says what is wrong."""
    with pytest.raises(LabelingFunctionError, match=says):
        propagate_prototypes(known, **{"parents": DISPLAY, **options})
