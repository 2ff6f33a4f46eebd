"""In the style of a recommendation tutorial: will a reader like a book? In parallel, through Dask."""

from __future__ import annotations

import numpy as np
import pandas as pd
from clock import end, step

with step("import"):
    from snorkel.labeling import LFAnalysis, labeling_function
    from snorkel.labeling.apply.dask import PandasParallelLFApplier
    from snorkel.labeling.model import LabelModel, MajorityLabelVoter
    from snorkel.preprocess import preprocessor

POSITIVE, NEGATIVE, ABSTAIN = 1, 0, -1
N_USERS, N_BOOKS, N = 300, 600, 12_000
rng = np.random.default_rng(0)
book_author, book_quality = rng.integers(120, size=N_BOOKS), rng.normal(size=N_BOOKS)
user_taste = rng.normal(size=(N_USERS, 120))
GOOD, BAD = ["loved it", "could not put it down", "a masterpiece"], ["boring", "gave up", "waste of time"]


def interactions(n):
    """A reader, a book, a review for some, and whether it was liked."""
    users, books = rng.integers(N_USERS, size=n), rng.integers(N_BOOKS, size=n)
    liking = book_quality[books] + user_taste[users, book_author[books]]
    liked = liking + rng.normal(size=n) > 0.3
    reviews = [
        "" if rng.random() < 0.6 else (GOOD if good == (rng.random() < 0.9) else BAD)[rng.integers(3)] for good in liked
    ]
    stars = np.clip(np.round(3 + book_quality[books] + 0.4 * rng.normal(size=n)), 1, 5)
    return pd.DataFrame({"user": users, "book": books, "review": reviews, "stars": stars, "liked": liked.astype(int)})


past, df_train, df_test = interactions(N), interactions(N), interactions(3000)
past = past.assign(author=book_author[past.book])
share = past.groupby(["user", "author"])["liked"].mean()
authors_liked = set(share[share > 0.5].index)
authors_disliked = set(share[share < 0.5].index)


@preprocessor()
def add_author(x):
    x.author = int(book_author[int(x.book)])
    return x


@labeling_function(resources={"authors_liked": authors_liked}, pre=[add_author])
def same_author_liked(x, authors_liked):
    return POSITIVE if (x.user, x.author) in authors_liked else ABSTAIN


@labeling_function(resources={"authors_disliked": authors_disliked}, pre=[add_author])
def same_author_disliked(x, authors_disliked):
    return NEGATIVE if (x.user, x.author) in authors_disliked else ABSTAIN


# str(): beside today's Dask, Snorkel's applier tries labeling functions on a row of missing cells first.
@labeling_function()
def good_words(x):
    return POSITIVE if any(word in str(x.review) for word in ("loved", "masterpiece", "put it down")) else ABSTAIN


@labeling_function()
def bad_words(x):
    return NEGATIVE if any(word in str(x.review) for word in ("boring", "gave up", "waste")) else ABSTAIN


@labeling_function()
def many_stars(x):
    return POSITIVE if x.stars >= 4 else ABSTAIN


@labeling_function()
def few_stars(x):
    return NEGATIVE if x.stars <= 2 else ABSTAIN


lfs = [same_author_liked, same_author_disliked, good_words, bad_words, many_stars, few_stars]
applier = PandasParallelLFApplier(lfs)


def main():
    with step("apply"):
        L_train = applier.apply(df_train, n_parallel=2, scheduler="threads")
        L_test = applier.apply(df_test, n_parallel=2, scheduler="threads")
    with step("analysis"):
        summary = LFAnalysis(L_train, lfs).lf_summary(df_train.liked.to_numpy())
    label_model = LabelModel(cardinality=2, verbose=False)
    with step("label model"):
        label_model.fit(L_train, n_epochs=5000, seed=123, log_freq=20, lr=0.01)
    Y_test = df_test.liked.to_numpy()
    metrics = ["accuracy", "f1", "roc_auc"]
    found = label_model.score(L_test, Y_test, metrics=metrics, tie_break_policy="random")
    voted = MajorityLabelVoter().score(L_test, Y_test, metrics=["accuracy"], tie_break_policy="random")
    end(
        majority=voted["accuracy"],
        label_model=found["accuracy"],
        label_model_f1=found["f1"],
        label_model_roc_auc=found["roc_auc"],
        votes=(L_train != ABSTAIN).sum(),
        accuracies=summary["Emp. Acc."].mean(),
    )


if __name__ == "__main__":
    main()
