"""What to know before trusting a label model: findings in words, each with its severity and a remedy."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from weaklab.analysis.gold_findings import gold_findings
from weaklab.analysis.model_votes import ModelVotes
from weaklab.analysis.vote_findings import vote_findings
from weaklab.exceptions import ParameterError
from weaklab.label_models import BaseLabelModel
from weaklab.label_models.findings import Finding, findings
from weaklab.markup import Markup, card_table, element, join
from weaklab.typing import Votes

#: The severities, the gravest first.
SEVERITIES = ("serious", "warning", "note")
#: In a terminal a finding is wrapped at so many characters.
WIDTH = 100


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What was found of a label model and its votes; made by ``model.diagnose(votes)``.

    It has a length, and can be gone through and asked by position: its entries are the findings, the gravest first.

    Attributes
    ----------
    findings : tuple of Finding
        Each with ``code``, ``severity``, ``what``, ``remedy`` and ``lfs``.
    about : str
        The model, and what was looked at.

    Examples
    --------
    >>> from weaklab.datasets import make_votes
    >>> from weaklab.label_models import LabelModel
    >>> planted = make_votes(n=3000, m=8, coverage=0.5, accuracy=[0.85] * 7 + [0.25], random_state=0)
    >>> LabelModel().fit(planted.votes).diagnose(planted.votes).codes
    ['worse_than_chance']
    """

    findings: tuple[Finding, ...]
    about: str

    @property
    def codes(self) -> list[str]:
        """The codes of the findings, in their order."""
        return [finding.code for finding in self.findings]

    @property
    def alarms(self) -> list[Finding]:
        """The findings that are more than notes."""
        return [finding for finding in self.findings if finding.severity != "note"]

    @property
    def frame(self) -> pd.DataFrame:
        """A row per finding: ``severity``, ``code``, ``lfs`` (a list), ``what`` and ``remedy``."""
        rows = [(one.severity, one.code, list(one.lfs), one.what, one.remedy) for one in self.findings]
        return pd.DataFrame(rows, columns=["severity", "code", "lfs", "what", "remedy"])

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __getitem__(self, place: int) -> Finding:
        return self.findings[place]

    @property
    def summary(self) -> str:
        """How many findings there are of each severity, in words."""
        each = {severity: sum(one.severity == severity for one in self) for severity in SEVERITIES}
        return ", ".join(_counted(number, severity) for severity, number in each.items() if number) or "nothing found"

    def __repr__(self) -> str:
        lines = [f"{self.about}: {self.summary}"]
        for one in self:
            lines.append(f"{one.severity.upper()}  {one.code}")
            lines += textwrap.wrap(one.what, WIDTH, initial_indent="    ", subsequent_indent="    ")
            lines += textwrap.wrap(one.remedy, WIDTH, initial_indent="    -> ", subsequent_indent="       ")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = element("p", element("b", self.about), f": {self.summary}")
        if not self.findings:
            return element("div", head)
        lines = [
            (join([_weighted(one.severity), element("br"), element("code", one.code)]), one.what, one.remedy)
            for one in self
        ]
        return element("div", head, card_table(("severity", "finding", "what to do"), lines, text=3))


def diagnose(model: BaseLabelModel, votes: Votes, y: Any = None) -> Diagnosis:
    """What to know before trusting a label model; ``model.diagnose(votes, y)`` is the same.

    Parameters
    ----------
    model : label model
        Fitted, one of weaklab's or built on its base class.
    votes : DataFrame, array-like or sparse matrix of shape (n, m), PartialVotes or SoftVotes
        The votes: mostly those that it was fitted to.
    y : array-like of shape (n,), optional
        Gold labels where known, by code or name; -1, None and NaN are unknown.

    Returns
    -------
    Diagnosis
        The gravest findings first. Of the fit (on the rows that it was fitted to): ``collapse``,
        ``far_from_majority``, ``class_prior_at_bound``, ``worse_than_chance``, ``no_better_than_chance``,
        ``too_little_overlap``, ``too_few_functions``, ``not_converged``; of the votes: ``no_votes``,
        ``uncovered_rows``, ``silent_class``, ``silent_function``, ``agree_by_chance``, ``unidentified``,
        ``dependence``; of gold: ``overconfident``, ``underconfident``, ``accuracy_off``, ``below_majority``,
        ``uncovered_class``.

    Raises
    ------
    NotFittedError, VoteError, GoldError, ParameterError
        If the model is not fitted or none, the votes are of other labeling functions or of no rows, or no row has gold.

    Examples
    --------
    >>> from weaklab.label_models import MajorityVote
    >>> votes = [[0, -1]] * 60 + [[-1, 0]] * 60 + [[1, -1]] * 20 + [[-1, -1]] * 10
    >>> diagnose(MajorityVote().fit(votes), votes)
    MajorityVote() on 150 rows x 2 labeling functions: 1 serious
    SERIOUS  too_little_overlap
        Two labeling functions vote on 0 rows only: agreements are too few to tell whom to trust, and
        accuracies are little more than the prior.
        -> Write functions that overlap, or give gold rows.
    """
    if not isinstance(model, BaseLabelModel):
        raise ParameterError(f"model must be a label model built on BaseLabelModel, got {model!r}.")
    seen = ModelVotes.of(model, votes)
    gold = None if y is None else seen.gold(y)
    of_fit = findings(model)
    found = [*vote_findings(seen, of_fit)]
    if gold is not None:
        found += gold_findings(seen, gold)
    order = np.argsort([SEVERITIES.index(one.severity) for one in found], kind="stable")
    known = "" if gold is None else f", {int((gold >= 0).sum()):,} with gold"
    functions = "function" if seen.matrix.m == 1 else "functions"
    about = f"{model!r} on {seen.matrix.n:,} rows x {seen.matrix.m:,} labeling {functions}{known}"
    return Diagnosis(tuple(found[at] for at in order), " ".join(about.split()))


def _counted(number: int, severity: str) -> str:
    return f"{number} {severity}" if number == 1 or severity == "serious" else f"{number} {severity}s"


def _weighted(severity: str) -> Markup:
    """Severity told by weight, as no colour is right on every ground."""
    return element({"serious": "b", "note": "i"}.get(severity, "span"), severity)
