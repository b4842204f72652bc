"""Which product is meant: named, pressed, a place in the list on the screen, or spoken of before."""

from __future__ import annotations

from bot.conversation.messages import Button, Card
from bot.conversation.skills import fallback, variants
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
