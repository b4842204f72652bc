"""What the pages are asked, and which of their passages is said."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from bot.conversation.skills.pages import answer_own, passage_for
from bot.conversation.turn import Turn
from nlu.types import Passage


class _Pages:
    def __init__(self, *pages: str) -> None:
        self.found = [
            Passage(page=page, title=page, text=f"about {page}", language="en", score=0.9) for page in pages
        ]
        self.asked: list[str] = []

    async def search(
        self, question: str, language: str, n: int = 3, at_least: float | None = None
    ) -> list[Passage]:
        self.asked.append(question)
        return self.found[:n]


def _turn(pages: _Pages) -> Turn:
    turn = SimpleNamespace(
        services=SimpleNamespace(reader=pages),
        understanding=SimpleNamespace(text="wrap it"),
        text="wrap it",
        language="en",
        intent="gift_wrap",
        memory=SimpleNamespace(settled=lambda: None),
    )
    return cast(Turn, turn)


@pytest.mark.parametrize(
    ("pages", "said"), [(("faq", "gift_wrap"), "about gift_wrap"), (("faq", "hours"), "about faq"), ((), "")]
)
async def test_an_own_intent_is_answered_by_its_page_and_read_once(pages: tuple[str, ...], said: str) -> None:
    asked = _Pages(*pages)
    answer = await answer_own(_turn(asked))
    assert answer.text == said
    assert (answer.hand_over is not None) == (not said)
    assert asked.asked == ["wrap it"]


async def test_another_question_may_be_asked_than_the_message() -> None:
    asked = _Pages("faq")
    assert await passage_for(_turn(asked), "how much?") == asked.found[0]
    assert asked.asked == ["how much?"]
