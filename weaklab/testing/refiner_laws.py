"""The laws of refiners, and the data that they are tried on."""

from __future__ import annotations

import copy
import pickle
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.base import clone

from weaklab.exceptions import CoverageWarning
from weaklab.testing.laws import Law, distributions, global_random_state, refuses, same
from weaklab.votes.soft import SoftLabels

K = 3


# The data of the laws ---------------------------------------------------------------------------------------------


def _draw(n: int = 300, gold: int = 0, uncovered: int = 20) -> tuple[SoftLabels, np.ndarray, np.ndarray]:
    """Soft labels that are right on four rows of five, features of five columns, and the truth.

    Features are whole multiples of 1/64, which float32 holds exactly.
    """
    rng = np.random.default_rng(0)
    y = rng.integers(K, size=n)
    Z = np.round((rng.normal(size=(n, 5)) + 2.5 * np.eye(K, 5)[y]) * 64) / 64
    shown = np.where(rng.random(n) < 0.8, y, rng.integers(K, size=n))
    probs = 0.1 + rng.uniform(0.5, 0.7, size=(n, 1)) * np.eye(K)[shown]
    weight = np.ones(n)
    weight[:uncovered] = 0.0
    known = np.full(n, -1)
    known[n - gold :] = y[n - gold :]
    return SoftLabels(probs / probs.sum(axis=1, keepdims=True), weight, known if gold else None), Z, y


def _mask(y: np.ndarray) -> np.ndarray:
    """The true class and the next one are allowed."""
    return (np.eye(K) + np.eye(K)[:, [1, 2, 0]])[y] > 0


def _refine(refiner: Any, *given: Any, **more: Any) -> SoftLabels:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoverageWarning)
        return clone(refiner).fit_transform(*given, **more)


# The laws ---------------------------------------------------------------------------------------------------------


def constructor_only_stores(refiner: Any) -> None:
    """A clone has the parameters of its original, unchanged by fit_transform."""
    before = refiner.get_params(deep=False)
    labels, Z, _ = _draw()
    refiner.fit_transform(labels, Z)
    after = refiner.get_params(deep=False)
    assert all(after[name] is before[name] for name in before), "fit_transform changed a constructor parameter"
    clone(refiner)


def refined_rows_are_distributions(refiner: Any) -> None:
    """SoftLabels come out, whose rows are finite, non-negative and sum to 1, in every corner of the data."""
    labels, Z, y = _draw(gold=10)
    one_hot, sure = np.eye(K)[y], np.tile([0.0, 1.0, 0.0], (len(y), 1))
    corners = {
        "ordinary": (labels, Z),
        "certain labels": (one_hot, Z),
        "one class": (sure, Z),
        "uniform labels": (np.full((len(y), K), 1 / K), Z),
        "constant features": (labels, np.ones_like(Z)),
        "a constant feature": (labels, np.column_stack([Z, np.full(len(y), 7.0)])),
        "one feature": (labels, Z[:, :1]),
        "equal rows": (labels, np.repeat(Z[:1], len(y), axis=0)),
        "large features": (labels, Z * 1e8 + 1e10),
        "small features": (labels, Z * 1e-8),
        "a feature of another scale": (labels, Z * np.array([1e6, 1, 1, 1, 1])),
        "a far row": (labels, np.vstack([Z[:-1], np.full(5, 1e6)])),
        "fewer rows than classes": (labels[-2:], Z[-2:]),
        "a row": (labels[50:51], Z[50:51]),
        "no rows": (labels[:0], Z[:0]),
        "more features than rows": (labels[50:60], np.tile(Z[50:60], (1, 40))),
        "nobody said anything": (labels.replace(weight=np.zeros(len(y)), gold=None), Z),
    }
    for corner, (some, features) in corners.items():
        try:
            refined = _refine(refiner, some, features)
            assert isinstance(refined, SoftLabels), f"{type(refined).__name__} came out, not SoftLabels"
            distributions(refined.probs, len(features), K)
        except Exception as error:
            raise AssertionError(f"{corner}: {error}") from error


def gold_rows_come_out_as_gold(refiner: Any) -> None:
    """A row with gold is one-hot at its gold class whatever its label said, counts, and keeps its gold."""
    labels, Z, y = _draw(gold=40)
    wrong = labels.probs.copy()
    wrong[-40:] = np.eye(K)[(y[-40:] + 1) % K]
    weight = labels.weight.copy() if labels.weight is not None else np.ones(len(y))
    weight[-3:] = 0.0
    given = labels.replace(probs=wrong, weight=weight)
    refined = _refine(refiner, given, Z)
    same(refined.probs[-40:], np.eye(K)[y[-40:]], "gold rows", tolerance=0)
    assert refined.gold is not None, "gold is lost"
    same(refined.gold, np.where(np.arange(len(y)) >= len(y) - 40, y, -1), "gold", tolerance=0)
    assert refined.covered[-40:].all(), "a row with gold has weight 0"


def all_gold_is_left_alone(refiner: Any) -> None:
    """Where all is known, that is what comes out."""
    labels, Z, y = _draw()
    refined = _refine(refiner, labels.replace(gold=y), Z)
    same(refined.probs, np.eye(K)[y], "labels that are all known", tolerance=0)


def forbidden_classes_get_nothing(refiner: Any) -> None:
    """A class that a row, or its group, may not have gets no mass, also where the label was for it."""
    labels, Z, y = _draw(gold=10)
    mask = _mask(y)
    groups = np.array(["a", "b", "c"])[y]
    by_group = {name: np.flatnonzero(mask[groups == name][0]).tolist() for name in "abc"}
    refined = _refine(refiner, labels, Z, allowed=mask)
    assert (refined.probs[~mask] == 0).all(), "a forbidden class has mass"
    distributions(refined.probs, len(y), K)
    grouped = _refine(refiner, labels, Z, groups, allowed=by_group)
    assert (grouped.probs[~mask] == 0).all(), "a class that a row's group may not have has mass"
    only = _refine(refiner, labels, Z, allowed=np.eye(K)[y] > 0)
    same(only.probs, np.eye(K)[y], "rows that may have one class alone", tolerance=0)


def index_and_classes_are_kept(refiner: Any) -> None:
    """The index and the class names of the labels are those of what comes out."""
    labels, Z, y = _draw()
    index = pd.Index([f"row {i}" for i in range(len(y))])
    named = labels.replace(classes=("a", "b", "c"), index=index)
    refined = _refine(refiner, named, pd.DataFrame(Z, index=index))
    assert refined.classes == ("a", "b", "c"), "the class names are lost"
    assert refined.index is not None, "the index is lost"
    assert refined.index.equals(index), "the index is another"
    same(refined.probs, _refine(refiner, labels, Z).probs, "with names", tolerance=0)


def given_data_is_left_alone(refiner: Any) -> None:
    """fit_transform changes neither labels, features, groups nor allowed classes, and no global random state."""
    labels, Z, y = _draw(gold=10)
    given: dict[str, Any] = {"labels": labels, "Z": Z, "groups": y % 7, "allowed": _mask(y)}
    kept, random_state = copy.deepcopy(given), global_random_state()
    _refine(refiner, labels, Z, given["groups"], allowed=given["allowed"])
    for name in ("Z", "groups", "allowed"):
        assert np.array_equal(given[name], kept[name]), f"fit_transform changed {name}"
    for part in ("probs", "weight", "gold"):
        assert np.array_equal(getattr(labels, part), getattr(kept["labels"], part)), f"fit_transform changed {part}"
    assert global_random_state() == random_state, "the global random state was changed"


def refining_again_gives_the_same_bits(refiner: Any) -> None:
    """The same data and seed give the same bits, also on a refiner that was used before."""
    labels, Z, _ = _draw(gold=10)
    used = clone(refiner)
    used.fit_transform(labels[:100], Z[:100, :3])
    same(used.fit_transform(labels, Z).probs, _refine(refiner, labels, Z).probs, "a second time", tolerance=0)


def row_order_does_not_matter(refiner: Any) -> None:
    """Shuffling the rows shuffles what comes out."""
    labels, Z, _ = _draw(gold=10)
    order = np.random.default_rng(1).permutation(len(Z))
    one, other = _refine(refiner, labels, Z), _refine(refiner, labels[order], Z[order])
    same(other.probs, one.probs[order], "after a shuffle of rows", tolerance=1e-6)


def class_order_does_not_matter(refiner: Any) -> None:
    """Renumbering the classes renumbers the columns of what comes out."""
    labels, Z, _ = _draw()
    order = np.array([2, 0, 1])
    one = _refine(refiner, labels, Z)
    other = _refine(refiner, labels.replace(probs=labels.probs[:, order]), Z)
    same(other.probs, one.probs[:, order], "after renumbering the classes", tolerance=1e-6)


def forms_of_features_agree(refiner: Any) -> None:
    """Arrays of either precision and order, lists, frames, files and sparse matrices give the same labels."""
    labels, Z, _ = _draw(gold=10)
    expected = _refine(refiner, labels, Z).probs
    read_only = Z.copy()
    read_only.flags.writeable = False
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "Z.npy", Z)
        mapped = np.load(Path(folder) / "Z.npy", mmap_mode="r")
        forms = {
            "float32": Z.astype(np.float32),
            "Fortran order": np.asfortranarray(Z),
            "read-only": read_only,
            "list": Z.tolist(),
            "frame": pd.DataFrame(Z),
            "memmap": mapped,
            "csr": scipy.sparse.csr_array(Z),
            "csc_matrix": scipy.sparse.csc_matrix(Z),
        }
        for form, features in forms.items():
            same(_refine(refiner, labels, features).probs, expected, form, tolerance=1e-5)
        del mapped, forms


def what_uncovered_rows_say_is_ignored(refiner: Any) -> None:
    """The probabilities of rows of weight 0 are nobody's opinion, and change nothing."""
    labels, Z, _ = _draw(gold=10)
    other = labels.probs.copy()
    other[~labels.covered] = [0.0, 0.0, 1.0]
    one, two = _refine(refiner, labels, Z), _refine(refiner, labels.replace(probs=other), Z)
    seen = labels.covered
    same(two.probs[seen], one.probs[seen], "when uncovered rows say something else", tolerance=0)


def nothing_known_is_left_alone(refiner: Any) -> None:
    """Where no row has a weight above 0, labels and weights come out as they are, with a CoverageWarning."""
    labels, Z, _ = _draw()
    silent = labels.replace(weight=np.zeros(len(Z)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        refined = clone(refiner).fit_transform(silent, Z)
    assert any(issubclass(one.category, CoverageWarning) for one in caught), "no CoverageWarning was given"
    same(refined.probs, silent.probs, "labels that nobody gave", tolerance=0)
    assert not refined.covered.any(), "rows of which nothing is known are covered"


def one_class_stays_one_class(refiner: Any) -> None:
    """Where every label is for one class, so is every refined label."""
    labels, Z, _ = _draw()
    refined = _refine(refiner, labels.replace(probs=np.tile([0.0, 1.0, 0.0], (len(Z), 1))), Z)
    same(refined.probs[labels.covered], np.tile([0.0, 1.0, 0.0], (labels.covered.sum(), 1)), "one class")


def bad_features_are_refused(refiner: Any) -> None:
    """Features that are missing in places, of another length, or no numbers are a ValueError."""
    labels, Z, _ = _draw()
    missing, infinite = Z.copy(), Z.copy()
    missing[7, 2], infinite[8, 3] = np.nan, np.inf
    texts = pd.DataFrame({"text": ["a"] * len(Z)})
    shifted = pd.DataFrame(Z, index=np.arange(len(Z)) + 1)
    indexed = labels.replace(index=pd.RangeIndex(len(Z)))
    wrong = {
        "NaN": (labels, missing),
        "an infinite number": (labels, infinite),
        "too few rows": (labels, Z[:-1]),
        "one dimension": (labels, Z[:, 0]),
        "no columns": (labels, Z[:, :0]),
        "texts": (labels, texts),
        "another index": (indexed, shifted),
    }
    for what, (some, features) in wrong.items():
        assert refuses(clone(refiner).fit_transform, some, features), f"{what} in Z raised no ValueError"


def refiners_chain(refiner: Any) -> None:
    """``a >> b`` is a refiner, cloned and pickled like one, that does what a and b do in turn."""
    labels, Z, _ = _draw(gold=10)
    chain = clone(clone(refiner) >> clone(refiner))
    by_hand = _refine(refiner, _refine(refiner, labels, Z), Z)
    same(pickle.loads(pickle.dumps(chain)).fit_transform(labels, Z).probs, by_hand.probs, "in a chain", tolerance=0)


REFINER_LAWS: tuple[Law, ...] = (
    constructor_only_stores,
    refined_rows_are_distributions,
    gold_rows_come_out_as_gold,
    all_gold_is_left_alone,
    forbidden_classes_get_nothing,
    given_data_is_left_alone,
    index_and_classes_are_kept,
    refining_again_gives_the_same_bits,
    row_order_does_not_matter,
    class_order_does_not_matter,
    forms_of_features_agree,
    what_uncovered_rows_say_is_ignored,
    nothing_known_is_left_alone,
    one_class_stays_one_class,
    bad_features_are_refused,
    refiners_chain,
)
