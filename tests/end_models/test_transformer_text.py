"""Texts through a transformer: a tiny random BERT, built here and offline."""

from __future__ import annotations

import socket
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from weaklab.end_models import EndModel, TransformerText
from weaklab.exceptions import MissingExtraError, ParameterError

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "free", "money", "lunch", "at", "noon", "now", "the"]
TEXTS = ["free money now", "lunch at noon", "the free money", "the lunch", "money", "noon the lunch at"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model with 2 layers of 16 units and a vocabulary of 12 words, saved as any model is."""
    transformers = pytest.importorskip("transformers")
    place = tmp_path_factory.mktemp("bert")
    (place / "vocab.txt").write_text("\n".join(WORDS))
    transformers.BertTokenizer(str(place / "vocab.txt")).save_pretrained(place)
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    transformers.BertModel(config).save_pretrained(place)
    return place


def test_neither_batches_nor_order_nor_padding_show(folder):
    """A text means the same whatever stands beside it."""
    whole = TransformerText(str(folder))(TEXTS)
    assert whole.shape == (6, 16)
    assert whole.dtype == np.float32
    single = np.concatenate([TransformerText(folder, batch_size=1)([text]) for text in TEXTS])
    np.testing.assert_allclose(whole, single, atol=1e-5)
    np.testing.assert_allclose(TransformerText(folder, batch_size=2)(TEXTS[::-1]), whole[::-1], atol=1e-5)
    first = TransformerText(folder, pooling="first")(TEXTS)
    assert not np.allclose(first, whole, atol=1e-3)
    cut = TransformerText(folder, max_length=3)(["money free now"])
    np.testing.assert_allclose(cut, TransformerText(folder)(["money"]), atol=1e-5)


def test_a_loaded_model_is_left_as_it_was(folder):
    """Its mode is the caller's affair."""
    import transformers

    model = transformers.AutoModel.from_pretrained(folder).train()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    out = TransformerText(model, tokenizer)(TEXTS)
    np.testing.assert_allclose(out, TransformerText(folder)(TEXTS), atol=1e-6)
    assert model.training
    assert repr(TransformerText(model, tokenizer)) == "TransformerText(BertModel, pooling='mean', max_length=256)"
    assert np.isfinite(TransformerText(folder)(["", None, float("nan")])).all()


def test_an_end_model_learns_on_top(folder):
    """Frame in, classes out; the plan says what encoded the column."""
    frame = pd.DataFrame({"text": TEXTS * 20, "label": ["spam", "ham", "spam", "ham", "spam", "ham"] * 20})
    model = EndModel(column="text", encode=TransformerText(folder), hidden=None, learning_rate=0.05)
    model.fit(frame, frame["label"])
    assert model.score(frame, frame["label"]) > 0.95
    assert model.features_.table().loc[0, "detail"].startswith("TransformerText")
    assert model.predict(frame[:0]).shape == (0,)


def test_what_cannot_be_loaded_is_refused(folder, tmp_path):
    """An empty folder, and a model without its tokenizer."""
    with pytest.raises(ParameterError, match="holds no AutoModel"):
        TransformerText(tmp_path)
    with pytest.raises(ParameterError, match="needs its tokenizer"):
        TransformerText(torch.nn.Linear(1, 1))


def test_the_tests_ask_no_hub(monkeypatch):
    """A name that is no folder is looked for on the hub; here, offline, that is an error and no call."""
    pytest.importorskip("transformers")

    def call(*args, **kwargs):
        raise AssertionError(f"called out: {args}")

    monkeypatch.setattr(socket.socket, "connect", call)
    monkeypatch.setattr(socket, "getaddrinfo", call)
    with pytest.raises(ParameterError, match="'weaklab/not-there' holds no AutoModel"):
        TransformerText("weaklab/not-there")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pooling": "men"}, r"pooling='men' is not known\. Did you mean 'mean'"),
        ({"max_length": 0}, "max_length=0"),
        ({"batch_size": 1.5}, r"batch_size=1\.5"),
        ({"device": "cuda:7"}, "CUDA cards"),
    ],
)
def test_arguments_out_of_range_are_refused(options, message):
    """Before anything is loaded."""
    with pytest.raises(ParameterError, match=message):
        TransformerText("anything", **options)


def test_the_extra_is_named_where_it_is_missing(monkeypatch):
    """As for every optional package."""
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtraError, match=r'pip install "weaklab\[hf\]"'):
        TransformerText("anything")
