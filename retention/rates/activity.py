"""The days on which customers were active."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kernel.arrays import Bools, Ints
from kernel.times import DAY, to_micros
from retention.types import EventKind

BOUGHT = frozenset({EventKind.PURCHASE})
CAME = frozenset(
    {
        EventKind.VIEW,
        EventKind.SEARCH,
        EventKind.CART,
        EventKind.PURCHASE,
        EventKind.RATING,
        EventKind.MESSAGE,
        EventKind.RESPONSE,
    }
)
"""Everything that customers do of their own accord in the shop."""
GAP_QUANTILE = 0.9
LEAST_GAPS = 50
UNKNOWN = "(unknown)"
"""The group of those whose first row names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Each customer and day once, by customer and then by day."""

    names: tuple[str, ...]
    """The customers' ids, ascending; a customer's code is its place here."""
    customer: Ints
    """Codes, shape (rows,)."""
    day: Ints
    """Days since 1970 (UTC), shape (rows,)."""
    first: Ints
    """Everybody's first day, shape (customers,)."""
    last_day: int
    """The last day that the log covers."""
    groups: tuple[str, ...] = ()
    """Names of groups, in the order in which they are shown; empty without grouping."""
    group: Ints
    """Everybody's group, of a column that of their first row; shape (customers,), 0 without grouping."""

    @classmethod
    def of(
        cls,
        events: pa.Table,
        at: datetime,
        *,
        kinds: Collection[EventKind] = BOUGHT,
        by: pa.ChunkedArray | None = None,
    ) -> Activity:
        """From the events of a history.

        Args:
            events: with `customer`, `kind` and `at`; what lies at `at` or later is left out.
            at: aware; the day of the last moment before it is the last that counts.
            kinds: what counts as coming.
            by: a group for each event; a customer belongs to that of their first one.
        """
        end = to_micros(at)
        mine = pc.and_(
            pc.is_in(events.column("kind"), value_set=pa.array([str(kind) for kind in kinds])),
            pc.less(events.column("at"), end),
        )
        names, code = _codes(events.column("customer").filter(mine))
        moment = np.asarray(events.column("at").filter(mine).to_numpy(), np.int64)
        groups, group = _codes(pc.fill_null(by.filter(mine), UNKNOWN)) if by is not None else ((), None)
        order = np.lexsort((moment, code))
        code, day = code[order], moment[order] // DAY
        starts = np.searchsorted(code, np.arange(len(names)))
        fresh = np.ones(len(code), dtype=bool)
        fresh[1:] = (code[1:] != code[:-1]) | (day[1:] != day[:-1])
        return cls(
            names=names,
            customer=code[fresh],
            day=day[fresh],
            first=day[starts],
            last_day=(end - 1) // DAY,
            groups=groups,
            group=group[order][starts] if group is not None else np.zeros(len(names), np.int64),
        )

    @property
    def customers(self) -> int:
        """How many there are."""
        return len(self.first)

    @property
    def age(self) -> Ints:
        """Days since the customer's first, of each row; shape (rows,)."""
        return self.day - self.first[self.customer]

    @property
    def watched(self) -> Ints:
        """Whole days that each customer could be watched after the first; shape (customers,)."""
        return self.last_day - self.first

    def only(self, kept: Bools) -> Activity:
        """The activity of some of the customers.

        Args:
            kept: shape (customers,).
        """
        mine = kept[self.customer]
        place = np.cumsum(kept) - 1
        return replace(
            self,
            names=tuple(name for name, stays in zip(self.names, kept.tolist(), strict=True) if stays),
            customer=place[self.customer[mine]],
            day=self.day[mine],
            first=self.first[kept],
            group=self.group[kept],
        )

    def usual_silence(self) -> int:
        """Days of silence that mean something here: nine of ten gaps are shorter; in whole weeks, 1 to 52.

        Never more than a third of the time that the log covers, so that somebody can be seen to lapse; 13
        weeks where hardly anybody came twice.
        """
        same = self.customer[1:] == self.customer[:-1]
        gaps = np.diff(self.day)[same]
        covered = self.last_day + 1 - int(self.first.min(initial=self.last_day))
        wanted = float(np.quantile(gaps, GAP_QUANTILE)) if len(gaps) >= LEAST_GAPS else 91.0
        return int(np.clip(min(wanted, covered / 3) / 7, 1, 52)) * 7

    def by_group(self) -> Iterator[tuple[str | None, Bools]]:
        """Each group's name and its members, shape (customers,); (None, everybody) without grouping."""
        if not self.groups:
            yield None, np.ones(self.customers, dtype=bool)
        for place, name in enumerate(self.groups):
            members = self.group == place
            if members.any():
                yield name, members


def _codes(column: Any) -> tuple[tuple[str, ...], Ints]:
    """Distinct values, ascending, and the place of each value among them."""
    names = pc.unique(column).sort()
    return tuple(names.to_pylist()), np.asarray(pc.index_in(column, value_set=names).to_numpy(), np.int64)
