"""Which product is meant: named, pressed, a place in the list on the screen, or spoken of before."""

from __future__ import annotations

from bot.conversation.messages import Button, Card
from bot.conversation.skills import fallback, product_words, variants, which_order
from bot.conversation.turn import Turn, row
from nlu.types import EntityKind
from storage.catalogue import Catalogue, Product

FEW = 5
"""From here down the stock is said as a number."""

_CLEAR_SCORE = 0.6


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
        spoken = await catalogue.get(turn.memory.products[place])
    elif turn.memory.product is not None:
        spoken = await catalogue.get(turn.memory.product)
    else:
        return None
    return await variants.other_of(turn, spoken) if spoken is not None else None


async def asked_about(turn: Turn) -> Product | None:
    """The product of a question: as `spoken_of`, or the one in the order or on the screen that its words fit."""
    if turn.argument or named_in_message(turn) or fallback.ordinal(turn.text) is not None:
        return await spoken_of(turn)
    bought = await _bought(turn) if _order_last(turn) else []
    if bought:
        meant = bought if len(bought) == 1 else product_words.fitting(turn, bought)
        return await variants.other_of(turn, meant[0]) if len(meant) == 1 else None
    product = await spoken_of(turn)
    if product is not None:
        return product
    fit = product_words.fitting(turn, await on_screen(turn))
    return fit[0] if len(fit) == 1 else None


async def at_hand(turn: Turn) -> list[Product]:
    """The products that a question may be about which names none: of the order spoken of, or on the screen."""
    return await (_bought(turn) if _order_last(turn) else on_screen(turn))


async def on_screen(turn: Turn) -> list[Product]:
    """The products just shown, where the message may be about them and names no other goods."""
    if _order_last(turn) or not turn.memory.products:
        return []
    found = await Catalogue(turn.connection).by_ids(set(turn.memory.products))
    shown = [found[product_id] for product_id in turn.memory.products if product_id in found]
    if product_words.points_back(turn):
        return shown
    elsewhere = not product_words.fitting(turn, shown) or await product_words.names_goods(turn)
    return [] if elsewhere else shown


def _order_last(turn: Turn) -> bool:
    """Whether an order was spoken of later than the products on the screen."""
    last = turn.memory.intents[0] if turn.memory.intents else None
    shown = turn.memory.products or turn.memory.product is not None
    return turn.memory.order is not None and (not shown or last in which_order.ABOUT_ORDERS)


async def _bought(turn: Turn) -> list[Product]:
    """What is in the order spoken of, where the message names no other goods."""
    order = await which_order.spoken_of(turn) if product_words.points_back(turn) else None
    if order is None:
        return []
    ids = [line.product_id for line in order.lines]
    found = await Catalogue(turn.connection).by_ids(set(ids))
    return [found[product_id] for product_id in dict.fromkeys(ids) if product_id in found]


def named_in_message(turn: Turn) -> bool:
    """Whether the message itself says which product it means."""
    entity = turn.understanding.first(EntityKind.PRODUCT) if turn.understanding is not None else None
    return bool(turn.argument) or (entity is not None and entity.score >= _CLEAR_SCORE)


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
