"""What an order says of purchases and returns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.shop.intake.purchases import events_of
from storage.orders import STATUSES, Order, OrderLine, Refund
from tests.storage.shop import NOW, an_order

PLACED = NOW - timedelta(days=3)


def plain(**values: Any) -> Order:
    """An order of two products, for 19,900 and twice 500, without parcels and refunds."""
    lines = (
        OrderLine(product_id="p1", quantity=1, unit_price=19_900),
        OrderLine(product_id="p2", quantity=2, unit_price=500),
    )
    return an_order(**{"lines": lines, "parcels": (), "refunds": (), "total": 20_900, **values})


def refund(amount: int, status: str = "paid", days: float = 1, **values: Any) -> Refund:
    return Refund(
        id=f"r{amount}-{status}",
        **{
            "amount": amount,
            "currency": "CNY",
            "status": status,
            "requested_at": NOW + timedelta(days=days),
            **values,
        },
    )


def kinds(order: Order) -> list[str]:
    return [event.kind for event in events_of(order)]


def test_a_paid_order_is_a_purchase_of_each_line_when_it_was_placed() -> None:
    first, second = events_of(plain(paid_at=NOW))
    assert (first.kind, first.customer_id, first.product_id, first.order_id) == ("purchase", "c1", "p1", "o1")
    assert (first.at, first.quantity, first.amount, first.currency) == (PLACED, 1, 19_900, "CNY")
    assert (second.at, second.quantity, second.amount) == (PLACED, 2, 1_000)


@pytest.mark.parametrize("status", STATUSES)
def test_an_order_is_paid_when_it_says_so_or_went_on(status: str) -> None:
    assert bool(kinds(plain(status=status))) == (status not in ("placed", "cancelled"))
    assert kinds(plain(status=status, paid_at=NOW))[:2] == ["purchase", "purchase"]
    assert kinds(plain(status=status, paid_at=NOW, customer_id=None)) == []


def test_ids_are_the_same_whatever_the_order_is_called_besides_its_number() -> None:
    twice = (
        OrderLine(product_id="p1", quantity=1, unit_price=5),
        OrderLine(product_id="p1", quantity=2, unit_price=4),
    )
    one = events_of(plain(number="A1", lines=twice))
    other = events_of(plain(number="A1", lines=twice, id="o9", customer_id="c2", placed_at=NOW))
    assert [event.id for event in one] == [event.id for event in other]
    assert len({event.id for event in [*one, *events_of(plain(number="A2", lines=twice))]}) == 4


@pytest.mark.parametrize(
    ("values", "back_at"),
    [
        ({"status": "returned"}, PLACED),
        ({"status": "returned", "paid_at": NOW}, NOW),
        ({"status": "returned", "parcels": an_order().parcels}, PLACED),
        ({"status": "cancelled", "paid_at": NOW}, NOW),
        ({"status": "delivered", "refunds": (refund(20_000), refund(900, days=2))}, NOW + timedelta(days=2)),
        ({"status": "returned", "refunds": (refund(5, "approved", days=4),)}, NOW + timedelta(days=4)),
    ],
)
def test_what_came_back_is_a_return_of_each_line(values: dict[str, Any], back_at: Any) -> None:
    found = events_of(plain(**values))
    assert [event.kind for event in found] == ["purchase", "purchase", "return", "return"]
    assert [(event.product_id, event.quantity, event.amount) for event in found[2:]] == [
        ("p1", 1, -19_900), ("p2", 2, -1_000),
    ]  # fmt: skip
    assert {event.at for event in found[2:]} == {back_at}


@pytest.mark.parametrize(
    "refunds",
    [
        (refund(20_899),),
        (refund(20_900, "approved"), refund(20_900, "declined")),
        (refund(20_900, currency="EUR"),),
    ],
)
def test_a_refund_of_a_part_says_nothing_of_what_came_back(refunds: tuple[Refund, ...]) -> None:
    assert kinds(plain(status="delivered", refunds=refunds)) == ["purchase", "purchase"]


def test_a_gift_is_not_paid_back() -> None:
    free = (OrderLine(product_id="p1", quantity=1, unit_price=0),)
    [event] = events_of(plain(lines=free, total=0))
    assert event.amount == 0


_LINES = st.lists(
    st.builds(
        OrderLine,
        product_id=st.sampled_from(["p1", "p2", "p3"]),
        quantity=st.integers(1, 1_000_000),
        unit_price=st.integers(0, 10**9),
    ),
    min_size=1,
    max_size=8,
)


@given(lines=_LINES, discount=st.integers(0, 10**17), status=st.sampled_from(STATUSES))
def test_purchases_come_to_what_was_paid_for_the_goods(
    lines: list[OrderLine], discount: int, status: str
) -> None:
    found = events_of(plain(lines=tuple(lines), discount=discount, status=status, paid_at=NOW))
    bought = [event for event in found if event.kind == "purchase"]
    goods = sum(line.quantity * line.unit_price for line in lines)
    assert sum(event.amount or 0 for event in bought) == max(goods - discount, 0)
    for event, line in zip(bought, lines, strict=True):
        assert 0 <= (event.amount or 0) <= line.quantity * line.unit_price
    returned = [event for event in found if event.kind == "return"]
    assert sum(event.amount or 0 for event in returned) in (0, -max(goods - discount, 0))
    assert len({event.id for event in found}) == len(found)
