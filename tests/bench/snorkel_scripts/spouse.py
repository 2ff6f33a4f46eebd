"""In the style of a relation tutorial: do two people in a sentence say that they are married? On generated sentences.

Labeling functions with resources (a list of known couples), preprocessors in a chain, an uneven balance, and the
5,000 epochs of the tutorial.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from clock import end, step

with step("import"):
    from snorkel.analysis import metric_score
    from snorkel.labeling import LFAnalysis, PandasLFApplier, labeling_function
    from snorkel.labeling.model import LabelModel, MajorityLabelVoter
    from snorkel.preprocess import preprocessor
    from snorkel.utils import probs_to_preds

POSITIVE, NEGATIVE, ABSTAIN = 1, 0, -1
FIRST = "Ann Ben Cara Dan Eva Finn Gina Hugo Ida Jon Kim Lea Max Nora Olaf Pia".split()  # noqa: SIM905
LAST = "Adler Brook Cole Dorn Eck Frey Gold Hart Iver Jung Kern Lang Moor Nash Orth Penn".split()  # noqa: SIM905
MARRIED = ["{a} and his wife {b} came", "{a} married {b} in June", "{a}, husband of {b}, spoke", "{a} and {b} wed"]
MAYBE = ["{a} and {b} bought a house", "{a} danced with {b}", "the children of {a} and {b} sang"]
OTHERS = [
    *("{a} met his boss {b} at work", "{a}, brother of {b}, won", "{a} and his mother {b} left"),
    *("{a} dated {b} for a year", "{a} sued {b} over a fence", "{a} works with {b}"),
    "{a} asked the wife of {b} to help",
]


def sentences(n, seed):
    """Candidates: a sentence, two names, and whether they are married."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        spouses = rng.random() < 0.2
        a, b = (f"{FIRST[rng.integers(16)]} {LAST[rng.integers(16)]}" for _ in range(2))
        if spouses and rng.random() < 0.6:
            b = f"{b.split()[0]} {a.split()[1]}"
        kinds = MARRIED if spouses and rng.random() < 0.7 else MAYBE if rng.random() < 0.4 else OTHERS
        text = kinds[rng.integers(len(kinds))].format(a=a, b=b)
        rows.append({"sentence": f"Last week {text}, it was said.", "a": a, "b": b, "label": int(spouses)})
    return pd.DataFrame(rows)


df_train, df_test = sentences(5000, 0), sentences(2000, 1)
spouses = df_train[df_train.label == POSITIVE].sample(150, random_state=0)
known_spouses = set(zip(spouses.a, spouses.b, strict=True))


@preprocessor()
def get_between(x):
    start, stop = x.sentence.index(x.a) + len(x.a), x.sentence.rindex(x.b)
    x.between = x.sentence[start:stop]
    return x


@preprocessor(pre=[get_between])
def get_words(x):
    x.words = set(re.findall(r"\w+", x.between.lower()))
    return x


@preprocessor()
def get_last_names(x):
    x.last_names = (x.a.split()[-1], x.b.split()[-1])
    return x


@labeling_function(pre=[get_words], resources={"spouses": {"wife", "husband", "married", "spouse"}})
def lf_spouse_word(x, spouses):
    return POSITIVE if spouses & x.words else ABSTAIN


@labeling_function(pre=[get_words], resources={"family": {"brother", "sister", "mother", "father"}})
def lf_family_word(x, family):
    return NEGATIVE if family & x.words else ABSTAIN


@labeling_function(pre=[get_words], resources={"other": {"boss", "works", "sued", "dated", "met"}})
def lf_other_relation(x, other):
    return NEGATIVE if other & x.words else ABSTAIN


@labeling_function(pre=[get_last_names])
def lf_same_last_name(x):
    return POSITIVE if x.last_names[0] == x.last_names[1] else ABSTAIN


@labeling_function()
def lf_wed(x):
    return POSITIVE if re.search(r"\b(wed|children)\b", x.sentence) else ABSTAIN


@labeling_function(pre=[get_between])
def lf_far_apart(x):
    return NEGATIVE if len(x.between.split()) > 3 else ABSTAIN


@labeling_function(resources={"known_spouses": known_spouses})
def lf_known_couple(x, known_spouses):
    return POSITIVE if (x.a, x.b) in known_spouses or (x.b, x.a) in known_spouses else ABSTAIN


lfs = [
    *(lf_spouse_word, lf_family_word, lf_other_relation, lf_same_last_name, lf_wed, lf_far_apart, lf_known_couple),
]
applier = PandasLFApplier(lfs)
with step("apply"):
    L_train, L_test = applier.apply(df_train, progress_bar=False), applier.apply(df_test, progress_bar=False)
Y_test = df_test.label.to_numpy()
with step("analysis"):
    accuracies = LFAnalysis(L_test, lfs).lf_summary(Y_test)["Emp. Acc."]

label_model = LabelModel(cardinality=2, verbose=False)
with step("label model"):
    label_model.fit(L_train, Y_dev=Y_test, n_epochs=5000, log_freq=500, seed=12345)
    probs = label_model.predict_proba(L_test)
preds = probs_to_preds(probs)
voted = MajorityLabelVoter().predict(L_test, tie_break_policy="random")

end(
    majority_f1=metric_score(Y_test, voted, metric="f1"),
    label_model_f1=metric_score(Y_test, preds, probs=probs, metric="f1"),
    label_model_roc_auc=metric_score(Y_test, preds, probs=probs, metric="roc_auc"),
    votes=(L_train != ABSTAIN).sum(),
    accuracies=accuracies.mean(),
)
