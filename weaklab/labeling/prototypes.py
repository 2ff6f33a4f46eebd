"""Labeling functions that vote for the class whose description or example is nearest."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
import pandas as pd

from weaklab.exceptions import LabelingFunctionError, ReturnValueError, did_you_mean, shown
from weaklab.labeling.arguments import check_number, check_size
from weaklab.labeling.columns import check_reads, numbers_of, present_rows, row_in_words
from weaklab.labeling.declarative import check_given_name, check_label, readable_name
from weaklab.labeling.embeddings import Encode, check_encode, distinct, embed, unit
from weaklab.labeling.explanations import Explanation
from weaklab.labeling.learned import Answers, LearnedLF, Watch
from weaklab.labeling.rich_returns import Output, check_output
from weaklab.typing import Floats

Pool = Literal["nearest", "mean"]

_KIND = "prototype_lf"


@dataclass(frozen=True, eq=False, repr=False)
class PrototypeLF(LearnedLF):
    """Votes for the nearest class in an embedding space; made by :func:`prototype_lf`.

    Attributes
    ----------
    labels : tuple of length L
        The classes.
    prototypes : tuple of length p
        What stands for the classes.
    owner : ndarray of int of shape (p,)
        Which class each stands for.
    vectors : ndarray of shape (p, d)
        Their embeddings, of length 1.
    encode : callable or None
    single : bool
    pool : {"nearest", "mean"}
    min_similarity, min_margin, temperature : float
    batch_size : int
    """

    name: str
    columns: tuple[Hashable, ...]
    single: bool
    labels: tuple[Any, ...]
    prototypes: tuple[Any, ...]
    owner: np.ndarray
    vectors: Floats
    encode: Encode | None
    pool: Pool
    min_similarity: float
    min_margin: float
    temperature: float
    output: Output
    batch_size: int

    def answers(self, table: pd.DataFrame, watch: Watch | None = None) -> Answers:
        """The votes on a frame; each distinct item is encoded once, and rows with a missing cell abstain."""
        watch = watch or Watch()
        rows = present_rows(table)
        items, which = self._items(table.iloc[rows])
        of_item = np.full((len(items), len(self.labels)), np.nan)
        at = 0

        def where(place: int) -> str:
            return row_in_words(table.index, int(rows[np.argmax(which == place)]))

        for vectors in self._vectors(items, where):
            of_item[at : at + len(vectors)] = self.class_similarity(vectors @ self.vectors.T)
            at += len(vectors)
            watch.done(int(at / len(items) * len(rows)) - int((at - len(vectors)) / len(items) * len(rows)))
        choice = np.full(len(table), -1, dtype=np.int64)
        choice[rows] = self._choice(of_item)[which]
        if self.output == "hard":
            return Answers(self.labels, choice)
        probs = np.full((len(table), len(self.labels)), np.nan)
        scaled = (of_item - of_item.max(axis=1, keepdims=True)) / self.temperature
        shares = np.exp(scaled)
        probs[rows] = (shares / shares.sum(axis=1, keepdims=True))[which]
        return Answers(self.labels, choice, probs)

    def class_similarity(self, similarity: Floats) -> Floats:
        """The similarity to each class (n, L), of that to each prototype (n, p)."""
        out = np.empty((len(similarity), len(self.labels)))
        for place in range(len(self.labels)):
            ours = self.owner == place
            if self.pool == "nearest":
                out[:, place] = similarity[:, ours].max(axis=1)
            else:  # the cosine to the mean of the prototypes of the class
                length = np.linalg.norm(self.vectors[ours].mean(axis=0)).item()
                out[:, place] = similarity[:, ours].mean(axis=1) / (length or 1.0)
        return out

    def explain(self, row: Any) -> Explanation:
        """Why it votes as it does on one row: the nearest prototypes and how similar they are."""
        table = self.table_of(row)
        column = self.columns[0] if self.single else None
        if not len(present_rows(table)):
            return Explanation(None, f"a cell of {', '.join(map(repr, self.columns))} is missing", column)
        items, _ = self._items(table)
        similarity = next(iter(self._vectors(items, lambda _: "the row"))) @ self.vectors.T  # (1, p)
        of_class = self.class_similarity(similarity)[0]
        nearest = np.argsort(-similarity[0], kind="stable")[:5]
        near = [(self.labels[self.owner[j]], self.prototypes[j], round(float(similarity[0, j]), 4)) for j in nearest]
        first, second = np.argsort(-of_class, kind="stable")[:2]
        margin = of_class[first] - of_class[second]
        place = self._choice(of_class[np.newaxis])[0]
        by = shown(near[0][1]) if self.pool == "nearest" else f"the mean of {int((self.owner == first).sum())}"
        reason = (
            f"nearest to {self.labels[first]!r} by {by} (similarity {of_class[first]:.3f}), "
            f"{margin:.3f} ahead of {self.labels[second]!r}"
        )
        if place < 0:
            if of_class[first] < self.min_similarity:
                reason += f"; below min_similarity {self.min_similarity:g}"
            else:
                reason += f"; not ahead by min_margin {self.min_margin:g}" if margin > 0 else "; a tie"
        details = {
            "nearest": near,
            "similarity": {str(label): float(each) for label, each in zip(self.labels, of_class, strict=True)},
            "margin": float(margin),
        }
        return Explanation(self(row), reason, column, (), details)

    def describe(self) -> dict[str, Any]:
        """What it says, as a dict of its arguments."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        said["prototypes"] = {
            label: [self.prototypes[j] for j in np.flatnonzero(self.owner == place)]
            for place, label in enumerate(self.labels)
        }
        return {"kind": type(self).__name__, **{key: said[key] for key in said if key not in ("owner", "vectors")}}

    def _choice(self, similarity: Floats) -> np.ndarray:
        top = np.sort(similarity, axis=1)
        lead = top[:, -1] - top[:, -2]
        sure = (lead > 0) & (lead >= self.min_margin) & (top[:, -1] >= self.min_similarity)
        return np.where(sure, similarity.argmax(axis=1), -1)

    def _items(self, table: pd.DataFrame) -> tuple[Any, np.ndarray]:
        if self.single:
            return distinct(table.iloc[:, 0].tolist())
        return numbers_of(table, f"labeling function {self.name!r}"), np.arange(len(table))

    def _vectors(self, items: Any, where: Callable[[int], str]) -> Iterable[Floats]:
        width = self.vectors.shape[1]
        if self.encode is not None:
            return embed(self.encode, items, batch_size=self.batch_size, width=width, where=where)
        if not self.single and len(items) and items.shape[1] != width:
            raise ReturnValueError(f"there are {items.shape[1]} columns, and prototypes of {width} numbers.")
        if self.single:
            return embed(np.vstack, items, batch_size=self.batch_size, width=width, where=where)
        return (unit(items[at : at + self.batch_size]) for at in range(0, len(items), self.batch_size))


def prototype_lf(
    prototypes: Mapping[Any, Any],
    *,
    column: Hashable = None,
    columns: Sequence[Hashable] | None = None,
    encode: Encode | None = None,
    encode_prototypes: Encode | None = None,
    pool: Pool = "nearest",
    min_similarity: float = -1.0,
    min_margin: float = 0.0,
    temperature: float = 0.1,
    output: Output = "hard",
    name: str | None = None,
    batch_size: int = 1024,
) -> PrototypeLF:
    r"""Make a labeling function that votes for the class whose description or example is nearest.

    Items and prototypes are embedded and compared by cosine, :math:`s_{ij} = a_i \cdot b_j / |a_i| |b_j|`. This is
    zero-shot classification with class texts and their ensembles where ``encode`` embeds texts (and images), and
    nearest-example classification where prototypes are examples.

    Parameters
    ----------
    prototypes : mapping from class to text, list of texts, or array of shape (p, d)
        What stands for each of two classes or more: one or several texts (or whatever ``encode_prototypes`` takes), or
        embeddings themselves.
    column : hashable, optional
        The column of texts, or of whatever ``encode`` takes. Where it is missing, the function abstains.
    columns : sequence of hashable, optional
        Several columns of numbers, which ``encode`` gets as an array (n, columns). One of both is given.
    encode : callable, optional
        From a list of items to an array (n, d), such as the ``encode`` of a sentence encoder or the ``transform`` of
        a scikit-learn pipeline. Each distinct item is encoded once per run. None takes cells as embeddings.
    encode_prototypes : callable, optional
        The same for prototypes, where they are other things than items; by default ``encode``.
    pool : {"nearest", "mean"}
        Whether a class is as similar as its nearest prototype, or as the mean of its prototypes' embeddings, which is
        how descriptions of one class are ensembled.
    min_similarity : float
        Abstain where the nearest class is less similar, in [-1, 1].
    min_margin : float
        Abstain where it is not ahead of the next class by this much, 0 or more; a tie always abstains.
    temperature : float
        T of ``output="soft"``, whose probabilities are :math:`\propto \exp(s / T)`, above 0. It depends on the
        embedding; CLIP learns 0.01.
    output : {"hard", "soft"}
        Whether to vote for one class or with probabilities.
    name : str, optional
        The name of its column of votes.
    batch_size : int
        How many items are encoded at once.

    Returns
    -------
    PrototypeLF
        It can be called on one row and explains its vote there by the nearest prototypes.

    Raises
    ------
    LabelingFunctionError
        If there are fewer than two classes, one has no prototype, or an argument is out of its range.
    ReturnValueError
        If ``encode`` returns no row of finite numbers per item.

    References
    ----------
    A. Radford et al., "Learning transferable visual models from natural language supervision", ICML 2021.
    doi:10.48550/arXiv.2103.00020

    Examples
    --------
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> texts = ["win free money now", "free prize money", "see you at lunch", "lunch with mum"]
    >>> encode = TfidfVectorizer().fit(texts).transform
    >>> lf = prototype_lf({"spam": ["free money", "prize"], "ham": "see you at lunch"}, column="text", encode=encode)
    >>> lf({"text": "claim free money"}), lf({"text": "hello"})
    ('spam', None)
    >>> lf.explain({"text": "claim free money"}).reason
    "nearest to 'spam' by 'free money' (similarity 1.000), 1.000 ahead of 'ham'"
    """
    reads, single = check_reads(column, columns, _KIND)
    if encode is not None:
        check_encode(encode, _KIND)
    if encode_prototypes is not None:
        check_encode(encode_prototypes, _KIND)
    if pool not in ("nearest", "mean"):
        raise LabelingFunctionError(f"{_KIND}: pool={pool!r} is not known.{did_you_mean(pool, ('nearest', 'mean'))}")
    if check_output(output, _KIND) == "set":
        raise LabelingFunctionError(f"{_KIND}: output='set' is not what it votes; use 'hard' or 'soft'.")
    if check_number(temperature, "temperature", _KIND, 0) == 0:
        raise LabelingFunctionError(f"{_KIND}: temperature=0 must be above 0.")
    labels, texts, owner, vectors = _embed_prototypes(
        prototypes, encode_prototypes or encode, check_size(batch_size, "batch_size", _KIND), name
    )
    default = readable_name("nearest", *labels[:3])
    return PrototypeLF(
        check_given_name(name, default, _KIND),
        reads,
        single,
        labels,
        texts,
        owner,
        vectors,
        encode,
        pool,
        check_number(min_similarity, "min_similarity", _KIND, -1, 1),
        check_number(min_margin, "min_margin", _KIND, 0, 2),
        float(temperature),
        output,
        int(batch_size),
    )


def _named(who: str, vectors: Iterable[Floats]) -> Iterator[Floats]:
    try:
        yield from vectors
    except ReturnValueError as error:
        raise ReturnValueError(f"{who}: {error}") from error


def _embed_prototypes(
    prototypes: Any, encode: Encode | None, batch_size: int, own: str | None
) -> tuple[tuple[Any, ...], tuple[Any, ...], np.ndarray, Floats]:
    if not isinstance(prototypes, Mapping) or len(prototypes) < 2:
        raise LabelingFunctionError(f"{_KIND}: prototypes must be a dict, from each of two classes or more.")
    labels = tuple(check_label(label, _KIND) for label in prototypes)
    who = _KIND if own is None else f"{_KIND} {own!r}"
    texts: list[Any] = []
    owner: list[int] = []
    vectors: list[Floats] = []
    for place, given in enumerate(prototypes.values()):
        # Numbers are embeddings already, unless they are to be encoded as the items are.
        ready = encode is None or (isinstance(given, np.ndarray) and given.dtype.kind in "fiu")
        if ready:
            try:
                found = np.atleast_2d(np.asarray(given, dtype=np.float64))
            except (TypeError, ValueError) as error:
                raise LabelingFunctionError(
                    f"{_KIND}: the prototypes of {labels[place]!r} are no numbers; give encode= to embed them."
                ) from error
            items: list[Any] = [f"embedding {i}" for i in range(len(found))]
        else:
            items = [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
        if not items:
            raise LabelingFunctionError(f"{_KIND}: class {labels[place]!r} has no prototype.")
        if not ready:
            named = [f"prototype {shown(item)} of {labels[place]!r}" for item in items]
            assert encode is not None
            found = np.vstack(list(_named(who, embed(encode, items, batch_size=batch_size, where=named.__getitem__))))
        if not np.isfinite(found).all():
            raise LabelingFunctionError(f"{_KIND}: a prototype of {labels[place]!r} has numbers that are not finite.")
        zero = ~found.any(axis=1)
        if zero.any():
            raise LabelingFunctionError(
                f"{_KIND}: prototype {shown(items[int(np.argmax(zero))])} of {labels[place]!r} has an embedding of "
                f"zeros, so nothing is near it; word it otherwise."
            )
        if vectors and vectors[0].shape[1] != found.shape[1]:
            raise LabelingFunctionError(
                f"{_KIND}: the prototypes of {labels[place]!r} have embeddings of {found.shape[1]} numbers, "
                f"those before have {vectors[0].shape[1]}."
            )
        texts += items
        owner += [place] * len(items)
        vectors.append(unit(found))
    return labels, tuple(texts), np.array(owner), np.vstack(vectors)
