"""Soft labels as columns of a Dataset of Hugging Face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from weaklab.exceptions import MissingExtraError, SoftLabelError

if TYPE_CHECKING:
    from weaklab.votes.soft import SoftLabels


def to_dataset(soft: SoftLabels, dataset: Any = None) -> Any:
    """What :meth:`SoftLabels.to_dataset` gives.

    Raises
    ------
    MissingExtraError
        If ``datasets`` is not installed.
    SoftLabelError
        If the Dataset has other rows, or such columns already.
    """
    try:
        from datasets import ClassLabel, Dataset, Features, Sequence, Value
    except ImportError as error:
        raise MissingExtraError(
            'A Dataset needs datasets, which is not installed: pip install "weaklab[hf]"'
        ) from error
    codes = np.where(soft.covered, soft.codes(), -1)
    if soft.gold is not None:
        codes = np.where(soft.gold >= 0, soft.gold, codes)
    columns = {"label": codes, "probs": list(soft.probs), "covered": soft.covered}
    features = {
        "label": ClassLabel(names=list(map(str, soft.classes_.tolist()))),
        "probs": Sequence(Value("float64"), length=soft.k),
        "covered": Value("bool"),
    }
    if soft.weight is not None:
        columns["weight"], features["weight"] = soft.weight, Value("float64")
    if dataset is None:
        return Dataset.from_dict(columns, features=Features(features))
    if len(dataset) != soft.n:
        raise SoftLabelError(f"There are {soft.n:,} rows of soft labels for {len(dataset):,} rows of the Dataset.")
    if there := [name for name in columns if name in dataset.column_names]:
        raise SoftLabelError(
            f"The Dataset has columns {', '.join(map(repr, there))} already: dataset.rename_column, or remove_columns."
        )
    for name, values in columns.items():
        dataset = dataset.add_column(name, values, feature=features[name])
    return dataset
