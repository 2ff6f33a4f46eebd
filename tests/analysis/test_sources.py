"""assess_sources: what each source is worth, what to do about it, and what is missing."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from weaklab.analysis import assess_sources
from weaklab.apply import apply
from weaklab.datasets import load_docstrings
from weaklab.exceptions import ColumnError, FrameError, GoldError, LabelingFunctionError, ParameterError
from weaklab.label_models import LabelModel, MajorityVote
from weaklab.labeling import keyword_lf, labeling_function, threshold_lf


def planted(seed, accuracies, n=2000, coverage=0.5):
    """Votes of independent sources on two classes, and the classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    right = rng.random((n, len(accuracies))) < accuracies
    votes = np.where(rng.random(right.shape) < coverage, np.where(right, y[:, None], 1 - y[:, None]), -1)
    names = [f"s{j:02d}" for j in range(len(accuracies))]
    return pd.DataFrame(votes, columns=names), y, rng


FIFTEEN = np.concatenate([np.linspace(0.8, 0.9, 5), np.linspace(0.6, 0.68, 5), np.full(5, 0.5)])


@pytest.mark.parametrize("seed", range(3))
def test_the_ranking_follows_the_true_accuracies(seed):
    """Five strong, five weak and five chance sources, and a hundred gold rows."""
    votes, y, _ = planted(seed, FIFTEEN)
    gold = np.where(np.arange(len(y)) < 100, y, -1)
    table = assess_sources(votes, pd.DataFrame({"n": range(len(y))}), gold, classes=2)
    sources = table[table["kind"] == "source"].reindex(votes.columns)
    assert spearmanr(sources["worth"], FIFTEEN).statistic >= 0.8
    assert len(set(table.index[:5]) & set(votes.columns[:5])) >= 4
    assert set(sources["advice"][:5]) == {"keep"}
    assert set(sources["advice"][10:]) <= {"supplement", "drop"}
    inside = (sources["low"] <= FIFTEEN) & (FIFTEEN <= sources["high"])
    assert inside.mean() >= 0.6


@pytest.mark.parametrize("seed", range(3))
def test_strengthening_and_supplementing_beats_the_vote_of_all(seed):
    """The weak ones give way to two dedicated detectors; labels are explained by sources that voted, only."""
    votes, y, rng = planted(seed, FIFTEEN)
    gold = np.where(np.arange(len(y)) < 100, y, -1)
    table = assess_sources(votes, pd.DataFrame({"n": range(len(y))}), gold, classes=2)
    kept = table.index[table["advice"].isin(["keep", "strengthen"])]
    detectors = pd.DataFrame({f"d{j}": np.where(rng.random(len(y)) < 0.85, y, 1 - y) for j in range(2)})
    better = pd.concat([votes[list(kept)], detectors], axis=1)
    model = LabelModel(classes=2).fit(better, gold)
    everyone = MajorityVote(classes=2).fit(votes)
    rest = slice(100, None)
    gain = (model.predict(better) == y)[rest].mean() - (everyone.predict(votes, ties="random") == y)[rest].mean()
    assert gain >= 0.05
    for row in range(0, 200, 20):
        explained = model.explain(better.iloc[row])
        speaks = explained.index[explained.drop(columns="vote").abs().sum(axis=1) > 1e-12]
        assert set(speaks) - {explained.index[0]} <= set(better.columns[better.iloc[row] >= 0])


def test_without_gold_the_label_model_ranks():
    """Agreements alone tell strong sources from chance."""
    votes, y, _ = planted(0, FIFTEEN)
    table = assess_sources(votes, pd.DataFrame({"n": range(len(y))}), classes=2)
    sources = table[table["kind"] == "source"].reindex(votes.columns)
    assert spearmanr(sources["worth"], FIFTEEN).statistic >= 0.8
    assert (sources["low"] <= sources["high"]).all()


def test_advice_by_kind_of_source():
    """One of each: good, narrow, random, wrong, a copy, and silent."""
    votes, y, _ = planted(1, [0.9, 0.85, 0.52, 0.2])
    votes["narrow"] = np.where(np.arange(len(y)) % 30 == 0, y, -1)
    votes["copy"] = votes["s00"]
    votes["silent"] = -1
    table = assess_sources(votes, pd.DataFrame({"n": range(len(y))}), y, classes=2)
    advice = table["advice"].to_dict()
    assert {name: advice[name] for name in ("s01", "narrow", "s02", "s03", "silent")} == {
        "s01": "keep",
        "narrow": "strengthen",
        "s02": "supplement",
        "s03": "drop",
        "silent": "repair",
    }
    assert sorted([advice["s00"], advice["copy"]]) == ["keep", "merge"]
    twin = "s00" if advice["s00"] == "merge" else "copy"
    assert "'copy'" in table.loc["s00", "reason"] if twin == "s00" else "'s00'" in table.loc["copy", "reason"]
    assert table.loc["s03", "worth"] < 0
    assert "chance" in table.loc["s02", "reason"]
    assert table["worth"][: len(votes.columns)].is_monotonic_decreasing


def test_a_vote_for_the_common_class_is_worth_less():
    """Right on 90 % of the votes is nothing where 90 % of the rows are of that class."""
    rng = np.random.default_rng(0)
    y = (rng.random(4000) < 0.1).astype(int)
    votes = pd.DataFrame({"always ham": np.zeros(4000, int), "half spam": np.where(rng.random(4000) < 0.1, 1, -1)})
    votes.loc[votes["half spam"] == 1, "half spam"] = 1
    picked = votes["half spam"].to_numpy() == 1
    y[picked] = (rng.random(picked.sum()) < 0.6).astype(int)
    table = assess_sources(votes, pd.DataFrame({"n": range(4000)}), y, classes=["ham", "spam"], columns=[])
    assert table.loc["always ham", "accuracy"] > table.loc["half spam", "accuracy"] + 0.2
    assert table.loc["half spam", "worth"] > table.loc["always ham", "worth"] + 0.05


def test_gaps_in_real_texts_are_named_and_can_be_closed():
    """On the docstrings: regions without votes hold real words, and a function about one covers what was said."""
    train, _, _ = load_docstrings(progress=False)
    classes = ["numpy", "pandas", "scipy", "sklearn", "numba"]
    frame = train.head(4000)
    lfs = [
        keyword_lf(["dataframe", "series"], column="text", label="pandas"),
        keyword_lf(["estimator", "classifier"], column="text", label="sklearn"),
        keyword_lf(["llvm", "jit"], column="text", label="numba"),
        keyword_lf(["ndarray", "ufunc"], column="text", label="numpy"),
    ]
    gold = np.where(np.arange(len(frame)) < 500, frame.label, None)
    table = assess_sources(lfs, frame, gold, classes=classes, columns=["text"])
    assert table.loc["class 'scipy'", "advice"] == "write"
    assert "ever votes for 'scipy'" in table.loc["class 'scipy'", "reason"]
    gaps = table[table["kind"] == "gap"].drop(index="class 'scipy'")
    assert 3 <= len(gaps) <= 5
    word = gaps.index[0].removeprefix("text has ").strip("'")
    covered = (apply(lfs, frame, classes=classes, progress=False) >= 0).any(axis=1)
    votes = apply(keyword_lf(word, column="text", label="scipy"), frame, classes=classes, progress=False)
    newly = ((votes.iloc[:, 0] >= 0) & ~covered).sum()
    assert newly == gaps["rows"].iloc[0]
    assert newly > 50
    assert (gaps["coverage"] < covered.mean()).all()


def test_gaps_in_numbers_and_categories():
    """Ranges and values that no source covers."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"price": rng.random(2000) * 100, "kind": rng.choice(["a", "b", "c"], 2000), "flag": True})
    lfs = [
        threshold_lf("price", below=80, label=0),
        labeling_function(name="kinds", batch=True)(lambda frame: np.where(frame.kind == "b", 1, -1)),
    ]
    table = assess_sources(lfs, frame, classes=2)
    gaps = table[table["kind"] == "gap"]
    assert any(name.startswith("price from 8") or name.startswith("price from 9") for name in gaps.index)
    assert gaps["rows"].max() <= (frame.price >= 80).sum()
    assert assess_sources([threshold_lf("price", above=-1, label=0)], frame, classes=2)["kind"].tolist() == [
        "source",
        "gap",  # class 1
    ]


def test_soft_and_set_votes_count_by_their_class():
    """The likeliest class, and sets of one."""
    frame = pd.DataFrame({"n": range(40)})
    soft = labeling_function(name="soft", output="soft")(lambda row: [0.9, 0.1] if row.n % 2 else [0.2, 0.8])
    sets = labeling_function(name="sets", output="set")(lambda row: [row.n % 2] if row.n < 10 else [0, 1])
    y = (np.arange(40) + 1) % 2
    table = assess_sources([soft], frame, y, classes=2)
    assert table.loc["soft", "rows"] == 40
    assert table.loc["soft", "accuracy"] > 0.9
    assert assess_sources([sets], frame, y, classes=2).loc["sets", "rows"] == 10


def test_nothing_votes():
    """No votes at all is a table too."""
    frame = pd.DataFrame({"text": ["a word", "words here"] * 10})
    table = assess_sources([keyword_lf("zzz", column="text", label=0)], frame, classes=2)
    assert table.loc["zzz", "advice"] == "repair"
    assert {"class 0", "class 1"} <= set(table.index)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"weak": 2}, ParameterError, "weak=2"),
        ({"narrow": "x"}, ParameterError, "narrow='x'"),
        ({"y": [0, 1]}, GoldError, "2"),
        ({"columns": ["txet"]}, ColumnError, "Did you mean 'text'"),
        ({"lfs": []}, LabelingFunctionError, "no labeling functions"),
        ({"lfs": pd.DataFrame({"a": [0, 1]})}, FrameError, "20 rows and the votes have 2"),
    ],
)
def test_bad_arguments(options, error, says):
    """Each says what is wrong."""
    given = {
        "lfs": [keyword_lf("word", column="text", label=0)],
        "frame": pd.DataFrame({"text": ["a word", "words"] * 10}),
        "classes": 2,
        **options,
    }
    with pytest.raises(error, match=says):
        assess_sources(given.pop("lfs"), given.pop("frame"), given.pop("y", None), **given)
