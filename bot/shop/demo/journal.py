"""What the simulation writes down: columns of events and orders, collected piece by piece."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bot.shop.demo.people import Floats, Ints

KINDS = ("view", "search", "cart", "purchase", "return", "rating", "message", "complaint")
_CODES = {kind: code for code, kind in enumerate(KINDS)}
NOTHING = -1
DAY = 86_400
"""Seconds."""

_INTS = ("kind", "customer", "product", "order", "second", "quantity", "amount", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventColumns:
    """Events in the order of their time. `second` counts from the start of the window."""

    kind: Ints
    customer: Ints
    product: Ints
    order: Ints
    second: Ints
    quantity: Ints
    amount: Ints
    text: Ints
    value: Floats


@dataclass(slots=True)
class Journal:
    """Collects events; everything left out is `NOTHING`."""

    pieces: list[dict[str, Any]] = field(default_factory=list)

    def note(self, kind: str, customer: Ints, second: Ints, **columns: Any) -> None:
        """Write down one event for each customer."""
        if len(customer):
            self.pieces.append(
                {"kind": _CODES[kind], "customer": customer, "second": second, "quantity": 1, **columns}
            )

    def columns(self, until: int) -> EventColumns:
        """Everything before a second, sorted by time; what happened at once stays in the order of writing."""
        sizes = [len(piece["customer"]) for piece in self.pieces]
        found = {name: self._column(name, sizes, NOTHING, np.int64) for name in _INTS}
        value = self._column("value", sizes, np.nan, np.float64)
        order = np.argsort(found["second"], kind="stable")
        order = order[found["second"][order] < until]
        return EventColumns(**{name: column[order] for name, column in found.items()}, value=value[order])

    def _column(self, name: str, sizes: list[int], missing: float, dtype: Any) -> Any:
        parts = [
            np.broadcast_to(np.asarray(piece.get(name, missing), dtype=dtype), size)
            for piece, size in zip(self.pieces, sizes, strict=True)
        ]
        return np.concatenate(parts)
