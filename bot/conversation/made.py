"""Requests that were made: found, told of, and what is added to their details."""

from __future__ import annotations

from collections.abc import Mapping

from bot.conversation.turn import Turn
from storage.orders import Order
from storage.requests import OF_THE_PROGRAM, Request, Requests

SAID = 2_000
"""Characters of the customer's words that a request keeps, the latest."""


async def open_request(turn: Turn, kind: str, order: Order | None) -> Request | None:
    """The undecided request of a kind, by `Requests.open_of`."""
    return await Requests(turn.connection).open_of(
        kind,
        conversation_id=turn.contact.conversation.id,
        customer_id=turn.customer_id,
        order_id=order.id if order is not None else None,
    )


def merged_details(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """A request's details and what is told now; of two texts both are kept, save what was said already."""
    said, more = before.get("text", ""), now.get("text", "")
    text = said if not more or more in said else more if said in more else f"{said}\n{more}"
    return {**before, **now, **({"text": text[-SAID:]} if text else {})}


_OF_THE_PROGRAM = {
    "request-asked": "restock-open", "request-known": "restock-open", "request-done": "restock-told",
    "request-declined": "restock-ended",
}  # fmt: skip
"""Texts in place of those that speak of a colleague."""


def request_text(turn: Turn, text_id: str, request: Request) -> str:
    """A text about a request: what it is, its number, that of its order, and when it was made."""
    number = request.order_number or ""
    if request.kind in OF_THE_PROGRAM:
        text_id = _OF_THE_PROGRAM.get(text_id, text_id)
    return turn.say(
        text_id,
        what=turn.say(f"decision-kind-{request.kind}", order=number, product=request.product(turn.language)),
        request=request.number,
        number=number,
        when=turn.moment(request.created_at),
    )
