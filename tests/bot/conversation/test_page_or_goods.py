"""Whether a message is for the pages or about goods is weighed by what it comes nearest to on either side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import cast

import pytest

from bot.conversation.memory import Memory
from bot.conversation.services import Reader
from bot.conversation.skills import page_or_goods
from bot.conversation.turn import Turn
from nlu.products.needs import Need
from nlu.products.searching import Found
from nlu.types import Language, Passage
from tests.fakes import ScriptedUnderstander, means

ENTRY = Passage(
    page="sizes", title="Between two sizes?", text="Take the larger one.", language="en", score=0.8
)


@dataclass(frozen=True)
class _Near:
    """Finds one entry with a chance, and one product so near."""

    chance: float
    goods: float

    async def search(
        self, question: str, language: str, n: int = 3, before: str = "", at_least: float | None = None
    ) -> list[Passage]:
        return [replace(ENTRY, score=self.chance)]

    async def search_goods(self, need: Need, language: Language, n: int) -> list[Found]:
        return [Found("p1", 1.0, True, near=self.goods)]


def _turn(
    near: _Near,
    *,
    said: str = "between two sizes",
    memory: Memory | None = None,
    intent: str = "product_search",
) -> Turn:
    turn = SimpleNamespace(
        text="between two sizes",
        said=said,
        language="en",
        memory=memory or Memory(),
        understanding=ScriptedUnderstander({"between two sizes": means(intent)}).understand(
            ["between two sizes"]
        )[0],
        services=SimpleNamespace(reader=cast(Reader, near)),
    )
    return cast(Turn, turn)


async def test_the_nearer_an_entry_and_the_farther_goods_the_rather_is_it_for_the_pages() -> None:
    chances = [
        await page_or_goods.of_pages(_turn(_Near(chance, goods)))
        for chance, goods in ((0.01, 0.8), (0.9, 0.8), (0.9, 0.2))
    ]
    assert chances == sorted(one for one in chances if one is not None)
    assert chances[0] is not None
    assert chances[0] < page_or_goods.HARDLY
    assert chances[-1] is not None
    assert chances[-1] > page_or_goods.RATHER


@pytest.mark.parametrize(
    "turn",
    [
        _turn(_Near(0.9, 0.0)),
        _turn(_Near(0.9, 0.5), said="between two sizes. and the price?"),
        _turn(_Near(0.9, 0.5), memory=Memory().about_product("p1")),
    ],
    ids=["goods are found by words alone", "a part of a message", "a product is spoken of"],
)
async def test_what_may_lean_on_something_else_is_not_judged(turn: Turn) -> None:
    assert await page_or_goods.of_pages(turn) is None


async def test_what_is_read_as_for_the_pages_may_be_about_goods() -> None:
    near = _Near(0.01, 0.9)
    assert await page_or_goods.rather_goods(_turn(near, intent="usage_help"), "usage_help")
    assert not await page_or_goods.rather_goods(_turn(near, intent="usage_help"), "return_request")
    assert not await page_or_goods.rather_goods(_turn(_Near(0.9, 0.1), intent="usage_help"), "usage_help")
