"""Texts are parsed once, in batches, and each row gets its own parse."""

import builtins

import pandas as pd
import pytest

from weaklab.apply import apply
from weaklab.exceptions import FaultWarning, MissingExtraError, ParameterError
from weaklab.labeling import labeling_function, preprocessor, spacy_preprocessor

FRAME = pd.DataFrame({"text": ["win a car", None, "hello", "free money now"] * 600})


class Words:
    """Splits at blanks, as a pipeline would be called."""

    def __init__(self):
        self.batches = []

    def pipe(self, texts, batch_size, disable):
        texts = list(texts)
        self.batches.append((len(texts), batch_size, tuple(disable)))
        for text in texts:
            if text == "bad":
                raise ValueError("cannot parse this")
            yield text.split()


def lfs_of(parsed):
    first = labeling_function(name="first", pre=[parsed])(lambda row: None if row.doc is None else len(row.doc) % 2)
    other = labeling_function(name="other", pre=[parsed])(lambda row: int(row.doc is not None and row.doc[0] == "win"))
    return [first, other]


def run(lfs, frame=FRAME, **options):
    return apply(lfs, frame, progress=False, cache=False, **options)


def test_each_text_is_parsed_once_in_chunks():
    """Two functions, three chunks of at most 1,024 rows, the missing ones left out."""
    nlp = Words()
    votes = run(lfs_of(spacy_preprocessor(nlp, disable=["ner"], batch_size=64)))
    assert votes["first"].tolist() == [1, -1, 1, 1] * 600
    assert votes["other"].tolist() == [1, 0, 0, 0] * 600
    assert nlp.batches == [(768, 64, ("ner",)), (768, 64, ("ner",)), (264, 64, ("ner",))]


def test_a_text_that_cannot_be_parsed_fails_alone():
    """One bad text of a batch is one bad row, and so is a number where text belongs."""
    frame = pd.DataFrame({"text": ["a b", "bad", 3, "c"]})
    nlp = Words()
    with pytest.warns(FaultWarning):
        votes = run(lfs_of(spacy_preprocessor(nlp)), frame, on_error="abstain")
    assert votes["first"].tolist() == [0, -1, -1, 1]
    assert votes.attrs["faults"]["first"].rows == (1, 2)
    assert "cannot parse this" in votes.attrs["faults"]["first"].traceback
    assert len(nlp.batches) < 10  # the batch once, then rows by themselves, for each function


def test_after_another_preprocessor_it_reads_what_that_made():
    """Rows of their own are parsed one by one."""

    @preprocessor
    def shout(row):
        return {"text": f"win {row.text}"}

    parsed = spacy_preprocessor(Words())
    lf = labeling_function(name="lf", pre=[shout, parsed])(lambda row: int(row.doc[0] == "win"))
    assert run([lf], FRAME.iloc[:50])["lf"].all()


def test_several_processes_parse_the_same():
    """Each with a pipeline of its own."""
    lfs = lfs_of(spacy_preprocessor(Words()))
    pd.testing.assert_frame_equal(run(lfs, n_jobs=2), run(lfs))


def test_a_blank_pipeline_of_spacy(tmp_path):
    """The real thing, object or path, reused and in processes."""
    spacy = pytest.importorskip("spacy")
    nlp = spacy.blank("en")
    nlp.to_disk(tmp_path / "model")
    for given in (nlp, str(tmp_path / "model")):
        lf = labeling_function(name="lf", pre=[spacy_preprocessor(given)])(
            lambda row: None if row.doc is None else int(row.doc[0].lower_ == "win")
        )
        votes = apply([lf], FRAME, progress=False, cache=tmp_path / "votes")
        assert votes["lf"].tolist() == [1, -1, 0, 0] * 600
        assert apply([lf], FRAME, progress=False, cache=tmp_path / "votes").attrs["reused"] == ("lf",)
    assert run([lf], n_jobs=2).equals(votes)


def test_a_missing_spacy_says_what_to_install(monkeypatch):
    """Only a name needs spaCy; an object brings itself."""
    real = builtins.__import__

    def without(name, *more):
        if name == "spacy":
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r'pip install "weaklab\[nlp\]"'):
        spacy_preprocessor("en_core_web_sm")
    assert spacy_preprocessor(Words())({"text": "a b"}).doc == ["a", "b"]


@pytest.mark.parametrize(
    ("arguments", "says"), [({"nlp": 3}, "no method pipe"), ({"disable": "ner"}, "list"), ({"batch_size": 0}, "from 1")]
)
def test_arguments_are_checked(arguments, says):
    """When it is made, not in the middle of a run."""
    with pytest.raises(ParameterError, match=says):
        spacy_preprocessor(**{"nlp": Words(), **arguments})
