"""What the shop's log tells of demand, as the table of whole weeks that forecasts are made from."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from retention.errors import LogRefused
from retention.pricing.list_rules import Sale
from storage.catalogue import Catalogue, Product
from storage.demand_log import Counts, DemandLog, Gone, PriceChange, Reduced
from storage.price_proposals import DaySold, PriceProposals

if TYPE_CHECKING:
    from retention.pricing.demand.panel import Grid, Mask, Panel

WEEK = 7
HISTORY = timedelta(weeks=104)
FEWEST_WEEKS = 14
_SECONDS = WEEK * 86_400

_Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Everything that was logged of demand in the last two years, as of `now`."""

    now: datetime
    products: Sequence[Product]
    """Those that can be bought."""
    sold: Sequence[DaySold]
    """In whole weeks."""
    interest: Sequence[Counts]
    """Views, carts, notices asked for and messages of campaigns, by week."""
    gone: Sequence[Gone]
    reduced: Sequence[Reduced]
    changes: Sequence[PriceChange]
    """Of list prices, the oldest first."""


async def known(connection: AsyncConnection, now: datetime) -> Known:
    """Read it.

    Raises:
        LogRefused: something was sold in too few weeks.
    """
    since, log = now - HISTORY, DemandLog(connection)
    under_way = week_of(now)
    sold = await PriceProposals(connection).sold(since, now, WEEK)
    sold = [one for one in sold if one.period < under_way]  # the week under way is not over
    if len({one.period for one in sold}) < FEWEST_WEEKS:
        raise LogRefused(
            f"{FEWEST_WEEKS} whole weeks with sales are needed to tell what prices change: wait, or "
            "import older orders"
        )
    return Known(
        now=now,
        products=await Catalogue(connection).active(),
        sold=sold,
        interest=(
            await log.counts("view", since, now, WEEK),
            await log.counts("cart", since, now, WEEK),
            await log.notices(since, now, WEEK),
            await log.messages(since, now, WEEK),
        ),
        gone=await log.gone(since),
        reduced=await log.reduced(since),
        changes=await log.price_changes(since),
    )


def week_of(moment: datetime) -> int:
    """The number of a moment's week since 1970."""
    return int(moment.timestamp()) // _SECONDS


class ListPriceHistory:
    """Which list price a product had when."""

    def __init__(self, of: Known) -> None:
        self._now = {one.id: one.list_price for one in of.products}
        self._changes: dict[str, list[PriceChange]] = defaultdict(list)
        for one in of.changes:
            self._changes[one.product_id].append(one)

    def at(self, product_id: str, moment: datetime) -> int:
        """Minor units; the present one where no change is known."""
        changes = self._changes[product_id]
        place = bisect_right([one.at for one in changes], moment)
        return changes[place].old_price if place < len(changes) else self._now[product_id]

    def changed_since(self, product_id: str, moment: datetime) -> bool:
        """Whether it is another than at that moment, or was meanwhile."""
        return any(one.at > moment for one in self._changes[product_id])


def sale_spans(
    item: Product, sales: Sequence[Sale], zone: ZoneInfo
) -> list[tuple[datetime | None, datetime | None]]:
    """From when to when a product's sales last that are known; None: it isn't said."""
    found: list[tuple[datetime | None, datetime | None]] = [
        (_begins(one.first_day, zone), _begins(one.last_day + timedelta(days=1), zone))
        for one in sales
        if one.covers(item.code, item.category_id)
    ]
    if item.sale_price is not None:
        found.append((item.sale_from, item.sale_until))
    return found


def panel(of: Known, sales: Sequence[Sale], zone: ZoneInfo) -> Panel:
    """Whole weeks of the products that were sold; a week without a sale after the first has 0.

    Args:
        of: what was logged.
        sales: those that the shop has written down.
        zone: of the shop, whose days they are.
    """
    import numpy as np

    from retention.pricing.demand.panel import Panel

    items = {one.id: one for one in of.products}
    rows = [one for one in of.sold if one.product_id in items and one.quantity > 0]
    names = sorted({one.product_id for one in rows})
    first, last = min(one.period for one in rows), max(one.period for one in rows)
    places = {name: place for place, name in enumerate(names)}
    quantity = np.zeros((len(names), last - first + 1))
    price = np.full(quantity.shape, np.nan)
    for one in rows:
        place, week = places[one.product_id], one.period - first
        quantity[place, week] = one.quantity
        if one.amount > 0:
            price[place, week] = one.amount / one.quantity
    begun = np.maximum.accumulate(quantity > 0, axis=1)
    categories = sorted({items[name].category_id or "" for name in names})
    weeks = range(first, last + 1)
    promotion = np.zeros(quantity.shape)
    for name, place in places.items():
        for span in _promoted(items[name], of, sales, zone):
            promotion[place] = np.maximum(promotion[place], _share(weeks, span))
    return Panel(
        products=tuple(names),
        times=tuple(map(str, weeks)),
        quantity=np.where(begun, quantity, np.nan),
        price=price,
        promotion=promotion,
        rows=begun,
        category=np.array([categories.index(items[name].category_id or "") for name in names]),
        censored=_sold_out(of, places, quantity, first) & begun,
        interest=tuple(_grid(counts, places, weeks) for counts in of.interest if counts),
        season=np.array([week % 52 for week in weeks]),
        cycle=52,
    )


def _promoted(item: Product, of: Known, sales: Sequence[Sale], zone: ZoneInfo) -> Iterator[_Span]:
    """When it was on sale, or a coupon for everybody held for it; a sale of which no begin is known is none."""
    for begins, ends in sale_spans(item, sales, zone):
        if begins is not None:
            yield begins, min(ends or of.now, of.now)
    for one in of.reduced:
        if one.category_id in (None, item.category_id) and (
            one.product_ids is None or item.id in one.product_ids
        ):
            yield one.valid_from, min(one.valid_until or of.now, of.now)


def _sold_out(of: Known, places: dict[str, int], quantity: Grid, first: int) -> Mask:
    """The weeks in which a product could not be bought, for all that is known.

    Where somebody asked to be told of it, until they were; where there is none now, since the week of its last sale.
    """
    import numpy as np

    found = np.zeros(quantity.shape, dtype=np.bool_)
    empty = {one.id for one in of.products if one.stock <= 0}
    for one in of.gone:
        if one.product_id in places:
            until = one.until or (of.now if one.product_id in empty else one.since)
            found[places[one.product_id], max(week_of(one.since) - first, 0) : week_of(until) - first + 1] = (
                True
            )
    for name in empty & set(places):
        place = places[name]
        found[place, np.flatnonzero(quantity[place])[-1] :] = True
    return found


def _grid(counts: Counts, places: dict[str, int], weeks: range) -> Grid:
    import numpy as np

    found = np.zeros((len(places), len(weeks)))
    for (name, week), count in counts.items():
        if name in places and week in weeks:
            found[places[name], week - weeks.start] = count
    return found


def _share(weeks: range, span: _Span) -> Grid:
    """How much of each week lies in a span."""
    import numpy as np

    starts = np.array(weeks) * float(_SECONDS)
    begins, ends = (one.timestamp() for one in span)
    shared = np.minimum(starts + _SECONDS, ends) - np.maximum(starts, begins)
    return np.asarray(np.clip(shared, 0.0, None) / _SECONDS)


def _begins(day: date, where: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), where).astimezone(UTC)
