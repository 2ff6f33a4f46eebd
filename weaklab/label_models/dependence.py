"""Labeling functions that agree beyond what the class explains: copies, and other groups that are not to count apart.

Conditionally independent labeling functions agree as much as their accuracies imply: with the agreement of each two
corrected for chance, the table of agreements is a product u_i u_j off its diagonal. A group of copies breaks that in
its own block only, so u is fitted by a robust criterion (least absolute deviations), which a block that is in the
minority of each row does not move. What is left over in a pair is dependence.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.stats import norm

from weaklab.label_models.co_votes import DENSE_PAIRS, co_counts, incidence
from weaklab.label_models.problem import Problem
from weaklab.typing import Floats

#: Rows that the search looks at.
SAMPLE = 50_000
#: The share of false discoveries among the pairs that are found (Benjamini and Hochberg).
FALSE_DISCOVERIES = 0.05
#: How many standard errors an excess is lowered by before it counts: small samples show large excesses by chance.
CAUTION = 2.0
#: A weaker dependence than this changes little and is often the data's, not the functions'. Of more than two classes
#: some are confused by everybody, which raises agreement too.
LEAST = {"two classes": 0.2, "more": 0.4}
#: Labeling functions that vote for some classes only agree whenever they meet, so they depend where they share this
#: much of all rows that either votes on.
LEAST_SHARED = 0.5
#: The same for labeling functions that vote for all classes: copies, even where they outnumber all others.
COPY = 0.98
#: A labeling function that votes for classes of this share of all votes counts as voting for all, if they are many.
MOST_WEIGHT = 0.9
#: How many votes' worth of evidence a pair must have to be looked at.
LEAST_EVIDENCE = 5.0
#: Partners per labeling function in the robust fit; those that it meets most.
PARTNERS = 64
#: More labeling functions than this are not searched: the table of all their pairs would not fit.
MOST_FUNCTIONS = 5_000


@dataclass(frozen=True, eq=False)
class Dependence:
    """What was found about each two labeling functions.

    Parameters
    ----------
    both : ndarray of shape (m, m)
        The weight of the rows (of those looked at) on which both vote; on the diagonal, on which each votes.
    agreement : ndarray of shape (m, m)
        The share of these on which they agree; NaN where they never meet.
    expected : ndarray of shape (m, m)
        The share that their accuracies explain.
    z : ndarray of shape (m, m)
        How many standard errors the agreement is above that; NaN where it was not tested.
    p_value : ndarray of shape (m, m)
        Of the test that it is not above; 1 where it was not tested.
    found : ndarray of bool of shape (m, m)
        The pairs that depend, at the false discovery rate.
    strength : ndarray of shape (m, m)
        In [0, 1]: the share of agreement left to explain that dependence takes, lowered by what chance may have added;
        0 where nothing was found. 1 are exact copies.
    """

    both: Floats
    agreement: Floats
    expected: Floats
    z: Floats
    p_value: Floats
    found: np.ndarray
    strength: Floats

    @property
    def repeated(self) -> Floats:
        """The share of a row's vote of i that j repeats, (m, m): strength, times how often j votes where i does."""
        return self.strength * self.both / np.maximum(np.diagonal(self.both), 1)[:, np.newaxis]


def with_groups(found: Dependence | None, declared: list[list[int]], m: int) -> tuple[Floats, list[list[int]]]:
    """What a vote of each labeling function is worth, and the groups that repeat each other.

    Parameters
    ----------
    found : Dependence, or None
        What was found.
    declared : list of list of int
        The columns of each group that the user knows of; within one, each repeats the others wholly.
    m : int
        How many labeling functions there are.

    Returns
    -------
    worth : ndarray of shape (m,)
        1 alone, 1/g in a group of g exact copies: one over one plus what others repeat, the design effect of a cluster
        (Kish, "Survey Sampling", 1965).
    groups : list of list of int
        Columns, connected by dependence; two or more each, in order.
    """
    repeated = np.zeros((m, m)) if found is None else found.repeated
    linked = repeated > 0
    for group in declared:
        inside = np.ix_(group, group)
        repeated[inside] = linked[inside] = 1
    np.fill_diagonal(repeated, 0)
    _, number = connected_components(linked, directed=False)
    members = [np.flatnonzero(number == g).tolist() for g in np.unique(number)]
    return 1 / (1 + repeated.sum(axis=1)), [group for group in members if len(group) > 1]


def find_dependence(problem: Problem, fdr: float = FALSE_DISCOVERIES) -> Dependence | None:
    r"""Find the pairs of labeling functions that agree beyond what the class explains.

    With :math:`P_{ij}` the share of common rows on which i and j agree and :math:`E_{ij}` what chance gives at their
    own rates of voting, :math:`K_{ij} = (P_{ij} - E_{ij}) / (1 - E_{ij})` is their agreement beyond chance (Cohen,
    1960, doi:10.1177/001316446002000104), and :math:`K_{ij} = u_i u_j` where they are independent given one of two
    classes. u minimises :math:`\sum_{ij} w_{ij} |K_{ij} - u_i u_j|`. The excess is tested one-sidedly against the
    binomial error of :math:`P_{ij}`, with the false discovery rate of Benjamini and Hochberg (1995,
    doi:10.1111/j.2517-6161.1995.tb02031.x).

    Labeling functions that never vote for some class have no agreement to speak of; two of them, or one of them with
    any other, depend where they cast the same vote on most of the rows on which either votes. So do two that vote for
    all classes and whose votes are all but identical.

    Parameters
    ----------
    problem : Problem
        The votes; at most ``SAMPLE`` rows are looked at.
    fdr : float
        The false discovery rate.

    Returns
    -------
    Dependence, or None
        None for one labeling function, or for more than ``MOST_FUNCTIONS``.
    """
    if not 2 <= problem.m <= MOST_FUNCTIONS or not len(problem.pairs):
        return None
    both, same, chance = _meetings(problem.sample(SAMPLE))
    full = _are_full(problem)
    with np.errstate(divide="ignore", invalid="ignore"):
        agreement, by_chance = same / both, np.clip(chance / both**2, 0, 1)
        room = 1 - by_chance
        evidence = np.where(by_chance > 0, both * room / by_chance, 0)  # votes' worth, at even odds
    tested = np.outer(full, full) & (evidence >= LEAST_EVIDENCE) & (room > 1e-6)
    np.fill_diagonal(tested, False)
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = np.where(tested, (agreement - by_chance) / room, 0)
    explained = np.where(tested, _robust_product(beyond, np.where(tested, evidence / (evidence + 20), 0)), 0)
    expected = np.where(tested, by_chance + room * explained, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        smooth = (expected * both + 1) / (both + 2)
        partners = np.maximum(tested.sum(axis=1) - 1, 1)
        fit = 1 + np.pi / 2 * (
            1 / partners[:, np.newaxis] + 1 / partners
        )  # u_i and u_j are medians, each with its error
        error = np.sqrt(fit * smooth * (1 - smooth) / both) / room
        z = np.where(tested, (beyond - explained) / error, np.nan)
    p_value = np.where(tested, norm.sf(z), 1.0)
    found = _discoveries(p_value, tested, fdr)
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = (beyond - explained - CAUTION * error) / np.maximum(1 - explained, 0.05)
        strength = np.where(found, np.clip(excess, 0, 1), 0)
    strength[strength < LEAST["two classes" if problem.k == 2 else "more"]] = 0
    votes = np.diagonal(both)
    either = votes[:, np.newaxis] + votes - both
    shared = np.where(both >= LEAST_EVIDENCE, same / np.maximum(either, 1), 0)
    np.fill_diagonal(shared, 0)
    copied = shared >= np.where(np.outer(full, full), COPY, LEAST_SHARED)
    strength = np.where(copied, np.maximum(shared, strength), strength)
    return Dependence(both, agreement, expected, z, p_value, (strength > 0) | found, strength)


def _are_full(problem: Problem) -> np.ndarray:
    """Which labeling functions vote for all classes, bool of shape (m,); if classes are many, for most of their weight.

    Of thousands of classes, rare ones are missing by chance.
    """
    pairs = problem.pairs
    if not problem.many_classes:
        return np.bincount(pairs.lf, minlength=problem.m) == problem.k
    share = np.bincount(pairs.vote, problem.fired, minlength=problem.k) / max(problem.fired.sum(), 1)
    covered: np.ndarray = np.bincount(pairs.lf, share[pairs.vote], minlength=problem.m) >= MOST_WEIGHT
    return covered


def _meetings(problem: Problem) -> tuple[Floats, Floats, Floats]:
    """Per two labeling functions: rows on which both vote, on which they agree, and sum of products of their rates."""
    pairs, m = problem.pairs, problem.m
    same, chance = np.zeros((m, m)), np.zeros((m, m))
    if len(pairs) > DENSE_PAIRS:
        return _sparse_meetings(problem)
    table = np.asarray(co_counts(problem))
    by_lf = np.zeros((len(pairs), m))
    for j in range(m):
        by_lf[:, j] = table[:, pairs.lf == j].sum(axis=1)  # (pairs, m): on which the pair and j both occur
    both = np.zeros((m, m))
    for y in range(problem.k):
        mine = np.flatnonzero(pairs.vote == y)
        if not len(mine):
            continue
        lf = pairs.lf[mine]
        same[np.ix_(lf, lf)] += table[np.ix_(mine, mine)]
        of_class = np.zeros((m, m))
        of_class[lf] = by_lf[mine]
        both += of_class
        chance += of_class * of_class.T
    return both, same, chance


def _sparse_meetings(problem: Problem) -> tuple[Floats, Floats, Floats]:
    """:func:`_meetings` where pairs are many: class by class, so that no table of pairs is ever set up."""
    pairs, m, votes = problem.pairs, problem.m, problem.votes
    shape, entries = (votes.n, m), np.ones(votes.nnz)
    fires = sparse.csr_array((entries, votes.lf, votes.indptr), shape=shape)
    weighted = incidence(problem).tocsc()
    if len(problem.weight):
        entries = np.repeat(problem.weight, votes.row_counts)
        weighted.data *= problem.weight[weighted.indices]
    both = (fires.T @ sparse.csr_array((entries, votes.lf, votes.indptr), shape=shape)).toarray()
    same, chance = np.zeros((m, m)), np.zeros((m, m))
    by_vote = np.argsort(pairs.vote, kind="stable")
    ends = np.searchsorted(pairs.vote[by_vote], np.arange(problem.k + 1))
    for start, stop in pairwise(ends):
        mine = by_vote[start:stop]
        lf, of_class = pairs.lf[mine], weighted[:, mine]
        inside = np.ix_(lf, lf)
        same[inside] += (of_class.T @ (of_class > 0)).toarray()
        rates = (of_class.T @ fires)[:, lf].toarray()  # on which one votes for the class, and another for any
        chance[inside] += rates * rates.T
    return both, same, chance


def _robust_product(table: Floats, weight: Floats, max_iter: int = 40) -> Floats:
    """The product u u' that is nearest to a table by least absolute deviations, diagonal and weights of 0 left out.

    Labeling functions that agree with many others are first made to share one place in the criterion, so that many
    copies of one are not a majority. Rounds of weighted medians of ``table[i, j] / u[j]``, each halfway in logarithms.
    """
    m = len(table)
    alike = np.clip(table, 0, 1) ** 2 * (weight > 0)
    share = 1 / (1 + alike.sum(axis=1))
    weight = weight * np.outer(share, share)
    if m > PARTNERS + 1:  # sorted by value where weights are equal, so that the order of columns leaves no trace
        partner = np.lexsort((table, -weight), axis=1)[:, :PARTNERS]
    else:
        partner = np.broadcast_to(np.arange(m), (m, m))
    rows = np.arange(m)[:, np.newaxis]
    values, weights = table[rows, partner], weight[rows, partner]
    total = weights.sum(axis=1)
    u = np.sqrt(np.clip((weights * np.clip(values, 0, None)).sum(axis=1) / np.maximum(total, 1e-12), 1e-4, 1))
    for _ in range(max_iter):
        others = u[partner]
        ratio, mass = values / others, weights * others
        order = np.argsort(ratio, axis=1, kind="stable")
        ratio, mass = np.take_along_axis(ratio, order, 1), np.cumsum(np.take_along_axis(mass, order, 1), axis=1)
        middle = (mass >= mass[:, -1:] / 2).argmax(axis=1)
        median = np.clip(ratio[np.arange(m), middle], 1e-3, 1)
        new = np.where(total > 0, np.sqrt(u * median), u)
        change, u = float(np.abs(new - u).max(initial=0)), new
        if change < 1e-6:
            break
    return np.outer(u, u)


def _discoveries(p_value: Floats, tested: np.ndarray, fdr: float) -> np.ndarray:
    """The pairs that Benjamini and Hochberg's rule keeps, (m, m) and symmetric."""
    upper = np.triu(tested, 1)
    values = np.sort(p_value[upper])
    kept = np.flatnonzero(values <= fdr * np.arange(1, len(values) + 1) / max(len(values), 1))
    return tested & (p_value <= values[kept[-1]]) if len(kept) else np.zeros_like(tested)
