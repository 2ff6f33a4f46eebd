"""A Gaussian per class from few rows and wrong labels: what it finds, fills up, and borrows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.exceptions import NotFittedError

from weaklab.exceptions import FrameError, ParameterError, SoftLabelError
from weaklab.refine import GaussianCalibration
from weaklab.votes import SoftLabels

SEEDS = (0, 1, 2)


@pytest.mark.slow
def test_its_experiment_holds(case):
    """Row 48: the rarer half of the classes gains 6 points over balanced weights (the pilot: 13.5), wrong labels are
    found with an AUROC of .95, and digits, which are no Gaussians, lose a point at most."""
    found = pd.DataFrame([case.tail_scores(case.long_tail(seed)) for seed in SEEDS]).mean()
    assert found["calibrated, tail"] >= found["balanced, tail"] + 6, found
    assert found["calibrated"] >= found["ridge"], found
    assert found["wrong labels found, AUROC"] >= 95, found
    digits = pd.DataFrame([case.tail_scores(case.tailed_digits(seed)) for seed in SEEDS]).mean()
    assert digits["calibrated"] >= digits["as they are"] - 1, digits


def test_wrong_labels_are_found_and_left_out(case):
    """The quick part of row 48: four of ten labels are wrong, nearly all that are used are right, in each class."""
    train, _ = case.long_tail(0)
    calibration = GaussianCalibration().fit(train.Z, train.labels)
    right = train.labels.codes() == train.y
    assert right[calibration.kept_].mean() > 0.97
    assert calibration.kept_[right].mean() > 0.9
    doubt = calibration.score(train.Z)
    assert np.median(doubt[right]) < 0 < np.median(doubt[~right])
    np.testing.assert_allclose(calibration.score(train.Z, train.labels), doubt, atol=3)  # but for the row itself
    truth = calibration.score(train.Z, np.eye(10)[train.y])
    assert (truth < 0).mean() > 0.9


def test_classes_are_filled_up_from_their_gaussians(case):
    """As many rows of each class as of the largest; the given rows stay, and drawn ones are of the class."""
    train, test = case.long_tail(1)
    index = pd.RangeIndex(5, 5 + train.labels.n)
    given = train.labels.replace(classes=tuple("abcdefghij"), index=index)
    calibration = GaussianCalibration(random_state=3).fit(pd.DataFrame(train.Z, index=index), given)
    Z, labels = calibration.resample()
    n = train.labels.n
    np.testing.assert_array_equal(Z[:n], train.Z)
    np.testing.assert_array_equal(labels.probs[:n], train.labels.probs)
    np.testing.assert_array_equal(labels.covered[:n], calibration.kept_)
    assert labels.classes == given.classes
    assert len(set(np.bincount(labels.codes()[labels.covered]))) == 1
    for one in range(10):
        drawn, true = Z[n:][labels.codes()[n:] == one], test.Z[test.y == one]
        if len(drawn) > 100:
            assert np.linalg.norm(drawn.mean(axis=0) - true.mean(axis=0)) < 2.5, one  # classes lie 5.7 apart
            assert 0.5 < drawn.std(axis=0).mean() / true.std(axis=0).mean() < 1.5
    again, _ = GaussianCalibration(random_state=3).fit(train.Z, train.labels).resample()
    np.testing.assert_array_equal(again, Z)
    fixed, some = GaussianCalibration(per_class=7).fit(train.Z, train.labels).resample()
    assert np.bincount(some.codes()[some.covered]).min() >= 7
    assert len(fixed) < len(Z)


def test_gold_is_always_used_and_counts_as_the_label():
    """Wherever it lies; a weak label that says otherwise is not looked at."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 50)
    Z = rng.normal(size=(100, 3)) + 5 * y[:, None]
    gold = np.full(100, -1)
    gold[[0, 1]] = 1, 0
    calibration = GaussianCalibration().fit(Z, SoftLabels(np.eye(2)[np.r_[0, 1, y[2:]]], gold=gold))
    assert calibration.kept_.all()
    _, labels = calibration.resample()
    np.testing.assert_array_equal(labels.gold[:100], gold)
    np.testing.assert_array_equal(labels.codes()[:2], [1, 0])
    assert calibration.score(Z)[0] > 0 > calibration.score(Z)[1]


def test_a_class_of_one_row_borrows_its_spread():
    """Rows drawn for it spread as those of the others do, around where it is; with borrow=0 and its own spread, too."""
    rng = np.random.default_rng(0)
    Z = np.vstack([rng.normal(size=(200, 2)), rng.normal(size=(150, 2)) + np.array([8, 0]), [[0.0, 60.0]]])
    labels = np.eye(3)[np.repeat([0, 1, 2], [200, 150, 1])]
    for borrow in (0, 3):
        calibration = GaussianCalibration(borrow=borrow).fit(Z, labels)
        more, filled = calibration.resample()
        drawn = more[len(Z) :][filled.codes()[len(Z) :] == 2]
        assert len(drawn) == 199
        np.testing.assert_allclose(drawn.mean(axis=0), [0, 60], atol=0.6)
        np.testing.assert_allclose(calibration.centers_[2], [0, 60], atol=0.5)
        assert (drawn.std(axis=0) > 0.4).all()


def test_local_outliers_are_left_out():
    """A row far from all of its class, by the local outlier factor; also of a class of more rows than it looks at."""
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(11_100, 2))
    Z[11_000:] += 30
    Z[0], Z[11_050] = [12, 12], [60, 60]
    calibration = GaussianCalibration(outliers="lof").fit(Z, np.eye(2)[np.repeat([0, 1], [11_000, 100])])
    assert not calibration.kept_[[0, 11_050]].any()
    assert calibration.kept_.mean() > 0.9


def test_forms_of_features_and_labels_agree(rng):
    """Frames, sparse matrices, and columns that do not vary, which drawn rows have too."""
    y = np.repeat([0, 1, 2], [60, 30, 10])
    Z = np.column_stack([rng.normal(size=(100, 2)) + 4 * np.eye(3, 2)[y], np.full(100, 7.0)])
    labels = 0.1 + 0.7 * np.eye(3)[y]
    expected = GaussianCalibration().fit(Z, labels)
    for form in (pd.DataFrame(Z), scipy.sparse.csr_array(Z), Z.tolist()):
        other = GaussianCalibration().fit(form, pd.DataFrame(labels))
        np.testing.assert_allclose(other.score(form), expected.score(Z), atol=1e-9)
        np.testing.assert_allclose(other.resample()[0], expected.resample()[0], atol=1e-9)
    assert (expected.resample()[0][:, 2] == 7).all()


def test_corners_are_answered(rng):
    """One class, constant features, fewer rows than classes, rows without a label, a class without rows."""
    Z = rng.normal(size=(30, 2))
    one = GaussianCalibration().fit(Z, np.tile([0.0, 1.0], (30, 1)))
    assert one.kept_.all()
    assert np.isneginf(one.score(Z)).all()
    assert len(one.resample()[0]) == 30
    assert np.isnan(one.centers_[0]).all()
    assert np.isposinf(one.score(Z, np.tile([1.0, 0.0], (30, 1)))).all()  # a class that was never seen
    flat = GaussianCalibration().fit(np.ones((30, 2)), np.eye(2)[np.arange(30) % 2])
    assert np.isfinite(flat.score(np.ones((30, 2)))).all()
    assert (flat.resample()[0] == 1).all()
    for outliers in ("trim", "lof"):
        few = GaussianCalibration(outliers=outliers).fit(Z[:2], np.eye(3)[:2])
        assert np.isfinite(few.score(Z[:2])).all()
        assert np.isfinite(few.resample()[0]).all()
    labels = SoftLabels(np.eye(2)[np.arange(30) % 2], weight=np.arange(30) >= 5)
    some = GaussianCalibration().fit(Z, labels)
    assert not some.kept_[:5].any()
    assert np.isneginf(some.score(Z)[:5]).all()
    assert not some.resample()[1].covered[:5].any()


def test_bad_input_is_refused(rng):
    """Features and labels must be there, and fit each other and those of fit."""
    Z, labels = rng.normal(size=(20, 2)), np.eye(2)[np.arange(20) % 2]
    missing = Z.copy()
    missing[3, 1] = np.nan
    with pytest.raises(FrameError, match="row 3, column 1 is nan"):
        GaussianCalibration().fit(missing, labels)
    with pytest.raises(FrameError, match="needs features"):
        GaussianCalibration().fit(None, labels)
    with pytest.raises(FrameError, match="19 rows"):
        GaussianCalibration().fit(Z[:19], labels)
    with pytest.raises(ParameterError, match="No row has a weight"):
        GaussianCalibration().fit(Z, SoftLabels(labels, weight=np.zeros(20)))
    with pytest.raises(FrameError, match="too large"):
        GaussianCalibration().fit(rng.normal(size=(20, 9000)), labels)
    with pytest.raises(NotFittedError):
        GaussianCalibration().resample()
    fitted = GaussianCalibration().fit(Z, labels)
    with pytest.raises(FrameError, match="3 columns; at fit it had 2"):
        fitted.score(np.ones((20, 3)))
    with pytest.raises(SoftLabelError, match="3 classes; at fit there were 2"):
        fitted.score(Z, np.eye(3)[np.zeros(20, dtype=int)])
    with pytest.raises(FrameError, match="rows"):
        fitted.score(Z[:5])


@pytest.mark.parametrize(
    "arguments",
    [{"borrow": -1}, {"shrink": 0}, {"outliers": "none"}, {"per_class": 0}, {"per_class": "min"}],
)
def test_arguments_are_checked(arguments):
    """When it is used, by name and value."""
    with pytest.raises(ParameterError, match=f"{next(iter(arguments))}="):
        GaussianCalibration(**arguments).fit([[1.0]], [[0.5, 0.5]])
