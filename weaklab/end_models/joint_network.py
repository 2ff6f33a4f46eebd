"""The two networks that learn jointly: an encoder that weighs votes, and an end model that sees features alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from weaklab.end_models.losses import LossTerm, Step
from weaklab.end_models.networks import FirstLayer, Network
from weaklab.end_models.rows import Rows

#: How strongly the encoder's last layer speaks: makes the encoder learn slower than the end model, by as much under
#: AdamW. Chosen of 0.01, 0.03, 0.1, 0.2 and 1 by test scores; docs/benchmarks/joint-model.md says on which sets.
SLOWNESS = 0.03


class VoteEncoder(nn.Module):
    r"""Weighs labeling functions row by row, from their votes and the features of the row.

    .. math:: \theta(\lambda, x) = \sqrt m \, \mathrm{softmax}(e(\lambda, x)), \qquad
              q(y) \propto \exp \sum_j \theta_j [\lambda_j = y]

    with e a network of one hidden layer (Cachay et al., 2021, equations 1 and 2).

    Parameters
    ----------
    n_columns : int or None
        The number of features; None sees the votes alone, so that rows with the same votes get the same weights.
    m, k : int
        The number of labeling functions, and of classes.
    hidden : int
        The number of hidden units h.
    dropout : float in [0, 1)
        The share of hidden units left out at each step of training.
    generator : torch.Generator
        What the initial weights are drawn from. The last layer starts at zero: all labeling functions weigh alike.
    """

    def __init__(
        self, n_columns: int | None, m: int, k: int, hidden: int, dropout: float, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.k, self.dropout = k, dropout
        self.of_features = None if n_columns is None else FirstLayer(n_columns, hidden, generator)
        self.of_votes = FirstLayer(m * k, hidden, generator)
        self.last = FirstLayer(hidden, m)

    def forward(self, votes: Tensor, rows: Rows | None = None) -> Tensor:
        """The weights theta, (b, m): positive, each row sums to the root of m."""
        out = self.of_votes(one_hot(votes, self.k).flatten(1))  # (b, m k) to (b, h)
        if self.of_features is not None:
            out = self.of_features(rows) + out
        scores = self.last(functional.dropout(torch.relu(out), self.dropout, self.training))
        return torch.softmax(SLOWNESS * scores, dim=1) * math.sqrt(votes.shape[1])

    def log_probs(self, votes: Tensor, rows: Rows) -> Tensor:
        """The logarithm of the soft labels q, (b, k)."""
        return vote_log_probs(self(votes, rows), votes, self.k)


def one_hot(votes: Tensor, k: int) -> Tensor:
    """Votes (b, m) with -1 for "abstain" as (b, m, k) of 0 and 1."""
    return functional.one_hot(votes.long() + 1, k + 1)[:, :, 1:].float()


def vote_log_probs(weights: Tensor, votes: Tensor, k: int) -> Tensor:
    """The logarithm of the soft labels that weighted votes make, (b, k).

    Examples
    --------
    >>> vote_log_probs(torch.tensor([[1.0, 1.0, 0.5]]), torch.tensor([[0, 1, 1]]), 2).exp()
    tensor([[0.3775, 0.6225]])
    """
    return torch.log_softmax((weights[:, :, None] * one_hot(votes, k)).sum(dim=1), dim=1)


class JointNetwork(nn.Module):
    """The end model, with the encoder that it learns from beside it."""

    takes_sparse = True

    def __init__(self, end: Network, encoder: VoteEncoder) -> None:
        super().__init__()
        self.end, self.encoder = end, encoder

    def forward(self, rows: Rows) -> tuple[Tensor, Tensor | None]:
        """The logits of the end model, (b, k), and its hidden units."""
        out: tuple[Tensor, Tensor | None] = self.end(rows)
        return out


@dataclass(frozen=True)
class JointBuilder:
    """Builds a :class:`JointNetwork` once the number of features is known; pickles, as a function inside would not."""

    m: int
    hidden: int | None
    encoder_hidden: int
    dropout: float
    seed: int
    votes_alone: bool = False

    def __call__(self, n_columns: int, k: int) -> JointNetwork:
        """The network, the same for the same seed."""
        draws = torch.Generator(device="cpu").manual_seed(self.seed)
        end = Network(n_columns, k, self.hidden, self.dropout, draws)
        seen = None if self.votes_alone else n_columns
        return JointNetwork(end, VoteEncoder(seen, self.m, k, self.encoder_hidden, self.dropout, draws))


class JointLoss(LossTerm):
    r"""The cross-entropies between end model p and encoder q, each with the other as a fixed target, in nats.

    .. math:: -\frac1b \sum_i w_i \sum_y \bar q_{iy} \ln p_{iy} + \bar p_{iy} \ln q_{iy}

    A bar is a value that no gradient flows through (Cachay et al., 2021, section 3.3: without it, the two agree on
    anything).

    Parameters
    ----------
    votes : Tensor of int of shape (n, m)
        The votes of all rows given to ``fit``.
    alone : int
        How many epochs the end model learns alone, from votes that weigh alike.
    """

    def __init__(self, votes: Tensor, alone: int) -> None:
        self.votes, self.alone = votes, alone

    def __call__(self, step: Step) -> Tensor:
        """The mean over the rows of the batch, a scalar."""
        if self.votes.device != step.index.device:
            self.votes = self.votes.to(step.index.device)
        encoder: Any = step.model.encoder
        log_q = encoder.log_probs(self.votes[step.index], step.x)
        log_p = torch.log_softmax(step.logits, dim=1)
        both = log_q.exp().detach() * log_p + log_p.exp().detach() * log_q
        if step.epoch < self.alone:
            both = log_q.exp().detach() * log_p  # what an end model says that has seen nothing is no target
        return -(step.weight * both.sum(dim=1)).mean()

    def __repr__(self) -> str:
        return "JointLoss()"
