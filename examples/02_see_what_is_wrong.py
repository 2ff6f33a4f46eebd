# %% [markdown]
# # See what is wrong
#
# Labeling functions that look fine are often not. The nine below say from which package a docstring is; one of them is
# mistaken, one says what another says, and one has a typo. What shows it: tables, plots, a diagnosis in words,
# explanations, a comparison of label models, and a report in one file that one can send. Gold is looked at for 500 rows
# only, as one would have it.

# %%
import tempfile
from pathlib import Path

import numpy as np

import weaklab as wl
from weaklab import analysis, plots
from weaklab.datasets import load_docstrings
from weaklab.label_models import DawidSkene, LabelModel, WeightedVote

CLASSES = ["pandas", "scipy", "sklearn"]
train, _, _ = load_docstrings()
train = train[train["label"].isin(CLASSES)].sample(3000, random_state=0).reset_index(drop=True)
gold = train["label"].to_numpy(dtype=object, copy=True)  # what nobody has: looked at on 500 rows only
gold[500:] = None


def says(name, label, *keywords):
    """Vote where the docstring has one of these words."""
    return wl.keyword_lf(list(keywords), column="text", label=label, name=name)


lfs = [
    says("pandas", "pandas", "pandas", "pd", "DataFrame"),
    says("frames", "pandas", "DataFrame", "pd", "pandas", "Index"),  # says what the one above says
    says("calendar", "pandas", "Timestamp", "Timedelta", "DatetimeIndex"),
    says("scipy", "scipy", "scipy"),
    says("numerics", "scipy", "spline", "quadrature", "Jacobian", "sparse", "distribution", "optimize"),
    says("samples", "sklearn", "n_samples", "n_features", "random_state"),
    says("learning", "sklearn", "classifier", "regressor", "estimator", "clustering"),
    says("arrays", "pandas", "array-like", "array_like"),  # mistaken: scipy and sklearn write so
    says("misspelt", "sklearn", "scikit-lern"),  # finds nothing
]
votes = wl.apply(lfs, train, classes=CLASSES, progress=False)
model = wl.LabelModel(classes=CLASSES).fit(votes)
print(f"{len(train):,} docstrings, {(votes >= 0).any(axis=1).mean():.0%} with a vote")

# %% [markdown]
# ## At a glance
#
# The list of functions, one of them, some rows that it votes on, what all their votes do together, and the model. Each
# of these shows itself: as a card here, as text in a terminal.

# %%
wl.describe_lfs(lfs, classes=CLASSES)

# %%
lfs[7]

# %%
wl.preview(lfs[7], train, 3, columns=["text"])

# %%
wl.describe_votes(votes, classes=CLASSES)

# %%
model

# %% [markdown]
# ## In words
#
# The gravest first, each with what to do about it. Then the functions to mend, and rows that are worth a look.

# %%
model.diagnose(votes, gold)

# %%
wl.lfs_to_fix(model, votes, gold)

# %%
wl.rows_to_label(model, votes, 5, y=gold)

# %% [markdown]
# ## In tables
#
# What each function does, who agrees with whom, which can go, which combinations are frequent, and what each votes on
# rows of each class.

# %%
codes = np.array([-1 if label is None else CLASSES.index(label) for label in gold])
print(wl.summarize(votes, codes, model=model).to_string(float_format="{:.2f}".format))

# %%
wl.pairwise(votes, model).head()

# %%
wl.redundant_lfs(votes, model)

# %%
analysis.dependencies(votes, model)

# %%
wl.patterns(votes, model, gold, n=8)

# %%
wl.empirical_confusion(votes, gold, classes=CLASSES).loc["arrays"].round(2)

# %% [markdown]
# Where labels are wrong: rows by gold and label, the errors, rows with no vote and with conflicting ones, slices of the
# data, and whether votes changed between two parts of it.

# %%
known = codes >= 0
dev, dev_votes, dev_codes = train[known], votes[known], codes[known]
proba = model.predict_proba(dev_votes)
cells = wl.buckets(dev_codes, proba)
print({f"{CLASSES[y]} labelled {CLASSES[label]}": len(rows) for (y, label), rows in cells.items()})
wl.error_table(dev, dev_votes, proba, dev["label"], classes=CLASSES).head(3)

# %%
print(len(wl.uncovered(train, votes)), "rows without a vote,", len(wl.conflicts(train, votes)), "with conflicting ones")


@wl.slicing_function
def short(row):
    """Less than a line of text."""
    return len(row.text) < 80


print(f"{wl.slice_masks([short], train)['short'].mean():.0%} of all docstrings are short")
wl.slice_table(dev, [short], dev_codes, proba)

# %%
half = len(train) // 2
wl.drift(votes[:half], votes[half:])

# %% [markdown]
# What each function is worth and costs, what to write next, and what a mended function changes.

# %%
wl.assess_sources(votes, train, gold, classes=CLASSES).head(3)

# %%
wl.profile_lfs(lfs, train.head(200), classes=CLASSES).head(3)

# %%
wl.suggest_lfs(train, votes, gold, column="text", classes=CLASSES, n=3)

# %%
mended = [says("arrays", "pandas", "Index", "MultiIndex"), *lfs[:7], lfs[8]]
wl.diff(votes, wl.apply(mended, train, classes=CLASSES, progress=False), train, classes=CLASSES)

# %% [markdown]
# ## One row, and one function
#
# Why a row gets its label, in log-odds that add up, and what would change without a function.

# %%
row = votes.iloc[[(votes >= 0).sum(axis=1).argmax()]]
model.explain(row).round(2)

# %%
wl.influence(model, votes, gold, method="one-step").round(3)

# %% [markdown]
# ## Which label model?

# %%
table = wl.compare_label_models(votes, gold, [LabelModel, DawidSkene, WeightedVote], classes=CLASSES, progress=False)
table[["accuracy", "accuracy_low", "accuracy_high", "log_loss", "ece", "verdict"]].round(3)

# %% [markdown]
# ## In plots
#
# Each Display shows itself in a notebook; here they are drawn into files.

# %%
clf = wl.EndModel(column="text", max_epochs=3).fit(train, model.labels(votes))
clf

# %%
displays = [
    plots.VoteMatrixDisplay.from_votes(votes, classes=CLASSES),
    plots.CoverageDisplay.from_votes(votes),
    plots.AccuracyDisplay.from_estimator(model, votes, gold),
    plots.DependenceDisplay.from_votes(votes, model),
    plots.PosteriorDisplay.from_estimator(model, votes),
    plots.ReliabilityDisplay.from_estimator(model, votes, gold),
    plots.RiskCoverageDisplay.from_estimator(model, votes, gold),
    plots.ClassBalanceDisplay.from_estimator(model, gold),
    plots.ConvergenceDisplay.from_estimator(model),
    plots.ExplanationDisplay.from_estimator(model, row),
    plots.TrainingHistoryDisplay.from_estimator(clf),
    plots.ComparisonDisplay.from_table(
        table, score="accuracy", low="accuracy_low", high="accuracy_high", baseline="MajorityVote"
    ),
]
folder = Path(tempfile.mkdtemp())
for shown in displays:
    shown.figure_.savefig(folder / f"{type(shown).__name__}.png")
print(len(displays), "plots in", folder)
displays[2]

# %% [markdown]
# ## All of it in one file
#
# Open it in a browser: the table sorts and searches, rows open, and it needs no network.

# %%
path = wl.report(folder / "report.html", lfs, train, votes, model, clf, gold, title="Whose docstring is this?")
print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
