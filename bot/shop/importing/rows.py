"""What every kind of import shares: its options, why a row is refused, and what a portion came to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from bot.shop.importing.told import Refused, Row
from bot.shop.intake.defaults import Defaults
from storage.trial import Writes

# Lines of an order log that are no products: postage, fees, manual corrections, samples, discounts.
NOT_PRODUCTS = frozenset(
    {
        "POST", "DOT", "C2", "M", "D", "S", "B", "AMAZONFEE", "BANK CHARGES", "CRUK", "POSTAGE", "ADJUST", "FEE",
        "TEST",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How values are to be read, and what stands in for those that are missing."""

    now: datetime
    """Nothing that happened lies after it."""
    currency: str | None = None
    """Of every amount in the file; None: as the file says, or else as the shop's other amounts."""
    defaults: Defaults = field(default_factory=Defaults)
    """What holds for new customers, products and orders of which nothing else is said."""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    """Of times without one."""
    stock: int = 100
    """Of new products whose stock is unknown."""
    date_format: str | None = None
    """As in `strptime`, for times that no common form fits."""
    import_id: int | None = None
    """Under which what changes is kept, so that it can be undone; None: it isn't."""
    beside_others: bool = False
    """The bot answers from the same SQLite file: it gets its turn after every few records."""
    statuses: Mapping[str, str] = field(default_factory=dict)
    """What an order's status in the file means, by `kernel.columns.folded`, where it isn't known otherwise."""
    not_products: frozenset[str] = NOT_PRODUCTS
    """Codes of an order log, in capitals, that name no product."""


class BadRow(Exception):
    """A row can't be taken; the message is the reason that people read."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.field = field
        """What the reason speaks of; empty for the whole row."""


Written: TypeAlias = Counter[str]
"""Rows new or changed, by what they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flushed:
    """What became of the rows that were taken."""

    written: Written
    refused: Sequence[Refused] = ()
    """Rows that turned out bad only when they met the store, and why."""
    ignored: int = 0
    """Rows of the file about people who had themselves erased: left out."""
    notes: Counter[str] = field(default_factory=Counter)
    """What somebody should know of rows that were taken nevertheless, by what it is."""

    def __add__(self, more: Flushed) -> Flushed:
        """Both together."""
        written = Counter(self.written)
        written.update(more.written)
        return Flushed(
            written=written,
            refused=[*self.refused, *more.refused],
            ignored=self.ignored + more.ignored,
            notes=self.notes + more.notes,
        )


def scattered(numbers: Iterable[str | None]) -> frozenset[str]:
    """Those of the orders, a number a row, whose rows don't stand together."""
    seen: set[str] = set()
    found: set[str] = set()
    before = None
    for number in numbers:
        if number is not None and number != before:
            (found if number in seen else seen).add(number)
        before = number or before
    return frozenset(found)


Write: TypeAlias = Callable[[Writes], Awaitable[Flushed]]
"""Writes some rows."""


class RowImport(ABC):
    """Takes parsed rows and writes them; what is written twice changes nothing."""

    def __init__(self, options: Options) -> None:
        self._options = options

    @abstractmethod
    def take(self, row: Row, fields: Mapping[str, Any], bad: BadRow | None) -> Refused | None:
        """Accept a row that `complete` gives back; why it is refused if it is so at once.

        Args:
            fields: what could be read of it, by field.
            bad: why the rest couldn't be.
        """

    def take_broken(self, row: Row, why: str, order: str | None) -> Refused | None:
        """A row that has not the shape of the others.

        Args:
            order: which order it is of, as far as that can be read.
        """
        return Refused((row,), why)

    @abstractmethod
    def complete(self, last: bool) -> Write:
        """What writes the rows that were taken, all of them if they were the last; further ones may come meanwhile."""
