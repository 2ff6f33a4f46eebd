"""Pairs of labeling functions: counts by definition, dependence where planted, and what can be left out."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from weaklab.analysis import dependencies, meetings, pairwise, redundant_lfs
from weaklab.datasets import Group, make_votes
from weaklab.exceptions import ParameterError, VoteError
from weaklab.label_models import DawidSkene, LabelModel
from weaklab.votes import PartialVotes, SoftVotes

matrices = hnp.arrays(np.int8, st.tuples(st.integers(0, 20), st.integers(1, 6)), elements=st.integers(-1, 3))
COUNTS = ["first", "second", "both", "agree", "differ", "overlap", "agreement", "conflict"]


def by_definition(votes: np.ndarray, least: int) -> pd.DataFrame:
    """The same table, pair by pair."""
    rows = []
    for i, j in combinations(range(votes.shape[1]), 2):
        there = (votes[:, i] >= 0) & (votes[:, j] >= 0)
        both, agree = int(there.sum()), int((there & (votes[:, i] == votes[:, j])).sum())
        if both >= least:
            shares = [both / len(votes), agree / both, 1 - agree / both]
            rows.append([i, j, both, agree, both - agree, *shares])
    return pd.DataFrame(rows, columns=COUNTS)


@settings(max_examples=50, deadline=None)
@given(matrices, st.integers(1, 3))
def test_counts_are_what_their_definitions_say(votes, least) -> None:
    """Only pairs that meet often enough, in the order of the columns."""
    table = pairwise(votes, least=least, fdr=None)
    pd.testing.assert_frame_equal(table, by_definition(votes, least), check_dtype=False)


@settings(max_examples=30, deadline=None)
@given(matrices, st.integers(1, 3))
def test_the_sparse_way_gives_the_same_counts(votes, least) -> None:
    """Thousands of labeling functions are counted without a table of all pairs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(meetings, "DENSE_PAIRS", 0)
        table = pairwise(scipy.sparse.csr_array(votes + np.int8(1)), least=least, fdr=None)
    pd.testing.assert_frame_equal(table, by_definition(votes, least), check_dtype=False)


def test_dependence_is_that_of_the_search_for_it() -> None:
    """A pair is marked here where `dependencies` lists it, with the same figures."""
    planted = make_votes(n=5000, m=8, coverage=0.5, groups=[Group(3, 0.8)], random_state=1)
    table = pairwise(planted.votes).query("depends").sort_values(["strength", "p_value"], ascending=[False, True])
    listed = dependencies(planted.votes)
    columns = ["first", "second", "both", "expected", "strength", "p_value"]
    pd.testing.assert_frame_equal(table[columns].reset_index(drop=True), listed[columns], check_dtype=False)


def test_planted_dependence_is_found_and_clean_votes_are_silent() -> None:
    """Over 20 draws all pairs of the planted group are found; and among independent functions, where every discovery
    is false, at most a twentieth of the draws has one, give or take three standard errors."""
    alarms, found = [], []
    for seed in range(20):
        clean = make_votes(n=3000, m=8, coverage=0.5, random_state=seed)
        alarms.append(pairwise(clean.votes)["depends"].any())
        planted = make_votes(n=3000, m=8, coverage=0.5, groups=[Group(3, 0.7)], random_state=seed)
        table = pairwise(planted.votes)
        inside = table["first"].isin(planted.groups[0]) & table["second"].isin(planted.groups[0])
        found += table.loc[inside, "depends"].tolist()
    assert all(found)
    assert np.mean(alarms) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 20)


def test_what_the_model_explains_is_the_agreement_of_independent_functions() -> None:
    """With confusions that gold taught, agreement is explained to within chance: five
    standard errors of each share."""
    planted = make_votes(n=20_000, m=6, k=3, coverage=0.5, class_balance=[0.5, 0.3, 0.2], random_state=0)
    table = pairwise(planted.votes, DawidSkene().fit(planted.votes, planted.y))
    error = np.sqrt(table["agreement"] * table["conflict"] / table["both"])
    assert (np.abs(table["agreement"] - table["explained"]) < 5 * error).all()


def test_richer_votes_and_few_of_them() -> None:
    """Sets of one class count, distributions by their likeliest; one function has no pairs, and no rows no meetings."""
    assert pairwise(PartialVotes([[0b01, 0b01], [0b11, 0b01]], k=2))["both"].tolist() == [1]
    assert pairwise(SoftVotes([[[0.9, 0.1], [0.2, 0.8]]]))["differ"].tolist() == [1]
    for votes in ([[0], [1]], np.empty((0, 3), dtype=np.int8), [[-1, -1]]):
        table = pairwise(votes)
        assert table.empty
        assert table.columns.tolist() == [*COUNTS, "expected", "p_value", "strength", "depends"]


def test_wrong_arguments_are_named() -> None:
    """A rate is a share, a number of rows a whole number, and the model one of these functions."""
    with pytest.raises(ParameterError, match="fdr=0"):
        pairwise([[0, 1]], fdr=0)
    with pytest.raises(ParameterError, match="least=0"):
        pairwise([[0, 1]], least=0)
    with pytest.raises(VoteError, match="no labeling functions"):
        pairwise(np.empty((3, 0)))
    with pytest.raises(VoteError, match="row 0 is nan"):
        pairwise([[np.nan, 1.0]])
    with pytest.raises(VoteError, match="fitted to 2"):
        pairwise([[0, 1, 1]], LabelModel().fit([[0, 1], [1, 1]]))
    with pytest.raises(ParameterError, match=r"share=0\.3"):
        redundant_lfs([[0, 1]], share=0.3)


class TestRedundant:
    def test_each_kind_is_found_and_told_apart(self, rng) -> None:
        """A copy, a subset, and a function without votes; what they lose is counted row by row."""
        planted = make_votes(n=2000, m=5, coverage=0.4, accuracy=0.75, random_state=2).votes
        part = planted["lf_1"].where(rng.random(2000) < 0.4, -1)
        copy = planted["lf_0"].copy()
        copy[:3] = 1 - planted["lf_0"].clip(0)[:3]
        alone = np.flatnonzero((planted < 0).all(axis=1))[:4]
        part.iloc[alone] = 1
        votes = planted.assign(copy=copy, part=part, idle=-1)
        table = redundant_lfs(votes)
        kinds = table["measure"].to_dict()
        assert kinds.pop("idle") == "never votes"
        assert kinds.pop("part") == "subsumed"
        assert table.loc["part", "by"] == "lf_1"
        assert list(kinds.values()) == ["copy"]
        assert {table[table["measure"] == "copy"].index[0], table.set_index("measure").loc["copy", "by"]} == {
            "lf_0",
            "copy",
        }
        fires = (votes >= 0).to_numpy()
        for place, name in enumerate(table.index):
            j = votes.columns.get_loc(name)
            assert table.loc[name, "lost"] == (fires[:, j] & (fires.sum(axis=1) == 1)).mean()
            left = votes.drop(columns=table.index[: place + 1])
            without = (left >= 0).any(axis=1).mean()
            assert table.loc[name, "lost_together"] == pytest.approx(fires.any(axis=1).mean() - without)

    def test_independent_functions_all_stay(self) -> None:
        """Over 20 draws, accurate ones too, which agree on 90 rows of a hundred without repeating each other."""
        for seed in range(20):
            planted = make_votes(n=1500, m=6, coverage=0.7, accuracy=(0.9, 0.98), random_state=seed)
            assert redundant_lfs(planted.votes).empty

    def test_noisy_copies_are_found_by_the_test(self) -> None:
        """No two of them cast the same votes on 95 rows of a hundred; one of the group stays."""
        planted = make_votes(n=5000, m=8, coverage=0.5, groups=[Group(4, 0.95)], random_state=1)
        table = redundant_lfs(planted.votes, share=0.99)
        assert set(table.index) < set(planted.groups[0])
        assert len(table) == 3
        assert set(table["measure"]) == {"dependent"}
        assert set(table["by"]) == set(planted.groups[0]) - set(table.index)

    def test_the_model_says_which_copy_stays(self) -> None:
        """Of two that vote equally often, the one it trusts more."""
        planted = make_votes(n=2000, m=6, coverage=0.5, random_state=0)
        rows = np.flatnonzero(planted.votes["lf_0"] == planted.y)[:40]
        worse = planted.votes["lf_0"].copy()
        worse.iloc[rows] = 1 - worse.iloc[rows]
        votes = planted.votes.assign(worse=worse)
        model = LabelModel(dependence="ignore").fit(votes, planted.y)
        assert redundant_lfs(votes, model).index.tolist() == ["worse"]
        turned = votes[["worse", *planted.votes.columns]]
        assert redundant_lfs(turned, model).index.tolist() == ["worse"]
        assert redundant_lfs(turned).index.tolist() == ["lf_0"]

    def test_few_votes_are_not_judged(self) -> None:
        """Nine of nine may agree by chance."""
        votes = np.column_stack([[0, 1] * 20, [0, 1] * 4 + [0] + [-1] * 31])
        assert redundant_lfs(votes).empty
        assert redundant_lfs(votes, least=9).index.tolist() == [1]
