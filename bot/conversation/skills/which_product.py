"""Which product is meant: named, pressed, a place in the list on the screen, or spoken of before."""

from __future__ import annotations

import re

from bot.conversation.messages import Button, Card
from bot.conversation.skills import fallback
from bot.conversation.turn import Turn, row
from nlu.types import EntityKind
from storage.catalogue import Catalogue, Product

FEW = 5
"""From here down the stock is said as a number."""

_CLEAR_SCORE = 0.6
_EMPTY = """
的 了 吗 呢 啊 吧 呀 有 没有 有没有 卖 你们 我 想 要 买 想要 想买 找 个 一个 一款
款 请问 那 这 是 不 什么 怎么 多少 钱 可以 能 帮 给 看看 推荐 商品 东西 产品 还 在
和 就 也 店 店里 家 下 几 一下 哪 哪些 哪里 多少钱 价格 便宜 适合 好 送 用 一 您
您好 你好 这个 那个 库存 现货 货 有货 来 点 些 最近 今天
a an the do does you your have got any sell i i'm im am me my is are it its of for to in on with
what which how much many can could would like want looking look need find buy something anything
some please that this one there stock available price cost and or at as be will hi hello recommend
suggest show get good best nice gift under than less more
"""
_EMPTY_WORDS = frozenset(_EMPTY.split())
_LIMIT = re.compile(
    r"(?:¥|￥|\$|£|€)?\s*(\d+(?:\.\d+)?)\s*(?:元|块|yuan|rmb|pounds?|dollars?)?\s*(?:以内|以下|之内|内)"
    r"|(?:under|below|less than|up to|within)\s*(?:¥|￥|\$|£|€)?\s*(\d+(?:\.\d+)?)",
    re.IGNORECASE,
)


async def spoken_of(turn: Turn) -> Product | None:
    """The product a message is about, or None. Inactive ones count: that they are gone is worth saying."""
    catalogue = Catalogue(turn.connection)
    if turn.argument:
        return await catalogue.get(turn.argument)
    entity = turn.understanding.first(EntityKind.PRODUCT) if turn.understanding is not None else None
    if entity is not None and entity.score >= _CLEAR_SCORE:
        named = await catalogue.get(entity.value)
        if named is not None:
            return named
    place = fallback.ordinal(turn.text)
    if place is not None and turn.memory.products and place < len(turn.memory.products):
        return await catalogue.get(turn.memory.products[place])
    if turn.memory.product is not None:
        return await catalogue.get(turn.memory.product)
    return None


def named_in_message(turn: Turn) -> bool:
    """Whether the message itself says which product it means."""
    entity = turn.understanding.first(EntityKind.PRODUCT) if turn.understanding is not None else None
    return bool(turn.argument) or (entity is not None and entity.score >= _CLEAR_SCORE)


def search_words(turn: Turn) -> list[str]:
    """The words of a message that may name a product."""
    words = turn.understanding.words if turn.understanding is not None else ()
    wanted = [word for word in words if word.lower() not in _EMPTY_WORDS and not word.isspace()][:8]
    # 杯子 is also found as 保温杯: the ending is no part of the name.
    return wanted + [word[0] for word in wanted if len(word) == 2 and word[1] in "子儿"]


def highest_price(turn: Turn) -> float | None:
    """A limit such as "under 200" in major units."""
    found = _LIMIT.search(turn.text)
    if found is None:
        return None
    return float(found.group(1) or found.group(2))


def card(turn: Turn, product: Product, why: str = "") -> Card:
    """A product to look at: price, stock, and why it is shown."""
    lines = [turn.money(product.list_price, product.currency) + turn.say("separator") + stock(turn, product)]
    if why:
        lines.append(why)
    return Card(
        product_id=product.id,
        title=product.name(turn.language),
        text="\n".join(lines),
        picture=product.picture,
        buttons=tuple(button for line in product_buttons(turn, product) for button in line),
    )


def product_buttons(turn: Turn, product: Product) -> tuple[tuple[Button, ...], ...]:
    """What one may want to know next."""
    return row(
        turn.button("button-detail", f"product:show:{product.id}"),
        turn.button("button-best-price", f"offer:ask:{product.id}"),
    )


def stock(turn: Turn, product: Product) -> str:
    """How many there are, in words; small numbers as numbers."""
    if not product.active:
        return turn.say("stock-gone")
    if product.stock <= 0:
        if product.restock_at is not None and product.restock_at > turn.now:
            return turn.say("stock-back", day=turn.day(product.restock_at))
        return turn.say("stock-out")
    return turn.say("stock-few", count=product.stock) if product.stock <= FEW else turn.say("stock-in")
