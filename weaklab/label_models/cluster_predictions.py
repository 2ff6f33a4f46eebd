"""What a fitted label model says of votes that are spread over a cluster: a lazy frame, made part by part."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from weaklab.apply import shipping
from weaklab.apply.dask_frames import import_dask
from weaklab.apply.spark_frames import import_spark
from weaklab.exceptions import ClassError, ParameterError
from weaklab.typing import Ties
from weaklab.votes.engines import engine_of

if TYPE_CHECKING:
    from weaklab.label_models.base import BaseLabelModel

What = Literal["predict_proba", "predict", "labels"]

#: The column that says how much a row counts: 0 where no labeling function votes.
WEIGHT = "weight"


def predict_on_cluster(model: BaseLabelModel, votes: Any, what: What, ties: Ties = "lowest") -> Any:
    """Predictions for a frame of Dask or Spark.

    Parameters
    ----------
    model : label model
        Fitted.
    votes : dask or pyspark DataFrame
        The votes. Of Spark, columns that are no labeling function's are carried along.
    what : {"predict_proba", "predict", "labels"}
        Which of its methods.
    ties : {"lowest", "abstain"}
        As for ``predict``.

    Returns
    -------
    dask DataFrame or Series, or pyspark DataFrame
        Lazy, rows as in the votes.

    Raises
    ------
    VoteError
        If the columns are not those of ``fit``.
    ParameterError
        If ties ask for the number of a row.
    ClassError
        If a class has the name of another column.
    """
    if ties in ("random", "hash"):
        raise ParameterError(
            f"ties={ties!r} goes by the number of a row, which a row on a cluster does not have: 'lowest' or 'abstain'."
        )
    packed = shipping.dumps(model)
    if engine_of(votes) == "dask":
        none = _say(votes._meta, model, what, ties)
        series = what == "predict"
        return votes.map_partitions(
            _say_of_dask, import_dask().delayed(packed), what, ties, meta=none["label"] if series else none
        )
    names = list(getattr(model, "feature_names_in_", votes.columns))
    beside = [name for name in votes.columns if name not in names]
    ours = [name for name in votes.columns if name in names]
    none = _say(pd.DataFrame(np.empty((0, len(ours)), dtype=np.int8), columns=ours), model, what, ties)
    columns = [str(column) for column in none.columns]
    if twice := sorted(set(columns) & set(beside)):
        raise ClassError(f"The votes have a column {twice[0]!r}, and so would the predictions: rename or drop it.")
    types = import_spark()
    fields = [types.StructField(name, _type(types, none.dtypes.iloc[at])) for at, name in enumerate(columns)]
    schema = types.StructType([*(votes.schema[name] for name in beside), *fields])
    say = partial(_say_of_batches, packed=packed, what=what, ties=ties, ours=ours, beside=beside)
    return votes.mapInPandas(say, schema)


def _say(votes: pd.DataFrame, model: BaseLabelModel, what: What, ties: Ties) -> pd.DataFrame:
    """What one part gets: a column per class, and their weights; or the labels."""
    if what == "predict":
        labels = model.predict(votes, ties)
        return pd.DataFrame(
            {"label": pd.Series(labels, index=votes.index, dtype=labels.dtype)}
        )  # else None becomes NaN
    if what == "predict_proba":
        return pd.DataFrame(model.predict_proba(votes), index=votes.index, columns=list(model.classes_))
    soft = model.labels(votes)
    said = pd.DataFrame(soft.probs, index=votes.index, columns=list(model.classes_))
    if WEIGHT in said.columns:
        raise ClassError(f"A class is called {WEIGHT!r}, as the column of weights is: ask predict_proba, or rename it.")
    said[WEIGHT] = soft.weight
    return said


def _say_of_dask(votes: pd.DataFrame, packed: bytes, what: What, ties: Ties) -> pd.DataFrame | pd.Series:
    said = _say(votes, shipping.loads_once(packed), what, ties)
    return said["label"] if what == "predict" else said


def _say_of_batches(
    batches: Iterator[pd.DataFrame], packed: bytes, what: What, ties: Ties, ours: list[str], beside: list[str]
) -> Iterator[pd.DataFrame]:
    model = shipping.loads_once(packed)
    for batch in batches:
        said = _say(batch[ours], model, what, ties)
        said.columns = [str(column) for column in said.columns]
        yield pd.concat([batch[beside], said], axis=1) if beside else said


def _type(types: Any, dtype: Any) -> Any:
    """Spark's name for a type of predictions; names of classes that are no numbers are sent as text."""
    if isinstance(dtype, np.dtype) and dtype.kind in "iufb":
        return {"f": types.DoubleType, "b": types.BooleanType}.get(dtype.kind, types.LongType)()
    return types.StringType()
