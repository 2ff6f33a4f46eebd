"""``weaklab demo``: the whole flow on real text that is on every machine."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

from weaklab.cli.answers import Answer, as_text, records
from weaklab.cli.options import add_command
from weaklab.cli.usage import UsageError
from weaklab.cli.writing import write_table

EXAMPLES = """\
  weaklab demo
  weaklab demo --out playground
"""
#: Fewer rows than that say little, and may lack a class.
FEWEST_ROWS = 500
#: Rows of gold that the results are judged by.
TEST_ROWS = 2000
#: Files that the texts are written to.
PARTS = 4
NEXT = """
Written: {parts} files of texts in {folder}/in, and {folder}/rules.py. Change a rule, and look again:
  weaklab summarize '{folder}/in/*.parquet' --lfs {folder}/rules.py --classes {classes} --gold package
"""


def add(commands: Any) -> None:
    """Add the parser of the command."""
    parser = add_command(
        commands,
        "demo",
        run,
        summary="label and classify docstrings of installed packages, without labels",
        description="Whose docstring is this? Take texts of numpy, pandas, scipy, scikit-learn and numba, run a dozen "
        "labeling functions over them, learn whom to trust, train a classifier on the result, and print how it does "
        "beside majority vote on texts that nobody trained on. Needs no network. The first run parses the packages.",
        examples=EXAMPLES,
    )
    parser.add_argument(
        "--rows", type=int, default=4000, metavar="N", help=f"texts to learn from, {FEWEST_ROWS} or more; default: 4000"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="also write the texts and the rules there, to try other commands on"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that are in FOLDER already")


def run(given: argparse.Namespace) -> Answer:
    """What ``weaklab demo`` does."""
    if given.rows < FEWEST_ROWS:
        raise UsageError(f"--rows {given.rows} must be {FEWEST_ROWS} or more.")
    if given.out is not None:
        _check_folder(given.out, given.overwrite)

    import weaklab as wl
    from weaklab.cli.demo_rules import CLASSES, lfs
    from weaklab.datasets import load_docstrings

    train, _, test = load_docstrings(progress=not given.quiet)
    train, test = train.head(given.rows), test.head(TEST_ROWS)
    progress = not given.quiet
    votes: Any = wl.apply(lfs, train, classes=CLASSES, cache=False, progress=progress)
    test_votes: Any = wl.apply(lfs, test, classes=CLASSES, cache=False, progress=progress)
    majority = wl.MajorityVote(classes=CLASSES).fit(votes)
    model = wl.LabelModel(classes=CLASSES).fit(votes)
    classifier = wl.EndModel(column="text", hidden=None).fit(train, model.labels(votes))
    covered = (test_votes >= 0).any(axis=1).to_numpy()
    scores = _scores(
        {
            "majority vote": majority.predict(test_votes),
            "label model": model.predict(test_votes),
            "end model on its labels": classifier.predict(test),
        },
        test["label"].to_numpy(),
        covered,
    )
    summary = wl.summarize(votes, classes=CLASSES).assign(learned=model.accuracies_)
    if given.out is not None:
        _write_playground(given.out, train)
    text = (
        f"{len(lfs)} labeling functions on {len(train):,} docstrings of five packages; no label was used.\n\n"
        f"{as_text(summary)}\n"
        f"Accuracy on {len(test):,} other docstrings, of which labeling functions cover {covered.mean():.1%}:\n\n"
        f"{as_text(scores)}"
    )
    if given.out is not None:
        text += NEXT.format(parts=PARTS, folder=given.out, classes=",".join(CLASSES))
    data = {
        "rows": len(train),
        "test_rows": len(test),
        "test_coverage": float(covered.mean()),
        "accuracy": records(scores, "of"),
        "labeling_functions": records(summary, "name"),
        "written": None if given.out is None else str(given.out),
    }
    return Answer(text, data)


def _scores(predicted: dict[str, Any], gold: Any, covered: Any) -> Any:
    """The accuracy of each on all rows and on those with votes."""
    import pandas as pd

    right = pd.DataFrame({name: classes == gold for name, classes in predicted.items()})
    return pd.DataFrame({"all rows": right.mean(), "covered rows": right[covered].mean()})


def _check_folder(folder: Path, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out {str(folder)!r} must be a folder, and is a file.")
    there = [name for name in ("in", "rules.py") if (folder / name).exists()]
    if there and not overwrite:
        raise UsageError(f"{str(folder / there[0])!r} is there already: give another --out, or --overwrite.")


def _write_playground(folder: Path, texts: Any) -> None:
    """The texts and the rules, for other commands."""
    from weaklab.cli import demo_rules

    (folder / "in").mkdir(parents=True, exist_ok=True)
    for part in range(PARTS):
        write_table(
            texts.iloc[part::PARTS].rename(columns={"label": "package"}), folder / "in" / f"part-{part}.parquet"
        )
    shutil.copyfile(demo_rules.__file__, folder / "rules.py")
