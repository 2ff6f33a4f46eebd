"""summarize counts what it says, for every form of votes, and knows partial gold."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import beta
from sklearn.exceptions import NotFittedError

from weaklab.analysis import summarize
from weaklab.analysis.gold_against import gold_against
from weaklab.datasets import make_votes
from weaklab.exceptions import ClassError, GoldError, ParameterError, VoteError
from weaklab.label_models import ContinuousModel, LabelModel, MajorityVote, PartialLabelModel
from weaklab.votes import PartialVotes, SoftVotes


@st.composite
def matrices(draw) -> tuple[np.ndarray, np.ndarray]:
    """Small vote matrices with silent rows and columns, and partial gold."""
    n, m, k = draw(st.integers(1, 12)), draw(st.integers(1, 5)), draw(st.integers(2, 4))
    votes = draw(hnp.arrays(np.int8, (n, m), elements=st.integers(-1, k - 1)))
    return votes, draw(hnp.arrays(np.int64, n, elements=st.integers(-1, k)))


def by_definition(votes: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    """The same table, row by row and labeling function by labeling function."""
    n, m = votes.shape
    rows = []
    for j in range(m):
        fires = [i for i in range(n) if votes[i, j] >= 0]
        others = {i: [votes[i, o] for o in range(m) if o != j and votes[i, o] >= 0] for i in fires}
        correct = sum(y[i] >= 0 and votes[i, j] == y[i] for i in fires)
        judged = sum(y[i] >= 0 for i in fires)
        rows.append(
            {
                "polarity": sorted({int(votes[i, j]) for i in fires}),
                "votes": len(fires),
                "coverage": len(fires) / n,
                "overlaps": sum(bool(others[i]) for i in fires) / n,
                "conflicts": sum(any(vote != votes[i, j] for vote in others[i]) for i in fires) / n,
                "correct": int(correct),
                "incorrect": int(judged - correct),
                "accuracy": correct / judged if judged else np.nan,
                "low": beta.ppf(0.05, correct + 0.5, judged - correct + 0.5) if judged else np.nan,
                "high": beta.ppf(0.95, correct + 0.5, judged - correct + 0.5) if judged else np.nan,
            }
        )
    return pd.DataFrame(rows)


@settings(deadline=None)
@given(matrices())
def test_every_column_is_what_its_definition_says(case) -> None:
    """The vectorised counts against loops over the definitions, on any matrix."""
    votes, y = case
    pd.testing.assert_frame_equal(summarize(votes, y), by_definition(votes, y))


@settings(deadline=None)
@given(matrices())
def test_all_forms_of_votes_give_one_table(case) -> None:
    """A DataFrame, an array, a list of lists and CSR of vote + 1 are the same votes."""
    votes, y = case
    expected = summarize(votes, y)
    named = summarize(pd.DataFrame(votes, columns=[f"lf_{j}" for j in range(votes.shape[1])]), y)
    pd.testing.assert_frame_equal(named.reset_index(drop=True), expected)
    pd.testing.assert_frame_equal(summarize(votes.tolist(), y), expected)
    pd.testing.assert_frame_equal(summarize(scipy.sparse.csr_array(votes + np.int8(1)), y), expected)


def test_rows_are_named_after_the_labeling_functions() -> None:
    """In the order of the votes; without gold there are no columns about it."""
    table = summarize(pd.DataFrame({"b": [0, 1], "a": [-1, -1]}))
    assert table.index.tolist() == ["b", "a"]
    assert table.columns.tolist() == ["polarity", "votes", "coverage", "overlaps", "conflicts"]
    assert table.loc["a", "polarity"] == []


def test_classes_are_shown_and_taken_by_name() -> None:
    """Where names are declared, polarity reads better with them, and gold may come as the data has it."""
    table = summarize([[0, 1], [1, -1]], ["ham", None], classes=["ham", "spam"])
    assert table["polarity"].tolist() == [["ham", "spam"], ["spam"]]
    assert table["correct"].tolist() == [1, 0]
    assert table["incorrect"].tolist() == [0, 1]


def test_gold_of_a_class_that_nobody_votes_is_an_error_of_all() -> None:
    """The votes alone do not bound the classes."""
    assert summarize([[0, 1]], [5])["incorrect"].tolist() == [1, 1]


def test_no_rows_have_no_shares() -> None:
    """0 of 0 is unknown; the counts are 0."""
    table = summarize(np.empty((0, 2), dtype=np.int8), [])
    assert table["votes"].tolist() == [0, 0]
    assert table[["coverage", "overlaps", "conflicts"]].isna().all(axis=None)
    assert table["accuracy"].isna().all()


def test_gold_by_name_without_classes_says_how_to_declare_them() -> None:
    """The names alone do not tell their codes."""
    with pytest.raises(GoldError, match=r"classes=\['ham', 'spam'\]"):
        summarize([[0], [1]], ["ham", "spam"])


def test_what_is_no_vote_no_gold_or_no_class_is_named() -> None:
    """Errors come from the checks that all rooms share."""
    with pytest.raises(VoteError, match="row 1"):
        summarize([[0], [-7]])
    with pytest.raises(GoldError, match=r"shape \(2,\)"):
        summarize([[0], [1]], [0])
    with pytest.raises(GoldError, match=r"'spma'.*Did you mean 'spam'"):
        summarize([[0], [1]], ["ham", "spma"], classes=["ham", "spam"])
    with pytest.raises(ClassError, match="given more than once"):
        summarize([[0], [1]], classes=["ham", "ham"])


def test_what_the_model_learned_stands_beside_gold() -> None:
    """By name, whatever the order of the columns; classes come from the model."""
    planted = make_votes(n=3000, m=6, coverage=0.6, random_state=1)
    model = LabelModel(classes=["ham", "spam"]).fit(planted.votes)
    table = summarize(planted.votes[planted.votes.columns[::-1]], planted.y, model=model)
    pd.testing.assert_series_equal(
        table["learned"][::-1], pd.Series(model.accuracies_, planted.votes.columns), check_names=False
    )
    np.testing.assert_array_equal(table[["learned_low", "learned_high"]][::-1], model.accuracy_intervals_)
    assert table["polarity"].tolist() == [["ham", "spam"]] * 6
    assert (table["low"] <= table["accuracy"]).all()
    assert (table["accuracy"] <= table["high"]).all()
    assert "disagree" not in summarize(planted.votes, model=model)


def test_disagreement_is_flagged_where_planted_and_seldom_elsewhere() -> None:
    """One table in a hundred has a false one at most (and three standard errors of 20); one whose votes say the
    contrary of gold is found in every draw."""
    alarms: list[bool] = []
    found = []
    for seed in range(20):
        planted = make_votes(n=4000, m=8, coverage=0.5, random_state=seed)
        model = LabelModel().fit(planted.votes)
        gold = np.where(np.arange(4000) < 400, planted.y, -1)
        alarms.append(summarize(planted.votes, gold, model=model)["disagree"].any())
        turned = planted.votes.assign(lf_3=np.where(planted.votes["lf_3"] >= 0, 1 - planted.votes["lf_3"], -1))
        found.append(summarize(turned, gold, model=model).loc["lf_3", "disagree"])
    assert np.mean(alarms) <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / 20)
    assert all(found)


def test_wide_intervals_do_not_hide_what_gold_shows() -> None:
    """An interval from 0 to 1 meets any other: then gold is held against what was learned, and misses once in a hundred
    tables at most (and three standard errors of 2,000), where that is right."""
    wide, learned = np.tile([0.0, 1.0], (8, 1)), np.full(8, 0.7)
    judged, rng = np.full(8, 60.0), np.random.default_rng(0)
    false = [gold_against(judged, rng.binomial(60, 0.7, 8).astype(float), learned, wide).any() for _ in range(2000)]
    assert np.mean(false) <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / 2000)
    assert gold_against(judged, np.array([22.0] + [42.0] * 7), learned, wide).tolist() == [True] + [False] * 7
    narrow = np.tile([0.65, 0.75], (8, 1))
    assert gold_against(judged, np.array([22.0] + [42.0] * 7), learned, narrow).tolist() == [True] + [False] * 7


def test_richer_votes_count_by_their_class() -> None:
    """Of distributions the likeliest class, of sets those of one class, where what a model learned of all sets is shown
    but not held against gold of some."""
    sets = summarize(PartialVotes([[0b01, 0b11], [0b10, 0b10]], k=2), [0, 0])
    assert sets["votes"].tolist() == [2, 1]
    assert sets["accuracy"].tolist() == [0.5, 0.0]
    partial = PartialVotes([[0b01, 0b11], [0b10, 0b10]] * 20, k=2)
    learned = summarize(partial, [0, 1] * 20, model=PartialLabelModel().fit(partial))
    assert learned["learned"].notna().all()
    assert "disagree" not in learned
    soft = summarize(SoftVotes([[[0.9, 0.1], [np.nan, np.nan]]]), [0])
    assert soft["correct"].tolist() == [1, 0]


def test_a_model_of_other_functions_or_classes_is_refused() -> None:
    """A learned accuracy beside the wrong name is worse than none."""
    votes = make_votes(n=200, m=3).votes
    model = MajorityVote(classes=["ham", "spam"]).fit(votes)
    with pytest.raises(VoteError, match=r"Missing labeling functions: \['lf_2'\]; unseen at fit time: \['lf_9'\]"):
        summarize(votes.rename(columns={"lf_2": "lf_9"}), model=model)
    with pytest.raises(VoteError, match="2 labeling functions, and the model was fitted to 3"):
        summarize(votes.to_numpy()[:, :2], model=model)
    with pytest.raises(ClassError, match=r"\['ham', 'spam'\]"):
        summarize(votes, model=model, classes=["spam", "ham"])
    with pytest.raises(NotFittedError):
        summarize(votes, model=LabelModel())
    with pytest.raises(ParameterError, match="no fitted label model"):
        summarize(votes, model=LabelModel)


def test_a_million_rows_take_a_moment() -> None:
    """Half a second on an idle core; the bound is loose because tests share their machine."""
    planted = make_votes(n=1_000_000, m=20)
    start = time.perf_counter()
    table = summarize(planted.votes, planted.y)
    assert time.perf_counter() - start < 8
    deviation = np.sqrt(planted.coverage * (1 - planted.coverage) / 1_000_000)
    assert (np.abs(table["coverage"] - planted.coverage) < 5 * deviation).all()
    assert (np.abs(table["accuracy"] - planted.accuracy) < 5 * np.sqrt(0.25 / table["votes"])).all()


def test_what_models_of_richer_votes_learn_is_not_held_against_one_class() -> None:
    """Of a vote of .8 for a class, such a model learns that .8 of it is right where the class is: no disagreement."""
    planted = make_votes(n=3000, m=6, k=3, coverage=0.6, accuracy=0.8, random_state=0)
    one = planted.votes.to_numpy()[:, :, np.newaxis]
    soft = SoftVotes(np.where(one >= 0, 0.1 + 0.7 * (one == np.arange(3)), np.nan))
    table = summarize(soft, planted.y, model=ContinuousModel().fit(soft))
    assert (table["accuracy"] - table["learned"] > 0.1).all()
    assert "disagree" not in table
