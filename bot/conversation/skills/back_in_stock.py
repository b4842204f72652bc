"""A message when a product is back in stock: asked for by product and version, told once, taken back at any time.

Who asks for it agrees to that one message and nothing else: the ledger keeps what they were told it is for.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.answer import Answer, row
from bot.conversation.made import request_text, theirs
from bot.conversation.memory import Filed, Memory
from bot.conversation.skills import variants, which_product, wished_in_words
from bot.conversation.skills.goods import several, telling
from bot.conversation.turn import RequestKind, Skill, Task, Turn
from storage.catalogue import Product
from storage.customers import Consents
from storage.requests import NewRequest, Request, Requests, new_number
from storage.restock import NOTICE, RestockNotices, purpose

_LOOKED_AT = 100


async def _ended(turn: Turn, connection: AsyncConnection, asked: Request) -> None:
    """What was agreed to is taken back with the request."""
    await _record(turn, connection, asked.id, False)


RESTOCK_NOTICE = Task(
    name="restock_notice",
    request=NOTICE,
    wished_by=("restock_notice", "ask"),
    filed="restock-asked",
    while_waiting=True,
    withdrawn=_ended,
)


async def _asked(turn: Turn) -> Answer:
    if not turn.argument and wished_in_words.refuses(turn.text):
        return await _taken_back(turn)
    meant = await which_product.meant(turn)
    product = await several.picked(turn, meant)
    if product is None:
        sold_out = [one for one in meant.products if one.active and one.stock <= 0]
        if len(sold_out) != 1:
            return (
                Answer(text=turn.say("product-gone")) if turn.argument else await telling.which(turn, meant)
            )
        product = sold_out[0]
    memory = turn.memory.about_product(product.id)
    if not product.active:
        return Answer(text=turn.say("restock-never", name=product.name(turn.language)), memory=memory)
    if product.stock > 0:
        return await _there(turn, product)

    async def ask(connection: AsyncConnection) -> Answer:
        return await _filed(turn.within(connection), product, memory)

    return Answer(effects=(ask,), memory=memory)


async def _there(turn: Turn, product: Product) -> Answer:
    """It can be bought now; which of its versions can't."""
    group = (await variants.groups(turn, [product])).get(product.id)
    lines = [turn.say("restock-there", name=product.name(turn.language), price=turn.price(product))]
    memory = turn.memory.about_product(product.id)
    if group is not None and any(one.stock <= 0 for one in group.variants):
        lines += [turn.say("restock-versions"), *variants.lines(turn, group)]
        memory = memory.asking("product", intent="restock_notice")
    button = turn.button("button-detail", f"product:show:{product.id}")
    return Answer(text="\n".join(lines), buttons=row(button), memory=memory)


async def _filed(turn: Turn, product: Product, memory: Memory) -> Answer:
    """Ask for the message inside the transaction, once for a product."""
    requests, name = Requests(turn.connection), product.name(turn.language)
    if await RestockNotices(turn.connection).in_stock(product.id):
        return await _there(turn, product)
    known = await requests.open_of(
        NOTICE,
        conversation_id=turn.contact.conversation.id,
        customer_id=turn.customer_id,
        order_id=None,
        product_id=product.id,
    )
    if known is not None:
        kept = memory.having_filed(Filed(task=RESTOCK_NOTICE.name, request=known.number))
        return Answer(text=request_text(turn, "request-known", known), memory=kept)
    number = new_number(turn.now)
    text = turn.say(RESTOCK_NOTICE.filed, request=number, name=name, stock=which_product.stock(turn, product))
    request_id = await requests.add(
        NewRequest(
            number=number,
            kind=NOTICE,
            conversation_id=turn.contact.conversation.id,
            customer_id=turn.customer_id,
            order_id=None,
            details={"product": name},
            product_id=product.id,
        ),
        turn.now,
    )
    await _record(turn, turn.connection, request_id, True, text)
    filed = Filed(task=RESTOCK_NOTICE.name, request=number)
    buttons = row(turn.button("button-similar", f"recommend:like:{product.id}"))
    return Answer(text=text, buttons=buttons, memory=memory.having_filed(filed))


async def _record(
    turn: Turn, connection: AsyncConnection, request_id: int, granted: bool, wording: str | None = None
) -> None:
    await Consents(connection).record(
        purpose(request_id),
        granted,
        source=f"conversation:{turn.incoming.channel}",
        wording=wording,
        now=turn.now,
        customer_id=turn.customer_id,
        account_id=turn.contact.conversation.account_id,
    )


async def _taken_back(turn: Turn) -> Answer:
    """Take back the notice of the product that is named or spoken of, else all of them."""
    open_ = await _open(turn)
    if not open_:
        return Answer(text=turn.say("restock-none"), memory=turn.memory.settled())
    product = await several.picked(turn, await which_product.meant(turn))
    meant = [one for one in open_ if product is not None and one.product_id == product.id] or open_
    numbers = {one.number for one in meant}
    filed = tuple(one for one in turn.memory.filed if one.request not in numbers)
    text = "\n".join(request_text(turn, "restock-withdrawn", one) for one in meant)

    async def withdraw(connection: AsyncConnection) -> None:
        for one in meant:
            if (await Requests(connection).get(one.id)).state == "asked":
                await Requests(connection).withdraw(one.id, turn.now)
                await _ended(turn, connection, one)

    return Answer(text=text, effects=(withdraw,), memory=replace(turn.memory.settled(), filed=filed))


async def _open(turn: Turn) -> list[Request]:
    made = await theirs(turn, _LOOKED_AT)
    return [one for one in made if one.kind == NOTICE and one.state == "asked"]


SKILLS = (
    Skill(
        name="restock_notice",
        answer=_asked,
        intents=("restock_notice",),
        actions=("restock",),
        tasks=(RESTOCK_NOTICE,),
        requests=(RequestKind(name=NOTICE),),
        regrets=False,
    ),
)
