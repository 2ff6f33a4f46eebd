"""Two networks that choose each other's rows: co-teaching."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from weaklab.end_models.losses import LossTerm, Step, Term, cross_entropy_rows, held_out_loss
from weaklab.end_models.parameters import check_count, check_number
from weaklab.end_models.rows import Rows
from weaklab.end_models.training_rows import TrainingRows, ready, restore, state_of
from weaklab.exceptions import ParameterError


class CoTeaching:
    r"""Train two networks, each on those rows of a batch that the other finds easy; predict by the mean of both.

    Networks learn what is regular before what is wrong, so rows of small loss are more often right. A network that
    chose its own rows would confirm its own mistakes; two with other initial weights filter each other's. In epoch e
    (from 0) each row of a batch's :math:`1 - R(e)` with the smallest losses is kept,
    :math:`R(e) = r \min(1, e / \text{warmup})`.

    Parameters
    ----------
    forget_rate : float in [0, 1) or "auto", default="auto"
        r, the share of rows that are wrong. "auto" estimates it: where rows are held out, as their share on which the
        networks disagree with the labels, at best so far; else as the probability that the soft labels themselves
        leave to other classes. The first is on the high side by the networks' own errors.
    warmup : int of 0 or more, default=10
        The epochs until that many are left out.

    Notes
    -----
    Han et al. (2018), "Co-teaching: Robust Training of Deep Neural Networks with Extremely Noisy Labels",
    doi:10.48550/arXiv.1804.06872. Unlike there, losses are taken to soft labels, and both networks predict.
    """

    def __init__(self, forget_rate: float | str = "auto", warmup: int = 10) -> None:
        if forget_rate != "auto":
            check_number("forget_rate", forget_rate, below=1.0)
        check_count("warmup", warmup, 0)
        self.forget_rate, self.warmup = forget_rate, warmup

    def __repr__(self) -> str:
        return f"CoTeaching(forget_rate={self.forget_rate!r}, warmup={self.warmup})"

    def pair(self, build: Callable[[], nn.Module]) -> Twins:
        """Two networks, which differ by what ``build`` draws."""
        return Twins(build(), build())

    def around(self, loss: Term) -> ExchangedRows:
        """The loss of both networks, each on the rows that the other chose."""
        return ExchangedRows(self, loss, loss)


class TwinOutputs(NamedTuple):
    """What each of two networks gives: logits (b, k), and features where it shows them."""

    first: Tensor
    first_features: Tensor | None
    second: Tensor
    second_features: Tensor | None


class Twins(nn.Module):
    """Two networks in one module, whose logits are the log of the mean of both networks' probabilities."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.first, self.second = first, second

    @property
    def takes_sparse(self) -> bool:
        """Whether both take sparse rows."""
        return bool(getattr(self.first, "takes_sparse", False))

    def forward(self, rows: Rows) -> tuple[Tensor, TwinOutputs]:
        """The logits (b, k) of both together, and what each gives."""
        outs = [_logits(twin(rows)) for twin in (self.first, self.second)]
        (first, first_features), (second, second_features) = outs
        both = torch.logaddexp(torch.log_softmax(first, dim=1), torch.log_softmax(second, dim=1)) - math.log(2)
        return both, TwinOutputs(first, first_features, second, second_features)


def _logits(out: Any) -> tuple[Tensor, Tensor | None]:
    logits, features = out if isinstance(out, tuple) else (out, None)
    return logits.float(), features


class ExchangedRows(LossTerm):
    """The loss of :class:`CoTeaching` around any other."""

    def __init__(self, how: CoTeaching, first: Term, second: Term) -> None:
        self.how, self.first, self.second = how, first, second
        self.rate = 0.0

    def __repr__(self) -> str:
        return f"{self.how!r} around {self.first!r}"

    def start(self, rows: TrainingRows) -> ExchangedRows:
        """A fresh copy for one training; terms that remember rows remember them for each network apart."""
        fresh = ExchangedRows(self.how, ready(self.first, rows), ready(self.second, rows))
        unsure = float((rows.weight @ (1 - rows.target.max(dim=1).values)) / rows.weight.sum())
        fresh.rate = unsure if self.how.forget_rate == "auto" else float(self.how.forget_rate)
        fresh.best = 0.0
        return fresh

    best = 0.0

    def observe(self, agreement: float) -> None:
        """Learn how far the networks agree with held-out labels, from 0 to 1."""
        self.best = max(self.best, agreement)
        if self.how.forget_rate == "auto":
            self.rate = 1.0 - self.best

    def __call__(self, step: Step) -> Tensor:
        """The sum of both networks' losses, a scalar."""
        out: Any = step.features
        model = step.model
        if not isinstance(out, TwinOutputs) or not isinstance(model, Twins):
            raise ParameterError("Co-teaching needs two networks: give it to EndModel as peers=, not as a loss.")
        share = min(1.0, step.epoch / self.how.warmup) if self.how.warmup else 1.0
        keep = math.ceil((1 - self.rate * share) * len(step.target))
        by_first, by_second = (_smallest(logits, step.target, keep) for logits in (out.first, out.second))
        return self.first(_some(step, by_second, out.first, out.first_features, model.first)) + self.second(
            _some(step, by_first, out.second, out.second_features, model.second)
        )

    def rows_loss(self, logits: Tensor, target: Tensor) -> Tensor | None:
        """What the loss says of held-out rows, by what both networks give together."""
        return held_out_loss(self.first, logits, target)

    def state_dict(self) -> dict[str, Any]:
        """The rate, and what both terms remember."""
        return {
            "rate": self.rate,
            "best": self.best,
            "first": state_of(self.first),
            "second": state_of(self.second),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state that was saved."""
        self.rate, self.best = state["rate"], state["best"]
        restore(self.first, state["first"])
        restore(self.second, state["second"])


@torch.no_grad()
def _smallest(logits: Tensor, target: Tensor, keep: int) -> Tensor:
    """The rows of smallest loss."""
    return torch.topk(cross_entropy_rows(logits, target), keep, largest=False).indices


def _some(step: Step, rows: Tensor, logits: Tensor, features: Tensor | None, model: nn.Module) -> Step:
    """The step of one network, on some rows."""
    return replace(
        step,
        logits=logits[rows],
        features=None if features is None else features[rows],
        target=step.target[rows],
        weight=step.weight[rows],
        index=step.index[rows],
        x=step.x[rows] if isinstance(step.x, Tensor) else step.x.take(rows),
        model=model,
    )
