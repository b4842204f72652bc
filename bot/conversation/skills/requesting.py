"""Things only the shop can do: the bot asks for them, once, and never says that they are done."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.turn import Answer, Turn
from storage.orders import Order
from storage.requests import NewRequest, Requests, new_number


def ask_shop(
    turn: Turn, kind: str, order: Order | None, details: Mapping[str, str], text_id: str, **values: str | int
) -> Answer:
    """Make a request and say that it has been asked for, with its number.

    One that is open already is named instead of a second one; new details of it are added.
    """

    async def ask(connection: AsyncConnection) -> Answer:
        requests = Requests(connection)
        order_id = order.id if order is not None else None
        memory = turn.memory.about_order(order.id) if order is not None else turn.memory.settled()
        known = await requests.open_of(kind, customer_id=turn.customer_id, order_id=order_id)
        same_conversation = known is not None and (
            turn.customer_id is not None or known.conversation_id == turn.contact.conversation.id
        )
        if known is not None and same_conversation:
            if known.state == "asked" and details:
                await requests.amend(known.id, {**known.details, **details})
            told = {"request": known.number, "when": turn.moment(known.created_at)}
            return Answer(text=turn.say("request-known", **told), memory=memory)
        number = new_number(turn.now)
        await requests.add(
            NewRequest(
                number=number,
                kind=kind,
                conversation_id=turn.contact.conversation.id,
                customer_id=turn.customer_id,
                order_id=order_id,
                details=details,
            ),
            turn.now,
        )
        return Answer(text=turn.say(text_id, request=number, **values), memory=memory)

    return Answer(then=ask)


async def open_request(turn: Turn, kind: str, order: Order) -> str | None:
    """The number of the open request of this kind for an order."""
    known = await Requests(turn.connection).open_of(kind, customer_id=turn.customer_id, order_id=order.id)
    return None if known is None else known.number
