"""Which of the things that a customer has bought a message speaks of."""

from __future__ import annotations

from collections.abc import Sequence

from bot.conversation.skills import naming, order_asked, order_match, product_words
from bot.conversation.turn import Turn
from storage.catalogue import Catalogue, Product
from storage.orders import Order, OrderLine, Orders

_KNOWN = 100
_GONE = frozenset({"cancelled", "returned"})
_TO_BUY = frozenset(
    {
        "price_question", "stock_question", "product_search", "recommend_request", "discount_request", "place_order",
        "product_compare", "restock_notice", "quote",
    }
)  # fmt: skip
_NAMED = 1.0
"""So well is named what a word or two Chinese characters name."""
_RATHER = 0.5
_OF_ANY = frozenset({"warranty_repair"})
"""What is asked of any such goods unless they are said to be one's own."""


async def lines(turn: Turn) -> tuple[OrderLine, ...]:
    """The lines of a customer's orders, newest first, that a message names best, of each product one; () where it names
    none. What went back is theirs no longer."""
    if turn.customer_id is None or not turn.text.strip():
        return ()
    known = await Orders(turn.connection).by_customer(turn.customer_id, limit=_KNOWN)
    bought = {line.product_id: line for order in _kept(known) for line in reversed(order.lines)}
    item = turn.told("item")
    called = {
        one: line
        for one, line in bought.items()
        if product_words.all_in(f"{line.name_zh} {line.name_en}", item)
    }
    bought = called or bought
    fits = {one: order_match.fit(turn, line.name_zh, line.name_en) for one, line in bought.items()}
    most = max(fits.values(), default=0)
    return tuple(line for one, line in bought.items() if most and fits[one] == most)


async def thing(turn: Turn, others: Sequence[Product]) -> Product | None:
    """The one thing that the customer has bought and a message asks of: it says that it is theirs, or names it as well
    as anything else that it may name, and not to buy it.

    Args:
        turn: of the message.
        others: the products that its words name among all that are sold.
    """
    in_focus = turn.memory.product is not None or bool(turn.memory.products)
    own = order_asked.owned(turn.text)
    if not own and (_to_buy(turn) or (in_focus and not others)):
        return None
    ids = [line.product_id for line in await lines(turn)]
    found = await Catalogue(turn.connection).by_ids(ids) if ids else {}
    bought = [found[one] for one in ids if one in found]
    if own:
        named = set(map(naming.line, others))
        bought = [one for one in bought if naming.line(one) in named] or bought
    else:
        most = max((_NAMED, *(naming.strength(turn, one) for one in others)))
        bought = [one for one in bought if naming.strength(turn, one) >= most]
    return bought[0] if len(bought) == 1 else None


def _kept(orders: Sequence[Order]) -> list[Order]:
    """Those that the customer has or will have, the oldest first: the newest of a product's lines counts."""
    return [order for order in reversed(orders) if order.status not in _GONE]


def _to_buy(turn: Turn) -> bool:
    """Whether what a message asks is asked of any goods, as before something is bought."""
    alone = turn.understanding.intent if turn.understanding is not None else None
    wished = {wish.intent for wish in turn.acts.wishes if wish.probability >= _RATHER} | {turn.intent, alone}
    return bool(wished & (_TO_BUY | _OF_ANY)) or not product_words.naming_words(turn)
