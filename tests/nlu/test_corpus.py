"""The corpus: enough of every intent, every line by itself, and nothing of what is held out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pytest
import scipy.sparse

from nlu.datafiles import read_table
from nlu.intents import INTENTS, SENTIMENTS
from nlu.normalise import model_text, normalise
from nlu.workshop.datasets import CORPUS, Example, held_out, own_corpus, sentiment_corpus
from nlu.workshop.training.augmentation import is_chinese, joinable

ENOUGH = 60
TOO_ALIKE = 0.8
"""Share of character n-grams that two messages have in common (Jaccard)."""
GRAM = {"zh": 2, "en": 3}
_NO_WORD = re.compile(r"[\W_]+")

FEWEST_OPINIONS = {"zh": 180, "en": 800}


def opinions(language: str) -> list[Example]:
    """Our opinions without a request, in one language."""
    return [example for example in sentiment_corpus() if is_chinese(example.text) == (language == "zh")]


def grams(text: str, length: int) -> set[str]:
    """Character n-grams of what is left without spaces, punctuation and emoji; case and script folded."""
    bare = _NO_WORD.sub("", model_text(normalise(text).text))
    return {f"^{bare}$"[i : i + length] for i in range(len(bare) + 3 - length)} if bare else set()


def alike(left: Sequence[str], right: Sequence[str], length: int) -> Iterable[tuple[int, int]]:
    """Pairs of positions whose messages are near-duplicates."""
    seen: dict[str, int] = {}
    first, second = (_matrix(texts, length, seen) for texts in (left, right))
    shared = (_padded(first, len(seen)) @ _padded(second, len(seen)).T).tocoo()
    sizes = [np.diff(matrix.indptr) for matrix in (first, second)]
    share = shared.data / (sizes[0][shared.row] + sizes[1][shared.col] - shared.data)
    close = share >= TOO_ALIKE
    return zip(shared.row[close].tolist(), shared.col[close].tolist(), strict=True)


def _matrix(texts: Sequence[str], length: int, seen: dict[str, int]) -> scipy.sparse.csr_matrix:
    columns, starts = [], [0]
    for text in texts:
        columns += [seen.setdefault(gram, len(seen)) for gram in grams(text, length)]
        starts.append(len(columns))
    return scipy.sparse.csr_matrix(
        (np.ones(len(columns), np.float32), columns, starts), shape=(len(texts), len(seen))
    )


def _padded(matrix: scipy.sparse.csr_matrix, width: int) -> scipy.sparse.csr_matrix:
    return scipy.sparse.csr_matrix(
        (matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], width)
    )


def test_near_duplicates_are_found() -> None:
    messages = ["收不到验证码", "where is my parcel", "收不到驗證碼！", "Where is my parcel??", "退货要多久"]
    found = {pair for n in GRAM.values() for pair in alike(messages, messages, n) if pair[0] < pair[1]}
    assert found == {(0, 2), (1, 3)}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_corpus_has_every_intent_with_enough_messages(language: str) -> None:
    counts = Counter(example.intent for example in own_corpus(language))
    assert set(counts) == set(INTENTS)
    assert min(counts.values()) >= ENOUGH


@pytest.mark.parametrize("language", ["zh", "en"])
def test_opinions_praise_and_blame_alike(language: str) -> None:
    found = opinions(language)
    counts = Counter(example.sentiment for example in found)
    assert set(counts) == set(SENTIMENTS)
    assert len(found) >= FEWEST_OPINIONS[language]
    assert min(counts.values()) >= len(found) / 10
    assert abs(counts["positive"] - counts["negative"]) <= len(found) / 20
    # Length must not tell praise from blame.
    lengths = {
        feeling: float(np.median([len(example.text) for example in found if example.sentiment == feeling]))
        for feeling in ("positive", "negative")
    }
    assert lengths["positive"] == pytest.approx(lengths["negative"], rel=0.25)


def test_opinions_name_their_language_and_no_intent() -> None:
    rows = read_table(CORPUS / "feelings.tsv", ["text", "sentiment", "language"])
    assert {row["language"] for row in rows} == {"en", "zh"}
    assert not [row for row in rows if is_chinese(row["text"]) != (row["language"] == "zh")]
    assert not [example for example in sentiment_corpus() if example.intents is not None]
    assert joinable(sentiment_corpus()) == {True: [], False: []}


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_message_is_written_twice(language: str) -> None:
    texts = [example.text for example in [*own_corpus(language), *opinions(language)]]
    pairs = [(texts[i], texts[j]) for i, j in alike(texts, texts, GRAM[language]) if i < j]
    assert not pairs


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("part", ["dev", "test", "later", "commands"])
def test_what_is_held_out_is_not_trained_on(language: str, part: str) -> None:
    trained = [example.text for example in [*own_corpus(language), *opinions(language)]]
    kept = [example.text for example in held_out(part, language)]
    assert kept
    # Only our side is shown: nobody should read the test part.
    assert not [trained[i] for i, _ in alike(trained, kept, GRAM[language])]
