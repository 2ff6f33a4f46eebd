"""What the votes beside a fitted label model tell of it: what they cover, who repeats whom, whom they identify."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from weaklab.analysis.concordance import concordance
from weaklab.analysis.model_votes import ModelVotes
from weaklab.label_models.appraisal import HALF_BELIEVED, PlainModel
from weaklab.label_models.dependence import find_dependence, with_groups
from weaklab.label_models.findings import FEW_MEETINGS, Finding
from weaklab.label_models.intervals import expected_under
from weaklab.label_models.misfit import LEAST_MEETINGS, misfit
from weaklab.label_models.problem import Problem
from weaklab.label_models.tempered import Known
from weaklab.votes import PartialVotes, compress
from weaklab.votes.sampling import spread_rows

#: Fewer rows than this share with a vote: most labels would be the class prior.
LEAST_COVERED = 0.5
#: Rows that agreements are looked for in.
SAMPLE = 100_000
#: A learned class balance is at its bound where the class is left with fewer rows than this ...
ROWS_AT_BOUND = 2.0
#: ... or this share of what its votes are.
SHARE_AT_BOUND = 0.02
#: Standard errors by which agreements must be above chance to be no chance.
SURE = 3.0
#: Agreement beyond chance that is no more than noise has; clean votes of accuracies from .6 on have .14 and more ...
NOISE = 0.1
#: ... and the standard errors above what was seen at which it must be below, else there are too few to tell.
WITHIN = 2.0
#: Names that a sentence lists.
LISTED = 5


def vote_findings(seen: ModelVotes, of_fit: list[Finding]) -> list[Finding]:
    """What the votes tell of a fitted model, its own findings among it.

    Parameters
    ----------
    seen : ModelVotes
        The model and the votes.
    of_fit : list of Finding
        What it says of its own fit; going against majority vote becomes a note where the votes bear it out.

    Returns
    -------
    list of Finding
    """
    matrix = seen.matrix
    if not matrix.nnz:
        text = f"No labeling function votes on any of the {matrix.n:,} rows: every row gets the class prior."
        return [Finding("no_votes", "serious", text, "Check what the functions look for, and in which column.")]
    problem = Problem.of(compress(matrix)).covered()
    dependence = find_dependence(problem)
    groups = with_groups(dependence, [], matrix.m)[1]
    codes = {one.code for one in of_fit}
    found = [_against_majority(one, seen, groups) if one.code == "far_from_majority" else one for one in of_fit]
    if not codes & {"collapse"}:
        found += _prior_at_bound(seen)
    found += _coverage(seen)
    if not codes & {"too_little_overlap", "too_few_functions"}:
        found += [*_agree_by_chance(seen, groups), *_unidentified(seen, problem)]
    return [*found, *_dependence(seen, groups)]


def _against_majority(finding: Finding, seen: ModelVotes, groups: list[list[int]]) -> Finding:
    """Weighted votes go against majority vote by right where accuracies differ; they must then describe the votes."""
    model = seen.model
    if groups or not model._columns_are_functions or model._many_classes:
        return finding
    rows, known = model._kept, Known.nothing(seen.matrix.m, seen.matrix.k)
    partial = PlainModel(rows, known).partial
    fit = misfit(rows, expected_under(model, rows), partial, np.ones(rows.m, dtype=bool))
    if fit.association >= HALF_BELIEVED:
        return finding
    what = f"{finding.what} The agreements of the labeling functions bear it out: some are trusted more than others."
    return replace(finding, severity="note", what=what)


def _prior_at_bound(seen: ModelVotes) -> Iterator[Finding]:
    """A class that is voted for, and that the learned balance gives next to nothing."""
    model = seen.model
    if not isinstance(getattr(model, "class_balance", "estimate"), str):
        return  # it was given
    prior, voted, rows = model.class_prior_, model._vote_shares, max(model.n_rows_, 1)
    expected = voted / max(voted.sum(), 1e-12)
    lost = prior <= np.maximum(ROWS_AT_BOUND / rows, SHARE_AT_BOUND * expected)
    for y in np.flatnonzero(lost & (expected * rows >= FEW_MEETINGS)):
        yield Finding(
            "class_prior_at_bound",
            "serious",
            f"The learned share of class {str(seen.classes[y])!r} is at its lower bound, {prior[y]:.2%}, while "
            f"{expected[y]:.0%} of the votes are for it: the model has given the class up.",
            "Give class_balance= if you know it; compare LabelModel and MajorityVote.",
        )


def _coverage(seen: ModelVotes) -> Iterator[Finding]:
    matrix, names = seen.matrix, seen.names
    share = float(matrix.covered.mean()) if seen.rich is None else 1.0
    if share < LEAST_COVERED:
        yield Finding(
            "uncovered_rows",
            "warning",
            f"{1 - share:.0%} of the {matrix.n:,} rows have no vote, and get the class prior.",
            "Read some (wl.uncovered), and write functions for them (wl.suggest_lfs); or train on the others only.",
        )
    silent = np.setdiff1d(np.arange(matrix.k), matrix.vote) if seen.rich is None else np.empty(0, dtype=np.int64)
    if len(silent):
        which = _listed([seen.classes[y] for y in silent], "class", "classes")
        yield Finding(
            "silent_class",
            "serious",
            f"No labeling function votes for {which} on any of the {matrix.n:,} rows: nothing can be learned about it.",
            "Write a function for it, or leave it out of classes=.",
        )
    never = np.flatnonzero(matrix.lf_counts == 0) if seen.rich is None else np.empty(0, dtype=np.int64)
    accuracies = seen.model.accuracies_ if len(never) else np.empty(0)
    for known in (False, True):  # those that never voted when it was fitted either, and those that only do not here
        mine = [names[j] for j in never if np.isfinite(accuracies[j]) == known]
        if mine:
            who = _listed(mine, "labeling function", "labeling functions")
            when = "here, though on rows of the fit" if known else "on any row"
            yield Finding(
                "silent_function",
                "note" if known else "warning",
                f"The {who} {'votes' if len(mine) == 1 else 'vote'} on no row {when}."
                if known
                else f"The {who} never {'votes' if len(mine) == 1 else 'vote'}.",
                "Check its column, its spelling and its conditions."
                if len(mine) == 1
                else "Check their columns, their spelling and their conditions.",
                tuple(mine),
            )


def _agree_by_chance(seen: ModelVotes, groups: list[list[int]]) -> Iterator[Finding]:
    """That agreements are those of votes dealt at random, where there are enough of them to tell."""
    if isinstance(seen.rich, PartialVotes):
        return  # of sets, only those of one class are left here, too few to speak for all
    again = [j for group in groups for j in group[1:]]
    some = seen.matrix.take(spread_rows(seen.matrix.n, SAMPLE))
    found = concordance(some.only(~np.isin(some.lf, again)) if again else some)
    if found is None or found.z >= SURE or found.beyond_chance + WITHIN * found.error / (1 - found.by_chance) >= NOISE:
        return
    told = seen.model._kept.has_gold
    yield Finding(
        "agree_by_chance",
        "warning" if told else "serious",
        f"Where two labeling functions meet, they agree on {found.agreement:.1%} of {found.meetings:,.0f} occasions; "
        f"votes dealt at random, as often for each class, would on {found.by_chance:.1%}: "
        + (
            "but for the gold rows, nothing tells the votes from noise."
            if told
            else "nothing tells the votes from noise, and whom the model trusts is chance."
        ),
        "Look at rows that they vote on (wl.preview), and judge them by gold rows.",
    )


def _unidentified(seen: ModelVotes, problem: Problem) -> Iterator[Finding]:
    """Labeling functions that meet fewer than two others: agreements do not tell how right they are."""
    model = seen.model
    if model._kept.has_gold:
        return
    votes = seen.matrix.lf_counts > 0
    told = meet_two(problem.sample(SAMPLE))
    alone = np.flatnonzero(votes & ~told)
    if len(alone):
        names = [seen.names[j] for j in alone]
        share = seen.matrix.lf_counts[alone].sum() / seen.matrix.nnz
        yield Finding(
            "unidentified",
            "warning",
            f"The {_listed(names, 'labeling function', 'labeling functions')}, with {percent(share)} of all votes, "
            f"{'votes' if len(names) == 1 else 'vote'} beside fewer than two others: agreements cannot tell how right "
            f"{'it is, and its accuracy rests' if len(names) == 1 else 'they are, and their accuracies rest'} on the "
            f"prior.",
            "Write functions that overlap with them, or give gold rows.",
            tuple(names),
        )


def meet_two(problem: Problem) -> np.ndarray:
    """Which labeling functions vote beside two others or more, on enough rows in all, bool of shape (m,).

    Of thousands that seldom vote, each two meet on hardly a row, and yet agreements of one with all of them add up. So
    rows are counted over all that it meets: those beside the one that it meets most, and those beside the others, must
    be ``LEAST_MEETINGS`` each.

    Examples
    --------
    >>> from weaklab.votes import check_votes
    >>> votes = check_votes([[0, 0, -1, -1], [1, -1, 1, -1], [0, -1, -1, 1]] * 5)
    >>> meet_two(Problem.of(compress(votes))).tolist()
    [True, False, False, False]
    """
    votes = problem.votes
    weight = problem.weight if len(problem.weight) else np.ones(votes.n)
    shape, entries = (votes.n, votes.m), np.repeat(weight, votes.row_counts)
    fires = sparse.csr_array((np.ones(votes.nnz), votes.lf, votes.indptr), shape=shape)
    met = (fires.T @ sparse.csr_array((entries, votes.lf, votes.indptr), shape=shape)).tocsr()
    met.setdiag(0)
    most = met.max(axis=1).toarray().ravel()
    rest = np.asarray(met.sum(axis=1)).ravel() - most
    enough: np.ndarray = (most > 0) & (rest >= LEAST_MEETINGS) & (most + rest >= 2 * LEAST_MEETINGS)
    return enough


def _dependence(seen: ModelVotes, groups: list[list[int]]) -> Iterator[Finding]:
    counted = [set(group) for group in getattr(seen.model, "_groups", [])]
    for group in groups:
        names = [seen.names[j] for j in group]
        who = f"The {_listed(names, 'labeling function', 'labeling functions')} repeat each other"
        if any(set(group) <= other for other in counted):
            worth = seen.model.vote_worth_[group].sum()
            text = f"{who}; the model counts them as {worth:.1f} votes."
            yield Finding("dependence", "note", text, "Keep the best of them, or leave it so.", tuple(names))
        else:
            text = f"{who} beyond what the class explains, and the model counts each in full."
            remedy = "Take LabelModel, which counts copies once, or keep the best of them."
            yield Finding("dependence", "warning", text, remedy, tuple(names))


def percent(share: float) -> str:
    """A share that is there is not shown as none, nor as all where some are missing."""
    if 0 < share < 0.005:
        return "less than 1%"
    return "more than 99%" if 0.995 <= share < 1 else f"{share:.0%}"


def _listed(names: list[Any], one: str, more: str) -> str:
    shown = ", ".join(repr(name) for name in names[:LISTED])
    rest = f" and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
    return f"{one if len(names) == 1 else more} {shown}{rest}"
