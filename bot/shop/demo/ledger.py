"""Turns the simulated orders into orders as of now: status, parcels, scans and refunds. The future is left out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from bot.shop.demo.orders import DAY, Orders, carriers
from bot.shop.demo.world import DemoCustomer, places
from kernel.times import from_micros, to_micros
from storage.orders import Order, OrderLine, Parcel, Refund, Scan
from storage.shop import DEMO_BUDGET

RETURN_REASONS = (
    ("质量问题", "Poor quality"),
    ("收到时破损", "Arrived damaged"),
    ("与描述不符", "Not as described"),
    ("不喜欢", "Changed my mind"),
    ("买错了", "Bought by mistake"),
    ("尺寸颜色不合适", "Wrong size or colour"),
)
_DECLINED = ("退回的商品有使用痕迹", "The item came back used")
_FREE_SHIPPING, _SHIPPING_FEE = 9_900, 800
_WAREHOUSE = ("杭州", "Hangzhou")
# Carriers forget where a parcel went after half a year.
_SCANS_KEPT = 180 * DAY
_SILENT_AFTER, _SILENT_FOR = 5 * DAY, 4 * DAY
_SILENT_SHARE = 0.4
_METHODS = ("wallet", "card", "bank_transfer")

COUPON = (
    "code", "customer_id", "text_zh", "text_en", "amount", "percent", "min_spend", "currency", "category_id",
    "valid_from", "valid_until", "demo",
)  # fmt: skip
BUDGET = ("id", "total", "reserved", "currency", "starts_at", "ends_at", "written")

# Code, text, fen off, percent off, least spend, category, days since it began, days until it ends.
_PUBLIC = (
    ("SAVE10", "满150元享九折", "10 % off orders of ¥150 or more", None, 10.0, 15_000, None, 500, 40),
    ("WELCOME15", "新客立减15元，满99元可用", "¥15 off your first ¥99", 1_500, None, 9_900, None, 200, 120),
    ("TEA20", "茶叶满120元减20元", "¥20 off ¥120 of tea", 2_000, None, 12_000, "tea", 10, 20),
    ("PETS12", "宠物用品满100元减12元", "¥12 off ¥100 of pet supplies", 1_200, None, 10_000, "pets", 5, 25),
    ("SPRING8", "春季全场九二折", "8 % off everything, spring sale", None, 8.0, 0, None, 90, -30),
)
_BIRTHDAY_EVERY = 23


@dataclass(slots=True)
class Ledger:
    """What the shop knows of its orders."""

    orders: list[Order] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    """Order ids by their place in the simulation; of orders after `now` too."""
    spent: dict[int, int] = field(default_factory=dict)
    """Fen by customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Journey:
    packed: int
    shipped: int
    promised: int
    delivered: int
    carrier: int
    silent: bool


class Bookkeeper:
    """Writes a ledger as of a moment, in seconds from the start of the window."""

    def __init__(
        self,
        products: list[str],
        customers: list[DemoCustomer],
        start_micros: int,
        now: int,
        rng: np.random.Generator,
    ) -> None:
        self._products, self._customers, self._start, self._now, self._rng = (
            products, customers, start_micros, now, rng,
        )  # fmt: skip
        self._carriers = carriers()
        self._ledger = Ledger()
        self._refunds: dict[int, list[Refund]] = defaultdict(list)

    def write(self, orders: Orders) -> Ledger:
        """Every order up to now."""
        count = len(orders.customer)
        numbers = 10_200_000 + np.cumsum(self._rng.integers(3, 240, count))
        self._ledger.ids = [f"O{number}" for number in numbers.tolist()]
        luck = self._rng.random((count, 3)).tolist()
        refunded = self._pay_back(orders)
        for index, journey in enumerate(self._journeys(orders)):
            if orders.second[index] < self._now:
                self._order(orders, index, journey, refunded.get(index, 0), luck[index])
        return self._ledger

    def _journeys(self, orders: Orders) -> list[_Journey]:
        columns = [
            np.concatenate([getattr(day, name) for day in orders.shipments]).tolist()
            for name in ("packed", "shipped", "promised", "delivered", "carrier")
        ]
        silent = (self._rng.random(len(columns[0])) < _SILENT_SHARE).tolist()
        return [
            _Journey(packed=a, shipped=b, promised=c, delivered=d, carrier=e, silent=quiet)
            for a, b, c, d, e, quiet in zip(*columns, silent, strict=True)
        ]

    def _pay_back(self, orders: Orders) -> dict[int, int]:
        """Refunds by their age; returns how many lines of an order were paid back."""
        paid_lines: dict[int, int] = {}
        for number, (order, line, asked, why) in enumerate(orders.returns):
            if asked >= self._now or orders.cancelled[order]:
                continue
            customer = self._customers[orders.customer[order]]
            age = self._now - asked
            status = _refund_status(age, number)
            if status == "paid":
                paid_lines[order] = paid_lines.get(order, 0) + 1
            _, quantity, unit_price = orders.lines[order][line]
            off = 0.9 if orders.coupon[order] else 1.0
            self._refunds[order].append(
                Refund(
                    id=f"R{50_001 + number}",
                    amount=round(quantity * unit_price * off),
                    currency="CNY",
                    status=status,
                    reason=RETURN_REASONS[why][0 if customer.language == "zh" else 1],
                    requested_at=self._at(asked),
                    decided_at=self._at(asked + DAY + number * 613 % (DAY // 2))
                    if status != "requested"
                    else None,
                    decision_reason=self._in_words_of(orders.customer[order], _DECLINED)
                    if status == "declined"
                    else "",
                    paid_at=self._at(asked + 3 * DAY + number * 997 % DAY) if status == "paid" else None,
                )
            )
        return paid_lines

    def _order(
        self, orders: Orders, index: int, journey: _Journey, refunded_lines: int, luck: list[float]
    ) -> None:
        order_id = self._ledger.ids[index]
        customer, placed, lines = orders.customer[index], orders.second[index], orders.lines[index]
        cancelled = orders.cancelled[index]
        subtotal = sum(quantity * price for _, quantity, price in lines)
        fee = 0 if subtotal >= _FREE_SHIPPING else _SHIPPING_FEE
        total = subtotal - orders.discount[index] + fee
        paid = None if cancelled else placed + 60 + round(luck[0] * 500)
        if paid is not None and (paid >= self._now or (self._now - placed < 4 * 3_600 and luck[1] < 0.3)):
            paid = None
        status, changed = self._status(placed, paid, cancelled, journey, refunded_lines == len(lines))
        if not cancelled:
            self._ledger.spent[customer] = self._ledger.spent.get(customer, 0) + total
        parcels: list[Parcel] = []
        if paid is not None and journey.packed < self._now:
            parcels = self._parcels(order_id, customer, len(lines), journey, luck[2])
        self._ledger.orders.append(
            Order(
                id=order_id,
                number=order_id[1:],
                customer_id=self._customers[customer].id,
                status=status,
                said_status=status,
                placed_at=self._at(placed),
                paid_at=None if paid is None else self._at(paid),
                total=total,
                discount=orders.discount[index],
                shipping_fee=fee,
                currency="CNY",
                payment_method=_method(customer),
                ship_to={name: part for name, part in self._customers[customer].ship_to.items() if part},
                coupon_code=orders.coupon[index],
                demo=True,
                updated_at=self._at(changed),
                lines=tuple(
                    OrderLine(product_id=self._products[product], quantity=quantity, unit_price=price)
                    for product, quantity, price in lines
                ),
                parcels=tuple(parcels),
                refunds=tuple(self._refunds.get(index, ())),
            )
        )

    def _status(
        self, placed: int, paid: int | None, cancelled: bool, journey: _Journey, all_returned: bool
    ) -> tuple[str, int]:
        if cancelled:
            return "cancelled", min(placed + 3_600, self._now)
        if paid is None:
            return "placed", placed
        reached = [
            ("paid", paid),
            ("packed", journey.packed),
            ("shipped", journey.shipped),
            ("delivered", journey.delivered),
        ]
        status, changed = [step for step in reached if step[1] < self._now or step[0] == "paid"][-1]
        return ("returned", changed) if status == "delivered" and all_returned else (status, changed)

    def _parcels(
        self, order_id: str, customer: int, lines: int, journey: _Journey, luck: float
    ) -> list[Parcel]:
        parcels = [self._parcel(f"{order_id}-1", customer, journey)]
        if lines >= 3 and luck < 0.25 and journey.packed + 12 * 3_600 < self._now:
            later = _Journey(
                packed=journey.packed + 12 * 3_600,
                shipped=journey.shipped + 14 * 3_600,
                promised=journey.promised,
                delivered=journey.delivered + 16 * 3_600,
                carrier=journey.carrier,
                silent=journey.silent,
            )
            parcels.append(self._parcel(f"{order_id}-2", customer, later))
        return parcels

    def _parcel(self, parcel_id: str, customer: int, journey: _Journey) -> Parcel:
        carrier = self._carriers[journey.carrier]
        name = self._in_words_of(customer, carrier.name)
        tracking = f"{carrier.code}{parcel_id[1:-2]}{parcel_id[-1]}"
        scans = [scan for scan in self._plan(customer, journey) if scan[0] < self._heard_until(journey)]
        status = scans[-1][1] if scans else "label"
        updated = scans[-1][0] if scans else journey.packed
        shipped = journey.shipped < self._now
        kept = scans if self._now - journey.shipped < _SCANS_KEPT else []
        return Parcel(
            id=parcel_id,
            carrier=name,
            tracking_number=tracking,
            tracking_url=f"https://track.example.com/{tracking}",
            status=status,
            said_status=status,
            shipped_at=self._at(journey.shipped) if shipped else None,
            estimated_at=self._at(journey.promised),
            delivered_at=self._at(journey.delivered) if status == "delivered" else None,
            updated_at=self._at(updated),
            scans=tuple(
                Scan(at=self._at(second), place=self._in_words_of(customer, place), text_zh=zh, text_en=en)
                for second, _, place, zh, en in kept
            ),
        )

    def _in_words_of(self, customer: int, pair: tuple[str, str]) -> str:
        """A name in the customer's language: carriers and places are kept in one."""
        return pair[0] if self._customers[customer].language == "zh" else pair[1]

    def _heard_until(self, journey: _Journey) -> int:
        """Some carriers fall silent about a parcel that takes long."""
        on_the_way = journey.delivered >= self._now and self._now - journey.shipped > _SILENT_AFTER
        return self._now - _SILENT_FOR if journey.silent and on_the_way else self._now

    def _plan(self, customer: int, journey: _Journey) -> list[tuple[int, str, tuple[str, str], str, str]]:
        """When, status, place and words of every scan of a journey."""
        place = places()[self._customers[customer].place]
        city = place.city
        steps = [(0.0, "in_transit", _WAREHOUSE, "快件已揽收", "Picked up from the warehouse")]
        steps.append(
            (0.1, "in_transit", _WAREHOUSE, "已从杭州转运中心发出", "Left the Hangzhou sorting centre")
        )
        if not place.domestic:
            steps.append((0.3, "in_transit", _WAREHOUSE, "出口清关完成", "Cleared export customs"))
        if journey.delivered > journey.promised:
            steps.append(
                (0.45, "exception", ("途中", "On the way"), "因天气原因运输延误", "Delayed by bad weather")
            )
        steps.append(
            (0.7, "in_transit", city, f"到达{place.city[0]}转运中心", f"Arrived at the {place.city[1]} hub")
        )
        steps.append((0.92, "out_for_delivery", city, "正在派送，请保持电话畅通", "Out for delivery"))
        steps.append((1.0, "delivered", city, "已签收", "Delivered"))
        span = journey.delivered - journey.shipped
        return [(journey.shipped + round(part * span), *rest) for part, *rest in steps]  # type: ignore[misc]

    def _at(self, second: int) -> datetime:
        return from_micros(self._start + second * 1_000_000)


def _refund_status(age: int, number: int) -> str:
    if age < 1.5 * DAY:
        return "requested"
    if number % 13 == 5:
        return "declined"
    return "approved" if age < 4 * DAY else "paid"


def _method(customer: int) -> str:
    return _METHODS[(0, 0, 0, 1, 1, 2)[customer % 6]]


def coupons(people: list[DemoCustomer], now: datetime) -> list[tuple[Any, ...]]:
    """Public coupons, one of them expired, and a birthday coupon for some."""
    rows: list[tuple[Any, ...]] = [
        (
            code, None, zh, en, amount, percent, least, "CNY", category,
            to_micros(now - timedelta(days=since)), to_micros(now + timedelta(days=left)), True,
        )
        for code, zh, en, amount, percent, least, category, since, left in _PUBLIC
    ]  # fmt: skip
    rows += [
        (
            f"BDAY-{customer.id}", customer.id, "生日礼：立减20元，满99元可用", "Birthday treat: ¥20 off ¥99", 2_000,
            None, 9_900, "CNY", None, to_micros(now - timedelta(days=3)),
            to_micros(now + timedelta(days=27)), True,
        )
        for customer in people[::_BIRTHDAY_EVERY]
    ]  # fmt: skip
    return rows


def budgets(now: datetime) -> list[tuple[Any, ...]]:
    """What may be given away in personal discounts in these three months, fen."""
    return [
        (
            DEMO_BUDGET, 5_000_000, 0, "CNY", to_micros(now - timedelta(days=30)),
            to_micros(now + timedelta(days=60)), False,
        )
    ]  # fmt: skip
