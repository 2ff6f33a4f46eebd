"""What a classifier is to do: modules, the path through them, and what their output means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from torch import Tensor, nn
from torch.nn import functional

from weaklab.snorkel.analysis.scorer import Scorer


class Operation:
    """One call of one module.

    Parameters
    ----------
    module_name : str
        Which module of the pool.
    inputs : sequence of str or (str, str)
        What it is called with: outputs of operations by name, or an entry of one that is a dict; "_input_" is the data.
        Without any, it gets all outputs so far, as one dict.
    name : str, optional
        A name for its output; by default that of the module.

    Examples
    --------
    >>> Operation("linear", [("_input_", "features")])
    Operation(name=linear, module_name=linear, inputs=[('_input_', 'features')])
    """

    def __init__(self, module_name: str, inputs: Sequence[str | tuple[str, str]], name: str | None = None) -> None:
        self.name, self.module_name, self.inputs = name or module_name, module_name, inputs

    def __repr__(self) -> str:
        return f"Operation(name={self.name}, module_name={self.module_name}, inputs={self.inputs})"


class Task:
    """Modules, and operations on them whose last one gives logits.

    Parameters
    ----------
    name : str
        The task's; labels of the same name are its.
    module_pool : nn.ModuleDict
        The modules. Tasks of a classifier share those of one name.
    op_sequence : sequence of Operation
        What is called, in order.
    scorer : Scorer, optional
        How predictions are scored; by default by their accuracy.
    loss_func : callable, optional
        From logits and labels to a loss; by default torch's cross-entropy, which takes probabilities too.
    output_func : callable, optional
        From logits to probabilities; by default the softmax.

    Examples
    --------
    >>> Task("spam", nn.ModuleDict({"net": nn.Linear(3, 2)}), [Operation("net", [("_input_", "x")])])
    Task(name=spam)
    """

    def __init__(
        self,
        name: str,
        module_pool: nn.ModuleDict,
        op_sequence: Sequence[Operation],
        scorer: Scorer | None = None,
        loss_func: Callable[..., Tensor] | None = None,
        output_func: Callable[..., Tensor] | None = None,
    ) -> None:
        self.name, self.module_pool, self.op_sequence = name, module_pool, op_sequence
        self.scorer = scorer or Scorer(metrics=["accuracy"])
        self.loss_func = loss_func or functional.cross_entropy
        self.output_func = output_func or partial(functional.softmax, dim=1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name})"
