"""Judging amounts of money: each row by what the rows up to it tell, so that no later row changes an earlier one."""

from __future__ import annotations

from bisect import insort
from collections import Counter, deque
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kernel.arrays import Bools, Floats
from kernel.money import LARGEST_AMOUNT
from retention.marking import blank, medians, report
from retention.report import Problem
from retention.types import EventKind

Codes = NDArray[np.int32]
_CHUNK = 100_000

ABSURD_FACTOR = 100
"""A unit price so many times the product's median is a typing error."""
LEAST_PRICES = 3
"""With fewer prices of a product, its median says nothing."""
RECENT_PURCHASES = 10
"""A product's median is that of its prices among so many purchases before. Where nearly as many in a row were taken
for typing errors, they are the product's new price."""
ABSURD_AT_FIRST = ABSURD_FACTOR**2
"""A product that is new has no median of its own: only so many times a usual first price of the shop is absurd."""


def keep_one_currency(
    rows: pa.Table, products: pa.Table, found: list[Problem]
) -> tuple[pa.Table, str | None]:
    """The rows with the amounts in other currencies than the shop's blanked, and the shop's currency.

    It is the catalogue's. Where that names none, it is that of most purchases and returns up to each row, so an
    amount that was in the shop's currency at its time is kept when later ones are in another.

    Args:
        rows: events, sorted by time; returns of what was never bought are not among them.
        products: the catalogue.
        found: what is wrong is added to it.
    """
    codes, names = _encoded(rows.column("currency"))
    named = np.array([name != "" for name in names], bool)[codes]
    priced = pc.is_valid(rows.column("amount")).to_numpy() & named
    if not priced.any():
        return rows, None
    kinds = pa.array([EventKind.PURCHASE.value, EventKind.RETURN.value])
    paid = pc.is_in(rows.column("kind"), value_set=kinds).to_numpy() & named
    standing = _standing(codes, names, paid, _of_catalogue(products))
    last = int(standing[-1])
    currency = names[last] if last >= 0 else None
    other = priced & (standing >= 0) & (codes != standing)
    ids = rows.column("id")
    message = f"amounts in another currency than {currency}"
    rows = blank(rows, pa.array(other), "amount", found, "other_currency", message)
    before = priced & ~other & (codes != last) & (last >= 0)
    message = f"amounts in the currency that the shop had before {currency}"
    report(found, "currency_changed", "events", ids.filter(pa.array(before)), "kept", message)
    return rows, currency


def _encoded(column: pa.ChunkedArray) -> tuple[Codes, list[str]]:
    """Codes, shape (rows,), and what they stand for; null is the empty string."""
    encoded = pc.fill_null(column, "").combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    return encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_pylist()


def _of_catalogue(products: pa.Table) -> str | None:
    """The currency of most products: it is known without a look at any event."""
    counts = Counter(one for one in products.column("currency").to_pylist() if one)
    return min(counts, key=lambda one: (-counts[one], one)) if counts else None


def _standing(codes: Codes, names: list[str], paid: Bools, catalogue: str | None) -> Codes:
    """The code of the shop's currency as of each row; below 0 as long as there is none.

    A currency that is in no row is added to `names`.
    """
    if catalogue is not None:
        if catalogue not in names:
            names.append(catalogue)
        return np.full(len(codes), names.index(catalogue), np.int32)
    leading = np.append(_leading(codes[paid]), np.int32(-1))
    # Before the first payment the place is -1, where the last entry says that there is none.
    standing: Codes = leading[np.cumsum(paid) - 1]
    return standing


def _leading(codes: Codes) -> Codes:
    """The most frequent code up to and with each; on a tie the one that led before."""
    if not len(codes) or (codes == codes[0]).all():
        return codes
    counts: Counter[int] = Counter()
    leader, found = int(codes[0]), np.empty_like(codes)
    for place, code in enumerate(codes.tolist()):
        counts[code] += 1
        if counts[code] > counts[leader]:
            leader = code
        found[place] = leader
    return found


def blank_absurd(rows: pa.Table, found: list[Problem]) -> pa.Table:
    """Blank amounts no shop takes, and unit prices a hundred times the product's median before them.

    Args:
        rows: events, sorted by time.
        found: what is wrong is added to it.
    """
    amount = np.abs(pc.fill_null(rows.column("amount"), 0).to_numpy().astype(np.float64))
    quantity = np.maximum(np.abs(rows.column("quantity").to_numpy().astype(np.float64)), 1)
    absurd = amount > LARGEST_AMOUNT
    unit = np.where(absurd, 0.0, amount / quantity)
    bought = np.flatnonzero(pc.equal(rows.column("kind"), EventKind.PURCHASE.value).to_numpy())
    codes, _ = _encoded(rows.column("product"))
    wide = _of_wide_products(codes[bought], unit[bought])
    wrong = _typing_errors(codes[bought], unit[bought], wide)
    absurd[bought[wrong]] = True
    ids = rows.column("id")
    message = f"amounts above {LARGEST_AMOUNT}, or {ABSURD_FACTOR} times the product's median"
    rows = blank(rows, pa.array(absurd), "amount", found, "absurd_amount", message)
    late = np.zeros(rows.num_rows, bool)
    late[bought] = _absurd_by_now(codes[bought], np.where(wrong, 0.0, unit[bought]), wide)
    message = "amounts that only later ones of the product show to be absurd: nobody could tell at their time"
    report(found, "absurd_at_first", "events", ids.filter(pa.array(late)), "kept", message)
    return rows


def _of_wide_products(codes: Codes, unit: Floats) -> Bools:
    """Whether a purchase is of a product whose dearest price is an absurd factor above its cheapest: of no other
    can a price be absurd by the product's own median."""
    if not len(codes):
        return np.zeros(0, bool)
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    sorted_units = unit[order]
    dearest = np.maximum.reduceat(sorted_units, starts)
    cheapest = np.minimum.reduceat(np.where(sorted_units > 0, sorted_units, np.inf), starts)
    wide = np.zeros(int(codes.max()) + 1, bool)
    wide[codes[order][starts]] = dearest > ABSURD_FACTOR * cheapest
    return wide[codes]


def _typing_errors(codes: Codes, unit: Floats, wide: Bools) -> Bools:
    """Which purchases have an absurd unit price, by the purchases before them.

    Args:
        codes: of the products, in the order of time; shape (purchases,), as are the others.
        unit: prices of one unit; 0 where unknown.
        wide: as of `_of_wide_products`.
    """
    # Row by row only where something can be found: nearly all products have no absurd price.
    first = _among_the_first(codes)
    looked_at = np.zeros(int(codes.max(initial=-1)) + 1, bool)
    looked_at[codes[_refused(codes, unit, first)]] = True
    looked_at[codes[_far_above_the_recent(codes, unit, wide)]] = True
    return _refused(codes, unit, first | looked_at[codes])


def _refused(codes: Codes, unit: Floats, chosen: Bools) -> Bools:
    """Which of the chosen purchases have an absurd price, by the chosen ones before them."""
    prices, found = _Prices(), np.zeros(len(codes), bool)
    places = np.flatnonzero(chosen)
    for place, code, price in zip(
        places.tolist(), codes[places].tolist(), unit[places].tolist(), strict=True
    ):
        found[place] = prices.refuses(code, price)
    return found


def _far_above_the_recent(codes: Codes, unit: Floats, wide: Bools) -> Bools:
    """Which purchases would be refused by their product's recent ones if none of these had been refused: of a product
    with a purchase that is, beyond its first ones, at least that one."""
    found = np.zeros(len(codes), bool)
    mine = np.flatnonzero(wide)
    order = mine[np.argsort(codes[mine], kind="stable")]
    products, prices = codes[order], unit[order]
    starts = np.flatnonzero(np.diff(products, prepend=-1))
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
    for begin in range(0, len(order), _CHUNK):
        rows = np.arange(begin, min(begin + _CHUNK, len(order)))
        back = np.arange(1, RECENT_PURCHASES + 1)
        before = prices[np.maximum(rows[:, None] - back, 0)]
        known = np.where((back <= rank[rows][:, None]) & (before > 0), before, np.inf)
        count = np.isfinite(known).sum(axis=1)
        known.sort(axis=1)
        median = known[np.arange(len(rows)), np.maximum(count - 1, 0) // 2]
        enough = (count >= LEAST_PRICES) & (prices[rows] > 0)
        median = np.where(enough, median, np.inf)
        found[order[rows]] = prices[rows] > ABSURD_FACTOR * median
    return found


def _among_the_first(codes: Codes) -> Bools:
    """Whether a purchase is one of the first `LEAST_PRICES` of its product."""
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    rank = np.arange(len(codes)) - np.repeat(starts, np.diff(starts, append=len(codes)))
    first = np.zeros(len(codes), bool)
    first[order] = rank < LEAST_PRICES
    return first


class _Prices:
    """What purchases have told of the products' prices so far.

    A price that was refused tells nothing of the next, but its purchase counts among the recent ones: so the same
    rows are refused however often a history is judged, and a new price level is refused a few times only.
    """

    def __init__(self) -> None:
        self._recent: dict[int, deque[float]] = {}
        self._bought: Counter[int] = Counter()
        self._least: dict[int, float] = {}
        self._first: list[float] = []
        """The first price of each product that had one among its first purchases, ascending."""

    def refuses(self, product: int, price: float) -> bool:
        """Whether the price of a purchase is absurd; 0 is none, and isn't."""
        refused = price > 0 and price > self._limit(product, price)
        recent = self._recent.setdefault(product, deque(maxlen=RECENT_PURCHASES))
        recent.append(0.0 if refused else price)
        self._bought[product] += 1
        if price > 0 and not refused:
            if product not in self._least and self._bought[product] <= LEAST_PRICES:
                insort(self._first, price)
            self._least[product] = min(price, self._least.get(product, price))
        return refused

    def _limit(self, product: int, price: float) -> float:
        least = self._least.get(product)
        if least is not None and price <= ABSURD_FACTOR * least:
            # No median lies below the least, so this needs no sorting.
            return np.inf
        known = sorted(one for one in self._recent.get(product, ()) if one > 0)
        if len(known) >= LEAST_PRICES:
            return ABSURD_FACTOR * known[(len(known) - 1) // 2]
        if self._bought[product] < LEAST_PRICES <= len(self._first):
            return ABSURD_AT_FIRST * self._first[(len(self._first) - 1) // 2]
        return np.inf


def _absurd_by_now(codes: Codes, unit: Floats, wide: Bools) -> Bools:
    """Which prices the median of all of the product's prices shows to be absurd."""
    found: Bools = np.zeros(len(codes), bool)
    usable = np.flatnonzero(wide & (unit > 0))
    if len(usable):
        products, prices = codes[usable], unit[usable]
        usual, counts = medians(products, prices, int(products.max()) + 1)
        enough: Any = counts[products] >= LEAST_PRICES
        found[usable] = enough & (prices > ABSURD_FACTOR * usual[products])
    return found
