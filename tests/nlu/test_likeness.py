"""How near texts are to a question, seen from the middle of their language."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

import nlu
from kernel.arrays import Floats32
from nlu.likeness import Likeness, embedding_of


class _Embed:
    """One direction for all texts of the corpus, and others for some words."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> Floats32:
        self.asked += texts
        vectors = {"weigh": [1, 1, 0], "Weight": [1, 1, 0], "Colour": [1, 0, 1]}
        return np.array([vectors.get(text, [1, 0, 0]) for text in texts], np.float32)


def test_what_all_texts_share_counts_for_nothing() -> None:
    near, far = Likeness(_Embed()).to("weigh", ["Weight", "Colour"], "en")
    assert near == pytest.approx(1.0)
    assert far == pytest.approx(0.0)


def test_a_name_is_read_once_and_no_names_are_not_compared() -> None:
    embed = _Embed()
    likeness = Likeness(embed)
    assert likeness.to("weigh", [], "en") == []
    assert not embed.asked
    likeness.to("weigh", ["Weight"], "en")
    likeness.to("heavy", ["Weight"], "en")
    assert embed.asked.count("Weight") == 1


@pytest.mark.parametrize(
    ("language", "question", "names", "nearest"),
    [
        ("en", "is it waterproof", ["Warranty", "Water resistance", "Colour"], 1),
        ("zh", "能扔洗衣机洗吗", ["面料", "版型", "洗涤"], 2),
    ],
)
def test_the_shipped_model_knows_what_a_question_is_of(
    language: nlu.types.Language, question: str, names: list[str], nearest: int
) -> None:
    found = Likeness(embedding_of(nlu.load())).to(question, names, language)
    assert found.index(max(found)) == nearest
