"""In the style of a spam tutorial: which of two libraries is a docstring from? Words, patterns, a preprocessor.

The argument is a CSV file of docstrings: text, label (0, 1), and split ("train", "test").
"""

from __future__ import annotations

import re
import sys

import pandas as pd
from clock import end, step

with step("import"):
    from snorkel.analysis import Scorer, get_label_buckets
    from snorkel.labeling import (
        LabelingFunction,
        LFAnalysis,
        PandasLFApplier,
        filter_unlabeled_dataframe,
        labeling_function,
    )
    from snorkel.labeling.model import LabelModel, MajorityLabelVoter
    from snorkel.preprocess import preprocessor
    from snorkel.utils import probs_to_preds

ABSTAIN, NUMPY, PANDAS = -1, 0, 1

frame = pd.read_csv(sys.argv[1])
df_train, df_test = (frame[frame.split == part].reset_index(drop=True) for part in ("train", "test"))
Y_test = df_test.label.to_numpy()


def keyword_lookup(x, keywords, label):
    return label if any(word in x.text.lower() for word in keywords) else ABSTAIN


def make_keyword_lf(keywords, label):
    return LabelingFunction(
        name=f"keyword_{keywords[0]}", f=keyword_lookup, resources={"keywords": keywords, "label": label}
    )


@labeling_function()
def says_frame(x):
    return PANDAS if re.search(r"dataframe|series", x.text, flags=re.IGNORECASE) else ABSTAIN


@labeling_function()
def says_ndarray(x):
    return NUMPY if re.search(r"\bndarray|array_like", x.text) else ABSTAIN


@preprocessor(memoize=True)
def count_words(x):
    x.n_words = len(x.text.split())
    return x


@labeling_function(pre=[count_words])
def is_short(x):
    return PANDAS if x.n_words < 25 else ABSTAIN


lfs = [
    says_frame,
    says_ndarray,
    is_short,
    make_keyword_lf(["ufunc", "broadcast"], NUMPY),
    make_keyword_lf(["polynomial", "coefficients", "chebyshev"], NUMPY),
    make_keyword_lf(["dtype=", "np."], NUMPY),
    make_keyword_lf(["index", "column"], PANDAS),
    make_keyword_lf(["period", "timestamp", "timedelta"], PANDAS),
    make_keyword_lf(["extension", "categorical"], PANDAS),
]

applier = PandasLFApplier(lfs=lfs)
with step("apply"):
    L_train = applier.apply(df=df_train, progress_bar=False)
    L_test = applier.apply(df=df_test, progress_bar=False)
with step("analysis"):
    summary = LFAnalysis(L=L_train, lfs=lfs).lf_summary()

majority_model = MajorityLabelVoter()
label_model = LabelModel(cardinality=2, verbose=False)
with step("label model"):
    label_model.fit(L_train=L_train, n_epochs=500, log_freq=100, seed=123)
    probs_train = label_model.predict_proba(L=L_train)
majority = majority_model.score(L=L_test, Y=Y_test, tie_break_policy="random")["accuracy"]
learned = label_model.score(L=L_test, Y=Y_test, tie_break_policy="random")["accuracy"]

df_filtered, probs_filtered = filter_unlabeled_dataframe(X=df_train, y=probs_train, L=L_train)
preds_filtered = probs_to_preds(probs=probs_filtered)

with step("end model"):
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    vectorizer = CountVectorizer(ngram_range=(1, 2), min_df=3)
    X_train = vectorizer.fit_transform(df_filtered.text.tolist())
    classifier = LogisticRegression(C=1e3, solver="liblinear", random_state=0).fit(X_train, preds_filtered)
    preds_test = classifier.predict(vectorizer.transform(df_test.text.tolist()))
end_model = Scorer(metrics=["accuracy", "f1"]).score(Y_test, preds_test)
buckets = get_label_buckets(Y_test, preds_test)

end(
    majority=majority,
    label_model=learned,
    end_model=end_model["accuracy"],
    end_model_f1=end_model["f1"],
    votes=(L_train != ABSTAIN).sum(),
    coverage=summary["Coverage"].mean(),
    errors=sum(len(rows) for (gold, said), rows in buckets.items() if gold != said),
)
