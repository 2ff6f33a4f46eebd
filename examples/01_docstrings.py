# %% [markdown]
# # Whose docstring is this?
#
# Over 14,000 docstrings of numpy, pandas, scipy, scikit-learn and numba, and the question which package each is from.
# No label is used: what a Python programmer knows of the five packages becomes labeling functions. A label model
# learns which of them to trust, and an end model, trained on its probabilities, classifies the texts that no
# labeling function says anything about. Change a labeling function and run it again.

# %%
import time
from itertools import pairwise

import numpy as np
import pandas as pd

import weaklab as wl
from weaklab.datasets import load_docstrings

CLASSES = ["numpy", "pandas", "scipy", "sklearn", "numba"]
ticks = [("", time.perf_counter())]


def lap(step):
    """Note that a step of the flow has ended."""
    ticks.append((step, time.perf_counter()))


train, valid, test = load_docstrings()
lap("load")
print(f"train {len(train):,}   valid {len(valid):,}   test {len(test):,} docstrings")
train.head()

# %% [markdown]
# ## What we know
#
# Words that only one package uses, habits of writing, and rules with conditions. A labeling function may be wrong, and
# says nothing where it has no opinion. Names and labels come first here, then what to look for.


# %%
def says(name, label, *keywords, **options):
    """Vote where the docstring has one of these words."""
    return wl.keyword_lf(list(keywords), column="text", label=label, name=name, **options)


def writes(name, label, pattern):
    """Vote where the docstring matches."""
    return wl.regex_lf(pattern, column="text", label=label, name=name)


@wl.labeling_function
def np_alone(row):
    """Its examples use numpy, and no word speaks for a package that builds on it."""
    others = ("scipy", "sklearn", "pandas", "pd.", "numba", "jit", "DataFrame", "Series")
    return "numpy" if "np." in row.text and not any(word in row.text for word in others) else None


@wl.labeling_function
def starred_arguments(row):
    """Write *argument* in running text and no section of parameters: so do numba's authors."""
    words = [word.rstrip(".,;:") for word in row.text.split()]
    starred = any(word.startswith("*") and word.endswith("*") and len(word) > 4 for word in words)
    return "numba" if starred and "----" not in row.text else None


@wl.labeling_function(batch=True)
def formulas(frame):
    """Explain in formulas: so does scipy, and scikit-learn where it speaks of samples."""
    text = frame["text"]
    return np.where(text.str.contains(".. math::", regex=False) & ~text.str.contains("samples"), "scipy", None)


lfs = [
    np_alone,
    says("containers", "numpy", "masked array", "MaskedArray", "chararray", "recarray", "memmap", "nditer"),
    says("building", "numpy", "f2py", "distutils", "setup.py", "linker", "library_dirs", "fortran compiler"),
    says("series_of", "numpy", "polynomial", "Chebyshev series", "Hermite series", "Legendre series", at_least=2),
    writes("array_arguments", "numpy", r"subok|like : array_like|where : array_like|order : \{'C', 'F', 'A'"),
    says("pandas", "pandas", "pandas", "pd"),
    says("frames", "pandas", "DataFrame", "MultiIndex", "GroupBy", "Categorical", "NDFrame", "Series", case=True),
    says("calendar", "pandas", "Timestamp", "Timedelta", "DatetimeIndex", "PeriodIndex", "DateOffset"),
    says("files", "pandas", "excel", "HDFStore", "Stata", "Styler", "SQL", "ExtensionArray", "BlockManager"),
    writes("comma_default", "pandas", r" : [^\n]{2,60}, default (None|True|False|\d)"),
    says("scipy", "scipy", "scipy"),
    says("statistics", "scipy", "pdf", "cdf", "quantile", "null hypothesis", "p-value", "distribution", at_least=2),
    says("optimise", "scipy", "objective function", "Jacobian", "Hessian", "constraints", "minimizer", at_least=2),
    says("signals", "scipy", "spline", "ODE", "Bessel", "quadrature", "impulse response", "Delaunay", "Voronoi"),
    says("operators", "scipy", "sparse array", "csr_array", "linear operator", "LinearOperator", "LAPACK", "Krylov"),
    formulas,
    says("sklearn", "sklearn", "sklearn", "scikit-learn"),
    says("samples", "sklearn", "n_samples", "n_features", "random_state", "n_jobs"),
    says("learning", "sklearn", "classifier", "regressor", "training data", "clustering", "predict", at_least=2),
    writes("equals_default", "sklearn", r"array-like.{0,20} of shape|default="),
    says("numba", "numba", "numba", "njit", "nopython", "jitclass"),
    says("compiler", "numba", "LLVM", "lowering", "bytecode", "typeinfer", "IR", "codegen", "dispatcher", "inlining"),
    says("gpu", "numba", "cuda", "GPU", "nvidia", "NVVM", "PTX", "warp"),
    starred_arguments,
]

# %%
votes = wl.apply(lfs, train, classes=CLASSES)
lap("apply")
print(wl.summarize(votes, classes=CLASSES).to_string(float_format="{:.3f}".format))

# %% [markdown]
# ## Whom to trust, and beyond the rules

# %%
majority = wl.MajorityVote(classes=CLASSES).fit(votes)
model = wl.LabelModel(classes=CLASSES).fit(votes)
soft = model.labels(votes)
lap("label model")
soft.to_frame().head()

# %%
clf = wl.EndModel(column="text").fit(train, soft)
lap("end model")
on_gold = wl.EndModel(column="text").fit(train, train["label"])
lap("end model on gold")

# %%
test_votes = wl.apply(lfs, test, classes=CLASSES)
predicted = {
    'majority vote (ties="lowest")': majority.predict(test_votes, ties="lowest"),
    "label model": model.predict(test_votes),
    "end model on its soft labels": clf.predict(test),
    "the same end model on gold": on_gold.predict(test),
}
lap("test")
right = pd.DataFrame({name: classes == test["label"].to_numpy() for name, classes in predicted.items()})
covered = (test_votes >= 0).any(axis=1).to_numpy()
table = pd.DataFrame({"all rows": right.mean(), "covered rows": right[covered].mean()})
print("\nSeconds: " + ", ".join(f"{step} {b - a:.1f}" for (_, a), (step, b) in pairwise(ticks)))
print(f"\nAccuracy on {len(test):,} test rows, of which labeling functions cover {covered.mean():.1%}:")
print(table.to_string(float_format="{:.3f}".format))

# %% [markdown]
# Where is the end model wrong on texts whose gold may be looked at, and what did the labeling functions say there?
# And what does no labeling function speak of?

# %%
valid_votes = wl.apply(lfs, valid, classes=CLASSES, progress=False)
wl.error_table(valid, valid_votes, clf.predict_proba(valid), valid["label"], classes=CLASSES).head(10)

# %%
wl.uncovered(train, votes).head(10)
