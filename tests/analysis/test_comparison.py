"""compare_label_models: scores, intervals, verdicts beside majority vote, and models that fail."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from weaklab import metrics
from weaklab.analysis import compare_label_models
from weaklab.analysis.comparison import DEFAULT
from weaklab.analysis.resampling import cells_of, resampled, verdict
from weaklab.datasets import make_votes
from weaklab.exceptions import GoldError, ParameterError, VoteError
from weaklab.label_models import ContinuousModel, DawidSkene, LabelModel, MajorityVote, PartialLabelModel, WeightedVote
from weaklab.votes import PartialVotes, SoftVotes


def planted(seed=0, **more):
    return make_votes(
        **{"n": 1500, "m": 9, "coverage": 0.5, "accuracy": [0.9] * 2 + [0.6] * 7} | more, random_state=seed
    )


def test_scores_are_those_of_metrics_on_covered_and_all_rows():
    """Each column can be computed by hand from the model's probabilities."""
    votes = planted(coverage=0.2, k=3)
    gold = np.where(np.arange(1500) % 3 == 0, votes.y, -1)
    table = compare_label_models(votes.votes, gold, [DawidSkene()], classes=3)
    probs = DawidSkene(classes=3).fit(votes.votes).predict_proba(votes.votes)
    where = (votes.votes.to_numpy() >= 0).any(axis=1)
    row = table.loc["DawidSkene"]
    assert row["accuracy"] == pytest.approx(metrics.expected_accuracy(gold, probs, where=where))
    assert row["accuracy_all"] == pytest.approx(metrics.expected_accuracy(gold, probs))
    assert row["f1_macro"] == pytest.approx(metrics.expected_f1(gold, probs, average="macro", where=where))
    assert row["log_loss"] == pytest.approx(metrics.log_loss(gold, probs, where=where))
    assert row["ece"] == pytest.approx(metrics.expected_calibration_error(gold, probs, where=where))
    assert row["accuracy_low"] < row["accuracy"] < row["accuracy_high"]
    assert row["seconds"] > 0
    assert table.attrs["gold_all"] == 500
    assert table.attrs["gold"] == int(where[::3].sum())
    assert "expectation" in table.attrs["ties"]


def test_better_worse_and_no_difference_are_told_apart():
    """Weights that find the two good functions beat equal ones; the same model again differs in nothing."""
    votes = planted()

    class Backwards(MajorityVote):
        def _posterior(self, matrix):
            return super()._posterior(matrix)[:, ::-1]

    models = {"good": DawidSkene(), "same": MajorityVote(), "bad": Backwards()}
    table = compare_label_models(votes.votes, votes.y, models)
    assert table["verdict"].to_dict() == {
        "good": "better",
        "same": "no difference",
        "MajorityVote": "reference",
        "bad": "worse",
    }
    assert table.loc["same", ["difference", "difference_low", "difference_high"]].tolist() == [0, 0, 0]


@pytest.mark.slow
def test_verdicts_err_as_seldom_as_they_say():
    """Models whose posteriors differ by noise alone are told apart in 5 % of the draws: 5 + 3 errors of 200 at most."""

    class Coin(MajorityVote):
        """Breaks each row's majority at random: as right as its twin."""

        def _posterior(self, matrix):
            q = super()._posterior(matrix)
            flip = np.random.default_rng(self.random_state).random(len(q)) < 0.3
            q[flip] = q[flip, ::-1]
            return q

    wrong = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        y = rng.integers(0, 2, 400)
        votes = np.where(rng.random((400, 1)) < 0.5, y[:, np.newaxis], 1 - y[:, np.newaxis])  # a flip is as good
        table = compare_label_models(votes, y, [Coin(random_state=seed)], resamples=400, progress=False)
        wrong += table.loc["Coin", "verdict"] != "no difference"
    assert wrong <= 200 * 0.05 + 3 * np.sqrt(200 * 0.05 * 0.95)


def test_cells_resample_as_rows_do(rng):
    """Drawing alike rows together gives the same distribution of scores as drawing rows one by one."""
    gold, probs = rng.integers(0, 3, 300), rng.integers(0, 3, (300, 3)).astype(float)
    credit = metrics.tied(probs)
    for rule, by_hand in (
        ("accuracy", lambda rows: metrics.expected_accuracy(gold[rows], probs[rows])),
        ("f1_macro", lambda rows: metrics.expected_f1(gold[rows], probs[rows], average="macro")),
    ):
        (draws,) = resampled(cells_of(gold, [credit]), rule, 4000, np.random.default_rng(1))
        slow = [by_hand(rng.integers(0, 300, 300)) for _ in range(2000)]
        assert draws.mean() == pytest.approx(np.mean(slow), abs=4 * np.std(slow) / np.sqrt(2000))
        assert draws.std() == pytest.approx(np.std(slow), rel=0.1)


def test_without_gold_held_out_votes_rank():
    """Votes that follow the class are predicted through it; noise is not; and no gold column is there."""
    votes = planted(n=3000, accuracy=0.85, coverage=0.7)
    table = compare_label_models(votes.votes, models=[DawidSkene, LabelModel])
    assert "accuracy" not in table
    assert (table["held_out"] > 0.05).all()
    assert table.attrs["by"] == "held_out"
    noise = make_votes(n=3000, m=9, coverage=0.7, accuracy=0.5, random_state=0)
    assert (compare_label_models(noise.votes, models=[MajorityVote])["held_out"].abs() < 0.01).all()


def test_unipolar_votes_have_a_held_out_score_too():
    """Of a function that votes for one class, what it votes on is what it says."""
    votes = make_votes(n=3000, m=12, kind="unipolar", coverage=0.25, accuracy=0.85, random_state=0)
    table = compare_label_models(votes.votes, votes.y, [LabelModel], held_out=True)
    assert (table["held_out"] > 0.02).all()


def test_a_model_that_fails_is_a_row_with_its_error():
    """One that cannot be fitted does not end the others."""

    class Broken(MajorityVote):
        def _fit(self, problem):
            raise RuntimeError("no luck")

    votes = planted()
    table = compare_label_models(votes.votes, votes.y, [Broken(), DawidSkene(max_iter=-3), LabelModel()])
    assert table.loc["Broken", "error"] == "RuntimeError: no luck"
    assert table.loc["DawidSkene", "error"].startswith("ParameterError: max_iter=-3")
    assert np.isnan(table.loc["Broken", "accuracy"])
    assert set(table.index[-2:]) == {"Broken", "DawidSkene"}
    assert table.loc["LabelModel", "error"] == ""


def test_all_default_models_run_and_the_same_call_gives_the_same_table():
    """Whatever is drawn is drawn from the seed; only time differs."""
    votes = planted(n=400)
    tables = [compare_label_models(votes.votes, votes.y, held_out=True).drop(columns="seconds") for _ in range(2)]
    pd.testing.assert_frame_equal(*tables)
    assert set(tables[0].index) == {model.__name__ for model in DEFAULT}
    assert (tables[0]["error"] == "").all()


def test_models_are_left_as_they_are_and_named_apart():
    """Two of one kind get names of their own; nobody's model is fitted in place."""
    votes = planted(n=300)
    models = [DawidSkene(), DawidSkene(class_balance="uniform"), DawidSkene()]
    table = compare_label_models(votes.votes, votes.y, models)
    assert len(table) == 4
    assert "DawidSkene(class_balance='uniform')" in table.index
    assert not any(hasattr(model, "classes_") for model in models)


class Foreign(BaseEstimator):
    """A model that follows the contract and nothing else."""

    def fit(self, votes, y=None):
        self.inner_ = WeightedVote(classes=2).fit(votes)
        return self

    def predict_proba(self, votes):
        assert isinstance(votes, pd.DataFrame)
        return self.inner_.predict_proba(votes)


def test_a_model_of_the_users_own_is_scored_beside_the_others():
    """fit, predict_proba and clone are all that is asked, held-out votes included."""
    votes = planted(n=600)
    table = compare_label_models(votes.votes, votes.y, [Foreign(), WeightedVote()], held_out=True)
    columns = ["accuracy", "f1_macro", "log_loss", "held_out", "difference"]
    assert table.loc["Foreign", columns].tolist() == table.loc["WeightedVote", columns].tolist()
    assert (table["error"] == "").all()


def test_richer_votes_are_compared_with_majority_vote_of_one_class_each():
    """Models of sets and of distributions stand beside it by default."""
    votes = planted(n=500, k=3)
    one = votes.votes.to_numpy()
    masks = np.where(one >= 0, 1 << np.maximum(one, 0), 0).astype(np.uint64)
    probs = np.where(one[:, :, np.newaxis] >= 0, 0.1 + 0.7 * (one[:, :, np.newaxis] == np.arange(3)), np.nan)
    for rich, model in ((PartialVotes(masks, k=3), PartialLabelModel), (SoftVotes(probs), ContinuousModel)):
        table = compare_label_models(rich, votes.y)
        assert set(table.index) == {"MajorityVote", model.__name__}
        assert (table["error"] == "").all()


def test_classes_and_gold_by_name():
    """Names mean the same here as in any label model; macro F1 can decide."""
    votes = planted(n=500)
    named = np.array(["ham", "spam"])[votes.y]
    table = compare_label_models(votes.votes, named, [LabelModel], classes=["ham", "spam"], by="f1_macro")
    assert table.attrs["by"] == "f1_macro"
    codes = compare_label_models(votes.votes, votes.y, [LabelModel], by="f1_macro")
    assert table.loc["LabelModel", "difference"] == codes.loc["LabelModel", "difference"]


def test_what_cannot_be_compared_is_an_error():
    """No rows, gold that does not fit, arguments that mean nothing, things that are no models."""
    votes = planted(n=100)
    with pytest.raises(VoteError, match="no rows"):
        compare_label_models(votes.votes.iloc[:0])
    with pytest.raises(GoldError, match="shape"):
        compare_label_models(votes.votes, [0, 1])
    with pytest.raises(GoldError, match="None of the 100 rows"):
        compare_label_models(votes.votes, np.full(100, -1))
    with pytest.raises(GoldError, match="No row with gold has a vote"):
        compare_label_models(votes.votes.assign(**dict.fromkeys(votes.votes.columns, -1)), votes.y)
    with pytest.raises(ParameterError, match="needs gold"):
        compare_label_models(votes.votes, by="accuracy")
    with pytest.raises(ParameterError, match="Did you mean 'accuracy'"):
        compare_label_models(votes.votes, votes.y, by="acuracy")
    with pytest.raises(ParameterError, match="resamples=3"):
        compare_label_models(votes.votes, votes.y, resamples=3)
    with pytest.raises(ParameterError, match="has no fit"):
        compare_label_models(votes.votes, votes.y, ["LabelModel"])
    with pytest.raises(ParameterError, match="models must be"):
        compare_label_models(votes.votes, votes.y, [])
    with pytest.raises(ParameterError, match="compared with"):
        compare_label_models(votes.votes, votes.y, {"MajorityVote": LabelModel()})


def test_an_interval_without_width_gives_no_verdict():
    """Of one function without gold, held-out votes are predicted from nothing: rounding is no evidence."""
    votes = np.tile([[0], [1], [1]], (100, 1))
    table = compare_label_models(votes, models=[LabelModel], progress=False)
    assert table.loc["LabelModel", "difference"] != 0
    assert table.loc["LabelModel", "verdict"] == ""
    assert [verdict(*bounds) for bounds in ((0.2, 0.2), (-0.2, -0.2), (0, 0), (0.1, 0.2))] == [
        *("", "", "no difference", "better")
    ]
