"""Linear classifiers by L-BFGS on all rows at once: a few passes over the data in the place of hundreds of steps."""

from __future__ import annotations

import time
from typing import cast

import torch
from torch import Tensor

from weaklab.end_models.history import Run
from weaklab.end_models.loop import Watched, finite
from weaklab.end_models.losses import cross_entropy_rows
from weaklab.end_models.networks import FirstLayer
from weaklab.end_models.rows import SparseRows, take
from weaklab.end_models.streaming import StreamedRows
from weaklab.end_models.training import Training

MEMORY = 10  # pairs of steps and gradients
SETTLED = 0.01  # of the tolerance: steps of L-BFGS are cheap, so less of a gain is worth another one
#: The inverse Hessian is first taken from a sample of this many rows per column, if there are more rows than
#: twice that: with fewer, its step would be far from the path that early stopping chooses from.
SAMPLE = 6
MOST_COLUMNS = 2000  # beyond, factoring would take longer than the steps it saves


def train_linear(training: Training, weight_decay: float) -> Run:
    r"""Minimise the soft cross-entropy of a linear layer; keep the weights that are best on the held-out rows.

    .. math:: \frac{1}{\sum w} \sum_i w_i \, CE(q_i, x_i W + b) + \frac{\text{decay}}{2n} \lVert W \rVert^2

    Two passes over the rows make an epoch: the logits D of the direction, and the gradient. Since logits are linear
    in the weights, the length of the step is found on Z + t D alone, by Newton's method in one dimension. Held-out
    rows have weight 0 there, so that no rows are copied, and their logits come with the others'. Two classes need
    one column of weights, the difference. Training is over when the quadratic model promises a gain of less than a
    hundredth of the tolerance, or the held-out loss has not become better by as much for ``patience`` steps.

    Notes
    -----
    Liu and Nocedal (1989), doi:10.1007/BF01589116. Of many dense rows, the first inverse Hessian is that of a sample
    of rows at equal probabilities (after Byrd et al., 2011, doi:10.1137/10079923X), so that correlated columns cost no
    more steps than independent ones.
    """
    problem, run, layer = LinearProblem(training, weight_decay), training.run, cast(FirstLayer, training.model.first)
    with torch.no_grad(), Watched(training) as bar:
        weights = problem.read(layer)
        logits = problem.logits(weights) if weights.any() else torch.zeros_like(problem.target)
        value, gradient = problem.value_and_gradient(weights, logits)
        settled = max(SETTLED * training.tolerance, 1e-7)
        memory: list[tuple[Tensor, Tensor]] = []
        while run.epoch < training.max_epochs and not run.stopped and not run.stale(training.patience):
            started = time.perf_counter()
            direction = problem.direction(gradient, memory)
            along = problem.logits(direction)
            size = problem.step_size(weights, direction, logits, along)
            old_weights, old_gradient = weights, gradient
            weights, logits = weights + size * direction, logits + size * along
            value, gradient = problem.value_and_gradient(weights, logits)
            pair = (weights - old_weights, gradient - old_gradient)
            if float((pair[0] * pair[1]).sum()) > 0:
                memory = [*memory[1 - MEMORY :], pair]
            problem.write(weights, layer)
            held_out = problem.held_out(logits)
            seconds = time.perf_counter() - started
            run.record(training.model, finite(value, "training"), held_out, seconds, tolerance=settled)
            stops = [callback(dict(run.log[-1]), training.model) for callback in training.callbacks]
            run.stopped = any(stops) or -float((gradient * problem.direction(gradient, memory)).sum()) / 2 < settled
            bar.update()
    training.model.load_state_dict(run.best_state)
    return run


class LinearProblem:
    """The loss of all rows as a function of weights (columns + 1, c), the last row the intercept."""

    def __init__(self, training: Training, weight_decay: float) -> None:
        data = training.data
        self.data, self.rows = data, data.rows
        self.turned = self.rows.transposed() if isinstance(self.rows, SparseRows) else None
        self.sparse = self.turned is not None or (isinstance(self.rows, StreamedRows) and self.rows.sparse)
        self.weight = torch.zeros_like(data.weight)
        self.weight[data.train] = data.weight[data.train]
        self.weight /= self.weight.sum(dtype=torch.float64)
        self.binary = data.k == 2
        self.target = data.target[:, 1:].contiguous() if self.binary else data.target
        self.decay = weight_decay / len(data.train) / (2 if self.binary else 1)  # half the difference is in each column
        self.factor = self._sampled_factor()

    def read(self, layer: FirstLayer) -> Tensor:
        """The weights of a layer."""
        both = torch.cat([layer.weight, layer.bias[None]]).detach()
        return both[:, 1:] - both[:, :1] if self.binary else both

    def write(self, weights: Tensor, layer: FirstLayer) -> None:
        """Put weights into a layer."""
        both = torch.cat([-weights / 2, weights / 2], dim=1) if self.binary else weights
        layer.weight.copy_(both[:-1])
        layer.bias.copy_(both[-1])

    def logits(self, weights: Tensor) -> Tensor:
        """The logits (n, c); for two classes the log-odds of the second, (n, 1)."""
        return self.rows @ weights[:-1].contiguous() + weights[-1]

    def value_and_gradient(self, weights: Tensor, logits: Tensor) -> tuple[float, Tensor]:
        """The penalised loss in nats, and its gradient (columns + 1, c)."""
        losses = self._losses(logits)
        residual = (self._probabilities(logits) - self.target) * self.weight[:, None]
        gradient = torch.cat([self._summed(residual), residual.sum(dim=0, keepdim=True)])
        gradient[:-1] += self.decay * weights[:-1]
        penalty = self.decay / 2 * weights[:-1].square().sum(dtype=torch.float64)
        return float((losses * self.weight).sum(dtype=torch.float64) + penalty), gradient

    def direction(self, gradient: Tensor, memory: list[tuple[Tensor, Tensor]]) -> Tensor:
        """Minus the gradient times what is known of the inverse Hessian (the two loops of Nocedal, 1980)."""
        found, shares = gradient.clone(), []
        for step, change in reversed(memory):
            shares.append((step * found).sum() / (step * change).sum())
            found -= shares[-1] * change
        found = self._by_sample(found)
        if memory:
            step, change = memory[-1]
            found *= (step * change).sum() / (change * self._by_sample(change)).sum()
        for (step, change), share in zip(memory, reversed(shares), strict=True):
            found += step * (share - (change * found).sum() / (step * change).sum())
        return -found

    def _by_sample(self, gradient: Tensor) -> Tensor:
        return gradient if self.factor is None else torch.cholesky_solve(gradient, self.factor)

    def _sampled_factor(self) -> Tensor | None:
        """The Cholesky factor (columns + 1, columns + 1) of the Hessian of a sample, where there are rows enough."""
        train, columns = self.data.train, self.rows.shape[1] + 1
        if self.sparse or columns > MOST_COLUMNS or len(train) < 2 * SAMPLE * columns:
            return None
        sample = train[: SAMPLE * columns]  # the order is random
        rows = torch.nn.functional.pad(cast(Tensor, take(self.rows, sample)), (0, 1), value=1.0).double()
        weight, k = self.data.weight[sample].double(), self.data.k
        hessian = rows.T @ (rows * (weight / weight.sum())[:, None]) * ((1 - 1 / k) / k)
        # How far a sample's matrix is from the true one, and so how far to go to its mean: Chen et al. (2010),
        # "Shrinkage algorithms for MMSE covariance estimation", doi:10.1109/TSP.2010.2053029.
        square, mean = hessian.square().mean(), hessian.diagonal().mean()
        away = (len(sample) + 1) * (square - mean**2 / columns)
        share = ((square + mean**2) / away.clamp_min(1e-300)).clamp(1e-6, 1.0)
        hessian = (1 - share) * hessian
        hessian.diagonal().add_(self.decay + share * mean)
        factor, failed = torch.linalg.cholesky_ex(hessian)
        return None if int(failed) else factor.float()

    def step_size(self, weights: Tensor, direction: Tensor, logits: Tensor, along: Tensor) -> float:
        """The length of the step along a direction that has the least loss, to a tenth of the slope at its start."""
        decay, low, high, size = self.decay, 0.0, float("inf"), 1.0
        inner, square = (float((direction[:-1] * other[:-1]).sum()) for other in (weights, direction))
        first = self._slope(logits, along)[0] + decay * inner
        for _ in range(8):
            slope, curvature = self._slope(logits + size * along, along)
            slope += decay * (inner + size * square)
            curvature += decay * square
            if abs(slope) <= 0.1 * abs(first):
                break
            low, high = (size, high) if slope < 0 else (low, size)
            newton = size - slope / curvature if curvature > 0 else 2 * size
            size = newton if low < newton < high else (2 * size if high == float("inf") else (low + high) / 2)
            size = min(size, 10 * max(low, 0.1)) if high == float("inf") else size
        return size

    def held_out(self, logits: Tensor) -> float:
        """The cross-entropy of the held-out rows, NaN where there are none."""
        index = self.data.held_out
        if not len(index):
            return float("nan")
        weight = self.data.weight[index]
        losses = cross_entropy_rows(self._all(logits[index]), self.data.target[index])
        return finite(float((weight * losses).sum(dtype=torch.float64) / weight.sum(dtype=torch.float64)), "held-out")

    def _summed(self, residual: Tensor) -> Tensor:
        """The rows times their residuals, summed, (columns, c)."""
        if self.turned is not None:
            return self.turned @ residual
        if isinstance(self.rows, StreamedRows):
            return self.rows.summed(residual)
        summed: Tensor = (residual.T @ cast(Tensor, self.rows)).T  # not ``rows.T @ residual``: a fifth of its time
        return summed.contiguous()

    def _slope(self, logits: Tensor, along: Tensor) -> tuple[float, float]:
        """The first and second derivative of the loss along a direction."""
        probs, weight = self._probabilities(logits), self.weight[:, None]
        first = ((probs - self.target) * along * weight).sum(dtype=torch.float64)
        mean = (probs * along).sum(dim=1, keepdim=True)
        spread = probs * along * along
        spread = spread - mean * mean if self.binary else spread.sum(dim=1, keepdim=True) - mean * mean
        slope, curvature = torch.stack([first, (spread * weight).sum(dtype=torch.float64)]).tolist()
        return slope, curvature

    def _probabilities(self, logits: Tensor) -> Tensor:
        return torch.sigmoid(logits) if self.binary else torch.softmax(logits, dim=1)

    def _losses(self, logits: Tensor) -> Tensor:
        if self.binary:
            return (torch.nn.functional.softplus(logits) - logits * self.target)[:, 0]
        return cross_entropy_rows(logits, self.data.target)

    def _all(self, logits: Tensor) -> Tensor:
        return torch.cat([-logits / 2, logits / 2], dim=1) if self.binary else logits
