"""rows_to_label and lfs_to_fix: what to look at next, ranked, each with the reason in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from weaklab.analysis import lfs_to_fix, rows_to_label, summarize
from weaklab.analysis.label_next import alike
from weaklab.datasets import Group, make_votes
from weaklab.exceptions import GoldError, ParameterError, VoteError
from weaklab.label_models import ContinuousModel, LabelModel, MajorityVote, PartialLabelModel
from weaklab.votes import PartialVotes, SoftVotes, check_votes


def test_rows_are_ranked_by_doubt_and_by_how_many_are_alike():
    """Sixty rows in a conflict come before ten without votes, and these before the sure ones, which do not come."""
    frame = pd.DataFrame({"a": [0] * 60 + [-1] * 10 + [1] * 100, "b": [1] * 60 + [-1] * 10 + [1] * 100})
    model = MajorityVote(classes=["ham", "spam"]).fit(frame)
    table = rows_to_label(model, frame, 200)
    first = table.iloc[0]
    assert first["priority"] == pytest.approx(60 * 0.5 / 2)
    assert first["row"] < 60
    assert first["alike"] == 60
    assert "near a tie: ham 0.50, spam 0.50" in first["reason"]
    assert "'a' (right on" in first["reason"]
    assert "the same votes stand on 60 rows" in first["reason"]
    assert len(table) == 70
    assert table["row"].is_unique
    assert table["priority"].is_monotonic_decreasing
    silent = table[(table["row"] >= 60) & (table["row"] < 70)]
    assert silent["reason"].tolist() == ["no labeling function votes on it, nor on 9 others"] * 10


def test_each_label_makes_the_next_of_its_kind_less_telling():
    """Of two kinds of rows that are alike in doubt, the second comes before the second row of the first."""
    votes = np.repeat([[0, 1, -1], [-1, 0, 1]], [100, 90], axis=0)
    table = rows_to_label(MajorityVote().fit(votes), votes, 4)
    assert [row < 100 for row in table["row"]] == [True, False, True, False]


def test_rows_with_gold_are_not_named_and_count_as_labelled():
    """What is known needs no label, and tells of rows that are alike."""
    votes = np.repeat([[0, 1, -1], [-1, 0, 1]], [100, 90], axis=0)
    gold = np.where(np.arange(190) < 10, 0, -1)
    table = rows_to_label(MajorityVote().fit(votes), votes, 5, y=gold)
    assert (table["row"] >= 100).all()
    assert not set(rows_to_label(MajorityVote().fit(votes), votes, 190, y=gold)["row"]) & set(range(10))


def test_labels_of_the_named_rows_are_wrong_more_often():
    """The rows in doubt are where labels err, though frequent rows come before the most doubtful ones."""
    named_wrong, all_wrong = [], []
    for seed in range(10):
        planted = make_votes(n=3000, m=8, coverage=0.4, random_state=seed)
        model = LabelModel().fit(planted.votes)
        wrong = model.predict(planted.votes) != planted.y
        named_wrong.append(wrong[rows_to_label(model, planted.votes, 100)["row"].to_numpy()].mean())
        all_wrong.append(wrong.mean())
    assert np.mean(named_wrong) > np.mean(all_wrong) + 3 * np.sqrt(0.25 / 1000)  # standard errors of 1,000 rows


def test_the_index_of_the_data_is_kept_and_the_seed_decides():
    """Rows are found again in the frame, and the same call names the same rows."""
    planted = make_votes(n=500, m=5, coverage=0.5, random_state=0)
    votes = planted.votes.set_axis([f"row {i}" for i in range(500)])
    model = LabelModel().fit(votes)
    table = rows_to_label(model, votes, 20, random_state=3)
    assert table.index.tolist() == [f"row {row}" for row in table["row"]]
    pd.testing.assert_frame_equal(table, rows_to_label(model, votes, 20, random_state=3))
    assert set(table["label"]) <= {0, 1}


def test_kinds_of_rows_are_those_of_equal_votes(rng):
    """The sums of random words tell rows apart as comparing them does."""
    votes = rng.integers(-1, 3, (2000, 4))
    first, kind, count = alike(check_votes(votes))
    _, theirs = np.unique(votes, axis=0, return_inverse=True)
    assert len(first) == theirs.max() + 1
    assert len(set(zip(kind, theirs.ravel(), strict=True))) == len(first)
    assert (votes[first][kind] == votes).all()
    assert count.sum() == 2000


def faulty(seed):
    planted = make_votes(n=2000, m=7, coverage=0.5, accuracy=[0.9] + [0.8] * 4 + [0.55, 0.2], random_state=seed)
    return planted.votes.assign(copy=planted.votes["lf_0"], dead=-1), planted.y


@pytest.mark.parametrize("seed", range(5))
def test_each_planted_problem_is_named_the_gravest_first(seed):
    """Worse than chance, weak, repeated, dead; and good functions are not in the list."""
    votes, _ = faulty(seed)
    table = lfs_to_fix(LabelModel().fit(votes), votes)
    problems = table["problem"].to_dict()
    assert problems.pop("copy", None) == "redundant" or problems.pop("lf_0") == "redundant"
    assert problems == {"lf_6": "worse than chance", "lf_5": "weak", "dead": "never votes"}
    assert table.index[0] == "lf_6"
    assert table.index[-1] == "dead"
    assert "it repeats" in table[table["problem"] == "redundant"]["reason"].iloc[0]
    assert table.loc["lf_6", "wrong_votes"] > 500


def test_clean_functions_are_not_to_be_fixed():
    """Over twenty seeds, nothing is named where each function has skill and goes its own way."""
    for seed in range(20):
        planted = make_votes(n=2000, m=8, coverage=0.5, accuracy=(0.75, 0.9), random_state=seed)
        assert lfs_to_fix(LabelModel().fit(planted.votes), planted.votes, planted.y).empty


def test_gold_that_disagrees_with_what_was_learned_is_named():
    """A function of .55 that was pinned at .95, and with it the others, which it misleads."""
    planted = make_votes(n=2000, m=8, coverage=0.5, accuracy=[0.55] + [0.8] * 7, random_state=0)
    model = LabelModel(fixed_accuracy={"lf_0": 0.95}).fit(planted.votes)
    table = lfs_to_fix(model, planted.votes, planted.y)
    assert table.index[0] == "lf_0"
    assert table["problem"].iloc[0] == "gold disagrees"
    assert "learned as 95%" in table["reason"].iloc[0]


def test_one_that_is_better_than_was_learned_is_not_to_be_fixed_and_harm_comes_first():
    """The best function, pinned far below what it is, is no fault; one that is often wrong comes first."""
    planted = make_votes(n=3000, m=8, coverage=0.5, accuracy=[0.99, 0.57] + [0.8] * 6, random_state=0)
    model = LabelModel(fixed_accuracy={"lf_0": 0.7, "lf_1": 0.75}).fit(planted.votes)
    table = lfs_to_fix(model, planted.votes, planted.y)
    assert "lf_0" not in table.index
    assert table.index[0] == "lf_1"
    assert (table["harm"].diff().dropna() <= 0).all()
    assert table.loc["lf_1", "harm"] <= table.loc["lf_1", "wrong_votes"]


def test_gold_disagrees_by_one_rule_in_all():
    """The table, the findings and the list name the same, those that are better than was learned aside."""
    planted = make_votes(n=3000, m=8, coverage=0.5, accuracy=[0.99, 0.57] + [0.8] * 6, random_state=0)
    model = LabelModel(fixed_accuracy={"lf_0": 0.7, "lf_1": 0.75}).fit(planted.votes)
    table = summarize(planted.votes, planted.y, model=model)
    flagged = table.index[table["disagree"]].tolist()
    found = [one for one in model.diagnose(planted.votes, planted.y) if one.code == "accuracy_off"]
    assert sorted(found[0].lfs) == flagged
    fixes = lfs_to_fix(model, planted.votes, planted.y)
    named = fixes.index[fixes["reason"].str.contains("and learned as")]
    worse = table.index[table["disagree"] & (table["accuracy"] < table["learned"])]
    assert sorted(named) == worse.tolist()
    assert {"lf_0", "lf_1"} <= set(flagged)


@pytest.mark.parametrize("function", [rows_to_label, lfs_to_fix])
def test_what_cannot_be_looked_at_is_an_error(function):
    """The same checks for both: unfitted, other functions, no rows, gold that does not fit."""
    planted = make_votes(n=100, m=4, random_state=0)
    model = LabelModel().fit(planted.votes)
    with pytest.raises(NotFittedError):
        function(LabelModel(), planted.votes)
    with pytest.raises(VoteError, match="lf_0"):
        function(model, planted.votes.rename(columns={"lf_0": "x"}))
    with pytest.raises(VoteError, match="no rows"):
        function(model, planted.votes.iloc[:0])
    for y in ([0, 1], np.full(100, -1)):
        with pytest.raises(GoldError):
            function(model, planted.votes, y=y)


def test_rows_with_equal_sets_are_alike_and_their_reasons_name_the_sets():
    """Sixty rows on which sets leave the class open come before ten without votes; the sure ones do not come."""
    masks = np.repeat([[0b011, 0b110, 0b101], [0, 0, 0], [0b001, 0b001, 0b001]], [60, 10, 130], axis=0)
    sets = PartialVotes(masks, k=3, names=("a", "b", "c"), index=pd.Index([f"row {i}" for i in range(200)]))
    planted = make_votes(n=2000, m=3, k=3, coverage=1.0, accuracy=0.8, random_state=0)
    model = PartialLabelModel(classes=["x", "y", "z"]).fit(PartialVotes(1 << planted.votes.to_numpy(), k=3))
    table = rows_to_label(model, sets, 200)
    first = table.iloc[0]
    assert table.index[0] == f"row {first['row']}"
    assert first["row"] < 60
    assert first["alike"] == 60
    assert " or " in first["reason"].split("says", 1)[1]
    assert set(table.loc[table["row"].between(60, 69), "alike"]) <= {10}
    gold = np.where(np.arange(200) < 50, "x", None)
    assert (rows_to_label(model, sets, 200, y=gold)["row"] >= 50).all()


def test_sets_of_one_class_give_the_rows_that_plain_votes_give():
    """The two ways to write the same votes tell the same."""
    planted = make_votes(n=500, m=5, k=3, coverage=0.5, random_state=0)
    one = planted.votes.to_numpy()
    sets = PartialVotes(np.where(one >= 0, 1 << np.maximum(one, 0), 0), k=3, names=tuple(planted.votes.columns))
    model = PartialLabelModel().fit(sets)
    pd.testing.assert_frame_equal(rows_to_label(model, sets, 30), rows_to_label(model, planted.votes, 30))


def test_distributions_are_told_apart_where_they_differ():
    """Two rows of one likeliest class are alike only where they say so as surely; a reason names that class."""
    probs = np.repeat([[[0.9, 0.1], [0.4, 0.6]], [[0.8, 0.2], [0.4, 0.6]]], [30, 20], axis=0)
    soft = SoftVotes(np.concatenate([probs, np.repeat([[[0.95, 0.05], [0.9, 0.1]]], 50, axis=0)]))
    planted = make_votes(n=2000, m=2, coverage=1.0, accuracy=0.8, random_state=0)
    fitted_to = SoftVotes(0.1 + 0.8 * (planted.votes.to_numpy()[:, :, np.newaxis] == np.arange(2)))
    table = rows_to_label(ContinuousModel(classes=["ham", "spam"]).fit(fitted_to), soft, 100)
    assert set(table.loc[table["row"] < 30, "alike"]) <= {30}
    assert set(table.loc[table["row"].between(30, 49), "alike"]) <= {20}
    assert len(table)
    assert table["reason"].str.contains("says ham|say ham|says spam").any()


def test_arguments_out_of_range_are_errors():
    """They are named with their value."""
    planted = make_votes(n=100, m=4, random_state=0)
    model = LabelModel().fit(planted.votes)
    with pytest.raises(ParameterError, match="n=0"):
        rows_to_label(model, planted.votes, 0)
    with pytest.raises(ParameterError, match="weak=2"):
        lfs_to_fix(model, planted.votes, weak=2)


def test_functions_of_one_class_that_repeat_each_other_are_told_by_how_often_they_meet():
    """They agree wherever they meet, which tells nothing: what does is that they meet more than by chance."""
    planted = make_votes(n=3000, m=6, kind="unipolar", coverage=0.3, groups=[Group(2, 0.9)], random_state=2)
    reason = lfs_to_fix(LabelModel().fit(planted.votes), planted.votes)["reason"].str.cat(sep="; ")
    voted = planted.votes[["lf_0", "lf_1"]].to_numpy() >= 0
    together, by_chance = voted.all(axis=1).mean(), voted[:, 0].mean() * voted[:, 1].mean()
    assert f"vote together on {together:.1%} of the rows, and by chance would on {by_chance:.1%}" in reason
    assert "agree on 100%" not in reason
