"""Agreement beside chance: the closed forms are those of all pairs, and the standard error is what noise shows."""

from __future__ import annotations

import warnings
from itertools import combinations

import numpy as np
import pytest

from weaklab.analysis.concordance import concordance
from weaklab.datasets import Group, make_votes
from weaklab.exceptions import WeaklabWarning
from weaklab.label_models import DawidSkene, LabelModel
from weaklab.votes import SoftVotes, check_votes


def noise(rng, n, m, k, coverage, kind):
    """Votes that know nothing: for any class, some more often than others, or each for its own."""
    says = np.arange(m) % k if kind == "own class" else rng.choice(k, (n, m), p=rng.dirichlet(np.full(k, 5.0)))
    return np.where(rng.random((n, m)) < coverage, says, -1)


@pytest.mark.parametrize("kind", ["any class", "own class"])
def test_agreements_chance_and_variance_are_those_of_all_pairs(kind, rng):
    """No pair is formed, and yet each counts: sums over pairs by the definition give the same."""
    n, m, k = 200, 5, 3
    votes = noise(rng, n, m, k, 0.6, kind)
    x = (votes[:, :, np.newaxis] == np.arange(k)).astype(float)  # (n, m, k)
    p = x.mean(axis=0)
    pairs = list(combinations(range(m), 2))
    agree = sum((x[:, i] * x[:, j]).sum() for i, j in pairs)
    meet = sum((x[:, i].sum(axis=1) * x[:, j].sum(axis=1)).sum() for i, j in pairs)
    rho = sum(p[i] @ p[j] for i, j in pairs) / sum(p[i].sum() * p[j].sum() for i, j in pairs)
    centre = np.eye(k) - rho
    spread = [np.diag(p[j]) - np.outer(p[j], p[j]) for j in range(m)]
    variance = n * sum(np.trace(centre @ spread[i] @ centre @ spread[j]) for i, j in pairs)
    found = concordance(check_votes(votes, classes=k))
    np.testing.assert_allclose(
        [found.meetings, found.agreement, found.by_chance, found.error],
        [meet, agree / meet, rho, np.sqrt(variance) / meet],
    )


@pytest.mark.parametrize(
    ("n", "m", "k", "coverage", "kind"),
    [(500, 5, 3, 0.8, "any class"), (2000, 8, 2, 0.5, "any class"), (1000, 100, 2, 0.02, "own class")],
)
def test_noise_is_as_far_from_chance_as_its_standard_error_says(n, m, k, coverage, kind, rng):
    """Mean 0 and deviation 1 over 400 draws, within four standard errors of each."""
    z = np.array([concordance(check_votes(noise(rng, n, m, k, coverage, kind), classes=k)).z for _ in range(400)])
    assert abs(z.mean()) < 4 / np.sqrt(400)
    assert abs(z.std() - 1) < 4 / np.sqrt(800)


def test_rows_that_attract_votes_do_not_look_like_knowledge(rng):
    """Long texts match more rules; who fires together without regard to class agrees by chance still."""
    fires = rng.random((3000, 20)) < np.where(rng.random(3000) < 0.3, 0.5, 0.05)[:, np.newaxis]
    for votes in (np.where(fires, np.arange(20) % 2, -1), np.where(fires, rng.integers(0, 2, (3000, 20)), -1)):
        found = concordance(check_votes(votes))
        assert abs(found.beyond_chance) < 0.03


def test_where_nobody_meets_or_all_say_the_same_there_is_nothing_to_tell():
    """No division by nothing."""
    for votes in ([[0, -1], [-1, 1]], [[1, 1], [1, -1]], [[-1, -1]], [[0]]):
        assert concordance(check_votes(votes, classes=2)) is None


def codes(model, votes, y=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WeaklabWarning)
        return {one.code: one for one in model.fit(votes, y).diagnose(votes)}


def test_noise_is_named_with_both_shares_and_gold_makes_it_a_warning(rng):
    """The reader sees what was compared; gold tells whom to trust where agreements do not."""
    votes, y = rng.integers(0, 2, (1000, 6)), rng.integers(0, 2, 1000)
    found = codes(LabelModel(), votes)["agree_by_chance"]
    assert found.severity == "serious"
    assert "on 50" in found.what or "on 49" in found.what
    assert "15,000 occasions" in found.what
    assert codes(LabelModel(), votes, np.where(y < 1, y, -1))["agree_by_chance"].severity == "warning"


def test_copies_of_noise_do_not_vouch_for_each_other(rng):
    """Copies agree always; each group is heard once."""
    votes = rng.integers(0, 2, (2000, 6))
    votes = np.column_stack([votes, votes[:, 0], votes[:, 0]])
    assert {"agree_by_chance", "dependence"} <= set(codes(DawidSkene(), votes))


def test_too_few_votes_to_tell_are_not_called_noise(rng):
    """A hundred meetings of good functions may look like chance; then nothing is claimed."""
    for seed in range(20):
        planted = make_votes(n=100, m=4, coverage=0.4, accuracy=(0.7, 0.9), random_state=seed)
        assert "agree_by_chance" not in codes(LabelModel(), planted.votes)


def test_clean_copies_and_distributions_are_not_noise():
    """Copies that count once leave the others to agree; of distributions the likeliest class counts."""
    planted = make_votes(n=2000, m=8, coverage=0.5, groups=[Group(4)], random_state=0)
    assert "agree_by_chance" not in codes(LabelModel(), planted.votes)
    from weaklab.label_models import ContinuousModel

    one = planted.votes.to_numpy()[:, :, np.newaxis]
    soft = SoftVotes(np.where(one >= 0, 0.2 + 0.6 * (one == np.arange(2)), np.nan))
    assert "agree_by_chance" not in codes(ContinuousModel(), soft)


@pytest.mark.data
def test_no_public_set_is_called_noise(public_data):
    """Real functions and annotators agree beyond chance, by ten standard errors and more."""
    from weaklab.datasets import load_votes

    tried = 0
    for folder in sorted(path for path in public_data.iterdir() if path.is_dir()):
        for part in list(load_votes(folder).values())[:1]:
            found = concordance(check_votes(part.votes))
            assert found.z > 10, folder.name
            tried += 1
    assert tried
