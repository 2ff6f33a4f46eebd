"""The members of the default: its formula written anew, and what held-out votes say for each member."""

from __future__ import annotations

import numpy as np
import pytest

from weaklab.datasets import Group, make_votes
from weaklab.label_models import LabelModel, members

BASES = np.array([0.4, 0.3, 0.3])


def slow_tempered(votes, k, prior_of):
    """The tempered model written anew from its definition: dense, nothing shared with the library.

    Gives log-weights (m, vote, class) and the log-prior.
    """
    n = len(votes)
    onehot = np.stack([votes == v for v in range(k)], axis=2).astype(float)  # (n, m, k)
    fired = onehot.sum(axis=0)  # (m, k)
    partial = (fired == 0).any(axis=1)
    kappa = np.where(partial, 0.3, 0.1)
    v = onehot.sum(axis=(1, 2))
    q = onehot.sum(axis=1) / v[:, None]
    prior = np.full((k, k), 0.3 / (k - 1))
    np.fill_diagonal(prior, 0.7)
    for _ in range(10):
        balance = (q.sum(axis=0) + 1) / (n + k)
        rho = prior_of(balance)
        rho = rho / rho.sum()
        p = balance[None] * prior  # (vote, class)
        b = p / p.sum(axis=1, keepdims=True)
        joint = np.einsum("nml,ny->mly", onehot, q)
        joint = joint + 1.0 * k * p[None] + kappa[:, None, None] * fired[:, :, None] * b[None]
        by_class = joint.sum(axis=1)  # (m, class)
        w = np.log(joint / by_class[:, None, :])
        w += partial[:, None, None] * np.log(by_class / by_class.sum(axis=1, keepdims=True) / balance)[:, None, :]
        q = softmax(v[:, None] ** -0.25 * np.einsum("nml,mly->ny", onehot, w) + np.log(rho))
    return w, np.log(rho)


def softmax(scores):
    q = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return q / q.sum(axis=-1, keepdims=True)


def slow_information(votes, k, w, log_prior):
    """What other votes tell of each vote, row by row and labeling function by labeling function."""
    rows = votes[(votes >= 0).sum(axis=1) > 1]
    gained, total = 0.0, 0

    def posterior(row, without=-1):
        cast = [(j, v) for j, v in enumerate(row) if v >= 0 and j != without]
        return softmax(len(cast) ** -0.25 * sum(w[j, v] for j, v in cast) + log_prior)

    for j in range(votes.shape[1]):
        partial = len(set(votes[:, j]) - {-1}) < k
        table = np.zeros((k + 1, k))  # the last row: it did not vote
        for row in rows:
            table[row[j]] += posterior(row, j)
            total += row[j] >= 0
        if not partial:
            table[-1] = 0
        mean = table.sum(axis=1, keepdims=True) / table.sum()
        given = (table + mean) / (table.sum(axis=0) + 1)
        there = table.sum(axis=1) > 0
        gained += (table[there] * np.log(given[there] / mean[there])).sum()
    return gained / total


@pytest.fixture
def three_classes(rng):
    """300 rows of three classes; of six labeling functions, the first votes for one class only, the next for two."""
    y = rng.choice(3, size=300, p=[0.5, 0.3, 0.2])
    votes = np.where(rng.random((300, 6)) < 0.7, y[:, None], rng.integers(0, 3, size=(300, 6)))
    votes[rng.random((300, 6)) < 0.5] = -1
    votes[votes[:, 0] != 1, 0] = -1
    votes[votes[:, 1] == 2, 1] = -1
    return votes[(votes >= 0).any(axis=1)]


def test_label_model_is_what_its_definition_says(three_classes):
    """The library's sparse, pattern-merged, linear form gives what dense loops over the definition give."""
    votes, k = three_classes, 3
    cast = np.stack([(votes == c).sum(axis=1) for c in range(k)], axis=1)
    u = (votes[:, :2] >= 0).sum() / (votes >= 0).sum()
    share = (cast / cast.sum(axis=1, keepdims=True)).sum(axis=0) + 1
    share /= share.sum()
    one, prior_one = slow_tempered(votes, k, lambda balance: balance**0.5)
    two, prior_two = slow_tempered(votes, k, lambda balance: balance ** (1 - u) * share ** (0.55 * u))
    mixed = (0.4 * one + 0.3 * two) / 0.7
    margins = [mixed[j, v, v] - np.delete(mixed[j, v], v).mean() for j, v in zip(*votes_cast(votes), strict=True)]
    alike = np.mean(margins) * np.broadcast_to(np.eye(k), (6, k, k))

    members_ = [(one, prior_one), (two, prior_two), (alike, np.zeros(k))]
    told = np.array([slow_information(votes, k, *member) for member in members_])
    n_votes = (votes[(votes >= 0).sum(axis=1) > 1] >= 0).sum()
    share_of = BASES * (told + 1e-4 + 1 / n_votes) ** 6
    share_of /= share_of.sum()
    level = share_of[2] + (1 - share_of[2]) * 0.5 * u
    first, second = share_of[:2] / share_of[:2].sum()
    w = (1 - level) * (first * one + second * two) + level * alike
    prior = (1 - level) * (first * prior_one + second * prior_two)
    onehot = np.stack([votes == v for v in range(k)], axis=2)
    scale = (votes >= 0).sum(axis=1, keepdims=True) ** -0.5
    expected = softmax(scale * np.einsum("nml,mly->ny", onehot, w) + 0.8 * prior)

    model = LabelModel(classes=k, dependence="ignore").fit(votes)
    np.testing.assert_allclose(model.chosen_["information"], told, atol=5e-5)  # the library rounds them
    np.testing.assert_allclose(model.predict_proba(votes), expected, atol=1e-6)
    np.testing.assert_allclose(model.class_prior_, softmax(first * prior_one + second * prior_two), atol=1e-6)
    assert model.n_iter_ == len(model.objective_path_) <= 10


def votes_cast(votes):
    """Labeling function and vote of each vote."""
    row, j = np.nonzero(votes >= 0)
    return j, votes[row, j]


def weights(votes, **how):
    """What each member counts, by name."""
    model = LabelModel(**how).fit(votes)
    assert sum(model.chosen_["weights"]) == pytest.approx(1, abs=2e-3)
    return dict(zip(model.chosen_["members"], model.chosen_["weights"], strict=True))


ROOT, SHARED = "square root of the learned balance", "balance of full voters, vote share of partial ones"


@pytest.mark.parametrize(("kind", "often"), [("bipolar", 0.3), ("unipolar", (0.01, 0.3))])
def test_a_class_prior_that_collapses_loses_its_say(kind, often):
    """Where classes are rare, the root prior falls tens of points below majority vote. What its classes tell of
    held-out votes shows that, without gold: it loses half its weight to the other or more."""
    for seed in range(3):
        planted = make_votes(n=10_000, m=10, coverage=often, kind=kind, class_balance=[0.9, 0.1], random_state=seed)
        found = weights(planted.votes)
        assert found[ROOT] / found[SHARED] < 0.4 / 0.3 / 2


def test_equal_functions_are_levelled_and_unequal_ones_are_not():
    """Every vote alike counts its base or more where labeling functions are equally good, for then learned weights tell
    no more; and all but nothing where two good ones stand among weak ones."""
    equal = make_votes(n=5000, m=10, coverage=0.5, accuracy=0.75, random_state=0)
    assert weights(equal.votes)[members.ALIKE] > 0.25
    unequal = make_votes(n=5000, m=8, coverage=0.9, accuracy=[0.95, 0.9, *[0.52] * 6], random_state=0)
    assert weights(unequal.votes)[members.ALIKE] < 0.05


def test_partial_functions_are_trusted_less():
    """Half the learned weight at most, where all votes come from functions that vote for one class."""
    planted = make_votes(n=5000, m=10, kind="unipolar", coverage=0.3, random_state=0)
    assert weights(planted.votes)[members.ALIKE] > 0.5


def test_copies_are_held_out_by_their_worth():
    """Copies tell of each other, which is no reason to count every vote alike: its votes count by their worth too."""
    planted = make_votes(n=8000, m=12, coverage=0.3, groups=[Group(5, 0.8, 0.56, 0.45)], random_state=0)
    aware = LabelModel().fit(planted.votes)
    unaware = LabelModel(dependence="ignore").fit(planted.votes)
    assert aware.chosen_["information"][-1] < unaware.chosen_["information"][-1] / 2


def test_what_is_known_is_not_levelled():
    """A fixed accuracy keeps its log-weight, and a given class balance its place in the prior."""
    planted = make_votes(n=3000, m=6, coverage=0.6, random_state=0)
    model = LabelModel(fixed_accuracy={0: 0.9}, dependence="ignore").fit(planted.votes)
    row = np.where(np.arange(6) == 0, 1, -1)
    said = model.explain(row).iloc[1, 1:].to_numpy(dtype=float)
    assert said[1] - said[0] == pytest.approx(np.log(0.9 / 0.1))
    balance = np.array([0.8, 0.2])
    model = LabelModel(class_balance=balance).fit(planted.votes)
    assert model.chosen_["members"] == ["the class balance that was given", members.ALIKE]
    prior = model.explain(row).iloc[0, 1:].to_numpy(dtype=float)
    assert prior[0] - prior[1] == pytest.approx(0.8 * np.log(0.8 / 0.2))


def test_nothing_held_out_means_the_bases(monkeypatch):
    """One labeling function has no others to tell of it; tables that would be huge are not made."""
    votes = make_votes(n=500, m=5, coverage=0.7, random_state=0).votes
    alone = LabelModel().fit(votes.iloc[:, :1])
    np.testing.assert_allclose(alone.chosen_["weights"], BASES, atol=1e-3)
    assert "nothing tells" in alone.chosen_["why"]
    assert "tell most" in LabelModel().fit(votes).chosen_["why"]
    monkeypatch.setattr(members, "LARGEST_TABLE", 10)
    np.testing.assert_allclose(LabelModel().fit(votes).chosen_["weights"], BASES, atol=1e-3)


def test_a_sample_of_rows_finds_the_same_weights(monkeypatch):
    """A tenth of the rows, or of the entries, gives the weights of all within ten points."""
    votes = make_votes(n=10_000, m=10, coverage=0.4, class_balance=[0.8, 0.2], random_state=0).votes
    whole = LabelModel().fit(votes).chosen_["weights"]
    for limit, at in (("SAMPLE", 1000), ("MOST_ENTRIES", 8000)):
        with monkeypatch.context() as patched:
            patched.setattr(members, limit, at)
            few = LabelModel().fit(votes).chosen_["weights"]
        assert few != whole
        np.testing.assert_allclose(few, whole, atol=0.1)


def test_row_weights_count_rows_held_out():
    """Rows given twice and rows of weight two are the same."""
    votes = make_votes(n=400, m=5, coverage=0.6, random_state=0).votes.to_numpy()
    twice = LabelModel().fit(np.vstack([votes, votes[:100]]))
    weighted = LabelModel().fit(votes, sample_weight=np.where(np.arange(400) < 100, 2, 1))
    np.testing.assert_allclose(weighted.chosen_["information"], twice.chosen_["information"], atol=1e-9)
