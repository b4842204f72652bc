"""N-grams beside the sentence vector: each once, where it begins, and with a say that adds up exactly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.heads import Heads
from nlu.modelfiles import SHIPPED
from nlu.ngrams import BUCKETS, LONGEST, ngrams_of


@pytest.fixture(scope="module")
def heads() -> Heads:
    """The shipped heads, with n-grams that say something for each intent."""
    shipped = Heads.load(SHIPPED / "heads.npz")
    known = len(shipped.intents)
    numbers = np.random.default_rng(1).integers(-127, 128, (BUCKETS, known)).astype(np.int8)
    scale = np.linspace(0.01, 0.1, known).astype(np.float32)
    return replace(
        shipped, spelling_weight=numbers, spelling_scale=scale, spelling_bias=np.ones(known, np.float32)
    )


def _vector(heads: Heads) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.zeros(heads.mean.shape[0], np.float32)


@given(st.text(st.sampled_from("ab你 好"), max_size=30))
def test_each_ngram_counts_once_and_begins_inside_the_text(text: str) -> None:
    ngrams = ngrams_of(text)
    assert len(set(ngrams.buckets.tolist())) == len(ngrams.buckets)
    assert ngrams.buckets.size == 0 or 0 <= ngrams.buckets.min() <= ngrams.buckets.max() < BUCKETS
    assert all(0 <= start < len(text) for start in ngrams.starts)
    assert (ngrams.buckets.size == 0) == (not text.strip(" "))


def test_a_word_is_known_by_its_edges() -> None:
    assert set(ngrams_of("cat").buckets) != set(ngrams_of("acat").buckets)
    assert set(ngrams_of("cat").buckets) == set(ngrams_of("cat  cat").buckets)
    assert len(ngrams_of("你好").buckets) == len(
        {" 你好 "[i : i + n] for n in range(1, LONGEST + 1) for i in range(5 - n)}
    )


def test_long_texts_count_no_more_than_short_ones() -> None:
    for text in ("hi", "where is my parcel now please " * 3):
        ngrams = ngrams_of(text)
        assert np.isclose(len(ngrams.buckets) * ngrams.value**2, 1.0)


def test_the_parts_add_up_to_the_logits(heads: Heads) -> None:
    ngrams = ngrams_of("refund me")
    said = heads.ngram_logits(ngrams) - heads.spelling_bias
    assert np.allclose(
        heads.read(_vector(heads), ngrams).logits, heads.intent_bias + said + heads.spelling_bias, atol=1e-4
    )
    for intent in range(len(heads.intents)):
        beyond = heads.beyond_common(ngrams, intent)
        assert beyond.shape == (len(ngrams.buckets),)
        assert beyond.sum() == pytest.approx(said[intent] - said.mean(), abs=1e-4)


def test_an_intent_of_the_shops_own_has_no_ngrams(heads: Heads) -> None:
    wider = replace(
        heads,
        intents=(*heads.intents, "gift_wrap"),
        intent_weight=np.concatenate([heads.intent_weight, heads.intent_weight[:1]]),
        intent_bias=np.append(heads.intent_bias, np.float32(3.0)),
    )
    logits = wider.read(_vector(wider), ngrams_of("refund me")).logits
    assert logits[-1] == pytest.approx(3.0)
    assert np.allclose(logits[:-1], heads.read(_vector(heads), ngrams_of("refund me")).logits)


def test_heads_with_and_without_ngrams_are_read_back(heads: Heads, tmp_path: Path) -> None:
    none = np.zeros(0, np.float32)
    without = replace(
        heads, spelling_weight=np.zeros((0, 0), np.int8), spelling_scale=none, spelling_bias=none
    )
    for name, kept in (("with.npz", heads), ("without.npz", without)):
        kept.save(tmp_path / name)
        read = Heads.load(tmp_path / name)
        assert np.array_equal(read.spelling_weight, kept.spelling_weight)
        ngrams = ngrams_of("where is it")
        assert np.allclose(
            read.read(_vector(read), ngrams).logits, kept.read(_vector(kept), ngrams).logits, atol=0.02
        )
    assert np.allclose(without.read(_vector(without), ngrams_of("where")).logits, without.intent_bias)
