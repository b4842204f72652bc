"""The baselines say what their own library would, and keep what they learned apart."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from tokenizers import Tokenizer

from kernel.console import quiet
from nlu.modelfiles import SHIPPED
from nlu.workshop.baselines import characters
from nlu.workshop.classifier import at_most_so_many_steps, predictions

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
    said = predictions(("no", "yes"), np.array([0.0, 2.0], np.float32))
    assert said.probabilities[:, 1].tolist() == pytest.approx([0.5, 1 / (1 + np.exp(-2))])
    assert said.probabilities.sum(1).tolist() == pytest.approx([1, 1])


def test_more_labels_are_taken_as_they_are() -> None:
    said = predictions(("a", "b", "oos"), np.log(np.array([[0.2, 0.5, 0.3]], np.float32)))
    assert said.probabilities[0].tolist() == pytest.approx([0.2, 0.5, 0.3], abs=1e-6)
    assert said.out_of_scope.tolist() == pytest.approx([0.5], abs=1e-6)


def test_n_grams_are_as_sure_of_two_labels_as_scikit_learn() -> None:
    baseline = characters().fit(TEXTS, LABELS)
    wanted = baseline._model.predict_proba(baseline._features.transform(TEXTS))
    np.testing.assert_allclose(baseline.predict(TEXTS).probabilities, wanted, atol=1e-5)


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
    from nlu.workshop.training import e5_baselines

    loads = _Loads()
    monkeypatch.setattr(e5_baselines, "full_encoder", loads.encoder)
    monkeypatch.setattr(e5_baselines, "_tokenizer", loads.words)
    return loads


def test_the_frozen_baseline_is_as_sure_of_two_labels_as_scikit_learn(loads: _Loads, tmp_path: Path) -> None:
    from nlu.workshop.training.e5_baselines import FrozenE5

    baseline = FrozenE5(tmp_path, quiet).fit(TEXTS, LABELS)
    wanted = baseline._model.predict_proba(baseline._vectors(TEXTS))
    np.testing.assert_allclose(baseline.predict(TEXTS).probabilities, wanted, atol=1e-5)


def test_no_message_waits_for_the_encoder_though_the_vectors_are_kept(loads: _Loads, tmp_path: Path) -> None:
    from nlu.workshop.training.e5_baselines import FrozenE5

    FrozenE5(tmp_path, quiet).fit(TEXTS, LABELS)
    baseline = FrozenE5(tmp_path, quiet).fit(TEXTS, LABELS)
    before = loads.encoders, loads.tokenizers
    baseline.predict(TEXTS[:1])
    assert (loads.encoders, loads.tokenizers) == before


def test_weights_are_kept_by_seed_and_recipe(
    loads: _Loads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nlu.workshop.training import e5_baselines

    trained: list[int] = []
    monkeypatch.setattr(e5_baselines.FinetunedE5, "_train", lambda self, *_: trained.append(self._seed))
    for seed in (0, 1, 0):
        baseline = e5_baselines.FinetunedE5(tmp_path, quiet, seed).fit(TEXTS, LABELS)
    assert trained == [0, 1]
    before = loads.tokenizers
    baseline.predict(TEXTS[:1])
    assert loads.tokenizers == before
    monkeypatch.setattr(e5_baselines, "VERSION", "another")
    e5_baselines.FinetunedE5(tmp_path, quiet, 0).fit(TEXTS, LABELS)
    assert trained == [0, 1, 0]
