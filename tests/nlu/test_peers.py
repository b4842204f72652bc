"""The peers say what their own library would, and keep what they learned apart."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from tokenizers import Tokenizer

from nlu.modelfiles import SHIPPED
from nlu.peers.answering import answers
from nlu.peers.linear import characters
from nlu.teaching.progress import quiet
from nlu.teaching.views import at_most_so_many_steps

TEXTS = [
    "where is my parcel",
    "the parcel is late",
    "parcel again",
    "a refund please",
    "my refund",
    "refund it",
]
LABELS = ["parcel"] * 3 + ["refund"] * 3


def test_a_fit_that_ends_after_its_most_steps_warns_nobody() -> None:
    with at_most_so_many_steps():
        warnings.warn("not at the end yet", ConvergenceWarning, stacklevel=1)


def test_of_two_labels_the_margin_is_the_logit() -> None:
    said = answers(("no", "yes"), np.array([0.0, 2.0], np.float32))
    assert said.probabilities[:, 1].tolist() == pytest.approx([0.5, 1 / (1 + np.exp(-2))])
    assert said.probabilities.sum(1).tolist() == pytest.approx([1, 1])


def test_more_labels_are_taken_as_they_are() -> None:
    said = answers(("a", "b", "oos"), np.log(np.array([[0.2, 0.5, 0.3]], np.float32)))
    assert said.probabilities[0].tolist() == pytest.approx([0.2, 0.5, 0.3], abs=1e-6)
    assert said.out_of_scope.tolist() == pytest.approx([0.5], abs=1e-6)


def test_n_grams_are_as_sure_of_two_labels_as_scikit_learn() -> None:
    peer = characters().fit(TEXTS, LABELS)
    wanted = peer._model.predict_proba(peer._features.transform(TEXTS))
    np.testing.assert_allclose(peer.read(TEXTS).probabilities, wanted, atol=1e-5)


class _Loads:
    """A transformer of one small layer in place of the twelve, and how often it was loaded."""

    def __init__(self) -> None:
        self.tokenizer = Tokenizer.from_file(str(SHIPPED / "tokenizer.json"))
        self.tokenizers = self.encoders = 0

    def encoder(self) -> Any:
        from transformers import BertConfig, BertModel

        self.encoders += 1
        sizes = BertConfig(
            vocab_size=self.tokenizer.get_vocab_size(),
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
        )
        return BertModel(sizes, add_pooling_layer=False)

    def words(self) -> Tokenizer:
        self.tokenizers += 1
        return self.tokenizer


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> _Loads:
    pytest.importorskip("torch")
    from nlu.peers import deep

    loads = _Loads()
    monkeypatch.setattr(deep, "pretrained", loads.encoder)
    monkeypatch.setattr(deep, "_tokenizer", loads.words)
    return loads


def test_the_frozen_peer_is_as_sure_of_two_labels_as_scikit_learn(loads: _Loads, tmp_path: Path) -> None:
    from nlu.peers.deep import FrozenE5

    peer = FrozenE5(tmp_path, quiet).fit(TEXTS, LABELS)
    wanted = peer._model.predict_proba(peer._vectors(TEXTS))
    np.testing.assert_allclose(peer.read(TEXTS).probabilities, wanted, atol=1e-5)


def test_no_message_waits_for_the_encoder_though_the_vectors_are_kept(loads: _Loads, tmp_path: Path) -> None:
    from nlu.peers.deep import FrozenE5

    FrozenE5(tmp_path, quiet).fit(TEXTS, LABELS)
    peer = FrozenE5(tmp_path, quiet).fit(TEXTS, LABELS)
    before = loads.encoders, loads.tokenizers
    peer.read(TEXTS[:1])
    assert (loads.encoders, loads.tokenizers) == before


def test_weights_are_kept_by_seed_and_recipe(
    loads: _Loads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nlu.peers import deep

    trained: list[int] = []
    monkeypatch.setattr(deep.TunedE5, "_train", lambda self, *_: trained.append(self._seed))
    for seed in (0, 1, 0):
        peer = deep.TunedE5(tmp_path, quiet, seed).fit(TEXTS, LABELS)
    assert trained == [0, 1]
    before = loads.tokenizers
    peer.read(TEXTS[:1])
    assert loads.tokenizers == before
    monkeypatch.setattr(deep, "VERSION", "another")
    deep.TunedE5(tmp_path, quiet, 0).fit(TEXTS, LABELS)
    assert trained == [0, 1, 0]
