"""Every call of the room takes votes that are sets or distributions, with the model that was fitted to them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from weaklab import analysis, labeling
from weaklab.analysis.hard_votes import hard_votes
from weaklab.datasets import make_votes
from weaklab.exceptions import ParameterError
from weaklab.label_models import ContinuousModel, MajorityVote, PartialLabelModel
from weaklab.votes import PartialVotes, SoftVotes

#: What takes labeling functions and makes its own votes, or no votes at all.
OF_NO_VOTES = {"describe_lfs", "preview", "profile_lfs", "slice_masks", "slice_table"}
#: What the calls return.
RESULTS = {"Diagnosis", "Diff", "Drift", "LFListing", "Preview", "VotesSummary"}

CALLS = {
    "assess_sources": lambda of: analysis.assess_sources(of.votes, of.frame, of.y),
    "compare_label_models": lambda of: analysis.compare_label_models(
        of.votes, of.y, models=[type(of.model)], progress=False
    ),
    "conflicts": lambda of: analysis.conflicts(of.frame, of.votes),
    "dependencies": lambda of: analysis.dependencies(of.votes, of.model),
    "describe_votes": lambda of: analysis.describe_votes(of.votes).lfs,
    "diagnose": lambda of: analysis.diagnose(of.model, of.votes, of.y).frame,
    "diff": lambda of: analysis.diff(of.votes, of.votes).rows,
    "drift": lambda of: analysis.drift(of.votes, of.votes).lfs,
    "empirical_confusion": lambda of: analysis.empirical_confusion(of.votes, of.y),
    "error_table": lambda of: analysis.error_table(of.frame, of.votes, of.model.predict_proba(of.votes), of.y),
    "influence": lambda of: analysis.influence(of.model, of.votes, of.y, method="one-step"),
    "lfs_to_fix": lambda of: analysis.lfs_to_fix(of.model, of.votes, of.y),
    "pairwise": lambda of: analysis.pairwise(of.votes, of.model),
    "patterns": lambda of: analysis.patterns(of.votes, of.model, of.y),
    "redundant_lfs": lambda of: analysis.redundant_lfs(of.votes, of.model),
    "rows_to_label": lambda of: analysis.rows_to_label(of.model, of.votes),
    "suggest_lfs": lambda of: analysis.suggest_lfs(of.frame, of.votes, column="text"),
    "summarize": lambda of: analysis.summarize(of.votes, of.y, model=of.model),
    "uncovered": lambda of: analysis.uncovered(of.frame, of.votes),
}


@pytest.fixture(scope="module", params=["sets", "distributions"])
def case(request):
    planted = make_votes(n=300, m=5, k=3, coverage=0.5, accuracy=0.8, random_state=0)
    one, names = planted.votes.to_numpy(), tuple(planted.votes.columns)
    if request.param == "sets":
        other = np.random.default_rng(0).random(one.shape) < 0.3
        masks = np.where(one >= 0, (1 << np.maximum(one, 0)) | (1 << ((np.maximum(one, 0) + other) % 3)), 0)
        votes, model = PartialVotes(masks, k=3, names=names), PartialLabelModel()
    else:
        probs = np.where(one[:, :, np.newaxis] >= 0, 0.1 + 0.7 * (one[:, :, np.newaxis] == np.arange(3)), np.nan)
        votes, model = SoftVotes(probs, names=names), ContinuousModel()
    frame = pd.DataFrame({"text": ["one two", "three four", "five"] * 100, "x": np.arange(300.0)})
    return SimpleNamespace(votes=votes, model=model.fit(votes), frame=frame, y=planted.y)


def test_every_call_of_the_room_is_tried():
    """A new one that forgets richer votes must not go unnoticed."""
    assert set(CALLS) | OF_NO_VOTES | RESULTS | {"buckets", "export_labels"} == set(analysis.__all__)


@pytest.mark.parametrize("name", CALLS)
def test_each_call_takes_richer_votes(case, name):
    """Whoever fitted a model to sets or distributions asks the same questions of it as others of theirs."""
    assert isinstance(CALLS[name](case), pd.DataFrame)


def test_votes_are_no_labels_and_buckets_says_what_to_give(case):
    """Buckets are of one label per row; labels of these votes are what a model makes of them."""
    with pytest.raises(ParameterError, match=rf"{type(case.votes).__name__} of shape .*model\.predict\(votes\)"):
        analysis.buckets(case.y, case.votes)
    assert sum(map(len, analysis.buckets(case.y, case.model.predict(case.votes)).values())) == 300


def test_slices_take_the_labels_of_richer_votes(case):
    """Slices are of rows and labels; votes do not enter."""

    @labeling.slicing_function
    def early(row):
        return row.x < 100

    table = analysis.slice_table(case.frame, [early], case.y, case.model.predict_proba(case.votes))
    assert len(table) == 2


def test_patterns_of_richer_votes_show_the_mean_of_their_rows(case):
    """A pattern hides what sets and distributions say more, so its label is that of the rows, not of hard votes."""
    table = analysis.patterns(case.votes, case.model, n=None)
    soft = case.model.predict_proba(case.votes)
    hard = hard_votes(case.votes).dense()
    for _, line in table.iterrows():
        alike = (hard == hard[line["example"]]).all(axis=1)
        mean = soft[alike].mean(axis=0)
        assert (alike.sum(), line["confidence"]) == (line["rows"], pytest.approx(mean.max()))


def test_coverage_is_one_number_everywhere(case):
    """Of rows, votes of any kind count; of functions, those for one class."""
    said = analysis.describe_votes(case.votes)
    rows = len(case.frame) - len(analysis.uncovered(case.frame, case.votes))
    drift = analysis.drift(case.votes, case.votes).overall
    assert said.covered == rows == round(drift["covered_a"] * drift["rows_a"])
    pd.testing.assert_series_equal(said.lfs["coverage"], analysis.summarize(case.votes)["coverage"])


def test_patterns_ask_a_model_of_one_class_each_about_such_votes(case):
    """Majority vote knows no sets: it sees what the pattern shows, as ever."""
    hard = hard_votes(case.votes)
    model = MajorityVote(classes=3).fit(hard.frame())
    table = analysis.patterns(case.votes, model, n=5)
    assert table["confidence"].tolist() == analysis.patterns(hard.frame(), model, n=5)["confidence"].tolist()
