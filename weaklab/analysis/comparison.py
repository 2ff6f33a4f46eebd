"""Label models side by side on the same votes: scores on gold, or on votes that are held out, beside majority vote."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import pandas as pd
from sklearn.base import clone
from tqdm.auto import tqdm

from weaklab import metrics
from weaklab.analysis.hard_votes import covered_rows, hard_votes
from weaklab.analysis.held_out_votes import held_out_votes, split
from weaklab.analysis.resampling import Rule, cells_of, interval, mean_draws, resampled, verdict
from weaklab.exceptions import GoldError, ParameterError, VoteError, did_you_mean
from weaklab.label_models import (
    GLAD,
    IBCC,
    MACE,
    BaseLabelModel,
    ContinuousModel,
    DawidSkene,
    LabelModel,
    MajorityVote,
    MatrixCompletion,
    OneCoin,
    PartialLabelModel,
    TemperedModel,
    TripletModel,
    WeightedVote,
)
from weaklab.label_models.findings import findings
from weaklab.seeding import generator
from weaklab.typing import ABSTAIN, Classes, Codes, Floats, Seed, Votes
from weaklab.votes import PartialVotes, SoftVotes, VoteMatrix, check_classes, check_gold

By: TypeAlias = Literal["accuracy", "f1_macro", "held_out"]

#: What is compared where nothing else is asked for. EBCC is left out for its time.
DEFAULT = (
    *(MajorityVote, LabelModel, DawidSkene, OneCoin, IBCC, GLAD, MACE),
    *(TripletModel, MatrixCompletion, TemperedModel, WeightedVote),
)
#: What every other model is compared with.
REFERENCE = "MajorityVote"
#: The level of intervals and verdicts.
LEVEL = 0.95
#: Rows that each model is fitted to before its time is taken, so that compilation does not count.
WARM_UP = 100


@dataclass(eq=False)
class _Run:
    """What one model gave."""

    line: dict[str, Any] = field(default_factory=dict)
    credit: Floats | None = None
    gain: Floats | None = None


def compare_label_models(
    votes: Votes,
    y: Any = None,
    models: Any = None,
    *,
    classes: Classes = None,
    by: By | None = None,
    held_out: bool | None = None,
    resamples: int = 1000,
    random_state: Seed = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Fit label models to the same votes, without gold, and compare them with majority vote.

    Parameters
    ----------
    votes : DataFrame, array-like or sparse matrix of shape (n, m), PartialVotes or SoftVotes
        The votes.
    y : array-like of shape (n,), optional
        Gold labels where known, by code, or by name where ``classes`` are names; -1, None and NaN are unknown. They
        score, and are not learned from.
    models : list of label models, or mapping from name to label model, optional
        Label models, or their classes; anything with ``fit(votes)`` and ``predict_proba(votes)`` that scikit-learn can
        clone. None of them is changed. By default all of weaklab's that take such votes but EBCC, which is slow.
        MajorityVote is compared with, and added where it is missing.
    classes : int or sequence of hashable, optional
        The classes, for models that have none given; by default inferred from votes and gold.
    by : {"accuracy", "f1_macro", "held_out"}, optional
        What ranks the models and decides the verdict: accuracy or macro F1 on covered rows with gold, or held-out
        votes. By default accuracy where there is gold, else held-out votes.
    held_out : bool, optional
        Whether to score held-out votes, which fits each model once more; by default where there is no gold.
    resamples : int
        Bootstrap resamples of the rows, 100 or more.
    random_state : int, Generator or None
        Draws resamples and held-out rows; None means 0.
    progress : bool
        Show a progress bar when it takes longer than two seconds.

    Returns
    -------
    DataFrame
        Indexed by model, the best first and those that failed last. With gold:

        ``accuracy``, ``accuracy_low``, ``accuracy_high``
            On covered rows with gold, with a 95 % bootstrap interval over rows.
        ``f1_macro``, ``f1_macro_low``, ``f1_macro_high``
            The unweighted mean of F1 over the classes that occur in gold or predictions, on the same rows.
        ``accuracy_all``, ``f1_macro_all``
            On all rows with gold; those without votes get the class prior.
        ``log_loss``, ``ece``
            On covered rows with gold, in nats; the calibration error of the top class in 10 bins.

        where asked for, or without gold:

        ``held_out``
            By how many nats a held-out vote is likelier, given the label that the other votes on its row get, than by
            its function's own shares (:func:`weaklab.analysis.held_out_votes.held_out_votes`). Votes that repeat each
            other for other reasons than the class raise it too: a weak guide, and no match for a few gold rows.

        and always:

        ``seconds``
            Of one fit, after another to some rows, so that compilation does not count.
        ``difference``, ``difference_low``, ``difference_high``
            The score of ``by``, less that of majority vote, with a 95 % paired bootstrap interval.
        ``verdict``
            "better" or "worse" than majority vote, or "no difference", where the interval has 0 in it; "reference".
            Empty where nothing can be told: all rows differ by the same, or the one labeling function that votes has
            no other to predict its held-out votes from.
            Each is at the 5 % level by itself: among eleven models, one in two tables errs somewhere where all are
            alike.
        ``findings``
            Codes of what the model says of its fit; see ``model.diagnose``.
        ``error``
            Why it failed, empty where it did not.

        Ties for the highest probability count in expectation: of c classes that share it each counts 1/c.
        ``attrs`` has ``by``, ``reference``, ``level``, ``resamples``, ``rows``, ``covered``, ``gold`` (covered rows
        with gold), ``gold_all`` and ``ties``.

    Raises
    ------
    VoteError, GoldError, ClassError, ParameterError
        If votes, gold, classes or an argument are not what they should be. What a model raises stands in its row.

    Examples
    --------
    >>> from weaklab.datasets import make_votes
    >>> from weaklab.label_models import DawidSkene, LabelModel
    >>> planted = make_votes(n=3000, m=9, coverage=0.6, accuracy=[0.9] * 2 + [0.6] * 7, random_state=0)
    >>> table = compare_label_models(planted.votes, planted.y, [LabelModel, DawidSkene()])
    >>> table["verdict"].to_dict()
    {'DawidSkene': 'better', 'LabelModel': 'better', 'MajorityVote': 'reference'}
    """
    if isinstance(resamples, bool) or not isinstance(resamples, (int, np.integer)) or resamples < 100:
        raise ParameterError(f"resamples={resamples!r} must be an int from 100.")
    if by is not None and by not in get_args(By):
        raise ParameterError(f"by={by!r} is no score.{did_you_mean(by, get_args(By))}")
    by = by or ("held_out" if y is None else "accuracy")
    if by != "held_out" and y is None:
        raise ParameterError(f"by={by!r} needs gold labels: give y, or by='held_out'.")
    table = _Comparison.of(votes, y, classes, by, held_out, int(resamples), random_state)
    entries = _named(models, table)
    runs: dict[str, _Run] = {}
    names = [REFERENCE, *[name for name in entries if name != REFERENCE]]  # it comes first: others are set beside it
    for name in tqdm(names, desc="Comparing label models", unit="model", delay=2, disable=not progress):
        runs[name] = table.run(entries.get(name, MajorityVote()), runs.get(REFERENCE), name == REFERENCE)
    out = pd.DataFrame([run.line for run in runs.values()], index=pd.Index(list(runs), name="model"))
    out = out[[column for column in _COLUMNS if column in out.columns]]
    out["error"] = out["error"].fillna("")
    out = out.iloc[np.lexsort((-out[by].fillna(-np.inf).to_numpy(), (out["error"] != "").to_numpy()))]
    out.attrs |= table.details()
    return out


_COLUMNS = (
    *("accuracy", "accuracy_low", "accuracy_high", "f1_macro", "f1_macro_low", "f1_macro_high"),
    *("accuracy_all", "f1_macro_all", "log_loss", "ece", "held_out", "seconds"),
    *("difference", "difference_low", "difference_high", "verdict", "findings", "error"),
)


@dataclass(eq=False)
class _Comparison:
    """The votes and gold that all models are compared on."""

    votes: Any
    matrix: VoteMatrix
    covered: np.ndarray
    gold: Codes | None
    classes: Any  # what models without classes get
    by: By
    held_out: bool
    resamples: int
    seed: int

    @classmethod
    def of(
        cls, votes: Any, y: Any, classes: Classes, by: By, held_out: bool | None, resamples: int, random_state: Seed
    ) -> _Comparison:
        rich = isinstance(votes, (PartialVotes, SoftVotes))
        matrix = hard_votes(votes, classes)
        if not matrix.n:
            raise VoteError(f"There are no rows to compare models on: votes of shape (0, {matrix.m}).")
        if rich and (held_out or by == "held_out"):
            raise ParameterError("Held-out votes are for votes for one class each; give y, and held_out=False.")
        declared = check_classes(classes)
        gold = None
        if y is not None:
            gold = check_gold(y, matrix.n, declared, index=matrix.index)
            if not (gold != ABSTAIN).any():
                raise GoldError(f"None of the {matrix.n:,} rows has a gold label: leave y out, or give some.")
            if not (covered_rows(votes, matrix) & (gold != ABSTAIN)).any():
                raise GoldError("No row with gold has a vote: there is nothing to compare label models by.")
            if declared is None and not rich:
                matrix = matrix.with_classes(max(matrix.k, int(gold.max()) + 1))
        wanted = (by == "held_out" or (y is None and not rich)) if held_out is None else held_out or by == "held_out"
        seed = int(generator(random_state).integers(2**31))
        shown = matrix.k if declared is None else declared
        return cls(votes, matrix, covered_rows(votes, matrix), gold, shown, by, wanted, resamples, seed)

    def run(self, model: Any, reference: _Run | None, is_reference: bool) -> _Run:
        """Fit and score one model; what it raises is its row."""
        run = _Run(dict.fromkeys(("verdict", "findings", "error"), ""))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a fit that is compared; ``findings`` says what it says
                self._run(model, run)
        except Exception as error:  # noqa: BLE001  a model of the user may raise anything
            return _Run({"verdict": "failed", "findings": "", "error": f"{type(error).__name__}: {error}"})
        if is_reference:
            run.line["verdict"] = "reference"
        elif reference is not None and not reference.line["error"]:
            self._beside(run, reference)
        return run

    def _run(self, model: Any, run: _Run) -> None:
        model = clone(model)
        if getattr(model, "classes", 0) is None:
            model.set_params(classes=self.classes)
        votes = self._for(model)
        _warm_up(model, votes)
        start = time.perf_counter()
        model.fit(votes)
        run.line["seconds"] = time.perf_counter() - start
        if isinstance(model, BaseLabelModel):
            run.line["findings"] = ", ".join(dict.fromkeys(one.code for one in findings(model)))
        if self.gold is not None:
            self._score(np.asarray(model.predict_proba(votes), dtype=np.float64), run)
        if self.held_out:
            told = held_out_votes(model, self.matrix, *split(self.matrix.n, np.random.default_rng(self.seed)))
            run.line["held_out"], run.gain, self._votes = told.per_vote, told.gain, told.votes

    def _for(self, model: Any) -> Any:
        """Votes as a model takes them: one class each for those that know no richer ones."""
        if isinstance(self.votes, (PartialVotes, SoftVotes)):
            plain = isinstance(model, BaseLabelModel) and model.takes is not type(self.votes)
            return self.matrix if plain else self.votes
        return self.matrix if isinstance(model, BaseLabelModel) else self.votes

    def _score(self, probs: Floats, run: _Run) -> None:
        gold = self.gold
        assert gold is not None
        if probs.shape != (self.matrix.n, self.matrix.k):
            raise ValueError(f"predict_proba gave shape {probs.shape}, not {(self.matrix.n, self.matrix.k)}.")
        where = self.covered & (gold >= 0)
        run.credit = metrics.tied(probs[where])
        cells = cells_of(gold[where], [run.credit])
        rules: tuple[tuple[Rule, Any], ...] = (
            ("accuracy", metrics.expected_accuracy(gold, probs, where=where)),
            ("f1_macro", metrics.expected_f1(gold, probs, average="macro", where=where)),
        )
        for rule, value in rules:
            draws = resampled(cells, rule, self.resamples, np.random.default_rng(self.seed))[0]
            low, high = interval(draws, LEVEL)
            run.line |= {rule: value, f"{rule}_low": low, f"{rule}_high": high}
        run.line |= {
            "accuracy_all": metrics.expected_accuracy(gold, probs),
            "f1_macro_all": metrics.expected_f1(gold, probs, average="macro"),
            "log_loss": metrics.log_loss(gold, probs, where=where),
            "ece": metrics.expected_calibration_error(gold, probs, where=where),
        }

    def _beside(self, run: _Run, reference: _Run) -> None:
        """The difference from the reference on the same rows, and what it says."""
        if self.by == "held_out":
            assert run.gain is not None
            assert reference.gain is not None
            draws = mean_draws(run.gain - reference.gain, self._votes, self.resamples, self.seed)
        else:
            assert self.gold is not None
            assert run.credit is not None
            assert reference.credit is not None
            gold = self.gold[self.covered & (self.gold >= 0)]
            cells = cells_of(gold, [run.credit, reference.credit])
            ours, theirs = resampled(cells, self.by, self.resamples, np.random.default_rng(self.seed))
            draws = ours - theirs
        low, high = interval(draws, LEVEL)
        run.line |= {
            "difference": run.line[self.by] - reference.line[self.by],
            "difference_low": low,
            "difference_high": high,
            "verdict": "" if self._tells_nothing else verdict(low, high),
        }

    @property
    def _tells_nothing(self) -> bool:
        """Whether held-out votes are of a labeling function that is alone, so that no other vote predicts them."""
        return self.by == "held_out" and int(np.count_nonzero(self.matrix.lf_counts)) < 2

    def details(self) -> dict[str, Any]:
        """What holds for the whole table, for its ``attrs``."""
        known = np.zeros(self.matrix.n, dtype=bool) if self.gold is None else self.gold >= 0
        return {
            "by": self.by,
            "reference": REFERENCE,
            "level": LEVEL,
            "resamples": self.resamples,
            "rows": self.matrix.n,
            "covered": int(self.covered.sum()),
            "gold": int((known & self.covered).sum()),
            "gold_all": int(known.sum()),
            "ties": "in expectation: of c classes that share the highest probability each counts 1/c",
        }


def _named(models: Any, table: _Comparison) -> dict[str, Any]:
    """The models by name, instances all."""
    if models is None:
        models = DEFAULT
        if isinstance(table.votes, (PartialVotes, SoftVotes)):
            models = [MajorityVote, PartialLabelModel if isinstance(table.votes, PartialVotes) else ContinuousModel]
    if not isinstance(models, (Mapping, Sequence)) or isinstance(models, (str, bytes)) or not models:
        raise ParameterError(f"models must be a list of label models, or a mapping from names to them, got {models!r}.")
    pairs = list(models.items()) if isinstance(models, Mapping) else [(None, model) for model in models]
    out: dict[str, Any] = {}
    for name, model in pairs:
        model = model() if isinstance(model, type) else model
        for method in ("fit", "predict_proba", "get_params"):
            if not callable(getattr(model, method, None)):
                raise ParameterError(f"models: {model!r} has no {method}, as a label model that can be cloned has.")
        name = type(model).__name__ if name is None else str(name)
        if name in out:
            name = " ".join(repr(model).split())
        at = 2
        while name in out:
            name, at = f"{name.removesuffix(f' ({at - 1})')} ({at})", at + 1
        if name == REFERENCE and not isinstance(model, MajorityVote):
            raise ParameterError(f"models: {name!r} is what others are compared with; call {model!r} otherwise.")
        out[name] = model
    return out


def _warm_up(model: Any, votes: Any) -> None:
    """Compile what a fit needs; what fails here fails again where it counts."""
    try:
        few = votes.between(0, min(votes.n, WARM_UP)) if isinstance(votes, VoteMatrix) else votes[:WARM_UP]
        clone(model).fit(few)
    except Exception:  # noqa: BLE001
        return
