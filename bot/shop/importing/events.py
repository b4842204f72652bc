"""Imports events, a row each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.importing.errors import BadRow
from bot.shop.importing.options import Options
from bot.shop.importing.written import Refusal, Written, event_id
from retention.types import EventKind
from storage.events import Events, StoredEvent

_KINDS = {kind.value: kind.value for kind in EventKind} | {
    # what other shops' logs call them
    "pageview": "view", "page_view": "view", "pv": "view", "click": "view", "detail": "view", "浏览": "view",
    "query": "search", "搜索": "search",
    "addtocart": "cart", "add_to_cart": "cart", "add to cart": "cart", "加购": "cart",
    "buy": "purchase", "order": "purchase", "transaction": "purchase", "sale": "purchase", "购买": "purchase",
    "refund": "return", "退货": "return",
    "review": "rating", "rate": "rating", "评价": "rating", "投诉": "complaint",
}  # fmt: skip
_OF_A_PRODUCT = frozenset({"view", "cart", "purchase", "return", "rating"})
_WITH_MONEY = frozenset({"purchase", "return"})


class EventImport:
    """Adds events; the same facts are the same event."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._taken: list[StoredEvent] = []

    def take(self, number: int, row: Mapping[str, Any]) -> None:
        """Accept a row."""
        kind = _KINDS.get(row["kind"].lower())
        if kind is None:
            raise BadRow(f"{row['kind'][:40]!r} is no kind of event; there are {', '.join(EventKind)}")
        if kind in _OF_A_PRODUCT and row.get("item") is None:
            raise BadRow(f"a {kind} names a product")
        quantity = row.get("quantity")
        quantity = 1 if quantity is None else abs(quantity)
        if quantity == 0:
            raise BadRow("the quantity is 0")
        amount = row.get("amount")
        if amount is not None and kind == "return":
            amount = -abs(amount)
        self._taken.append(
            StoredEvent(
                id=_id(kind, row, quantity, amount),
                kind=kind,
                customer_id=row["customer"],
                product_id=row.get("item"),
                order_id=row.get("order"),
                at=row["time"],
                quantity=quantity,
                amount=amount,
                currency=self._options.currency if kind in _WITH_MONEY else None,
                value=_value(kind, row.get("value")),
                text=row.get("text"),
                channel=(row.get("channel") or "shop")[:30],
            )
        )

    async def flush(self, connection: AsyncConnection, last: bool) -> tuple[Written, list[Refusal]]:
        """Write what was taken."""
        written = Written(events=await Events(connection).append(self._taken))
        self._taken = []
        return written, []


def _id(kind: str, row: Mapping[str, Any], quantity: int, amount: int | None) -> str:
    if row.get("id") is not None:
        return str(row["id"])
    facts = (row["customer"], row.get("item"), row.get("order"), row["time"], quantity, amount)
    return event_id(kind, *facts, row.get("value"), row.get("text"))


def _value(kind: str, value: float | None) -> float | None:
    if kind == "rating":
        if value is None or not 1 <= value <= 5:
            raise BadRow("a rating is from 1 to 5 stars")
        return value
    return value if value is None or -1 <= value <= 1 else None
