"""Where a report comes from: versions, seed, data, and what gold was used for."""

from __future__ import annotations

import hashlib
import platform
import time
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

import weaklab
from weaklab.apply.data_fingerprints import DataFingerprints
from weaklab.apply.value_fingerprints import Unfingerprintable
from weaklab.markup import Markup, cut, element, facts, section, some
from weaklab.plots.report.material import Material
from weaklab.votes import PartialVotes, VoteMatrix

#: What has a say in the figures.
PACKAGES = ("numpy", "scipy", "pandas", "scikit-learn", "numba", "torch", "polars", "matplotlib")
#: The data are read for so many seconds at most.
SECONDS = 60.0
#: At most so many columns are named.
COLUMNS = 30


def provenance(of: Material, created: datetime) -> Markup:
    """What one needs to make this report again, and to judge what its figures rest on."""
    pairs: list[tuple[object, object]] = [
        ("made", created.isoformat(sep=" ", timespec="seconds")),
        ("weaklab", weaklab.__version__),
        ("Python", platform.python_version()),
        ("packages", ", ".join(f"{name} {_version(name)}" for name in PACKAGES)),
        ("seed", f"{of.seed}, for the rows that are drawn; that of the models is theirs"),
        ("label model", element("code", cut(_parameters(of.model), 1500))),
    ]
    if of.end_model is not None:
        pairs.append(("end model", element("code", cut(_parameters(of.end_model), 1500))))
    columns = some(of.reader.names, COLUMNS)
    pairs += [
        ("data", f"{of.reader.n:,} rows; columns {columns}"),
        ("fingerprint of the data", element("code", _data(of))),
        ("fingerprint of the votes", element("code", _votes(of))),
    ]
    return section("provenance", "Provenance", facts(pairs), element("h3", "What gold was used for"), _gold(of))


def _gold(of: Material) -> Markup:
    outside = (
        "Whether the models were fitted with gold, they do not tell: figures by gold that chose or trained them are "
        "better than they will be on other rows."
    )
    if of.gold is None:
        return element("p", "This report used none. ", outside)
    n = int((of.gold >= 0).sum())
    uses = [
        f"the accuracy of majority vote{' and label model' if of.end_model is None else ', label model and end model'}",
        "the accuracy of each labeling function, and which of them to mend",
        "findings that compare the label model with gold",
        "the plots that say so",
        "the rows to look at: certain errors first, and rows without gold before those with it",
    ]
    said = f"{n:,} rows with gold were used in this report, and trained nothing in it, for:"
    return element(
        "div", element("p", said), element("ul", *(element("li", use) for use in uses)), element("p", outside)
    )


def _parameters(model: Any) -> str:
    given = model.get_params(deep=False) if hasattr(model, "get_params") else {}
    shown = ", ".join(f"{name}={cut(_plain(value), 200)}" for name, value in given.items())
    return f"{type(model).__name__}({shown})"


def _plain(value: Any) -> str:
    """A parameter without the place in memory that some objects show, which differs from run to run."""
    if isinstance(value, type) or " at 0x" in repr(value):
        return f"<{getattr(value, '__qualname__', type(value).__qualname__)}>"
    return repr(value)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _data(of: Material) -> str:
    try:
        return DataFingerprints(of.reader).whole(time.perf_counter() + SECONDS).hex()
    except Unfingerprintable as error:
        return f"none: it {error}"


def _votes(of: Material) -> str:
    """A digest of shape, names and votes."""
    taker = hashlib.sha256(repr((of.seen.matrix.n, of.seen.matrix.m, of.seen.matrix.k, of.seen.names)).encode())
    held = of.votes if of.seen.rich is None else of.seen.rich
    if of.seen.rich is None:
        matrix: VoteMatrix = of.seen.matrix
        parts = [matrix.indptr.astype(np.int64), matrix.code.astype(np.int64)]
    else:
        parts = [held.masks if isinstance(held, PartialVotes) else held.probs]
    for part in parts:
        taker.update(np.ascontiguousarray(part).tobytes())
    return taker.hexdigest()[:32]
