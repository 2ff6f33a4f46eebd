"""Drift is found where it was planted, named by what changed, and not elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, fisher_exact

from weaklab.analysis import drift
from weaklab.analysis.share_tests import classes_test, discoveries, share_test
from weaklab.datasets import make_votes
from weaklab.exceptions import ParameterError, VoteError
from weaklab.votes import PartialVotes, SoftVotes

KINDS = ("full", "unipolar", "partial", "crowd")


def halves(seed: int, n: int = 4000, **options) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two samples of the same distribution."""
    votes = make_votes(n=n, random_state=seed, **options).votes
    return votes[: n // 2], votes[n // 2 :].reset_index(drop=True)


def silenced(column: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """It votes on a fifth fewer rows."""
    return np.where(rng.random(len(column)) < 0.25, -1, column)


def swung(column: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Three in ten votes for class 0 are for class 1."""
    return np.where((column == 0) & (rng.random(len(column)) < 0.3), 1, column)


def shuffled(column: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """It votes as often for each class, for no reason."""
    fires = column >= 0
    out = column.copy()
    out[fires] = rng.permutation(column[fires])
    return out


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_found_where_nothing_changed(kind) -> None:
    """Then every discovery is false: of 20 draws, a twentieth has one, give or take three standard errors; as many
    find the patterns apart."""
    options = {"m": 10, "k": 3, "kind": kind} | ({} if kind == "crowd" else {"coverage": 0.3})
    found = [drift(*halves(seed, **options)) for seed in range(20)]
    bound = 0.05 + 3 * np.sqrt(0.05 * 0.95 / 20)
    assert np.mean([bool(one.changed) for one in found]) <= bound
    assert np.mean([one.overall["distance_p"] < 0.05 for one in found]) <= bound


@pytest.mark.parametrize(("change", "measure"), [(silenced, "coverage"), (swung, "classes"), (shuffled, "agreement")])
def test_what_was_planted_is_found_and_the_others_are_not_blamed(change, measure) -> None:
    """Over 20 draws: the change of one function is found and named in all but one at most; among all that is called
    changed, a twentieth at most is another one (and three standard errors of 20), though all agree less with it."""
    found, wrong = 0, 0
    for seed in range(20):
        before, after = halves(seed, 12_000, m=8, coverage=0.5, accuracy=0.75)
        rng = np.random.default_rng(seed)
        changes = drift(before, after.assign(lf_2=change(after["lf_2"].to_numpy(), rng)))
        found += measure in changes.lfs.loc["lf_2", "changed"]
        wrong += len(set(changes.changed) - {"lf_2"})
        few = [f"lf_{j}" for j in range(4)]  # of eight functions, most patterns are rare
        overall = drift(before[few], after.assign(lf_2=change(after["lf_2"].to_numpy(), rng))[few]).overall
        assert overall["distance_p"] < 0.01
        assert overall["distance"] > overall["by_chance"]
    assert found >= 19
    assert wrong / (found + wrong) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 20)


def test_figures_are_what_they_are_called() -> None:
    """Counted by hand; columns are matched by name."""
    before = pd.DataFrame({"a": [0] * 30 + [1] * 30 + [-1] * 40, "b": [0] * 50 + [1] * 50})
    after = pd.DataFrame({"b": [0] * 50, "a": [0] * 40 + [-1] * 10})
    table = drift(before, after).lfs
    assert table.index.tolist() == ["a", "b"]
    assert table["coverage_a"].tolist() == [0.6, 1.0]
    assert table["coverage_b"].tolist() == [0.8, 1.0]
    assert table["classes_distance"].tolist() == [0.5, 0.5]
    assert table["agreement_a"].tolist() == [40 / 60] * 2
    assert table["agreement_b"].tolist() == [1.0] * 2
    overall = drift(before, after).overall
    assert overall["covered_a"] == overall["covered_b"] == 1
    # Patterns (0, 0), (1, 0), (1, 1), (-, 1) and (-, 0): .3, .2, .1, .4, 0 before, .8, 0, 0, 0, .2 after.
    assert overall["distance"] == pytest.approx((0.5 + 0.2 + 0.1 + 0.4 + 0.2) / 2)


def test_rare_patterns_that_all_changed_are_found_and_those_that_did_not_are_not() -> None:
    """Nearly every row has a pattern of its own; what chance makes of the distance is what permutations make of it."""
    planted = make_votes(n=2000, m=12, coverage=0.5, random_state=0).votes
    changed = planted.replace(1, 3)
    overall = drift(planted, changed).overall
    alike = (planted.to_numpy() == changed.to_numpy()).all(axis=1).mean()  # rows without a 1
    assert overall["distance"] == pytest.approx(1 - alike)
    assert overall["distance_p"] < 1e-6
    before, after = halves(3, m=12, coverage=0.5)
    assert drift(before, after).overall["distance_p"] > 0.001
    small, rng = make_votes(n=400, m=4, coverage=0.5, random_state=1).votes, np.random.default_rng(0)
    drawn = []
    for _ in range(200):
        order = rng.permutation(400)
        drawn.append(drift(small.iloc[order[:150]], small.iloc[order[150:]]).overall)
    distances = [one["distance"] for one in drawn]
    error = 4 * np.std(distances) / np.sqrt(len(distances))
    assert drawn[0]["by_chance"] == pytest.approx(np.mean(distances), abs=error + 0.005)
    assert np.mean([one["distance_p"] < 0.05 for one in drawn]) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


def test_text_and_html_name_what_changed() -> None:
    """A notebook shows the sentence and the functions that changed only; names are escaped."""
    before, after = halves(0, m=4, coverage=0.5)
    after = after.assign(lf_1=-1)
    renamed = [votes.rename(columns={"lf_1": "<b>"}) for votes in (before, after)]
    found = drift(*renamed)
    assert "1 of 4 labeling functions changed" in repr(found)
    assert "coverage" in repr(found)
    assert "lf_0" not in repr(found)
    assert "&lt;b&gt;" in found._repr_html_()
    assert "0 of 4" in repr(drift(before, before))


def test_wide_and_richer_votes() -> None:
    """Rows of hundreds of functions are compared too; sets count by their class."""
    before, after = halves(1, 1000, m=200, k=3, coverage=0.05)
    assert drift(before, after).overall["rows_b"] == 500
    sets = PartialVotes([[0b01, 0b11]] * 30, k=2)
    assert drift(sets, sets).changed == []
    soft = SoftVotes([[[0.9, 0.1]]] * 30)
    assert drift(soft, soft).lfs.loc[0, "coverage_a"] == 1
    with pytest.raises(VoteError, match="the second SoftVotes"):
        drift(sets, soft)


def test_what_cannot_be_compared_is_an_error() -> None:
    """Other functions, no rows, no rate."""
    votes = pd.DataFrame({"a": [0, 1], "b": [1, 1]})
    with pytest.raises(VoteError, match=r"\['b'\] are in the first only, \['c'\] in the second"):
        drift(votes, votes.rename(columns={"b": "c"}))
    with pytest.raises(VoteError, match="2 labeling functions, the second of 1"):
        drift([[0, 1]], [[0]])
    with pytest.raises(VoteError, match="no rows in the second"):
        drift(votes, votes[:0])
    with pytest.raises(VoteError, match="row 0 is nan"):
        drift(votes, [[np.nan, 0.0]])
    with pytest.raises(ParameterError, match="fdr=1"):
        drift(votes, votes, fdr=1)


def test_tests_of_shares_are_those_of_scipy() -> None:
    """Fisher's where counts are low, Pearson's without correction elsewhere; no rows are no test."""
    a, n_a = np.array([3.0, 60, 0, 1]), np.array([9.0, 90, 5, 0])
    b, n_b = np.array([0.0, 50, 0, 1]), np.array([8.0, 99, 7, 2])
    p_value = share_test(a, n_a, b, n_b)
    assert p_value[0] == pytest.approx(fisher_exact([[3, 6], [0, 8]]).pvalue)
    assert p_value[1] == pytest.approx(chi2_contingency([[60, 30], [50, 49]], correction=False).pvalue)
    assert p_value[2] == 1
    assert np.isnan(p_value[3])
    counts = np.array([[50, 60, 20.0], [70, 40, 30.0]])
    assert classes_test(*counts) == pytest.approx(chi2_contingency(counts, correction=False).pvalue)
    pooled = chi2_contingency([[50, 60, 24], [70, 40, 33]], correction=False).pvalue
    assert classes_test(np.array([50, 60, 20, 4.0]), np.array([70, 40, 30, 3.0])) == pytest.approx(pooled)
    assert np.isnan(classes_test(np.array([5, 0.0]), np.array([7, 0.0])))
    assert classes_test(np.array([2, 1.0]), np.array([0, 3.0])) == pytest.approx(fisher_exact([[2, 1], [0, 3]]).pvalue)
    assert discoveries(np.array([0.01, 0.04, np.nan, 0.9]), 0.05).tolist() == [True, False, False, False]
