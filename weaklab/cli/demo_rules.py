"""Labeling functions for docstrings of five packages: what ``weaklab demo`` runs, and copies for you to change."""

from typing import Any

import weaklab as wl

CLASSES = ["numpy", "pandas", "scipy", "sklearn", "numba"]


def says(name: str, label: str, *keywords: str, **options: Any) -> Any:
    """Vote where the docstring has one of these words."""
    return wl.keyword_lf(list(keywords), column="text", label=label, name=name, **options)


def writes(name: str, label: str, pattern: str) -> Any:
    """Vote where the docstring matches."""
    return wl.regex_lf(pattern, column="text", label=label, name=name)


@wl.labeling_function
def np_alone(row: Any) -> str | None:
    """Its examples use numpy, and no word speaks for a package that builds on it."""
    others = ("scipy", "sklearn", "pandas", "pd.", "numba", "jit", "DataFrame", "Series")
    return "numpy" if "np." in row.text and not any(word in row.text for word in others) else None


lfs = [
    np_alone,
    says("containers", "numpy", "masked array", "MaskedArray", "chararray", "recarray", "memmap", "nditer"),
    writes("array_arguments", "numpy", r"subok|like : array_like|where : array_like|order : \{'C', 'F', 'A'"),
    says("pandas", "pandas", "pandas", "pd"),
    says("frames", "pandas", "DataFrame", "MultiIndex", "GroupBy", "Categorical", "NDFrame", "Series", case=True),
    says("calendar", "pandas", "Timestamp", "Timedelta", "DatetimeIndex", "PeriodIndex", "DateOffset"),
    says("scipy", "scipy", "scipy"),
    says("statistics", "scipy", "pdf", "cdf", "quantile", "null hypothesis", "p-value", "distribution", at_least=2),
    says("signals", "scipy", "spline", "ODE", "Bessel", "quadrature", "impulse response", "Delaunay", "Voronoi"),
    says("sklearn", "sklearn", "sklearn", "scikit-learn"),
    says("samples", "sklearn", "n_samples", "n_features", "random_state", "n_jobs"),
    says("numba", "numba", "numba", "njit", "nopython", "jitclass"),
    says("compiler", "numba", "LLVM", "lowering", "bytecode", "typeinfer", "IR", "codegen", "dispatcher", "inlining"),
    says("gpu", "numba", "cuda", "GPU", "nvidia", "NVVM", "PTX", "warp"),
]
