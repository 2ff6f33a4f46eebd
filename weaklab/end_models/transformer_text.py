"""Texts through a transformer: contextual embeddings as features of an end model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch

from weaklab.end_models.borrowing import borrowed_torch, resolve_device
from weaklab.end_models.parameters import check_count
from weaklab.exceptions import MissingExtraError, ParameterError, did_you_mean

_POOLINGS = ("mean", "first")


class TransformerText:
    """An ``encode=`` for texts: what a transformer of Hugging Face says of them, one vector per text.

    The transformer is not trained: a text is read once, and the end model learns on top of what was read.

    Parameters
    ----------
    model : str, path, or PreTrainedModel
        A folder that holds a model and its tokenizer, a name that the hub of Hugging Face knows, or a loaded model.
    tokenizer : PreTrainedTokenizer, str or path, optional
        Needed with a loaded model; otherwise that of the folder.
    pooling : {"mean", "first"}, default="mean"
        The mean over a text's tokens, or the vector of the first ([CLS]).
    max_length : int, default=256
        Longer texts are cut, in tokens.
    batch_size : int, default=32
        Texts at once.
    device : str or torch.device, default="auto"
        "auto" is a CUDA card where there is one, else the CPU.
    n_jobs : int or None, default=None
        torch's threads on the CPU; None leaves them, since large matrices gain from several.

    Raises
    ------
    MissingExtraError
        If a path is given and transformers is not installed.
    ParameterError
        If an argument is out of range, or the folder holds no model.

    Examples
    --------
    ``EndModel(column="text", encode=TransformerText("path/to/model"))``

    Notes
    -----
    Missing texts (None, NaN) are read as "". The order of texts does not matter: batches are made of texts of about
    one length, which saves padding, and padding is masked.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any = None,
        *,
        pooling: Literal["mean", "first"] = "mean",
        max_length: int = 256,
        batch_size: int = 32,
        device: str | torch.device = "auto",
        n_jobs: int | None = None,
    ) -> None:
        check_count("max_length", max_length, 1)
        check_count("batch_size", batch_size, 1)
        if pooling not in _POOLINGS:
            raise ParameterError(f"pooling={pooling!r} is not known.{did_you_mean(pooling, _POOLINGS)}")
        self.device = resolve_device(device)
        self.pooling = pooling
        self.max_length = max_length
        self.batch_size = batch_size
        self.n_jobs = n_jobs
        if isinstance(model, torch.nn.Module):
            if tokenizer is None:
                raise ParameterError("A loaded model needs its tokenizer: TransformerText(model, tokenizer).")
            self.model = model
        else:
            self.model = _load("AutoModel", model)
        given = tokenizer if tokenizer is not None else model
        self.tokenizer = given if callable(given) else _load("AutoTokenizer", given)

    def __repr__(self) -> str:
        own = type(self.model).__name__
        return f"TransformerText({own}, pooling={self.pooling!r}, max_length={self.max_length!r})"

    def __call__(self, texts: Sequence[Any]) -> np.ndarray:
        """The vectors of texts.

        Parameters
        ----------
        texts : sequence of n str

        Returns
        -------
        ndarray of float32 of shape (n, d)
        """
        known = [text if isinstance(text, str) else "" for text in texts]
        order = np.argsort([len(text) for text in known], kind="stable")
        model = self.model.to(self.device)
        training = model.training
        parts = []
        with torch.no_grad(), borrowed_torch(self.device, n_jobs=self.n_jobs):
            model.eval()
            try:
                for start in range(0, len(known), self.batch_size):
                    part = [known[row] for row in order[start : start + self.batch_size]]
                    tokens = self.tokenizer(
                        part, padding=True, truncation=True, max_length=self.max_length, return_tensors="pt"
                    ).to(self.device)
                    parts.append(self._pool(model(**tokens).last_hidden_state, tokens["attention_mask"]))
            finally:
                model.train(training)
        out = np.empty((len(known), parts[0].shape[1] if parts else 0), dtype=np.float32)
        if parts:
            out[order] = np.concatenate(parts)
        return out

    def _pool(self, states: torch.Tensor, mask: torch.Tensor) -> np.ndarray:
        """One vector per text, (b, d), of the states of its tokens, (b, tokens, d)."""
        if self.pooling == "first":
            return states[:, 0].float().cpu().numpy()
        share = mask[:, :, None].to(states.dtype)  # (b, tokens, 1); an empty text may have no token at all
        return ((states * share).sum(dim=1) / share.sum(dim=1).clamp(min=1)).float().cpu().numpy()


def _load(kind: str, name: Any) -> Any:
    try:
        import transformers
    except ImportError as error:
        raise MissingExtraError('Transformers need an extra package: pip install "weaklab[hf]".') from error
    try:
        return getattr(transformers, kind).from_pretrained(name)
    except (OSError, ValueError) as error:
        raise ParameterError(f"{name!r} holds no {kind} that transformers can load: {error}") from error
