"""Confusions, vote patterns and buckets: counted as their definitions say."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import beta

from weaklab.analysis import buckets, empirical_confusion, patterns, row_words
from weaklab.datasets import make_votes
from weaklab.exceptions import ClassError, GoldError, ParameterError, VoteError
from weaklab.label_models import LabelModel
from weaklab.votes import PartialVotes, SoftLabels, SoftVotes


@st.composite
def cases(draw) -> tuple[np.ndarray, np.ndarray]:
    """Small votes, and gold of which at least one label is known."""
    n, m = draw(st.integers(1, 15)), draw(st.integers(1, 4))
    y = draw(hnp.arrays(np.int64, n, elements=st.integers(-1, 3)))
    y[draw(st.integers(0, n - 1))] = draw(st.integers(0, 3))
    return draw(hnp.arrays(np.int8, (n, m), elements=st.integers(-1, 2))), y


class TestConfusion:
    @settings(deadline=None)
    @given(cases())
    def test_cells_are_counted_by_definition(self, case) -> None:
        """Also of a class that no function votes for."""
        votes, y = case
        k = max(2, votes.max() + 1, y.max() + 1)
        table = empirical_confusion(votes, y, counts=True).to_numpy().reshape(votes.shape[1], k, k + 1)
        for j, true, vote in np.ndindex(*table.shape):
            said = -1 if vote == k else vote
            assert table[j, true, vote] == ((y == true) & (votes[:, j] == said)).sum()
        shares = empirical_confusion(votes, y).to_numpy().reshape(table.shape)
        rows = np.array([(y == true).sum() for true in range(k)])
        assert np.isnan(shares[:, rows == 0]).all()
        np.testing.assert_allclose(shares[:, rows > 0].sum(axis=2), 1)

    def test_it_has_the_layout_of_what_a_model_learns(self) -> None:
        """With all gold given, the two are near: five standard errors and what priors add."""
        planted = make_votes(n=20_000, m=4, k=3, coverage=0.6, random_state=0)
        ours = empirical_confusion(planted.votes, planted.y)
        assert ours.loc["lf_2"].shape == LabelModel().fit(planted.votes).confusion_of("lf_2").shape
        assert np.abs(ours.to_numpy().reshape(planted.theta.shape) - planted.theta).max() < 5 * np.sqrt(0.25 / 6000)

    def test_it_needs_gold_and_room(self) -> None:
        """Counting by nothing, or a table of gigabytes, is an error and not a wait."""
        with pytest.raises(GoldError, match="None of the 2 rows"):
            empirical_confusion([[0], [1]], [-1, -1])
        with pytest.raises(GoldError, match=r"shape \(2,\)"):
            empirical_confusion([[0], [1]], [0])
        with pytest.raises(ParameterError, match="GB"):
            empirical_confusion(np.zeros((2, 300), dtype=int), [0, 20_000])

    def test_richer_votes(self) -> None:
        """Sets of one class, and the likeliest class of a distribution."""
        sets = empirical_confusion(PartialVotes([[0b01, 0b11]], k=2), [0], counts=True)
        assert sets.loc[(0, 0)].tolist() == [1, 0, 0]
        assert sets.loc[(1, 0)].tolist() == [0, 0, 1]
        soft = empirical_confusion(SoftVotes([[[0.2, 0.8]]]), [0], counts=True)
        assert soft.loc[(0, 0)].tolist() == [0, 1, 0]


class TestPatterns:
    @settings(deadline=None)
    @given(cases(), st.booleans())
    def test_patterns_are_counted_by_definition(self, case, wide) -> None:
        """Whether a row fits four words or is told apart by two sums of random numbers."""
        votes, y = case
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(row_words, "MAX_WORDS", 0 if wide else 4)
            table = patterns(votes, y=y, n=None)
        counted = Counter(map(tuple, votes.tolist()))
        assert table["rows"].tolist() == sorted(counted.values(), reverse=True)
        assert table["share"].sum() == pytest.approx(1)
        for line in table.itertuples():
            row = votes[line.example]
            assert line.votes == {j: vote for j, vote in enumerate(row) if vote >= 0}
            mine = y[(votes == row).all(axis=1)]
            assert line.rows == len(mine) == counted[tuple(row.tolist())]
            assert line.gold_rows == (mine >= 0).sum()
            shares = {int(c): round((mine == c).sum() / line.gold_rows, 4) for c in np.unique(mine[mine >= 0])}
            assert line.gold == pytest.approx(shares)

    def test_soft_labels_stand_beside_gold(self) -> None:
        """As the model gives them for rows of that pattern; the share of right ones with its interval."""
        planted = make_votes(n=3000, m=5, coverage=0.5, random_state=1)
        names = np.array(["ham", "spam"])
        model = LabelModel(classes=["ham", "spam"]).fit(planted.votes)
        votes = planted.votes.set_index(pd.Index([f"r{i}" for i in range(3000)]))
        table = patterns(votes[votes.columns[::-1]], model, names[planted.y], n=7)
        assert len(table) == 7
        for line in table.itertuples():
            row = votes.loc[line.example]
            assert line.votes == {lf: names[vote] for lf, vote in row[::-1].items() if vote >= 0}
            probs = model.predict_proba(row.to_frame().T)[0]
            assert line.soft == pytest.approx(dict(zip(names, probs, strict=True)), abs=1e-4)
            assert line.confidence == pytest.approx(probs.max())
            assert line.label == names[probs.argmax()]
            same = (votes == row).all(axis=1).to_numpy()
            right = (planted.y[same] == probs.argmax()).sum()
            assert line.right == pytest.approx(right / same.sum())
            assert line.low == pytest.approx(beta.ppf(0.05, right + 0.5, same.sum() - right + 0.5))

    def test_few_votes_or_none(self) -> None:
        """No rows have no patterns, but the columns; unknown gold is shown as such; richer votes count by class."""
        table = patterns(np.empty((0, 2), dtype=np.int8), y=[])
        assert table.columns.tolist() == ["votes", "rows", "share", "example", "gold_rows", "gold"]
        assert table.empty
        assert patterns([[0], [0]], y=[-1, -1])["gold"].tolist() == [{}]
        model = LabelModel().fit([[0, 1], [1, 1]])
        assert patterns([[0, 1]], model, [-1])[["right", "low", "high"]].isna().all(axis=None)
        assert patterns(PartialVotes([[0b01, 0b11]], k=2))["votes"].tolist() == [{0: 0}]
        with pytest.raises(ParameterError, match="n=0"):
            patterns([[0]], n=0)
        with pytest.raises(GoldError, match="row 0 is 7"):
            patterns([[0]], y=[7], classes=2)
        with pytest.raises(VoteError, match="fitted to 2"):
            patterns([[0]], model)


class TestBuckets:
    def test_rows_of_each_cell(self) -> None:
        """Of any number of labelings; every row is in one bucket, the largest first."""
        y, guess, other = [0, 1, 1, 0, 1], np.array([0, 1, 0, 0, 1]), pd.Series([1, 1, 1, 1, -1])
        found = buckets(y, guess, other)
        assert {cell: rows.tolist() for cell, rows in found.items()} == {
            (0, 0, 1): [0, 3],
            (1, 1, 1): [1],
            (1, 0, 1): [2],
            (1, 1, -1): [4],
        }
        assert next(iter(found)) == (0, 0, 1)
        assert all(type(label) is int for cell in found for label in cell)

    @given(hnp.arrays(np.int64, st.tuples(st.integers(0, 20), st.just(3)), elements=st.integers(-1, 2)))
    def test_buckets_are_a_partition(self, labels) -> None:
        """By definition: the rows whose labels are those of the cell."""
        found = buckets(*labels.T)
        for cell, rows in found.items():
            np.testing.assert_array_equal(rows, np.flatnonzero((labels == cell).all(axis=1)))
        assert sum(map(len, found.values())) == len(labels)

    def test_names_codes_and_probabilities(self) -> None:
        """Shown by name where classes are given; missing labels are None; of probabilities the highest counts."""
        classes, probs = ["ham", "spam"], [[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]]
        expected = {("ham", "ham"): [0], (None, "ham"): [1], ("spam", "spam"): [2]}
        for given_ in (probs, np.array(probs), SoftLabels(probs, classes=("ham", "spam"))):
            found = buckets(["ham", None, "spam"], given_, classes=classes)
            assert {cell: rows.tolist() for cell, rows in found.items()} == expected
        assert list(buckets([0.0, np.nan], [1, 1])) == [(0, 1), (None, 1)]

    def test_what_does_not_fit_is_an_error(self) -> None:
        """Other rows, no second labeling, numbers that are no labels, a class that was not declared."""
        with pytest.raises(ParameterError, match="3, 2 of them"):
            buckets([0, 1, 1], [0, 1])
        with pytest.raises(ParameterError, match="two labelings or more"):
            buckets([0, 1])
        with pytest.raises(ParameterError, match="index of labels 1"):
            buckets(pd.Series([0, 1]), pd.Series([0, 1], index=[1, 0]))
        with pytest.raises(ParameterError, match="index of labels 2 is not that of labels 1"):
            buckets([0, 1], pd.Series([0, 1]), pd.Series([0, 1], index=[1, 0]))
        with pytest.raises(ClassError, match="labels 1 given by name and y by code"):
            buckets([0, 1], ["HAM", "SPAM"])
        with pytest.raises(GoldError, match=r"0\.5 is no label"):
            buckets([0, 1], [0.5, 1])
        with pytest.raises(GoldError, match="Did you mean 'spam'"):
            buckets(["spma"], ["ham"], classes=["ham", "spam"])
        with pytest.raises(ParameterError, match="give columns"):
            buckets([0, 1], np.array([[0, 1], [1, 1]]))
        with pytest.raises(ClassError):
            buckets([0], [0], classes=["a"])
